"""Loads and saves of recovery: offsets by payment, repayments, and what of a claim's money was claimed back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

import sqlalchemy as sa

from infra.db_insert import insert_many, upsert
from services.settlement import tables as t
from services.settlement.domain.offsets import RESERVED, Offset

Like = tuple[str, date, int]  # receivable, day and fen: repayments alike in these are told apart by their number
OFFSET = tuple(field.name for field in fields(Offset))


def offsets(conn: sa.Connection, payment_ids: Collection[str]) -> list[Offset]:
    """What was taken off these payments."""
    return _offsets(conn, t.offsets.c.payment_id.in_(sorted(payment_ids)))


def reserved(conn: sa.Connection, receivable_ids: Collection[str]) -> dict[str, int]:
    """What of these receivables is being taken off payments that have not ended; true under the receivables' locks."""
    table = t.offsets
    query = (
        sa.select(table.c.receivable_id, sa.func.sum(table.c.amount_fen).label("fen"))
        .where(table.c.receivable_id.in_(sorted(receivable_ids)), table.c.status == RESERVED)
        .group_by(table.c.receivable_id)
    )
    return {row.receivable_id: int(row.fen) for row in conn.execute(query)}


def save_offsets(conn: sa.Connection, changed: Sequence[Offset]) -> None:
    """New offsets, and those whose payment ended; their receivables are locked."""
    rows = [{name: getattr(one, name) for name in OFFSET} for one in changed]
    upsert(conn, t.offsets, rows, key=["payment_id", "receivable_id"])


def recall(conn: sa.Connection, claim_ids: Collection[str]) -> None:
    """What of these (locked) claims is claimed back: all receivables on them that were not refused."""
    claimed = (
        sa.select(sa.func.coalesce(sa.func.sum(t.receivables.c.amount_fen), 0))
        .where(t.receivables.c.claim_id == t.claims.c.claim_id, t.receivables.c.status != "refused")
        .scalar_subquery()
    )
    if claim_ids:
        where = t.claims.c.claim_id.in_(sorted(claim_ids))
        conn.execute(sa.update(t.claims).where(where).values(recalled_fen=claimed))


def claims_of(conn: sa.Connection, receivable_ids: Collection[str]) -> set[str]:
    """The claims that these receivables are about: they are locked before the receivables."""
    table = t.receivables
    query = sa.select(table.c.claim_id).where(
        table.c.receivable_id.in_(sorted(receivable_ids)), table.c.claim_id.is_not(None)
    )
    return set(conn.execute(query).scalars())


def parties(conn: sa.Connection, ids: Collection[str]) -> dict[tuple[str, str], tuple[str, str | None]]:
    """(party, programme) → kind and region (of an enterprise alone) of those that registry told of."""
    wanted = sorted(ids)
    e, p = t.known_enterprises.c, t.known_providers.c
    enterprises = sa.select(e.enterprise_id, e.programme, e.region).where(e.enterprise_id.in_(wanted))
    providers = sa.select(p.provider_id, p.programme).where(p.provider_id.in_(wanted))
    found: dict[tuple[str, str], tuple[str, str | None]] = {
        (one.provider_id, one.programme): ("provider", None) for one in conn.execute(providers)
    }
    found |= {(one.enterprise_id, one.programme): ("enterprise", one.region) for one in conn.execute(enterprises)}
    return found


# --- repayments -----------------------------------------------------------------------------------------------------


def repayments(
    conn: sa.Connection, *, ids: Iterable[str] = (), references: Iterable[str] = ()
) -> list[Mapping[str, Any]]:
    """Repayments of these ids or bank references."""
    c = t.repayments.c
    where = c.repayment_id.in_(sorted(set(ids))) | c.reference.in_(sorted(set(references)))
    return list(conn.execute(sa.select(t.repayments).where(where)).mappings().all())


def repaid(conn: sa.Connection, receivable_ids: Collection[str]) -> tuple[Counter[Like], Counter[Like]]:
    """How many repayments of these receivables are on record that are alike, and how many of them by hand."""
    c = t.repayments.c
    by_hand = sa.func.sum(sa.case((c.statement_id.is_(None), 1), else_=0))
    like = c.receivable_id, c.received_on, c.amount_fen
    query = sa.select(*like, sa.func.count(), by_hand).where(c.receivable_id.in_(sorted(receivable_ids)))
    rows = conn.execute(query.group_by(*like)).all()
    return Counter({(id_, on, fen): n for id_, on, fen, n, _ in rows}), Counter(
        {(id_, on, fen): int(n) for id_, on, fen, _, n in rows}
    )


def shown(conn: sa.Connection, receivable_ids: Collection[str]) -> Counter[tuple[Like, str | None]]:
    """How many credits that are alike statements have shown of these receivables: by statement, and None: those that
    the bank names by references of its own, over all statements."""
    line, owed = t.statement_lines.c, t.receivables.c
    slip = sa.case((line.bank_reference.is_(None), line.statement_id))
    like = owed.receivable_id, line.booked_on, line.amount_fen
    query = (
        sa.select(*like, slip, sa.func.count())
        .join(t.receivables, owed.reference == line.reference)
        .where(owed.receivable_id.in_(sorted(receivable_ids)), line.direction == "credit", line.counted)
        .group_by(*like, slip)
    )
    return Counter({((id_, on, fen), slip_): n for id_, on, fen, slip_, n in conn.execute(query)})


def add_repayments(conn: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """IntegrityError when the reference was recorded by another at the same moment."""
    insert_many(conn, t.repayments, rows)


def by_reference(references: Iterable[str]) -> sa.ColumnElement[bool]:
    """Receivables that these bank references name."""
    return t.receivables.c.reference.in_(sorted(set(references)))


def _offsets(conn: sa.Connection, where: sa.ColumnElement[bool]) -> list[Offset]:
    table = t.offsets
    query = sa.select(table).where(where).order_by(table.c.payment_id, table.c.receivable_id)
    return [Offset(**row) for row in conn.execute(query).mappings()]
