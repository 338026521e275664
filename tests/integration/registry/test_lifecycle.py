"""Certification, admission, products, ties and exits, from the first paper to the last product off the shelf."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contracts import ulid
from infra.messages import Actor
from infra.pipeline import EventsFailed
from services.registry import store
from tests.integration.registry.world import (
    BUREAU,
    CASE_ID,
    OPERATOR,
    OPERATOR_2,
    PLATFORM,
    PROGRAMME,
    Registry,
    make_code,
    product_facts,
)

BOTH = Actor("both-1", frozenset({"operator", "bureau"}))


def refusal(given) -> tuple[str, str | None]:
    """Code and article of a refused command."""
    assert not given["ok"], given
    return given["error"]["code"], given["error"]["article"]


def test_an_enterprise_is_certified_by_its_papers(registry: Registry):
    """Lost otherwise: nobody could ever apply."""
    enterprise = registry.enterprise()
    case_id = registry.certify("enterprise", enterprise)
    [decided] = registry.events("certification_decided")
    [certified] = registry.events("enterprise_certified")
    assert (decided["subject"], decided["data"]["decision"]) == (case_id, "approve")
    assert (certified["sequence"], certified["data"]["status"]) == (3, "certified")
    assert certified["data"]["law"]["articles"] == ["第十四条(三)"]
    assert registry.events("enterprise_submitted")[0]["data"]["law"]["articles"] == ["第十四条(二)"]


@pytest.mark.parametrize(
    ("kind", "left_out", "article"),
    [
        ("enterprise", "contact_id_back", "第十四条(二)"),
        ("enterprise", "business_licence", "第十四条(二)"),
        ("provider", "certification_form", "第十一条(二)"),
    ],
)
def test_each_paper_that_the_programme_asks_for_is_needed(registry_once: Registry, kind, left_out, article):
    """Lost otherwise: someone would be certified without, say, the back of the identity card."""
    party = registry_once.enterprise() if kind == "enterprise" else registry_once.provider(to="registered")
    documents = [one for one in registry_once.documents(kind) if one["kind"] != left_out]
    body = {"case_id": ulid.new(), "party_kind": kind, "party_id": party, "documents": documents}
    given = registry_once.send("submit_certification", PLATFORM, **body)
    assert refusal(given) == ("DOCUMENT_MISSING", article)
    assert given["error"]["facts"]["kinds"] == [left_out]


def test_a_paper_that_was_never_uploaded_is_missing(registry_once: Registry):
    """Lost otherwise: a digest out of thin air would pass as a business licence."""
    enterprise = registry_once.enterprise()
    documents = registry_once.documents("enterprise")
    documents[0]["sha256"] = "0" * 64
    body = {"case_id": ulid.new(), "party_kind": "enterprise", "party_id": enterprise, "documents": documents}
    given = registry_once.send("submit_certification", PLATFORM, **body)
    assert given["error"]["facts"]["digests"] == ["0" * 64]


def test_what_was_returned_may_be_handed_in_again(registry: Registry):
    """Lost otherwise: a blurred stamp would end an enterprise's way into the programme."""
    enterprise = registry.enterprise()
    case_id = registry.submit_case("enterprise", enterprise)
    body = {"case_id": case_id, "decision": "return", "reasons": ["印章不清晰"]}
    assert registry.ok("review_certification", OPERATOR, **body)["status"] == "returned"
    assert registry.events("certification_decided")[0]["data"]["reasons"] == ["印章不清晰"]
    registry.submit_case("enterprise", enterprise, case_id=case_id)
    registry.ok("review_certification", OPERATOR, case_id=case_id, decision="approve")
    [case] = registry.rows(store.cases)
    assert (case["rounds"], case["status"], case["sequence"]) == (2, "approved", 4)


def test_handed_in_twice_is_one_case(registry: Registry):
    """Lost otherwise: an impatient second click would fail, or make a second case."""
    enterprise = registry.enterprise()
    documents = registry.documents("enterprise")
    body = {"case_id": ulid.new(), "party_kind": "enterprise", "party_id": enterprise, "documents": documents}
    answers = registry.send_many("submit_certification", [(PLATFORM, body), (PLATFORM, body)])
    assert [one["result"]["sequence"] for one in answers] == [1, 1]
    other = registry.send("submit_certification", PLATFORM, **{**body, "documents": documents[::-1]})
    second = registry.send("submit_certification", PLATFORM, **{**body, "case_id": ulid.new()})
    assert [refusal(other)[0], refusal(second)[0]] == ["ALREADY_EXISTS", "WRONG_STATE"]


