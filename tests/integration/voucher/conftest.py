"""One voucher service on a fresh database of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from infra import auth, signing
from infra.db import create_engine
from infra.local.keys import write_secret
from tests.integration.voucher.world import World


@pytest.fixture
def signing_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deployment's key, named by the environment."""
    write_secret(tmp_path / "signing.pem", auth.generate_keys()[0])
    monkeypatch.setenv(signing.SETTING, str(tmp_path / "signing.pem"))


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = create_engine(database_url, service="voucher")
    yield engine
    engine.dispose()


@pytest.fixture
def world(engine: sa.Engine) -> World:
    return World(engine)
