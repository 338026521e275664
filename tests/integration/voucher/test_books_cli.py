"""The books as an auditor and a treasurer take them away: lines, sheets, paper, to the fen."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import subprocess
import zipfile
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import openpyxl
import pytest
from click.testing import CliRunner

from contracts import catalogue
from contracts.client import result_of
from infra import signature_cli
from infra.db import create_engine
from infra.local import packages
from infra.messages import Actor, Command
from services.voucher import books_cli, tables, year_words
from services.voucher.account_sheet import account_sheet
from services.voucher.year_paper import money, paper
from services.voucher.year_sheets import workbook
from tests.integration.voucher.elsewhere import NEIMENGGU, Elsewhere
from tests.integration.voucher.test_year_statement import FUNDS, close, correct

BUDGET = f"budget:{NEIMENGGU}:2019"


class Called:
    """What a client would get of a service, without the bus."""

    def __init__(self, world, role):
        self.world, self.role = world, role

    def call(self, _service, method, **body):
        loaded = catalogue.METHODS[f"voucher.{method}"].request().load(body)
        actor = Actor(f"cli:{self.role}", frozenset({self.role}))
        command = Command(method, self.world.new("Z"), loaded, actor, "corr")
        if method == "sign_year":
            return result_of(self.world.pipeline.run_commands(method, [command])[0])
        return result_of(self.world.pipeline.run_query(method, command))


@pytest.fixture
def world(monkeypatch, signing_key):
    engine = create_engine("sqlite://", service="voucher")
    world = Elsewhere(engine, NEIMENGGU)
    world.roles |= dict.fromkeys(("correct_entry", "confirm_correction"), "finance")
    world.published(1_000_001, funds=FUNDS)
    world.published(500_000, region="1502")
    company, products = world.company(), [world.shop(price_fen=1_000_000) for _ in range(2)]
    order = world.bought(company, products[0][1], agreement=None)
    world.paid(order, world.claimed(order), 200_003)
    world.clock.moment = datetime(2019, 12, 31, 15, 59, 59, tzinfo=UTC)  # the year's last second in Shanghai
    world.bought(company, products[1][1], 400_000, agreement=None)

    @contextmanager
    def connect(_folder, *, role):
        yield Called(world, role)

    monkeypatch.setattr("infra.local.connect.connect", connect)
    yield world
    engine.dispose()


def run(command, *words):
    return CliRunner().invoke(command, list(words))


def table(text):
    return [dict(zip(books_cli.HEADS, row, strict=True)) for row in list(csv.reader(io.StringIO(text)))[1:]]


def test_a_statement_runs_from_balance_to_balance(world, tmp_path, monkeypatch):
    """Lost otherwise: an auditor adds up columns by hand, and a day's end is that of another time zone."""
    monkeypatch.setattr(books_cli, "PAGE", 2)
    file = tmp_path / "budget.csv"
    assert run(books_cli.statement, "--account", BUDGET, "--csv", str(file)).exit_code == 0
    rows = table(file.read_text("utf-8-sig"))
    moved = [row for row in rows if row["kind"] in books_cli.MOVED]
    pending = [row for row in rows if row["kind"] in ("pending", "void_pending")]
    sums = {row["time"]: row for row in rows if not row["entry"]}
    assert [row["balance"] for row in moved] == ["10000.01", "7500.01", "7999.98"]
    assert all(row["balance"] == "" for row in pending)
    assert len(pending) == 2
    assert (sums["opening balance"]["balance"], sums["closing balance"]["balance"]) == ("0.00", "7999.98")
    assert (sums["entries"]["debit"], sums["entries"]["credit"]) == ("2500.00", "10499.98")
    assert (sums["pending"]["debit"], sums["pending"]["credit"]) == ("1000.00", "0.00")
    assert len(moved) + len(pending) == len(
        world.rows(tables.transfers, (tables.transfers.c.debit == BUDGET) | (tables.transfers.c.credit == BUDGET))
    )


def test_days_are_those_of_shanghai(world):
    """Lost otherwise: the last hours of a year in the next one's statement."""
    last, after = (
        run(books_cli.statement, "--account", BUDGET, "--from", day, "--to", day)
        for day in ("2019-12-31", "2020-01-01")
    )
    assert "2019-12-31 23:59:59" in last.output
    assert re.search(r"opening balance +7999\.98\n", last.output)
    assert "23:59:59" not in after.output
    assert run(books_cli.statement, "--account", BUDGET, "--from", "2020-01-02", "--to", "2020-01-01").exit_code == 2


