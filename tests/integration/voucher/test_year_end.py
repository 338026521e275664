"""The end of a year: what is unspent ends with it, what runs goes on, nothing of it returns to a quota (第十六条)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.voucher import tables
from services.voucher.handlers import years
from tests.integration.voucher.world import CONTRACT, QUOTA

NEW_YEAR = datetime(2019, 12, 31, 16, 0, tzinfo=UTC)  # midnight in Shanghai


@pytest.fixture
def scene(world):
    """Budget for three and a half: one spends, one does not, one is under review, one waits."""
    world.plan(budget_fen=3 * QUOTA)
    spender, saver, late, queued = world.granted(), world.granted(), world.enterprise(), world.enterprise()
    world.apply(late)
    world.apply(queued)
    return world, spender, saver, *world.shelf(price_fen=2_000_000)


def close(world):
    world.clock.moment = NEW_YEAR + years.GRACE
    return world.pipeline.run_due()["close_years"]


def test_nothing_lapses_before_midnight_in_shanghai_and_a_grace(scene):
    """Lost otherwise: the last evening of the year is taken away, or what it gives back is left behind."""
    world, *_ = scene
    for moment in (NEW_YEAR - timedelta(minutes=1), NEW_YEAR + years.GRACE - timedelta(seconds=1)):
        world.clock.moment = moment
        assert world.pipeline.run_due()["close_years"] == 0
    assert close(world) > 0


def test_what_began_last_year_gives_back_before_quotas_lapse(scene):
    """Lost otherwise: money returned by whoever waited over midnight stays in a quota that has lapsed, for ever."""
    world, spender, _, provider, product = scene
    placed = world.order(spender, product, voucher_fen=100)["result"]["id"]
    refunded = world.confirmed(spender, provider, product, voucher_fen=1_000)
    world.ok("request_refund", order_id=refunded, enterprise_id=spender, reason="r")
    world.clock.moment = NEW_YEAR + timedelta(seconds=1)
    world.pipeline.run_due()
    world.clock.moment = NEW_YEAR - timedelta(seconds=1)  # a replica that waited for its locks
    world.ok("cancel_order", order_id=placed, enterprise_id=spender)
    world.ok("answer_refund", order_id=refunded, provider_id=provider, consent=True)
    close(world)
    figures = world.totals()
    assert (figures["quota_available_fen"], figures["lapsed_fen"]) == (0, 3 * QUOTA)


def test_what_comes_back_to_a_lapsed_quota_lapses_before_the_plan_closes(scene, monkeypatch):
    """Lost otherwise: a clock that is hours behind leaves money in a closed plan."""
    world, spender, _, _, product = scene
    placed = world.order(spender, product, voucher_fen=100)["result"]["id"]
    monkeypatch.setattr(years, "AT_ONCE", 1)
    world.clock.moment = NEW_YEAR + years.GRACE
    monkeypatch.setattr("infra.pipeline.DUE_ROUNDS", 1)
    for _ in range(4):  # newest first: the spender's is the last
        assert world.pipeline.run_due()["close_years"] == 1
    world.clock.moment = NEW_YEAR - timedelta(hours=2)
    world.ok("cancel_order", order_id=placed, enterprise_id=spender)
    monkeypatch.undo()
    close(world)
    figures = world.totals()
    assert (figures["quota_available_fen"], figures["lapsed_fen"]) == (0, 3 * QUOTA)
    told = [event["data"]["lapsed_fen"] for event in world.sent("quota_lapsed") if event["data"]["place"] == 1]
    assert told == [QUOTA - 100, QUOTA]
    assert world.sent("year_closed")[0]["data"]["balances"]["quota"] == 0


def test_what_is_unspent_lapses_and_is_told(scene):
    """Lost otherwise: last year's money is spent this year, or a quota ends without a word."""
    world, spender, _, provider, product = scene
    world.confirmed(spender, provider, product, price_fen=2_000_000)
    assert close(world) == 5  # four applications and the plan
    figures = world.totals()
    assert (figures["lapsed_fen"], figures["committed_fen"]) == (3 * QUOTA - 1_200_000, 1_200_000)
    assert (figures["budget_free_fen"], figures["reserved_fen"], figures["quota_available_fen"]) == (0, 0, 0)
    told = {event["data"]["place"]: event["data"] for event in world.sent("quota_lapsed")}
    assert [told[place]["lapsed_fen"] for place in sorted(told)] == [QUOTA - 1_200_000, QUOTA, QUOTA, 0]
    assert {data["law"]["articles"][0] for data in told.values()} == {"第十六条"}
    (closed,) = world.sent("year_closed")
    assert closed["data"]["lapsed_fen"] == 3 * QUOTA - 1_200_000
    assert closed["data"]["balances"]["committed"] == 1_200_000
    assert sum(closed["data"]["balances"].values()) == 0
    assert world.ask("get_quota", enterprise_id=spender, programme="guizhou-2018", year=2019)["spent_fen"] == 1_200_000
    assert world.pipeline.run_due()["close_years"] == 0


