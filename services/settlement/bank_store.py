"""What the bank's files leave behind, and what they are compared with: sets of rows in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from infra.db_insert import insert_new
from services.settlement import tables as t
from services.settlement.domain.bank import BOOKED, Booked, Known

PARTS = t.bank_file_parts
MOST_LOOKED_AT = 20_000  # references in one look for differences


# --- files under way, and whole ---------------------------------------------------------------------------------------


def whole_files(conn: sa.Connection, digests: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Uploader and size of those of the files that are here, whole, by digest."""
    query = sa.select(t.bank_files).where(t.bank_files.c.sha256.in_(sorted(set(digests))))
    return {row.sha256: (row.uploader, row.size) for row in conn.execute(query)}


def under_way(conn: sa.Connection, uploads: Collection[tuple[str, str]]) -> dict[tuple[str, str], tuple[int, int]]:
    """Bytes received and total of each upload (digest and uploader) that has begun."""
    key = (PARTS.c.sha256, PARTS.c.uploader)
    query = (
        sa.select(*key, sa.func.sum(PARTS.c.size).label("received"), sa.func.max(PARTS.c.total).label("total"))
        .where(sa.tuple_(*key).in_(sorted(uploads)))
        .group_by(*key)
    )
    return {(row.sha256, row.uploader): (int(row.received), row.total) for row in conn.execute(query)}


def parts(conn: sa.Connection, sha256: str, uploader: str) -> list[Mapping[str, Any]]:
    """The parts of an upload, in their order."""
    query = sa.select(PARTS).where(PARTS.c.sha256 == sha256, PARTS.c.uploader == uploader).order_by(PARTS.c.at_byte)
    return list(conn.execute(query).mappings())


def forget(conn: sa.Connection, uploads: Collection[tuple[str, str]]) -> None:
    """Throw the parts of these uploads away."""
    if uploads:
        conn.execute(sa.delete(PARTS).where(sa.tuple_(PARTS.c.sha256, PARTS.c.uploader).in_(sorted(uploads))))


def given_up(conn: sa.Connection, before: datetime, most: int) -> list[tuple[str, str]]:
    """Uploads that are not whole and for which nothing came since."""
    key = (PARTS.c.sha256, PARTS.c.uploader)
    whole = sa.exists().where(t.bank_files.c.sha256 == PARTS.c.sha256, t.bank_files.c.uploader == PARTS.c.uploader)
    old = sa.select(*key).where(PARTS.c.uploaded_at < before).distinct().subquery()
    query = (
        sa.select(*key)
        .where(sa.tuple_(*key).in_(sa.select(old)), ~whole)
        .group_by(*key)
        .having(sa.func.max(PARTS.c.uploaded_at) < before)
        .limit(most)
    )
    return [(row.sha256, row.uploader) for row in conn.execute(query)]


# --- results ----------------------------------------------------------------------------------------------------------


def recorded_results(
    conn: sa.Connection, batch_ids: Collection[str], references: Collection[str]
) -> set[tuple[str, str, str, int, date]]:
    """Words of the bank that were recorded before: batch, reference, status, fen, day."""
    c = t.results.c
    query = sa.select(c.batch_id, c.reference, c.status, c.amount_fen, c.result_on).where(
        c.batch_id.in_(sorted(batch_ids)), c.reference.in_(sorted(references))
    )
    return {tuple(row) for row in conn.execute(query)}


def amounts_of(conn: sa.Connection, batch_ids: Iterable[str]) -> dict[str, dict[str, int]]:
    """Fen by reference of what was sent, by batch."""
    c = t.payments.c
    query = sa.select(c.batch_id, c.reference, c.amount_fen).where(
        c.batch_id.in_(sorted(set(batch_ids))), c.status.not_in(("made", "held", "offset"))
    )
    found: dict[str, dict[str, int]] = {}
    for row in conn.execute(query):
        found.setdefault(row.batch_id, {})[row.reference] = row.amount_fen
    return found


# --- statements -------------------------------------------------------------------------------------------------------


def payments_by_reference(conn: sa.Connection, references: Iterable[str]) -> dict[str, Known]:
    """Our side of these references."""
    c = t.payments.c
    query = sa.select(c.reference, c.payment_id, c.programme, c.amount_fen, c.status).where(
        c.reference.in_(sorted(set(references)))
    )
    return {
        row.reference: Known(
            payment_id=row.payment_id, programme=row.programme, amount_fen=row.amount_fen, status=row.status
        )
        for row in conn.execute(query)
    }


