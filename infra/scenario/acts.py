"""Short words for calls that every scenario makes: each act is real RPC, by the people that the programme's pack names.

An act has to succeed; where a refusal is the point, the scenario makes the call itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from contracts import ulid
from contracts.programmes import Pack, Stage
from infra.clock import local_date, parse_instant
from infra.demo.cast import office_of, upload_body
from infra.scenario.cast import Body
from infra.scenario.values import filled, money

if TYPE_CHECKING:
    from infra.scenario.play import Player

EVALUATOR = 20  # the person who evaluates enterprises
SCORERS = 21  # the first of the persons who score claims
APART = ("invoice", "contract", "transfer", "usage")  # what a claim's body holds itself; the rest is `papers`


def enrol(player: Player, step: Mapping[str, Any]) -> None:
    """Registered; where the pack asks for it, papers handed in and reviewed; a provider admitted."""
    for name in step["enrol"]:
        kind = player.names.kinds[name]
        body = player.names.bodies[name]
        pack = _pack(player, body["programme"], body["region"])
        player.must(f"registry.register_{kind}", body, player.token("platform"))
        if pack.stages(f"{kind}_certification"):
            _certify(player, pack, name)
        if kind == "provider":
            admit: Body = {"provider_id": player.names[name], "decision": "admit", "reasons": ["择优认定"]}
            if pack.products.batches is not None:
                admit["batch"] = step.get("batch", "第一批")
            for person, stage in _stages(pack, "provider_admission"):
                player.must("registry.admit_provider", admit, _reviewer(player, person, stage, body["region"]))


def _certify(player: Player, pack: Pack, name: str) -> None:
    kind, body = player.names.kinds[name], player.names.bodies[name]
    rule = getattr(pack.certification, kind)
    papers = rule.required if rule else ("business_licence",)
    upload(player, name, papers)
    case: Body = {"case_id": ulid.new(), "party_kind": kind, "party_id": player.names[name]}
    documents = [{"kind": paper, "sha256": player.names[f"paper.{name}.{paper}"]} for paper in papers]
    player.must("registry.submit_certification", {**case, "documents": documents}, player.token("platform"))
    for person, stage in _stages(pack, f"{kind}_certification"):
        verdict = {"case_id": case["case_id"], "decision": "approve"}
        player.must("registry.review_certification", verdict, _reviewer(player, person, stage, body["region"]))


def hand_in(player: Player, step: Mapping[str, Any]) -> None:
    """Scanned papers of a party."""
    upload(player, step["upload"]["of"], step["upload"]["papers"])


def upload(player: Player, name: str, papers: Iterable[str]) -> None:
    """Each paper as a generated image; `$paper.甲公司.business_licence` is its digest."""
    for paper in papers:
        body = upload_body(player.names.scan(name, paper))
        player.must("registry.upload_chunk", body, player.token("platform"))


def shelve(player: Player, step: Mapping[str, Any]) -> None:
    """Submitted, and reviewed where the pack asks for it."""
    for name in step["shelve"]:
        body = player.names.bodies[name]
        seller = player.names.bodies[player.names.named(body["provider_id"])]
        player.must("registry.submit_product", body, player.token("platform"))
        for person, stage in _stages(_pack(player, seller["programme"], seller["region"]), "product"):
            verdict = {"product_id": player.names[name], "stage": stage.role, "decision": "approve"}
            player.must("registry.review_product", verdict, _reviewer(player, person, stage, seller["region"]))


def plan(player: Player, step: Mapping[str, Any]) -> None:
    """Made by one office and configured by the other, which publishes it."""
    asked, programme, year = filled(step["plan"], player.names), player.programme(step), player.year(step)
    issuing = _pack(player, programme, asked.get("region")).issuing
    assert issuing is not None, f"{programme} issues nothing"
    budget = money(asked["budget"])
    body: Body = {"plan_id": ulid.new(), "programme": programme, "year": year, "budget_fen": budget}
    body |= {"opens_on": asked.get("opens_on", f"{year}-01-01"), "document": "示例年度计划"}
    if "region" in asked:
        body["region"] = asked["region"]
    if "denominations" in asked:
        sizes = asked["denominations"].items()
        body["denominations"] = [{"denomination_fen": money(fen), "count": count} for fen, count in sizes]
    if "funds" in asked:
        body["funds"] = [{"level": level, "amount_fen": money(fen)} for level, fen in asked["funds"].items()]
    made_by = issuing.plan.role if issuing.plan else "bureau"
    configured_by = issuing.configure.role if issuing.configure else "finance"
    player.must("voucher.make_plan", body, player.token(made_by, "1"))
    configure = {"plan_id": body["plan_id"], "budget_fen": budget}
    player.must("voucher.configure_plan", configure, player.token(configured_by, "2"))
    player.names.save(asked.get("save", "plan"), body["plan_id"])


def grant(player: Player, step: Mapping[str, Any]) -> None:
    """Applied for, and approved where the pack asks for a review."""
    asked = filled(step["grant"], player.names)
    for name in asked["to"]:
        party = player.names.bodies[name]
        body: Body = {"application_id": ulid.new(), "enterprise_id": player.names[name]}
        body |= {"programme": party["programme"], "year": player.year(step)}
        if "amount" in asked:
            body["requested_fen"] = money(asked["amount"])
        player.must("voucher.apply_for_quota", body, player.token("platform"))
        for person, stage in _stages(_pack(player, party["programme"], party["region"]), "application"):
            verdict = {"application_id": body["application_id"], "decision": "approve"}
            token = _reviewer(player, person, stage, party["region"])
            player.must("voucher.review_application", verdict, token)
        if "save" in asked:
            player.names.save(asked["save"], body["application_id"])


def file(player: Player, step: Mapping[str, Any]) -> None:
    """Filed with all its papers, and taken through the pack's stages, or the first `stages` of them."""
    asked = filled(step["file"], player.names)
    name = asked["by"]
    party = player.names.bodies[name]
    pack = _pack(player, party["programme"], party["region"])
    papers = pack.filing.documents.required if pack.filing and pack.filing.documents else ()
    upload(player, name, papers)
    body: Body = {"filing_id": ulid.new(), "enterprise_id": player.names[name], "programme": party["programme"]}
    body |= {key: asked[key] for key in ("track", "category", "years_used") if key in asked}
    if "provider" in asked:
        body["provider_id"] = player.names[asked["provider"]]
    if "revenue" in asked:
        body["prior_revenue_fen"] = money(asked["revenue"])
    body["attested"] = asked.get("attested", sorted(pack.eligibility.attested))
    body["documents"] = [{"kind": paper, "sha256": player.names[f"paper.{name}.{paper}"]} for paper in papers]
    player.must("voucher.submit_filing", body, player.token("platform"))
    player.names.save(asked.get("save", "filing"), body["filing_id"])
    _approve(player, pack, body["filing_id"], asked.get("stages"))


