"""What each programme's pack decides of a claim: a rule of one that held in another would pay, or refuse, by no law."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.errors import ERRORS, Refused
from contracts.programmes import Pack, load
from services.settlement.domain import disbursements, notices, objections, questions
from services.settlement.domain.claims import collect, is_ready
from services.settlement.domain.match import Recorded, missing_materials, of_paid
from services.settlement.domain.payments import after_pay
from services.settlement.domain.stages import Reviewer
from services.settlement.domain.steps import Step
from tests.unit.settlement.cases import NOW, TODAY, claim, file, filing, order, papers, provider, review, signed
from tests.unit.settlement.test_claims import node

OVERLAYS = {"shandong-2017": "example-shandong-city", "shanxi-2018": "example-shanxi-rules"}


def rules(code: str) -> Pack:
    """The programme as a deployment runs it: what it delegates is filled."""
    return load(code, overlay=OVERLAYS.get(code))


def bare(code: str) -> Pack:
    return load(code)


def own(code: str, **changed):
    """A filing that is in order in that programme, and the order it is for."""
    pack = rules(code)
    others = tuple((kind, "a" * 64) for kind in ("enterprise_list", "proof_of_opening", "letter_of_truth"))
    handed_in = papers(**{"others": others, **({"transfer.amount_fen": 1_000_000} if of_paid(pack) else {}), **changed})
    filer_id = {"provider": "P1", "platform_provider": "PLATFORM", "enterprise": "E1"}[pack.claims.filed_by]
    of = order(programme=code, pack_version=pack.label, plan_region=pack.region, region=f"{pack.region:0<6}")
    return {"pack_": pack, "order_": of, "filing_": filing(filer_id=filer_id, papers=handed_in)}


PROGRAMMES = ("guizhou-2018", "neimenggu-2019", "shandong-2017", "shenyang-2018", "shanxi-2018")


@pytest.mark.parametrize(
    ("code", "filer_id", "payee"),
    [
        ("guizhou-2018", "P1", ("P1", "provider")),
        ("neimenggu-2019", "P1", ("P1", "provider")),
        ("shandong-2017", "PLATFORM", ("PLATFORM", "provider")),
        ("shenyang-2018", "P1", ("E1", "enterprise")),
        ("shanxi-2018", "E1", ("E1", "enterprise")),
    ],
)
def test_who_files_and_who_is_paid(code, filer_id, payee) -> None:
    """Money of the enterprise that went to its provider, or a claim that anybody may file, is nobody's law."""
    given = own(code)
    step = file(**given)
    assert isinstance(step, Step), step
    assert (step.after.filer_id, step.after.payee_id, step.after.payee_kind) == (filer_id, *payee)
    assert step.after.pack_version == given["pack_"].label
    for other in {"P1", "E1", "PLATFORM", "X"} - {filer_id}:
        refused = file(**{**given, "filing_": replace(given["filing_"], filer_id=other)})
        assert (refused.code, refused.field) == ("NOT_THE_FILER", "filer_id")
        assert refused.article
        assert (refused.facts["filer_id"], refused.facts["pack_version"]) == (filer_id, given["pack_"].label)


def test_a_platform_provider_files_for_itself_and_an_application_provider_without_one_for_nobody() -> None:
    """山东 三(四): the platform provider files for all."""
    given = own("shandong-2017")
    itself = {**given, "filing_": replace(given["filing_"], filer_id="P1")}
    assert file(**itself, provider=provider(provider_kind="platform", platform_id=None)).after.payee_id == "P1"
    nobody = file(**given, provider=provider(platform_id=None))
    assert (nobody.code, nobody.article, nobody.facts["filer_id"]) == ("NOT_THE_FILER", "三(四)", None)


def test_a_returned_claim_is_filed_again_by_the_platform_of_now() -> None:
    """The platform that filed it is on the blacklist: nobody could correct it, nor claim the order anew."""
    given = own("shandong-2017")
    former = replace(file(**given).after, status="returned")
    now = {"provider": provider(platform_id="OTHER"), "blacklisted": frozenset({"PLATFORM"})}
    assert file(**given, former=former, **now).code == "NOT_THE_FILER"
    by_other = {**given, "filing_": replace(given["filing_"], filer_id="OTHER")}
    again = file(**by_other, former=former, **now)
    assert isinstance(again, Step), again
    assert (again.after.filer_id, again.after.payee_id, again.after.claim_version) == ("OTHER", "OTHER", 2)


