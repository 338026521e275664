"""What claims are compared with, found by index and bounded: the newest of each group, never all there is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from infra.db_insert import insert_new
from services.supervision.domain.affiliation import Fact
from services.supervision.domain.screening.population import FACTS
from services.supervision.domain.screening.reuse import Forms, digits, forms, swaps
from services.supervision.store.sets import rows_in
from services.supervision.store.tables import (
    invoice_uses,
    known_claims,
    known_orders,
    known_parties,
    known_products,
    party_facts,
)

PRICED = ("placed", "confirmed", "refund_requested", "claimed", "redeemed")  # orders whose price somebody pays
OF_PRODUCT = 121  # newest orders of a product: as many as its price is compared with
OF_CATEGORY = 300  # newest orders of a programme's category
OF_PROVIDER = 300  # newest claims of a provider within its DAYS
DAYS = 180
ALIKE = 20  # newest claims with the same contract, or paid from or to the same account
LIKE = 2_000  # newest uses of like invoices, of all claims that are looked at

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Around:
    """Orders with their claims and products, by the names that a population's columns have; which of them are there
    only because of their provider; uses of like invoices; facts of parties, and when they were registered."""

    orders: Sequence[Row]
    of_provider: frozenset[str]
    uses: Sequence[Row]
    facts: dict[str, frozenset[Fact]]
    registered: dict[str, Any]


def around(conn: sa.Connection, claims: Sequence[Row]) -> Around:
    """All that these claims are compared with, and they themselves, in a fixed number of statements."""
    uses = _like(conn, claims)
    ids = {claim["order_id"] for claim in claims} | {use["order_id"] for use in uses}
    ids |= _peers(conn, claims) | _alike(conn, claims)
    of_provider = _of_providers(conn, claims) - ids
    orders: list[Row] = [*rows_in(conn, _ORDERS, known_orders.c.order_id, ids | of_provider)]
    parties = {row[side] for row in orders for side in ("enterprise", "order_provider")}
    held: dict[str, set[Fact]] = {}
    told = sa.select(party_facts).where(party_facts.c.kind.in_(FACTS))
    for row in rows_in(conn, told, party_facts.c.party_id, parties):
        held.setdefault(row["party_id"], set()).add((row["kind"], row["value"]))
    columns = (known_parties.c.party_id, known_parties.c.registered_on)
    registered = rows_in(conn, sa.select(*columns), known_parties.c.party_id, parties)
    return Around(
        orders=orders,
        of_provider=frozenset(of_provider),
        uses=uses,
        facts={party: frozenset(facts) for party, facts in held.items()},
        registered={row["party_id"]: row["registered_on"] for row in registered},
    )


def _columns(table: sa.Table, *names: str, **labels: str) -> list[sa.ColumnElement[Any]]:
    return [*(table.c[name] for name in names), *(table.c[name].label(label) for label, name in labels.items())]


_ORDERS = (
    sa.select(
        *_columns(known_orders, order="order_id", enterprise="enterprise_id", order_provider="provider_id"),
        *_columns(known_orders, "programme", "category", "list_price_fen", "price_fen", product="product_id"),
        *_columns(known_orders, "voucher_fen", "pack_version", "ordered_on", "confirmed_on"),
        *_columns(known_products, "kind", "market_price_fen"),
        *_columns(known_claims, "filed_at", "status", "transfer_fen", "refunded_fen", "invoice_fen", "invoice_on"),
        *_columns(known_claims, "contract_sha256", "usage_days", "usage_units", claim="claim_id"),
        *_columns(known_claims, invoice_no="invoice_number", provider="provider_id"),
        *_columns(known_claims, payer_account="payer_index", payee_account="payee_index"),
    )
    .join(known_products, known_products.c.product_id == known_orders.c.product_id)
    .outerjoin(known_claims, known_claims.c.order_id == known_orders.c.order_id)
)


def _peers(conn: sa.Connection, claims: Sequence[Row]) -> set[str]:
    """Order ids grow with time, so each group is one short walk along an index."""
    products = {(("product_id", claim["product_id"]),) for claim in claims}
    categories = {(("programme", claim["programme"]), ("category", claim["category"])) for claim in claims}
    groups = [*((key, OF_PRODUCT) for key in sorted(products)), *((key, OF_CATEGORY) for key in sorted(categories))]
    return _first(
        conn,
        (
            sa.select(known_orders.c.order_id)
            .where(*(known_orders.c[name] == value for name, value in key), known_orders.c.status.in_(PRICED))
            .order_by(known_orders.c.order_id.desc())
            .limit(most)
            for key, most in groups
        ),
    )


def _of_providers(conn: sa.Connection, claims: Sequence[Row]) -> set[str]:
    oldest: dict[str, Any] = {}
    for claim in claims:
        since = claim["filed_at"] - timedelta(days=DAYS)
        oldest[claim["provider_id"]] = min(since, oldest.get(claim["provider_id"], since))
    c = known_claims.c
    return _first(
        conn,
        (
            sa.select(c.order_id)
            .where(c.provider_id == provider_id, c.filed_at >= oldest[provider_id])
            .order_by(c.filed_at.desc(), c.claim_id.desc())
            .limit(OF_PROVIDER)
            for provider_id in sorted(oldest)
        ),
    )


def _alike(conn: sa.Connection, claims: Sequence[Row]) -> set[str]:
    """With the same contract; paid from an account that one of these was paid to, or the other way about."""
    c = known_claims.c
    wanted = {
        *((c.contract_sha256, claim["contract_sha256"]) for claim in claims),
        *((c.payer_index, claim["payee_index"]) for claim in claims if claim["payee_index"]),
        *((c.payee_index, claim["payer_index"]) for claim in claims if claim["payer_index"]),
    }
    return _first(
        conn,
        (
            sa.select(c.order_id).where(column == value).order_by(c.claim_id.desc()).limit(ALIKE)
            for column, value in sorted(wanted, key=lambda pair: (pair[0].name, pair[1]))
        ),
    )


COMPOUND = 400  # selects in one statement: SQLite takes 500


def _first(conn: sa.Connection, queries: Iterable[sa.Select[Any]]) -> set[str]:
    """Order ids of all these, in one statement as long as they are no more than COMPOUND."""
    parts = [sa.select(query.subquery()) for query in queries]
    found: set[str] = set()
    for start in range(0, len(parts), COMPOUND):
        found |= set(conn.execute(sa.union_all(*parts[start : start + COMPOUND])).scalars())
    return found


# --- invoices -------------------------------------------------------------------------------------------------------


def save_uses(conn: sa.Connection, claims: Sequence[Row]) -> None:
    """Keep each number that a claim was filed with, and when first: claims as their events have them."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for claim in sorted(claims, key=lambda claim: (claim["filed_at"], claim["claim_id"])):
        form = forms(claim["invoice_number"])
        row = {
            **{name: claim[name] for name in ("claim_id", "order_id", "provider_id", "enterprise_id")},
            "invoice_number": claim["invoice_number"],
            "plain": form.plain[:64],
            "bare": form.bare[:64],
            "core": form.core[:64],
            "tail": form.tail,
            "digits": digits(form.bare)[:64],
            "amount_fen": claim["invoice_fen"],
            "issued_on": claim["invoice_on"],
            "used_at": claim["filed_at"],
        }
        rows.setdefault((row["claim_id"], row["plain"]), row)
    insert_new(conn, invoice_uses, [rows[key] for key in sorted(rows)], returning=("claim_id",))


