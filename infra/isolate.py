"""One poisonous item must not take its batch with it: halve until it stands alone; what is transient is tried whole."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from infra.db import is_collision, is_transient

Item = TypeVar("Item")
Result = TypeVar("Result")

TRIES = 5
FIRST_PAUSE_S = 0.02


class StillTransient(Exception):
    """The batch failed for a transient reason as often as we try; nothing was changed."""


def with_retries(run: Callable[[], Result], pause: Callable[[float], None] = time.sleep) -> Result:
    """Run again, at most TRIES times, what a deadlock, lock or lost connection undid; then StillTransient.

    A unique violation is given one more run, which finds the row that another replica has saved meanwhile.
    """
    collided = False
    for attempt in range(TRIES):
        try:
            return run()
        except Exception as error:
            collides = is_collision(error)
            again = not collided if collides else is_transient(error)
            if not again:
                raise
            collided = collided or collides
            if attempt == TRIES - 1:
                raise StillTransient from error
            pause(FIRST_PAUSE_S * 2**attempt * (0.5 + random.random()))
    raise AssertionError("unreachable: the last try returns or raises")


def isolate(
    run: Callable[[Sequence[Item]], Sequence[Result]],
    items: Sequence[Item],
    poisoned: Callable[[Item, Exception], Result],
) -> list[Result]:
    """`run` over all items, in order; after a deterministic error over each half, down to `poisoned` for one alone."""
    try:
        return list(run(items))
    except StillTransient:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a handler can raise must not take its neighbours along
        if len(items) == 1:
            return [poisoned(items[0], error)]
    middle = len(items) // 2
    return [*isolate(run, items[:middle], poisoned), *isolate(run, items[middle:], poisoned)]
