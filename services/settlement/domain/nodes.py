"""Nodes: the dates at which eligible claims are taken together (第二十二条)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.errors import Refused
from contracts.programmes import Pack
from services.settlement.domain.law import absent, article, decide, refuse
from services.settlement.domain.steps import Move, Moves, Step, must, take

MOVES: Moves = {"close": Move(("open",), "closed", "node_closed")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """`claims`: how many it had taken when it closed; `year` is its name, claims of any year are taken.

    `region`: whose claims it takes, empty for all of the programme; `only_in`: the calendar year in which it is the
    only one, where the programme takes claims once a year.
    """

    node_id: str
    sequence: int
    programme: str
    region: str
    year: int
    only_in: int | None
    closes_at: datetime
    status: str
    claims: int
    announced_by: str
    pack_version: str


def announce(
    *,
    pack: Pack,
    node_id: str,
    region: str,
    year: int,
    closes_at: datetime,
    closes_in: int,
    taken: bool,
    announced_by: str,
    roles: frozenset[str],
    now: datetime,
) -> Step[Node] | Refused:
    """A node to come, whatever the cadence: the programme's own days are where its office starts from.

    `closes_in`: the calendar year it closes in; `taken`: that year has one. FORBIDDEN (another's to set), NODE_IN_PAST,
    NODE_EXISTS, DELEGATED_RULE_MISSING, RULE_ABSENT.
    """
    cadence = pack.claims.cadence if pack.claims else None
    if cadence is None:
        return absent(pack, "claims.cadence", "programme")
    if cadence.nodes_set_by is not None and cadence.nodes_set_by not in roles:
        return refuse(pack, "FORBIDDEN", None, cadence.article, set_by=cadence.nodes_set_by)
    if closes_at <= now:
        return refuse(pack, "NODE_IN_PAST", "closes_at", cadence.article, closes_at=closes_at.isoformat())
    yearly = cadence.when == "yearly"
    if yearly and taken:
        return refuse(pack, "NODE_EXISTS", "closes_at", cadence.article, year=closes_in)
    node = Node(
        node_id=node_id,
        sequence=1,
        programme=pack.code,
        region=region,
        year=year,
        only_in=closes_in if yearly else None,
        closes_at=closes_at,
        status="open",
        claims=0,
        announced_by=announced_by,
        pack_version=pack.label,
    )
    facts = {"closes_at": closes_at.isoformat(), "cadence": cadence.when}
    return Step(node, "node_announced", decide(pack, "node.announced", node_id, (cadence.article,), **facts))


def close(*, node: Node, claims: int, pack: Pack) -> Step[Node]:
    """Closed with as many claims as it took."""
    decision = decide(pack, "node.closed", node.node_id, (article(pack, "claims.cadence"),), claims=claims)
    return must(take(node, MOVES, "close", decision=decision, claims=claims))


def node_for(nodes: Iterable[Node], *, filed_at: datetime, region: str) -> Node | None:
    """The first of these nodes for the region that closes after the claim was filed; None: it waits for the next."""
    later = [node for node in nodes if node.closes_at > filed_at and region.startswith(node.region)]
    return min(later, key=lambda node: (node.closes_at, node.node_id), default=None)
