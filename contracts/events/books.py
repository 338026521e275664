"""What every service tells of its books, so that another can hold them against what it heard."""

from __future__ import annotations

from contracts import fields as f
from contracts.events.base import EventType


class BookTold(f.Body):
    """One kind of row at the cut: how many, the sum of each amount in fen, and a sketch of them all (`infra.books`)."""

    name = f.code(20)
    rows = f.whole(0, 10**12)
    sums = f.facts()
    sketch = f.text(40_000)


class BrokenRow(f.Body):
    """A row that contradicts others of the same service: what it says, and what they come to."""

    table = f.text(40)
    key = f.text(120)
    column = f.text(40)
    says = f.whole(-(10**18), 10**18)
    should = f.whole(-(10**18), 10**18)


class TotalsTold(f.Body):
    """The books of one programme and year (none: whatever the year) as they stood at this very event: all that the
    service said before it is in them, and nothing that it said after. salt: of the sketches, new each time. broken:
    the first of `broken_rows` rows."""

    programme = f.programme()
    year = f.year(required=False)
    day = f.day()
    figures = f.facts()
    salt = f.whole(0, 2**63 - 1)
    books = f.many(BookTold, most=20)
    broken_rows = f.whole(0, 10**9)
    broken = f.many(BrokenRow, most=50)


def totals_told(service: str) -> EventType:
    doc = "Its books as they stood at this very event, hourly and at day's end when anything changed."
    others = () if service == "supervision" else ("supervision",)
    return EventType(f"{service}.totals_told.v1", TotalsTold, others, doc)
