"""Lost if these fail: what a province says of its cities is counted wrong, changed afterwards, or said twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from infra import packs
from services.supervision.store import tables
from tests.integration.supervision.kit import GUIZHOU, Kit, uid
from tests.integration.supervision.test_cost import counted

SHANXI, SHANDONG = "shanxi-2018", "shandong-2017"
APRIL = datetime(2019, 4, 10, 1, 0, tzinfo=UTC)


@pytest.fixture
def overlay(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A deployment that runs on the example of a Shandong city."""
    monkeypatch.setenv(packs.OVERLAYS, "example-shandong-city")
    packs.library.cache_clear()
    yield
    packs.library.cache_clear()


def body(method: str, number: int = 1, **more: Any) -> dict[str, Any]:
    common: dict[str, dict[str, Any]] = {
        "set_target": {"target_id": uid("G", number), "year": 2019, "measure": "enterprises", "at_least": 5},
        "report_progress": {"report_id": uid("H", number), "month": "2019-03", "score": 80, "text": "进展正常"},
        "evaluate_region": {"evaluation_id": uid("J", number), "period": "2018", "score": 70, "text": "完成较好"},
        "designate": {"designation_id": uid("M", number), "enterprise_id": uid("E", number), "kind": "pilot"},
        "award_regions": {"award_id": uid("N", number), "programme": SHANDONG, "year": 2018, "amount_fen": 1000},
    }
    about = {"reason": "行业示范"} if method == "designate" else {"region": "1401"}
    if method == "award_regions":
        about = {"regions": ["3701", "3702"]}
    return {"programme": SHANXI, **about, **common[method], **more}


def tell(kit: Kit, method: str, number: int = 1, *, office: str = "1401", **more: Any) -> dict[str, Any]:
    """One command by the office it belongs to: its answer."""
    role = "prefecture" if method == "report_progress" else "bureau"
    return kit.batch(kit.command(method, body(method, number, **more), role=role, region=office))[0]


def done(kit: Kit, method: str, number: int = 1, **more: Any) -> dict[str, Any]:
    answer = tell(kit, method, number, **more)
    assert answer["ok"], answer["error"]
    return answer


def refused(kit: Kit, method: str, number: int = 1, **more: Any) -> dict[str, Any]:
    answer = tell(kit, method, number, **more)
    assert not answer["ok"], answer["result"]
    return dict(answer["error"])


def figures(kit: Kit, programme: str = SHANXI, year: int = 2019, **more: Any) -> dict[str, dict[str, Any]]:
    items = kit.ask("region_figures", programme=programme, year=year, **more)["items"]
    return {item["region"]: item for item in items}


def at(kit: Kit, moment: datetime) -> None:
    kit.clock.advance(moment - kit.clock.now())


# --- counting -------------------------------------------------------------------------------------------------------


def test_enterprises_on_the_cloud_are_counted_by_filings_where_there_are_filings(kit: Kit) -> None:
    """Each once, in the city where it is registered now, and by kind; an order there counts nobody."""
    at(kit, APRIL)
    for number, region in ((1, "140105"), (2, "140106"), (3, "140200"), (4, "140105")):
        kit.hear(kit.enterprise(number, programme=SHANXI, region=region))
    kit.hear(
        kit.filing(1, 1, programme=SHANXI, category="management"),
        kit.filing(2, 1, programme=SHANXI, category="business"),
        kit.filing(3, 2, programme=SHANXI, category="business"),
        kit.filing(
            4, 3, programme=SHANXI, category="business", status="in_review", opened_on=None, told="filing_reviewed"
        ),
        kit.filing(5, 9, programme=SHANXI, category="business"),
        kit.filing(7, 4, programme=SHANXI, category="business", status="withdrawn", told="filing_withdrawn"),
        kit.order(6, 4, programme=SHANXI, region="140105"),
    )
    found = figures(kit)
    assert {city: (one["registered"], one["on_cloud"]) for city, one in found.items()} == {
        "1401": (3, 2),
        "1402": (1, 0),
    }
    assert found["1401"]["by_kind"] == {"business": 2, "management": 1}
    assert found["1401"]["spending_fen"] == 1_000_000
    assert figures(kit, region="14")["14"]["on_cloud"] == 2
    assert figures(kit, region="140100")["1401"]["on_cloud"] == 2
    assert figures(kit, year=2018)["1401"]["on_cloud"] == 0, "it was not there yet"
    kit.hear(kit.enterprise(2, programme=SHANXI, region="140200"))
    assert [one["on_cloud"] for one in figures(kit).values()] == [1, 1], (
        "an enterprise that moved is counted where it is"
    )


