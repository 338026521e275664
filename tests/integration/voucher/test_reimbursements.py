"""Shenyang and Shanxi: a share of what was really paid, for whom a filing is open (沈阳 三; 山西 五(二))."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from tests.integration.voucher.elsewhere import SHANXI, SHENYANG, Elsewhere, overlays

CAP = 200_000_000  # of five billion yuan and over
BUDGET = 1_000_000_000
RULES = "example-shanxi-rules"


@pytest.fixture
def world(engine: sa.Engine) -> Elsewhere:
    found = Elsewhere(engine, SHENYANG)
    found.published(BUDGET)
    return found


@pytest.fixture
def awards(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch):
    with overlays(monkeypatch, RULES):
        found = Elsewhere(engine, SHANXI)
        parts = [{"level": "province", "amount_fen": 600_000_000}, {"level": "city", "amount_fen": 400_000_000}]
        found.published(BUDGET, funds=parts)
        yield found


def test_half_of_the_price_within_the_tiers_cap(world):
    """Lost otherwise: another share or cap than 三(三)1's, and an order that says neither filing nor track."""
    company, (_, product) = world.company(), world.shop(price_fen=10**10)
    filing = world.filed(company)
    answer = world.buy(company, product, 10_000_000)
    assert answer["result"]["voucher_fen"] == 5_000_000
    assert {"三(三)1", "三(二)", "三(四)1"} <= set(answer["decision"]["articles"])
    assert answer["decision"]["facts"]["prior_revenue_fen"] == 1_000_000_000_000
    (told,) = world.sent("order_placed")
    assert (told["data"]["filing_id"], told["data"]["track"]) == (filing, "industrial")
    assert world.account(f"budget:{SHENYANG}:2019")["debits_pending"] == 5_000_000
    other = world.company()
    world.filed(other)
    assert world.buy(other, product, 10**9)["result"]["voucher_fen"] == CAP
    quota = world.ask("get_quota", enterprise_id=other, programme=SHENYANG, year=2019)
    assert [cap for cap in quota["caps"] if cap["track"] == "industrial"] == [
        {"track": "industrial", "cap_fen": CAP, "used_fen": CAP, "left_fen": 0}
    ]


@pytest.mark.parametrize(
    ("revenue", "cap_yuan"),
    [
        (0, 300_000),
        (19_999_999, 300_000),
        (20_000_000, 1_000_000),
        (400_000_000, 1_500_000),
        (5_000_000_000, 2_000_000),
    ],
)
def test_the_cap_is_that_of_the_filings_revenue(world, revenue, cap_yuan):
    """Lost otherwise: a cap by a revenue that nobody audited, or the wrong side of a boundary (三(三)1)."""
    company, (_, product) = world.company(), world.shop(price_fen=10**10)
    world.filed(company, prior_revenue_fen=revenue * 100)
    assert world.buy(company, product, 10**9)["result"]["voucher_fen"] == cap_yuan * 100


def test_nothing_without_an_open_filing(world):
    """Lost otherwise: support for whom nobody reviewed beforehand (三(一)、三(四)1)."""
    company, other, (_, product) = world.company(), world.company(), world.shop()
    refused = world.buy(company, product)["error"]
    assert (refused["code"], refused["article"]) == ("FILING_MISSING", "三(四)1")
    waiting = world.filed(company, status="in_review")
    assert world.buy(company, product, filing_id=waiting)["error"]["code"] == "FILING_MISSING"
    mine, foreign = world.filed(company, track="city-service", kind="city-service"), world.filed(other)
    assert world.buy(company, product, filing_id=foreign)["error"]["code"] == "NOT_FOUND"
    assert world.buy(company, product, filing_id=mine)["ok"]
    assert world.buy(company, product, voucher_fen=0)["ok"]  # at its own cost anybody may buy


def test_of_two_open_filings_the_order_names_one(world):
    """Lost otherwise: a track is guessed, and with it rate and cap."""
    company, (_, product) = world.company(), world.shop()
    world.filed(company)
    city = world.filed(company, track="city-service", kind="city-service")
    refused = world.buy(company, product)["error"]
    assert (refused["code"], refused["facts"]["open"]) == ("FILING_MISSING", 2)
    assert world.one(world.bought(company, product, filing_id=city))["track"] == "city-service"


