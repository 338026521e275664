"""Reads: bounded pages in order of id, without locks; a party sees its own records alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from contracts import roles as r
from contracts.errors import Refused
from infra.crypto import ring
from infra.messages import Command
from infra.pipeline import Query
from infra.tables import OUTBOX_SENT
from services.settlement import (
    bank_queries,
    exits_queries,
    notices_store,
    receivables_queries,
    samples_queries,
    store,
)
from services.settlement import tables as t
from services.settlement.domain.claims import ENDED
from services.settlement.domain.notices import Notice, snapshot
from services.settlement.history_queries import history
from services.settlement.rows import plain
from services.settlement.work_queries import list_leaves, list_work, scores_of

Found = Mapping[str, Any] | Refused

TAKEN_OFF = ("deducted_fen", "disallowed_fen", "audited_fen")
FROZEN = ("account_version", "fund", "frozen_hash")
MEMBER = ("claim_id", "claim_version", "payee_id", "claimed_fen", *TAKEN_OFF, *FROZEN, "status")
SEALED = ("key_id", "sealed")
INDEXES = ("payer_index", "payee_index")
PEOPLE = ("reviewers", "stood_in_for", "comment")  # for officials, as is every `…_by`
PAID = (
    *("payment_id", "payee_id", "payee_kind", "region", "reference", "amount_fen", "offset_fen"),
    *("account_version", "fund"),
    *("status", "reason"),
)

_outbox = t.metadata.tables["outbox"]
_streams = t.metadata.tables["streams"]


def get_claim(conn: sa.Connection, command: Command) -> Found:
    """The claim, its papers and history by version, questions, scores; people and verdict to officials alone."""
    row = _seen(command, _one(conn, t.claims, command.body["id"]))
    if isinstance(row, Refused):
        return row
    claim_id = row["claim_id"]
    papers = sa.select(t.filings).where(t.filings.c.claim_id == claim_id).order_by(t.filings.c.claim_version.desc())
    filings = conn.execute(papers.limit(20)).mappings().all()
    asked = sa.select(t.questions).where(t.questions.c.claim_id == claim_id).order_by(t.questions.c.question_id)
    view = {
        **_claim(row),
        "filings": [plain(one, *SEALED) for one in filings],
        "history": history(conn, claim_id, filings),
        "questions": [plain(one) for one in conn.execute(asked.limit(50)).mappings()],
        "scores": [plain(one) for one in scores_of(conn, row, command)],
    }
    if _is_party(command):
        return _without_people(view)
    verdict = sa.select(t.known_verdicts.c.verdict, t.known_verdicts.c.alerts).where(
        t.known_verdicts.c.claim_id == claim_id, t.known_verdicts.c.claim_version == row["claim_version"]
    )
    spoken = conn.execute(verdict).mappings().first()
    return {
        **view,
        "verdict": spoken["verdict"] if spoken else None,
        "alerts": list(spoken["alerts"]) if spoken else [],
    }


def get_disbursement(conn: sa.Connection, command: Command) -> Found:
    """The disbursement, and each of its claims as it is frozen: whoever approves can compute the hash again."""
    row = _seen(command, _one(conn, t.disbursements, command.body["id"]))
    if isinstance(row, Refused):
        return row
    members = (
        sa.select(*(t.claims.c[name] for name in MEMBER))
        .where(t.claims.c.disbursement_id == row["disbursement_id"])
        .order_by(t.claims.c.claim_id)
    )
    view = {**plain(row), "members": [_claim(one) for one in conn.execute(members).mappings()]}
    return _without_people(view) if _is_party(command) else view


def get_batch(conn: sa.Connection, command: Command) -> Found:
    """The batch, its payments, the ids of whom it pays, and of all whose standing counts for that."""
    row = _one(conn, t.batches, command.body["id"])
    if row is None:
        return Refused("NOT_FOUND", "id")
    query = sa.select(*(t.payments.c[name] for name in PAID)).where(t.payments.c.batch_id == row["batch_id"])
    items = [plain(one) for one in conn.execute(query.order_by(t.payments.c.payment_id)).mappings()]
    payees = {one["payee_id"] for one in items}
    parties = sorted(payees | store.parties_paid_for(conn, row["batch_id"]))
    return {**plain(row), "items": items, "payees": sorted(payees), "parties": parties}


def list_claims(conn: sa.Connection, command: Command) -> Found:
    """The reviewers' work list."""
    provider_id = command.body["provider_id"]
    found = _page(conn, t.claims, command, *([t.claims.c.provider_id == provider_id] if provider_id else []))
    return {**found, "items": [_payable(one) for one in found["items"]]}


