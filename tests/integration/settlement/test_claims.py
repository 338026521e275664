"""Claims through the pipeline, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from contracts.errors import ERRORS
from contracts.money import account_number
from contracts.programmes.schema import Exit
from infra import crypto
from infra.clock import local_date
from infra.pipeline import EventsFailed
from services.settlement import tables
from tests.integration.settlement.world import GUIZHOU, PRICE, World, uid


def test_news_that_has_not_arrived_is_asked_for_again(world: World) -> None:
    """A claim refused for good because registry's event was slow would be a refusal without a reason."""
    provider_id = world.new("P")
    body = world.papers(world.new("R"), provider_id)
    for field in ("order_id", "provider_id"):
        error = world.refused("file_claim", **body)
        assert (error["code"], error["field"]) == ("NOT_YET_KNOWN", field)
        if field == "order_id":
            world.order(provider_id, body["order_id"])
        else:
            world.provider(provider_id)
    assert ERRORS["NOT_YET_KNOWN"].kind == "transient"
    assert world.ok("file_claim", **body)["status"] == "filed"


def test_the_same_claim_again_is_answered_as_it_stands(world: World) -> None:
    """A platform that lost our answer sends a new key: that is no second claim, and other papers are no correction."""
    claim_id, order_id, provider_id = world.accepted()
    body = world.papers(order_id, provider_id, claim_id)
    assert world.ok("file_claim", **body) == {"id": claim_id, "status": "accepted", "sequence": 2}
    body["usage"]["days_used"] = 7
    assert world.refused("file_claim", **body)["code"] == "ALREADY_EXISTS"
    assert world.told(claim_id) == ["claim_filed", "claim_accepted"]


def test_an_invoice_lives_in_one_claim_alone(world: World) -> None:
    """Paying one invoice twice is the plainest fraud there is; a claim that ended gives its invoice back."""
    number = "0440 0182"
    claim_id, _order, provider_id = world.filed(invoice__number=number)
    other = world.papers(world.order(provider_id), provider_id, invoice__number="0440-0182")
    error = world.refused("file_claim", **other)
    assert (error["code"], error["field"], error["article"]) == (
        "INVOICE_ALREADY_CLAIMED",
        "invoice.number",
        "第二十二条",
    )
    world.ok("withdraw_claim", claim_id=claim_id, provider_id=provider_id)
    assert world.ok("file_claim", **other)["status"] == "filed"


def _confirmed_between(world: World, *, holder: bool = True) -> tuple[str, dict[str, object]]:
    """The enterprise of a confirmed order, and the papers of its claim."""
    provider_id = world.provider(indexes={"holder": "f" * 64} if holder else {})
    order_id = world.order(provider_id)
    enterprise_id = world.buyers[order_id]
    world.enterprise(enterprise_id, indexes={"holder": "e" * 64} if holder else {})
    return enterprise_id, world.papers(order_id, provider_id)


def test_a_tie_found_after_the_order_refuses_its_claim(world: World) -> None:
    """Lost otherwise: money goes to a provider that a supervisor has just found to be the enterprise's own."""
    enterprise_id, body = _confirmed_between(world, holder=False)
    tie = {"tie_id": world.new("T"), "enterprise_id": enterprise_id, "provider_id": body["provider_id"]}
    data = {**tie, "programme": GUIZHOU, "kind": "confirmed_alert"}
    world.hear(world.event("registry.tie_recorded.v1", tie["tie_id"], data))
    error = world.refused("file_claim", **body)
    assert (error["code"], error["article"]) == ("AFFILIATED_WITH_PROVIDER", "第十三条(四)")
    assert error["facts"]["ties"] == ["confirmed_alert"]


@pytest.mark.parametrize(
    ("since", "until", "refused"),
    [(-900, None, True), (0, None, True), (-900, 0, True), (1, None, False), (-900, -500, False)],
)
def test_a_share_on_the_day_of_order_or_claim_refuses_it(world: World, since: int, until: int | None, refused: bool):
    """Lost otherwise: a company bought after the order, or sold just before the claim, is paid for serving itself."""
    _enterprise_id, body = _confirmed_between(world)
    today = local_date(world.clock.now())
    days = {"from_on": str(today + timedelta(days=since))}
    days["until_on"] = None if until is None else str(today + timedelta(days=until))
    data = {"holding_id": world.new("H"), "owner": "f" * 64, "held": "e" * 64, "state": False, "share_bp": 1, **days}
    world.hear(world.event("registry.shareholding_recorded.v1", data["holding_id"], {**data, "status": "recorded"}))
    answer = world.do("file_claim", **body)
    assert answer.get("ok") is not refused
    assert not refused or answer["error"]["code"] == "AFFILIATED_WITH_PROVIDER"


