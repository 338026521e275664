"""What the bank says: results of payments, and its statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.errors import Ok, Outcome, Refused
from contracts.programmes import Pack
from infra.db import UnitOfWork
from infra.messages import Command
from services.settlement import store, tables
from services.settlement.domain import payments as rules
from services.settlement.domain.bank import Booked, Known, compare
from services.settlement.domain.claims import Claim
from services.settlement.domain.payments import LOST, UNFINISHED, Batch, Payment
from services.settlement.domain.steps import Step, digest
from services.settlement.handlers import receivables
from services.settlement.handlers.desk import Desk, brief, foreign, missing, pack_of
from services.settlement.handlers.offsets import Offsets


def record_results(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The bank's return file: all of it takes effect, or none; references of others are told in the answer."""
    desk = Desk(uow)
    desk.batches.load(command.body["batch_id"] for command in commands)
    references = sorted({one["reference"] for command in commands for one in command.body["results"]})
    table = tables.payments
    desk.payments.load_where(table.c.batch_id.in_(sorted(desk.batches.rows)), table.c.reference.in_(references))
    desk.claims.load_where(tables.claims.c.payment_id.in_(sorted(desk.payments.rows)))
    work = _Results(desk, store.unfinished(uow.conn, desk.batches.rows))
    outcomes = [work.record(command) for command in commands]
    desk.save()
    work.offsets.save()
    store.unmark_live(uow.conn, work.lost)
    store.append(uow.conn, tables.results, work.rows)
    return outcomes


class _Results:
    """Folds the bank's words into payments, claims and batches."""

    def __init__(self, desk: Desk, unfinished: dict[str, int]) -> None:
        self.desk = desk
        self.unfinished = unfinished
        self.offsets = Offsets.of_payments(desk)
        self.members = desk.claims.grouped("payment_id")
        self.payment_of = {one.reference: one.payment_id for one in desk.payments.rows.values()}
        self.lost: set[str] = set()  # claims whose payment surely did not arrive, or came back
        self.rows: list[dict[str, Any]] = []

    def record(self, command: Command) -> Outcome:
        """One return file."""
        batch = self.desk.batches.get(command.body["batch_id"])
        if batch is None:
            return missing("batch_id")
        refused = foreign(command, batch.programme)
        if refused is not None:
            return refused
        if batch.status == "made":
            return Refused("WRONG_STATE", "batch_id", None, {"status": batch.status})
        found = self._steps(batch, command)
        if isinstance(found, Refused):
            return found
        steps, unmatched = found
        for step, moved in steps:
            self._take(step, moved, command)
        after = self._finish(batch, [pack_of(step.after) for step, _moved in steps], command)
        self.rows += [self._row(batch, one, command) for one in command.body["results"]]
        return Ok({**brief(after), "changed": len(steps), "unmatched": unmatched})

    def _steps(
        self, batch: Batch, command: Command
    ) -> tuple[list[tuple[Step[Payment], list[Step[Claim]]]], list[str]] | Refused:
        """All steps of the file, folded on copies; the first refusal refuses it whole."""
        payments: dict[str, Payment] = {}
        claims: dict[str, Claim] = {}
        steps: list[tuple[Step[Payment], list[Step[Claim]]]] = []
        unmatched: list[str] = []
        for line in command.body["results"]:
            payment = self._payment(batch, line["reference"])
            if payment is None:
                unmatched.append(line["reference"])
                continue
            payment = payments.get(payment.payment_id, payment)
            held = self.desk.claims.of(self.members.get(payment.payment_id, []))
            told = rules.result(
                payment=payment,
                status=line["status"],
                amount_fen=line["amount_fen"],
                on=line["at"],
                reason=line["reason"],
                members=[claims.get(claim.claim_id, claim) for claim in held],
                now=self.desk.uow.now,
                pack=pack_of(payment),
            )
            if isinstance(told, Refused):
                return told
            if told is not None:
                steps.append(told)
                payments[payment.payment_id] = told[0].after
                claims.update({step.after.claim_id: step.after for step in told[1]})
        return steps, unmatched

    def _payment(self, batch: Batch, reference: str) -> Payment | None:
        payment = self.desk.payments.get(self.payment_of.get(reference, ""))
        return payment if payment is not None and payment.batch_id == batch.batch_id else None

    def _take(self, step: Step[Payment], moved: list[Step[Claim]], command: Command) -> None:
        payment = step.after
        before = self.desk.payments.rows[payment.payment_id]
        self.unfinished[payment.batch_id] = (
            self.unfinished.get(payment.batch_id, 0) - (before.status in UNFINISHED) + (payment.status in UNFINISHED)
        )
        self.desk.payments.put(step, command)
        self.desk.claims.put_all(moved, command)
        self.offsets.follow(payment, command)
        if payment.status in LOST:
            self.lost |= set(payment.claims)

    def _finish(self, batch: Batch, followed: Sequence[Pack], command: Command) -> Batch:
        unfinished = self.unfinished.get(batch.batch_id, 0)
        step = rules.finish(batch=batch, unfinished=unfinished, pack=pack_of(batch), packs=followed)
        return self.desk.batches.put(step, command) if step else batch

    def _row(self, batch: Batch, line: Mapping[str, Any], command: Command) -> dict[str, Any]:
        payment = self._payment(batch, line["reference"])
        return {
            "batch_id": batch.batch_id,
            "reference": line["reference"],
            "status": line["status"],
            "amount_fen": line["amount_fen"],
            "result_on": line["at"],
            "reason": line["reason"],
            "payment_id": payment.payment_id if payment else None,
            "recorded_by": command.actor.subject,
            "recorded_at": self.desk.uow.now,
        }


