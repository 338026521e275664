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
from services.supervision.domain.rereading import Broken, Held, misfit, missing, told_otherwise
from services.supervision.handlers.raising import Raised, of_programme, raise_alerts
from services.supervision.store import alerts, known
from services.supervision.store import evidence as store

WALKED = 2_000  # records read again at a tick
WALK_AGAIN = timedelta(hours=1)  # between the end of one reading and the next
MOST_TOLD = 20  # positions of one tick that are alerts of their own
ALERT = "EVIDENCE_BROKEN"


@dataclass(slots=True)
class Reading:
    """What one tick found. `whole`: the tree that was read can be grown on; else this reading ends here. `told`: the
    records of checkpoints among those read."""

    tree: merkle.Tree
    found: list[Broken] = field(default_factory=list)
    told: list[Any] = field(default_factory=list)
    whole: bool = True

    def end(self, broken: Broken) -> None:
        self.found.append(broken)
        self.whole = False


def walk(uow: UnitOfWork) -> int:
    """Read the next WALKED records again: columns, leaf, root and stored subtrees, then the checkpoints of what was
    read, at the end also the head; how many records.

    What does not agree is an alert EVIDENCE_BROKEN, told once for each position and kind. A record that does not fit
    its leaf is passed over; what makes another tree ends this reading.
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
    tree = merkle.Tree(merkle.hash_of(log.algorithm), walked.size, (bytes.fromhex(one) for one in walked.edge))
    reading, held = Reading(tree), Held(walked.checkpoint)
    made = _walk_records(uow, reading, log)
    if reading.whole:
        _walk_nodes(uow, reading, made)
    if reading.whole:
        held = _walk_checkpoints(uow, reading, held)
    if reading.whole and reading.tree.size >= log.size:
        _walk_end(uow, reading, log, held)
    return reading, held.number


def _just_walked(uow: UnitOfWork, walked: store.Walked) -> bool:
    """A moment still to come was written by nobody of ours."""
    return walked.walked_at is not None and walked.walked_at <= uow.now < walked.walked_at + WALK_AGAIN


def _walk_records(uow: UnitOfWork, reading: Reading, log: store.Log) -> list[tuple[int, int, bytes]]:
    """Grow the tree by the leaves that are kept; the subtrees that it made."""
    tree = reading.tree
    last = min(tree.size + WALKED, log.size)
    made: list[tuple[int, int, bytes]] = []
    rows = store.rows(uow.conn, start=tree.size + 1, limit=last - tree.size)
    for at, row in enumerate(rows):
        place = tree.size + 1
        if row["position"] != place:
            reading.end(missing(tree.hash, rows[at:], place, last))
            return made
        fits = merkle.leaf_of(tree.hash, **{name: row[name] for name in merkle.KEPT}).hex() == row["leaf"]
        grown = _grown(tree, row)
        if not fits or grown is None:
            around = rows[at:] if len(reading.found) < MOST_TOLD else rows[at : at + 1]  # each costs a hash a row
            reading.found.append(misfit(tree.hash, around, place))
        elif not _same_as_body(row):
            why = f"the columns of record {place} are not those of its event"
            reading.found.append(Broken(place, "edited", why))
        elif row["type"] == merkle.CHECKPOINT_EVENT:
            reading.told.append(row)
        if grown is None:
            reading.whole = False
            return made
        made += grown
    if tree.size < last:
        reading.end(missing(tree.hash, (), tree.size + 1, log.size))
    return made


def _grown(tree: merkle.Tree, row: Any) -> list[tuple[int, int, bytes]] | None:
    """The subtrees that the row's leaf makes; None when it does not make the tree that was kept with it."""
    try:
        made = tree.add(bytes.fromhex(row["leaf"]))
    except ValueError:
        return None
    return made if tree.root().hex() == row["root"] else None


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
            first, last = (at << level) + 1, (at + 1) << level
            why = f"the subtree of level {level} over records {first} to {last} was changed"
            reading.end(Broken(first, "edited", why, until=last))
            return


def _walk_checkpoints(uow: UnitOfWork, reading: Reading, held: Held) -> Held:
    """Hold the checkpoints of what was read against it, and what the log tells of them; the last one that fits."""
    keys, size = signing.known_keys(), reading.tree.size
    kept = dict(store.checkpoints(uow.conn, after=max(held.number - 1, 0)))
    held = Held(held.number, kept[held.number].size) if held.number in kept else held
    for number, made in kept.items():
        if number <= held.number:
            continue
        if made.size > size and merkle.signed_by(made, keys):
            break
        broken = held.against(number, made, root=store.root_at(uow.conn, made.size), keys=keys, read=size)
        if broken is not None:
            reading.end(broken)
            return held
        held = Held(number, made.size)
    _walk_told(uow, reading)
    return held


def _walk_told(uow: UnitOfWork, reading: Reading) -> None:
    """What the log tells of its checkpoints is what is kept of them."""
    events = [(row["position"], json.loads(row["body"])) for row in reading.told]
    numbers = [event["sequence"] for _, event in events if type(event.get("sequence")) is int]
    kept = store.numbered_checkpoints(uow.conn, numbers)
    for position, event in events:
        if (broken := told_otherwise(event, position, kept)) is not None:
            reading.end(broken)


def _walk_end(uow: UnitOfWork, reading: Reading, log: store.Log, held: Held) -> None:
    """The head is that of the records, and there are no records or checkpoints that it does not know of."""
    tree, size = reading.tree, log.size
    kept = (tree.root().hex(), tuple(one.hex() for one in tree.edge))
    later = store.checkpoint_of(uow.conn, least=size + 1)
    first, last = held.size + 1, max(size, held.size + 1)
    if store.rows(uow.conn, start=size + 1, limit=1):
        reading.end(Broken(size + 1, "inserted", f"record {size + 1} was put behind the end"))
    elif later is not None:
        why = f"records {size + 1} to {later.size}, of which there is a checkpoint, are missing"
        reading.end(Broken(size + 1, "truncated", why, until=later.size))
    elif kept != (log.root, log.edge):
        reading.end(Broken(max(size, 1), "edited", "the head is not that of the records"))
    elif (there := max(held.number, store.checkpoints_kept(uow.conn))) != log.checkpoints:
        fault: merkle.Fault = "removed" if there < log.checkpoints else "inserted"
        why = f"{log.checkpoints} checkpoints were made, {there} are there"
        reading.end(Broken(first, fault, why, until=last))
    elif store.nodes_kept(uow.conn) != merkle.stored_nodes(size):
        why = "there are more or fewer stored subtrees than the records make"
        reading.end(Broken(1, "edited", why, until=max(size, 1)))


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
    ranged = broken.until is not None and broken.until > broken.position
    finding = Finding(
        rule=ALERT,
        severity="high",
        score=100,
        zh=broken.zh(),
        en=f"The evidence log breaks ({broken.fault}): {broken.why}.",
        numbers={"position": broken.position, "fault": broken.fault, **({"until": broken.until} if ranged else {})},
    )
    subject = ("evidence", f"{evidence.SUBJECT}:{broken.position}:{broken.fault}")
    return of_programme(uow, finding.evidence(), subject=subject, programme=programme)
