"""Documents: in chunks, whole or not at all, of the type they say."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest

from infra.blobs import blobs
from infra.messages import Actor
from services.registry import store
from tests.integration.registry.world import PLATFORM, Registry

OTHER = Actor("platform-2", frozenset({"platform"}))
PDF = b"%PDF-1.7 " + bytes(range(256)) * 900  # a little over 225 KiB


def chunk(document: bytes, offset: int, length: int, **changed):
    """The body of upload_chunk for a part of a document."""
    return {
        "sha256": hashlib.sha256(document).hexdigest(),
        "media_type": "application/pdf",
        "total_bytes": len(document),
        "offset": offset,
        "content": base64.b64encode(document[offset : offset + length]).decode(),
        **changed,
    }


def test_a_document_exists_when_all_of_it_came(registry: Registry):
    """Lost otherwise: half a licence would count as one."""
    digest = hashlib.sha256(PDF).hexdigest()
    first = registry.ok("upload_chunk", PLATFORM, **chunk(PDF, 0, 100_000))
    assert (first["status"], first["received_bytes"], blobs().has(digest)) == ("receiving", 100_000, False)
    assert registry.rows(store.documents) == []
    rest = [(PLATFORM, chunk(PDF, at, 100_000)) for at in (100_000, 200_000)]
    assert registry.send_many("upload_chunk", rest)[-1]["result"]["status"] == "stored"
    assert blobs().read(digest) == PDF
    assert [row["sha256"] for row in registry.rows(store.documents)] == [digest]
    assert registry.rows(store.uploads) == []


def test_sent_again_is_sent_once(registry: Registry):
    """Lost otherwise: a lost answer would make an upload fail for good."""
    registry.ok("upload_chunk", PLATFORM, **chunk(PDF, 0, 100_000))
    registry.ok("upload_chunk", PLATFORM, **chunk(PDF, 100_000, 50_000))
    again = registry.ok("upload_chunk", PLATFORM, **chunk(PDF, 100_000, 50_000))
    assert again["received_bytes"] == 150_000
    registry.ok("upload_chunk", PLATFORM, **chunk(PDF, 150_000, 200_000))
    once_more = registry.ok("upload_chunk", PLATFORM, **chunk(PDF, 0, 100_000))
    assert once_more["status"] == "stored"


def test_a_gap_is_named(registry_once: Registry):
    """Lost otherwise: a document with a hole would be found only when someone opens it."""
    registry_once.ok("upload_chunk", PLATFORM, **chunk(PDF, 0, 1000))
    given = registry_once.send("upload_chunk", PLATFORM, **chunk(PDF, 2000, 1000))
    assert (given["error"]["code"], given["error"]["facts"]) == ("CHUNK_OUT_OF_ORDER", {"expected": 1000})


def test_wrong_content_is_refused_and_may_begin_again(registry: Registry):
    """Lost otherwise: what an auditor reads would not be what was handed in."""
    digest = hashlib.sha256(PDF).hexdigest()
    given = registry.send("upload_chunk", PLATFORM, **chunk(PDF[:-1] + b"x", 0, len(PDF), sha256=digest))
    assert (given["error"]["code"], blobs().has(digest)) == ("DOCUMENT_CORRUPT", False)
    assert registry.ok("upload_chunk", PLATFORM, **chunk(PDF, 0, len(PDF)))["status"] == "stored"


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg"])
def test_the_type_is_judged_by_the_content(registry_once: Registry, media_type):
    """Lost otherwise: a program could be stored as a picture and opened by a reviewer."""
    given = registry_once.send("upload_chunk", PLATFORM, **chunk(PDF, 0, 1000, media_type=media_type))
    assert given["error"]["code"] == "DOCUMENT_TYPE"


@pytest.mark.parametrize(
    "changed",
    [
        {"content": "not base64!"},
        {"content": base64.b64encode(b"%PDF-" + b"x" * (256 * 1024)).decode()},
        {"content": base64.b64encode(b"").decode() or "===="},
        {"total_bytes": 10},
    ],
    ids=["not base64", "over 256 KiB", "empty", "past the end"],
)
def test_a_chunk_that_cannot_be_is_refused(registry_once: Registry, changed):
    """Lost otherwise: one upload could fill a disk or write outside its document."""
    given = registry_once.send("upload_chunk", PLATFORM, **chunk(PDF, 0, 1000, **changed))
    assert given["error"]["code"] == "FACT_INVALID"
    assert registry_once.rows(store.documents) == []


def test_nobody_spoils_what_another_is_sending(registry: Registry):
    """Lost otherwise: whoever knows a digest could keep its document from ever arriving."""
    registry.ok("upload_chunk", PLATFORM, **chunk(PDF, 0, 100_000))
    junk = b"%PDF-" + b"junk" * 30_000
    registry.ok(
        "upload_chunk", OTHER, **chunk(junk, 0, 120_000, sha256=hashlib.sha256(PDF).hexdigest(), total_bytes=len(PDF))
    )
    assert registry.ok("upload_chunk", PLATFORM, **chunk(PDF, 100_000, 200_000))["status"] == "stored"


def test_what_is_given_up_is_thrown_away(registry: Registry):
    """Lost otherwise: uploads that nobody finishes would fill the disk for ever."""
    registry.ok("upload_chunk", PLATFORM, **chunk(PDF, 0, 1000))
    parts = registry.folder / "blobs" / "uploads"
    assert len(list(parts.iterdir())) == 1
    registry.clock.advance(timedelta(days=1, seconds=1))
    assert registry.pipeline.run_due()["prune_uploads"] == 1
    assert list(parts.iterdir()) == []
    assert registry.rows(store.uploads) == []
