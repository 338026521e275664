"""May this order be placed, and with how much support: the pack's instrument and rules in one pure decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from services.voucher.domain.affiliation import Affiliation
from services.voucher.domain.denominations import Vouchers
from services.voucher.domain.eligibility import conditions_met
from services.voucher.domain.entitlement import Entitlement, amount
from services.voucher.domain.facts import FactNotGiven, Facts
from services.voucher.domain.filings import Filing, current
from services.voucher.domain.law import absent, articles, first_of, ineligible, refuse
from services.voucher.domain.orders import Drawn, Order
from services.voucher.domain.parties import Enterprise, Product
from services.voucher.domain.plans import Plan, applied_for, open_for_use

# the rules that a refusal rests on, the nearest first: not every programme states every one of them
LISTED = ("exit.blacklist", "supervision.dishonesty_list", "supervision.fraud", "roles.supervisor")
CERTIFIED = ("reviews.enterprise_certification.0", "roles.enterprise")
ADMITTED = ("reviews.provider_admission.0", "roles.provider")
ON_THE_SHELF = ("reviews.product.1", "reviews.product.0", "products.catalogue", "roles.provider")
PRICED = ("amount.market_price", "products.price_not_above_market")


@dataclass(frozen=True)
class Request:
    """What the enterprise asks: voucher_fen None is as much as is allowed, 0 is its own cost alone."""

    order_id: str
    price_fen: int
    voucher_fen: int | None
    agreement: str | None
    filing_id: str | None = None


@dataclass(frozen=True)
class Means:
    """What the enterprise could draw on in that moment.

    home: the programme's own region. left_fen: of its quota, or of the plan's budget beyond what that owes. drawn: its
    live orders with support, of this year and those before. filings: its open ones.
    """

    home: str
    plan: Plan | None
    left_fen: int
    drawn: Sequence[Drawn] = ()
    filings: Sequence[Filing] = ()
    vouchers: Vouchers = field(default_factory=lambda: Vouchers(()))


@dataclass(frozen=True)
class Placed:
    """The order, with the articles and numbers that its amount rests on."""

    order: Order
    articles: tuple[str, ...]
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class _Support:
    """How much of the price is supported, and on what that was decided."""

    amount_fen: int
    articles: tuple[str, ...]
    facts: Mapping[str, Any]
    deferred_fen: int = 0
    filing: Filing | None = None
    years_used: int | None = None
    denomination_fen: int | None = None


@dataclass(frozen=True)
class _Case:
    """Everything that one order is decided on."""

    pack: Pack
    request: Request
    enterprise: Enterprise
    product: Product
    affiliation: Affiliation
    means: Means
    today: date

    @property
    def this_year(self) -> list[Drawn]:
        return [one for one in self.means.drawn if one.year == self.today.year]


def place(
    *,
    pack: Pack,
    request: Request,
    enterprise: Enterprise,
    product: Product,
    affiliation: Affiliation,
    means: Means,
    now: datetime,
    today: date,
) -> Placed | Refused:
    """The order placed, or the first reason why not."""
    case = _Case(pack, request, enterprise, product, affiliation, means, today)
    refused = _parties(pack, enterprise, product) or _terms(pack, request, product)
    if refused is not None:
        return refused
    support = _support(case)
    if isinstance(support, Refused):
        return support
    return Placed(_order(case, support, now), support.articles, support.facts)


def _order(case: _Case, support: _Support, now: datetime) -> Order:
    request, product, plan, filing = case.request, case.product, case.means.plan, support.filing
    return Order(
        order_id=request.order_id,
        enterprise_id=case.enterprise.enterprise_id,
        provider_id=product.provider_id,
        product_id=product.product_id,
        programme=case.enterprise.programme,
        year=case.today.year,
        region=case.enterprise.region,
        plan_region=case.means.home if plan is None else plan.region,
        purse="" if plan is None else plan.purse,
        category=product.category,
        track=None if filing is None else filing.track,
        filing_id=None if filing is None else filing.filing_id,
        prior_revenue_fen=None if filing is None else filing.prior_revenue_fen,
        years_used=support.years_used,
        list_price_fen=product.price_fen,
        price_fen=request.price_fen,
        voucher_fen=support.amount_fen,
        own_fen=request.price_fen - support.amount_fen,
        drawn_on="quota" if applied_for(case.pack) else "budget",
        shortfall_fen=support.deferred_fen,
        deferred_fen=support.deferred_fen,
        allowed_fen=None,
        redeemed_fen=None,
        denomination_fen=support.denomination_fen,
        voucher_number=None,
        agreement=request.agreement,
        ordered_at=now,
        confirmed_at=None,
        contract_sha256=None,
        claim_id=None,
        status="placed",
        reason=None,
        hand_over_due=False,
        left_by=None,
        pack_version=case.pack.label,
        sequence=1,
    )


def _parties(pack: Pack, enterprise: Enterprise, product: Product) -> Refused | None:
    """Who buys is certified, what is bought is on the shelf, who sells it is admitted and stays."""
    buyer = enterprise.enterprise_id
    if enterprise.blacklisted:
        return refuse(pack, "BLACKLISTED", "enterprise_id", *LISTED, subject=buyer)
    if enterprise.status != "certified":
        found = {"subject": buyer, "status": enterprise.status}
        return refuse(pack, "NOT_CERTIFIED", "enterprise_id", *CERTIFIED, **found)
    if product.status != "published" or product.programme != enterprise.programme:
        found = {"status": product.status, "programme": product.programme}
        return refuse(pack, "PRODUCT_NOT_AVAILABLE", "product_id", *ON_THE_SHELF, **found)
    provider = product.provider
    if provider is None or provider.status != "admitted":
        found = {"provider_id": product.provider_id, "status": "unknown" if provider is None else provider.status}
        return refuse(pack, "PROVIDER_NOT_AVAILABLE", "product_id", *ADMITTED, **found)
    if provider.blacklisted:
        found = {"provider_id": product.provider_id, "status": "blacklisted"}
        return refuse(pack, "PROVIDER_NOT_AVAILABLE", "product_id", *LISTED, **found)
    return None


def _terms(pack: Pack, request: Request, product: Product) -> Refused | None:
    """The agreement was accepted, and the price is not above the list's nor the market's where a rule says so."""
    if pack.order.agreement is not None and request.agreement is None:
        return refuse(pack, "AGREEMENT_REQUIRED", "agreement", "order.agreement")
    if not articles(pack, *PRICED):
        return None
    list_fen, market_fen = product.price_fen, product.market_price_fen
    if request.price_fen > list_fen or (market_fen is not None and request.price_fen > market_fen):
        prices = {"price_fen": request.price_fen, "list_price_fen": list_fen, "market_price_fen": market_fen}
        return refuse(pack, "PRICE_ABOVE_MARKET", "price_fen", *PRICED, **prices)
    return None


def _support(case: _Case) -> _Support | Refused:
    """How much of the price is supported; nothing at the enterprise's own wish or cost."""
    pack, asked_fen, product = case.pack, case.request.voucher_fen, case.product
    if not product.voucher_eligible and asked_fen:
        found = {"product_id": product.product_id}
        return refuse(pack, "NOT_VOUCHER_ELIGIBLE", "voucher_fen", "products.listing", *ON_THE_SHELF, **found)
    if asked_fen == 0 or not product.voucher_eligible:
        own = {"price_fen": case.request.price_fen, "voucher_fen": 0}
        return _Support(0, articles(pack, "order.voluntary", "order.agreement", "order.self_pay"), own)
    if pack.amount is None or pack.issuing is None:
        return absent(pack, "issuing" if pack.issuing is None else "amount")
    if not pack.period.contains(case.today):
        return refuse(pack, "OUT_OF_PERIOD", None, "period", on=case.today.isoformat())
    if case.affiliation and pack.eligibility.not_affiliated is not None:
        found = {"provider_id": product.provider_id, **case.affiliation.facts()}
        return refuse(pack, "AFFILIATED_WITH_PROVIDER", "product_id", "eligibility.not_affiliated", **found)
    return _of_quota(case) if applied_for(pack) else _of_budget(case)


