"""Exits: what the operator says of each running order of a provider that left, until none waits (第十二条)."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.errors import Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command
from services.voucher import exits_store, store
from services.voucher.access import foreign
from services.voucher.domain import exits as domain
from services.voucher.domain import orders as order_rules
from services.voucher.domain.law import law, refuse
from services.voucher.domain.orders import Order
from services.voucher.domain.parties import Provider
from services.voucher.handlers.packs import Packs
from services.voucher.handlers.steps import Steps, taken

ACTIONS = {"settle": "settle", "void": "void_running"}
AT_ONCE = 200  # wind-downs told in one transaction


def wind_down_orders(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """settle: it was served, and may be claimed; void: it was not, and its support goes back where it came from."""
    steps = Steps.of(uow, [(one.body["order_id"], ACTIONS[one.body["outcome"]]) for one in commands])
    providers = store.providers(uow.conn, {order.provider_id for order in steps.orders.values()}, now=uow.now)
    outcomes: list[Outcome] = []
    for command in commands:
        order, action = steps.orders.get(command.body["order_id"]), ACTIONS[command.body["outcome"]]
        if order is None:
            outcomes.append(Refused("NOT_FOUND", "order_id"))
            continue
        refused = foreign(command, order.programme) or order_rules.not_ruled(steps.pack_of(order), action)
        refused = refused or _not_left(steps, order, providers.get(order.provider_id))
        changes = {"reason": command.body["reason"], "hand_over_due": False, "left_by": order.provider_id}
        outcomes.append(refused or taken(steps, command, action, changes))
    steps.save()
    return outcomes


def _not_left(steps: Steps, order: Order, provider: Provider | None) -> Refused | None:
    """WRONG_STATE: its provider has not left, or it was said already what comes of it."""
    gone = provider is not None and provider.status == "exited"
    if gone and not order.wound_down:
        return None
    found = {"status": order.status, "provider_status": provider.status if provider else "unknown"}
    found["wound_down"] = str(order.wound_down).lower()
    return refuse(steps.pack_of(order), "WRONG_STATE", "order_id", "exit.aftermath", **found)


def follow_wind_downs(uow: UnitOfWork) -> int:
    """Open the wind-down of who left, close one of which nothing waits, open it again when something does."""
    wanted = exits_store.to_follow(uow.conn, AT_ONCE)
    if not wanted:
        return 0
    known, packs = exits_store.wind_downs_of(uow.conn, wanted), Packs(uow.today)
    found = exits_store.left_by(uow.conn, wanted)
    changed: dict[str, domain.WindDown] = {}
    for provider_id, programme in wanted.items():
        pack, counts = packs.of(programme), domain.tally(found[provider_id])
        before = known.get(provider_id)
        for step in domain.follow(wind_down=before, provider_id=provider_id, counts=counts, pack=pack):
            after, name, decision = step
            changed[provider_id] = after
            data = domain.state(after, law(pack, decision.articles, decision.facts))
            uow.emit(f"voucher.{name}.v1", subject=provider_id, sequence=after.sequence, data=data, cause=None)
            uow.record(decision, actor=None, cause=None)
    exits_store.save(uow.conn, changed.values())
    return len(changed)
