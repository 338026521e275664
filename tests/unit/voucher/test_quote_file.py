"""The quote command: files as operators have them, and results that are whole or not there."""

import csv
import io
import json

import pytest
from click.testing import CliRunner

from contracts.programmes import Library, loader, shipped
from contracts.programmes.loader import SHIPPED
from services.voucher.cases import COLUMNS, CaseReader
from services.voucher.cli import quote
from services.voucher.quote import RESULT_COLUMNS, CannotQuote, Totals, quote_file, quote_row

GUIZHOU = {
    "programme": "guizhou-2018", "on": "2018-10-08", "category": "infrastructure", "price_yuan": "80000",
    "used_this_year_yuan": "0", "registered_on": "2016-03-01", "region": "520102", "legal_person": "yes",
    "violation": "no", "bad_credit": "no", "affiliated": "no",
}  # fmt: skip
SHENYANG = {
    "programme": "shenyang-2018", "on": "2019-06-03", "track": "industrial", "paid_yuan": "900000",
    "used_this_year_yuan": "0", "years_used": "0", "prior_revenue_yuan": "400000000", "region": "210102",
    "tax_region": "210106", "legal_person": "yes", "industry": "industrial",
}  # fmt: skip
SHANDONG = {
    "programme": "shandong-2017", "on": "2018-05-07", "region": "370102", "legal_person": "yes", "size": "small",
}  # fmt: skip


def csv_of(*rows, columns=COLUMNS):
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def run(tmp_path, content, *options):
    cases, out = tmp_path / "cases.csv", tmp_path / "result.csv"
    cases.write_bytes(content if isinstance(content, bytes) else content.encode())
    answer = CliRunner().invoke(quote, [str(cases), "--out", str(out), *options])
    rows = list(csv.DictReader(out.open(encoding="utf-8"))) if out.exists() else None
    return answer, rows


def test_the_command_carries_cases_through_in_any_column_order(tmp_path):
    """Results could not be laid beside the cases."""
    content = "\ufeff" + csv_of(
        {"case": "一,1"} | GUIZHOU,
        {"case": " 2"} | SHENYANG,
        columns=sorted(COLUMNS),
    )
    answer, rows = run(tmp_path, content)
    assert answer.exit_code == 0
    assert [(row["case"], row["amount_fen"]) for row in rows] == [("一,1", "3200000"), (" 2", "45000000")]
    assert tuple(rows[0]) == RESULT_COLUMNS
    totals = json.loads(answer.stdout.splitlines()[-1])
    assert {name: totals[name] for name in ("rows", "entitled", "refused", "unreadable", "amount_fen")} == {
        "rows": 2, "entitled": 2, "refused": 0, "unreadable": 0, "amount_fen": 48_200_000,
    }  # fmt: skip


def test_blanks_of_a_cell_are_part_of_it(tmp_path):
    """A cell that is no plain decimal, day or known word would be guessed at, and one of blanks pass for not given."""
    blank = {"violation": " no ", "market_price_yuan": "  ", "price_yuan": "80000 ", "on": "2018-10-08"}
    content = csv_of(
        {"case": "1"} | GUIZHOU | blank,
        {"case": "2"} | GUIZHOU | {"programme": "guizhou-2018 "},
        {"case": "3"} | SHANDONG | {"overlay": " "},
        {"case": "4"} | GUIZHOU | {"paid_yuan": " not looked at "},
    )
    _, rows = run(tmp_path, content.replace("case,programme", " case ,programme ", 1))
    assert [row["refusals"] for row in rows] == [
        "FACT_INVALID:price_yuan|FACT_INVALID:market_price_yuan|FACT_INVALID:violation",
        "FACT_INVALID:programme",
        "FACT_INVALID:overlay",
        "",
    ]


def test_columns_that_are_absent_are_told_and_not_given(tmp_path):
    """A misspelt column would pass for an unchecked price in silence."""
    columns = [name for name in COLUMNS if name != "market_price_yuan"]
    answer, rows = run(tmp_path, csv_of({"case": "1"} | GUIZHOU, columns=[*columns, "market_price"]))
    assert answer.exit_code == 0
    assert rows[0]["amount_fen"] == "3200000"
    assert "market_price_yuan" in answer.stderr
    assert "not looked at: market_price" in answer.stderr


BROKEN = [
    ("no-essential-column", "case,programme\n1,guizhou-2018\n", "no column on"),
    ("empty", "", "no column case, programme, on"),
    ("column-twice", "case,programme,on,on\n", "column on is there twice"),
    ("not-utf-8", csv_of({"case": "1"} | GUIZHOU).encode() + "贵".encode("gbk"), "not UTF-8"),
    ("row-too-long", "case,programme,on\n1,guizhou-2018,2018-10-08,x\n", "row 1 has 4 cells"),
    ("quote-not-closed", 'case,programme,on\n"1,guizhou-2018,2018-10-08\n', "unexpected end of data"),
    ("cell-too-large", "case,programme,on\n" + "x" * 200_000 + ",a,b\n", "field larger"),
]


