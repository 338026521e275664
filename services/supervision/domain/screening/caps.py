"""CAP_HUGGING: orders split or priced to end just under a cap, more often than chance allows."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.programmes import UnknownPack, load
from services.supervision.domain.finding import Finding, Severity
from services.supervision.domain.screening import settings
from services.supervision.domain.screening.chance import poisson_tail
from services.supervision.domain.screening.population import Floats, Population, Rows
from services.supervision.domain.screening.prices import peers

RULE = "CAP_HUGGING"


@dataclass(frozen=True, slots=True)
class Hugging:
    """Claims that end just under a cap: how many of how many, and how many chance would let."""

    how: str  # provider, split, programme
    cap_fen: int
    many: int
    of: int
    expected: float
    claims: tuple[str, ...]


def find(population: Population, focus: Rows) -> Iterator[tuple[int, Finding]]:
    """Each claim just under a cap where its provider, or an order in parts, has too many of these."""
    found: dict[int, Hugging] = {}
    for rows in population.groups("programme"):
        for cap in caps(population, rows):
            for row, hugging in _hugging(population, rows, cap).items():
                found.setdefault(row, hugging)
    for row in focus.tolist():
        if row in found:
            yield row, _finding(population, row, found[row])


@cache
def stated_caps(programme: str) -> tuple[int, ...]:
    """Caps in fen that the programme's pack states; none of a programme that there is not."""
    try:
        amount = load(programme).amount
    except UnknownPack:
        return ()
    stated = amount.cap if amount else None
    each = stated.of.values() if stated else ()
    fen = {cap.cap_fen for cap in each} | {tier.cap_fen for cap in each for tier in cap.tiers}
    return tuple(sorted(one for one in fen if one is not None))


def caps(population: Population, rows: Rows) -> list[int]:
    """Caps of a programme's vouchers in fen: what its rules say, and what its claims show by going no further."""
    programme = population.programme[int(rows[0])]
    vouchers = population.numbers("voucher_fen")[rows]
    prices = population.numbers("price_fen")[rows][vouchers > 0]
    vouchers = vouchers[vouchers > 0]
    found = set(stated_caps(str(programme)))
    if len(vouchers):
        found |= set(_ceilings(vouchers))
        values, counts = np.unique(vouchers, return_counts=True)
        above = len(vouchers) - np.cumsum(counts)
        often = counts >= max(settings.CAP_ATOM, settings.CAP_ATOM_SHARE * len(vouchers))
        for value in values[often & (above <= settings.CAP_ABOVE * len(vouchers))].tolist():
            if len(np.unique(prices[vouchers == value])) >= settings.CAP_PRICES:
                found.add(int(value))
    return sorted(found, reverse=True)


def _ceilings(vouchers: Floats) -> Iterator[int]:
    """Round sums right above the greatest voucher: where nothing goes beyond, one of them may be a cap."""
    most = float(vouchers.max())
    power = 10.0 ** math.floor(math.log10(most))
    for step in (*settings.CAP_ROUND, math.ceil(round(most / power * 10, 6)) / 10):
        if most <= step * power <= most / (1 - settings.CAP_BAND):
            yield round(step * power)


def _hugging(population: Population, rows: Rows, cap: int) -> dict[int, Hugging]:
    vouchers = population.numbers("voucher_fen")
    known = rows[vouchers[rows] > 0]
    value = np.where(_menu(population, known), 0.0, vouchers[known] / cap)
    if not 0 < np.count_nonzero((value >= 1 - settings.CAP_BAND) & (value < 1)) <= settings.CUSTOM_SHARE * len(known):
        return {}
    found: dict[int, Hugging] = {}
    unusual = np.where(_unusual(population, known), value, 0.0)  # where what the product costs does not explain it
    for how, names in (("split", ("provider", "enterprise")), ("provider", ("provider",))):
        for values in (value, unusual):
            for row, hugging in _crowds(population, known, values, cap, how, names).items():
                found.setdefault(row, hugging)
    for row, hugging in _parts(population, known, value, cap).items():
        found.setdefault(row, hugging)
    return found | _bump(population, known, value, cap, found)


def _unusual(population: Population, rows: Rows) -> NDArray[np.bool_]:
    """Claims at a price that is far, above or below, from what others pay for the product."""
    apart, spread, count = peers(population)
    far = np.abs(apart[rows]) >= np.maximum(settings.CAP_APART, settings.CAP_APART_SPREADS * spread[rows])
    return far & (count[rows] >= settings.PRICE_FEWEST)


def _menu(population: Population, rows: Rows) -> NDArray[np.bool_]:
    """Claims at a price at which that product is sold again and again, to different enterprises: it costs that. Those
    of which product or price is not known may be such."""
    buyers: defaultdict[Any, set[Any]] = defaultdict(set)
    keys = [(population.product[row], population.price_fen[row]) for row in rows.tolist()]
    for row, key in zip(rows.tolist(), keys, strict=True):
        buyers[key].add(population.enterprise[row])
    return np.array([None in key or len(buyers[key]) > settings.CAP_MENU for key in keys], dtype=bool)


