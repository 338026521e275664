"""What goes to the bank and what it says of it; and on what its statement and our payments disagree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

BOOKED = ("settled", "with_district")  # states of a payment that the bank has paid out
BACK = ("returned", "failed")  # states of a payment whose money is ours again
RESULTS = ("settled", "failed", "returned", "unknown")
RANK: Mapping[str, int] = {"unknown": 0, "settled": 1, "failed": 1, "returned": 2}  # which word is the later one

_ACCOUNT = re.compile(r"(?=(?:[ -]?[0-9]){10})[0-9]{4}(?:[ -]?[0-9])*")  # what may be one, or a person's number

DIFFERENCES = (
    "REFERENCE_UNKNOWN",  # the bank booked what we never sent
    "AMOUNT_DIFFERS",
    "NOT_SETTLED",  # booked, but no result says that it was settled
    "BOOKED_TWICE",
    "NOT_BOOKED",  # settled, and on no statement
    "RETURN_NOT_RECORDED",  # it came back, but no result says so
    "CREDIT_UNMATCHED",  # money came in that nobody knows
)


# --- to the bank ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Where the money goes, as registry gave it for this release; kept encrypted alone."""

    name: str
    uscc: str
    bank_name: str
    bank_code: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Whose account pays the funds of a programme; of a region alone where it names one."""

    programme: str
    region: str | None = None
    name: str
    account: str
    bank_name: str
    bank_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One payment as it was released. payer: as it was set then; None where none was."""

    reference: str
    payee: Payee
    amount_fen: int
    purpose: str
    fund: str
    payer: Payer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """All that one batch tells the bank to pay; its files are renderings of it."""

    batch_id: str
    programme: str
    released_at: datetime
    lines: tuple[Line, ...]

    @property
    def amount_fen(self) -> int:
        return sum(line.amount_fen for line in self.lines)


def payer_of(payers: Iterable[Payer], *, programme: str, fund: str) -> Payer | None:
    """Who pays a fund (`programme:year`, and `:region` where it is a region's own money)."""
    region = [*fund.split(":"), None, None][2]
    return next((one for one in payers if (one.programme, one.region) == (programme, region)), None)


# --- from the bank ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The bank's word on one payment. amount_fen: None where it does not repeat it."""

    reference: str
    status: str
    amount_fen: int | None
    on: date
    reason: str | None = None
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A file of results. batch_id: whose it says it is; refused_on: all of the batch was refused, without rows;
    pending: rows that are no last word."""

    rows: tuple[Said, ...]
    batch_id: str | None = None
    refused_on: date | None = None
    reason: str | None = None
    pending: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """One line of the bank's statement. bank_reference: the bank's own, the same in every statement that shows it."""

    reference: str
    amount_fen: int
    booked_on: date
    direction: str = "debit"
    bank_reference: str | None = None

    @property
    def signed_fen(self) -> int:
        return self.amount_fen if self.direction == "credit" else -self.amount_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A file of bookings on one account; own_id: the bank's name for it."""

    own_id: str | None
    account: str | None
    entries: tuple[Booked, ...]


def without_accounts(reason: str | None) -> str | None:
    """The bank's own words, of a long number its last four digits: events tell them, and nobody can take these back."""
    return None if reason is None else _ACCOUNT.sub(lambda found: f"…{found[0][-4:]}", reason)


def in_order(rows: Iterable[Said]) -> list[Said]:
    """However a file is sorted and repeats itself: each word once, on a payment the later ones last."""
    distinct = {
        (one.reference, RANK[one.status], one.on, one.status, one.amount_fen, one.reason or ""): one for one in rows
    }
    kept: dict[tuple[str, str, date, int | None], Said] = {}
    for key in sorted(distinct, key=lambda key: (*key[:4], key[4] or 0, key[5])):
        one = distinct[key]
        kept.setdefault((one.reference, one.status, one.on, one.amount_fen), one)
    return list(kept.values())


def contradictions(rows: Sequence[Said]) -> Iterator[Said]:
    """Of rows in order: those that say of a payment what another row denies."""
    for _reference, group in groupby(rows, key=lambda one: one.reference):
        said = list(group)
        words = {one.status for one in said}
        amounts = {one.amount_fen for one in said if one.amount_fen is not None}
        if len(amounts) > 1 or ("failed" in words and words & {"settled", "returned"}):
            yield said[-1]


def occurrences(entries: Sequence[Booked]) -> list[tuple[Booked, int]]:
    """Each entry with how many like it stand before it: two equal ones on one statement are two."""
    seen: dict[Booked, int] = {}
    numbered = []
    for one in entries:
        numbered.append((one, seen.get(one, 0)))
        seen[one] = seen.get(one, 0) + 1
    return numbered


# --- on what they disagree --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where books and bank disagree; 0 and None where one side has nothing."""

    code: str
    reference: str
    payment_id: str | None
    amount_fen: int
    booked_fen: int
    status: str | None

    @property
    def key(self) -> tuple[str, str, int, int]:
        """What a resolution is of: when an amount changes, it is another difference."""
        return self.code, self.reference, self.amount_fen, self.booked_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Our side of a reference."""

    payment_id: str
    programme: str
    amount_fen: int
    status: str


def compare(*, known: Known | None, booked: Sequence[Booked], reference: str) -> Iterable[Difference]:
    """Differences on one reference, given all statement lines on it; at most one of a code."""
    out = [one.amount_fen for one in booked if one.direction == "debit"]
    back = [one.amount_fen for one in booked if one.direction == "credit"]
    codes = _of_strangers(out, back) if known is None else _of_ours(known, out, back)
    for code, booked_fen in codes:
        yield Difference(
            code=code,
            reference=reference,
            payment_id=known.payment_id if known else None,
            amount_fen=known.amount_fen if known else 0,
            booked_fen=booked_fen,
            status=known.status if known else None,
        )


def _of_strangers(out: Sequence[int], back: Sequence[int]) -> Iterator[tuple[str, int]]:
    if out:
        yield "REFERENCE_UNKNOWN", sum(out)
    if back:
        yield "CREDIT_UNMATCHED", sum(back)


def _of_ours(known: Known, out: Sequence[int], back: Sequence[int]) -> Iterator[tuple[str, int]]:
    if not out and known.status in BOOKED:
        yield "NOT_BOOKED", 0
    odd = [amount for amount in (*out, *back) if amount != known.amount_fen]
    if odd:
        yield "AMOUNT_DIFFERS", sum(odd)
    if len(out) > 1:
        yield "BOOKED_TWICE", sum(out)
    if out and known.status not in (*BOOKED, "returned") and sum(out) != sum(back):
        yield "NOT_SETTLED", sum(out)
    if back and known.status not in BACK:
        yield "RETURN_NOT_RECORDED", sum(back)
