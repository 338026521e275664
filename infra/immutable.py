"""Tables whose rows are never changed: the database itself refuses UPDATE, DELETE and TRUNCATE, whoever tries."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def statements(table: str, dialect: str) -> list[str]:
    """The triggers of one table, in SQLite's or PostgreSQL's words."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            for verb in ("UPDATE", "DELETE")
        ]
    return [
        f"CREATE OR REPLACE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$",
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()",
    ]


def immutable(table: sa.Table) -> None:
    """The triggers come with the table wherever `metadata.create_all` makes it."""
    ddl: Any = sa.DDL  # untyped
    for dialect in ("sqlite", "postgresql"):
        for statement in statements(table.name, dialect):
            sa.event.listen(table, "after_create", ddl(statement).execute_if(dialect=dialect))


def guard(op: Any, table: str) -> None:
    """The triggers within a migration (`op`: alembic's operations)."""
    for statement in statements(table, op.get_bind().dialect.name):
        op.execute(statement)
