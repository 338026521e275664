"""Five programmes and a sixth in one registry: each goes its own way, by its pack and by nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts import ulid
from contracts.programmes.loader import SHIPPED
from contracts.rpc.registry import PayeeAccounts
from infra import packs
from infra.messages import Actor
from services.registry import store
from services.registry.domain.uscc import party_id
from tests.integration.registry.steps import (
    BUREAU_2,
    NEIMENGGU,
    PACKS,
    SHANDONG,
    SHANXI,
    SHENYANG,
    SIXTH,
    enterprise,
    hand_in,
    office,
    papers,
    provider,
    refusal,
    said,
    work,
)
from tests.integration.registry.world import (
    BUREAU,
    OPERATOR,
    PLATFORM,
    SERVICE,
    Registry,
    enterprise_facts,
    make_code,
    product_facts,
    provider_facts,
)


@pytest.fixture
def neimenggu(registry: Registry) -> Registry:
    """A registry in the autumn of 2019."""
    registry.clock.advance(datetime(2019, 10, 8, 2, tzinfo=UTC) - registry.clock.now())
    return registry


@pytest.fixture
def use_packs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """A folder of further packs for one test; the next one reads its own."""

    def use(folder: Path) -> None:
        monkeypatch.setenv(packs.FOLDER, str(folder))
        packs.library.cache_clear()

    yield use
    packs.library.cache_clear()


@pytest.fixture
def sixth(registry: Registry, use_packs: Callable[[Path], None]) -> Registry:
    """A registry in 2021 that knows a sixth programme, by its file alone."""
    use_packs(PACKS)
    registry.clock.advance(datetime(2021, 6, 1, 2, tzinfo=UTC) - registry.clock.now())
    return registry


# --- Inner Mongolia: the own prefecture certifies and nominates, the department recognises ----------------------------


def test_an_enterprise_is_certified_by_its_own_prefecture(neimenggu: Registry):
    """Lost otherwise: a prefecture would certify enterprises that it cannot go and see (四)."""
    registry, party = neimenggu, enterprise(neimenggu, NEIMENGGU, "150203")
    case_id = hand_in(registry, "enterprise", party, "business_licence", "contact_id_front", "contact_id_back")
    assert work(registry, NEIMENGGU, "certification", stage="prefecture", region="1502") == [("prefecture", "150203")]
    assert work(registry, NEIMENGGU, "certification", region="1503") == []
    assert work(registry, NEIMENGGU, "certification", stage="bureau") == []
    for actor, code in (
        (office("prefecture", "150300"), "REGION_MISMATCH"),
        (office("prefecture", None), "REGION_MISMATCH"),
        (OPERATOR, "FORBIDDEN"),
    ):
        given = registry.send("review_certification", actor, case_id=case_id, decision="approve")
        assert refusal(given) == (code, "四")
        assert given["error"]["facts"]["pack_version"] == "neimenggu-2019@1"
    registry.ok("review_certification", office("prefecture", "150200"), case_id=case_id, decision="approve")
    assert said(registry, party)[-1] == ("enterprise_certified", 3, "certified")
    [decided] = registry.events("certification_decided")
    assert decided["data"]["stage"] == "prefecture"
    assert decided["data"]["law"] | {"facts": None} == {
        "pack_version": "neimenggu-2019@1", "articles": ["四"], "facts": None,
    }  # fmt: skip
    assert work(registry, NEIMENGGU, "certification") == []


def test_an_enterprises_history_tells_of_its_certification(neimenggu: Registry):
    """Lost otherwise: who asks why an enterprise was certified is told that nobody has decided anything."""
    registry, party = neimenggu, enterprise(neimenggu, NEIMENGGU, "150203")
    case = hand_in(registry, "enterprise", party, "business_licence", "contact_id_front", "contact_id_back")
    registry.ok("review_certification", office("prefecture", "150200"), case_id=case, decision="approve")
    decisions = registry.ask("explain", OPERATOR, subject=party)["result"]["decisions"]
    assert [(one["action"], one["articles"]) for one in decisions] == [
        ("submit_certification", ["四"]),
        ("review_certification", ["四"]),
    ]
    assert registry.ask("explain", OPERATOR, subject=case)["result"]["decisions"] == decisions


def test_a_provider_is_nominated_by_its_prefecture_and_recognised_by_the_department(neimenggu: Registry):
    """Lost otherwise: a provider nobody nominated would be recognised, or a nominated one sell already (二(二))."""
    registry, party = neimenggu, provider(neimenggu, NEIMENGGU, "150203")
    case_id = hand_in(registry, "provider", party, "business_licence")
    registry.ok("review_certification", BUREAU, case_id=case_id, decision="approve")
    admit = {"provider_id": party, "decision": "admit"}
    assert work(registry, NEIMENGGU, "provider", stage="prefecture") == [("prefecture", "150203")]
    assert refusal(registry.send("admit_provider", BUREAU_2, **admit)) == ("FORBIDDEN", "二(二)")
    given = registry.send("admit_provider", office("prefecture", "150300"), **admit)
    assert refusal(given) == ("REGION_MISMATCH", "二(二)")
    assert registry.ok("admit_provider", office("prefecture", "150200"), **admit)["status"] == "nominated"
    assert work(registry, NEIMENGGU, "provider", stage="bureau") == [("bureau", "150203")]
    product = product_facts(provider_id=party, category="platform", kind="database")
    registry.ok("submit_product", PLATFORM, **product)
    review = {"product_id": product["product_id"], "stage": "bureau", "decision": "approve"}
    assert refusal(registry.send("review_product", BUREAU, **review))[0] == "PROVIDER_NOT_ADMITTED"
    assert refusal(registry.send("admit_provider", BUREAU, **admit)) == ("SAME_PERSON", "二(二)")
    registry.ok("admit_provider", BUREAU_2, **admit)
    assert said(registry, party) == [
        ("provider_registered", 1, "registered"),
        ("provider_submitted", 2, "submitted"),
        ("provider_certified", 3, "certified"),
        ("provider_nominated", 4, "nominated"),
        ("provider_admitted", 5, "admitted"),
    ]
    assert work(registry, NEIMENGGU, "provider") == []
    assert registry.ok("review_product", BUREAU, **review)["status"] == "published"
    decisions = registry.ask("explain", OPERATOR, subject=party)["result"]["decisions"]
    admitted = [one for one in decisions if one["outcome"] == "ok" and one["action"] == "admit_provider"]
    assert [one["facts"]["stage"] for one in admitted] == ["nomination", "recognition"]
    assert {one["pack_version"] for one in decisions} == {"neimenggu-2019@1"}


def test_a_provider_that_the_department_refuses_begins_anew(neimenggu: Registry):
    """Lost otherwise: an old nomination would carry a provider past its prefecture the next time."""
    registry, party = neimenggu, provider(neimenggu, NEIMENGGU, "150203")
    for round_ in range(2):
        case_id = hand_in(registry, "provider", party, "business_licence")
        registry.ok("review_certification", BUREAU, case_id=case_id, decision="approve")
        given = registry.send("admit_provider", BUREAU_2, provider_id=party, decision="admit")
        assert refusal(given)[0] == "FORBIDDEN", "the prefecture comes first"
        prefecture = office("prefecture", "150200", str(round_))
        registry.ok("admit_provider", prefecture, provider_id=party, decision="admit")
        registry.ok("admit_provider", BUREAU_2, provider_id=party, decision="refuse", reasons=["服务能力不足"])
    assert [what for what, _, _ in said(registry, party)].count("provider_refused") == 2


# --- Shandong, Shenyang, Shanxi: what the document does not ask for ---------------------------------------------------


def test_registration_certifies_where_nobody_reviews(registry: Registry):
    """Lost otherwise: an enterprise of Shandong would wait for an office that its document does not name."""
    party = enterprise(registry, SHANDONG, "370203")
    assert said(registry, party) == [
        ("enterprise_registered", 1, "registered"),
        ("enterprise_certified", 2, "certified"),
    ]
    [event] = registry.events("enterprise_certified")
    assert event["data"]["law"]["pack_version"] == "shandong-2017@1"
    assert event["data"]["law"]["articles"] == ["鲁经信信推〔2017〕417号"]
    [decision] = registry.ask("explain", OPERATOR, subject=party)["result"]["decisions"]
    assert (decision["action"], decision["facts"]["status"]) == ("register_enterprise", "certified")
    body = {"case_id": ulid.new(), "party_kind": "enterprise", "party_id": party}
    given = registry.send("submit_certification", PLATFORM, **body, documents=papers(registry, "business_licence"))
    assert refusal(given)[0] == "WRONG_STATE"
    assert registry.ok("register_enterprise", PLATFORM, **again(registry, party))["sequence"] == 2


def again(registry: Registry, party: str) -> dict[str, Any]:
    """The same registration once more."""
    return enterprise_facts(enterprise_id=party, uscc=make_code(1, "370203"), programme=SHANDONG, region="370203")


def test_an_import_certifies_too_where_nobody_reviews(registry: Registry):
    """Lost otherwise: of a register's enterprises none could take part, and nobody could say why one does."""
    rows = [
        {"uscc": make_code(n, "370203"), "name": f"示例{n}有限公司", "region": "370203",
         "registered_on": "2012-02-29", "legal_person": True}
        for n in range(3)
    ]  # fmt: skip
    for programme in (SHANDONG, "guizhou-2018"):
        given = registry.ok("import_enterprises", OPERATOR, programme=programme, rows=rows)
        assert given["outcomes"] == ["accepted"] * 3
    for number in range(3):
        ids = [
            party_id(programme=one, kind="enterprise", code=make_code(number, "370203"))
            for one in (SHANDONG, "guizhou-2018")
        ]
        assert [said(registry, one)[-1][2] for one in ids] == ["certified", "registered"]
    [decision] = registry.ask("explain", OPERATOR, subject=ids[0])["result"]["decisions"]
    assert decision["pack_version"] == "shandong-2017@1"