STATES = [
    ("placed", "order_placed", 0),
    ("confirmed", "order_confirmed", 1),
    ("refund_requested", "order_refund_requested", 1),
    ("refunded", "order_refunded", 0),
    ("claimed", "order_claimed", 1),
    ("redeemed", "order_redeemed", 1),
    ("failed", "order_failed", 0),
]


@pytest.mark.parametrize(("status", "told", "number"), STATES, ids=[one[0] for one in STATES])
def test_else_by_confirmed_orders(light: Kit, status: str, told: str, number: int) -> None:
    """Use that was undone does not count; a filing in a programme without filings counts nobody."""
    light.hear(light.enterprise(1), light.enterprise(2), light.filing(1, 2, programme=GUIZHOU, category="application"))
    first = light.order(1)
    data = {**first.data, "status": status, "confirmed_at": None if status == "placed" else first.data["confirmed_at"]}
    light.hear(first, light.event(f"voucher.{told}.v1", first.subject, data))
    found = figures(light, GUIZHOU, 2018)["5201"]
    assert (found["on_cloud"], found["by_kind"]) == (number, {"application": 1} if number else {})
    assert found["spending_fen"] == (1_000_000 if number else 0)


def test_what_is_old_changes_nothing_and_the_last_day_of_the_year_is_that_of_beijing(kit: Kit) -> None:
    """Events come in any order; an order confirmed at 17:00 UTC on 31 December is of the next year."""
    kit.hear(kit.enterprise(1))
    at(kit, datetime(2018, 12, 31, 17, 0, tzinfo=UTC))
    kit.hear(kit.order(1))
    late = kit.event("voucher.order_refunded.v1", uid("R", 1), {**kit.order(1).data, "status": "refunded"}, sequence=9)
    old = kit.event("voucher.order_confirmed.v1", uid("R", 1), kit.order(1).data, sequence=2)
    assert (figures(kit, GUIZHOU, 2018)["5201"]["on_cloud"], figures(kit, GUIZHOU, 2019)["5201"]["on_cloud"]) == (0, 1)
    kit.hear(late)
    kit.hear(old)
    assert figures(kit, GUIZHOU, 2019)["5201"]["on_cloud"] == 0


def test_redeemed_is_what_was_paid_and_did_not_come_back(kit: Kit) -> None:
    """In the year of the payment, after deductions: what the bank returned is paid no more."""
    kit.market()
    kit.filed(1, 1)
    at(kit, APRIL)
    paid = {"status": "paid", "deducted_fen": 100, "payable_fen": 400, "told": "claim_paid"}
    kit.hear(kit.claim(1, **paid))
    assert figures(kit, GUIZHOU, 2018)["5201"]["redeemed_fen"] == 0
    assert figures(kit, GUIZHOU, 2019)["5201"]["redeemed_fen"] == 400
    kit.hear(kit.claim(1, **{**paid, "status": "payment_failed", "told": "claim_payment_failed"}))
    assert figures(kit, GUIZHOU, 2019)["5201"]["redeemed_fen"] == 0


