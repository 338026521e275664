"""`make setup` takes nothing that the lock does not name, does its work once, and says what it lacks."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
SCHEMAS = "requirements-schemas.lock"
PYTHON = """#!/bin/sh
# Stands in for Python: it writes down what it was told, and makes an environment whose Python is itself.
echo "$@" >>{log}
case "$*" in
    *ensurepip*) test ! -e {here}/without-venv ;;
    *"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python && cp "$0" .venv/bin/yunquan ;;
    *"pip install"*) test ! -e {here}/without-network || {{ echo "no matching hash"; exit 1; }} ;;
esac
"""


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout with only what set-up reads, and a Python that writes down what it is told to do."""
    root = tmp_path / "check out"
    (root / "infra" / "local").mkdir(parents=True)
    shutil.copy(ROOT / "infra/local/setup.sh", root / "infra/local/setup.sh")
    for name in ("requirements.in", "requirements-dev.lock", SCHEMAS, "pyproject.toml"):
        shutil.copy(ROOT / name, root / name)
    python = tmp_path / "python"
    python.write_text(PYTHON.format(log=tmp_path / "log", here=tmp_path))
    python.chmod(0o755)
    monkeypatch.setenv("PYTHON", str(python))
    monkeypatch.setenv("YUNQUAN_NO_APT", "1")
    return root


def setup(checkout):
    """Run set-up; return its exit code, what it said, and what Python was told to install meanwhile."""
    log = checkout.parent / "log"
    log.write_text("")
    done = subprocess.run([checkout / "infra/local/setup.sh"], capture_output=True, text=True, cwd="/")
    return done.returncode, done.stderr, re.findall(r"-m pip install .*", log.read_text())


def test_it_installs_what_the_lock_names_and_only_once(checkout):
    """Lost otherwise: builds that differ from day to day, or half a minute before every `make test`."""
    code, _, installed = setup(checkout)
    assert code == 0
    assert len(installed) == 3
    assert "--require-hashes -r requirements-dev.lock" in installed[0]
    assert f"--require-hashes --no-deps -r {SCHEMAS}" in installed[1]
    assert "--no-index --no-deps --no-build-isolation -e ." in installed[2]
    assert setup(checkout) == (0, "", [])


@pytest.mark.parametrize("changed", ["requirements-dev.lock", SCHEMAS, "pyproject.toml"])
def test_it_works_again_when_something_changed(checkout, changed):
    """Lost otherwise: after a pull, tests that run on last month's libraries or without a new command."""
    setup(checkout)
    with (checkout / changed).open("a") as file:
        file.write("# changed\n")
    assert len(setup(checkout)[2]) == 3


def test_it_works_again_in_another_place(checkout):
    """Lost otherwise: a moved checkout whose commands run the old one's code."""
    setup(checkout)
    moved = checkout.with_name("moved")
    checkout.rename(moved)
    assert len(setup(moved)[2]) == 3


def test_what_went_wrong_is_told_and_tried_again(checkout):
    """Lost otherwise: an environment that is half there and taken for whole."""
    failing = checkout.parent / "without-network"
    failing.touch()
    code, said, _ = setup(checkout)
    assert code == 1
    assert "no matching hash" in said
    failing.unlink()
    assert setup(checkout)[0] == 0


def test_one_line_says_that_venv_is_missing(checkout):
    """Lost otherwise: Debian's page of advice, where one package's name would do."""
    (checkout.parent / "without-venv").touch()
    code, said, installed = setup(checkout)
    assert (code, installed) == (2, [])
    assert said == "Python's venv module is missing; as root: apt-get install python3-venv\n"


def test_one_line_says_that_python_is_missing(checkout, monkeypatch):
    """Lost otherwise: a syntax error in the tenth file, where the version is what is wrong."""
    monkeypatch.setenv("PYTHON", "/nonexistent/python")
    code, said, _ = setup(checkout)
    assert code == 2
    assert said.startswith("make setup needs Python 3.11 or later")


@pytest.mark.parametrize("name", [*LOCKS, SCHEMAS])
def test_a_lock_names_versions_and_hashes_and_no_place(name):
    """Lost otherwise: a set-up that works only where the lock was written, or that takes a file somebody changed."""
    text = (ROOT / name).read_text()
    assert re.findall(r"://|^-", text, re.MULTILINE) == []
    entries = re.split(r"\n(?=\S)", text.strip())
    assert len(entries) > (30 if name in LOCKS else 1)
    assert [
        entry for entry in entries if not re.match(r"[a-z0-9-]+==\S+.*\\\n    --hash=sha256:[0-9a-f]{64}", entry)
    ] == []


def test_what_is_tested_is_what_is_deployed():
    """Lost otherwise: tests on one version of a library and a service on another."""
    run_time, tests = (set(re.findall(r"^\S+==\S+", (ROOT / name).read_text(), re.MULTILINE)) for name in LOCKS)
    assert run_time < tests


def test_every_need_is_locked():
    """Lost otherwise: a library that only the author's machine has."""
    needs = re.findall(
        r"^([A-Za-z][\w-]*)",
        "\n".join((ROOT / f).read_text() for f in ("requirements.in", "requirements-dev.in")),
        re.M,
    )
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements-dev.lock").read_text(), re.MULTILINE))
    assert {need.lower() for need in needs} - locked == set()
