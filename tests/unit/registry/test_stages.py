"""Each review of each programme, walked from its first stage to its last: who may take a turn, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.roles import REVIEWERS
from infra.messages import Actor
from services.registry.domain import admission, certification, entry, products
from services.registry.domain.model import Party, Product
from tests.unit.registry.packs import PACKS

DIGEST = "0" * 64
HERE, ELSEWHERE = "0203", "0304"  # two counties of a province, as the last four digits of their codes


def party(pack: Pack, kind: Any, **facts: Any) -> Party:
    """A registered party within the programme's region, which meets every condition."""
    defaults: dict[str, Any] = {
        "id": "P", "kind": kind, "programme": pack.code, "uscc": "U", "name": "N", "region": region(pack, HERE),
        "registered_on": date(2010, 1, 1), "legal_person": True, "violation": False, "bad_credit": False,
        "tax_paid": True, "status": "registered", "sequence": 1,
        "provider_kind": "platform" if kind == "provider" else None,
    }  # fmt: skip
    return Party(**{**defaults, **facts})


def region(pack: Pack, county: str) -> str:
    """A county of the programme's region: a province's, or the same number within a city."""
    return pack.region + county[-(6 - len(pack.region)) :]


def product(pack: Pack, category: str, kind: str, **facts: Any) -> Product:
    """A product below the market's price, as it is offered."""
    defaults: dict[str, Any] = {
        "id": "Q", "provider_id": "P", "programme": pack.code, "name": "N", "category": category, "kind": kind,
        "details": "D", "price_fen": 100, "market_price_fen": 100, "voucher_eligible": True, "status": "submitted",
        "sequence": 1, "submitted_by": "clerk", "pack_version": pack.label,
    }  # fmt: skip
    return Product(**{**defaults, **facts})


def code_of(outcome: object) -> str | None:
    """The code of a refusal."""
    return outcome.code if isinstance(outcome, Refused) else None


def handed_in(pack: Pack, kind: Any) -> certification.Certified:
    """A case with every paper the programme asks for."""
    rule = getattr(pack.certification, kind)
    papers = [{"kind": name, "sha256": DIGEST} for name in (rule.required if rule else ("business_licence",))]
    step = certification.submit(
        case_id="C", case=None, party=party(pack, kind), documents=papers, stored={DIGEST}, blacklisted=False,
        pack=pack, subject="clerk",
    )  # fmt: skip
    assert isinstance(step, certification.Certified), step
    return step


def walk(pack: Pack, decide: Any, *, region_of_party: str) -> list[tuple[str, str]]:
    """Take the turns until nobody's is left: role and state after each. Whoever may not take a turn is tried first.

    `decide(official)` gives the state after the turn, the stage's name and the role that comes next, or the refusal.
    """
    path: list[tuple[str, str]] = []
    people: list[str] = ["clerk"]
    for number in range(10):
        everyone = Actor("outsider", frozenset(REVIEWERS), region=region_of_party)
        if code_of(decide(everyone, try_only=True)) in ("WRONG_STATE", "RULE_ABSENT"):
            return path
        fit = [role for role in sorted(REVIEWERS) if code_of(decide(_official(role, region_of_party), True)) is None]
        assert len(fit) == 1, "a turn is one role's"
        assert {code_of(decide(_official(role, region_of_party), True)) for role in REVIEWERS if role != fit[0]} <= {
            "FORBIDDEN",
            "STAGE_MISMATCH",
        }
        for before in people:
            again = Actor(before, frozenset(fit), region=region_of_party)
            assert code_of(decide(again, True)) == "SAME_PERSON"
        people.append(f"{fit[0]}-{number}")
        path.append((fit[0], decide(Actor(people[-1], frozenset(fit), region=region_of_party), False)))
    raise AssertionError("a review that never ends")


def _official(role: str, where: str) -> Actor:
    return Actor("somebody", frozenset({role}), region=where)


CERTIFICATIONS = [
    ("guizhou-2018", "enterprise", [("operator", "certified")]),
    ("guizhou-2018", "provider", [("operator", "certified")]),
    ("neimenggu-2019", "enterprise", [("prefecture", "certified")]),
    ("neimenggu-2019", "provider", [("bureau", "certified")]),
    ("yunzhou-2021", "enterprise", [("operator", "submitted"), ("district", "submitted"), ("bureau", "certified")]),
    ("three-stages", "enterprise", [("operator", "submitted"), ("district", "submitted"), ("bureau", "certified")]),
    ("three-stages", "provider", [("operator", "submitted"), ("district", "submitted"), ("bureau", "certified")]),
]