def test_no_such_account(world):
    """Lost otherwise: an empty page for a misspelt name, which looks like an account without entries."""
    found = run(books_cli.statement, "--account", "budget:nowhere:2019")
    assert found.exit_code == 2
    assert "there is no account budget:nowhere:2019" in found.output


def test_a_statement_as_a_workbook(world, tmp_path):
    """Lost otherwise: amounts as text, which a spreadsheet adds up to 0."""
    file = tmp_path / "budget.xlsx"
    assert run(books_cli.statement, "--account", BUDGET, "--xlsx", str(file)).exit_code == 0
    entries = openpyxl.load_workbook(file)["entries"]
    assert [row[-1] for row in entries.iter_rows(min_row=2, values_only=True)] == [10000.01, 7500.01, 7999.98]
    assert {cell.data_type for cell in entries["B"]} == {"s"}


def test_a_trial_balance_says_when_it_does_not_add_up(world):
    """Lost otherwise: a script that goes on with broken books."""
    words = ("--programme", NEIMENGGU, "--year", "2019")
    whole = run(books_cli.trial_balance, *words)
    assert whole.exit_code == 0
    assert whole.output.splitlines()[-1] == "sum 0.00  pending difference 0.00"
    with world.engine.begin() as conn:
        conn.execute(tables.accounts.update().where(tables.accounts.c.name == BUDGET).values(debits_posted=0))
    broken = run(books_cli.trial_balance, *words)
    assert (broken.exit_code, broken.output.splitlines()[-1]) == (1, "sum 2500.00  pending difference 0.00")


def test_no_trial_balance_of_what_there_is_not(world):
    """Lost otherwise: a misspelt programme or year, `sum 0.00`, exit code 0."""
    for programme, year, code in (("nope", "2019", "PROGRAMME_UNKNOWN"), (NEIMENGGU, "2031", "NO_PLAN")):
        found = run(books_cli.trial_balance, "--programme", programme, "--year", year)
        assert (found.exit_code, code in found.output, "sum" in found.output) == (2, True, False)
    world.published(1, year=2020)
    assert run(books_cli.trial_balance, "--programme", NEIMENGGU, "--year", "2020").exit_code == 0


def pdf_words(path):
    packages.need("pdftotext")
    told = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True)
    return told.stdout


