"""Orders through the pipeline: batches that see themselves, money where it belongs, refusals that change nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts.programmes.schema import Exit
from infra.clock import local_date
from services.voucher import tables
from tests.integration.voucher.world import CONTRACT, QUOTA


@pytest.fixture
def shop(world):
    """A plan, an enterprise with its quota, a provider, its product."""
    world.plan()
    return world, world.granted(), *world.shelf(price_fen=3_000_000)


def test_orders_of_one_batch_share_one_quota(shop):
    """Lost otherwise: a batch of orders spends one quota several times."""
    world, enterprise, _, product = shop
    bodies = [world.order_body(enterprise, product, price_fen=3_000_000) for _ in range(4)]
    answers = world.batch("place_order", bodies)
    assert [a["result"]["voucher_fen"] for a in answers[:3]] == [1_800_000, 1_800_000, 1_400_000]
    assert (answers[3]["error"]["code"], answers[3]["error"]["article"]) == ("QUOTA_EXHAUSTED", "第十六条")
    figures = world.totals()
    assert (figures["held_fen"], figures["quota_available_fen"]) == (QUOTA, 0)
    own = world.order(enterprise, product, voucher_fen=0)
    assert (own["result"]["voucher_fen"], own["result"]["own_fen"]) == (0, 1_000_000)


def test_what_the_order_tells(shop):
    """Lost otherwise: settlement, supervision and the parties hear of another order than was placed."""
    world, enterprise, provider, product = shop
    placed = world.order(enterprise, product, voucher_fen=7)
    (event,) = world.sent("order_placed")
    data = event["data"]
    assert (event["subject"], event["sequence"]) == (placed["result"]["id"], 1)
    assert (data["provider_id"], data["list_price_fen"], data["voucher_fen"], data["own_fen"]) == (
        provider,
        3_000_000,
        7,
        999_993,
    )
    assert data["law"]["articles"] == placed["decision"]["articles"]
    assert data["law"]["facts"]["quota_fen"] == QUOTA


def test_confirm_cancel_refund(shop):
    """Lost otherwise: articles nineteen and twenty."""
    world, enterprise, provider, product = shop
    one, two = (world.order(enterprise, product)["result"]["id"] for _ in range(2))
    own = {"enterprise_id": enterprise}
    confirmed = world.ok("confirm_order", order_id=one, provider_id=provider, contract_sha256=CONTRACT)
    assert (confirmed["status"], confirmed["sequence"]) == ("confirmed", 2)
    assert world.ok("cancel_order", order_id=two, **own, reason="too late")["status"] == "cancelled"
    assert world.totals()["committed_fen"] == 600_000
    assert world.refused("cancel_order", order_id=one, **own)["facts"]["status"] == "confirmed"
    answer = {"order_id": one, "provider_id": provider}
    assert world.refused("answer_refund", **answer, consent=True)["code"] == "WRONG_STATE"
    world.ok("request_refund", order_id=one, **own, reason="not needed")
    assert world.ok("answer_refund", **answer, consent=False, reason="served")["status"] == "confirmed"
    world.ok("request_refund", order_id=one, **own, reason="really")
    refunded = world.do("answer_refund", **answer, consent=True)
    assert (refunded["result"]["status"], refunded["decision"]["articles"]) == ("refunded", ["第二十条"])
    figures = world.totals()
    assert (figures["committed_fen"], figures["quota_available_fen"]) == (0, QUOTA)
    names = [event["type"].split(".")[1] for event in world.sent() if event["subject"] == one]
    assert names == [
        "order_placed",
        "order_confirmed",
        "command_refused",
        "command_refused",
        "order_refund_requested",
        "order_refund_declined",
        "order_refund_requested",
        "order_refunded",
    ]
    told = [event for event in world.sent() if event["subject"] == one and event["sequence"]]
    assert [event["sequence"] for event in told] == [1, 2, 3, 4, 5, 6]


def test_two_steps_on_one_order_in_one_batch(shop):
    """Lost otherwise: an order is cancelled twice, and its voucher returns twice."""
    world, enterprise, _, product = shop
    order = world.order(enterprise, product)["result"]["id"]
    body = {"order_id": order, "enterprise_id": enterprise}
    first, second = world.batch("cancel_order", [body, body])
    assert (first["ok"], second["error"]["code"]) == (True, "WRONG_STATE")
    assert world.totals()["quota_available_fen"] == QUOTA


def test_only_the_parties_of_the_order(shop):
    """Lost otherwise: a stranger confirms, cancels or refunds."""
    world, enterprise, provider, product = shop
    order = world.order(enterprise, product)["result"]["id"]
    stranger = world.new("X")
    confirm = {"order_id": order, "contract_sha256": CONTRACT}
    assert world.refused("confirm_order", **confirm, provider_id=stranger)["code"] == "NOT_OWNER"
    assert world.refused("cancel_order", order_id=order, enterprise_id=stranger)["code"] == "NOT_OWNER"
    assert world.refused("cancel_order", order_id=stranger, enterprise_id=enterprise)["code"] == "NOT_FOUND"
    world.ok("confirm_order", **confirm, provider_id=provider)


def test_the_same_id_again(shop):
    """Lost otherwise: a retry under another key orders twice."""
    world, enterprise, _, product = shop
    body = world.order_body(enterprise, product)
    first, twin = world.batch("place_order", [body, body])
    assert first["result"] == twin["result"] == world.ok("place_order", **body)
    assert world.refused("place_order", **{**body, "price_fen": 999})["code"] == "ALREADY_EXISTS"
    assert world.refused("place_order", **{**body, "voucher_fen": 1})["code"] == "ALREADY_EXISTS"
    assert world.totals()["held_fen"] == 600_000


def test_what_was_not_heard_of_yet_may_be_sent_again_with_its_key(shop):
    """Lost otherwise: news that lags becomes a refusal for good."""
    world, enterprise, provider, _ = shop
    product = world.new("K")
    command = world.command("place_order", world.order_body(enterprise, product))
    error = world.run([command])[0]["error"]
    assert (error["code"], error["field"]) == ("NOT_YET_KNOWN", "product_id")
    world.product(provider, product)
    assert world.run([command])[0]["ok"]


def test_an_enterprise_of_a_programme_that_is_none(shop):
    """Lost otherwise: one strange record makes a defect of every batch it is in."""
    world, enterprise, _, product = shop
    stranger = world.enterprise(programme="atlantis-1")
    bodies = [world.order_body(one, product) for one in (stranger, enterprise)]
    first, second = world.batch("place_order", bodies)
    assert (first["error"]["code"], second["ok"]) == ("PROGRAMME_UNKNOWN", True)


def test_a_tie_is_told_and_then_counts(shop):
    """Lost otherwise: public money between affiliates (第十三条(四))."""
    world, enterprise, provider, product = shop
    world.tie(enterprise, provider)
    error = world.order(enterprise, product)["error"]
    assert (error["code"], error["article"]) == ("AFFILIATED_WITH_PROVIDER", "第十三条(四)")
    assert world.order(world.granted(), product)["ok"]


def holding(world, owner, held, *, sequence=1, since="2018-01-01", until=None, state=False):
    ends = {"owner": owner * 64, "held": held * 64, "state": state, "share_bp": 1, "from_on": since, "until_on": until}
    holding_id = f"01H{owner}{held}".upper().ljust(26, "0")
    what = "recorded" if sequence == 1 else "ended"
    data = {**ends, "holding_id": holding_id, "status": what}
    world.hear(world.event(f"registry.shareholding_{what}.v1", holding_id, data, sequence))


def declared(world, enterprise, provider, buyer, seller):
    world.enterprise(enterprise, indexes={"holder": "e" * 64, **buyer})
    world.provider(provider, indexes={"holder": "f" * 64, **seller})


def test_a_share_through_any_number_of_owners_refuses_the_order(shop):
    """Lost otherwise: a provider sells to itself behind two companies (第十三条(四))."""
    world, enterprise, provider, product = shop
    declared(world, enterprise, provider, {}, {})
    for owner, held in ("fa", "ab", "cb", "ce"):
        assert world.order(enterprise, product, voucher_fen=1000)["ok"]
        holding(world, owner, held)
    error = world.order(enterprise, product)["error"]
    assert (error["code"], error["article"]) == ("AFFILIATED_WITH_PROVIDER", "第十三条(四)")
    assert (error["facts"]["ties"], error["facts"]["holdings"]) == (["holding"], 4)
    assert "a" * 64 not in str(error)
    assert world.order(enterprise, product, voucher_fen=0)["ok"]
    assert world.order(world.granted(), product)["ok"]


def test_what_counts_is_the_share_of_the_day_of_the_order(shop):
    """Lost otherwise: a company that was sold long ago, or is bought next year, is refused; news in any order."""
    world, enterprise, provider, product = shop
    declared(world, enterprise, provider, {}, {})
    today, tomorrow = (str(local_date(world.clock.now()) + timedelta(days=days)) for days in (0, 1))
    holding(world, "f", "e", sequence=2, until=today)
    holding(world, "f", "e")
    assert world.order(enterprise, product)["ok"]
    holding(world, "f", "e", sequence=3, until=tomorrow)
    assert world.order(enterprise, product)["error"]["code"] == "AFFILIATED_WITH_PROVIDER"
    holding(world, "f", "e", sequence=4, since=tomorrow)
    assert world.order(enterprise, product)["ok"]


def test_the_state_ties_nobody(shop):
    """Lost otherwise: no company of the province could buy from another of the province (公司法)."""
    world, enterprise, provider, product = shop
    declared(world, enterprise, provider, {}, {})
    holding(world, "a", "e", state=True)
    holding(world, "a", "f", state=True)
    assert world.order(enterprise, product)["ok"]


@pytest.mark.parametrize(
    ("buyer", "seller", "ties"),
    [
        ({"account": ["1" * 64, "2" * 64]}, {"account": ["2" * 64]}, ["account"]),
        ({"representative": "1" * 64}, {"representative": "1" * 64}, ["representative"]),
        ({"phone": ["1" * 64], "address": ["2" * 64]}, {"phone": ["1" * 64], "address": ["2" * 64]}, None),
        ({"person": ["1" * 64]}, {"person": ["1" * 64]}, None),
        ({"representative": "1" * 64}, {"representative": "2" * 64}, None),
    ],
)
def test_the_same_account_or_representative_refuses_and_the_rest_is_for_a_supervisor(shop, buyer, seller, ties):
    """Lost otherwise: an honest firm is refused for an agent's telephone, or one person sells to himself."""
    world, enterprise, provider, product = shop
    declared(world, enterprise, provider, buyer, seller)
    answer = world.order(enterprise, product)
    assert answer.get("ok") is (ties is None)
    assert ties is None or answer["error"]["facts"]["ties"] == ties


