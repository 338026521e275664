"""Reads: what a party may see of its own, what officials see of all, and the books as an auditor wants them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from contracts import roles
from contracts.errors import Refused
from infra.jsontext import instant_text
from infra.messages import Command
from infra.pipeline import Query
from infra.tables import OUTBOX_SENT
from services.voucher.access import foreign
from services.voucher.domain import ledger
from services.voucher.domain.applications import FREED, HELD
from services.voucher.tables import accounts, applications, metadata, orders, plans, transfers

Found = Mapping[str, Any] | Refused
AWAITING_HAND_OVER = "awaiting_hand_over"  # asked for as a status, though it is a mark on a running order
PAGE = 100  # rows of a page whose length nobody asked for
DIGITS = 18  # of the greatest place that may be named: what any database holds

_outbox, _streams = metadata.tables["outbox"], metadata.tables["streams"]


# --- one record -------------------------------------------------------------------------------------------------------


def get_order(conn: sa.Connection, command: Command) -> Found:
    """An order; a party sees its own alone."""
    row = _one(conn, sa.select(orders).where(orders.c.order_id == command.body["id"]))
    if row is None:
        return Refused("NOT_FOUND", "id")
    if not _may_see(command, row["enterprise_id"], row["provider_id"]):
        return Refused("NOT_OWNER", "id")
    return foreign(command, row["programme"]) or row


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
    return {**_without(row, "applied_by"), "ahead": ahead}


def get_plan(conn: sa.Connection, command: Command) -> Found:
    """A programme's plan of a year, as it is published: its money, what of it is free, and how many wait."""
    programme, year = command.body["programme"], command.body["year"]
    row = _one(conn, sa.select(plans).where(plans.c.programme == programme, plans.c.year == year))
    if row is None:
        return Refused("NOT_FOUND", "year")
    account = _account(conn, ledger.budget(programme, year))
    counts = _counts(conn, applications, programme, year)
    hidden = _without(row, "made_by", "configured_by")
    return {**hidden, "free_fen": account.available_fen, "waiting": counts.get("waiting", 0)}


