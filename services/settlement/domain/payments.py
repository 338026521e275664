"""Payments: what was approved goes out once, by a reference that follows from its ids, and the bank's word ends it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from services.settlement.domain import claims as claim_rules
from services.settlement.domain.claims import Claim
from services.settlement.domain.disbursements import Disbursement, frozen_as
from services.settlement.domain.law import article, decide, payment_article, refuse
from services.settlement.domain.steps import Move, Moves, Step, derived_id, digest, must, take

MOST_PAYMENTS = 2_000  # of one batch
MOST_CLAIMS = 10_000  # of one payment
UNFINISHED = ("made", "sent", "unknown")

MOVES: Moves = {
    "send": Move(("made",), "sent", "payment_sent"),
    "hold": Move(("made",), "held", "payment_held"),
    "settled": Move(("sent", "unknown"), "settled", "payment_settled"),
    "failed": Move(("sent", "unknown"), "failed", "payment_failed"),
    "returned": Move(("sent", "unknown", "settled"), "returned", "payment_failed"),
    "unknown": Move(("sent",), "unknown", "payment_failed"),
}
# what becomes of a payment's claims when the bank has spoken; of an unknown outcome nothing is concluded
CLAIM_MOVES: Mapping[str, str] = {"settled": "pay", "failed": "fail", "returned": "fail"}

BATCH_MOVES: Moves = {
    "release": Move(("made",), "released", "batch_released"),
    "finish": Move(("released",), "finished", "batch_finished"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One sum to one provider's one account. `retried_at`: its money went into a later batch."""

    payment_id: str
    sequence: int
    batch_id: str
    provider_id: str
    programme: str
    year: int
    reference: str
    amount_fen: int
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


def payment_hash(payment: Payment, claim_hashes: Iterable[str]) -> str:
    """SHA-256 of who gets what from which fund under which reference, for which claims as approved."""
    fixed = {
        "account_version": payment.account_version,
        "amount_fen": payment.amount_fen,
        "claims": sorted(claim_hashes),
        "fund": payment.fund,
        "payee": payment.provider_id,
        "payment_id": payment.payment_id,
        "reference": payment.reference,
    }
    return digest(fixed)


def batch_hash(payments: Iterable[Payment]) -> str:
    """SHA-256 over the payments' hashes, by id: what is released must be what was made."""
    return digest([[one.payment_id, one.frozen_hash] for one in sorted(payments, key=lambda one: one.payment_id)])


def gather(disbursements: Sequence[Disbursement]) -> list[list[Disbursement]]:
    """Approved disbursements by payee and frozen account: a payment each, within MOST_PAYMENTS and MOST_CLAIMS."""
    groups: dict[tuple[str, int], list[Disbursement]] = {}
    for one in sorted(disbursements, key=lambda one: one.disbursement_id):
        assert one.account_version is not None, one.disbursement_id
        group = groups.setdefault((one.provider_id, one.account_version), [])
        if sum(other.claims for other in group) + one.claims <= MOST_CLAIMS:
            group.append(one)
    return [groups[key] for key in sorted(groups)][:MOST_PAYMENTS]


def make(
    *,
    batch_id: str,
    year: int,
    disbursements: Sequence[Disbursement],
    claims: Mapping[str, Sequence[Claim]],
    made_by: str,
    now: datetime,
    pack: Pack,
) -> tuple[Step[Batch], list[Step[Payment]]] | Refused:
    """A batch of one payment a payee (第二十四条); `claims` by disbursement. NOTHING_TO_PAY, FROZEN_MISMATCH."""
    by = payment_article(pack, "finance")
    if not disbursements:
        return refuse(pack, "NOTHING_TO_PAY", "programme", by, year=year)
    payments: list[Payment] = []
    for group in gather(disbursements):
        members = [claim for one in group for claim in claims[one.disbursement_id]]
        changed = altered(members)
        if changed or sum(one.amount_fen for one in group) != sum(claim.claimed_fen for claim in members):
            return refuse(pack, "FROZEN_MISMATCH", "batch_id", by, claims=changed[:20])
        payments.append(_payment(batch_id, group, members, pack))
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
    decision = decide(pack, "batch.made", batch_id, (by,), **facts)
    return Step(batch, "batch_made", decision), [
        Step(
            one,
            "payment_made",
            decide(pack, "payment.made", one.payment_id, (by,), amount_fen=one.amount_fen, reference=one.reference),
        )
        for one in payments
    ]


def altered(members: Iterable[Claim]) -> list[str]:
    """Ids of claims that no longer are as they were frozen."""
    return [claim.claim_id for claim in members if claim.frozen_hash != frozen_as(claim)]


def may_release(
    *,
    batch: Batch,
    payments: Sequence[Payment],
    claims: Mapping[str, Claim],
    frozen_hash: str,
    released_by: str,
    now: datetime,
    pack: Pack,
) -> Step[Batch] | Refused:
    """Another person, and exactly what was made. WRONG_STATE, SAME_PERSON, FROZEN_MISMATCH."""
    by = payment_article(pack, "finance")
    decision = decide(
        pack, "batch.released", batch.batch_id, (by,), frozen_hash=frozen_hash, amount_fen=batch.amount_fen
    )
    step = take(batch, BATCH_MOVES, "release", decision=decision, released_by=released_by, released_at=now)
    if isinstance(step, Refused):
        return replace(step, field="batch_id", article=by)
    if released_by == batch.made_by:
        return refuse(pack, "SAME_PERSON", "batch_id", by)
    intact = all(_intact(one, [claims[claim_id] for claim_id in one.claims]) for one in payments)
    if not intact or batch_hash(payments) != batch.frozen_hash or batch.frozen_hash != frozen_hash:
        return refuse(pack, "FROZEN_MISMATCH", "frozen_hash", by, frozen_hash=batch.frozen_hash)
    return step


