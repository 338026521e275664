"""Plans: made by one office, configured by another and published at once, with what earlier years leave (第十五条)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from contracts.programmes import Pack
from infra.db import UnitOfWork
from infra.messages import Command
from services.voucher import books_store, store
from services.voucher.access import foreign
from services.voucher.domain import ledger, years
from services.voucher.domain import plans as domain
from services.voucher.domain.denominations import Denomination, PlanKey
from services.voucher.domain.law import articles, law, refuse
from services.voucher.domain.plans import Draft, Plan
from services.voucher.handlers.packs import Packs


def make_plans(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """One plan a programme, year and region, by the role of the pack's `issuing.plan`."""
    bodies = [command.body for command in commands]
    by_key = {
        plan.key: plan for plan in store.plans_of(uow.conn, {(body["programme"], body["year"]) for body in bodies})
    }
    by_id = store.plans_by_id(uow.conn, {body["plan_id"] for body in bodies})
    packs, made, outcomes = Packs(uow.today), list[Plan](), list[Outcome]()
    for command in commands:
        outcome = _make(uow, packs, command, by_key, by_id)
        if isinstance(outcome, Plan):
            made.append(outcome)
            by_key[outcome.key] = by_id[outcome.plan_id] = outcome
            outcome = Ok(_view(outcome))
        outcomes.append(outcome)
    kept = store.insert_plans(uow.conn, made)
    return [_made(uow, packs, one, made, kept, by_id) for one in zip(commands, outcomes, strict=True)]


def _make(
    uow: UnitOfWork,
    packs: Packs,
    command: Command,
    by_key: dict[PlanKey, Plan],
    by_id: dict[str, Plan],
) -> Plan | Outcome:
    body = command.body
    base = packs.get(body["programme"])
    if base is None:
        return Refused("PROGRAMME_UNKNOWN", "programme")
    draft = _draft(body, base.region)
    known = by_id.get(draft.plan_id)
    if known is not None:
        return Ok(_view(known)) if known.draft == draft else Refused("ALREADY_EXISTS", "plan_id")
    return domain.make(
        pack=packs.of(draft.programme, draft.region),
        home=base.region,
        draft=draft,
        existing=by_key.get((draft.programme, draft.year, draft.region)),
        made_by=command.actor.subject,
        roles=command.actor.roles,
        office=command.actor.region,
        now=uow.now,
        today=uow.today,
    )


def _draft(body: dict[str, Any], home: str) -> Draft:
    names = ("plan_id", "programme", "year", "budget_fen", "opens_on", "document")
    lists = {name: [dict(one) for one in body.get(name) or ()] for name in ("denominations", "funds")}
    return Draft(**{name: body[name] for name in names}, **lists, region=domain.region_of(body.get("region") or home))


def _made(
    uow: UnitOfWork,
    packs: Packs,
    one: tuple[Command, Outcome],
    made: Sequence[Plan],
    kept: set[str],
    by_id: dict[str, Plan],
) -> Outcome:
    """The outcome of a plan that was inserted, with its event; or of one that another replica was quicker with."""
    command, outcome = one
    plan = by_id.get(command.body["plan_id"])
    if isinstance(outcome, Refused) or plan is None or plan not in made:
        return outcome
    pack = packs.at(plan.pack_version)
    if plan.plan_id not in kept:
        return refuse(pack, "PLAN_EXISTS", "year", "issuing.plan", year=plan.year)
    rules = "issuing.plan", "amount.cap.of.all", "issuing.denominations", "budget", "budget.matching"
    return Ok(_view(plan), _tell(uow, pack, plan, "plan_made", articles(pack, *rules), command))


