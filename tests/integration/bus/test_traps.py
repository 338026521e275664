"""One test for each trap of nameko, kombu and their neighbours, named after it.

Where the trap is stock behaviour the test runs twice: `mended=False` shows the trap sprung in stock.py (or py-amqp
itself), `mended=True` shows ours. Elsewhere the docstring says how the test was seen to fail. The traps of a private
node's listeners are in tests/integration/test_local_rabbitmq.py, those of the standalone proxy in the tests of
contracts/client.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import amqp
import pika
import pytest
import sqlalchemy as sa
from ulid import ULID

from infra import dlq
from infra.bus import names
from infra.bus.caller import AmqpCalls
from infra.bus.connection import connect
from infra.bus.consumer import QueueConsumer, Source
from infra.bus.delivery import Delivery, Letter
from infra.bus.publisher import LetterPublisher, NotPublished
from infra.calls import CallFailed
from infra.db import create_engine
from infra.settings import Settings
from tests.integration.bus.client import Client
from tests.integration.bus.conftest import ROOT
from tests.unit.infra import toy

both = pytest.mark.parametrize("mended", [False, True], ids=["unmended", "mended"])


@pytest.fixture
def stock(world):
    """Start stock.py; its folder and process."""
    folder = world.folder / "stock"
    folder.mkdir()

    def start():
        log = (world.folder / "stock.log").open("wb")
        command = [sys.executable, str(Path(__file__).with_name("stock.py")), world.uri, str(folder)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        world.processes.append(process)
        world.wait_until((folder / "ready").exists, deadline=20, what=world.logs()[-2000:])
        return SimpleNamespace(folder=folder, process=process)

    return start


def event_body(account: str) -> bytes:
    event = {
        "specversion": "1.0",
        "id": str(ULID()),
        "source": "/yunquan/toy",
        "type": "toy.gift.v1",
        "time": "2026-01-05T01:00:00Z",
        "subject": account,
        "sequence": 1,
        "correlationid": "c",
        "causationid": None,
        "datacontenttype": "application/json",
        "data": {"account_id": account},
    }
    return json.dumps(event).encode()


def publish_event(client: Client, body: bytes) -> None:
    properties = pika.BasicProperties(content_type="application/json", delivery_mode=2)
    client.channel.basic_publish("toy.events", "toy.gift.v1", body, properties)


def close_connections(rabbit, uri: str) -> None:
    """Every connection of this test's virtual host, as a broken network would."""
    vhost = uri.rpartition("/")[2]
    rabbit.evaluate(
        '[rabbit_networking:close_connection(proplists:get_value(pid, I), "test") || I <- '
        f'rabbit_networking:connection_info_all([pid, vhost]), proplists:get_value(vhost, I) =:= <<"{vhost}">>]'
    )


@contextmanager
def locked_accounts(world):
    """Hold the toy's table, so that its handler waits; yields a function that tells whether one does."""
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with world.engine.connect() as blocker, blocker.begin():
        blocker.execute(sa.text("LOCK TABLE accounts"))
        yield lambda: blocker.execute(waiting).scalar_one() > 0


@both
def test_a_handler_that_raises_is_acked_by_default(world, stock, mended):
    """Lost otherwise: the event. Unmended its queue is empty; ours climbs the ladder and takes effect."""
    client = world.client()
    if not mended:
        started = stock()
        publish_event(client, event_body("later"))
        world.wait_until((started.folder / "heard").exists)
        queue = "evt-toy-toy.gift.v1--stock.on_gift"
        world.wait_until(lambda: client.count(queue) == 0)
        started.process.kill()
        started.process.wait(10)
        assert client.count(queue) == 0, "nameko kept it"
        return
    world.serve()
    publish_event(client, event_body("later"))  # its predecessor is missing
    world.wait_until(lambda: "event.later" in world.logs())
    assert client.result("toy.deposit", key="k", account_id="predecessor", amount_fen=1)["ok"]
    world.wait_until(lambda: "toy.gift.v1:later:1" in world.effects(), deadline=20)


