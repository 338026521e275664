"""Servers we start privately, a font and a reader of PDF: found on this machine, or installed where that is allowed.

``python -m infra.local.packages rabbitmq postgresql`` makes sure of them ahead of time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.local.guard import LocalServerError

FORBID = "YUNQUAN_NO_APT"
POLICY = Path("/usr/sbin/policy-rc.d")
APT_SECONDS = 900
RABBITMQ_SCRIPTS = Path("/usr/lib/rabbitmq/bin")
POSTGRES_VERSIONS = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Package:
    """A Debian package, and a file that shows that it is there."""

    debian: str
    sign: str


PACKAGES = {
    "rabbitmq": Package("rabbitmq-server", f"{RABBITMQ_SCRIPTS}/rabbitmq-server"),
    "postgresql": Package("postgresql", f"{POSTGRES_VERSIONS}/*/bin/postgres"),
    "chinese-font": Package("fonts-wqy-microhei", "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    "pdftotext": Package("poppler-utils", "/usr/bin/pdftotext"),
}


def need(*names: str) -> None:
    """Make sure that the files of these packages are there, installing them with apt if we may.

    Raises LocalServerError with one line that says what to install, when they are missing and apt is absent, forbidden
    (YUNQUAN_NO_APT=1), not ours to run (neither root nor sudo without a password), or fails.
    """
    if not missing(names):
        return
    with _one_at_a_time():
        absent = missing(names)
        if absent:
            _install(absent)
            if absent := missing(names):
                raise LocalServerError(f"apt installed {' and '.join(absent)}, and yet its files are not there")


def missing(names: tuple[str, ...]) -> list[str]:
    """The Debian packages of ``names`` that this machine lacks."""
    return [PACKAGES[name].debian for name in names if not _present(PACKAGES[name].sign)]


def postgres_binaries() -> Path:
    """The folder with the binaries of the newest PostgreSQL on this machine."""
    found = [path.parent for path in POSTGRES_VERSIONS.glob("*/bin/postgres")]
    if not found:
        raise LocalServerError("PostgreSQL is missing: install postgresql")
    return max(found, key=lambda path: float(path.parent.name))


def _present(sign: str) -> bool:
    return any(Path("/").glob(sign.lstrip("/")))


def _install(debian: list[str]) -> None:
    wanted = " ".join(debian)
    by_hand = f"install it: apt-get install --no-install-recommends {wanted}"
    if os.environ.get(FORBID) == "1":
        raise LocalServerError(f"{wanted} is missing, and {FORBID}=1 forbids to install it; {by_hand}")
    if not shutil.which("apt-get"):
        raise LocalServerError(
            f"{wanted} is missing, and there is no apt-get here; install it with your system's means"
        )
    prefix = _root_prefix()
    if prefix is None:
        raise LocalServerError(f"{wanted} is missing, and this user may not install it; as root, {by_hand}")
    print(f"installing {wanted} with apt", file=sys.stderr)  # noqa: T201 - takes a minute, at a user's first run
    with _no_server_starts(prefix):
        _run([*prefix, "apt-get", "update", "-q"], by_hand)
        _run([*prefix, "apt-get", "install", "-q", "-y", "--no-install-recommends", *debian], by_hand)


def _root_prefix() -> list[str] | None:
    """What stands before a command to run it as root: nothing, sudo, or None when we can't."""
    if os.geteuid() == 0:
        return ["env", "DEBIAN_FRONTEND=noninteractive"]
    if (
        shutil.which("sudo")
        and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        return ["sudo", "-n", "DEBIAN_FRONTEND=noninteractive"]
    return None


def _run(command: list[str], by_hand: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=APT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise LocalServerError(f"{' '.join(command)} took more than {APT_SECONDS} s; {by_hand}") from None
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-10:])
        raise LocalServerError(f"{' '.join(command)} failed; {by_hand}\n{last}")


@contextlib.contextmanager
def _no_server_starts(prefix: list[str]) -> Iterator[None]:
    """While apt works, deny packages to start their services: we start our own, the owner may want none."""
    if POLICY.exists():
        yield
        return
    with tempfile.NamedTemporaryFile("w", suffix=".policy") as script:
        script.write("#!/bin/sh\nexit 101\n")
        script.flush()
        subprocess.run([*prefix, "install", "-m", "755", script.name, str(POLICY)], check=True)
    try:
        yield
    finally:
        subprocess.run([*prefix, "rm", "-f", str(POLICY)], check=True)


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let the processes of one user install in turn; the second then finds what the first installed."""
    with (Path(tempfile.gettempdir()) / f"yunquan-apt-{os.getuid()}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(names: list[str]) -> int:
    """``need(*names)`` for a Makefile: 0, or 2 with one line on what is wrong."""
    try:
        need(*names)
    except LocalServerError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command of its own, run before the environment is complete
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
