"""Applications: a place and money in one commit, never more than there is, and what is given back goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.voucher import tables
from services.voucher.handlers import line
from tests.integration.voucher.world import GUIZHOU, QUOTA


def statuses(world):
    rows = sorted(world.rows(tables.applications), key=lambda row: row["place"])
    return [(row["place"], row["status"], row["amount_fen"]) for row in rows]


def apply_all(world, enterprises, **more):
    bodies = [
        {"application_id": world.new("A"), "enterprise_id": one, "programme": GUIZHOU, "year": 2019, **more}
        for one in enterprises
    ]
    return world.batch("apply_for_quota", bodies)


def test_places_and_money_in_the_order_of_arrival(world):
    """Lost otherwise: first come first served under a fixed total (第六条)."""
    world.plan(budget_fen=2 * QUOTA + 300)
    answers = apply_all(world, [world.enterprise() for _ in range(4)])
    seen = [(a["result"]["place"], a["result"]["status"], a["result"]["reserved_fen"]) for a in answers]
    assert seen == [(1, "reserved", QUOTA), (2, "reserved", QUOTA), (3, "reserved", 300), (4, "waiting", 0)]
    assert answers[3]["decision"]["facts"]["place"] == 4
    assert "第六条" in answers[3]["decision"]["articles"]
    figures = world.totals()
    assert (figures["reserved_fen"], figures["budget_free_fen"]) == (2 * QUOTA + 300, 0)
    received = world.sent("application_received")
    assert [event["data"]["status"] for event in received] == ["reserved"] * 3 + ["waiting"]
    assert {event["sequence"] for event in received} == {1}


def test_who_asks_for_more_than_is_left_waits_and_is_not_overtaken(world):
    """Lost otherwise: later ones eat up what the first in line waits for."""
    world.plan(budget_fen=QUOTA + 300)
    first, second, third = (world.enterprise() for _ in range(3))
    world.apply(first)
    assert world.apply(second, requested_fen=301)["result"]["status"] == "waiting"
    assert world.apply(third)["result"] | {"id": ""} == {
        "id": "", "status": "waiting", "sequence": 1, "place": 3, "reserved_fen": 0,
    }  # fmt: skip
    assert world.totals()["budget_free_fen"] == 300


def test_priority_goes_first_among_what_is_decided_together(world):
    """Lost otherwise: article eighteen's enterprises stand behind the others of their moment (第十八条)."""
    world.plan(budget_fen=QUOTA)
    plain, first = world.enterprise(), world.enterprise(priority=True)
    apply_all(world, [plain, first])
    assert statuses(world) == [(1, "waiting", 0), (2, "reserved", QUOTA)]


def test_what_is_given_back_goes_to_the_next_in_line_in_the_same_commit(world):
    """Lost otherwise: money lies idle while somebody waits for it, or goes to the wrong one."""
    world.plan(budget_fen=2 * QUOTA)
    a, b, c, d, e = (world.enterprise(priority=number == 4) for number in range(5))
    answers = [world.apply(one) for one in (a, b, c, d, e)]
    ids = [answer["result"]["id"] for answer in answers]
    refused = world.ok("review_application", application_id=ids[0], decision="refuse", reasons=["no"])
    assert refused["status"] == "refused"
    assert [status for _, status, _ in statuses(world)] == ["refused", "reserved", "waiting", "waiting", "reserved"]
    world.ok("withdraw_application", application_id=ids[1], enterprise_id=b)
    assert [status for _, status, _ in statuses(world)] == ["refused", "withdrawn", "reserved", "waiting", "reserved"]
    told = world.sent("application_reserved")
    assert [(event["subject"], event["sequence"]) for event in told] == [(ids[4], 2), (ids[2], 2)]
    world.ok("withdraw_application", application_id=ids[3], enterprise_id=d)  # from the line: nothing comes free
    assert world.totals()["reserved_fen"] == 2 * QUOTA


