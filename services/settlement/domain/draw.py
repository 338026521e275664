"""How an audit sample is drawn, so that anyone can draw it again: monetary unit sampling, in integers alone.

Systematic selection with weights: ISA 530, appendix 1 (value-weighted selection) and appendix 4 (b), (c). Each unit of
weight has the same chance, 1 in `interval`; with no alerts a unit is a fen.

    weight      = payable_fen × (1 + number of alerts), a whole number of at least 1
    population  = one line a claim, `claim_id weight LF`, in the order of claim_id; its hash: SHA-256 of these bytes
    order       = by SHA-256(seed LF claim_id) as lower-case hex digits, then by claim_id
    interval    = sum of weights // size
    start       = SHA-256(seed LF "start"), read as a big-endian number, modulo interval
    points      = start, start + interval, start + 2 × interval … below the sum of weights

Claims stand in their order on a line, each as long as its weight: from the sum of those before it (which is its own)
up to its own end (which is the next one's). A claim on which a point falls is drawn, once. One whose weight is at
least the interval cannot be missed: it is certain, not drawn by chance. Where size is not less than the number of
claims, all are drawn and certain. All text is UTF-8, LF is one byte 0x0A, SHA-256(seed) was published before.

An export is one JSON object a line: first the sample, then its claims. Standard library only, so that an auditor can
read and run this file alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

HEAD = ("sample_id", "node_id", "size", "seed_hash", "seed", "population", "population_hash")
ITEM = ("claim_id", "payable_fen", "alerts", "weight", "drawn", "certain")


def sha256(text: str) -> str:
    """Lower-case hex digits over the UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()


def weight_of(payable_fen: int, alerts: int) -> int:
    """What is to be paid, once more for each alert."""
    return payable_fen * (1 + alerts)


def population_hash(weights: Mapping[str, int]) -> str:
    """Of all claims and their weights, by id."""
    found = hashlib.sha256()
    for claim_id in sorted(weights):
        found.update(f"{claim_id} {weights[claim_id]}\n".encode())
    return found.hexdigest()


def draw(seed: str, weights: Mapping[str, int], size: int) -> dict[str, bool]:
    """The claims that are drawn, and whether each was certain to be."""
    if size >= len(weights):
        return dict.fromkeys(weights, True)
    total = sum(weights.values())
    interval = total // size
    point = int(sha256(f"{seed}\nstart"), 16) % interval
    drawn, end = {}, 0
    for claim_id in sorted(weights, key=lambda one: (sha256(f"{seed}\n{one}"), one)):
        end += weights[claim_id]
        if point < end:
            drawn[claim_id] = weights[claim_id] >= interval
            point += -(-(end - point) // interval) * interval  # the first point that is not below `end`
    return drawn


def line_of(value: Mapping[str, Any]) -> str:
    """A line of an export, without its line feed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def differences(lines: Iterable[str], *, published: Mapping[str, str | int] | None = None) -> Iterator[str]:
    """What in an export is not as it should be, a sentence each; nothing when the same claims are drawn again.

    `published`: seed_hash, size and population_hash as the public board shows them. ValueError: it is no export.
    """
    head, *items = [json.loads(line) for line in lines if line.strip()] or [None]
    _typed(head, items)
    claims = {item["claim_id"]: item for item in items}
    weights = {claim_id: item["weight"] for claim_id, item in claims.items()}
    given = {"seed_hash": sha256(head["seed"]), "population_hash": population_hash(weights)}
    stated = {name: head[name] for name in given}
    yield from (
        f"{name}: {stated[name]} is stated, {given[name]} follows" for name in given if stated[name] != given[name]
    )
    for name, value in (published or {}).items():
        if head[name] != value:
            yield f"{name}: {value} was published, {head[name]} is stated"
    if (head["population"], len(claims)) != (len(items), len(items)):
        yield f"population: {head['population']} claims are stated, {len(claims)} are here, in {len(items)} lines"
    for claim_id, item in claims.items():
        weight = weight_of(item["payable_fen"], item["alerts"])
        if item["weight"] != weight or weight < 1:
            yield f"{claim_id}: its weight is stated as {item['weight']}, {weight} follows"
    if min(weights.values(), default=1) < 1:
        return
    drawn = draw(head["seed"], weights, head["size"])
    for claim_id, item in claims.items():
        state = _called(item["drawn"], item["certain"])
        again = _called(claim_id in drawn, drawn.get(claim_id, False))
        if state != again:
            yield f"{claim_id}: {state} is stated, {again} follows"


def _called(drawn: bool, certain: bool) -> str:
    return ("drawn, certain" if certain else "drawn") if drawn else "not drawn"


def _typed(head: Any, items: list[Any]) -> None:
    """ValueError unless all has the fields of an export, of the right types."""
    texts, flags = {"sample_id", "node_id", "seed_hash", "seed", "population_hash", "claim_id"}, {"drawn", "certain"}
    for number, (one, names) in enumerate([(head, HEAD), *((item, ITEM) for item in items)], 1):
        types = {name: str if name in texts else bool if name in flags else int for name in names}
        if not isinstance(one, dict) or any(type(one.get(name)) is not types[name] for name in names):
            raise ValueError(f"line {number} is not of an export")
    if head["size"] < 1:
        raise ValueError("the size is less than 1")
