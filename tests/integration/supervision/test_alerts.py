"""Lost if these fail: a supervisor's word would not reach the claim, or reach the wrong version of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.supervision.domain.alerts import NEXT
from tests.integration.supervision.kit import GUIZHOU, Kit, uid


def suspicious(kit: Kit) -> dict[str, str]:
    """Claim 2: a shared phone, and an invoice of claim 1: two alerts that hold it. Rule → alert id."""
    kit.market(phone="a" * 64)
    kit.hear(kit.enterprise(2, phone="a" * 64))
    kit.filed(1, 1, invoice="12345678")
    kit.filed(2, 2, invoice="12345678")
    return {alert["alert"]: alert["alert_id"] for alert in kit.alerts(2)}


def test_the_claim_is_cleared_when_the_last_alert_was_false(kit: Kit) -> None:
    ids = suspicious(kit)
    assert sorted(ids) == ["AFFILIATED_PARTIES", "INVOICE_REUSED"]
    kit.ok("resolve_alert", alert_id=ids["INVOICE_REUSED"], verdict="false_alarm", reason="作废后重开")
    assert kit.verdicts(2) == ["held"]
    kit.ok("resolve_alert", alert_id=ids["AFFILIATED_PARTIES"], verdict="false_alarm", reason="同一代办电话")
    assert kit.verdicts(2) == ["held", "cleared"]
    sequences = [one["sequence"] for one in kit.said("claim_held", "claim_cleared") if one["subject"] == uid("C", 2)]
    assert sequences == [1, 2], "settlement projects the newest"


def test_one_confirmed_alert_rejects_the_claim_whatever_else_is_found(kit: Kit) -> None:
    ids = suspicious(kit)
    kit.ok("resolve_alert", alert_id=ids["AFFILIATED_PARTIES"], verdict="confirmed", reason="同一控制人")
    assert kit.verdicts(2) == ["held", "rejected"]
    kit.ok("resolve_alert", alert_id=ids["INVOICE_REUSED"], verdict="false_alarm", reason="作废后重开")
    assert kit.verdicts(2) == ["held", "rejected"]
    [rejected] = kit.said("claim_rejected")
    assert rejected["data"]["law"]["articles"] == ["第十三条(四)"]


def test_both_alerts_resolved_in_one_batch_say_it_once(kit: Kit) -> None:
    """A batch folds in memory: the second command sees what the first did."""
    ids = suspicious(kit)
    commands = [
        kit.command("resolve_alert", {"alert_id": alert_id, "verdict": "false_alarm", "reason": "已核实"})
        for alert_id in ids.values()
    ]
    answers = kit.batch(*commands)
    assert [answer["result"]["status"] for answer in answers] == ["false_alarm", "false_alarm"]
    assert kit.verdicts(2) == ["held", "cleared"]


def test_a_confirmed_alert_of_low_severity_rejects_too(kit: Kit) -> None:
    """It held nothing while nobody had looked; once somebody has, it counts."""
    kit.market(address="b" * 64)
    kit.hear(kit.enterprise(1, person="a" * 64), kit.enterprise(2, person="a" * 64, address="b" * 64))
    kit.filed(1)
    [alert] = kit.alerts(1)
    kit.ok("resolve_alert", alert_id=alert["alert_id"], verdict="confirmed", reason="实为一家")
    assert kit.verdicts(1) == ["cleared", "rejected"]


def test_confirmed_affiliation_is_told_as_a_tie_and_a_false_alarm_is_not(kit: Kit) -> None:
    """Lost otherwise: the two go on buying from each other, one claim after the other held (第十三条(四))."""
    kit.market(phone="b" * 64)
    kit.hear(kit.enterprise(1, phone="b" * 64), kit.enterprise(2, phone="b" * 64))
    kit.filed(1)
    kit.filed(2, enterprise=2)
    (one,), (two,) = kit.alerts(1), kit.alerts(2)
    kit.ok("resolve_alert", alert_id=one["alert_id"], verdict="confirmed", reason="实为一家")
    kit.ok("resolve_alert", alert_id=two["alert_id"], verdict="false_alarm", reason="同一代办")
    (told,) = (event["data"] for event in kit.said("tie_found"))
    assert (told["enterprise_id"], told["provider_id"]) == (uid("E", 1), uid("P", 1))
    assert "b" * 64 not in str(told)


def test_an_alert_on_a_version_filed_anew_since_says_nothing_of_the_new_one(kit: Kit) -> None:
    ids = suspicious(kit)
    kit.hear(kit.claim(2, 2, version=2, invoice="55554444"))
    kit.ok("resolve_alert", alert_id=ids["INVOICE_REUSED"], verdict="confirmed", reason="旧版所附")
    assert kit.by_version(2) == [(1, "held"), (2, "held")], "the new version is held by its own alert"


def test_reasons_and_people_are_kept(kit: Kit) -> None:
    ids = suspicious(kit)
    alert_id = ids["INVOICE_REUSED"]
    kit.ok("acknowledge_alert", alert_id=alert_id)
    answer = kit.do("resolve_alert", alert_id=alert_id, verdict="confirmed", reason="两次报销同一发票")
    assert answer["decision"]["articles"] == ["五(四)"]
    kept = kit.ask("get_alert", id=alert_id)
    assert (kept["status"], kept["reason"]) == ("confirmed", "两次报销同一发票")
    assert (kept["acknowledged_by"], kept["resolved_by"], kept["sequence"]) == ("supervisor-1", "supervisor-1", 3)
    told = [one["data"]["status"] for one in kit.said() if one["subject"] == alert_id]
    assert told == ["open", "acknowledged", "confirmed"]
    actions = [one["action"] for one in kit.ask("explain", subject=uid("C", 2))["decisions"]]
    assert actions == ["screen_claim", "claim_rejected"]


STEPS = {
    "acknowledge": ("acknowledge_alert", {}, "acknowledged"),
    "confirm": ("resolve_alert", {"verdict": "confirmed", "reason": "已核实"}, "confirmed"),
    "find false": ("resolve_alert", {"verdict": "false_alarm", "reason": "已核实"}, "false_alarm"),
}


@pytest.mark.parametrize("before", sorted(NEXT))
@pytest.mark.parametrize("step", sorted(STEPS))
def test_every_step_from_every_state_is_listed_or_refused(light: Kit, before: str, step: str) -> None:
    alert_id = suspicious(light)["INVOICE_REUSED"]
    for method, fields, status in STEPS.values():
        if status == before:
            light.ok(method, alert_id=alert_id, **fields)
    told = len(light.said("alert_resolved", "alert_acknowledged"))
    method, fields, status = STEPS[step]
    answer = light.do(method, alert_id=alert_id, **fields)
    if status in NEXT[before]:
        assert answer["result"]["status"] == status
    else:
        assert answer["error"]["code"] == "WRONG_STATE"
        assert answer["error"]["facts"] == {"status": before}
        assert len(light.said("alert_resolved", "alert_acknowledged")) == told


def test_unknown_and_foreign_alerts_are_refused(kit: Kit) -> None:
    alert_id = suspicious(kit)["INVOICE_REUSED"]
    assert kit.refused("acknowledge_alert", alert_id=uid("A", 404))["code"] == "NOT_FOUND"
    foreign = kit.command("acknowledge_alert", {"alert_id": alert_id}, programme="shenyang-2018")
    assert kit.batch(foreign)[0]["error"]["code"] == "PROGRAMME_MISMATCH"
    assert kit.ask("get_alert", id=uid("A", 404))["code"] == "NOT_FOUND"


def test_lists_come_in_pages_and_by_status(kit: Kit) -> None:
    ids = suspicious(kit)
    first = kit.ask("list_alerts", programme=GUIZHOU, limit=1)
    second = kit.ask("list_alerts", programme=GUIZHOU, limit=1, after=first["next"])
    assert [page["items"][0]["alert_id"] for page in (first, second)] == sorted(ids.values())
    kit.ok("acknowledge_alert", alert_id=ids["INVOICE_REUSED"])
    acknowledged = kit.ask("list_alerts", programme=GUIZHOU, status="acknowledged")["items"]
    assert [item["alert_id"] for item in acknowledged] == [ids["INVOICE_REUSED"]]
    assert kit.ask("totals", programme=GUIZHOU, year=2018)["rows"]["alerts"] == {"acknowledged": 1, "open": 1}
    assert kit.ask("totals", programme="shenyang-2018", year=2018)["rows"]["alerts"] == {}


def test_related_names_the_chain_by_kind(kit: Kit) -> None:
    kit.market(enterprises=5, account="b" * 64)
    kit.hear(kit.enterprise(1, phone="a" * 64, person="9" * 64), kit.enterprise(2, phone="a" * 64, account="b" * 64))
    kit.hear(kit.tie(1, 3, 1))
    found = kit.ask("related", from_id=uid("E", 1), to_id=uid("P", 1))
    assert (found["related"], found["steps"]) == (True, 2)
    assert [link["by"] for link in found["path"]] == [["phone"], ["account"]]
    assert kit.ask("related", from_id=uid("E", 3), to_id=uid("P", 1))["path"][0]["by"] == ["tie"]
    assert kit.ask("related", from_id=uid("E", 3), to_id=uid("E", 2))["steps"] == 2, "through the provider"
    assert kit.ask("related", from_id=uid("E", 1), to_id=uid("E", 4))["related"] is False
    assert kit.ask("related", from_id=uid("E", 1), to_id=uid("E", 99))["code"] == "NOT_FOUND"
    assert "a" * 64 not in str(found)


def test_repeats_fold_into_the_alert_that_is_not_resolved(kit: Kit) -> None:
    """Lost otherwise: a supervisor reads the same tie once for each claim between the two."""
    kit.market(phone="a" * 64)
    kit.hear(kit.enterprise(1, phone="a" * 64), kit.order(1, 1), kit.order(2, 1))
    kit.hear(kit.claim(1, 1, invoice="11112222"))
    kit.hear(kit.claim(2, 2, enterprise_id=uid("E", 1), invoice="55556666"))
    (alert,) = kit.ask("list_alerts", programme=GUIZHOU)["items"]
    assert (alert["claims"], alert["repeats"], alert["claim_ids"]) == (2, 1, [uid("C", 1), uid("C", 2)])
    assert [one["data"]["claims"] for one in kit.said("alert_raised", "alert_repeated")] == [1, 2]
    kit.ok("resolve_alert", alert_id=alert["alert_id"], verdict="false_alarm", reason="已核实")
    assert (kit.verdicts(1), kit.verdicts(2)) == (["held", "cleared"], ["held", "cleared"])
    kit.hear(kit.claim(2, 2, enterprise_id=uid("E", 1), version=2, invoice="55556666"))
    ids = {one["alert_id"] for one in kit.ask("list_alerts", programme=GUIZHOU)["items"]}
    assert len(ids) == 2, "after a resolution it is another alert"
    assert kit.by_version(2)[-1] == (2, "held")


def test_what_becomes_graver_holds_the_claim_and_is_due_earlier(kit: Kit) -> None:
    """Lost otherwise: a light alert on a claim keeps out the grave one that is found on it later."""
    kit.market(address="b" * 64)
    kit.hear(kit.enterprise(1, person="a" * 64), kit.enterprise(2, person="a" * 64, address="b" * 64))
    kit.filed(1)
    [light] = kit.alerts(1)
    assert (light["severity"], kit.verdicts(1)) == ("low", ["cleared"])
    kit.hear(kit.tie(1, 1, 1))
    kit.hear(kit.tie(2, 1, 1))
    grave = kit.ask("get_alert", id=light["alert_id"])
    assert (grave["severity"], grave["status"], grave["claims"], grave["repeats"]) == ("high", "open", 1, 1)
    assert grave["due_on"] < kit.said("alert_raised")[0]["data"]["due_on"]
    assert [grave[name]["severity"] for name in ("first_evidence", "evidence")] == ["low", "high"]
    assert [one["data"]["graver"] for one in kit.said("alert_raised", "alert_repeated")] == [False, True]
    assert kit.verdicts(1) == ["cleared", "held"]
    kit.ok("resolve_alert", alert_id=light["alert_id"], verdict="false_alarm", reason="已核实")
    kit.hear(kit.tie(3, 1, 1))
    assert kit.verdicts(1) == ["cleared", "held", "cleared"], "what a supervisor resolved is not said again"


def test_a_claim_filed_anew_is_still_one_claim_of_its_alert(kit: Kit) -> None:
    """Lost otherwise: an alert over one claim reads as one over two."""
    kit.market(phone="a" * 64)
    kit.hear(kit.enterprise(1, phone="a" * 64), kit.order(1, 1))
    kit.hear(kit.claim(1, 1, invoice="11112222"))
    kit.hear(kit.claim(1, 1, version=2, invoice="55556666"))
    (alert,) = kit.ask("list_alerts", programme=GUIZHOU)["items"]
    assert (alert["claims"], alert["repeats"], alert["claim_ids"]) == (1, 1, [uid("C", 1)])


def test_a_confirmation_may_be_for_some_of_the_claims_alone(kit: Kit) -> None:
    kit.market(phone="a" * 64)
    kit.hear(kit.enterprise(1, phone="a" * 64), kit.order(1, 1), kit.order(2, 1))
    kit.hear(kit.claim(1, 1, invoice="11112222"))
    kit.hear(kit.claim(2, 2, enterprise_id=uid("E", 1), invoice="55556666"))
    (alert,) = kit.ask("list_alerts", programme=GUIZHOU)["items"]
    unknown = kit.refused(
        "resolve_alert", alert_id=alert["alert_id"], verdict="confirmed", reason="查实", claim_ids=[uid("C", 9)]
    )
    assert (unknown["code"], unknown["field"]) == ("NOT_FOUND", "claim_ids")
    kit.ok("resolve_alert", alert_id=alert["alert_id"], verdict="confirmed", reason="查实", claim_ids=[uid("C", 1)])
    assert (kit.verdicts(1), kit.verdicts(2)) == (["held", "rejected"], ["held", "cleared"])


def test_an_alert_of_another_is_left_to_that_supervisor(kit: Kit) -> None:
    ids = suspicious(kit)
    alert_id = ids["INVOICE_REUSED"]
    kit.ok("assign_alert", alert_id=alert_id, assignee="supervisor-9")
    for method, more in (("acknowledge_alert", {}), ("resolve_alert", {"verdict": "confirmed", "reason": "查实"})):
        assert kit.refused(method, alert_id=alert_id, **more)["code"] == "TAKEN_BY_ANOTHER"
    mine = kit.ask("list_alerts", programme=GUIZHOU, assigned_to="supervisor-9")["items"]
    assert [one["alert_id"] for one in mine] == [alert_id]
    kit.ok("assign_alert", alert_id=alert_id, assignee="supervisor-1")
    kit.ok("resolve_alert", alert_id=alert_id, verdict="confirmed", reason="查实")
    assert kit.refused("assign_alert", alert_id=alert_id, assignee="supervisor-9")["code"] == "WRONG_STATE"


def test_a_late_alert_is_told_once_to_the_office_that_the_pack_names(kit: Kit) -> None:
    """Two working days for a high one: raised on Monday, 3 September 2018, it is late from Thursday on."""
    ids = suspicious(kit)
    kit.clock.advance(timedelta(days=2))
    kit.pipeline.run_due()
    assert kit.said("alert_escalated") == []
    kit.clock.advance(timedelta(days=1))
    kit.pipeline.run_due()
    kit.pipeline.run_due()
    told = kit.said("alert_escalated")
    assert {(one["subject"], one["data"]["escalated_to"]) for one in told} == {(one, "bureau") for one in ids.values()}
    assert len(told) == 2, "once each"
    kit.hear(kit.enterprise(7))  # queries have no clock: they know the day of the last record
    assert len(kit.ask("list_alerts", programme=GUIZHOU, overdue=True)["items"]) == 2
    kit.ok("resolve_alert", alert_id=ids["INVOICE_REUSED"], verdict="false_alarm", reason="已核实")
    assert len(kit.ask("list_alerts", programme=GUIZHOU, overdue=True)["items"]) == 1


def test_rates_say_how_often_each_rule_was_right(kit: Kit) -> None:
    ids = suspicious(kit)
    kit.ok("resolve_alert", alert_id=ids["INVOICE_REUSED"], verdict="confirmed", reason="查实")
    kit.ok("resolve_alert", alert_id=ids["AFFILIATED_PARTIES"], verdict="false_alarm", reason="代办电话")
    kit.hear(kit.order(3, 3))
    kit.filed(3, 3, invoice="12345678")
    rates = kit.ask("alert_rates", programme=GUIZHOU, from_on="2018-09-03", until_on="2018-09-03")["items"]
    counts = {one["alert"]: tuple(one[name] for name in NAMES) for one in rates}
    assert counts == {"AFFILIATED_PARTIES": (1, 0, 1, 0, 0), "INVOICE_REUSED": (2, 1, 0, 1, 100)}
    empty = kit.ask("alert_rates", programme=GUIZHOU, from_on="2018-09-04", until_on="2018-09-30")["items"]
    assert empty == [], "of the days asked for alone"


NAMES = ("raised", "confirmed", "false_alarm", "open", "precision")
