"""PRICE_OUTLIER over a population: above list or market price, or far above what others pay at about that time."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from services.supervision.domain.finding import Finding, Severity
from services.supervision.domain.screening import lists, settings
from services.supervision.domain.screening.population import Codes, Floats, Population, Rows

RULE = "PRICE_OUTLIER"
CONSISTENT = 0.6745  # makes the median of absolute deviations comparable with a standard deviation

Basis = Literal["product", "kind", "category"]

WORDS: dict[Basis, tuple[str, str]] = {
    "product": ("其他企业同一产品", "the same product"),
    "kind": ("同种服务其他产品", "other products of the same kind"),
    "category": ("同类别其他产品", "other products of the category"),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A price against what so many others pay."""

    basis: Basis
    price: float
    median: float
    peers: int
    score: float
    threshold: float = settings.PRICE_FAR

    @property
    def ratio(self) -> float:
        """How many times the median."""
        return self.price / self.median

    @property
    def far(self) -> bool:
        return self.ratio >= settings.PRICE_RATIO[self.basis] and self.score >= self.threshold


def find(population: Population, focus: Rows) -> Iterator[tuple[int, Finding]]:
    """Each claim whose price is above a stated one, or far above what its peers pay."""
    prices = population.numbers("price_fen")
    above = {name: _above(population, name) for name in ("list_price_fen", "market_price_fen")}
    of_product = population.kept("peers", lambda: _of_product(population))
    quoted = lists.quotes(population)
    others = _OtherProducts(population)
    for row in focus.tolist():
        if above["list_price_fen"][row] or above["market_price_fen"][row]:
            yield row, _above_stated(population, row, "list" if above["list_price_fen"][row] else "market")
        elif row in quoted.alone:
            yield row, _unlisted(population, row, *quoted.alone[row])
        elif prices[row] > 0 and not quoted.cleared[row]:
            same = of_product.compare(row)
            found = same if same is not None and same.far else others.compare(row, alone=same is None)
            if found is not None and found.far:
                yield row, _outlier(population, row, found)


def peers(population: Population) -> tuple[Floats, Floats, Rows]:
    """By row: how far, in logarithms, its price is above the middle of its product's peers, their spread and number."""
    of_product = population.kept("peers", lambda: _of_product(population))
    return of_product.logs - of_product.middle, of_product.spread, of_product.count


def _above(population: Population, name: str) -> NDArray[np.bool_]:
    prices, limit = population.numbers("price_fen"), population.numbers(name)
    above = prices > limit
    known = np.count_nonzero(~np.isnan(prices - limit))
    if known >= settings.CUSTOM_FROM and np.count_nonzero(above) > settings.ABOVE_LIST_CUSTOM * known:
        above &= prices > limit * settings.ABOVE_LIST_ROUNDING
        if np.count_nonzero(above) > settings.CUSTOM_SHARE * known:
            above[:] = False
    return above


@dataclass(frozen=True, slots=True)
class _Peers:
    """By row: how many others' orders of the product it is compared with, their middle and spread, in logarithms."""

    logs: Floats
    count: Rows
    middle: Floats
    spread: Floats
    even: NDArray[np.bool_]  # the peers' prices scatter about one
    far: float = settings.PRICE_FAR  # modified z-score from which a price is far out

    def compare(self, row: int) -> Comparison | None:
        """None with too few peers."""
        count = int(self.count[row])
        if count < settings.PRICE_FEWEST:
            return None
        apart, far = float(self.logs[row] - self.middle[row]), self.far
        if self.even[row] and apart >= math.log(settings.PRICE_MUCH):
            far *= settings.PRICE_MUCH_FAR / settings.PRICE_FAR
        score = apart / float(self.spread[row])
        return Comparison("product", math.exp(self.logs[row]), math.exp(self.middle[row]), count, score, far)


