"""Schemas made once: marshmallow copies every field to make one, which costs more than what a test then loads by it."""

from __future__ import annotations

from functools import cache

from marshmallow import Schema


@cache
def made(kind: type[Schema]) -> Schema:
    """The one instance of a schema's class; loading leaves nothing in it."""
    return kind()
