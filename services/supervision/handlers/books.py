"""Holds what each service tells of its books against what it said, event by event; and the services against each other.

The events are read from the log of evidence, in the order of each service's own stream and without a gap, by due work:
the way of the events themselves is not made longer. At a telling, all that was said before it is folded in and nothing
after, so that both numbers are of one moment.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from contracts.books import BOOKS, BY_NAME, DIFFERENCE, TOLD, Book
from contracts.equations import Check, recovery, within
from contracts.errors import Decision
from infra import metrics
from infra.books import sketch
from infra.books.rows import key_of, packed, sums, unpacked, values_of, width, words_of
from infra.books.telling import every_s, is_due, subject_of
from infra.db import UnitOfWork
from infra.jsontext import canonical
from services.supervision.domain.alerts import OPEN_STATES
from services.supervision.domain.finding import Finding
from services.supervision.handlers.raising import of_programme, raise_alerts
from services.supervision.store import alerts as alert_store
from services.supervision.store import books as store

MOST = 500  # events of one stream in one transaction
SHOWN = 20  # rows that an alert names
GRACE = "YUNQUAN_BOOKS_GRACE_SECONDS"  # of the clock: what differs between two services for less is on its way
HOUR = 3600
BETWEEN = "services"  # the stream of none: when they were last held against each other

WATCH_EVERY_S = 15.0
_watched_at = -WATCH_EVERY_S

Row = dict[str, Any]

TOLD_BY: Mapping[tuple[str, str], Book] = {
    (book.service, type_): book for book in BOOKS if book.of is None for type_ in book.types
}
# figures of the ledger, and what they are the sum of: a column of a book over rows of these states
LEDGER: Sequence[tuple[str, str, str, frozenset[str]]] = (
    ("granted_fen", "applications", "amount_fen", frozenset({"granted", "lapsed"})),
    ("committed_fen", "orders", "voucher_fen", frozenset({"confirmed", "refund_requested"})),
    ("claimed_fen", "orders", "voucher_fen", frozenset({"claimed"})),
)
OWED = frozenset({"owed", "settled", "written_off"})  # receivables that a second person confirmed


@dataclass
class Found:
    """What differs: in words with both numbers, and in which rows."""

    lines: list[Row] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    more: int = 0  # rows beyond those

    def number(self, what: str, zh: str, told: int, known: int) -> None:
        self.lines.append({"what": what, "zh": zh, "told": told, "known": known})

    def check(self, one: Check) -> None:
        if not one.holds:
            self.number(f"{one.name} ({one.relation})", one.zh, one.left, one.right)

    def row(self, book: str, key: str, told: Any, known: Any) -> None:
        if len(self.rows) < SHOWN:
            self.rows.append({"book": book, "id": key, "told": told, "known": known})
        else:
            self.more += 1


# --- a service against what it said ---------------------------------------------------------------------------------


def follow_books(uow: UnitOfWork) -> int:
    """Fold in what each service said since, and compare what it told; 0 when there is no more to do."""
    return sum(_follow(uow, service) for service in store.behind(uow.conn))


def _follow(uow: UnitOfWork, service: str) -> int:
    stream = dict(store.lock_stream(uow.conn, service))
    seq, waiting, compared = stream["seq"], dict[tuple[str, str], Row](), 0
    for event in store.following(uow.conn, service, after=seq, most=MOST):
        if event.stream_seq != stream["seq"] + 1:
            break
        stream["seq"] = event.stream_seq
        book = TOLD_BY.get((service, event.type))
        if book is not None:
            row = _row(book, json.loads(event.body)["data"], event.time)
            waiting[book.name, row["key"]] = row
            stream["untold_since"] = stream["untold_since"] or event.time
        elif event.type == f"{service}.{TOLD}.v1":
            _save(uow, service, waiting)
            _compare(uow, service, json.loads(event.body)["data"], event.time)
            stream.update(told_at=event.time, untold_since=None)
            compared += 1
    _save(uow, service, waiting)
    if stream["seq"] > seq:
        store.save_stream(uow.conn, stream)
    return MOST if stream["seq"] - seq == MOST else compared


def _row(book: Book, data: Mapping[str, Any], at: datetime) -> Row:
    return {
        "service": book.service,
        "book": book.name,
        "key": data[book.key],
        "programme": data["programme"],
        "year": data["year"] if book.yearly else 0,
        "link": data.get(book.link) if book.link else None,
        "status": data.get("status"),
        "packed": [data[book.key], *(data.get(name) for name in book.columns)],
        "changed_at": at,
    }


def _save(uow: UnitOfWork, service: str, waiting: dict[tuple[str, str], Row]) -> None:
    for book in BOOKS:
        rows = [row for (name, _), row in waiting.items() if (service, name) == (book.service, book.name)]
        texts = packed(words_of(book, [row["packed"] for row in rows]))
        store.save_rows(uow.conn, [{**row, "packed": text} for row, text in zip(rows, texts, strict=True)])
    waiting.clear()


def _compare(uow: UnitOfWork, service: str, told: Row, at: datetime) -> None:
    programme, year = told["programme"], told["year"] or 0
    found = Found()
    for one in told["books"]:
        book = BY_NAME.get((service, one["name"]))
        if book is not None:
            _compare_book(uow, found, book, one, (programme, year), told["salt"], at)
    if told["figures"]:
        for check in within(service, told["figures"]):
            found.check(check)
        if service == "voucher":
            _compare_ledger(uow, found, programme, year, told["figures"])
        row = {"service": service, "programme": programme, "year": year, "at": at, "figures": told["figures"]}
        store.save_figures(uow.conn, row)
    if told["broken_rows"]:
        found.number("rows that contradict others", "自相矛盾的行", told["broken_rows"], 0)
        for one in told["broken"]:
            found.row(one["table"], one["key"], {one["column"]: one["says"]}, {one["column"]: one["should"]})
        found.more += told["broken_rows"] - len(told["broken"])
    _conclude(uow, f"{service}:{subject_of((programme, year))}", programme, found)


def _compare_book(
    uow: UnitOfWork, found: Found, book: Book, told: Row, period: tuple[str, int], salt: int, at: datetime
) -> None:
    """The rows told against those folded in; of what was only heard of, the rows that changed long enough ago."""
    origin = book if book.of is None else next(one for one in BOOKS if one.schema is book.schema and one.of is None)
    kept = store.rows_of(uow.conn, origin, *period)
    words = unpacked(book, (row.packed for row in kept))
    theirs = sketch.read(told["sketch"], words=width(book), salt=salt)
    unlike = sketch.difference(theirs, sketch.sketch_of(words, salt))
    if not unlike:
        return
    young = {row.key for row in kept if book.of is not None and row.changed_at > at - grace()}
    if young and not unlike.whole:
        return  # what is on its way hides the rest; the next telling shows it
    pairs: dict[str, list[Row | None]] = {}
    for side, rows in enumerate((unlike.left, unlike.right)):
        for row in rows:
            pairs.setdefault(key_of(row), [None, None])[side] = values_of(book, row)
    pairs = {key: pair for key, pair in pairs.items() if key not in young}
    if not pairs and unlike.whole:
        return
    for name, fen in sums(book, words).items():
        if not young and told["sums"].get(name, 0) != fen:
            found.number(f"{book.name}.{name}", "金额合计", told["sums"].get(name, 0), fen)
    if told["rows"] != len(kept) and not young:
        found.number(f"{book.name}: rows", "行数", told["rows"], len(kept))
    found.number(f"{book.name}: rows that differ", "不符的行数", len(pairs), 0)
    for key, (theirs_, ours) in sorted(pairs.items()):
        found.row(book.name, key, theirs_, ours)


def _compare_ledger(uow: UnitOfWork, found: Found, programme: str, year: int, figures: Mapping[str, int]) -> None:
    for figure, name, column, states in LEDGER:
        book = BY_NAME["voucher", name]
        rows = [row.packed for row in store.rows_of(uow.conn, book, programme, year) if row.status in states]
        known = sums(book, unpacked(book, rows))[column]
        found.check(Check(f"{figure} = {column} of {name}", "总账=明细", figures[figure], "=", known))


# --- the services against each other --------------------------------------------------------------------------------


def compare_services(uow: UnitOfWork) -> int:
    """What has differed between voucher and settlement for longer than the grace, by row; hourly of the clock."""
    if not is_due(store.compared_at(uow.conn, BETWEEN), uow.now, every_s()):
        return 0
    stream = dict(store.lock_stream(uow.conn, BETWEEN))
    if not is_due(stream["told_at"], uow.now, every_s()):  # another replica was quicker
        return 0
    found = _claims_and_orders(uow)
    _receivables(uow, found)
    was = {row["subject"]: row["programme"] for row in store.open_differences(uow.conn)}
    subjects = {**{s: p for s, p in was.items() if s.startswith(f"{BETWEEN}:")}, **{s: s.split(":")[1] for s in found}}
    for subject, programme in sorted(subjects.items()):
        _conclude(uow, subject, programme, found.get(subject, Found()))
    store.save_stream(uow.conn, {**stream, "told_at": uow.now})
    return len(subjects)


def _claims_and_orders(uow: UnitOfWork) -> dict[str, Found]:
    claims, orders = BY_NAME["settlement", "claims"], BY_NAME["voucher", "orders"]
    unlike: dict[str, list[Any]] = {}
    for row in store.claims_unlike_orders(uow.conn, before=uow.now - grace()):
        unlike.setdefault(f"{BETWEEN}:{subject_of((row.programme, row.year))}", []).append(row)
    found: dict[str, Found] = {}
    for subject, rows in unlike.items():
        one = found[subject] = Found()
        left = sums(claims, unpacked(claims, (row.claim_row for row in rows if row.claim_row)))["order_fen"]
        right = sums(orders, unpacked(orders, (row.order_row for row in rows if row.order_row)))["voucher_fen"]
        one.number("claims and orders that do not go together", "兑现与订单不符", left, right)
        for row in rows:
            key = row.claim_id or row.order_id
            one.row("claims and orders", key, _side(row, "claim", claims), _side(row, "order", orders))
    return found


def _side(row: Any, name: str, book: Book) -> Row | None:
    key = getattr(row, f"{name}_id")
    if key is None:
        return None
    words = unpacked(book, [getattr(row, f"{name}_row")])[0]
    return {f"{name}_id": key, **values_of(book, [int(one) for one in words])}


def _receivables(uow: UnitOfWork, found: dict[str, Found]) -> None:
    """Money that is owed back, by the sums of a year in which nothing of it has changed for as long as the grace."""
    book = BY_NAME["settlement", "receivables"]
    for told in store.figures(uow.conn, "voucher"):
        rows = [row for row in store.rows_of(uow.conn, book, told["programme"], told["year"]) if row.status in OWED]
        if any(row.changed_at > told["at"] - grace() for row in rows):
            continue
        said = [values_of(book, [int(one) for one in words]) for words in unpacked(book, (row.packed for row in rows))]
        ours = _recovered(said, [row.link is None for row in rows])
        unlike = [check for check in recovery(told["figures"], ours) if not check.holds]
        if not unlike:
            continue
        one = found.setdefault(f"{BETWEEN}:{subject_of((told['programme'], told['year']))}", Found())
        for check in unlike:
            one.check(check)
        for row, values in zip(rows, said, strict=True):
            one.row("receivables", row.key, None, values)


def _recovered(rows: Iterable[Row], losses: Iterable[bool]) -> dict[str, int]:
    """settlement's figures of recovery, of confirmed receivables."""
    found = dict.fromkeys(("receivable_fen", "recovered_fen", "written_off_fen", "losses_fen"), 0)
    for row, loss in zip(rows, losses, strict=True):
        found["receivable_fen"] += row["amount_fen"] - row["recovered_fen"] - row["written_off_fen"]
        found["recovered_fen"] += row["recovered_fen"]
        found["written_off_fen"] += row["written_off_fen"]
        found["losses_fen"] += row["amount_fen"] if loss else 0
    return found


