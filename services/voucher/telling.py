"""What voucher tells of its books, and the rows of the ledger that contradict each other."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from infra.books.telling import Broken, Kept, Teller
from services.voucher import books_queries
from services.voucher import tables as t
from services.voucher.books_store import COUNTERS
from services.voucher.domain.orders import LIVE


def broken(conn: sa.Connection, programme: str, year: int) -> Sequence[Broken]:
    """Accounts that are not what their transfers come to, and vouchers of which more or fewer are held than counted."""
    return [*_accounts(conn, programme, year), *_denominations(conn, programme, year)]


def _accounts(conn: sa.Connection, programme: str, year: int) -> list[Broken]:
    c = t.accounts.c
    named = sa.select(c.name, *(c[name] for name in COUNTERS)).where(c.programme == programme, c.year == year)
    accounts = named.cte("of_year")
    debits, credits_ = (_side(accounts, side) for side in ("debit", "credit"))
    of = (
        sa.func.coalesce(debits.c.pending, 0),
        sa.func.coalesce(debits.c.posted, 0),
        sa.func.coalesce(credits_.c.pending, 0),
        sa.func.coalesce(credits_.c.posted, 0),
    )
    says = [accounts.c[name] for name in COUNTERS]
    query = (
        sa.select(accounts.c.name, *says, *of)
        .select_from(
            accounts.outerjoin(debits, debits.c.name == accounts.c.name).outerjoin(
                credits_, credits_.c.name == accounts.c.name
            )
        )
        .where(sa.or_(*(one != other for one, other in zip(says, of, strict=True))))
        .order_by(accounts.c.name)
    )
    found = []
    for name, *fen in conn.execute(query):
        pairs = zip(COUNTERS, fen[:4], fen[4:], strict=True)
        found += [Broken("accounts", name, column, int(a), int(b)) for column, a, b in pairs if a != b]
    return found


def _side(accounts: sa.CTE, side: str) -> sa.Subquery:
    """What is pending and posted on one side of the transfers of these accounts; an ended one is pending no more."""
    c = t.transfers.c
    pending = sa.case((c.kind == "pending", c.amount_fen), (c.pending_id.is_not(None), -c.amount_fen), else_=0)
    posted = sa.case((c.kind.in_(("posted", "post_pending")), c.amount_fen), else_=0)
    columns = c[side].label("name"), sa.func.sum(pending).label("pending"), sa.func.sum(posted).label("posted")
    query = sa.select(*columns).where(c[side].in_(sa.select(accounts.c.name))).group_by(c[side])
    return query.subquery(f"{side}s")


def _denominations(conn: sa.Connection, programme: str, year: int) -> list[Broken]:
    d, o = t.denominations.c, t.orders.c
    mine = (o.programme, o.year, o.plan_region, o.denomination_fen)
    theirs = (d.programme, d.year, d.region, d.denomination_fen)
    held = (
        sa.select(sa.func.count())
        .select_from(t.orders)
        .where(*(one == other for one, other in zip(mine, theirs, strict=True)), o.status.in_(LIVE))
        .scalar_subquery()
    )
    query = sa.select(d.region, d.denomination_fen, d.taken, held.label("held"))
    rows = conn.execute(query.where(d.programme == programme, d.year == year, d.taken != held))
    return [
        Broken("denominations", f"{programme}:{year}:{row.region}:{row.denomination_fen}", "taken", row.taken, row.held)
        for row in rows
    ]


KEPT = {
    "plans": Kept(t.plans, "plan_id"),
    "applications": Kept(t.applications, "application_id"),
    "orders": Kept(t.orders, "order_id"),
    "corrections": Kept(t.corrections, "correction_id"),
    "entries": Kept(t.known_blacklist, "entry_id"),
}
TELLER = Teller("voucher", books_queries.totals, KEPT, broken)
