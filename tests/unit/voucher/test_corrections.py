"""What may be corrected in the books, by whom, and how much."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.errors import Refused
from infra.packs import pack_at
from services.voucher.domain import corrections
from services.voucher.domain.corrections import ALLOWED, Correction, Draft
from services.voucher.domain.ledger import Move, Transfer
from services.voucher.domain.receivables import drawn
from tests.unit.voucher.made import NOW

PACK = pack_at("neimenggu-2019@1")
FROM, TO = "redeemed:neimenggu-2019:2020", "redeemed:neimenggu-2019:2020:1501"
REGIONS = {"": "15", "1501": "1501"}
PAID = Transfer(
    "R.3", "posted", "claimed:neimenggu-2019:2020:P", FROM, 100, None, "R", "cause", "claim_paid", NOW
)  # fmt: skip
DRAFT = Draft(correction_id="C", transfer_id="R.3", to_account=TO, amount_fen=60, reason="付错资金渠道")


def ask(*, draft=DRAFT, transfer=PAID, corrected_fen=0, regions=REGIONS, office=None):
    return corrections.ask(
        pack=PACK, draft=draft, transfer=transfer, corrected_fen=corrected_fen, regions=regions, asked_by="甲",
        office=office, now=NOW,
    )  # fmt: skip


def decide(correction, decision="confirm", by="乙", available_fen=100):
    return corrections.decide(
        pack=PACK, correction=correction, decision=decision, available_fen=available_fen, decided_by=by, now=NOW
    )


def test_what_was_paid_from_the_wrong_purse_goes_to_the_right_one_by_two_people():
    """Lost otherwise: one person alone moves money in the books; or the original entry is edited."""
    asked = ask()
    assert (asked.status, asked.from_account, asked.sequence) == ("asked", FROM, 1)
    after, moves = decide(asked)
    assert moves == (Move("posted", FROM, TO, 60, "correction"),)
    assert (after.status, after.decided_by, after.sequence, after.reason) == ("confirmed", "乙", 2, DRAFT.reason)
    assert decide(asked, "refuse")[1] == ()


REFUSED = {
    "more than the entry": ({"draft": replace(DRAFT, amount_fen=101)}, "amount_fen"),
    "more than is left of it": ({"corrected_fen": 41}, "amount_fen"),
    "to where it is already": ({"draft": replace(DRAFT, to_account=FROM)}, "to_account"),
    "to another kind": ({"draft": replace(DRAFT, to_account="budget:neimenggu-2019:2020")}, "to_account"),
    "to another year": ({"draft": replace(DRAFT, to_account="redeemed:neimenggu-2019:2021")}, "to_account"),
    "to another programme": ({"draft": replace(DRAFT, to_account="redeemed:guizhou-2018:2020")}, "to_account"),
    "to a purse without a plan": ({"regions": {"": "15"}}, "to_account"),
    "to no account at all": ({"draft": replace(DRAFT, to_account="redeemed")}, "to_account"),
    "set aside alone": ({"transfer": replace(PAID, kind="pending")}, "transfer_id"),
    "given back": ({"transfer": replace(PAID, kind="void_pending", pending_id="R.1")}, "transfer_id"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_allowed(case):
    """Lost otherwise: the books say what no other record says, or money out of nothing."""
    given, field = REFUSED[case]
    refused = ask(**given)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.field) == ("CORRECTION_NOT_ALLOWED", field)


MIRRORED = (
    "source", "budget", "quota", "committed", "claimed", "receivable", "lapsed", "deferred", "carried_out",
    "carried_in", "making_up", "made_up", "losses", "recovered", "written_off",
)  # fmt: skip


@pytest.mark.parametrize("kind", [*MIRRORED, *ALLOWED])
def test_an_account_that_others_mirror_is_never_corrected(kind):
    """Lost otherwise: an order says claimed and the ledger does not; the two halves of a carry-over differ."""
    names = [f"{kind}:neimenggu-2019:2020{purse}" for purse in ("", ":1501")]
    asked = ask(transfer=replace(PAID, credit=names[0]), draft=replace(DRAFT, to_account=names[1]))
    assert isinstance(asked, Correction) == (kind in ALLOWED)
    assert all(to not in MIRRORED for to in ALLOWED.get(kind, ()))


def test_an_office_corrects_within_its_region():
    """Lost otherwise: one city moves what another has paid."""
    assert ask(office="150100").code == "REGION_MISMATCH"
    assert isinstance(ask(office="150000"), Correction)


def test_decided_once_by_another_and_never_beyond_what_is_there():
    """Lost otherwise: the same person twice; a refusal undone; an account below zero."""
    asked = ask()
    assert decide(asked, by="甲").code == "SAME_PERSON"
    assert decide(asked, available_fen=59).code == "CORRECTION_NOT_ALLOWED"
    assert decide(asked, "refuse", available_fen=0)[0].status == "refused"
    refused = decide(decide(asked)[0], "refuse")
    assert (refused.code, refused.facts["status"]) == ("WRONG_STATE", "confirmed")


def test_what_was_refused_counts_no_longer():
    """Lost otherwise: a mistaken request blocks the right one for ever."""
    asked = ask()
    assert corrections.corrected([asked, decide(asked)[0], decide(asked, "refuse")[0]], "R.3") == 120
    assert corrections.corrected([asked], "R.4") == 0


def test_money_is_followed_to_where_corrections_took_it():
    """Lost otherwise: what is claimed back is looked for where it no longer is; or two corrections run in a circle."""
    asked = ask()
    on = replace(decide(asked)[0], correction_id="D", from_account=TO, to_account="redeemed:neimenggu-2019:2020:1502")
    back = replace(on, correction_id="E", to_account=FROM)
    assert corrections.followed([decide(asked)[0], on, back], FROM) == (FROM, TO, on.to_account)
    assert corrections.followed([asked], FROM) == (FROM,)


def test_money_that_went_two_ways_is_there_for_all_that_is_owed():
    """Lost otherwise: what was paid from one purse is taken where another's money stands, and the news of what that
    owes can never be posted, though its fen are in a third."""
    third = "redeemed:neimenggu-2019:2020:1502"
    one, two = (
        replace(decide(ask())[0], correction_id=name, to_account=to, amount_fen=100)
        for name, to in (("C", TO), ("D", third))
    )
    there = {FROM: 0, TO: 200, third: 100}  # 200 paid from FROM and taken on, and 100 paid from TO
    for origin in (FROM, FROM, TO):
        move = Move("posted", origin, "receivable:neimenggu-2019:2020:P", 100, "receivable_owed")
        for part in drawn(move, corrections.followed([one, two], origin), there.__getitem__):
            there[part.debit] -= part.amount_fen
    assert set(there.values()) == {0}, there