def test_providers_of_shandong_come_in_batches_with_their_platform(registry: Registry):
    """Lost otherwise: the catalogue would not say which batch, nor who files for an application provider (三(二))."""
    cloud, app = ulid.new(), ulid.new()
    common = {"programme": SHANDONG, "region": "370203"}
    named = {"provider_kind": "application", "platform_id": cloud}
    bodies = [
        provider_facts(provider_id=app, uscc=make_code(3, "370203"), **common, **named),
        provider_facts(provider_id=cloud, uscc=make_code(2, "370203"), **common),
    ]
    answers = registry.send_many("register_provider", [(PLATFORM, body) for body in bodies])
    assert [one["result"]["id"] for one in answers] == [app, cloud]
    assert said(registry, app) == [("provider_registered", 1, "registered"), ("provider_certified", 2, "certified")]
    given = registry.send("admit_provider", BUREAU, provider_id=app, decision="admit")
    assert refusal(given) == ("BATCH_MISSING", "三(二)")
    product = product_facts(provider_id=app, category="platform", kind="iot")
    assert refusal(registry.send("submit_product", PLATFORM, **product))[0] == "PROVIDER_NOT_ADMITTED"
    registry.ok("admit_provider", BUREAU, provider_id=app, decision="admit", batch="第一批")
    [admitted] = registry.events("provider_admitted")
    kept = ("provider_kind", "platform_id", "batch")
    assert [admitted["data"][name] for name in kept] == ["application", cloud, "第一批"]
    visitor = Actor("u", frozenset({"enterprise"}), organisation=enterprise(registry, SHANDONG, "370203"))
    shown = registry.ask("get_provider", visitor, id=app)["result"]
    assert [shown[name] for name in kept] == ["application", cloud, "第一批"]
    assert registry.ok("submit_product", PLATFORM, **product)["status"] == "published"
    assert said(registry, product["product_id"]) == [
        ("product_submitted", 1, "submitted"), ("product_published", 2, "published"),
    ]  # fmt: skip
    listed = registry.ask("list_products", PLATFORM, programme=SHANDONG)["result"]["items"]
    assert [one["product_id"] for one in listed] == [product["product_id"]]


