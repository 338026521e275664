"""Lost if these fail: a party is listed or put out unheard, or by one person; money goes to who must get none."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from contracts.rpc.supervision import CASE_GROUNDS
from infra import signing
from infra.db import create_engine
from infra.jsontext import canonical, instant_text
from infra.messages import Event
from infra.pipeline import Pipeline
from services.supervision import handlers, queries
from services.supervision.domain.merkle import proof_holds
from services.supervision.handlers import DUE
from services.supervision.handlers.cases import bring_into_effect
from services.supervision.store.tables import blacklist, cases
from tests.integration.supervision.kit import GUIZHOU, SHA, START, Kit, uid
from tests.integration.supervision.test_complaints import complaint

CASE = uid("B", 1)
HEARING, APPEAL = timedelta(days=8), timedelta(days=20)  # over the pack's 5 and 10 working days, and holidays


def body(number: int = 1, **more: Any) -> dict[str, Any]:
    case = {"case_id": uid("B", number), "kind": "blacklist", "party_kind": "provider", "party_id": uid("P", 1)}
    said = {"programme": GUIZHOU, "ground": "fraud", "reason": "虚开发票套取补贴", "interim": False, "papers": [SHA]}
    return {**case, **said, **more}


def act(kit: Kit, method: str, who: str = "a", *, role: str = "supervisor", **fields: Any) -> dict[str, Any]:
    """One command by that person: its answer."""
    own = {"organisation": fields.pop("organisation", None), "subject": f"{role}-{who}"}
    number = fields.pop("number", 1)
    return kit.batch(kit.command(method, {"case_id": uid("B", number), **fields}, role=role, **own))[0]


def code(answer: dict[str, Any]) -> Any:
    return None if answer["ok"] else answer["error"]["code"]


def speak(kit: Kit, number: int = 1, **more: Any) -> dict[str, Any]:
    return act(kit, "state_case", role="provider", organisation=uid("P", 1), number=number, **{"waives": True, **more})


def propose(kit: Kit, outcome: str = "upheld", who: str = "b", **more: Any) -> dict[str, Any]:
    return act(kit, "propose_decision", who, outcome=outcome, reason="事实清楚", **more)


def decide(kit: Kit, who: str = "c", *, agreed: bool = True, **more: Any) -> dict[str, Any]:
    return act(kit, "decide_case", who, agreed=agreed, **more)


def opened(kit: Kit, **more: Any) -> None:
    kit.market()
    assert code(act(kit, "open_case", **{**body(), **more})) is None


def upheld(kit: Kit, **more: Any) -> None:
    """Opened by a, waived, proposed by b, decided by c."""
    terms = {name: more.pop(name) for name in ("until", "effective_at") if name in more}
    opened(kit, **more)
    speak(kit)
    for answer in (propose(kit, **terms), decide(kit)):
        assert code(answer) is None, answer


def appealed(kit: Kit, **more: Any) -> None:
    upheld(kit, **more)
    answer = act(kit, "appeal_case", role="provider", organisation=uid("P", 1), text="未套取资金")
    assert code(answer) is None, answer


def standing(kit: Kit, *parties: str) -> list[tuple[bool, str | None]]:
    items = kit.ask("standing", role="service", ids=list(parties))["items"]
    assert [item["party_id"] for item in items] == list(parties)
    return [(item["blacklisted"], item["since"]) for item in items]


def status(kit: Kit) -> str:
    with kit.engine.connect() as conn:
        return str(conn.execute(sa.select(cases.c.status)).scalar_one())


def told(kit: Kit) -> list[tuple[str, str]]:
    """What others project: the event, and what the entry is then."""
    said = kit.said("party_suspended", "party_resumed", "party_blacklisted", "party_removed")
    return [(one["type"].split(".")[1], one["data"]["status"]) for one in said]


# --- a case to its decision


def test_decided_it_counts_at_once_and_names_its_law(kit: Kit) -> None:
    """Without the entry in the decision's commit money would flow between the two."""
    upheld(kit)
    [entry] = kit.said("party_blacklisted")
    assert (entry["subject"], entry["data"]["entry_id"], entry["data"]["kind"]) == (uid("P", 1), CASE, "blacklist")
    assert datetime.fromisoformat(entry["data"]["effective_at"]) == START
    assert entry["data"]["law"]["articles"] == ["五(四)", "第十二条"]
    assert standing(kit, uid("P", 1), uid("E", 1)) == [(True, instant_text(START)), (False, None)]
    texts = ("虚开发票套取补贴", "事实清楚")
    assert not any(text in canonical(one["data"]) for one in kit.said() for text in texts), "texts stay here"


