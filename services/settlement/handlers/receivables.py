"""Money that comes back: claimed by one person, owed by another's word, recovered, agreed in parts, or given up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from contracts.errors import Outcome, Refused
from contracts.programmes import Pack
from infra.db import UnitOfWork
from infra.messages import Command
from services.settlement import receivables_store as store
from services.settlement.domain import receivables as rules
from services.settlement.domain.claims import Claim
from services.settlement.domain.receivables import Debtor, Receivable
from services.settlement.domain.steps import Step, derived_id
from services.settlement.handlers.desk import Desk, done, foreign, missing, pack_of, pack_on, reviewer_of, same

NAMED = ("programme", "year", "party_id", "claim_id", "amount_fen", "ground", "due_on")
Act = Callable[[Receivable, Command], Step[Receivable] | Refused]


def claim_receivables(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """A payment was wrong, or a party that left owes for losses: waits for the second person."""
    desk = Desk(uow)
    bodies = [command.body for command in commands]
    desk.claims.load(body["claim_id"] for body in bodies if body["claim_id"] is not None)
    desk.receivables.load(body["receivable_id"] for body in bodies)
    parties = store.parties(uow.conn, {body["party_id"] for body in bodies})

    def one(command: Command) -> Outcome:
        body = command.body
        known = desk.receivables.get(body["receivable_id"])
        if known is not None:
            return same(known, **{name: body[name] for name in NAMED})
        about = _about(desk, command)
        if isinstance(about, Refused):
            return about
        claim, pack = about
        debtor = _debtor(claim, parties, body["party_id"], pack)
        step = debtor if isinstance(debtor, Refused) else rules.claim_back(
            receivable_id=body["receivable_id"],
            year=body["year"],
            claim=claim,
            debtor=debtor,
            amount_fen=body["amount_fen"],
            ground=body["ground"],
            reasons=tuple(body["reasons"]),
            due_on=body["due_on"],
            actor=reviewer_of(command),
            now=uow.now,
            today=uow.today,
            pack=pack,
        )  # fmt: skip
        if isinstance(step, Refused):
            return step
        desk.receivables.put(step, command, record=False)
        if claim is not None:  # the next of this batch sees it
            desk.claims.rows[claim.claim_id] = rules.recalled(claim, body["amount_fen"])
        return done(step, reference=step.after.reference)

    outcomes = [one(command) for command in commands]
    desk.save()
    store.recall(uow.conn, list(desk.claims.rows))
    return outcomes


def _about(desk: Desk, command: Command) -> tuple[Claim | None, Pack] | Refused:
    """The claim and its rules; without one the programme's rules of today."""
    body = command.body
    barred = foreign(command, body["programme"])
    if barred is not None:
        return barred
    if body["claim_id"] is None:
        pack = pack_on(desk.uow, body["programme"])
        return pack if isinstance(pack, Refused) else (None, pack)
    claim = desk.claims.get(body["claim_id"])
    if claim is None or claim.programme != body["programme"]:
        return missing("claim_id")
    return claim, pack_of(claim)


def _debtor(
    claim: Claim | None, parties: Mapping[tuple[str, str], tuple[str, str | None]], party_id: str, pack: Pack
) -> Debtor | Refused | None:
    if claim is not None:
        return rules.party_of(claim, party_id)
    kind, region = parties.get((party_id, pack.code), (None, None))
    if kind is None:
        return Refused("NOT_YET_KNOWN", "party_id")
    return Debtor(party_id=party_id, party_kind=kind, region=region or pack.home)


