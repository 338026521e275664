"""The registry's records as they are stored, and the transitions each may make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal, TypeAlias

from contracts.errors import Refused

PartyKind: TypeAlias = Literal["enterprise", "provider"]

# state → states it may go to; what is not listed does not happen
ENTERPRISE_MOVES: Mapping[str, frozenset[str]] = {
    "registered": frozenset({"submitted", "certified"}),
    "submitted": frozenset({"certified", "refused", "registered"}),
    "certified": frozenset(),
    "refused": frozenset({"submitted"}),
}
PROVIDER_MOVES: Mapping[str, frozenset[str]] = {
    "registered": frozenset({"submitted", "certified", "leaving", "exited"}),
    "submitted": frozenset({"certified", "refused", "registered", "leaving", "exited"}),
    "certified": frozenset({"nominated", "admitted", "refused", "leaving", "exited"}),
    "nominated": frozenset({"nominated", "admitted", "refused", "leaving", "exited"}),
    "admitted": frozenset({"suspended", "leaving", "exited"}),
    "suspended": frozenset({"admitted", "leaving", "exited"}),
    "refused": frozenset({"submitted", "leaving", "exited"}),
    "leaving": frozenset({"exited"}),
    "exited": frozenset(),
}
CASE_MOVES: Mapping[str, frozenset[str]] = {
    "submitted": frozenset({"in_review", "approved", "returned", "refused"}),
    "in_review": frozenset({"in_review", "approved", "returned", "refused"}),
    "returned": frozenset({"submitted"}),
    "approved": frozenset(),
    "refused": frozenset(),
}
PRODUCT_MOVES: Mapping[str, frozenset[str]] = {
    "submitted": frozenset({"in_review", "published", "returned", "refused", "delisted"}),
    "in_review": frozenset({"in_review", "published", "returned", "refused", "delisted"}),
    "published": frozenset({"delisted"}),
    "returned": frozenset({"submitted", "delisted"}),
    "refused": frozenset(),
    "delisted": frozenset(),
}
UNDER_REVIEW = ("submitted", "in_review")  # of cases and products: a stage's turn has come
BEFORE_ADMISSION = ("certified", "nominated")  # of providers: as above
SHELVED = (*UNDER_REVIEW, "published", "returned")  # what a provider's exit takes off the shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An enterprise or a provider; personal facts are in `sealed`, under key `key_id`, and as blind indexes.

    `indexes`: kind → blind indexes, as the events carry them.
    `account_version` counts its accounts, 0 while it has given none. `certified_by`, `nominated_by`: who passed its
    certification and the stages of its admission so far, which goes by the pack `pack_version` once one is passed;
    `stage` is the role whose turn it is there.
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
    tax_region: str | None = None
    serves_industry: bool | None = None
    priority: bool = False
    account_version: int = 0
    provider_kind: str | None = None
    platform_id: str | None = None
    batch: str | None = None
    exit_on: date | None = None
    ground: str | None = None
    certified_by: list[str] = field(default_factory=list)
    nominated_by: list[str] = field(default_factory=list)
    pack_version: str | None = None
    stage: str | None = None
    key_id: str | None = None
    sealed: bytes | None = None
    indexes: dict[str, Any] = field(default_factory=dict)
    registration: str | None = None  # keyed digest of what it was registered with


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One certification: documents by kind, handed in `rounds` times, and reviewed by the pack it was handed in under.

    `passed_by`: who passed the stages so far, in their order; `stage`: the role whose turn it is.
    """

    id: str
    party_kind: PartyKind
    party_id: str
    programme: str
    status: str
    sequence: int
    rounds: int
    documents: list[dict[str, str]]
    submitted_by: str
    pack_version: str
    stage: str | None
    passed_by: list[str] = field(default_factory=list)
    reviewed_by: str | None = None
    reasons: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A service on sale; prices in fen for one unit as `details` describes it; its review as a case's.

    `market_by`: who recorded the market price; None while it is what the provider says.
    """

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
    pack_version: str
    stage: str | None = None
    passed_by: list[str] = field(default_factory=list)
    reviewed_by: str | None = None
    reasons: list[str] = field(default_factory=list)
    market_by: str | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shareholding:
    """A share of `held` that `owner` has, in basis points: both blind indexes of their codes, and the ids of those
    registered. It is so from `from_on` until the day before `until_on`; `state`: the owner is the state."""

    id: str
    programme: str
    owner: str
    held: str
    owner_id: str | None
    held_id: str | None
    state: bool
    share_bp: int
    from_on: date
    until_on: date | None
    source_sha256: str
    recorded_by: str
    ended_by_sha256: str | None = None
    status: str = "recorded"
    sequence: int = 1


def may_move(party: Party, to: str) -> bool:
    """Is the transition one of those listed?"""
    moves = ENTERPRISE_MOVES if party.kind == "enterprise" else PROVIDER_MOVES
    return to in moves[party.status]


def moved(party: Party, to: str) -> Party:
    """The party in its next state and version, where it is nobody's turn yet; only for transitions that are listed."""
    assert may_move(party, to), f"{party.kind} {party.status} → {to}"
    return replace(party, status=to, sequence=party.sequence + 1, stage=None)


def wrong_state(field_name: str, status: str, *, subject: str, article: str | None = None) -> Refused:
    """The refusal of a transition that is not listed."""
    return Refused("WRONG_STATE", field=field_name, article=article, facts={"status": status, "subject": subject})
