"""Keeps evidence: every event of every service goes to the end of one chained log, once, by one writer at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from infra.clock import local_date
from infra.db import UnitOfWork
from infra.jsontext import canonical, instant_text
from infra.messages import Event
from services.supervision.domain import chain
from services.supervision.store import evidence as store

CHECKPOINT_EVERY = 1_000  # records
SUBJECT = "evidence"


def append(uow: UnitOfWork, events: Sequence[Event]) -> int:
    """Append those of the events that the log has not yet, in the order received; how many."""
    log = store.lock_log(uow.conn)
    known = store.already(uow.conn, [event.id for event in events])
    fresh = list({event.id: event for event in events if event.id not in known}.values())
    if not fresh:
        return 0
    records = chain.extend(
        log.head,
        recorded_at=instant_text(uow.now),
        events=((event.stream_seq, text_of(event)) for event in fresh),
    )
    store.append(uow.conn, [_row(event, record) for event, record in zip(fresh, records, strict=True)])
    store.count(uow.conn, _counts(fresh))
    log = replace(log, size=records[-1].position, hash=records[-1].hash)
    if log.size - log.checkpoint_size >= CHECKPOINT_EVERY:
        log = _checkpoint(uow, log)
    store.move_log(uow.conn, log)
    return len(fresh)


def daily_checkpoint(uow: UnitOfWork) -> int:
    """Once a day a checkpoint, when the log has grown by more than the last one's own event."""
    log = store.read_log(uow.conn)
    if not _due(uow, log):
        return 0
    log = store.lock_log(uow.conn)
    if not _due(uow, log):  # another replica was quicker
        return 0
    store.move_log(uow.conn, _checkpoint(uow, log))
    return 1


def text_of(event: Event) -> str:
    """The text its producer hashed and sent; made again only for an event that did not come over the bus."""
    if event.raw is not None:
        return event.raw
    return canonical(
        {
            "specversion": "1.0",
            "id": event.id,
            "source": event.source,
            "type": event.type,
            "time": event.time,
            "subject": event.subject,
            "sequence": event.sequence,
            "correlationid": event.correlation_id,
            "causationid": event.causation_id,
            "datacontenttype": "application/json",
            "data": event.data,
        }
    )


def _due(uow: UnitOfWork, log: store.Log) -> bool:
    grown = log.size > log.checkpoint_size + 1 or (log.size > 0 and log.checkpoint_at is None)
    return grown and (log.checkpoint_at is None or local_date(log.checkpoint_at) < uow.today)


def _checkpoint(uow: UnitOfWork, log: store.Log) -> store.Log:
    number = log.checkpoints + 1
    data = {"size": log.size, "head": log.hash}
    uow.emit("supervision.checkpoint_made.v1", subject=SUBJECT, sequence=number, data=data, cause=None)
    return replace(log, checkpoints=number, checkpoint_size=log.size, checkpoint_at=uow.now)


def _row(event: Event, record: chain.Record) -> dict[str, Any]:
    return {
        "position": record.position,
        "event_id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": event.time,
        "stream_seq": event.stream_seq,
        "stream_hash": event.stream_hash,
        "recorded_at": record.recorded_at,
        "body": record.body,
        "prev_hash": record.prev_hash,
        "hash": record.hash,
    }


def _counts(events: Sequence[Event]) -> list[dict[str, Any]]:
    counts: dict[str, dict[str, Any]] = {}
    for event in events:
        source = event.source.rsplit("/", 1)[-1]
        row = counts.setdefault(source, {"source": source, "events": 0, "numbered": 0, "last_seq": 0})
        row["events"] += 1
        if event.stream_seq is not None:
            row["numbered"] += 1
            row["last_seq"] = max(row["last_seq"], event.stream_seq)
    return [counts[source] for source in sorted(counts)]
