"""Documents by the digest of their content, in a folder: what is there is whole, and what it says it is."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER_SETTING = "YUNQUAN_BLOBS_DIR"
PIECE = 1024 * 1024
PART = 192 * 1024  # of an upload, in one message

_DIGEST = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[0-9a-z-]{1,160}")
_MAGIC = {"application/pdf": b"%PDF-", "image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
MAGIC_BYTES = max(len(magic) for magic in _MAGIC.values())


class NotWhole(ValueError):
    """The parts that came do not make the document of that digest."""


def is_of_type(media_type: str, beginning: bytes) -> bool:
    """Does a document that begins like this have this type? By its magic bytes, whatever its name says."""
    magic = _MAGIC.get(media_type)
    return magic is not None and beginning.startswith(magic)


class Blobs:
    """A folder of documents, `ab/abcd…` by SHA-256, and one of uploads under way; both on one file system."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def has(self, digest: str) -> bool:
        """Is the document here, whole?"""
        return self._place(digest).is_file()

    def read(self, digest: str) -> bytes:
        """The document's bytes; FileNotFoundError."""
        return self._place(digest).read_bytes()

    def put(self, content: bytes) -> str:
        """Keep a document; its digest."""
        digest = hashlib.sha256(content).hexdigest()
        self.write_part(f"put-{os.getpid()}-{digest}", 0, content)
        self.finish(f"put-{os.getpid()}-{digest}", digest, len(content))
        return digest

    def write_part(self, upload: str, offset: int, content: bytes) -> None:
        """Write a part of an upload at its place; writing it again changes nothing."""
        part = self._part(upload)
        part.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(part, os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            os.pwrite(handle, content, offset)
        finally:
            os.close(handle)

    def finish(self, upload: str, digest: str, length: int) -> None:
        """Move a complete upload into place, at once or not at all; NotWhole (and the upload is gone) if it is wrong.

        Doing it twice is harmless: a document that is there stays as it is.
        """
        part, place = self._part(upload), self._place(digest)
        if not part.exists():
            if place.is_file():
                return
            raise NotWhole("its parts are not here")
        if part.stat().st_size != length or _digest_of(part) != digest:
            part.unlink(missing_ok=True)
            raise NotWhole("length or digest differ")
        place.parent.mkdir(parents=True, exist_ok=True)
        part.chmod(0o400)
        part.replace(place)
        _sync(place.parent)

    def forget(self, upload: str) -> None:
        """Throw the parts of an upload away."""
        self._part(upload).unlink(missing_ok=True)

    def _place(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise ValueError("not a SHA-256 digest")
        return self.folder / digest[:2] / digest

    def _part(self, upload: str) -> Path:
        if not _NAME.fullmatch(upload):
            raise ValueError("not a name of an upload")
        return self.folder / "uploads" / upload


def parts(content: bytes) -> Iterator[dict[str, Any]]:
    """A file as the bodies that upload it: digest, size, and base64 of the bytes at each offset."""
    whole = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    for offset in range(0, len(content), PART):
        piece = content[offset : offset + PART]
        yield {**whole, "offset": offset, "content": base64.b64encode(piece).decode("ascii")}


def blobs() -> Blobs:
    """The folder that YUNQUAN_BLOBS_DIR names, else `blobs` in YUNQUAN_DATA_DIR (`var` by default)."""
    named = os.environ.get(FOLDER_SETTING)
    return Blobs(Path(named) if named else Path(os.environ.get("YUNQUAN_DATA_DIR") or "var") / "blobs")


def _digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
        os.fsync(file.fileno())
    return digest.hexdigest()


def _sync(folder: Path) -> None:
    """Make the rename itself durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
