"""The one source of `now`: the system's, or a file that all processes of a simulation read."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Protocol

from infra.jsontext import instant_text

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # no daylight saving since 1991


class Clock(Protocol):
    """Gives aware UTC datetimes."""

    def now(self) -> datetime:
        """This moment."""
        ...


def local_date(moment: datetime) -> date:
    """The business date: the day in Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).date()


def day_begins(day: date) -> datetime:
    """The moment at which a business date begins."""
    return datetime.combine(day, time(), tzinfo=SHANGHAI)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that a test moves by hand."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        return self.moment

    def advance(self, delta: timedelta) -> None:
        """Move forward by `delta`."""
        self.moment += delta


class SimulatedClock:
    """The instant written in a file; read at every call, so that all processes have the new time at once."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)

    def now(self) -> datetime:
        return parse_instant(self.path.read_text(encoding="ascii").strip())

    def set(self, moment: datetime) -> None:
        """Move to `moment` by an atomic rename; ValueError when that would go back."""
        if self.path.exists() and moment < self.now():
            raise ValueError(f"simulated time does not go back: {instant_text(moment)} < {instant_text(self.now())}")
        self.start(moment)

    def start(self, moment: datetime) -> None:
        """Begin at `moment`, whatever time it was: for a world that begins anew."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=self.path.name)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(instant_text(moment) + "\n")
        Path(name).replace(self.path)


def parse_instant(text: str) -> datetime:
    """RFC 3339 text → aware UTC; ValueError without an offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"an instant needs an offset: {text!r}")
    return moment.astimezone(UTC)


def make_clock(setting: str) -> Clock:
    """`system`, or `simulated:<file>`."""
    if setting == "system":
        return SystemClock()
    kind, _, path = setting.partition(":")
    if kind == "simulated" and path:
        return SimulatedClock(path)
    raise ValueError(f"YUNQUAN_CLOCK is `system` or `simulated:<file>`, not {setting!r}")