def open_filings(player: Player, step: Mapping[str, Any]) -> None:
    """Filings that wait, through the stages that are left."""
    for name in step["open"]:
        found = player.must("voucher.get_filing", {"id": player.names[name]}, player.token("operator"))
        _approve(player, _pack(player, found["programme"], found["region"]), player.names[name], None)


def _approve(player: Player, pack: Pack, filing: str, most: int | None) -> None:
    found = player.must("voucher.get_filing", {"id": filing}, player.token("operator"))
    for person, stage in _stages(pack, "filing", found["track"])[found["passed"] :][:most]:
        verdict = {"filing_id": filing, "stage": stage.role, "decision": "approve"}
        player.must("voucher.review_filing", verdict, _reviewer(player, person, stage, found["region"]))


def buy(player: Player, step: Mapping[str, Any]) -> None:
    """Ordered and confirmed with a contract; `$contract.订单` is its digest."""
    asked = filled(step["buy"], player.names)
    product = player.names.bodies[asked["product"]]
    order = ulid.new()
    body: Body = {"order_id": order, "enterprise_id": player.names[asked["by"]], "agreement": player.names["agreement"]}
    body |= {"product_id": player.names[asked["product"]], "price_fen": money(asked.get("price", product["price_fen"]))}
    if "voucher" in asked:
        body["voucher_fen"] = money(asked["voucher"])
    player.must("voucher.place_order", body, player.token("platform"))
    player.names.save(asked["save"], order)
    confirm = {"order_id": order, "provider_id": product["provider_id"]}
    contract = {"contract_sha256": player.names[f"contract.{asked['save']}"]}
    player.must("voucher.confirm_order", {**confirm, **contract}, player.token("platform"))


def claim(player: Player, step: Mapping[str, Any]) -> None:
    """Filed by whom the pack says with all papers it asks for; `paid`: what the transfer record says."""
    asked = filled(step["claim"], player.names)
    body = claim_body(player, asked)
    player.names.save(asked["save"], body["claim_id"])
    player.must("settlement.file_claim", body, player.token("platform"))


