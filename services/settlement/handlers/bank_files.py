"""Files from the bank: uploaded in parts, kept sealed, read whole or refused whole, and then taken as lists are."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any, TypeVar

from contracts.errors import Ok, Outcome, Refused
from contracts.programmes import Pack
from infra.clock import local_date
from infra.crypto import ring
from infra.db import UnitOfWork
from infra.messages import Command
from services.settlement import bank_store, store, tables
from services.settlement.bank_settings import payers
from services.settlement.domain.bank import Days, Report, Statement, contradictions, in_order
from services.settlement.domain.funds import pays
from services.settlement.domain.steps import digest
from services.settlement.formats import camt053, csv_, pain002
from services.settlement.formats.problems import Foreign, Malformed, Problems, malformed
from services.settlement.handlers.bank import record_results
from services.settlement.handlers.desk import foreign, pack_on
from services.settlement.handlers.statements import Given, record

T = TypeVar("T")
GIVEN_UP_AFTER = timedelta(days=1)
MOST = 500
RESULT_FILES: Mapping[str, Callable[[bytes, Days], Report]] = {"csv": csv_.read_results, "pain.002": pain002.read}
STATEMENT_FILES: Mapping[str, Callable[[bytes, Days], Statement]] = {
    "csv": csv_.read_statement,
    "camt.053": camt053.read,
}

Upload = tuple[str, str]


# --- parts ------------------------------------------------------------------------------------------------------------


@dataclass
class _Table:
    """What a batch of parts changes."""

    whole: dict[str, tuple[str, int]]
    under_way: dict[Upload, tuple[int, int]]
    parts: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)

    def drop(self, uow: UnitOfWork, upload: Upload) -> None:
        """It begins anew: what came of it, here and before, is thrown away."""
        self.parts = [one for one in self.parts if (one["sha256"], one["uploader"]) != upload]
        self.under_way.pop(upload, None)
        bank_store.forget(uow.conn, [upload])


def upload_bank_files(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The next part of a file; the last one makes it exist. FACT_INVALID (not base64, past the end, another size),
    CHUNK_OUT_OF_ORDER (facts: `expected` offset), DOCUMENT_CORRUPT when the digest differs: it begins again from 0."""
    table = _Table(
        whole=bank_store.whole_files(uow.conn, (command.body["sha256"] for command in commands)),
        under_way=bank_store.under_way(uow.conn, {_upload(command) for command in commands}),
    )
    outcomes = [_take(uow, table, command) for command in commands]
    store.append(uow.conn, tables.bank_file_parts, table.parts)
    store.append(uow.conn, tables.bank_files, table.files)
    return outcomes


def prune_bank_files(uow: UnitOfWork) -> int:
    """Uploads that nothing came for in a day are given up."""
    stale = bank_store.given_up(uow.conn, uow.now - GIVEN_UP_AFTER, MOST)
    bank_store.forget(uow.conn, stale)
    return len(stale)


def _take(uow: UnitOfWork, table: _Table, command: Command) -> Outcome:
    body, upload = command.body, _upload(command)
    if body["sha256"] in table.whole:
        return _progress(body["sha256"], body["size"], "stored")
    content = _decoded(body["content"])
    if isinstance(content, Refused):
        return content
    received, total = table.under_way.get(upload, (0, body["size"]))
    if body["offset"] == 0 and total != body["size"]:
        table.drop(uow, upload)
        received, total = 0, body["size"]
    if total != body["size"] or body["offset"] + len(content) > total:
        return Refused("FACT_INVALID", "size", None, {"size": total})
    if body["offset"] < received:  # it came before
        return _progress(body["sha256"], received, "receiving")
    if body["offset"] > received:
        return Refused("CHUNK_OUT_OF_ORDER", "offset", None, {"expected": received})
    table.parts.append(_part(uow, command, content))
    table.under_way[upload] = (received + len(content), total)
    if received + len(content) < total:
        return _progress(body["sha256"], received + len(content), "receiving")
    return _finish(uow, table, command)


