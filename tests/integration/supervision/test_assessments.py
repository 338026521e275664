"""Lost if these fail: a provider is judged by another's record or year, by one person alone, or without end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from infra.clock import local_date
from tests.integration.supervision.kit import GUIZHOU, Kit, uid
from tests.integration.supervision.test_cost import counted

SHANXI, NEIMENGGU, SHANDONG = "shanxi-2018", "neimenggu-2019", "shandong-2017"
JANUARY = datetime(2019, 1, 10, 1, 0, tzinfo=UTC)
EFFECTS = ("cost_saved", "efficiency", "upgrade", "innovation")
GOOD, BAD = uid("P", 1), uid("P", 2)


def body(number: int, *, of: str = "provider", subject: str | None = GOOD, **more: Any) -> dict[str, Any]:
    about = {} if of == "effect" else {"subject_id": subject}
    return {"assessment_id": uid("J", number), "programme": GUIZHOU, "name": of, **about, "period": "2018", **more}


def say(kit: Kit, method: str, said: dict[str, Any], *, role: str = "bureau", by: str = "one") -> dict[str, Any]:
    return kit.batch(kit.command(method, said, role=role, subject=f"{role}-{by}"))[0]


def done(kit: Kit, method: str, said: dict[str, Any], **who: Any) -> dict[str, Any]:
    answer = say(kit, method, said, **who)
    assert answer["ok"], answer["error"]
    return answer


def refused(kit: Kit, method: str, said: dict[str, Any], **who: Any) -> dict[str, Any]:
    answer = say(kit, method, said, **who)
    assert not answer["ok"], answer["result"]
    return dict(answer["error"])


def opened(kit: Kit, number: int = 1, *, role: str = "bureau", **more: Any) -> dict[str, Any]:
    return done(kit, "open_assessment", body(number, **more), role=role)


def sheet(kit: Kit, number: int = 1) -> dict[str, Any]:
    return kit.ask("assessment", id=uid("J", number))


def scores(kit: Kit, number: int = 1) -> dict[str, tuple[str | None, str | None]]:
    """indicator → value and score."""
    return {one["indicator"]: (one["value"], one["score"]) for one in sheet(kit, number)["indicators"]}


def adjust(number: int = 1, indicator: str = "service", **said: Any) -> dict[str, Any]:
    return {"assessment_id": uid("J", number), "indicator": indicator, "reason": "经复核", **said}


def reported(kit: Kit, number: int = 1, value: int = 80) -> None:
    """What the record cannot tell, by a second person."""
    for name in EFFECTS:
        done(kit, "adjust_assessment", adjust(number, name, score=value), by="two")


def conclude(kit: Kit, number: int = 1, *, role: str = "bureau", by: str = "three") -> dict[str, Any]:
    done(kit, "conclude_assessment", {"assessment_id": uid("J", number)}, role=role, by=by)
    return sheet(kit, number)


def later(kit: Kit) -> None:
    kit.clock.advance(JANUARY - kit.clock.now())


def bad_order(kit: Kit, number: int) -> list[Any]:
    return [kit.order(number, 2, 2, 2, price=1_300_000, listed=1_000_000, status="refunded")]


def year_2018(kit: Kit) -> None:
    """A good provider: three orders claimed and paid. A bad one: dear orders refunded, complaints, a claim refused."""
    kit.hear(kit.enterprise(1), kit.enterprise(2), kit.provider(1), kit.provider(2), kit.product(1), kit.product(2, 2))
    for number in (1, 2, 3):
        kit.hear(kit.order(number, 1, price=900_000, listed=1_000_000, status="redeemed"))
        kit.hear(kit.claim(number, 1, price=900_000, told="claim_paid", status="paid"))
    for number in (4, 5):
        kit.hear(*bad_order(kit, number))
    kit.hear(kit.claim(5, 2, 2, 2, told="claim_refused", status="refused", payable_fen=0))
    for number in (1, 2):
        filed = {"complaint_id": uid("Q", number), "enterprise_id": uid("E", 2), "provider_id": BAD}
        kit.ok("file_complaint", role="platform", programme=GUIZHOU, text="服务迟延", **filed)
        kit.ok("answer_complaint", role="operator", complaint_id=uid("Q", number), text="属实", outcome="resolved")
    later(kit)


def test_indicators_are_those_of_the_period_and_of_the_provider(kit: Kit) -> None:
    """A rival's refunds, an order of the year after, or an empty record would make another score."""
    year_2018(kit)
    kit.hear(kit.order(9, 1, status="refunded"))  # of 2019
    answer = opened(kit)
    opened(kit, 2, subject=BAD)
    assert answer["result"] == {"id": uid("J", 1), "status": "open", "sequence": 1}
    assert scores(kit) == {
        "service": ("1", "100"),
        "price": ("9/10", "100"),
        "complaints": ("0", "100"),
        "approved": ("1", "100"),
        "papers": ("1", "100"),
        "conduct": ("0", "100"),
        **dict.fromkeys(EFFECTS, (None, None)),
    }
    bad = scores(kit, 2)
    assert {name: bad[name] for name in ("service", "price", "complaints", "approved", "papers")} == {
        "service": ("0", "0"),
        "price": ("13/10", "0"),
        "complaints": ("100", "0"),
        "approved": ("0", "0"),
        "papers": ("0", "0"),
    }
    facts = answer["decision"]["facts"]
    assert (answer["decision"]["articles"], answer["decision"]["pack_version"]) == (["五(五)"], "guizhou-2018@1")
    assert facts["indicators"][0]["numbers"] == {"ended": 3, "served": 3}
    assert facts["figures"]["orders"] == {"redeemed": 3, "refunded": 1}, "until now, whatever the period"
    (told, _) = kit.said("assessment_opened")
    assert (told["data"]["subject_id"], told["data"]["score_bp"], told["data"]["status"]) == (GOOD, None, "open")


