"""Plans as each pack asks for them, whose money they are, and which of several serves an enterprise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from contracts.programmes.loader import SHIPPED
from tests.integration.voucher.elsewhere import NEIMENGGU, SHANDONG, SHANXI, SHENYANG, Elsewhere, overlays

CITY = "example-shandong-city"
PROVINCE = {"level": "province", "amount_fen": 600}
COUNTY = {"level": "county", "amount_fen": 100}
CITYS = {"level": "city", "amount_fen": 300}
TEN = {"denomination_fen": 10, "count": 99}

# programme, what differs of a plan of 1,000 fen → code, field, article
REFUSED = {
    "no denominations": (NEIMENGGU, {"denominations": []}, "DENOMINATIONS_MISSING", "denominations", "五(一)"),
    "too few vouchers": (NEIMENGGU, {"denominations": [TEN]}, "DENOMINATIONS_MISSING", "denominations", "五(一)"),
    "a denomination twice": (
        NEIMENGGU,
        {"denominations": [TEN, {**TEN, "count": 2}]},
        "INVALID",
        "denominations",
        "五(一)",
    ),
    "vouchers nobody asked for": (
        SHENYANG,
        {"denominations": [{**TEN, "count": 100}]},
        "RULE_ABSENT",
        "denominations",
        None,
    ),
    "funds that do not add up": (SHENYANG, {"funds": [PROVINCE, CITYS]}, "FUNDS_MISMATCH", "funds", "三(二)"),
    "another province": (SHENYANG, {"region": "1501"}, "REGION_MISMATCH", "region", "三(五)1"),
    "amounts that nobody has set": (SHANDONG, {}, "DELEGATED_RULE_MISSING", "programme", "三(四)"),
    "awards that nobody has set": (SHANXI, {}, "DELEGATED_RULE_MISSING", "programme", "五(二)"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_plans_that_a_pack_refuses(engine, case):
    """Lost otherwise: money that is published without what its document asks for."""
    programme, differs, code, field, article = REFUSED[case]
    world = Elsewhere(engine, programme)
    body = world.draft(1000, **differs)
    if case == "a denomination twice":
        body["denominations"][1]["count"] = 10**6
    refused = world.refused("make_plan", **body)
    assert (refused["code"], refused["field"], refused["article"]) == (code, field, article)
    assert refused["facts"]["pack_version"] == f"{programme}@1"


@pytest.mark.parametrize(
    ("funds", "code"),
    [
        ([], "MATCHING_MISSING"),
        ([{**PROVINCE, "amount_fen": 667}, {**CITYS, "amount_fen": 333}], "MATCHING_MISSING"),
        ([{**PROVINCE, "amount_fen": 666}, {**CITYS, "amount_fen": 334}], None),
        ([PROVINCE, CITYS, COUNTY], None),
    ],
)
def test_localities_add_what_the_rules_ask_of_them(engine, monkeypatch, funds, code):
    """Lost otherwise: a province that pays alone where cities and counties have to add their half (山西 五(二))."""
    with overlays(monkeypatch, "example-shanxi-rules"):
        world = Elsewhere(engine, SHANXI)
        answer = world.do("make_plan", **world.draft(1000, funds=funds))
        assert (None if answer["ok"] else answer["error"]["code"]) == code


def test_a_locality_that_plans_its_own_money_adds_to_nobodys(engine, monkeypatch):
    """Lost otherwise: a city has to match its own money."""
    with overlays(monkeypatch, "example-shanxi-rules"):
        world = Elsewhere(engine, SHANXI)
        world.published(1000, region="140100")
        (told,) = world.sent("plan_published")
        assert told["data"]["region"] == "1401"
        assert world.ask("get_plan", programme=SHANXI, year=2019, region="140100")["free_fen"] == 1000


def test_each_office_does_its_own_step(engine):
    """Lost otherwise: whoever may call the method publishes a plan, though the document names another (五(一))."""
    world = Elsewhere(engine, NEIMENGGU)
    body = world.draft(1000)
    world.roles["make_plan"] = "operator"
    refused = world.refused("make_plan", **body)
    assert (refused["code"], refused["article"], refused["facts"]["role"]) == ("FORBIDDEN", "五(一)", "bureau")
    world.roles["make_plan"] = "bureau"
    world.ok("make_plan", **body)
    configured = {"plan_id": body["plan_id"], "budget_fen": 1000}
    world.roles["configure_plan"] = "bureau"
    assert world.refused("configure_plan", subject="another", **configured)["code"] == "FORBIDDEN"
    world.roles["configure_plan"] = "finance"
    assert world.refused("configure_plan", subject="bureau-1", **configured)["code"] == "SAME_PERSON"
    world.ok("configure_plan", **configured)
    (told,) = world.sent("plan_published")
    assert told["data"]["denominations"] == body["denominations"]
    assert (told["data"]["region"], told["data"]["quota_fen"], told["data"]["funds"]) == ("15", 0, [])


@pytest.fixture
def city(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch):
    with overlays(monkeypatch, CITY):
        yield Elsewhere(engine, SHANDONG, datetime(2019, 3, 1, 4, 0, tzinfo=UTC))


def test_an_enterprise_is_served_by_the_smallest_region_that_holds_it(city):
    """Lost otherwise: a city's money for another city's enterprises, or one purse that pays for all (山东 三(三))."""
    world = city
    world.published(10_000_000)
    world.published(7_000_000, region="3702")
    world.published(6_000_000, region="370202")
    assert world.do("make_plan", **world.draft(1, region="3702"))["error"]["code"] == "PLAN_EXISTS"
    companies = {region: world.company(region=region) for region in ("370101", "370203", "370202")}
    bodies = [
        {"application_id": world.new("A"), "enterprise_id": one, "programme": SHANDONG, "year": 2019}
        for one in companies.values()
    ]
    answers = world.batch("apply_for_quota", bodies)
    assert [one["result"]["place"] for one in answers] == [1, 1, 1]  # each the first in a line of its own
    names = [f"budget:{SHANDONG}:2019", f"budget:{SHANDONG}:2019:3702", f"budget:{SHANDONG}:2019:370202"]
    assert [world.account(name)["debits_posted"] for name in names] == [3_000_000] * 3
    free = [
        world.ask("get_plan", programme=SHANDONG, year=2019, **more)["free_fen"]
        for more in ({}, {"region": "3702"}, {"region": "370202"})
    ]
    assert free == [7_000_000, 4_000_000, 3_000_000]
    listed = world.ask("list_plans", programme=SHANDONG, year=2019)["items"]
    assert [(one["region"], one["budget_fen"]) for one in listed] == [
        ("37", 10_000_000),
        ("3702", 7_000_000),
        ("370202", 6_000_000),
    ]
    assert world.ask("get_plan", programme=SHANDONG, year=2019, region="3703")["code"] == "NOT_FOUND"
    _, product = world.shop()
    order = world.bought(companies["370203"], product, 100_000)
    assert world.one(order)["plan_region"] == "3702"
    items = []
    after = None
    while True:
        page = world.ask("list_applications", programme=SHANDONG, year=2019, limit=1, after=after)
        items += page["items"]
        after = page["next"]
        if after is None:
            break
    assert [(one["place"], one["plan_region"]) for one in items] == [(1, "37"), (1, "3702"), (1, "370202")]


def test_each_regions_year_ends_in_its_own_purse(city):
    """Lost otherwise: what one city did not spend lapses in another's books."""
    world = city
    world.published(10_000_000)
    world.published(7_000_000, region="3702")
    world.roles["apply_for_quota"] = "platform"
    world.ok(
        "apply_for_quota", application_id=world.new("A"), enterprise_id=world.company(), programme=SHANDONG, year=2019
    )
    world.clock.moment = datetime(2020, 2, 1, tzinfo=UTC)
    world.due()
    assert world.account(f"lapsed:{SHANDONG}:2019")["credits_posted"] == 10_000_000
    assert world.account(f"lapsed:{SHANDONG}:2019:3702")["credits_posted"] == 7_000_000
    told = {event["data"]["region"]: event["data"]["lapsed_fen"] for event in world.sent("year_closed")}
    assert told == {"37": 10_000_000, "3702": 7_000_000}
    world.books(2019)


