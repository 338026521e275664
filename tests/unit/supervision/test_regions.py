"""Lost if these fail: an office speaks for a region that is not its own, a month is reported before it comes, or a
programme that evaluates nobody evaluates."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contracts.errors import Refused
from contracts.programmes import Pack, load, shipped
from services.supervision.domain import regions

SHANXI, SHANDONG, GUIZHOU = load("shanxi-2018"), load("shandong-2017"), load("guizhou-2018")
TODAY = date(2019, 4, 10)


def said(outcome: regions.Articles | Refused) -> tuple[str | None, ...]:
    """What to compare: the articles, or the code and the field."""
    return (outcome.code, outcome.field) if isinstance(outcome, Refused) else outcome


@pytest.mark.parametrize(
    ("period", "every", "first", "last"),
    [
        ("2019-02", "month", date(2019, 2, 1), date(2019, 2, 28)),
        ("2020-02", "month", date(2020, 2, 1), date(2020, 2, 29)),
        ("2019-12", "month", date(2019, 12, 1), date(2019, 12, 31)),
        ("2019-Q1", "quarter", date(2019, 1, 1), date(2019, 3, 31)),
        ("2019-Q4", "quarter", date(2019, 10, 1), date(2019, 12, 31)),
        ("2019", "year", date(2019, 1, 1), date(2019, 12, 31)),
    ],
)
def test_the_days_of_a_period(period: str, every: str, first: date, last: date) -> None:
    """A day missing at the end would let a period be evaluated before it is over."""
    assert regions.span(period) == regions.Span(every, first, last)  # type: ignore[arg-type]


REPORTS = [
    pytest.param({}, ("五(三)",), id="its own month"),
    pytest.param({"office": "140100"}, ("五(三)",), id="a token with six digits"),
    pytest.param({"month": "2019-04"}, ("五(三)",), id="the running month"),
    pytest.param({"month": "2019-05"}, ("WRONG_STATE", "month"), id="a month to come"),
    pytest.param({"month": "2019-Q1"}, ("INVALID", "month"), id="a quarter"),
    pytest.param({"month": "2019"}, ("INVALID", "month"), id="a year"),
    pytest.param({"month": "2018-06"}, ("五(三)",), id="the month in which it began"),
    pytest.param({"month": "2018-05"}, ("OUT_OF_PERIOD", "month"), id="before it began"),
    pytest.param({"office": "1402"}, ("REGION_MISMATCH", "region"), id="of another city"),
    pytest.param({"office": "140105"}, ("REGION_MISMATCH", "region"), id="a county for its city"),
    pytest.param({"office": "14"}, ("REGION_MISMATCH", "region"), id="the province for a city"),
    pytest.param({"office": None}, ("REGION_MISMATCH", "region"), id="an office of nowhere"),
    pytest.param({"office": "3701", "region": "3701"}, ("REGION_MISMATCH", "region"), id="a city of another province"),
    pytest.param({"roles": {"district"}}, ("RULE_ABSENT", "programme"), id="another office's rule"),
    pytest.param({"pack": GUIZHOU}, ("RULE_ABSENT", "programme"), id="a programme that asks for none"),
    pytest.param({"pack": SHANDONG}, ("RULE_ABSENT", "programme"), id="assessed regularly, not every month"),
]


@pytest.mark.parametrize(("change", "expected"), REPORTS)
def test_who_reports_which_month(change: dict[str, Any], expected: tuple[str, ...]) -> None:
    """A report counts as handed in by the city, in its month: nobody else's may."""
    given = {"pack": SHANXI, "region": "1401", "month": "2019-03", "office": "1401", "roles": {"prefecture"}, **change}
    assert said(regions.judge_report(today=TODAY, **given)) == expected


