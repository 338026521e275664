"""Money that is owed back: paid wrongly, or lost by a party that left. Two people make it owed, and it comes back by
offset, by repayment, in instalments, or is written off by two people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from contracts.errors import Decision, Refused
from contracts.programmes import Pack
from contracts.programmes.places import holds
from services.settlement.domain.claims import Claim
from services.settlement.domain.law import article, decide, on_claim, refuse
from services.settlement.domain.offsets import Open
from services.settlement.domain.stages import Reviewer
from services.settlement.domain.steps import Move, Moves, Step, derived_id, must, take

LEFT = "exited"
WITHOUT_CLAIM = ("exit_losses", "other")  # grounds that need no payment of a claim

MOVES: Moves = {
    "confirm": Move(("claimed",), "owed", "receivable_owed"),
    "refuse": Move(("claimed",), "refused", "receivable_refused"),
    "plan": Move(("owed",), "owed", "receivable_planned"),
    "recover": Move(("owed",), "owed", "receivable_recovered"),
    "settle": Move(("owed",), "settled", "receivable_recovered"),
    "restore": Move(("owed", "settled", "written_off"), "owed", "receivable_restored"),
    "miss": Move(("owed",), "owed", "receivable_overdue"),
    "ask_write_off": Move(("owed",), "owed", "receivable_write_off_asked"),
    "write_off": Move(("owed",), "written_off", "receivable_written_off"),
}

# where a programme's document does not say that the money is given back: the law that does, since which day
GENERAL_DUTY: Sequence[tuple[date, str]] = (
    (date(2021, 1, 1), "unjust enrichment, Civil Code art. 985 民法典第九百八十五条"),
    (date(2017, 10, 1), "unjust enrichment, General Provisions of the Civil Law art. 122 民法总则第一百二十二条"),
    (date(1987, 1, 1), "unjust enrichment, General Principles of the Civil Law art. 92 民法通则第九十二条"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivable:
    """What one party owes, of one claim's money or for losses. Owed: `amount_fen` less recovered and written off.

    `region`: whose office may act on it. `offset_fen` of what was recovered was taken off later payments. `next_on`:
    the first day on which something falls due that is not covered yet, and was not told as missed; `overdue_on`: the
    last that was. `owed_at`: when it was confirmed. `write_off_by`: who asked to give it up.
    """

    receivable_id: str
    sequence: int
    programme: str
    year: int
    region: str
    plan_region: str
    party_kind: str
    party_id: str
    claim_id: str | None
    ground: str
    amount_fen: int
    recovered_fen: int = 0
    offset_fen: int = 0
    written_off_fen: int = 0
    due_on: date | None = None
    instalments: tuple[Mapping[str, Any], ...] = ()
    next_on: date | None = None
    overdue_on: date | None = None
    reference: str
    status: str
    reasons: tuple[str, ...]
    pack_version: str
    claimed_by: str
    claimed_at: datetime
    decided_by: str | None = None
    owed_at: datetime | None = None
    write_off_by: str | None = None

    @property
    def open_fen(self) -> int:
        """What is still owed."""
        return self.amount_fen - self.recovered_fen - self.written_off_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Debtor:
    """Whose debt it is; `region`: whose office may act on it. `status`: a provider's at registry, as far as known."""

    party_id: str
    party_kind: str
    region: str
    status: str | None = None


def reference_of(receivable_id: str) -> str:
    """What the debtor quotes when it pays: 28 characters of [A-Z0-9], the same for the same receivable."""
    return "YR" + derived_id("receivable", receivable_id)


def party_of(claim: Claim, party_id: str) -> Debtor | None:
    """The party of a claim that may owe its money; None when it is none of them."""
    kinds = {claim.filer_id: "provider", claim.provider_id: "provider", claim.enterprise_id: "enterprise"}
    kinds[claim.payee_id] = claim.payee_kind
    kind = kinds.get(party_id)
    return Debtor(party_id=party_id, party_kind=kind, region=claim.region) if kind is not None else None


