"""Rows of a book as whole numbers of 64 bits: three words of its key, then one a column.

A key is a ULID of 26 characters, five bits each; any other text is its SHA-256, marked. A word is the first 64 bits of
its SHA-256. An amount that is not there is the least number that there is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.books import Book
from contracts.fields import ULID

Words = NDArray[np.uint64]  # one row a line

KEY_WORDS = 3
_SPANS = ((0, 9), (9, 18), (18, 26))
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FOREIGN = 1 << 63  # in the first word of a key that is no ULID
_NOTHING = 1 << 63  # as a signed number the least; no amount is near it
_VALUES = np.zeros(256, dtype=np.uint64)
_VALUES[[ord(letter) for letter in _ALPHABET]] = np.arange(32, dtype=np.uint64)


def width(book: Book) -> int:
    """Words of a row."""
    return KEY_WORDS + len(book.columns)


def words_of(book: Book, rows: Sequence[Sequence[Any]]) -> Words:
    """Rows of (key, *columns) as words; OverflowError for a number that is beyond 64 bits."""
    found = np.zeros((len(rows), width(book)), dtype=np.uint64)
    if not rows:
        return found
    keys, *columns = zip(*rows, strict=True)
    found[:, :KEY_WORDS] = _keys(keys)
    for at, (name, values) in enumerate(zip(book.columns, columns, strict=True), start=KEY_WORDS):
        found[:, at] = [word(value) for value in values] if name in book.words else _numbers(values)
    return found


def packed(words: Words) -> list[bytes]:
    """Each row as bytes, least first."""
    return [row.tobytes() for row in words.astype("<u8")]


def unpacked(book: Book, rows: Iterable[bytes]) -> Words:
    """What `packed` gave."""
    flat = np.frombuffer(b"".join(rows), dtype="<u8")
    return flat.reshape(-1, width(book)).astype(np.uint64)


def sums(book: Book, words: Words) -> dict[str, int]:
    """The sum of each amount over all rows, in fen."""
    found = {}
    for at, name in enumerate(book.columns, start=KEY_WORDS):
        if name in book.amounts:
            column = words[:, at]
            there = column[column != np.uint64(_NOTHING)].view(np.int64)
            found[name] = _sum(there)
    return found


def key_of(row: Sequence[int]) -> str:
    """The key of a row; of one that is no ULID, `?` and its hash."""
    if row[0] >= _FOREIGN:
        return f"?{row[0]:016x}{row[1]:016x}"
    parts = ((int(word), end - start) for word, (start, end) in zip(row, _SPANS, strict=False))
    return "".join(_ALPHABET[word >> 5 * shift & 31] for word, many in parts for shift in range(many - 1, -1, -1))


def values_of(book: Book, row: Sequence[int]) -> dict[str, Any]:
    """The columns of a row; a word that the contract does not know is `?` and its hash."""
    found: dict[str, Any] = {}
    for name, value in zip(book.columns, row[KEY_WORDS:], strict=True):
        if name in book.words:
            known = {word(text): text for text in book.words[name]}
            found[name] = known.get(int(value), f"?{int(value):016x}")
        else:
            number = int(value)
            found[name] = None if number == _NOTHING else number - (1 << 64) if number >> 63 else number
    return found


@lru_cache(maxsize=4096)
def word(text: str) -> int:
    """The word for a text."""
    return int.from_bytes(hashlib.sha256(str(text).encode()).digest()[:8], "big")


def _sum(column: NDArray[np.int64]) -> int:
    """Exact, however many: the upper and lower halves are summed apart."""
    return (int((column >> 32).sum()) << 32) + int((column & 0xFFFFFFFF).sum())


def _numbers(values: Sequence[int | None]) -> Words:
    return np.array([_NOTHING - (1 << 64) if one is None else one for one in values], dtype=np.int64).view(np.uint64)


def _keys(keys: Sequence[str]) -> Words:
    ours = [ULID.fullmatch(key) is not None for key in keys]
    text = "".join(key if own else "0" * 26 for key, own in zip(keys, ours, strict=True))
    letters = _VALUES[np.frombuffer(text.encode("ascii"), dtype=np.uint8).reshape(-1, 26)]
    found = np.zeros((len(keys), KEY_WORDS), dtype=np.uint64)
    for at, (start, end) in enumerate(_SPANS):
        for letter in range(start, end):
            found[:, at] = (found[:, at] << np.uint64(5)) | letters[:, letter]
    for line, (key, own) in enumerate(zip(keys, ours, strict=True)):
        if not own:
            digest = hashlib.sha256(str(key).encode()).digest()
            found[line] = [_FOREIGN | int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:16], "big"), 0]
    return found
