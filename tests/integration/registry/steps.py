"""Steps that the tests of several programmes share: parties, papers and offices of any of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts import ulid
from infra.messages import Actor
from tests.integration.registry.world import OPERATOR, PLATFORM, Registry, make_code

NEIMENGGU, SHANDONG, SHENYANG, SHANXI = "neimenggu-2019", "shandong-2017", "shenyang-2018", "shanxi-2018"
SIXTH = "yunzhou-2021"
BUREAU_2 = Actor("bureau-2", frozenset({"bureau"}))
PACKS = Path(__file__).parents[2] / "e2e" / "sixth"


def office(role: str, region: str | None, name: str = "1") -> Actor:
    """An official of a region's office."""
    return Actor(f"{role}-{region}-{name}", frozenset({role}), region=region)


def refusal(given: dict[str, Any]) -> tuple[str, str | None]:
    """Code and article of a refused command."""
    assert not given["ok"], given
    return given["error"]["code"], given["error"]["article"]


def papers(registry: Registry, *kinds: str) -> list[dict[str, str]]:
    """Uploaded documents of these kinds."""
    return [{"kind": kind, "sha256": registry.upload(b"%PDF-1.7 " + kind.encode())} for kind in kinds]


def hand_in(registry: Registry, kind: str, party: str, *kinds: str, case_id: str | None = None) -> str:
    """A case with these papers; its id."""
    case_id = case_id or ulid.new()
    documents = papers(registry, *kinds)
    body = {"case_id": case_id, "party_kind": kind, "party_id": party, "documents": documents}
    registry.ok("submit_certification", PLATFORM, **body)
    return case_id


def enterprise(registry: Registry, programme: str, region: str, number: int = 1, **facts: Any) -> str:
    """A registered enterprise; its id."""
    return registry.enterprise(code=make_code(number, region), programme=programme, region=region, **facts)


def provider(registry: Registry, programme: str, region: str, number: int = 2, **facts: Any) -> str:
    """A registered provider; its id."""
    return registry.provider(
        code=make_code(number, region), to="registered", programme=programme, region=region, **facts
    )


def said(registry: Registry, subject: str) -> list[tuple[str, int, str]]:
    """What was told of a subject: event, version, state."""
    return [
        (one["type"].split(".")[1], one["sequence"], one["data"].get("status"))
        for one in registry.events()
        if one["subject"] == subject and "command_refused" not in one["type"]
    ]


def work(registry: Registry, programme: str, kind: str, **by: str) -> list[tuple[str, str]]:
    """Whose turn it is, where, of what waits."""
    found = registry.ask("list_work", OPERATOR, programme=programme, kind=kind, **by)["result"]["items"]
    return [(one["stage"], one["region"]) for one in found]
