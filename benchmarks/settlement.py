"""One window of settlement, from the news of its orders to the reconciled statement, at two sizes in one run.

The service's own handlers on PostgreSQL, in lists, without a broker. `python -m benchmarks.settlement URL CLAIMS` plays
one window on an empty database and prints a JSON object a step.
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
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from benchmarks.pgbench import tpc_b
from infra import auth, crypto, packs, signing
from infra.clock import local_date
from infra.db import create_engine
from infra.local.keys import write_secret
from infra.local.postgres import Postgres
from infra.messages import Event
from infra.pipeline import Pipeline
from tests.integration.settlement.world import World

SIZES = (20_000, 200_000)
A_LIST = 500  # commands of one list, events of one delivery
CLAIMS_A_PROVIDER = 100
CLAIMS_AN_ENTERPRISE = 20
DRAWN = 500  # of the node's claims, to be audited
STARTS = datetime(2019, 10, 14, 4, tzinfo=UTC)
NOTICED = timedelta(days=20)  # a notice of five working days is over
SEED = "the seed of a sample, long enough to be one"
PACKS = Path(packs.__file__).parents[1] / "contracts" / "programmes" / "packs"
MODEL, CODE = "neimenggu-2019", "bench-2019"  # stages by two, a notice, an approval by two; and an audit sample beside
SAMPLE = """
[claims.sample]
article = "-"
zh = "抽样审计。"
en = "A sample is audited."
own = { zh = "基准测试", en = "for the bench" }
role = "third_party"
"""


class Timed:
    """A pipeline with a watch: what the service takes, without what the bench takes to write its next list."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self.seconds = self.processor = 0.0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        work = getattr(self._pipeline, name)

        def watched(*given: Any) -> Any:
            nested = self.seconds, self.processor  # a release asks our own query before its transaction
            started, worked = time.perf_counter(), time.process_time()
            try:
                return work(*given)
            finally:
                self.seconds = nested[0] + time.perf_counter() - started
                self.processor = nested[1] + time.process_time() - worked

        return watched


class Crowd(World):
    """The settlement service, told in lists what registry, voucher and supervision would tell it."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine, STARTS)
        self.runs(CODE, f"{CODE}@1", "150100", 2019)
        self.pipeline: Any = Timed(self.pipeline)
        self._waiting: list[Event] = []

    def hear(self, *events: Event) -> None:
        self._waiting += events
        if len(self._waiting) >= A_LIST:
            self.heard()

    def heard(self) -> None:
        """What waits is delivered."""
        waiting, self._waiting = self._waiting, []
        self.pipeline.run_events(waiting)

    def all(self, method: str, bodies: Iterable[dict[str, Any]], **who: Any) -> None:
        """Lists of commands, each of which must be carried out."""
        for one in lists(bodies):
            refused = [answer for answer in self.batch(method, one, **who) if not answer["ok"]]
            if refused:
                raise RuntimeError(f"{method}: {refused[0]}")

    def until(self, code: str, method: str, body: Callable[[], dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """The same command again and again, until it is refused because nothing is left."""
        while (answer := self.do(method, **body()))["ok"]:
            yield answer["result"]
        if answer["error"]["code"] != code:
            raise RuntimeError(f"{method}: {answer}")

    def all_due(self, delta: timedelta) -> None:
        """`delta` later: looks at what is due until there is nothing."""
        self.due(delta)
        while any(self.due().values()):
            continue


def lists(many: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(many)
    while one := list(islice(rest, A_LIST)):
        yield one


@dataclass
class Window:
    """What the steps of one window hand on."""

    crowd: Crowd
    size: int
    orders: list[tuple[str, str]] = field(default_factory=list)  # order, provider
    claims: list[str] = field(default_factory=list)
    sample_id: str = ""
    disbursements: list[str] = field(default_factory=list)
    batches: list[str] = field(default_factory=list)


def tell_orders(window: Window) -> None:
    """Providers, enterprises and confirmed orders."""
    crowd, size = window.crowd, window.size
    providers = [crowd.provider() for _ in range(max(1, size // CLAIMS_A_PROVIDER))]
    enterprises = [crowd.enterprise() for _ in range(max(1, size // CLAIMS_AN_ENTERPRISE))]
    for number in range(size):
        provider, buyer = providers[number % len(providers)], enterprises[number % len(enterprises)]
        window.orders.append((crowd.order(provider, enterprise_id=buyer), provider))
    crowd.heard()


def file_claims(window: Window) -> None:
    """Papers, matched with their orders."""

    def papers() -> Iterator[dict[str, Any]]:
        for order, provider in window.orders:
            body = window.crowd.papers(order, provider)
            window.claims.append(body["claim_id"])
            yield body

    window.crowd.all("file_claim", papers())


def answer_orders(window: Window) -> None:
    """Voucher's answers on the order rows."""
    for claim, order in zip(window.claims, window.orders, strict=True):
        window.crowd.answer(claim, *order)
    window.crowd.heard()


