"""Audit samples on both databases: what they hold, what they find, and what follows for the rest."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from infra.clock import local_date
from services.settlement import audit_cli, samples_store, store, tables
from services.settlement.domain.claims import Claim
from services.settlement.domain.draw import sha256
from services.settlement.handlers import samples as handlers
from tests.integration.settlement.test_programmes import AUTUMN, runs
from tests.integration.settlement.test_store import _insert_per_row, costs
from tests.integration.settlement.world import GUIZHOU, VOUCHER, World

SEED = "一粒种子" * 8


def node(world: World) -> str:
    """A node that closes in an hour."""
    node_id, closes_at = world.new("N"), world.clock.now() + timedelta(hours=1)
    role = "operator" if world.programme == GUIZHOU else "bureau"
    body = {"node_id": node_id, "programme": world.programme, "year": world.year, "closes_at": closes_at}
    return world.ok("announce_node", **body, role=role)["id"]


def commit(world: World, node_id: str, size: int, **more: Any) -> str:
    body = {"sample_id": world.new("S"), "node_id": node_id, "size": size, "seed_hash": sha256(SEED)}
    return world.ok("commit_sample", **{**body, **more})["id"]


def items(world: World, sample_id: str, **more: Any) -> list[dict[str, Any]]:
    return world.ask("list_sample_items", sample_id=sample_id, limit=500, **more)["items"]


def drawn_of(world: World, sample_id: str) -> list[str]:
    return [one["claim_id"] for one in items(world, sample_id, drawn=True)]


def sampled(world: World, claims: int, size: int, **who: Any) -> tuple[str, list[str], str]:
    """A closed node whose sample is not revealed: sample, its claims, their provider."""
    provider_id = world.provider()
    made = [world.accepted(provider_id) for _ in range(claims)]
    sample_id = commit(world, node(world), size, **who)
    world.due(timedelta(hours=1))
    for claim_id, _order, _provider in made:
        world.verdict(claim_id, provider_id)
    return sample_id, [claim_id for claim_id, *_ in made], provider_id


def last(world: World, claim_id: str) -> dict[str, Any]:
    """The last stage passes it, or does not."""
    return world.review(claim_id, world.pack.stages("claim")[-1].role)


def first(world: World, claims: list[str]) -> None:
    for claim_id in claims:
        assert world.review(claim_id, world.pack.stages("claim")[0].role)["ok"]


def find(world: World, sample_id: str, claim_id: str, error_fen: int = 0, **more: Any) -> dict[str, Any]:
    why = {"code": "OVERPRICED", "reasons": ["多报"]} if error_fen else {}
    return world.do("record_audit", sample_id=sample_id, claim_id=claim_id, error_fen=error_fen, **why, **more)


def held(world: World) -> set[str]:
    """Claims that a sample holds, by the question to each and by the one to all of them: these must not differ."""
    claims = tables.claims.c.claim_id
    with world.engine.connect() as conn:
        asked = set(conn.execute(sa.select(claims).where(samples_store.is_pending())).scalars())
        assert asked == set(samples_store.pending(conn, store.select(conn, Claim).values()))
    return asked


def test_from_the_hash_to_the_payment(world: World) -> None:
    """Lost otherwise: a drawn claim is paid before it was audited, or one that was not drawn waits for nothing."""
    sample_id, claims, provider_id = sampled(world, claims=5, size=2)
    first_role = world.pack.stages("claim")[0].role
    for decision in ("pass", "return", "refuse"):  # whoever knows the seed would steer the draw by any of them
        pending = world.review(claims[0], first_role, decision)["error"]
        assert (pending["code"], pending["article"], pending["facts"]["sample_id"]) == (
            "AUDIT_PENDING",
            "五(四)",
            sample_id,
        )
    assert items(world, sample_id) == []
    assert held(world) == set(claims)
    assert world.ask("get_sample", id=sample_id, role="enterprise")["seed"] is None

    done = world.ok("reveal_sample", sample_id=sample_id, seed=SEED, person="auditor-2")
    drawn = drawn_of(world, sample_id)
    assert (done["population"], done["drawn"], len(drawn)) == (5, 2, 2)
    assert len(items(world, sample_id)) == 5
    assert held(world) == set(drawn)
    first(world, claims)
    for claim_id in claims:
        answer = last(world, claim_id)
        assert answer["ok"] is (claim_id not in drawn), answer

    wrong, fine = drawn
    assert find(world, sample_id, wrong, 1_000)["ok"]
    assert held(world) == {fine}
    assert last(world, wrong)["ok"]
    error = world.refused("close_sample", sample_id=sample_id)
    assert (error["code"], error["facts"]["claims"]) == ("SAMPLE_OPEN", [fine])
    assert find(world, sample_id, fine)["ok"]
    assert last(world, fine)["ok"]
    assert world.ok("close_sample", sample_id=sample_id) | {"id": ""} == {
        "id": "", "status": "closed", "sequence": 3, "error_fen": 1_000, "rate": None,
    }  # fmt: skip

    filed = world.ok("file_disbursement", **world.putting(provider_id))
    assert (filed["claims"], filed["amount_fen"], filed["audit_pending"]) == (5, 5 * VOUCHER - 1_000, 0)
    assert world.claim(wrong)["audited_fen"] == 1_000
    assert world.told(sample_id) == ["sample_committed", "sample_revealed", "sample_closed"]
    assert world.told(fine).count("claim_audited") == 1


def test_too_late_twice_and_not_by_another(world: World) -> None:
    """Lost otherwise: the seed is chosen when the claims are known, or there are two to choose from."""
    node_id = node(world)
    body = {"sample_id": world.new("S"), "node_id": node_id, "size": 2, "seed_hash": sha256(SEED)}
    assert world.refused("commit_sample", **{**body, "node_id": world.new("N")})["code"] == "NOT_FOUND"
    assert world.refused("commit_sample", **body, role="third_party")["code"] == "FORBIDDEN"
    sample_id = world.ok("commit_sample", **body)["id"]
    assert world.ok("commit_sample", **body)["id"] == sample_id
    assert world.refused("commit_sample", **{**body, "size": 3})["code"] == "ALREADY_EXISTS"
    second = world.refused("commit_sample", **{**body, "sample_id": world.new("S")})
    assert (second["code"], second["facts"]["sample_id"]) == ("ALREADY_EXISTS", sample_id)
    assert world.refused("reveal_sample", sample_id=sample_id, seed=SEED)["code"] == "WRONG_STATE"
    other = node(world)
    world.due(timedelta(hours=1))
    late = {**body, "sample_id": world.new("S"), "node_id": other}
    assert world.refused("commit_sample", **late)["code"] == "SAMPLE_TOO_LATE"
    assert world.refused("reveal_sample", sample_id=sample_id, seed="x" * 32)["code"] == "SEED_MISMATCH"
    assert world.ok("reveal_sample", sample_id=sample_id, seed=SEED)["population"] == 0
    assert world.ok("reveal_sample", sample_id=sample_id, seed=SEED)["status"] == "revealed"
    assert world.ok("close_sample", sample_id=sample_id)["status"] == "closed"


def test_the_seed_waits_for_what_was_filed_in_time(world: World) -> None:
    """Lost otherwise: what is filed in the last minute, and answered after the seed, is drawn by none and paid."""
    provider_id = world.provider()
    world.accepted(provider_id)
    late = world.filed(provider_id)
    sample_id = commit(world, node(world), 1)
    world.due(timedelta(hours=1))
    world.filed(provider_id)  # too late for the node
    refused = world.refused("reveal_sample", sample_id=sample_id, seed=SEED)
    assert (refused["code"], refused["facts"]["on_the_way"]) == ("NOT_YET_KNOWN", 1)
    world.answer(*late)
    assert world.refused("reveal_sample", sample_id=sample_id, seed=SEED)["code"] == "NOT_YET_KNOWN", "not taken yet"
    world.due()
    assert world.ok("reveal_sample", sample_id=sample_id, seed=SEED)["population"] == 2


def test_claims_of_another_node_do_not_keep_the_seed(world: World) -> None:
    """Lost otherwise: an order that never answers holds the samples of all later nodes too."""
    world.filed()
    world.node()
    sample_id = commit(world, node(world), 1)
    world.due(timedelta(hours=1))
    assert world.ok("reveal_sample", sample_id=sample_id, seed=SEED)["population"] == 0


def test_a_finding_is_kept_once(world: World) -> None:
    """Lost otherwise: a second auditor's word takes the first one's place."""
    sample_id, claims, _provider = sampled(world, claims=2, size=2)
    assert find(world, sample_id, claims[0])["error"]["code"] == "NOT_FOUND", "nothing is drawn yet"
    world.ok("reveal_sample", sample_id=sample_id, seed=SEED)
    one, other = claims
    assert find(world, sample_id, one, 5)["ok"]
    assert find(world, sample_id, one, 5, person="auditor-2")["ok"], "the same word again"
    assert find(world, sample_id, one, 6)["error"]["code"] == "ALREADY_EXISTS"
    bodies = [{"sample_id": sample_id, "claim_id": other, "error_fen": fen} for fen in (0, 0, VOUCHER)]
    codes = [one["ok"] or one["error"]["code"] for one in world.batch("record_audit", bodies)]
    assert codes == [True, True, "ALREADY_EXISTS"], "and within a batch"
    assert [world.claim(claim_id)["audited_fen"] for claim_id in claims] == [5, 0]
    [seen, _other] = items(world, sample_id, drawn=True)
    assert (seen["error_fen"], seen["code"], seen["reasons"]) == (5, "OVERPRICED", ["多报"])
    assert "error_fen" not in items(world, sample_id, role="provider")[0], "what was found is for officials"
    assert world.ask("get_sample", id=sample_id)["audited"] == 2


def test_what_is_not_due_at_all_is_refused_and_the_rest_goes_on(world: World) -> None:
    """Lost otherwise: its order is bound and its invoice used for a claim of nothing; or the sample waits for it."""
    sample_id, claims, _provider = sampled(world, claims=3, size=3)
    world.ok("reveal_sample", sample_id=sample_id, seed=SEED)
    assert find(world, sample_id, claims[0], VOUCHER)["result"]["status"] == "refused"
    with world.engine.connect() as conn:
        taken = conn.execute(sa.select(tables.live_invoices.c.claim_id)).scalars().all()
    assert claims[0] not in taken
    assert world.review(claims[1], "operator", "refuse")["ok"]
    assert world.review(claims[2], "operator", "return")["ok"]
    assert world.ok("close_sample", sample_id=sample_id)["status"] == "closed", "nothing is left to be audited"


def test_a_drawn_claim_that_comes_back_is_still_to_be_audited(world: World) -> None:
    """Lost otherwise: a friend among the reviewers sends it back, and it comes again with nobody to audit it."""
    sample_id, [claim_id], provider_id = sampled(world, claims=1, size=1)
    world.ok("reveal_sample", sample_id=sample_id, seed=SEED)
    order_id = world.claim(claim_id)["order_id"]
    assert world.review(claim_id, "operator", "return")["ok"]
    assert find(world, sample_id, claim_id)["error"]["code"] == "WRONG_STATE"
    world.ok("close_sample", sample_id=sample_id)
    world.ok("file_claim", **world.papers(order_id, provider_id, claim_id, invoice__number="NO-2"))
    world.answer(claim_id, order_id, provider_id)
    world.node()
    world.verdict(claim_id, provider_id, version=2)
    first(world, [claim_id])
    assert last(world, claim_id)["error"]["code"] == "AUDIT_PENDING"
    assert find(world, sample_id, claim_id)["ok"]
    assert last(world, claim_id)["ok"]


def test_what_is_drawn_is_not_withdrawn_to_be_filed_anew(world: World) -> None:
    """Lost otherwise: who sees that it was drawn takes it back, and its order comes again where nobody audits it."""
    sample_id, claims, provider_id = sampled(world, claims=3, size=2)
    early = world.refused("withdraw_claim", claim_id=claims[0], provider_id=provider_id)
    assert early["code"] == "AUDIT_PENDING", "by what is missing the draw would be steered"
    world.ok("reveal_sample", sample_id=sample_id, seed=SEED)
    wrong, fine = drawn_of(world, sample_id)
    [other] = {*claims} - {wrong, fine}
    world.ok("withdraw_claim", claim_id=other, provider_id=provider_id)
    assert world.review(wrong, "operator", "return")["ok"]
    refused = world.refused("withdraw_claim", claim_id=wrong, provider_id=provider_id)
    assert (refused["code"], refused["facts"]["sample_id"]) == ("AUDIT_PENDING", sample_id)
    assert world.refused("withdraw_claim", claim_id=fine, provider_id=world.provider())["code"] == "NOT_OWNER"
    assert find(world, sample_id, fine, 7)["ok"]
    refused = world.refused("withdraw_claim", claim_id=fine, provider_id=provider_id)
    assert (refused["code"], refused["facts"]["audited_fen"]) == ("WRONG_STATE", 7)


def test_who_audited_a_claim_does_not_pass_it_for_another(world: World) -> None:
    """Lost otherwise: the auditor finds nothing, and then passes the claim in the place of an official on leave."""
    sample_id, [claim_id], _provider = sampled(world, claims=1, size=1)
    world.ok("reveal_sample", sample_id=sample_id, seed=SEED)
    today = local_date(world.clock.now())
    leave = {"leave_id": world.new("Y"), "programme": world.programme, "deputy": "auditor-1", "reason": "出差"}
    world.ok("record_leave", **leave, from_on=today, until_on=today, role="operator")
    deputy = {"role": "auditor", "person": "auditor-1"}
    waits = [one["claim_id"] for one in world.ask("list_work", programme=world.programme, **deputy)["items"]]
    assert waits == [claim_id]
    assert find(world, sample_id, claim_id)["ok"]
    assert world.review(claim_id, "operator", **deputy)["error"]["code"] == "SAME_PERSON"
    assert world.ok("take_work", claims=[claim_id], **deputy)["refused"] == [
        {"claim_id": claim_id, "code": "SAME_PERSON"}
    ]
    assert world.ask("list_work", programme=world.programme, **deputy)["items"] == []
    assert world.review(claim_id, "operator")["ok"]


def test_a_party_to_the_claim_does_not_audit_it(world: World) -> None:
    """Lost otherwise: the third party audits what its own house asks for."""
    sample_id, [claim_id], provider_id = sampled(world, claims=1, size=1)
    world.ok("reveal_sample", sample_id=sample_id, seed=SEED)
    for party in (provider_id, world.claim(claim_id)["enterprise_id"]):
        assert find(world, sample_id, claim_id, organisation=party)["error"]["code"] == "CONFLICT_OF_INTEREST"
    assert find(world, sample_id, claim_id, organisation=world.new("P"))["ok"]


def test_a_finding_is_not_filed_away(world: World) -> None:
    """Lost otherwise: a friend among the reviewers sends it back, and what the auditor took off is paid after all."""
    sample_id, claims, provider_id = sampled(world, claims=2, size=2)
    world.ok("reveal_sample", sample_id=sample_id, seed=SEED)
    for claim_id in claims:
        assert find(world, sample_id, claim_id, 1_000)["ok"]
        assert world.review(claim_id, "operator", "return")["ok"]
        order_id = world.claim(claim_id)["order_id"]
        world.ok("file_claim", **world.papers(order_id, provider_id, claim_id, invoice__number=claim_id))
        world.answer(claim_id, order_id, provider_id, allowed_fen=VOUCHER if claim_id == claims[0] else 1_000)
    world.node()
    [kept, gone] = [world.claim(claim_id) for claim_id in claims]
    assert (kept["status"], kept["audited_fen"], kept["payable_fen"]) == ("collected", 1_000, VOUCHER - 1_000)
    assert (gone["status"], gone["reasons"]) == ("refused", ["NOTHING_TO_CLAIM"])


def test_a_sample_that_is_given_up_holds_nothing(world: World) -> None:
    """Lost otherwise: a lost seed holds a year's claims for ever."""
    sample_id, claims, _provider = sampled(world, claims=1, size=1)
    assert world.review(claims[0], world.pack.stages("claim")[0].role)["error"]["code"] == "AUDIT_PENDING"
    world.ok("abandon_sample", sample_id=sample_id, reason="种子遗失")
    assert world.ok("abandon_sample", sample_id=sample_id, reason="种子遗失")["status"] == "abandoned"
    assert world.refused("abandon_sample", sample_id=sample_id, reason="别的")["code"] == "ALREADY_EXISTS"
    assert world.refused("reveal_sample", sample_id=sample_id, seed=SEED)["code"] == "WRONG_STATE"
    first(world, claims)
    assert last(world, claims[0])["ok"]


