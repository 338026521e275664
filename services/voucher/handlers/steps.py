"""Steps of orders for one batch, whoever asks for them: a command, another service's news, or a date that fell due."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contracts.errors import Decision, Ok, Outcome
from contracts.programmes import Pack
from infra.db import UnitOfWork
from infra.messages import Command, Event
from services.voucher import books_store, store
from services.voucher.domain import ledger
from services.voucher.domain import orders as domain
from services.voucher.domain.denominations import Vouchers
from services.voucher.domain.law import articles, law, refuse
from services.voucher.domain.orders import Order
from services.voucher.handlers.packs import Packs

Cause = Command | Event | None


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


class Steps:
    """Orders and their accounts, locked; steps fold in memory, so that the second on an order sees the first."""

    def __init__(self, uow: UnitOfWork, orders: Iterable[Order], names: Iterable[str]) -> None:
        self.uow = uow
        self.packs = Packs(uow.today)
        self.orders = {order.order_id: order for order in orders}
        plans = {order.plan for order in self.orders.values() if order.denomination_fen is not None}
        self.vouchers = Vouchers(books_store.denominations_of(uow.conn, plans))
        self.books = books_store.open_books(uow.conn, names, at=uow.now)
        self._changed: dict[str, Order] = {}

    @classmethod
    def of(cls, uow: UnitOfWork, wanted: Iterable[tuple[str, str]]) -> Steps:
        """Load the orders of (order id, action) pairs, and the accounts that those actions may touch."""
        pairs = list(wanted)
        orders = store.orders_by_id(uow.conn, {order_id for order_id, _ in pairs})
        return cls.over(uow, orders.values(), pairs)

    @classmethod
    def over(cls, uow: UnitOfWork, orders: Iterable[Order], pairs: Iterable[tuple[str, str]]) -> Steps:
        """The same for orders that are loaded and locked already."""
        packs, year = Packs(uow.today), uow.today.year
        by_id = {order.order_id: order for order in orders}
        known = ((by_id[order_id], action) for order_id, action in pairs if order_id in by_id)
        names = {
            name
            for order, action in known
            for name in domain.accounts_of(
                order, action, home=domain.home(order=order, pack=packs.at(order.pack_version), today_year=year)
            )
        }
        return cls(uow, by_id.values(), names)

    def pack_of(self, order: Order) -> Pack:
        """The rules that the order was placed under."""
        return self.packs.at(order.pack_version)

    def take(
        self, order_id: str, action: str, cause: Cause, *, payable_fen: int | None = None, **changes: Any
    ) -> tuple[Order, Decision] | None:
        """One step, with its event; None when the order's state does not allow it."""
        before = self.orders[order_id]
        pack = self.pack_of(before)
        home = domain.home(order=before, pack=pack, today_year=self.uow.today.year)
        if action == "confirm":
            changes["voucher_number"] = domain.voucher_number(before, pack)
        step = domain.step(order=before, action=action, home=home, payable_fen=payable_fen, **changes)
        if step is None:
            return None
        after = self.orders[order_id] = self._changed[order_id] = step.order
        self.books.move(step.moves, subject=order_id, version=after.sequence, cause=_name(cause, action))
        if action in domain.GIVES_BACK and before.denomination_fen is not None:
            self.vouchers.give_back(before.plan, before.denomination_fen)
        rests_on = articles(pack, *domain.rules_of(pack, action))
        facts = _facts(before, after, step.moves)
        if "lapsed_fen" in facts:
            rests_on += articles(pack, "issuing.validity")
        self.uow.emit(
            domain.EVENT_OF[action],
            subject=order_id,
            sequence=after.sequence,
            data=domain.state(after, law(pack, rests_on, facts)),
            cause=cause,
        )
        return after, Decision(action, order_id, after.programme, pack.label, rests_on, facts)

    def follow(
        self, order_id: str, action: str, cause: Event | None, *, payable_fen: int | None = None, **changes: Any
    ) -> Order | None:
        """One step that nobody here asked for: it is recorded, as taken or as ignored."""
        taken = self.take(order_id, action, cause, payable_fen=payable_fen, **changes)
        if taken is None:
            self.ignore(order_id, action, cause)
            return None
        self.uow.record(taken[1], actor=None, cause=cause)
        return taken[0]

    def ignore(self, order_id: str, action: str, cause: Event | None, **facts: Any) -> None:
        """Record that news changed nothing, and why."""
        order = self.orders[order_id]
        found = {"ignored": action, "status": order.status, "event": cause.id if cause else None, **facts}
        self.uow.record(Decision("ignored", order_id, order.programme, None, (), found), actor=None, cause=cause)

    def mark(self, order: Order) -> None:
        """Keep a change that moves nothing and that nobody else has to know."""
        self.orders[order.order_id] = self._changed[order.order_id] = order

    def save(self) -> None:
        store.save_orders(self.uow.conn, self._changed.values())
        books_store.save_denominations(self.uow.conn, self.vouchers.changed())
        books_store.save_books(self.uow.conn, self.books)


def taken(steps: Steps, command: Command, action: str, changes: dict[str, Any]) -> Outcome:
    """The answer to a command that asks for a step; WRONG_STATE where the order's state does not allow it."""
    order = steps.orders[command.body["order_id"]]
    step = steps.take(order.order_id, action, command, **changes)
    if step is None:
        pack = steps.pack_of(order)
        return refuse(pack, "WRONG_STATE", "order_id", *domain.rules_of(pack, action), status=order.status)
    return Ok(view(step[0]), step[1])


def _facts(before: Order, after: Order, moves: Iterable[ledger.Move]) -> dict[str, Any]:
    """What a step did, in numbers: what lapsed, what was paid of what was held, and what waits for a later year."""
    facts: dict[str, Any] = {"from": before.status, "to": after.status, "voucher_fen": after.voucher_fen}
    lapsed = ledger.lapsed(after.programme, after.year, after.purse)
    lapsed_fen = sum(move.amount_fen for move in moves if move.credit == lapsed)
    if lapsed_fen:
        facts["lapsed_fen"] = lapsed_fen
    if after.redeemed_fen not in (None, after.voucher_fen):
        facts["redeemed_fen"] = after.redeemed_fen
    if before.deferred_fen != after.deferred_fen:
        facts |= {"deferred_fen": after.deferred_fen, "was_deferred_fen": before.deferred_fen}
    return facts


def _name(cause: Cause, action: str) -> str:
    if isinstance(cause, Event):
        return cause.id
    return (cause.key if cause else None) or f"due:{action}"
