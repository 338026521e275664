"""Who calls, and may they: signed tokens, verified once and remembered for their short life; default deny."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contracts.errors import Refused
from contracts.roles import ALL, PARTIES
from infra.messages import Actor

AUDIENCE = "yunquan"
ALGORITHM = "EdDSA"
REMEMBERED = 10_000
LONGEST_S = 366 * 24 * 3600


class Unauthenticated(Exception):
    """The token is missing, wrong or expired; the message never carries it."""


class MethodRules(Protocol):
    """What the catalogue says of a method."""

    @property
    def roles(self) -> frozenset[str]: ...
    @property
    def owner(self) -> str | None: ...
    @property
    def acting(self) -> str | None: ...
    @property
    def callers(self) -> frozenset[str]: ...


def generate_keys() -> tuple[bytes, bytes]:
    """A new key pair: private and public, PEM."""
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, public


def issue(private_key: bytes, actor: Actor, *, lifetime_s: int, now: float | None = None) -> str:
    """A signed token for `actor`; ValueError for a role that does not exist or a lifetime beyond a year."""
    unknown = actor.roles - ALL
    if unknown:
        raise ValueError(f"no such role: {', '.join(sorted(unknown))}")
    if not 0 < lifetime_s <= LONGEST_S:
        raise ValueError(f"a token lives 1 to {LONGEST_S} seconds")
    issued = int(time.time() if now is None else now)
    claims: dict[str, Any] = {
        "sub": actor.subject,
        "roles": sorted(actor.roles),
        "aud": AUDIENCE,
        "iat": issued,
        "exp": issued + lifetime_s,
    }
    for name, value in (("org", actor.organisation), ("region", actor.region), ("programme", actor.programme)):
        if value is not None:
            claims[name] = value
    return jwt.encode(claims, private_key, algorithm=ALGORITHM)


class Verifier:
    """Checks a token's signature once (about 150 µs) and remembers whose it is until it expires."""

    def __init__(self, public_key: bytes, now: Callable[[], float] = time.time, most: int = REMEMBERED) -> None:
        self._key = public_key
        self._now = now
        self._most = most
        self._known: OrderedDict[str, tuple[float, Actor]] = OrderedDict()

    def verify(self, token: object) -> Actor:
        """Whose token it is; Unauthenticated when it is missing, wrong, expired or for another audience."""
        if not isinstance(token, str) or not token:
            raise Unauthenticated("no token")
        known = self._known.get(token)
        if known is not None:
            expires, actor = known
            if expires > self._now():
                return actor
            del self._known[token]
            raise Unauthenticated("expired")
        expires, actor = self._check(token)
        if len(self._known) >= self._most:
            self._known.popitem(last=False)
        self._known[token] = (expires, actor)
        return actor

    def _check(self, token: str) -> tuple[float, Actor]:
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                options={"require": ["exp", "sub", "aud"], "verify_exp": False, "verify_iat": False},
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise Unauthenticated(type(error).__name__) from None
        expires = claims["exp"]
        if not isinstance(expires, int | float) or expires <= self._now():
            raise Unauthenticated("expired")
        roles = claims.get("roles")
        texts = [claims["sub"], *(claims[name] for name in ("org", "region", "programme") if name in claims)]
        if not isinstance(roles, list) or not all(isinstance(text, str) and text for text in [*roles, *texts]):
            raise Unauthenticated("malformed claims")
        return expires, Actor(
            subject=claims["sub"],
            roles=frozenset(roles),
            organisation=claims.get("org"),
            region=claims.get("region"),
            programme=claims.get("programme"),
        )


def may_call(method: MethodRules, actor: Actor) -> Refused | None:
    """FORBIDDEN when none of the actor's roles may call the method, or the method is for others by name."""
    allowed = method.roles & actor.roles and (not method.callers or actor.subject in method.callers)
    return None if allowed else Refused("FORBIDDEN")


def may_act(method: MethodRules, actor: Actor, body: Mapping[str, Any]) -> Refused | None:
    """NOT_OWNER when a party acts for another organisation, PROGRAMME_MISMATCH for another programme."""
    as_party = method.roles & actor.roles <= PARTIES
    owner = method.acting if method.acting is not None and body.get(method.acting) is not None else method.owner
    if owner is not None and as_party and (actor.organisation is None or body.get(owner) != actor.organisation):
        return Refused("NOT_OWNER", field=owner)
    programme = body.get("programme")
    if actor.programme is not None and programme is not None and programme != actor.programme:
        return Refused("PROGRAMME_MISMATCH", field="programme")
    return None
