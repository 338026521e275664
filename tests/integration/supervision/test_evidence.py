"""Lost if these fail: something said or decided would leave no trace, or a trace that can be changed."""

from __future__ import annotations

import json
import random
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts import catalogue, ulid
from contracts.catalogue import EVENTS
from contracts.client.errors import error_of
from infra import auth, signing
from infra import tables as common
from infra.db import UnitOfWork
from infra.local.keys import write_secret
from infra.messages import Event
from services.supervision import evidence, evidence_cli, shipping
from services.supervision.domain import merkle
from services.supervision.domain.merkle import Record, Signed, Verdict
from services.supervision.domain.rereading import Broken
from services.supervision.handlers import walking
from services.supervision.store import evidence as store
from services.supervision.store import tables
from services.supervision.store.tables import evidence as table
from tests.integration.supervision.kit import GUIZHOU, START, Kit, uid
from tests.profiles import SEED, examples, seed


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
        answer = self.kit.ask(method, **fields)
        if "code" in answer:
            raise error_of(answer)
        return answer


def log(kit: Kit) -> list[Record]:
    records: list[Record] = []
    start: str | None = "1"
    while start is not None:
        page = kit.ask("evidence_page", start=int(start), limit=7)
        records += [Record(**item) for item in page["items"]]
        start = page["next"]
    return records


def verdict(kit: Kit) -> Verdict:
    """What an auditor finds who has the log and the public key."""
    head = kit.ask("evidence_head")
    key = [signing.public_from(head["public_key"])]
    return merkle.verify([*log(kit), Signed(**head["head"])], key, algorithm=head["algorithm"])


def sound(kit: Kit) -> bool:
    return verdict(kit).ok


def unguarded(kit: Kit, *statements: Any) -> None:
    """What whoever owns the database can do: drop the triggers, and change what they like."""
    with kit.engine.begin() as conn:
        for guarded in ("evidence", "evidence_nodes", "evidence_checkpoints"):
            if kit.engine.dialect.name == "sqlite":
                for act in ("update", "delete"):
                    conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS {guarded}_no_{act}")
            else:
                conn.exec_driver_sql(f"DROP TRIGGER IF EXISTS {guarded}_append_only ON {guarded}")
        for statement in statements:
            conn.execute(statement)


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
    """Whoever owns the database can drop a trigger; the tree still tells."""
    kit.hear(*orders(kit, 1, 9))
    changed = sa.func.replace(table.c.body, "1000000", "9000000")
    unguarded(kit, sa.update(table).where(table.c.position == 4).values(body=changed))
    found = verdict(kit)
    assert (found.ok, found.position, found.fault) == (False, 4, "edited")


def rewrite(**values: Any) -> Any:
    return lambda at: [sa.update(table).where(table.c.position == at).values(**values)]


SIZES = (11, 26, 42)  # of the three checkpoints of `three_checkpoints`; the record behind each tells of it
LOG = 43
MADE = tables.evidence_checkpoints
COLUMNS = [column.name for column in table.columns if column.name != "position"]
HELD = [name for name in merkle.KEPT if name != "position"]
SHA = merkle.hash_of("sha-256")


def proved_by(number: int) -> tuple[int, int]:
    """The records that checkpoint `number` proves and no earlier one does."""
    return (0, *SIZES)[number - 1] + 1, SIZES[number - 1]


def of_checkpoint(**values: Any) -> Any:
    return lambda at: [sa.update(MADE).where(MADE.c.number == 1 + at % 3).values(**values)]


def signed_by_another(at: int) -> list[Any]:
    """A checkpoint of the very records, with another key."""
    number = 1 + at % 3
    document = merkle.document_of(
        origin="yunquan", size=SIZES[number - 1], root="0" * 64, algorithm="sha-256", made_at=""
    )
    by = signing.Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32)))).sign(document)
    return of_checkpoint(document=document, signature=by)(at)


def moved(old: int, new: int) -> Any:
    return sa.update(table).where(table.c.position == old).values(position=new)


def swapped(at: int) -> list[Any]:
    """Two neighbours change places, with all that they hold."""
    return [moved(at, -1), moved(at + 1, at), moved(-1, at + 1)]


