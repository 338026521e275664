"""Filings over the pipeline: batches, replicas, what is told, and the reviewers' work list."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from contracts.programmes import Library
from contracts.programmes.loader import SHIPPED
from infra import packs
from infra.db import create_engine
from infra.messages import Actor, Command
from infra.pipeline import Pipeline
from services.voucher import filings_queries, filings_store, handlers, queries, tables
from services.voucher.domain.filings import Filing
from tests.integration.voucher.world import World

SHENYANG, SHANXI = "shenyang-2018", "shanxi-2018"
DOCUMENTS = ("application_form", "business_licence", "tax_registration", "business_qualification", "audit_report")
ATTESTED = ["operated_normally_last_year", "in_line_with_policy"]
FOURTH = datetime(2019, 3, 4, 2, 0, tzinfo=UTC)
REVIEWERS = {"district": "210106", "bureau": None, "operator": None, "data_bureau": None}


class Filings(World):
    """A deployment that runs Shenyang and Shanxi side by side."""

    def __init__(self, engine: sa.Engine, now: datetime = FOURTH, *, make: bool = True) -> None:
        super().__init__(engine, now, make=make)
        everything = {**queries.QUERIES, **filings_queries.QUERIES}
        self.pipeline = Pipeline(
            "voucher", engine, self.clock, handlers.COMMANDS, everything, handlers.EVENTS, handlers.DUE
        )

    def company(self, **facts: Any) -> str:
        base = {"programme": SHENYANG, "region": "210106", "tax_region": "210106", "industry": "industrial"}
        return self.enterprise(**{**base, "account_version": 0, **facts})

    def body(self, enterprise_id: str, **more: Any) -> dict[str, Any]:
        return {
            "filing_id": self.new("F"),
            "enterprise_id": enterprise_id,
            "programme": SHENYANG,
            "track": "industrial",
            "prior_revenue_fen": 40_000_000_000,
            "attested": ATTESTED,
            "documents": [{"kind": kind, "sha256": "a" * 64} for kind in DOCUMENTS],
            **more,
        }

    def counted(self, enterprise_id: str, **more: Any) -> dict[str, Any]:
        ids = {"filing_id": self.new("F"), "enterprise_id": enterprise_id, "programme": SHANXI}
        return {**ids, "category": "business", **more}

    def filed(self, enterprise_id: str | None = None, **more: Any) -> str:
        return self.ok("submit_filing", **self.body(enterprise_id or self.company(), **more))["id"]

    def as_(self, role: str, method: str, body: dict[str, Any], **token: Any) -> dict[str, Any]:
        made = self.command(method, body)
        given = {"region": REVIEWERS.get(role), "subject": f"{role}-1", **token}
        actor = Actor(roles=frozenset({role}), **given)
        return self.run([Command(made.method, made.key, made.body, actor, made.correlation_id)])[0]

    def review(self, role: str, filing_id: str, decision: str = "approve", **token: Any) -> dict[str, Any]:
        reasons = [] if decision == "approve" else ["材料不全"]
        body = {"filing_id": filing_id, "stage": role, "decision": decision, "reasons": reasons}
        return self.as_(role, "review_filing", body, **token)

    def opened(self, **more: Any) -> str:
        filing_id = self.filed(**more)
        assert self.review("district", filing_id)["ok"]
        self.clock.advance(timedelta(days=2))
        for role in ("bureau", "operator"):
            assert self.review(role, filing_id)["ok"]
        return filing_id


@pytest.fixture
def world(engine: sa.Engine) -> Filings:
    return Filings(engine)


def test_it_is_opened_by_its_last_stage_and_every_step_is_told(world):
    """Lost otherwise: the enterprise cannot order, supervision does not count it, and nobody learns why."""
    filing_id = world.opened()
    told = world.sent("filing_submitted", "filing_reviewed", "filing_opened")
    assert [(event["type"].split(".")[1], event["sequence"], event["data"]["stage"]) for event in told] == [
        ("filing_submitted", 1, "district"),
        ("filing_reviewed", 2, "bureau"),
        ("filing_reviewed", 3, "operator"),
        ("filing_opened", 4, None),
    ]
    assert {event["subject"] for event in told} == {filing_id}
    assert told[1]["data"]["intake_on"] == "2019-03-05"
    assert told[3]["data"]["opened_on"] == "2019-03-06"
    assert told[0]["data"]["law"]["pack_version"] == "shenyang-2018@1"
    assert told[0]["data"]["law"]["facts"]["prior_revenue_fen"] == 40_000_000_000
    assert told[1]["data"]["law"]["articles"] == ["三(四)1", "三(一)"]
    assert told[2]["data"]["law"]["articles"] == ["三(四)1", "三(四)3"]
    decisions = world.ask("explain", subject=filing_id)["decisions"]
    assert [(one["action"], one["outcome"]) for one in decisions] == [
        ("filing_submitted", "ok"),
        ("filing_reviewed", "ok"),
        ("filing_reviewed", "ok"),
        ("filing_opened", "ok"),
    ]


def test_what_is_told_has_no_word_of_a_person(world):
    """Lost otherwise: the names of clerks stand in events that every service reads."""
    world.opened()
    for event in world.sent():
        assert "-1" not in str(event["data"]).replace("shenyang-2018@1", "")


def test_a_refusal_is_explained_under_its_filing(world):
    """Lost otherwise: an enterprise that asks why is told that there is no such thing."""
    body = world.body(world.company(tax_region="110100", industry="other"))
    error = world.refused("submit_filing", **body)
    assert (error["code"], error["article"]) == ("NOT_TAXED_IN_REGION", "三(一)")
    (decision,) = world.ask("explain", subject=body["filing_id"])["decisions"]
    assert decision["code"] == "NOT_TAXED_IN_REGION"
    assert decision["pack_version"] == "shenyang-2018@1"
    assert decision["facts"]["reasons"] == ["NOT_TAXED_IN_REGION", "INDUSTRY_NOT_COVERED"]
    assert world.rows(tables.filings) == []


def test_the_registry_says_where_it_pays_tax(world):
    """Lost otherwise: every filing of Shenyang's lacks a fact that the registry has."""
    company = world.company(tax_region=None)
    assert world.refused("submit_filing", **world.body(company))["facts"]["missing"] == ["tax_region"]
    world.company(enterprise_id=company, say="facts_changed", tax_region="210102", status="certified")
    assert world.filed(company)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"programme": "nowhere-2018"}, "PROGRAMME_UNKNOWN"),
        ({"programme": SHANXI}, "PROGRAMME_MISMATCH"),
        ({"enterprise_id": f"01E{99999:023d}"}, "NOT_YET_KNOWN"),
        ({"provider_id": f"01P{99999:023d}"}, "PROVIDER_NOT_AVAILABLE"),
    ],
)
def test_whom_and_what_it_names_is_known(world, change, code):
    """Lost otherwise: a filing stands for an enterprise of another programme, or for nobody."""
    assert world.refused("submit_filing", **{**world.body(world.company()), **change})["code"] == code


