"""How a read shows its rows: as JSON values, without what is nobody's business, and never more than a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from infra.jsontext import instant_text

PAGE = 100  # rows of a page whose length nobody asked for


def plain(row: Mapping[str, Any] | sa.RowMapping) -> dict[str, Any]:
    return {name: _text(value) for name, value in row.items()}


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else value


def without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def limit_of(body: Mapping[str, Any]) -> int:
    """How many rows a page has at most: a null is no wish for all of them."""
    return int(body.get("limit") or PAGE)


def by_bytes(conn: sa.Connection, column: sa.Column[str]) -> sa.ColumnElement[str]:
    """Compared byte by byte, as Python compares, whatever collation a database has."""
    return column.collate("C") if conn.dialect.name == "postgresql" else column
