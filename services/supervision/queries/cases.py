"""Cases as officials and the party see them; their texts leave by get_case alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from contracts import roles as r
from contracts.errors import Refused
from infra.clock import local_date
from infra.messages import Command
from infra.pipeline import Query
from services.supervision.domain.cases import still_open
from services.supervision.queries.pages import page, plain, with_days
from services.supervision.store import cases as store
from services.supervision.store import known
from services.supervision.store.tables import cases

TEXTS = ("reason", "statement", "proposal", "decision", "appeal", "appeal_decision", "closing_note")
OFFICES = ("proposal", "opened_by", "proposed_by", "decided_by", "appeal_proposed_by", "appeal_decided_by")


def get_case(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """All of one case; of a forced exit that was decided `open`, `wind_downs` and `owed_fen` too. The party sees
    neither what is only proposed nor who decides. NOT_FOUND, NOT_OWNER."""
    actor = command.actor
    row = conn.execute(sa.select(cases).where(cases.c.case_id == command.body["id"])).mappings().one_or_none()
    if row is None or actor.programme not in (None, row["programme"]):
        return Refused("NOT_FOUND", "id")
    official = bool(actor.roles & r.OFFICIALS)
    if not official and not actor.roles & {r.PLATFORM, r.SERVICE} and actor.organisation != row["party_id"]:
        return Refused("NOT_OWNER", "id")
    shown = {name: value for name, value in with_days(plain(row)).items() if official or name not in OFFICES}
    if row["kind"] == "forced_exit" and row["decided_at"] is not None:
        assert command.at is not None
        of = row["party_id"], row["programme"]
        shown["wind_downs"] = known.wind_downs(conn, [of[0]]).get(of, [])
        shown["owed_fen"] = store.owed_fen(conn, [of[0]]).get(of, 0)
        left = {"wind_downs": shown["wind_downs"], "owed_fen": shown["owed_fen"]}
        ended = row["ended_at"] is not None
        shown["open"] = [] if ended else still_open(row, **left, today=local_date(command.at))
    return shown


def list_cases(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """A programme's, by id; `kind`, `status`, `party_id` narrow."""
    body = command.body
    columns = [column for column in cases.c if column.name not in TEXTS]
    query = sa.select(*columns).where(cases.c.programme == body["programme"])
    for name in ("kind", "status", "party_id"):
        if body.get(name):
            query = query.where(cases.c[name] == body[name])
    found = page(conn, query, cases.c.case_id, body)
    return {**found, "items": [with_days(item) for item in found["items"]]}


QUERIES: Mapping[str, Query] = {"get_case": get_case, "list_cases": list_cases}
