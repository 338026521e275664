"""Plans: one a year, made by one person, configured by another, and only then open (第十五条)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.voucher import tables
from tests.integration.voucher.world import GUIZHOU, QUOTA


def make(world, **more):
    plan_id = world.new("N")
    body = {"plan_id": plan_id, "programme": GUIZHOU, "year": 2019, "budget_fen": 100, "opens_on": "2019-01-01"}
    return {**body, "document": "d", **more}


def test_a_plan_is_published_when_the_operator_repeats_its_budget(world):
    """Lost otherwise: money appears without a plan, or the plan is told without its law."""
    body = make(world)
    assert world.ok("make_plan", **body)["status"] == "made"
    assert world.account("budget:guizhou-2018:2019") == {}
    done = world.do("configure_plan", plan_id=body["plan_id"], budget_fen=100)
    assert done["result"] == {"id": body["plan_id"], "status": "published", "sequence": 2}
    assert done["decision"]["articles"] == ["第十五条"]
    assert world.account("budget:guizhou-2018:2019")["credits_posted"] == 100
    made, published = world.sent("plan_made", "plan_published")
    assert (made["sequence"], published["sequence"]) == (1, 2)
    assert published["data"]["quota_fen"] == QUOTA
    assert published["data"]["law"]["articles"] == ["第十五条"]
    assert world.totals()["budget_free_fen"] == 100


REFUSED = {
    "another plan for the year": ({}, "PLAN_EXISTS"),
    "opens in another year": ({"year": 2020, "opens_on": "2019-12-31"}, "PLAN_DATES"),
    "a year that is over": ({"year": 2018, "opens_on": "2018-09-01"}, "PLAN_DATES"),
    "no such programme": ({"programme": "atlantis-1"}, "PROGRAMME_UNKNOWN"),
    "before the programme is in force": ({"programme": "neimenggu-2019"}, "OUT_OF_PERIOD"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_plans_that_are_refused(world, case):
    """Lost otherwise: two budgets for one year."""
    differs, code = REFUSED[case]
    world.ok("make_plan", **make(world))
    assert world.refused("make_plan", **make(world, **differs))["code"] == code


def test_two_plans_for_a_year_in_one_batch(world):
    """Lost otherwise: the second of a batch does not see the first."""
    first, second = world.batch("make_plan", [make(world), make(world)])
    assert (first["ok"], second["error"]["code"]) == (True, "PLAN_EXISTS")
    assert len(world.rows(tables.plans)) == 1


def test_the_same_id_again(world):
    """Lost otherwise: a retry under another key makes a conflict, or another plan takes the first one's id."""
    body = make(world)
    world.ok("make_plan", **body)
    assert world.ok("make_plan", **body)["sequence"] == 1
    assert world.refused("make_plan", **{**body, "budget_fen": 101})["code"] == "ALREADY_EXISTS"
    assert len(world.sent("plan_made")) == 1


def test_configuring_needs_the_same_budget_and_another_person(world):
    """Lost otherwise: one person alone makes and releases money, or a slip of the pen does."""
    body = make(world)
    world.ok("make_plan", **body)
    given = {"plan_id": body["plan_id"], "budget_fen": 100}
    assert world.refused("configure_plan", **{**given, "budget_fen": 99})["code"] == "PLAN_MISMATCH"
    assert world.refused("configure_plan", subject="bureau-1", **given)["code"] == "SAME_PERSON"
    assert world.refused("configure_plan", plan_id=world.new("N"), budget_fen=1)["code"] == "NOT_FOUND"
    world.ok("configure_plan", **given)
    assert world.refused("configure_plan", **given)["code"] == "WRONG_STATE"
    assert world.totals()["budget_fen"] == 100


def test_no_plan_is_published_when_its_year_is_over(world):
    """Lost otherwise: a budget for last year, which lapses (or is carried over as left) before anyone could use it."""
    plan_id = world.new("N")
    facts = {"programme": GUIZHOU, "year": 2019, "opens_on": "2019-12-01", "document": "d"}
    world.ok("make_plan", plan_id=plan_id, budget_fen=QUOTA, **facts)
    world.clock.moment = datetime(2019, 12, 31, 16, 0, tzinfo=UTC)  # midnight in Shanghai
    refused = world.refused("configure_plan", plan_id=plan_id, budget_fen=QUOTA)
    assert (refused["code"], refused["field"], refused["article"]) == ("PLAN_DATES", "plan_id", "第十五条")
    assert refused["facts"]["year"] == 2019
    assert not world.sent("plan_published")
