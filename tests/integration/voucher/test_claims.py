"""News of claims: the order row alone arbitrates between refund and claim, in whatever order the news comes."""

from __future__ import annotations

import pytest

from infra.pipeline import EventsFailed, NotYet
from services.voucher import tables
from tests.integration.voucher.world import QUOTA


@pytest.fixture
def scene(world):
    """A confirmed order of 600,000 fen: world, its id, a claim's id, its provider, its enterprise."""
    world.plan()
    enterprise = world.granted()
    provider, product = world.shelf()
    return world, world.confirmed(enterprise, provider, product), world.new("C"), provider, enterprise


def answers(world):
    return [(event["data"]["code"], event["data"]["order_status"]) for event in world.sent("claim_answered")]


def money(world):
    figures = world.totals()
    return {name: figures[f"{name}_fen"] for name in ("committed", "claimed", "redeemed") if figures[f"{name}_fen"]}


def test_a_claim_takes_the_order_and_is_paid(scene):
    """Lost otherwise: settlement waits for ever, or the money is not where it is (第二十二、二十四条)."""
    world, order, claim, provider, _ = scene
    world.hear(world.claim("filed", order, claim, provider))
    assert (answers(world), money(world)) == ([(None, "claimed")], {"claimed": 600_000})
    (claimed,) = world.sent("order_claimed")
    assert (claimed["sequence"], claimed["data"]["claim_id"]) == (3, claim)
    (answered,) = world.sent("claim_answered")
    assert (answered["subject"], answered["sequence"]) == (claim, 1)
    world.hear(world.claim("paid", order, claim, provider))
    assert money(world) == {"redeemed": 600_000}
    assert world.ask("get_order", id=order)["status"] == "redeemed"


@pytest.mark.parametrize("name", ["refused", "withdrawn"])
def test_a_claim_that_ends_without_payment_gives_the_order_back(scene, name):
    """Lost otherwise: an order that no other claim can have."""
    world, order, claim, provider, _ = scene
    world.hear(world.claim("filed", order, claim, provider))
    world.hear(world.claim(name, order, claim, provider))
    assert money(world) == {"committed": 600_000}
    (released,) = world.sent("order_released")
    assert (released["data"]["status"], released["data"]["claim_id"]) == ("confirmed", None)
    world.hear(world.claim("filed", order, world.new("C"), provider))
    assert money(world) == {"claimed": 600_000}


def test_a_returned_claim_keeps_its_order_and_is_answered_again(scene):
    """Lost otherwise: while the provider corrects its papers another claim takes the order, or a refund does."""
    world, order, claim, provider, enterprise = scene
    world.hear(world.claim("filed", order, claim, provider))
    world.hear(world.claim("returned", order, claim, provider))
    assert money(world) == {"claimed": 600_000}
    refund = {"order_id": order, "enterprise_id": enterprise, "reason": "r"}
    assert world.refused("request_refund", **refund)["facts"]["status"] == "claimed"
    world.hear(world.claim("filed", order, claim, provider, version=2))
    assert answers(world) == [(None, "claimed"), (None, "claimed")]
    assert [event["sequence"] for event in world.sent("claim_answered")] == [1, 2]
    assert len(world.sent("order_claimed")) == 1


def test_two_claims_of_one_order_in_one_batch(scene):
    """Lost otherwise: an order is paid twice."""
    world, order, claim, provider, _ = scene
    world.hear(world.claim("filed", order, claim, provider), world.claim("filed", order, world.new("C"), provider))
    assert answers(world) == [(None, "claimed"), ("CLAIMED_BY_ANOTHER", "claimed")]
    assert money(world) == {"claimed": 600_000}


