"""Reads: views for people without personal data, and the two private methods that open it for a payment or a notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from contracts.errors import Refused
from contracts.masking import public_name
from contracts.roles import PARTIES
from infra.crypto import ring
from infra.messages import Actor, Command
from infra.pipeline import Query
from infra.tables import OUTBOX_SENT, outbox, streams
from services.registry.domain import uscc
from services.registry.domain.model import BEFORE_ADMISSION, UNDER_REVIEW
from services.registry.domain.personal import ACCOUNT
from services.registry.personal_store import opened_text
from services.registry.store import cases, known_blacklist, known_wind_downs, market_prices, parties, products

PARTY_VIEW = (
    "id", "kind", "programme", "uscc", "name", "region", "registered_on", "legal_person", "violation", "bad_credit",
    "status", "sequence", "account_version",
)  # fmt: skip
ENTERPRISE_VIEW = (
    *PARTY_VIEW, "industry", "size", "capital_fen", "revenue_fen", "tax_region", "serves_industry", "priority",
)  # fmt: skip
PROVIDER_VIEW = (
    *PARTY_VIEW, "tax_paid", "provider_kind", "platform_id", "batch", "stage", "exit_on", "ground",
)  # fmt: skip
# what the catalogue shows
PROVIDER_PUBLIC = (
    "provider_id", "kind", "programme", "uscc", "name", "region", "status", "sequence", "provider_kind", "platform_id",
    "batch", "exit_on",
)  # fmt: skip
ON_SHOW = ("admitted", "suspended", "leaving")
PRODUCT_VIEW = (
    "id", "provider_id", "programme", "name", "category", "kind", "details", "price_fen", "market_price_fen",
    "voucher_eligible", "status", "sequence",
)  # fmt: skip
PRODUCT_OWN = (*PRODUCT_VIEW, "stage", "reasons")  # its provider's and the officials'
CASE_VIEW = (
    "id", "party_kind", "party_id", "programme", "status", "stage", "sequence", "rounds", "documents", "reasons",
    "submitted_by", "passed_by", "reviewed_by",
)  # fmt: skip
PRICES_SHOWN = 100


def get_enterprise(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """Its registered facts; `organisation_code_valid` false is something for the reviewer to look at."""
    found = _one(conn, parties, ENTERPRISE_VIEW, command.body["id"], "enterprise_id", parties.c.kind == "enterprise")
    if found is None or _is_other_programme(command.actor, found["programme"]):
        return Refused("NOT_FOUND", field="id")
    if _is_foreign(command.actor, found["enterprise_id"]):
        return Refused("NOT_OWNER", field="id")
    return {**found, **_marks(conn, command.body["id"], found["uscc"])}


def get_provider(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """All of it to itself and to officials; to other parties what the catalogue shows, once it is admitted."""
    found = _one(conn, parties, PROVIDER_VIEW, command.body["id"], "provider_id", parties.c.kind == "provider")
    if found is None or _is_other_programme(command.actor, found["programme"]):
        return Refused("NOT_FOUND", field="id")
    if _is_foreign(command.actor, found["provider_id"]):
        if found["status"] not in ON_SHOW:
            return Refused("NOT_OWNER", field="id")
        shown = {name: found[name] for name in PROVIDER_PUBLIC}
        return {**shown, "name": public_name(found["name"], uscc=found["uscc"], legal_person=found["legal_person"])}
    exit_ = {"wind_down": _wind_down(conn, found["provider_id"]) if found["status"] == "exited" else None}
    return {**found, **exit_, **_marks(conn, command.body["id"], found["uscc"])}


def _wind_down(conn: sa.Connection, provider_id: str) -> dict[str, str]:
    """By who says it: open while something waits for a word there, closed when nothing does; unknown before."""
    table = known_wind_downs
    query = sa.select(table.c.source, table.c.status).where(table.c.provider_id == provider_id)
    said = {"voucher": "unknown", "settlement": "unknown"}
    return said | {row.source: row.status for row in conn.execute(query)}


def get_product(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """A product; before it is published (and after it is off the shelf) to its provider and to officials alone."""
    key = command.body["id"]
    found = _one(conn, products, PRODUCT_OWN, key, "product_id")
    if found is None or _is_other_programme(command.actor, found["programme"]):
        return Refused("NOT_FOUND", field="id")
    if _is_foreign(command.actor, found["provider_id"]):
        if found["status"] != "published":
            return Refused("NOT_OWNER", field="id")
        return {name: found[name] for name in found if name not in ("stage", "reasons")}
    if not _is_party(command.actor):
        found["market_prices"] = _prices(conn, key)
    return found


def get_certification(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """A case with its documents' digests, for reviewers."""
    found = _one(conn, cases, CASE_VIEW, command.body["id"], "case_id")
    if found is None or _is_other_programme(command.actor, found["programme"]):
        return Refused("NOT_FOUND", field="id")
    return found


