"""`yunquan up`, `down` and `status`: a whole deployment on this machine, for development and for a look."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from datetime import datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from infra import signing
from infra.bus import names
from infra.clock import parse_instant
from infra.local.deployment import Deployment, Options, queue_depths, read_state
from infra.local.guard import LocalServerError, exit_on_signals, wait_for
from infra.local.keys import keys

folder_option = click.option("--folder", default=".yunquan", show_default=True, type=click.Path(path_type=Path))


def _scale(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    found = {}
    for value in values:
        service, _, count = value.partition("=")
        if not count.isdigit() or not 1 <= int(count) <= 16:
            raise click.BadParameter(f"{value!r}: write SERVICE=COUNT, COUNT from 1 to 16")
        found[service] = int(count)
    return found


def _instant(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime | None:
    try:
        return parse_instant(value) if value else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@folder_option
@click.option("--scale", multiple=True, callback=_scale, metavar="SERVICE=COUNT", help="Replicas of one service.")
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), help="sqlite, or postgresql with replicas.")
@click.option("--clock", callback=_instant, metavar="INSTANT", help="Start a simulated clock there (RFC 3339).")
@click.option("--detach", is_flag=True, help="Return when everything is ready; `yunquan down` ends it.")
def up(folder: Path, scale: dict[str, int], database: str | None, clock: datetime | None, detach: bool) -> None:
    """Run broker, databases, services and relays until Ctrl-C (or `yunquan down`)."""
    with contextlib.suppress(LocalServerError):
        raise click.ClickException(f"it runs already, as process {read_state(folder)['pid']}: `yunquan down` ends it")
    if detach:
        _detach(folder)
        return
    exit_on_signals()
    if database is None:
        database = "postgresql" if any(count > 1 for count in scale.values()) else "sqlite"
        if database == "postgresql" and any((folder / "data").glob("*.sqlite3")):
            click.echo("replicas need PostgreSQL: what lies in the SQLite files here stays there", err=True)
    options = Options(scale=scale, database=database, starts_at=clock)
    try:
        with Deployment(folder, options) as deployment:
            show(folder)
            click.echo("Ctrl-C ends it.", err=True)
            threading.Event().wait()
            del deployment
    except LocalServerError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


def _detach(folder: Path) -> None:
    arguments = [argument for argument in sys.argv[1:] if argument != "--detach"]
    folder.mkdir(parents=True, exist_ok=True)
    log = folder.absolute() / "up.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.cli", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )

    def up_or_over() -> bool:
        with contextlib.suppress(LocalServerError):
            return bool(read_state(folder)["pid"] == process.pid)
        return process.poll() is not None

    ready = wait_for(up_or_over, deadline_seconds=120)
    if not ready or process.poll() is not None:
        process.terminate()
        raise click.ClickException(f"it did not come up:\n{log.read_text()[-3000:]}")
    show(folder)


@click.command()
@folder_option
def down(folder: Path) -> None:
    """End what `yunquan up` started."""
    try:
        pid = read_state(folder)["pid"]
        os.kill(pid, signal.SIGTERM)
    except (LocalServerError, ProcessLookupError):
        click.echo("nothing runs here")
        return
    if not wait_for(lambda: not Path(f"/proc/{pid}").exists(), deadline_seconds=60):
        raise click.ClickException(f"process {pid} has not ended after 60 s")
    click.echo("down")


@click.command()
@folder_option
def status(folder: Path) -> None:
    """Show each process, its metrics address, and the queues with their backlog; exit 1 when something is down."""
    try:
        healthy = show(folder)
    except LocalServerError as error:
        raise click.ClickException(str(error)) from error
    raise SystemExit(0 if healthy else 1)


def show(folder: Path) -> bool:
    """Print processes and queues; whether every process lives and every working queue has a consumer."""
    state = read_state(folder)
    console = Console(width=110)
    database = next(iter(state["databases"].values())).partition(":")[0]
    console.print(
        f"broker {state['amqp_uri'].rpartition('@')[2]}   database {database}   clock {state['clock']}   "
        f"folder {state['folder']}"
    )
    public = Path(state["folder"]) / "keys" / "signing.pub"
    if public.is_file():
        console.print(f"public records are signed by key {signing.key_id(signing.read_public(public))}: {public}")
    metrics = Path(state["folder"]) / "data" / "run"
    table = Table("process", "pid", "up since", "metrics", "outbox waiting")
    healthy = True
    for name in state["processes"]:
        pid, since = _find(name, state["pid"])
        address = metrics / f"{name}.metrics"
        where = address.read_text().strip() if pid and address.is_file() else ""
        healthy = healthy and pid is not None
        table.add_row(
            name, str(pid or "DOWN"), since, where, _gauge(where, "yunquan_outbox_rows") if "relay" in name else ""
        )
    console.print(table)
    queues = Table("queue", "waiting", "consumers")
    for queue, (ready, consumers) in queue_depths(state["amqp_uri"], tuple(state["services"])).items():
        working = not queue.startswith(("dead-", "retry-", names.UNROUTED))
        healthy = healthy and (consumers > 0 or not working)
        if working or ready:
            queues.add_row(queue, str(ready), str(consumers))
    console.print(queues)
    return healthy


def _find(name: str, supervisor: int) -> tuple[int | None, str]:
    """The process's pid now (it may have been restarted) and for how long it has run."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        if f"YUNQUAN_PROCESS={name}".encode() in environment and int(parent) == supervisor:
            seconds = time.time() - entry.stat().st_mtime
            return int(entry.name), f"{seconds:,.0f} s"
    return None, ""


def _gauge(address: str, name: str) -> str:
    if not address:
        return "?"
    try:
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=2) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return "?"
    return next((line.rpartition(" ")[2].removesuffix(".0") for line in lines if line.startswith(name + "{")), "?")


commands = [up, down, status, keys]
