"""Scenarios of a worker share one deployment: it starts with the first, and is pristine before each."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from contracts.catalogue import EVIDENCE, SERVICES
from infra import tables
from infra.db import create_engine, reading
from infra.local.guard import scratch_folder, wait_for
from infra.scenario.reader import Scenario
from infra.scenario.stage import House
from services.supervision.store.tables import evidence

Play = Callable[[Scenario], None]


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    """All services, on SQLite, a private broker and a simulated clock."""
    folder = scratch_folder("scenarios")
    try:
        with House(folder) as one:
            yield one
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def play(house: House) -> Play:
    """`play(story)`: fails with what was expected beside what came."""

    def played(story: Scenario) -> None:
        failure = house.play(story)
        if failure is not None:
            pytest.fail(str(failure), pytrace=False)
        wait_for(lambda: told(house) == decided(house), deadline_seconds=10.0)  # the last ones are still on their way
        assert told(house) == decided(house), "decisions escape the evidence log"

    return played


def decided(house: House) -> Counter[tuple[str, ...]]:
    """What the services keep as decided or refused: service, action, subject, outcome."""
    names = ("action", "subject", "outcome")
    query = sa.select(*(tables.decisions.c[name] for name in names))
    return Counter((service, *row) for service in SERVICES for row in rows(house, service, query))


def told(house: House) -> Counter[tuple[str, ...]]:
    """What the evidence log has of these."""
    found: Counter[tuple[str, ...]] = Counter()
    for (body,) in rows(house, EVIDENCE, sa.select(evidence.c.body)):
        event = json.loads(body)
        service, name, _ = event["type"].split(".")
        if name == "decided":
            found.update((service, one["action"], one["subject"], one["outcome"]) for one in event["data"]["decisions"])
        elif name == "command_refused":
            found[service, event["data"]["method"], event["subject"], "refused"] += 1
    return found


def rows(house: House, service: str, query: sa.Select[Any]) -> list[sa.Row[Any]]:
    engine = create_engine(house.database_url(service), service=service)
    try:
        with reading(engine) as conn:
            return list(conn.execute(query))
    finally:
        engine.dispose()