@pytest.mark.parametrize(("code", "kind", "path"), CERTIFICATIONS)
def test_a_party_is_certified_stage_by_stage(code, kind, path):
    """Lost otherwise: an office that the document names would be passed over, or one person would be all of them."""
    pack = PACKS[code]
    first = handed_in(pack, kind)
    state: dict[str, Any] = {"case": first.case, "party": first.versions[-1]}

    def decide(official: Actor, try_only: bool = False) -> Any:
        step = certification.review(
            case=state["case"], party=state["party"], verdict="approve", reasons=[], blacklisted=False, pack=pack,
            official=official,
        )  # fmt: skip
        if isinstance(step, Refused) or try_only:
            return step
        state["case"] = step.case
        state["party"] = step.versions[-1] if step.versions else state["party"]
        assert step.decision.articles[0] in {stage.article for stage in pack.stages(f"{kind}_certification")}
        assert step.decision.facts["role"] in official.roles
        return state["party"].status

    assert walk(pack, decide, region_of_party=state["party"].region) == path
    assert (state["case"].status, state["case"].stage) == ("approved", None)
    assert len(state["party"].certified_by) == len(path)


ADMISSIONS = [
    ("guizhou-2018", [("bureau", "admitted")]),
    ("neimenggu-2019", [("prefecture", "nominated"), ("bureau", "admitted")]),
    ("shandong-2017", [("bureau", "admitted")]),
    ("three-stages", [("operator", "nominated"), ("district", "nominated"), ("bureau", "admitted")]),
]


@pytest.mark.parametrize(("code", "path"), ADMISSIONS)
def test_a_provider_is_admitted_stage_by_stage(code, path):
    """Lost otherwise: a provider would be recognised that no prefecture nominated."""
    pack = PACKS[code]
    [waiting] = entry.certified(party(pack, "provider", status="certified", certified_by=["clerk"]), pack)
    state = {"party": waiting}
    assert waiting.stage == path[0][0]

    def decide(official: Actor, try_only: bool = False) -> Any:
        step = admission.admit(
            party=state["party"], verdict="admit", reasons=[], batch="B" if pack.products.batches else None,
            blacklisted=False, suspended=False, pack=pack, official=official,
        )  # fmt: skip
        if isinstance(step, Refused) or try_only:
            return step
        state["party"] = step.party
        return step.party.status

    assert walk(pack, decide, region_of_party=waiting.region) == path
    assert state["party"].stage is None
    assert state["party"].batch == ("B" if code == "shandong-2017" else None)


PRODUCTS = [
    ("guizhou-2018", "platform", "iot", [("operator", "in_review"), ("bureau", "published")]),
    ("neimenggu-2019", "platform", "database", [("bureau", "published")]),
    (
        "three-stages",
        "platform",
        "iot",
        [("operator", "in_review"), ("district", "in_review"), ("bureau", "published")],
    ),
]


@pytest.mark.parametrize(("code", "category", "kind", "path"), PRODUCTS)
def test_a_product_is_published_stage_by_stage(code, category, kind, path):
    """Lost otherwise: what one office has not seen would be on the shelf."""
    pack = PACKS[code]
    provider = party(pack, "provider", status="admitted")
    first = products.submit(
        new=product(pack, category, kind), known=None, provider=provider, blacklisted=False, pack=pack
    )
    assert isinstance(first, products.Listed), first
    state = {"product": first.product}

    def decide(official: Actor, try_only: bool = False) -> Any:
        role = next(iter(official.roles)) if len(official.roles) == 1 else str(state["product"].stage)
        step = products.review(
            product=state["product"], provider=provider, stage=role, verdict="approve", reasons=[],
            blacklisted=False, pack=pack, official=official,
        )  # fmt: skip
        if isinstance(step, Refused) or try_only:
            return step
        state["product"] = step.product
        return step.product.status

    assert walk(pack, decide, region_of_party=provider.region) == path
    assert len({"clerk", *state["product"].passed_by}) == len(path) + 1


