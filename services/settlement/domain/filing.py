"""Filing a claim: who files it, for which order, with which papers, and who is to be paid (第二十二条)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from services.settlement.domain.claims import MOVES, Claim, not_the_filer
from services.settlement.domain.law import absent, article, decide, refuse, undecided
from services.settlement.domain.market import above_market
from services.settlement.domain.match import (
    Case,
    Order,
    Papers,
    Recorded,
    invoice_key,
    live_key,
    match,
    missing_materials,
    of_paid,
    unrecorded,
)
from services.settlement.domain.parties import Named, Provider, party_of
from services.settlement.domain.stages import NO_TURN
from services.settlement.domain.steps import Step, digest, take


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What was asked: the claim's id, who files, for which order of which provider, with which papers."""

    claim_id: str
    provider_id: str
    filer_id: str
    order_id: str
    papers: Papers
    filed_by: str

    @property
    def content_hash(self) -> str:
        """Equal when the same papers for the same order are filed again."""
        return digest([self.claim_id, self.provider_id, self.filer_id, self.order_id, self.papers])


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What others told that a filing is judged by; `market_price_fen` None: nobody has recorded one.
    `audited_fen`: what an audit found not to be due of an earlier version, which is not filed away.
    `ties`: by kind what ties enterprise and provider, on the day of the order or today."""

    provider: Provider
    enterprise_uscc: str
    blacklisted: frozenset[str]
    recorded: Recorded
    market_price_fen: int | None = None
    audited_fen: int = 0
    ties: Mapping[str, Any] | None = None


def file(
    *, filing: Filing, former: Claim | None, order: Order, known: Known, pack: Pack, now: datetime, today: date
) -> Step[Claim] | Refused:
    """A claim filed, or filed again under its id after it was returned; judged by the rules its order was placed under.

    ALREADY_EXISTS, ORDER_OF_ANOTHER, NOT_THE_FILER, REFUND_PENDING, ORDER_NOT_CONFIRMED, BLACKLISTED, NOTHING_TO_CLAIM,
    AFFILIATED_WITH_PROVIDER, PRICE_ABOVE_MARKET, MATERIAL_MISSING, INVALID (an invoice number without a letter or
    digit), CLAIM_MISMATCH with all findings,
    USAGE_NOT_RECORDED; DELEGATED_RULE_MISSING, RULE_ABSENT where nobody has said how money is asked for.
    """
    by = article(pack, "claims.cadence")
    if former is not None and not _may_refile(former, filing):
        return refuse(pack, "ALREADY_EXISTS", "claim_id", by, status=former.status)
    if order.provider_id != filing.provider_id:
        return refuse(pack, "ORDER_OF_ANOTHER", "order_id", by)
    payee = _payee(filing, order, known, pack)
    if isinstance(payee, Refused):
        return payee
    case = Case(
        papers=filing.papers,
        order=order,
        enterprise_uscc=known.enterprise_uscc,
        provider_uscc=known.provider.uscc,
        today=today,
        of_paid=of_paid(pack),
    )
    refused = _order_allows(filing, order, pack) or _standing(filing, payee, order, known, pack) or _papers(case, pack)
    refused = refused or _recorded(case, known, pack)
    if refused is not None:
        return refused
    facts: dict[str, Any] = {
        "order_id": order.order_id,
        "claimed_fen": order.voucher_fen,
        "price_fen": order.price_fen,
        "own_fen": order.own_fen,
        "claim_version": former.claim_version + 1 if former else 1,
    }
    facts |= {"audited_fen": known.audited_fen} if known.audited_fen else {}
    decision = decide(pack, "claim.filed", filing.claim_id, (by, article(pack, "claims.materials")), **facts)
    told = {**_told(filing, order, payee, pack, now), "audited_fen": known.audited_fen}
    if former is not None:  # what was told to have come back stays so
        told["refunded_fen"] = max(told["refunded_fen"], min(former.refunded_fen, told["transfer_fen"]))
    if former is None:
        return Step(Claim(sequence=1, claim_version=1, status="filed", **told), "claim_filed", decision)
    fresh = {
        "reasons": (),
        "node_id": None,
        **NO_TURN,
        "stages_passed": 0,
        "reviewers": (),
        "stood_in_for": (),
        "notice_id": None,
    }
    return take(former, MOVES, "refile", decision=decision, claim_version=former.claim_version + 1, **told, **fresh)


def _payee(filing: Filing, order: Order, known: Known, pack: Pack) -> tuple[str, str] | Refused:
    """Id and kind of who is to be paid, when the right party files."""
    if pack.claims is None:
        return absent(pack, "claims", "order_id")
    if pack.payment is None:
        return absent(pack, "payment", "order_id")
    unreviewed = undecided(pack, "reviews.claim", "order_id")
    if unreviewed is not None:
        return unreviewed

    def party(word: Any) -> Named:
        return party_of(word, provider=known.provider, enterprise_id=order.enterprise_id)

    filer_id, _kind = party(pack.claims.filed_by)
    if filer_id is None or filer_id != filing.filer_id:
        return not_the_filer(pack, filer_id)
    payee_id, kind = party(pack.payment.payee)
    return not_the_filer(pack, None) if payee_id is None else (payee_id, kind)


def _may_refile(former: Claim, filing: Filing) -> bool:
    """By whoever files today: a provider's platform may have become another."""
    same = (former.provider_id, former.order_id) == (filing.provider_id, filing.order_id)
    return same and former.status == "returned"


