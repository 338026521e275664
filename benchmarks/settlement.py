"""One window of settlement, from the news of its orders to the reconciled statement, at two sizes in one run.

`python -m benchmarks.settlement URL CLAIMS` plays one window on an empty database and prints a JSON object a step.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from infra import crypto
from infra.clock import SHANGHAI
from infra.db import create_engine
from infra.local.postgres import Postgres
from infra.messages import Event
from services.settlement.domain.disbursements import stages_of
from tests.integration.settlement.world import PRICE, World

SIZES = (20_000, 200_000)
A_LIST = 500  # commands of one list, events of one delivery
CLAIMS_A_PROVIDER = 100
CLAIMS_AN_ENTERPRISE = 20
STARTS = datetime(2019, 10, 14, 4, tzinfo=UTC)
NOTICED = date(2019, 11, 1)  # long after a notice of five working days
PROGRAMME = ("neimenggu-2019", "neimenggu-2019@1", "150100", 2019)  # stages, a notice, an approval by two


class Timed:
    """A pipeline with a watch: what the service takes, without what the bench takes to write its next list."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self.seconds = 0.0
        self.processor = 0.0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        work = getattr(self._pipeline, name)

        def watched(*given: Any) -> Any:
            started, worked = time.perf_counter(), time.process_time()
            try:
                return work(*given)
            finally:
                self.seconds += time.perf_counter() - started
                self.processor += time.process_time() - worked

        return watched


