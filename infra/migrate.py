"""`python -m infra.migrate voucher …`: brings each service's database to its newest schema, before the service starts.

One process does it at a time (an advisory lock on PostgreSQL, the write lock on SQLite), so that replicas may all try.
"""

from __future__ import annotations

import importlib
import sys
from importlib.resources import files

import click
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from contracts.catalogue import SERVICES
from infra import settings
from infra.db import create_engine

LOCK = 0x7975_6E71  # "yunq"


def configuration(service: str, connection: sa.Connection | None = None) -> Config:
    """Alembic's settings for one service; its metadata comes from services.<service>.store."""
    config = Config()
    versions = files(f"services.{service}") / "migrations" / "versions"
    config.set_main_option("script_location", str(files("infra") / "alembic"))
    config.set_main_option("version_locations", str(versions))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["metadata"] = metadata_of(service)
    return config


def metadata_of(service: str) -> sa.MetaData:
    """The tables a service has."""
    found: sa.MetaData = importlib.import_module(f"services.{service}.store").metadata
    return found


def upgrade(service: str, url: str) -> None:
    """To the newest version; does nothing where that is reached."""
    engine = create_engine(url, service=service)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_lock(LOCK)))
                connection.commit()
            command.upgrade(configuration(service, connection), "head")
            connection.commit()
    finally:
        engine.dispose()


def differences(service: str, url: str) -> list[object]:
    """What the migrations leave different from the tables the code expects; empty when they agree."""
    engine = create_engine(url, service=service)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            return list(compare_metadata(context, metadata_of(service)))
    finally:
        engine.dispose()


@click.command("migrate")
@click.argument("services", nargs=-1)
def migrate(services: tuple[str, ...]) -> None:
    """Bring the databases of SERVICES (default: all) to their newest schema."""
    given = settings.from_env()
    for service in services or SERVICES:
        if service not in SERVICES:
            raise click.BadParameter(f"no such service: {service}")
        upgrade(service, given.database_url(service))
        click.echo(f"{service}: at its newest schema")


commands = [migrate]

if __name__ == "__main__":
    sys.exit(migrate())
