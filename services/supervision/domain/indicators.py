"""What an indicator of an assessment sheet comes to, from the record of one period by a formula of this set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from contracts.programmes.schema import Indicator

Row = Mapping[str, Any]
Numbers = dict[str, int]
Measured = tuple[Fraction | None, Numbers]  # None: the record has nothing to measure it by

SERVED = ("claimed", "redeemed")
ORDERS_ENDED = (*SERVED, "refunded", "failed", "voided")
CLAIMS_PASSED = (
    *("passed", "on_notice", "noticed", "in_disbursement", "approved", "paying", "paid", "payment_failed"),
)
UPHELD = ("resolved", "forwarded")  # outcomes of a complaint that was no empty one
FULL = 100  # the score at `full`


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of one provider in one period: orders confirmed in it, complaints and claims filed in it as they
    stand now, alerts on it that were confirmed in it, evaluations of its customers made in it."""

    orders: Sequence[Row] = ()
    complaints: Sequence[Row] = ()
    claims: Sequence[Row] = ()
    alerts: Sequence[Row] = ()
    evaluations: Sequence[Row] = ()

    def of(self, provider_id: str, *, first: date, last: date, begins: datetime, ends: datetime) -> Record:
        """The part of one provider between two days, and the moments at which these begin and end."""

        def mine(rows: Iterable[Row]) -> Iterable[Row]:
            return (row for row in rows if row["provider_id"] == provider_id)

        return Record(
            orders=[row for row in mine(self.orders) if first <= row["confirmed_on"] <= last],
            complaints=[row for row in mine(self.complaints) if begins <= row["filed_at"] < ends],
            claims=[row for row in mine(self.claims) if begins <= row["filed_at"] < ends],
            alerts=[row for row in mine(self.alerts) if begins <= row["resolved_at"] < ends],
            evaluations=[row for row in mine(self.evaluations) if begins <= row["told_at"] < ends],
        )


def orders_served(record: Record) -> Measured:
    """Of the orders that have ended, how many were claimed or redeemed without an upheld complaint that names them."""
    complained = {one["order_id"] for one in record.complaints if one["outcome"] in UPHELD}
    ended = [order for order in record.orders if order["status"] in ORDERS_ENDED]
    served = [one for one in ended if one["status"] in SERVED and one["order_id"] not in complained]
    return _ratio(len(served), len(ended)), {"ended": len(ended), "served": len(served)}


def price_level(record: Record) -> Measured:
    """The median, over its orders, of the price against the product's market price, or the list's where none is known;
    of an even number the mean of the two in the middle."""
    levels = sorted(
        Fraction(order["price_fen"], reference)
        for order in record.orders
        if (reference := order["market_price_fen"] or order["list_price_fen"])
    )
    numbers = {"orders": len(levels), "market_prices": sum(bool(one["market_price_fen"]) for one in record.orders)}
    if not levels:
        return None, numbers
    middle = (levels[(len(levels) - 1) // 2], levels[len(levels) // 2])
    return (middle[0] + middle[1]) / 2, numbers


def complaints(record: Record) -> Measured:
    """Complaints upheld per 100 orders; those that wait for an answer do not count."""
    upheld = sum(one["outcome"] in UPHELD for one in record.complaints)
    return _ratio(100 * upheld, len(record.orders)), {"upheld": upheld, "orders": len(record.orders)}


def money_approved(record: Record) -> Measured:
    """Of the money of claims that were decided, how much was approved."""
    passed = [claim for claim in record.claims if claim["status"] in CLAIMS_PASSED]
    refused = [claim for claim in record.claims if claim["status"] == "refused"]
    claimed_fen = sum(int(claim["claimed_fen"]) for claim in (*passed, *refused))
    approved_fen = sum(int(claim["payable_fen"]) for claim in passed)
    return _ratio(approved_fen, claimed_fen), {"claimed_fen": claimed_fen, "approved_fen": approved_fen}


def first_pass(record: Record) -> Measured:
    """Of the claims that were decided or sent back, how many passed as they were first filed."""
    judged = [claim for claim in record.claims if claim["status"] in (*CLAIMS_PASSED, "refused", "returned")]
    passed = sum(claim["status"] in CLAIMS_PASSED and claim["claim_version"] == 1 for claim in judged)
    return _ratio(passed, len(judged)), {"judged": len(judged), "passed_at_first": passed}


def alerts(record: Record) -> Measured:
    """Alerts on its claims that were confirmed, per 100 orders."""
    confirmed, orders = len(record.alerts), len(record.orders)
    return _ratio(100 * confirmed, orders), {"confirmed": confirmed, "orders": orders}


def evaluated(record: Record) -> Measured:
    """The mean of the third party's evaluations of its customers, each of 100."""
    each = [Fraction(100 * int(one["reached"]), int(one["most"])) for one in record.evaluations]
    return (sum(each, Fraction()) / len(each) if each else None), {"evaluations": len(each)}


FORMULAS: Mapping[str, Callable[[Record], Measured]] = {
    "orders_served": orders_served,
    "price_level": price_level,
    "complaints": complaints,
    "money_approved": money_approved,
    "first_pass": first_pass,
    "alerts": alerts,
    "evaluated": evaluated,
}  # `reported` is not computed: reviewers tell its value


def scored(value: Fraction, indicator: Indicator) -> Fraction:
    """0 at the indicator's `zero` and beyond, 100 at its `full` and beyond, evenly between; exact."""
    share = (value - indicator.zero) / (indicator.full - indicator.zero)
    return FULL * min(max(share, Fraction(0)), Fraction(1))


def _ratio(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None