def get_quota(conn: sa.Connection, command: Command) -> Found:
    """An enterprise's quota of a year, summed over its applications; 0 where there is none.

    granted = available + held by placed orders + spent + lapsed; reserved and waiting come on top. `left_fen`: what a
    further application may ask for (第十六条), None where there is no plan. `applications`: by place, without the
    refused and withdrawn.
    """
    body = command.body
    account = _account(conn, ledger.quota(body["programme"], body["year"], body["enterprise_id"]))
    one = applications.c
    names = "application_id", "status", "place", "requested_fen", "ceiling_fen", "amount_fen", "lapsed_fen"
    query = sa.select(*(one[name] for name in names)).where(
        one.enterprise_id == body["enterprise_id"],
        one.programme == body["programme"],
        one.year == body["year"],
        one.status.not_in(FREED),
    )
    mine = [_json(row) for row in conn.execute(query.order_by(one.place)).mappings()]
    filled = [row for row in mine if row["status"] in ("granted", "lapsed") and row["amount_fen"]]
    granted_fen, lapsed_fen = (sum(row[name] for row in filled) for name in ("amount_fen", "lapsed_fen"))
    cap = sa.select(plans.c.quota_fen).where(plans.c.programme == body["programme"], plans.c.year == body["year"])
    quota_fen = conn.execute(cap).scalar()
    taken_fen = sum(row["amount_fen"] if row["status"] in HELD else row["ceiling_fen"] for row in mine)
    return {
        **body,
        "quota_fen": quota_fen,
        "left_fen": None if quota_fen is None else max(0, quota_fen - taken_fen),
        "reserved_fen": sum(row["amount_fen"] for row in mine if row["status"] == "reserved"),
        "waiting_fen": sum(row["ceiling_fen"] for row in mine if row["status"] == "waiting"),
        "granted_fen": granted_fen,
        "held_fen": account.debits_pending,
        "available_fen": account.available_fen,
        "spent_fen": granted_fen - account.balance_fen - lapsed_fen,
        "lapsed_fen": lapsed_fen,
        "applications": mine,
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
    return _page(conn, query, orders.c.order_id, body)


def list_applications(conn: sa.Connection, command: Command) -> Found:
    """Applications of a year by place; `after` is the place of the last one seen."""
    body = command.body
    query = sa.select(applications).where(
        applications.c.programme == body["programme"], applications.c.year == body["year"]
    )
    if body.get("status") is not None:
        query = query.where(applications.c.status == body["status"])
    after = body.get("after")
    if after is not None:
        if not (after.isascii() and after.isdigit() and len(after) <= DIGITS):
            return Refused("INVALID", "after")
        query = query.where(applications.c.place > int(after))
    limit = _limit(body)
    rows = [_json(row) for row in conn.execute(query.order_by(applications.c.place).limit(limit)).mappings()]
    return {"items": rows, "next": str(rows[-1]["place"]) if len(rows) == limit else None}


# --- the books --------------------------------------------------------------------------------------------------------


def trial_balance(conn: sa.Connection, command: Command) -> Found:
    """All accounts of a programme's year by kind, with how many there are; their balances add up to 0."""
    programme, year = command.body["programme"], command.body["year"]
    kinds = _by_kind(conn, programme, year)
    return {
        "programme": programme,
        "year": year,
        "accounts": [{"kind": kind, **figures} for kind, figures in kinds.items()],
        "sum_fen": sum(figures["balance_fen"] for figures in kinds.values()),
        "pending_difference_fen": _pending_difference(conn, programme, year, kinds),
    }


def statement(conn: sa.Connection, command: Command) -> Found:
    """Entries of one account in the order of their time; `after` is the id of the last one seen."""
    body = command.body
    name = body["account"]
    programme = conn.execute(sa.select(accounts.c.programme).where(accounts.c.name == name)).scalar()
    if programme is None:
        return Refused("NOT_FOUND", "account")
    if (barred := foreign(command, programme)) is not None:
        return barred
    bounds = _bounds(conn, body)
    if bounds is None:
        return Refused("NOT_FOUND", "after")
    limit = _limit(body)
    sides = [
        sa.select(transfers).where(column == name, *bounds).order_by(transfers.c.at, transfers.c.id).limit(limit)
        for column in (transfers.c.debit, transfers.c.credit)
    ]
    rows = [dict(row) for side in sides for row in conn.execute(side).mappings()]
    rows.sort(key=lambda row: (row["at"], row["id"]))
    items = [_json({**row, "side": "debit" if row["debit"] == name else "credit"}) for row in rows[:limit]]
    return {"items": items, "next": items[-1]["id"] if len(items) == limit else None}


def totals(conn: sa.Connection, command: Command) -> Found:
    """Figures for reconciliation, of one snapshot; the first two are 0, or something is broken."""
    programme, year = command.body["programme"], command.body["year"]
    kinds = _by_kind(conn, programme, year)
    stream = conn.execute(sa.select(_streams.c.head_seq).where(_streams.c.service == "voucher")).scalar()
    unsent = sa.select(sa.func.count()).select_from(_outbox).where(_outbox.c.state < OUTBOX_SENT)
    granted = sa.select(sa.func.coalesce(sa.func.sum(applications.c.amount_fen), 0)).where(
        applications.c.programme == programme,
        applications.c.year == year,
        applications.c.status.in_(("granted", "lapsed")),
    )
    budget, quota = kinds.get("budget", _NONE), kinds.get("quota", _NONE)
    figures = {
        "ledger_sum_fen": sum(figures["balance_fen"] for figures in kinds.values()),
        "pending_difference_fen": _pending_difference(conn, programme, year, kinds),
        "budget_fen": budget["credits_posted_fen"],
        "budget_free_fen": budget["available_fen"],
        "reserved_fen": budget["debits_pending_fen"],
        "granted_fen": int(conn.execute(granted).scalar_one()),
        "quota_available_fen": quota["available_fen"],
        "held_fen": quota["debits_pending_fen"],
        **{
            f"{kind}_fen": kinds.get(kind, _NONE)["balance_fen"]
            for kind in ("committed", "claimed", "redeemed", "lapsed")
        },
        "outbox_unsent": conn.execute(unsent).scalar_one(),
        "stream_seq": stream or 0,
    }
    rows = {
        "orders": _counts(conn, orders, programme, year),
        "applications": _counts(conn, applications, programme, year),
    }
    return {"figures": figures, "rows": rows}


COUNTERS = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
SPENT = ("committed", "claimed", "redeemed", "lapsed")
_NONE: Mapping[str, int] = dict.fromkeys(("count", *(f"{name}_fen" for name in (*COUNTERS, "balance", "available"))), 0)


def _by_kind(conn: sa.Connection, programme: str, year: int) -> dict[str, dict[str, int]]:
    query = (
        sa.select(accounts.c.kind, sa.func.count(), *(sa.func.sum(accounts.c[name]) for name in COUNTERS))
        .where(accounts.c.programme == programme, accounts.c.year == year)
        .group_by(accounts.c.kind)
        .order_by(accounts.c.kind)
    )
    found: dict[str, dict[str, int]] = {}
    for kind, count, *sums in conn.execute(query):
        total = ledger.Account(kind, *(int(fen) for fen in sums))
        found[kind] = {
            "count": count,
            **{f"{name}_fen": getattr(total, name) for name in COUNTERS},
            "balance_fen": total.balance_fen,
            "available_fen": total.available_fen,
        }
    return found


def _pending_difference(conn: sa.Connection, programme: str, year: int, kinds: Mapping[str, Mapping[str, int]]) -> int:
    """What the accounts hold as pending, on both sides, against the pending transfers that nothing has ended."""
    ending = transfers.alias("ending")
    query = (
        sa.select(sa.func.coalesce(sa.func.sum(transfers.c.amount_fen), 0))
        .select_from(
            transfers.join(accounts, accounts.c.name == transfers.c.debit).outerjoin(
                ending, ending.c.pending_id == transfers.c.id
            )
        )
        .where(
            accounts.c.programme == programme,
            accounts.c.year == year,
            transfers.c.kind == "pending",
            ending.c.id.is_(None),
        )
    )
    pending = int(conn.execute(query).scalar_one())
    debits = sum(figures["debits_pending_fen"] for figures in kinds.values())
    credits_ = sum(figures["credits_pending_fen"] for figures in kinds.values())
    return abs(debits - pending) + abs(credits_ - pending)


# --- shapes -----------------------------------------------------------------------------------------------------------


def _one(conn: sa.Connection, query: sa.Select[Any]) -> dict[str, Any] | None:
    row = conn.execute(query).mappings().first()
    return None if row is None else _json(row)


def _json(row: Mapping[str, Any] | sa.RowMapping) -> dict[str, Any]:
    return {name: _text(value) for name, value in row.items()}


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else value


def _without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _may_see(command: Command, *owners: str) -> bool:
    """Officials and the platform see all; a caller who is a party alone sees its own."""
    return bool(command.actor.roles - roles.PARTIES) or command.actor.organisation in owners


def _page(conn: sa.Connection, query: sa.Select[Any], key: sa.Column[Any], body: Mapping[str, Any]) -> Found:
    if body.get("after") is not None:
        query = query.where(key > body["after"])
    limit = _limit(body)
    rows = [_json(row) for row in conn.execute(query.order_by(key).limit(limit)).mappings()]
    return {"items": rows, "next": rows[-1][key.name] if len(rows) == limit else None}


def _limit(body: Mapping[str, Any]) -> int:
    """How many rows a page has at most: a null is no wish for all of them."""
    return int(body.get("limit") or PAGE)


def _account(conn: sa.Connection, name: str) -> ledger.Account:
    row = conn.execute(sa.select(*(accounts.c[one] for one in COUNTERS)).where(accounts.c.name == name)).first()
    return ledger.Account(name, *(row or ()))


def _ahead(conn: sa.Connection, row: Mapping[str, Any]) -> int:
    """How many of the line are served before this one: priority first, then place."""
    before = sa.and_(applications.c.priority == row["priority"], applications.c.place < row["place"])
    if not row["priority"]:
        before = before | applications.c.priority
    query = sa.select(sa.func.count()).where(
        applications.c.programme == row["programme"],
        applications.c.year == row["year"],
        applications.c.status == "waiting",
        before,
    )
    return int(conn.execute(query).scalar_one())


def _counts(conn: sa.Connection, table: sa.Table, programme: str, year: int) -> dict[str, int]:
    query = sa.select(table.c.status, sa.func.count()).where(table.c.programme == programme, table.c.year == year)
    rows = conn.execute(query.group_by(table.c.status).order_by(table.c.status))
    return {row[0]: row[1] for row in rows}


def _bounds(conn: sa.Connection, body: Mapping[str, Any]) -> list[sa.ColumnElement[bool]] | None:
    """Where a statement begins and ends; None when `after` names no entry."""
    bounds: list[sa.ColumnElement[bool]] = []
    if body.get("since") is not None:
        bounds.append(transfers.c.at >= body["since"])
    if body.get("until") is not None:
        bounds.append(transfers.c.at < body["until"])
    if body.get("after") is not None:
        at = conn.execute(sa.select(transfers.c.at).where(transfers.c.id == body["after"])).scalar()
        if at is None:
            return None
        later = sa.and_(transfers.c.at == at, transfers.c.id > body["after"])
        bounds.append(sa.or_(transfers.c.at > at, later))
    return bounds


QUERIES: Mapping[str, Query] = {
    "get_order": get_order,
    "get_application": get_application,
    "get_plan": get_plan,
    "get_quota": get_quota,
    "list_orders": list_orders,
    "list_applications": list_applications,
    "trial_balance": trial_balance,
    "statement": statement,
    "totals": totals,
}