def _of_product(population: Population) -> _Peers:
    """Against the orders of the same product by other enterprises that are nearest in time. What few peers show of the
    spread is helped out by what is usual within the other products."""
    many = len(population)
    logs = _logs(population)
    count, middle = np.zeros(many, dtype=np.int64), np.full(many, np.nan)
    mad, deviation = np.full(many, np.nan), np.full(many, np.nan)
    enterprises = population.codes("enterprise")
    days = np.nan_to_num(population.days("ordered_on"), nan=0.0)
    for rows in population.groups("product"):
        known = rows[~np.isnan(logs[rows])]
        if len(known) <= settings.PRICE_FEWEST:
            continue
        known = known[np.lexsort((known, days[known]))]
        for start in range(0, len(known), 4_000):
            at = np.arange(start, min(start + 4_000, len(known)))
            peers, count[known[at]] = _windows(known, at, logs, enterprises)
            middle[known[at]], mad[known[at]], deviation[known[at]] = _figures(peers, count[known[at]])
    compared = count >= settings.PRICE_FEWEST
    if not compared.any():
        return _Peers(logs, count, middle, middle, compared)
    apart = logs[compared] - middle[compared]
    apart = np.sort(apart)[None, :]
    _, usual_mad, usual_deviation = _figures(apart, np.array([apart.shape[1]]))
    mad = _mixed(mad, float(usual_mad[0]), count)
    deviation = _mixed(deviation, float(usual_deviation[0]), count)
    mad = np.maximum(mad, settings.PRICE_SPREAD / CONSISTENT)
    even, spread = deviation <= settings.PRICE_EVEN * mad, np.maximum(mad, deviation)
    spread *= np.sqrt(1 + 1.57 / np.maximum(count, 1))  # the variance of a median of so many
    far = settings.PRICE_FAR
    if np.count_nonzero(compared) >= settings.CUSTOM_FROM:
        scores = (logs[compared] - middle[compared]) / spread[compared]
        cheap, dear, most = np.quantile(
            scores, [settings.PRICE_CHEAP_SHARE, 1 - settings.PRICE_FAR_SHARE, 1 - settings.PRICE_MOST_SHARE]
        )
        far = max(far, min(float(dear), -float(cheap)), float(most))
    return _Peers(logs, count, middle, spread, even, far)


def _mixed(own: Floats, usual: float, count: Rows) -> Floats:
    weight = settings.PRICE_PEERS
    return np.asarray(np.sqrt((count * own**2 + weight * usual**2) / (count + weight)), dtype=np.float64)


