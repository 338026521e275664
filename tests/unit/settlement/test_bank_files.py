"""Files to the bank and from it: each opened by a tool that is not ours, each refused whole when it is not whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from infra.demo.bank import OLD_STATEMENT, Entry, Word, ordered, report, statement
from services.settlement.domain.bank import Booked, Said, contradictions, in_order, occurrences, payer_of
from services.settlement.formats import camt053, csv_, pain001, pain002, problems, sealed, xlsx
from services.settlement.formats.problems import Foreign, Malformed
from tests.unit.settlement.bank_cases import BATCH, ON, ORDER, PAYEE, PAYER, check, instruction, line

RESULTS_CSV = """reference,amount_yuan,status,date,reason
YQA,4000.00,settled,2018-09-03,
YQB,1234.56,failed,2018-09-03,账户已销户
YQC,0.01,returned,2018-09-04,
#rows,3,5234.57
"""
STATEMENT_CSV = """reference,amount_yuan,booked_on,direction,bank_reference
YQA,4000.00,2018-09-03,debit,X1
RC9,10.00,2018-09-03,credit,
#opening,-5.00
#closing,-3995.00
#account,6200000000000000017
#rows,2,4010.00
"""
ENTRIES = (
    Entry(400_000, "YQA", own="X1"),
    Entry(123_457, own="X2", together=(("YQB", 123_456), ("YQC", 1))),
    Entry(1_000, "RC9", credit=True),
)
REPORT = report(ORDER, {"YQA": Word(), "YQB": Word("RJCT", "AC04", "账户已销户"), "YQC": Word("PDNG")}, ON)
STATEMENT = statement(PAYER.account, ENTRIES, ON)

NAMES = [
    "=1+1",
    "＝1+1",
    "＠SUM(1)",
    " +1",
    "\r-1",
    "\n@x",
    "=cmd|x",
    "0062 0012345678901234",
    "9152E123",
    "6222-02-12",
    "12/5",
    "1.5",
]


# --- to the bank ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_no_name_in_the_csv_is_a_formula_or_a_number(name: str) -> None:
    """Enterprises write their account's holder themselves; a spreadsheet turns 19 digits into 6.2E+18."""
    lines = [replace(line("YQ1", 123_456), payee=replace(PAYEE, name=name, account="0062 0012345678901234"))]
    text = csv_.write_payments(lines).decode("utf-8")
    assert text.startswith("\ufeffreference,")
    (row,) = csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""))
    assert (row["payee_name"], row["account"]) == (f"\t{name}", "\t0062 0012345678901234")
    assert (row["bank_code"], row["payee_uscc"], row["amount_yuan"]) == ("\t010270100001", PAYEE.uscc, "1234.56")


@pytest.mark.parametrize("name", NAMES)
def test_the_workbook_keeps_what_identifies_as_text(name: str) -> None:
    """Opened by openpyxl: no formula, every digit, amounts that can be added up, the heading in place."""
    from openpyxl import load_workbook

    lines = (replace(line("YQ1", 123_456), payee=replace(PAYEE, name=name)), line("YQ2", 99_999_999_999_999))
    content = xlsx.write(replace(instruction(), lines=lines))
    sheet = load_workbook(io.BytesIO(content)).active
    heading, first, second = sheet.iter_rows()
    assert [cell.value for cell in heading] == list(csv_.COLUMNS)
    assert sheet.freeze_panes == "A2"
    assert {(cell.data_type, cell.number_format) for cell in (*first[:6], first[7])} == {("s", "@")}
    assert (first[1].value, first[5].value) == (name.strip().replace("\n", " "), PAYEE.account)
    assert (first[6].data_type, first[6].number_format, first[6].value) == ("n", "0.00", 1234.56)
    assert Decimal(str(second[6].value)) == Decimal("999999999999.99")


def test_an_amount_that_no_spreadsheet_holds_is_text() -> None:
    """16 digits as a number would lose the last fen in silence."""
    from openpyxl import load_workbook

    content = xlsx.write(replace(instruction(), lines=(line("YQ1", 10**15 + 1),)))
    cell = load_workbook(io.BytesIO(content)).active["G2"]
    assert (cell.data_type, cell.value) == ("s", "10000000000000.01")


