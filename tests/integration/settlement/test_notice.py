"""Public notice and objections, on both databases (内蒙古 七(一)): nothing is paid that nobody could object to."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from contracts import catalogue
from infra import crypto
from infra.db import create_engine
from infra.jsontext import canonical
from infra.signature_cli import signature
from services.settlement import tables, waiting_store
from services.settlement.domain import notices as notice_rules
from services.settlement.domain.disbursements import by_provider
from tests.integration.settlement.test_store import _insert_per_row, costs, counted
from tests.integration.settlement.world import GUIZHOU, VOUCHER, World

FRIDAY = datetime(2019, 9, 27, 4, tzinfo=UTC)  # before National Day; 29 September and 12 October are worked
OBJECTION = "该企业由张某实际控制，电话一三八"  # a generated name: what it says must be told to nobody by itself


@pytest.fixture
def inner(world: World) -> World:
    """Inner Mongolia, on the Friday before the holiday week of 2019."""
    world.at(FRIDAY)
    world.runs("neimenggu-2019", "neimenggu-2019@1", "150100", 2019)
    return world


def publish(world: World, **more: Any) -> dict[str, Any]:
    return world.ok("publish_notice", notice_id=world.new("B"), programme=world.programme, **more)


def status(world: World, claim_id: str) -> str:
    return world.claim(claim_id)["status"]


def until(world: World, day: str) -> None:
    world.due(datetime.fromisoformat(f"{day}T00:00:00+08:00") - world.clock.now())


def objected(world: World, claim_id: str, **more: Any) -> str:
    return world.ok("file_objection", objection_id=world.new("X"), claim_id=claim_id, text=OBJECTION, **more)["id"]


def decide(world: World, objection_id: str, decision: str, person: str = "bureau-2") -> dict[str, Any]:
    return world.do("decide_objection", objection_id=objection_id, decision=decision, reasons=["已核实"], person=person)


def test_five_working_days_over_the_holiday_week(inner: World) -> None:
    """Published on the 27th: the worked Sunday counts, the seven days of the holiday do not; the fifth is the 10th."""
    claims, _provider = inner.passed(claims=2)
    done = publish(inner)
    assert (done["claims"], done["left"], done["until_on"]) == (2, 0, "2019-10-10")
    notice = inner.ask("get_notice", id=done["id"])
    assert (notice["from_on"], notice["until_on"], notice["working_days"]) == ("2019-09-27", "2019-10-10", 5)
    assert [item["claim_id"] for item in notice["items"]] == sorted(claims)
    assert notice["content_hash"] == done["content_hash"]
    assert "published_by" not in notice
    until(inner, "2019-10-10")
    assert {status(inner, one) for one in claims} == {"on_notice"}, "the last day is a day of the notice"
    assert inner.refused("file_disbursement", **inner.putting())["code"] == "NOTHING_TO_DISBURSE"
    until(inner, "2019-10-11")
    assert {status(inner, one) for one in claims} == {"noticed"}
    assert inner.ask("list_notices", programme=inner.programme)["items"][0]["status"] == "closed"
    assert inner.told(done["id"]) == ["notice_published", "notice_closed"]
    assert inner.ok("file_disbursement", **inner.putting())["claims"] == 2


def test_anyone_verifies_what_was_published(inner: World, tmp_path: Path) -> None:
    """Lost otherwise: an amount is changed after the notice, and nobody can show that it was another."""
    claims, _provider = inner.passed(claims=2)
    done = publish(inner)
    answer = inner.query("get_notice", role="enterprise", organisation=inner.new("E"), id=done["id"])["result"]
    document = answer["document"]
    assert [item["claim_id"] for item in document["items"]] == sorted(claims)
    days = {name: document[name] for name in ("from_on", "until_on")}
    told = canonical({**days, "items": document["items"]})
    assert document["content_hash"] == hashlib.sha256(told.encode()).hexdigest() == done["content_hash"]
    path = tmp_path / "notice.json"
    path.write_text(json.dumps(answer), encoding="utf-8")
    verify = ["verify", str(path)]
    fine = CliRunner().invoke(signature, verify)
    assert (fine.exit_code, json.loads(fine.output)["key_id"]) == (0, done["key_id"])
    document["items"][0]["payable_fen"] += 1
    path.write_text(json.dumps(answer), encoding="utf-8")
    assert CliRunner().invoke(signature, verify).exit_code == 1
    (told_by,) = [one["data"] for one in inner.outbox() if one["type"] == "settlement.notice_published.v1"]
    assert told_by["signature"] == answer["signature"]["signature"]


def test_what_became_of_each_item_is_recorded_with_the_notice(inner: World) -> None:
    (bad, fine, gone), provider_id = inner.passed(claims=3)
    notice_id = publish(inner)["id"]

    def outcomes() -> dict[str, str]:
        return {one["claim_id"]: one["outcome"] for one in inner.ask("get_notice", id=notice_id)["items"]}

    assert set(outcomes().values()) == {"open"}
    assert decide(inner, objected(inner, bad), "uphold")["ok"]
    inner.ok("withdraw_claim", claim_id=gone, provider_id=provider_id)
    assert outcomes() == {bad: "upheld", fine: "open", gone: "withdrawn"}
    until(inner, "2019-10-11")
    assert outcomes() == {bad: "upheld", fine: "noticed", gone: "withdrawn"}
    assert inner.review(fine, "bureau", "refuse")["ok"]
    assert outcomes()[fine] == "noticed", "what the notice came to stays as it was recorded"


def test_a_list_of_notices_reads_none_of_their_thousand_items(inner: World) -> None:
    """A page of 500 would load half a million rows of them, to say how many there are."""
    inner.passed(claims=3)
    notice_id = publish(inner)["id"]
    with counted(inner.engine) as sent:
        (listed,) = inner.ask("list_notices", programme=inner.programme)["items"]
    assert (listed["notice_id"], listed["claims"], "items" in listed) == (notice_id, 3, False)
    assert not [one for one in sent if "notices.items" in one]


def test_a_year_whose_working_days_nobody_knows_publishes_nothing(
    inner: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from infra import calendar

    (claim_id,), _provider = inner.passed()
    monkeypatch.setattr(calendar, "_library_years", lambda: range(2004, 2019))
    body = {"notice_id": inner.new("B"), "programme": inner.programme}
    error = inner.refused("publish_notice", **body)
    assert (error["code"], error["article"], error["facts"]["year"]) == ("CALENDAR_UNKNOWN", "七(一)", 2019)
    assert status(inner, claim_id) == "passed"


def test_what_is_held_does_not_stand_in_the_way(inner: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as one notice may look at wait for supervision: those behind them are published, and they are counted."""
    claims, provider_id = inner.passed(claims=4)
    monkeypatch.setattr(notice_rules, "MOST_ITEMS", 1)
    monkeypatch.setattr(waiting_store, "LEFT_OUT", 1)
    for claim_id in sorted(claims)[:3]:
        inner.verdict(claim_id, provider_id, "held")
    assert publish(inner)["claims"] == 1
    assert status(inner, max(claims)) == "on_notice"
    error = inner.refused("publish_notice", notice_id=inner.new("B"), programme=inner.programme)
    assert (error["code"], error["facts"]["held"]) == ("NOTHING_TO_PUBLISH", 1), "no more than LEFT_OUT are counted"


