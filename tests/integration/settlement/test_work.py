"""Work lists, taking, leave, deadlines and experts on real tables: nobody's claim is lost, and nobody decides twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from infra.db import create_engine
from services.settlement import tables
from tests.integration.settlement.test_store import costs
from tests.integration.settlement.world import GUIZHOU, World, uid

AUTUMN = datetime(
    2019, 9, 25, 4, tzinfo=UTC
)  # a Wednesday; 1 to 7 October are holidays, 29 September and 12 October work


@pytest.fixture
def light(keys: None) -> Iterator[World]:
    """Where the database makes no difference."""
    engine = create_engine("sqlite://", service="settlement")
    yield World(engine)
    engine.dispose()


def collected(world: World, count: int = 1) -> list[str]:
    provider_id = world.provider()
    made = [world.accepted(provider_id)[0] for _ in range(count)]
    world.node()
    for claim_id in made:
        world.verdict(claim_id, provider_id)
    return made


def work(world: World, person: str, role: str = "operator", **more: Any) -> list[dict[str, Any]]:
    return world.query("list_work", role=role, person=person, **{"programme": world.programme, **more})["result"][
        "items"
    ]


def ids(items: list[dict[str, Any]]) -> list[str]:
    return [one["claim_id"] for one in items]


def take(world: World, person: str, claims: list[str], role: str = "operator", **more: Any) -> dict[str, Any]:
    return world.ok("take_work", claims=claims, role=role, person=person, **more)


def away(world: World, person: str, deputy: str | None, days: int = 3, role: str = "operator", **more: Any) -> str:
    leave_id, today = world.new("W"), world.clock.now().date()
    body = {"leave_id": leave_id, "programme": world.programme, "deputy": deputy, "reason": "年休假"}
    days_of = {"from_on": today, "until_on": today + timedelta(days=days)}
    return world.ok("record_leave", **body, **days_of, role=role, person=person, **more)["id"]


def decide(world: World, person: str, claim_id: str, stage: str = "operator", **more: Any) -> str:
    """`ok`, or the code of the refusal."""
    body = {"claim_id": claim_id, "stage": stage, "decision": "pass", "person": person, **more}
    answer = world.do("review_claim", **body)
    return "ok" if answer["ok"] else answer["error"]["code"]


def test_a_deputy_does_not_decide_what_the_absent_may_not(world: World) -> None:
    """Lost otherwise: who has a part in a claim goes on leave, and has it passed by whom it names."""
    first, second = collected(world, 2)
    party = world.claim(first)["enterprise_id"]
    with world.engine.begin() as conn:
        other = tables.claims.c.claim_id == second
        conn.execute(
            sa.update(tables.claims).where(other).values(enterprise_id=world.new("E"), provider_id=world.new("P"))
        )
    away(world, "a", "b", organisation=party)
    assert ids(work(world, "b", "bureau")) == [second]
    assert take(world, "b", [first], "bureau")["refused"] == [{"claim_id": first, "code": "CONFLICT_OF_INTEREST"}]
    assert decide(world, "b", first, role="bureau") == "CONFLICT_OF_INTEREST"
    assert decide(world, "b", second, role="bureau") == "ok"


# --- the work list


def test_the_list_is_of_what_the_caller_may_decide(world: World) -> None:
    """One that shows what is not to be done is read by nobody."""
    first, second, third = collected(world, 3)
    assert ids(work(world, "a")) == [first, second, third]
    assert work(world, "b", "bureau") == [], "it is not its turn"
    assert decide(world, "a", second) == "ok"
    assert ids(work(world, "a")) == [first, third]
    assert ids(work(world, "b", "bureau")) == [second]
    assert work(world, "a", "bureau") == [], "who decided a stage is not offered the next"
    assert work(world, "a", "bureau", stage="operator") == []
    assert work(world, "c", "bureau", programme="neimenggu-2019") == []
    assert work(world, "platform-1") == [], "nor what it filed"
    assert work(world, "c", organisation=world.claim(first)["provider_id"]) == [], "nor what its own house asks for"


def test_first_what_is_due_first_page_by_page(world: World) -> None:
    early = collected(world, 3)
    world.due(timedelta(days=3))
    late = collected(world, 2)
    with world.engine.begin() as conn:  # one of a year whose working days nobody knew
        conn.execute(sa.update(tables.claims).where(tables.claims.c.claim_id == early[0]).values(due_on=None))
    seen, after = [], None
    while True:
        page = world.ask("list_work", role="operator", programme=GUIZHOU, after=after, limit=2)
        seen += ids(page["items"])
        after = page["next"]
        if after is None:
            break
    assert seen == [*early[1:], *late, early[0]], "by last day, those without one at the end"
    answer = world.query("list_work", role="operator", programme=GUIZHOU, after="x")
    assert answer["error"]["code"] == "INVALID"


def test_what_a_line_of_the_list_says(light: World) -> None:
    (claim_id,) = collected(light)
    (line,) = work(light, "a")
    assert (line["stage"], line["payable_fen"], line["due_on"]) == ("operator", 400_000, "2018-09-17")
    flags = ("overdue", "taken", "taken_by_me", "returned_before", "question_open", "scored_by_me")
    assert not any(line[flag] for flag in flags)
    assert not any("operator-1" in str(value) for value in line.values())
    take(light, "a", [claim_id])
    assert (work(light, "a")[0]["taken_by_me"], work(light, "b")[0]["taken_by_me"]) == (True, False)
    assert work(light, "b")[0]["taken"]
    light.due(timedelta(days=15))
    assert work(light, "a")[0]["overdue"]


def test_an_office_sees_the_claims_of_its_region(world: World) -> None:
    """Where the pack has a stage decided in the claim's own region."""
    here, there = collected(world, 2)
    with world.engine.begin() as conn:
        table = tables.claims
        conn.execute(sa.update(table).where(table.c.claim_id.in_([here, there])).values(own_region=True))
        conn.execute(sa.update(table).where(table.c.claim_id == there).values(region="520300"))
    for office, expected in (("520100", [here]), ("520000", [here, there]), ("520300", [there]), (None, [])):
        assert ids(work(world, "a", office=office)) == expected, office
    away(world, "b", "a", office="520300")
    assert ids(work(world, "a", office="520100")) == [here, there], "and those of whom it stands in for"


