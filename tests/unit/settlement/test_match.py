"""The four-way match: one disagreement overlooked is money paid on false papers; one invented, an honest claim lost."""

from __future__ import annotations

import inspect
import re
from datetime import date

import pytest

from services.settlement.domain import match as rules
from services.settlement.domain.match import (
    Contract,
    Invoice,
    Line,
    Transfer,
    Usage,
    invoice_key,
    match,
    missing_materials,
)
from tests.unit.settlement.cases import BUYER, SELLER, case, order, pack, papers

D = date.fromisoformat


def lines(*fen: int) -> tuple[Line, ...]:
    return tuple(Line(name=f"第{at}项", amount_fen=one) for at, one in enumerate(fen, 1))


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({}, []),
        ({"invoice.seller_uscc": BUYER}, ["INVOICE_SELLER"]),
        ({"invoice.buyer_uscc": SELLER}, ["INVOICE_BUYER"]),
        ({"invoice.amount_fen": 999_999}, ["INVOICE_AMOUNT"]),
        ({"invoice.amount_fen": 1_000_001}, ["INVOICE_AMOUNT"]),
        ({"invoice.issued_on": D("2018-07-01")}, []),
        ({"invoice.issued_on": D("2018-06-30")}, ["INVOICE_DATE"]),
        ({"invoice.issued_on": D("2018-09-03")}, []),
        ({"invoice.issued_on": D("2018-09-04")}, ["INVOICE_DATE"]),
        ({"invoice.category": "platform"}, ["INVOICE_CATEGORY"]),
        ({"invoice.lines": lines(1_000_000)}, []),
        ({"invoice.lines": lines(999_999, 1)}, []),
        ({"invoice.lines": lines(999_999)}, ["INVOICE_LINES"]),
        ({"invoice.lines": lines(999_999, 2)}, ["INVOICE_LINES"]),
        ({"invoice.amount_fen": 999_999, "invoice.lines": lines(999_998, 1)}, ["INVOICE_AMOUNT"]),
        ({"contract.sha256": "d" * 64}, ["CONTRACT_HASH"]),
        ({"contract.seller_uscc": BUYER}, ["CONTRACT_SELLER"]),
        ({"contract.buyer_uscc": SELLER}, ["CONTRACT_BUYER"]),
        ({"contract.amount_fen": 999_999}, ["CONTRACT_AMOUNT"]),
        ({"contract.amount_fen": 1_000_001}, ["CONTRACT_AMOUNT"]),
        ({"contract.signed_on": D("2018-06-30")}, ["CONTRACT_DATE"]),
        ({"contract.signed_on": D("2018-07-01")}, []),
        ({"contract.signed_on": D("2018-09-03")}, []),
        ({"contract.signed_on": D("2018-09-04")}, ["CONTRACT_DATE"]),
        ({"contract.category": "platform"}, ["CONTRACT_CATEGORY"]),
        ({"transfer.amount_fen": 599_999}, ["TRANSFER_AMOUNT"]),
        ({"transfer.payer_uscc": SELLER}, ["TRANSFER_PARTIES"]),
        ({"transfer.payee_uscc": BUYER}, ["TRANSFER_PARTIES"]),
        ({"transfer.payer_uscc": SELLER, "transfer.payee_uscc": BUYER}, ["TRANSFER_PARTIES", "TRANSFER_PARTIES"]),
        ({"transfer.paid_on": D("2018-06-30")}, ["TRANSFER_DATE"]),
        ({"transfer.paid_on": D("2018-09-04")}, ["TRANSFER_DATE"]),
        ({"transfer.paid_on": D("2018-07-01")}, []),
        ({"transfer.paid_on": D("2018-09-03")}, []),
        ({"usage.category": "platform"}, ["USAGE_CATEGORY"]),
        ({"usage.days_used": 0}, ["USAGE_NONE"]),
        ({"usage.days_used": 0, "usage.units": 1}, []),
        ({"usage.since": D("2018-06-30")}, ["USAGE_DATES"]),
        ({"usage.until": D("2018-09-04")}, ["USAGE_DATES"]),
        ({"usage.until": D("2018-07-04")}, ["USAGE_DATES"]),
        ({"usage.days_used": 57}, []),
        ({"usage.days_used": 58}, ["USAGE_DATES"]),
        ({"usage.since": D("2018-07-01")}, []),
        ({"usage.until": D("2018-09-03")}, []),
        ({"usage.since": D("2018-08-30"), "usage.days_used": 1}, []),
    ],
    ids=str,
)
def test_each_disagreement_is_named_and_none_invented(changed, codes) -> None:
    assert [finding.code for finding in match(case(**changed))] == codes


