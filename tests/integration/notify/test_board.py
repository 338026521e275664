"""The public board is what the events say, newest state first, whatever order they come in."""

from __future__ import annotations

import json
import re

import pytest

from contracts.rpc.notify import SECTIONS
from infra import packs
from tests.integration.notify.kit import PROGRAMME, Kit, party


def board(kit: Kit, section: str, programme: str = PROGRAMME, **page):
    return kit.ask("board", section=section, programme=programme, roles=("enterprise",), **page)


def test_a_plan_is_public_from_its_publication_to_its_closing(kit: Kit):
    """Lost otherwise: a plan shown before it is published, or as open after its year has ended."""
    plan = party()
    told = {"subject": plan, "plan_id": plan, "year": 2019, "budget_fen": 100_000_000}
    kit.tell("voucher.plan_made.v1", sequence=1, status="made", **told)
    assert board(kit, "plans")["items"] == []
    kit.tell("voucher.plan_published.v1", sequence=2, status="published", **told)
    [shown] = board(kit, "plans")["items"]
    assert (shown["year"], shown["budget_fen"], shown["status"]) == (2019, 100_000_000, "published")
    kit.tell("voucher.year_closed.v1", subject=plan, sequence=3, plan_id=plan, year=2019, lapsed_fen=1_234)
    [shown] = board(kit, "plans")["items"]
    assert (shown["status"], shown["lapsed_fen"]) == ("closed", 1_234)


def test_old_news_does_not_bring_an_exited_provider_back(kit: Kit):
    """Lost otherwise: an event that lay in the ladder puts a provider back into the catalogue."""
    provider = party()
    told = {"subject": provider, "provider_id": provider, "name": "黔云示例"}
    late = kit.event("registry.provider_admitted.v1", sequence=2, status="admitted", ground=None, **told)
    kit.tell("registry.provider_exited.v1", sequence=3, status="exited", ground="insolvency", **told)
    kit.hear(late)
    assert board(kit, "providers")["items"] == []


def test_the_catalogue_is_what_is_published(kit: Kit):
    """Lost otherwise: a delisted product is still offered."""
    provider, product = kit.provider("黔云示例"), party()
    told = {"subject": product, "product_id": product, "provider_id": provider, "name": "云主机", "price_fen": 500_000}
    kit.tell("registry.product_published.v1", sequence=3, status="published", **told)
    [shown] = board(kit, "products")["items"]
    assert (shown["name"], shown["provider_name"], shown["price_fen"]) == ("云主机", "黔云示例", 500_000)
    kit.tell("registry.product_delisted.v1", sequence=4, status="delisted", **told)
    assert board(kit, "products")["items"] == []


def test_a_changed_name_is_the_name_that_is_shown(kit: Kit):
    """Lost otherwise: the list of providers keeps a name that its bearer has given up."""
    provider = kit.provider("旧名", sequence=2)
    kit.tell(
        "registry.provider_facts_changed.v1",
        subject=provider, sequence=3, provider_id=provider, name="新名", status="admitted", ground=None,
    )  # fmt: skip
    assert [item["name"] for item in board(kit, "providers")["items"]] == ["新名"]


NEIMENGGU, SHENYANG, SHANXI, SHANDONG = "neimenggu-2019", "shenyang-2018", "shanxi-2018", "shandong-2017"


def test_a_plan_shows_whose_money_it_is_and_what_it_bounds(kit: Kit):
    """Lost otherwise: denominations and counts (内蒙古 五(一)) are not public, or a city's plan passes for all."""
    plan = party()
    kit.tell(
        "voucher.plan_published.v1",
        subject=plan, plan_id=plan, programme=NEIMENGGU, region="1501", status="published", budget_fen=10**9,
        carried_fen=500, made_up_fen=700, denominations=[{"denomination_fen": 2_000_000, "count": 300}],
        funds=[{"level": "province", "amount_fen": 10**9}],
    )  # fmt: skip
    [shown] = board(kit, "plans", NEIMENGGU)["items"]
    assert (shown["region"], shown["carried_fen"], shown["made_up_fen"]) == ("1501", 500, 700)
    assert shown["denominations"] == [{"denomination_fen": 2_000_000, "count": 300}]
    assert shown["funds"] == [{"level": "province", "amount_fen": 10**9}]
    kit.tell(
        "voucher.year_closed.v1",
        subject=plan, sequence=2, plan_id=plan, programme=NEIMENGGU, lapsed_fen=0, carried_fen=30, deferred_fen=40,
    )  # fmt: skip
    [shown] = board(kit, "plans", NEIMENGGU)["items"]
    assert (shown["carried_out_fen"], shown["deferred_fen"]) == (30, 40)
    whole = party()
    kit.tell("voucher.plan_published.v1", subject=whole, plan_id=whole, region="52", status="published")
    assert [item["region"] for item in board(kit, "plans")["items"]] == [None]


