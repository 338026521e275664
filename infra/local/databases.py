"""Create and drop databases of a PostgreSQL server, ours or one that was there before."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import psycopg2

from infra.local.guard import LocalServerError

ADMIN_DATABASE = "postgres"
DATABASE_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Databases:
    """The databases of one server, whose URIs ``uri(database)`` gives (``postgresql+psycopg2://…``).

    One administrative connection is kept open; methods may be called from any thread.
    """

    def __init__(self, uri: Callable[[str], str]) -> None:
        self.uri = uri
        self._connection: psycopg2.extensions.connection | None = None
        self._lock = threading.Lock()

    def create(self, name: str, *, template: str = "template1") -> str:
        """Create an empty database, or a copy of ``template`` (which nobody may be connected to); return its URI."""
        self.execute(f"CREATE DATABASE {_identifier(name)} TEMPLATE {_identifier(template)}")
        return self.uri(name)

    def drop(self, name: str) -> None:
        """Drop a database if it exists, cutting its sessions."""
        self.execute(f"DROP DATABASE IF EXISTS {_identifier(name)} WITH (FORCE)")

    def names(self) -> list[str]:
        """The names of all databases but PostgreSQL's own, sorted."""
        rows = self.execute("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY datname")
        return [str(row[0]) for row in rows if row[0] != ADMIN_DATABASE]

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Run one statement on the administrative connection, outside any transaction; return its rows if any."""
        with self._lock:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg2.connect(self._plain_uri(), connect_timeout=10)
                self._connection.autocommit = True
            with self._connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall()) if cursor.description else []

    def close(self) -> None:
        """Close the administrative connection; the next statement opens another."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _plain_uri(self) -> str:
        return re.sub(r"^postgresql\+\w+:", "postgresql:", self.uri(ADMIN_DATABASE))


def _identifier(name: str) -> str:
    if not DATABASE_NAME.fullmatch(name):
        raise LocalServerError(f"not a database's name: {name!r}")
    return f'"{name}"'