def test_the_same_filing_again_is_answered_as_it_is_now(world):
    """Lost otherwise: a lost answer makes an enterprise believe that it has no filing."""
    body = world.body(world.company())
    first = world.ok("submit_filing", **body)
    world.review("district", first["id"])
    assert world.ok("submit_filing", **body) == {"id": first["id"], "status": "in_review", "sequence": 2}
    assert world.refused("submit_filing", **{**body, "prior_revenue_fen": 1})["code"] == "ALREADY_EXISTS"
    assert len(world.sent("filing_submitted")) == 1


def test_a_batch_sees_what_it_has_filed_itself(world):
    """Lost otherwise: two filings of one track come through in one message, and one is lost at the database."""
    company = world.company()
    bodies = [world.body(company), world.body(company)]
    answers = world.batch("submit_filing", [*bodies, bodies[0]])
    assert [answer["ok"] for answer in answers] == [True, False, True]
    assert answers[1]["error"]["code"] == "FILING_EXISTS"
    assert answers[1]["error"]["facts"]["filing_id"] == bodies[0]["filing_id"]
    assert [row["filing_id"] for row in world.rows(tables.filings)] == [bodies[0]["filing_id"]]
    assert [event["subject"] for event in world.sent("filing_submitted")] == [bodies[0]["filing_id"]]


def test_a_batch_of_reviews_sees_its_own_steps(world):
    """Lost otherwise: a filing is opened by two answers to the same stage."""
    filing_id = world.filed()
    commands = [
        Command(made.method, made.key, made.body, Actor(f"d-{number}", frozenset({"district"}), region="210106"), "c")
        for number in (1, 2)
        for made in [
            world.command("review_filing", {"filing_id": filing_id, "stage": "district", "decision": "approve"})
        ]
    ]
    answers = world.run(commands)
    assert [answer["ok"] for answer in answers] == [True, False]
    assert answers[1]["error"]["code"] == "STAGE_MISMATCH"
    assert world.ask("get_filing", id=filing_id)["sequence"] == 2


