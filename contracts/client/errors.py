"""What a call can end in besides its result, one class for each thing a caller would do about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.errors import ERRORS


class CallError(Exception):
    """`code` is stable; `field`, `article` and `facts` are as the service gave them; messages in two languages."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        self.code = str(error["code"])
        self.field = error.get("field")
        self.article = error.get("article")
        self.facts = dict(error.get("facts") or {})
        self.message = str(error.get("message") or "")
        self.message_zh = str(error.get("message_zh") or "")
        where = f" ({self.field})" if self.field else ""
        super().__init__(f"{self.code}{where}: {self.message}")


class CommandRefused(CallError):
    """Understood and refused, by a rule: change the request or give it up."""


class CommandInvalid(CallError):
    """A field is missing or wrong, or the same key was used with another body: mend the caller."""


class CallDenied(CallError):
    """No token, the wrong role, or another's record."""


class Unavailable(CallError):
    """Not possible now (the retries within the deadline are spent): the same key may be sent again later."""


class DeadlineExceeded(Unavailable):
    """No answer in time; a command may or may not have taken effect: ask with the same key."""


class ServiceFault(CallError):
    """A defect on the other side."""


_CLASSES: dict[str, type[CallError]] = {
    "refused": CommandRefused,
    "conflict": CommandInvalid,
    "invalid": CommandInvalid,
    "denied": CallDenied,
    "transient": Unavailable,
    "fault": ServiceFault,
}


def error_of(error: Mapping[str, Any]) -> CallError:
    """The typed error of an answer's `error`; a code newer than this client is a refusal."""
    text = ERRORS.get(str(error["code"]))
    return _CLASSES[text.kind if text else "refused"](error)


def local(code: str, message: str, **extra: Any) -> CallError:
    """An error that the client itself states, with the catalogue's Chinese text of its code."""
    text = ERRORS.get(code)
    classes = {
        "DEADLINE_PASSED": DeadlineExceeded,
        "METHOD_UNKNOWN": CommandInvalid,
        "INVALID": CommandInvalid,
        "INTERNAL": ServiceFault,
    }
    return classes.get(code, Unavailable)(
        {"code": code, "message": message, "message_zh": text.zh if text else "", **extra}
    )


def is_transient(error: Mapping[str, Any]) -> bool:
    """Whether the same key may simply be sent again."""
    text = ERRORS.get(str(error.get("code")))
    return text is not None and text.kind == "transient"
