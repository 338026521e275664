"""NO_USAGE: claimed, and the service was not or hardly used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.supervision.domain.finding import Finding
from services.supervision.domain.screening import settings
from services.supervision.domain.screening.population import Floats, Population, Rows

RULE = "NO_USAGE"

Bools = NDArray[np.bool_]

WORDS = {"usage_days": ("使用天数", "days of use"), "usage_units": ("使用量", "units of use")}


def find(population: Population, focus: Rows) -> Iterator[tuple[int, Finding]]:
    """Each claim whose days or units of use are nought, or next to nothing beside others of its product or category."""
    verdicts = {name: _look(population, name) for name in WORDS}
    for row in focus.tolist():
        hit = [name for name in WORDS if verdicts[name][0][row] or verdicts[name][1][row]]
        if hit:
            yield row, _finding(population, row, {name: verdicts[name] for name in hit})


def _look(population: Population, name: str) -> tuple[Bools, Bools, Floats]:
    """Unused, hardly used, and the median of the peers where there are any."""
    values = population.numbers(name)
    none, hardly = values == 0, np.zeros(len(values), dtype=bool)
    median = np.full(len(values), np.nan)
    spoken = np.zeros(len(values), dtype=bool)
    available = population.days("claimed_on") - population.days("confirmed_on")
    for names, least in (
        (("programme", "category", "product"), settings.USAGE_OF_PRODUCT),
        (("programme", "category"), settings.USAGE_PEERS),
    ):
        for rows in population.groups(*names):
            known = rows[~np.isnan(values[rows]) & ~spoken[rows]]
            if len(known) < least:
                continue
            spoken[known] = True
            few, nought, middle = _few(values[known])
            hardly[known], median[known] = few, middle
            if nought:
                none[known] = False
    hardly &= ~_usual_of_product(population, values)
    if name == "usage_days":
        hardly &= values < available * settings.USED_THROUGHOUT  # where these are known
    return none, hardly, median


def _usual_of_product(population: Population, values: Floats) -> Bools:
    """Claims that are near the median of other claims for the product, however low: some are used little by nature."""
    usual = np.zeros(len(values), dtype=bool)
    for rows in population.groups("product"):
        known = rows[values[rows] > 0]
        if len(known) > settings.USAGE_ALIKE:
            usual[known] = values[known] >= settings.USAGE_RATIO * np.median(values[known])
    return usual


def _few(values: Floats) -> tuple[Bools, bool, float]:
    """Which are next to nothing, whether nought is usual, and the median of those that were used."""
    used = values[values > 0]
    nought = np.count_nonzero(values == 0) > settings.UNUSED_SHARE * len(values)
    if len(used) < settings.USAGE_PEERS:
        return np.zeros(len(values), dtype=bool), bool(nought), np.nan
    logs = np.log(used)
    middle = float(np.median(logs))
    spread = max(float(np.median(np.abs(logs - middle))), settings.USAGE_SPREAD)
    least = min(middle - settings.USAGE_FAR * spread / 0.6745, middle + np.log(settings.USAGE_RATIO))
    few = (values > 0) & (np.log(np.maximum(values, 1e-9)) <= least)
    if np.count_nonzero(few) > max(1.0, settings.USAGE_CUSTOM * len(values)):
        few[:] = False
    return few, bool(nought), float(np.exp(middle))


def _finding(population: Population, row: int, hit: dict[str, tuple[Bools, Bools, Floats]]) -> Finding:
    numbers: dict[str, Any] = {}
    zh, en, score = [], [], 0
    for name, (none, _, median) in hit.items():
        value = getattr(population, name)[row]
        usual = None if np.isnan(median[row]) else round(float(median[row]), 1)
        numbers |= {name: value, f"{name}_median": usual}
        beside = ("", "") if usual is None else (f"（同类中位数{usual:g}）", f" (median of its like: {usual:g})")
        zh.append(f"{WORDS[name][0]}为{value:g}{beside[0]}")
        en.append(f"{value:g} {WORDS[name][1]}{beside[1]}")
        score = max(score, 90 if none[row] else 70)
    return Finding(
        rule=RULE,
        severity="high" if score >= 90 else "medium",
        score=score + 3 * (len(hit) - 1),
        zh=f"服务未使用或几乎未使用：{'，'.join(zh)}。",
        en=f"The service was not or hardly used: {', '.join(en)}.",
        numbers=numbers,
    )
