"""Reads: what a party may see of its own, what officials see of all, and the books as an auditor wants them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from contracts import roles
from contracts.errors import Refused
from infra.messages import Command
from infra.packs import pack_on
from infra.pipeline import Query
from services.voucher import books_queries, exits_queries, years_queries
from services.voucher.access import foreign
from services.voucher.books_queries import account
from services.voucher.domain import ledger
from services.voucher.domain.plans import region_of
from services.voucher.quota_queries import get_quota
from services.voucher.rows import limit_of, plain, without
from services.voucher.tables import applications, denominations, orders, plans

Found = Mapping[str, Any] | Refused
INNER = (
    "prior_revenue_fen",
    "purse",
)  # of an order: what its filing says, to those who may read it; a name of accounts
AWAITING_HAND_OVER = "awaiting_hand_over"  # asked for as a status, though it is a mark on a running order
AFTER = re.compile(r"([0-9]{1,18})(?::([0-9]{2,6}))?", re.ASCII)  # a place that any database holds, and its region


# --- one record -------------------------------------------------------------------------------------------------------


def get_order(conn: sa.Connection, command: Command) -> Found:
    """An order; a party sees its own alone."""
    row = _one(conn, sa.select(orders).where(orders.c.order_id == command.body["id"]))
    if row is None:
        return Refused("NOT_FOUND", "id")
    if not _may_see(command, row["enterprise_id"], row["provider_id"]):
        return Refused("NOT_OWNER", "id")
    return foreign(command, row["programme"]) or without(row, *INNER)


def get_application(conn: sa.Connection, command: Command) -> Found:
    """An application with its place in the line; a party sees its own alone."""
    row = _one(conn, sa.select(applications).where(applications.c.application_id == command.body["id"]))
    if row is None:
        return Refused("NOT_FOUND", "id")
    if not _may_see(command, row["enterprise_id"]):
        return Refused("NOT_OWNER", "id")
    if (barred := foreign(command, row["programme"])) is not None:
        return barred
    ahead = _ahead(conn, row) if row["status"] == "waiting" else 0
    return {**without(row, "applied_by", "reviewed_by", "purse"), "ahead": ahead}


def get_plan(conn: sa.Connection, command: Command) -> Found:
    """A plan as it is published: its money, what of it is free, how many wait, which vouchers are left.

    carried_fen, made_up_fen: as they are now; owed_fen: what of its promises a later plan has to make up.
    """
    body = command.body
    base = pack_on(body["programme"], date(body["year"], 12, 31))
    region = region_of(body.get("region") or ("" if base is None else base.region))
    where = plans.c.programme == body["programme"], plans.c.year == body["year"], plans.c.region == region
    row = _one(conn, sa.select(plans).where(*where))
    return Refused("NOT_FOUND", "year") if row is None else _plan(conn, row)


def _plan(conn: sa.Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    purse = row["programme"], row["year"], row["purse"]
    names = {kind: getattr(ledger, kind)(*purse) for kind in ("budget", "carried_in", "making_up", "deferred")}
    found = {kind: account(conn, name) for kind, name in names.items()}
    one = applications.c
    waits = one.programme == row["programme"], one.year == row["year"], one.plan_region == row["region"]
    waiting = sa.select(sa.func.count()).select_from(applications).where(*waits, one.status == "waiting")
    kept = denominations.c
    left = sa.select(kept.denomination_fen, kept["count"], kept.taken).where(
        kept.programme == row["programme"], kept.year == row["year"], kept.region == row["region"]
    )
    vouchers = [dict(one) for one in conn.execute(left.order_by(kept.denomination_fen)).mappings()]
    return {
        **without(row, "made_by", "configured_by", "purse", "rounds"),
        "carried_fen": -found["carried_in"].balance_fen,
        "made_up_fen": found["making_up"].balance_fen,
        "owed_fen": max(0, -found["deferred"].available_fen),
        "free_fen": found["budget"].available_fen,
        "waiting": conn.execute(waiting).scalar_one(),
        "vouchers": vouchers,
    }


# --- lists ------------------------------------------------------------------------------------------------------------


def list_orders(conn: sa.Connection, command: Command) -> Found:
    """Orders by id, of the caller's programme where its token names one; status `awaiting_hand_over`: running ones
    whose provider has left."""
    body = command.body
    query = sa.select(orders)
    if command.actor.programme is not None:
        query = query.where(orders.c.programme == command.actor.programme)
    for name in ("programme", "enterprise_id", "provider_id", "status"):
        wanted = body.get(name)
        if name == "status" and wanted == AWAITING_HAND_OVER:
            query = query.where(orders.c.hand_over_due)
        elif wanted is not None:
            query = query.where(orders.c[name] == wanted)
    return _page(conn, query, orders.c.order_id, body, hidden=INNER)


def list_plans(conn: sa.Connection, command: Command) -> Found:
    """The plans of a programme's year, of every region that has one; of what each can still do, `get_plan` tells."""
    body = command.body
    query = sa.select(plans).where(plans.c.programme == body["programme"], plans.c.year == body["year"])
    rows = [plain(row) for row in conn.execute(query.order_by(plans.c.region)).mappings()]
    return {"items": [without(row, "made_by", "configured_by", "purse", "rounds") for row in rows], "next": None}