def booked(conn: sa.Connection, references: Iterable[str]) -> dict[str, list[Booked]]:
    """Bookings on these references, each once however many statements show it."""
    c = t.statement_lines.c
    query = (
        sa.select(c.reference, c.amount_fen, c.booked_on, c.direction, c.bank_reference)
        .where(c.reference.in_(sorted(set(references))), c.counted, ~is_repayment())
        .order_by(c.statement_id, c.line)
    )
    lines: dict[str, list[Booked]] = {}
    for row in conn.execute(query).mappings():
        lines.setdefault(row["reference"], []).append(Booked(**row))
    return lines


def is_repayment() -> sa.ColumnElement[bool]:
    """Of a statement's line: it is money on record as a receivable's repayment. Of credits that are alike so many are,
    as there are repayments alike: counted as `receivables_store.shown` counts them."""
    line, owed, repaid = t.statement_lines.c, t.receivables.c, t.repayments.c
    like = (repaid.receivable_id == owed.receivable_id, repaid.received_on == line.booked_on)
    on_record = (
        sa.select(sa.func.count())
        .select_from(t.receivables.join(t.repayments, like[0]))
        .where(owed.reference == line.reference, *like, repaid.amount_fen == line.amount_fen)
        .correlate(t.statement_lines)
        .scalar_subquery()
    )
    twin = t.statement_lines.alias("twin").c
    named, alike = twin.bank_reference.is_not(None), ("reference", "amount_fen", "booked_on", "direction", "counted")
    number = (
        sa.select(sa.func.count())
        .where(
            *(twin[name] == line[name] for name in alike),
            sa.tuple_(twin.statement_id, twin.line) <= sa.tuple_(line.statement_id, line.line),
            named == line.bank_reference.is_not(None),
            named | (twin.statement_id == line.statement_id),
        )
        .correlate(t.statement_lines)
        .scalar_subquery()
    )
    return (line.direction == "credit") & line.counted & (number <= on_record)


def statement_hashes(conn: sa.Connection, ids: Iterable[str]) -> dict[str, str]:
    """Content hashes of recorded statements."""
    c = t.statements.c
    query = sa.select(c.statement_id, c.content_hash).where(c.statement_id.in_(sorted(set(ids))))
    return {row.statement_id: row.content_hash for row in conn.execute(query)}


def statements_of_files(conn: sa.Connection, keys: Iterable[str]) -> dict[str, str]:
    """Under which id the bank's statements were recorded, by the key of their file."""
    c = t.statements.c
    query = sa.select(c.file_key, c.statement_id).where(c.file_key.in_(sorted(set(keys))))
    return {row.file_key: row.statement_id for row in conn.execute(query)}


def first_shown(conn: sa.Connection, keys: Mapping[str, str]) -> set[str]:
    """Of bookings by key, with the statement that shows them: those that no statement has shown before."""
    rows = [{"entry_key": key, "statement_id": keys[key]} for key in sorted(keys)]
    return {key for (key,) in insert_new(conn, t.bank_entries, rows, returning=["entry_key"])}


# --- differences ------------------------------------------------------------------------------------------------------