def _intact(payment: Payment, members: Sequence[Claim]) -> bool:
    """Are payment and claims, recomputed from what stands in the books, still what was made?"""
    same = payment.frozen_hash == payment_hash(payment, map(frozen_as, members))
    return same and payment.amount_fen == sum(claim.claimed_fen for claim in members)


def release(
    *,
    payment: Payment,
    blacklisted: bool,
    verdicts: Mapping[str, str],
    account_version: int | None,
    members: Sequence[Claim],
    pack: Pack,
) -> tuple[Step[Payment], list[Step[Claim]]]:
    """Sent; or held: the payee is blacklisted, supervision does not clear one of its claims (`verdicts`), or its
    account is not the one approved (None: none is known)."""
    by = payment_article(pack, "finance")
    facts: dict[str, Any] = {"account_version": account_version, "frozen_account_version": payment.account_version}
    uncleared = claim_rules.not_cleared(members, verdicts)
    if blacklisted or uncleared or account_version != payment.account_version:
        reason = "BLACKLISTED" if blacklisted else "HELD_BY_SUPERVISION" if uncleared else "ACCOUNT_CHANGED"
        because = article(pack, "supervision.hold" if reason == "HELD_BY_SUPERVISION" else "exit.blacklist")
        facts |= {"reason": reason, "claims": uncleared[:20]}
        decision = decide(pack, "payment.held", payment.payment_id, (by, because), **facts)
        return must(take(payment, MOVES, "hold", decision=decision, reason=reason)), []
    decision = decide(pack, "payment.sent", payment.payment_id, (by,), **facts, amount_fen=payment.amount_fen)
    moved = [_along(claim, "send", payment, pack, payment_id=payment.payment_id) for claim in members]
    return must(take(payment, MOVES, "send", decision=decision)), moved


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
    """The bank's word on a payment; None when it was known. RESULT_MISMATCH, WRONG_STATE (against its last word)."""
    by = payment_article(pack, "finance")
    facts = {"reference": payment.reference, "result": status}
    if amount_fen != payment.amount_fen:
        amounts = {"expected_fen": payment.amount_fen, "amount_fen": amount_fen}
        return refuse(pack, "RESULT_MISMATCH", "results", by, **facts, **amounts)
    if payment.status == status:
        return None
    decision = decide(pack, f"payment.{status}", payment.payment_id, (by,), **facts, amount_fen=amount_fen)
    step = take(payment, MOVES, status, decision=decision, reason=reason, result_on=on)
    if isinstance(step, Refused):
        return refuse(pack, "WRONG_STATE", "results", by, **facts, status=payment.status)
    action = CLAIM_MOVES.get(status)
    if action is None:
        return step, []
    paid = [{"paid_at": claim.paid_at or now} if action == "pay" else {} for claim in members]
    moved = [_along(claim, action, payment, pack, **more) for claim, more in zip(members, paid, strict=True)]
    return step, moved


def retry(*, payment: Payment, reason: str, retried_by: str, now: datetime, pack: Pack) -> Step[Payment] | Refused:
    """A failed or returned payment's money may go out again, once; of an unknown one never. WRONG_STATE."""
    by = payment_article(pack, "finance")
    if payment.status not in ("failed", "returned") or payment.retried_at is not None:
        facts = {"status": payment.status, "retried": payment.retried_at is not None}
        return refuse(pack, "WRONG_STATE", "payment_id", by, **facts)
    decision = decide(pack, "payment.retried", payment.payment_id, (by,), reason=reason, was=payment.status)
    after = replace(payment, sequence=payment.sequence + 1, retried_by=retried_by, retried_at=now)
    return Step(after, "payment_retried", decision)


def finish(*, batch: Batch, unfinished: int, pack: Pack) -> Step[Batch] | None:
    """Finished when the bank has spoken on each payment; None while `unfinished` are under way or unknown."""
    if batch.status != "released" or unfinished:
        return None
    by = payment_article(pack, "finance")
    decision = decide(pack, "batch.finished", batch.batch_id, (by,), payments=batch.payments)
    return must(take(batch, BATCH_MOVES, "finish", decision=decision))


def _payment(batch_id: str, group: Sequence[Disbursement], members: Sequence[Claim], pack: Pack) -> Payment:
    first = group[0]
    assert first.account_version is not None, first.disbursement_id
    assert first.fund is not None, first.disbursement_id
    payment_id = derived_id("payment", batch_id, first.provider_id, str(first.account_version))
    payment = Payment(
        payment_id=payment_id,
        sequence=1,
        batch_id=batch_id,
        provider_id=first.provider_id,
        programme=first.programme,
        year=first.year,
        reference=reference_of(batch_id, payment_id),
        amount_fen=sum(claim.claimed_fen for claim in members),
        account_version=first.account_version,
        fund=first.fund,
        claims=tuple(sorted(claim.claim_id for claim in members)),
        disbursements=tuple(one.disbursement_id for one in group),
        frozen_hash="",
        status="made",
        pack_version=pack.label,
    )
    return replace(payment, frozen_hash=payment_hash(payment, (str(claim.frozen_hash) for claim in members)))


def _along(claim: Claim, action: str, payment: Payment, pack: Pack, **changes: Any) -> Step[Claim]:
    """The claim's own step that goes with its payment's."""
    by = (payment_article(pack, "finance"),)
    facts = {"payment_id": payment.payment_id, "claimed_fen": claim.claimed_fen}
    decision = decide(pack, f"claim.{action}", claim.claim_id, by, **facts)
    return must(take(claim, claim_rules.MOVES, action, decision=decision, **changes))