def close_node(window: Window) -> None:
    """A node is announced, a sample committed to; the node closes and takes the claims."""
    crowd, hour = window.crowd, timedelta(hours=1)
    node = {"node_id": crowd.new("N"), "programme": CODE, "year": crowd.year, "closes_at": crowd.clock.now() + hour}
    crowd.ok("announce_node", role="bureau", **node)
    sample = {"node_id": node["node_id"], "size": DRAWN, "seed_hash": sha256(SEED.encode()).hexdigest()}
    window.sample_id = crowd.ok("commit_sample", role="third_party", sample_id=crowd.new("S"), **sample)["id"]
    crowd.all_due(hour)


def clear(window: Window) -> None:
    """Supervision's verdicts."""
    for claim, (_order, provider) in zip(window.claims, window.orders, strict=True):
        window.crowd.verdict(claim, provider)
    window.crowd.heard()


def audit(window: Window) -> None:
    """The seed, the draw, an audit of each that was drawn."""
    crowd, sample = window.crowd, {"sample_id": window.sample_id}
    crowd.ok("reveal_sample", role="third_party", seed=SEED, **sample)
    drawn = [one["claim_id"] for one in crowd.ask("list_sample_items", drawn=True, limit=DRAWN, **sample)["items"]]
    found = ({"claim_id": claim, "error_fen": 0, "code": None, "reasons": None, **sample} for claim in drawn)
    crowd.all("record_audit", found, role="third_party", person="auditor")  # who audits a claim reviews it no more
    crowd.ok("close_sample", role="third_party", **sample)
    crowd.all_due(timedelta(0))


def review(window: Window) -> None:
    """Every stage of every claim."""
    for stage in window.crowd.pack.stages("claim"):
        said = {"stage": stage.role, "decision": "pass", "reasons": None}
        window.crowd.all("review_claim", ({"claim_id": claim, **said} for claim in window.claims))


def publish(window: Window) -> None:
    """Notices of all that passed, until they are over."""
    crowd = window.crowd
    for _ in crowd.until(
        "NOTHING_TO_PUBLISH", "publish_notice", lambda: {"notice_id": crowd.new("B"), "programme": CODE}
    ):
        continue
    crowd.all_due(NOTICED)


def put_forward(window: Window) -> None:
    """Disbursements of all that may be paid."""
    made = window.crowd.until("NOTHING_TO_DISBURSE", "file_disbursement", window.crowd.putting)
    window.disbursements += [one["id"] for one in made]


def approve(window: Window) -> None:
    """Every stage of every disbursement, each in a transaction of its own."""
    for disbursement in window.disbursements:
        window.crowd.approve(disbursement)


def pay(window: Window) -> None:
    """Batches made by one person and released by another, with standing and accounts asked again."""
    crowd = window.crowd
    for made in crowd.until(
        "NOTHING_TO_PAY", "make_batch", lambda: {"batch_id": crowd.new("H"), "programme": CODE, "year": crowd.year}
    ):
        released = crowd.release(made)
        if not released["ok"] or released["result"]["held"]:
            raise RuntimeError(f"release_batch: {released}")
        window.batches.append(made["id"])


def reconcile(window: Window) -> None:
    """The bank's results and its statement, what differs (nothing), and the totals."""
    crowd = window.crowd
    paid_fen, today = 0, local_date(crowd.clock.now())
    for batch in window.batches:
        payments = crowd.ask("get_batch", id=batch)["items"]
        lines = [{"reference": one["reference"], "amount_fen": one["amount_fen"]} for one in payments]
        paid_fen += sum(one["amount_fen"] for one in lines)
        for part in lists(lines):
            settled = [{**one, "status": "settled", "at": today} for one in part]
            booked = [{**one, "booked_on": today, "direction": "debit"} for one in part]
            crowd.ok("record_results", batch_id=batch, results=settled)
            crowd.ok("record_statement", statement_id=crowd.new("S"), lines=booked)
    differences, figures = crowd.ask("bank_differences", programme=CODE), crowd.figures()
    if differences["items"] or not 0 < figures["paid_fen"] == paid_fen:
        raise RuntimeError(f"not reconciled: {differences}, {figures}")