@pytest.mark.parametrize("party", ["P1", "PLATFORM"])
def test_standing_is_asked_of_filer_and_payee_too(party) -> None:
    refused = file(**own("shandong-2017"), blacklisted=frozenset({party}))
    assert (refused.code, refused.facts["party_id"]) == ("BLACKLISTED", party)
    assert isinstance(file(**own("guizhou-2018"), blacklisted=frozenset({"PLATFORM", "E1"})), Step), "not its business"


@pytest.mark.parametrize(("code", "delegates"), [("shandong-2017", "三(四)"), ("shanxi-2018", "五(二)")])
def test_what_is_left_to_others_is_not_guessed(code, delegates) -> None:
    """Without the overlay there is no procedure: the refusal names the article that leaves it to others."""
    given = {**own(code), "pack_": bare(code)}
    refused = file(**given)
    assert (refused.code, refused.article) == ("DELEGATED_RULE_MISSING", delegates)
    announced = node(1, NOW + timedelta(days=1), bare(code), roles=frozenset({"bureau"}))
    assert (announced.code, announced.article) == ("DELEGATED_RULE_MISSING", delegates)


def test_a_programme_without_payment_pays_nothing() -> None:
    """A sixth programme that states no payment, and leaves it to nobody."""
    pack = replace(rules("guizhou-2018"), payment=None)
    refused = disbursements.may_file(provider_id="P1", roles=frozenset({"platform"}), pack=pack)
    assert (refused.code, refused.facts["rule"]) == ("RULE_ABSENT", "payment")
    assert file(pack_=pack).code == "RULE_ABSENT"
    unapproved = replace(rules("neimenggu-2019"), reviews={})
    path = tuple(step for step in unapproved.payment.path if step.name != "approve")
    unapproved = replace(unapproved, payment=replace(unapproved.payment, path=path))
    refused = disbursements.may_file(provider_id=None, roles=frozenset({"bureau"}), pack=unapproved)
    assert (refused.code, refused.facts["rule"]) == ("RULE_ABSENT", "reviews.disbursement")


def test_a_review_that_is_others_to_write_is_not_skipped() -> None:
    """An overlay that says who files and who pays, and forgot who reviews: no stage at all would be the worst guess."""
    pack = rules("shanxi-2018")
    pack = replace(pack, reviews={name: stages for name, stages in pack.reviews.items() if name == "filing"})
    for refused in (
        file(**{**own("shanxi-2018"), "pack_": pack}),
        disbursements.may_file(provider_id=None, roles=frozenset({"bureau"}), pack=pack),
    ):
        assert (refused.code, refused.article) == ("DELEGATED_RULE_MISSING", "五(二)")


@pytest.mark.parametrize(
    ("amount_fen", "codes"),
    [(1_000_000, []), (1, []), (999_999, []), (0, ["TRANSFER_AMOUNT"]), (1_000_001, ["TRANSFER_AMOUNT"])],
)
def test_where_what_was_paid_decides_the_transfer_is_the_whole_payment(amount_fen, codes) -> None:
    """沈阳 三(二). A transfer above the price would raise the subsidy beyond what was agreed."""
    step = file(**own("shenyang-2018", **{"transfer.amount_fen": amount_fen}))
    findings = step.facts["findings"] if isinstance(step, Refused) else []
    assert [finding["code"] for finding in findings] == codes


def test_where_what_was_paid_decides_it_must_be_shown() -> None:
    """The transfer is not among Shenyang's three papers, and still nothing can be decided without it."""
    given = own("shenyang-2018")
    handed_in = replace(given["filing_"].papers, transfer=None)
    assert missing_materials(pack=given["pack_"], papers=handed_in, order=order(own_fen=0)) == ["transfer"]


