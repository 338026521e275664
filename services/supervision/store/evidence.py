"""The evidence log's rows: its locked head, what it has already, pages of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from infra.clock import local_date, parse_instant
from infra.db_insert import insert_for, insert_many, upsert
from services.supervision.domain.chain import GENESIS, Head, Record
from services.supervision.store.sets import rows_in
from services.supervision.store.tables import evidence, evidence_head, evidence_sources

LOG = "evidence"


@dataclass(frozen=True, slots=True)
class Log:
    """The log's head, and its last checkpoint."""

    size: int
    hash: str
    checkpoints: int
    checkpoint_size: int
    checkpoint_at: datetime | None

    @property
    def head(self) -> Head:
        return Head(self.size, self.hash)


EMPTY = Log(0, GENESIS, 0, 0, None)

_head = sa.select(
    evidence_head.c.size,
    evidence_head.c.hash,
    evidence_head.c.checkpoints,
    evidence_head.c.checkpoint_size,
    evidence_head.c.checkpoint_at,
).where(evidence_head.c.name == LOG)


def read_log(conn: sa.Connection) -> Log:
    """The head as it stands."""
    row = conn.execute(_head).one_or_none()
    return Log(*row) if row else EMPTY


def lock_log(conn: sa.Connection) -> Log:
    """The head, locked until the transaction ends: one writer at a time."""
    row = conn.execute(_head.with_for_update()).one_or_none()
    if row is None:
        first = {"name": LOG, "size": 0, "hash": GENESIS, "checkpoints": 0, "checkpoint_size": 0}
        conn.execute(insert_for(conn)(evidence_head).values(first).on_conflict_do_nothing())
        row = conn.execute(_head.with_for_update()).one()
    return Log(*row)


def move_log(conn: sa.Connection, log: Log) -> None:
    """Write the head."""
    conn.execute(
        sa.update(evidence_head)
        .where(evidence_head.c.name == LOG)
        .values(
            size=log.size,
            hash=log.hash,
            checkpoints=log.checkpoints,
            checkpoint_size=log.checkpoint_size,
            checkpoint_at=log.checkpoint_at,
        )
    )


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


def page(conn: sa.Connection, *, start: int, limit: int) -> list[Record]:
    """Records from position `start`."""
    columns = [evidence.c[name] for name in ("position", "recorded_at", "stream_seq", "body", "prev_hash", "hash")]
    query = sa.select(*columns).where(evidence.c.position >= start).order_by(evidence.c.position).limit(limit)
    return [Record(*row) for row in conn.execute(query)]


def last_day(conn: sa.Connection) -> date:
    """The day on which the last record was made; before the first, the day before all."""
    query = sa.select(evidence.c.recorded_at).order_by(evidence.c.position.desc()).limit(1)
    at = conn.execute(query).scalar_one_or_none()
    return local_date(parse_instant(at)) if at is not None else date.min
