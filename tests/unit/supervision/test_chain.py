"""Lost if these fail: tampered evidence would pass as sound, or an auditor would be sent to the wrong record."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from services.supervision.domain import chain
from services.supervision.domain.chain import GENESIS, Head, Record, line_of, verify_lines


def body(number: int) -> str:
    return chain.canonical({"id": f"E{number:025d}", "type": "voucher.order_placed.v1", "data": {"价": number}})


def log(size: int) -> list[Record]:
    events = [(number if number % 3 else None, body(number)) for number in range(1, size + 1)]
    half = chain.extend(Head(0, GENESIS), recorded_at="2018-09-01T00:00:00Z", events=events[: size // 2])
    head = Head(len(half), half[-1].hash if half else GENESIS)
    return half + chain.extend(head, recorded_at="2018-09-02T00:00:00Z", events=events[size // 2 :])


def export(records: list[Record], head: Head | None = None) -> list[bytes]:
    closing = head or Head(len(records), records[-1].hash if records else GENESIS)
    return [line_of(item).encode() + b"\n" for item in [*records, closing]]


def rehash(record: Record) -> Record:
    digest = chain.record_hash(
        prev_hash=record.prev_hash,
        position=record.position,
        recorded_at=record.recorded_at,
        stream_seq=record.stream_seq,
        body=record.body,
    )
    return replace(record, hash=digest)


def relink(records: list[Record]) -> list[Record]:
    """What someone does who knows the definition: every hash computed again."""
    events = [(record.stream_seq, record.body) for record in records]
    return chain.extend(Head(0, GENESIS), recorded_at=records[0].recorded_at, events=events)


@pytest.mark.parametrize("size", [0, 1, 2, 50])
def test_a_sound_log_is_found_sound(size: int) -> None:
    records = log(size)
    verdict = verify_lines(export(records))
    assert (verdict.ok, verdict.records) == (True, size)
    assert verdict.head == (records[-1].hash if records else GENESIS)


def test_the_definition_can_be_recomputed_by_a_stranger() -> None:
    """The README's one line of hashing, written out without our code."""
    for line in export(log(9))[:-1]:
        raw = json.loads(line)
        number = "" if raw["stream_seq"] is None else raw["stream_seq"]
        text = f"{raw['prev_hash']}\n{raw['position']}\n{raw['recorded_at']}\n{number}\n{raw['body']}"
        assert hashlib.sha256(text.encode()).hexdigest() == raw["hash"]


N = 12


def edited(records: list[Record], at: int) -> list[Record]:
    return [*records[:at], replace(records[at], body=body(999)), *records[at + 1 :]]


def edited_and_rehashed(records: list[Record], at: int) -> list[Record]:
    return [*records[:at], rehash(replace(records[at], body=body(999))), *records[at + 1 :]]


def removed(records: list[Record], at: int) -> list[Record]:
    return [*records[:at], *records[at + 1 :]]


def renumbered(records: list[Record]) -> list[Record]:
    return [replace(record, position=place) for place, record in enumerate(records, 1)]


def removed_and_renumbered(records: list[Record], at: int) -> list[Record]:
    return renumbered(removed(records, at))


def forged(records: list[Record], at: int) -> Record:
    prev = records[at - 1].hash if at else GENESIS
    return rehash(Record(at + 1, "2018-09-01T00:00:00Z", None, body(999), prev, ""))


def inserted(records: list[Record], at: int) -> list[Record]:
    return [*records[:at], forged(records, at), *records[at:]]


def inserted_unsound(records: list[Record], at: int) -> list[Record]:
    return [*records[:at], replace(forged(records, at), hash="0" * 64), *records[at:]]


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
    verdict = verify_lines(export(tampered, Head(N, records[-1].hash)))
    first = 1 if tamper is swapped and at + 1 == N else at + 1
    assert (verdict.ok, verdict.position) == (False, first), verdict
    assert verdict.fault in faults, verdict
    assert verdict.records == first - 1
    assert verdict.head == (records[first - 2].hash if first > 1 else GENESIS)


