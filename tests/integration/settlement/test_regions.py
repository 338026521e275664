"""Two cities of one programme, each with detailed rules of its own: what one decides moves no money of the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.programmes.loader import SHIPPED
from infra import packs
from tests.integration.settlement.world import World

AUTUMN = datetime(2019, 11, 4, 4, tzinfo=UTC)  # a Monday
SHANXI = "shanxi-2018"
RULES = (SHIPPED / "example-shanxi-rules.v1.toml").read_text(encoding="utf-8")
NOTICE = '\n[claims.notice]\narticle = "甲市第五条"\nzh = "公示三个工作日。"\nen = "Three days."\nworking_days = 3\n'
STEP = '\n[[payment.path]]\nname = "{}"\nrole = "{}"\narticle = "{}第六条"\nzh = "一步。"\nen = "A step."\n'

Enable = Callable[..., World]


def city(name: str, region: str, word: str) -> str:
    """Detailed rules of one city, whose articles begin with `word`."""
    own = RULES.replace('code = "example-shanxi-rules"', f'code = "{name}"\nregion = "{region}"')
    return own.replace('"示例第', f'"{word}第')


FIRST = city("first-city", "1401", "甲市") + NOTICE
SECOND = city("second-city", "1402", "乙市") + STEP.format("pass_on", "prefecture", "乙市")


def by_provider(text: str, word: str) -> str:
    """The same, but the provider files, puts forward and is paid."""
    return text.replace('filed_by = "enterprise"', 'filed_by = "provider"').replace(
        'payee = "enterprise"\n', 'payee = "provider"\n' + STEP.format("apply", "provider", word)
    )


@pytest.fixture
def enable(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Enable]:
    """A deployment in autumn that runs on these overlays, by code."""
    world.at(AUTUMN)

    def enabled(**texts: str) -> World:
        folder = tmp_path / "overlays"
        folder.mkdir()
        for name, text in texts.items():
            (folder / f"{name}.toml").write_text(text, encoding="utf-8")
        monkeypatch.setenv(packs.FOLDER, str(folder))
        monkeypatch.setenv(packs.OVERLAYS, ",".join(name.replace("_", "-") for name in texts))
        packs.library.cache_clear()
        return world

    yield enabled
    packs.library.cache_clear()


def runs(world: World, name: str, region: str) -> None:
    world.runs(SHANXI, f"{SHANXI}@1+{name}@1", region, 2019)


def passed(world: World, name: str, region: str, *, provider_id: str | None = None) -> str:
    """A claim that passed all stages of its city's review."""
    runs(world, name, region)
    claim_id, _order, provider_id = world.accepted(provider_id)
    node = {"node_id": world.new("N"), "programme": SHANXI, "year": 2019}
    node["closes_at"] = world.clock.now() + timedelta(hours=1)
    world.ok("announce_node", **node, role="bureau", office=region)
    world.due(timedelta(hours=1))
    world.through(claim_id, provider_id)
    return claim_id


def notice(world: World) -> dict[str, Any]:
    return {"notice_id": world.new("B"), "programme": SHANXI}


def statuses(world: World, *claims: str) -> list[str]:
    return [world.claim(one)["status"] for one in claims]


def test_each_city_pays_its_own_by_its_own_rules(enable: Enable) -> None:
    """Followed by the province's rules, a city's money would be stuck, skip its notice, or miss its district."""
    world = enable(first_city=FIRST, second_city=SECOND)
    one = passed(world, "first-city", "140105")
    two = passed(world, "second-city", "140203")
    assert statuses(world, one, two) == ["passed", "passed"]

    for office in (None, "140300"):
        for method, body in (("publish_notice", notice(world)), ("file_disbursement", world.putting())):
            error = world.refused(method, **body, office=office)
            assert (error["code"], error["article"]) == ("DELEGATED_RULE_MISSING", "五(二)"), (
                "the province rules neither"
            )
    assert world.refused("publish_notice", **notice(world), office="140200")["code"] == "RULE_ABSENT"
    published = world.ok("publish_notice", **notice(world), office="140100")
    assert (published["claims"], published["left"], published["until_on"]) == (1, 0, "2019-11-07")
    assert statuses(world, one, two) == ["on_notice", "passed"]
    world.due(timedelta(days=4))

    filed = {}
    for name, office in (("second-city", "140200"), ("first-city", "140100")):
        runs(world, name, office)
        filed[name] = world.ok("file_disbursement", **world.putting(), office=office)
        assert (filed[name]["claims"], filed[name]["left"]) == (1, 0)
        world.approve(filed[name]["id"])
        error = world.refused("file_disbursement", **world.putting(), office=office)
        assert error["code"] == "NOTHING_TO_DISBURSE"
    made = world.make()
    assert (made["payments"], made["left"]) == (2, 0)
    assert world.release(made)["ok"]
    first, second = sorted(world.ask("get_batch", id=made["id"])["items"], key=lambda item: item["fund"])
    assert (first["fund"], second["fund"]) == ("shanxi-2018:2019:1401", "shanxi-2018:2019:1402")
    assert [each["payee_id"] for each in (first, second)] == [world.claim(each)["payee_id"] for each in (one, two)]

    lines = [
        {"reference": each["reference"], "amount_fen": each["amount_fen"], "status": "settled", "at": "2019-11-08"}
        for each in (first, second)
    ]
    world.ok("record_results", batch_id=made["id"], results=lines)
    assert statuses(world, one, two) == ["paid", "paying"], "the second city's money is passed on"
    body = {"paid_on": world.clock.now().date(), "role": "prefecture", "office": "140200"}
    error = world.refused("pass_on_payment", payment_id=first["payment_id"], **body)
    assert error["code"] == "RULE_ABSENT", "nobody passes on what the first city pays itself"
    world.ok("pass_on_payment", payment_id=second["payment_id"], **body)
    assert statuses(world, one, two) == ["paid", "paid"]

    def law(subject: str) -> set[tuple[str, tuple[str, ...]]]:
        told = world.ask("explain", subject=subject)["decisions"]
        carried_out = [each for each in told if each["outcome"] == "ok"]
        return {(each["pack_version"], tuple(sorted(each["articles"]))) for each in carried_out}

    for name, word, payment in (("first-city", "甲市", first), ("second-city", "乙市", second)):
        for subject in (payment["payment_id"], filed[name]["id"]):
            assert law(subject) == {(f"{SHANXI}@1+{name}@1", (f"{word}第六条",))}
    assert law(made["id"]) == {(f"{SHANXI}@1", ("乙市第六条", "甲市第六条"))}, "made, released and finished by both"


