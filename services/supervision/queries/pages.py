"""Rows as callers read them: a bounded page at a time, instants as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from infra.jsontext import instant_text

Row = dict[str, Any]


def page(conn: sa.Connection, query: sa.Select[Any], key: sa.Column[str], body: Mapping[str, Any]) -> Mapping[str, Any]:
    """At most `limit` rows after `after`, in the order of the key."""
    if body.get("after"):
        query = query.where(key > body["after"])
    rows: Sequence[sa.RowMapping] = conn.execute(query.order_by(key).limit(body["limit"])).mappings().all()
    return {
        "items": [plain(row) for row in rows],
        "next": rows[-1][key.key] if len(rows) == body["limit"] else None,
    }


def plain(row: sa.RowMapping) -> Row:
    """The row as JSON has it."""
    return {name: instant_text(value) if name.endswith("_at") and value else value for name, value in row.items()}


def with_days(row: Mapping[str, Any]) -> Row:
    """Its days as text, too."""
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()}
