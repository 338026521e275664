"""Loads and saves filings for a whole batch at once; rows are locked in the order of their ids."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from infra.db_insert import insert_new, upsert
from services.voucher.domain.filings import LIVE, Filing
from services.voucher.tables import filings

LISTS = ("attested", "documents", "reasons", "filed_by", "reviewed_by")


def filings_by_id(conn: sa.Connection, ids: Collection[str]) -> dict[str, Filing]:
    """Filings by id, locked."""
    query = sa.select(filings).where(filings.c.filing_id.in_(sorted(ids))).order_by(filings.c.filing_id)
    return {filing.filing_id: filing for filing in _filings(conn, query.with_for_update())}


def live_filings(conn: sa.Connection, enterprise_ids: Collection[str]) -> dict[str, list[Filing]]:
    """The filings of each enterprise that are under way or open, by id; not locked: the table lets none be a second."""
    return _by_enterprise(conn, enterprise_ids, LIVE)


def open_filings(conn: sa.Connection, enterprise_ids: Collection[str]) -> dict[str, list[Filing]]:
    """The open filings of each enterprise, in the order of their ids; not locked: what is open stays so."""
    return _by_enterprise(conn, enterprise_ids, ("opened",))


def insert_filings(conn: sa.Connection, made: Sequence[Filing]) -> set[str]:
    """Insert new filings; ids of those that were kept (another replica may have been quicker with one)."""
    kept = insert_new(conn, filings, [vars(filing) for filing in made], returning=("filing_id",))
    return {filing_id for (filing_id,) in kept}


def save_filings(conn: sa.Connection, changed: Iterable[Filing]) -> None:
    """Replace whole rows that this transaction has locked."""
    rows = sorted((vars(filing) for filing in changed), key=lambda row: row["filing_id"])
    upsert(conn, filings, rows, key=("filing_id",))


def _by_enterprise(
    conn: sa.Connection, enterprise_ids: Collection[str], statuses: Sequence[str]
) -> dict[str, list[Filing]]:
    where = filings.c.enterprise_id.in_(sorted(enterprise_ids)), filings.c.status.in_(statuses)
    found: dict[str, list[Filing]] = {}
    for filing in _filings(conn, sa.select(filings).where(*where).order_by(filings.c.filing_id)):
        found.setdefault(filing.enterprise_id, []).append(filing)
    return found


def _filings(conn: sa.Connection, query: sa.Select[Any]) -> Iterable[Filing]:
    for row in conn.execute(query).mappings():
        yield Filing(**{**row, **{name: tuple(row[name]) for name in LISTS}})