def test_what_there_is_to_publish(inner: World, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"notice_id": inner.new("B"), "programme": inner.programme}
    error = inner.refused("publish_notice", **body)
    assert (error["code"], error["article"]) == ("NOTHING_TO_PUBLISH", "七(一)")
    inner.passed(claims=3)
    inner.accepted()
    monkeypatch.setattr(notice_rules, "MOST_ITEMS", 2)
    first = publish(inner)
    assert (first["claims"], first["left"]) == (2, 1)
    again = inner.ok("publish_notice", notice_id=first["id"], programme=inner.programme)
    assert again["status"] == "open", "the same id again is the same notice"
    assert publish(inner)["claims"] == 1
    other = inner.refused("publish_notice", notice_id=first["id"], programme=GUIZHOU)
    assert other["code"] == "ALREADY_EXISTS"
    assert inner.refused("publish_notice", notice_id=inner.new("B"), programme=GUIZHOU)["code"] == "RULE_ABSENT"
    unknown = inner.refused("publish_notice", notice_id=inner.new("B"), programme="nowhere-2018")
    assert unknown["code"] == "PROGRAMME_UNKNOWN"


def test_an_objection_holds_its_own_claim_alone(inner: World) -> None:
    (bad, fine), _provider = inner.passed(claims=2)
    notice_id = publish(inner)["id"]
    objection_id = objected(inner, bad)
    until(inner, "2019-10-11")
    assert (status(inner, bad), status(inner, fine)) == ("on_notice", "noticed")
    assert inner.ask("get_notice", id=notice_id)["status"] == "open"
    assert decide(inner, objection_id, "uphold")["result"]["status"] == "upheld"
    claim = inner.claim(bad)
    assert (claim["status"], claim["reasons"], claim["order_claimed"]) == ("refused", ["已核实"], False)
    inner.due(timedelta(hours=1))
    assert inner.ask("get_notice", id=notice_id)["status"] == "closed", "none waits on it any more"
    assert inner.told(objection_id) == ["objection_filed", "objection_decided"]
    decisions = inner.ask("explain", subject=objection_id)["decisions"]
    assert [one["action"] for one in decisions] == ["objection.filed", "objection.uphold"]
    assert {one for decision in decisions for one in decision["articles"]} == {"七(一)"}


