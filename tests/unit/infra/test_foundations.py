"""Clocks, settings, canonical text, many-row inserts, projections and streams: what all else stands on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from infra import settings
from infra.clock import FixedClock, SimulatedClock, local_date, make_clock, parse_instant
from infra.db import Json, UtcDateTime, create_engine
from infra.db_insert import insert_many, insert_new, upsert
from infra.jsontext import canonical
from infra.outbox import ContractBroken, envelope, row
from infra.projection import upsert_newer
from infra.stream import GENESIS, link
from tests.unit.infra import toy

metadata = sa.MetaData()
things = sa.Table(
    "things",
    metadata,
    sa.Column("id", sa.String(5), primary_key=True),
    sa.Column("n", sa.BigInteger),
    sa.Column("at", UtcDateTime),
    sa.Column("day", sa.Date),
    sa.Column("facts", Json),
    sa.Column("flag", sa.Boolean),
    sa.Column("sequence", sa.BigInteger, nullable=False, default=0),
)
AT = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = create_engine(database_url, service="t")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def thing(id: str, n: int = 1, sequence: int = 1) -> dict[str, object]:
    return {
        "id": id,
        "n": n,
        "at": AT,
        "day": date(2026, 3, 1),
        "facts": {"名": ["x", None]},
        "flag": True,
        "sequence": sequence,
    }


@pytest.mark.parametrize(
    ("instant", "day"),
    [("2026-01-01T15:59:59Z", date(2026, 1, 1)), ("2026-01-01T16:00:00Z", date(2026, 1, 2))],
    ids=["last second", "midnight in Shanghai"],
)
def test_business_days_are_shanghai_days(instant, day):
    """Lost otherwise: a deadline's last eight hours."""
    assert local_date(parse_instant(instant)) == day


def test_simulated_time_is_one_for_all_and_never_goes_back(tmp_path):
    """Lost otherwise: two processes with two times; a deadline that un-falls."""
    clock = SimulatedClock(tmp_path / "sim" / "now")
    other = make_clock(f"simulated:{tmp_path}/sim/now")
    clock.set(AT)
    assert other.now() == AT
    clock.set(AT + timedelta(days=1))
    assert other.now() == AT + timedelta(days=1)
    with pytest.raises(ValueError, match="back"):
        clock.set(AT)


@pytest.mark.parametrize("setting", ["", "real", "simulated:", "simulated"])
def test_a_clock_that_makes_no_sense_is_an_error(setting):
    """Lost otherwise: a typing error runs a simulation on the wall clock."""
    with pytest.raises(ValueError):
        make_clock(setting)


def test_an_instant_without_offset_is_refused():
    """Lost otherwise: eight hours."""
    with pytest.raises(ValueError):
        parse_instant("2026-01-01T00:00:00")
    with pytest.raises(TypeError):
        canonical(datetime(2026, 1, 1))


