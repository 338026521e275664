"""What list prices tell of a price: one that others were quoted too clears it, one that nobody else was asks why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.supervision.domain.screening import settings
from services.supervision.domain.screening.population import Codes, Floats, Population, Rows


@dataclass(frozen=True, slots=True)
class Quotes:
    """`cleared` by row: at a list price that several others were quoted, and not above it. `alone`: row → the next
    lower list price of the product in fen, and how many orders of others it was compared with."""

    cleared: NDArray[np.bool_]
    alone: dict[int, tuple[int, int]]


def quotes(population: Population) -> Quotes:
    """Where a product's list prices repeat. Products of about the same number of orders are judged together: the fewer
    orders, the more plans are bought by one alone, and where many are, that is no sign."""
    lists, prices = population.numbers("list_price_fen"), population.numbers("price_fen")
    cleared = np.zeros(len(population), dtype=bool)
    groups = [(rows, listed) for rows in population.groups("product") if len(listed := _listed(rows, lists)) > 1]
    heard = _heard(population.codes("enterprise"), lists, [listed for _, listed in groups])
    orders: defaultdict[int, int] = defaultdict(int)
    found: defaultdict[int, dict[int, tuple[int, int]]] = defaultdict(dict)
    for (rows, listed), others in zip(groups, heard, strict=True):
        many = len(listed)
        if many >= settings.PRICE_LISTS:
            if np.count_nonzero(others) < settings.PRICE_LISTS_REPEAT * many:
                continue
            cleared[rows[np.isnan(lists[rows])]] = True  # as far as one can know
            cleared[listed] = (others >= settings.PRICE_LIST_OTHERS) & (prices[listed] <= lists[listed])
        size = min(many, settings.PRICE_LISTS).bit_length()
        orders[size] += many
        found[size] |= dict(_alone(listed, others, lists, prices))
    alone: dict[int, tuple[int, int]] = {}
    for size, rows_alone in found.items():
        if orders[size] >= settings.CUSTOM_FROM and len(rows_alone) <= settings.PRICE_ALONE_CUSTOM * orders[size]:
            alone |= rows_alone
    return Quotes(cleared, alone)


def _listed(rows: Rows, lists: Floats) -> Rows:
    """Those with a list price, cheapest first."""
    known = rows[lists[rows] > 0]
    return known[np.argsort(lists[known], kind="stable")]


def _heard(enterprises: Codes, lists: Floats, groups: list[Rows]) -> list[Rows]:
    """By group and row: how many other enterprises, of those looked at, were quoted the same, within the finest of the
    bands in which about as many orders find company as in the widest."""
    best: list[Rows] = []
    for band in sorted(settings.PRICE_LIST_BANDS, reverse=True):
        others = [_others(enterprises[listed], lists[listed], band) for listed in groups]
        company = sum(int(np.count_nonzero(one)) for one in others)
        if not best:
            widest = company
        elif company < (1 - settings.PRICE_ALONE_CUSTOM) * widest:
            break
        best = others
    return best


def _others(enterprises: Codes, value: Floats, band: float) -> Rows:
    low = np.searchsorted(value, value * (1 - band))
    high = np.searchsorted(value, value * (1 + band), side="right")
    near = low[:, None] + np.arange(min(settings.PRICE_LIST_LOOK, len(value)))
    names = np.where(near < high[:, None], enterprises[np.minimum(near, len(value) - 1)], enterprises[low][:, None])
    names.sort(axis=1)
    return np.asarray(np.count_nonzero(np.diff(names, axis=1), axis=1), dtype=np.int64)


def _alone(listed: Rows, others: Rows, lists: Floats, prices: Floats) -> Iterator[tuple[int, tuple[int, int]]]:
    usual = lists[listed[others > 0]]
    if not len(usual):
        return
    dear = settings.PRICE_RATIO["product"] * usual[(len(usual) - 1) // 2]
    for at in np.flatnonzero(others == 0).tolist():
        row = int(listed[at])
        below = int(np.searchsorted(usual, lists[row]))
        if below and prices[row] >= max(dear, settings.PRICE_ABOVE_NEXT * usual[below - 1]):
            yield row, (int(usual[below - 1]), len(listed) - 1)
