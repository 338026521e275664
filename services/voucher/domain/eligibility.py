"""May this enterprise take part on that day: a pack's conditions, each judged on the facts, each with its article."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from typing import Any

from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.programmes.schema import Condition, Industry, RegisteredFor, Rule, Size
from services.voucher.domain.facts import Facts, given

Found = dict[str, Any]


def eligibility(*, pack: Pack, facts: Facts, skip: Collection[Condition] = ()) -> tuple[Refused, ...]:
    """Every reason why the enterprise may not take part on that day; `skip` those that can only be judged later.

    The order is that of their codes in a quote. FactNotGiven when a fact that a condition judges is None.
    """
    refusals: list[Refused] = []
    if not pack.period.contains(facts.on):
        period = {"on": facts.on.isoformat(), "first": pack.period.first.isoformat()}
        if pack.period.last is not None:
            period["last"] = pack.period.last.isoformat()
        refusals.append(Refused("OUT_OF_PERIOD", "on", pack.period.article, period))
    for condition, code, field, judge in CONDITIONS:
        rule = getattr(pack.eligibility, condition)
        if rule is None or condition in skip:
            continue
        found = judge(rule, pack, facts)
        if found is not None:
            refusals.append(Refused(code, field, found.pop("article", rule.article), found))
    return tuple(refusals)


def years_reached(*, since: date, years: int) -> date:
    """The day on which that many years are full: the same day of the year, 28 February for a 29 February."""
    year = since.year + years
    if year > date.max.year:
        return date.max
    if (since.month, since.day) == (2, 29) and not _leap(year):
        return date(year, 2, 28)
    return since.replace(year=year)


# --- conditions: each answers None, or the facts that refuse ----------------------------------------------------------


def _region(rule: Rule, pack: Pack, facts: Facts) -> Found | None:
    return _within(given(facts.region, "region"), pack.region)


def _tax_region(rule: Rule, pack: Pack, facts: Facts) -> Found | None:
    return _within(given(facts.tax_region, "tax_region"), pack.region)


def _registered_for(rule: RegisteredFor, pack: Pack, facts: Facts) -> Found | None:
    since = given(facts.registered_on, "registered_on")
    reached = years_reached(since=since, years=rule.years)
    if facts.on >= reached:
        return None
    return {"registered_on": since.isoformat(), "on": facts.on.isoformat(), "eligible_from": reached.isoformat()}


def _legal_person(rule: Rule, pack: Pack, facts: Facts) -> Found | None:
    return None if given(facts.legal_person, "legal_person") else {"legal_person": False}


def _violation(rule: Rule, pack: Pack, facts: Facts) -> Found | None:
    return {"violation": True} if given(facts.violation, "violation") else None


def _bad_credit(rule: Rule, pack: Pack, facts: Facts) -> Found | None:
    return {"bad_credit": True} if given(facts.bad_credit, "bad_credit") else None


def _industry(rule: Industry, pack: Pack, facts: Facts) -> Found | None:
    industry = given(facts.industry, "industry")
    if industry not in rule.allowed:
        if rule.or_serves_industry and given(facts.serves_industry, "serves_industry"):
            return None
        return {"industry": industry, "allowed": list(rule.allowed)}
    track = pack.tracks[given(facts.track, "track")] if pack.tracks else None
    if track is None or industry in track.industries:
        return None
    return {"industry": industry, "track": facts.track, "allowed": list(track.industries), "article": track.article}


def _size(rule: Size, pack: Pack, facts: Facts) -> Found | None:
    size = given(facts.size, "size")
    return None if size in rule.allowed else {"size": size, "allowed": list(rule.allowed)}


def _affiliated(rule: Rule, pack: Pack, facts: Facts) -> Found | None:
    return {"affiliated": True} if given(facts.affiliated, "affiliated") else None


Judge = Callable[[Any, Pack, Facts], Found | None]
# condition of the pack, its refusal, the fact it names; in the order in which a quote lists them
CONDITIONS: tuple[tuple[Condition, str, str, Judge], ...] = (
    ("registered_in_region", "NOT_REGISTERED_IN_REGION", "region", _region),
    ("taxed_in_region", "NOT_TAXED_IN_REGION", "tax_region", _tax_region),
    ("registered_for", "REGISTERED_TOO_RECENTLY", "registered_on", _registered_for),
    ("legal_person", "NOT_A_LEGAL_PERSON", "legal_person", _legal_person),
    ("no_violation", "VIOLATION", "violation", _violation),
    ("no_bad_credit", "BAD_CREDIT", "bad_credit", _bad_credit),
    ("industry", "INDUSTRY_NOT_COVERED", "industry", _industry),
    ("size", "SIZE_NOT_COVERED", "size", _size),
    ("not_affiliated", "AFFILIATED_WITH_PROVIDER", "affiliated", _affiliated),
)


def conditions_met(pack: Pack) -> tuple[str, ...]:
    """Articles of all conditions of a pack, period first: what an enterprise without a refusal has fulfilled."""
    rules = (getattr(pack.eligibility, condition) for condition, _, _, _ in CONDITIONS)
    return (pack.period.article, *(rule.article for rule in rules if rule is not None))


def _within(code: str, prefix: str) -> Found | None:
    return None if code.startswith(prefix) else {"code": code, "region": prefix}


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
