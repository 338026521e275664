"""Whatever is asked and told, in whatever order: the books and the records say the same, and no bound is passed."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime

import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from infra.db import create_engine
from infra.pipeline import EventsFailed
from services.voucher import tables
from tests.integration.voucher.world import CONTRACT, GUIZHOU, QUOTA, World
from tests.profiles import examples

BUDGET = 3 * QUOTA + 777
RUNNING = ("confirmed", "refund_requested")
pick = st.integers(0, 1000)


class Year(RuleBasedStateMachine):
    """One year of a small programme, and the morning after."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(create_engine("sqlite://", service="voucher"))
        self.world.plan(budget_fen=BUDGET)
        self.shelves = [self.world.shelf(price_fen=4_000_000, category=one) for one in ("platform",) * 2]
        self.shelves.append(self.world.shelf(price_fen=4_000_000, category="infrastructure"))
        self.enterprises = [self.world.enterprise(priority=number == 4) for number in range(6)]
        self.claims: dict[str, tuple[str, str, int]] = {}

    def teardown(self) -> None:
        self.world.engine.dispose()

    def some(self, table: sa.Table, number: int, *where) -> dict | None:
        rows = self.world.rows(table, *where)
        return rows[number % len(rows)] if rows else None

    def order(self, number: int, *states: str) -> dict | None:
        where = [tables.orders.c.status.in_(states)] if number % 4 else []  # now and then in any state
        return self.some(tables.orders, number, *where)

    # --- applications

    @initialize()
    def crowd(self):
        for enterprise, part_fen in zip(self.enterprises, (None, QUOTA // 2), strict=False):
            application = self.world.apply(enterprise, requested_fen=part_fen)["result"]["id"]
            self.world.do("review_application", application_id=application, decision="approve")

    @rule(
        numbers=st.lists(pick, min_size=1, max_size=3),
        requested=st.none() | st.integers(1, QUOTA // 2) | st.integers(1, QUOTA),
    )
    def apply(self, numbers, requested):
        """Often a further application of the same enterprise, now and then two in one batch."""
        year = {"programme": GUIZHOU, "year": 2019, "requested_fen": requested}
        self.world.batch(
            "apply_for_quota",
            [
                {"application_id": self.world.new("A"), "enterprise_id": self.enterprises[number % 6], **year}
                for number in numbers
            ],
        )

    @rule(number=pick, decision=st.sampled_from(["approve", "approve", "refuse"]))
    def review(self, number, decision):
        if found := self.some(tables.applications, number, tables.applications.c.status.in_(("reserved", "waiting"))):
            self.world.do("review_application", application_id=found["application_id"], decision=decision)

    @rule(number=pick)
    def withdraw(self, number):
        if found := self.some(tables.applications, number):
            ids = {name: found[name] for name in ("application_id", "enterprise_id")}
            self.world.do("withdraw_application", **ids)

    # --- orders

    @rule(
        who=pick,
        what=pick,
        price=st.integers(1, 4_000_000),
        voucher=st.none() | st.integers(0, 3_000_000),
        twice=st.booleans(),
    )
    def place(self, who, what, price, voucher, twice):
        enterprise, (_, product) = self.enterprises[who % 3], self.shelves[what % 3]
        more = {"price_fen": price, "voucher_fen": voucher}
        bodies = [self.world.order_body(enterprise, product, **more) for _ in range(1 + twice)]
        self.world.batch("place_order", bodies)

    @rule(number=pick)
    def confirm(self, number):
        if found := self.order(number, "placed"):
            ids = {"order_id": found["order_id"], "provider_id": found["provider_id"]}
            self.world.do("confirm_order", **ids, contract_sha256=CONTRACT)

    @rule(number=pick)
    def cancel(self, number):
        if found := self.order(number, "placed"):
            self.world.do("cancel_order", order_id=found["order_id"], enterprise_id=found["enterprise_id"])

    @rule(number=pick)
    def ask_refund(self, number):
        if found := self.order(number, "confirmed"):
            ids = {"order_id": found["order_id"], "enterprise_id": found["enterprise_id"]}
            self.world.do("request_refund", **ids, reason="r")

    @rule(number=pick, consent=st.booleans())
    def answer_refund(self, number, consent):
        if found := self.order(number, "refund_requested"):
            ids = {"order_id": found["order_id"], "provider_id": found["provider_id"]}
            self.world.do("answer_refund", **ids, consent=consent)

    # --- news

    @rule(number=pick)
    def claim(self, number):
        if found := self.order(number, "confirmed"):
            claim_id = self.world.new("C")
            self.claims[claim_id] = (found["order_id"], found["provider_id"], 1)
            self.world.hear(self.world.claim("filed", found["order_id"], claim_id, found["provider_id"]))

    @rule(number=pick, name=st.sampled_from(["returned", "refused", "withdrawn", "paid", "filed"]), newer=st.booleans())
    def follow(self, number, name, newer):
        if not self.claims:
            return
        claim_id = list(self.claims)[number % len(self.claims)]
        order, provider, version = self.claims[claim_id]
        version += newer and name == "filed"
        self.claims[claim_id] = (order, provider, version)
        try:
            self.world.hear(self.world.claim(name, order, claim_id, provider, version))
        except EventsFailed as error:
            raise AssertionError(name) from error

    @rule(number=pick)
    def exit(self, number):
        if number % 5 == 0:
            self.world.provider(self.shelves[number % 3][0], say="exited")

    @rule(number=pick, to=pick)
    def hand_over(self, number, to):
        if found := self.order(number, *RUNNING):
            ids = {"order_id": found["order_id"], "to_provider_id": self.shelves[to % 3][0]}
            self.world.do("hand_over_order", **ids, reason="r")

    @rule(new_year=st.integers(0, 9))
    def time(self, new_year):
        if new_year == 0:
            self.world.clock.moment = datetime(2020, 1, 2, tzinfo=UTC)
        self.world.pipeline.run_due()

    # --- what must hold at any moment

    @invariant()
    def the_books_are_whole(self):
        figures = self.world.totals()  # sum 0, pending mirrors the open transfers
        issued_fen = figures["reserved_fen"] + figures["granted_fen"]
        assert issued_fen <= BUDGET

    @invariant()
    def nobody_gets_more_than_the_quota(self):
        issued: dict[str, int] = defaultdict(int)
        asked: dict[str, int] = defaultdict(int)
        for row in self.world.rows(tables.applications):
            if row["status"] in ("reserved", "granted", "waiting"):
                issued[row["enterprise_id"]] += row["amount_fen"]
                asked[row["enterprise_id"]] += row["amount_fen"] or row["ceiling_fen"]
            assert max(row["lapsed_fen"], row["amount_fen"]) <= row["ceiling_fen"]
        assert max(issued.values(), default=0) <= QUOTA
        assert max(asked.values(), default=0) <= QUOTA

    @invariant()
    def what_lapsed_is_shared_out_to_the_fen(self):
        moved: dict[str, int] = defaultdict(int)
        for row in self.world.rows(tables.transfers, tables.transfers.c.reason == "quota_lapsed"):
            moved[row["subject"]] += row["amount_fen"]
        for row in self.world.rows(tables.applications):
            if row["amount_fen"]:
                assert row["lapsed_fen"] == moved[row["application_id"]], row["application_id"]
        if self.world.rows(tables.plans)[0]["status"] == "closed":
            assert self.world.totals()["quota_available_fen"] == 0

    @invariant()
    def the_books_say_what_the_records_say(self):
        expected: dict[str, int] = defaultdict(int)
        held: dict[str, int] = defaultdict(int)
        spent: dict[str, int] = defaultdict(int)
        for order in self.world.rows(tables.orders):
            fen, status = order["voucher_fen"], order["status"]
            kind = {"placed": None, "claimed": "claimed", **dict.fromkeys(RUNNING, "committed")}.get(status, "")
            if kind:
                expected[f"{kind}:{GUIZHOU}:2019:{order['provider_id']}"] += fen
            if kind is None:
                held[order["enterprise_id"]] += fen
            if kind != "" or status == "redeemed":
                spent[order["enterprise_id"]] += fen
            if status == "redeemed":
                expected[f"redeemed:{GUIZHOU}:2019"] += fen
        balances = {
            row["name"]: row["credits_posted"] - row["debits_posted"] for row in self.world.rows(tables.accounts)
        }
        for name, balance_fen in balances.items():
            if name.split(":")[0] in ("committed", "claimed", "redeemed"):
                assert balance_fen == expected[name], name
        for row in self.world.rows(tables.accounts, tables.accounts.c.kind == "quota"):
            assert row["debits_pending"] == held[row["owner"]]
        granted: dict[str, int] = defaultdict(int)
        for row in self.world.rows(tables.applications):
            granted[row["enterprise_id"]] += row["amount_fen"] if row["status"] in ("granted", "lapsed") else 0
        assert all(fen <= granted[enterprise] for enterprise, fen in spent.items())

    @invariant()
    def nobody_waits_for_money_that_is_free(self):
        plan = self.world.rows(tables.plans)[0]
        line = [row for row in self.world.rows(tables.applications) if row["status"] == "waiting"]
        if not line or self.world.clock.now().year > 2019 or plan["status"] != "published":
            return
        head = min(line, key=lambda row: (not row["priority"], row["place"]))
        free_fen = self.world.totals()["budget_free_fen"]
        assert free_fen == 0 if head["requested_fen"] is None else head["requested_fen"] > free_fen


TestYear = Year.TestCase
TestYear.settings = settings(max_examples=examples(12), stateful_step_count=25, deadline=None)
