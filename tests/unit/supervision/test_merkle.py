"""Lost if these fail: tampered evidence would pass as sound, or an auditor would be sent to the wrong record."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from infra import signing
from services.supervision.domain import merkle
from services.supervision.domain.merkle import Record, Signed, Tree, hash_of, line_of
from tests.profiles import SEED, examples, seed

SIGNER = signing.Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = signing.Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
KEY = [SIGNER.key.public_key()]
SHA = hash_of("sha-256")

# The eight leaves, and the roots over the first 0, 1, 2 … of them, that implementations of RFC 6962 are tested with.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def slow_root(leaves: list[bytes]) -> bytes:
    """RFC 9162's own recursive definition, over hashes of leaves."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\x01" + slow_root(leaves[:half]) + slow_root(leaves[half:])).digest()


def grown(leaves: list[bytes]) -> tuple[Tree, dict[int, list[bytes]]]:
    """The tree, and what is stored of it: its leaves and its subtrees of 256, 65,536 …"""
    tree, rows = Tree(SHA), {0: list(leaves), 8: [], 16: []}
    for leaf in leaves:
        for level, index, node in tree.add(leaf):
            assert index == len(rows[level])
            rows[level].append(node)
    return tree, rows


def root_of(rows: dict[int, list[bytes]]) -> merkle.RootOf:
    return merkle.root_by(SHA, lambda level, first, count: rows[level][first : first + count])


