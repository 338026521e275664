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
