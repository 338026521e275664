"""All of Yunquan, as `make up` runs it, for tests that look at it from outside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from infra.local.deployment import Deployment, Options
from infra.local.guard import scratch_folder


@pytest.fixture(scope="module")
def yunquan() -> Iterator[Deployment]:
    """Every service and relay on SQLite, a private broker, and a clock that stands at 2019-01-02."""
    folder = scratch_folder("e2e")
    try:
        with Deployment(folder, Options(throwaway=True, starts_at=datetime(2019, 1, 2, 1, tzinfo=UTC))) as deployment:
            yield deployment
    finally:
        shutil.rmtree(folder, ignore_errors=True)
