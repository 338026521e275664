"""Events become notices once, in whatever order they come, in a number of statements that does not grow with them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from infra.messages import Actor
from services.notify import store
from services.notify.domain import notices
from tests.integration.notify.kit import Kit, party


def order(kit: Kit, type_: str = "voucher.order_placed.v1", **data):
    data.setdefault("provider_id", party())
    return kit.event(type_, price_fen=1_000_000, voucher_fen=400_000, own_fen=600_000, **data)


def test_both_sides_of_an_order_are_told_in_their_own_words(kit: Kit):
    """Lost otherwise: a provider does not learn of its order, or reads what was meant for the enterprise."""
    provider, enterprise = kit.provider("黔云示例"), kit.enterprise("黔南示例厂")
    event = order(kit, provider_id=provider, enterprise_id=enterprise)
    kit.hear(event)
    [mine] = kit.ask("inbox", party_id=enterprise)["items"]
    assert mine["title"].startswith("订单已提交")
    assert "“黔云示例”" in mine["body"]
    assert "10,000.00元（云使用券4,000.00元，自付6,000.00元）" in mine["body"]
    assert "CNY 10,000.00" in mine["body_en"]
    assert mine["articles"] == ["第十八条"]
    assert mine["subject"] == event.subject
    assert kit.titles(provider)[0] == "有订单待确认：黔南示例厂"


def test_the_event_s_own_articles_come_first(kit: Kit):
    """Lost otherwise: a decision is shown with another article than it was made by."""
    enterprise = kit.enterprise("黔南示例厂")
    law = {"pack_version": "1", "articles": ["第十三条(一)"], "facts": {}}
    kit.tell(
        "voucher.application_refused.v1", enterprise_id=enterprise, status="refused", reasons=["注册未满一年"], law=law
    )
    [notice] = kit.ask("inbox", party_id=enterprise)["items"]
    assert notice["articles"] == ["第十三条(一)"]
    assert "1. 注册未满一年" in notice["body"]
    assert "依据：第十三条(一)" in notice["body"]


@pytest.mark.parametrize(("article", "told"), [("第十一条(三)", 0), ("三(二)", 1)])
def test_a_refused_certification_is_told_once_and_with_its_reasons(kit: Kit, article: str, told: int):
    """Lost otherwise: a provider whose papers are refused reads besides that the bureau did not choose it."""
    provider = party()
    law = {"pack_version": "1", "articles": [article], "facts": {}}
    kit.tell("registry.provider_refused.v1", subject=provider, provider_id=provider, status="refused", law=law)
    assert len(kit.titles(provider)) == told


def test_a_name_that_comes_later_does_not_hold_a_notice_up(kit: Kit):
    """Lost otherwise: a notice fails, or waits up the retry ladder, for a name."""
    enterprise = party()
    kit.hear(order(kit, enterprise_id=enterprise))
    assert len(kit.titles(enterprise)) == 1


def test_an_event_that_comes_again_tells_nobody_twice(kit: Kit):
    """Lost otherwise: at least once on the wire becomes twice in the inbox and in the mail."""
    enterprise = party()
    event = order(kit, enterprise_id=enterprise)
    kit.hear(event, event)
    kit.hear(event)
    assert len(kit.titles(enterprise)) == 1
    assert len(kit.rows(store.deliveries)) == 2  # to the enterprise and the provider, none again


def test_a_node_is_told_to_every_admitted_provider_of_the_programme(kit: Kit):
    """Lost otherwise: a provider misses a node it was never told of; a refused one is told for nothing."""
    there = [kit.provider(f"示例{number}") for number in range(3)]
    refused = kit.provider("未认定", status="refused")
    elsewhere = party()
    kit.tell(
        "registry.provider_admitted.v1",
        subject=elsewhere, provider_id=elsewhere, programme="neimenggu-2019", status="admitted", ground=None,
    )  # fmt: skip
    kit.tell("settlement.node_announced.v1", year=2019)
    for provider in there:
        assert kit.titles(provider)[0].startswith("兑现受理节点")
    assert not any(title.startswith("兑现受理节点") for title in [*kit.titles(refused), *kit.titles(elsewhere)])


def test_mail_is_meant_for_parties_not_for_roles(kit: Kit):
    """Lost otherwise: an intent to mail a role that has no address, tried for days."""
    kit.tell("settlement.batch_made.v1")
    assert kit.rows(store.deliveries) == []
    [notice] = kit.ask("staff_inbox", role="finance", programme="guizhou-2018")["items"]
    assert notice["title"].startswith("拨付批次待放行")


def test_a_complaint_is_told_to_who_answers_it_and_its_answer_to_who_filed_it(kit: Kit):
    """Lost otherwise: a complaint that the operator never sees, or an enterprise that is never answered (第九条)."""
    provider, enterprise = kit.provider("黔云示例"), kit.enterprise("黔南示例厂")
    about = {"provider_id": provider, "enterprise_id": enterprise}
    kit.tell("supervision.complaint_filed.v1", status="open", outcome=None, answered_at=None, **about)
    [notice] = kit.ask("staff_inbox", role="operator", programme="guizhou-2018")["items"]
    assert notice["title"] == "企业投诉：“黔南示例厂”投诉“黔云示例”"
    assert notice["title"] in kit.titles(provider)
    assert kit.titles(enterprise) == []
    kit.tell("supervision.complaint_answered.v1", status="answered", outcome="forwarded", **about)
    [answer] = kit.ask("inbox", party_id=enterprise)["items"]
    assert answer["title"] == "投诉已答复：已转交有关部门处理"


def test_an_assessment_is_told_to_whom_it_is_about(kit: Kit):
    """Lost otherwise: a provider is scored and never hears of it, or another one is told (贵州 五(五))."""
    provider, other = kit.provider("黔云示例"), kit.provider("别家")
    about = {"name": "provider", "of": "provider", "period": "2018", "score_bp": 4405}
    about |= {"grade": {"zh": "较差", "en": "poor"}, "consequence": "suspend", "due_on": date(2019, 2, 9)}
    kit.tell("supervision.assessment_concluded.v1", subject_id=provider, **about)
    notice, _admission = kit.ask("inbox", party_id=provider)["items"]
    assert notice["title"] == "考核评估已有结果"
    told = (
        "考核评估：云服务商",
        "对象：黔云示例",
        "期间：2018",
        "得分：44.05",
        "等次：较差",
        "暂停接受新订单",
        "2019年2月9日",
    )
    for line in told:
        assert line in notice["body"], notice["body"]
    assert "考核评估已有结果" not in kit.titles(other)
    effect = {"name": "effect", "of": "effect", "consequence": "none", "due_on": None}
    kit.tell("supervision.assessment_concluded.v1", subject_id=None, **{**about, **effect})
    items = kit.ask("staff_inbox", role="bureau", programme="guizhou-2018")["items"]
    assert [item["title"] for item in items] == ["考核评估已有结果"] * 2


def test_statements_do_not_grow_with_the_batch(kit: Kit):
    """Lost otherwise: a thousand orders cost a thousand round trips, and notify falls behind for hours."""

    def statements(count: int) -> int:
        events = [order(kit, enterprise_id=party(), provider_id=party()) for _ in range(count)]
        published = {"status": "published", "provider_id": party()}
        events += [kit.event("registry.product_published.v1", product_id=party(), **published) for _ in range(count)]
        seen: list[str] = []
        sa.event.listen(kit.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
        kit.hear(*events)
        return len([text for text in seen if "INTO inbox" not in text])  # that one is the pipeline's own

    assert statements(1) == statements(100)


@pytest.mark.parametrize("own_role", [("operator",), ("auditor",)])
def test_a_role_reads_its_own_feed(kit: Kit, own_role):
    """Lost otherwise: an operator reads what only supervisors may know of a claim."""
    kit.tell("supervision.alert_raised.v1")
    asked = {"role": "supervisor", "programme": "guizhou-2018"}
    refused = kit.answer("staff_inbox", roles=own_role, **asked)
    assert refused["ok"] is (own_role == ("auditor",))
    if not refused["ok"]:
        assert (refused["error"]["code"], refused["error"]["field"]) == ("FORBIDDEN", "role")
    assert len(kit.ask("staff_inbox", roles=("supervisor",), **asked)["items"]) == 1


@pytest.mark.parametrize(
    ("region", "read"),
    [
        (None, {"150102", "150202", "1501", "15", None}),
        ("15", {"150102", "150202", "1501", "15", None}),
        ("1501", {"150102", "1501", "15", None}),
        ("150102", {"150102", "1501", "15", None}),
        ("1502", {"150202", "15", None}),
        ("52", {None}),
    ],
)
def test_an_office_reads_what_concerns_its_region(kit: Kit, region: str | None, read: set[str | None]):
    """Lost otherwise: a prefecture reads through another's nominations, or misses the province's plan."""
    told = {"programme": "neimenggu-2019"}
    for where in ("150102", "150202"):
        kit.tell("registry.provider_certified.v1", region=where, provider_id=party(), status="certified", **told)
    for where in ("1501", "15"):
        kit.tell("supervision.target_set.v1", region=where, **told)
    kit.tell("supervision.regions_awarded.v1", **told)
    asked = {"role": "prefecture", "programme": "neimenggu-2019"}
    page = kit.answer("staff_inbox", roles=("prefecture",), region=region, **asked)["result"]
    regions = {row["id"]: row["region"] for row in kit.rows(store.notifications)}
    assert {regions[item["id"]] for item in page["items"]} == read


def test_one_programme_s_feed_never_shows_another_s(kit: Kit):
    """Lost otherwise: the operator of one programme reads whose turn it is in another."""
    for programme in ("guizhou-2018", "shanxi-2018"):
        kit.tell("voucher.filing_submitted.v1", programme=programme, stage="operator")
    for programme in ("guizhou-2018", "shanxi-2018"):
        [notice] = kit.ask("staff_inbox", role="operator", programme=programme)["items"]
        assert notice["programme"] == programme


def test_a_notice_speaks_by_the_rules_its_event_was_decided_under(kit: Kit):
    """Lost otherwise: a claim filed under a city's rules is told by the articles of a province that left them open."""
    provider = party()
    label = "shandong-2017@1+example-shandong-city@1"
    told = {"programme": "shandong-2017", "provider_id": provider, "filer_id": provider, "region": "370102"}
    kit.tell("settlement.claim_accepted.v1", law={"pack_version": label, "articles": [], "facts": {}}, **told)
    for law in (None, {"pack_version": "guizhou-2018@1"}, {"pack_version": "no-such@7"}):
        kit.tell("settlement.claim_accepted.v1", law=law and {"articles": [], "facts": {}, **law}, **told)
    *later, first = kit.ask("inbox", party_id=provider)["items"]
    assert first["articles"] == ["示例第四条"]
    assert [notice["articles"] for notice in later] == [["五(二)"]] * 3