def contents_swapped(at: int) -> list[Any]:
    """What two neighbours hold, and not their hashes."""
    aside = sa.insert(table).from_select(["position", *COLUMNS], _like(at, -1))
    return [aside, _as(at, at + 1), _as(at + 1, -1), sa.delete(table).where(table.c.position == -1)]


def _as(at: int, other: int) -> Any:
    there = table.alias("there")
    held = {name: sa.select(there.c[name]).where(there.c.position == other).scalar_subquery() for name in HELD}
    return sa.update(table).where(table.c.position == at).values(held)


def _like(at: int, position: int, **other: Any) -> Any:
    """A copy of record `at` for another place; its event's id, which is there once, is another."""
    other = {"event_id": uid("Z", at), **other}
    return sa.select(
        sa.literal(position), *(sa.literal(other[name]) if name in other else table.c[name] for name in COLUMNS)
    ).where(table.c.position == at)


def room_at(at: int) -> list[Any]:
    """Every record from there on moves down by one."""
    return [moved(old, old + 1) for old in range(LOG, at - 1, -1)]


def doubled(at: int) -> list[Any]:
    return [*room_at(at + 1), sa.insert(table).from_select(["position", *COLUMNS], _like(at, at + 1))]


def put_behind(at: int) -> list[Any]:
    return [sa.insert(table).from_select(["position", *COLUMNS], _like(at, LOG + 1))]


def put_in(at: int) -> list[Any]:
    """A record of another log, with the hash that it has there."""
    return [*doubled(at - 1), *of_another_log(at)]


def of_another_log(at: int) -> list[Any]:
    kept = {"recorded_at": "2018-09-01T00:00:00Z", "stream_seq": at, "body": f'{{"id":"{at}"}}'}
    return [sa.update(table).where(table.c.position == at).values(**kept, **hashed(at, kept), root="ab" * 32)]


def hashed(at: int, kept: dict[str, Any]) -> dict[str, str]:
    return {"leaf": merkle.leaf_of(SHA, position=at, **kept).hex()}


def removed_and_closed_up(at: int) -> list[Any]:
    later = [moved(old, old - 1) for old in range(at + 1, LOG + 1)]
    return [sa.delete(table).where(table.c.position == at), *later]


def rehashed(at: int) -> list[Any]:
    """The record's own hash is made to fit."""
    kept = {"recorded_at": "2017-01-01T00:00:00Z", "stream_seq": 1, "body": "{}"}
    return [sa.update(table).where(table.c.position == at).values(**kept, **hashed(at, kept))]


def cut_off(at: int) -> list[Any]:
    return [sa.delete(table).where(table.c.position >= at)]


def dropped(at: int) -> list[Any]:
    return [sa.delete(MADE).where(MADE.c.number == 1 + at % 3)]


def dropped_and_uncounted(_at: int) -> list[Any]:
    head = tables.evidence_head
    return [*dropped(2), sa.update(head).values(checkpoints=2, checkpoint_size=SIZES[1])]


def counted_more(_at: int) -> list[Any]:
    return [sa.update(tables.evidence_head).values(checkpoints=5)]


def another_subtree(at: int) -> list[Any]:
    return [sa.insert(tables.evidence_nodes).values(level=8, at=at, hash="0" * 64)]


def here(at: int) -> tuple[int, None]:
    return at, None


def forged_range(at: int) -> tuple[int, int]:
    return proved_by(1 + at % 3)[0], LOG


def dropped_range(at: int) -> tuple[int, int | None]:
    """Up to the one behind it; of the last, the record that tells of it."""
    number = 1 + at % 3
    return (proved_by(number)[0], SIZES[number]) if number < 3 else (LOG, None)