def test_an_application_provider_whose_platform_is_out_names_another(registry: Registry):
    """Lost otherwise: nobody could ever file for it again, and its orders would hold their support for good."""
    first, second = (provider(registry, SHANDONG, "370203", number) for number in (5, 6))
    app = provider(registry, SHANDONG, "370203", 7, provider_kind="application", platform_id=first)
    registry.blacklist(first)
    late = provider_facts(uscc=make_code(8, "370203"), programme=SHANDONG, region="370203")
    late |= {"provider_kind": "application", "platform_id": first}
    given = registry.send("register_provider", PLATFORM, **late)
    assert (given["error"]["code"], given["error"]["field"]) == ("FACT_INVALID", "platform_id")
    body = {"party_id": app, "party_kind": "provider", "reason": "原平台被列入黑名单"}
    given = registry.send("change_facts", PLATFORM, **body, platform_id=second)
    assert (given["error"]["code"], given["error"]["field"]) == ("FORBIDDEN", "platform_id")
    for named in (app, ulid.new()):
        given = registry.send("change_facts", OPERATOR, **body, platform_id=named)
        assert (given["error"]["code"], given["error"]["field"]) == ("FACT_INVALID", "platform_id")
    registry.ok("change_facts", OPERATOR, **body, platform_id=second)
    assert registry.events("provider_facts_changed")[-1]["data"]["platform_id"] == second
    given = registry.send("change_facts", OPERATOR, **{**body, "party_id": second}, platform_id=first)
    assert given["error"]["code"] == "FACT_INVALID", "a platform provider files for itself"


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ({"provider_kind": "application"}, "FACT_MISSING"),
        ({"provider_kind": "application", "platform_id": "01AAAAAAAAAAAAAAAAAAAAAAAA"}, "FACT_INVALID"),
        ({"provider_kind": "application", "platform_id": "guizhou"}, "FACT_INVALID"),
        ({"provider_kind": "application", "platform_id": "application"}, "FACT_INVALID"),
        ({"provider_kind": "platform", "platform_id": "platform"}, "FACT_INVALID"),
    ],
)
def test_a_platform_is_a_platform_provider_of_the_same_programme(registry_once: Registry, named, code):
    """Lost otherwise: claims would be filed and paid through a stranger."""
    registry = registry_once
    platform = provider(registry, SHANDONG, "370203", 5)
    ids = {
        "platform": platform,
        "guizhou": registry.provider(to="registered"),
        "application": provider(registry, SHANDONG, "370203", 6, provider_kind="application", platform_id=platform),
    }
    body = provider_facts(uscc=make_code(7, "370203"), programme=SHANDONG, region="370203", **named)
    body["platform_id"] = ids.get(named.get("platform_id"), named.get("platform_id"))
    given = registry.send("register_provider", PLATFORM, **body)
    assert (given["error"]["code"], given["error"]["field"]) == (code, "platform_id")