def test_the_message_validates_and_adds_up() -> None:
    """libxml2 against the official schema; the bank refuses a file whose sums are not those of its payments."""
    local = replace(PAYER, region="520100", account="6200000000000000025")
    lines = (*instruction().lines, line("YQD", 7, fund="guizhou-2018:2018:520100", payer=local))
    content = pain001.write(replace(instruction(), lines=lines))
    check("pain.001.001.09", content)
    root = etree.fromstring(content)
    names = {"p": pain001.NAMESPACE}

    def texts(path: str) -> list[str]:
        return [one.text for one in root.findall(f".//{path}", names)]

    assert texts("p:GrpHdr/p:MsgId") == [BATCH]
    assert texts("p:NbOfTxs") == ["4", "3", "1"]
    assert texts("p:CtrlSum") == ["5234.64", "5234.57", "0.07"]
    assert texts("p:DbtrAcct/p:Id/p:Othr/p:Id") == [PAYER.account, local.account]
    assert texts("p:CdtrAcct/p:Id/p:Othr/p:Id")[0] == "00620012345678901234"
    assert texts("p:CdtrAgt//p:MmbId")[0] == PAYEE.bank_code
    assert {one.get("Ccy") for one in root.findall(".//p:InstdAmt", names)} == {"CNY"}
    assert ordered(content).payments == {**ORDER.payments, "YQD": 7}


def test_a_message_of_names_that_xml_does_not_take() -> None:
    """One holder with a control character in the name would leave the whole batch unpaid."""
    payee = replace(PAYEE, name="生成\x0b公司<&>\ufffe" + "长" * 200)
    content = pain001.write(replace(instruction(), lines=(replace(line("YQ1", 1), payee=payee),)))
    check("pain.001.001.09", content)


def test_a_message_of_codes_that_xml_does_not_take() -> None:
    """Lost otherwise: one payee keeps all others from being paid, by a defect or a file that the bank refuses."""
    payee = replace(PAYEE, bank_code="10\ufffe27", account="62\uffff22\n1")
    content = pain001.write(replace(instruction(), lines=(replace(line("YQ1", 1), payee=payee),)))
    check("pain.001.001.09", content)
    assert b">62221<" in content
    for blank in ("account", "bank_code", "name", "bank_name"):
        lines = (replace(line("YQ1", 1), payee=replace(PAYEE, **{blank: " \ufffe"})),)
        with pytest.raises(pain001.DoesNotFit):
            pain001.write(replace(instruction(), lines=lines))


def test_without_a_payer_there_is_no_message() -> None:
    with pytest.raises(pain001.PayerUnknown, match="guizhou-2018:2018"):
        pain001.write(replace(instruction(), lines=(line("YQ1", 1, payer=None),)))
    with pytest.raises(pain001.DoesNotFit):
        pain001.write(replace(instruction(), lines=(replace(line("Y", 1), payee=replace(PAYEE, account="1" * 35)),)))


@pytest.mark.parametrize("write", [lambda one: csv_.write_payments(one.lines), xlsx.write, pain001.write])
def test_the_same_instruction_gives_the_same_bytes(write: Callable[[Any], bytes], monkeypatch) -> None:
    """Its SHA-256 is told to the bank: a second rendering with another one could not be told from a forgery."""
    import time

    first = write(instruction())
    monkeypatch.setattr(time, "time", lambda: 4_000_000_000.0)
    monkeypatch.setattr(time, "localtime", lambda *_: time.gmtime(4_000_000_000))
    assert write(sealed.read(sealed.write(instruction()))) == first


@pytest.mark.parametrize(
    ("fund", "account"),
    [
        ("guizhou-2018:2018", PAYER.account),
        ("guizhou-2018:2018:520100", "L"),
        ("guizhou-2018:2018:520300", None),
        ("x:1", None),
    ],
)
def test_a_region_s_money_is_not_paid_from_the_programme_s_account(fund: str, account: str | None) -> None:
    payers = (replace(PAYER, region="520100", account="L"), PAYER)
    found = payer_of(payers, programme=fund.split(":", maxsplit=1)[0], fund=fund)
    assert (found and found.account) == account


# --- from the bank ----------------------------------------------------------------------------------------------------


