"""Lost if these fail: an office assesses what is another's, a year is judged before it is over, or a provider of one
programme is scored in another."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from contracts.errors import Refused
from contracts.programmes import load
from services.supervision.domain.assessments import effect_figures, judge_assessment, party_figures
from services.supervision.domain.figures import Count

NEIMENGGU, SHANXI, SHANDONG = load("neimenggu-2019"), load("shanxi-2018"), load("shandong-2017")
GUIZHOU, SHENYANG = load("guizhou-2018"), load("shenyang-2018")
TODAY = date(2020, 4, 10)
SUBJECT = "01P00000000000000000000001"


def party(pack: Any, kind: str = "provider") -> dict[str, Any]:
    return {"party": {"kind": kind, "programme": pack.code, "status": "admitted"}}


EFFECT: dict[str, Any] = {"name": "effect", "subject_id": "", "party": None}
EVERY_QUARTER = replace(
    NEIMENGGU, assessments={"provider": replace(NEIMENGGU.assessments["provider"], every="quarter")}
)

NO_INDICATORS = replace(
    NEIMENGGU, assessments={"provider": replace(NEIMENGGU.assessments["provider"], indicators={}, grades=())}
)

CASES = [
    pytest.param({}, ("二(二)",), id="Inner Mongolia's providers, of a year"),
    pytest.param({"period": "2019-Q4"}, ("INVALID", "period"), id="every year: no quarter"),
    pytest.param({"period": "2019-12"}, ("INVALID", "period"), id="every year: no month"),
    pytest.param({"pack": EVERY_QUARTER, "period": "2019-Q4"}, ("二(二)",), id="every quarter: a quarter"),
    pytest.param({"pack": EVERY_QUARTER}, ("INVALID", "period"), id="every quarter: no year"),
    pytest.param({"period": "2020"}, ("WRONG_STATE", "period"), id="a running year"),
    pytest.param({"today": date(2019, 12, 31)}, ("WRONG_STATE", "period"), id="its last day"),
    pytest.param({"today": date(2020, 1, 1)}, ("二(二)",), id="the day after"),
    pytest.param({"period": "2018"}, ("OUT_OF_PERIOD", "period"), id="before the programme"),
    pytest.param({"roles": {"third_party", "finance"}}, ("RULE_ABSENT", "name"), id="another office's"),
    pytest.param({"name": "effect"}, ("RULE_ABSENT", "name"), id="what the document does not ask for"),
    pytest.param({"subject_id": ""}, ("INVALID", "subject_id"), id="of no provider"),
    pytest.param({"party": None}, ("NOT_YET_KNOWN", "subject_id"), id="of one that nobody told of yet"),
    pytest.param(party(GUIZHOU), ("NOT_FOUND", "subject_id"), id="of another programme's provider"),
    pytest.param(party(NEIMENGGU, "enterprise"), ("NOT_FOUND", "subject_id"), id="of an enterprise"),
    pytest.param(
        {"name": "enterprise", "roles": {"third_party"}, **party(NEIMENGGU, "enterprise"), "period": "2019-12"},
        ("RULE_ABSENT", "name"),
        id="an enterprise's move is evaluated, not assessed",
    ),
    *(
        pytest.param(
            {"party": {"kind": "provider", "programme": "neimenggu-2019", "status": status}}, expected, id=status
        )
        for status, expected in (
            ("suspended", ("二(二)",)),
            ("leaving", ("二(二)",)),
            ("exited", ("二(二)",)),
            ("nominated", ("WRONG_STATE", "subject_id")),
            ("certified", ("WRONG_STATE", "subject_id")),
        )
    ),
    pytest.param({"pack": NO_INDICATORS}, ("RULE_ABSENT", "name"), id="nothing to compute"),
    pytest.param(
        {"pack": GUIZHOU, **party(GUIZHOU), "period": "2018-Q4"}, ("五(五)",), id="Guizhou, regularly: a quarter"
    ),
    pytest.param({"pack": GUIZHOU, **EFFECT, "period": "2018-12"}, ("五(五)",), id="Guizhou's effect: a month"),
    pytest.param({"pack": GUIZHOU, **EFFECT, "subject_id": SUBJECT}, ("INVALID", "subject_id"), id="effect of one"),
    pytest.param({"pack": SHANXI, **EFFECT, "roles": {"third_party"}}, ("五(三)",), id="Shanxi's, by a third party"),
    pytest.param({"pack": SHANXI, **EFFECT}, ("RULE_ABSENT", "name"), id="Shanxi's, not by the bureau"),
    pytest.param({"pack": SHENYANG, **EFFECT, "roles": {"finance"}}, ("三(五)1",), id="Shenyang's, by finance"),
    pytest.param({"pack": SHANXI, **EFFECT, "name": "yearly"}, ("RULE_ABSENT", "name"), id="cities elsewhere"),
]


@pytest.mark.parametrize(("change", "expected"), CASES)
def test_who_assesses_what(change: dict[str, Any], expected: tuple[str, ...]) -> None:
    """A score stands for good: of what the document asks for, of a period that is over, by the office it names."""
    given = {"pack": NEIMENGGU, "name": "provider", "subject_id": SUBJECT, "period": "2019", **party(NEIMENGGU)}
    outcome = judge_assessment(**{**given, "roles": {"bureau"}, "today": TODAY, **change})
    assert ((outcome.code, outcome.field) if isinstance(outcome, Refused) else outcome) == expected


@pytest.mark.parametrize(
    ("pack", "name", "facts"),
    [
        (SHANDONG, "city", {"of": "city", "methods": ["evaluate_region", "report_progress"]}),
        (SHANDONG, "provider", {"assessments": ["city", "enterprise"]}),
        (SHANDONG, "enterprise", {"of": "enterprise", "methods": ["publish_standard", "evaluate_enterprise"]}),
        (NEIMENGGU, "provider", {"of": "provider", "role": "bureau"}),
    ],
)
def test_a_refusal_says_where_to_go(pack: Any, name: str, facts: dict[str, Any]) -> None:
    """Without a hint the office tries one name after the other."""
    outcome = judge_assessment(
        pack=pack, name=name, subject_id="", party=None, period="2018", roles={"auditor"}, today=TODAY
    )
    assert isinstance(outcome, Refused)
    assert outcome.facts == {"pack_version": pack.label, **facts}


def test_the_effect_is_that_of_its_year() -> None:
    """Money of another year in the figures would make an effect that there was not."""
    counts = [
        Count("p", "520100", "registered", 9),
        Count("p", "520100", "on_cloud", 3, 2018),
        Count("p", "520100", "on_cloud", 3, 2018, "application"),
        Count("p", "520200", "on_cloud", 2, 2019),
        Count("p", "520100", "spending_fen", 700, 2018),
        Count("p", "520100", "spending_fen", 40, 2019),
        Count("p", "520100", "redeemed_fen", 50, 2018),
    ]
    found = effect_figures(counts, period="2018-Q3")
    assert found == {
        "year": 2018, "registered": 9, "on_cloud": 3, "by_kind": {"application": 3},
        "spending_fen": 700, "redeemed_fen": 50,
    }  # fmt: skip
    assert effect_figures(counts, period="2019")["on_cloud"] == 5


def test_figures_are_of_that_party_alone() -> None:
    """Another's refunds under a provider's score; and what there is none of is shown as none, not left off."""
    record = {"orders": {"a": {"refunded": 1, "confirmed": 2}, "b": {"open": 9}}, "alerts": {"b": {"x": 1}}}
    assert party_figures(record, subject_id="a") == {"orders": {"confirmed": 2, "refunded": 1}, "alerts": {}}
