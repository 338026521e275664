"""Claims on their way through screening: what waits, invoices used, peers' prices, verdicts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from infra.db_insert import insert_new, upsert
from services.supervision.domain.invoices import Forms, Use
from services.supervision.domain.prices import Peer
from services.supervision.store.sets import rows_in
from services.supervision.store.tables import (
    invoice_uses,
    known_claims,
    known_orders,
    known_parties,
    known_products,
    screening_pending,
    screenings,
)

Row = Mapping[str, Any]

ENDED = ("refused", "withdrawn")
PRICED = ("placed", "confirmed", "refund_requested", "claimed", "redeemed")  # orders whose price somebody pays
PEERS = 300  # the newest orders of a product or category that a price is compared with

_enterprises = known_parties.alias("enterprises")
_providers = known_parties.alias("providers")


def await_screening(conn: sa.Connection, rows: Sequence[Row]) -> None:
    """Put claims in line; one that waits already keeps its place."""
    distinct: dict[str, dict[str, Any]] = {}
    for row in rows:
        kept = distinct.setdefault(row["claim_id"], dict(row))
        kept["again"] = kept["again"] or row["again"]
    ordered = [distinct[claim_id] for claim_id in sorted(distinct)]
    never_back = "NOT screening_pending.again"
    upsert(conn, screening_pending, ordered, key=("claim_id",), replace=("again",), where=never_back)


def ready(conn: sa.Connection, *, most: int) -> list[sa.RowMapping]:
    """Claims in line of which all that is needed is known, oldest first, with prices; none that another has at hand."""
    query = (
        sa.select(
            known_claims,
            screening_pending.c.event_id,
            screening_pending.c.correlation_id,
            screening_pending.c.again,
            known_orders.c.list_price_fen,
            known_orders.c.pack_version,
            known_products.c.kind,
            known_products.c.market_price_fen,
        )
        .select_from(screening_pending)
        .join(known_claims, known_claims.c.claim_id == screening_pending.c.claim_id)
        .join(_enterprises, _enterprises.c.party_id == known_claims.c.enterprise_id)
        .join(_providers, _providers.c.party_id == known_claims.c.provider_id)
        .join(known_orders, known_orders.c.order_id == known_claims.c.order_id)
        .join(known_products, known_products.c.product_id == known_claims.c.product_id)
        .order_by(known_claims.c.filed_at, known_claims.c.claim_id)
        .limit(most)
        .with_for_update(of=screening_pending, skip_locked=True)
    )
    return list(conn.execute(query).mappings())


def done(conn: sa.Connection, claim_ids: Collection[str]) -> None:
    """Take claims out of the line."""
    conn.execute(sa.delete(screening_pending).where(screening_pending.c.claim_id.in_(sorted(claim_ids))))


def waiting(conn: sa.Connection) -> int:
    """How many claims wait to be screened."""
    return int(conn.execute(sa.select(sa.func.count()).select_from(screening_pending)).scalar_one())


# --- invoices -------------------------------------------------------------------------------------------------------


def save_uses(conn: sa.Connection, uses: Sequence[Use]) -> None:
    """Keep each number that a claim was filed with; the first filing with it stands."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for use in sorted(uses, key=lambda use: use.age):
        row = {
            "claim_id": use.claim_id,
            "plain": use.forms.plain,
            "bare": use.forms.bare,
            "tail": use.forms.tail,
            "near": use.forms.near,
            "far": use.forms.far,
            "order_id": use.order_id,
            "provider_id": use.provider_id,
            "enterprise_id": use.enterprise_id,
            "amount_fen": use.amount_fen,
            "issued_on": use.issued_on,
            "used_at": use.used_at,
        }
        rows.setdefault((use.claim_id, use.forms.plain), row)
    insert_new(conn, invoice_uses, [rows[key] for key in sorted(rows)], returning=("claim_id",))


def uses_like(conn: sa.Connection, *, plain: set[str], bare: set[str], tail: set[str]) -> list[Use]:
    """All uses whose number has one of these forms."""
    found: dict[tuple[str, str], Use] = {}
    for column, values in ((invoice_uses.c.plain, plain), (invoice_uses.c.bare, bare), (invoice_uses.c.tail, tail)):
        for row in rows_in(conn, _uses(), column, values):
            found[row["claim_id"], row["plain"]] = _use(row)
    return list(found.values())


