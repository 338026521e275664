"""The evidence log's rows: its locked head, records, stored subtrees, checkpoints, and how far it was read again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from infra.clock import local_date, parse_instant
from infra.db_insert import insert_for, insert_many, upsert
from services.supervision.domain.merkle import Algorithm, Record, Signed, Tree, hash_of
from services.supervision.store.sets import rows_in
from services.supervision.store.tables import (
    evidence,
    evidence_checkpoints,
    evidence_head,
    evidence_nodes,
    evidence_shipments,
    evidence_sources,
    evidence_walk,
)

LOG = "evidence"


@dataclass(frozen=True, slots=True)
class Log:
    """The log's head, and its last checkpoint."""

    algorithm: Algorithm
    size: int
    root: str
    edge: tuple[str, ...]
    checkpoints: int
    checkpoint_size: int
    checkpoint_at: datetime | None

    def tree(self) -> Tree:
        """The tree, to be grown."""
        return Tree(hash_of(self.algorithm), self.size, (bytes.fromhex(one) for one in self.edge))


@dataclass(frozen=True, slots=True)
class Walked:
    """How far the log was read again: `size` records with this edge, held against `checkpoint`."""

    size: int = 0
    edge: tuple[str, ...] = ()
    checkpoint: int = 0
    walked_at: datetime | None = None


_HEAD = tuple(Log.__dataclass_fields__)
_head = sa.select(*(evidence_head.c[name] for name in _HEAD)).where(evidence_head.c.name == LOG)
_WALK = tuple(Walked.__dataclass_fields__)
_walk = sa.select(*(evidence_walk.c[name] for name in _WALK)).where(evidence_walk.c.name == LOG)
FROM_BODY = {"event_id": "id", "source": "source", "type": "type", "subject": "subject"}  # column → the event's field
RECORD = ("position", "recorded_at", "stream_seq", "body", "leaf", "root")


def empty(algorithm: Algorithm) -> Log:
    """A log of nothing."""
    return Log(algorithm, 0, Tree(hash_of(algorithm)).root().hex(), (), 0, 0, None)


def read_log(conn: sa.Connection, algorithm: Algorithm = "sha-256") -> Log:
    """The head as it stands; of an empty log, by the algorithm that it would begin with."""
    row = conn.execute(_head).mappings().one_or_none()
    return Log(**{**row, "edge": tuple(row["edge"])}) if row else empty(algorithm)


def lock_log(conn: sa.Connection, algorithm: Algorithm) -> Log:
    """The head, locked until the transaction ends: one writer at a time. `algorithm` counts when the log begins."""
    row = conn.execute(_head.with_for_update()).mappings().one_or_none()
    if row is None:
        first = {"name": LOG, **{name: getattr(empty(algorithm), name) for name in _HEAD}, "edge": []}
        conn.execute(insert_for(conn)(evidence_head).values(first).on_conflict_do_nothing())
        row = conn.execute(_head.with_for_update()).mappings().one()
    return Log(**{**row, "edge": tuple(row["edge"])})


def move_log(conn: sa.Connection, log: Log) -> None:
    """Write the head."""
    values = {**{name: getattr(log, name) for name in _HEAD}, "edge": list(log.edge)}
    conn.execute(sa.update(evidence_head).where(evidence_head.c.name == LOG).values(**values))


def lock_walk(conn: sa.Connection) -> Walked | None:
    """How far the log was read again; None while another replica is at it."""
    row = conn.execute(_walk.with_for_update(skip_locked=True)).mappings().one_or_none()
    if row is not None:
        return Walked(**{**row, "edge": tuple(row["edge"])})
    first = {"name": LOG, "size": 0, "edge": [], "checkpoint": 0}
    made = conn.execute(insert_for(conn)(evidence_walk).values(first).on_conflict_do_nothing())
    return Walked() if made.rowcount == 1 else None


def move_walk(conn: sa.Connection, walked: Walked) -> None:
    """Write how far it came."""
    values = {**{name: getattr(walked, name) for name in _WALK}, "edge": list(walked.edge)}
    conn.execute(sa.update(evidence_walk).where(evidence_walk.c.name == LOG).values(**values))


def add_nodes(conn: sa.Connection, nodes: Sequence[tuple[int, int, bytes]]) -> None:
    """Keep complete subtrees: (level, index, hash)."""
    if nodes:
        insert_many(conn, evidence_nodes, [{"level": n[0], "at": n[1], "hash": n[2].hex()} for n in nodes])


def add_checkpoint(conn: sa.Connection, number: int, made: Signed) -> None:
    """Keep a signed checkpoint."""
    row = {"number": number, "size": made.size, "document": made.document, "signature": made.signature}
    insert_many(conn, evidence_checkpoints, [row])


def checkpoints(conn: sa.Connection, *, after: int = 0, most: int = 1_000) -> list[tuple[int, Signed]]:
    """Checkpoints by number; the column `size` counts, so that one that is filed under another size is not signed."""
    table = evidence_checkpoints
    query = sa.select(table).where(table.c.number > after).order_by(table.c.number).limit(most)
    return [(row["number"], _signed(row)) for row in conn.execute(query).mappings()]


