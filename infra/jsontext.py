"""One canonical JSON text for bodies that are stored, hashed or sent: sorted keys, no spaces, no guesswork on types."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any


def canonical(value: Any) -> str:
    """The canonical JSON text of `value`; a type that has no agreed text is a TypeError."""
    return _ENCODER.encode(value)


def instant_text(moment: datetime) -> str:
    """RFC 3339 with `Z`, to the microsecond where there are any."""
    if moment.tzinfo is None:
        raise TypeError("a naive datetime has no place on the wire")
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON text")


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_text)
