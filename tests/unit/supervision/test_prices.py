"""Lost if these fail: an inflated price would set the norm, or a common one be called an outlier."""

from __future__ import annotations

import pytest

from services.supervision.domain.prices import ENOUGH, VOICES, Peer, Priced, compare, judge, other_products

TIGHT = [100_000, 101_000, 99_000, 100_500, 100_000, 102_000, 98_000, 100_000]
WIDE = [10_000, 20_000, 40_000, 80_000, 160_000, 320_000, 640_000, 1_280_000]


def peers(prices: list[int], *, kind: str = "iot", product: str = "") -> list[Peer]:
    """Orders of others; each of a product of its own when none is named."""
    return [
        Peer(enterprise_id=f"E{n}", product_id=product or f"K{n}", kind=kind, price_fen=price)
        for n, price in enumerate(prices)
    ]


def order(price: int, **limits: int | None) -> Priced:
    limits = {"list_price_fen": None, "market_price_fen": None} | limits
    return Priced(enterprise_id="mine", product_id="mine", kind="iot", price_fen=price, **limits)


def found(price: int, product: list[int], category: list[Peer] | None = None, **limits: int | None) -> str | None:
    finding = judge(order(price, **limits), of_product=peers(product, product="mine"), of_category=category or [])
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


@pytest.mark.parametrize(("price", "paid", "severity"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_against_the_same_product(price: int, paid: list[int], severity: str | None) -> None:
    assert found(price, paid) == severity


def test_a_product_is_held_against_others_of_its_kind_too() -> None:
    """A provider that asks too much of everybody sets no norm by it."""
    assert found(250_000, [250_000] * 9, peers(TIGHT)) == "medium"
    assert found(190_000, [], peers(TIGHT)) is None, "less than twice another product is no sign of anything"


def test_the_category_speaks_only_where_neither_product_nor_kind_can() -> None:
    others = peers(TIGHT, kind="database")
    assert found(350_000, TIGHT[:3], others) == "medium"
    assert found(250_000, TIGHT[:3], others) is None, "two and a half times another kind is no sign of anything"
    assert found(350_000, [350_000] * 8, others) is None
    assert found(350_000, [], [*others, *peers([300_000] * 8)]) is None


@pytest.mark.parametrize("limit", ["list_price_fen", "market_price_fen"])
@pytest.mark.parametrize(("price", "severity"), [(100_000, None), (100_001, "high")])
def test_above_a_stated_price(limit: str, price: int, severity: str | None) -> None:
    assert found(price, [], **{limit: 100_000}) == severity


def test_each_product_is_heard_equally() -> None:
    """Or the one that everybody buys would make outliers of all the others."""
    others = [*peers([1] * 50, product="popular"), *peers([2], product="rare")]
    assert [peer.price_fen for peer in other_products(others, order(1))] == [1] * VOICES + [2]


def test_nobody_is_their_own_peer() -> None:
    own = [Peer(enterprise_id="mine", product_id="K", kind="iot", price_fen=1)]
    assert other_products([*own, *peers([1], product="mine")], order(1)) == []
    bought = [Peer(enterprise_id="mine", product_id="mine", kind="iot", price_fen=100_000)] * 9
    assert judge(order(900_000), of_product=bought, of_category=[]) is None


def test_the_numbers_let_anyone_recompute() -> None:
    finding = judge(order(300_000), of_product=peers(TIGHT, product="mine"), of_category=[])
    assert finding is not None
    assert finding.numbers["median_fen"] == 100_000
    assert finding.numbers["percent_of_median"] == 300
    assert finding.zh == "价格为其他企业同一产品8笔订单中位价的3.0倍。"
    comparison = compare(300_000, TIGHT, basis="product")
    assert comparison is not None
    assert finding.numbers["score"] == f"{comparison.score:.1f}"
