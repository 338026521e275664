"""The compose file can't be run by the tests; it must start what they start, with what they start it with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from contracts.catalogue import SERVICES
from infra.local.deployment import command_of
from infra.settings import from_env

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
CONTAINERS = COMPOSE["services"]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("prefix", ["", "relay-"])
def test_a_container_runs_the_command_that_make_up_runs(service: str, prefix: str) -> None:
    name = f"{prefix}{service}"
    assert CONTAINERS[name]["command"] == ["python", "-m", *command_of(name)]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_starts_after_its_tables_and_queues(service: str) -> None:
    """Else the first start of a deployment fails, or events find no queue and are dropped."""
    for name in (service, f"relay-{service}"):
        assert CONTAINERS[name]["depends_on"] == {
            "topology": {"condition": "service_completed_successfully"},
            f"{service}-migrate": {"condition": "service_completed_successfully"},
        }
    assert CONTAINERS[f"{service}-migrate"]["command"] == ["python", "-m", "infra.migrate", service]


def test_every_variable_is_one_that_a_process_reads() -> None:
    """A misspelt setting would be silently ignored."""
    read = "".join(
        path.read_text("utf-8") for folder in ("infra", "services") for path in (ROOT / folder).rglob("*.py")
    )
    for container in CONTAINERS.values():
        for name, value in (container.get("environment") or {}).items():
            if name.startswith("YUNQUAN_"):
                assert name in read or f'"YUNQUAN_{{{name[8:].lower()}' in read or _is_setting(name, str(value)), name


def _is_setting(name: str, value: str) -> bool:
    try:
        return from_env({name: value}) != from_env({})
    except ValueError:
        return True


def test_secrets_and_mounts_are_declared_and_there() -> None:
    for name, container in CONTAINERS.items():
        assert set(container.get("secrets", [])) <= set(COMPOSE["secrets"]), name
        for mount in container.get("volumes", []):
            source = mount.split(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists(), (name, source)


def test_images_are_pinned_and_ports_are_local() -> None:
    for name, container in CONTAINERS.items():
        image = container["image"]
        assert image.startswith("yunquan-") or re.search(r":v?\d", image), (name, image)
        for port in container.get("ports", []):
            assert port.startswith("127.0.0.1:"), (name, port)
