"""Lost if these fail: something said or decided would leave no trace, or a trace that can be changed."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from contracts.catalogue import EVENTS
from infra import tables as common
from infra.messages import Event
from services.supervision import cli, evidence
from services.supervision.domain.chain import Head, Record, verify
from services.supervision.store.tables import evidence as table
from tests.integration.supervision.kit import GUIZHOU, Kit, uid


class FakeClient:
    """The services' front door as the command line sees it, on the kit."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def __enter__(self) -> FakeClient:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def call(self, service: str, method: str, **fields: Any) -> dict[str, Any]:
        assert service == "supervision"
        return self.kit.ask(method, **fields)


def log(kit: Kit) -> list[Record]:
    records: list[Record] = []
    start: str | None = "1"
    while start is not None:
        page = kit.ask("evidence_page", start=int(start), limit=7)
        records += [Record(**item) for item in page["items"]]
        start = page["next"]
    return records


def sound(kit: Kit) -> bool:
    head = kit.ask("evidence_head")
    return verify([*log(kit), Head(head["size"], head["head"])]).ok


def orders(kit: Kit, first: int, last: int) -> list[Event]:
    return [kit.order(number) for number in range(first, last + 1)]


def test_every_event_is_kept_once_in_the_order_it_came_as_it_was_sent(kit: Kit) -> None:
    events = orders(kit, 1, 20)
    kit.hear(*events[:15])
    kit.hear(*events[10:])
    records = log(kit)
    assert [record.body for record in records] == [event.raw for event in events]
    assert [record.position for record in records] == list(range(1, 21))
    assert sound(kit)


def test_an_event_that_the_inbox_has_forgotten_is_still_kept_once(kit: Kit) -> None:
    """The inbox forgets after a month; a dead letter replayed later must not count twice."""
    events = orders(kit, 1, 5)
    kit.hear(*events)
    with kit.engine.begin() as conn:
        conn.execute(sa.delete(common.inbox))
    kit.hear(*events, *orders(kit, 6, 6))
    assert len(log(kit)) == 6
    assert kit.ask("totals", programme=GUIZHOU, year=2018)["rows"]["evidence"] == {"voucher": 6}


def test_events_of_types_nobody_acts_on_are_kept_too(kit: Kit) -> None:
    """Refusals above all: who was turned away, and by which article."""
    data = {
        "method": "place_order",
        "code": "BLACKLISTED",
        "facts": {},
        "actor_roles": ["platform"],
    }
    refusals = [kit.event(f"{name}.command_refused.v1", "key-1", data) for name in ("voucher", "notify", "supervision")]
    kit.hear(*refusals)
    totals = kit.ask("totals", programme=GUIZHOU, year=2018)
    assert totals["rows"]["evidence"] == {"notify": 1, "supervision": 1, "voucher": 1}
    assert {event.split(".")[0] for event in EVENTS} >= set(totals["rows"]["evidence"])


@pytest.mark.parametrize("change", [sa.update(table).values(body="{}"), sa.delete(table)], ids=["update", "delete"])
def test_the_database_itself_refuses_change(kit: Kit, change: Any) -> None:
    kit.hear(*orders(kit, 1, 3))
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), kit.engine.begin() as conn:
        conn.execute(change)
    assert len(log(kit)) == 3


def test_a_database_changed_behind_its_back_is_found_out(kit: Kit) -> None:
    """Whoever owns the database can drop a trigger; the chain still tells."""
    kit.hear(*orders(kit, 1, 9))
    name = "evidence_no_update" if kit.engine.dialect.name == "sqlite" else "evidence_append_only ON evidence"
    with kit.engine.begin() as conn:
        conn.exec_driver_sql(f"DROP TRIGGER {name}")
        body = conn.execute(sa.select(table.c.body).where(table.c.position == 4)).scalar_one()
        conn.execute(sa.update(table).where(table.c.position == 4).values(body=body.replace("1000000", "9000000")))
    head = kit.ask("evidence_head")
    verdict = verify([*log(kit), Head(head["size"], head["head"])])
    assert (verdict.ok, verdict.position, verdict.fault) == (False, 4, "edited")


