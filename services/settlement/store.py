"""Set-based loads and saves: a fixed number of statements however many rows; `metadata` is all there is to create."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from contracts.programmes.places import shortest
from infra.db_insert import insert_many, insert_new, upsert
from services.settlement import tables as t
from services.settlement.domain.claims import Claim
from services.settlement.domain.disbursements import Disbursement
from services.settlement.domain.exits import WindDown
from services.settlement.domain.leaves import Leave
from services.settlement.domain.match import Order, Recorded
from services.settlement.domain.nodes import Node
from services.settlement.domain.notices import Notice
from services.settlement.domain.objections import Objection
from services.settlement.domain.parties import Enterprise, Provider
from services.settlement.domain.payments import UNFINISHED, Batch, Payment
from services.settlement.domain.questions import UNANSWERED, Question
from services.settlement.domain.receivables import Receivable
from services.settlement.domain.samples import Sample

metadata = t.metadata

A = TypeVar("A")

TABLES: Mapping[type[Any], sa.Table] = {
    Node: t.nodes,
    Claim: t.claims,
    Question: t.questions,
    Notice: t.notices,
    Objection: t.objections,
    Disbursement: t.disbursements,
    Batch: t.batches,
    Payment: t.payments,
    Receivable: t.receivables,
    Leave: t.leaves,
    WindDown: t.wind_downs,
    Sample: t.samples,
}


def key_of(kind: type[Any]) -> sa.Column[Any]:
    """The one column that names an aggregate."""
    return next(iter(TABLES[kind].primary_key.columns))


# --- aggregates -----------------------------------------------------------------------------------------------------


def load(conn: sa.Connection, kind: type[A], ids: Iterable[str]) -> dict[str, A]:
    """The aggregates of these ids by id, locked in key order."""
    return select(conn, kind, key_of(kind).in_(sorted(set(ids))))


def select(
    conn: sa.Connection, kind: type[A], *where: sa.ColumnElement[bool], limit: int | None = None
) -> dict[str, A]:
    """The aggregates that meet all conditions, by id, locked in key order."""
    table, key = TABLES[kind], key_of(kind)
    found = conn.execute(sa.select(table).where(*where).order_by(key).with_for_update().limit(limit))
    names = tuple(found.keys())
    rows = (dict(zip(names, row, strict=True)) for row in found)
    return {row[key.name]: kind(**row) for row in rows}


def insert(conn: sa.Connection, kind: type[A], new: Sequence[A]) -> None:
    """New aggregates, one statement."""
    insert_many(conn, TABLES[kind], [row_of(one) for one in new])


def update(conn: sa.Connection, kind: type[A], changed: Sequence[A]) -> None:
    """Changed aggregates, one statement: whole rows, which this transaction has locked."""
    table = TABLES[kind]
    newer = f"{table.name}.sequence < excluded.sequence"
    upsert(conn, table, [row_of(one) for one in changed], key=[key_of(kind).name], where=newer)


def row_of(aggregate: Any) -> dict[str, Any]:
    """Column → value; a field is named as its column."""
    return {field.name: getattr(aggregate, field.name) for field in fields(aggregate)}


# --- what others told -----------------------------------------------------------------------------------------------


def orders(conn: sa.Connection, ids: Iterable[str]) -> dict[str, Order]:
    """Known orders by id."""
    return _known(conn, t.known_orders, Order, ids)


def providers(conn: sa.Connection, ids: Iterable[str]) -> dict[str, Provider]:
    """Known providers by id."""
    return _known(conn, t.known_providers, Provider, ids)


def enterprises(conn: sa.Connection, ids: Iterable[str]) -> dict[str, Enterprise]:
    """Known enterprises by id."""
    return _known(conn, t.known_enterprises, Enterprise, ids)


def recorded(conn: sa.Connection, order_ids: Iterable[str]) -> dict[str, Recorded]:
    """Use recorded so far, by order."""
    table = t.known_usage
    query = sa.select(table).where(table.c.order_id.in_(sorted(set(order_ids))))
    return {
        row.order_id: Recorded(total_days=row.total_days, total_units=row.total_units) for row in conn.execute(query)
    }


def market_prices(conn: sa.Connection, product_ids: Iterable[str]) -> dict[str, int]:
    """The market's price of products, where one was recorded."""
    table = t.known_products
    query = sa.select(table.c.product_id, table.c.market_price_fen).where(
        table.c.product_id.in_(sorted(set(product_ids))), table.c.market_price_fen.is_not(None)
    )
    return {row.product_id: row.market_price_fen for row in conn.execute(query)}


