"""Records of use: only of what runs, only of days that were, each day once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from contracts.errors import ERRORS, Refused
from contracts.programmes import load
from services.voucher.domain import usage as domain
from services.voucher.domain.usage import MOST_UNITS, Total, Usage
from tests.unit.voucher import made

SHANDONG = "shandong-2017"
ORDERED, TODAY = date(2019, 3, 1), date(2019, 6, 30)


def usage(since: str = "2019-03-01", until: str = "2019-03-31", **facts) -> Usage:
    base = Usage(
        usage_id="U1",
        order_id="R1",
        enterprise_id="E1",
        provider_id="P1",
        programme=SHANDONG,
        since=date.fromisoformat(since),
        until=date.fromisoformat(until),
        days_used=20,
        units=1000,
        evidence=None,
        recorded_by="provider-1",
        recorded_at=datetime(2019, 6, 30, 4, 0, tzinfo=UTC),
    )
    return replace(base, **facts)


def record(of: Usage, **more):
    given = {"others": (), "total": Total(), "today": TODAY, "begun_on": ORDERED, **more}
    status, programme = given.pop("status", "confirmed"), given.pop("programme", SHANDONG)
    order = made.order(programme=programme, status=status)
    return domain.record(pack=load(programme), order=order, usage=of, **given)


def refusal(found):
    assert isinstance(found, Refused), found
    assert found.code in ERRORS
    return found.code, found.field, found.article


def test_each_record_adds_to_its_order():
    """Lost otherwise: a claim cannot be laid beside what was used."""
    first = record(usage())
    assert first == Total(days=20, units=1000, records=1)
    second = record(usage("2019-04-01", "2019-04-30", days_used=3, units=7), others=(usage(),), total=first)
    assert second == Total(days=23, units=1007, records=2)


@pytest.mark.parametrize("programme", ["guizhou-2018", "neimenggu-2019", "shenyang-2018", "shanxi-2018"])
def test_other_programmes_record_no_use(programme):
    """Lost otherwise: what Shandong alone asks for is asked for everywhere."""
    assert refusal(record(usage(), programme=programme)) == ("RULE_ABSENT", "programme", None)


@pytest.mark.parametrize(
    ("status", "runs"),
    [
        ("placed", False),
        ("confirmed", True),
        ("claimed", True),
        ("refund_requested", False),
        ("refunded", False),
        ("redeemed", False),
        ("cancelled", False),
        ("voided", False),
        ("failed", False),
    ],
)
def test_only_what_runs_is_used(status, runs):
    """Lost otherwise: use is recorded of what was never confirmed, or after it was paid for."""
    found = record(usage(), status=status)
    if runs:
        assert found == Total(20, 1000, 1)
    else:
        assert refusal(found) == ("ORDER_NOT_CONFIRMED", "order_id", "三(四)")
        assert found.facts["status"] == status


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (usage("2019-03-31", "2019-03-30", days_used=0), "until"),
        (usage("2019-02-28", "2019-03-31"), "since"),  # before the order
        (usage("2019-06-01", "2019-07-01"), "until"),  # tomorrow
        (usage("2019-03-01", "2019-03-10", days_used=11), "days_used"),
    ],
)
def test_a_period_runs_forward_from_the_order_to_today(wrong, field):
    """Lost otherwise: use is recorded that has not happened, or for longer than there were days."""
    assert refusal(record(wrong)) == ("INVALID", field, "三(四)")


@pytest.mark.parametrize(
    "right",
    [
        usage("2019-03-01", "2019-03-01", days_used=1),  # the order's own day, one day long
        usage("2019-06-30", "2019-06-30", days_used=1),  # today
        usage("2019-03-01", "2019-03-10", days_used=10),
        usage("2019-03-01", "2019-03-10", days_used=0, units=0),  # nothing used is a record too
    ],
)
def test_the_first_and_last_day_count(right):
    """Lost otherwise: the day of the order, or today, cannot be recorded."""
    assert record(right) == Total(right.days_used, right.units, 1)


@pytest.mark.parametrize(
    ("since", "until", "free"),
    [
        ("2019-03-01", "2019-04-09", True),
        ("2019-03-01", "2019-04-10", False),
        ("2019-04-12", "2019-04-13", False),  # within
        ("2019-03-01", "2019-05-01", False),  # around
        ("2019-04-20", "2019-05-01", False),
        ("2019-04-21", "2019-05-01", True),
    ],
)
def test_no_day_is_recorded_twice(since, until, free):
    """Lost otherwise: the same use is recorded, and claimed, twice."""
    other = usage("2019-04-10", "2019-04-20", usage_id="U0")
    found = record(usage(since, until, days_used=1), others=(other,))
    if free:
        assert found == Total(1, 1000, 1)
    else:
        assert refusal(found) == ("ALREADY_REPORTED", "since", "三(四)")
        assert found.facts["other"] == "U0"


def test_an_order_has_a_limit_of_units():
    """Lost otherwise: a sum grows until the event that tells of it is refused, and the outbox stands."""
    assert record(usage(units=1), total=Total(units=MOST_UNITS - 1)).units == MOST_UNITS
    found = record(usage(units=2), total=Total(units=MOST_UNITS - 1))
    assert refusal(found) == ("INVALID", "units", "三(四)")
