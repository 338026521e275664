"""A provider leaves: its claims that were not put forward wait for the operator, on both databases (第十二条)."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from services.settlement import tables
from services.settlement.handlers import exits
from tests.integration.settlement.world import World


def leaves(world: World, provider_id: str) -> None:
    world.provider(provider_id, say="exited", status="exited")


def wind_down(world: World, claim_id: str, outcome: str):
    return world.do("wind_down_claim", claim_id=claim_id, outcome=outcome, reasons=["已核实"], role="operator")


def closed(world: World, provider_id: str) -> tuple[str, int, int, int]:
    world.due()
    found = world.ask("get_wind_down", provider_id=provider_id)
    return found["status"], found["open"], found["settled"], found["voided"]


def waits(world: World, claim_id: str) -> str | None:
    return world.claim(claim_id)["wind_down"]


def test_claims_that_are_not_put_forward_wait_for_a_word(world: World) -> None:
    """Lost otherwise: a provider that was made to leave is paid for what nobody looked at."""
    provider_id = world.provider()
    _disbursement, put_forward, _ = world.approved(provider_id)
    (passed, other), _ = world.passed(provider_id, claims=2)
    collected, _order_id, _ = world.collected(provider_id)
    world.verdict(collected, provider_id)
    leaves(world, provider_id)
    assert [waits(world, one) for one in (*put_forward, passed, other, collected)] == [None, *["pending"] * 3]
    assert closed(world, provider_id) == ("open", 3, 0, 0)
    refused = world.refused("file_disbursement", **world.putting(provider_id))
    assert (refused["code"], refused["facts"]["wind_down_pending"]) == ("NOTHING_TO_DISBURSE", 2)
    assert world.review(collected, "operator")["ok"]
    last = world.review(collected, "bureau")["error"]
    assert (last["code"], last["article"]) == ("WIND_DOWN_PENDING", "第十二条")
    assert wind_down(world, passed, "settle")["result"]["status"] == "passed"
    assert world.ok("file_disbursement", **world.putting(provider_id))["claims"] == 1
    done = wind_down(world, other, "void")
    assert (done["result"]["status"], world.claim(other)["reasons"]) == ("refused", ["已核实"])
    assert wind_down(world, other, "settle")["error"]["code"] == "WRONG_STATE"
    assert wind_down(world, collected, "settle")["ok"]
    assert world.review(collected, "bureau")["ok"]
    assert closed(world, provider_id) == ("closed", 0, 2, 1)
    assert world.told(passed)[-2:] == ["claim_wound_down", "claim_put_forward"]
    assert world.told(other)[-1] == "claim_refused"
    assert world.told(provider_id) == ["wind_down_opened", "wind_down_closed"]
    shown = world.ask("get_wind_down", provider_id=provider_id)["claims"]
    assert {one["claim_id"]: one["outcome"] for one in shown} == {
        passed: "settled", other: "voided", collected: "settled",
    }  # fmt: skip


def test_what_is_filed_after_the_exit_waits_unless_its_order_was_settled(world: World) -> None:
    """第十二条: what was served is settled; of what nobody settled, the operator speaks first."""
    provider_id = world.provider()
    leaves(world, provider_id)
    assert closed(world, provider_id) == ("closed", 0, 0, 0)
    settled = world.order(provider_id)
    world.order(provider_id, settled, say="wound_down", status="confirmed", wound_down=True)
    fine = world.ok("file_claim", **world.papers(settled, provider_id))["id"]
    late, _, _ = world.filed(provider_id)
    assert closed(world, provider_id) == ("open", 1, 0, 0), "opened again by a claim that nobody foresaw"
    assert (waits(world, fine), waits(world, late)) == (None, "pending")
    world.ok("withdraw_claim", claim_id=late, provider_id=provider_id)
    assert closed(world, provider_id) == ("closed", 0, 0, 1)
    assert world.told(provider_id) == ["wind_down_opened", "wind_down_closed"] * 2


def test_more_than_one_look_and_what_is_put_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    provider_id = world.provider()
    claims, _ = world.passed(provider_id, claims=3)
    disbursement_id = world.ok("file_disbursement", **world.putting(provider_id))["id"]
    more, _ = world.passed(provider_id, claims=3)
    monkeypatch.setattr(exits, "AT_ONCE", 2)
    leaves(world, provider_id)
    world.due()
    assert {waits(world, one) for one in more} == {"pending"}
    assert {waits(world, one) for one in claims} == {None}
    review = {"disbursement_id": disbursement_id, "stage": "operator", "decision": "refuse", "reasons": ["退出"]}
    world.ok("review_disbursement", **review)
    world.due()
    assert {waits(world, one) for one in (*claims, *more)} == {"pending"}
    with world.engine.connect() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(tables.wind_downs)).scalar_one() == 1


def test_what_no_look_has_come_to_yet_waits_all_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost otherwise: a provider of more claims than one look takes puts the rest forward when it has left already."""
    provider_id = world.provider()
    passed, _ = world.passed(provider_id, claims=3)
    collected, _order_id, _ = world.collected(provider_id)
    world.verdict(collected, provider_id)
    assert world.review(collected, "operator")["ok"]
    monkeypatch.setattr(exits, "AT_ONCE", 1)
    leaves(world, provider_id)
    refused = world.refused("file_disbursement", **world.putting(provider_id))
    assert (refused["code"], refused["facts"]["wind_down_pending"]) == ("NOTHING_TO_DISBURSE", 3)
    assert world.review(collected, "bureau")["error"]["code"] == "WIND_DOWN_PENDING"
    for _ in range(4):
        world.due()
    assert {waits(world, one) for one in (*passed, collected)} == {"pending"}


def test_what_is_not_there_or_stays_is_not_wound_down(world: World) -> None:
    (claim_id,), provider_id = world.passed()
    assert wind_down(world, claim_id, "void")["error"]["code"] == "WRONG_STATE"
    assert wind_down(world, world.new("C"), "void")["error"]["code"] == "NOT_FOUND"
    assert world.ask("get_wind_down", provider_id=provider_id)["code"] == "NOT_FOUND"


def test_where_the_rules_know_no_exit_nothing_is_wound_down(world: World) -> None:
    world.runs("shenyang-2018", "shenyang-2018@1", "210100", 2018)
    claim_id = world.filed()[0]
    assert wind_down(world, claim_id, "void")["error"]["code"] == "RULE_ABSENT"
