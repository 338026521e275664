"""Lost if these fail: an enterprise complains and nobody hears of it, or the whole province reads what it wrote."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from contracts import catalogue
from infra import tables as common
from infra.auth import may_act
from infra.jsontext import instant_text
from infra.messages import Actor, Command
from tests.integration.supervision.kit import GUIZHOU, START, Kit, uid
from tests.integration.supervision.test_cost import counted

TEXT, ANSWER = "王某态度恶劣，服务中断三天", "已责成整改，王某已道歉"


def complaint(number: int = 1, **more: Any) -> dict[str, Any]:
    parties = {"enterprise_id": uid("E", 1), "provider_id": uid("P", 1)}
    return {"complaint_id": uid("D", number), "programme": GUIZHOU, **parties, "text": TEXT, **more}


def answer(number: int = 1, **more: Any) -> dict[str, Any]:
    return {"complaint_id": uid("D", number), "text": ANSWER, "outcome": "resolved", **more}


def file(kit: Kit, number: int = 1, **more: Any) -> dict[str, Any]:
    return kit.ok("file_complaint", role="enterprise", **complaint(number, **more))


def read(kit: Kit, actor: Actor) -> dict[str, Any]:
    return kit.pipeline.run_query("get_complaint", Command("get_complaint", None, {"id": uid("D", 1)}, actor, "corr"))


def test_filed_and_answered_with_its_law(kit: Kit) -> None:
    kit.market()
    kit.hear(kit.order(1))
    filed = kit.do("file_complaint", role="enterprise", **complaint(order_id=uid("R", 1)))
    assert filed["result"] == {"id": uid("D", 1), "status": "open", "sequence": 1}
    assert filed["decision"]["articles"] == ["第九条"]
    kit.clock.advance(timedelta(days=1))
    done = kit.do("answer_complaint", role="operator", **answer())
    assert done["result"] == {"id": uid("D", 1), "status": "answered", "sequence": 2}
    assert done["decision"]["articles"] == ["第九条"]
    told = kit.said("complaint_filed", "complaint_answered")
    assert [(one["subject"], one["sequence"]) for one in told] == [(uid("D", 1), 1), (uid("D", 1), 2)]
    first, last = (one["data"] for one in told)
    assert (first["status"], first["outcome"], first["answered_at"]) == ("open", None, None)
    assert (first["order_id"], first["law"]["articles"]) == (uid("R", 1), ["第九条"])
    assert (last["status"], last["outcome"]) == ("answered", "resolved")
    assert instant_text(START + timedelta(days=1)) == last["answered_at"]
    for one in told:
        assert catalogue.EVENTS[one["type"]].schema().validate(one["data"]) == {}


def test_what_was_written_stays_in_its_table(kit: Kit) -> None:
    """Events go into a log that is never changed, decisions are kept for ever: neither may name a person."""
    kit.market()
    file(kit)
    kit.ok("answer_complaint", role="operator", **answer())
    kit.refused("answer_complaint", role="operator", **answer())
    with kit.engine.connect() as conn:
        kept = [row for table in (common.outbox, common.decisions) for row in conn.execute(sa.select(table)).all()]
    assert len(kept) >= 4
    assert "王某" not in json.dumps([str(row) for row in kept], ensure_ascii=False)
    listed = kit.ask("list_complaints", role="operator", programme=GUIZHOU)["items"]
    assert [item["outcome"] for item in listed] == ["resolved"]
    assert not {"text", "answer"} & listed[0].keys()
    for name in ("file_complaint", "answer_complaint", "get_complaint"):
        assert catalogue.METHODS[f"supervision.{name}"].private


READERS = [
    ("its enterprise", {"organisation": uid("E", 1), "roles": frozenset({"enterprise"})}, None),
    ("its provider", {"organisation": uid("P", 1), "roles": frozenset({"provider"})}, None),
    ("another enterprise", {"organisation": uid("E", 2), "roles": frozenset({"enterprise"})}, "NOT_OWNER"),
    ("a party of nowhere", {"roles": frozenset({"enterprise"})}, "NOT_OWNER"),
    ("the operator", {"roles": frozenset({"operator"})}, None),
    ("another province", {"roles": frozenset({"operator"}), "programme": "shandong-2017"}, "PROGRAMME_MISMATCH"),
]


@pytest.mark.parametrize(("actor", "code"), [row[1:] for row in READERS], ids=[row[0] for row in READERS])
def test_a_party_sees_only_its_own(kit: Kit, actor: dict[str, Any], code: str | None) -> None:
    kit.market()
    file(kit)
    kit.ok("answer_complaint", role="operator", **answer())
    seen = read(kit, Actor(subject="someone", **actor))
    if code is not None:
        assert seen["error"]["code"] == code
        return
    assert (seen["result"]["text"], seen["result"]["answer"]) == (TEXT, ANSWER)
    assert ("answered_by" in seen["result"]) is ("operator" in actor["roles"])


def test_an_enterprise_complains_in_its_own_name() -> None:
    actor = Actor(subject="x", roles=frozenset({"enterprise"}), organisation=uid("E", 2))
    refused = may_act(catalogue.METHODS["supervision.file_complaint"], actor, complaint())
    assert refused is not None
    assert refused.code == "NOT_OWNER"


def test_it_is_answered_once(kit: Kit) -> None:
    kit.market()
    file(kit)
    commands = [
        kit.command("answer_complaint", answer(outcome=one), role="operator") for one in ("rejected", "resolved")
    ]
    first, second = kit.batch(*commands)
    assert first["ok"]
    assert (second["error"]["code"], second["error"]["article"]) == ("WRONG_STATE", "第九条")
    assert kit.refused("answer_complaint", role="operator", **answer())["facts"] == {"status": "answered"}
    assert read(kit, Actor(subject="o", roles=frozenset({"operator"})))["result"]["outcome"] == "rejected"
    assert len(kit.said("complaint_answered")) == 1


REFUSALS = [
    ({"provider_id": uid("P", 9)}, "NOT_YET_KNOWN", "provider_id"),
    ({"provider_id": uid("E", 2)}, "NOT_FOUND", "provider_id"),
    ({"order_id": uid("R", 9)}, "NOT_YET_KNOWN", "order_id"),
    ({"order_id": uid("R", 2)}, "NOT_FOUND", "order_id"),
    ({"programme": "nowhere-1999"}, "PROGRAMME_UNKNOWN", "programme"),
]


@pytest.mark.parametrize(("change", "code", "field"), REFUSALS, ids=[f"{one[1]}-{one[2]}" for one in REFUSALS])
def test_refusals(light: Kit, change: dict[str, Any], code: str, field: str) -> None:
    light.market()
    light.hear(light.order(2, enterprise=2))
    error = light.refused("file_complaint", role="enterprise", **complaint(**change))
    assert (error["code"], error["field"]) == (code, field)
    assert light.said("complaint_filed") == []


def test_answers_to_what_is_not_there_or_not_ones_own(kit: Kit) -> None:
    kit.market()
    assert kit.refused("answer_complaint", role="operator", **answer())["code"] == "NOT_FOUND"
    file(kit)
    foreign = kit.command("answer_complaint", answer(), role="operator", programme="shandong-2017")
    assert kit.batch(foreign)[0]["error"]["code"] == "PROGRAMME_MISMATCH"


def test_the_same_again_is_one_complaint_and_another_under_its_id_is_refused(kit: Kit) -> None:
    kit.market()
    commands = [kit.command("file_complaint", complaint(), role="enterprise") for _ in range(2)]
    assert [one["result"]["sequence"] for one in kit.batch(*commands)] == [1, 1]
    assert file(kit)["sequence"] == 1
    other = complaint(text="另一件事")
    assert kit.refused("file_complaint", role="enterprise", **other)["code"] == "ALREADY_EXISTS"
    assert len(kit.said("complaint_filed")) == 1


def test_the_operator_finds_what_waits_and_the_figures_say_so(kit: Kit) -> None:
    kit.market()
    kit.hear(kit.provider(2))
    for number, provider in ((1, 1), (2, 2), (3, 1)):
        file(kit, number, provider_id=uid("P", provider))
    kit.ok("answer_complaint", role="operator", **answer(1, outcome="forwarded"))

    def found(**narrow: Any) -> list[str]:
        items = kit.ask("list_complaints", role="operator", programme=GUIZHOU, **narrow)["items"]
        return [item["complaint_id"] for item in items]

    assert found() == [uid("D", 1), uid("D", 2), uid("D", 3)]
    assert found(status="open") == [uid("D", 2), uid("D", 3)]
    assert found(provider_id=uid("P", 1), status="open") == [uid("D", 3)]
    assert found(limit=1, after=uid("D", 1)) == [uid("D", 2)]
    rows = kit.ask("totals", programme=GUIZHOU, year=2018)["rows"]
    assert rows["complaints"] == {"open": 2, "answered": 1}


def test_many_take_as_many_statements_as_one(kit: Kit) -> None:
    kit.market()
    kit.hear(kit.order(1))
    counts: dict[str, list[int]] = {"file_complaint": [], "answer_complaint": []}
    for numbers in ([1], range(2, 52)):
        for method, role, body in (
            ("file_complaint", "enterprise", lambda n: complaint(n, order_id=uid("R", 1))),
            ("answer_complaint", "operator", answer),
        ):
            commands = [kit.command(method, body(number), role=role) for number in numbers]
            with counted(kit) as seen:
                answers = kit.batch(*commands)
            assert all(one["ok"] for one in answers)
            counts[method].append(len([s for s in seen if "INSERT" not in s.upper() or "RETURNING" not in s.upper()]))
    assert all(one == many for one, many in counts.values()), counts


def test_a_late_complaint_is_told_once_and_is_an_alert(kit: Kit) -> None:
    """Ten working days from Monday, 3 September 2018: the last is Monday, the 17th."""
    kit.market()
    file(kit, 1)
    file(kit, 2)
    kit.ok("answer_complaint", role="operator", **answer(2))
    kit.clock.advance(timedelta(days=14))
    kit.pipeline.run_due()
    assert kit.said("complaint_overdue") == []
    kit.clock.advance(timedelta(days=1))
    kit.pipeline.run_due()
    kit.pipeline.run_due()
    [late] = kit.said("complaint_overdue")
    assert (late["subject"], late["data"]["due_on"]) == (uid("D", 1), "2018-09-17")
    assert late["data"]["escalated_to"] == "bureau"
    [alert] = kit.ask("list_alerts", programme=GUIZHOU, alert="TERM_MISSED")["items"]
    assert (alert["subject"], alert["provider_id"], alert["claims"]) == (uid("D", 1), uid("P", 1), 0)
    kit.ok("answer_complaint", role="operator", **answer(1))


def test_reopened_once_by_its_filer_and_answered_again(kit: Kit) -> None:
    kit.market()
    kit.hear(kit.order(1))
    file(kit, 1, order_id=uid("R", 1))
    again = {"complaint_id": uid("D", 1), "text": "仍未解决"}
    own = {"role": "enterprise", "organisation": uid("E", 1)}
    assert refusal(kit, again, **own) == "WRONG_STATE", "before there is an answer"
    kit.ok("answer_complaint", role="operator", **answer(1, outcome="rejected"))
    assert refusal(kit, again, role="enterprise", organisation=uid("E", 2)) == "NOT_OWNER"
    kit.clock.advance(timedelta(days=7))
    [reopened] = kit.batch(kit.command("reopen_complaint", again, **own))
    assert reopened["result"]["status"] == "reopened"
    kit.ok("answer_complaint", role="operator", **answer(1))
    assert refusal(kit, again, **own) == "WRONG_STATE", "once is enough"
    kept = kit.ask("get_complaint", id=uid("D", 1))
    assert (kept["first_outcome"], kept["outcome"], kept["product_id"]) == ("rejected", "resolved", uid("K", 1))
    assert (kept["reopen_text"], kept["first_answer"], kept["answer"]) == ("仍未解决", ANSWER, ANSWER)
    texts = [one["data"] for one in kit.said("complaint_reopened", "complaint_answered")]
    assert "仍未解决" not in json.dumps(texts, ensure_ascii=False)
    [figures] = kit.ask("complaint_figures", programme=GUIZHOU, from_on="2018-09-03", until_on="2018-09-03")["items"]
    assert (figures["product_id"], figures["filed"], figures["reopened"], figures["resolved"]) == (uid("K", 1), 1, 1, 1)
    none = kit.ask("complaint_figures", programme=GUIZHOU, from_on="2018-09-04", until_on="2018-09-30")["items"]
    assert none == [], "of the days asked for alone"


def test_reopening_too_late_is_refused_with_the_day(kit: Kit) -> None:
    """Five working days after the answer of 3 September 2018 end on the 10th."""
    kit.market()
    file(kit, 1)
    kit.ok("answer_complaint", role="operator", **answer(1))
    kit.clock.advance(timedelta(days=8))
    command = kit.command("reopen_complaint", {"complaint_id": uid("D", 1), "text": "不满意"}, role="platform")
    [answered] = kit.batch(command)
    error = answered["error"]
    assert (error["code"], error["article"], error["facts"]["until"]) == ("WRONG_STATE", "第九条", "2018-09-10")


def refusal(kit: Kit, body: dict[str, Any], **who: Any) -> str:
    [answered] = kit.batch(kit.command("reopen_complaint", body, **who))
    return str(answered["error"]["code"])
