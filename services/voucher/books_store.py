"""Loads and saves the books for a whole batch at once: accounts, transfers, vouchers by denomination; what is owed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from infra.db_insert import insert_many, insert_new, upsert
from services.voucher import tables
from services.voucher.domain.denominations import Denomination, PlanKey
from services.voucher.domain.ledger import Account, Books
from services.voucher.domain.plans import Plan
from services.voucher.domain.receivables import Totals
from services.voucher.tables import accounts, denominations, orders, plans, transfers

COUNTERS = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
PurseKey = tuple[str, int, str]  # programme, year, purse


def open_books(conn: sa.Connection, names: Iterable[str], *, at: datetime) -> Books:
    """The accounts of these names, locked in the order of their names; those that were not there are made."""
    return Books.of(load_accounts(conn, names), at=at)


def load_accounts(conn: sa.Connection, names: Iterable[str]) -> list[Account]:
    """The accounts of these names, locked."""
    wanted = sorted(set(names))
    found = _locked(conn, wanted)
    missing = sorted(set(wanted) - {account.name for account in found})
    if missing:
        insert_new(conn, accounts, [_row(Account(name)) for name in missing], returning=("name",))
        found += _locked(conn, missing)
    return found


def save_books(conn: sa.Connection, books: Books) -> None:
    """Write the transfers and the accounts that they moved: two statements."""
    if not books.transfers:
        return
    upsert(conn, accounts, [_row(account) for account in books.touched()], key=("name",))
    insert_many(conn, transfers, [vars(transfer) for transfer in books.transfers])


def balances(conn: sa.Connection, plan: Plan) -> dict[str, int]:
    """Balance in fen of each kind of account of the plan's year, over all owners."""
    total = sa.func.sum(accounts.c.credits_posted - accounts.c.debits_posted)
    where = accounts.c.programme == plan.programme, accounts.c.year == plan.year
    query = sa.select(accounts.c.kind, total).where(*where)
    return {kind: int(fen) for kind, fen in conn.execute(query.group_by(accounts.c.kind).order_by(accounts.c.kind))}


def _locked(conn: sa.Connection, names: Sequence[str]) -> list[Account]:
    if not names:
        return []
    counters = (accounts.c[name] for name in COUNTERS)
    query = sa.select(accounts.c.name, *counters).where(accounts.c.name.in_(names))
    return [Account(*row) for row in conn.execute(query.order_by(accounts.c.name).with_for_update())]


def _row(account: Account) -> dict[str, Any]:
    kind, programme, year, owner = (*account.name.split(":"), None)[:4]
    assert year is not None
    return {**vars(account), "kind": kind, "programme": programme, "year": int(year), "owner": owner}


# --- vouchers by denomination -----------------------------------------------------------------------------------------


def denominations_of(conn: sa.Connection, keys: Collection[PlanKey]) -> list[Denomination]:
    """The vouchers of these plans, locked: after orders, before accounts."""
    if not keys:
        return []
    one = denominations.c
    key = one.programme, one.year, one.region
    query = sa.select(denominations).where(sa.tuple_(*key).in_(sorted(keys)))
    rows = conn.execute(query.order_by(*key, one.denomination_fen).with_for_update())
    return [Denomination(**row._mapping) for row in rows]


def save_denominations(conn: sa.Connection, changed: Iterable[Denomination]) -> None:
    """Insert or replace rows that this transaction has locked (or made)."""
    key = ("programme", "year", "region", "denomination_fen")
    upsert(conn, denominations, [vars(one) for one in changed], key=key)


# --- what one year leaves to another ----------------------------------------------------------------------------------

_available = accounts.c.credits_posted - accounts.c.debits_posted - accounts.c.debits_pending
_purse = sa.func.coalesce(accounts.c.owner, "")


def owed_before(conn: sa.Connection, purses: Collection[PurseKey]) -> dict[PurseKey, int]:
    """What the years before each one still owe; under the lock of its budget, without which nothing is made up."""
    if not purses:
        return {}
    where = sa.tuple_(accounts.c.programme, _purse).in_(sorted({(programme, purse) for programme, _, purse in purses}))
    query = sa.select(accounts.c.programme, accounts.c.year, _purse, _available)
    rows = list(conn.execute(query.where(accounts.c.kind == "deferred", _available < 0, where)))
    return {
        key: sum(-int(fen) for programme, year, purse, fen in rows if (programme, purse) == key[::2] and year < key[1])
        for key in purses
    }