EVALUATIONS = [
    pytest.param({}, ("五(三)",), id="a quarter that ended"),
    pytest.param({"period": "2018"}, ("五(三)",), id="a year that ended"),
    pytest.param({"period": "2019-Q2"}, ("WRONG_STATE", "period"), id="a running quarter"),
    pytest.param({"period": "2019"}, ("WRONG_STATE", "period"), id="a running year"),
    pytest.param({"today": date(2019, 3, 31)}, ("WRONG_STATE", "period"), id="its last day"),
    pytest.param({"today": date(2019, 4, 1)}, ("五(三)",), id="the day after"),
    pytest.param({"period": "2019-03"}, ("INVALID", "period"), id="a month"),
    pytest.param({"period": "2017"}, ("OUT_OF_PERIOD", "period"), id="before the programme"),
    pytest.param({"region": "3701"}, ("INVALID", "region"), id="another province's city"),
    pytest.param({"roles": {"operator"}}, ("RULE_ABSENT", "programme"), id="not its office"),
    pytest.param({"pack": GUIZHOU, "region": "5201"}, ("RULE_ABSENT", "programme"), id="no evaluation of cities"),
    pytest.param({"pack": SHANDONG, "region": "3701"}, ("五(五)",), id="regularly: a quarter"),
    pytest.param({"pack": SHANDONG, "region": "3701", "period": "2018"}, ("五(五)",), id="regularly: a year"),
]


@pytest.mark.parametrize(("change", "expected"), EVALUATIONS)
def test_what_is_evaluated_when(change: dict[str, Any], expected: tuple[str, ...]) -> None:
    """An evaluation decides on money: of a period that is over, by the office and the rule of the programme."""
    given = {"pack": SHANXI, "region": "1401", "period": "2019-Q1", "roles": {"bureau"}, "today": TODAY, **change}
    assert said(regions.judge_evaluation(**given)) == expected


TARGETS = [
    pytest.param({}, ("一(二)",), id="the pack's own measure"),
    pytest.param({"measure": "pilot_enterprises"}, ("三(八)",), id="pilots"),
    pytest.param({"measure": "spending_yuan"}, ("五(一)",), id="spending, by the bureau's office"),
    pytest.param({"pack": SHANDONG, "region": "37", "measure": "spending_yuan"}, ("一",), id="spending, by its target"),
    pytest.param({"measure": "rockets"}, ("RULE_ABSENT", "measure"), id="what no rule names"),
    pytest.param({"measure": "model_enterprises"}, ("RULE_ABSENT", "measure"), id="what another programme names"),
    pytest.param({"region": "3701"}, ("INVALID", "region"), id="outside the programme"),
    pytest.param({"year": 2017}, ("OUT_OF_PERIOD", "year"), id="before it began"),
    pytest.param({"year": 2021}, ("OUT_OF_PERIOD", "year"), id="after it ended"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), TARGETS)
def test_which_targets_can_be_set(change: dict[str, Any], expected: tuple[str, ...]) -> None:
    """A target of a measure that another programme has would be counted here and never reached."""
    given = {"pack": SHANXI, "region": "1401", "year": 2019, "measure": "enterprises", **change}
    assert said(regions.judge_target(**given)) == expected


DESIGNATIONS = [
    pytest.param(SHANXI, "pilot", "三(八)", id="Shanxi's pilots"),
    pytest.param(SHANXI, "model", "一(二)", id="Shanxi's model cases"),
    pytest.param(load("shenyang-2018"), "model", load("shenyang-2018").article("targets.models"), id="Shenyang's"),
    pytest.param(SHANDONG, "pilot", None, id="no number in the pack: no article"),
]


@pytest.mark.parametrize(("pack", "kind", "article"), DESIGNATIONS)
def test_a_designation_rests_on_the_target_it_counts_for(pack: Pack, kind: str, article: str | None) -> None:
    """A wrong article under a model case could be asked for and not be found."""
    enterprise = {"kind": "enterprise", "programme": pack.code}
    expected = () if article is None else (article,)
    assert regions.judge_designation(pack=pack, kind=kind, enterprise=enterprise) == expected


@pytest.mark.parametrize(
    ("party", "code"),
    [
        (None, "NOT_YET_KNOWN"),
        ({"kind": "provider", "programme": "shanxi-2018"}, "NOT_FOUND"),
        ({"kind": "enterprise", "programme": "shandong-2017"}, "NOT_FOUND"),
    ],
)
def test_who_can_be_designated(party: dict[str, str] | None, code: str) -> None:
    """A provider, or another programme's enterprise, would count against Shanxi's hundred."""
    assert said(regions.judge_designation(pack=SHANXI, kind="pilot", enterprise=party)) == (code, "enterprise_id")


