"""A sketch of a set of rows, of fixed size: of two sets that differ in few rows, it gives those rows and all they say.

An invertible Bloom lookup table (Goodrich and Mitzenmacher, "Invertible Bloom Lookup Tables", 2011; as Eppstein et al.,
"What's the Difference?", SIGCOMM 2011, use it): each row goes into three of its cells, which hold the exclusive or of
their rows, of their hashes and how many they are. Two sketches, subtracted, leave only what is in one of them; a cell
with one row gives it up, and that frees others. The hash is a keyed mix of all words of a row (the finaliser
of SplitMix64); the salt is drawn at each telling, so that nobody can choose rows that hide each other.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from infra.books.rows import Words

PARTS, CELLS = 3, 24  # cells a part: ten changed rows, twice in a sketch each, are found nearly always
_GOLDEN = 0x9E3779B97F4A7C15


@dataclass(frozen=True)
class Sketch:
    """counts: rows of a cell; cells: exclusive or of the words of its rows, the last word that of their hashes."""

    counts: NDArray[np.int64]
    cells: Words
    salt: int

    def text(self) -> str:
        """As an event carries it."""
        parts = self.counts.astype("<i4").tobytes(), self.cells.astype("<u8").tobytes()
        return base64.b64encode(b"".join(parts)).decode("ascii")


@dataclass(frozen=True)
class Difference:
    """Rows in one of the sets alone, each as its words. whole: these are all of them."""

    left: tuple[tuple[int, ...], ...]
    right: tuple[tuple[int, ...], ...]
    whole: bool

    def __bool__(self) -> bool:
        return bool(self.left or self.right or not self.whole)


def sketch_of(rows: Words, salt: int) -> Sketch:
    """The sketch of these rows; two that are the same cancel each other, but for their count."""
    cells = np.zeros((PARTS * CELLS, rows.shape[1] + 1), dtype=np.uint64)
    counts = np.zeros(PARTS * CELLS, dtype=np.int64)
    hashes = _hashes(rows, salt)
    marked = np.column_stack([rows, hashes])
    for part in range(PARTS):
        places = _places(hashes, part)
        order = np.argsort(places, kind="stable")
        at, starts = np.unique(places[order], return_index=True)
        if len(at):
            cells[at] = np.bitwise_xor.reduceat(marked[order], starts, axis=0)
        counts += np.bincount(places, minlength=PARTS * CELLS)
    return Sketch(counts, cells, salt)


def read(text: str, *, words: int, salt: int) -> Sketch:
    """The sketch of rows of that many words that an event carried; ValueError when it is none."""
    many = PARTS * CELLS
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("a sketch is base64") from error
    if len(raw) != many * (4 + 8 * (words + 1)):
        raise ValueError("a sketch of another size")
    counts = np.frombuffer(raw[: 4 * many], dtype="<i4").astype(np.int64)
    cells = np.frombuffer(raw[4 * many :], dtype="<u8").reshape(many, words + 1).astype(np.uint64)
    return Sketch(counts, cells, salt)


def difference(left: Sketch, right: Sketch) -> Difference:
    """What is in one of the two alone."""
    counts, cells = left.counts - right.counts, left.cells ^ right.cells
    found: dict[int, list[tuple[int, ...]]] = {1: [], -1: []}
    waiting = list(range(PARTS * CELLS))
    while waiting:
        cell = waiting.pop()
        sign = int(counts[cell])
        if sign not in found:
            continue
        row = cells[cell].copy()
        digest = _hashes(row[None, :-1], left.salt)
        places = [int(_places(digest, part)[0]) for part in range(PARTS)]
        if digest[0] != row[-1] or cell not in places:
            continue
        found[sign].append(tuple(int(value) for value in row[:-1]))
        for place in places:
            cells[place] ^= row
            counts[place] -= sign
        waiting += places
    return Difference(tuple(found[1]), tuple(found[-1]), not (counts.any() or cells.any()))


def _hashes(rows: Words, salt: int) -> Words:
    found = np.full(rows.shape[0], salt, dtype=np.uint64)
    for column in range(rows.shape[1]):
        found = _mix(found ^ _mix(rows[:, column] + _step(column + 1)))
    return found


def _mix(values: Words) -> Words:
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _step(number: int) -> np.uint64:
    return np.uint64(_GOLDEN * number % (1 << 64))


def _places(hashes: Words, part: int) -> NDArray[np.int64]:
    mixed = _mix(hashes + _step(part + 1))
    return (mixed % np.uint64(CELLS)).astype(np.int64) + part * CELLS