@pytest.mark.parametrize("kind", ["enterprise_list", "proof_of_opening", "letter_of_truth"])
def test_papers_that_the_pack_asks_for_are_handed_in(kind) -> None:
    """沈阳 三(五)2: without its letter of truth a claim answers to nobody."""
    given = own("shenyang-2018")
    others = tuple(one for one in given["filing_"].papers.others if one[0] != kind)
    short = replace(given["filing_"], papers=replace(given["filing_"].papers, others=others))
    refused = file(**{**given, "filing_": short})
    assert (refused.code, refused.field, refused.article) == ("MATERIAL_MISSING", f"papers.{kind}", "三(五)2")
    assert isinstance(file(filing_=replace(filing(), papers=replace(papers(), others=()))), Step), "not in Guizhou"


@pytest.mark.parametrize(
    ("recorded", "allowed"),
    [((50, 0), True), ((51, 0), True), ((49, 0), False), ((0, 1_000), False)],
)
def test_a_claim_is_for_recorded_use(recorded, allowed) -> None:
    """山东 三(四): recorded while it happens, verified after."""
    total = Recorded(total_days=recorded[0], total_units=recorded[1])
    step = file(**own("shandong-2017"), recorded=total)
    if allowed:
        assert isinstance(step, Step)
    else:
        assert (step.code, step.article, step.facts["total_days"]) == ("USAGE_NOT_RECORDED", "三(四)", recorded[0])
    assert isinstance(file(**own("guizhou-2018"), recorded=Recorded()), Step), "no such rule there"


@pytest.mark.parametrize(("market", "code"), [(None, None), (1_000_000, None), (999_999, "PRICE_ABOVE_MARKET")])
def test_a_price_above_the_market_is_not_redeemed(market, code) -> None:
    """内蒙古 七(二): refused when it is filed, and at the last review when the market's price became known later."""
    filed = file(**own("neimenggu-2019"), market_price_fen=market)
    pack = rules("neimenggu-2019")
    last = review(in_review("neimenggu-2019", 1), "bureau", pack_=pack, market_price_fen=market)
    for step in (filed, last):
        assert (step.code, step.article) == (code, "七(二)") if code else isinstance(step, Step)
    assert isinstance(file(**own("shenyang-2018"), market_price_fen=1), Step), "Shenyang has no such rule"


# --- reviews --------------------------------------------------------------------------------------------------------


def in_review(code: str, passed: int, track: str | None = None, **changed):
    pack = rules(code)
    stages = pack.stages("claim", track)
    turn = {
        "stage": stages[passed].role if passed < len(stages) else None,
        "stages_passed": passed,
        "reviewers": tuple(f"{stage.role}-1" for stage in stages[:passed]),
    }
    status = "passed" if passed == len(stages) else "in_review" if passed else "collected"
    told = {"programme": code, "pack_version": pack.label, "track": track, **turn}
    return claim(status, **{**told, **changed})


@pytest.mark.parametrize(
    ("code", "track", "roles"),
    [
        ("guizhou-2018", None, ["operator", "bureau"]),
        ("neimenggu-2019", None, ["third_party", "bureau"]),
        ("shandong-2017", None, ["third_party", "bureau"]),
        ("shenyang-2018", "industrial", ["expert", "bureau"]),
        ("shenyang-2018", "city-service", ["expert", "data_bureau", "bureau"]),
        ("shanxi-2018", None, ["operator", "bureau"]),
    ],
)
def test_stages_come_in_the_packs_order(code, track, roles) -> None:
    """Each by its own role, and each by another person; the last passes it."""
    pack = rules(code)
    one = in_review(code, 0, track)
    for at, role in enumerate(roles):
        score = 80 if role == "third_party" and code == "shandong-2017" else None
        for other in {"operator", "bureau", "expert", "third_party", "data_bureau"} - {role}:
            assert review(one, other, pack_=pack).code == "STAGE_MISMATCH"
        for earlier in one.reviewers:
            assert review(one, role, pack_=pack, person=earlier, evaluated=score).code == "SAME_PERSON"
        step = review(one, role, pack_=pack, evaluated=score)
        assert isinstance(step, Step), step
        one = step.after
        last = at + 1 == len(roles)
        assert (one.status, one.stage) == (("passed", None) if last else ("in_review", roles[at + 1]))
        assert step.event == ("claim_passed" if last else "claim_reviewed")
    assert one.stages_passed == len(roles)
    assert one.reviewers == tuple(f"{role}-1" for role in roles)


