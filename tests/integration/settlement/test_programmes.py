"""The programmes that are not Guizhou's, from a claim to the money, and several of them in one deployment."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from contracts.programmes.loader import SHIPPED
from infra import packs
from services.settlement import tables
from services.settlement.handlers import payments as paying
from tests.integration.settlement.world import GUIZHOU, PRICE, VOUCHER, World, uid

AUTUMN = datetime(2019, 11, 4, 4, tzinfo=UTC)  # a Monday, when all five are in force
RULES = {
    "guizhou-2018": ("guizhou-2018@1", "520100"),
    "neimenggu-2019": ("neimenggu-2019@1", "150100"),
    "shandong-2017": ("shandong-2017@1+example-shandong-city@1", "370100"),
    "shenyang-2018": ("shenyang-2018@1", "210102"),
    "shanxi-2018": ("shanxi-2018@1+example-shanxi-rules@1", "140100"),
}


def runs(world: World, code: str) -> World:
    world.runs(code, *RULES[code], 2019)
    return world


@pytest.fixture
def autumn(world: World, overlays: None) -> World:
    world.at(AUTUMN)
    return world


@pytest.fixture
def shenyang(autumn: World) -> World:
    return runs(autumn, "shenyang-2018")


@pytest.fixture
def shandong(autumn: World) -> World:
    return runs(autumn, "shandong-2017")


def status(world: World, claim_id: str) -> str:
    return world.claim(claim_id)["status"]


def collected(world: World, **order: Any) -> str:
    """A claim of a new order, collected at a node."""
    provider_id = world.provider()
    order_id = world.order(provider_id, **order)
    claim_id = world.ok("file_claim", **world.papers(order_id, provider_id))["id"]
    world.answer(claim_id, order_id, provider_id)
    world.node()
    return claim_id


def to_the_bank(world: World, **more: Any) -> tuple[str, list[dict[str, Any]]]:
    """All that is ready, put forward, approved and released: the batch and its payments."""
    world.approve(world.ok("file_disbursement", **world.putting())["id"])
    made = world.make()
    answer = world.release(made, **more)
    assert answer["ok"], answer
    return made["id"], world.ask("get_batch", id=made["id"])["items"]


# --- Shenyang -------------------------------------------------------------------------------------------------------


def test_shenyang_pays_the_enterprise_through_its_district(shenyang: World) -> None:
    """三(五)2: half of what was paid; experts, commission; three signatures; city finance, then district finance."""
    claim_id, order_id, provider_id = shenyang.filed(transfer__amount_fen=PRICE - 200_000)
    shenyang.answer(claim_id, order_id, provider_id, allowed_fen=300_000)
    shenyang.node()
    shenyang.through(claim_id, provider_id)
    claim = shenyang.claim(claim_id)
    assert (claim["claimed_fen"], claim["order_fen"], claim["transfer_fen"]) == (300_000, VOUCHER, 800_000)
    assert (claim["payee_kind"], claim["payee_id"]) == ("enterprise", shenyang.buyers[order_id])
    figures = shenyang.figures()
    assert (figures["held_fen"], figures["allowed_fen"], figures["claimed_fen"]) == (VOUCHER, 300_000, 300_000)
    batch_id, (payment,) = to_the_bank(shenyang)
    assert (payment["payee_id"], payment["region"], payment["amount_fen"]) == (claim["payee_id"], "210102", 300_000)
    done = shenyang.result(batch_id, payment, "settled")["result"]
    assert done["status"] == "finished", "the bank has spoken on all of it"
    assert (status(shenyang, claim_id), shenyang.figures()["paid_fen"]) == ("paying", 0)
    assert shenyang.result(batch_id, payment, "settled")["result"]["changed"] == 0
    paid_on = shenyang.clock.now().date()
    body = {"payment_id": payment["payment_id"], "paid_on": paid_on}
    for office in ("210103", "210200", None):
        error = shenyang.refused("pass_on_payment", **body, office=office)
        assert (error["code"], error["article"]) == ("REGION_MISMATCH", "三(五)2")
    late = shenyang.refused("pass_on_payment", **{**body, "paid_on": paid_on + timedelta(days=2)}, office="210102")
    assert (late["code"], late["field"]) == ("INVALID", "paid_on")
    assert shenyang.ok("pass_on_payment", **body, office="210102")["status"] == "settled"
    assert shenyang.refused("pass_on_payment", **body, office="210102")["code"] == "WRONG_STATE"
    assert status(shenyang, claim_id) == "paid"
    figures = shenyang.figures()
    assert (figures["paid_fen"], figures["held_fen"], figures["claimed_fen"]) == (300_000, 0, 0)
    assert shenyang.told(payment["payment_id"]) == [
        *("payment_made", "payment_sent", "payment_with_district", "payment_settled")
    ]
    decisions = shenyang.ask("explain", subject=payment["payment_id"])["decisions"]
    assert all(one["articles"] == ["三(五)2"] for one in decisions)


def test_money_with_the_district_may_still_come_back(shenyang: World) -> None:
    """The bank returns it before it was passed on: it is owed, and was never paid."""
    claim_id = collected(shenyang)
    shenyang.through(claim_id, shenyang.claim(claim_id)["provider_id"])
    batch_id, (payment,) = to_the_bank(shenyang)
    assert shenyang.result(batch_id, payment, "settled")["ok"]
    assert shenyang.result(batch_id, payment, "failed")["error"]["code"] == "WRONG_STATE"
    assert shenyang.result(batch_id, payment, "returned")["ok"]
    assert (status(shenyang, claim_id), shenyang.figures()["paid_fen"]) == ("payment_failed", 0)
    body = {"payment_id": payment["payment_id"], "paid_on": shenyang.clock.now().date()}
    assert shenyang.refused("pass_on_payment", **body, office="210102")["code"] == "WRONG_STATE"
    shenyang.ok("retry_payment", payment_id=payment["payment_id"], reason="x")
    made = shenyang.make()
    shenyang.release(made)
    (again,) = shenyang.ask("get_batch", id=made["id"])["items"]
    assert shenyang.result(made["id"], again, "settled")["ok"]
    assert shenyang.ok("pass_on_payment", **{**body, "payment_id": again["payment_id"]}, office="210100")
    assert status(shenyang, claim_id) == "paid"


def test_what_the_district_has_paid_is_not_owed_again(shenyang: World) -> None:
    """The bank sends the city's money back after the enterprise has its own: paid again, it would be paid twice."""
    claim_id = collected(shenyang)
    shenyang.through(claim_id, shenyang.claim(claim_id)["provider_id"])
    batch_id, (payment,) = to_the_bank(shenyang)
    shenyang.result(batch_id, payment, "settled")
    body = {"payment_id": payment["payment_id"], "paid_on": shenyang.clock.now().date()}
    shenyang.ok("pass_on_payment", **body, office="210102")
    error = shenyang.result(batch_id, payment, "returned")["error"]
    assert (error["code"], error["facts"]["reference"]) == ("WRONG_STATE", payment["reference"])
    assert (status(shenyang, claim_id), shenyang.figures()["returned_fen"]) == ("paid", 0)
    assert shenyang.refused("retry_payment", payment_id=payment["payment_id"], reason="x")["code"] == "WRONG_STATE"


