"""`yunquan payments`: files to the bank and from it, and what books and bank differ on, for who works at finance."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, NoReturn

import click

from contracts import ulid
from contracts.client import CallError, Client
from contracts.rpc.settlement import FORMATS, MOST_FILE_BYTES, RESULT_FORMATS, STATEMENT_FORMATS
from infra.blobs import parts

TIMEOUT_S = 120.0
PAGE = 500
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class NotDone(click.ClickException):
    """Exit code 2: refused, or nobody to ask; 1 says that there are differences."""

    exit_code = 2


@click.group("payments")
def payments() -> None:
    """Payment files for the bank, its results and statements, and their differences. Exit code 2 when refused."""


@payments.command("file")
@click.argument("batch_id", metavar="BATCH")
@click.option("--format", "form", type=click.Choice(FORMATS), default="csv", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="File to write; by default its own name, here.")
def fetch(batch_id: str, form: str, out: Path | None) -> None:
    """Write the payment file of a released batch: readable by its owner alone, accounts of payees stand in it."""
    from infra.local.keys import write_secret

    with _client() as client:
        file = _call(client, "payment_file", batch_id=batch_id, format=form)
    path = out or Path(file["name"])
    try:
        write_secret(path, base64.b64decode(file.pop("content")))
    except OSError as error:
        raise NotDone(f"{path}: {error.strerror or error}") from error
    _tell({**file, "file": str(path)})


@payments.command("results")
@click.argument("path", metavar="FILE", type=_FILE)
@click.option("--batch", "batch_id", required=True, help="The batch that the bank reports on.")
@click.option("--format", "form", type=click.Choice(RESULT_FORMATS), help="By default as the name says: .xml, .csv.")
def results(path: Path, batch_id: str, form: str | None) -> None:
    """Read the bank's results of a batch; a file with a fault is refused whole, with its rows and why."""
    form = form or _by_name(path, "pain.002")
    with _client() as client:
        body = {"batch_id": batch_id, "sha256": _upload(client, path), "format": form}
        _tell(_call(client, "record_result_file", **body))


@payments.command("statement")
@click.argument("path", metavar="FILE", type=_FILE)
@click.option("--programme", required=True, help="Whose paying account it is of.")
@click.option("--format", "form", type=click.Choice(STATEMENT_FORMATS), help="By default as the name says: .xml, .csv.")
def statement(path: Path, programme: str, form: str | None) -> None:
    """Read a statement of a paying account and compare it with the payments."""
    form = form or _by_name(path, "camt.053")
    with _client() as client:
        body = {"statement_id": ulid.new(), "programme": programme, "sha256": _upload(client, path), "format": form}
        _tell(_call(client, "record_statement_file", **body))


@payments.command("differences")
@click.option("--programme", required=True)
@click.option("--status", help="One code alone, or `resolved`: those that have a resolution.")
def differences(programme: str, status: str | None) -> None:
    """Where bank and books differ and nobody has said yet what came of it, a line each. Exit code 1 when any."""
    found, after = 0, None
    with _client() as client:
        while True:
            page = _call(client, "bank_differences", programme=programme, status=status, after=after, limit=PAGE)
            for one in page["items"]:
                found += 1
                _tell(one)
            after = page["next"]
            if after is None:
                break
    raise SystemExit(1 if found and status != "resolved" else 0)


def _by_name(path: Path, message: str) -> str:
    return message if path.suffix.lower() == ".xml" else "csv"


def _upload(client: Client, path: Path) -> str:
    if not 0 < path.stat().st_size <= MOST_FILE_BYTES:
        raise NotDone(f"{path}: empty, or more than {MOST_FILE_BYTES // 2**20} MiB")
    digest = ""
    for body in parts(path.read_bytes()):
        digest = str(_call(client, "upload_bank_file", **body)["sha256"])
    return digest


def _client() -> Client:
    from infra.local.connect import connect
    from infra.local.guard import LocalServerError

    try:
        return connect(role="finance", timeout=TIMEOUT_S)
    except (LocalServerError, OSError) as error:
        raise NotDone(f"no deployment to call: {error}") from error


def _call(client: Client, method: str, **body: Any) -> dict[str, Any]:
    try:
        return client.call("settlement", method, **body)
    except CallError as error:
        _refuse(error)


def _refuse(error: CallError) -> NoReturn:
    """What the error says, and row by row what is wrong with a file."""
    facts = dict(error.facts or {})
    rows = facts.pop("rows", [])
    lines = [str(error), *([json.dumps(facts, ensure_ascii=False)] if facts else [])]
    lines += [f"  row {one['row']}: {one['code']}: {one['message']}" for one in rows]
    raise NotDone("\n".join(lines))


def _tell(result: dict[str, Any]) -> None:
    click.echo(json.dumps(result, ensure_ascii=False))


commands: list[click.Command] = [payments]
