"""A claim from filing to payment: its states, and who moves it without judging it (第二十二条 to 第二十五条)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from services.settlement.domain.law import article, decide, refuse
from services.settlement.domain.parties import role_of
from services.settlement.domain.stages import NO_TURN, due_facts, turn
from services.settlement.domain.steps import Move, Moves, Step, must, take

UNDER_REVIEW = ("filed", "accepted", "collected", "in_review", "returned")
REVIEWABLE = ("collected", "in_review")
PASSED = ("passed", "on_notice", "noticed")  # and not put forward yet: its last reviewer may still take it back
PENDING = "pending"  # its provider left, and nobody has said yet what comes of it
ENDED = ("refused", "withdrawn")  # their invoice and order are free again
AFTERWARDS = ("in_disbursement", "approved", "paying", "paid", "payment_failed")

MOVES: Moves = {
    "refile": Move(("returned",), "filed", "claim_filed"),
    "accept": Move(("filed",), "accepted", "claim_accepted"),
    "decline": Move(("filed",), "refused", "claim_refused"),  # the order row said no, or that nothing is due
    "collect": Move(("accepted",), "collected", "claim_collected"),
    "review.on": Move(REVIEWABLE, "in_review", "claim_reviewed"),
    "review.pass": Move(REVIEWABLE, "passed", "claim_passed"),
    "review.return": Move((*REVIEWABLE, *PASSED), "returned", "claim_returned"),
    "review.refuse": Move((*REVIEWABLE, *PASSED), "refused", "claim_refused"),
    "reject": Move((*UNDER_REVIEW, *PASSED), "refused", "claim_refused"),  # supervision confirmed an alert
    **{f"audit.{at}": Move((at,), at, "claim_audited") for at in (*REVIEWABLE, *PASSED)},  # where it stands
    "withdraw": Move((*UNDER_REVIEW, *PASSED), "withdrawn", "claim_withdrawn"),
    "repeat.refused": Move(("refused",), "refused", "claim_refused"),  # the order row heard of it too early
    "repeat.withdrawn": Move(("withdrawn",), "withdrawn", "claim_withdrawn"),
    "overdue.collected": Move(("collected",), "collected", "review_overdue"),
    "overdue.in_review": Move(("in_review",), "in_review", "review_overdue"),
    **{f"wind_down.{at}": Move((at,), at, "claim_wound_down") for at in (*UNDER_REVIEW, *PASSED)},  # it goes its way
    "wind_down.void": Move((*UNDER_REVIEW, *PASSED), "refused", "claim_refused"),
    **{  # money of its transfer came back: it stays where it is, and is screened again
        f"refund.{at}": Move((at,), at, "claim_refund_recorded") for at in (*UNDER_REVIEW, *PASSED, *AFTERWARDS)
    },
    "publish": Move(("passed",), "on_notice", "claim_on_notice"),
    "notice_over": Move(("on_notice",), "noticed", "claim_noticed"),
    "uphold": Move(("on_notice",), "refused", "claim_refused"),  # an objection
    "put_forward": Move(("passed", "noticed"), "in_disbursement", "claim_put_forward"),
    "put_back": Move(("in_disbursement",), "passed", "claim_put_back"),
    "put_back.noticed": Move(("in_disbursement",), "noticed", "claim_put_back"),
    "approve": Move(("in_disbursement",), "approved", "claim_approved"),
    "thaw": Move(("approved",), "in_disbursement", "claim_put_forward"),  # to be approved again
    "send": Move(("approved",), "paying", "claim_payment_sent"),
    "pay": Move(("paying",), "paid", "claim_paid"),
    "offset": Move(("approved",), "paid", "claim_paid"),  # all of it was owed by its payee
    "fail": Move(("paying", "paid"), "payment_failed", "claim_payment_failed"),
    "retry": Move(("payment_failed",), "approved", "claim_approved"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim. `claim_version` grows with each filing; `order_claimed`: the order row holds itself for this claim.

    `order_fen` is what the order holds for it, `claimed_fen` what the rules allow of that; `deducted_fen` quality took
    off, `disallowed_fen` lines of the invoice that are not supported, `audited_fen` the audit. `lines`: of the invoice.
    `stages_passed` are over, by `reviewers` in their order; `stood_in_for`: for whom each of them decided.
    `stage`: the role whose turn it is, of the office of the claim's region alone where `own_region`; until `due_on`,
    `late` once somebody was told that this has passed; `taken_by`: who has taken it from the work list.
    `payer_index`, `payee_index`: blind indexes of the accounts of its transfer; `refunded_fen`: what came back of that.
    `account_version`, `fund` and `frozen_hash` are set with its disbursement; `paid_at` by its first settled payment,
    and stays when the bank sends that money back: the voucher is redeemed, the money is owed. `recalled_fen`: of what
    was paid, claimed back. `wind_down`: its provider left, and it is `pending` until it is decided: `settle` or `void`.
    """

    claim_id: str
    sequence: int
    claim_version: int
    order_id: str
    provider_id: str
    enterprise_id: str
    filer_id: str
    payee_id: str
    payee_kind: str
    programme: str
    year: int
    region: str
    plan_region: str
    category: str
    track: str | None
    product_id: str
    order_fen: int
    claimed_fen: int
    deducted_fen: int = 0
    lines: tuple[Mapping[str, Any], ...] = ()
    disallowed: tuple[Mapping[str, Any], ...] = ()
    disallowed_fen: int = 0
    audited_fen: int = 0
    score: int | None = None
    price_fen: int
    invoice_number: str
    invoice_key: str
    live_key: str
    invoice_fen: int
    invoice_on: date
    contract_sha256: str
    transfer_fen: int
    transfer_on: date | None
    payer_index: str | None = None
    payee_index: str | None = None
    refunded_fen: int = 0
    usage_days: int
    usage_units: int
    content_hash: str
    pack_version: str
    filed_by: str
    filed_at: datetime
    status: str
    reasons: tuple[str, ...] = ()
    order_claimed: bool = False
    node_id: str | None = None
    stage: str | None = None
    own_region: bool = False
    due_on: date | None = None
    late: bool = False
    taken_by: str | None = None
    stages_passed: int = 0
    reviewers: tuple[str, ...] = ()
    stood_in_for: tuple[str | None, ...] = ()
    notice_id: str | None = None
    disbursement_id: str | None = None
    payment_id: str | None = None
    account_version: int | None = None
    fund: str | None = None
    frozen_hash: str | None = None
    approved_at: datetime | None = None
    wind_down: str | None = None
    recalled_fen: int = 0
    paid_at: datetime | None = None

    @property
    def payable_fen(self) -> int:
        """What is paid for it."""
        return self.claimed_fen - self.deducted_fen - self.disallowed_fen - self.audited_fen

    @property
    def parties(self) -> frozenset[str]:
        """Who must have standing: whose claim it is, who files it, who is paid."""
        return frozenset({self.provider_id, self.filer_id, self.payee_id})