def test_who_hands_in_does_not_review(registry: Registry):
    """Lost otherwise: an operator could invent an enterprise and certify it alone."""
    enterprise = registry.enterprise()
    case_id = registry.submit_case("enterprise", enterprise, actor=OPERATOR)
    given = registry.send("review_certification", OPERATOR, case_id=case_id, decision="approve")
    assert refusal(given) == ("SAME_PERSON", "第十四条(三)")
    registry.ok("review_certification", OPERATOR_2, case_id=case_id, decision="approve")


def test_only_the_role_that_the_programme_names_reviews(registry_once: Registry):
    """Lost otherwise: Guizhou's prefectures would certify, which its rules give to the operator."""
    case_id = registry_once.submit_case("enterprise", registry_once.enterprise())
    prefecture = Actor("prefecture-1", frozenset({"prefecture"}))
    given = registry_once.send("review_certification", prefecture, case_id=case_id, decision="approve")
    assert refusal(given) == ("FORBIDDEN", "第十四条(三)")


@pytest.mark.parametrize("verdict", ["return", "refuse"])
def test_a_no_has_reasons(registry_once: Registry, verdict):
    """Lost otherwise: a party would be turned away without knowing what to mend."""
    case_id = registry_once.submit_case("enterprise", registry_once.enterprise())
    given = registry_once.send("review_certification", OPERATOR, case_id=case_id, decision=verdict)
    assert (given["error"]["code"], given["error"]["field"]) == ("FACT_MISSING", "reasons")


def test_a_case_that_was_refused_is_over(registry: Registry):
    """Lost otherwise: a refusal could be turned by reviewing once more."""
    enterprise = registry.enterprise()
    case_id = registry.submit_case("enterprise", enterprise)
    registry.ok("review_certification", OPERATOR, case_id=case_id, decision="refuse", reasons=["材料虚假"])
    assert registry.events("enterprise_refused")[0]["data"]["status"] == "refused"
    given = registry.send("review_certification", OPERATOR_2, case_id=case_id, decision="approve")
    assert refusal(given)[0] == "WRONG_STATE"


@pytest.mark.parametrize(
    ("facts", "code", "article"),
    [
        ({"region": "110101"}, "NOT_REGISTERED_IN_REGION", "第十条(一)"),
        ({"tax_paid": False}, "NO_TAX_RECORD", "第十条(一)"),
        ({"violation": True}, "VIOLATION", "第十条(四)"),
        ({"bad_credit": True}, "BAD_CREDIT", "第十条(四)"),
    ],
)
def test_a_provider_that_fails_a_condition_is_not_admitted(registry_once: Registry, facts, code, article):
    """Lost otherwise: vouchers would be spent at a provider whom the rules keep out."""
    provider = registry_once.provider(to="certified", **facts)
    given = registry_once.send("admit_provider", BUREAU, provider_id=provider, decision="admit")
    assert refusal(given) == (code, article)


def test_no_legal_person_is_no_bar_for_a_provider(registry_once: Registry):
    """Lost otherwise: what holds "as a rule" would be taken for an iron condition (第十条(一))."""
    provider = registry_once.provider(to="certified", legal_person=False)
    assert registry_once.ok("admit_provider", BUREAU, provider_id=provider, decision="admit")["status"] == "admitted"


def test_admission_is_the_bureaus_after_certification_by_another(registry_once: Registry):
    """Lost otherwise: the operator alone could let a provider in."""
    registered = registry_once.provider(code=make_code(11), to="registered")
    given = registry_once.send("admit_provider", BUREAU, provider_id=registered, decision="admit")
    assert refusal(given)[0] == "WRONG_STATE"
    case_id = registry_once.submit_case("provider", registered)
    registry_once.ok("review_certification", BOTH, case_id=case_id, decision="approve")
    given = registry_once.send("admit_provider", BOTH, provider_id=registered, decision="admit")
    assert refusal(given) == ("SAME_PERSON", "三(二)")
    registry_once.ok("admit_provider", BUREAU, provider_id=registered, decision="admit")
    [event] = registry_once.events("provider_admitted")
    assert event["data"]["law"]["articles"][0] == "三(二)"
    assert "第十条(二)" in event["data"]["law"]["articles"]


