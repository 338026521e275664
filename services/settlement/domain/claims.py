"""A claim from filing to payment: who may move it, when, and by which article (第二十二条 to 第二十五条)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from services.settlement.domain.law import article, decide, refuse, review_article
from services.settlement.domain.match import Case, Order, Papers, invoice_key, match, missing_materials
from services.settlement.domain.steps import Move, Moves, Step, digest, must, take

UNDER_REVIEW = ("filed", "accepted", "collected", "operator_passed", "returned")
ENDED = ("refused", "withdrawn")  # their invoice and order are free again

MOVES: Moves = {
    "refile": Move(("returned",), "filed", "claim_filed"),
    "accept": Move(("filed",), "accepted", "claim_accepted"),
    "decline": Move(("filed",), "refused", "claim_refused"),  # the order row said no
    "collect": Move(("accepted",), "collected", "claim_collected"),
    "operator.pass": Move(("collected",), "operator_passed", "claim_reviewed"),
    "operator.return": Move(("collected",), "returned", "claim_returned"),
    "operator.refuse": Move(("collected",), "refused", "claim_refused"),
    "bureau.pass": Move(("operator_passed",), "passed", "claim_passed"),
    "bureau.return": Move(("operator_passed", "passed"), "returned", "claim_returned"),
    "bureau.refuse": Move(("operator_passed", "passed"), "refused", "claim_refused"),
    "reject": Move((*UNDER_REVIEW, "passed"), "refused", "claim_refused"),  # supervision confirmed an alert
    "withdraw": Move((*UNDER_REVIEW, "passed"), "withdrawn", "claim_withdrawn"),
    "repeat.refused": Move(("refused",), "refused", "claim_refused"),  # the order row heard of it too early
    "repeat.withdrawn": Move(("withdrawn",), "withdrawn", "claim_withdrawn"),
    "put_forward": Move(("passed",), "in_disbursement", "claim_put_forward"),
    "put_back": Move(("in_disbursement",), "passed", "claim_put_back"),
    "approve": Move(("in_disbursement",), "approved", "claim_approved"),
    "thaw": Move(("approved",), "in_disbursement", "claim_put_forward"),  # to be approved again
    "send": Move(("approved",), "paying", "claim_payment_sent"),
    "pay": Move(("paying",), "paid", "claim_paid"),
    "fail": Move(("paying", "paid"), "payment_failed", "claim_payment_failed"),
    "retry": Move(("payment_failed",), "approved", "claim_approved"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim. `claim_version` grows with each filing; `order_claimed`: the order row holds itself for this claim.

    `account_version`, `fund` and `frozen_hash` are set by the approval of its disbursement; `paid_at` by its first
    settled payment, and it stays when the bank sends that money back: the voucher is redeemed, the money is owed.
    """

    claim_id: str
    sequence: int
    claim_version: int
    order_id: str
    provider_id: str
    enterprise_id: str
    programme: str
    year: int
    category: str
    product_id: str
    claimed_fen: int
    price_fen: int
    invoice_number: str
    invoice_key: str
    invoice_fen: int
    invoice_on: date
    contract_sha256: str
    transfer_fen: int
    transfer_on: date | None
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
    operator_by: str | None = None
    bureau_by: str | None = None
    disbursement_id: str | None = None
    payment_id: str | None = None
    account_version: int | None = None
    fund: str | None = None
    frozen_hash: str | None = None
    approved_at: datetime | None = None
    paid_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What was asked: the claim's id, who asks, for which order, with which papers."""

    claim_id: str
    provider_id: str
    order_id: str
    papers: Papers
    filed_by: str

    @property
    def content_hash(self) -> str:
        """Equal when the same papers for the same order are filed again."""
        return digest([self.claim_id, self.provider_id, self.order_id, asdict(self.papers)])


def file(
    *,
    filing: Filing,
    former: Claim | None,
    order: Order,
    enterprise_uscc: str,
    provider_uscc: str,
    blacklisted: bool,
    pack: Pack,
    now: datetime,
    today: date,
) -> Step[Claim] | Refused:
    """A claim filed, or filed again under its id after it was returned (第二十二条).

    ALREADY_EXISTS, ORDER_OF_ANOTHER, REFUND_PENDING, ORDER_NOT_CONFIRMED, BLACKLISTED, NOTHING_TO_CLAIM,
    MATERIAL_MISSING, INVALID (an invoice number without a letter or digit), CLAIM_MISMATCH with all findings.
    """
    by = article(pack, "claims.cadence")
    if former is not None and not _may_refile(former, filing):
        return refuse(pack, "ALREADY_EXISTS", "claim_id", by, status=former.status)
    case = Case(
        papers=filing.papers,
        order=order,
        enterprise_uscc=enterprise_uscc,
        provider_uscc=provider_uscc,
        today=today,
    )
    refused = _order_allows(filing, order, pack) or _papers_allow(filing, case, blacklisted, pack)
    if refused is not None:
        return refused
    decision = decide(
        pack,
        "claim.filed",
        filing.claim_id,
        (by, article(pack, "claims.materials")),
        order_id=order.order_id,
        claimed_fen=order.voucher_fen,
        price_fen=order.price_fen,
        own_fen=order.own_fen,
        claim_version=former.claim_version + 1 if former else 1,
    )
    told = _told(filing, order, pack, now)
    if former is None:
        return Step(Claim(sequence=1, claim_version=1, status="filed", **told), "claim_filed", decision)
    fresh = {"reasons": (), "node_id": None, "operator_by": None, "bureau_by": None}
    return take(former, MOVES, "refile", decision=decision, claim_version=former.claim_version + 1, **told, **fresh)


