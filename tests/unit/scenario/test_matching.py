"""What was expected beside what came."""

from __future__ import annotations

from typing import Any

import pytest

from infra.scenario.matching import differences

ITEMS = [{"id": 1, "name": "甲公司"}, {"id": 2, "name": "乙公司"}]


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": {"b": None}}, {"a": {"b": None, "c": 1}}),
        ([{"id": 1}, {"id": 2}], ITEMS),
        ({"$contains": {"name": "乙公司"}}, ITEMS),
        ({"$contains": [{"id": 1}, {"id": 2}], "$count": 2, "$lacks": {"id": 3}}, ITEMS),
        ({"$lacks": {"ID": 3}}, []),
        ({"$text": ["公司", "甲"]}, "甲公司"),
        ({"$not": "paid"}, "filed"),
        ({"$any_of": ["a", "b"]}, "b"),
        ({}, {"a": 1}),
    ],
)
def test_what_was_asked_for_is_there(expected: Any, actual: Any) -> None:
    """A matcher that finds differences where there are none is turned off by its users."""
    assert differences(expected, actual) == []


@pytest.mark.parametrize(
    ("expected", "actual", "told"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b: expected 1, actual 2"),
        ({"a": 1}, {"b": 1}, "a: expected 1, actual: not there (there is: b)"),
        ({"a": None}, {}, "a: expected null, actual: not there"),
        ({"a": 1}, {"a": True}, "a: expected 1, actual true"),
        ({"a": 1}, {"a": "1"}, 'a: expected 1, actual "1"'),
        ({"a": 1}, None, 'answer: expected {"a": 1}, actual null'),
        ({"items": [{"id": 1}]}, {"items": ITEMS}, "items: expected 1 items"),
        ({"items": [{"id": 2}, {"id": 1}]}, {"items": ITEMS}, "items[0].id: expected 2, actual 1"),
        ({"items": {"$contains": {"id": 3}}}, {"items": ITEMS}, 'items: expected one like {"id": 3}, actual'),
        ({"items": {"$lacks": {"id": 2}}}, {"items": ITEMS}, 'items: expected none like {"id": 2}, actual'),
        ({"items": {"$lacks": {"ID": 3}}}, {"items": ITEMS}, "items: no item has a key ID"),
        ({"items": {"$count": 3}}, {"items": ITEMS}, "items: expected 3 items, actual 2"),
        ({"items": {"$contains": 1}}, {"items": None}, "items: expected a list, actual null"),
        ({"a": {"$text": ["甲", "丙"]}}, {"a": "甲公司"}, 'a: expected a text with ["丙"], actual "甲公司"'),
        ({"a": {"$not": "x"}}, {"a": "x"}, 'a: expected anything but "x"'),
        ({"a": {"$any_of": ["x", "y"]}}, {"a": "z"}, 'a (any of): expected ["x", "y"], actual "z"'),
    ],
)
def test_a_difference_names_both_sides(expected: Any, actual: Any, told: str) -> None:
    """A scenario that passes on a wrong answer, or fails without saying how, proves nothing."""
    found = differences(expected, actual)
    assert found
    assert found[0].startswith(told)
