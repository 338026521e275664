"""What is known of other services' records: projections, and facts that are only ever added to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from infra.db_insert import insert_new
from infra.holdings import holdings_around
from infra.projection import upsert_newer
from services.supervision.domain.affiliation import ENDED_DAYS, Fact, Graph
from services.supervision.domain.affiliation import ties as tied_by
from services.supervision.store.sets import rows_in
from services.supervision.store.tables import (
    known_claims,
    known_filings,
    known_holdings,
    known_orders,
    known_parties,
    known_products,
    known_receivables,
    known_ties,
    known_wind_downs,
    party_facts,
)

Row = Mapping[str, Any]


def save_parties(conn: sa.Connection, parties: Sequence[Row], facts: Sequence[Row]) -> set[str]:
    """Parties as they stand now, and the facts they declared, which are kept beside earlier ones; whose are new."""
    upsert_newer(conn, known_parties, parties, key=("party_id",))
    return {str(party_id) for (party_id,) in _add(conn, party_facts, facts)}


def save_products(conn: sa.Connection, products: Sequence[Row]) -> None:
    upsert_newer(conn, known_products, products, key=("product_id",))


def save_orders(conn: sa.Connection, orders: Sequence[Row]) -> None:
    upsert_newer(conn, known_orders, orders, key=("order_id",))


def save_filings(conn: sa.Connection, filings: Sequence[Row]) -> None:
    upsert_newer(conn, known_filings, filings, key=("filing_id",))


def save_claims(conn: sa.Connection, claims: Sequence[Row]) -> None:
    upsert_newer(conn, known_claims, claims, key=("claim_id",))


def save_receivables(conn: sa.Connection, receivables: Sequence[Row]) -> None:
    upsert_newer(conn, known_receivables, receivables, key=("receivable_id",))


def save_wind_downs(conn: sa.Connection, wind_downs: Sequence[Row]) -> None:
    upsert_newer(conn, known_wind_downs, wind_downs, key=("provider_id", "source"))


def wind_downs(conn: sa.Connection, provider_ids: Collection[str]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """(provider, programme) → how far the orders (voucher) and claims (settlement) it left are wound down."""
    query = sa.select(known_wind_downs).order_by(known_wind_downs.c.source)
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in rows_in(conn, query, known_wind_downs.c.provider_id, provider_ids):
        shown = {name: row[name] for name in row if name not in ("provider_id", "programme", "sequence")}
        found.setdefault((row["provider_id"], row["programme"]), []).append(shown)
    return found


def save_ties(conn: sa.Connection, ties: Sequence[Row]) -> None:
    _add(conn, known_ties, ties)


def parties(conn: sa.Connection, ids: Collection[str], *, lock: bool = False) -> dict[str, sa.RowMapping]:
    """Known parties by id; locked in key order when asked."""

    query = sa.select(known_parties).order_by(known_parties.c.party_id)
    rows = rows_in(conn, query.with_for_update() if lock else query, known_parties.c.party_id, ids)
    return {row["party_id"]: row for row in rows}


def programmes(conn: sa.Connection) -> list[str]:
    """The programmes that parties take part in."""
    query = sa.select(known_parties.c.programme).distinct().order_by(known_parties.c.programme)
    return list(conn.execute(query).scalars())


def orders(conn: sa.Connection, ids: Collection[str]) -> dict[str, sa.RowMapping]:
    """Known orders by id."""
    rows = rows_in(conn, sa.select(known_orders), known_orders.c.order_id, ids)
    return {row["order_id"]: row for row in rows}


def products(conn: sa.Connection, ids: Collection[str]) -> dict[str, sa.RowMapping]:
    """Known products by id."""
    rows = rows_in(conn, sa.select(known_products), known_products.c.product_id, ids)
    return {row["product_id"]: row for row in rows}


def claims_between(conn: sa.Connection, pairs: Collection[tuple[str, str]]) -> list[sa.RowMapping]:
    """claim_id, enterprise_id, provider_id of claims that may still be paid between those enterprises and providers."""
    columns = [known_claims.c[name] for name in ("claim_id", "enterprise_id", "provider_id")]
    query = sa.select(*columns).where(
        sa.tuple_(*columns[1:]).in_(sorted(pairs)), known_claims.c.status.not_in(("refused", "withdrawn", "paid"))
    )
    return list(conn.execute(query.order_by(columns[0])).mappings())


def claims_among(conn: sa.Connection, holders: Collection[str]) -> list[str]:
    """Claims that may still be paid, of whose parties both hang together with these holders by shares."""
    around = holdings_around(conn, known_holdings, holders)
    ids = sorted(_held_by(conn, {holder for one in around for holder in (one.owner, one.held)}))
    query = sa.select(known_claims.c.claim_id).where(
        known_claims.c.provider_id.in_(ids), known_claims.c.status.not_in(("refused", "withdrawn", "paid"))
    )
    found = rows_in(conn, query, known_claims.c.enterprise_id, ids)
    return sorted(row["claim_id"] for row in found)


CALLED_BACK = 2_000  # claims of parties whose facts are new, the newest


def claims_of(conn: sa.Connection, parties: Collection[str]) -> list[str]:
    """Claims of these parties, on either side, that may still be paid; the newest CALLED_BACK."""
    if not parties:
        return []
    c = known_claims.c
    sides = [
        sa.select(c.claim_id).where(side.in_(sorted(parties)), c.status.not_in(("refused", "withdrawn", "paid")))
        for side in (c.enterprise_id, c.provider_id)
    ]
    either = sa.union(*sides).subquery()
    newest = sa.select(either.c.claim_id).order_by(either.c.claim_id.desc()).limit(CALLED_BACK)
    return sorted(conn.execute(newest).scalars())


def ties_between(conn: sa.Connection, one: str, other: str) -> list[sa.RowMapping]:
    """Ties on record between two parties, whichever is the enterprise: tie_id and kind."""
    ends = sa.tuple_(known_ties.c.enterprise_id, known_ties.c.provider_id)
    query = sa.select(known_ties.c.tie_id, known_ties.c.kind).where(ends.in_([(one, other), (other, one)]))
    return list(conn.execute(query.order_by(known_ties.c.tie_id)).mappings())


def graph(conn: sa.Connection, ends: Collection[str], *, today: date) -> Graph:
    """All that can tie these parties within three steps: their facts, who shares one, and what these share in turn; and
    whoever hangs together with any of them by shares of that day, or given up not long before it.

    A chain of three steps has both its middle parties among the neighbours of its ends, so one ring is enough. A fact
    that a crowd shares leads nowhere and is not followed, so that the ring stays small.
    """
    facts = _facts(conn, ends)
    crowd = _crowd(conn, {fact for held in facts.values() for fact in held})
    narrow = {value for (kind, value), many in crowd.items() if many > 1 and tied_by(kind, many)}
    sharers = rows_in(conn, sa.select(party_facts.c.party_id).distinct(), party_facts.c.value, narrow)
    ring = {*ends, *(row["party_id"] for row in sharers)}
    holders = _holders(conn, ring)
    since = today - timedelta(days=ENDED_DAYS)
    around = holdings_around(conn, known_holdings, set(holders.values()))
    held = frozenset(
        (one.owner, one.held)
        for one in around
        if one.from_on <= today and (one.until_on is None or one.until_on > since)
    )
    holders |= _held_by(conn, {holder for pair in held for holder in pair})
    everyone = ring | holders.keys()
    more = _facts(conn, everyone - facts.keys())
    crowd |= _crowd(conn, {fact for own in more.values() for fact in own} - crowd.keys())
    return Graph(facts={**facts, **more}, crowd=crowd, ties=_ties(conn, everyone), holdings=held, holders=holders)


def _holders(conn: sa.Connection, ids: Collection[str]) -> dict[str, str]:
    """Party → the holder that it is, as holdings name it."""
    query = sa.select(known_parties.c.party_id, known_parties.c.holder).where(known_parties.c.holder.is_not(None))
    return {row["party_id"]: row["holder"] for row in rows_in(conn, query, known_parties.c.party_id, ids)}


def _held_by(conn: sa.Connection, holders: Collection[str]) -> dict[str, str]:
    """The parties that are these holders."""
    query = sa.select(known_parties.c.party_id, known_parties.c.holder)
    return {row["party_id"]: row["holder"] for row in rows_in(conn, query, known_parties.c.holder, holders)}


def _facts(conn: sa.Connection, ids: Collection[str]) -> dict[str, frozenset[Fact]]:
    held: dict[str, set[Fact]] = {}
    for row in rows_in(conn, sa.select(party_facts), party_facts.c.party_id, ids):
        held.setdefault(row["party_id"], set()).add((row["kind"], row["value"]))
    return {party: frozenset(facts) for party, facts in held.items()}


def _crowd(conn: sa.Connection, facts: Collection[Fact]) -> dict[Fact, int]:
    columns = (party_facts.c.kind, party_facts.c.value)
    query = sa.select(*columns, sa.func.count().label("many")).group_by(*columns)
    rows = rows_in(conn, query, party_facts.c.value, {value for _, value in facts})
    return {(row["kind"], row["value"]): row["many"] for row in rows}


def _ties(conn: sa.Connection, ids: Collection[str]) -> frozenset[frozenset[str]]:
    """Ties with either end among the parties; read from both ends, for each is asked by its own index."""
    ends = (known_ties.c.enterprise_id, known_ties.c.provider_id)
    found: set[frozenset[str]] = set()
    for end in ends:
        rows = rows_in(conn, sa.select(*ends), end, ids)
        found |= {frozenset((row["enterprise_id"], row["provider_id"])) for row in rows}
    return frozenset(found)


def _add(conn: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Insert what is not there yet, in key order; the first key of each that was new."""
    keys = [column.name for column in table.primary_key]
    ordered = sorted((dict(row) for row in rows), key=lambda row: [row[key] for key in keys])
    return insert_new(conn, table, ordered, returning=keys[:1])
