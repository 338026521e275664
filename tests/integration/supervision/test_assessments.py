"""Lost if these fail: an assessment is made twice, of the wrong figures, bettered afterwards, or read by a rival."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from contracts import catalogue
from infra.messages import Actor, Command
from tests.integration.supervision.kit import GUIZHOU, Kit, uid
from tests.integration.supervision.test_cost import counted

SHANXI = "shanxi-2018"
JANUARY = datetime(2019, 1, 10, 1, 0, tzinfo=UTC)


def body(number: int, *, of: str = "provider", subject: str | None = uid("P", 1), **more: Any) -> dict[str, Any]:
    about = {} if of == "effect" else {"subject_id": subject}
    said = {"period": "2018", "score": 80, "text": "服务及时"}
    return {"assessment_id": uid("J", number), "programme": GUIZHOU, "name": of, **about, **said, **more}


def tell(kit: Kit, number: int = 1, *, role: str = "bureau", **more: Any) -> dict[str, Any]:
    return kit.batch(kit.command("record_assessment", body(number, **more), role=role))[0]


def done(kit: Kit, number: int = 1, **more: Any) -> dict[str, Any]:
    answer = tell(kit, number, **more)
    assert answer["ok"], answer["error"]
    return answer


def refused(kit: Kit, number: int = 1, **more: Any) -> dict[str, Any]:
    answer = tell(kit, number, **more)
    assert not answer["ok"], answer["result"]
    return dict(answer["error"])


def later(kit: Kit) -> None:
    kit.clock.advance(JANUARY - kit.clock.now())


def year_2018(kit: Kit) -> None:
    """Two providers; of the first a refunded order, a paid claim, a complaint, one alert of two confirmed."""
    shared = {"phone": "7" * 64}
    kit.hear(kit.enterprise(1), kit.enterprise(2, **shared), kit.provider(1, **shared), kit.provider(2))
    kit.hear(kit.product(1), kit.product(2, 2))
    kit.hear(
        kit.order(1, 1), kit.order(2, 2), kit.order(3, 1, status="refunded"), kit.order(4, 1, 2, 2), kit.order(5, 2)
    )
    kit.hear(kit.claim(1, 1), kit.claim(2, 2), kit.claim(5, 2))
    kit.hear(kit.claim(1, 1, told="claim_paid", status="paid", payable_fen=500_000))
    (alert,), (_open,) = kit.alerts(2), kit.alerts(5)
    kit.ok("resolve_alert", alert_id=alert["alert_id"], verdict="confirmed", reason="属实")
    complaint = {"complaint_id": uid("Q", 1), "enterprise_id": uid("E", 1), "provider_id": uid("P", 1)}
    kit.ok("file_complaint", role="platform", programme=GUIZHOU, text="服务迟延", **complaint)
    later(kit)


def test_a_provider_is_assessed_once_a_period_with_its_own_figures(kit: Kit) -> None:
    """What comes later changes nothing of it; the text stays here, and the same again is answered as it stands."""
    year_2018(kit)
    answer = done(kit)
    assert answer["result"] == {"id": uid("J", 1), "status": "recorded", "sequence": 1}
    kit.hear(kit.order(9, 1))
    figures = {
        "orders": {"confirmed": 3, "refunded": 1},
        "claims": {"filed": 2, "paid": 1},
        "complaints": {"open": 1},
        "alerts": {"confirmed": 1},
    }
    assert (answer["decision"]["articles"], answer["decision"]["pack_version"]) == (["五(五)"], "guizhou-2018@1")
    (told,) = kit.said("assessment_recorded")
    (kept,) = kit.ask("list_assessments", programme=GUIZHOU)["items"]
    for found in (told["data"], kept, answer["decision"]["facts"]):
        assert (found["figures"], found["score"], found["subject_id"]) == (figures, 80, uid("P", 1))
    assert (told["data"]["of"], "text" in told["data"], kept["text"]) == ("provider", False, "服务及时")
    assert done(kit)["result"] == answer["result"]
    assert refused(kit, score=81)["code"] == "ALREADY_EXISTS"
    error = refused(kit, 2, score=90)
    assert (error["code"], error["field"], error["article"]) == ("ALREADY_REPORTED", "period", "五(五)")
    assert error["facts"]["assessment_id"] == uid("J", 1)
    done(kit, 3, period="2018-Q4")
    done(kit, 4, subject=uid("P", 2))
    assert len(kit.said("assessment_recorded")) == 3


def test_the_effect_is_the_whole_programmes(kit: Kit) -> None:
    """Of no party, once a period too; another programme's money is not in it."""
    year_2018(kit)
    kit.hear(kit.enterprise(8, programme=SHANXI, region="140105"), kit.order(8, 8, programme=SHANXI, region="140105"))
    done(kit, of="effect")
    assert refused(kit, 2, of="effect")["code"] == "ALREADY_REPORTED"
    (told,) = kit.said("assessment_recorded")
    assert (told["data"]["of"], told["data"]["subject_id"]) == ("effect", None)
    assert told["data"]["figures"] == {
        "year": 2018, "registered": 2, "on_cloud": 2, "by_kind": {"application": 2},
        "spending_fen": 4_000_000, "redeemed_fen": 500_000,
    }  # fmt: skip
    assert refused(kit, 3, of="effect", programme=SHANXI)["code"] == "RULE_ABSENT", "it is the third party's there"
    done(kit, 4, of="effect", programme=SHANXI, role="third_party")
    assert kit.said("assessment_recorded")[1]["data"]["figures"]["registered"] == 1


