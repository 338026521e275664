"""Payments on which the bank has not spoken: asked about, unknown after some days, never paid again before it has."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from contracts.errors import Ok, Outcome, Refused
from infra import metrics
from infra.calendar import calendar
from infra.clock import day_begins, local_date
from infra.db import UnitOfWork
from infra.db_insert import insert_many
from infra.messages import Command
from services.settlement import bank_store, store, tables
from services.settlement.bank_settings import result_days
from services.settlement.domain import payments as rules
from services.settlement.domain.payments import Batch, Payment
from services.settlement.formats.csv_ import write_enquiry
from services.settlement.handlers.desk import Desk, another_office, brief, foreign, missing, pack_of

MOST = 500
LONGEST_LOOK = 200  # days back; no holiday is so long
OPEN = ("sent", "unknown")
EVERY_S = 15.0
_watched_at = -EVERY_S


def enquire_payments(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The payments of a batch without a last word: unknown from now on, and listed in a file for the bank."""
    desk = Desk(uow)
    made = dict(bank_store.enquiries(uow.conn, (command.body["enquiry_id"] for command in commands)))
    desk.batches.load(command.body["batch_id"] for command in commands)
    table = tables.payments
    before = {payment_id for one in made.values() for payment_id in one["asked"]}
    open_ = table.c.batch_id.in_(sorted(desk.batches.rows)) & table.c.status.in_(OPEN)
    desk.payments.load_where(open_ | table.c.payment_id.in_(sorted(before)))
    rows: list[dict[str, Any]] = []
    funds = store.funds_of(uow.conn, desk.batches.rows)
    outcomes = [_enquire(desk, made, funds, rows, command) for command in commands]
    desk.save()
    insert_many(uow.conn, tables.enquiries, rows)
    return outcomes


def _enquire(
    desk: Desk, made: dict[str, Any], funds: Mapping[str, set[str]], rows: list[dict[str, Any]], command: Command
) -> Outcome:
    enquiry_id, batch = command.body["enquiry_id"], desk.batches.get(command.body["batch_id"])
    if batch is None:
        return missing("batch_id")
    refused = foreign(command, batch.programme) or another_office(
        command, funds.get(batch.batch_id, ()), "batch_id", pack_of(batch)
    )
    if refused is not None:
        return refused
    if enquiry_id in made:
        if made[enquiry_id]["batch_id"] != batch.batch_id:
            return Refused("ALREADY_EXISTS", "enquiry_id")
        return _answer(enquiry_id, batch, desk.payments.of(made[enquiry_id]["asked"]))
    asked = desk.payments.where(lambda one: one.batch_id == batch.batch_id and one.status in OPEN)
    step = rules.enquire(batch=batch, asked=asked, enquiry_id=enquiry_id, pack=pack_of(batch))
    if isinstance(step, Refused):
        return step
    for payment in asked:
        if payment.status == "sent":
            _give_up(desk, payment, command, enquiry_id=enquiry_id)
    after = desk.batches.put(step, command, record=False)
    row = {
        "enquiry_id": enquiry_id,
        "batch_id": batch.batch_id,
        "asked": [one.payment_id for one in asked],
        "asked_by": command.actor.subject,
        "asked_at": desk.uow.now,
    }
    rows.append(row)
    made[enquiry_id] = row
    answer = _answer(enquiry_id, after, desk.payments.of(row["asked"]))
    return Ok(answer.result, step.decision)


def _give_up(desk: Desk, payment: Payment, command: Command | None, **facts: Any) -> None:
    step = rules.unanswered(payment=payment, today=desk.uow.today, pack=pack_of(payment), **facts)
    desk.payments.put(step, command)


def _answer(enquiry_id: str, batch: Batch, asked: Sequence[Payment]) -> Ok:
    released_on = local_date(batch.released_at).isoformat() if batch.released_at else ""
    content = write_enquiry([(one.reference, one.amount_fen, one.status, released_on) for one in asked])
    listed = [{"reference": one.reference, "amount_fen": one.amount_fen, "status": one.status} for one in asked]
    file: Mapping[str, Any] = {
        "name": f"enquiry-{enquiry_id}.csv",
        "content": base64.b64encode(content).decode("ascii"),
        "bytes": len(content),
        "sha256": sha256(content).hexdigest(),
    }
    told = {"batch_id": batch.batch_id, "payments": listed, "amount_fen": sum(one.amount_fen for one in asked)}
    return Ok({**brief(batch), "id": enquiry_id, **told, **file})


def silent_payments(uow: UnitOfWork) -> int:
    """The bank has not spoken on what was released more than so many working days ago: its outcome is unknown."""
    moment = _released_before(uow.today, result_days())
    if moment is None:
        return 0
    desk = Desk(uow)
    desk.payments.load_where(tables.payments.c.status == "sent", bank_store.released_before(moment), limit=MOST)
    silent = list(desk.payments.rows.values())
    released = bank_store.release_days(uow.conn, {payment.batch_id for payment in silent})
    for payment in silent:
        released_on = local_date(released[payment.batch_id]).isoformat()
        _give_up(desk, payment, None, released_on=released_on, working_days=result_days())
    desk.save()
    return len(silent)


@lru_cache(maxsize=8)
def _released_before(today: date, days: int) -> datetime | None:
    """What was released before this moment has had its working days; None where nobody has stated these."""
    for back in range(1, LONGEST_LOOK):
        released_on = today - timedelta(days=back)
        due_on = calendar().add_working_days(released_on, days)
        if isinstance(due_on, Refused):
            return None
        if due_on < today:
            return day_begins(released_on + timedelta(days=1))
    return None


def watch_unknown(uow: UnitOfWork) -> int:
    """Sets how long the oldest payment of unknown outcome waits, by programme; does nothing else."""
    global _watched_at  # noqa: PLW0603 - when this process last looked
    if time.monotonic() - _watched_at < EVERY_S:
        return 0
    _watched_at = time.monotonic()
    metrics.UNKNOWN.clear()
    for programme, since in bank_store.unknown_since(uow.conn):
        metrics.UNKNOWN.labels(programme).set((uow.now - since).total_seconds())
    return 0
