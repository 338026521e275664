"""The facts an entitlement is decided on, and which of them a given pack needs or looks at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal, TypeAlias, TypeVar

from contracts.programmes import Pack

_T = TypeVar("_T")

# A programme's facts in the order in which they are asked for and complained about.
Name: TypeAlias = Literal[
    "on", "track", "category", "price_fen", "market_price_fen", "paid_fen", "requested_fen", "used_this_year_fen",
    "years_used", "budget_left_fen", "prior_revenue_fen", "registered_on", "region", "tax_region", "legal_person",
    "violation", "bad_credit", "affiliated", "industry", "serves_industry", "size",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one application or order; None is "not given". Money in fen, dates of Asia/Shanghai.

    requested_fen: None asks for as much as is allowed; 0 asks for nothing. budget_left_fen: None is "enough".
    quota_fen: what was granted for the year, where that is less than the cap. region, tax_region: GB/T 2260.
    """

    on: date
    track: str | None = None
    category: str | None = None
    price_fen: int | None = None
    market_price_fen: int | None = None
    paid_fen: int | None = None
    requested_fen: int | None = None
    used_this_year_fen: int | None = None
    years_used: int | None = None
    budget_left_fen: int | None = None
    prior_revenue_fen: int | None = None
    registered_on: date | None = None
    region: str | None = None
    tax_region: str | None = None
    legal_person: bool | None = None
    violation: bool | None = None
    bad_credit: bool | None = None
    affiliated: bool | None = None
    industry: str | None = None
    serves_industry: bool | None = None
    size: str | None = None
    quota_fen: int | None = None

    def given(self) -> Mapping[str, Any]:
        """The facts that were given, as JSON values (dates as text), for the record of a decision."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in values.items()
            if value is not None
        }


class FactNotGiven(LookupError):
    """A decision was asked for without a fact it needs: the caller's defect, who knows from `needs` what is needed."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def given(value: _T | None, name: str) -> _T:
    """The fact, which must have been given; FactNotGiven."""
    if value is None:
        raise FactNotGiven(name)
    return value


@dataclass(frozen=True, slots=True)
class Needs:
    """Facts a pack cannot decide without, and facts it looks at when they are given."""

    needed: frozenset[Name]
    used: frozenset[Name]


# What each condition of a pack looks at.
_OF_CONDITION: Mapping[str, Name] = {
    "registered_in_region": "region",
    "taxed_in_region": "tax_region",
    "registered_for": "registered_on",
    "legal_person": "legal_person",
    "no_violation": "violation",
    "no_bad_credit": "bad_credit",
    "industry": "industry",
    "size": "size",
    "not_affiliated": "affiliated",
}


def needs(pack: Pack, *, track: str | None = None, industry: str | None = None) -> Needs:
    """What `decide` needs under this pack for that track and industry (None: not given or not readable).

    Whoever is not known to be industrial has to say whether it serves industry, where that counts; whoever is not known
    to be on a track with one cap has to give its revenue.
    """
    needed: set[Name] = {"on"}
    needed |= {name for condition, name in _OF_CONDITION.items() if getattr(pack.eligibility, condition) is not None}
    rule = pack.eligibility.industry
    if rule is not None and rule.or_serves_industry and industry not in rule.allowed:
        needed.add("serves_industry")
    if pack.tracks:
        needed.add("track")
    if pack.amount is None:
        return Needs(frozenset(needed), frozenset())
    amount_needs = _amount_needs(pack, track)
    return Needs(frozenset(needed | amount_needs.needed), amount_needs.used)


def _amount_needs(pack: Pack, track: str | None) -> Needs:
    amount = pack.amount
    assert amount is not None
    needed: set[Name] = {"price_fen" if amount.base.of == "price" else "paid_fen"}
    used: set[Name] = {"requested_fen"}
    if amount.rate.by != "all":
        needed.add("category" if amount.rate.by == "category" else "track")
    if amount.cap is not None:
        needed.add("used_this_year_fen")
        cap = amount.cap.of.get("all" if amount.cap.by == "all" else track or "")
        if cap is None or cap.tiers:
            needed.add("prior_revenue_fen")
    if amount.years is not None:
        needed.add("years_used")
    if amount.market_price is not None:
        used.add("market_price_fen")
        needed.add("price_fen")
    if pack.budget is not None:
        used.add("budget_left_fen")
    return Needs(frozenset(needed), frozenset(used))
