"""`python -m infra.run voucher`: one service process, green from its first import, ended by SIGTERM after its batch."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


def main(argv: list[str] | None = None) -> int:
    """Run the service until it is told to stop; 0 when it stopped in order, 1 when its container died."""
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m infra.run SERVICE\n")
        return 2
    from infra.bus.patch import patch

    patch()
    return _run(arguments[0])


def _run(service: str) -> int:
    import importlib
    import os

    from infra import log, metrics, packs, settings
    from infra.bus.host import host

    given = settings.from_env()
    process = given.process or f"{service}-{os.getpid()}"
    log.configure(process)
    packs.library()  # a pack or setting that cannot be read stops the start, not the first decision
    module = importlib.import_module(os.environ.get("YUNQUAN_SERVICE_MODULE") or f"services.{service}.service")
    service_class = _service_class(module, service)
    if given.create_tables:
        make_tables(service, service_class.parts.metadata, given)
    metrics.serve(process, given.metrics_host, given.metrics_port, given.run_dir)
    return host(service_class, given)


def _service_class(module: ModuleType, service: str) -> Any:
    for value in vars(module).values():
        if isinstance(value, type) and getattr(value, "name", None) == service and hasattr(value, "parts"):
            return value
    raise LookupError(f"{module.__name__} has no service called {service}")


def make_tables(service: str, metadata: Any, given: Any) -> None:
    """What YUNQUAN_CREATE_TABLES=1 asks for, in tests of toy services; real ones are migrated before they start."""
    from infra.db import create_engine, create_tables

    engine = create_engine(given.database_url(service), service=service, settings=given)
    create_tables(engine, metadata)
    engine.dispose()


if __name__ == "__main__":
    sys.exit(main())