def answered(
    *, claim: Claim, code: str | None, allowed_fen: int | None, order_status: str, pack: Pack
) -> Step[Claim] | None:
    """The order row's answer: accepted for what it allows, or refused with its code; None when it changes nothing.

    An order that took itself for a claim which had ended meanwhile is told again that it ended; where the rules allow
    nothing of what was paid, or no more than an audit had found not to be due, the claim ends too.
    """
    facts: dict[str, Any] = {"code": code, "order_status": order_status, "claim_version": claim.claim_version}
    if allowed_fen is not None:
        facts |= {"allowed_fen": allowed_fen, "order_fen": claim.order_fen, "transfer_fen": claim.transfer_fen}
    by = (article(pack, "claims.cadence"), article(pack, "amount.base"))
    decision = decide(pack, "claim.answered", claim.claim_id, by if allowed_fen is not None else by[:1], **facts)
    if code is None and claim.status in ENDED:
        return must(take(claim, MOVES, f"repeat.{claim.status}", decision=decision))
    if claim.status != "filed":
        return None
    claimed_fen = claim.claimed_fen if allowed_fen is None else allowed_fen
    reason = code or ("NOTHING_TO_CLAIM" if claimed_fen <= claim.audited_fen else None)
    if reason is not None:
        return must(take(claim, MOVES, "decline", decision=decision, order_claimed=False, reasons=(reason,)))
    assert 0 < claimed_fen <= claim.order_fen, claim.claim_id
    return must(take(claim, MOVES, "accept", decision=decision, order_claimed=True, claimed_fen=claimed_fen))


def collect(
    *, claim: Claim, node_id: str, closes_at: datetime, pack: Pack, due_on: date | Refused | None = None
) -> list[Step[Claim]]:
    """Taken in at a node that closed after it was filed; one that missed it waits for the next (第二十二条).

    `due_on`: the first stage's last day. Where the programme asks for no review of claims, it has passed with that.
    """
    assert claim.filed_at < closes_at, (claim.claim_id, node_id)
    stages, by = pack.stages("claim", claim.track), (article(pack, "claims.cadence"),)
    facts = {"node_id": node_id, "closes_at": closes_at.isoformat(), "filed_at": claim.filed_at.isoformat()}
    decision = decide(pack, "claim.collected", claim.claim_id, by, **facts, **due_facts(stages, 0, due_on))
    step = must(take(claim, MOVES, "collect", decision=decision, node_id=node_id, **turn(stages, 0, due_on)))
    if stages:
        return [step]
    unreviewed = decide(pack, "claim.pass", claim.claim_id, by, stages=0, claimed_fen=claim.claimed_fen)
    return [step, must(take(step.after, MOVES, "review.pass", decision=unreviewed))]


