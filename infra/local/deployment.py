"""All of Yunquan on one machine: broker, databases, keys, every service and relay, watched and restarted.

Used by `yunquan up`, `make demo`, the end-to-end tests and the benchmarks. The commands it starts are those of
docker-compose.yml: `yunquan topology`, `python -m infra.run <service>`, `python -m infra.relay <service>`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pika
import sqlalchemy as sa

from contracts.catalogue import SERVICES
from contracts.client import Client
from contracts.programmes import PackError
from infra import packs, signing
from infra.bus import names
from infra.clock import SimulatedClock
from infra.local import payers, pristine
from infra.local.guard import Child, LocalServerError, claim, last_lines, spawn, wait_for
from infra.local.keys import EARLIER, make_keys, sign, write_secret
from infra.local.postgres import Postgres
from infra.local.rabbitmq import Rabbit
from infra.local.servers import named_broker, named_databases, sqlite_databases
from infra.messages import Actor
from infra.tables import OUTBOX_SENT, answers, inbox, outbox

READY_SECONDS = 60.0
RESTART_SECONDS = (0.2, 1.0, 5.0)
STATE = "state.json"
_OUTBOX = sa.select(
    sa.select(sa.func.count()).where(outbox.c.state != OUTBOX_SENT).scalar_subquery(),
    sa.select(sa.func.coalesce(sa.func.max(outbox.c.id), 0)).scalar_subquery(),
)
_TAKEN_IN = sa.select(
    sa.select(sa.func.count()).select_from(answers).scalar_subquery(),
    sa.select(sa.func.count()).select_from(inbox).scalar_subquery(),
)
# Processes beside a service's own, and the setting that says that there is work for them.
BESIDE = {
    "notify-sender": ("notify", "YUNQUAN_SMTP_URL"),
    "evidence-shipper": ("supervision", "YUNQUAN_CHECKPOINTS_TO"),
}


@dataclass(frozen=True)
class Options:
    """scale: replicas by service (SQLite allows one); database: `sqlite` or `postgresql`; starts_at: simulated time."""

    scale: Mapping[str, int] = field(default_factory=dict)
    services: tuple[str, ...] = SERVICES
    database: str = "sqlite"
    durable: bool = True
    starts_at: datetime | None = None
    restart: bool = True
    throwaway: bool = False  # nothing of the broker is wanted afterwards: it need not stop gracefully
    env: Mapping[str, str] = field(default_factory=dict)


class Deployment:
    """`with Deployment(folder, options) as yunquan: yunquan.client("operator") …`; nothing of it is left afterwards."""

    def __init__(
        self,
        folder: Path,
        options: Options | None = None,
        environ: Mapping[str, str] | None = None,
        *,
        node: Rabbit | None = None,  # one that runs already: a virtual host of it is ours for as long as we run
    ) -> None:
        self.folder = folder.absolute()
        self.options = options or Options()
        self._environ = dict(os.environ if environ is None else environ)
        self._stack = contextlib.ExitStack()
        self._children: dict[str, Child] = {}
        self._paused: set[str] = set()
        self._crashes: dict[str, list[float]] = {}
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._node = node
        self._vhost = "/"
        self.rabbit: Rabbit | None = None
        self.postgres: Postgres | None = None
        self.amqp_uri = ""
        self.clock: SimulatedClock | None = None
        self._engines: dict[str, sa.Engine] = {}
        self._database: Callable[[str], str] = lambda _service: ""

    # ------------------------------------------------------------ its life

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything; return when every queue has its consumers; LocalServerError says what did not come up."""
        self._check_scale()
        self._check_packs()
        for name in ("log", "run", "keys", "data"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        lock = claim(self.folder / "run")
        self._stack.callback(lock.close)
        self._stack.callback((self.folder / "run" / STATE).unlink, missing_ok=True)  # ours, now that the lock is
        self._start_servers()
        make_keys(self.folder / "keys", self.options.services)
        self._start_clock()
        self._run_once("topology", [sys.executable, "-m", "infra.cli", "topology"], self.env(SERVICES[0]))
        self._run_once(
            "migrate", [sys.executable, "-m", "infra.migrate", *self.options.services], self.env(SERVICES[0])
        )
        for name in self.processes():
            self._spawn(name)
        watcher = threading.Thread(target=self._watch, name="deployment-watch", daemon=True)
        watcher.start()
        self._stack.callback(watcher.join, 5.0)
        self.wait_ready()
        self._write_state()

    def stop(self) -> None:
        """Stop services, then relays, then the servers that are ours."""
        self._stopping.set()
        with self._lock:
            running = [child for child in self._children.values() if child.alive()]
            for child in running:  # all at once: each finishes the batch in its hands
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGTERM)
            for child in running:
                child.stop(deadline_seconds=15.0)
            self._children.clear()
        if self.options.throwaway and self.rabbit is not None and self._node is None:
            self.rabbit.kill()
        self._stack.close()

    # ------------------------------------------------------------ what runs

    def processes(self) -> list[str]:
        """Names of the processes: `voucher`, `voucher-2`, …, `relay-voucher`."""
        names: list[str] = []
        for service in self.options.services:
            names += [f"{service}-{n}" if n > 1 else service for n in range(1, self.replicas(service) + 1)]
        names += [f"relay-{service}" for service in self.options.services]
        beside = (
            name
            for name, (service, setting) in BESIDE.items()
            if service in self.options.services and self._environ.get(setting)
        )
        return [*names, *beside]

    def replicas(self, service: str) -> int:
        return self.options.scale.get(service, 1)

    def alive(self) -> dict[str, int | None]:
        """Process name → pid, None when it is down."""
        with self._lock:
            return {n: child.pid if child.alive() else None for n, child in self._children.items()}

    def kill(self, name: str, *, stay_down: bool = False) -> None:
        """kill -9; it is started again unless it shall stay down."""
        with self._lock:
            if stay_down:
                self._paused.add(name)
            self._children[name].kill()

    def revive(self, name: str) -> None:
        """Start a process that was told to stay down."""
        with self._lock:
            self._paused.discard(name)
            if not self._children[name].alive():
                self._spawn(name)

    def keep(self) -> None:
        """Remember what the databases hold; for `reset`. LocalServerError unless they are SQLite files of ours."""
        (self.folder / "pristine").mkdir(exist_ok=True)
        for service in self.options.services:
            pristine.keep(self._file(service), self.folder / "pristine" / service)

    def reset(self, moment: datetime) -> None:
        """Back to what was kept, at `moment`, earlier or later: for a deployment that is quiet, while it runs.

        Documents stay: they lie under their digests. Services keep nothing in memory that a row would contradict.
        """
        for service in self.options.services:
            pristine.restore(self._file(service), self.folder / "pristine" / service)
        if self.clock is not None:
            self.clock.start(moment)

    def restart(self, env: Mapping[str, str]) -> None:
        """End the services and start them again with this of the environment; servers and relays run on."""
        with self._lock:
            self.options = replace(self.options, env=env)
            self._check_packs()
            ending = [name for name in self.processes() if not name.startswith("relay-")]
            for name in ending:  # all at once: each finishes the batch in its hands
                os.kill(self._children[name].pid, signal.SIGTERM)
            for name in ending:
                self._children[name].stop(deadline_seconds=15.0)
                self._spawn(name)
        self.wait_ready()

    def log(self, name: str) -> Path:
        return self.folder / "log" / f"{name}.log"

    # ------------------------------------------------------------ how it is reached

    def database_url(self, service: str) -> str:
        return self._database(service)

    def token(
        self,
        role: str,
        *,
        subject: str = "",
        organisation: str | None = None,
        region: str | None = None,
        programme: str | None = None,
    ) -> str:
        """A token of one person in one role; `subject` names who, so that two stages can have two people."""
        actor = Actor(subject or f"{role}-1", frozenset({role}), organisation, region, programme)
        return sign(self.folder / "keys", actor)

    def client(self, role: str = "platform", *, timeout: float = 30.0, **who: Any) -> Client:
        """A client that acts in one role."""
        return Client(self.amqp_uri, token=self.token(role, **who), timeout=timeout)

    def env(self, service: str) -> dict[str, str]:
        """The environment of a service's processes."""
        keys = self.folder / "keys"
        ours = {
            "YUNQUAN_AMQP_URI": self.amqp_uri,
            "YUNQUAN_DATABASE_URL": self._database("{service}"),
            "YUNQUAN_DATA_DIR": str(self.folder / "data"),
            "YUNQUAN_JWT_PUBLIC_KEY": str(keys / "jwt.pub"),
            "YUNQUAN_SERVICE_TOKEN": str(keys / f"{service}.token"),
            "YUNQUAN_KEYS_FILE": str(keys / "personal-data.json"),
            payers.SETTING: self._environ.get(payers.SETTING) or str(keys / "payers.toml"),
            "YUNQUAN_SIGNING_KEY": str(keys / "signing.pem"),
            signing.EARLIER: self._environ.get(signing.EARLIER) or str(keys / EARLIER),
            "YUNQUAN_CLOCK": f"simulated:{self.clock.path}" if self.clock else "system",
            "PYTHONWARNINGS": "ignore::DeprecationWarning",
            "PYTHONUNBUFFERED": "1",
            "EVENTLET_NO_GREENDNS": "yes",  # all addresses here are numbers; its resolver is a fifth of a start
        }
        dropped = {*ours, "PYTHONDONTWRITEBYTECODE"}  # without caches each process would compile all it imports
        kept = {k: v for k, v in self._environ.items() if k not in dropped}
        return {**kept, **ours, **self.options.env}

    # ------------------------------------------------------------ waiting

    def unsent(self) -> dict[str, int]:
        """Service → events in its outbox that the broker has not confirmed."""
        return {service: unsent for service, (unsent, _last) in self.outboxes().items()}

    def outboxes(self) -> dict[str, tuple[int, int]]:
        """Service → events that the broker has not confirmed, and the number of the last that was ever put in."""
        return {service: self._outbox(service) for service in self.options.services}

    def taken_in(self, service: str) -> tuple[int, int]:
        """Commands answered and events taken in so far: what changes a service, beside what falls due by time."""
        commands, events = self._row(service, _TAKEN_IN)
        return commands, events

    def unsettled(self) -> dict[str, int]:
        """Event and retry queue → messages that are not acknowledged yet, waiting or in a consumer's hands."""
        if self.rabbit is None:  # somebody else's broker: what is in hand can't be seen, only what waits
            return {q: n for q, (n, _consumers) in self.queues().items() if _eventual(q)}
        services = self.options.services
        return {q: n for q, n in self._messages().items() if _eventual(q) and q.split("-")[1] in (*services, "broker")}

    def dead(self) -> dict[str, int]:
        """Dead queue, or `unrouted` → what lies in it; those that hold nothing are left out."""
        counts = {q: n for q, (n, _) in self.queues().items()} if self.rabbit is None else self._messages()
        return {q: n for q, n in counts.items() if n and (q.startswith("dead-") or q == names.UNROUTED)}

    def _messages(self) -> dict[str, int]:
        """Quorum queue → messages that are not acknowledged, as our own broker counts them."""
        assert self.rabbit is not None
        total = "element(2, element(2, ra:leader_query(amqqueue:get_pid(Q), fun rabbit_fifo:query_messages_total/1)))"
        try:
            text = self.rabbit.evaluate(
                f"[{{binary_to_list(element(4, amqqueue:get_name(Q))), {total}}} || "
                f'Q <- rabbit_amqqueue:list(<<"{self._vhost}">>), rabbit_amqqueue:is_replicated(Q)]'
            )
        except LocalServerError:
            return {"events-broker": 1}  # it is down or starting: whatever it holds is not settled
        return {name: int(count) for name, count in re.findall(r'"([^"]+)", ([0-9]+)', text)}

    def wait_ready(self, deadline_seconds: float = READY_SECONDS) -> None:
        """Until every queue of every service has its consumers."""
        if not wait_for(self._ready, deadline_seconds=deadline_seconds):
            down = [f"{n}:\n{last_lines(self.log(n), 8)}" for n, pid in self.alive().items() if pid is None]
            raise LocalServerError(
                "not ready in time: " + ("\n".join(down) or f"queues lack consumers: {self.queues()}")
            )

    def queues(self) -> dict[str, tuple[int, int]]:
        """Queue → (messages ready, consumers), as the broker says; queues that are not there are left out."""
        return queue_depths(self.amqp_uri, self.options.services)

    def _outbox(self, service: str) -> tuple[int, int]:
        unsent, last = self._row(service, _OUTBOX)
        return unsent, last

    def _row(self, service: str, query: sa.Select[Any]) -> sa.Row[Any]:
        if service not in self._engines:
            self._engines[service] = sa.create_engine(self._database(service))
            self._stack.callback(self._engines[service].dispose)
        with self._engines[service].connect() as connection:
            return connection.execute(query).one()

    def _ready(self) -> bool:
        if any(pid is None for pid in self.alive().values()):
            return False
        found = self.queues()
        needed = [
            q for s in self.options.services for q in (f"rpc-{s}", f"rpc-{s}.query", f"rpc-{s}.bulk", f"events-{s}")
        ]
        return all(found.get(queue, (0, 0))[1] > 0 for queue in needed)

    # ------------------------------------------------------------ inside

    def _check_packs(self) -> None:
        """Every service would refuse to start, each in its own log: said once, before anything is started. And who pays
        under these packs."""
        env = {**self._environ, **self.options.env}
        try:
            library = packs.read(env)
        except PackError as error:
            raise LocalServerError(str(error)) from error
        (self.folder / "keys").mkdir(parents=True, exist_ok=True)
        payers.make_payers(self.folder / "keys" / "payers.toml", library)

    def _check_scale(self) -> None:
        unknown = set(self.options.scale) - set(SERVICES)
        if unknown:
            raise LocalServerError(f"no such service: {', '.join(sorted(unknown))}")
        named = named_databases(self._environ)
        sqlite = named("x").startswith("sqlite") if named else self.options.database == "sqlite"
        if sqlite and any(count > 1 for count in self.options.scale.values()):
            raise LocalServerError(
                "on SQLite a service has one replica: use --database postgresql, or set YUNQUAN_DATABASE_URL"
            )

    def _start_servers(self) -> None:
        broker = named_broker(self._environ)
        if self._node is not None:
            self.rabbit = self._node
            broker = self.rabbit.add_vhost()
            self._vhost = broker.rpartition("/")[2]
            self._stack.callback(self._leave, self.rabbit)
        elif broker is None:
            self.rabbit = self._stack.enter_context(Rabbit(self.folder / "rabbitmq", prometheus=True))
            broker = self.rabbit.uri
        self.amqp_uri = broker
        named = named_databases(self._environ)
        if named:
            self._database = named
        elif self.options.database == "postgresql":
            self.postgres = self._stack.enter_context(
                Postgres(self.folder / "postgresql", durable=self.options.durable)
            )
            there = self.postgres.databases()
            for service in self.options.services:
                if service not in there:
                    self.postgres.create_database(service)
            self._database = self.postgres.uri
        else:
            self._database = sqlite_databases(self.folder / "data")

    def _leave(self, node: Rabbit) -> None:
        if node.running():
            node.delete_vhost(self._vhost)

    def _start_clock(self) -> None:
        if self.options.starts_at is not None:
            self.clock = SimulatedClock(self.folder / "run" / "clock")
            self.clock.path.unlink(missing_ok=True)
            self.clock.set(self.options.starts_at)

    def _file(self, service: str) -> Path:
        url = sa.make_url(self._database(service))
        if url.get_backend_name() != "sqlite" or not url.database:
            raise LocalServerError("only a deployment on SQLite can be reset")
        return Path(url.database)

    def _run_once(self, name: str, command: list[str], env: Mapping[str, str]) -> None:
        done = subprocess.run(command, env=dict(env), capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise LocalServerError(f"{name} failed:\n{done.stderr[-2000:]}")

    def _spawn(self, name: str) -> None:
        service = name.removeprefix("relay-").split("-")[0]
        env = {**self.env(service), "YUNQUAN_PROCESS": name}
        command = [sys.executable, "-m", *command_of(name)]
        self._children[name] = spawn(command, name=name, env=env, log=self.log(name))

    def _watch(self) -> None:
        """Starts again what has died, ever more slowly when it keeps dying."""
        while not self._stopping.wait(0.2):
            with self._lock:
                if self._stopping.is_set():
                    return
                for name, child in list(self._children.items()):
                    if not child.alive() and name not in self._paused and self.options.restart and self._due(name):
                        self._spawn(name)

    def _due(self, name: str) -> bool:
        now = time.monotonic()
        crashes = self._crashes.setdefault(name, [])
        recent = [at for at in crashes if now - at < 30]
        wait = RESTART_SECONDS[min(len(recent), len(RESTART_SECONDS) - 1)]
        if recent and now - recent[-1] < wait:
            return False
        self._crashes[name] = [*recent, now]
        return True

    def _write_state(self) -> None:
        state = {
            "pid": os.getpid(),
            "amqp_uri": self.amqp_uri,
            "folder": str(self.folder),
            "databases": {s: self._database(s) for s in self.options.services},
            "services": list(self.options.services),
            "clock": str(self.clock.path) if self.clock else "system",
            "processes": self.alive(),
        }
        write_secret(self.folder / "run" / STATE, json.dumps(state, indent=1).encode())


def _eventual(queue: str) -> bool:
    """Whether the queue carries events, at once or later."""
    return queue.startswith(("events-", "retry-"))


def command_of(process: str) -> list[str]:
    """`voucher-2` → infra.run voucher; `relay-voucher` → infra.relay voucher; `notify-sender` → its command."""
    if process in BESIDE:
        return ["infra.cli", process]
    service = process.removeprefix("relay-").split("-")[0]
    return ["infra.relay" if process.startswith("relay-") else "infra.run", service]


def queue_depths(uri: str, services: tuple[str, ...] = SERVICES) -> dict[str, tuple[int, int]]:
    """Queue → (messages ready, consumers) of the services' queues, dead queues and `unrouted`, declared passively."""
    queues = [
        name
        for s in services
        for name in (f"rpc-{s}", f"rpc-{s}.query", f"rpc-{s}.bulk", f"rpc-{s}.apply", f"events-{s}", f"dead-{s}")
    ] + [f"retry-{s}-{rung}" for s in services for rung in ("5s", "1m", "15m", "2h")]
    queues.append(names.UNROUTED)
    found: dict[str, tuple[int, int]] = {}
    connection = pika.BlockingConnection(pika.URLParameters(uri))
    try:
        for name in queues:
            channel = connection.channel()
            try:
                frame = channel.queue_declare(name, passive=True).method
                found[name] = (frame.message_count, frame.consumer_count)
                channel.close()
            except pika.exceptions.ChannelClosedByBroker:
                continue  # no such queue
    finally:
        connection.close()
    return found


def read_state(folder: Path) -> dict[str, Any]:
    """What `yunquan up` wrote; LocalServerError when nothing runs there."""
    path = folder / "run" / STATE
    state: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    if not state or not Path(f"/proc/{state['pid']}").exists():
        raise LocalServerError(f"nothing runs in {folder} (start it with `make up`)")
    return state