def test_settings_are_read_and_checked():
    """Lost otherwise: a process that runs with half of what it was told."""
    given = settings.from_env({"YUNQUAN_BATCH": "50", "YUNQUAN_TICK_SECONDS": "0.5", "YUNQUAN_CREATE_TABLES": "1"})
    assert (given.batch, given.tick, given.create_tables) == (50, 0.5, True)
    assert given.database_url("voucher") == "sqlite:///var/voucher.db"
    for wrong in ({"YUNQUAN_BATCH": "many"}, {"YUNQUAN_LINGER": "-1"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            settings.from_env(wrong)
    shared = settings.from_env({"YUNQUAN_DATABASE_URL": "postgresql://h/one"})
    with pytest.raises(ValueError, match="own database"):
        shared.database_url("voucher")


def test_one_value_has_one_text():
    """Lost otherwise: a repeated key looks like another body; a hash depends on an order."""
    eight = timezone(timedelta(hours=8))
    one = {"b": AT.astimezone(eight), "a": {"y": date(2026, 1, 1), "x": (1, 2)}, "c": Fraction(2, 5)}
    assert canonical(one) == '{"a":{"x":[1,2],"y":"2026-01-01"},"b":"2026-03-01T12:30:15.250000Z","c":"2/5"}'
    assert canonical({"z": frozenset({"b", "a"})}) == '{"z":["a","b"]}'
    for no_text in (float("nan"), object(), b"bytes"):
        with pytest.raises((TypeError, ValueError)):
            canonical(no_text)


def test_many_rows_keep_their_types(engine):
    """Lost otherwise: an array of another type, a moved instant, a cut text, on one of the two databases."""
    rows = [thing(f"t{i}", i) for i in range(600)]
    with engine.begin() as conn:
        insert_many(conn, things, rows)
        insert_many(conn, things, [])
        insert_many(conn, things, [{**dict.fromkeys(thing("x")), "id": "null", "sequence": 0}])
        assert insert_new(conn, things, [thing("t1"), thing("new")], returning=("id",)) == [("new",)]
    with engine.connect() as conn:
        found = [dict(row) for row in conn.execute(sa.select(things).order_by(things.c.n)).mappings()]
    assert [row for row in found if row["id"] in ("t7", "t599")] == [rows[7], rows[599]]
    assert next(row for row in found if row["id"] == "null")["at"] is None


def test_a_text_that_is_too_long_is_refused_and_not_cut(postgres_url):
    """Lost otherwise: the end of a text, in silence (a cast to VARCHAR(n) cuts, an insert refuses)."""
    engine = create_engine(postgres_url, service="t")
    metadata.create_all(engine)
    with pytest.raises(sa.exc.DataError), engine.begin() as conn:
        insert_many(conn, things, [thing("longer than five")])
    engine.dispose()


def test_upsert_replaces_what_it_is_told(engine):
    """Lost otherwise: a projection overwrites what is not its own."""
    with engine.begin() as conn:
        upsert(conn, things, [thing("a", 1), thing("b", 1)], key=("id",))
        upsert(conn, things, [{**thing("a", 2), "flag": False}], key=("id",), replace=("n",))
        upsert(conn, things, [], key=("id",))
        found = {row.id: (row.n, row.flag) for row in conn.execute(sa.select(things))}
    assert found == {"a": (2, True), "b": (1, True)}


def test_a_projection_keeps_the_newest_whatever_the_order(engine):
    """Lost otherwise: an older state over a newer one; or a batch that holds one aggregate twice."""
    with engine.begin() as conn:
        upsert_newer(
            conn, things, [thing("a", 1, 1), thing("a", 3, 3), thing("b", 5, 5), thing("a", 2, 2)], key=("id",)
        )
        upsert_newer(conn, things, [thing("a", 2, 2), thing("b", 6, 6)], key=("id",))
        upsert_newer(conn, things, [thing("a", 99, 3)], key=("id",))
        found = {row.id: (row.n, row.sequence) for row in conn.execute(sa.select(things))}
    assert found == {"a": (3, 3), "b": (6, 6)}


def test_the_chain_is_what_the_docs_say():
    """Lost otherwise: an auditor's own verifier disagrees with ours."""
    first = hashlib.sha256(bytes(32) + b"{}").hexdigest()
    assert link(GENESIS, b"{}") == first
    assert link(first, b"{}") == hashlib.sha256(bytes.fromhex(first) + b"{}").hexdigest()


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("toy.unknown.v1", {}),
        ("voucher.order_placed.v1", {}),
        ("toy.deposited.v1", {"account_id": "a"}),
        ("toy.deposited.v1", {"account_id": "a", "amount_fen": 1, "extra": 1}),
        ("toy.deposited.v1", {"account_id": "a", "amount_fen": -1}),
        ("toy.deposited.v1", {"account_id": "secret\x00", "amount_fen": 1}),
    ],
    ids=["unknown", "another's", "missing", "extra", "out of range", "control character"],
)
def test_an_event_says_what_its_schema_says(type_, data):
    """Lost otherwise: consumers that trust the contract; and values in the log when it is broken."""
    with pytest.raises(ContractBroken) as broken:
        toy_envelope(type_, data)
    assert "secret" not in str(broken.value)


def toy_envelope(type_, data):
    return envelope(
        toy.CATALOGUE,
        id="0" * 26,
        service="toy",
        type=type_,
        time=FixedClock(AT).now(),
        subject="s",
        sequence=1,
        correlation_id='"data":null,',
        causation_id=None,
        data=data,
    )


def test_the_text_of_an_event_is_canonical_as_a_whole():
    """Lost otherwise: others who hash what they read get another hash than ours."""
    told = toy_envelope("toy.deposited.v1", {"amount_fen": 1, "account_id": '甲"乙'})
    body = row(told, now=AT, queued_at=0.0)["body"]
    assert json.loads(body)["data"] == {"account_id": '甲"乙', "amount_fen": 1}
    assert body == canonical(json.loads(body))


@pytest.mark.parametrize("value", [[], (), {}, "", None, [[]], 0, False], ids=str)
def test_an_empty_list_reads_as_it_was_written(value):
    """Its short way must not turn what is nothing, or another empty thing, into a list."""
    dialect = sqlite.dialect()
    text = Json().process_bind_param(value, dialect)
    assert text == (None if value is None else canonical(value))
    assert Json().process_result_value(text, dialect) == ([] if value == () else value)
