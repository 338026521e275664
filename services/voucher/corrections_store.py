"""Loads and saves corrections: what was asked and what was decided are rows that nobody changes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from infra.db_insert import insert_many
from services.voucher.domain.corrections import Correction
from services.voucher.domain.ledger import Transfer
from services.voucher.tables import correction_decisions, corrections, transfers

ProgrammeYear = tuple[str, int]
_asked, _decided = corrections.c, correction_decisions.c


def select() -> sa.Select[Any]:
    """Every correction as it is now."""
    joined = corrections.outerjoin(correction_decisions, _decided.correction_id == _asked.correction_id)
    status = sa.func.coalesce(_decided.status, "asked").label("status")
    return sa.select(corrections, status, _decided.decided_by, _decided.decided_at).select_from(joined)


def by_id(conn: sa.Connection, ids: Collection[str]) -> dict[str, Correction]:
    return {one.correction_id: one for one in _read(conn, select().where(_asked.correction_id.in_(sorted(ids))))}


def of_transfers(conn: sa.Connection, ids: Collection[str]) -> list[Correction]:
    """All that was ever asked of these transfers; whole under the locks of the accounts that they went to."""
    return list(_read(conn, select().where(_asked.transfer_id.in_(sorted(ids)))))


def confirmed(conn: sa.Connection, years: Collection[ProgrammeYear]) -> list[Correction]:
    """Of these programmes' years, oldest first."""
    where = sa.tuple_(_asked.programme, _asked.year).in_(sorted(years)), _decided.status == "confirmed"
    return list(_read(conn, select().where(*where).order_by(_decided.decided_at, _asked.correction_id)))


def transfers_by_id(conn: sa.Connection, ids: Collection[str]) -> dict[str, Transfer]:
    rows = conn.execute(sa.select(transfers).where(transfers.c.id.in_(sorted(ids))))
    return {row.id: Transfer(**row._mapping) for row in rows}


def insert_asked(conn: sa.Connection, asked: Sequence[Correction]) -> None:
    insert_many(conn, corrections, [_of(one, corrections) for one in asked])


def insert_decided(conn: sa.Connection, decided: Sequence[Correction]) -> None:
    insert_many(conn, correction_decisions, [_of(one, correction_decisions) for one in decided])


def _of(one: Correction, table: sa.Table) -> dict[str, Any]:
    return {column.name: getattr(one, column.name) for column in table.c}


def _read(conn: sa.Connection, query: sa.Select[Any]) -> Iterable[Correction]:
    return (Correction(**row._mapping) for row in conn.execute(query))
