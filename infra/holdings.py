"""Who holds a share of whom, as registry told it: each service that needs it keeps the table, and asks it one way."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from infra.db import UnitOfWork
from infra.messages import Event
from infra.projection import upsert_newer

INDEX = sa.String(64)


@dataclass(frozen=True, slots=True)
class Holding:
    """`owner` has a share of `held` (blind indexes), from the first day until the day before `until_on`."""

    owner: str
    held: str
    from_on: date
    until_on: date | None

    def on(self, day: date) -> bool:
        """Is it so that day?"""
        return self.from_on <= day and (self.until_on is None or day < self.until_on)


def holdings_table(metadata: sa.MetaData) -> sa.Table:
    """`known_holdings`, with its ends indexed."""
    return sa.Table(
        "known_holdings",
        metadata,
        sa.Column("holding_id", sa.String(26), primary_key=True),
        sa.Column("owner", INDEX, nullable=False),
        sa.Column("held", INDEX, nullable=False),
        sa.Column("state", sa.Boolean, nullable=False),
        sa.Column("share_bp", sa.Integer, nullable=False),
        sa.Column("from_on", sa.Date, nullable=False),
        sa.Column("until_on", sa.Date),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Index("known_holdings_owner", "owner"),
        sa.Index("known_holdings_held", "held"),
    )


def know_holdings(uow: UnitOfWork, table: sa.Table, events: Sequence[Event]) -> None:
    """Keep what was told of shareholdings, the newest of each."""
    names = [column.name for column in table.columns if column.name != "sequence"]
    rows = [{**{name: event.data[name] for name in names}, "sequence": event.sequence} for event in events]
    upsert_newer(uow.conn, table, rows, ("holding_id",))


def holdings_around(conn: sa.Connection, table: sa.Table, holders: Collection[str]) -> list[Holding]:
    """All holdings that hang together with any of these holders, through any number of others; one statement.

    The state's shares are left out: 公司法 (2023) 265(四): those whom the state alone holds are not related by that.
    """
    if not holders:
        return []
    told = sa.select(table.c.owner.label("near"), table.c.held.label("far")).where(~table.c.state)
    back = sa.select(table.c.held, table.c.owner).where(~table.c.state)
    step = sa.union_all(told, back).subquery("step")
    start = sa.select(step.c.near.label("holder")).where(step.c.near.in_(sorted(holders)))
    reach = start.cte("reach", recursive=True)
    hop = sa.union_all(told, back).subquery("hop")
    reach = reach.union(sa.select(hop.c.far).join(reach, hop.c.near == reach.c.holder))
    query = sa.select(table.c.owner, table.c.held, table.c.from_on, table.c.until_on).where(
        ~table.c.state, table.c.owner.in_(sa.select(reach.c.holder))
    )
    return [Holding(*row) for row in conn.execute(query.order_by(table.c.holding_id))]


class Owners:
    """Holdings as a graph without direction: an owner above, an owner of both, and a company held by both all join
    (隶属、产权纽带、共建)."""

    def __init__(self, holdings: Iterable[Holding]) -> None:
        self._near: dict[str, list[tuple[str, Holding]]] = {}
        for one in holdings:
            self._near.setdefault(one.owner, []).append((one.held, one))
            self._near.setdefault(one.held, []).append((one.owner, one))

    def steps(self, one: str | None, other: str | None, *, on: date) -> int | None:
        """How few holdings of that day join the two: 0 for the same holder; None when none do."""
        if one is None or other is None:
            return None
        seen, queue = {one}, deque([(one, 0)])
        while queue:
            holder, steps = queue.popleft()
            if holder == other:
                return steps
            for far, holding in self._near.get(holder, ()):
                if far not in seen and holding.on(on):
                    seen.add(far)
                    queue.append((far, steps + 1))
        return None
