"""How a read shows its rows: as JSON values, without what is not for everyone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from infra.jsontext import instant_text


def plain(row: Mapping[str, Any], *hidden: str) -> dict[str, Any]:
    """Instants and days as text; without the fields that are `hidden`."""
    return {name: _json(value) for name, value in row.items() if name not in hidden}


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