def test_an_alert_counts_when_it_is_confirmed_and_on_a_claim(kit: Kit) -> None:
    """A provider would be marked down for a false alarm, or for an answer that the operator owed."""
    shared = {"phone": "7" * 64}
    kit.hear(kit.enterprise(2, **shared), kit.enterprise(3, **shared), kit.provider(1, **shared), kit.product(1))
    for number in (2, 3):
        kit.hear(kit.order(number, number), kit.claim(number, number))
    complaint = {"complaint_id": uid("Q", 1), "enterprise_id": uid("E", 2), "provider_id": GOOD}
    kit.ok("file_complaint", role="platform", programme=GUIZHOU, text="服务迟延", **complaint)
    kit.clock.advance(timedelta(days=40))
    kit.pipeline.run_due()
    verdicts = {2: "confirmed", 3: "false_alarm"}
    for alert in kit.ask("list_alerts", programme=GUIZHOU)["items"]:
        enterprise = int((alert["enterprise_id"] or "0")[-2:])
        verdict = "confirmed" if alert["alert"] == "TERM_MISSED" else verdicts[enterprise]
        kit.ok("resolve_alert", alert_id=alert["alert_id"], verdict=verdict, reason="核实")
    found = sorted((one["alert"], one["status"]) for one in kit.ask("list_alerts", programme=GUIZHOU)["items"])
    assert found == [
        ("AFFILIATED_PARTIES", "confirmed"),
        ("AFFILIATED_PARTIES", "false_alarm"),
        ("TERM_MISSED", "confirmed"),
    ]
    later(kit)
    opened(kit)
    (conduct,) = [one for one in sheet(kit)["indicators"] if one["indicator"] == "conduct"]
    assert (conduct["value"], conduct["numbers"]) == ("50", {"confirmed": 1, "orders": 2})


def test_once_a_period_and_the_same_again_is_as_it_stands(kit: Kit) -> None:
    """A second sheet would be a second chance; a call sent twice is one."""
    year_2018(kit)
    opened(kit)
    assert opened(kit)["result"]["sequence"] == 1
    assert refused(kit, "open_assessment", body(1, period="2018-Q4"))["code"] == "ALREADY_EXISTS"
    error = refused(kit, "open_assessment", body(2))
    assert (error["code"], error["field"], error["facts"]["assessment_id"]) == (
        "ALREADY_REPORTED",
        "period",
        uid("J", 1),
    )
    two = kit.batch(*(kit.command("open_assessment", body(n, period="2018-Q4"), role="bureau") for n in (3, 4)))
    assert [one["ok"] or one["error"]["code"] for one in two] == [True, "ALREADY_REPORTED"]
    assert len(kit.said("assessment_opened")) == 2


