"""All rules over a population: one table, one way to run it, live and over a file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

import numpy as np

from services.supervision.domain.affiliation import Graph
from services.supervision.domain.finding import ORDER, Finding
from services.supervision.domain.screening import (
    bursts,
    caps,
    contracts,
    dates,
    parties,
    payments,
    prices,
    reuse,
    shells,
    usage,
)
from services.supervision.domain.screening.population import Population, Rows

Found = Iterator[tuple[int, Finding]]

# What each rule finds about the claims in these rows, at most one finding a claim; affiliation needs a graph beside.
RULES: Mapping[str, Callable[[Population, Rows], Found]] = {
    prices.RULE: prices.find,
    reuse.RULE: reuse.find,
    contracts.RULE: contracts.find,
    payments.MISMATCH: payments.find_mismatch,
    payments.ROUND_TRIP: payments.find_round_trip,
    usage.RULE: usage.find,
    dates.RULE: dates.find,
    caps.RULE: caps.find,
    bursts.RULE: bursts.find,
    shells.RULE: shells.find,
}


def screen(
    population: Population, focus: Collection[str] | None = None, *, graph: Graph | None = None
) -> dict[str, list[Finding]]:
    """The findings about each claim of `focus` (None: of all) that has any, gravest first.

    `population` holds these claims and what they are compared with: it decides what is usual. `graph`: facts and ties
    of the parties where they are known from elsewhere; None: those in the columns. KeyError for an unknown claim.
    """
    rows = np.arange(len(population)) if focus is None else np.array(sorted(map(population.row, focus)), dtype=np.int64)
    found: dict[int, list[Finding]] = {}
    graph = parties.declared(population) if graph is None else graph
    for row, finding in parties.find(population, rows, graph):
        found.setdefault(row, []).append(finding)
    for find in RULES.values():
        for row, finding in find(population, rows):
            found.setdefault(row, []).append(finding)
    return {population.claim[row]: sorted(found[row], key=gravity) for row in sorted(found)}


def gravity(finding: Finding) -> tuple[int, int, str]:
    """Sorts findings, gravest first."""
    return (ORDER[finding.severity], -finding.score, finding.rule)