def test_only_the_last_stage_waits_for_supervision() -> None:
    """The first may do its work meanwhile; nothing passes without a verdict."""
    pack = rules("shenyang-2018")
    assert isinstance(
        review(in_review("shenyang-2018", 1, "city-service"), "data_bureau", pack_=pack, verdict=None), Step
    )
    last = review(in_review("shenyang-2018", 2, "city-service"), "bureau", pack_=pack, verdict=None)
    assert last.code == "AWAITING_SUPERVISION"


def test_a_programme_without_stages_passes_what_a_node_takes() -> None:
    """No review of claims is stated; supervision's verdict is still asked for before money moves."""
    pack = replace(rules("shenyang-2018"), reviews={})
    one = claim("accepted", pack_version=pack.label, programme="shenyang-2018")
    steps = collect(claim=one, node_id="N", closes_at=NOW + timedelta(days=1), pack=pack)
    assert [(step.event, step.after.sequence) for step in steps] == [("claim_collected", 2), ("claim_passed", 3)]
    assert is_ready(steps[-1].after, pack)
    assert review(steps[-1].after, "bureau", "refuse", pack_=pack).code == "WRONG_STATE", "nobody reviews it"


def test_a_stage_of_the_own_region_is_its_offices() -> None:
    pack = rules("guizhou-2018")
    stages = tuple(replace(stage, own_region=stage.role == "operator") for stage in pack.stages("claim"))
    pack = replace(pack, reviews={**pack.reviews, "claim": stages})
    for region, ok in (("520102", True), ("520100", True), ("520000", True), ("520300", False), (None, False)):
        step = review(claim("collected"), pack_=pack, region=region)
        assert isinstance(step, Step) if ok else step.code == "REGION_MISMATCH"


@pytest.mark.parametrize(
    ("deduction", "reasons", "code"),
    [(1, ("x",), None), (399_999, ("x",), None), (0, (), None), (1, (), "REASON_MISSING")]
    + [(amount, ("x",), "DEDUCTION_TOO_LARGE") for amount in (400_000, 400_001)],
)
def test_a_quality_fault_takes_part_of_the_amount_off(deduction, reasons, code) -> None:
    """内蒙古 七(二). All of it taken off would be a payment of nothing: that is a refusal, and is called one."""
    pack = rules("neimenggu-2019")
    step = review(in_review("neimenggu-2019", 0), "third_party", pack_=pack, deduction_fen=deduction, reasons=reasons)
    if code:
        assert step.code == code
        assert step.code in ERRORS
    else:
        assert (step.after.deducted_fen, step.after.payable_fen) == (deduction, 400_000 - deduction)
        assert "七(二)" in step.decision.articles


def test_a_later_stage_may_correct_a_deduction() -> None:
    pack = rules("neimenggu-2019")
    one = in_review("neimenggu-2019", 1, deducted_fen=50_000)
    assert review(one, "bureau", pack_=pack).after.payable_fen == 350_000, "what it says nothing of stands"
    corrected = review(one, "bureau", pack_=pack, deduction_fen=20_000, reasons=("x",))
    assert corrected.after.payable_fen == 380_000
    assert corrected.decision.facts["payable_fen"] == 380_000
    assert review(one, "bureau", "refuse", pack_=pack, deduction_fen=1).code == "INVALID"
    lifted = review(one, "bureau", pack_=pack, deduction_fen=0)
    assert lifted.code == "REASON_MISSING", "money that a fault took off comes back for a reason alone"
    assert review(one, "bureau", pack_=pack, deduction_fen=0, reasons=("x",)).after.payable_fen == 400_000


def test_no_deduction_where_the_document_knows_none() -> None:
    refused = review(claim("collected"), deduction_fen=1, reasons=("x",))
    assert (refused.code, refused.field) == ("RULE_ABSENT", "deduction_fen")