def test_what_the_fixtures_say_validates() -> None:
    """Readers tried on messages that no bank could send would prove nothing."""
    check("pain.002.001.12", REPORT)
    check("camt.053.001.08", STATEMENT)
    check("pain.002.001.03", report(ORDER, {"YQA": Word()}, ON, kind="pain.002.001.03"))
    check("camt.053.001.02", statement(PAYER.account, ENTRIES, ON, kind=OLD_STATEMENT))
    check("pain.002.001.12", report(ORDER, {}, ON, group=Word("RJCT", "AM05", "重复报文")))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_results_as_csv(encoding: str) -> None:
    read = csv_.read_results(RESULTS_CSV.encode(encoding))
    assert [(one.reference, one.amount_fen, one.status, one.reason) for one in read.rows] == [
        ("YQA", 400_000, "settled", None),
        ("YQB", 123_456, "failed", "账户已销户"),
        ("YQC", 1, "returned", None),
    ]


def test_columns_go_by_their_names() -> None:
    """Finance sorts columns; by position an amount would be taken for a reference."""
    text = "status,date,amount_yuan,reference\r\nsettled,2018-09-03, 4000 ,\tYQA\r\n\r\n#rows,1,4000.00,,\r\n"
    (one,) = csv_.read_results(text.encode()).rows
    assert (one.reference, one.amount_fen, one.row) == ("YQA", 400_000, 2)


@pytest.mark.parametrize("kind", ["pain.002.001.03", "pain.002.001.10", "pain.002.001.12"])
@pytest.mark.parametrize(
    ("word", "status"),
    [
        (Word("ACSC"), "settled"),
        (Word("ACCC"), "settled"),
        (Word("RJCT", "AC04"), "failed"),
        (Word("RJCT", "RTRN"), "returned"),
        (Word("RTRN"), "returned"),
        *((Word(code), None) for code in ("RCVD", "PDNG", "ACTC", "ACCP", "ACSP")),
    ],
    ids=str,
)
def test_only_a_last_word_is_a_result(kind: str, word: Word, status: str | None) -> None:
    """A payment on its way that was taken for settled would pay a claim before the money left."""
    read = pain002.read(report(ORDER, {"YQA": word}, ON, kind=kind))
    assert [one.status for one in read.rows] == ([status] if status else [])
    assert (read.pending, read.batch_id) == (0 if status else 1, BATCH)


def test_a_file_that_the_bank_refused_whole() -> None:
    read = pain002.read(report(ORDER, {}, ON, group=Word("RJCT", "AM05", "重复报文")))
    assert (read.rows, read.refused_on, read.reason) == ((), ON, "AM05 重复报文")
    assert pain002.read(report(ORDER, {}, ON, group=Word("ACTC"))).refused_on is None
    with pytest.raises(Malformed, match="NO_TRANSACTIONS"):
        pain002.read(report(ORDER, {}, ON, group=Word("ACSC")))


@pytest.mark.parametrize("kind", ["camt.053.001.02", "camt.053.001.08"])
def test_a_statement_as_camt(kind: str) -> None:
    """Batch entries part by part, each under the payment's reference; what is not booked is left out."""
    pending = Entry(9, "YQZ", status="PDNG")
    read = camt053.read(statement(PAYER.account, (*ENTRIES, Entry(5, own="X9"), pending), ON, kind=kind))
    assert [(one.reference, one.amount_fen, one.direction, one.bank_reference) for one in read.entries] == [
        ("YQA", 400_000, "debit", "X1"),
        ("YQB", 123_456, "debit", "X2-1"),
        ("YQC", 1, "debit", "X2-2"),
        ("RC9", 1_000, "credit", None),
        ("X9", 5, "debit", "X9"),
    ]
    assert (read.account, read.own_id) == (PAYER.account, "00000017-20180903-1")


def test_a_reversal_is_money_that_came_back() -> None:
    read = camt053.read(statement(PAYER.account, [Entry(5, "YQA", credit=True, reversal=True)], ON))
    assert read.entries[0].direction == "credit"


@pytest.mark.parametrize(
    ("time", "on"), [("2018-09-03T17:00:00Z", date(2018, 9, 4)), ("2018-09-03T17:00:00", date(2018, 9, 3))]
)
def test_the_day_of_a_booking_is_shanghai_s(time: str, on: date) -> None:
    """Lost otherwise: a repayment that a clerk recorded by its day is counted again from the statement."""
    content = statement(PAYER.account, [Entry(5, "RC9", credit=True)], ON)
    told_ = content.replace(b"<BookgDt><Dt>2018-09-03</Dt>", f"<BookgDt><DtTm>{time}</DtTm>".encode())
    assert told_ != content
    assert camt053.read(told_).entries[0].booked_on == on