def test_programmes_at_once_do_not_mix(kit: Kit) -> None:
    """Nor do their targets, evaluations and reports: each has its own board."""
    at(kit, APRIL)
    kit.hear(
        kit.enterprise(1, programme=SHANXI, region="140105"), kit.enterprise(2, programme=SHANDONG, region="370102")
    )
    kit.hear(
        kit.filing(1, 1, programme=SHANXI, category="business"), kit.order(2, 2, programme=SHANDONG, region="370102")
    )
    done(kit, "set_target")
    done(kit, "set_target", 2, programme=SHANDONG, region="3701")
    done(kit, "evaluate_region", 2, programme=SHANDONG, region="3701")
    assert list(figures(kit)) == ["1401"]
    assert list(figures(kit, SHANDONG)) == ["3701"]
    assert list(figures(kit, GUIZHOU)) == []
    assert figures(kit, SHANDONG)["3701"]["by_kind"] == {"application": 1}
    assert kit.ask("list_evaluations", programme=SHANXI)["items"] == []
    assert refused(kit, "evaluate_region", 9, programme=GUIZHOU, region="5201")["code"] == "RULE_ABSENT"
    assert refused(kit, "set_target", 9, programme="nowhere-1999")["code"] == "PROGRAMME_UNKNOWN"
    assert kit.ask("region_figures", programme="nowhere-1999", year=2019)["code"] == "PROGRAMME_UNKNOWN"


# --- targets --------------------------------------------------------------------------------------------------------


def test_a_target_set_again_takes_the_place_of_the_former(kit: Kit) -> None:
    """One number stands; the former is told to be replaced, with a version of its own."""
    at(kit, APRIL)
    first = done(kit, "set_target")
    assert first["result"] == {"id": uid("G", 1), "status": "set", "sequence": 1}
    assert (first["decision"]["articles"], first["decision"]["pack_version"]) == (["一(二)"], "shanxi-2018@1")
    assert done(kit, "set_target")["result"]["sequence"] == 1
    done(kit, "set_target", 2, at_least=9, region="140100")
    done(kit, "set_target", 3, year=2020)
    told = [(one["subject"], one["sequence"], one["data"]["status"]) for one in kit.said("target_set")]
    one, two, three = (uid("G", number) for number in (1, 2, 3))
    assert told == [(one, 1, "set"), (one, 2, "replaced"), (two, 1, "set"), (three, 1, "set")]
    targets = figures(kit, region="1401")["1401"]["targets"]
    assert targets == [{"measure": "enterprises", "at_least": 9, "of_counties": 0, "reached": 0}]
    assert tell(kit, "set_target")["result"]["status"] == "replaced", "the same key again says how it stands now"
    assert refused(kit, "set_target", 2, at_least=10)["code"] == "ALREADY_EXISTS"


def test_two_targets_in_one_batch_and_the_last_stands(kit: Kit) -> None:
    """A batch is no different from one after the other."""
    at(kit, APRIL)
    commands = [kit.command("set_target", body("set_target", n, at_least=n), role="bureau") for n in (1, 2, 3)]
    with counted(kit) as seen:
        assert all(answer["ok"] for answer in kit.batch(*commands))
    assert len(seen) < 20, "in one go, and not one by one after a collision"
    with kit.engine.connect() as conn:
        rows = conn.execute(sa.select(tables.targets.c.target_id, tables.targets.c.status, tables.targets.c.sequence))
        assert sorted(rows.all()) == [
            (uid("G", 1), "replaced", 2),
            (uid("G", 2), "replaced", 2),
            (uid("G", 3), "set", 1),
        ]


# --- reports, evaluations -------------------------------------------------------------------------------------------


def test_a_month_is_reported_once_by_its_own_office(kit: Kit) -> None:
    """And what was not reported is shown."""
    at(kit, APRIL)
    assert refused(kit, "report_progress", office="1402")["code"] == "REGION_MISMATCH"
    report = done(kit, "report_progress")
    assert report["decision"]["articles"] == ["五(三)"]
    assert done(kit, "report_progress")["result"]["status"] == "reported"
    error = refused(kit, "report_progress", 2, region="140100", office="140100", score=90)
    assert (error["code"], error["field"], error["article"]) == ("ALREADY_REPORTED", "month", "五(三)")
    assert error["facts"]["report_id"] == uid("H", 1)
    (told,) = kit.said("progress_reported")
    assert "text" not in told["data"], "the text stays with the officials"
    done(kit, "report_progress", 3, month="2019-04")
    kit.hear(kit.enterprise(1, programme=SHANXI, region="140200"))
    found = figures(kit)
    assert found["1401"]["reports"] == {"due": 3, "handed_in": 1, "missing": ["2019-01", "2019-02"]}
    assert found["1402"]["reports"]["missing"] == ["2019-01", "2019-02", "2019-03"]
    assert [one["month"] for one in kit.ask("list_reports", programme=SHANXI, region="1401")["items"]] == [
        "2019-03",
        "2019-04",
    ]
    assert kit.ask("list_reports", programme=SHANXI, region="1402")["items"] == []


