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
