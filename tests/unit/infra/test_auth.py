"""Tokens: only ours, only in time, and each call within what its token allows."""

from __future__ import annotations

from types import SimpleNamespace

import jwt
import pytest

from infra import auth
from infra.messages import Actor

PRIVATE, PUBLIC = auth.generate_keys()
ENTERPRISE = Actor("u1", frozenset({"enterprise"}), organisation="E1", region="520100", programme="guizhou-2018")


class Now:
    def __init__(self) -> None:
        self.value = 1000.0

    def __call__(self) -> float:
        return self.value


def test_a_token_carries_its_actor_and_ends():
    """Lost otherwise: who did it; or a stolen token works for ever, also when it is remembered."""
    now = Now()
    verifier = auth.Verifier(PUBLIC, now)
    token = auth.issue(PRIVATE, ENTERPRISE, lifetime_s=60, now=1000)
    assert verifier.verify(token) == ENTERPRISE
    now.value = 1059
    assert verifier.verify(token) == ENTERPRISE
    now.value = 1060
    for _ in range(2):
        with pytest.raises(auth.Unauthenticated):
            verifier.verify(token)


def test_a_signature_is_checked_once(monkeypatch):
    """Lost otherwise: half the rate."""
    checks = []
    decode = jwt.decode
    monkeypatch.setattr(auth.jwt, "decode", lambda *a, **k: checks.append(1) or decode(*a, **k))
    verifier = auth.Verifier(PUBLIC, Now())
    token = auth.issue(PRIVATE, ENTERPRISE, lifetime_s=60, now=1000)
    for _ in range(5):
        verifier.verify(token)
    assert len(checks) == 1


def test_what_is_remembered_is_bounded():
    """Lost otherwise: memory, to whoever sends many tokens."""
    verifier = auth.Verifier(PUBLIC, Now(), most=3)
    for i in range(10):
        verifier.verify(auth.issue(PRIVATE, Actor(f"u{i}", frozenset({"ops"})), lifetime_s=60, now=1000))
    assert len(verifier._known) == 3


def wrong_tokens() -> dict[str, object]:
    claims = {"sub": "u", "roles": ["ops"], "aud": "yunquan", "exp": 2000}
    signed = auth.issue(PRIVATE, ENTERPRISE, lifetime_s=60, now=1000)
    sign = lambda **changes: jwt.encode({**claims, **changes}, PRIVATE, algorithm="EdDSA")  # noqa: E731
    return {
        "missing": None,
        "empty": "",
        "bytes": signed.encode(),
        "not a token": "x.y.z",
        "another key": auth.issue(auth.generate_keys()[0], ENTERPRISE, lifetime_s=60, now=1000),
        "half a surrogate pair": "a.b.\ud800",
        "changed": signed[:-4] + ("AAAA" if not signed.endswith("AAAA") else "BBBB"),
        "unsigned": jwt.encode(claims, None, algorithm="none"),
        "signed with the public key as a secret": jwt.encode(claims, "secret" * 10, algorithm="HS256"),
        "another audience": sign(aud="elsewhere"),
        "roles as text": sign(roles="ops"),
        "role not text": sign(roles=[1]),
        "organisation not text": sign(org=5),
        "expiry not a number": sign(exp="2000"),
    }


@pytest.mark.parametrize("name", wrong_tokens())
def test_wrong_tokens_open_nothing(name):
    """Lost otherwise: the front door."""
    with pytest.raises(auth.Unauthenticated):
        auth.Verifier(PUBLIC, Now()).verify(wrong_tokens()[name])


@pytest.mark.parametrize(
    ("roles", "lifetime"), [({"king"}, 60), ({"ops"}, 0), ({"ops"}, auth.LONGEST_S + 1)], ids=["role", "short", "long"]
)
def test_tokens_that_make_no_sense_are_not_issued(roles, lifetime):
    """Lost otherwise: a typing error becomes a key that fits nothing, or never ends."""
    with pytest.raises(ValueError):
        auth.issue(PRIVATE, Actor("u", frozenset(roles)), lifetime_s=lifetime)


def actor(*roles: str, organisation: str | None = None, programme: str | None = None) -> Actor:
    return Actor("u", frozenset(roles), organisation, None, programme)


MAY = [  # the method's roles and owner, who calls, the body, the refusal
    ({"platform"}, None, actor("operator"), {}, "FORBIDDEN"),
    ({"platform"}, None, actor(), {}, "FORBIDDEN"),
    ({"platform", "enterprise"}, "e", actor("enterprise", organisation="E1"), {"e": "E1"}, None),
    ({"platform", "enterprise"}, "e", actor("enterprise", organisation="E1"), {"e": "E2"}, "NOT_OWNER"),
    ({"platform", "enterprise"}, "e", actor("enterprise"), {"e": None}, "NOT_OWNER"),
    ({"platform", "enterprise"}, "e", actor("enterprise"), {}, "NOT_OWNER"),
    ({"platform", "enterprise"}, "e", actor("platform"), {"e": "E2"}, None),
    ({"platform", "enterprise"}, "e", actor("platform", "enterprise", organisation="E1"), {"e": "E2"}, None),
    ({"enterprise"}, "e", actor("platform", "enterprise", organisation="E1"), {"e": "E2"}, "NOT_OWNER"),
    ({"provider"}, "p", actor("enterprise", "provider", organisation="P1"), {"p": "P1"}, None),
    ({"provider"}, "p", actor("provider", organisation="F1"), {"p": "P1", "f": "F1"}, None),
    ({"provider"}, "p", actor("provider", organisation="P1"), {"p": "P1", "f": "F1"}, "NOT_OWNER"),
    ({"provider"}, "p", actor("provider", organisation="P1"), {"p": "P1", "f": None}, None),
    ({"operator"}, None, actor("operator", programme="a"), {"programme": "b"}, "PROGRAMME_MISMATCH"),
    ({"operator"}, None, actor("operator", programme="a"), {"programme": "a"}, None),
    ({"operator"}, None, actor("operator", programme="a"), {"programme": None}, None),
    ({"operator"}, None, actor("operator"), {"programme": "b"}, None),
]


@pytest.mark.parametrize(("roles", "owner", "who", "body", "code"), MAY)
def test_who_may_do_what(roles, owner, who, body, code):
    """Lost otherwise: a party acts for another, or an official is kept out."""
    method = SimpleNamespace(roles=frozenset(roles), owner=owner, acting="f", callers=frozenset())
    refused = auth.may_call(method, who) or auth.may_act(method, who, body)
    assert (refused.code if refused else None) == code


def test_a_method_for_one_service_is_closed_to_the_others():
    """Else any service's stolen token would open every phone number and bank account."""
    method = SimpleNamespace(
        roles=frozenset({"service"}), owner=None, acting=None, callers=frozenset({"service:notify"})
    )
    assert auth.may_call(method, Actor("service:notify", frozenset({"service"}))) is None
    assert auth.may_call(method, Actor("service:voucher", frozenset({"service"}))).code == "FORBIDDEN"