class Crowd(World):
    """The settlement service with a window's worth of news, heard in lists."""

    def __init__(self, engine: Any) -> None:
        super().__init__(engine, STARTS)
        self.runs(*PROGRAMME)
        self.pipeline = Timed(self.pipeline)
        self._heard: list[Event] = []

    def hear(self, *events: Event) -> None:
        self._heard += events
        if len(self._heard) >= A_LIST:
            self.heard()

    def heard(self) -> None:
        """What was told is heard."""
        waiting, self._heard = self._heard, []
        self.pipeline.run_events(waiting)

    def all(self, method: str, bodies: Iterable[dict[str, Any]], **who: Any) -> None:
        """Lists of commands, each of which must be carried out."""
        for one in lists(bodies):
            refused = [answer for answer in self.batch(method, one, **who) if not answer["ok"]]
            if refused:
                raise RuntimeError(f"{method}: {refused[0]}")

    def until_nothing(self, method: str, code: str, body: Callable[[], dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The same command again and again, until it is refused because nothing is left."""
        while (answer := self.do(method, **body()))["ok"]:
            yield answer["result"]
        if answer["error"]["code"] != code:
            raise RuntimeError(f"{method}: {answer}")

    def all_due(self) -> None:
        """Looks at what is due until there is nothing."""
        while any(count for name, count in self.due().items() if name != "prune"):
            continue


def lists(many: Iterable[Any], size: int = A_LIST) -> Iterator[list[Any]]:
    rest = iter(many)
    while one := list(islice(rest, size)):
        yield one


@dataclass
class Window:
    """What the steps of one window hand on."""

    crowd: Crowd
    size: int
    orders: list[tuple[str, str]] = field(default_factory=list)  # order, provider
    claims: list[str] = field(default_factory=list)
    disbursements: list[str] = field(default_factory=list)
    batches: list[str] = field(default_factory=list)

    def purse(self) -> dict[str, Any]:
        return {"programme": self.crowd.programme, "year": self.crowd.year}


def tell_orders(window: Window) -> None:
    """Providers, enterprises and confirmed orders, as registry and voucher tell them."""
    crowd, size = window.crowd, window.size
    providers = [crowd.provider() for _ in range(max(1, size // CLAIMS_A_PROVIDER))]
    enterprises = [crowd.enterprise() for _ in range(max(1, size // CLAIMS_AN_ENTERPRISE))]
    for number in range(size):
        provider = providers[number % len(providers)]
        buyer = enterprises[number % len(enterprises)]
        window.orders.append((crowd.order(provider, enterprise_id=buyer), provider))
    crowd.heard()


def file_claims(window: Window) -> None:
    """Papers, matched with their orders, in lists."""

    def papers() -> Iterator[dict[str, Any]]:
        for order, provider in window.orders:
            body = window.crowd.papers(order, provider)
            window.claims.append(body["claim_id"])
            yield body

    window.crowd.all("file_claim", papers())


def answer_orders(window: Window) -> None:
    """Voucher's answer on each order row."""
    for claim, order in zip(window.claims, window.orders, strict=True):
        window.crowd.answer(claim, *order)
    window.crowd.heard()


def close_node(window: Window) -> None:
    """The year's node is announced, closes, and takes the claims."""
    window.crowd.node()
    window.crowd.all_due()


def clear(window: Window) -> None:
    """Supervision's verdicts."""
    for claim, (_order, provider) in zip(window.claims, window.orders, strict=True):
        window.crowd.verdict(claim, provider)
    window.crowd.heard()


def review(window: Window) -> None:
    """Every stage of every claim."""
    for stage in window.crowd.pack.stages("claim", None):
        said = {"stage": stage.role, "decision": "pass", "reasons": None}
        window.crowd.all("review_claim", ({"claim_id": claim, **said} for claim in window.claims))


def publish(window: Window) -> None:
    """Notices of all that passed, until they are over."""
    crowd = window.crowd
    programme = {"programme": crowd.programme}
    for _ in crowd.until_nothing("publish_notice", "NOTHING_TO_PUBLISH", lambda: {"notice_id": crowd.new("B")} | programme):
        continue
    crowd.at(datetime(NOTICED.year, NOTICED.month, NOTICED.day, 12, tzinfo=SHANGHAI))
    crowd.all_due()


def put_forward(window: Window) -> None:
    """Disbursements of all that may be paid."""
    crowd = window.crowd
    made = crowd.until_nothing("file_disbursement", "NOTHING_TO_DISBURSE", crowd.putting)
    window.disbursements += [one["id"] for one in made]


def approve(window: Window) -> None:
    """Every stage of every disbursement, each in a transaction of its own."""
    crowd = window.crowd
    for disbursement in window.disbursements:
        for stage in stages_of(crowd.pack):
            said = {"stage": stage.role, "decision": "approve"}
            crowd.ok("review_disbursement", disbursement_id=disbursement, **said)


def pay(window: Window) -> None:
    """Batches made by one person and released by another, with standing and accounts asked again."""
    crowd = window.crowd
    for made in crowd.until_nothing("make_batch", "NOTHING_TO_PAY", lambda: {"batch_id": crowd.new("H"), **window.purse()}):
        released = crowd.release(made)
        if not released["ok"] or released["result"]["held"]:
            raise RuntimeError(f"release_batch: {released}")
        window.batches.append(made["id"])


def reconcile(window: Window) -> None:
    """The bank's results and its statement, what differs (nothing), and the books' totals."""
    crowd, today = window.crowd, window.crowd.clock.now().astimezone(SHANGHAI).date()
    for batch in window.batches:
        payments = crowd.ask("get_batch", id=batch)["items"]
        lines = [{"reference": one["reference"], "amount_fen": one["amount_fen"]} for one in payments]
        for part in lists(lines):
            crowd.ok("record_results", batch_id=batch, results=[{**one, "status": "settled", "at": today} for one in part])
            booked = [{**one, "booked_on": today, "direction": "debit"} for one in part]
            crowd.ok("record_statement", statement_id=crowd.new("S"), lines=booked)
    differences = crowd.ask("bank_differences", programme=crowd.programme)
    figures = crowd.figures()
    if differences["items"] or figures["paid_fen"] != window.size * figures["paid_fen"] // window.size or not figures["paid_fen"]:
        raise RuntimeError(f"not reconciled: {differences}, {figures}")


STEPS: dict[str, Callable[[Window], None]] = {
    "orders told": tell_orders,
    "file and match": file_claims,
    "orders answer": answer_orders,
    "node closes": close_node,
    "supervision clears": clear,
    "review": review,
    "notice": publish,
    "put forward": put_forward,
    "approve": approve,
    "pay": pay,
    "reconcile": reconcile,
}


def play(url: str, size: int) -> None:
    """One window; a JSON object a step."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ[crypto.SETTING] = str(Path(folder) / "keys.json")
        crypto.create(Path(os.environ[crypto.SETTING]))
        engine = create_engine(url, service="settlement")
        window = Window(Crowd(engine), size)
        for name, step in STEPS.items():
            window.crowd.pipeline.seconds = window.crowd.pipeline.processor = 0.0
            started = time.perf_counter()
            step(window)
            print(json.dumps({
                "step": name, "seconds": window.crowd.pipeline.seconds, "processor": window.crowd.pipeline.processor, "whole": time.perf_counter() - started
            }), flush=True)


if __name__ == "__main__":
    play(sys.argv[1], int(sys.argv[2]))
