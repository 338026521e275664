"""Files of the bank through the service, on both databases: read whole or refused whole, and nothing booked twice."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.blobs import parts
from infra.clock import local_date
from infra.db import create_engine
from infra.demo.bank import Entry, Ordered, Word, ordered, report, statement
from services.settlement import bank_settings, bank_store, tables
from services.settlement.handlers import enquiries
from tests.integration.settlement.test_receivables import owed, settle, view
from tests.integration.settlement.world import GUIZHOU, VOUCHER, World

pytestmark = pytest.mark.usefixtures("payers")


@pytest.fixture
def once(sqlite_url: str, keys: None) -> Iterator[World]:
    """On one database alone: what is tried does not reach down to its words."""
    engine = create_engine(sqlite_url, service="settlement")
    yield World(engine)
    engine.dispose()


ON = date(2018, 9, 3)
GUARDED = ("payments", "claims", "batches", "results", "statements", "statement_lines", "bank_entries", "outbox")


def upload(world: World, content: bytes) -> str:
    """In parts, as a client does it; the digest."""
    (*_, last) = [world.ok("upload_bank_file", **body) for body in parts(content)]
    assert last["status"] == "stored"
    return last["sha256"]


def released(world: World, payments: int = 1) -> tuple[str, Ordered]:
    """A batch of so many payments, as the bank reads it."""
    for _ in range(payments):
        world.approved()
    made = world.make()
    assert world.release(made)["ok"]
    return made["id"], ordered(fetched(world, made["id"], "pain.001"))


def fetched(world: World, batch_id: str, form: str) -> bytes:
    file = world.ask("payment_file", role="finance", batch_id=batch_id, format=form)
    content = base64.b64decode(file["content"])
    assert (file["sha256"], file["bytes"]) == (hashlib.sha256(content).hexdigest(), len(content))
    return content


def results(world: World, batch_id: str, content: bytes, form: str = "pain.002") -> dict[str, Any]:
    return world.do("record_result_file", batch_id=batch_id, sha256=upload(world, content), format=form)


def booked(world: World, content: bytes, form: str = "camt.053", **more: Any) -> dict[str, Any]:
    body = {"statement_id": world.new("S"), "programme": GUIZHOU, "format": form, **more}
    return world.do("record_statement_file", sha256=upload(world, content), **body)


def statuses(world: World, batch_id: str) -> list[str]:
    return [one["status"] for one in world.ask("get_batch", id=batch_id)["items"]]


def open_(world: World, **more: Any) -> list[tuple[str, str]]:
    found = world.ask("bank_differences", programme=GUIZHOU, **more)["items"]
    return [(one["code"], one["reference"]) for one in found]


def content_of(world: World) -> dict[str, str]:
    """A hash of all rows of the tables that money stands in."""
    with world.engine.connect() as conn:
        found = {}
        for name in GUARDED:
            table = tables.metadata.tables[name]
            rows = conn.execute(sa.select(table).order_by(*table.primary_key.columns)).all()
            said = [row for row in rows if name != "outbox" or "command_refused" not in row.body]
            found[name] = hashlib.sha256(repr(said).encode()).hexdigest()
    return found


# --- files out --------------------------------------------------------------------------------------------------------


def test_one_release_three_files_the_same_bytes_each_time(once: World) -> None:
    """What the bank was sent can be fetched again and compared by its hash."""
    batch_id, order = released(once, 2)
    assert (order.message, sum(order.payments.values())) == (batch_id, 2 * VOUCHER)
    for form in ("csv", "xlsx", "pain.001"):
        assert fetched(once, batch_id, form) == fetched(once, batch_id, form)
    once.clock.advance(timedelta(days=3))
    assert ordered(fetched(once, batch_id, "pain.001")) == order
    other = once.query("payment_file", role="finance", batch_id=once.new("H"))
    assert other["error"]["code"] == "NOT_FOUND"


def test_without_a_payer_the_csv_goes_on(once: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who pays is fixed at the release: an account that is set afterwards is no part of what was released."""
    monkeypatch.setattr(bank_settings, "payers", bank_settings.payers)
    monkeypatch.delenv(bank_settings.PAYERS)
    bank_settings.payers.cache_clear()
    once.approved()
    made = once.make()
    once.release(made)
    error = once.ask("payment_file", role="finance", batch_id=made["id"], format="pain.001")
    assert (error["code"], error["facts"]["fund"]) == ("PAYER_UNKNOWN", "guizhou-2018:2018")
    assert b"YQ" in fetched(once, made["id"], "csv")


