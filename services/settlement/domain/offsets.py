"""What a payee owes is taken off what it is to be paid, before the money goes to the bank."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

RESERVED = "reserved"  # the payment has not ended: no other payment and no repayment may take the same
BOOKED = "booked"  # it arrived, and so much was recovered by it
FREED = "freed"  # it did not arrive
RESTORED = "restored"  # it had arrived, and the bank sent it back: so much is owed again

# what becomes of a payment's offsets when it has moved there; in all other states they stay as they are
FATES: Mapping[str, tuple[str, str]] = {
    "offset": (RESERVED, BOOKED),
    "settled": (RESERVED, BOOKED),
    "held": (RESERVED, FREED),
    "failed": (RESERVED, FREED),
}

Purse = tuple[str, str]  # payee, and the region of the plan whose money it is
Open = Mapping[Purse, Sequence[tuple[str, int]]]  # receivables and what of each may be taken off now, oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Offset:
    """So much of one receivable is taken off one payment."""

    payment_id: str
    receivable_id: str
    amount_fen: int
    status: str = RESERVED


def fate(offset: Offset, payment_status: str) -> str:
    """What an offset becomes when its payment has moved: money that the bank sent back frees or restores it."""
    if payment_status == "returned":
        return {RESERVED: FREED, BOOKED: RESTORED}.get(offset.status, offset.status)
    before, after = FATES.get(payment_status, (None, None))
    return after if after is not None and offset.status == before else offset.status


def spread(payments: Iterable[tuple[str, Purse, int]], owed: Open) -> list[Offset]:
    """Offsets of payments (id, whose, fen), in their order: what was owed first, first, and at most what is paid."""
    left = {receivable_id: fen for open_ in owed.values() for receivable_id, fen in open_}
    found: list[Offset] = []
    for payment_id, purse, payable_fen in payments:
        rest_fen = payable_fen
        for receivable_id, _fen in owed.get(purse, ()):
            taken_fen = min(rest_fen, left[receivable_id])
            if taken_fen:
                found.append(Offset(payment_id=payment_id, receivable_id=receivable_id, amount_fen=taken_fen))
                left[receivable_id] -= taken_fen
                rest_fen -= taken_fen
    return found


def total_fen(offsets: Iterable[Offset]) -> int:
    return sum(one.amount_fen for one in offsets)


def grouped(offsets: Iterable[Offset]) -> dict[str, list[Offset]]:
    """By payment."""
    found: dict[str, list[Offset]] = {}
    for one in offsets:
        found.setdefault(one.payment_id, []).append(one)
    return found