def evaluations(conn: sa.Connection, order_ids: Iterable[str]) -> dict[tuple[str, str], int]:
    """(order, name of the assessment) → the score of the evaluation that stands."""
    table = t.known_evaluations
    query = sa.select(table.c.order_id, table.c.name, table.c.score).where(
        table.c.order_id.in_(sorted(set(order_ids))), table.c.status == "evaluated"
    )
    return {(row.order_id, row.name): row.score for row in conn.execute(query)}


def blacklisted(conn: sa.Connection, ids: Iterable[str], *, now: datetime) -> set[str]:
    """Those of the parties that an entry in effect lists."""
    table = t.known_blacklist
    query = sa.select(table.c.party_id).where(
        table.c.party_id.in_(sorted(set(ids))), table.c.status == "listed", table.c.effective_at <= now
    )
    return set(conn.execute(query).scalars())


def verdicts(conn: sa.Connection, claims: Iterable[Claim]) -> dict[str, str]:
    """Supervision's verdict on the present version of each claim, where it has spoken."""
    table = t.known_verdicts
    wanted = {claim.claim_id: claim.claim_version for claim in claims}
    query = sa.select(table.c.claim_id, table.c.claim_version, table.c.verdict).where(
        table.c.claim_id.in_(sorted(wanted))
    )
    return {claim_id: verdict for claim_id, version, verdict in conn.execute(query) if wanted[claim_id] == version}


def rejections(conn: sa.Connection, claims: Iterable[Claim]) -> dict[str, tuple[str, ...]]:
    """Those of the claims whose present version supervision has rejected, with the alerts it rests on."""
    table = t.known_verdicts
    wanted = {claim.claim_id: claim.claim_version for claim in claims}
    query = sa.select(table.c.claim_id, table.c.claim_version, table.c.alerts).where(
        table.c.claim_id.in_(sorted(wanted)), table.c.verdict == "rejected"
    )
    return {claim_id: tuple(alerts) for claim_id, version, alerts in conn.execute(query) if wanted[claim_id] == version}


def _known(conn: sa.Connection, table: sa.Table, kind: type[A], ids: Iterable[str]) -> dict[str, A]:
    key = next(iter(table.primary_key.columns))
    columns = [table.c[field.name] for field in fields(kind)]  # type: ignore[arg-type]
    query = sa.select(*columns).where(key.in_(sorted(set(ids))))
    return {row[key.name]: kind(**row) for row in conn.execute(query).mappings()}


# --- questions, notices, payments -----------------------------------------------------------------------------------


def with_open_question(conn: sa.Connection, claim_ids: Iterable[str]) -> set[str]:
    """Those of the claims on which a question awaits its answer."""
    table = t.questions
    query = sa.select(table.c.claim_id).where(
        table.c.claim_id.in_(sorted(set(claim_ids))), table.c.status.in_(UNANSWERED)
    )
    return set(conn.execute(query).scalars())


def under_objection(conn: sa.Connection, claim_ids: Iterable[str]) -> dict[str, list[str]]:
    """Open objections by claim."""
    table = t.objections
    query = sa.select(table.c.claim_id, table.c.objection_id).where(
        table.c.claim_id.in_(sorted(set(claim_ids))), table.c.status == "open"
    )
    found: dict[str, list[str]] = {}
    for claim_id, objection_id in conn.execute(query):
        found.setdefault(claim_id, []).append(objection_id)
    return found


def notice_ends(conn: sa.Connection, notice_ids: Iterable[str]) -> dict[str, date]:
    """Last day of each notice, which never changes."""
    table = t.notices
    query = sa.select(table.c.notice_id, table.c.until_on).where(table.c.notice_id.in_(sorted(set(notice_ids))))
    return {row.notice_id: row.until_on for row in conn.execute(query)}


