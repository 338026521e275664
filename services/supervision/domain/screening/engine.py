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
# These look at all that a provider files; the others at what is usual, which a provider's own many would distort.
OF_PROVIDER = frozenset({caps.RULE, bursts.RULE, shells.RULE})


def screen(
    population: Population,
    focus: Collection[str] | None = None,
    *,
    graph: Graph | None = None,
    provider: Population | None = None,
) -> dict[str, list[Finding]]:
    """The findings about each claim of `focus` (None: of all) that has any, gravest first.

    `population` holds these claims and what they are compared with: it decides what is usual. `graph`: facts and ties
    of the parties where they are known from elsewhere; None: those in the columns. `provider`: with the claims beside
    that are there for the rules OF_PROVIDER alone; None: the same. KeyError for an unknown claim.
    """
    graph = parties.declared(population) if graph is None else graph
    wide = population if provider is None else provider
    rows, wide_rows = (_rows(held, focus) for held in (population, wide))
    found: dict[str, list[Finding]] = {}
    for row, finding in parties.find(population, rows, graph):
        found.setdefault(population.claim[row], []).append(finding)
    for rule, find in RULES.items():
        held, at = (wide, wide_rows) if rule in OF_PROVIDER else (population, rows)
        for row, finding in find(held, at):
            found.setdefault(held.claim[row], []).append(finding)
    order = {population.claim[row]: place for place, row in enumerate(rows.tolist())}
    return {claim: sorted(found[claim], key=gravity) for claim in sorted(found, key=order.__getitem__)}


def _rows(population: Population, focus: Collection[str] | None) -> Rows:
    if focus is None:
        return np.arange(len(population))
    return np.array(sorted(map(population.row, focus)), dtype=np.int64)


def gravity(finding: Finding) -> tuple[int, int, str]:
    """Sorts findings, gravest first."""
    return (ORDER[finding.severity], -finding.score, finding.rule)
