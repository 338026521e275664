"""From passed claims to reconciled payments, on both databases."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from infra import crypto
from services.settlement import store, tables
from services.settlement.handlers import payments
from tests.integration.settlement.world import GUIZHOU, VOUCHER, World, uid


def status(world: World, claim_id: str) -> str:
    return world.claim(claim_id)["status"]


def test_all_passed_claims_go_together(world: World) -> None:
    """第二十四条."""
    claims, provider_id = world.passed(claims=3)
    body = {"disbursement_id": world.new("D"), "provider_id": provider_id, "programme": GUIZHOU, "year": 2018}
    filed = world.ok("file_disbursement", **body)
    assert (filed["claims"], filed["amount_fen"], filed["left"]) == (3, 3 * VOUCHER, 0)
    assert world.ok("file_disbursement", **body)["status"] == "filed", "the same id again is the same disbursement"
    error = world.refused("file_disbursement", **{**body, "disbursement_id": world.new("D")})
    assert (error["code"], error["article"]) == ("NOTHING_TO_DISBURSE", "第二十四条")
    view = world.query("get_disbursement", role="provider", organisation=provider_id, id=body["disbursement_id"])
    assert [one["claim_id"] for one in view["result"]["members"]] == claims
    assert "filed_by" not in view["result"]


def test_an_approver_computes_the_frozen_hash_again(world: World) -> None:
    """By the recipe of docs/integration.md and nothing else: what is signed for must be what is read."""
    claims, provider_id = world.passed(claims=2)
    filed = world.ok("file_disbursement", **world.putting(provider_id))
    view = world.ask("get_disbursement", id=filed["id"])
    hashes = []
    for one in view["members"]:
        fixed = {name: one[name] for name in ("account_version", "claim_id", "claim_version", "fund")}
        fixed |= {"amount_fen": one["payable_fen"], "payee": one["payee_id"]}
        text = json.dumps(fixed, sort_keys=True, separators=(",", ":"))
        hashes.append(hashlib.sha256(text.encode()).hexdigest())
    assert hashes == [one["frozen_hash"] for one in view["members"]]
    text = json.dumps(sorted(hashes), separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == view["frozen_hash"] == filed["frozen_hash"]
    (told,) = [one["data"] for one in world.outbox() if one["type"] == "settlement.disbursement_filed.v1"]
    assert told["frozen_hash"] == filed["frozen_hash"]
    world.provider(provider_id, account_version=2)
    review = {"disbursement_id": filed["id"], "stage": "operator", "decision": "approve"}
    refused = world.refused("review_disbursement", **review, frozen_hash=filed["frozen_hash"])
    assert (refused["code"], refused["facts"]["claims"]) == ("FROZEN_MISMATCH", claims)
    world.ok("review_disbursement", **{**review, "decision": "refuse", "reasons": ["账户已变更"]})
    again = world.ok("file_disbursement", **world.putting(provider_id))
    assert again["frozen_hash"] != filed["frozen_hash"]
    world.approve(again["id"])
    assert world.make()["amount_fen"] == 2 * VOUCHER


def test_a_refused_disbursement_lets_its_claims_go(world: World) -> None:
    (claim_id,), provider_id = world.passed()
    body = {"disbursement_id": world.new("D"), "provider_id": provider_id, "programme": GUIZHOU, "year": 2018}
    world.ok("file_disbursement", **body)
    review = {"disbursement_id": body["disbursement_id"], "stage": "operator", "decision": "refuse"}
    assert world.refused("review_disbursement", **review)["code"] == "REASON_MISSING"
    world.ok("review_disbursement", **review, reasons=["材料不全"])
    assert status(world, claim_id) == "passed"
    assert world.ok("file_disbursement", **{**body, "disbursement_id": world.new("D")})["claims"] == 1


def test_two_filings_in_one_batch_share_nothing(world: World) -> None:
    """A claim in two disbursements would be paid twice."""
    _claims, provider_id = world.passed(claims=2)
    bodies = [
        {"disbursement_id": world.new("D"), "provider_id": provider_id, "programme": GUIZHOU, "year": 2018}
        for _ in range(2)
    ]
    first, second = world.batch("file_disbursement", bodies)
    assert first["result"]["claims"] == 2
    assert second["error"]["code"] == "NOTHING_TO_DISBURSE"


def test_a_batch_pays_each_provider_once(world: World) -> None:
    first = world.provider()
    world.approved(first)
    world.approved(first)
    world.approved()
    made = world.make()
    assert (made["payments"], made["amount_fen"]) == (2, 3 * VOUCHER)
    assert (
        world.refused("make_batch", batch_id=world.new("H"), programme=GUIZHOU, year=2018)["code"] == "NOTHING_TO_PAY"
    )
    again = world.ok("make_batch", batch_id=made["id"], programme=GUIZHOU, year=2018)
    assert again["frozen_hash"] == made["frozen_hash"], "made again after a lost answer it is the same batch"


def test_a_purse_that_is_full_leaves_room_for_the_next(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """NOTHING_TO_PAY would be the stored answer of a purse whose approved money was only not looked at."""
    monkeypatch.setattr(payments, "MOST_DISBURSEMENTS", 1)
    made = [world.approved(provider_id)[0] for provider_id in (world.provider(), world.provider(), world.provider())]
    with world.engine.begin() as conn:  # the last one is of another year
        other_year = tables.disbursements.c.disbursement_id == made[-1]
        conn.execute(sa.update(tables.disbursements).where(other_year).values(year=2019))
    bodies = [{"batch_id": world.new("H"), "programme": GUIZHOU, "year": year} for year in (2018, 2019)]
    answers = world.batch("make_batch", bodies)
    assert [answer["ok"] and answer["result"]["payments"] for answer in answers] == [1, 1]


def test_only_the_claims_of_what_is_paid_are_loaded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """2,000 disbursements may hold ten million claims; a batch takes 20,000."""
    monkeypatch.setattr(payments, "MOST_LOADED", 1)
    (first, _claims, _payee), (_second, waiting, _other) = world.approved(), world.approved()
    loaded: list[str] = []
    select = store.select

    def noting(*args: Any, **limits: Any) -> Any:
        found = select(*args, **limits)
        loaded.extend(found)
        return found

    monkeypatch.setattr(store, "select", noting)
    assert world.make()["payments"] == 1
    assert first in loaded
    assert not set(waiting) & set(loaded)


def test_release_is_another_persons_and_repeats_the_hash(world: World) -> None:
    world.approved()
    made = world.make()
    assert world.release(made, person="finance-1")["error"]["code"] == "SAME_PERSON"
    assert world.release(made, frozen_hash="0" * 64)["error"]["code"] == "FROZEN_MISMATCH"
    assert world.release({**made, "id": world.new("H")})["error"]["code"] == "NOT_FOUND"
    done = world.release(made)["result"]
    assert (done["status"], done["sent"], done["held"], done["sent_fen"]) == ("released", 1, 0, VOUCHER)
    assert world.release(made)["error"]["code"] == "WRONG_STATE"


@pytest.mark.parametrize(
    "altered",
    [
        {"claimed_fen": VOUCHER + 1, "order_fen": VOUCHER + 1},
        {"deducted_fen": 1},
        {"payee_id": uid("P", 999)},
        {"account_version": 2},
        {"fund": "another"},
    ],
    ids=str,
)
def test_what_was_altered_behind_our_back_is_not_released(
    world: World, engine: sa.Engine, altered: dict[str, Any]
) -> None:
    """Someone with access to the database raises an amount after the approval, or sends it elsewhere."""
    _disbursement, (claim_id,), _provider = world.approved()
    made = world.make()
    with engine.begin() as conn:
        conn.execute(sa.update(tables.claims).where(tables.claims.c.claim_id == claim_id).values(**altered))
    assert world.release(made)["error"]["code"] == "FROZEN_MISMATCH"


@pytest.mark.parametrize("method", ["standing", "payee_accounts", "the payee"])
def test_no_answer_no_payment(world: World, method: str) -> None:
    """Release fails closed, also when the answer says nothing of a payee; the same key may be sent again."""
    _disbursement, _claims, provider_id = world.approved()
    made = world.make()
    world.silent.add(provider_id if method == "the payee" else method)
    command = world.command(
        "release_batch", {"batch_id": made["id"], "frozen_hash": made["frozen_hash"]}, person="finance-2"
    )
    assert world.run([command])[0]["error"]["code"] == "UNAVAILABLE"
    assert world.ask("get_batch", id=made["id"])["status"] == "made"
    world.silent.clear()
    assert world.run([command])[0]["result"]["sent"] == 1


def test_who_lost_standing_or_changed_account_is_held_and_the_others_are_paid(world: World) -> None:
    """Nothing goes to a party blacklisted before, nor to an account that nobody approved."""
    fine, moved, listed = (world.provider() for _ in range(3))
    held = {provider_id: world.approved(provider_id) for provider_id in (fine, moved, listed)}
    made = world.make()
    world.blacklisted_there.add(listed)
    world.provider(moved, say="facts_changed", account_version=2)
    done = world.release(made)["result"]
    assert (done["sent"], done["held"]) == (1, 2)
    items = {one["payee_id"]: one for one in world.ask("get_batch", id=made["id"])["items"]}
    assert {one: items[one]["status"] for one in items} == {fine: "sent", moved: "held", listed: "held"}
    assert (items[moved]["reason"], items[listed]["reason"]) == ("ACCOUNT_CHANGED", "BLACKLISTED")
    disbursement_id, (claim_id,), _ = held[moved]
    assert status(world, claim_id) == "in_disbursement"
    for stage in ("operator", "bureau"):
        world.ok("review_disbursement", disbursement_id=disbursement_id, stage=stage, decision="approve")
    again = world.make()
    assert again["payments"] == 1
    assert world.release(again)["result"]["sent"] == 1, "approved anew for the new account, it is paid"


def test_a_batch_of_which_nothing_goes_out_is_finished(world: World) -> None:
    _disbursement, _claims, provider_id = world.approved()
    made = world.make()
    world.blacklisted_there.add(provider_id)
    done = world.release(made)["result"]
    assert (done["status"], done["sent"], done["held"]) == ("finished", 0, 1)
    assert world.query("payment_file", role="finance", batch_id=made["id"])["error"]["code"] == "NOT_FOUND"


def test_the_payment_file_is_kept_sealed(world: World, engine: sa.Engine) -> None:
    """Accounts are personal data: neither a copy of the database nor an event may show one."""
    batch_id, payment = world.sent()
    file = world.ask("payment_file", role="finance", batch_id=batch_id)
    content = base64.b64decode(file["content"])
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    account = row["account"].strip()
    assert (row["reference"], row["amount_yuan"]) == (payment["reference"], "4000.00")
    assert account.startswith("0622")
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    with engine.connect() as conn:
        sealed = bytes(conn.execute(sa.select(tables.payment_files.c.sealed)).scalar_one())
    assert account.encode() not in sealed
    assert not any(account in str(body) for body in world.outbox())
    with pytest.raises(crypto.NotOpened):
        crypto.ring().open("k1", sealed, context="payment_file:another")


def test_settled_pays_the_claims_once(world: World) -> None:
    batch_id, payment = world.sent(claims=2)
    done = world.result(batch_id, payment, "settled")["result"]
    assert (done["status"], done["changed"], done["unmatched"]) == ("finished", 1, [])
    before = world.told()
    assert world.result(batch_id, payment, "settled")["result"]["changed"] == 0, "the same file twice changes nothing"
    assert world.told() == before
    assert before.count("claim_paid") == 2
    figures = world.figures()
    assert (figures["claimed_fen"], figures["approved_fen"], figures["paid_fen"]) == (0, 2 * VOUCHER, 2 * VOUCHER)


def test_a_file_with_one_wrong_line_changes_nothing(world: World) -> None:
    world.approved()
    world.approved()
    made = world.make()
    world.release(made)
    first, second = world.ask("get_batch", id=made["id"])["items"]
    line = {"status": "settled", "at": "2018-09-03"}
    good = {**line, "reference": first["reference"], "amount_fen": VOUCHER}
    wrong = {**line, "reference": second["reference"], "amount_fen": VOUCHER - 1}
    error = world.refused("record_results", batch_id=made["id"], results=[good, wrong])
    assert (error["code"], error["facts"]["reference"]) == ("RESULT_MISMATCH", second["reference"])
    assert {one["status"] for one in world.ask("get_batch", id=made["id"])["items"]} == {"sent"}
    foreign = {**good, "reference": "SOMEONE-ELSES"}
    done = world.ok("record_results", batch_id=made["id"], results=[good, foreign])
    assert (done["changed"], done["unmatched"], done["status"]) == (1, ["SOMEONE-ELSES"], "released")


def test_results_of_a_batch_that_is_not_released_are_refused(world: World) -> None:
    world.approved()
    made = world.make()
    payment = world.ask("get_batch", id=made["id"])["items"][0]
    assert world.result(made["id"], payment, "settled")["error"]["code"] == "WRONG_STATE"
    assert world.result(world.new("H"), payment, "settled")["error"]["code"] == "NOT_FOUND"


def test_an_unknown_outcome_is_never_paid_blindly_again(world: World) -> None:
    batch_id, payment = world.sent()
    assert world.result(batch_id, payment, "unknown")["result"]["status"] == "released"
    retry = {"payment_id": payment["payment_id"], "reason": "再付"}
    error = world.refused("retry_payment", **retry)
    assert (error["code"], error["facts"]["status"]) == ("WRONG_STATE", "unknown")
    assert world.result(batch_id, payment, "failed")["result"]["status"] == "finished"
    assert world.ok("retry_payment", **retry)["status"] == "failed"


def test_a_failed_payment_goes_out_again_under_a_new_reference(world: World) -> None:
    batch_id, payment = world.sent()
    claim_id = world.ask("list_claims", programme=GUIZHOU)["items"][0]["claim_id"]
    world.result(batch_id, payment, "failed", reason="账户异常")
    assert status(world, claim_id) == "payment_failed"
    assert world.figures()["claimed_fen"] == VOUCHER, "it is still owed"
    world.ok("retry_payment", payment_id=payment["payment_id"], reason="账户已更正")
    assert world.refused("retry_payment", payment_id=payment["payment_id"], reason="x")["code"] == "WRONG_STATE"
    made = world.make()
    world.release(made)
    (again,) = world.ask("get_batch", id=made["id"])["items"]
    assert again["reference"] != payment["reference"]
    assert world.result(batch_id, payment, "settled")["error"]["code"] == "WRONG_STATE", "the first one had failed"
    assert world.result(made["id"], again, "settled")["ok"]
    assert status(world, claim_id) == "paid"


def test_money_that_comes_back_after_it_was_settled_is_owed_again(world: World) -> None:
    """The order stays redeemed; the claim is paid a second time only because the first money came back."""
    batch_id, payment = world.sent()
    world.result(batch_id, payment, "settled")
    world.result(batch_id, payment, "returned", reason="账户已销户")
    figures = world.figures()
    assert (figures["paid_fen"], figures["returned_fen"], figures["claimed_fen"]) == (VOUCHER, VOUCHER, 0)
    world.ok("retry_payment", payment_id=payment["payment_id"], reason="x")
    made = world.make()
    world.release(made)
    (again,) = world.ask("get_batch", id=made["id"])["items"]
    world.result(made["id"], again, "settled")
    figures = world.figures()
    assert (figures["paid_fen"], figures["returned_fen"]) == (VOUCHER, 0)


def test_settled_and_returned_in_one_file(world: World) -> None:
    """Lines of one file are taken in their order."""
    batch_id, payment = world.sent()
    line = {"reference": payment["reference"], "amount_fen": VOUCHER, "at": "2018-09-03"}
    results = [{**line, "status": "settled"}, {**line, "status": "returned"}]
    assert world.ok("record_results", batch_id=batch_id, results=results)["changed"] == 2
    assert world.figures()["returned_fen"] == VOUCHER


def test_a_claim_is_in_one_payment_alone(world: World, engine: sa.Engine) -> None:
    """The table is the last line of defence: were the state machine wrong, the commit would fail."""
    claim_id = world.new("C")
    with engine.begin() as conn:
        store.mark_live(conn, {claim_id: world.new("Y")})
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as conn:
        store.mark_live(conn, {claim_id: world.new("Y")})
    with engine.begin() as conn:
        store.unmark_live(conn, {claim_id})
        store.mark_live(conn, {claim_id: world.new("Y")})


def test_bank_and_books_are_compared(world: World) -> None:
    batch_id, payment = world.sent()
    world.result(batch_id, payment, "settled")

    def differences() -> list[tuple[str, str]]:
        items = world.ask("bank_differences", programme=GUIZHOU)["items"]
        return [(one["code"], one["reference"]) for one in items]

    ours = payment["reference"]
    assert differences() == [("NOT_BOOKED", ours)]
    line = {"reference": ours, "amount_fen": VOUCHER, "booked_on": "2018-09-03"}
    body = {"statement_id": world.new("S"), "lines": [line]}
    recorded = world.ok("record_statement", **body)
    assert (recorded["matched"], recorded["differences"]) == (1, [])
    assert world.ok("record_statement", **body) == recorded
    assert differences() == []
    changed = {**body, "lines": [{**line, "amount_fen": 1}]}
    assert world.refused("record_statement", **changed)["code"] == "ALREADY_EXISTS"
    stranger = {**line, "reference": "ZZ"}
    second = world.ok("record_statement", statement_id=world.new("S"), lines=[line, stranger])
    assert {one["code"] for one in second["differences"]} == {"BOOKED_TWICE", "REFERENCE_UNKNOWN"}
    assert differences() == [("BOOKED_TWICE", ours), ("REFERENCE_UNKNOWN", "ZZ")]
    only = world.ask("bank_differences", programme=GUIZHOU, status="BOOKED_TWICE")["items"]
    assert [one["booked_fen"] for one in only] == [2 * VOUCHER]
    paged = world.ask("bank_differences", programme=GUIZHOU, limit=1)
    assert (len(paged["items"]), paged["next"]) == (1, ours)
    assert world.ask("bank_differences", programme="shenyang-2018")["items"][0]["reference"] == "ZZ"
    assert world.ask("bank_differences", programme="elsewhere-2018")["code"] == "PROGRAMME_UNKNOWN"


def test_a_blacklisting_that_comes_late_examines_what_was_paid(world: World) -> None:
    batch_id, payment = world.sent()
    released_at = world.clock.now()
    world.clock.advance(timedelta(days=1))
    world.blacklist(payment["payee_id"], since=released_at - timedelta(days=2))
    decisions = world.ask("explain", subject=payment["payment_id"])["decisions"]
    assert decisions[-1]["action"] == "payment.after_blacklisting"
    assert world.ask("get_batch", id=batch_id)["items"][0]["status"] == "sent"


def test_every_step_of_a_claim_can_be_explained(world: World) -> None:
    batch_id, payment = world.sent()
    claim_id = world.ask("list_claims", programme=GUIZHOU)["items"][0]["claim_id"]
    world.result(batch_id, payment, "settled")
    decisions = world.ask("explain", subject=claim_id)["decisions"]
    assert [one["action"] for one in decisions] == [
        "claim.filed",
        "claim.answered",
        "claim.collected",
        "claim.operator.pass",
        "claim.bureau.pass",
        "claim.put_forward",
        "claim.approve",
        "claim.send",
        "claim.pay",
    ]
    assert all(one["articles"] for one in decisions)
    assert {one["pack_version"] for one in decisions} == {"guizhou-2018@1"}


def test_sequences_of_an_aggregate_have_no_gap(world: World) -> None:
    """A consumer that waits for the missing number would wait for ever."""
    batch_id, payment = world.sent(claims=2)
    world.result(batch_id, payment, "failed")
    world.ok("retry_payment", payment_id=payment["payment_id"], reason="x")
    made = world.make()
    world.blacklisted_there.add(payment["payee_id"])
    world.release(made)
    seen: dict[str, list[int]] = {}
    for body in world.outbox():
        if not body["type"].endswith(("command_refused.v1", "decided.v1")):
            seen.setdefault(body["subject"], []).append(body["sequence"])
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in seen.values()), seen
