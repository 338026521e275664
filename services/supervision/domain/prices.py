"""Is this price far from what others pay? Robust figures, so that the outliers themselves don't hide the next one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median, median_low
from typing import Any, Literal

from services.supervision.domain.finding import Finding, Severity

RULE = "PRICE_OUTLIER"
ENOUGH = 8  # peers, below which a comparison says nothing
FAR = 3.5  # modified z-score (Iglewicz and Hoaglin), on logarithms: prices err by factors, not by sums
CONSISTENT = 0.6745  # makes the median of absolute deviations comparable with a standard deviation
LEAST_SPREAD = 0.05  # list prices repeat to the fen: below five per cent nobody is far from anybody
LEAST_RATIO: dict[str, float] = {"product": 1.3, "category": 3.0}  # and it has to matter
GRAVE = 3.0
VOICES = 3  # orders of one product among the peers of its category

Basis = Literal["product", "category"]


@dataclass(frozen=True, slots=True)
class Peer:
    """What an enterprise pays for a product by one order."""

    order_id: str
    enterprise_id: str
    product_id: str
    price_fen: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A price against what its peers pay, in ascending order."""

    basis: Basis
    price_fen: int
    peers: Sequence[int]

    @property
    def median_fen(self) -> int:
        return median_low(self.peers)

    @property
    def ratio(self) -> float:
        """How many times the median."""
        return self.price_fen / self.median_fen

    @property
    def score(self) -> float:
        """How far out: the modified z-score of its logarithm."""
        middle = math.log(self.median_fen)
        spread = max(median(abs(math.log(peer) - middle) for peer in self.peers), LEAST_SPREAD)
        return CONSISTENT * (math.log(self.price_fen) - middle) / spread

    @property
    def far(self) -> bool:
        return self.ratio >= LEAST_RATIO[self.basis] and self.score >= FAR


def compare(price_fen: int, peers: Iterable[int], *, basis: Basis) -> Comparison | None:
    """None with fewer than ENOUGH peers, or without a price."""
    known = sorted(peer for peer in peers if peer > 0)
    return Comparison(basis, price_fen, known) if len(known) >= ENOUGH and price_fen > 0 else None


def peers_of_product(peers: Iterable[Peer], *, enterprise_id: str) -> list[int]:
    """Prices that other enterprises pay for the product."""
    return [peer.price_fen for peer in peers if peer.enterprise_id != enterprise_id]


def peers_of_category(peers: Iterable[Peer], *, enterprise_id: str, product_id: str) -> list[int]:
    """Prices that other enterprises pay for the category's other products; none of which speaks louder than VOICES."""
    voices: dict[str, int] = {}
    found = []
    for peer in peers:
        if peer.enterprise_id == enterprise_id or peer.product_id == product_id:
            continue
        voices[peer.product_id] = voices.get(peer.product_id, 0) + 1
        if voices[peer.product_id] <= VOICES:
            found.append(peer.price_fen)
    return found


def judge(
    *,
    price_fen: int,
    list_price_fen: int | None,
    market_price_fen: int | None,
    of_product: Sequence[int],
    of_category: Sequence[int],
) -> Finding | None:
    """PRICE_OUTLIER above list or market price (the pack's `claims.price_above_market`), or far above what the same
    product costs others; with too few of these, what the category's other products cost."""
    for name, limit, zh, en in (
        ("list_price_fen", list_price_fen, "标价", "list"),
        ("market_price_fen", market_price_fen, "市场价", "market"),
    ):
        if limit is not None and price_fen > limit:
            percent = price_fen * 100 // limit if limit else None
            return Finding(
                rule=RULE,
                severity="high",
                zh=f"订单价格高于{zh}。",
                en=f"The price of the order is above the {en} price.",
                numbers={"price_fen": price_fen, name: limit, "percent_of_it": percent},
            )
    found = compare(price_fen, of_product, basis="product") or compare(price_fen, of_category, basis="category")
    return _outlier(price_fen, found) if found is not None and found.far else None


def _outlier(price_fen: int, found: Comparison) -> Finding:
    zh, en = ("同一产品", "the same product") if found.basis == "product" else ("同类产品", "products of the category")
    times = f"{found.ratio:.1f}"
    severity: Severity = "high" if found.basis == "product" and found.ratio >= GRAVE else "medium"
    numbers: dict[str, Any] = {
        "basis": found.basis,
        "peers": len(found.peers),
        "price_fen": price_fen,
        "median_fen": found.median_fen,
        "percent_of_median": int(found.ratio * 100),
        "score": f"{found.score:.1f}",
        "threshold": f"{FAR}",
    }
    return Finding(
        rule=RULE,
        severity=severity,
        zh=f"价格为其他{len(found.peers)}笔{zh}订单中位价的{times}倍。",
        en=f"The price is {times} times the median of {len(found.peers)} other orders of {en}.",
        numbers=numbers,
    )