def test_each_step_is_told_and_the_party_sees_neither_proposal_nor_people(kit: Kit) -> None:
    """The party would learn who decides, and what is only thought of."""
    opened(kit)
    speak(kit, text="未套取", waives=False)
    assert code(act(kit, "hold_hearing", held_on=START.date(), record_sha256=SHA)) is None
    propose(kit)
    own = kit.ask("get_case", role="provider", organisation=uid("P", 1), id=CASE)
    assert (own["status"], own["statement"], own["hearing_sha256"]) == ("heard", "未套取", SHA)
    assert not {"proposal", "opened_by", "proposed_by", "decided_by"} & own.keys()
    assert kit.ask("get_case", role="bureau", id=CASE)["proposal"]["by"] == "supervisor-b"
    assert kit.ask("get_case", role="provider", organisation=uid("P", 2), id=CASE)["code"] == "NOT_OWNER"
    assert kit.ask("get_case", id=uid("B", 9))["code"] == "NOT_FOUND"
    decide(kit)
    said = [one["type"].split(".")[1] for one in kit.said() if ".case_" in one["type"]]
    assert said == ["case_opened", "case_stated", "case_heard", "case_proposed", "case_decided"]
    [first, *_] = kit.said("case_opened")
    assert date.fromisoformat(first["data"]["hearing_until"]) > START.date()
    [item] = kit.ask("list_cases", programme=GUIZHOU, kind="blacklist", status="upheld")["items"]
    assert (item["case_id"], "reason" in item, "statement" in item) == (CASE, False, False)
    assert kit.ask("list_cases", programme=GUIZHOU, kind="forced_exit")["items"] == []


def test_dismissed_it_leaves_no_trace_on_the_list(kit: Kit) -> None:
    """An innocent party would stay cut off."""
    opened(kit, interim=True)
    assert standing(kit, uid("P", 1))[0][0] is True
    propose(kit, "dismissed")
    assert code(decide(kit)) is None
    assert (status(kit), told(kit)) == ("dismissed", [("party_suspended", "listed"), ("party_resumed", "removed")])
    assert standing(kit, uid("P", 1)) == [(False, None)]


def test_an_interim_measure_stops_at_once_is_never_public_and_becomes_the_entry(kit: Kit) -> None:
    """Money would go out while a case runs, or the public would read of one that is not decided."""
    opened(kit, interim=True)
    assert standing(kit, uid("P", 1)) == [(True, instant_text(START))]
    assert kit.ask("blacklist", role="enterprise", programme=GUIZHOU)["items"] == []
    assert [one["interim"] for one in kit.ask("blacklist", role="bureau", programme=GUIZHOU)["items"]] == [True]
    speak(kit)
    assert code(propose(kit, effective_at=START + timedelta(days=3))) == "FACT_INVALID", "what stopped would go on"
    propose(kit)
    decide(kit)
    assert told(kit) == [("party_suspended", "listed"), ("party_blacklisted", "listed")]
    assert [one["data"]["interim"] for one in kit.said("party_suspended", "party_blacklisted")] == [True, False]
    assert len(kit.ask("blacklist", role="enterprise", programme=GUIZHOU)["items"]) == 1