def withdraw(*, claim: Claim, provider_id: str, filer_id: str, pack: Pack) -> Step[Claim] | Refused:
    """By who filed it, before it is put forward for disbursement. NOT_OWNER, NOT_THE_FILER, WRONG_STATE."""
    by = article(pack, "claims.cadence")
    if claim.provider_id != provider_id:
        return refuse(pack, "NOT_OWNER", "provider_id", by)
    if claim.filer_id != filer_id:
        return not_the_filer(pack, claim.filer_id)
    decision = decide(pack, "claim.withdrawn", claim.claim_id, (by,), was=claim.status)
    step = unpaid(claim, take(claim, MOVES, "withdraw", decision=decision, order_claimed=False, **NO_TURN))
    return replace(step, field="claim_id", article=by) if isinstance(step, Refused) else step


def refund(
    *, claim: Claim, party_id: str | None, refunded_fen: int, refunded_on: date, today: date, pack: Pack
) -> Step[Claim] | Refused | None:
    """So much of its transfer has come back to the enterprise until now; None when that was told before.

    NOT_OWNER (a party of another claim), INVALID (more than was paid, less than came back before, a day to come),
    WRONG_STATE (the claim has ended).
    """
    by = article(pack, "claims.materials")
    if party_id is not None and party_id not in {*claim.parties, claim.enterprise_id}:
        return refuse(pack, "NOT_OWNER", "party_id", by)
    facts: dict[str, object] = {
        "transfer_fen": claim.transfer_fen,
        "refunded_fen": refunded_fen,
        "before_fen": claim.refunded_fen,
    }
    if not claim.refunded_fen <= refunded_fen <= claim.transfer_fen:
        return refuse(pack, "INVALID", "refunded_fen", by, **facts)
    if refunded_on > today:
        return refuse(pack, "INVALID", "refunded_on", by)
    if refunded_fen == claim.refunded_fen:
        return None
    if claim.status in ENDED:
        return refuse(pack, "WRONG_STATE", "claim_id", by, status=claim.status)
    facts |= {"claim_version": claim.claim_version, "refunded_on": refunded_on.isoformat()}
    decision = decide(pack, "claim.refund_recorded", claim.claim_id, (by,), **facts)
    return must(take(claim, MOVES, f"refund.{claim.status}", decision=decision, refunded_fen=refunded_fen))


def not_the_filer(pack: Pack, filer_id: str | None) -> Refused:
    """Another party files here; by the article that says whose it is."""
    word = pack.claims.filed_by if pack.claims else "provider"
    by = article(pack, f"roles.{role_of(word)}")
    return refuse(pack, "NOT_THE_FILER", "filer_id", by, filed_by=word, filer_id=filer_id)


def reject(*, claim: Claim, claim_version: int, alerts: tuple[str, ...], pack: Pack) -> Step[Claim] | None:
    """Supervision confirmed an alert on this version: refused (五(四)). None when the claim has moved on.

    One in a disbursement is stopped there, and refused when it is put back; one that was paid once stays redeemed.
    """
    by = (article(pack, "supervision.hold"), article(pack, "supervision.fraud"))
    facts = {"alerts": list(alerts), "claim_version": claim_version}
    decision = decide(pack, "claim.rejected", claim.claim_id, by, **facts)
    if claim.claim_version != claim_version or claim.paid_at is not None:
        return None
    changes = {**NO_TURN, "order_claimed": False, "reasons": alerts or ("rejected",)}
    step = take(claim, MOVES, "reject", decision=decision, **changes)
    return step if isinstance(step, Step) else None


def not_cleared(claims: Iterable[Claim], verdicts: Mapping[str, str]) -> list[str]:
    """Ids of those that supervision does not clear as they stand, by `verdicts` on their present versions (五(四))."""
    return [claim.claim_id for claim in claims if verdicts.get(claim.claim_id) != "cleared"]


def is_ready(claim: Claim, pack: Pack) -> bool:
    """May it be put forward for payment, as far as its own steps go?"""
    return claim.status == ready_in(pack)


def ready_in(pack: Pack) -> str:
    """The state in which claims may be put forward: passed, and published where the pack asks."""
    return "noticed" if pack.claims is not None and pack.claims.notice is not None else "passed"


def put_back(claim: Claim) -> str:
    """The move that takes it out of its disbursement to where it came from."""
    return "put_back" if claim.notice_id is None else "put_back.noticed"


def unpaid(claim: Claim, step: Step[Claim] | Refused) -> Step[Claim] | Refused:
    """The step, unless the claim was paid once: what the bank sent back is owed, and the voucher stays redeemed."""
    if isinstance(step, Step) and claim.paid_at is not None:
        return Refused("WRONG_STATE", None, None, {"status": claim.status, "subject": claim.claim_id, "paid": True})
    return step
