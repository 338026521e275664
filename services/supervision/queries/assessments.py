"""Assessments, standards and evaluations as officials and those they are about read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from contracts import roles as r
from contracts.errors import Refused
from infra.messages import Command
from infra.pipeline import Query
from services.supervision.queries.pages import page, plain
from services.supervision.store.tables import adjustments, assessments, enterprise_evaluations, standards

NOBODY = "-"  # no party's id, and not the empty one of the programme's effect
PEOPLE = ("opened_by", "concluded_by", "mended_by", "adjusted_by", "told_by")


def assessment(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """One sheet with its adjustments, oldest first. NOT_FOUND, NOT_OWNER, PROGRAMME_MISMATCH."""
    actor, wanted = command.actor, command.body["id"]
    official = bool(actor.roles & r.OFFICIALS)
    row = conn.execute(sa.select(assessments).where(assessments.c.assessment_id == wanted)).mappings().one_or_none()
    if row is None:
        return Refused("NOT_FOUND", "id")
    if not official and (actor.organisation != row["subject_id"] or row["status"] == "open"):
        return Refused("NOT_OWNER", "id")
    if actor.programme not in (None, row["programme"]):
        return Refused("PROGRAMME_MISMATCH", "id")
    made = sa.select(adjustments).where(adjustments.c.assessment_id == wanted).order_by(adjustments.c.sequence)
    changes = [_shown(plain(one), official) for one in conn.execute(made).mappings()]
    return {**_shown(plain(row), official), "adjustments": changes}


def list_assessments(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Sheets by id, of a name, subject or status where one is given."""
    body, actor = command.body, command.actor
    query = _columns(assessments, command).where(assessments.c.programme == body["programme"])
    for name in ("name", "subject_id", "status"):
        if body.get(name):
            query = query.where(assessments.c[name] == body[name])
    if not actor.roles & r.OFFICIALS:
        query = query.where(assessments.c.subject_id == (actor.organisation or NOBODY), assessments.c.status != "open")
    return page(conn, query, assessments.c.assessment_id, body)


def list_standards(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Standards of a programme by id, the replaced ones too."""
    query = _columns(standards, command).where(standards.c.programme == command.body["programme"])
    return page(conn, query, standards.c.standard_id, command.body)


def list_evaluations(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Evaluations of enterprises by id, of an enterprise or order where one is given."""
    body, actor, made = command.body, command.actor, enterprise_evaluations.c
    query = _columns(enterprise_evaluations, command).where(made.programme == body["programme"])
    for name in ("enterprise_id", "order_id"):
        if body.get(name):
            query = query.where(made[name] == body[name])
    if not actor.roles & r.OFFICIALS:
        own = actor.organisation or NOBODY
        query = query.where(sa.or_(made.enterprise_id == own, made.provider_id == own))
    return page(conn, query, made.evaluation_id, body)


def _columns(table: sa.Table, command: Command) -> sa.Select[Any]:
    """All of them; who did what is for officials."""
    hidden = () if command.actor.roles & r.OFFICIALS else PEOPLE
    return sa.select(*(column for column in table.c if column.name not in hidden))


def _shown(row: Mapping[str, Any], official: bool) -> dict[str, Any]:
    return {name: value for name, value in row.items() if official or name not in PEOPLE}


QUERIES: Mapping[str, Query] = {
    "assessment": assessment,
    "assessments": list_assessments,
    "standards": list_standards,
    "enterprise_evaluations": list_evaluations,
}
