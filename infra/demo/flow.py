"""The plain way through a year, every choice fixed: the same money, however it is disturbed."""

from __future__ import annotations

from collections.abc import Callable

from contracts import ulid
from infra.demo.cast import PROGRAMME, YEAR, enterprise_body, new_party
from infra.demo.money import Money
from infra.demo.stage import Stage
from infra.demo.story import Story, at


def quiet_year(stage: Stage, size: int, *, filed: Callable[[Story], None] = lambda _story: None) -> None:
    """register → certify → apply → order → confirm, cancel, refund → claim → review → pay, with money enough.

    filed: what else happens when claims are filed and not reviewed yet; supervisors then find nothing in any alert."""
    story = Story(stage, size)
    money = Money(story)
    story.enterprises = [new_party(stage.chance, f"生成企业{n}有限公司") for n in range(size)]
    bodies = [enterprise_body(stage.chance, party) for party in story.enterprises]
    stage.do("register enterprises", "registry", "register_enterprise", bodies)
    story.admit_providers()
    story.certify_enterprises()
    story.publish_products()
    plan, budget = ulid.new(), 5_000_000 * size
    body = {"plan_id": plan, "programme": PROGRAMME, "year": YEAR, "budget_fen": budget}
    stage.one("voucher", "make_plan", role="bureau", opens_on=f"{YEAR}-01-10", document="plan", **body)
    stage.one("voucher", "configure_plan", role="operator", plan_id=plan, budget_fen=budget)
    money.announce_nodes()
    stage.move_to(at(1, 10))
    story.apply()
    stage.move_to(at(2, 20))
    story.confirm(story.place_orders(1.0))
    stage.move_to(at(6, 20))
    money.file_claims(1.0)
    filed(story)
    stage.move_to(at(6, 30, 19))
    money.resolve_alerts()
    money.review()
    stage.move_to(at(7, 15))
    money.pay()