def answered(*, claim: Claim, code: str | None, order_status: str, pack: Pack) -> Step[Claim] | None:
    """The order row's answer: accepted, or refused with its code; None when it changes nothing.

    An order that took itself for a claim which had ended meanwhile is told again that it ended.
    """
    facts = {"code": code, "order_status": order_status, "claim_version": claim.claim_version}
    decision = decide(pack, "claim.answered", claim.claim_id, (article(pack, "claims.cadence"),), **facts)
    if code is None and claim.status in ENDED:
        return must(take(claim, MOVES, f"repeat.{claim.status}", decision=decision))
    if claim.status != "filed":
        return None
    if code is None:
        return must(take(claim, MOVES, "accept", decision=decision, order_claimed=True))
    return must(take(claim, MOVES, "decline", decision=decision, order_claimed=False, reasons=(code,)))


def collect(*, claim: Claim, node_id: str, closes_at: datetime, pack: Pack) -> Step[Claim]:
    """Taken in at a node that closed after it was filed; one that missed it waits for the next (第二十二条)."""
    assert claim.filed_at < closes_at, (claim.claim_id, node_id)
    facts = {"node_id": node_id, "closes_at": closes_at.isoformat(), "filed_at": claim.filed_at.isoformat()}
    decision = decide(pack, "claim.collected", claim.claim_id, (article(pack, "claims.cadence"),), **facts)
    return must(take(claim, MOVES, "collect", decision=decision, node_id=node_id))


def review(
    *,
    claim: Claim,
    stage: str,
    decision: str,
    reasons: tuple[str, ...],
    reviewer: str,
    roles: frozenset[str],
    verdict: str | None,
    question_open: bool,
    blacklisted: bool,
    pack: Pack,
) -> Step[Claim] | Refused:
    """First review by the operator, then review by the bureau, by two people (第二十三条).

    The bureau may still return or refuse what it passed, until that is put forward: it may never be payable.
    `verdict`: supervision's on this version of the claim, None while it is silent. FORBIDDEN, WRONG_STATE,
    SAME_PERSON, REASON_MISSING; and to pass the bureau: QUESTION_OPEN, AWAITING_SUPERVISION, HELD_BY_SUPERVISION,
    BLACKLISTED.
    """
    by = review_article(pack, "claim", stage)
    if stage not in roles:
        return refuse(pack, "FORBIDDEN", "stage", by)
    facts: dict[str, Any] = {"claim_version": claim.claim_version, "claimed_fen": claim.claimed_fen}
    decided = decide(pack, f"claim.{stage}.{decision}", claim.claim_id, (by,), **facts, reasons=list(reasons))
    seen = {"reasons": reasons, f"{stage}_by": reviewer}
    step = _unpaid(claim, take(claim, MOVES, f"{stage}.{decision}", decision=decided, **seen, **ending(decision)))
    if isinstance(step, Refused):
        return replace(step, field="claim_id", article=by)
    if stage == "bureau" and reviewer == claim.operator_by:
        return refuse(pack, "SAME_PERSON", "stage", by, subject=claim.claim_id)
    if decision != "pass":
        return step if reasons else refuse(pack, "REASON_MISSING", "reasons", by, subject=claim.claim_id)
    if stage == "bureau":
        return _cleared(claim, verdict, question_open, blacklisted, pack) or step
    return step


def ending(decision: str) -> Mapping[str, Any]:
    """What else changes when a claim ends: the order row is let go."""
    return {"order_claimed": False} if decision == "refuse" else {}


def withdraw(*, claim: Claim, provider_id: str, pack: Pack) -> Step[Claim] | Refused:
    """By its provider, before it is put forward for disbursement. NOT_OWNER, WRONG_STATE."""
    by = article(pack, "claims.cadence")
    if claim.provider_id != provider_id:
        return refuse(pack, "NOT_OWNER", "provider_id", by)
    decision = decide(pack, "claim.withdrawn", claim.claim_id, (by,), was=claim.status)
    step = _unpaid(claim, take(claim, MOVES, "withdraw", decision=decision, order_claimed=False))
    return replace(step, field="claim_id", article=by) if isinstance(step, Refused) else step


