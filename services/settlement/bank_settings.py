"""What a deployment says of its bank: whose accounts pay, and after how many working days silence means unknown.

Both are read once a process, when it starts: what makes no sense keeps it from starting.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

from services.settlement.domain.bank import Payer

PAYERS = "YUNQUAN_PAYERS"
RESULT_DAYS = "YUNQUAN_RESULT_DAYS"
_TEXTS = {field.name for field in fields(Payer)}
_MUST = _TEXTS - {"region"}
_LONGEST = {"name": 140, "account": 34, "bank_name": 140, "bank_code": 14}


class BankSettingsUnusable(ValueError):
    """A setting of the bank cannot be read; the message names it and what is wrong."""


@cache
def payers() -> tuple[Payer, ...]:
    """The paying accounts of the file that YUNQUAN_PAYERS names, none without it; BankSettingsUnusable."""
    path = os.environ.get(PAYERS)
    return read_payers(Path(path)) if path else ()


@cache
def result_days() -> int:
    """Working days after a release until a payment without a word of the bank is unknown; BankSettingsUnusable."""
    text = os.environ.get(RESULT_DAYS) or "3"
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 100):
        raise BankSettingsUnusable(f"{RESULT_DAYS} is a number of working days, 1 to 100")
    return int(text)


def read_payers(path: Path) -> tuple[Payer, ...]:
    """`[[payer]]` with programme, name, account, bank_name and bank_code, and `region` where a region's money is."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BankSettingsUnusable(f"{PAYERS}: {path}: {error}") from error
    listed = found.get("payer")
    if set(found) != {"payer"} or not isinstance(listed, list):
        raise BankSettingsUnusable(f"{PAYERS}: {path} has [[payer]] alone")
    read = tuple(_payer(path, number, one) for number, one in enumerate(listed, start=1))
    if len({(one.programme, one.region) for one in read}) != len(read):
        raise BankSettingsUnusable(f"{PAYERS}: {path} names two payers for one programme and region")
    return read


def _payer(path: Path, number: int, given: Any) -> Payer:
    """Never shows what stands there: an account is nobody's to read in a log."""
    where = f"{PAYERS}: {path}: payer {number}"
    if not isinstance(given, dict) or not _MUST <= set(given) <= _TEXTS:
        raise BankSettingsUnusable(f"{where} has {', '.join(sorted(_MUST))}, and region where it is a region's")
    for name, value in given.items():
        if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= _LONGEST.get(name, 40):
            raise BankSettingsUnusable(f"{where}: {name} is no text of at most {_LONGEST.get(name, 40)} characters")
    return Payer(**{**given, "account": given["account"].replace(" ", "")})
