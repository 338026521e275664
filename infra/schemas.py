"""One instance a schema: making one costs more than a validation."""

from __future__ import annotations

from functools import lru_cache

from marshmallow import Schema


@lru_cache(maxsize=1024)
def instance(schema: type[Schema]) -> Schema:
    """The shared instance of a schema class; loading and dumping leave it as it is."""
    return schema()