def test_an_enterprise_is_assessed_where_the_document_says_so(kit: Kit) -> None:
    """In Shandong by the third party, with its orders; Guizhou knows no such assessment."""
    kit.hear(kit.enterprise(1, programme="shandong-2017", region="370102"))
    kit.hear(kit.order(1, 1, programme="shandong-2017", region="370102"))
    later(kit)
    about = {"of": "enterprise", "subject": uid("E", 1), "programme": "shandong-2017", "role": "third_party"}
    done(kit, **about)
    assert kit.said("assessment_recorded")[0]["data"]["figures"] == {"orders": {"confirmed": 1}}
    assert refused(kit, 2, of="enterprise", subject=uid("E", 1))["code"] == "RULE_ABSENT"
    assert refused(kit, 3, **{**about, "subject": uid("E", 2)})["code"] == "NOT_YET_KNOWN"


def test_a_refusal_is_explained_under_its_id(kit: Kit) -> None:
    """Who asks why an assessment was not taken finds the answer under it."""
    kit.hear(kit.provider(1))
    refused(kit)
    (found,) = kit.ask("explain", subject=uid("J", 1))["decisions"]
    assert (found["code"], found["facts"]["ends_on"]) == ("WRONG_STATE", "2018-12-31")


def test_a_party_reads_what_is_about_itself(kit: Kit) -> None:
    """Scores of a rival, and of the programme, are not a provider's to read; nor is who gave its own."""
    year_2018(kit)
    for number, of, subject in ((1, "provider", uid("P", 1)), (2, "provider", uid("P", 2)), (3, "effect", None)):
        done(kit, number, of=of, subject=subject)

    def seen(organisation: str | None) -> list[dict[str, Any]]:
        actor = Actor(subject="p-1", roles=frozenset({"provider"}), organisation=organisation)
        loaded = catalogue.METHODS["supervision.list_assessments"].request().load({"programme": GUIZHOU})
        answer = kit.pipeline.run_query("list_assessments", Command("list_assessments", None, loaded, actor, "c"))
        return list(answer["result"]["items"])

    (own,) = seen(uid("P", 2))
    assert (own["assessment_id"], own["text"], "told_by" in own) == (uid("J", 2), "服务及时", False)
    assert seen(None) == []

    def ids(**more: Any) -> list[str]:
        return [one["assessment_id"] for one in kit.ask("list_assessments", programme=GUIZHOU, **more)["items"]]

    assert ids() == [uid("J", number) for number in (1, 2, 3)]
    assert ids(name="effect") == [uid("J", 3)]
    assert ids(name="provider", subject_id=uid("P", 1)) == [uid("J", 1)]
    assert kit.ask("list_assessments", programme=GUIZHOU)["items"][0]["told_by"] == "bureau-1"


def test_a_score_is_never_changed(kit: Kit) -> None:
    """Whoever has the database cannot better a provider's score without breaking it."""
    year_2018(kit)
    done(kit)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), kit.engine.begin() as conn:
        conn.execute(sa.text("UPDATE assessments SET score = 100"))


def test_many_take_as_many_statements_as_one(kit: Kit) -> None:
    """A year's assessments come at once: providers, and the effect of each quarter."""
    later(kit)
    kit.hear(*(kit.provider(n) for n in range(1, 62)))
    counts = []
    for numbers, quarter in ((range(1, 2), "2018-Q3"), (range(2, 62), "2018-Q4")):
        bodies = [body(n, subject=uid("P", n)) for n in numbers]
        bodies.append(body(100 + numbers[0], of="effect", period=quarter))
        commands = [kit.command("record_assessment", one, role="bureau") for one in bodies]
        with counted(kit) as seen:
            answers = kit.batch(*commands)
        assert all(answer["ok"] for answer in answers), answers[:2]
        counts.append(len([s for s in seen if "INSERT" not in s.upper() or "RETURNING" not in s.upper()]))
    assert counts[0] == counts[1] < 35, counts
