"""The kit, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.notify.kit import Kit


@pytest.fixture
def kit(database_url: str) -> Iterator[Kit]:
    """A notify service on a fresh database, once on SQLite and once on PostgreSQL."""
    made = Kit(database_url)
    yield made
    made.close()
