"""`yunquan`: one command for people; each part brings its own by the entry point `yunquan.commands`."""

from __future__ import annotations

import os
import time
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import click

from contracts.catalogue import SERVICES
from contracts.roles import ALL
from infra import auth
from infra.bus import names
from infra.messages import Actor
from infra.settings import from_env
from infra.signature_cli import signature

if TYPE_CHECKING:
    from infra.dlq import DeadLetter

SERVICE = click.Choice(SERVICES)
LETTERS_OF = click.Choice((*SERVICES, names.UNROUTED))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def yunquan() -> None:
    """Runs a region's cloud-voucher programme."""


@yunquan.command("run")
@click.argument("service", type=SERVICE)
def run_service(service: str) -> None:
    """Run one service process."""
    from infra.run import main as run

    raise SystemExit(run([service]))


@yunquan.command("relay")
@click.argument("service", type=SERVICE)
def run_relay(service: str) -> None:
    """Run one service's relay."""
    from infra.relay import main as relay

    raise SystemExit(relay([service]))


@yunquan.command("topology")
@click.option("--list", "only_list", is_flag=True, help="Show it and declare nothing.")
def declare_topology(only_list: bool) -> None:
    """Declare all exchanges, queues and bindings; a second time changes nothing."""
    from infra.bus import topology

    settings = from_env()
    planned = topology.plan(settings=settings)
    for line in topology.lines(planned):
        click.echo(line)
    if not only_list:
        topology.declare(settings.amqp_uri, planned)


@yunquan.command("token")
@click.argument("private_key", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--subject", required=True, help="Who: a person or a system.")
@click.option("--role", "roles", multiple=True, required=True, type=click.Choice(sorted(ALL)))
@click.option("--organisation", help="Id of the enterprise or provider.")
@click.option("--region", help="GB/T 2260 code.")
@click.option("--programme", help="Only for this programme.")
@click.option("--hours", default=8.0, show_default=True, type=click.FloatRange(0.01, auth.LONGEST_S / 3600))
def issue_token(
    private_key: Path,
    subject: str,
    roles: tuple[str, ...],
    organisation: str | None,
    region: str | None,
    programme: str | None,
    hours: float,
) -> None:
    """Issue a token signed with PRIVATE_KEY (PEM, Ed25519)."""
    actor = Actor(subject, frozenset(roles), organisation, region, programme)
    click.echo(auth.issue(private_key.read_bytes(), actor, lifetime_s=int(hours * 3600)))


yunquan.add_command(signature)


@yunquan.group("dlq")
def dlq_group() -> None:
    """Dead letters: what a service could not handle, and events that no queue was bound for (`unrouted`)."""


@dlq_group.command("list")
@click.argument("service", required=False, type=LETTERS_OF)
def dlq_list(service: str | None) -> None:
    """Count dead letters, or list those of SERVICE."""
    from infra import dlq

    uri = _broker()
    if service is None:
        for name in LETTERS_OF.choices:
            click.echo(f"{name:<12} {dlq.count(uri, name)}")
        return
    for letter in dlq.letters(uri, service):
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(letter.dead_at)) if letter.dead_at else "-"
        click.echo(f"{letter.id}  {when}  {letter.kind:<7}  {letter.routing_key}  {letter.reason}")


@dlq_group.command("show")
@click.argument("service", type=LETTERS_OF)
@click.argument("id")
@click.option("--body", is_flag=True, help="Show the body, which may hold personal data.")
def dlq_show(service: str, id: str, body: bool) -> None:
    """Show one dead letter."""
    from infra import dlq

    found = [letter for letter in dlq.letters(_broker(), service) if letter.id == id]
    if not found:
        raise click.ClickException(f"no dead letter {id} of {service}")
    letter = found[0]
    click.echo(f"{letter.kind} {letter.routing_key}\nreason: {letter.reason}")
    for name, value in sorted(letter.headers.items()):
        click.echo(f"  {name}: {value}")
    click.echo(letter.body.decode("utf-8", "replace") if body else f"body: {len(letter.body)} bytes (--body shows it)")


@dlq_group.command("replay")
@click.argument("service", type=LETTERS_OF)
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True)
@click.option("--token", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="For commands: whose.")
def dlq_replay(service: str, ids: tuple[str, ...], everything: bool, token: Path | None) -> None:
    """Send dead letters again: events to this service alone, unrouted ones to all, commands under the token given."""
    from infra import dlq

    _need_choice(ids, everything)
    given = token.read_text(encoding="ascii").strip() if token else None
    choice = _Choice(ids)
    done = dlq.replay(_broker(), service, choice, token=given)
    for line in done.refused:
        click.echo(line)
    click.echo(f"{done.sent} replayed")
    choice.all_found(service)
    if done.refused:
        raise click.ClickException(f"{len(done.refused)} refused")


@dlq_group.command("drop")
@click.argument("service", type=LETTERS_OF)
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True)
@click.confirmation_option(prompt="They will be gone for good. Drop them?")
def dlq_drop(service: str, ids: tuple[str, ...], everything: bool) -> None:
    """Throw dead letters away."""
    from infra import dlq

    _need_choice(ids, everything)
    choice = _Choice(ids)
    click.echo(f"{dlq.drop(_broker(), service, choice)} dropped")
    choice.all_found(service)


def _broker() -> str:
    """The broker YUNQUAN_AMQP_URI names, else that of what `yunquan up` runs here."""
    from infra.local.deployment import read_state
    from infra.local.guard import LocalServerError

    if os.environ.get("YUNQUAN_AMQP_URI"):
        return from_env().amqp_uri
    try:
        return str(read_state(Path(os.environ.get("YUNQUAN_FOLDER", ".yunquan")))["amqp_uri"])
    except LocalServerError as error:
        raise click.ClickException(f"{error}; or name a broker in YUNQUAN_AMQP_URI") from error


class _Choice:
    """The letters of these ids, or every one when there are none; remembers which it has not met."""

    def __init__(self, ids: tuple[str, ...]) -> None:
        self._ids = frozenset(ids)
        self._missing = set(ids)

    def __call__(self, letter: DeadLetter) -> bool:
        self._missing.discard(letter.id)
        return not self._ids or letter.id in self._ids

    def all_found(self, service: str) -> None:
        """ClickException with the ids that no letter had."""
        if self._missing:
            raise click.ClickException(f"no dead letter {', '.join(sorted(self._missing))} of {service}")


def _need_choice(ids: tuple[str, ...], everything: bool) -> None:
    if bool(ids) == everything:
        raise click.UsageError("name the letters, or say --all")


def load_commands() -> None:
    """Add what each installed part brings; a service that is not there has no commands, and that is no error."""
    for entry in sorted(entry_points(group="yunquan.commands"), key=lambda entry: entry.name):
        try:
            commands = entry.load()
        except ModuleNotFoundError as error:
            if error.name and entry.module.startswith(error.name):
                continue
            raise
        for command in commands:
            yunquan.add_command(command)


def main() -> None:
    """The console script."""
    load_commands()
    yunquan()


if __name__ == "__main__":
    main()