def test_alerts_of_supervision_weigh(world: World) -> None:
    """Lost otherwise: what supervision had doubts about is drawn no more often than the rest."""
    sample_id, [one, other], provider_id = sampled(world, claims=2, size=1)
    world.verdict(one, provider_id, "held")
    world.ok("reveal_sample", sample_id=sample_id, seed=SEED)
    weights = {item["claim_id"]: (item["alerts"], item["weight"]) for item in items(world, sample_id)}
    assert weights == {one: (1, 2 * VOUCHER), other: (0, VOUCHER)}


@pytest.fixture
def shanxi(world: World, overlays: None) -> World:
    """Whose invented rules carry what was found to the rest."""
    world.at(AUTUMN)
    return runs(world, "shanxi-2018")


AUDITS = {"role": "third_party"}


def test_findings_are_carried_to_the_rest_to_the_fen(shanxi: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost otherwise: all wait for ever, or more or less is taken off than was found; also over several looks."""
    monkeypatch.setattr(handlers, "MOST", 2)
    sample_id, claims, _provider = sampled(shanxi, claims=7, size=2, **AUDITS)
    shanxi.ok("reveal_sample", sample_id=sample_id, seed=SEED, **AUDITS)
    first(shanxi, claims)
    drawn = drawn_of(shanxi, sample_id)
    rest = [claim_id for claim_id in claims if claim_id not in drawn]
    assert len(drawn) == 2
    assert last(shanxi, rest[0])["error"]["code"] == "AUDIT_PENDING", "all of them wait"
    assert find(shanxi, sample_id, drawn[0], 100_001, **AUDITS)["ok"]
    assert find(shanxi, sample_id, drawn[1], **AUDITS)["ok"]
    assert last(shanxi, drawn[0])["error"]["code"] == "AUDIT_PENDING"
    body = {"claim_id": rest[4], "provider_id": _provider, "filer_id": shanxi.claim(rest[4])["filer_id"]}
    assert shanxi.refused("withdraw_claim", **body, role="enterprise")["code"] == "AUDIT_PENDING"
    assert shanxi.review(rest[4], shanxi.pack.stages("claim")[1].role, "refuse")["ok"]

    closing = shanxi.ok("close_sample", sample_id=sample_id, **AUDITS)
    assert (closing["status"], closing["rate"]) == ("closing", "100001/800000")
    assert held(shanxi) == set(claims)
    assert last(shanxi, rest[0])["error"]["code"] == "AUDIT_PENDING", "until all are done"
    assert shanxi.refused("abandon_sample", sample_id=sample_id, reason="x")["code"] == "WRONG_STATE"
    shanxi.due()
    assert shanxi.ok("close_sample", sample_id=sample_id, **AUDITS)["status"] == "closed"
    assert not held(shanxi)
    told = {claim_id: shanxi.claim(claim_id)["audited_fen"] for claim_id in claims}
    share = VOUCHER * 100_001 // 800_000
    assert told == {**dict.fromkeys(rest[:4], share), rest[4]: 0, drawn[0]: 100_001, drawn[1]: 0}
    seen = shanxi.ask("get_sample", id=sample_id)
    assert (seen["others"], seen["others_fen"], seen["error_fen"]) == (4, 4 * share, 100_001)
    assert shanxi.told(sample_id) == ["sample_committed", "sample_revealed", "sample_closing", "sample_closed"]
    assert all(last(shanxi, claim_id)["ok"] for claim_id in [*drawn, *rest[:4]])
    filed = shanxi.ok("file_disbursement", **shanxi.putting())
    assert filed["amount_fen"] == 6 * VOUCHER - 100_001 - 4 * share


def test_without_an_error_the_rest_goes_on_at_once(shanxi: World) -> None:
    sample_id, claims, _provider = sampled(shanxi, claims=3, size=1, **AUDITS)
    shanxi.ok("reveal_sample", sample_id=sample_id, seed=SEED, **AUDITS)
    assert find(shanxi, sample_id, drawn_of(shanxi, sample_id)[0], **AUDITS)["ok"]
    assert shanxi.ok("close_sample", sample_id=sample_id, **AUDITS)["status"] == "closed"
    assert {shanxi.claim(claim_id)["audited_fen"] for claim_id in claims} == {0}


def test_what_passed_without_a_review_is_not_put_forward(world: World, engine: sa.Engine) -> None:
    """Lost otherwise: where a claim has no stage, nothing holds it before the money."""
    sample_id, _claims, provider_id = sampled(world, claims=2, size=1)
    world.ok("reveal_sample", sample_id=sample_id, seed=SEED)
    with engine.begin() as conn:
        conn.execute(sa.update(tables.claims).values(status="passed"))
    filed = world.ok("file_disbursement", **world.putting(provider_id))
    assert (filed["claims"], filed["audit_pending"]) == (1, 1)
    error = world.refused("file_disbursement", **world.putting(provider_id))
    assert (error["code"], error["facts"]["audit_pending"]) == ("NOTHING_TO_DISBURSE", 1)
    [drawn] = drawn_of(world, sample_id)
    assert world.claim(drawn)["status"] == "passed"


class Asked:
    """The client of a service that is not on the bus."""

    def __init__(self, world: World) -> None:
        self.world = world

    def __enter__(self) -> Asked:
        return self

    def __exit__(self, *_error: object) -> None:
        return None

    def call(self, _service: str, method: str, **fields: Any) -> dict[str, Any]:
        return self.world.ask(method, **{name: value for name, value in fields.items() if value is not None})


def test_what_is_exported_is_drawn_again(world: World, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost otherwise: nobody but the auditor can say that the draw was fair."""
    monkeypatch.setattr(audit_cli, "_client", lambda _folder: Asked(world))
    monkeypatch.setattr(audit_cli, "PAGE", 2)
    sample_id, _claims, _provider = sampled(world, claims=5, size=2)
    out = tmp_path / "sample.jsonl"
    run = CliRunner().invoke
    assert run(audit_cli.audit, ["export", sample_id, "--out", str(out)]).exit_code == 2, "nothing is revealed"
    world.ok("reveal_sample", sample_id=sample_id, seed=SEED)
    answer = run(audit_cli.audit, ["export", sample_id, "--out", str(out)])
    assert answer.exit_code == 0, answer.output
    public = world.ask("get_sample", id=sample_id, role="provider")
    shown = ["--seed-hash", public["seed_hash"], "--population-hash", public["population_hash"]]
    again = run(audit_cli.audit, ["redraw", str(out), *shown])
    assert again.exit_code == 0, again.output
    out.write_text(out.read_text("utf-8").replace('"alerts":0', '"alerts":1', 1), "utf-8")
    assert run(audit_cli.audit, ["redraw", str(out), *shown]).exit_code == 1


def test_findings_cost_the_same_statements_whatever_their_number(world: World) -> None:
    """Lost otherwise: a loop over rows, and the factor of ten with it."""
    sample_id, claims, _provider = sampled(world, claims=31, size=40)
    world.ok("reveal_sample", sample_id=sample_id, seed=SEED)
    parts = {1: claims[:1], 30: claims[1:]}

    def audit(size: int) -> None:
        bodies = [{"sample_id": sample_id, "claim_id": one, "error_fen": 0} for one in parts[size]]
        assert all(answer["ok"] for answer in world.batch("record_audit", bodies))

    small, large = costs(world, audit)
    if world.engine.dialect.name == "sqlite":
        small, large = ([one for one in side if not _insert_per_row(one)] for side in (small, large))
    assert small == large


def test_a_population_is_kept_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lost otherwise: one statement with 200,000 rows."""
    monkeypatch.setattr(samples_store, "ROWS", 2)
    sample_id, claims, _provider = sampled(world, claims=5, size=2)
    world.ok("reveal_sample", sample_id=sample_id, seed=SEED)
    assert [one["claim_id"] for one in items(world, sample_id)] == sorted(claims)