WITHOUT_REVIEW = [
    ("guizhou-2018", "enterprise", ["registered"]),
    ("guizhou-2018", "provider", ["registered"]),
    ("neimenggu-2019", "enterprise", ["registered"]),
    ("neimenggu-2019", "provider", ["registered"]),
    ("shandong-2017", "enterprise", ["registered", "certified"]),
    ("shandong-2017", "provider", ["registered", "certified"]),
    ("shenyang-2018", "enterprise", ["registered", "certified"]),
    ("shenyang-2018", "provider", ["registered", "certified", "admitted"]),
    ("shanxi-2018", "enterprise", ["registered", "certified"]),
    ("shanxi-2018", "provider", ["registered", "certified", "admitted"]),
    ("yunzhou-2021", "enterprise", ["registered"]),
    ("yunzhou-2021", "provider", ["registered", "certified", "admitted"]),
    ("three-stages", "provider", ["registered"]),
]


@pytest.mark.parametrize(("code", "kind", "path"), WITHOUT_REVIEW)
def test_what_has_no_review_follows_by_itself(code, kind, path):
    """Lost otherwise: a party would wait for ever for an office that its programme does not have."""
    pack = PACKS[code]
    entered = entry.registered(party(pack, kind), pack)
    assert isinstance(entered, entry.Entered)
    assert [one.status for one in entered.versions] == path
    assert [one.sequence for one in entered.versions] == list(range(1, len(path) + 1))
    assert (entered.decision is None) == (len(path) == 1)
    if entered.decision is not None:
        assert entered.decision.pack_version == pack.label
        role = pack.roles.get("provider") if path[-1] == "admitted" else None
        assert (role or pack.period).article in entered.decision.articles
        assert entered.decision.facts["status"] == path[-1]


def test_registration_that_admits_is_held_to_the_conditions():
    """Lost otherwise: where nobody chooses, a provider with a violation would be in by registering."""
    pack = replace(PACKS["guizhou-2018"], reviews={})
    refused = entry.registered(party(pack, "provider", violation=True), pack)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.article) == ("VIOLATION", "第十条(四)")


@pytest.mark.parametrize("violation", [False, True])
def test_certification_that_admits_is_held_to_the_conditions(violation):
    """Lost otherwise: as above, where somebody looks at papers and nobody chooses."""
    guizhou = PACKS["guizhou-2018"]
    pack = replace(guizhou, reviews={"provider_certification": guizhou.stages("provider_certification")})
    first = handed_in(pack, "provider")
    step = certification.review(
        case=first.case, party=replace(first.versions[-1], violation=violation), verdict="approve", reasons=[],
        blacklisted=False, pack=pack, official=Actor("ann", frozenset({"operator"})),
    )  # fmt: skip
    if violation:
        assert code_of(step) == "VIOLATION"
    else:
        assert isinstance(step, certification.Certified)
        assert [one.status for one in step.versions] == ["certified", "admitted"]
        assert "第十条(四)" in step.decision.articles


@pytest.mark.parametrize(
    ("code", "category", "kind"),
    [
        ("shandong-2017", "platform", "iot"),
        ("shenyang-2018", "industrial", "cloud"),
        ("shanxi-2018", "business", "any"),
    ],
)
def test_a_product_without_review_is_published_when_it_is_submitted(code, category, kind):
    """Lost otherwise: a programme whose document asks for no review would have an empty shelf."""
    pack = PACKS[code]

    def offer(status: str) -> Any:
        provider = party(pack, "provider", status=status)
        new = product(pack, category, kind)
        return products.submit(new=new, known=None, provider=provider, blacklisted=False, pack=pack)

    assert [one.status for one in offer("admitted").versions] == ["submitted", "published"]
    assert [one.sequence for one in offer("admitted").versions] == [1, 2]
    assert code_of(offer("certified")) == "PROVIDER_NOT_ADMITTED"


