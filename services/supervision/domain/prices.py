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
    """A price against its peers: how many, their median, how many times that it is, and how far out."""

    basis: Basis
    peers: int
    median_fen: int
    ratio: float
    score: float

    @property
    def far(self) -> bool:
        return self.score >= FAR and self.ratio >= LEAST_RATIO[self.basis]


def compare(price_fen: int, peers: Sequence[int], *, basis: Basis) -> Comparison | None:
    """None with fewer than ENOUGH peers, or without a price."""
    known = [peer for peer in peers if peer > 0]
    if len(known) < ENOUGH or price_fen <= 0:
        return None
    logs = [math.log(peer) for peer in known]
    middle = median(logs)
    spread = max(median(abs(value - middle) for value in logs), LEAST_SPREAD)
    score = CONSISTENT * (math.log(price_fen) - middle) / spread
    return Comparison(basis, len(known), median_low(known), price_fen / math.exp(middle), score)


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
        "peers": found.peers,
        "price_fen": price_fen,
        "median_fen": found.median_fen,
        "percent_of_median": int(found.ratio * 100),
        "score": f"{found.score:.1f}",
        "threshold": f"{FAR}",
    }
    return Finding(
        rule=RULE,
        severity=severity,
        zh=f"价格为其他{found.peers}笔{zh}订单中位价的{times}倍。",
        en=f"The price is {times} times the median of {found.peers} other orders of {en}.",
        numbers=numbers,
    )
