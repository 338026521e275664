"""JSON lines with the correlation id, for machines to search; no body, token or personal data is ever logged."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

import structlog


def configure(process: str, level: int = logging.INFO) -> None:
    """One JSON object a line on standard error, from our code and from libraries alike."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        lambda _logger, _method, event: {"process": process, **event},
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.processors.format_exc_info],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("pika", "amqp", "nameko", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("nameko.containers").setLevel(logging.ERROR)


def told(error: BaseException) -> dict[str, Any]:
    """What may be logged of a defect: its class, the database's code, the way it came; its text may hold a record."""
    original = getattr(error, "orig", None)
    code = getattr(original, "pgcode", None) or getattr(original, "sqlite_errorname", None)
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "error": type(error).__name__,
        **({"code": code} if code else {}),
        "trace": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