def reject(*, claim: Claim, claim_version: int, alerts: tuple[str, ...], pack: Pack) -> Step[Claim] | None:
    """Supervision confirmed an alert on this version: refused (五(四)). None when the claim has moved on.

    One in a disbursement is stopped there, and refused when it is put back; one that was paid once stays redeemed.
    """
    by = (article(pack, "supervision.hold"), article(pack, "supervision.fraud"))
    facts = {"alerts": list(alerts), "claim_version": claim_version}
    decision = decide(pack, "claim.rejected", claim.claim_id, by, **facts)
    if claim.claim_version != claim_version or claim.paid_at is not None:
        return None
    step = take(claim, MOVES, "reject", decision=decision, order_claimed=False, reasons=alerts or ("rejected",))
    return step if isinstance(step, Step) else None


def not_cleared(claims: Iterable[Claim], verdicts: Mapping[str, str]) -> list[str]:
    """Ids of those that supervision does not clear as they stand, by `verdicts` on their present versions (五(四))."""
    return [claim.claim_id for claim in claims if verdicts.get(claim.claim_id) != "cleared"]


def _unpaid(claim: Claim, step: Step[Claim] | Refused) -> Step[Claim] | Refused:
    """The step, unless the claim was paid once: what the bank sent back is owed, and the voucher stays redeemed."""
    if isinstance(step, Step) and claim.paid_at is not None:
        return Refused("WRONG_STATE", None, None, {"status": claim.status, "subject": claim.claim_id, "paid": True})
    return step


def _may_refile(former: Claim, filing: Filing) -> bool:
    same = (former.provider_id, former.order_id) == (filing.provider_id, filing.order_id)
    return same and former.status == "returned"


def _order_allows(filing: Filing, order: Order, pack: Pack) -> Refused | None:
    """The order is this provider's and confirmed, or claimed by this very claim (第二十条、第二十二条)."""
    by, facts = article(pack, "order.refund"), {"status": order.status}
    if order.provider_id != filing.provider_id:
        return refuse(pack, "ORDER_OF_ANOTHER", "order_id", article(pack, "claims.cadence"))
    if order.status == "refund_requested":
        return refuse(pack, "REFUND_PENDING", "order_id", by, **facts)
    ours = order.status == "claimed" and order.claim_id == filing.claim_id
    if order.status != "confirmed" and not ours:
        return refuse(pack, "ORDER_NOT_CONFIRMED", "order_id", by, **facts)
    return None


def _papers_allow(filing: Filing, case: Case, blacklisted: bool, pack: Pack) -> Refused | None:
    by = article(pack, "claims.materials")
    if blacklisted:
        return refuse(pack, "BLACKLISTED", "provider_id", article(pack, "exit.blacklist"))
    if case.order.voucher_fen == 0:
        return refuse(pack, "NOTHING_TO_CLAIM", "order_id", by, own_fen=case.order.own_fen)
    missing = missing_materials(pack=pack, papers=filing.papers, order=case.order)
    if missing:
        return refuse(pack, "MATERIAL_MISSING", missing[0], by, missing=missing)
    if invoice_key(filing.papers.invoice.number) is None:
        return refuse(pack, "INVALID", "invoice.number", by)
    findings = [finding.view() for finding in match(case)]
    return refuse(pack, "CLAIM_MISMATCH", findings[0]["field"], by, findings=findings) if findings else None


def _cleared(claim: Claim, verdict: str | None, question_open: bool, blacklisted: bool, pack: Pack) -> Refused | None:
    """Why the bureau cannot pass it now; None when it can."""
    hold = article(pack, "supervision.hold")
    facts = {"subject": claim.claim_id, "claim_version": claim.claim_version}
    if question_open:
        return refuse(pack, "QUESTION_OPEN", "claim_id", article(pack, "claims.question"), **facts)
    if verdict is None:
        return refuse(pack, "AWAITING_SUPERVISION", "claim_id", hold, **facts)
    if verdict != "cleared":
        return refuse(pack, "HELD_BY_SUPERVISION", "claim_id", hold, **facts, verdict=verdict)
    if blacklisted:
        return refuse(pack, "BLACKLISTED", "claim_id", article(pack, "exit.blacklist"), **facts)
    return None


def _told(filing: Filing, order: Order, pack: Pack, now: datetime) -> dict[str, Any]:
    """The fields of a claim that its filing gives."""
    papers = filing.papers
    return {
        "claim_id": filing.claim_id,
        "order_id": order.order_id,
        "provider_id": order.provider_id,
        "enterprise_id": order.enterprise_id,
        "programme": order.programme,
        "year": order.year,
        "category": order.category,
        "product_id": order.product_id,
        "claimed_fen": order.voucher_fen,
        "price_fen": order.price_fen,
        "invoice_number": papers.invoice.number,
        "invoice_key": invoice_key(papers.invoice.number),
        "invoice_fen": papers.invoice.amount_fen,
        "invoice_on": papers.invoice.issued_on,
        "contract_sha256": papers.contract_sha256,
        "transfer_fen": papers.transfer.amount_fen if papers.transfer else 0,
        "transfer_on": papers.transfer.paid_on if papers.transfer else None,
        "usage_days": papers.usage.days_used,
        "usage_units": papers.usage.units,
        "content_hash": filing.content_hash,
        "pack_version": pack.label,
        "filed_by": filing.filed_by,
        "filed_at": now,
    }
