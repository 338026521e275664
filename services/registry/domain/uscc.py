"""The unified social credit code (GB 32100-2015): it says of itself whether it was copied rightly, and its region."""

from __future__ import annotations

import hashlib

CODE_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z
CODE_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
ORGANISATION_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

_CODE_VALUES = {character: value for value, character in enumerate(CODE_ALPHABET)}
_ORGANISATION_VALUES = {character: value for value, character in enumerate(ORGANISATION_ALPHABET)}
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def is_valid(code: str) -> bool:
    """18 characters of the alphabet, region digits in their place, the last the check character of the others."""
    if len(code) != 18 or not code[2:8].isdigit() or not code[2:8].isascii():
        return False
    return all(character in _CODE_VALUES for character in code) and check_character(code[:17]) == code[17]


def check_character(first_17: str) -> str:
    """The 18th character that belongs to the first 17; KeyError for a character outside the alphabet."""
    total = sum(_CODE_VALUES[character] * weight for character, weight in zip(first_17, CODE_WEIGHTS, strict=True))
    return CODE_ALPHABET[-total % 31]


def organisation_code_is_valid(code: str) -> bool:
    """Does the organisation code inside (characters 9 to 17) keep its own check digit (GB 11714)?

    A few codes that registers have really issued don't, though their 18th character is right; so this is shown to the
    reviewer of a certification and refuses nobody by itself.
    """
    body, check = code[8:16], code[16:17]
    if len(body) != 8 or any(character not in _ORGANISATION_VALUES for character in body):
        return False
    total = sum(
        _ORGANISATION_VALUES[character] * weight for character, weight in zip(body, ORGANISATION_WEIGHTS, strict=True)
    )
    remainder = 11 - total % 11
    return check == {10: "X", 11: "0"}.get(remainder, str(remainder))


def region_of(code: str) -> str:
    """GB/T 2260 code of the office that registered it (characters 3 to 8)."""
    return code[2:8]


def party_id(*, programme: str, kind: str, code: str) -> str:
    """The id of a party that comes from a register: the same for the same programme, kind and code, always.

    SHA-256 of "programme/kind/code", its first 128 bits in the 26 characters of a ULID. It carries no time; it has
    the shape of the ids that callers make so that both live in one column.
    """
    number = int.from_bytes(hashlib.sha256(f"{programme}/{kind}/{code}".encode()).digest()[:16], "big")
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
