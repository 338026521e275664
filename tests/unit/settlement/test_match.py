"""The four-way match: one disagreement overlooked is money paid on false papers; one invented, an honest claim lost."""

from __future__ import annotations

from datetime import date

import pytest

from services.settlement.domain.match import invoice_key, match, missing_materials
from tests.unit.settlement.cases import BUYER, SELLER, case, order, pack, papers

D = date.fromisoformat


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
        ({"contract.sha256": "d" * 64}, ["CONTRACT_HASH"]),
        ({"transfer.amount_fen": 599_999}, ["TRANSFER_AMOUNT"]),
        ({"transfer.payer_uscc": SELLER}, ["TRANSFER_PARTIES"]),
        ({"transfer.payee_uscc": BUYER}, ["TRANSFER_PARTIES"]),
        ({"transfer.payer_uscc": SELLER, "transfer.payee_uscc": BUYER}, ["TRANSFER_PARTIES", "TRANSFER_PARTIES"]),
        ({"transfer.paid_on": D("2018-06-30")}, ["TRANSFER_DATE"]),
        ({"transfer.paid_on": D("2018-09-04")}, ["TRANSFER_DATE"]),
        ({"usage.days_used": 0}, ["USAGE_NONE"]),
        ({"usage.days_used": 0, "usage.units": 1}, []),
        ({"usage.since": D("2018-06-30")}, ["USAGE_DATES"]),
        ({"usage.until": D("2018-09-04")}, ["USAGE_DATES"]),
        ({"usage.until": D("2018-07-04")}, ["USAGE_DATES"]),
        ({"usage.days_used": 57}, []),
        ({"usage.days_used": 58}, ["USAGE_DATES"]),
        (
            {"invoice.amount_fen": 1, "contract.sha256": "d" * 64, "transfer.amount_fen": 1, "usage.days_used": 0},
            ["INVOICE_AMOUNT", "CONTRACT_HASH", "TRANSFER_AMOUNT", "USAGE_NONE"],
        ),
    ],
    ids=str,
)
def test_each_disagreement_is_named_and_none_invented(changed, codes) -> None:
    assert [finding.code for finding in match(case(**changed))] == codes


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