def test_each_seller_numbers_its_own_invoices(world: World) -> None:
    """Lost otherwise: a seller whose eight digits another seller used before, wherever, is never paid for its work."""
    number, elsewhere = "04400182", "91330100MA6DK7YR41"
    world.filed(invoice__number=number)
    provider_id = world.provider(uscc=elsewhere)
    one, again = (
        world.papers(
            world.order(provider_id),
            provider_id,
            invoice__number=number,
            invoice__seller_uscc=elsewhere,
            contract__seller_uscc=elsewhere,
            transfer__payee_uscc=elsewhere,
        )
        for _ in range(2)
    )
    assert world.ok("file_claim", **one)["status"] == "filed"
    assert world.refused("file_claim", **again)["code"] == "INVOICE_ALREADY_CLAIMED"
    told = [body["data"] for body in world.outbox() if body["type"] == "settlement.claim_filed.v1"]
    assert [data["invoice_key"] for data in told] == [number, number]


def test_one_batch_with_one_invoice_twice(world: World) -> None:
    """Both commands of a batch see each other: the first that is in order has the invoice."""
    provider_id = world.provider()
    number = "A-1"
    bodies = [world.papers(world.order(provider_id), provider_id, invoice__number=number) for _ in range(3)]
    bodies[0]["invoice"]["amount_fen"] = 1  # refused for its own reason: takes nothing away from the next
    codes = [one["ok"] or one["error"]["code"] for one in world.batch("file_claim", bodies)]
    assert codes == ["CLAIM_MISMATCH", True, "INVOICE_ALREADY_CLAIMED"]
    late = world.papers(world.order(provider_id), provider_id, invoice__number="A1")
    assert world.refused("file_claim", **late)["code"] == "INVOICE_ALREADY_CLAIMED"


def test_a_corrected_invoice_frees_the_wrong_one(world: World) -> None:
    claim_id, order_id, provider_id = world.collected()
    old = world.claim(claim_id)["invoice_number"]
    assert world.review(claim_id, "operator", "return")["ok"]
    again = world.papers(order_id, provider_id, claim_id, invoice__number="NEW-1")
    assert world.ok("file_claim", **again)["status"] == "filed"
    assert world.claim(claim_id)["claim_version"] == 2
    assert [one["claim_version"] for one in world.claim(claim_id)["filings"]] == [2, 1]
    body = world.papers(world.order(provider_id), provider_id, invoice__number=old)
    assert world.ok("file_claim", **body)["status"] == "filed"


def test_the_order_row_has_the_last_word(world: World) -> None:
    claim_id, order_id, provider_id = world.filed()
    world.answer(claim_id, order_id, provider_id, code="REFUND_PENDING", status="refund_requested")
    claim = world.claim(claim_id)
    assert (claim["status"], claim["reasons"]) == ("refused", ["REFUND_PENDING"])
    assert world.figures()["claimed_fen"] == 0


def test_an_answer_that_crosses_a_withdrawal_is_answered_by_news(world: World) -> None:
    """Else the order would stay claimed by a claim that is no more."""
    claim_id, order_id, provider_id = world.filed()
    world.ok("withdraw_claim", claim_id=claim_id, provider_id=provider_id)
    world.answer(claim_id, order_id, provider_id)
    assert world.told(claim_id) == ["claim_filed", "claim_withdrawn", "claim_withdrawn"]
    assert [body["sequence"] for body in world.outbox() if body["subject"] == claim_id] == [1, 2, 3]
    assert world.figures()["claimed_fen"] == 0


def test_news_of_a_claim_that_is_not_here_comes_again(world: World) -> None:
    with pytest.raises(EventsFailed):
        world.answer(world.new("C"), world.new("R"), world.new("P"))


def test_nodes_take_what_was_filed_before_them(world: World) -> None:
    """第二十二条: a claim that misses a node waits for the next."""
    first, _order, provider_id = world.accepted()
    node_id = world.node()
    assert (world.claim(first)["status"], world.claim(first)["node_id"]) == ("collected", node_id)
    late, *_ = world.accepted(provider_id)
    world.due()
    assert world.claim(late)["status"] == "accepted"
    second = world.node()
    assert world.claim(late)["node_id"] == second
    nodes = world.ask("list_nodes", programme=GUIZHOU)["items"]
    assert [(one["status"], one["claims"]) for one in nodes] == [("closed", 1), ("closed", 1)]
    assert "announced_by" not in nodes[0], "the list of nodes is public"