@pytest.mark.parametrize("name", ["refused", "withdrawn", "paid"])
def test_the_end_of_a_claim_that_was_turned_away_leaves_the_one_that_holds_the_order(scene, name):
    """Lost otherwise: a provider frees (or has paid) an order by filing a second claim."""
    world, order, claim, provider, _ = scene
    second = world.new("C")
    world.hear(world.claim("filed", order, claim, provider), world.claim("filed", order, second, provider))
    world.hear(world.claim(name, order, second, provider))
    assert money(world) == {"claimed": 600_000}
    assert world.ask("get_order", id=order)["claim_id"] == claim


def test_a_refund_asked_for_stops_a_claim(scene):
    """Lost otherwise: an order is refunded and paid (第二十条)."""
    world, order, claim, provider, enterprise = scene
    world.ok("request_refund", order_id=order, enterprise_id=enterprise, reason="r")
    world.hear(world.claim("filed", order, claim, provider))
    assert answers(world) == [("REFUND_PENDING", "refund_requested")]
    world.hear(world.claim("refused", order, claim, provider))  # settlement's conclusion from our answer
    assert money(world) == {"committed": 600_000}
    world.ok("answer_refund", order_id=order, provider_id=provider, consent=True)
    assert world.totals()["quota_available_fen"] == QUOTA
    world.hear(world.claim("filed", order, claim, provider, version=2))
    assert answers(world)[1:] == [("WRONG_STATE", "refunded")]


def test_strange_claims_are_answered_too(scene):
    """Lost otherwise: settlement waits for ever for an answer."""
    world, order, claim, provider, _ = scene
    world.hear(world.claim("filed", order, claim, world.new("P")))
    world.hear(world.claim("filed", world.new("R"), world.new("C"), provider))
    assert answers(world) == [("ORDER_OF_ANOTHER", "confirmed"), ("NOT_FOUND", "unknown")]


@pytest.mark.parametrize("name", ["refused", "withdrawn", "paid"])
def test_the_end_waits_for_the_beginning(scene, name):
    """Lost otherwise: an end that overtook the filing is forgotten, and the claim holds its order for ever."""
    world, order, claim, provider, _ = scene
    ended = world.claim(name, order, claim, provider)
    with pytest.raises(EventsFailed) as failed:
        world.hear(ended)
    assert isinstance(failed.value.failures[0], NotYet)
    world.hear(world.claim("filed", order, claim, provider))
    world.hear(ended)
    assert money(world) == ({"redeemed": 600_000} if name == "paid" else {"committed": 600_000})


def test_old_news_of_a_claim_that_ended_does_not_bring_it_back(scene):
    """Lost otherwise: an order is held by a claim that nobody pursues."""
    world, order, claim, provider, _ = scene
    world.hear(world.claim("filed", order, claim, provider, version=2))
    world.hear(world.claim("withdrawn", order, claim, provider, version=2))
    world.hear(world.claim("filed", order, claim, provider, version=1))
    assert (answers(world)[-1], money(world)) == (("WRONG_STATE", "confirmed"), {"committed": 600_000})


def test_news_that_no_longer_fits_is_ignored_and_recorded(scene):
    """Lost otherwise: a second payment's news moves money again, or vanishes without a trace."""
    world, order, claim, provider, _ = scene
    for name in ("filed", "paid"):
        world.hear(world.claim(name, order, claim, provider))
    world.hear(world.claim("withdrawn", order, claim, provider), world.claim("paid", order, claim, provider))
    assert money(world) == {"redeemed": 600_000}
    ignored = [one for one in world.ask("explain", subject=order)["decisions"] if one["action"] == "ignored"]
    assert [one["facts"]["ignored"] for one in ignored] == ["release", "pay"]


def test_an_event_given_twice_takes_effect_once(scene):
    """Lost otherwise: at least once on the wire becomes twice in the books."""
    world, order, claim, provider, _ = scene
    filed = world.claim("filed", order, claim, provider)
    world.hear(filed, filed)
    world.hear(filed)
    assert len(world.sent("claim_answered")) == 1
    assert len(world.rows(tables.transfers, tables.transfers.c.credit.like("claimed:%"))) == 1
