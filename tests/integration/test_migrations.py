"""What the migrations make is what the code expects, or a deployment would break where tests pass."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from contracts.catalogue import SERVICES
from infra.migrate import differences, upgrade


@pytest.mark.parametrize("service", SERVICES)
def test_migrations_make_the_tables_of_the_code(service: str, database_url: str) -> None:
    upgrade(service, database_url)
    assert differences(service, database_url) == []
    upgrade(service, database_url)  # a second time changes nothing


IMMUTABLE = [
    ("voucher", "transfers"),
    ("voucher", "decisions"),
    ("supervision", "evidence"),
    ("registry", "facts_history"),
    ("settlement", "payment_files"),
]


@pytest.mark.parametrize(("service", "table"), IMMUTABLE)
def test_the_record_is_guarded_by_the_database_itself(service: str, table: str, database_url: str) -> None:
    """Without the triggers a hand at the database could rewrite the ledger."""
    upgrade(service, database_url)
    engine = sa.create_engine(database_url)
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                query = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"
                expected = 2
            else:
                query = "SELECT count(*) FROM pg_trigger WHERE tgrelid = CAST(:table AS regclass) AND NOT tgisinternal"
                expected = 1
            assert connection.execute(sa.text(query), {"table": table}).scalar_one() == expected
    finally:
        engine.dispose()


def test_replicas_may_migrate_at_once(postgres_url: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(upgrade, "notify", postgres_url) for _ in range(3)]:
            future.result()
    assert differences("notify", postgres_url) == []
