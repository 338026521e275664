"""INVOICE_REUSED over a population: numbers are found again in the forms that a reused one is disguised in."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from services.supervision.domain.finding import Finding, Severity
from services.supervision.domain.screening import settings
from services.supervision.domain.screening.population import Population, Rows

RULE = "INVOICE_REUSED"

Likeness = Literal["same", "prefix", "swapped"]

HOW: dict[Likeness, tuple[str, str]] = {
    "same": ("发票号码相同", "the same invoice number"),
    "prefix": ("发票号码仅前缀或后缀不同", "the same invoice number but for what stands before or behind it"),
    "swapped": ("发票号码仅两位数字互换", "the same invoice number but for two digits swapped"),
}

_AHEAD = re.compile(r"^[^0-9]+")
_BEHIND = re.compile(r"[^0-9]+$")
_RUNS = re.compile(r"[0-9]+")
_DIGITS = re.compile(r"[0-9]")
_LETTERS = re.compile(r"[^\W\d_]")
_LOOKALIKE = str.maketrans("OIL", "011")


@dataclass(frozen=True, slots=True)
class Forms:
    """plain: letters and digits alone, those that look alike taken for digits. bare: from the first digit to the last,
    but leading zeros. core: the longest run of digits, likewise. tail: the last eight of a longer bare number."""

    plain: str
    bare: str
    core: str
    tail: str


def forms(number: str) -> Forms:
    """The forms of a number as written: width, spaces, hyphens and case do not count."""
    simple = number.isascii() and number.isalnum()
    wide = number.upper() if simple else unicodedata.normalize("NFKC", number).upper()
    plain = wide if simple else "".join(sign for sign in wide if sign.isalnum())
    if plain.isdigit():
        bare = plain.lstrip("0")
        return Forms(plain, bare, bare, _tail(bare))
    bare = _AHEAD.sub("", plain).translate(_LOOKALIKE)
    bare = _BEHIND.sub("", bare).lstrip("0")
    ahead = _AHEAD.sub("", "".join(wide.split())).translate(_LOOKALIKE)
    runs = _RUNS.findall(ahead)
    core = max(reversed(runs), key=len).lstrip("0") if runs else ""
    return Forms(plain.translate(_LOOKALIKE), bare, core, _tail(bare))


def _tail(bare: str) -> str:
    return bare[-settings.INVOICE_TAIL :].lstrip("0") if len(bare) > settings.INVOICE_TAIL and bare.isdigit() else ""


def swaps(bare: str) -> Iterator[str]:
    """The bare number with each two neighbouring, different signs swapped."""
    for at in range(len(bare) - 1):
        if bare[at] != bare[at + 1]:
            yield (bare[:at] + bare[at + 1] + bare[at] + bare[at + 2 :]).lstrip("0")


def digits(bare: str) -> str:
    """What a number and it with digits swapped have in common: its digits, but noughts, which may come to lead."""
    return "".join(sorted(bare.replace("0", "")))


class Hit(NamedTuple):
    """One claim's number found again in an earlier claim's."""

    row: int
    earlier: int
    likeness: Likeness
    provider: bool  # what else the two have in common
    enterprise: bool
    amount: bool
    odd: bool  # written as hardly any other number there is, or out of its place among its provider's
    close: bool  # two numbers of one roll
    chance: float  # of such a hit for an honest claim


class Kind(NamedTuple):
    """What two numbers that are alike have in common besides, as in Hit."""

    likeness: Likeness
    provider: bool
    enterprise: bool
    amount: bool
    odd: bool
    close: bool


def find(population: Population, focus: Rows) -> Iterator[tuple[int, Finding]]:
    """Each claim whose invoice a claim before it used; of two of one day, each."""
    search = _Search(population)
    hits: defaultdict[int, list[Hit]] = defaultdict(list)
    for hit in search.hits():
        hits[hit.row].append(hit)
    for row in focus.tolist():
        if row in hits:
            yield row, _finding(population, row, hits[row])


class _Search:
    def __init__(self, population: Population) -> None:
        self.population = population
        self.days = population.claimed_on
        self.forms: dict[int, Forms] = {}
        for row, number in enumerate(population.invoice_no):
            if number is not None and self.days[row] is not None and (form := forms(number)).plain:
                self.forms[row] = form
        self.rows = list(self.forms)
        shapes = {row: _shape(str(population.invoice_no[row])) for row in self.rows}
        often = Counter(shapes.values())
        # of a shape (letters, digits, what stands between) that hardly any number has
        self.odd = {row for row, shape in shapes.items() if often[shape] <= settings.INVOICE_ODD * len(self.rows)}
        self.by_bare: defaultdict[str, list[int]] = defaultdict(list)
        for row, form in self.forms.items():
            if len(form.bare) >= settings.INVOICE_SHORTEST and form.bare.isdigit():
                self.by_bare[form.bare].append(row)
        self.numbers: defaultdict[int, list[int]] = defaultdict(list)
        for bare in self.by_bare:
            self.numbers[len(bare)].append(int(bare))
        for many in self.numbers.values():
            many.sort()
        self.misplaced = self._misplaced()

    def _misplaced(self) -> set[int]:
        """Rows whose number is out of place where numbers (of a provider, or of all) run on with the days of issue."""
        days = self.population.invoice_on
        found: set[int] = set()
        groups: defaultdict[str | None, list[int]] = defaultdict(list)
        for row, form in self.forms.items():
            if days[row] is not None and form.bare.isdigit():
                groups[None].append(row)
                groups[self.population.provider[row] or ""].append(row)
        for rows in groups.values():
            if len(rows) >= settings.INVOICE_RUN:
                number = {row: int(self.forms[row].bare) for row in rows}
                by_number = sorted(rows, key=lambda row: (number[row], days[row]))
                by_day = sorted(rows, key=lambda row: (days[row], number[row]))
                place = {row: at for at, row in enumerate(by_day)}
                apart = np.array([at - place[row] for at, row in enumerate(by_number)], dtype=np.float64)
                order = 1 - 6 * float((apart**2).sum()) / (len(rows) * (len(rows) ** 2 - 1))
                if order >= settings.INVOICE_ORDER:
                    least = max(3.0, settings.INVOICE_APART * len(rows))
                    found |= {row for row, far in zip(by_number, apart.tolist(), strict=True) if abs(far) > least}
        return found

    def hits(self) -> list[Hit]:
        """All that count: of what likeness and company an honest claim hardly ever is."""
        found: dict[tuple[int, int], Hit] = {}
        for hit in [*self._same(), *self._prefix(), *self._swapped()]:
            found.setdefault((hit.row, hit.earlier), hit)
        kinds: defaultdict[Kind, set[int]] = defaultdict(set)
        for hit in found.values():
            kinds[_kind(hit)].add(hit.row)
        many = len(self.rows)
        usual = {
            kind
            for kind, rows in kinds.items()
            if many >= settings.CUSTOM_FROM and len(rows) > max(3.0, settings.INVOICE_CUSTOM[kind.likeness] * many)
        }
        # Sellers whose numbers meet with nothing else in common count alike, each for itself: among them it takes more.
        alike = {kind.likeness for kind in usual if not (kind.provider or kind.enterprise or kind.amount or kind.odd)}
        return [
            hit
            for hit in found.values()
            if _kind(hit) not in usual
            and (hit.provider or hit.odd or hit.likeness not in alike or (hit.enterprise and hit.amount))
            and self._counts(hit)
        ]

    def _counts(self, hit: Hit) -> bool:
        """A number that is the same counts; one that is like it, only where chance does not lead to it."""
        if hit.likeness == "same":
            return True
        if hit.likeness == "prefix":
            return hit.provider or hit.enterprise or hit.amount or hit.odd
        return (hit.enterprise and hit.amount) or hit.chance <= settings.INVOICE_CHANCE

    def _same(self) -> Iterator[Hit]:
        by_plain: defaultdict[str, list[int]] = defaultdict(list)
        for row in self.rows:
            by_plain[self.forms[row].plain].append(row)
        for rows in by_plain.values():
            yield from self._pairs(rows, rows, "same")

    def _prefix(self) -> Iterator[Hit]:
        for rows in self.by_bare.values():
            yield from self._pairs(rows, rows, "prefix")
        for group in self.population.groups("provider"):
            cores: defaultdict[str, list[int]] = defaultdict(list)
            for row in group.tolist():
                form = self.forms.get(row)
                for key in {form.core, form.tail, form.bare} if form else ():
                    if len(key) >= settings.INVOICE_CORE:
                        cores[key].append(row)
            for rows in cores.values():
                yield from self._pairs(rows, rows, "prefix")

    def _swapped(self) -> Iterator[Hit]:
        alike = Counter(map(digits, self.by_bare))
        for bare, rows in self.by_bare.items():
            for other in swaps(bare) if alike[digits(bare)] > 1 else ():
                if other in self.by_bare:
                    yield from self._pairs(rows, self.by_bare[other], "swapped", len(bare) - 1)
        for group in self.population.groups("invoice_fen"):
            of_amount: defaultdict[str, list[int]] = defaultdict(list)
            for row in group.tolist() if len(group) > 1 else ():
                if row in self.forms and len(bare := self.forms[row].bare) >= settings.INVOICE_SHORTEST:
                    of_amount[digits(bare)].append(row)
            for rows in of_amount.values():
                if 1 < len(rows) <= settings.INVOICE_CROWD:
                    yield from self._two_swapped(rows)

    def _two_swapped(self, rows: Sequence[int]) -> Iterator[Hit]:
        for row in rows:
            mine = self.forms[row].bare
            if mine.isdigit():
                others = [other for other in rows if _two_swapped(mine, self.forms[other].bare)]
                others = [other for other in others if self._telling(row, other)]
                yield from self._pairs([row], others, "swapped", len(mine) ** 2 // 2)

    def _telling(self, row: int, other: int) -> bool:
        """Rolls of two sellers are full of numbers that two digits apart make one of the other's: between sellers that
        says something of one customer's, or of an amount that few invoices are over."""
        population = self.population
        for column in (population.provider, population.enterprise):
            if column[row] is not None and column[row] == column[other]:
                return True
        return self._share(population.invoice_fen[row], None) <= settings.INVOICE_RARE_AMOUNT

    def _pairs(self, rows: Sequence[int], others: Sequence[int], how: Likeness, ways: int = 1) -> Iterator[Hit]:
        if len(others) < 2 and rows is others:
            return
        for row in rows:
            before = [other for other in others if other != row and self._before(other, row)]
            for other in before[: settings.INVOICE_CROWD]:
                yield self._hit(row, other, how, ways)

    def _before(self, other: int, row: int) -> bool:
        population = self.population
        if population.ended and population.ended[other] and population.order[other] == population.order[row]:
            return False
        mine, theirs = self.days[row], self.days[other]
        assert mine is not None
        assert theirs is not None
        if theirs != mine or not population.at:
            return theirs <= mine
        at, then = population.at[row], population.at[other]
        return bool(at is None or then is None or (then, population.claim[other]) < (at, population.claim[row]))

    def _hit(self, row: int, other: int, how: Likeness, ways: int) -> Hit:
        population = self.population
        amount = population.invoice_fen[row]
        alike = amount is not None and amount == population.invoice_fen[other]
        provider = population.provider[row] is not None and population.provider[row] == population.provider[other]
        enterprise = (
            population.enterprise[row] is not None and population.enterprise[row] == population.enterprise[other]
        )
        chance, close = 0.0, False
        if how == "swapped":
            mine, theirs = int(self.forms[row].bare), int(self.forms[other].bare)
            close = abs(mine - theirs) < settings.INVOICE_CLOSE
            chance = ways * self._density(mine, theirs)
            if row in self.misplaced:
                chance *= settings.INVOICE_MISPLACED
            if alike:
                chance *= self._share(population.invoice_fen[row], population.provider[row] if provider else None)
            if enterprise:
                chance *= settings.INVOICE_SAME_ENTERPRISE
        odd = row in self.misplaced or (how != "swapped" and row in self.odd)
        return Hit(row, other, how, provider, enterprise, alike, odd, close, chance)

    def _density(self, mine: int, theirs: int) -> float:
        """How many of the numbers round about are used, on the scale on which the two differ."""
        wide = max(abs(mine - theirs), settings.INVOICE_CLOSE // 2)
        used = self.numbers[len(str(mine))]
        return (bisect_right(used, mine + wide) - bisect_left(used, mine - wide) - 1) / (2 * wide)

    def _share(self, amount: int | None, provider: str | None) -> float:
        """Of the invoices (of that provider), those over that amount."""
        if not hasattr(self, "_amounts"):
            of = self.population
            self._amounts = Counter((of.invoice_fen[row], of.provider[row]) for row in self.rows)
            self._amounts.update((of.invoice_fen[row], None) for row in self.rows)
            self._of_provider = Counter(of.provider[row] for row in self.rows)
        whole = len(self.rows) if provider is None else self._of_provider[provider]
        return self._amounts[amount, provider] / whole


def _kind(hit: Hit) -> Kind:
    return Kind(hit.likeness, hit.provider, hit.enterprise, hit.amount, hit.odd, hit.close)


def _shape(number: str) -> str:
    return _LETTERS.sub("A", _DIGITS.sub("9", number.strip()))


def _two_swapped(mine: str, other: str) -> bool:
    if len(mine) != len(other):
        return False
    return sum(a != b for a, b in zip(mine, other, strict=True)) == 2


def _finding(population: Population, row: int, hits: list[Hit]) -> Finding:
    order: dict[Likeness, int] = {"same": 0, "prefix": 1, "swapped": 2}
    hits = sorted(hits, key=lambda hit: (order[hit.likeness], population.claimed_on[hit.earlier], hit.earlier))
    first = hits[0]
    other = population.claim[first.earlier]
    severity: Severity = "high" if first.likeness == "same" else "medium"
    zh, en = HOW[first.likeness]
    parties = {str(named[hit.earlier]) for hit in hits[:20] for named in (population.provider, population.enterprise)}
    return Finding(
        rule=RULE,
        severity=severity,
        score=(95 if first.likeness == "same" else 72) - 5 * (not first.provider) + 5 * first.amount,
        zh=f"{zh}：兑现申请 {other} 已于 {population.claimed_on[first.earlier]} 使用。",
        en=f"Claim {other} of {population.claimed_on[first.earlier]} used {en}.",
        numbers={
            "likeness": first.likeness,
            "uses_before": len(hits),
            "amount_fen": population.invoice_fen[row],
            "other_amount_fen": population.invoice_fen[first.earlier],
            "same_provider": first.provider,
            "same_enterprise": first.enterprise,
        },
        claims=tuple(population.claim[hit.earlier] for hit in hits[:20]),
        parties=tuple(sorted(parties - {"None"})),
    )
