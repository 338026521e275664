"""Targets, reports, evaluations, designations and awards: found by id or by what they are about, saved by the set."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from infra.db_insert import insert_many, upsert
from services.supervision.store.sets import rows_in
from services.supervision.store.tables import (
    known_parties,
    region_evaluations,
    region_reports,
    report_terms,
    targets,
)

Row = dict[str, Any]
Key = tuple[Any, ...]
PLACES = (known_parties, targets)  # where cities are known from


def by_id(conn: sa.Connection, table: sa.Table, ids: Collection[str]) -> dict[str, Row]:
    """Rows by id; locked in key order, which matters for targets alone: the others never change."""
    key = next(iter(table.primary_key))
    query = sa.select(table).order_by(key).with_for_update()
    return {row[key.name]: dict(row) for row in rows_in(conn, query, key, ids)}


def standing(conn: sa.Connection, table: sa.Table, names: Sequence[str], keys: Collection[Key]) -> dict[Key, Row]:
    """What stands for each of these keys; a target that was replaced stands no more. Locked in key order."""
    columns = [table.c[name] for name in names]
    query = sa.select(table).where(sa.tuple_(*columns).in_(sorted(keys)), table.c.status != "replaced")
    rows = conn.execute(query.order_by(next(iter(table.primary_key))).with_for_update()).mappings()
    return {tuple(row[name] for name in names): dict(row) for row in rows}


def save(
    conn: sa.Connection, table: sa.Table, *, new: Sequence[Mapping[str, Any]], replaced: Sequence[Mapping[str, Any]]
) -> None:
    """Write what changed; replaced rows first, for one stands at a time. A row that was written meanwhile is an
    error, and the batch is tried again."""
    key = next(iter(table.primary_key)).name
    upsert(conn, table, sorted(replaced, key=lambda row: str(row[key])), key=(key,))
    insert_many(conn, table, new)


def targets_around(conn: sa.Connection, asked: Collection[Key]) -> dict[Key, dict[str, int]]:
    """Targets that stand by (programme, year, measure, city) and region, of each city and its counties. The cities' own
    are locked first, so that two counties are not set at once."""
    one = targets.c
    keys = sorted({(*key[:3], key[3]) for key in asked})
    if not keys:
        return {}
    about = sa.tuple_(one.programme, one.year, one.measure, sa.func.substr(one.region, 1, 4)).in_(keys)
    standing_ = sa.select(one.programme, one.year, one.measure, one.region, one.at_least).where(
        one.status == "set", about
    )
    conn.execute(standing_.where(sa.func.length(one.region) == 4).order_by(one.target_id).with_for_update()).all()
    found: dict[Key, dict[str, int]] = {}
    for row in conn.execute(standing_):
        found.setdefault((row.programme, row.year, row.measure, row.region[:4]), {})[row.region] = row.at_least
    return found


def looked_at(conn: sa.Connection) -> dict[str, str]:
    """The newest month whose term was looked at, by programme; locked."""
    rows = conn.execute(sa.select(report_terms).order_by(report_terms.c.programme).with_for_update())
    return {row.programme: row.month for row in rows}


def look_at(conn: sa.Connection, months: Mapping[str, str]) -> None:
    """Keep which month's term was looked at last."""
    rows = [{"programme": programme, "month": month} for programme, month in sorted(months.items())]
    upsert(conn, report_terms, rows, key=("programme",))


def cities(conn: sa.Connection, programme: str) -> list[str]:
    """Cities that the programme has an enterprise or a target in, in order."""
    found = (sa.select(sa.func.substr(table.c.region, 1, 4)).where(table.c.programme == programme) for table in PLACES)
    return sorted(city for city in conn.execute(sa.union(*found)).scalars() if len(city) == 4)


def reported(conn: sa.Connection, programme: str, months: Collection[str]) -> set[tuple[str, str]]:
    """(region, month) of the reports on these months."""
    one = region_reports.c
    query = sa.select(one.region, one.month).where(one.programme == programme, one.month.in_(sorted(months)))
    return {(row.region, row.month) for row in conn.execute(query)}


def yearly_scores(conn: sa.Connection, asked: Collection[tuple[str, int]]) -> dict[tuple[str, int], dict[str, int]]:
    """The scores of the yearly evaluations by (programme, year) and region."""
    one = region_evaluations.c
    keys = sorted((programme, str(year)) for programme, year in asked)
    query = sa.select(one.programme, one.period, one.region, one.score)
    found: dict[tuple[str, int], dict[str, int]] = {}
    for row in conn.execute(query.where(sa.tuple_(one.programme, one.period).in_(keys))):
        found.setdefault((row.programme, int(row.period)), {})[row.region] = row.score
    return found
