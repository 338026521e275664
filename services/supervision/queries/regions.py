"""What is known of regions: figures, targets beside the record, evaluations, reports, pilots and awards.

The day is that of the last record in the evidence log: what nobody has told yet is not judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from contracts import roles as r
from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.programmes.places import shortest
from infra.messages import Command
from infra.packs import pack_on
from infra.pipeline import Query
from services.supervision.domain import figures
from services.supervision.queries.pages import page
from services.supervision.store import evidence
from services.supervision.store import figures as figure_store
from services.supervision.store.tables import (
    designations,
    region_awards,
    region_evaluations,
    region_reports,
)

Row = dict[str, Any]

UNKNOWN = Refused("PROGRAMME_UNKNOWN", "programme")


def region_figures(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """One region's figures of a year, or those of each city that anything is known of."""
    body = command.body
    today = evidence.last_day(conn)
    pack = pack_on(body["programme"], today)
    if pack is None:
        return UNKNOWN
    record = _record(conn, pack)
    asked = body.get("region")
    places = [shortest(asked)] if asked else record.of(pack.code, pack.region).cities()
    return _items([_figures(record, pack, region, body["year"], today) for region in places])


def target_progress(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """The pack's targets, each beside what the record knows of its measure."""
    today = evidence.last_day(conn)
    pack = pack_on(command.body["programme"], today)
    if pack is None:
        return UNKNOWN
    return _items(figures.target_progress(_record(conn, pack), pack=pack, today=today))


def list_evaluations(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Evaluations by id, with their texts and the figures of their moment."""
    return _listed(conn, command, region_evaluations)


def list_reports(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Monthly reports by id."""
    return _listed(conn, command, region_reports)


def list_designations(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Pilots and model cases by id."""
    return _listed(conn, command, designations)


def list_awards(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Awards by id, with the shares and the numbers they were shared out by."""
    return _listed(conn, command, region_awards)


def _figures(record: figures.Record, pack: Pack, region: str, year: int, today: date) -> Row:
    """By the rules of that region: an overlay may have its own months to report."""
    own = pack_on(pack.code, today, region) or pack
    return figures.region_figures(record, pack=own, region=region, year=year, today=today)


def _record(conn: sa.Connection, pack: Pack) -> figures.Record:
    return figure_store.load(conn, filed={pack.code: pack.filing is not None})


def _items(items: Sequence[Row]) -> Mapping[str, Any]:
    return {"items": list(items), "next": None}


def _listed(conn: sa.Connection, command: Command, table: sa.Table) -> Mapping[str, Any]:
    """Rows of a programme, of a region and all in it where one is named; who told it, and why, is for officials."""
    hidden = () if command.actor.roles & r.OFFICIALS else ("told_by", "reason")
    columns = [column for column in table.c if column.name not in hidden]
    query = sa.select(*columns).where(table.c.programme == command.body["programme"])
    if command.body.get("region"):
        query = query.where(table.c.region.startswith(shortest(command.body["region"])))
    return page(conn, query, next(iter(table.primary_key)), command.body)


QUERIES: Mapping[str, Query] = {
    "region_figures": region_figures,
    "target_progress": target_progress,
    "list_evaluations": list_evaluations,
    "list_reports": list_reports,
    "list_designations": list_designations,
    "list_awards": list_awards,
}