def test_a_claims_history_tells_of_notice_objection_and_payment(inner: World) -> None:
    """Lost otherwise: who asks why a claim was paid hears nothing after its last review."""
    (claim_id,), provider_id = inner.passed()
    publish(inner)
    assert decide(inner, objected(inner, claim_id), "dismiss")["ok"]
    until(inner, "2019-10-11")
    whose = provider_id if by_provider(inner.pack) else None
    inner.approve(inner.ok("file_disbursement", **inner.putting(whose))["id"])
    made = inner.make()
    inner.release(made)
    (payment,) = inner.ask("get_batch", id=made["id"])["items"]
    assert inner.result(made["id"], payment, "settled")["ok"]
    decisions = inner.ask("explain", subject=claim_id)["decisions"]
    after = [one["action"] for one in decisions]
    assert after[after.index("claim.published") :] == [
        *("claim.published", "objection.filed", "objection.dismiss", "claim.noticed"),
        *("claim.put_forward", "claim.approve", "claim.send", "claim.pay"),
    ]
    assert all(one["articles"] for one in decisions)


def test_a_dismissed_objection_lets_the_claim_go_on_when_nothing_else_holds_it(inner: World) -> None:
    (claim_id,), _provider = inner.passed()
    publish(inner)
    first, second, early = (objected(inner, claim_id) for _ in range(3))
    assert decide(inner, early, "dismiss")["ok"]
    assert status(inner, claim_id) == "on_notice"
    until(inner, "2019-10-11")
    assert decide(inner, first, "dismiss", person="bureau-1")["error"]["code"] == "SAME_PERSON"
    assert decide(inner, first, "dismiss")["ok"]
    assert status(inner, claim_id) == "on_notice", "another is open"
    both = [
        inner.command("decide_objection", {"objection_id": one, "decision": "dismiss", "reasons": ["x"]}, person="b-3")
        for one in (second, first)
    ]
    codes = [answer["ok"] or answer["error"]["code"] for answer in inner.run(both[:1]) + inner.run(both[1:])]
    assert codes == [True, "WRONG_STATE"]
    assert status(inner, claim_id) == "noticed"
    assert decide(inner, inner.new("X"), "dismiss")["error"]["code"] == "NOT_FOUND"


def test_two_objections_decided_in_one_batch_see_each_other(inner: World) -> None:
    (claim_id,), _provider = inner.passed()
    publish(inner)
    objections = [objected(inner, claim_id) for _ in range(2)]
    until(inner, "2019-10-11")
    bodies = [{"objection_id": one, "decision": "dismiss", "reasons": ["x"]} for one in objections]
    answers = inner.batch("decide_objection", bodies, person="bureau-2")
    assert [answer["ok"] for answer in answers] == [True, True]
    assert status(inner, claim_id) == "noticed"


