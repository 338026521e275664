"""Filings: who may hand one in, with what, who reviews it in which order, and on which day the city takes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from contracts.errors import ERRORS, Refused
from contracts.programmes import Pack, load, load_file
from services.voucher.domain import filings as domain
from services.voucher.domain.filings import Filing, Request, intake_day
from services.voucher.domain.parties import Enterprise, Provider

SHENYANG, SHANXI = "shenyang-2018", "shanxi-2018"
NOW = datetime(2019, 3, 4, 2, 0, tzinfo=UTC)
TODAY = date(2019, 3, 4)
DOCUMENTS = ("application_form", "business_licence", "tax_registration", "business_qualification", "audit_report")
ATTESTED = tuple(load(SHENYANG).eligibility.attested)


def enterprise(**facts) -> Enterprise:
    base = {
        "enterprise_id": "E1",
        "programme": SHENYANG,
        "region": "210106",
        "tax_region": "210106",
        "registered_on": date(2010, 1, 1),
        "legal_person": True,
        "violation": False,
        "bad_credit": False,
        "industry": "industrial",
        "size": None,
        "priority": False,
        "status": "certified",
        "blacklisted": False,
    }
    return Enterprise(**{**base, **facts})


def request(**facts) -> Request:
    base = {
        "filing_id": "F1",
        "enterprise_id": "E1",
        "programme": SHENYANG,
        "track": "industrial",
        "prior_revenue_fen": 40_000_000_000,
        "attested": ATTESTED,
        "documents": documents(*DOCUMENTS),
    }
    return Request(**{**base, **facts})


def documents(*kinds: str) -> tuple[dict[str, str], ...]:
    return tuple({"kind": kind, "sha256": "a" * 64} for kind in kinds)


def shanxi_request(**facts) -> Request:
    return Request(**{"filing_id": "F1", "enterprise_id": "E1", "programme": SHANXI, "category": "business", **facts})


def submit(wanted: Request, by: Enterprise | None = None, *, pack: Pack | None = None, **more):
    given = {
        "provider": None,
        "affiliated": False,
        "former": None,
        "others": (),
        "filed_by": "platform-1",
        "now": NOW,
        "today": TODAY,
        **more,
    }
    return domain.submit(
        pack=pack or load(wanted.programme, given["today"]), request=wanted, enterprise=by or enterprise(), **given
    )


def filed(wanted: Request | None = None, by: Enterprise | None = None, **more) -> Filing:
    made = submit(wanted or request(), by, **more)
    assert isinstance(made, Filing), made
    return made


def review(filing: Filing, stage: str, decision: str = "approve", *, pack: Pack | None = None, **more):
    given = {
        "reasons": () if decision == "approve" else ("不全",),
        "reviewer": f"{stage}-1",
        "roles": {stage},
        "region": "210106",
        "blacklisted": False,
        "today": TODAY,
        **more,
    }
    pack = pack or load(filing.programme, TODAY)
    return domain.review(pack=pack, filing=filing, stage=stage, decision=decision, **given)


def passed(filing: Filing, stage: str, **more) -> Filing:
    step = review(filing, stage, **more)
    assert not isinstance(step, Refused), step
    return step[1]


def refusal(step: object) -> tuple[str, str | None, str | None]:
    assert isinstance(step, Refused), step
    assert step.code in ERRORS
    assert step.facts["pack_version"]
    return step.code, step.field, step.article


# --- handing in -------------------------------------------------------------------------------------------------------


def test_a_filing_waits_at_the_first_stage_of_its_pack():
    """Lost otherwise: the district never sees what was handed in."""
    made = filed()
    assert (made.status, made.stage, made.passed, made.sequence) == ("submitted", "district", 0, 1)
    assert (made.kind, made.region, made.filed_by, made.intake_on) == ("industrial", "210106", ("platform-1",), None)
    assert made.pack_version == "shenyang-2018@1"


@pytest.mark.parametrize(("programme", "code"), [("guizhou-2018", "RULE_ABSENT"), ("neimenggu-2019", "RULE_ABSENT")])
def test_a_programme_without_filings_takes_none(programme, code):
    """Lost otherwise: a rule of Shenyang's holds in Guizhou."""
    pack = load(programme)
    found = refusal(submit(replace(request(), programme=programme), enterprise(programme=programme), pack=pack))
    assert found == (code, "programme", None)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (request(track=None), ("FACT_MISSING", "track", "三(四)1")),
        (request(track="cloud"), ("FACT_INVALID", "track", "三(四)1")),
        (request(category="business"), ("FACT_INVALID", "category", "三(四)1")),  # Shenyang has no categories
        (request(attested=(*ATTESTED, "rich")), ("FACT_INVALID", "attested", "三(四)1")),
        (request(attested=ATTESTED[1:]), ("FACT_MISSING", "attested", "三(一)")),
        (request(attested=()), ("FACT_MISSING", "attested", "三(一)")),
        (request(prior_revenue_fen=None), ("FACT_MISSING", "prior_revenue_fen", "三(四)1")),
        (request(documents=documents(*DOCUMENTS[1:])), ("DOCUMENT_MISSING", "documents", "三(四)2")),
        (request(documents=()), ("DOCUMENT_MISSING", "documents", "三(四)2")),
        (shanxi_request(category=None), ("FACT_MISSING", "category", "四(二)")),
        (shanxi_request(category="infrastructure"), ("FACT_INVALID", "category", "四(二)")),
        (shanxi_request(track="industrial"), ("FACT_INVALID", "track", "四(二)")),
    ],
)
def test_what_is_missing_or_unknown_is_named(wanted, expected):
    """Lost otherwise: a filing is opened that names nothing, or lacks what the pack asks for."""
    assert refusal(submit(wanted, enterprise(programme=wanted.programme))) == expected


