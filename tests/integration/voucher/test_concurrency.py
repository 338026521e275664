"""Several replicas on one PostgreSQL: the budget and each quota are given out to the fen, and no further."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from infra.db import create_engine
from services.voucher import tables
from tests.integration.voucher.world import GUIZHOU, QUOTA, World


@pytest.fixture
def replicas(postgres_url: str) -> Iterator[list[World]]:
    """Two services on one database; the first has a plan for thirty and a half enterprises of sixty."""
    engines = [create_engine(postgres_url, service="voucher") for _ in range(2)]
    worlds = [World(engine, make=number == 0) for number, engine in enumerate(engines)]
    worlds[0].plan(budget_fen=30 * QUOTA + QUOTA // 2)
    yield worlds
    for engine in engines:
        engine.dispose()


def at_once(*works):
    """Run each in a thread of its own, started together; raise what any of them raised."""
    start, failed = threading.Barrier(len(works)), []

    def run(work):
        try:
            start.wait(timeout=20)
            work()
        except Exception as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not failed, failed
    assert not any(thread.is_alive() for thread in threads)


def bodies_for(world, enterprises):
    return [
        {"application_id": world.new("A"), "enterprise_id": one, "programme": GUIZHOU, "year": 2019}
        for one in enterprises
    ]


def in_batches(world, method, bodies, size):
    commands = [world.command(method, body, key=f"{method}-{next(iter(body.values()))}") for body in bodies]
    for at in range(0, len(commands), size):
        for answer in world.run(commands[at : at + size]):
            assert answer["ok"] or answer["error"]["code"] in ("QUOTA_EXHAUSTED", "QUOTA_EXCEEDED", "WRONG_STATE"), (
                answer
            )


def test_applications_on_two_replicas_get_the_budget_and_not_a_fen_more(replicas):
    """Lost otherwise: the total is exceeded, or a later place is served before an earlier (第六条)."""
    one, two = replicas
    bodies = bodies_for(one, [one.enterprise() for _ in range(60)])
    at_once(
        lambda: in_batches(one, "apply_for_quota", bodies[:30], 4),
        lambda: in_batches(two, "apply_for_quota", bodies[30:], 3),
    )
    figures = one.totals()
    assert (figures["reserved_fen"], figures["budget_free_fen"]) == (30 * QUOTA + QUOTA // 2, 0)
    rows = sorted(one.rows(tables.applications), key=lambda row: row["place"])
    assert [row["place"] for row in rows] == list(range(1, 61))
    assert [row["amount_fen"] for row in rows] == [QUOTA] * 30 + [QUOTA // 2] + [0] * 29


def test_further_applications_on_two_replicas_stay_within_the_quota(replicas):
    """Lost otherwise: each replica sees the same part of a quota free, and both give it out (第十六条)."""
    one, two = replicas
    enterprises = [one.enterprise() for _ in range(5)]
    third = {"requested_fen": QUOTA // 3}
    bodies = [{**body, **third} for _ in range(4) for body in bodies_for(one, enterprises)]
    at_once(
        lambda: in_batches(one, "apply_for_quota", bodies[:10], 2),
        lambda: in_batches(two, "apply_for_quota", bodies[10:], 3),
    )
    rows = one.rows(tables.applications)
    issued = {who: [row["amount_fen"] for row in rows if row["enterprise_id"] == who] for who in enterprises}
    assert list(issued.values()) == [[QUOTA // 3] * 3] * 5
    assert one.totals()["reserved_fen"] == 15 * (QUOTA // 3)


def test_no_order_is_placed_once_the_word_on_its_provider_is_kept(replicas):
    """Lost otherwise: an order beside a measure or decision would still be placed after the moment of its effect."""
    one, two = replicas
    enterprises = [one.granted() for _ in range(3)]
    provider, product = one.shelf(price_fen=10_000)
    bodies = [one.order_body(enterprises[n % 3], product, price_fen=10_000) for n in range(24)]
    kept, answers = threading.Event(), []

    def order():
        for body in bodies:
            after = kept.is_set()
            [answer] = one.run([one.command("place_order", body, key=f"order-{body['order_id']}")])
            answers.append((after, answer["ok"] or answer["error"]["code"]))

    def suspend():
        two.blacklist(provider, interim=True)
        kept.set()

    at_once(order, suspend)
    assert {said for after, said in answers if after} <= {"PROVIDER_NOT_AVAILABLE"}
    assert {said for _, said in answers} <= {True, "PROVIDER_NOT_AVAILABLE"}
    assert one.order(enterprises[0], product)["error"]["code"] == "PROVIDER_NOT_AVAILABLE"


def test_the_same_commands_on_both_replicas_take_effect_once(replicas):
    """Lost otherwise: a redelivery to another replica applies twice."""
    one = replicas[0]
    bodies = bodies_for(one, [one.enterprise() for _ in range(20)])
    at_once(*(lambda world=world: in_batches(world, "apply_for_quota", bodies, 5) for world in replicas))
    assert len(one.rows(tables.applications)) == len(one.sent("application_received")) == 20
    assert one.totals()["reserved_fen"] == 20 * QUOTA


def test_orders_reviews_and_withdrawals_side_by_side(replicas):
    """Lost otherwise: one quota spent on two replicas, or replicas that lock each other out."""
    one, two = replicas
    enterprises = [one.granted() for _ in range(3)]
    _, product = one.shelf(price_fen=5_000_000)
    others = bodies_for(one, [one.enterprise() for _ in range(30)])
    one.batch("apply_for_quota", others)
    orders = [one.order_body(enterprises[n % 3], product, price_fen=5_000_000) for n in range(30)]
    reviews = [{"application_id": body["application_id"], "decision": "refuse"} for body in others]
    withdrawals = [
        {"application_id": body["application_id"], "enterprise_id": body["enterprise_id"]} for body in reversed(others)
    ]
    at_once(
        lambda: in_batches(one, "place_order", orders[:15], 5),
        lambda: in_batches(two, "place_order", list(reversed(orders[15:])), 4),
        lambda: in_batches(one, "review_application", reviews, 4),
        lambda: in_batches(two, "withdraw_application", withdrawals, 3),
    )
    figures = one.totals()
    assert (figures["held_fen"], figures["quota_available_fen"]) == (3 * QUOTA, 0)
    assert figures["reserved_fen"] == 0
    with one.engine.connect() as conn:
        spent = sa.select(tables.orders.c.enterprise_id, sa.func.sum(tables.orders.c.voucher_fen))
        rows = conn.execute(spent.group_by(tables.orders.c.enterprise_id)).all()
    assert {total for _, total in rows} == {QUOTA}