def test_an_evaluation_keeps_the_figures_of_its_moment(kit: Kit) -> None:
    """What comes later changes the figures, and not what the region was evaluated by."""
    at(kit, datetime(2018, 11, 5, tzinfo=UTC))
    kit.hear(kit.enterprise(1, programme=SHANXI, region="140105"), kit.enterprise(2, programme=SHANXI, region="140105"))
    kit.hear(kit.filing(1, 1, programme=SHANXI, category="business"))
    assert refused(kit, "evaluate_region")["code"] == "WRONG_STATE"
    at(kit, APRIL)
    answer = done(kit, "evaluate_region")
    kit.hear(kit.filing(2, 2, programme=SHANXI, category="business", opened_on="2018-12-30"))
    assert figures(kit, year=2018)["1401"]["on_cloud"] == 2
    (told,) = kit.said("region_evaluated")
    (kept,) = kit.ask("list_evaluations", programme=SHANXI)["items"]
    for found in (told["data"]["figures"], kept["figures"], answer["decision"]["facts"]["figures"]):
        assert (found["on_cloud"], found["registered"], found["by_kind"]) == (1, 2, {"business": 1})
        assert found["reports"]["due"] == 7
    assert told["data"]["law"]["articles"] == ["五(三)"]
    error = refused(kit, "evaluate_region", 2)
    assert (error["code"], error["field"]) == ("ALREADY_REPORTED", "period")
    done(kit, "evaluate_region", 3, period="2018-Q4")
    assert figures(kit, year=2018)["1401"]["evaluations"] == [
        {"period": "2018", "score": 70},
        {"period": "2018-Q4", "score": 70},
    ]


@pytest.mark.parametrize("table", ["region_reports", "region_evaluations", "designations", "region_awards"])
def test_what_was_told_is_never_changed(kit: Kit, table: str) -> None:
    """Whoever has the database cannot better a city's score without breaking it."""
    at(kit, APRIL)
    kit.hear(kit.enterprise(1, programme=SHANXI, region="140105"))
    for method in ("report_progress", "evaluate_region", "designate"):
        done(kit, method)
    with kit.engine.begin() as conn:
        if table == "region_awards":
            told = {"programme": SHANDONG, "status": "awarded", "told_at": kit.clock.now(), "told_by": "bureau-1"}
            law = {"pack_version": "x", "articles": [], "facts": {}, "sequence": 1}
            row = {"award_id": uid("N", 1), "year": 2018, "amount_fen": 1, "regions": [], "shares": [], **told, **law}
            conn.execute(sa.insert(tables.region_awards).values(row))
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), kit.engine.begin() as conn:
        conn.execute(sa.text(f"UPDATE {table} SET sequence = 2"))


# --- pilots ---------------------------------------------------------------------------------------------------------


