"""Do the five services tell the same story about the money? Asked of each, at any moment, by RPC."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import click

from contracts.catalogue import SERVICES
from contracts.client import CallError, Client
from contracts.equations import Check, checks
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
@click.option("--folder", default=".yunquan", show_default=True, type=click.Path())
def reconcile(programme: str, year: int, folder: str) -> None:
    """Compare the figures of all services; exit 1 when any differs, 2 when one of them gives none."""
    from infra.local.connect import connect

    with connect(folder, role="auditor") as client:
        try:
            found = checks(settled(client, programme, year))
        except CallError as error:
            click.echo(str(error), err=True)
            raise SystemExit(2) from error
    for line in report(found):
        click.echo(line)
    if not all(check.holds for check in found):
        raise SystemExit(1)


commands = [reconcile]