def on_notice(conn: sa.Connection, notice_ids: Iterable[str]) -> set[str]:
    """Those of the notices on which a claim still waits."""
    table = t.claims
    query = sa.select(table.c.notice_id).where(
        table.c.notice_id.in_(sorted(set(notice_ids))), table.c.status == "on_notice"
    )
    return set(conn.execute(query.distinct()).scalars())


def first_of(
    partition: Sequence[sa.Column[Any]], values: Collection[tuple[Any, ...]], *where: sa.ColumnElement[bool], most: int
) -> sa.ColumnElement[bool]:
    """Claims that meet `where`, the first `most` for each of `values` and its rules: none can crowd out another.

    Those whose notice is over come before those that were only passed, since not all of these may go on.
    """
    table = t.claims
    wanted = (sa.tuple_(*partition).in_(sorted(values)), *where)
    apart = [*partition, table.c.pack_version]
    place = sa.func.row_number().over(partition_by=apart, order_by=(table.c.status, table.c.claim_id))
    placed = sa.select(table.c.claim_id, place.label("place")).where(*wanted).subquery()
    return sa.and_(*wanted, table.c.claim_id.in_(sa.select(placed.c.claim_id).where(placed.c.place <= most)))


def is_deferred() -> sa.ColumnElement[bool]:
    """Of a claim: money for its order comes with a later year's plan."""
    order = t.known_orders
    return sa.exists().where(order.c.order_id == t.claims.c.order_id, order.c.deferred_fen > 0)


def deferred(conn: sa.Connection, purses: Collection[tuple[str, int]]) -> dict[tuple[str, str, int, str], int]:
    """How many passed claims wait for a later plan, by provider, programme, year and label of their rules."""
    c = t.claims.c
    key = (c.provider_id, c.programme, c.year, c.pack_version)
    query = (
        sa.select(*key, sa.func.count().label("waiting"))
        .where(sa.tuple_(c.programme, c.year).in_(sorted(purses)), c.status.in_(("passed", "noticed")), is_deferred())
        .group_by(*key)
    )
    return {(row.provider_id, row.programme, row.year, row.pack_version): row.waiting for row in conn.execute(query)}


def payable(
    purses: Collection[tuple[str, int]], *, office: str | None, most: int
) -> tuple[sa.ColumnElement[bool], ...]:
    """The first `most` approved disbursements of each purse (programme and year) of which something waits that the
    office pays: one cannot crowd out another."""
    table = t.disbursements
    where = [sa.tuple_(table.c.programme, table.c.year).in_(sorted(purses)), table.c.status == "approved"]
    if office is not None:
        where.append(sa.exists().where(t.claims.c.disbursement_id == table.c.disbursement_id, *_waits(office)))
    place = sa.func.row_number().over(partition_by=(table.c.programme, table.c.year), order_by=table.c.disbursement_id)
    placed = sa.select(table.c.disbursement_id, place.label("place")).where(*where).subquery()
    first = sa.select(placed.c.disbursement_id).where(placed.c.place <= most)
    return *where, table.c.disbursement_id.in_(first)


def waits_for_others(conn: sa.Connection, programme: str, year: int, office: str) -> int:
    """Claims of a purse that wait for a payment out of funds which are not the office's."""
    table = t.disbursements
    of = table.c.disbursement_id == t.claims.c.disbursement_id
    query = sa.select(sa.func.count()).select_from(t.claims.join(table, of))
    mine = table.c.programme == programme, table.c.year == year, table.c.status == "approved"
    return conn.execute(query.where(*mine, *_waits(office, others=True))).scalar_one()


def waiting_for(conn: sa.Connection, disbursement_ids: Collection[str], office: str) -> set[str]:
    """Which of these disbursements hold something that waits and that the office pays."""
    c = t.claims.c
    query = sa.select(c.disbursement_id).where(c.disbursement_id.in_(sorted(disbursement_ids)), *_waits(office))
    return set(conn.execute(query.distinct()).scalars())


