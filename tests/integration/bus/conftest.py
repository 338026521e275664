"""The toy service as processes of its own, to be called, doubled and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pika
import pytest
import sqlalchemy as sa

from infra import auth
from infra.bus import names, topology
from infra.db import create_engine
from infra.messages import Actor
from infra.settings import Settings
from tests.integration.bus.client import Client
from tests.unit.infra import toy

ROOT = Path(__file__).parents[3]
LADDER_SCALE = 0.01  # 50 ms, 600 ms, …


@dataclass
class World:
    """A broker with the toy's topology, its database, its keys, and whatever processes a test starts."""

    uri: str
    database_url: str
    folder: Path
    wait_until: Callable[..., Any]
    private: bytes = b""
    template: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.private, public = auth.generate_keys()
        (self.folder / "public.pem").write_bytes(public)
        sqlite = self.database_url.startswith("sqlite")
        self.template = (
            f"sqlite:///{self.folder}/{{service}}.db" if sqlite else f"{self.database_url}?application_name={{service}}"
        )
        self.engine = create_engine(self.template.format(service="toy"), service="toy")
        toy.metadata.create_all(self.engine)
        self.settings = Settings(amqp_uri=self.uri, ladder_scale=LADDER_SCALE)
        topology.declare(self.uri, topology.plan(toy.CATALOGUE, self.settings))

    def token(self, *roles: str, **changes: Any) -> str:
        lifetime = changes.pop("lifetime_s", 600)
        now = changes.pop("now", None)
        actor = Actor(**{"subject": "tester", "roles": frozenset(roles or ("platform",)), **changes})
        return auth.issue(self.private, actor, lifetime_s=lifetime, now=now)

    def env(self, **more: str) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {
            **inherited,  # a process that must compile all it imports takes seconds to start
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
            "YUNQUAN_AMQP_URI": self.uri,
            "YUNQUAN_DATABASE_URL": self.template,
            "YUNQUAN_DATA_DIR": str(self.folder),
            "YUNQUAN_JWT_PUBLIC_KEY": str(self.folder / "public.pem"),
            "YUNQUAN_SERVICE_MODULE": "tests.integration.bus.toy_service",
            "YUNQUAN_CREATE_TABLES": "1",
            "YUNQUAN_TICK_SECONDS": "0.2",
            **more,
        }

    def start(self, module: str = "infra.run", **more: str) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{module}-{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", module, "toy"], cwd=ROOT, env=self.env(**more), stdout=log, stderr=log
        )
        self.processes.append(process)
        return process

    def serve(self, replicas: int = 1, **more: str) -> list[subprocess.Popen[bytes]]:
        """Start service processes and wait until each of their consumers is there."""
        started = [self.start(**more) for _ in range(replicas)]
        self.consumers(names.events_queue("toy"), sum(p.poll() is None for p in self.processes))
        return started

    def consumers(self, queue: str, count: int) -> None:
        client = self.client()
        self.wait_until(
            lambda: client.channel.queue_declare(queue, passive=True).method.consumer_count >= count,
            deadline=60,
            what=f"{count} consumers on {queue}: {self.logs()[-3000:]}",
        )

    def logs(self) -> str:
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def client(self, token: str | None = None) -> Client:
        client = Client(self.uri, token or self.token())
        self.clients.append(client)
        return client

    def effects(self) -> list[str]:
        return sorted(str(row["what"]) for row in toy.rows(self.engine, toy.effects))

    def balance(self, account: str) -> int:
        with self.engine.connect() as conn:
            query = sa.select(toy.accounts.c.amount_fen).where(toy.accounts.c.id == account)
            return conn.execute(query).scalar() or 0

    def close(self) -> None:
        for process in self.processes:  # first of all: nothing that fails below may leave one behind
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait(10)
        for client in self.clients:
            if client.connection.is_open:
                client.close()
        self.engine.dispose()


def _world(uri: str, url: str, folder: Path, wait_until: Callable[..., Any]) -> Iterator[World]:
    world = World(uri, url, folder, wait_until)
    try:
        yield world
    finally:
        world.close()


@pytest.fixture
def world(amqp_uri, postgres_url, tmp_path, wait_until) -> Iterator[World]:
    """On PostgreSQL, where a service may have replicas."""
    yield from _world(amqp_uri, postgres_url, tmp_path, wait_until)


@pytest.fixture
def each_world(amqp_uri, database_url, tmp_path, wait_until) -> Iterator[World]:
    """Once on SQLite, once on PostgreSQL."""
    yield from _world(amqp_uri, database_url, tmp_path, wait_until)


@pytest.fixture
def raw(amqp_uri) -> Iterator[pika.adapters.blocking_connection.BlockingChannel]:
    """A bare pika channel."""
    connection = pika.BlockingConnection(pika.URLParameters(amqp_uri))
    yield connection.channel()
    connection.close()
