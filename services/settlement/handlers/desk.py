"""What a batch works on: aggregates loaded once, folded in memory, saved and told in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

from contracts.errors import Decision, Ok, Refused
from contracts.programmes import Pack
from infra import packs
from infra.calendar import calendar
from infra.db import UnitOfWork
from infra.messages import SYSTEM, Command, Event
from services.settlement import store
from services.settlement.access import reviewer
from services.settlement.domain import claims as claim_rules
from services.settlement.domain.claims import Claim
from services.settlement.domain.deadlines import deadline
from services.settlement.domain.disbursements import Disbursement
from services.settlement.domain.exits import WindDown
from services.settlement.domain.funds import of_others
from services.settlement.domain.law import law
from services.settlement.domain.leaves import Leave
from services.settlement.domain.nodes import Node
from services.settlement.domain.notices import Notice
from services.settlement.domain.objections import Objection
from services.settlement.domain.payments import Batch, Payment
from services.settlement.domain.questions import Question
from services.settlement.domain.receivables import Receivable
from services.settlement.domain.samples import Sample
from services.settlement.domain.stages import Reviewer
from services.settlement.domain.steps import Step

A = TypeVar("A", bound=Any)
Cause = Command | Event | None

# fields of each aggregate that its events carry; all are told without the people who filed, reviewed or decided
TOLD: dict[type[Any], tuple[str, ...]] = {
    Node: ("node_id", "programme", "year", "closes_at", "status", "claims"),
    Claim: (
        *("claim_id", "claim_version", "order_id", "provider_id", "enterprise_id", "filer_id", "payee_id"),
        *("payee_kind", "programme", "year", "region", "plan_region", "category", "track", "product_id", "order_fen"),
        *("claimed_fen", "deducted_fen", "disallowed_fen", "audited_fen", "payable_fen", "score", "price_fen"),
        *("invoice_number", "invoice_key"),
        *("invoice_fen", "invoice_on", "contract_sha256", "transfer_fen", "transfer_on", "usage_days", "usage_units"),
        *("payer_index", "payee_index", "refunded_fen"),
        *("filed_at", "node_id", "notice_id", "stage", "due_on", "status", "reasons"),
    ),
    Question: ("question_id", "claim_id", "programme", "text", "due_on", "status", "answer"),
    Notice: (
        *("notice_id", "programme", "from_on", "until_on", "working_days", "items", "content_hash"),
        *("pack_version", "key_id", "public_key", "signature", "outcomes", "status"),
    ),
    Objection: ("objection_id", "notice_id", "claim_id", "provider_id", "programme", "status", "reasons"),
    Disbursement: (
        *("disbursement_id", "provider_id", "programme", "year", "claims", "amount_fen"),
        *("frozen_hash", "status", "stage", "reasons"),
    ),
    Batch: ("batch_id", "programme", "year", "payments", "amount_fen", "frozen_hash", "status"),
    Payment: (
        *("payment_id", "batch_id", "payee_id", "payee_kind", "region", "programme", "year", "reference"),
        *("amount_fen", "offset_fen", "claims", "status", "reason"),
    ),
    Receivable: (
        *("receivable_id", "programme", "year", "plan_region", "party_kind", "party_id", "claim_id", "ground"),
        *("amount_fen", "recovered_fen", "offset_fen", "written_off_fen", "due_on", "instalments", "overdue_on"),
        *("reference", "status", "reasons"),
    ),
    WindDown: ("provider_id", "programme", "open", "settled", "voided", "status"),
    Leave: ("leave_id", "programme", "from_on", "until_on", "status"),
    Sample: (
        *("sample_id", "programme", "node_id", "size", "seed_hash", "seed", "population", "population_hash"),
        *("drawn", "error_fen", "rate", "reason", "status"),
    ),
}
WITHOUT_LAW = (Batch, Payment, Leave)


class Book(Generic[A]):
    """The aggregates of one kind that this transaction holds."""

    def __init__(self, uow: UnitOfWork, kind: type[A]) -> None:
        self.uow = uow
        self.kind = kind
        self.key = store.key_of(kind).name
        self.rows: dict[str, A] = {}
        self._new: set[str] = set()
        self._changed: set[str] = set()

    def load(self, ids: Iterable[str]) -> None:
        """Hold the aggregates of these ids, those that there are."""
        self.rows.update(store.load(self.uow.conn, self.kind, ids))

    def load_where(self, *where: sa.ColumnElement[bool], limit: int | None = None) -> None:
        """Hold the aggregates that meet all conditions."""
        self.rows.update(store.select(self.uow.conn, self.kind, *where, limit=limit))

    def get(self, key: str) -> A | None:
        """The aggregate as it stands in this batch."""
        return self.rows.get(key)

    def where(self, test: Callable[[A], bool]) -> list[A]:
        """Held aggregates that pass the test, by id."""
        return [self.rows[key] for key in sorted(self.rows) if test(self.rows[key])]

    def of(self, ids: Iterable[str]) -> list[A]:
        """The aggregates of these ids as they stand in this batch."""
        return [self.rows[key] for key in ids]

    def grouped(self, name: str) -> dict[str, list[str]]:
        """Ids of the held aggregates by the value of a field, those without one left out."""
        groups: dict[str, list[str]] = {}
        for key in sorted(self.rows):
            value = getattr(self.rows[key], name)
            if value is not None:
                groups.setdefault(value, []).append(key)
        return groups

    def put(self, step: Step[A], cause: Cause, *, record: bool = True, told: Mapping[str, Any] | None = None) -> A:
        """Take the step: fold it in, tell it, and keep its decision (unless the answer of the command carries it).

        `told`: what its event says, where that is not the aggregate.
        """
        after = step.after
        key = getattr(after, self.key)
        if key not in self.rows:
            self._new.add(key)
        elif key not in self._new:
            self._changed.add(key)
        self.rows[key] = after
        data = dict(told) if told is not None else {name: getattr(after, name) for name in TOLD[self.kind]}
        if told is None and self.kind not in WITHOUT_LAW:
            data["law"] = law(step.decision)
        type_ = f"settlement.{step.event}.v1"
        self.uow.emit(type_, subject=key, sequence=after.sequence, data=data, cause=cause)
        if record:
            keep(self.uow, step.decision, cause)
        return after

    def put_all(self, steps: Iterable[Step[A]], cause: Cause) -> None:
        """Take the steps that go along with another aggregate's."""
        for step in steps:
            self.put(step, cause)

    def changed(self) -> list[A]:
        """What was folded in, new and changed."""
        return [self.rows[key] for key in sorted(self._new | self._changed)]

    def save(self) -> None:
        """Two statements at most."""
        store.insert(self.uow.conn, self.kind, [self.rows[key] for key in sorted(self._new)])
        store.update(self.uow.conn, self.kind, [self.rows[key] for key in sorted(self._changed)])


