"""Payments: what was approved goes out once, by a reference that follows from its ids, and the bank's word ends it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.programmes.places import holds
from contracts.programmes.schema import Step as PathStep
from services.settlement.domain import claims as claim_rules
from services.settlement.domain.bank import BACK, BOOKED
from services.settlement.domain.claims import Claim
from services.settlement.domain.disbursements import Disbursement, frozen_as, intact
from services.settlement.domain.law import absent, article, decide, payment_article, refuse
from services.settlement.domain.market import dearer
from services.settlement.domain.offsets import Offset, Open, grouped, spread, total_fen
from services.settlement.domain.stages import Reviewer
from services.settlement.domain.steps import Move, Moves, Step, derived_id, digest, must, take

MOST_PAYMENTS = 2_000  # of one batch
MOST_CLAIMS = 10_000  # of one payment
UNFINISHED = ("made", "sent", "unknown")  # the bank's last word is still to come
SPOKEN = (*BOOKED, *BACK)  # the bank's last word was heard
NO_WORD = "NO_WORD"  # why an outcome is unknown of which the bank said nothing
LOST = ("held", "failed", "returned")  # it pays its claims no more

MOVES: Moves = {
    "send": Move(("made",), "sent", "payment_sent"),
    "offset": Move(("made",), "offset", "payment_offset"),  # nothing of it is left for the bank
    "hold": Move(("made",), "held", "payment_held"),
    "settled": Move(("sent", "unknown"), "settled", "payment_settled"),
    "with_district": Move(("sent", "unknown"), "with_district", "payment_with_district"),
    "pass_on": Move(("with_district",), "settled", "payment_settled"),
    "failed": Move(("sent", "unknown"), "failed", "payment_failed"),
    "returned": Move(("sent", "unknown", "with_district", "settled"), "returned", "payment_failed"),
    "unknown": Move(("sent",), "unknown", "payment_failed"),
}
# what becomes of a payment's claims when it has moved; of an unknown outcome nothing is concluded
CLAIM_MOVES: Mapping[str, str] = {"settled": "pay", "failed": "fail", "returned": "fail"}

BATCH_MOVES: Moves = {
    "release": Move(("made",), "released", "batch_released"),
    "enquire": Move(("released",), "released", "payments_enquired"),
    "finish": Move(("released",), "finished", "batch_finished"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One sum to one payee's one account out of one fund. `region`: the enterprise's, where it is paid or paid on to.

    `amount_fen` is what the bank pays: what its claims come to, less `offset_fen` that the payee owes.
    `retried_at`: its money went into a later batch.
    """

    payment_id: str
    sequence: int
    batch_id: str
    payee_id: str
    payee_kind: str
    region: str | None
    programme: str
    year: int
    reference: str
    amount_fen: int
    offset_fen: int = 0
    account_version: int
    fund: str
    claims: tuple[str, ...]
    disbursements: tuple[str, ...]
    frozen_hash: str
    status: str
    pack_version: str
    reason: str | None = None
    result_on: date | None = None
    retried_by: str | None = None
    retried_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Payments made by one person of finance and released by another."""

    batch_id: str
    sequence: int
    programme: str
    year: int
    payments: int
    amount_fen: int
    frozen_hash: str
    status: str
    pack_version: str
    made_by: str
    made_at: datetime
    released_by: str | None = None
    released_at: datetime | None = None


def reference_of(batch_id: str, payment_id: str) -> str:
    """The bank reference: 28 characters of [A-Z0-9], the same for the same ids, another for a payment made anew."""
    return "YQ" + derived_id("reference", batch_id, payment_id)


def payment_hash(payment: Payment, claim_hashes: Iterable[str], offsets: Iterable[Offset] = ()) -> str:
    """SHA-256 of who gets what from which fund under which reference, which claims as approved, less what debts."""
    fixed = {
        "account_version": payment.account_version,
        "amount_fen": payment.amount_fen,
        "claims": sorted(claim_hashes),
        "fund": payment.fund,
        "offsets": sorted([one.receivable_id, one.amount_fen] for one in offsets),
        "payee": payment.payee_id,
        "payment_id": payment.payment_id,
        "reference": payment.reference,
    }
    return digest(fixed)


def batch_hash(payments: Iterable[Payment]) -> str:
    """SHA-256 over the payments' hashes, by id: what is released must be what was made."""
    return digest([[one.payment_id, one.frozen_hash] for one in sorted(payments, key=lambda one: one.payment_id)])