def test_listed_for_later_it_counts_from_its_moment(kit: Kit) -> None:
    """An entry would bite before its day, or lie dead after it."""
    later = START + timedelta(days=3)
    upheld(kit, effective_at=later)
    assert standing(kit, uid("P", 1)) == [(False, instant_text(later))]
    kit.clock.advance(timedelta(days=3) - timedelta(seconds=1))
    assert kit.pipeline.run_due()["bring_into_effect"] == 0
    kit.clock.advance(timedelta(seconds=1))
    assert kit.pipeline.run_due()["bring_into_effect"] == 1
    assert standing(kit, uid("P", 1)) == [(True, instant_text(later))]


def test_entries_take_effect_before_any_other_due_work() -> None:
    """A backlog of claims to screen would keep a listed party in good standing."""
    assert DUE[0] is bring_into_effect


def test_an_entry_whose_term_is_over_is_removed_by_itself(kit: Kit) -> None:
    """A party would be punished beyond its term; also when its removal or appeal was pending."""
    upheld(kit, until=START.date() + timedelta(days=2))
    kit.clock.advance(timedelta(days=2))
    assert kit.pipeline.run_due()["end_terms"] == 0, "the last day is part of the term"
    kit.clock.advance(timedelta(days=1))
    assert kit.pipeline.run_due()["end_terms"] == 1
    assert (status(kit), told(kit)[-1]) == ("removed", ("party_removed", "removed"))
    assert standing(kit, uid("P", 1)) == [(False, None)]
    assert kit.pipeline.run_due()["end_terms"] == 0


def test_a_last_day_that_passed_while_the_proposal_waited_is_refused(kit: Kit) -> None:
    """An entry would be decided that never binds anybody."""
    opened(kit)
    speak(kit)
    assert code(propose(kit, until=START.date())) is None
    kit.clock.advance(timedelta(days=1))
    error = decide(kit)["error"]
    assert (error["code"], error["field"], status(kit)) == ("FACT_INVALID", "until", "noticed")


def test_a_proposal_ends_when_the_party_speaks(kit: Kit) -> None:
    """It would be decided by what was proposed before the party was heard."""
    opened(kit)
    speak(kit)
    assert code(propose(kit)) is None
    assert code(speak(kit)) is None
    assert code(decide(kit)) == "WRONG_STATE"


# --- hearing, and two people


def test_nothing_is_upheld_before_the_party_spoke_waived_or_let_the_term_pass(kit: Kit) -> None:
    """A party would be listed unheard."""
    opened(kit)
    error = propose(kit)["error"]
    assert (error["code"], set(error["facts"])) == ("HEARING_OPEN", {"until"})
    assert code(speak(kit, waives=False)) == "FACT_MISSING", "silence is no word"
    assert code(propose(kit)) == "HEARING_OPEN"
    kit.clock.advance(HEARING)
    assert code(propose(kit)) is None


PEOPLE = [("who filed proposes", "a", "c"), ("who proposed decides", "b", "b"), ("who filed decides", "b", "a")]


@pytest.mark.parametrize(("_", "proposer", "decider"), PEOPLE)
def test_a_decision_needs_two_who_did_not_file(light: Kit, _: str, proposer: str, decider: str) -> None:
    """One person alone would put a party on the list."""
    opened(light)
    speak(light)
    assert "SAME_PERSON" in (code(propose(light, who=proposer)), code(decide(light, decider)))
    assert told(light) == []


def test_nobody_of_the_party_decides_on_it(light: Kit) -> None:
    """A supervisor's token of the party's own organisation would clear it."""
    opened(light)
    assert code(propose(light, "dismissed", organisation=uid("P", 1))) == "SAME_PERSON"
    propose(light, "dismissed")
    assert code(decide(light, organisation=uid("P", 1))) == "SAME_PERSON"


def test_what_is_not_agreed_is_proposed_anew(kit: Kit) -> None:
    """A refused proposal could still be decided later."""
    opened(kit)
    speak(kit)
    propose(kit)
    assert code(decide(kit, agreed=False)) is None
    assert (code(decide(kit, "d")), status(kit), told(kit)) == ("WRONG_STATE", "noticed", [])


