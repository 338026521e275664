"""Lost if these fail: a city is told that it reached a target it missed, or one programme's
enterprises are another's."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from contracts.programmes import load, shipped
from services.supervision.domain.figures import KNOWN, Count, Record, reached, region_figures, target_progress, totals

P = "shanxi-2018"
TODAY = date(2019, 4, 10)
COUNTS = [
    Count(P, "140105", "registered", 5),
    Count(P, "140106", "registered", 3),
    Count(P, "140200", "registered", 2),
    Count(P, "140105", "on_cloud", 2, 2018),
    Count(P, "140106", "on_cloud", 1, 2019),
    Count(P, "140105", "on_cloud", 2, 2018, "management"),
    Count(P, "140105", "on_cloud", 1, 2018, "business"),
    Count(P, "140105", "redeemed_fen", 700, 2018),
    Count(P, "140106", "redeemed_fen", 500, 2019),
    Count(P, "140105", "spending_fen", 199, 2019),
    Count("shandong-2017", "140105", "registered", 900),
]


def row(region: str = "1401", **more: Any) -> dict[str, Any]:
    return {"programme": P, "region": region, **more}


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (2017, {"registered": 8, "on_cloud": 0, "redeemed_fen": 0, "spending_fen": 0, "by_kind": {}}),
        (2018, {"on_cloud": 2, "redeemed_fen": 700, "spending_fen": 0, "by_kind": {"business": 1, "management": 2}}),
        (2019, {"registered": 8, "on_cloud": 3, "redeemed_fen": 500, "spending_fen": 199}),
    ],
)
def test_what_stands_at_the_end_of_a_year_and_what_happened_in_it(year: int, expected: dict[str, Any]) -> None:
    """Enterprises on the cloud stay; money of one year is not the next year's."""
    figures = totals(Record(counts=COUNTS).of(P, "1401").counts, year=year)
    assert {name: figures[name] for name in expected} == expected


def test_regions_and_programmes_do_not_mix() -> None:
    """A rule of one must not leak into another: not its enterprises either."""
    record = Record(counts=COUNTS, targets=[row("1403"), row("3701", programme="shandong-2017")])
    assert record.of(P).cities() == ["1401", "1402", "1403"]
    assert sum(count.number for count in record.of(P, "1402").counts) == 2
    assert record.of("shandong-2017").cities() == ["1401", "3701"]


@pytest.mark.parametrize(
    ("measure", "number"),
    [
        ("enterprises", 3), ("spending_yuan", 1), ("pilot_enterprises", 0), ("model_cases", 0),
        ("model_enterprises", 0), ("platform_providers", 0), ("training_batches", None), ("experience_centres", None),
        ("general_platform_providers", None),
    ],
)  # fmt: skip
def test_what_nobody_tells_is_not_known(measure: str, number: int | None) -> None:
    """A nought where nothing is known would read as a failure, a guess as a success. Yuan are whole yuan."""
    assert reached(totals(Record(counts=COUNTS).of(P, "1401").counts, year=2019), measure) == number


def test_a_region_s_targets_reports_and_evaluations_stand_beside_its_figures() -> None:
    """Its own, of that year: not its county's, its neighbour's or last year's."""
    record = Record(
        counts=COUNTS,
        targets=[
            row(year=2019, measure="enterprises", at_least=4),
            row(year=2018, measure="enterprises", at_least=1),
            row("140105", year=2019, measure="enterprises", at_least=9),
            row(year=2019, measure="training_batches", at_least=6),
        ],
        reports=[row(month="2019-02"), row(month="2019-04"), row("1402", month="2019-01"), row(month="2018-12")],
        evaluations=[
            row(period="2019-Q1", score=77),
            row(period="2018", score=60),
            row("1402", period="2019", score=1),
        ],
    )
    found = region_figures(record, pack=load(P), region="1401", year=2019, today=TODAY)
    assert found["targets"] == [
        {"measure": "enterprises", "at_least": 4, "of_counties": 9, "reached": 3},
        {"measure": "training_batches", "at_least": 6, "of_counties": 0, "reached": None},
    ]
    assert found["reports"] == {"due": 3, "handed_in": 1, "missing": ["2019-01", "2019-03"]}
    assert found["evaluations"] == [{"period": "2019-Q1", "score": 77}]
    elsewhere = region_figures(record, pack=load("guizhou-2018"), region="5201", year=2019, today=TODAY)
    assert (elsewhere["reports"], elsewhere["registered"]) == (None, 0)


def test_the_pack_s_targets_beside_the_record() -> None:
    """By the year that the target names, over the whole programme; what is not known is said to be so."""
    items = {item["target"]: item for item in target_progress(Record(counts=COUNTS), pack=load(P), today=TODAY)}
    assert items["enterprises"]["record"] == [{"year": 2020, "reached": 3}]
    assert (items["enterprises"]["at_least"], items["enterprises"]["article"]) == (10_000, "一(二)")
    assert (items["training"]["known"], items["training"]["record"]) == (False, [])


def test_a_target_of_each_year_is_told_for_each_year_so_far() -> None:
    """Not for years to come, nor for those after the programme."""
    pack = load("shandong-2017")
    counts = [
        Count(pack.code, "370102", "spending_fen", 100_000, 2018),
        Count(pack.code, "370102", "spending_fen", 1, 2019),
    ]
    for today, last in ((TODAY, 2019), (date(2025, 1, 1), 2020)):
        items = {item["target"]: item for item in target_progress(Record(counts=counts), pack=pack, today=today)}
        record = items["spending_yuan"]["record"]
        assert [one["year"] for one in record] == list(range(2017, last + 1))
        assert record[1] == {"year": 2018, "reached": 1000}


def test_each_measure_of_each_pack_is_either_known_or_said_not_to_be() -> None:
    """A new pack's measure must not break the query."""
    for code in shipped().codes():
        pack = load(code)
        for item in target_progress(Record(), pack=pack, today=TODAY):
            assert item["known"] is (item["measure"] in KNOWN)
            assert bool(item["record"]) is item["known"]
