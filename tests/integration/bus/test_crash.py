"""What a kill -9, a second replica, a broker restart and duplicates can do to effects: nothing."""

from __future__ import annotations

import json
import signal
import time

import pika
import pytest
import sqlalchemy as sa

from infra.bus import names
from tests.integration.bus.test_traps import event_body, locked_accounts, publish_event
from tests.unit.infra import toy


def test_a_process_killed_inside_its_transaction_loses_and_doubles_nothing(world):
    """Lost otherwise: a command in hand when the machine dies, or its effect twice after the restart."""
    (first,) = world.serve()
    client = world.client()
    with locked_accounts(world) as anyone_waits:
        ids = [client.send("toy.deposit", key=f"k{i}", account_id=f"a{i % 7}", amount_fen=1) for i in range(150)]
        world.wait_until(anyone_waits)
        first.send_signal(signal.SIGKILL)
        first.wait(10)
    assert world.effects() == []
    world.serve()
    assert all(reply["result"]["ok"] for reply in client.wait(ids, deadline=60))
    assert world.effects() == sorted(f"deposit:k{i}" for i in range(150))


def test_kills_again_and_again_under_load_keep_every_effect_single(world):
    """Lost otherwise: money, when a replica dies after its commit and before its ack."""
    world.serve(2)
    client = world.client()
    ids: list[str] = []
    for round_ in range(3):
        for i in range(200):
            ids.append(client.send("toy.deposit", key=f"k{round_}-{i}", account_id=f"a{i % 5}", amount_fen=1))
        want = 200 * round_ + 60
        world.wait_until(
            lambda n=want: (client.connection.process_data_events(0), len(client.replies) > n)[1], deadline=40
        )
        victim = next(p for p in world.processes if p.poll() is None)
        victim.send_signal(signal.SIGKILL)
        victim.wait(10)
        world.start()
    assert all(reply["result"]["ok"] for reply in client.wait(ids, deadline=60))
    effects = world.effects()
    assert len(effects) == len(set(effects)) == 600
    assert sum(world.balance(f"a{i}") for i in range(5)) == 600


def test_a_message_that_kills_its_process_takes_no_neighbour_with_it(world):
    """Lost otherwise: the queue behind it for a hundred deaths; or, with a low delivery limit, its neighbours."""
    world.serve(YUNQUAN_TICK_SECONDS="600")
    client = world.client()
    with locked_accounts(world) as anyone_waits:
        ids = [client.send("toy.deposit", key=f"k{i}", account_id="a", amount_fen=1) for i in range(20)]
        world.wait_until(anyone_waits)
        killer = client.send("toy.deposit", key="crash", account_id="crash", amount_fen=1)
        ids += [client.send("toy.deposit", key=f"l{i}", account_id="a", amount_fen=1) for i in range(20)]
    kills = 0
    while client.count("dead-toy") == 0:
        world.wait_until(lambda: world.processes[-1].poll() is not None or client.count("dead-toy"), deadline=60)
        if world.processes[-1].poll() is not None:
            kills += 1
            world.start(YUNQUAN_TICK_SECONDS="600")
    assert 3 <= kills <= 5
    assert all(reply["result"]["ok"] for reply in client.wait(ids, deadline=60))
    assert (world.balance("a"), world.balance("crash")) == (40, 0)
    assert client.wait([killer])[0]["result"]["error"]["code"] == "INTERNAL"
    assert client.count("dead-toy") == 1


def test_two_replicas_share_commands_and_one_alone_takes_applications(world):
    """Lost otherwise: first come first served, when two replicas take applications side by side."""
    world.serve(2)
    client = world.client()
    world.consumers("rpc-toy", 2)
    ids = [client.send("toy.apply", key=f"k{i}", account_id=f"a{i}", amount_fen=1) for i in range(300)]
    client.wait(ids, deadline=60)
    with world.engine.connect() as conn:
        order = [row.what for row in conn.execute(toy.effects.select().order_by(toy.effects.c.n))]
    assert order == [f"deposit:k{i}" for i in range(300)]


def test_the_same_event_many_times_takes_effect_once(world):
    """Lost otherwise: at-least-once delivery shows in the books."""
    world.serve(2)
    client = world.client()
    body = event_body("a")
    for _ in range(50):
        publish_event(client, body)
    publish_event(client, event_body("last"))
    world.wait_until(lambda: len(world.effects()) == 2 and client.count("events-toy") == 0)
    assert world.effects() == ["toy.gift.v1:a:1", "toy.gift.v1:last:1"]


def test_sigterm_finishes_what_is_in_hand_and_leaves_the_rest(world):
    """Lost otherwise: each deployment redelivers hundreds of messages, one at a time."""
    (process,) = world.serve()
    client = world.client()
    with locked_accounts(world) as anyone_waits:
        ids = [client.send("toy.deposit", key=f"k{i}", account_id="a", amount_fen=1) for i in range(100)]
        world.wait_until(anyone_waits)
        process.terminate()
    assert process.wait(30) == 0
    left = []  # what the broker had not handed over yet
    while (found := client.channel.basic_get("rpc-toy", auto_ack=True))[0]:
        left.append(found)
    assert not any(method.redelivered for method, _, _ in left)
    answered = client.wait([i for i in ids if i not in {properties.correlation_id for _, properties, _ in left}])
    assert answered
    assert all(reply["result"]["ok"] for reply in answered)
    assert world.balance("a") == len(answered)