def test_a_provider_of_two_cities_files_by_one_after_the_other(enable: Enable) -> None:
    """One disbursement is approved by one city's rules; those that let an office file are not the provider's."""
    third = by_provider(city("third-city", "1403", "丙市"), "丙市")
    world = enable(first_city=by_provider(FIRST.removesuffix(NOTICE), "甲市"), second_city=SECOND, third_city=third)
    world.runs(SHANXI, f"{SHANXI}@1+second-city@1", "140203", 2019)
    provider_id = world.provider()
    error = world.refused("file_disbursement", **world.putting(provider_id))
    assert (error["code"], error["article"]) == ("DELEGATED_RULE_MISSING", "五(二)")
    offices = passed(world, "second-city", "140203", provider_id=provider_id)
    error = world.refused("file_disbursement", **world.putting(provider_id))
    assert (error["code"], error["facts"]["pack_version"]) == ("NOT_THE_FILER", f"{SHANXI}@1+second-city@1")
    claims = [
        passed(world, f"{name}-city", region, provider_id=provider_id)
        for name, region in (("third", "140302"), ("first", "140105"))
    ]
    for left, label in ((1, "third-city"), (0, "first-city")):
        filed = world.ok("file_disbursement", **world.putting(provider_id))
        assert (filed["claims"], filed["left"]) == (1, left)
        (told,) = world.ask("explain", subject=filed["id"])["decisions"]
        assert told["pack_version"] == f"{SHANXI}@1+{label}@1"
    assert statuses(world, offices, *claims) == ["passed", "in_disbursement", "in_disbursement"]
    assert world.refused("file_disbursement", **world.putting(), office="140100")["code"] == "NOT_THE_FILER"


def test_what_a_city_no_longer_rules_falls_to_the_province(enable: Enable) -> None:
    """A city's rules that end must not leave behind claims that nobody can put forward."""
    ends = FIRST.removesuffix(NOTICE).replace("invented = true", "invented = true\neffective_to = 2019-12-31", 1)
    world = enable(first_city=ends, example_shanxi_rules=RULES)
    claim_id = passed(world, "first-city", "140105")
    assert world.refused("file_disbursement", **world.putting())["code"] == "NOTHING_TO_DISBURSE"
    world.at(datetime(2020, 1, 6, 4, tzinfo=UTC))
    filed = world.ok("file_disbursement", **world.putting())
    (told,) = world.ask("explain", subject=filed["id"])["decisions"]
    assert (filed["claims"], told["pack_version"]) == (1, f"{SHANXI}@1+example-shanxi-rules@1")
    assert statuses(world, claim_id) == ["in_disbursement"]


def test_one_citys_claims_do_not_crowd_out_anothers(enable: Enable, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as one look holds wait in the first city, whose office is slow: the second pays all the same."""
    notices = NOTICE.replace("甲市", "乙市")
    world = enable(first_city=FIRST, second_city=SECOND + notices)
    one, two = passed(world, "first-city", "140105"), passed(world, "second-city", "140203")
    for most in ("domain.notices.MOST_ITEMS", "domain.disbursements.MOST_CLAIMS", "waiting_store.LEFT_OUT"):
        monkeypatch.setattr(f"services.settlement.{most}", 1)
    for office in ("140200", "140100"):
        assert world.ok("publish_notice", **notice(world), office=office)["claims"] == 1
    world.due(timedelta(days=4))
    assert world.ok("file_disbursement", **world.putting(), office="140200")["claims"] == 1
    assert statuses(world, one, two) == ["noticed", "in_disbursement"]
