"""The year's first half, in the order of Guizhou's articles: who takes part, and what may be spent."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from contracts import ulid
from infra.clock import SHANGHAI, local_date
from infra.demo.cast import (
    PRODUCTS,
    PROGRAMME,
    YEAR,
    Party,
    enterprise_body,
    new_party,
    provider_body,
    scan,
    upload_body,
)
from infra.demo.stage import Stage, kept

AGREEMENT = hashlib.sha256("示例交易协议".encode()).hexdigest()
ENTERPRISE_PAPERS = ("business_licence", "contact_id_front", "contact_id_back", "certification_form")
PROVIDER_PAPERS = ("business_licence", "certification_form")


def at(month: int, day: int, hour: int = 9, year: int = YEAR) -> datetime:
    """An hour of Shanghai's day."""
    return datetime(year, month, day, hour, tzinfo=SHANGHAI).astimezone(UTC)


@dataclass
class Order:
    """What the story remembers of an order."""

    id: str
    enterprise: Party
    provider: Party
    category: str
    price_fen: int
    voucher_fen: int
    ordered_on: date
    contract: str = ""


@dataclass
class Story:
    """State of the telling; `size` is how many enterprises are certified."""

    stage: Stage
    size: int
    enterprises: list[Party] = field(default_factory=list)
    honest_providers: list[Party] = field(default_factory=list)
    crooked: Party | None = None  # generated, like all it does
    leaving: Party | None = None
    shells: list[Party] = field(default_factory=list)
    products: list[dict[str, Any]] = field(default_factory=list)
    applications: list[dict[str, Any]] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    claimed: set[str] = field(default_factory=set)
    imported: dict[str, Any] = field(default_factory=dict)

    # ------------------------------------------------------------ who takes part

    def import_register(self, register: Path) -> None:
        """The register goes in through the same command an operator would use."""
        folder = self.stage.deployment.folder
        command = [sys.executable, "-m", "infra.cli", "import", "enterprises", str(register)]
        command += ["--programme", PROGRAMME, "--rejects", str(folder / "rejects.csv")]
        env = {**self.stage.deployment.env("registry"), "YUNQUAN_TOKEN_FILE": str(folder / "keys" / "operator.token")}
        (folder / "keys" / "operator.token").write_text(self.stage.token("operator"))
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"the import failed: {done.stdout}")
        self.imported = json.loads(done.stdout.strip().splitlines()[-1])

    def choose_enterprises(self) -> None:
        """Some hundreds of the register, and three generated shells with one telephone, which will misbehave."""
        found = self.stage.all_of("registry", "list_parties", role="operator", programme=PROGRAMME, kind="enterprise")
        found.sort(key=lambda party: party["uscc"])  # ids are not: the same seed tells the same story
        self.stage.chance.shuffle(found)
        chosen = found[: self.size]
        self.enterprises = [Party(p["enterprise_id"], p["uscc"], p["name"], p["region"]) for p in chosen]
        chance = self.stage.chance
        self.crooked = new_party(chance, "生成云科技（贵阳）有限公司", planted="AFFILIATED_PARTIES")
        self.shells = [new_party(chance, f"生成空壳{n}有限公司", planted="AFFILIATED_PARTIES") for n in range(1, 4)]
        bodies = [enterprise_body(chance, shell, phone="19900000001") for shell in self.shells]
        self.stage.do("register generated enterprises", "registry", "register_enterprise", bodies)
        self.enterprises[8:8] = self.shells  # early enough in the line to be given quota

    @property
    def providers(self) -> list[Party]:
        """All of them, the generated crook last where there is one."""
        return [*self.honest_providers, *([self.crooked] if self.crooked else [])]

    def admit_providers(self) -> None:
        """Registration, certification, the bureau's choice (第十条、第十一条)."""
        chance = self.stage.chance
        self.honest_providers = [new_party(chance, f"贵州示例云服务{n}有限公司") for n in range(1, 8)]
        self.leaving = self.honest_providers[-1]
        everyone = self.providers
        bodies = [provider_body(chance, p, phone="19900000001" if p is self.crooked else "") for p in everyone]
        self.stage.do("register providers", "registry", "register_provider", bodies)
        self._certify("provider", everyone, PROVIDER_PAPERS)
        admit = [{"provider_id": p.id, "decision": "admit", "reasons": ["择优认定"]} for p in everyone]
        self.stage.do("the bureau admits providers", "registry", "admit_provider", admit, role="bureau")

    def certify_enterprises(self) -> None:
        """Papers uploaded, handed in, reviewed by the operator (第十四条); every fortieth is sent back once."""
        self._certify("enterprise", self.enterprises, ENTERPRISE_PAPERS, returned_every=40)
        self.stage.quiet()

    def _certify(self, kind: str, parties: list[Party], papers: tuple[str, ...], returned_every: int = 0) -> None:
        uploads = {(p.id, paper): upload_body(scan(p.id + paper)) for p in parties for paper in papers}
        digests = {name: body["sha256"] for name, body in uploads.items()}
        self.stage.do(f"upload papers of {kind}s", "registry", "upload_chunk", list(uploads.values()))
        cases = [
            {
                "case_id": ulid.new(),
                "party_kind": kind,
                "party_id": p.id,
                "documents": [{"kind": paper, "sha256": digests[p.id, paper]} for paper in papers],
            }
            for p in parties
        ]
        self.stage.do(f"hand in {kind}s' papers", "registry", "submit_certification", cases)
        back = cases[::returned_every] if returned_every else []
        if back:
            returns = [{"case_id": c["case_id"], "decision": "return", "reasons": ["印章不清晰"]} for c in back]
            self.stage.do("the operator sends some back", "registry", "review_certification", returns, role="operator")
            self.stage.do("…they are handed in again", "registry", "submit_certification", back)
        reviews = [{"case_id": c["case_id"], "decision": "approve"} for c in cases]
        self.stage.do(f"the operator certifies {kind}s", "registry", "review_certification", reviews, role="operator")

    def publish_products(self) -> None:
        """Operator's, then bureau's review (第十一条); one price above the market is refused."""
        bodies: list[dict[str, Any]] = []
        for provider in self.providers:
            for category, kind, name, yuan in PRODUCTS:
                markup = 3.4 if provider is self.crooked and category == "infrastructure" else 1.0
                price = int(yuan * 100 * markup * self.stage.chance.uniform(0.92, 1.08))
                bodies.append(self._product(provider, category, kind, name, price, None if markup > 1 else price))
        dear = self._product(self.honest_providers[0], "platform", "iot", "高价平台", 9_000_000, 5_000_000)
        answers = self.stage.do(
            "submit products",
            "registry",
            "submit_product",
            [*bodies, dear],
            expected=["PRICE_ABOVE_MARKET"],
        )
        self.products = [body for body, _result in kept([*bodies, dear], answers)]
        for stage, person in (("operator", "operator-1"), ("bureau", "bureau-1")):
            reviews = [{"product_id": p["product_id"], "stage": stage, "decision": "approve"} for p in self.products]
            self.stage.do(
                f"the {stage} reviews products", "registry", "review_product", reviews, role=stage, person=person
            )
        tie = {
            "tie_id": ulid.new(),
            "enterprise_id": self.enterprises[0].id,
            "provider_id": self.honest_providers[0].id,
            "kind": "ownership",
            "evidence": "示例：工商登记持股信息（生成）",
        }
        self.stage.do("a tie is recorded", "registry", "record_tie", [tie], role="operator")
        self.stage.quiet()

    def _product(
        self, provider: Party, category: str, kind: str, name: str, price: int, market: int | None
    ) -> dict[str, Any]:
        return {
            "product_id": ulid.new(),
            "provider_id": provider.id,
            "name": f"{name}（{provider.name[:6]}）",
            "category": category,
            "kind": kind,
            "details": "示例产品",
            "price_fen": price,
            "market_price_fen": market,
            "voucher_eligible": True,
        }

    # ------------------------------------------------------------ what may be spent

    def publish_plan(self) -> None:
        """The bureau plans, the operator configures, the system publishes (第十五条): too little for all."""
        budget = 5_000_000 * (self.size * 55 // 100)
        plan = ulid.new()
        self.stage.one(
            "voucher",
            "make_plan",
            role="bureau",
            plan_id=plan,
            programme=PROGRAMME,
            year=YEAR,
            budget_fen=budget,
            opens_on=f"{YEAR}-01-10",
            document="示例发放计划",
        )
        self.stage.one("voucher", "configure_plan", role="operator", plan_id=plan, budget_fen=budget)

    def apply(self) -> None:
        """Everyone at once; the place in the line decides, not the speed of review (第六条、第十六条)."""
        self.applications = [
            {"application_id": ulid.new(), "enterprise_id": p.id, "programme": PROGRAMME, "year": YEAR}
            for p in self.enterprises
        ]
        answers = self.stage.do(
            "everyone applies at once",
            "voucher",
            "apply_for_quota",
            self.applications,
            expected=["REGISTERED_TOO_RECENTLY", "NOT_A_LEGAL_PERSON", "NOT_CERTIFIED"],
        )
        lined_up = kept(self.applications, answers)
        self.applications = [body for body, result in lined_up if result["status"] == "reserved"]
        doubtful = self.applications[7::30]
        refuse = [
            {"application_id": a["application_id"], "decision": "refuse", "reasons": ["材料不实"]} for a in doubtful
        ]
        approve = [
            {"application_id": a["application_id"], "decision": "approve"}
            for a in self.applications
            if a not in doubtful
        ]
        self.stage.do("the operator refuses some", "voucher", "review_application", refuse, role="operator")
        self.stage.do("the operator approves the rest", "voucher", "review_application", approve, role="operator")
        self._approve_promoted()

    def _approve_promoted(self) -> None:
        """Money that was given back has reached the next in line."""
        self.stage.run_due()
        waiting = self.stage.all_of(
            "voucher", "list_applications", role="operator", programme=PROGRAMME, year=YEAR, status="reserved"
        )
        reviews = [{"application_id": a["application_id"], "decision": "approve"} for a in waiting]
        if reviews:
            self.stage.do("the next in line are approved", "voucher", "review_application", reviews, role="operator")
        self.stage.quiet()

    def place_orders(self, share: float) -> list[Order]:
        """A part of the holders order (第十八条); some pay all themselves (第二十一条), some ask for too much."""
        chance = self.stage.chance
        today = local_date(self._now())
        bodies = []
        for party in self.enterprises:
            tied = party is self.enterprises[0]
            if not (party.planted or tied) and chance.random() > share:
                continue
            product = self._choice(party)
            body = {
                "order_id": ulid.new(),
                "enterprise_id": party.id,
                "product_id": product["product_id"],
                "price_fen": product["price_fen"],
                "agreement": AGREEMENT,
            }
            roll = chance.random()
            if roll < 0.06:
                body["voucher_fen"] = 0  # at its own cost
            elif roll < 0.10:
                body["voucher_fen"] = product["price_fen"] * 9 // 10  # more than any rate allows
            bodies.append(body)
        codes = ["REQUEST_ABOVE_RATE", "QUOTA_EXHAUSTED", "QUOTA_EXCEEDED", "NOT_CERTIFIED", "AFFILIATED_WITH_PROVIDER"]
        codes += ["PRODUCT_NOT_AVAILABLE", "PROVIDER_NOT_AVAILABLE", "BLACKLISTED", "NO_QUOTA"]
        answers = self.stage.do("orders are placed", "voucher", "place_order", bodies, expected=codes)
        return [self._remember(body, result, today) for body, result in kept(bodies, answers)]

    def _choice(self, party: Party) -> dict[str, Any]:
        """Shells buy from the crook; the tied enterprise tries its own provider; others buy from anyone else."""
        crook = self.crooked.id if self.crooked else ""
        if party.planted:
            return self.stage.chance.choice([p for p in self.products if p["provider_id"] == crook])
        if party is self.enterprises[0]:
            return next(p for p in self.products if p["provider_id"] == self.honest_providers[0].id)
        dear = self.stage.chance.random() < 0.02  # a few fall for the crook's prices
        mine = [p for p in self.products if (p["provider_id"] == crook) == (dear and bool(crook))]
        return self.stage.chance.choice(mine)

    def _remember(self, body: dict[str, Any], result: dict[str, Any], today: date) -> Order:
        product = next(p for p in self.products if p["product_id"] == body["product_id"])
        everyone = {
            p.id: p for p in [*self.enterprises, *self.honest_providers, *([self.crooked] if self.crooked else [])]
        }
        order = Order(
            id=body["order_id"],
            enterprise=everyone[body["enterprise_id"]],
            provider=everyone[product["provider_id"]],
            category=product["category"],
            price_fen=result["price_fen"],
            voucher_fen=result["voucher_fen"],
            ordered_on=today,
        )
        self.orders.append(order)
        return order

    def confirm(self, orders: list[Order]) -> None:
        """Some are cancelled before, the rest confirmed, some refunded with consent after (第十九条、第二十条)."""
        cancelled, confirmed = orders[::15], [o for n, o in enumerate(orders) if n % 15]
        cancel = [{"order_id": o.id, "enterprise_id": o.enterprise.id, "reason": "改变计划"} for o in cancelled]
        self.stage.do("some are cancelled", "voucher", "cancel_order", cancel)
        for order in confirmed:
            order.contract = hashlib.sha256(f"contract {order.id}".encode()).hexdigest()
        confirm = [{"order_id": o.id, "provider_id": o.provider.id, "contract_sha256": o.contract} for o in confirmed]
        self.stage.do("providers confirm", "voucher", "confirm_order", confirm)
        refunded = confirmed[::18]
        ask = [{"order_id": o.id, "enterprise_id": o.enterprise.id, "reason": "服务不适用"} for o in refunded]
        self.stage.do("some ask for a refund", "voucher", "request_refund", ask)
        answers = [
            {"order_id": o.id, "provider_id": o.provider.id, "consent": n % 3 != 2, "reason": "双方协商"}
            for n, o in enumerate(refunded)
        ]
        self.stage.do("providers answer", "voucher", "answer_refund", answers)
        self.stage.quiet()

    # ------------------------------------------------------------ the rest

    def claimable(self) -> list[Order]:
        """Confirmed, paid in part by voucher, not claimed yet, as the order book says."""
        rows = self.stage.all_of("voucher", "list_orders", role="operator", programme=PROGRAMME, status="confirmed")
        ids = {row["order_id"] for row in rows}
        return [o for o in self.orders if o.id in ids and o.voucher_fen > 0 and o.id not in self.claimed]

    def _now(self) -> datetime:
        assert self.stage.deployment.clock is not None
        return self.stage.deployment.clock.now()

    def today(self) -> date:
        return local_date(self._now())
