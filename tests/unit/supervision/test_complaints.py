"""Lost if these fail: a complaint answered twice, or filed against somebody the enterprise never dealt with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts.programmes import load
from contracts.rpc.supervision import COMPLAINT_STATES
from services.supervision.domain import complaints

BODY: dict[str, Any] = {"programme": "guizhou-2018", "enterprise_id": "E", "provider_id": "P", "text": "服务中断"}
ENTERPRISE = {"kind": "enterprise", "programme": "guizhou-2018"}
PROVIDER = {"kind": "provider", "programme": "guizhou-2018"}
ORDER = {"enterprise_id": "E", "provider_id": "P", "programme": "guizhou-2018", "product_id": "K"}
PRODUCT = {"provider_id": "P", "programme": "guizhou-2018"}
DAY = date(2018, 9, 14)
NOON = datetime(2018, 9, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "following", "may"),
    [
        pytest.param("open", "answered", True, id="the operator answers"),
        pytest.param("open", "open", False, id="nothing is filed twice"),
        pytest.param("answered", "answered", False, id="an answer is not replaced"),
        pytest.param("answered", "open", False, id="an answer is not taken back"),
        pytest.param("answered", "reopened", True, id="its filer is not content"),
        pytest.param("reopened", "answered", True, id="and is answered again"),
        pytest.param("open", "reopened", False, id="nothing to reopen yet"),
    ],
)
def test_transitions(status: str, following: str, may: bool) -> None:
    assert complaints.may_become(status, following) is may


def test_states_are_those_of_the_contract() -> None:
    assert tuple(complaints.NEXT) == COMPLAINT_STATES


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        pytest.param({}, None, None, id="both known, no order"),
        pytest.param({"order": ORDER, "order_id": "R"}, None, None, id="with their order"),
        pytest.param({"enterprise": None}, "NOT_YET_KNOWN", "enterprise_id", id="enterprise not heard of"),
        pytest.param({"provider": None}, "NOT_YET_KNOWN", "provider_id", id="provider not heard of"),
        pytest.param({"provider": ENTERPRISE}, "NOT_FOUND", "provider_id", id="about an enterprise"),
        pytest.param(
            {"provider": {**PROVIDER, "programme": "shandong-2017"}},
            "NOT_FOUND",
            "provider_id",
            id="of another programme",
        ),
        pytest.param({"order_id": "R"}, "NOT_YET_KNOWN", "order_id", id="order not heard of"),
        pytest.param(
            {"order_id": "R", "order": {**ORDER, "enterprise_id": "X"}}, "NOT_FOUND", "order_id", id="another's order"
        ),
        pytest.param(
            {"order_id": "R", "order": {**ORDER, "provider_id": "X"}}, "NOT_FOUND", "order_id", id="of another provider"
        ),
        pytest.param({"product_id": "K", "product": PRODUCT}, None, None, id="about a product"),
        pytest.param({"product_id": "K", "order_id": "R", "order": ORDER}, None, None, id="the order's own product"),
        pytest.param({"product_id": "K"}, "NOT_YET_KNOWN", "product_id", id="product not heard of"),
        pytest.param(
            {"product_id": "K", "product": {**PRODUCT, "provider_id": "X"}},
            "NOT_FOUND",
            "product_id",
            id="another's product",
        ),
        pytest.param(
            {"product_id": "L", "order_id": "R", "order": ORDER}, "NOT_FOUND", "product_id", id="not what was ordered"
        ),
    ],
)
def test_who_may_be_meant(change: dict[str, Any], code: str | None, field: str | None) -> None:
    given = {"enterprise": ENTERPRISE, "provider": PROVIDER, "order": None, "product": None, **change}
    body = {**BODY, **{name: given.pop(name, None) for name in ("order_id", "product_id")}}
    problem = complaints.parties_problem(body=body, **given)
    assert (problem and problem.code, problem and problem.field) == (code, field)


def test_the_same_again_is_told_from_another() -> None:
    filed = {**BODY, "order_id": None, "product_id": "K"}
    assert complaints.same(filed=filed, body={**BODY, "product_id": "K"})
    assert not complaints.same(filed=filed, body={**BODY, "product_id": "L"})
    assert complaints.same(filed=filed, body=BODY)
    for name in complaints.SAID:
        assert not complaints.same(filed=filed, body={**BODY, name: "another"})


def test_the_article_is_the_programme_s() -> None:
    assert complaints.complaint_articles(load("guizhou-2018")) == ("第九条",)
    assert complaints.complaint_articles(None) == ()


@pytest.mark.parametrize(
    ("status", "reopened_at", "until", "may"),
    [
        pytest.param("answered", None, DAY, True, id="on the last day"),
        pytest.param("answered", None, DAY - timedelta(days=1), False, id="a day late"),
        pytest.param("answered", NOON, DAY, False, id="a second time"),
        pytest.param("open", None, DAY, False, id="before the answer"),
        pytest.param("answered", None, None, False, id="where no rule says so"),
    ],
)
def test_reopened_once_and_in_time(status: str, reopened_at: datetime | None, until: date | None, may: bool) -> None:
    complaint = {"status": status, "reopened_at": reopened_at}
    assert complaints.may_reopen(complaint=complaint, until=until, today=DAY) is may


def filed(product: str | None, outcome: str | None, days: int | None, **more: Any) -> dict[str, Any]:
    answered = None if days is None else NOON + timedelta(days=days)
    base = {"provider_id": "P", "product_id": product, "outcome": outcome, "filed_at": NOON, "answered_at": answered}
    kept = {"status": "open" if days is None else "answered", "first_answered_at": None, "reopened_at": None}
    return {**base, **kept, "overdue_at": None, "first_overdue_at": None, **more}


def test_figures_by_provider_and_product() -> None:
    """The days are those to the first answer: reopening neither hides a slow one nor counts against a quick one."""
    rows = [
        filed("K", "resolved", 2),
        filed("K", "rejected", 9, overdue_at=NOON),
        filed("K", "resolved", 20, first_answered_at=NOON + timedelta(days=3), reopened_at=NOON, first_overdue_at=NOON),
        filed(None, None, None),
    ]
    without, of_k = complaints.figures(rows)
    assert (without["product_id"], without["filed"], without["waiting"], without["mean_days"]) == (None, 1, 1, None)
    expected = {"filed": 3, "resolved": 2, "rejected": 1, "forwarded": 0, "waiting": 0, "reopened": 1, "overdue": 2}
    assert {name: of_k[name] for name in expected} == expected
    assert of_k["mean_days"] == 4, "(2 + 9 + 3) / 3, rounded down"
