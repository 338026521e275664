"""Do two parties hang together by the facts they declared? The shortest chain of shared facts says how."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import networkx as nx

from services.supervision.domain.finding import Finding, Severity

RULE = "AFFILIATED_PARTIES"
CROWD = 20  # a fact shared by more parties ties nobody: a serviced office, an agent's phone, a common name
FEW = 3  # a person's name shared by no more parties than this is hardly a coincidence, nor is a building
MOST_STEPS = 3
MOST_COST = 4
ENDED_DAYS = 365  # a share that was given up not longer ago still ties: a company is sold in time, and bought back

# A tie on record, a share, an account or a phone says more than a name or an address, which coincide more easily. A
# building without the same room says so little that it leads to no third party.
COST: Mapping[str, int] = {
    "tie": 1, "holding": 1, "account": 1, "phone": 1, "person": 2, "address": 2, "building": MOST_COST,
}  # fmt: skip

WORDS: Mapping[str, tuple[str, str]] = {
    "tie": ("登记在案的关联关系", "a tie on record"),
    "holding": ("股权", "shareholdings"),
    "account": ("账户", "account"),
    "phone": ("电话", "phone"),
    "person": ("人员姓名", "person"),
    "address": ("地址", "address"),
    "building": ("同一楼栋", "building"),
}

Fact = tuple[str, str]  # kind, blind index


@dataclass(frozen=True, slots=True)
class Link:
    """Two parties that share facts of these kinds, the most telling first; `crowd`: how many share that one, `shared`:
    how many share one of each kind. `holdings`: how many shareholdings lie between them, where they do."""

    a: str
    b: str
    kinds: tuple[str, ...]
    crowd: int
    shared: tuple[int, ...] = ()
    holdings: int | None = None

    @property
    def cost(self) -> int:
        return COST[self.kinds[0]]


@dataclass(frozen=True, slots=True)
class Graph:
    """Facts by party (blind indexes as declared), how many parties share each, ties on record, and who holds a share
    of whom: pairs of holders, and the holder that each party is."""

    facts: Mapping[str, frozenset[Fact]]
    crowd: Mapping[Fact, int]
    ties: frozenset[frozenset[str]] = frozenset()
    holdings: frozenset[tuple[str, str]] = frozenset()
    holders: Mapping[str, str] = field(default_factory=dict)

    def crowded(self, party: str) -> list[tuple[str, int]]:
        """The party's facts that are not looked at, because too many share them: kind, how many."""
        found = ((kind, self.crowd.get((kind, value), 1)) for kind, value in self.facts.get(party, frozenset()))
        return sorted((kind, many) for kind, many in found if not ties(kind, many))


def ties(kind: str, many: int) -> bool:
    """Does a fact of that kind which so many share tie them? What a crowd shares ties nobody."""
    return many <= (FEW if kind == "building" else CROWD)


def paths(graph: Graph, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[Link, ...]]:
    """The cheapest chain of links of each pair that has one within MOST_STEPS and MOST_COST."""
    net = _Net(graph)
    found = {pair: _cheapest(net, *pair) for pair in dict.fromkeys(pairs) if net.together(*pair)}
    return {pair: path for pair, path in found.items() if path}


def judge(*, enterprise_id: str, provider_id: str, graph: Graph, path: Sequence[Link]) -> Finding | None:
    """AFFILIATED_PARTIES when a chain ties them (the pack's `eligibility.not_affiliated`); None without one."""
    if not path:
        return None
    between = tuple(link.b for link in path[:-1])
    zh = "；".join("、".join(WORDS[kind][0] for kind in link.kinds) for link in path)
    en = "; ".join(", ".join(WORDS[kind][1] for kind in link.kinds) for link in path)
    if between:
        zh = f"企业经{len(between)}个其他主体与云服务商相连，依次共有：{zh}。"
        en = f"Enterprise and provider are tied through {len(between)} other parties, sharing in turn: {en}."
    else:
        zh, en = f"企业与云服务商共有：{zh}。", f"Enterprise and provider share: {en}."
    ignored = graph.crowded(enterprise_id) + graph.crowded(provider_id)
    return Finding(
        rule=RULE,
        severity=severity(path),
        zh=zh,
        en=en,
        numbers={
            "steps": len(path),
            "shared_by": [link.crowd for link in path],
            "ignored": [{"kind": kind, "shared_by": many} for kind, many in ignored],
        },
        parties=(enterprise_id, *between, provider_id),
        path=view(path),
    )


