"""What tests stand on: a private broker and a private PostgreSQL, started once per worker when first asked for.

- ``amqp_uri``      a fresh, empty virtual host for this test
- ``database_url``  a fresh, empty database for this test, once on SQLite and once on PostgreSQL
- ``sqlite_url``, ``postgres_url``  the same, on one of the two alone
- ``rabbit``, ``postgres``  the servers themselves, to be killed and restarted (and left running)
- ``rabbit_uri``    the broker's default virtual host, shared by all tests of the worker
- ``wait_until``    wait on a condition with a deadline, in place of sleeping

YUNQUAN_AMQP_URI and YUNQUAN_DATABASE_URL (a PostgreSQL template with ``{service}``) name servers to use instead; tests
that must kill the server are then skipped, and all tests share the one virtual host that the URI names.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pika
import pytest

from infra.local.databases import Databases
from infra.local.guard import exit_on_signals, scratch_folder
from infra.local.postgres import Postgres
from infra.local.rabbitmq import Rabbit
from infra.local.servers import named_broker, named_databases
from tests import profiles

SCENARIOS = "tests/scenarios/"
ROOM_BYTES = 4 * 2**30
T = TypeVar("T")
WaitUntil = Callable[..., object]


def pytest_configure(config: pytest.Config) -> None:
    """Let a terminated run clean up after itself, and keep pika's own account of refused connections out of reports."""
    exit_on_signals()
    profiles.load()
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")  # its resolver is a fifth of a service's start, and unused
    _write_to_memory()
    logging.getLogger("pika").setLevel(logging.CRITICAL)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Scenarios first: they are one worker's longest piece of work, and small pieces even out the end of a run."""
    items.sort(key=lambda item: not item.nodeid.startswith(SCENARIOS))
    if profiles.is_deep():
        for item in items:
            item.add_marker(pytest.mark.timeout(0), append=False)  # it takes as long as it takes


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """A file is one worker's, and so are all scenarios: they share a deployment, which takes half a minute to start."""
    from xdist.scheduler import LoadFileScheduling

    class ByDeployment(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return SCENARIOS if nodeid.startswith(SCENARIOS) else str(super()._split_scope(nodeid))

    return ByDeployment(config, log) if config.getvalue("dist") == "loadfile" else None


def _write_to_memory() -> None:
    """Files of the tests go to memory where there is room: kill -9 is tested, no power cut, and waiting for the disk at
    each commit would be most of a test's time. TMPDIR chooses another place.
    """
    shm = Path("/dev/shm")
    if "TMPDIR" in os.environ or not os.access(shm, os.W_OK) or shutil.disk_usage(shm).free < ROOM_BYTES:
        return
    os.environ["TMPDIR"] = str(shm)
    tempfile.tempdir = None  # asked for anew


@pytest.fixture(scope="session")
def rabbit() -> Iterator[Rabbit]:
    """The private RabbitMQ node of this worker, running; whoever stops or kills it starts it again."""
    if named_broker(os.environ):
        pytest.skip("needs a private broker, and YUNQUAN_AMQP_URI names another")
    folder = scratch_folder("rabbitmq")
    node = Rabbit(folder)
    try:
        node.start()
        yield node
    finally:
        node.kill()  # what it holds is thrown away: a graceful stop would take seconds
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def rabbit_uri(request: pytest.FixtureRequest) -> str:
    """The broker's default virtual host (or the one that YUNQUAN_AMQP_URI names)."""
    named = named_broker(os.environ)
    return named or str(request.getfixturevalue("rabbit").uri)


@pytest.fixture
def amqp_uri(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URI of a virtual host that only this test uses, empty at first, gone afterwards."""
    if named := named_broker(os.environ):
        yield named
        return
    node = _whole(request.getfixturevalue("rabbit"))
    uri = node.add_vhost()
    yield uri
    if node.running():
        node.delete_vhost(uri.rpartition("/")[2])


@pytest.fixture(scope="module")
def whole_rabbit(request: pytest.FixtureRequest) -> Rabbit | None:
    """The worker's node for a deployment of this module, which makes a virtual host in it; None when one is named."""
    return None if named_broker(os.environ) else _whole(request.getfixturevalue("rabbit"))


def _whole(node: Rabbit) -> Rabbit:
    """Running, and made anew if need be: a node that tests have killed may refuse new queues ever after."""
    if not node.running():
        node.start()
    trial = node.add_vhost()
    if _usable(trial):
        node.delete_vhost(trial.rpartition("/")[2])
    else:
        node.kill()
        shutil.rmtree(node.folder / "data")
        node.start()
    return node


def _usable(uri: str) -> bool:
    """Whether the broker opens the virtual host and makes a quorum queue in it."""
    try:
        connection = pika.BlockingConnection(pika.URLParameters(f"{uri}?socket_timeout=10"))
        channel = connection.channel()
        channel.queue_declare("usable", durable=True, arguments={"x-queue-type": "quorum"})
        channel.queue_delete("usable")
        connection.close()
    except pika.exceptions.AMQPError:
        return False
    return True


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The private PostgreSQL of this worker, running without fsync; whoever stops or kills it starts it again."""
    if named_databases(os.environ):
        pytest.skip("needs a private PostgreSQL, and YUNQUAN_DATABASE_URL names another")
    cluster = Postgres(scratch_folder("postgresql"), durable=False)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        cluster.remove()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'test.sqlite3'}"


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a PostgreSQL database that only this test uses, empty at first, gone afterwards."""
    named = named_databases(os.environ)
    databases = Databases(named or request.getfixturevalue("postgres").uri)
    name = f"test_{secrets.token_hex(4)}"
    try:
        yield databases.create(name)
        databases.drop(name)
    finally:
        databases.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh database: the test runs once on SQLite and once on PostgreSQL."""
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(fixture))


@pytest.fixture
def wait_until() -> WaitUntil:
    """``wait_until(condition, deadline=10.0, what="")`` polls until ``condition()`` is true, or fails."""

    def wait(condition: Callable[[], T], deadline: float = 10.0, what: str = "") -> T:
        end = time.monotonic() + deadline
        while not (value := condition()):
            if time.monotonic() >= end:
                pytest.fail(f"not within {deadline} s: {what or getattr(condition, '__name__', 'condition')}")
            time.sleep(0.02)
        return value

    return wait
