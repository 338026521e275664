"""What is wrong with a file, row by row; and what its values may look like."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from contracts.money import MAX_FEN
from infra.clock import local_date

MOST_ROWS = 20_000  # of one file: read in about a second
MOST_TOLD = 50
CURRENCY = "CNY"

_AMOUNT = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,5}))?")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Problem:
    """row 0: the file itself; of a CSV the line as a text editor counts it, of XML the n-th entry."""

    row: int
    code: str
    message: str


class Malformed(Exception):
    """The file cannot be read whole, so nothing of it is."""

    def __init__(self, problems: list[Problem], total: int) -> None:
        super().__init__(problems)
        self.problems, self.total = problems, total

    @property
    def facts(self) -> dict[str, Any]:
        return {"rows": [asdict(one) for one in self.problems], "total": self.total}


class Foreign(Exception):
    """The file is of another batch, account or currency."""

    def __init__(self, **facts: Any) -> None:
        super().__init__(facts)
        self.facts = facts


def malformed(code: str, message: str, row: int = 0) -> Malformed:
    """One thing is wrong, and there is no reading on."""
    return Malformed([Problem(row, code, message)], 1)


@dataclass
class Problems:
    """Gathers what is wrong with the rows, the first of them in words."""

    told: list[Problem] = field(default_factory=list)
    total: int = 0

    def add(self, row: int, code: str, message: str) -> None:
        """One more, of a row."""
        self.total += 1
        if len(self.told) < MOST_TOLD:
            self.told.append(Problem(row, code, message))

    def stop(self) -> None:
        """Malformed when there was any."""
        if self.total:
            raise Malformed(self.told, self.total)


def fen(text: str) -> int:
    """Fen of a plain decimal; ValueError for a sign, an exponent, a fraction of a fen, and more than books can hold."""
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise ValueError("not a plain decimal of yuan")
    places = (found[2] or "").ljust(2, "0")
    if places[2:].strip("0"):
        raise ValueError("a fraction of a fen")
    amount = int(found[1]) * 100 + int(places[:2])
    if amount > MAX_FEN:
        raise ValueError("more than the books can hold")
    return amount


def paid_fen(text: str) -> int:
    """As `fen`, and not nothing."""
    amount = fen(text)
    if amount == 0:
        raise ValueError("nothing was paid")
    return amount


def day(text: str) -> date:
    """ISO 8601, as 2018-09-03 alone."""
    if not _DAY.fullmatch(text):
        raise ValueError("not a day such as 2018-09-03")
    return date.fromisoformat(text)


def day_of(time: str) -> date:
    """The day in Shanghai of an ISO 8601 time, which without a zone is one of Shanghai."""
    try:
        moment = datetime.fromisoformat(time)
        return moment.date() if moment.tzinfo is None else local_date(moment)
    except OverflowError as error:
        raise ValueError("not a time of any calendar") from error


def reference(text: str) -> str:
    """At most 40 characters, none of them a control character."""
    if not (0 < len(text) <= 40 and text.isprintable()):
        raise ValueError("not a reference of 1 to 40 printable characters")
    return text


def plain(text: str, most: int) -> str:
    """Without control characters, which neither XML nor a spreadsheet takes, and cut to `most`."""
    return "".join(one if one.isprintable() else " " for one in text).strip()[:most]
