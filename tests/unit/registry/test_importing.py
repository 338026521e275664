"""A register file: every row judged, every unusable file refused in one line, `--dry-run` with nothing running."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner

from contracts.rpc.registry import ImportRow
from services.registry.cli import import_group
from services.registry.domain import uscc
from services.registry.importing import CannotRead, Doubts, Reject, Row, judged

HEADER = [
    "企业名称",
    "统一社会信用代码",
    "注册日期",
    "企业类型",
    "法人代表",
    "注册资金",
    "经营范围",
    "所在省份",
    "地区",
    "注册地址",
]


def code(number: int) -> str:
    """A code whose check character is right."""
    first = f"91520100{number:09d}"
    return first + uscc.check_character(first)


def line(number: int, **changed: str) -> list[str]:
    """A row as the register writes it."""
    cells = dict(
        zip(
            HEADER,
            [
                f"示例{number}有限公司",
                code(number),
                "2015-01-02",
                "N/A",
                "法人-1",
                "1,000(万元)",
                "",
                "贵州",
                "贵阳",
                "示例路",
            ],
            strict=True,
        )
    )
    return list({**cells, **changed}.values())


def write(path: Path, rows: list[list[str]], encoding: str = "utf-8", header: list[str] | None = None) -> Path:
    """A CSV file."""
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([HEADER if header is None else header, *rows])
    return path


def verdicts(path: Path) -> list[Row | Reject]:
    """All verdicts."""
    return list(judged(path, Doubts()))


def reject_of(path: Path) -> tuple[int, str, str]:
    """Line, column and code of the only reject."""
    [one] = [verdict for verdict in verdicts(path) if isinstance(verdict, Reject)]
    return one.line, one.column, one.code


def test_a_row_becomes_what_the_contract_asks_for(tmp_path: Path):
    """Lost otherwise: the service would refuse the whole batch."""
    [row] = verdicts(write(tmp_path / "a.csv", [line(1)]))
    assert isinstance(row, Row)
    assert ImportRow().validate(row.fields) == {}
    assert row.fields == {
        "uscc": code(1), "name": "示例1有限公司", "region": "520100", "registered_on": "2015-01-02",
        "legal_person": True, "representative": "法人-1", "address": "示例路", "capital_fen": 1_000_000_000,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "column", "why"),
    [
        ({"统一社会信用代码": code(1)[:-1] + "I"}, "统一社会信用代码", "USCC_INVALID"),
        ({"统一社会信用代码": "9.1520E+17"}, "统一社会信用代码", "USCC_INVALID"),
        ({"统一社会信用代码": "N/A"}, "统一社会信用代码", "FACT_MISSING"),
        ({"企业名称": " "}, "企业名称", "FACT_MISSING"),
        ({"企业名称": "长" * 121}, "企业名称", "FACT_INVALID"),
        ({"企业名称": "a\x00b"}, "企业名称", "FACT_INVALID"),
        ({"注册日期": "2015-02-30"}, "注册日期", "FACT_INVALID"),
        ({"注册日期": ""}, "注册日期", "FACT_MISSING"),
    ],
)
def test_a_row_that_cannot_go_in_says_where_and_why(tmp_path: Path, changed, column, why):
    """Lost otherwise: an operator would look for the mistake in 68,000 rows."""
    path = write(tmp_path / "a.csv", [line(1), line(2, **changed), line(3)])
    assert reject_of(path) == (3, column, why)


def test_the_second_of_a_code_is_rejected_with_the_line_of_the_first(tmp_path: Path):
    """Lost otherwise: which of the two is in would be chance."""
    path = write(tmp_path / "a.csv", [line(1), line(2), line(1, 企业名称="改名")])
    [one] = [verdict for verdict in verdicts(path) if isinstance(verdict, Reject)]
    assert (one.line, one.code, one.detail) == (4, "DUPLICATE", "same code as line 2")


def test_a_rejected_row_takes_no_code(tmp_path: Path):
    """Lost otherwise: a broken row would keep the good one of the same enterprise out."""
    path = write(tmp_path / "a.csv", [line(1, 注册日期="N/A"), line(1)])
    assert [type(verdict) for verdict in verdicts(path)] == [Reject, Row]


def test_a_row_of_another_width_is_malformed(tmp_path: Path):
    """Lost otherwise: a comma in a name would move every fact by one column."""
    assert reject_of(write(tmp_path / "a.csv", [line(1)[:-1], line(2)])) == (2, "", "ROW_MALFORMED")


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path):
    """Lost otherwise: a cell with a line break would shift every line number after it."""
    path = write(tmp_path / "a.csv", [line(1, 经营范围="一\n二\n三"), [], line(2, 注册日期="?")])
    assert reject_of(path)[0] == 6


def test_an_optional_cell_that_cannot_be_read_is_left_empty_and_counted(tmp_path: Path):
    """Lost otherwise: an enterprise with capital in dollars would be kept out, or its dollars taken for yuan."""
    doubts = Doubts()
    path = write(tmp_path / "a.csv", [line(1, 注册资金="84(万美元)"), line(2, 注册地址="长" * 201)])
    rows = [verdict.fields for verdict in judged(path, doubts) if isinstance(verdict, Row)]
    assert (rows[0]["capital_fen"], rows[1]["address"]) == (None, None)
    assert doubts.cells == {"注册资金": 1, "注册地址": 1}


def test_english_headings_in_any_order_and_more_than_we_know(tmp_path: Path):
    """Lost otherwise: only one office's export could be read."""
    header = ["registered_on", "email", "USCC", "Name", "region", "legal_person", "capital_yuan"]
    rows = [["2015-01-02", "x@example.invalid", code(1).lower(), "Example Ltd", "520200", "false", "100.50"]]
    [row] = verdicts(write(tmp_path / "a.csv", rows, header=header))
    assert isinstance(row, Row)
    assert (row.fields["region"], row.fields["legal_person"], row.fields["capital_fen"]) == ("520200", False, 10_050)


