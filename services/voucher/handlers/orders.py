"""Orders after they are placed: confirmed, cancelled, refunded, failed, and handed over to another provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from contracts.errors import Ok, Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command
from services.voucher import store
from services.voucher.access import foreign
from services.voucher.domain import orders as domain
from services.voucher.domain.affiliation import Affiliation
from services.voucher.domain.law import refuse
from services.voucher.domain.orders import Order
from services.voucher.domain.parties import Enterprise, Provider
from services.voucher.handlers.steps import Steps, taken
from services.voucher.ties_store import Pair, Ties

MAY_CONFIRM = ("admitted", "suspended", "leaving")  # what was placed before goes on
Act = Callable[[Command], tuple[str, dict[str, Any]]]
Bar = Callable[[Order, Command], Refused | None]


# --- steps that a party asks for --------------------------------------------------------------------------------------


def confirm_orders(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十九条: the provider confirms with the signed contract, and the voucher is committed to it."""

    def act(command: Command) -> tuple[str, dict[str, Any]]:
        return "confirm", {"confirmed_at": uow.now, "contract_sha256": command.body["contract_sha256"]}

    return _steps(uow, commands, "provider_id", act, _may_confirm)


def _may_confirm(steps: Steps) -> Bar:
    """第十二条: nothing is committed to a provider that has exited, nor for or to a party that is listed, where the
    pack has its running orders stop."""
    conn, now, orders = steps.uow.conn, steps.uow.now, steps.orders.values()
    providers = store.providers(conn, {order.provider_id for order in orders}, now=now)
    listed = store.blacklisted(conn, {order.enterprise_id for order in orders}, now=now)
    contracts = _contracts(steps)

    def barred(order: Order, command: Command) -> Refused | None:
        pack, provider = steps.pack_of(order), providers.get(order.provider_id)
        stops = not pack.exit.running_continue
        if stops and provider is not None and provider.blacklisted:
            return refuse(pack, "BLACKLISTED", "provider_id", "exit.blacklist", "supervision.dishonesty_list")
        if stops and order.enterprise_id in listed:
            return refuse(
                pack,
                "BLACKLISTED",
                "order_id",
                "exit.blacklist",
                "supervision.dishonesty_list",
                subject=order.enterprise_id,
            )
        gone = provider is None or provider.status not in MAY_CONFIRM
        if gone and order.status == "placed":  # not yet voided; of one that is, its state says it
            status = "unknown" if provider is None else provider.status
            return refuse(pack, "PROVIDER_NOT_AVAILABLE", "provider_id", "exit.aftermath", status=status)
        return _counted(steps, contracts, order, command.body["contract_sha256"])

    return barred


Contracts = dict[tuple[str, int, str], str]  # enterprise, year, contract → the order that is supported for it


def _contracts(steps: Steps) -> Contracts:
    """Contracts that orders are supported for, of enterprises whose programme counts the same content once; under the
    locks of the accounts that confirming moves."""
    once = [order for order in steps.orders.values() if _counts_once(steps, order)]
    if not once:
        return {}
    drawn = store.drawn(steps.uow.conn, {order.enterprise_id for order in once}, until=steps.uow.today.year)
    return {
        (one.enterprise_id, one.year, one.contract_sha256): one.order_id
        for found in drawn.values()
        for one in found
        if one.contract_sha256 is not None
    }


def _counts_once(steps: Steps, order: Order) -> bool:
    amount = steps.pack_of(order).amount
    return bool(order.voucher_fen) and amount is not None and amount.no_double_count is not None


def _counted(steps: Steps, contracts: Contracts, order: Order, contract: str) -> Refused | None:
    """The same contract has support of this year already (内蒙古 五(三)); an order that is confirmed counts at once."""
    if order.status != "placed" or not _counts_once(steps, order):
        return None
    other = contracts.setdefault((order.enterprise_id, order.year, contract), order.order_id)
    if other == order.order_id:
        return None
    found = {"order_id": other, "year": order.year}
    return refuse(steps.pack_of(order), "CONTENT_COUNTED", "contract_sha256", "amount.no_double_count", **found)