def suspects(conn: sa.Connection, programme: str, *, after: str, limit: int) -> tuple[list[str], str | None]:
    """References on which the two sides can differ, in their order: booked otherwise than paid, or settled and not
    booked; and after which one to look on, None at the end. Which of them do differ, `compare` says.

    One look is at so many references, however few of them are found: it takes as long with clean books as with others.
    """
    line, payment = t.statement_lines.c, t.payments.c
    ends = [_nth(conn, column, after) for column in (line.reference, payment.reference)]
    until = min((end for end in ends if end is not None), default=None)
    once = sa.func.count() == 1
    sums = (
        sa.select(
            line.reference,
            sa.case((once, sa.func.min(line.amount_fen)), else_=-1).label("only_fen"),  # -1: of several
            sa.func.min(line.direction).label("direction"),
            sa.func.max(line.programme).label("programme"),
        )
        .where(*_within(line.reference, after, until), line.counted, ~is_repayment())
        .group_by(line.reference)
        .subquery()
    )
    agrees = (
        (sums.c.only_fen == payment.amount_fen)
        & (sums.c.direction == "debit")
        & payment.status.in_((*BOOKED, "returned"))
    )
    theirs = sums.c.programme.is_(None) | (sums.c.programme == programme)
    otherwise = (
        sa.select(sums.c.reference)
        .select_from(sums.outerjoin(t.payments, payment.reference == sums.c.reference))
        .where((payment.payment_id.is_(None) & theirs) | ((payment.programme == programme) & ~agrees))
        .order_by(sums.c.reference)
        .limit(limit)
        .subquery()
    )
    unbooked = (
        sa.select(payment.reference)
        .where(
            payment.programme == programme,
            payment.status.in_(BOOKED),
            *_within(payment.reference, after, until),
            ~sa.exists().where(line.reference == payment.reference, line.direction == "debit", line.counted),
        )
        .order_by(payment.reference)
        .limit(limit)
        .subquery()
    )
    both = sa.union(sa.select(otherwise), sa.select(unbooked)).subquery()
    found = list(conn.execute(sa.select(both.c.reference).order_by(both.c.reference).limit(limit)).scalars())
    return found, found[-1] if len(found) == limit else until


def _nth(conn: sa.Connection, column: sa.Column[str], after: str) -> str | None:
    """Where a look that begins after `after` ends; None where there is not so much left."""
    query = sa.select(column).where(column > after).order_by(column).offset(MOST_LOOKED_AT - 1).limit(1)
    return conn.execute(query).scalar()


def _within(column: sa.Column[str], after: str, until: str | None) -> list[sa.ColumnElement[bool]]:
    return [column > after] if until is None else [column > after, column <= until]


def resolutions(conn: sa.Connection, references: Iterable[str]) -> list[Mapping[str, Any]]:
    """Every resolution on these references, the newest last."""
    table = t.difference_resolutions
    query = sa.select(table).where(table.c.reference.in_(sorted(set(references))))
    return list(conn.execute(query.order_by(table.c.resolved_at, table.c.resolution_id)).mappings())


def resolved(rows: Iterable[Mapping[str, Any]], programme: str) -> dict[tuple[str, str, int, int], Mapping[str, Any]]:
    """The newest resolution of each difference: the programme's, and anyone's of what is no programme's payment."""
    mine = (row for row in rows if row["programme"] == programme or row["amount_fen"] == 0)
    return {(row["code"], row["reference"], row["amount_fen"], row["booked_fen"]): row for row in mine}


def load_resolutions(conn: sa.Connection, ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Resolutions by id."""
    table = t.difference_resolutions
    query = sa.select(table).where(table.c.resolution_id.in_(sorted(set(ids))))
    return {row["resolution_id"]: row for row in conn.execute(query).mappings()}


# --- enquiries, silence -----------------------------------------------------------------------------------------------


def enquiries(conn: sa.Connection, ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Enquiries by id."""
    query = sa.select(t.enquiries).where(t.enquiries.c.enquiry_id.in_(sorted(set(ids))))
    return {row["enquiry_id"]: row for row in conn.execute(query).mappings()}


def released_before(moment: datetime) -> sa.ColumnElement[bool]:
    """Of a payment: its batch was released before, and the bank has not spoken on all of it."""
    c = t.batches.c
    batches = sa.select(c.batch_id).where(c.status == "released", c.released_at < moment)
    return t.payments.c.batch_id.in_(batches)


def release_days(conn: sa.Connection, batch_ids: Iterable[str]) -> dict[str, datetime]:
    """When batches were released."""
    c = t.batches.c
    query = sa.select(c.batch_id, c.released_at).where(c.batch_id.in_(sorted(set(batch_ids))))
    return {row.batch_id: row.released_at for row in conn.execute(query)}


def unknown_since(conn: sa.Connection) -> Sequence[tuple[str, datetime]]:
    """The oldest release with a payment whose outcome is unknown, by programme."""
    b, p = t.batches.c, t.payments.c
    query = (
        sa.select(b.programme, sa.func.min(b.released_at).label("since"))
        .join(t.payments, p.batch_id == b.batch_id)
        .where(b.status == "released", p.status == "unknown")
        .group_by(b.programme)
    )
    return [(row.programme, row.since) for row in conn.execute(query)]