def claim_back(
    *,
    receivable_id: str,
    year: int,
    claim: Claim | None,
    debtor: Debtor | None,
    amount_fen: int,
    ground: str,
    reasons: tuple[str, ...],
    due_on: date | None,
    actor: Reviewer,
    now: datetime,
    today: date,
    pack: Pack,
) -> Step[Receivable] | Refused:
    """Waits for the second person. Of a claim: of money that its payee has, at most what was paid and not claimed back.

    FACT_MISSING (this ground is of a claim), INVALID (party, year, day), WRONG_STATE (of the claim; losses by leaving
    of a party that has not left), RECEIVABLE_TOO_LARGE, REGION_MISMATCH.
    """
    articles = rests_on(pack, ground)
    by = next(iter(articles), None)
    if claim is None and ground not in WITHOUT_CLAIM:
        return refuse(pack, "FACT_MISSING", "claim_id", by, ground=ground)
    if debtor is None:
        return refuse(pack, "INVALID", "party_id", by)
    if ground == "exit_losses" and debtor.status != LEFT:
        return refuse(pack, "WRONG_STATE", "ground", by, status=debtor.status, ground=ground)
    if due_on is not None and due_on < today:
        return refuse(pack, "INVALID", "due_on", by)
    if _elsewhere(actor, debtor.region):
        return refuse(pack, "REGION_MISMATCH", "receivable_id", by, region=debtor.region)
    refused = _beyond_what_was_paid(claim, year, amount_fen, by, pack) if claim is not None else None
    if refused is not None:
        return refused
    receivable = Receivable(
        receivable_id=receivable_id,
        sequence=1,
        programme=pack.code,
        year=year,
        region=debtor.region,
        plan_region=claim.plan_region if claim is not None else pack.home,
        party_kind=debtor.party_kind,
        party_id=debtor.party_id,
        claim_id=claim.claim_id if claim is not None else None,
        ground=ground,
        amount_fen=amount_fen,
        due_on=due_on,
        reference=reference_of(receivable_id),
        status="claimed",
        reasons=reasons,
        pack_version=pack.label,
        claimed_by=actor.person,
        claimed_at=now,
    )
    facts = general_duty(articles, today) | {
        "amount_fen": amount_fen,
        "ground": ground,
        "claim_id": receivable.claim_id,
    }
    if claim is not None:
        facts |= {"payable_fen": claim.payable_fen, "recalled_fen": claim.recalled_fen}
    return Step(receivable, "receivable_claimed", _decided(receivable, "claimed", articles, facts, pack))


def _beyond_what_was_paid(claim: Claim, year: int, amount_fen: int, by: str | None, pack: Pack) -> Refused | None:
    """Only money that the payee has can be claimed back, once, and within the year's books it was paid from."""
    if year != claim.year:
        return refuse(pack, "INVALID", "year", by, year=claim.year)
    if claim.paid_at is None or claim.status != "paid":
        return refuse(pack, "WRONG_STATE", "claim_id", by, status=claim.status, subject=claim.claim_id)
    if amount_fen > claim.payable_fen - claim.recalled_fen:
        paid = {"payable_fen": claim.payable_fen, "recalled_fen": claim.recalled_fen, "amount_fen": amount_fen}
        return refuse(pack, "RECEIVABLE_TOO_LARGE", "amount_fen", by, **paid)
    return None


def recalled(claim: Claim, amount_fen: int) -> Claim:
    """The claim, so much more of whose money is claimed back."""
    return replace(claim, recalled_fen=claim.recalled_fen + amount_fen)


def decide_on(
    *,
    receivable: Receivable,
    decision: str,
    reasons: tuple[str, ...],
    actor: Reviewer,
    now: datetime,
    today: date,
    pack: Pack,
) -> Step[Receivable] | Refused:
    """Owed, or not, by another person than claimed it. WRONG_STATE, SAME_PERSON, REASON_MISSING, REGION_MISMATCH."""
    articles = rests_on(pack, receivable.ground)
    facts = general_duty(articles, today) | {
        "amount_fen": receivable.amount_fen,
        "ground": receivable.ground,
        "reasons": list(reasons),
    }
    changes: dict[str, Any] = {"decided_by": actor.person}
    if decision == "confirm":
        changes |= {"owed_at": now}
    decided = _decided(receivable, decision, articles, facts, pack)
    step = take(receivable, MOVES, decision, decision=decided, **changes)
    refused = _may_act(step, receivable, actor, articles, pack)
    if refused is not None:
        return refused
    if actor.person == receivable.claimed_by:
        return refuse(pack, "SAME_PERSON", "receivable_id", next(iter(articles), None))
    if decision == "refuse" and not reasons:
        return refuse(pack, "REASON_MISSING", "reasons", next(iter(articles), None))
    return _watched(must(step))