def _of_quota(case: _Case) -> _Support | Refused:
    """Within what was granted for the year, whose conditions were judged when it was applied for."""
    granted_fen, left_fen = case.enterprise.granted_fen, case.means.left_fen
    facts = replace(_facts(case), used_this_year_fen=granted_fen - left_fen, quota_fen=granted_fen, affiliated=False)
    entitlement = amount(pack=case.pack, facts=facts)
    if entitlement.refusals:
        return first_of(case.pack, entitlement.refusals, field="voucher_fen")
    return _granted(case, entitlement, articles(case.pack, "order.agreement"))


def _of_budget(case: _Case) -> _Support | Refused:
    """Straight from the plan's money: who may have it is judged now, and what was filed for it has to be open."""
    pack, plan, year = case.pack, case.means.plan, case.today.year
    filing = _filing(case) if pack.filing is not None else None
    if isinstance(filing, Refused):
        return filing
    track = None if filing is None else filing.track
    standing = replace(case.enterprise.standing(on=case.today), track=track, affiliated=bool(case.affiliation))
    refused = (
        ineligible(pack, standing)
        or open_for_use(pack=pack, plan=plan, year=year, today=case.today)
        or _counted(case)
        or _projects(case, track)
    )
    if refused is not None:
        return refused
    assert plan is not None, "open"
    years_used = _years_used(case)
    facts = replace(
        _facts(case),
        track=track,
        # a filing states the revenue of the year before its own: a later year's order needs one of that year
        prior_revenue_fen=None if filing is None or filing.year != year else filing.prior_revenue_fen,
        years_used=years_used,
        used_this_year_fen=_used_fen(case, track),
        budget_left_fen=case.means.left_fen,
    )
    try:
        entitlement = amount(pack=pack, facts=facts)
    except FactNotGiven as missing:
        rules = "filing.rule", "amount.base"
        return refuse(pack, "FACT_MISSING", missing.name, *rules, missing=[missing.name])
    if entitlement.refusals:
        return first_of(pack, entitlement.refusals, field="voucher_fen")
    if entitlement.deferred_fen and not plan.defers:  # it was made under other rules, and no later one makes it up
        code, left_fen = "BUDGET_EXCEEDED" if case.means.left_fen else "BUDGET_EXHAUSTED", case.means.left_fen
        return refuse(pack, code, "voucher_fen", "budget", left_fen=left_fen, plan_version=plan.pack_version)
    denomination_fen = _denomination(case, plan, entitlement.amount_fen)
    if isinstance(denomination_fen, Refused):
        return denomination_fen
    more = (*conditions_met(pack), *articles(pack, "order.voluntary", "filing.rule"))
    support = _granted(case, entitlement, more)
    of = {"plan_region": plan.region, "filing_id": None if filing is None else filing.filing_id}
    support = replace(support, facts={**support.facts, **{k: v for k, v in of.items() if v is not None}})
    return replace(support, filing=filing, years_used=years_used, denomination_fen=denomination_fen)