def test_a_product_is_published_by_operator_and_bureau(registry: Registry):
    """Lost otherwise: nothing could be bought, or what nobody looked at."""
    product = registry.product(registry.provider())
    assert [one["type"].split(".")[1] for one in registry.events() if one["subject"] == product] == [
        "product_submitted", "product_reviewed", "product_published",
    ]  # fmt: skip
    [event] = registry.events("product_published")
    assert (event["sequence"], event["data"]["status"]) == (3, "published")
    listed = registry.ask("list_products", PLATFORM, programme=PROGRAMME)["result"]["items"]
    assert [one["product_id"] for one in listed] == [product]


@pytest.mark.parametrize(
    ("facts", "code", "article"),
    [
        ({"price_fen": 12_001}, "PRICE_ABOVE_MARKET", "第十一条(四)"),
        ({"kind": "database"}, "KIND_NOT_IN_CATEGORY", "第十七条"),
        ({"category": "platform"}, "KIND_NOT_IN_CATEGORY", "第十七条"),
    ],
)
def test_a_product_that_breaks_a_rule_is_refused(registry_once: Registry, facts, code, article):
    """Lost otherwise: an overpriced or misplaced service would get the wrong rate of support."""
    provider = registry_once.provider()
    given = registry_once.send("submit_product", PLATFORM, **product_facts(provider_id=provider, **facts))
    assert refusal(given) == (code, article)


def test_at_the_market_price_is_not_above_it(registry_once: Registry):
    """Lost otherwise: the boundary itself would be refused."""
    provider = registry_once.provider()
    registry_once.ok("submit_product", PLATFORM, **product_facts(provider_id=provider, price_fen=12_000))


def test_stages_come_in_turn_each_by_another_person(registry_once: Registry):
    """Lost otherwise: one person could put a product on the shelf, or the bureau be passed over."""
    product = registry_once.product(registry_once.provider(), to="submitted")

    def review(actor: Actor, stage: str):
        return registry_once.send("review_product", actor, product_id=product, stage=stage, decision="approve")

    early = review(BUREAU, "bureau")
    assert (refusal(early), early["error"]["facts"]["stage"]) == (("STAGE_MISMATCH", "第十一条(五)"), "operator")
    assert refusal(review(BUREAU, "operator")) == ("FORBIDDEN", "第十一条(五)")
    assert review(BOTH, "operator")["result"]["status"] == "in_review"
    assert refusal(review(BOTH, "bureau")) == ("SAME_PERSON", "第十一条(五)")
    assert refusal(review(OPERATOR, "operator"))[0] == "STAGE_MISMATCH"
    assert review(BUREAU, "bureau")["result"]["status"] == "published"
    assert refusal(review(OPERATOR, "operator"))[0] == "WRONG_STATE"


def test_only_an_admitted_providers_product_is_published(registry_once: Registry):
    """Lost otherwise: a provider whom the bureau has not chosen would sell for vouchers."""
    product = registry_once.product(registry_once.provider(to="certified"), to="in_review")
    given = registry_once.send("review_product", BUREAU, product_id=product, stage="bureau", decision="approve")
    assert refusal(given) == ("PROVIDER_NOT_ADMITTED", "三(二)")


def test_a_returned_product_comes_again_with_another_price(registry: Registry):
    """Lost otherwise: a mistake in a price could only be mended under another id."""
    provider = registry.provider()
    facts = product_facts(provider_id=provider)
    registry.ok("submit_product", PLATFORM, **facts)
    review = {"product_id": facts["product_id"], "stage": "operator"}
    registry.ok("review_product", OPERATOR, **review, decision="return", reasons=["详情不全"])
    again = registry.ok("submit_product", PLATFORM, **{**facts, "price_fen": 9_000})
    assert (again["status"], again["sequence"]) == ("submitted", 3)
    other = registry.send("submit_product", PLATFORM, **{**facts, "price_fen": 8_000})
    assert refusal(other)[0] == "ALREADY_EXISTS"


