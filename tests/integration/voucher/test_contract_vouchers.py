"""Inner Mongolia: a voucher for each contract, out of counted denominations, within 20,000 yuan a year; what falls
short is promised for the next year (内蒙古 一(二)、五、六)."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from infra.db import create_engine
from services.voucher import tables
from tests.integration.voucher.elsewhere import NEIMENGGU, Elsewhere

CAP = 2_000_000
SMALL, LARGE = {"denomination_fen": 300_000, "count": 2}, {"denomination_fen": CAP, "count": 1}


@pytest.fixture
def world(engine: sa.Engine) -> Elsewhere:
    return Elsewhere(engine, NEIMENGGU)


def vouchers(world: Elsewhere, year: int | None = None) -> dict[int, int]:
    """Taken of each denomination."""
    rows = world.rows(tables.denominations, tables.denominations.c.year == (year or world.year))
    return {row["denomination_fen"]: row["taken"] for row in rows}


@pytest.mark.parametrize(
    ("category", "voucher_fen"), [("infrastructure", 150_000), ("application", 200_000), ("platform", 250_000)]
)
def test_a_voucher_is_generated_from_contract_and_rate(world, category, voucher_fen):
    """Lost otherwise: another amount than 五(二)'s, money that is not set aside, or a voucher without a number."""
    world.published(10 * CAP)
    company, (_, product) = world.company(), world.shop(category=category)
    answer = world.buy(company, product, 1_000_000)
    order = answer["result"]["id"]
    assert answer["result"]["voucher_fen"] == voucher_fen
    assert {"五(二)", "五(三)", "一(二)"} <= set(answer["decision"]["articles"])
    assert answer["decision"]["pack_version"] == "neimenggu-2019@1"
    assert world.books() == {"source": -10 * CAP, "budget": 10 * CAP}
    assert world.account("budget:neimenggu-2019:2019")["debits_pending"] == voucher_fen
    assert (world.one(order)["voucher_number"], world.one(order)["denomination_fen"]) == (None, CAP)
    world.confirm(order)
    assert world.books() == {"source": -10 * CAP, "budget": 10 * CAP - voucher_fen, "committed": voucher_fen}
    (told,) = world.sent("order_confirmed")
    assert told["data"]["voucher_number"] == f"15-2019-{order}"
    assert (told["data"]["denomination_fen"], told["data"]["deferred_fen"]) == (CAP, 0)
    assert (told["data"]["region"], told["data"]["plan_region"]) == ("150102", "15")


def test_a_years_cap_is_over_all_projects(world):
    """Lost otherwise: 20,000 yuan for each project instead of for all of them (五(三))."""
    world.published(10 * CAP)
    company, shops = world.company(), [world.shop(price_fen=10**8)[1] for _ in range(3)]
    assert world.buy(company, shops[0], 6_000_000)["result"]["voucher_fen"] == 1_500_000
    second = world.buy(company, shops[1], 6_000_000)
    assert second["result"]["voucher_fen"] == 500_000
    refused = world.buy(company, shops[2], 6_000_000)["error"]
    assert (refused["code"], refused["article"]) == ("QUOTA_EXHAUSTED", "五(三)")
    assert (refused["facts"]["used_this_year_fen"], refused["facts"]["left_fen"]) == (CAP, 0)
    quota = world.ask("get_quota", enterprise_id=company, programme=NEIMENGGU, year=2019)
    assert (quota["quota_fen"], quota["used_fen"], quota["left_fen"]) == (CAP, CAP, 0)
    world.ok("cancel_order", order_id=second["result"]["id"], enterprise_id=company)
    assert world.buy(company, shops[2], 6_000_000)["result"]["voucher_fen"] == 500_000


