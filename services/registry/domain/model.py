"""The registry's records as they are stored, and the transitions each may make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, TypeAlias

from contracts.errors import Refused

PartyKind: TypeAlias = Literal["enterprise", "provider"]

# state → states it may go to; what is not listed does not happen
ENTERPRISE_MOVES: Mapping[str, frozenset[str]] = {
    "registered": frozenset({"submitted"}),
    "submitted": frozenset({"certified", "refused", "registered"}),
    "certified": frozenset(),
    "refused": frozenset({"submitted"}),
}
PROVIDER_MOVES: Mapping[str, frozenset[str]] = {
    "registered": frozenset({"submitted", "leaving", "exited"}),
    "submitted": frozenset({"certified", "refused", "registered", "leaving", "exited"}),
    "certified": frozenset({"admitted", "refused", "leaving", "exited"}),
    "admitted": frozenset({"leaving", "exited"}),
    "refused": frozenset({"submitted", "leaving", "exited"}),
    "leaving": frozenset({"exited"}),
    "exited": frozenset(),
}
CASE_MOVES: Mapping[str, frozenset[str]] = {
    "submitted": frozenset({"approved", "returned", "refused"}),
    "returned": frozenset({"submitted"}),
    "approved": frozenset(),
    "refused": frozenset(),
}
PRODUCT_MOVES: Mapping[str, frozenset[str]] = {
    "submitted": frozenset({"operator_passed", "published", "returned", "refused", "delisted"}),
    "operator_passed": frozenset({"published", "returned", "refused", "delisted"}),
    "published": frozenset({"delisted"}),
    "returned": frozenset({"submitted", "delisted"}),
    "refused": frozenset(),
    "delisted": frozenset(),
}
SHELVED = ("submitted", "operator_passed", "published", "returned")  # what a provider's exit takes off the shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An enterprise or a provider; personal facts are in `sealed`, under key `key_id`, and as blind indexes.

    `account_version` counts a provider's accounts, from 1; `certified_by` is the subject of who certified it.
    """

    id: str
    kind: PartyKind
    programme: str
    uscc: str
    name: str
    region: str
    registered_on: date
    legal_person: bool
    violation: bool
    bad_credit: bool
    status: str
    sequence: int
    tax_paid: bool | None = None
    industry: str | None = None
    size: str | None = None
    capital_fen: int | None = None
    revenue_fen: int | None = None
    priority: bool = False
    account_version: int = 0
    exit_on: date | None = None
    ground: str | None = None
    certified_by: str | None = None
    key_id: str | None = None
    sealed: bytes | None = None
    person_index: str | None = None
    phone_index: str | None = None
    address_index: str | None = None
    account_index: str | None = None
    registration: str | None = None  # keyed digest of what it was registered with


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One certification: documents by kind, handed in `rounds` times."""

    id: str
    party_kind: PartyKind
    party_id: str
    programme: str
    status: str
    sequence: int
    rounds: int
    documents: list[dict[str, str]]
    submitted_by: str
    reviewed_by: str | None = None
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A service on sale; prices in fen for one unit as `details` describes it."""

    id: str
    provider_id: str
    programme: str
    name: str
    category: str
    kind: str
    details: str
    price_fen: int
    market_price_fen: int | None
    voucher_eligible: bool
    status: str
    sequence: int
    submitted_by: str
    first_reviewed_by: str | None = None
    reviewed_by: str | None = None
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """A fact that ties an enterprise to a provider."""

    id: str
    enterprise_id: str
    provider_id: str
    programme: str
    kind: str
    evidence: str
    recorded_by: str


def may_move(party: Party, to: str) -> bool:
    """Is the transition one of those listed?"""
    moves = ENTERPRISE_MOVES if party.kind == "enterprise" else PROVIDER_MOVES
    return to in moves[party.status]


def moved(party: Party, to: str) -> Party:
    """The party in its next state and version; only for transitions that are listed."""
    assert may_move(party, to), f"{party.kind} {party.status} → {to}"
    return replace(party, status=to, sequence=party.sequence + 1)


def wrong_state(field_name: str, status: str, *, subject: str, article: str | None = None) -> Refused:
    """The refusal of a transition that is not listed."""
    return Refused("WRONG_STATE", field=field_name, article=article, facts={"status": status, "subject": subject})