def test_a_year_on_paper_and_in_sheets(world, tmp_path):
    """Lost otherwise: a treasurer signs a page with other figures than the ledger's."""
    ids = correct(world, 100_000, to=f"redeemed:{NEIMENGGU}:2019:1502", reason="=付错资金渠道 & <更正>")["result"]
    world.ok("confirm_correction", subject="finance-2", correction_id=ids["id"], decision="confirm")
    words = ("--programme", NEIMENGGU, "--year", "2019", "--out", str(tmp_path), "--sign")
    early = run(books_cli.year_statement, *words)
    assert early.exit_code == 2
    assert "YEAR_OPEN" in early.output
    close(world)
    assert run(books_cli.year_statement, *words).exit_code == 0
    told = world.ask("year_statement", programme=NEIMENGGU, year=2019)
    raw = (tmp_path / "statement.json").read_bytes()
    assert hashlib.sha256(raw).hexdigest() == told["sha256"]
    assert json.loads(raw) == told["statement"]
    assert [one["signed_by"] for one in told["signatures"]] == ["cli:finance"]
    verified = run(signature_cli.verify_file, str(tmp_path / "signature.json"))
    assert (verified.exit_code, json.loads(verified.output)["kind"]) == (0, "year-statement")
    figures = [fen for _, rows in year_words.sections(told["statement"]) for _, fen in rows]

    book = openpyxl.load_workbook(tmp_path / "statement.xlsx")
    assert book.sheetnames == ["报表", "分级负担", "试算平衡", "流水汇总", "更正"]
    amounts = [row[1] for row in book["报表"].iter_rows(values_only=True) if isinstance(row[1], int | float)]
    assert [round(amount * 100) for amount in amounts] == figures
    levels = list(book["分级负担"].iter_rows(min_row=2, values_only=True))
    assert [row[:3] for row in levels] == [
        ("省级", 6000, 600.02), ("市级", 4000.01, 400.01), ("合计", 10000.01, 1000.03),
    ]  # fmt: skip
    assert {cell.number_format for cell in book["试算平衡"]["B"][1:]} == {"#,##0.00"}
    *kinds, sums = book["试算平衡"].iter_rows(min_row=2, values_only=True)
    assert (sums[0], sums[1] - sums[2], sums[3] - sums[4], sums[5]) == ("合计", 0, 0, 0)
    assert kinds[-1] == ("与其他资金渠道之间的更正", 0, 1000, 0, 0, 1000)
    (correction,) = book["更正"].iter_rows(min_row=2, max_row=2)
    assert (correction[4].value, correction[4].data_type) == ("=付错资金渠道 & <更正>", "s")
    assert (correction[0].value, correction[-1].value) == (ids["id"], 1000)

    page = pdf_words(tmp_path / "statement.pdf")
    for word in ("年度资金报表", "资金来源", "资金去向", "各级负担", "试算平衡", "财务负责人（签字）", "单位（盖章）",
                 "=付错资金渠道 & <更正>", "与其他资金渠道之间的更正",
                 "cli:finance", "第 1 页，共 2 页", f"SHA-256 {told['sha256']}"):  # fmt: skip
        assert word in page, word
    of_kinds = page[page.index("试算平衡") : page.index("六、更正")].split("合计")[1]
    debits, credits_, *pending, balance = re.findall(r"-?[\d,]+\.\d\d", of_kinds)
    assert (debits, pending[0], balance) == (credits_, pending[1], "0.00")
    solid = re.sub(r"\s", "", page)
    signed_at = (world.clock.moment + timedelta(hours=8)).strftime("%Y-%m-%d%H:%M:%S")
    for word in (
        "提出：finance-12019-12-3123:59:59",
        "复核：finance-22019-12-3123:59:59",
        f"cli:finance，{signed_at}，",
    ):
        assert word in solid, f"{word}: of Beijing, as all else on the page"
    assert not re.search(r"\dT\d", solid)
    assert [correction[at].value for at in (6, 8)] == ["2019-12-31 23:59:59"] * 2
    missing = {money(fen) for fen in figures} - set(re.findall(r"-?[\d,]+\.\d\d", page))
    assert missing == set()


def test_the_same_statement_is_the_same_files(world):
    """Lost otherwise: two prints of one year that nobody can tell to be the same."""
    told = world.ask("year_statement", programme=NEIMENGGU, year=2019)
    parts = {"statement": told["statement"], "sha256": told["sha256"], "title": "内蒙古"}
    for render in (workbook, paper):
        assert len({render(**parts) for _ in range(2)}) == 1
    with zipfile.ZipFile(io.BytesIO(workbook(**parts))) as parts_of:
        assert {part.date_time for part in parts_of.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert parts_of.read("docProps/core.xml").count(b">1980-01-01T00:00:00Z<") == 2


@pytest.mark.parametrize(
    ("fen", "held"),
    [
        (999_999_999_999_999, 9_999_999_999_999.99),
        (1_000_000_000_000_001, "10000000000000.01"),
        (-1_000_000_000_000_001, "-10000000000000.01"),
    ],
)
def test_no_sheet_rounds_an_amount(world, fen, held):
    """Lost otherwise: a spreadsheet keeps fifteen digits, and shows another fen than was signed."""
    told = world.ask("year_statement", programme=NEIMENGGU, year=2019)["statement"]
    told = {**told, "figures": dict.fromkeys(told["figures"], fen)}
    book = openpyxl.load_workbook(io.BytesIO(workbook(told, sha256="0" * 64, title="内蒙古")))
    assert held in [row[1] for row in book["报表"].iter_rows(values_only=True)]
    line = ["", f"{Decimal(fen).scaleb(-2)}"]
    sheet = openpyxl.load_workbook(io.BytesIO(account_sheet(["a", "b"], [line], [], [], 1)))["entries"]
    assert sheet["B2"].value == held


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0.00"), (-5, "-0.05"), (123_456_789, "1,234,567.89"), (-100_000_000, "-1,000,000.00")]
)
def test_money_on_paper(fen, text):
    """Lost otherwise: a sign or a place."""
    assert money(fen) == text
