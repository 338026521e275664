"""What a caller sends and gets over the broker: nameko's wire format, coded answers, and nothing lost at the edge."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pika

from infra import auth, dlq, tables
from infra.bus import names, topology
from infra.messages import Actor
from tests.unit.infra import toy


def test_any_amqp_client_gets_its_answer_and_a_repeat_the_same(each_world):
    """Lost otherwise: platforms in Java or PHP cannot call us."""
    each_world.serve()
    client = each_world.client()
    first = client.result("toy.deposit", key="k1", account_id="a", amount_fen=5)
    assert first["ok"], first
    assert first["result"] == {"account_id": "a", "amount_fen": 5}
    assert client.result("toy.deposit", key="k1", account_id="a", amount_fen=5) == first
    assert each_world.effects() == ["deposit:k1"]
    assert client.result("toy.balance", subject="a")["result"]["amount_fen"] == 5
    assert client.result("toy.apply", key="k2", account_id="a", amount_fen=1)["ok"]
    (one, two) = client.result("toy.explain", token=each_world.token("auditor"), subject="a")["result"]["decisions"]
    assert (one["action"], two["outcome"]) == ("deposit", "ok")


def test_a_stock_nameko_proxy_calls_us_unchanged(world, tmp_path):
    """Lost otherwise: nameko services and shells of today's platforms can't call; errors must be nameko's own."""
    world.serve()
    script = tmp_path / "proxy.py"
    script.write_text(PROXY)
    token, uri = world.token(), world.uri
    done = subprocess.run([sys.executable, str(script), uri, token], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == {
        "ok": True,
        "balance": 5,
        "MethodNotFound": "no_such_method",
        "UnknownService": "nowhere",
        "IncorrectSignature": "IncorrectSignature",
    }


PROXY = """
import json, sys, warnings
warnings.simplefilter("ignore")
import eventlet
eventlet.monkey_patch()
from nameko.standalone.rpc import ClusterRpcProxy
from nameko.exceptions import IncorrectSignature, MethodNotFound, UnknownService

uri, token = sys.argv[1:]
out = {}
with ClusterRpcProxy({"AMQP_URI": uri}, context_data={"auth_token": token}, timeout=20) as cluster:
    out["ok"] = cluster.toy.deposit(key="k", account_id="n", amount_fen=5)["ok"]
    out["balance"] = cluster.toy.balance(subject="n")["result"]["amount_fen"]
    toy = cluster.toy
    for call in (lambda: toy.no_such_method(), lambda: cluster.nowhere.method(), lambda: toy.deposit("n")):
        try:
            call()
        except IncorrectSignature as error:
            out["IncorrectSignature"] = type(error).__name__
        except MethodNotFound as error:
            out["MethodNotFound"] = str(error)
        except UnknownService as error:
            out["UnknownService"] = error._service_name
print(json.dumps(out))
"""

GOOD = {"key": "k", "account_id": "a", "amount_fen": 1}
RAW = b'{"args": [], "kwargs": {"key": "k", "account_id": %s, "amount_fen": 1}}'
DEEP = b'{"args": [], "kwargs": {"key": "k", "a": ' + b"[" * 5000 + b"]" * 5000 + b"}}"

WRONG = [  # id, what is sent instead, the answer's code (or nameko's exception)
    ("no key", {"key": None}, "KEY_REQUIRED"),
    ("key too long", {"key": "k" * 65}, "INVALID"),
    ("key not text", {"key": 7}, "INVALID"),
    ("key with a control character", {"key": "a\x00b"}, "INVALID"),
    ("field missing", {"account_id": ...}, "INVALID"),
    ("field unknown", {"extra": 1}, "INVALID"),
    ("amount as text", {"amount_fen": "1"}, "INVALID"),
    ("amount as fraction", {"amount_fen": 1.5}, "INVALID"),
    ("amount too large", {"amount_fen": 10**400}, "INVALID"),
    ("amount zero", {"amount_fen": 0}, "INVALID"),
    ("text with a NUL", {"account_id": "a\x00"}, "INVALID"),
    ("list for text", {"account_id": ["a"]}, "INVALID"),
    ("too large", {"account_id": "a" * 1_100_000}, "TOO_LARGE"),
    ("half a surrogate pair", {"body": RAW % b'"\\ud800"'}, "MalformedRequest"),
    ("not JSON", {"body": b"\x00\xff"}, "MalformedRequest"),
    ("NaN", {"body": RAW % b"NaN"}, "MalformedRequest"),
    ("not an object", {"body": b"[]"}, "MalformedRequest"),
    ("no kwargs", {"body": b'{"args": []}'}, "MalformedRequest"),
    ("nested deep", {"body": DEEP}, None),
    ("another content type", {"content_type": "application/x-python-serialize"}, "MalformedRequest"),
    ("positional", {"body": b'{"args": ["a"], "kwargs": {}}'}, "IncorrectSignature"),
    ("no token", {"token": "none"}, "UNAUTHENTICATED"),
    ("deadline passed", {"headers": {"nameko.deadline": "1.0"}}, "DEADLINE_PASSED"),
]


def test_what_is_wrong_is_refused_at_the_edge_and_changes_nothing(world):
    """Lost otherwise: a hostile or careless call kills the consumer, reaches a handler, or shows an exception."""
    world.serve()
    client = world.client()
    for name, changes, code in WRONG:
        fields = {k: v for k, v in {**GOOD, **changes}.items() if v is not ...}
        reply = client.call("toy.deposit", **fields)
        got = reply["error"]["exc_type"] if reply["error"] else reply["result"]["error"]["code"]
        assert code is None or got == code, f"{name}: {got}"
        assert got not in ("INTERNAL",), name
        assert len(json.dumps(reply)) < 3000, f"{name}: the answer repeats what was sent"
    assert world.effects() == []
    assert toy.rows(world.engine, tables.answers) == []
    assert client.result("toy.deposit", **GOOD)["ok"], "the consumer still works"


def test_callers_do_what_their_token_allows_and_no_more(world):
    """Lost otherwise: one enterprise acts for another; an old or forged token opens the door."""
    world.serve()
    client = world.client()
    forged = auth.issue(auth.generate_keys()[0], Actor("x", frozenset({"platform"})), lifetime_s=60)
    cases = [
        (world.token("operator"), "a", None, "FORBIDDEN"),
        (world.token("enterprise", organisation="b"), "a", None, "NOT_OWNER"),
        (world.token("enterprise"), "a", None, "NOT_OWNER"),
        (world.token("enterprise", organisation="a"), "a", None, None),
        (world.token("platform", programme="guizhou-2018"), "a", "shanxi-2019", "PROGRAMME_MISMATCH"),
        (world.token("platform", programme="guizhou-2018"), "a", "guizhou-2018", None),
        (world.token("platform", now=time.time() - 700), "a", None, "UNAUTHENTICATED"),
        (forged, "a", None, "UNAUTHENTICATED"),
        ("x" * 5000, "a", None, "UNAUTHENTICATED"),
    ]
    for number, (token, account, programme, code) in enumerate(cases):
        answer = client.result(
            "toy.deposit", token=token, key=f"k{number}", account_id=account, amount_fen=1, programme=programme
        )
        assert (None if answer["ok"] else answer["error"]["code"]) == code, number
    assert world.balance("a") == 2


def test_a_list_of_commands_gets_a_list_of_outcomes(world):
    """Lost otherwise: an import of a register takes hours; or one bad row spoils its list."""
    world.serve()
    client = world.client()
    item = lambda method, key, **args: {"method": method, "key": key, "args": args}  # noqa: E731
    commands = [
        item("deposit", "1", account_id="a", amount_fen=1),
        item("deposit", "2", account_id="a", amount_fen=13),
        item("deposit", "3", account_id="a"),
        item("apply", "4", account_id="a", amount_fen=1),
        item("bulk", "5", commands=[]),
        item("balance", "6", subject="a"),
        item("deposit", "7", account_id="poison", amount_fen=1),
        item("withdraw", "8", account_id="b", amount_fen=1),
        item("deposit", "1", account_id="a", amount_fen=1),
    ]
    outcomes = client.result("toy.bulk", commands=commands)["result"]["outcomes"]
    codes = [None if o["ok"] else o["error"]["code"] for o in outcomes]
    unknown = "METHOD_UNKNOWN"
    assert codes == [None, "BLACKLISTED", "INVALID", unknown, unknown, unknown, "INTERNAL", None, None]
    assert world.effects() == ["deposit:1", "deposit:8"]
    world.wait_until(lambda: client.count("dead-toy") == 1)
    (letter,) = dlq.letters(world.uri, "toy")
    assert (letter.routing_key, json.loads(letter.body)["kwargs"]["key"]) == ("toy.deposit", "7")
    assert client.result("toy.bulk", commands=[{}] * 501)["error"]["code"] == "INVALID"


def test_due_work_is_done_by_the_tick_and_by_call(world):
    """Lost otherwise: deadlines pass and nothing happens; a simulation can't wait for them."""
    world.serve()
    world.wait_until(lambda: world.balance("due") == 1)
    answer = world.client().result("toy.run_due", token=world.token("ops"))
    assert answer["result"]["done"]["grant"] == 0


def test_a_direct_reply_and_an_answer_without_a_name_are_possible(world, raw):
    """Lost otherwise: clients on RabbitMQ's own reply-to pseudo-queue can't call."""
    world.serve()
    got = []
    raw.basic_consume("amq.rabbitmq.reply-to", lambda *a: got.append(json.loads(a[3])), auto_ack=True)
    properties = pika.BasicProperties(
        reply_to="amq.rabbitmq.reply-to", content_type="application/json", headers={"nameko.auth_token": world.token()}
    )
    raw.basic_publish("nameko-rpc", "toy.deposit", json.dumps({"args": [], "kwargs": GOOD}), properties)
    world.wait_until(lambda: (raw.connection.process_data_events(0.05), got)[1])
    assert got[0]["result"]["ok"]


def test_the_topology_is_declared_twice_and_listed(world):
    """Lost otherwise: a second start of the tool fails or changes a queue that is in use."""
    planned = topology.plan(toy.CATALOGUE, world.settings)
    topology.declare(world.uri, planned)
    listed = topology.lines(planned)
    assert "queue    rpc-toy.apply" in listed
    assert "binding  toy.rpc --toy.deposit--> rpc-toy" in listed
    assert names.dead_queue("toy") in "".join(listed)
