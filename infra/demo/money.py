"""The story's second half: claims, alerts, reviews, payments, exits, and the close of the year."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts import ulid
from infra.blobs import parts
from infra.demo import bank
from infra.demo.cast import PROGRAMME, YEAR, Party
from infra.demo.stage import kept
from infra.demo.story import Order, Story, at

FRAUD = "套取政府资金（示例）"


@dataclass
class Money:
    """What has been claimed, found and paid."""

    story: Story
    reused: int = 0
    invoices: int = 0
    statements: int = 1

    def announce_nodes(self) -> None:
        """Two nodes; a claim that misses the first waits for the second (第二十二条)."""
        for month, day in ((6, 30), (12, 10)):
            self.story.stage.one(
                "settlement",
                "announce_node",
                role="operator",
                node_id=ulid.new(),
                programme=PROGRAMME,
                year=YEAR,
                closes_at=at(month, day, 18),
            )

    def file_claims(self, share: float) -> None:
        """With invoice, contract, transfer record and usage (第二十二条); some papers do not match, some are reused."""
        stage = self.story.stage
        orders = [o for o in self.story.claimable() if o.enterprise.planted or stage.chance.random() < share]
        bodies = [self._claim(order) for order in orders]
        wrong = bodies[3::25]
        for body in wrong:
            body["invoice"]["amount_fen"] += 100  # an invoice that does not match the order
        crooked = [n for n, o in enumerate(orders) if o.provider is self.story.crooked and bodies[n] not in wrong]
        honest = [n for n, o in enumerate(orders) if o.provider is not self.story.crooked and bodies[n] not in wrong]
        for n, source in zip(crooked[:2], honest, strict=False):  # planted: a used number with two digits swapped
            number = bodies[source]["invoice"]["number"]
            bodies[n]["invoice"]["number"] = number[:-2] + number[-1] + number[-2]
            self.reused += number[-1] != number[-2]
        answers = stage.do(
            "providers claim",
            "settlement",
            "file_claim",
            bodies,
            expected=[
                "CLAIM_MISMATCH",
                "INVOICE_ALREADY_CLAIMED",
                "ORDER_NOT_CONFIRMED",
                "REFUND_PENDING",
                "BLACKLISTED",
            ],
        )
        self.story.claimed |= {body["order_id"] for body, _result in kept(bodies, answers)}
        stage.quiet()

    def _claim(self, order: Order) -> dict[str, Any]:
        self.invoices += 1
        today = self.story.today()
        seller, buyer = order.provider.uscc, order.enterprise.uscc
        category = {"category": order.category}
        parties = {"seller_uscc": seller, "buyer_uscc": buyer, **category}
        return {
            "claim_id": ulid.new(),
            "provider_id": order.provider.id,
            "order_id": order.id,
            "invoice": {
                "number": f"{52_000_000 + self.invoices * 137:08d}",
                "amount_fen": order.price_fen,
                "issued_on": today,
                **parties,
            },
            "contract": {
                "sha256": order.contract,
                "amount_fen": order.price_fen,
                "signed_on": order.ordered_on,
                **parties,
            },
            "transfer": {
                "reference": f"TR{self.invoices:08d}",
                "amount_fen": order.price_fen - order.voucher_fen,
                "paid_on": today,
                "payer_uscc": buyer,
                "payee_uscc": seller,
            },
            "usage": {"since": order.ordered_on, "until": today, "days_used": 30, "units": 1000, **category},
        }

    # ------------------------------------------------------------ supervision

    def resolve_alerts(self) -> None:
        """The supervisor reads each alert: planted ones are confirmed, the others found false."""
        stage = self.story.stage
        open_alerts = stage.all_of("supervision", "list_alerts", role="supervisor", programme=PROGRAMME, status="open")
        acknowledge = [{"alert_id": a["alert_id"]} for a in open_alerts]
        stage.do("alerts are acknowledged", "supervision", "acknowledge_alert", acknowledge, role="supervisor")
        crook = self.story.crooked.id if self.story.crooked else ""
        bodies = []
        for alert in open_alerts:
            guilty = alert["provider_id"] == crook
            verdict = "confirmed" if guilty else "false_alarm"
            reason = "核实属实（示例）" if guilty else "核实无误（示例）"
            bodies.append({"alert_id": alert["alert_id"], "verdict": verdict, "reason": reason})
        # a claim's second alert is settled with the first that is confirmed
        stage.do(
            "…and resolved",
            "supervision",
            "resolve_alert",
            bodies,
            role="supervisor",
            expected=["WRONG_STATE"],
        )
        stage.quiet()

    # ------------------------------------------------------------ review

    def review(self) -> None:
        """First review, a question answered within three working days, the bureau's review (第二十三、二十五条)."""
        stage = self.story.stage
        self._wind_down()
        collected = self._claims("collected")
        passes = [{"claim_id": c, "stage": "operator", "decision": "pass"} for c in collected]
        stage.do(
            "the operator reviews claims", "settlement", "review_claim", passes, role="operator", person="operator-1"
        )
        first = self._claims("in_review")
        asked = [{"question_id": ulid.new(), "claim_id": c, "text": "请说明使用量依据"} for c in first[:3]]
        stage.do("the bureau asks", "settlement", "ask_question", asked, role="bureau", person="bureau-2")
        answers = [{"question_id": q["question_id"], "text": "见附件用量表（示例）"} for q in asked]
        stage.do("the operator answers", "settlement", "answer_question", answers, role="operator")
        passes = [{"claim_id": c, "stage": "bureau", "decision": "pass"} for c in first]
        stage.do(
            "the bureau reviews claims",
            "settlement",
            "review_claim",
            passes,
            role="bureau",
            person="bureau-2",
            expected=["HELD_BY_SUPERVISION", "WRONG_STATE"],
        )
        stage.quiet()

    def _wind_down(self) -> None:
        """Claims of who was forced out end, those of who left of its own will go their way (第十二条)."""
        stage, crook = self.story.stage, self.story.crooked
        rows = stage.all_of("settlement", "list_claims", role="operator", programme=PROGRAMME)
        bodies = [
            {
                "claim_id": row["claim_id"],
                "outcome": "void" if crook is not None and row["provider_id"] == crook.id else "settle",
                "reasons": ["云服务商退出后的处理（示例）"],
            }
            for row in rows
            if row["wind_down"] == "pending" and row["status"] not in ("refused", "withdrawn")
        ]
        stage.do("claims of who left are settled", "settlement", "wind_down_claim", bodies, role="operator")
        stage.quiet()

    def _claims(self, status: str) -> list[str]:
        rows = self.story.stage.all_of("settlement", "list_claims", role="operator", programme=PROGRAMME, status=status)
        return [row["claim_id"] for row in rows]

    # ------------------------------------------------------------ payment

    def pay(self) -> None:
        """Disbursement applications, approval, batch, release by a second person, the bank's answers (第二十四条)."""
        stage = self.story.stage
        bodies = [
            {"disbursement_id": ulid.new(), "provider_id": p.id, "programme": PROGRAMME, "year": YEAR}
            for p in self.story.providers
        ]
        answers = stage.do(
            "providers file for disbursement",
            "settlement",
            "file_disbursement",
            bodies,
            expected=["NOTHING_TO_DISBURSE", "BLACKLISTED"],
        )
        filed = [body["disbursement_id"] for body, _result in kept(bodies, answers)]
        for role, person in (("operator", "operator-1"), ("bureau", "bureau-2")):
            reviews = [{"disbursement_id": d, "stage": role, "decision": "approve"} for d in filed]
            stage.do(f"the {role} approves", "settlement", "review_disbursement", reviews, role=role, person=person)
        self._batch(fail_one=True)
        stage.quiet()

    def _batch(self, fail_one: bool) -> None:
        stage = self.story.stage
        batch = ulid.new()
        made = stage.one(
            "settlement",
            "make_batch",
            role="finance",
            person="finance-1",
            batch_id=batch,
            programme=PROGRAMME,
            year=YEAR,
        )
        stage.one(
            "settlement",
            "release_batch",
            role="finance",
            person="finance-2",
            batch_id=batch,
            frozen_hash=made["frozen_hash"],
        )
        order = bank.ordered(self._file(batch, "pain.001"))
        references = list(order.payments)
        words = dict.fromkeys(references, bank.Word())
        troubled = fail_one and len(words) > 2
        if troubled:
            words[references[0]] = bank.Word("RJCT", "AC04", "账户异常（示例）")
            words[references[1]] = bank.Word("PDNG")
        for _ in range(2):  # the same file twice changes nothing
            self._results(batch, order, words)
        if troubled:
            enquiry = {"enquiry_id": ulid.new(), "batch_id": batch}
            stage.one("settlement", "enquire_payments", role="finance", **enquiry)
            self._results(batch, order, {references[1]: bank.Word()})
            (failed,) = [p for p in self._payments(batch) if p["reference"] == references[0]]
            retry = {"payment_id": failed["payment_id"], "reason": "账户已更正（示例）"}
            stage.one("settlement", "retry_payment", role="finance", **retry)
        self._statement(batch, order.account)
        if troubled:
            self._batch(fail_one=False)

    def _file(self, batch: str, form: str) -> bytes:
        """The payment file, as finance hands it to the bank."""
        asked = {"batch_id": batch, "format": form}
        return base64.b64decode(self.story.stage.one("settlement", "payment_file", role="finance", **asked)["content"])

    def _results(self, batch: str, order: bank.Ordered, words: Mapping[str, bank.Word]) -> None:
        """The bank's report, uploaded and read."""
        told = {
            "batch_id": batch,
            "sha256": self._upload(bank.report(order, words, self.story.today())),
            "format": "pain.002",
        }
        self.story.stage.one("settlement", "record_result_file", role="finance", **told)

    def _statement(self, batch: str, account: str) -> None:
        """The day's bookings on the paying account, uploaded and compared: nothing may differ."""
        paid = [p for p in self._payments(batch) if p["status"] == "settled"]
        entries = [bank.Entry(p["amount_fen"], p["reference"], own=f"F{p['reference'][2:18]}") for p in paid]
        content = bank.statement(account, entries, self.story.today(), number=self.statements)
        self.statements += 1
        told = {"statement_id": ulid.new(), "programme": PROGRAMME, "format": "camt.053"}
        stage = self.story.stage
        found = stage.one("settlement", "record_statement_file", role="finance", sha256=self._upload(content), **told)
        assert not found["differences"], found["differences"]

    def _upload(self, content: bytes) -> str:
        (*_, last) = [
            self.story.stage.one("settlement", "upload_bank_file", role="finance", **part) for part in parts(content)
        ]
        return str(last["sha256"])

    def _payments(self, batch: str) -> list[dict[str, Any]]:
        listed = self.story.stage.all_of("settlement", "list_payments", role="finance", programme=PROGRAMME)
        return [payment for payment in listed if payment["batch_id"] == batch]

    # ------------------------------------------------------------ exits and the year's end

    def force_out(self) -> None:
        """On ground 3 (第十二条(二)), by cases: off the shelf, blacklisted, running orders handed over."""
        stage, crook = self.story.stage, self.story.crooked
        assert crook is not None
        self._case(crook, "provider", "forced_exit")
        self._case(crook, "provider", "blacklist")
        self._case(self.story.shells[0], "enterprise", "blacklist")
        stage.quiet()
        self._hand_over(crook)

    def _case(self, party: Party, party_kind: str, kind: str) -> None:
        """Opened by one person, waived by the party, proposed by a second and decided by a third."""
        stage, case = self.story.stage, {"case_id": ulid.new()}
        said = {"kind": kind, "party_kind": party_kind, "party_id": party.id, "programme": PROGRAMME}
        said |= {"ground": "refusal_or_fraud", "reason": FRAUD}
        said |= {"papers": [hashlib.sha256(f"{kind} {party.id}".encode()).hexdigest()]}
        stage.one("supervision", "open_case", role="supervisor", interim=False, **case, **said)
        stage.one("supervision", "state_case", waives=True, **case)
        proposal = {"outcome": "upheld", "reason": FRAUD}
        stage.one("supervision", "propose_decision", role="supervisor", person="supervisor-2", **case, **proposal)
        stage.one("supervision", "decide_case", role="bureau", agreed=True, **case)

    def _hand_over(self, leaver: Party) -> None:
        stage = self.story.stage
        rows = stage.all_of(
            "voucher", "list_orders", role="operator", programme=PROGRAMME, provider_id=leaver.id, status="confirmed"
        )
        heir = self.story.honest_providers[0]
        bodies = [{"order_id": r["order_id"], "to_provider_id": heir.id, "reason": "云服务商退出"} for r in rows]
        if bodies:
            stage.do(
                "running orders are handed over",
                "voucher",
                "hand_over_order",
                bodies,
                role="operator",
                expected=["AFFILIATED_WITH_PROVIDER"],
            )
            for order in self.story.orders:
                if order.id in {body["order_id"] for body in bodies}:
                    order.provider = heir
        stage.quiet()

    def give_notice(self) -> None:
        """One honest provider leaves of its own will: 30 days' notice (第十二条(一))."""
        leaving = self.story.leaving
        assert leaving is not None
        self.story.stage.one("registry", "give_exit_notice", provider_id=leaving.id, reason="业务调整")

    def close_year(self) -> dict[str, Any]:
        """What is unspent ends with the year (第十六条)."""
        self.story.stage.move_to(at(1, 1, 8, YEAR + 1))
        return self.story.stage.one("voucher", "get_plan", role="bureau", programme=PROGRAMME, year=YEAR)
