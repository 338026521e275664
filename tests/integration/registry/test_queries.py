"""Views: what each may see, page by page, and the figures that are reconciled."""

from __future__ import annotations

import pytest

from contracts import ulid
from contracts.rpc.registry import Contacts, PayeeAccounts
from infra.messages import Actor
from tests.integration.registry.world import (
    BUREAU,
    OPERATOR,
    PLATFORM,
    PROGRAMME,
    SERVICE,
    Registry,
    enterprise_facts,
    make_code,
    product_facts,
)


def party(kind: str, organisation: str) -> Actor:
    """A token of an enterprise or provider."""
    return Actor(f"{kind}-user", frozenset({kind}), organisation)


def test_an_enterprise_sees_itself_and_no_other(registry_once: Registry):
    """Lost otherwise: competitors would read each other's revenue."""
    mine, other = registry_once.enterprise(code=make_code(1)), registry_once.enterprise(code=make_code(2))
    assert registry_once.ask("get_enterprise", party("enterprise", mine), id=mine)["ok"]
    given = registry_once.ask("get_enterprise", party("enterprise", mine), id=other)
    assert given["error"]["code"] == "NOT_OWNER"


def test_others_see_of_a_provider_what_the_catalogue_shows(registry_once: Registry):
    """Lost otherwise: enterprises could not look at a provider, or would see its account's version and record."""
    hidden = registry_once.provider(code=make_code(1), to="certified")
    shown = registry_once.provider(code=make_code(2))
    visitor = party("enterprise", registry_once.enterprise())
    assert registry_once.ask("get_provider", visitor, id=hidden)["error"]["code"] == "NOT_OWNER"
    assert "account_version" not in registry_once.ask("get_provider", visitor, id=shown)["result"]
    assert "account_version" in registry_once.ask("get_provider", party("provider", shown), id=shown)["result"]


def test_a_product_is_seen_by_all_when_published(registry_once: Registry):
    """Lost otherwise: prices under review would be known to competitors."""
    provider = registry_once.provider()
    draft = registry_once.product(provider, to="submitted")
    visitor = party("enterprise", registry_once.enterprise())
    assert registry_once.ask("get_product", visitor, id=draft)["error"]["code"] == "NOT_OWNER"
    assert registry_once.ask("get_product", party("provider", provider), id=draft)["ok"]
    published = registry_once.product(provider)
    assert registry_once.ask("get_product", visitor, id=published)["result"]["status"] == "published"


