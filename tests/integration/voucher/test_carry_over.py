"""What a year leaves to the next (内蒙古 一(二)): what is left, and promises that are made up before anyone new."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from services.voucher import tables
from services.voucher.handlers import years
from tests.integration.voucher.elsewhere import NEIMENGGU, Elsewhere

DECEMBER = datetime(2019, 12, 20, 4, 0, tzinfo=UTC)
FEBRUARY = datetime(2020, 2, 1, 4, 0, tzinfo=UTC)


@pytest.fixture
def world(engine: sa.Engine) -> Elsewhere:
    return Elsewhere(engine, NEIMENGGU)


def orders(world: Elsewhere, number: int, price_fen: int = 1_000_000) -> list[str]:
    """So many orders, each of an enterprise and a product of its own, a quarter of the price supported, confirmed."""
    found = [world.bought(world.company(), world.shop(price_fen=10**8)[1], price_fen) for _ in range(number)]
    for one in found:
        world.confirm(one)
    return found


def deferred(world: Elsewhere, *ids: str) -> list[int]:
    return [world.one(one)["deferred_fen"] for one in ids]


def new_year(world: Elsewhere) -> None:
    world.clock.moment = FEBRUARY
    world.due()


def test_what_is_left_waits_for_the_next_years_plan(world):
    """Lost otherwise: money that 一(二) carries over lapses, or is in two years' books at once."""
    world.published(1_000_000)
    orders(world, 1)
    new_year(world)
    (closed,) = world.sent("year_closed")
    assert (closed["data"]["carried_fen"], closed["data"]["lapsed_fen"], closed["data"]["deferred_fen"]) == (
        750_000,
        0,
        0,
    )
    assert sum(closed["data"]["balances"].values()) == 0
    assert world.books(2019) == {"source": -1_000_000, "budget": 750_000, "committed": 250_000}
    world.published(400_000)
    told = world.sent("plan_published")[-1]["data"]
    assert (told["budget_fen"], told["carried_fen"], told["made_up_fen"]) == (400_000, 750_000, 0)
    assert world.books(2019) == {"source": -1_000_000, "carried_out": 750_000, "committed": 250_000}
    assert world.books(2020) == {"source": -400_000, "carried_in": -750_000, "budget": 1_150_000}
    assert world.ask("get_plan", programme=NEIMENGGU, year=2020)["free_fen"] == 1_150_000


def test_what_is_left_goes_on_to_a_plan_that_is_published_already(world):
    """Lost otherwise: what is left of a year is stuck where the next year was planned in good time."""
    world.published(1_000_000)
    world.clock.moment = DECEMBER
    world.published(400_000, year=2020)
    assert world.sent("plan_published")[-1]["data"]["carried_fen"] == 0
    new_year(world)
    assert world.books(2019) == {"source": -1_000_000, "carried_out": 1_000_000}
    assert world.books(2020)["budget"] == 1_400_000


def test_what_comes_back_later_is_carried_over_too(world):
    """Lost otherwise: money of a failed contract stays in a year that nobody looks at any more."""
    world.published(1_000_000)
    first, second = orders(world, 2)
    claim = world.claimed_of(second)
    new_year(world)
    world.published(1)
    assert world.books(2020)["budget"] == 500_001
    world.ok("fail_order", order_id=first, reason="r")
    world.paid(second, claim, 200_000)
    world.due()
    assert world.books(2019) == {"source": -1_000_000, "carried_out": 800_000, "redeemed": 200_000}
    assert world.books(2020) == {"source": -1, "carried_in": -800_000, "budget": 800_001}
    assert world.due()["sweep_years"] == 0


def test_a_year_without_a_plan_is_passed_over(world):
    """Lost otherwise: money of 2019 is lost in a 2020 for which nothing was planned."""
    world.published(1_000_000)
    new_year(world)
    world.clock.moment = datetime(2021, 3, 1, tzinfo=UTC)
    world.published(5, year=2021)
    assert world.books(2021) == {"source": -5, "carried_in": -1_000_000, "budget": 1_000_005}


def test_a_shortfall_is_made_up_before_anyone_new(world):
    """Lost otherwise: next year's first applicant gets what last year's orders were promised (一(二): 不足下年再补)."""
    world.published(300_000)
    first, second, third = orders(world, 3)
    assert deferred(world, first, second, third) == [0, 200_000, 250_000]
    new_year(world)
    assert world.sent("year_closed")[0]["data"]["deferred_fen"] == 450_000
    assert deferred(world, second, third) == [200_000, 250_000]  # there is nothing to cover them with
    world.published(500_000)
    told = world.sent("plan_published")[-1]["data"]
    assert (told["budget_fen"], told["made_up_fen"]) == (500_000, 450_000)
    newcomer = world.bought(world.company(), world.shop()[1])
    assert deferred(world, newcomer) == [200_000]
    world.due()
    assert deferred(world, second, third) == [0, 0]
    assert [event["subject"] for event in world.sent("order_covered")] == [second, third]
    assert world.books(2019) == {"source": -300_000, "made_up": -450_000, "committed": 750_000}
    assert world.books(2020)["making_up"] == 450_000
    assert world.due() == dict.fromkeys(world.due(), 0)


