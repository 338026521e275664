"""The client's own judgement, without a broker: what it makes of answers, and that one caller can't end it."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

import pytest

from contracts import client, ulid
from contracts.client import errors
from contracts.client.wire import Call, _settle


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("REQUEST_ABOVE_RATE", client.CommandRefused),
        ("IDEMPOTENCY_CONFLICT", client.CommandInvalid),
        ("INVALID", client.CommandInvalid),
        ("FORBIDDEN", client.CallDenied),
        ("NOT_YET_KNOWN", client.Unavailable),
        ("INTERNAL", client.ServiceFault),
        ("A_CODE_NEWER_THAN_THIS_CLIENT", client.CommandRefused),
    ],
)
def test_an_answer_becomes_the_error_that_says_what_to_do(code: str, kind: type[Exception]) -> None:
    error = errors.error_of(
        {"code": code, "field": "f", "article": "第十八条", "message": "m", "message_zh": "中", "facts": {}}
    )
    assert type(error) is kind
    assert (error.code, error.field, error.article) == (code, "f", "第十八条")


def test_what_the_client_itself_refuses_has_its_reason_in_chinese() -> None:
    """Lost otherwise: an operator's snippet prints a code and an empty reason."""
    with client.Client("amqp://127.0.0.1:1/") as yunquan, pytest.raises(client.CommandInvalid) as refused:
        yunquan.voucher.get_order(id="none")
    assert (refused.value.code, refused.value.message_zh) == ("INVALID", "字段缺失、错误或超限。")
    assert "id" in refused.value.message
    assert errors.local("DEADLINE_PASSED", "m").message_zh == "调用已超过时限。"


def test_a_cancelled_call_does_not_end_the_thread_that_serves_all() -> None:
    """InvalidStateError in the connection's thread would leave every later call without an answer."""
    call = Call("voucher", "get_plan", b"{}", {}, time.monotonic() + 1)
    assert call.future.cancel()
    _settle(call, {"ok": True, "result": {}})
    assert call.future.cancelled()
    other = Call("voucher", "get_plan", b"{}", {}, time.monotonic() + 1)
    _settle(other, {"ok": True, "result": {"n": 1}})
    _settle(other, {"ok": True, "result": {"n": 2}})
    assert other.future.result(0)["result"] == {"n": 1}


def test_dates_travel_as_text_and_nothing_else_is_guessed() -> None:
    assert client._plain(date(2019, 2, 28)) == "2019-02-28"
    assert client._plain(datetime(2019, 2, 28, 1, tzinfo=UTC)) == "2019-02-28T01:00:00+00:00"
    with pytest.raises(TypeError):
        client._plain(object())


def test_ulids_sort_by_time_and_never_repeat() -> None:
    early, late = ulid.new(1_000), ulid.new(2_000)
    assert early < late
    assert len({ulid.new(1_000) for _ in range(1000)}) == 1000
    assert ulid.encode(0) == "0" * 26
    for number in (-1, 1 << 128):
        with pytest.raises(ValueError, match="128 bits"):
            ulid.encode(number)
