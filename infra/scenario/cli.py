"""`yunquan scenario FILE…`: plays scenarios; a line each, what failed in full, exit 1 when any did."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from infra.local.guard import LocalServerError, exit_on_signals, scratch_folder
from infra.scenario.reader import Scenario, load
from infra.scenario.stage import House
from infra.scenario.text import ScenarioError


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--fail-fast", is_flag=True, help="Stop at the first scenario that fails.")
@click.option("--keep", type=click.Path(path_type=Path), help="Leave databases and logs of the last one there.")
@click.option("--check", is_flag=True, help="Read the files, and play nothing.")
def scenario(paths: tuple[Path, ...], fail_fast: bool, keep: Path | None, check: bool) -> None:
    """Play scenarios (files, or folders of them) against the real services on a simulated clock."""
    exit_on_signals()
    try:
        stories = read_all(files(paths))
    except ScenarioError as error:
        raise click.ClickException(str(error)) from error
    if check:
        click.echo(f"{len(stories)} scenarios can be read")
        return
    failed = 0
    with _folder(keep) as folder, House(folder, throwaway=keep is None) as house:
        for one in stories:
            started = time.monotonic()
            try:
                failure = house.play(one)
            except LocalServerError as error:
                raise click.ClickException(str(error)) from error
            word = "FAILED" if failure else "ok"
            click.echo(f"{word:<7}{time.monotonic() - started:6.2f} s  {one.path}  {one.title}")
            if failure:
                failed += 1
                click.echo(str(failure))
                if fail_fast:
                    break
    click.echo(f"{len(stories)} scenarios, {failed} failed")
    raise SystemExit(1 if failed else 0)


def files(paths: Sequence[Path]) -> list[Path]:
    """The files, and those of the folders that are scenarios (others are used by them: they have no `scenario:`)."""
    found = []
    for path in paths:
        if path.is_dir():
            inner = sorted(path.rglob("*.yaml"))
            found += [one for one in inner if any(line.startswith("scenario:") for line in one.open(encoding="utf-8"))]
        else:
            found.append(path)
    return found


def read_all(paths: Sequence[Path]) -> list[Scenario]:
    """All of them, those of one setting together; ScenarioError with every problem of every file."""
    stories, problems = [], []
    for path in paths:
        try:
            stories.append(load(path))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return sorted(stories, key=lambda story: story.setting)


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        if keep.exists() and any(keep.iterdir()):
            raise click.ClickException(f"{keep} is not empty: scenarios begin from nothing")
        yield keep
        return
    folder = scratch_folder("scenario")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


commands = [scenario]