# What is done to record `at`, how that is then named, and where: the record, or the first and the last in doubt.
CHANGES: dict[str, tuple[Any, str, Any]] = {
    "body": (rewrite(body=table.c.body + " "), "edited", here),
    "stream_seq": (rewrite(stream_seq=7777), "edited", here),
    "recorded_at": (rewrite(recorded_at="2017-01-01T00:00:00Z"), "edited", here),
    "leaf": (rewrite(leaf="0" * 64), "edited", here),
    "leaf that is none": (rewrite(leaf="x" * 64), "edited", here),
    "root": (rewrite(root="0" * 64), "edited", here),
    "event_id": (rewrite(event_id="01ZZZZZZZZZZZZZZZZZZZZZZZZ"), "edited", here),
    "source": (rewrite(source="/yunquan/notify"), "edited", here),
    "type": (rewrite(type="voucher.order_failed.v1"), "edited", here),
    "subject": (rewrite(subject="another"), "edited", here),
    "time": (rewrite(time=START), "edited", here),
    "rehashed": (rehashed, "edited", here),
    "of another log": (of_another_log, "edited", here),
    "removed": (lambda at: [sa.delete(table).where(table.c.position == at)], "removed", here),
    "removed and closed up": (removed_and_closed_up, "removed", here),
    "cut off": (cut_off, "truncated", lambda at: (at, LOG)),
    "swapped": (swapped, "reordered", here),
    "contents swapped": (contents_swapped, "reordered", here),
    "moved to the end": (lambda at: [moved(at, LOG + 1)], "reordered", here),
    "doubled": (doubled, "inserted", lambda at: (at + 1, None)),
    "put in": (put_in, "inserted", here),
    "put behind": (put_behind, "inserted", lambda _at: (LOG + 1, None)),
    "head": (lambda _at: [sa.update(tables.evidence_head).values(root="0" * 64)], "edited", lambda _at: (LOG, None)),
    "edge": (lambda _at: [sa.update(tables.evidence_head).values(edge=[])], "edited", lambda _at: (LOG, None)),
    "checkpoint's size": (of_checkpoint(size=5), "forged", forged_range),
    "checkpoint's document": (
        of_checkpoint(document={"kind": "evidence-checkpoint", "size": 3}),
        "forged",
        forged_range,
    ),
    "checkpoint's signature": (
        of_checkpoint(signature={"algorithm": "Ed25519", "signature": "AAAA"}),
        "forged",
        forged_range,
    ),
    "checkpoint of another key": (signed_by_another, "forged", forged_range),
    "checkpoint dropped": (dropped, "removed", dropped_range),
    "last checkpoint dropped and not counted": (dropped_and_uncounted, "removed", lambda _at: (LOG, None)),
    "checkpoints counted that are not": (counted_more, "removed", lambda _at: (LOG, LOG)),
    "another subtree": (another_subtree, "edited", lambda _at: (1, LOG)),
}


def three_checkpoints(kit: Kit) -> None:
    """Forty-three records under three checkpoints, of each of which the record behind it tells."""
    for first, last in ((1, 11), (12, 25), (26, 40)):
        kit.clock.advance(timedelta(hours=1))
        kit.hear(*orders(kit, first, last))
        kit.pipeline.run_due()
        made = kit.said("checkpoint_made")[-1]
        kit.hear(kit.event(made["type"], "evidence", made["data"], sequence=made["sequence"]))


def reread(kit: Kit, conn: sa.Connection) -> list[Broken]:
    """What supervision finds when it reads its log again."""
    uow = UnitOfWork(conn, now=kit.clock.now(), service="supervision", catalogue=catalogue, new_id=ulid.new)
    return walking.read_again(uow, store.read_log(conn), store.Walked())[0].found


def changed(kit: Kit, *statements: Any) -> list[Broken]:
    """What is then found; the change itself is undone."""
    with kit.engine.connect() as conn:
        for statement in statements:
            conn.execute(statement)
        found = reread(kit, conn)
        conn.rollback()
    return found


def test_whatever_is_changed_in_the_tables_is_found_and_named(light: Kit) -> None:
    """Lost otherwise: tampering by whoever owns the database is found when an auditor comes, or never, or he is sent to
    the wrong record. Each kind of change, at random places, hundreds of times."""
    three_checkpoints(light)
    unguarded(light)
    assert changed(light) == []
    first = seed()
    for number in range(first, first + examples(10)):
        at = random.Random(number).randrange(2, 40)
        for name, (change, fault, place) in CHANGES.items():
            found = changed(light, *change(at))
            assert found, (name, at, f"{SEED}={number}")
            named = (found[0].fault, found[0].position, found[0].until)
            assert named == (fault, *place(at)), (name, at, f"{SEED}={number}", found)