def _crowds(
    population: Population, known: Rows, value: Floats, cap: int, how: str, names: tuple[str, ...]
) -> dict[int, Hugging]:
    """Groups with more claims just under the cap than others' claims there, and their own further below, let expect."""
    codes = population.codes(*names)[known]
    valid, size = codes >= 0, int(codes.max(initial=-1)) + 1
    whole = np.bincount(codes[valid], minlength=size)
    far, near = 1 - settings.CAP_FAR, 1 - settings.CAP_BAND
    beside = (value >= far) & (value < near)
    lower = np.bincount(codes[valid & beside], minlength=size)
    share_lower = np.count_nonzero(beside) / len(known)
    prior = settings.CAP_PRIOR
    found: dict[int, Hugging] = {}
    for band in settings.CAP_BANDS:
        inside = (value >= 1 - band) & (value < 1)
        many = np.bincount(codes[valid & inside], minlength=size)
        all_inside = int(np.count_nonzero(inside))
        denser = settings.CAP_DENSER * share_lower * band / (near - far) + settings.CAP_FLOOR
        for group in np.flatnonzero(many >= settings.CAP_LEAST[how]).tolist():
            count, of = int(many[group]), int(whole[group])
            density = min((all_inside - count + 1) / (len(known) - of + 1), denser)
            expected = of * density * (lower[group] + prior) / (of * share_lower + prior)
            if poisson_tail(count, expected) > settings.CAP_CHANCE[how]:
                continue
            rows = known[(codes == group) & inside]
            claims = tuple(population.claim[row] for row in rows[:20].tolist())
            hugging = Hugging(how, cap, count, of, float(expected), claims)
            for row in rows.tolist():
                found.setdefault(row, hugging)
    return found


def _parts(population: Population, known: Rows, value: Floats, cap: int) -> dict[int, Hugging]:
    """One enterprise's orders at one provider within days, each well below the cap, that come to more than it."""
    days = population.days("ordered_on")
    part = (value >= settings.CAP_PART) & (value < 1) & ~np.isnan(days[known])
    groups: defaultdict[Any, list[int]] = defaultdict(list)
    for row in known[part].tolist():
        provider, enterprise = population.provider[row], population.enterprise[row]
        if provider is not None and enterprise is not None:
            groups[provider, enterprise].append(row)
    vouchers = population.numbers("voucher_fen")
    found: dict[int, Hugging] = {}
    for rows in groups.values():
        ordered = sorted(rows, key=lambda row: (days[row], row))
        for run in _runs(ordered, days):
            if len({population.order[row] for row in run}) < len(run):
                continue  # an order that is claimed in parts was not split
            close = sum(vouchers[row] >= (1 - settings.CAP_BAND) * cap for row in run)
            if len(run) >= settings.CAP_SPLIT or (len(run) == 2 and close == 2):
                claims = tuple(population.claim[row] for row in run[:20])
                found |= dict.fromkeys(run, Hugging("split", cap, len(run), len(rows), 0.0, claims))
    if len(found) > settings.CAP_PARTS_CUSTOM * max(len(known), settings.CUSTOM_FROM):
        return {}
    return found


def _runs(rows: Sequence[int], days: Floats) -> Iterator[list[int]]:
    """Rows of which each follows the one before within CAP_DAYS."""
    run = list(rows[:1])
    for before, row in pairwise(rows):
        if days[row] - days[before] > settings.CAP_DAYS:
            yield run
            run = []
        run.append(row)
    yield run


def _bump(
    population: Population, known: Rows, value: Floats, cap: int, found: Mapping[int, Hugging]
) -> dict[int, Hugging]:
    """Of a whole programme: claims pile up just under the cap, whoever files them."""
    rest = ~np.isin(known, np.array(sorted(found), dtype=np.int64))
    near, far = 1 - settings.CAP_BAND, 1 - settings.CAP_FAR
    rows = known[rest & (value >= near) & (value < 1)]
    beside = np.count_nonzero(rest & (value >= far) & (value < near))
    expected = beside * settings.CAP_BAND / (near - far) + settings.CAP_FLOOR * len(known)
    if not settings.CAP_BUMP_TIMES * expected <= len(rows) <= settings.CAP_BUMP_CUSTOM * len(known):
        return {}
    if poisson_tail(len(rows), expected) > settings.CAP_CHANCE["programme"]:
        return {}
    claims = tuple(population.claim[row] for row in rows[:20].tolist())
    return dict.fromkeys(rows.tolist(), Hugging("programme", cap, len(rows), len(known), expected, claims))


def _finding(population: Population, row: int, hugging: Hugging) -> Finding:
    cap, voucher = hugging.cap_fen, population.voucher_fen[row]
    assert voucher is not None
    base_zh = f"抵扣{voucher / 100:.2f}元，略低于上限{cap / 100:.2f}元"
    base_en = f"The voucher of {voucher / 100:.2f} yuan ends just under the cap of {cap / 100:.2f}"
    if hugging.how == "split":
        zh = f"{base_zh}；该企业在同一云服务商的{hugging.of}笔订单中有{hugging.many}笔如此，疑似拆单。"
        en = f"{base_en}, as do {hugging.many} of {hugging.of} orders of the enterprise at this provider."
    else:
        who_zh, who_en = (
            ("该云服务商", "the provider's") if hugging.how == "provider" else ("该计划", "the programme's")
        )
        zh = f"{base_zh}；{who_zh}{hugging.of}笔申请中有{hugging.many}笔如此，按常理约{hugging.expected:.1f}笔。"
        en = f"{base_en}, as do {hugging.many} of {who_en} {hugging.of} claims, by chance {hugging.expected:.1f}."
    severity: Severity = "low" if hugging.how == "programme" else "medium"
    return Finding(
        rule=RULE,
        severity=severity,
        score={"split": 75, "provider": 70, "programme": 40}[hugging.how],
        zh=zh,
        en=en,
        numbers={
            "how": hugging.how,
            "cap_fen": cap,
            "voucher_fen": voucher,
            "near_the_cap": hugging.many,
            "of": hugging.of,
            "expected": round(hugging.expected, 2),
        },
        claims=tuple(claim for claim in hugging.claims if claim != population.claim[row]),
    )