def test_a_statement_as_csv() -> None:
    read = csv_.read_statement(STATEMENT_CSV.encode())
    assert [(one.reference, one.signed_fen, one.bank_reference) for one in read.entries] == [
        ("YQA", -400_000, "X1"),
        ("RC9", 1_000, None),
    ]
    assert read.account == PAYER.account


# --- refused whole ----------------------------------------------------------------------------------------------------


def told(read: Callable[[bytes], object], content: bytes) -> list[tuple[int, str]]:
    with pytest.raises(Malformed) as error:
        read(content)
    assert error.value.facts["total"] >= len(error.value.facts["rows"]) > 0
    return [(one.row, one.code) for one in error.value.problems]


def of_csv(old: str, new: str) -> bytes:
    assert old in RESULTS_CSV
    return RESULTS_CSV.replace(old, new).encode()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", (0, "EMPTY")),
        (b"\n\n", (0, "EMPTY")),
        (b"\xff\xfe\x00", (0, "ENCODING")),
        (RESULTS_CSV.encode("utf-16"), (0, "ENCODING")),
        (b"PK\x03\x04" + bytes(40), (1, "HEADER")),
        (of_csv("reference,amount_yuan", "reference,reference"), (1, "HEADER")),
        (of_csv("date,reason", "date,why"), (1, "HEADER")),
        (of_csv("4000.00,settled", "-4000.00,settled"), (2, "AMOUNT_YUAN")),
        (of_csv("4000.00,settled", "0.00,settled"), (2, "AMOUNT_YUAN")),
        (of_csv("4000.00,settled", "4e3,settled"), (2, "AMOUNT_YUAN")),
        (of_csv("4000.00,settled", "4000.001,settled"), (2, "AMOUNT_YUAN")),
        (of_csv("4000.00,settled", f"{'9' * 400},settled"), (2, "AMOUNT_YUAN")),
        (of_csv("4000.00,settled", "999999999999999,settled"), (2, "AMOUNT_YUAN")),
        (of_csv("4000.00,settled", "٤٠٠٠,settled"), (2, "AMOUNT_YUAN")),
        (of_csv("settled", "paid"), (2, "STATUS")),
        (of_csv("settled,2018-09-03", "settled,2018-9-3"), (2, "DATE")),
        (of_csv("settled,2018-09-03", "settled,2018-02-30"), (2, "DATE")),
        (of_csv("YQA", "Y" * 41), (2, "REFERENCE")),
        (of_csv("YQA", "YQ\x00A"), (2, "REFERENCE")),
        (of_csv("YQA,", ","), (2, "REFERENCE")),
        (of_csv("YQA,4000.00", "YQA"), (2, "ROW_SHAPE")),
        (of_csv("账户已销户", '"账户'), (5, "CSV")),
        (of_csv("#rows,3,5234.57\n", ""), (0, "TRUNCATED")),
        (of_csv("#rows,3", "#rows,4"), (5, "TRUNCATED")),
        (of_csv("#rows,3,5234.57", "#rows,3,5234.58"), (5, "TRUNCATED")),
        (of_csv("#rows,3,5234.57", "#rows,3"), (5, "TRUNCATED")),
        (of_csv("#rows,3,5234.57", "#rows,3,5234.57\nYQD,1,settled,2018-09-03,"), (6, "AFTER_END")),
        (of_csv("#rows", "#total"), (5, "CONTROL")),
    ],
    ids=lambda one: str(one)[:60],
)
def test_results_that_are_refused_whole(content: bytes, expected: tuple[int, str]) -> None:
    """Half a file that is booked leaves payments that nobody looks for."""
    assert told(csv_.read_results, content)[0] == expected


def test_all_rows_are_told_at_once_and_not_too_many() -> None:
    rows = "\n".join(f"YQ{n},nothing,settled,2018-09-03," for n in range(200))
    with pytest.raises(Malformed) as error:
        csv_.read_results(f"reference,amount_yuan,status,date,reason\n{rows}\n#rows,200,1\n".encode())
    assert (error.value.total, len(error.value.problems)) == (200, 50)


