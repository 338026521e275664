"""What supervision answers: the blacklist, ties between parties, figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from contracts import roles as r
from contracts.errors import Refused
from infra.jsontext import instant_text
from infra.messages import Command
from infra.pipeline import Query
from infra.tables import OUTBOX_SENT, outbox, streams
from services.supervision.domain import affiliation
from services.supervision.queries.pages import page
from services.supervision.store import claims, evidence, known
from services.supervision.store.tables import alerts, blacklist, complaints, known_parties

Row = dict[str, Any]


def list_blacklist(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Entries that stand, public, persons' names masked; officials also see those removed, interim measures, reasons
    and by whom."""
    body = command.body
    query = sa.select(blacklist).where(blacklist.c.programme == body["programme"])
    official = bool(command.actor.roles & r.OFFICIALS)
    if not official:
        names = (
            "entry_id",
            "kind",
            "party_kind",
            "party_id",
            "party_name",
            "programme",
            "ground",
            "articles",
            "effective_at",
        )
        shown = known_parties.c.public_name.label("party_name")
        columns = (blacklist.c[name] for name in (*names, "status") if name != "party_name")
        query = query.outerjoin(known_parties, known_parties.c.party_id == blacklist.c.party_id)
        query = query.with_only_columns(*columns, shown)
        query = query.where(blacklist.c.status == "listed", blacklist.c.interim.is_(False))
    return page(conn, query, blacklist.c.entry_id, body)


def standing(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Each party asked about: `blacklisted` now, or barred while a case runs; `since`: when an entry that stands takes
    effect, past or coming."""
    ids = command.body["ids"]
    query = sa.select(blacklist.c.party_id, blacklist.c.in_effect, blacklist.c.effective_at).where(
        blacklist.c.party_id.in_(sorted(set(ids))), blacklist.c.status == "listed"
    )
    # the earliest of several: an entry beside the interim measure of another case
    query = query.order_by(blacklist.c.effective_at.desc())
    found = {row["party_id"]: row for row in conn.execute(query).mappings()}
    return {
        "items": [
            {
                "party_id": party_id,
                "blacklisted": party_id in found and bool(found[party_id]["in_effect"]),
                "since": instant_text(found[party_id]["effective_at"]) if party_id in found else None,
            }
            for party_id in ids
        ],
        "next": None,
    }


def related(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """The chain between two parties, each step by kinds and by how many share each; ties on record between the two; and
    what was too common to count."""
    pair = (command.body["from_id"], command.body["to_id"])
    unknown = set(pair) - known.parties(conn, pair).keys()
    if unknown:
        return Refused("NOT_FOUND", "from_id" if pair[0] in unknown else "to_id")
    graph = known.graph(conn, pair, today=evidence.last_day(conn))
    path = affiliation.paths(graph, [pair]).get(pair, ())
    ignored = [
        {"party_id": party, "kind": kind, "shared_by": many} for party in pair for kind, many in graph.crowded(party)
    ]
    return {
        "from_id": pair[0],
        "to_id": pair[1],
        "related": bool(path),
        "steps": len(path),
        "severity": affiliation.severity(path) if path else None,
        "path": list(affiliation.view(path)),
        "ties": [dict(row) for row in known.ties_between(conn, *pair)],
        "ignored": ignored,
    }


def totals(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Figures for reconciliation; alerts and complaints are the programme's, evidence is everything's."""
    programme = command.body["programme"]
    sources = evidence.sources(conn)
    listed = sa.select(sa.func.count()).where(
        blacklist.c.programme == programme, blacklist.c.status == "listed", blacklist.c.interim.is_(False)
    )
    unsent = sa.select(sa.func.count()).select_from(outbox).where(outbox.c.state < OUTBOX_SENT)
    return {
        "figures": {
            "evidence_size": evidence.read_log(conn).size,
            "stream_gaps": sum(row["last_seq"] - row["numbered"] for row in sources),
            "blacklisted": conn.execute(listed).scalar_one(),
            "screening_pending": claims.waiting(conn),
            "outbox_unsent": conn.execute(unsent).scalar_one(),
            "stream_seq": conn.execute(sa.select(sa.func.max(streams.c.head_seq))).scalar_one() or 0,
        },
        "rows": {
            "evidence": {row["source"]: row["events"] for row in sources},
            "alerts": _by_status(conn, alerts, programme),
            "complaints": _by_status(conn, complaints, programme),
        },
    }


def _by_status(conn: sa.Connection, table: sa.Table, programme: str) -> Mapping[str, int]:
    many = sa.func.count().label("many")
    query = sa.select(table.c.status, many).where(table.c.programme == programme).group_by(table.c.status)
    return {row.status: row.many for row in conn.execute(query)}


QUERIES: Mapping[str, Query] = {
    "blacklist": list_blacklist,
    "standing": standing,
    "related": related,
    "totals": totals,
}
