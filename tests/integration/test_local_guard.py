"""No server outlives the run that started it: else each broken run would leave a broker, a port and a data folder."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from infra.local.guard import PORTS, LocalServerError, claim, descendants, free_ports, scratch_folder, spawn, stop_all

ENV = {"PATH": os.environ["PATH"]}
SERVERS = """
    import signal, sys, time
    from pathlib import Path
    from infra.local.guard import descendants, exit_on_signals
    from infra.local.postgres import Postgres
    from infra.local.rabbitmq import Rabbit

    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in whatever a run in the background starts
    exit_on_signals()
    with Rabbit(Path(sys.argv[1]) / "rabbitmq") as node, Postgres(Path(sys.argv[1]) / "postgresql") as cluster:
        family = {*node.pids, *cluster.pids}
        for pid in list(family):
            family.update(descendants(pid))
        print(*family, flush=True)
        time.sleep(100)
"""
SLEEPER = """
    import sys, time
    from pathlib import Path
    from infra.local.guard import descendants, spawn

    from infra.local.guard import exit_on_signals

    exit_on_signals()
    log = Path(sys.argv[1]) / "log"
    child = spawn(["sh", "-c", "sleep 100 & sleep 100"], name="s", env={"PATH": "/usr/bin:/bin"}, log=log)
    while len(descendants(child.pid)) < 2:
        time.sleep(0.01)
    print(child.pid, *descendants(child.pid), flush=True)
"""


def alive(pids):
    """Those of ``pids`` that still run (a zombie that nobody has collected does not)."""
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state not in "ZX":
            found.append(pid)
    return found


def run(script, folder):
    """Start ``script`` in a Python of its own; return it and the pids on its first line."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    line = process.stdout.readline()
    return process, [int(word) for word in line.split()]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=lambda number: number.name)
def test_servers_end_with_the_run(how, wait_until):
    """Lost otherwise: a machine that fills with brokers after Ctrl-C or an out-of-memory kill."""
    folder = scratch_folder("guard")
    folder.chmod(0o711)  # PostgreSQL's user goes through it
    process, family = run(SERVERS, folder)
    assert len(alive(family)) >= 8, "a node, its epmd and helpers, and PostgreSQL's processes"
    process.send_signal(how)
    process.wait(40)
    wait_until(lambda: not alive(family), deadline=15, what=f"end of {family}")
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    "ending",
    [
        "import os; os.kill(os.getpid(), 15); time.sleep(9)",
        "raise RuntimeError('a failing run')",
        "import os; os._exit(1)",
    ],
    ids=["SIGTERM", "error", "os._exit"],
)
def test_children_end_however_the_script_ends(ending, tmp_path, wait_until):
    """Lost otherwise: what a failing run leaves behind. (os._exit skips atexit, so only the kernel can do it; a child's
    own children then end with their server, which for a shell's means that only the shell is promised.)"""
    process, family = run(textwrap.dedent(SLEEPER) + ending + "\n", tmp_path)
    process.wait(20)
    promised = family[:1] if "_exit" in ending else family
    wait_until(lambda: not alive(promised), what="end of the children")
    for pid in alive(family):
        os.kill(pid, signal.SIGKILL)


def test_a_child_outlives_the_thread_that_started_it(tmp_path, wait_until):
    """Lost otherwise: a broker restarted from a test's thread dies with that thread, as the kernel's rule has it."""
    started = []

    def start():
        child = spawn(["sleep", "100"], name="sleep", env=ENV, log=tmp_path / "log")
        wait_until(lambda: Path(f"/proc/{child.pid}/comm").read_text() == "sleep\n")  # it has asked for its signal
        started.append(child)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    child = started[0]
    with contextlib.suppress(subprocess.TimeoutExpired):
        child._process.wait(0.3)  # the signal would come at once
    assert child.alive()
    assert child.stop() == -signal.SIGTERM
    assert not child.alive()


def test_a_child_that_ignores_the_stop_signal_is_killed(tmp_path, wait_until):
    """Lost otherwise: a hung server makes every later run hang in its clean-up."""
    log = tmp_path / "log"
    child = spawn(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"], name="sh", env=ENV, log=log)
    wait_until(lambda: log.read_text() == "ready\n")
    assert child.stop(deadline_seconds=0.3) == -signal.SIGKILL
    assert not descendants(child.pid)


def test_a_forked_copy_of_us_ends_nobody_and_starts_its_own(tmp_path, wait_until):
    """Lost otherwise: a worker that exits takes the broker of all others with it, or hangs when it needs its own."""
    child = spawn(["sleep", "100"], name="sleep", env=ENV, log=tmp_path / "log")
    copy = os.fork()
    if copy == 0:
        stop_all()
        own = spawn(["sleep", "100"], name="sleep", env=ENV, log=tmp_path / "log")
        os._exit(own.stop() + signal.SIGTERM)
    try:
        assert wait_until(lambda: (ended := os.waitpid(copy, os.WNOHANG))[0] and ended, deadline=20)[1] == 0
        assert child.alive()
    except BaseException:
        os.kill(copy, signal.SIGKILL)
        raise
    finally:
        child.kill()


def test_free_ports_are_free_and_different():
    """Lost otherwise: two servers of one run on one port."""
    ports = free_ports(20)
    assert len(set(ports)) == 20
    for port in ports:
        assert port in PORTS
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", port))


def test_one_folder_has_one_server(tmp_path):
    """Lost otherwise: two nodes write to the same data, and destroy them."""
    first = claim(tmp_path / "data")
    with pytest.raises(LocalServerError, match="in use"):
        claim(tmp_path / "data")
    first.close()
    claim(tmp_path / "data").close()
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_folders_of_killed_runs_are_swept(tmp_path, monkeypatch):
    """Lost otherwise: the disk, to the data of every run that was killed."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    gone = subprocess.Popen(["true"])
    gone.wait()
    left = tmp_path / f"yunquan-x-{gone.pid}-abc"
    (left / "data").mkdir(parents=True)
    ours = scratch_folder("x")
    again = scratch_folder("x")
    assert not left.exists()
    assert ours.is_dir()
    assert again.is_dir()
    assert ours != again
