"""What is written, as the services take it: `$names` of parties and saved values, money in yuan, times of Shanghai."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from infra.clock import SHANGHAI
from infra.jsontext import instant_text

NAME = re.compile(r"\$\{?([^\W\d]\w*(?:\.\w+)*)\}?")
_MONEY = re.compile(r"(-?[0-9][0-9,]*(?:\.[0-9]{1,2})?)([万亿]?)元")
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d)?")
UNITS = {"": 100, "万": 1_000_000, "亿": 10_000_000_000}  # fen
MORNING = " 09:00"

Names = Mapping[str, Any]


class Unreadable(ValueError):
    """A text that is not what it should be, in words for its writer."""


def moment(text: str) -> datetime:
    """`2019-03-01 09:00` of Asia/Shanghai, or a day alone: nine in the morning."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise Unreadable(f"{text!r} is no time: write 2019-03-01 09:00, or 2019-03-01 for nine in the morning")
    try:
        local = datetime.fromisoformat(text if " " in text else text + MORNING)
    except ValueError as error:
        raise Unreadable(f"{text!r} is no time: {error}") from error
    return local.replace(tzinfo=SHANGHAI).astimezone(UTC)


def money(value: Any) -> int:
    """Fen, from a whole number of fen or `80,000元`, `5万元`, `4亿元`, `0.01元`."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _MONEY.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Unreadable(f"{value!r} is no money: write 80,000元, 5万元, 0.01元, or whole fen without a unit")
    fen = Decimal(found[1].replace(",", "")) * UNITS[found[2]]
    if fen != int(fen):
        raise Unreadable(f"{value!r} is a fraction of a fen")
    return int(fen)


def names_in(value: Any) -> Iterator[str]:
    """Every `$name` in a value, in the order they stand."""
    if isinstance(value, str):
        yield from (found[1] for found in NAME.finditer(value))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from names_in(inner)
            yield from () if key in OPERATORS else names_in(key)
    elif isinstance(value, list):
        for inner in value:
            yield from names_in(inner)


OPERATORS = frozenset({"$contains", "$lacks", "$count", "$not", "$text", "$any_of"})


def filled(value: Any, names: Names, key: str = "") -> Any:
    """The value with names put in, and money and times read where the key says so (`…_fen`, `…_at`)."""
    if isinstance(value, Mapping):
        return {k if k in OPERATORS else _text(k, names): filled(v, names, key if k in OPERATORS else k)
                for k, v in value.items()}  # fmt: skip
    if isinstance(value, list):
        return [filled(inner, names, key) for inner in value]
    if not isinstance(value, str):
        return value
    whole = NAME.fullmatch(value)
    if whole:
        return names[whole[1]]
    text = _text(value, names)
    if key.endswith("_fen"):
        return money(text)
    if key.endswith("_at") and _TIME.fullmatch(text):
        return instant_text(moment(text))
    return text


def _text(value: str, names: Names) -> str:
    return NAME.sub(lambda found: str(names[found[1]]), value)


def at_path(answer: Any, path: str) -> Any:
    """`items.0.claim_id` of an answer; KeyError."""
    for part in path.split("."):
        if isinstance(answer, list) and part.isdigit() and int(part) < len(answer):
            answer = answer[int(part)]
        elif isinstance(answer, Mapping) and part in answer:
            answer = answer[part]
        else:
            raise KeyError(part)
    return answer