@pytest.mark.parametrize(
    ("code", "score", "refused"),
    [
        ("shandong-2017", None, "SCORE_MISSING"),
        ("shandong-2017", 59, "SCORE_TOO_LOW"),
        ("shandong-2017", 60, None),
        ("neimenggu-2019", None, None),
        ("neimenggu-2019", 10, None),
    ],
)
def test_the_third_partys_score(code, score, refused) -> None:
    """山东 三(二): a condition of payment, from the pass mark that the locality set; 内蒙古 八(四): a basis, kept."""
    step = review(in_review(code, 0), "third_party", pack_=rules(code), evaluated=score)
    if refused:
        assert (step.code, step.article) == (refused, "三(二)")
    else:
        assert (step.after.score, step.decision.facts.get("score")) == (score, score)


def test_without_a_pass_mark_any_score_passes_but_none_does_not() -> None:
    """The standard is the third party's to write: its mark is not guessed."""
    pack = bare("shandong-2017")
    assert isinstance(review(in_review("shandong-2017", 0), "third_party", pack_=pack, evaluated=1), Step)
    assert review(in_review("shandong-2017", 0), "third_party", pack_=pack).code == "SCORE_MISSING"


@pytest.mark.parametrize(("code", "passed", "role"), [("guizhou-2018", 0, "operator"), ("shandong-2017", 1, "bureau")])
def test_an_evaluation_is_of_no_other_stage(code, passed, role) -> None:
    """Another stage's word would be shown as resting on the third party's score."""
    step = review(in_review(code, passed), role, pack_=rules(code), evaluated=90)
    assert (step.after.score, "score" in step.decision.facts) == (in_review(code, passed).score, False)


@pytest.mark.parametrize("decision", ["return", "refuse"])
def test_what_is_sent_back_needs_no_evaluation(decision) -> None:
    """A claim that is returned for its papers would wait for a score that nobody gives yet."""
    step = review(in_review("shandong-2017", 0), "third_party", decision, pack_=rules("shandong-2017"))
    assert isinstance(step, Step)


@pytest.mark.parametrize("code", [one for one in PROGRAMMES if one != "guizhou-2018"])
def test_questions_are_guizhous(code) -> None:
    """第二十五条 is Guizhou's: elsewhere nobody owes an answer in three working days."""
    pack = rules(code)
    asked = questions.ask(
        question_id="Q",
        claim=claim("in_review"),
        text="?",
        reviewer=Reviewer(person="b", roles=frozenset({"bureau"})),
        today=TODAY,
        due_on=TODAY,
        pack=pack,
    )
    assert asked.code == ("DELEGATED_RULE_MISSING" if code == "shandong-2017" else "RULE_ABSENT")


def test_a_question_is_of_the_office_whose_stage_it_is() -> None:
    """Another region's office would keep the claim from passing until it is answered."""
    pack = rules("guizhou-2018")
    stages = tuple(replace(stage, own_region=True) for stage in pack.stages("claim"))
    given = {"question_id": "Q", "claim": claim("in_review"), "text": "?", "today": TODAY, "due_on": TODAY}
    given["pack"] = replace(pack, reviews={**pack.reviews, "claim": stages})
    for region, code in (("520100", None), ("520300", "REGION_MISMATCH"), (None, "REGION_MISMATCH")):
        asked = questions.ask(**given, reviewer=Reviewer(person="b", roles=frozenset({"bureau"}), region=region))
        assert getattr(asked, "code", None) == code


# --- nodes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "taken", "roles", "code_"),
    [
        ("neimenggu-2019", False, {"bureau"}, None),
        ("neimenggu-2019", True, {"bureau"}, "NODE_EXISTS"),
        ("shanxi-2018", True, {"operator"}, "NODE_EXISTS"),
        ("guizhou-2018", True, {"operator"}, None),
        ("guizhou-2018", False, {"bureau"}, "FORBIDDEN"),
        ("shandong-2017", True, {"operator"}, None),
        ("shenyang-2018", True, {"bureau"}, None),
    ],
)
def test_nodes_follow_the_packs_cadence(code, taken, roles, code_) -> None:
    """Once a year is once: a second date in the year would be a second filing. Who sets them is the pack's too."""
    step = node(1, NOW + timedelta(days=1), rules(code), taken=taken, roles=frozenset(roles))
    if code_:
        assert step.code == code_
        assert step.article
    else:
        assert step.after.only_in == (2018 if code in ("neimenggu-2019", "shanxi-2018") else None)