def test_returned_it_is_handed_in_again_under_its_id(world):
    """Lost otherwise: what was returned for a missing paper has to be filed anew, and loses its history."""
    body = world.body(world.company())
    filing_id = world.ok("submit_filing", **body)["id"]
    assert world.review("district", filing_id, "return")["ok"]
    other = world.refused("submit_filing", **{**body, "track": "city-service"})
    assert other["code"] == "ALREADY_EXISTS"
    again = world.ok("submit_filing", **{**body, "prior_revenue_fen": 1})
    assert again == {"id": filing_id, "status": "submitted", "sequence": 3}
    (row,) = world.rows(tables.filings)
    assert (row["prior_revenue_fen"], row["stage"], row["passed"], row["reasons"]) == (1, "district", 0, [])
    returned = world.sent("filing_returned")[0]["data"]
    assert (returned["status"], returned["reasons"], returned["stage"]) == ("returned", ["材料不全"], None)
    assert [event["sequence"] for event in world.sent("filing_submitted")] == [1, 3]


def test_after_a_refusal_or_withdrawal_it_may_be_filed_anew(world):
    """Lost otherwise: one refusal shuts an enterprise out, or the refused filing comes to life again."""
    company = world.company()
    first = world.filed(company)
    assert world.review("district", first, "refuse")["ok"]
    second = world.filed(company)
    assert world.ok("withdraw_filing", filing_id=second, enterprise_id=company)["status"] == "withdrawn"
    third = world.filed(company)
    assert {row["filing_id"]: row["status"] for row in world.rows(tables.filings)} == {
        first: "refused",
        second: "withdrawn",
        third: "submitted",
    }
    assert [len(world.sent(name)) for name in ("filing_refused", "filing_withdrawn")] == [1, 1]


def test_another_enterprise_withdraws_nothing(world):
    """Lost otherwise: a competitor's filing is taken back by whoever knows its id."""
    filing_id = world.filed()
    assert world.refused("withdraw_filing", filing_id=filing_id, enterprise_id=world.company())["code"] == "NOT_OWNER"
    assert world.refused("withdraw_filing", filing_id=f"01F{99999:023d}", enterprise_id=world.company())["code"] == (
        "NOT_FOUND"
    )
    assert world.ask("get_filing", id=filing_id)["status"] == "submitted"


def test_blacklisting_stops_its_review_and_leaves_what_is_open(world):
    """Lost otherwise: an excluded enterprise is put on the cloud; or an open filing is closed that orders stop at."""
    company = world.company()
    filing_id = world.filed(company)
    world.blacklist(company)
    assert world.review("district", filing_id)["error"]["code"] == "BLACKLISTED"
    assert world.review("district", filing_id, "refuse")["ok"]
    other = world.company()
    opened = world.opened(enterprise_id=other)
    world.blacklist(other)
    assert world.ask("get_filing", id=opened)["status"] == "opened"


def test_a_token_of_another_programme_sees_and_changes_nothing(world):
    """Lost otherwise: an office of Shanxi decides on Shenyang's filings."""
    body = world.body(world.company())
    filing_id = world.ok("submit_filing", **body)["id"]
    assert world.as_("operator", "submit_filing", body, programme=SHANXI)["error"]["code"] == "PROGRAMME_MISMATCH"
    assert world.review("district", filing_id, programme=SHANXI)["error"]["code"] == "PROGRAMME_MISMATCH"
    assert world.ask("get_filing", id=filing_id, programme_of_token=SHANXI)["code"] == "PROGRAMME_MISMATCH"
    assert world.ask("get_filing", id=filing_id, programme_of_token=SHENYANG)["status"] == "submitted"


def test_shanxi_counts_by_the_same_code(world):
    """Lost otherwise: enterprises on the cloud of a programme without money are not counted."""
    trader = world.enterprise(programme=SHANXI, region="140100", legal_person=False, account_version=0)
    filing_id = world.ok("submit_filing", **world.counted(trader))["id"]
    assert world.refused("submit_filing", **world.counted(trader))["code"] == "FILING_EXISTS"
    other_kind = world.ok("submit_filing", **world.counted(trader, category="management"))["id"]
    assert world.review("operator", filing_id)["result"]["status"] == "opened"
    (told,) = world.sent("filing_opened")
    assert (told["data"]["category"], told["data"]["track"], told["data"]["region"]) == ("business", None, "140100")
    assert world.ask("get_filing", id=other_kind)["stage"] == "operator"