def test_more_than_one_transaction_serves_goes_on_as_due_work(world, monkeypatch):
    """Lost otherwise: the rest of a long line waits for ever."""
    monkeypatch.setattr(line, "AT_ONCE", 2)
    world.plan(budget_fen=QUOTA)
    big, *small = (world.enterprise() for _ in range(6))
    first = world.apply(big)["result"]["id"]
    apply_all(world, small, requested_fen=10)
    world.ok("review_application", application_id=first, decision="refuse")
    assert [status for _, status, _ in statuses(world)].count("reserved") == 2
    assert world.pipeline.run_due()["serve_lines"] == 3
    assert [status for _, status, _ in statuses(world)].count("reserved") == 5
    assert world.pipeline.run_due()["serve_lines"] == 0


def test_nobody_gets_past_a_line_longer_than_what_is_looked_at(world, monkeypatch):
    """Lost otherwise: a newcomer is served before those beyond the bound."""
    monkeypatch.setattr(line, "AT_ONCE", 2)
    world.plan(budget_fen=QUOTA)
    first = world.apply(world.enterprise())["result"]["id"]
    apply_all(world, [world.enterprise() for _ in range(5)], requested_fen=10)
    world.ok("review_application", application_id=first, decision="refuse")
    world.apply(world.enterprise(), requested_fen=10)
    assert [status for _, status, _ in statuses(world)] == ["refused", *["reserved"] * 4, "waiting", "waiting"]


def test_review_grants_what_was_set_aside(world):
    """Lost otherwise: a reviewer's speed or slip decides the amount (第十六条)."""
    world.plan(budget_fen=QUOTA + 5)
    world.apply(world.enterprise())
    enterprise = world.enterprise()
    application = world.apply(enterprise)["result"]["id"]
    done = world.do("review_application", application_id=application, decision="approve")
    assert done["result"]["status"] == "granted"
    assert done["result"]["reserved_fen"] == 5
    assert world.account(f"quota:guizhou-2018:2019:{enterprise}")["credits_posted"] == 5
    (granted,) = world.sent("quota_granted")
    assert (granted["data"]["amount_fen"], granted["data"]["status"], granted["sequence"]) == (5, "granted", 2)
    for decision in ("approve", "refuse"):
        again = world.refused("review_application", application_id=application, decision=decision)
        assert (again["code"], again["facts"]["status"]) == ("WRONG_STATE", "granted")


def test_who_waits_cannot_be_approved(world):
    """Lost otherwise: a quota without money behind it."""
    world.plan(budget_fen=1)
    world.apply(world.enterprise())
    waiting = world.apply(world.enterprise())["result"]["id"]
    error = world.refused("review_application", application_id=waiting, decision="approve")
    assert (error["code"], error["facts"]["status"]) == ("WRONG_STATE", "waiting")


def test_who_applied_does_not_review(world):
    """Lost otherwise: the operator's clerk grants what he applied for himself."""
    world.plan()
    enterprise = world.enterprise()
    body = {"application_id": world.new("A"), "enterprise_id": enterprise, "programme": GUIZHOU, "year": 2019}
    world.ok("apply_for_quota", subject="operator-1", **body)
    review = {"application_id": body["application_id"], "decision": "approve"}
    assert world.refused("review_application", subject="operator-1", **review)["code"] == "SAME_PERSON"
    world.ok("review_application", subject="operator-2", **review)


def part(world, enterprise, requested_fen=None):
    """A further application: (reserved, granted or asked for) or the code and what was left."""
    answer = world.apply(enterprise, requested_fen=requested_fen)
    if answer["ok"]:
        return answer["result"]["status"], answer["result"]["reserved_fen"]
    return answer["error"]["code"], answer["error"]["facts"]["left_fen"]