# --- appeal and removal


def test_an_appeal_is_decided_by_two_others_and_revoking_removes_the_entry(kit: Kit) -> None:
    """Who decided first would confirm themselves."""
    appealed(kit)
    assert standing(kit, uid("P", 1))[0][0] is True, "it stands until the appeal is decided"
    for who in "abc":
        assert code(propose(kit, "revoked", who)) == "SAME_PERSON"
    assert code(propose(kit, "revoked", "d")) is None
    for who in "abcd":
        assert code(decide(kit, who)) == "SAME_PERSON"
    assert code(decide(kit, "e")) is None
    assert (status(kit), standing(kit, uid("P", 1))) == ("revoked", [(False, None)])


def test_a_kept_entry_stands_and_is_removed_by_two(kit: Kit) -> None:
    """One person could take a party off the list; and a second entry must not look older than the first's end."""
    appealed(kit)
    propose(kit, "kept", "d")
    decide(kit, "e")
    assert standing(kit, uid("P", 1))[0][0] is True
    assert code(act(kit, "appeal_case", role="provider", organisation=uid("P", 1), text="再诉")) == "WRONG_STATE"
    assert code(propose(kit, "removed", "f")) is None
    assert code(decide(kit, "f")) == "SAME_PERSON"
    assert code(decide(kit, "g")) is None
    assert (status(kit), standing(kit, uid("P", 1))) == ("removed", [(False, None)])
    act(kit, "open_case", **body(2))
    speak(kit, 2)
    propose(kit, number=2)
    assert code(decide(kit, number=2)) is None
    said = kit.said("party_blacklisted", "party_removed")
    assert [(one["data"]["status"], one["sequence"]) for one in said] == [
        ("listed", 1),
        ("removed", 2),
        ("listed", 3),
    ]


def test_an_appeal_after_its_last_day_is_refused(kit: Kit) -> None:
    """A decision would never be final."""
    upheld(kit)
    kit.clock.advance(APPEAL)
    answer = act(kit, "appeal_case", role="provider", organisation=uid("P", 1), text="迟到")
    assert (code(answer), "until" in answer["error"]["facts"]) == ("WRONG_STATE", True)


# --- opening


OPENING = [
    ({"party_id": uid("P", 99)}, "NOT_YET_KNOWN", "party_id"),
    ({"party_kind": "enterprise"}, "NOT_FOUND", "party_id"),
    ({"programme": "nowhere-1999"}, "PROGRAMME_UNKNOWN", "programme"),
    ({"kind": "dishonesty_list"}, "RULE_ABSENT", "kind"),
    ({"kind": "forced_exit", "ground": "crime"}, "FACT_INVALID", "ground"),
    ({"papers": []}, "FACT_MISSING", "papers"),
    ({"alert_ids": [uid("A", 9)]}, "NOT_YET_KNOWN", "alert_ids"),
    ({"complaint_ids": [uid("D", 1)]}, "NOT_FOUND", "complaint_ids"),
    ({"assessment_ids": [uid("B", 9)]}, "NOT_YET_KNOWN", "assessment_ids"),
    ({"receivable_ids": [uid("W", 9)]}, "NOT_YET_KNOWN", "receivable_ids"),
    (
        {"kind": "forced_exit", "ground": "insolvency", "party_kind": "enterprise", "party_id": uid("E", 1)},
        "INVALID",
        "party_kind",
    ),
]


@pytest.mark.parametrize(("change", "expected", "field"), OPENING, ids=[f"{c}-{f}" for _, c, f in OPENING])
def test_what_makes_no_case_is_refused(light: Kit, change: dict[str, Any], expected: str, field: str) -> None:
    """A case on nothing, or on a rule that the programme has not, would run against a party."""
    light.market(enterprises=3)
    light.hear(light.provider(2))
    light.ok("file_complaint", role="enterprise", **complaint(1, provider_id=uid("P", 2)))
    error = act(light, "open_case", **body(**change))["error"]
    assert (error["code"], error["field"]) == (expected, field)
    assert light.said("case_opened", "party_suspended") == []


