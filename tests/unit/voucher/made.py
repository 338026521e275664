"""Orders, applications, parties and products as tests want them: everything in order unless it is said otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from services.voucher.domain.applications import Application
from services.voucher.domain.filings import Filing
from services.voucher.domain.orders import Order
from services.voucher.domain.parties import Enterprise, Product, Provider
from services.voucher.domain.plans import Plan

NOW = datetime(2019, 3, 1, 4, 0, tzinfo=UTC)
TODAY = date(2019, 3, 1)
GUIZHOU = "guizhou-2018"

ENTERPRISE = Enterprise(
    enterprise_id="E1",
    programme=GUIZHOU,
    region="520100",
    registered_on=date(2015, 1, 1),
    legal_person=True,
    violation=False,
    bad_credit=False,
    industry=None,
    size=None,
    priority=False,
    status="certified",
    blacklisted=False,
    granted_fen=5_000_000,
)
PROVIDER = Provider("P1", GUIZHOU, "admitted", blacklisted=False)
PRODUCT = Product("K1", "P1", GUIZHOU, "platform", 1_000_000, None, True, "published", PROVIDER)


FILING = Filing(
    filing_id="F1",
    enterprise_id="E1",
    programme="shenyang-2018",
    track="industrial",
    prior_revenue_fen=1_000_000_000_000,
    region="210106",
    year=2019,
    kind="industrial",
    priority=False,
    status="opened",
    passed=3,
    stage=None,
    intake_on=None,
    opened_on=date(2019, 2, 1),
    reasons=(),
    filed_by=("enterprise-1",),
    reviewed_by=(),
    submitted_at=NOW,
    pack_version="shenyang-2018@1",
    sequence=4,
)


def order(**facts: Any) -> Order:
    base = Order(
        order_id="R1",
        enterprise_id="E1",
        provider_id="P1",
        product_id="K1",
        programme=GUIZHOU,
        year=2019,
        region="520100",
        plan_region="52",
        purse="",
        category="platform",
        track=None,
        filing_id=None,
        prior_revenue_fen=None,
        years_used=None,
        list_price_fen=1000,
        price_fen=1000,
        voucher_fen=600,
        own_fen=400,
        drawn_on="quota",
        shortfall_fen=0,
        deferred_fen=0,
        allowed_fen=None,
        redeemed_fen=None,
        denomination_fen=None,
        voucher_number=None,
        agreement=None,
        ordered_at=NOW,
        confirmed_at=None,
        contract_sha256=None,
        claim_id=None,
        status="placed",
        reason=None,
        hand_over_due=False,
        left_by=None,
        pack_version="guizhou-2018@1",
        sequence=1,
    )
    return replace(base, **facts)


def plan(**facts: Any) -> Plan:
    base = Plan(
        plan_id="N1",
        programme=GUIZHOU,
        year=2019,
        region="52",
        purse="",
        budget_fen=50_000_000,
        denominations=[],
        funds=[],
        quota_fen=5_000_000,
        opens_on=date(2019, 1, 1),
        document="d",
        status="published",
        made_by="bureau-1",
        made_at=NOW,
        configured_by="operator-1",
        last_place=0,
        lapsed_fen=0,
        carries=False,
        defers=False,
        carried_fen=0,
        made_up_fen=0,
        pack_version="guizhou-2018@1",
        rounds=0,
        sequence=2,
    )
    return replace(base, **facts)


def application(place: int = 1, **facts: Any) -> Application:
    base = Application(
        application_id=f"A{place}",
        enterprise_id=f"E{place}",
        programme=GUIZHOU,
        year=2019,
        plan_region="52",
        purse="",
        place=place,
        priority=False,
        requested_fen=None,
        ceiling_fen=5_000_000,
        amount_fen=0,
        lapsed_fen=0,
        status="waiting",
        pending_id=None,
        applied_by="platform-1",
        applied_at=NOW,
        passed=0,
        reviewed_by=(),
        reasons=(),
        pack_version="guizhou-2018@1",
        settled=False,
        sequence=1,
    )
    return replace(base, **facts)
