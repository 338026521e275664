"""The evidence chain's one definition: how a record is hashed, and how anyone finds the first that was tampered with.

A record's hash is SHA-256 over five texts, UTF-8, joined by single line feeds (0x0A):

    prev_hash LF position LF recorded_at LF stream_seq LF body

prev_hash: hash of the record before, 64 lower-case hex digits; 64 zeros before the first. position: 1, 2, 3 …, in
decimal. recorded_at: RFC 3339 with Z. stream_seq: the event's number in its producer's stream, or empty.
body: the event's envelope as canonical JSON text (keys sorted, no spaces, non-ASCII as it is), taken as it stands.

An export is one record a line, itself canonical JSON, then one line `{"head":…,"size":…}`. Standard library only, so
that an auditor can run this file alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

GENESIS = "0" * 64
CHECKPOINT = "supervision.checkpoint_made.v1"

Fault = Literal["edited", "removed", "inserted", "reordered", "rewritten", "truncated"]


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the log; `body` is the envelope's canonical JSON text."""

    position: int
    recorded_at: str
    stream_seq: int | None
    body: str
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """How many records there are, and the hash of the last."""

    size: int
    head: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`records` were found sound before the `fault`; `position` is the first that was tampered with, as far as the
    chain can prove: re-computed hashes of several records in a row show where they end, or at the next checkpoint."""

    ok: bool
    records: int
    head: str
    position: int | None = None
    fault: Fault | None = None
    detail: str = ""


def record_hash(*, prev_hash: str, position: int, recorded_at: str, stream_seq: int | None, body: str) -> str:
    """The hash of a record, as the module says."""
    number = "" if stream_seq is None else str(stream_seq)
    return hashlib.sha256(f"{prev_hash}\n{position}\n{recorded_at}\n{number}\n{body}".encode()).hexdigest()


def extend(head: Head, *, recorded_at: str, events: Iterable[tuple[int | None, str]]) -> list[Record]:
    """The records that follow `head` for (stream_seq, body) pairs, in their order."""
    records, position, prev = [], head.size, head.head
    for stream_seq, body in events:
        position += 1
        digest = record_hash(
            prev_hash=prev, position=position, recorded_at=recorded_at, stream_seq=stream_seq, body=body
        )
        records.append(Record(position, recorded_at, stream_seq, body, prev, digest))
        prev = digest
    return records


def canonical(value: Any) -> str:
    """Canonical JSON: keys sorted, no spaces, text as it is."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def line_of(item: Record | Head) -> str:
    """A line of an export, without its line feed."""
    return canonical(asdict(item))


def parse(line: bytes) -> Record | Head | None:
    """What a line says; None when it is not, byte for byte, a line that an export writes."""
    try:
        text = line.decode("utf-8").removesuffix("\n")
        raw = json.loads(text)
        if not isinstance(raw, dict):
            return None
        item = Head(**raw) if raw.keys() == {"size", "head"} else Record(**raw)
        return item if _typed(item) and line_of(item) == text else None
    except (ValueError, TypeError, RecursionError):
        return None


def verify_lines(lines: Iterable[bytes], *, known: Head | None = None) -> Verdict:
    """Verify an export's lines; `known` is a checkpoint got elsewhere (published), which the log must contain."""
    return verify((parse(line) for line in lines), known=known)


def verify(items: Iterable[Record | Head | None], *, known: Head | None = None) -> Verdict:
    """Verify records in their order, then the closing Head; None stands for a line that could not be read."""
    walk = _Walk(known)
    rest = iter(items)
    for item in rest:
        if isinstance(item, Head):
            return walk.close(item, after=next(rest, "end"))
        fault = walk.step(item, rest)
        if fault is not None:
            return fault
    return walk.broken("truncated", walk.expected, "the closing line with size and head is missing")


def intact(record: Record) -> bool:
    """Does the record's hash fit its own content?"""
    return record.hash == record_hash(
        prev_hash=record.prev_hash,
        position=record.position,
        recorded_at=record.recorded_at,
        stream_seq=record.stream_seq,
        body=record.body,
    )


