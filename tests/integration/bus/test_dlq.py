"""Dead letters as a person meets them: told apart, replayed as often as they die, and never taken for done."""

from __future__ import annotations

import json
import os

import pika
import pytest
from click.testing import CliRunner

from infra import cli, dlq
from infra.bus import names, topology
from infra.bus.delivery import Letter
from infra.bus.publisher import LetterPublisher
from infra.local.cli import show
from tests.integration.bus.client import Client
from tests.integration.bus.test_traps import event_body


def put(uri: str, service: str, queue: str, letter: Letter) -> None:
    """Into the dead queue, as the consumer of `queue` does."""
    publisher = LetterPublisher(uri, service, queue=queue, confirm_timeout=5)
    publisher.publish([letter])
    publisher.close()


def run(*words: str) -> tuple[int, list[str]]:
    """Exit code and lines of `yunquan dlq …`."""
    done = CliRunner().invoke(cli.yunquan, ["dlq", *words])
    return done.exit_code, done.output.splitlines()


@pytest.fixture
def every_queue(amqp_uri, monkeypatch) -> str:
    """The whole topology, and the command line turned to it."""
    topology.declare(amqp_uri, topology.plan())
    monkeypatch.setenv("YUNQUAN_AMQP_URI", amqp_uri)
    return amqp_uri


@pytest.mark.parametrize("attempts", [len(names.LADDER), 0], ids=["at once", "up the ladder"])
def test_an_event_that_dies_again_can_be_replayed_again(world, attempts):
    """Lost otherwise: the second death makes of an event a command `events-toy`, which no queue takes."""
    world.serve()
    client = world.client()
    headers = {names.HEADER_ATTEMPTS: attempts}
    for rung, _ in names.LADDER[1:]:  # the upper rungs let go at once
        client.channel.queue_delete(names.retry_queue("toy", rung))
        arguments = {"x-message-ttl": 1, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "events-toy"}
        client.channel.queue_declare(names.retry_queue("toy", rung), durable=True, arguments=arguments)
    properties = pika.BasicProperties(content_type="application/json", headers=headers)
    client.channel.basic_publish("toy.events", "toy.gift.v1", event_body("later"), properties)
    for _ in range(3):
        world.wait_until(lambda: client.count("dead-toy") == 1)
        (letter,) = dlq.letters(world.uri, "toy")
        assert (letter.kind, letter.routing_key) == ("event", "toy.gift.v1")
        assert dlq.replay(world.uri, "toy", lambda _letter: True).sent == 1
    world.wait_until(lambda: client.count("dead-toy") == 1)
    client.result("toy.deposit", key="k", account_id="predecessor", amount_fen=1)
    assert dlq.replay(world.uri, "toy", lambda _letter: True).sent == 1
    world.wait_until(lambda: "toy.gift.v1:later:1" in world.effects())


@pytest.mark.parametrize(
    ("queue", "exchange", "key", "header", "expected"),
    [
        ("events-toy", "toy.events", "toy.gift.v1", None, ("event", "toy.gift.v1")),
        ("events-toy", "", "events-toy", "toy.gift.v1", ("event", "toy.gift.v1")),
        ("rpc-toy", "nameko-rpc", "toy.deposit", None, ("command", "toy.deposit")),
        ("rpc-toy", "nameko-rpc", "toy.deposit", "toy.withdraw", ("command", "toy.deposit")),
        ("rpc-toy", "nameko-rpc", "toy.v1", None, ("command", "toy.v1")),
    ],
    ids=["event", "replayed event", "command", "command with our header", "command named as an event"],
)
def test_the_queue_a_letter_died_in_says_what_it_is(world, queue, exchange, key, header, expected):
    """Lost otherwise: by a caller's header or name an operator's replay goes to another method, or to no queue."""
    channel = world.client().channel
    headers = {names.HEADER_ROUTING_KEY: header} if header else {}
    channel.basic_publish(exchange, key, b"x", pika.BasicProperties(headers=headers))
    method = world.wait_until(lambda: channel.basic_get(queue)[0])
    channel.basic_reject(method.delivery_tag, requeue=False)  # the broker's way into the dead queue
    put(world.uri, "toy", queue, Letter("undecodable", key, b"y", headers))  # ours
    world.wait_until(lambda: dlq.count(world.uri, "toy") == 2)
    assert {(letter.kind, letter.routing_key) for letter in dlq.letters(world.uri, "toy")} == {expected}


