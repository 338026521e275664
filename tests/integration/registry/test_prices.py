"""Market prices: kept with who found them, when and where; and the new steps, by the set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from contracts import ulid
from infra.messages import Actor
from services.registry import store
from tests.integration.registry.steps import BUREAU_2, NEIMENGGU, SHANDONG, hand_in, office, provider, refusal
from tests.integration.registry.world import (
    BUREAU,
    OPERATOR,
    PLATFORM,
    Registry,
    enterprise_facts,
    make_code,
    product_facts,
    provider_facts,
)


def test_a_recorded_market_price_is_kept_with_who_when_and_where(registry: Registry):
    """Lost otherwise: a product above the market would be paid for, or a price held against it by nobody."""
    seller = registry.provider()
    product = registry.product(seller)
    found = {"product_id": product, "market_price_fen": 9_000, "source": "三家平台询价"}
    assert registry.ok("record_market_price", BUREAU, **found)["status"] == "published", "it stays on the shelf"
    registry.clock.advance(timedelta(days=30))
    registry.ok("record_market_price", OPERATOR, **{**found, "market_price_fen": 9_500})
    first, second = registry.events("product_priced")
    assert (first["sequence"], first["data"]["market_price_fen"], first["data"]["status"]) == (4, 9_000, "published")
    assert (second["sequence"], second["data"]["market_price_fen"]) == (5, 9_500)
    assert first["data"]["law"]["articles"] == ["第十条(三)"]
    assert "三家平台询价" not in str(registry.events()), "an official's text stays here"
    [decision] = [
        one
        for one in registry.ask("explain", OPERATOR, subject=product)["result"]["decisions"]
        if one["facts"].get("market_price_fen") == 9_000
    ]
    assert decision["facts"] | {"price_fen": 0} == {
        "price_fen": 0, "market_price_fen": 9_000, "market_price_before_fen": 12_000, "above_market": True,
        "source": "三家平台询价",
    }  # fmt: skip
    shown = registry.ask("get_product", OPERATOR, id=product)["result"]
    assert [(one["market_price_fen"], one["actor"]) for one in shown["market_prices"]] == [
        (9_500, OPERATOR.subject), (9_000, BUREAU.subject),
    ]  # fmt: skip
    assert shown["market_prices"][1]["at"].startswith("2019-03-01")
    for role, organisation in (("enterprise", registry.enterprise()), ("provider", seller)):
        party = Actor("u", frozenset({role}), organisation=organisation)
        assert "market_prices" not in registry.ask("get_product", party, id=product)["result"]


def test_a_market_price_below_the_offer_keeps_it_off_the_shelf(registry_once: Registry):
    """Lost otherwise: a reviewer would publish what is known to be too dear."""
    product = registry_once.product(registry_once.provider(), to="submitted")
    body = {"product_id": product, "market_price_fen": 9_999, "source": "询价"}
    registry_once.ok("record_market_price", BUREAU, **body)
    given = registry_once.send("review_product", OPERATOR, product_id=product, stage="operator", decision="approve")
    assert refusal(given) == ("PRICE_ABOVE_MARKET", "第十一条(四)")


def test_no_market_price_is_recorded_without_a_rule_or_after_the_end(registry_once: Registry):
    """Lost otherwise: a price would be held against a provider of Shandong by Guizhou's article."""
    registry = registry_once
    seller = provider(registry, SHANDONG, "370203")
    registry.ok("admit_provider", BUREAU, provider_id=seller, decision="admit", batch="1")
    free = product_facts(provider_id=seller, category="platform", kind="iot")
    registry.ok("submit_product", PLATFORM, **free)
    body = {"market_price_fen": 1, "source": "询价"}
    given = registry.send("record_market_price", BUREAU, product_id=free["product_id"], **body)
    assert refusal(given)[0] == "RULE_ABSENT"
    guizhou = registry.provider(code=make_code(8))
    product = registry.product(guizhou)
    registry.exit(guizhou, "law_breach")
    assert refusal(registry.send("record_market_price", BUREAU, product_id=product, **body))[0] == "WRONG_STATE"
    assert refusal(registry.send("record_market_price", BUREAU, product_id=ulid.new(), **body))[0] == "NOT_FOUND"
    assert registry.rows(store.market_prices) == []


def test_a_large_batch_of_the_new_steps_takes_as_many_statements_as_a_small_one(registry_on_postgres: Registry):
    """Lost otherwise: the rate of an import or a nomination round would fall with its size."""
    registry = registry_on_postgres
    registry.clock.advance(datetime(2019, 10, 8, 2, tzinfo=UTC) - registry.clock.now())
    near = {"programme": SHANDONG, "region": "370203"}
    platform = provider(registry, SHANDONG, "370203", 99)
    app = {**near, "provider_kind": "application", "platform_id": platform}
    apps = [provider_facts(uscc=make_code(n, "370203"), **app) for n in range(100, 112)]
    seller = registry.provider()
    priced = [registry.product(seller, to="submitted") for _ in range(12)]
    nominated = [provider(registry, NEIMENGGU, "150203", n) for n in range(12)]
    for one in nominated:
        case_id = hand_in(registry, "provider", one, "business_licence")
        registry.ok("review_certification", BUREAU, case_id=case_id, decision="approve")
    shelf = [product_facts(provider_id=app["provider_id"], category="platform", kind="iot") for app in apps]
    prefecture = office("prefecture", "150200")
    batches = [
        ("register_enterprise", PLATFORM, [enterprise_facts(uscc=make_code(n), **near) for n in range(12)]),
        ("register_provider", PLATFORM, apps),
        ("admit_provider", prefecture, [{"provider_id": one, "decision": "admit"} for one in nominated]),
        ("admit_provider", BUREAU_2, [{"provider_id": one, "decision": "admit"} for one in nominated]),
        (
            "admit_provider",
            BUREAU,
            [{"provider_id": one["provider_id"], "decision": "admit", "batch": "1"} for one in apps],
        ),
        ("submit_product", PLATFORM, shelf),
        ("record_market_price", BUREAU, [{"product_id": one, "market_price_fen": 5, "source": "x"} for one in priced]),
    ]
    for method, actor, bodies in batches:
        counts = []
        for part in (bodies[:1], bodies[1:]):
            registry.statements.clear()
            answers = registry.send_many(method, [(actor, body) for body in part])
            assert all(one["ok"] for one in answers), answers
            counts.append(len(registry.statements))
        assert counts[0] == counts[1], (method, counts)