def test_pilots_and_model_cases_count_once_each(kit: Kit) -> None:
    """Against the pack's targets, in the enterprise's own city."""
    at(kit, APRIL)
    assert refused(kit, "designate")["code"] == "NOT_YET_KNOWN"
    kit.hear(
        kit.enterprise(1, programme=SHANXI, region="140105"), kit.enterprise(2, programme=SHANDONG, region="370102")
    )
    answer = done(kit, "designate")
    assert (answer["decision"]["articles"], answer["decision"]["facts"]["region"]) == (["三(八)"], "140105")
    done(kit, "designate", 2, enterprise_id=uid("E", 1), kind="model")
    error = refused(kit, "designate", 3, enterprise_id=uid("E", 1))
    assert (error["code"], error["field"]) == ("ALREADY_EXISTS", "enterprise_id")
    assert refused(kit, "designate", 4, enterprise_id=uid("E", 2))["code"] == "NOT_FOUND"
    done(kit, "designate", 5, enterprise_id=uid("E", 2), programme=SHANDONG)
    found = figures(kit)["1401"]
    assert (found["pilots"], found["models"]) == (1, 1)
    assert [one["data"]["region"] for one in kit.said("enterprise_designated")] == ["140105", "140105", "370102"]
    public = kit.ask("list_designations", role="enterprise", programme=SHANXI)["items"]
    assert [one["kind"] for one in public] == ["pilot", "model"]
    assert all(not {"told_by", "reason"} & one.keys() for one in public)
    assert kit.ask("list_designations", programme=SHANXI)["items"][0]["reason"] == "行业示范"


def test_targets_beside_the_record(kit: Kit) -> None:
    """Over the whole programme, and nobody else's; what nobody tells is said not to be known."""
    at(kit, APRIL)
    kit.hear(
        kit.enterprise(1, programme=SHANXI, region="140105"), kit.filing(1, 1, programme=SHANXI, category="business")
    )
    kit.hear(
        kit.provider(1, programme=SHANXI, kind="platform"),
        kit.provider(2, programme=SHANXI),
        kit.provider(3, programme=SHANXI, status="exited"),
        kit.provider(4, programme=SHANDONG),
    )
    done(kit, "designate")
    found = {one["target"]: one for one in kit.ask("target_progress", programme=SHANXI)["items"]}
    reached = {name: [year["reached"] for year in one["record"]] for name, one in found.items()}
    assert reached == {
        "enterprises": [1], "pilots": [1], "models": [0], "platforms": [1], "application_providers": [1],
        "training": [], "experience_centres": [], "trained_enterprises": [],
    }  # fmt: skip
    assert (found["training"]["known"], found["pilots"]["at_least"], found["pilots"]["article"]) == (
        False,
        200,
        "三(八)",
    )


# --- the award ------------------------------------------------------------------------------------------------------


def shandong(kit: Kit) -> None:
    """3701: 1 of 2 on the cloud, 100 fen redeemed, score 40; 3702: 1 of 6, 300 fen, score 60."""
    at(kit, datetime(2018, 6, 5, tzinfo=UTC))
    cities = {1: "370102", 2: "370102", **dict.fromkeys(range(3, 9), "370202")}
    kit.hear(*(kit.enterprise(n, programme=SHANDONG, region=region) for n, region in cities.items()))
    for number, region, fen in ((1, "370102", 100), (3, "370202", 300)):
        about = {"programme": SHANDONG, "region": region}
        kit.hear(kit.order(number, number, **about))
        kit.hear(kit.claim(number, number, told="claim_paid", status="paid", payable_fen=fen, **about))
    at(kit, APRIL)


def evaluated(kit: Kit) -> None:
    for number, (region, score) in enumerate((("3701", 40), ("3702", 60)), start=1):
        done(kit, "evaluate_region", number, programme=SHANDONG, region=region, score=score)


def test_an_award_needs_its_rule(kit: Kit) -> None:
    """The document leaves the weights to the province: without them nothing is decided."""
    shandong(kit)
    error = refused(kit, "award_regions")
    assert (error["code"], error["article"]) == ("DELEGATED_RULE_MISSING", "三(三)")
    assert error["facts"]["pack_version"] == "shandong-2017@1"
    assert refused(kit, "award_regions", programme=SHANXI, regions=["1401"])["code"] == "RULE_ABSENT"
    assert kit.said("regions_awarded") == []