@pytest.mark.parametrize("at_once", [1, 2, 500])
@pytest.mark.parametrize(
    ("spent_fen", "lapsed"),
    [(0, [300, 200, 100]), (50, [250, 200, 100]), (300, [0, 200, 100]), (520, [0, 0, 80]), (600, [0, 0, 0])],
)
def test_what_several_grants_leave_lapses_once_newest_first(world, monkeypatch, at_once, spent_fen, lapsed):
    """Lost otherwise: each application lapses with all that is left, and the parts are more than the books lapsed."""
    world.plan(budget_fen=2 * QUOTA)
    enterprise = world.enterprise()
    for fen in (300, 200, 100):
        application = world.apply(enterprise, requested_fen=fen)["result"]["id"]
        world.ok("review_application", application_id=application, decision="approve")
    world.granted()
    provider, product = world.shelf(price_fen=2_000_000)
    if spent_fen:
        world.confirmed(enterprise, provider, product, voucher_fen=spent_fen)
    late = world.order(enterprise, product, voucher_fen=600 - spent_fen)["result"]["id"] if spent_fen == 520 else None
    monkeypatch.setattr(years, "AT_ONCE", at_once)
    if late is not None:
        world.ok("cancel_order", order_id=late, enterprise_id=enterprise)
    while close(world):
        pass
    mine = world.rows(tables.applications, tables.applications.c.enterprise_id == enterprise)
    assert [row["lapsed_fen"] for row in sorted(mine, key=lambda row: row["place"])] == lapsed
    moved = world.rows(tables.transfers, tables.transfers.c.reason == "quota_lapsed")
    assert sum(row["amount_fen"] for row in moved) == sum(lapsed) + QUOTA
    quota = world.ask("get_quota", enterprise_id=enterprise, programme="guizhou-2018", year=2019)
    assert (quota["spent_fen"], quota["lapsed_fen"], quota["available_fen"]) == (spent_fen, sum(lapsed), 0)
    assert world.ask("get_plan", programme="guizhou-2018", year=2019)["status"] == "closed"


def test_what_comes_back_to_several_lapsed_grants_is_shared_out_again(world, monkeypatch):
    """Lost otherwise: an event without a change, or money for ever in a quota that has lapsed."""
    world.plan(budget_fen=QUOTA)
    enterprise = world.enterprise()
    for fen in (300, 200, 100):
        application = world.apply(enterprise, requested_fen=fen)["result"]["id"]
        world.ok("review_application", application_id=application, decision="approve")
    _, product = world.shelf(price_fen=2_000_000)
    placed = world.order(enterprise, product, voucher_fen=450)["result"]["id"]
    monkeypatch.setattr("infra.pipeline.DUE_ROUNDS", 1)
    assert close(world) == 3
    world.clock.moment = NEW_YEAR - timedelta(hours=2)
    world.ok("cancel_order", order_id=placed, enterprise_id=enterprise)
    monkeypatch.undo()
    close(world)
    told = [(event["data"]["place"], event["data"]["lapsed_fen"]) for event in world.sent("quota_lapsed")]
    assert told == [(3, 100), (2, 50), (2, 200), (1, 300)]
    assert (world.totals()["quota_available_fen"], world.totals()["lapsed_fen"]) == (0, QUOTA)