@pytest.mark.parametrize("separator", [";", "\t"])
def test_other_separators(tmp_path: Path, separator):
    """Lost otherwise: a spreadsheet's own export could not be read."""
    path = tmp_path / "a.csv"
    path.write_text("\n".join(separator.join(cells) for cells in [HEADER, line(1)]), encoding="utf-8-sig")
    assert [type(verdict) for verdict in verdicts(path)] == [Row]


def workbook(path: Path) -> Path:
    """Two rows as a workbook, with a date cell and an empty end."""
    from datetime import datetime

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADER)
    sheet.append([datetime(2015, 1, 2) if cell == "2015-01-02" else cell for cell in line(1)])
    sheet.append([*line(2)[:8]])
    book.save(path)
    return path


def test_a_workbook_is_read_like_a_csv(tmp_path: Path):
    """Lost otherwise: offices that keep their register in a spreadsheet could not import it."""
    rows = verdicts(workbook(tmp_path / "a.xlsx"))
    assert [type(verdict) for verdict in rows] == [Row, Row]
    assert [row.fields["registered_on"] for row in rows if isinstance(row, Row)] == ["2015-01-02"] * 2


def packed(path: Path) -> Path:
    """A gzipped CSV, whatever its name."""
    plain = write(path.with_suffix(".plain"), [line(number) for number in range(3000)])
    path.write_bytes(gzip.compress(plain.read_bytes()))
    return path


def test_gzip_is_known_by_its_content(tmp_path: Path):
    """Lost otherwise: a renamed file could not be read."""
    assert len(verdicts(packed(tmp_path / "register.csv"))) == 3000


