"""DATES_OUT_OF_ORDER: a claim whose days cannot have followed each other as its papers say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from services.supervision.domain.finding import Finding, Severity
from services.supervision.domain.screening import settings
from services.supervision.domain.screening.population import Population, Rows

RULE = "DATES_OUT_OF_ORDER"

# What comes first, what comes after: columns, and their names in the sentence.
PAIRS = (
    ("ordered_on", "confirmed_on"),
    ("confirmed_on", "claimed_on"),
    ("ordered_on", "invoice_on"),
    ("ordered_on", "claimed_on"),
    ("invoice_on", "claimed_on"),
)
WORDS = {
    "ordered_on": ("下单日", "the order"),
    "confirmed_on": ("确认日", "the confirmation"),
    "invoice_on": ("开票日", "the invoice"),
    "claimed_on": ("申请兑现日", "the claim"),
}


def find(population: Population, focus: Rows) -> Iterator[tuple[int, Finding]]:
    """Each claim of which a later day lies before an earlier one, unless that is usual in this population."""
    wrong: dict[int, list[tuple[str, str, int]]] = {}
    for first, then in PAIRS:
        gap = population.days(first) - population.days(then)
        known = int(np.count_nonzero(~np.isnan(gap)))
        if known >= settings.CUSTOM_FROM and np.count_nonzero(gap > 0) > _usual(first, then) * known:
            continue
        for row in focus[gap[focus] > 0]:
            wrong.setdefault(int(row), []).append((first, then, int(gap[row])))
    for row, pairs in wrong.items():
        yield row, _finding(population, row, pairs)


def _usual(first: str, then: str) -> float:
    late = (first, then) == ("invoice_on", "claimed_on")
    return settings.LATE_INVOICE_SHARE if late else settings.CUSTOM_SHARE


def _finding(population: Population, row: int, pairs: list[tuple[str, str, int]]) -> Finding:
    days: dict[str, date] = {
        name: day for pair in pairs for name in pair[:2] if (day := getattr(population, name)[row]) is not None
    }
    most = max(gap for *_, gap in pairs)
    severity: Severity = "high" if most >= settings.GRAVE_DAYS else "medium"
    zh = "；".join(
        f"{WORDS[then][0]}（{days[then]}）早于{WORDS[first][0]}（{days[first]}）{gap}天" for first, then, gap in pairs
    )
    en = "; ".join(
        f"{WORDS[then][1]} ({days[then]}) lies {gap} days before {WORDS[first][1]} ({days[first]})"
        for first, then, gap in pairs
    )
    return Finding(
        rule=RULE,
        severity=severity,
        score=min(100, 50 + most),
        zh=f"{zh}。",
        en=f"{en[0].upper()}{en[1:]}.",
        numbers={**{name: str(day) for name, day in sorted(days.items())}, "days_before": most},
    )