@pytest.mark.parametrize(
    ("code", "category", "kind", "refusal"),
    [
        ("guizhou-2018", "business", "iot", ("FACT_INVALID", "category")),
        ("guizhou-2018", "platform", "middleware", ("KIND_NOT_IN_CATEGORY", "kind")),
        ("shanxi-2018", "platform", "iot", ("FACT_INVALID", "category")),
        ("shanxi-2018", "management", "anything", None),
        ("shenyang-2018", "city-service", "anything", None),
        ("neimenggu-2019", "application", "database", ("KIND_NOT_IN_CATEGORY", "kind")),
        ("yunzhou-2021", "sea", "iot", ("KIND_NOT_IN_CATEGORY", "kind")),
        ("yunzhou-2021", "shore", "iot", None),
    ],
)
def test_category_and_kind_are_the_programmes_own(code, category, kind, refusal):
    """Lost otherwise: one programme's categories would be asked of another, or a service get a rate that is not its."""
    pack = PACKS[code]
    provider = party(pack, "provider", status="admitted")
    given = products.submit(
        new=product(pack, category, kind), known=None, provider=provider, blacklisted=False, pack=pack
    )
    assert ((given.code, given.field) if isinstance(given, Refused) else None) == refusal


@pytest.mark.parametrize("office", [ELSEWHERE, None])
def test_another_regions_office_takes_no_turn(office):
    """Lost otherwise: an enterprise would be certified by a prefecture that never saw it."""
    pack = PACKS["neimenggu-2019"]
    first = handed_in(pack, "enterprise")
    step = certification.review(
        case=first.case, party=first.versions[-1], verdict="refuse", reasons=["x"], blacklisted=False, pack=pack,
        official=Actor("ann", frozenset({"prefecture"}), region=region(pack, office) if office else None),
    )  # fmt: skip
    assert isinstance(step, Refused)
    assert (step.code, step.article) == ("REGION_MISMATCH", "四")
    assert step.facts["region"] == region(pack, HERE)


@pytest.mark.parametrize("verdict", ["return", "refuse"])
def test_a_no_at_any_stage_ends_the_round(verdict):
    """Lost otherwise: what the district refused would still wait for the bureau."""
    pack = PACKS["three-stages"]
    first = handed_in(pack, "enterprise")
    once = certification.review(
        case=first.case, party=first.versions[-1], verdict="approve", reasons=[], blacklisted=False, pack=pack,
        official=Actor("ann", frozenset({"operator"})),
    )  # fmt: skip
    assert isinstance(once, certification.Certified)
    assert (once.case.status, once.case.stage, once.versions) == ("in_review", "district", ())
    no = certification.review(
        case=once.case, party=first.versions[-1], verdict=verdict, reasons=["x"], blacklisted=False, pack=pack,
        official=Actor("bob", frozenset({"district"}), region=region(pack, HERE)),
    )  # fmt: skip
    assert isinstance(no, certification.Certified)
    assert no.case.stage is None
    assert [one.status for one in no.versions] == ["registered" if verdict == "return" else "refused"]


@pytest.mark.parametrize(
    ("code", "batch", "refusal"),
    [
        ("shandong-2017", None, ("BATCH_MISSING", "三(二)")),
        ("shandong-2017", "第一批", None),
        ("guizhou-2018", "第一批", ("RULE_ABSENT", None)),
        ("guizhou-2018", None, None),
    ],
)
def test_a_batch_is_named_where_providers_are_chosen_in_batches(code, batch, refusal):
    """Lost otherwise: the catalogue could not say which batch a provider came in with."""
    pack = PACKS[code]
    step = admission.admit(
        party=party(pack, "provider", status="certified"), verdict="admit", reasons=[], batch=batch,
        blacklisted=False, suspended=False, pack=pack, official=Actor("ann", frozenset({"bureau"})),
    )  # fmt: skip
    assert ((step.code, step.article) if isinstance(step, Refused) else None) == refusal
    if isinstance(step, admission.Stood):
        assert step.party.batch == batch
        assert ("batch" in step.decision.facts) == (batch is not None)


def test_a_nomination_needs_no_batch():
    """Lost otherwise: a prefecture would have to know the batch that the department has not yet opened."""
    neimenggu = PACKS["neimenggu-2019"]
    pack = replace(neimenggu, products=PACKS["shandong-2017"].products)
    office = Actor("ann", frozenset({"prefecture"}), region=region(pack, HERE))
    step = admission.admit(
        party=party(pack, "provider", status="certified"), verdict="admit", reasons=[], batch=None,
        blacklisted=False, suspended=False, pack=pack, official=office,
    )  # fmt: skip
    assert isinstance(step, admission.Stood)
    assert (step.party.status, step.party.batch) == ("nominated", None)