def test_when_an_objection_may_be_filed(inner: World) -> None:
    """On its notice, up to the last day; once more under the same id it is the same objection."""
    (claim_id,), _provider = inner.passed()
    body = {"objection_id": inner.new("X"), "claim_id": claim_id, "text": OBJECTION}
    assert inner.refused("file_objection", **body)["code"] == "WRONG_STATE"
    publish(inner)
    first = inner.new("X")
    assert inner.ok("file_objection", **{**body, "objection_id": first})["status"] == "open"
    assert inner.ok("file_objection", **{**body, "objection_id": first})["sequence"] == 1
    changed = {**body, "objection_id": first, "text": "另有理由"}
    assert inner.refused("file_objection", **changed)["code"] == "ALREADY_EXISTS"
    inner.at(datetime(2019, 10, 10, 16, tzinfo=UTC))  # midnight in Hohhot: nobody has looked at the clock yet
    late = {**body, "objection_id": inner.new("X")}
    error = inner.refused("file_objection", **late)
    assert (error["code"], error["facts"]["until_on"]) == ("WRONG_STATE", "2019-10-10")
    assert inner.refused("file_objection", **{**late, "claim_id": inner.new("C")})["code"] == "NOT_FOUND"


def test_what_an_objection_says_is_told_to_nobody_by_itself(inner: World, engine: sa.Engine) -> None:
    """It may name people: neither event, decision, list nor a copy of the database may show it."""
    (claim_id,), _provider = inner.passed()
    publish(inner)
    objection_id = objected(inner, claim_id)
    assert decide(inner, objection_id, "dismiss")["ok"]
    for table in tables.metadata.sorted_tables:
        with engine.connect() as conn:
            rows = str([tuple(row) for row in conn.execute(sa.select(table))])
        assert OBJECTION not in rows, table.name
        assert OBJECTION.encode().hex() not in rows, table.name
    (listed,) = inner.ask("list_objections", programme=inner.programme)["items"]
    assert not {"text", "sealed", "key_id", "filed_by"} & set(listed), "nor who objects, on a work list"
    opened = inner.ask("get_objection", id=objection_id, role="bureau")
    assert (opened["text"], opened["filed_by"]) == (OBJECTION, "enterprise-1")
    readers = catalogue.METHODS["settlement.get_objection"].roles
    assert readers == {"bureau", "auditor", "supervisor"}, "who decides on it and who watches over that"
    with engine.connect() as conn:
        row = conn.execute(sa.select(tables.objections)).one()
    with pytest.raises(crypto.NotOpened):
        crypto.ring().open(row.key_id, bytes(row.sealed), context="objection:another")


@pytest.mark.parametrize("how", ["return", "refuse", "withdraw", "reject"])
def test_a_claim_leaves_its_notice_before_it_is_put_forward(inner: World, how: str) -> None:
    """Its last reviewer, its filer or supervision may still end it; what was published stays as it was published."""
    (claim_id,), provider_id = inner.passed()
    notice = inner.ask("get_notice", id=publish(inner)["id"])
    objection_id = objected(inner, claim_id)
    if how == "withdraw":
        inner.ok("withdraw_claim", claim_id=claim_id, provider_id=provider_id)
    elif how == "reject":
        inner.verdict(claim_id, provider_id, "rejected")
    else:
        assert inner.review(claim_id, "third_party", how)["error"]["code"] == "STAGE_MISMATCH"
        assert inner.review(claim_id, "bureau", how)["ok"]
    after = status(inner, claim_id)
    assert after == {"return": "returned", "withdraw": "withdrawn"}.get(how, "refused")
    assert decide(inner, objection_id, "uphold")["ok"]
    assert status(inner, claim_id) == after, "the objection has nothing left to hold"
    until(inner, "2019-10-11")
    after_all = inner.ask("get_notice", id=notice["notice_id"])
    items = [{**item, "outcome": "upheld" if after == "refused" else after} for item in notice["items"]]
    assert after_all == {**notice, "items": items, "status": "closed", "sequence": 2}


def test_a_returned_claim_is_published_again(inner: World) -> None:
    """What was corrected was not what anybody could object to."""
    (claim_id,), provider_id = inner.passed()
    publish(inner)
    assert inner.review(claim_id, "bureau", "return")["ok"]
    order_id = inner.claim(claim_id)["order_id"]
    inner.ok("file_claim", **inner.papers(order_id, provider_id, claim_id))
    inner.answer(claim_id, order_id, provider_id)
    assert inner.claim(claim_id)["notice_id"] is None
    inner.clock.advance(timedelta(days=120))
    inner.runs("neimenggu-2019", "neimenggu-2019@1", "150100", 2020)
    inner.node()
    inner.runs("neimenggu-2019", "neimenggu-2019@1", "150100", 2019)
    inner.through(claim_id, provider_id)
    assert publish(inner)["claims"] == 1