def test_a_quota_all_spent_stays_granted(scene):
    """Lost otherwise: an enterprise is told that what it spent has lapsed."""
    world, spender, _, provider, product = scene
    for price_fen in (2_000_000,) * 4 + (333_334,):
        world.confirmed(spender, provider, product, price_fen=price_fen)
    assert world.totals()["quota_available_fen"] == QUOTA
    close(world)
    (row,) = world.rows(tables.applications, tables.applications.c.enterprise_id == spender)
    assert (row["status"], row["settled"]) == ("granted", True)
    assert len(world.sent("quota_lapsed")) == 3


def test_a_long_list_lapses_in_bounded_steps(scene, monkeypatch):
    """Lost otherwise: one transaction over all applications of a year."""
    world, *_ = scene
    monkeypatch.setattr(years, "AT_ONCE", 3)
    assert close(world) == 5
    assert world.ask("get_plan", programme="guizhou-2018", year=2019)["status"] == "closed"


def test_orders_that_run_go_on_and_what_returns_lapses(scene):
    """Lost otherwise: a cancelled order of last year fills this year's quota (第十六、二十条)."""
    world, spender, _, provider, product = scene
    orders = [world.order(spender, product, voucher_fen=100)["result"]["id"] for _ in range(3)]
    cancelled, refunded, paid = orders
    close(world)
    before = world.totals()["lapsed_fen"]
    own, theirs = {"enterprise_id": spender}, {"provider_id": provider}
    assert world.ok("cancel_order", order_id=cancelled, **own)["status"] == "cancelled"
    for order in (refunded, paid):
        world.ok("confirm_order", order_id=order, **theirs, contract_sha256=CONTRACT)
    world.ok("request_refund", order_id=refunded, **own, reason="r")
    done = world.do("answer_refund", order_id=refunded, **theirs, consent=True)
    assert done["decision"]["facts"]["lapsed_fen"] == 100
    assert "第十六条" in done["decision"]["articles"]
    claim = world.new("C")
    for name in ("filed", "paid"):
        world.hear(world.claim(name, paid, claim, provider))
    figures = world.totals()
    assert (figures["lapsed_fen"], figures["redeemed_fen"]) == (before + 200, 100)
    assert (figures["quota_available_fen"], figures["held_fen"], figures["committed_fen"]) == (0, 0, 0)


def test_before_it_is_closed_the_old_year_gives_nothing_more(scene):
    """Lost otherwise: between midnight and the due work somebody is served from last year."""
    world, spender, saver, _, product = scene
    order = world.order(spender, product, voucher_fen=100)["result"]["id"]
    under_review = world.rows(tables.applications, tables.applications.c.status == "reserved")[0]["application_id"]
    world.clock.moment = NEW_YEAR
    assert world.apply(world.enterprise())["error"]["code"] == "NO_PLAN"
    review = {"application_id": under_review, "decision": "approve"}
    assert world.refused("review_application", **review)["code"] == "WRONG_STATE"
    assert world.order(saver, product)["error"]["code"] == "QUOTA_EXHAUSTED"
    world.ok("cancel_order", order_id=order, enterprise_id=spender)
    assert world.totals()["lapsed_fen"] == 100
    world.ok("review_application", application_id=under_review, decision="refuse")
    assert not world.sent("application_reserved")
    close(world)
    assert world.totals()["lapsed_fen"] == 3 * QUOTA


def test_the_new_year_has_a_quota_of_its_own(scene):
    """Lost otherwise: an enterprise has one quota in its life."""
    world, spender, _, _, product = scene
    close(world)
    world.plan(year=2020)
    application = world.apply(spender, year=2020)["result"]["id"]
    world.ok("review_application", application_id=application, decision="approve")
    placed = world.order(spender, product, price_fen=2_000_000)
    assert placed["result"]["voucher_fen"] == 1_200_000
    assert world.totals(year=2020)["held_fen"] == 1_200_000
    assert world.totals(year=2019)["held_fen"] == 0
