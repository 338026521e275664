"""Shareholdings and ties: what is told of them, and that nobody outside can be read from it."""

from __future__ import annotations

import pytest

from contracts import ulid
from services.registry import store
from tests.integration.registry.world import BUREAU, OPERATOR, PROGRAMME, Registry, make_code

PAPER = "a" * 64
OUTSIDE = make_code(77)
IDENTITY = "52010219900101123X"


def share(**given: object) -> dict[str, object]:
    """A share of all of a company outside, from 2018 on."""
    facts = {"holding_id": ulid.new(), "programme": PROGRAMME, "share_bp": 10_000, "from_on": "2018-01-01"}
    return {**facts, "source_sha256": PAPER, **given}


def test_a_chain_of_shares_through_companies_outside_has_ends_that_meet(registry: Registry):
    """Lost otherwise: whoever puts a company between itself and its customer is a stranger to it."""
    enterprise, provider = registry.enterprise(), registry.provider(to="registered")
    registry.ok("record_shareholding", OPERATOR, **share(owner_id=provider, held_code=OUTSIDE))
    spelled = f" {OUTSIDE[:8].lower()}-{OUTSIDE[8:].lower()}"
    registry.ok("record_shareholding", OPERATOR, **share(owner_code=spelled, held_id=enterprise, share_bp=1))
    first, second = (event["data"] for event in registry.events("shareholding_recorded"))
    assert first["held"] == second["owner"]
    seller = registry.events("provider_registered")[0]["data"]["indexes"]["holder"]
    buyer = registry.events("enterprise_registered")[0]["data"]["indexes"]["holder"]
    assert (first["owner"], second["held"]) == (seller, buyer)


def test_no_code_of_an_owner_is_stored_told_or_logged_in_clear(registry: Registry, caplog):
    """Lost otherwise: identity numbers of owners would lie in an evidence log that is kept for ever."""
    enterprise = registry.enterprise()
    body = share(owner_kind="person", owner_code=IDENTITY, held_id=enterprise)
    registry.ok("record_shareholding", OPERATOR, **body)
    bad = registry.send("record_shareholding", OPERATOR, **share(owner_code=f"{IDENTITY}9", held_id=enterprise))
    assert bad["error"]["code"] == "USCC_INVALID"
    shown = [str(registry.rows(store.shareholdings)), str(registry.events("shareholding_recorded")), str(bad)]
    assert IDENTITY not in "".join([*shown, caplog.text])


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"owner_code": None}, "FACT_MISSING", "owner_id"),
        ({"owner_code": OUTSIDE[:-1] + "?"}, "USCC_INVALID", "owner_code"),
        ({"owner_code": OUTSIDE, "held_code": OUTSIDE}, "INVALID", "held_id"),
        ({"until_on": "2018-01-01"}, "INVALID", "until_on"),
        ({"owner_code": None, "owner_id": "01XXXXXXXXXXXXXXXXXXXXXXXX"}, "NOT_FOUND", "owner_id"),
        ({"owner_kind": "person", "owner_code": "1"}, "INVALID", "owner_code"),
        ({"programme": "nowhere-2018"}, "PROGRAMME_UNKNOWN", "programme"),
    ],
)
def test_what_is_no_shareholding_is_refused(registry_once: Registry, changed, code, field):
    """Lost otherwise: a mistyped code would tie nobody, and nobody would know."""
    body = share(**{"owner_code": OUTSIDE, "held_code": make_code(78), **changed})
    given = registry_once.send("record_shareholding", OPERATOR, **body)
    assert (given["error"]["code"], given["error"]["field"]) == (code, field)
    assert registry_once.rows(store.shareholdings) == []


def test_a_share_ends_on_its_day_and_is_told_again(registry: Registry):
    """Lost otherwise: a company that was sold stays tied for ever, or a retry makes two shares of one."""
    body = share(owner_code=OUTSIDE, held_code=make_code(78))
    registry.ok("record_shareholding", OPERATOR, **body)
    assert registry.ok("record_shareholding", BUREAU, **body)["status"] == "recorded"
    end = {"holding_id": body["holding_id"], "until_on": "2019-02-01", "source_sha256": PAPER}
    assert registry.ok("end_shareholding", OPERATOR, **end) == {
        "id": body["holding_id"],
        "status": "ended",
        "sequence": 2,
    }
    ended = registry.events("shareholding_ended")[0]["data"]
    assert (ended["from_on"], ended["until_on"]) == ("2018-01-01", "2019-02-01")
    assert registry.ok("record_shareholding", OPERATOR, **body)["status"] == "ended"
    other = registry.send("record_shareholding", OPERATOR, **{**body, "share_bp": 1})
    assert other["error"]["code"] == "ALREADY_EXISTS"
    early = registry.send("end_shareholding", OPERATOR, **{**end, "until_on": "2017-12-31"})
    assert early["error"]["field"] == "until_on"