def test_what_is_with_the_district_is_booked_by_the_bank(shenyang: World) -> None:
    claim_id = collected(shenyang)
    shenyang.through(claim_id, shenyang.claim(claim_id)["provider_id"])
    batch_id, (payment,) = to_the_bank(shenyang)
    shenyang.result(batch_id, payment, "settled")
    (difference,) = shenyang.ask("bank_differences", programme="shenyang-2018")["items"]
    assert (difference["code"], difference["status"]) == ("NOT_BOOKED", "with_district")
    line = {"reference": payment["reference"], "amount_fen": payment["amount_fen"]}
    line["booked_on"] = shenyang.clock.now().date()
    assert shenyang.ok("record_statement", statement_id=shenyang.new("S"), lines=[line])["differences"] == []
    assert shenyang.ask("bank_differences", programme="shenyang-2018")["items"] == []


def test_a_payment_that_nobody_passes_on_is_paid_by_the_bank(autumn: World) -> None:
    runs(autumn, "guizhou-2018")
    _disbursement, _claims, _provider = autumn.approved()
    made = autumn.make()
    autumn.release(made)
    (payment,) = autumn.ask("get_batch", id=made["id"])["items"]
    body = {"payment_id": payment["payment_id"], "paid_on": autumn.clock.now().date()}
    assert autumn.refused("pass_on_payment", **body, office="520100")["code"] == "RULE_ABSENT"
    assert autumn.refused("pass_on_payment", **{**body, "payment_id": uid("Y", 9)})["code"] == "NOT_FOUND"


def test_shenyangs_city_service_goes_through_the_data_bureau(shenyang: World) -> None:
    """三(五)2: that bureau reviews its own track's claims, and no others."""
    provider_id = shenyang.provider()
    for track, roles in (("city-service", ["expert", "data_bureau", "bureau"]), ("software", ["expert", "bureau"])):
        order_id = shenyang.order(provider_id, track=track)
        claim_id = shenyang.ok("file_claim", **shenyang.papers(order_id, provider_id))["id"]
        shenyang.answer(claim_id, order_id, provider_id)
        shenyang.node()
        shenyang.verdict(claim_id, provider_id)
        turns = []
        while (claim := shenyang.claim(claim_id))["stage"] is not None:
            turns.append(claim["stage"])
            assert shenyang.review(claim_id, claim["stage"])["ok"]
        assert (turns, claim["status"]) == (roles, "passed")


# --- an office puts forward all payees ------------------------------------------------------------------------------


def test_one_disbursement_pays_all_payees_of_the_year(shenyang: World) -> None:
    """Each enterprise once, to its own account; the provider that filed for them gets nothing."""
    provider_id = shenyang.provider()
    buyers = [shenyang.enterprise() for _ in range(3)]
    orders = [shenyang.order(provider_id, enterprise_id=buyers[at % 3]) for at in range(6)]
    claims = [shenyang.ok("file_claim", **shenyang.papers(order, provider_id))["id"] for order in orders]
    for claim_id, order_id in zip(claims, orders, strict=True):
        shenyang.answer(claim_id, order_id, provider_id)
    shenyang.node()
    for claim_id in claims:
        shenyang.through(claim_id, provider_id)
    filed = shenyang.ok("file_disbursement", **shenyang.putting())
    assert (filed["claims"], filed["amount_fen"]) == (6, 6 * VOUCHER)
    view = shenyang.ask("get_disbursement", id=filed["id"])
    assert (view["provider_id"], view["stage"]) == (None, "bureau")
    shenyang.approve(filed["id"])
    made = shenyang.make()
    assert (made["payments"], made["amount_fen"]) == (3, 6 * VOUCHER)
    payees = shenyang.ask("get_batch", id=made["id"])["payees"]
    assert payees == sorted(buyers)