def test_a_common_name_refuses_nobody(shop):
    """Lost otherwise: every 王伟 would be refused by every provider of another 王伟."""
    world, enterprise, provider, product = shop
    name = {"representative": "1" * 64}
    declared(world, enterprise, provider, name, name)
    world.enterprise(indexes=name)
    assert world.order(enterprise, product)["error"]["code"] == "AFFILIATED_WITH_PROVIDER"
    world.enterprise(indexes=name)
    assert world.order(enterprise, product)["ok"]


def test_the_blacklist_stops_orders_and_confirmations_from_its_moment(shop):
    """Lost otherwise: new money to a provider on the blacklist (第十二条)."""
    world, enterprise, provider, product = shop
    order = world.order(enterprise, product)["result"]["id"]
    world.blacklist(provider, since=world.clock.now() + timedelta(minutes=1))
    assert world.order(enterprise, product)["ok"]
    world.clock.advance(timedelta(minutes=1))
    assert world.order(enterprise, product)["error"]["code"] == "PROVIDER_NOT_AVAILABLE"
    confirm = {"order_id": order, "provider_id": provider, "contract_sha256": CONTRACT}
    assert world.refused("confirm_order", **confirm)["code"] == "BLACKLISTED"
    world.ok("cancel_order", order_id=order, enterprise_id=enterprise)
    world.blacklist(enterprise)
    assert world.order(enterprise, world.shelf()[1])["error"]["code"] == "BLACKLISTED"


