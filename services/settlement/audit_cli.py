"""`yunquan audit`: an audit sample written to a file, and drawn again from it by anyone, without the services."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import click

from services.settlement.domain.draw import HEAD, ITEM, differences, line_of

PAGE = 500


@click.group()
def audit() -> None:
    """The audit sample of a node's claims."""


@audit.command("export")
@click.argument("sample_id", metavar="SAMPLE")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write.")
@click.option("--folder", default=".yunquan", show_default=True, type=click.Path(), help="Of the deployment.")
def export(sample_id: str, out: Path, folder: str) -> None:
    """Write a revealed sample and all that it was drawn from, for `audit redraw`."""
    with _client(folder) as client:
        head = _ask(client, "get_sample", id=sample_id)
        if head["seed"] is None:
            _refuse(f"{sample_id}: its seed is not revealed")
        try:
            handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}-")
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(line_of({key: head[key] for key in HEAD}) + "\n")
                for item in _items(client, sample_id, head["population"]):
                    file.write(line_of({key: item[key] for key in ITEM}) + "\n")
            Path(name).chmod(0o644)
            Path(name).replace(out)
        except OSError as error:
            _refuse(f"{out}: {error.strerror or error}")
    click.echo(json.dumps({"ok": True, "claims": head["population"], "drawn": head["drawn"], "file": str(out)}))


@audit.command("redraw")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--seed-hash", help="As the public board showed it before the node closed.")
@click.option("--size", type=int, help="As the public board showed it before the node closed.")
@click.option("--population-hash", help="As the public board shows it.")
def redraw(path: Path, seed_hash: str | None, size: int | None, population_hash: str | None) -> None:
    """Draw the sample of an export again, and compare: seed, population, what was drawn.

    The last line is JSON. Exit code 1 when anything differs, 2 when the file cannot be read.
    """
    shown = {"seed_hash": seed_hash, "population_hash": population_hash}
    published: dict[str, str | int] = {name: value.lower() for name, value in shown.items() if value is not None}
    published |= {} if size is None else {"size": size}
    try:
        lines = [line for line in path.read_text("utf-8").split("\n") if line.strip()]
        found = list(differences(lines, published=published))
    except OSError as error:
        _refuse(f"{path}: {error.strerror or error}")
    except ValueError as error:
        _refuse(f"{path}: {error}")
    for one in found:
        click.echo(one, err=True)
    head = json.loads(lines[0])
    told = {name: head[name] for name in ("sample_id", "seed_hash", "size", "population_hash", "population")}
    click.echo(json.dumps({"ok": not found, "differences": len(found), **told}))
    raise SystemExit(1 if found else 0)


def _items(client: Any, sample_id: str, population: int) -> Iterator[dict[str, Any]]:
    after, shown = None, sys.stderr.isatty()
    with click.progressbar(length=population, label="claims", file=sys.stderr, hidden=not shown) as bar:
        while True:
            page = _ask(client, "list_sample_items", sample_id=sample_id, after=after, limit=PAGE)
            yield from page["items"]
            bar.update(len(page["items"]))
            after = page["next"]
            if after is None:
                return


def _client(folder: str) -> Any:
    from infra.local.connect import connect
    from infra.local.guard import LocalServerError

    try:
        return connect(folder, role="auditor")
    except (LocalServerError, OSError) as error:
        _refuse(str(error))


def _ask(client: Any, method: str, **fields: Any) -> dict[str, Any]:
    from contracts.client import CallError

    try:
        answer: dict[str, Any] = client.call("settlement", method, **fields)
    except CallError as error:
        _refuse(str(error))
    return answer


def _refuse(what: str) -> NoReturn:
    click.echo(f"yunquan: {' '.join(what.split())}", err=True)
    raise SystemExit(2)


commands: list[click.Command] = [audit]