def test_a_late_answer_of_the_order_costs_no_node(world: World) -> None:
    """The provider was in time; how long our own services took is not its fault."""
    claim_id, order_id, provider_id = world.filed()
    node_id = world.node()
    assert world.claim(claim_id)["status"] == "filed"
    world.answer(claim_id, order_id, provider_id)
    world.due()
    assert (world.claim(claim_id)["status"], world.claim(claim_id)["node_id"]) == ("collected", node_id)


def test_nodes_are_announced_for_the_future_and_once(world: World) -> None:
    body = {"node_id": world.new("N"), "programme": GUIZHOU, "year": 2018}
    assert world.refused("announce_node", **body, closes_at=world.clock.now())["code"] == "NODE_IN_PAST"
    closes_at = world.clock.now() + timedelta(days=1)
    done = world.ok("announce_node", **body, closes_at=closes_at)
    assert world.ok("announce_node", **body, closes_at=closes_at) == done
    moved = closes_at + timedelta(days=1)
    assert world.refused("announce_node", **body, closes_at=moved)["code"] == "ALREADY_EXISTS"
    unknown = {**body, "node_id": world.new("N"), "programme": "nowhere-2018", "closes_at": closes_at}
    assert world.refused("announce_node", **unknown)["code"] == "PROGRAMME_UNKNOWN"


def test_more_claims_than_one_look_takes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Due work is bounded a transaction, and still carries on to the end."""
    from services.settlement.handlers import due

    monkeypatch.setattr(due, "MOST", 3)
    claims = [world.accepted()[0] for _ in range(7)]
    world.node()
    assert {world.claim(one)["status"] for one in claims} == {"collected"}
    assert world.ask("list_nodes", programme=GUIZHOU)["items"][0]["claims"] == 7


def test_reviews_by_two_people_after_supervision_has_spoken(world: World) -> None:
    """第二十三条、五(四): no verdict is no clearance; a verdict on the version before is none on this one."""
    claim_id, order_id, provider_id = world.collected()
    error = world.do("review_claim", claim_id=claim_id, stage="bureau", decision="pass", role="operator")["error"]
    assert error["code"] == "FORBIDDEN"
    assert world.review(claim_id, "operator", person="x")["ok"]
    assert world.review(claim_id, "bureau")["error"]["code"] == "AWAITING_SUPERVISION"
    world.verdict(claim_id, provider_id, "held")
    error = world.review(claim_id, "bureau")["error"]
    assert (error["code"], error["article"]) == ("HELD_BY_SUPERVISION", "五(四)")
    assert world.review(claim_id, "bureau", "return")["ok"]
    world.ok("file_claim", **world.papers(order_id, provider_id, claim_id))
    world.answer(claim_id, order_id, provider_id)
    world.node()
    assert world.review(claim_id, "operator", person="x")["ok"]
    world.verdict(claim_id, provider_id)  # on version 1
    assert world.review(claim_id, "bureau")["error"]["code"] == "AWAITING_SUPERVISION"
    world.verdict(claim_id, provider_id, version=2)
    assert world.review(claim_id, "bureau", person="x")["error"]["code"] == "SAME_PERSON"
    assert world.review(claim_id, "bureau")["result"]["status"] == "passed"


def test_a_blacklisting_stops_at_its_moment(world: World) -> None:
    """Nothing is passed for a party blacklisted before; an entry of tomorrow stops nothing today."""
    claim_id, _order, provider_id = world.collected()
    world.verdict(claim_id, provider_id)
    world.review(claim_id, "operator")
    entry = world.blacklist(provider_id, since=world.clock.now() + timedelta(days=1))
    body = world.papers(world.order(provider_id), provider_id)
    assert world.ok("file_claim", **body)["status"] == "filed"
    world.due(timedelta(days=1))
    assert world.review(claim_id, "bureau")["error"]["code"] == "BLACKLISTED"
    body = world.papers(world.order(provider_id), provider_id)
    assert world.refused("file_claim", **body)["code"] == "BLACKLISTED"
    world.blacklist(provider_id, entry=entry, say="removed")
    assert world.review(claim_id, "bureau")["ok"]


def test_a_claim_goes_on_unpaid_where_the_pack_lets_what_runs_continue(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claims of a barred party are reviewed where its pack says so, else they stop until the measure ends."""
    claim_id, _order, provider_id = world.collected()
    world.verdict(claim_id, provider_id)
    world.review(claim_id, "operator")
    entry = world.blacklist(provider_id, say="suspended")
    assert world.review(claim_id, "bureau")["error"]["code"] == "BLACKLISTED"
    monkeypatch.setattr(Exit, "running_continue", True)
    body = world.papers(world.order(provider_id), provider_id)
    assert world.ok("file_claim", **body)["status"] == "filed"
    assert world.review(claim_id, "bureau")["result"]["status"] == "passed"
    world.blacklist(provider_id, entry=entry, say="resumed")


