"""Where scenarios are played: one deployment for all of them, pristine before each."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from contracts.client import Client
from contracts.programmes import Library
from infra import packs
from infra.books.telling import EVERY
from infra.local.deployment import Deployment, Options
from infra.local.simulation import Simulation
from infra.scenario.play import TELLING_S, Failure, Player
from infra.scenario.reader import Scenario
from infra.scenario.rules import library

BEFORE = datetime(2017, 1, 1, tzinfo=UTC)  # before any programme
# due work is done when the scenario says so, or the clock of the machine would decide how far it has come
# and books are told seldom, for each telling takes a round of its own
ALWAYS: Mapping[str, str] = {
    "YUNQUAN_TICK_SECONDS": "86400",
    EVERY: str(TELLING_S),
    packs.FOLDER: "",
    packs.OVERLAYS: "",
}


class House:
    """`with House(folder) as house: house.play(scenario)`; it starts with the first that is played."""

    def __init__(self, folder: Path, *, throwaway: bool = True) -> None:
        self.place = folder
        self._throwaway = throwaway
        self._stack = contextlib.ExitStack()
        self._deployment: Deployment | None = None
        self._client: Client | None = None
        self._overlays: frozenset[str] = frozenset()
        self._packs: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def play(self, scenario: Scenario) -> Failure | None:
        """Everything back to the beginning, then the scenario; services restart when it asks for other rules."""
        folder, overlays = self._folder_beside(scenario), self._beside(scenario)
        env = _env(overlays, folder)
        if self._deployment is None or self._client is None:
            options = Options(throwaway=self._throwaway, starts_at=BEFORE, env=env)
            self._deployment = self._stack.enter_context(Deployment(self.place, options))
            self._client = self._stack.enter_context(self._deployment.client("auditor", timeout=60.0))
            Simulation(self._deployment, self._client).quiet()
            self._deployment.keep()
        elif (overlays, folder) != (self._overlays, self._packs):
            self._deployment.restart(env)
        self._overlays, self._packs = overlays, folder
        simulation = Simulation(self._deployment, self._client)
        simulation.quiet()
        self._deployment.reset(scenario.starts)
        return Player(scenario, simulation, self._client).play()

    def database_url(self, service: str) -> str:
        """Where a service of the deployment that runs keeps its records."""
        assert self._deployment is not None, "it starts with the first scenario"
        return self._deployment.database_url(service)

    def _folder_beside(self, scenario: Scenario) -> Path | None:
        """Its packs, or those that run already where they are of other programmes."""
        running = self._packs
        if scenario.packs is None and running is not None and scenario.programmes.isdisjoint(Library(running).codes()):
            return running
        return scenario.packs

    def _beside(self, scenario: Scenario) -> frozenset[str]:
        """Its overlays, beside those that run already and fill other programmes than its own: these change nothing."""
        fills = {one.code: one.fills for one in library(self._folder_beside(scenario)).overlays()}
        others = {code for code in self._overlays if fills.get(code, "") not in {*scenario.programmes, ""}}
        return frozenset({*others, *scenario.overlays})


def _env(overlays: Iterable[str], folder: Path | None) -> dict[str, str]:
    """What the services are told of packs and overlays."""
    return {**ALWAYS, packs.FOLDER: str(folder or ""), packs.OVERLAYS: ",".join(sorted(overlays))}