def test_all_that_is_missing_is_named_at_once():
    """Lost otherwise: an enterprise hands in five times to learn what five documents are asked for."""
    assert submit(request(documents=documents("audit_report"))).facts["kinds"] == list(DOCUMENTS[:-1])
    assert submit(request(attested=())).facts["missing"] == list(ATTESTED)
    lacking = submit(request(prior_revenue_fen=None), enterprise(tax_region=None, industry=None))
    assert lacking.facts["missing"] == ["prior_revenue_fen", "tax_region", "industry"]


def test_revenue_is_asked_for_where_the_cap_has_tiers_and_nowhere_else():
    """Lost otherwise: a unit of the city service is asked for what decides nothing, or a cap cannot be chosen later."""
    assert filed(request(track="city-service", prior_revenue_fen=None)).kind == "city-service"
    assert filed(shanxi_request(), enterprise(programme=SHANXI, region="140100")).prior_revenue_fen is None
    overlay = load(SHANXI, date(2019, 3, 4), "example-shanxi-rules")
    found = submit(shanxi_request(), enterprise(programme=SHANXI, region="140100"), pack=overlay)
    assert refusal(found)[:2] == ("FACT_MISSING", "prior_revenue_fen")


@pytest.mark.parametrize(
    ("facts", "reasons", "article"),
    [
        ({"region": "210200"}, ["NOT_REGISTERED_IN_REGION"], "三(一)"),
        ({"tax_region": "110100"}, ["NOT_TAXED_IN_REGION"], "三(一)"),
        ({"legal_person": False}, ["NOT_A_LEGAL_PERSON"], "三(一)"),
        ({"industry": "other"}, ["INDUSTRY_NOT_COVERED"], "三(一)"),
        ({"industry": "software"}, ["INDUSTRY_NOT_COVERED"], "三(三)1"),  # the track's, not the programme's
        (
            {"region": "210200", "tax_region": "210200", "legal_person": False, "industry": "other"},
            ["NOT_REGISTERED_IN_REGION", "NOT_TAXED_IN_REGION", "NOT_A_LEGAL_PERSON", "INDUSTRY_NOT_COVERED"],
            "三(一)",
        ),
    ],
)
def test_every_condition_of_the_pack_is_judged_and_every_reason_told(facts, reasons, article):
    """Lost otherwise: who may not take part is filed, or is told one reason of four."""
    found = submit(request(), enterprise(**facts))
    assert refusal(found)[::2] == (reasons[0], article)
    assert found.facts["reasons"] == reasons


