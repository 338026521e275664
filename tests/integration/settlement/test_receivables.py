"""Money that comes back, from a wrong payment to the last fen, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from infra.clock import local_date
from services.settlement import tables
from tests.integration.settlement.world import GUIZHOU, VOUCHER, World


def settle(world: World, claims: int = 1, provider_id: str | None = None) -> tuple[list[str], str]:
    """Claims of one provider that the bank has paid."""
    _disbursement, made, provider_id = world.approved(provider_id, claims=claims)
    batch = world.make()
    assert world.release(batch)["ok"]
    payment = world.ask("get_batch", id=batch["id"])["items"][0]
    assert world.result(batch["id"], payment, "settled")["ok"]
    return made, provider_id


def body(world: World, party_id: str, claim_id: str | None, **changed: Any) -> dict[str, Any]:
    given = {"receivable_id": world.new("V"), "programme": GUIZHOU, "year": 2018, "party_id": party_id}
    given |= {"claim_id": claim_id, "amount_fen": VOUCHER, "ground": "overpaid", "reasons": ["多付"]}
    return {**given, **changed}


def owed(world: World, party_id: str, claim_id: str | None, **changed: Any) -> str:
    receivable_id = world.ok("claim_receivable", **body(world, party_id, claim_id, **changed))["id"]
    world.ok("decide_receivable", receivable_id=receivable_id, decision="confirm", person="finance-2")
    return receivable_id


def view(world: World, receivable_id: str) -> dict[str, Any]:
    return world.ask("get_receivable", id=receivable_id)


def repay(world: World, receivable_id: str, amount_fen: int, reference: str, **changed: Any) -> dict[str, Any]:
    given = {"repayment_id": world.new("Q"), "received_on": local_date(world.clock.now()), **changed}
    return world.do(
        "record_repayment", receivable_id=receivable_id, amount_fen=amount_fen, reference=reference, **given
    )


def credit(world: World, receivable_id: str, amount_fen: int, **changed: Any) -> dict[str, Any]:
    line = {"reference": view(world, receivable_id)["reference"], "amount_fen": amount_fen, "direction": "credit"}
    return {**line, "booked_on": local_date(world.clock.now()), **changed}


def books(world: World) -> dict[str, int]:
    names = ("paid_fen", "recalled_fen", "losses_fen", "receivable_fen", "recovered_fen", "written_off_fen")
    return {name[:-4]: world.figures()[name] for name in names if world.figures()[name]}


def test_claimed_back_at_most_once_and_a_refusal_sets_it_free(world: World) -> None:
    """What is claimed reserves its amount, so that two people who found the same do not ask for it twice."""
    (claim_id,), provider_id = settle(world)
    first, second = world.batch("claim_receivable", [body(world, provider_id, claim_id) for _ in range(2)])
    assert first["ok"], first
    assert second["error"]["code"] == "RECEIVABLE_TOO_LARGE"
    assert world.claim(claim_id)["recalled_fen"] == VOUCHER
    assert books(world) == {"paid": VOUCHER}, "one person's word moves nothing"
    decide = {"receivable_id": first["result"]["id"], "reasons": ["查无此事"]}
    assert world.refused("decide_receivable", **decide, decision="refuse")["code"] == "SAME_PERSON"
    world.ok("decide_receivable", **decide, decision="refuse", person="finance-2")
    assert world.claim(claim_id)["recalled_fen"] == 0
    again = body(world, provider_id, claim_id)
    made = world.ok("claim_receivable", **again)
    assert world.ok("claim_receivable", **again)["status"] == made["status"], "the same again is the same"
    assert world.refused("claim_receivable", **{**again, "amount_fen": 1})["code"] == "ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"claim_id": "01C00000000000000000009999"}, "NOT_FOUND"),
        ({"claim_id": None}, "FACT_MISSING"),
        ({"claim_id": None, "ground": "exit_losses", "party_id": "01P00000000000000000009999"}, "NOT_YET_KNOWN"),
        ({"party_id": "01P00000000000000000009999"}, "INVALID"),
        ({"amount_fen": VOUCHER + 1}, "RECEIVABLE_TOO_LARGE"),
        ({"year": 2019}, "INVALID"),
    ],
)
def test_nothing_is_claimed_of_nobody_or_of_what_was_not_paid(world: World, changed: dict[str, Any], code: str) -> None:
    (claim_id,), provider_id = settle(world)
    assert world.refused("claim_receivable", **{**body(world, provider_id, claim_id), **changed})["code"] == code


def test_the_next_payment_is_less_by_what_is_owed(world: World) -> None:
    """Else the treasury would pay out what it then has to ask back."""
    (claim_id,), provider_id = settle(world)
    receivable_id = owed(world, provider_id, claim_id, amount_fen=150_000)
    world.approved(provider_id)
    batch = world.make()
    (payment,) = world.ask("get_batch", id=batch["id"])["items"]
    assert (payment["amount_fen"], batch["amount_fen"]) == (VOUCHER - 150_000,) * 2
    assert view(world, receivable_id)["reserved_fen"] == 150_000
    assert repay(world, receivable_id, 1, "B1")["error"]["code"] == "RECEIVABLE_TOO_LARGE", "it is being taken off"
    assert world.release(batch)["ok"]
    wrong = world.result(batch["id"], payment, "settled", amount_fen=VOUCHER)
    assert wrong["error"]["code"] == "RESULT_MISMATCH", "the bank paid what was sent, or it speaks of another payment"
    assert world.result(batch["id"], payment, "settled")["ok"]
    seen = view(world, receivable_id)
    assert (seen["status"], seen["offset_fen"], seen["open_fen"], seen["reserved_fen"]) == ("settled", 150_000, 0, 0)
    assert books(world) == {"paid": 2 * VOUCHER, "recalled": 150_000, "recovered": 150_000}


def test_a_payment_of_which_nothing_is_left_ends_at_its_release(world: World) -> None:
    """The bank would refuse a payment of nothing, and its claims would wait for ever."""
    claims, provider_id = settle(world, claims=2)
    ids = [owed(world, provider_id, claim_id) for claim_id in claims]
    _disbursement, (later,), _provider = world.approved(provider_id)
    batch = world.make()
    answer = world.release(batch)
    assert (answer["result"]["status"], answer["result"]["sent"], answer["result"]["offset"]) == ("finished", 0, 1)
    assert world.query("payment_file", role="finance", batch_id=batch["id"])["error"]["code"] == "NOT_FOUND"
    (payment,) = world.ask("get_batch", id=batch["id"])["items"]
    assert (payment["status"], payment["amount_fen"], world.claim(later)["status"]) == ("offset", 0, "paid")
    assert world.told(payment["payment_id"])[-1] == "payment_offset"
    assert [view(world, one)["status"] for one in ids] == ["settled", "owed"], "the oldest first"
    differences = world.ask("bank_differences", programme=GUIZHOU)["items"]
    assert payment["reference"] not in {one["reference"] for one in differences}, "the bank has nothing to book"


@pytest.mark.parametrize("word", ["failed", "returned", "unknown"])
def test_what_did_not_arrive_took_nothing_off(world: World, word: str) -> None:
    """A debt forgiven by money that never came would be lost; and an unknown outcome frees nothing yet."""
    (claim_id,), provider_id = settle(world)
    receivable_id = owed(world, provider_id, claim_id, amount_fen=150_000)
    world.approved(provider_id)
    batch = world.make()
    world.release(batch)
    (payment,) = world.ask("get_batch", id=batch["id"])["items"]
    assert world.result(batch["id"], payment, word)["ok"]
    seen = view(world, receivable_id)
    assert (seen["open_fen"], seen["reserved_fen"]) == (150_000, 150_000 if word == "unknown" else 0)
    if word == "unknown":
        return
    world.ok("retry_payment", payment_id=payment["payment_id"], reason="x")
    again = world.make()
    assert again["amount_fen"] == VOUCHER - 150_000, "it is taken off the new payment"


def test_the_bank_sends_back_a_payment_with_an_offset(world: World) -> None:
    """The claim is owed in full again, so what was taken off is too: or it would be paid out with the next payment."""
    (claim_id,), provider_id = settle(world)
    receivable_id = owed(world, provider_id, claim_id, amount_fen=150_000)
    world.approved(provider_id)
    batch = world.make()
    world.release(batch)
    (payment,) = world.ask("get_batch", id=batch["id"])["items"]
    world.result(batch["id"], payment, "settled")
    assert view(world, receivable_id)["status"] == "settled"
    world.result(batch["id"], payment, "returned")
    assert (view(world, receivable_id)["status"], view(world, receivable_id)["open_fen"]) == ("owed", 150_000)
    assert world.told(receivable_id)[-1] == "receivable_restored"
    world.ok("retry_payment", payment_id=payment["payment_id"], reason="x")
    assert world.make()["amount_fen"] == VOUCHER - 150_000


def test_a_held_payment_frees_what_it_took_off(world: World) -> None:
    (claim_id,), provider_id = settle(world)
    receivable_id = owed(world, provider_id, claim_id, amount_fen=150_000)
    world.approved(provider_id)
    batch = world.make()
    world.blacklisted_there = {provider_id}
    assert world.release(batch)["result"]["held"] == 1
    assert view(world, receivable_id)["reserved_fen"] == 0
    assert repay(world, receivable_id, 150_000, "B1")["ok"]


def test_another_s_debt_is_not_taken_off(world: World) -> None:
    (claim_id,), provider_id = settle(world)
    owed(world, provider_id, claim_id)
    world.approved(world.provider())
    assert world.make()["amount_fen"] == VOUCHER


def test_a_bank_reference_counts_once_over_all_receivables(world: World) -> None:
    """Two clerks with one slip of paper would make it two repayments."""
    (one, other), provider_id = settle(world, claims=2)
    first, second = owed(world, provider_id, one), owed(world, provider_id, other)
    assert repay(world, first, 100_000, "B1", repayment_id="01Q00000000000000000000001")["ok"]
    again = repay(world, first, 100_000, "B1", repayment_id="01Q00000000000000000000001")
    assert (again["ok"], view(world, first)["recovered_fen"]) == (True, 100_000)
    assert repay(world, first, 200_000, "B1")["error"]["code"] == "REFERENCE_USED"
    assert repay(world, second, 100_000, "B1")["error"]["code"] == "REFERENCE_USED"
    assert repay(world, second, VOUCHER + 1, "B2")["error"]["code"] == "RECEIVABLE_TOO_LARGE"
    with world.engine.begin() as conn, pytest.raises(sa.exc.DBAPIError, match="append-only"):
        conn.execute(sa.update(tables.repayments).values(amount_fen=1))


def test_the_statement_repays_by_the_receivable_s_reference_once(world: World) -> None:
    """The same money told by two statements, or recorded by hand before, would be forgiven twice."""
    (claim_id,), provider_id = settle(world)
    receivable_id = owed(world, provider_id, claim_id)
    line = credit(world, receivable_id, 100_000)
    statement = {"statement_id": world.new("T"), "lines": [line, line]}
    assert world.ok("record_statement", **statement)["differences"] == []
    assert view(world, receivable_id)["recovered_fen"] == 200_000, "two equal lines of one statement are two payments"
    world.ok("record_statement", **statement)
    world.ok("record_statement", statement_id=world.new("T"), lines=[line, credit(world, receivable_id, 50_000)])
    assert view(world, receivable_id)["recovered_fen"] == 250_000, "what two statements both tell counts once"
    assert repay(world, receivable_id, 50_000, "B1")["error"]["code"] == "REFERENCE_USED", "it is that same money"
    assert repay(world, receivable_id, 30_000, "B2")["ok"]
    world.ok("record_statement", statement_id=world.new("T"), lines=[credit(world, receivable_id, 30_000)])
    assert view(world, receivable_id)["recovered_fen"] == 280_000, "what was recorded by hand came on no other slip"
    assert world.ask("bank_differences", programme=GUIZHOU, status="CREDIT_UNMATCHED")["items"] == []
    too_much = world.ok("record_statement", statement_id=world.new("T"), lines=[credit(world, receivable_id, 150_000)])
    assert [one["code"] for one in too_much["differences"]] == ["CREDIT_UNMATCHED"], "people must look at it"
    assert view(world, receivable_id)["open_fen"] == VOUCHER - 280_000


def test_what_a_clerk_and_two_statements_tell_counts_once(world: World) -> None:
    """Lost otherwise: of two equal payments, one of them recorded by hand, each further statement forgives one more."""
    (claim_id,), provider_id = settle(world)
    receivable_id = owed(world, provider_id, claim_id)
    line = credit(world, receivable_id, 100_000)
    assert repay(world, receivable_id, 100_000, "B1")["ok"]
    for _ in range(2):
        told = world.ok("record_statement", statement_id=world.new("T"), lines=[line, line])
        assert (told["differences"], view(world, receivable_id)["recovered_fen"]) == ([], 200_000)
    assert repay(world, receivable_id, 100_000, "B2")["error"]["code"] == "REFERENCE_USED", "the bank told of that one"


def test_a_day_that_is_missed_is_told_once(world: World) -> None:
    (claim_id,), provider_id = settle(world)
    today = local_date(world.clock.now())
    receivable_id = owed(world, provider_id, claim_id, due_on=today)
    world.due()
    assert "receivable_overdue" not in world.told(receivable_id), "the day is not over"
    world.due(timedelta(days=1))
    world.due(timedelta(days=1))
    assert world.told(receivable_id).count("receivable_overdue") == 1
    parts = [{"due_on": today + timedelta(days=n), "amount_fen": VOUCHER // 2} for n in (10, 20)]
    world.ok("agree_instalments", receivable_id=receivable_id, instalments=parts)
    assert repay(world, receivable_id, VOUCHER // 2, "B1")["ok"]
    world.due(timedelta(days=12))
    assert world.told(receivable_id).count("receivable_overdue") == 1, "the first part was paid in advance"
    world.due(timedelta(days=10))
    assert world.told(receivable_id).count("receivable_overdue") == 2


def test_losses_of_a_party_without_a_claim_and_what_two_people_write_off(world: World) -> None:
    provider_id = world.provider()
    receivable_id = owed(world, provider_id, None, ground="exit_losses", amount_fen=9_000)
    told = next(one["data"] for one in world.outbox() if one["subject"] == receivable_id)
    assert told["law"]["articles"] == ["第十二条"], "what follows a provider's leaving"
    assert repay(world, receivable_id, 4_000, "B1")["ok"]
    give_up = {"receivable_id": receivable_id, "reasons": ["已注销"]}
    world.ok("write_off_receivable", **give_up)
    assert world.refused("write_off_receivable", **give_up)["code"] == "SAME_PERSON"
    assert world.ok("write_off_receivable", **give_up, person="finance-2")["status"] == "written_off"
    assert books(world) == {"losses": 9_000, "recovered": 4_000, "written_off": 5_000}


def test_who_may_read_and_act(world: World) -> None:
    """A party sees what it owes and no official's name; another's office decides nothing."""
    (claim_id,), provider_id = settle(world)
    receivable_id = owed(world, provider_id, claim_id)
    mine = world.query("get_receivable", role="provider", organisation=provider_id, id=receivable_id)["result"]
    assert mine["open_fen"] == VOUCHER
    assert not {"claimed_by", "decided_by"} & mine.keys()
    other = world.query("get_receivable", role="provider", organisation=world.new("P"), id=receivable_id)
    assert other["error"]["code"] == "NOT_OWNER"
    give_up = {"receivable_id": receivable_id, "reasons": ["x"]}
    assert world.refused("write_off_receivable", **give_up, office="520300")["code"] == "REGION_MISMATCH"
    assert world.ok("write_off_receivable", **give_up, office="520100")["status"] == "owed"
    listed = world.ask("list_receivables", programme=GUIZHOU, status="owed", party_id=provider_id)["items"]
    assert [one["receivable_id"] for one in listed] == [receivable_id]
    assert world.ask("list_receivables", programme=GUIZHOU, status="settled")["items"] == []
    told = [one for one in world.outbox() if one["subject"] == receivable_id]
    assert [one["sequence"] for one in told] == list(range(1, len(told) + 1)), "an event a change, without a gap"


def test_what_was_paid_wrongly_is_shown_until_it_is_claimed_back(world: World) -> None:
    """Fraud that is found after the payment would otherwise stand in no list."""
    (one, other), provider_id = settle(world, claims=2)

    def shown() -> dict[str, int]:
        return world.ask("totals", programme=GUIZHOU, year=2018)["rows"]["paid_and_rejected"]

    assert shown() == {"claims": 0, "paid_fen": 0, "unclaimed_fen": 0}
    world.verdict(one, provider_id, "rejected")
    assert shown() == {"claims": 1, "paid_fen": VOUCHER, "unclaimed_fen": VOUCHER}
    owed(world, provider_id, one, ground="fraud")
    assert shown()["unclaimed_fen"] == 0
    world.blacklist(provider_id, since=world.clock.now() - timedelta(days=400))
    assert shown() == {"claims": 2, "paid_fen": 2 * VOUCHER, "unclaimed_fen": VOUCHER}, "released though listed"
    assert world.claim(other)["recalled_fen"] == 0


def test_two_people_at_once_claim_the_same_money_back_once(world: World) -> None:
    """Each saw nothing claimed back yet: together they would ask for twice what was paid."""
    (claim_id,), provider_id = settle(world)
    commands = [world.command("claim_receivable", body(world, provider_id, claim_id)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda command: world.pipeline.run_commands(command.method, [command])[0], commands))
    assert sorted(answer["ok"] for answer in answers) == [False, False, False, True]
    assert world.claim(claim_id)["recalled_fen"] == VOUCHER


def test_two_repayments_at_once_exceed_nothing(world: World) -> None:
    (claim_id,), provider_id = settle(world)
    receivable_id = owed(world, provider_id, claim_id)
    given = {"receivable_id": receivable_id, "amount_fen": VOUCHER, "received_on": local_date(world.clock.now())}
    commands = [
        world.command("record_repayment", {**given, "repayment_id": world.new("Q"), "reference": f"B{n}"})
        for n in range(4)
    ]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda command: world.pipeline.run_commands(command.method, [command])[0], commands))
    assert sorted(answer["ok"] for answer in answers) == [False, False, False, True]
    assert view(world, receivable_id)["recovered_fen"] == VOUCHER