def _finish(uow: UnitOfWork, table: _Table, command: Command) -> Outcome:
    upload, body = _upload(command), command.body
    mine = [one for one in table.parts if (one["sha256"], one["uploader"]) == upload]
    stored = bank_store.parts(uow.conn, *upload)
    if sha256(_opened([*stored, *mine])).hexdigest() != body["sha256"]:
        table.drop(uow, upload)
        return Refused("DOCUMENT_CORRUPT", "sha256", None, {"sha256": body["sha256"], "expected": 0})
    table.whole[body["sha256"]] = (upload[1], body["size"])
    table.files.append(
        {
            "sha256": body["sha256"],
            "uploader": upload[1],
            "size": body["size"],
            "uploaded_by": command.actor.subject,
            "uploaded_at": uow.now,
        }
    )
    return _progress(body["sha256"], body["size"], "stored")


def _part(uow: UnitOfWork, command: Command, content: bytes) -> dict[str, Any]:
    digest_, uploader = _upload(command)
    at = command.body["offset"]
    key_id, sealed = ring().seal(content, context=_context(digest_, uploader, at))
    return {
        "sha256": digest_,
        "uploader": uploader,
        "at_byte": at,
        "size": len(content),
        "total": command.body["size"],
        "key_id": key_id,
        "sealed": sealed,
        "uploaded_at": uow.now,
    }


