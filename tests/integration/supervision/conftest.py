"""The kit, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.supervision.kit import Kit


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
