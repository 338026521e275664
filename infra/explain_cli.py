"""`yunquan explain ID`: every decision on an order, quota, claim, party or refusal, its law, and the numbers in it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import click

from contracts.catalogue import SERVICES
from contracts.errors import ERRORS
from contracts.money import format_yuan

Decision = Mapping[str, Any]


@click.command("explain")
@click.argument("subject")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a decision.")
@click.option("--folder", default=".yunquan", show_default=True, type=click.Path())
def explain(subject: str, as_json: bool, folder: str) -> None:
    """All that was decided on SUBJECT (an id, or a command's key), oldest first; exit 1 when nothing is known of it."""
    found = decisions_on(subject, folder)
    for service, decision in found:
        if as_json:
            click.echo(json.dumps({"service": service, **decision}, ensure_ascii=False))
        else:
            click.echo("\n".join(page(service, decision)) + "\n")
    if not found:
        click.echo(f"yunquan explain: no service has decided anything on {subject}", err=True)
        raise SystemExit(1)


def decisions_on(subject: str, folder: str) -> list[tuple[str, Decision]]:
    """(service, decision) of all services, by time."""
    from contracts.client import CallError
    from infra.local.connect import connect
    from infra.local.guard import LocalServerError

    found: list[tuple[str, Decision]] = []
    try:
        with connect(folder, role="auditor") as client:
            for service in SERVICES:
                answer = client.call(service, "explain", subject=subject)
                found += [(service, decision) for decision in answer["decisions"]]
    except (CallError, LocalServerError, OSError) as error:
        raise click.ClickException(" ".join(str(error).split())) from error
    return sorted(found, key=lambda one: one[1]["at"])


def page(service: str, decision: Decision) -> Iterator[str]:
    """The decision as lines that a party can read: when, what, by which rules, from which numbers."""
    code = decision["code"]
    outcome = "ok" if code is None else f"{code}  {ERRORS[code].zh} {ERRORS[code].en}" if code in ERRORS else code
    yield f"{decision['at']}  {service}.{decision['action']}  {outcome}"
    law = "、".join(decision["articles"]) or "—"
    yield f"  依据 law: {decision['pack_version'] or decision['programme'] or '—'}  {law}"
    for name, value in sorted(decision["facts"].items()):
        if name != "pack_version":
            yield f"  {name}: {_shown(name, value)}"


def _shown(name: str, value: Any) -> str:
    if name.endswith("_fen") and isinstance(value, int):
        return f"{value} ({format_yuan(value)} 元)"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


commands = [explain]