def test_a_log_rolled_back_whole_is_found_by_what_was_shipped(light: Kit, tmp_path, monkeypatch) -> None:
    """Records, head and checkpoints of an older moment agree among themselves: a checkpoint elsewhere does not."""
    three_checkpoints(light)
    shipping.ship(light.engine, (tmp_path / "shipped").as_uri(), now=light.clock.now())
    tree = merkle.Tree(SHA)
    for record in log(light)[: SIZES[1] + 1]:
        tree.add(bytes.fromhex(record.leaf))
    older = {"size": tree.size, "root": tree.root().hex(), "edge": [one.hex() for one in tree.edge]}
    counts = {"checkpoints": 2, "checkpoint_size": SIZES[1]}
    gone = [*cut_off(tree.size + 1), sa.delete(MADE).where(MADE.c.number == 3)]
    unguarded(light, *gone, sa.update(tables.evidence_head).values(**older, **counts))
    assert changed(light) == [], "by itself it is a log of yesterday"
    code, told, _ = command(light, monkeypatch)("verify", "--checkpoint", tmp_path / "shipped")
    assert (code, told["fault"], told["position"]) == (1, "truncated", SIZES[1] + 2)


@pytest.mark.parametrize("name", ["body", "root", "removed", "checkpoint dropped"])
def test_supervision_reads_its_own_log_again_and_alerts_once(kit: Kit, name: str) -> None:
    """Lost otherwise: what was found is told to nobody, or every hour anew."""
    change, fault, place = CHANGES[name]
    kit.market(enterprises=1)
    three_checkpoints(kit)
    kit.pipeline.run_due()
    assert kit.ask("list_alerts", programme=GUIZHOU)["items"] == []
    unguarded(kit, *change(23))
    kit.pipeline.run_due()
    assert kit.ask("list_alerts", programme=GUIZHOU)["items"] == [], "not again before an hour has passed"
    for _ in range(3):
        kit.clock.advance(walking.WALK_AGAIN)
        kit.pipeline.run_due()
        kit.pipeline.run_due()
        [alert] = kit.ask("list_alerts", programme=GUIZHOU)["items"]
        assert (alert["alert"], alert["severity"], alert["repeats"]) == ("EVIDENCE_BROKEN", "high", 0)
    assert alert["evidence"]["numbers"]["fault"] == fault
    if place is here:
        assert alert["evidence"]["numbers"] == {"position": 23, "fault": fault}


def test_all_that_was_edited_is_named_and_not_the_first_alone(light: Kit) -> None:
    """Else one change that everyone knows of would cover for all later ones."""
    three_checkpoints(light)
    unguarded(light, *(statement for at in (7, 19, 33) for statement in rewrite(body=table.c.body + " ")(at)))
    light.clock.advance(walking.WALK_AGAIN)
    light.pipeline.run_due()
    found = light.ask("list_alerts", programme=GUIZHOU)["items"]
    assert sorted(alert["evidence"]["numbers"]["position"] for alert in found) == [7, 19, 33]


def test_a_walk_that_was_put_off_for_ever_is_begun_all_the_same(light: Kit) -> None:
    """How far the log was read again stands in the same database."""
    three_checkpoints(light)
    late = {"walked_at": light.clock.now() + timedelta(days=9999), "size": 0, "edge": [], "checkpoint": 0}
    unguarded(light, sa.update(tables.evidence_walk).values(**late), *rewrite(body="{}")(5))
    light.pipeline.run_due()
    assert len(light.ask("list_alerts", programme=GUIZHOU)["items"]) == 1


