"""Orders being placed: what each enterprise may draw on is loaded and locked once for the batch, and folded order by
order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from contracts.errors import Decision, Ok, Outcome, Refused
from contracts.programmes import Pack
from infra.db import UnitOfWork
from infra.messages import Command
from services.voucher import books_store, filings_store, store
from services.voucher.access import foreign
from services.voucher.domain import ledger
from services.voucher.domain import orders as domain
from services.voucher.domain.denominations import Vouchers
from services.voucher.domain.law import law
from services.voucher.domain.orders import Drawn, Order
from services.voucher.domain.parties import Enterprise, Product
from services.voucher.domain.placing import Means, Placed, Request, place
from services.voucher.domain.plans import Plan, applied_for, serving
from services.voucher.handlers.packs import Packs
from services.voucher.handlers.steps import view
from services.voucher.ties_store import Pair, Ties


def place_orders(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """With support up to what rate, cap and money allow, or at the enterprise's own cost (第十八条、第二十一条)."""
    placing = _Placing(uow, [command.body for command in commands])
    outcomes = [placing.one(command) for command in commands]
    placing.save()
    return outcomes


class _Placing:
    """One batch of orders: each sees what those before it have spent, taken and counted.

    Locks: known orders, vouchers, accounts. Whoever draws on a budget or a year's cap holds the accounts of that budget
    and of that enterprise's year, so that neither is passed by two replicas.
    """

    def __init__(self, uow: UnitOfWork, bodies: Sequence[dict[str, Any]]) -> None:
        conn, self.uow, self.packs = uow.conn, uow, Packs(uow.today)
        buyers = {body["enterprise_id"] for body in bodies}
        self.orders = store.orders_by_id(conn, {body["order_id"] for body in bodies})
        self.enterprises = store.enterprises(conn, buyers, now=uow.now, year=uow.today.year)
        self.products = store.products(conn, {body["product_id"] for body in bodies}, now=uow.now)
        self.ties = Ties(conn, self._pairs(bodies), on=uow.today)
        self.plans = self._plans()
        supported = [one for one in self.enterprises.values() if self._draws_on_budget(one)]
        self.filings = self._filings(supported)
        self.vouchers = Vouchers(books_store.denominations_of(conn, self._with_vouchers(supported)))
        self.books = books_store.open_books(conn, self._accounts(bodies), at=uow.now)
        ids = {one.enterprise_id for one in supported}
        self.drawn = store.drawn(conn, ids, until=uow.today.year) if ids else {}
        served = [plan for plan in map(self._plan_of, supported) if plan is not None and plan.defers]
        self.owed = books_store.owed_before(conn, {(plan.programme, plan.year, plan.purse) for plan in served})
        self.placed: list[Order] = []

    def one(self, command: Command) -> Outcome:
        body = command.body
        known = self.orders.get(body["order_id"])
        if known is not None:
            if (barred := foreign(command, known.programme)) is not None:
                return barred
            return Ok(view(known)) if _same(known, body) else Refused("ALREADY_EXISTS", "order_id")
        enterprise, product = self.enterprises.get(body["enterprise_id"]), self.products.get(body["product_id"])
        if enterprise is None or product is None or product.provider is None:
            return Refused("NOT_YET_KNOWN", "enterprise_id" if enterprise is None else "product_id")
        pack = self.packs.get(enterprise.programme, enterprise.region)
        if pack is None:
            return Refused("PROGRAMME_UNKNOWN", "enterprise_id")
        if (barred := foreign(command, enterprise.programme)) is not None:
            return barred
        names = ("order_id", "price_fen", "voucher_fen", "agreement", "filing_id")
        outcome = place(
            pack=pack,
            request=Request(**{name: body.get(name) for name in names}),
            enterprise=enterprise,
            product=product,
            affiliation=self.ties.between(enterprise, product.provider),
            means=self._means(pack, enterprise),
            now=self.uow.now,
            today=self.uow.today,
        )
        return outcome if isinstance(outcome, Refused) else self._keep(pack, outcome, command)

    def save(self) -> None:
        store.insert_orders(self.uow.conn, self.placed)
        books_store.save_denominations(self.uow.conn, self.vouchers.changed())
        books_store.save_books(self.uow.conn, self.books)

    def _keep(self, pack: Pack, placed: Placed, command: Command) -> Outcome:
        order, facts = placed.order, placed.facts
        self.books.move(domain.placing(order), subject=order.order_id, version=1, cause=command.key or "")
        if order.denomination_fen is not None:
            self.vouchers.take(order.plan, order.denomination_fen)
        if order.voucher_fen and order.drawn_on == "budget":
            self.drawn.setdefault(order.enterprise_id, []).append(_drawn(order))
        self.orders[order.order_id] = order
        self.placed.append(order)
        self.uow.emit(
            domain.EVENT_OF["place"],
            subject=order.order_id,
            sequence=1,
            data=domain.state(order, law(pack, placed.articles, facts)),
            cause=command,
        )
        decision = Decision("place_order", order.order_id, order.programme, pack.label, placed.articles, facts)
        return Ok(view(order), decision)

    def _pairs(self, bodies: Sequence[dict[str, Any]]) -> Iterable[Pair]:
        """Who buys from whom with support, where the programme asks that nothing ties them (第十三条(四))."""
        pairs: dict[tuple[str, str], Pair] = {}
        for body in bodies:
            enterprise, product = self.enterprises.get(body["enterprise_id"]), self.products.get(body["product_id"])
            if enterprise is None or product is None or product.provider is None or body.get("voucher_fen") == 0:
                continue
            pack = self.packs.get(enterprise.programme, enterprise.region)
            if pack is not None and pack.eligibility.not_affiliated is not None:
                pairs[enterprise.enterprise_id, product.provider_id] = (enterprise, product.provider)
        return pairs.values()

    # --- what an enterprise may draw on

    def _means(self, pack: Pack, enterprise: Enterprise) -> Means:
        buyer, plan = enterprise.enterprise_id, self._plan_of(enterprise)
        return Means(
            home=self.packs.of(enterprise.programme).region,
            plan=plan,
            left_fen=self._left_fen(pack, enterprise, plan),
            drawn=self.drawn.get(buyer, ()),
            filings=self.filings.get(buyer, ()),
            vouchers=self.vouchers,
        )

    def _left_fen(self, pack: Pack, enterprise: Enterprise, plan: Plan | None) -> int:
        """Of its quota; or of the plan's budget, beyond what that still owes to orders that came before."""
        if applied_for(pack):
            name = ledger.quota(enterprise.programme, self.uow.today.year, enterprise.enterprise_id)
            return self.books.accounts[name].available_fen if name in self.books.accounts else 0
        if plan is None or plan.budget not in self.books.accounts:
            return 0
        left_fen = self.books.available_fen(plan.budget)
        if plan.defers:
            left_fen += min(0, self.books.available_fen(plan.deferred))
            left_fen -= self.owed.get((plan.programme, plan.year, plan.purse), 0)
        return max(0, left_fen)

    def _plan_of(self, enterprise: Enterprise) -> Plan | None:
        plans = self.plans.get(enterprise.programme, ())
        return serving(plans, enterprise.region, bound_to=enterprise.granted_region)

    def _plans(self) -> dict[str, list[Plan]]:
        keys = {(one.programme, self.uow.today.year) for one in self.enterprises.values()}
        found: dict[str, list[Plan]] = {}
        for plan in store.plans_of(self.uow.conn, keys, lock=False) if keys else ():
            found.setdefault(plan.programme, []).append(plan)
        return found

    def _draws_on_budget(self, enterprise: Enterprise) -> bool:
        pack = self.packs.get(enterprise.programme, enterprise.region)
        return pack is not None and pack.issuing is not None and not applied_for(pack)

    def _filings(self, enterprises: Sequence[Enterprise]) -> dict[str, list[Any]]:
        packs = ((one, self.packs.of(one.programme, one.region)) for one in enterprises)
        filing = {one.enterprise_id for one, pack in packs if pack.filing is not None}
        return filings_store.open_filings(self.uow.conn, filing) if filing else {}

    def _with_vouchers(self, enterprises: Sequence[Enterprise]) -> set[tuple[str, int, str]]:
        plans = (self._plan_of(one) for one in enterprises)
        return {plan.key for plan in plans if plan is not None and plan.denominations}

    def _accounts(self, bodies: Sequence[dict[str, Any]]) -> set[str]:
        """Accounts of the orders that may be supported."""
        names: set[str] = set()
        for body in bodies:
            enterprise, product = self.enterprises.get(body["enterprise_id"]), self.products.get(body["product_id"])
            if enterprise is not None and product is not None and body.get("voucher_fen") != 0:
                names |= self._accounts_of(enterprise, product)
        return names

    def _accounts_of(self, enterprise: Enterprise, product: Product) -> set[str]:
        programme, year, plan = enterprise.programme, self.uow.today.year, self._plan_of(enterprise)
        both = {
            ledger.quota(programme, year, enterprise.enterprise_id),
            ledger.committed(programme, year, product.provider_id),
        }
        if not self._draws_on_budget(enterprise):
            return both if enterprise.granted_fen else set()
        if plan is None or plan.status != "published":
            return set()
        return both | {plan.budget} | ({plan.deferred} if plan.defers else set())


def _drawn(order: Order) -> Drawn:
    names = ("order_id", "enterprise_id", "programme", "year", "track", "product_id", "contract_sha256")
    return Drawn(*(getattr(order, name) for name in names), order.voucher_fen)


def _same(order: Order, body: dict[str, Any]) -> bool:
    """Is this the order that was placed under its id?"""
    if body.get("voucher_fen") not in (None, order.voucher_fen):
        return False
    if body.get("filing_id") not in (None, order.filing_id):
        return False
    return all(
        body.get(name) == getattr(order, name) for name in ("enterprise_id", "product_id", "price_fen", "agreement")
    )
