"""Stock nameko as its tutorial writes it, a process of its own (`stock.py URI FOLDER`): the traps, unmended."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

warnings.simplefilter("ignore")

import eventlet  # noqa: E402

eventlet.monkey_patch()

from nameko.containers import ServiceContainer  # noqa: E402
from nameko.events import event_handler  # noqa: E402
from nameko.extensions import DependencyProvider  # noqa: E402
from nameko.rpc import rpc  # noqa: E402

URI, FOLDER = sys.argv[1], Path(sys.argv[2])


class CommitsLate(DependencyProvider):
    """A unit of work as many write it: committed when the worker is done."""

    def get_dependency(self, worker_ctx):
        return self

    def worker_result(self, worker_ctx, result=None, exc_info=None):
        if worker_ctx.entrypoint.method_name == "book":
            eventlet.sleep(1.0)
            (FOLDER / "committed").touch()


class Stock:
    name = "stock"
    unit_of_work = CommitsLate()

    @rpc
    def ping(self):
        return "pong"

    @rpc
    def fail(self, secret):
        raise ValueError(secret)

    @rpc
    def give_up(self):
        raise eventlet.Timeout(None)

    @rpc
    def book(self):
        return "booked"

    @rpc
    def count(self):
        with (FOLDER / "counted").open("a") as file:
            file.write("x")
        eventlet.sleep(1.5)

    @rpc
    def slow(self):
        eventlet.sleep(30)

    @event_handler("toy", "toy.gift.v1")
    def on_gift(self, event):
        (FOLDER / "heard").touch()
        raise RuntimeError("cannot be handled")


container = ServiceContainer(Stock, {"AMQP_URI": URI})
container.start()
(FOLDER / "ready").touch()
container.wait()