# --- notice ---------------------------------------------------------------------------------------------------------


def published(*claims, code="neimenggu-2019", **changed):
    given = {"verdicts": {one.claim_id: "cleared" for one in claims}, "until_on": TODAY + timedelta(days=7), **changed}
    given |= {"published_by": "b", "today": TODAY, "sign": signed}
    return notices.publish(notice_id="B1", claims=claims, pack=rules(code), **given)


@pytest.mark.parametrize("code", PROGRAMMES)
def test_only_where_there_is_a_notice(code) -> None:
    pack = rules(code)
    told = published(in_review("neimenggu-2019", 2), code=code)
    assert isinstance(told, Refused) == (code != "neimenggu-2019")
    if isinstance(told, Refused):
        assert told.code == ("DELEGATED_RULE_MISSING" if code == "shandong-2017" else "RULE_ABSENT")
    assert is_ready(claim("passed"), pack) == (code != "neimenggu-2019"), "what is to be published is not paid before"
    assert is_ready(claim("noticed"), pack) == (code == "neimenggu-2019")


def test_a_notice_says_what_was_published_and_until_when() -> None:
    """内蒙古 七(一). Its hash changes with any item, amount or day, so nobody can say later it was another list."""
    one, other = (in_review("neimenggu-2019", 2, claim_id=f"C{at}", deducted_fen=at) for at in (1, 2))
    step, moved = published(one, other)
    assert step.after.items[1] == {"claim_id": "C2", "provider_id": "P1", "enterprise_id": "E1", "payable_fen": 399_998}
    assert [(one.after.status, one.after.notice_id) for one in moved] == [("on_notice", "B1")] * 2
    changed = replace(other, deducted_fen=3)
    hashes = {
        published(*claims, until_on=TODAY + timedelta(days=days))[0].after.content_hash
        for claims, days in (
            ((one, other), 7),
            ((one,), 7),
            ((one, other), 8),
            ((one, changed), 7),
        )
    }
    assert len(hashes) == 4
    unknown = published(one, until_on=Refused("CALENDAR_UNKNOWN", facts={"year": 2031}))
    assert (unknown.code, unknown.article) == ("CALENDAR_UNKNOWN", "七(一)")


def test_nothing_in_doubt_is_published() -> None:
    refused = published(in_review("neimenggu-2019", 2), verdicts={})
    assert (refused.code, refused.article, refused.facts["held"]) == ("NOTHING_TO_PUBLISH", "七(一)", 1)
    assert published().code == "NOTHING_TO_PUBLISH"


def objection(one, until_on=TODAY):
    told = {"text": ("k1", b"sealed"), "filed_by": "someone", "today": TODAY, "pack": rules("neimenggu-2019")}
    return objections.file(objection_id="O1", claim=one, until_on=until_on, **told)


@pytest.mark.parametrize("status", ["passed", "noticed", "in_disbursement", "refused"])
def test_objections_are_to_what_is_on_notice(status) -> None:
    one = in_review("neimenggu-2019", 2, notice_id="B1")
    assert objection(replace(one, status=status)).code == "WRONG_STATE"
    noticed = replace(one, status="on_notice")
    assert isinstance(objection(noticed), Step), "its last day is a day of the notice"
    assert objection(noticed, TODAY - timedelta(days=1)).code == "WRONG_STATE"