DUE = [
    pytest.param("1401", 2018, TODAY, ["2018-06", "2018-07", "2018-08", "2018-09", "2018-10", "2018-11", "2018-12"]),
    pytest.param("1401", 2019, TODAY, ["2019-01", "2019-02", "2019-03"]),
    pytest.param("1401", 2019, date(2019, 1, 31), []),
    pytest.param("1401", 2021, date(2021, 6, 1), []),
    pytest.param("14", 2019, TODAY, None),
    pytest.param("140105", 2019, TODAY, None),
]


@pytest.mark.parametrize(("region", "year", "today", "due"), DUE)
def test_which_months_a_region_owes(region: str, year: int, today: date, due: list[str] | None) -> None:
    """A month that is not over is not owed; one outside the programme never is; only prefectures owe."""
    assert regions.months_due(SHANXI, region=region, year=year, today=today) == due


def test_every_programme_answers_each_question() -> None:
    """A programme that nobody thought of would be a defect, not a refusal."""
    for code in shipped().codes():
        pack = load(code)
        for path in (
            *(f"assessments.{name}" for name in pack.assessments),
            *(f"targets.{name}" for name in pack.targets),
        ):
            assert pack.article(path)
        report = regions.judge_report(
            pack=pack, region=pack.region, month="2019-03", office=pack.region, roles={"prefecture"}, today=TODAY
        )
        evaluation = regions.judge_evaluation(
            pack=pack, region=pack.region, period="2019-Q1", roles={"bureau"}, today=TODAY
        )
        for outcome in (report, evaluation):
            assert not isinstance(outcome, Refused) or outcome.facts["pack_version"] == pack.label


@pytest.mark.parametrize(
    ("looked_at", "today", "months"),
    [
        pytest.param(None, date(2019, 4, 10), ["2019-03"], id="at first the last alone"),
        pytest.param("2019-03", date(2019, 4, 10), [], id="nothing new"),
        pytest.param("2018-11", date(2019, 3, 1), ["2018-12", "2019-01", "2019-02"], id="over a new year"),
        pytest.param("2019-11", date(2020, 1, 31), ["2019-12"], id="December"),
    ],
)
def test_months_whose_term_is_looked_at(looked_at: str | None, today: date, months: list[str]) -> None:
    """A month that is skipped is never asked for; one looked at twice is told twice."""
    assert regions.months_after(looked_at, today=today) == months


EXCESS = [
    pytest.param("140105", 6, {"1401": 10, "140106": 4}, None, id="just as many as the city"),
    pytest.param("140105", 7, {"1401": 10, "140106": 4}, (10, 11), id="one more than the city"),
    pytest.param("140105", 7, {"1401": 10, "140105": 9}, None, id="in place of its former"),
    pytest.param("140105", 7, {"140106": 4}, None, id="a city without one bounds nothing"),
    pytest.param("140105", 7, {"1401": 7, "140206": 4}, None, id="another city's county is not in it"),
    pytest.param("1401", 9, {"140105": 6, "140106": 4}, (9, 10), id="a city below its counties"),
    pytest.param("1401", 10, {"1401": 20, "140105": 6, "140106": 4}, None, id="a city lowered to its counties"),
    pytest.param("14", 1, {"1401": 10}, None, id="the province"),
]


@pytest.mark.parametrize(("region", "at_least", "standing", "sums"), EXCESS)
def test_counties_add_up_to_no_more_than_their_city(
    region: str, at_least: int, standing: dict[str, int], sums: tuple[int, int] | None
) -> None:
    """Else a city's counties are held to more than the city was given, and nobody set that."""
    found = regions.target_excess(pack=SHANXI, region=region, measure="enterprises", at_least=at_least, set_=standing)
    assert (found and (found.code, found.facts["of_city"], found.facts["of_counties"])) == (
        ("TARGETS_EXCEEDED", *sums) if sums else None
    )