def test_what_is_reserved_is_granted_where_nobody_reviews_applications(city):
    """Lost otherwise: an application that waits for ever for a review that the document does not know (山东 三(四))."""
    world = city
    world.published(5_000_000)
    first, second = world.company(), world.company()
    one = world.apply_for(first)
    assert (one["status"], one["reserved_fen"]) == ("granted", 3_000_000)
    two = world.apply_for(second)
    assert (two["status"], two["reserved_fen"]) == ("granted", 2_000_000)
    sent = world.sent("application_received", "quota_granted")
    told = [(event["type"].split(".")[1], event["sequence"], event["data"]["status"]) for event in sent]
    assert told == [("application_received", 1, "reserved"), ("quota_granted", 2, "granted")] * 2
    refused = world.refused("review_application", application_id=one["id"], decision="refuse")
    assert (refused["code"], refused["facts"]["rule"]) == ("DELEGATED_RULE_MISSING", "reviews.application")
    actions = {one["action"] for one in world.ask("explain", subject=one["id"])["decisions"]}
    assert actions == {"apply_for_quota", "quota_granted", "review_application"}


def test_who_waits_is_granted_when_its_turn_comes(city):
    """Lost otherwise: money that reaches somebody in line is reserved, and nobody grants it."""
    world = city
    world.published(4_000_000)
    companies = [world.company() for _ in range(3)]
    first, second, third = (
        world.apply_for(one, requested_fen=fen)
        for one, fen in zip(companies, (3_000_000, 2_000_000, 1_000_000), strict=True)
    )
    assert [one["status"] for one in (first, second, third)] == ["granted", "waiting", "waiting"]
    world.ok("withdraw_application", application_id=second["id"], enterprise_id=companies[1])
    assert world.ask("get_application", id=third["id"])["status"] == "granted"
    told = [
        (event["type"].split(".")[1], event["sequence"]) for event in world.sent() if event["subject"] == third["id"]
    ]
    assert told == [("application_received", 1), ("application_reserved", 2), ("quota_granted", 3)]
    world.books()