def test_notices_and_objections_cost_the_same_whatever_their_number(inner: World) -> None:
    passed, _provider = inner.passed(claims=31)
    stock = {1: passed[:1], 30: passed[1:]}
    publish(inner)

    def filing(size: int) -> None:
        bodies = [{"objection_id": inner.new("X"), "claim_id": one, "text": OBJECTION} for one in stock[size]]
        assert all(answer["ok"] for answer in inner.batch("file_objection", bodies))

    def deciding(size: int) -> None:
        listed = inner.ask("list_objections", programme=inner.programme, limit=100)["items"]
        of = [one["objection_id"] for one in listed if one["claim_id"] in stock[size]]
        bodies = [{"objection_id": one, "decision": "dismiss", "reasons": ["x"]} for one in of]
        assert all(answer["ok"] for answer in inner.batch("decide_objection", bodies, person="bureau-2"))

    for run in (filing, deciding):
        small, large = costs(inner, run)
        if inner.engine.dialect.name == "sqlite":
            small, large = ([one for one in side if not _insert_per_row(one)] for side in (small, large))
        assert small == large


@pytest.fixture
def twins(postgres_url: str, keys: None) -> Iterator[tuple[World, World]]:
    engines = [create_engine(postgres_url, service="settlement") for _ in range(2)]
    yield World(engines[0], FRIDAY), World(engines[1], FRIDAY, make=False)
    for engine in engines:
        engine.dispose()


def test_an_objection_of_the_last_moment_is_not_overlooked(
    twins: tuple[World, World], monkeypatch: pytest.MonkeyPatch, wait_until: Callable[..., object]
) -> None:
    """Filed on the last day and committed on the next: the look at what has run out waits for the claim's lock."""
    one, other = twins
    for world in twins:
        world.runs("neimenggu-2019", "neimenggu-2019@1", "150100", 2019)
    (claim_id,), _provider = one.passed()
    other.at(one.clock.now())
    publish(one)
    one.at(datetime(2019, 10, 10, 15, 59, tzinfo=UTC))
    other.at(datetime(2019, 10, 10, 16, 0, tzinfo=UTC))
    looked = threading.Thread(target=other.pipeline.run_due)

    def waits() -> bool:
        query = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        with one.engine.connect() as conn:
            return conn.execute(query).scalar_one() > 0

    from services.settlement.handlers import notices

    ends = notices._ends

    def slowly(desk: Any) -> Any:
        looked.start()
        wait_until(waits)
        return ends(desk)

    monkeypatch.setattr(notices, "_ends", slowly)
    objected(one, claim_id)
    looked.join(timeout=60)
    assert status(one, claim_id) == "on_notice"


def test_a_deduction_stands_in_the_notice_and_in_the_payment(inner: World) -> None:
    """七(二): what quality took off is not paid, and everybody saw so."""
    claim_id, order_id, provider_id = inner.collected()
    inner.through(claim_id, provider_id, deduction_fen=100_000, reasons=["服务质量问题"])
    assert inner.claim(claim_id)["payable_fen"] == VOUCHER - 100_000
    notice = inner.ask("get_notice", id=publish(inner)["id"])
    assert notice["items"][0]["payable_fen"] == VOUCHER - 100_000
    until(inner, "2019-10-11")
    filed = inner.ok("file_disbursement", **inner.putting())
    assert filed["amount_fen"] == VOUCHER - 100_000
    inner.approve(filed["id"])
    made = inner.make()
    assert inner.release(made)["ok"]
    (payment,) = inner.ask("get_batch", id=made["id"])["items"]
    assert payment["amount_fen"] == VOUCHER - 100_000
    assert inner.result(made["id"], payment, "settled")["ok"]
    figures = inner.figures()
    assert (figures["paid_fen"], figures["approved_fen"], figures["held_fen"]) == (VOUCHER - 100_000,) * 2 + (0,)
    paid = next(body["data"] for body in inner.outbox() if body["type"] == "settlement.claim_paid.v1")
    assert (paid["payable_fen"], paid["claimed_fen"], paid["deducted_fen"]) == (VOUCHER - 100_000, VOUCHER, 100_000)
    assert paid["order_id"] == order_id
