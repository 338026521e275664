"""Any sequence of steps on a provider and its product keeps the invariants, whoever does what in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts.rpc.registry import GROUNDS
from infra.messages import Actor
from services.registry.domain import admission, certification, products
from services.registry.domain.model import CASE_MOVES, PRODUCT_MOVES, PROVIDER_MOVES, Case, Party, Product
from tests.profiles import examples
from tests.unit.registry.packs import PACKS

PEOPLE = st.sampled_from(["ann", "bob", "cat", "dan", "eve"])
ROLES = ("operator", "bureau", "district")
# an official of the place who may do everything, so that reviews get on, and any other
ABLE = st.builds(lambda who: Actor(who, frozenset(ROLES), region="520100"), PEOPLE)
ANYONE = st.builds(
    lambda who, role, region: Actor(who, frozenset({role}), region=region),
    PEOPLE, st.sampled_from(ROLES), st.sampled_from(["520100", "520200", None]),
)  # fmt: skip
OFFICIALS = ABLE | ABLE | ANYONE
STAGES = st.sampled_from(("in turn", "in turn", "in turn", *ROLES))
RARELY = st.sampled_from(5 * [False] + [True])
DIGEST = "0" * 64
PAPERS = [{"kind": kind, "sha256": DIGEST} for kind in ("business_licence", "certification_form")]


class Provider(RuleBasedStateMachine):
    """One provider with one case and one product; each step is kept only when the rules allow it."""

    pack = PACKS["guizhou-2018"]
    party: Party
    case: Case | None
    product: Product | None

    @initialize(status=st.sampled_from(["registered", "admitted"]), tax_paid=st.booleans(), violation=st.booleans())
    def registered(self, status: str, tax_paid: bool, violation: bool) -> None:
        self.today = date(2019, 1, 1)
        self.case = self.product = None
        self.party = Party(
            id="P", kind="provider", programme="guizhou-2018", uscc="U", name="N", region="520100",
            registered_on=date(2010, 1, 1), legal_person=True, violation=violation, bad_credit=False,
            status=status, sequence=1, tax_paid=tax_paid,
        )  # fmt: skip
        if status == "admitted":
            self.offer("ann", 100)

    def keep(self, versions: Sequence[Party] = (), case: Case | None = None, product: Product | None = None) -> None:
        """Every step goes where the tables allow, one version at a time."""
        for party in versions:
            assert party.status in PROVIDER_MOVES[self.party.status]
            assert party.sequence == self.party.sequence + 1
            self.party = party
        if case is not None:
            assert self.case is None or case.status in CASE_MOVES[self.case.status]
            assert case.sequence == (self.case.sequence if self.case else 0) + 1
            self.case = case
        if product is not None:
            assert self.product is None or product.status in PRODUCT_MOVES[self.product.status]
            self.product = product

    @rule(who=PEOPLE, listed=st.booleans(), complete=st.booleans())
    def submit(self, who: str, listed: bool, complete: bool) -> None:
        step = certification.submit(
            case_id="C", case=self.case, party=self.party, documents=PAPERS if complete else PAPERS[:1],
            stored={DIGEST}, blacklisted=listed, pack=self.pack, subject=who,
        )  # fmt: skip
        if isinstance(step, certification.Certified):
            assert complete
            assert not listed
            self.keep(step.versions, step.case)

    def fits(self, review: str, passed: list[str], official: Actor) -> bool:
        """Is it such an official's turn?"""
        stage = self.pack.stages(review)[len(passed)]
        return stage.role in official.roles and (not stage.own_region or official.region == self.party.region)

    @rule(official=OFFICIALS, verdict=st.sampled_from(["approve", "approve", "return", "refuse"]))
    def review(self, official: Actor, verdict: str) -> None:
        if self.case is None:
            return
        step = certification.review(
            case=self.case, party=self.party, verdict=verdict, reasons=["x"], blacklisted=False, pack=self.pack,
            official=official,
        )  # fmt: skip
        if isinstance(step, certification.Certified):
            assert self.fits("provider_certification", self.case.passed_by, official)
            assert official.subject not in (self.case.submitted_by, *self.case.passed_by)
            self.keep(step.versions, step.case)

    @rule(official=OFFICIALS, verdict=st.sampled_from(["admit", "admit", "refuse"]))
    def admit(self, official: Actor, verdict: str) -> None:
        step = admission.admit(
            party=self.party, verdict=verdict, reasons=["x"], batch=None, blacklisted=False, suspended=False,
            pack=self.pack, official=official,
        )  # fmt: skip
        if isinstance(step, admission.Stood):
            assert self.fits("provider_admission", self.party.nominated_by, official)
            assert official.subject not in (*self.party.certified_by, *self.party.nominated_by)
            assert verdict == "refuse" or (self.party.tax_paid and not self.party.violation)
            self.keep((step.party,))

    @rule(who=PEOPLE, price=st.sampled_from([99, 100, 101]))
    def offer(self, who: str, price: int) -> None:
        new = Product(
            id="Q", provider_id="P", programme="guizhou-2018", name="N", category="platform", kind="iot", details="D",
            price_fen=price, market_price_fen=100, voucher_eligible=True, status="submitted", sequence=1,
            submitted_by=who, pack_version=self.pack.label,
        )  # fmt: skip
        step = products.submit(new=new, known=self.product, provider=self.party, blacklisted=False, pack=self.pack)
        if isinstance(step, products.Listed):
            assert price <= 100
            self.keep(product=step.product)

    @rule(official=OFFICIALS, stage=STAGES)
    def pass_product(self, official: Actor, stage: str) -> None:
        if self.product is None:
            return
        stage = self.product.stage or stage if stage == "in turn" else stage
        step = products.review(
            product=self.product, provider=self.party, stage=stage, verdict="approve", reasons=[], blacklisted=False,
            pack=self.pack, official=official,
        )  # fmt: skip
        if isinstance(step, products.Listed):
            assert self.fits("product", self.product.passed_by, official)
            assert stage in official.roles
            self.keep(product=step.product)

    @rule(wants=RARELY)
    def notice(self, wants: bool) -> None:
        if not wants:
            return
        step = admission.give_notice(party=self.party, reason="x", pack=self.pack, today=self.today)
        if isinstance(step, admission.Stood):
            self.keep((step.party,))
            assert self.party.exit_on == self.today + timedelta(days=30)

    @rule(days=st.sampled_from([1, 29, 30]))
    def time_passes(self, days: int) -> None:
        self.today += timedelta(days=days)
        if self.party.status == "leaving" and self.party.exit_on is not None and self.party.exit_on <= self.today:
            self.keep((admission.leave(party=self.party, pack=self.pack, today=self.today).party,))
            self.delist()

    @rule(ground=st.sampled_from(GROUNDS), caught=RARELY)
    def force(self, ground: str, caught: bool) -> None:
        if not caught:
            return
        told = {"case_id": "C", "ground": ground, "law": {"pack_version": self.pack.label, "articles": ["x"]}}
        decision = admission.forced(party=self.party, told=told)
        step = admission.force_out(party=self.party, decision=decision, ground=ground, today=self.today)
        if step is None:
            assert self.party.status == "exited"
            return
        self.keep((step.party,))
        self.delist()

    def delist(self) -> None:
        """As the store does it for all products at once."""
        if self.product is not None and "delisted" in PRODUCT_MOVES[self.product.status]:
            self.product = admission.delisted(self.product)

    @invariant()
    def shelf(self) -> None:
        """On the shelf only what its clerk and every stage saw, of a provider that is admitted or still leaving."""
        if getattr(self, "product", None) is None or self.product.status != "published":
            return
        assert self.party.status in ("admitted", "leaving")
        assert len({self.product.submitted_by, *self.product.passed_by}) == 1 + len(self.pack.stages("product"))


Provider.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=25, deadline=None)
TestProvider = Provider.TestCase


class Long(Provider):
    """The same where everything has three stages, one of them the own district's."""

    pack = PACKS["three-stages"]


Long.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=40, deadline=None)
TestThreeStages = Long.TestCase


def test_a_delisted_product_is_a_new_version():
    """Lost otherwise: projections would ignore that it went off the shelf."""
    product = Product(
        id="Q", provider_id="P", programme="g", name="N", category="platform", kind="iot", details="D", price_fen=1,
        market_price_fen=None, voucher_eligible=True, status="published", sequence=3, submitted_by="ann",
        pack_version="g@1",
    )  # fmt: skip
    assert admission.delisted(product) == replace(product, status="delisted", sequence=4)