def test_a_file_of_too_many_rows_is_not_read_on(monkeypatch) -> None:
    """The service answers everybody else while it reads."""
    for module in (csv_, camt053, pain002):
        monkeypatch.setattr(problems, "MOST_ROWS", 2)
        if hasattr(module, "MOST_ROWS"):
            monkeypatch.setattr(module, "MOST_ROWS", 2)
    monkeypatch.setattr("services.settlement.formats.xml.MOST_ROWS", 2)
    assert told(csv_.read_results, RESULTS_CSV.encode())[0][1] == "TOO_MANY_ROWS"
    assert told(pain002.read, REPORT)[0][1] == "TOO_MANY_ROWS"
    assert told(camt053.read, STATEMENT)[0][1] == "TOO_MANY_ROWS"


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("#closing,-3995.00", "#closing,-3995.01", "BALANCE_MISMATCH"),
        ("#closing,-3995.00\n", "", "BALANCE_MISSING"),
        ("#closing,-3995.00", "#closing,x", "BALANCE"),
        ("debit,X1", "out,X1", "DIRECTION"),
        ("#account,6200000000000000017", "#account", "CONTROL"),
    ],
)
def test_statements_as_csv_that_are_refused_whole(old: str, new: str, code: str) -> None:
    assert told(csv_.read_statement, STATEMENT_CSV.replace(old, new).encode())[0][1] == code


def of_camt(old: bytes, new: bytes, most: int = 1) -> bytes:
    assert old in STATEMENT
    return STATEMENT.replace(old, new, most)


BOMB = b'<!DOCTYPE Document [<!ENTITY a "xxxxxxxxxx"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = b'<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/hostname">]>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY"),
        (b"<", "XML"),
        (b"\x00\x01", "XML"),
        (b"reference,amount_yuan\n", "XML"),
        (REPORT, "NAMESPACE"),
        (of_camt(b"camt.053.001.08", b"camt.053.001.99"), "NAMESPACE"),
        (of_camt(b"<Document", BOMB + b"<Document"), "DOCTYPE"),
        (of_camt(b"<Document", OUTSIDE + b"<Document").replace(b"RC9", b"&x;"), "DOCTYPE"),
        (of_camt(b"UTF-8", b"UTF-99"), "XML"),
        (of_camt(b">4000.00<", b">4000.01<"), "SUMMARY_MISMATCH"),
        (of_camt(b">4000.00<", b">-4000.00<"), "ENTRY"),
        (of_camt(b">4000.00<", b">4E3<"), "ENTRY"),
        (of_camt(b">4000.00<", b">" + b"9" * 300 + b"<"), "ENTRY"),
        (of_camt(b"<NbOfNtries>3<", b"<NbOfNtries>4<"), "SUMMARY_MISMATCH"),
        (of_camt(b">5234.57</Sum>", b">5234.58</Sum>"), "SUMMARY_MISMATCH"),
        (of_camt(b"<Cd>CLBD</Cd>", b"<Cd>ITBD</Cd>"), "BALANCE_MISSING"),
        (of_camt(b">10000000000.00<", b">10000000001.00<"), "BALANCE_MISMATCH"),
        (of_camt(b">0.01<", b">0.02<"), "ENTRY"),
        (of_camt(b"<CdtDbtInd>DBIT</CdtDbtInd><Sts>", b"<Sts>"), "ENTRY"),
        (of_camt(b"<BookgDt><Dt>2018-09-03", b"<BookgDt><Dt>2018-09-31"), "ENTRY"),
    ],
    ids=lambda one: str(one)[:50],
)
def test_statements_as_camt_that_are_refused_whole(content: bytes, code: str) -> None:
    """An entry that is missing shows in no line; the balances know it."""
    assert told(camt053.read, content)[0][1] == code


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (camt053.read, of_camt(b'Ccy="CNY">4000.00', b'Ccy="USD">4000.00')),
        (camt053.read, of_camt(b"<Ccy>CNY<", b"<Ccy>HKD<")),
        (pain002.read, REPORT.replace(b'"CNY"', b'"USD"')),
    ],
)
def test_another_currency_is_foreign(read: Callable[[bytes], object], content: bytes) -> None:
    """4,000 dollars are not 4,000 yuan."""
    with pytest.raises(Foreign):
        read(content)


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"<TxSts>ACSC<", b"<TxSts>PAID<", "STATUS"),
        (b"<OrgnlEndToEndId>YQA</OrgnlEndToEndId>", b"", "REFERENCE"),
        (b">4000.00<", b">-1<", "VALUE"),
        (b"<OrgnlMsgId>" + BATCH.encode() + b"</OrgnlMsgId>", b"", "INCOMPLETE"),
        (b"<CreDtTm>2018-09-03T18:00:00+08:00</CreDtTm>", b"<CreDtTm>yesterday</CreDtTm>", "TIME"),
        (b"<CreDtTm>2018-09-03T18:00:00+08:00<", b"<CreDtTm>0001-01-01T00:00:00+14:00<", "TIME"),
        (b"<GrpHdr>", b"<GrpHdr><no:CreDtTm/>", "XML"),
        (b"<Document", BOMB + b"<Document", "DOCTYPE"),
    ],
)
def test_reports_that_are_refused_whole(old: bytes, new: bytes, code: str) -> None:
    assert old in REPORT
    assert told(pain002.read, REPORT.replace(old, new, 1))[0][1] == code


