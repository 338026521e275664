"""Reads of recovery: one receivable with all that came back of it, a programme's, and figures for reconciliation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from contracts import roles as r
from contracts.errors import Refused
from infra.messages import Command
from services.settlement import receivables_store as store
from services.settlement import tables as t
from services.settlement.rows import plain

Found = Mapping[str, Any] | Refused

MOST = 500  # offsets and repayments of one receivable that are shown
OFFICIALS_ONLY = ("claimed_by", "decided_by", "write_off_by", "recorded_by", "region", "next_on")
_c = t.receivables.c
_open = _c.amount_fen - _c.recovered_fen - _c.written_off_fen


def get_receivable(conn: sa.Connection, command: Command) -> Found:
    """With its offsets and repayments; a party sees what it owes itself, and not who decided."""
    row = conn.execute(sa.select(t.receivables).where(_c.receivable_id == command.body["id"])).mappings().first()
    if row is None:
        return Refused("NOT_FOUND", "id")
    actor = command.actor
    as_party = not actor.roles & (r.OFFICIALS | {r.PLATFORM})
    if as_party and actor.organisation != row["party_id"]:
        return Refused("NOT_OWNER", "id")
    if actor.programme not in (None, row["programme"]):
        return Refused("PROGRAMME_MISMATCH", "id")
    key = row["receivable_id"]
    off = sa.select(t.offsets).where(t.offsets.c.receivable_id == key).order_by(t.offsets.c.payment_id).limit(MOST)
    back = sa.select(t.repayments).where(t.repayments.c.receivable_id == key)
    back = back.order_by(t.repayments.c.received_on, t.repayments.c.repayment_id).limit(MOST)
    hidden = OFFICIALS_ONLY if as_party else ()
    return {
        **_view(row, hidden),
        "reserved_fen": store.reserved(conn, [key]).get(key, 0),
        "offsets": [plain(one, "receivable_id") for one in conn.execute(off).mappings()],
        "repayments": [plain(one, "receivable_id", *hidden) for one in conn.execute(back).mappings()],
    }


def list_receivables(conn: sa.Connection, command: Command) -> Found:
    """A programme's by id; `status` and `party_id` narrow."""
    body, limit = command.body, int(command.body["limit"] or 100)
    query = sa.select(t.receivables).where(_c.programme == body["programme"])
    for name in ("status", "party_id"):
        if body[name] is not None:
            query = query.where(_c[name] == body[name])
    if body["after"] is not None:
        query = query.where(_c.receivable_id > body["after"])
    rows = conn.execute(query.order_by(_c.receivable_id).limit(limit)).mappings().all()
    items = [_view(row, ()) for row in rows]
    return {"items": items, "next": items[-1]["receivable_id"] if len(items) == limit else None}


def figures(conn: sa.Connection, programme: str, year: int) -> tuple[dict[str, int], dict[str, int]]:
    """Of confirmed receivables: recalled_fen (of claims' money), losses_fen (without a claim), and what became of both:
    receivable_fen (still owed), recovered_fen, written_off_fen. Beside it what must still be claimed back.
    """
    confirmed = (_c.programme == programme, _c.year == year, _c.owed_at.is_not(None))
    query = sa.select(
        _sum(_c.amount_fen, _c.claim_id.is_not(None)).label("recalled_fen"),
        _sum(_c.amount_fen, _c.claim_id.is_(None)).label("losses_fen"),
        _sum(_open, sa.true()).label("receivable_fen"),
        _sum(_c.recovered_fen, sa.true()).label("recovered_fen"),
        _sum(_c.written_off_fen, sa.true()).label("written_off_fen"),
    ).where(*confirmed)
    found = conn.execute(query).mappings().one()
    return {name: int(fen) for name, fen in found.items()}, _paid_and_rejected(conn, programme, year)


def _paid_and_rejected(conn: sa.Connection, programme: str, year: int) -> dict[str, int]:
    """Paid claims that supervision rejected, or that were released to a payee when it was listed already, and what of
    their money nobody has claimed back.
    """
    claim, verdict, listed = t.claims.c, t.known_verdicts.c, t.known_blacklist.c
    rejected = sa.exists().where(
        verdict.claim_id == claim.claim_id,
        verdict.claim_version == claim.claim_version,
        verdict.verdict == "rejected",
    )
    too_late = sa.exists().where(
        t.payments.c.payment_id == claim.payment_id,
        t.batches.c.batch_id == t.payments.c.batch_id,
        listed.party_id == claim.payee_id,
        listed.status == "listed",
        listed.effective_at <= t.batches.c.released_at,
    )
    payable = claim.claimed_fen - claim.deducted_fen - claim.disallowed_fen - claim.audited_fen
    query = sa.select(
        sa.func.count().label("claims"),
        sa.func.coalesce(sa.func.sum(payable), 0).label("paid_fen"),
        sa.func.coalesce(sa.func.sum(payable - claim.recalled_fen), 0).label("unclaimed_fen"),
    ).where(claim.programme == programme, claim.year == year, claim.status == "paid", rejected | too_late)
    return {name: int(figure) for name, figure in conn.execute(query).mappings().one().items()}


def _sum(column: sa.ColumnElement[int], where: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((where, column), else_=0)), 0)


def _view(row: Mapping[str, Any], hidden: Sequence[str]) -> dict[str, Any]:
    open_fen = row["amount_fen"] - row["recovered_fen"] - row["written_off_fen"]
    return {**plain(row, *hidden), "open_fen": open_fen if row["owed_at"] is not None else 0}
