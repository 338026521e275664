"""Engines that keep our promises on both dialects, and the unit of work: a transaction, its events and decisions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event as sa_event

from contracts.errors import Decision, Refused
from contracts.events.base import MOST_DECISIONS
from infra import outbox, tables
from infra.clock import local_date
from infra.db_insert import insert_many
from infra.messages import Actor, Command, Event
from infra.settings import Settings
from infra.tables import Json, UtcDateTime, common_tables

__all__ = [
    "Json",
    "UnitOfWork",
    "UtcDateTime",
    "common_tables",
    "create_engine",
    "create_tables",
    "is_collision",
    "is_transient",
    "reading",
    "writing",
]

_READ_ONLY = "yunquan_read_only"
_CREATING = 0x7975_6E72

ID_LENGTH = 26  # of a ULID
_TOLD = ("action", "outcome", "subject", "about", "programme", "pack_version", "articles", "facts", "actor_roles")


def create_engine(url: str, *, service: str, settings: Settings | None = None, pool_size: int = 10) -> sa.Engine:
    """SQLite: WAL and BEGIN IMMEDIATE for every writer; PostgreSQL: READ COMMITTED with statement and lock timeouts.

    Errors carry no parameters on either: they may be personal data, and errors are logged.
    """
    limits = settings or Settings()
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(parsed, limits)
    options = (
        f"-c statement_timeout={limits.statement_timeout_ms} -c lock_timeout={limits.lock_timeout_ms} -c timezone=UTC "
        "-c jit=off"  # compiling a statement takes a second, running it some milliseconds
    )
    return sa.create_engine(
        parsed,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        isolation_level="READ COMMITTED",
        hide_parameters=True,
        connect_args={
            "options": options,
            "application_name": f"yunquan-{service}",
            "connect_timeout": 5,
            "keepalives_idle": 30,
        },
    )


def _sqlite(url: sa.URL, limits: Settings) -> sa.Engine:
    timeout_s = min(limits.lock_timeout_ms, 2000) / 1000
    engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": timeout_s})

    @sa_event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver's own BEGIN is a deferred one
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @sa_event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        reads = connection.get_execution_options().get(_READ_ONLY)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def create_tables(engine: sa.Engine, metadata: sa.MetaData) -> None:
    """Make the tables that are missing; replicas that start together do it one after the other."""
    with engine.begin() as conn:
        if conn.dialect.name == "postgresql":
            conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_CREATING)))
        metadata.create_all(conn)


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One writing transaction."""
    with engine.begin() as conn:
        yield conn


@contextmanager
def reading(engine: sa.Engine, timeout_ms: int = 5000) -> Iterator[sa.Connection]:
    """One read-only transaction with a statement timeout; it takes no locks that a command would wait for."""
    with engine.connect().execution_options(**{_READ_ONLY: True}) as conn, conn.begin():
        if engine.dialect.name == "postgresql":
            conn.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            conn.exec_driver_sql(f"SET LOCAL statement_timeout = {int(timeout_ms)}")
        else:
            conn.exec_driver_sql("PRAGMA query_only=ON")
        try:
            yield conn
        finally:
            if engine.dialect.name == "sqlite":
                conn.exec_driver_sql("PRAGMA query_only=OFF")


