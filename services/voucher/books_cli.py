"""The books from the command line, read through the services: an account's entries, the trial balance, a year's end."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from contracts.client import CallError, Client
from contracts.money import format_yuan
from infra.clock import SHANGHAI
from infra.jsontext import canonical
from infra.packs import PROGRAMME, pack_on
from services.voucher.year_words import beijing

PAGE = 500
HEADS = ("time", "entry", "kind", "reason", "subject", "other account", "debit", "credit", "balance")
AMOUNTS = 3  # the last columns
MOVED = ("posted", "post_pending")
FOLDER = click.option("--folder", default=".yunquan", show_default=True, type=click.Path())
Line = tuple[str, ...]


class NotTold(click.ClickException):
    """One line on what is wrong, and exit code 2."""

    exit_code = 2


@contextmanager
def _books(folder: str, *, role: str = "auditor") -> Iterator[Client]:
    """The services; NotTold when one refuses, or none answers."""
    from infra.local.connect import connect
    from infra.local.guard import LocalServerError

    try:
        with connect(folder, role=role) as client:
            yield client
    except (CallError, LocalServerError, OSError) as error:
        raise NotTold(" ".join(str(error).split())) from error


# --- one account ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AccountText:
    """An account's entries as lines of text: those that moved its balance, those that set aside, and the sums."""

    moved: list[Line]
    pending: list[Line]
    sums: list[Line]


@click.command()
@click.option("--account", required=True, help="As voucher.list_accounts names it: budget:PROGRAMME:YEAR …")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day in Shanghai; else all before.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day in Shanghai; else until now.")
@click.option("--csv", "as_csv", type=click.Path(path_type=Path), help="Write it to this file.")
@click.option("--xlsx", "as_xlsx", type=click.Path(path_type=Path), help="Write it to this workbook.")
@FOLDER
def statement(
    account: str, first: datetime | None, last: datetime | None, as_csv: Path | None, as_xlsx: Path | None, folder: str
) -> None:
    """Entries of one ACCOUNT with its running balance; what is pending moves no balance, and stands apart.

    Exit code 2 when there is no such account.
    """
    bounds = _bounds(first, last)
    with _books(folder) as client:
        try:
            entries, sums = _read(client, account, bounds)
        except CallError as error:
            if error.code == "NOT_FOUND":
                raise NotTold(f"there is no account {account}: voucher.list_accounts lists those of a year") from error
            raise
    told = account_text(entries, sums)
    if as_csv is not None:
        as_csv.write_text(_csv(told), "utf-8-sig", newline="")
    if as_xlsx is not None:
        from services.voucher.account_sheet import account_sheet

        as_xlsx.write_bytes(account_sheet(HEADS, told.moved, told.pending, told.sums, AMOUNTS))
    if as_csv is None and as_xlsx is None:
        for line in _aligned([HEADS, *told.moved, *told.pending, *told.sums]):
            click.echo(line)


def _bounds(first: datetime | None, last: datetime | None) -> dict[str, str]:
    """From the first moment of the first day to the first after the last, in Shanghai."""
    if first is not None and last is not None and last < first:
        raise NotTold("the last day is before the first")
    days = {"since": first, "until": None if last is None else last + timedelta(days=1)}
    return {name: day.replace(tzinfo=SHANGHAI).isoformat() for name, day in days.items() if day is not None}


def _read(client: Client, account: str, bounds: Mapping[str, str]) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """All entries, page by page, and the sums that come with the first."""
    page = client.call("voucher", "statement", account=account, limit=PAGE, **bounds)
    entries, sums = page["items"], page["sums"]
    while page["next"] is not None:
        page = client.call("voucher", "statement", account=account, limit=PAGE, after=page["next"], **bounds)
        entries += page["items"]
    return entries, sums


def account_text(entries: Sequence[Mapping[str, Any]], sums: Mapping[str, int]) -> AccountText:
    """The running balance begins with what was there before; the closing balance is what the lines come to."""
    moved, pending, balance_fen = list[Line](), list[Line](), sums["opening_fen"]
    for entry in entries:
        counts = entry["kind"] in MOVED
        if counts:
            balance_fen += entry["amount_fen"] if entry["side"] == "credit" else -entry["amount_fen"]
        (moved if counts else pending).append(_line(entry, balance_fen if counts else None))
    debits, credits_ = (
        sum(one["amount_fen"] for one in entries if one["kind"] in MOVED and one["side"] == side)
        for side in ("debit", "credit")
    )
    return AccountText(
        moved,
        pending,
        [
            _sum("opening balance", None, None, sums["opening_fen"]),
            _sum("entries", debits, credits_, None),
            _sum("closing balance", None, None, balance_fen),
            _sum("pending", sums["debits_pending_fen"], sums["credits_pending_fen"], None),
        ],
    )


