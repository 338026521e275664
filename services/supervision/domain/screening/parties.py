"""AFFILIATED_PARTIES over a population: the graph that its columns declare, and the chains in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace

from services.supervision.domain import affiliation
from services.supervision.domain.affiliation import Fact, Graph
from services.supervision.domain.finding import Finding, Severity
from services.supervision.domain.screening import settings
from services.supervision.domain.screening.chance import binomial_tail
from services.supervision.domain.screening.population import FACTS, Population, Rows

RULE = affiliation.RULE

NUMBERS = ("phone", "account")

Holders = Mapping[Fact, set[str]]


def declared(population: Population) -> Graph:
    """Each party with every person, phone, address and account that any of its rows states, as far as these tell
    anything: what few share, and what a provider shares with its own customers where such a coincidence is rare."""
    facts: dict[str, set[Fact]] = {}
    for side in ("enterprise", "provider"):
        who = getattr(population, side)
        for kind in FACTS:
            for party, key in set(zip(who, population.keys(f"{side}_{kind}"), strict=True)):
                if party is not None and key is not None:
                    facts.setdefault(party, set()).add((kind, key))
    holders: defaultdict[Fact, set[str]] = defaultdict(set)
    for party, of_party in facts.items():
        for fact in of_party:
            holders[fact].add(party)
    customers = _customers(population)
    most = _most_holders(facts, holders, customers)
    kept = _few(facts, holders, most)
    for provider, customer, fact in _coincidences(facts, holders, customers, most):
        kept[provider].add(fact)
        kept[customer].add(fact)
    return Graph(
        facts={party: frozenset(kept[party]) for party in sorted(kept)},
        crowd={fact: len(holders[fact]) for of_party in kept.values() for fact in of_party},
    )


def _customers(population: Population) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for provider, enterprise in set(zip(population.provider, population.enterprise, strict=True)):
        if provider is not None and enterprise is not None:
            found[provider].add(enterprise)
    return found


def _few(facts: Mapping[str, set[Fact]], holders: Holders, most: Mapping[str, int]) -> dict[str, set[Fact]]:
    """The facts of each party that some, but no more than so many share."""
    few = {fact for fact, who in holders.items() if 1 < len(who) <= most[fact[0]]}
    return {party: facts[party] & few for party in facts}


def _most_holders(
    facts: Mapping[str, set[Fact]], holders: Holders, customers: Mapping[str, set[str]]
) -> dict[str, int]:
    """Of each kind, up to how many holders a fact may have: as many as leave the chains rare by which a provider would
    hang together with an enterprise that is its customer by chance."""
    pairs = sum(map(len, customers.values()))
    enterprises = max(1, len(set().union(*customers.values())) if customers else 0)
    most: dict[str, int] = {}
    for level in settings.TIE_LEVELS:
        most = {kind: max(level, settings.TIE_NUMBERS) if kind in NUMBERS else level for kind in FACTS}
        kept = _few(facts, holders, most)
        near = _Near(Graph({party: frozenset(kept[party]) for party in kept}, {}))
        expected, allowed = 0.0, settings.TIE_COINCIDENCES * pairs
        for provider, theirs in customers.items():
            expected += len(near.within_reach(provider)) * len(theirs) / enterprises
            if expected - len(customers) > allowed:
                break
        else:
            return most
    return most


def _coincidences(
    facts: Mapping[str, set[Fact]], holders: Holders, customers: Mapping[str, set[str]], most: Mapping[str, int]
) -> Iterator[tuple[str, str, Fact]]:
    """What a provider shares with a customer though more parties have it: common names, offices, agents' phones. It
    counts where customers and strangers hardly ever meet in such a fact, or so many do that it cannot be chance."""
    enterprises = max(1, len(set().union(*customers.values())) if customers else 0)
    expected: defaultdict[str, float] = defaultdict(float)
    common = [
        (provider, fact)
        for provider in sorted(customers)
        for fact in sorted(facts.get(provider, ()))
        if most[fact[0]] < len(holders[fact]) <= affiliation.CROWD
    ]
    for provider, fact in common:
        expected[fact[0]] += (len(holders[fact]) - 1) * len(customers[provider]) / enterprises
    pairs = sum(map(len, customers.values()))
    for provider, fact in common:
        shared, share = holders[fact] & customers[provider], len(customers[provider]) / enterprises
        rare = expected[fact[0]] <= settings.TIE_COINCIDENCES * pairs
        if rare or binomial_tail(len(shared), len(holders[fact]) - 1, share) <= settings.TIE_CHANCE:
            yield from ((provider, customer, fact) for customer in sorted(shared))


def find(population: Population, focus: Rows, graph: Graph) -> Iterator[tuple[int, Finding]]:
    """Each claim whose enterprise and provider hang together in the graph."""
    pairs: dict[int, tuple[str, str]] = {}
    for row in focus.tolist():
        enterprise, provider = population.enterprise[row], population.provider[row]
        if enterprise is not None and provider is not None:
            pairs[row] = (enterprise, provider)
    if not graph.holders:  # a file knows of no shares, and is large
        graph, pairs = _within_reach(graph, pairs)
    paths = affiliation.paths(graph, pairs.values())
    for row, pair in pairs.items():
        if pair in paths:
            found = affiliation.judge(enterprise_id=pair[0], provider_id=pair[1], graph=graph, path=paths[pair])
            if found is not None:
                yield row, replace(found, score=_score(found.severity, len(paths[pair])))


def _within_reach(graph: Graph, pairs: dict[int, tuple[str, str]]) -> tuple[Graph, dict[int, tuple[str, str]]]:
    """The pairs that a chain can join at all, and what is around them."""
    near = _Near(graph)
    reached = {row: pair for row, pair in pairs.items() if pair[0] in near.within_reach(pair[1])}
    about = {party for _, provider in reached.values() for party in (provider, *near.within_reach(provider))}
    facts = {party: graph.facts[party] for party in sorted(about) if party in graph.facts}
    return replace(graph, facts=facts), reached


class _Near:
    """Which parties can be reached at all in as few steps as a chain may have: most cannot."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.holders: defaultdict[Fact, list[str]] = defaultdict(list)
        for party, facts in graph.facts.items():
            for fact in facts:
                self.holders[fact].append(party)
        self.tied: defaultdict[str, set[str]] = defaultdict(set)
        for tie in graph.ties:
            for party in tie:
                self.tied[party] |= tie
        self.reach: dict[str, set[str]] = {}

    def within_reach(self, party: str) -> set[str]:
        """The others that a chain from the party can lead to."""
        if party not in self.reach:
            least = {party: 0}
            edge = least.copy()
            for _ in range(affiliation.MOST_STEPS):
                found: dict[str, int] = {}
                for one, cost in edge.items():
                    for other, more in self._beside(one, affiliation.MOST_COST - cost):
                        if cost + more < min(least.get(other, 99), found.get(other, 99)):
                            found[other] = cost + more
                least |= found
                edge = found
            self.reach[party] = set(least) - {party}
        return self.reach[party]

    def _beside(self, party: str, most: int) -> Iterator[tuple[str, int]]:
        yield from ((other, affiliation.COST["tie"]) for other in self.tied[party])
        for fact in self.graph.facts.get(party, ()):
            cost = affiliation.COST[fact[0]]
            if cost <= most and self.graph.crowd.get(fact, 1) <= affiliation.CROWD:
                yield from ((other, cost) for other in self.holders[fact])


def _score(severity: Severity, steps: int) -> int:
    return {"high": 90, "medium": 70, "low": 50}[severity] - 5 * (steps - 1)
