"""One voucher service on a fresh database of each kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from infra.db import create_engine
from tests.integration.voucher.world import World


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = create_engine(database_url, service="voucher")
    yield engine
    engine.dispose()


@pytest.fixture
def world(engine: sa.Engine) -> World:
    return World(engine)
