"""Complaints as their parties and officials read them, and what they come to by provider and product."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from contracts import roles as r
from contracts.errors import Refused
from infra.clock import day_begins
from infra.messages import Command
from infra.pipeline import Query
from services.supervision.domain.complaints import figures
from services.supervision.queries.pages import page, plain
from services.supervision.store.tables import complaints

TEXTS = ("text", "answer", "reopen_text", "first_answer")
PEOPLE = ("filed_by", "answered_by")
COUNTED = (
    *("provider_id", "product_id", "status", "outcome", "filed_at"),
    *("answered_at", "first_answered_at", "reopened_at", "overdue_at", "first_overdue_at"),
)


def get_complaint(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """One complaint with all its texts; a party sees those it filed or that are about it, and not who answered."""
    query = sa.select(complaints).where(complaints.c.complaint_id == command.body["id"])
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        return Refused("NOT_FOUND", "id")
    actor = command.actor
    as_party = not actor.roles & (r.OFFICIALS | {r.PLATFORM})
    if as_party and actor.organisation not in (row["enterprise_id"], row["provider_id"]):
        return Refused("NOT_OWNER", "id")
    if actor.programme not in (None, row["programme"]):
        return Refused("PROGRAMME_MISMATCH", "id")
    hidden = PEOPLE if as_party else ()
    return {name: value for name, value in plain(row).items() if name not in hidden}


def list_complaints(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Complaints of a programme by id, without their texts; `status` and `provider_id` narrow."""
    body = command.body
    columns = [column for column in complaints.c if column.name not in TEXTS]
    query = sa.select(*columns).where(complaints.c.programme == body["programme"])
    for name in ("status", "provider_id"):
        if body.get(name):
            query = query.where(complaints.c[name] == body[name])
    return page(conn, query, complaints.c.complaint_id, body)


def complaint_figures(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """By provider and product, of complaints filed between the two days."""
    body = command.body
    query = sa.select(*(complaints.c[name] for name in COUNTED)).where(
        complaints.c.programme == body["programme"],
        complaints.c.filed_at >= day_begins(body["from_on"]),
        complaints.c.filed_at < day_begins(body["until_on"] + timedelta(days=1)),
    )
    if body.get("provider_id"):
        query = query.where(complaints.c.provider_id == body["provider_id"])
    return {"items": figures(conn.execute(query).mappings()), "next": None}


QUERIES: Mapping[str, Query] = {
    "get_complaint": get_complaint,
    "list_complaints": list_complaints,
    "complaint_figures": complaint_figures,
}