def list_disbursements(conn: sa.Connection, command: Command) -> Found:
    return _page(conn, t.disbursements, command)


def list_questions(conn: sa.Connection, command: Command) -> Found:
    return _page(conn, t.questions, command)


def get_notice(conn: sa.Connection, command: Command) -> Found:
    """What was published, for everyone: the document as it was signed, its signature, and what became of each item."""
    row = _one(conn, t.notices, command.body["id"])
    if row is None:
        return Refused("NOT_FOUND", "id")
    notice = Notice(**row)
    view = {**_without_people(plain(row)), "items": notices_store.with_outcomes(conn, notice)}
    signature = {"algorithm": "Ed25519", "key_id": notice.key_id, "signature": notice.signature}
    document = {"document": snapshot(notice), "signature": signature}
    return _foreign(command, row) or {**_without(view, "outcomes", "key_id"), **document}


def list_notices(conn: sa.Connection, command: Command) -> Found:
    """Without the items, which `get_notice` gives."""
    found = _page(conn, t.notices, command, but=("items", "outcomes"))
    return {**found, "items": [_without_people(one) for one in found["items"]]}


def list_objections(conn: sa.Connection, command: Command) -> Found:
    """Without the texts, which may name people, and without who objects."""
    return _page(conn, t.objections, command, but=(*SEALED, "filed_by"))


def get_objection(conn: sa.Connection, command: Command) -> Found:
    """With its text, opened for who has to decide it."""
    row = _one(conn, t.objections, command.body["id"])
    if row is None:
        return Refused("NOT_FOUND", "id")
    context = f"objection:{row['objection_id']}"
    text = ring().open(row["key_id"], bytes(row["sealed"]), context=context).decode("utf-8")
    return _foreign(command, row) or {**plain(_without(row, *SEALED)), "text": text}


def list_nodes(conn: sa.Connection, command: Command) -> Found:
    found = _page(conn, t.nodes, command)
    return {**found, "items": [_without_people(one) for one in found["items"]]}


def list_payments(conn: sa.Connection, command: Command) -> Found:
    """Without the lists of claims, which `get_disbursement` gives."""
    found = _page(conn, t.payments, command)
    long = ("claims", "disbursements")
    items = [{**_without(one, *long), "claims_count": len(one["claims"])} for one in found["items"]]
    return {**found, "items": items}


def totals(conn: sa.Connection, command: Command) -> Found:
    """Figures for reconciliation, of one snapshot.

    Of live claims that were never paid: held_fen (what their orders hold), allowed_fen (what the rules allow of it),
    claimed_fen (what is to be paid of that). approved_fen: all that was approved for payment, paid or not; paid_fen:
    claims whose money was settled once (their orders are redeemed); returned_fen: that part of it which the bank sent
    back and which is owed again; what came of money claimed back as `receivables_queries.figures` says.
    """
    programme, year = command.body["programme"], command.body["year"]
    c = t.claims.c
    of_year = (c.programme == programme, c.year == year)
    live = (c.order_claimed, c.paid_at.is_(None), c.status.not_in(ENDED))
    payable = c.claimed_fen - c.deducted_fen - c.disallowed_fen - c.audited_fen
    money = sa.select(
        _sum(c.order_fen, *live).label("held"),
        _sum(c.claimed_fen, *live).label("allowed"),
        _sum(payable, *live).label("claimed"),
        _sum(payable, c.approved_at.is_not(None)).label("approved"),
        _sum(payable, c.paid_at.is_not(None)).label("paid"),
        _sum(payable, c.paid_at.is_not(None), c.status != "paid").label("returned"),
    ).where(*of_year)
    fen = conn.execute(money).one()
    p = t.payments.c
    by_status = sa.select(p.status, sa.func.count().label("count"), sa.func.sum(p.amount_fen).label("fen"))
    payments = conn.execute(by_status.where(p.programme == programme, p.year == year).group_by(p.status)).all()
    counted = conn.execute(sa.select(c.status, sa.func.count().label("n")).where(*of_year).group_by(c.status)).all()
    unsent = sa.select(sa.func.count()).select_from(_outbox).where(_outbox.c.state < OUTBOX_SENT)
    head = sa.select(sa.func.coalesce(sa.func.max(_streams.c.head_seq), 0))
    recovery, paid_and_rejected = receivables_queries.figures(conn, programme, year)
    figures = {
        "held_fen": int(fen.held),
        "allowed_fen": int(fen.allowed),
        "claimed_fen": int(fen.claimed),
        "approved_fen": int(fen.approved),
        "paid_fen": int(fen.paid),
        "returned_fen": int(fen.returned),
        **recovery,
        "outbox_unsent": conn.execute(unsent).scalar_one(),
        "stream_seq": conn.execute(head).scalar_one(),
    }
    rows = {
        "payments": {row.status: {"count": row.count, "fen": int(row.fen)} for row in payments},
        "claims": {row.status: row.n for row in counted},
        "years_closed": store.closed_years(conn, programme),
        "paid_and_rejected": paid_and_rejected,
    }
    return {"figures": figures, "rows": rows}


