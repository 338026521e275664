"""The edge and what stands behind it, given what no caller of ours would send: it is answered alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

import contracts.catalogue
from infra.auth import Verifier, generate_keys, issue
from infra.bus import names
from infra.bus.delivery import Delivery
from infra.bus.dispatch import Dispatch
from infra.bus.edge import CommandEdge, EventEdge
from infra.db import create_engine
from infra.messages import Actor
from infra.settings import Settings
from tests.unit.infra import toy

PRIVATE, PUBLIC = generate_keys()
ID = "01A" + "0" * 23
LAST = "9999-12-31T23:59:59-01:00"  # an instant that UTC has no year for
FIRST = "0001-01-01T00:00:00+08:00"


def token(*roles: str) -> str:
    return issue(PRIVATE, Actor("u", frozenset(roles)), lifetime_s=60)


def delivery(method: str, body: dict[str, Any] | bytes, sent: object, tag: int = 1) -> Delivery:
    raw = body if isinstance(body, bytes) else json.dumps({"args": [], "kwargs": body}).encode()
    return Delivery(tag, method, False, raw, {names.HEADER_TOKEN: sent}, "application/json", "reply", str(tag))


def deep(head: str, levels: int = 900) -> bytes:
    nest = "[" * levels + "]" * levels
    return ('{"args": [], "kwargs": ' + head.replace("NEST", nest) + "}").encode()


def hostile() -> dict[str, tuple[Delivery, str]]:
    node = {"key": "k", "node_id": ID, "programme": "guizhou-2018", "year": 2018, "closes_at": LAST}
    listed = '{"commands": [{"method": "withdraw_claim", "key": "k", "args": {"a": NEST}}]}'
    return {
        "half a surrogate pair as token": (delivery("settlement.announce_node", node, "a.b.\ud800"), "UNAUTHENTICATED"),
        "an instant after the last": (delivery("settlement.announce_node", node, token("operator")), "INVALID"),
        "an instant before the first": (
            delivery("voucher.statement", {"account": "a", "since": FIRST}, token("auditor")),
            "INVALID",
        ),
        "a bulk call nested too deep": (delivery("settlement.bulk", deep(listed), token("operator")), "INVALID"),
    }


@pytest.mark.parametrize("name", hostile())
def test_the_edge_raises_for_nobody(name):
    """Lost otherwise: the whole batch is answered INTERNAL and kept, bodies and all, for one sender's message."""
    sent, code = hostile()[name]
    edge = CommandEdge(sent.routing_key.partition(".")[0], contracts.catalogue, Verifier(PUBLIC), Settings())
    request = edge.request(sent)
    assert request.command is None
    assert request.reply["result"]["error"]["code"] == code


class Broken(Verifier):
    """Fails as nobody foresaw for one token."""

    def verify(self, token: object) -> Actor:
        if token == "unforeseen":
            raise RuntimeError(token)
        return super().verify(token)


@pytest.fixture
def dispatch(sqlite_url: str) -> Dispatch:
    engine = create_engine(sqlite_url, service="toy")
    edge = CommandEdge("toy", toy.CATALOGUE, Broken(PUBLIC), Settings())
    return Dispatch(toy.pipeline(engine), edge, EventEdge("toy", toy.CATALOGUE))


def test_a_defect_of_the_edge_strikes_one_call(dispatch):
    """Lost otherwise: whoever finds the next one stops every caller of that queue."""
    ours = [{"key": f"k{i}", "account_id": "a", "amount_fen": 1} for i in range(3)]
    calls = [delivery("toy.withdraw", body, token("platform"), tag) for tag, body in enumerate(ours)]
    calls[1] = delivery("toy.withdraw", ours[1], "unforeseen", 1)
    done = dispatch.calls(calls)
    assert [one.delivery.tag for one in done] == [0, 1, 2]
    assert [one.reply["error"] and one.reply["error"]["exc_type"] for one in done] == [None, "MalformedRequest", None]
    assert [[letter.reason for letter in one.letters] for one in done] == [[], ["undecodable"], []]
    assert [row["what"] for row in toy.rows(dispatch.pipeline.engine, toy.effects)] == ["deposit:k0", "deposit:k2"]


def test_an_event_that_cannot_be_read_is_kept_alone(dispatch):
    """Lost otherwise: its neighbours are not heard, however often they come."""

    def news(tag: int, **changes: str) -> Delivery:
        body = {
            "specversion": "1.0",
            "id": ID[:-1] + str(tag),
            "source": "/yunquan/toy",
            "type": "toy.gift.v1",
            "time": "2019-03-01T00:00:00Z",
            "subject": "a",
            "sequence": tag,
            "correlationid": "c",
            "datacontenttype": "application/json",
            "data": {"account_id": "a"},
        }
        raw = json.dumps({**body, **changes}).encode()
        return Delivery(tag, "toy.gift.v1", False, raw, {}, "application/cloudevents+json")

    done = dispatch.events([news(1), news(2, time=LAST), news(3)])
    reasons = [[letter.reason.partition(":")[0] for letter in one.letters] for one in done]
    assert reasons == [[], ["undecodable"], []]
    assert len(toy.rows(dispatch.pipeline.engine, toy.effects)) == 2
