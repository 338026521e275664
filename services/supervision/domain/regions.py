"""What an office may say of a region, and by which rule of the programme: targets, reports, evaluations, pilots."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.programmes.places import shortest
from services.supervision.domain.screening import articles

Every = Literal["month", "quarter", "year"]
Articles = tuple[str, ...]

SPENDING = "spending_yuan"  # a target of it can be set where the pack has none
# what a designation counts for among the pack's targets
MEASURES_OF: Mapping[str, tuple[str, ...]] = {
    "pilot": ("pilot_enterprises",),
    "model": ("model_cases", "model_enterprises"),
}
CITY = 4  # digits of GB/T 2260
LEVELS = {"prefecture": CITY, "district": 6}  # whose offices report on their own region


@dataclass(frozen=True, slots=True)
class Span:
    """A month, quarter or year, first and last day included."""

    every: Every
    first: date
    last: date


def span(period: str) -> Span:
    """The days of `2019-03`, `2019-Q1` or `2019`."""
    year, part = int(period[:4]), period[5:]
    if not part:
        return Span("year", date(year, 1, 1), date(year, 12, 31))
    if part[0] == "Q":
        start = 3 * int(part[1]) - 2
        return Span("quarter", date(year, start, 1), _end(year, start + 2))
    return Span("month", date(year, int(part), 1), _end(year, int(part)))


def refused(pack: Pack, code: str, field: str, article: str | None = None, **facts: Any) -> Refused:
    """With the version of the rules it was refused by."""
    return Refused(code, field, article, {"pack_version": pack.label, **facts})


def assessed_by(pack: Pack, *, every: Collection[str], roles: Collection[str]) -> str | None:
    """The path of the rule by which one of these roles assesses cities that often; the first of `every` wins."""
    for often in every:
        for name, rule in pack.assessments.items():
            if rule.of == "city" and rule.every == often and rule.role in roles:
                return f"assessments.{name}"
    return None


def target_path(pack: Pack, *measures: str) -> str | None:
    """The path of the pack's first target of one of these measures."""
    return next((f"targets.{name}" for name, one in pack.targets.items() if one.measure in measures), None)


def judge_target(*, pack: Pack, region: str, year: int, measure: str) -> Articles | Refused:
    """May it be set? INVALID outside the programme's region, OUT_OF_PERIOD, RULE_ABSENT for a measure without a rule.
    The articles are those of the pack's target, or of the bureau's office where the pack gives no number."""
    if not region.startswith(pack.region):
        return refused(pack, "INVALID", "region", region=pack.region)
    if (outside := out_of_period(pack, Span("year", date(year, 1, 1), date(year, 12, 31)), "year")) is not None:
        return outside
    path = target_path(pack, measure)
    if path is None and measure != SPENDING:
        known = sorted({one.measure for one in pack.targets.values()} | {SPENDING})
        return refused(pack, "RULE_ABSENT", "measure", measures=known)
    return articles(pack, path or "roles.bureau", "roles.bureau")


def judge_report(
    *, pack: Pack, region: str, month: str, office: str | None, roles: Collection[str], today: date
) -> Articles | Refused:
    """May that office report that month of that region? RULE_ABSENT, REGION_MISMATCH for a region not its own,
    INVALID for what is no month, WRONG_STATE for one that has not begun, OUT_OF_PERIOD."""
    path = assessed_by(pack, every=("month",), roles=roles)
    if path is None:
        return refused(pack, "RULE_ABSENT", "programme", of="city", every="month")
    article = pack.article(path)
    if office is None or shortest(office) != region or not region.startswith(pack.region):
        return refused(pack, "REGION_MISMATCH", "region", article, office=office)
    asked = span(month)
    if asked.every != "month":
        return refused(pack, "INVALID", "month", article)
    if asked.first > today:
        return refused(pack, "WRONG_STATE", "month", article, begins_on=asked.first.isoformat())
    return out_of_period(pack, asked, "month") or (article,)