STEPS: dict[str, Callable[[Window], None]] = {
    "orders told": tell_orders,
    "file and match": file_claims,
    "orders answer": answer_orders,
    "node closes": close_node,
    "supervision clears": clear,
    "sample": audit,
    "review": review,
    "notice": publish,
    "put forward": put_forward,
    "approve": approve,
    "pay": pay,
    "reconcile": reconcile,
}


# ---------------------------------------------------------------- one size, in a process of its own


def play(url: str, size: int) -> None:
    """One window; a JSON object a step."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        model = (PACKS / f"{MODEL}.v1.toml").read_text("utf-8")
        (place / f"{CODE}.v1.toml").write_text(model.replace(MODEL, CODE, 1) + SAMPLE, "utf-8")
        crypto.create(place / "keys.json")
        write_secret(place / "signing.pem", auth.generate_keys()[0])
        files = {crypto.SETTING: "keys.json", signing.SETTING: "signing.pem"}
        os.environ |= {packs.FOLDER: folder} | {name: str(place / file) for name, file in files.items()}
        engine = create_engine(url, service="settlement")
        window = Window(Crowd(engine), size)
        watch = window.crowd.pipeline
        for name, step in STEPS.items():
            watch.seconds = watch.processor = 0.0
            Path("/proc/self/clear_refs").write_text("5")  # the peak is measured anew
            step(window)
            backend = sa.text("SELECT pg_backend_pid()")
            with engine.connect() as conn:
                pid = conn.execute(backend).scalar_one()
            peaks = {"ours_mb": peak_mb("self"), "backend_mb": peak_mb(pid)}
            print(
                json.dumps({"step": name, "seconds": watch.seconds, "processor": watch.processor, **peaks}), flush=True
            )
        engine.dispose()


def peak_mb(pid: int | str) -> float:
    """The most memory that a process had; of a backend with the shared buffers that it touched."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


# ---------------------------------------------------------------- both sizes, side by side


def bench_settlement(postgres: Postgres, console: Console, sizes: Sequence[int]) -> None:
    """A row a step: both sizes, their ratio beside that of the sizes, and a claim in transactions of TPC-B."""
    tps = tpc_b(postgres)
    played = [_played(postgres.create_database(f"settlement_{size}"), size) for size in sizes]
    few, many = sizes[0], sizes[-1]
    table = Table(f"settlement of {many:,} claims", title=f"TPC-B: {tps:,.0f} a second")
    for name in (f"{few:,}: s", f"{many:,}: s", f"ratio, of {many / few:g}", "its processor's", "claims/s"):
        table.add_column(name, justify="right")
    for name in ("TPC-B a claim", "peak MB", "backend MB"):
        table.add_column(name, justify="right")
    for small, large in zip(played[0], played[-1], strict=True):
        table.add_row(large["step"], *_cells(small, large, many, tps))
    whole = [
        {key: sum(row[key] for row in rows) for key in ("seconds", "processor")} for rows in (played[0], played[-1])
    ]
    peaks = {key: max(row[key] for row in played[-1]) for key in ("ours_mb", "backend_mb")}
    table.add_row("whole", *_cells(whole[0], whole[1] | peaks, many, tps), style="bold")
    console.print(table)


def _cells(small: dict[str, Any], large: dict[str, Any], size: int, tps: float) -> list[str]:
    seconds = large["seconds"]
    return [
        f"{small['seconds']:,.1f}",
        f"{seconds:,.1f}",
        f"{seconds / small['seconds']:.1f}",
        f"{large['processor'] / small['processor']:.1f}",
        f"{size / seconds:,.0f}",
        f"{seconds / size * tps:.2f}",
        f"{large['ours_mb']:,.0f}",
        f"{large['backend_mb']:,.0f}",
    ]


def _played(url: str, size: int) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "benchmarks.settlement", url, str(size)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


if __name__ == "__main__":
    play(sys.argv[1], int(sys.argv[2]))
