"""The platform's client against the real services: threads, a lost broker, the same key twice, no answer in time."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from contracts import ulid
from contracts.client import Client, CommandInvalid, DeadlineExceeded, Request
from infra.demo.cast import PROGRAMME, enterprise_body, new_party
from infra.local.deployment import Deployment

CHANCE = random.Random(1)


def registration() -> dict[str, Any]:
    """A generated enterprise's."""
    return enterprise_body(CHANCE, new_party(CHANCE, "生成企业"))


def test_threads_share_one_client_and_each_gets_its_own_answer(yunquan: Deployment) -> None:
    """A proxy that mixes answers up would show one enterprise another's money."""
    with yunquan.client() as platform, ThreadPoolExecutor(8) as pool:

        def register(body: dict[str, Any]) -> str:
            return str(platform.registry.register_enterprise(**body)["id"])

        bodies = [registration() for _ in range(160)]
        answered = list(pool.map(register, bodies))
    assert answered == [body["enterprise_id"] for body in bodies]


def test_the_same_key_gives_the_stored_answer_and_another_body_is_refused(yunquan: Deployment) -> None:
    body, key = registration(), ulid.new()
    with yunquan.client() as platform:
        first = platform.registry.register_enterprise(key=key, **body)
        assert platform.registry.register_enterprise(key=key, **body) == first
        with pytest.raises(CommandInvalid) as refused:
            platform.registry.register_enterprise(key=key, **{**body, "name": "另一家"})
    assert refused.value.code == "IDEMPOTENCY_CONFLICT"


def test_calls_outlive_a_restart_of_the_broker(yunquan: Deployment) -> None:
    """What was under way is asked for again under its key: answered, and done once."""
    assert yunquan.rabbit is not None
    requests = [Request("registry", "register_enterprise", registration()) for _ in range(20)]
    with yunquan.client(timeout=60.0) as platform:
        platform.registry.register_enterprise(**registration())  # the connection stands
        yunquan.rabbit.kill()
        futures = [platform.submit(request) for request in requests]
        yunquan.rabbit.start()
        answers = [future.result(60) for future in futures]
    assert all(answer["ok"] for answer in answers)
    assert [answer["result"]["sequence"] for answer in answers] == [1] * len(requests)


def test_no_answer_in_time_is_an_error_that_says_so(yunquan: Deployment) -> None:
    yunquan.wait_ready()
    yunquan.kill("notify", stay_down=True)
    try:
        with Client(yunquan.amqp_uri, token=yunquan.token("operator"), timeout=1.0) as client:
            started = time.monotonic()
            with pytest.raises(DeadlineExceeded):
                client.notify.board(programme=PROGRAMME, section="plans")
            assert time.monotonic() - started < 5
    finally:
        yunquan.revive("notify")
