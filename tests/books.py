"""An auditor of services without a bus: it reads their outboxes as the relay would send them, and compares."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from contracts.envelope import source_of
from infra import tables as common
from infra.books.telling import Teller
from infra.clock import FixedClock, parse_instant
from infra.db import create_engine, writing
from infra.db_insert import insert_many
from infra.pipeline import Pipeline
from services.supervision import store
from services.supervision.handlers.books import compare_services, follow_books
from services.supervision.store.tables import alerts, books_differences, evidence
from tests.making import make_tables


class Auditor:
    """`look` after a change: what differs now, by subject."""

    def __init__(self, clock: FixedClock, url: str = "sqlite://") -> None:
        self.clock = clock
        self.engine = create_engine(url, service="supervision")
        make_tables(self.engine, store.metadata)
        due = (follow_books, compare_services)
        self.pipeline = Pipeline("supervision", self.engine, clock, {}, {}, {}, due)
        self.read: dict[str, int] = {}
        self.heard: dict[str, int] = {}

    def close(self) -> None:
        self.engine.dispose()

    def tell(self, teller: Teller, pipeline: Pipeline) -> None:
        """The service tells, whatever the hour, and what it said reaches the log of evidence."""
        with writing(pipeline.engine) as conn:
            conn.execute(sa.update(common.books_told).where(common.books_told.c.programme == "").values(at=LONG_AGO))
        Pipeline(teller.service, pipeline.engine, pipeline.clock, {}, {}, {}, (teller.due(),)).run_due()
        self.hear(teller.service, pipeline.engine)

    def hear(self, service: str, engine: sa.Engine) -> None:
        """What the service said since, in the order of its outbox."""
        c = common.outbox.c
        with engine.connect() as conn:
            rows = list(conn.execute(sa.select(c.id, c.body).where(c.id > self.read.get(service, 0)).order_by(c.id)))
        kept = []
        for row in rows:
            self.read[service] = row.id
            self.heard[service] = self.heard.get(service, 0) + 1
            kept.append(self._record(service, self.heard[service], row.body))
        with writing(self.engine) as conn:
            insert_many(conn, evidence, kept)

    def look(self) -> dict[str, dict[str, Any]]:
        """Differences that stand, with their evidence."""
        self.pipeline.run_due()
        c = books_differences.c
        with self.engine.connect() as conn:
            query = sa.select(c.subject, c.evidence).where(c.ended_at.is_(None)).order_by(c.subject)
            return {row.subject: row.evidence for row in conn.execute(query)}

    def alerts(self) -> list[dict[str, Any]]:
        with self.engine.connect() as conn:
            return [dict(row) for row in conn.execute(sa.select(alerts).order_by(alerts.c.raised_at)).mappings()]

    def _record(self, service: str, number: int, body: str) -> dict[str, Any]:
        said = json.loads(body)
        names = ("type", "subject")
        return {
            **{name: said[name] for name in names},
            "position": sum(self.heard.values()),
            "event_id": said["id"],
            "source": source_of(service),
            "time": parse_instant(said["time"]),
            "stream_seq": number,
            "recorded_at": said["time"],
            "body": body,
            "leaf": "",
            "root": "",
        }


LONG_AGO = parse_instant("2000-01-01T00:00:00Z")
HOUR = timedelta(hours=1)