def test_pages_follow_each_other_without_loss(registry: Registry):
    """Lost otherwise: whoever reads a list page by page would miss enterprises or see them twice."""
    bodies = [enterprise_facts(uscc=make_code(number)) for number in range(7)]
    registry.send_many("register_enterprise", [(PLATFORM, body) for body in bodies])
    seen: list[str] = []
    after = None
    for _ in range(4):
        page = registry.ask(
            "list_parties",
            OPERATOR,
            programme=PROGRAMME,
            kind="enterprise",
            limit=3,
            **({"after": after} if after else {}),
        )["result"]
        seen += [one["enterprise_id"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == sorted(body["enterprise_id"] for body in bodies)


@pytest.mark.parametrize(("prefix", "count"), [("52", 1), ("5201", 1), ("5202", 0), ("%", 0)])
def test_parties_are_found_by_region(registry_once: Registry, prefix, count):
    """Lost otherwise: a prefecture could not see its own enterprises; `%` would show all of them."""
    registry_once.enterprise()
    body = {"programme": PROGRAMME, "kind": "enterprise", "status": "registered", "region_prefix": prefix}
    assert len(registry_once.ask("list_parties", OPERATOR, **body)["result"]["items"]) == count


def test_work_that_waits_is_listed_until_it_is_done(registry_once: Registry):
    """Lost otherwise: reviewers would not know what waits for them."""

    def work(kind: str):
        return registry_once.ask("list_work", OPERATOR, programme=PROGRAMME, kind=kind)["result"]["items"]

    provider = registry_once.provider(to="registered")
    case_id = registry_once.submit_case("provider", provider)
    assert [one["case_id"] for one in work("certification")] == [case_id]
    registry_once.ok("review_certification", OPERATOR, case_id=case_id, decision="approve")
    assert (work("certification"), [one["provider_id"] for one in work("provider")]) == ([], [provider])
    registry_once.ok("admit_provider", BUREAU, provider_id=provider, decision="admit")
    product = registry_once.product(provider, to="in_review")
    assert ([one["product_id"] for one in work("product")], work("provider")) == ([product], [])


def test_accounts_and_contacts_are_opened_for_services(registry: Registry):
    """Lost otherwise: nothing could be paid, and nobody told."""
    provider, enterprise = registry.provider(), registry.enterprise()
    accounts = registry.ask("payee_accounts", SERVICE, ids=[provider, enterprise, "01AAAAAAAAAAAAAAAAAAAAAAAA"])[
        "result"
    ]
    assert PayeeAccounts().validate(accounts) == {}
    shown = {one["party_id"]: (one["kind"], one["account"], one["account_version"]) for one in accounts["items"]}
    assert shown == {provider: ("provider", "6222 0000 0000 0001", 1), enterprise: ("enterprise", None, 0)}
    contacts = registry.ask("contacts", SERVICE, ids=[provider, enterprise])["result"]
    assert Contacts().validate(contacts) == {}
    assert {one["id"]: one["contact_email"] for one in contacts["items"]} == {
        provider: None,
        enterprise: "contact@example.invalid",
    }


def test_a_refused_view_says_not_found(registry_once: Registry):
    """Lost otherwise: an id of the wrong kind would be shown under the wrong rules."""
    enterprise = registry_once.enterprise()
    for method in ("get_provider", "get_product", "get_certification"):
        assert registry_once.ask(method, OPERATOR, id=enterprise)["error"]["code"] == "NOT_FOUND"


def test_totals_count_what_is_there(registry: Registry):
    """Lost otherwise: reconciliation would compare with wrong figures."""
    provider = registry.provider()
    registry.product(provider)
    registry.certify("enterprise", registry.enterprise(code=make_code(1)))
    registry.enterprise(code=make_code(2))
    given = registry.ask("totals", OPERATOR, programme=PROGRAMME, year=2019)["result"]
    assert given["figures"] == {
        "enterprises": 2,
        "enterprises_certified": 1,
        "providers": 1,
        "products_published": 1,
        "outbox_unsent": len(registry.events()),
        "stream_seq": 0,
    }


def _batches(registry: Registry):
    """Each command once and many times over, on fresh parties and products."""
    provider = registry.provider()
    enterprises = [registry.enterprise(code=make_code(number)) for number in range(100, 112)]
    documents = registry.documents("enterprise")
    cases = [
        {"case_id": ulid.new(), "party_kind": "enterprise", "party_id": one, "documents": documents}
        for one in enterprises
    ]
    reviews = [{"case_id": case["case_id"], "decision": "approve"} for case in cases]
    products = [product_facts(provider_id=provider) for _ in range(12)]
    passes = [{"product_id": one["product_id"], "stage": "operator", "decision": "approve"} for one in products]
    changes = [
        {"party_id": one, "party_kind": "enterprise", "reason": "x", "name": "改", "address": "y"}
        for one in enterprises
    ]
    return [
        ("register_enterprise", PLATFORM, [enterprise_facts(uscc=make_code(number)) for number in range(12)]),
        ("submit_certification", PLATFORM, cases),
        ("review_certification", OPERATOR, reviews),
        ("change_facts", PLATFORM, changes),
        ("submit_product", PLATFORM, products),
        ("review_product", OPERATOR, passes),
    ]


def test_a_large_batch_takes_as_many_statements_as_a_small_one(registry_on_postgres: Registry):
    """Lost otherwise: the rate, which the service owes to deciding in memory and writing by the set."""
    registry = registry_on_postgres
    for method, actor, bodies in _batches(registry):
        counts = []
        for part in (bodies[:1], bodies[1:]):
            registry.statements.clear()
            answers = registry.send_many(method, [(actor, body) for body in part])
            assert all(one["ok"] for one in answers), answers
            counts.append(len(registry.statements))
        assert counts[0] == counts[1], (method, counts)