def list_applications(conn: sa.Connection, command: Command) -> Found:
    """Applications of a year by place, of several plans by place and region; `after` is `next` of the page before."""
    body = command.body
    one = applications.c
    query = sa.select(applications).where(one.programme == body["programme"], one.year == body["year"])
    if body.get("status") is not None:
        query = query.where(one.status == body["status"])
    if body.get("after") is not None:
        after = AFTER.fullmatch(body["after"])
        if after is None:
            return Refused("INVALID", "after")
        place, region = int(after[1]), after[2] or "~"  # alone, a place is behind all regions
        query = query.where((one.place > place) | ((one.place == place) & (one.plan_region > region)))
    limit = limit_of(body)
    query = query.order_by(one.place, one.plan_region).limit(limit)
    rows = [plain(row) for row in conn.execute(query).mappings()]
    last = f"{rows[-1]['place']}:{rows[-1]['plan_region']}" if len(rows) == limit else None
    return {"items": [without(row, "purse") for row in rows], "next": last}


# --- shapes -----------------------------------------------------------------------------------------------------------


def _one(conn: sa.Connection, query: sa.Select[Any]) -> dict[str, Any] | None:
    row = conn.execute(query).mappings().first()
    return None if row is None else plain(row)


def _may_see(command: Command, *owners: str) -> bool:
    """Officials and the platform see all; a caller who is a party alone sees its own."""
    return bool(command.actor.roles - roles.PARTIES) or command.actor.organisation in owners


def _page(
    conn: sa.Connection,
    query: sa.Select[Any],
    key: sa.Column[Any],
    body: Mapping[str, Any],
    *,
    hidden: tuple[str, ...] = (),
) -> Found:
    if body.get("after") is not None:
        query = query.where(key > body["after"])
    limit = limit_of(body)
    found = conn.execute(query.order_by(key).limit(limit)).mappings()
    rows = [without(plain(row), *hidden) for row in found]
    return {"items": rows, "next": rows[-1][key.name] if len(rows) == limit else None}


def _ahead(conn: sa.Connection, row: Mapping[str, Any]) -> int:
    """How many of the line are served before this one: priority first, then place."""
    before = sa.and_(applications.c.priority == row["priority"], applications.c.place < row["place"])
    if not row["priority"]:
        before = before | applications.c.priority
    query = sa.select(sa.func.count()).where(
        applications.c.programme == row["programme"],
        applications.c.year == row["year"],
        applications.c.plan_region == row["plan_region"],
        applications.c.status == "waiting",
        before,
    )
    return int(conn.execute(query).scalar_one())


QUERIES: Mapping[str, Query] = {
    "get_order": get_order,
    "get_application": get_application,
    "get_plan": get_plan,
    "list_plans": list_plans,
    "get_quota": get_quota,
    "list_orders": list_orders,
    "list_applications": list_applications,
    "get_wind_down": exits_queries.get_wind_down,
    **books_queries.QUERIES,
    **years_queries.QUERIES,
}