def test_shenyang_pays_enterprises_and_admits_whoever_registers(registry: Registry):
    """Lost otherwise: an enterprise's money could not be paid to the account that was approved."""
    account = {"account": "6222000000000001", "account_holder": "示例有限公司", "bank_name": "示例银行"}
    tax = {"tax_region": "210102", "serves_industry": True, "industry": "software", "size": "small"}
    party = enterprise(registry, SHENYANG, "210102", **account, bank_code="102701000013", **tax)
    [event] = registry.events("enterprise_registered")
    shown = {name: event["data"][name] for name in (*tax, "account_version")}
    assert shown == {**tax, "account_version": 1}
    seller = provider(registry, SHENYANG, "210102")
    assert [state for _, _, state in said(registry, seller)] == ["registered", "certified", "admitted"]
    [admitted] = registry.events("provider_admitted")
    assert admitted["data"]["law"]["articles"] == ["三(五)2"], "who provides, not how long the plan is in effect"
    given = registry.ask("payee_accounts", SERVICE, ids=[party, seller])["result"]
    assert PayeeAccounts().validate(given) == {}
    assert {one["party_id"]: (one["kind"], one["status"], one["account_version"]) for one in given["items"]} == {
        party: ("enterprise", "certified", 1),
        seller: ("provider", "admitted", 1),
    }
    change = {"party_id": party, "party_kind": "enterprise", "reason": "换行"}
    registry.ok("change_facts", PLATFORM, **change, bank_name="另一示例银行")
    [changed] = registry.events("enterprise_facts_changed")
    assert (changed["data"]["account_version"], changed["data"]["tax_region"]) == (2, "210102")
    [item] = registry.ask("payee_accounts", SERVICE, ids=[party])["result"]["items"]
    assert (item["bank_name"], item["account_version"]) == ("另一示例银行", 2)
    product = product_facts(provider_id=seller, category="software", kind="cloud")
    assert registry.ok("submit_product", PLATFORM, **product)["status"] == "published"