@pytest.mark.usefixtures("overlay")
def test_an_award_is_shared_out_by_the_weights_to_the_fen(kit: Kit) -> None:
    """2/5·(1/2)/(2/3) + 2/5·1/4 + 1/5·2/5 = 12/25 for the first city."""
    shandong(kit)
    error = refused(kit, "award_regions")
    assert (error["code"], error["facts"]["missing"]) == ("EVALUATION_MISSING", ["3701", "3702"])
    evaluated(kit)
    answer = done(kit, "award_regions", amount_fen=1_001, regions=["370200", "3701"])
    shares = [
        {"region": "3701", "index": "0.480000000000", "amount_fen": 480},
        {"region": "3702", "index": "0.520000000000", "amount_fen": 521},
    ]
    assert answer["result"] == {"id": uid("N", 1), "status": "awarded", "sequence": 1, "shares": shares}
    decision = answer["decision"]
    assert (decision["pack_version"], decision["articles"]) == (
        "shandong-2017@1+example-shandong-city@1",
        ["示例第五条"],
    )
    first = {"region": "3701", "registered": 2, "on_cloud": 1, "redeemed_fen": 100, "score": 40}
    assert decision["facts"]["regions"][0] == first
    (told,) = kit.said("regions_awarded")
    assert (told["data"]["shares"], told["data"]["amount_fen"]) == (shares, 1_001)
    assert told["data"]["law"]["facts"]["weights"] == {"cloud_share": "40%", "redeemed": "40%", "assessment": "20%"}
    (listed,) = kit.ask("list_awards", role="enterprise", programme=SHANDONG)["items"]
    assert (listed["shares"], listed["facts"]["regions"][0]) == (shares, first)


@pytest.mark.usefixtures("overlay")
def test_a_year_is_awarded_once(kit: Kit) -> None:
    """The same again gives the same answer; another id, or other cities, would hand the money out twice."""
    shandong(kit)
    evaluated(kit)
    first = done(kit, "award_regions")["result"]
    assert done(kit, "award_regions", regions=["3702", "3701"])["result"] == first
    assert refused(kit, "award_regions", amount_fen=2)["code"] == "ALREADY_EXISTS"
    error = refused(kit, "award_regions", 2, regions=["3701"])
    assert (error["code"], error["field"], error["facts"]["award_id"]) == ("ALREADY_EXISTS", "year", uid("N", 1))
    commands = [kit.command("award_regions", body("award_regions", n, year=2017), role="bureau") for n in (3, 4)]
    assert {answer["error"]["code"] for answer in kit.batch(*commands)} == {"EVALUATION_MISSING"}
    assert len(kit.said("regions_awarded")) == 1


@pytest.mark.usefixtures("overlay")
def test_nothing_to_share_by_is_refused(light: Kit) -> None:
    """Cities that have nothing of any criterion are not given equal shares that no rule names."""
    at(light, APRIL)
    for number, region in enumerate(("3701", "3702"), start=1):
        done(light, "evaluate_region", number, programme=SHANDONG, region=region, score=0)
    assert refused(light, "award_regions")["code"] == "FACT_MISSING"


# --- refusals are found under what they are about; batches cost as much as one ---------------------------------------


def test_a_refusal_is_explained_under_its_id(kit: Kit) -> None:
    """Who asks why a report was not taken finds the answer under the report, with the rules that refused it."""
    at(kit, APRIL)
    refused(kit, "report_progress", month="2018-05")
    (found,) = kit.ask("explain", subject=uid("H", 1))["decisions"]
    assert (found["code"], found["pack_version"]) == ("OUT_OF_PERIOD", "shanxi-2018@1")
    assert found["articles"] == ["晋政办发〔2018〕63号"]
    assert found["facts"]["first"] == "2018-06-15"


MANY: dict[str, Any] = {
    "set_target": lambda n: {"region": f"14{n:02d}", "at_least": n},
    "report_progress": lambda n: {"region": f"14{n:02d}"},
    "evaluate_region": lambda n: {"region": f"14{n:02d}"},
    "designate": lambda n: {},
    "award_regions": lambda n: {},  # of a year that is awarded: refused after all was read
}