def test_in_one_batch_each_order_sees_what_those_before_it_took(world):
    """Lost otherwise: a batch passes the cap, or counts the same content twice (五(三))."""
    world.published(10 * CAP)
    company, (_, one), (_, two) = world.company(), world.shop(price_fen=10**8), world.shop(price_fen=10**8)
    bodies = [world.order_body(company, product, price_fen=6_000_000, agreement=None) for product in (one, one, two)]
    answers = world.batch("place_order", bodies)
    found = [one["result"]["voucher_fen"] if one["ok"] else one["error"]["code"] for one in answers]
    assert found == [1_500_000, "CONTENT_COUNTED", 500_000]


def test_the_same_content_is_counted_once(world):
    """Lost otherwise: a product, or a contract, that is supported twice in a year (五(三))."""
    world.published(10 * CAP)
    company, other = world.company(), world.company()
    (_, one), (_, two), (_, three) = world.shop(), world.shop(), world.shop()
    first = world.bought(company, one)
    refused = world.buy(company, one)["error"]
    assert (refused["code"], refused["article"], refused["facts"]["order_id"]) == ("CONTENT_COUNTED", "五(三)", first)
    assert world.buy(company, one, voucher_fen=0)["ok"]  # at its own cost it may
    assert world.buy(other, one)["ok"]
    second, third = world.bought(company, two), world.bought(company, three)
    contract = "d" * 64
    assert world.confirm(first, contract)["ok"]
    refused = world.confirm(second, contract)["error"]
    assert (refused["code"], refused["field"], refused["article"]) == ("CONTENT_COUNTED", "contract_sha256", "五(三)")
    ids = [{"order_id": one, "provider_id": world.one(one)["provider_id"]} for one in (second, third)]
    same = world.batch("confirm_order", [{**one, "contract_sha256": "e" * 64} for one in ids])
    assert [one["ok"] for one in same] == [True, False]
    world.ok("fail_order", order_id=first, reason="r")
    assert world.confirm(third, contract)["ok"]  # the failed one counts no more
    assert world.buy(company, one)["ok"]


def test_vouchers_are_counted_by_denomination_and_given_back(world):
    """Lost otherwise: more vouchers than the plan published, or counts that never come back (五(一)、六)."""
    world.published(CAP, denominations=[SMALL, LARGE])
    companies = [world.company() for _ in range(5)]
    _, product = world.shop(price_fen=10**7)
    first, second = (world.bought(one, product, 1_000_000) for one in companies[:2])
    assert vouchers(world) == {300_000: 2, CAP: 0}
    third = world.bought(companies[2], product, 1_000_000)  # the next that holds it
    assert vouchers(world) == {300_000: 2, CAP: 1}
    refused = world.buy(companies[3], product, 1_000_000)["error"]
    assert (refused["code"], refused["article"]) == ("DENOMINATIONS_EXHAUSTED", "五(一)")
    assert refused["facts"]["left"] == {"300000": 0, "2000000": 0}
    world.ok("cancel_order", order_id=first, enterprise_id=companies[0])
    assert vouchers(world) == {300_000: 1, CAP: 1}
    assert world.buy(companies[3], product, 2_000_000)["error"]["code"] == "DENOMINATIONS_EXHAUSTED"
    fourth = world.bought(companies[3], product, 1_200_000)
    assert world.one(fourth)["denomination_fen"] == 300_000
    world.confirm(second)
    failed = world.ok("fail_order", order_id=second, reason="不履行")
    assert (failed["status"], vouchers(world)) == ("failed", {300_000: 1, CAP: 1})
    (told,) = world.sent("order_failed")
    assert (told["data"]["law"]["articles"], told["data"]["reason"]) == (["六"], "不履行")
    plan = world.ask("get_plan", programme=NEIMENGGU, year=2019)
    assert plan["vouchers"] == [{**SMALL, "taken": 1}, {**LARGE, "taken": 1}]
    world.provider(world.one(third)["provider_id"], say="exited", programme=NEIMENGGU)
    world.due()
    assert vouchers(world) == {300_000: 0, CAP: 0}