def _like(conn: sa.Connection, claims: Sequence[Row]) -> list[Row]:
    """Uses whose number may be that of one of these claims, by every form that a reused one is disguised in."""
    own: list[tuple[Row, Forms]] = [(claim, forms(claim["invoice_number"])) for claim in claims]
    keys = {(claim["provider_id"], key) for claim, form in own for key in (form.core, form.tail, form.bare) if key}
    c = invoice_uses.c
    asked: list[tuple[sa.ColumnElement[Any], set[Any]]] = [
        (c.plain, {form.plain[:64] for _, form in own}),
        (c.bare, {bare for _, form in own for bare in {form.bare, *swaps(form.bare)} if bare}),
        (sa.tuple_(c.provider_id, c.core), keys),
        (sa.tuple_(c.provider_id, c.tail), keys),
        (
            sa.tuple_(c.digits, c.amount_fen),
            {(digits(form.bare)[:64], claim["invoice_fen"]) for claim, form in own},
        ),
    ]
    found: dict[tuple[str, str], Row] = {}
    for column, values in asked:
        query = sa.select(invoice_uses).order_by(c.used_at.desc(), c.claim_id).limit(LIKE)
        found |= {(row["claim_id"], row["plain"]): row for row in rows_in(conn, query, column, values)}
    return [found[key] for key in sorted(found)]


def payable(conn: sa.Connection, claim_ids: Collection[str], pairs: Collection[tuple[str, str]]) -> list[Row]:
    """Of these claims, and of those between these enterprises and providers, all that may still be paid."""
    c = known_claims.c
    wanted = [c.claim_id.in_(sorted(claim_ids))] if claim_ids else []
    wanted += [sa.tuple_(c.enterprise_id, c.provider_id).in_(sorted(pairs))] if pairs else []
    if not wanted:
        return []
    query = sa.select(c.claim_id, c.enterprise_id, c.provider_id).where(
        sa.or_(*wanted), c.status.not_in(("refused", "withdrawn", "paid"))
    )
    return [*conn.execute(query.order_by(c.claim_id).limit(LIKE)).mappings()]
