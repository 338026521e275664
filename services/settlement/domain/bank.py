"""The payment file for the bank, and what its statement and our payments disagree on."""

from __future__ import annotations

import csv
import hashlib
import io
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.money import format_yuan

COLUMNS = ("reference", "payee_name", "payee_uscc", "bank_name", "bank_code", "account", "amount_yuan", "purpose")
BOM = "\ufeff"

BOOKED = ("settled", "with_district")  # states of a payment that the bank has paid out

DIFFERENCES = (
    "REFERENCE_UNKNOWN",  # the bank booked what we never sent
    "AMOUNT_DIFFERS",
    "NOT_SETTLED",  # booked, but no result says that it was settled
    "BOOKED_TWICE",
    "NOT_BOOKED",  # settled, and on no statement
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Where the money goes, as registry gave it for this release; kept encrypted alone."""

    name: str
    uscc: str
    bank_name: str
    bank_code: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the payment file."""

    reference: str
    payee: Payee
    amount_fen: int
    purpose: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """One line of the bank's statement."""

    reference: str
    amount_fen: int
    booked_on: date
    direction: str = "debit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where books and bank disagree; 0 and None where one side has nothing."""

    code: str
    reference: str
    payment_id: str | None
    amount_fen: int
    booked_fen: int
    status: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Our side of a reference."""

    payment_id: str
    amount_fen: int
    status: str


def payment_file(lines: Sequence[Line]) -> str:
    """CSV with a BOM; numbers that are names (accounts, codes) start with a tab: spreadsheets then keep every digit."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        payee = line.payee
        named = (payee.name, payee.uscc, payee.bank_name, payee.bank_code, payee.account)
        writer.writerow([line.reference, *map(_as_text, named), format_yuan(line.amount_fen), line.purpose])
    return BOM + text.getvalue()


def sha256_of(content: str) -> str:
    """Of the file's bytes, BOM and all."""
    return hashlib.sha256(content.encode("utf-8")).hexdigest()


def compare(*, known: Known | None, booked: Sequence[Booked], reference: str) -> Iterable[Difference]:
    """Differences on one reference, given all statement lines on it."""
    amount_fen, status = (known.amount_fen, known.status) if known else (0, None)
    codes: list[tuple[str, int]] = []
    total = sum(line.amount_fen for line in booked)
    if known is None:
        codes.append(("REFERENCE_UNKNOWN", total))
    elif not booked:
        codes += [("NOT_BOOKED", 0)] if known.status in BOOKED else []
    else:
        codes += [("AMOUNT_DIFFERS", line.amount_fen) for line in booked if line.amount_fen != known.amount_fen]
        codes += [("BOOKED_TWICE", total)] if len(booked) > 1 else []
        codes += [("NOT_SETTLED", total)] if known.status not in (*BOOKED, "returned") else []
    for code, booked_fen in codes:
        yield Difference(
            code=code,
            reference=reference,
            payment_id=known.payment_id if known else None,
            amount_fen=amount_fen,
            booked_fen=booked_fen,
            status=status,
        )


def _as_text(value: str) -> str:
    """No formula, no number: a leading tab makes a spreadsheet show it as it is."""
    formula = unicodedata.normalize("NFKC", value).lstrip()[:1] in ("=", "+", "-", "@")
    return f"\t{value}" if formula or value.replace(" ", "").isdigit() or _exponent(value) else value


def _exponent(value: str) -> bool:
    """`9152E123…` would be read as a power of ten."""
    whole, mark, power = value.upper().partition("E")
    return bool(mark) and whole.isdigit() and power.isdigit()