def record_statements(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Lines of the bank's statement, compared with payments by reference and amount; they stand as recorded."""
    conn = uow.conn
    bodies = [command.body for command in commands]
    known = store.statement_hashes(conn, (body["statement_id"] for body in bodies))
    references = {line["reference"] for body in bodies for line in body["lines"]}
    payments = store.payments_by_reference(conn, references)
    booked = store.booked(conn, references)
    heads: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    outcomes: list[Outcome] = []
    desk = Desk(uow)
    repaid = receivables.match_credits(desk, _credits(commands, known))
    desk.save()
    for command in commands:
        body = command.body
        statement_id, content = body["statement_id"], digest(body["lines"])
        if known.get(statement_id, content) != content:
            outcomes.append(Refused("ALREADY_EXISTS", "statement_id"))
            continue
        if statement_id not in known:
            known[statement_id] = content
            heads.append(_statement_row(uow, command, content))
            lines += [{"statement_id": statement_id, "line": at, **line} for at, line in enumerate(body["lines"], 1)]
            for at, line in enumerate(body["lines"], 1):
                if (statement_id, at) not in repaid:
                    booked.setdefault(line["reference"], []).append(Booked(**line))
        outcomes.append(Ok(_compared(statement_id, body["lines"], payments, booked)))
    store.append(conn, tables.statements, heads)
    store.append(conn, tables.statement_lines, lines)
    return outcomes


def _credits(commands: Sequence[Command], known: Mapping[str, str]) -> list[receivables.Credit]:
    """Money that came in, of statements that are not on record."""
    new = {command.body["statement_id"]: command for command in commands if command.body["statement_id"] not in known}
    return [
        receivables.Credit(command, statement_id, at, line)
        for statement_id, command in new.items()
        for at, line in enumerate(command.body["lines"], 1)
        if line["direction"] == "credit"
    ]


def _statement_row(uow: UnitOfWork, command: Command, content: str) -> dict[str, Any]:
    return {
        "statement_id": command.body["statement_id"],
        "lines": len(command.body["lines"]),
        "content_hash": content,
        "recorded_by": command.actor.subject,
        "recorded_at": uow.now,
    }


def _compared(
    statement_id: str,
    lines: Sequence[Mapping[str, Any]],
    payments: Mapping[str, Known],
    booked: Mapping[str, list[Booked]],
) -> dict[str, Any]:
    """How many references agree, and the differences of those that do not."""
    references = list(dict.fromkeys(line["reference"] for line in lines))
    found = [
        {"code": one.code, "reference": reference, "amount_fen": one.amount_fen, "booked_fen": one.booked_fen}
        for reference in references
        if reference in booked
        for one in compare(known=payments.get(reference), booked=booked[reference], reference=reference)
    ]
    wrong = {one["reference"] for one in found}
    head = {"id": statement_id, "status": "recorded", "sequence": 1}
    return {**head, "lines": len(lines), "matched": len(references) - len(wrong), "differences": found}
