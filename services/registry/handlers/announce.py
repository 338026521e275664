"""What the others hear: the public state of a party, product, tie or holding, under the law of its step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.errors import Decision
from infra.db import UnitOfWork
from infra.messages import Command, Event
from services.registry.domain.model import Case, Party, Product, Shareholding, Tie

Cause = Command | Event | None
KEPT_HOME = frozenset({"evidence", "source"})


def party(uow: UnitOfWork, what: str, subject: Party, *, cause: Cause, decision: Decision | None = None) -> None:
    """`registry.<kind>_<what>.v1`."""
    uow.emit(
        f"registry.{subject.kind}_{what}.v1",
        subject=subject.id,
        sequence=subject.sequence,
        data={**_state(subject), "law": law(decision)},
        cause=cause,
    )


def product(uow: UnitOfWork, what: str, subject: Product, *, cause: Cause, decision: Decision | None = None) -> None:
    """`registry.product_<what>.v1`."""
    names = ("provider_id", "programme", "name", "category", "kind", "price_fen", "market_price_fen")
    data = {
        "product_id": subject.id,
        **{name: getattr(subject, name) for name in (*names, "voucher_eligible", "status")},
        "law": law(decision),
    }
    uow.emit(f"registry.product_{what}.v1", subject=subject.id, sequence=subject.sequence, data=data, cause=cause)


def case(uow: UnitOfWork, subject: Case, verdict: str, *, cause: Cause, decision: Decision) -> None:
    """`registry.certification_reviewed.v1` between two stages, `registry.certification_decided.v1` at the end."""
    data = {
        "case_id": subject.id,
        "party_kind": subject.party_kind,
        "party_id": subject.party_id,
        "programme": subject.programme,
        "decision": verdict,
        "stage": decision.facts["role"],
        "reasons": list(subject.reasons),
        "law": law(decision),
    }
    what = "reviewed" if subject.status == "in_review" else "decided"
    uow.emit(f"registry.certification_{what}.v1", subject=subject.id, sequence=subject.sequence, data=data, cause=cause)


def tie(uow: UnitOfWork, subject: Tie, *, cause: Cause) -> None:
    """`registry.tie_recorded.v1`; the evidence stays here."""
    data = {
        "tie_id": subject.id,
        "enterprise_id": subject.enterprise_id,
        "provider_id": subject.provider_id,
        "programme": subject.programme,
        "kind": subject.kind,
    }
    uow.emit("registry.tie_recorded.v1", subject=subject.id, sequence=1, data=data, cause=cause)


def shareholding(uow: UnitOfWork, subject: Shareholding, *, cause: Cause) -> None:
    """`registry.shareholding_<recorded|ended>.v1`; papers and who recorded it stay here."""
    names = ("owner", "held", "owner_id", "held_id", "state", "share_bp", "from_on", "until_on", "status")
    data = {"holding_id": subject.id, **{name: getattr(subject, name) for name in names}}
    event = f"registry.shareholding_{subject.status}.v1"
    uow.emit(event, subject=subject.id, sequence=subject.sequence, data=data, cause=cause)


def law(decision: Decision | None) -> Mapping[str, Any] | None:
    """The law of an event; an official's free text may name people, so it stays with our own decisions."""
    if decision is None:
        return None
    return {
        "pack_version": decision.pack_version,
        "articles": list(decision.articles),
        "facts": {name: value for name, value in decision.facts.items() if name not in KEPT_HOME},
    }


ENTERPRISE = (
    "programme", "uscc", "name", "region", "registered_on", "legal_person", "violation", "bad_credit", "industry",
    "size", "tax_region", "serves_industry", "account_version", "priority", "status",
)  # fmt: skip
PROVIDER = (
    "programme", "uscc", "name", "region", "provider_kind", "platform_id", "batch", "status", "account_version",
    "exit_on", "ground",
)  # fmt: skip


def _state(subject: Party) -> dict[str, Any]:
    names = ENTERPRISE if subject.kind == "enterprise" else PROVIDER
    facts = {name: getattr(subject, name) for name in names}
    return {f"{subject.kind}_id": subject.id, **facts, "indexes": subject.indexes}
