"""Lost if these fail: a file is screened that says something else, or a bad one leaves half of a result behind."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.populations import COLUMNS as SPECIFIED
from services.supervision.cli import screen_file
from services.supervision.domain.finding import Finding
from services.supervision.formats import alerts_csv
from services.supervision.formats.claims_csv import COLUMNS, CannotScreen, read_claims
from tests.unit.supervision.claims import crowd

NAMES = [name for name, _, _ in COLUMNS]


def texts(rows):
    """The lines of a file of these claims, as cells by column."""
    found = []
    for row in rows:
        cells = {}
        for name, target, _ in COLUMNS:
            value = row.get(target)
            cells[name] = "" if value is None else f"{value / 100:.2f}" if name.endswith("_yuan") else str(value)
        found.append(cells)
    return found


def encoded(rows, *, names=NAMES, newline="\n") -> bytes:
    lines = [",".join(names), *[",".join(row.get(name, "") for name in names) for row in rows]]
    return (newline.join(lines) + newline).encode()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "claims.csv", tmp_path / "alerts.csv"


def spoiled():
    rows = crowd(60)
    rows[20]["paid_fen"] = 0
    rows[30]["invoice_no"] = rows[10]["invoice_no"]
    rows[40] |= {"contract_sha256": rows[5]["contract_sha256"], "usage_days": 0}
    return rows


def test_columns_are_those_of_the_specification() -> None:
    assert NAMES == SPECIFIED


def test_a_file_is_screened(files) -> None:
    """From the command: the columns, most severe first, alerts joined by |, evidence that a supervisor can read."""
    claims, out = files
    claims.write_bytes(encoded(texts(spoiled())))
    ran = CliRunner().invoke(screen_file, [str(claims), "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    said = json.loads(ran.stdout.splitlines()[-1])
    assert (said["claims"], said["alerted"]) == (60, 4)
    assert said["alerts"] == {"CONTRACT_REUSED": 2, "INVOICE_REUSED": 1, "NO_USAGE": 1, "PAYMENT_MISMATCH": 1}
    with out.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == ["claim", "alerts", "severity", "score", "evidence"]
    assert {line["claim"] for line in lines} == {"C00005", "C00020", "C00030", "C00040"}
    ranks = [(["high", "medium", "low"].index(line["severity"]), -int(line["score"])) for line in lines]
    assert ranks == sorted(ranks)
    both = next(line for line in lines if line["claim"] == "C00040")
    assert set(both["alerts"].split("|")) == {"CONTRACT_REUSED", "NO_USAGE"}
    evidence = json.loads(both["evidence"])
    assert [one["rule"] for one in evidence] == both["alerts"].split("|")
    contract = next(one for one in evidence if one["rule"] == "CONTRACT_REUSED")
    assert contract["claims"] == ["C00005"]
    assert contract["parties"] == ["E00005"]
    assert contract["explanation"]["zh"]
    before = out.read_bytes()
    CliRunner().invoke(screen_file, [str(claims), "--out", str(out)])
    assert out.read_bytes() == before


def test_the_same_claims_in_any_shape(files) -> None:
    """A byte order mark, CRLF, columns in another order, one more column (told, and not looked at), blanks around."""
    claims, _ = files
    rows = texts(spoiled())
    claims.write_bytes(encoded(rows))
    usual = read_claims(claims)
    claims.write_bytes(
        b"\xef\xbb\xbf"
        + encoded([row | {"label": "fraud"} for row in rows], names=["label", *NAMES[::-1]], newline="\r\n")
    )
    other = read_claims(claims)
    assert other.unknown == ("label",)
    assert other.population == usual.population
    claims.write_bytes(encoded([{name: f" {text} " for name, text in row.items()} for row in rows]))
    assert read_claims(claims).population == usual.population


def test_an_empty_cell_is_not_known(files) -> None:
    claims, out = files
    claims.write_bytes(encoded([{"claim": f"C{number}"} for number in range(300)]))
    read = read_claims(claims).population
    assert read.price_fen == [None] * 300
    assert read.claimed_on == [None] * 300
    ran = CliRunner().invoke(screen_file, [str(claims), "--out", str(out)])
    assert ran.exit_code == 0
    assert out.read_text() == "claim,alerts,severity,score,evidence\n"


def test_amounts_are_read_to_the_fen(files) -> None:
    claims, _ = files
    for text, fen in (
        ("12", 1_200),
        ("12.3", 1_230),
        ("0.29", 29),
        ("8.000000000001", 800),
        ("99999999.99", 9_999_999_999),
    ):
        claims.write_bytes(encoded([{"claim": "a", "price_yuan": text}]))
        assert read_claims(claims).population.price_fen == [fen]


def changed(at, name, text):
    rows = texts(crowd(12))
    rows[at][name] = text
    return encoded(rows)


BAD = [
    ("EMPTY_FILE", b"", 1, None),
    ("EMPTY_FILE", b"\n\n", 1, None),
    ("MISSING_COLUMN", encoded([], names=NAMES[:-1]), 1, "provider_account"),
    ("MISSING_COLUMN", b"\xff\xfe" + "claim,order\n".encode("utf-16-le"), None, None),
    ("DUPLICATE_COLUMN", encoded([], names=[*NAMES, "order"]), 1, "order"),
    ("BAD_NUMBER", changed(3, "price_yuan", "12x"), 5, "price_yuan"),
    ("BAD_NUMBER", changed(0, "paid_yuan", "-1"), 2, "paid_yuan"),
    ("BAD_NUMBER", changed(0, "voucher_yuan", "1e3"), 2, "voucher_yuan"),
    ("BAD_NUMBER", changed(0, "usage_days", "NaN"), 2, "usage_days"),
    ("BAD_NUMBER", changed(0, "usage_units", "many"), 2, "usage_units"),
    ("BAD_DATE", changed(11, "invoice_on", "2019-02-30"), 13, "invoice_on"),
    ("BAD_DATE", changed(11, "claimed_on", "2019/02/03"), 13, "claimed_on"),
    ("BAD_DATE", changed(11, "ordered_on", "20190203"), 13, "ordered_on"),
    ("MISSING_CLAIM", changed(4, "claim", " "), 6, "claim"),
    ("DUPLICATE_CLAIM", changed(4, "claim", "C00002"), 6, "claim"),
    ("ROW_LENGTH", encoded(texts(crowd(3))) + b"C9,2019-01-01\n", 5, None),
    ("ROW_LENGTH", encoded([]) + b"x," * 40 + b"x\n", 2, None),
    ("NOT_CSV", encoded([]) + b'"C1' + b"\n", 2, None),
    ("NOT_UTF8", encoded(texts(crowd(3))).replace("甲1".encode(), "甲".encode("gbk")), 3, "enterprise_person"),
]


@pytest.mark.parametrize(
    ("code", "content", "row", "column"), BAD, ids=[f"{n} {case[0]}" for n, case in enumerate(BAD)]
)
def test_a_bad_file_is_refused_and_nothing_written(files, code: str, content: bytes, row: int | None, column) -> None:
    claims, out = files
    claims.write_bytes(content)
    if row is not None:
        with pytest.raises(CannotScreen) as refused:
            read_claims(claims)
        assert (refused.value.code, refused.value.row, refused.value.column) == (code, row, column)
    out.write_text("of an earlier run")
    ran = CliRunner().invoke(screen_file, [str(claims), "--out", str(out)])
    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert out.read_text() == "of an earlier run"
    assert sorted(path.name for path in out.parent.iterdir()) == ["alerts.csv", "claims.csv"]
    if row is not None:
        assert f"{code}: row {row}" + (f", column {column}: " if column else ": ") in ran.stderr


def test_the_first_bad_cell_is_named(files) -> None:
    claims, _ = files
    rows = texts(crowd(9))
    rows[7]["claimed_on"] = rows[2]["paid_yuan"] = rows[2]["provider_account"] = rows[5]["price_yuan"] = "?"
    claims.write_bytes(encoded(rows))
    with pytest.raises(CannotScreen, match=r"BAD_NUMBER: row 4, column paid_yuan: '\?' is not an amount"):
        read_claims(claims)


def test_the_alerts_never_overwrite_the_claims_and_a_missing_file_is_said(files) -> None:
    claims, out = files
    claims.write_bytes(encoded(texts(crowd(3))))
    ran = CliRunner().invoke(screen_file, [str(claims), "--out", str(claims)])
    assert (ran.exit_code, "SAME_FILE" in ran.stderr) == (2, True)
    assert claims.read_bytes() == encoded(texts(crowd(3)))
    ran = CliRunner().invoke(screen_file, [str(claims), "--out", str(out.parent / "none" / "alerts.csv")])
    assert ran.exit_code == 2
    ran = CliRunner().invoke(screen_file, [str(out), "--out", str(claims)])
    assert ran.exit_code == 2


def test_the_most_severe_claim_is_first_then_the_higher_score_then_the_id() -> None:
    def one(rule, severity, score):
        return Finding(rule=rule, severity=severity, score=score, zh="", en="")

    found = {
        "d": [one("A", "medium", 99)],
        "c": [one("A", "high", 60)],
        "b": [one("A", "high", 60)],
        "a": [one("A", "high", 60), one("B", "low", 50)],
        "e": [],
    }
    lines = alerts_csv.lines(found)
    assert [line[0] for line in lines] == ["a", "b", "c", "d"]
    assert lines[0][1:4] == ("A|B", "high", 80)
