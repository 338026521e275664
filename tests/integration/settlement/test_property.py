"""Whatever is asked in whatever order, in three programmes at once: paid ≤ approved ≤ claimed ≤ held, no claim paid
twice, an invoice live once, nothing paid that was not published where it must be, to nobody but who is to be paid."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from infra import auth, crypto, signing
from infra.db import create_engine
from infra.local.keys import write_secret
from services.settlement import tables as t
from services.settlement.domain.claims import ENDED
from services.settlement.domain.disbursements import by_provider, stages_of
from tests.integration.settlement.world import World
from tests.profiles import examples

PICK = st.integers(0, 10_000)
LATER = ("approved", "paying", "paid", "payment_failed")
CODES = {
    "guizhou-2018": ("guizhou-2018@1", "520100"),  # providers file and put forward
    "neimenggu-2019": ("neimenggu-2019@1", "150100"),  # a notice, deductions, an office puts forward
    "shenyang-2018": ("shenyang-2018@1", "210102"),  # enterprises are paid, of what they paid, through the district
}
CODE = st.sampled_from(sorted(CODES))
# fen that are disallowed of an invoice's lines, which hold 600,000 and 400,000: None of them, too much, all
LINES_FEN = st.sampled_from([None, None, [], [1], [333_333, 1], [600_001], [1, 400_000], [600_000, 400_000], [1, 1, 1]])
SETTLED_FIRST = st.sampled_from(["settled", "settled", "failed", "returned", "unknown"])


def payable_fen(claim: Any) -> int:
    """What is to be paid for it: never all that was taken off, and of a line never less than its share."""
    off_fen = sum(one["amount_fen"] for one in claim.disallowed)
    assert claim.disallowed_fen == -(-claim.claimed_fen * off_fen // claim.invoice_fen), claim.claim_id
    left_fen = claim.claimed_fen - claim.deducted_fen - claim.disallowed_fen - claim.audited_fen
    assert 0 < left_fen <= claim.claimed_fen, claim.claim_id
    return int(left_fen)


class Settlement(RuleBasedStateMachine):
    """Providers file and correct, the order row answers, people review, the bank speaks: at random."""

    @initialize()
    def begin(self) -> None:
        self.engine = create_engine("sqlite://", service="settlement")
        self.world = World(self.engine, datetime(2019, 9, 25, 4, tzinfo=UTC))
        self.providers: dict[str, list[str]] = {}
        self.buyers: dict[str, list[str]] = {}
        for code in CODES:
            self.runs(code)
            self.providers[code] = [self.world.provider() for _ in range(2)]
            self.buyers[code] = [self.world.enterprise() for _ in range(3)]

    def runs(self, code: str) -> World:
        """What follows is of that programme."""
        self.world.runs(code, *CODES[code], 2019)
        return self.world

    def of(self, claim: Any) -> World:
        return self.runs(claim.programme)

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

    def order(self, code: str, at: int, **facts: Any) -> tuple[str, str]:
        world, provider_id = self.runs(code), self.pick(self.providers[code], at)
        return world.order(provider_id, enterprise_id=self.pick(self.buyers[code], at), **facts), provider_id

    # --- claims

    @rule(code=CODE, at=PICK, number=st.integers(0, 5), wrong=st.booleans(), used_again=st.booleans())
    def file(self, code: str, at: int, number: int, wrong: bool, used_again: bool) -> None:
        order_id, provider_id = self.order(code, at, deferred_fen=at % 5 // 4)
        body = self.world.papers(order_id, provider_id)
        if at % 2:
            body["invoice"]["lines"] = [{"name": "甲", "amount_fen": 600_000}, {"name": "乙", "amount_fen": 400_000}]
        if used_again:
            body["invoice"]["number"] = f"N-{number}"
        if wrong and at % 4 == 0:
            body["invoice"]["amount_fen"] += 1
        if wrong and at % 4 == 1:
            body["filer_id"] = self.pick(self.buyers[code], at)
        self.world.do("file_claim", **body)

    @rule(at=PICK)
    def file_again(self, at: int) -> None:
        claim = self.claim(at, "returned", "filed", "paid")
        if claim is not None:
            world = self.of(claim)
            given = world.papers(claim.order_id, claim.provider_id, claim.claim_id, invoice__number=f"N-{at % 6}")
            world.do("file_claim", **given)

    @rule(at=PICK, code=st.sampled_from([None, None, None, "WRONG_STATE"]), late=st.booleans())
    def order_answers(self, at: int, code: str | None, late: bool) -> None:
        claim = self.claim(at, *(("withdrawn", "refused", "accepted") if late else ("filed",)))
        if claim is not None:
            allowed_fen = claim.order_fen - at % 3 * 50_000
            self.of(claim).answer(claim.claim_id, claim.order_id, claim.provider_id, code, allowed_fen=allowed_fen)

    @rule(at=PICK)
    def withdraw(self, at: int) -> None:
        claim = self.pick(self.rows(t.claims), at)
        if claim is not None and at % 3 == 0:
            self.world.do("withdraw_claim", claim_id=claim.claim_id, provider_id=claim.provider_id)

    @rule(code=CODE)
    def node_closes(self, code: str) -> None:
        self.node(code)

    def node(self, code: str) -> None:
        """One more; where there is one a year, the former's year is taken as over: no clock need run for years."""
        world = self.runs(code)
        with self.engine.begin() as conn:
            conn.execute(sa.update(t.nodes).values(only_in=None))
        world.node()

    @rule(at=PICK, verdict=st.sampled_from(["cleared", "cleared", "cleared", "held", "rejected"]))
    def supervision_speaks(self, at: int, verdict: str) -> None:
        claim = self.pick(self.rows(t.claims), at)
        if claim is not None:
            self.of(claim).verdict(claim.claim_id, claim.provider_id, verdict, claim.claim_version)

    @rule(
        at=PICK,
        decision=st.sampled_from(["pass", "pass", "pass", "return", "refuse"]),
        person=st.integers(1, 3),
        deduction_fen=st.sampled_from([None, None, 1, 100_000, 400_000]),
        lines_fen=LINES_FEN,
    )
    def review(
        self, at: int, decision: str, person: int, deduction_fen: int | None, lines_fen: list[int] | None
    ) -> None:
        claim = self.claim(at, "collected", "in_review", "passed", "on_notice", "noticed")
        if claim is not None:
            said: dict[str, Any] = {"deduction_fen": deduction_fen, "reasons": ["x"], **self.lines(lines_fen)}
            said = said if decision == "pass" else {}
            stage = claim.stage or "bureau"
            self.of(claim).review(claim.claim_id, stage, decision, person=f"p-{person}", **said)

    def lines(self, lines_fen: list[int] | None) -> dict[str, Any]:
        """What is disallowed of the first lines; an invoice without lines has one alone."""
        code = {"code": "NOT_DELIVERED", "reason": "x"}
        listed = [{"line": line, "amount_fen": fen, **code} for line, fen in enumerate(lines_fen or [], 1)]
        return {"disallowed": None if lines_fen is None else listed}

    @rule(code=CODE, at=PICK, deferred=st.booleans())
    def straight_through(self, code: str, at: int, deferred: bool) -> None:
        """Claims that nothing stands in the way of, so that random runs reach the bank."""
        self.pass_all(code, at, deferred_fen=int(deferred and at % 3 == 0))

    def pass_all(self, code: str, at: int, **facts: Any) -> None:
        claims = []
        for number in range(1 + at % 2):
            order_id, provider_id = self.order(code, at + number, **facts)
            claims.append((self.world.ok("file_claim", **self.world.papers(order_id, provider_id))["id"], provider_id))
            self.world.answer(claims[-1][0], order_id, provider_id, allowed_fen=400_000 - at % 3 * 50_000)
        self.node(code)
        for claim_id, provider_id in claims:
            off: dict[str, Any] = (
                {"deduction_fen": 1_000 * (at % 4), "reasons": ["x"]} if code == "neimenggu-2019" else {}
            )
            self.world.through(claim_id, provider_id, **off, **self.lines([None, [1], [333_333]][at % 3]))

    # --- notice

    @rule()
    def publish(self) -> None:
        self.runs("neimenggu-2019").do("publish_notice", notice_id=self.world.new("B"), programme="neimenggu-2019")

    @rule(at=PICK)
    def object(self, at: int) -> None:
        claim = self.claim(at, "on_notice", "on_notice", "noticed", "passed")
        if claim is not None:
            self.of(claim).do("file_objection", objection_id=self.world.new("X"), claim_id=claim.claim_id, text="x")

    @rule(at=PICK, decision=st.sampled_from(["dismiss", "dismiss", "uphold"]))
    def decide(self, at: int, decision: str) -> None:
        one = self.pick(self.rows(t.objections, t.objections.c.status == "open"), at)
        if one is not None:
            body = {"objection_id": one.objection_id, "decision": decision, "reasons": ["x"]}
            self.world.do("decide_objection", **body, person="bureau-9")

    @rule()
    def notices_run_out(self) -> None:
        self.world.due(timedelta(days=10))

    @rule(at=PICK)
    def cover(self, at: int) -> None:
        """A later plan brings the money that an order lacked."""
        order = self.pick(self.rows(t.known_orders, t.known_orders.c.deferred_fen > 0), at)
        if order is not None:
            with self.engine.begin() as conn:
                conn.execute(
                    sa.update(t.known_orders).where(t.known_orders.c.order_id == order.order_id).values(deferred_fen=0)
                )

    # --- money

    @rule(code=CODE, at=PICK)
    def put_forward(self, code: str, at: int) -> None:
        self.runs(code)
        whose = self.pick(self.providers[code], at) if by_provider(self.world.pack) else None
        self.world.do("file_disbursement", **self.world.putting(whose))

    @rule(at=PICK, decision=st.sampled_from(["approve", "approve", "approve", "refuse"]))
    def approve(self, at: int, decision: str) -> None:
        one = self.pick(self.rows(t.disbursements, t.disbursements.c.status.in_(("filed", "in_review"))), at)
        if one is not None:
            body = {"disbursement_id": one.disbursement_id, "stage": one.stage, "decision": decision}
            self.runs(one.programme).do("review_disbursement", **body, reasons=["x"] if decision == "refuse" else None)

    @rule(code=CODE, at=PICK)
    def straight_to_the_bank(self, code: str, at: int) -> None:
        """The whole way to a batch, with whatever else waits for approval."""
        self.pass_all(code, at)
        if code == "neimenggu-2019":
            self.publish()
            self.notices_run_out()
        self.put_forward(code, at)
        for one in self.rows(t.disbursements, t.disbursements.c.status.in_(("filed", "in_review"))):
            for stage in stages_of(self.runs(one.programme).pack)[one.stages_passed :]:
                body = {"disbursement_id": one.disbursement_id, "stage": stage.role, "decision": "approve"}
                self.world.do("review_disbursement", **body)
        self.make(code)

    @rule(code=CODE)
    def make(self, code: str) -> None:
        self.world.do("make_batch", batch_id=self.world.new("H"), programme=code, year=2019)

    @rule(at=PICK, listed=st.booleans(), moved=st.booleans(), wrong=st.booleans())
    def release(self, at: int, listed: bool, moved: bool, wrong: bool) -> None:
        batch = self.pick(self.rows(t.batches), at)
        if batch is None:
            return
        world = self.runs(batch.programme)
        payee = self.pick(self.rows(t.payments, t.payments.c.batch_id == batch.batch_id), at)
        world.blacklisted_there = {payee.payee_id} if listed else set()
        if moved:
            version = world.accounts[payee.payee_id] + 1
            if payee.payee_kind == "enterprise":
                world.enterprise(payee.payee_id, account_version=version)
            else:
                world.provider(payee.payee_id, say="facts_changed", account_version=version)
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
            line = {"reference": payment.reference, "amount_fen": max(payment.amount_fen, 1)}
            for _ in range(1 + repeat):
                self.world.result(payment.batch_id, line, status)

    @rule(at=PICK)
    def retry(self, at: int) -> None:
        payment = self.pick(self.rows(t.payments), at)
        if payment is not None:
            self.world.do("retry_payment", payment_id=payment.payment_id, reason="x")

    @rule(at=PICK, office=st.sampled_from(["210102", "210100", "210103"]))
    def district_pays(self, at: int, office: str) -> None:
        payment = self.pick(self.rows(t.payments, t.payments.c.status.in_(("with_district", "settled"))), at)
        if payment is not None:
            day = self.world.clock.now().date()
            answer = self.world.do("pass_on_payment", payment_id=payment.payment_id, paid_on=day, office=office)
            assert not answer["ok"] or office != "210103", "another district's"

    @rule()
    def time_passes(self) -> None:
        self.world.due(timedelta(hours=1))

    # --- what must hold at every moment

    def ready(self) -> bool:
        return hasattr(self, "world")

    @precondition(ready)
    @invariant()
    def paid_within_approved_within_claimed(self) -> None:
        code = self.world.programme  # what was touched last
        claims = self.rows(t.claims, t.claims.c.programme == code)
        payable = {one.claim_id: payable_fen(one) for one in claims}
        live = sum(payable[one.claim_id] for one in claims if one.status not in ENDED)
        figures = self.world.figures()
        assert figures["paid_fen"] <= figures["approved_fen"] <= live
        assert figures["claimed_fen"] + figures["paid_fen"] <= live
        owed = [one for one in claims if one.order_claimed and one.paid_at is None]
        assert figures["claimed_fen"] == sum(payable[one.claim_id] for one in owed)
        assert figures["held_fen"] == sum(one.order_fen for one in owed), "an ended claim lets go of its order"
        assert figures["paid_fen"] == sum(payable[one.claim_id] for one in claims if one.paid_at is not None)

    @precondition(ready)
    @invariant()
    def an_invoice_lives_once(self) -> None:
        keys = {one.claim_id: one.live_key for one in self.rows(t.claims) if one.status not in ENDED}
        assert len(set(keys.values())) == len(keys)
        assert {one.claim_id: one.live_key for one in self.rows(t.live_invoices)} == keys

    @precondition(ready)
    @invariant()
    def no_claim_is_paid_twice(self) -> None:
        claims = {one.claim_id: one for one in self.rows(t.claims)}
        payments = self.rows(t.payments)
        arrived = ("settled", "offset")
        for payment in payments:
            if payment.status in ("made", "sent", "unknown", "with_district", *arrived):
                members = [claims[one] for one in payment.claims]
                assert payment.amount_fen + payment.offset_fen == sum(map(payable_fen, members))
                assert {(one.payee_id, one.fund, one.account_version) for one in members} == {
                    (payment.payee_id, payment.fund, payment.account_version)
                }, "nobody is paid what is another's"
        settled = Counter(claim for one in payments if one.status in arrived for claim in one.claims)
        assert set(settled.values()) <= {1}, "two payments of one claim are settled"
        paid = {claim_id for claim_id, one in claims.items() if one.status == "paid"}
        assert set(settled) == paid
        under_way = Counter(
            claim
            for one in payments
            if one.status in ("made", "sent", "unknown", "with_district")
            for claim in one.claims
        )
        assert set(under_way.values()) <= {1}, "one claim is in two payments that may both arrive"
        assert not set(under_way) & paid
        assert {one.claim_id for one in self.rows(t.live_payments)} == set(under_way) | paid

    @precondition(ready)
    @invariant()
    def nothing_is_paid_before_its_time(self) -> None:
        """Published for its working days, without an open objection; and with money for its order."""
        ends = {one.notice_id: one.until_on for one in self.rows(t.notices)}
        today = self.world.clock.now().date() + timedelta(days=1)
        open_ = {one.claim_id for one in self.rows(t.objections, t.objections.c.status == "open")}
        short = {one.order_id for one in self.rows(t.known_orders, t.known_orders.c.deferred_fen > 0)}
        for one in self.rows(t.claims, t.claims.c.status.in_(("in_disbursement", *LATER))):
            assert one.order_id not in short
            assert (one.notice_id is not None) == (one.programme == "neimenggu-2019")
            if one.notice_id is not None:
                assert ends[one.notice_id] < today
                assert one.claim_id not in open_
            buyer = one.programme == "shenyang-2018"
            assert one.payee_id == (one.enterprise_id if buyer else one.provider_id)
            assert not one.deducted_fen or one.programme == "neimenggu-2019"

    @precondition(ready)
    @invariant()
    def a_disbursement_holds_what_it_says(self) -> None:
        members = Counter(one.disbursement_id for one in self.rows(t.claims) if one.disbursement_id is not None)
        for one in self.rows(t.disbursements):
            assert members[one.disbursement_id] == (0 if one.status == "refused" else one.claims), one

    @precondition(ready)
    @invariant()
    def a_payment_settles_once(self) -> None:
        told = Counter(body["subject"] for body in self.world.outbox() if "payment_settled" in body["type"])
        assert set(told.values()) <= {1}

    @precondition(ready)
    @invariant()
    def what_is_approved_is_frozen(self) -> None:
        for one in self.rows(t.claims):
            assert (one.frozen_hash is not None) == (one.status in ("in_disbursement", *LATER)), one.claim_id
            assert (one.disbursement_id is not None) == (one.status in ("in_disbursement", *LATER)), one.claim_id
            assert (one.stage is not None) == (one.status in ("collected", "in_review")), one.claim_id


@pytest.fixture(autouse=True, scope="module")
def key_file() -> Iterator[None]:
    """One key file for all runs of the machine."""
    with tempfile.TemporaryDirectory() as folder:
        crypto.create(Path(folder) / "keys.json")
        write_secret(Path(folder) / "signing.pem", auth.generate_keys()[0])
        named = {crypto.SETTING: "keys.json", signing.SETTING: "signing.pem"}
        with mock.patch.dict("os.environ", {name: str(Path(folder) / file) for name, file in named.items()}):
            yield


TestSettlement = pytest.mark.timeout(300)(Settlement.TestCase)
TestSettlement.settings = settings(
    max_examples=examples(12),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
