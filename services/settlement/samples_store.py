"""Audit samples: what a node took, what waits for an audit, what was found, and the rest in batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from infra.db_insert import insert_many
from services.settlement import tables as t
from services.settlement.domain.claims import ENDED, Claim
from services.settlement.domain.nodes import Node
from services.settlement.domain.samples import AUDITABLE, REVEALED, Audit, Item, Sample
from services.settlement.store import row_of

ROWS = 10_000  # of one statement

_payable = t.claims.c.claimed_fen - t.claims.c.deducted_fen - t.claims.c.disallowed_fen - t.claims.c.audited_fen
_item, _sample = t.sample_items.c, t.samples.c
_of_item = (t.audits.c.sample_id == _item.sample_id) & (t.audits.c.claim_id == _item.claim_id)
_unaudited = ~sa.exists().where(_of_item)
_drawn_waits = _item.drawn & _sample.status.in_(REVEALED) & _unaudited
_follows = _sample.extrapolate & _sample.status.in_(("revealed", "closing"))


def of_nodes(conn: sa.Connection, node_ids: Iterable[str]) -> dict[str, str]:
    """The sample of each node that has one, by node; an abandoned one is none."""
    query = sa.select(_sample.node_id, _sample.sample_id).where(
        _sample.node_id.in_(sorted(set(node_ids))), _sample.status != "abandoned"
    )
    return {row.node_id: row.sample_id for row in conn.execute(query)}


def nodes_of(conn: sa.Connection, sample_ids: Iterable[str]) -> set[str]:
    """Whose nodes' claims the samples are of, which never changes."""
    query = sa.select(_sample.node_id).where(_sample.sample_id.in_(sorted(set(sample_ids))))
    return set(conn.execute(query).scalars())


def members(conn: sa.Connection, node_id: str) -> list[tuple[str, int, int, int]]:
    """Claim, version, payable and number of alerts of what a node took and what has not ended."""
    claim, verdict = t.claims.c, t.known_verdicts.c
    spoken = (verdict.claim_id == claim.claim_id) & (verdict.claim_version == claim.claim_version)
    query = (
        sa.select(claim.claim_id, claim.claim_version, _payable, verdict.alerts)
        .select_from(t.claims.outerjoin(t.known_verdicts, spoken))
        .where(claim.node_id == node_id, claim.status.not_in(ENDED))
        .order_by(claim.claim_id)
    )
    found = conn.execute(query.execution_options(yield_per=ROWS))
    return [(claim_id, version, payable, len(alerts or ())) for claim_id, version, payable, alerts in found]


def on_the_way(conn: sa.Connection, node: Node) -> int:
    """How many claims were filed in time for this node, and are not taken by it yet: their orders have not answered."""
    claim, other = t.claims.c, t.nodes.c
    sooner = (other.closes_at < node.closes_at) | ((other.closes_at == node.closes_at) & (other.node_id < node.node_id))
    taken_there = sa.exists().where(
        other.programme == node.programme,
        sooner,
        other.closes_at > claim.filed_at,
        claim.region.startswith(other.region),
    )
    query = sa.select(sa.func.count()).where(
        claim.programme == node.programme,
        claim.status.in_(("filed", "accepted")),
        claim.filed_at < node.closes_at,
        claim.region.startswith(node.region),
        ~taken_there,
    )
    return int(conn.execute(query).scalar_one())


def keep(conn: sa.Connection, items: Sequence[Item]) -> None:
    """The population of a revealed sample, ROWS a statement."""
    for at in range(0, len(items), ROWS):
        insert_many(conn, t.sample_items, [row_of(item) for item in items[at : at + ROWS]])


def pending(conn: sa.Connection, claims: Sequence[Claim]) -> dict[str, str]:
    """Claim → sample, of those that a sample holds: its seed is not known, or the claim was drawn and not audited, or
    the findings will be carried to it."""
    return undrawn(conn, claims) | waiting(conn, claims)


def undrawn(conn: sa.Connection, claims: Iterable[Claim]) -> dict[str, str]:
    """Claim → sample, of those whose node's seed is not known yet."""
    held = {claim.claim_id: claim for claim in claims}
    nodes = sorted({claim.node_id for claim in held.values() if claim.node_id is not None})
    query = sa.select(_sample.node_id, _sample.sample_id).where(
        _sample.node_id.in_(nodes), _sample.status == "committed"
    )
    unseen = {row.node_id: row.sample_id for row in conn.execute(query)}
    return {key: unseen[claim.node_id] for key, claim in held.items() if claim.node_id in unseen}


def waiting(conn: sa.Connection, claims: Iterable[Claim]) -> dict[str, str]:
    """Claim → sample, of those whose draw is known: drawn and not audited, or the findings will be carried to it."""
    held, found = {claim.claim_id: claim for claim in claims}, dict[str, str]()
    query = (
        sa.select(_item.claim_id, _item.sample_id, _item.claim_version, _item.drawn)
        .join(t.samples, _sample.sample_id == _item.sample_id)
        .where(_item.claim_id.in_(sorted(held)), _drawn_waits | _follows)
        .order_by(_item.drawn, _item.sample_id)
    )
    for claim_id, sample_id, version, was_drawn in conn.execute(query):
        if was_drawn or version == held[claim_id].claim_version:
            found[claim_id] = sample_id
    return found