@pytest.mark.parametrize("facts", [{"violation": True}, {"bad_credit": True}, {"size": "large"}, {"region": "210199"}])
def test_what_the_document_does_not_state_is_no_condition(facts):
    """Lost otherwise: a condition of another programme keeps an enterprise of Shenyang out."""
    assert filed(by=enterprise(**facts)).status == "submitted"


@pytest.mark.parametrize(("day", "first"), [(date(2018, 9, 16), "OUT_OF_PERIOD"), (date(2023, 1, 1), "OUT_OF_PERIOD")])
def test_outside_its_years_a_programme_files_nobody(day, first):
    """Lost otherwise: enterprises are filed for a programme that is not in force."""
    assert refusal(submit(request(), today=day))[0] == first


def test_shanxi_states_no_condition_until_its_rules_do():
    """Lost otherwise: sole traders, whom the document invites, are not counted."""
    trader = enterprise(programme=SHANXI, region="440100", legal_person=False, tax_region=None, industry=None)
    assert filed(shanxi_request(), trader).stage == "operator"
    overlay = load(SHANXI, TODAY, "example-shanxi-rules")
    found = submit(shanxi_request(prior_revenue_fen=1), trader, pack=overlay)
    assert refusal(found) == ("NOT_REGISTERED_IN_REGION", "region", "示例第一条")


def test_the_blacklisted_and_the_uncertified_are_turned_away():
    """Lost otherwise: whoever was excluded is enrolled again."""
    assert refusal(submit(request(), enterprise(blacklisted=True)))[:2] == ("BLACKLISTED", "enterprise_id")
    found = submit(request(), enterprise(status="registered"))
    assert refusal(found)[:2] == ("NOT_CERTIFIED", "enterprise_id")


@pytest.mark.parametrize(
    ("provider", "status"),
    [
        (None, "unknown"),
        (Provider("P1", SHENYANG, "registered", blacklisted=False), "registered"),
        (Provider("P1", SHENYANG, "admitted", blacklisted=True), "blacklisted"),
        (Provider("P1", "guizhou-2018", "admitted", blacklisted=False), "unknown"),
    ],
)
def test_a_provider_that_is_named_takes_new_orders(provider, status):
    """Lost otherwise: an enterprise is put on the cloud of a provider that is not admitted."""
    found = submit(request(provider_id="P1"), provider=provider)
    assert refusal(found)[:2] == ("PROVIDER_NOT_AVAILABLE", "provider_id")
    assert found.facts["status"] == status
    admitted = Provider("P1", SHENYANG, "admitted", blacklisted=False)
    assert filed(request(provider_id="P1"), provider=admitted).provider_id == "P1"


def test_a_tie_counts_where_a_provider_is_named_and_the_pack_minds(tmp_path):
    """Lost otherwise: a seventh programme's filings are judged without the tie, or stop for want of it."""
    text = (Path("contracts/programmes/packs") / "shenyang-2018.v1.toml").read_text(encoding="utf-8")
    rule = '\n[eligibility.not_affiliated]\narticle = "三(一)"\nzh = "无关联。"\nen = "Not tied."\n'
    path = tmp_path / "tied-2019.v1.toml"
    path.write_text(text.replace('code = "shenyang-2018"', 'code = "tied-2019"') + rule, encoding="utf-8")
    pack = load_file(path)
    provider = Provider("P1", SHENYANG, "admitted", blacklisted=False)
    named = request(provider_id="P1")
    assert refusal(submit(named, pack=pack, provider=provider, affiliated=True))[0] == "AFFILIATED_WITH_PROVIDER"
    assert filed(named, pack=pack, provider=provider).status == "submitted"
    assert filed(request(), pack=pack, affiliated=True).status == "submitted"  # whose tie, is known at the order
    judged = domain.facts_of(request=request(), enterprise=enterprise(), affiliated=False, today=TODAY)
    assert "affiliated" not in judged.given()


