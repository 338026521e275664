"""The catalogue is what services, relay, topology and clients agree on: what is wrong here is wrong everywhere."""

import json

import pytest
from jsonschema import Draft202012Validator

from contracts import catalogue, generate, roles
from contracts.errors import ERRORS
from tests import examples

METHODS = list(catalogue.METHODS.values())
EVENTS = list(catalogue.EVENTS.values())


def test_generated_files_are_committed_as_they_are() -> None:
    """Else integrators would build on schemas that the services do not keep."""
    assert generate.stale(generate.files()) == []


def test_no_published_schema_is_broken() -> None:
    assert generate.breaks(generate.files()) == []


@pytest.mark.parametrize("method", METHODS, ids=lambda m: f"{m.service}.{m.name}")
def test_a_method_is_whole(method) -> None:
    """An owner that is no field would let a party act for others."""
    request = method.request()
    assert method.roles
    assert method.roles <= roles.ALL
    assert method.owner is None or method.owner in request.fields  # left out, it is nobody's: NOT_OWNER
    assert method.acting is None or not request.fields[method.acting].required
    assert method.kind in {"command", "query"}
    assert "key" not in request.fields, "the idempotency key travels beside the body"


def test_whoever_a_pack_has_pass_money_on_may_say_so() -> None:
    """A prefecture's finance that no role of the contract lets in: the money would be with it for good."""
    assert catalogue.METHODS["settlement.pass_on_payment"].roles == roles.REVIEWERS


@pytest.mark.parametrize("method", METHODS, ids=lambda m: f"{m.service}.{m.name}")
def test_the_published_schema_takes_what_the_service_takes(method) -> None:
    """A client that validates by the JSON Schema must not be refused by marshmallow, nor the other way round."""
    schema = method.request()
    name = f"{method.service}.{method.name}"
    published = Draft202012Validator(json.loads((generate.FOLDER / f"schemas/rpc/{name}.request.json").read_text()))
    for body in (examples.valid(schema), examples.full(schema)):
        assert schema.validate(body) == {}
        assert [error.message for error in published.iter_errors(body)] == []
    for field, what, body in examples.wrong(schema):
        if what in {"missing", "unknown field", "a list"}:
            assert list(published.iter_errors(body)), (field, what)


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.type)
def test_an_event_is_whole(event) -> None:
    assert event.producer in catalogue.SERVICES
    assert set(event.consumers) <= set(catalogue.SERVICES) - {event.producer}
    schema = event.schema()
    body = examples.full(schema)
    assert schema.validate(body) == {}
    assert schema.validate(examples.valid(schema)) == {}
    for name, field in schema.fields.items():
        if field.required:
            assert schema.validate({key: value for key, value in body.items() if key != name}), name


@pytest.mark.parametrize("service", catalogue.SERVICES)
def test_every_service_tells_what_it_decides_and_refuses(service: str) -> None:
    """Else its decisions would be kept by itself alone, and the evidence log would not know of them."""
    assert {f"{service}.decided.v1", f"{service}.command_refused.v1"} <= set(catalogue.EVENTS)


PERSONAL = {"representative", "contact_name", "contact_phone", "contact_email", "account", "address", "phone", "person"}


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.type)
def test_no_event_has_room_for_personal_data(event) -> None:
    """Events are kept for ever in the evidence log: a name that gets in can't be taken out."""
    assert not PERSONAL & set(event.schema().fields)


def test_every_error_speaks_both_languages() -> None:
    assert all(text.en.strip() and text.zh.strip() for text in ERRORS.values())
    assert {text.kind for text in ERRORS.values()} <= {"invalid", "refused", "conflict", "denied", "transient", "fault"}


def test_asyncapi_names_every_event_and_method() -> None:
    operations = generate.asyncapi()["operations"]
    assert {f"send {name}" for name in catalogue.EVENTS} | set(catalogue.METHODS) == set(operations)