def after_pay(pack: Pack) -> PathStep | None:
    """The step on the money's path that follows the bank's: who passes it on; None where the bank pays the payee."""
    path = pack.payment.path if pack.payment else ()
    at = next((at for at, step in enumerate(path) if step.name == "pay"), len(path))
    return path[at + 1] if at + 1 < len(path) else None


def gather(claims: Sequence[Claim], pack: Pack) -> list[list[Claim]]:
    """Approved claims by payee, frozen account, fund and region: a payment each, within MOST_PAYMENTS, MOST_CLAIMS."""
    passed_on = after_pay(pack) is not None
    groups: dict[tuple[str, int, str, str], list[Claim]] = {}
    for claim in sorted(claims, key=lambda claim: claim.claim_id):
        assert claim.account_version is not None, claim.claim_id
        assert claim.fund is not None, claim.claim_id
        region = claim.region if passed_on or claim.payee_kind == "enterprise" else ""
        group = groups.setdefault((claim.payee_id, claim.account_version, claim.fund, region), [])
        if len(group) < MOST_CLAIMS:
            group.append(claim)
    return [groups[key] for key in sorted(groups)][:MOST_PAYMENTS]


def make(
    *,
    batch_id: str,
    year: int,
    disbursements: Sequence[Disbursement],
    claims: Mapping[str, Sequence[Claim]],
    live: Mapping[str, str],
    made_by: str,
    now: datetime,
    pack: Pack,
    packs: Mapping[str, Pack] | None = None,
    owed: Open = MappingProxyType({}),
) -> tuple[Step[Batch], list[Step[Payment]], list[Offset]] | Refused:
    """A batch of one payment a payee, account, fund and rules (第二十四条); `claims` by disbursement, all of them.

    `packs`: the rules that disbursements were approved by, by their label, where those are not `pack`: their payments
    follow them.
    `live`: those that a payment may still pay, which are not taken again. `owed`: what payees owe, which is taken off
    what they are paid. NOTHING_TO_PAY, FROZEN_MISMATCH.
    """
    by = payment_article(pack, "finance")
    waiting: dict[str, list[Claim]] = {}
    goes_by: dict[str, Pack] = {}
    for one in disbursements:
        members = claims[one.disbursement_id]
        if not intact(one, members):
            facts = {"disbursement_id": one.disbursement_id, "amount_fen": one.amount_fen}
            return refuse(pack, "FROZEN_MISMATCH", "batch_id", by, **facts)
        own = (packs or {}).get(one.pack_version, pack)
        goes_by[own.label] = own
        unpaid = [claim for claim in members if claim.status == "approved" and claim.claim_id not in live]
        waiting.setdefault(own.label, []).extend(unpaid)
    if not any(waiting.values()):
        return refuse(pack, "NOTHING_TO_PAY", "programme", by, year=year)
    whole = [
        (_payment(batch_id, year, group, goes_by[label]), group)
        for label in sorted(waiting)
        for group in gather(waiting[label], goes_by[label])
    ][:MOST_PAYMENTS]
    payments, offsets = _less_offsets(whole, owed)
    batch = Batch(
        batch_id=batch_id,
        sequence=1,
        programme=pack.code,
        year=year,
        payments=len(payments),
        amount_fen=sum(one.amount_fen for one in payments),
        frozen_hash=batch_hash(payments),
        status="made",
        pack_version=pack.label,
        made_by=made_by,
        made_at=now,
    )
    facts = {"payments": batch.payments, "amount_fen": batch.amount_fen, "frozen_hash": batch.frozen_hash}
    facts |= {"offset_fen": total_fen(offsets)}
    followed = {one.pack_version: goes_by[one.pack_version] for one in payments}
    decision = decide(pack, "batch.made", batch_id, _of_finance(followed.values(), pack), **facts)
    made = [_made(one, goes_by[one.pack_version]) for one in payments]
    return Step(batch, "batch_made", decision), made, offsets


