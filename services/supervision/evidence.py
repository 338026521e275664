"""Keeps evidence: every event of every service goes to the end of one Merkle log, once, by one writer at a time.

Signed checkpoints of it are told at least every CHECKPOINT_EVERY records and once an hour.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from infra import metrics, signing
from infra.db import UnitOfWork
from infra.jsontext import canonical, instant_text
from infra.messages import Event
from services.supervision.domain import merkle
from services.supervision.store import evidence as store

CHECKPOINT_EVERY = 1_000  # records
CHECKPOINT_AFTER = timedelta(hours=1)
SUBJECT = "evidence"
ORIGIN = "YUNQUAN_ORIGIN"  # what this deployment calls itself in its checkpoints
ALGORITHM = "YUNQUAN_EVIDENCE_HASH"


class EvidenceHashUnknown(ValueError):
    """The setting names a hash that we have not."""


def algorithm() -> merkle.Algorithm:
    """The hash that a log begins with: sha-256, or sm3 by YUNQUAN_EVIDENCE_HASH; EvidenceHashUnknown."""
    named = os.environ.get(ALGORITHM) or "sha-256"
    for one in merkle.ALGORITHMS:
        if one == named:
            return one
    raise EvidenceHashUnknown(f"{ALGORITHM} is one of {', '.join(merkle.ALGORITHMS)}, not {named!r}")


def append(uow: UnitOfWork, events: Sequence[Event]) -> int:
    """Append those of the events that the log has not yet, in the order received; how many."""
    log = store.lock_log(uow.conn, algorithm())
    known = store.already(uow.conn, [event.id for event in events])
    fresh = list({event.id: event for event in events if event.id not in known}.values())
    if not fresh:
        return 0
    tree, at = log.tree(), instant_text(uow.now)
    rows: list[dict[str, Any]] = []
    nodes: list[tuple[int, int, bytes]] = []
    for event in fresh:
        body, position = text_of(event), tree.size + 1
        leaf = merkle.leaf_of(tree.hash, position=position, recorded_at=at, stream_seq=event.stream_seq, body=body)
        nodes += tree.add(leaf)
        rows.append(_row(event, position, at, body, leaf, tree.root()))
    store.append(uow.conn, rows)
    store.add_nodes(uow.conn, nodes)
    store.count(uow.conn, _counts(fresh))
    log = replace(log, size=tree.size, root=rows[-1]["root"], edge=tuple(one.hex() for one in tree.edge))
    if log.size - log.checkpoint_size >= CHECKPOINT_EVERY:
        log = _checkpoint(uow, log)
    store.move_log(uow.conn, log)
    return len(fresh)


def hourly_checkpoint(uow: UnitOfWork) -> int:
    """Once an hour a checkpoint, when the log has grown by more than the last one's own event."""
    seen = store.read_log(uow.conn)
    metrics.CHECKPOINT_DUE.set(_waited_s(uow, seen))
    if not _due(uow, seen):
        return 0
    log = store.lock_log(uow.conn, algorithm())
    if not _due(uow, log):  # another replica was quicker
        return 0
    store.move_log(uow.conn, _checkpoint(uow, log))
    return 1


def signed_head(log: store.Log, at: str) -> merkle.Signed:
    """A checkpoint of the log as it stands."""
    signer = signing.signer()
    document = merkle.document_of(
        origin=os.environ.get(ORIGIN) or "yunquan", size=log.size, root=log.root, algorithm=log.algorithm, made_at=at
    )
    return merkle.Signed(document, signer.sign(document))


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
    return _grown(log) and (log.checkpoint_at is None or uow.now >= log.checkpoint_at + CHECKPOINT_AFTER)


def _grown(log: store.Log) -> bool:
    """By more than the last checkpoint's own event."""
    return log.size > log.checkpoint_size + 1 or (log.size > 0 and log.checkpoint_at is None)


def _waited_s(uow: UnitOfWork, log: store.Log) -> float:
    return (uow.now - log.checkpoint_at).total_seconds() if log.checkpoint_at and _grown(log) else 0.0


def _checkpoint(uow: UnitOfWork, log: store.Log) -> store.Log:
    number, made = log.checkpoints + 1, signed_head(log, instant_text(uow.now))
    store.add_checkpoint(uow.conn, number, made)
    names = ("origin", "size", "root", "algorithm", "made_at")
    key = {"key_id": made.signature["key_id"], "public_key": signing.signer().public_key}
    data = {**{name: made.document[name] for name in names}, **key, "signature": made.signature["signature"]}
    uow.emit("supervision.checkpoint_made.v1", subject=SUBJECT, sequence=number, data=data, cause=None)
    return replace(log, checkpoints=number, checkpoint_size=log.size, checkpoint_at=uow.now)


def _row(event: Event, position: int, at: str, body: str, leaf: bytes, root: bytes) -> dict[str, Any]:
    return {
        "position": position,
        "event_id": event.id,
        "source": event.source,
        "type": event.type,
        "subject": event.subject,
        "time": event.time,
        "stream_seq": event.stream_seq,
        "recorded_at": at,
        "body": body,
        "leaf": leaf.hex(),
        "root": root.hex(),
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