def test_a_log_whose_key_changed_verifies_by_both_keys(light: Kit, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost otherwise: after a change of keys every log is broken, or an old key proves nothing any more."""
    light.hear(*orders(light, 1, 5))
    light.clock.advance(timedelta(hours=1))
    light.pipeline.run_due()
    [made] = light.said("checkpoint_made")
    light.hear(light.event(made["type"], "evidence", made["data"], sequence=1))
    (tmp_path / "earlier.pub").write_bytes(signing.public_pem(signing.signer().key.public_key()))
    write_secret(tmp_path / "new.pem", auth.generate_keys()[0])
    monkeypatch.setenv(signing.SETTING, str(tmp_path / "new.pem"))
    run, file, keys = command(light, monkeypatch), tmp_path / "log", tmp_path / "keys.pem"
    assert run("verify")[1]["fault"] == "forged"
    monkeypatch.setenv(signing.EARLIER, str(tmp_path / "earlier.pub"))
    assert run("verify")[0] == 0
    assert run("export", "--out", file, "--key-out", keys)[0] == run("verify", "--file", file, "--key", keys)[0] == 0
    light.clock.advance(timedelta(hours=2))
    light.pipeline.run_due()
    assert light.ask("list_alerts", programme=GUIZHOU)["items"] == []


def test_a_log_rewritten_with_all_its_hashes_breaks_at_the_checkpoints(light: Kit) -> None:
    """Only the signed checkpoints stand against whoever computes everything anew, stored subtrees and head too."""
    light.hear(*orders(light, 1, 1000))
    light.hear(*orders(light, 1001, 1010))
    anew = merkle.Tree(merkle.hash_of("sha-256"))
    changes: list[Any] = []
    for record in log(light):
        body = record.body + " " if record.position == 700 else record.body
        kept = {"recorded_at": record.recorded_at, "stream_seq": record.stream_seq, "body": body}
        leaf = merkle.leaf_of(anew.hash, position=record.position, **kept)
        for level, at, node in anew.add(leaf):
            where = (tables.evidence_nodes.c.level == level) & (tables.evidence_nodes.c.at == at)
            changes.append(sa.update(tables.evidence_nodes).where(where).values(hash=node.hex()))
        changes += rewrite(body=body, leaf=leaf.hex(), root=anew.root().hex())(record.position)
    edge = [one.hex() for one in anew.edge]
    changes.append(sa.update(tables.evidence_head).values(root=anew.root().hex(), edge=edge))
    unguarded(light, *changes)
    light.pipeline.run_due()
    [alert] = light.ask("list_alerts", programme=GUIZHOU)["items"]
    assert alert["alert"] == "EVIDENCE_BROKEN"
    assert "checkpoint 1" in alert["evidence"]["explanation"]["en"]


def test_a_stored_subtree_that_was_changed_is_found(light: Kit) -> None:
    """Else proofs would be made of hashes that are none of the log's."""
    light.hear(*orders(light, 1, 600))
    unguarded(light, sa.update(tables.evidence_nodes).where(tables.evidence_nodes.c.at == 1).values(hash="0" * 64))
    light.pipeline.run_due()
    [alert] = light.ask("list_alerts", programme=GUIZHOU)["items"]
    assert alert["evidence"]["numbers"] == {"position": 257, "fault": "edited", "until": 512}


def test_gaps_in_a_producers_stream_are_counted_until_they_close(kit: Kit) -> None:
    events = orders(kit, 1, 6)
    kit.hear(events[0], events[5])
    assert kit.ask("totals", programme=GUIZHOU, year=2018)["figures"]["stream_gaps"] == 4
    kit.hear(events[3], events[1])
    assert kit.ask("totals", programme=GUIZHOU, year=2018)["figures"]["stream_gaps"] == 2
    kit.hear(*events)
    assert kit.ask("totals", programme=GUIZHOU, year=2018)["figures"]["stream_gaps"] == 0


def test_a_checkpoint_every_thousand_records_and_one_an_hour(kit: Kit) -> None:
    """They are signed and published, so that a log computed anew from start to end is still found out."""
    kit.hear(*orders(kit, 1, 999))
    assert kit.said("checkpoint_made") == []
    kit.hear(*orders(kit, 1000, 1200))
    [made] = kit.said("checkpoint_made")
    assert (made["data"]["size"], made["data"]["root"]) == (1200, log(kit)[-1].root)
    told = merkle.signed_of(made["data"])
    assert merkle.signed_by(told, [signing.public_from(made["data"]["public_key"])])
    assert kit.pipeline.run_due()["hourly_checkpoint"] == 0
    kit.hear(*orders(kit, 1201, 1205))
    kit.clock.advance(timedelta(hours=1))
    assert kit.pipeline.run_due()["hourly_checkpoint"] == 1
    assert kit.pipeline.run_due()["hourly_checkpoint"] == 0
    last = kit.said("checkpoint_made")[-1]
    assert (last["sequence"], last["data"]["size"]) == (2, 1205)
    own = kit.event(last["type"], "evidence", last["data"], sequence=2)
    kit.hear(own)
    kit.clock.advance(timedelta(hours=1))
    assert kit.pipeline.run_due()["hourly_checkpoint"] == 0, "or an idle system would talk to itself for ever"
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


def command(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs `yunquan evidence …` on the kit: exit code, the JSON of its last line, what it said beside."""
    monkeypatch.setattr(evidence_cli, "client_of", lambda *_args, **_more: FakeClient(kit))
    monkeypatch.setattr(evidence_cli, "PAGE", 7)

    def run(*arguments: object) -> tuple[int, dict[str, Any], str]:
        done = CliRunner().invoke(evidence_cli.evidence, [str(one) for one in arguments])
        said = done.stdout.splitlines()
        return done.exit_code, json.loads(said[-1]) if said else {}, done.stderr

    return run


def test_export_and_verify_from_the_command_line(kit: Kit, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.hear(*orders(kit, 1, 30))
    run = command(kit, monkeypatch)
    file, key = tmp_path / "evidence.jsonl", tmp_path / "key.pem"
    root = kit.ask("evidence_head")["root"]
    said = {"ok": True, "records": 30, "root": root}
    assert run("export", "--out", file, "--key-out", key)[:2] == (0, {**said, "file": str(file)})
    assert run("verify")[:2] == (0, said)
    assert run("verify", "--file", file, "--key", key)[:2] == (0, said)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:12] + lines[13:]))
    code, told, words = run("verify", "--file", file, "--key", key)
    assert (code, told["ok"], told["records"], told["position"], told["fault"]) == (1, False, 11, 12, "removed")
    assert "broken at record 12" in words
    assert run("verify", "--file", file)[0] == 2, "without a key nothing is proved"
    assert run("verify", "--file", tmp_path / "nothing", "--key", key)[:2] == (2, {})


def test_a_proof_by_the_services_and_by_an_export_is_the_same(
    kit: Kit, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Order and place of two records, to whoever has the proof and the public key alone."""
    events = orders(kit, 1, 40)
    kit.hear(*events)
    run = command(kit, monkeypatch)
    file, key, first, second = (tmp_path / name for name in ("log", "key.pem", "first", "second"))
    run("export", "--out", file, "--key-out", key)
    assert run("prove", "--position", 7, "--file", file, "--out", second)[1]["positions"] == [7]
    pair = ("--before", events[4].id, "--after", events[31].id)
    for where in ((), ("--file", file)):
        assert run("prove", *pair, *where, "--out", first)[:2] == (0, {"ok": True, "positions": [5, 32], "size": 40})
        assert run("verify", "--proof", first, "--key", key)[0] == 0
        turned = ("--before", events[31].id, "--after", events[4].id)
        assert run("prove", *turned, *where, "--out", second)[0] == 1
        assert run("prove", "--position", 41, *where, "--out", second)[0] == 2
        assert run("prove", "--position", 1, "--checkpoint", 39, *where, "--out", second)[0] == 2
    lying = json.loads(first.read_bytes())
    first.write_text(json.dumps({**lying, "order": lying["order"][::-1]}))
    assert run("verify", "--proof", first, "--key", key)[0] == 1
    assert run("prove", "--before", events[4].id, "--out", first)[0] == 2
    wanted = [part for number in (31, 4) for part in ("--event", events[number].id)]
    assert run("prove", *wanted, "--out", first)[:2] == (0, {"ok": True, "positions": [5, 32], "size": 40})
    assert run("prove", *wanted, "--file", file, "--out", second)[0] == 0
    assert json.loads(first.read_bytes()) == json.loads(second.read_bytes())
    code, told, _ = run("verify", "--proof", first, "--key", key)
    assert (code, [one["id"] for one in told["records"]]) == (0, [events[4].id, events[31].id])
    first.write_bytes(first.read_bytes().replace(b'"position":5', b'"position":33'))
    assert run("verify", "--proof", first, "--key", key)[0] == 1
    assert run("prove", "--event", uid("V", 999_999), "--file", file, "--out", first)[0] == 2


def test_checkpoints_are_shipped_in_order_once_each_until_they_are_taken(
    kit: Kit, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A place outside that has yesterday's checkpoint catches whoever rewrites the log with the key in hand."""
    for part in range(3):
        kit.hear(*orders(kit, 10 * part + 1, 10 * part + 10))
        kit.clock.advance(timedelta(hours=1))
        kit.pipeline.run_due()
    place, away = tmp_path / "shipped.jsonl", tmp_path / "away" / "shipped.jsonl"
    with pytest.raises(OSError, match="No such file"):
        shipping.ship(kit.engine, away.as_uri(), now=kit.clock.now())
    away.parent.mkdir()
    for to in (place, away):
        assert shipping.ship(kit.engine, to.as_uri(), now=kit.clock.now()) == 3
        assert shipping.ship(kit.engine, to.as_uri(), now=kit.clock.now()) == 0
    sizes = [json.loads(line)["document"]["size"] for line in place.read_text().splitlines()]
    assert sizes == [one["data"]["size"] for one in kit.said("checkpoint_made")]
    assert place.read_text() == away.read_text()
    run = command(kit, monkeypatch)
    assert run("verify", "--checkpoint", place)[0] == 0
    unguarded(kit, *rewrite(body=table.c.body + " ")(2))
    assert run("verify", "--checkpoint", place)[0] == 1


@pytest.mark.parametrize(
    ("named", "found"),
    [
        ("", []),
        ("file:///srv/a  https://audit.example/in", ["file:///srv/a", "https://audit.example/in"]),
        ("/srv/a", None),
        ("ftp://host/a", None),
        ("https:///a", None),
    ],
)
def test_places_are_files_and_web_addresses_alone(named: str, found: list[str] | None) -> None:
    if found is None:
        with pytest.raises(shipping.PlaceUnusable):
            shipping.places({shipping.SETTING: named})
    else:
        assert shipping.places({shipping.SETTING: named}) == found


def test_a_web_address_takes_a_checkpoint_by_saying_so(light: Kit) -> None:
    """What was answered with an error is sent again, and nothing after it before."""
    answers, taken = [500, 200, 200], []

    class Place(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            code = answers.pop(0)
            if code == 200:
                taken.append(json.loads(body)["document"]["size"])
            self.send_response(code)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return None

    for part in range(2):
        light.hear(*orders(light, 10 * part + 1, 10 * part + 10))
        light.clock.advance(timedelta(hours=1))
        light.pipeline.run_due()
    with ThreadingHTTPServer(("127.0.0.1", 0), Place) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        place = f"http://127.0.0.1:{server.server_port}/in"
        try:
            with pytest.raises(OSError, match="500"):
                shipping.ship(light.engine, place, now=light.clock.now())
            assert shipping.ship(light.engine, place, now=light.clock.now()) == 2
        finally:
            server.shutdown()
            thread.join()
    assert taken == [one["data"]["size"] for one in light.said("checkpoint_made")]


def test_a_log_begins_with_the_hash_that_is_set_and_keeps_it(light: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(evidence.ALGORITHM, "sm3")
    light.hear(*orders(light, 1, 5))
    monkeypatch.delenv(evidence.ALGORITHM)
    light.hear(*orders(light, 6, 9))
    assert light.ask("evidence_head")["algorithm"] == "sm3"
    assert sound(light)
    monkeypatch.setenv(evidence.ALGORITHM, "md5")
    with pytest.raises(evidence.EvidenceHashUnknown, match="sha-256, sm3"):
        evidence.algorithm()


def test_an_event_without_its_text_is_written_as_its_envelope(kit: Kit) -> None:
    """Only outside the bus: what the evidence shows is still the whole envelope."""
    [order] = orders(kit, 1, 1)
    bare = Event(**{**{name: getattr(order, name) for name in order.__dataclass_fields__}, "raw": None})
    assert json.loads(evidence.text_of(bare)).keys() == json.loads(order.raw or "").keys()
    assert json.loads(evidence.text_of(bare))["data"]["order_id"] == uid("R", 1)