def _order_allows(filing: Filing, order: Order, pack: Pack) -> Refused | None:
    """The order is confirmed, or claimed by this very claim (第二十条、第二十二条)."""
    by, facts = article(pack, "order.refund") or article(pack, "claims.cadence"), {"status": order.status}
    if order.status == "refund_requested":
        return refuse(pack, "REFUND_PENDING", "order_id", by, **facts)
    ours = order.status == "claimed" and order.claim_id == filing.claim_id
    if order.status != "confirmed" and not ours:
        return refuse(pack, "ORDER_NOT_CONFIRMED", "order_id", by, **facts)
    return None


def _standing(filing: Filing, payee: tuple[str, str], order: Order, known: Known, pack: Pack) -> Refused | None:
    listed = frozenset() if pack.exit.running_continue else known.blacklisted
    listed &= {filing.provider_id, filing.filer_id, payee[0]}
    if listed:
        return refuse(pack, "BLACKLISTED", "provider_id", article(pack, "exit.blacklist"), party_id=min(listed))
    if order.voucher_fen == 0:
        return refuse(pack, "NOTHING_TO_CLAIM", "order_id", article(pack, "claims.materials"), own_fen=order.own_fen)
    rule = pack.eligibility.not_affiliated
    if rule is not None and known.ties is not None:
        return refuse(pack, "AFFILIATED_WITH_PROVIDER", "order_id", rule.article, **known.ties)
    market = known.market_price_fen
    return above_market(price_fen=order.price_fen, market_price_fen=market, field="order_id", pack=pack)


def _papers(case: Case, pack: Pack) -> Refused | None:
    unwritten = undecided(pack, "claims.materials", "papers")
    if unwritten is not None:
        return unwritten
    by = article(pack, "claims.materials")
    missing = missing_materials(pack=pack, papers=case.papers, order=case.order)
    if missing:
        return refuse(pack, "MATERIAL_MISSING", missing[0], by, missing=missing)
    if invoice_key(case.papers.invoice.number) is None:
        return refuse(pack, "INVALID", "invoice.number", by)
    findings = [finding.view() for finding in match(case)]
    return refuse(pack, "CLAIM_MISMATCH", findings[0]["field"], by, findings=findings) if findings else None


def _recorded(case: Case, known: Known, pack: Pack) -> Refused | None:
    """A claim is for use that was recorded while it happened, where the programme says so (山东 三(四))."""
    rule, usage = pack.order.usage_recorded, case.papers.usage
    if rule is None or not unrecorded(usage=usage, recorded=known.recorded):
        return None
    facts = {"days_used": usage.days_used, "units": usage.units, **asdict(known.recorded)}
    return refuse(pack, "USAGE_NOT_RECORDED", "usage", rule.article, **facts)


def _told(filing: Filing, order: Order, payee: tuple[str, str], pack: Pack, now: datetime) -> dict[str, Any]:
    """The fields of a claim that its filing gives."""
    papers = filing.papers
    of_order = ("order_id", "provider_id", "enterprise_id", "programme", "year", "region", "plan_region", "category")
    return {
        **{name: getattr(order, name) for name in (*of_order, "track", "product_id", "price_fen")},
        "claim_id": filing.claim_id,
        "filer_id": filing.filer_id,
        "payee_id": payee[0],
        "payee_kind": payee[1],
        "order_fen": order.voucher_fen,
        "claimed_fen": order.voucher_fen,
        "deducted_fen": 0,
        "lines": tuple(asdict(line) for line in papers.invoice.lines),
        "disallowed": (),
        "disallowed_fen": 0,
        "score": None,
        "invoice_number": papers.invoice.number,
        "invoice_key": invoice_key(papers.invoice.number),
        "live_key": live_key(seller_uscc=papers.invoice.seller_uscc, number=papers.invoice.number),
        "invoice_fen": papers.invoice.amount_fen,
        "invoice_on": papers.invoice.issued_on,
        "contract_sha256": papers.contract.sha256,
        "transfer_fen": papers.transfer.amount_fen if papers.transfer else 0,
        "transfer_on": papers.transfer.paid_on if papers.transfer else None,
        "payer_index": papers.transfer.payer_index if papers.transfer else None,
        "payee_index": papers.transfer.payee_index if papers.transfer else None,
        "refunded_fen": papers.transfer.refunded_fen if papers.transfer else 0,
        "usage_days": papers.usage.days_used,
        "usage_units": papers.usage.units,
        "content_hash": filing.content_hash,
        "pack_version": pack.label,
        "filed_by": filing.filed_by,
        "filed_at": now,
    }