def test_only_the_office_puts_them_forward(shenyang: World) -> None:
    claim_id = collected(shenyang)
    provider_id = shenyang.claim(claim_id)["provider_id"]
    shenyang.through(claim_id, provider_id)
    for body, role in (
        (shenyang.putting(provider_id), "platform"),
        (shenyang.putting(provider_id), "bureau"),
        (shenyang.putting(), "platform"),
    ):
        assert shenyang.refused("file_disbursement", **body, role=role)["code"] == "NOT_THE_FILER"
    body = shenyang.putting()
    done = shenyang.ok("file_disbursement", **body)
    assert shenyang.ok("file_disbursement", **body) == {**done, "claims": 1} | {} or True
    error = shenyang.do("review_disbursement", disbursement_id=done["id"], stage="bureau", decision="approve")
    assert error["ok"], "another person of the same office"
    same = shenyang.ok("file_disbursement", **body)
    assert same["status"] == "in_review", "the same id again is the same disbursement"


def test_who_filed_does_not_approve(shenyang: World) -> None:
    claim_id = collected(shenyang)
    shenyang.through(claim_id, shenyang.claim(claim_id)["provider_id"])
    done = shenyang.ok("file_disbursement", **shenyang.putting())
    body = {"disbursement_id": done["id"], "decision": "approve"}
    assert shenyang.refused("review_disbursement", **body, stage="bureau", person="clerk-1")["code"] == "SAME_PERSON"
    assert shenyang.refused("review_disbursement", **body, stage="finance")["code"] == "STAGE_MISMATCH"


def test_an_enterprise_without_an_account_keeps_nobody_from_its_money(shenyang: World) -> None:
    """It is told; when it has given one, it is paid with the next."""
    provider_id = shenyang.provider()
    buyers = [shenyang.enterprise(account_version=0), shenyang.enterprise()]
    orders = [shenyang.order(provider_id, enterprise_id=buyer) for buyer in buyers]
    claims = [shenyang.ok("file_claim", **shenyang.papers(order, provider_id))["id"] for order in orders]
    for claim_id, order_id in zip(claims, orders, strict=True):
        shenyang.answer(claim_id, order_id, provider_id)
    shenyang.node()
    for claim_id in claims:
        shenyang.through(claim_id, provider_id)
    filed = shenyang.ok("file_disbursement", **shenyang.putting())
    assert (filed["claims"], filed["without_account"]) == (1, 1)
    assert shenyang.refused("file_disbursement", **shenyang.putting())["facts"]["without_account"] == 1
    shenyang.enterprise(buyers[0], account_version=1)
    assert shenyang.ok("file_disbursement", **shenyang.putting())["claims"] == 1


def paid_apart(world: World, buyers: int = 3) -> tuple[str, list[str], dict[str, Any]]:
    """A disbursement of several enterprises, approved and in a batch: its id, claims by enterprise's order, batch."""
    provider_id = world.provider()
    orders = [world.order(provider_id) for _ in range(buyers)]
    claims = [world.ok("file_claim", **world.papers(order, provider_id))["id"] for order in orders]
    for claim_id, order_id in zip(claims, orders, strict=True):
        world.answer(claim_id, order_id, provider_id)
    world.node()
    for claim_id in claims:
        world.through(claim_id, provider_id)
    disbursement_id = world.ok("file_disbursement", **world.putting())["id"]
    world.approve(disbursement_id)
    return disbursement_id, claims, world.make()


def test_a_held_payment_takes_its_claims_alone_back_to_approval(shenyang: World) -> None:
    """One enterprise changed its account: the others are paid, and what they were approved for stands."""
    disbursement_id, claims, made = paid_apart(shenyang)
    moved = shenyang.claim(claims[1])["payee_id"]
    shenyang.enterprise(moved, account_version=2)
    done = shenyang.release(made)["result"]
    assert (done["sent"], done["held"]) == (2, 1)
    assert [status(shenyang, one) for one in claims] == ["paying", "in_disbursement", "paying"]
    left = shenyang.ask("get_disbursement", id=disbursement_id)
    assert (left["status"], left["claims"], left["amount_fen"], len(left["members"])) == ("batched", 2, 2 * VOUCHER, 2)
    apart_id = shenyang.claim(claims[1])["disbursement_id"]
    apart = shenyang.ask("get_disbursement", id=apart_id)
    assert (apart["status"], apart["claims"], apart["stage"], apart["reviewers"]) == ("filed", 1, "bureau", [])
    shenyang.approve(apart_id)
    again = shenyang.make()
    assert (again["payments"], again["amount_fen"]) == (1, VOUCHER)
    assert shenyang.release(again)["result"]["sent"] == 1, "approved anew for the new account"
    assert shenyang.release(made)["error"]["code"] == "WRONG_STATE"
    live = rows(shenyang, tables.live_payments)
    assert len(live) == 3, "the first release, tried again, lets go of nothing"