def test_several_applications_up_to_the_quota(world):
    """Lost otherwise: who asked for a part never gets the rest, or more than the year's cap (第十六条)."""
    world.plan()
    enterprise = world.enterprise()
    first = world.apply(enterprise, requested_fen=100)["result"]["id"]
    world.ok("review_application", application_id=first, decision="approve")
    assert part(world, enterprise, 1_000) == ("reserved", 1_000)
    assert part(world, enterprise, QUOTA - 1_099) == ("QUOTA_EXCEEDED", QUOTA - 1_100)
    assert part(world, enterprise) == ("reserved", QUOTA - 1_100)
    assert part(world, enterprise) == ("QUOTA_EXHAUSTED", 0)
    assert part(world, enterprise, 1) == ("QUOTA_EXHAUSTED", 0)
    assert statuses(world) == [(1, "granted", 100), (2, "reserved", 1_000), (3, "reserved", QUOTA - 1_100)]
    assert part(world, world.enterprise()) == ("reserved", QUOTA)


def test_two_of_one_batch_see_each_other(world):
    """Lost otherwise: a list of applications passes the cap that each alone would be held to."""
    world.plan()
    one, two = world.enterprise(), world.enterprise()
    bodies = [
        {
            "application_id": world.new("A"),
            "enterprise_id": who,
            "programme": GUIZHOU,
            "year": 2019,
            "requested_fen": fen,
        }
        for who, fen in ((one, QUOTA - 5), (two, None), (one, 6), (one, None), (two, None), (one, 1))
    ]
    answers = world.batch("apply_for_quota", bodies)
    seen = [a["result"]["reserved_fen"] if a["ok"] else a["error"]["code"] for a in answers]
    assert seen == [QUOTA - 5, QUOTA, "QUOTA_EXCEEDED", 5, "QUOTA_EXHAUSTED", "QUOTA_EXHAUSTED"]


@pytest.mark.parametrize("how", ["refuse", "withdraw"])
def test_refused_and_withdrawn_free_their_part(world, how):
    """Lost otherwise: a refusal that was mended costs the rest of the year."""
    world.plan()
    enterprise = world.enterprise()
    world.apply(enterprise, requested_fen=100)
    second = world.apply(enterprise)["result"]["id"]
    assert part(world, enterprise, 1) == ("QUOTA_EXHAUSTED", 0)
    if how == "refuse":
        world.ok("review_application", application_id=second, decision="refuse")
    else:
        world.ok("withdraw_application", application_id=second, enterprise_id=enterprise)
    assert part(world, enterprise) == ("reserved", QUOTA - 100)


def test_who_waits_takes_up_what_it_asked_for(world):
    """Lost otherwise: applications that wait are all served later, and together pass the cap."""
    world.plan(budget_fen=QUOTA + 100)
    former, enterprise = world.enterprise(), world.enterprise()
    blocking = world.apply(former)["result"]["id"]
    assert part(world, enterprise) == ("reserved", 100)  # the budget's last: the rest of its quota stays open
    assert part(world, enterprise, 300) == ("waiting", 0)
    assert part(world, enterprise) == ("waiting", 0)
    assert part(world, enterprise) == ("QUOTA_EXHAUSTED", 0)
    world.ok("review_application", application_id=blocking, decision="refuse")
    assert statuses(world)[1:] == [(2, "reserved", 100), (3, "reserved", 300), (4, "reserved", QUOTA - 400)]


def test_orders_spend_what_all_grants_filled(world):
    """Lost otherwise: an order is bounded by one of several grants (第十六条)."""
    world.plan()
    enterprise = world.enterprise()
    for fen in (100, 20, None):
        application = world.apply(enterprise, requested_fen=fen)["result"]["id"]
        if fen is not None:
            world.ok("review_application", application_id=application, decision="approve")
    _, product = world.shelf(price_fen=2_000_000)
    error = world.order(enterprise, product, voucher_fen=121)["error"]
    assert (error["code"], error["facts"]["left_fen"]) == ("QUOTA_EXCEEDED", 120)
    assert world.order(enterprise, product)["result"]["voucher_fen"] == 120
    quota = world.ask("get_quota", enterprise_id=enterprise, programme=GUIZHOU, year=2019)
    names = "granted_fen", "held_fen", "reserved_fen", "available_fen", "left_fen", "quota_fen"
    assert [quota[name] for name in names] == [120, 120, QUOTA - 120, 0, 0, QUOTA]
    assert [one["amount_fen"] for one in quota["applications"]] == [100, 20, QUOTA - 120]


