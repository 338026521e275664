"""A private RabbitMQ node from the system's rabbitmq-server, beside whatever broker already runs.

Its name server (epmd), its distribution port, its data and its password are its own, and all of it listens on
127.0.0.1 alone. RabbitMQ's own script is called directly: Debian's wrapper in /usr/sbin switches users.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import secrets
import shutil
import socket
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import quote

import pika
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError

from infra.local import packages
from infra.local.guard import Child, LocalServerError, claim, free_ports, last_lines, spawn, wait_for

NODE = "yunquan@localhost"  # every node has an epmd of its own, so names need not differ
USER = "yunquan"
START_SECONDS = 30.0  # some 7 s are usual; 3.10 now and then hangs in its boot, and starts well the next time: each
# attempt waits this much longer, since a busy machine is slow too
STOP_SECONDS = 30.0
ANSWER_SECONDS = 3.0  # for one attempt to connect: whoever listens on our port may not be our node
START_ATTEMPTS = 3  # with new ports at first: another process may take one between our look and the node's bind
RETRIED = "eaddrinuse|already in use|was not ready"
VHOST_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class Rabbit:
    """One node over one folder: ``with Rabbit(folder) as node: connect(node.uri)``.

    The folder keeps data, configuration, log and password, so a node started again over it has its queues and its
    users back. Ports are chosen at the first ``start()`` and kept for the life of the object: after ``restart()`` or
    ``kill()`` + ``start()`` the same URI is valid. Methods may be called from any thread, one at a time.
    """

    def __init__(self, folder: Path, *, prometheus: bool = False) -> None:
        self.folder = folder.absolute()
        self._prometheus = prometheus
        self._ports: list[int] = []
        self._children: list[Child] = []
        self._lock: IO[str] | None = None
        self._vhost_numbers = itertools.count(1)
        self._vhost_lock = threading.Lock()

    # ------------------------------------------------------------ what it is

    @property
    def port(self) -> int:
        """The AMQP port, once started."""
        return self._port(0)

    @property
    def prometheus_port(self) -> int:
        """The port of the prometheus plugin, when asked for."""
        return self._port(3)

    @property
    def uri(self) -> str:
        """``amqp://user:password@127.0.0.1:port/%2F``: the default virtual host."""
        return self.vhost_uri("/")

    @property
    def log(self) -> Path:
        """The node's log file."""
        return self.folder / "log" / "node.log"

    @property
    def pids(self) -> list[int]:
        """The process ids of the running node and its epmd, newest last; empty when stopped."""
        return [child.pid for child in self._children if child.alive()]

    def vhost_uri(self, vhost: str) -> str:
        """The URI of one virtual host."""
        return f"amqp://{USER}:{self._password()}@127.0.0.1:{self.port}/{quote(vhost, safe='')}"

    def running(self) -> bool:
        """Whether the node's process is alive."""
        return bool(self._children) and all(child.alive() for child in self._children)

    # ------------------------------------------------------------ its life

    def start(self) -> None:
        """Start the node and return when it accepts a connection; raise LocalServerError with the log's last lines."""
        if self.running():
            return
        packages.need("rabbitmq")
        self._lock = self._lock or claim(self.folder)
        ports_are_known = bool(self._ports)  # by whoever was given the URI: then they are kept, taken or not
        for attempt in range(1, START_ATTEMPTS + 1):
            if not ports_are_known:
                self._ports = free_ports(4)
            try:
                self._launch(START_SECONDS * attempt)
                return
            except LocalServerError as error:
                self.kill()
                retried = RETRIED if not ports_are_known else "was not ready"
                if attempt == START_ATTEMPTS or not re.search(retried, str(error)):
                    self._release()
                    raise
            except BaseException:
                self.kill()
                self._release()
                raise

    def stop(self) -> None:
        """Stop the node as an operator would, then its epmd; nothing of them is left when this returns."""
        for child in reversed(self._children):
            child.stop(deadline_seconds=STOP_SECONDS)
        self._children = []
        self._release()

    def kill(self) -> None:
        """End the node as a power cut would (SIGKILL); ``start()`` recovers it from its folder."""
        for child in reversed(self._children):
            child.kill()
        self._children = []

    def restart(self) -> None:
        """Stop and start over the same data, at the same URI."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # ------------------------------------------------------------ virtual hosts

    def add_vhost(self, name: str = "") -> str:
        """Create an empty virtual host (a fresh name unless given) with full rights for our user; return its URI."""
        with self._vhost_lock:
            name = name or f"v{next(self._vhost_numbers)}-{secrets.token_hex(3)}"
        vhost, user, everything = _binary(name), _binary(USER), ", ".join([_binary(".*")] * 3)
        self.evaluate(
            f"rabbit_vhost:add({vhost}, {user}), "
            f"rabbit_auth_backend_internal:set_permissions({user}, {vhost}, {everything}, {user})"
        )
        return self.vhost_uri(name)

    def delete_vhost(self, name: str) -> None:
        """Delete a virtual host with all that is in it, closing the connections to it."""
        self.evaluate(f"rabbit_vhost:delete({_binary(name)}, {_binary(USER)})")

    def evaluate(self, expressions: str) -> str:
        """Evaluate Erlang expressions in the node and return the last one's value as text.

        For what tests need of the broker beyond AMQP: it takes some 10 ms, where rabbitmqctl takes two seconds.
        Each call has a name of its own: under erl_call's usual one (c17) the node refuses a call that comes before it
        has noticed the end of the last.
        """
        name = f"c{secrets.token_hex(4)}"
        done = subprocess.run(
            [_erl_call(), "-h", name, "-address", f"127.0.0.1:{self._port(1)}", "-timeout", "30", "-e"],
            input=f"{expressions}.\n",
            env=self._environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        status, _, value = done.stdout.strip().lstrip("{").rstrip("}").partition(", ")
        if done.returncode != 0 or status != "ok" or value.startswith("{error"):
            raise LocalServerError(f"{expressions!r} failed in {NODE}: {done.stdout.strip()} {done.stderr.strip()}")
        return value

    # ------------------------------------------------------------ inside

    def _port(self, index: int) -> int:
        if not self._ports:
            raise LocalServerError("the node has not been started")
        return self._ports[index]

    def _release(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None

    def _password(self) -> str:
        secret = self.folder / "password"
        if not secret.exists():
            with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(16))
        return secret.read_text()

    def _environment(self) -> dict[str, str]:
        """Only what the node needs: no RABBITMQ_ variable and no /etc/rabbitmq of the system reaches it."""
        folder = self.folder
        return {
            "PATH": os.environ.get("PATH", "/usr/sbin:/usr/bin:/sbin:/bin"),
            "LC_ALL": "C.UTF-8",
            "HOME": str(folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._port(2)),
            "ERL_CRASH_DUMP_SECONDS": "0",
            "RABBITMQ_NODENAME": NODE,
            "RABBITMQ_CONF_ENV_FILE": str(folder / "etc" / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(folder / "etc" / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "etc" / "advanced"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "etc" / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(folder / "data" / "feature_flags"),
            "RABBITMQ_PLUGINS_EXPAND_DIR": str(folder / "data" / "plugins"),
            "RABBITMQ_SCHEMA_DIR": str(folder / "data" / "schema"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "data" / "config"),
            "RABBITMQ_PID_FILE": str(folder / "data" / "node.pid"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_LOGS": str(self.log),
            "RABBITMQ_DIST_PORT": str(self._port(1)),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_SERVER_START_ARGS": "+B i",
            "RUNNING_UNDER_SYSTEMD": "true",  # the script then becomes the VM, instead of a shell that waits for it
        }

    def _write_configuration(self) -> None:
        for name in ("etc", "data", "log"):
            (self.folder / name).mkdir(exist_ok=True)
        settings = [
            f"listeners.tcp.1 = 127.0.0.1:{self._port(0)}",
            f"default_user = {USER}",
            f"default_pass = {self._password()}",
            "disk_free_limit.absolute = 100MB",
            "raft.wal_max_size_bytes = 67108864",
        ]
        if self._prometheus:
            settings += ["prometheus.tcp.ip = 127.0.0.1", f"prometheus.tcp.port = {self._port(3)}"]
        configuration = self.folder / "etc" / "rabbitmq.conf"
        configuration.write_text("\n".join(settings) + "\n")
        configuration.chmod(0o600)
        (self.folder / "etc" / "rabbitmq-env.conf").write_text("")
        (self.folder / "etc" / "plugins").write_text("[rabbitmq_prometheus].\n" if self._prometheus else "[].\n")

    def _launch(self, seconds: float) -> None:
        self._write_configuration()
        environment = self._environment()
        start_log = self.folder / "log" / "start.log"
        for log in (start_log, self.log):
            log.unlink(missing_ok=True)
        # Ours, in the foreground: one that the node starts by itself would be a daemon and outlive it.
        epmd = spawn(["epmd"], name="epmd", env=environment, log=start_log, cwd=self.folder)
        self._children = [epmd]
        if not wait_for(lambda: _listens(self._port(2)) or not epmd.alive(), deadline_seconds=10) or not epmd.alive():
            raise LocalServerError(f"epmd did not start; its log ends:\n{last_lines(start_log)}")
        script = str(packages.RABBITMQ_SCRIPTS / "rabbitmq-server")
        node = spawn([script], name="rabbitmq", env=environment, log=start_log, cwd=self.folder)
        self._children.append(node)
        ready = wait_for(lambda: not node.alive() or self._accepts(), deadline_seconds=seconds)
        if not ready or not node.alive():
            why = "ended" if ready else f"was not ready within {seconds:.0f} s"
            raise LocalServerError(
                f"the private RabbitMQ node {why}; {self.log} ends:\n{last_lines(self.log)}\n{last_lines(start_log)}"
            )
        self._allow_quorum_queues()

    def _allow_quorum_queues(self) -> None:
        """A node that was short of time in its first boot has come up with its feature flags off, and refuses every
        queue of ours (541)."""
        if self.evaluate("rabbit_feature_flags:is_enabled(quorum_queue)") != "true":
            self.evaluate("rabbit_feature_flags:enable(quorum_queue)")

    def _accepts(self) -> bool:
        if not _listens(self.port):
            return False
        parameters = pika.URLParameters(self.uri)
        parameters.socket_timeout = parameters.stack_timeout = ANSWER_SECONDS
        with contextlib.suppress(AMQPError, AMQPConnectorException, OSError):
            pika.BlockingConnection(parameters).close()
            return True
        return False


def _listens(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _binary(text: str) -> str:
    """An Erlang binary literal of a name that needs no quoting."""
    if text not in {".*", "/"} and not VHOST_NAME.fullmatch(text):
        raise LocalServerError(f"not a virtual host's name: {text!r}")
    return f'<<"{text}">>'


def _erl_call() -> str:
    """Where erl_call is: on the path, or in the Erlang runtime's own folder."""
    if found := shutil.which("erl_call"):
        return found
    for path in sorted(Path("/usr/lib/erlang").glob("erts-*/bin/erl_call")):
        return str(path)
    raise LocalServerError("erl_call is missing from the Erlang installation (Debian: erlang-base)")
