"""What the bank says of payments: one way in, whether it comes as a list or as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from contracts.errors import Ok, Outcome, Refused
from contracts.programmes import Pack
from infra.db import UnitOfWork
from infra.messages import Command
from services.settlement import bank_store, store, tables
from services.settlement.domain import payments as rules
from services.settlement.domain.bank import without_accounts
from services.settlement.domain.claims import Claim
from services.settlement.domain.payments import LOST, UNFINISHED, Batch, Payment
from services.settlement.domain.steps import Step
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
    heard = bank_store.recorded_results(uow.conn, list(desk.batches.rows), references)
    work = _Results(desk, store.unfinished(uow.conn, desk.batches.rows), heard)
    outcomes = [work.record(command) for command in commands]
    desk.save()
    work.offsets.save()
    store.unmark_live(uow.conn, work.lost)
    store.append(uow.conn, tables.results, work.rows)
    return outcomes


Word = tuple[str, str, str, int, date]  # batch, reference, status, fen, day


def _word(batch: Batch, line: Mapping[str, Any]) -> Word:
    return batch.batch_id, line["reference"], line["status"], line["amount_fen"], line["at"]


class _Results:
    """Folds the bank's words into payments, claims and batches."""

    def __init__(self, desk: Desk, unfinished: dict[str, int], heard: set[Word]) -> None:
        self.desk = desk
        self.unfinished = unfinished
        self.heard = heard
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
        self.heard |= {_word(batch, one) for one in command.body["results"]}
        return Ok({**brief(after), "changed": len(steps), "unmatched": unmatched})

    def _steps(
        self, batch: Batch, command: Command
    ) -> tuple[list[tuple[Step[Payment], list[Step[Claim]]]], list[str]] | Refused:
        """All steps of the file, folded on copies; the first refusal refuses it whole.

        What was heard before is no news, even after a later word.
        """
        payments: dict[str, Payment] = {}
        claims: dict[str, Claim] = {}
        steps: list[tuple[Step[Payment], list[Step[Claim]]]] = []
        unmatched: list[str] = []
        for line in command.body["results"]:
            payment = self._payment(batch, line["reference"])
            if payment is None:
                unmatched.append(line["reference"])
                continue
            if _word(batch, line) in self.heard:
                continue
            payment = payments.get(payment.payment_id, payment)
            held = self.desk.claims.of(self.members.get(payment.payment_id, []))
            told = rules.result(
                payment=payment,
                status=line["status"],
                amount_fen=line["amount_fen"],
                on=line["at"],
                reason=without_accounts(line["reason"]),
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
            "reason": without_accounts(line["reason"]),
            "payment_id": payment.payment_id if payment else None,
            "recorded_by": command.actor.subject,
            "recorded_at": self.desk.uow.now,
        }