# --- uploads ----------------------------------------------------------------------------------------------------------


def test_a_file_comes_in_parts_in_any_number_of_tries(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.blobs.PART", 10)
    content = b"0123456789abcdefghijklmno"
    first, second, third = parts(content)
    digest = {"batch_id": world.new("H"), "sha256": first["sha256"], "format": "csv"}
    assert world.ok("upload_bank_file", **first)["received_bytes"] == 10
    assert world.refused("upload_bank_file", **third)["facts"] == {"expected": 10}
    assert world.refused("record_result_file", **digest)["code"] == "FILE_INCOMPLETE"
    assert world.ok("upload_bank_file", **first)["received_bytes"] == 10, "a part that came before changes nothing"
    spoilt = world.do("upload_bank_file", person="finance-9", **{**first, "content": third["content"]})
    assert spoilt["result"]["received_bytes"] == 5, "another's parts are another's"
    both = world.batch("upload_bank_file", [second, third])
    assert [one["result"]["status"] for one in both] == ["receiving", "stored"]
    assert world.ok("upload_bank_file", **second)["status"] == "stored"


def test_a_file_that_is_not_what_its_digest_says_begins_again(once: World) -> None:
    (body,) = parts(b"what was sent")
    wrong = {**body, "sha256": "0" * 64}
    assert once.refused("upload_bank_file", **wrong)["code"] == "DOCUMENT_CORRUPT"
    for changed in ({"content": "?"}, {"size": 3}):
        assert once.refused("upload_bank_file", **{**body, **changed})["code"] == "FACT_INVALID"
    assert once.ok("upload_bank_file", **body)["status"] == "stored"
    with once.engine.connect() as conn:
        (part,) = conn.execute(sa.select(tables.bank_file_parts)).all()
    assert b"what was sent" not in bytes(part.sealed), "accounts of payees stand in it"


def test_uploads_that_nobody_goes_on_with_are_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.blobs.PART", 10)
    begun, *_ = parts(b"x" * 30)
    upload(world, b"y" * 30)
    world.ok("upload_bank_file", **begun)
    assert world.due(timedelta(hours=23))["prune_bank_files"] == 0
    assert world.due(timedelta(hours=2))["prune_bank_files"] == 1
    with world.engine.connect() as conn:
        left = conn.execute(sa.select(tables.bank_file_parts.c.size)).scalars()
        assert sum(left) == 30


# --- results ----------------------------------------------------------------------------------------------------------


def test_a_report_settles_once(world: World) -> None:
    batch_id, order = released(world, 3)
    one, two, three = order.payments
    words = {one: Word(), two: Word("RJCT", "AC04", "账户已销户"), three: Word("PDNG"), "SOMEONE": Word()}
    done = results(world, batch_id, report(order, words, ON))["result"]
    assert (done["changed"], done["pending"], done["unmatched"], done["status"]) == (2, 1, ["SOMEONE"], "released")
    before = content_of(world)
    assert results(world, batch_id, report(order, dict(reversed(words.items())), ON))["result"]["changed"] == 0
    assert content_of(world) == before, "re-ordered and sent again it changes nothing"
    assert sorted(statuses(world, batch_id)) == ["failed", "sent", "settled"]


def test_an_old_file_read_again_after_a_later_word(once: World) -> None:
    """Finance reads Monday's file on Friday: what came back stays back, and the file is no error."""
    batch_id, order = released(once)
    (one,) = order.payments
    monday, friday = report(order, {one: Word()}, ON), report(order, {one: Word("RTRN")}, date(2018, 9, 7))
    for content in (monday, friday, monday, friday):
        assert results(once, batch_id, content)["ok"]
    assert statuses(once, batch_id) == ["returned"]
    assert once.figures()["returned_fen"] == VOUCHER


def test_an_old_file_read_for_the_first_time_after_a_later_word(once: World) -> None:
    """Lost otherwise: one payment that came back keeps all others of the earlier file from being settled."""
    batch_id, order = released(once, 2)
    one, two = order.payments
    assert results(once, batch_id, report(order, {one: Word("RTRN")}, date(2018, 9, 7)))["ok"]
    assert results(once, batch_id, report(order, {one: Word(), two: Word()}, ON))["ok"]
    assert sorted(statuses(once, batch_id)) == ["returned", "settled"]
    later = results(once, batch_id, report(order, {one: Word()}, date(2018, 9, 10)))
    assert later["error"]["code"] == "WRONG_STATE", "nothing arrives after it came back"


def test_a_file_that_the_bank_refused_whole_fails_every_payment(once: World) -> None:
    batch_id, order = released(once, 2)
    done = results(once, batch_id, report(order, {}, ON, group=Word("RJCT", "AM05", "重复报文")))["result"]
    assert (done["changed"], done["status"]) == (2, "finished")
    assert {one["reason"] for one in once.ask("get_batch", id=batch_id)["items"]} == {"AM05 重复报文"}


def test_the_bank_s_words_name_no_account(once: World) -> None:
    """Lost otherwise: accounts, which are kept sealed alone, stand in events for ever, as the bank wrote them down."""
    batch_id, order = released(once)
    (one,) = order.payments
    assert results(once, batch_id, report(order, {one: Word("RJCT", "AC01", "6222 0212-3456789012 户名不符")}, ON))[
        "ok"
    ]
    assert [one["reason"] for one in once.ask("get_batch", id=batch_id)["items"]] == ["AC01 …9012 户名不符"]
    with once.engine.connect() as conn:
        kept = conn.execute(sa.select(tables.results)).all()
    assert not any("6222" in str(row) for row in [*kept, *once.outbox()])


def csv_results(order: Ordered, *rows: str) -> bytes:
    lines = [row.format(*order.payments) for row in rows]
    total = sum(int(float(line.split(",")[1]) * 100) for line in lines)
    end = f"#rows,{len(lines)},{total // 100}.{total % 100:02d}"
    return "\n".join(["reference,amount_yuan,status,date,reason", *lines, end, ""]).encode()


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        (["{0},4000.00,settled,2018-09-03,", "{1},3999.99,settled,2018-09-03,"], "RESULT_MISMATCH"),
        (["{0},4000.00,settled,2018-09-03,", "{0},4000.00,failed,2018-09-03,"], "FILE_MALFORMED"),
        (["{0},4000.00,settled,2018-09-03,", "{1},4000.00,settled,2018-09-3,"], "FILE_MALFORMED"),
    ],
)
def test_one_wrong_row_and_nothing_of_the_file_is_booked(once: World, rows: list[str], code: str) -> None:
    batch_id, order = released(once, 2)
    before = content_of(once)
    assert results(once, batch_id, csv_results(order, *rows), "csv")["error"]["code"] == code
    assert content_of(once) == before
    assert statuses(once, batch_id) == ["sent", "sent"]


