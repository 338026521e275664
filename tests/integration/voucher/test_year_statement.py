"""A year's statement says what its entries say, is signed by its digest, and stays as it was signed."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from infra import signing
from infra.jsontext import canonical, instant_text
from services.voucher import tables
from services.voucher.domain.year_figures import PLACES, SOURCES
from tests.integration.voucher.elsewhere import NEIMENGGU, SHANDONG, Elsewhere, overlays

NEXT = datetime(2020, 1, 6, 4, 0, tzinfo=UTC)
FUNDS = [{"level": "province", "amount_fen": 600_000}, {"level": "city", "amount_fen": 400_001}]


def recounted(world, year):
    """Of each kind of account, in fen: from the transfers, without the code that is tested."""
    balances = defaultdict(int)
    for row in world.rows(tables.transfers, tables.transfers.c.kind.in_(["posted", "post_pending"])):
        for side, sign in (("debit", -1), ("credit", 1)):
            kind, _, of_year, *_ = row[side].split(":")
            if int(of_year) == year:
                balances[kind] += sign * row["amount_fen"]
    return {kind: fen for kind, fen in balances.items() if fen}


def stated(statement):
    """The same, read off a statement."""
    figures = statement["figures"]
    found = {kind: -figures[name] for kind, name in SOURCES.items()}
    found |= {kind: figures[f"{kind}_fen"] for kind in PLACES}
    found["budget"] = figures["budget_free_fen"] + figures["reserved_fen"] + figures["held_fen"]
    found["quota"] = figures["quota_available_fen"]
    return {kind: fen for kind, fen in found.items() if fen}


@pytest.fixture
def world(engine, signing_key):
    """Inner Mongolia: one order paid in part, one confirmed, one placed; the city of Hohhot has a purse of its own."""
    world = Elsewhere(engine, NEIMENGGU)
    world.roles |= dict.fromkeys(("sign_year", "correct_entry", "confirm_correction"), "finance")
    world.published(1_000_001, funds=FUNDS)
    world.published(500_000, region="1502", funds=[])
    company, others = world.company(), world.company(region="150202")
    products = [world.shop(price_fen=1_000_000) for _ in range(3)]
    world.order_id = world.bought(company, products[0][1], agreement=None)
    world.paid(world.order_id, world.claimed(world.order_id), 200_003)
    assert world.confirm(world.bought(company, products[1][1], agreement=None))["ok"]
    world.bought(company, products[2][1], 400_000, agreement=None)
    assert world.confirm(world.bought(others, products[0][1], agreement=None))["ok"]
    return world


def tell(world, region=None, **more):
    return world.ask("year_statement", programme=NEIMENGGU, year=2019, region=region, **more)


def close(world):
    world.clock.moment = NEXT
    world.due()


def sign(world, subject="finance-1", region=None, sha256=None):
    sha256 = sha256 or tell(world, region)["sha256"]
    body = {"programme": NEIMENGGU, "year": 2019, "region": region, "statement_sha256": sha256}
    return world.do("sign_year", subject=subject, **body)


def test_it_says_what_the_entries_say(world):
    """Lost otherwise: a figure of the year's end that the ledger does not have, or a purse's money in another's."""
    own, city = tell(world)["statement"], tell(world, "150200")["statement"]
    both = defaultdict(int)
    for statement in (own, city):
        assert statement["sum_fen"] == 0
        for kind, fen in stated(statement).items():
            both[kind] += fen
    assert both == recounted(world, 2019)
    assert city["figures"]["committed_fen"] == 250_000
    assert own["figures"]["redeemed_fen"] == 200_003
    assert own["figures"]["held_fen"] > 0
    levels = [(one["level"], one["budget_fen"], one["redeemed_fen"]) for one in own["by_level"]]
    assert levels == [("province", 600_000, 120_002), ("city", 400_001, 80_001)]
    assert [(one["level"], one["budget_fen"]) for one in city["by_level"]] == [("city", 500_000)]


