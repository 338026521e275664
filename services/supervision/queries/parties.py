"""A party's record: what it owed back and why, and where it is listed; nothing follows from it by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from contracts import roles as r
from contracts.errors import Refused
from infra.messages import Command
from infra.packs import pack_at
from infra.pipeline import Query
from services.supervision.domain.screening import articles
from services.supervision.queries.pages import page, with_days
from services.supervision.store import known
from services.supervision.store.tables import blacklist, known_receivables

ENTRY = ("entry_id", "kind", "programme", "ground", "articles", "effective_at", "status")
_c = known_receivables.c


def party_record(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """Receivables by id, with ground, articles, amounts and state; sums of all; entries of the blacklist; of a provider
    that left, how far its orders (voucher) and claims (settlement) are wound down.

    `dishonesty_list`: what was confirmed as taken by fraud, proposed for the list where the programme has one.
    """
    actor, party_id = command.actor, command.body["party_id"]
    as_party = not actor.roles & (r.OFFICIALS | {r.PLATFORM})
    if as_party and actor.organisation != party_id:
        return Refused("NOT_OWNER", "party_id")
    mine: list[sa.ColumnElement[bool]] = [_c.party_id == party_id]
    entries = sa.select(*(blacklist.c[name] for name in ENTRY)).where(
        blacklist.c.party_id == party_id, blacklist.c.interim.is_(False)
    )
    if actor.programme is not None:
        mine.append(_c.programme == actor.programme)
        entries = entries.where(blacklist.c.programme == actor.programme)
    found = page(conn, sa.select(known_receivables).where(*mine), _c.receivable_id, command.body)
    listed = page(conn, entries, blacklist.c.entry_id, {"limit": 100})
    return {
        "party_id": party_id,
        "receivables": [with_days(row) for row in found["items"]],
        "next": found["next"],
        "entries": listed["items"],
        "wind_downs": _wind_downs(conn, party_id, actor.programme),
        "figures": _figures(conn, mine),
        "dishonesty_list": _proposed(conn, mine),
    }


def _wind_downs(conn: sa.Connection, party_id: str, programme: str | None) -> list[dict[str, Any]]:
    found = known.wind_downs(conn, [party_id])
    return [row for (_, of), rows in found.items() if programme in (None, of) for row in rows]


def _figures(conn: sa.Connection, mine: Sequence[sa.ColumnElement[bool]]) -> dict[str, int]:
    columns = (_c.amount_fen, _c.recovered_fen, _c.written_off_fen)
    sums = [sa.func.coalesce(sa.func.sum(column), 0).label(column.name) for column in columns]
    row = conn.execute(sa.select(sa.func.count().label("receivables"), *sums).where(*mine)).mappings().one()
    found = {name: int(figure) for name, figure in row.items()}
    return {**found, "open_fen": found["amount_fen"] - found["recovered_fen"] - found["written_off_fen"]}


def _proposed(conn: sa.Connection, mine: Sequence[sa.ColumnElement[bool]]) -> list[dict[str, Any]]:
    """By the rules that they went by: how many receivables for fraud, of how much, and the article of the list."""
    count, fen = sa.func.count().label("receivables"), sa.func.sum(_c.amount_fen).label("fen")
    query = sa.select(_c.pack_version, count, fen).where(*mine, _c.ground == "fraud").group_by(_c.pack_version)
    rows = conn.execute(query.order_by(_c.pack_version)).all()
    by_rules = {row.pack_version: articles(pack_at(row.pack_version), "supervision.dishonesty_list") for row in rows}
    return [
        {
            "pack_version": row.pack_version,
            "articles": list(by_rules[row.pack_version]),
            "receivables": row.receivables,
            "amount_fen": int(row.fen),
        }
        for row in rows
        if by_rules[row.pack_version]
    ]


QUERIES: Mapping[str, Query] = {"party_record": party_record}