def _sum(column: sa.ColumnElement[int], *where: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((sa.and_(*where), column), else_=0)), 0)


def _one(conn: sa.Connection, table: sa.Table, id: str) -> Mapping[str, Any] | None:
    key = next(iter(table.primary_key.columns))
    return conn.execute(sa.select(table).where(key == id)).mappings().first()


def _page(
    conn: sa.Connection, table: sa.Table, command: Command, *where: sa.ColumnElement[bool], but: Sequence[str] = ()
) -> dict[str, Any]:
    """A page of a programme's rows, of one status where one is asked for; `but`: columns that are not shown."""
    body, key = command.body, next(iter(table.primary_key.columns))
    shown = [column for column in table.columns if column.name not in but]
    query = sa.select(*shown).where(table.c.programme == body["programme"], *where)
    if body["status"] is not None:
        query = query.where(table.c.status == body["status"])
    if body["after"] is not None:
        query = query.where(key > body["after"])
    items = [plain(row) for row in conn.execute(query.order_by(key).limit(_limit(command))).mappings()]
    return {"items": items, "next": items[-1][key.name] if len(items) == _limit(command) else None}


def _limit(command: Command) -> int:
    """Rows a page: an explicit null is no leave to read everything."""
    return int(command.body["limit"] or 100)


def _seen(command: Command, row: Mapping[str, Any] | None) -> Mapping[str, Any] | Refused:
    """A party sees what it provides, files or is paid for; an official of one programme that programme's."""
    if row is None:
        return Refused("NOT_FOUND", "id")
    mine = {row.get(name) for name in ("provider_id", "filer_id", "payee_id")} - {None}
    if _is_party(command) and command.actor.organisation not in mine:
        return Refused("NOT_OWNER", "id")
    return _foreign(command, row) or row


def _foreign(command: Command, row: Mapping[str, Any]) -> Refused | None:
    mine = command.actor.programme in (None, row["programme"])
    return None if mine else Refused("PROGRAMME_MISMATCH", "id")


def _is_party(command: Command) -> bool:
    return not command.actor.roles & (r.OFFICIALS | {r.PLATFORM})


def _claim(row: Mapping[str, Any]) -> dict[str, Any]:
    return _payable(plain(row))


def _payable(view: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in view.items() if name not in INDEXES}  # blind as they are, for supervision
    return {**shown, "payable_fen": view["claimed_fen"] - sum(view[name] for name in TAKEN_OFF)}


def _without_people(view: Mapping[str, Any]) -> dict[str, Any]:
    """Who reviewed what is for officials; also within lists."""
    kept = {name: value for name, value in view.items() if not name.endswith("_by") and name not in PEOPLE}
    return {name: _each_without_people(value) for name, value in kept.items()}


def _each_without_people(value: Any) -> Any:
    nested = isinstance(value, Sequence) and not isinstance(value, str)
    return [_without_people(one) if isinstance(one, Mapping) else one for one in value] if nested else value


def _without(view: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in view.items() if name not in names}


QUERIES: Mapping[str, Query] = {
    "get_claim": get_claim,
    "get_disbursement": get_disbursement,
    "get_batch": get_batch,
    "list_claims": list_claims,
    "list_disbursements": list_disbursements,
    "list_questions": list_questions,
    "get_notice": get_notice,
    "list_notices": list_notices,
    "get_objection": get_objection,
    "list_objections": list_objections,
    "list_nodes": list_nodes,
    "list_work": list_work,
    "list_leaves": list_leaves,
    "list_payments": list_payments,
    "get_sample": samples_queries.get_sample,
    "get_wind_down": exits_queries.get_wind_down,
    "list_samples": samples_queries.list_samples,
    "list_sample_items": samples_queries.list_sample_items,
    "payment_file": bank_queries.payment_file,
    "get_receivable": receivables_queries.get_receivable,
    "list_receivables": receivables_queries.list_receivables,
    "bank_differences": bank_queries.bank_differences,
    "totals": totals,
}
