"""The evidence log's one definition: how a record is hashed, how the tree grows, and how anyone finds what was changed.

A Merkle tree as RFC 9162, section 2.1, has it, over records 1, 2, 3 …; H is SHA-256 or SM3 (GB/T 32905):

    leaf = H(0x00 || record)      node = H(0x01 || left || right)      root of nothing = H("")

The record's bytes are canonical JSON (keys sorted, no spaces, text as it is, UTF-8) of `body` (the event's envelope, as
it was sent), `position`, `recorded_at` (RFC 3339) and `stream_seq` (its number in its producer's stream, or null).
Each record is kept with its leaf and with the root of the tree that it completes, so a change is named by position.

A checkpoint is a document that says size and root, signed with Ed25519 over its canonical JSON. An export is a line
that names the hash, one record a line, and a signed checkpoint of them all: it is verified with the public key alone.
Standard library and `cryptography` only, so that an auditor can run this file by itself:

    python merkle.py EXPORT PUBLIC_KEY.pem
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "yunquan-evidence-1"
KIND = "evidence-checkpoint"
CHECKPOINT_EVENT = "supervision.checkpoint_made.v1"
KEPT = ("position", "recorded_at", "stream_seq", "body")  # what is hashed of a record
LOOK_AHEAD = 1_000  # places that a record is looked for when it was moved up
TILE = 8  # every eighth level is stored: a proof reads a few rows of at most 256 hashes

Algorithm = Literal["sha-256", "sm3"]
ALGORITHMS: tuple[Algorithm, ...] = ("sha-256", "sm3")
Fault = Literal["edited", "removed", "inserted", "reordered", "rewritten", "truncated", "forged"]
Hash = Callable[[bytes], bytes]
Keys = Sequence[Ed25519PublicKey]  # one, and earlier ones where the signer changed
Fetch = Callable[[int, int, int], Sequence[bytes]]  # level (0, 8, 16 …), first, count → hashes of complete subtrees
RootOf = Callable[[int, int], bytes]  # first, count → the root over these leaves


@dataclass(frozen=True, slots=True)
class Record:
    """One record; `leaf` is its hash, `root` that of the tree whose last leaf it is, both hex."""

    position: int
    recorded_at: str
    stream_seq: int | None
    body: str
    leaf: str
    root: str


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as it was signed: `document` says size, root, algorithm, origin and moment."""

    document: Mapping[str, Any]
    signature: Mapping[str, Any]

    @property
    def size(self) -> int:
        return int(self.document["size"])

    @property
    def root(self) -> str:
        return str(self.document["root"])


@dataclass(frozen=True, slots=True)
class Verdict:
    """`records` were found sound before the `fault`. `position`: the record that was tampered with; for `rewritten`,
    the first that may have been, `until` the last: whoever computes every later hash anew is caught by the next
    checkpoint."""

    ok: bool
    records: int
    root: str
    position: int | None = None
    until: int | None = None
    fault: Fault | None = None
    detail: str = ""


# --- hashes ---------------------------------------------------------------------------------------------------------