@pytest.mark.parametrize(
    ("field", "value"),
    [("tax_region", "210104"), ("serves_industry", True), ("industry", "industrial"), ("size", "micro")],
)
def test_what_decides_over_taking_part_is_recorded_by_the_operator(registry_once: Registry, field, value):
    """Lost otherwise: an enterprise would make itself small, industrial or taxed here, once it is certified."""
    party = enterprise(registry_once, SHENYANG, "210102", size="large", industry="other", tax_region="110101")
    body = {"party_id": party, "party_kind": "enterprise", "reason": "核实", field: value}
    given = registry_once.send("change_facts", PLATFORM, **body)
    assert (given["error"]["code"], given["error"]["field"]) == ("FORBIDDEN", field)
    registry_once.ok("change_facts", OPERATOR, **body)
    assert registry_once.events("enterprise_facts_changed")[0]["data"][field] == value
    [kept] = registry_once.rows(store.facts_history)
    assert (kept["field"], kept["new"]) == (field, value)


def test_an_enterprises_first_account_is_its_first_version(registry_once: Registry):
    """Lost otherwise: an account given later would be taken for one that was never given."""
    party = enterprise(registry_once, SHANXI, "140203")
    assert registry_once.events("enterprise_registered")[0]["data"]["account_version"] == 0
    body = {"party_id": party, "party_kind": "enterprise", "reason": "补充"}
    whole = {"account_holder": "生成企业", "bank_name": "生成银行", "bank_code": "102701000013"}
    registry_once.ok("change_facts", PLATFORM, **body, account="6222000000000003")
    registry_once.ok("change_facts", PLATFORM, **body, **whole)
    told = [one["data"]["account_version"] for one in registry_once.events("enterprise_facts_changed")]
    assert told == [0, 1], "nobody can be paid to a number without its holder and bank"


def test_half_an_account_at_registration_is_none(registry_once: Registry):
    """Lost otherwise: money would be approved for an account that no bank can find."""
    enterprise(registry_once, SHENYANG, "210102", account="6222000000000003")
    assert registry_once.events("enterprise_registered")[0]["data"]["account_version"] == 0


def test_a_tie_under_a_programme_that_leaves_its_conditions_to_others(registry_once: Registry):
    """Lost otherwise: a rule that is delegated and not written would be a failure of ours."""
    tie = {"tie_id": ulid.new(), "enterprise_id": enterprise(registry_once, SHANXI, "140203")}
    tie |= {"provider_id": provider(registry_once, SHANXI, "140203"), "kind": "ownership", "evidence": "持股"}
    assert registry_once.ok("record_tie", OPERATOR, **tie)["status"] == "recorded"


def test_notice_is_not_given_where_no_document_lays_down_its_days(registry_once: Registry):
    """Lost otherwise: a provider of Shanxi would be gone the same day, its running orders with it."""
    seller = provider(registry_once, SHANXI, "140203")
    given = registry_once.send("give_exit_notice", PLATFORM, provider_id=seller, reason="业务调整")
    assert refusal(given)[0] == "RULE_ABSENT"


