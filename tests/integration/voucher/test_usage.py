"""Records of use over the pipeline: whose, once, never edited, and what is told of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from infra.db import create_engine
from infra.messages import Actor, Command
from services.voucher import store, tables, usage_store
from services.voucher.domain.usage import Total
from tests.integration.voucher.world import GUIZHOU, World
from tests.unit.voucher import made

SHANDONG = "shandong-2017"
LABEL = "shandong-2017@1"
ORDERED = datetime(2019, 2, 28, 17, 0, tzinfo=UTC)  # 1 March in Shanghai
NOW = datetime(2019, 6, 30, 4, 0, tzinfo=UTC)


class Usages(World):
    def running(self, **facts: Any) -> Any:
        """A confirmed order, as if it had gone its way."""
        ids = {"order_id": self.new("R"), "enterprise_id": self.new("E"), "provider_id": self.new("P")}
        base = {"programme": SHANDONG, "pack_version": LABEL, "status": "confirmed", "ordered_at": ORDERED}
        order = made.order(**{**ids, "product_id": self.new("K"), **base, **facts})
        with self.engine.begin() as conn:
            store.insert_orders(conn, [order])
        return order

    def body(self, order: Any, since: str = "2019-03-01", until: str = "2019-03-31", **more: Any) -> dict[str, Any]:
        return {
            "usage_id": self.new("D"),
            "order_id": order.order_id,
            "provider_id": order.provider_id,
            "since": since,
            "until": until,
            "days_used": 10,
            "units": 100,
            **more,
        }


@pytest.fixture
def world(engine: sa.Engine) -> Usages:
    return Usages(engine, NOW)


def test_a_record_is_kept_told_and_explained(world):
    """Lost otherwise: settlement pays for use of which nobody has a record."""
    order = world.running()
    body = world.body(order)
    assert world.ok("record_usage", **body) == {"id": body["usage_id"], "status": "recorded", "sequence": 1}
    second = world.body(order, "2019-04-01", "2019-04-30", units=7, evidence="e" * 64)
    world.ok("record_usage", **second)
    told = world.sent("usage_recorded")
    assert [(event["subject"], event["data"]["total_days"], event["data"]["total_units"]) for event in told] == [
        (body["usage_id"], 10, 100),
        (second["usage_id"], 20, 107),
    ]
    assert told[0]["data"]["enterprise_id"] == order.enterprise_id
    assert told[0]["data"]["law"]["articles"] == ["三(四)"]
    decisions = world.ask("explain", subject=order.order_id)["decisions"]
    assert [(one["action"], one["facts"]["total_days"]) for one in decisions] == [
        ("usage_recorded", 10),
        ("usage_recorded", 20),
    ]
    with world.engine.connect() as conn:
        found = usage_store.usage_of(conn, [order.order_id, world.new("R")])
    assert found == {order.order_id: Total(days=20, units=107, records=2)}


def test_the_same_record_again_changes_nothing(world):
    """Lost otherwise: a lost answer doubles the use, or another's content passes for the same."""
    body = world.body(world.running())
    first = world.ok("record_usage", **body)
    assert world.ok("record_usage", **body) == first
    assert world.refused("record_usage", **{**body, "units": 101})["code"] == "ALREADY_EXISTS"
    assert len(world.rows(tables.usage_records)) == len(world.sent("usage_recorded")) == 1


def test_a_batch_sees_its_own_records(world):
    """Lost otherwise: one message records the same days twice, or totals that leave each other out."""
    order, other = world.running(), world.running()
    bodies = [
        world.body(order),
        world.body(order, "2019-03-31", "2019-04-10"),
        world.body(order, "2019-04-01", "2019-04-12"),
        world.body(other),
    ]
    answers = world.batch("record_usage", [*bodies, bodies[0]])
    assert [answer["ok"] for answer in answers] == [True, False, True, True, True]
    assert answers[1]["error"]["code"] == "ALREADY_REPORTED"
    assert [event["data"]["total_days"] for event in world.sent("usage_recorded")] == [10, 20, 10]


