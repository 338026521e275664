"""A mail is tried again while that makes sense, and never sent twice by guess."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.notify.domain import notices
from services.notify.domain.delivery import EXPIRES, FINAL, MOST_ATTEMPTS, TRANSITIONS, WAITS, after

NOW = datetime(2019, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("verdict", "attempts", "state", "wait"),
    [
        ("taken", 1, "sent", None),
        ("taken", MOST_ATTEMPTS, "sent", None),
        ("never", 1, "failed", None),
        ("unknown", 1, "unknown", None),
        ("later", 1, "pending", timedelta(minutes=1)),
        ("later", 2, "pending", timedelta(minutes=5)),
        ("later", MOST_ATTEMPTS - 1, "pending", timedelta(hours=24)),
        ("later", MOST_ATTEMPTS, "failed", None),
    ],
)
def test_after_an_attempt(verdict, attempts, state, wait):
    """Lost otherwise: a mail given up at the first greylisting, tried for ever, or sent twice after a lost answer."""
    found = after(verdict=verdict, reason="SMTP_451", attempts=attempts, now=NOW)
    assert found.state == state
    assert found.state in TRANSITIONS["sending"]
    assert found.next_at == (None if wait is None else NOW + wait)
    assert found.reason == (None if state == "sent" else "SMTP_451")


def test_waits_grow_and_span_a_weekend():
    """Lost otherwise: a mail server down from Friday to Sunday loses every notice of those days."""
    assert list(WAITS) == sorted(WAITS)
    assert sum(WAITS, timedelta()) > timedelta(hours=60)


def test_what_has_ended_stays_ended():
    """Lost otherwise: a mail whose outcome is unknown goes out again by itself."""
    assert {"sent", "failed", "unknown", "expired"} == FINAL


def test_a_mail_never_outlives_its_notice():
    """Lost otherwise: a delivery whose notice was pruned has nothing to send."""
    assert sum(WAITS, EXPIRES) < min(notices.KEEP_READ, notices.KEEP_UNREAD, notices.KEEP_STAFF)