def _less_offsets(whole: Sequence[tuple[Payment, Sequence[Claim]]], owed: Open) -> tuple[list[Payment], list[Offset]]:
    """The payments less what their payees owe, frozen as they then are."""
    offsets = spread(
        ((one.payment_id, (one.payee_id, members[0].plan_region), one.amount_fen) for one, members in whole), owed
    )
    by_payment = grouped(offsets)
    payments = []
    for one, members in whole:
        mine = by_payment.get(one.payment_id, [])
        less_fen = total_fen(mine)
        after = replace(one, amount_fen=one.amount_fen - less_fen, offset_fen=less_fen)
        hashes = (str(claim.frozen_hash) for claim in members)
        payments.append(replace(after, frozen_hash=payment_hash(after, hashes, mine)))
    return payments, offsets


def _of_finance(packs: Collection[Pack], pack: Pack) -> tuple[str | None, ...]:
    """The articles of finance's step in the rules that a batch's payments follow; where none are given, in `pack`."""
    return tuple(payment_article(one, "finance") for one in packs or (pack,))


def _made(payment: Payment, pack: Pack) -> Step[Payment]:
    by = payment_article(pack, "finance")
    facts: dict[str, Any] = {"amount_fen": payment.amount_fen, "offset_fen": payment.offset_fen}
    facts |= {"reference": payment.reference, "fund": payment.fund}
    return Step(payment, "payment_made", decide(pack, "payment.made", payment.payment_id, (by,), **facts))


def may_release(
    *,
    batch: Batch,
    payments: Sequence[Payment],
    claims: Mapping[str, Claim],
    frozen_hash: str,
    released_by: str,
    now: datetime,
    pack: Pack,
    packs: Collection[Pack] = (),
    offsets: Sequence[Offset] = (),
    short: bool = False,
) -> Step[Batch] | Refused:
    """Another person, and exactly what was made; `packs`: what its payments follow; `short`: a receivable does not owe
    what is taken off for it.

    WRONG_STATE, SAME_PERSON, FROZEN_MISMATCH.
    """
    by, articles = payment_article(pack, "finance"), _of_finance(packs, pack)
    facts = {"frozen_hash": frozen_hash, "amount_fen": batch.amount_fen}
    decision = decide(pack, "batch.released", batch.batch_id, articles, **facts)
    step = take(batch, BATCH_MOVES, "release", decision=decision, released_by=released_by, released_at=now)
    if isinstance(step, Refused):
        return replace(step, field="batch_id", article=by)
    if released_by == batch.made_by:
        return refuse(pack, "SAME_PERSON", "batch_id", by)
    off = grouped(offsets)
    intact = all(
        _intact(one, [claims[claim_id] for claim_id in one.claims], off.get(one.payment_id, [])) for one in payments
    )
    if short or not intact or batch_hash(payments) != batch.frozen_hash or batch.frozen_hash != frozen_hash:
        return refuse(pack, "FROZEN_MISMATCH", "frozen_hash", by, frozen_hash=batch.frozen_hash)
    return step


def _intact(payment: Payment, members: Sequence[Claim], offsets: Sequence[Offset]) -> bool:
    """Are payment, claims and offsets, recomputed from what stands in the books, still what was made?"""
    same = payment.frozen_hash == payment_hash(payment, map(frozen_as, members), offsets)
    off = payment.offset_fen == total_fen(offsets)
    return same and off and payment.amount_fen + payment.offset_fen == sum(claim.payable_fen for claim in members)


def release(
    *,
    payment: Payment,
    blacklisted: bool,
    verdicts: Mapping[str, str],
    market: Mapping[str, int],
    account_version: int | None,
    members: Sequence[Claim],
    now: datetime,
    pack: Pack,
) -> tuple[Step[Payment], list[Step[Claim]]]:
    """Sent, or ended where nothing is left for the bank. Held: the payee is blacklisted, supervision does not clear one
    of its claims (`verdicts`), the price of one is above the market's by now (`market`: by product), or its account is
    not the one approved (None: none is known)."""
    by = payment_article(pack, "finance")
    facts: dict[str, Any] = {"account_version": account_version, "frozen_account_version": payment.account_version}
    stops = {
        "BLACKLISTED": (blacklisted, "exit.blacklist"),
        "HELD_BY_SUPERVISION": (claim_rules.not_cleared(members, verdicts), "supervision.hold"),
        "PRICE_ABOVE_MARKET": (dearer(members, market, pack), "claims.price_above_market"),
        "ACCOUNT_CHANGED": (account_version != payment.account_version, "exit.blacklist"),
    }
    reason = next((code for code, (found, _rule) in stops.items() if found), None)
    if reason is not None:
        found, rule = stops[reason]
        facts |= {"reason": reason, "claims": found[:20] if isinstance(found, list) else []}
        decision = decide(pack, "payment.held", payment.payment_id, (by, article(pack, rule)), **facts)
        return must(take(payment, MOVES, "hold", decision=decision, reason=reason)), []
    facts |= {"amount_fen": payment.amount_fen, "offset_fen": payment.offset_fen}
    action, told = ("send", "payment.sent") if payment.amount_fen else ("offset", "payment.offset")
    decision = decide(pack, told, payment.payment_id, (by,), **facts)
    paid = [{"paid_at": claim.paid_at or now} if action == "offset" else {} for claim in members]
    moved = [
        _along(claim, action, payment, by, pack, payment_id=payment.payment_id, **more)
        for claim, more in zip(members, paid, strict=True)
    ]
    return must(take(payment, MOVES, action, decision=decision)), moved


