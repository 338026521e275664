"""The tables every service has beside its own: answers, inbox, outbox, decisions and the relay's stream head."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from infra.immutable import immutable
from infra.jsontext import canonical


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """Aware UTC datetimes: TIMESTAMPTZ on PostgreSQL, sortable text on SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(32))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a naive datetime is not stored")
        moment = value.astimezone(UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(UTC)


_NOTHING = "[]"  # most lists of most rows: not worth a parser


class Json(sa.types.TypeDecorator[Any]):
    """A JSON value as canonical text, the same on both dialects; not for queries into it."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        if value is None:
            return None
        return canonical(value) if value or not isinstance(value, list | tuple) else _NOTHING

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        if value is None:
            return None
        return [] if value == _NOTHING else json.loads(value)


BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")

COMMON = sa.MetaData()

answers = sa.Table(
    "answers",
    COMMON,
    sa.Column("scope", sa.String(128), primary_key=True),
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("body_hash", sa.String(64), nullable=False),
    sa.Column("answer", sa.Text, nullable=True),  # null only inside the transaction that claims the key
    sa.Column("at", UtcDateTime, nullable=False, index=True),
)

inbox = sa.Table(
    "inbox",
    COMMON,
    sa.Column("consumer", sa.String(40), primary_key=True),
    sa.Column("event_id", sa.String(26), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
)

OUTBOX_NEW, OUTBOX_NUMBERED, OUTBOX_SENT = 0, 1, 2

outbox = sa.Table(
    "outbox",
    COMMON,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("event_id", sa.String(26), nullable=False),
    sa.Column("type", sa.String(100), nullable=False),
    sa.Column("subject", sa.String(128), nullable=False),
    sa.Column("body", sa.Text, nullable=False),  # the envelope, canonical JSON: what is hashed is what is sent
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("stream_seq", sa.BigInteger, nullable=True, unique=True),
    sa.Column("stream_hash", sa.String(64), nullable=True),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
    sa.Column("queued_at", sa.Float, nullable=False),  # unix seconds of the machine: the lag is real time
)
sa.Index(
    "outbox_waiting",
    outbox.c.state,
    outbox.c.id,
    postgresql_where=outbox.c.state < OUTBOX_SENT,
    sqlite_where=outbox.c.state < OUTBOX_SENT,
)

decisions = sa.Table(
    "decisions",
    COMMON,
    sa.Column("id", BigId, primary_key=True, autoincrement=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("subject", sa.String(128), nullable=False, index=True),
    # another record whose history it is as well; of a refusal, the one that the command would have made or changed
    sa.Column("about", sa.String(26), index=True),
    sa.Column("action", sa.String(64), nullable=False),
    sa.Column("outcome", sa.String(16), nullable=False),
    sa.Column("code", sa.String(64)),
    sa.Column("programme", sa.String(40)),
    sa.Column("pack_version", sa.String(80)),
    sa.Column("articles", Json, nullable=False),
    sa.Column("facts", Json, nullable=False),
    sa.Column("actor", sa.String(128)),
    sa.Column("actor_roles", Json, nullable=False),
    sa.Column("correlation_id", sa.String(128)),
)

streams = sa.Table(
    "streams",
    COMMON,
    sa.Column("service", sa.String(40), primary_key=True),
    sa.Column("head_seq", sa.BigInteger, nullable=False),
    sa.Column("head_hash", sa.String(64), nullable=False),
    sa.Column("holder", sa.String(100)),  # the relay that may number and send
    sa.Column("held_until", sa.Float, nullable=False),  # unix seconds
)

# when the books of a programme and year (0: of all years) were told last, and what was said; `infra.books.telling`
books_told = sa.Table(
    "books_told",
    COMMON,
    sa.Column("programme", sa.String(40), primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("last_event", sa.BigInteger),  # the last in the outbox that tells of a row
    sa.Column("digest", sa.String(64), nullable=False),
)


def common_tables(metadata: sa.MetaData) -> None:
    """Add the common tables to a service's own metadata, so that one `create_all` or migration makes them all."""
    for table in COMMON.sorted_tables:
        table.to_metadata(metadata)
    immutable(metadata.tables["decisions"])
