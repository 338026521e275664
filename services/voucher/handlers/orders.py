"""Orders, from placing to refund: articles thirteen, seventeen to twenty-one, and the hand-over of article twelve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command
from services.voucher import store
from services.voucher.access import foreign
from services.voucher.domain import ledger
from services.voucher.domain import orders as domain
from services.voucher.domain.law import article, law, refuse
from services.voucher.domain.orders import Order
from services.voucher.domain.parties import Enterprise, Product, Provider
from services.voucher.domain.placing import Request, place
from services.voucher.handlers.packs import Packs
from services.voucher.handlers.steps import Steps

MAY_CONFIRM = ("admitted", "leaving")  # a provider that leaves serves out its notice
Act = Callable[[Command], tuple[str, dict[str, Any]]]


def view(order: Order) -> dict[str, Any]:
    """`OrderView` of the contract."""
    return {
        "id": order.order_id,
        "status": order.status,
        "sequence": order.sequence,
        "price_fen": order.price_fen,
        "voucher_fen": order.voucher_fen,
        "own_fen": order.own_fen,
    }


# --- placing ----------------------------------------------------------------------------------------------------------


def place_orders(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十八条、第二十一条: with a voucher up to rate and quota, or at the enterprise's own cost."""
    conn, bodies = uow.conn, [command.body for command in commands]
    known = store.orders_by_id(conn, {body["order_id"] for body in bodies})
    buyers = {body["enterprise_id"] for body in bodies}
    enterprises = store.enterprises(conn, buyers, now=uow.now, year=uow.today.year)
    products = store.products(conn, {body["product_id"] for body in bodies}, now=uow.now)
    placing = _Placing(
        uow=uow,
        orders=known,
        enterprises=enterprises,
        products=products,
        ties=store.tied(conn, buyers),
        books=store.open_books(conn, _accounts(uow, bodies, enterprises, products), at=uow.now),
    )
    outcomes = [placing.one(command) for command in commands]
    store.insert_orders(conn, placing.placed)
    store.save_books(conn, placing.books)
    return outcomes


def _accounts(
    uow: UnitOfWork, bodies: Sequence[dict[str, Any]], enterprises: dict[str, Enterprise], products: dict[str, Product]
) -> set[str]:
    """Quota and committed accounts of the orders that may spend a voucher."""
    names: set[str] = set()
    for body in bodies:
        enterprise, product = enterprises.get(body["enterprise_id"]), products.get(body["product_id"])
        if enterprise is None or product is None or not enterprise.granted_fen or body.get("voucher_fen") == 0:
            continue
        names.add(ledger.quota(enterprise.programme, uow.today.year, enterprise.enterprise_id))
        names.add(ledger.committed(enterprise.programme, uow.today.year, product.provider_id))
    return names


class _Placing:
    """One batch of orders being placed: each sees what those before it have spent."""

    def __init__(
        self,
        *,
        uow: UnitOfWork,
        orders: dict[str, Order],
        enterprises: dict[str, Enterprise],
        products: dict[str, Product],
        ties: set[tuple[str, str]],
        books: ledger.Books,
    ) -> None:
        self.uow, self.orders, self.enterprises, self.products = uow, orders, enterprises, products
        self.ties, self.books = ties, books
        self.packs = Packs(uow.today)
        self.placed: list[Order] = []

    def one(self, command: Command) -> Outcome:
        body, uow = command.body, self.uow
        known = self.orders.get(body["order_id"])
        if known is not None:
            if (barred := foreign(command, known.programme)) is not None:
                return barred
            return Ok(view(known)) if _same(known, body) else Refused("ALREADY_EXISTS", "order_id")
        enterprise, product = self.enterprises.get(body["enterprise_id"]), self.products.get(body["product_id"])
        if enterprise is None or product is None or product.provider is None:
            return Refused("NOT_YET_KNOWN", "enterprise_id" if enterprise is None else "product_id")
        pack = self.packs.get(enterprise.programme)
        if pack is None:
            return Refused("PROGRAMME_UNKNOWN", "enterprise_id")
        if (barred := foreign(command, enterprise.programme)) is not None:
            return barred
        quota = ledger.quota(enterprise.programme, uow.today.year, enterprise.enterprise_id)
        outcome = place(
            pack=pack,
            request=Request(body["order_id"], body["price_fen"], body.get("voucher_fen"), body.get("agreement")),
            enterprise=enterprise,
            product=product,
            tied=(enterprise.enterprise_id, product.provider_id) in self.ties,
            left_fen=self.books.accounts[quota].available_fen if quota in self.books.accounts else 0,
            now=uow.now,
            today=uow.today,
        )
        if isinstance(outcome, Refused):
            return outcome
        order, facts = outcome.order, outcome.facts
        self.books.move(domain.placing(order), subject=order.order_id, version=1, cause=command.key or "")
        self.orders[order.order_id] = order
        self.placed.append(order)
        uow.emit(
            domain.EVENT_OF["place"],
            subject=order.order_id,
            sequence=1,
            data=domain.state(order, law(pack, outcome.articles, facts)),
            cause=command,
        )
        decision = Decision("place_order", order.order_id, order.programme, pack.label, outcome.articles, facts)
        return Ok(view(order), decision)


def _same(order: Order, body: dict[str, Any]) -> bool:
    """Is this the order that was placed under its id?"""
    if body.get("voucher_fen") not in (None, order.voucher_fen):
        return False
    return all(
        body.get(name) == getattr(order, name) for name in ("enterprise_id", "product_id", "price_fen", "agreement")
    )


# --- steps that a party asks for --------------------------------------------------------------------------------------


