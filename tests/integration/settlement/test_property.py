"""Whatever is asked in whatever order: paid ≤ approved ≤ claimed, no claim paid twice, an invoice live once."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from infra import crypto
from infra.db import create_engine
from services.settlement import tables as t
from services.settlement.domain.claims import ENDED
from tests.integration.settlement.world import GUIZHOU, VOUCHER, World

PICK = st.integers(0, 10_000)
LATER = ("approved", "paying", "paid", "payment_failed")
SETTLED_FIRST = st.sampled_from(["settled", "settled", "failed", "returned", "unknown"])


class Settlement(RuleBasedStateMachine):
    """Providers file and correct, the order row answers, people review, the bank speaks: at random."""

    @initialize()
    def begin(self) -> None:
        self.engine = create_engine("sqlite://", service="settlement")
        self.world = World(self.engine)
        self.providers = [self.world.provider() for _ in range(2)]
        self.settled: Counter[str] = Counter()

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()

    # --- looking

    def rows(self, table: sa.Table, *where: Any) -> list[Any]:
        with self.engine.connect() as conn:
            return list(conn.execute(sa.select(table).where(*where).order_by(*table.primary_key.columns)).all())

    def pick(self, rows: list[Any], at: int) -> Any:
        return rows[at % len(rows)] if rows else None

    def claim(self, at: int, *statuses: str) -> Any:
        return self.pick(self.rows(t.claims, t.claims.c.status.in_(statuses)), at)

    # --- claims

    @rule(at=PICK, number=st.integers(0, 5), wrong=st.booleans(), used_again=st.booleans())
    def file(self, at: int, number: int, wrong: bool, used_again: bool) -> None:
        provider_id = self.pick(self.providers, at)
        order_id = self.world.order(provider_id)
        body = self.world.papers(order_id, provider_id)
        if used_again:
            body["invoice"]["number"] = f"N-{number}"
        if wrong and at % 4 == 0:
            body["invoice"]["amount_fen"] += 1
        self.world.do("file_claim", **body)

    @rule(at=PICK)
    def file_again(self, at: int) -> None:
        claim = self.claim(at, "returned", "filed", "paid")
        if claim is not None:
            self.world.do(
                "file_claim",
                **self.world.papers(claim.order_id, claim.provider_id, claim.claim_id, invoice__number=f"N-{at % 6}"),
            )

    @rule(at=PICK, code=st.sampled_from([None, None, None, "WRONG_STATE"]), late=st.booleans())
    def order_answers(self, at: int, code: str | None, late: bool) -> None:
        claim = self.claim(at, *(("withdrawn", "refused", "accepted") if late else ("filed",)))
        if claim is not None:
            self.world.answer(claim.claim_id, claim.order_id, claim.provider_id, code)

    @rule(at=PICK)
    def withdraw(self, at: int) -> None:
        claim = self.pick(self.rows(t.claims), at)
        if claim is not None and at % 3 == 0:
            self.world.do("withdraw_claim", claim_id=claim.claim_id, provider_id=claim.provider_id)

    @rule()
    def node_closes(self) -> None:
        self.world.node()

    @rule(at=PICK, verdict=st.sampled_from(["cleared", "cleared", "cleared", "held", "rejected"]))
    def supervision_speaks(self, at: int, verdict: str) -> None:
        claim = self.pick(self.rows(t.claims), at)
        if claim is not None:
            self.world.verdict(claim.claim_id, claim.provider_id, verdict, claim.claim_version)

    @rule(at=PICK, decision=st.sampled_from(["pass", "pass", "pass", "return", "refuse"]), person=st.integers(1, 2))
    def review(self, at: int, decision: str, person: int) -> None:
        claim = self.claim(at, "collected", "operator_passed", "passed")
        if claim is not None:
            stage = "operator" if claim.status == "collected" else "bureau"
            self.world.review(claim.claim_id, stage, decision, person=f"p-{person}")

    @rule(at=PICK)
    def straight_through(self, at: int) -> None:
        """Claims that nothing stands in the way of, so that random runs reach the bank."""
        self.world.passed(self.pick(self.providers, at), claims=1 + at % 2)

    # --- money

    @rule(at=PICK)
    def put_forward(self, at: int) -> None:
        body = {"provider_id": self.pick(self.providers, at), "programme": GUIZHOU, "year": 2018}
        self.world.do("file_disbursement", disbursement_id=self.world.new("D"), **body)

    @rule(at=PICK, decision=st.sampled_from(["approve", "approve", "approve", "refuse"]))
    def approve(self, at: int, decision: str) -> None:
        one = self.pick(self.rows(t.disbursements, t.disbursements.c.status.in_(("filed", "operator_approved"))), at)
        if one is not None:
            stage = "operator" if one.status == "filed" else "bureau"
            body = {"disbursement_id": one.disbursement_id, "stage": stage, "decision": decision}
            self.world.do("review_disbursement", **body, reasons=["x"] if decision == "refuse" else None)

    @rule(at=PICK)
    def straight_to_the_bank(self, at: int) -> None:
        """The whole way to a batch, with whatever else waits for approval."""
        self.world.approved(self.pick(self.providers, at), claims=1 + at % 2)
        self.make()

    @rule()
    def make(self) -> None:
        self.world.do("make_batch", batch_id=self.world.new("H"), programme=GUIZHOU, year=2018)

    @rule(at=PICK, listed=st.booleans(), moved=st.booleans(), wrong=st.booleans())
    def release(self, at: int, listed: bool, moved: bool, wrong: bool) -> None:
        batch = self.pick(self.rows(t.batches), at)
        if batch is None:
            return
        provider_id = self.pick(self.providers, at)
        self.world.blacklisted_there = {provider_id} if listed else set()
        if moved:
            version = self.world.accounts[provider_id] + 1
            self.world.provider(provider_id, say="facts_changed", account_version=version)
        frozen_hash = "0" * 64 if wrong and at % 4 == 0 else batch.frozen_hash
        if self.world.release({"id": batch.batch_id, "frozen_hash": frozen_hash})["ok"]:
            sent = self.rows(t.payments, t.payments.c.batch_id == batch.batch_id, t.payments.c.status == "sent")
            said = {(one.claim_id, one.claim_version): one.verdict for one in self.rows(t.known_verdicts)}
            for claim in self.rows(t.claims, t.claims.c.payment_id.in_([one.payment_id for one in sent])):
                assert said[claim.claim_id, claim.claim_version] == "cleared", "no claim in doubt is paid"

    @rule(at=PICK, status=SETTLED_FIRST, repeat=st.booleans())
    def bank_speaks(self, at: int, status: str, repeat: bool) -> None:
        payment = self.pick(self.rows(t.payments, t.payments.c.status != "made"), at)
        if payment is not None:
            line = {"reference": payment.reference, "amount_fen": payment.amount_fen}
            for _ in range(1 + repeat):
                self.world.result(payment.batch_id, line, status)

    @rule(at=PICK)
    def retry(self, at: int) -> None:
        payment = self.pick(self.rows(t.payments), at)
        if payment is not None:
            self.world.do("retry_payment", payment_id=payment.payment_id, reason="x")

    @rule()
    def time_passes(self) -> None:
        self.world.due(timedelta(hours=1))

    # --- what must hold at every moment

    def ready(self) -> bool:
        return hasattr(self, "world")

    @precondition(ready)
    @invariant()
    def paid_within_approved_within_claimed(self) -> None:
        claims = self.rows(t.claims)
        live = sum(one.claimed_fen for one in claims if one.status not in ENDED)
        figures = self.world.figures()
        assert figures["paid_fen"] <= figures["approved_fen"] <= live
        assert figures["claimed_fen"] + figures["paid_fen"] <= live
        owed = sum(one.claimed_fen for one in claims if one.order_claimed and one.paid_at is None)
        assert figures["claimed_fen"] == owed, "an ended claim lets go of its order"

    @precondition(ready)
    @invariant()
    def an_invoice_lives_once(self) -> None:
        keys = {one.claim_id: one.invoice_key for one in self.rows(t.claims) if one.status not in ENDED}
        assert len(set(keys.values())) == len(keys)
        assert {one.claim_id: one.invoice_key for one in self.rows(t.live_invoices)} == keys

    @precondition(ready)
    @invariant()
    def no_claim_is_paid_twice(self) -> None:
        claims = {one.claim_id: one for one in self.rows(t.claims)}
        payments = self.rows(t.payments)
        for payment in payments:
            assert payment.amount_fen == VOUCHER * len(payment.claims)
        settled = Counter(claim for one in payments if one.status == "settled" for claim in one.claims)
        assert set(settled.values()) <= {1}, "two payments of one claim are settled"
        paid = {claim_id for claim_id, one in claims.items() if one.status == "paid"}
        assert set(settled) == paid == {one.claim_id for one in self.rows(t.paid_claims)}
        under_way = Counter(
            claim for one in payments if one.status in ("made", "sent", "unknown") for claim in one.claims
        )
        assert set(under_way.values()) <= {1}, "one claim is in two payments that may both arrive"
        assert not set(under_way) & paid

    @precondition(ready)
    @invariant()
    def a_payment_settles_once(self) -> None:
        told = Counter(body["subject"] for body in self.world.outbox() if "payment_settled" in body["type"])
        assert set(told.values()) <= {1}

    @precondition(ready)
    @invariant()
    def what_is_approved_is_frozen(self) -> None:
        for one in self.rows(t.claims):
            assert (one.frozen_hash is not None) == (one.status in LATER), one.claim_id
            assert (one.disbursement_id is not None) == (one.status in ("in_disbursement", *LATER)), one.claim_id


@pytest.fixture(autouse=True, scope="module")
def key_file() -> Iterator[None]:
    """One key file for all runs of the machine."""
    with tempfile.TemporaryDirectory() as folder:
        crypto.create(Path(folder) / "keys.json")
        with mock.patch.dict("os.environ", {crypto.SETTING: str(Path(folder) / "keys.json")}):
            yield


TestSettlement = Settlement.TestCase
TestSettlement.settings = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
