"""The line of applications for one budget: places, money set aside in turn, and what is given back (第六条)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from contracts.errors import Decision, Ok, Outcome
from infra.db import UnitOfWork
from infra.messages import Command
from services.voucher import books_store, store
from services.voucher.domain import applications as domain
from services.voucher.domain import ledger
from services.voucher.domain.applications import Application
from services.voucher.domain.denominations import PlanKey
from services.voucher.domain.law import law, refuse
from services.voucher.domain.plans import Plan
from services.voucher.handlers.packs import Packs

AT_ONCE = 500  # of a line, served in one transaction
EVENT_OF = {"approve": "quota_granted", "refuse": "application_refused", "withdraw": "application_withdrawn"}


class Line:
    """One batch's applications, under the locks of their plans: decided, served in turn, told, saved."""

    def __init__(self, uow: UnitOfWork, plans: Iterable[Plan], applications: Iterable[Application]) -> None:
        self.uow = uow
        self.packs = Packs(uow.today)
        self.plans = {plan.key: plan for plan in plans}
        self.applications = {one.application_id: one for one in applications}
        names = {name for one in self.applications.values() for name in one.accounts}
        names |= {plan.budget for plan in self.plans.values()}
        self.books = books_store.open_books(uow.conn, names, at=uow.now)
        self.new: dict[str, Command] = {}  # application id → the command that made it
        self._changed: set[str] = set()
        self._plans_changed: set[PlanKey] = set()

    def plan_of(self, application: Application) -> Plan:
        return self.plans[_key(application)]

    def free_fen(self, plan: Plan) -> int:
        return self.books.available_fen(plan.budget)

    def join(self, application: Application, command: Command) -> None:
        """A new application takes its place; its money is decided when the line is served."""
        key = _key(application)
        self.plans[key] = replace(self.plans[key], last_place=application.place)
        self._plans_changed.add(key)
        self.applications[application.application_id] = application
        self.new[application.application_id] = command

    def serve(self, plan: Plan) -> int:
        """Money that is free goes to whoever waits, new ones among them, in their turn; how many were served."""
        fresh = [one for one in self._new_of(plan) if one.status == "waiting"]
        free_fen = self.free_fen(plan)
        if free_fen <= 0:
            return 0
        line = store.waiting(self.uow.conn, plan, AT_ONCE + 1)
        line = [self.applications.setdefault(one.application_id, one) for one in line]
        line = [one for one in line if one.status == "waiting"]
        last = line[AT_ONCE].turn if len(line) > AT_ONCE else None  # beyond it others wait whom we have not seen
        turns = [one for one in (*line[:AT_ONCE], *fresh) if last is None or one.turn < last]
        chosen = list(domain.served(line=turns, free_fen=free_fen))
        quotas = [one.accounts[1] for one, _ in chosen if one.accounts[1] not in self.books.accounts]
        self.books.add(books_store.load_accounts(self.uow.conn, quotas))
        for application, amount_fen in chosen:
            self._reserve(application, amount_fen)
        return len(chosen)

    def passed(self, before: Application, after: Application) -> Outcome:
        """A stage that is not the last approved it: kept and recorded, and its version stays."""
        pack = self.packs.at(after.pack_version)
        self.applications[after.application_id] = after
        self._changed.add(after.application_id)
        turn = domain.turn_of(pack=pack, application=before)
        facts = {"stage": turn.role, "passed": after.passed, "amount_fen": after.amount_fen}
        name, label = "application_reviewed", pack.label
        return Ok(view(after), Decision(name, after.application_id, after.programme, label, (turn.article,), facts))

    def end(self, application: Application, action: str, command: Command) -> Outcome:
        """Approve, refuse or withdraw, with its event; WRONG_STATE."""
        pack = self.packs.at(application.pack_version)
        ended = domain.end(application=application, action=action, reasons=command.body.get("reasons") or ())
        if ended is None:
            rule = "reviews.application.0"
            return refuse(pack, "WRONG_STATE", "application_id", rule, status=application.status)
        after, moves = ended
        return Ok(view(after), self._ended(application, after, moves, action, command))

    def _ended(
        self,
        before: Application,
        after: Application,
        moves: Iterable[ledger.Move],
        action: str,
        command: Command | None,
    ) -> Decision:
        pack = self.packs.at(after.pack_version)
        self._change(after, moves, (command.key if command else None) or "line")
        facts = {"place": after.place, "was": before.status, "amount_fen": before.amount_fen}
        name, rests_on = EVENT_OF[action], domain.articles_of(pack, action)
        self._tell(after, name, rests_on, facts, command)
        return Decision(name, after.application_id, after.programme, pack.label, rests_on, facts)

    def received(self) -> dict[str, Outcome]:
        """Tell of each new application, in the order of their places, and answer it."""
        outcomes: dict[str, Outcome] = {}
        for application_id, command in self.new.items():
            application = self.applications[application_id]
            plan, pack = self.plan_of(application), self.packs.at(application.pack_version)
            rests_on = domain.articles_of(pack, "apply")
            facts = {
                "place": application.place,
                "requested_fen": application.requested_fen,
                "quota_fen": plan.quota_fen,
                "ceiling_fen": application.ceiling_fen,
                "reserved_fen": application.amount_fen,
                "budget_left_fen": self.free_fen(plan),
            }
            self._tell(application, "application_received", rests_on, facts, command)
            label = pack.label
            decision = Decision("apply_for_quota", application_id, application.programme, label, rests_on, facts)
            self._grant_at_once(application_id, command)
            outcomes[application_id] = Ok(view(self.applications[application_id]), decision)
        return outcomes

    def save(self) -> None:
        conn, changed = self.uow.conn, self._changed - self.new.keys()
        store.save_plans(conn, [self.plans[key] for key in sorted(self._plans_changed)])
        store.insert_applications(conn, [self.applications[one] for one in self.new])
        store.save_applications(conn, [self.applications[one] for one in changed])
        books_store.save_books(conn, self.books)

    def _new_of(self, plan: Plan) -> list[Application]:
        found = (self.applications[one] for one in self.new)
        return [one for one in found if _key(one) == plan.key]

    def _reserve(self, application: Application, amount_fen: int) -> None:
        command = self.new.get(application.application_id)
        after, move = domain.reserve(application=application, amount_fen=amount_fen, fresh=command is not None)
        self._change(after, (move,), (command.key if command else None) or "line")
        if command is None:
            pack = self.packs.at(after.pack_version)
            rests_on = domain.articles_of(pack, "reserve")
            facts = {"place": after.place, "reserved_fen": after.amount_fen}
            self._tell(after, "application_reserved", rests_on, facts, None)
            decision = Decision("reserve", after.application_id, after.programme, pack.label, rests_on, facts)
            self.uow.record(decision, actor=None)
            self._grant_at_once(after.application_id, None)

    def _grant_at_once(self, application_id: str, command: Command | None) -> None:
        """What is reserved is granted where the document asks for no review; told after it was told as reserved."""
        application = self.applications[application_id]
        if application.status != "reserved" or not domain.granted_at_once(self.packs.at(application.pack_version)):
            return
        ended = domain.end(application=application, action="approve")
        assert ended is not None
        decision = self._ended(application, *ended, "approve", command)
        self.uow.record(decision, actor=None if command is None else command.actor, cause=command)

    def _change(self, after: Application, moves: Iterable[ledger.Move], cause: str) -> None:
        self.books.move(moves, subject=after.application_id, version=after.sequence, cause=cause)
        self.applications[after.application_id] = after
        self._changed.add(after.application_id)

    def _tell(
        self,
        application: Application,
        name: str,
        rests_on: tuple[str, ...],
        facts: dict[str, Any],
        cause: Command | None,
    ) -> None:
        pack = self.packs.at(application.pack_version)
        self.uow.emit(
            f"voucher.{name}.v1",
            subject=application.application_id,
            sequence=application.sequence,
            data=domain.state(application, law(pack, rests_on, facts)),
            cause=cause,
        )


def _key(application: Application) -> PlanKey:
    return application.programme, application.year, application.plan_region


def view(application: Application) -> dict[str, Any]:
    """`ApplicationView` of the contract."""
    return {
        "id": application.application_id,
        "status": application.status,
        "sequence": application.sequence,
        "place": application.place,
        "reserved_fen": application.amount_fen,
    }


def serve_lines(uow: UnitOfWork) -> int:
    """Money that came free for more than one transaction serves, goes on to those who wait."""
    served = 0
    for plan in store.plans_with_a_line(uow.conn, uow.today.year, 10):
        line = Line(uow, (plan,), ())
        served += line.serve(plan)
        line.save()
        if served:
            break
    return served
