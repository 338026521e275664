"""Rows of others' books, how far their streams are folded in, and what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from contracts.books import Book
from contracts.catalogue import SERVICES
from contracts.envelope import source_of
from infra.db_insert import insert_new, upsert
from services.supervision.store.tables import books_differences, books_figures, books_rows, books_streams, evidence

Row = Mapping[str, Any]
ROW = ("service", "book", "key")

# a claim is paid: its order is redeemed by it; a claim runs: its order is kept for it (redeemed: the bank sent it back)
PAID = ("paid",)
RUNS = (
    *("accepted", "collected", "in_review", "passed", "on_notice", "noticed", "in_disbursement", "approved", "paying"),
    *("paid", "payment_failed"),
)
KEEPS = ("claimed", "redeemed")
ENDED = ("refused", "withdrawn", "paid")  # of an order that is still claimed, no claim stands there
UNPAID = ("filed", "accepted", "collected", "in_review", "returned", "on_notice", "refused", "withdrawn")


def lock_stream(conn: sa.Connection, service: str) -> sa.RowMapping:
    """How far its stream is folded in, locked: one at a time."""
    first = {"service": service, "seq": 0, "told_at": None, "untold_since": None}
    insert_new(conn, books_streams, [first], returning=("service",))
    query = sa.select(books_streams).where(books_streams.c.service == service).with_for_update()
    return conn.execute(query).mappings().one()


def behind(conn: sa.Connection) -> list[str]:
    """Services of whose stream the log has the next event, and those that we never followed."""
    c, s = evidence.c, books_streams.c
    next_ = sa.exists().where(c.source == sa.literal(source_of("")) + s.service, c.stream_seq == s.seq + 1)
    known = {row.service: row.more for row in conn.execute(sa.select(s.service, next_.label("more")))}
    return [service for service in SERVICES if known.get(service, True)]


def compared_at(conn: sa.Connection, service: str) -> datetime | None:
    """When what it told was compared last."""
    return conn.execute(sa.select(books_streams.c.told_at).where(books_streams.c.service == service)).scalar()


def streams(conn: sa.Connection) -> list[sa.RowMapping]:
    return list(conn.execute(sa.select(books_streams)).mappings())


def save_stream(conn: sa.Connection, row: Row) -> None:
    upsert(conn, books_streams, [row], key=("service",))


def following(conn: sa.Connection, service: str, *, after: int, most: int) -> list[sa.Row[Any]]:
    """The next events of its stream that are in the log, in its order: stream_seq, type, time, body."""
    c = evidence.c
    query = sa.select(c.stream_seq, c.type, c.time, c.body).where(c.source == source_of(service), c.stream_seq > after)
    return list(conn.execute(query.order_by(c.stream_seq).limit(most)))


def save_rows(conn: sa.Connection, rows: Sequence[Row]) -> None:
    """The newest of each."""
    upsert(conn, books_rows, rows, key=ROW)


def rows_of(conn: sa.Connection, book: Book, programme: str, year: int) -> list[sa.Row[Any]]:
    """key, status, link, packed, changed_at of every row."""
    c = books_rows.c
    where = c.service == book.service, c.book == book.name, c.programme == programme, c.year == year
    return list(conn.execute(sa.select(c.key, c.status, c.link, c.packed, c.changed_at).where(*where)))


def save_figures(conn: sa.Connection, row: Row) -> None:
    upsert(conn, books_figures, [row], key=("service", "programme", "year"))


def figures(conn: sa.Connection, service: str) -> list[sa.RowMapping]:
    return list(conn.execute(sa.select(books_figures).where(books_figures.c.service == service)).mappings())


def open_differences(conn: sa.Connection) -> list[sa.RowMapping]:
    return list(conn.execute(sa.select(books_differences).where(books_differences.c.ended_at.is_(None))).mappings())


def difference(conn: sa.Connection, subject: str) -> sa.RowMapping | None:
    query = sa.select(books_differences).where(books_differences.c.subject == subject)
    return conn.execute(query).mappings().one_or_none()


def save_difference(conn: sa.Connection, row: Row) -> None:
    upsert(conn, books_differences, [row], key=("subject",))


def claims_unlike_orders(conn: sa.Connection, *, before: datetime) -> list[sa.Row[Any]]:
    """Claims and orders that do not go together, of which neither changed after `before`: programme, year, claim, its
    status and row, order, its status and row."""
    claims = books_rows.alias("claims")
    orders = books_rows.alias("orders")
    c, o = claims.c, orders.c
    a_claim = c.service == "settlement", c.book == "claims"
    an_order = o.service == "voucher", o.book == "orders"
    columns = (
        *(
            sa.func.coalesce(c.programme, o.programme).label("programme"),
            sa.func.coalesce(c.year, o.year).label("year"),
        ),
        *(c.key.label("claim_id"), c.status.label("claim"), c.packed.label("claim_row")),
        *(o.key.label("order_id"), o.status.label("order"), o.packed.label("order_row")),
    )
    none = o.key.is_(None)
    not_its = sa.or_(none, o.link.is_(None), o.link != c.key)
    not_redeemed = c.status.in_(PAID) & sa.or_(not_its, o.status != "redeemed")
    not_kept = c.status.in_(RUNS) & sa.or_(not_its, o.status.not_in(KEEPS))
    by_claim = (
        sa.select(*columns)
        .select_from(claims.outerjoin(orders, sa.and_(*an_order, o.key == c.link)))
        .where(*a_claim, c.changed_at < before, sa.or_(none, o.changed_at < before), sa.or_(not_redeemed, not_kept))
    )
    gone = sa.or_(c.key.is_(None), c.link != o.key)
    not_claimed = (o.status == "claimed") & sa.or_(gone, c.status.in_(ENDED))
    not_paid = (o.status == "redeemed") & sa.or_(gone, c.status.in_(UNPAID))
    by_order = (
        sa.select(*columns)
        .select_from(orders.outerjoin(claims, sa.and_(*a_claim, c.key == o.link)))
        .where(*an_order, o.changed_at < before, sa.or_(c.key.is_(None), c.changed_at < before))
        .where(sa.or_(not_claimed, not_paid))
    )
    found = [*conn.execute(by_claim.order_by(c.key)), *conn.execute(by_order.order_by(o.key))]
    return list({(row.claim_id, row.order_id): row for row in found}.values())
