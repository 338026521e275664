"""`python -m benchmarks.peer MODULE CLASS`: runs a stock nameko service, the way its own runner does."""

from __future__ import annotations

import sys


def main() -> None:
    import eventlet

    eventlet.monkey_patch()
    import importlib
    import os

    from nameko.runners import ServiceRunner

    module, name = sys.argv[1:3]
    runner = ServiceRunner({"AMQP_URI": os.environ["YUNQUAN_AMQP_URI"]})
    runner.add_service(getattr(importlib.import_module(module), name))
    runner.start()
    print("ready", flush=True)
    runner.wait()


if __name__ == "__main__":
    main()
