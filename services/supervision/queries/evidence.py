"""The evidence log as anyone may check it: pages, a signed head, and proofs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import sqlalchemy as sa

from contracts.errors import Refused
from infra import signing
from infra.messages import Command
from infra.pipeline import Query
from services.supervision.domain import merkle
from services.supervision.evidence import algorithm, signed_head
from services.supervision.store import evidence

PAGE_BYTES = 4_000_000  # of evidence in one answer

Row = dict[str, Any]


def evidence_page(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """Records from `start`: the very fields of an export's lines; fewer than `limit` when they are large."""
    body = command.body
    records = evidence.page(conn, start=body["start"], limit=body["limit"])
    items: list[Row] = []
    size = 0
    for record in records:
        size += len(record.body)
        if items and size > PAGE_BYTES:
            break
        items.append(asdict(record))
    more = len(items) < len(records) or len(records) == body["limit"]
    return {"items": items, "next": str(items[-1]["position"] + 1) if items and more else None}


def evidence_head(conn: sa.Connection, command: Command) -> Mapping[str, Any]:
    """The log as it stands: `head`, a signed checkpoint of all its records (made_at: the moment of the last), the
    public keys, and how many checkpoints were published."""
    log = evidence.read_log(conn, algorithm())
    return {
        "size": log.size,
        "root": log.root,
        "algorithm": log.algorithm,
        "head": asdict(_head(conn, log)),
        "public_key": signing.signer().public_key,
        "earlier_keys": [signing.raw_text(key) for key in signing.known_keys()[1:]],
        "checkpoints": log.checkpoints,
        "checkpoint_size": log.checkpoint_size,
    }


def evidence_proof(conn: sa.Connection, command: Command) -> Mapping[str, Any] | Refused:
    """That records stand at their positions under one signed checkpoint: the published one of `size` records, else the
    first that covers them, else one of the log as it stands; `older`: the size of a published checkpoint that it is to
    have grown from. NOT_FOUND names what the log has not; INVALID when nothing is asked."""
    body = command.body
    ids, asked = body.get("event_ids") or [], set(body.get("positions") or [])
    if not (ids or asked or body.get("older")):
        return Refused("INVALID", "event_ids")
    log = evidence.read_log(conn, algorithm())
    found = evidence.positions(conn, ids)
    if missing := sorted(set(ids) - set(found)):
        return Refused("NOT_FOUND", "event_ids", facts={"event_ids": missing})
    wanted = sorted({*found.values(), *asked})
    if wanted and wanted[-1] > log.size:
        return Refused("NOT_FOUND", "positions", facts={"size": log.size})
    older = _published(conn, body.get("older"))
    if body.get("older") and older is None:
        return Refused("NOT_FOUND", "older")
    least = max([*wanted, older.size if older else 0])
    made = _published(conn, body["size"]) if body.get("size") else evidence.checkpoint_of(conn, least=least)
    if body.get("size") and (made is None or made.size < least):
        return Refused("NOT_FOUND", "size")
    made = made or _head(conn, log)
    root_of = merkle.root_by(merkle.hash_of(log.algorithm), partial(evidence.fetch, conn))
    records = [_proved(record, made.size, root_of) for record in evidence.at_positions(conn, wanted)]
    proof: Row = {"checkpoint": asdict(made), "records": records}
    if older is not None:
        path = merkle.consistency(older.size, made.size, root_of)
        proof |= {"older": asdict(older), "consistency": [step.hex() for step in path]}
    return proof


def _published(conn: sa.Connection, size: int | None) -> merkle.Signed | None:
    made = evidence.checkpoint_of(conn, least=size) if size else None
    return made if made is not None and made.size == size else None


def _proved(record: merkle.Record, size: int, root_of: merkle.RootOf) -> Row:
    kept = {name: getattr(record, name) for name in merkle.KEPT}
    return {"record": kept, "path": [step.hex() for step in merkle.inclusion(record.position - 1, size, root_of)]}


def _head(conn: sa.Connection, log: evidence.Log) -> merkle.Signed:
    last = evidence.page(conn, start=max(log.size, 1), limit=1)
    return signed_head(log, last[0].recorded_at if last else "")


QUERIES: Mapping[str, Query] = {
    "evidence_page": evidence_page,
    "evidence_head": evidence_head,
    "evidence_proof": evidence_proof,
}
