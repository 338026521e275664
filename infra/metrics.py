"""What operators watch: rate, errors, duration, duplicates, dead letters, lag; a label never names a person."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram, start_http_server

from infra.messages import Answer

REQUESTS = Counter(
    "yunquan_requests_total", "Answers by outcome: ok or the error code.", ["service", "method", "outcome"]
)
SECONDS = Histogram(
    "yunquan_batch_seconds",
    "From the first statement of a batch to its commit.",
    ["service", "method"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15),
)
BATCH = Histogram(
    "yunquan_batch_size",
    "Commands or events in one transaction.",
    ["service", "method"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
)
IN_FLIGHT = Gauge("yunquan_in_flight", "Commands in hand.", ["service", "method"])
DUPLICATES = Counter("yunquan_inbox_duplicates_total", "Events that came again and had no effect.", ["service"])
RETRIES = Counter("yunquan_retries_total", "Events sent up the retry ladder, by rung.", ["service", "rung"])
DEAD = Counter("yunquan_dead_letters_total", "Messages put into the dead queue, by reason.", ["service", "reason"])
OUTBOX_ROWS = Gauge("yunquan_outbox_rows", "Events waiting for the relay.", ["service"])
OUTBOX_SECONDS = Gauge("yunquan_outbox_seconds", "Age of the oldest event waiting for the relay.", ["service"])
RELAYED = Counter("yunquan_relayed_total", "Events confirmed by the broker.", ["service"])
HUB_LAG = Gauge("yunquan_hub_lag_seconds", "How late the event loop woke.", ["service"])
LEDGER = Gauge("yunquan_ledger_fen", "Balance of the accounts of one kind, in fen.", ["programme", "year", "account"])
IMBALANCE = Gauge("yunquan_ledger_imbalance_fen", "Sum over all accounts; 0 unless broken.", ["programme", "year"])
BOOKS_DIFFERENCES = Gauge("yunquan_books_differences", "Differences of the books that stand.", ["programme"])
BOOKS_UNTOLD = Gauge(
    "yunquan_books_untold_seconds", "Since the first change of its books that a service has not told of.", ["service"]
)
CHECKPOINT_DUE = Gauge(
    "yunquan_checkpoint_due_seconds", "Since the last checkpoint of an evidence log that has grown; else 0.", []
)
UNKNOWN = Gauge(
    "yunquan_payment_unknown_seconds", "Since the oldest release with a payment of unknown outcome.", ["programme"]
)
CONNECTED = Gauge(
    "yunquan_consumer_connected", "1 while the queue's consumer has its connection.", ["service", "queue"]
)


@contextmanager
def timed(service: str, method: str, count: int) -> Iterator[None]:
    """Count and time one batch."""
    in_flight = IN_FLIGHT.labels(service, method)
    BATCH.labels(service, method).observe(count)
    in_flight.inc(count)
    started = time.perf_counter()
    try:
        yield
    finally:
        SECONDS.labels(service, method).observe(time.perf_counter() - started)
        in_flight.dec(count)


def answered(service: str, method: str, answers: Sequence[Answer]) -> None:
    """Count answers by outcome."""
    for given in answers:
        outcome = "ok" if given["ok"] else given["error"]["code"]
        REQUESTS.labels(service, method, outcome).inc()


def duplicates(service: str, count: int) -> None:
    """Count events whose effect was there already."""
    if count:
        DUPLICATES.labels(service).inc(count)


def serve(process: str, host: str, port: int, run_dir: Path) -> str:
    """Serve /metrics; port 0 takes a free one. The address is left in `<run_dir>/<process>.metrics` and returned."""
    server, _thread = start_http_server(port, addr=host)
    address = f"{host}:{server.server_address[1]}"
    run_dir.mkdir(parents=True, exist_ok=True)
    (run_dir / f"{process}.metrics").write_text(address + "\n", encoding="ascii")
    return address