def test_a_provider_is_suspended_while_an_assessment_says_so(registry: Registry):
    """Lost otherwise: what was mended stays punished, or what was not is forgiven by another assessment's end."""
    provider = registry.provider()
    product = registry.product(provider)
    registry.assessed(1, provider, "suspended", told="concluded", sequence=8)
    [suspended] = registry.events("provider_suspended")
    assert (suspended["data"]["status"], suspended["data"]["law"]["articles"]) == ("suspended", ["五(五)"])
    assert registry.ask("get_product", PLATFORM, id=product)["result"]["status"] == "published", "it stays on the shelf"
    assert refusal(registry.send("submit_product", PLATFORM, **product_facts(provider_id=provider)))[0] == "WRONG_STATE"
    registry.assessed(2, provider, "exit_due", told="concluded", sequence=3)
    registry.assessed(1, provider, "mended", told="mended", sequence=9)
    assert registry.events("provider_reinstated") == [], "the other one stands"
    registry.assessed(2, provider, "mended", told="mended", sequence=4)
    [reinstated] = registry.events("provider_reinstated")
    assert reinstated["data"]["status"] == "admitted"
    registry.assessed(3, provider, "mended", told="mended", sequence=9)
    registry.assessed(3, provider, "suspended", told="concluded", sequence=8)  # late: it was mended before it came
    assert len(registry.events("provider_suspended")) == 1
    found = registry.ask("explain", OPERATOR, subject=provider)["result"]["decisions"]
    assert {one["action"] for one in found} >= {"suspend_provider", "reinstate_provider"}


@pytest.mark.parametrize("status", ["concluded", "mending"])
def test_what_is_no_suspension_suspends_nobody(registry_once: Registry, status: str):
    """Lost otherwise: a provider that has only to mend is shut out."""
    provider = registry_once.provider()
    registry_once.assessed(1, provider, status, told="concluded", sequence=2)
    assert registry_once.events("provider_suspended") == []


def test_a_suspended_provider_may_leave_and_stays_away(registry: Registry):
    """Lost otherwise: one that gave notice while it was suspended comes back by what it mended."""
    provider = registry.provider()
    registry.assessed(1, provider, "suspended", told="concluded", sequence=2)
    registry.ok("give_exit_notice", PLATFORM, provider_id=provider, reason="业务调整")
    registry.assessed(1, provider, "mended", told="mended", sequence=3)
    assert registry.events("provider_reinstated") == []
    assert registry.ask("get_provider", OPERATOR, id=provider)["result"]["status"] == "leaving"


def test_notice_runs_thirty_days_and_takes_the_products_with_it(registry: Registry):
    """Lost otherwise: a provider would vanish at once, or stay on the shelf after it left."""
    provider = registry.provider()
    product = registry.product(provider)
    registry.product(provider, to="submitted")
    registry.ok("give_exit_notice", PLATFORM, provider_id=provider, reason="业务调整")
    [noticed] = registry.events("provider_exit_noticed")
    assert (noticed["data"]["status"], noticed["data"]["exit_on"]) == ("leaving", "2019-03-31")
    assert refusal(registry.send("submit_product", PLATFORM, **product_facts(provider_id=provider)))[0] == "WRONG_STATE"
    registry.clock.advance(timedelta(days=29))
    assert registry.pipeline.run_due()["exit_leavers"] == 0
    assert registry.ask("get_product", PLATFORM, id=product)["result"]["status"] == "published"
    registry.clock.advance(timedelta(days=1))
    assert registry.pipeline.run_due()["exit_leavers"] == 1
    [exited] = registry.events("provider_exited")
    assert (exited["data"]["status"], exited["data"]["law"]["articles"]) == ("exited", ["第十二条(一)", "第十二条"])
    assert len(registry.events("product_delisted")) == 2
    assert {one["status"] for one in registry.rows(store.products)} == {"delisted"}


@pytest.mark.parametrize(
    ("to", "stage", "actor"), [("submitted", "operator", OPERATOR), ("in_review", "bureau", BUREAU)]
)
def test_a_leaving_providers_product_passes_no_stage(registry_once: Registry, to, stage, actor):
    """Lost otherwise: a new product would come on the shelf days before its provider goes."""
    provider = registry_once.provider()
    product = registry_once.product(provider, to=to)
    registry_once.ok("give_exit_notice", PLATFORM, provider_id=provider, reason="业务调整")
    given = registry_once.send("review_product", actor, product_id=product, stage=stage, decision="approve")
    assert (given["error"]["code"], given["error"]["facts"]["status"]) == ("WRONG_STATE", "leaving")