def test_what_is_not_of_this_batch_is_refused(once: World) -> None:
    """A file of another batch settles nothing here, whatever it says."""
    batch_id, order = released(once)
    (one,) = order.payments
    other = Ordered(once.new("H"), order.account, order.payments)
    before = content_of(once)
    error = results(once, batch_id, report(other, {one: Word()}, ON))["error"]
    assert (error["code"], error["facts"]["batch_id"]) == ("FILE_FOREIGN", other.message)
    assert results(once, once.new("H"), report(order, {one: Word()}, ON))["error"]["code"] == "FILE_FOREIGN"
    assert results(once, batch_id, report(order, {one: Word()}, ON), "csv")["error"]["code"] == "FILE_MALFORMED"
    truncated = report(order, {one: Word()}, ON)[:-20]
    assert results(once, batch_id, truncated)["error"]["facts"]["rows"][0]["code"] == "XML"
    assert content_of(once) == before


# --- statements -------------------------------------------------------------------------------------------------------


def test_a_statement_closes_the_circle(once: World) -> None:
    batch_id, order = released(once, 2)
    one, two = order.payments
    results(once, batch_id, report(order, {one: Word(), two: Word()}, ON))
    assert open_(once) == sorted([("NOT_BOOKED", one), ("NOT_BOOKED", two)], key=lambda pair: pair[1])
    together = Entry(2 * VOUCHER, own="B1", together=((one, VOUCHER), (two, VOUCHER)))
    content = statement(order.account, [together], ON)
    done = booked(once, content)["result"]
    assert (done["lines"], done["matched"], done["differences"], done["repeated"]) == (2, 2, [], 0)
    before = content_of(once)
    again = booked(once, content)["result"]
    assert (again["id"], again["repeated"]) == (done["id"], 2), "the same statement again is the one that stands"
    assert content_of(once) == before
    assert open_(once) == []