def list_products(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """The catalogue in force: what is published, of providers not on the blacklist."""
    body = command.body
    listed = sa.select(known_blacklist.c.entry_id).where(
        known_blacklist.c.party_id == products.c.provider_id, known_blacklist.c.status == "listed"
    )
    query = _select(products, PRODUCT_VIEW).where(
        products.c.programme == body["programme"], products.c.status == "published", ~listed.exists()
    )
    for name in ("category", "provider_id"):
        if body.get(name) is not None:
            query = query.where(products.c[name] == body[name])
    return _page(conn, query, products.c.id, command, "product_id")


def list_parties(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Parties by kind, state and region, in order of id."""
    body = command.body
    view = ENTERPRISE_VIEW if body["kind"] == "enterprise" else PROVIDER_VIEW
    query = _select(parties, view).where(parties.c.programme == body["programme"], parties.c.kind == body["kind"])
    if body.get("status") is not None:
        query = query.where(parties.c.status == body["status"])
    if body.get("region_prefix") is not None:
        query = query.where(parties.c.region.startswith(body["region_prefix"], autoescape=True))
    return _page(conn, query, parties.c.id, command, f"{body['kind']}_id")


def list_work(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """What waits for someone: cases, certified and nominated providers, products; each with the role in turn (`stage`)
    and its party's `region`, by which an office finds its own.
    """
    body, kind = command.body, command.body["kind"]
    table, names, waiting, called = {
        "certification": (cases, CASE_VIEW, UNDER_REVIEW, "case_id"),
        "provider": (parties, PROVIDER_VIEW, BEFORE_ADMISSION, "provider_id"),
        "product": (products, PRODUCT_OWN, UNDER_REVIEW, "product_id"),
    }[kind]
    query = _select(table, names).where(table.c.programme == body["programme"], table.c.status.in_(waiting))
    if kind == "provider":
        query = query.where(parties.c.kind == "provider")
    else:
        owner = cases.c.party_id if kind == "certification" else products.c.provider_id
        query = query.add_columns(parties.c.region).join(parties, parties.c.id == owner)
    if kind == "certification":  # a provider that leaves takes its case with it
        query = query.where(parties.c.status == "submitted")
    if body.get("stage") is not None:
        query = query.where(table.c.stage == body["stage"])
    if body.get("region") is not None:
        query = query.where(parties.c.region.startswith(body["region"], autoescape=True))
    return _page(conn, query, table.c.id, command, called)


def payee_accounts(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Accounts in plain text, with version and the holder's standing, for a payment file; unknown ids are left out."""
    items = [
        {
            "party_id": row["id"],
            **{name: row[name] for name in ("kind", "uscc", "name", "status", "account_version", "blacklisted")},
            **{name: personal.get(name) for name in ACCOUNT},
        }
        for row, personal in _personal(conn, command.body["ids"])
    ]
    return {"items": items}


def contacts(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Where to send a notice, in plain text; unknown ids are left out."""
    names = ("contact_name", "contact_phone", "contact_email")
    items = [
        {"id": row["id"], "kind": row["kind"], "name": row["name"], **{name: personal.get(name) for name in names}}
        for row, personal in _personal(conn, command.body["ids"])
    ]
    return {"items": items}


def totals(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Figures for reconciliation, as of one snapshot; parties and products of the programme, whatever the year."""
    programme = command.body["programme"]
    counted = sa.select(parties.c.kind, parties.c.status, sa.func.count()).where(parties.c.programme == programme)
    rows = [tuple(row) for row in conn.execute(counted.group_by(parties.c.kind, parties.c.status))]
    published = sa.select(sa.func.count()).where(products.c.programme == programme, products.c.status == "published")
    unsent = sa.select(sa.func.count()).where(outbox.c.state < OUTBOX_SENT)
    head = sa.select(sa.func.coalesce(sa.func.max(streams.c.head_seq), 0))
    return {
        "figures": {
            "enterprises": sum(count for kind, _, count in rows if kind == "enterprise"),
            "enterprises_certified": sum(
                c for kind, status, c in rows if (kind, status) == ("enterprise", "certified")
            ),
            "providers": sum(count for kind, _, count in rows if kind == "provider"),
            "products_published": conn.execute(published).scalar_one(),
            "outbox_unsent": conn.execute(unsent).scalar_one(),
            "stream_seq": conn.execute(head).scalar_one(),
        },
        "rows": {kind: {s: count for k, s, count in rows if k == kind} for kind in ("enterprise", "provider")},
    }


def _select(table: sa.Table, names: Iterable[str]) -> sa.Select[Any]:
    return sa.select(*(table.c[name] for name in names))


def _one(
    conn: sa.Connection, table: sa.Table, names: Sequence[str], key: str, called: str, *more: sa.ColumnElement[bool]
) -> dict[str, Any] | None:
    row = conn.execute(_select(table, names).where(table.c.id == key, *more)).mappings().one_or_none()
    return None if row is None else plain(row, called)


def _page(
    conn: sa.Connection, query: sa.Select[Any], order: sa.ColumnElement[Any], command: Command, called: str
) -> dict[str, Any]:
    """At most `limit` items after the last one of the page before; `next` is where to go on, if there is more."""
    limit = command.body.get("limit") or 100
    if command.body.get("after") is not None:
        query = query.where(order > command.body["after"])
    rows = [plain(row, called) for row in conn.execute(query.order_by(order).limit(limit + 1)).mappings()]
    return {"items": rows[:limit], "next": rows[limit - 1][called] if len(rows) > limit else None}


def plain(row: Mapping[Any, Any], called: str) -> dict[str, Any]:
    """A row as JSON carries it; its id under the name it has everywhere else (`enterprise_id`, `product_id` …)."""
    return {
        called if name == "id" else name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in row.items()
    }


def _prices(conn: sa.Connection, product_id: str) -> list[dict[str, Any]]:
    """The market prices that were found, newest first: by whom, when, where."""
    query = _select(market_prices, ("market_price_fen", "source", "actor", "at"))
    query = query.where(market_prices.c.product_id == product_id).order_by(market_prices.c.id.desc())
    return [plain(row, "id") for row in conn.execute(query.limit(PRICES_SHOWN)).mappings()]


def _is_party(actor: Actor) -> bool:
    return bool(actor.roles) and actor.roles <= PARTIES


def _is_foreign(actor: Actor, owner: str) -> bool:
    """Is it a party that asks, and for another's record?"""
    return _is_party(actor) and actor.organisation != owner


def _is_other_programme(actor: Actor, programme: str) -> bool:
    return actor.programme not in (None, programme)


def _marks(conn: sa.Connection, party_id: str, code: str) -> dict[str, bool]:
    return {
        "blacklisted": bool(_listed(conn, [party_id])),
        "organisation_code_valid": uscc.organisation_code_is_valid(code),
    }


def _listed(conn: sa.Connection, ids: Sequence[str]) -> set[str]:
    query = sa.select(known_blacklist.c.party_id).where(
        known_blacklist.c.party_id.in_(ids), known_blacklist.c.status == "listed"
    )
    return set(conn.execute(query).scalars())


def _personal(conn: sa.Connection, ids: Sequence[str]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The parties with their personal facts opened, in order of id."""
    names = ("id", "kind", "name", "uscc", "status", "account_version", "key_id", "sealed")
    rows = conn.execute(_select(parties, names).where(parties.c.id.in_(sorted(set(ids)))).order_by(parties.c.id))
    listed, keys = _listed(conn, ids), ring()
    return [
        ({**row, "blacklisted": row["id"] in listed}, opened_text(row["id"], row["key_id"], row["sealed"], keys))
        for row in rows.mappings()
    ]


QUERIES: dict[str, Query] = {
    "get_enterprise": get_enterprise,
    "get_provider": get_provider,
    "get_product": get_product,
    "get_certification": get_certification,
    "list_products": list_products,
    "list_parties": list_parties,
    "list_work": list_work,
    "payee_accounts": payee_accounts,
    "contacts": contacts,
    "totals": totals,
}