def confirm_orders(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十九条: the provider confirms with the signed contract, and the voucher is committed to it."""

    def act(command: Command) -> tuple[str, dict[str, Any]]:
        return "confirm", {"confirmed_at": uow.now, "contract_sha256": command.body["contract_sha256"]}

    return _steps(uow, commands, "provider_id", act, _may_confirm)


def _may_confirm(steps: Steps) -> Callable[[Order], Refused | None]:
    """第十二条: nothing is committed to a provider that has exited, nor for or to a party on the blacklist."""
    conn, now, orders = steps.uow.conn, steps.uow.now, steps.orders.values()
    providers = store.providers(conn, {order.provider_id for order in orders}, now=now)
    listed = store.blacklisted(conn, {order.enterprise_id for order in orders}, now=now)

    def barred(order: Order) -> Refused | None:
        pack, provider = steps.packs.of(order.programme), providers.get(order.provider_id)
        if provider is not None and provider.blacklisted:
            return refuse(pack, "BLACKLISTED", "provider_id", "exit.blacklist")
        if order.enterprise_id in listed:
            return refuse(pack, "BLACKLISTED", "order_id", "exit.blacklist", subject=order.enterprise_id)
        gone = provider is None or provider.status not in MAY_CONFIRM
        if gone and order.status == "placed":  # not yet voided; of one that is, its state says it
            status = "unknown" if provider is None else provider.status
            return refuse(pack, "PROVIDER_NOT_AVAILABLE", "provider_id", "exit.aftermath", status=status)
        return None

    return barred


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


def _steps(
    uow: UnitOfWork,
    commands: Sequence[Command],
    party: str,
    act: Act,
    bar: Callable[[Steps], Callable[[Order], Refused | None]] = lambda steps: lambda order: None,
) -> list[Outcome]:
    """One step a command, by the order's own `party`; what `bar` gives refuses what the state alone would allow."""
    acts = [act(command) for command in commands]
    steps = Steps.of(
        uow, [(command.body["order_id"], action) for command, (action, _) in zip(commands, acts, strict=True)]
    )
    barred = bar(steps)
    outcomes: list[Outcome] = []
    for command, (action, changes) in zip(commands, acts, strict=True):
        order = steps.orders.get(command.body["order_id"])
        refused = _whose(order, party, command) or (None if order is None else barred(order))
        outcomes.append(refused or _taken(steps, command, action, changes))
    steps.save()
    return outcomes


def _whose(order: Order | None, party: str, command: Command) -> Refused | None:
    if order is None:
        return Refused("NOT_FOUND", "order_id")
    if getattr(order, party) != command.body[party]:
        return Refused("NOT_OWNER", party)
    return foreign(command, order.programme)


def _taken(steps: Steps, command: Command, action: str, changes: dict[str, Any]) -> Outcome:
    order = steps.orders[command.body["order_id"]]
    taken = steps.take(order.order_id, action, command, **changes)
    if taken is None:
        rule = domain.RULES_OF[action][0]
        return refuse(steps.packs.of(order.programme), "WRONG_STATE", "order_id", rule, status=order.status)
    return Ok(view(taken[0]), taken[1])


# --- hand-over --------------------------------------------------------------------------------------------------------


def hand_over_orders(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十二条: a running order of a provider that leaves goes to another, admitted and of the same category."""
    conn = uow.conn
    orders = store.orders_by_id(conn, {command.body["order_id"] for command in commands})
    takers = {command.body["to_provider_id"] for command in commands}
    providers = store.providers(conn, takers | {order.provider_id for order in orders.values()}, now=uow.now)
    offering = store.offering(conn, takers)
    ties = store.tied(conn, {order.enterprise_id for order in orders.values()})
    names: set[str] = set()
    for command in commands:
        order = orders.get(command.body["order_id"])
        if order is not None:
            names.update(domain.accounts_of(order, "hand_over", to_provider=command.body["to_provider_id"]))
    steps = Steps(uow, orders.values(), names)
    outcomes: list[Outcome] = []
    for command in commands:
        order, taker_id = steps.orders.get(command.body["order_id"]), command.body["to_provider_id"]
        if order is None:
            outcomes.append(Refused("NOT_FOUND", "order_id"))
            continue
        taker = providers.get(taker_id)
        shown = taker is not None and (taker_id, order.category) in offering
        tied = (order.enterprise_id, taker_id) in ties
        giver = providers.get(order.provider_id)
        refused = foreign(command, order.programme) or _may_hand_over(
            steps, order, giver, taker, shown=shown, tied=tied
        )
        changes = {"provider_id": taker_id, "reason": command.body["reason"], "hand_over_due": False}
        outcomes.append(refused or _taken(steps, command, "hand_over", changes))
    steps.save()
    return outcomes


def _may_hand_over(
    steps: Steps, order: Order, giver: Provider | None, taker: Provider | None, *, shown: bool, tied: bool
) -> Refused | None:
    """The one leaves, the other is admitted, offers that category, and has no tie with the enterprise."""
    pack = steps.packs.of(order.programme)
    if giver is None or taker is None:
        return Refused("NOT_YET_KNOWN", "order_id" if giver is None else "to_provider_id")
    if giver.status not in ("leaving", "exited") and not giver.blacklisted:
        found = {"status": order.status, "provider_status": giver.status}
        return refuse(pack, "WRONG_STATE", "order_id", "exit.aftermath", **found)
    if taker.status != "admitted" or taker.blacklisted or not shown or taker.programme != order.programme:
        found = {"status": taker.status, "category": order.category}
        return refuse(pack, "PROVIDER_NOT_AVAILABLE", "to_provider_id", "exit.aftermath", offers=shown, **found)
    if tied and order.voucher_fen:
        rule = article(pack, "eligibility.not_affiliated")
        return Refused("AFFILIATED_WITH_PROVIDER", "to_provider_id", rule, {"pack_version": pack.label})
    return None