@pytest.mark.parametrize(
    ("status", "refused"),
    [
        ("submitted", True),
        ("in_review", True),
        ("returned", True),
        ("opened", True),
        ("refused", False),
        ("withdrawn", False),
    ],
)
def test_one_live_filing_of_an_enterprise_and_track(status, refused):
    """Lost otherwise: one enterprise is enrolled, and counted, twice; or never again after a refusal."""
    other = replace(filed(request(filing_id="F0")), status=status)
    found = submit(request(), others=(other,))
    assert isinstance(found, Refused) == refused
    if refused:
        assert refusal(found) == ("FILING_EXISTS", "filing_id", "三(四)1")
        assert found.facts["filing_id"] == "F0"
    assert filed(request(track="city-service"), others=(other,)).kind == "city-service"  # of another track: its own


def test_priority_is_noted_where_the_pack_knows_one():
    """Lost otherwise: monitored and lean enterprises wait behind others; or Shanxi puts some first that it does not."""
    assert filed(by=enterprise(priority=True)).priority
    assert not filed().priority
    assert not filed(shanxi_request(), enterprise(programme=SHANXI, priority=True)).priority


# --- review -----------------------------------------------------------------------------------------------------------


def test_district_city_and_operator_open_it_one_after_the_other():
    """Lost otherwise: an enterprise is put on the cloud before each level has filed it."""
    first = filed()
    second = passed(first, "district")
    assert (second.status, second.stage, second.passed, second.sequence) == ("in_review", "bureau", 1, 2)
    assert second.intake_on == date(2019, 3, 5)
    third = passed(second, "bureau", today=date(2019, 3, 6))
    assert (third.status, third.stage, third.intake_on) == ("in_review", "operator", date(2019, 3, 5))
    action, opened = review(third, "operator", today=date(2019, 3, 8))
    assert (action, opened.status, opened.stage, opened.opened_on) == ("open", "opened", None, date(2019, 3, 8))
    assert opened.reviewed_by == ("district-1", "bureau-1", "operator-1")


def test_city_service_goes_through_the_data_bureau_at_any_time():
    """Lost otherwise: a city-service filing lies with the industry commission, or waits for a day that is not its."""
    first = filed(request(track="city-service"))
    assert (first.stage, first.intake_on) == ("data_bureau", None)
    second = passed(first, "data_bureau", region=None)
    assert (second.stage, second.intake_on) == ("operator", None)
    assert passed(second, "operator").status == "opened"


def test_one_stage_opens_it_in_shanxi():
    """Lost otherwise: the pack's own list of stages is not what is gone through."""
    opened = passed(filed(shanxi_request(), enterprise(programme=SHANXI)), "operator")
    assert (opened.status, opened.opened_on, opened.intake_on) == ("opened", TODAY, None)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"stage": "bureau"}, ("STAGE_MISMATCH", "stage")),
        ({"stage": "operator"}, ("STAGE_MISMATCH", "stage")),
        ({"roles": {"bureau", "operator"}}, ("FORBIDDEN", "stage")),
        ({"region": "210102"}, ("REGION_MISMATCH", "filing_id")),
        ({"region": None}, ("REGION_MISMATCH", "filing_id")),
        ({"reviewer": "platform-1"}, ("SAME_PERSON", "filing_id")),
        ({"decision": "return", "reasons": ()}, ("REASON_MISSING", "reasons")),
        ({"decision": "refuse", "reasons": ()}, ("REASON_MISSING", "reasons")),
        ({"blacklisted": True}, ("BLACKLISTED", "filing_id")),
    ],
)
def test_whoever_may_not_decide_does_not(change, expected):
    """Lost otherwise: a filing is passed by the wrong office, by one who is not in turn, or by who handed it in."""
    given = {"stage": "district", "decision": "approve", **change}
    found = review(filed(), given.pop("stage"), given.pop("decision"), **given)
    assert refusal(found)[:2] == expected


