"""Reads of whole years: a purse's statement, the accounts of a year, and what was corrected in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from contracts.errors import Refused
from infra.messages import Command
from infra.packs import pack_on
from infra.pipeline import Query
from services.voucher import corrections_store, store
from services.voucher.access import no_plan
from services.voucher.books_store import COUNTERS
from services.voucher.domain import ledger
from services.voucher.domain.plans import region_of
from services.voucher.rows import limit_of, plain
from services.voucher.tables import accounts, corrections
from services.voucher.year_books import signed_of, statement_of

Found = Mapping[str, Any] | Refused


def year_statement(conn: sa.Connection, command: Command) -> Found:
    """The statement of one purse's year, its digest, and who signed which digest. PROGRAMME_UNKNOWN; NOT_FOUND."""
    body = command.body
    base = pack_on(body["programme"], date(body["year"], 12, 31))
    region = region_of(body.get("region") or ("" if base is None else base.region))
    found = store.plans_of(conn, {(body["programme"], body["year"])}, lock=False)
    plan = next((plan for plan in found if plan.region == region), None)
    if plan is None:
        return no_plan(body, found)
    told = statement_of(conn, plan)
    signatures = signed_of(conn, plan, told.sha256)
    return {"statement": told.statement, "sha256": told.sha256, "signatures": signatures}


def list_accounts(conn: sa.Connection, command: Command) -> Found:
    """The accounts of a programme's year by name, with their counters."""
    body, one = command.body, accounts.c
    query = sa.select(one.name, *(one[name] for name in COUNTERS))
    query = query.where(one.programme == body["programme"], one.year == body["year"])
    if body.get("kind") is not None:
        query = query.where(one.kind == body["kind"])
    if body.get("after") is not None:
        query = query.where(one.name > body["after"])
    limit = limit_of(body)
    found = [ledger.Account(*row) for row in conn.execute(query.order_by(one.name).limit(limit))]
    items = [
        {
            "account": account.name,
            **{f"{name}_fen": getattr(account, name) for name in COUNTERS},
            "balance_fen": account.balance_fen,
            "available_fen": account.available_fen,
        }
        for account in found
    ]
    return {"items": items, "next": found[-1].name if len(found) == limit else None}


def list_corrections(conn: sa.Connection, command: Command) -> Found:
    """Corrections of a programme by id: `asked` ones wait for a second person."""
    body = command.body
    query = corrections_store.select().where(corrections.c.programme == body["programme"])
    if body.get("status") is not None:
        query = query.where(query.selected_columns["status"] == body["status"])
    if body.get("after") is not None:
        query = query.where(corrections.c.correction_id > body["after"])
    limit = limit_of(body)
    rows = conn.execute(query.order_by(corrections.c.correction_id).limit(limit)).mappings()
    items = [plain(row) for row in rows]
    return {"items": items, "next": items[-1]["correction_id"] if len(items) == limit else None}


QUERIES: Mapping[str, Query] = {
    "year_statement": year_statement,
    "list_accounts": list_accounts,
    "list_corrections": list_corrections,
}
