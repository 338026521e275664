"""A provider leaves: no new orders, unconfirmed ones are voided, running ones are handed over (第十二条)."""

from __future__ import annotations

import pytest

from services.voucher import tables
from services.voucher.handlers import news
from tests.integration.voucher.world import CONTRACT, QUOTA


@pytest.fixture
def scene(world):
    """An enterprise with a placed and a confirmed order of one provider."""
    world.plan()
    enterprise = world.granted()
    provider, product = world.shelf()
    placed = world.order(enterprise, product)["result"]["id"]
    return world, enterprise, provider, product, placed, world.confirmed(enterprise, provider, product)


def status(world, order):
    found = world.ask("get_order", id=order)
    return found["status"], found["hand_over_due"], found["provider_id"]


def hand_over(world, order, provider):
    return world.do("hand_over_order", order_id=order, to_provider_id=provider, reason="left")


def test_an_exit_voids_what_was_not_confirmed_and_marks_what_runs(scene):
    """Lost otherwise: vouchers held by a provider that is gone."""
    world, enterprise, provider, product, placed, confirmed = scene
    world.provider(provider, say="exited")
    assert status(world, placed) == ("voided", False, provider)
    assert status(world, confirmed) == ("confirmed", True, provider)
    (voided,) = world.sent("order_voided")
    assert (voided["data"]["reason"], voided["data"]["law"]["articles"]) == ("provider_exited", ["第十二条"])
    assert world.totals()["quota_available_fen"] == QUOTA - 600_000
    assert world.order(enterprise, product)["error"]["code"] == "PROVIDER_NOT_AVAILABLE"
    late = {"order_id": placed, "provider_id": provider, "contract_sha256": CONTRACT}
    assert world.refused("confirm_order", **late)["facts"]["status"] == "voided"
    waiting = world.ask("list_orders", status="awaiting_hand_over")["items"]
    assert [order["order_id"] for order in waiting] == [confirmed]
    assert world.pipeline.run_due()["follow_exits"] == 0


def test_an_order_placed_in_the_moment_of_the_news_is_voided_by_due_work(scene, monkeypatch):
    """Lost otherwise: a race leaves a voucher held for ever; so does a provider of many orders."""
    world, enterprise, provider, product, *_ = scene
    for _ in range(3):
        world.order(enterprise, product, voucher_fen=1)
    monkeypatch.setattr(news, "AT_ONCE", 2)
    world.provider(provider, say="exited")
    assert world.pipeline.run_due()["follow_exits"] == 3
    assert not world.rows(tables.orders, tables.orders.c.status == "placed")


def test_a_leaving_provider_serves_what_it_has(scene):
    """Lost otherwise: thirty days of notice in which nothing can be finished (第十二条(一))."""
    world, enterprise, provider, product, placed, _ = scene
    world.provider(provider, say="leaving")
    assert world.order(enterprise, product)["error"]["code"] == "PROVIDER_NOT_AVAILABLE"
    world.ok("confirm_order", order_id=placed, provider_id=provider, contract_sha256=CONTRACT)


def test_a_running_order_goes_to_another_provider_with_its_money(scene):
    """Lost otherwise: the new provider serves and the old one is paid."""
    world, _, provider, _, _, confirmed = scene
    world.provider(provider, say="exited")
    other, _ = world.shelf()
    done = hand_over(world, confirmed, other)
    assert done["ok"], done
    assert status(world, confirmed) == ("confirmed", False, other)
    assert world.account(f"committed:guizhou-2018:2019:{other}")["credits_posted"] == 600_000
    (event,) = world.sent("order_handed_over")
    assert (event["sequence"], event["data"]["provider_id"]) == (3, other)
    world.totals()
    claim = world.new("C")
    world.hear(world.claim("filed", confirmed, claim, provider))
    world.hear(world.claim("filed", confirmed, world.new("C"), other))
    codes = [answer["data"]["code"] for answer in world.sent("claim_answered")]
    assert codes == ["ORDER_OF_ANOTHER", None]


def test_whom_an_order_may_go_to(scene):
    """Lost otherwise: a hand-over becomes a way around admission, catalogue, ties or consent."""
    world, enterprise, provider, _, placed, confirmed = scene
    other, _ = world.shelf()
    assert hand_over(world, confirmed, other)["error"]["code"] == "WRONG_STATE"  # its provider stays
    world.provider(provider, say="exited")
    assert hand_over(world, placed, other)["error"]["facts"]["status"] == "voided"
    assert hand_over(world, world.new("R"), other)["error"]["code"] == "NOT_FOUND"
    assert hand_over(world, confirmed, world.new("P"))["error"]["code"] == "NOT_YET_KNOWN"
    assert hand_over(world, confirmed, provider)["error"]["code"] == "PROVIDER_NOT_AVAILABLE"
    bare = world.provider()
    assert hand_over(world, confirmed, bare)["error"]["facts"]["offers"] is False
    elsewhere, _ = world.shelf(category="infrastructure")
    assert hand_over(world, confirmed, elsewhere)["error"]["code"] == "PROVIDER_NOT_AVAILABLE"
    world.tie(enterprise, other)
    assert hand_over(world, confirmed, other)["error"]["article"] == "第十三条(四)"
    third, _ = world.shelf()
    assert hand_over(world, confirmed, third)["ok"]


