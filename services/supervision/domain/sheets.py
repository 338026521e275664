"""An assessment sheet: indicators with their weights, what a reviewer changed, the score, its grade, what follows.

Scores of indicators are exact fractions, kept as text; the total alone is rounded, down to a hundredth (`score_bp`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from contracts.errors import Refused
from contracts.money import parse_level
from contracts.programmes import Pack
from contracts.programmes.schema import Assessment, Grade, Indicator
from services.supervision.domain.indicators import FORMULAS, FULL, Record, scored
from services.supervision.domain.regions import refused

Row = dict[str, Any]
Line = dict[str, Any]

BP = 10_000
HUNDREDTHS = 100  # of a point: what the total is rounded down to
# what a grade's consequence makes of the sheet
STATUS_OF: Mapping[str, str] = {
    "award": "concluded", "none": "concluded", "mend": "mending", "suspend": "suspended", "exit": "exit_due",
}  # fmt: skip
TO_MEND = ("mending", "suspended", "exit_due")


def lines(rule: Assessment, record: Record) -> list[Line]:
    """The indicators as computed. `awaited`: reviewers are to report it; `no_record`: there is nothing to compute it
    by, and its weight falls to the others in proportion to theirs."""
    return [_line(name, indicator, record) for name, indicator in rule.indicators.items()]


def _line(name: str, indicator: Indicator, record: Record) -> Line:
    formula = FORMULAS.get(indicator.formula)
    value, numbers = formula(record) if formula is not None else (None, {})
    state = "awaited" if formula is None else "no_record" if value is None else "computed"
    score = None if value is None else scored(value, indicator)
    return {
        "indicator": name,
        "weight_bp": int(indicator.weight * BP),
        "formula": indicator.formula,
        "numbers": numbers,
        "value": _text(value),
        "computed": _text(score),
        "score": _text(score),
        "state": state,
    }


def score_bp(of: Sequence[Line]) -> int | None:
    """The mean of the scores there are by their weights, in hundredths of a point, rounded down; None without any."""
    counted = [line for line in of if line["score"] is not None]
    weight = sum(line["weight_bp"] for line in counted)
    if not weight:
        return None
    exact = sum((line["weight_bp"] * Fraction(line["score"]) for line in counted), Fraction()) / weight
    return int(exact * HUNDREDTHS)


def adjusted(
    *, sheet: Row, pack: Pack, indicator: str, score: int | None, value: str | None, roles: Collection[str], person: str
) -> tuple[Line, Line] | Refused:
    """The indicator before and after. RULE_ABSENT (another role's, no such indicator), WRONG_STATE, SAME_PERSON (who
    opened it), INVALID (a value of what is computed, or that cannot be read)."""
    rule = pack.assessments[sheet["name"]]
    if rule.role not in roles:
        return refused(pack, "RULE_ABSENT", "assessment_id", rule.article, of=rule.of, role=rule.role)
    if sheet["status"] != "open":
        return refused(pack, "WRONG_STATE", "assessment_id", rule.article, status=sheet["status"])
    if person == sheet["opened_by"]:
        return refused(pack, "SAME_PERSON", "assessment_id", rule.article)
    found = rule.indicators.get(indicator)
    if found is None:
        return refused(pack, "RULE_ABSENT", "indicator", rule.article, indicators=list(rule.indicators))
    new = Fraction(score) if score is not None else _reported(found, value)
    if new is None:
        return refused(pack, "INVALID", "value", found.article, formula=found.formula)
    before = next(line for line in sheet["indicators"] if line["indicator"] == indicator)
    told = {"value": value} if value is not None else {}
    return before, {**before, **told, "score": _text(new), "state": "adjusted"}


def _reported(indicator: Indicator, value: str | None) -> Fraction | None:
    """The score of a value on the indicator's own scale; None where it is computed, or the value is no number."""
    if indicator.formula != "reported" or value is None:
        return None
    try:
        return scored(parse_level(value), indicator)
    except ValueError:
        return None


def may_conclude(
    *, sheet: Row, pack: Pack, adjusters: Collection[str], roles: Collection[str], person: str
) -> Refused | None:
    """RULE_ABSENT (another role's), WRONG_STATE; SAME_PERSON: nobody concludes what it adjusted, and where two
    departments assess, nor what it opened; FACT_MISSING: an indicator is awaited, or none has a score."""
    rule = pack.assessments[sheet["name"]]
    role = rule.concluded_by or rule.role
    if role not in roles:
        return refused(pack, "RULE_ABSENT", "assessment_id", rule.article, of=rule.of, role=role)
    if sheet["status"] != "open":
        return refused(pack, "WRONG_STATE", "assessment_id", rule.article, status=sheet["status"])
    barred = (sheet["opened_by"], *adjusters) if rule.concluded_by else adjusters
    if person in barred:
        return refused(pack, "SAME_PERSON", "assessment_id", rule.article)
    awaited = [line["indicator"] for line in sheet["indicators"] if line["state"] == "awaited"]
    if awaited or score_bp(sheet["indicators"]) is None:
        return refused(pack, "FACT_MISSING", "assessment_id", rule.article, indicators=awaited)
    return None


def concluded(*, sheet: Row, pack: Pack, today: date) -> Row:
    """Score, grade and consequence, fixed; `due_on`: until when it is to mend, where the grade gives days."""
    score = score_bp(sheet["indicators"])
    assert score is not None, sheet["assessment_id"]
    grade = grade_of(pack.assessments[sheet["name"]], score)
    return {
        "score_bp": score,
        "grade": {"zh": grade.zh, "en": grade.en},
        "consequence": grade.consequence,
        "due_on": None if grade.days is None else today + timedelta(days=grade.days),
        "status": STATUS_OF[grade.consequence],
    }


def grade_of(rule: Assessment, score: int) -> Grade:
    """The highest grade whose bound the score reaches."""
    assert 0 <= score <= FULL * HUNDREDTHS, score
    return next(grade for grade in reversed(rule.grades) if score >= grade.from_score * HUNDREDTHS)


def may_mend(*, sheet: Row, pack: Pack, roles: Collection[str]) -> Refused | None:
    """RULE_ABSENT (neither department's), WRONG_STATE: nothing is to be mended."""
    rule = pack.assessments[sheet["name"]]
    if not {rule.role, rule.concluded_by or rule.role} & set(roles):
        return refused(pack, "RULE_ABSENT", "assessment_id", rule.article, of=rule.of, role=rule.role)
    if sheet["status"] not in TO_MEND:
        return refused(pack, "WRONG_STATE", "assessment_id", rule.article, status=sheet["status"])
    return None


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)