def test_one_project_a_year_on_the_industrial_track(world):
    """Lost otherwise: a second project of the track that supports one (三(三)1), or none on the others."""
    company, (_, product) = world.company(), world.shop()
    industrial = world.filed(company)
    city = world.filed(company, track="city-service", kind="city-service")
    first = world.bought(company, product, filing_id=industrial)
    refused = world.buy(company, product, filing_id=industrial)["error"]
    assert (refused["code"], refused["article"]) == ("PROJECTS_EXHAUSTED", "三(三)1")
    assert world.buy(company, product, filing_id=city)["ok"]
    assert world.buy(company, product, filing_id=city)["ok"]
    world.ok("cancel_order", order_id=first, enterprise_id=company)
    assert world.buy(company, product, filing_id=industrial)["ok"]


def test_a_tracks_cap_is_used_by_its_own_orders(world):
    """Lost otherwise: one track's projects use up what another's are given (三(三)3)."""
    company, (_, product) = world.company(), world.shop(price_fen=10**10)
    industrial = world.filed(company)
    city = world.filed(company, track="city-service", kind="city-service")
    assert world.buy(company, product, 10**9, filing_id=city)["result"]["voucher_fen"] == 100_000_000
    assert world.buy(company, product, 10**9, filing_id=city)["error"]["code"] == "QUOTA_EXHAUSTED"
    assert world.buy(company, product, 10**9, filing_id=industrial)["result"]["voucher_fen"] == CAP


def test_three_years_at_most_over_all_tracks(world):
    """Lost otherwise: a fourth year of support (三(三)), or years before this deployment that count for nothing."""
    company, (_, product) = world.company(), world.shop()
    world.filed(company, years_used=1, track="city-service", kind="city-service")
    for year in (2019, 2020):
        world.clock.moment = datetime(year, 10, 15, 4, 0, tzinfo=UTC)
        if year > 2019:
            world.published(BUDGET)
        assert world.buy(company, product)["ok"]
        assert world.buy(company, product)["ok"]  # the same year counts once
    world.clock.moment = datetime(2021, 10, 15, 4, 0, tzinfo=UTC)
    world.published(BUDGET)
    refused = world.buy(company, product)["error"]
    assert (refused["code"], refused["facts"]["years_used"]) == ("YEARS_EXHAUSTED", 3)


def test_the_budget_refuses_what_it_does_not_hold(engine):
    """Lost otherwise: promises beyond the total that 三(二) controls."""
    world = Elsewhere(engine, SHENYANG)
    world.published(700_000)
    companies = [world.company() for _ in range(3)]
    for one in companies:
        world.filed(one)
    _, product = world.shop()
    assert world.buy(companies[0], product, 1_000_000)["result"]["voucher_fen"] == 500_000
    assert world.buy(companies[1], product, 1_000_000, voucher_fen=200_001)["error"]["code"] == "BUDGET_EXCEEDED"
    assert world.buy(companies[1], product, 1_000_000)["result"]["voucher_fen"] == 200_000
    refused = world.buy(companies[2], product, 1_000_000)["error"]
    assert (refused["code"], refused["article"]) == ("BUDGET_EXHAUSTED", "三(二)")


BARRED = {
    "of another city": ({"region": "210201"}, "NOT_REGISTERED_IN_REGION"),
    "taxed elsewhere": ({"tax_region": "210201"}, "NOT_TAXED_IN_REGION"),
    "nobody says where it is taxed": ({"tax_region": None}, "FACT_MISSING"),
    "of an industry of another track": ({"industry": "software"}, "INDUSTRY_NOT_COVERED"),
    "no legal person": ({"legal_person": False}, "NOT_A_LEGAL_PERSON"),
}


@pytest.mark.parametrize("case", BARRED)
def test_who_is_not_supported_though_a_filing_is_open(world, case):
    """Lost otherwise: what has changed since the filing was opened is not seen (三(一))."""
    facts, code = BARRED[case]
    company, (_, product) = world.company(**facts), world.shop()
    world.filed(company)
    assert world.buy(company, product)["error"]["code"] == code


