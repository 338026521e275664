"""Deadlines in working days: a wrong one loses a party its rights, a guessed one is worse than a refusal."""

from __future__ import annotations

from datetime import date

import pytest

from contracts.errors import Refused
from infra import calendar
from infra.calendar import TableUnusable, WorkingCalendar

D = date.fromisoformat


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        pytest.param("2018-09-03", 3, "2018-09-06", id="the day itself does not count"),
        pytest.param("2018-09-06", 3, "2018-09-11", id="a plain weekend is passed over"),
        pytest.param("2018-09-21", 3, "2018-09-27", id="Mid-Autumn Monday is no working day"),
        pytest.param("2018-09-28", 3, "2018-10-08", id="National Day: Saturday and Sunday before are worked (调休)"),
        pytest.param("2018-12-28", 1, "2018-12-29", id="a worked Saturday counts"),
        pytest.param("2018-12-29", 1, "2019-01-02", id="over the turn of the year"),
        pytest.param("2018-10-01", 1, "2018-10-08", id="asked on a holiday"),
        pytest.param("2018-10-01", 0, "2018-10-01", id="none to add"),
    ],
)
def test_counts_working_days(start: str, n: int, due: str) -> None:
    assert WorkingCalendar().add_working_days(D(start), n) == D(due)


def test_beyond_the_library_is_refused_only_when_reached() -> None:
    """A deadline that ends within the known years is given; one that needs the next year is not guessed."""
    last = calendar._library_years()[-1]
    known = WorkingCalendar()
    assert known.add_working_days(date(last, 12, 1), 3) == date(last, 12, 4)
    assert known.add_working_days(date(last, 12, 30), 3) == Refused("CALENDAR_UNKNOWN", facts={"year": last + 1})
    assert not known.knows(last + 1)


def test_the_end_of_the_known_years_is_seen_coming() -> None:
    """On the first day it matters it is too late to look for a table."""
    last = calendar._library_years()[-1]
    assert WorkingCalendar().runs_out(date(last, 10, 1)) is None
    assert WorkingCalendar().runs_out(date(last, 11, 15)) == last + 1


JSON = '{"2040": {"holidays": ["2040-01-02", "2040-01-03"], "workdays": ["2040-01-07"]}}'
CSV = "date,kind\n2040-01-02,holiday\n2040-01-03,holiday\n2040-01-07,workday\n"


@pytest.mark.parametrize(("name", "text"), [("t.json", JSON), ("t.csv", CSV), ("t.csv", "\ufeff" + CSV)])
def test_supplied_table_states_its_years(tmp_path, monkeypatch, name: str, text: str) -> None:
    """2040-01-02 and -03 are Monday and Tuesday, 2040-01-07 a Saturday: the table turns all three round."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    monkeypatch.setenv(calendar.SETTING, str(path))
    table = calendar.calendar()
    assert table.knows(2040)
    assert table.add_working_days(D("2040-01-01"), 4) == D("2040-01-07")
    assert table.add_working_days(D("2018-09-28"), 3) == D("2018-10-08")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.json", "[1]"),
        ("t.json", '{"2040": {"holidays": ["2041-01-01"], "workdays": []}}'),
        ("t.json", '{"2040": {"holidays": ["soon"], "workdays": []}}'),
        ("t.csv", "day\n2040-01-01\n"),
        ("t.csv", "date,kind\n2040-01-01,maybe\n"),
        ("t.csv", "date,kind\n1st,holiday\n"),
    ],
)
def test_unusable_table_is_named(tmp_path, name: str, text: str) -> None:
    """Half a table would move deadlines in silence."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TableUnusable, match=name):
        calendar.load(path)
    with pytest.raises(TableUnusable, match="absent"):
        calendar.load(tmp_path / "absent.csv")
