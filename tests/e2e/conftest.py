"""All of Yunquan, as `make up` runs it, for tests that look at it from outside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from infra.local.deployment import Deployment, Options
from infra.local.guard import scratch_folder
from infra.local.rabbitmq import Rabbit
from infra.local.servers import DATABASE_URL, named_databases


@pytest.fixture(scope="module")
def yunquan(whole_rabbit: Rabbit | None) -> Iterator[Deployment]:
    """Every service and relay on SQLite, a private broker, and a clock that stands at 2019-01-02."""
    folder = scratch_folder("e2e")
    options = Options(throwaway=True, starts_at=datetime(2019, 1, 2, 1, tzinfo=UTC))
    try:
        with Deployment(folder, options, node=whole_rabbit) as deployment:
            yield deployment
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def voucher(request: pytest.FixtureRequest, whole_rabbit: Rabbit | None) -> Iterator[Deployment]:
    """The voucher service alone on PostgreSQL at 2019-03-01, in as many replicas as its parameter says."""
    options = Options(
        throwaway=True,
        services=("voucher",),
        scale={"voucher": request.param},
        starts_at=datetime(2019, 3, 1, 1, tzinfo=UTC),
    )
    environ = dict(os.environ)
    if named_databases(environ) is None:
        environ[DATABASE_URL] = f"{request.getfixturevalue('postgres_url')}?application_name={{service}}"
    folder = scratch_folder("replicas")
    try:
        with Deployment(folder, options, environ, node=whole_rabbit) as deployment:
            yield deployment
    finally:
        shutil.rmtree(folder, ignore_errors=True)