def plans_to_settle(conn: sa.Connection, most: int) -> list[Plan]:
    """Plans that owe something while their budget or a later one has money, or whose promises have come to less than
    was made up; locked, oldest first."""
    owing = accounts.alias("owing")
    owed = owing.c.credits_posted - owing.c.debits_posted - owing.c.debits_pending
    mine = _of_plan(owing.c, "deferred")
    same = accounts.c.programme == plans.c.programme, _purse == plans.c.purse, accounts.c.year >= plans.c.year
    money = sa.exists().where(accounts.c.kind == "budget", _available > 0, *same)
    due = sa.exists().select_from(owing).where(*mine, (owed > 0) | ((owed < 0) & money))
    query = sa.select(plans).where(plans.c.status != "made", due)
    return _plans(conn, query, most)


def plans_to_sweep(conn: sa.Connection, most: int) -> list[Plan]:
    """Closed plans to whose budget something came back, and that have somewhere to put it; locked, oldest first."""
    came_back = sa.exists().where(*_of_plan(accounts.c, "budget"), _available > 0)
    later = plans.alias("later")
    goes_on = sa.exists().where(*_following(later), later.c.status != "made")
    query = sa.select(plans).where(plans.c.status == "closed", came_back, ~plans.c.carries | goes_on)
    return _plans(conn, query, most)


def _of_plan(account: Any, kind: str) -> tuple[sa.ColumnElement[bool], ...]:
    purse = sa.func.coalesce(account.owner, "") == plans.c.purse
    return account.kind == kind, account.programme == plans.c.programme, account.year == plans.c.year, purse


def _following(later: sa.Alias) -> tuple[sa.ColumnElement[bool], ...]:
    same = later.c.programme == plans.c.programme, later.c.purse == plans.c.purse
    return (*same, later.c.year > plans.c.year)


def _plans(conn: sa.Connection, query: sa.Select[Any], most: int) -> list[Plan]:
    query = query.order_by(plans.c.year, plans.c.plan_id).limit(most).with_for_update(of=plans)
    return [Plan(**row._mapping) for row in conn.execute(query)]


@dataclass(frozen=True)
class Promised:
    """Of one plan: the sum of what its orders wait for, and the first of them by the time they were placed."""

    uncovered_fen: int
    order_ids: tuple[str, ...]


def uncovered(conn: sa.Connection, key: PurseKey, most: int) -> Promised:
    """Orders of a plan that wait for money; the sum is true under the lock of its `deferred` account."""
    where = orders.c.deferred_fen > 0, sa.tuple_(orders.c.programme, orders.c.year, orders.c.purse) == sa.tuple_(*key)
    total = conn.execute(sa.select(sa.func.coalesce(sa.func.sum(orders.c.deferred_fen), 0)).where(*where)).scalar_one()
    ids = sa.select(orders.c.order_id).where(*where).order_by(orders.c.ordered_at, orders.c.order_id).limit(most)
    return Promised(int(total), tuple(conn.execute(ids).scalars()))


def coverable(conn: sa.Connection) -> list[PurseKey]:
    """Purses of which some order waits for money that has been made up, as far as can be seen without locks."""
    key = orders.c.programme, orders.c.year, orders.c.purse
    waiting = (
        sa.select(*key, sa.func.sum(orders.c.deferred_fen).label("fen"))
        .where(orders.c.deferred_fen > 0)
        .group_by(*key)
        .subquery()
    )
    w = waiting.c
    same = accounts.c.programme == w.programme, accounts.c.year == w.year, _purse == w.purse
    query = sa.select(w.programme, w.year, w.purse).join(accounts, sa.and_(accounts.c.kind == "deferred", *same))
    rows = conn.execute(query.where(_available + w.fen > 0).order_by(w.year, w.programme, w.purse))
    return [(programme, year, purse) for programme, year, purse in rows]


# --- receivables ------------------------------------------------------------------------------------------------------


def heard_receivables(conn: sa.Connection, ids: Collection[str]) -> dict[str, Totals]:
    """The totals last heard of these receivables; true under the locks of their accounts."""
    one = tables.heard_receivables
    query = sa.select(one).where(one.c.receivable_id.in_(sorted(ids)))
    return {row.receivable_id: Totals(**row._mapping) for row in conn.execute(query)}


def save_heard_receivables(conn: sa.Connection, changed: Iterable[Totals]) -> None:
    upsert(conn, tables.heard_receivables, [vars(one) for one in changed], key=("receivable_id",))
