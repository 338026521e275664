"""Names, money and times as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from infra.scenario.values import Unreadable, at_path, filled, moment, money, names_in


@pytest.mark.parametrize(
    ("written", "fen"),
    [
        ("80,000元", 8_000_000), ("5万元", 5_000_000), ("0.01元", 1), ("12,345.67元", 1_234_567),
        ("0.5万元", 500_000), (0, 0), (12, 12), ("-1元", -100),
    ],
)  # fmt: skip
def test_money_is_fen(written: Any, fen: int) -> None:
    """A yuan read as a fen would be a hundredth of the money."""
    assert money(written) == fen


@pytest.mark.parametrize("written", ["80000", "0.001元", "元", "八万元", True, None, "1e3元", "1.005元"])
def test_what_is_no_money_is_refused(written: Any) -> None:
    """A text without its unit could be either."""
    with pytest.raises(Unreadable):
        money(written)


def test_a_name_keeps_its_kind_and_stands_in_texts() -> None:
    """An id put into an account's name, an amount given on as a number."""
    names = {"甲公司": "01A", "冻结": 5, "甲公司.uscc": "91X"}
    given = {
        "a": "$冻结",
        "quota:$甲公司": "0.01元",
        "b": ["码：${甲公司.uscc}"],
        "fee_fen": "1元",
        "closes_at": "2019-06-30 18:00",
    }
    assert filled(given, names) == {
        "a": 5,
        "quota:01A": "0.01元",
        "b": ["码：91X"],
        "fee_fen": 100,
        "closes_at": "2019-06-30T10:00:00Z",
    }
    assert list(names_in({"x": ["$a", {"y$b": "${c.d} $e"}]})) == ["a", "c.d", "e", "b"]


def test_operators_are_no_names() -> None:
    """`$contains` is a word of the format: taken for a name, every list would be refused."""
    assert list(names_in({"$contains": {"id": "$甲"}})) == ["甲"]
    assert filled({"amount_fen": {"$any_of": ["1元", "2元"]}}, {}) == {"amount_fen": {"$any_of": [100, 200]}}


def test_times_are_those_of_shanghai() -> None:
    """A day alone is nine in the morning there."""
    assert moment("2019-03-01").isoformat() == "2019-03-01T01:00:00+00:00"
    assert moment("2019-03-01 00:30").isoformat() == "2019-02-28T16:30:00+00:00"


def test_a_path_goes_through_lists() -> None:
    """`items.0.id` is how the first of a list is saved."""
    assert at_path({"items": [{"id": 7}]}, "items.0.id") == 7
    with pytest.raises(KeyError):
        at_path({"items": []}, "items.0.id")
