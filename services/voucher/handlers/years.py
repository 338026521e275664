"""The end of a year, and what goes on after it: money lapses or is carried over, promises are made up (第十六条)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from contracts.errors import Decision
from infra.clock import local_date
from infra.db import UnitOfWork
from services.voucher import books_store, store
from services.voucher.domain import applications as lapsing
from services.voucher.domain import ledger, years
from services.voucher.domain.applications import Application
from services.voucher.domain.law import articles, law
from services.voucher.domain.plans import Plan
from services.voucher.handlers.packs import Packs
from services.voucher.handlers.steps import Steps

AT_ONCE = 500  # applications that lapse, or orders that are covered, in one transaction
# A transaction reads the clock before it waits for its locks. This is longer than one may wait and run, with what the
# clocks of two replicas may differ by: when it is over, nobody who began last year can still give back to a quota.
GRACE = timedelta(minutes=5)


# --- promises beyond the budget ---------------------------------------------------------------------------------------


def settle_shortfalls(uow: UnitOfWork) -> int:
    """What a plan owes is made up as soon as its own budget, or a later one's, has money again, oldest first; what it
    no longer owes, because a promise came to less, goes back to its budget (内蒙古 一(二))."""
    for plan in books_store.plans_to_settle(uow.conn, 1):
        return _settle(uow, plan)
    return 0


def _settle(uow: UnitOfWork, plan: Plan) -> int:
    later = [one for one in _of_purse(uow, plan) if one.year > plan.year]
    names = {name for by in (plan, *later) for name in years.accounts_between(plan, by)}
    books = books_store.open_books(uow.conn, names, at=uow.now)
    owed_fen = -books.available_fen(plan.deferred)
    moves: tuple[ledger.Move, ...] = ()
    if owed_fen < 0:
        moves = (ledger.Move("posted", plan.deferred, plan.budget, -owed_fen, "shortfall_no_more"),)
    for by in (plan, *later):
        part_fen = min(owed_fen, books.available_fen(by.budget))
        if part_fen > 0:
            moves += years.covering(plan=plan, by=by, amount_fen=part_fen)
            owed_fen -= part_fen
    _moved(uow, plan, books, moves, "shortfall_settled", {"owed_fen": max(0, owed_fen)})
    return 1 if moves else 0


def cover_orders(uow: UnitOfWork) -> int:
    """Orders that wait for money are covered with what has been made up, in the order in which they were placed."""
    for key in books_store.coverable(uow.conn):
        covered = _cover(uow, key)
        if covered:
            return covered
    return 0


def _cover(uow: UnitOfWork, key: books_store.PurseKey) -> int:
    plan = store.plan_for_update(uow.conn, key)  # one at a time covers the orders of a plan
    assert plan is not None
    first = books_store.uncovered(uow.conn, key, AT_ONCE).order_ids
    steps = Steps(uow, store.orders_by_id(uow.conn, first).values(), {plan.deferred})
    promised = books_store.uncovered(uow.conn, key, 0)  # again: now under the lock of the account
    money_fen = steps.books.available_fen(plan.deferred) + promised.uncovered_fen
    covered = 0
    for order_id in first:
        order = steps.orders[order_id]
        if not order.deferred_fen:
            continue  # it ended, or another was quicker
        if order.deferred_fen > money_fen:
            break
        money_fen -= order.deferred_fen
        steps.follow(order_id, "cover", None, deferred_fen=0)
        covered += 1
    steps.save()
    return covered


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


def sweep_years(uow: UnitOfWork) -> int:
    """What comes back to a plan after it was closed lapses, or is carried over, as what was left when it closed."""
    for plan in books_store.plans_to_sweep(uow.conn, 1):
        following = _following(uow, plan)
        books = _books_between(uow, plan, following)
        amount_fen = books.available_fen(plan.budget)
        moves = years.ended(plan=plan, amount_fen=amount_fen, following=following)
        lapsed_fen = 0 if plan.carries else amount_fen
        after = replace(plan, lapsed_fen=plan.lapsed_fen + lapsed_fen)
        _moved(uow, after, books, moves, "year_swept", {"amount_fen": amount_fen, "lapsed_fen": lapsed_fen})
        return 1 if moves else 0
    return 0


def _lapse(uow: UnitOfWork, plan: Plan, due: Sequence[Application]) -> int:
    to = plan.budget if plan.carries else plan.lapsed
    books = books_store.open_books(uow.conn, {to, *(name for one in due for name in one.accounts)}, at=uow.now)
    packs, changed = Packs(uow.today), list[Application]()
    for application in due:
        pack = packs.at(application.pack_version)
        rests_on = lapsing.articles_of(pack, "lapse")
        unspent_fen = books.available_fen(application.accounts[1])
        after, moves = lapsing.lapse(application=application, unspent_fen=unspent_fen, to=to)
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
    books_store.save_books(uow.conn, books)
    return len(changed)


def _close(uow: UnitOfWork, plan: Plan) -> int:
    following = _following(uow, plan)
    books = _books_between(uow, plan, following)
    free_fen, owed_fen = books.available_fen(plan.budget), _owed_fen(books, plan)
    gone_fen = books.accounts[plan.lapsed].balance_fen if plan.lapsed in books.accounts else 0
    done = years.close(plan=plan, free_fen=free_fen, owed_fen=owed_fen, lapsed_fen=gone_fen, following=following)
    closed, pack = done.plan, Packs(uow.today).at(plan.pack_version)
    books.move(done.moves, subject=plan.plan_id, version=closed.sequence, cause="due:close_years")
    store.save_plans(uow.conn, [closed])
    books_store.save_books(uow.conn, books)
    figures = {
        "lapsed_fen": closed.lapsed_fen,
        "carried_fen": done.left_fen if plan.carries else 0,
        "deferred_fen": owed_fen - done.covered_fen,
    }
    data = {
        "plan_id": plan.plan_id,
        "programme": plan.programme,
        "year": plan.year,
        "region": plan.region,
        **figures,
        "balances": books_store.balances(uow.conn, plan),
    }
    uow.emit("voucher.year_closed.v1", subject=plan.plan_id, sequence=closed.sequence, data=data, cause=None)
    rests_on, facts = articles(pack, "budget", "issuing.validity"), {**figures, "unapplied_fen": free_fen}
    uow.record(Decision("year_closed", plan.plan_id, plan.programme, pack.label, rests_on, facts), actor=None)
    return 1


def _of_purse(uow: UnitOfWork, plan: Plan) -> list[Plan]:
    return store.plans_of_purses(uow.conn, {(plan.programme, plan.purse)})


def _following(uow: UnitOfWork, plan: Plan) -> Plan | None:
    """The next plan of the same money, where what is left is carried over."""
    later = [one for one in _of_purse(uow, plan) if one.year > plan.year] if plan.carries else []
    return later[0] if later else None


def _books_between(uow: UnitOfWork, plan: Plan, following: Plan | None) -> ledger.Books:
    names = {plan.budget} if plan.carries else {plan.budget, plan.lapsed}
    if plan.leaves:
        names |= {*years.accounts_between(plan, following or plan)}
    return books_store.open_books(uow.conn, names, at=uow.now)


def _owed_fen(books: ledger.Books, plan: Plan) -> int:
    return max(0, -books.available_fen(plan.deferred)) if plan.leaves else 0


def _moved(
    uow: UnitOfWork,
    plan: Plan,
    books: ledger.Books,
    moves: tuple[ledger.Move, ...],
    action: str,
    facts: dict[str, Any],
) -> None:
    """Due work moved money of a plan: its transfers are numbered by rounds, since nobody else has to be told."""
    if not moves:
        return
    after = replace(plan, rounds=plan.rounds + 1)
    books.move(moves, subject=plan.plan_id, version=f"due{after.rounds}", cause=f"due:{action}")
    store.save_plans(uow.conn, [after])
    books_store.save_books(uow.conn, books)
    pack = Packs(uow.today).at(plan.pack_version)
    found = {**facts, "moved_fen": moves[0].amount_fen}
    uow.record(Decision(action, plan.plan_id, plan.programme, pack.label, articles(pack, "budget"), found), actor=None)
