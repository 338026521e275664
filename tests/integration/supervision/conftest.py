"""The kit, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra import auth, signing
from infra.local.keys import write_secret
from tests.integration.supervision.kit import Kit


@pytest.fixture(autouse=True)
def signing_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key that checkpoints are signed with."""
    write_secret(tmp_path / "signing.pem", auth.generate_keys()[0])
    monkeypatch.setenv(signing.SETTING, str(tmp_path / "signing.pem"))


@pytest.fixture
def kit(database_url: str) -> Iterator[Kit]:
    """A supervision service on a fresh database, once on SQLite and once on PostgreSQL."""
    made = Kit(database_url)
    yield made
    made.close()


@pytest.fixture
def light(sqlite_url: str) -> Iterator[Kit]:
    """The same on SQLite alone, for tables of cases whose statements other tests run on both."""
    made = Kit(sqlite_url)
    yield made
    made.close()
