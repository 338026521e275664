"""May an order be placed, and with how much: each refusal by its article, each amount to the fen."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from contracts.errors import ERRORS, Refused
from contracts.programmes import load
from services.voucher.domain.affiliation import Affiliation
from services.voucher.domain.denominations import Denomination, Vouchers
from services.voucher.domain.placing import Means, Placed, Request, place
from tests.unit.voucher.made import ENTERPRISE, GUIZHOU, NOW, PRODUCT, PROVIDER, TODAY, plan

PACK = load(GUIZHOU, on=TODAY)
ASKED = Request("R1", 1_000_000, None, "a" * 64)


def placed(*, pack=PACK, asked=(), enterprise=(), product=(), provider=(), tied=False, left_fen=5_000_000):
    provider_now = replace(PROVIDER, **dict(provider))
    product_now = {"provider": provider_now, **dict(product)}
    return place(
        pack=pack,
        request=replace(ASKED, **dict(asked)),
        enterprise=replace(ENTERPRISE, **dict(enterprise)),
        product=replace(PRODUCT, **product_now),
        affiliation=Affiliation(("ownership",)) if tied else Affiliation(),
        means=Means(home="52", plan=plan(), left_fen=left_fen),
        now=NOW,
        today=TODAY,
    )


OFF_SHELF = ("PRODUCT_NOT_AVAILABLE", "product_id")
NOT_SELLING = ("PROVIDER_NOT_AVAILABLE", "product_id")
# what differs → code, field, article
REFUSALS = {
    "enterprise blacklisted": ({"enterprise": {"blacklisted": True}}, "BLACKLISTED", "enterprise_id", "第十二条"),
    "not certified": ({"enterprise": {"status": "submitted"}}, "NOT_CERTIFIED", "enterprise_id", "第十四条(三)"),
    "product under review": ({"product": {"status": "in_review"}}, *OFF_SHELF, "第十一条(五)"),
    "product delisted": ({"product": {"status": "delisted"}}, *OFF_SHELF, "第十一条(五)"),
    "product of another programme": ({"product": {"programme": "x"}}, *OFF_SHELF, "第十一条(五)"),
    "provider only certified": ({"provider": {"status": "certified"}}, *NOT_SELLING, "三(二)"),
    "provider leaving": ({"provider": {"status": "leaving"}}, *NOT_SELLING, "三(二)"),
    "provider exited": ({"provider": {"status": "exited"}}, *NOT_SELLING, "三(二)"),
    "provider blacklisted": ({"provider": {"blacklisted": True}}, *NOT_SELLING, "第十二条"),
    "provider unknown": ({"product": {"provider": None}}, *NOT_SELLING, "三(二)"),
    "agreement not accepted": ({"asked": {"agreement": None}}, "AGREEMENT_REQUIRED", "agreement", "第十八条"),
    "agreement, at own cost too": (
        {"asked": {"agreement": None, "voucher_fen": 0}},
        "AGREEMENT_REQUIRED",
        "agreement",
        "第十八条",
    ),
    "price above the list": ({"asked": {"price_fen": 1_000_001}}, "PRICE_ABOVE_MARKET", "price_fen", "第十条(三)"),
    "price above the market": (
        {"product": {"market_price_fen": 999_999}},
        "PRICE_ABOVE_MARKET",
        "price_fen",
        "第十条(三)",
    ),
    "tied": ({"tied": True}, "AFFILIATED_WITH_PROVIDER", "product_id", "第十三条(四)"),
    "product without vouchers": (
        {"product": {"voucher_eligible": False}, "asked": {"voucher_fen": 1}},
        "NOT_VOUCHER_ELIGIBLE",
        "voucher_fen",
        "第十一条(四)",
    ),
    "above the rate": ({"asked": {"voucher_fen": 600_001}}, "REQUEST_ABOVE_RATE", "voucher_fen", "第十八条"),
    "above what is left": (
        {"asked": {"voucher_fen": 500_001}, "left_fen": 500_000},
        "QUOTA_EXCEEDED",
        "voucher_fen",
        "第十六条",
    ),
    "nothing left": ({"left_fen": 0}, "QUOTA_EXHAUSTED", "voucher_fen", "第十六条"),
    "no quota": ({"enterprise": {"granted_fen": 0}, "left_fen": 0}, "QUOTA_EXHAUSTED", "voucher_fen", "第十六条"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_refusals(case):
    """Lost otherwise: public money for an order the programme does not support, or a refusal without its law."""
    differs, code, field, article = REFUSALS[case]
    found = placed(**differs)
    assert isinstance(found, Refused), found
    assert (found.code, found.field, found.article) == (code, field, article)
    assert found.facts["pack_version"] == "guizhou-2018@1"
    assert code in ERRORS


@pytest.mark.parametrize("programme", ["neimenggu-2019", "shandong-2017", "shenyang-2018"])
@pytest.mark.parametrize(
    "differs",
    [
        {"enterprise": {"blacklisted": True}},
        {"enterprise": {"status": "submitted"}},
        {"product": {"status": "in_review"}},
        {"product": {"voucher_eligible": False}, "asked": {"voucher_fen": 1}},
        {"provider": {"status": "leaving"}},
        {"provider": {"blacklisted": True}},
        {"enterprise": {"legal_person": None}},
    ],
    ids=str,
)
def test_no_programme_refuses_without_an_article(programme, differs):
    """Lost otherwise: an enterprise is refused by rules of another programme, and told of no law of its own."""
    pack = load(programme, on=date(2019, 10, 1))
    mine = {**differs, "enterprise": {"programme": programme, **differs.get("enterprise", {})}}
    mine["product"] = {"programme": programme, **differs.get("product", {})}
    found = placed(pack=pack, **mine)
    assert isinstance(found, Refused), found
    assert found.article is not None, found


# what differs → voucher_fen, own_fen
AMOUNTS = {
    "platform: 60 %": ({}, 600_000, 400_000),
    "application: 60 %": ({"product": {"category": "application"}}, 600_000, 400_000),
    "infrastructure: 40 %": ({"product": {"category": "infrastructure"}}, 400_000, 600_000),
    "rounded down to the fen": ({"asked": {"price_fen": 999_999}}, 599_999, 400_000),
    "what is left of the quota": ({"left_fen": 123}, 123, 999_877),
    "a smaller grant is the cap": ({"enterprise": {"granted_fen": 200}, "left_fen": 200}, 200, 999_800),
    "less, as asked": ({"asked": {"voucher_fen": 1}}, 1, 999_999),
    "just the rate": ({"asked": {"voucher_fen": 600_000}}, 600_000, 400_000),
    "just what is left": ({"asked": {"voucher_fen": 500}, "left_fen": 500}, 500, 999_500),
    "own cost": ({"asked": {"voucher_fen": 0}}, 0, 1_000_000),
    "own cost without a quota": (
        {"asked": {"voucher_fen": 0}, "enterprise": {"granted_fen": 0}, "left_fen": 0},
        0,
        1_000_000,
    ),
    "own cost though tied": ({"asked": {"voucher_fen": 0}, "tied": True}, 0, 1_000_000),
    "a product without vouchers": ({"product": {"voucher_eligible": False}}, 0, 1_000_000),
    "just the market's price": ({"product": {"market_price_fen": 1_000_000}}, 600_000, 400_000),
}


@pytest.mark.parametrize("case", AMOUNTS)
def test_amounts(case):
    """Lost otherwise: a fen too much or too little on every order (第十六、十八、二十一条)."""
    differs, voucher_fen, own_fen = AMOUNTS[case]
    found = placed(**differs)
    assert isinstance(found, Placed), found
    assert (found.order.voucher_fen, found.order.own_fen) == (voucher_fen, own_fen)
    assert "第十八条" in found.articles
    assert found.facts["voucher_fen"] == voucher_fen
    assert (found.order.status, found.order.year, found.order.sequence) == ("placed", 2019, 1)


def test_nothing_is_promised_beyond_a_plan_that_promises_nothing():
    """Lost otherwise: rules that changed during the year promise money for a plan whose debts no later one makes up."""
    pack = load("neimenggu-2019", on=date(2019, 10, 1))
    facts = {"programme": "neimenggu-2019", "region": "150102", "industry": "industrial"}
    provider = replace(PROVIDER, programme="neimenggu-2019")

    def bought(defers, left_fen):
        found = plan(programme="neimenggu-2019", region="15", defers=defers, opens_on=date(2019, 10, 1))
        vouchers = Vouchers([Denomination("neimenggu-2019", 2019, "15", 2_000_000, 1, 0)])
        return place(
            pack=pack,
            request=ASKED,
            enterprise=replace(ENTERPRISE, **facts),
            product=replace(PRODUCT, programme="neimenggu-2019", provider=provider),
            affiliation=Affiliation(),
            means=Means(home="15", plan=found, left_fen=left_fen, vouchers=vouchers),
            now=NOW,
            today=date(2019, 10, 1),
        )

    assert bought(True, 100_000).order.deferred_fen == 150_000
    assert bought(False, 250_000).order.deferred_fen == 0
    codes = {left_fen: bought(False, left_fen) for left_fen in (0, 100_000)}
    assert [(one.code, one.article) for one in codes.values()] == [
        ("BUDGET_EXHAUSTED", "一(二)"),
        ("BUDGET_EXCEEDED", "一(二)"),
    ]