def voucher(kit: Kit, event: str, order: str, enterprise: str, sequence: int, programme: str = NEIMENGGU, **data):
    kit.tell(
        f"voucher.{event}.v1",
        subject=order, sequence=sequence, order_id=order, enterprise_id=enterprise, programme=programme, year=2019,
        **data,
    )  # fmt: skip


def test_voucher_holders_are_named_where_the_document_says_so(kit: Kit):
    """Lost otherwise: enterprises are named without a rule, or Inner Mongolia's list (八(二)) is owed."""
    for programme in (PROGRAMME, NEIMENGGU):
        enterprise, order = party(), party()
        kit.tell(
            "registry.enterprise_certified.v1",
            subject=enterprise, enterprise_id=enterprise, programme=programme, name="示例厂", status="certified",
        )  # fmt: skip
        given = {"voucher_fen": 2_000_000, "voucher_number": "V-1", "denomination_fen": 2_000_000}
        voucher(kit, "order_confirmed", order, enterprise, 2, programme, status="confirmed", **given)
        voucher(kit, "order_confirmed", party(), enterprise, 2, programme, status="confirmed", voucher_number=None)
        application = party()
        kit.tell(
            "voucher.quota_granted.v1",
            subject=application, application_id=application, enterprise_id=enterprise, programme=programme,
            status="granted", amount_fen=1_000_000, year=2019,
        )  # fmt: skip
    here = board(kit, "voucher_holders")
    assert (here["items"], here["published"], here["article"]) == ([], False, None)
    there = board(kit, "voucher_holders", NEIMENGGU)
    assert (there["published"], there["article"]) == (True, "八(二)")
    assert sorted((item["name"], item["amount_fen"], item["number"], item["status"]) for item in there["items"]) == [
        ("示例厂", 1_000_000, None, "valid"),
        ("示例厂", 2_000_000, "V-1", "valid"),
    ]
    voucher(kit, "order_redeemed", order, enterprise, 3, status="redeemed", **given)
    assert "redeemed" in {item["status"] for item in board(kit, "voucher_holders", NEIMENGGU)["items"]}
    voucher(kit, "order_failed", order, enterprise, 4, status="failed", **given)
    shown = {item["number"]: item["status"] for item in board(kit, "voucher_holders", NEIMENGGU)["items"]}
    assert shown["V-1"] == "void"


def filing(kit: Kit, programme: str, region: str, enterprise: str, status: str = "opened", **data):
    filing_id = party()
    kit.tell(
        "voucher.filing_opened.v1",
        subject=filing_id, filing_id=filing_id, programme=programme, region=region, enterprise_id=enterprise,
        status=status, **data,
    )  # fmt: skip


def test_enterprises_on_the_cloud_are_counted_and_not_named(kit: Kit):
    """Lost otherwise: Shanxi's count by city and kind (四(二)) is not public, or names who is counted."""
    one, other = party(), party()
    filing(kit, SHANXI, "140105", one, category="management", track=None)
    filing(kit, SHANXI, "140106", other, category="management", track=None)
    filing(kit, SHANXI, "140106", other, category="management", track=None)
    filing(kit, SHANXI, "140200", one, category="business", track=None)
    filing(kit, SHANXI, "140200", one, status="in_review", category="business", track=None)
    filing(kit, SHENYANG, "210106", one, category=None, track="city-service")
    page = board(kit, "filings", SHANXI)
    assert page["article"] == "四(二)"
    assert page["items"] == [
        {
            "id": "1401.management", "region": "1401", "kind": "management", "filings": 3, "enterprises": 2,
            "kind_zh": "管理上云", "kind_en": "management",
        },
        {
            "id": "1402.business", "region": "1402", "kind": "business", "filings": 1, "enterprises": 1,
            "kind_zh": "业务上云", "kind_en": "business",
        },
    ]  # fmt: skip
    assert [(item["region"], item["kind_zh"]) for item in board(kit, "filings", SHENYANG)["items"]] == [
        ("210106", "城市服务（产业）云")
    ]
    assert board(kit, "filings")["published"] is False