def judge_evaluation(
    *, pack: Pack, region: str, period: str, roles: Collection[str], today: date
) -> Articles | Refused:
    """May it be evaluated for that period? INVALID for a month or a region that is not the programme's, RULE_ABSENT,
    WRONG_STATE for a period that has not ended, OUT_OF_PERIOD."""
    asked = span(period)
    if asked.every == "month":
        return refused(pack, "INVALID", "period")
    if not region.startswith(pack.region):
        return refused(pack, "INVALID", "region", region=pack.region)
    path = assessed_by(pack, every=(asked.every, "regularly"), roles=roles)
    if path is None:
        return refused(pack, "RULE_ABSENT", "programme", of="city", every=asked.every)
    article = pack.article(path)
    if asked.last >= today:
        return refused(pack, "WRONG_STATE", "period", article, ends_on=asked.last.isoformat())
    return out_of_period(pack, asked, "period") or (article,)


def judge_designation(*, pack: Pack, kind: str, enterprise: Mapping[str, Any] | None) -> Articles | Refused:
    """NOT_YET_KNOWN, NOT_FOUND for a party of another kind or programme. No article where the pack gives no number."""
    if enterprise is None:
        return refused(pack, "NOT_YET_KNOWN", "enterprise_id")
    if (enterprise["kind"], enterprise["programme"]) != ("enterprise", pack.code):
        return refused(pack, "NOT_FOUND", "enterprise_id")
    path = target_path(pack, *MEASURES_OF[kind])
    return articles(pack, path) if path is not None else ()


def months_due(pack: Pack, *, region: str, year: int, today: date) -> list[str] | None:
    """Months of that year that are over and whose report the region owes; None where it owes none."""
    path = assessed_by(pack, every=("month",), roles=LEVELS)
    if path is None or LEVELS[pack.assessments[path.partition(".")[2]].role] != len(region):
        return None
    months = [f"{year}-{month:02d}" for month in range(1, 13)]
    return [month for month in months if span(month).last < today and out_of_period(pack, span(month), "month") is None]


def monthly_term(pack: Pack) -> int | None:
    """Working days after a month's end by which cities report it; None where the pack states none."""
    rules = (one for one in pack.assessments.values() if (one.of, one.every) == ("city", "month"))
    return next((one.report_days for one in rules if one.report_days is not None), None)


def months_after(looked_at: str | None, *, today: date) -> list[str]:
    """The months that ended after the one looked at last and before today, oldest first; at the first look the last
    alone, for nobody could report before."""
    newest = today.replace(day=1) - timedelta(days=1)
    if looked_at is None:
        return [f"{newest:%Y-%m}"]
    year, month = int(looked_at[:4]), int(looked_at[5:])
    months = 12 * newest.year + newest.month - (12 * year + month)
    return [f"{(12 * year + month + k) // 12}-{(12 * year + month + k) % 12 + 1:02d}" for k in range(months)]


def target_excess(*, pack: Pack, region: str, measure: str, at_least: int, set_: Mapping[str, int]) -> Refused | None:
    """TARGETS_EXCEEDED when the counties of a city would have to reach more than the city (at most; less is not broken
    down yet). `set_`: what stands, by region. Nothing bounds the counties of a city that has no target."""
    after = {**set_, region: at_least}
    city = region[:CITY]
    if len(region) < CITY or city not in after:
        return None
    counties = sum(number for place, number in after.items() if len(place) > CITY and place.startswith(city))
    if counties <= after[city]:
        return None
    path = target_path(pack, measure)
    article = pack.article(path) if path is not None else None
    return refused(pack, "TARGETS_EXCEEDED", "at_least", article, city=city, of_city=after[city], of_counties=counties)


def _end(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def out_of_period(pack: Pack, asked: Span, field: str) -> Refused | None:
    """OUT_OF_PERIOD when no day of it lies in the programme's period."""
    life = pack.period
    if asked.last >= life.first and (life.last is None or asked.first <= life.last):
        return None
    days = {"first": life.first.isoformat(), "last": life.last.isoformat() if life.last else None}
    return refused(pack, "OUT_OF_PERIOD", field, life.article, **days)
