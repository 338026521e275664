"""`yunquan up`, `status` and `down` as a user types them: what was started can be seen, and ended."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.guard import descendants, scratch_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of its own; whatever is still up there is ended."""
    found = scratch_folder("up")
    yield found
    yunquan(found, "down")
    shutil.rmtree(found, ignore_errors=True)


def yunquan(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-m", "infra.cli", words[0], "--folder", str(folder), *words[1:]]
    return subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)


def test_a_second_up_neither_starts_nor_loses_anything(folder: Path) -> None:
    """It once took the first one's state away, so that nothing could end it any more."""
    assert yunquan(folder, "status").returncode == 1
    first = yunquan(folder, "up", "--detach")
    assert first.returncode == 0, first.stdout + first.stderr
    pid = json.loads((folder / "run" / "state.json").read_text())["pid"]
    second = yunquan(folder, "up", "--detach")
    assert second.returncode != 0
    assert f"process {pid}" in second.stderr
    assert yunquan(folder, "up", "--scale", "nosuch=2").returncode != 0
    assert yunquan(folder, "status").returncode == 0
    family = descendants(pid)
    assert len(family) > 10
    assert yunquan(folder, "down").stdout == "down\n"
    assert not [p for p in family if Path(f"/proc/{p}").exists()]
    assert yunquan(folder, "down").stdout == "nothing runs here\n"


def test_replicas_on_sqlite_are_refused_when_asked_for(folder: Path) -> None:
    done = yunquan(folder, "up", "--database", "sqlite", "--scale", "voucher=2")
    assert done.returncode == 1
    assert "postgresql" in done.stderr