def cancel_orders(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第二十条: before confirmation, and the voucher returns by itself."""

    def act(command: Command) -> tuple[str, dict[str, Any]]:
        return "cancel", {"reason": command.body.get("reason")}

    return _steps(uow, commands, "enterprise_id", act)


def request_refunds(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第二十条: after confirmation and before a claim."""
    return _steps(
        uow, commands, "enterprise_id", lambda command: ("request_refund", {"reason": command.body["reason"]})
    )


def answer_refunds(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第二十条: with the provider's consent the voucher returns by itself."""

    def act(command: Command) -> tuple[str, dict[str, Any]]:
        return "consent" if command.body["consent"] else "decline", {"reason": command.body.get("reason")}

    return _steps(uow, commands, "provider_id", act)


def fail_orders(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """内蒙古 六: the contract was not performed; its voucher is void, its money and its count are free again."""
    outcomes = _steps(uow, commands, None, lambda command: ("fail", {"reason": command.body["reason"]}))
    names = ("id", "status", "sequence")
    return [replace(one, result={n: one.result[n] for n in names}) if isinstance(one, Ok) else one for one in outcomes]


def _steps(
    uow: UnitOfWork,
    commands: Sequence[Command],
    party: str | None,
    act: Act,
    bar: Callable[[Steps], Bar] = lambda steps: lambda order, command: None,
) -> list[Outcome]:
    """One step a command, by the order's own `party` (None: by an office); what `bar` gives refuses what the state
    alone would allow."""
    acts = [act(command) for command in commands]
    steps = Steps.of(
        uow, [(command.body["order_id"], action) for command, (action, _) in zip(commands, acts, strict=True)]
    )
    barred = bar(steps)
    outcomes: list[Outcome] = []
    for command, (action, changes) in zip(commands, acts, strict=True):
        order = steps.orders.get(command.body["order_id"])
        refused = _whose(order, party, command)
        if refused is None and order is not None:
            refused = domain.not_ruled(steps.pack_of(order), action) or barred(order, command)
        outcomes.append(refused or taken(steps, command, action, changes))
    steps.save()
    return outcomes


def _whose(order: Order | None, party: str | None, command: Command) -> Refused | None:
    if order is None:
        return Refused("NOT_FOUND", "order_id")
    if party is not None and getattr(order, party) != command.body[party]:
        return Refused("NOT_OWNER", party)
    return foreign(command, order.programme)


# --- hand-over --------------------------------------------------------------------------------------------------------


def hand_over_orders(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十二条: a running order of a provider that leaves goes to another, admitted and of the same category."""
    conn = uow.conn
    orders = store.orders_by_id(conn, {command.body["order_id"] for command in commands})
    takers = {command.body["to_provider_id"] for command in commands}
    providers = store.providers(conn, takers | {order.provider_id for order in orders.values()}, now=uow.now)
    offering = store.offering(conn, takers)
    buyers = {order.enterprise_id for order in orders.values()}
    enterprises = store.enterprises(conn, buyers, now=uow.now, year=uow.today.year)
    ties = Ties(conn, _pairs(commands, orders, enterprises, providers), on=uow.today)
    names: set[str] = set()
    for command in commands:
        order = orders.get(command.body["order_id"])
        if order is not None:
            to = command.body["to_provider_id"]
            names.update(domain.accounts_of(order, "hand_over", home=order.source, to_provider=to))
    steps = Steps(uow, orders.values(), names)
    outcomes: list[Outcome] = []
    for command in commands:
        order, taker_id = steps.orders.get(command.body["order_id"]), command.body["to_provider_id"]
        if order is None:
            outcomes.append(Refused("NOT_FOUND", "order_id"))
            continue
        taker = providers.get(taker_id)
        shown = taker is not None and (taker_id, order.category) in offering
        enterprise = enterprises.get(order.enterprise_id)
        tied = Affiliation() if enterprise is None or taker is None else ties.between(enterprise, taker)
        giver = providers.get(order.provider_id)
        refused = foreign(command, order.programme) or _may_hand_over(
            steps, order, giver, taker, shown=shown, tied=tied
        )
        changes = {"provider_id": taker_id, "reason": command.body["reason"], "hand_over_due": False}
        outcomes.append(refused or taken(steps, command, "hand_over", changes))
    steps.save()
    return outcomes


def _pairs(
    commands: Sequence[Command],
    orders: Mapping[str, Order],
    enterprises: Mapping[str, Enterprise],
    providers: Mapping[str, Provider],
) -> list[Pair]:
    asked = {(command.body["order_id"], command.body["to_provider_id"]) for command in commands}
    found = {
        (orders[order_id].enterprise_id, taker)
        for order_id, taker in asked
        if order_id in orders and taker in providers
    }
    return [(enterprises[buyer], providers[taker]) for buyer, taker in found if buyer in enterprises]


def _may_hand_over(
    steps: Steps, order: Order, giver: Provider | None, taker: Provider | None, *, shown: bool, tied: Affiliation
) -> Refused | None:
    """The one leaves, the other is admitted, offers that category, and has no tie with the enterprise."""
    pack = steps.pack_of(order)
    if giver is None or taker is None:
        return Refused("NOT_YET_KNOWN", "order_id" if giver is None else "to_provider_id")
    if giver.status not in ("leaving", "exited") and not giver.blacklisted:
        found = {"status": order.status, "provider_status": giver.status}
        return refuse(pack, "WRONG_STATE", "order_id", "exit.aftermath", **found)
    if taker.status != "admitted" or taker.blacklisted or not shown or taker.programme != order.programme:
        found = {"status": taker.status, "category": order.category}
        return refuse(pack, "PROVIDER_NOT_AVAILABLE", "to_provider_id", "exit.aftermath", offers=shown, **found)
    if tied and order.voucher_fen and pack.eligibility.not_affiliated is not None:
        return refuse(pack, "AFFILIATED_WITH_PROVIDER", "to_provider_id", "eligibility.not_affiliated", **tied.facts())
    return None
