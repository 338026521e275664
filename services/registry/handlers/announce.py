"""What the others hear: the public state of a party, product or tie, under the law of the step that made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.errors import Decision
from infra.db import UnitOfWork
from infra.messages import Command, Event
from services.registry.domain.model import Case, Party, Product, Tie

Cause = Command | Event | None
KEPT_HOME = frozenset({"evidence"})


def party(uow: UnitOfWork, what: str, subject: Party, *, cause: Cause, decision: Decision | None = None) -> None:
    """`registry.<kind>_<what>.v1`."""
    state = _enterprise(subject) if subject.kind == "enterprise" else _provider(subject)
    uow.emit(
        f"registry.{subject.kind}_{what}.v1",
        subject=subject.id,
        sequence=subject.sequence,
        data={**state, "law": law(decision)},
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


def case_decided(uow: UnitOfWork, subject: Case, verdict: str, *, cause: Cause, decision: Decision) -> None:
    """`registry.certification_decided.v1`."""
    data = {
        "case_id": subject.id,
        "party_kind": subject.party_kind,
        "party_id": subject.party_id,
        "programme": subject.programme,
        "decision": verdict,
        "reasons": list(subject.reasons),
        "law": law(decision),
    }
    uow.emit("registry.certification_decided.v1", subject=subject.id, sequence=subject.sequence, data=data, cause=cause)


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


def law(decision: Decision | None) -> Mapping[str, Any] | None:
    """The law of an event; an official's free text may name people, so it stays with our own decisions."""
    if decision is None:
        return None
    return {
        "pack_version": decision.pack_version,
        "articles": list(decision.articles),
        "facts": {name: value for name, value in decision.facts.items() if name not in KEPT_HOME},
    }


def _indexes(subject: Party) -> dict[str, str | None]:
    return {
        "person": subject.person_index,
        "phone": subject.phone_index,
        "address": subject.address_index,
        "account": subject.account_index,
    }


def _enterprise(subject: Party) -> dict[str, Any]:
    return {
        "enterprise_id": subject.id,
        "programme": subject.programme,
        "uscc": subject.uscc,
        "name": subject.name,
        "region": subject.region,
        "registered_on": subject.registered_on,
        "legal_person": subject.legal_person,
        "violation": subject.violation,
        "bad_credit": subject.bad_credit,
        "industry": subject.industry,
        "size": subject.size,
        "priority": subject.priority,
        "status": subject.status,
        "indexes": _indexes(subject),
    }


def _provider(subject: Party) -> dict[str, Any]:
    return {
        "provider_id": subject.id,
        "programme": subject.programme,
        "uscc": subject.uscc,
        "name": subject.name,
        "region": subject.region,
        "status": subject.status,
        "account_version": subject.account_version,
        "exit_on": subject.exit_on,
        "ground": subject.ground,
        "indexes": _indexes(subject),
    }
