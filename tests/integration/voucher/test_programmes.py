"""A token for one programme neither changes nor reads what belongs to another, however the record is named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.messages import Command
from tests.integration.voucher.world import AGREEMENT, CONTRACT, GUIZHOU, QUOTA


@pytest.fixture
def scene(world):
    """A plan that is made, one that is published, and an order of each state that a command may ask for."""
    plan = world.new("N")
    facts = {"programme": GUIZHOU, "year": 2020, "opens_on": "2020-01-01", "document": "d"}
    world.ok("make_plan", plan_id=plan, budget_fen=QUOTA, **facts)
    world.plan()
    enterprise, applicant = world.granted(), world.enterprise()
    (provider, product), (leaver, left) = world.shelf(), world.shelf()
    ids = {
        "plan": plan,
        "enterprise": enterprise,
        "applicant": applicant,
        "provider": provider,
        "product": product,
        "application": world.apply(applicant)["result"]["id"],
        "placed": world.order(enterprise, product)["result"]["id"],
        "running": world.confirmed(enterprise, provider, product),
        "asked": world.confirmed(enterprise, provider, product),
        "left": world.confirmed(enterprise, leaver, left),
    }
    world.ok("request_refund", order_id=ids["asked"], enterprise_id=enterprise, reason="r")
    world.provider(leaver, say="exited")
    return world, ids


# method → its body, where a word in braces is a record of the scene
COMMANDS = {
    "configure_plan": {"plan_id": "{plan}", "budget_fen": QUOTA},
    "review_application": {"application_id": "{application}", "decision": "refuse"},
    "withdraw_application": {"application_id": "{application}", "enterprise_id": "{applicant}"},
    "place_order": {
        "order_id": "01R" + "9" * 23,
        "enterprise_id": "{enterprise}",
        "product_id": "{product}",
        "price_fen": 1_000_000,
        "agreement": AGREEMENT,
    },
    "confirm_order": {"order_id": "{placed}", "provider_id": "{provider}", "contract_sha256": CONTRACT},
    "cancel_order": {"order_id": "{placed}", "enterprise_id": "{enterprise}"},
    "request_refund": {"order_id": "{running}", "enterprise_id": "{enterprise}", "reason": "r"},
    "answer_refund": {"order_id": "{asked}", "provider_id": "{provider}", "consent": True},
    "hand_over_order": {"order_id": "{left}", "to_provider_id": "{provider}", "reason": "r"},
}
QUERIES = {
    "get_order": {"id": "{placed}"},
    "get_application": {"id": "{application}"},
    "statement": {"account": f"quota:{GUIZHOU}:2019:{{enterprise}}"},
}


def filled(body, ids):
    return {name: value.format(**ids) if isinstance(value, str) else value for name, value in body.items()}


def bound(command: Command, programme: str) -> Command:
    return replace(command, actor=replace(command.actor, programme=programme))


@pytest.mark.parametrize("method", COMMANDS)
def test_commands(scene, method):
    """Lost otherwise: one programme's officials publish, review and spend another's money."""
    world, ids = scene
    command = world.command(method, filled(COMMANDS[method], ids), subject="other-1")
    (answer,) = world.run([bound(command, "shenyang-2018")])
    assert not answer["ok"]
    assert answer["error"]["code"] == "PROGRAMME_MISMATCH"
    (own,) = world.run([bound(replace(command, key="own"), GUIZHOU)])
    assert own["ok"], own


@pytest.mark.parametrize("method", QUERIES)
def test_queries(scene, method):
    """Lost otherwise: one programme's officials read another's business and books."""
    world, ids = scene
    body = filled(QUERIES[method], ids)
    assert world.ask(method, programme_of_token="shenyang-2018", **body)["code"] == "PROGRAMME_MISMATCH"
    assert "code" not in world.ask(method, programme_of_token=GUIZHOU, **body)


def test_a_list_of_orders_is_of_the_callers_programme(scene):
    """Lost otherwise: a list without a filter shows every programme's orders."""
    world, _ = scene
    assert world.ask("list_orders", programme_of_token="shenyang-2018")["items"] == []
    assert len(world.ask("list_orders", programme_of_token=GUIZHOU)["items"]) == 4