def test_claims_on_notice_and_what_became_of_each(kit: Kit):
    """Lost otherwise: nobody can object (七(一)) to what is not shown, or one objection seems to hold every claim."""
    notice, provider, enterprise = party(), party(), party()
    claims = sorted(party() for _ in range(3))
    items = [
        {"claim_id": claim, "provider_id": provider, "enterprise_id": enterprise, "payable_fen": number}
        for number, claim in enumerate(claims, 1)
    ]
    about = {"subject": notice, "notice_id": notice, "programme": NEIMENGGU, "items": items, "outcomes": []}
    kit.tell("settlement.notice_published.v1", status="open", **about)

    def outcomes() -> list[tuple[int, int, str]]:
        shown = board(kit, "notices", NEIMENGGU)["items"]
        return [(item["payable_fen"], item["objections"], item["outcome"]) for item in shown]

    assert outcomes() == [(1, 0, "open"), (2, 0, "open"), (3, 0, "open")]
    objections = [party(), party()]
    told = {"notice_id": notice, "programme": NEIMENGGU, "provider_id": provider}
    for objection, claim in zip(objections, claims, strict=False):
        kit.tell(
            "settlement.objection_filed.v1",
            subject=objection, objection_id=objection, claim_id=claim, status="open", **told,
        )  # fmt: skip
    assert outcomes() == [(1, 1, "objected"), (2, 1, "objected"), (3, 0, "open")]
    outcome = dict(zip(claims, ("upheld", "noticed", "withdrawn"), strict=True))
    about["outcomes"] = [{"claim_id": claim, "outcome": outcome[claim]} for claim in claims]
    kit.tell("settlement.notice_closed.v1", sequence=2, status="closed", **about)
    for objection, claim, status in zip(objections, claims, ("upheld", "dismissed"), strict=False):
        kit.tell(
            "settlement.objection_decided.v1",
            subject=objection, sequence=2, objection_id=objection, claim_id=claim, status=status, **told,
        )  # fmt: skip
    assert outcomes() == [(1, 1, "upheld"), (2, 1, "noticed"), (3, 0, "withdrawn")]
    page = board(kit, "notices", NEIMENGGU, limit=2)
    assert len(board(kit, "notices", NEIMENGGU, limit=2, after=page["next"])["items"]) == 1


def test_a_persons_name_is_masked_wherever_it_could_stand(kit: Kit):
    """Lost otherwise: who signed up a shop stands on the internet with name, region and what the state gave him."""
    enterprise, provider = party(), party()
    natural = {"name": "太原市张三丰五金店", "uscc": "92140105MA0XXXXX1X"}
    kit.tell("registry.enterprise_certified.v1", enterprise_id=enterprise, legal_person=False, **natural)
    kit.tell("registry.provider_admitted.v1", provider_id=provider, status="admitted", ground=None, **natural)
    items = [{"claim_id": party(), "provider_id": provider, "enterprise_id": enterprise, "payable_fen": 1}]
    kit.tell("settlement.notice_published.v1", programme=NEIMENGGU, items=items, outcomes=[], status="open")
    kit.tell("voucher.quota_granted.v1", programme=NEIMENGGU, enterprise_id=enterprise, status="granted")
    kit.tell(
        "supervision.party_blacklisted.v1",
        party_id=enterprise, entry_id=party(), party_name=natural["name"], status="listed",
    )  # fmt: skip
    kit.tell("supervision.party_blacklisted.v1", party_id=party(), entry_id=party(), party_name="李四", status="listed")
    [notice] = board(kit, "notices", NEIMENGGU)["items"]
    assert (notice["name"], notice["provider_name"]) == ("太原市张**店", "太原市张**店")
    assert [one["name"] for one in board(kit, "voucher_holders", NEIMENGGU)["items"]] == ["太原市张**店"]
    assert [one["name"] for one in board(kit, "providers")["items"]] == ["太原市张**店"]
    assert {one["name"] for one in board(kit, "blacklist")["items"]} == {"太原市张**店", "李**"}


def paid(kit: Kit, payee: str, event: str = "settlement.payment_settled.v1", sequence: int = 3, **data) -> str:
    payment = data.pop("payment_id", None) or party()
    kit.tell(event, subject=payment, sequence=sequence, payment_id=payment, payee_id=payee, year=2019, **data)
    return payment


def test_payments_are_summed_by_provider_and_year(kit: Kit):
    """Lost otherwise: a payment that the bank sent back is shown as paid."""
    provider = kit.provider("黔云示例")
    ids = [
        paid(kit, provider, payee_kind="provider", amount_fen=number * 100, status="settled") for number in (1, 2, 3)
    ]
    [shown] = board(kit, "payments")["items"]
    assert (shown["name"], shown["year"], shown["payments"], shown["amount_fen"]) == ("黔云示例", 2019, 3, 600)
    paid(
        kit, provider, "settlement.payment_failed.v1", 4,
        payment_id=ids[2], payee_kind="provider", amount_fen=300, status="returned",
    )  # fmt: skip
    [shown] = board(kit, "payments")["items"]
    assert (shown["payments"], shown["amount_fen"]) == (2, 300)


