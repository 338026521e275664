"""What the story stands on: people with tokens, calls in batches with a progress bar, simulated time, quiet."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from contracts import ulid
from contracts.client import Client, Request, result_of
from infra.clock import SHANGHAI
from infra.local.deployment import Deployment
from infra.local.simulation import Simulation

Answer = dict[str, Any]


class Stage:
    """`do` sends one list of commands as one person; what is refused is counted, not hidden."""

    def __init__(self, deployment: Deployment, console: Console, seed: int) -> None:
        self.deployment = deployment
        self.console = console
        self.chance = random.Random(seed)
        self.client: Client = deployment.client("platform", timeout=120.0)
        self.simulation = Simulation(deployment, self.client)
        self.refusals: Counter[tuple[str, str]] = Counter()
        self.calls = 0
        self._tokens: dict[tuple[str, str, str], str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.client.close()

    def token(self, role: str, person: str = "", organisation: str | None = None, office: str | None = None) -> str:
        """The token of a person in a role, or of an organisation; `office`: the region of a local office."""
        name = (role, person or organisation or f"{role}-1", office or "")
        if name not in self._tokens:
            self._tokens[name] = self.deployment.token(role, subject=name[1], organisation=organisation, region=office)
        return self._tokens[name]

    def do(
        self,
        what: str,
        service: str,
        method: str,
        bodies: Sequence[dict[str, Any]],
        *,
        role: str = "platform",
        person: str = "",
        office: str | None = None,
        expected: Iterable[str] = (),
    ) -> list[Answer]:
        """Answers in order. A refusal whose code is not `expected` ends the demo: it would be a defect."""
        token = self.token(role, person, office=office)
        requests = [Request(service, method, body, ulid.new(), token) for body in bodies]
        answers: list[Answer] = []
        with self._progress() as bar:
            task = bar.add_task(f"{what:<34}", total=len(requests))
            for answer in self.client.call_many(requests):
                answers.append(answer)
                bar.advance(task)
        self.calls += len(answers)
        self._count(what, answers, set(expected))
        return answers

    def one(
        self,
        service: str,
        method: str,
        *,
        role: str = "platform",
        person: str = "",
        office: str | None = None,
        **body: Any,
    ) -> dict[str, Any]:
        """The result of one call, which must succeed."""
        self.calls += 1
        return self.client.call(service, method, token=self.token(role, person, office=office), **body)

    def all_of(self, service: str, method: str, *, role: str, **body: Any) -> list[dict[str, Any]]:
        """Every item of a paged list."""
        items: list[dict[str, Any]] = []
        after = None
        while True:
            page = self.one(service, method, role=role, after=after, limit=500, **body)
            items += page["items"]
            after = page.get("next")
            if not after:
                return items

    def move_to(self, moment: datetime) -> None:
        """Time moves when all is quiet; then everything that has fallen due is done."""
        self.simulation.move_to(moment)
        self.console.print(f"[bold]{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}[/bold]")

    def run_due(self) -> None:
        """Each service does what is due until nothing is left."""
        while self.simulation.run_due():
            continue

    def quiet(self) -> None:
        """No event waits in an outbox, a queue, or a hand."""
        self.simulation.quiet()

    def _count(self, what: str, answers: Sequence[Answer], expected: set[str]) -> None:
        refused = [answer["error"] for answer in answers if not answer["ok"]]
        for error in refused:
            if error["code"] not in expected:
                raise RuntimeError(f"{what}: {error}")
            self.refusals[error["code"], error.get("article") or ""] += 1
        if refused:
            kinds = Counter(error["code"] for error in refused)
            self.console.print(
                "   refused: " + ", ".join(f"{code} {n}" for code, n in kinds.most_common()), style="dim"
            )

    def _progress(self) -> Progress:
        columns = (TextColumn("{task.description}"), BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn())
        return Progress(*columns, console=self.console, transient=False)


def kept(bodies: Sequence[dict[str, Any]], answers: Sequence[Answer]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(body, result) of the commands that were carried out."""
    return [(body, result_of(answer)) for body, answer in zip(bodies, answers, strict=True) if answer["ok"]]