def test_only_a_confirmed_contract_fails_and_no_refund_is_asked_for(world):
    """Lost otherwise: money back while a claim holds it, or Guizhou's refund in a programme that knows none (六)."""
    world.published(CAP)
    company, (_, product) = world.company(), world.shop()
    order = world.bought(company, product)
    assert world.refused("fail_order", order_id=order, reason="r")["code"] == "WRONG_STATE"
    claim = world.claimed(order)
    assert world.refused("fail_order", order_id=order, reason="r")["facts"]["status"] == "claimed"
    refused = world.refused("request_refund", order_id=order, enterprise_id=company, reason="r")
    assert (refused["code"], refused["facts"]["rule"]) == ("RULE_ABSENT", "order.refund")
    world.hear(world.claim("withdrawn", order, claim, world.one(order)["provider_id"]))
    assert world.do("fail_order", order_id=order, reason="r")["ok"]


# what differs of the enterprise → the code
BARRED = {
    "of another region": ({"region": "520100"}, "NOT_REGISTERED_IN_REGION"),
    "neither industrial nor serving it": (
        {"industry": "other", "serves_industry": False},
        "INDUSTRY_NOT_COVERED",
    ),
    "nobody says whether it serves industry": ({"industry": "other"}, "FACT_MISSING"),
    "of bad credit": ({"bad_credit": True}, "BAD_CREDIT"),
    "not certified": ({"say": "submitted"}, "NOT_CERTIFIED"),
}


@pytest.mark.parametrize("case", BARRED)
def test_who_may_not_have_a_voucher(world, case):
    """Lost otherwise: without an application, nobody looks at the conditions at all (二(一))."""
    world.published(CAP)
    facts, code = BARRED[case]
    _, product = world.shop()
    company = world.company(**facts)
    assert world.buy(company, product)["error"]["code"] == code
    assert world.books() == {"source": -CAP, "budget": CAP}


def test_who_serves_industry_may_have_one(world):
    """Lost otherwise: providers of services to industry, whom 二(一) names, are turned away."""
    world.published(CAP)
    _, product = world.shop()
    assert world.buy(world.company(industry="other", serves_industry=True), product)["ok"]


def test_without_a_plan_there_is_no_voucher(world):
    """Lost otherwise: vouchers of a year that nobody planned (五(一))."""
    company, (_, product) = world.company(), world.shop()
    assert world.buy(company, product)["error"]["code"] == "NO_PLAN"
    body = world.draft(CAP)
    world.ok("make_plan", **body)
    assert world.buy(company, product)["error"]["facts"]["status"] == "made"
    assert world.buy(company, product, voucher_fen=0)["ok"]


def test_what_the_budget_lacks_is_promised_for_the_next_year(world):
    """Lost otherwise: a voucher nobody will ever pay, or one refused that 一(二) lets wait."""
    world.published(400_000)
    orders = []
    for _ in range(3):
        answer = world.buy(world.company(), world.shop()[1])
        orders.append(answer["result"]["id"])
    assert [(world.one(one)["voucher_fen"], world.one(one)["deferred_fen"]) for one in orders] == [
        (250_000, 0),
        (250_000, 100_000),
        (250_000, 250_000),
    ]
    world.books()
    for order in orders:
        world.confirm(order)
    assert world.books() == {"source": -400_000, "deferred": -350_000, "committed": 750_000}
    assert [one["data"]["deferred_fen"] for one in world.sent("order_placed")] == [0, 100_000, 250_000]
    assert world.ask("get_plan", programme=NEIMENGGU, year=2019)["owed_fen"] == 350_000


def test_money_that_comes_back_goes_to_those_who_wait_before_anyone_new(world):
    """Lost otherwise: who came later is paid this year, and who came first waits for the next (一(二): 先用先补)."""
    world.published(400_000)
    companies = [world.company() for _ in range(3)]
    first, second, third = (world.bought(one, world.shop()[1]) for one in companies)
    world.ok("cancel_order", order_id=first, enterprise_id=companies[0])
    late = world.bought(world.company(), world.shop()[1])
    assert world.one(late)["deferred_fen"] == 250_000  # what came back belongs to the second and the third
    world.due()
    assert [world.one(one)["deferred_fen"] for one in (second, third, late)] == [0, 250_000, 250_000]
    world.ok("cancel_order", order_id=second, enterprise_id=companies[1])
    world.due()
    assert [world.one(one)["deferred_fen"] for one in (third, late)] == [0, 250_000]
    assert [one["subject"] for one in world.sent("order_covered")] == [second, third]
    world.books()


