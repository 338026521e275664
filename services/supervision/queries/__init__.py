"""What supervision answers, by method."""

from __future__ import annotations

from collections.abc import Mapping

from infra.pipeline import Query
from services.supervision.queries import parties, record, regions

QUERIES: Mapping[str, Query] = {**record.QUERIES, **parties.QUERIES, **regions.QUERIES}
