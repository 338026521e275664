"""What a bench gives: a figure beside its peer's, and the goal it is held to."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """`ours` and `peer` a second; goal: the ratio to reach."""

    bench: str
    ours: float
    peer_name: str
    peer: float
    goal: float
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.ours / self.peer if self.peer else 0.0


def show(console: Console, rows: list[Row]) -> None:
    table = Table("bench", "ours, 1/s", "peer", "peer, 1/s", "ratio", "goal", "")
    for row in rows:
        reached = "reached" if row.ratio >= row.goal else "short"
        table.add_row(
            row.bench,
            f"{row.ours:,.0f}",
            row.peer_name,
            f"{row.peer:,.0f}",
            f"{row.ratio:.2f}",
            f"≥ {row.goal:g}",
            f"{reached} {row.note}".strip(),
        )
    for column in table.columns[1:6]:
        column.justify = "right"
    console.print(table)
