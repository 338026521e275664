"""One settlement service on a fresh database of each kind, with keys of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from infra import auth, crypto, packs, signing
from infra.db import create_engine
from infra.local.keys import write_secret
from infra.local.payers import make_payers
from services.settlement import bank_settings
from tests.integration.settlement.world import World


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Key files, named by the environment."""
    crypto.create(tmp_path / "keys.json")
    monkeypatch.setenv(crypto.SETTING, str(tmp_path / "keys.json"))
    write_secret(tmp_path / "signing.pem", auth.generate_keys()[0])
    monkeypatch.setenv(signing.SETTING, str(tmp_path / "signing.pem"))


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = create_engine(database_url, service="settlement")
    yield engine
    engine.dispose()


@pytest.fixture
def payers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Invented paying accounts of every programme."""
    make_payers(tmp_path / "payers.toml", packs.library())
    monkeypatch.setenv(bank_settings.PAYERS, str(tmp_path / "payers.toml"))
    bank_settings.payers.cache_clear()
    yield
    bank_settings.payers.cache_clear()


@pytest.fixture
def world(engine: sa.Engine, keys: None) -> World:
    return World(engine)


@pytest.fixture
def overlays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A deployment that runs on the invented examples of what Shandong and Shanxi leave to others."""
    monkeypatch.setenv(packs.OVERLAYS, "example-shandong-city,example-shanxi-rules")
    packs.library.cache_clear()
    yield
    packs.library.cache_clear()