def test_pages_go_from_new_to_old_without_gap_or_repeat(kit: Kit):
    """Lost otherwise: a notice that stands between two pages is never read."""
    enterprise = party()
    events = [order(kit, enterprise_id=enterprise) for _ in range(7)]
    kit.hear(*events)
    seen, after = [], None
    while True:
        page = kit.ask("inbox", party_id=enterprise, limit=3, **({"after": after} if after else {}))
        seen += [item["subject"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [event.subject for event in reversed(events)]
    assert kit.ask("inbox", party_id=enterprise, after="no such place")["items"] == []


def test_what_was_read_is_marked_and_counted_once(kit: Kit):
    """Lost otherwise: a badge that never goes down, or a party that marks another's notices."""
    mine, other = party(), party()
    kit.hear(*[order(kit, enterprise_id=mine) for _ in range(3)], order(kit, enterprise_id=other))
    ids = [item["id"] for item in kit.ask("inbox", party_id=mine)["items"]]
    foreign = kit.ask("inbox", party_id=other)["items"][0]["id"]
    first = kit.command("mark_read", party_id=mine, notification_ids=[*ids[:2], foreign, "no-such-id"])
    again = kit.command("mark_read", party_id=mine, notification_ids=[ids[0], ids[2]])
    answers = kit.pipeline.run_commands("mark_read", [first, again])
    assert [answer["result"]["done"] for answer in answers] == [
        {"marked": 2, "already": 0, "unknown": 2},
        {"marked": 1, "already": 1, "unknown": 0},
    ]
    assert kit.ask("inbox", party_id=mine)["unread"] == 0
    assert kit.ask("inbox", party_id=mine, unread_only=True)["items"] == []
    assert kit.ask("inbox", party_id=other)["unread"] == 1


@pytest.mark.parametrize(("token_for", "count"), [(None, 1), ("guizhou-2018", 1), ("shandong-2017", 0)], ids=str)
def test_a_token_of_another_programme_reads_and_marks_nothing(kit: Kit, token_for: str | None, count: int):
    """Lost otherwise: one programme's operator reads who is served in another, or clears its parties' badges."""
    enterprise = party()
    kit.hear(order(kit, enterprise_id=enterprise))
    assert len(kit.answer("deliveries", token_for=token_for)["result"]["items"]) == 2 * count
    inbox = kit.answer("inbox", token_for=token_for, party_id=enterprise)["result"]
    assert (len(inbox["items"]), inbox["unread"]) == (count, count)
    [notice] = kit.ask("inbox", party_id=enterprise)["items"]
    actor = Actor("someone", frozenset({"platform"}), programme=token_for)
    marking = kit.command("mark_read", actor=actor, party_id=enterprise, notification_ids=[notice["id"]])
    [answer] = kit.pipeline.run_commands("mark_read", [marking])
    assert answer["result"]["done"]["marked"] == count


def test_old_notices_go_and_young_ones_stay(kit: Kit):
    """Lost otherwise: the table grows for ever, or a notice goes before anyone could act on it."""
    enterprise = party()
    kit.hear(order(kit, enterprise_id=enterprise), order(kit, enterprise_id=enterprise))
    kit.tell("settlement.batch_made.v1")
    read, unread = (item["id"] for item in kit.ask("inbox", party_id=enterprise)["items"])
    kit.pipeline.run_commands("mark_read", [kit.command("mark_read", party_id=enterprise, notification_ids=[read])])

    def left() -> set[str]:
        kit.pipeline.run_due()
        return {row["id"] for row in kit.rows(store.notifications) if row["party_id"] == enterprise}

    kit.clock.advance(notices.KEEP_READ)
    assert left() == {read, unread}
    kit.clock.advance(timedelta(days=1))
    assert left() == {unread}
    kit.clock.advance(notices.KEEP_STAFF - notices.KEEP_READ)
    assert left() == {unread}
    assert kit.ask("staff_inbox", role="finance", programme="guizhou-2018")["items"] == []
    kit.clock.advance(notices.KEEP_UNREAD)
    assert left() == set()
    assert kit.rows(store.deliveries) == []


def test_mails_that_nobody_sends_expire(kit: Kit):
    """Lost otherwise: a sender that is set up next year mails last year's news to everyone."""
    kit.hear(order(kit))
    kit.clock.advance(timedelta(days=7))
    kit.pipeline.run_due()
    assert {row["status"] for row in kit.rows(store.deliveries)} == {"pending"}
    kit.clock.advance(timedelta(seconds=1))
    kit.pipeline.run_due()
    assert {row["status"] for row in kit.rows(store.deliveries)} == {"expired"}
    assert len(kit.ask("deliveries", status="expired")["items"]) == 2


def test_the_table_of_templates_can_be_read(kit: Kit):
    """Lost otherwise: nobody can tell which step tells whom without reading the source."""
    page = kit.ask("templates", limit=40)
    rest = kit.ask("templates", limit=500, after=page["next"])
    items = [*page["items"], *rest["items"]]
    assert rest["next"] is None
    placed = [item for item in items if item["event"] == "voucher.order_placed.v1"]
    assert [(item["template"], item["to"]) for item in placed] == [
        ("order_placed", ["party:enterprise_id"]),
        ("order_to_confirm", ["party:provider_id"]),
    ]
    words = {item["template"]: item["programmes"] for item in items}
    assert words["order_placed"] == ["guizhou-2018"]
    assert words["claim_passed"] == ["guizhou-2018", "neimenggu-2019", "shandong-2017", "shenyang-2018"]
    assert words["objection_upheld"] == []
    claims = [item for item in items if item["event"] == "settlement.claim_collected.v1"]
    assert [(item["template"], item["to"]) for item in claims] == [
        ("claim_collected", ["party:filer_id", "party:provider_id"]),
        ("claim_to_review", ["role:{stage}"]),
    ]


def test_totals_count_what_is_there(kit: Kit):
    """Lost otherwise: reconciliation compares with figures that are not those of the tables."""
    kit.hear(order(kit), order(kit))
    totals = kit.ask("totals", programme="guizhou-2018", year=2019)
    assert totals["figures"] == {"notifications": 4, "outbox_unsent": 0, "stream_seq": 0}
    assert totals["rows"] == {"deliveries": {"pending": 4}}


@pytest.mark.parametrize(
    ("event", "said", "hear"),
    [
        ("alert_raised", {"alert": "EVIDENCE_BROKEN"}, {"supervisor", "auditor", "ops"}),
        ("alert_raised", {"alert": "RECONCILIATION_DIFFERENCE"}, {"supervisor", "auditor", "ops"}),
        ("alert_raised", {"alert": "TERM_MISSED"}, {"supervisor"}),
        ("complaint_overdue", {"escalated_to": "bureau"}, {"bureau", "operator"}),
        ("alert_escalated", {"alert": "TERM_MISSED", "escalated_to": "bureau"}, {"bureau", "supervisor"}),
        ("alert_raised", {"alert": "PRICE_OUTLIER"}, {"supervisor"}),
    ],
)
def test_who_hears_of_an_alert_by_what_it_is_about(kit: Kit, event: str, said: dict, hear: set[str]):
    """Lost otherwise: a log that was tampered with, or books that differ, are told to no one who runs or audits the
    system; a term that was missed is not told to the role that the pack names; or others read of a party's alert."""
    graded = {"severity": "high", "region": "520100"} if event.startswith("alert") else {}
    kit.tell(f"supervision.{event}.v1", **graded, **said)
    staff = ("supervisor", "auditor", "ops", "bureau", "operator", "finance", "expert", "district")
    about = {"programme": "guizhou-2018"}
    heard = {role for role in staff if kit.answer("staff_inbox", roles=(role,), role=role, **about)["result"]["items"]}
    assert heard == hear
    if event == "alert_raised":
        page = kit.answer("staff_inbox", roles=("supervisor",), role="supervisor", region="520200", **about)["result"]
        assert page["items"] == [], "not the office of another region"
        other = kit.answer("staff_inbox", roles=("supervisor",), role="supervisor", programme="neimenggu-2019")
        assert other["result"]["items"] == [], "nor of another programme"


def test_an_office_and_a_person_of_it_are_shown_alerts_from_the_severity_they_ask_for(kit: Kit):
    """Lost otherwise: a supervisor reads a hundred light alerts before the grave one, or misses what is late."""
    asked = {"roles": ("supervisor",), "role": "supervisor", "programme": "guizhou-2018"}
    for severity in ("low", "medium", "high"):
        kit.tell("supervision.alert_raised.v1", severity=severity, region="520100")
    kit.tell("supervision.alert_escalated.v1", severity="low", region="520100", escalated_to="bureau")

    def read(region: str | None = None, **more: str) -> tuple[int, str | None]:
        page = kit.answer("staff_inbox", region=region, **asked, **more)["result"]
        return len(page["items"]), page["severity"]

    def ask_for(severity: str, subject: str, region: str | None = None, **more: bool) -> dict:
        actor = Actor(subject, frozenset({"supervisor"}), region=region)
        body = {"role": "supervisor", "programme": "guizhou-2018", "severity": severity}
        [answer] = kit.pipeline.run_commands("set_floor", [kit.command("set_floor", actor=actor, **body, **more)])
        return answer

    assert read() == (4, None)
    assert ask_for("medium", "another", office=True)["ok"]
    assert (read(), read("5201")) == ((3, "medium"), (4, None)), "the office over all, and not that of Guiyang"
    assert ask_for("high", "someone")["ok"]
    assert (read(), read("5201")) == ((2, "high"), (2, "high")), "one's own goes before the office's"
    assert read(severity="low") == (4, "low"), "for once"
    assert ask_for("low", "someone")["ok"]
    assert read() == (4, "low")
    foreign = kit.command("set_floor", role="bureau", programme="guizhou-2018", severity="high", actor=Actor("x"))
    [refused] = kit.pipeline.run_commands("set_floor", [foreign])
    assert (refused["error"]["code"], refused["error"]["field"]) == ("FORBIDDEN", "role")


def test_what_is_assigned_to_one_supervisor_no_other_is_told(kit: Kit):
    """Lost otherwise: whose the alert is hears nothing, or all others read that it is theirs."""
    for assignee in ("someone", "another"):
        kit.tell("supervision.alert_assigned.v1", assigned_to=assignee)
    asked = {"role": "supervisor", "programme": "guizhou-2018"}
    [mine] = kit.ask("staff_inbox", roles=("supervisor",), **asked)["items"]
    assert mine["title"] == "异常预警已交您办理"
    assert len(kit.ask("staff_inbox", roles=("auditor",), **asked)["items"]) == 2