def test_all_disagreements_are_told_at_once_in_their_order() -> None:
    """A filer that is told of one a day files for a month."""
    other = {"seller_uscc": BUYER, "buyer_uscc": SELLER, "category": "platform"}
    tomorrow = D("2018-09-04")
    invoice = Invoice(number="1", amount_fen=2, issued_on=tomorrow, lines=lines(1), **other)
    contract = Contract(sha256="d" * 64, amount_fen=2, signed_on=tomorrow, **other)
    transfer = Transfer(reference="T", amount_fen=2, paid_on=tomorrow, payer_uscc=SELLER, payee_uscc=BUYER)
    usage = Usage(since=D("2018-06-30"), until=tomorrow, days_used=0, units=0, category="platform")
    told = [finding.code for finding in match(case(invoice=invoice, contract=contract, transfer=transfer, usage=usage))]
    assert told == [
        *("INVOICE_SELLER", "INVOICE_BUYER", "INVOICE_AMOUNT", "INVOICE_DATE", "INVOICE_CATEGORY", "INVOICE_LINES"),
        *("CONTRACT_HASH", "CONTRACT_SELLER", "CONTRACT_BUYER", "CONTRACT_AMOUNT", "CONTRACT_DATE"),
        *("CONTRACT_CATEGORY", "TRANSFER_AMOUNT", "TRANSFER_PARTIES", "TRANSFER_PARTIES", "TRANSFER_DATE"),
        *("USAGE_CATEGORY", "USAGE_NONE", "USAGE_DATES", "USAGE_DATES"),
    ]
    named = set(re.findall(r'"([A-Z]+_[A-Z]+)"', inspect.getsource(rules)))
    assert named == set(told), "none is left out here"


def test_a_finding_says_what_was_expected_and_what_stands_there() -> None:
    """The provider can correct its papers only if it is told what is wrong with them."""
    (finding,) = match(case(**{"invoice.issued_on": D("2018-06-30")}))
    assert finding.view() == {
        "code": "INVOICE_DATE",
        "field": "invoice.issued_on",
        "expected": ["2018-07-01", "2018-09-03"],
        "actual": "2018-06-30",
    }


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("04400182", "04400182"),
        (" 0440-0182 ", "04400182"),
        ("０４４００１８２", "04400182"),
        ("no.0440/01_82", "NO04400182"),
        ("ｎｏ.04400182", "NO04400182"),
        ("№04400182", "NO04400182"),
        ("--- ", None),
        ("㍿" * 11, None),
    ],
)
def test_one_invoice_has_one_key_however_it_is_written(number, key) -> None:
    """Two spellings of one number would be two payments."""
    assert invoice_key(number) == key


@pytest.mark.parametrize(
    ("order_", "changed", "missing"),
    [
        (order(), {}, []),
        (order(), {"transfer": None}, ["transfer"]),
        (order(own_fen=0, voucher_fen=1_000_000), {"transfer": None}, []),
        (order(), {"contract": None}, ["contract"]),
    ],
)
def test_materials_of_the_pack_are_asked_for(order_, changed, missing) -> None:
    """第二十二条 lists four; the transfer alone can be excused, where the enterprise had nothing to transfer."""
    assert missing_materials(pack=pack(), papers=papers(**changed), order=order_) == missing
