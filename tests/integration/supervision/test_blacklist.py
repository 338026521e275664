"""Lost if these fail: money would go on to a party that must get none, or an innocent one would be cut off."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.rpc.supervision import BLACKLIST_GROUNDS
from infra.jsontext import instant_text
from services.supervision.handlers import DUE
from services.supervision.handlers.blacklist import bring_into_effect
from tests.integration.supervision.kit import GUIZHOU, START, Kit, uid


def entry(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "entry_id": uid("B", number),
        "party_kind": "provider",
        "party_id": uid("P", 1),
        "programme": GUIZHOU,
        "ground": "fraud",
        "reason": "虚开发票套取补贴",
        **more,
    }


def standing(kit: Kit, *parties: str) -> list[tuple[bool, str | None]]:
    items = kit.ask("standing", role="service", ids=list(parties))["items"]
    assert [item["party_id"] for item in items] == list(parties)
    return [(item["blacklisted"], item["since"]) for item in items]


def test_listed_now_it_counts_at_once_and_names_its_law(kit: Kit) -> None:
    kit.market()
    answer = kit.do("blacklist_party", **entry())
    assert answer["result"] == {"id": uid("B", 1), "status": "listed", "sequence": 1}
    assert answer["decision"]["articles"] == ["五(四)", "第十二条"]
    [told] = kit.said("party_blacklisted")
    assert told["subject"] == uid("P", 1)
    assert told["data"]["party_name"] == "云服务商1"
    assert datetime.fromisoformat(told["data"]["effective_at"]) == START
    assert told["data"]["law"]["articles"] == ["五(四)", "第十二条"]
    assert "reason" not in told["data"]
    assert standing(kit, uid("P", 1), uid("E", 1)) == [(True, instant_text(START)), (False, None)]


def test_listed_for_later_it_counts_from_its_moment(kit: Kit) -> None:
    kit.market()
    later = START + timedelta(days=3)
    kit.ok("blacklist_party", **entry(effective_at=later))
    assert datetime.fromisoformat(kit.said("party_blacklisted")[0]["data"]["effective_at"]) == later
    assert standing(kit, uid("P", 1)) == [(False, instant_text(later))]
    kit.clock.advance(timedelta(days=3) - timedelta(seconds=1))
    assert kit.pipeline.run_due()["bring_into_effect"] == 0
    kit.clock.advance(timedelta(seconds=1))
    assert kit.pipeline.run_due()["bring_into_effect"] == 1
    assert standing(kit, uid("P", 1)) == [(True, instant_text(later))]


def test_entries_take_effect_before_any_other_due_work() -> None:
    """A backlog of claims to screen would keep a blacklisted party in good standing."""
    assert DUE[0] is bring_into_effect


def test_removed_it_no_longer_counts_and_may_be_listed_again(kit: Kit) -> None:
    """Who projects the standing by party goes by sequence: a second entry must not look older than the first's end."""
    kit.market()
    kit.ok("blacklist_party", **entry(1))
    kit.ok("remove_from_blacklist", entry_id=uid("B", 1), reason="申诉成立")
    assert standing(kit, uid("P", 1)) == [(False, None)]
    kit.ok("blacklist_party", **entry(2))
    told = kit.said("party_blacklisted", "party_removed")
    assert [(one["data"]["status"], one["sequence"]) for one in told] == [("listed", 1), ("removed", 2), ("listed", 3)]
    assert standing(kit, uid("P", 1))[0][0] is True


def test_a_batch_lists_a_party_once(kit: Kit) -> None:
    kit.market()
    answers = kit.batch(*(kit.command("blacklist_party", entry(number)) for number in (1, 2)))
    assert answers[0]["ok"]
    assert (answers[1]["error"]["code"], answers[1]["error"]["facts"]) == ("ALREADY_LISTED", {"entry_id": uid("B", 1)})


