"""Reads of the books, as an auditor wants them: all accounts of a year, one account's entries, figures to reconcile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from contracts.errors import Refused
from infra.messages import Command
from infra.packs import known
from infra.pipeline import Query
from infra.tables import OUTBOX_SENT
from services.voucher import store
from services.voucher.access import foreign
from services.voucher.books_store import COUNTERS
from services.voucher.domain import ledger
from services.voucher.domain.ledger import BELOW_ZERO
from services.voucher.rows import by_bytes, limit_of, plain
from services.voucher.tables import accounts, applications, metadata, orders, transfers

Found = Mapping[str, Any] | Refused

_outbox, _streams = metadata.tables["outbox"], metadata.tables["streams"]


# --- the books --------------------------------------------------------------------------------------------------------


def trial_balance(conn: sa.Connection, command: Command) -> Found:
    """All accounts of a programme's year by kind, with how many there are; their balances add up to 0.
    PROGRAMME_UNKNOWN; NO_PLAN: nothing was planned or booked, and nothing adds up to 0 always."""
    programme, year = command.body["programme"], command.body["year"]
    if not known(programme):
        return Refused("PROGRAMME_UNKNOWN", "programme", None, {"programme": programme})
    kinds = _by_kind(conn, programme, year)
    if not kinds and not store.plans_of(conn, {(programme, year)}, lock=False):
        return Refused("NO_PLAN", "year", None, {"programme": programme, "year": year})
    return {
        "programme": programme,
        "year": year,
        "accounts": [{"kind": kind, **figures} for kind, figures in kinds.items()],
        "sum_fen": sum(figures["balance_fen"] for figures in kinds.values()),
        "pending_difference_fen": _pending_difference(conn, programme, year, kinds),
    }


def statement(conn: sa.Connection, command: Command) -> Found:
    """Entries of one account by their time, then their ids byte by byte; `after` is the id of the last one seen.

    sums, with the first page: the account before and after the asked time, by its entries alone.
    """
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
    limit = limit_of(body)
    sides = [
        sa.select(transfers)
        .where(column == name, *bounds)
        .order_by(transfers.c.at, by_bytes(conn, transfers.c.id))
        .limit(limit)
        for column in (transfers.c.debit, transfers.c.credit)
    ]
    rows = [dict(row) for side in sides for row in conn.execute(side).mappings()]
    rows.sort(key=lambda row: (row["at"], row["id"]))
    items = [plain({**row, "side": "debit" if row["debit"] == name else "credit"}) for row in rows[:limit]]
    sums = _sums(conn, name, body) if body.get("after") is None else None
    return {"items": items, "next": items[-1]["id"] if len(items) == limit else None, "sums": sums}


def _sums(conn: sa.Connection, name: str, body: Mapping[str, Any]) -> dict[str, int]:
    """Entries before `since` make the opening balance; what is pending is as it stands at the end."""
    one, since, until = transfers.c, body.get("since"), body.get("until")
    before = sa.false() if since is None else one.at < since
    moved = one.kind.in_(("posted", "post_pending"))
    pending = sa.case((one.kind == "pending", one.amount_fen), (one.kind == "posted", 0), else_=-one.amount_fen)
    columns = (
        sa.case((sa.and_(moved, before), one.amount_fen), else_=0),
        sa.case((sa.and_(moved, sa.not_(before)), one.amount_fen), else_=0),
        pending,
    )
    asked = sa.select(*(sa.func.coalesce(sa.func.sum(column), 0) for column in columns))
    if until is not None:
        asked = asked.where(one.at < until)
    found = [[int(fen) for fen in conn.execute(asked.where(side == name)).one()] for side in (one.debit, one.credit)]
    (debits_before, debits, debits_pending), (credits_before, credits_, credits_pending) = found
    opening_fen = credits_before - debits_before
    return {
        "opening_fen": opening_fen,
        "closing_fen": opening_fen + credits_ - debits,
        "debits_fen": debits,
        "credits_fen": credits_,
        "debits_pending_fen": debits_pending,
        "credits_pending_fen": credits_pending,
    }


def totals(conn: sa.Connection, command: Command) -> Found:
    """Figures for reconciliation, of one snapshot; the first two are 0, or something is broken.

    Budget, carried_in, made_up, deferred (what is promised beyond them) and losses (owed back, and never of the budget)
    are what the year has; all others are where it is. allowed: what live claims may ask for, of the claimed that their
    orders hold. PROGRAMME_UNKNOWN.
    """
    programme, year = command.body["programme"], command.body["year"]
    if not known(programme):
        return Refused("PROGRAMME_UNKNOWN", "programme", None, {"programme": programme})
    kinds = _by_kind(conn, programme, year)
    stream = conn.execute(sa.select(_streams.c.head_seq).where(_streams.c.service == "voucher")).scalar()
    unsent = sa.select(sa.func.count()).select_from(_outbox).where(_outbox.c.state < OUTBOX_SENT)
    granted = sa.select(sa.func.coalesce(sa.func.sum(applications.c.amount_fen), 0)).where(
        applications.c.programme == programme,
        applications.c.year == year,
        applications.c.status.in_(("granted", "lapsed")),
    )
    allowed = sa.select(sa.func.coalesce(sa.func.sum(orders.c.allowed_fen), 0)).where(
        orders.c.programme == programme, orders.c.year == year, orders.c.status == "claimed"
    )
    budget, quota = kinds.get("budget", _NONE), kinds.get("quota", _NONE)
    figures = {
        "ledger_sum_fen": sum(figures["balance_fen"] for figures in kinds.values()),
        "pending_difference_fen": _pending_difference(conn, programme, year, kinds),
        "budget_fen": -kinds.get("source", _NONE)["balance_fen"],
        "budget_free_fen": budget["available_fen"],
        "reserved_fen": budget["debits_pending_fen"],
        "granted_fen": int(conn.execute(granted).scalar_one()),
        "quota_available_fen": quota["available_fen"],
        "held_fen": quota["debits_pending_fen"],
        **{f"{kind}_fen": kinds.get(kind, _NONE)["balance_fen"] for kind in SPENT},
        **{f"{kind}_fen": -kinds.get(kind, _NONE)["balance_fen"] for kind in BROUGHT},
        "allowed_fen": int(conn.execute(allowed).scalar_one()),
        "outbox_unsent": conn.execute(unsent).scalar_one(),
        "stream_seq": stream or 0,
    }
    rows = {
        "orders": _counts(conn, orders, programme, year),
        "applications": _counts(conn, applications, programme, year),
    }
    return {"figures": figures, "rows": rows}


OWED_BACK = ("receivable", "recovered", "written_off")
SPENT = ("committed", "claimed", "redeemed", "lapsed", "carried_out", "making_up", *OWED_BACK)
BROUGHT = tuple(kind for kind in BELOW_ZERO if kind != "source")
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


def account(conn: sa.Connection, name: str) -> ledger.Account:
    row = conn.execute(sa.select(*(accounts.c[one] for one in COUNTERS)).where(accounts.c.name == name)).first()
    return ledger.Account(name, *(row or ()))


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
        later = sa.and_(transfers.c.at == at, by_bytes(conn, transfers.c.id) > body["after"])
        bounds.append(sa.or_(transfers.c.at > at, later))
    return bounds


QUERIES: Mapping[str, Query] = {
    "trial_balance": trial_balance,
    "statement": statement,
    "totals": totals,
}
