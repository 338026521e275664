"""News of claims: filed, ended without payment, paid. Each moves its order, if the order's state lists it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from contracts.errors import Decision
from infra.db import UnitOfWork
from infra.messages import Event
from infra.pipeline import NotYet
from services.voucher import store
from services.voucher.domain.claims import Heard, after_answer, allowed, answer
from services.voucher.domain.law import articles
from services.voucher.domain.orders import Order
from services.voucher.handlers.steps import Steps


def on_claim_filed(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """confirmed → claimed, and the answer to settlement either way; a claim filed again is answered again."""
    steps = Steps.of(uow, [(event.data["order_id"], "claim") for event in events])
    heard = store.heard(uow.conn, {event.data["claim_id"] for event in events})
    changed: dict[str, Heard] = {}
    for event in events:
        claim_id, version = event.data["claim_id"], event.data["claim_version"]
        order_id, provider_id = event.data["order_id"], event.data["provider_id"]
        order, known = steps.orders.get(order_id), heard.get(claim_id)
        code = answer(order=order, heard=known, claim_id=claim_id, claim_version=version, provider_id=provider_id)
        allowed_fen = None
        if order is not None and code is None:
            allowed_fen = _allow(uow, steps, event, order)
        elif order is not None and code is not None:
            _record_refusal(uow, steps, event, code)
        heard[claim_id] = changed[claim_id] = after_answer(
            known, claim_id=claim_id, order_id=order_id, claim_version=version, code=code
        )
        status = steps.orders[order_id].status if order is not None else "unknown"
        _answer(uow, event, code, allowed_fen, status)
    steps.save()
    store.save_heard(uow.conn, changed.values())


def _allow(uow: UnitOfWork, steps: Steps, event: Event, order: Order) -> int:
    """The order is the claim's, with what it may ask for; a claim that was corrected may come to another sum."""
    claim_id, pack = event.data["claim_id"], steps.pack_of(order)
    found = allowed(pack=pack, order=order, transfer_fen=event.data["transfer_fen"], today=uow.today)
    if order.status == "confirmed":
        steps.follow(order.order_id, "claim", event, claim_id=claim_id, allowed_fen=found.amount_fen)
    elif order.allowed_fen != found.amount_fen:
        steps.mark(replace(order, allowed_fen=found.amount_fen))
    facts = {**found.facts, "order_id": order.order_id, "allowed_fen": found.amount_fen}
    decision = Decision("claim_allowed", claim_id, order.programme, pack.label, found.articles, facts)
    uow.record(decision, actor=None, cause=event)
    return found.amount_fen


def on_claim_ended(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """Refused or withdrawn: claimed → confirmed, and the money waits at the provider again."""
    _follow(uow, events, "release", "released", claim_id=None, allowed_fen=None)


def on_claim_paid(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """claimed → redeemed: the end of the order; what it held beyond what was paid goes back where it came from."""
    _follow(uow, events, "pay", "redeemed")


def on_claim_returned(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """The provider corrects and files again; meanwhile the order stays claimed, so that nobody else can have it."""
    steps = Steps.of(uow, [(event.data["order_id"], "returned") for event in events])
    for event in events:
        if event.data["order_id"] in steps.orders:
            steps.ignore(event.data["order_id"], "claim_returned", event, claim_id=event.data["claim_id"])


def _follow(uow: UnitOfWork, events: Sequence[Event], action: str, status: str, **changes: Any) -> None:
    """Carry the end of claims over to their orders; news that comes before the filing waits for it (NotYet)."""
    steps = Steps.of(uow, [(event.data["order_id"], action) for event in events])
    heard = store.heard(uow.conn, {event.data["claim_id"] for event in events})
    changed: dict[str, Heard] = {}
    for event in events:
        claim_id, order_id = event.data["claim_id"], event.data["order_id"]
        known = heard.get(claim_id)
        if known is None or known.claim_version < event.data["claim_version"]:
            raise NotYet(claim_id)
        order = steps.orders.get(order_id)
        if order is None:
            continue  # answered NOT_FOUND when it was filed
        if known.status != "claimed" or order.claim_id != claim_id:
            steps.ignore(order_id, action, event, claim_id=claim_id, claim=known.status)
            continue
        payable_fen = event.data["payable_fen"] if action == "pay" else None
        steps.follow(order_id, action, event, payable_fen=payable_fen, **changes)
        heard[claim_id] = changed[claim_id] = Heard(claim_id, order_id, known.claim_version, None, status)
    steps.save()
    store.save_heard(uow.conn, changed.values())


def _answer(uow: UnitOfWork, event: Event, code: str | None, allowed_fen: int | None, order_status: str) -> None:
    data = {
        "claim_id": event.data["claim_id"],
        "order_id": event.data["order_id"],
        "provider_id": event.data["provider_id"],
        "allowed_fen": allowed_fen,
        "code": code,
        "order_status": order_status,
    }
    version = event.data["claim_version"]
    uow.emit("voucher.claim_answered.v1", subject=event.data["claim_id"], sequence=version, data=data, cause=event)


def _record_refusal(uow: UnitOfWork, steps: Steps, event: Event, code: str) -> None:
    order = steps.orders[event.data["order_id"]]
    pack = steps.pack_of(order)
    rests_on = articles(pack, "order.refund" if code == "REFUND_PENDING" else "claims.cadence")
    facts = {"code": code, "status": order.status, "claim_id": event.data["claim_id"], "order_id": order.order_id}
    for subject in (order.order_id, event.data["claim_id"]):
        decision = Decision("claim_not_accepted", subject, order.programme, pack.label, rests_on, facts)
        uow.record(decision, actor=None, cause=event)
