"""Lost if these fail: a provider is suspended, or commended, by a sum that is wrong or that one person made alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import Refused
from contracts.programmes import Pack, load
from contracts.programmes.schema import Assessment
from services.supervision.domain.indicators import FORMULAS, Record, scored
from services.supervision.domain.sheets import (
    BP,
    adjusted,
    concluded,
    grade_of,
    lines,
    may_conclude,
    may_mend,
    score_bp,
)

GUIZHOU, NEIMENGGU = load("guizhou-2018"), load("neimenggu-2019")
BEGINS = datetime(2019, 1, 1, tzinfo=UTC)
P = "01P00000000000000000000001"


def orders(*states: str, **more: Any) -> list[dict[str, Any]]:
    known = {"provider_id": P, "price_fen": 100, "list_price_fen": 100, "market_price_fen": None}
    return [
        {**known, "order_id": f"R{n}", "status": state, "confirmed_on": date(2019, 5, 1), **more}
        for n, state in enumerate(states)
    ]


def priced(*prices: tuple[int, int, int | None]) -> list[dict[str, Any]]:
    return [
        {**orders("confirmed")[0], "price_fen": price, "list_price_fen": listed, "market_price_fen": market}
        for price, listed, market in prices
    ]


def complaint(order: str | None, outcome: str | None) -> dict[str, Any]:
    return {"provider_id": P, "order_id": order, "outcome": outcome, "filed_at": BEGINS}


def claim(status: str, *, claimed: int = 100, payable: int = 100, version: int = 1) -> dict[str, Any]:
    fen = {"claimed_fen": claimed, "payable_fen": payable}
    return {"provider_id": P, "status": status, "claim_version": version, "filed_at": BEGINS, **fen}


def evaluation(reached: int, most: int) -> dict[str, Any]:
    return {"provider_id": P, "reached": reached, "most": most, "told_at": BEGINS}


ALERT = {"provider_id": P, "resolved_at": BEGINS}

MEASURED = [
    ("orders_served", {}, None, {"ended": 0, "served": 0}),
    ("orders_served", {"orders": orders("confirmed", "placed")}, None, {"ended": 0, "served": 0}),
    (
        "orders_served",
        {"orders": orders("claimed", "redeemed", "refunded", "failed")},
        "1/2",
        {"ended": 4, "served": 2},
    ),
    ("orders_served", {"orders": orders("claimed", "voided")}, "1/2", {"ended": 2, "served": 1}),
    (
        "orders_served",
        {"orders": orders("claimed", "claimed", "claimed"), "complaints": [complaint("R0", "resolved")]},
        "2/3",
        {"ended": 3, "served": 2},
    ),
    ("orders_served", {"orders": orders("claimed"), "complaints": [complaint("R0", "rejected")]}, "1", {}),
    ("orders_served", {"orders": orders("claimed"), "complaints": [complaint(None, "forwarded")]}, "1", {}),
    ("price_level", {}, None, {"orders": 0, "market_prices": 0}),
    ("price_level", {"orders": priced((90, 100, None))}, "9/10", {"orders": 1, "market_prices": 0}),
    ("price_level", {"orders": priced((90, 100, 60))}, "3/2", {"orders": 1, "market_prices": 1}),
    ("price_level", {"orders": priced((90, 100, None), (80, 100, None))}, "17/20", {}),
    ("price_level", {"orders": priced((90, 100, None), (10, 100, None), (99, 100, None))}, "9/10", {}),
    ("price_level", {"orders": priced((90, 0, None))}, None, {"orders": 0}),
    ("complaints", {"complaints": [complaint(None, "resolved")]}, None, {"upheld": 1, "orders": 0}),
    (
        "complaints",
        {"orders": orders(*["claimed"] * 8), "complaints": [complaint(None, "resolved"), complaint("R1", None)]},
        "25/2",
        {"upheld": 1, "orders": 8},
    ),
    ("money_approved", {"claims": [claim("filed"), claim("withdrawn")]}, None, {"claimed_fen": 0}),
    (
        "money_approved",
        {"claims": [claim("paid", payable=80), claim("refused"), claim("withdrawn")]},
        "2/5",
        {"claimed_fen": 200, "approved_fen": 80},
    ),
    ("first_pass", {"claims": [claim("in_review", version=2)]}, None, {"judged": 0}),
    (
        "first_pass",
        {"claims": [claim("paid"), claim("passed", version=2), claim("returned"), claim("refused"), claim("filed")]},
        "1/4",
        {"judged": 4, "passed_at_first": 1},
    ),
    ("alerts", {"alerts": [ALERT]}, None, {"confirmed": 1, "orders": 0}),
    ("alerts", {"alerts": [ALERT], "orders": orders(*["claimed"] * 4)}, "25", {"confirmed": 1, "orders": 4}),
    ("evaluated", {}, None, {"evaluations": 0}),
    ("evaluated", {"evaluations": [evaluation(1, 3), evaluation(90, 100)]}, "185/3", {"evaluations": 2}),
]


@pytest.mark.parametrize(("formula", "told", "value", "numbers"), MEASURED)
def test_what_an_indicator_comes_to(
    formula: str, told: dict[str, Any], value: str | None, numbers: dict[str, int]
) -> None:
    """A provider is held to what another did, or to what nobody upheld; or nothing at all is called perfect."""
    found, seen = FORMULAS[formula](Record(**told))
    assert found == (None if value is None else Fraction(value))
    assert {name: seen[name] for name in numbers} == numbers


def test_what_lies_outside_the_period_or_is_anothers_does_not_count() -> None:
    """The last evening of a year belongs to it, the first moment of the next does not."""
    ends = BEGINS + timedelta(days=365)
    days = {"first": date(2019, 1, 1), "last": date(2019, 12, 31), "begins": BEGINS, "ends": ends}
    moments = (BEGINS - timedelta(seconds=1), BEGINS, ends - timedelta(seconds=1), ends)
    confirmed = (date(2018, 12, 31), date(2019, 1, 1), date(2019, 12, 31), date(2020, 1, 1))
    kept = Record(
        orders=[
            *(orders("claimed", confirmed_on=day)[0] for day in confirmed),
            *orders("claimed", provider_id="other"),
        ],
        complaints=[{**complaint(None, "resolved"), "filed_at": at} for at in moments],
        claims=[{**claim("paid"), "filed_at": at} for at in moments],
        alerts=[{**ALERT, "resolved_at": at} for at in moments],
        evaluations=[{**evaluation(1, 2), "told_at": at} for at in moments],
    ).of(P, **days)
    rows = (kept.orders, kept.complaints, kept.claims, kept.alerts, kept.evaluations)
    assert [len(one) for one in rows] == [2] * 5


SCORES = [("service", "60%", 0), ("service", "50%", 0), ("service", "100%", 100), ("service", "80%", 50)]
SCORES += [("complaints", "0", 100), ("complaints", "20", 0), ("complaints", "21", 0), ("complaints", "5", 75)]
SCORES += [("price", "90%", 100), ("price", "80%", 100), ("price", "120%", 0), ("price", "1", Fraction(200, 3))]


@pytest.mark.parametrize(("name", "value", "score"), SCORES)
def test_a_value_scores_evenly_between_its_bounds(name: str, value: str, score: Any) -> None:
    """Less is better where the bound for nought is the higher one; beyond a bound nothing is added or taken."""
    number = Fraction(value.rstrip("%")) / (100 if value.endswith("%") else 1)
    assert scored(number, GUIZHOU.assessments["provider"].indicators[name]) == score


def line(weight: int, score: str | None, state: str = "computed", name: str = "service") -> dict[str, Any]:
    return {"indicator": name, "weight_bp": weight, "score": score, "state": state}


SUMS = [
    ([line(5000, "100"), line(5000, "0")], 5000),
    ([line(5000, "100"), line(5000, None, "no_record")], 10000),
    ([line(2000, "100"), line(3000, "50"), line(5000, None, "no_record")], 7000),
    ([line(3333, "100"), line(6667, "0")], 3333),
    ([line(5000, "200/3"), line(5000, "200/3")], 6666),
    ([line(10000, None, "no_record")], None),
    ([], None),
]


@pytest.mark.parametrize(("of", "total"), SUMS)
def test_the_score_is_the_mean_by_weight_rounded_down(of: list[dict[str, Any]], total: int | None) -> None:
    """The weight of what has no record goes to the others in proportion; a hundredth not reached is not given."""
    assert score_bp(of) == total


RULES = [(pack, name, rule) for pack in (GUIZHOU, NEIMENGGU) for name, rule in pack.assessments.items() if rule.grades]


@pytest.mark.parametrize(("pack", "name", "rule"), RULES)
def test_a_provider_without_orders_has_no_record(pack: Pack, name: str, rule: Assessment) -> None:
    """Nobody is suspended, or commended, for having done nothing."""
    of = lines(rule, Record())
    assert {one["state"] for one in of} <= {"no_record", "awaited"}
    assert sum(one["weight_bp"] for one in of) == BP
    assert score_bp(of) is None


@given(
    scores=st.lists(st.fractions(0, 100, max_denominator=97), min_size=6, max_size=6),
    known=st.lists(st.booleans(), min_size=6, max_size=6),
    at=st.integers(0, 5),
    new=st.integers(0, 100),
)
def test_one_indicator_moves_the_score_by_its_weight_alone(
    scores: list[Fraction], known: list[bool], at: int, new: int
) -> None:
    """A reviewer who changes one line changes no other; the score stays within 0 and 100."""
    weights = [1234, 1766, 2000, 1500, 2500, 1000]
    of = [
        line(weight, str(score) if there else None) for weight, score, there in zip(weights, scores, known, strict=True)
    ]
    of[at] = line(weights[at], str(scores[at]))
    before = score_bp(of)
    of[at] = line(weights[at], str(new), "adjusted")
    after = score_bp(of)
    assert before is not None
    assert after is not None
    assert 0 <= before <= 10_000
    assert 0 <= after <= 10_000
    counted = sum(one["weight_bp"] for one in of if one["score"] is not None)
    moved = Fraction(weights[at], counted) * (new - scores[at]) * 100
    assert abs((after - before) - moved) < 1, "the rounding of two totals, and no more"


GRADES = [(0, "exit"), (3999, "exit"), (4000, "suspend"), (5999, "suspend"), (6000, "mend"), (7499, "mend")]
GRADES += [(7500, "none"), (8999, "none"), (9000, "award"), (10000, "award")]


@pytest.mark.parametrize(("score", "consequence"), GRADES)
def test_a_grade_begins_at_its_bound(score: int, consequence: str) -> None:
    """39.99 is not 40: nobody is let off, or shut out, by a rounding."""
    assert grade_of(GUIZHOU.assessments["provider"], score).consequence == consequence


def sheet(pack: Pack = GUIZHOU, **more: Any) -> dict[str, Any]:
    record = Record(orders=orders(*["claimed"] * 4), claims=[claim("paid")])
    rows = lines(pack.assessments["provider"], record)
    known = {"assessment_id": "J", "name": "provider", "status": "open", "opened_by": "opener"}
    return {**known, "indicators": rows, **more}


def adjust(given: dict[str, Any], indicator: str, pack: Pack = GUIZHOU, **said: Any) -> Any:
    asked = {"score": None, "value": None, "roles": {"bureau"}, "person": "reviewer", **said}
    return adjusted(sheet=given, pack=pack, indicator=indicator, **asked)


@pytest.mark.parametrize(
    ("indicator", "said", "code"),
    [
        ("service", {"score": 50, "person": "opener"}, "SAME_PERSON"),
        ("service", {"score": 50, "roles": {"operator"}}, "RULE_ABSENT"),
        ("beauty", {"score": 50}, "RULE_ABSENT"),
        ("service", {"value": "80%"}, "INVALID"),
        ("cost_saved", {"value": "a lot"}, "INVALID"),
        ("cost_saved", {"value": "-5"}, "INVALID"),
    ],
)
def test_what_a_reviewer_may_not_change(indicator: str, said: dict[str, Any], code: str) -> None:
    """What the record says is not told otherwise by who opened it, nor by a number nobody can read."""
    found = adjust(sheet(), indicator, **said)
    assert isinstance(found, Refused)
    assert found.code == code


def test_an_adjustment_keeps_what_was_computed() -> None:
    """What the reviewer set aside can be read beside it; a value on its own scale is scored as the pack says."""
    before, after = adjust(sheet(), "service", score=70)
    assert (before["score"], after["score"], after["computed"], after["state"]) == ("100", "70", "100", "adjusted")
    _, reported = adjust(sheet(), "cost_saved", value="12%")
    assert (reported["value"], reported["score"]) == ("12%", "40")
    assert adjust(sheet(status="concluded"), "service", score=1).code == "WRONG_STATE"


def reviewed(pack: Pack = GUIZHOU) -> dict[str, Any]:
    """All that was awaited is told."""
    known = sheet(pack)
    told = [
        {**one, "score": "80", "state": "adjusted"} if one["state"] == "awaited" else one for one in known["indicators"]
    ]
    return {**known, "indicators": told}


@pytest.mark.parametrize(
    ("pack", "given", "adjusters", "role", "person", "code"),
    [
        (GUIZHOU, sheet(), ["a"], "bureau", "b", "FACT_MISSING"),
        (GUIZHOU, reviewed(), ["a"], "bureau", "a", "SAME_PERSON"),
        (GUIZHOU, reviewed(), ["b", "a"], "bureau", "b", "SAME_PERSON"),
        (GUIZHOU, reviewed(), ["a"], "bureau", "opener", None),
        (GUIZHOU, reviewed(), ["a"], "finance", "b", "RULE_ABSENT"),
        (GUIZHOU, {**reviewed(), "status": "mended"}, [], "bureau", "b", "WRONG_STATE"),
        (NEIMENGGU, reviewed(NEIMENGGU), [], "bureau", "b", "RULE_ABSENT"),
        (NEIMENGGU, reviewed(NEIMENGGU), [], "finance", "b", None),
        (NEIMENGGU, reviewed(NEIMENGGU), ["a", "c"], "finance", "a", "SAME_PERSON"),
        (NEIMENGGU, reviewed(NEIMENGGU), [], "finance", "opener", "SAME_PERSON"),
        (NEIMENGGU, sheet(NEIMENGGU, indicators=[line(10000, None, "no_record")]), [], "finance", "b", "FACT_MISSING"),
    ],
)
def test_who_concludes(
    pack: Pack, given: dict[str, Any], adjusters: list[str], role: str, person: str, code: str | None
) -> None:
    """A grade is never the word of one: who changed a score last does not fix it, nor does one department for two."""
    found = may_conclude(sheet=given, pack=pack, adjusters=adjusters, roles={role}, person=person)
    assert (found.code if found else None) == code


@pytest.mark.parametrize(
    ("score", "status", "due_on"),
    [
        ("0", "exit_due", None),
        ("50", "suspended", date(2020, 3, 11)),
        ("70", "mending", date(2020, 3, 11)),
        ("80", "concluded", None),
        ("95", "concluded", None),
    ],
)
def test_what_follows_from_a_score(score: str, status: str, due_on: date | None) -> None:
    """The consequence is the pack's, the day is that of the conclusion and its days."""
    given = sheet(indicators=[line(10000, score)])
    fixed = concluded(sheet=given, pack=GUIZHOU, today=date(2020, 2, 10))
    assert (fixed["status"], fixed["due_on"]) == (status, due_on)


@pytest.mark.parametrize(
    ("pack", "status", "role", "code"),
    [
        (GUIZHOU, "mending", "bureau", None),
        (GUIZHOU, "suspended", "bureau", None),
        (GUIZHOU, "exit_due", "bureau", None),
        (GUIZHOU, "concluded", "bureau", "WRONG_STATE"),
        (GUIZHOU, "mended", "bureau", "WRONG_STATE"),
        (GUIZHOU, "mending", "finance", "RULE_ABSENT"),
        (NEIMENGGU, "mending", "finance", None),
        (NEIMENGGU, "mending", "bureau", None),
    ],
)
def test_who_confirms_what_was_mended(pack: Pack, status: str, role: str, code: str | None) -> None:
    """A provider would take orders again on the word of an office that did not assess it."""
    found = may_mend(sheet=sheet(pack, status=status), pack=pack, roles={role})
    assert (found.code if found else None) == code
