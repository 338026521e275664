"""Lost if these fail: a fen of the province's award vanishes, or a city's part depends on the order of a list."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import Refused
from contracts.programmes import load
from contracts.programmes.schema import RegionAward
from services.supervision.domain import awards
from services.supervision.domain.awards import Standing, share_out, weights

RULE = RegionAward(
    article="示例",
    zh="示例",
    en="example",
    cloud_share=Fraction(2, 5),
    redeemed=Fraction(2, 5),
    assessment=Fraction(1, 5),
)


def city(region: str, *, of: int = 100, on: int = 0, fen: int = 0, score: int = 0) -> Standing:
    return Standing(region=region, registered=of, on_cloud=on, redeemed_fen=fen, score=score)


TABLE = [
    pytest.param([city("3701", on=10, fen=5, score=80)], [1000], id="one takes all"),
    pytest.param([city("3701", on=1, fen=1, score=1), city("3702", on=1, fen=1, score=1)], [500, 500], id="alike"),
    pytest.param(  # 2/5·1/4 + 2/5·1/2 + 1/5·2/5 = 19/50
        [city("3701", on=10, fen=100, score=40), city("3702", on=30, fen=100, score=60)], [380, 620], id="all three"
    ),
    pytest.param(  # the share counts, not the number: 5 of 10 is more than 50 of 500
        [city("3701", of=10, on=5), city("3702", of=500, on=50)], [833, 167], id="share of the cloud"
    ),
    pytest.param(  # nothing redeemed: 2/5 and 1/5 become 2/3 and 1/3
        [city("3701", on=10, score=50), city("3702", on=30, score=50)], [333, 667], id="a criterion nobody has"
    ),
    pytest.param([city("3701", of=0, fen=1), city("3702", fen=3)], [250, 750], id="nobody registered in one"),
    pytest.param([city(f"370{n}", score=1) for n in (1, 2, 3)], [334, 333, 333], id="the odd fen to the first"),
]


@pytest.mark.parametrize(("standings", "amounts"), TABLE)
def test_shares(standings: list[Standing], amounts: list[int]) -> None:
    """Worked by hand: what a city would compute itself."""
    assert [share.amount_fen for share in share_out(1000, rule=RULE, standings=standings)] == amounts


def test_nothing_to_go_by_is_no_share() -> None:
    """Not a division by nothing, nor equal shares that no rule gives."""
    assert share_out(1000, rule=RULE, standings=[city("3701"), city("3702")]) == []


def test_left_out_weight_goes_to_the_others_in_proportion() -> None:
    """Else a criterion nobody has would keep a part of the money that nobody can be given."""
    found = weights(RULE, [city("3701", fen=1, score=5)])
    assert found == {"redeemed": Fraction(2, 3), "assessment": Fraction(1, 3)}
    assert weights(RULE, [city("3701", score=5)]) == {"assessment": Fraction(1)}


cities = st.lists(
    st.builds(
        lambda number, of, on, fen, score: city(f"37{number:02d}", of=of, on=min(on, of), fen=fen, score=score),
        st.integers(1, 99),
        st.integers(0, 500_000),
        st.integers(0, 500_000),
        st.integers(0, 10**14),
        st.integers(0, 100),
    ),
    min_size=1,
    max_size=17,
    unique_by=lambda one: one.region,
)
parts = st.integers(0, 100)


@given(cities, st.integers(1, 10**15), parts, parts, st.randoms(use_true_random=False))
def test_any_award_adds_up_and_the_order_changes_nothing(
    standings: list[Standing], amount: int, cloud: int, redeemed: int, chance: random.Random
) -> None:
    """To the fen, whatever the weights and figures are; and no share is a fen or more from its exact part."""
    whole = cloud + redeemed + 1
    rule = RegionAward(
        article="示例", zh="示例", en="example",
        cloud_share=Fraction(cloud, whole), redeemed=Fraction(redeemed, whole), assessment=Fraction(1, whole),
    )  # fmt: skip
    shares = share_out(amount, rule=rule, standings=standings)
    if not shares:
        assert not weights(rule, standings)
        return
    assert sum(share.amount_fen for share in shares) == amount
    assert sum(share.index for share in shares) == 1
    assert all(abs(share.amount_fen - amount * share.index) < 1 for share in shares)
    mixed = list(standings)
    chance.shuffle(mixed)
    assert share_out(amount, rule=rule, standings=mixed) == shares


def test_an_index_is_told_with_twelve_places() -> None:
    """An exact fraction would not fit into the event."""
    assert awards.decimal(Fraction(1, 3)) == "0.333333333333"
    assert awards.decimal(Fraction(2, 3)) == "0.666666666667"
    assert awards.decimal(Fraction(1)) == "1.000000000000"
    assert awards.decimal(Fraction(0)) == "0.000000000000"


RULES = [
    pytest.param("shandong-2017", None, ("DELEGATED_RULE_MISSING", "三(三)"), id="left to the province"),
    pytest.param("guizhou-2018", None, ("RULE_ABSENT", None), id="no such award"),
    pytest.param("shanxi-2018", "example-shanxi-rules", ("RULE_ABSENT", None), id="nor by its overlay"),
    pytest.param("shandong-2017", "example-shandong-city", None, id="filled"),
]


@pytest.mark.parametrize(("code", "overlay", "refusal"), RULES)
def test_which_programme_awards(code: str, overlay: str | None, refusal: tuple[str, str | None] | None) -> None:
    """The weights of one province would share out the money of another."""
    found = awards.award_rule(load(code, overlay=overlay))
    assert ((found.code, found.article) if isinstance(found, Refused) else None) == refusal


def figures(**cities_: int) -> dict[str, dict[str, int]]:
    return {name[1:]: {"registered": 10, "on_cloud": n, "redeemed_fen": n} for name, n in cities_.items()}


STANDINGS = [
    pytest.param(figures(r3701=1, r3702=2), {"3701": 80, "3702": 60}, None, id="both evaluated"),
    pytest.param(figures(r3701=1, r3702=2), {"3701": 80}, "EVALUATION_MISSING", id="one is not"),
    pytest.param(figures(r3701=1, r370102=2), {"3701": 80, "370102": 60}, "INVALID", id="a city and its own county"),
    pytest.param(figures(r3701=1, r1401=2), {"3701": 80, "1401": 60}, "INVALID", id="another province's"),
]


@pytest.mark.parametrize(("found", "scores", "code"), STANDINGS)
def test_who_takes_part(found: dict[str, dict[str, int]], scores: dict[str, int], code: str | None) -> None:
    """A city without an evaluation would be paid by two criteria where others are by three."""
    pack = load("shandong-2017", overlay="example-shandong-city")
    outcome = awards.standings_of(pack, year=2018, figures=found, scores=scores)
    if code is None:
        assert isinstance(outcome, list)
        assert [(one.region, one.score) for one in outcome] == list(scores.items())
        return
    assert isinstance(outcome, Refused)
    assert outcome.code == code
    if code == "EVALUATION_MISSING":
        assert (outcome.article, outcome.facts["missing"], outcome.facts["year"]) == ("示例第五条", ["3702"], 2018)


def test_the_numbers_that_went_in_are_told() -> None:
    """From them an auditor computes the same shares again."""
    told = awards.facts(RULE, [city("3702", on=30, score=50), city("3701", on=10, score=50)])
    assert told["weights"] == {"cloud_share": "40%", "redeemed": "40%", "assessment": "20%"}
    assert told["weights_used"] == {"cloud_share": "2/3", "assessment": "1/3"}
    assert [one["region"] for one in told["regions"]] == ["3701", "3702"]
    assert told["regions"][0] == {"region": "3701", "registered": 100, "on_cloud": 10, "redeemed_fen": 0, "score": 50}
