"""How far property tests search: HYPOTHESIS_PROFILE names how. What `make test` and CI run is the same each time.

- ``quick`` (when none is named): few examples, the same in every run.
- ``deep``: many more, other ones each time; what fails is kept in .hypothesis and tried first from then on.
"""

from __future__ import annotations

import os
import random

from hypothesis import settings

SEED = "YUNQUAN_TEST_SEED"  # repeats what a test with dice of its own said when it failed
SETTING, QUICK, DEEP = "HYPOTHESIS_PROFILE", "quick", "deep"
TIMES = 50  # as many examples in deep


def load() -> None:
    """Before any test is imported: a test's own settings take what they do not say from the profile."""
    settings.register_profile(QUICK, derandomize=True)
    settings.register_profile(DEEP, derandomize=False, max_examples=100 * TIMES, deadline=None, print_blob=True)
    settings.load_profile(os.environ.get(SETTING, QUICK))


def is_deep() -> bool:
    return settings.get_current_profile_name() == DEEP


def examples(few: int) -> int:
    """So many, and in a deep run many more."""
    return few * TIMES if is_deep() else few


def seed() -> int:
    """For dice of a test's own: always the same, in a deep run another each time, or what YUNQUAN_TEST_SEED names."""
    named = os.environ.get(SEED)
    return int(named) if named else random.SystemRandom().randrange(2**32) if is_deep() else 20180823
