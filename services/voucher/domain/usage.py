"""Records of use (使用过程记录): what was used of an order, written down meanwhile and never edited (山东 三(四))."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from contracts.errors import Refused
from contracts.programmes import Pack
from services.voucher.domain.law import absent, articles, refuse
from services.voucher.domain.orders import Order

RULE = "order.usage_recorded"
RUNNING = ("confirmed", "claimed")  # the order is in use
MOST_UNITS = 10**15  # of one order, in all


@dataclass(frozen=True, kw_only=True)
class Usage:
    """One record: days_used of the days from `since` to `until`, both included; units as the service counts them."""

    usage_id: str
    order_id: str
    enterprise_id: str
    provider_id: str
    programme: str
    since: date
    until: date
    days_used: int
    units: int
    evidence: str | None
    recorded_by: str
    recorded_at: datetime

    @property
    def days(self) -> int:
        """Of the period."""
        return (self.until - self.since).days + 1


@dataclass(frozen=True)
class Total:
    """What was recorded of one order so far."""

    days: int = 0
    units: int = 0
    records: int = 0

    def plus(self, usage: Usage) -> Total:
        return Total(self.days + usage.days_used, self.units + usage.units, self.records + 1)


def record(
    *,
    pack: Pack,
    order: Order,
    usage: Usage,
    begun_on: date,
    others: Iterable[Usage],
    total: Total,
    today: date,
) -> Total | Refused:
    """What the order's use comes to with this record; or why it is none.

    pack: the rules the order was placed under. begun_on: the day of the order. others: its records that may overlap;
    total: of all of them.
    """
    if pack.order.usage_recorded is None:
        return absent(pack, RULE)
    if order.status not in RUNNING:
        return refuse(pack, "ORDER_NOT_CONFIRMED", "order_id", RULE, status=order.status)
    wrong = _wrong_period(usage, begun_on, today)
    if wrong is not None:
        field, facts = wrong
        return refuse(pack, "INVALID", field, RULE, **facts)
    for other in others:
        if other.since <= usage.until and usage.since <= other.until:
            found = {"other": other.usage_id, "since": other.since.isoformat(), "until": other.until.isoformat()}
            return refuse(pack, "ALREADY_REPORTED", "since", RULE, **found)
    after = total.plus(usage)
    if after.units > MOST_UNITS:
        return refuse(pack, "INVALID", "units", RULE, total_units=after.units, most=MOST_UNITS)
    return after


def _wrong_period(usage: Usage, begun_on: date, today: date) -> tuple[str, Mapping[str, object]] | None:
    """The field that is wrong and what it was compared with: it runs forward, from the order's day to today."""
    since, until = usage.since.isoformat(), usage.until.isoformat()
    if usage.until < usage.since:
        return "until", {"since": since, "until": until}
    if usage.since < begun_on:
        return "since", {"since": since, "ordered_on": begun_on.isoformat()}
    if usage.until > today:
        return "until", {"until": until, "on": today.isoformat()}
    if usage.days_used > usage.days:
        return "days_used", {"days_used": usage.days_used, "days": usage.days}
    return None


def facts_of(usage: Usage, total: Total) -> dict[str, object]:
    """The numbers of a record and of its order so far."""
    return {
        "since": usage.since.isoformat(),
        "until": usage.until.isoformat(),
        "days_used": usage.days_used,
        "units": usage.units,
        "total_days": total.days,
        "total_units": total.units,
        "records": total.records,
    }


def state(usage: Usage, total: Total, law: Mapping[str, object]) -> dict[str, object]:
    """The record as its event tells of it."""
    names = "usage_id", "order_id", "enterprise_id", "provider_id", "programme"
    told = {name: value for name, value in facts_of(usage, total).items() if name != "records"}
    return {**{name: getattr(usage, name) for name in names}, **told, "law": law}


def rests_on(pack: Pack) -> tuple[str, ...]:
    """The articles that a record rests on."""
    return articles(pack, RULE)
