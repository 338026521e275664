"""May this order be placed, and with how much voucher: articles thirteen to twenty-one in one pure decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from services.voucher.domain.entitlement import amount
from services.voucher.domain.facts import Facts
from services.voucher.domain.law import articles, first_of, refuse
from services.voucher.domain.orders import Order
from services.voucher.domain.parties import Enterprise, Product


@dataclass(frozen=True)
class Request:
    """What the enterprise asks: voucher_fen None is as much as is allowed, 0 is its own cost alone."""

    order_id: str
    price_fen: int
    voucher_fen: int | None
    agreement: str | None


@dataclass(frozen=True)
class Placed:
    """The order, with the articles and numbers that its amount rests on."""

    order: Order
    articles: tuple[str, ...]
    facts: Mapping[str, Any]


def place(
    *,
    pack: Pack,
    request: Request,
    enterprise: Enterprise,
    product: Product,
    tied: bool,
    left_fen: int,
    now: datetime,
    today: date,
) -> Placed | Refused:
    """The order placed, or the first reason why not. left_fen: what the enterprise may still spend this year."""
    refused = _parties(pack, enterprise, product) or _terms(pack, request, product)
    if refused is not None:
        return refused
    granted = _voucher(pack, request, enterprise, product, tied, left_fen, today)
    if isinstance(granted, Refused):
        return granted
    voucher_fen, rests_on, facts = granted
    order = Order(
        order_id=request.order_id,
        enterprise_id=enterprise.enterprise_id,
        provider_id=product.provider_id,
        product_id=product.product_id,
        programme=enterprise.programme,
        year=today.year,
        category=product.category,
        list_price_fen=product.price_fen,
        price_fen=request.price_fen,
        voucher_fen=voucher_fen,
        own_fen=request.price_fen - voucher_fen,
        agreement=request.agreement,
        ordered_at=now,
        confirmed_at=None,
        contract_sha256=None,
        claim_id=None,
        status="placed",
        reason=None,
        hand_over_due=False,
        pack_version=pack.label,
        sequence=1,
    )
    return Placed(order, rests_on, facts)


def _parties(pack: Pack, enterprise: Enterprise, product: Product) -> Refused | None:
    """Who buys is certified, what is bought is on the shelf, who sells it is admitted and stays."""
    buyer = enterprise.enterprise_id
    if enterprise.blacklisted:
        return refuse(pack, "BLACKLISTED", "enterprise_id", "exit.blacklist", subject=buyer)
    if enterprise.status != "certified":
        path = "reviews.enterprise_certification.0"
        return refuse(pack, "NOT_CERTIFIED", "enterprise_id", path, subject=buyer, status=enterprise.status)
    if product.status != "published" or product.programme != enterprise.programme:
        found = {"status": product.status, "programme": product.programme}
        return refuse(pack, "PRODUCT_NOT_AVAILABLE", "product_id", "reviews.product.1", **found)
    provider = product.provider
    if provider is None or provider.status != "admitted":
        found = {"provider_id": product.provider_id, "status": "unknown" if provider is None else provider.status}
        return refuse(pack, "PROVIDER_NOT_AVAILABLE", "product_id", "reviews.provider_admission.0", **found)
    if provider.blacklisted:
        found = {"provider_id": product.provider_id, "status": "blacklisted"}
        return refuse(pack, "PROVIDER_NOT_AVAILABLE", "product_id", "exit.blacklist", **found)
    return None


def _terms(pack: Pack, request: Request, product: Product) -> Refused | None:
    """The agreement was accepted, and the price is neither above the list's nor above the market's."""
    if pack.order.agreement is not None and request.agreement is None:
        return refuse(pack, "AGREEMENT_REQUIRED", "agreement", "order.agreement")
    market_fen = product.market_price_fen
    if request.price_fen > product.price_fen or (market_fen is not None and request.price_fen > market_fen):
        prices = {"price_fen": request.price_fen, "list_price_fen": product.price_fen, "market_price_fen": market_fen}
        return refuse(pack, "PRICE_ABOVE_MARKET", "price_fen", "amount.market_price", **prices)
    return None


def _voucher(
    pack: Pack,
    request: Request,
    enterprise: Enterprise,
    product: Product,
    tied: bool,
    left_fen: int,
    today: date,
) -> tuple[int, tuple[str, ...], Mapping[str, Any]] | Refused:
    """How much of the price the voucher pays: rate and quota; nothing at the enterprise's own wish or cost."""
    asked_fen = request.voucher_fen
    if not product.voucher_eligible and asked_fen:
        return refuse(pack, "NOT_VOUCHER_ELIGIBLE", "voucher_fen", "products.listing", product_id=product.product_id)
    if asked_fen == 0 or not product.voucher_eligible:
        own = {"price_fen": request.price_fen, "voucher_fen": 0}
        return 0, articles(pack, "order.voluntary", "order.agreement", "order.self_pay"), own
    if not pack.period.contains(today):
        return refuse(pack, "OUT_OF_PERIOD", None, "period", on=today.isoformat())
    if tied and pack.eligibility.not_affiliated is not None:
        found = {"provider_id": product.provider_id}
        return refuse(pack, "AFFILIATED_WITH_PROVIDER", "product_id", "eligibility.not_affiliated", **found)
    facts = Facts(
        on=today,
        category=product.category,
        price_fen=request.price_fen,
        market_price_fen=product.market_price_fen,
        requested_fen=asked_fen,
        used_this_year_fen=enterprise.granted_fen - left_fen,
        quota_fen=enterprise.granted_fen,
        affiliated=False,
    )
    entitlement = amount(pack=pack, facts=facts)
    if entitlement.refusals:
        return first_of(pack, entitlement.refusals, field="voucher_fen")
    rests_on = dict.fromkeys((*entitlement.articles, *articles(pack, "order.agreement")))
    return entitlement.amount_fen, tuple(rests_on), {**entitlement.inputs, "voucher_fen": entitlement.amount_fen}
