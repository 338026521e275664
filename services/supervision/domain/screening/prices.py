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
from services.supervision.domain.screening import settings
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

    @property
    def ratio(self) -> float:
        """How many times the median."""
        return self.price / self.median

    @property
    def far(self) -> bool:
        return self.ratio >= settings.PRICE_RATIO[self.basis] and self.score >= settings.PRICE_FAR


def find(population: Population, focus: Rows) -> Iterator[tuple[int, Finding]]:
    """Each claim whose price is above a stated one, or far above what its peers pay."""
    prices = population.numbers("price_fen")
    above = {name: _above(population, name) for name in ("list_price_fen", "market_price_fen")}
    stated = above["list_price_fen"] | above["market_price_fen"]
    asked = focus[(prices[focus] > 0) & ~stated[focus]]
    compared = _of_product(population, asked)
    others = _OtherProducts(population)
    for row in focus.tolist():
        if stated[row]:
            yield row, _above_stated(population, row, "list" if above["list_price_fen"][row] else "market")
            continue
        if not prices[row] > 0:
            continue
        same = compared.get(row)
        found = same if same is not None and same.far else others.compare(row, alone=same is None)
        if found is not None and found.far:
            yield row, _outlier(population, row, found)


def _above(population: Population, name: str) -> NDArray[np.bool_]:
    prices, limit = population.numbers("price_fen"), population.numbers(name)
    above = prices > limit
    known = np.count_nonzero(~np.isnan(prices - limit))
    if known >= settings.CUSTOM_FROM and np.count_nonzero(above) > settings.ABOVE_LIST_CUSTOM * known:
        above &= prices > limit * settings.ABOVE_LIST_ROUNDING
        if np.count_nonzero(above) > settings.CUSTOM_SHARE * known:
            above[:] = False
    return above


def _of_product(population: Population, asked: Rows) -> dict[int, Comparison]:
    """Against the orders of the same product by other enterprises that are nearest in time."""
    found: dict[int, Comparison] = {}
    wanted = np.zeros(len(population), dtype=bool)
    wanted[asked] = True
    logs = _logs(population)
    enterprises = population.codes("enterprise")
    days = np.nan_to_num(population.days("ordered_on"), nan=0.0)
    for rows in population.groups("product"):
        known = rows[~np.isnan(logs[rows])]
        if len(known) <= settings.PRICE_PEERS or not wanted[known].any():
            continue
        known = known[np.lexsort((known, days[known]))]
        for at in _slices(np.flatnonzero(wanted[known])):
            found |= _windows(population, known, at, logs, enterprises)
    return found


def _slices(at: Rows) -> Iterator[Rows]:
    for start in range(0, len(at), 4_000):
        yield at[start : start + 4_000]


def _windows(
    population: Population, known: Rows, at: Rows, logs: Floats, enterprises: Codes
) -> Iterator[tuple[int, Comparison]] | dict[int, Comparison]:
    width = min(settings.PRICE_WINDOW, len(known))
    start = np.clip(at - width // 2, 0, len(known) - width)
    windows = known[start[:, None] + np.arange(width)[None, :]]
    mine = known[at]
    own = (enterprises[windows] == enterprises[mine][:, None]) & (enterprises[mine] >= 0)[:, None]
    own |= windows == mine[:, None]
    peers = np.where(own, np.inf, logs[windows])
    count = width - own.sum(axis=1)
    peers.sort(axis=1)
    lines = np.arange(len(at))
    middle = peers[lines, np.maximum(count - 1, 0) // 2]
    listed = ~np.isnan(population.numbers("list_price_fen")[mine])
    spread = _spread(peers, count, middle, listed)
    score = (logs[mine] - middle) / spread
    return {
        int(row): Comparison(
            "product", math.exp(logs[row]), math.exp(middle[line]), int(count[line]), float(score[line])
        )
        for line, row in enumerate(mine.tolist())
        if count[line] >= settings.PRICE_PEERS
    }


def _spread(peers: Floats, count: NDArray[Any], middle: Floats, listed: NDArray[np.bool_]) -> Floats:
    """What is usual above the median, in logarithms. Where list prices are known, a product may come in plans: what the
    dearest quarter and tenth pay is usual too, though most pay alike."""
    lines = np.arange(len(peers))
    with np.errstate(invalid="ignore"):
        apart = np.abs(peers - middle[:, None])
    apart.sort(axis=1)
    mad = apart[lines, np.maximum(count - 1, 0) // 2] / CONSISTENT
    mad *= 1 + settings.PRICE_SMALL / np.maximum(count, 1)
    for part, deviations in ((0.75, 0.6745), (0.9, 1.2816)):
        high = peers[lines, np.maximum((count - 1) * part, 0).astype(np.int64)]
        mad = np.where(listed, np.maximum(mad, (high - middle) / deviations), mad)
    return np.maximum(mad, settings.PRICE_SPREAD / CONSISTENT)


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
        ordered = np.sort(np.array([peers]), axis=1)
        count = np.array([len(peers)])
        middle = ordered[:, (len(peers) - 1) // 2]
        spread = _spread(ordered.copy(), count, middle, np.array([self.population.list_price_fen[row] is not None]))
        score = float((self.logs[row] - middle[0]) / spread[0])
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
            "threshold": f"{settings.PRICE_FAR}",
        },
    )
