"""Every RPC method, through the broker, with every field wrong in every way: a coded error, and nothing changed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from contracts import catalogue, roles, ulid
from contracts.client import Client, Request
from infra.local.deployment import Deployment
from tests import examples

METHODS = sorted(catalogue.METHODS)
UNENCODABLE = f"hostile text {examples.HOSTILE.index(chr(0xD800))}"
CODED = {"INVALID", "TOO_LARGE", "KEY_REQUIRED"}
MOVING = {"streams", "outbox", "inbox", "books_told"}  # by themselves


def contents(deployment: Deployment, service: str) -> dict[str, list[str]]:
    """Table → its rows as text, of a service's database, without those that move by themselves."""
    engine = sa.create_engine(deployment.database_url(service))
    try:
        with engine.connect() as connection:
            names = [name for name in sa.inspect(engine).get_table_names() if name not in MOVING]
            return {name: sorted(map(str, connection.execute(sa.text(f'SELECT * FROM "{name}"')))) for name in names}
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def client(yunquan: Deployment):
    with Client(yunquan.amqp_uri, token="", timeout=20.0, check=False) as found:
        yield found


@pytest.mark.parametrize("service", catalogue.SERVICES)
def test_wrong_fields_are_refused_and_change_nothing(yunquan: Deployment, client: Client, service: str) -> None:
    before = contents(yunquan, service)
    requests, labels = [], []
    for name, method in catalogue.methods_of(service).items():
        role = sorted(method.roles - roles.PARTIES)[0] if method.roles - roles.PARTIES else sorted(method.roles)[0]
        token = yunquan.token(role, subject=next(iter(method.callers), ""))
        for field, what, body in examples.wrong(method.request()):
            requests.append(Request(service, name, body, ulid.new(), token))
            labels.append((name, field, what))
    answers = list(client.call_many(requests))
    bad = [
        (label, answer.get("error", {}).get("code", "it was carried out"))
        for label, answer in zip(labels, answers, strict=True)
        if answer["ok"] or answer["error"]["code"] not in CODED
    ]
    assert not bad, f"{len(bad)} of {len(answers)}: {bad[:10]}"
    wrong_field = [
        (label, answer["error"]["field"])
        for label, answer in zip(labels, answers, strict=True)
        if answer["error"]["code"] == "INVALID"
        and label[2] != UNENCODABLE  # refused with the whole body: it is no JSON that could be stored or sent on
        and not str(answer["error"]["field"]).startswith(label[1])
    ]
    assert not wrong_field, f"the error names another field: {wrong_field[:10]}"
    assert contents(yunquan, service) == before


@pytest.mark.parametrize("service", catalogue.SERVICES)
def test_a_caller_without_the_right_is_denied(yunquan: Deployment, client: Client, service: str) -> None:
    """Else anyone with a connection to the broker could issue vouchers."""
    requests, expected = [], []
    for name, method in catalogue.methods_of(service).items():
        body = examples.valid(method.request())
        attempts = [("none", "UNAUTHENTICATED"), ("not.a.token", "UNAUTHENTICATED")]
        attempts += [(yunquan.token(role), "FORBIDDEN") for role in sorted(roles.ALL - method.roles)]
        for token, code in attempts:
            requests.append(Request(service, name, body, ulid.new(), token))
            expected.append((name, code))
    answers = list(client.call_many(requests))
    got = [
        (request.method, answer.get("error", {}).get("code")) for request, answer in zip(requests, answers, strict=True)
    ]
    assert got == expected


OWNED = [name for name in METHODS if catalogue.METHODS[name].owner and catalogue.METHODS[name].roles & roles.PARTIES]


def test_a_party_acts_for_itself_alone(yunquan: Deployment, client: Client) -> None:
    """Else one enterprise could spend another's quota."""
    requests = []
    for name in OWNED:
        method = catalogue.METHODS[name]
        role = sorted(method.roles & roles.PARTIES)[0]
        token = yunquan.token(role, subject="someone", organisation="01BX5ZZKBKACTAV9WEVGEMMVRZ")
        requests.append(Request(method.service, method.name, examples.valid(method.request()), ulid.new(), token))
    answers = list(client.call_many(requests))
    assert OWNED
    assert {answer["error"]["code"] for answer in answers} == {"NOT_OWNER"}
