"""Programmes side by side in one service: one batch holds orders of several, and no rule of one reaches another."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from contracts.programmes.loader import SHIPPED
from services.voucher import tables
from tests.integration.voucher.elsewhere import NEIMENGGU, SHENYANG, Elsewhere, overlays
from tests.integration.voucher.world import GUIZHOU, QUOTA


class Several(Elsewhere):
    """Guizhou, Inner Mongolia and Shenyang; `programme` says which of them is meant."""

    def party(self, programme: str) -> tuple[str, str, str]:
        """A published plan's enterprise that may buy, a provider, and a product of it."""
        self.programme = programme
        if programme == GUIZHOU:
            self.roles["configure_plan"] = "operator"
            self.plan()
            return (self.granted(), *self.shelf())
        self.roles["configure_plan"] = "finance"
        self.published(QUOTA)
        company = self.company()
        if programme == SHENYANG:
            self.filed(company)
        return (company, *self.shop())


@pytest.fixture
def world(engine: sa.Engine) -> Several:
    return Several(engine, GUIZHOU)


def test_one_batch_decides_each_order_by_its_own_programme(world):
    """Lost otherwise: one programme's rate, cap, money or articles for another's order."""
    parties = {one: world.party(one) for one in (GUIZHOU, NEIMENGGU, SHENYANG)}
    bodies = [world.order_body(company, product) for company, _, product in parties.values()]
    answers = world.batch("place_order", bodies)
    assert [one["result"]["voucher_fen"] for one in answers] == [600_000, 250_000, 500_000]
    versions = [one["decision"]["pack_version"] for one in answers]
    assert versions == ["guizhou-2018@1", "neimenggu-2019@1", "shenyang-2018@1"]
    for programme, drawn in ((GUIZHOU, "quota"), (NEIMENGGU, "budget"), (SHENYANG, "budget")):
        held = [row for row in world.rows(tables.accounts) if row["programme"] == programme and row["debits_pending"]]
        assert [row["kind"] for row in held] == [drawn]
    ids = [one["result"]["id"] for one in answers]
    confirms = [
        {"order_id": one, "provider_id": provider, "contract_sha256": "d" * 64}
        for one, (_, provider, _) in zip(ids, parties.values(), strict=True)
    ]
    assert all(one["ok"] for one in world.batch("confirm_order", confirms))
    numbers = [world.one(one)["voucher_number"] for one in ids]
    assert [number is not None for number in numbers] == [False, True, False]
    refunds = [
        {"order_id": one, "enterprise_id": company, "reason": "r"}
        for one, (company, _, _) in zip(ids, parties.values(), strict=True)
    ]
    codes = [one["ok"] or one["error"]["code"] for one in world.batch("request_refund", refunds)]
    assert codes == [True, "RULE_ABSENT", "RULE_ABSENT"]
    for programme in parties:
        world.programme = programme
        world.books(2019)


def test_a_tie_counts_where_the_document_says_so(world):
    """Lost otherwise: Guizhou's 第十三条(四) keeps Inner Mongolia's enterprises from their group's provider."""
    for programme, may in ((GUIZHOU, False), (NEIMENGGU, True)):
        company, provider, product = world.party(programme)
        order = world.bought(company, product, agreement="a" * 64)
        world.confirm(order)
        other = world.provider(programme=programme)
        world.product(other, programme=programme)
        world.tie(company, other)
        world.provider(provider, say="leaving", programme=programme)
        answer = world.do("hand_over_order", order_id=order, to_provider_id=other, reason="r")
        assert answer["ok"] is may, answer


def test_another_programmes_product_is_not_on_this_ones_shelf(world):
    """Lost otherwise: an enterprise buys in one programme what another has reviewed."""
    company, _, _ = world.party(NEIMENGGU)
    _, _, product = world.party(GUIZHOU)
    assert world.buy(company, product)["error"]["code"] == "PRODUCT_NOT_AVAILABLE"


@pytest.fixture
def sixth(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, tmp_path):
    """Guizhou's rules, with a review of applications by two other offices, the first of the enterprise's own region."""
    text = (SHIPPED / "guizhou-2018.v1.toml").read_text(encoding="utf-8")
    operators = '[[reviews.application]]\nname = "review"\nrole = "operator"\n'
    assert operators in text
    own = operators.replace("operator", "prefecture") + 'own_region = true\narticle = "二"\nzh = "审"\nen = "r"\n'
    changed = text.replace(operators, own + operators.replace("operator", "bureau").replace('review"', 'approval"'))
    (tmp_path / "guizhou-2018.v1.toml").write_text(changed, encoding="utf-8")
    with overlays(monkeypatch, folder=str(tmp_path)):
        yield Several(engine, GUIZHOU)


def test_an_application_is_reviewed_by_the_stages_of_its_pack(sixth):
    """Lost otherwise: the operator grants what another programme leaves to its own offices, and alone."""
    world = sixth
    world.roles["configure_plan"] = "operator"
    world.plan()
    application = world.apply(world.enterprise(region="520102"))["result"]["id"]

    def review(role, *, region=None, subject=None, decision="approve"):
        world.roles["review_application"] = role
        body = {"application_id": application, "decision": decision}
        command = world.command("review_application", body, subject=subject)
        (answer,) = world.run([replace(command, actor=replace(command.actor, region=region))])
        return answer["result"]["status"] if answer["ok"] else answer["error"]["code"]

    assert review("operator") == "FORBIDDEN"
    assert review("bureau") == "FORBIDDEN"  # not its turn
    assert review("prefecture", region="520200") == "REGION_MISMATCH"
    assert review("prefecture", region="520100", subject="platform-1") == "SAME_PERSON"  # who applied
    assert review("prefecture", region="520100", subject="a") == "reserved"
    assert not world.sent("quota_granted")
    assert review("prefecture", region="520100", subject="b") == "FORBIDDEN"
    assert review("bureau", subject="a") == "SAME_PERSON"
    assert review("bureau", subject="b") == "granted"
    (told,) = world.sent("quota_granted")
    assert told["sequence"] == 2
    decisions = world.ask("explain", subject=application)["decisions"]
    assert [(one["action"], one["articles"]) for one in decisions if one["action"] == "application_reviewed"] == [
        ("application_reviewed", ["二"])
    ]