def test_a_good_provider_is_commended(kit: Kit) -> None:
    """Each hand on the sheet is kept: what was computed, what a reviewer made of it, and who fixed it."""
    year_2018(kit)
    opened(kit)
    assert refused(kit, "adjust_assessment", adjust(score=60))["code"] == "SAME_PERSON"
    assert refused(kit, "adjust_assessment", adjust(score=60, value="1"), by="two")["code"] == "INVALID"
    assert refused(kit, "conclude_assessment", {"assessment_id": uid("J", 1)}, by="two")["code"] == "FACT_MISSING"
    reported(kit)
    done(kit, "adjust_assessment", adjust(indicator="cost_saved", value="30%"), by="two")
    done(kit, "adjust_assessment", adjust(indicator="conduct", score=90), by="two")
    assert refused(kit, "conclude_assessment", {"assessment_id": uid("J", 1)}, by="two")["code"] == "SAME_PERSON"
    found = conclude(kit)
    assert (found["score_bp"], found["grade"]["zh"], found["consequence"]) == (9600, "优秀", "award")
    assert (found["status"], found["due_on"], found["concluded_by"]) == ("concluded", None, "bureau-three")
    last = found["adjustments"][-1]
    assert {name: last[name] for name in ("indicator", "before", "after", "reason", "adjusted_by")} == {
        "indicator": "conduct", "before": "100", "after": "90", "reason": "经复核", "adjusted_by": "bureau-two",
    }  # fmt: skip
    (told,) = kit.said("assessment_concluded")
    assert (told["data"]["consequence"], told["data"]["score_bp"]) == ("award", 9600)
    assert "经复核" not in str(kit.said()), "the words of reviewers stay here"
    assert refused(kit, "adjust_assessment", adjust(score=1), by="four")["code"] == "WRONG_STATE"
    mended = {"assessment_id": uid("J", 1), "reason": "x"}
    assert refused(kit, "confirm_mended", mended)["code"] == "WRONG_STATE"


def test_a_bad_one_is_to_leave_until_that_is_lifted(kit: Kit) -> None:
    """What the registry suspends it by is told with the conclusion, and what lifts it with the confirmation."""
    year_2018(kit)
    opened(kit, subject=BAD)
    reported(kit, value=20)
    found = conclude(kit)
    assert (found["score_bp"], found["consequence"], found["status"]) == (1400, "exit", "exit_due")
    done(kit, "confirm_mended", {"assessment_id": uid("J", 1), "reason": "已整改"})
    (told,) = kit.said("assessment_mended")
    assert (told["data"]["status"], told["data"]["consequence"]) == ("mended", "exit")
    assert sheet(kit)["mended_reason"] == "已整改"


def test_what_is_not_mended_by_its_day_is_told_once(kit: Kit) -> None:
    """A term that nobody watches is none; a provider that mended in time is left alone."""
    year_2018(kit)
    opened(kit)
    opened(kit, 2, period="2018-Q3")
    for number in (1, 2):
        reported(kit, number, 0)
        done(kit, "adjust_assessment", adjust(number, "service", score=40), by="two")
        assert conclude(kit, number)["due_on"] == "2019-02-09"
    done(kit, "confirm_mended", {"assessment_id": uid("J", 2), "reason": "已整改"})
    kit.clock.advance(timedelta(days=30))
    kit.pipeline.run_due()
    assert kit.said("assessment_overdue") == [], "on the last day it is not late"
    kit.clock.advance(timedelta(days=1))
    for _ in range(2):
        kit.pipeline.run_due()
    (told,) = kit.said("assessment_overdue")
    assert (told["subject"], told["data"]["status"]) == (uid("J", 1), "mending")
    (alert,) = [one for one in kit.ask("list_alerts", programme=GUIZHOU)["items"] if one["alert"] == "TERM_MISSED"]
    assert (alert["subject_kind"], alert["subject"], alert["provider_id"]) == ("assessment", uid("J", 1), GOOD)
    done(kit, "confirm_mended", {"assessment_id": uid("J", 1), "reason": "迟了，但已整改"})


