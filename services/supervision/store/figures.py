"""Counts of the record by county and year, for some programmes at once: as many statements for one as for all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from services.supervision.domain.figures import Count, Record
from services.supervision.store.tables import (
    designations,
    known_claims,
    known_filings,
    known_orders,
    known_parties,
    region_evaluations,
    region_reports,
    targets,
)

ON_CLOUD = ("confirmed", "refund_requested", "claimed", "redeemed")  # of an order: use has begun and not been undone
ADMITTED = ("admitted", "suspended", "leaving")  # of a provider: it serves until its day

Query = sa.Select[Any]


def load(conn: sa.Connection, *, filed: Mapping[str, bool]) -> Record:
    """What is known of these programmes. `filed`: whether it counts enterprises by filings, else by orders."""
    programmes = sorted(filed)
    counts = [
        *_counts(conn, _registered(programmes)),
        *_on_cloud(conn, filed),
        *_counts(conn, _money("redeemed_fen", known_claims, "payable_fen", "paid_on", ("paid",), programmes)),
        *_counts(conn, _money("spending_fen", known_orders, "price_fen", "confirmed_on", ON_CLOUD, programmes)),
        *_counts(conn, _designated(programmes)),
    ]
    tables = {"targets": targets, "reports": region_reports, "evaluations": region_evaluations}
    rows = {name: _rows(conn, table, programmes) for name, table in tables.items()}
    rows["targets"] = [row for row in rows["targets"] if row["status"] == "set"]
    return Record(counts=counts, **rows)


def _counts(conn: sa.Connection, query: Query) -> Iterator[Count]:
    for row in conn.execute(query):
        year = None if row.year is None else int(row.year)
        yield Count(row.programme, row.region, row.what, int(row.number), year)


def _rows(conn: sa.Connection, table: sa.Table, programmes: Collection[str]) -> list[sa.RowMapping]:
    dropped = ("text", "figures", "articles")
    columns = [column for column in table.c if column.name not in dropped]
    return list(conn.execute(sa.select(*columns).where(table.c.programme.in_(programmes))).mappings())


def _registered(programmes: Collection[str]) -> Query:
    """Enterprises that registered, and providers that are admitted, by kind."""
    party = known_parties.c
    what = sa.case((party.kind == "enterprise", "registered"), else_=party.provider_kind + "_providers")
    admitted = sa.and_(party.kind == "provider", party.status.in_(ADMITTED), party.provider_kind.is_not(None))
    return (
        sa.select(party.programme, party.region, what.label("what"), _number(), sa.null().label("year"))
        .where(party.programme.in_(programmes), sa.or_(party.kind == "enterprise", admitted))
        .group_by(party.programme, party.region, what)
    )


def _on_cloud(conn: sa.Connection, filed: Mapping[str, bool]) -> Iterator[Count]:
    """Enterprises on the cloud where they are registered now, once in each kind they use and once at all: in the year
    of the first, of which there is one by the order of day and kind."""
    used, party = _used(filed).subquery().c, known_parties.c
    whose = (used.programme, used.enterprise_id, used.kind)
    first = sa.select(*whose, sa.func.min(used.since).label("since")).group_by(*whose).subquery().c
    place = sa.func.row_number().over(
        partition_by=(first.programme, first.enterprise_id), order_by=(first.since, first.kind)
    )
    since = sa.select(first.programme, first.enterprise_id, first.kind, first.since, place.label("place")).subquery()
    year, at_all = sa.extract("year", since.c.since), sa.case((since.c.place == 1, 1), else_=0)
    query = (
        sa.select(party.programme, party.region, since.c.kind, year, _number(), sa.func.sum(at_all))
        .join(since, sa.and_(since.c.enterprise_id == party.party_id, since.c.programme == party.programme))
        .group_by(party.programme, party.region, since.c.kind, year)
    )
    for programme, region, kind, in_year, number, enterprises in conn.execute(query):
        yield Count(programme, region, "on_cloud", int(number), int(in_year), kind)
        yield Count(programme, region, "on_cloud", int(enterprises), int(in_year))


def _used(filed: Mapping[str, bool]) -> sa.CompoundSelect[Any]:
    """(programme, enterprise, kind, day): opened filings of programmes that have them, confirmed orders of others."""
    filings, orders = known_filings.c, known_orders.c
    by_filing = sa.select(filings.programme, filings.enterprise_id, filings.kind, filings.opened_on.label("since"))
    by_order = sa.select(orders.programme, orders.enterprise_id, orders.category, orders.confirmed_on)
    return sa.union_all(
        by_filing.where(
            filings.programme.in_(sorted(one for one in filed if filed[one])),
            filings.status == "opened",
            filings.opened_on.is_not(None),
        ),
        by_order.where(
            orders.programme.in_(sorted(one for one in filed if not filed[one])),
            orders.status.in_(ON_CLOUD),
            orders.confirmed_on.is_not(None),
        ),
    )


def _money(
    what: str, table: sa.Table, amount: str, day: str, states: Collection[str], programmes: Collection[str]
) -> Query:
    """Sums by the region that the money was for, in the year of the day."""
    year = sa.extract("year", table.c[day])
    number = sa.func.sum(table.c[amount]).label("number")
    literal = sa.literal(what).label("what")
    return (
        sa.select(table.c.programme, table.c.region, literal, number, year.label("year"))
        .where(table.c.programme.in_(programmes), table.c.status.in_(states), table.c[day].is_not(None))
        .group_by(table.c.programme, table.c.region, year)
    )


def _designated(programmes: Collection[str]) -> Query:
    one = designations.c
    year, what = sa.extract("year", one.designated_on), one.kind + "s"
    return (
        sa.select(one.programme, one.region, what.label("what"), _number(), year.label("year"))
        .where(one.programme.in_(programmes))
        .group_by(one.programme, one.region, what, year)
    )


def _number() -> sa.Label[int]:
    return sa.func.count().label("number")