def configure_plans(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The budget is repeated; what was planned is published, takes in what earlier years left over, and makes up what
    they owe before anyone else can draw on it."""
    plans = store.plans_by_id(uow.conn, {command.body["plan_id"] for command in commands})
    packs, taking = Packs(uow.today), _TakingOver(uow, plans.values())
    outcomes, changed = list[Outcome](), dict[str, Plan]()
    for command in commands:
        plan = plans.get(command.body["plan_id"])
        if plan is None:
            outcomes.append(Refused("NOT_FOUND", "plan_id"))
            continue
        if (barred := foreign(command, plan.programme)) is not None:
            outcomes.append(barred)
            continue
        pack, actor = packs.at(plan.pack_version), command.actor
        budget_fen = command.body["budget_fen"]
        done = domain.configure(
            pack=pack,
            plan=plan,
            budget_fen=budget_fen,
            configured_by=actor.subject,
            roles=actor.roles,
            office=actor.region,
            today=uow.today,
        )
        if isinstance(done, Refused):
            outcomes.append(done)
            continue
        published = taking.publish(*done, command)
        plans[plan.plan_id] = changed[plan.plan_id] = published
        rules = ["issuing.configure", "issuing.publish"]
        rules += ["budget"] if published.carried_fen or published.made_up_fen else []
        rests_on = articles(pack, *rules)
        outcomes.append(Ok(_view(published), _tell(uow, pack, published, "plan_published", rests_on, command)))
    store.save_plans(uow.conn, changed.values())
    books_store.save_denominations(uow.conn, [one for plan in changed.values() for one in _vouchers(plan)])
    books_store.save_books(uow.conn, taking.books)
    return outcomes


class _TakingOver:
    """The books of plans that are being published and of the years before them."""

    def __init__(self, uow: UnitOfWork, plans: Iterable[Plan]) -> None:
        self.plans = [plan for plan in plans if plan.status == "made"]
        purses = {(plan.programme, plan.purse) for plan in self.plans}
        self.known = store.plans_of_purses(uow.conn, purses) if purses else []
        names = {name for plan in self.plans for name in (ledger.source(*_purse(plan)), plan.budget)}
        names |= {
            name for plan in self.plans for one in self.before(plan) for name in years.accounts_between(one, plan)
        }
        self.books = books_store.open_books(uow.conn, names, at=uow.now)

    def before(self, plan: Plan) -> list[Plan]:
        """Earlier plans of the same money that can leave something to this one."""
        same = (one for one in self.known if (one.programme, one.purse) == (plan.programme, plan.purse))
        return [one for one in same if one.year < plan.year and one.leaves]

    def publish(self, plan: Plan, money: ledger.Move, command: Command) -> Plan:
        """The plan with what it takes over; its budget comes first, and what is owed is moved out of it at once."""
        behind = [self._behind(one) for one in self.before(plan)]
        published, moves = years.taking_over(plan=plan, behind=behind)
        cause = command.key or ""
        self.books.move((money, *moves), subject=plan.plan_id, version=published.sequence, cause=cause)
        self.known = sorted([*self.known, published], key=lambda one: one.year)
        return published

    def _behind(self, plan: Plan) -> years.Behind:
        left_fen = self.books.available_fen(plan.budget) if plan.status == "closed" and plan.carries else 0
        return years.Behind(plan, left_fen, max(0, -self.books.available_fen(plan.deferred)))


def _purse(plan: Plan) -> tuple[str, int, str]:
    return plan.programme, plan.year, plan.purse


def _vouchers(plan: Plan) -> list[Denomination]:
    return [Denomination(*plan.key, one["denomination_fen"], one["count"], 0) for one in plan.denominations]


def _view(plan: Plan) -> dict[str, Any]:
    return {"id": plan.plan_id, "status": plan.status, "sequence": plan.sequence}


def _tell(uow: UnitOfWork, pack: Pack, plan: Plan, name: str, rests_on: tuple[str, ...], command: Command) -> Decision:
    facts = {"region": plan.region, "budget_fen": plan.budget_fen, "quota_fen": plan.quota_fen}
    facts |= {"carried_fen": plan.carried_fen, "made_up_fen": plan.made_up_fen, "opens_on": plan.opens_on.isoformat()}
    data = domain.state(plan, law(pack, rests_on, facts))
    uow.emit(f"voucher.{name}.v1", subject=plan.plan_id, sequence=plan.sequence, data=data, cause=command)
    return Decision(name, plan.plan_id, plan.programme, pack.label, rests_on, facts)