def test_no_person_decides_two_stages():
    """Lost otherwise: one person who has two roles files, takes and opens alone."""
    second = passed(filed(), "district", reviewer="li")
    found = review(second, "bureau", reviewer="li", today=date(2019, 3, 6))
    assert refusal(found) == ("SAME_PERSON", "filing_id", "三(四)1")
    third = passed(second, "bureau", reviewer="wang", today=date(2019, 3, 6))
    assert refusal(review(third, "operator", reviewer="li"))[0] == "SAME_PERSON"
    assert refusal(review(third, "operator", reviewer="platform-1"))[0] == "SAME_PERSON"
    assert passed(third, "operator", reviewer="zhao").status == "opened"


# --- the day of intake ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("today", "day", "expected"),
    [
        ("2019-03-01", 5, "2019-03-05"),
        ("2019-03-04", 5, "2019-03-05"),
        ("2019-03-05", 5, "2019-03-05"),  # the 5th is included
        ("2019-03-06", 5, "2019-04-05"),
        ("2019-03-31", 5, "2019-04-05"),
        ("2019-01-31", 28, "2019-02-28"),
        ("2019-11-30", 5, "2019-12-05"),
        ("2019-12-05", 5, "2019-12-05"),
        ("2019-12-06", 5, "2020-01-05"),  # over the turn of the year
        ("2019-12-31", 5, "2020-01-05"),
        ("2020-02-29", 5, "2020-03-05"),
        ("2020-02-29", 28, "2020-03-28"),
        ("2019-03-01", 1, "2019-03-01"),
        ("2019-03-02", 1, "2019-04-01"),
    ],
)
def test_the_next_day_of_intake(today, day, expected):
    """Lost otherwise: what came on the 5th waits a month, or what came on the 6th counts as in time."""
    found = intake_day(day=day, today=date.fromisoformat(today))
    assert found == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("sent_in", "reviewed", "taken"),
    [
        ("2019-03-04", "2019-03-04", False),
        ("2019-03-04", "2019-03-05", False),  # its day has not passed
        ("2019-03-04", "2019-03-06", True),
        ("2019-03-05", "2019-03-06", True),
        ("2019-03-06", "2019-03-07", False),  # a day late: next month's
        ("2019-03-06", "2019-04-05", False),
        ("2019-03-06", "2019-04-06", True),
        ("2018-12-06", "2019-01-05", False),
        ("2018-12-06", "2019-01-06", True),
    ],
)
@pytest.mark.parametrize("decision", ["approve", "return", "refuse"])
def test_the_city_takes_them_once_a_month_after_its_day(sent_in, reviewed, taken, decision):
    """Lost otherwise: the city decides on some before all of the month's are there (三(四)3)."""
    second = passed(filed(today=date.fromisoformat(sent_in)), "district", today=date.fromisoformat(sent_in))
    found = review(second, "bureau", decision, today=date.fromisoformat(reviewed))
    if taken:
        assert not isinstance(found, Refused)
    else:
        assert refusal(found) == ("INTAKE_NOT_REACHED", "filing_id", "三(四)3")
        assert found.facts["intake_on"] == second.intake_on.isoformat()


def test_a_pack_whose_first_stage_takes_them_counts_from_the_day_of_handing_in(tmp_path):
    """Lost otherwise: a seventh programme's first office decides before its day."""
    text = (Path("contracts/programmes/packs") / "shenyang-2018.v1.toml").read_text(encoding="utf-8")
    path = tmp_path / "shenyang-2018.v1.toml"
    path.write_text(text.replace('taken_at = "city_filing"', 'taken_at = "district"'), encoding="utf-8")
    pack = load_file(path)
    made = filed(pack=pack, today=date(2019, 3, 6))
    assert made.intake_on == date(2019, 4, 5)
    found = review(made, "district", pack=pack, today=date(2019, 4, 5))
    assert refusal(found)[0] == "INTAKE_NOT_REACHED"
    assert passed(made, "district", pack=pack, today=date(2019, 4, 6)).stage == "bureau"


