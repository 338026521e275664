"""Reads a year's entries in the order of their ids, and keeps the statements that were signed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from infra.db_insert import insert_many
from services.voucher.domain.ledger import Transfer
from services.voucher.rows import by_bytes
from services.voucher.tables import accounts, transfers, year_signatures

AT_ONCE = 2000  # rows held in memory


@dataclass(frozen=True)
class Signature:
    """One statement of a plan's year as it was signed. sequence: the plan's. proof: who signed what and when, signed by
    the deployment's key, as `yunquan signature verify` reads it."""

    plan_id: str
    statement_sha256: str
    programme: str
    year: int
    statement: dict[str, Any]
    signed_by: str
    signed_at: datetime
    proof: dict[str, Any]
    sequence: int


def entries(conn: sa.Connection, programme: str, year: int) -> Iterator[Transfer]:
    """All entries of a programme's year by id, byte by byte: those of one subject stand together. One snapshot."""
    query = (
        sa.select(transfers)
        .join(accounts, accounts.c.name == transfers.c.debit)
        .where(accounts.c.programme == programme, accounts.c.year == year)
        .order_by(by_bytes(conn, transfers.c.id))
        .execution_options(yield_per=AT_ONCE)
    )
    return (Transfer(*row) for row in conn.execute(query))


def purses_of_quotas(conn: sa.Connection, programme: str, year: int) -> dict[str, str]:
    """The purse that each enterprise's quota of the year came from, by the name of its account."""
    budget = accounts.alias("budget")
    of_year = accounts.c.programme == programme, accounts.c.year == year, accounts.c.kind == "quota"
    query = (
        sa.select(transfers.c.credit, sa.func.coalesce(budget.c.owner, ""))
        .join(accounts, accounts.c.name == transfers.c.credit)
        .join(budget, budget.c.name == transfers.c.debit)
        .where(*of_year, budget.c.kind == "budget")
        .distinct()
    )
    return dict(row._tuple() for row in conn.execute(query))


def signatures(conn: sa.Connection, plan_ids: Collection[str]) -> list[Signature]:
    """Oldest first; whole under the locks of the plans."""
    where = year_signatures.c.plan_id.in_(sorted(plan_ids))
    query = sa.select(year_signatures).where(where).order_by(year_signatures.c.plan_id, year_signatures.c.sequence)
    return [Signature(**row._mapping) for row in conn.execute(query)]


def insert_signatures(conn: sa.Connection, signed: Sequence[Signature]) -> None:
    insert_many(conn, year_signatures, [vars(one) for one in signed])