class Desk:
    """All books of one transaction. Locks are taken in the order of `books`: claims, then receivables, last."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.leaves = Book(uow, Leave)
        self.nodes = Book(uow, Node)
        self.samples = Book(uow, Sample)
        self.notices = Book(uow, Notice)
        self.batches = Book(uow, Batch)
        self.payments = Book(uow, Payment)
        self.disbursements = Book(uow, Disbursement)
        self.questions = Book(uow, Question)
        self.objections = Book(uow, Objection)
        self.claims = Book(uow, Claim)
        self.receivables = Book(uow, Receivable)
        self.books: tuple[Book[Any], ...] = (
            *(self.leaves, self.nodes, self.samples, self.notices, self.batches, self.payments, self.disbursements),
            *(self.questions, self.objections, self.claims, self.receivables),
        )

    def save(self) -> None:
        """Save all books; a claim that ended sets its invoice free."""
        for book in self.books:
            book.save()
        ended = [claim.claim_id for claim in self.claims.changed() if claim.status in claim_rules.ENDED]
        store.free_invoices(self.uow.conn, ended)


def keep(uow: UnitOfWork, decision: Decision, cause: Cause) -> None:
    """Keep a decision that no command's answer carries, by whom it was caused."""
    uow.record(decision, actor=cause.actor if isinstance(cause, Command) else SYSTEM, cause=cause)


def ignored(uow: UnitOfWork, subject: str, event: Event, **facts: Any) -> None:
    """Keep that an event asked for a transition that is not in the table."""
    decision = Decision("ignored", subject, None, None, (), {"event": event.type, "event_id": event.id, **facts})
    uow.record(decision, actor=SYSTEM, cause=event)


def done(step: Step[Any], **more: Any) -> Ok:
    """The answer to a command whose aggregate took the step."""
    return Ok({**brief(step.after), **more}, step.decision)


def brief(aggregate: Any) -> dict[str, Any]:
    """Id, status and sequence: what every command answers at least."""
    key = store.key_of(type(aggregate)).name
    return {"id": getattr(aggregate, key), "status": aggregate.status, "sequence": aggregate.sequence}


def same(aggregate: Any, **fields: Any) -> Ok | Refused:
    """A command made an id that there is: the same content is answered as it stands, another is ALREADY_EXISTS."""
    if any(getattr(aggregate, name) != value for name, value in fields.items()):
        return Refused("ALREADY_EXISTS", store.key_of(type(aggregate)).name, None, {"status": aggregate.status})
    return Ok(brief(aggregate))


def pack_on(uow: UnitOfWork, programme: str, region: str | None = None) -> Pack | Refused:
    """The rules of the programme (of an office's region) in effect today; PROGRAMME_UNKNOWN."""
    pack = packs.pack_on(programme, uow.today, region)
    return pack or Refused("PROGRAMME_UNKNOWN", "programme", None, {"programme": programme})


def pack_of(aggregate: Any) -> Pack:
    """The rules that the aggregate was begun under: what was decided under the old ones stays."""
    return packs.pack_at(aggregate.pack_version)


def packs_now(uow: UnitOfWork, labels: Iterable[str]) -> dict[str, Pack]:
    """By the label of the rules that something was begun under, those in effect today for the same region: a
    locality's own where it has them, else the programme's.
    """
    begun = {label: packs.pack_at(label) for label in set(labels)}
    return {label: packs.pack_on(own.code, uow.today, own.region) or own for label, own in begun.items()}


def reviewer_of(command: Command) -> Reviewer:
    """Who decides, as the token says."""
    return reviewer(command.actor)


def last_day(uow: UnitOfWork, pack: Pack) -> date | Refused | None:
    """Until when a stage that a claim comes to today is to decide it; CALENDAR_UNKNOWN, None where no rule says."""
    rule = deadline(pack)
    return None if rule is None else calendar().add_working_days(uow.today, rule.working_days)


def foreign(command: Command, programme: str) -> Refused | None:
    """PROGRAMME_MISMATCH when the token is for another programme than the record's."""
    mine = command.actor.programme
    return (
        Refused("PROGRAMME_MISMATCH", None, None, {"programme": programme}) if mine not in (None, programme) else None
    )


def another_office(command: Command, funds: Iterable[str], field: str, pack: Pack) -> Refused | None:
    """REGION_MISMATCH when the token's region holds not all of these funds."""
    return of_others(office=command.actor.region, funds=funds, field=field, pack=pack)


def missing(field: str) -> Refused:
    """NOT_FOUND by the field that names it."""
    return Refused("NOT_FOUND", field)
