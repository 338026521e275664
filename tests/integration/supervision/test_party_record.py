"""What a party owed back stays on its record, and nobody but who may sees it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.supervision.kit import Kit, uid

PARTY, OTHER = uid("P", 1), uid("P", 2)


def told(kit: Kit, name: str, number: int = 1, *, sequence: int, **more: Any) -> None:
    """News of a receivable of 500,000 fen for fraud, of Shenyang's rules."""
    data = {"receivable_id": uid("W", number), "programme": "shenyang-2018", "year": 2019, "plan_region": "2101"}
    data |= {"party_kind": "provider", "party_id": PARTY, "claim_id": uid("C", number), "ground": "fraud"}
    data |= {"amount_fen": 500_000, "recovered_fen": 0, "offset_fen": 0, "written_off_fen": 0, "reference": "YR1"}
    data |= {"status": "owed", "reasons": ["x"]}
    data["law"] = {"pack_version": "shenyang-2018@1", "articles": ["三(五)2"], "facts": {}}
    kit.hear(kit.event(f"settlement.receivable_{name}.v1", data["receivable_id"], {**data, **more}, sequence=sequence))


def record(kit: Kit, **who: Any) -> dict[str, Any]:
    return kit.ask("party_record", party_id=PARTY, **who)


def test_one_person_s_word_is_no_part_of_a_record(kit: Kit) -> None:
    told(kit, "claimed", sequence=1, status="claimed")
    told(kit, "refused", sequence=2, status="refused")
    assert (record(kit)["receivables"], record(kit)["dishonesty_list"]) == ([], [])


def test_what_was_owed_and_what_became_of_it(kit: Kit) -> None:
    """The newest state counts, in whatever order it comes; fraud is proposed for the list, and nothing is listed."""
    told(kit, "recovered", sequence=3, recovered_fen=200_000)
    told(kit, "owed", sequence=2)
    told(kit, "owed", 2, sequence=2, ground="overpaid", amount_fen=1)
    found = record(kit)
    assert [(one["ground"], one["articles"], one["recovered_fen"]) for one in found["receivables"]] == [
        ("fraud", ["三(五)2"], 200_000),
        ("overpaid", ["三(五)2"], 0),
    ]
    assert found["figures"] == {
        "receivables": 2,
        "amount_fen": 500_001,
        "recovered_fen": 200_000,
        "written_off_fen": 0,
        "open_fen": 300_001,
    }
    [proposed] = found["dishonesty_list"]
    assert (proposed["articles"], proposed["receivables"], proposed["amount_fen"]) == (["三(五)2"], 1, 500_000)
    assert found["entries"] == []


def test_a_programme_without_such_a_list_proposes_nothing(kit: Kit) -> None:
    law = {"pack_version": "guizhou-2018@1", "articles": ["五(四)"], "facts": {}}
    told(kit, "owed", sequence=2, programme="guizhou-2018", law=law)
    assert record(kit)["dishonesty_list"] == []


@pytest.mark.parametrize(("organisation", "sees"), [(PARTY, True), (OTHER, False)])
def test_a_party_reads_its_own(kit: Kit, organisation: str, sees: bool) -> None:
    told(kit, "owed", sequence=2)
    found = record(kit, role="provider", organisation=organisation)
    assert found.get("code") == (None if sees else "NOT_OWNER")
