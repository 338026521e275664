"""Lost if these fail: an inflated price would set the norm, or a common one be called an outlier."""

from __future__ import annotations

import pytest

from services.supervision.domain.prices import ENOUGH, VOICES, Peer, compare, judge, peers_of_category, peers_of_product

TIGHT = [100_000, 101_000, 99_000, 100_500, 100_000, 102_000, 98_000, 100_000]
WIDE = [10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000, 1_280_000]


def found(price: int, product: list[int], category: list[int] | None = None, **limits: int | None) -> str | None:
    limits = {"list_price_fen": None, "market_price_fen": None} | limits
    finding = judge(price_fen=price, of_product=product, of_category=category or [], **limits)
    return finding.severity if finding else None


CASES = [
    ("at the norm", 100_000, TIGHT, None),
    ("a fifth above", 120_000, TIGHT, None),
    ("nearly a third above, and matters too little", 129_000, TIGHT, None),
    ("a third above where all pay the same", 135_000, TIGHT, "medium"),
    ("three times", 300_000, TIGHT, "high"),
    ("cheap is nobody's loss", 10_000, TIGHT, None),
    ("wide spread, within it", 2_000_000, WIDE, None),
    ("wide spread, far beyond it", 500_000_000, WIDE, "high"),
    ("too few peers", 10_000_000, TIGHT[: ENOUGH - 1], None),
    ("half of the peers inflated too", 500_000, [*TIGHT, *[500_000] * 7], "high"),
    ("free peers say nothing", 500_000, [*TIGHT[: ENOUGH - 1], 0, 0, 0], None),
    ("free itself", 0, TIGHT, None),
]


@pytest.mark.parametrize(("price", "peers", "severity"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_against_the_same_product(price: int, peers: list[int], severity: str | None) -> None:
    assert found(price, peers) == severity


def test_the_category_speaks_only_where_the_product_cannot() -> None:
    assert found(350_000, TIGHT[:3], TIGHT) == "medium"
    assert found(250_000, TIGHT[:3], TIGHT) is None, "two and a half times another product is no sign of anything"
    assert found(350_000, [350_000] * 8, TIGHT) is None


@pytest.mark.parametrize("limit", ["list_price_fen", "market_price_fen"])
@pytest.mark.parametrize(("price", "severity"), [(100_000, None), (100_001, "high")])
def test_above_a_stated_price(limit: str, price: int, severity: str | None) -> None:
    assert found(price, [], **{limit: 100_000}) == severity


def test_a_category_hears_each_product_equally() -> None:
    """Or the one that everybody buys would make outliers of all the others."""
    peers = [Peer(f"R{n}", f"E{n}", "popular", 1) for n in range(50)] + [Peer("R", "E", "rare", 2)]
    assert sorted(peers_of_category(peers, enterprise_id="X", product_id="mine")) == [1] * VOICES + [2]
    assert peers_of_category(peers, enterprise_id="E", product_id="popular") == []


def test_nobody_is_their_own_peer() -> None:
    peers = [Peer("R1", "E1", "K", 1), Peer("R2", "E2", "K", 2)]
    assert peers_of_product(peers, enterprise_id="E1") == [2]


def test_the_numbers_let_anyone_recompute() -> None:
    finding = judge(price_fen=300_000, list_price_fen=None, market_price_fen=None, of_product=TIGHT, of_category=[])
    assert finding is not None
    assert finding.numbers["median_fen"] == 100_000
    assert finding.numbers["percent_of_median"] == 300
    assert finding.zh == "价格为其他8笔同一产品订单中位价的3.0倍。"
    comparison = compare(300_000, TIGHT, basis="product")
    assert comparison is not None
    assert finding.numbers["score"] == f"{comparison.score:.1f}"