def numbered(count: int) -> list[bytes]:
    return [SHA(b"\x00" + str(number).encode()) for number in range(count)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_that_all_implementations_give(size: int) -> None:
    tree = Tree(SHA)
    for leaf in LEAVES[:size]:
        tree.add(SHA(b"\x00" + leaf))
    assert tree.root().hex() == ROOTS[size]


# Proofs over these eight leaves, as implementations of RFC 6962 publish them; RFC 9162 changed no hash of them.
A, B, C = (
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
)
D, E, F = (
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
)
PATHS = {(1, 8): [A, B, C], (6, 8): [D, E, ROOTS[4]], (3, 3): [ROOTS[2]], (2, 5): [ROOTS[1], B, D]}  # leaf from 1, size
GROWN = {(1, 1): [], (1, 8): [A, B, C], (6, 8): [F, E, ROOTS[4]], (2, 5): [B, D]}  # old size, size


def test_proofs_are_those_that_all_implementations_give() -> None:
    """Else an auditor's own tool refuses a proof of ours."""
    rows = {0: [SHA(b"\x00" + leaf) for leaf in LEAVES]}
    paths = {at: [step.hex() for step in merkle.inclusion(at[0] - 1, at[1], root_of(rows))] for at in PATHS}
    steps = {at: [step.hex() for step in merkle.consistency(*at, root_of(rows))] for at in GROWN}
    assert (paths, steps) == (PATHS, GROWN)


def slow_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 9162, 2.1.3.1, as it is written."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*slow_path(index, leaves[:k]), naive_root(tuple(leaves[k:]))]
    return [*slow_path(index - k, leaves[k:]), naive_root(tuple(leaves[:k]))]


def slow_subproof(m: int, leaves: list[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 9162, 2.1.4.1, as it is written."""
    if m == len(leaves):
        return [] if whole else [naive_root(tuple(leaves))]
    k = split(len(leaves))
    if m <= k:
        return [*slow_subproof(m, leaves[:k], whole), naive_root(tuple(leaves[k:]))]
    return [*slow_subproof(m - k, leaves[k:], False), naive_root(tuple(leaves[:k]))]


def split(count: int) -> int:
    return max(2**power for power in range(12) if 2**power < count)


@cache
def naive_root(leaves: tuple[bytes, ...]) -> bytes:
    return slow_root(list(leaves))


def test_every_proof_of_every_size_is_that_of_the_standard_written_out() -> None:
    """Bounds of powers of two are where proofs go wrong: each leaf and each older size of all trees up to 130."""
    leaves = numbered(130)
    roots = [naive_root(tuple(leaves[:size])) for size in range(131)]
    of = cache(root_of({0: leaves}))
    for size in range(1, 131):
        for at in range(size):
            path = merkle.inclusion(at, size, of)
            assert path == slow_path(at, leaves[:size]), (at, size)
            assert merkle.included(SHA, leaf=leaves[at], index=at, size=size, path=path, root=roots[size]), (at, size)
            old = at + 1
            steps = merkle.consistency(old, size, of)
            assert steps == slow_subproof(old, leaves[:size], True), (old, size)
            grew = {"old": old, "old_root": roots[old], "size": size, "root": roots[size]}
            assert merkle.consistent(SHA, path=steps, **grew), (old, size)
            assert not merkle.consistent(SHA, path=steps, **{**grew, "old_root": roots[old - 1]}), (old, size)


def test_sm3_is_that_of_the_standard() -> None:
    """GB/T 32905-2016, annex A.1."""
    assert hash_of("sm3")(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(1, 700), st.data())
def test_proofs_hold_and_no_other_does(size: int, data: st.DataObject) -> None:
    """Over stored subtrees too (more than 256 leaves): every path leads to the root, and none with a step changed."""
    leaves = numbered(size)
    tree, rows = grown(leaves)
    root = tree.root()
    assert root == slow_root(leaves) == root_of(rows)(0, size)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))
    path = merkle.inclusion(index, size, root_of(rows))
    about = {"leaf": leaves[index], "index": index, "size": size, "root": root}
    assert merkle.included(SHA, path=path, **about)
    steps, old_root = merkle.consistency(old, size, root_of(rows)), slow_root(leaves[:old])
    grew = {"old": old, "old_root": old_root, "size": size, "root": root}
    assert merkle.consistent(SHA, path=steps, **grew)
    for proof, holds in ((path, lambda changed: merkle.included(SHA, path=changed, **about)),
                         (steps, lambda changed: merkle.consistent(SHA, path=changed, **grew))):  # fmt: skip
        for at, step in enumerate(proof):
            assert not holds([*proof[:at], bytes([step[0] ^ 1, *step[1:]]), *proof[at + 1 :]])
        assert not holds([*proof, root])
        assert not proof or not holds(proof[:-1])
    if size > 1:
        other = data.draw(st.integers(0, size - 1).filter(lambda one: one != index))
        assert not merkle.included(SHA, path=path, **{**about, "index": other})


# --- exports ----------------------------------------------------------------------------------------------------------


def body(number: int) -> str:
    return merkle.canonical({"id": f"E{number:025d}", "type": "voucher.order_placed.v1", "data": {"价": number}})


def extend(records: list[Record], bodies: list[str], algorithm: merkle.Algorithm = "sha-256") -> list[Record]:
    """As the service does."""
    tree = Tree(hash_of(algorithm))
    for record in records:
        tree.add(bytes.fromhex(record.leaf))
    made = list(records)
    for text in bodies:
        at = len(made) + 1
        kept = {
            "position": at,
            "recorded_at": "2018-09-01T00:00:00Z",
            "stream_seq": at if at % 3 else None,
            "body": text,
        }
        leaf = merkle.leaf_of(tree.hash, **kept)
        tree.add(leaf)
        made.append(Record(**kept, leaf=leaf.hex(), root=tree.root().hex()))
    return made


def log(size: int) -> list[Record]:
    return extend([], [body(number) for number in range(1, size + 1)])


def signed(
    size: int, root: str, *, by: signing.Signer = SIGNER, algorithm: merkle.Algorithm = "sha-256", origin: str = "示范"
) -> Signed:
    moment = "2018-09-02T00:00:00Z"
    document = merkle.document_of(origin=origin, size=size, root=root, algorithm=algorithm, made_at=moment)
    return Signed(document, by.sign(document))


def closing(records: list[Record], size: int | None = None) -> Signed:
    size = len(records) if size is None else size
    return signed(size, records[size - 1].root if size else SHA(b"").hex())


def export(records: list[Record], head: Signed | None = None) -> list[bytes]:
    lines = [merkle.first_line("sha-256"), *(line_of(record) for record in records), line_of(head or closing(records))]
    return [line.encode() + b"\n" for line in lines]


def rehash(record: Record) -> Record:
    names = ("position", "recorded_at", "stream_seq", "body")
    return replace(record, leaf=merkle.leaf_of(SHA, **{name: getattr(record, name) for name in names}).hex())


@pytest.mark.parametrize("size", [0, 1, 2, 50])
def test_a_sound_log_is_found_sound(size: int) -> None:
    records = log(size)
    verdict = merkle.verify_lines(export(records), KEY)
    assert (verdict.ok, verdict.records) == (True, size)
    assert verdict.root == closing(records).root


def test_the_definition_can_be_recomputed_by_a_stranger() -> None:
    """The README's hashing, written out without our code."""
    leaves = []
    for line in export(log(9))[1:-1]:
        raw = json.loads(line)
        kept = {name: raw[name] for name in ("body", "position", "recorded_at", "stream_seq")}
        text = json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        leaves.append(hashlib.sha256(b"\x00" + text.encode()).digest())
        assert (leaves[-1].hex(), slow_root(leaves).hex()) == (raw["leaf"], raw["root"])


def test_what_is_signed_is_what_our_signatures_are_of() -> None:
    """`yunquan signature verify` and this module read the same checkpoint."""
    made = closing(log(3))
    signing.verify(made.document, made.signature, KEY[0])
    assert merkle.canonical(made.document).encode() == signing.canonical(made.document)
    assert merkle.signed_by(made, KEY)
    assert not merkle.signed_by(made, [OTHER.key.public_key()])
    assert not merkle.signed_by(Signed({**made.document, "kind": "notice"}, made.signature), KEY)


N = 12


def edited(records: list[Record], at: int) -> list[Record]:
    return [*records[:at], replace(records[at], body=body(999)), *records[at + 1 :]]


def edited_and_rehashed(records: list[Record], at: int) -> list[Record]:
    return [*records[:at], rehash(replace(records[at], body=body(999))), *records[at + 1 :]]


def renamed_number(records: list[Record], at: int) -> list[Record]:
    return [*records[:at], replace(records[at], stream_seq=77), *records[at + 1 :]]


def moved_in_time(records: list[Record], at: int) -> list[Record]:
    return [*records[:at], rehash(replace(records[at], recorded_at="2017-01-01T00:00:00Z")), *records[at + 1 :]]


def removed(records: list[Record], at: int) -> list[Record]:
    return [*records[:at], *records[at + 1 :]]


def renumbered(records: list[Record]) -> list[Record]:
    return [replace(record, position=place) for place, record in enumerate(records, 1)]


def removed_and_renumbered(records: list[Record], at: int) -> list[Record]:
    return renumbered(removed(records, at))


def forged(at: int) -> Record:
    return rehash(Record(at + 1, "2018-09-01T00:00:00Z", None, body(999), "", "0" * 64))


def inserted(records: list[Record], at: int) -> list[Record]:
    return [*records[:at], forged(at), *records[at:]]


def inserted_unsound(records: list[Record], at: int) -> list[Record]:
    return [*records[:at], replace(forged(at), leaf="0" * 64), *records[at:]]


def inserted_and_renumbered(records: list[Record], at: int) -> list[Record]:
    return renumbered(inserted(records, at))


def copied_here(records: list[Record], at: int) -> list[Record]:
    return [*records[:at], records[(at + 5) % N], *records[at:]]


def swapped(records: list[Record], at: int) -> list[Record]:
    other = at + 1 if at + 1 < N else 0
    first, second = sorted((at, other))
    new = list(records)
    new[first], new[second] = new[second], new[first]
    return new


def moved_to_the_end(records: list[Record], at: int) -> list[Record]:
    return [*records[:at], *records[at + 1 :], records[at]]


TAMPERINGS = [
    (edited, {"edited"}),
    (edited_and_rehashed, {"edited"}),
    (renamed_number, {"edited"}),
    (moved_in_time, {"edited"}),
    (removed, {"removed"}),
    (removed_and_renumbered, {"edited", "removed"}),
    (inserted, {"inserted"}),
    (inserted_unsound, {"inserted"}),
    (inserted_and_renumbered, {"inserted"}),
    (copied_here, {"inserted"}),
    (swapped, {"reordered"}),
    (moved_to_the_end, {"reordered"}),
]


@pytest.mark.parametrize(("tamper", "faults"), TAMPERINGS, ids=[tamper.__name__ for tamper, _ in TAMPERINGS])
@pytest.mark.parametrize("at", range(N))
def test_the_first_tampered_position_and_what_was_done_are_named(tamper, faults, at: int) -> None:
    records = log(N)
    tampered = tamper(records, at)
    if tampered == records:
        pytest.skip("moving the last to the end moves nothing")
    verdict = merkle.verify_lines(export(tampered, closing(records)), KEY)
    first = 1 if tamper is swapped and at + 1 == N else at + 1
    assert (verdict.ok, verdict.position) == (False, first), verdict
    assert verdict.fault in faults, verdict
    assert (verdict.records, verdict.root) == (first - 1, closing(records, first - 1).root)


def told(part: int, size: int = 60) -> int:
    """Which record tells of the checkpoint that closes this third of `checkpointed(size)`."""
    return (size // 3 + 1) * (part + 1)


def rechained(records: list[Record]) -> list[Record]:
    """Every hash computed anew, as whoever knows the definition can."""
    moments = [(record.recorded_at, record.stream_seq) for record in records]
    tree, made = Tree(SHA), []
    for at, (record, (moment, number)) in enumerate(zip(records, moments, strict=True), 1):
        leaf = merkle.leaf_of(SHA, position=at, recorded_at=moment, stream_seq=number, body=record.body)
        tree.add(leaf)
        made.append(Record(at, moment, number, record.body, leaf.hex(), tree.root().hex()))
    return made


def resigned(record: Record) -> Record:
    """A record of a checkpoint, signed with another key."""
    event = json.loads(record.body)
    by = OTHER.sign(merkle.signed_of(event["data"]).document)
    data = {**event["data"], "key_id": by["key_id"], "public_key": OTHER.public_key, "signature": by["signature"]}
    return replace(record, body=merkle.canonical({**event, "data": data}))


class Tampering:
    """One export, and all that can be done to it; each says what must then be named: faults, first record, last."""

    def __init__(self, dice: random.Random) -> None:
        self.records = checkpointed(60)
        self.head = closing(self.records)
        self.size = len(self.records)
        self.dice = dice
        self.at = dice.randrange(1, self.size - 1)  # the index of a record that is neither the first nor the last
        self.later = dice.randrange(self.at + 1, self.size)

    def put(self, **values: Any) -> list[Record]:
        return [*self.records[: self.at], replace(self.records[self.at], **values), *self.records[self.at + 1 :]]

    def between(self, at: int) -> tuple[int, int]:
        """The records that the first checkpoint behind index `at` proves and no earlier one does."""
        ends = [0, *(told(part) - 1 for part in range(3)), self.size]
        last = next(end for end in ends if end > at)
        return ends[ends.index(last) - 1] + 1, last

    def edited_body(self) -> Any:
        return self.put(body=body(999)), {"edited"}, self.at + 1, None

    def edited_moment(self) -> Any:
        return self.put(recorded_at="2018-09-01T00:00:01Z"), {"edited"}, self.at + 1, None

    def edited_stream_number(self) -> Any:
        return self.put(stream_seq=7777), {"edited"}, self.at + 1, None

    def edited_leaf(self) -> Any:
        return self.put(leaf="0" * 64), {"edited"}, self.at + 1, None

    def edited_root(self) -> Any:
        """An interior node: the tree that the record completes."""
        return self.put(root=self.records[self.later].root), {"edited"}, self.at + 1, None

    def edited_and_hashed(self) -> Any:
        records = edited_and_rehashed(self.records, self.at)
        return records, {"edited"}, self.at + 1, None

    def unreadable(self) -> Any:
        return self.put(body=None), {"edited"}, self.at + 1, None

    def removed(self) -> Any:
        return removed(self.records, self.at), {"removed"}, self.at + 1, None

    def removed_several_and_renumbered(self) -> Any:
        kept = [*self.records[: self.at], *self.records[self.later :]]
        return renumbered(kept), {"removed"}, self.at + 1, None

    def tail_cut(self) -> Any:
        return self.records[: self.at], {"removed"}, self.at + 1, self.size

    def inserted(self) -> Any:
        return inserted(self.records, self.at), {"inserted"}, self.at + 1, None

    def inserted_and_renumbered(self) -> Any:
        return inserted_and_renumbered(self.records, self.at), {"inserted"}, self.at + 1, None

    def appended(self) -> Any:
        return extend(self.records, [body(999)]), {"inserted"}, self.size + 1, None

    def doubled(self) -> Any:
        records = [*self.records[: self.at], self.records[self.at], *self.records[self.at :]]
        return records, {"inserted"}, self.at + 2, None

    def doubled_and_renumbered(self) -> Any:
        records = [*self.records[: self.at], self.records[self.later], *self.records[self.at :]]
        return renumbered(records), {"inserted"}, self.at + 1, None

    def swapped(self) -> Any:
        return self.exchanged(), {"reordered"}, self.at + 1, None

    def swapped_and_renumbered(self) -> Any:
        return renumbered(self.exchanged()), {"reordered"}, self.at + 1, None

    def swapped_contents(self) -> Any:
        """What the two say, and not their hashes."""
        records, one, two = list(self.records), self.records[self.at], self.records[self.later]
        records[self.at] = replace(one, body=two.body, recorded_at=two.recorded_at, stream_seq=two.stream_seq)
        records[self.later] = replace(two, body=one.body, recorded_at=one.recorded_at, stream_seq=one.stream_seq)
        return records, {"reordered"}, self.at + 1, None

    def exchanged(self) -> list[Record]:
        records = list(self.records)
        records[self.at], records[self.later] = records[self.later], records[self.at]
        return records

    def moved_back(self) -> Any:
        records = removed(self.records, self.at)
        return [*records[: self.later], self.records[self.at], *records[self.later :]], {"reordered"}, self.at + 1, None

    def moved_forth(self) -> Any:
        records = removed(self.records, self.later)
        return [*records[: self.at], self.records[self.later], *records[self.at :]], {"reordered"}, self.at + 1, None

    def of_another_log_in_its_place(self) -> Any:
        other = extend([], [body(5_000 + number) for number in range(self.size)])
        records = [*self.records[: self.at], other[self.at], *self.records[self.at + 1 :]]
        return records, {"edited"}, self.at + 1, None

    def of_another_log_put_in(self) -> Any:
        other = extend([], [body(5_000 + number) for number in range(self.size)])
        records = [*self.records[: self.at], other[self.at], *self.records[self.at :]]
        return records, {"inserted"}, self.at + 1, None

    def another_log_from_there(self) -> Any:
        other = extend(self.records[: self.at], [body(5_000 + number) for number in range(self.size - self.at)])
        return other, {"rewritten"}, self.proven(other) + 1, self.size

    def proven(self, records: list[Record]) -> int:
        """How many records the last checkpoint that the export still tells of proves."""
        return max(
            [0, *(told(part) - 1 for part in range(3) if records[told(part) - 1] == self.records[told(part) - 1])]
        )

    def rewritten_from_there(self) -> Any:
        """All hashes anew: the next checkpoint breaks."""
        if self.at + 1 in {told(part) for part in range(3)}:
            self.at -= 1
        return rechained(self.put(body=body(999))), {"rewritten"}, *self.between(self.at)

    def checkpoint_edited(self) -> Any:
        self.at = told(self.dice.randrange(3)) - 1
        text = self.records[self.at].body.replace('"size":', '"size":1')
        return rechained(self.put(body=text)), {"forged"}, self.at + 1, None

    def checkpoint_signed_by_another(self) -> Any:
        self.at = told(self.dice.randrange(3)) - 1
        records = [*self.records[: self.at], resigned(self.records[self.at]), *self.records[self.at + 1 :]]
        return rechained(records), {"forged"}, self.at + 1, None

    def checkpoint_removed(self) -> Any:
        """And every hash anew: the next one is of another tree."""
        part = self.dice.randrange(2)
        return rechained(removed(self.records, told(part) - 1)), {"rewritten"}, *self.without(part)

    def without(self, part: int) -> tuple[int, int]:
        first = told(part - 1) if part else 1
        return first, told(part + 1) - 1

    def closing_edited(self) -> Any:
        self.head = replace(self.head, document={**self.head.document, "size": self.size + 1})
        return self.records, {"forged"}, self.size, None

    def closing_signed_by_another(self) -> Any:
        self.head = Signed(self.head.document, OTHER.sign(self.head.document))
        return self.records, {"forged"}, self.size, None

    def closing_of_an_earlier_moment(self) -> Any:
        self.head = closing(self.records, self.at)
        return self.records, {"inserted"}, self.at + 1, None


KINDS = [
    name for name, one in vars(Tampering).items() if "Any" in str(getattr(one, "__annotations__", {}).get("return"))
]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_tampering_is_found_and_named_at_whatever_place(kind: str) -> None:
    """Lost otherwise: one way of changing an export passes, or sends the auditor to the wrong record."""
    first = seed()
    for number in range(first, first + examples(20)):
        done = Tampering(random.Random(number))
        records, faults, position, until = getattr(done, kind)()
        verdict = merkle.verify_lines(export(records, done.head), KEY)
        assert not verdict.ok, (kind, f"{SEED}={number}")
        found = (verdict.fault in faults, verdict.position, verdict.until)
        assert found == (True, position, until), (kind, f"{SEED}={number}", verdict)


def test_hundreds_of_random_changes_are_all_found_where_they_begin() -> None:
    """Any byte, any line, in any of the ways an editor can: none passes, and no record before the change is blamed."""
    dice = random.Random(20180823)
    lines = export(log(60))
    tried = 0
    for _ in range(800):
        changed, at = _changed(dice, list(lines))
        if changed == lines:
            continue
        tried += 1
        verdict = merkle.verify_lines(b"".join(changed).splitlines(keepends=True), KEY)
        assert not verdict.ok, at
        first = next((n for n, (a, b) in enumerate(zip(lines, changed, strict=False)) if a != b), len(lines))
        assert verdict.position is not None
        assert min(max(first, 1), 60) <= verdict.position <= first + 1, verdict
    assert tried > 600


def _changed(dice: random.Random, changed: list[bytes]) -> tuple[list[bytes], int]:
    at = dice.randrange(len(changed))
    kind = dice.choice(["byte", "drop", "double", "swap", "cut", "blank", "bit", "case"])
    line = changed[at]
    place = dice.randrange(len(line))
    if kind == "byte":
        changed[at] = line[:place] + bytes([dice.randrange(256)]) + line[place + 1 :]
    elif kind == "drop":
        del changed[at]
    elif kind == "double":
        changed.insert(dice.randrange(len(changed) + 1), line)
    elif kind == "swap":
        other = dice.randrange(len(changed))
        changed[at], changed[other] = changed[other], changed[at]
    elif kind == "cut":
        changed[at] = line[: dice.randrange(len(line) - 1)]
    elif kind == "blank":
        changed.insert(at, dice.choice([b"\n", b" \n", b"{}\n", b"null\n"]))
    elif kind == "bit":
        changed[at] = line[:place] + bytes([line[place] ^ (1 << dice.randrange(8))]) + line[place + 1 :]
    else:
        changed[at] = line.swapcase()
    return changed, at


def test_a_log_without_its_end_is_not_sound() -> None:
    """Cutting off the newest records, closing checkpoint and all, is the easiest way to hide something."""
    records = log(10)
    lines = export(records)
    for kept in range(11):
        assert merkle.verify_lines(lines[:kept], KEY).fault == "truncated"
    assert merkle.verify_lines([*lines[:8], lines[-1]], KEY).position == 8
    assert merkle.verify_lines([*lines, lines[1]], KEY).fault == "inserted"
    shorter = export(records[:7])
    assert merkle.verify_lines(shorter, KEY).ok, "alone it cannot be told from an older export:"
    verdict = merkle.verify_lines(shorter, KEY, known=[closing(records, 9)])
    assert (verdict.fault, verdict.position, verdict.until) == ("truncated", 8, 9)


@cache
def checkpointed(size: int) -> list[Record]:
    """A log that tells of its own checkpoints after each third of it."""
    records: list[Record] = []
    for part in range(3):
        records = extend(records, [body(100 * part + number) for number in range(size // 3)])
        made = closing(records)
        key = {"key_id": made.signature["key_id"], "public_key": SIGNER.public_key}
        data = {**made.document, **key, "signature": made.signature["signature"]}
        records = extend(records, [merkle.canonical({"type": merkle.CHECKPOINT_EVENT, "data": data})])
    return records


def test_a_tree_computed_anew_breaks_at_the_checkpoint_after_the_change() -> None:
    """Whoever knows the definition and computes every later hash again still cannot sign: the interval is named."""
    records = checkpointed(30)
    assert merkle.verify_lines(export(records), KEY).ok
    bodies = [record.body for record in records]
    for at, interval in ((4, (1, 10)), (14, (11, 21)), (26, (22, 32))):
        changed = [*bodies[:at], body(999), *bodies[at + 1 :]]
        verdict = merkle.verify_lines(export(extend([], changed)), KEY)
        assert (verdict.ok, verdict.fault) == (False, "rewritten")
        assert (verdict.position, verdict.until) == interval, at


@pytest.mark.parametrize(
    "head",
    [
        signed(10, log(10)[9].root, by=OTHER),
        replace(closing(log(10)), document={**closing(log(10)).document, "origin": "别处"}),
        signed(10, "0" * 64),
        signed(10, log(10)[9].root, algorithm="sm3"),
    ],
    ids=["another key", "another text", "another root", "another hash"],
)
def test_a_closing_checkpoint_that_is_not_of_this_log_is_refused(head: Signed) -> None:
    assert merkle.verify_lines(export(log(10), head), KEY).fault in {"forged", "rewritten"}


def test_a_published_checkpoint_finds_a_log_that_was_written_anew() -> None:
    """Whoever holds the key too, and rewrites all, is found out by the one that was shipped before."""
    records, published = log(10), closing(log(10), 8)
    anew = extend([], [body(999) if at == 4 else record.body for at, record in enumerate(records)])
    assert merkle.verify_lines(export(anew), KEY).ok
    assert merkle.verify_lines(export(records), KEY, known=[published]).ok
    verdict = merkle.verify_lines(export(anew), KEY, known=[published])
    assert (verdict.fault, verdict.position, verdict.until) == ("rewritten", 1, 8)


def test_sm3_serves_the_whole_way() -> None:
    records = extend([], [body(number) for number in range(5)], "sm3")
    head = signed(5, records[-1].root, algorithm="sm3")
    lines = [merkle.first_line("sm3"), *(line_of(item) for item in (*records, head))]
    assert merkle.verify_lines([line.encode() + b"\n" for line in lines], KEY).ok
    wrong = [merkle.first_line("sha-256"), *lines[1:]]
    assert merkle.verify_lines([line.encode() + b"\n" for line in wrong], KEY).position == 1


def test_a_proof_shows_order_and_growth_to_whoever_has_the_key_alone() -> None:
    records = log(300)
    tree, rows = grown([bytes.fromhex(record.leaf) for record in records])
    older, made = closing(records, 120), closing(records)
    proof = {
        "checkpoint": asdict(made),
        "records": [
            {
                "record": {
                    name: getattr(records[at], name) for name in ("position", "recorded_at", "stream_seq", "body")
                },
                "path": [step.hex() for step in merkle.inclusion(at, 300, root_of(rows))],
            }
            for at in (17, 256)
        ],
        "older": asdict(older),
        "consistency": [step.hex() for step in merkle.consistency(120, 300, root_of(rows))],
    }
    assert tree.root().hex() == made.root
    assert merkle.proof_holds(proof, KEY) is None
    assert merkle.proof_holds(proof, [OTHER.key.public_key()]) is not None
    swapped_ids = json.loads(json.dumps(proof))
    first, second = swapped_ids["records"]
    first["record"]["position"], second["record"]["position"] = 257, 18
    assert merkle.proof_holds(swapped_ids, KEY) is not None, "positions are proved, not said"
    for name in ("records", "checkpoint", "consistency"):
        assert merkle.proof_holds({**proof, name: None}, KEY) is not None
    assert merkle.proof_holds({**proof, "older": asdict(closing(log(119)))}, KEY) is not None


@pytest.mark.parametrize(
    "line",
    [
        b'{"document":{},"signature":[]}',
        b'{"signature":{},"document":{}}',
        b'{"document":{},"signature":{}} ',
        b'{"document":{"a":"\\u0078"},"signature":{}}',
        b'{"document":{},"signature":{},"signature":{}}',
        b'{"document":{"a":"\xff"},"signature":{}}',
        b"[" * 100_000,
        b'{"document":{"size":1e999},"signature":{}}',
        b"",
    ],
)
def test_only_a_line_that_an_export_writes_is_read(line: bytes) -> None:
    """Two texts for one record would leave room for a change that the hash does not see."""
    assert merkle.parse(line) is None


def test_the_one_file_verifies_by_itself(tmp_path: Path) -> None:
    """An auditor runs this one file, copied anywhere, with `cryptography` and without any package of ours."""
    copy = tmp_path / "merkle.py"
    copy.write_text(Path(merkle.__file__).read_text("utf-8"), "utf-8")
    pem = KEY[0].public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_bytes(pem)
    (tmp_path / "export.jsonl").write_bytes(b"".join(export(log(3))))
    command = [sys.executable, "merkle.py", "export.jsonl", "key.pem"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(run.stdout)["ok"] is True
    (tmp_path / "export.jsonl").write_bytes(b"".join(export(edited(log(3), 1), closing(log(3)))))
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (run.returncode, json.loads(run.stdout)["position"]) == (1, 2)
