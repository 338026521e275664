"""Everyone applies at once, on several replicas: the budget is given to the fen, in the order of application.

Guizhou 第六条: first applied, first served, under a total that is never exceeded.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa

from contracts import ulid
from contracts.client import Request
from infra.local.deployment import Deployment
from infra.local.guard import wait_for
from tests import news

APPLICANTS = 1_000
GRANTS = 500
QUOTA_FEN = 5_000_000


@pytest.mark.parametrize("voucher", [3], indirect=True)
def test_exactly_the_budget_is_given(voucher: Deployment) -> None:
    """By three replicas, and by two after one was lost."""
    states = [news.enterprise(number) for number in range(APPLICANTS)]
    news.publish(voucher.amqp_uri, "registry.enterprise_certified.v1", states, subject="enterprise_id")
    assert wait_for(lambda: not any(voucher.unsettled().values()), deadline_seconds=60)
    _flash(voucher, states, 2019)
    voucher.kill("voucher-3", stay_down=True)
    assert voucher.clock is not None
    voucher.clock.set(datetime(2020, 3, 1, 1, tzinfo=UTC))
    _flash(voucher, states, 2020)


def _flash(deployment: Deployment, states: list[dict[str, Any]], year: int) -> None:
    with deployment.client("platform", timeout=120) as platform:
        plan = {"plan_id": ulid.new(), "programme": news.PROGRAMME, "year": year}
        platform.voucher.make_plan(
            **plan,
            budget_fen=GRANTS * QUOTA_FEN,
            opens_on=f"{year}-01-01",
            document="plan",
            token=deployment.token("bureau"),
        )
        platform.voucher.configure_plan(
            plan_id=plan["plan_id"], budget_fen=GRANTS * QUOTA_FEN, token=deployment.token("operator")
        )
        requests = [
            Request(
                "voucher",
                "apply_for_quota",
                {
                    "application_id": ulid.new(),
                    "enterprise_id": state["enterprise_id"],
                    "programme": news.PROGRAMME,
                    "year": year,
                },
            )
            for state in states
        ]
        answers = list(platform.call_many(requests, window=500))
    assert all(answer["ok"] for answer in answers), next(a for a in answers if not a["ok"])
    results = [answer["result"] for answer in answers]
    places = [result["place"] for result in results]
    assert sorted(places) == list(range(1, APPLICANTS + 1)), "every applicant has a place of its own"
    assert all(a < b for a, b in pairwise(places)), "places follow the order of application"
    reserved = [result for result in results if result["status"] == "reserved"]
    assert sum(result["reserved_fen"] for result in reserved) == GRANTS * QUOTA_FEN
    assert max(r["place"] for r in reserved) < min(r["place"] for r in results if r["status"] == "waiting")
    _check_books(deployment, year)


def _check_books(deployment: Deployment, year: int) -> None:
    """The ledger says the same: nothing left, nothing beyond, and every account sums to zero."""
    with deployment.client("auditor") as auditor:
        figures = auditor.voucher.totals(programme=news.PROGRAMME, year=year)["figures"]
    assert figures["reserved_fen"] == GRANTS * QUOTA_FEN == figures["budget_fen"]
    assert figures["budget_free_fen"] == 0
    assert figures["ledger_sum_fen"] == 0
    engine = sa.create_engine(deployment.database_url("voucher"))
    try:
        with engine.connect() as connection:
            count = connection.execute(
                sa.text("SELECT count(*) FROM applications WHERE year = :year"), {"year": year}
            ).scalar_one()
        assert count == APPLICANTS
    finally:
        engine.dispose()
