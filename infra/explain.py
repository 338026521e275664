"""`explain`: every decision on a subject with its law and the numbers that went in, so that anyone can recompute it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from contracts.errors import Refused
from infra.jsontext import instant_text
from infra.messages import Command
from infra.tables import decisions

MOST = 1000


def explain(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """The last MOST decisions on `subject` or about it, with refusals of what would have changed it, newest last.

    PROGRAMME_MISMATCH when it is not of the token's programme.
    """
    subject = command.body["subject"]
    query = (
        sa.select(decisions)
        .where(sa.or_(decisions.c.subject == subject, decisions.c.about == subject))
        .order_by(decisions.c.id.desc())
        .limit(MOST)
    )
    rows = conn.execute(query).mappings().all()
    shown = _of_programme(rows, command.actor.programme)
    if rows and not shown:
        return Refused("PROGRAMME_MISMATCH", field="subject")
    return {
        "decisions": [
            {
                "at": instant_text(row["at"]),
                **{name: row[name] for name in ("action", "outcome", "code", "programme", "pack_version")},
                **{name: row[name] for name in ("articles", "facts", "actor_roles")},
            }
            for row in reversed(shown)
        ]
    }


def _of_programme(rows: Sequence[sa.RowMapping], programme: str | None) -> Sequence[sa.RowMapping]:
    """What a token for `programme` may read. A refusal that names none goes with the subject's other decisions."""
    known = {row["programme"] for row in rows if row["programme"] is not None}
    if programme is None or known == {programme}:
        return rows
    return [row for row in rows if row["programme"] == programme]
