"""Every RPC method, through the broker, with every field wrong in every way: a coded error, and nothing changed."""

from __future__ import annotations

from collections import Counter

import pytest
import sqlalchemy as sa

from contracts import catalogue, roles, ulid
from contracts.client import Client, Request
from contracts.client.errors import CallError
from infra.local.deployment import Deployment
from tests import examples

METHODS = sorted(catalogue.METHODS)
CODED = {"INVALID", "TOO_LARGE", "KEY_REQUIRED"}
MOVING = {"stream_head", "relay_lease", "outbox", "inbox", "alembic_version"}  # move by themselves, or not at all


def rows(deployment: Deployment, service: str) -> dict[str, int]:
    """Table → rows of a service's database, without those that move by themselves."""
    engine = sa.create_engine(deployment.database_url(service))
    try:
        with engine.connect() as connection:
            names = [name for name in sa.inspect(engine).get_table_names() if name not in MOVING]
            return {
                name: connection.execute(sa.text(f'SELECT count(*) FROM "{name}"')).scalar_one()
                for name in names
            }
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def client(yunquan: Deployment):
    with Client(yunquan.amqp_uri, token="", timeout=20.0, check=False) as found:
        yield found


@pytest.mark.parametrize("service", catalogue.SERVICES)
def test_wrong_fields_are_refused_and_change_nothing(yunquan: Deployment, client: Client, service: str) -> None:
    before = rows(yunquan, service)
    requests, labels = [], []
    for name, method in catalogue.methods_of(service).items():
        role = sorted(method.roles - roles.PARTIES)[0] if method.roles - roles.PARTIES else sorted(method.roles)[0]
        token = yunquan.token(role)
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
        if answer["error"]["code"] == "INVALID" and not str(answer["error"]["field"]).startswith(label[1])
    ]
    assert not wrong_field, f"the error names another field: {wrong_field[:10]}"
    assert rows(yunquan, service) == before


@pytest.mark.parametrize("name", METHODS)
def test_a_caller_without_the_right_is_denied(yunquan: Deployment, client: Client, name: str) -> None:
    """Else anyone with a connection to the broker could issue vouchers."""
    method = catalogue.METHODS[name]
    body = examples.valid(method.request())
    codes: Counter[str] = Counter()
    attempts = [("", "UNAUTHENTICATED"), ("not.a.token", "UNAUTHENTICATED")]
    attempts += [(yunquan.token(role), "FORBIDDEN") for role in sorted(roles.ALL - method.roles)]
    for token, expected in attempts:
        try:
            future = client.submit(Request(method.service, method.name, body, ulid.new(), token or "none"))
            answer = future.result()
        except CallError as error:
            answer = {"ok": False, "error": {"code": error.code}}
        assert not answer["ok"]
        assert answer["error"]["code"] == expected, (name, answer)
        codes[answer["error"]["code"]] += 1
    assert codes["UNAUTHENTICATED"] == 2


OWNED = [name for name in METHODS if catalogue.METHODS[name].owner and catalogue.METHODS[name].roles & roles.PARTIES]


@pytest.mark.parametrize("name", OWNED)
def test_a_party_acts_for_itself_alone(yunquan: Deployment, client: Client, name: str) -> None:
    """Else one enterprise could spend another's quota."""
    method = catalogue.METHODS[name]
    role = sorted(method.roles & roles.PARTIES)[0]
    token = yunquan.token(role, subject="someone", organisation="01BX5ZZKBKACTAV9WEVGEMMVRZ")
    answer = client.submit(
        Request(method.service, method.name, examples.valid(method.request()), ulid.new(), token)
    ).result()
    assert answer["error"]["code"] == "NOT_OWNER"
