"""The bus's parts without a broker: what is taken together, what is acknowledged how, where each method goes."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

import contracts.catalogue
from infra import cli
from infra.bus import names, topology
from infra.bus.consumer import QueueConsumer, Source
from infra.bus.delivery import Delivery
from infra.settings import Settings


def consumer(batch: int = 10, **changes: object) -> QueueConsumer:
    settings = Settings(**changes)
    return QueueConsumer(Source("toy", "rpc-toy", batch, settings), lambda deliveries, alive: [])


def delivery(tag: int, *, redelivered: bool = False, size: int = 2) -> Delivery:
    return Delivery(tag, "toy.deposit", redelivered, b"x" * size)


TAKEN = [  # what lies there (R: redelivered, a number: bytes), and how it is cut
    ("..........", ["0-9"]),
    ("............", ["0-9", "10-11"]),
    ("R..", ["0", "1-2"]),
    ("..R.R", ["0-1", "2", "3", "4"]),
    ("RR", ["0", "1"]),
]


@pytest.mark.parametrize(("lying", "cuts"), TAKEN)
def test_what_is_taken_together(lying, cuts):
    """Lost otherwise: a message that killed a process takes its neighbours along again."""
    one = consumer()
    one._received.extend(delivery(i, redelivered=mark == "R") for i, mark in enumerate(lying))
    got = []
    while taken := one._next():
        tags = [d.tag for d in taken]
        got.append(str(tags[0]) if len(tags) == 1 else f"{tags[0]}-{tags[-1]}")
    assert got == cuts


def test_a_batch_is_bounded_in_bytes_but_never_empty():
    """Lost otherwise: memory; or one large message stops its queue."""
    one = consumer(batch_bytes=100)
    one._received.extend(delivery(i, size=size) for i, size in enumerate([60, 30, 20, 500, 1]))
    assert [[d.tag for d in one._next()] for _ in range(4)] == [[0, 1], [2], [3], [4]]


@pytest.mark.parametrize(
    ("open_tags", "done", "acks"),
    [
        ([1, 2, 3], [1, 2, 3], [(3, True)]),
        ([1, 2, 3], [1, 2], [(2, True)]),
        ([1, 2, 3], [2, 3], [(2, False), (3, False)]),
        ([1, 2, 3], [1, 3], [(1, False), (3, False)]),
    ],
    ids=["all", "the oldest", "not the oldest", "a gap"],
)
def test_multiple_acknowledges_nothing_that_is_not_done(open_tags, done, acks):
    """Lost otherwise: a message still in hand is acknowledged with its neighbours, and lost with the process."""
    one = consumer()
    one._unacknowledged.extend(open_tags)
    sent = []
    channel = SimpleNamespace(basic_ack=lambda tag, multiple=False: sent.append((tag, multiple)))
    one._acknowledge(channel, [delivery(tag) for tag in done])
    assert sent == acks
    assert list(one._unacknowledged) == [tag for tag in open_tags if tag not in done]


def test_every_method_and_event_of_the_catalogue_has_its_queue():
    """Lost otherwise: a method nobody is bound for, or a query behind a thousand commands."""
    planned = topology.plan()
    queues = {queue.name for queue in planned.queues}
    routed = {binding.key: binding.target for binding in planned.bindings if binding.source.endswith(".rpc")}
    for full_name, method in contracts.catalogue.METHODS.items():
        assert routed[full_name] == names.rpc_queue(method.service, names.queue_suffix(method))
        assert routed[full_name] in queues
    assert routed["voucher.apply_for_quota"] == "rpc-voucher.apply"
    assert routed["voucher.get_order"] == "rpc-voucher.query"
    for type_, event in contracts.catalogue.EVENTS.items():
        heard = {b.target for b in planned.bindings if b.source == f"{event.producer}.events" and b.key == type_}
        assert {names.events_queue(consumer) for consumer in (*event.consumers, "supervision")} <= heard


def test_every_queue_is_bounded_durable_and_keeps_what_it_gives_up():
    """Lost otherwise: messages dropped by a full queue, or by the broker's own dead-lettering."""
    planned = topology.plan()
    for queue in planned.queues:
        assert queue.arguments["x-queue-type"] == "quorum"
        assert queue.arguments["x-overflow"] == "reject-publish"
        assert queue.arguments["x-delivery-limit"] >= 100
        if queue.name.startswith(("rpc-", "events-")):
            assert queue.arguments["x-dead-letter-strategy"] == "at-least-once"
            assert queue.arguments["x-dead-letter-routing-key"] == names.dead_queue(
                queue.name.split("-")[1].split(".")[0]
            )
    single = [queue.name for queue in planned.queues if queue.arguments.get("x-single-active-consumer")]
    assert single == ["rpc-voucher.apply"]


def test_a_service_has_an_entry_point_for_each_of_its_queues():
    """Lost otherwise: a queue that fills and nobody says so."""
    script = """
import sys, warnings
warnings.simplefilter("ignore")
from tests.integration.bus.toy_service import Toy
print(sorted(name for name in vars(Toy) if name.startswith("on_")))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    expected = ["on_apply", "on_bulk", "on_command", "on_event", "on_query", "on_tick"]
    assert done.stdout.strip() == str(expected), done.stderr[-2000:]


def test_people_list_the_topology_and_make_tokens(tmp_path):
    """Lost otherwise: the commands the operations guide names."""
    from infra import auth

    private, public = auth.generate_keys()
    (tmp_path / "key.pem").write_bytes(private)
    listed = CliRunner().invoke(cli.yunquan, ["topology", "--list"])
    assert "queue    dead-voucher" in listed.output
    arguments = ["token", str(tmp_path / "key.pem"), "--subject", "li", "--role", "bureau", "--programme", "p"]
    made = CliRunner().invoke(cli.yunquan, arguments)
    assert auth.Verifier(public).verify(made.output.strip()).roles == {"bureau"}
