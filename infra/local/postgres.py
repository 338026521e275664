"""A private PostgreSQL cluster from the system's binaries, so that tests and benchmarks need no prepared server.

PostgreSQL refuses to run as root: it then runs as ``postgres`` (or ``nobody``). It listens on 127.0.0.1 and on a
socket in its own folder, and asks for a password that stands only in that folder.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psycopg2

from infra.local import packages
from infra.local.databases import ADMIN_DATABASE, Databases
from infra.local.guard import Child, LocalServerError, Owner, claim, free_ports, last_lines, spawn, wait_for

USER = "yunquan"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
START_ATTEMPTS = 3
HOME_PREFIX = "yunquan-postgres-"
POINTER = "home"  # a file: in a folder, where its home is; in a home, whose it is
SOCKET_PATH_BYTES = 90  # the kernel's limit is 107, and PostgreSQL adds a name to the folder's


class Postgres:
    """One cluster over one folder: ``with Postgres(folder) as cluster: cluster.create_database("voucher")``.

    ``durable=False`` trades safety against a power cut for speed (no fsync); it survives ``kill()`` all the same.
    The folder keeps data, log and password. Where the user that PostgreSQL runs as can't reach it (root's own
    folders), ``home`` is a folder in /var/tmp that belongs to this one, and goes once it is gone.
    The port is kept for the life of the object.
    """

    def __init__(self, folder: Path, *, durable: bool = True, max_connections: int = 200) -> None:
        self.folder = folder.absolute()
        self.home = self.folder
        self._durable = durable
        self._max_connections = max_connections
        self._owner: Owner | None = None
        self._ports: list[int] = []
        self._child: Child | None = None
        self._lock: IO[str] | None = None
        self._databases = Databases(self.uri)

    # ------------------------------------------------------------ what it is

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1, once started."""
        if not self._ports:
            raise LocalServerError("the cluster has not been started")
        return self._ports[0]

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.home / "server.log"

    @property
    def pids(self) -> list[int]:
        """The process id of the running server; empty when stopped."""
        return [self._child.pid] if self._child and self._child.alive() else []

    def uri(self, database: str = ADMIN_DATABASE) -> str:
        """``postgresql+psycopg2://user:password@127.0.0.1:port/database``, as SQLAlchemy takes it."""
        return f"postgresql+psycopg2://{USER}:{self._password()}@127.0.0.1:{self.port}/{database}"

    def running(self) -> bool:
        """Whether the server's process is alive."""
        return bool(self.pids)

    # ------------------------------------------------------------ its life

    def start(self) -> None:
        """Make the cluster if there is none, start it, return when it takes a connection; else LocalServerError."""
        if self.running():
            return
        packages.need("postgresql")
        self._lock = self._lock or claim(self.folder)
        try:
            self._settle()
            if not (self.home / "data" / "PG_VERSION").exists():
                self._initialise()
            self._start_on_free_port()
        except BaseException:
            self.kill()
            self._release()
            raise

    def stop(self) -> None:
        """Stop the server (fast shutdown: sessions are cut, data are safe); nothing of it is left on return."""
        self._databases.close()
        if self._child:
            self._child.stop(deadline_seconds=STOP_SECONDS)
            self._child = None
        self._release()

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL); ``start()`` recovers it from its log."""
        self._databases.close()
        if self._child:
            self._child.kill()
            self._child = None

    def restart(self) -> None:
        """Stop and start over the same data, at the same port."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def remove(self) -> None:
        """Delete the stopped cluster with its data, wherever it lies."""
        if self.running():
            raise LocalServerError("the cluster is running")
        for folder in (self.home, self.folder):
            shutil.rmtree(folder, ignore_errors=True)

    # ------------------------------------------------------------ databases

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Create an empty database, or a copy of ``template`` (which nobody may be connected to); return its URI."""
        return self._databases.create(name, template=template)

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, cutting its sessions."""
        self._databases.drop(name)

    def databases(self) -> list[str]:
        """The names of all databases but PostgreSQL's own, sorted."""
        return self._databases.names()

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Run one statement as the cluster's owner, outside any transaction; return its rows if it has any."""
        return self._databases.execute(statement)

    # ------------------------------------------------------------ inside

    def _settle(self) -> None:
        """Decide which user the server runs as and where its files lie; hand that folder to the user."""
        if os.geteuid() != 0:
            return
        user = _server_user()
        self._owner = Owner(user.pw_uid, user.pw_gid)
        os.chown(self.folder, user.pw_uid, user.pw_gid)
        if not _can_write(user, self.folder):
            os.chown(self.folder, 0, 0)
            _sweep(user)
            self.home = _home_elsewhere(self.folder, user)

    def _initialise(self) -> None:
        shutil.rmtree(self.home / "data", ignore_errors=True)  # an initdb that was interrupted
        self._password()
        command = ["initdb", "--pgdata", str(self.home / "data"), "--username", USER, "--encoding", "UTF8"]
        command += ["--locale", "C.UTF-8", "--auth", "scram-sha-256", "--pwfile", str(self.home / "password")]
        log = self.home / "initdb.log"
        log.unlink(missing_ok=True)
        child = self._spawn([*command, "--no-sync"], log)
        if not wait_for(lambda: not child.alive(), deadline_seconds=START_SECONDS) or child.stop() != 0:
            child.kill()
            shutil.rmtree(self.home / "data", ignore_errors=True)
            raise LocalServerError(f"initdb failed; {log} ends:\n{last_lines(log)}")

    def _start_on_free_port(self) -> None:
        port_is_known = bool(self._ports)  # by whoever was given the URI: then it is kept, taken or not
        attempts = 1 if port_is_known else START_ATTEMPTS
        for attempt in range(1, attempts + 1):
            if not port_is_known:
                self._ports = free_ports(1)
            try:
                self._launch()
                return
            except LocalServerError as error:
                self.kill()
                if attempt == attempts or "Address already in use" not in str(error):
                    raise

    def _launch(self) -> None:
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.home) if len(str(self.home)) < SOCKET_PATH_BYTES else "",
            "max_connections": str(self._max_connections),
            "shared_buffers": "128MB",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command = ["postgres", "-D", str(self.home / "data")]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self.log.unlink(missing_ok=True)
        child = self._child = self._spawn(command, self.log)
        ready = wait_for(lambda: not child.alive() or self._accepts(), deadline_seconds=START_SECONDS)
        if not ready or not child.alive():
            why = "ended" if ready else f"was not ready within {START_SECONDS:.0f} s"
            raise LocalServerError(f"the private PostgreSQL {why}; {self.log} ends:\n{last_lines(self.log)}")

    def _spawn(self, command: list[str], log: Path) -> Child:
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(self.home)}
        return spawn(
            [str(packages.postgres_binaries() / command[0]), *command[1:]],
            name=command[0],
            env=environment,
            log=log,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
            owner=self._owner,
            cwd=self.home,
        )

    def _password(self) -> str:
        secret = self.home / "password"
        if not secret.exists():
            with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_hex(16))
            if self._owner:
                os.chown(secret, self._owner.uid, self._owner.gid)
        return secret.read_text()

    def _accepts(self) -> bool:
        with contextlib.suppress(psycopg2.OperationalError):
            self._databases.execute("SELECT 1")
            return True
        return False

    def _release(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None


def _server_user() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise LocalServerError("PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody'")


def _can_write(user: pwd.struct_passwd, folder: Path) -> bool:
    """Whether ``user`` can reach and write ``folder``: asked of the kernel, as that user."""
    test = subprocess.run(
        ["test", "-w", str(folder), "-a", "-x", str(folder)],
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    return test.returncode == 0


def _home_elsewhere(folder: Path, user: pwd.struct_passwd) -> Path:
    """The folder in a public place that belongs to ``folder``: the two name each other, so both can be checked."""
    pointer = folder / POINTER
    if pointer.is_file() and (home := Path(pointer.read_text())).is_dir():
        return home
    home = Path(tempfile.mkdtemp(prefix=HOME_PREFIX, dir=_public_folder()))
    (home / POINTER).write_text(str(folder))
    pointer.write_text(str(home))
    os.chown(home, user.pw_uid, user.pw_gid)
    return home


def _sweep(user: pwd.struct_passwd) -> None:
    """Remove the homes elsewhere whose own folder is gone or has another home by now, unless their server runs."""
    for home in _public_folder().glob(f"{HOME_PREFIX}*"):
        pointer = home / POINTER
        if home.is_symlink() or home.stat().st_uid not in (0, user.pw_uid) or not pointer.is_file():
            continue
        back = Path(pointer.read_text()) / POINTER
        running = home / "data" / "postmaster.pid"
        pid = running.read_text().split("\n", 1)[0] if running.is_file() else ""
        if not (back.is_file() and back.read_text() == str(home)) and not Path(f"/proc/{pid or 'none'}").exists():
            shutil.rmtree(home, ignore_errors=True)


def _public_folder() -> Path:
    """A folder that every user can traverse and that outlives a reboot, if there is one."""
    public = Path("/var/tmp")  # noqa: S108 - what we make there is readable to us alone
    return public if public.is_dir() else Path(tempfile.gettempdir())