def test_the_same_id_again(world):
    """Lost otherwise: a retry under another key takes a second place."""
    world.plan()
    enterprise = world.enterprise()
    body = {"application_id": world.new("A"), "enterprise_id": enterprise, "programme": GUIZHOU, "year": 2019}
    first, twin = world.batch("apply_for_quota", [body, body])
    assert first["result"] == twin["result"] == world.ok("apply_for_quota", **body)
    assert world.refused("apply_for_quota", **{**body, "requested_fen": 1})["code"] == "ALREADY_EXISTS"
    assert len(world.sent("application_received")) == 1


REFUSED = {
    "no plan for the year": ({"year": 2020}, {}, "NO_PLAN"),
    "an enterprise never heard of": ({"enterprise_id": "01E00000000000000000009999"}, {}, "NOT_YET_KNOWN"),
    "another programme's enterprise": ({}, {"programme": "shanxi-2018"}, "PROGRAMME_MISMATCH"),
    "no such programme": ({"programme": "atlantis-1"}, {}, "PROGRAMME_UNKNOWN"),
    "not certified": ({}, {"say": "registered"}, "NOT_CERTIFIED"),
    "too young": ({}, {"registered_on": "2018-12-01"}, "REGISTERED_TOO_RECENTLY"),
    "above the quota": ({"requested_fen": QUOTA + 1}, {}, "QUOTA_EXCEEDED"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(world, case):
    """Lost otherwise: places and money for whom the articles exclude."""
    body, facts, code = REFUSED[case]
    world.plan()
    given = {"application_id": world.new("A"), "enterprise_id": world.enterprise(**facts), "programme": GUIZHOU}
    assert world.refused("apply_for_quota", **{**given, "year": 2019, **body})["code"] == code
    assert world.rows(tables.applications) == []


def test_a_plan_not_yet_configured_or_open_takes_no_application(world):
    """Lost otherwise: whoever hears first is served before the plan is published (第十五条)."""
    plan_id = world.new("N")
    facts = {"plan_id": plan_id, "budget_fen": QUOTA}
    world.ok("make_plan", **facts, programme=GUIZHOU, year=2019, opens_on="2019-03-02", document="d")
    enterprise = world.enterprise()
    assert world.apply(enterprise)["error"]["facts"]["status"] == "made"
    world.ok("configure_plan", **facts)
    assert world.apply(enterprise)["error"]["facts"]["opens_on"] == "2019-03-02"
    world.clock.advance(timedelta(hours=12))  # 00:00 in Shanghai
    assert world.apply(enterprise)["ok"]


def test_the_blacklist_stops_applications_from_its_moment_until_removal(world):
    """Lost otherwise: quota for whoever is on the blacklist (第十二条)."""
    world.plan()
    enterprise = world.enterprise()
    entry = world.blacklist(enterprise, since=world.clock.now() + timedelta(hours=1))
    application = world.apply(enterprise)["result"]["id"]
    world.clock.advance(timedelta(hours=1))
    review = {"application_id": application, "decision": "approve"}
    assert world.refused("review_application", **review)["code"] == "BLACKLISTED"
    world.ok("withdraw_application", application_id=application, enterprise_id=enterprise)
    assert world.apply(enterprise)["error"]["code"] == "BLACKLISTED"
    world.blacklist(enterprise, entry=entry, status="removed")
    assert world.apply(enterprise)["ok"]


def test_only_its_own(world):
    """Lost otherwise: one enterprise withdraws another's application."""
    world.plan()
    application = world.apply(world.enterprise())["result"]["id"]
    error = world.refused("withdraw_application", application_id=application, enterprise_id=world.enterprise())
    assert error["code"] == "NOT_OWNER"
    missing = {"application_id": world.new("A"), "decision": "approve"}
    assert world.refused("review_application", **missing)["code"] == "NOT_FOUND"