def test_its_digests_are_those_of_the_entries_and_of_the_statement(world):
    """Lost otherwise: nobody outside can check what was signed."""
    world_rows = world.rows(tables.transfers)
    lines, of_city = [], set()
    for row in sorted(world_rows, key=lambda row: row["id"].encode()):
        mine = {side for side in (row["debit"], row["credit"]) if side.endswith(":1502")}
        of_city |= {row["subject"]} if mine else set()
    for row in sorted(world_rows, key=lambda row: row["id"].encode()):
        if row["subject"] in of_city:
            values = ("" if v is None else instant_text(v) if isinstance(v, datetime) else str(v) for v in row.values())
            lines.append("\t".join(values) + "\n")
    told = tell(world, "1502")
    entries = told["statement"]["entries"]
    assert (entries["count"], entries["sha256"]) == (len(lines), hashlib.sha256("".join(lines).encode()).hexdigest())
    assert (entries["first_id"], entries["last_id"]) == (lines[0].split("\t")[0], lines[-1].split("\t")[0])
    assert told["sha256"] == hashlib.sha256(canonical(told["statement"]).encode()).hexdigest()


def test_a_closed_year_is_signed_once(world):
    """Lost otherwise: a year signed while it moves; another statement than the one that was read."""
    assert sign(world)["error"]["code"] == "YEAR_OPEN"
    close(world)
    assert sign(world, sha256="0" * 64)["error"]["code"] == "STATEMENT_MISMATCH"
    first, again = sign(world), sign(world, subject="finance-2")
    assert first["result"] == again["result"]
    (event,) = world.sent("year_signed")
    told = tell(world)
    assert event["data"]["statement_sha256"] == told["sha256"]
    assert (event["subject"], event["sequence"]) == (told["statement"]["plan_id"], 4)  # made, published, closed
    assert [(one["signed_by"], one["superseded"]) for one in told["signatures"]] == [("finance-1", False)]
    (kept,) = world.rows(tables.year_signatures)
    assert kept["statement"] == told["statement"]
    (proof,) = (one["proof"] for one in told["signatures"])
    document = proof["document"]
    assert (document["statement_sha256"], document["signed_by"]) == (told["sha256"], "finance-1")
    key = signing.public_from(proof["public_key"])
    signing.verify(document, proof["signature"], key)
    with pytest.raises(signing.NotSigned):
        signing.verify({**document, "signed_by": "finance-2"}, proof["signature"], key)
    assert tell(world, "1502")["signatures"] == []


def test_what_comes_later_makes_a_new_statement(world):
    """Lost otherwise: a signature that stands under figures nobody has signed."""
    close(world)
    assert sign(world)["ok"]
    (order,) = world.rows(tables.orders, tables.orders.c.status == "placed")
    world.ok("cancel_order", order_id=order["order_id"], enterprise_id=order["enterprise_id"])
    assert [one["superseded"] for one in tell(world)["signatures"]] == [True]
    assert sign(world)["ok"]
    assert [one["superseded"] for one in tell(world)["signatures"]] == [True, False]
    assert [event["sequence"] for event in world.sent("year_signed")] == [4, 5]


def test_a_batch_signs_each_statement_once(world):
    """Lost otherwise: two treasurers in one batch break each other's command."""
    close(world)
    bodies = [
        {"programme": NEIMENGGU, "year": 2019, "region": region, "statement_sha256": tell(world, region)["sha256"]}
        for region in (None, None, "1502")
    ]
    answers = world.batch("sign_year", bodies)
    assert [answer["ok"] for answer in answers] == [True] * 3
    assert len(world.rows(tables.year_signatures)) == 2


def test_there_is_no_statement_without_a_plan(world):
    """Lost otherwise: a signature under nothing."""
    missing = [
        (tell(world, "1503"), "NOT_FOUND", "region"),
        (sign(world, region="1503", sha256="0" * 64)["error"], "NOT_FOUND", "region"),
        (world.ask("year_statement", programme=NEIMENGGU, year=2018), "NOT_FOUND", "year"),
        (world.ask("year_statement", programme="nowhere-2018", year=2019), "PROGRAMME_UNKNOWN", "programme"),
    ]
    for error, code, field in missing:
        assert (error["code"], error["field"]) == (code, field)


# --- corrections ------------------------------------------------------------------------------------------------------