# --- taking


def test_each_claim_has_its_own_outcome(world: World) -> None:
    first, second, third = collected(world, 3)
    take(world, "b", [second])
    assert decide(world, "c", third) == "ok"
    answer = take(world, "a", [first, second, third, uid("C", 99), first])
    codes = [("TAKEN_BY_ANOTHER", second), ("STAGE_MISMATCH", third), ("NOT_FOUND", uid("C", 99))]
    assert answer == {"taken": [first], "refused": [{"claim_id": one, "code": code} for code, one in codes]}
    assert take(world, "a", [first])["taken"] == [first], "the same again"
    assert world.told(first)[-1] == "claim_collected", "nothing is told: nothing is decided"


def test_what_is_taken_is_decided_by_the_taker_alone(light: World) -> None:
    first, second = collected(light, 2)
    take(light, "a", [first, second])
    assert decide(light, "b", first) == "TAKEN_BY_ANOTHER"
    assert decide(light, "a", first) == "ok"
    assert light.claim(first)["taken_by"] is None, "the next stage is nobody's yet"
    assert light.ok("release_work", claims=[second], role="operator", person="b")["refused"] == [
        {"claim_id": second, "code": "TAKEN_BY_ANOTHER"}
    ]
    assert light.ok("release_work", claims=[second], role="operator", person="a")["released"] == [second]
    assert decide(light, "b", second) == "ok"


def test_what_nobody_comes_back_for_is_taken_back_by_the_last_stages_office(light: World) -> None:
    """And it is written down."""
    (claim_id,) = collected(light)
    take(light, "a", [claim_id])
    assert light.ok("release_work", claims=[claim_id], role="bureau", person="z")["released"] == [claim_id]
    assert light.ask("explain", subject=claim_id)["decisions"][-1]["action"] == "claim.taken_back"
    assert decide(light, "b", claim_id) == "ok"


def test_a_token_of_another_programme_takes_nothing(light: World) -> None:
    (claim_id,) = collected(light)
    command = light.command("take_work", {"claims": [claim_id]}, role="operator")
    foreign = replace(command, actor=replace(command.actor, programme="neimenggu-2019"))
    (answer,) = light.run([foreign])
    assert answer["result"]["refused"] == [{"claim_id": claim_id, "code": "PROGRAMME_MISMATCH"}]


