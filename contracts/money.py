"""Money is integer fen everywhere; this module alone turns text into fen and rates into amounts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from fractions import Fraction

# What a signed 64-bit column holds with a wide margin for sums; the schemas of commands use it as their upper bound.
MAX_FEN = 10**16

_PLAIN = re.compile(r"([0-9]{1,30})(?:\.([0-9]{1,2}))?")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?)%")
_LEVEL = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,4})?)(%?)")
_RATIO = re.compile(r"([0-9]{1,9})/([1-9][0-9]{0,8})")


def parse_yuan(text: str) -> int:
    """Fen of a plain decimal in yuan ("80000", "33333.33"); ValueError for a sign, exponent, separator, third place."""
    match = _PLAIN.fullmatch(text)
    if match is None:
        raise ValueError("not a plain decimal of yuan with at most two places")
    whole, places = match.groups()
    return int(whole) * 100 + int((places or "").ljust(2, "0"))


def format_yuan(amount_fen: int) -> str:
    """Yuan text with two places ("-0.05" for -5 fen), the inverse of `parse_yuan` for amounts that are not negative."""
    sign, magnitude = ("-", -amount_fen) if amount_fen < 0 else ("", amount_fen)
    return f"{sign}{magnitude // 100}.{magnitude % 100:02d}"


def share(amount_fen: int, rate: Fraction) -> int:
    """`rate` of the amount, rounded down to the fen: the one place where money is rounded. ValueError when negative."""
    if amount_fen < 0 or rate < 0:
        raise ValueError("a share is taken of an amount and a rate that are not negative")
    return amount_fen * rate.numerator // rate.denominator


def apportion(amount_fen: int, parts: Sequence[Fraction]) -> list[int]:
    """The whole amount in proportion to `parts`: what is left of rounding down goes, a fen each, to the largest
    remainders, of equal ones to the earlier. ValueError for a negative amount or part, and when there is no part."""
    whole = sum(parts, Fraction())
    if amount_fen < 0 or whole <= 0 or min(parts) < 0:
        raise ValueError("an amount is apportioned to parts that are not negative, and not all nothing")
    exact = [amount_fen * part / whole for part in parts]
    shares = [share(amount_fen, part / whole) for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda at: (shares[at] - exact[at], at))
    for at in by_remainder[: amount_fen - sum(shares)]:
        shares[at] += 1
    return shares


def parse_rate(text: str) -> Fraction:
    """The exact fraction of "40%", "12.5%" or "1/3"; ValueError for anything else, and above the whole."""
    percent, ratio = _PERCENT.fullmatch(text), _RATIO.fullmatch(text)
    if percent is not None:
        rate = Fraction(percent[1]) / 100
    elif ratio is not None:
        rate = Fraction(int(ratio[1]), int(ratio[2]))
    else:
        raise ValueError('not a rate such as "40%" or "1/3"')
    if rate > 1:
        raise ValueError("a rate is at most the whole")
    return rate


def parse_level(text: str) -> Fraction:
    """The exact fraction of a rate that may be above the whole ("120%", "3/2") or of a plain number ("5", "0.8");
    ValueError for anything else."""
    ratio = _RATIO.fullmatch(text)
    if ratio is not None:
        return Fraction(int(ratio[1]), int(ratio[2]))
    match = _LEVEL.fullmatch(text)
    if match is None:
        raise ValueError('not a level such as "120%", "5" or "3/2"')
    return Fraction(match[1]) / (100 if match[2] else 1)


def format_rate(rate: Fraction) -> str:
    """ "40%" where hundredths of a per cent say it exactly, else "1/3"."""
    hundredths = rate * 10_000
    if hundredths.denominator != 1:
        return f"{rate.numerator}/{rate.denominator}"
    return f"{hundredths.numerator / 100:g}%"


_APART = re.compile(r"[\W_]+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_BANK_BEFORE = re.compile(r"^(?:icbc|abc|boc|ccb|bocom|comm|cmbc|cmb|psbc|citic|spdb|cib|ceb|hxb|gdb)(?=[0-9]{8,})")
SHORTEST_ACCOUNT = 6


def account_number(text: str) -> str:
    """Letters and digits of a bank account in one spelling, without the bank's name before it, as blind indexes compare
    them; empty when it is too short for one."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    number = _BANK_BEFORE.sub("", _APART.sub("", _HAN.sub("", plain)))
    return number if len(number) >= SHORTEST_ACCOUNT else ""
