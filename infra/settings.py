"""Everything a process is told from outside, read once from the environment when it starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Limits are on everything; times are seconds unless the name says otherwise."""

    amqp_uri: str = "amqp://guest:guest@127.0.0.1:5672//"
    database_url_template: str = "sqlite:///{data_dir}/{service}.db"
    clock: str = "system"
    data_dir: Path = Path("var")
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0  # 0: a free one, written to <data_dir>/run/<process>.metrics
    jwt_public_key: Path | None = None
    service_token: Path | None = None
    create_tables: bool = False
    process: str = ""  # its name among others: in the log, and of its metrics file
    batch: int = 200  # commands taken together
    batch_bytes: int = 4 * 1024 * 1024
    message_bytes: int = 1024 * 1024  # one message, bulk lists apart
    bulk_bytes: int = 8 * 1024 * 1024
    linger: float = 0.003  # how long a batch waits for company
    tick: float = 1.0  # between two looks at what has fallen due
    heartbeat: int = 30
    confirm_timeout: float = 10.0
    statement_timeout_ms: int = 15_000
    query_timeout_ms: int = 5_000
    lock_timeout_ms: int = 5_000
    delivery_limit: int = 100  # a high backstop: innocent neighbours of a crash must never reach it
    ladder_scale: float = 1.0  # tests climb the retry ladder faster

    def database_url(self, service: str) -> str:
        """The URL of one service's own database; ValueError when two services would share one."""
        if "{service}" not in self.database_url_template:
            raise ValueError("YUNQUAN_DATABASE_URL needs {service}: each service has its own database")
        return self.database_url_template.format(service=service, data_dir=self.data_dir)

    @property
    def run_dir(self) -> Path:
        """Where processes leave their metrics address."""
        return self.data_dir / "run"


_NUMBERS: dict[str, type[int] | type[float]] = {
    "metrics_port": int,
    "batch": int,
    "batch_bytes": int,
    "message_bytes": int,
    "bulk_bytes": int,
    "linger": float,
    "tick": float,
    "heartbeat": int,
    "confirm_timeout": float,
    "statement_timeout_ms": int,
    "query_timeout_ms": int,
    "lock_timeout_ms": int,
    "delivery_limit": int,
    "ladder_scale": float,
}
_NAMES = {"tick": "YUNQUAN_TICK_SECONDS"}


def from_env(env: Mapping[str, str] | None = None) -> Settings:
    """Settings from `YUNQUAN_…`; ValueError names the variable that makes no sense."""
    env = os.environ if env is None else env
    given: dict[str, object] = {}
    for field, kind in _NUMBERS.items():
        name = _NAMES.get(field, f"YUNQUAN_{field.upper()}")
        if env.get(name):
            given[field] = _number(name, env[name], kind)
    texts = {
        "amqp_uri": "YUNQUAN_AMQP_URI",
        "database_url_template": "YUNQUAN_DATABASE_URL",
        "clock": "YUNQUAN_CLOCK",
        "metrics_host": "YUNQUAN_METRICS_HOST",
        "process": "YUNQUAN_PROCESS",
    }
    paths = {
        "data_dir": "YUNQUAN_DATA_DIR",
        "jwt_public_key": "YUNQUAN_JWT_PUBLIC_KEY",
        "service_token": "YUNQUAN_SERVICE_TOKEN",
    }
    given.update({field: env[name] for field, name in texts.items() if env.get(name)})
    given.update({field: Path(env[name]) for field, name in paths.items() if env.get(name)})
    given["create_tables"] = env.get("YUNQUAN_CREATE_TABLES", "") == "1"
    return Settings(**given)  # type: ignore[arg-type]


def _number(name: str, text: str, kind: type[int] | type[float]) -> int | float:
    try:
        value = kind(text)
    except ValueError as error:
        raise ValueError(f"{name} is a number, not {text!r}") from error
    if value < 0:
        raise ValueError(f"{name} is not negative: {text!r}")
    return value