def _broken(tmp_path: Path) -> dict[str, tuple[Path, str]]:
    truncated = packed(tmp_path / "t.csv.gz")
    truncated.write_bytes(truncated.read_bytes()[:-2000])
    damaged = packed(tmp_path / "d.csv.gz")
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 0xFF
    damaged.write_bytes(bytes(content))
    workbook(tmp_path / "x.xlsx")
    cut = tmp_path / "cut.xlsx"
    cut.write_bytes((tmp_path / "x.xlsx").read_bytes()[:-300])
    binary = tmp_path / "binary"
    binary.write_bytes(b"\x80\x81\x82\n" * 10)
    (tmp_path / "empty.csv").write_bytes(b"")
    quote = write(tmp_path / "quote.csv", [line(1)])
    quote.write_text(quote.read_text() + '"open,')
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(100))
    late = write(tmp_path / "late.csv", [line(number) for number in range(2000)])
    late.write_bytes(late.read_bytes() + "示例".encode("gb18030") + b"\n")
    (tmp_path / "folder").mkdir()
    return {
        "truncated gzip": (truncated, "cut off"),
        "damaged gzip": (damaged, "damaged"),
        "cut workbook": (cut, "not a readable XLSX"),
        "old workbook": (tmp_path / "old.xls", "save it as XLSX"),
        "GBK": (write(tmp_path / "gbk.csv", [line(1)], encoding="gb18030"), "GB18030"),
        "UTF-16": (write(tmp_path / "u16.csv", [line(1)], encoding="utf-16"), "UTF-16"),
        "no text": (binary, "not UTF-8"),
        "one bad line at the end": (late, "not UTF-8"),
        "no header": (write(tmp_path / "nohead.csv", [line(2)], header=line(1)), "no header"),
        "no code column": (
            write(tmp_path / "nocode.csv", [], header=["企业名称", "注册日期"]),
            "lacks 统一社会信用代码",
        ),
        "a heading twice": (write(tmp_path / "twice.csv", [], header=[*HEADER, "name"]), "two columns"),
        "empty": (tmp_path / "empty.csv", "empty"),
        "open quote": (quote, "line 3 is not CSV"),
        "missing": (tmp_path / "nowhere.csv", "No such file"),
        "folder": (tmp_path / "folder", "folder"),
    }


BROKEN = [
    "truncated gzip", "damaged gzip", "cut workbook", "old workbook", "GBK", "UTF-16", "no text",
    "one bad line at the end", "no header", "no code column", "a heading twice", "empty", "open quote",
    "missing", "folder",
]  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_one_line_and_exit_2(tmp_path: Path, name):
    """Lost otherwise: half a register would go in, or an operator read a stack of Python."""
    path, words = _broken(tmp_path)[name]
    rejects = tmp_path / "rejects.csv"
    done = CliRunner().invoke(import_group, ["enterprises", str(path), "--rejects", str(rejects)])
    assert (done.exit_code, done.stdout, rejects.exists()) == (2, "", False)
    assert done.stderr.count("\n") == 1
    assert words in done.stderr
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_judging_stops_at_what_breaks_the_file(tmp_path: Path):
    """Lost otherwise: the caller could take the good rows before the break for all there is."""
    with pytest.raises(CannotRead):
        verdicts(_broken(tmp_path)["truncated gzip"][0])


def test_a_dry_run_says_what_would_go_in(tmp_path: Path, monkeypatch):
    """Lost otherwise: a file could only be tried on the live register."""
    monkeypatch.delenv("YUNQUAN_AMQP_URI", raising=False)
    path = write(tmp_path / "a.csv", [line(1), line(1), line(2, 统一社会信用代码="=cmd()"), line(3)])
    rejects = tmp_path / "rejects.csv"
    done = CliRunner().invoke(import_group, ["enterprises", str(path), "--dry-run", "--rejects", str(rejects)])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "rows": 4, "accepted": 2, "rejected": 2, "unchanged": 0, "by_reason": {"DUPLICATE": 1, "USCC_INVALID": 1},
    }  # fmt: skip
    with rejects.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(one["line"], one["code"]) for one in rows] == [("3", "DUPLICATE"), ("4", "USCC_INVALID")]
    assert rows[1]["value"] == "'=cmd()"  # a spreadsheet shows it and does not run it


def test_without_a_deployment_it_says_so(tmp_path: Path, monkeypatch):
    """Lost otherwise: an operator would wait for a bus that is not there."""
    monkeypatch.delenv("YUNQUAN_AMQP_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(import_group, ["enterprises", str(write(tmp_path / "a.csv", [line(1)]))])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "--dry-run" in done.stderr


@pytest.mark.parametrize(
    "arguments", [["--programme", "nowhere-1999"], ["--rejects", "/nowhere/r.csv"], ["--rejects", "."]]
)
def test_options_that_cannot_be_are_exit_2(tmp_path: Path, arguments):
    """Lost otherwise: the mistake would show after the whole file was sent."""
    path = write(tmp_path / "a.csv", [line(1)])
    done = CliRunner().invoke(import_group, ["enterprises", str(path), "--dry-run", *arguments])
    assert (done.exit_code, done.stdout) == (2, "")
