"""A service tells its books: `<service>.totals_told.v1`, hourly and at day's end, when anything changed.

The cut is exact: the telling's transaction first locks the outbox against all other writers. Whoever has put events
into it has committed, so what they did is read here, and their rows stand before ours; whoever has not yet must wait
with the first of its events until we have committed, and its rows stand after ours. The relay numbers in the order of
rows, so at the number of this event, what was said before it is in the figures, and nothing that is said after.
That holds as long as every change of what is told goes with an event in its transaction. On SQLite there is one writer
anyway.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from contracts.books import TOLD, Book, kept_by
from contracts.errors import Refused
from infra.books.rows import Words, packed, sums, words_of
from infra.books.sketch import sketch_of
from infra.clock import local_date
from infra.db import UnitOfWork
from infra.db_insert import upsert
from infra.messages import SYSTEM, Command
from infra.pipeline import Due, Query
from infra.tables import books_told, outbox

EVERY = "YUNQUAN_TOTALS_SECONDS"  # of the clock, between two tellings
HOUR, DAY = 3600, 86_400
SHOWN = 20  # broken rows that a telling names
NOT_FIGURES = ("outbox_unsent", "stream_seq", "stream_gaps", "evidence_size")  # of the moment, not of the books

Period = tuple[str, int]  # programme, year; 0 where the books are of all years
_LOOKED: Period = ("", 0)  # the row that says when we last looked


@dataclass(frozen=True)
class Broken:
    """A row that contradicts others of its service: what it says, and what they come to."""

    table: str
    key: str
    column: str
    says: int
    should: int


BrokenRows = Callable[[sa.Connection, str, int], Sequence[Broken]]


@dataclass(frozen=True)
class Kept:
    """Where a service keeps a book: its table, the column of the key, and which of its rows."""

    table: sa.Table
    key: str
    where: tuple[sa.ColumnElement[bool], ...] = ()


def _none(_conn: sa.Connection, _programme: str, _year: int) -> Sequence[Broken]:
    return ()


@dataclass(frozen=True)
class Teller:
    """What a service tells of: where its books are, its figures, and the rows that contradict each other."""

    service: str
    totals: Query
    kept: Mapping[str, Kept] = field(default_factory=dict)
    broken: BrokenRows = _none

    def due(self) -> Due:
        """The due work that tells."""

        def tell_totals(uow: UnitOfWork) -> int:
            return self.tell(uow)

        return tell_totals

    def tell(self, uow: UnitOfWork) -> int:
        """Tell the books of every programme and year that changed since they were told; how many."""
        if not _is_due(uow):
            return 0
        broken = {one: self.broken(uow.conn, *one) for one in self._periods(uow.conn)}
        _cut(uow.conn)
        if not _is_due(uow):  # another replica was quicker
            return 0
        newest = _newest(uow.conn, {name for book in kept_by(self.service) for name in book.types})
        told = _told(uow.conn)
        rows = [self._telling(uow, one, told.get(one), newest, broken.get(one, ())) for one in self._periods(uow.conn)]
        changed = [row for row in rows if row is not None]
        looked = {**_row(_LOOKED), "at": uow.now}
        upsert(uow.conn, books_told, [looked, *changed], key=("programme", "year"))
        return len(changed)

    def _telling(
        self,
        uow: UnitOfWork,
        period: Period,
        before: Mapping[str, Any] | None,
        newest: int | None,
        broken: Sequence[Broken],
    ) -> dict[str, Any] | None:
        programme, year = period
        of_period = [book for book in kept_by(self.service) if bool(year) == book.yearly]
        books = {book.name: self._rows(uow.conn, book, period) for book in of_period}
        figures = self._figures(uow, programme, year)
        digest = _digest(figures, books, broken)
        same = before is not None and before["digest"] == digest
        if same and before is not None and before["last_event"] == newest:
            return None
        number, salt = before["sequence"] + 1 if before else 1, secrets.randbits(62)
        data = {
            "programme": programme,
            "year": year or None,
            "day": uow.today,
            "figures": figures,
            "salt": salt,
            "books": [_book(book, books[book.name], salt) for book in of_period],
            "broken_rows": len(broken),
            "broken": [vars(one) for one in broken[:SHOWN]],
        }
        subject = subject_of(period)
        uow.emit(f"{self.service}.{TOLD}.v1", subject=subject, sequence=number, data=data, cause=None)
        return {**_row(period), "sequence": number, "at": uow.now, "last_event": newest, "digest": digest}

    def _periods(self, conn: sa.Connection) -> list[Period]:
        """Programmes and years of which there are rows, or were when they were last told."""
        found = {one for one in _told(conn) if one != _LOOKED}
        for book in kept_by(self.service):
            c = self.kept[book.name].table.c
            columns = (c.programme, c.year) if book.yearly else (c.programme, sa.literal(0))
            found |= {(programme, int(year)) for programme, year in conn.execute(sa.select(*columns).distinct())}
        return sorted(found)

    def _rows(self, conn: sa.Connection, book: Book, period: Period) -> Words:
        kept = self.kept[book.name]
        c = kept.table.c
        of = (c.programme == period[0], *((c.year == period[1],) if book.yearly else ()), *kept.where)
        query = sa.select(c[kept.key], *(c[name] for name in book.columns)).where(*of)
        return words_of(book, conn.execute(query).all())

    def _figures(self, uow: UnitOfWork, programme: str, year: int) -> dict[str, int]:
        """None beside the books of all years, where those of each year have them."""
        if not year and any(book.yearly for book in kept_by(self.service)):
            return {}
        body = {"programme": programme, "year": year or uow.today.year}
        found = self.totals(uow.conn, Command("totals", None, body, SYSTEM, uow.correlation_id, at=uow.now))
        figures = {} if isinstance(found, Refused) else found["figures"]
        return {name: value for name, value in figures.items() if name not in NOT_FIGURES}


def subject_of(period: Period) -> str:
    """What a telling is of."""
    return f"{period[0]}:{period[1]}" if period[1] else period[0]


def is_due(last: datetime | None, now: datetime, every_s: int) -> bool:
    """Has an interval of the clock begun since `last`, or a day (where an interval is no longer than one)?"""
    if last is None or (every_s <= DAY and local_date(last) != local_date(now)):
        return True
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    return (now - epoch).total_seconds() // every_s > (last - epoch).total_seconds() // every_s


def every_s() -> int:
    """Seconds of the clock between two tellings; ValueError for what is no positive number."""
    given = int(os.environ.get(EVERY) or HOUR)
    if given <= 0:
        raise ValueError(f"{EVERY} is a positive number of seconds")
    return given


def _is_due(uow: UnitOfWork) -> bool:
    at = sa.select(books_told.c.at).where(books_told.c.programme == _LOOKED[0], books_told.c.year == _LOOKED[1])
    return is_due(uow.conn.execute(at).scalar(), uow.now, every_s())


def _cut(conn: sa.Connection) -> None:
    if conn.dialect.name == "postgresql":
        conn.exec_driver_sql("LOCK TABLE outbox IN SHARE ROW EXCLUSIVE MODE")


def _newest(conn: sa.Connection, types: Collection[str]) -> int | None:
    query = sa.select(outbox.c.id).where(outbox.c.type.in_(sorted(types))).order_by(outbox.c.id.desc()).limit(1)
    return conn.execute(query).scalar()


def _told(conn: sa.Connection) -> dict[Period, Mapping[str, Any]]:
    return {(row["programme"], row["year"]): row for row in conn.execute(sa.select(books_told)).mappings()}


def _row(period: Period) -> dict[str, Any]:
    return {"programme": period[0], "year": period[1], "sequence": 0, "last_event": None, "digest": ""}


def _book(book: Book, words: Words, salt: int) -> dict[str, Any]:
    return {"name": book.name, "rows": len(words), "sums": sums(book, words), "sketch": sketch_of(words, salt).text()}


def _digest(figures: Mapping[str, int], books: Mapping[str, Words], broken: Collection[Broken]) -> str:
    """Of all that a telling says, whatever the order of the rows."""
    found = hashlib.sha256(repr((sorted(figures.items()), [vars(one) for one in broken])).encode())
    for name, words in books.items():
        found.update(name.encode())
        found.update(b"".join(sorted(packed(words))))
    return found.hexdigest()