def test_a_plan_that_covers_a_part_covers_the_first(world):
    """Lost otherwise: whoever was placed later is paid first, or nobody is because not all can be."""
    world.published(250_000)
    first, second, third, fourth = orders(world, 4)
    new_year(world)
    world.published(600_000)
    world.due()
    assert deferred(world, first, second, third, fourth) == [0, 0, 0, 250_000]
    plan = world.ask("get_plan", programme=NEIMENGGU, year=2020)
    assert (plan["free_fen"], plan["made_up_fen"]) == (0, 600_000)
    assert world.ask("get_plan", programme=NEIMENGGU, year=2019)["owed_fen"] == 150_000
    world.clock.moment = datetime(2021, 3, 1, tzinfo=UTC)
    world.due()
    world.published(1_000_000)
    world.due()
    assert deferred(world, fourth) == [0]
    assert world.books(2021)["making_up"] == 150_000
    assert world.books(2019)["made_up"] == -750_000


def test_what_is_promised_after_the_next_plan_was_published_is_made_up_too(world):
    """Lost otherwise: December's promises are forgotten, because January's plan was published in November."""
    world.published(250_000)
    (first,) = orders(world, 1)
    world.clock.moment = DECEMBER
    world.published(700_000, year=2020)
    (second,) = orders(world, 1)
    assert deferred(world, second) == [250_000]
    world.clock.moment = datetime(2020, 1, 1, 0, 1, tzinfo=UTC)  # before due work has run
    newcomer = world.bought(world.company(), world.shop(price_fen=10**8)[1], 2_000_000)
    assert deferred(world, newcomer) == [50_000]
    world.due()
    assert deferred(world, first, second, newcomer) == [0, 0, 50_000]
    assert world.books(2020)["making_up"] == 250_000


def test_a_promise_that_comes_to_less_is_made_up_for_less(world):
    """Lost otherwise: money that was made up for a contract that failed is nobody's."""
    world.published(250_000)
    _, second, third = orders(world, 3)
    world.ok("fail_order", order_id=second, reason="r")
    new_year(world)
    world.published(1_000_000)
    world.due()
    assert world.books(2019)["made_up"] == -250_000
    claim = world.claimed_of(third)
    world.paid(third, claim, 100_000)
    world.due()
    assert world.books(2019) == {
        "source": -250_000,
        "made_up": -250_000,
        "carried_out": 150_000,
        "committed": 250_000,
        "redeemed": 100_000,
    }
    assert world.books(2020)["budget"] == 900_000


def test_an_order_that_is_not_confirmed_yet_is_covered_in_its_turn_and_gives_back(world):
    """Lost otherwise: a voucher that is cancelled after it was covered keeps next year's money for itself."""
    world.published(100_000)
    company = world.company()
    order = world.bought(company, world.shop()[1])
    new_year(world)
    world.published(1_000_000)
    world.due()
    assert deferred(world, order) == [0]
    world.ok("cancel_order", order_id=order, enterprise_id=company)
    world.due()
    assert world.books(2019) == {"source": -100_000, "made_up": -150_000, "carried_out": 250_000}
    assert world.books(2020)["budget"] == 1_100_000
    assert world.rows(tables.denominations, tables.denominations.c.year == 2019)[0]["taken"] == 0


def test_a_long_list_is_covered_in_bounded_steps(world, monkeypatch):
    """Lost otherwise: one transaction over everything that a year has promised."""
    world.published(1)
    ids = orders(world, 5, 400)
    new_year(world)
    world.published(10_000)
    monkeypatch.setattr(years, "AT_ONCE", 2)
    monkeypatch.setattr("infra.pipeline.DUE_ROUNDS", 1)
    assert [world.due()["cover_orders"] for _ in range(4)] == [2, 2, 1, 0]
    assert [event["subject"] for event in world.sent("order_covered")] == ids


def test_a_second_replica_covers_nothing_twice(world):
    """Lost otherwise: a shortfall that is made up once is spent twice."""
    world.published(1)
    orders(world, 3)
    new_year(world)
    world.published(400_000)
    other = Elsewhere(world.engine, NEIMENGGU, FEBRUARY, make=False)
    other.programme = NEIMENGGU
    for _ in range(2):
        world.due()
        other.due()
    rows = world.rows(tables.orders)
    assert sum(row["shortfall_fen"] - row["deferred_fen"] for row in rows) == 249_999
    assert world.books(2020)["making_up"] == 400_000
