"""What ties the enterprises and providers of a batch, in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

import sqlalchemy as sa

from infra.holdings import Owners, holdings_around, ties_on_record
from services.voucher.domain.affiliation import Affiliation, affiliation, same_representative
from services.voucher.domain.parties import Enterprise, Provider
from services.voucher.tables import known_enterprises, known_holdings, known_providers, known_ties

Pair = tuple[Enterprise, Provider]


class Ties:
    """Of these pairs, that day: ties on record, holdings around them, and how many bear a name that a pair shares."""

    def __init__(self, conn: sa.Connection, pairs: Iterable[Pair], *, on: date) -> None:
        pairs = list(pairs)
        self._on = on
        self._recorded = ties_on_record(conn, known_ties, {enterprise.enterprise_id for enterprise, _ in pairs})
        holders = {enterprise.holder for enterprise, _ in pairs if enterprise.holder is not None}
        self._owners = Owners(holdings_around(conn, known_holdings, holders))
        shared = {e.representative for e, p in pairs if e.representative is not None and same_representative(e, p)}
        self._bearers = _bearers(conn, shared)

    def between(self, enterprise: Enterprise, provider: Provider) -> Affiliation:
        """What ties the two of a pair."""
        return affiliation(
            enterprise=enterprise,
            provider=provider,
            on_record=self._recorded.get((enterprise.enterprise_id, provider.provider_id), ()),
            steps=self._owners.steps(enterprise.holder, provider.holder, on=self._on),
            borne_by=self._bearers.get(enterprise.representative or "", 0),
        )


def _bearers(conn: sa.Connection, names: Collection[str]) -> dict[str, int]:
    """How many parties declare each of these representatives (blind indexes)."""
    if not names:
        return {}
    each = [
        sa.select(table.c.representative).where(table.c.representative.in_(sorted(names)))
        for table in (known_enterprises, known_providers)
    ]
    every = sa.union_all(*each).subquery()
    query = sa.select(every.c.representative, sa.func.count()).group_by(every.c.representative)
    return {row[0]: row[1] for row in conn.execute(query)}
