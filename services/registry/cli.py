"""`yunquan import enterprises`: a whole business register through the services' own front door."""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, NoReturn

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from contracts.client import CallError, Client, Request
from infra.packs import PROGRAMME, library
from services.registry.importing import CannotRead, Doubts, Reject, Row, judged

BATCH = 500
WINDOW = 4  # batches under way: enough to keep the service busy, few enough to keep each answer quick
TIMEOUT_S = 120.0
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run what begins so


@dataclass
class Tally:
    """What the last line says."""

    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    unchanged: int = 0
    by_reason: dict[str, int] = field(default_factory=dict)

    def reject(self, code: str) -> None:
        self.rejected += 1
        self.by_reason[code] = self.by_reason.get(code, 0) + 1


class NotSent(Exception):
    """The services did not take a batch; `batches` before it went in."""


class Rejects:
    """The file of rejected rows: written beside its place, and put there when the run is over."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: IO[str] | None = None
        if path is not None:
            self._file = tempfile.NamedTemporaryFile(  # noqa: SIM115 - closed in keep or drop
                "w", encoding="utf-8", newline="", dir=path.parent, prefix=f".{path.name}-", delete=False
            )
            self._writer = csv.writer(self._file)
            self._writer.writerow(["line", "column", "code", "value", "detail"])

    def add(self, reject: Reject) -> None:
        if self._file is not None:
            value = f"'{reject.value}" if reject.value.startswith(FORMULA) else reject.value
            self._writer.writerow([reject.line, reject.column, reject.code, value, reject.detail])

    def keep(self) -> None:
        if self._file is not None and self._path is not None:
            self._file.close()
            Path(self._file.name).chmod(0o644)
            Path(self._file.name).replace(self._path)
            self._file = None

    def drop(self) -> None:
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)
            self._file = None


@click.group("import")
def import_group() -> None:
    """Take in what others have: business registers."""


@import_group.command("enterprises")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--programme", default=PROGRAMME, show_default=True, help="Code of the programme.")
@click.option("--rejects", type=click.Path(path_type=Path), help="CSV file for the rows that did not go in, and why.")
@click.option("--dry-run", is_flag=True, help="Judge the file only; needs neither bus nor database.")
def import_enterprises(file: Path, programme: str, rejects: Path | None, dry_run: bool) -> None:
    """Register the enterprises of FILE: a business register as CSV (also gzipped) or XLSX.

    The whole file is read and judged before anything is sent, so a broken file changes nothing. Running it again
    changes nothing either. The last line says, as JSON, what became of the rows. Exit code 2 when the file cannot be
    used, 1 when the services did not take all of it (run it again, then).
    """
    console = Console(stderr=True)
    _check_programme(programme)
    tally, doubts = Tally(), Doubts()
    book = _rejects(rejects)
    try:
        with tempfile.TemporaryFile("w+", encoding="utf-8") as spool, _progress(console) as progress:
            _judge(file, spool, book, tally, doubts, progress)
            if dry_run:
                tally.accepted = tally.rows - tally.rejected
            else:
                _send(spool, programme, book, tally, progress)
        book.keep()
    except CannotRead as error:
        _stop(f"{file}: {error}", 2)
    except NotSent as error:
        _stop(str(error), 1)
    except OSError as error:
        _stop(f"{error.filename or file}: {error.strerror or error}", 2)
    finally:
        book.drop()
    for heading, count in doubts.cells.items():
        console.print(f"{heading}: {count} cells could not be read and were left empty", style="yellow")
    click.echo(json.dumps(asdict(tally), ensure_ascii=False))


def _judge(file: Path, spool: IO[str], book: Rejects, tally: Tally, doubts: Doubts, progress: Progress) -> None:
    """Read the whole file: what may go in to the spool, the rest to the rejects."""
    if file.is_dir():
        raise CannotRead("it is a folder")
    task = progress.add_task("reading", total=file.stat().st_size if file.exists() else None, note="")
    for verdict in judged(file, doubts, lambda done: progress.update(task, completed=done)):
        tally.rows += 1
        if isinstance(verdict, Row):
            spool.write(json.dumps([verdict.line, verdict.fields], ensure_ascii=False) + "\n")
        else:
            tally.reject(verdict.code)
            book.add(verdict)
        if tally.rows % 1000 == 0:
            progress.update(task, note=f"{tally.rows:,} rows")
    size = progress.tasks[task].total or 1
    progress.update(task, completed=size, total=size, note=f"{tally.rows:,} rows, {tally.rejected:,} rejected")


def _send(spool: IO[str], programme: str, book: Rejects, tally: Tally, progress: Progress) -> None:
    """Send the spool batch by batch, a few under way at once; NotSent when one is not taken."""
    good = tally.rows - tally.rejected
    task = progress.add_task("registering", total=good, note=f"0 of {good:,}")
    spool.seek(0)
    lines: list[list[int]] = []

    def requests() -> Iterator[Request]:
        for batch in _batches(spool):
            lines.append([line for line, _ in batch])
            rows = [fields for _, fields in batch]
            yield Request("registry", "import_enterprises", {"programme": programme, "rows": rows})

    try:
        with _client() as client:
            for number, answer in enumerate(client.call_many(requests(), window=WINDOW, timeout=TIMEOUT_S)):
                if not answer["ok"]:
                    _not_taken(answer["error"], sum(map(len, lines[:number])))
                _count(answer["result"]["outcomes"], lines[number], book, tally)
                _show(progress, task, tally, good)
    except CallError as error:
        _not_taken({"code": error.code, "message": error.message}, tally.accepted + tally.unchanged)


def _count(outcomes: list[str], lines: list[int], book: Rejects, tally: Tally) -> None:
    for line, outcome in zip(lines, outcomes, strict=True):
        if outcome == "accepted":
            tally.accepted += 1
        elif outcome == "unchanged":
            tally.unchanged += 1
        else:
            tally.reject(outcome)
            book.add(Reject(line, "", outcome, ""))


def _show(progress: Progress, task: TaskID, tally: Tally, good: int) -> None:
    done = tally.accepted + tally.unchanged
    progress.update(task, completed=done, note=f"{done:,} of {good:,}")


def _batches(spool: IO[str]) -> Iterator[list[tuple[int, dict[str, Any]]]]:
    batch: list[tuple[int, dict[str, Any]]] = []
    for text in spool:
        line, fields = json.loads(text)
        batch.append((line, fields))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _client() -> Client:
    """A client for the deployment that runs, or the one that the environment names; NotSent when there is none."""
    from infra.local.connect import connect
    from infra.local.guard import LocalServerError

    try:
        return connect(role="operator", timeout=TIMEOUT_S)
    except (LocalServerError, OSError) as error:
        raise NotSent(f"no deployment to send to: {error} (--dry-run needs none)") from error


def _not_taken(error: dict[str, Any], sent: int) -> NoReturn:
    raise NotSent(
        f"the services stopped taking rows after {sent:,}: {error['code']} {error.get('message') or ''}".rstrip()
        + "; run it again: what is in stays in"
    )


def _check_programme(programme: str) -> None:
    if programme not in library().codes():
        _stop(f"there is no programme {programme}: yunquan programmes list", 2)


def _rejects(path: Path | None) -> Rejects:
    try:
        if path is not None and path.is_dir():
            _stop(f"{path}: it is a folder", 2)
        return Rejects(path)
    except OSError as error:
        _stop(f"{path}: {error.strerror}", 2)


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)


def _stop(what: str, code: int) -> NoReturn:
    click.echo(f"yunquan import: {' '.join(what.split())}", err=True)
    sys.exit(code)


commands: list[click.Command] = [import_group]