def test_a_measure_while_a_case_runs_stops_the_same_in_whatever_order_its_news_comes(shop):
    """Lost otherwise: new money while a case runs, or a party that was cleared stays cut off by old news."""
    world, enterprise, provider, product = shop
    entry = world.blacklist(provider, interim=True, sequence=1)
    assert world.order(enterprise, product)["error"]["code"] == "PROVIDER_NOT_AVAILABLE"
    world.blacklist(provider, interim=True, entry=entry, status="removed", sequence=2)
    assert world.order(enterprise, product)["ok"]
    late = world.blacklist(provider, interim=True, status="removed", sequence=4)
    world.blacklist(provider, interim=True, entry=late, sequence=3)
    assert world.order(enterprise, product)["ok"]


def test_where_the_pack_says_so_what_was_placed_before_is_confirmed_all_the_same(shop, monkeypatch):
    """Lost otherwise: running orders stop where the rules let them go on, or new ones go on with them."""
    world, enterprise, provider, product = shop
    order = world.order(enterprise, product)["result"]["id"]
    world.blacklist(provider)
    confirm = {"order_id": order, "provider_id": provider, "contract_sha256": CONTRACT}
    assert world.refused("confirm_order", **confirm)["code"] == "BLACKLISTED"
    monkeypatch.setattr(Exit, "running_continue", True)
    assert world.order(enterprise, product)["error"]["code"] == "PROVIDER_NOT_AVAILABLE"
    assert world.do("confirm_order", **confirm)["ok"]