def correct(world, amount_fen=100_000, to="redeemed:neimenggu-2019:2019:1502", **more):
    (paid,) = world.rows(tables.transfers, tables.transfers.c.credit == "redeemed:neimenggu-2019:2019")
    body = {"correction_id": world.new("Q"), "transfer_id": paid["id"], "to_account": to, "amount_fen": amount_fen}
    return world.do("correct_entry", subject="finance-1", **{**body, "reason": "付错资金渠道", **more})


def test_a_correction_is_a_new_entry_by_two_people(world):
    """Lost otherwise: one person moves what was paid; the original is gone; other services' totals differ."""
    before = world.ask("totals", programme=NEIMENGGU, year=2019)["figures"]
    answer = correct(world)
    correction = answer["result"]["id"]
    same = world.do("confirm_correction", subject="finance-1", correction_id=correction, decision="confirm")
    assert same["error"]["code"] == "SAME_PERSON"
    assert not world.rows(tables.transfers, tables.transfers.c.subject == correction)
    for _ in range(2):
        world.ok("confirm_correction", subject="finance-2", correction_id=correction, decision="confirm")
    (moved,) = world.rows(tables.transfers, tables.transfers.c.subject == correction)
    assert (moved["amount_fen"], moved["reason"], moved["kind"]) == (100_000, "correction", "posted")
    assert [event["sequence"] for event in world.sent("correction_asked", "correction_decided")] == [1, 2]
    after = world.ask("totals", programme=NEIMENGGU, year=2019)["figures"]
    names = [name for name in before if name.endswith("_fen")]
    assert {name: before[name] for name in names} == {name: after[name] for name in names}
    own, city = tell(world)["statement"], tell(world, "1502")["statement"]
    assert (own["figures"]["redeemed_fen"], own["figures"]["corrected_out_fen"]) == (100_003, 100_000)
    assert (city["figures"]["redeemed_fen"], city["figures"]["corrected_in_fen"]) == (100_000, 100_000)
    assert (own["sum_fen"], city["sum_fen"]) == (0, 0)
    balances = defaultdict(int)
    for row in own["trial_balance"] + city["trial_balance"]:
        balances[row["kind"]] += row["balance_fen"]
    assert balances.pop("other_purses") == 0
    assert {kind: fen for kind, fen in balances.items() if fen} == recounted(world, 2019)
    assert (
        [one["reason"] for one in own["corrections"]]
        == ["付错资金渠道"]
        == [one["reason"] for one in city["corrections"]]
    )


def test_no_more_is_corrected_than_was_posted(world):
    """Lost otherwise: a payment of 2,000.03 is taken on twice."""
    first, second = correct(world, 150_000), correct(world, 50_004)
    assert second["error"]["facts"]["left_fen"] == 50_003
    refusal = {"correction_id": first["result"]["id"], "decision": "refuse"}
    world.ok("confirm_correction", subject="finance-2", **refusal)
    assert correct(world, 200_003)["ok"]
    again = world.do("confirm_correction", subject="finance-2", **{**refusal, "decision": "confirm"})
    assert again["error"]["code"] == "WRONG_STATE"
    ids = {"correction_id": first["result"]["id"]}
    assert correct(world, 150_000, **ids)["result"]["status"] == "refused"
    assert correct(world, 150_001, **ids)["error"]["code"] == "ALREADY_EXISTS"
    assert correct(world, transfer_id="none")["error"]["code"] == "NOT_FOUND"
    listed = world.ask("list_corrections", programme=NEIMENGGU)["items"]
    assert [one["status"] for one in listed] == ["refused", "asked"]
    assert len(world.ask("list_corrections", programme=NEIMENGGU, status="asked")["items"]) == 1


COLUMNS = {
    "transfers": "amount_fen",
    "corrections": "amount_fen",
    "correction_decisions": "status",
    "year_signatures": "signed_by",
}


def test_the_database_refuses_edits(world):
    """Lost otherwise: whoever has the database's password rewrites the books."""
    correction = correct(world)["result"]["id"]
    world.ok("confirm_correction", subject="finance-2", correction_id=correction, decision="confirm")
    close(world)
    assert sign(world)["ok"]
    verbs = ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"]
    verbs += ["TRUNCATE {0} CASCADE"] if world.engine.dialect.name == "postgresql" else []  # SQLite has none
    for table, column in COLUMNS.items():
        for verb in verbs:
            with pytest.raises(sa.exc.DatabaseError, match="append-only"), world.engine.begin() as conn:
                conn.exec_driver_sql(verb.format(table, column))


