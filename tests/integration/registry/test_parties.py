"""Registration, the register's bulk, changes of facts: who is in, once, and with what history."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from contracts import ulid
from infra import crypto
from services.registry import store
from services.registry.domain.uscc import party_id
from tests.integration.registry.world import (
    BUREAU,
    ENTERPRISE_CODE,
    OPERATOR,
    PLATFORM,
    PROGRAMME,
    SERVICE,
    Registry,
    enterprise_facts,
    make_code,
    provider_facts,
)

PERSONAL_WORDS = (
    "张示例",
    "李示例",
    "王示例",
    "0000 0001",
    "13800000001",
    "contact@",
    "示例路1号",
    "6222 0000",
    "示例银行",
)


def row(number: int, **changed):
    """A row of a register."""
    return {
        "uscc": make_code(number),
        "name": f"示例{number}有限公司",
        "region": "520100",
        "registered_on": "2012-02-29",
        "legal_person": True,
        "representative": f"法人{number}",
        "address": f"示例路{number}号",
        "capital_fen": 100_000_000,
        **changed,
    }


def test_registration_is_announced_with_its_public_state(registry: Registry):
    """Lost otherwise: nobody else would know the enterprise, so it could never apply."""
    enterprise = registry.enterprise()
    [event] = registry.events("enterprise_registered")
    assert (event["subject"], event["sequence"]) == (enterprise, 1)
    assert event["data"]["status"] == "registered"
    assert event["data"]["registered_on"] == "2015-04-01"


def test_no_personal_word_leaves_or_lies_in_the_clear(registry: Registry):
    """Lost otherwise: the promise that personal data stays in the registry, sealed."""
    enterprise = registry.enterprise()
    registry.provider(to="registered")
    registry.ok(
        "change_facts", PLATFORM, party_id=enterprise, party_kind="enterprise", reason="搬迁", address="示例路1号之二"
    )
    cells = [cell for table in store.metadata.sorted_tables for line in registry.rows(table) for cell in line.values()]
    shown = [
        bytes(cell).decode(errors="replace") if isinstance(cell, bytes | memoryview) else str(cell) for cell in cells
    ]
    text = "\n".join([*shown, str(registry.ask("get_enterprise", OPERATOR, id=enterprise))])
    assert [word for word in PERSONAL_WORDS if word in text] == []


def test_equal_personal_facts_have_equal_indexes(registry: Registry):
    """Lost otherwise: affiliated parties could not be found once persons are sealed."""
    registry.enterprise(contact_phone="+86 138 0000 0009", representative="同 一人")
    registry.provider(to="registered", contact_phone="13800000009", representative="同一人")
    enterprise = registry.events("enterprise_registered")[0]["data"]["indexes"]
    provider = registry.events("provider_registered")[0]["data"]["indexes"]
    assert enterprise["phone"] == provider["phone"]
    assert set(provider["person"]) <= set(enterprise["person"])
    assert enterprise["address"] is not None
    assert "address" not in provider
    assert enterprise["representative"] == provider["representative"]


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"uscc": ENTERPRISE_CODE[:-1] + "0"}, "USCC_INVALID", "uscc"),
        ({"programme": "nowhere-2018"}, "PROGRAMME_UNKNOWN", "programme"),
    ],
)
def test_a_registration_that_cannot_be_is_refused(registry_once: Registry, changed, code, field):
    """Lost otherwise: a mistyped code would become an enterprise that nobody can find in the register."""
    given = registry_once.send("register_enterprise", PLATFORM, **enterprise_facts(**changed))
    assert (given["error"]["code"], given["error"]["field"]) == (code, field)
    assert registry_once.rows(store.parties) == []


def test_the_same_registration_again_is_done_and_another_is_a_conflict(registry: Registry):
    """Lost otherwise: a retry under a new key would fail, or one company would have two files."""
    facts = enterprise_facts()
    registry.ok("register_enterprise", PLATFORM, **facts)
    assert registry.ok("register_enterprise", PLATFORM, **facts)["sequence"] == 1
    other_name = registry.send("register_enterprise", PLATFORM, **{**facts, "name": "另一名称"})
    other_id = registry.send("register_enterprise", PLATFORM, **{**facts, "enterprise_id": ulid.new()})
    assert [one["error"]["code"] for one in (other_name, other_id)] == ["ALREADY_EXISTS"] * 2
    assert other_id["error"]["facts"] == {"subject": facts["enterprise_id"]}
    assert len(registry.events("enterprise_registered")) == 1


def test_within_a_batch_the_first_of_a_code_wins(registry: Registry):
    """Lost otherwise: of two registrations of one code that come together, the later could win, or both fail."""
    first = enterprise_facts(enterprise_id="01ZZZZZZZZZZZZZZZZZZZZZZZZ")
    second = enterprise_facts(enterprise_id="01AAAAAAAAAAAAAAAAAAAAAAAA")
    answers = registry.send_many("register_enterprise", [(PLATFORM, first), (PLATFORM, second), (PLATFORM, first)])
    assert [one["ok"] for one in answers] == [True, False, True]
    assert answers[1]["error"]["facts"] == {"subject": first["enterprise_id"]}


def test_an_enterprise_and_a_provider_may_share_a_code_but_not_an_id(registry: Registry):
    """Lost otherwise: a software house could not both use and provide; or one id would mean two parties."""
    enterprise = registry.enterprise()
    given = registry.send("register_provider", PLATFORM, **provider_facts(uscc=ENTERPRISE_CODE))
    assert given["ok"]
    taken = registry.send("register_provider", PLATFORM, **provider_facts(provider_id=enterprise, uscc=make_code(9)))
    assert taken["error"]["code"] == "ALREADY_EXISTS"


def test_an_import_says_of_each_row_what_became_of_it(registry: Registry):
    """Lost otherwise: an operator could not tell which of 68,000 rows are in."""
    rows = [row(1), row(2), row(3, uscc=make_code(3)[:-1] + "0"), row(1), row(4, region="210423")]
    given = registry.ok("import_enterprises", OPERATOR, programme=PROGRAMME, rows=rows)
    assert given["outcomes"] == ["accepted", "accepted", "USCC_INVALID", "unchanged", "accepted"]
    assert len(registry.events("enterprise_registered")) == 3
    ids = {one["id"] for one in registry.rows(store.parties)}
    assert ids == {party_id(programme=PROGRAMME, kind="enterprise", code=make_code(n)) for n in (1, 2, 4)}


def test_a_second_import_changes_nothing(registry: Registry):
    """Lost otherwise: running a file again, say after a lost connection, would double or overwrite enterprises."""
    rows = [row(number) for number in range(20)]
    registry.ok("import_enterprises", OPERATOR, programme=PROGRAMME, rows=rows)
    before = registry.rows(store.parties)
    changed = [{**one, "name": "改名"} for one in rows]
    again = registry.ok("import_enterprises", OPERATOR, programme=PROGRAMME, rows=changed)
    assert set(again["outcomes"]) == {"unchanged"}
    assert registry.rows(store.parties) == before
    assert len(registry.events("enterprise_registered")) == 20


def test_an_import_leaves_those_who_registered_themselves(registry: Registry):
    """Lost otherwise: the register would make a second file for an enterprise that is in already."""
    registry.enterprise(code=make_code(1))
    given = registry.ok("import_enterprises", OPERATOR, programme=PROGRAMME, rows=[row(1), row(2)])
    assert given["outcomes"] == ["unchanged", "accepted"]


def test_two_imports_in_one_batch_see_each_other(registry: Registry):
    """Lost otherwise: two files sent together would both claim the same enterprise."""
    body = {"programme": PROGRAMME, "rows": [row(1), row(2)]}
    answers = registry.send_many("import_enterprises", [(OPERATOR, body), (OPERATOR, body)])
    assert [one["result"]["outcomes"] for one in answers] == [["accepted"] * 2, ["unchanged"] * 2]


def test_a_change_of_account_is_a_new_version_with_its_history(registry: Registry):
    """Lost otherwise: money approved for one account could be paid to another."""
    provider = registry.provider(to="registered")
    registry.ok(
        "change_facts", PLATFORM, party_id=provider, party_kind="provider", reason="换行", account="6222000000000009"
    )
    [event] = registry.events("provider_facts_changed")
    assert (event["sequence"], event["data"]["account_version"]) == (2, 2)
    [item] = registry.ask("payee_accounts", SERVICE, ids=[provider])["result"]["items"]
    assert (item["account"], item["account_version"]) == ("6222000000000009", 2)
    [kept] = registry.rows(store.facts_history)
    assert (kept["field"], kept["old"], kept["new"], kept["reason"]) == ("account", None, None, "换行")
    plain = crypto.ring().open(kept["key_id"], kept["sealed"], context=f"history/{provider}/2/account")
    assert b"6222 0000 0000 0001" in plain
    assert b"6222000000000009" in plain


def test_public_facts_change_in_the_open_and_nothing_else_moves(registry: Registry):
    """Lost otherwise: an auditor could not see what an enterprise was called when it was certified."""
    enterprise = registry.enterprise()
    result = registry.ok(
        "change_facts",
        PLATFORM,
        party_id=enterprise,
        party_kind="enterprise",
        reason="更名",
        name="新名称",
        region="520100",
    )
    assert result == {"id": enterprise, "status": "registered", "sequence": 2}
    [kept] = registry.rows(store.facts_history)
    assert (kept["field"], kept["old"], kept["new"]) == ("name", "贵州示例制造有限公司", "新名称")
    [event] = registry.events("enterprise_facts_changed")
    assert event["data"]["law"]["articles"] == ["五(四)"]
    same = registry.ok(
        "change_facts", PLATFORM, party_id=enterprise, party_kind="enterprise", reason="更名", name="新名称"
    )
    assert same["sequence"] == 2


def test_a_party_cannot_clear_itself(registry: Registry):
    """Lost otherwise: whoever has a violation on record would delete it and apply."""
    enterprise = registry.enterprise(violation=True)
    body = {"party_id": enterprise, "party_kind": "enterprise", "reason": "更正", "violation": False}
    assert registry.send("change_facts", PLATFORM, **body)["error"]["code"] == "FORBIDDEN"
    assert registry.send("change_facts", OPERATOR, **body)["ok"]
    assert registry.events("enterprise_facts_changed")[0]["data"]["violation"] is False


def test_nobody_jumps_the_line_by_their_own_word(registry: Registry):
    """Lost otherwise: every applicant would call itself an enterprise of the 万企融合 action (第十八条)."""
    enterprise = registry.enterprise(priority=True)
    assert registry.events("enterprise_registered")[0]["data"]["priority"] is False
    body = {"party_id": enterprise, "party_kind": "enterprise", "reason": "名单", "priority": True}
    assert registry.send("change_facts", PLATFORM, **body)["error"]["code"] == "FORBIDDEN"
    assert registry.send("change_facts", OPERATOR, **body)["ok"]
    assert registry.events("enterprise_facts_changed")[0]["data"]["priority"] is True


def test_two_changes_in_one_batch_follow_each_other(registry: Registry):
    """Lost otherwise: of two changes that arrive together one would be overwritten in silence."""
    enterprise = registry.enterprise()
    body = {"party_id": enterprise, "party_kind": "enterprise", "reason": "更正"}
    registry.send_many("change_facts", [(PLATFORM, {**body, "name": "甲"}), (PLATFORM, {**body, "address": "乙路"})])
    assert [one["sequence"] for one in registry.events("enterprise_facts_changed")] == [2, 3]
    [stored] = registry.rows(store.parties)
    assert (stored["name"], stored["sequence"]) == ("甲", 3)


@pytest.mark.parametrize("kind", ["enterprise", "provider"])
def test_an_unknown_party_or_the_wrong_kind_is_not_found(registry_once: Registry, kind):
    """Lost otherwise: a provider's facts could be changed by the rules for an enterprise."""
    other = registry_once.provider(to="registered") if kind == "enterprise" else registry_once.enterprise()
    given = registry_once.send("change_facts", OPERATOR, party_id=other, party_kind=kind, reason="x", name="y")
    assert (given["error"]["code"], given["error"]["field"]) == ("NOT_FOUND", "party_id")


@pytest.mark.parametrize("verb", ["UPDATE facts_history SET reason = 'x'", "DELETE FROM facts_history"])
def test_history_cannot_be_rewritten(registry: Registry, verb):
    """Lost otherwise: whoever has the database could make a fact never have been otherwise."""
    enterprise = registry.enterprise()
    registry.ok("change_facts", PLATFORM, party_id=enterprise, party_kind="enterprise", reason="更名", name="新")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), registry.pipeline.engine.begin() as conn:
        conn.exec_driver_sql(verb)


def test_only_the_bureau_reads_no_personal_data_either(registry_once: Registry):
    """Lost otherwise: a view for officials would be the way around the sealed columns."""
    enterprise = registry_once.enterprise()
    view = registry_once.ask("get_enterprise", BUREAU, id=enterprise)["result"]
    assert not set(view) & {"representative", "contact_phone", "address", "account", "sealed", "person_index"}
