"""What ties parties, as registry told it: who holds a share of whom, and ties on record. Each service that needs it
keeps the tables, and asks them one way.
"""

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
    known = sorted(holders)
    ends = (table.c.owner, table.c.held)
    start = sa.union(*(sa.select(end.label("holder")).where(~table.c.state, end.in_(known)) for end in ends))
    reach = start.subquery().select().cte("reach", recursive=True)
    step = table.alias("step")
    far = sa.case((step.c.owner == reach.c.holder, step.c.held), else_=step.c.owner)
    beside = sa.or_(step.c.owner == reach.c.holder, step.c.held == reach.c.holder)  # each by its own index
    reach = reach.union(sa.select(far).select_from(reach.join(step, beside)).where(~step.c.state))
    query = sa.select(table.c.owner, table.c.held, table.c.from_on, table.c.until_on).where(
        ~table.c.state, table.c.owner.in_(sa.select(reach.c.holder))
    )
    return [Holding(*row) for row in conn.execute(query.order_by(table.c.holding_id))]


def ties_on_record(
    conn: sa.Connection, table: sa.Table, enterprise_ids: Collection[str]
) -> dict[tuple[str, str], set[str]]:
    """Kinds of tie that `known_ties` has of these enterprises, by (enterprise, provider); one statement."""
    tie = table.c
    query = sa.select(tie.enterprise_id, tie.provider_id, tie.kind).where(tie.enterprise_id.in_(sorted(enterprise_ids)))
    found: dict[tuple[str, str], set[str]] = {}
    for enterprise_id, provider_id, kind in conn.execute(query):
        found.setdefault((enterprise_id, provider_id), set()).add(kind)
    return found


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
