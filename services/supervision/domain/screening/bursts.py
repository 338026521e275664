"""BURST: a provider's claims in a short time far above its own habit, and not because everybody files then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from services.supervision.domain.finding import Finding
from services.supervision.domain.screening import settings
from services.supervision.domain.screening.chance import poisson_tail
from services.supervision.domain.screening.population import Floats, Population, Rows

RULE = "BURST"


@dataclass(frozen=True, slots=True)
class Burst:
    """So many claims of a provider from that day on, and what it usually files in as many days when it files."""

    first: int
    days: int
    many: int
    usual: float
    market: float  # how many times their own usual the others filed then
    claims: tuple[str, ...]


def find(population: Population, focus: Rows) -> Iterator[tuple[int, Finding]]:
    """Each claim that is part of a burst of its provider."""
    days = population.days("claimed_on")
    filed = np.sort(days[~np.isnan(days)])
    wanted = np.zeros(len(population), dtype=bool)
    wanted[focus] = True
    for rows in population.groups("provider"):
        known = rows[~np.isnan(days[rows])]
        if wanted[known].any() and len(known) >= settings.BURST_LEAST + settings.BURST_HABIT:
            for row, burst in _bursts(population, known, days, filed).items():
                if wanted[row]:
                    yield row, _finding(population, row, burst)


def _bursts(population: Population, rows: Rows, days: Floats, filed: Floats) -> dict[int, Burst]:
    """Row → the burst that it is in."""
    found: dict[int, Burst] = {}
    left = rows[np.lexsort((rows, days[rows]))]
    own = days[left]
    if own[-1] - own[0] < settings.BURST_SPAN:
        return {}
    for width in settings.BURST_DAYS:
        while len(left) >= settings.BURST_LEAST + settings.BURST_HABIT:
            burst = _densest(population, left, days[left], own, filed, width)
            if burst is None:
                break
            inside = (days[left] >= burst.first) & (days[left] < burst.first + width)
            found |= dict.fromkeys(left[inside].tolist(), burst)
            left = left[~inside]
    return found


def _densest(population: Population, left: Rows, day: Floats, own: Floats, filed: Floats, width: int) -> Burst | None:
    """The window with most claims, if it stands out among the provider's others."""
    starts = np.unique(day)
    counts = np.searchsorted(day, starts + width) - np.searchsorted(day, starts)
    at = int(np.argmax(counts))
    many, first = int(counts[at]), float(starts[at])
    if many < settings.BURST_LEAST:
        return None
    others = day[(day < first) | (day >= first + width)]
    habit, active = _habit(others, width)
    if len(active) < settings.BURST_HABIT:
        return None
    market = _market(filed, own, active, first, width)
    usual = max(habit, 1.0)
    rest = (own[-1] - own[0] + 1 - width) / width
    mean = max(len(others) / max(rest, 1.0), settings.BURST_MEAN) * max(1.0, market)
    if many < settings.BURST_TIMES * usual * max(1.0, market) or poisson_tail(many, mean) > settings.BURST_CHANCE:
        return None
    inside = left[(day >= first) & (day < first + width)]
    claims = tuple(population.claim[row] for row in inside[:20])
    return Burst(int(first), width, many, usual, market, claims)


def _habit(day: Floats, width: int) -> tuple[float, Floats]:
    """What nine in ten of its windows with any claims do not exceed, and where these begin."""
    starts: list[float] = []
    counts: list[int] = []
    at = 0
    while at < len(day):
        end = int(np.searchsorted(day, day[at] + width))
        starts.append(float(day[at]))
        counts.append(end - at)
        at = end
    return float(np.quantile(counts, settings.BURST_QUANTILE)) if counts else 0.0, np.array(starts)


def _market(filed: Floats, own: Floats, active: Floats, first: float, width: int) -> float:
    """How the others' claims in this window stand to theirs in the windows in which the provider usually files."""

    def others(start: Floats) -> Floats:
        everybody = np.searchsorted(filed, start + width) - np.searchsorted(filed, start)
        return np.asarray(everybody - (np.searchsorted(own, start + width) - np.searchsorted(own, start)), np.float64)

    usual = float(np.median(others(active)))
    now = float(others(np.array([first]))[0])
    return now / usual if usual >= settings.BURST_MARKET else 1.0


def _finding(population: Population, row: int, burst: Burst) -> Finding:
    first = date.fromordinal(burst.first)
    times = burst.many / burst.usual
    return Finding(
        rule=RULE,
        severity="medium",
        score=min(90, 55 + int(3 * times)),
        zh=f"该云服务商自{first}起{burst.days}天内申请{burst.many}笔，平时同样天数至多约{burst.usual:.0f}笔。",
        en=f"The provider filed {burst.many} claims within {burst.days} days from {first};"
        f" usually it files at most about {burst.usual:.0f}.",
        numbers={
            "from": str(first),
            "days": burst.days,
            "claims": burst.many,
            "usual": round(burst.usual, 1),
            "others_times_usual": round(burst.market, 2),
        },
        claims=tuple(claim for claim in burst.claims if claim != population.claim[row]),
    )