def agree(
    *, receivable: Receivable, instalments: Sequence[Mapping[str, Any]], actor: Reviewer, today: date, pack: Pack
) -> Step[Receivable] | Refused:
    """In parts: in sum what is owed, each day later than the one before, the first to come. INSTALMENTS_MISMATCH,
    WRONG_STATE, REGION_MISMATCH.
    """
    articles = rests_on(pack, receivable.ground)
    days = [one["due_on"] for one in instalments]
    sum_fen = sum(one["amount_fen"] for one in instalments)
    kept = tuple({"due_on": one["due_on"].isoformat(), "amount_fen": one["amount_fen"]} for one in instalments)
    facts = {"open_fen": receivable.open_fen, "sum_fen": sum_fen, "instalments": list(kept)}
    decided = _decided(receivable, "planned", articles, facts, pack)
    step = take(receivable, MOVES, "plan", decision=decided, instalments=kept, due_on=days[-1])
    refused = _may_act(step, receivable, actor, articles, pack)
    if refused is not None:
        return refused
    if sum_fen != receivable.open_fen or days != sorted(set(days)) or days[0] <= today:
        told = {"open_fen": receivable.open_fen, "sum_fen": sum_fen}
        return refuse(pack, "INSTALMENTS_MISMATCH", "instalments", next(iter(articles), None), **told)
    return _watched(must(step))


def repay(
    *,
    receivable: Receivable,
    amount_fen: int,
    reference: str,
    received_on: date,
    reserved_fen: int,
    actor: Reviewer,
    today: date,
    pack: Pack,
) -> Step[Receivable] | Refused:
    """Money came in; what is being taken off payments is not waited for twice. INVALID (a day to come), WRONG_STATE,
    RECEIVABLE_TOO_LARGE, REGION_MISMATCH.
    """
    articles = rests_on(pack, receivable.ground)
    by = next(iter(articles), None)
    facts = {"amount_fen": amount_fen, "reference": reference, "received_on": received_on.isoformat()}
    step = _recovered(receivable, amount_fen, 0, articles, facts, pack)
    refused = _may_act(step, receivable, actor, articles, pack)
    if refused is not None:
        return refused
    if received_on > today:
        return refuse(pack, "INVALID", "received_on", by)
    if amount_fen > receivable.open_fen - reserved_fen:
        told = {"open_fen": receivable.open_fen, "reserved_fen": reserved_fen, "amount_fen": amount_fen}
        return refuse(pack, "RECEIVABLE_TOO_LARGE", "amount_fen", by, **told)
    return must(step)


def take_off(*, receivable: Receivable, amount_fen: int, payment_id: str, pack: Pack) -> Step[Receivable]:
    """A payment from which so much was taken off has arrived: so much is recovered."""
    articles = rests_on(pack, receivable.ground)
    facts = {"amount_fen": amount_fen, "payment_id": payment_id}
    return must(_recovered(receivable, amount_fen, amount_fen, articles, facts, pack))


def restore(*, receivable: Receivable, amount_fen: int, payment_id: str, pack: Pack) -> Step[Receivable]:
    """The bank sent back a payment from which so much was taken off: that is owed again, as its claims are in full."""
    articles = rests_on(pack, receivable.ground)
    decided = _decided(receivable, "restored", articles, {"amount_fen": amount_fen, "payment_id": payment_id}, pack)
    changes = {
        "recovered_fen": receivable.recovered_fen - amount_fen,
        "offset_fen": receivable.offset_fen - amount_fen,
    }
    return _watched(must(take(receivable, MOVES, "restore", decision=decided, **changes)))


def missed(*, receivable: Receivable, today: date, pack: Pack) -> Step[Receivable]:
    """A day on which something was due has passed without it: told once for each such day."""
    assert receivable.next_on is not None, receivable.receivable_id
    assert receivable.next_on < today, receivable.receivable_id
    articles = rests_on(pack, receivable.ground)
    facts = {"due_on": receivable.next_on.isoformat(), "open_fen": receivable.open_fen}
    facts |= {"due_fen": due_fen(receivable, receivable.next_on)}
    decided = _decided(receivable, "overdue", articles, facts, pack)
    return _watched(must(take(receivable, MOVES, "miss", decision=decided, overdue_on=receivable.next_on)))


def give_up(
    *, receivable: Receivable, reasons: tuple[str, ...], reserved_fen: int, actor: Reviewer, pack: Pack
) -> Step[Receivable] | Refused:
    """What is left is written off: asked for by one person, done by another's same call. SAME_PERSON, REGION_MISMATCH,
    WRONG_STATE (also while a payment is under way from which some of it is taken off).
    """
    articles = rests_on(pack, receivable.ground)
    asked_by, open_fen = receivable.write_off_by, receivable.open_fen
    action = "ask_write_off" if asked_by is None else "write_off"
    facts = {"open_fen": open_fen, "reasons": list(reasons)}
    changes: dict[str, Any] = {"write_off_by": actor.person} if asked_by is None else {"written_off_fen": open_fen}
    decided = _decided(receivable, action, articles, facts, pack)
    step = take(receivable, MOVES, action, decision=decided, **changes)
    refused = _may_act(step, receivable, actor, articles, pack)
    if refused is not None:
        return refused
    by = next(iter(articles), None)
    if asked_by == actor.person:
        return refuse(pack, "SAME_PERSON", "receivable_id", by)
    if asked_by is not None and reserved_fen:
        return refuse(pack, "WRONG_STATE", "receivable_id", by, status=receivable.status, reserved_fen=reserved_fen)
    return _watched(must(step))


