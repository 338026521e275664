"""What the record knows of providers and enterprises that are assessed: counts by state, by the set."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from services.supervision.store.sets import rows_in
from services.supervision.store.tables import alerts, complaints, known_claims, known_orders

ByState = dict[str, dict[str, int]]  # id → state → how many

TABLES: Mapping[str, Mapping[str, sa.Table]] = {
    "provider": {"orders": known_orders, "claims": known_claims, "complaints": complaints, "alerts": alerts},
    "enterprise": {"orders": known_orders},
}
# An alert that nobody confirmed says nothing of a party.
STATES: Mapping[str, Collection[str]] = {"alerts": ("confirmed",)}


def of_parties(conn: sa.Connection, kind: str, ids: Collection[str]) -> dict[str, ByState]:
    """What there is of these parties, by what it is: one statement each."""
    found: dict[str, ByState] = {}
    for what, table in TABLES[kind].items():
        party, many = table.c[f"{kind}_id"], sa.func.count().label("many")
        query = sa.select(party.label("party"), table.c.status, many).group_by(party, table.c.status)
        if what in STATES:
            query = query.where(table.c.status.in_(STATES[what]))
        counts = found.setdefault(what, {})
        for row in rows_in(conn, query, party, ids):
            counts.setdefault(row["party"], {})[row["status"]] = row["many"]
    return found
