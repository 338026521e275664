"""Alerts as supervisors read them: one with all its claims, lists, and how often each rule was right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from contracts.errors import Refused
from infra.clock import day_begins
from infra.messages import Command
from infra.pipeline import Query
from services.supervision.domain.alerts import OPEN_STATES
from services.supervision.queries.pages import page, plain
from services.supervision.store import evidence
from services.supervision.store.tables import alert_claims, alerts

MOST_CLAIMS = 1_000  # shown with one alert, the newest

Row = dict[str, Any]


def get_alert(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """One alert with its evidence, its law, who did what, and `on`: its claims, each with what was found on it."""
    row = conn.execute(sa.select(alerts).where(alerts.c.alert_id == command.body["id"])).mappings().one_or_none()
    if row is None:
        return Refused("NOT_FOUND", "id")
    if command.actor.programme not in (None, row["programme"]):
        return Refused("PROGRAMME_MISMATCH", "id")
    names = ("claim_id", "claim_version", "holds", "cleared", "evidence", "found_at")
    query = (
        sa.select(*(alert_claims.c[name] for name in names))
        .where(alert_claims.c.alert_id == row["alert_id"])
        .order_by(alert_claims.c.found_at.desc(), alert_claims.c.claim_id, alert_claims.c.claim_version)
        .limit(MOST_CLAIMS)
    )
    return {**plain(row), "on": [plain(line) for line in conn.execute(query).mappings()]}


def list_alerts(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Alerts of a programme by id, narrowed by what the call names. Queries have no clock: overdue are those whose day
    had passed when the last event was recorded."""
    body = command.body
    query = sa.select(alerts).where(alerts.c.programme == body["programme"])
    for name in ("status", "alert", "severity", "provider_id", "assigned_to"):
        if body.get(name):
            query = query.where(alerts.c[name] == body[name])
    if body.get("region"):
        query = query.where(alerts.c.region.startswith(body["region"], autoescape=True))
    if body.get("unresolved") or body.get("overdue"):
        query = query.where(alerts.c.status.in_(OPEN_STATES))
    if body.get("overdue"):
        query = query.where(alerts.c.due_on < evidence.last_day(conn))
    return page(conn, query, alerts.c.alert_id, body)


def alert_rates(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """By rule: raised, confirmed, false_alarm, open (acknowledged ones too), and `precision`: confirmed of those that
    were resolved, in percent, rounded down; empty before the first was."""
    body = command.body
    many = sa.func.count().label("many")
    query = (
        sa.select(alerts.c.alert, alerts.c.status, many)
        .where(
            alerts.c.programme == body["programme"],
            alerts.c.raised_at >= day_begins(body["from_on"]),
            alerts.c.raised_at < day_begins(body["until_on"] + timedelta(days=1)),
        )
        .group_by(alerts.c.alert, alerts.c.status)
    )
    found: dict[str, dict[str, int]] = {}
    for row in conn.execute(query):
        found.setdefault(row.alert, {})[row.status] = row.many
    return {"items": [_rates(rule, counts) for rule, counts in sorted(found.items())], "next": None}


def _rates(rule: str, counts: Mapping[str, int]) -> Row:
    confirmed, false = counts.get("confirmed", 0), counts.get("false_alarm", 0)
    resolved = confirmed + false
    return {
        "alert": rule,
        "raised": sum(counts.values()),
        "confirmed": confirmed,
        "false_alarm": false,
        "open": sum(counts.get(status, 0) for status in OPEN_STATES),
        "precision": 100 * confirmed // resolved if resolved else None,
    }


QUERIES: Mapping[str, Query] = {"get_alert": get_alert, "list_alerts": list_alerts, "alert_rates": alert_rates}