def block_sizes(conn: sa.Connection, forms: Collection[Forms]) -> dict[str, int]:
    """How many uses lie in each block of numbers that one of these lies in."""
    sizes: dict[str, int] = {}
    for name in ("near", "far"):
        column = invoice_uses.c[name]
        query = sa.select(column.label("block"), sa.func.count().label("many")).group_by(column)
        blocks = {block for form in forms if (block := getattr(form, name)) is not None}
        sizes |= {row["block"]: row["many"] for row in rows_in(conn, query, column, blocks)}
    return sizes


def _uses() -> sa.Select[Any]:
    return sa.select(invoice_uses, known_claims.c.status).join(
        known_claims, known_claims.c.claim_id == invoice_uses.c.claim_id
    )


def _use(row: sa.RowMapping) -> Use:
    return Use(
        claim_id=row["claim_id"],
        order_id=row["order_id"],
        provider_id=row["provider_id"],
        enterprise_id=row["enterprise_id"],
        forms=Forms(**{name: row[name] for name in ("plain", "bare", "tail", "near", "far")}),
        amount_fen=row["amount_fen"],
        issued_on=row["issued_on"],
        used_at=row["used_at"],
        ended=row["status"] in ENDED,
    )


# --- prices ---------------------------------------------------------------------------------------------------------


def product_peers(conn: sa.Connection, product_ids: Collection[str]) -> dict[str, list[Peer]]:
    """The newest orders of each product, with the enterprise that pays."""
    groups = [{"product_id": product_id} for product_id in sorted(set(product_ids))]
    found: dict[str, list[Peer]] = {}
    for row in _newest(conn, groups):
        found.setdefault(row["product_id"], []).append(_peer(row))
    return found


def category_peers(conn: sa.Connection, categories: Collection[tuple[str, str]]) -> dict[tuple[str, str], list[Peer]]:
    """The newest orders of each (programme, category)."""
    groups = [{"programme": programme, "category": category} for programme, category in sorted(set(categories))]
    found: dict[tuple[str, str], list[Peer]] = {}
    for row in _newest(conn, groups):
        found.setdefault((row["programme"], row["category"]), []).append(_peer(row))
    return found


def _newest(conn: sa.Connection, groups: Sequence[Mapping[str, str]]) -> list[sa.RowMapping]:
    """At most PEERS orders of each group; order ids grow with time, so each is one short walk along an index."""
    if not groups:
        return []
    names = ("enterprise_id", "product_id", "programme", "category", "price_fen")
    columns = [*(known_orders.c[name] for name in names), known_products.c.kind]
    parts = []
    for group in groups:
        query = (
            sa.select(*columns)
            .join(known_products, known_products.c.product_id == known_orders.c.product_id)
            .where(*(known_orders.c[name] == value for name, value in group.items()))
            .where(known_orders.c.status.in_(PRICED))
            .order_by(known_orders.c.order_id.desc())
            .limit(PEERS)
        )
        parts.append(sa.select(query.subquery()))
    return list(conn.execute(sa.union_all(*parts)).mappings())


def _peer(row: sa.RowMapping) -> Peer:
    return Peer(**{name: row[name] for name in ("enterprise_id", "product_id", "kind", "price_fen")})


# --- verdicts -------------------------------------------------------------------------------------------------------


def lock_verdicts(conn: sa.Connection, claim_ids: Collection[str]) -> dict[str, sa.RowMapping]:
    """The verdicts on these claims, locked in key order."""
    query = sa.select(screenings).order_by(screenings.c.claim_id).with_for_update()
    return {row["claim_id"]: row for row in rows_in(conn, query, screenings.c.claim_id, claim_ids)}


def save_verdicts(conn: sa.Connection, rows: Sequence[Row]) -> None:
    """Write verdicts, new or changed."""
    upsert(conn, screenings, sorted(rows, key=lambda row: row["claim_id"]), key=("claim_id",))