# --- what follows ---------------------------------------------------------------------------------------------------


def grace() -> timedelta:
    """How long what differs between two services may be on its way; ValueError for what is no number."""
    return timedelta(seconds=int(os.environ.get(GRACE) or HOUR))


def _conclude(uow: UnitOfWork, subject: str, programme: str, found: Found) -> None:
    """Raise what differs, once for as long as it differs in the same way; note on its alert when it is gone."""
    before = store.difference(uow.conn, subject)
    stands = before is not None and before["ended_at"] is None
    if not found.lines:
        if before is not None and stands:
            _vanished(uow, before)
        return
    evidence = _evidence(found)
    digest = hashlib.sha256(canonical(evidence).encode()).hexdigest()
    if before is not None and stands and before["digest"] == digest:
        return
    since = before["since"] if before is not None and stands else uow.now
    row = {"subject": subject, "programme": programme, "evidence": evidence, "digest": digest}
    store.save_difference(uow.conn, {**row, "since": since, "ended_at": None})
    raise_alerts(uow, [of_programme(uow, evidence, subject=("books", subject), programme=programme)])


def _vanished(uow: UnitOfWork, before: Mapping[str, Any]) -> None:
    subject, programme = before["subject"], before["programme"]
    store.save_difference(uow.conn, {**before, "ended_at": uow.now})
    facts = {"since": before["since"], "digest": before["digest"]}
    decision = Decision("difference_vanished", subject, programme, None, (), facts)
    uow.record(decision, actor=None)
    key = (subject, DIFFERENCE, programme)
    alert = alert_store.lock_subjects(uow.conn, [key]).get(key)
    if alert is None or alert["status"] not in OPEN_STATES:
        return
    zh, en = "差异已自行消失，须查明原因。", "The difference is gone by itself: find out why."
    evidence = {**before["evidence"], "explanation": {"zh": zh, "en": en}, "vanished_at": uow.now}
    raise_alerts(uow, [of_programme(uow, evidence, subject=("books", subject), programme=programme)])


