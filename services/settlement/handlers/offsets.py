"""What payees owe, taken off their payments: reserved with the batch, booked or freed when the payment has ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date

from services.settlement import receivables_store as store
from services.settlement.domain import receivables as rules
from services.settlement.domain.offsets import BOOKED, RESTORED, Offset, Open, fate
from services.settlement.domain.payments import Payment
from services.settlement.handlers.desk import Cause, Desk, pack_of
from services.settlement.tables import receivables


class Offsets:
    """The offsets that this transaction works on, and the receivables that they are taken off, locked."""

    def __init__(self, desk: Desk, offsets: Iterable[Offset]) -> None:
        self.desk = desk
        self._by_payment: dict[str, list[Offset]] = {}
        self._changed: list[Offset] = []
        for one in offsets:
            self._by_payment.setdefault(one.payment_id, []).append(one)

    @classmethod
    def of_payees(cls, desk: Desk, payees: Collection[str], programme: str) -> Offsets:
        """Nothing taken off yet: what these parties owe in the programme."""
        c = receivables.c
        mine = (c.party_id.in_(sorted(payees)), c.programme == programme, c.status == "owed")
        desk.receivables.load_where(*mine)
        return cls(desk, ())

    @classmethod
    def of_payments(cls, desk: Desk) -> Offsets:
        """What was taken off the payments on the desk."""
        found = store.offsets(desk.uow.conn, list(desk.payments.rows))
        desk.receivables.load({one.receivable_id for one in found})
        return cls(desk, found)

    def takeable(self, today: date) -> Open:
        """What may be taken off payments made now."""
        held = self.desk.receivables.rows
        return rules.takeable(held.values(), store.reserved(self.desk.uow.conn, list(held)), today)

    def reserve(self, offsets: Sequence[Offset]) -> None:
        """They go with payments that were just made."""
        store.save_offsets(self.desk.uow.conn, offsets)

    def of(self, payments: Iterable[Payment]) -> list[Offset]:
        """What was taken off these payments."""
        return [one for payment in payments for one in self._by_payment.get(payment.payment_id, [])]

    def are_short(self, payments: Sequence[Payment]) -> bool:
        """Does a receivable not owe any more what is taken off for it?"""
        taken: Counter[str] = Counter()
        for one in self.of(payments):
            taken[one.receivable_id] += one.amount_fen
        held = self.desk.receivables.rows
        return any(held[key].status != "owed" or held[key].open_fen < fen for key, fen in taken.items())

    def follow(self, payment: Payment, cause: Cause) -> None:
        """The payment has moved: what was taken off it is recovered, free again, or owed again."""
        mine = self._by_payment.get(payment.payment_id, [])
        after = [replace(one, status=fate(one, payment.status)) for one in mine]
        for was, one in zip(mine, after, strict=True):
            if was.status != one.status:
                self._changed.append(one)
                self._carry(one, cause)
        self._by_payment[payment.payment_id] = after

    def _carry(self, offset: Offset, cause: Cause) -> None:
        held = self.desk.receivables.rows[offset.receivable_id]
        move = {BOOKED: rules.take_off, RESTORED: rules.restore}.get(offset.status)
        if move is not None:
            given = {"amount_fen": offset.amount_fen, "payment_id": offset.payment_id, "pack": pack_of(held)}
            self.desk.receivables.put(move(receivable=held, **given), cause)

    def save(self) -> None:
        """One statement; the receivables are saved with the desk."""
        last = {(one.payment_id, one.receivable_id): one for one in self._changed}
        store.save_offsets(self.desk.uow.conn, list(last.values()))