def there_is(key: sa.Column[Any], *where: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Of a row: there is one that meets all conditions; looked up row by row, which EXISTS leaves to the planner, who
    joins and sorts all rows while it has no statistics of them."""
    return sa.select(key).where(*where).limit(1).scalar_subquery().is_not(None)


def is_pending() -> sa.ColumnElement[bool]:
    """Of a claim: what `pending` says."""
    claim = t.claims.c
    unseen = there_is(_sample.sample_id, _sample.node_id == claim.node_id, _sample.status == "committed")
    as_it_was = _item.drawn | (_item.claim_version == claim.claim_version)
    of_it = (_item.claim_id == claim.claim_id, _sample.sample_id == _item.sample_id)
    return unseen | there_is(_item.claim_id, *of_it, _drawn_waits | (_follows & as_it_was))


def drawn_by(conn: sa.Connection, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the pairs of sample and claim where the sample drew the claim."""
    pair = sa.tuple_(_item.sample_id, _item.claim_id)
    query = sa.select(_item.sample_id, _item.claim_id).where(pair.in_(sorted(set(keys))), _item.drawn)
    return {(row.sample_id, row.claim_id) for row in conn.execute(query)}


def audits(conn: sa.Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Audit]:
    """What was found before, by sample and claim."""
    pair = sa.tuple_(t.audits.c.sample_id, t.audits.c.claim_id)
    query = sa.select(t.audits).where(pair.in_(sorted(set(keys))))
    return {(row["sample_id"], row["claim_id"]): Audit(**row) for row in conn.execute(query).mappings()}


def auditors(conn: sa.Connection, claims: Iterable[Claim]) -> dict[str, tuple[str, ...]]:
    """Who audited each of these claims, whatever version of it."""
    ids = sorted({claim.claim_id for claim in claims})
    query = sa.select(_item.claim_id, t.audits.c.audited_by).join(t.audits, _of_item).where(_item.claim_id.in_(ids))
    found: dict[str, tuple[str, ...]] = {}
    for claim_id, person in conn.execute(query):
        found[claim_id] = (*found.get(claim_id, ()), person)
    return found


def found_on(conn: sa.Connection, claims: Iterable[Claim]) -> dict[str, int]:
    """What audits found not to be due of each of these claims, of whatever version."""
    audited = sorted(claim.claim_id for claim in claims if claim.audited_fen)
    if not audited:
        return {}
    query = sa.select(_item.claim_id, sa.func.sum(t.audits.c.error_fen)).join(t.audits, _of_item)
    query = query.where(_item.claim_id.in_(audited)).group_by(_item.claim_id)
    return {claim_id: int(fen) for claim_id, fen in conn.execute(query)}


def add_audits(conn: sa.Connection, found: Sequence[Audit]) -> None:
    """New findings; IntegrityError when another has found on one meanwhile."""
    insert_many(conn, t.audits, [row_of(one) for one in found])


def drawn_of(conn: sa.Connection, sample_ids: Iterable[str]) -> list[Any]:
    """What samples drew: sample, claim, certain, alerts; `payable_fen` and `error_fen` of its audit, `waits` where it
    has none and may still have one."""
    waits = (
        t.audits.c.claim_id.is_(None)
        & (t.claims.c.claim_version == _item.claim_version)
        & t.claims.c.status.in_(AUDITABLE)
    )
    joined = t.sample_items.join(t.claims, t.claims.c.claim_id == _item.claim_id).outerjoin(t.audits, _of_item)
    columns = (_item.sample_id, _item.claim_id, _item.certain, _item.alerts)
    query = (
        sa.select(*columns, t.audits.c.payable_fen, t.audits.c.error_fen, waits.label("waits"))
        .select_from(joined)
        .where(_item.sample_id.in_(sorted(set(sample_ids))), _item.drawn)
        .order_by(_item.sample_id, _item.claim_id)
    )
    return list(conn.execute(query))


def after(sample: Sample, *, least: int) -> tuple[sa.ColumnElement[bool], ...]:
    """Claims that the sample's rate takes something of, beyond those that are done: as they were, and not drawn."""
    claim = t.claims.c
    of_it = sa.exists().where(
        _item.sample_id == sample.sample_id,
        _item.claim_id == claim.claim_id,
        _item.claim_version == claim.claim_version,
        ~_item.drawn,
    )
    return claim.claim_id > (sample.reached or ""), claim.status.in_(AUDITABLE), _payable >= least, of_it


def progress(conn: sa.Connection, sample: Sample) -> None:
    """How far the rest is worked through, which is told when all of it is."""
    names = ("reached", "others", "others_fen")
    query = sa.update(t.samples).where(_sample.sample_id == sample.sample_id)
    conn.execute(query.values({name: getattr(sample, name) for name in names}))