def wind_down(world, order, outcome):
    return world.do("wind_down_order", order_id=order, outcome=outcome, reason="核实")


def closed(world, provider):
    """Due work until nothing is left of it, and the state of the wind-down."""
    while any(world.pipeline.run_due()[name] for name in ("follow_exits", "follow_wind_downs")):
        continue
    found = world.ask("get_wind_down", provider_id=provider)
    return found["status"], *(found[name] for name in ("open", "handed_over", "settled", "voided"))


def test_each_order_of_a_provider_that_left_is_wound_down(scene):
    """Lost otherwise: vouchers that nobody may use, and nobody gives back (第十二条)."""
    world, enterprise, provider, product, _placed, given = scene
    served, unserved = (world.confirmed(enterprise, provider, product, voucher_fen=50_000) for _ in range(2))
    claimed = world.confirmed(enterprise, provider, product, voucher_fen=10_000)
    claim = world.new("C")
    world.hear(world.claim("filed", claimed, claim, provider))
    assert wind_down(world, served, "settle")["error"]["facts"]["provider_status"] == "admitted"
    world.provider(provider, say="exited")
    assert closed(world, provider) == ("open", 3, 0, 0, 0)
    assert wind_down(world, claimed, "void")["error"]["facts"]["status"] == "claimed", "that is settlement's to decide"
    available = world.totals()["quota_available_fen"]
    assert wind_down(world, served, "settle")["result"]["status"] == "confirmed"
    assert wind_down(world, served, "void")["error"]["code"] == "WRONG_STATE", "said once"
    assert wind_down(world, unserved, "void")["result"]["status"] == "voided"
    assert world.totals()["quota_available_fen"] == available + 50_000
    other, _ = world.shelf()
    assert hand_over(world, given, other)["ok"]
    assert closed(world, provider) == ("closed", 0, 1, 1, 1)
    (told,) = world.sent("order_wound_down")
    assert (told["data"]["wound_down"], told["data"]["law"]["articles"]) == (True, ["第十二条"])
    (voided,) = (one for one in world.sent("order_voided") if one["subject"] == unserved)
    assert voided["data"]["reason"] == "核实"
    world.hear(world.claim("filed", served, world.new("C"), provider))
    assert world.sent("claim_answered")[-1]["data"]["code"] is None, "what was served may be claimed"
    world.hear(world.claim("refused", claimed, claim, provider))
    assert closed(world, provider) == ("open", 1, 1, 1, 1), "its claim ended, and it waits for a word"
    assert wind_down(world, claimed, "void")["ok"]
    assert closed(world, provider) == ("closed", 0, 1, 1, 2)
    told = [(one["sequence"], one["data"]["status"]) for one in world.sent("wind_down_opened", "wind_down_closed")]
    assert told == [(1, "open"), (2, "closed"), (3, "open"), (4, "closed")]
    shown = {one["order_id"]: one["outcome"] for one in world.ask("get_wind_down", provider_id=provider)["orders"]}
    assert shown == {given: "handed_over", served: "settled", unserved: "voided", claimed: "voided"}
    assert world.totals()["ledger_sum_fen"] == 0


def test_an_order_confirmed_in_the_moment_of_the_news_may_be_wound_down_at_once(scene):
    """Lost otherwise: the operator is refused until due work has looked."""
    world, _, provider, _, _, confirmed = scene
    world.provider(provider, say="exited")
    with world.engine.begin() as conn:
        conn.execute(tables.orders.update().values(hand_over_due=False, left_by=None))
    assert wind_down(world, confirmed, "void")["ok"]
    assert closed(world, provider) == ("closed", 0, 0, 0, 1)


def test_what_is_not_there_is_not_wound_down(world):
    assert world.ask("get_wind_down", provider_id=world.new("P"))["code"] == "NOT_FOUND"
    assert wind_down(world, world.new("R"), "void")["error"]["code"] == "NOT_FOUND"


def test_a_provider_that_left_nothing_is_wound_down(world):
    provider = world.provider()
    world.provider(provider, say="exited")
    assert closed(world, provider) == ("closed", 0, 0, 0, 0)