# --- return, refuse, withdraw -----------------------------------------------------------------------------------------


def test_a_returned_filing_is_handed_in_again_and_starts_anew():
    """Lost otherwise: a returned filing is lost, or goes on where the returning stage had not let it through."""
    second = passed(filed(), "district")
    action, returned = review(second, "bureau", "return", today=date(2019, 3, 6))
    assert (action, returned.status, returned.stage, returned.reasons) == ("return", "returned", None, ("不全",))
    better = request(documents=documents(*DOCUMENTS, "note"), prior_revenue_fen=1)
    assert returned.may_be_handed_in_again_as(better)
    assert not returned.may_be_handed_in_again_as(request(track="software"))
    assert not second.may_be_handed_in_again_as(better)
    again = filed(better, former=returned, others=(returned,), filed_by="platform-2", today=date(2019, 3, 7))
    assert (again.status, again.stage, again.passed, again.sequence) == ("submitted", "district", 0, 4)
    assert (again.intake_on, again.reasons, again.reviewed_by) == (None, (), ())
    assert again.filed_by == ("platform-1", "platform-2")
    assert refusal(review(again, "district", reviewer="platform-1"))[0] == "SAME_PERSON"
    later = passed(again, "district", today=date(2019, 3, 7))
    assert later.intake_on == date(2019, 4, 5)


@pytest.mark.parametrize(
    ("status", "may"),
    [
        ("submitted", True),
        ("in_review", True),
        ("returned", True),
        ("opened", False),
        ("refused", False),
        ("withdrawn", False),
    ],
)
def test_until_it_is_opened_the_enterprise_may_withdraw(status, may):
    """Lost otherwise: what is open and counted is taken back, or what is not cannot be."""
    filing = replace(filed(), status=status)
    found = domain.withdraw(pack=load(SHENYANG), filing=filing)
    if may:
        action, after = found
        assert (action, after.status, after.stage, after.sequence) == ("withdraw", "withdrawn", None, 2)
    else:
        assert refusal(found)[0] == "WRONG_STATE"


@pytest.mark.parametrize("status", ["returned", "opened", "refused", "withdrawn"])
def test_only_what_waits_is_reviewed(status):
    """Lost otherwise: a filing is opened that its enterprise took back, or decided twice."""
    found = review(replace(filed(), status=status, stage=None), "district")
    assert refusal(found)[0] == "WRONG_STATE"
    assert found.facts["status"] == status


# --- the law of it ----------------------------------------------------------------------------------------------------


def test_each_step_cites_what_it_rests_on():
    """Lost otherwise: nobody can tell by which article a filing was passed."""
    pack = load(SHENYANG, TODAY)
    first = filed()
    assert domain.rests_on(pack, first, "submit") == ("四", "三(一)", "三(三)1", "三(四)1", "三(四)2")
    assert domain.rests_on(pack, first, "approve") == (
        "三(四)1",
        "三(一)",
    )  # the first stage confirms what was declared
    second = passed(first, "district")
    assert domain.rests_on(pack, second, "approve") == ("三(四)1", "三(四)3")
    assert domain.rests_on(pack, second, "withdraw") == ("三(四)1",)
    counted = filed(shanxi_request(), enterprise(programme=SHANXI))
    assert domain.rests_on(load(SHANXI), counted, "submit") == ("晋政办发〔2018〕63号", "四(二)")


def test_a_filing_of_rules_that_others_are_to_write_waits_for_them():
    """Lost otherwise: where a document leaves filings to others, we would say that there are none."""
    rules = load(SHANXI)
    pack = replace(rules, filing=None, delegates={**rules.delegates, "filing": rules.delegates["claims"]})
    found = submit(shanxi_request(), enterprise(programme=SHANXI), pack=pack)
    assert refusal(found) == ("DELEGATED_RULE_MISSING", "programme", "五(二)")