def test_each_region_files_by_its_own_rules_and_ends_by_them(world, monkeypatch, tmp_path):
    """Lost otherwise: one city's rules hold in another, or a filing changes its rules on the way."""
    text = (SHIPPED / "example-shanxi-rules.v1.toml").read_text(encoding="utf-8")
    (tmp_path / "city.v1.toml").write_text(text.replace("invented = true", 'region = "1401"\ninvented = true'), "utf-8")
    enabled = Library(SHIPPED, tmp_path, enabled=["example-shanxi-rules"])
    monkeypatch.setattr(packs, "library", lambda: enabled)
    here, there = (world.enterprise(programme=SHANXI, region=one, account_version=0) for one in ("140105", "140203"))
    lacking = world.refused("submit_filing", **world.counted(here))
    assert (lacking["code"], lacking["field"]) == ("FACT_MISSING", "prior_revenue_fen")
    assert world.ok("submit_filing", **world.counted(there))
    filing_id = world.ok("submit_filing", **world.counted(here, prior_revenue_fen=1))["id"]
    plain = Library(SHIPPED, tmp_path)
    monkeypatch.setattr(packs, "library", lambda: plain)
    assert world.review("operator", filing_id)["ok"]
    told = world.sent("filing_submitted", "filing_opened")
    filled = "shanxi-2018@1+example-shanxi-rules@1"
    assert [event["data"]["law"]["pack_version"] for event in told] == ["shanxi-2018@1", filled, filled]


def test_a_named_provider_is_admitted_and_untied(world, monkeypatch, tmp_path):
    """Lost otherwise: a filing names a provider that the enterprise belongs to, where the pack minds."""
    text = (SHIPPED / "shenyang-2018.v1.toml").read_text(encoding="utf-8").replace(SHENYANG, "tied-2018")
    rule = '\n[eligibility.not_affiliated]\narticle = "三(一)"\nzh = "无关联。"\nen = "Not tied."\n'
    (tmp_path / "tied-2018.v1.toml").write_text(text + rule, "utf-8")
    library = Library(SHIPPED, tmp_path)
    monkeypatch.setattr(packs, "library", lambda: library)
    company = world.company(programme="tied-2018")
    provider = world.provider(programme="tied-2018", provider_kind="platform")
    body = world.body(company, programme="tied-2018", provider_id=provider)
    assert world.ok("submit_filing", **body)
    other = world.company(programme="tied-2018")
    world.tie(other, provider)
    error = world.refused("submit_filing", **world.body(other, programme="tied-2018", provider_id=provider))
    assert error["code"] == "AFFILIATED_WITH_PROVIDER"


def test_what_is_open_is_found_by_enterprise(world):
    """Lost otherwise: an order finds no filing to go under, or one that is not open."""
    company, other = world.company(), world.company()
    opened = world.opened(enterprise_id=company)
    world.filed(company, track="city-service", prior_revenue_fen=None)
    world.filed(other)
    with world.engine.connect() as conn:
        found = filings_store.open_filings(conn, {company, other})
    assert list(found) == [company]
    (filing,) = found[company]
    assert isinstance(filing, Filing)
    assert (filing.filing_id, filing.status, filing.kind) == (opened, "opened", "industrial")
    assert (filing.attested, filing.documents[0]["kind"]) == (tuple(ATTESTED), "application_form")


# --- the work list ----------------------------------------------------------------------------------------------------


