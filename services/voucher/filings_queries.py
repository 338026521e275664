"""Reads of filings: one, and the reviewers' work list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from contracts.errors import Refused
from infra.jsontext import instant_text
from infra.messages import Command
from infra.pipeline import Query
from services.voucher.access import foreign
from services.voucher.domain.filings import WAITING
from services.voucher.tables import filings

Found = Mapping[str, Any] | Refused
PAGE = 100  # rows of a page whose length nobody asked for
PEOPLE = ("filed_by", "reviewed_by")  # who did what is the decisions' to tell, to those who may read them

_one = filings.c
# those that wait before those that do not, and among each what the pack puts first
_RANK = sa.case((_one.status.in_(WAITING), 0), else_=2) + sa.case((_one.priority, 0), else_=1)
_ORDER = (_RANK, _one.submitted_at, _one.filing_id)


def get_filing(conn: sa.Connection, command: Command) -> Found:
    """A filing as it is now."""
    row = conn.execute(sa.select(filings).where(_one.filing_id == command.body["id"])).mappings().first()
    if row is None:
        return Refused("NOT_FOUND", "id")
    return foreign(command, row["programme"]) or _view(row)


def list_filings(conn: sa.Connection, command: Command) -> Found:
    """Those that wait first, what the pack puts first before others, then by the moment of handing in; `after` is the
    id of the last one seen."""
    body = command.body
    query = sa.select(filings).where(_one.programme == body["programme"])
    for name in ("status", "stage", "enterprise_id"):
        if body.get(name) is not None:
            query = query.where(_one[name] == body[name])
    if body.get("after") is not None:
        where = _one.filing_id == body["after"], _one.programme == body["programme"]
        last = conn.execute(sa.select(*_ORDER).where(*where)).first()
        if last is None:
            return Refused("NOT_FOUND", "after")
        query = query.where(sa.tuple_(*_ORDER) > sa.tuple_(*_bound(last)))
    limit = int(body.get("limit") or PAGE)
    rows = [_view(row) for row in conn.execute(query.order_by(*_ORDER).limit(limit)).mappings()]
    return {"items": rows, "next": rows[-1]["filing_id"] if len(rows) == limit else None}


def _bound(last: sa.Row[Any]) -> list[sa.BindParameter[Any]]:
    return [sa.literal(value, column.type) for value, column in zip(last, _ORDER, strict=True)]


def _view(row: sa.RowMapping) -> dict[str, Any]:
    return {name: _text(value) for name, value in row.items() if name not in PEOPLE}


def _text(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant_text(value)
    return value.isoformat() if isinstance(value, date) else value


QUERIES: Mapping[str, Query] = {"get_filing": get_filing, "list_filings": list_filings}