def test_evidence_is_that_of_the_party(kit: Kit) -> None:
    """A case would rest on another's complaint."""
    kit.market()
    kit.ok("file_complaint", role="enterprise", **complaint(1))
    assert code(act(kit, "open_case", **body(complaint_ids=[uid("D", 1)], papers=[]))) is None
    assert kit.said("case_opened")[0]["data"]["evidence"]["complaints"] == [uid("D", 1)]


def test_the_same_case_again_is_the_same_and_another_under_its_id_is_refused(kit: Kit) -> None:
    """A retry would tell the party twice, or change what it is accused of."""
    kit.market()
    assert [code(act(kit, "open_case", **body())) for _ in range(2)] == [None, None]
    assert code(act(kit, "open_case", **body(ground="crime"))) == "ALREADY_EXISTS"
    assert code(act(kit, "open_case", **body(interim=True))) == "ALREADY_EXISTS"
    assert code(act(kit, "open_case", **body(2))) == "CASE_OPEN"
    assert len(kit.said("case_opened")) == 1


def test_a_listed_party_is_not_listed_again(kit: Kit) -> None:
    """Two entries would stand, and removing one would free nobody, or everybody."""
    upheld(kit)
    assert code(act(kit, "open_case", **body(2))) == "ALREADY_LISTED"


@pytest.mark.parametrize("ground", CASE_GROUNDS)
def test_every_ground_of_the_contract_has_its_article_in_guizhou(light: Kit, ground: str) -> None:
    """A party would be listed by a ground without a law."""
    light.market()
    articles = act(light, "open_case", **body(ground=ground))["decision"]["articles"]
    assert articles[-1] == "第十二条"
    assert articles[0] in ("五(四)", "第十二条", *(f"第十二条(二){n}" for n in range(1, 6)))


STATES = [
    ("hold_hearing", {"held_on": START.date() + timedelta(days=1), "record_sha256": SHA}, "FACT_INVALID"),
    ("hold_hearing", {"held_on": START.date() - timedelta(days=1), "record_sha256": SHA}, "FACT_INVALID"),
    ("propose_decision", {"outcome": "kept", "reason": "x"}, "WRONG_STATE"),
    ("propose_decision", {"outcome": "removed", "reason": "x"}, "WRONG_STATE"),
    ("propose_decision", {"outcome": "dismissed", "reason": "x", "until": START.date()}, "FACT_INVALID"),
    ("propose_decision", {"outcome": "upheld", "reason": "x", "until": date(2018, 1, 1)}, "FACT_INVALID"),
    (
        "propose_decision",
        {"outcome": "upheld", "reason": "x", "effective_at": START - timedelta(days=1)},
        "EFFECT_IN_PAST",
    ),
    ("decide_case", {"agreed": True}, "WRONG_STATE"),
    ("refer_case", {"authority": "公安", "referred_on": START.date(), "letter_sha256": SHA}, "WRONG_STATE"),
    ("close_case", {"cooperation": "given", "note": "x"}, "WRONG_STATE"),
]


@pytest.mark.parametrize(("method", "fields", "expected"), STATES)
def test_steps_out_of_turn_are_refused_and_change_nothing(
    light: Kit, method: str, fields: dict[str, Any], expected: str
) -> None:
    """A case would be decided out of its order."""
    opened(light)
    speak(light)
    before = light.said()
    assert code(act(light, method, "b", **fields)) == expected
    assert light.said("case_decided", "case_closed") == []
    assert len([one for one in light.said() if ".case_" in one["type"]]) == len(
        [one for one in before if ".case_" in one["type"]]
    )


def test_another_programme_or_party_has_no_say(light: Kit) -> None:
    """A foreign token would move a case."""
    opened(light)
    foreign = light.command("decide_case", {"case_id": CASE, "agreed": True}, programme="shenyang-2018")
    assert light.batch(foreign)[0]["error"]["code"] == "PROGRAMME_MISMATCH"
    other = act(light, "state_case", role="provider", organisation=uid("P", 2), waives=True)
    assert code(other) == "NOT_OWNER"
    assert code(act(light, "decide_case", number=9, agreed=True)) == "NOT_FOUND"


