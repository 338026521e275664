"""Reads the evidence log again, a little at a tick: what was changed behind our back is an alert, by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from infra import signing
from infra.db import UnitOfWork
from infra.packs import PROGRAMME
from services.supervision import evidence
from services.supervision.domain import merkle
from services.supervision.handlers.raising import Raised, raise_alerts
from services.supervision.store import evidence as store

WALKED = 2_000  # records read again at a tick
WALK_AGAIN = timedelta(hours=1)  # between the end of one reading and the next


def walk(uow: UnitOfWork) -> int:
    """Read the next WALKED records again: leaf, root and stored subtrees, then the checkpoints of what was read; how
    many records. What does not agree is an alert EVIDENCE_BROKEN, by position, and ends this reading."""
    log = store.read_log(uow.conn, evidence.algorithm())
    walked = store.lock_walk(uow.conn) if log.size else None
    if walked is None or (walked.size == 0 and walked.walked_at and uow.now < walked.walked_at + WALK_AGAIN):
        return 0
    tree = merkle.Tree(merkle.hash_of(log.algorithm), walked.size, (bytes.fromhex(one) for one in walked.edge))
    before = tree.size
    broken = _walk_records(uow, tree, log)
    if broken is None:
        broken, checked = _walk_checkpoints(uow, walked.checkpoint, before, tree)
        walked = replace(walked, checkpoint=checked)
    if broken is not None:
        _raise_broken(uow, *broken)
        store.move_walk(uow.conn, store.Walked(walked_at=uow.now, broken_at=broken[0]))
        return 0
    if tree.size >= log.size:
        store.move_walk(uow.conn, store.Walked(walked_at=uow.now))
    else:
        edge = tuple(one.hex() for one in tree.edge)
        store.move_walk(uow.conn, replace(walked, size=tree.size, edge=edge))
    return 0 if tree.size >= log.size else tree.size - before


def _walk_records(uow: UnitOfWork, tree: merkle.Tree, log: store.Log) -> tuple[int, str] | None:
    """Grow the tree by what is kept; where it breaks, and how."""
    last = min(tree.size + WALKED, log.size)
    records = store.page(uow.conn, start=tree.size + 1, limit=last - tree.size)
    made: list[tuple[int, int, bytes]] = []
    for record in records:
        place = tree.size + 1
        if record.position != place:
            return place, f"record {place} is missing"
        names = ("position", "recorded_at", "stream_seq", "body")
        leaf = merkle.leaf_of(tree.hash, **{name: getattr(record, name) for name in names})
        made += tree.add(leaf)
        if leaf.hex() != record.leaf:
            return place, f"record {place} does not fit its hash"
        if tree.root().hex() != record.root:
            return place, f"record {place} does not make the tree that was kept with it"
    if tree.size < last:
        return tree.size + 1, f"record {tree.size + 1} is missing"
    if tree.size == log.size and tree.root().hex() != log.root:
        return tree.size, "the head is not that of the records"
    return _walk_nodes(uow, made)


def _walk_nodes(uow: UnitOfWork, made: Sequence[tuple[int, int, bytes]]) -> tuple[int, str] | None:
    for level, at, node in made:
        if store.fetch(uow.conn, level, at, 1) != [node]:
            return (at << level) + 1, f"the subtree of level {level} over records from {(at << level) + 1} was changed"
    return None


def _walk_checkpoints(
    uow: UnitOfWork, checked: int, before: int, tree: merkle.Tree
) -> tuple[tuple[int, str] | None, int]:
    """Hold the checkpoints of what was read against it; (where it breaks, and how), the last one that fits."""
    key = signing.signer().key.public_key()
    for number, made in store.checkpoints(uow.conn, after=checked):
        if made.size > tree.size:
            break
        roots = store.page(uow.conn, start=max(made.size, 1), limit=1)
        if number != checked + 1:
            return (made.size, f"checkpoint {checked + 1} is missing"), checked
        if not merkle.signed_by(made, key) or not roots or roots[0].root != made.root:
            why = f"records {before + 1} to {made.size} are not those of checkpoint {number}"
            return (before + 1, why), checked
        checked = number
    return None, checked


def _raise_broken(uow: UnitOfWork, position: int, why: str) -> None:
    told = {
        "rule": "EVIDENCE_BROKEN",
        "severity": "high",
        "score": 100,
        "explanation": {"zh": f"存证日志第{position}条校验不通过。", "en": f"The evidence log breaks: {why}."},
        "numbers": {"position": position},
        "claims": [],
        "parties": [],
        "path": [],
    }
    raised = Raised(
        alert="EVIDENCE_BROKEN",
        severity="high",
        subject_kind="evidence",
        subject=f"{evidence.SUBJECT}:{position}",
        programme=PROGRAMME,
        region="52",
        evidence=told,
    )
    raise_alerts(uow, [raised])