class UnitOfWork:
    """One transaction: `now` is one moment for all of it; what is emitted and recorded is saved when it commits."""

    def __init__(
        self,
        conn: sa.Connection,
        *,
        now: datetime,
        service: str,
        catalogue: Any,
        new_id: Callable[[], str],
        prepared: Any = None,
    ) -> None:
        self.conn = conn
        self.now = now
        self.today: date = local_date(now)
        self.service = service
        self.prepared = prepared
        self.correlation_id = new_id()  # of what has no cause: due work
        self._catalogue = catalogue
        self._new_id = new_id
        self._events: list[dict[str, Any]] = []
        self._decisions: list[dict[str, Any]] = []
        self._told: list[dict[str, Any]] = []

    def emit(
        self,
        type: str,
        *,
        subject: str,
        sequence: int,
        data: Mapping[str, Any],
        cause: Command | Event | None,
    ) -> None:
        """Queue an event (validated at once: a wrong one is a defect and fails the batch); sent after the commit."""
        envelope = outbox.envelope(
            self._catalogue,
            id=self._new_id(),
            service=self.service,
            type=type,
            time=self.now,
            subject=subject,
            sequence=sequence,
            correlation_id=cause.correlation_id if cause else self.correlation_id,
            causation_id=outbox.causation(cause),
            data=data,
        )
        self._events.append(outbox.row(envelope, now=self.now, queued_at=time.time()))

    def record(self, decision: Decision, *, actor: Actor | None, cause: Command | Event | None = None) -> None:
        """Keep a decision with its law and the numbers that went in; the evidence log is told of it with the commit."""
        outcome = "ignored" if decision.action == "ignored" else "ok"
        correlation_id = cause.correlation_id if cause else self.correlation_id
        self._keep(decision, outcome, None, actor, correlation_id, about=decision.about)
        kept = self._decisions[-1]
        told = {name: kept[name] for name in _TOLD}
        self._told.append({**told, "facts": outbox.without_texts(kept["facts"]), "cause": outbox.causation(cause)})

    def refuse(self, refused: Refused, command: Command) -> None:
        """Keep a refusal, and tell supervision of it."""
        subject = refusal_subject(refused, command)
        label = refused.facts.get("pack_version")
        programme = command.body.get("programme") or (label.partition("@")[0] if isinstance(label, str) else None)
        decision = Decision(
            action=command.method,
            subject=subject,
            programme=programme if isinstance(programme, str) else None,
            pack_version=label,
            articles=(refused.article,) if refused.article else (),
            facts=refused.facts,
        )
        about = own_id(command)
        self._keep(decision, "refused", refused.code, command.actor, command.correlation_id, about=about)
        type_ = f"{self.service}.command_refused.v1"
        if type_ in self._catalogue.EVENTS:
            data = {
                "method": command.method,
                "code": refused.code,
                "field": refused.field,
                "article": refused.article,
                "facts": dict(refused.facts),
                "programme": decision.programme,
                "actor_roles": sorted(command.actor.roles),
            }
            self.emit(type_, subject=subject, sequence=0, data=data, cause=command)

    def flush(self) -> None:
        """Save what was emitted and recorded, one multi-row insert each; the pipeline calls it before the commit."""
        self._tell_decisions()
        if self._events:
            insert_many(self.conn, tables.outbox, self._events)
        if self._decisions:
            insert_many(self.conn, tables.decisions, self._decisions)
        self._events, self._decisions = [], []

    def _tell_decisions(self) -> None:
        type_, told, self._told = f"{self.service}.decided.v1", self._told, []
        if type_ not in self._catalogue.EVENTS:
            return
        for at in range(0, len(told), MOST_DECISIONS):
            data = {"decisions": told[at : at + MOST_DECISIONS]}
            self.emit(type_, subject="decisions", sequence=0, data=data, cause=None)

    def _keep(
        self,
        decision: Decision,
        outcome: str,
        code: str | None,
        actor: Actor | None,
        correlation_id: str,
        about: str | None = None,
    ) -> None:
        self._decisions.append(
            {
                "at": self.now,
                "subject": decision.subject,
                "about": about,
                "action": decision.action,
                "outcome": outcome,
                "code": code,
                "programme": decision.programme,
                "pack_version": decision.pack_version,
                "articles": list(decision.articles),
                "facts": dict(decision.facts),
                "actor": actor.subject if actor else None,
                "actor_roles": sorted(actor.roles) if actor else [],
                "correlation_id": correlation_id,
            }
        )


def own_id(command: Command) -> str | None:
    """The id of the record that a command makes or changes: the first id its body names (contracts put it first)."""
    found = (value for name, value in command.body.items() if name.endswith("_id"))
    first = next(found, None)
    return first if isinstance(first, str) and len(first) == ID_LENGTH else None


def refusal_subject(refused: Refused, command: Command) -> str:
    """The id a refusal is about: the fact `subject`, else the id field it names, else the command's key."""
    named = command.body.get(refused.field) if refused.field and refused.field.endswith("_id") else None
    for candidate in (refused.facts.get("subject"), named, command.key, command.correlation_id):
        if isinstance(candidate, str) and candidate:
            return candidate
    raise AssertionError("a command has a correlation id")


def is_transient(error: BaseException) -> bool:
    """Would the same statements, run again, likely go through? Deadlock, lock or connection loss, a busy file."""
    if isinstance(error, sa.exc.TimeoutError):  # no connection free in the pool
        return True
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    original = error.orig
    name = getattr(original, "sqlite_errorname", None)
    if name is not None:
        return str(name).startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_FULL"))
    state = getattr(original, "pgcode", None)
    if state is None:  # psycopg2 gives no code when the connection itself failed
        return isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError)
    return state[:2] in ("08", "40", "53") or state in ("55P03", "57P01", "57P02", "57P03")


def is_collision(error: BaseException) -> bool:
    """Did a unique key stand in the way? Another replica may have saved the same id after we looked for it."""
    original = error.orig if isinstance(error, sa.exc.IntegrityError) else None
    name = getattr(original, "sqlite_errorname", None)
    if name is not None:
        return name in ("SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE")
    return getattr(original, "pgcode", None) == "23505"
