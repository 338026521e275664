"""Plans: made, configured and published, and closed when their year is over (第十五条、第十六条)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from contracts.programmes import Pack
from infra.clock import local_date
from infra.db import UnitOfWork
from infra.messages import Command
from services.voucher import store
from services.voucher.access import foreign
from services.voucher.domain import applications as lapsing
from services.voucher.domain import ledger
from services.voucher.domain import plans as domain
from services.voucher.domain.applications import Application
from services.voucher.domain.law import articles, law, refuse
from services.voucher.domain.plans import Plan
from services.voucher.handlers.packs import Packs

AT_ONCE = 500  # applications that lapse in one transaction
# A transaction reads the clock before it waits for its locks. This is longer than one may wait and run, with what the
# clocks of two replicas may differ by: when it is over, nobody who began last year can still give back to a quota.
GRACE = timedelta(minutes=5)


def make_plans(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The bureau's plan; one a programme and year."""
    bodies = [command.body for command in commands]
    by_key = store.plans_of(uow.conn, {(body["programme"], body["year"]) for body in bodies})
    by_id = store.plans_by_id(uow.conn, {body["plan_id"] for body in bodies})
    packs, made, outcomes = Packs(uow.today), list[Plan](), list[Outcome]()
    for command in commands:
        outcome = _make(uow, packs, command, by_key, by_id)
        if isinstance(outcome, Plan):
            made.append(outcome)
            by_key[outcome.programme, outcome.year] = by_id[outcome.plan_id] = outcome
            outcome = Ok(_view(outcome))
        outcomes.append(outcome)
    kept = store.insert_plans(uow.conn, made)
    return [_made(uow, packs, one, made, kept, by_id) for one in zip(commands, outcomes, strict=True)]


def _make(
    uow: UnitOfWork,
    packs: Packs,
    command: Command,
    by_key: dict[tuple[str, int], Plan],
    by_id: dict[str, Plan],
) -> Plan | Outcome:
    body = command.body
    known = by_id.get(body["plan_id"])
    if known is not None:
        names = "programme", "year", "budget_fen", "opens_on", "document"
        same = all(getattr(known, name) == body[name] for name in names)
        return Ok(_view(known)) if same else Refused("ALREADY_EXISTS", "plan_id")
    pack = packs.get(body["programme"])
    if pack is None:
        return Refused("PROGRAMME_UNKNOWN", "programme")
    return domain.make(
        pack=pack,
        plan_id=body["plan_id"],
        year=body["year"],
        budget_fen=body["budget_fen"],
        opens_on=body["opens_on"],
        document=body["document"],
        existing=by_key.get((body["programme"], body["year"])),
        made_by=command.actor.subject,
        now=uow.now,
        today=uow.today,
    )


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
    pack = packs.of(plan.programme)
    if plan.plan_id not in kept:
        return refuse(pack, "PLAN_EXISTS", "year", "issuing.plan", year=plan.year)
    rests_on = articles(pack, "issuing.plan", "amount.cap.of.all", "budget")
    return Ok(_view(plan), _tell(uow, pack, plan, "plan_made", rests_on, command))