def test_an_enterprise_on_the_blacklist_is_committed_nothing(shop):
    """Lost otherwise: new money for an enterprise on the blacklist, from an order it placed before (第十二条)."""
    world, enterprise, provider, product = shop
    order = world.order(enterprise, product)["result"]["id"]
    world.blacklist(enterprise)
    confirm = {"order_id": order, "provider_id": provider, "contract_sha256": CONTRACT}
    error = world.refused("confirm_order", **confirm)
    assert (error["code"], error["field"], error["article"]) == ("BLACKLISTED", "order_id", "第十二条")
    assert world.totals()["committed_fen"] == 0


def test_a_suspended_provider_takes_no_new_order_until_it_is_reinstated(shop):
    """Lost otherwise: an assessment that stops nothing, or one that stops what runs already (贵州 五(五))."""
    world, enterprise, provider, product = shop
    order = world.order(enterprise, product)["result"]["id"]
    world.provider(provider, say="suspended")
    error = world.order(enterprise, product)["error"]
    assert (error["code"], error["facts"]["status"]) == ("PROVIDER_NOT_AVAILABLE", "suspended")
    assert world.do("confirm_order", order_id=order, provider_id=provider, contract_sha256=CONTRACT)["ok"]
    world.provider(provider, say="reinstated", status="admitted")
    assert world.order(enterprise, product)["ok"]


@pytest.mark.parametrize(("status", "code"), [("leaving", None), ("exited", "PROVIDER_NOT_AVAILABLE")])
def test_a_provider_confirms_until_it_has_exited(shop, status, code):
    """Lost otherwise: money for a provider that is gone, where its orders were not voided yet (第十二条)."""
    world, enterprise, provider, product = shop
    order = world.order(enterprise, product)["result"]["id"]
    with world.engine.begin() as conn:  # the news alone, before what follows from it
        conn.execute(tables.known_providers.update().values(status=status))
    answer = world.do("confirm_order", order_id=order, provider_id=provider, contract_sha256=CONTRACT)
    assert (None if answer["ok"] else answer["error"]["code"]) == code


def test_older_news_changes_nothing(shop):
    """Lost otherwise: a delisted product is sold because news came in another order."""
    world, enterprise, provider, product = shop
    data = world.rows(tables.known_products, tables.known_products.c.product_id == product)[0]
    world.product(provider, product, say="delisted")
    stale = {name: data[name] for name in ("product_id", "provider_id", "programme", "name", "category")}
    facts = {"kind": "database", "price_fen": 1, "voucher_eligible": True, "status": "published"}
    world.hear(world.event("registry.product_published.v1", product, {**stale, **facts}, sequence=1))
    assert world.order(enterprise, product, price_fen=1)["error"]["code"] == "PRODUCT_NOT_AVAILABLE"


def test_a_refusal_is_told_with_its_article(shop):
    """Lost otherwise: nobody can read why, and supervision does not see who tries."""
    world, enterprise, _, product = shop
    error = world.refused("place_order", **world.order_body(enterprise, product, voucher_fen=600_001))
    assert (error["code"], error["field"], error["article"]) == ("REQUEST_ABOVE_RATE", "voucher_fen", "第十八条")
    assert error["facts"]["allowed_fen"] == 600_000
    (event,) = world.sent("command_refused")
    assert (event["data"]["code"], event["data"]["method"]) == ("REQUEST_ABOVE_RATE", "place_order")
