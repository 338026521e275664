"""What was done to the evidence log's own tables, by what is found in them: the kind, and the place or the range."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.supervision.domain import merkle
from services.supervision.domain.merkle import Fault, Hash, Keys, Record, Signed

Row = Mapping[str, Any]
FAULT_ZH: Mapping[Fault, str] = {
    "edited": "被改动",
    "removed": "被删除",
    "inserted": "被插入",
    "reordered": "被调换次序",
    "rewritten": "被整段重写",
    "truncated": "末尾被截去",
    "forged": "检查点签名不符",
}


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the log does not agree with itself, and how. `until`: the last record that may be meant, where what is
    found cannot be pinned to one."""

    position: int
    fault: Fault
    why: str
    until: int | None = None

    def zh(self) -> str:
        """The sentence for people; `why` is that in English."""
        upto = f"至第{self.until}条" if self.until and self.until > self.position else "条"
        return f"存证日志第{self.position}{upto}校验不通过：{FAULT_ZH[self.fault]}。"


def misfit(hash_: Hash, rows: Sequence[Row], place: int) -> Broken:
    """What was done at `place`, whose row does not fit; rows: it, and those that were read behind it."""
    row, *later = (_record(one) for one in rows)
    fault = merkle.what_was_done(hash_, place, row, later)
    return Broken(place, fault, f"record {place} is not the one that was kept")


def missing(hash_: Hash, rows: Sequence[Row], place: int, last: int) -> Broken:
    """There is no row `place`, of records that go on to `last`; rows: those behind it."""
    if not rows:
        return Broken(place, "truncated", f"records {place} to {last} are missing", until=last)
    true = merkle.what_was_done(hash_, place, None, map(_record, rows)) == "inserted"
    return Broken(place, "reordered" if true else "removed", f"record {place} is missing")


def _record(row: Row) -> Record:
    return Record(**{name: row[name] for name in Record.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Held:
    """The last checkpoint that fits: its number and how many records it proves."""

    number: int = 0
    size: int = 0

    def against(self, number: int, made: Signed, *, root: str | None, keys: Keys, read: int) -> Broken | None:
        """Is it the next one, signed, and of this tree (`root`)? If not, all records that it was to prove are in doubt:
        of one that is not signed, all that were `read` and are not proved."""
        first, last, next_ = self.size + 1, max(made.size, self.size + 1), self.number + 1
        if not merkle.signed_by(made, keys):
            why = f"checkpoint {number} is not signed by our key"
            return Broken(first, "forged", why, until=max(read, first))
        if number != next_:
            return Broken(first, "removed", f"checkpoint {next_} is missing", until=last)
        if made.root != root:
            why = f"records {first} to {made.size} are not those of checkpoint {number}"
            return Broken(first, "rewritten", why, until=last)
        return None


def told_otherwise(event: Mapping[str, Any], position: int, kept: Mapping[int, Signed]) -> Broken | None:
    """The log's own record of a checkpoint against the one that is kept."""
    try:
        number, told = event["sequence"], merkle.signed_of(event["data"])
    except (KeyError, TypeError):
        return Broken(position, "forged", f"record {position} tells of no checkpoint")
    made = kept.get(number)
    if made is None:
        return Broken(position, "removed", f"checkpoint {number}, of which record {position} tells, is missing")
    if made != told:
        return Broken(position, "edited", f"checkpoint {number} is not the one of which record {position} tells")
    return None
