"""AFFILIATED_PARTIES over a population: the graph that its columns declare, and the chains in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from services.supervision.domain import affiliation
from services.supervision.domain.affiliation import Fact, Graph
from services.supervision.domain.finding import Finding, Severity
from services.supervision.domain.screening.population import FACTS, Population, Rows

RULE = affiliation.RULE

SIDES = ("enterprise", "provider")


def declared(population: Population) -> Graph:
    """Each party with every person, phone, address and account that any of its rows states."""
    facts: dict[str, set[Fact]] = {}
    for side in SIDES:
        who = getattr(population, side)
        for kind in FACTS:
            for party, key in set(zip(who, population.keys(f"{side}_{kind}"), strict=True)):
                if party is not None and key is not None:
                    facts.setdefault(party, set()).add((kind, key))
    crowd: dict[Fact, int] = {}
    for of_party in facts.values():
        for fact in of_party:
            crowd[fact] = crowd.get(fact, 0) + 1
    return Graph(facts={party: frozenset(facts[party]) for party in sorted(facts)}, crowd=crowd)


def find(population: Population, focus: Rows, graph: Graph) -> Iterator[tuple[int, Finding]]:
    """Each claim whose enterprise and provider hang together in the graph."""
    pairs: dict[int, tuple[str, str]] = {}
    for row in focus.tolist():
        enterprise, provider = population.enterprise[row], population.provider[row]
        if enterprise is not None and provider is not None:
            pairs[row] = (enterprise, provider)
    paths = affiliation.paths(graph, pairs.values())
    for row, pair in pairs.items():
        if pair in paths:
            found = affiliation.judge(enterprise_id=pair[0], provider_id=pair[1], graph=graph, path=paths[pair])
            if found is not None:
                yield row, replace(found, score=_score(found.severity, len(paths[pair])))


def _score(severity: Severity, steps: int) -> int:
    return {"high": 90, "medium": 70, "low": 50}[severity] - 5 * (steps - 1)