def test_priority_goes_first_then_whoever_was_first(world):
    """Lost otherwise: monitored enterprises wait behind others (三(一)); or a page leaves one out or shows it twice."""
    ids = {}
    for name, priority in (("a", False), ("b", True), ("c", False), ("d", True), ("e", False)):
        ids[name] = world.filed(world.company(priority=priority))
        world.clock.advance(timedelta(seconds=1))
    world.review("district", ids["a"], "return")  # waits for its enterprise, not for an office
    names = {filing_id: name for name, filing_id in ids.items()}
    page = world.ask("list_filings", programme=SHENYANG)
    assert [names[row["filing_id"]] for row in page["items"]] == ["b", "d", "c", "e", "a"]
    assert page["next"] is None
    seen, after = [], None
    for _ in range(6):
        page = world.ask("list_filings", programme=SHENYANG, limit=2, after=after)
        seen += [names[row["filing_id"]] for row in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == ["b", "d", "c", "e", "a"]
    assert world.ask("list_filings", programme=SHENYANG, after=f"01F{99999:023d}")["code"] == "NOT_FOUND"


def test_a_list_is_of_one_stage_state_enterprise_and_programme(world):
    """Lost otherwise: an office's work list shows what is another's."""
    company = world.company()
    first, second = world.filed(company), world.filed()
    world.review("district", second)
    trader = world.enterprise(programme=SHANXI, region="140100", account_version=0)
    third = world.ok("submit_filing", **world.counted(trader))["id"]

    def listed(**filters: Any) -> list[str]:
        page = world.ask("list_filings", **{"programme": SHENYANG, **filters})
        return [row["filing_id"] for row in page["items"]]

    assert listed(stage="district") == [first]
    assert listed(stage="bureau") == [second]
    assert listed(status="submitted") == [first]
    assert listed(enterprise_id=company) == [first]
    assert listed(status="opened") == []
    assert listed(programme=SHANXI) == [third]


def test_a_view_shows_no_person(world):
    """Lost otherwise: who decided is read by whoever may list filings."""
    filing_id = world.filed()
    world.review("district", filing_id)
    view = world.ask("get_filing", id=filing_id)
    assert not {"filed_by", "reviewed_by"} & view.keys()
    assert (view["passed"], view["intake_on"], view["kind"]) == (1, "2019-03-05", "industrial")


# --- the database -----------------------------------------------------------------------------------------------------


def test_another_replica_that_was_quicker_is_named(world, monkeypatch):
    """Lost otherwise: two replicas file one enterprise twice, or the slower fails as if by a defect."""
    company = world.company()
    first = world.filed(company)
    real, looks = filings_store.live_filings, itertools.count()

    def look(conn: sa.Connection, ids: set[str]) -> dict[str, list[Filing]]:
        return real(conn, ids) if next(looks) else {}  # the rival's row comes after we have looked

    monkeypatch.setattr(filings_store, "live_filings", look)
    error = world.refused("submit_filing", **world.body(company))
    assert (error["code"], error["facts"]["filing_id"]) == ("FILING_EXISTS", first)
    assert len(world.sent("filing_submitted")) == 1


def test_what_is_decided_on_is_locked(postgres_url):
    """Lost otherwise: two clerks at two replicas pass one stage, and a filing has two versions of one number."""
    engine = create_engine(postgres_url, service="voucher")
    world = Filings(engine)
    ids = {world.filed() for _ in range(2)}
    free = sa.select(tables.filings.c.filing_id).with_for_update(skip_locked=True)
    with engine.begin() as one, engine.begin() as other:
        assert set(filings_store.filings_by_id(one, ids)) == ids
        assert other.execute(free).all() == []
    engine.dispose()


def test_a_batch_takes_as_many_statements_as_one(postgres_url):
    """Lost otherwise: a month's filings take a thousand journeys to the database."""
    engine = create_engine(postgres_url, service="voucher")
    world, seen = Filings(engine), list[str]()
    sa.event.listen(engine, "before_cursor_execute", lambda c, cur, text, *rest: seen.append(text))

    def counted(work: Any) -> int:
        seen.clear()
        work()
        return len(seen)

    companies = [world.company() for _ in range(40)]
    bodies = [world.body(company) for company in companies]
    one = counted(lambda: world.batch("submit_filing", bodies[:1]))
    assert counted(lambda: world.batch("submit_filing", bodies[1:])) == one

    def reviews(some: list[dict[str, Any]]) -> list[Command]:
        actor = Actor("district-1", frozenset({"district"}), region="210106")
        made = [
            world.command("review_filing", {"filing_id": one["filing_id"], "stage": "district", "decision": "approve"})
            for one in some
        ]
        return [Command(each.method, each.key, each.body, actor, each.correlation_id) for each in made]

    one = counted(lambda: world.run(reviews(bodies[:1])))
    assert counted(lambda: world.run(reviews(bodies[1:]))) == one
    assert {row["stage"] for row in world.rows(tables.filings)} == {"bureau"}
    engine.dispose()
