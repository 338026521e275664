"""What the database itself refuses, and how many statements a batch takes."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from infra.db import create_engine
from services.voucher import tables
from tests.integration.voucher.elsewhere import NEIMENGGU, SHENYANG, Elsewhere
from tests.integration.voucher.world import CONTRACT, GUIZHOU, World


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE transfers SET amount_fen = 1",
        "DELETE FROM transfers",
        "UPDATE decisions SET outcome = 'ok'",
        "DELETE FROM decisions",
        "UPDATE accounts SET debits_posted = credits_posted + 1 WHERE kind = 'budget'",
        "INSERT INTO transfers SELECT id || 'x', kind, debit, credit, amount_fen, pending_id, subject, cause, reason,"
        " at FROM transfers WHERE pending_id IS NOT NULL",
        "INSERT INTO plans SELECT '01NX', programme, year, budget_fen, quota_fen, opens_on, document, status, made_by,"
        " made_at, configured_by, last_place, lapsed_fen, sequence FROM plans",
    ],
)
def test_the_database_refuses(world, statement):
    """Lost otherwise: history can be rewritten, an account overdrawn, a pending transfer ended twice."""
    world.plan()
    world.granted()
    before = world.rows(tables.transfers), world.rows(tables.accounts)
    with pytest.raises(sa.exc.DBAPIError), world.engine.begin() as conn:
        conn.exec_driver_sql(statement)
    assert (world.rows(tables.transfers), world.rows(tables.accounts)) == before


class Statements:
    """Counts what goes to the database."""

    def __init__(self, engine):
        self.seen = []
        sa.event.listen(engine, "before_cursor_execute", lambda c, cur, text, *rest: self.seen.append(text))

    def of(self, work):
        self.seen.clear()
        work()
        return len(self.seen)


@pytest.fixture
def crowd(postgres_url):
    """Ninety enterprises, a plan and a shelf; on PostgreSQL, where each statement is a journey."""
    engine = create_engine(postgres_url, service="voucher")
    world = World(engine)
    world.plan(budget_fen=10**11)
    yield world, Statements(engine), [world.enterprise() for _ in range(90)], *world.shelf()
    engine.dispose()


def test_a_batch_takes_as_many_statements_as_one(crowd):
    """Lost otherwise: the first of the three rules, and a factor of ten."""
    world, count, enterprises, provider, product = crowd

    def counts(method, bodies):
        """Statements for the first alone, and for all others together."""

        def run(part):
            answers = world.batch(method, part)
            assert all(answer["ok"] for answer in answers), answers

        return count.of(lambda: run(bodies[:1])), count.of(lambda: run(bodies[1:]))

    ids = [world.new("A") for _ in enterprises]
    applications = [
        {"application_id": one, "enterprise_id": enterprise, "programme": GUIZHOU, "year": 2019}
        for one, enterprise in zip(ids, enterprises, strict=True)
    ]
    reviews = [{"application_id": one, "decision": "approve"} for one in ids]
    orders = [world.order_body(one, product) for one in enterprises]
    confirms = [{"order_id": body["order_id"], "provider_id": provider, "contract_sha256": CONTRACT} for body in orders]
    refunds = [{"order_id": body["order_id"], "enterprise_id": body["enterprise_id"], "reason": "r"} for body in orders]
    seen = {
        "apply": counts("apply_for_quota", applications),
        "review": counts("review_application", reviews),
        "place": counts("place_order", orders),
        "confirm": counts("confirm_order", confirms),
        "refund": counts("request_refund", refunds),
    }
    for method, (one, many) in seen.items():
        assert many <= one, (method, one, many)
    assert max(one for one, _ in seen.values()) <= 20


LOCAL = ("enterprise_id", "sequence", "holder", "representative", "accounts")  # ours, or made of `indexes`


def test_news_takes_as_many_statements_for_many(crowd):
    """Lost otherwise: projections that lag behind a bulk import."""
    world, count, enterprises, *_ = crowd
    rows = world.rows(tables.known_enterprises)
    plain = {name: value for name, value in rows[0].items() if name not in LOCAL}
    more = {"registered_on": "2015-01-01", "uscc": "91520100MA6DL8K59X", "account_version": 0, "indexes": {}}
    data = {**plain, **more}
    events = [
        world.event("registry.enterprise_certified.v1", one, {**data, "enterprise_id": one}) for one in enterprises
    ]
    assert count.of(lambda: world.hear(*events[1:])) == count.of(lambda: world.hear(events[0]))


@pytest.mark.parametrize("programme", [NEIMENGGU, SHENYANG])
def test_orders_on_a_budget_take_as_many_statements_for_many(postgres_url, programme):
    """Lost otherwise: caps, contents, filings and vouchers are looked up order by order."""
    engine = create_engine(postgres_url, service="voucher")
    world = Elsewhere(engine, programme)
    world.published(10**11)
    companies, (provider, product) = [world.company() for _ in range(30)], world.shop()
    for one in companies if programme == SHENYANG else ():
        world.filed(one)
    count = Statements(engine)

    def counts(work, items):
        return count.of(lambda: work(items[:1])), count.of(lambda: work(items[1:]))

    def batch(method):
        def run(bodies):
            answers = world.batch(method, bodies)
            assert all(answer["ok"] for answer in answers), answers

        return run

    def heard(name):
        def run(ids):
            claims = [(one, f"01C{one[3:]}", provider) for one in ids]
            events = [world.claim(name, *one, transfer_fen=1_000_000) for one in claims]
            return count.of(lambda: world.hear(*events))

        return run

    bodies = [world.order_body(one, product, agreement=None) for one in companies]
    ids = [body["order_id"] for body in bodies]
    digests = [f"{number:064d}" for number in range(len(ids))]
    confirms = [
        {"order_id": one, "provider_id": provider, "contract_sha256": digest}
        for one, digest in zip(ids, digests, strict=True)
    ]
    seen = {
        "place": counts(batch("place_order"), bodies),
        "confirm": counts(batch("confirm_order"), confirms),
        "claim": (heard("filed")(ids[:1]), heard("filed")(ids[1:])),
        "pay": (heard("paid")(ids[:1]), heard("paid")(ids[1:])),
    }
    for step, (one, many) in seen.items():
        assert many <= one, (step, one, many)
    assert max(one for one, _ in seen.values()) <= 25
    engine.dispose()
