"""A year of any programme, told by its pack alone: what it asks for is done, what it does not know is left out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from contracts import ulid
from contracts.programmes import Pack, Stage
from infra.clock import SHANGHAI, local_date
from infra.demo.cast import Party, enterprise_body, new_party, office_of, provider_body, scan, upload_body
from infra.demo.stage import Stage as Theatre
from infra.demo.stage import kept

AGREEMENT = hashlib.sha256("示例交易协议".encode()).hexdigest()
MISFIT_EVERY = 10
Body = dict[str, Any]

# condition of the pack → the facts of an enterprise that does not meet it
MISFITS: Mapping[str, Body] = {
    "registered_in_region": {"region": "110101"},
    "taxed_in_region": {"tax_region": "110101"},
    "registered_for": {"registered_on": "@recent"},
    "legal_person": {"legal_person": False},
    "no_violation": {"violation": True},
    "no_bad_credit": {"bad_credit": True},
    "industry": {"industry": "other", "serves_industry": False},
    "size": {"size": "large"},
}


@dataclass
class Order:
    """What is remembered of an order; `paid_fen`: what its enterprise really paid."""

    id: str
    enterprise: Party
    provider: Party
    price_fen: int
    voucher_fen: int
    ordered_on: date
    contract: str
    category: str
    paid_fen: int = 0


@dataclass
class Year:
    """The telling of one year. Parties, papers and misfits are generated; every choice is fixed."""

    stage: Theatre
    pack: Pack
    year: int
    size: int
    misfits: dict[str, str] = field(default_factory=dict)  # enterprise id → the condition it does not meet
    enterprises: list[Party] = field(default_factory=list)
    facts: dict[str, Body] = field(default_factory=dict)
    platforms: list[Party] = field(default_factory=list)
    sellers: list[Party] = field(default_factory=list)
    products: list[Body] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    track_of: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    # ------------------------------------------------------------ the clock

    def at(self, month: int, day: int, hour: int = 9) -> datetime:
        """An hour of Shanghai's day in the year that is told."""
        return datetime(self.year, month, day, hour, tzinfo=SHANGHAI).astimezone(UTC)

    def today(self) -> date:
        assert self.stage.deployment.clock is not None
        return local_date(self.stage.deployment.clock.now())

    def has(self, path: str) -> bool:
        """Has the pack such a rule?"""
        try:
            self.pack.rule(path)
        except LookupError:
            return False
        return True

    # ------------------------------------------------------------ people

    def reviewer(self, stage: Stage, number: int, *regions: str) -> Body:
        """Who decides a stage: another person each, of the parties' own region where the pack asks for it."""
        where = office_of(stage.role, regions) if stage.own_region else None
        return {"role": stage.role, "person": f"{stage.role}-{number}-{where or 'all'}", "office": where}

    def review(self, what: str, service: str, method: str, subject: str, bodies: Iterable[tuple[Body, Party]]) -> None:
        """Take every body through all stages of the pack's review of `subject`, office by office, tracks abreast."""
        waiting = [(body, party, self.pack.stages(subject, self.track_of.get(party.id))) for body, party in bodies]
        for number in range(max((len(stages) for _, _, stages in waiting), default=0)):
            turn = [(body, party, stages[number]) for body, party, stages in waiting if number < len(stages)]
            if subject == "filing" and any(stage.name == self._taken_at() for _, _, stage in turn):
                self.stage.move_to(self.at(2, 6))  # filings of January were sent in by the 5th of February
            named = [
                (
                    self.reviewer(stage, number, party.region),
                    {**body, "stage": stage.role} if "stage" in body else body,
                )
                for body, party, stage in turn
            ]
            self.decide(what, service, method, named)

    def decide(self, what: str, service: str, method: str, turn: Iterable[tuple[Body, Body]]) -> None:
        """(who, what is said): all of one desk in one go."""
        desks: dict[str, tuple[Body, list[Body]]] = {}
        for who, body in turn:
            desks.setdefault(who["person"], (who, []))[1].append(body)
        for who, desk in desks.values():
            self.stage.do(f"{what}: {who['role']}", service, method, desk, **who)

    def _taken_at(self) -> str:
        return (self.pack.filing.taken_at if self.pack.filing else None) or ""

    # ------------------------------------------------------------ who takes part

    def regions(self) -> list[str]:
        """Three counties of the programme's region, in two or three cities."""
        base = self.pack.region
        return (
            [f"{base}0102", f"{base}0203", f"{base}0304"] if len(base) == 2 else [f"{base}{n:02d}" for n in (2, 6, 12)]
        )

    def admit_providers(self) -> None:
        """Two platform providers, one of them with an application provider; certified and admitted as the pack says."""
        chance, region = self.stage.chance, self.regions()[0]
        self.platforms = [new_party(chance, f"示例云平台{n}有限公司", region) for n in (1, 2)]
        application = new_party(chance, "示例云应用服务有限公司", region)
        self.sellers = [*self.platforms, application]
        bodies = [{**provider_body(chance, p), "programme": self.pack.code} for p in self.sellers]
        bodies[-1] |= {"provider_kind": "application", "platform_id": self.platforms[0].id}
        self.stage.do("register providers", "registry", "register_provider", bodies[:-1])
        self.stage.do("…and an application provider", "registry", "register_provider", bodies[-1:])
        self._certify("provider", self.sellers)
        batch = {"batch": "第一批"} if self.pack.products.batches else {}
        admit = [
            ({"provider_id": p.id, "decision": "admit", "reasons": ["择优认定"], **batch}, p) for p in self.sellers
        ]
        self.review("providers are chosen", "registry", "admit_provider", "provider_admission", admit)

    def register_enterprises(self) -> None:
        """Enterprises that meet every condition, and one in ten that does not meet one of them."""
        chance, regions = self.stage.chance, self.regions()
        known = [name for name in MISFITS if getattr(self.pack.eligibility, name) is not None]
        industries = sorted({name for track in self.pack.tracks.values() for name in track.industries}) or [
            "industrial"
        ]
        bodies = []
        for number in range(self.size):
            party = new_party(chance, f"生成企业{number:03d}有限公司", regions[number % len(regions)])
            body = {**enterprise_body(chance, party), "programme": self.pack.code, "registered_on": "2012-06-01"}
            body |= {"tax_region": party.region, "size": "small", "industry": industries[number % len(industries)]}
            body |= {"account": f"62{number:014d}", "account_holder": party.name}
            body |= {"bank_name": "示例银行", "bank_code": "102701000019"}
            if known and number % MISFIT_EVERY == MISFIT_EVERY - 1:
                self.misfits[party.id] = known[number // MISFIT_EVERY % len(known)]
                body |= {k: self._recent() if v == "@recent" else v for k, v in MISFITS[self.misfits[party.id]].items()}
                party = Party(party.id, party.uscc, party.name, body["region"])
            self.enterprises.append(party)
            self.facts[party.id] = body
            bodies.append(body)
        self.stage.do("register enterprises", "registry", "register_enterprise", bodies)
        self._certify("enterprise", [p for p in self.enterprises if p.region.startswith(self.pack.region)])
        self.stage.quiet()

    def _recent(self) -> str:
        return f"{self.year}-01-02"

    def _certify(self, kind: str, parties: Sequence[Party]) -> None:
        """Papers uploaded, handed in, reviewed stage by stage; nothing where the pack has no such review."""
        rule = getattr(self.pack.certification, kind)
        if not self.pack.stages(f"{kind}_certification"):
            return
        papers = rule.required if rule else ("business_licence",)
        digests = self.upload(f"papers of {kind}s", [(p, paper) for p in parties for paper in papers])
        cases = []
        for party in parties:
            documents = [{"kind": paper, "sha256": digests[party.id, paper]} for paper in papers]
            cases.append({"case_id": ulid.new(), "party_kind": kind, "party_id": party.id, "documents": documents})
        self.stage.do(f"hand in {kind}s' papers", "registry", "submit_certification", cases)
        decisions = [{"case_id": case["case_id"], "decision": "approve"} for case in cases]
        subject = f"{kind}_certification"
        both = zip(decisions, parties, strict=True)
        self.review(f"{kind}s are certified", "registry", "review_certification", subject, both)

    def upload(self, what: str, wanted: Sequence[tuple[Party, str]]) -> dict[tuple[str, str], str]:
        """A scanned document a party and kind; their digests."""
        bodies = {(party.id, paper): upload_body(scan(party.id + paper)) for party, paper in wanted}
        self.stage.do(f"upload {what}", "registry", "upload_chunk", list(bodies.values()))
        return {key: body["sha256"] for key, body in bodies.items()}

    def publish_products(self) -> None:
        """One product a seller and kind of service, reviewed as the pack says."""
        reviews = []
        for seller in self.sellers:
            for category, kind in self._shelf():
                price = self.stage.chance.randrange(8_000, 60_000) * 100
                body = {"product_id": ulid.new(), "provider_id": seller.id, "name": f"{kind}年付", "category": category}
                body |= {"kind": kind, "details": "示例产品", "price_fen": price, "voucher_eligible": True}
                self.products.append(body)
                reviews.append(({"product_id": body["product_id"], "decision": "approve", "stage": ""}, seller))
        self.stage.do("providers offer products", "registry", "submit_product", self.products)
        self.review("products are reviewed", "registry", "review_product", "product", reviews)
        self.stage.quiet()

    def _shelf(self) -> list[tuple[str, str]]:
        """A kind of service for each category, or the track's own name where the pack has no categories."""
        if not self.pack.categories:
            return [(track, "cloud") for track in self.pack.tracks]
        return [
            (name, category.kinds[0].code if category.kinds else name)
            for name, category in self.pack.categories.items()
        ]

    # ------------------------------------------------------------ what may be spent

    def budget_fen(self) -> int:
        """Enough for all but a few: so that some wait for a quota, or their money is made up by the next year."""
        caps = self.pack.amount.cap.of.values() if self.pack.amount and self.pack.amount.cap else ()
        whole = max((cap.cap_fen or 0 for cap in caps), default=0)
        if self.takes_quotas and whole:
            return whole * (self.size * 4 // 5)
        if self.pack.budget is not None and self.pack.budget.when_used_up == "defer":
            return self.size * 450_000
        return self.size * 2_000_000

    @property
    def takes_quotas(self) -> bool:
        """Is there a quota to apply for?"""
        return self.pack.issuing is not None and self.pack.issuing.instrument in ("quota", "registered_voucher")

    @property
    def goes_on(self) -> bool:
        """Does this year leave something to the next: a shortfall to be made up, or money that is carried over?"""
        budget, last = self.pack.budget, self.pack.period.last
        leaves = budget is not None and (budget.when_used_up == "defer" or budget.unspent == "carry_over")
        return leaves and (last is None or last.year > self.year)

    def publish_plan(self, year: int, budget_fen: int) -> None:
        """Made by one office, configured by the other, published; with denominations and funds where the pack asks."""
        issuing, plan = self.pack.issuing, ulid.new()
        assert issuing is not None
        body: Body = {"plan_id": plan, "programme": self.pack.code, "year": year, "budget_fen": budget_fen}
        if issuing.denominations is not None:  # one of each for everyone, and more where there is money for them
            sizes = (1_000_000, 2_000_000)
            body["denominations"] = [
                {"denomination_fen": one, "count": max(self.size, budget_fen // one)} for one in sizes
            ]
        province_fen = budget_fen * 2 // 3
        body["funds"] = [
            {"level": "province", "amount_fen": province_fen},
            {"level": "city", "amount_fen": budget_fen - province_fen},
        ]
        made_by = issuing.plan.role if issuing.plan else "bureau"
        configured_by = issuing.configure.role if issuing.configure else "finance"
        opens = {"opens_on": f"{year}-01-10", "document": "示例年度计划"}
        self.stage.one("voucher", "make_plan", role=made_by, person="planner", **body, **opens)
        self.stage.one(
            "voucher", "configure_plan", role=configured_by, person="treasurer", plan_id=plan, budget_fen=budget_fen
        )

    def owed_fen(self) -> int:
        """What of this year's promises a later plan still has to make up."""
        asked = {"programme": self.pack.code, "year": self.year}
        return int(self.stage.one("voucher", "get_plan", **asked)["owed_fen"])

    def apply(self) -> None:
        """Where there is a quota to apply for: everyone at once, reviewed where the pack has a review."""
        if not self.takes_quotas:
            return
        bodies = [
            {"application_id": ulid.new(), "enterprise_id": p.id, "programme": self.pack.code, "year": self.year}
            for p in self.enterprises
        ]
        answers = self.stage.do(
            "enterprises apply",
            "voucher",
            "apply_for_quota",
            bodies,
            expected=[*REFUSED_AS_MISFITS, "BUDGET_EXHAUSTED"],
        )
        applied = kept(bodies, answers)
        standing = Counter(answer["status"] for _, answer in applied)
        self.stage.console.print("   " + ", ".join(f"{status} {n}" for status, n in standing.most_common()))
        reserved = [body for body, answer in applied if answer["status"] == "reserved"]
        granted = [
            ({"application_id": one["application_id"], "decision": "approve"}, self._party(one)) for one in reserved
        ]
        self.review("applications are reviewed", "voucher", "review_application", "application", granted)
        self.stage.quiet()

    def file(self) -> None:
        """Filing, where the pack has one: papers, then each office in turn, the monthly intake in between."""
        filing = self.pack.filing
        if filing is None:
            return
        kinds = list(self.pack.tracks if filing.by == "track" else self.pack.categories)
        papers = filing.documents.required if filing.documents else ()
        digests = self.upload("papers of filings", [(p, paper) for p in self.enterprises for paper in papers])
        bodies = [self._filing(number, party, kinds, papers, digests) for number, party in enumerate(self.enterprises)]
        answers = self.stage.do("enterprises file", "voucher", "submit_filing", bodies, expected=REFUSED_AS_MISFITS)
        filed = kept(bodies, answers)
        reviews = [
            ({"filing_id": body["filing_id"], "decision": "approve", "stage": ""}, self._party(body))
            for body, _ in filed
        ]
        self.review("filings are reviewed", "voucher", "review_filing", "filing", reviews)
        self.stage.quiet()

    def _filing(
        self, number: int, party: Party, kinds: Sequence[str], papers: Sequence[str], digests: Mapping[Any, str]
    ) -> Body:
        filing = self.pack.filing
        assert filing is not None
        fitting = kinds
        if filing.by == "track":
            industry = self.facts[party.id]["industry"]
            fitting = [k for k in kinds if industry in self.pack.tracks[k].industries] or list(kinds)
        kind = fitting[number % len(fitting)]
        self.track_of[party.id] = kind if filing.by == "track" else ""
        return {
            "filing_id": ulid.new(),
            "enterprise_id": party.id,
            "programme": self.pack.code,
            filing.by: kind,
            "provider_id": self.sellers[number % len(self.sellers)].id,
            "prior_revenue_fen": 3_000_000_000 + number * 2_000_000_000,
            "years_used": 0,
            "attested": sorted(self.pack.eligibility.attested),
            "documents": [{"kind": paper, "sha256": digests[party.id, paper]} for paper in papers],
        }

    def place_orders(self) -> None:
        """Everyone orders; misfits are refused where the pack judges them here."""
        bodies = []
        for number, party in enumerate(self.enterprises):
            shelf = [p for p in self.products if self.track_of.get(party.id, "") in ("", p["category"])]
            product = shelf[number % len(shelf)]
            bodies.append(
                {
                    "order_id": ulid.new(),
                    "enterprise_id": party.id,
                    "product_id": product["product_id"],
                    "price_fen": product["price_fen"],
                    "agreement": AGREEMENT,
                }
            )
        codes = [*REFUSED_AS_MISFITS, "FILING_MISSING", "QUOTA_EXHAUSTED", "BUDGET_EXHAUSTED", "NO_QUOTA"]
        answers = self.stage.do("orders are placed", "voucher", "place_order", bodies, expected=codes)
        placed = kept(bodies, answers)
        sellers = {p["product_id"]: p["provider_id"] for p in self.products}
        categories = {p["product_id"]: p["category"] for p in self.products}
        parties = {p.id: p for p in [*self.enterprises, *self.sellers]}
        for body, result in placed:
            contract = hashlib.sha256(f"contract {body['order_id']}".encode()).hexdigest()
            buyer, seller = parties[body["enterprise_id"]], parties[sellers[body["product_id"]]]
            category = categories[body["product_id"]]
            money = result["price_fen"], result["voucher_fen"]
            self.orders.append(Order(body["order_id"], buyer, seller, *money, self.today(), contract, category))

    def confirm(self) -> None:
        """One in fifteen is cancelled; the rest confirmed with the contract; some contracts fail where that voids."""
        cancelled, self.orders = self.orders[::15], [o for n, o in enumerate(self.orders) if n % 15]
        cancel = [{"order_id": o.id, "enterprise_id": o.enterprise.id, "reason": "改变计划"} for o in cancelled]
        self.stage.do("some are cancelled", "voucher", "cancel_order", cancel)
        confirm = [{"order_id": o.id, "provider_id": o.provider.id, "contract_sha256": o.contract} for o in self.orders]
        self.stage.do("providers confirm", "voucher", "confirm_order", confirm)
        if self.has("order.void_on_failure"):
            failed, self.orders = self.orders[::12], [o for n, o in enumerate(self.orders) if n % 12]
            fail = [{"order_id": o.id, "reason": "合同未履行（示例）"} for o in failed]
            self.stage.do("some contracts fail", "voucher", "fail_order", fail, role="operator")
        self.stage.quiet()

    def record_usage(self) -> None:
        """Where use is recorded while it happens."""
        if not self.has("order.usage_recorded"):
            return
        bodies = []
        for order in self.orders:
            body = {"usage_id": ulid.new(), "order_id": order.id, "provider_id": order.provider.id}
            period = {"since": order.ordered_on, "until": self.today(), "days_used": 30, "units": 1000}
            bodies.append({**body, **period})
        self.stage.do("use is recorded", "voucher", "record_usage", bodies)
        self.stage.quiet()

    def _party(self, body: Body) -> Party:
        return next(p for p in self.enterprises if p.id == body["enterprise_id"])


# the codes that a generated misfit is refused with, and those that follow from it
REFUSED_AS_MISFITS = (
    *("NOT_REGISTERED_IN_REGION", "NOT_TAXED_IN_REGION", "REGISTERED_TOO_RECENTLY", "NOT_A_LEGAL_PERSON", "VIOLATION"),
    *("BAD_CREDIT", "INDUSTRY_NOT_COVERED", "SIZE_NOT_COVERED", "NOT_CERTIFIED"),
)