REFUSALS = [
    ({"party_id": uid("P", 99)}, "NOT_YET_KNOWN", "party_id"),
    ({"party_kind": "enterprise"}, "NOT_FOUND", "party_id"),
    ({"programme": "nowhere-1999"}, "PROGRAMME_UNKNOWN", "programme"),
    ({"effective_at": START - timedelta(days=1)}, "EFFECT_IN_PAST", "effective_at"),
]


@pytest.mark.parametrize(("change", "code", "field"), REFUSALS, ids=[code for _, code, _ in REFUSALS])
def test_refusals(light: Kit, change: dict[str, Any], code: str, field: str) -> None:
    light.market()
    error = light.refused("blacklist_party", **entry(**change))
    assert (error["code"], error["field"]) == (code, field)
    assert light.said("party_blacklisted") == []


def test_the_same_entry_again_is_the_same_and_another_under_its_id_is_refused(kit: Kit) -> None:
    kit.market()
    kit.ok("blacklist_party", **entry())
    assert kit.ok("blacklist_party", **entry())["sequence"] == 1
    assert kit.refused("blacklist_party", **entry(ground="crime"))["code"] == "ALREADY_EXISTS"
    assert len(kit.said("party_blacklisted")) == 1


@pytest.mark.parametrize("ground", BLACKLIST_GROUNDS)
def test_every_ground_of_the_contract_has_its_article_in_guizhou(light: Kit, ground: str) -> None:
    light.market()
    articles = light.do("blacklist_party", **entry(ground=ground))["decision"]["articles"]
    assert articles[-1] == "第十二条"
    assert articles[0] in ("五(四)", "第十二条", *(f"第十二条(二){n}" for n in range(1, 6)))


def test_a_ground_that_the_programme_does_not_know_is_refused(kit: Kit) -> None:
    """Shandong's document names no grounds of exit: nobody is put on a list by another province's."""
    provider = kit.provider(1)
    kit.hear(kit.event(provider.type, provider.subject, {**provider.data, "programme": "shandong-2017"}))
    error = kit.refused("blacklist_party", **entry(programme="shandong-2017", ground="public_morals"))
    assert (error["code"], error["field"]) == ("FACT_INVALID", "ground")


def test_removal_refusals(kit: Kit) -> None:
    kit.market()
    kit.ok("blacklist_party", **entry())
    body = {"entry_id": uid("B", 1), "reason": "申诉成立"}
    assert kit.refused("remove_from_blacklist", **{**body, "entry_id": uid("B", 9)})["code"] == "NOT_FOUND"
    foreign = kit.command("remove_from_blacklist", body, programme="shenyang-2018")
    assert kit.batch(foreign)[0]["error"]["code"] == "PROGRAMME_MISMATCH"
    kit.ok("remove_from_blacklist", **body)
    error = kit.refused("remove_from_blacklist", **body)
    assert (error["code"], error["facts"]) == ("WRONG_STATE", {"status": "removed"})


def test_the_public_sees_who_stands_on_it_and_not_the_papers(kit: Kit) -> None:
    kit.market()
    kit.ok("blacklist_party", **entry(1))
    kit.ok("blacklist_party", **entry(2, party_kind="enterprise", party_id=uid("E", 1)))
    kit.ok("remove_from_blacklist", entry_id=uid("B", 2), reason="申诉成立")
    public = kit.ask("blacklist", role="enterprise", programme=GUIZHOU)["items"]
    assert [(item["party_name"], item["articles"]) for item in public] == [("云服务商1", ["五(四)", "第十二条"])]
    assert not {"reason", "listed_by", "removal_reason"} & public[0].keys()
    official = kit.ask("blacklist", role="bureau", programme=GUIZHOU)["items"]
    assert [item["status"] for item in official] == ["listed", "removed"]
    assert official[1]["removal_reason"] == "申诉成立"
    assert kit.ask("totals", programme=GUIZHOU, year=2018)["figures"]["blacklisted"] == 1
