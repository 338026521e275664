"""`make bench`: every figure beside its peer's in one run; `python -m benchmarks commands client` runs some of them."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import sqlalchemy as sa
from rich.console import Console

from benchmarks.load import calls_a_second
from benchmarks.pgbench import tpc_b
from benchmarks.quotes import bench_quotes
from benchmarks.screening import bench_screening
from benchmarks.settlement import SIZES, bench_settlement
from benchmarks.table import Row, show
from benchmarks.tutorial_service import Base, Quota
from contracts import ulid
from contracts.client import Request
from infra.local.deployment import Deployment, Options
from infra.local.guard import Child, scratch_folder, spawn, wait_for
from infra.local.postgres import Postgres
from tests import news

COMMANDS = 6_000
BULK = 500
WINDOW = 200
BUYERS = 400
YEAR = 2019


class Bench:
    """One broker and one durable PostgreSQL for all benches, so that ratios are of one machine in one run."""

    def __init__(self, deployment: Deployment, console: Console) -> None:
        self.deployment = deployment
        self.console = console
        self._buyers: list[str] = []
        self._products: list[str] = []
        self._pgbench = 0.0

    # ------------------------------------------------------------ ours

    def prepare(self) -> None:
        """Certified enterprises with quota, a provider and a product, as voucher would have heard of them."""
        states = [news.enterprise(number) for number in range(BUYERS)]
        provider, product = news.provider(1), news.product(1)
        uri = self.deployment.amqp_uri
        news.publish(uri, "registry.enterprise_certified.v1", states, subject="enterprise_id")
        news.publish(uri, "registry.provider_admitted.v1", [provider], subject="provider_id")
        news.publish(uri, "registry.product_published.v1", [product], subject="product_id")
        assert wait_for(lambda: not any(self.deployment.unsettled().values()), deadline_seconds=60)
        self._buyers = [state["enterprise_id"] for state in states]
        self._products = [product["product_id"]]
        with self.deployment.client("platform", timeout=120) as platform_client:
            plan, budget = ulid.new(), BUYERS * 5_000_000
            bureau, operator = self.deployment.token("bureau"), self.deployment.token("operator")
            platform_client.voucher.make_plan(
                plan_id=plan, programme=news.PROGRAMME, year=YEAR, budget_fen=budget, opens_on="2019-01-01",
                document="plan", token=bureau,
            )  # fmt: skip
            platform_client.voucher.configure_plan(plan_id=plan, budget_fen=budget, token=operator)
            bodies = [
                {"application_id": ulid.new(), "enterprise_id": b, "programme": news.PROGRAMME, "year": YEAR}
                for b in self._buyers
            ]
            self._all(platform_client, [Request("voucher", "apply_for_quota", body) for body in bodies])
            reviews = [{"application_id": body["application_id"], "decision": "approve"} for body in bodies]
            token = self.deployment.token("operator", subject="operator-2")
            requests = [Request("voucher", "review_application", body, None, token) for body in reviews]
            self._all(platform_client, requests)

    def _all(self, client: Any, requests: list[Request]) -> None:
        for answer in client.call_many(requests):
            if not answer["ok"]:
                raise RuntimeError(f"the bench could not be set up: {answer}")

    def orders(self, count: int) -> list[dict[str, Any]]:
        """Orders that pay 1 yuan by voucher each, spread over the buyers."""
        return [
            {
                "order_id": ulid.new(),
                "enterprise_id": self._buyers[n % len(self._buyers)],
                "product_id": self._products[0],
                "price_fen": 1_000,
                "voucher_fen": 100,
                "agreement": "0" * 64,
            }
            for n in range(count)
        ]

    def commands(self) -> float:
        """voucher.place_order, one call an order, 200 in flight."""
        requests = [Request("voucher", "place_order", body, ulid.new()) for body in self.orders(COMMANDS)]
        with self.deployment.client("platform", timeout=60) as client:
            self._all(client, [Request("voucher", "place_order", b, ulid.new()) for b in self.orders(500)])  # warm
            started = time.perf_counter()
            self._all(client, requests)
            return COMMANDS / (time.perf_counter() - started)

    def bulk(self) -> float:
        """The same orders through voucher.bulk, 500 a list, 4 lists in flight."""
        lists = []
        for _ in range(6 * COMMANDS // BULK):
            items = [{"method": "place_order", "key": ulid.new(), "args": body} for body in self.orders(BULK)]
            lists.append(Request("voucher", "bulk", {"commands": items}))
        with self.deployment.client("platform", timeout=120) as client:
            started = time.perf_counter()
            for answer in client.call_many(lists, window=4):
                bad = [one for one in answer["result"]["outcomes"] if not one["ok"]]
                if bad:
                    raise RuntimeError(f"the bench went wrong: {bad[0]}")
            return len(lists) * BULK / (time.perf_counter() - started)

    # ------------------------------------------------------------ peers

    @contextmanager
    def nameko(self, module: str, name: str, **env: str) -> Iterator[None]:
        """A stock nameko service in a process of its own."""
        log = self.deployment.folder / "log" / f"peer-{name}.log"
        full = {**os.environ, "YUNQUAN_AMQP_URI": self.deployment.amqp_uri, "PYTHONWARNINGS": "ignore", **env}
        command = [sys.executable, "-m", "benchmarks.peer", module, name]
        child: Child = spawn(command, name=name, env=full, log=log, cwd=Path.cwd())
        try:
            if not wait_for(lambda: "ready" in log.read_text(), deadline_seconds=20):
                raise RuntimeError(log.read_text())
            yield
        finally:
            child.stop()

    def tutorial(self) -> float:
        """A tutorial's order service on the same PostgreSQL, 200 in flight."""
        assert self.deployment.postgres is not None
        if "tutorial" not in self.deployment.postgres.databases():
            self.deployment.postgres.create_database("tutorial")
        url = self.deployment.postgres.uri("tutorial")
        engine = sa.create_engine(url)
        Base.metadata.drop_all(engine)
        Base.metadata.create_all(engine)
        with engine.begin() as connection:
            rows = [{"enterprise_id": buyer, "left_fen": 10**12} for buyer in self._buyers]
            connection.execute(sa.insert(Quota), rows)
        engine.dispose()
        bodies = [
            {k: body[k] for k in ("order_id", "enterprise_id", "product_id", "price_fen")} for body in self.orders(1500)
        ]
        with self.nameko("benchmarks.tutorial_service", "TutorialOrders", BENCH_DATABASE_URL=url):
            return calls_a_second(self.deployment.amqp_uri, "tutorial", "place_order", bodies, window=WINDOW)

    def pgbench(self) -> float:
        """PostgreSQL's own TPC-B, scale 10, 8 clients; taken once a run."""
        if self._pgbench:
            return self._pgbench
        assert self.deployment.postgres is not None
        self._pgbench = tpc_b(self.deployment.postgres)
        return self._pgbench

    def client_ours(self) -> float:
        bodies = [{"word": "云券"} for _ in range(8000)]
        return calls_a_second(self.deployment.amqp_uri, "echo", "say", bodies, window=50)

    def client_nameko(self) -> float:
        """nameko's own proxy, 50 threads with one proxy each: it is not thread-safe."""
        from nameko.standalone.rpc import ClusterRpcProxy

        count, threads = 1500, 50
        barrier = threading.Barrier(threads + 1)

        def work(_number: int) -> None:
            with ClusterRpcProxy({"AMQP_URI": self.deployment.amqp_uri}, timeout=60) as proxy:
                barrier.wait()
                for _ in range(count // threads):
                    proxy.echo.say(word="云券")

        with ThreadPoolExecutor(threads) as pool:
            futures = [pool.submit(work, n) for n in range(threads)]
            barrier.wait()
            started = time.perf_counter()
            for future in futures:
                future.result()
            return count / (time.perf_counter() - started)


def bench_commands(bench: Bench) -> list[Row]:
    peer, ours, pgbench = bench.tutorial(), bench.commands(), bench.pgbench()
    return [
        Row("commands", ours, "tutorial nameko + SQLAlchemy", peer, 8.0),
        Row("commands", ours, "pgbench TPC-B", pgbench, 0.6),
    ]


def bench_bulk(bench: Bench) -> list[Row]:
    return [Row("bulk", bench.bulk(), "pgbench TPC-B", bench.pgbench(), 2.0)]


def bench_client(bench: Bench) -> list[Row]:
    with bench.nameko("benchmarks.echo_service", "Echo"):
        return [Row("client", bench.client_ours(), "nameko ClusterRpcProxy", bench.client_nameko(), 3.0)]


def bench_quote(bench: Bench) -> list[Row]:
    return bench_quotes(bench.deployment.folder)


BENCHES: dict[str, Callable[[Bench], list[Row]]] = {
    "commands": bench_commands,
    "bulk": bench_bulk,
    "client": bench_client,
    "quote": bench_quote,
}


SETTLEMENT = "settlement"
SCREENING = "screening"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(sorted((*BENCHES, SETTLEMENT, SCREENING))))
@click.option("--claims", type=int, multiple=True, default=SIZES, help="sizes of the settlement, ascending")
def main(names: tuple[str, ...], claims: tuple[int, ...]) -> None:
    """Run the benches (default: all) and print a table of ratios."""
    console = Console(width=118)
    console.print(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, broker, database and load on one machine"
    )
    chosen = names or (*BENCHES, SETTLEMENT, SCREENING)
    folder = scratch_folder("bench")
    try:
        if rest := [name for name in chosen if name in BENCHES]:
            show(console, run(folder, console, rest))
        if SCREENING in chosen:
            bench_screening(folder, console)
        if SETTLEMENT in chosen:
            with Postgres(folder / SETTLEMENT) as postgres:
                bench_settlement(postgres, console, claims)
            postgres.remove()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(folder: Path, console: Console, names: Sequence[str]) -> list[Row]:
    """Those that need the voucher service."""
    options = Options(
        throwaway=True,
        services=("voucher",),
        database="postgresql",
        durable=True,
        starts_at=datetime(2019, 3, 1, tzinfo=UTC),
    )
    with Deployment(folder, options) as deployment:
        bench = Bench(deployment, console)
        bench.prepare()
        return [row for name in names for row in BENCHES[name](bench)]


if __name__ == "__main__":
    main()
