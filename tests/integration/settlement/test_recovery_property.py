"""Whatever is paid wrongly, claimed back, taken off, repaid, sent back by the bank or given up, in any order: every fen
is owed, recovered or written off, nothing is taken off twice, and payments and what was taken off them add up."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.settlement import store
from services.settlement import tables as t
from services.settlement.domain.claims import Claim
from services.settlement.domain.disbursements import Disbursement, frozen_as, frozen_together
from tests.integration.settlement.books import Books
from tests.integration.settlement.test_property import PICK, Settlement, key_file
from tests.profiles import examples

__all__ = ["key_file"]  # the fixture of all runs here, too
CODES = ("guizhou-2018", "shenyang-2018")
WORDS = st.sampled_from(["settled", "settled", "settled", "returned", "returned", "failed", "unknown"])


class Recovery(RuleBasedStateMachine):
    """Payments that arrive or do not, and what is claimed back of them: at random."""

    @initialize()
    def begin(self) -> None:
        """In both programmes money was paid wrongly, and is owed; a fen of it is given up."""
        self.it = Settlement()
        self.it.begin()
        self.books = Books(self.it.world)
        for code in CODES:
            self.it.straight_to_the_bank(code, 0)
            self.release("settled")
        for at in range(2):
            self.claim_back(at, 350_000, 2)
            self.pay(CODES[0], release=True, word="settled")
        self.claim_back(0, 1, 2)
        for person in (1, 2):
            for one in self.it.rows(t.receivables, t.receivables.c.amount_fen == 1):
                body = {"receivable_id": one.receivable_id, "reasons": ["x"]}
                self.of(one).ok("write_off_receivable", **body, person=f"finance-{person}")
        self.the_books_follow()

    def teardown(self) -> None:
        if hasattr(self, "books"):
            self.books.close()
            self.it.teardown()

    def of(self, one: Any) -> Any:
        return self.it.of(one)

    def some(self, table: Any, at: int, *where: Any) -> Any:
        return self.it.pick(self.it.rows(table, *where), at)

    @rule(code=st.sampled_from(CODES), release=st.sampled_from([True, True, False]), word=WORDS)
    def pay(self, code: str, release: bool, word: str) -> None:
        """One more claim of the same payee, to the bank; released perhaps, and the bank's word on what was sent."""
        self.approved(code)
        self.it.make(code)
        if release:
            self.release(word)

    def approved(self, code: str) -> None:
        """A claim like the first, approved, as if it had gone the same way: the way itself is tested elsewhere."""
        world = self.it.runs(code)
        with self.it.engine.begin() as conn:
            first = next(iter(store.select(conn, Claim, t.claims.c.programme == code, limit=1).values()))
            head = store.load(conn, Disbursement, [str(first.disbursement_id)])[str(first.disbursement_id)]
            new = {
                "claim_id": world.new("C"),
                "order_id": world.new("R"),
                "live_key": world.new("I"),
                "status": "approved",
            }
            new |= {"disbursement_id": world.new("D"), "payment_id": None, "paid_at": None, "recalled_fen": 0}
            claim = replace(first, **new)
            claim = replace(claim, frozen_hash=frozen_as(claim))
            paid = {"disbursement_id": claim.disbursement_id, "claims": 1, "amount_fen": claim.payable_fen}
            frozen = {"frozen_hash": frozen_together([claim]), "status": "approved"}
            store.insert(conn, Claim, [claim])
            store.insert(conn, Disbursement, [replace(head, **paid, **frozen)])
            conn.execute(sa.insert(t.live_invoices).values(live_key=claim.live_key, claim_id=claim.claim_id))
        world.verdict(claim.claim_id, claim.provider_id)

    def release(self, word: str) -> None:
        """All batches that were made, and the bank's word on what was sent."""
        for batch in self.it.rows(t.batches, t.batches.c.status == "made"):
            self.of(batch).release({"id": batch.batch_id, "frozen_hash": batch.frozen_hash})
        for payment in self.it.rows(t.payments, t.payments.c.status == "sent"):
            self.say(payment, word)

    def say(self, payment: Any, word: str) -> None:
        line = {"reference": payment.reference, "amount_fen": max(payment.amount_fen, 1)}
        world = self.of(payment)
        world.result(payment.batch_id, line, word)
        if word == "settled" and payment.region is not None:
            day = world.clock.now().date()
            world.do("pass_on_payment", payment_id=payment.payment_id, paid_on=day, office="210102")

    @rule(at=PICK, word=WORDS)
    def bank_speaks(self, at: int, word: str) -> None:
        payment = self.some(t.payments, at, t.payments.c.status != "made", t.payments.c.offset_fen > 0)
        if payment is not None:
            self.say(payment, word)

    @rule(word=WORDS)
    def release_all(self, word: str) -> None:
        self.release(word)

    @rule(at=PICK)
    def sent_back(self, at: int) -> None:
        """The bank sends back what had arrived, and something was taken off it."""
        payment = self.some(t.payments, at, t.payments.c.status == "settled", t.payments.c.offset_fen > 0)
        if payment is not None:
            self.say(payment, "returned")

    @rule(at=PICK)
    def retry(self, at: int) -> None:
        payment = self.some(t.payments, at, t.payments.c.status.in_(("failed", "returned")))
        if payment is not None:
            self.of(payment).do("retry_payment", payment_id=payment.payment_id, reason="x")
            self.it.make(payment.programme)

    @rule(at=PICK, amount_fen=st.sampled_from([1, 50_000, 250_000, 350_000]), person=st.integers(1, 3))
    def claim_back(self, at: int, amount_fen: int, person: int) -> None:
        """Claimed and, by another person, confirmed."""
        claim = self.some(t.claims, at, t.claims.c.status == "paid")
        if claim is None:
            return
        body = {"receivable_id": self.it.world.new("V"), "programme": claim.programme, "year": claim.year}
        body |= {"party_id": claim.payee_id, "claim_id": claim.claim_id, "amount_fen": amount_fen}
        self.of(claim).do("claim_receivable", **body, ground="overpaid", reasons=["x"])
        decide = {"receivable_id": body["receivable_id"], "decision": "refuse" if person == 3 else "confirm"}
        self.it.world.do("decide_receivable", **decide, reasons=["x"], person=f"finance-{person}")

    @rule(at=PICK, amount_fen=st.sampled_from([1, 50_000, 100_000]), reference=st.integers(1, 6), told=st.booleans())
    def repay(self, at: int, amount_fen: int, reference: int, told: bool) -> None:
        one = self.some(t.receivables, at)
        if one is None:
            return
        world, today = self.of(one), self.it.world.clock.now().date()
        if told:
            line = {"reference": one.reference, "amount_fen": amount_fen, "booked_on": today, "direction": "credit"}
            world.ok("record_statement", statement_id=world.new("T"), lines=[line])
        else:
            body = {"repayment_id": world.new("Q"), "receivable_id": one.receivable_id, "amount_fen": amount_fen}
            world.do("record_repayment", **body, reference=f"B{reference}", received_on=today)

    @rule(at=PICK, person=st.integers(1, 2))
    def give_up(self, at: int, person: int) -> None:
        one = self.some(t.receivables, at)
        if one is not None and at % 3 == 0:
            body = {"receivable_id": one.receivable_id, "reasons": ["x"]}
            self.of(one).do("write_off_receivable", **body, person=f"finance-{person}")

    @rule()
    def the_books_follow(self) -> None:
        """voucher hears what was told: the ledger sums to zero, and says of every fen what settlement says."""
        self.books.follow()
        self.books.agree()

    def ready(self) -> bool:
        return hasattr(self, "it")

    @precondition(ready)
    @invariant()
    def payments_and_claims_are_whole(self) -> None:
        self.it.no_claim_is_paid_twice()
        self.it.paid_within_approved_within_claimed()
        self.it.a_payment_settles_once()

    @precondition(ready)
    @invariant()
    def what_is_owed_back_is_in_one_place(self) -> None:
        """Owed, recovered or written off; taken off no two payments, and at most what was paid."""
        repaid: Counter[str] = Counter()
        for row in self.it.rows(t.repayments):
            repaid[row.receivable_id] += row.amount_fen
        booked: Counter[str] = Counter()
        reserved: Counter[str] = Counter()
        off: Counter[str] = Counter()
        status = {one.payment_id: one.status for one in self.it.rows(t.payments)}
        for row in self.it.rows(t.offsets):
            booked[row.receivable_id] += row.amount_fen if row.status == "booked" else 0
            reserved[row.receivable_id] += row.amount_fen if row.status == "reserved" else 0
            off[row.payment_id] += row.amount_fen
            arrived = status[row.payment_id] in ("settled", "offset")
            assert (row.status == "booked") == arrived, "recovered by what arrived, and by nothing else"
        claimed: Counter[str] = Counter()
        sums: Counter[str] = Counter()
        for one in self.it.rows(t.receivables):
            open_fen = one.amount_fen - one.recovered_fen - one.written_off_fen
            assert one.recovered_fen == repaid[one.receivable_id] + booked[one.receivable_id]
            assert one.offset_fen == booked[one.receivable_id]
            assert 0 <= reserved[one.receivable_id] <= (open_fen if one.status == "owed" else 0)
            assert (open_fen == 0) == (one.status in ("settled", "written_off"))
            claimed[one.claim_id] += 0 if one.status == "refused" else one.amount_fen
            if one.owed_at is not None and one.programme == self.it.world.programme:
                sums.update(recalled=one.amount_fen, owed=open_fen, back=one.recovered_fen, off=one.written_off_fen)
        figures = self.it.world.figures()
        names = {
            "recalled": "recalled_fen",
            "owed": "receivable_fen",
            "back": "recovered_fen",
            "off": "written_off_fen",
        }
        assert {name: figures[field] for name, field in names.items()} == {name: sums[name] for name in names}
        assert sums["recalled"] == sums["owed"] + sums["back"] + sums["off"] <= figures["paid_fen"]
        for claim in self.it.rows(t.claims):
            assert claim.recalled_fen == claimed[claim.claim_id] <= claim.claimed_fen - claim.deducted_fen
        for payment in self.it.rows(t.payments):
            assert payment.offset_fen == off[payment.payment_id]


TestRecovery = pytest.mark.timeout(300)(Recovery.TestCase)
TestRecovery.settings = settings(
    max_examples=examples(4),
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
