"""Documents come in chunks, apart from the commands that name them, and exist only when whole and of their type."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any

from contracts.errors import Ok, Outcome, Refused
from infra.blobs import Blobs, NotWhole, blobs, is_of_type
from infra.db import UnitOfWork
from infra.messages import Command
from services.registry import store

CHUNK_BYTES = 256 * 1024
GIVEN_UP_AFTER = timedelta(days=1)
MOST = 500


@dataclass
class _Desk:
    """What a batch of chunks changes."""

    folder: Blobs
    stored: set[str]
    under_way: dict[str, dict[str, Any]]
    whole: list[dict[str, Any]] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)


def upload_chunks(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The next part of a document; the last one makes it exist.

    FACT_INVALID (not base64, empty, too large, past the end), CHUNK_OUT_OF_ORDER (facts: `expected` offset),
    DOCUMENT_TYPE by magic bytes, DOCUMENT_CORRUPT when the digest differs: then it starts again from 0.
    """
    desk = _Desk(
        folder=blobs(),
        stored=store.stored_documents(uow.conn, [command.body["sha256"] for command in commands]),
        under_way=store.open_uploads(uow.conn, [_fresh(command, uow) for command in commands]),
    )
    outcomes = [_take(command, desk, uow) for command in commands]
    store.keep_documents(uow.conn, desk.whole)
    store.save_uploads(uow.conn, [row for id_, row in sorted(desk.under_way.items()) if id_ not in desk.closed])
    store.close_uploads(uow.conn, sorted(desk.closed))
    return outcomes


def prune_uploads(uow: UnitOfWork) -> int:
    """Uploads that nothing came for in a day are given up, their parts thrown away."""
    stale = store.stale_uploads(uow.conn, uow.now - GIVEN_UP_AFTER, MOST)
    for upload in stale:
        blobs().forget(upload)
    store.close_uploads(uow.conn, stale)
    return len(stale)


def _take(command: Command, desk: _Desk, uow: UnitOfWork) -> Outcome:
    body = command.body
    if body["sha256"] in desk.stored:
        desk.closed.add(_upload_id(command))
        return _progress(body["sha256"], body["total_bytes"], "stored")
    upload = desk.under_way[_upload_id(command)]
    desk.closed.discard(upload["id"])
    if body["offset"] == 0:  # from the beginning, perhaps with another type or length than before
        upload.update(media_type=body["media_type"], total_bytes=body["total_bytes"], received_bytes=0)
    content = _decoded(body["content"])
    if isinstance(content, Refused):
        return content
    refused = _misplaced(body, content, upload)
    if refused is not None:
        return refused
    end = body["offset"] + len(content)
    if end > upload["received_bytes"]:
        desk.folder.write_part(upload["id"], body["offset"], content)
        upload.update(received_bytes=end, at=uow.now)
    if upload["received_bytes"] < upload["total_bytes"]:
        return _progress(body["sha256"], upload["received_bytes"], "receiving")
    return _finish(command, upload, desk, uow)


def _misplaced(body: dict[str, Any], content: bytes, upload: dict[str, Any]) -> Refused | None:
    """What is wrong with this chunk at this place; one that came before is not wrong."""
    if (body["media_type"], body["total_bytes"]) != (upload["media_type"], upload["total_bytes"]):
        return Refused("FACT_INVALID", field="total_bytes", facts={"total_bytes": upload["total_bytes"]})
    if body["offset"] + len(content) > upload["total_bytes"]:
        return Refused("FACT_INVALID", field="content", facts={"total_bytes": upload["total_bytes"]})
    if body["offset"] > upload["received_bytes"]:
        return Refused("CHUNK_OUT_OF_ORDER", field="offset", facts={"expected": upload["received_bytes"]})
    if body["offset"] == 0 and not is_of_type(body["media_type"], content):
        return Refused("DOCUMENT_TYPE", field="media_type", facts={"media_type": body["media_type"]})
    return None


def _finish(command: Command, upload: dict[str, Any], desk: _Desk, uow: UnitOfWork) -> Outcome:
    digest, length = command.body["sha256"], upload["total_bytes"]
    desk.closed.add(upload["id"])
    try:
        desk.folder.finish(upload["id"], digest, length)
    except NotWhole:
        upload["received_bytes"] = 0
        return Refused("DOCUMENT_CORRUPT", field="sha256", facts={"sha256": digest, "expected": 0})
    desk.stored.add(digest)
    desk.whole.append(
        {
            "sha256": digest,
            "media_type": upload["media_type"],
            "bytes": length,
            "uploaded_by": command.actor.scope,
            "at": uow.now,
        }
    )
    return _progress(digest, length, "stored")


def _decoded(text: str) -> bytes | Refused:
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return Refused("FACT_INVALID", field="content", facts={"encoding": "base64"})
    if not 0 < len(content) <= CHUNK_BYTES:
        return Refused("FACT_INVALID", field="content", facts={"bytes": len(content), "most": CHUNK_BYTES})
    return content


def _upload_id(command: Command) -> str:
    """One a document and uploader: nobody can spoil what another is sending."""
    return f"{command.body['sha256']}-{sha256(command.actor.scope.encode()).hexdigest()[:32]}"


def _fresh(command: Command, uow: UnitOfWork) -> dict[str, Any]:
    body = command.body
    return {
        "id": _upload_id(command),
        "sha256": body["sha256"],
        "media_type": body["media_type"],
        "total_bytes": body["total_bytes"],
        "received_bytes": 0,
        "at": uow.now,
    }


def _progress(digest: str, received: int, status: str) -> Ok:
    return Ok({"sha256": digest, "received_bytes": received, "status": status})