def test_two_departments_assess_together(kit: Kit) -> None:
    """内蒙古 二(二): industry assesses, finance concludes, and neither is one person in two offices."""
    kit.clock.advance(datetime(2020, 2, 3, 1, tzinfo=UTC) - kit.clock.now())
    kit.hear(kit.enterprise(1, programme=NEIMENGGU, region="150100"), kit.provider(1, programme=NEIMENGGU))
    confirmed = {"confirmed_at": datetime(2019, 6, 1, 4, tzinfo=UTC), "ordered_at": datetime(2019, 6, 1, 3, tzinfo=UTC)}
    kit.hear(kit.order(1, 1, programme=NEIMENGGU, region="150100", status="redeemed", **confirmed))
    about = {"programme": NEIMENGGU, "period": "2019"}
    opened(kit, **about)
    done(kit, "adjust_assessment", adjust(indicator="complaints", score=90), by="two")
    asked = {"assessment_id": uid("J", 1)}
    assert refused(kit, "conclude_assessment", asked, by="three")["facts"]["role"] == "finance"
    both = kit.command("conclude_assessment", asked, role="finance", subject="bureau-one")
    assert kit.batch(both)[0]["error"]["code"] == "SAME_PERSON"
    found = conclude(kit, role="finance")
    states = {one["indicator"]: one["state"] for one in found["indicators"]}
    assert (states["approved"], states["evaluated"], states["service"]) == ("no_record", "no_record", "computed")
    # service 20×100, price 15×200/3, complaints 20×90, conduct 10×100, of 65
    assert found["score_bp"] == int((2000 + 1000 + 1800 + 1000) * 100 / 65)


def test_the_effect_is_the_whole_programmes(kit: Kit) -> None:
    """Of no party, once a period too; another programme's money is not in it."""
    year_2018(kit)
    kit.hear(kit.enterprise(8, programme=SHANXI, region="140105"), kit.order(8, 8, programme=SHANXI, region="140105"))
    opened(kit, of="effect")
    assert refused(kit, "open_assessment", body(2, of="effect"))["code"] == "ALREADY_REPORTED"
    found = sheet(kit)
    assert (found["of"], found["subject_id"], found["region"]) == ("effect", "", None)
    assert found["figures"] == {
        "year": 2018, "registered": 2, "on_cloud": 1, "by_kind": {"application": 1},
        "spending_fen": 2_700_000, "redeemed_fen": 1_350_000,
    }  # fmt: skip
    (told,) = kit.said("assessment_opened")
    assert told["data"]["subject_id"] is None
    reported(kit)
    found = conclude(kit)
    assert (found["score_bp"], found["grade"]["zh"], found["status"]) == (8000, "良好", "concluded")
    asked = body(3, of="effect", programme=SHANXI)
    assert refused(kit, "open_assessment", asked)["code"] == "RULE_ABSENT", "it is the third party's there"
    opened(kit, 4, of="effect", programme=SHANXI, role="third_party")
    assert sheet(kit, 4)["figures"]["registered"] == 1


def test_a_refusal_is_explained_under_its_id(kit: Kit) -> None:
    """Who asks why an assessment was not opened finds the answer under it."""
    kit.hear(kit.provider(1))
    refused(kit, "open_assessment", body(1))
    (found,) = kit.ask("explain", subject=uid("J", 1))["decisions"]
    assert (found["code"], found["facts"]["ends_on"]) == ("WRONG_STATE", "2018-12-31")


@pytest.mark.parametrize("method", ["adjust_assessment", "conclude_assessment", "confirm_mended"])
def test_a_token_of_one_programme_stays_there(kit: Kit, method: str) -> None:
    """An office of one programme would suspend another's provider."""
    year_2018(kit)
    opened(kit)
    asked: dict[str, Any] = {"assessment_id": uid("J", 1)}
    asked |= {"indicator": "service", "score": 1, "reason": "x"} if method == "adjust_assessment" else {}
    asked |= {"reason": "x"} if method == "confirm_mended" else {}
    foreign = kit.command(method, asked, role="bureau", programme=SHANXI)
    assert kit.batch(foreign)[0]["error"]["code"] == "PROGRAMME_MISMATCH"
    absent = kit.command(method, {**asked, "assessment_id": uid("J", 9)}, role="bureau")
    assert kit.batch(absent)[0]["error"]["code"] == "NOT_FOUND"


