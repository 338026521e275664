"""Reads of audit samples, for everyone: what was drawn from what; what was found, for officials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from contracts import roles as r
from contracts.errors import Refused
from infra.jsontext import instant_text
from infra.messages import Command
from services.settlement import samples_store
from services.settlement import tables as t

Found = Mapping[str, Any] | Refused

SHOWN = (
    *("sample_id", "programme", "node_id", "size", "seed_hash", "extrapolate", "status", "pack_version"),
    *("committed_at", "seed", "population", "population_hash", "drawn", "error_fen", "rate", "others", "others_fen"),
    "reason",
)
ITEM = ("claim_id", "claim_version", "payable_fen", "alerts", "weight", "drawn", "certain")
FOUND = ("error_fen", "code", "reasons")


def get_sample(conn: sa.Connection, command: Command) -> Found:
    """The sample, with how many of what was drawn are audited and how many wait for that."""
    columns = [t.samples.c[name] for name in SHOWN]
    row = conn.execute(sa.select(*columns).where(t.samples.c.sample_id == command.body["id"])).mappings().first()
    if row is None:
        return Refused("NOT_FOUND", "id")
    if command.actor.programme not in {None, row["programme"]}:
        return Refused("PROGRAMME_MISMATCH", "id")
    drawn = samples_store.drawn_of(conn, [row["sample_id"]])
    audited = sum(one.error_fen is not None for one in drawn)
    return {**_plain(row), "audited": audited, "waiting": sum(bool(one.waits) for one in drawn)}


def list_samples(conn: sa.Connection, command: Command) -> Found:
    """A programme's, in the order of their ids."""
    body, key = command.body, t.samples.c.sample_id
    query = sa.select(*(t.samples.c[name] for name in SHOWN)).where(t.samples.c.programme == body["programme"])
    if body["status"] is not None:
        query = query.where(t.samples.c.status == body["status"])
    return _page(conn, query, key, command)


def list_sample_items(conn: sa.Connection, command: Command) -> Found:
    """What a revealed sample was drawn from, by claim; to officials what the audit found as well."""
    body, item, audit = command.body, t.sample_items, t.audits
    columns: list[Any] = [item.c[name] for name in ITEM]
    source: sa.FromClause = item
    if command.actor.roles & r.OFFICIALS:
        columns += [audit.c[name].label(name) for name in FOUND]
        same = (audit.c.sample_id == item.c.sample_id) & (audit.c.claim_id == item.c.claim_id)
        source = item.outerjoin(audit, same)
    query = sa.select(*columns).select_from(source).where(item.c.sample_id == body["sample_id"])
    if body["drawn"] is not None:
        query = query.where(item.c.drawn == body["drawn"])
    return _page(conn, query, item.c.claim_id, command)


def _page(conn: sa.Connection, query: Any, key: sa.Column[Any], command: Command) -> Found:
    limit = int(command.body["limit"] or 100)
    if command.body["after"] is not None:
        query = query.where(key > command.body["after"])
    items = [_plain(row) for row in conn.execute(query.order_by(key).limit(limit)).mappings()]
    return {"items": items, "next": items[-1][key.name] if len(items) == limit else None}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    moments = {"committed_at"} & set(row)
    return {**row, **{name: instant_text(row[name]) for name in moments}}