def test_hundreds_of_random_changes_are_all_found_where_they_begin() -> None:
    """Any byte, any line, in any of the ways an editor can: none passes, and no record before the change is blamed."""
    dice = random.Random(20180823)
    lines = export(log(60))
    for _ in range(800):
        changed = list(lines)
        at = dice.randrange(len(changed))
        kind = dice.choice(["byte", "drop", "double", "swap", "cut", "blank", "bit", "case"])
        if kind == "byte":
            place = dice.randrange(len(changed[at]))
            new = bytes([dice.randrange(256)])
            changed[at] = changed[at][:place] + new + changed[at][place + 1 :]
        elif kind == "drop":
            del changed[at]
        elif kind == "double":
            changed.insert(dice.randrange(len(changed) + 1), changed[at])
        elif kind == "swap":
            other = dice.randrange(len(changed))
            changed[at], changed[other] = changed[other], changed[at]
            at = min(at, other)
        elif kind == "cut":
            changed[at] = changed[at][: dice.randrange(len(changed[at]) - 1)]
        elif kind == "blank":
            changed.insert(at, dice.choice([b"\n", b" \n", b"{}\n", b"null\n"]))
        elif kind == "bit":
            place = dice.randrange(len(changed[at]))
            flipped = bytes([changed[at][place] ^ (1 << dice.randrange(8))])
            changed[at] = changed[at][:place] + flipped + changed[at][place + 1 :]
        else:
            changed[at] = changed[at].swapcase()
        if changed == lines:
            continue
        verdict = verify_lines(b"".join(changed).splitlines(keepends=True))
        assert not verdict.ok, (kind, at)
        first = next((n for n, (a, b) in enumerate(zip(lines, changed, strict=False)) if a != b), len(lines))
        assert verdict.position is not None
        assert min(first, 59) <= verdict.position <= first + 1, (kind, verdict)


def test_a_log_without_its_end_is_not_sound() -> None:
    """Cutting off the newest records, closing line and all, is the easiest way to hide something."""
    lines = export(log(10))
    for kept in range(10):
        assert verify_lines(lines[:kept]).fault == "truncated"
    assert verify_lines([*lines[:7], lines[-1]]).position == 8
    assert verify_lines([*lines, lines[0]]).fault == "inserted"


def checkpointed(size: int) -> list[Record]:
    records = log(size)
    made = {"type": chain.CHECKPOINT, "data": {"size": size, "head": records[-1].hash}}
    head = Head(size, records[-1].hash)
    events = [(None, chain.canonical(made)), *((None, body(100 + number)) for number in range(5))]
    return records + chain.extend(head, recorded_at="2018-09-03T00:00:00Z", events=events)


def test_a_chain_computed_anew_breaks_at_the_checkpoint_inside_it() -> None:
    records = checkpointed(10)
    assert verify_lines(export(records)).ok
    verdict = verify_lines(export(relink(edited(records, 4))))
    assert (verdict.ok, verdict.fault) == (False, "rewritten")
    assert verdict.position is not None
    assert verdict.position <= 5


def test_a_published_checkpoint_finds_a_chain_that_was_computed_anew() -> None:
    """Whoever rewrites all, checkpoints too, is found out by the one that stood on the public board."""
    records = log(10)
    published = Head(8, records[7].hash)
    anew = relink(edited(records, 4))
    assert verify_lines(export(anew)).ok
    assert verify_lines(export(records), known=published).ok
    assert verify_lines(export(anew), known=published).fault == "rewritten"
    assert verify_lines(export(records[:7]), known=published).fault == "rewritten"


@pytest.mark.parametrize(
    "line",
    [
        b'{"head":"x","size":true}',
        b'{"size":1,"head":"x"}',
        b'{"head":"x","size":1} ',
        b'{"head":"\\u0078","size":1}',
        b'{"head":"x","size":1,"size":1}',
        b'{"head":"\xff","size":1}',
        b"[" * 100_000,
        b'{"head":1e999,"size":1}',
        b"",
    ],
)
def test_only_a_line_that_an_export_writes_is_read(line: bytes) -> None:
    """Two texts for one record would leave room for a change that the hash does not see."""
    assert chain.parse(line) is None


def test_it_stands_on_the_standard_library_alone(tmp_path: Path) -> None:
    """An auditor runs this one file, copied anywhere, without any package of ours or another's."""
    copy = tmp_path / "chain.py"
    copy.write_text(Path(chain.__file__).read_text("utf-8"), "utf-8")
    (tmp_path / "export.jsonl").write_bytes(b"".join(export(log(3))))
    code = "import chain; print(chain.verify_lines(open('export.jsonl', 'rb')).ok)"
    run = subprocess.run([sys.executable, "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout == "True\n"