def test_a_confirmed_alert_refuses_the_claim(world: World) -> None:
    claim_id, _order, provider_id = world.collected()
    number = world.claim(claim_id)["invoice_number"]
    world.verdict(claim_id, provider_id, "rejected")
    claim = world.claim(claim_id)
    assert (claim["status"], claim["reasons"], claim["verdict"]) == ("refused", ["INVOICE_REUSED"], "rejected")
    assert world.told(claim_id)[-1] == "claim_refused"
    body = world.papers(world.order(provider_id), provider_id, invoice__number=number)
    assert world.ok("file_claim", **body)["status"] == "filed", "a refused claim sets its invoice free"


def test_a_verdict_that_comes_too_late_is_kept_and_changes_nothing(world: World) -> None:
    claim_id, _order, provider_id = world.filed()
    world.ok("withdraw_claim", claim_id=claim_id, provider_id=provider_id)
    world.verdict(claim_id, provider_id, "rejected")
    assert world.claim(claim_id)["status"] == "withdrawn"
    decisions = world.ask("explain", subject=claim_id)["decisions"]
    assert decisions[-1]["action"] == "ignored"


def test_questions_have_three_working_days(world: World) -> None:
    """第二十五条: asked on the Friday before National Day, due on 8 October, the third working day with 调休."""
    claim_id, _order, provider_id = world.collected()
    world.verdict(claim_id, provider_id)
    world.review(claim_id, "operator")
    while local_date(world.clock.now()).isoformat() != "2018-09-28":
        world.clock.advance(timedelta(days=1))
    question_id = world.new("Q")
    body = {"question_id": question_id, "claim_id": claim_id, "text": "用量依据？"}
    assert world.ok("ask_question", **body)["due_on"] == "2018-10-08"
    assert world.ok("ask_question", **body)["status"] == "open"
    assert world.refused("ask_question", **{**body, "text": "?"})["code"] == "ALREADY_EXISTS"
    assert world.review(claim_id, "bureau")["error"]["code"] == "QUESTION_OPEN"
    world.due(timedelta(days=10))
    assert world.ask("list_questions", programme=GUIZHOU, status="open")["items"], "due today is not overdue"
    world.due(timedelta(days=1))
    assert world.ask("list_questions", programme=GUIZHOU)["items"][0]["status"] == "overdue"
    assert world.review(claim_id, "bureau")["error"]["code"] == "QUESTION_OPEN"
    assert world.ok("answer_question", question_id=question_id, text="见附件")["status"] == "answered"
    assert world.told(question_id) == ["question_asked", "question_overdue", "question_answered"]
    history = [one["action"] for one in world.ask("explain", subject=claim_id)["decisions"]]
    asked = [action for action in history if action.startswith("question.")]
    assert asked == ["question.asked", "question.overdue", "question.answered"]
    assert world.review(claim_id, "bureau")["ok"]


def test_a_year_without_a_calendar_is_refused_where_it_is_needed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from infra import calendar

    claim_id, *_ = world.collected()
    world.review(claim_id, "operator")
    monkeypatch.setattr(calendar, "_library_years", lambda: range(2004, 2018))
    error = world.refused("ask_question", question_id=world.new("Q"), claim_id=claim_id, text="?")
    assert (error["code"], error["article"], error["facts"]["year"]) == ("CALENDAR_UNKNOWN", "第二十五条", 2018)


def test_parties_see_their_own_and_no_reviewer(world: World) -> None:
    claim_id, _order, provider_id = world.collected()
    world.review(claim_id, "operator", "return")
    seen = world.query("get_claim", role="provider", organisation=provider_id, id=claim_id)["result"]
    assert seen["reasons"] == ["不清楚"]
    assert not [name for name in seen if name.endswith("_by") or name in ("verdict", "alerts", "reviewers")]
    error = world.query("get_claim", role="provider", organisation=uid("P", 9), id=claim_id)["error"]
    assert error["code"] == "NOT_OWNER"
    assert world.query("get_claim", role="operator", id=uid("C", 99))["error"]["code"] == "NOT_FOUND"
    assert world.claim(claim_id)["reviewers"] == ["operator-1"]


