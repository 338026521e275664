"""What ties the enterprises and providers of a batch of claims (贵州 第十三条(四)), in two statements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from infra.holdings import Owners, holdings_around, ties_on_record
from services.settlement.domain.parties import Enterprise, Provider
from services.settlement.tables import known_holdings, known_ties

Pair = tuple[Enterprise, Provider]


class Ties:
    """Ties on record between these pairs, and the holdings around them."""

    def __init__(self, conn: sa.Connection, pairs: Sequence[Pair]) -> None:
        holders = {enterprise.holder for enterprise, _ in pairs if enterprise.holder is not None}
        self._recorded = ties_on_record(conn, known_ties, {enterprise.enterprise_id for enterprise, _ in pairs})
        self._owners = Owners(holdings_around(conn, known_holdings, holders))

    def between(self, enterprise: Enterprise, provider: Provider, *, days: Sequence[date]) -> dict[str, Any] | None:
        """By kind what ties the two: ties on record, or holdings that join them on the first of these days on which any
        do; None without one."""
        kinds = sorted(self._recorded.get((enterprise.enterprise_id, provider.provider_id), ()))
        for day in days:
            steps = self._owners.steps(enterprise.holder, provider.holder, on=day)
            if steps is not None:
                return {"ties": [*kinds, "holding"], "holdings": steps, "on": day.isoformat()}
        return {"ties": kinds} if kinds else None
