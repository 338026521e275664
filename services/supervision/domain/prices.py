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
LEAST_RATIO: dict[str, float] = {"product": 1.3, "kind": 2.0, "category": 3.0}  # and it has to matter
GRAVE = 3.0
VOICES = 3  # orders of one product among the peers of another

Basis = Literal["product", "kind", "category"]

WORDS: dict[Basis, tuple[str, str]] = {
    "product": ("其他企业同一产品", "the same product"),
    "kind": ("同种服务其他产品", "other products of the same kind"),
    "category": ("同类别其他产品", "other products of the category"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """What an enterprise pays for a product of that kind by one order."""

    enterprise_id: str
    product_id: str
    kind: str
    price_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced(Peer):
    """The order that is judged, with the prices that were stated for its product."""

    list_price_fen: int | None
    market_price_fen: int | None


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


def judge(order: Priced, *, of_product: Iterable[Peer], of_category: Iterable[Peer]) -> Finding | None:
    """PRICE_OUTLIER above list or market price (the pack's `claims.price_above_market`), or far above what others pay
    for the same product, for other products of its kind, or, with too few of both, of its category."""
    above = _above_stated(order)
    if above is not None:
        return above
    price = order.price_fen
    same = compare(price, (p.price_fen for p in of_product if p.enterprise_id != order.enterprise_id), basis="product")
    if same is not None and same.far:
        return _outlier(same)
    others = other_products(of_category, order)
    alike = compare(price, (peer.price_fen for peer in others if peer.kind == order.kind), basis="kind")
    if same is None and alike is None:
        alike = compare(price, (peer.price_fen for peer in others), basis="category")
    return _outlier(alike) if alike is not None and alike.far else None


def other_products(peers: Iterable[Peer], order: Peer) -> list[Peer]:
    """What other enterprises pay for other products; none of these speaks louder than VOICES."""
    voices: dict[str, int] = {}
    found = []
    for peer in peers:
        if peer.enterprise_id == order.enterprise_id or peer.product_id == order.product_id:
            continue
        voices[peer.product_id] = voices.get(peer.product_id, 0) + 1
        if voices[peer.product_id] <= VOICES:
            found.append(peer)
    return found


def _above_stated(order: Priced) -> Finding | None:
    for name, limit, zh, en in (
        ("list_price_fen", order.list_price_fen, "标价", "list"),
        ("market_price_fen", order.market_price_fen, "市场价", "market"),
    ):
        if limit is not None and order.price_fen > limit:
            percent = order.price_fen * 100 // limit if limit else None
            return Finding(
                rule=RULE,
                severity="high",
                zh=f"订单价格高于{zh}。",
                en=f"The price of the order is above the {en} price.",
                numbers={"price_fen": order.price_fen, name: limit, "percent_of_it": percent},
            )
    return None


def _outlier(found: Comparison) -> Finding:
    zh, en = WORDS[found.basis]
    times = f"{found.ratio:.1f}"
    severity: Severity = "high" if found.basis == "product" and found.ratio >= GRAVE else "medium"
    numbers: dict[str, Any] = {
        "basis": found.basis,
        "peers": len(found.peers),
        "price_fen": found.price_fen,
        "median_fen": found.median_fen,
        "percent_of_median": int(found.ratio * 100),
        "score": f"{found.score:.1f}",
        "threshold": f"{FAR}",
    }
    return Finding(
        rule=RULE,
        severity=severity,
        zh=f"价格为{zh}{len(found.peers)}笔订单中位价的{times}倍。",
        en=f"The price is {times} times the median of {len(found.peers)} orders of others for {en}.",
        numbers=numbers,
    )