def test_no_quota_is_applied_for_where_the_instrument_knows_none(engine):
    """Lost otherwise: a quota that no order of the programme spends."""
    world = Elsewhere(engine, NEIMENGGU)
    world.published(1000)
    body = {"application_id": world.new("A"), "enterprise_id": world.company(), "programme": NEIMENGGU, "year": 2019}
    assert world.refused("apply_for_quota", **body)["code"] == "NO_QUOTA"


def test_without_an_overlay_there_is_no_amount_to_apply_for(engine):
    """Lost otherwise: a province's enterprises get amounts that one city has set for itself (山东 三(四))."""
    world = Elsewhere(engine, SHANDONG, datetime(2019, 3, 1, 4, 0, tzinfo=UTC))
    body = {"application_id": world.new("A"), "enterprise_id": world.company(), "programme": SHANDONG, "year": 2019}
    refused = world.refused("apply_for_quota", **body)
    assert (refused["code"], refused["article"]) == ("DELEGATED_RULE_MISSING", "三(四)")
    refused = world.buy(body["enterprise_id"], world.shop()[1])["error"]
    assert (refused["code"], refused["article"]) == ("DELEGATED_RULE_MISSING", "三(四)")


def test_an_overlay_of_one_city_is_not_anothers(engine, monkeypatch, tmp_path):
    """Lost otherwise: what Qingdao sets for itself decides in Jinan (山东 三(四))."""
    text = (SHIPPED / "example-shandong-city.v1.toml").read_text(encoding="utf-8")
    text = text.replace(f'code = "{CITY}"', 'code = "one-city"\nregion = "3702"')
    (tmp_path / "one-city.v1.toml").write_text(text, encoding="utf-8")
    with overlays(monkeypatch, "one-city", folder=str(tmp_path)):
        world = Elsewhere(engine, SHANDONG, datetime(2019, 3, 1, 4, 0, tzinfo=UTC))
        assert world.do("make_plan", **world.draft(10**8))["error"]["code"] == "DELEGATED_RULE_MISSING"
        world.published(10**8, region="3702")
        assert world.apply_for(world.company(region="370202"))["status"] == "granted"
        refused = world.do("apply_for_quota", **world.application(world.company(region="370102")))["error"]
        assert refused["code"] == "DELEGATED_RULE_MISSING"
        (told,) = world.sent("quota_granted")
        assert told["data"]["law"]["pack_version"] == "shandong-2017@1+one-city@1"