# --- forced exit


def exit_case(kit: Kit, **more: Any) -> None:
    upheld(kit, kind="forced_exit", ground="refusal_or_fraud", **more)


def left(kit: Kit) -> None:
    """registry carried it out."""
    provider = kit.provider(1, status="exited")
    kit.hear(kit.event("registry.provider_exited.v1", provider.subject, json.loads(canonical(provider.data))))


def wound(kit: Kit, source: str, state: str) -> None:
    counts = {"open": int(state == "open"), "settled": 0, "voided": 1}
    counts |= {"handed_over": 1} if source == "voucher" else {}
    data = {"provider_id": uid("P", 1), "programme": GUIZHOU, **counts, "status": state}
    name = "opened" if state == "open" else "closed"
    kit.hear(kit.event(f"{source}.wind_down_{name}.v1", uid("P", 1), data, sequence=1 + (state == "closed")))


def still(kit: Kit) -> list[str]:
    who = kit.command("get_case", {"id": CASE}, role="auditor")
    answer = kit.pipeline.run_query("get_case", replace(who, key=None, at=kit.clock.now()))
    return list(answer["result"]["open"])


def test_a_forced_exit_is_told_to_registry_and_closed_when_nothing_is_open(kit: Kit) -> None:
    """A provider would stay on the shelf, or its case be closed over unserved orders and what it owes."""
    exit_case(kit, interim=True)
    [exit_] = kit.said("exit_decided")
    assert (exit_["data"]["provider_id"], exit_["data"]["ground"]) == (uid("P", 1), "refusal_or_fraud")
    assert exit_["data"]["law"]["articles"] == ["第十二条(二)3", "第十二条"]
    assert told(kit) == [("party_suspended", "listed")], "what was stopped stays so until registry has put it out"
    assert still(kit) == ["exit", "appeal", "orders", "claims"]
    left(kit)
    assert told(kit)[-1] == ("party_resumed", "removed")
    for source in ("voucher", "settlement"):
        wound(kit, source, "open")
    closing = {"cooperation": "given", "note": "已协查"}
    refused = act(kit, "close_case", "b", **closing)["error"]
    assert (refused["code"], refused["facts"]["open"]) == ("WRONG_STATE", ["appeal", "orders", "claims"])
    for source in ("voucher", "settlement"):
        wound(kit, source, "closed")
    kit.clock.advance(APPEAL)
    assert still(kit) == []
    refer = {"authority": "公安机关", "referred_on": START.date(), "letter_sha256": SHA}
    for day in (START.date() - timedelta(days=1), kit.clock.now().date() + timedelta(days=1)):
        assert code(act(kit, "refer_case", "b", **{**refer, "referred_on": day})) == "FACT_INVALID"
    assert code(act(kit, "refer_case", "b", **refer)) is None
    assert code(act(kit, "close_case", "b", **closing)) is None
    assert (status(kit), "公安机关" in str(kit.said("case_closed"))) == ("closed", False)


def test_a_provider_that_left_meanwhile_is_decided_on_all_the_same(kit: Kit) -> None:
    """Its voluntary exit would end the case, and an interim measure would stay for ever."""
    opened(kit, kind="forced_exit", ground="refusal_or_fraud", interim=True)
    left(kit)
    speak(kit)
    propose(kit)
    assert code(decide(kit)) is None
    assert told(kit)[-1] == ("party_resumed", "removed")
    assert "exit" not in still(kit)
    assert len(kit.said("exit_decided")) == 1


def test_a_revoked_exit_is_told_to_registry(kit: Kit) -> None:
    """A provider that was right would stay out."""
    appealed(kit, kind="forced_exit", ground="refusal_or_fraud")
    propose(kit, "revoked", "d")
    decide(kit, "e")
    assert [one["data"]["case_id"] for one in kit.said("exit_revoked")] == [CASE]
    assert code(propose(kit, "removed", "f")) == "WRONG_STATE", "an exit is on no list"