# --- funds ------------------------------------------------------------------------------------------------------------


def test_a_commitment_never_exceeds_its_fund(engine, monkeypatch):
    """Lost otherwise: one city's orders are paid by another, or by the province."""
    with overlays(monkeypatch, "example-shandong-city"):
        world = Elsewhere(engine, SHANDONG)
        world.published(10_000_000)
        world.published(1, region="370200")
        assert world.apply_for(world.company())["status"] == "granted"
        assert world.apply_for(world.company())["status"] == "waiting"
        assert world.account("budget:shandong-2017:2019:3702")["debits_posted"] == 1
        assert world.account("budget:shandong-2017:2019")["debits_posted"] == 0


# --- accounts and statements ------------------------------------------------------------------------------------------


def test_accounts_by_name_page_by_page(world):
    """Lost otherwise: an auditor who has to guess what accounts there are."""
    seen, after = [], None
    while True:
        page = world.ask("list_accounts", programme=NEIMENGGU, year=2019, limit=2, after=after)
        seen += [one["account"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == sorted(row["name"] for row in world.rows(tables.accounts))
    (redeemed,) = world.ask("list_accounts", programme=NEIMENGGU, year=2019, kind="redeemed")["items"]
    assert redeemed["balance_fen"] == 200_003


def test_a_statement_opens_with_what_was_there_before(world):
    """Lost otherwise: a running balance that begins at nothing in the middle of the year."""
    account = "budget:neimenggu-2019:2019"
    whole = world.ask("statement", account=account)["sums"]
    row = world.account(account)
    assert (whole["opening_fen"], whole["closing_fen"]) == (0, row["credits_posted"] - row["debits_posted"])
    assert (whole["debits_fen"], whole["credits_fen"]) == (row["debits_posted"], row["credits_posted"])
    assert (whole["debits_pending_fen"], whole["credits_pending_fen"]) == (row["debits_pending"], 0)
    before = world.clock.now()
    close(world)
    (order,) = world.rows(tables.orders, tables.orders.c.status == "placed")
    world.ok("cancel_order", order_id=order["order_id"], enterprise_id=order["enterprise_id"])
    bound = datetime(2019, 12, 31, tzinfo=UTC)
    late = world.ask("statement", account=account, since=bound.isoformat())
    early = world.ask("statement", account=account, until=bound.isoformat(), limit=1)
    assert before < bound
    assert late["sums"]["opening_fen"] == early["sums"]["closing_fen"] == whole["closing_fen"]
    assert late["sums"]["debits_pending_fen"] == 0
    assert early["sums"]["debits_pending_fen"] == whole["debits_pending_fen"]
    assert world.ask("statement", account=account, after=early["items"][0]["id"])["sums"] is None


def test_what_is_owed_back_is_found_where_a_correction_took_it(world):
    """Lost otherwise: a receivable of settlement's that the books can never take, and that blocks all after it."""
    correction = correct(world, 150_000)["result"]["id"]
    world.ok("confirm_correction", subject="finance-2", correction_id=correction, decision="confirm")
    (order,) = world.rows_of(world.order_id)
    data = {"receivable_id": world.new("V"), "programme": NEIMENGGU, "year": 2019, "plan_region": "15"}
    data |= {"party_kind": "provider", "party_id": order["provider_id"], "claim_id": order["claim_id"]}
    data |= {"ground": "overpaid", "amount_fen": 200_000, "recovered_fen": 0, "offset_fen": 0, "written_off_fen": 0}
    data |= {"reference": "YR1", "status": "owed", "reasons": ["x"]}
    data["law"] = {"pack_version": "neimenggu-2019@1", "articles": [], "facts": {}}
    world.hear(world.event("settlement.receivable_owed.v1", data["receivable_id"], data, 2))
    balances = {name: world.account(name) for name in (f"redeemed:{NEIMENGGU}:2019", f"redeemed:{NEIMENGGU}:2019:1502")}
    assert [row["credits_posted"] - row["debits_posted"] for row in balances.values()] == [0, 3]
    own = tell(world)["statement"]
    assert (own["figures"]["receivable_fen"], own["sum_fen"]) == (200_000, 0)