# --- a sixth programme, by its file ----------------------------------------------------------------------------------


def test_three_people_certify_in_the_sixth(sixth: Registry):
    """Lost otherwise: a programme with more stages than ours had would need a developer."""
    registry, party = sixth, enterprise(sixth, SIXTH, "880102")
    case_id = hand_in(registry, "enterprise", party, "business_licence", "premises_picture")
    district, bureau = office("district", "880102"), BUREAU

    def review(actor: Actor, decision: str = "approve", **more: Any) -> dict[str, Any]:
        return registry.send("review_certification", actor, case_id=case_id, decision=decision, **more)

    assert refusal(review(bureau)) == ("FORBIDDEN", "第四条")
    assert review(OPERATOR)["result"]["status"] == "in_review"
    assert work(registry, SIXTH, "certification", stage="district", region="880102") == [("district", "880102")]
    assert refusal(review(office("district", "880103")))[0] == "REGION_MISMATCH"
    assert review(district, "return", reasons=["照片不清"])["result"]["status"] == "returned"
    hand_in(registry, "enterprise", party, "business_licence", "premises_picture", case_id=case_id)
    assert refusal(review(district))[0] == "FORBIDDEN", "a second round begins at the first stage"
    both = Actor("both", frozenset({"operator", "bureau"}))
    assert review(both)["result"]["status"] == "in_review"
    assert review(district)["result"]["status"] == "in_review"
    assert refusal(review(both)) == ("SAME_PERSON", "第四条")
    assert review(bureau)["result"]["status"] == "approved"
    assert refusal(review(bureau))[0] == "WRONG_STATE"
    told = [
        (one["type"].split(".")[1], one["sequence"], one["data"]["decision"], one["data"]["stage"])
        for one in registry.events()
        if one["subject"] == case_id and "command_refused" not in one["type"]
    ]
    assert told == [
        ("certification_reviewed", 2, "approve", "operator"),
        ("certification_decided", 3, "return", "district"),
        ("certification_reviewed", 5, "approve", "operator"),
        ("certification_reviewed", 6, "approve", "district"),
        ("certification_decided", 7, "approve", "bureau"),
    ]
    assert [what for what, _, _ in said(registry, party)] == [
        "enterprise_registered", "enterprise_submitted", "enterprise_facts_changed", "enterprise_submitted",
        "enterprise_certified",
    ]  # fmt: skip
    shown = registry.ask("get_certification", OPERATOR, id=case_id)["result"]
    assert (shown["stage"], shown["passed_by"]) == (None, ["both", district.subject, bureau.subject])
    seller = provider(registry, SIXTH, "880102")
    assert [state for _, _, state in said(registry, seller)] == ["registered", "certified", "admitted"]


def test_a_case_ends_under_the_version_it_began_under(
    registry_once: Registry, use_packs: Callable[[Path], None], tmp_path: Path
):
    """Lost otherwise: a new version with fewer stages would leave every case under way with nobody's turn."""
    text = (PACKS / "yunzhou-2021.v1.toml").read_text(encoding="utf-8")
    (tmp_path / "yunzhou-2021.v1.toml").write_text(text, encoding="utf-8")
    start, end = text.index("[[reviews.enterprise_certification]]"), text.index("[[reviews.filing]]")
    last = text.rindex("[[reviews.enterprise_certification]]", start, end)
    newer = text[:start] + text[last:]
    newer = newer.replace('version = "1"', 'version = "2"', 1).replace("= 2021-01-01", "= 2021-07-01", 1)
    (tmp_path / "yunzhou-2021.v2.toml").write_text(newer, encoding="utf-8")
    use_packs(tmp_path)
    registry = registry_once
    registry.clock.advance(datetime(2021, 6, 1, 2, tzinfo=UTC) - registry.clock.now())
    kinds = ("business_licence", "premises_picture")
    case_id = hand_in(registry, "enterprise", enterprise(registry, SIXTH, "880102", 1), *kinds)
    registry.ok("review_certification", OPERATOR, case_id=case_id, decision="approve")
    registry.clock.advance(timedelta(days=60))
    given = registry.send("review_certification", BUREAU, case_id=case_id, decision="approve")
    assert given["error"]["facts"]["pack_version"] == "yunzhou-2021@1"
    registry.ok("review_certification", office("district", "880102"), case_id=case_id, decision="approve")
    registry.ok("review_certification", BUREAU, case_id=case_id, decision="approve")
    newer_case = hand_in(registry, "enterprise", enterprise(registry, SIXTH, "880102", 3), *kinds)
    registry.ok("review_certification", BUREAU, case_id=newer_case, decision="approve")
    laws = [one["data"]["law"]["pack_version"] for one in registry.events("certification_decided")]
    assert laws == ["yunzhou-2021@1", "yunzhou-2021@2"]


