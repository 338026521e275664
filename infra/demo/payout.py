"""The second half of a year told by its pack: claims, reviews, notice, payment, regions, the close of the books."""

from __future__ import annotations

import base64
import csv
import io

from contracts import ulid
from infra.demo.report import yuan
from infra.demo.stage import kept
from infra.demo.year import Body, Order, Year


class Payout:
    """What is claimed, reviewed, published and paid in a `Year`."""

    def __init__(self, year: Year) -> None:
        self.year, self.stage, self.pack = year, year.stage, year.pack

    # ------------------------------------------------------------ claims

    def announce_node(self) -> None:
        """The date by which claims are taken."""
        claims = self.pack.claims
        role = (claims.cadence.nodes_set_by if claims and claims.cadence else None) or "operator"
        body = {"node_id": ulid.new(), "programme": self.pack.code, "year": self.year.year}
        self.stage.one("settlement", "announce_node", role=role, closes_at=self.year.at(6, 30, 18), **body)

    def file_claims(self) -> None:
        """By whom the pack says, with the papers that it asks for."""
        bodies = [self._claim(order) for order in self.year.orders if order.voucher_fen]
        answers = self.stage.do("claims are filed", "settlement", "file_claim", bodies)
        assert len(kept(bodies, answers)) == len(bodies)
        self.stage.quiet()

    def _claim(self, order: Order) -> Body:
        today, number = self.year.today(), next(self.year.numbers)
        seller, buyer = order.provider.uscc, order.enterprise.uscc
        whole = self.pack.amount is not None and self.pack.amount.base.of == "paid"
        # what is really paid: every seventh has paid nine tenths so far
        paid_fen = order.price_fen if whole else order.price_fen - order.voucher_fen
        if whole and number % 7 == 0:
            paid_fen = paid_fen * 9 // 10
        body: Body = {"claim_id": ulid.new(), "provider_id": order.provider.id, "order_id": order.id}
        filer = self._filer(order)
        if filer != order.provider.id:
            body["filer_id"] = filer
        invoice = {"number": f"{61_000_000 + number * 137:08d}", "amount_fen": order.price_fen, "issued_on": today}
        transfer = {"reference": f"TR{number:08d}", "amount_fen": paid_fen, "paid_on": today}
        parties = {"seller_uscc": seller, "buyer_uscc": buyer, "category": order.category}
        usage = {"since": order.ordered_on, "until": today, "days_used": 30, "units": 1000}
        contract = {"sha256": order.contract, "amount_fen": order.price_fen, "signed_on": order.ordered_on}
        return {
            **body,
            "invoice": {**invoice, **parties},
            "contract": {**contract, **parties},
            "transfer": {**transfer, "payer_uscc": buyer, "payee_uscc": seller},
            "usage": {**usage, "category": order.category},
            "papers": self._papers(order),
        }

    def _filer(self, order: Order) -> str:
        filed_by = self.pack.claims.filed_by if self.pack.claims else "provider"
        if filed_by == "enterprise":
            return order.enterprise.id
        if filed_by == "platform_provider" and order.provider not in self.year.platforms:
            return self.year.platforms[0].id
        return order.provider.id

    def _papers(self, order: Order) -> list[Body]:
        claims = self.pack.claims
        required = claims.materials.required if claims and claims.materials else ()
        apart = [kind for kind in required if kind not in ("invoice", "contract", "transfer", "usage")]
        return [{"kind": kind, "sha256": order.contract} for kind in apart]

    def resolve_alerts(self) -> None:
        """Generated papers of one pattern may look alike: the supervisor reads each alert and finds nothing."""
        query = {"role": "supervisor", "programme": self.pack.code, "status": "open"}
        alerts = self.stage.all_of("supervision", "list_alerts", **query)
        acknowledge = [{"alert_id": a["alert_id"]} for a in alerts]
        self.stage.do("alerts are acknowledged", "supervision", "acknowledge_alert", acknowledge, role="supervisor")
        verdicts = [{"alert_id": a["alert_id"], "verdict": "false_alarm", "reason": "核实无误（示例）"} for a in alerts]
        self.stage.do("…and resolved", "supervision", "resolve_alert", verdicts, role="supervisor")
        self.stage.quiet()

    def review(self) -> None:
        """Stage by stage as the pack orders them, each by another person; a score where it is a condition."""
        tracks = sorted({self.year.track_of.get(o.enterprise.id, "") for o in self.year.orders}) or [""]
        most = max(len(self.pack.stages("claim", track or None)) for track in tracks)
        for number in range(1, most + 1):
            claims = [*self._claims("collected"), *self._claims("in_review")]
            self._evaluate(claims)
            self._score(claims)
            turn = []
            for claim in claims:
                stages = self.pack.stages("claim", claim.get("track"))
                if number <= len(stages):
                    who = self.year.reviewer(stages[number - 1], number, claim["region"])
                    turn.append((who, self._verdict(claim, who["role"])))
            self.year.decide("claims are reviewed", "settlement", "review_claim", turn)
        self.stage.quiet()

    def _evaluate(self, claims: list[Body]) -> None:
        """Where it is a condition: the third party publishes its standard and evaluates each move that waits for it."""
        name = next((name for name, one in self.pack.assessments.items() if one.condition), None)
        if name is None:
            return
        who = {"role": self.pack.assessments[name].role, "person": "evaluates"}
        waiting = [claim["order_id"] for claim in claims if claim["stage"] == who["role"]]
        if not waiting:
            return
        of = {"programme": self.pack.code, "name": name}
        items = [
            {"item": "content", "zh": "上云内容与合同相符（示例）", "en": "what the contract says", "most": 60},
            {"item": "effect", "zh": "应用成效（示例）", "en": "effect", "most": 40},
        ]
        standard = {"standard_id": ulid.new(), **of, "items": items}
        self.stage.one("supervision", "publish_standard", **who, **standard)
        points = [{"item": "content", "points": 55}, {"item": "effect", "points": 30}]
        moves = [
            {
                "evaluation_id": ulid.new(),
                **of,
                "order_id": order_id,
                "standard_id": standard["standard_id"],
                "points": points,
                "text": "符合标准（示例）",
            }
            for order_id in waiting
        ]
        self.stage.do("enterprises are evaluated", "supervision", "evaluate_enterprise", moves, **who)
        self.stage.quiet()

    def _score(self, claims: list[Body]) -> None:
        """Where the pack asks for experts: each scores every claim that waits for their stage."""
        rule = self.pack.claims.expert_review if self.pack.claims else None
        if rule is None:
            return
        waiting = [claim["claim_id"] for claim in claims if claim["stage"] == rule.role]
        for number in range(1, rule.experts + 1):
            scores = [{"claim_id": one, "score": 80 + number} for one in waiting]
            who = {"role": rule.role, "person": f"{rule.role}-scores-{number}"}
            self.stage.do(f"claims are scored: {rule.role} {number}", "settlement", "score_claim", scores, **who)

    def _verdict(self, claim: Body, role: str) -> Body:
        body: Body = {"claim_id": claim["claim_id"], "stage": role, "decision": "pass"}
        faulty = claim["claimed_fen"] > 100_000 and int(claim["invoice_number"]) % 5 == 0
        if faulty and role == self._last_role() and self.year.has("claims.quality_deduction"):
            body |= {"deduction_fen": 50_000, "reasons": ["服务中断，按质量问题扣减（示例）"]}
        return body

    def _last_role(self) -> str:
        return self.pack.stages("claim")[-1].role

    def _claims(self, status: str) -> list[Body]:
        query = {"role": "operator", "programme": self.pack.code, "status": status}
        return self.stage.all_of("settlement", "list_claims", **query)

    # ------------------------------------------------------------ notice

    def publish(self) -> None:
        """Public notice where the pack asks for one: one objection upheld, one dismissed, the rest unopposed."""
        if self.pack.claims is None or self.pack.claims.notice is None:
            return
        notice = {"notice_id": ulid.new(), "programme": self.pack.code}
        self.stage.one("settlement", "publish_notice", role="bureau", person="bureau-notice", **notice)
        published = self._claims("on_notice")
        objections = [
            {"objection_id": ulid.new(), "claim_id": c["claim_id"], "text": "对该项有异议（示例）"}
            for c in published[:2]
        ]
        self.stage.do("objections are filed", "settlement", "file_objection", objections)
        decisions = [
            {"objection_id": one["objection_id"], "decision": word, "reasons": ["经核查（示例）"]}
            for one, word in zip(objections, ("uphold", "dismiss"), strict=False)
        ]
        who = {"role": "bureau", "person": "bureau-objections"}
        self.stage.do("…and decided", "settlement", "decide_objection", decisions, **who)
        self.stage.move_to(self.year.at(7, 20))

    # ------------------------------------------------------------ payment

    def pay(self) -> None:
        """Put forward by whom the pack says, approved stage by stage, batched, released, settled, passed on."""
        path = self.pack.payment.path if self.pack.payment else ()
        body: Body = {"programme": self.pack.code, "year": self.year.year}
        if path and path[0].role == "provider":
            filed = [{"disbursement_id": ulid.new(), "provider_id": p.id, **body} for p in self.year.sellers]
            who: Body = {}
        else:
            filed, who = [{"disbursement_id": ulid.new(), **body}], {"role": "bureau", "person": "bureau-clerk"}
        expected = ["NOTHING_TO_DISBURSE"]
        answers = self.stage.do(
            "claims are put forward", "settlement", "file_disbursement", filed, **who, expected=expected
        )
        ready = [one["disbursement_id"] for one, _ in kept(filed, answers)]
        regions: dict[str, set[str]] = {}
        for claim in self.stage.all_of("settlement", "list_claims", role="operator", programme=self.pack.code):
            regions.setdefault(claim["disbursement_id"], set()).add(claim["region"])
        for number, stage in enumerate(self.pack.stages("disbursement"), start=1):
            turn = [
                (
                    self.year.reviewer(stage, number, *regions[one]),
                    {"disbursement_id": one, "stage": stage.role, "decision": "approve"},
                )
                for one in ready
            ]
            self.year.decide("payment is approved", "settlement", "review_disbursement", turn)
        self._batch(body)
        self.stage.quiet()

    def _batch(self, body: Body) -> None:
        batch, finance = ulid.new(), "finance"
        made = self.stage.one("settlement", "make_batch", role=finance, person="finance-1", batch_id=batch, **body)
        release = {"batch_id": batch, "frozen_hash": made["frozen_hash"]}
        self.stage.one("settlement", "release_batch", role=finance, person="finance-2", **release)
        file = self.stage.one("settlement", "payment_file", role=finance, batch_id=batch)
        rows = len(list(csv.DictReader(io.StringIO(base64.b64decode(file["content"]).decode("utf-8-sig")))))
        payments = [p for p in self._payments() if p["batch_id"] == batch]
        assert rows == len(payments), (rows, len(payments))
        results = [self._result(payment) for payment in payments]
        for start in range(0, len(results), 500):
            part = results[start : start + 500]
            self.stage.one("settlement", "record_results", role=finance, batch_id=batch, results=part)
        waiting = [p for p in self._payments() if p["status"] == "with_district"]
        for region in sorted({p["region"] for p in waiting}):
            bodies = [
                {"payment_id": p["payment_id"], "paid_on": self.year.today()} for p in waiting if p["region"] == region
            ]
            who = {"role": "district", "person": f"district-{region}", "office": region}
            self.stage.do(f"district {region} pays", "settlement", "pass_on_payment", bodies, **who)

    def _payments(self) -> list[Body]:
        return self.stage.all_of("settlement", "list_payments", role="finance", programme=self.pack.code)

    def _result(self, payment: Body) -> Body:
        asked = {"reference": payment["reference"], "amount_fen": payment["amount_fen"]}
        return {**asked, "status": "settled", "at": self.year.today(), "reason": None}

    # ------------------------------------------------------------ regions and the year's end

    def assess_regions(self) -> None:
        """Targets, monthly reports, evaluations and the composite award, as far as the pack knows them."""
        every = {a.every: a.role for a in self.pack.assessments.values() if a.of == "city"}
        cities = sorted({region[:4] for region in self.year.regions()})
        base: Body = {"programme": self.pack.code}
        if not every or len(self.pack.region) > 2:
            return
        targets = [
            {
                "target_id": ulid.new(),
                **base,
                "region": c,
                "year": self.year.year,
                "measure": "enterprises",
                "at_least": 15,
            }
            for c in cities
        ]
        self.stage.do("targets are set", "supervision", "set_target", targets, role="bureau")
        if "month" in every:
            for city in cities:
                report = {"report_id": ulid.new(), **base, "region": city, "month": f"{self.year.year}-07", "score": 80}
                who = {"role": every["month"], "person": f"report-{city}", "office": f"{city}00"}
                self.stage.one("supervision", "report_progress", **who, **report, text="按计划推进（示例）")
        model = {
            "designation_id": ulid.new(),
            **base,
            "enterprise_id": self.year.orders[0].enterprise.id,
            "kind": "model",
        }
        self.stage.one("supervision", "designate", role="bureau", **model, reason="典型经验（示例）")

    def close(self) -> None:
        """The year ends: what is unspent lapses or is carried over; regions are evaluated and awarded."""
        self.stage.move_to(self.year.at(12, 31, 23))
        next_year = self.year.at(1, 2).replace(year=self.year.year + 1)
        self.stage.move_to(next_year)
        every = {a.every: a.role for a in self.pack.assessments.values() if a.of == "city"}
        role = every.get("year") or every.get("regularly")
        if role is None or len(self.pack.region) > 2:
            return
        cities = sorted({region[:4] for region in self.year.regions()})
        base: Body = {"programme": self.pack.code}
        evaluations = [
            {
                "evaluation_id": ulid.new(),
                **base,
                "region": c,
                "period": str(self.year.year),
                "score": 70 + n,
                "text": "示例",
            }
            for n, c in enumerate(cities)
        ]
        self.stage.do("regions are evaluated", "supervision", "evaluate_region", evaluations, role=role)
        if self.pack.region_award is not None:
            award = {
                "award_id": ulid.new(),
                **base,
                "year": self.year.year,
                "amount_fen": 100_000_000,
                "regions": cities,
            }
            self.stage.one("supervision", "award_regions", role="bureau", **award)
        self.stage.quiet()

    def go_on(self) -> None:
        """The next year's plan takes in what is left, makes up what is owed before anyone else, and that is paid."""
        if not self.year.goes_on:
            return
        console, number = self.stage.console, self.year.year
        short_fen = self.year.owed_fen()
        console.print(f"   {number} owes {yuan(short_fen)} yuan that its budget did not cover")
        self.year.publish_plan(number + 1, self.year.budget_fen())
        self.stage.simulation.settle()
        console.print(f"   the plan of {number + 1} is published: {number} owes {yuan(self.year.owed_fen())} yuan")
        if short_fen:
            self.pay()
            self.stage.simulation.settle()  # what a promise came to less goes back, and on into the next year

    def told(self) -> dict[str, int]:
        """What the last line tells: claims, those paid, and the money that went out."""
        claims = self.stage.all_of("settlement", "list_claims", role="operator", programme=self.pack.code)
        paid = [claim for claim in claims if claim["status"] == "paid"]
        return {"claims": len(claims), "paid": len(paid), "paid_fen": sum(claim["payable_fen"] for claim in paid)}
