"""The table of who hears of what agrees with the contract: no event is left out unknowingly, none is misread."""

from __future__ import annotations

import pytest
from marshmallow import validate

from contracts import roles
from contracts.catalogue import EVENTS, consumed_by
from contracts.programmes import load
from services.notify.domain.notices import Addressee, notice_id, notices
from services.notify.domain.routes import BY_EVENT, ROUTES, Condition, Party, Route, Staff, routes_of
from services.notify.projections import FEEDS
from tests.unit.notify.examples import ULID, example

PROVIDERS = [f"01J0000000000000000000PRV{number}" for number in range(3)]


@pytest.mark.parametrize("route", [pytest.param(route, id=route.template) for route in ROUTES])
def test_routes_name_what_the_contract_has(route: Route):
    """Lost otherwise: a notice that never comes, for a misspelt event, field, role or rule."""
    schema = EVENTS[route.event].schema()
    assert "notify" in EVENTS[route.event].consumers, "the queue is not bound for it"
    assert "programme" in schema.fields
    for recipient in route.to:
        if isinstance(recipient, Party):
            assert recipient.field in schema.fields
        if isinstance(recipient, Staff):
            assert recipient.role in {roles.OPERATOR, roles.BUREAU, roles.FINANCE, roles.SUPERVISOR}
    if route.when is not None:
        words = [rule for rule in schema.fields[route.when.field].validators if isinstance(rule, validate.OneOf)]
        assert set(route.when.values) <= set(words[0].choices) | {None}
    if route.rule is not None:
        assert load("guizhou-2018").article(route.rule)


def test_every_event_that_comes_is_used():
    """Lost otherwise: a step that the contract says notify hears of, and nobody is told and no list changes."""
    assert set(consumed_by("notify")) == set(BY_EVENT) | set(FEEDS)


@pytest.mark.parametrize(
    ("event", "field", "value", "templates"),
    [
        ("registry.certification_decided.v1", "decision", "return", ["certification_returned"]),
        ("registry.provider_exited.v1", "ground", None, ["exited"]),
        ("registry.provider_exited.v1", "ground", "insolvency", ["exit_forced"]),
        ("registry.product_reviewed.v1", "status", "returned", ["product_returned"]),
        ("voucher.application_received.v1", "status", "waiting", ["application_waiting"]),
        ("voucher.order_placed.v1", "status", "placed", ["order_placed", "order_to_confirm"]),
        ("settlement.disbursement_reviewed.v1", "status", "operator_approved", ["disbursement_passed"]),
        ("settlement.payment_failed.v1", "status", "returned", ["payment_failed"]),
        ("settlement.payment_failed.v1", "status", "unknown", ["payment_unknown"]),
        ("settlement.payment_sent.v1", "status", "sent", []),
    ],
)
def test_the_event_s_state_chooses_the_words(event: str, field: str, value: str | None, templates: list[str]):
    """Lost otherwise: a refused provider reads that it passed."""
    data = example(EVENTS[event].schema, full=True, **{field: value})
    assert [route.template for route in routes_of(event, data)] == templates


def test_one_notice_an_addressee():
    """Lost otherwise: a provider told twice, or a party field that is empty taken for a party."""
    data = example(EVENTS["settlement.node_announced.v1"].schema, full=True)
    [notice] = notices(event_type="settlement.node_announced.v1", data=data, admitted=[*PROVIDERS, PROVIDERS[0]])
    assert notice.addressees == tuple(Addressee(party_id=provider) for provider in PROVIDERS)
    assert list(notices(event_type="settlement.node_announced.v1", data=data, admitted=[])) == []


def test_a_supervisor_s_alert_stays_with_supervisors():
    """Lost otherwise: whoever is looked into learns which rule found it."""
    for route in BY_EVENT["supervision.alert_raised.v1"]:
        assert route.to == (Staff("supervisor"),)


def test_the_same_event_gives_the_same_notice_id():
    """Lost otherwise: an event that comes again makes a second mail with another Message-ID."""
    someone = Addressee(party_id=ULID)
    given = {"event_id": ULID, "template": "claim_paid", "addressee": someone, "at_ms": 1_561_888_800_000}
    assert notice_id(**given) == notice_id(**given)
    others = [
        notice_id(**{**given, "template": "claim_filed"}),
        notice_id(**{**given, "addressee": Addressee(role="operator")}),
        notice_id(**{**given, "event_id": "01J00000000000000000000002"}),
    ]
    assert len({notice_id(**given), *others}) == 4
    assert {len(found) for found in others} == {26}


@pytest.mark.parametrize(
    ("condition", "data", "met"),
    [
        (Condition("status", ("a", "b")), {"status": "b"}, True),
        (Condition("status", ("a",)), {"status": "b"}, False),
        (Condition("ground", (None,)), {}, True),
        (Condition("ground", (None,), holds=False), {"ground": "x"}, True),
        (Condition("ground", (None,), holds=False), {"ground": None}, False),
    ],
)
def test_conditions(condition: Condition, data: dict[str, str | None], met: bool):
    """Lost otherwise: a forced exit told as a voluntary one."""
    assert condition.met(data) is met
