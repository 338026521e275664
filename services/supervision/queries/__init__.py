"""What supervision answers, by method."""

from __future__ import annotations

from collections.abc import Mapping

from infra.pipeline import Query
from services.supervision.queries import alerts, assessments, cases, complaints, evidence, parties, record, regions

QUERIES: Mapping[str, Query] = {
    **alerts.QUERIES,
    **assessments.QUERIES,
    **cases.QUERIES,
    **complaints.QUERIES,
    **evidence.QUERIES,
    **record.QUERIES,
    **parties.QUERIES,
    **regions.QUERIES,
}