def test_of_two_that_take_at_the_same_moment_one_wins(postgres_url: str, keys: None) -> None:
    """Each would decide what the other is deciding."""
    engine = create_engine(postgres_url, service="settlement")
    world = World(engine)
    claims = collected(world, 4)
    others = [World(engine, world.clock.now(), make=False) for _ in range(2)]
    start, answers = threading.Barrier(2), {}

    def run(at: int) -> None:
        command = others[at].command("take_work", {"claims": claims}, role="operator", person=f"p{at}")
        command = replace(command, key=f"taken-{at}")
        start.wait(5)
        answers[at] = others[at].run([command])[0]["result"]["taken"]

    threads = [threading.Thread(target=run, args=(at,)) for at in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    engine.dispose()
    assert sorted(answers[0] + answers[1]) == claims
    assert [] in answers.values(), answers


# --- leave


def test_a_deputy_decides_what_the_absent_person_took(world: World) -> None:
    """With its role, from the first day to the last; both have then decided."""
    first, second = collected(world, 2)
    take(world, "a", [first, second])
    leave_id = away(world, "a", "d")
    assert decide(world, "b", first) == "TAKEN_BY_ANOTHER"
    assert decide(world, "d", first, role="expert") == "ok", "some role of a reviewer in its token is enough"
    seen = world.claim(first)
    assert (seen["reviewers"], seen["stood_in_for"]) == (["d"], ["a"])
    decision = world.ask("explain", subject=first)["decisions"][-1]
    assert (decision["facts"]["leave_id"], decision["actor_roles"]) == (leave_id, ["expert"])
    for person in ("a", "d"):
        assert decide(world, person, first, "bureau") == "SAME_PERSON", person
    assert ids(work(world, "d", "finance")) == [second]
    world.due(timedelta(days=4))
    assert work(world, "d", "finance") == [], "a leave runs out by itself"
    assert decide(world, "d", second, role="expert") == "FORBIDDEN"
    assert decide(world, "a", second) == "ok"


def test_without_a_deputy_the_work_goes_back(light: World) -> None:
    first, second = collected(light, 2)
    take(light, "a", [first, second])
    away(light, "a", None)
    assert not any(line["taken"] for line in work(light, "b"))
    assert take(light, "b", [first])["taken"] == [first]
    assert decide(light, "c", second) == "ok"


def test_chains_of_deputies_are_not_followed(light: World) -> None:
    (claim_id,) = collected(light)
    take(light, "a", [claim_id])
    away(light, "a", "d")
    away(light, "d", "e", role="finance")
    assert decide(light, "e", claim_id, role="expert") == "FORBIDDEN"
    assert decide(light, "b", claim_id) == "ok", "nobody stands in, so it is everybody's"


def test_a_leave_is_recorded_and_ended_by_the_person_itself(light: World) -> None:
    (claim_id,) = collected(light)
    take(light, "a", [claim_id])
    leave_id = away(light, "a", "d")
    assert light.refused("end_leave", leave_id=leave_id, role="operator", person="d")["code"] == "NOT_OWNER"
    assert light.refused("end_leave", leave_id=light.new("W"), role="operator")["code"] == "NOT_FOUND"
    assert light.ok("end_leave", leave_id=leave_id, role="operator", person="a")["status"] == "ended"
    assert light.refused("end_leave", leave_id=leave_id, role="operator", person="a")["code"] == "WRONG_STATE"
    assert decide(light, "d", claim_id, role="expert") == "FORBIDDEN"
    assert light.told(leave_id) == ["leave_recorded", "leave_ended"]
    told = [body["data"] for body in light.outbox() if body["subject"] == leave_id]
    assert not any("person" in one or "deputy" in one or "reason" in one for one in told)
    today = light.clock.now().date()
    body = {"leave_id": light.new("W"), "programme": GUIZHOU, "reason": "x", "role": "operator", "person": "a"}
    for from_on, until_on, deputy, code in (
        (today, today - timedelta(days=1), None, "LEAVE_DATES"),
        (today, today, "a", "INVALID"),
    ):
        days = {"from_on": from_on, "until_on": until_on, "deputy": deputy}
        assert light.refused("record_leave", **body, **days)["code"] == code
    days = {"from_on": today, "until_on": today}
    done = light.ok("record_leave", **body, **days)
    assert light.ok("record_leave", **body, **days) == done
    assert light.refused("record_leave", **{**body, "reason": "y"}, **days)["code"] == "ALREADY_EXISTS"
    assert light.refused("record_leave", **{**body, "person": "b"}, **days)["code"] == "ALREADY_EXISTS"
    elsewhere = {**body, "leave_id": light.new("W"), "programme": "x-1"}
    assert light.refused("record_leave", **elsewhere, **days)["code"] == "PROGRAMME_UNKNOWN"


def test_why_somebody_is_away_is_for_itself(light: World) -> None:
    """Illness, say, is nobody's business."""
    leave_id = away(light, "a", "d")
    for person, reason in (("a", "年休假"), ("b", None)):
        (line,) = light.ask("list_leaves", role="operator", person=person, programme=GUIZHOU)["items"]
        assert (line["leave_id"], line["reason"], line["deputy"], line["in_force"]) == (leave_id, reason, "d", True)


def test_a_deputy_asks_the_absent_persons_questions(light: World) -> None:
    (claim_id,) = collected(light)
    assert decide(light, "x", claim_id) == "ok"
    body = {"question_id": light.new("Q"), "claim_id": claim_id, "text": "?", "role": "operator", "person": "d"}
    assert light.refused("ask_question", **body)["code"] == "STAGE_MISMATCH"
    away(light, "a", "d", role="bureau")
    assert light.ok("ask_question", **body)["status"] == "open"


# --- deadlines


def test_a_stage_is_due_after_so_many_working_days(engine: sa.Engine, keys: None) -> None:
    """Over the National Day week, with the Saturday that is worked; told once a stage, and no review is refused."""
    world = World(engine, AUTUMN)
    world.year = 2019
    (claim_id,) = collected(world)
    assert world.claim(claim_id)["due_on"] == "2019-10-14"  # 26, 27, 29, 30 September, 8 to 12 and 14 October
    world.at(datetime(2019, 10, 14, 15, tzinfo=UTC))
    assert world.due()["overdue_reviews"] == 0, "its last day is not over"
    assert world.due(timedelta(hours=2))["overdue_reviews"] == 1
    assert world.due(timedelta(days=1))["overdue_reviews"] == 0, "once a stage"
    (event,) = [body for body in world.outbox() if body["type"] == "settlement.review_overdue.v1"]
    told = event["data"]
    assert (told["stage"], told["due_on"], told["escalate_to"]) == ("operator", "2019-10-14", "bureau")
    assert (told["region"], told["law"]["articles"]) == ("520100", ["第二十三条"])
    assert decide(world, "a", claim_id) == "ok", "late is better than never"
    assert world.claim(claim_id)["due_on"] == "2019-10-30", "the next stage has its own days"
    world.due(timedelta(days=30))
    sequences = [body["sequence"] for body in world.outbox() if body["subject"] == claim_id]
    assert sequences == list(range(1, len(sequences) + 1))
    assert world.told(claim_id).count("review_overdue") == 2


def test_a_year_without_a_calendar_stops_no_review(light: World) -> None:
    light.at(datetime(2031, 9, 25, 4, tzinfo=UTC))
    light.year = 2031
    (claim_id,) = collected(light)
    assert light.claim(claim_id)["due_on"] is None
    facts = light.ask("explain", subject=claim_id)["decisions"][-1]["facts"]
    assert (facts["due_on"], facts["calendar_unknown"]) == (None, 2031)
    assert decide(light, "a", claim_id) == "ok"


def test_no_deadline_where_the_pack_has_none(light: World) -> None:
    light.at(AUTUMN)
    light.runs("neimenggu-2019", "neimenggu-2019@1", "150100", 2019)
    (claim_id,) = collected(light)
    assert light.claim(claim_id)["due_on"] is None
    assert light.due(timedelta(days=60))["overdue_reviews"] == 0


# --- experts


def in_shenyang(world: World) -> World:
    world.at(datetime(2019, 11, 5, 4, tzinfo=UTC))
    world.runs("shenyang-2018", "shenyang-2018@1", "210102", 2019)
    return world


@pytest.fixture
def shenyang(world: World) -> World:
    return in_shenyang(world)


def test_experts_score_then_their_stage_passes(shenyang: World) -> None:
    (claim_id,) = collected(shenyang)
    assert decide(shenyang, "e", claim_id, "expert") == "SCORE_MISSING"
    body = {"claim_id": claim_id, "role": "expert"}
    assert shenyang.ok("score_claim", **body, score=50, person="x", comment="偏低")["have"] == 1
    assert shenyang.ok("score_claim", **body, score=50, person="x", comment="偏低")["have"] == 1, "the same again"
    assert shenyang.refused("score_claim", **body, score=60, person="x")["code"] == "ALREADY_EXISTS"
    provider_id = shenyang.claim(claim_id)["provider_id"]
    error = shenyang.refused("score_claim", **body, score=99, person="y", organisation=provider_id)
    assert (error["code"], error["article"]) == ("CONFLICT_OF_INTEREST", "三(五)2")
    shenyang.ok("score_claim", **body, score=60, person="y")
    error = shenyang.refused("review_claim", claim_id=claim_id, stage="expert", decision="pass", person="e")
    assert (error["code"], error["facts"]["have"], error["facts"]["need"]) == ("SCORE_MISSING", 2, 3)
    shenyang.ok("score_claim", **body, score=69, person="z")
    error = shenyang.refused("review_claim", claim_id=claim_id, stage="expert", decision="pass", person="e")
    assert (error["code"], error["facts"]["score"], error["facts"]["pass_mark"]) == ("SCORE_TOO_LOW", 59, 60)
    shenyang.ok("score_claim", **body, score=65, person="w")
    assert decide(shenyang, "z", claim_id, "expert") == "ok", "one of those who scored may pass it"
    assert shenyang.claim(claim_id)["score"] == 61
    assert decide(shenyang, "x", claim_id, "bureau") == "SAME_PERSON", "and none of them decides another stage"
    assert work(shenyang, "x", "bureau") == []
    assert decide(shenyang, "b", claim_id, "bureau") == "ok"


def test_scores_are_shown_without_names_to_parties_and_late_to_experts(light: World) -> None:
    """Who knows what the others gave gives the same."""
    shenyang = in_shenyang(light)
    (claim_id,) = collected(shenyang)
    shenyang.score(claim_id, 80, 90)
    seen = shenyang.claim(claim_id)["scores"]
    assert [(one["scored_by"], one["score"]) for one in seen] == [("scorer-0", 80), ("scorer-1", 90)]
    asked = {"role": "provider", "organisation": shenyang.claim(claim_id)["provider_id"]}
    for one in shenyang.ask("get_claim", id=claim_id, **asked)["scores"]:
        assert not {"scored_by", "comment"} & set(one)
    assert shenyang.ask("get_claim", id=claim_id, role="expert", person="x")["scores"] == []
    assert len(shenyang.ask("get_claim", id=claim_id, role="expert", person="scorer-0")["scores"]) == 2
    assert [one["scored_by_me"] for one in work(shenyang, "scorer-0", "expert")] == [True]


def test_a_claim_filed_again_is_scored_again(light: World) -> None:
    shenyang = in_shenyang(light)
    claim_id, order_id, provider_id = shenyang.collected()
    shenyang.score(claim_id, 90, 90, 90)
    assert shenyang.review(claim_id, "expert", "return")["ok"]
    shenyang.ok("file_claim", **shenyang.papers(order_id, provider_id, claim_id, invoice__number="NO-2"))
    shenyang.answer(claim_id, order_id, provider_id)
    shenyang.node()
    assert decide(shenyang, "e", claim_id, "expert") == "SCORE_MISSING"
    assert work(shenyang, "e", "expert")[0]["returned_before"]


def test_no_experts_where_the_pack_asks_for_none(light: World) -> None:
    (claim_id,) = collected(light)
    assert light.refused("score_claim", claim_id=claim_id, score=80, role="expert")["code"] == "RULE_ABSENT"


# --- what it costs


def test_a_batch_costs_the_same_statements_whatever_its_size(shenyang: World) -> None:
    claims = collected(shenyang, 31)
    parts = {1: claims[:1], 30: claims[1:]}
    methods: dict[str, Any] = {
        "score_claim": lambda one: {"claim_id": one, "score": 80},
        "take_work": lambda one: {"claims": [one]},
        "release_work": lambda one: {"claims": [one]},
        "record_leave": lambda one: {
            "leave_id": shenyang.new("W"),
            "programme": shenyang.programme,
            "reason": "x",
            "from_on": shenyang.clock.now().date(),
            "until_on": shenyang.clock.now().date(),
        },
    }
    for method, body in methods.items():
        small, large = costs(
            shenyang,
            lambda size, method=method, body=body: shenyang.batch(
                method, [body(one) for one in parts[size]], role="expert"
            ),
        )
        drop = shenyang.engine.dialect.name == "sqlite"
        assert [s for s in small if not drop or "INSERT" not in s] == [
            s for s in large if not drop or "INSERT" not in s
        ]
    small, large = costs(shenyang, lambda size: work(shenyang, "e", "expert", limit=size))
    assert small == large