def test_heartbeats_go_on_while_a_batch_waits(world):
    """Lost otherwise: the connection, each time a handler waits longer than two heartbeats, and its work is redone."""
    world.serve(YUNQUAN_HEARTBEAT="3", YUNQUAN_TICK_SECONDS="600", YUNQUAN_LOCK_TIMEOUT_MS="30000")
    client = world.client()
    with locked_accounts(world) as anyone_waits:
        sent = client.send("toy.deposit", key="k", account_id="a", amount_fen=1)
        world.wait_until(anyone_waits)
        until = time.monotonic() + 10  # the broker gives up after two silent heartbeats
        world.wait_until(lambda: time.monotonic() > until)
    assert client.wait([sent])[0]["result"]["ok"]
    assert "consumer.lost" not in world.logs()


@pytest.mark.faults
def test_a_broker_restart_is_survived_by_consumers(world, rabbit):
    """Lost otherwise: a service that must be restarted by hand after its broker."""
    (process,) = world.serve()
    assert world.client().result("toy.deposit", key="k1", account_id="a", amount_fen=1)["ok"]
    rabbit.restart()
    again = world.client()
    assert again.result("toy.deposit", key="k2", account_id="a", amount_fen=1)["ok"]
    assert process.poll() is None
    publish_event(again, event_body("a"))
    world.wait_until(lambda: "toy.gift.v1:a:1" in world.effects(), deadline=30)


@pytest.mark.faults
def test_a_database_that_is_away_pauses_events_and_loses_none(world, postgres):
    """Lost otherwise: events climb the ladder into the dead queue while the database restarts."""
    world.serve()
    client = world.client()
    name = world.database_url.rpartition("/")[2]
    elsewhere = sa.create_engine(postgres.uri("postgres"), isolation_level="AUTOCOMMIT")
    with elsewhere.connect() as conn:
        conn.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        conn.execute(sa.text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"))
    world.engine.dispose()
    try:
        for i in range(10):
            publish_event(client, event_body(f"a{i}"))
        answer = client.result("toy.deposit", key="k", account_id="a", amount_fen=1)
        assert answer["error"]["code"] == "UNAVAILABLE"
        world.wait_until(lambda: "consumer.paused" in world.logs())
    finally:
        with elsewhere.connect() as conn:
            conn.execute(sa.text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
        elsewhere.dispose()
    world.wait_until(lambda: len([e for e in world.effects() if "gift" in e]) == 10, deadline=30)
    assert client.count("dead-toy") == 0
    assert sum(client.count(names.retry_queue("toy", rung)) for rung, _ in names.LADDER) == 0
    assert client.result("toy.deposit", key="k", account_id="a", amount_fen=1)["ok"]


def test_dead_letters_are_listed_shown_replayed_and_dropped(world):
    """Lost otherwise: what died stays dead, or can be looked at only twenty times."""
    from click.testing import CliRunner

    from infra import cli, dlq

    world.serve()
    client = world.client()
    properties = pika.BasicProperties(content_type="application/json", headers={names.HEADER_ATTEMPTS: 4})
    late = json.loads(event_body("later"))
    client.channel.basic_publish("toy.events", "toy.gift.v1", json.dumps(late), properties)
    client.send("toy.deposit", key="p", account_id="poison", amount_fen=1)
    client.send("toy.deposit", reply=False, key="q", account_id="a", amount_fen=1)
    world.wait_until(lambda: client.count("dead-toy") == 3)
    for _ in range(30):
        found = dlq.letters(world.uri, "toy")
    assert sorted((letter.kind, letter.reason) for letter in found) == [
        ("command", "defect"),
        ("command", "no reply_to"),
        ("event", "defect: NotYet"),
    ]
    by_reason = {letter.reason: letter for letter in found}
    client.result("toy.deposit", key="k", account_id="predecessor", amount_fen=1)
    event = by_reason["defect: NotYet"]
    assert dlq.replay(world.uri, "toy", lambda letter: letter.id == event.id).sent == 1
    world.wait_until(lambda: "toy.gift.v1:later:1" in world.effects())
    lost = by_reason["no reply_to"]
    kept = dlq.replay(world.uri, "toy", lambda letter: letter.id == lost.id)
    assert (kept.sent, len(kept.refused)) == (0, 1)
    assert dlq.replay(world.uri, "toy", lambda letter: letter.id == lost.id, token=world.token()).sent == 1
    world.wait_until(lambda: "deposit:q" in world.effects())
    assert dlq.count(world.uri, "toy") == 1
    assert dlq.drop(world.uri, "toy", lambda letter: True) == 1
    assert dlq.count(world.uri, "toy") == 0
    for arguments in (["dlq", "replay", "voucher"], ["dlq", "drop", "voucher", "--yes", "x", "--all"]):
        assert CliRunner().invoke(cli.yunquan, arguments).exit_code == 2
