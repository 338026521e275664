"""Records of use (使用过程记录): the provider records what is used of an order while it is used (山东 三(四))."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from infra.clock import local_date
from infra.db import UnitOfWork
from infra.messages import Command
from services.voucher import store, usage_store
from services.voucher.access import foreign
from services.voucher.domain import usage as domain
from services.voucher.domain.law import law
from services.voucher.domain.orders import Order
from services.voucher.domain.usage import Total, Usage
from services.voucher.handlers.packs import Packs

SAME = ("order_id", "provider_id", "since", "until", "days_used", "units", "evidence")


def record_usage(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Each record adds to its order's; a later one of the batch sees the earlier. The order's row is the lock."""
    bodies = [command.body for command in commands]
    orders = store.orders_by_id(uow.conn, {body["order_id"] for body in bodies})
    since, until = min(body["since"] for body in bodies), max(body["until"] for body in bodies)
    books = _Books(
        known=usage_store.usage_by_id(uow.conn, {body["usage_id"] for body in bodies}),
        records=usage_store.usage_between(uow.conn, orders, since, until),
        totals=usage_store.usage_of(uow.conn, orders),
        packs=Packs(uow.today),
        new=[],
    )
    outcomes = [_record(uow, books, orders.get(command.body["order_id"]), command) for command in commands]
    usage_store.insert_usage(uow.conn, books.new)
    return outcomes


@dataclass
class _Books:
    """What was recorded of a batch's orders; `add` lets a later record see an earlier one."""

    known: dict[str, Usage]
    records: dict[str, list[Usage]]
    totals: dict[str, Total]
    packs: Packs
    new: list[Usage]

    def add(self, usage: Usage, total: Total) -> None:
        self.known[usage.usage_id] = usage
        self.records.setdefault(usage.order_id, []).append(usage)
        self.totals[usage.order_id] = total
        self.new.append(usage)


def _record(uow: UnitOfWork, books: _Books, order: Order | None, command: Command) -> Outcome:
    body = command.body
    if order is None:
        return Refused("NOT_FOUND", "order_id")
    if (barred := foreign(command, order.programme)) is not None:
        return barred
    if order.provider_id != body["provider_id"]:
        return Refused("ORDER_OF_ANOTHER", "order_id")
    former = books.known.get(body["usage_id"])
    if former is not None:
        same = all(getattr(former, name) == body.get(name) for name in SAME)
        return Ok(_view(former)) if same else Refused("ALREADY_EXISTS", "usage_id")
    usage = Usage(
        usage_id=body["usage_id"],
        enterprise_id=order.enterprise_id,
        programme=order.programme,
        recorded_by=command.actor.subject,
        recorded_at=uow.now,
        **{name: body[name] for name in SAME},
    )
    pack = books.packs.at(order.pack_version)
    total = domain.record(
        pack=pack,
        order=order,
        usage=usage,
        begun_on=local_date(order.ordered_at),
        others=books.records.get(order.order_id, ()),
        total=books.totals.get(order.order_id, Total()),
        today=uow.today,
    )
    if isinstance(total, Refused):
        return replace(total, facts={**total.facts, "subject": order.order_id})  # explained under its order, too
    books.add(usage, total)
    rests_on, facts = domain.rests_on(pack), domain.facts_of(usage, total)
    uow.emit(
        "voucher.usage_recorded.v1",
        subject=usage.usage_id,
        sequence=1,
        data=domain.state(usage, total, law(pack, rests_on, facts)),
        cause=command,
    )
    decision = Decision("usage_recorded", order.order_id, order.programme, pack.label, rests_on, facts)
    return Ok(_view(usage), decision)


def _view(usage: Usage) -> dict[str, Any]:
    """`IdOnly` of the contract: a record has one version."""
    return {"id": usage.usage_id, "status": "recorded", "sequence": 1}
