"""Ids that callers make: 48 bits of milliseconds, 80 of chance, in Crockford base 32 (github.com/ulid/spec)."""

from __future__ import annotations

import os
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def encode(number: int) -> str:
    """128 bits as 26 characters; raises ValueError when it does not fit."""
    if not 0 <= number < 1 << 128:
        raise ValueError("a ULID has 128 bits")
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def new(milliseconds: int | None = None) -> str:
    """A fresh ULID, sortable by time; `milliseconds` since 1970 stands in for now."""
    instant = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    return encode((instant << 80) | int.from_bytes(os.urandom(10), "big"))
