"""Reads the evidence log again, a little at a tick: what was changed behind our back is an alert, by position."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from infra import signing
from infra.clock import parse_instant
from infra.db import UnitOfWork
from infra.packs import PROGRAMME
from services.supervision import evidence
from services.supervision.domain import merkle
from services.supervision.domain.finding import Finding
from services.supervision.handlers.raising import Raised, of_programme, raise_alerts
from services.supervision.store import alerts, known
from services.supervision.store import evidence as store

WALKED = 2_000  # records read again at a tick
WALK_AGAIN = timedelta(hours=1)  # between the end of one reading and the next
MOST_TOLD = 20  # positions of one tick that are alerts of their own
ALERT = "EVIDENCE_BROKEN"


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the log does not agree with itself, and how."""

    position: int
    why: str


@dataclass(slots=True)
class Reading:
    """What one tick found. `whole`: the tree that was read can be grown on; else this reading ends here."""

    tree: merkle.Tree
    found: list[Broken] = field(default_factory=list)
    whole: bool = True

    def end(self, position: int, why: str) -> None:
        self.found.append(Broken(position, why))
        self.whole = False


def walk(uow: UnitOfWork) -> int:
    """Read the next WALKED records again: columns, leaf, root and stored subtrees, then the checkpoints of what was
    read, at the end also the head; how many records.

    What does not agree is an alert EVIDENCE_BROKEN, told once for each position. A record that does not fit its leaf
    is passed over; what makes another tree ends this reading.
    """
    log = store.read_log(uow.conn, evidence.algorithm())
    walked = store.lock_walk(uow.conn)
    if walked is None or (walked.size == 0 and _just_walked(uow, walked)):
        return 0
    reading, checked = read_again(uow, log, walked)
    _raise_new(uow, reading.found)
    if reading.tree.size >= log.size or not reading.whole:
        store.move_walk(uow.conn, store.Walked(walked_at=uow.now))
        return 0
    edge = tuple(one.hex() for one in reading.tree.edge)
    store.move_walk(uow.conn, replace(walked, size=reading.tree.size, edge=edge, checkpoint=checked))
    return reading.tree.size - walked.size


def read_again(uow: UnitOfWork, log: store.Log, walked: store.Walked) -> tuple[Reading, int]:
    """What is found from where the last tick came to; the number of the last checkpoint that fits."""
    before, checked = walked.size, walked.checkpoint
    reading = Reading(merkle.Tree(merkle.hash_of(log.algorithm), before, (bytes.fromhex(one) for one in walked.edge)))
    made = _walk_records(uow, reading, log)
    if reading.whole:
        _walk_nodes(uow, reading, made)
    if reading.whole:
        checked = _walk_checkpoints(uow, reading, checked, before)
    if reading.whole and reading.tree.size >= log.size:
        _walk_end(uow, reading, log, checked)
    return reading, checked


def _just_walked(uow: UnitOfWork, walked: store.Walked) -> bool:
    """A moment still to come was written by nobody of ours."""
    return walked.walked_at is not None and walked.walked_at <= uow.now < walked.walked_at + WALK_AGAIN


def _walk_records(uow: UnitOfWork, reading: Reading, log: store.Log) -> list[tuple[int, int, bytes]]:
    """Grow the tree by the leaves that are kept; the subtrees that it made."""
    tree = reading.tree
    last = min(tree.size + WALKED, log.size)
    made: list[tuple[int, int, bytes]] = []
    for row in store.rows(uow.conn, start=tree.size + 1, limit=last - tree.size):
        place = tree.size + 1
        if row["position"] != place:
            reading.end(place, f"record {place} is missing")
            return made
        leaf = merkle.leaf_of(tree.hash, **{name: row[name] for name in merkle.KEPT}).hex()
        if leaf != row["leaf"]:
            reading.found.append(Broken(place, f"record {place} does not fit its hash"))
        elif not _same_as_body(row):
            reading.found.append(Broken(place, f"the columns of record {place} are not those of its event"))
        try:
            made += tree.add(bytes.fromhex(row["leaf"]))
        except ValueError:
            reading.end(place, f"the hash of record {place} is none")
            return made
        if tree.root().hex() != row["root"]:
            reading.end(place, f"record {place} does not make the tree that was kept with it")
            return made
    if tree.size < last:
        reading.end(tree.size + 1, f"record {tree.size + 1} is missing")
    return made


