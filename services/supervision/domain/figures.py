"""Enterprises on the cloud, money redeemed and targets reached, by region: counts of the record, added up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from contracts.programmes import Pack
from services.supervision.domain.regions import CITY, months_due

# What the record knows of a target's measure; others (training, experience centres …) are nobody's event here.
KNOWN: Mapping[str, str] = {
    "enterprises": "on_cloud",
    "pilot_enterprises": "pilots",
    "model_cases": "models",
    "model_enterprises": "models",
    "platform_providers": "platform_providers",
    "application_providers": "application_providers",
    "spending_yuan": "spending_fen",
}
FEN = 100  # of a yuan, rounded down: a target is reached when the whole of it is

TOTALS = ("registered", "on_cloud", "pilots", "models", "platform_providers", "application_providers")
OF_THE_YEAR = ("redeemed_fen", "spending_fen")  # what happened in the year; the others stand at its end


@dataclass(frozen=True, slots=True)
class Count:
    """So many of one thing in one county; `year`: when it happened (None: not known, it counts in every year)."""

    programme: str
    region: str
    what: str
    number: int
    year: int | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is known of some programmes: counts, and the rows of targets, reports and evaluations."""

    counts: Sequence[Count] = ()
    targets: Sequence[Mapping[str, Any]] = ()
    reports: Sequence[Mapping[str, Any]] = ()
    evaluations: Sequence[Mapping[str, Any]] = ()

    def of(self, programme: str, region: str = "") -> Record:
        """The part of one programme and of the region with all in it."""
        mine = [count for count in self.counts if count.programme == programme and count.region.startswith(region)]
        rows = {
            name: [r for r in getattr(self, name) if r["programme"] == programme and r["region"].startswith(region)]
            for name in ("targets", "reports", "evaluations")
        }
        return Record(counts=mine, **rows)

    def cities(self) -> list[str]:
        """The cities that anything is known of, in order."""
        told = (row["region"] for rows in (self.targets, self.reports, self.evaluations) for row in rows)
        places = [*(count.region for count in self.counts), *told]
        return sorted({place[:CITY] for place in places if len(place) >= CITY})


def totals(counts: Iterable[Count], *, year: int) -> dict[str, Any]:
    """How many there are at the end of the year (as the record has it now), and what was paid and spent in it."""
    found: dict[str, Any] = dict.fromkeys((*TOTALS, *OF_THE_YEAR), 0)
    by_kind: dict[str, int] = {}
    for count in counts:
        if count.year is not None and (count.year != year if count.what in OF_THE_YEAR else count.year > year):
            continue
        if count.kind is not None:
            by_kind[count.kind] = by_kind.get(count.kind, 0) + count.number
        else:
            found[count.what] += count.number
    return {**found, "by_kind": dict(sorted(by_kind.items()))}


def reached(figures: Mapping[str, Any], measure: str) -> int | None:
    """How far a measure has come; None when the record does not know it."""
    name = KNOWN.get(measure)
    if name is None:
        return None
    number: int = figures[name]
    return number // FEN if name.endswith("_fen") else number


def region_figures(record: Record, *, pack: Pack, region: str, year: int, today: date) -> dict[str, Any]:
    """One region's figures of a year, with its targets and the months it reported; the evaluations come with them."""
    mine = record.of(pack.code, region)
    figures = totals(mine.counts, year=year)
    targets = [
        {
            "measure": row["measure"],
            "at_least": row["at_least"],
            "of_counties": _of_counties(mine.targets, row),
            "reached": reached(figures, row["measure"]),
        }
        for row in sorted(mine.targets, key=lambda row: row["measure"])
        if (row["region"], row["year"]) == (region, year)
    ]
    due = months_due(pack, region=region, year=year, today=today)
    told = {row["month"] for row in mine.reports if row["region"] == region}
    missing = [month for month in due or () if month not in told]
    reports = None if due is None else {"due": len(due), "handed_in": len(due) - len(missing), "missing": missing}
    evaluations = [
        {"period": row["period"], "score": row["score"]}
        for row in sorted(mine.evaluations, key=lambda row: row["period"])
        if row["region"] == region and row["period"].startswith(str(year))
    ]
    return {
        "region": region,
        "year": year,
        **figures,
        "targets": targets,
        "reports": reports,
        "evaluations": evaluations,
    }


def _of_counties(targets: Iterable[Mapping[str, Any]], city: Mapping[str, Any]) -> int | None:
    """What the city's counties are to reach of it together; None for other regions than cities."""
    if len(city["region"]) != CITY:
        return None
    same = (row for row in targets if (row["year"], row["measure"]) == (city["year"], city["measure"]))
    inside = (row for row in same if len(row["region"]) > CITY and row["region"].startswith(city["region"]))
    return sum(int(row["at_least"]) for row in inside)


def target_progress(record: Record, *, pack: Pack, today: date) -> list[dict[str, Any]]:
    """The pack's targets beside the record: of the year by which, or of each year so far; `known` is false, and
    `record` empty, for what nobody tells this service."""
    mine = record.of(pack.code)
    last = min(today, pack.period.last or today).year
    items = []
    for name, target in pack.targets.items():
        known = target.measure in KNOWN
        years = [target.by_year] if target.by_year is not None else range(pack.period.first.year, last + 1)
        told = [{"year": year, "reached": reached(totals(mine.counts, year=year), target.measure)} for year in years]
        stated = {"measure": target.measure, "at_least": target.at_least, "by_year": target.by_year}
        law = {"article": target.article, "zh": target.zh, "en": target.en}
        items.append({"target": name, **stated, **law, "known": known, "record": told if known else []})
    return items