@pytest.mark.parametrize(
    ("code", "article"),
    [
        ("guizhou-2018", "第十条(三)"),
        ("neimenggu-2019", "七(二)"),
        ("shandong-2017", None),
        ("shenyang-2018", None),
        ("shanxi-2018", None),
    ],
)
def test_a_market_price_is_recorded_where_the_programme_makes_something_of_it(code, article):
    """Lost otherwise: a price would be held against a provider by no article."""
    pack = PACKS[code]
    on_shelf = product(pack, "platform", "iot", status="published", sequence=4)
    step = products.price(product=on_shelf, market_price_fen=99, source="询价", pack=pack, subject="ann")
    if article is None:
        assert code_of(step) == "RULE_ABSENT"
        return
    assert isinstance(step, products.Listed)
    assert step.decision.articles == (article,)
    assert step.decision.facts["above_market"] is True
    after = step.product
    assert (after.status, after.market_price_fen, after.market_by, after.sequence) == ("published", 99, "ann", 5)


@pytest.mark.parametrize(
    ("left_out", "article"),
    [((), "第十条(三)"), (("amount",), "三(二)"), (("amount", "claims"), "第十一条(四)")],
)
def test_the_article_nearest_to_the_money_is_cited(left_out, article):
    """Lost otherwise: the same fact would be recorded under a rule that the programme does not state."""
    guizhou = PACKS["guizhou-2018"]
    pack = replace(guizhou, **dict.fromkeys(left_out))
    step = products.price(
        product=product(guizhou, "platform", "iot"), market_price_fen=1, source="x", pack=pack, subject="ann"
    )
    assert isinstance(step, products.Listed)
    assert step.decision.articles == (article,)


def test_a_returned_product_does_not_shake_off_its_recorded_market_price():
    """Lost otherwise: a provider would hand its product in again with a market price of its own making."""
    pack = PACKS["guizhou-2018"]
    provider = party(pack, "provider", status="admitted")
    known = product(pack, "platform", "iot", status="returned", market_price_fen=90, market_by="ann", sequence=3)
    again = product(pack, "platform", "iot", price_fen=100, market_price_fen=200)
    step = products.submit(new=again, known=known, provider=provider, blacklisted=False, pack=pack)
    assert code_of(step) == "PRICE_ABOVE_MARKET"


@pytest.mark.parametrize(("code", "known"), [("guizhou-2018", True), ("neimenggu-2019", True), ("shanxi-2018", False)])
def test_notice_is_given_where_the_programme_lays_down_its_days(code, known):
    """Lost otherwise: a provider would be out the same day, by a rule that no document states."""
    pack = PACKS[code]
    step = admission.give_notice(
        party=party(pack, "provider", status="admitted"), reason="x", pack=pack, today=date(2019, 10, 1)
    )
    assert code_of(step) == (None if known else "RULE_ABSENT")


@pytest.mark.parametrize(
    ("code", "facts", "known", "refusal"),
    [
        ("shandong-2017", {"provider_kind": "application", "platform_id": "X"}, {"X": "shandong-2017"}, None),
        ("shandong-2017", {"provider_kind": "application", "platform_id": "X"}, {"X": "guizhou-2018"}, "FACT_INVALID"),
        ("shandong-2017", {"provider_kind": "application", "platform_id": "X"}, {}, "FACT_INVALID"),
        ("shandong-2017", {"provider_kind": "application"}, {}, "FACT_MISSING"),
        ("guizhou-2018", {"provider_kind": "application"}, {}, None),
        ("shandong-2017", {"provider_kind": "platform", "platform_id": "X"}, {"X": "shandong-2017"}, "FACT_INVALID"),
        ("shandong-2017", {"provider_kind": "platform"}, {}, None),
    ],
)
def test_an_application_provider_names_a_platform_of_its_programme(code, facts, known, refusal):
    """Lost otherwise: claims would be filed by a platform that is none, or of a programme that pays other money."""
    given = entry.unfit_platform(party(PACKS[code], "provider", **facts), known, PACKS[code])
    assert ((given.code, given.field) if given else None) == ((refusal, "platform_id") if refusal else None)