def test_a_report_whose_header_comes_last_says_no_day() -> None:
    """Lost otherwise: payments are settled on the first day of the first year."""
    start, end = REPORT.index(b"<GrpHdr>"), REPORT.index(b"</GrpHdr>") + len(b"</GrpHdr>")
    content = REPORT[:start] + REPORT[end:].replace(b"</CstmrPmtStsRpt>", REPORT[start:end] + b"</CstmrPmtStsRpt>")
    assert told(pain002.read, content)[0][1] == "INCOMPLETE"


def test_whose_report_it_is_stays_short() -> None:
    """Lost otherwise: the refusal, which goes to all who listen, is as long as the file, whatever stands there."""
    batch_id = pain002.read(REPORT.replace(BATCH.encode(), b"6222" * 100_000)).batch_id
    assert batch_id is not None
    assert len(batch_id) < 40


@pytest.mark.parametrize(
    ("read", "content"),
    [
        (csv_.read_results, RESULTS_CSV.encode()),
        (csv_.read_results, RESULTS_CSV.encode("gb18030")),
        (csv_.read_statement, STATEMENT_CSV.encode()),
        (pain002.read, REPORT),
        (camt053.read, STATEMENT),
    ],
    ids=["results", "results in GB18030", "statement", "pain.002", "camt.053"],
)
def test_a_file_cut_off_anywhere_is_refused_or_still_says_the_same(
    read: Callable[[bytes], Any], content: bytes
) -> None:
    """An upload or a mail may break off; of what came, nothing may be booked that is not all of it."""
    whole = read(content)
    for end in range(0, len(content), 1 if len(content) < 500 else 7):
        try:
            assert read(content[:end]) == whole, end
        except Malformed:
            continue


# --- what rows come to ------------------------------------------------------------------------------------------------


def said(reference: str, status: str, amount: int | None = 5, reason: str | None = None, day: int = 3) -> Said:
    return Said(reference=reference, status=status, amount_fen=amount, on=ON.replace(day=day), reason=reason)


def test_rows_come_in_one_order_each_word_once() -> None:
    rows = [
        said("B", "returned"),
        said("A", "settled"),
        said("B", "settled"),
        said("B", "unknown"),
        said("A", "settled"),
    ]
    assert [(one.reference, one.status) for one in in_order(rows)] == [
        ("A", "settled"),
        ("B", "unknown"),
        ("B", "settled"),
        ("B", "returned"),
    ]
    assert in_order(reversed(rows)) == in_order(rows)


@pytest.mark.parametrize(
    ("rows", "contradicted"),
    [
        ([said("A", "settled"), said("A", "failed")], True),
        ([said("A", "failed"), said("A", "returned")], True),
        ([said("A", "settled", 5), said("A", "settled", 6)], True),
        ([said("A", "settled"), said("A", "returned")], False),
        ([said("A", "unknown"), said("A", "failed")], False),
        ([said("A", "settled", 5), said("A", "settled", None)], False),
        ([said("A", "settled"), said("B", "failed")], False),
    ],
    ids=str,
)
def test_what_denies_another_row_is_seen(rows: list[Said], contradicted: bool) -> None:
    """Settled and failed in one file: whichever came last would decide whether it is paid again."""
    assert bool(list(contradictions(in_order(rows)))) is contradicted


def test_two_equal_bookings_on_one_statement_are_two() -> None:
    one = Booked(reference="A", amount_fen=5, booked_on=ON, bank_reference="X")
    assert [number for _one, number in occurrences([one, replace(one, amount_fen=6), one])] == [0, 0, 1]