# --- what was really paid ---------------------------------------------------------------------------------------------


# paid of a price of 1,000,000, asked for → what the claim may ask for
PAID = {
    "all of it": (1_000_000, None, 500_000),
    "a part": (700_001, None, 350_000),
    "more than the price": (2_000_000, None, 500_000),
    "less was asked for, all was paid": (1_000_000, 120_000, 120_000),
    "less was asked for, a part was paid": (200_000, 120_000, 100_000),
    "nothing": (0, None, 0),
}


@pytest.mark.parametrize("case", PAID)
def test_a_claim_may_ask_for_its_share_of_what_was_really_paid(world, case):
    """Lost otherwise: half of a price that nobody paid (三(二)), or an answer without its numbers."""
    transfer_fen, asked_fen, allowed_fen = PAID[case]
    company, (_, product) = world.company(), world.shop()
    world.filed(company)
    order = world.bought(company, product, voucher_fen=asked_fen)
    claim = world.claimed(order, transfer_fen)
    (answered,) = world.sent("claim_answered")
    assert (answered["data"]["code"], answered["data"]["allowed_fen"]) == (None, allowed_fen)
    decisions = world.ask("explain", subject=claim)["decisions"]
    (found,) = [one for one in decisions if one["action"] == "claim_allowed"]
    assert (found["pack_version"], found["programme"]) == ("shenyang-2018@1", SHENYANG)
    assert {"三(二)", "三(三)1"} <= set(found["articles"])
    assert (found["facts"]["allowed_fen"], found["facts"]["transfer_fen"]) == (allowed_fen, transfer_fen)


def test_a_corrected_claim_comes_to_another_sum(world):
    """Lost otherwise: a transfer record that was corrected changes nothing, and reconciliation differs."""
    company, (_, product) = world.company(), world.shop()
    world.filed(company)
    order = world.bought(company, product)
    claim = world.claimed(order, 100)
    provider = world.one(order)["provider_id"]
    assert world.ask("totals", programme=SHENYANG, year=2019)["figures"]["allowed_fen"] == 50
    world.hear(world.claim("filed", order, claim, provider, version=2, transfer_fen=1_000))
    assert [event["data"]["allowed_fen"] for event in world.sent("claim_answered")] == [50, 500]
    assert world.ask("totals", programme=SHENYANG, year=2019)["figures"]["allowed_fen"] == 500
    world.hear(world.claim("refused", order, claim, provider, version=2))
    assert world.one(order)["allowed_fen"] is None


def test_what_was_not_paid_out_goes_back_to_the_budget(world):
    """Lost otherwise: money held for ever by an order that was paid less than it held."""
    company, (_, product) = world.company(), world.shop()
    world.filed(company)
    order = world.bought(company, product)
    claim = world.claimed(order, 400_000)
    world.paid(order, claim, 200_000)
    assert world.books() == {"source": -BUDGET, "budget": BUDGET - 200_000, "redeemed": 200_000}
    assert world.one(order)["redeemed_fen"] == 200_000
    (told,) = world.sent("order_redeemed")
    assert told["data"]["law"]["facts"]["redeemed_fen"] == 200_000
    quota = world.ask("get_quota", enterprise_id=company, programme=SHENYANG, year=2019)
    assert quota["used_fen"] == 200_000


def test_after_the_year_what_was_not_paid_out_lapses(world):
    """Lost otherwise: last year's money is in this year's hands (三(二) controls the total of each year)."""
    company, (_, product) = world.company(), world.shop()
    world.filed(company)
    order = world.bought(company, product)
    claim = world.claimed(order, 400_000)
    world.clock.moment = datetime(2020, 2, 1, tzinfo=UTC)
    world.due()
    assert world.books(2019) == {"source": -BUDGET, "lapsed": BUDGET - 500_000, "claimed": 500_000}
    world.paid(order, claim, 200_000)
    assert world.books(2019) == {"source": -BUDGET, "lapsed": BUDGET - 200_000, "redeemed": 200_000}


# --- Shanxi, by an overlay --------------------------------------------------------------------------------------------