# --- what others rely on


def test_the_public_sees_who_stands_on_it_and_not_the_papers(kit: Kit) -> None:
    """Reasons and people would be published, or names of those who were removed."""
    upheld(kit)
    public = kit.ask("blacklist", role="enterprise", programme=GUIZHOU)["items"]
    assert [(item["party_name"], item["articles"]) for item in public] == [("云服务商1", ["五(四)", "第十二条"])]
    assert not {"reason", "listed_by", "removal_reason"} & public[0].keys()
    assert kit.ask("totals", programme=GUIZHOU, year=2018)["figures"]["blacklisted"] == 1
    propose(kit, "removed", "f")
    decide(kit, "g")
    assert kit.ask("blacklist", role="enterprise", programme=GUIZHOU)["items"] == []
    assert kit.ask("blacklist", role="bureau", programme=GUIZHOU)["items"][0]["status"] == "removed"


def test_the_moment_of_effect_is_provable(kit: Kit) -> None:
    """A party could dispute since when it was listed, and nobody could show it."""
    upheld(kit)
    [entry] = kit.said("party_blacklisted")
    kit.hear(_as_heard(entry))
    proof = kit.ask("evidence_proof", event_ids=[entry["id"]])
    [record] = proof["records"]
    kept = json.loads(record["record"]["body"])
    assert (kept["data"]["effective_at"], kept["data"]["entry_id"]) == (instant_text(START), CASE)
    keys = signing.known_keys()
    assert proof_holds(proof, keys) is None
    forged = json.loads(canonical(proof))
    forged["records"][0]["record"]["body"] = record["record"]["body"].replace("2018-09-03", "2018-09-02")
    assert proof_holds(forged, keys) is not None


def _as_heard(envelope: dict[str, Any]) -> Event:
    names = ("id", "source", "type", "subject", "sequence", "data")
    moment = datetime.fromisoformat(envelope["time"])
    return Event(
        **{name: envelope[name] for name in names},
        time=moment,
        correlation_id=envelope["correlationid"],
        stream_seq=1,
        raw=canonical(envelope),
    )


# --- side by side


@pytest.fixture
def replicas(postgres_url: str) -> Iterator[list[Kit]]:
    """Two services on one PostgreSQL."""
    first, second = Kit(postgres_url), Kit.__new__(Kit)
    second.__dict__.update(first.__dict__)
    second.engine = create_engine(postgres_url, service="supervision")
    routes = (handlers.COMMANDS, queries.QUERIES, handlers.EVENTS, handlers.DUE)
    second.pipeline = Pipeline("supervision", second.engine, first.clock, *routes)
    yield [first, second]
    for one in (first, second):
        one.close()


def test_two_deciders_at_once_make_one_decision(replicas: list[Kit]) -> None:
    """A party would be listed twice, or dismissed and listed in one breath."""
    first, second = replicas
    first.market()
    for number in range(1, 9):
        party = {"party_kind": "enterprise", "party_id": uid("E", number)}
        first.hear(first.enterprise(number))
        assert code(act(first, "open_case", **body(number, **party))) is None
        act(first, "state_case", role="platform", number=number, waives=True)
        assert code(propose(first, number=number)) is None
    start, answers = threading.Barrier(2), {"c": [], "d": []}

    def run(kit: Kit, who: str) -> None:
        start.wait(timeout=20)
        answers[who] = [code(decide(kit, who, number=number)) for number in range(1, 9)]

    threads = [threading.Thread(target=run, args=one) for one in ((first, "c"), (second, "d"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads)
    for pair in zip(answers["c"], answers["d"], strict=True):
        assert sorted(pair, key=str) == [None, "WRONG_STATE"], answers
    assert len(first.said("party_blacklisted")) == 8
    with first.engine.connect() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(blacklist)).scalar_one() == 8