class _Walk:
    """One pass over the records; remembers 32 bytes a record to compare with the checkpoints inside the log."""

    def __init__(self, known: Head | None) -> None:
        self.known = known
        self.last: Record | None = None
        self.hashes = bytearray()
        self.proven = 0  # size of the newest checkpoint that fits

    @property
    def expected(self) -> int:
        return len(self.hashes) // 32 + 1

    @property
    def head(self) -> str:
        return self.last.hash if self.last else GENESIS

    def broken(self, fault: Fault, position: int, detail: str) -> Verdict:
        return Verdict(False, min(self.expected, position) - 1, self._hash_at(position - 1), position, fault, detail)

    def step(self, record: Record | None, rest: Iterator[Record | Head | None]) -> Verdict | None:
        """Take one record; a Verdict when it is where the log breaks."""
        if record is None or not intact(record):
            return self._changed(record, rest)
        if record.position != self.expected:
            return self._misplaced(record, rest)
        if record.prev_hash != self.head:
            if self.last is None:
                return self.broken("edited", 1, "the first record does not begin the chain")
            detail = f"record {record.position} follows another record {record.position - 1} than this one"
            return self.broken("edited", record.position - 1, detail)
        self.last = record
        self.hashes += bytes.fromhex(record.hash)
        return self._checkpoint(record)

    def close(self, head: Head, *, after: Record | Head | str | None) -> Verdict:
        """The closing line: size and head must be those of the records before it."""
        size = self.expected - 1
        if after != "end":
            return self.broken("inserted", self.expected, "lines follow the closing line")
        if head.size > size:
            return self.broken("removed", self.expected, f"{head.size} records were exported, {size} are here")
        if head.size < size:
            return self.broken("inserted", head.size + 1, f"{head.size} records were exported, {size} are here")
        if head.head != self.head:
            return self.broken("edited", max(size, 1), "the last record is not the one that was exported")
        if self.known is not None and not self._fits(self.known):
            return self._rewritten(self.known)
        return Verdict(True, size, self.head)

    def _changed(self, record: Record | None, rest: Iterator[Record | Head | None]) -> Verdict:
        """Its content does not fit its hash: edited, unless its neighbours show that it was put in between."""
        place = self.expected
        twins = record is not None and self.last is not None and record.prev_hash == self.last.prev_hash
        if record is not None and twins and intact(replace(record, position=place - 1)):
            return self.broken("inserted", place - 1, "the record that stood here was moved down one")
        for later in rest:
            if isinstance(later, Record) and (later.position, later.prev_hash) == (place, self.head) and intact(later):
                return self.broken("inserted", place, "a record that is none was put before the true one")
        return self.broken("edited", place, "its content does not fit its hash")

    def _misplaced(self, record: Record, rest: Iterator[Record | Head | None]) -> Verdict:
        """A sound record in another's place: one was put in, taken out, or they changed places."""
        place = self.expected
        if record.position < place:
            twin = self.last is not None and record.position == self.last.position and record != self.last
            at = place - 1 if twin else place
            return self.broken("inserted", at, f"record {record.position} comes a second time")
        positions = {later.position for later in rest if isinstance(later, Record)}
        if record.position in positions:
            return self.broken("inserted", place, f"record {record.position} comes a second time")
        if place in positions:
            return self.broken("reordered", place, f"record {record.position} stands here")
        return self.broken("removed", place, f"record {record.position} follows record {place - 1}")

    def _checkpoint(self, record: Record) -> Verdict | None:
        if CHECKPOINT not in record.body:
            return None
        try:
            event = json.loads(record.body)
            made = Head(event["data"]["size"], event["data"]["head"]) if event["type"] == CHECKPOINT else None
        except (ValueError, KeyError, TypeError):
            return self.broken("edited", record.position, "its body is no event")
        if made is None:
            return None
        if not _typed(made) or not self._fits(made):
            return self._rewritten(made)
        self.proven = max(self.proven, made.size)
        return None

    def _fits(self, made: Head) -> bool:
        return made.size < self.expected and self._hash_at(made.size) == made.head

    def _rewritten(self, made: Head) -> Verdict:
        first = self.proven + 1
        return self.broken("rewritten", first, f"records {first} to {made.size} are not those of the checkpoint")

    def _hash_at(self, position: int) -> str:
        return self.hashes[32 * position - 32 : 32 * position].hex() if position > 0 else GENESIS


def _typed(item: Record | Head) -> bool:
    if isinstance(item, Head):
        return type(item.size) is int and isinstance(item.head, str)
    texts = (item.recorded_at, item.body, item.prev_hash, item.hash)
    numbers = (item.position,) if item.stream_seq is None else (item.position, item.stream_seq)
    return all(isinstance(text, str) for text in texts) and all(type(number) is int for number in numbers)