def result(
    *,
    payment: Payment,
    status: str,
    amount_fen: int,
    on: date,
    reason: str | None,
    members: Sequence[Claim],
    now: datetime,
    pack: Pack,
) -> tuple[Step[Payment], list[Step[Claim]]] | Refused | None:
    """The bank's word on a payment; None when it was known. RESULT_MISMATCH, WRONG_STATE (against its last word).

    Where somebody passes the money on, what the bank settled is with the district, and its claims are not paid yet.
    Files come in any order: that the outcome is unknown takes no last word back, and that money had arrived before it
    came back is no news.
    What the district has paid stays paid: money that comes back then is between city and district.
    """
    by = payment_article(pack, "finance")
    facts = {"reference": payment.reference, "result": status}
    if amount_fen != payment.amount_fen:
        amounts = {"expected_fen": payment.amount_fen, "amount_fen": amount_fen}
        return refuse(pack, "RESULT_MISMATCH", "results", by, **facts, **amounts)
    if payment.status == status or (status == "settled" and payment.status in BOOKED):
        return None
    if status == "unknown" and payment.status in SPOKEN:
        return None
    if (
        (status, payment.status) == ("settled", "returned")
        and payment.result_on is not None
        and on <= payment.result_on
    ):
        return None
    passed_on = after_pay(pack) is not None
    if passed_on and payment.status == "settled":
        return refuse(pack, "WRONG_STATE", "results", by, **facts, status=payment.status)
    action = "with_district" if status == "settled" and passed_on else status
    decision = decide(pack, f"payment.{action}", payment.payment_id, (by,), **facts, amount_fen=amount_fen)
    step = take(payment, MOVES, action, decision=decision, reason=reason, result_on=on)
    if isinstance(step, Refused):
        return refuse(pack, "WRONG_STATE", "results", by, **facts, status=payment.status)
    return step, _follow(step, members, by, now, pack)


def unanswered(*, payment: Payment, today: date, pack: Pack, **facts: Any) -> Step[Payment]:
    """Sent, and no word of the bank: its outcome is unknown until it speaks, and until then nobody pays it again."""
    by = payment_article(pack, "finance")
    facts = {"reference": payment.reference, "amount_fen": payment.amount_fen, **facts}
    decision = decide(pack, "payment.unknown", payment.payment_id, (by,), **facts)
    return must(take(payment, MOVES, "unknown", decision=decision, reason=NO_WORD, result_on=today))


def enquire(*, batch: Batch, asked: Sequence[Payment], enquiry_id: str, pack: Pack) -> Step[Batch] | Refused:
    """The bank is asked about the payments of a batch on which it has not spoken. WRONG_STATE: it has, on all."""
    by = payment_article(pack, "finance")
    facts = {"enquiry_id": enquiry_id, "payments": len(asked), "amount_fen": sum(one.amount_fen for one in asked)}
    step = take(batch, BATCH_MOVES, "enquire", decision=decide(pack, "batch.enquired", batch.batch_id, (by,), **facts))
    if isinstance(step, Refused):
        return replace(step, field="batch_id", article=by)
    return step if asked else refuse(pack, "WRONG_STATE", "batch_id", by, status=batch.status, payments=0)


