"""What supervision answers, by method."""

from __future__ import annotations

from collections.abc import Mapping

from infra.pipeline import Query
from services.supervision.queries import alerts, parties, record, regions

QUERIES: Mapping[str, Query] = {**alerts.QUERIES, **record.QUERIES, **parties.QUERIES, **regions.QUERIES}
