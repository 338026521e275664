"""All rules over one claim, and what follows: held by alerts grave enough for its programme, or cleared."""

from __future__ import annotations

from contracts.programmes import DelegatedRuleMissing, Pack
from services.supervision.domain import affiliation
from services.supervision.domain.finding import Finding
from services.supervision.domain.screening import prices, reuse
from services.supervision.domain.screening.engine import screen
from services.supervision.domain.screening.population import Population

# The rule of the pack that each alert rests on, where the programme has it.
RESTS_ON = {
    affiliation.RULE: ("eligibility.not_affiliated", "supervision.truth"),
    reuse.RULE: ("supervision.truth", "supervision.fraud"),
    prices.RULE: ("claims.price_above_market", "amount.market_price"),
}
TRUE_PAPERS = ("supervision.truth", "supervision.fraud")  # what every other alert rests on: papers that are not true

__all__ = ["Finding", "Population", "screen"]


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
