"""What the ledger looks like from outside: gauges for whoever watches, taken now and then, never in a command's way."""

from __future__ import annotations

import time

import sqlalchemy as sa

from infra import metrics
from infra.db import UnitOfWork
from services.voucher.tables import accounts, plans

EVERY_S = 15.0
_watched_at = -EVERY_S


def watch_books(uow: UnitOfWork) -> int:
    """Sets the balance of each kind of account, in fen, for plans that are not closed; does nothing else."""
    global _watched_at  # noqa: PLW0603 - when this process last looked
    if time.monotonic() - _watched_at < EVERY_S:
        return 0
    _watched_at = time.monotonic()
    balance = sa.func.sum(accounts.c.credits_posted - accounts.c.debits_posted)
    running = sa.exists().where(
        plans.c.programme == accounts.c.programme, plans.c.year == accounts.c.year, plans.c.status != "closed"
    )
    query = (
        sa.select(accounts.c.programme, accounts.c.year, accounts.c.kind, balance)
        .where(running)
        .group_by(accounts.c.programme, accounts.c.year, accounts.c.kind)
    )
    sums: dict[tuple[str, str], int] = {}
    for programme, year, kind, fen in uow.conn.execute(query):
        metrics.LEDGER.labels(programme, str(year), kind).set(int(fen))
        sums[programme, str(year)] = sums.get((programme, str(year)), 0) + int(fen)
    for labels, fen in sums.items():
        metrics.IMBALANCE.labels(*labels).set(fen)
    return 0
