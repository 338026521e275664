"""The statement of a purse's year (年度报表), from the ledger alone, and the digest that a treasurer signs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from infra.jsontext import canonical, instant_text
from services.voucher import corrections_store, year_store
from services.voucher.domain.corrections import Correction, place
from services.voucher.domain.ledger import Transfer
from services.voucher.domain.plans import Plan
from services.voucher.domain.year_figures import PurseYear, by_level


@dataclass(frozen=True)
class Told:
    """The statement as JSON values, and SHA-256 of its canonical text."""

    statement: Mapping[str, Any]
    sha256: str


def statement_of(conn: sa.Connection, plan: Plan) -> Told:
    """One pass over the year's entries: the same entries and the same plan give the same digest, whoever asks."""
    books = PurseYear(plan.purse, year_store.purses_of_quotas(conn, plan.programme, plan.year))
    seen = _Seen()
    for _, group in groupby(year_store.entries(conn, plan.programme, plan.year), key=lambda entry: entry.subject):
        entries = list(group)
        if books.take(entries):
            seen.add(entries)
    figures = books.figures()
    statement = {
        "programme": plan.programme,
        "year": plan.year,
        "region": plan.region,
        "plan_id": plan.plan_id,
        "document": plan.document,
        "status": plan.status,
        "figures": figures,
        "sum_fen": books.sum_fen(),
        "by_level": by_level(funds=plan.funds, region=plan.region, budget_fen=plan.budget_fen, figures=figures),
        "trial_balance": books.trial_balance(),
        "movements": books.movements(),
        "entries": seen.told(),
        "corrections": [
            _correction(one)
            for one in corrections_store.confirmed(conn, {(plan.programme, plan.year)})
            if plan.purse in (place(one.from_account)[3], place(one.to_account)[3])
        ],
    }
    return Told(statement, hashlib.sha256(canonical(statement).encode()).hexdigest())


def signed_of(conn: sa.Connection, plan: Plan, sha256: str) -> list[dict[str, Any]]:
    """Who signed what and when; what the ledger no longer says is superseded."""
    return [
        {
            "statement_sha256": one.statement_sha256,
            "signed_by": one.signed_by,
            "signed_at": instant_text(one.signed_at),
            "proof": one.proof,
            "superseded": one.statement_sha256 != sha256,
        }
        for one in year_store.signatures(conn, {plan.plan_id})
    ]


class _Seen:
    """Which entries a statement rests on: how many, the first and last by id, and one digest over all, line by line."""

    def __init__(self) -> None:
        self._count = 0
        self._first_id: str | None = None
        self._last_id: str | None = None
        self._digest = hashlib.sha256()

    def add(self, entries: list[Transfer]) -> None:
        self._count += len(entries)
        self._first_id = self._first_id or entries[0].id
        self._last_id = entries[-1].id
        self._digest.update("".join(line_of(entry) for entry in entries).encode())

    def told(self) -> dict[str, Any]:
        ends = {"first_id": self._first_id, "last_id": self._last_id}
        return {"count": self._count, **ends, "sha256": self._digest.hexdigest()}


def line_of(entry: Transfer) -> str:
    """An entry as it goes into the digest: its columns in their order, apart by tabs, with a line feed."""
    return "\t".join(_text(value) for value in vars(entry).values()) + "\n"


def _text(value: Any) -> str:
    if value is None:
        return ""
    return instant_text(value) if isinstance(value, datetime) else str(value)


def _correction(one: Correction) -> dict[str, Any]:
    assert one.decided_at is not None
    told = {**vars(one), "asked_at": instant_text(one.asked_at), "decided_at": instant_text(one.decided_at)}
    return {name: value for name, value in told.items() if name not in ("programme", "year", "status")}
