"""The accounts of a transfer: sealed where they are kept, told to others as blind indexes alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from infra.crypto import ring
from infra.jsontext import canonical

NAMES = ("payer_account", "payee_account")

# As registry's domain/personal.py has it, letter by letter: the two are compared (tests/integration/settlement).
_BANK_BEFORE = re.compile(r"^(?:icbc|abc|boc|ccb|bocom|comm|cmbc|cmb|psbc|citic|spdb|cib|ceb|hxb|gdb)(?=[0-9]{8,})")
_CHINESE = re.compile(r"[\u3400-\u9fff]+")
_NOT_LETTERS = re.compile(r"[\W_]+")
SHORTEST = 6


def indexes(transfer: Mapping[str, Any] | None) -> dict[str, str]:
    """payer_index, payee_index of the accounts that are given, comparable with those of registry's parties."""
    plain = {name.removesuffix("_account"): comparable(account) for name, account in _given(transfer).items()}
    return {f"{side}_index": ring().blind("account", text) for side, text in plain.items() if text}


def sealed(transfer: Mapping[str, Any] | None, *, claim_id: str) -> dict[str, Any]:
    """key_id and sealed: the accounts as they were given; both None where none was."""
    given = _given(transfer)
    if not given:
        return {"key_id": None, "sealed": None}
    key_id, text = ring().seal(canonical(given).encode(), context=f"filing:{claim_id}")
    return {"key_id": key_id, "sealed": text}


def without(transfer: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The transfer as anyone who sees the papers may read it."""
    return None if transfer is None else {name: value for name, value in transfer.items() if name not in NAMES}


def comparable(account: str) -> str:
    """Letters and digits of the number, without the bank's name before it; empty when it is too short for one."""
    plain = unicodedata.normalize("NFKC", account).casefold()
    number = _BANK_BEFORE.sub("", _NOT_LETTERS.sub("", _CHINESE.sub("", plain)))
    return number if len(number) >= SHORTEST else ""


def _given(transfer: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: transfer[name] for name in NAMES if transfer.get(name)} if transfer else {}