def _line(entry: Mapping[str, Any], balance_fen: int | None) -> Line:
    debit = entry["side"] == "debit"
    amount = format_yuan(entry["amount_fen"])
    return (
        beijing(entry["at"]),
        entry["id"],
        entry["kind"],
        entry["reason"],
        entry["subject"],
        entry["credit" if debit else "debit"],
        amount if debit else "",
        "" if debit else amount,
        _yuan(balance_fen),
    )


def _sum(name: str, *amounts: int | None) -> Line:
    return (name, *("" for _ in range(len(HEADS) - 1 - AMOUNTS)), *(_yuan(fen) for fen in amounts))


def _yuan(fen: int | None) -> str:
    return "" if fen is None else format_yuan(fen)


def _csv(told: AccountText) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([HEADS, *told.moved, *told.pending, *told.sums])
    return text.getvalue()


def _aligned(lines: Sequence[Line], amounts: int = AMOUNTS) -> Iterator[str]:
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    for line in lines:
        words = [word.ljust(width) for word, width in zip(line[:-amounts], widths, strict=False)]
        figures = [word.rjust(width) for word, width in zip(line[-amounts:], widths[-amounts:], strict=True)]
        yield "  ".join([*words, *figures]).rstrip()


# --- all accounts of a year -------------------------------------------------------------------------------------------

COUNTERS = ("debits_posted", "credits_posted", "debits_pending", "credits_pending", "balance", "available")


@click.command("trial-balance")
@click.option("--programme", default=PROGRAMME, show_default=True)
@click.option("--year", type=int, required=True)
@FOLDER
def trial_balance(programme: str, year: int, folder: str) -> None:
    """All accounts of a year by kind, in yuan; exit 1 when they do not add up to 0, or pending does not agree."""
    with _books(folder) as client:
        found = client.call("voucher", "trial_balance", programme=programme, year=year)
    lines = [("kind", "accounts", *(name.replace("_", " ") for name in COUNTERS))]
    lines += [
        (one["kind"], str(one["count"]), *(format_yuan(one[f"{name}_fen"]) for name in COUNTERS))
        for one in found["accounts"]
    ]
    for line in _aligned(lines, amounts=len(COUNTERS) + 1):
        click.echo(line)
    click.echo(
        f"sum {format_yuan(found['sum_fen'])}  pending difference {format_yuan(found['pending_difference_fen'])}"
    )
    if found["sum_fen"] or found["pending_difference_fen"]:
        raise SystemExit(1)


# --- a year's end -----------------------------------------------------------------------------------------------------


@click.command("year-statement")
@click.option("--programme", default=PROGRAMME, show_default=True)
@click.option("--year", type=int, required=True)
@click.option("--region", help="Whose money it is, where several pay; else the programme's own.")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write to.")
@click.option("--sign", is_flag=True, help="Sign it as finance, once its year is closed.")
@FOLDER
def year_statement(programme: str, year: int, region: str | None, out: Path, sign: bool, folder: str) -> None:
    """A year's STATEMENT from the ledger alone: statement.json, statement.xlsx and statement.pdf.

    SHA-256 of statement.json is what is signed; signature.json then says by whom (`yunquan signature verify`).
    Exit code 2 when there is no such plan, or its year cannot be signed.
    """
    from services.voucher.year_paper import paper
    from services.voucher.year_sheets import workbook

    of = {"programme": programme, "year": year, **({"region": region} if region else {})}
    with _books(folder, role="finance" if sign else "auditor") as client:
        told = client.call("voucher", "year_statement", **of)
        if sign:
            client.call("voucher", "sign_year", **of, statement_sha256=told["sha256"])
            told = client.call("voucher", "year_statement", **of)
    pack = pack_on(programme, date(year, 12, 31))
    title = programme if pack is None else pack.title.zh
    parts = {"statement": told["statement"], "sha256": told["sha256"], "title": title}
    out.mkdir(parents=True, exist_ok=True)
    (out / "statement.json").write_text(canonical(told["statement"]), "utf-8")
    (out / "statement.xlsx").write_bytes(workbook(**parts))
    (out / "statement.pdf").write_bytes(paper(**parts, signatures=told["signatures"]))
    click.echo(f"{told['sha256']}  {out / 'statement.json'}")
    for one in told["signatures"]:
        if not one["superseded"]:
            (out / "signature.json").write_text(canonical(one["proof"]), "utf-8")
        state = "superseded" if one["superseded"] else "signed"
        click.echo(f"{state} {one['statement_sha256']} by {one['signed_by']} at {beijing(one['signed_at'])}")


commands: list[click.Command] = [statement, trial_balance, year_statement]