def test_one_letter_that_is_refused_does_not_keep_the_others(every_queue):
    """Lost otherwise: a hundred events wait for one command's token; a mistyped id passes for a replay."""
    put(every_queue, "voucher", "rpc-voucher", Letter("defect", "voucher.place_order", b"{}"))
    for _ in range(2):
        put(every_queue, "voucher", "events-voucher", Letter("defect", "registry.product_published.v1", b"{}"))
    missing = "Error: no dead letter bogusid of voucher"
    assert run("replay", "voucher", "bogusid") == (1, ["0 replayed", missing])
    assert run("drop", "voucher", "bogusid", "--yes") == (1, ["0 dropped", missing])
    code, said = run("replay", "voucher", "--all")
    assert (code, said[-2:]) == (1, ["2 replayed", "Error: 1 refused"]), said
    assert "--token" in said[0]
    (left,) = dlq.letters(every_queue, "voucher")
    assert left.kind == "command"


def test_an_event_that_nobody_was_bound_for_is_seen_and_published_again(every_queue, tmp_path, capsys):
    """Lost otherwise: what `unrouted` keeps is kept for good, and nobody knows of it."""
    client = Client(every_queue)
    type_ = "registry.product_published.v1"
    headers = {names.HEADER_STREAM_SEQ: 7}
    properties = pika.BasicProperties(type=type_, headers=headers, content_type="application/cloudevents+json")
    heard = ("voucher", "settlement", "supervision", "notify")
    for service in heard:
        client.channel.queue_unbind(names.events_queue(service), "registry.events", type_)
    client.channel.confirm_delivery()
    client.channel.basic_publish("", names.UNROUTED, b"event", properties, mandatory=True)  # as the relay does
    (line,) = [line for line in run("list")[1] if line.startswith("unrouted")]
    assert line.split() == ["unrouted", "1"]
    (tmp_path / "run").mkdir()
    state = {"amqp_uri": every_queue, "clock": "system", "folder": str(tmp_path), "processes": {}, "services": []}
    state |= {"pid": os.getpid(), "databases": {"toy": "sqlite:///"}}
    (tmp_path / "run" / "state.json").write_text(json.dumps(state))
    assert show(tmp_path), "it has no consumer, and needs none"
    assert names.UNROUTED in capsys.readouterr().out
    (line,) = run("list", "unrouted")[1]
    id_, _when, *said = line.split(maxsplit=4)
    assert said == ["event", type_, "no queue was bound for it"]
    assert run("show", "unrouted", id_)[1][0] == f"event {type_}"
    assert run("replay", "unrouted", id_) == (1, [f"{id_}: UnroutableError", "0 replayed", "Error: 1 refused"])
    client.channel.queue_bind(names.events_queue("voucher"), "registry.events", type_)
    assert run("replay", "unrouted", id_) == (0, ["1 replayed"])
    method, again, body = client.channel.basic_get(names.events_queue("voucher"))
    assert (method.exchange, method.routing_key, body) == ("registry.events", type_, b"event")
    assert again.headers[names.HEADER_STREAM_SEQ] == 7
    client.channel.basic_publish("", names.UNROUTED, b"event", properties, mandatory=True)
    assert run("drop", "unrouted", "--all", "--yes") == (0, ["1 dropped"])
    assert dlq.count(every_queue, names.UNROUTED) == 0
    client.close()
