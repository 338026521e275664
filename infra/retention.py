"""Nothing grows for ever: answers, inbox rows and sent events go after a stated time; decisions stay."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from infra import tables
from infra.db import UnitOfWork

ANSWERS = timedelta(days=30)  # a key sent again later is a new command, which the aggregate's own state refuses
INBOX = timedelta(days=30)  # longer than any ladder, and than a dead letter should lie
SENT = timedelta(days=7)  # supervision has kept its evidence by then

MOST = 500  # rows a table a round: a short transaction


def prune(uow: UnitOfWork) -> int:
    """Delete what has outlived its time, at most MOST rows a table; how many went."""
    answers, inbox, outbox = tables.answers, tables.inbox, tables.outbox
    gone = 0
    for table, keys, old in (
        (answers, (answers.c.scope, answers.c.key), answers.c.at < uow.now - ANSWERS),
        (inbox, (inbox.c.consumer, inbox.c.event_id), inbox.c.at < uow.now - INBOX),
        (outbox, (outbox.c.id,), (outbox.c.state == tables.OUTBOX_SENT) & (outbox.c.at < uow.now - SENT)),
    ):
        victims = sa.select(*keys).where(old).limit(MOST)
        if uow.conn.dialect.name == "postgresql":
            victims = victims.with_for_update(skip_locked=True)  # two replicas prune side by side
        gone += uow.conn.execute(sa.delete(table).where(sa.tuple_(*keys).in_(victims))).rowcount
    return gone
