"""All rules over one claim, and what follows: held by alerts grave enough for its programme, or cleared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.programmes import DelegatedRuleMissing, Pack
from services.supervision.domain import affiliation, invoices
from services.supervision.domain import prices as compared
from services.supervision.domain.finding import ORDER, Finding
from services.supervision.domain.screening.engine import screen
from services.supervision.domain.screening.population import Population

# The rule of the pack that each alert rests on, where the programme has it.
RESTS_ON = {
    affiliation.RULE: ("eligibility.not_affiliated", "supervision.truth"),
    invoices.RULE: ("supervision.truth", "supervision.fraud"),
    compared.RULE: ("claims.price_above_market", "amount.market_price"),
}
TRUE_PAPERS = ("supervision.truth", "supervision.fraud")  # what every other alert rests on: papers that are not true

__all__ = ["Finding", "Population", "screen"]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a claim when it is screened."""

    use: invoices.Use
    earlier: Sequence[tuple[invoices.Likeness, invoices.Use]]
    graph: affiliation.Graph
    path: Sequence[affiliation.Link]
    order: compared.Priced
    of_product: Sequence[compared.Peer]
    of_category: Sequence[compared.Peer]


def screen_facts(facts: Facts) -> list[Finding]:
    """The findings of all rules, gravest first."""
    found = [
        affiliation.judge(
            enterprise_id=facts.use.enterprise_id,
            provider_id=facts.use.provider_id,
            graph=facts.graph,
            path=facts.path,
        ),
        invoices.judge(facts.use, facts.earlier),
        compared.judge(facts.order, of_product=facts.of_product, of_category=facts.of_category),
    ]
    return sorted((one for one in found if one is not None), key=lambda one: (ORDER[one.severity], one.rule))


def holds(finding: Finding, pack: Pack | None) -> bool:
    """Does the alert hold the claim (the pack's `supervision.hold`)? Without a known programme every alert does."""
    if pack is None:
        return True
    rule = pack.supervision.hold
    return rule is not None and finding.severity in rule.severities


def articles(pack: Pack | None, *paths: str) -> tuple[str, ...]:
    """The articles of the first of `paths` that the programme has; none when it has none of them."""
    if pack is not None:
        for path in paths:
            try:
                return (pack.article(path),)
            except (KeyError, DelegatedRuleMissing):
                continue
    return ()


def alert_articles(pack: Pack | None, rule: str) -> tuple[str, ...]:
    """The articles an alert of that rule rests on."""
    return articles(pack, *RESTS_ON.get(rule, TRUE_PAPERS))


def screened_articles(pack: Pack | None, *, cleared: bool) -> tuple[str, ...]:
    """The article by which a claim is screened: what an alert holds it by, or what a clean one declared to be true;
    where the programme states no such rule, the one that has claims traced or supervised."""
    own = "supervision.truth" if cleared else "supervision.hold"
    return articles(pack, own, "supervision.hold", "supervision.trace", "roles.supervisor")