def test_a_party_reads_what_is_about_itself_when_it_is_concluded(kit: Kit) -> None:
    """Scores of a rival, of the programme, or not fixed yet are not a provider's to read; nor is who gave its own."""
    year_2018(kit)
    opened(kit)
    opened(kit, 2, subject=BAD)
    opened(kit, 3, of="effect")

    def seen(organisation: str | None) -> list[dict[str, Any]]:
        return list(kit.ask("assessments", role="provider", organisation=organisation, programme=GUIZHOU)["items"])

    assert seen(GOOD) == []
    reported(kit)
    conclude(kit)
    (own,) = seen(GOOD)
    assert (own["assessment_id"], own["score_bp"]) == (uid("J", 1), 9600)
    one = kit.ask("assessment", role="provider", organisation=GOOD, id=uid("J", 1))
    people = {"opened_by", "concluded_by", "adjusted_by"}
    assert not people & {*own, *one, *one["adjustments"][0]}
    assert one["adjustments"][0]["reason"] == "经复核"
    assert seen(BAD) == seen(None) == []
    for organisation, number in ((BAD, 1), (BAD, 2), (None, 3)):
        assert (
            kit.ask("assessment", role="provider", organisation=organisation, id=uid("J", number))["code"]
            == "NOT_OWNER"
        )

    def ids(**more: Any) -> list[str]:
        return [row["assessment_id"] for row in kit.ask("assessments", programme=GUIZHOU, **more)["items"]]

    assert ids() == [uid("J", number) for number in (1, 2, 3)]
    assert (ids(name="effect"), ids(subject_id=BAD)) == ([uid("J", 3)], [uid("J", 2)])
    assert (ids(status="open"), ids(limit=1)) == ([uid("J", 2), uid("J", 3)], [uid("J", 1)])


def test_an_adjustment_is_never_changed(kit: Kit) -> None:
    """Whoever has the database cannot better a provider's score without a trace."""
    year_2018(kit)
    opened(kit)
    reported(kit)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), kit.engine.begin() as conn:
        conn.execute(sa.text("UPDATE adjustments SET reason = 'x'"))


def test_many_take_as_many_statements_as_one(kit: Kit) -> None:
    """A year's assessments come at once: opened, adjusted and concluded, each in a fixed number of statements."""
    later(kit)
    kit.hear(*(kit.provider(n) for n in range(1, 62)))
    counts: dict[str, list[int]] = {}
    for numbers, quarter in ((range(1, 2), "2018-Q3"), (range(2, 62), "2018-Q4")):
        bodies = [body(n, subject=uid("P", n)) for n in numbers] + [body(100 + numbers[0], of="effect", period=quarter)]
        sheets = [one["assessment_id"] for one in bodies]
        scored = [adjust(indicator=name) | {"assessment_id": one, "score": 50} for name in EFFECTS for one in sheets]
        turns = [
            ("open_assessment", "a", bodies),
            ("adjust_assessment", "b", scored),
            ("conclude_assessment", "c", [{"assessment_id": one} for one in sheets]),
        ]
        for method, who, said in turns:
            commands = [kit.command(method, one, role="bureau", subject=who) for one in said]
            with counted(kit) as seen:
                answers = kit.batch(*commands)
            assert all(answer["ok"] for answer in answers), answers[:2]
            many = len([s for s in seen if "INSERT" not in s.upper() or "RETURNING" not in s.upper()])
            counts.setdefault(method, []).append(many)
    for method, found in counts.items():
        assert len(set(found)) == 1, (method, found)
        assert found[0] < 35, (method, found)


# --- evaluations of enterprises ---------------------------------------------------------------------------------------

ITEMS = [{"item": "content", "zh": "内容", "en": "content", "most": 60}, {"item": "effect", "zh": "成效", "most": 40}]


def publish(number: int, **more: Any) -> dict[str, Any]:
    return {"standard_id": uid("S", number), "programme": SHANDONG, "name": "enterprise", "items": ITEMS, **more}


def evaluation(
    number: int, content: int, effect: int, *, standard: int = 1, order: int = 1, **more: Any
) -> dict[str, Any]:
    points = [{"item": "content", "points": content}, {"item": "effect", "points": effect}]
    about = {"order_id": uid("R", order), "standard_id": uid("S", standard), "points": points, "text": "示例"}
    return {"evaluation_id": uid("X", number), "programme": SHANDONG, "name": "enterprise", **about, **more}


def shandong(kit: Kit) -> None:
    kit.hear(kit.enterprise(1, programme=SHANDONG, region="370102"), kit.provider(1, programme=SHANDONG))
    kit.hear(*(kit.order(n, 1, programme=SHANDONG, region="370102") for n in (1, 2)))


THIRD = {"role": "third_party"}