@pytest.mark.usefixtures("overlay")
@pytest.mark.parametrize("method", list(MANY))
def test_many_take_as_many_statements_as_one(kit: Kit, method: str) -> None:
    """A province tells of a hundred counties at once."""
    shandong(kit)
    evaluated(kit)
    done(kit, "award_regions", 99)
    kit.hear(*(kit.enterprise(n, programme=SHANXI, region="140105") for n in range(11, 71)))
    role = "prefecture" if method == "report_progress" else "bureau"
    counts = []
    for numbers in (range(11, 12), range(12, 62)):
        bodies = [body(method, n, **MANY[method](n)) for n in numbers]
        commands = [kit.command(method, one, role=role, region=one.get("region", "14")) for one in bodies]
        with counted(kit) as seen:
            answers = kit.batch(*commands)
        assert {answer["ok"] for answer in answers} == {method != "award_regions"}, answers[:2]
        counts.append(len([s for s in seen if "INSERT" not in s.upper() or "RETURNING" not in s.upper()]))
    assert counts[0] == counts[1] < 25, counts


def test_a_late_report_is_of_its_month(kit: Kit) -> None:
    """Reported in April, of January: it counts as January's and is no more missing."""
    at(kit, APRIL)
    done(kit, "report_progress", month="2019-01")
    kit.clock.advance(timedelta(days=30))
    kit.hear(kit.enterprise(1, programme=SHANXI, region="140105"))
    assert figures(kit)["1401"]["reports"] == {"due": 4, "handed_in": 1, "missing": ["2019-02", "2019-03", "2019-04"]}


# --- counties and late months ---------------------------------------------------------------------------------------


def test_counties_share_their_city_s_target(kit: Kit) -> None:
    """Within one batch too; what is left is the city's to break down."""
    at(kit, APRIL)
    bodies = [
        body("set_target", number, region=region, at_least=number_of)
        for number, region, number_of in ((1, "1401", 10), (2, "140105", 6), (3, "140106", 5), (4, "140106", 4))
    ]
    answers = kit.batch(*(kit.command("set_target", one, role="bureau") for one in bodies))
    assert [one["ok"] for one in answers] == [True, True, False, True]
    error = answers[2]["error"]
    assert (error["code"], error["field"], error["article"]) == ("TARGETS_EXCEEDED", "at_least", "一(二)")
    assert (error["facts"]["of_city"], error["facts"]["of_counties"]) == (10, 11)
    assert refused(kit, "set_target", 5, region="1401", at_least=9)["code"] == "TARGETS_EXCEEDED"
    done(kit, "set_target", 6, region="1401", at_least=11)
    done(kit, "set_target", 7, region="140107", at_least=1)
    (city,) = kit.ask("region_figures", programme=SHANXI, year=2019, region="1401")["items"]
    (target,) = city["targets"]
    assert (target["at_least"], target["of_counties"]) == (11, 11)


def test_a_month_that_is_not_reported_is_told_once(kit: Kit) -> None:
    """Ten working days of March 2019: 15 April (the 5th is a holiday). Lost otherwise: a city that reports nothing and
    nobody asks it."""
    at(kit, APRIL)
    kit.hear(
        kit.enterprise(1, programme=SHANXI, region="140105"),
        kit.enterprise(2, programme=SHANXI, region="140200"),
        kit.enterprise(3, programme=SHANDONG, region="370102"),
    )
    done(kit, "report_progress", 1)
    at(kit, datetime(2019, 4, 15, 9, tzinfo=UTC))
    kit.pipeline.run_due()
    assert kit.said("progress_overdue") == []
    at(kit, datetime(2019, 4, 16, 1, tzinfo=UTC))
    kit.pipeline.run_due()
    kit.pipeline.run_due()
    (told,) = kit.said("progress_overdue")
    assert (told["data"]["region"], told["data"]["month"], told["data"]["due_on"]) == ("1402", "2019-03", "2019-04-15")
    (alert,) = kit.ask("list_alerts", programme=SHANXI, alert="TERM_MISSED")["items"]
    assert (alert["region"], alert["subject"], alert["articles"]) == ("1402", f"{SHANXI}:1402:2019-03", ["五(三)"])
    at(kit, datetime(2019, 5, 20, 1, tzinfo=UTC))
    kit.pipeline.run_due()
    assert [(one["data"]["region"], one["data"]["month"]) for one in kit.said("progress_overdue")[1:]] == [
        ("1401", "2019-04"),
        ("1402", "2019-04"),
    ]
