"""What the order row answers to a claim: it alone arbitrates between refund and claim, and between two claims."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.programmes import Pack
from services.voucher.domain.entitlement import amount
from services.voucher.domain.facts import Facts
from services.voucher.domain.law import articles
from services.voucher.domain.orders import Order


@dataclass(frozen=True)
class Heard:
    """A claim that was answered. status: claimed, refused (by us, with a code), released or redeemed."""

    claim_id: str
    order_id: str
    claim_version: int
    code: str | None
    status: str


def answer(
    *, order: Order | None, heard: Heard | None, claim_id: str, claim_version: int, provider_id: str
) -> str | None:
    """None: the order is (now, or already) this claim's; else the code why not (第二十条、第二十二条).

    A claim filed again after correction finds its order still claimed by it. News of an old version that comes after
    the claim's end does not bring it back.
    """
    if order is None:
        return "NOT_FOUND"
    if order.provider_id != provider_id:
        return "ORDER_OF_ANOTHER"
    if not order.voucher_fen:
        return "NOTHING_TO_CLAIM"
    if order.status == "refund_requested":
        return "REFUND_PENDING"
    if order.claim_id == claim_id and order.status == "claimed":
        return None
    if order.status in ("claimed", "redeemed"):
        return "WRONG_STATE" if order.claim_id == claim_id else "CLAIMED_BY_ANOTHER"
    ended = heard is not None and heard.status == "released" and claim_version <= heard.claim_version
    if order.status != "confirmed" or ended:
        return "WRONG_STATE"
    return None


@dataclass(frozen=True)
class Allowed:
    """How much a claim may ask for, and what that rests on."""

    amount_fen: int
    articles: tuple[str, ...]
    facts: Mapping[str, Any]


def allowed(*, pack: Pack, order: Order, transfer_fen: int, today: date) -> Allowed:
    """All of the order's support; of what was really paid where the rate is of that (沈阳 三(二)), decided by the code
    of quotes and orders on what the order was decided on, and at most its support."""
    if pack.amount is None or pack.amount.base.of == "price":
        return Allowed(order.voucher_fen, articles(pack, "amount.base"), {"voucher_fen": order.voucher_fen})
    facts = Facts(
        on=today,
        category=order.category,
        track=order.track,
        price_fen=order.price_fen,
        paid_fen=min(transfer_fen, order.price_fen),
        prior_revenue_fen=order.prior_revenue_fen,
        years_used=order.years_used,
        used_this_year_fen=0,
        quota_fen=order.voucher_fen,
    )
    entitlement = amount(pack=pack, facts=facts)
    amount_fen = min(order.voucher_fen, entitlement.amount_fen)
    found = {**entitlement.inputs, "voucher_fen": order.voucher_fen, "transfer_fen": transfer_fen}
    return Allowed(amount_fen, entitlement.articles, found)


def after_answer(heard: Heard | None, *, claim_id: str, order_id: str, claim_version: int, code: str | None) -> Heard:
    """What is remembered of the claim; an old version never takes the place of a newer one."""
    if heard is not None and heard.claim_version > claim_version:
        return heard
    return Heard(claim_id, order_id, claim_version, code, "claimed" if code is None else "refused")
