"""Leaves in force, who has taken what, and experts' scores: a fixed number of statements however many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import sqlalchemy as sa

from infra.db_insert import insert_new
from services.settlement import tables as t
from services.settlement.domain.claims import Claim
from services.settlement.domain.experts import Score
from services.settlement.domain.leaves import Leave
from services.settlement.domain.work import Absences


def absences(conn: sa.Connection, programmes: Iterable[str], *, today: date) -> dict[str, Absences]:
    """The leaves in force today, by programme; each of the programmes has its entry."""
    table, wanted = t.leaves, sorted(set(programmes))
    query = (
        sa.select(table)
        .where(
            table.c.programme.in_(wanted),
            table.c.status == "recorded",
            table.c.from_on <= today,
            table.c.until_on >= today,
        )
        .order_by(table.c.leave_id)
    )
    found: dict[str, list[Leave]] = {programme: [] for programme in wanted}
    for row in conn.execute(query).mappings():
        found[row["programme"]].append(Leave(**row))
    return {programme: Absences(tuple(leaves)) for programme, leaves in found.items()}


def set_takers(conn: sa.Connection, takers: Mapping[str, str | None]) -> None:
    """Claim → who has taken it: rows that this transaction has locked; nothing is decided, and no event tells of it."""
    if takers:
        query = (
            sa.update(t.claims).where(t.claims.c.claim_id == sa.bindparam("key")).values(taken_by=sa.bindparam("who"))
        )
        conn.execute(query, [{"key": key, "who": takers[key]} for key in sorted(takers)])


def scores(conn: sa.Connection, claims: Iterable[Claim]) -> dict[str, list[Score]]:
    """Scores of the present version of each claim, in their order; each of the claims has its entry."""
    wanted = {claim.claim_id: claim.claim_version for claim in claims}
    table = t.scores
    query = sa.select(table).where(table.c.claim_id.in_(sorted(wanted))).order_by(table.c.scored_at, table.c.scored_by)
    found: dict[str, list[Score]] = {claim_id: [] for claim_id in wanted}
    for row in conn.execute(query).mappings():
        if wanted[row["claim_id"]] == row["claim_version"]:
            found[row["claim_id"]].append(Score(**row))
    return found


def keep_scores(conn: sa.Connection, new: Sequence[Score]) -> None:
    """New scores, one statement."""
    rows = [{column.name: getattr(one, column.name) for column in t.scores.columns} for one in new]
    insert_new(conn, t.scores, rows, returning=["claim_id"])