def test_a_quota_is_spent_from_the_plan_that_granted_it(city):
    """Lost otherwise: the province's money is spent, and a city that granted none is told to pay (山东 三(三)).

    The city's plan is published, or the enterprise moves, after the quota was granted.
    """
    world = city
    world.published(10_000_000)
    company, mover, (_, product) = world.company(), world.company(region="370102"), world.shop()
    for one in (company, mover):
        assert world.apply_for(one)["status"] == "granted"
    world.published(7_000_000, region="3702")
    world.company(enterprise_id=mover, region="370203")
    for one in (company, mover):
        order = world.one(world.bought(one, product, 100_000))
        assert (order["plan_region"], order["purse"]) == ("37", "")
    assert {event["data"]["plan_region"] for event in world.sent("order_placed")} == {"37"}


def test_a_years_quota_is_of_one_plan(city):
    """Lost otherwise: one quota filled from two purses, of which nobody can say which was spent (山东 三(三))."""
    world = city
    world.published(10_000_000)
    company, (_, product) = world.company(), world.shop(price_fen=10**8)
    first = world.apply_for(company, requested_fen=1_000_000)
    world.published(7_000_000, region="3702")
    second = world.apply_for(company, requested_fen=500_000)
    regions = [world.ask("get_application", id=one["id"])["plan_region"] for one in (first, second)]
    assert regions == ["37", "37"]
    bodies = [world.application(world.company(), requested_fen=1_000_000) for _ in range(2)]
    bodies.append({**bodies[0], "application_id": world.new("A"), "requested_fen": 5})
    answers = world.batch("apply_for_quota", bodies)  # a newcomer is the city's, in one batch as well
    assert {world.ask("get_application", id=one["result"]["id"])["plan_region"] for one in answers} == {"3702"}
    world.bought(company, product, 4_000_000)
    world.clock.moment = datetime(2020, 2, 1, tzinfo=UTC)
    world.due()
    assert world.account(f"lapsed:{SHANDONG}:2019:3702")["credits_posted"] == 7_000_000


def test_an_office_plans_the_money_of_its_own_region(city):
    """Lost otherwise: one city's bureau plans another's money, or the province's (山东 三(三)、五(二))."""
    world = city

    def by(region, method, body):
        command = world.command(method, body)
        return world.run([replace(command, actor=replace(command.actor, region=region))])[0]

    body = world.draft(5, region="3702")
    for region in ("370100", "3701", "370202"):
        refused = by(region, "make_plan", body)["error"]
        assert (refused["code"], refused["article"]) == ("REGION_MISMATCH", "五(二)")
        assert (refused["facts"]["region"], refused["facts"]["office"]) == ("3702", region)
    assert by("3702", "make_plan", world.draft(5))["error"]["code"] == "REGION_MISMATCH"
    assert by("370200", "make_plan", body)["ok"]
    configured = {"plan_id": body["plan_id"], "budget_fen": 5}
    assert by("370100", "configure_plan", configured)["error"]["code"] == "REGION_MISMATCH"
    assert by("37", "configure_plan", configured)["ok"]