def pass_on(
    *,
    payment: Payment,
    paid_on: date,
    actor: Reviewer,
    members: Sequence[Claim],
    now: datetime,
    today: date,
    pack: Pack,
) -> tuple[Step[Payment], list[Step[Claim]]] | Refused:
    """Who passes the money on has paid the enterprise: its own office alone, by the region of the token (沈阳 三(五)2).

    RULE_ABSENT, FORBIDDEN, REGION_MISMATCH, INVALID (a day to come), WRONG_STATE.
    """
    path_step = after_pay(pack)
    if path_step is None:
        return absent(pack, "payment.path.pass_on", "payment_id")
    by = path_step.article
    if path_step.role not in actor.roles:
        return refuse(pack, "FORBIDDEN", None, by)
    if not holds(actor.region, payment.region):
        return refuse(pack, "REGION_MISMATCH", "payment_id", by, region=payment.region)
    if paid_on > today:
        return refuse(pack, "INVALID", "paid_on", by)
    facts = {"amount_fen": payment.amount_fen, "paid_on": paid_on.isoformat(), "region": payment.region}
    decision = decide(pack, "payment.passed_on", payment.payment_id, (by,), **facts)
    step = take(payment, MOVES, "pass_on", decision=decision, result_on=paid_on)
    if isinstance(step, Refused):
        return replace(step, field="payment_id", article=by)
    return step, _follow(step, members, by, now, pack)


def _follow(
    step: Step[Payment], members: Sequence[Claim], by: str | None, now: datetime, pack: Pack
) -> list[Step[Claim]]:
    """What becomes of a payment's claims."""
    action = CLAIM_MOVES.get(step.after.status)
    if action is None:
        return []
    paid = [{"paid_at": claim.paid_at or now} if action == "pay" else {} for claim in members]
    return [_along(claim, action, step.after, by, pack, **more) for claim, more in zip(members, paid, strict=True)]


def retry(*, payment: Payment, reason: str, retried_by: str, now: datetime, pack: Pack) -> Step[Payment] | Refused:
    """A failed or returned payment's money may go out again, once; of an unknown one never. WRONG_STATE."""
    by = payment_article(pack, "finance")
    if payment.status not in ("failed", "returned") or payment.retried_at is not None:
        facts = {"status": payment.status, "retried": payment.retried_at is not None}
        return refuse(pack, "WRONG_STATE", "payment_id", by, **facts)
    decision = decide(pack, "payment.retried", payment.payment_id, (by,), reason=reason, was=payment.status)
    after = replace(payment, sequence=payment.sequence + 1, retried_by=retried_by, retried_at=now)
    return Step(after, "payment_retried", decision)


def finish(*, batch: Batch, unfinished: int, pack: Pack, packs: Collection[Pack] = ()) -> Step[Batch] | None:
    """Finished when the bank has spoken on each payment; None while `unfinished` are under way or unknown.

    `packs`: what the payments follow on which the last word was just said.
    """
    if batch.status != "released" or unfinished:
        return None
    by = _of_finance(packs, pack)
    decision = decide(pack, "batch.finished", batch.batch_id, by, payments=batch.payments)
    return must(take(batch, BATCH_MOVES, "finish", decision=decision))


def _payment(batch_id: str, year: int, members: Sequence[Claim], pack: Pack) -> Payment:
    first = members[0]
    assert first.account_version is not None, first.claim_id
    assert first.fund is not None, first.claim_id
    region = first.region if after_pay(pack) is not None or first.payee_kind == "enterprise" else None
    names = (batch_id, first.payee_id, str(first.account_version), first.fund, region or "", pack.label)
    payment_id = derived_id("payment", *names)
    return Payment(
        payment_id=payment_id,
        sequence=1,
        batch_id=batch_id,
        payee_id=first.payee_id,
        payee_kind=first.payee_kind,
        region=region,
        programme=first.programme,
        year=year,
        reference=reference_of(batch_id, payment_id),
        amount_fen=sum(claim.payable_fen for claim in members),
        account_version=first.account_version,
        fund=first.fund,
        claims=tuple(sorted(claim.claim_id for claim in members)),
        disbursements=tuple(sorted({str(claim.disbursement_id) for claim in members})),
        frozen_hash="",
        status="made",
        pack_version=pack.label,
    )


def _along(claim: Claim, action: str, payment: Payment, by: str | None, pack: Pack, **changes: Any) -> Step[Claim]:
    """The claim's own step that goes with its payment's."""
    facts = {"payment_id": payment.payment_id, "claimed_fen": claim.claimed_fen, "payable_fen": claim.payable_fen}
    decision = decide(pack, f"claim.{action}", claim.claim_id, (by,), **facts)
    return must(take(claim, claim_rules.MOVES, action, decision=decision, **changes))
