"""Which facts are personal, and how they are made comparable before they become a blind index."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TypeAlias

# Sealed together, one text a party; in no event, log or error.
PERSONAL = (
    "representative",
    "contact_name",
    "contact_phone",
    "contact_email",
    "address",
    "account",
    "account_holder",
    "bank_name",
    "bank_code",
)
ACCOUNT = ("account", "account_holder", "bank_name", "bank_code")  # a change of any makes a new version of the account

Personal: TypeAlias = Mapping[str, str]  # only the facts that are known

_NOT_LETTERS = re.compile(r"[\W_]+")
_NOT_DIGITS = re.compile(r"[^0-9]+")
_COUNTRY = re.compile(r"^(?:00)?86(?=1[0-9]{10}$)")


def comparable(personal: Personal) -> dict[str, str]:
    """Index kind → normalised value, for those that are known: person, phone, address, account."""
    found = {
        "person": _letters(personal.get("representative") or personal.get("contact_name") or ""),
        "phone": _COUNTRY.sub("", _NOT_DIGITS.sub("", _plain(personal.get("contact_phone") or ""))),
        "address": _letters(personal.get("address") or ""),
        "account": _letters(personal.get("account") or ""),
    }
    return {kind: value for kind, value in found.items() if value}


def has_account(personal: Mapping[str, str | None]) -> bool:
    """Can money be sent to it? A number alone, without holder and bank, is none."""
    return all(personal.get(name) for name in ACCOUNT)


def masked(value: str) -> str:
    """Enough for a person to recognise what was meant, too little for anyone else: the last two characters."""
    return "*" * 4 + value[-2:] if len(value) > 4 else "*" * 4


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _letters(text: str) -> str:
    """Letters and digits alone: spaces, hyphens and brackets are written differently from day to day."""
    return _NOT_LETTERS.sub("", _plain(text))
