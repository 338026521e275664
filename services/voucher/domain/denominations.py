"""A plan's vouchers by denomination (内蒙古 五(一)): how many there are, and how many of them orders hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

PlanKey: TypeAlias = tuple[str, int, str]  # programme, year, region


@dataclass(frozen=True)
class Denomination:
    """So many vouchers of at most so much each."""

    programme: str
    year: int
    region: str
    denomination_fen: int
    count: int
    taken: int

    @property
    def key(self) -> tuple[PlanKey, int]:
        return (self.programme, self.year, self.region), self.denomination_fen


class Vouchers:
    """The denominations of one batch, locked: each order sees what those before it have taken."""

    def __init__(self, denominations: Iterable[Denomination]) -> None:
        self._all = {one.key: one for one in denominations}
        self._changed: set[tuple[PlanKey, int]] = set()

    def smallest(self, plan: PlanKey, amount_fen: int) -> int | None:
        """The smallest denomination that holds the amount and of which a voucher is left."""
        fitting = (
            fen for (key, fen), one in self._all.items() if key == plan and fen >= amount_fen and one.taken < one.count
        )
        return min(fitting, default=None)

    def left(self, plan: PlanKey) -> dict[str, int]:
        """How many are left of each denomination, for the record of a refusal."""
        return {str(fen): one.count - one.taken for (key, fen), one in sorted(self._all.items()) if key == plan}

    def take(self, plan: PlanKey, denomination_fen: int) -> None:
        self._count(plan, denomination_fen, 1)

    def give_back(self, plan: PlanKey, denomination_fen: int) -> None:
        self._count(plan, denomination_fen, -1)

    def changed(self) -> list[Denomination]:
        return [self._all[key] for key in sorted(self._changed)]

    def _count(self, plan: PlanKey, denomination_fen: int, by: int) -> None:
        key = plan, denomination_fen
        one = self._all[key]
        assert 0 <= one.taken + by <= one.count, key
        self._all[key] = replace(one, taken=one.taken + by)
        self._changed.add(key)
