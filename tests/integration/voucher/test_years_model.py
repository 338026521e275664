"""Whatever is placed, paid, failed and planned over the years: books are whole, and a debt is made up once."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from infra.db import create_engine
from services.voucher import tables
from services.voucher.domain.ledger import BELOW_ZERO
from services.voucher.domain.orders import LIVE
from tests.integration.voucher.elsewhere import NEIMENGGU, Elsewhere
from tests.integration.voucher.test_year_statement import recounted, stated
from tests.profiles import examples

CAP = 2_000_000
ENOUGH = 20 * CAP
VOUCHERS = [{"denomination_fen": 300_000, "count": 3}, {"denomination_fen": CAP, "count": 30}]
pick = st.integers(0, 1000)


class Years(RuleBasedStateMachine):
    """Inner Mongolia with little money, some years on end."""

    def __init__(self) -> None:
        super().__init__()
        self.world = Elsewhere(create_engine("sqlite://", service="voucher"), NEIMENGGU)
        self.companies = [self.world.company() for _ in range(3)]
        self.products = [self.world.shop(price_fen=10**7)[1] for _ in range(4)]
        self.claims: dict[str, str] = {}

    def teardown(self) -> None:
        """However it went: what each year's statement says is what its entries add up to."""
        for plan in self.world.rows(tables.plans):
            told = self.world.ask("year_statement", programme=NEIMENGGU, year=plan["year"])["statement"]
            assert told["sum_fen"] == 0
            assert stated(told) == recounted(self.world, plan["year"])
        self.world.engine.dispose()

    def some(self, number: int, *states: str) -> dict | None:
        rows = self.world.rows(tables.orders, tables.orders.c.status.in_(states))
        return rows[number % len(rows)] if rows else None

    @initialize(budget=st.integers(1, CAP))
    def begin(self, budget):
        self.plan(budget, ahead=False)

    @rule(budget=st.integers(1, 2 * CAP), ahead=st.booleans())
    def plan(self, budget, ahead):
        body = self.world.draft(budget, year=self.world.year + ahead, denominations=VOUCHERS)
        if self.world.do("make_plan", **body)["ok"]:
            self.world.ok("configure_plan", plan_id=body["plan_id"], budget_fen=budget)

    @rule(who=pick, what=pick, price=st.integers(1, 10**7), asked=st.none() | st.integers(0, CAP), twice=st.booleans())
    def place(self, who, what, price, asked, twice):
        numbers = (what, what + 1) if twice else (what,)
        company = self.companies[who % 3]
        more = {"price_fen": price, "voucher_fen": asked, "agreement": None}
        bodies = [self.world.order_body(company, self.products[n % 4], **more) for n in numbers]
        self.world.batch("place_order", bodies)

    @rule(number=pick)
    def confirm(self, number):
        if order := self.some(number, "placed"):
            self.world.confirm(order["order_id"])

    @rule(number=pick)
    def cancel(self, number):
        if order := self.some(number, "placed"):
            self.world.do("cancel_order", order_id=order["order_id"], enterprise_id=order["enterprise_id"])

    @rule(number=pick)
    def fail(self, number):
        if order := self.some(number, "confirmed"):
            self.world.do("fail_order", order_id=order["order_id"], reason="r")

    @rule(number=pick)
    def claim(self, number):
        if order := self.some(number, "confirmed"):
            self.claims[order["order_id"]] = self.world.claimed_of(order["order_id"])

    @rule(number=pick, part=st.integers(0, 4), ends=st.booleans())
    def end(self, number, part, ends):
        """Paid, in part or whole, when it is covered; or its claim ends without payment."""
        order = self.some(number, "claimed")
        if order is None:
            return
        order_id, claim = order["order_id"], self.claims[order["order_id"]]
        if ends:
            self.world.hear(self.world.claim("refused", order_id, claim, order["provider_id"]))
        elif not order["deferred_fen"]:
            self.world.paid(order_id, claim, order["voucher_fen"] * part // 4)

    @rule(next_year=st.integers(0, 3))
    def time(self, next_year):
        if next_year == 0 and self.world.year < 2023:
            self.world.clock.moment = datetime(self.world.year + 1, 10, 15, tzinfo=UTC)
        self.world.due()

    # --- what must hold at any moment

    @invariant()
    def each_years_books_are_whole(self):
        sums: dict[int, int] = defaultdict(int)
        crossed: dict[str, int] = defaultdict(int)
        for row in self.world.rows(tables.accounts):
            balance_fen = row["credits_posted"] - row["debits_posted"]
            sums[row["year"]] += balance_fen
            crossed[row["kind"]] += balance_fen
            assert row["kind"] in BELOW_ZERO or balance_fen - row["debits_pending"] >= 0, row
        assert set(sums.values()) <= {0}
        assert crossed["carried_out"] == -crossed["carried_in"]
        assert crossed["making_up"] == -crossed["made_up"]
        for year in sums:
            self.world.books(year)  # pending amounts mirror open transfers

    @invariant()
    def what_is_promised_is_what_there_is_and_what_is_owed(self):
        """Per year: live support is the money that is there for it, and what a later year owes it, to the fen."""
        orders: dict[int, list[dict]] = defaultdict(list)
        for order in self.world.rows(tables.orders):
            orders[order["year"]].append(order)
        accounts = {row["name"]: row for row in self.world.rows(tables.accounts)}
        for year, mine in orders.items():
            live = [one for one in mine if one["status"] in LIVE]
            name = f"deferred:{NEIMENGGU}:{year}"
            deferred = accounts.get(name, {"credits_posted": 0, "debits_posted": 0, "debits_pending": 0})
            available_fen = deferred["credits_posted"] - deferred["debits_posted"] - deferred["debits_pending"]
            waiting_fen = sum(one["deferred_fen"] for one in mine)
            assert all(one["deferred_fen"] <= one["shortfall_fen"] <= one["voucher_fen"] for one in mine)
            assert available_fen + waiting_fen >= 0, "covered with money that is not there"
            assert all(not one["deferred_fen"] for one in mine if one not in live)
            for company in self.companies:
                taken = [one for one in live if one["enterprise_id"] == company and one["voucher_fen"]]
                used = sum(one["voucher_fen"] if one["redeemed_fen"] is None else one["redeemed_fen"] for one in taken)
                assert used <= CAP
                assert len({one["product_id"] for one in taken}) == len(taken)

    @invariant()
    def vouchers_are_counted(self):
        held: dict[tuple[int, int], int] = defaultdict(int)
        for order in self.world.rows(tables.orders, tables.orders.c.status.in_(LIVE)):
            if order["denomination_fen"] is not None:
                held[order["year"], order["denomination_fen"]] += 1
        for row in self.world.rows(tables.denominations):
            assert row["taken"] == held[row["year"], row["denomination_fen"]] <= row["count"]

    @invariant()
    def the_books_say_what_the_orders_say(self):
        expected: dict[str, int] = defaultdict(int)
        for order in self.world.rows(tables.orders):
            kind = {"confirmed": "committed", "claimed": "claimed", "redeemed": "redeemed"}.get(order["status"])
            if kind == "redeemed":
                expected[f"redeemed:{NEIMENGGU}:{order['year']}"] += order["redeemed_fen"] or 0
            elif kind is not None:
                expected[f"{kind}:{NEIMENGGU}:{order['year']}:{order['provider_id']}"] += order["voucher_fen"]
        for row in self.world.rows(tables.accounts):
            if row["kind"] in ("committed", "claimed", "redeemed"):
                assert row["credits_posted"] - row["debits_posted"] == expected[row["name"]], row["name"]

    @rule()
    def a_rich_year_makes_up_everything_once(self):
        """Whatever has happened: enough money in a later year, and nobody waits; no more was moved than was owed."""
        if self.world.year >= 2023:
            return
        self.world.clock.moment = datetime(self.world.year + 1, 10, 15, tzinfo=UTC)
        self.world.due()
        body = self.world.draft(ENOUGH, denominations=VOUCHERS)
        if not self.world.do("make_plan", **body)["ok"]:
            return
        self.world.ok("configure_plan", plan_id=body["plan_id"], budget_fen=ENOUGH)
        self.world.due()
        before = self.world.year
        assert not [o for o in self.world.rows(tables.orders) if o["deferred_fen"] and o["year"] < before]
        for row in self.world.rows(tables.accounts):
            if row["kind"] == "deferred" and row["year"] < before:
                assert row["credits_posted"] - row["debits_posted"] - row["debits_pending"] == 0, row


TestYears = Years.TestCase
TestYears.settings = settings(max_examples=examples(12), stateful_step_count=30, deadline=None)