@pytest.mark.parametrize(
    ("order", "change", "code"),
    [
        ({}, {"order_id": f"01R{99999:023d}"}, "NOT_FOUND"),
        ({}, {"provider_id": f"01P{99999:023d}"}, "ORDER_OF_ANOTHER"),
        ({"status": "placed"}, {}, "ORDER_NOT_CONFIRMED"),
        ({"programme": GUIZHOU, "pack_version": "guizhou-2018@1"}, {}, "RULE_ABSENT"),
        ({}, {"since": "2019-02-28"}, "INVALID"),  # the order's day is that of Shanghai
        ({}, {"since": "2019-06-30", "until": "2019-07-01", "days_used": 0}, "INVALID"),
    ],
)
def test_what_cannot_be_is_not_recorded(world, order, change, code):
    """Lost otherwise: use is recorded of another's order, of no order, or of days that have not been."""
    error = world.refused("record_usage", **{**world.body(world.running(**order)), **change})
    assert error["code"] == code
    assert world.rows(tables.usage_records) == []


def test_a_token_of_another_programme_records_nothing(world):
    """Lost otherwise: whoever has a token of one programme writes into another's."""
    command = world.command("record_usage", world.body(world.running()))
    actor = Actor("platform-1", frozenset({"platform"}), programme=GUIZHOU)
    (answer,) = world.run([Command(command.method, command.key, command.body, actor, command.correlation_id)])
    assert answer["error"]["code"] == "PROGRAMME_MISMATCH"


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2019-03-31", "2019-04-30"),
        ("2019-03-01", "2019-03-10"),
        ("2019-03-15", "2019-03-15"),
        ("2019-03-01", "2019-05-01"),
    ],
)
def test_days_that_were_recorded_before_are_found(world, since, until):
    """Lost otherwise: a second message records the same days, or nobody learns from the order that it was tried."""
    order = world.running()
    first = world.body(order, "2019-03-10", "2019-03-31")
    world.ok("record_usage", **first)
    error = world.refused("record_usage", **world.body(order, since, until, days_used=1))
    assert (error["code"], error["facts"]["other"]) == ("ALREADY_REPORTED", first["usage_id"])
    decisions = world.ask("explain", subject=order.order_id)["decisions"]
    assert [(one["outcome"], one["code"]) for one in decisions] == [("ok", None), ("refused", "ALREADY_REPORTED")]
    assert world.ok("record_usage", **world.body(order, "2019-03-01", "2019-03-09", days_used=1))
    assert world.ok("record_usage", **world.body(order, "2019-04-01", "2019-04-02", days_used=1))


@pytest.mark.parametrize("statement", ["UPDATE usage_records SET units = 1", "DELETE FROM usage_records"])
def test_the_database_keeps_what_was_recorded(world, statement):
    """Lost otherwise: use is corrected after the claim, and the record says what suits it (三(四))."""
    world.ok("record_usage", **world.body(world.running()))
    before = world.rows(tables.usage_records)
    with pytest.raises(sa.exc.DBAPIError), world.engine.begin() as conn:
        conn.exec_driver_sql(statement)
    assert world.rows(tables.usage_records) == before


def test_a_batch_takes_as_many_statements_as_one(postgres_url):
    """Lost otherwise: a month's records take a thousand journeys to the database."""
    engine = create_engine(postgres_url, service="voucher")
    world, seen = Usages(engine, NOW), list[str]()
    sa.event.listen(engine, "before_cursor_execute", lambda c, cur, text, *rest: seen.append(text))

    def counted(bodies: list[dict[str, Any]]) -> int:
        seen.clear()
        assert all(answer["ok"] for answer in world.batch("record_usage", bodies))
        return len(seen)

    orders = [world.running() for _ in range(30)]
    one = counted([world.body(orders[0])])
    assert counted([world.body(order) for order in orders[1:]]) == one
    engine.dispose()