def _facts(case: _Case) -> Facts:
    """What is known of the order; where the rate is of what was really paid, the price stands for it."""
    assert case.pack.amount is not None
    of_paid = case.pack.amount.base.of == "paid"
    return Facts(
        on=case.today,
        category=case.product.category,
        price_fen=case.request.price_fen,
        paid_fen=case.request.price_fen if of_paid else None,
        market_price_fen=case.product.market_price_fen,
        requested_fen=case.request.voucher_fen,
    )


def _granted(case: _Case, entitlement: Entitlement, more: tuple[str, ...]) -> _Support:
    fen = entitlement.amount_fen
    facts = {**entitlement.inputs, "voucher_fen": fen}
    if entitlement.deferred_fen:
        facts["deferred_fen"] = entitlement.deferred_fen
    return _Support(fen, tuple(dict.fromkeys((*entitlement.articles, *more))), facts, entitlement.deferred_fen)


def _filing(case: _Case) -> Filing | Refused:
    """The open filing that the order names, or the enterprise's only one (沈阳 三(四))."""
    found = current(one for one in case.means.filings if one.programme == case.enterprise.programme)
    named = case.request.filing_id
    if named is not None and found:
        of_that_id = next((one for one in found if one.filing_id == named), None)
        return of_that_id or refuse(case.pack, "NOT_FOUND", "filing_id", "filing.rule", filing_id=named)
    if len(found) == 1:
        return found[0]
    subject = case.enterprise.enterprise_id
    return refuse(case.pack, "FILING_MISSING", "filing_id", "filing.rule", subject=subject, open=len(found))


def _counted(case: _Case) -> Refused | None:
    """The same product has support of this year already (内蒙古 五(三))."""
    assert case.pack.amount is not None
    if case.pack.amount.no_double_count is None:
        return None
    product_id = case.product.product_id
    same = next((one for one in case.this_year if one.product_id == product_id), None)
    if same is None:
        return None
    found = {"product_id": product_id, "order_id": same.order_id, "year": same.year}
    return refuse(case.pack, "CONTENT_COUNTED", "product_id", "amount.no_double_count", **found)


def _projects(case: _Case, track: str | None) -> Refused | None:
    """As many projects of a track in a year as the pack supports (沈阳 三(三)1)."""
    rule = case.pack.tracks.get(track or "")
    used = sum(1 for one in case.this_year if one.track == track)
    if rule is None or rule.projects is None or used < rule.projects:
        return None
    found = {"track": track, "used": used, "projects": rule.projects}
    return refuse(case.pack, "PROJECTS_EXHAUSTED", "filing_id", f"tracks.{track}", **found)


def _used_fen(case: _Case, track: str | None) -> int:
    """What of the year's cap is taken: of one cap for all by all, of a track's by the orders of that track."""
    assert case.pack.amount is not None
    cap = case.pack.amount.cap
    by_track = cap is not None and cap.by == "track"
    return sum(one.taken_fen for one in case.this_year if not by_track or one.track == track)


def _years_used(case: _Case) -> int:
    """Years of support: those before this deployment, by the filings, and the earlier ones that it knows of itself."""
    before = max((one.years_used for one in case.means.filings), default=0)
    return before + len({one.year for one in case.means.drawn if one.year < case.today.year})


def _denomination(case: _Case, plan: Plan, amount_fen: int) -> int | Refused | None:
    """The smallest voucher that holds the amount, where the plan states denominations (内蒙古 五(一))."""
    assert case.pack.issuing is not None
    if case.pack.issuing.denominations is None or not amount_fen:
        return None
    found = case.means.vouchers.smallest(plan.key, amount_fen)
    if found is not None:
        return found
    left = case.means.vouchers.left(plan.key)
    rule = "issuing.denominations"
    return refuse(case.pack, "DENOMINATIONS_EXHAUSTED", "voucher_fen", rule, voucher_fen=amount_fen, left=left)
