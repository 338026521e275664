"""`explain`: every decision on a subject with its law and the numbers that went in, so that anyone can recompute it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from infra.jsontext import instant_text
from infra.messages import Command
from infra.tables import decisions

MOST = 1000


def explain(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """The last MOST decisions on `subject`, newest last."""
    query = (
        sa.select(decisions)
        .where(decisions.c.subject == command.body["subject"])
        .order_by(decisions.c.id.desc())
        .limit(MOST)
    )
    rows = reversed(conn.execute(query).mappings().all())
    return {
        "decisions": [
            {
                "at": instant_text(row["at"]),
                **{name: row[name] for name in ("action", "outcome", "code", "programme", "pack_version")},
                **{name: row[name] for name in ("articles", "facts", "actor_roles")},
            }
            for row in rows
        ]
    }