def due_fen(receivable: Receivable, on: date) -> int:
    """What is due by that day and has not come back: all of it, or its instalments so far."""
    later_fen = sum(part_fen for day, part_fen in _dues(receivable) if day > on)
    return max(0, receivable.amount_fen - later_fen - receivable.recovered_fen - receivable.written_off_fen)


def takeable(receivables: Iterable[Receivable], reserved: Mapping[str, int], on: date) -> Open:
    """What may be taken off payments today, by party and purse: what is due and not reserved, the oldest first.

    Of one purse alone: another region's treasury does not pay what this one is owed.
    """
    found: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for one in sorted(receivables, key=lambda one: (str(one.owed_at), one.receivable_id)):
        fen = due_fen(one, on) - reserved.get(one.receivable_id, 0)
        if one.status == "owed" and fen > 0:
            found.setdefault((one.party_id, one.plan_region), []).append((one.receivable_id, fen))
    return found


def rests_on(pack: Pack, ground: str) -> tuple[str, ...]:
    """The article by which the programme's document asks for money of that ground back; empty where it has none."""
    paths = {"fraud": ("supervision.recovery", "supervision.fraud"), "exit_losses": ("exit.aftermath",)}
    found = (article(pack, path) for path in paths.get(ground, ()))
    return tuple(by for by in found if by is not None)[:1]


def general_duty(articles: Sequence[str], on: date) -> dict[str, Any]:
    """The fact that stands in place of an article where the document has none."""
    return {} if articles else {"law": next(law for since, law in GENERAL_DUTY if since <= on)}


def _dues(receivable: Receivable) -> list[tuple[date, int]]:
    """Days and parts: instalments where they were agreed, else the one day where there is one."""
    if receivable.instalments:
        return [(date.fromisoformat(one["due_on"]), one["amount_fen"]) for one in receivable.instalments]
    return [] if receivable.due_on is None else [(receivable.due_on, receivable.amount_fen)]


def _watched(step: Step[Receivable]) -> Step[Receivable]:
    """The step, with the first day that is still to be watched: not covered, and not told as missed."""
    after = step.after
    told = after.overdue_on or date.min
    days = (day for day, _part in _dues(after) if day > told and due_fen(after, day) > 0)
    return replace(step, after=replace(after, next_on=next(days, None) if after.status == "owed" else None))


def _recovered(
    receivable: Receivable,
    amount_fen: int,
    offset_fen: int,
    articles: tuple[str, ...],
    facts: dict[str, Any],
    pack: Pack,
) -> Step[Receivable] | Refused:
    left_fen = receivable.open_fen - amount_fen
    decided = _decided(receivable, "recovered", articles, {**facts, "open_fen": left_fen}, pack)
    changes = {
        "recovered_fen": receivable.recovered_fen + amount_fen,
        "offset_fen": receivable.offset_fen + offset_fen,
    }
    step = take(receivable, MOVES, "recover" if left_fen else "settle", decision=decided, **changes)
    return step if isinstance(step, Refused) else _watched(step)


def _may_act(
    step: Step[Receivable] | Refused, receivable: Receivable, actor: Reviewer, articles: tuple[str, ...], pack: Pack
) -> Refused | None:
    """An office acts within its region, and what the state does not allow is refused by the ground's article."""
    by = next(iter(articles), None)
    if _elsewhere(actor, receivable.region):
        return refuse(pack, "REGION_MISMATCH", "receivable_id", by, region=receivable.region)
    return replace(step, field="receivable_id", article=by) if isinstance(step, Refused) else None


def _elsewhere(actor: Reviewer, region: str) -> bool:
    """Is it the office of another region? One without a region is the programme's own."""
    return actor.region is not None and not holds(actor.region, region)


def _decided(
    receivable: Receivable, action: str, articles: tuple[str, ...], facts: Mapping[str, Any], pack: Pack
) -> Decision:
    decision = decide(pack, f"receivable.{action}", receivable.receivable_id, articles, **facts)
    return decision if receivable.claim_id is None else on_claim(receivable.claim_id, decision)