def test_a_booking_on_two_statements_is_one_booking(world: World) -> None:
    """A month's statement shows again what the day's showed: nobody was paid twice."""
    batch_id, order = released(world)
    (one,) = order.payments
    results(world, batch_id, report(order, {one: Word()}, ON))
    paid = Entry(VOUCHER, one, own="X1")
    booked(world, statement(order.account, [paid], ON))
    done = booked(world, statement(order.account, [paid, Entry(5, own="FEE")], ON, number=2))["result"]
    assert (done["repeated"], [one["code"] for one in done["differences"]]) == (1, ["REFERENCE_UNKNOWN"])
    assert open_(world) == [("REFERENCE_UNKNOWN", "FEE")]
    booked(world, statement(order.account, [Entry(VOUCHER, one, own="X2")], ON, number=3))
    (twice,) = world.ask("bank_differences", programme=GUIZHOU, status="BOOKED_TWICE")["items"]
    assert twice["booked_fen"] == 2 * VOUCHER, "under another reference of the bank it is another booking, and no third"


def test_two_statements_at_once_that_overlap(once: World) -> None:
    batch_id, order = released(once)
    (one,) = order.payments
    results(once, batch_id, report(order, {one: Word()}, ON))
    bodies = [
        {
            "statement_id": once.new("S"),
            "programme": GUIZHOU,
            "format": "camt.053",
            "sha256": upload(once, statement(order.account, [Entry(VOUCHER, one, own="X1")], ON, number=number)),
        }
        for number in (1, 2)
    ]
    first, second = once.batch("record_statement_file", bodies)
    assert (first["result"]["repeated"], second["result"]["repeated"]) == (0, 1)
    assert open_(once) == []


def test_money_that_comes_in(once: World) -> None:
    """Back from a payee's bank, or from nobody knows whom: either waits until a person has looked."""
    batch_id, order = released(once)
    (one,) = order.payments
    results(once, batch_id, report(order, {one: Word()}, ON))
    entries = [Entry(VOUCHER, one, own="X1"), Entry(VOUCHER, one, own="X2", credit=True, reversal=True)]
    booked(once, statement(order.account, [*entries, Entry(7, "RC1", credit=True)], ON))
    assert sorted(open_(once)) == sorted([("CREDIT_UNMATCHED", "RC1"), ("RETURN_NOT_RECORDED", one)])
    results(once, batch_id, report(order, {one: Word("RTRN")}, date(2018, 9, 4)))
    assert open_(once) == [("CREDIT_UNMATCHED", "RC1")]


