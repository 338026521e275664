"""The decision as the voucher service uses it: parts of it, facts on record, and what is always so."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ERRORS
from contracts.programmes import load
from services.voucher.domain.eligibility import CONDITIONS, eligibility, years_reached
from services.voucher.domain.entitlement import amount, decide, quota
from services.voucher.domain.facts import FactNotGiven, Facts, needs

GUIZHOU = load("guizhou-2018")
NEIMENGGU = load("neimenggu-2019")
APPLICANT = Facts(
    on=date(2018, 10, 8), region="520102", registered_on=date(2016, 3, 1), legal_person=True, violation=False,
    bad_credit=False, used_this_year_fen=0,
)  # fmt: skip
ORDER = replace(APPLICANT, affiliated=False, category="infrastructure", price_fen=8_000_000)


def codes(refusals):
    return [refusal.code for refusal in refusals]


def test_an_application_is_judged_before_any_provider_is_known():
    """No enterprise could apply before it had chosen what to buy."""
    assert eligibility(pack=GUIZHOU, facts=APPLICANT, skip={"not_affiliated"}) == ()
    late = replace(APPLICANT, registered_on=date(2018, 1, 1), violation=True)
    assert codes(eligibility(pack=GUIZHOU, facts=late, skip={"not_affiliated"})) == [
        "REGISTERED_TOO_RECENTLY",
        "VIOLATION",
    ]


@pytest.mark.parametrize(
    ("given_facts", "amount_fen", "refusals"),
    [
        ({}, 5_000_000, []),
        ({"requested_fen": 3_000_000}, 3_000_000, []),
        ({"requested_fen": 5_000_001}, 0, ["QUOTA_EXCEEDED"]),
        ({"used_this_year_fen": 3_000_000}, 2_000_000, []),
        ({"used_this_year_fen": 5_000_000}, 0, ["QUOTA_EXHAUSTED"]),
        ({"budget_left_fen": 1}, 1, []),
        ({"budget_left_fen": 1, "requested_fen": 2}, 0, ["BUDGET_EXCEEDED"]),
        ({"budget_left_fen": 0}, 0, ["BUDGET_EXHAUSTED"]),
        ({"budget_left_fen": 0, "used_this_year_fen": 5_000_000}, 0, ["QUOTA_EXHAUSTED", "BUDGET_EXHAUSTED"]),
    ],
)
def test_quota_is_bounded_by_cap_and_budget_alone(given_facts, amount_fen, refusals):
    """More than 50,000 a year, or more than the plan, would be granted."""
    granted = quota(pack=GUIZHOU, facts=replace(APPLICANT, **given_facts))
    assert (granted.amount_fen, codes(granted.refusals)) == (amount_fen, refusals)


def test_quota_names_its_articles():
    """A grant would rest on nothing that one can read."""
    assert quota(pack=GUIZHOU, facts=replace(APPLICANT, budget_left_fen=10**9)).articles == ("第十六条", "第六条")
    (refusal,) = quota(pack=GUIZHOU, facts=replace(APPLICANT, budget_left_fen=0)).refusals
    assert (refusal.article, refusal.field, refusal.facts) == ("第六条", "requested_fen", {"left_fen": 0})


def test_an_order_is_bounded_by_the_quota_that_was_granted():
    """An enterprise granted 10,000 would spend 32,000."""
    assert amount(pack=GUIZHOU, facts=replace(ORDER, quota_fen=1_000_000)).amount_fen == 1_000_000
    over = amount(pack=GUIZHOU, facts=replace(ORDER, quota_fen=1_000_000, requested_fen=1_000_001))
    assert codes(over.refusals) == ["QUOTA_EXCEEDED"]
    spent = amount(pack=GUIZHOU, facts=replace(ORDER, quota_fen=1_000_000, used_this_year_fen=1_000_000))
    assert codes(spent.refusals) == ["QUOTA_EXHAUSTED"]
    assert amount(pack=GUIZHOU, facts=replace(ORDER, quota_fen=9_000_000, price_fen=90_000_000)).amount_fen == 5_000_000


def test_what_went_in_stands_in_the_record_as_json_values():
    """An auditor could not compute the decision again."""
    decided = decide(pack=GUIZHOU, facts=replace(ORDER, requested_fen=100))
    assert decided.pack_version == "guizhou-2018@1"
    assert decided.inputs == {
        "on": "2018-10-08", "category": "infrastructure", "price_fen": 8_000_000, "requested_fen": 100,
        "used_this_year_fen": 0, "registered_on": "2016-03-01", "region": "520102", "legal_person": True,
        "violation": False, "bad_credit": False, "affiliated": False,
    }  # fmt: skip
    assert decided.articles[:2] == ("黔数〔2018〕53号", "第十三条(一)")


def test_a_refusal_carries_the_numbers_that_went_in():
    """The refused could not see how much was missing."""
    (refusal,) = decide(pack=GUIZHOU, facts=replace(ORDER, requested_fen=4_000_000)).refusals
    assert (refusal.code, refusal.article) == ("REQUEST_ABOVE_RATE", "第十八条")
    assert refusal.facts == {
        "rate": "40%", "price_fen": 8_000_000, "allowed_fen": 3_200_000, "requested_fen": 4_000_000,
    }  # fmt: skip
    (refusal,) = decide(pack=GUIZHOU, facts=replace(ORDER, registered_on=date(2018, 1, 2))).refusals
    assert refusal.facts["eligible_from"] == "2019-01-02"


def test_articles_are_those_applied_each_once():
    """A reader would look for a rule that was not applied, or miss the one that defers."""
    facts = Facts(
        on=date(2020, 3, 2), category="platform", price_fen=100, used_this_year_fen=0, region="150102",
        bad_credit=False, industry="industrial", budget_left_fen=0,
    )  # fmt: skip
    decided = decide(pack=NEIMENGGU, facts=facts)
    assert decided.articles == ("2019年9月11日通知", "二(一)", "五(二)", "五(三)", "一(二)")
    assert decided.deferred_fen == decided.amount_fen == 25


def test_an_enterprise_on_the_wrong_track_is_told_the_tracks_article():
    """It would be told that its industry is not covered by an article that covers it."""
    facts = Facts(
        on=date(2019, 6, 3), track="software", region="210102", tax_region="210102", legal_person=True,
        industry="industrial",
    )  # fmt: skip
    (refusal,) = eligibility(pack=load("shenyang-2018"), facts=facts)
    assert (refusal.code, refusal.article) == ("INDUSTRY_NOT_COVERED", "三(三)2")
    (refusal,) = eligibility(pack=load("shenyang-2018"), facts=replace(facts, industry="other"))
    assert refusal.article == "三(一)"


def test_delegated_amounts_are_a_refusal_for_quota_and_order_too():
    """A city without rules of its own would give what nobody set."""
    for decision in (quota, amount, decide):
        pack = load("shandong-2017")
        facts = Facts(on=date(2018, 5, 7), region="370102", legal_person=True, size="small")
        found = decision(pack=pack, facts=facts)
        assert [(one.code, one.article) for one in found.refusals] == [("DELEGATED_RULE_MISSING", "三(四)")]
        assert found.articles == ("三(四)",)


@pytest.mark.parametrize("name", sorted(needs(GUIZHOU).needed - {"on"}))
def test_a_fact_that_is_needed_is_never_guessed(name):
    """None would count as no violation, or as nothing used."""
    with pytest.raises(FactNotGiven) as missing:
        decide(pack=GUIZHOU, facts=replace(ORDER, **{name: None}))
    assert missing.value.name == name


def test_every_refusal_has_its_text():
    """A caller would get a code that nobody can explain."""
    for _, code, _, _ in CONDITIONS:
        assert ERRORS[code].kind == "refused"


@pytest.mark.parametrize(
    ("since", "reached"),
    [
        (date(2017, 10, 8), date(2018, 10, 8)),
        (date(2020, 2, 29), date(2021, 2, 28)),
        (date(2019, 2, 28), date(2020, 2, 28)),
        (date(2019, 3, 1), date(2020, 3, 1)),
        (date(9999, 1, 1), date.max),
    ],
)
def test_a_year_is_full_on_the_same_day(since, reached):
    """An enterprise would wait a day too long, or apply a day too early."""
    assert years_reached(since=since, years=1) == reached


def test_leap_day_to_leap_day():
    """Years would be counted by a calendar without the century rule."""
    assert years_reached(since=date(1896, 2, 29), years=4) == date(1900, 2, 28)
    assert years_reached(since=date(1996, 2, 29), years=4) == date(2000, 2, 29)
    assert years_reached(since=date(2016, 2, 29), years=4) == date(2020, 2, 29)


money = st.integers(0, 20_000_000)


@given(
    pack=st.sampled_from([GUIZHOU, NEIMENGGU]),
    category=st.sampled_from(["infrastructure", "platform", "application"]),
    price_fen=money,
    used_fen=money,
    requested_fen=st.none() | money,
    budget_fen=st.none() | money,
)
def test_no_amount_is_beyond_any_bound(pack, category, price_fen, used_fen, requested_fen, budget_fen):
    """More would be given than rate, year or budget allow, or another amount than was asked for."""
    found = amount(
        pack=pack,
        facts=Facts(
            on=date(2020, 1, 1), category=category, price_fen=price_fen, used_this_year_fen=used_fen,
            requested_fen=requested_fen, budget_left_fen=budget_fen,
        ),
    )  # fmt: skip
    cap_fen = pack.amount.cap.of["all"].cap_fen
    if found.refusals:
        assert (found.amount_fen, found.deferred_fen) == (0, 0)
        return
    assert found.amount_fen <= price_fen * pack.amount.rate.of[category].rate
    assert found.amount_fen + used_fen <= cap_fen
    assert requested_fen in (None, found.amount_fen)
    if budget_fen is not None:
        assert found.amount_fen - found.deferred_fen <= budget_fen
    assert pack is NEIMENGGU or found.deferred_fen == 0
