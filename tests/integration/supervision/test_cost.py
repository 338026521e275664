"""Lost if these fail: a batch would cost as many statements as it has events, and everybody's news would pile up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import sqlalchemy as sa

from infra.messages import Event
from tests.integration.supervision.kit import GUIZHOU, Kit


@contextmanager
def counted(kit: Kit) -> Iterator[list[str]]:
    """Statements sent while the block runs; an insert of many rows counts once."""
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    sa.event.listen(kit.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(kit.engine, "before_cursor_execute", note)


def news(kit: Kit, size: int, offset: int) -> list[Event]:
    """All kinds of news, and as many claims: every second one of a party tied to its provider."""
    events = []
    for number in range(offset, offset + size):
        kit.clock.advance(timedelta(seconds=1))
        shared = {"phone": f"{number:064d}"} if number % 2 else {}
        about = {"provider": number, "product": number}
        events += [kit.enterprise(number, **shared), kit.provider(number, **shared), kit.product(number, number)]
        events += [
            kit.tie(number, number, number),
            kit.order(number, number, **about),
            kit.filing(number, number, programme=GUIZHOU, category="application"),
            kit.claim(number, number, **about),
        ]
    return events


def test_a_batch_of_hundreds_takes_as_many_statements_as_one_of_six(kit: Kit) -> None:
    kit.hear(*news(kit, 3, 1_000))
    counts = []
    for size, offset in ((2, 2_000), (60, 3_000)):
        events = news(kit, size, offset)
        with counted(kit) as seen:
            kit.hear(*events)
        # a subtree of 256 records is kept when it is complete: one statement, once in 256 records
        seen = [s for s in seen if "INSERT INTO evidence_nodes" not in s]
        counts.append(len([s for s in seen if "INSERT" not in s.upper() or "RETURNING" not in s.upper()]))
        assert len(kit.verdicts(offset)) == 1
    assert counts[0] == counts[1], counts
    assert counts[0] < 50


def test_resolving_many_takes_as_many_statements_as_resolving_one(kit: Kit) -> None:
    kit.hear(*news(kit, 62, 1_001))
    ids = [one["subject"] for one in kit.said("alert_raised")]
    counts = []
    for chosen in (ids[:1], ids[1:51]):
        fields = {"verdict": "false_alarm", "reason": "已核实"}
        commands = [kit.command("resolve_alert", {"alert_id": alert_id, **fields}) for alert_id in chosen]
        with counted(kit) as seen:
            answers = kit.batch(*commands)
        assert all(answer["ok"] for answer in answers)
        counts.append(len([s for s in seen if "INSERT" not in s.upper() or "RETURNING" not in s.upper()]))
    assert counts[0] == counts[1], counts
