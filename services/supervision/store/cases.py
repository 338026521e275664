"""Cases and the entries they make; parties, cases and entries are locked in that order, each in key order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from infra.db_insert import upsert
from services.supervision.domain.cases import STANDING
from services.supervision.store.sets import rows_in
from services.supervision.store.tables import (
    alerts,
    assessments,
    blacklist,
    cases,
    complaints,
    known_receivables,
)

Row = dict[str, Any]


def parties_of(conn: sa.Connection, case_ids: Collection[str]) -> set[str]:
    """The parties that these cases are against."""
    return {row["party_id"] for row in rows_in(conn, sa.select(cases.c.party_id), cases.c.case_id, case_ids)}


def lock(conn: sa.Connection, party_ids: Collection[str]) -> dict[str, Row]:
    """All cases against these parties by id; whoever asks holds the parties' rows."""
    query = sa.select(cases).order_by(cases.c.case_id).with_for_update()
    return {row["case_id"]: dict(row) for row in rows_in(conn, query, cases.c.party_id, party_ids)}


def lock_entries(conn: sa.Connection, party_ids: Collection[str]) -> dict[str, Row]:
    """All entries of these parties by id, likewise."""
    query = sa.select(blacklist).order_by(blacklist.c.entry_id).with_for_update()
    return {row["entry_id"]: dict(row) for row in rows_in(conn, query, blacklist.c.party_id, party_ids)}


def save(conn: sa.Connection, rows: Sequence[Mapping[str, Any]], entries: Sequence[Mapping[str, Any]]) -> None:
    """Write cases and entries; what is removed before what is listed, for a party stands on the list once."""
    upsert(conn, cases, rows, key=("case_id",))
    upsert(conn, blacklist, sorted(entries, key=lambda row: row["status"] != "removed"), key=("entry_id",))


def bring_into_effect(conn: sa.Connection, *, now: datetime, most: int) -> int:
    """Mark entries whose moment has come; how many."""
    c = blacklist.c
    due = sa.select(c.entry_id).where(c.in_effect.is_(False), c.status == "listed", c.effective_at <= now)
    due = due.order_by(c.entry_id).limit(most).with_for_update(skip_locked=True)
    ids = conn.execute(due).scalars().all()
    if ids:
        conn.execute(sa.update(blacklist).where(c.entry_id.in_(ids)).values(in_effect=True))
    return len(ids)


def over(conn: sa.Connection, *, today: date, most: int) -> set[str]:
    """Cases whose entry has had its last day."""
    c = blacklist.c
    query = sa.select(c.entry_id).where(c.status == "listed", c.until < today).order_by(c.entry_id).limit(most)
    return set(conn.execute(query).scalars())


def exits_of(conn: sa.Connection, provider_ids: Collection[str]) -> set[str]:
    """Forced exits that were decided and that nobody heard of being carried out."""
    query = sa.select(cases.c.case_id).where(
        cases.c.kind == "forced_exit", cases.c.status.in_(STANDING), cases.c.exited_at.is_(None)
    )
    return {row["case_id"] for row in rows_in(conn, query, cases.c.party_id, provider_ids)}


def evidence_of(conn: sa.Connection, ids: Collection[str]) -> dict[str, set[str]]:
    """Of these ids, those of alerts, complaints, assessments and receivables, each with the parties it is about."""
    found: dict[str, set[str]] = {}
    sources: Sequence[tuple[sa.Column[Any], Sequence[sa.Column[Any]]]] = (
        (alerts.c.alert_id, (alerts.c.provider_id, alerts.c.enterprise_id, alerts.c.subject)),
        (complaints.c.complaint_id, (complaints.c.provider_id, complaints.c.enterprise_id)),
        (assessments.c.assessment_id, (assessments.c.subject_id,)),
        (known_receivables.c.receivable_id, (known_receivables.c.party_id,)),
    )
    for key, about in sources:
        for row in rows_in(conn, sa.select(key, *about), key, ids):
            found[row[key.name]] = {row[column.name] for column in about}
    return found


def blank() -> Row:
    """A case of which nothing has happened yet."""
    return {column.name: None for column in cases.c}


def owed_fen(conn: sa.Connection, party_ids: Collection[str]) -> dict[tuple[str, str], int]:
    """(party, programme) → what it still owes."""
    c = known_receivables.c
    still = sa.func.sum(c.amount_fen - c.recovered_fen - c.written_off_fen).label("fen")
    query = sa.select(c.party_id, c.programme, still).group_by(c.party_id, c.programme)
    return {(row["party_id"], row["programme"]): int(row["fen"]) for row in rows_in(conn, query, c.party_id, party_ids)}