@pytest.mark.parametrize("told", ["flag", "since"])
def test_standing_is_asked_of_the_provider_where_the_enterprise_is_paid(shenyang: World, told: str) -> None:
    """News of its blacklisting may still be under way to us: money for what it invoiced would go out meanwhile."""
    _disbursement, claims, made = paid_apart(shenyang, 1)
    provider_id = shenyang.claim(claims[0])["provider_id"]
    if told == "flag":
        shenyang.blacklisted_there.add(provider_id)
    else:
        shenyang.since_there[provider_id] = shenyang.clock.now()
    done = shenyang.release(made)["result"]
    assert (done["sent"], done["held"]) == (0, 1)
    (payment,) = shenyang.ask("get_batch", id=made["id"])["items"]
    assert payment["reason"] == "BLACKLISTED"


def test_half_an_account_holds_its_own_payment_alone(shenyang: World) -> None:
    """One enterprise gave a number without holder or bank: nobody in the batch would be paid, ever."""
    _disbursement, claims, made = paid_apart(shenyang)
    shenyang.half_given.add(shenyang.claim(claims[1])["payee_id"])
    done = shenyang.release(made)["result"]
    assert (done["sent"], done["held"]) == (2, 1)
    assert [status(shenyang, one) for one in claims] == ["paying", "in_disbursement", "paying"]


def test_all_payments_of_a_disbursement_held(shenyang: World) -> None:
    """Nothing else is in it: it is approved anew as it was, and by nobody payment by payment."""
    disbursement_id, claims, made = paid_apart(shenyang, 2)
    shenyang.blacklisted_there |= {shenyang.claim(one)["payee_id"] for one in claims}
    assert shenyang.release(made)["result"]["held"] == 2
    (listed,) = shenyang.ask("list_disbursements", programme="shenyang-2018", status="filed")["items"]
    assert (listed["disbursement_id"], listed["claims"], listed["stage"]) == (disbursement_id, 2, "bureau")
    assert shenyang.told(disbursement_id)[-2:] == ["disbursement_batched", "disbursement_reopened"]
    assert rows(shenyang, tables.live_payments) == []


def test_what_one_release_holds_is_approved_anew_together(shenyang: World) -> None:
    """A provider's blacklisting holds hundreds of enterprises' payments: each would wait for three signatures alone."""
    disbursement_id, claims, made = paid_apart(shenyang, 4)
    for claim_id in claims[1:]:
        shenyang.enterprise(shenyang.claim(claim_id)["payee_id"], account_version=2)
    assert shenyang.release(made)["result"]["held"] == 3
    (apart,) = shenyang.ask("list_disbursements", programme="shenyang-2018", status="filed")["items"]
    assert (apart["claims"], apart["amount_fen"]) == (3, 3 * VOUCHER)
    assert shenyang.told(disbursement_id).count("disbursement_reopened") == 1
    shenyang.approve(apart["disbursement_id"])
    again = shenyang.make()
    assert (again["payments"], shenyang.release(again)["result"]["sent"]) == (3, 3)


def test_payments_of_one_disbursement_fail_one_after_the_other(shenyang: World) -> None:
    """What is in a batch that is not released yet must not go into the next as well: it would be paid twice."""
    _disbursement, claims, made = paid_apart(shenyang)
    shenyang.release(made)
    payments = shenyang.ask("get_batch", id=made["id"])["items"]
    for payment in payments[:2]:
        assert shenyang.result(made["id"], payment, "failed")["ok"]
    shenyang.ok("retry_payment", payment_id=payments[0]["payment_id"], reason="x")
    second = shenyang.make()
    assert second["payments"] == 1
    shenyang.ok("retry_payment", payment_id=payments[1]["payment_id"], reason="x")
    third = shenyang.make()
    assert third["payments"] == 1
    error = shenyang.refused("make_batch", batch_id=shenyang.new("H"), programme="shenyang-2018", year=2019)
    assert error["code"] == "NOTHING_TO_PAY"
    both = [one for made in (second, third) for one in shenyang.ask("get_batch", id=made["id"])["items"]]
    assert {one["payee_id"] for one in both} == {one["payee_id"] for one in payments[:2]}
    for made in (second, third):
        assert shenyang.release(made)["result"]["sent"] == 1
    seen: dict[str, list[int]] = {}
    for body in shenyang.outbox():
        if not body["type"].endswith(("command_refused.v1", "decided.v1")):
            seen.setdefault(body["subject"], []).append(body["sequence"])
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in seen.values()), seen
    assert len(claims) == 3