def test_another_providers_claim_is_not_withdrawn(world: World) -> None:
    claim_id, *_ = world.filed()
    other = world.provider()
    assert world.refused("withdraw_claim", claim_id=claim_id, provider_id=other)["code"] == "NOT_OWNER"
    assert world.claim(claim_id)["status"] == "filed"


def test_work_list_pages_by_status(world: World) -> None:
    claims = sorted(world.accepted()[0] for _ in range(5))
    page = world.ask("list_claims", programme=GUIZHOU, status="accepted", limit=3)
    assert [one["claim_id"] for one in page["items"]] == claims[:3]
    rest = world.ask("list_claims", programme=GUIZHOU, status="accepted", limit=3, after=page["next"])
    assert [one["claim_id"] for one in rest["items"]] == claims[3:]
    assert rest["next"] is None
    assert world.ask("list_claims", programme=GUIZHOU, status="paid")["items"] == []


def test_accounts_of_a_transfer_are_sealed_and_told_as_registrys_indexes(world: World) -> None:
    """Lost if this fails: an account number would stand in an event or a table, or could not be compared."""
    given = {"transfer__payer_account": "6222 0210-0111 6245", "transfer__payee_account": "６２２２０２１００９９９"}
    claim_id, _order_id, _provider_id = world.filed(**given, transfer__refunded_fen=100)
    data = next(one["data"] for one in world.outbox() if one["type"] == "settlement.claim_filed.v1")
    payer = account_number("6222021001116245")
    payee = account_number("6222-0210-0999")
    assert data["payer_index"] == crypto.ring().blind("account", payer)
    assert data["payee_index"] == crypto.ring().blind("account", payee)
    assert data["refunded_fen"] == 100
    found = sa.select(tables.filings)
    with world.engine.connect() as conn:
        row = conn.execute(found.where(tables.filings.c.claim_id == claim_id)).mappings().one()
        rows = [conn.execute(sa.select(table)).mappings().all() for table in tables.metadata.sorted_tables]
        everything = [str(dict(one)) for of_table in rows for one in of_table]
    opened = crypto.ring().open(row["key_id"], row["sealed"], context=f"filing:{claim_id}").decode()
    assert "6222 0210-0111 6245" in opened
    assert not any("6222 0210" in text or "６２２２" in text for text in everything)
    view = world.query("get_claim", role="operator", id=claim_id)["result"]
    assert "payer_index" not in view
    assert "sealed" not in view["filings"][0]
    assert "payer_account" not in view["filings"][0]["papers"]["transfer"]


def test_money_that_came_back_is_told_once_and_grows_alone(world: World) -> None:
    """Lost if this fails: supervision would not hear of a round trip, or a party could talk another's refund away."""
    claim_id, _order_id, provider_id = world.filed()
    day = local_date(world.clock.now()).isoformat()

    def say(refunded_fen: int, **more: Any) -> dict[str, Any]:
        body = {"claim_id": claim_id, "refunded_fen": refunded_fen, "refunded_on": day, **more}
        return world.do("record_refund", role=more.pop("role", "operator"), **body)

    assert say(200_000)["ok"]
    assert say(200_000)["ok"], "told again"
    refusals = {
        "less than before": (say(100_000), "INVALID"),
        "more than was paid": (say(PRICE), "INVALID"),
        "a day to come": (say(300_000, refunded_on="2099-01-01"), "INVALID"),
        "another's": (say(300_000, party_id=world.new("P")), "NOT_OWNER"),
        "no such claim": (say(300_000, claim_id=world.new("C")), "NOT_FOUND"),
    }
    assert {why: answer["error"]["code"] for why, (answer, _) in refusals.items()} == {
        why: code for why, (_, code) in refusals.items()
    }
    told = [one["data"] for one in world.outbox() if one["type"] == "settlement.claim_refund_recorded.v1"]
    assert [(one["refunded_fen"], one["status"]) for one in told] == [(200_000, "filed")]
    world.ok("withdraw_claim", role="provider", claim_id=claim_id, provider_id=provider_id)
    assert say(300_000)["error"]["code"] == "WRONG_STATE"
