"""Lost if these fail: a complaint answered twice, or filed against somebody the enterprise never dealt with."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.programmes import load
from contracts.rpc.supervision import COMPLAINT_STATES
from services.supervision.domain import complaints

BODY: dict[str, Any] = {"programme": "guizhou-2018", "enterprise_id": "E", "provider_id": "P", "text": "服务中断"}
ENTERPRISE = {"kind": "enterprise", "programme": "guizhou-2018"}
PROVIDER = {"kind": "provider", "programme": "guizhou-2018"}
ORDER = {"enterprise_id": "E", "provider_id": "P", "programme": "guizhou-2018"}


@pytest.mark.parametrize(
    ("status", "following", "may"),
    [
        pytest.param("open", "answered", True, id="the operator answers"),
        pytest.param("open", "open", False, id="nothing is filed twice"),
        pytest.param("answered", "answered", False, id="an answer is not replaced"),
        pytest.param("answered", "open", False, id="an answer is not taken back"),
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
    ],
)
def test_who_may_be_meant(change: dict[str, Any], code: str | None, field: str | None) -> None:
    given = {"enterprise": ENTERPRISE, "provider": PROVIDER, "order": None, "order_id": None, **change}
    body = {**BODY, "order_id": given.pop("order_id")}
    problem = complaints.parties_problem(body=body, **given)
    assert (problem and problem.code, problem and problem.field) == (code, field)


def test_the_same_again_is_told_from_another() -> None:
    filed = {**BODY, "order_id": None}
    assert complaints.same(filed=filed, body=BODY)
    for name in complaints.SAID:
        assert not complaints.same(filed=filed, body={**BODY, name: "another"})


def test_the_article_is_the_programme_s() -> None:
    assert complaints.complaint_articles(load("guizhou-2018")) == ("第九条",)
    assert complaints.complaint_articles(None) == ()