def _waits(office: str, *, others: bool = False) -> tuple[sa.ColumnElement[bool], ...]:
    """Of a claim: approved, in no payment, and of money that the office pays (`others`: that it does not)."""
    c = t.claims.c
    place = shortest(office)
    mine = c.plan_region.startswith(place) if len(office) >= 2 else sa.false()
    in_payment = sa.exists().where(t.live_payments.c.claim_id == c.claim_id)
    return c.status == "approved", ~mine if others else mine, ~in_payment


def funds_of(conn: sa.Connection, batch_ids: Iterable[str]) -> dict[str, set[str]]:
    """The funds that each batch pays out of."""
    c = t.payments.c
    query = sa.select(c.batch_id, c.fund).where(c.batch_id.in_(sorted(set(batch_ids)))).distinct()
    found: dict[str, set[str]] = {}
    for row in conn.execute(query):
        found.setdefault(row.batch_id, set()).add(row.fund)
    return found


def unfinished(conn: sa.Connection, batch_ids: Iterable[str]) -> dict[str, int]:
    """Payments of each batch on which the bank's last word is still to come."""
    table = t.payments
    query = (
        sa.select(table.c.batch_id, sa.func.count().label("open"))
        .where(table.c.batch_id.in_(sorted(set(batch_ids))), table.c.status.in_(UNFINISHED))
        .group_by(table.c.batch_id)
    )
    return {row.batch_id: row.open for row in conn.execute(query)}


def parties_paid_for(conn: sa.Connection, batch_id: str) -> set[str]:
    """Providers and filers of the claims that a batch's payments pay, or may still."""
    claim = t.claims.c
    query = (
        sa.select(claim.provider_id, claim.filer_id)
        .join(t.live_payments, t.live_payments.c.claim_id == claim.claim_id)
        .join(t.payments, t.payments.c.payment_id == t.live_payments.c.payment_id)
        .where(t.payments.c.batch_id == batch_id)
    )
    return {party for row in conn.execute(query.distinct()) for party in row}


def released_to(conn: sa.Connection, parties: Iterable[str]) -> list[tuple[str, str, datetime]]:
    """Payment, payee and moment of release of what went out to these parties, newest 1,000."""
    query = (
        sa.select(t.payments.c.payment_id, t.payments.c.payee_id, t.batches.c.released_at)
        .join(t.batches, t.batches.c.batch_id == t.payments.c.batch_id)
        .where(t.payments.c.payee_id.in_(sorted(set(parties))), t.payments.c.status.not_in(("made", "held")))
        .order_by(t.batches.c.released_at.desc(), t.payments.c.payment_id)
        .limit(1000)
    )
    return [(row.payment_id, row.payee_id, row.released_at) for row in conn.execute(query)]


# --- nodes ----------------------------------------------------------------------------------------------------------


def passed_nodes(conn: sa.Connection, programmes: Iterable[str], *, now: datetime) -> dict[str, list[Node]]:
    """Nodes that have closed or are due, by programme; the newest 1,000 of all."""
    table = t.nodes
    query = (
        sa.select(table)
        .where(table.c.programme.in_(sorted(set(programmes))), table.c.closes_at <= now)
        .order_by(table.c.closes_at.desc())
        .limit(1000)
    )
    found: dict[str, list[Node]] = {}
    for row in conn.execute(query).mappings():
        found.setdefault(row["programme"], []).append(Node(**row))
    return found


def in_time(conn: sa.Connection, *, now: datetime) -> sa.ColumnElement[bool]:
    """Of a claim: filed before a node that has closed or is due. The last closing of each region is enough to tell.

    Said in constants: of a join with patterns for its regions PostgreSQL expects next to nothing, and sorts all claims
    that wait for the first of them.
    """
    node, claim = t.nodes.c, t.claims.c
    last = sa.select(node.programme, node.region, sa.func.max(node.closes_at).label("closed"))
    return sa.or_(
        sa.false(),
        *(
            sa.and_(claim.programme == programme, claim.region.startswith(region), claim.filed_at < closed)
            for programme, region, closed in conn.execute(
                last.where(node.closes_at <= now).group_by(node.programme, node.region)
            )
        ),
    )


