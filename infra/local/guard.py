"""Child processes that never outlive us, and the ports and folders they need.

A server started here ends when we end, whatever ends us: a normal return (atexit), Ctrl-C, a signal, or ``kill -9``,
for which the kernel is asked to signal the child (PR_SET_PDEATHSIG, see child.py).
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import queue
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO

PORTS = range(20_000, 32_000)  # below Linux's ephemeral range, so that no outgoing connection takes one meanwhile
POLL_SECONDS = 0.05
ORPHAN_SECONDS = 3.0  # what a server started gets to notice that the server is gone


class LocalServerError(RuntimeError):
    """A private server could not be started or stopped; the message is one a user can act on."""


@dataclass(frozen=True)
class Owner:
    """The system user a server runs as."""

    uid: int
    gid: int


Start = Callable[[], "subprocess.Popen[bytes]"]


# ---------------------------------------------------------------- processes


class Child:
    """One running server: a process that we started, with whatever it started in turn."""

    def __init__(self, process: subprocess.Popen[bytes], name: str, stop_signal: signal.Signals) -> None:
        self._process = process
        self._stop_signal = stop_signal
        self.name = name
        self.pid = process.pid

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def stop(self, *, deadline_seconds: float = 30.0) -> int:
        """Signal the process, kill it if it does not end in time, see its descendants gone; return its exit code."""
        return self._end(self._stop_signal, deadline_seconds)

    def kill(self) -> None:
        """End the process as a power cut would (SIGKILL), and wait until its descendants have noticed."""
        self._end(signal.SIGKILL, 10.0)

    def _end(self, how: signal.Signals, deadline_seconds: float) -> int:
        family = descendants(self.pid) if self.alive() else {}
        if self.alive():
            self._process.send_signal(how)
        try:
            self._process.wait(deadline_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10.0)
        if not wait_for(lambda: not _still_there(family), deadline_seconds=ORPHAN_SECONDS):
            for pid in _still_there(family):
                _send(pid, signal.SIGKILL)
        _FAMILY.forget(self)
        return self._process.returncode


def spawn(
    command: Sequence[str],
    *,
    name: str,
    env: Mapping[str, str],
    log: Path,
    stop_signal: signal.Signals = signal.SIGTERM,
    death_signal: signal.Signals = signal.SIGKILL,
    owner: Owner | None = None,
    cwd: Path | None = None,
) -> Child:
    """Start ``command`` in a session of its own (Ctrl-C in a terminal is ours alone), its output appended to ``log``.

    ``death_signal`` is what it gets if we die without stopping it. The kernel ties that to the *thread* that forked,
    so all forks are made by one thread that lives as long as we do: callers may be any thread.
    """
    identity = (str(owner.uid), str(owner.gid)) if owner else ("-", "-")
    launcher = [sys.executable, "-I", "-S", str(Path(__file__).with_name("child.py"))]
    full = [*launcher, str(os.getpid()), str(int(death_signal)), *identity, *command]

    def start() -> subprocess.Popen[bytes]:
        with log.open("ab") as out:
            return subprocess.Popen(
                full, env=dict(env), cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )

    child = Child(_FAMILY.start(start), name, stop_signal)
    _FAMILY.add(child)
    return child


def stop_all() -> None:
    """Stop every child that still runs, newest first."""
    for child in _FAMILY.newest_first():
        if child.alive():
            child.stop(deadline_seconds=10.0)


def exit_on_signals() -> None:
    """Make SIGTERM and SIGHUP end this process through SystemExit, so that ``with`` blocks and atexit run."""

    def leave(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


class _Forker:
    """The one thread that starts processes; a daemon, so it ends only with the interpreter."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._work: queue.SimpleQueue[tuple[Start, Future[subprocess.Popen[bytes]]]] = queue.SimpleQueue()
        threading.Thread(target=self._loop, name="local-forker", daemon=True).start()

    def start(self, work: Start) -> subprocess.Popen[bytes]:
        """Run ``work`` in the forking thread and give its result or its exception."""
        answer: Future[subprocess.Popen[bytes]] = Future()
        self._work.put((work, answer))
        return answer.result()

    def _loop(self) -> None:
        while True:
            work, answer = self._work.get()
            try:
                answer.set_result(work())
            except BaseException as error:  # noqa: BLE001 - handed to the caller, whose error it is
                answer.set_exception(error)


class _Family:
    """What this process has started; a forked copy of us has started none, and has no forking thread yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._children: dict[int, Child] = {}
        self._forker: _Forker | None = None

    def start(self, work: Start) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._pid != os.getpid():
                self._pid, self._children, self._forker = os.getpid(), {}, None
                atexit.register(stop_all)
            self._forker = self._forker or _Forker()
            return self._forker.start(work)

    def add(self, child: Child) -> None:
        self._children[child.pid] = child

    def forget(self, child: Child) -> None:
        self._children.pop(child.pid, None)

    def newest_first(self) -> list[Child]:
        return list(reversed(self._children.values()))


_FAMILY = _Family()


# ---------------------------------------------------------------- what the kernel knows of processes


def descendants(pid: int) -> dict[int, str]:
    """Every process below ``pid``: its pid and its start time, which tells it from a later one of the same pid."""
    below: dict[int, list[int]] = {}
    started: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat(int(entry.name))):
            below.setdefault(int(stat[1]), []).append(int(entry.name))
            started[int(entry.name)] = stat[19]
    found: dict[int, str] = {}
    waiting = list(below.get(pid, ()))
    while waiting:
        one = waiting.pop()
        found[one] = started[one]
        waiting.extend(below.get(one, ()))
    return found


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name (state, parent, ...), or none when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [] if fields[0] in "ZX" else fields


def _still_there(family: Mapping[int, str]) -> list[int]:
    return [pid for pid, started in family.items() if (stat := _stat(pid)) and stat[19] == started]


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def wait_for(condition: Callable[[], object], *, deadline_seconds: float) -> bool:
    """Poll until ``condition()`` is true; False when the deadline passes first."""
    end = time.monotonic() + deadline_seconds
    while not condition():
        if time.monotonic() >= end:
            return False
        time.sleep(POLL_SECONDS)
    return True


# ---------------------------------------------------------------- ports and folders


def free_ports(count: int) -> list[int]:
    """``count`` different TCP ports of 127.0.0.1 that nobody listens on at this moment."""
    found: list[int] = []
    for port in random.SystemRandom().sample(PORTS, 500):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
        if len(found) == count:
            return found
    raise LocalServerError(f"no {count} free TCP ports between {PORTS.start} and {PORTS.stop} on 127.0.0.1")


def claim(folder: Path) -> IO[str]:
    """Create ``folder`` (mode 0700) and lock it for this process; closing what is returned gives it up.

    Raises LocalServerError when another process holds it: two servers over one data folder would destroy it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    lock = (folder / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise LocalServerError(f"{folder} is in use by another running server") from None
    return lock


def scratch_folder(purpose: str) -> Path:
    """A new temporary folder ``yunquan-PURPOSE-PID-…``; those left by processes that were killed are removed first."""
    base = Path(tempfile.gettempdir())
    for old in base.glob("yunquan-*-*-*"):
        pid = old.name.rsplit("-", 2)[1]
        if pid.isdigit() and not _stat(int(pid)) and os.geteuid() in (0, old.stat().st_uid):
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"yunquan-{purpose}-{os.getpid()}-", dir=base))


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log file, for an error message; empty when there is none."""
    if not log.is_file():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