def _same_as_body(row: Any) -> bool:
    """Are the columns that records are found by those of the event itself?"""
    try:
        event = json.loads(row["body"])
        texts = all(row[name] == event[said] for name, said in store.FROM_BODY.items())
        return texts and row["time"] == parse_instant(event["time"])
    except (ValueError, TypeError, KeyError):
        return False


def _walk_nodes(uow: UnitOfWork, reading: Reading, made: Sequence[tuple[int, int, bytes]]) -> None:
    for level, at, node in made:
        if store.fetch(uow.conn, level, at, 1) != [node]:
            first = (at << level) + 1
            reading.end(first, f"the subtree of level {level} over records from {first} was changed")
            return


def _walk_checkpoints(uow: UnitOfWork, reading: Reading, checked: int, before: int) -> int:
    """Hold the checkpoints of what was read against it; the number of the last one that fits."""
    keys, size = signing.known_keys(), reading.tree.size
    for number, made in store.checkpoints(uow.conn, after=checked):
        if not merkle.signed_by(made, keys):
            reading.end(before + 1, f"checkpoint {number} is not signed by our key")
            return checked
        if made.size > size:
            break
        if number != checked + 1:
            reading.end(before + 1, f"checkpoint {checked + 1} is missing")
            return checked
        if made.root != store.root_at(uow.conn, made.size):
            reading.end(before + 1, f"records {before + 1} to {made.size} are not those of checkpoint {number}")
            return checked
        checked = number
    return checked


def _walk_end(uow: UnitOfWork, reading: Reading, log: store.Log, checked: int) -> None:
    """The head is that of the records, and there are no records or checkpoints that it does not know of."""
    tree, size = reading.tree, log.size
    kept = (tree.root().hex(), tuple(one.hex() for one in tree.edge))
    if kept != (log.root, log.edge):
        reading.end(max(size, 1), "the head is not that of the records")
    elif store.rows(uow.conn, start=size + 1, limit=1):
        reading.end(size + 1, f"record {size + 1} was put behind the end")
    elif checked != log.checkpoints or store.checkpoints_kept(uow.conn) != log.checkpoints:
        reading.end(max(size, 1), f"{log.checkpoints} checkpoints were made, {checked} of them fit")
    elif store.nodes_kept(uow.conn) != merkle.stored_nodes(size):
        reading.end(max(size, 1), "there are more or fewer stored subtrees than the records make")


def _raise_new(uow: UnitOfWork, found: Sequence[Broken]) -> None:
    """Each position once, in each programme whose parties this deployment knows: the log is of all of them."""
    if not found:
        return
    raised = [
        _raised(uow, programme, one)
        for programme in known.programmes(uow.conn) or [PROGRAMME]
        for one in found[:MOST_TOLD]
    ]
    there = alerts.lock_subjects(uow.conn, (one.key for one in raised))
    raise_alerts(uow, [one for one in raised if one.key not in there])


def _raised(uow: UnitOfWork, programme: str, broken: Broken) -> Raised:
    finding = Finding(
        rule=ALERT,
        severity="high",
        score=100,
        zh=f"存证日志第{broken.position}条校验不通过。",
        en=f"The evidence log breaks: {broken.why}.",
        numbers={"position": broken.position},
    )
    subject = ("evidence", f"{evidence.SUBJECT}:{broken.position}")
    return of_programme(uow, finding.evidence(), subject=subject, programme=programme)