def test_what_can_never_be_handled_climbs_every_rung_and_is_kept(world):
    """Lost otherwise: a poisonous event turns for ever, or vanishes. Seen failing with the attempts header dropped."""
    world.serve(YUNQUAN_LADDER_SCALE="1")
    client = world.client()
    body = event_body("poison")
    headers = {names.HEADER_ATTEMPTS: len(names.LADDER) - 2}  # two rungs are left: 9 s and 72 s at this scale
    properties = pika.BasicProperties(content_type="application/json", delivery_mode=2, headers=headers)
    client.channel.basic_publish("toy.events", "toy.gift.v1", body, properties)
    world.wait_until(lambda: client.count(names.retry_queue("toy", "15m")) == 1)
    headers[names.HEADER_ATTEMPTS] = len(names.LADDER)
    client.channel.basic_publish("toy.events", "toy.gift.v1", event_body("poison"), properties)
    world.wait_until(lambda: client.count("dead-toy") == 1)
    (letter,) = dlq.letters(world.uri, "toy")
    assert (letter.kind, letter.routing_key, letter.reason) == ("event", "toy.gift.v1", "defect: RuntimeError")


@both
def test_an_undecodable_body_is_logged_and_acked(world, stock, mended):
    """Lost otherwise: the message. Ours lies in the dead queue with its bytes."""
    client = world.client()
    if not mended:
        started = stock()
        publish_event(client, b"\x00 not JSON")
        publish_event(client, event_body("a"))
        world.wait_until((started.folder / "heard").exists)
        started.process.kill()
        started.process.wait(10)
        assert client.count("evt-toy-toy.gift.v1--stock.on_gift") == 0
        return
    world.serve()
    publish_event(client, b"\x00 not JSON")
    publish_event(client, event_body("b"))
    world.wait_until(lambda: client.count("dead-toy") == 1)
    (letter,) = dlq.letters(world.uri, "toy")
    assert letter.body == b"\x00 not JSON"
    assert letter.reason.startswith("undecodable")
    world.wait_until(lambda: "toy.gift.v1:b:1" in world.effects())


@both
def test_an_event_no_queue_is_bound_for_is_confirmed_and_dropped(world, mended):
    """Lost otherwise: the event. Our relay gets it back and puts it into `unrouted` before it marks it."""
    client = world.client()
    client.channel.queue_unbind("events-toy", "toy.events", "toy.deposited.v1")
    if not mended:
        connection = connect(world.uri, heartbeat=0)
        channel = connection.channel()
        channel.basic_publish_confirm(
            amqp.Message(b"{}"), exchange="toy.events", routing_key="toy.deposited.v1", confirm_timeout=5
        )
        connection.close()
        assert client.count("unrouted") == 0
        return
    world.start("infra.relay")
    toy.pipeline(world.engine).run_commands("deposit", [toy.command("k")])
    world.wait_until(lambda: client.count("unrouted") == 1, what=world.logs()[-1000:])
    world.wait_until(lambda: "unrouted" in world.logs())


@both
def test_py_amqp_drains_inbound_frames_while_it_publishes(world, mended):
    """Lost otherwise: what came in meanwhile lies unseen while the loop waits: a hang."""
    queue = world.client().channel.queue_declare("", exclusive=False).method.queue
    if mended:
        consumer = QueueConsumer(Source("toy", queue, 10, world.settings), lambda deliveries, alive: [])
        consumer._received.append(Delivery(1, "toy.deposit", False, b"{}"))

        def refuse(timeout):
            assert not timeout, "waited with a message in hand"
            raise TimeoutError

        assert len(consumer._take(SimpleNamespace(drain_events=refuse, heartbeat_tick=lambda: None))) == 1
        return
    host = pika.URLParameters(world.uri)
    stock = amqp.Connection(
        f"{host.host}:{host.port}", host.credentials.username, host.credentials.password, virtual_host=host.virtual_host
    )
    stock.connect()
    channel = stock.channel()
    received = []
    channel.basic_consume(queue, callback=received.append)
    world.client().channel.basic_publish("", queue, b"in")

    def comes_in_while_publishing() -> bool:
        channel.basic_publish(amqp.Message(b"out"), exchange="", routing_key="nowhere")
        return bool(received)

    world.wait_until(comes_in_while_publishing)
    with pytest.raises(TimeoutError):
        stock.drain_events(timeout=0.5)  # the naive loop waits, with the message in hand
    assert len(received) == 1
    stock.close()


