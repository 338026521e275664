"""A service's outgoing stream: numbered and chained, so that a gap, a change or a turned order shows."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from infra.db import reading, writing
from infra.db_insert import insert_new
from infra.tables import OUTBOX_NEW, OUTBOX_NUMBERED, OUTBOX_SENT, outbox, streams

GENESIS = "0" * 64
_WAITING = sa.select(outbox.c.id).where(outbox.c.state < OUTBOX_SENT).limit(1)


class LeaseLost(Exception):
    """Another relay holds the stream now; nothing more may be numbered."""


@dataclass(frozen=True)
class Outgoing:
    """One event to send: row id, routing key, the very bytes, and its place in the stream."""

    id: int
    event_id: str
    type: str
    body: bytes
    stream_seq: int
    stream_hash: str


def link(previous: str, body: bytes) -> str:
    """sha256(previous hash's 32 bytes || event bytes), hex; the first event follows 64 zeros."""
    return hashlib.sha256(bytes.fromhex(previous) + body).hexdigest()


class Stream:
    """One relay's view of a service's outbox; `holder` is its name on the lease."""

    def __init__(self, engine: sa.Engine, service: str, holder: str, *, lease_s: float = 5.0) -> None:
        self.engine = engine
        self.service = service
        self.holder = holder
        self.lease_s = lease_s
        self._looking: Any = None  # SQLite: a connection that never writes
        self._empty_at: int | None = None  # its version when nothing was waiting

    def acquire(self) -> bool:
        """Take the lease when it is free or run out; is it ours?"""
        first = {"service": self.service, "head_seq": 0, "head_hash": GENESIS, "holder": None, "held_until": 0.0}
        with writing(self.engine) as conn:
            insert_new(conn, streams, [first], returning=("service",))
            now = _now(conn)
            statement = (
                sa.update(streams)
                .where(streams.c.service == self.service)
                .where((streams.c.holder == self.holder) | (streams.c.held_until < now))
                .values(holder=self.holder, held_until=now + self.lease_s)
            )
            return bool(conn.execute(statement).rowcount)

    def release(self) -> None:
        """Give the lease back, for the next relay to take at once."""
        with writing(self.engine) as conn:
            ours = (streams.c.service == self.service) & (streams.c.holder == self.holder)
            conn.execute(sa.update(streams).where(ours).values(held_until=0.0))

    def waiting(self) -> bool:
        """Is there anything to send? A look that holds nobody up, and costs little while nothing is written."""
        if self.engine.dialect.name == "postgresql":  # one round trip, many times a second
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
                return conn.execute(_WAITING).first() is not None
        version = self._version()
        if version is not None and version == self._empty_at:
            return False
        with reading(self.engine) as conn:
            found = conn.execute(_WAITING).first() is not None
        self._empty_at = None if found else version
        return found

    def _version(self) -> int | None:
        """What SQLite counts up at each commit of another connection than ours; None when it cannot say."""
        try:
            if self._looking is None:
                self._looking = self.engine.raw_connection()
            return int(self._looking.cursor().execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            self._looking = None
            return None

    def backlog(self) -> tuple[int, float]:
        """Events waiting, and the age of the oldest in seconds."""
        with reading(self.engine) as conn:
            query = sa.select(sa.func.count(), sa.func.min(outbox.c.queued_at)).where(outbox.c.state < OUTBOX_SENT)
            count, oldest = conn.execute(query).one()
        return count, max(0.0, time.time() - oldest) if count else 0.0

    def turn(self, sent: Sequence[int], most: int) -> list[Outgoing]:
        """In one commit: mark `sent`, renew the lease, number what is new; what is to be sent now, in stream order.

        What was numbered before and not marked (a crash, a nack) is sent again under the same number. LeaseLost when
        another relay took over: it sends again what we could not mark, and the inbox knows it.
        """
        with writing(self.engine) as conn:
            seq, digest = self._head(conn)
            if sent:
                conn.execute(sa.update(outbox).where(outbox.c.id.in_(sent)).values(state=OUTBOX_SENT))
            again = sa.select(outbox).where(outbox.c.state == OUTBOX_NUMBERED).order_by(outbox.c.stream_seq).limit(most)
            rows = list(conn.execute(again).mappings())
            if rows:
                return [_outgoing(row, row["stream_seq"], row["stream_hash"]) for row in rows]
            new = sa.select(outbox).where(outbox.c.state == OUTBOX_NEW).order_by(outbox.c.id).limit(most)
            outgoing = []
            for row in conn.execute(new.with_for_update(skip_locked=True)).mappings():
                seq, digest = seq + 1, link(digest, row["body"].encode())
                outgoing.append(_outgoing(row, seq, digest))
            if outgoing:
                _number(conn, outgoing)
                mine = streams.c.service == self.service
                conn.execute(sa.update(streams).where(mine).values(head_seq=seq, head_hash=digest))
            return outgoing

    def _head(self, conn: sa.Connection) -> tuple[int, str]:
        now = _now(conn)
        statement = (
            sa.update(streams)
            .where((streams.c.service == self.service) & (streams.c.holder == self.holder))
            .where(streams.c.held_until > now)
            .values(held_until=now + self.lease_s)
            .returning(streams.c.head_seq, streams.c.head_hash)
        )
        head = conn.execute(statement).first()
        if head is None:
            raise LeaseLost(self.service)
        return head.head_seq, head.head_hash


def _now(conn: sa.Connection) -> sa.ColumnElement[float]:
    """Unix seconds of the database's own clock, where relays on two machines must agree."""
    if conn.dialect.name == "postgresql":
        return sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Float)
    return sa.literal(time.time(), sa.Float)


def _outgoing(row: sa.RowMapping, seq: int, digest: str) -> Outgoing:
    return Outgoing(row["id"], row["event_id"], row["type"], row["body"].encode(), seq, digest)


def _number(conn: sa.Connection, outgoing: Sequence[Outgoing]) -> None:
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql(
            "UPDATE outbox SET state = %s, stream_seq = n.seq, stream_hash = n.hash "
            "FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS n(id, seq, hash) WHERE outbox.id = n.id",
            (
                OUTBOX_NUMBERED,
                [one.id for one in outgoing],
                [one.stream_seq for one in outgoing],
                [one.stream_hash for one in outgoing],
            ),
        )
        return
    statement = "UPDATE outbox SET state = ?, stream_seq = ?, stream_hash = ? WHERE id = ?"
    conn.exec_driver_sql(statement, [(OUTBOX_NUMBERED, o.stream_seq, o.stream_hash, o.id) for o in outgoing])