def test_gaps_in_a_producers_stream_are_counted_until_they_close(kit: Kit) -> None:
    events = orders(kit, 1, 6)
    kit.hear(events[0], events[5])
    assert kit.ask("totals", programme=GUIZHOU, year=2018)["figures"]["stream_gaps"] == 4
    kit.hear(events[3], events[1])
    assert kit.ask("totals", programme=GUIZHOU, year=2018)["figures"]["stream_gaps"] == 2
    kit.hear(*events)
    assert kit.ask("totals", programme=GUIZHOU, year=2018)["figures"]["stream_gaps"] == 0


def test_a_checkpoint_every_thousand_records_and_one_a_day(kit: Kit) -> None:
    """They are published, so that a log computed anew from start to end is still found out."""
    kit.hear(*orders(kit, 1, 999))
    assert kit.said("checkpoint_made") == []
    kit.hear(*orders(kit, 1000, 1200))
    [made] = kit.said("checkpoint_made")
    assert made["data"] == {"size": 1200, "head": log(kit)[-1].hash}
    assert kit.pipeline.run_due()["daily_checkpoint"] == 0
    kit.hear(*orders(kit, 1201, 1205))
    kit.clock.advance(timedelta(days=1))
    assert kit.pipeline.run_due()["daily_checkpoint"] == 1
    assert kit.pipeline.run_due()["daily_checkpoint"] == 0
    last = kit.said("checkpoint_made")[-1]
    assert (last["sequence"], last["data"]["size"]) == (2, 1205)
    own = kit.event(last["type"], "evidence", last["data"], sequence=2)
    kit.hear(own)
    kit.clock.advance(timedelta(days=1))
    assert kit.pipeline.run_due()["daily_checkpoint"] == 0, "or an idle system would talk to itself for ever"
    assert sound(kit)


def test_writers_side_by_side_make_one_chain(kit: Kit) -> None:
    """Two replicas append at once: no fork, nothing lost, nothing twice."""
    batches = [orders(kit, start, start + 9) for start in range(1, 201, 10)]
    done: list[int] = []

    def send(mine: list[list[Event]]) -> None:
        for batch in mine:
            kit.hear(*batch)
        done.append(len(mine))

    threads = [threading.Thread(target=send, args=(batches[at::2] + batches[:3],)) for at in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert done == [13, 13]
    assert len({record.body for record in log(kit)}) == len(log(kit)) == 200
    assert sound(kit)


def test_export_and_verify_from_the_command_line(kit: Kit, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.hear(*orders(kit, 1, 30))
    monkeypatch.setattr(cli, "_client", lambda *_args, **_more: FakeClient(kit))
    monkeypatch.setattr(cli, "PAGE", 7)
    run = CliRunner().invoke
    file = tmp_path / "evidence.jsonl"
    exported = run(cli.evidence, ["export", "--out", str(file)])
    head = kit.ask("evidence_head")
    assert json.loads(exported.stdout.splitlines()[-1]) == {
        "ok": True,
        "records": 30,
        "head": head["head"],
        "file": str(file),
    }
    for arguments in (["verify"], ["verify", "--file", str(file)]):
        verified = run(cli.evidence, arguments)
        assert verified.exit_code == 0, verified.output
        last = json.loads(verified.stdout.splitlines()[-1])
        assert last == {"ok": True, "records": 30, "head": head["head"]}
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:11] + lines[12:]))
    broken = run(cli.evidence, ["verify", "--file", str(file)])
    assert broken.exit_code == 1
    said = json.loads(broken.stdout.splitlines()[-1])
    assert (said["ok"], said["records"], said["position"], said["fault"]) == (False, 11, 12, "removed")
    assert "broken at record 12" in broken.stderr
    wrong = run(cli.evidence, ["verify", "--checkpoint", f"3:{'0' * 64}"])
    assert (wrong.exit_code, json.loads(wrong.stdout.splitlines()[-1])["fault"]) == (1, "rewritten")
    missing = run(cli.evidence, ["verify", "--file", str(tmp_path / "nothing")])
    assert (missing.exit_code, missing.stdout) == (2, "")


def test_an_event_without_its_text_is_written_as_its_envelope(kit: Kit) -> None:
    """Only outside the bus: what the evidence shows is still the whole envelope."""
    [order] = orders(kit, 1, 1)
    bare = Event(**{**{name: getattr(order, name) for name in order.__dataclass_fields__}, "raw": None})
    assert json.loads(evidence.text_of(bare)).keys() == json.loads(order.raw or "").keys()
    assert json.loads(evidence.text_of(bare))["data"]["order_id"] == uid("R", 1)
