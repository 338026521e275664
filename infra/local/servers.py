"""Which broker and which databases a run uses: those the user names in the environment, or private ones."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from infra.local.guard import LocalServerError
from infra.local.postgres import Postgres
from infra.local.rabbitmq import Rabbit

AMQP_URI = "YUNQUAN_AMQP_URI"
DATABASE_URL = "YUNQUAN_DATABASE_URL"


def named_broker(environ: Mapping[str, str]) -> str | None:
    """The AMQP URI the user names, if any."""
    uri = environ.get(AMQP_URI, "")
    if uri and not uri.startswith(("amqp://", "amqps://")):
        raise LocalServerError(f"{AMQP_URI} must begin with amqp:// or amqps://")
    return uri or None


def named_databases(environ: Mapping[str, str]) -> Callable[[str], str] | None:
    """From a service's name to its database URL, if the user names a template with ``{service}``."""
    template = environ.get(DATABASE_URL, "")
    if template and "{service}" not in template:
        raise LocalServerError(f"{DATABASE_URL} must contain {{service}}: each service has a database of its own")
    return (lambda service: template.replace("{service}", service)) if template else None


def sqlite_databases(folder: Path) -> Callable[[str], str]:
    """From a service's name to the URL of its SQLite file in ``folder``, which is created."""
    folder.mkdir(parents=True, exist_ok=True)
    return lambda service: f"sqlite:///{folder.absolute() / service}.sqlite3"


@contextlib.contextmanager
def broker(environ: Mapping[str, str], folder: Path, *, prometheus: bool = False) -> Iterator[str]:
    """The broker's URI for a ``with`` block: the user's own, or that of a private node over ``folder``."""
    if named := named_broker(environ):
        yield named
        return
    with Rabbit(folder, prometheus=prometheus) as node:
        yield node.uri


@contextlib.contextmanager
def postgres_databases(
    environ: Mapping[str, str], folder: Path, services: list[str], *, durable: bool = True
) -> Iterator[Callable[[str], str]]:
    """From a service's name to its PostgreSQL database for a ``with`` block: the user's own, or in a private cluster.

    In the private cluster each service's database is created when it is missing; the user's own must exist.
    """
    if named := named_databases(environ):
        yield named
        return
    with Postgres(folder, durable=durable) as cluster:
        for service in sorted(set(services) - set(cluster.databases())):
            cluster.create_database(service)
        yield cluster.uri
