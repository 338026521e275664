"""The toy as a nameko service, run by `python -m infra.run toy`."""

from __future__ import annotations

from infra.bus.service import nameko_service
from tests.unit.infra import toy

Toy = nameko_service(
    "toy",
    metadata=toy.metadata,
    commands=toy.COMMANDS,
    events=toy.EVENT_HANDLERS,
    due=toy.DUE,
    queries=toy.QUERIES,
    catalogue=toy.CATALOGUE,
)
