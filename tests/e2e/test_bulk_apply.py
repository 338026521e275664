"""A platform sends the applications of its users as a list: each takes its place in the list's order.

Guizhou 第十六条: enterprises apply at any time, and first applied is first served (第六条).
"""

from __future__ import annotations

from typing import Any

import pytest

from contracts import ulid
from contracts.client import Request
from infra.local.deployment import Deployment
from infra.local.guard import wait_for
from tests import news

LISTS = 6
IN_A_LIST = 40
QUOTA_FEN = 5_000_000
YEAR = 2019
STATES = [news.enterprise(number) for number in range(LISTS * IN_A_LIST)]


@pytest.mark.parametrize("voucher", [2], indirect=True)
def test_a_list_of_applications_keeps_its_order_on_two_replicas(voucher: Deployment) -> None:
    """Lost otherwise: a platform's users can apply one by one alone; or a list jumps the line, or another's owner."""
    _open_the_year(voucher)
    _lists_in_order(voucher)
    _each_item_is_judged(voucher)


def _open_the_year(deployment: Deployment) -> None:
    news.publish(deployment.amqp_uri, "registry.enterprise_certified.v1", STATES, subject="enterprise_id")
    assert wait_for(lambda: not any(deployment.unsettled().values()), deadline_seconds=60)
    budget_fen = len(STATES) * QUOTA_FEN
    plan_id = ulid.new()
    with deployment.client("bureau") as bureau:
        bureau.voucher.make_plan(
            plan_id=plan_id,
            programme=news.PROGRAMME,
            year=YEAR,
            budget_fen=budget_fen,
            opens_on="2019-01-01",
            document="plan",
        )
    with deployment.client("operator") as operator:
        operator.voucher.configure_plan(plan_id=plan_id, budget_fen=budget_fen)


def _lists_in_order(deployment: Deployment) -> None:
    lists = [
        [_application(state) for state in STATES[at : at + IN_A_LIST]] for at in range(0, len(STATES) - 1, IN_A_LIST)
    ]
    with deployment.client("platform", timeout=60) as platform:
        requests = [Request("voucher", "bulk_apply", {"commands": commands}) for commands in lists]
        answers = list(platform.call_many(requests))
        again = platform.voucher.bulk_apply(commands=lists[0])
    outcomes = [outcome for answer in answers for outcome in answer["result"]["outcomes"]]
    assert [outcome["ok"] for outcome in outcomes] == [True] * len(STATES), outcomes
    assert [outcome["result"]["place"] for outcome in outcomes] == list(range(1, len(STATES) + 1))
    assert again["outcomes"] == outcomes[:IN_A_LIST], "the same keys are the same applications"


def _each_item_is_judged(deployment: Deployment) -> None:
    own, other = STATES[0]["enterprise_id"], STATES[1]
    order = {"method": "place_order", "key": ulid.new(), "args": {}}
    nested = {"method": "bulk_apply", "key": ulid.new(), "args": {"commands": []}}
    with deployment.client("enterprise", organisation=own) as enterprise:
        listed = enterprise.voucher.bulk_apply(commands=[_application(other), order, nested])
        jumping = enterprise.voucher.bulk(commands=[_application(STATES[0])])
    codes = [outcome["error"]["code"] for outcome in [*listed["outcomes"], *jumping["outcomes"]]]
    assert codes == ["NOT_OWNER", "METHOD_UNKNOWN", "METHOD_UNKNOWN", "METHOD_UNKNOWN"]


def _application(state: dict[str, Any]) -> dict[str, Any]:
    return {
        "method": "apply_for_quota",
        "key": ulid.new(),
        "args": {
            "application_id": ulid.new(),
            "enterprise_id": state["enterprise_id"],
            "programme": news.PROGRAMME,
            "year": YEAR,
        },
    }
