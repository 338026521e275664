"""The books of voucher and settlement against what they said: whoever changes a row in the database is found out."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from infra.books.telling import Teller
from infra.db import create_engine
from services.settlement import tables as settlement
from services.settlement.telling import TELLER as SETTLEMENT
from services.voucher import tables as voucher
from services.voucher.telling import TELLER as VOUCHER
from tests.books import Auditor
from tests.integration.settlement.conftest import keys as keys  # noqa: PLC0414 - a fixture
from tests.integration.settlement.test_receivables import owed, repay, settle
from tests.integration.settlement.world import World as Settlement
from tests.integration.voucher.world import World as Voucher


@pytest.fixture
def claims(engine: sa.Engine, keys: None) -> Settlement:
    """Claims in several states, payments, money claimed back, repaid and taken off."""
    world = Settlement(engine)
    made, payee = settle(world, 3)
    one = owed(world, payee, made[0])
    assert repay(world, one, 1_000, "B-1")["ok"]
    owed(world, payee, made[1])
    settle(world, 2, payee)
    world.passed()
    world.filed()
    return world


@pytest.fixture
def orders(engine: sa.Engine) -> Voucher:
    """A plan, quotas, orders placed, confirmed and claimed."""
    world = Voucher(engine)
    world.plan()
    provider, product = world.shelf()
    for _ in range(3):
        enterprise = world.granted()
        world.order(enterprise, product)
        confirmed = world.confirmed(enterprise, provider, product)
    world.hear(world.claim("filed", confirmed, world.new("C"), provider))
    return world


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    made = create_engine(database_url, service="voucher")
    yield made
    made.dispose()


def money(table: sa.Table, *columns: str, row: Any = None) -> list[tuple[sa.Table, str, Any]]:
    """(table, column, ids by which the row that was changed is named)."""
    key = next(iter(table.primary_key.columns)).name
    return [(table, column, row or (lambda found: [found[key]])) for column in columns]


def account_of(transfer: Any) -> list[str]:
    return [transfer["debit"], transfer["credit"]]


def receivable_of(row: Any) -> list[str]:
    return [row["receivable_id"]]


COUNTERS = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
OF_VOUCHER = [
    *money(voucher.plans, "budget_fen", "quota_fen", "carried_fen", "made_up_fen"),
    *money(voucher.applications, "amount_fen", "lapsed_fen", "status"),
    *money(voucher.orders, "list_price_fen", "price_fen", "voucher_fen", "own_fen", "shortfall_fen", "deferred_fen"),
    *money(voucher.orders, "allowed_fen", "redeemed_fen", "denomination_fen", "status"),
    *money(voucher.accounts, *COUNTERS),
    *money(voucher.transfers, "amount_fen", row=account_of),
]
OF_SETTLEMENT = [
    *money(settlement.claims, "order_fen", "claimed_fen", "deducted_fen", "disallowed_fen", "audited_fen", "price_fen"),
    *money(settlement.claims, "invoice_fen", "transfer_fen", "recalled_fen", "status"),
    *money(settlement.disbursements, "amount_fen", "status"),
    *money(settlement.batches, "amount_fen", "status"),
    *money(settlement.payments, "amount_fen", "offset_fen", "status"),
    *money(settlement.receivables, "amount_fen", "recovered_fen", "offset_fen", "written_off_fen", "status"),
    *money(settlement.offsets, "amount_fen", row=receivable_of),
    *money(settlement.repayments, "amount_fen", row=receivable_of),
]


class Attacker:
    """Someone with the database alone: no trigger and no check stands in the way."""

    def __init__(self, engine: sa.Engine, tables: Collection[sa.Table], chance: random.Random) -> None:
        self.engine = engine
        self.chance = chance
        with engine.begin() as conn:
            if engine.dialect.name == "sqlite":
                names = conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
                for name in names:
                    conn.exec_driver_sql(f"DROP TRIGGER {name}")
            for table in tables if engine.dialect.name == "postgresql" else ():
                conn.exec_driver_sql(f"ALTER TABLE {table.name} DISABLE TRIGGER ALL")
                for check in [one for one in table.constraints if isinstance(one, sa.CheckConstraint)]:
                    conn.exec_driver_sql(f"ALTER TABLE {table.name} DROP CONSTRAINT {check.name}")

    def change(self, table: sa.Table, column: str) -> tuple[Any, Any]:
        """One column of one row, to something else; the row as it was, and what is to be set to undo it."""
        keys = list(table.primary_key.columns)
        with self.engine.begin() as conn:
            if self.engine.dialect.name == "sqlite":
                conn.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
            row = self.chance.choice(conn.execute(sa.select(table).order_by(*keys)).mappings().all())
            was = row[column]
            new = "x" if column == "status" else (was or 0) + self.chance.choice((1, 100, 99_900, -1 if was else 7))
            where = [key == row[key.name] for key in keys]
            conn.execute(sa.update(table).where(*where).values({column: new}))
        return row, (table, where, {column: was})

    def undo(self, how: Any) -> None:
        table, where, values = how
        with self.engine.begin() as conn:
            conn.execute(sa.update(table).where(*where).values(values))


def attacked(world: Any, teller: Teller, places: list[tuple[sa.Table, str, Any]]) -> None:
    """Change one thing at a time and see it found, in its row and in no other, at the next telling; then nothing."""
    auditor = Auditor(world.clock)
    chance = random.Random(20)
    auditor.tell(teller, world.pipeline)
    assert standing(auditor, teller) == {}
    attacker = Attacker(world.engine, {table for table, _, _ in places}, chance)
    for table, column, ids in places if world.engine.dialect.name == "sqlite" else chance.sample(places, 4):
        row, back = attacker.change(table, column)
        auditor.tell(teller, world.pipeline)
        found = standing(auditor, teller)
        attacker.undo(back)
        named = {one["id"] for evidence in found.values() for one in evidence["rows"]}
        assert set(ids(row)) <= named, (table.name, column, dict(row), found)
        assert all(line["told"] != line["known"] for line in lines(found)), found
    auditor.tell(teller, world.pipeline)
    assert standing(auditor, teller) == {}
    assert {alert["evidence"]["explanation"]["en"] for alert in auditor.alerts()} >= {
        "The difference is gone by itself: find out why."
    }
    auditor.close()


def standing(auditor: Auditor, teller: Teller) -> dict[str, dict[str, Any]]:
    return {subject: found for subject, found in auditor.look().items() if subject.startswith(f"{teller.service}:")}


def lines(found: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for evidence in found.values() for line in evidence["differences"]]


def test_a_change_in_vouchers_database_is_found_in_its_row(orders: Voucher) -> None:
    """An attacker with the database could give money to whom he likes, and the books would still look whole."""
    attacked(orders, VOUCHER, OF_VOUCHER)


def test_a_change_in_settlements_database_is_found_in_its_row(claims: Settlement) -> None:
    """An attacker with the database could have a claim paid more, or forget what is owed back."""
    attacked(claims, SETTLEMENT, OF_SETTLEMENT)