def claim_body(player: Player, asked: Mapping[str, Any]) -> Body:
    """A claim whose papers agree with its order, but for what was given."""
    order = player.must("voucher.get_order", {"id": player.names[asked["order"]]}, player.token("operator"))
    buyer, seller = (player.names.named(order[f"{kind}_id"]) for kind in ("enterprise", "provider"))
    codes = {name: player.names.bodies[name]["uscc"] for name in (buyer, seller)}
    category = {"category": order["category"]}
    pack = _pack(player, order["programme"], player.names.bodies[buyer]["region"])
    whole = pack.amount is not None and pack.amount.base.of == "paid"
    owed = order["price_fen"] if whole else order["price_fen"] - order["voucher_fen"]
    player.invoices += 1
    today, number = player.today(), f"{61_000_000 + player.invoices * 137:08d}"
    body: Body = {"claim_id": ulid.new(), "provider_id": order["provider_id"], "order_id": order["order_id"]}
    filed_by = pack.claims.filed_by if pack.claims else "provider"
    if filed_by == "enterprise":
        body["filer_id"] = order["enterprise_id"]
    elif filed_by == "platform_provider" and player.names.bodies[seller].get("platform_id"):
        body["filer_id"] = player.names.bodies[seller]["platform_id"]
    invoice = {"number": number, "amount_fen": order["price_fen"], "issued_on": today}
    parties = {"seller_uscc": codes[seller], "buyer_uscc": codes[buyer]}
    paid = money(asked["paid"]) if "paid" in asked else owed
    transfer = {"reference": f"TR{number}", "amount_fen": paid, "paid_on": today}
    transfer |= {"payer_uscc": codes[buyer], "payee_uscc": codes[seller]}
    ordered = local_date(parse_instant(order["ordered_at"]))
    days = (date.fromisoformat(today) - ordered).days + 1
    usage = {"since": ordered.isoformat(), "until": today, "days_used": min(days, 30), "units": 1000}
    signed = {"sha256": order["contract_sha256"] or player.names[f"contract.{asked['order']}"]}
    contract = {**signed, "amount_fen": order["price_fen"], "signed_on": ordered.isoformat(), **parties, **category}
    required = pack.claims.materials.required if pack.claims and pack.claims.materials else ()
    papers = [{"kind": k, "sha256": player.names[f"paper.{buyer}.{k}"]} for k in required if k not in APART]
    return {
        **body,
        "invoice": {**invoice, **parties, **category, **asked.get("invoice", {})},
        "contract": {**contract, **asked.get("contract", {})},
        "transfer": {**transfer, **asked.get("transfer", {})},
        "usage": {**usage, **category, **asked.get("usage", {})},
        **({"papers": papers} if papers else {}),
    }


def review(player: Player, step: Mapping[str, Any]) -> None:
    """Claims through the pack's stages, or the first `stages` of them; a score where a stage needs one."""
    asked = step["review"]
    for name in asked["claims"]:
        claim_id = player.names[name]
        found = player.must("settlement.get_claim", {"id": claim_id}, player.token("operator"))
        pack = _pack(player, found["programme"], found["region"])
        for person, stage in _stages(pack, "claim", found["track"])[found["stages_passed"] :][: asked.get("stages")]:
            body: Body = {"claim_id": claim_id, "stage": stage.role, "decision": "pass"}
            _evaluate(player, pack, stage, found["order_id"], asked.get("score", 85))
            _score(player, pack, stage, claim_id, asked.get("score", 85))
            player.must("settlement.review_claim", body, _reviewer(player, person, stage, found["region"]))
            player.simulation.quiet()