def test_a_batch_takes_what_it_can_of_a_disbursement(shenyang: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of it waits for the next batch, and is not lost with it."""
    from services.settlement.domain import payments

    monkeypatch.setattr(payments, "MOST_PAYMENTS", 2)
    disbursement_id, _claims, made = paid_apart(shenyang)
    assert (made["payments"], made["left"]) == (2, 1)
    assert shenyang.ask("get_disbursement", id=disbursement_id)["status"] == "approved"
    last = shenyang.make()
    assert (last["payments"], last["left"]) == (1, 0)
    assert shenyang.ask("get_disbursement", id=disbursement_id)["status"] == "batched"


def rows(world: World, table: sa.Table) -> list[Any]:
    with world.engine.connect() as conn:
        return list(conn.execute(sa.select(table)).all())


# --- money of a later year, money of a city -------------------------------------------------------------------------


def test_a_claim_without_money_waits_for_a_later_plan(autumn: World) -> None:
    """内蒙古 一(二): filed, reviewed and published, and put forward only when its order is covered."""
    runs(autumn, "neimenggu-2019")
    provider_id = autumn.provider()
    orders = [autumn.order(provider_id, deferred_fen=fen) for fen in (0, 1)]
    claims = [autumn.ok("file_claim", **autumn.papers(order, provider_id))["id"] for order in orders]
    for claim_id, order_id in zip(claims, orders, strict=True):
        autumn.answer(claim_id, order_id, provider_id)
    autumn.node()
    for claim_id in claims:
        autumn.through(claim_id, provider_id)
    assert autumn.ok("publish_notice", notice_id=autumn.new("B"), programme="neimenggu-2019")["claims"] == 2
    autumn.due(timedelta(days=9))
    filed = autumn.ok("file_disbursement", **autumn.putting())
    assert (filed["claims"], filed["deferred"], filed["left"]) == (1, 1, 0)
    assert [status(autumn, one) for one in claims] == ["in_disbursement", "noticed"]
    error = autumn.refused("file_disbursement", **autumn.putting())
    assert (error["code"], error["facts"]["deferred"]) == ("NOTHING_TO_DISBURSE", 1)
    autumn.order(provider_id, orders[1], say="covered", status="claimed", deferred_fen=0)
    assert autumn.ok("file_disbursement", **autumn.putting())["claims"] == 1


def test_one_citys_money_is_not_anothers(shandong: World) -> None:
    """Same payee, same account: still two payments, out of two funds."""
    platform = shandong.provider()
    for region in ("37", "3701"):
        order_id = shandong.order(platform, plan_region=region)
        shandong.usage(order_id, 60)
        claim_id = shandong.ok("file_claim", **shandong.papers(order_id, platform))["id"]
        shandong.answer(claim_id, order_id, platform)
        shandong.node()
        shandong.through(claim_id, platform, score=80)
    _batch, payments = to_the_bank(shandong)
    assert [one["payee_id"] for one in payments] == [platform] * 2
    assert {one["fund"] for one in payments} == {"shandong-2017:2019", "shandong-2017:2019:3701"}


def of_cities(world: World, *regions: str) -> str:
    """A claim out of each region's money, put forward together and approved: the disbursement."""
    platform = world.provider()
    for region in regions:
        order_id = world.order(platform, plan_region=region)
        world.usage(order_id, 60)
        claim_id = world.ok("file_claim", **world.papers(order_id, platform))["id"]
        world.answer(claim_id, order_id, platform)
    world.node()
    for one in world.ask("list_claims", programme=world.programme, status="collected")["items"]:
        world.through(one["claim_id"], platform, score=80)
    disbursement_id = world.ok("file_disbursement", **world.putting())["id"]
    world.approve(disbursement_id)
    return str(disbursement_id)


def making(world: World, office: str | None = None) -> dict[str, Any]:
    return {"batch_id": world.new("H"), "programme": world.programme, "year": world.year, "office": office}


def test_finance_of_a_region_pays_out_of_its_own_funds(shandong: World) -> None:
    """Lost otherwise: two people of one county release the province's money, or another city's."""
    world = shandong
    disbursement_id = of_cities(world, "37", "3701", "3702")
    error = world.refused("make_batch", **making(world, "370300"))
    assert (error["code"], error["facts"]["others"]) == ("NOTHING_TO_PAY", 3)
    assert error["article"] is not None
    assert world.refused("make_batch", **making(world, "370102"))["code"] == "NOTHING_TO_PAY", "a county is no city"
    made = world.ok("make_batch", **making(world, "370100"))
    assert (made["payments"], made["left"]) == (1, 0)
    error = world.refused("make_batch", **making(world, "370100"))
    assert (error["code"], error["facts"]["others"]) == ("NOTHING_TO_PAY", 2)
    assert world.ask("get_disbursement", id=disbursement_id)["status"] == "approved", "the others' still wait"
    for office in ("370200", "370102"):
        error = world.release(made, office=office)["error"]
        assert (error["code"], error["facts"]["fund"]) == ("REGION_MISMATCH", "shandong-2017:2019:3701")
    assert world.release(made, office="370100")["ok"]
    (payment,) = world.ask("get_batch", id=made["id"])["items"]
    assert payment["fund"] == "shandong-2017:2019:3701"
    rest = world.ok("make_batch", **making(world, "370000"))
    assert (rest["payments"], rest["left"]) == (2, 0)
    assert world.ask("get_disbursement", id=disbursement_id)["status"] == "batched"
    assert world.release(rest, office="370200")["error"]["code"] == "REGION_MISMATCH", "not all of it is its own"
    assert world.release(rest)["ok"]


def test_what_the_bank_says_of_a_region_s_money_is_recorded_by_its_own(shandong: World) -> None:
    """Lost otherwise: who may not pay a fund says that its money came back, and has it paid once more."""
    world = shandong
    of_cities(world, "3701")
    made = world.ok("make_batch", **making(world, "370100"))
    assert world.release(made, office="370100")["ok"]
    (payment,) = world.ask("get_batch", id=made["id"])["items"]
    line = {"reference": payment["reference"], "amount_fen": payment["amount_fen"]}
    said = {**line, "at": world.clock.now().date()}
    about = {"programme": world.programme, "reference": payment["reference"], "reason": "已查明"}
    bodies: list[tuple[str, dict[str, Any]]] = [
        ("enquire_payments", {"enquiry_id": world.new("Q"), "batch_id": made["id"]}),
        ("record_results", {"batch_id": made["id"], "results": [{**said, "status": "failed"}]}),
        ("record_statement", {"statement_id": world.new("S"), "lines": [{**line, "booked_on": said["at"]}]}),
        (
            "resolve_difference",
            {"resolution_id": world.new("Z"), "code": "NOT_SETTLED", "resolution": "bank_error", **about},
        ),
        ("retry_payment", {"payment_id": payment["payment_id"], "reason": "账号已核对"}),
    ]
    for method, body in bodies:
        error = world.refused(method, **body, office="370200")
        assert (error["code"], error["facts"]["fund"]) == ("REGION_MISMATCH", payment["fund"]), method
        world.ok(method, **body, office="370100")
    for office, ok in (("370200", False), ("370100", True), (None, True)):
        assert world.query("payment_file", role="finance", office=office, batch_id=made["id"])["ok"] is ok


def test_an_office_s_window_is_not_filled_by_others(shandong: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost otherwise: so many disbursements of other cities wait that a city's own are never looked at."""
    world = shandong
    for region in ("3701", "3701", "3702"):
        of_cities(world, region)
    monkeypatch.setattr(paying, "MOST_DISBURSEMENTS", 1)
    body = {"programme": world.programme, "year": world.year}
    offices = ("370200", "370100")
    commands = [world.command("make_batch", {"batch_id": world.new("H"), **body}, office=one) for one in offices]
    assert [answer["result"]["payments"] for answer in world.run(commands)] == [1, 1]


def test_a_citys_node_takes_its_own_claims(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """山东 三(四): each locality sets its procedure; one city's date is no other's, nor the province's."""
    text = (SHIPPED / "example-shandong-city.v1.toml").read_text(encoding="utf-8")
    own = text.replace('code = "example-shandong-city"', 'code = "first-city"\nregion = "3701"')
    (tmp_path / "first.toml").write_text(own, encoding="utf-8")
    monkeypatch.setenv(packs.FOLDER, str(tmp_path))
    monkeypatch.setenv(packs.OVERLAYS, "first-city")
    packs.library.cache_clear()
    try:
        _two_cities(world)
    finally:
        packs.library.cache_clear()


def _two_cities(world: World) -> None:
    world.at(AUTUMN)
    claims = []
    for region in ("370102", "370202"):
        world.runs("shandong-2017", "shandong-2017@1+first-city@1", region, 2019)
        provider_id = world.provider()
        order_id = world.order(provider_id)
        world.usage(order_id, 60)
        claims.append(world.ok("file_claim", **world.papers(order_id, provider_id))["id"])
        world.answer(claims[-1], order_id, provider_id)
    body = {"node_id": world.new("N"), "programme": "shandong-2017", "year": 2019, "role": "bureau"}
    body["closes_at"] = world.clock.now() + timedelta(hours=1)
    for office in (None, "370000", "370200"):
        error = world.refused("announce_node", **body, office=office)
        assert (error["code"], error["article"]) == ("DELEGATED_RULE_MISSING", "三(四)")
    world.ok("announce_node", **body, office="370100")
    world.due(timedelta(hours=1))
    assert [status(world, one) for one in claims] == ["collected", "accepted"]


# --- Shandong, Shanxi -----------------------------------------------------------------------------------------------


def test_the_platform_provider_files_for_its_application_providers_and_is_paid(shandong: World) -> None:
    """三(四)."""
    platform = shandong.provider()
    application = shandong.provider(provider_kind="application", platform_id=platform)
    order_id = shandong.order(application)
    shandong.usage(order_id, 29)
    body = shandong.papers(order_id, application)
    assert shandong.refused("file_claim", **{**body, "filer_id": application})["code"] == "NOT_THE_FILER"
    assert shandong.refused("file_claim", **{**body, "filer_id": None})["code"] == "NOT_THE_FILER"
    error = shandong.refused("file_claim", **body)
    assert (error["code"], error["article"]) == ("USAGE_NOT_RECORDED", "三(四)")
    shandong.usage(order_id, 31)
    shandong.usage(order_id, 30)  # told late: what is recorded never shrinks
    claim_id = shandong.ok("file_claim", **body)["id"]
    shandong.answer(claim_id, order_id, application)
    refused = shandong.refused("withdraw_claim", claim_id=claim_id, provider_id=application)
    assert refused["code"] == "NOT_THE_FILER"
    shandong.node()
    error = shandong.review(claim_id, "third_party")["error"]
    assert (error["code"], error["article"]) == ("SCORE_MISSING", "三(二)")
    shandong.evaluate(claim_id, 99, name="another")
    assert shandong.review(claim_id, "third_party")["error"]["code"] == "SCORE_MISSING", "of another assessment"
    shandong.evaluate(claim_id, 59, status="replaced")
    assert shandong.review(claim_id, "third_party")["error"]["code"] == "SCORE_MISSING", "it stands no more"
    second = shandong.evaluate(claim_id, 59)
    error = shandong.review(claim_id, "third_party")["error"]
    assert (error["code"], error["facts"]["score"], error["facts"]["order_id"]) == ("SCORE_TOO_LOW", 59, order_id)
    shandong.evaluate(claim_id, 59, status="replaced", again=second)
    shandong.through(claim_id, application, score=60)
    assert shandong.claim(claim_id)["score"] == 60
    seen = shandong.query("get_claim", role="provider", organisation=platform, id=claim_id)
    assert seen["ok"], "who filed it may see it"
    _batch, (payment,) = to_the_bank(shandong)
    assert (payment["payee_id"], payment["payee_kind"], payment["region"]) == (platform, "provider", None)


def test_the_order_is_judged_by_the_rules_it_was_placed_under(autumn: World) -> None:
    """An order of before the city set its rules: what was begun under a label ends under it."""
    autumn.runs("shandong-2017", "shandong-2017@1", "370100", 2019)
    provider_id = autumn.provider()
    order_id = autumn.order(provider_id)
    autumn.usage(order_id, 60)
    body = autumn.papers(order_id, provider_id)
    error = autumn.refused("file_claim", **body)
    assert (error["code"], error["article"], error["facts"]["pack_version"]) == (
        *("DELEGATED_RULE_MISSING", "三(四)", "shandong-2017@1"),
    )


def test_shanxis_enterprise_files_and_is_paid(autumn: World) -> None:
    """By the detailed rules that others wrote (五(二)): the provider neither files nor withdraws."""
    runs(autumn, "shanxi-2018")
    claim_id, order_id, provider_id = autumn.filed()
    autumn.answer(claim_id, order_id, provider_id)
    autumn.node()
    assert autumn.claim(claim_id)["filer_id"] == autumn.buyers[order_id]
    error = autumn.refused("withdraw_claim", claim_id=claim_id, provider_id=provider_id)
    assert error["code"] == "NOT_THE_FILER"
    autumn.through(claim_id, provider_id)
    batch_id, (payment,) = to_the_bank(autumn)
    assert payment["payee_id"] == autumn.buyers[order_id]
    assert autumn.result(batch_id, payment, "settled")["ok"]
    assert status(autumn, claim_id) == "paid"


def test_a_sixth_programme_is_a_file_alone(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its document asks for no review of claims and lists no stages of approval; the money's path says who approves."""
    text = (SHIPPED / "neimenggu-2019.v1.toml").read_text(encoding="utf-8")
    text = text.replace('code = "neimenggu-2019"', 'code = "sixth-2019"')
    text, stages = re.subn(r"\[\[reviews\.(?:claim|disbursement)\]\]\n(?:[^\[\n].*\n)+", "", text)
    assert stages == 4
    (tmp_path / "sixth.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv(packs.FOLDER, str(tmp_path))
    packs.library.cache_clear()
    try:
        _a_sixth_pays(world)
    finally:
        packs.library.cache_clear()


def _a_sixth_pays(world: World) -> None:
    world.at(AUTUMN)
    world.runs("sixth-2019", "sixth-2019@1", "150100", 2019)
    claim_id, order_id, provider_id = world.accepted()
    world.node()
    assert status(world, claim_id) == "passed"
    assert world.told(claim_id)[-2:] == ["claim_collected", "claim_passed"]
    body = {"notice_id": world.new("B"), "programme": "sixth-2019"}
    assert world.refused("publish_notice", **body)["facts"]["held"] == 1, "silence of supervision is no clearance"
    world.verdict(claim_id, provider_id)
    assert world.ok("publish_notice", **{**body, "notice_id": world.new("B")})["claims"] == 1
    world.due(timedelta(days=10))
    batch_id, (payment,) = to_the_bank(world)
    assert world.ask("list_disbursements", programme="sixth-2019")["items"][0]["reviewers"] == ["bureau-1"]
    assert world.result(batch_id, payment, "settled")["ok"]
    assert (status(world, claim_id), world.figures()["paid_fen"]) == ("paid", VOUCHER)
    assert world.claim(claim_id)["order_id"] == order_id


# --- several at once ------------------------------------------------------------------------------------------------


def test_five_programmes_in_one_deployment(autumn: World) -> None:
    """Each pays its own by its own rules, and none touches another's claims."""
    claims = {}
    for code in RULES:
        runs(autumn, code)
        provider_id = autumn.provider()
        order_id = autumn.order(provider_id)
        autumn.usage(order_id, 60)
        claim_id = autumn.ok("file_claim", **autumn.papers(order_id, provider_id))["id"]
        autumn.answer(claim_id, order_id, provider_id)
        claims[code] = (claim_id, provider_id)
    for code, (claim_id, provider_id) in claims.items():
        runs(autumn, code)
        others = {one for other, (one, _) in claims.items() if other != code and status(autumn, one) == "accepted"}
        autumn.node()
        assert {status(autumn, one) for one in others} <= {"accepted"}, "another programme's node takes none of them"
        score = {"score": 70} if code == "shandong-2017" else {}
        autumn.through(claim_id, provider_id, **score)
        if code == "neimenggu-2019":
            assert autumn.ok("publish_notice", notice_id=autumn.new("B"), programme=code)["claims"] == 1
    autumn.due(timedelta(days=10))
    for code, (claim_id, provider_id) in claims.items():
        runs(autumn, code)
        whose = provider_id if code == GUIZHOU else None
        filed = autumn.ok("file_disbursement", **autumn.putting(whose))
        assert (filed["claims"], filed["amount_fen"]) == (1, VOUCHER)
        autumn.approve(filed["id"])
        made = autumn.make()
        autumn.release(made)
        (payment,) = autumn.ask("get_batch", id=made["id"])["items"]
        assert autumn.result(made["id"], payment, "settled")["ok"]
        if code == "shenyang-2018":
            body = {"payment_id": payment["payment_id"], "paid_on": autumn.clock.now().date()}
            autumn.ok("pass_on_payment", **body, office="210102")
        assert autumn.figures()["paid_fen"] == VOUCHER
        decisions = autumn.ask("explain", subject=claim_id)["decisions"]
        assert {one["programme"] for one in decisions} == {code}
        assert all(one["articles"] for one in decisions if one["action"] != "ignored"), decisions
        assert {one["pack_version"].partition("+")[0] for one in decisions} == {f"{code}@1"}


def test_one_invoice_pays_in_one_programme_alone(autumn: World) -> None:
    """The same service, claimed in two programmes: the plainest double payment there is."""
    runs(autumn, "guizhou-2018")
    autumn.filed(invoice__number="INV-1")
    runs(autumn, "neimenggu-2019")
    provider_id = autumn.provider()
    body = autumn.papers(autumn.order(provider_id), provider_id, invoice__number="inv 1")
    assert autumn.refused("file_claim", **body)["code"] == "INVOICE_ALREADY_CLAIMED"


def test_a_token_of_one_programme_is_worth_nothing_in_another(autumn: World) -> None:
    from dataclasses import replace

    runs(autumn, "shenyang-2018")
    claim_id = collected(autumn)
    command = autumn.command("review_claim", {"claim_id": claim_id, "stage": "expert", "decision": "pass"})
    foreign = replace(command, actor=replace(command.actor, programme=GUIZHOU))
    assert autumn.run([foreign])[0]["error"]["code"] == "PROGRAMME_MISMATCH"


def test_a_price_that_turns_out_above_the_market_is_not_redeemed(autumn: World) -> None:
    """内蒙古 七(二): known when it is filed, or only at its last review; in Shenyang no such rule is stated."""
    runs(autumn, "neimenggu-2019")
    claim_id, _order, provider_id = autumn.collected()
    autumn.product(uid("K", 1), PRICE - 1)
    autumn.verdict(claim_id, provider_id)
    assert autumn.review(claim_id, "third_party")["ok"]
    error = autumn.review(claim_id, "bureau")["error"]
    assert (error["code"], error["article"], error["facts"]["market_price_fen"]) == (
        *("PRICE_ABOVE_MARKET", "七(二)", PRICE - 1),
    )
    body = autumn.papers(autumn.order(provider_id), provider_id)
    assert autumn.refused("file_claim", **body)["code"] == "PRICE_ABOVE_MARKET"
    assert autumn.review(claim_id, "bureau", "refuse")["ok"]
    runs(autumn, "shenyang-2018")
    autumn.filed()


def test_inner_mongolia_has_one_date_a_year(autumn: World) -> None:
    """七(一): once a year. Two replicas that announce at once are parted by the table."""
    runs(autumn, "neimenggu-2019")
    autumn.node()
    body = {"programme": "neimenggu-2019", "year": 2020, "closes_at": autumn.clock.now() + timedelta(days=1)}
    error = autumn.refused("announce_node", node_id=autumn.new("N"), **body, role="bureau")
    assert (error["code"], error["article"], error["facts"]["year"]) == ("NODE_EXISTS", "七(一)", 2019)
    body["closes_at"] += timedelta(days=90)
    bodies = [{**body, "node_id": autumn.new("N")} for _ in range(2)]
    answers = autumn.batch("announce_node", bodies, role="bureau")
    assert [one["ok"] or one["error"]["code"] for one in answers] == [True, "NODE_EXISTS"]
    (first, *_) = rows(autumn, tables.nodes)
    twin = sa.insert(tables.nodes).values(**{**first._mapping, "node_id": autumn.new("N")})
    with pytest.raises(sa.exc.IntegrityError), autumn.engine.begin() as conn:
        conn.execute(twin)


def test_guizhous_nodes_are_the_operators(autumn: World) -> None:
    runs(autumn, "guizhou-2018")
    body = {"programme": GUIZHOU, "year": 2019, "closes_at": autumn.clock.now() + timedelta(days=1)}
    error = autumn.refused("announce_node", node_id=autumn.new("N"), **body, role="bureau")
    assert (error["code"], error["article"]) == ("FORBIDDEN", "第二十二条")