def severity(path: Sequence[Link]) -> Severity:
    """Direct: high; by address or a common name alone, medium; by the building alone, low. Through others: medium; by
    weak links alone, low."""
    if len(path) == 1:
        link = path[0]
        kinds = tuple(kind for kind in link.kinds if kind != "building")
        weak = kinds == ("address",) or (kinds == ("person",) and link.crowd > FEW)
        return "low" if not kinds else "medium" if weak else "high"
    return "medium" if sum(link.cost for link in path) < MOST_COST else "low"


def view(path: Sequence[Link]) -> tuple[dict[str, Any], ...]:
    """The chain as JSON: from, to, by which kinds and how many share each; how many shareholdings lie between."""
    return tuple(
        {
            "from": link.a,
            "to": link.b,
            "by": list(link.kinds),
            "shared_by": list(link.shared),
            **({} if link.holdings is None else {"holdings": link.holdings}),
        }
        for link in path
    )


class _Net:
    """Parties on one side, what they share on the other; who hang together at all is asked before any way is sought."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._owners = nx.Graph(sorted(graph.holdings))
        self._net = nx.Graph()
        self._net.add_edges_from(self._edges())
        self._part = {node: number for number, nodes in enumerate(nx.connected_components(self._net)) for node in nodes}
        self._costs: dict[str, dict[str, int]] = {}

    def together(self, a: str, b: str) -> bool:
        """Is there any way between two different parties, of whatever length?"""
        return a != b and a in self._part and self._part[a] == self._part.get(b)

    def costs(self, party: str) -> Mapping[str, int]:
        """The parties that share something with this one, and how little that costs."""
        if party not in self._costs:
            costs: dict[str, int] = {}
            for fact in sorted(self._net.adj.get(party, ()), key=lambda fact: COST[fact[0]]):
                for other in self._net.adj[fact]:
                    costs.setdefault(other, COST[fact[0]])
            costs.pop(party, None)
            self._costs[party] = costs
        return self._costs[party]

    def link(self, a: str, b: str) -> Link:
        """All that the two share."""
        facts = self._net.adj[a].keys() & self._net.adj[b].keys()
        return self._link(a, b, sorted(facts))

    def _edges(self) -> Iterator[tuple[Hashable, Hashable]]:
        for party, facts in self._graph.facts.items():
            for kind, value in facts:
                if ties(kind, self._graph.crowd.get((kind, value), 1)):
                    yield party, (kind, value)
        for tie in self._graph.ties:
            for party in tie:
                yield party, ("tie", "\n".join(sorted(tie)))
        group = {holder: min(nodes) for nodes in nx.connected_components(self._owners) for holder in nodes}
        for party, holder in self._graph.holders.items():
            yield party, ("holding", group.get(holder, holder))

    def _link(self, a: str, b: str, facts: Sequence[Fact]) -> Link:
        counts: dict[str, int] = {}
        for kind, value in sorted(facts, key=lambda fact: (COST[fact[0]], fact)):
            many = self._graph.crowd.get((kind, value), len(self._net.adj[kind, value]))
            counts[kind] = min(many, counts.get(kind, many))
        if "address" in counts:
            counts.pop("building", None)
        kinds = tuple(counts)
        steps = None
        if "holding" in counts:
            one, other = self._graph.holders[a], self._graph.holders[b]
            steps = 0 if one == other else nx.shortest_path_length(self._owners, one, other)
        return Link(a, b, kinds, counts[kinds[0]], tuple(counts.values()), steps)


def _cheapest(net: _Net, start: str, goal: str) -> tuple[Link, ...]:
    """Dijkstra, bounded; ties broken by ids, so that the same facts always give the same chain."""
    queue: list[tuple[int, tuple[str, ...]]] = [(0, (start,))]
    best: dict[tuple[str, int], int] = {}
    while queue:
        cost, way = heapq.heappop(queue)
        if way[-1] == goal:
            return tuple(net.link(a, b) for a, b in pairwise(way))
        steps, costs = len(way), net.costs(way[-1])
        if steps > MOST_STEPS:
            continue
        last = steps == MOST_STEPS or cost + 1 == MOST_COST  # only the goal itself is still near enough
        for other in (goal,) if last else costs:
            total = cost + costs.get(other, MOST_COST + 1)
            if total <= MOST_COST and total < best.get((other, steps), MOST_COST + 1):
                best[other, steps] = total
                heapq.heappush(queue, (total, (*way, other)))
    return ()