@pytest.mark.parametrize(
    ("decision", "others", "day", "status"),
    [
        ("uphold", False, 0, "refused"),
        ("uphold", True, 0, "refused"),
        ("dismiss", False, 0, None),
        ("dismiss", False, 1, "noticed"),
        ("dismiss", True, 1, None),
    ],
)
def test_a_decided_objection_lets_its_claim_go_on_or_ends_it(decision, others, day, status) -> None:
    """Dismissed before the notice is over, or with another open, the claim still waits."""
    one = replace(in_review("neimenggu-2019", 2, notice_id="B1", order_claimed=True), status="on_notice")
    given = {"until_on": TODAY, "others_open": others, "decision": decision, "reasons": ("x",)}
    given |= {"today": TODAY + timedelta(days=day), "pack": rules("neimenggu-2019")}
    held = objection(one).after
    for person in ("bureau-1", "someone"):
        same = objections.decide_on(objection=held, claim=one, decided_by=person, **given)
        assert same.code == "SAME_PERSON", "neither who passed it last, nor who objected"
    step, moved = objections.decide_on(objection=held, claim=one, decided_by="bureau-2", **given)
    assert step.after.status == {"uphold": "upheld", "dismiss": "dismissed"}[decision]
    assert (moved.after.status if moved else None) == status
    if status == "refused":
        assert (moved.after.order_claimed, moved.after.reasons) == (False, ("x",))
    again = objections.decide_on(objection=step.after, claim=one, decided_by="bureau-2", **given)
    assert again.code == "WRONG_STATE"
    moved_on = replace(one, status="returned")
    assert objections.decide_on(objection=held, claim=moved_on, decided_by="bureau-2", **given)[1] is None


# --- payment --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "provider_id", "role", "ok"),
    [
        ("guizhou-2018", "P1", "platform", True),
        ("guizhou-2018", "P1", "provider", True),
        ("guizhou-2018", "P1", "bureau", False),
        ("guizhou-2018", None, "operator", False),
        ("neimenggu-2019", None, "bureau", True),
        ("neimenggu-2019", "P1", "bureau", False),
        ("neimenggu-2019", "P1", "provider", False),
        ("shandong-2017", None, "operator", True),
        ("shenyang-2018", None, "bureau", True),
        ("shenyang-2018", None, "platform", False),
        ("shanxi-2018", None, "bureau", True),
    ],
)
def test_who_puts_claims_forward(code, provider_id, role, ok) -> None:
    """Where the money's path begins with the provider it files for itself; elsewhere an office, for all payees."""
    refused = disbursements.may_file(provider_id=provider_id, roles=frozenset({role}), pack=rules(code))
    assert (refused is None) == ok
    if refused is not None:
        assert refused.code == "NOT_THE_FILER"
        assert refused.article


def test_two_offices_of_one_person_make_no_provider() -> None:
    """Else an official would put the claims of any provider forward, in its name."""
    roles = frozenset({"bureau", "auditor"})
    refused = disbursements.may_file(provider_id="P1", roles=roles, pack=rules("guizhou-2018"))
    assert refused is not None, "for the provider it is the provider that files"
    assert refused.code == "NOT_THE_FILER"


@pytest.mark.parametrize(
    ("code", "roles", "passes_on"),
    [
        ("guizhou-2018", ["operator", "bureau"], None),
        ("neimenggu-2019", ["bureau", "finance"], None),
        ("shandong-2017", ["finance"], None),
        ("shenyang-2018", ["bureau", "finance", "government"], "district"),
        ("shanxi-2018", ["bureau", "finance"], None),
    ],
)
def test_who_approves_and_who_passes_on(code, roles, passes_on) -> None:
    """Where no stages are listed, the path's steps of approval are those."""
    pack = rules(code)
    assert [stage.role for stage in disbursements.stages_of(pack)] == roles
    unlisted = replace(pack, reviews={})
    approving = [step.role for step in pack.payment.path if step.name == "approve"]
    assert [stage.role for stage in disbursements.stages_of(unlisted)] == approving != []
    step = after_pay(pack)
    assert (step.role if step else None) == passes_on


def test_the_fund_says_whose_money_it_is() -> None:
    """One city's money that paid another's enterprises could not be told from its own."""
    pack = bare("shandong-2017")
    told = {"programme": "shandong-2017", "year": 2018}
    assert disbursements.fund_of(claim(plan_region="37", **told), pack) == "shandong-2017:2018"
    assert disbursements.fund_of(claim(plan_region="3701", **told), pack) == "shandong-2017:2018:3701"
    assert disbursements.fund_of(claim(plan_region="3702", **told), pack) == "shandong-2017:2018:3702"