def _windows(known: Rows, at: Rows, logs: Floats, enterprises: Codes) -> tuple[Floats, Rows]:
    """The peers of the rows at these places, ascending, then infinities; and how many they are."""
    width = min(settings.PRICE_WINDOW, len(known))
    start = np.clip(at - width // 2, 0, len(known) - width)
    windows = known[start[:, None] + np.arange(width)[None, :]]
    mine = known[at]
    own = (enterprises[windows] == enterprises[mine][:, None]) & (enterprises[mine] >= 0)[:, None]
    own |= windows == mine[:, None]
    peers = np.where(own, np.inf, logs[windows])
    peers.sort(axis=1)
    return peers, width - own.sum(axis=1)


def _figures(peers: Floats, count: Rows) -> tuple[Floats, Floats, Floats]:
    """Median, and two measures of spread comparable with a standard deviation: by the median of deviations, and the
    standard deviation without the dearest. A product may come in plans of which most buy one; the second knows them."""
    lines = np.arange(len(peers))
    last = np.maximum(count - 1, 0)
    middle: Floats = peers[lines, last // 2]
    with np.errstate(invalid="ignore"):
        apart = np.abs(peers - middle[:, None])
    apart.sort(axis=1)
    mad: Floats = apart[lines, last // 2] / CONSISTENT
    kept = np.maximum(count - (count * settings.PRICE_TRIM).astype(np.int64), 1)
    with np.errstate(invalid="ignore"):
        inside = np.where(np.arange(peers.shape[1])[None, :] < kept[:, None], peers - middle[:, None], 0.0)
    mean = inside.sum(axis=1) / kept
    deviation = np.sqrt(np.maximum((inside**2).sum(axis=1) / kept - mean**2, 0.0))
    return middle, mad, deviation


def _logs(population: Population) -> Floats:
    prices = population.numbers("price_fen")
    return np.log(np.where(prices > 0, prices, np.nan))


class _OtherProducts:
    """What other products of the kind or category cost, none of them heard more than PRICE_VOICES times."""

    def __init__(self, population: Population) -> None:
        self.population = population
        self.logs = _logs(population)
        self.kept: dict[Any, Comparison | None] = {}
        self.voices: dict[Basis, dict[Any, list[int]]] = {"kind": {}, "category": {}}
        heard: defaultdict[Any, int] = defaultdict(int)
        newest = np.argsort(-np.nan_to_num(population.days("ordered_on"), nan=0.0), kind="stable")
        for row in newest.tolist():
            product = population.product[row]
            if product is None or np.isnan(self.logs[row]) or heard[product] >= settings.PRICE_VOICES:
                continue
            heard[product] += 1
            for basis in ("kind", "category"):
                key = self.key(row, basis)
                if key is not None:
                    voices = self.voices[basis].setdefault(key, [])
                    if len(voices) < settings.PRICE_MOST_VOICES:
                        voices.append(row)

    def key(self, row: int, basis: Basis) -> Any:
        population = self.population
        if population.category[row] is None:
            return None
        if basis == "category":
            return population.programme[row], population.category[row]
        kind = population.kind[row] if population.kind else None
        return None if kind is None else (population.programme[row], population.category[row], kind)

    def compare(self, row: int, *, alone: bool) -> Comparison | None:
        """Against its kind; with too few of that too (`alone`: and of the product), against its category."""
        found = self._against(row, "kind")
        return self._against(row, "category") if found is None and alone else found

    def _against(self, row: int, basis: Basis) -> Comparison | None:
        key = self.key(row, basis)
        if key is None:
            return None
        product, enterprise = self.population.product[row], self.population.enterprise[row]
        peers = [
            self.logs[other]
            for other in self.voices[basis].get(key, ())
            if self.population.product[other] != product
            and (enterprise is None or self.population.enterprise[other] != enterprise)
        ]
        if len(peers) < settings.PRICE_PEERS:
            return None
        ordered, count = np.sort(np.array([peers]), axis=1), np.array([len(peers)])
        middle, mad, deviation = _figures(ordered, count)
        spread = max(float(mad[0]), float(deviation[0]), settings.PRICE_SPREAD / CONSISTENT)
        score = float(self.logs[row] - middle[0]) / spread
        return Comparison(basis, math.exp(self.logs[row]), math.exp(middle[0]), len(peers), score)


def _above_stated(population: Population, row: int, which: str) -> Finding:
    limit, price = getattr(population, f"{which}_price_fen")[row], population.price_fen[row]
    assert price is not None
    zh = {"list": "标价", "market": "市场价"}[which]
    return Finding(
        rule=RULE,
        severity="high",
        score=min(98, 75 + 20 * (price - limit) // max(limit, 1)),
        zh=f"订单价格{price / 100:.2f}元高于{zh}{limit / 100:.2f}元。",
        en=f"The price of the order, {price / 100:.2f} yuan, is above the {which} price of {limit / 100:.2f}.",
        numbers={
            "price_fen": price,
            f"{which}_price_fen": limit,
            "percent_of_it": price * 100 // limit if limit else None,
        },
    )


def _unlisted(population: Population, row: int, usual_fen: int, peers: int) -> Finding:
    price = population.price_fen[row]
    assert price is not None
    times = price / usual_fen
    return Finding(
        rule=RULE,
        severity="high" if times >= settings.PRICE_GRAVE else "medium",
        score=min(95, 55 + int(12 * times)),
        zh=f"标价为该企业独有；价格为其他{peers}笔订单中最接近的较低标价的{times:.1f}倍。",
        en=f"Nobody else was quoted its list price; the price is {times:.1f} times the next lower of {peers} orders.",
        numbers={
            "basis": "list",
            "peers": peers,
            "price_fen": price,
            "list_price_fen": population.list_price_fen[row],
            "next_list_price_fen": usual_fen,
        },
    )


def _outlier(population: Population, row: int, found: Comparison) -> Finding:
    zh, en = WORDS[found.basis]
    times = f"{found.ratio:.1f}"
    severity: Severity = "high" if found.basis == "product" and found.ratio >= settings.PRICE_GRAVE else "medium"
    return Finding(
        rule=RULE,
        severity=severity,
        score=min(95, 55 + int(12 * found.ratio)),
        zh=f"价格为{zh}{found.peers}笔订单中位价的{times}倍。",
        en=f"The price is {times} times the median of {found.peers} orders of others for {en}.",
        numbers={
            "basis": found.basis,
            "peers": found.peers,
            "price_fen": population.price_fen[row],
            "median_fen": round(found.median),
            "percent_of_median": int(found.ratio * 100 + 1e-6),
            "score": f"{found.score:.1f}",
            "threshold": f"{found.threshold:.1f}",
        },
    )