def test_psycopg2_refuses_copy_under_eventlets_wait_callback(postgres_url):
    """Lost otherwise: bulk loads by COPY in a service. Ours are multi-row inserts, which work there."""
    script = """
import sys, warnings
warnings.simplefilter("ignore")
from infra.bus.patch import patch
patch()
import io, psycopg2
from infra.db import create_engine
from tests.unit.infra import toy
engine = create_engine(sys.argv[1], service="toy")
assert all(a["ok"] for a in toy.pipeline(engine).run_commands("deposit", [toy.command(str(i)) for i in range(300)]))
raw = engine.raw_connection()
try:
    raw.cursor().copy_expert("COPY effects (what) FROM STDIN", io.StringIO("x"))
except psycopg2.ProgrammingError as error:
    print("refused")
"""
    done = subprocess.run(
        [sys.executable, "-c", script, postgres_url], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "refused\n", done.stderr[-2000:]


@both
def test_ack_and_reply_go_out_before_worker_result(world, stock, mended):
    """Lost otherwise: a caller is told of a success that is not committed, and may never be."""
    client = world.client()
    if not mended:
        started = stock()
        assert client.call("stock.book")["result"] == "booked"
        assert not (started.folder / "committed").exists(), "the reply came after the commit after all"
        return
    world.serve()
    for i in range(20):
        assert client.result("toy.deposit", key=f"k{i}", account_id="a", amount_fen=1)["ok"]
        assert world.balance("a") == i + 1, "answered before it was committed"


@both
@pytest.mark.faults
def test_an_rpc_runs_again_when_the_connection_dies_before_its_ack(world, stock, rabbit, mended):
    """Lost otherwise: one call, two effects. Unmended: the call is counted twice."""
    client = world.client()
    if not mended:
        started = stock()
        client.send("stock.count")
        world.wait_until((started.folder / "counted").exists)
        close_connections(rabbit, world.uri)
        world.wait_until(lambda: (started.folder / "counted").read_text() == "xx", deadline=20)
        return
    world.serve()
    with locked_accounts(world) as anyone_waits:
        client.send("toy.deposit", key="k", account_id="a", amount_fen=1)
        world.wait_until(anyone_waits)
        close_connections(rabbit, world.uri)
    again = world.client()
    assert again.result("toy.deposit", key="k", account_id="a", amount_fen=1)["ok"]
    assert again.result("toy.deposit", key="after", account_id="b", amount_fen=1)["ok"]
    assert world.balance("a") == 1


@both
def test_py_amqps_confirm_wait_takes_any_ack(world, mended):
    """Lost otherwise: a refused message passes for confirmed, because another's ack came first."""
    client = world.client()
    full = {"x-queue-type": "classic", "x-max-length": 1, "x-overflow": "reject-publish"}
    client.channel.queue_declare("full", arguments=full)
    client.channel.basic_publish("", "full", b"fills it")
    world.wait_until(lambda: client.count("full") == 1)
    if not mended:
        connection = connect(world.uri, heartbeat=0)
        channel = connection.channel()
        channel.basic_publish_confirm(amqp.Message(b"0"), exchange="amq.fanout", routing_key="")
        channel.basic_publish(amqp.Message(b"1"), exchange="amq.fanout", routing_key="")
        assert select.select([connection.sock], [], [], 5)[0], "its ack is here, and nobody has looked at it"
        channel.basic_publish_confirm(amqp.Message(b"2"), exchange="", routing_key="full", confirm_timeout=5)
        assert client.count("full") == 1, "the second was refused, and nobody said so"
        connection.collect()
        return
    publisher = LetterPublisher(world.uri, "toy", queue="events-toy", confirm_timeout=5)
    publisher.publish([Letter("fine", "toy.gift.v1", b"1")])
    client.channel.queue_delete("retry-toy-5s")
    client.channel.queue_declare("retry-toy-5s", arguments=full)
    publisher.publish([Letter("fills it", "toy.gift.v1", b"2", rung="5s")])
    with pytest.raises(NotPublished):
        publisher.publish([Letter("refused", "toy.gift.v1", b"3", rung="5s")])
    publisher.publish([Letter("fine again", "toy.gift.v1", b"4")])
    assert client.count("dead-toy") == 2
    publisher.close()


@both
@pytest.mark.faults
def test_publishers_hang_on_a_blocked_broker(world, rabbit, mended):
    """Lost otherwise: a consumer stops for ever without a word when the broker is short of memory."""
    world.client()
    ended = threading.Event()

    def publish() -> None:
        if mended:
            publisher = LetterPublisher(world.uri, "toy", queue="events-toy", confirm_timeout=0.5)
            with pytest.raises(NotPublished):
                publisher.publish([Letter("x", "toy.gift.v1", b"x")])
        else:
            connection = connect(world.uri, heartbeat=0)
            connection.sock.settimeout(None)
            channel = connection.channel()
            with suppress(Exception):
                channel.basic_publish_confirm(amqp.Message(b"x"), exchange="", routing_key="dead-toy")
        ended.set()

    thread = threading.Thread(target=publish, daemon=True)
    rabbit.evaluate("vm_memory_monitor:set_vm_memory_high_watermark(0.00001)")
    try:
        thread.start()
        assert ended.wait(3.0) is mended
    finally:
        rabbit.evaluate("vm_memory_monitor:set_vm_memory_high_watermark(0.4)")


@both
def test_calls_between_services_wait_for_ever(world, mended):
    """Lost otherwise: one slow service stops all that ask it. Nobody consumes here, so no answer ever comes."""
    ended = threading.Event()

    def call() -> None:
        if mended:
            calls = AmqpCalls(world.uri, token="t")
            with pytest.raises(CallFailed, match="UNAVAILABLE"):
                calls.call("toy", "balance", {"subject": "a"}, deadline_s=0.5)
            calls.close()
        else:
            from nameko.standalone.rpc import ServiceRpcProxy

            with suppress(Exception), ServiceRpcProxy("toy", {"AMQP_URI": world.uri}) as proxy:
                proxy.balance(subject="a")  # until the virtual host goes from under it
        ended.set()

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    assert ended.wait(2.0 if not mended else 5.0) is mended


def test_a_call_between_services_is_answered_or_refused_with_its_code(world):
    """Lost otherwise: the policy of a caller can't tell no from not now."""
    world.serve()
    calls = AmqpCalls(world.uri, token=world.token("service"))
    world.client().result("toy.deposit", key="k", account_id="a", amount_fen=3)
    assert calls.call("toy", "balance", {"subject": "a"}, deadline_s=10)["amount_fen"] == 3
    with pytest.raises(CallFailed, match="NOT_FOUND"):
        calls.call("toy", "balance", {"subject": "z"})
    started = time.monotonic()
    with pytest.raises(CallFailed, match="UNAVAILABLE"):
        calls.call("nowhere", "method", {}, deadline_s=30)
    assert time.monotonic() - started < 10, "a service that is not there is known at once"
    assert calls.call("toy", "balance", {"subject": "a"}, deadline_s=10)["amount_fen"] == 3
    calls.close()


@both
def test_eventlet_timeout_is_a_base_exception_and_no_handler_sees_it(world, stock, mended):
    """Lost otherwise: a caller, its message and a connection wait for ever. Ours is ended by the server."""
    client = world.client()
    if not mended:
        started = stock()
        given_up = client.send("stock.give_up")
        world.wait_until(lambda: "Timeout" in world.logs())
        with pytest.raises(AssertionError, match="not answered"):
            client.wait([given_up], deadline=2.0)
        assert started.process.poll() is None, "it lives on, and its caller and its message wait for ever"
        return
    engine = create_engine(world.database_url, service="toy", settings=Settings(statement_timeout_ms=100), pool_size=1)
    sleeping = toy.Route(lambda uow, commands: uow.conn.execute(sa.text("SELECT pg_sleep(30)")))
    pipeline = toy.pipeline(engine, commands={"deposit": sleeping, "withdraw": toy.Route(toy.deposit)})
    started_at = time.monotonic()
    assert pipeline.run_commands("deposit", [toy.command("k")])[0]["error"]["code"] == "INTERNAL"
    assert time.monotonic() - started_at < 10
    assert pipeline.run_commands("withdraw", [toy.command("k2")])[0]["ok"]
    assert engine.pool.checkedout() == 0
    engine.dispose()


@both
def test_a_request_without_reply_to_kills_the_container(world, stock, mended):
    """Lost otherwise: one careless message ends every replica in turn, since it comes again."""
    client = world.client()
    if not mended:
        started = stock()
        client.send("stock.ping", reply=False)
        assert started.process.wait(15) != 0
        world.wait_until(lambda: client.count("rpc-stock") == 1, what="it waits for the next victim")
        return
    (process,) = world.serve()
    client.send("toy.deposit", reply=False, key="k", account_id="a", amount_fen=1)
    world.wait_until(lambda: client.count("dead-toy") == 1)
    assert client.result("toy.deposit", key="k2", account_id="b", amount_fen=1)["ok"]
    assert process.poll() is None
    assert world.effects() == ["deposit:k2"]


@both
def test_exceptions_carry_arguments_to_the_caller(world, stock, mended):
    """Lost otherwise: SQL, file names and personal data in answers."""
    client = world.client()
    if not mended:
        stock()
        error = client.call("stock.fail", secret="id card 520100")["error"]
        assert "520100" in json.dumps(error)
        return
    world.serve()
    reply = client.call("toy.deposit", key="k", account_id="poison", amount_fen=1)
    assert reply["error"] is None
    assert reply["result"]["error"]["code"] == "INTERNAL"
    assert "poison" not in json.dumps(reply)
    world.wait_until(lambda: client.count("dead-toy") == 1)
    (letter,) = dlq.letters(world.uri, "toy")
    assert names.HEADER_TOKEN not in letter.headers, "a token lies in the dead queue"


@both
def test_prefetch_equals_max_workers(world, stock, mended):
    """Lost otherwise: a batch is never longer than ten. Ours takes two batches in advance, whatever the workers."""
    client = world.client()
    if not mended:
        stock()
        for _ in range(50):
            client.send("stock.slow")
        world.wait_until(lambda: client.count("rpc-stock") == 40)
        return
    with locked_accounts(world):
        world.serve(YUNQUAN_BATCH="100", YUNQUAN_TICK_SECONDS="600", YUNQUAN_LOCK_TIMEOUT_MS="60000")
        ids = [client.send("toy.deposit", key=f"k{i}", account_id="a", amount_fen=1) for i in range(250)]
        world.wait_until(lambda: client.count("rpc-toy") == 50, what="250 sent, 200 in hand")
    assert all(reply["result"]["ok"] for reply in client.wait(ids))


def test_namekos_cli_imports_pkg_resources(tmp_path):
    """Lost otherwise: the runner, wherever setuptools has dropped it. Ours starts without it."""
    script = """
import sys, warnings
warnings.simplefilter("ignore")
sys.modules["pkg_resources"] = None
from infra.bus.patch import patch
patch()
import infra.run, infra.bus.host, infra.bus.service
try:
    import nameko.cli.main
except ImportError:
    print("nameko needs it")
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout == "nameko needs it\n", done.stderr[-2000:]