def test_an_enterprise_is_evaluated_against_the_standard_in_force(kit: Kit) -> None:
    """Points are of its items and the total is counted; a later evaluation takes the former's place, and says so."""
    shandong(kit)
    assert done(kit, "publish_standard", publish(1), **THIRD)["result"]["version"] == 1
    found = done(kit, "evaluate_enterprise", evaluation(1, 35, 24), **THIRD)
    assert found["result"] == {"id": uid("X", 1), "status": "evaluated", "sequence": 1, "score": 59}
    assert found["decision"]["facts"]["reached"] == 59
    error = refused(kit, "evaluate_enterprise", evaluation(2, 61, 24), **THIRD)
    assert (error["code"], error["facts"]["most"]) == ("INVALID", {"content": 60})
    assert done(kit, "publish_standard", publish(2, items=ITEMS[:1]), **THIRD)["result"]["version"] == 2
    assert refused(kit, "evaluate_enterprise", evaluation(2, 40, 30), **THIRD)["code"] == "WRONG_STATE"
    again = evaluation(2, 40, 0, standard=2)
    again["points"] = again["points"][:1]
    assert done(kit, "evaluate_enterprise", again, **THIRD)["result"]["score"] == 66
    told = [(one["subject"], one["data"]["status"], one["data"]["score"]) for one in kit.said("enterprise_evaluated")]
    assert told == [(uid("X", 1), "evaluated", 59), (uid("X", 1), "replaced", 59), (uid("X", 2), "evaluated", 66)]
    assert "示例" not in str(kit.said("enterprise_evaluated"))
    assert [one["status"] for one in kit.ask("standards", programme=SHANDONG)["items"]] == ["replaced", "published"]
    assert [one["data"]["status"] for one in kit.said("standard_published")] == ["published", "replaced", "published"]
    assert refused(kit, "publish_standard", publish(3))["code"] == "RULE_ABSENT", "the third party's, not the bureau's"
    assert refused(kit, "evaluate_enterprise", evaluation(3, 1, 1, order=9), **THIRD)["code"] == "NOT_YET_KNOWN"


def test_an_enterprise_and_its_provider_read_its_evaluation(kit: Kit) -> None:
    """A rival would read what an enterprise was told of itself."""
    shandong(kit)
    done(kit, "publish_standard", publish(1), **THIRD)
    done(kit, "evaluate_enterprise", evaluation(1, 50, 30), **THIRD)

    def seen(role: str, organisation: str | None) -> list[int]:
        asked = {"role": role, "organisation": organisation, "programme": SHANDONG}
        return [one["score"] for one in kit.ask("enterprise_evaluations", **asked)["items"]]

    assert seen("enterprise", uid("E", 1)) == seen("provider", uid("P", 1)) == seen("auditor", None) == [80]
    assert seen("enterprise", uid("E", 2)) == seen("provider", None) == []
    official = {"programme": SHANDONG, "order_id": uid("R", 2)}
    assert kit.ask("enterprise_evaluations", **official)["items"] == []


def test_evaluations_make_an_indicator_of_the_provider(kit: Kit) -> None:
    """内蒙古 八(四): what a third party found of its customers counts for it, and what was replaced does not."""
    kit.clock.advance(datetime(2019, 6, 3, 1, tzinfo=UTC) - kit.clock.now())
    kit.hear(kit.enterprise(1, programme=NEIMENGGU, region="150100"), kit.provider(1, programme=NEIMENGGU))
    kit.hear(*(kit.order(n, 1, programme=NEIMENGGU, region="150100", status="redeemed") for n in (1, 2)))
    here = {"programme": NEIMENGGU}
    done(kit, "publish_standard", publish(1, **here), **THIRD)
    for number, order, effect in ((1, 1, 0), (2, 1, 20), (3, 2, 40)):
        done(kit, "evaluate_enterprise", evaluation(number, 60, effect, order=order, **here), **THIRD)
    kit.clock.advance(datetime(2020, 2, 3, 1, tzinfo=UTC) - kit.clock.now())
    opened(kit, period="2019", **here)
    assert scores(kit)["evaluated"] == ("90", "90")
    assert local_date(kit.clock.now()).year == 2020


def test_evaluations_in_one_batch_replace_one_another(kit: Kit) -> None:
    """Two of one order in one batch: the second stands, in a fixed number of statements."""
    shandong(kit)
    done(kit, "publish_standard", publish(1), **THIRD)
    said = [evaluation(1, 10, 10), evaluation(2, 20, 20), evaluation(3, 30, 30, order=2)]
    answers = kit.batch(*(kit.command("evaluate_enterprise", one, role="third_party") for one in said))
    assert [one["result"]["score"] for one in answers] == [20, 40, 60]
    standing = [
        one for one in kit.ask("enterprise_evaluations", programme=SHANDONG)["items"] if one["status"] == "evaluated"
    ]
    assert [one["evaluation_id"] for one in standing] == [uid("X", 2), uid("X", 3)]
