"""Do two parties hang together by the facts they declared? The shortest chain of shared facts says how."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.supervision.domain.finding import Finding, Severity

RULE = "AFFILIATED_PARTIES"
CROWD = 20  # a fact shared by more parties ties nobody: a serviced office, an agent's phone, a common name
FEW = 3  # a person's name shared by no more parties than this is hardly a coincidence
MOST_STEPS = 3
MOST_COST = 4

# A tie on record, an account or a phone says more than a name or an address, which coincide more easily.
COST: Mapping[str, int] = {"tie": 1, "account": 1, "phone": 1, "person": 2, "address": 2}

WORDS: Mapping[str, tuple[str, str]] = {
    "tie": ("登记在案的关联关系", "a tie on record"),
    "account": ("账户", "account"),
    "phone": ("电话", "phone"),
    "person": ("人员姓名", "person"),
    "address": ("地址", "address"),
}

Fact = tuple[str, str]  # kind, blind index


@dataclass(frozen=True, slots=True)
class Link:
    """Two parties that share facts of these kinds, the most telling first; `crowd`: how many share that one."""

    a: str
    b: str
    kinds: tuple[str, ...]
    crowd: int

    @property
    def cost(self) -> int:
        return COST[self.kinds[0]]


@dataclass(frozen=True, slots=True)
class Graph:
    """Facts by party (blind indexes as declared), how many parties share each, and ties on record."""

    facts: Mapping[str, frozenset[Fact]]
    crowd: Mapping[Fact, int]
    ties: frozenset[frozenset[str]] = frozenset()

    def crowded(self, party: str) -> list[tuple[str, int]]:
        """The party's facts that are not looked at, because too many share them: kind, how many."""
        found = ((kind, self.crowd.get((kind, value), 1)) for kind, value in self.facts.get(party, frozenset()))
        return sorted((kind, many) for kind, many in found if many > CROWD)


def paths(graph: Graph, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], tuple[Link, ...]]:
    """The cheapest chain of links of each pair that has one within MOST_STEPS and MOST_COST."""
    links = _links(graph)
    found = {pair: _cheapest(links, *pair) for pair in set(pairs)}
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
    """Direct: high; by address or a common name alone, medium. Through others: medium; by weak links alone, low."""
    if len(path) == 1:
        link = path[0]
        weak = link.kinds == ("address",) or (link.kinds == ("person",) and link.crowd > FEW)
        return "medium" if weak else "high"
    return "medium" if sum(link.cost for link in path) < MOST_COST else "low"


def view(path: Sequence[Link]) -> tuple[dict[str, Any], ...]:
    """The chain as JSON: from, to, by which kinds, shared by how many."""
    return tuple({"from": link.a, "to": link.b, "by": list(link.kinds), "shared_by": link.crowd} for link in path)


def _links(graph: Graph) -> dict[str, dict[str, Link]]:
    holders: dict[Fact, list[str]] = {}
    for party, facts in graph.facts.items():
        for fact in facts:
            if graph.crowd.get(fact, 1) <= CROWD:
                holders.setdefault(fact, []).append(party)
    shared: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for (kind, value), parties in holders.items():
        for a in parties:
            for b in parties:
                if a != b:
                    shared.setdefault((a, b), []).append((kind, graph.crowd.get((kind, value), len(parties))))
    for tie in graph.ties:
        if len(tie) == 2:
            a, b = sorted(tie)
            shared.setdefault((a, b), []).append(("tie", 2))
            shared.setdefault((b, a), []).append(("tie", 2))
    links: dict[str, dict[str, Link]] = {}
    for (a, b), found in shared.items():
        ordered = sorted(set(found), key=lambda fact: (COST[fact[0]], fact))
        kinds = tuple(dict.fromkeys(kind for kind, _ in ordered))
        links.setdefault(a, {})[b] = Link(a, b, kinds, ordered[0][1])
    return links


def _cheapest(links: Mapping[str, Mapping[str, Link]], start: str, goal: str) -> tuple[Link, ...]:
    """Dijkstra, bounded; ties broken by ids, so that the same facts always give the same chain."""
    queue: list[tuple[int, int, str, tuple[Link, ...]]] = [(0, 0, start, ())]
    best: dict[tuple[str, int], int] = {}
    while queue:
        cost, steps, party, path = heapq.heappop(queue)
        if party == goal:
            return path
        if steps == MOST_STEPS:
            continue
        for other, link in links.get(party, {}).items():
            total = cost + link.cost
            if total <= MOST_COST and total < best.get((other, steps + 1), MOST_COST + 1):
                best[other, steps + 1] = total
                heapq.heappush(queue, (total, steps + 1, other, (*path, link)))
    return ()