def numbered_checkpoints(conn: sa.Connection, numbers: Collection[int]) -> dict[int, Signed]:
    """Those of these numbers that there are."""
    found = rows_in(conn, sa.select(evidence_checkpoints), evidence_checkpoints.c.number, numbers)
    return {row["number"]: _signed(row) for row in found}


def _signed(row: sa.RowMapping) -> Signed:
    return Signed({**row["document"], "size": row["size"]}, row["signature"])


def checkpoint_of(conn: sa.Connection, *, least: int) -> Signed | None:
    """The first checkpoint of at least so many records."""
    table = evidence_checkpoints
    query = sa.select(table.c.document, table.c.signature).where(table.c.size >= least).order_by(table.c.number)
    row = conn.execute(query.limit(1)).one_or_none()
    return Signed(row[0], row[1]) if row else None


def fetch(conn: sa.Connection, level: int, first: int, count: int) -> list[bytes]:
    """Hashes of `count` complete subtrees of a stored level, from index `first`."""
    if level == 0:
        query = sa.select(evidence.c.leaf).where(evidence.c.position.between(first + 1, first + count))
        query = query.order_by(evidence.c.position)
    else:
        nodes = evidence_nodes
        query = sa.select(nodes.c.hash).where(nodes.c.level == level, nodes.c.at.between(first, first + count - 1))
        query = query.order_by(nodes.c.at)
    return [bytes.fromhex(found) for found in conn.execute(query).scalars()]


def positions(conn: sa.Connection, event_ids: Collection[str]) -> dict[str, int]:
    """Where these events stand."""
    rows = rows_in(conn, sa.select(evidence.c.event_id, evidence.c.position), evidence.c.event_id, event_ids)
    return {row["event_id"]: row["position"] for row in rows}


def shipped(conn: sa.Connection, destination: str) -> int:
    """The number of the newest checkpoint that a place has taken."""
    query = sa.select(evidence_shipments.c.number).where(evidence_shipments.c.destination == destination)
    return int(conn.execute(query).scalar_one_or_none() or 0)


def mark_shipped(conn: sa.Connection, destination: str, number: int, at: datetime) -> None:
    """The place has taken this one."""
    row = {"destination": destination, "number": number, "shipped_at": at}
    upsert(conn, evidence_shipments, [row], key=("destination",))


def checkpoints_kept(conn: sa.Connection) -> int:
    """How many checkpoints there are."""
    return int(conn.execute(sa.select(sa.func.count()).select_from(evidence_checkpoints)).scalar_one())


def nodes_kept(conn: sa.Connection) -> int:
    """How many complete subtrees are stored."""
    return int(conn.execute(sa.select(sa.func.count()).select_from(evidence_nodes)).scalar_one())


def root_at(conn: sa.Connection, size: int) -> str | None:
    """The root that was kept with record `size`."""
    return conn.execute(sa.select(evidence.c.root).where(evidence.c.position == size)).scalar_one_or_none()


def rows(conn: sa.Connection, *, start: int, limit: int) -> Sequence[sa.RowMapping]:
    """Records from position `start` with every column that is kept of them."""
    query = sa.select(evidence).where(evidence.c.position >= start).order_by(evidence.c.position).limit(limit)
    return conn.execute(query).mappings().all()


def already(conn: sa.Connection, event_ids: Collection[str]) -> set[str]:
    """Those of the events that the log has."""
    rows = rows_in(conn, sa.select(evidence.c.event_id), evidence.c.event_id, event_ids)
    return {row["event_id"] for row in rows}


def append(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert records, one statement."""
    insert_many(conn, evidence, rows)


def count(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add to the counts by source `events`, `numbered` and `last_seq` of this batch; under the head's lock."""
    before = {row["source"]: row for row in sources(conn)}
    added = []
    for row in rows:
        old = before.get(row["source"], {"events": 0, "numbered": 0, "last_seq": 0})
        sums = {name: old[name] + row[name] for name in ("events", "numbered")}
        added.append({"source": row["source"], **sums, "last_seq": max(old["last_seq"], row["last_seq"])})
    upsert(conn, evidence_sources, added, key=("source",))


def sources(conn: sa.Connection) -> list[sa.RowMapping]:
    """source, events, numbered, last_seq."""
    query = sa.select(evidence_sources).order_by(evidence_sources.c.source)
    return list(conn.execute(query).mappings())


def at_positions(conn: sa.Connection, wanted: Collection[int]) -> list[Record]:
    """The records at these positions, in order."""
    columns = [evidence.c[name] for name in RECORD]
    query = sa.select(*columns).where(evidence.c.position.in_(wanted)).order_by(evidence.c.position)
    return [Record(*row) for row in conn.execute(query)]


def page(conn: sa.Connection, *, start: int, limit: int) -> list[Record]:
    """Records from position `start`."""
    columns = [evidence.c[name] for name in RECORD]
    query = sa.select(*columns).where(evidence.c.position >= start).order_by(evidence.c.position).limit(limit)
    return [Record(*row) for row in conn.execute(query)]


def last_day(conn: sa.Connection) -> date:
    """The day on which the last record was made; before the first, the day before all."""
    query = sa.select(evidence.c.recorded_at).order_by(evidence.c.position.desc()).limit(1)
    at = conn.execute(query).scalar_one_or_none()
    return local_date(parse_instant(at)) if at is not None else date.min
