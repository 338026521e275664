"""What a party may read, what officials read, and books that anyone can add up."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from infra.messages import Actor, Command
from services.voucher import tables
from tests.integration.voucher.world import CONTRACT, GUIZHOU, QUOTA

YEAR = {"programme": GUIZHOU, "year": 2019}


@pytest.fixture
def scene(world):
    world.plan(budget_fen=QUOTA + 7)
    enterprise = world.granted()
    provider, product = world.shelf()
    return world, enterprise, provider, product


def test_a_party_sees_its_own_orders_alone(scene):
    """Lost otherwise: one provider reads another's business."""
    world, enterprise, provider, product = scene
    order = world.confirmed(enterprise, provider, product)
    for role, organisation in (
        ("enterprise", enterprise),
        ("provider", provider),
        ("auditor", None),
        ("platform", None),
    ):
        found = world.ask("get_order", role=role, organisation=organisation, id=order)
        assert found["contract_sha256"] == CONTRACT
    for role in ("enterprise", "provider"):
        assert world.ask("get_order", role=role, organisation=world.new("X"), id=order)["code"] == "NOT_OWNER"
    assert world.ask("get_order", id=world.new("R"))["code"] == "NOT_FOUND"


def test_an_application_shows_how_many_are_ahead(scene):
    """Lost otherwise: whoever waits does not know its place (第六条)."""
    world, *_ = scene
    world.apply(world.enterprise())
    ids = [world.apply(world.enterprise(priority=number == 2))["result"]["id"] for number in range(3)]
    assert [world.ask("get_application", id=one)["ahead"] for one in ids] == [1, 2, 0]
    stranger = world.ask("get_application", role="enterprise", organisation=world.new("E"), id=ids[0])
    assert stranger["code"] == "NOT_OWNER"
    assert "applied_by" not in world.ask("get_application", id=ids[0])
    plan = world.ask("get_plan", **YEAR)
    assert (plan["waiting"], plan["free_fen"], plan["budget_fen"]) == (3, 0, QUOTA + 7)
    assert world.ask("get_plan", programme=GUIZHOU, year=2020)["code"] == "NOT_FOUND"


def test_quota(scene):
    """Lost otherwise: an enterprise cannot know what it may still spend."""
    world, enterprise, provider, product = scene
    world.order(enterprise, product, voucher_fen=5)
    world.confirmed(enterprise, provider, product, voucher_fen=11)
    found = world.ask("get_quota", enterprise_id=enterprise, **YEAR)
    figures = {name: found[name] for name in ("granted_fen", "held_fen", "spent_fen", "available_fen")}
    assert figures == {"granted_fen": QUOTA, "held_fen": 5, "spent_fen": 11, "available_fen": QUOTA - 16}
    nothing = world.ask("get_quota", enterprise_id=world.enterprise(), **YEAR)
    assert (nothing["applications"], nothing["granted_fen"], nothing["left_fen"]) == ([], 0, QUOTA)


def pages(world, method, key, **body):
    seen, after = [], None
    while True:
        page = world.ask(method, after=after, limit=2, **body)
        seen += [row[key] for row in page["items"]]
        after = page["next"]
        if after is None:
            return seen


def test_lists_page_by_page(scene):
    """Lost otherwise: a page skips or repeats a row."""
    world, enterprise, provider, product = scene
    orders = [world.order(enterprise, product, voucher_fen=1)["result"]["id"] for _ in range(5)]
    assert pages(world, "list_orders", "order_id", provider_id=provider) == orders
    assert pages(world, "list_orders", "order_id", programme=GUIZHOU, status="confirmed") == []
    assert pages(world, "list_orders", "order_id", enterprise_id=enterprise, status="placed") == orders
    for _ in range(11):
        world.apply(world.enterprise())
    assert pages(world, "list_applications", "place", **YEAR) == list(range(1, 13))
    assert pages(world, "list_applications", "place", status="granted", **YEAR) == [1]
    assert world.ask("list_applications", after="x", **YEAR)["code"] == "INVALID"


def test_a_statement_adds_up_page_by_page(scene):
    """Lost otherwise: an auditor cannot follow a quota to the fen (五(四))."""
    world, enterprise, provider, product = scene
    world.confirmed(enterprise, provider, product, voucher_fen=5)
    world.order(enterprise, product, voucher_fen=7)
    account = f"quota:guizhou-2018:2019:{enterprise}"
    ids = pages(world, "statement", "id", account=account)
    entries = world.ask("statement", account=account)["items"]
    assert ids == [entry["id"] for entry in entries]
    signs = {"debit": -1, "credit": 1}
    posted = sum(signs[one["side"]] * one["amount_fen"] for one in entries if one["kind"] in ("posted", "post_pending"))
    row = world.account(account)
    assert posted == row["credits_posted"] - row["debits_posted"] == QUOTA - 5
    assert {entry["cause"][:4] for entry in entries} == {"key-"}
    now = world.clock.now().isoformat()
    assert world.ask("statement", account=account, until=now)["items"] == []
    assert len(world.ask("statement", account=account, since=now)["items"]) == len(entries)
    assert world.ask("statement", account="quota:none")["code"] == "NOT_FOUND"
    assert world.ask("statement", account=account, after="none")["code"] == "NOT_FOUND"