def test_awards_are_the_overlays(awards):
    """Lost otherwise: the rules that 五(二) leaves to two departments are not those that decide."""
    company, (_, product) = awards.company(), awards.shop()
    awards.filed(company, track=None, category="business", kind="business", prior_revenue_fen=0)
    answer = awards.buy(company, product, 1_000_000)
    assert answer["result"]["voucher_fen"] == 300_000
    assert answer["decision"]["pack_version"] == "shanxi-2018@1+example-shanxi-rules@1"
    assert {"示例第二条", "示例第三条", "示例第四条"} <= set(answer["decision"]["articles"])


def test_an_order_ends_under_the_rules_it_began_under(awards, monkeypatch):
    """Lost otherwise: an overlay that is switched off takes amounts away from what is under way."""
    company, (_, product) = awards.company(), awards.shop()
    awards.filed(company, track=None, category="business", kind="business")
    order = awards.bought(company, product, 1_000_000)
    with overlays(monkeypatch):
        claim = awards.claimed(order, 500_000)
        (answered,) = awards.sent("claim_answered")
        assert answered["data"]["allowed_fen"] == 150_000
        awards.paid(order, claim, 150_000)
        assert awards.one(order)["status"] == "redeemed"
        other = awards.company()
        awards.filed(other, track=None, category="business", kind="business")
        refused = awards.buy(other, product)["error"]
        assert (refused["code"], refused["article"]) == ("DELEGATED_RULE_MISSING", "五(二)")


def test_no_price_is_a_condition_where_no_document_names_one(world):
    """Lost otherwise: Guizhou's 第十条(三) refuses what Shenyang reimburses, and cites no article for it."""
    company, (_, product) = world.company(), world.shop(market_price_fen=900_000)
    world.filed(company)
    answer = world.buy(company, product, 1_000_001)  # above the market and the shelf
    assert answer["result"]["voucher_fen"] == 500_000
    assert answer["decision"]["facts"]["paid_fen"] == 1_000_001


def test_a_later_year_is_capped_by_the_revenue_that_was_filed_for_it(world):
    """Lost otherwise: the cap goes for ever by the revenue of the first filing, since no second one is taken, while
    三(三)1 goes by the revenue of the year before."""
    company, (_, product) = world.company(), world.shop(price_fen=10**10)
    first = world.filed(company)
    assert world.buy(company, product, 10**9)["result"]["voucher_fen"] == CAP
    kinds = ("application_form", "business_licence", "tax_registration", "business_qualification", "audit_report")
    body = {
        "enterprise_id": company,
        "programme": SHENYANG,
        "track": "industrial",
        "prior_revenue_fen": 100,
        "attested": ["operated_normally_last_year", "in_line_with_policy"],
        "documents": [{"kind": kind, "sha256": "a" * 64} for kind in kinds],
    }
    assert world.refused("submit_filing", filing_id=world.new("F"), **body)["facts"]["filing_id"] == first
    world.clock.moment = datetime(2020, 1, 4, 4, 0, tzinfo=UTC)
    world.published(BUDGET)
    second = world.new("F")
    world.ok("submit_filing", filing_id=second, **body)
    assert world.refused("submit_filing", filing_id=world.new("F"), **body)["facts"]["filing_id"] == second
    refused = world.buy(company, product, 10**9)["error"]  # the new one is not open yet
    assert (refused["code"], refused["field"]) == ("FACT_MISSING", "prior_revenue_fen")
    for role in ("district", "bureau", "operator"):
        world.clock.moment = datetime(2020, 1, 5 if role == "district" else 6, 4, 0, tzinfo=UTC)
        world.roles["review_filing"] = role
        command = world.command("review_filing", {"filing_id": second, "stage": role, "decision": "approve"})
        assert world.run([replace(command, actor=replace(command.actor, region="210106"))])[0]["ok"]
    order = world.one(world.bought(company, product, 10**9))
    assert (order["filing_id"], order["voucher_fen"]) == (second, 30_000_000)
    quota = world.ask("get_quota", enterprise_id=company, programme=SHENYANG, year=2020)
    assert {cap["cap_fen"] for cap in quota["caps"] if cap["track"] == "industrial"} == {30_000_000}
