"""What settlement tells of its books, and the rows that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from infra.books.telling import Broken, Kept, Teller
from services.settlement import queries
from services.settlement import tables as t
from services.settlement.domain.offsets import BOOKED


def broken(conn: sa.Connection, programme: str, year: int) -> Sequence[Broken]:
    """Receivables, claims and payments that are not what the rows they are the sum of come to."""
    r, c, p = t.receivables.c, t.claims.c, t.payments.c
    booked = _sum(t.offsets.c.amount_fen, t.offsets.c.receivable_id == r.receivable_id, t.offsets.c.status == BOOKED)
    repaid = _sum(t.repayments.c.amount_fen, t.repayments.c.receivable_id == r.receivable_id)
    taken_off = _sum(t.offsets.c.amount_fen, t.offsets.c.payment_id == p.payment_id)
    other = t.receivables.alias("claimed_back").c
    claimed_back = _sum(other.amount_fen, other.claim_id == c.claim_id, other.status != "refused")
    sums = (
        (t.receivables, r.receivable_id, r.offset_fen, booked),
        (t.receivables, r.receivable_id, r.recovered_fen, booked + repaid),
        (t.payments, p.payment_id, p.offset_fen, taken_off),
        (t.claims, c.claim_id, c.recalled_fen, claimed_back),
    )
    return [one for line in sums for one in _unlike(conn, programme, year, *line)]


def _sum(column: sa.Column[int], *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.coalesce(sa.func.sum(column), 0)).where(*where).scalar_subquery()


def _unlike(
    conn: sa.Connection,
    programme: str,
    year: int,
    table: sa.Table,
    key: sa.Column[str],
    column: sa.Column[int],
    should: sa.ColumnElement[int],
) -> Iterator[Broken]:
    of = (table.c.programme == programme, table.c.year == year, column != should)
    query = sa.select(key, column, should.label("should")).where(*of).order_by(key)
    for name, says, wanted in conn.execute(query):
        yield Broken(table.name, name, column.name, int(says), int(wanted))


KEPT = {
    "claims": Kept(t.claims, "claim_id"),
    "disbursements": Kept(t.disbursements, "disbursement_id"),
    "batches": Kept(t.batches, "batch_id"),
    "payments": Kept(t.payments, "payment_id"),
    "receivables": Kept(t.receivables, "receivable_id"),
    "notices": Kept(t.notices, "notice_id"),
}
TELLER = Teller("settlement", queries.totals, KEPT, broken)
