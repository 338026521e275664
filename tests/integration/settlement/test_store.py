"""What the tables themselves keep, and what a batch costs them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from infra.db import Json, UtcDateTime, create_engine
from infra.db_insert import insert_many
from services.settlement import store, tables, waiting_store
from tests.integration.settlement.world import GUIZHOU, NOON, World, uid
from tests.making import make_tables

SAMPLES: dict[type, Any] = {str: "x", int: 1, bool: True, bytes: b"x", date: date(2018, 9, 3)}


def sample(column: sa.Column[Any]) -> Any:
    if isinstance(column.type, Json):
        return []
    return NOON if isinstance(column.type, UtcDateTime) else SAMPLES[column.type.python_type]


def test_what_was_written_once_is_never_changed(engine: sa.Engine) -> None:
    """Papers, bank results, statements, payment files and what else is evidence."""
    make_tables(engine, store.metadata)
    for table in tables.IMMUTABLE:
        with engine.begin() as conn:
            conn.execute(sa.insert(table).values({column.name: sample(column) for column in table.columns}))
        column = next(column for column in table.columns if not column.primary_key)
        for change in (sa.update(table).values({column.name: column}), sa.delete(table)):
            with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as conn:
                conn.execute(change)


@contextmanager
def counted(engine: sa.Engine) -> Iterator[list[str]]:
    """Statements sent meanwhile."""
    sent: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        sent.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def costs(world: World, run: Callable[[int], None]) -> tuple[list[str], list[str]]:
    found = []
    for size in (1, 30):
        with counted(world.engine) as sent:
            run(size)
        found.append([statement.split(" (")[0][:60] for statement in sent])
    return found[0], found[1]


def _insert_per_row(statement: str) -> bool:
    """SQLite has no array to send rows in: a RETURNING insert goes row by row there, within the process."""
    return statement.startswith("INSERT INTO")


def test_a_batch_costs_the_same_statements_whatever_its_size(world: World) -> None:
    """Rule 1 of the architecture: a loop over rows would cost the project its factor of ten."""
    provider_id = world.provider()
    stock = {size: [world.papers(world.order(provider_id), provider_id) for _ in range(size)] for size in (1, 30)}
    small, large = costs(world, lambda size: [one["ok"] for one in world.batch("file_claim", stock[size])].count(False))
    if world.engine.dialect.name == "sqlite":
        small, large = ([one for one in side if not _insert_per_row(one)] for side in (small, large))
    assert small == large
    claims = {size: [body["claim_id"] for body in stock[size]] for size in stock}
    for size, ids in claims.items():
        for claim_id, body in zip(ids, stock[size], strict=True):
            world.answer(claim_id, body["order_id"], provider_id)
            world.verdict(claim_id, provider_id)
    world.node()
    for stage in ("operator", "bureau"):

        def review(size: int, stage: str = stage) -> None:
            bodies = [{"claim_id": one, "stage": stage, "decision": "pass"} for one in claims[size]]
            assert all(one["ok"] for one in world.batch("review_claim", bodies))

        small, large = costs(world, review)
        if world.engine.dialect.name == "sqlite":
            small, large = ([one for one in side if not _insert_per_row(one)] for side in (small, large))
        assert small == large


def together(*runs: Callable[[], object]) -> list[object]:
    """Run at the same moment in threads of their own; what each returned."""
    barrier = threading.Barrier(len(runs))
    answers: list[object] = [None] * len(runs)

    def one(at: int, run: Callable[[], object]) -> None:
        barrier.wait()
        answers[at] = run()

    threads = [threading.Thread(target=one, args=(at, run)) for at, run in enumerate(runs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


@pytest.fixture
def twins(postgres_url: str, keys: None) -> Iterator[tuple[World, World]]:
    """Two replicas on one PostgreSQL database."""
    engines = [create_engine(postgres_url, service="settlement") for _ in range(2)]
    yield World(engines[0]), World(engines[1], make=False)
    for engine in engines:
        engine.dispose()


def test_two_replicas_and_one_invoice(twins: tuple[World, World]) -> None:
    """The primary key decides, not who read first."""
    one, other = twins
    provider_id = one.provider()
    pairs = [
        [one.papers(one.order(provider_id), provider_id, invoice__number=f"N{at}") for _ in range(2)]
        for at in range(20)
    ]
    commands = [[one.command("file_claim", pair[side]) for pair in pairs] for side in range(2)]
    first, second = together(lambda: one.run(commands[0]), lambda: other.run(commands[1][::-1]))
    oks = sum(answer["ok"] for answer in [*first, *second])
    assert oks == 20
    codes = {answer["error"]["code"] for answer in [*first, *second] if not answer["ok"]}
    assert codes == {"INVOICE_ALREADY_CLAIMED"}


def test_an_invoice_set_free_while_it_is_taken_goes_to_one(
    twins: tuple[World, World], monkeypatch: pytest.MonkeyPatch, wait_until: Callable[..., object]
) -> None:
    """Its holder withdraws between our insert, which it refused, and our look at who refused it: nobody seemed to."""
    one, other = twins
    provider_id = one.provider()
    holder = one.filed(provider_id, invoice__number="SAME-1")[0]
    orders = [one.order(provider_id) for _ in range(2)]
    ours, theirs = (one.papers(order, provider_id, invoice__number="SAME-1") for order in orders)
    insert_new, give_invoices = store.insert_new, store.give_invoices
    answers: list[dict[str, Any]] = []
    rival = threading.Thread(target=lambda: answers.append(other.do("file_claim", **theirs)))

    def waits_or_is_done() -> bool:
        query = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        with one.engine.connect() as conn:
            return bool(answers) or conn.execute(query).scalar_one() > 0

    def insert(conn: sa.Connection, table: sa.Table, rows: Any, *, returning: Any) -> Any:
        taken = insert_new(conn, table, rows, returning=returning)
        if table is tables.live_invoices and not rival.ident:
            monkeypatch.setattr(store, "insert_new", insert_new)
            other.ok("withdraw_claim", claim_id=holder, provider_id=provider_id)
        return taken

    def give(conn: sa.Connection, owners: Any, free: Any) -> None:
        if not rival.ident:
            rival.start()
            wait_until(waits_or_is_done)
        give_invoices(conn, owners, free)

    monkeypatch.setattr(store, "insert_new", insert)
    monkeypatch.setattr(store, "give_invoices", give)
    answers.append(one.do("file_claim", **ours))
    rival.join(timeout=60)
    assert sorted(answer["ok"] for answer in answers) == [False, True]
    assert {one.claim(body["claim_id"]).get("status") for body in (ours, theirs)} == {"filed", None}


def test_two_replicas_and_one_payment(twins: tuple[World, World]) -> None:
    """Batches made at the same moment share no disbursement; results recorded at the same moment pay once."""
    one, other = twins
    for _ in range(3):
        one.approved()
    bodies = [{"batch_id": one.new("H"), "programme": GUIZHOU, "year": 2018} for _ in range(2)]
    commands = [one.command("make_batch", body) for body in bodies]
    answers = together(lambda: one.run([commands[0]])[0], lambda: other.run([commands[1]])[0])
    made = [answer["result"] for answer in answers if answer["ok"]]
    assert sum(batch["payments"] for batch in made) == 3
    batch = next(one for one in made)
    assert one.release(batch)["ok"]
    payments = one.ask("get_batch", id=batch["id"])["items"]
    lines = [
        {"reference": p["reference"], "amount_fen": p["amount_fen"], "status": "settled", "at": "2018-09-03"}
        for p in payments
    ]
    both = [one.command("record_results", {"batch_id": batch["id"], "results": lines}) for _ in range(2)]
    results = together(lambda: one.run([both[0]])[0], lambda: other.run([both[1]])[0])
    assert sorted(answer["result"]["changed"] for answer in results) == [0, len(payments)]
    assert one.told().count("claim_paid") == len(payments)


def test_two_replicas_and_due_work(twins: tuple[World, World]) -> None:
    """A claim collected twice would have two histories."""
    one, other = twins
    claims = [one.accepted()[0] for _ in range(10)]
    node_id, closes_at = one.new("N"), one.clock.now()
    one.ok("announce_node", node_id=node_id, programme=GUIZHOU, year=2018, closes_at=closes_at + timedelta(hours=1))
    one.clock.advance(timedelta(hours=1))
    other.clock.advance(timedelta(hours=1))
    together(one.pipeline.run_due, other.pipeline.run_due)
    assert one.told().count("claim_collected") == len(claims)
    assert one.told().count("node_closed") == 1


def test_a_look_reads_what_it_takes_however_many_wait(postgres_url: str) -> None:
    """What reads or sorts all claims for each 500 that it takes grows with the square of a window."""
    engine = create_engine(postgres_url, service="settlement")
    world = World(engine)
    world.accepted()
    world.ok("announce_node", **_soon(world))
    world.clock.advance(timedelta(hours=2))
    with engine.begin() as conn:
        row = dict(conn.execute(sa.select(tables.claims)).mappings().one())
        past = [{**row, "claim_id": uid("C", 10**9 + n), "status": "collected"} for n in range(2_000)]
        insert_many(conn, tables.claims, [*past, *({**row, "claim_id": uid("C", 2 * 10**9 + n)} for n in range(2_000))])
        conn.execute(sa.text("ANALYZE claims"))
        waiting = (tables.claims.c.status == "accepted", store.in_time(conn, now=world.clock.now()))
        query = sa.select(tables.claims).where(*waiting).order_by(tables.claims.c.claim_id).limit(500)
        text = query.compile(engine, compile_kwargs={"literal_binds": True})
        plan = [line for (line,) in conn.exec_driver_sql(f"EXPLAIN {text}")]
    engine.dispose()
    assert not [line for line in plan if "Sort" in line], "\n".join(plan)
    assert any("claims_accepted" in line for line in plan), plan


def test_a_notice_and_a_disbursement_read_what_they_take(postgres_url: str) -> None:
    """What sorts or loads all that wait for each 1,000 that it takes grows with the square of a window."""
    engine = create_engine(postgres_url, service="settlement")
    world = World(engine)
    world.accepted()
    with engine.begin() as conn:
        row = dict(conn.execute(sa.select(tables.claims)).mappings().one())
        states = [*["paid"] * 4_000, *["passed"] * 4_000]
        rows = [{**row, "claim_id": uid("C", 10**9 + n), "status": state} for n, state in enumerate(states)]
        insert_many(conn, tables.claims, rows)
        conn.execute(sa.text("ANALYZE claims"))
        assert waiting_store.labels(conn) == [row["pack_version"]]
        group = waiting_store.of_rules(row["pack_version"], "passed", tables.claims.c.year == row["year"])
        asked = {"may": waiting_store.may_be_paid(now=world.clock.now()), "most": 100}
        query = waiting_store.first_ids([group], waiting_store.has_money(), **asked)
        text = query.compile(engine, compile_kwargs={"literal_binds": True})
        plan = [line for (line,) in conn.exec_driver_sql(f"EXPLAIN {text}")]
        left_out = waiting_store.first_of(conn, [group], waiting_store.has_money(), **asked)
        assert conn.execute(sa.text("SHOW jit")).scalar_one() == "off", "compiling costs a second a statement"
    engine.dispose()
    assert len(left_out) == 100, "nobody has cleared them: as many are counted as would have been taken"
    assert not [line for line in plan if "Sort" in line or "Seq Scan on claims" in line], "\n".join(plan)
    assert len([line for line in plan if "claims_waiting" in line]) == 3, "\n".join(plan)


def _soon(world: World) -> dict[str, Any]:
    """A node that closes within the hour."""
    closes_at = world.clock.now() + timedelta(hours=1)
    return {"node_id": world.new("N"), "programme": world.programme, "year": world.year, "closes_at": closes_at}
