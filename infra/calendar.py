"""Working days with 调休, as rules count them; a year whose holidays nobody has stated is refused, not guessed."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType

import chinese_calendar

from contracts.errors import Refused

SETTING = "YUNQUAN_HOLIDAYS"
MOST_DAYS = 1000  # no rule counts further
WARN_DAYS = 60
KINDS = ("holiday", "workday")


class TableUnusable(ValueError):
    """The supplied table cannot be read; the message names file and line or day."""


@dataclass(frozen=True)
class WorkingCalendar:
    """The library's years, and those of a supplied table: a year in the table replaces the library's.

    `days`: day → is it worked, for the days that differ from "Monday to Friday"; `years`: the years the table states.
    """

    days: Mapping[date, bool] = field(default_factory=lambda: MappingProxyType({}))
    years: frozenset[int] = frozenset()

    def knows(self, year: int) -> bool:
        """Are the working days of `year` known?"""
        return year in self.years or year in _library_years()

    def runs_out(self, day: date) -> int | None:
        """The year that begins within WARN_DAYS of `day` and is not known yet: time to supply its table."""
        year = (day + timedelta(days=WARN_DAYS)).year
        return None if self.knows(year) else year

    def is_working_day(self, day: date) -> bool | Refused:
        """Refused CALENDAR_UNKNOWN when nobody has stated the holidays of its year."""
        if day.year in self.years:
            return self.days.get(day, day.isoweekday() <= 5)
        if day.year not in _library_years():
            return Refused("CALENDAR_UNKNOWN", facts={"year": day.year})
        return bool(chinese_calendar.is_workday(day))

    def add_working_days(self, day: date, n: int) -> date | Refused:
        """The n-th working day after `day`, which itself does not count; Refused CALENDAR_UNKNOWN."""
        if not 0 <= n <= MOST_DAYS:
            raise ValueError(f"0 to {MOST_DAYS} working days, not {n}")
        while n:
            day += timedelta(days=1)
            worked = self.is_working_day(day)
            if isinstance(worked, Refused):
                return worked
            n -= worked
        return day


def load(path: Path) -> WorkingCalendar:
    """The calendar with the table of a file.

    JSON: `{"2027": {"holidays": ["2027-01-01", …], "workdays": ["2027-02-07", …]}, …}`; CSV (UTF-8): a header
    `date,kind`, then a day a line, kind `holiday` or `workday`; every year that has a line is stated whole by it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TableUnusable(f"{path}: {error}") from error
    read = _read_json if path.suffix.lower() == ".json" else _read_csv
    days, years = read(text, path)
    return WorkingCalendar(days=MappingProxyType(days), years=frozenset(years))


def calendar() -> WorkingCalendar:
    """The calendar in force: with the table that YUNQUAN_HOLIDAYS names, read once a process; TableUnusable."""
    path = os.environ.get(SETTING)
    return _loaded(Path(path)) if path else WorkingCalendar()


@cache
def _loaded(path: Path) -> WorkingCalendar:
    return load(path)


@cache
def _library_years() -> range:
    stated = chinese_calendar.constants.holidays
    return range(min(stated).year, max(stated).year + 1)


def _read_json(text: str, path: Path) -> tuple[dict[date, bool], set[int]]:
    days: dict[date, bool] = {}
    try:
        table = {int(year): listed for year, listed in json.loads(text).items()}
        kinds = ("holidays", "workdays")
        stated = [(one, year, kind) for year, listed in table.items() for kind in kinds for one in listed[kind]]
    except (ValueError, AttributeError, TypeError, KeyError) as error:
        raise TableUnusable(f"{path}: not a table of holidays and workdays by year") from error
    for one, year, kind in stated:
        days[_day(one, path, of_year=year)] = kind == "workdays"
    return days, set(table)


def _read_csv(text: str, path: Path) -> tuple[dict[date, bool], set[int]]:
    rows = csv.DictReader(text.splitlines())
    if not {"date", "kind"} <= set(rows.fieldnames or ()):
        raise TableUnusable(f"{path}: the first line is not `date,kind`")
    days: dict[date, bool] = {}
    for row in rows:
        if row["kind"] not in KINDS:
            raise TableUnusable(f"{path}, line {rows.line_num}: kind is `holiday` or `workday`")
        days[_day(row["date"], path)] = row["kind"] == "workday"
    return days, {day.year for day in days}


def _day(text: str, path: Path, of_year: int | None = None) -> date:
    try:
        day = date.fromisoformat(text)
    except (TypeError, ValueError):
        raise TableUnusable(f"{path}: {text!r} is not a day (YYYY-MM-DD)") from None
    if of_year is not None and day.year != of_year:
        raise TableUnusable(f"{path}: {text} stands under {of_year}")
    return day
