"""The registry of a test: on an empty database, with its own keys and documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from infra import crypto
from infra.clock import FixedClock
from infra.db import create_engine
from infra.pipeline import Pipeline
from services.registry import handlers, queries, store
from tests.integration.registry.world import NOW, Registry
from tests.making import make_tables


@pytest.fixture
def registry(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry on an empty database, on both dialects."""
    yield from make(database_url, tmp_path, monkeypatch)


@pytest.fixture
def registry_once(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """The same on SQLite alone, for what does not depend on the dialect."""
    yield from make(sqlite_url, tmp_path, monkeypatch)


@pytest.fixture
def registry_on_postgres(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """The same on PostgreSQL alone."""
    yield from make(postgres_url, tmp_path, monkeypatch)


def make(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """Tables, keys, documents; the engine is closed afterwards."""
    crypto.create(folder / "keys.json")
    monkeypatch.setenv("YUNQUAN_KEYS_FILE", str(folder / "keys.json"))
    monkeypatch.setenv("YUNQUAN_BLOBS_DIR", str(folder / "blobs"))
    engine = create_engine(url, service="registry")
    make_tables(engine, store.metadata)
    clock = FixedClock(NOW)
    pipeline = Pipeline("registry", engine, clock, handlers.COMMANDS, queries.QUERIES, handlers.EVENTS, handlers.DUE)
    found = Registry(pipeline, clock, folder)
    sa.event.listen(engine, "before_cursor_execute", lambda _c, _cur, sql, _p, _ctx, _m: found.statements.append(sql))
    try:
        yield found
    finally:
        engine.dispose()