def decide_receivables(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Another person's word: it is owed, or what it reserved of its claim's money may be claimed back otherwise."""
    desk = Desk(uow)
    ids = [command.body["receivable_id"] for command in commands]
    desk.claims.load(store.claims_of(uow.conn, ids))
    outcomes = _each(desk, commands, lambda held, command: rules.decide_on(
        receivable=held,
        decision=command.body["decision"],
        reasons=tuple(command.body["reasons"] or ()),
        actor=reviewer_of(command),
        now=uow.now,
        today=uow.today,
        pack=pack_of(held),
    ))  # fmt: skip
    store.recall(uow.conn, list(desk.claims.rows))
    return outcomes


def agree_instalments(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """What is still owed comes back in parts, each by its day."""
    return _each(Desk(uow), commands, lambda held, command: rules.agree(
        receivable=held,
        instalments=command.body["instalments"],
        actor=reviewer_of(command),
        today=uow.today,
        pack=pack_of(held),
    ))  # fmt: skip


def write_off_receivables(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The first call asks for it, another person's same call does it."""
    desk = Desk(uow)
    reserved = _Reserved(desk)
    return _each(desk, commands, lambda held, command: rules.give_up(
        receivable=held,
        reasons=tuple(command.body["reasons"]),
        reserved_fen=reserved.of(held),
        actor=reviewer_of(command),
        pack=pack_of(held),
    ))  # fmt: skip


def _each(desk: Desk, commands: Sequence[Command], act: Act) -> list[Outcome]:
    """One step of each command's receivable, locked."""
    desk.receivables.load(command.body["receivable_id"] for command in commands)

    def one(command: Command) -> Outcome:
        held = desk.receivables.get(command.body["receivable_id"])
        if held is None:
            return missing("receivable_id")
        step = foreign(command, held.programme) or act(held, command)
        if isinstance(step, Refused):
            return step
        desk.receivables.put(step, command, record=False)
        return done(step)

    outcomes = [one(command) for command in commands]
    desk.save()
    return outcomes


class _Reserved:
    """What is being taken off payments, asked once, when the receivables are locked."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._found: Mapping[str, int] | None = None

    def of(self, receivable: Receivable) -> int:
        if self._found is None:
            self._found = store.reserved(self._desk.uow.conn, list(self._desk.receivables.rows))
        return self._found.get(receivable.receivable_id, 0)


# --- repayments -----------------------------------------------------------------------------------------------------


def record_repayments(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Money that came back, by the bank's reference: each once, whichever receivable it is for."""
    desk = Desk(uow)
    bodies = [command.body for command in commands]
    desk.receivables.load(body["receivable_id"] for body in bodies)
    till = _Till(desk)
    till.load(ids=[body["repayment_id"] for body in bodies], references=[body["reference"] for body in bodies])
    outcomes = [till.by_hand(command) for command in commands]
    desk.save()
    till.save()
    return outcomes


class Credit(NamedTuple):
    """A line of a new statement, the number it has there, and the command that brought it."""

    command: Command
    statement_id: str
    at: int
    line: Mapping[str, Any]


def match_credits(desk: Desk, credits_: Sequence[Credit]) -> set[tuple[str, int]]:
    """Credit lines whose reference is a receivable's are its repayments: the statements and numbers of those that were
    matched. Once a batch; the caller saves the desk.

    The n-th line of one reference, day and amount is the same money as the n-th repayment of these on record, by
    whatever statement or hand: what two statements both tell, and what was recorded before, counts once. Lines that the
    bank names by references of its own are counted over all statements, the others within theirs. What is more than is
    owed stays the statement's, as a difference.
    """
    if not credits_:
        return set()
    desk.receivables.load_where(store.by_reference(one.line["reference"] for one in credits_))
    till = _Till(desk)
    till.load()
    matched = {(one.statement_id, one.at) for one in credits_ if till.by_statement(one)}
    till.save()
    return matched


class _Till:
    """Takes repayments in: what is on record, and what this transaction adds."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.reserved = _Reserved(desk)
        self.new: list[dict[str, Any]] = []
        self.ids: dict[str, Mapping[str, Any]] = {}
        self.references: set[str] = set()
        self.by_reference: dict[str, Receivable] = {}
        self.shown: Counter[tuple[store.Like, str | None]] = Counter()
        self.by_hands: Counter[store.Like] = Counter()
        self.repaid: Counter[store.Like] = Counter()

    def load(self, *, ids: Sequence[str] = (), references: Sequence[str] = ()) -> None:
        conn = self.desk.uow.conn
        found = store.repayments(conn, ids=ids, references=references) if ids else []
        self.ids = {row["repayment_id"]: row for row in found}
        self.references = {row["reference"] for row in found}
        self.repaid, self.by_hands = store.repaid(conn, list(self.desk.receivables.rows))
        self.shown = store.shown(conn, list(self.desk.receivables.rows))
        self.by_reference = {one.reference: one for one in self.desk.receivables.rows.values()}

    def by_hand(self, command: Command) -> Outcome:
        """One command of finance."""
        body = command.body
        held = self.desk.receivables.get(body["receivable_id"])
        if held is None:
            return missing("receivable_id")
        barred = foreign(command, held.programme)
        if barred is not None:
            return barred
        known = self.ids.get(body["repayment_id"])
        if known is not None:
            names = ("receivable_id", "reference", "amount_fen", "received_on")
            content = {name: body[name] for name in names}
            return same(held) if content.items() <= known.items() else Refused("ALREADY_EXISTS", "repayment_id")
        like = held.receivable_id, body["received_on"], body["amount_fen"]
        if body["reference"] in self.references or self.by_hands[like] < self._told(like) <= self.repaid[like]:
            return Refused("REFERENCE_USED", "reference", None, {"reference": body["reference"]})
        given = {name: body[name] for name in ("amount_fen", "reference", "received_on")}
        step = self._repay(held, given, command)
        if isinstance(step, Refused):
            return step
        self._keep(step, body["repayment_id"], given, None, command)
        return done(step, open_fen=step.after.open_fen)

    def by_statement(self, credit: Credit) -> bool:
        """One credit line; whether it is a receivable's and is on record now."""
        line = credit.line
        held = self.by_reference.get(line["reference"])
        if held is None or foreign(credit.command, held.programme) is not None:
            return False
        held = self.desk.receivables.rows[held.receivable_id]
        like = held.receivable_id, line["booked_on"], line["amount_fen"]
        place = like, credit.statement_id if line["bank_reference"] is None else None
        self.shown[place] += 1
        if self.shown[place] <= self.repaid[like]:
            return True
        reference = f"{credit.statement_id}/{credit.at}"
        given = {"amount_fen": line["amount_fen"], "reference": reference, "received_on": line["booked_on"]}
        step = self._repay(held, given, credit.command)
        if isinstance(step, Refused):
            return False
        self._keep(step, derived_id("repayment", reference), given, credit.statement_id, credit.command)
        return True

    def _told(self, like: store.Like) -> int:
        """How many such credits the bank has told of."""
        return max((count for (one, _slip), count in self.shown.items() if one == like), default=0)

    def _repay(self, held: Receivable, given: Mapping[str, Any], command: Command) -> Step[Receivable] | Refused:
        return rules.repay(
            receivable=held,
            **given,
            reserved_fen=self.reserved.of(held),
            actor=reviewer_of(command),
            today=self.desk.uow.today,
            pack=pack_of(held),
        )

    def _keep(
        self,
        step: Step[Receivable],
        repayment_id: str,
        given: Mapping[str, Any],
        statement_id: str | None,
        command: Command,
    ) -> None:
        self.desk.receivables.put(step, command, record=statement_id is not None)
        row = {
            "repayment_id": repayment_id,
            "receivable_id": step.after.receivable_id,
            **given,
            "statement_id": statement_id,
            "recorded_by": command.actor.subject,
            "recorded_at": self.desk.uow.now,
        }
        self.ids[repayment_id] = row
        self.references.add(given["reference"])
        like = step.after.receivable_id, given["received_on"], given["amount_fen"]
        self.repaid[like] += 1
        self.by_hands[like] += statement_id is None
        self.new.append(row)

    def save(self) -> None:
        store.add_repayments(self.desk.uow.conn, self.new)