def _evaluate(player: Player, pack: Pack, stage: Stage, order_id: str, score: int) -> None:
    """Where the third party's evaluation is a condition: once, by a standard of 100 points where it has none."""
    rules = ((name, rule.role) for name, rule in pack.assessments.items() if rule.condition)
    name, role = next(rules, ("", ""))
    of: Body = {"programme": pack.code}
    token = player.token(stage.role, f"{EVALUATOR}")
    if role != stage.role:
        return
    if player.must("supervision.enterprise_evaluations", {**of, "order_id": order_id}, token)["items"]:
        return
    standards = player.must("supervision.standards", of, token)["items"]
    standing = [one for one in standards if (one["name"], one["status"]) == (name, "published")]
    if not standing:
        item = {"item": "move", "zh": "上云过程（示例）", "most": 100}
        standing = [{"standard_id": ulid.new(), **of, "name": name, "items": [item]}]
        player.must("supervision.publish_standard", standing[0], token)
    points = [{"item": one["item"], "points": one["most"] * score // 100} for one in standing[0]["items"]]
    said = {"name": name, "order_id": order_id, "standard_id": standing[0]["standard_id"], "points": points}
    player.must("supervision.evaluate_enterprise", {"evaluation_id": ulid.new(), **of, **said, "text": "示例"}, token)
    player.simulation.quiet()


def _score(player: Player, pack: Pack, stage: Stage, claim_id: str, score: int) -> None:
    """Before their stage passes it, as many experts as the pack asks for score a claim, one after another."""
    rule = pack.claims.expert_review if pack.claims else None
    if rule is not None and rule.role == stage.role:
        for number in range(rule.experts):
            said: Body = {"claim_id": claim_id, "score": score}
            player.must("settlement.score_claim", said, player.token(stage.role, f"{SCORERS + number}"))


def pay(player: Player, step: Mapping[str, Any]) -> None:
    """Put forward, approved stage by stage, batched by one person of finance and released by another, settled."""
    asked, programme = step["pay"], player.programme(step)
    office = asked.get("office")
    pack = _pack(player, programme, office)
    body: Body = {"programme": programme, "year": player.year(step)}
    filed = {"disbursement_id": ulid.new(), **body}
    if "of" in asked:
        filed["provider_id"] = player.names[asked["of"]]
        player.must("settlement.file_disbursement", filed, player.token("platform"))
    else:
        player.must("settlement.file_disbursement", filed, player.token("bureau", "8", region=office))
    asking = player.token("operator")
    found = player.must("settlement.get_disbursement", {"id": filed["disbursement_id"]}, asking)
    claims = [player.must("settlement.get_claim", {"id": one["claim_id"]}, asking) for one in found["members"]]
    regions = {one["region"] for one in claims}
    for person, stage in _stages(pack, "disbursement"):
        verdict = {"disbursement_id": filed["disbursement_id"], "stage": stage.role, "decision": "approve"}
        player.must("settlement.review_disbursement", verdict, _reviewer(player, person, stage, *regions))
    player.simulation.quiet()
    batch = ulid.new()
    made = player.must("settlement.make_batch", {"batch_id": batch, **body}, player.token("finance", "1"))
    release = {"batch_id": batch, "frozen_hash": made["frozen_hash"]}
    player.must("settlement.release_batch", release, player.token("finance", "2"))
    player.names.save(asked.get("save", "batch"), batch)
    status = asked.get("results", "settled")
    listed = {"programme": programme, "limit": 500}
    payments = player.must("settlement.list_payments", listed, player.token("finance"))["items"]
    results = [
        {"reference": p["reference"], "amount_fen": p["amount_fen"], "status": status, "at": player.today()}
        for p in payments
        if p["batch_id"] == batch and p["status"] == "sent"
    ]
    if status != "none" and results:
        player.must("settlement.record_results", {"batch_id": batch, "results": results}, player.token("finance"))


def case(player: Player, step: Mapping[str, Any]) -> None:
    """Opened by one person, waived by the party, proposed by a second and decided by a third; `to` stops earlier."""
    asked = filled(step["case"], player.names)
    name, kind = asked["against"], asked["kind"]
    party = player.names.bodies[name]
    case_id = ulid.new()
    body: Body = {"case_id": case_id, "kind": kind, "party_kind": player.names.kinds[name]}
    body |= {"party_id": player.names[name], "programme": party["programme"], "ground": asked["ground"]}
    body |= {"reason": "示例案由", "interim": asked.get("interim", False)}
    body |= {"papers": [hashlib.sha256(f"案卷 {case_id}".encode()).hexdigest()]}
    body |= {f"{what}_ids": asked[what] for what in ("alert", "complaint", "assessment", "receivable") if what in asked}
    player.must("supervision.open_case", body, player.token("supervisor", "1"))
    player.names.save(asked.get("save", "case"), case_id)
    player.simulation.quiet()
    if asked.get("to") == "opened":
        return
    player.must("supervision.state_case", {"case_id": case_id, "waives": True}, player.token("platform"))
    proposal: Body = {"case_id": case_id, "outcome": asked.get("outcome", "upheld"), "reason": "事实清楚（示例）"}
    proposal |= {key: asked[key] for key in ("until", "effective_at") if key in asked}
    player.must("supervision.propose_decision", proposal, player.token("supervisor", "2"))
    if asked.get("to") != "proposed":
        player.must("supervision.decide_case", {"case_id": case_id, "agreed": True}, player.token("bureau", "9"))
        player.simulation.quiet()


# --- by the pack ------------------------------------------------------------------------------------------------------


def _pack(player: Player, programme: str, region: str | None) -> Pack:
    return player.library.in_force(programme, on=local_date(player.simulation.now()), region=region)


def _stages(pack: Pack, subject: str, track: str | None = None) -> list[tuple[str, Stage]]:
    """The stages in their order, each with the number of the person who decides it."""
    return [(str(number), stage) for number, stage in enumerate(pack.stages(subject, track), start=3)]


def _reviewer(player: Player, person: str, stage: Stage, *regions: str) -> str:
    """A person of the stage's role; of the parties' own region, where the pack asks for that."""
    own = office_of(stage.role, regions) if stage.own_region else None
    return player.token(stage.role, person, region=own)


ACTS: Mapping[str, Callable[[Player, Mapping[str, Any]], None]] = {
    "enrol": enrol,
    "upload": hand_in,
    "shelve": shelve,
    "plan": plan,
    "grant": grant,
    "file": file,
    "open": open_filings,
    "buy": buy,
    "claim": claim,
    "review": review,
    "pay": pay,
    "case": case,
}
