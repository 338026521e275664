"""What the commands of supervision share: a client of the running deployment, and how they refuse."""

from __future__ import annotations

from typing import Any, NoReturn

import click

FOLDER = click.option("--folder", default=".yunquan", show_default=True, type=click.Path(), help="Of the deployment.")


def client_of(folder: str, *, role: str = "auditor") -> Any:
    """A client of the deployment in this folder; exits with 2 when there is none."""
    from infra.local.connect import connect
    from infra.local.guard import LocalServerError

    try:
        return connect(folder, role=role)
    except (LocalServerError, OSError) as error:
        refuse(str(error))


def ask(client: Any, method: str, *, service: str = "supervision", **fields: Any) -> dict[str, Any]:
    """What the service answers; exits with 2 on a refusal."""
    from contracts.client import CallError

    try:
        answer: dict[str, Any] = client.call(service, method, **fields)
    except CallError as error:
        refuse(str(error))
    return answer


def refuse(what: str) -> NoReturn:
    """One line on standard error, and exit code 2."""
    click.echo(f"yunquan: {' '.join(what.split())}", err=True)
    raise SystemExit(2)