def test_a_city_with_rules_of_its_own_has_its_own_fund() -> None:
    """Its overlay's region stands in the pack's place: two cities' money would carry one name."""
    for region in ("3701", "3702"):
        own = replace(rules("shandong-2017"), region=region)
        fund = disbursements.fund_of(claim(plan_region=region, programme="shandong-2017", year=2018), own)
        assert fund == f"shandong-2017:2018:{region}"


def test_a_disbursement_goes_by_the_rules_of_its_first_claim_that_may_be_paid() -> None:
    """Two cities' claims under one approval; or a claim on hold at the head that keeps another city's from payment."""
    cities = {name: replace(rules("shenyang-2018"), overlay=f"{name}@1") for name in ("held", "one", "two")}
    members = [
        claim("passed", claim_id=f"C{at}", payee_id="E1", pack_version=name)
        for at, name in enumerate(("held", "one", "two", "one"))
    ]
    verdicts = {one.claim_id: "cleared" for one in members[1:]}
    step, moved = put_forward(*members, packs=cities, verdicts=verdicts)
    assert [one.after.claim_id for one in moved] == ["C1", "C3"]
    assert step.after.pack_version == "shenyang-2018@1+one@1"
    assert (step.decision.facts["left"], step.decision.facts["held"]) == (1, 1)


def put_forward(*members, **changed):
    given = {
        "verdicts": {one.claim_id: "cleared" for one in members},
        "accounts": {one.payee_id: 1 for one in members},
        "blacklisted": frozenset(),
        "deferred": 0,
        **changed,
    }
    told = {"disbursement_id": "D1", "provider_id": None, "year": 2018, "filed_by": "b", "now": NOW}
    return disbursements.file(ready=members, pack=rules("shenyang-2018"), **told, **given)


def test_what_cannot_be_paid_is_left_out_and_counted() -> None:
    """One enterprise without an account, or on the blacklist, must not keep all others from their money."""
    names = ("FINE", "HELD", "LISTED", "NOWHERE")
    members = [claim("passed", claim_id=name, payee_id=name, payee_kind="enterprise") for name in names]
    verdicts = {name: "cleared" for name in names if name != "HELD"}
    accounts = {name: 1 for name in names if name != "NOWHERE"}
    left_out = {"verdicts": verdicts, "accounts": accounts, "blacklisted": frozenset({"LISTED"}), "deferred": 2}
    step, moved = put_forward(*members, **left_out)
    assert [one.after.claim_id for one in moved] == ["FINE"]
    facts = step.decision.facts
    counted = {name: facts[name] for name in ("held", "blacklisted", "without_account", "deferred", "left")}
    assert counted == {"held": 1, "blacklisted": 1, "without_account": 1, "deferred": 2, "left": 0}
    refused = put_forward(*members[1:], **left_out)
    assert (refused.code, refused.facts["deferred"]) == ("NOTHING_TO_DISBURSE", 2)


def test_three_people_sign_in_shenyang() -> None:
    """三(五)2: the industry commission, the finance bureau, the city government, and none of them who filed."""
    pack = rules("shenyang-2018")
    step, moved = put_forward(claim("passed", payee_id="E1", payee_kind="enterprise", deducted_fen=1))
    one, members = step.after, [each.after for each in moved]
    for at, role in enumerate(("bureau", "finance", "government")):
        given = {"members": members, "decision": "approve", "reasons": (), "accounts": {"E1": 1}, "now": NOW}
        given |= {"verdicts": {"C1": "cleared"}, "market": {}, "blacklisted": frozenset(), "pack": pack, "stage": role}

        def says(person, one=one, given=given, role=role):
            reviewer = Reviewer(person=person, roles=frozenset({role}))
            return disbursements.review(disbursement=one, reviewer=reviewer, **given)

        for person in ("b", *one.reviewers):
            assert says(person).code == "SAME_PERSON"
        done, frozen = says(f"{role}-9")
        one = done.after
        assert (one.status, len(frozen)) == (("approved", 1) if at == 2 else ("in_review", 0))
    assert (one.amount_fen, one.stage) == (399_999, None)
    (after,) = (each.after for each in frozen)
    assert (after.account_version, after.frozen_hash) == (1, disbursements.frozen_as(after))
    assert disbursements.intact(one, [after])
    assert not disbursements.intact(one, [replace(after, deducted_fen=0)])
