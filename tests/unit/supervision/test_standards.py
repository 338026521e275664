"""Lost if these fail: an enterprise's evaluation is typed, not counted, and money is paid by it (山东 三(二))."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.errors import Refused
from contracts.programmes import load
from services.supervision.domain.standards import judge_evaluation, judge_standard, total

SHANDONG, GUIZHOU = load("shandong-2017"), load("guizhou-2018")
ITEMS = [{"item": "content", "most": 60}, {"item": "effect", "most": 40}]
STANDARD = {"programme": "shandong-2017", "name": "enterprise", "status": "published", "version": 2, "items": ITEMS}
ORDER = {"programme": "shandong-2017"}


def points(**given: int) -> list[dict[str, Any]]:
    return [{"item": item, "points": number} for item, number in given.items()]


CASES = [
    ({}, ("三(二)",)),
    ({"points": points(content=60, effect=40)}, ("三(二)",)),
    ({"points": points(content=61, effect=40)}, ("INVALID", "points")),
    ({"points": points(content=60)}, ("INVALID", "points")),
    ({"points": points(content=6, effect=4, looks=1)}, ("INVALID", "points")),
    ({"points": [*points(content=6, effect=4), *points(effect=4)]}, ("INVALID", "points")),
    ({"order": None}, ("NOT_YET_KNOWN", "order_id")),
    ({"order": {"programme": "guizhou-2018"}}, ("NOT_FOUND", "order_id")),
    ({"standard": None}, ("NOT_FOUND", "standard_id")),
    ({"standard": {**STANDARD, "name": "another"}}, ("NOT_FOUND", "standard_id")),
    ({"standard": {**STANDARD, "programme": "guizhou-2018"}}, ("NOT_FOUND", "standard_id")),
    ({"standard": {**STANDARD, "status": "replaced"}}, ("WRONG_STATE", "standard_id")),
    ({"roles": {"bureau"}}, ("RULE_ABSENT", "name")),
    ({"name": "city"}, ("RULE_ABSENT", "name")),
    ({"pack": GUIZHOU}, ("RULE_ABSENT", "name")),
]


@pytest.mark.parametrize(("change", "expected"), CASES)
def test_points_are_of_each_item_once_and_within_its_most(change: dict[str, Any], expected: tuple[str, ...]) -> None:
    """A total is only as good as its items: by the standard in force, by the office that the pack names."""
    asked = {"pack": SHANDONG, "name": "enterprise", "order": ORDER, "standard": STANDARD, "roles": {"third_party"}}
    outcome = judge_evaluation(**{**asked, "points": points(content=50, effect=0), **change})
    assert ((outcome.code, outcome.field) if isinstance(outcome, Refused) else outcome) == expected


@pytest.mark.parametrize(
    ("given", "most", "score"),
    [((60, 40), (60, 40), 100), ((0, 0), (60, 40), 0), ((1, 1), (2, 1), 66), ((1,), (3,), 33)],
)
def test_the_score_is_counted_and_rounded_down(given: tuple[int, ...], most: tuple[int, ...], score: int) -> None:
    """59.9 is no pass where 60 is."""
    named = [{"item": str(n), "most": one} for n, one in enumerate(most)]
    found = total(named, [{"item": str(n), "points": one} for n, one in enumerate(given)])
    assert found == {"reached": sum(given), "most": sum(most), "score": score}


@pytest.mark.parametrize(
    ("items", "roles", "expected"),
    [
        (ITEMS, {"third_party"}, ("三(二)",)),
        (ITEMS, {"operator"}, ("RULE_ABSENT", "name")),
        ([*ITEMS, ITEMS[0]], {"third_party"}, ("INVALID", "items")),
    ],
)
def test_a_standard_is_the_third_partys_and_names_an_item_once(
    items: Any, roles: Any, expected: tuple[str, ...]
) -> None:
    """An item named twice would count twice."""
    outcome = judge_standard(pack=SHANDONG, name="enterprise", items=items, roles=roles)
    assert ((outcome.code, outcome.field) if isinstance(outcome, Refused) else outcome) == expected