def collected_at(conn: sa.Connection, node_ids: Iterable[str]) -> dict[str, int]:
    """How many claims each node has taken."""
    table = t.claims
    query = (
        sa.select(table.c.node_id, sa.func.count().label("claims"))
        .where(table.c.node_id.in_(sorted(set(node_ids))))
        .group_by(table.c.node_id)
    )
    return {row.node_id: row.claims for row in conn.execute(query)}


def years_with_node(conn: sa.Connection, programmes: Iterable[str]) -> set[tuple[str, str, int]]:
    """Programme, region and calendar year of the nodes that are the only one of their year."""
    c = t.nodes.c
    query = sa.select(c.programme, c.region, c.only_in).where(
        c.programme.in_(sorted(set(programmes))), c.only_in.is_not(None)
    )
    return {(programme, region, year) for programme, region, year in conn.execute(query)}


def closed_years(conn: sa.Connection, programme: str) -> list[int]:
    """Years of the programme that voucher has closed."""
    query = sa.select(t.known_years.c.year).where(t.known_years.c.programme == programme).order_by(t.known_years.c.year)
    return list(conn.execute(query).scalars())


# --- arbiters -------------------------------------------------------------------------------------------------------


def take_invoices(conn: sa.Connection, wanted: Mapping[str, str]) -> dict[str, str]:
    """Take the free ones of these invoice keys (key → claim); the owners of those that were not free.

    The primary key decides: a key that another transaction is just taking is waited for. All rows are locked, so that
    who owns them stays true until the commit; a key that was set free between insert and lock is taken after all.
    """
    table, owners, free = t.live_invoices, dict[str, str](), set(wanted)
    while free:
        rows = [{"live_key": key, "claim_id": wanted[key]} for key in sorted(free)]
        free -= {key for (key,) in insert_new(conn, table, rows, returning=["live_key"])}
        query = sa.select(table).where(table.c.live_key.in_(sorted(free))).order_by(table.c.live_key)
        owners |= {row.live_key: row.claim_id for row in conn.execute(query.with_for_update())}
        free -= owners.keys()
    return owners


def give_invoices(conn: sa.Connection, owners: Mapping[str, str], free: Collection[str]) -> None:
    """Write who owns which key, and free those that nobody owns: keys that this transaction took or locked."""
    rows = [{"live_key": key, "claim_id": owners[key]} for key in sorted(owners)]
    upsert(conn, t.live_invoices, rows, key=["live_key"])
    if free:
        conn.execute(sa.delete(t.live_invoices).where(t.live_invoices.c.live_key.in_(sorted(free))))


def free_invoices(conn: sa.Connection, claim_ids: Collection[str]) -> None:
    """The invoices of claims that ended can be claimed again."""
    if claim_ids:
        conn.execute(sa.delete(t.live_invoices).where(t.live_invoices.c.claim_id.in_(sorted(claim_ids))))


def live_payments(conn: sa.Connection, claim_ids: Iterable[str]) -> dict[str, str]:
    """Claim → the payment that pays it, or may still."""
    table = t.live_payments
    query = sa.select(table).where(table.c.claim_id.in_(sorted(set(claim_ids))))
    return {row.claim_id: row.payment_id for row in conn.execute(query)}


def mark_live(conn: sa.Connection, payments: Mapping[str, str]) -> None:
    """Claim → payment; IntegrityError when another payment of a claim may still arrive, or has."""
    insert_many(conn, t.live_payments, [{"claim_id": key, "payment_id": payments[key]} for key in sorted(payments)])


def unmark_live(conn: sa.Connection, claim_ids: Collection[str]) -> None:
    """Their payments surely did not arrive, or came back: these may be paid again."""
    if claim_ids:
        conn.execute(sa.delete(t.live_payments).where(t.live_payments.c.claim_id.in_(sorted(claim_ids))))


# --- written once ---------------------------------------------------------------------------------------------------


def append(conn: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """New rows of a table that is never changed; a row that is there already stays as it is."""
    insert_new(conn, table, rows, returning=[next(iter(table.primary_key.columns)).name])