def _opened(parts: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(
        ring().open(
            one["key_id"], bytes(one["sealed"]), context=_context(one["sha256"], one["uploader"], one["at_byte"])
        )
        for one in parts
    )


def _context(digest_: str, uploader: str, at: int) -> str:
    return f"bank_file:{digest_}:{uploader}:{at}"


def _upload(command: Command) -> Upload:
    """One a file and uploader: nobody can spoil what another is sending."""
    return command.body["sha256"], sha256(command.actor.scope.encode()).hexdigest()[:32]


def _decoded(text: str) -> bytes | Refused:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return Refused("FACT_INVALID", "content", None, {"encoding": "base64"})
    return content or Refused("FACT_INVALID", "content", None, {"bytes": 0})


def _progress(digest_: str, received: int, status: str) -> Ok:
    return Ok({"sha256": digest_, "received_bytes": received, "status": status})


# --- read -------------------------------------------------------------------------------------------------------------


def record_result_files(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Read whole, and then taken as `record_results` takes a list. FILE_INCOMPLETE, FILE_MALFORMED, FILE_FOREIGN."""
    amounts = bank_store.amounts_of(uow.conn, (command.body["batch_id"] for command in commands))
    read = _Reader(uow, commands)
    released = bank_store.release_days(uow.conn, (command.body["batch_id"] for command in commands))
    since = {batch_id: local_date(at) for batch_id, at in released.items()}
    reports = [_report(read, command, since.get(command.body["batch_id"], date.min)) for command in commands]
    good = [
        replace(command, body=_results(command, report, amounts.get(command.body["batch_id"], {})))
        for command, report in zip(commands, reports, strict=True)
        if isinstance(report, Report)
    ]
    recorded = iter(record_results(uow, good))
    outcomes: list[Outcome] = []
    for report in reports:
        if isinstance(report, Refused):
            outcomes.append(report)
            continue
        outcome = next(recorded)
        told = {"rows": len(report.rows), "pending": report.pending}
        outcomes.append(replace(outcome, result={**outcome.result, **told}) if isinstance(outcome, Ok) else outcome)
    return outcomes


def _report(read: _Reader, command: Command, since: date) -> Report | Refused:
    report = read(command, RESULT_FILES, Days(since=since, until=read.uow.today))
    if isinstance(report, Refused):
        return report
    if report.batch_id not in (None, command.body["batch_id"]):
        return Refused("FILE_FOREIGN", "sha256", None, {"batch_id": report.batch_id})
    problems = Problems()
    rows = in_order(report.rows)
    for one in contradictions(rows):
        problems.add(one.row, "CONTRADICTION", "another row says otherwise of this payment")
    if problems.total:
        return Refused("FILE_MALFORMED", "sha256", None, Malformed(problems.told, problems.total).facts)
    return replace(report, rows=tuple(rows))


def _results(command: Command, report: Report, amounts: Mapping[str, int]) -> dict[str, Any]:
    """As a list; an amount that the bank does not repeat is the one that was sent."""
    lines = [
        {
            "reference": one.reference,
            "amount_fen": amounts.get(one.reference, 0) if one.amount_fen is None else one.amount_fen,
            "status": one.status,
            "at": one.on,
            "reason": one.reason,
        }
        for one in report.rows
    ]
    if report.refused_on is not None:
        said = {"status": "failed", "at": report.refused_on, "reason": report.reason}
        lines = [{"reference": one, "amount_fen": amounts[one], **said} for one in sorted(amounts)]
    return {"batch_id": command.body["batch_id"], "results": lines}


def record_statement_files(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Read whole, and then taken as `record_statement` takes a list. FILE_INCOMPLETE, FILE_MALFORMED, FILE_FOREIGN,
    PROGRAMME_UNKNOWN, REGION_MISMATCH."""
    read = _Reader(uow, commands)
    return record(uow, [_given(read, command) for command in commands])


def _given(read: _Reader, command: Command) -> Given | Refused:
    programme = command.body["programme"]
    pack = pack_on(read.uow, programme)
    refused = pack if isinstance(pack, Refused) else foreign(command, programme)
    if refused is not None:
        return refused
    statement = read(command, STATEMENT_FILES, Days(until=read.uow.today))
    if isinstance(statement, Refused):
        return statement
    barred = _barred(statement, command, pack)
    if barred is not None:
        return barred
    lines = sorted(statement.entries, key=lambda one: (one.booked_on, one.reference, one.direction, one.amount_fen))
    key = digest([programme, statement.account, statement.own_id, [_shown(one) for one in lines]])
    return Given(command, programme, key, statement.entries)


def _barred(statement: Statement, command: Command, pack: Pack) -> Refused | None:
    """Where payers are set, a statement is of one of their accounts, and read by an office that pays from it."""
    ours = [one for one in payers() if one.programme == pack.code]
    if not ours:
        return None
    if statement.account is None:
        nobody_s = malformed("ACCOUNT_MISSING", "#account is needed where payers are set", row=1)
        return Refused("FILE_MALFORMED", "sha256", None, nobody_s.facts)
    regions = [one.region or pack.home for one in ours if one.account == statement.account]
    if not regions:
        return Refused("FILE_FOREIGN", "sha256", None, {"programme": pack.code})
    if not any(pays(command.actor.region, region) for region in regions):
        return Refused("REGION_MISMATCH", "sha256", None, {"region": regions[0]})
    return None


def _shown(one: Any) -> list[Any]:
    return [one.reference, one.amount_fen, one.booked_on, one.direction, one.bank_reference]


class _Reader:
    """Reads the files that commands name."""

    def __init__(self, uow: UnitOfWork, commands: Sequence[Command]) -> None:
        self.uow = uow
        self.whole = bank_store.whole_files(uow.conn, (command.body["sha256"] for command in commands))

    def __call__(self, command: Command, readers: Mapping[str, Callable[[bytes, Days], T]], days: Days) -> T | Refused:
        """What the file says, in its format, of these days alone."""
        digest_ = command.body["sha256"]
        if digest_ not in self.whole:
            return Refused("FILE_INCOMPLETE", "sha256")
        uploader, _size = self.whole[digest_]
        try:
            content = _opened(bank_store.parts(self.uow.conn, digest_, uploader))
            return readers[command.body["format"]](content, days)
        except Malformed as error:
            return Refused("FILE_MALFORMED", "sha256", None, error.facts)
        except Foreign as error:
            return Refused("FILE_FOREIGN", "sha256", None, error.facts)