@pytest.mark.parametrize("number", range(5))
def test_each_ground_forces_a_provider_out_at_once(registry_once: Registry, number):
    """Lost otherwise: one of the five grounds would leave its services on the shelf."""
    ground = ("law_breach", "public_morals", "refusal_or_fraud", "insolvency", "measures_not_mended")[number]
    provider = registry_once.provider()
    product = registry_once.product(provider)
    registry_once.exit(provider, ground)
    [exited] = registry_once.events("provider_exited")
    assert exited["data"]["ground"] == ground
    assert exited["data"]["law"]["articles"][0] == f"第十二条(二){number + 1}"
    [delisted] = registry_once.events("product_delisted")
    assert (delisted["subject"], delisted["sequence"], delisted["data"]["status"]) == (product, 4, "delisted")
    registry_once.exit(provider, ground, sequence=4)
    assert len(registry_once.events("provider_exited")) == 1, "one that is out stays as it is"


def test_exit_and_publication_together_leave_nothing_on_the_shelf(registry: Registry):
    """Lost otherwise: a product passed in the same moment would survive its provider."""
    provider = registry.provider()
    product = registry.product(provider, to="in_review")
    registry.exit(provider, "law_breach")
    given = registry.send("review_product", BUREAU, product_id=product, stage="bureau", decision="approve")
    assert refusal(given)[0] == "WRONG_STATE"


def test_who_was_forced_out_does_not_come_back_under_another_id(registry_once: Registry):
    """Lost otherwise: a new registration would wash a provider clean."""
    provider = registry_once.provider(code=make_code(7))
    registry_once.exit(provider)
    with pytest.raises(AssertionError, match="ALREADY_EXISTS"):
        registry_once.provider(code=make_code(7))


def test_a_forced_exit_overrides_the_thirty_days_of_a_voluntary_one(registry: Registry):
    """Lost otherwise: a provider under a case would keep its shelf for 30 days by giving notice, or leave twice."""
    provider = registry.provider()
    product = registry.product(provider)
    registry.ok("give_exit_notice", PLATFORM, provider_id=provider, reason="业务调整")
    assert {one["status"] for one in registry.rows(store.products)} == {"published"}, "until the notice has run out"
    registry.exit(provider, "insolvency")
    [exited] = registry.events("provider_exited")
    assert (exited["data"]["ground"], exited["data"]["law"]["facts"]["case_id"]) == ("insolvency", CASE_ID)
    assert [one["subject"] for one in registry.events("product_delisted")] == [product]
    registry.clock.advance(timedelta(days=31))
    assert registry.pipeline.run_due()["exit_leavers"] == 0
    assert len(registry.events("provider_exited")) == 1


def test_an_exit_decided_after_the_notice_ran_out_changes_nothing(registry: Registry):
    """Lost otherwise: a late decision tells a second exit, or its appeal brings back one that left by itself."""
    provider = registry.provider()
    registry.ok("give_exit_notice", PLATFORM, provider_id=provider, reason="业务调整")
    registry.clock.advance(timedelta(days=31))
    assert registry.pipeline.run_due()["exit_leavers"] == 1
    registry.exit(provider)
    registry.exit(provider, what="revoked", sequence=5)
    assert [one["data"]["ground"] for one in registry.events("provider_exited")] == [None]
    assert registry.ask("get_provider", OPERATOR, id=provider)["result"]["status"] == "exited"


def test_a_revoked_exit_waits_for_the_exit_and_leads_to_the_usual_way(registry: Registry):
    """Lost otherwise: news out of order leaves a provider out that won its appeal, or admits it unchosen."""
    provider = registry.provider()
    with pytest.raises(EventsFailed):
        registry.exit(provider, what="revoked", sequence=5)
    registry.exit(provider)
    registry.exit(provider, what="revoked", sequence=5)
    assert registry.ask("get_provider", OPERATOR, id=provider)["result"]["status"] == "certified"
    registry.ok("admit_provider", BUREAU, provider_id=provider, decision="admit")
    assert registry.ask("get_provider", OPERATOR, id=provider)["result"]["status"] == "admitted"


def test_a_suspension_outlives_an_exit_that_was_revoked(registry: Registry):
    """Lost otherwise: forced out and back again, a provider takes orders that its assessment forbids."""
    provider = registry.provider()
    registry.assessed(1, provider, "suspended", told="concluded", sequence=8)
    registry.exit(provider)
    registry.exit(provider, what="revoked", sequence=5)
    admit = {"provider_id": provider, "decision": "admit"}
    error = registry.send("admit_provider", BUREAU, **admit)["error"]
    assert (error["code"], error["field"], error["facts"]["assessment"]) == ("WRONG_STATE", "provider_id", "suspended")
    registry.assessed(1, provider, "mended", told="mended", sequence=9)
    registry.ok("admit_provider", BUREAU, **admit)