# --- two replicas -----------------------------------------------------------------------------------------------------


@pytest.fixture
def replicas(postgres_url: str) -> Iterator[list[Elsewhere]]:
    engines = [create_engine(postgres_url, service="voucher") for _ in range(2)]
    yield [Elsewhere(engine, NEIMENGGU, make=number == 0) for number, engine in enumerate(engines)]
    for engine in engines:
        engine.dispose()


def at_once(*works):
    start, failed = threading.Barrier(len(works)), []

    def run(work):
        try:
            start.wait(timeout=20)
            work()
        except Exception as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not failed, failed
    assert not any(thread.is_alive() for thread in threads)


def place(world, bodies, size):
    commands = [world.command("place_order", body, key=body["order_id"]) for body in bodies]
    for at in range(0, len(commands), size):
        for answer in world.run(commands[at : at + size]):
            codes = ("QUOTA_EXHAUSTED", "DENOMINATIONS_EXHAUSTED", "CONTENT_COUNTED")
            assert answer["ok"] or answer["error"]["code"] in codes, answer


def test_cap_counts_and_budget_hold_on_two_replicas(replicas):
    """Lost otherwise: both replicas see the same voucher, the same part of a cap or of the budget free."""
    one, two = replicas
    one.published(1_000_000, denominations=[{"denomination_fen": CAP, "count": 12}])
    companies = [one.company() for _ in range(4)]
    products = [one.shop(price_fen=10**8)[1] for _ in range(12)]
    bodies = [
        one.order_body(company, product, price_fen=2_000_000, agreement=None)
        for product in products
        for company in companies
    ]
    at_once(lambda: place(one, bodies[::2], 4), lambda: place(two, list(reversed(bodies[1::2])), 3))
    rows = [row for row in one.rows(tables.orders) if row["status"] == "placed"]
    assert len(rows) == 12
    assert vouchers(one) == {CAP: 12}
    assert sum(row["voucher_fen"] - row["shortfall_fen"] for row in rows) == 1_000_000
    for company in companies:
        mine = [row for row in rows if row["enterprise_id"] == company]
        assert sum(row["voucher_fen"] for row in mine) <= CAP
        assert len({row["product_id"] for row in mine}) == len(mine)
    one.books()


def test_one_enterprise_on_two_replicas_gets_its_cap_and_no_more(replicas):
    """Lost otherwise: the cap of 五(三) is passed by whoever asks two replicas at once."""
    one, two = replicas
    one.published(10**9)
    company, products = one.company(), [one.shop(price_fen=10**8)[1] for _ in range(20)]
    bodies = [one.order_body(company, product, price_fen=1_200_000, agreement=None) for product in products]
    at_once(lambda: place(one, bodies[:10], 1), lambda: place(two, bodies[10:], 1))
    assert sum(row["voucher_fen"] for row in one.rows(tables.orders)) == CAP


@pytest.mark.parametrize("budget_fen", [10**9, 750_000], ids=["all from the budget", "half of them promised"])
def test_one_contract_confirmed_on_two_replicas_counts_once(replicas, budget_fen):
    """Lost otherwise: two orders of one contract, each confirmed before the other is seen (五(三))."""
    one, two = replicas
    one.published(budget_fen)
    company, products = one.company(), [one.shop()[1] for _ in range(6)]
    orders = [one.bought(company, product) for product in products]
    confirmed = []

    def confirm(world, mine):
        confirmed.extend(world.confirm(order, "d" * 64)["ok"] for order in mine)

    at_once(lambda: confirm(one, orders[:3]), lambda: confirm(two, orders[3:]))
    assert sorted(confirmed) == [False] * 5 + [True]