def test_an_admission_ends_under_the_version_it_began_under(
    registry_once: Registry, use_packs: Callable[[Path], None], tmp_path: Path
):
    """Lost otherwise: a version without nomination would leave every nominated provider with nobody's turn."""
    text = (SHIPPED / "neimenggu-2019.v1.toml").read_text(encoding="utf-8")
    start = text.index("[[reviews.provider_admission]]")
    newer = text[:start] + text[text.index("[[reviews.provider_admission]]", start + 1) :]
    newer = newer.replace('version = "1"', 'version = "2"', 1).replace("= 2019-09-11", "= 2019-11-01", 1)
    (tmp_path / "neimenggu-2019.v2.toml").write_text(newer, encoding="utf-8")
    use_packs(tmp_path)
    registry = registry_once
    registry.clock.advance(datetime(2019, 10, 8, 2, tzinfo=UTC) - registry.clock.now())
    begun, later = (provider(registry, NEIMENGGU, "150203", number) for number in (1, 2))
    for one in (begun, later):
        case_id = hand_in(registry, "provider", one, "business_licence")
        registry.ok("review_certification", BUREAU, case_id=case_id, decision="approve")
    registry.ok("admit_provider", office("prefecture", "150200"), provider_id=begun, decision="admit")
    registry.clock.advance(timedelta(days=60))
    for one in (begun, later):
        assert registry.ok("admit_provider", BUREAU_2, provider_id=one, decision="admit")["status"] == "admitted"
    laws = [one["data"]["law"]["pack_version"] for one in registry.events("provider_admitted")]
    assert laws == ["neimenggu-2019@1", "neimenggu-2019@2"]


# --- several programmes at once --------------------------------------------------------------------------------------


def test_one_company_takes_part_in_two_programmes_under_two_ids(registry: Registry):
    """Lost otherwise: a group with business in two provinces would have to choose, or one rule reach into another."""
    code = make_code(1, "370203")
    ids = {
        programme: registry.enterprise(code=code, programme=programme, region=region)
        for programme, region in ((SHANDONG, "370203"), ("guizhou-2018", "520100"))
    }
    assert {one: said(registry, key)[-1][2] for one, key in ids.items()} == {
        SHANDONG: "certified", "guizhou-2018": "registered",
    }  # fmt: skip
    body = enterprise_facts(enterprise_id=ids[SHANDONG], uscc=make_code(9), programme="guizhou-2018")
    assert refusal(registry.send("register_enterprise", PLATFORM, **body))[0] == "ALREADY_EXISTS"
    registry.certify("enterprise", ids["guizhou-2018"])
    for programme, key in ids.items():
        listed = registry.ask("list_parties", OPERATOR, programme=programme, kind="enterprise")["result"]["items"]
        assert [one["enterprise_id"] for one in listed] == [key]
    figures = registry.ask("totals", OPERATOR, programme=SHANDONG, year=2019)["result"]["figures"]
    assert (figures["enterprises"], figures["enterprises_certified"]) == (1, 1)
