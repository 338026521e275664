"""What came of the orders that a provider left, and when that is told."""

from __future__ import annotations

import pytest

from contracts.programmes import load
from services.voucher.domain.exits import Left, follow, outcome, tally


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (Left(True, "confirmed", True), "open"),
        (Left(True, "refund_requested", True), "open"),
        (Left(True, "confirmed", False), "settled"),
        (Left(True, "claimed", True), "settled"),  # settlement has it
        (Left(True, "redeemed", False), "settled"),
        (Left(True, "voided", False), "voided"),
        (Left(True, "failed", True), "voided"),
        (Left(True, "refunded", True), "voided"),
        (Left(False, "confirmed", False), "handed_over"),
        (Left(False, "voided", True), "handed_over"),  # by whom it went to
    ],
)
def test_each_order_has_one_outcome(left, expected) -> None:
    """Lost otherwise: a wind-down that never ends, or ends while a voucher lies with nobody."""
    assert outcome(left) == expected
    assert tally([left, left])[expected] == 2


def told(wind_down, **counts):
    whole = {"open": 0, "handed_over": 0, "settled": 0, "voided": 0, **counts}
    steps = follow(wind_down=wind_down, provider_id="P1", counts=whole, pack=load("guizhou-2018"))
    return [(after.status, after.sequence, after.open, name) for after, name, _ in steps], steps


def test_it_is_opened_closed_and_opened_again() -> None:
    names, steps = told(None, open=2)
    assert names == [("open", 1, 2, "wind_down_opened")]
    assert steps[0][2].articles == ("第十二条",)
    opened = steps[0][0]
    assert told(opened, open=1)[0] == []
    names, steps = told(opened, settled=1, voided=1)
    assert names == [("closed", 2, 0, "wind_down_closed")]
    closed = steps[0][0]
    assert told(closed, settled=1, voided=1)[0] == []
    assert told(closed, open=1, settled=1)[0] == [("open", 3, 1, "wind_down_opened")]


def test_a_provider_without_orders_is_wound_down_at_once() -> None:
    """Lost otherwise: registry waits for ever for a word on it."""
    assert [name for *_, name in told(None)[0]] == ["wind_down_opened", "wind_down_closed"]
