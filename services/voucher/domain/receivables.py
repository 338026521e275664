"""What is owed back, in the books: totals heard of a receivable become the movements that were not posted yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from services.voucher.domain import ledger
from services.voucher.domain.ledger import Move


@dataclass(frozen=True)
class Totals:
    """Of one receivable, as its state of that `sequence` tells them."""

    receivable_id: str
    sequence: int
    amount_fen: int
    recovered_fen: int
    written_off_fen: int


@dataclass(frozen=True)
class Names:
    """The accounts of one receivable. `origin`: where its money had gone; `losses` where it was never paid."""

    origin: str
    receivable: str
    recovered: str
    written_off: str

    @classmethod
    def of(cls, *, programme: str, year: int, purse: str, party_id: str, paid: bool) -> Names:
        of_year = programme, year, purse
        return cls(
            origin=ledger.redeemed(*of_year) if paid else ledger.losses(*of_year),
            receivable=ledger.receivable(programme, year, party_id),
            recovered=ledger.recovered(*of_year),
            written_off=ledger.written_off(*of_year),
        )

    @property
    def all(self) -> tuple[str, ...]:
        return self.origin, self.receivable, self.recovered, self.written_off


def nothing(receivable_id: str) -> Totals:
    """Nothing was heard of it yet."""
    return Totals(receivable_id, 0, 0, 0, 0)


def moves(*, heard: Totals, told: Totals, names: Names) -> tuple[Move, ...]:
    """The movements between two states; none when the state told is not newer: order on the wire does not matter.

    What was recovered by a payment that came back goes the other way.
    """
    return tuple(_moves(heard, told, names)) if told.sequence > heard.sequence else ()


def drawn(move: Move, on: Sequence[str], available: Callable[[str], int]) -> tuple[Move, ...]:
    """The movement from the first of these accounts that has the money, then the next: corrections may have taken to
    another purse what was paid from `move.debit`."""
    left_fen, found = move.amount_fen, list[Move]()
    for account in on:
        part_fen = min(left_fen, available(account))
        if part_fen > 0:
            found.append(replace(move, debit=account, amount_fen=part_fen))
            left_fen -= part_fen
    if left_fen:  # more than there is anywhere: refused by the books
        found.append(replace(move, amount_fen=left_fen))
    return tuple(found)


def _moves(heard: Totals, told: Totals, names: Names) -> Iterator[Move]:
    changes = (
        (names.origin, names.receivable, told.amount_fen - heard.amount_fen, "receivable_owed"),
        (names.receivable, names.recovered, told.recovered_fen - heard.recovered_fen, "receivable_recovered"),
        (names.receivable, names.written_off, told.written_off_fen - heard.written_off_fen, "receivable_written_off"),
    )
    for debit, credit, fen, reason in changes:
        if fen > 0:
            yield Move("posted", debit, credit, fen, reason)
        elif fen < 0:
            yield Move("posted", credit, debit, -fen, "receivable_restored")