def _evidence(found: Found) -> Row:
    first = found.lines[0]
    rows = len(found.rows) + found.more
    finding = Finding(
        rule=DIFFERENCE,
        severity="high",
        score=100,
        zh=f"对账不符：{first['zh']}，所报{first['told']}，应为{first['known']}；涉及{rows}行。",
        en=f"The books differ: {first['what']}, told {first['told']}, known {first['known']}; {rows} rows.",
        numbers={"told": first["told"], "known": first["known"], "rows": rows},
    )
    return {**finding.evidence(), "differences": found.lines, "rows": found.rows}


def watch_differences(uow: UnitOfWork) -> int:
    """Sets gauges: differences that stand by programme, and how long each service has not told what it changed."""
    global _watched_at  # noqa: PLW0603 - when this process last looked
    if time.monotonic() - _watched_at < WATCH_EVERY_S:
        return 0
    _watched_at = time.monotonic()
    standing: dict[str, int] = {}
    for row in store.open_differences(uow.conn):
        standing[row["programme"]] = standing.get(row["programme"], 0) + 1
    metrics.BOOKS_DIFFERENCES.clear()
    for programme, many in standing.items():
        metrics.BOOKS_DIFFERENCES.labels(programme).set(many)
    for row in store.streams(uow.conn):
        if row["service"] != BETWEEN:
            since = row["untold_since"]
            metrics.BOOKS_UNTOLD.labels(row["service"]).set((uow.now - since).total_seconds() if since else 0)
    return 0