def test_enterprises_that_are_paid_are_summed_by_region(kit: Kit):
    """Lost otherwise: Shenyang's board names every enterprise and its subsidy, which its document does not ask for; or
    counts what is still with a district as paid."""
    about = {"programme": SHENYANG, "payee_kind": "enterprise", "amount_fen": 100}
    for region, status in (("210106", "settled"), ("210106", "settled"), ("210111", "settled")):
        paid(kit, party(), region=region, status=status, **about)
    paid(kit, party(), "settlement.payment_with_district.v1", region="210106", status="with_district", **about)
    shown = board(kit, "payments", SHENYANG)["items"]
    assert [(item["region"], item["payments"], item["amount_fen"]) for item in shown] == [
        ("210106", 2, 200), ("210111", 1, 100),
    ]  # fmt: skip
    assert {(item["provider_id"], item["name"]) for item in shown} == {(None, None)}


def test_pilots_and_models_are_named(kit: Kit):
    """Lost otherwise: examples that are to be followed (三(八)) are not known."""
    enterprise, made = party(), party()
    kit.tell(
        "registry.enterprise_certified.v1",
        subject=enterprise, enterprise_id=enterprise, programme=SHANXI, name="示例厂", status="certified",
    )  # fmt: skip
    kit.tell(
        "supervision.enterprise_designated.v1",
        subject=made, designation_id=made, programme=SHANXI, enterprise_id=enterprise, kind="pilot",
    )  # fmt: skip
    assert [(item["name"], item["kind"]) for item in board(kit, "designations", SHANXI)["items"]] == [
        ("示例厂", "pilot")
    ]


def test_only_a_commended_provider_is_shown(kit: Kit):
    """Lost otherwise: a provider that has to mend, or the programme's effect, stands on a list of the commended."""
    provider, other = kit.provider("黔云示例"), kit.provider("别家")
    about = {"of": "provider", "period": "2018", "grade": {"zh": "优秀", "en": "excellent"}, "score_bp": 9100}
    for subject, consequence in ((provider, "award"), (other, "mend"), (None, "award")):
        said = {"subject_id": subject, "consequence": consequence, "assessment_id": party()}
        kit.tell("supervision.assessment_concluded.v1", subject=said["assessment_id"], **said, **about)
    page = board(kit, "commendations")
    assert (page["published"], page["article"]) == (True, "五(五)")
    (item,) = page["items"]
    assert (item["provider_name"], item["period"], item["score_bp"]) == ("黔云示例", "2018", 9100)
    assert item["grade"]["zh"] == "优秀"


def test_regions_show_the_targets_that_stand_and_their_evaluations(kit: Kit):
    """Lost otherwise: a target that was replaced is shown beside the one that took its place; a text that may name
    people is published."""
    old, new, evaluation = party(), party(), party()
    about = {"programme": SHANXI, "region": "1401"}
    for target, sequence, status in ((old, 1, "set"), (old, 2, "replaced"), (new, 1, "set")):
        kit.tell(
            "supervision.target_set.v1",
            subject=target, sequence=sequence, target_id=target, status=status, year=2019, measure="enterprises",
            at_least=3000, **about,
        )  # fmt: skip
    kit.tell(
        "supervision.region_evaluated.v1",
        subject=evaluation, evaluation_id=evaluation, period="2019-Q1", score=88, figures={"enterprises": 700}, **about,
    )  # fmt: skip
    shown = sorted(board(kit, "regions", SHANXI)["items"], key=lambda item: -item["number"])
    assert [(item["mark"], item["period"], item["number"]) for item in shown] == [
        ("target", "2019", 3000), ("evaluation", "2019-Q1", 88),
    ]  # fmt: skip
    assert shown[1]["figures"] == {"enterprises": 700}
    assert not any("text" in item for item in shown)


def test_an_award_is_shown_share_by_share_where_its_weights_are_set(kit: Kit, monkeypatch: pytest.MonkeyPatch):
    """Lost otherwise: Shandong's award, whose weights nobody has set, is announced as if by law."""
    award = party()
    kit.tell(
        "supervision.regions_awarded.v1",
        subject=award, award_id=award, programme=SHANDONG, year=2019, amount_fen=300,
        shares=[
            {"region": "3702", "index": "0.25", "amount_fen": 75},
            {"region": "3701", "index": "0.75", "amount_fen": 225},
        ],
    )  # fmt: skip
    assert board(kit, "awards", SHANDONG)["published"] is False
    monkeypatch.setenv("YUNQUAN_OVERLAYS", "example-shandong-city")
    packs.library.cache_clear()
    try:
        page = board(kit, "awards", SHANDONG)
    finally:
        monkeypatch.undo()
        packs.library.cache_clear()
    assert page["article"] == "示例第五条"
    assert [(item["region"], item["amount_fen"]) for item in page["items"]] == [("3701", 225), ("3702", 75)]