def configure_plans(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The operator repeats the budget; what was planned is then published, and its money can be applied for."""
    plans = store.plans_by_id(uow.conn, {command.body["plan_id"] for command in commands})
    names = {name(plan.programme, plan.year) for plan in plans.values() for name in (ledger.source, ledger.budget)}
    books, packs = store.open_books(uow.conn, names, at=uow.now), Packs(uow.today)
    outcomes, changed = list[Outcome](), dict[str, Plan]()
    for command in commands:
        plan = plans.get(command.body["plan_id"])
        if plan is None:
            outcomes.append(Refused("NOT_FOUND", "plan_id"))
            continue
        if (barred := foreign(command, plan.programme)) is not None:
            outcomes.append(barred)
            continue
        pack, by = packs.of(plan.programme), command.actor.subject
        done = domain.configure(pack=pack, plan=plan, budget_fen=command.body["budget_fen"], configured_by=by)
        if isinstance(done, Refused):
            outcomes.append(done)
            continue
        published, moves = done
        plans[plan.plan_id] = changed[plan.plan_id] = published
        books.move(moves, subject=plan.plan_id, version=published.sequence, cause=command.key or "")
        rests_on = articles(pack, "issuing.configure", "issuing.publish")
        outcomes.append(Ok(_view(published), _tell(uow, pack, published, "plan_published", rests_on, command)))
    store.save_plans(uow.conn, changed.values())
    store.save_books(uow.conn, books)
    return outcomes


def _view(plan: Plan) -> dict[str, Any]:
    return {"id": plan.plan_id, "status": plan.status, "sequence": plan.sequence}


def _tell(uow: UnitOfWork, pack: Pack, plan: Plan, name: str, rests_on: tuple[str, ...], command: Command) -> Decision:
    facts = {"budget_fen": plan.budget_fen, "quota_fen": plan.quota_fen, "opens_on": plan.opens_on.isoformat()}
    data = domain.state(plan, law(pack, rests_on, facts))
    uow.emit(f"voucher.{name}.v1", subject=plan.plan_id, sequence=plan.sequence, data=data, cause=command)
    return Decision(name, plan.plan_id, plan.programme, pack.label, rests_on, facts)


# --- the end of a year ------------------------------------------------------------------------------------------------


def close_years(uow: UnitOfWork) -> int:
    """第十六条: of a plan whose year is over, quotas lapse first, some at a time, then the plan is closed.

    An enterprise's unspent money lapses once, shared out over its applications, the newest first. What stands in a
    quota that had lapsed before lapses as well: nothing is left behind in a closed plan.
    """
    for plan in store.plans_over(uow.conn, local_date(uow.now - GRACE).year, 1):
        due = store.unsettled(uow.conn, plan, AT_ONCE) or store.lapsed_too_early(uow.conn, plan, AT_ONCE)
        return _lapse(uow, plan, due) if due else _close(uow, plan)
    return 0


def _lapse(uow: UnitOfWork, plan: Plan, due: Sequence[Application]) -> int:
    lapsed = ledger.lapsed(plan.programme, plan.year)
    books = store.open_books(uow.conn, {lapsed, *(name for one in due for name in one.accounts)}, at=uow.now)
    pack, changed = Packs(uow.today).of(plan.programme), list[Application]()
    rests_on = lapsing.articles_of(pack, "lapse")
    for application in due:
        unspent_fen = books.available_fen(application.accounts[1])
        after, moves = lapsing.lapse(application=application, unspent_fen=unspent_fen)
        changed.append(after)
        books.move(moves, subject=after.application_id, version=after.sequence, cause="due:close_years")
        if after.sequence == application.sequence:
            continue
        facts = {"granted_fen": after.amount_fen, "lapsed_fen": after.lapsed_fen, "was": application.status}
        data = lapsing.state(after, law(pack, rests_on, facts))
        uow.emit(
            "voucher.quota_lapsed.v1", subject=after.application_id, sequence=after.sequence, data=data, cause=None
        )
        decision = Decision("quota_lapsed", after.application_id, after.programme, pack.label, rests_on, facts)
        uow.record(decision, actor=None)
    store.save_applications(uow.conn, changed)
    store.save_books(uow.conn, books)
    return len(changed)


def _close(uow: UnitOfWork, plan: Plan) -> int:
    budget, lapsed = ledger.budget(plan.programme, plan.year), ledger.lapsed(plan.programme, plan.year)
    books = store.open_books(uow.conn, (budget, lapsed), at=uow.now)
    free_fen = books.available_fen(budget)
    total_fen = books.account(lapsed).balance_fen + free_fen
    closed, moves = domain.close(plan=plan, free_fen=free_fen, lapsed_fen=total_fen)
    books.move(moves, subject=plan.plan_id, version=closed.sequence, cause="due:close_years")
    store.save_plans(uow.conn, [closed])
    store.save_books(uow.conn, books)
    data = {
        "plan_id": plan.plan_id,
        "programme": plan.programme,
        "year": plan.year,
        "lapsed_fen": total_fen,
        "balances": store.balances(uow.conn, plan.programme, plan.year),
    }
    uow.emit("voucher.year_closed.v1", subject=plan.plan_id, sequence=closed.sequence, data=data, cause=None)
    pack = Packs(uow.today).of(plan.programme)
    facts = {"lapsed_fen": total_fen, "unapplied_fen": free_fen}
    rests_on = articles(pack, "budget", "issuing.validity")
    uow.record(Decision("year_closed", plan.plan_id, plan.programme, pack.label, rests_on, facts), actor=None)
    return 1
