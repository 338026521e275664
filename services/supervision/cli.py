"""`yunquan evidence`, `yunquan alerts` and `yunquan screen`: what an auditor and a supervisor do at a terminal."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import click

from infra.packs import PROGRAMME
from services.supervision.evidence_cli import evidence
from services.supervision.shipping import shipper
from services.supervision.terminal import FOLDER, ask, client_of, refuse


@click.group()
def alerts() -> None:
    """Alerts that wait for a supervisor."""


@alerts.command("list")
@click.option("--programme", default=PROGRAMME, show_default=True)
@click.option("--status", default="open", show_default=True, help="open, acknowledged, confirmed, false_alarm or all.")
@click.option("--alert", help="Of this rule alone.")
@click.option("--severity", type=click.Choice(["high", "medium", "low"]))
@click.option("--region", help="The first 2, 4 or 6 digits.")
@click.option("--overdue", is_flag=True, help="Those alone whose day has passed.")
@FOLDER
def list_alerts(folder: str, programme: str, status: str, **narrowed: Any) -> None:
    """One line an alert, with its explanation."""
    after, count = None, 0
    wanted = {name: value for name, value in narrowed.items() if value}
    if status != "all":
        wanted["status"] = status
    with client_of(folder, role="supervisor") as client:
        while True:
            page = ask(client, "list_alerts", programme=programme, after=after, limit=500, **wanted)
            for alert in page["items"]:
                count += 1
                words = alert["evidence"]["explanation"]["zh"]
                names = ("alert_id", "severity", "status", "alert", "claims", "due_on", "subject")
                click.echo("  ".join(str(alert[name]) for name in names) + f"  {words}")
            after = page["next"]
            if after is None:
                break
    click.echo(json.dumps({"alerts": count}))


@click.command("related")
@click.argument("from_id")
@click.argument("to_id")
@FOLDER
def related(from_id: str, to_id: str, folder: str) -> None:
    """What ties two parties: steps by kinds and how many share them, ties on record, what was too common."""
    with client_of(folder, role="supervisor") as client:
        found = ask(client, "related", from_id=from_id, to_id=to_id)
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))


@alerts.command("show")
@click.argument("alert_id")
@FOLDER
def show_alert(alert_id: str, folder: str) -> None:
    """All of one alert, with its evidence, as JSON."""
    with client_of(folder, role="supervisor") as client:
        click.echo(json.dumps(ask(client, "get_alert", id=alert_id), ensure_ascii=False, indent=2))


@alerts.command("acknowledge")
@click.argument("alert_id")
@FOLDER
def acknowledge_alert(alert_id: str, folder: str) -> None:
    """Take an alert: it is yours until it is assigned to another."""
    with client_of(folder, role="supervisor") as client:
        click.echo(json.dumps(ask(client, "acknowledge_alert", alert_id=alert_id)))


@alerts.command("assign")
@click.argument("alert_id")
@click.option("--to", "assignee", required=True, help="The supervisor, as their token names them.")
@FOLDER
def assign_alert(alert_id: str, assignee: str, folder: str) -> None:
    """Give an alert that is not resolved to a named supervisor."""
    with client_of(folder, role="supervisor") as client:
        click.echo(json.dumps(ask(client, "assign_alert", alert_id=alert_id, assignee=assignee)))


@alerts.command("floor")
@click.argument("severity", type=click.Choice(["high", "medium", "low"]))
@click.option("--programme", default=PROGRAMME, show_default=True)
@click.option("--office", is_flag=True, help="For all of the office who have set none of their own.")
@FOLDER
def set_floor(severity: str, programme: str, office: bool, folder: str) -> None:
    """Be shown notices of alerts from SEVERITY on; what is late, or assigned to you, is shown whatever it is."""
    body = {"role": "supervisor", "programme": programme, "severity": severity, "office": office}
    with client_of(folder, role="supervisor") as client:
        click.echo(json.dumps(ask(client, "set_floor", service="notify", **body)))


@alerts.command("rates")
@click.option("--programme", default=PROGRAMME, show_default=True)
@click.option("--from", "from_on", required=True, help="First day, YYYY-MM-DD.")
@click.option("--until", "until_on", required=True, help="Last day.")
@FOLDER
def alert_rates(programme: str, from_on: str, until_on: str, folder: str) -> None:
    """A line a rule: raised, confirmed, false alarms, open, and confirmed of those resolved, in percent."""
    names = ("alert", "raised", "confirmed", "false_alarm", "open", "precision")
    with client_of(folder, role="supervisor") as client:
        rates = ask(client, "alert_rates", programme=programme, from_on=from_on, until_on=until_on)
    for one in rates["items"]:
        click.echo("  ".join(f"{name} {one[name]}" for name in names))
    click.echo(json.dumps({"rules": len(rates["items"])}))


@alerts.command("resolve")
@click.argument("alert_id")
@click.option("--verdict", required=True, type=click.Choice(["confirmed", "false_alarm"]))
@click.option("--reason", required=True, help="Kept with the alert.")
@click.option("--claim", "claim_ids", multiple=True, help="Confirmed for these of its claims alone.")
@FOLDER
def resolve_alert(alert_id: str, verdict: str, reason: str, claim_ids: tuple[str, ...], folder: str) -> None:
    """Confirm an alert, and its claims are rejected; or find it false, and nothing but other alerts holds them."""
    body = {"alert_id": alert_id, "verdict": verdict, "reason": reason, "claim_ids": list(claim_ids) or None}
    with client_of(folder, role="supervisor") as client:
        result = ask(client, "resolve_alert", **body)
    click.echo(json.dumps(result))


@click.command("screen")
@click.argument("claims", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV file of the claims to look at.")
def screen_file(claims: Path, out: Path) -> None:
    """Which of CLAIMS (CSV, UTF-8) a supervisor should look at, and why. Needs neither bus nor database.

    The last line says, as JSON, what the run came to. Exit code 2, and nothing written, when the file is not one of
    claims: the message has a code, the row (the header is 1) and the column.
    """
    from services.supervision.domain.screening import screen
    from services.supervision.formats.alerts_csv import write_alerts
    from services.supervision.formats.claims_csv import CannotScreen, keep_apart, read_claims

    begun = time.monotonic()
    gc.disable()  # millions of small values that all live to the end: looking for rings among them costs a fifth
    try:
        keep_apart(claims, out)
        size = claims.stat().st_size
        with click.progressbar(length=size, label="read", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
            read = read_claims(claims, progress=lambda done: bar.update(done - bar.pos))
        if read.unknown:
            click.echo(f"not known, not looked at: {', '.join(read.unknown)}", err=True)
        found = screen(read.population)
        write_alerts(out, found)
    except CannotScreen as error:
        refuse(f"{claims}: {error}")
    except OSError as error:
        refuse(f"{error.filename or claims}: {error.strerror or error}")
    finally:
        gc.enable()
    alerts = Counter(finding.rule for findings in found.values() for finding in findings)
    totals = {"claims": len(read.population), "alerted": len(found), "alerts": dict(sorted(alerts.items()))}
    click.echo(json.dumps({**totals, "seconds": round(time.monotonic() - begun, 1)}))


commands: list[click.Command] = [evidence, shipper, alerts, related, screen_file]
