"""Lost if these fail: tampered evidence would pass as sound, or an auditor would be sent to the wrong record."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from infra import signing
from services.supervision.domain import merkle
from services.supervision.domain.merkle import Record, Signed, Tree, hash_of, line_of
from tests.profiles import examples

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
    assert merkle.verify_lines(shorter, KEY, known=[closing(records, 9)]).fault == "rewritten"


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
