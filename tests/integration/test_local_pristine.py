"""A SQLite file goes back to what was kept while others have it open."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from infra.db import common_tables, create_engine, create_tables, reading, writing
from infra.immutable import immutable
from infra.local import pristine
from infra.stream import Outgoing, Stream
from infra.tables import outbox

NOW = datetime(2019, 1, 2, tzinfo=UTC)
METADATA = sa.MetaData()
common_tables(METADATA)
NOTES = sa.Table("notes", METADATA, sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.String))
LOG = sa.Table("log", METADATA, sa.Column("id", sa.Integer, primary_key=True))
immutable(LOG)


@pytest.fixture
def engine(sqlite_url: str) -> sa.Engine:
    """A service's database with a row or two."""
    found = create_engine(sqlite_url, service="test")
    create_tables(found, METADATA)
    with writing(found) as conn:
        conn.execute(sa.insert(NOTES).values(id=1, text="kept"))
        conn.execute(sa.insert(LOG).values(id=1))
    return found


@pytest.fixture
def live(sqlite_url: str) -> Path:
    return Path(str(sa.make_url(sqlite_url).database))


def notes(engine: sa.Engine) -> list[str]:
    with reading(engine) as conn:
        return list(conn.execute(sa.select(NOTES.c.text).order_by(NOTES.c.id)).scalars())


def test_open_connections_see_what_was_kept_and_write_on(engine: sa.Engine, live: Path, tmp_path: Path) -> None:
    """A service with a stale page or statement would answer from the scenario before."""
    pristine.keep(live, tmp_path / "kept")
    held = sqlite3.connect(live)  # has the statement prepared and the pages cached, as a service in its pool
    for number in range(3):
        with writing(engine) as conn:
            conn.execute(sa.insert(NOTES).values(text=f"round {number}"))
            conn.execute(sa.update(NOTES).where(NOTES.c.id == 1).values(text="changed"))
        assert held.execute("SELECT count(*) FROM notes").fetchone() == (2,)
        pristine.restore(live, tmp_path / "kept")
        assert held.execute("SELECT count(*) FROM notes").fetchone() == (1,)
        assert notes(engine) == ["kept"]
    held.close()


def test_append_only_tables_go_back_and_stay_append_only(engine: sa.Engine, live: Path, tmp_path: Path) -> None:
    """Lost otherwise: either the ledger of one scenario is in the next, or after a reset the ledger can be edited."""
    pristine.keep(live, tmp_path / "kept")
    with writing(engine) as conn:
        conn.execute(sa.insert(LOG).values(id=2))
    pristine.restore(live, tmp_path / "kept")
    with reading(engine) as conn:
        assert list(conn.execute(sa.select(LOG.c.id)).scalars()) == [1]
    with pytest.raises(sa.exc.IntegrityError, match="append-only"), writing(engine) as conn:
        conn.execute(sa.delete(LOG))


def test_a_relay_keeps_its_lease_and_numbers_from_the_kept_head(engine: sa.Engine, live: Path, tmp_path: Path) -> None:
    """A stream that went on from the old head would be a gap to everyone who was reset with it."""
    pristine.keep(live, tmp_path / "none")  # before the relay took its lease
    stream = Stream(engine, "test", "relay", lease_s=60)
    assert stream.acquire()
    first = _sent(engine, stream, "1")
    pristine.keep(live, tmp_path / "one")
    second = _sent(engine, stream, "2")
    pristine.restore(live, tmp_path / "one")
    again = _sent(engine, stream, "3")
    pristine.restore(live, tmp_path / "none")
    anew = _sent(engine, stream, "1")
    assert [one.stream_seq for one in (first, second, again, anew)] == [1, 2, 2, 1]
    assert anew.stream_hash == first.stream_hash, "the same event after the same head"
    assert again.stream_hash != second.stream_hash


def test_a_busy_writer_is_waited_for_and_then_told(
    engine: sa.Engine, live: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a reset would be worse than none: it is one transaction, or an error."""
    pristine.keep(live, tmp_path / "kept")
    monkeypatch.setattr(pristine, "BUSY_S", 0.1)
    with writing(engine) as conn:
        conn.execute(sa.insert(NOTES).values(text="under way"))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            pristine.restore(live, tmp_path / "kept")
    assert notes(engine) == ["kept", "under way"]


def _sent(engine: sa.Engine, stream: Stream, body: str) -> Outgoing:
    """An event that was emitted, numbered and marked as sent."""
    row = {"event_id": body, "type": "x", "subject": "x", "body": body, "state": 0, "at": NOW, "queued_at": 0.0}
    with writing(engine) as conn:
        conn.execute(sa.insert(outbox).values(**row))
    (one,) = stream.turn([], 10)
    stream.turn([one.id], 10)
    return one
