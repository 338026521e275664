"""Do the five services tell the same story about the money? Asked of each, at any moment, by RPC."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from contracts.books import DIFFERENCE
from contracts.catalogue import SERVICES
from contracts.client import CallError, Client
from contracts.equations import Check, checks
from infra.jsontext import canonical
from infra.packs import PROGRAMME


def settled(client: Client, programme: str, year: int, *, attempts: int = 20) -> dict[str, Mapping[str, Any]]:
    """Totals read until they agree, or stand still, or `attempts` times.

    Services are asked one after the other: what is on its way between two is in one reading and not in the other.
    """
    totals = ask(client, programme, year)
    for _ in range(attempts):
        if all(check.holds for check in checks(totals)):
            break
        time.sleep(0.5)
        before, totals = totals, ask(client, programme, year)
        if before == totals:
            break
    return totals


def ask(client: Client, programme: str, year: int) -> dict[str, Mapping[str, Any]]:
    """Each service's totals for one programme and year; raises CallError when a service gives no answer."""
    return {s: client.call(s, "totals", programme=programme, year=year) for s in SERVICES}


def report(found: list[Check]) -> list[str]:
    """A line a check, differences first."""
    width = max(len(check.name) for check in found)
    ordered = sorted(found, key=lambda check: check.holds)
    return [
        f"{'ok  ' if c.holds else 'DIFF'} {c.name:<{width}}  {c.left:>16,} {c.relation} {c.right:>16,}  {c.zh}"
        for c in ordered
    ]


@click.command("reconcile")
@click.option("--programme", default=PROGRAMME, show_default=True)
@click.option("--year", type=int, required=True)
@click.option("--rows", is_flag=True, help="the differences that supervision found by itself, with their rows")
@click.option("--folder", default=".yunquan", show_default=True, type=click.Path())
def reconcile(programme: str, year: int, rows: bool, folder: str) -> None:
    """Compare the figures of all services; exit 1 when any differs, 2 when one of them gives none."""
    from infra.local.connect import connect

    with connect(folder, role="auditor") as client:
        try:
            found = checks(settled(client, programme, year))
            raised = standing(client, programme) if rows else []
        except CallError as error:
            click.echo(str(error), err=True)
            raise SystemExit(2) from error
    for line in [*report(found), *(line for alert in raised for line in lines_of(alert))]:
        click.echo(line)
    if raised or not all(check.holds for check in found):
        raise SystemExit(1)


def standing(client: Client, programme: str) -> list[Mapping[str, Any]]:
    """Differences that supervision found by itself and that nobody has resolved; raises CallError."""
    asked = {"programme": programme, "alert": DIFFERENCE, "unresolved": True, "limit": 500}
    items = client.call("supervision", "list_alerts", **asked)["items"]
    return [client.call("supervision", "get_alert", id=item["alert_id"]) for item in items]


def lines_of(alert: Mapping[str, Any]) -> list[str]:
    """An alert as text: what it is of, the numbers that differ, and the rows with what each side says of them."""
    evidence = alert["evidence"]
    found = [f"DIFF {alert['subject']}  {evidence['explanation']['zh']}"]
    found += [f"     {one['what']}: {one['told']:,} / {one['known']:,}  {one['zh']}" for one in evidence["differences"]]
    for row in evidence["rows"]:
        told, known = (canonical(row[side]) if row[side] else "-" for side in ("told", "known"))
        found.append(f"     {row['book']} {row['id']}: {told} / {known}")
    more = evidence["numbers"]["rows"] - len(evidence["rows"])
    return [*found, f"     … {more}"] if more > 0 else found


commands = [reconcile]