def test_pages_of_a_statement_do_not_hang_on_the_collation(scene):
    """Lost otherwise: of entries of one moment a page repeats one and the next leaves one out, where a database sorts
    `a` before `B`."""
    world, enterprise, *_ = scene
    account = f"quota:guizhou-2018:2019:{enterprise}"
    pair = [account, "budget:guizhou-2018:2019"]
    given = {"kind": "posted", "amount_fen": 1, "subject": "s", "cause": "c", "reason": "r", "at": world.clock.now()}
    rows = [
        {**given, "id": name, **dict(zip(("debit", "credit"), pair[:: 1 if n % 2 else -1], strict=True))}
        for n, name in enumerate(("zb", "zA", "zD", "zc", "zE"))
    ]
    with world.engine.begin() as conn:
        if conn.dialect.name == "postgresql":
            for column in ("pending_id", "id"):
                conn.exec_driver_sql(f'ALTER TABLE transfers ALTER {column} TYPE VARCHAR(64) COLLATE "und-x-icu"')
        conn.execute(tables.transfers.insert(), rows)
    assert [one for one in pages(world, "statement", "id", account=account) if one[0] == "z"] == [
        "zA", "zD", "zE", "zb", "zc",
    ]  # fmt: skip


def test_totals_find_what_is_broken(scene):
    """Lost otherwise: reconciliation that is always content."""
    world, enterprise, provider, product = scene
    world.confirmed(enterprise, provider, product, voucher_fen=5)
    figures = world.totals()
    assert figures["granted_fen"] == QUOTA
    assert figures["outbox_unsent"] == len(world.sent())
    rows = world.ask("totals", **YEAR)["rows"]
    assert rows == {"orders": {"confirmed": 1}, "applications": {"granted": 1}}
    with world.engine.begin() as conn:
        broken = tables.accounts.update().where(tables.accounts.c.kind == "committed")
        conn.execute(broken.values(credits_posted=6, credits_pending=1))
    figures = world.ask("totals", **YEAR)["figures"]
    assert (figures["ledger_sum_fen"], figures["pending_difference_fen"]) == (1, 1)
    assert world.ask("trial_balance", **YEAR)["sum_fen"] == 1


@pytest.mark.parametrize(
    ("method", "changed", "code", "field"),
    [
        ("trial_balance", {"programme": "nowhere-2018"}, "PROGRAMME_UNKNOWN", "programme"),
        ("trial_balance", {"year": 2031}, "NO_PLAN", "year"),
        ("totals", {"programme": "nowhere-2018"}, "PROGRAMME_UNKNOWN", "programme"),
    ],
)
def test_books_that_nobody_keeps_do_not_add_up(scene, method, changed, code, field):
    """Lost otherwise: a misspelt programme or year, whose books look whole."""
    error = scene[0].ask(method, **{**YEAR, **changed})
    assert (error["code"], error["field"]) == (code, field)


@pytest.mark.parametrize("after", ["²", "٣", "9" * 19, "9" * 40, "-1", "1.5"])
def test_a_place_that_is_none_is_refused(scene, after):
    """Lost otherwise: what a caller made up is answered as our defect."""
    world, *_ = scene
    assert world.ask("list_applications", after=after, **YEAR)["code"] == "INVALID"


@pytest.mark.parametrize("method", ["list_orders", "list_applications", "statement"])
def test_a_page_without_a_limit_is_bounded(scene, method):
    """Lost otherwise: one null reads a whole year into memory."""
    world, enterprise, _, product = scene
    account = f"quota:{GUIZHOU}:2019:{enterprise}"
    body = {"list_orders": {}, "list_applications": YEAR, "statement": {"account": account}}[method]
    world.order(enterprise, product, voucher_fen=1)
    for table in (tables.orders, tables.applications, tables.transfers):
        rows = list(copies(world, enterprise, table, 101))
        with world.engine.begin() as conn:
            conn.execute(sa.insert(table), rows)
    actor = Actor("auditor-1", frozenset({"auditor"}))
    asked = Command(method, None, {**body, "limit": None}, actor, "c")
    answer = world.pipeline.run_query(method, asked)
    assert len(answer["result"]["items"]) == 100


def copies(world, enterprise, table, count):
    """As many rows more, like the first that there is."""
    first = next(row for row in world.rows(table) if row.get("kind") in (None, "posted", "pending"))
    key = next(iter(table.primary_key.columns)).name
    account = {"debit": f"quota:{GUIZHOU}:2019:{enterprise}"} if table is tables.transfers else {}
    for number in range(count):
        ended = {"status": "refused", "place": 1000 + number} if table is tables.applications else {}
        yield {**first, **account, **ended, key: world.new("Z")}
