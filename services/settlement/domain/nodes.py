"""Nodes: the dates at which eligible claims are taken together (第二十二条)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.errors import Refused
from contracts.programmes import Pack
from services.settlement.domain.law import article, decide, refuse
from services.settlement.domain.steps import Move, Moves, Step, must, take

MOVES: Moves = {"close": Move(("open",), "closed", "node_closed")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """`claims`: how many it had taken when it closed; `year` is its name, claims of any year are taken."""

    node_id: str
    sequence: int
    programme: str
    year: int
    closes_at: datetime
    status: str
    claims: int
    announced_by: str
    pack_version: str


def announce(
    *, pack: Pack, node_id: str, year: int, closes_at: datetime, announced_by: str, now: datetime
) -> Step[Node] | Refused:
    """A node to come; NODE_IN_PAST, DELEGATED_RULE_MISSING where the programme takes no claims at nodes."""
    cadence = pack.claims.cadence if pack.claims else None
    if cadence is None or cadence.when != "nodes":
        return refuse(pack, "DELEGATED_RULE_MISSING", "programme", article(pack, "claims.cadence"))
    if closes_at <= now:
        return refuse(pack, "NODE_IN_PAST", "closes_at", cadence.article, closes_at=closes_at.isoformat())
    node = Node(
        node_id=node_id,
        sequence=1,
        programme=pack.code,
        year=year,
        closes_at=closes_at,
        status="open",
        claims=0,
        announced_by=announced_by,
        pack_version=pack.label,
    )
    decision = decide(pack, "node.announced", node_id, (cadence.article,), closes_at=closes_at.isoformat())
    return Step(node, "node_announced", decision)


def close(*, node: Node, claims: int, pack: Pack) -> Step[Node]:
    """Closed with as many claims as it took."""
    decision = decide(pack, "node.closed", node.node_id, (article(pack, "claims.cadence"),), claims=claims)
    return must(take(node, MOVES, "close", decision=decision, claims=claims))


def node_for(nodes: Iterable[Node], *, filed_at: datetime) -> Node | None:
    """The first of these nodes that closes after the claim was filed; None: it waits for the next to be announced."""
    later = [node for node in nodes if node.closes_at > filed_at]
    return min(later, key=lambda node: (node.closes_at, node.node_id), default=None)
