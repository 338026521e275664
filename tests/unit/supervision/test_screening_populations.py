"""Lost if these fail: supervisors are sent after honest claims, or misconduct that is planted is not found.

The populations are made by benchmarks/populations.py, which knows nothing of the rules; `make bench BENCH=screening`
looks at more and larger ones.
"""

import random
from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.populations import Labelled, World, populate
from services.supervision.domain.finding import ORDER
from services.supervision.domain.screening import Population, screen
from services.supervision.formats.claims_csv import COLUMNS
from tests.profiles import examples
from tests.unit.supervision.claims import crowd, found

WORLDS = [
    World(planted=0.01),
    World(
        programme="maker-9",
        providers=40,
        prices="lognormal",
        spread=0.03,
        invoices="prefixed",
        filing="weekly",
        names=2_000,
        offices=0.15,
        agents=0.1,
        level=8_000.0,
        catalogue="shared",
        blanks=0.04,
        planted=0.01,
    ),
]


def population(labelled: Labelled) -> Population:
    return Population.of({target: row.get(name) for name, target, _ in COLUMNS} for row in labelled.rows)


@pytest.mark.parametrize("seed", [90_001, 90_002])
@pytest.mark.parametrize("world", WORLDS, ids=["menu", "free prices"])
def test_nine_in_ten_planted_are_found_and_two_in_a_hundred_honest_at_most_alerted(world: World, seed: int) -> None:
    labelled = populate(world, 2_500, seed)
    alerts = screen(population(labelled))
    hits: defaultdict[str, list[bool]] = defaultdict(list)
    for claim, planted in labelled.planted.items():
        for alert in planted:
            hits[alert].append(any(finding.rule == alert for finding in alerts.get(claim, ())))
    assert len(hits) == 11
    assert sum(map(sum, hits.values())) >= 0.95 * sum(map(len, hits.values()))
    assert {alert: sum(hit) / len(hit) for alert, hit in hits.items() if sum(hit) < 0.8 * len(hit)} == {}
    honest = [row["claim"] for row in labelled.rows if not labelled.planted.get(row["claim"])]
    assert sum(claim in alerts for claim in honest) <= 0.02 * len(honest)
    for findings in alerts.values():
        for finding in findings:
            assert finding.zh.count("。") == finding.en.strip(".").count(". ") + 1 == 1, "one sentence"


def small(seed):
    """Some hundred claims with some of everything."""
    labelled = populate(replace(WORLDS[0], providers=8, planted=0.02), 400, seed)
    return [{target: row.get(name) for name, target, _ in COLUMNS} for row in labelled.rows]


@pytest.fixture(scope="module")
def spoiled():
    rows = small(90_003)
    return rows, found(rows)


def test_the_order_of_rows_does_not_matter(spoiled) -> None:
    rows, alerts = spoiled
    shuffled = random.Random(1).sample(rows, len(rows))
    assert found(shuffled) == alerts


def test_who_asks_about_some_hears_the_same_as_who_asks_about_all(spoiled) -> None:
    """Live, only the claims of a batch are asked about."""
    rows, alerts = spoiled
    some = [row["claim"] for row in rows[::7]]
    assert found(rows, some) == {claim: alerts[claim] for claim in some if claim in alerts}


@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_an_empty_cell_never_raises_an_alert(spoiled, data) -> None:
    rows, alerts = spoiled
    at = data.draw(st.integers(0, len(rows) - 1))
    names = data.draw(st.sets(st.sampled_from([target for _, target, _ in COLUMNS if target != "claim"]), min_size=1))
    emptied = [*rows[:at], rows[at] | dict.fromkeys(names), *rows[at + 1 :]]
    claim = rows[at]["claim"]
    assert found(emptied, [claim]).get(claim, set()) <= alerts.get(claim, set())


def test_one_more_honest_claim_changes_nothing_to_the_graver(spoiled) -> None:
    rows, _ = spoiled
    before = screen(Population.of(rows))
    stranger = crowd(1, start=7_777)[0] | {"provider": "P-new", "product": "S-new", "category": "new"}
    after = screen(Population.of([*rows, stranger]))
    assert stranger["claim"] not in after
    for claim, findings in after.items():
        severities = {finding.rule: finding.severity for finding in before.get(claim, ())}
        assert all(ORDER[finding.severity] >= ORDER[severities[finding.rule]] for finding in findings)