def test_a_debtor_that_pays_the_same_twice_in_a_day(world: World) -> None:
    """Lost otherwise: its second payment, which the bank names by another reference, is taken for the first; or what is
    more than was owed is shown nowhere."""
    (claim_id,), provider_id = settle(world)
    receivable_id = owed(world, provider_id, claim_id)
    reference = view(world, receivable_id)["reference"]

    def comes(*own: str) -> list[str]:
        rows = "".join(f"{reference},{VOUCHER // 200}.00,2018-09-03,credit,{one}\n" for one in own)
        end = f"#rows,{len(own)},{len(own) * VOUCHER // 200}\n"
        content = f"reference,amount_yuan,booked_on,direction,bank_reference\n{rows}{end}".encode()
        return [one["code"] for one in booked(world, content, "csv")["result"]["differences"]]

    assert (comes("A"), view(world, receivable_id)["recovered_fen"]) == ([], VOUCHER // 2)
    assert (comes("A", "B"), view(world, receivable_id)["recovered_fen"]) == ([], VOUCHER)
    assert open_(world, status="CREDIT_UNMATCHED") == []
    assert comes("C") == ["CREDIT_UNMATCHED"], "nothing is owed any more"
    (more,) = world.ask("bank_differences", programme=GUIZHOU, status="CREDIT_UNMATCHED")["items"]
    assert more["booked_fen"] == VOUCHER // 2


@pytest.mark.parametrize("form", ["csv", "camt.053"])
def test_another_account_s_statement_is_foreign(once: World, form: str) -> None:
    before = content_of(once)
    text = b"reference,amount_yuan,booked_on,direction\n#account,6299\n#rows,0,0\n"
    content = text if form == "csv" else statement("6299", [], ON)
    error = booked(once, content, form)["error"]
    assert (error["code"], error["facts"]) == ("FILE_FOREIGN", {"programme": GUIZHOU})
    assert booked(once, content, form, programme="nowhere-2018")["error"]["code"] == "PROGRAMME_UNKNOWN"
    assert content_of(once) == before


def test_a_statement_id_stands_for_one_statement(once: World) -> None:
    _batch, order = released(once)
    body = {"statement_id": once.new("S")}
    assert booked(once, statement(order.account, [], ON), **body)["ok"]
    assert booked(once, statement(order.account, [], ON), **body)["ok"]
    other = statement(order.account, [Entry(1, "Z")], ON)
    assert booked(once, other, **body)["error"]["code"] == "ALREADY_EXISTS"


def test_a_list_of_bookings_is_no_word_on_another_programme_s_payments(once: World) -> None:
    """Lost otherwise: finance of one programme makes, or hides, differences of another."""
    batch_id, order = released(once)
    (one,) = order.payments
    results(once, batch_id, report(order, {one: Word()}, ON))
    lines = [{"reference": one, "amount_fen": VOUCHER, "booked_on": ON}]
    command = once.command("record_statement", {"statement_id": once.new("S"), "lines": lines})
    theirs = replace(command, actor=replace(command.actor, programme="shandong-2017"))
    (refused,) = once.run([theirs])
    assert refused["error"]["code"] == "PROGRAMME_MISMATCH"
    assert open_(once) == [("NOT_BOOKED", one)]
    assert once.run([replace(command, key="own")])[0]["ok"]


def test_two_people_give_one_id_to_two_statements_at_once(once: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost otherwise: the second is told that its statement is recorded, and nothing of it is."""
    look, looks = bank_store.statement_hashes, itertools.count()
    monkeypatch.setattr(bank_store, "statement_hashes", lambda *given: look(*given) if next(looks) != 1 else {})
    lines = [{"reference": "Z1", "amount_fen": 5, "booked_on": ON}]
    statement_id = once.ok("record_statement", statement_id=once.new("S"), lines=lines)["id"]
    other = [{**lines[0], "reference": "Z2"}]
    assert once.refused("record_statement", statement_id=statement_id, lines=other)["code"] == "ALREADY_EXISTS"


# --- differences ------------------------------------------------------------------------------------------------------


def test_a_difference_is_worked_off_and_open_again_when_it_changes(world: World) -> None:
    _batch, order = released(world)
    booked(world, statement(order.account, [Entry(5, "ZZ", own="X1")], ON))
    found = {"programme": GUIZHOU, "code": "REFERENCE_UNKNOWN", "reference": "ZZ"}
    body = {"resolution_id": world.new("W"), **found, "resolution": "bank_error", "reason": "银行误记"}
    assert world.refused("resolve_difference", **{**body, "code": "NOT_BOOKED"})["code"] == "NOT_FOUND"
    assert world.ok("resolve_difference", **body)["status"] == "resolved"
    assert world.ok("resolve_difference", **body)["status"] == "resolved", "the same again is the same"
    assert world.refused("resolve_difference", **{**body, "reason": "x"})["code"] == "ALREADY_EXISTS"
    second = {**body, "resolution_id": world.new("W")}
    assert world.refused("resolve_difference", **second)["facts"] == {"status": "resolved"}
    assert open_(world) == []
    (shown,) = world.ask("bank_differences", programme=GUIZHOU, status="resolved")["items"]
    assert (shown["resolution"], shown["reason"], shown["booked_fen"]) == ("bank_error", "银行误记", 5)
    assert world.told(body["resolution_id"]) == ["difference_resolved"]
    booked(world, statement(order.account, [Entry(5, "ZZ", own="X2")], ON, number=2))
    assert open_(world) == [("REFERENCE_UNKNOWN", "ZZ")], "ten fen are another difference than five"
    assert world.ok("resolve_difference", **second)["status"] == "resolved"


def test_two_people_at_once_resolve_a_difference_once(once: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost otherwise: the one says that the bank erred, the other that we did, and both were recorded."""
    look, looks = bank_store.resolutions, itertools.count()
    monkeypatch.setattr(bank_store, "resolutions", lambda *given: look(*given) if next(looks) != 1 else [])
    _batch, order = released(once)
    booked(once, statement(order.account, [Entry(5, "ZZ", own="X1")], ON))
    found = {"programme": GUIZHOU, "code": "REFERENCE_UNKNOWN", "reference": "ZZ", "reason": "银行误记"}
    assert once.ok("resolve_difference", resolution_id=once.new("W"), **found, resolution="bank_error")
    second = once.refused("resolve_difference", resolution_id=once.new("W"), **found, resolution="timing")
    assert (second["code"], second["facts"]) == ("WRONG_STATE", {"status": "resolved"})


def test_a_payment_s_difference_is_its_programme_s(once: World) -> None:
    batch_id, order = released(once)
    (one,) = order.payments
    results(once, batch_id, report(order, {one: Word()}, ON))
    found = {"code": "NOT_BOOKED", "reference": one, "resolution": "timing", "reason": "次日入账"}
    other = {"resolution_id": once.new("W"), "programme": "shandong-2017", **found}
    assert once.refused("resolve_difference", **other)["code"] == "NOT_FOUND"
    assert once.ok("resolve_difference", **{**other, "programme": GUIZHOU})["status"] == "resolved"


def test_a_look_is_bounded_and_nothing_is_left_out(once: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """With 200,000 payments that agree, the one that does not must be found, and in no single long query."""
    monkeypatch.setattr(bank_store, "MOST_LOOKED_AT", 3)
    _batch, order = released(once)
    entries = [Entry(1, f"Z{number:02d}", own=f"X{number}") for number in range(10)]
    booked(once, statement(order.account, entries, ON))
    found, after, pages = [], "", 0
    while after is not None:
        page = once.ask("bank_differences", programme=GUIZHOU, after=after or None, limit=2)
        found += [one["reference"] for one in page["items"]]
        after, pages = page["next"], pages + 1
    assert found == [one.reference for one in entries]
    assert pages > 5


# --- silence ----------------------------------------------------------------------------------------------------------


def test_what_the_bank_does_not_answer_is_asked_about_and_never_paid_again(once: World) -> None:
    batch_id, order = released(once, 2)
    one, two = order.payments
    results(once, batch_id, report(order, {one: Word()}, ON))
    body = {"enquiry_id": once.new("Q"), "batch_id": batch_id}
    asked = once.ok("enquire_payments", **body)
    assert [(said["reference"], said["status"]) for said in asked["payments"]] == [(two, "unknown")]
    assert base64.b64decode(asked["content"]).decode("utf-8-sig").splitlines()[1] == f"{two},4000.00,unknown,2018-09-03"
    assert once.told(batch_id)[-1] == "payments_enquired"
    assert once.ok("enquire_payments", **body) == asked, "the same enquiry again is the same file"
    more = once.ok("enquire_payments", **{**body, "enquiry_id": once.new("Q")})
    assert [said["reference"] for said in more["payments"]] == [two]
    (payment,) = [p for p in once.ask("get_batch", id=batch_id)["items"] if p["reference"] == two]
    retry = {"payment_id": payment["payment_id"], "reason": "再付"}
    assert once.refused("retry_payment", **retry)["facts"]["status"] == "unknown"
    assert once.refused("make_batch", batch_id=once.new("H"), programme=GUIZHOU, year=2018)["code"] == "NOTHING_TO_PAY"
    assert results(once, batch_id, report(order, {two: Word()}, ON))["result"]["status"] == "finished"
    error = once.refused("enquire_payments", **{**body, "enquiry_id": once.new("Q")})
    assert (error["code"], error["facts"]["status"]) == ("WRONG_STATE", "finished")
    assert once.refused("enquire_payments", **{**body, "batch_id": once.new("H")})["code"] == "NOT_FOUND"


def test_silence_becomes_unknown_after_the_working_days_once(world: World) -> None:
    """Released on a Monday: Tuesday, Wednesday and Thursday are its three days; the weekend would not count."""
    batch_id, _order = released(world)
    assert local_date(world.clock.now()) == ON
    assert world.due(timedelta(days=3))["silent_payments"] == 0
    assert world.due(timedelta(days=1))["silent_payments"] == 1
    assert statuses(world, batch_id) == ["unknown"]
    assert world.due(timedelta(days=30))["silent_payments"] == 0
    (payment,) = world.ask("get_batch", id=batch_id)["items"]
    (*_, last) = world.ask("explain", subject=payment["payment_id"])["decisions"]
    assert (last["action"], last["facts"]["working_days"]) == ("payment.unknown", 3)
    assert world.told(payment["payment_id"])[-1] == "payment_failed", "finance is told, by its status unknown"


def test_how_long_a_payment_is_unknown_can_be_watched(once: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from infra import metrics

    batch_id, _order = released(once)
    once.ok("enquire_payments", enquiry_id=once.new("Q"), batch_id=batch_id)
    monkeypatch.setattr(enquiries, "_watched_at", -100.0)
    once.due(timedelta(days=8))
    assert metrics.UNKNOWN.labels(GUIZHOU)._value.get() == 8 * 86_400


# --- any order --------------------------------------------------------------------------------------------------------


def test_any_order_and_repetition_of_rows_gives_the_same_books(once: World) -> None:
    """However the bank sorts its file, and however often a row stands in it."""
    world, engine = once, once.engine
    batch_id, order = released(world, 3)
    one, two, three = order.payments
    rows = [
        f"{one},4000.00,settled,2018-09-03,",
        f"{two},4000.00,settled,2018-09-03,",
        f"{two},4000.00,returned,2018-09-04,账户已销户",
        f"{three},4000.00,unknown,2018-09-03,",
        f"{three},4000.00,failed,2018-09-03,额度不足",
    ]
    seen = set()
    numbers = itertools.count()

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.permutations(rows), st.lists(st.sampled_from(rows), max_size=4))
    def same(order_: list[str], more: list[str]) -> None:
        content = csv_results(order, *order_, *more) + b"\n" * next(numbers)
        digest = upload(world, content)
        before = content_of(world)
        with engine.connect() as conn, conn.begin() as trial:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(world.pipeline, "_unit_of_work", within(world, conn))
                assert world.do("record_result_file", batch_id=batch_id, sha256=digest, format="csv")["ok"]
            said = conn.execute(
                sa.select(tables.payments.c.reference, tables.payments.c.status, tables.payments.c.reason)
            )
            seen.add(tuple(sorted(map(str, said))))
            trial.rollback()
        assert content_of(world) == before

    same()
    assert len(seen) == 1


def within(world: World, conn: sa.Connection) -> Any:
    """Units of work on a connection whose transaction is thrown away."""
    from contextlib import contextmanager

    from infra.db import UnitOfWork

    @contextmanager
    def unit(prepared: Any = None) -> Any:
        pipeline = world.pipeline
        yield UnitOfWork(
            conn,
            now=world.clock.now(),
            service="settlement",
            catalogue=pipeline.catalogue,
            new_id=pipeline._new_id,
            prepared=prepared,
        )

    return unit
