"""Lost if these fail: a claim of one programme is held by the rules of another, or slips through because its programme
says its stages differently."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.supervision.kit import SHA, Kit, uid

PHONE = "f" * 64

NEIMENGGU = {"programme": "neimenggu-2019", "region": "150102"}
SHANDONG = {"programme": "shandong-2017", "region": "370102"}
SHENYANG = {"programme": "shenyang-2018", "region": "210102"}
SHANXI = {"programme": "shanxi-2018", "region": "140105"}

# the programme, its rules, who files and is paid, what the order is of
CASES = [
    pytest.param(NEIMENGGU, "neimenggu-2019@1", {}, "platform", "八(三)", id="neimenggu"),
    pytest.param(
        SHANDONG,
        "shandong-2017@1+example-shandong-city@1",
        {"filer_id": uid("P", 9), "payee_id": uid("P", 9)},
        "application",
        "五(五)",
        id="shandong: the platform provider files for another",
    ),
    pytest.param(
        SHENYANG,
        "shenyang-2018@1",
        {"payee_id": uid("E", 1), "payee_kind": "enterprise", "track": "software"},
        "city-service",
        "三(五)1",
        id="shenyang: the enterprise is paid",
    ),
    pytest.param(SHANXI, "shanxi-2018@1", {"filer_id": uid("E", 1)}, "business", None, id="shanxi: no rule that holds"),
]


def market(kit: Kit, about: dict[str, str], category: str, label: str, **shared: str) -> dict[str, Any]:
    """One enterprise, provider, product and order of the programme; what its claims are about."""
    programme = about["programme"]
    kit.hear(kit.enterprise(1, **about, **shared), kit.provider(1, programme=programme, **shared))
    kit.hear(kit.product(1, programme=programme, category=category, kind="other"))
    order = {**about, "plan_region": about["region"][:4], "category": category}
    kit.hear(kit.order(1, pack_version=label, **order))
    return order


@pytest.mark.parametrize(("about", "label", "parties", "category", "article"), CASES)
def test_each_programme_s_own_rule_holds_its_claims(
    kit: Kit, about: dict[str, str], label: str, parties: dict[str, str], category: str, article: str | None
) -> None:
    """By the rules its order was placed under, overlay included; without a rule it is cleared, and the alert told."""
    order = market(kit, about, category, label, phone=PHONE)
    kit.hear(kit.claim(1, **order, **parties))
    (raised,) = kit.said("alert_raised")
    assert (raised["data"]["programme"], raised["data"]["severity"]) == (about["programme"], "high")
    assert raised["data"]["law"]["pack_version"] == label
    (line,) = kit.ask("get_alert", id=raised["subject"])["on"]
    assert line["holds"] is (article is not None)
    (said,) = kit.said("claim_held", "claim_cleared")
    assert said["data"]["verdict"] == ("held" if article else "cleared")
    assert said["data"]["law"]["articles"] == [article or "五(三)"]  # what is traced there is looked at all the same
    kit.ok("resolve_alert", alert_id=raised["subject"], verdict="confirmed", reason="查实")
    assert kit.verdicts(1)[-1] == "rejected", "what a supervisor confirmed is paid by no programme"


@pytest.mark.parametrize(("about", "label", "parties", "category", "article"), CASES)
def test_an_honest_claim_is_cleared_in_every_programme(
    light: Kit, about: dict[str, str], label: str, parties: dict[str, str], category: str, article: str | None
) -> None:
    """Silence would keep it from its money for ever."""
    order = market(light, about, category, label)
    light.hear(light.claim(1, **order, **parties))
    assert light.verdicts(1) == ["cleared"]


STAGES = [
    ("claim_reviewed", {"status": "in_review", "stage": "third_party"}),
    ("claim_on_notice", {"status": "on_notice", "notice_id": uid("Z", 1)}),
    ("claim_noticed", {"status": "noticed", "notice_id": uid("Z", 1)}),
]


@pytest.mark.parametrize(("told", "state"), STAGES, ids=[one[1]["status"] for one in STAGES])
def test_a_tie_told_late_stops_a_claim_at_any_stage_before_its_payment(
    kit: Kit, told: str, state: dict[str, str]
) -> None:
    """A claim in review, on notice or noticed is not paid yet: it is screened again."""
    order = market(kit, NEIMENGGU, "platform", "neimenggu-2019@1")
    kit.hear(kit.claim(1, **order))
    kit.hear(kit.claim(1, **order, told=told, **state))
    kit.hear(kit.tie(1, 1, 1, programme=NEIMENGGU["programme"]))
    assert kit.verdicts(1) == ["cleared", "held"]


def test_rules_that_are_no_more_among_ours_hold_everything(kit: Kit) -> None:
    """An overlay taken away must not let through what it would have held."""
    order = market(kit, SHANXI, "business", "shanxi-2018@1+gone@7", phone=PHONE)
    kit.hear(kit.claim(1, **order))
    assert kit.verdicts(1) == ["held"]


def test_a_price_recorded_later_is_judged_by(kit: Kit) -> None:
    """A market price that comes with product_priced counts as one that was there from the first."""
    order = market(kit, NEIMENGGU, "platform", "neimenggu-2019@1")
    data = {**kit.product(1, programme=NEIMENGGU["programme"], category="platform", kind="other").data}
    kit.hear(kit.event("registry.product_priced.v1", uid("K", 1), {**data, "market_price_fen": 900_000}))
    kit.hear(kit.claim(1, **order))
    (raised,) = kit.said("alert_raised")
    assert (raised["data"]["alert"], raised["data"]["law"]["articles"]) == ("PRICE_OUTLIER", ["七(二)"])
    assert kit.verdicts(1) == ["held"]


def test_programmes_prices_are_not_each_other_s_peers(kit: Kit) -> None:
    """What eight enterprises of one programme pay says nothing of another's price."""
    order = market(kit, SHANDONG, "application", "shandong-2017@1")
    for number in range(2, 12):
        kit.hear(kit.enterprise(number, **NEIMENGGU), kit.product(number, programme="neimenggu-2019", kind="other"))
        kit.hear(kit.order(number, number, product=number, price=1_000, **NEIMENGGU))
    kit.hear(kit.claim(1, **order))
    assert kit.said("alert_raised") == []


def test_a_complaint_and_a_blacklisting_rest_on_their_own_programme(kit: Kit) -> None:
    """Inner Mongolia's list is by its own article, and a ground that only Guizhou knows is refused there."""
    market(kit, NEIMENGGU, "platform", "neimenggu-2019@1")
    case = {"kind": "blacklist", "party_kind": "provider", "party_id": uid("P", 1), "programme": "neimenggu-2019"}
    case |= {"case_id": uid("B", 1), "reason": "查实", "interim": False, "papers": [SHA]}
    error = kit.refused("open_case", ground="measures_not_mended", **case)
    assert (error["code"], "law_breach" in error["facts"]["grounds"]) == ("FACT_INVALID", True)
    answer = kit.do("open_case", ground="fraud", **case)
    assert answer["decision"]["pack_version"] == "neimenggu-2019@1"
    assert answer["decision"]["articles"][0] == "八(三)"
