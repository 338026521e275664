"""The accounts of a transfer: sealed where they are kept, told to others as blind indexes alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.money import account_number
from infra.crypto import KeyRing, ring
from infra.jsontext import canonical

NAMES = ("payer_account", "payee_account")


def indexes(transfer: Mapping[str, Any] | None) -> dict[str, str]:
    """payer_index, payee_index of the accounts that are given, comparable with those of registry's parties."""
    given = _given(transfer)
    return {
        f"{name.removesuffix('_account')}_index": index(ring(), given[name])
        for name in given
        if account_number(given[name])
    }


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


def index(keys: KeyRing, account: str) -> str:
    """As registry makes that of a party's account: the same account in one spelling."""
    return keys.blind("account", account_number(account))


def _given(transfer: Mapping[str, Any] | None) -> dict[str, str]:
    return {name: transfer[name] for name in NAMES if transfer.get(name)} if transfer else {}