@pytest.mark.parametrize(("content", "what"), [pytest.param(content, what, id=name) for name, content, what in BROKEN])
def test_a_file_that_is_not_cases_is_refused_in_one_line_and_leaves_nothing(tmp_path, content, what):
    """Half a result would pass for a whole one."""
    answer, rows = run(tmp_path, content)
    assert answer.exit_code == 2
    assert rows is None
    assert [path.name for path in tmp_path.iterdir()] == ["cases.csv"]
    assert what in answer.stderr.splitlines()[-1]
    assert answer.stderr.splitlines()[-1].startswith("yunquan quote: ")


def test_a_failed_run_leaves_an_earlier_result_alone(tmp_path):
    """The last good result would be lost to a broken file."""
    assert run(tmp_path, csv_of({"case": "1"} | GUIZHOU))[0].exit_code == 0
    answer, rows = run(tmp_path, "case,programme,on\n1,2,3,4\n")
    assert answer.exit_code == 2
    assert rows[0]["amount_fen"] == "3200000"


def test_paths_that_cannot_be_used_are_named(tmp_path):
    """An operator would see a stack."""
    cases = tmp_path / "cases.csv"
    cases.write_text(csv_of(GUIZHOU), "utf-8")
    for arguments, what in (
        (["/nowhere.csv", "--out", str(tmp_path / "a")], "/nowhere.csv"),
        ([str(cases), "--out", str(tmp_path / "no" / "a")], "No such file"),
        ([str(cases), "--out", str(cases)], "overwrite"),
        ([str(tmp_path), "--out", str(tmp_path / "a")], "directory"),
        ([str(cases), "--out", str(tmp_path / "a"), "--packs", str(tmp_path / "none")], "no such folder"),
    ):
        answer = CliRunner().invoke(quote, arguments)
        assert answer.exit_code == 2, arguments
        assert len(answer.stderr.splitlines()) == 1
        assert what in answer.stderr
    assert cases.read_text("utf-8") == csv_of(GUIZHOU)


def test_a_folder_of_packs_adds_a_sixth_programme(tmp_path):
    """A new region would need a developer."""
    text = (SHIPPED / "guizhou-2018.v1.toml").read_text(encoding="utf-8")
    (tmp_path / "packs").mkdir()
    sixth = text.replace('"guizhou-2018"', '"sixth-2030"').replace('cap_yuan = "50000"', 'cap_yuan = "10000"')
    (tmp_path / "packs" / "sixth.toml").write_text(sixth, "utf-8")
    content = csv_of(GUIZHOU | {"programme": "sixth-2030"}, GUIZHOU)
    answer, rows = run(tmp_path, content, "--packs", str(tmp_path / "packs"))
    assert answer.exit_code == 0
    assert [row["amount_fen"] for row in rows] == ["1000000", "3200000"]


def test_a_broken_overlay_is_an_error_of_its_rows_and_is_told_once(tmp_path):
    """One locality's typing error would stop all others, or nobody would learn of it."""
    (tmp_path / "bad.toml").write_text('fills = "shandong-2017"\nsurprise = 1\n', "utf-8")
    answer, rows = run(
        tmp_path, csv_of(SHANDONG | {"overlay": "bad.toml"}, SHANDONG | {"overlay": "bad.toml"}, SHANDONG)
    )
    assert [row["refusals"] for row in rows] == ["FACT_INVALID:overlay"] * 2 + ["DELEGATED_RULE_MISSING"]
    assert answer.stderr.count("overlay bad.toml: ") == 1


def test_an_overlay_that_does_not_fit_is_tried_once(monkeypatch):
    """A file that names another programme's overlay on many days would take minutes instead of seconds."""
    tried = []
    compose = loader.compose
    monkeypatch.setattr(loader, "compose", lambda *given: tried.append(given) or compose(*given))
    reader = CaseReader(Library(SHIPPED))
    rows = [SHANDONG | {"on": f"2018-05-{day:02d}", "overlay": "example-shanxi-rules"} for day in range(1, 31)]
    refusals = {quote_row(reader, row, Totals())[3] for row in rows}
    assert (refusals, len(tried)) == ({"FACT_INVALID:overlay"}, 1)


def test_rows_are_read_one_at_a_time():
    """A large file would fill the memory."""

    class Endless(io.StringIO):
        served = 0

        def __next__(self):
            Endless.served += 1
            if Endless.served == 1:
                return "case,programme,on\n"
            if Endless.served > 5_000:
                raise CannotQuote("stop")
            return "1,shanxi-2018,2019-01-01\n"

    out = io.StringIO()
    with pytest.raises(CannotQuote):
        quote_file(Endless(), out, CaseReader(shipped()), tell_header=lambda _: None, progress=lambda: None)
    assert out.getvalue().count("DELEGATED_RULE_MISSING") == 4_999