def test_an_exit_of_a_provider_that_is_not_here_is_waited_for(registry: Registry):
    """Lost otherwise: a decision would be lost in silence."""
    with pytest.raises(EventsFailed):
        registry.exit(ulid.new())
    assert registry.events("provider_exited") == []


def test_a_blacklisted_party_gets_nothing_approved_until_it_is_removed(registry: Registry):
    """Lost otherwise: the blacklist would stop payments but not new certifications and products."""
    provider = registry.provider(to="certified")
    product = registry.product(provider, to="submitted")
    registry.blacklist(provider)
    assert registry.ask("get_provider", OPERATOR, id=provider)["result"]["blacklisted"] is True
    given = [
        registry.send("admit_provider", BUREAU, provider_id=provider, decision="admit"),
        registry.send("submit_product", PLATFORM, **product_facts(provider_id=provider)),
        registry.send("review_product", OPERATOR, product_id=product, stage="operator", decision="approve"),
    ]
    assert [refusal(one)[0] for one in given] == ["BLACKLISTED"] * 3
    registry.blacklist(provider, status="removed", sequence=2)
    registry.blacklist(provider, status="listed", sequence=1)  # an older word that comes late
    registry.ok("admit_provider", BUREAU, provider_id=provider, decision="admit")


def test_a_blacklisted_enterprise_is_not_certified(registry_once: Registry):
    """Lost otherwise: a case under way would still be approved."""
    enterprise = registry_once.enterprise()
    case_id = registry_once.submit_case("enterprise", enterprise)
    registry_once.blacklist(enterprise)
    given = registry_once.send("review_certification", OPERATOR, case_id=case_id, decision="approve")
    assert refusal(given)[0] == "BLACKLISTED"


def test_a_blacklisted_providers_products_leave_the_catalogue(registry_once: Registry):
    """Lost otherwise: enterprises would be shown what they may not order."""
    provider = registry_once.provider()
    registry_once.product(provider)
    registry_once.blacklist(provider)
    assert registry_once.ask("list_products", PLATFORM, programme=PROGRAMME)["result"]["items"] == []


def test_a_tie_is_recorded_once(registry: Registry):
    """Lost otherwise: an enterprise could buy from its own subsidiary with public money."""
    enterprise, provider = registry.enterprise(), registry.provider()
    tie = {"tie_id": ulid.new(), "enterprise_id": enterprise, "provider_id": provider, "kind": "ownership"}
    registry.ok("record_tie", OPERATOR, **tie, evidence="持股51%")
    registry.ok("record_tie", OPERATOR, **tie, evidence="持股51%")
    [event] = registry.events("tie_recorded")
    assert event["data"] == {**tie, "programme": PROGRAMME}
    other = registry.send("record_tie", OPERATOR, **{**tie, "kind": "subordination"}, evidence="持股51%")
    assert refusal(other)[0] == "ALREADY_EXISTS"
    wrong = {**tie, "tie_id": ulid.new(), "provider_id": enterprise}
    given = registry.send("record_tie", OPERATOR, **wrong, evidence="x")
    assert given["error"]["field"] == "provider_id"


def test_a_token_of_another_programme_reaches_no_record_of_this_one(registry_once: Registry):
    """Lost otherwise: the operator of one programme could review another's cases, knowing their ids."""
    provider = registry_once.provider()
    enterprise = registry_once.enterprise()
    case_id = registry_once.submit_case("enterprise", enterprise)
    product = registry_once.product(provider, to="submitted")
    stranger = Actor("operator-x", frozenset({"operator", "bureau"}), programme="shandong-2017")
    tie = {"tie_id": ulid.new(), "enterprise_id": enterprise, "provider_id": provider, "kind": "ownership"}
    given = [
        registry_once.send("review_certification", stranger, case_id=case_id, decision="approve"),
        registry_once.send("review_product", stranger, product_id=product, stage="operator", decision="approve"),
        registry_once.send("give_exit_notice", stranger, provider_id=provider, reason="x"),
        registry_once.send("change_facts", stranger, party_id=provider, party_kind="provider", reason="x", name="y"),
        registry_once.send("submit_product", stranger, **product_facts(provider_id=provider)),
        registry_once.send("record_tie", stranger, **tie, evidence="x"),
    ]
    assert {one["error"]["code"] for one in given} == {"PROGRAMME_MISMATCH"}
    assert registry_once.ask("get_certification", stranger, id=case_id)["error"]["code"] == "NOT_FOUND"