ULIDS = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
EVERYWHERE = (PROGRAMME, NEIMENGGU, SHENYANG, SHANXI, SHANDONG)


def test_a_board_shows_its_own_programme_alone(kit: Kit):
    """Lost otherwise: with several programmes in one deployment, one's money or parties stand on another's board."""
    told = {programme: kit.everything(programme) for programme in EVERYWHERE}
    kit.hear(*(event for events in told.values() for event in events))
    ids = {programme: set(ULIDS.findall(str([event.data for event in told[programme]]))) for programme in EVERYWHERE}
    empty = []
    for programme in EVERYWHERE:
        foreign = set().union(*(ids[other] for other in EVERYWHERE if other != programme)) - ids[programme]
        assert len(foreign) > 100
        for section in SECTIONS:
            page = board(kit, section, programme)
            text = json.dumps(page["items"])
            assert not any(id_ in text for id_ in foreign), (programme, section)
            if page["published"] and not page["items"]:
                empty.append((programme, section))
    assert [section for _, section in empty if section != "checkpoints"] == [], "nothing was there to be told apart"


def test_the_blacklist_names_who_is_listed_now(kit: Kit):
    """Lost otherwise: a party that was removed stays in the pillory."""
    provider, entry = kit.provider("黔云示例"), party()
    told = {"subject": entry, "entry_id": entry, "party_id": provider, "party_kind": "provider", "party_name": None}
    kit.tell("supervision.party_blacklisted.v1", sequence=1, status="listed", **told)
    assert [item["name"] for item in board(kit, "blacklist")["items"]] == ["黔云示例"]
    assert kit.titles(provider)[0] == "列入黑名单：黔云示例"
    kit.tell("supervision.party_removed.v1", sequence=2, status="removed", **told)
    assert board(kit, "blacklist")["items"] == []


def test_a_measure_while_a_case_runs_is_never_shown(kit: Kit):
    """Lost otherwise: the public reads of a case that is not decided, and may be dismissed."""
    provider, entry = kit.provider("黔云示例"), party()
    told = {"subject": entry, "entry_id": entry, "party_id": provider, "party_kind": "provider", "status": "listed"}
    kit.tell("supervision.party_suspended.v1", sequence=1, interim=True, **told)
    assert board(kit, "blacklist")["items"] == []
    kit.tell("supervision.party_blacklisted.v1", sequence=2, **told)
    assert len(board(kit, "blacklist")["items"]) == 1


def test_nodes_and_checkpoints(kit: Kit):
    """Lost otherwise: nobody outside can hold the evidence log to what it once said."""
    node = party()
    kit.tell("settlement.node_announced.v1", subject=node, node_id=node, status="open", year=2019, claims=0)
    [shown] = board(kit, "nodes")["items"]
    assert (shown["status"], shown["claims"]) == ("open", 0)
    for size in (10, 9, 100):
        kit.tell("supervision.checkpoint_made.v1", subject="evidence", sequence=size, size=size, root="ab" * 32)
    assert [item["size"] for item in board(kit, "checkpoints")["items"]] == [9, 10, 100]
    assert [item["size"] for item in board(kit, "checkpoints", after="10")["items"]] == [100]
    for strange in ("9" * 40, "²"):
        assert len(board(kit, "checkpoints", after=strange)["items"]) == 3, "a cursor nobody gave out is a defect"


def test_pages_of_a_section(kit: Kit):
    """Lost otherwise: a catalogue that ends after its first page."""
    names = {f"示例{number}" for number in range(5)}
    for name in sorted(names):
        kit.provider(name)
    seen, after = [], None
    for _ in range(3):
        page = board(kit, "providers", limit=2, **({"after": after} if after else {}))
        seen += [item["name"] for item in page["items"]]
        after = page["next"]
    assert (set(seen), len(seen), after) == (names, 5, None)


def test_an_unknown_programme_is_said_to_be_one(kit: Kit):
    """Lost otherwise: a misspelt programme looks like one that publishes nothing."""
    answer = kit.answer("board", section="plans", programme="atlantis-1999")
    assert answer["error"]["code"] == "PROGRAMME_UNKNOWN"