def hash_of(algorithm: Algorithm) -> Hash:
    """The hash function of that name; KeyError for another."""
    return {"sha-256": _sha256, "sm3": _sm3}[algorithm]


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _sm3(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def canonical(value: Any) -> str:
    """Canonical JSON: keys sorted, no spaces, text as it is."""
    return _JSON.encode(value)


_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def leaf_of(hash_: Hash, *, position: int, recorded_at: str, stream_seq: int | None, body: str) -> bytes:
    """The hash of a record: of 0x00 and the text that `canonical` gives of its four fields, written out for speed."""
    number = "null" if stream_seq is None else int(stream_seq)
    at, text = encode_basestring(recorded_at), encode_basestring(body)
    return hash_(f'\0{{"body":{text},"position":{int(position)},"recorded_at":{at},"stream_seq":{number}}}'.encode())


def node_of(hash_: Hash, left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hash_(b"\x01" + left + right)


class Tree:
    """A growing tree by its right edge: the hashes of its complete subtrees, the largest first, as `size`'s bits
    say."""

    def __init__(self, hash_: Hash, size: int = 0, edge: Iterable[bytes] = ()) -> None:
        self.hash = hash_
        self.size = size
        self.edge = list(edge)

    def add(self, leaf: bytes) -> list[tuple[int, int, bytes]]:
        """Append a leaf; the complete subtrees of stored levels that it made: (level, index, hash)."""
        made: list[tuple[int, int, bytes]] = []
        hash_, node, level, index = self.hash, leaf, 0, self.size
        while index & 1:
            node = hash_(b"\x01" + self.edge.pop() + node)
            level, index = level + 1, index >> 1
            if level % TILE == 0:
                made.append((level, index, node))
        self.edge.append(node)
        self.size += 1
        return made

    def root(self) -> bytes:
        """The tree's hash."""
        if not self.edge:
            return self.hash(b"")
        hash_, root = self.hash, self.edge[-1]
        for left in self.edge[-2::-1]:
            root = hash_(b"\x01" + left + root)
        return root


def stored_nodes(size: int) -> int:
    """How many complete subtrees of stored levels a tree of `size` leaves has."""
    return sum(size >> level for level in range(TILE, max(size.bit_length(), TILE), TILE))


# --- proofs (RFC 9162, 2.1.3 and 2.1.4) -------------------------------------------------------------------------------


def root_by(hash_: Hash, fetch: Fetch) -> RootOf:
    """The root over leaves first, first + 1 … by what is stored of the tree."""

    def root_of(first: int, count: int) -> bytes:
        level = count.bit_length() - 1
        if count == 1 << level and first % count == 0:
            stored = level - level % TILE
            row = list(fetch(stored, first >> stored, count >> stored))
            while len(row) > 1:
                row = [node_of(hash_, row[at], row[at + 1]) for at in range(0, len(row), 2)]
            return row[0]
        half = _split(count)
        return node_of(hash_, root_of(first, half), root_of(first + half, count - half))

    return root_of


def inclusion(index: int, size: int, root_of: RootOf) -> list[bytes]:
    """The path of leaf `index` (from 0) to the root of the first `size` leaves."""
    path: list[bytes] = []
    first, count = 0, size
    while count > 1:
        half = _split(count)
        if index < first + half:
            path.append(root_of(first + half, count - half))
            count = half
        else:
            path.append(root_of(first, half))
            first, count = first + half, count - half
    return path[::-1]


def included(hash_: Hash, *, leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Does the path lead from the leaf to the root?"""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_of(hash_, step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_of(hash_, found, step)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def consistency(old: int, size: int, root_of: RootOf) -> list[bytes]:
    """That the first `old` leaves are those of the tree of `size`; 0 < old ≤ size."""

    def sub(m: int, first: int, count: int, whole: bool) -> list[bytes]:
        if m == count:
            return [] if whole else [root_of(first, count)]
        half = _split(count)
        if m <= half:
            return [*sub(m, first, half, whole), root_of(first + half, count - half)]
        return [*sub(m - half, first + half, count - half, False), root_of(first, half)]

    return sub(old, 0, size, True)


def consistent(hash_: Hash, *, old: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Does the path show that the tree of `size` begins with the tree of `old`?"""
    if old == size:
        return not path and old_root == root
    if not 0 < old < size or not path:
        return False
    steps = list(path) if old & (old - 1) else [old_root, *path]
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_of(hash_, step, first), node_of(hash_, step, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_of(hash_, second, step)
        at, last = at >> 1, last >> 1
    return last == 0 and (first, second) == (old_root, root)


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


# --- an export --------------------------------------------------------------------------------------------------------


def first_line(algorithm: Algorithm) -> str:
    """The line an export begins with."""
    return canonical({"format": FORMAT, "algorithm": algorithm})


def line_of(item: Record | Signed) -> str:
    """A line of an export, without its line feed."""
    return canonical(asdict(item))


def parse(line: bytes) -> Record | Signed | None:
    """What a line says; None when it is not, byte for byte, a line that an export writes."""
    try:
        text = line.decode("utf-8").removesuffix("\n")
        raw = json.loads(text)
        item = Signed(**raw) if raw.keys() == {"document", "signature"} else Record(**raw)
        return item if _typed(item) and line_of(item) == text else None
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def algorithm_of(line: bytes) -> Algorithm | None:
    """The hash that an export's first line names; None when it is no such line."""
    return next((one for one in ALGORITHMS if line.decode("utf-8", "replace").strip() == first_line(one)), None)


def verify_lines(lines: Iterable[bytes], keys: Keys, *, known: Sequence[Signed] = ()) -> Verdict:
    """Verify an export; `known`: checkpoints got elsewhere (the board, a shipped file) that it must contain."""
    rest = iter(lines)
    algorithm = algorithm_of(next(rest, b""))
    if algorithm is None:
        return Verdict(False, 0, "", 1, None, "truncated", "it does not begin as an export does")
    return verify((parse(line) for line in rest), keys, algorithm=algorithm, known=known)


def verify(
    items: Iterable[Record | Signed | None],
    keys: Keys,
    *,
    algorithm: Algorithm,
    known: Sequence[Signed] = (),
) -> Verdict:
    """Verify records in their order, then the closing checkpoint; None stands for a line that could not be read."""
    walk = Walk(keys, algorithm, known)
    rest = iter(items)
    for item in rest:
        if isinstance(item, Signed):
            return walk.close(item, after=next(rest, "end"))
        fault = walk.step(item, rest)
        if fault is not None:
            return fault
    return walk.broken("truncated", walk.expected, "the closing checkpoint is missing")


def what_was_done(hash_: Hash, place: int, record: Record | None, later: Iterable[Record]) -> Fault:
    """What was done where `record` stands and record `place` should: told by which place its leaf was made for, and by
    what of it stands further down."""
    true = twin = came = False
    for one in later:
        there = _leaf_at(hash_, one, place)
        true = true or there == one.leaf  # the one that belongs here
        twin = twin or (record is not None and record.leaf == one.leaf)
        came = came or (record is not None and record.leaf == there)  # its content alone went there
    ahead = range(place + 1, place + 1 + LOOK_AHEAD)
    moved_up = record is not None and any(_leaf_at(hash_, record, at) == record.leaf for at in ahead)
    if true:
        return "reordered" if moved_up and not twin else "inserted"
    if came:
        return "reordered"
    return "removed" if moved_up and not twin else "edited"


def _leaf_at(hash_: Hash, record: Record, place: int) -> str:
    """The hash of what the record holds, were it at `place`."""
    at, number, body = record.recorded_at, record.stream_seq, record.body
    return leaf_of(hash_, position=place, recorded_at=at, stream_seq=number, body=body).hex()


class Walk:
    """One pass over the records, with the tree that they make; `proven` is the size of the last checkpoint that
    fits."""

    def __init__(self, keys: Keys, algorithm: Algorithm, known: Sequence[Signed] = ()) -> None:
        self.keys = keys
        self.algorithm = algorithm
        self.tree = Tree(hash_of(algorithm))
        self.roots = bytearray()
        self.proven = 0
        self.known = known

    @property
    def expected(self) -> int:
        return self.tree.size + 1

    def broken(self, fault: Fault, position: int, detail: str, until: int | None = None) -> Verdict:
        sound = min(self.tree.size, position - 1)
        return Verdict(False, sound, self._root_at(sound), position, until, fault, detail)

    def step(self, record: Record | None, rest: Iterator[Record | Signed | None]) -> Verdict | None:
        """Take one record; a Verdict when it is where the log breaks."""
        place = self.expected
        if record is None or self._leaf(record).hex() != record.leaf:
            return self._changed(record, rest, "its content does not fit its hash")
        if record.position != place:
            return self._misplaced(record, rest)
        before = (self.tree.size, list(self.tree.edge))
        self.tree.add(bytes.fromhex(record.leaf))
        if self.tree.root().hex() != record.root:
            self.tree.size, self.tree.edge = before
            return self._changed(record, rest, "it does not make the tree that was kept with it")
        self.roots += self.tree.root()
        return self._checkpoint(record)

    def close(self, head: Signed, *, after: Any) -> Verdict:
        """The closing checkpoint: signed, and of these very records."""
        size = self.tree.size
        if not signed_by(head, self.keys):
            return self.broken("forged", size, "the closing checkpoint is not signed by this key")
        if after != "end":
            return self.broken("inserted", self.expected, "lines follow the closing checkpoint")
        if head.size > size:
            why = f"{head.size} records were exported, {size} are here"
            return self.broken("removed", self.expected, why, until=head.size)
        if head.size < size:
            return self.broken("inserted", head.size + 1, f"{head.size} records were exported, {size} are here")
        for one in (*self.known, head):
            if one.size > size and signed_by(one, self.keys):
                why = f"{one.document.get('origin')} signed a checkpoint of {one.size} records, {size} are here"
                return self.broken("truncated", self.expected, why, until=one.size)
            if (fault := self._held_against(one)) is not None:
                return fault
        return Verdict(True, size, self._root_at(size))

    def _leaf(self, record: Record) -> bytes:
        return bytes.fromhex(_leaf_at(self.tree.hash, record, record.position))

    def _changed(self, record: Record | None, rest: Iterator[Record | Signed | None], detail: str) -> Verdict:
        place = self.expected
        later = (one for one in rest if isinstance(one, Record))
        fault = what_was_done(self.tree.hash, place, record, later)
        return self.broken(fault, place, {"edited": detail}.get(fault, f"it is not record {place} that stands here"))

    def _misplaced(self, record: Record, rest: Iterator[Record | Signed | None]) -> Verdict:
        """A sound record in another's place: one was put in, taken out, or they changed places."""
        place = self.expected
        if record.position < place:
            return self.broken("inserted", place, f"record {record.position} comes a second time")
        positions = {later.position for later in rest if isinstance(later, Record)}
        if record.position in positions:
            return self.broken("inserted", place, f"record {record.position} comes a second time")
        if place in positions:
            return self.broken("reordered", place, f"record {record.position} stands here")
        return self.broken("removed", place, f"record {record.position} follows record {place - 1}")

    def _checkpoint(self, record: Record) -> Verdict | None:
        """A record of a checkpoint: signed by the key, and of the tree so far."""
        if CHECKPOINT_EVENT not in record.body:
            return None
        try:
            event = json.loads(record.body)
            if event["type"] != CHECKPOINT_EVENT:
                return None
            made = signed_of(event["data"])
        except (ValueError, KeyError, TypeError):
            return self.broken("edited", record.position, "its body is no event")
        if not signed_by(made, self.keys):
            return self.broken("forged", record.position, "its checkpoint is not signed by this key")
        return self._held_against(made)

    def _held_against(self, made: Signed) -> Verdict | None:
        """Is a signed checkpoint one of this tree? What it proves narrows what may have been rewritten."""
        if not signed_by(made, self.keys):
            return self.broken("forged", self.expected, "a checkpoint given is not signed by this key")
        fits = made.document.get("algorithm") == self.algorithm and made.size <= self.tree.size
        if not fits or self._root_at(made.size) != made.root:
            first, last = self.proven + 1, min(made.size, self.tree.size)
            why = f"records {first} to {made.size} are not those of the checkpoint of {made.document.get('origin')}"
            return self.broken("rewritten", first, why, until=last)
        self.proven = max(self.proven, made.size)
        return None

    def _root_at(self, size: int) -> str:
        if size <= 0:
            return self.tree.hash(b"").hex()
        return self.roots[32 * size - 32 : 32 * size].hex()


# --- checkpoints and proofs as documents ------------------------------------------------------------------------------


def document_of(*, origin: str, size: int, root: str, algorithm: Algorithm, made_at: str) -> dict[str, Any]:
    """What is signed."""
    return {"kind": KIND, "origin": origin, "size": size, "root": root, "algorithm": algorithm, "made_at": made_at}


def signed_of(data: Mapping[str, Any]) -> Signed:
    """The checkpoint that an event `checkpoint_made` tells of; KeyError."""
    names = ("origin", "size", "root", "algorithm", "made_at")
    signature = {"algorithm": "Ed25519", "key_id": data["key_id"], "signature": data["signature"]}
    return Signed(document_of(**{name: data[name] for name in names}), signature)


def signed_by(made: Signed, keys: Keys) -> bool:
    """Is it a checkpoint, and did the owner of one of the keys sign it?"""
    document = made.document
    right = document.get("kind") == KIND and type(document.get("size")) is int and document["size"] >= 0
    if not right or made.signature.get("algorithm") != "Ed25519":
        return False
    try:
        signature, text = (
            base64.b64decode(str(made.signature["signature"]), validate=True),
            canonical(document).encode(),
        )
        return any(_verifies(key, signature, text) for key in keys)
    except (ValueError, KeyError):
        return False


def _verifies(key: Ed25519PublicKey, signature: bytes, text: bytes) -> bool:
    try:
        key.verify(signature, text)
    except InvalidSignature:
        return False
    return True


def proof_holds(proof: Mapping[str, Any], keys: Keys) -> str | None:
    """Why a proof (as `yunquan evidence prove` writes it) does not hold; None when each of its records stands, at its
    position, under its signed checkpoint; that the records of `order` (event ids) stand in that order; and, where it
    names an older checkpoint, that the log only grew since."""
    try:
        made = Signed(**proof["checkpoint"])
        hash_ = hash_of(made.document["algorithm"])
        where: dict[str, int] = {}
        if not signed_by(made, keys):
            return "the checkpoint is not signed by this key"
        for one in proof["records"]:
            record = Record(**{**one["record"], "leaf": "", "root": ""})
            leaf = leaf_of(hash_, **{name: getattr(record, name) for name in KEPT})
            path = [bytes.fromhex(step) for step in one["path"]]
            root = bytes.fromhex(made.root)
            if not included(hash_, leaf=leaf, index=record.position - 1, size=made.size, path=path, root=root):
                return f"record {record.position} is not under the checkpoint"
            where[json.loads(record.body)["id"]] = record.position
        order = [where[event] for event in proof.get("order") or []]
        if order != sorted(set(order)):
            return "the records do not stand in that order"
        if proof.get("older"):
            older = Signed(**proof["older"])
            roots = {"old_root": bytes.fromhex(older.root), "root": bytes.fromhex(made.root)}
            path = [bytes.fromhex(step) for step in proof["consistency"]]
            if not signed_by(older, keys):
                return "the older checkpoint is not signed by this key"
            if not consistent(hash_, old=older.size, size=made.size, path=path, **roots):
                return "the log is not the older one, grown"
    except (KeyError, TypeError, ValueError) as error:
        return f"it is no proof: {type(error).__name__} {error}"
    return None


def read_keys(text: bytes) -> list[Ed25519PublicKey]:
    """The public keys of a PEM text, one after another; ValueError."""
    end = b"-----END PUBLIC KEY-----"
    keys = [serialization.load_pem_public_key(block + end) for block in text.split(end) if block.strip()]
    found = [key for key in keys if isinstance(key, Ed25519PublicKey)]
    if not found or len(found) != len(keys):
        raise ValueError("that is no Ed25519 public key")
    return found


def _typed(item: Record | Signed) -> bool:
    if isinstance(item, Signed):
        return isinstance(item.document, dict) and isinstance(item.signature, dict)
    texts = (item.recorded_at, item.body, item.leaf, item.root)
    numbers = (item.position,) if item.stream_seq is None else (item.position, item.stream_seq)
    hexes = all(len(text) == 64 and text == text.lower() for text in (item.leaf, item.root))
    return hexes and all(isinstance(text, str) for text in texts) and all(type(number) is int for number in numbers)


def main(export: str, key: str) -> int:
    """Verify the export with the key of a PEM file, and print the verdict as JSON; 0 when it is sound, else 1."""
    with Path(export).open("rb") as file:
        verdict = verify_lines(file, read_keys(Path(key).read_bytes()))
    print(canonical({name: value for name, value in asdict(verdict).items() if value not in (None, "")}))  # noqa: T201
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
