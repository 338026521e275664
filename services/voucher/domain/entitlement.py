"""What an enterprise is entitled to, and every reason why not: the one decision behind quota, orders and quotes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.errors import Refused
from contracts.money import format_rate, share
from contracts.programmes import Pack
from contracts.programmes.schema import Amount, Cap
from services.voucher.domain.eligibility import conditions_met, eligibility
from services.voucher.domain.facts import Facts, given


@dataclass(frozen=True, slots=True, kw_only=True)
class Entitlement:
    """The amount in fen (0 with any refusal), the part of it that waits for next year's money, and what it rests on.

    `refusals` holds every reason that applies, in the order of their codes in a quote; `articles` those of the reasons,
    or, where there are none, those of all rules that were applied; `facts` what went in.
    """

    amount_fen: int
    deferred_fen: int
    refusals: tuple[Refused, ...]
    articles: tuple[str, ...]
    pack_version: str
    facts: Facts

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The facts that were given, as JSON values."""
        return self.facts.given()


@dataclass(frozen=True, slots=True)
class Limit:
    """One bound on the amount: the most it allows, its article, and the codes of asking for more than that.

    `exhausted` is the code when nothing is left, asked for or not; None where nothing left is no reason of its own.
    """

    allowed_fen: int
    article: str
    above: str
    exhausted: str | None
    facts: Mapping[str, Any]


def decide(*, pack: Pack, facts: Facts) -> Entitlement:
    """Eligibility and amount together: what a quote shows. FactNotGiven when a fact that `needs` names is None."""
    refusals = (*_delegated(pack), *eligibility(pack=pack, facts=facts))
    if pack.amount is None:
        return _entitlement(pack, facts, refusals, (), ())
    limits = (*_by_rate(pack.amount, facts), *_by_cap(pack.amount, facts), *_by_budget(pack, facts))
    refusals += tuple(_barred(pack.amount, facts))
    return _entitlement(pack, facts, refusals, limits, (*conditions_met(pack), *_applied(pack.amount, facts)))


def amount(*, pack: Pack, facts: Facts) -> Entitlement:
    """What one order or payment may get, whoever asks: years, market price, rate, what is left of cap and budget."""
    if pack.amount is None:
        return _entitlement(pack, facts, _delegated(pack), (), ())
    limits = (*_by_rate(pack.amount, facts), *_by_cap(pack.amount, facts), *_by_budget(pack, facts))
    return _entitlement(pack, facts, tuple(_barred(pack.amount, facts)), limits, _applied(pack.amount, facts))


def quota(*, pack: Pack, facts: Facts) -> Entitlement:
    """What may be granted for the year before any order is placed: the year's cap and the budget, whoever asks."""
    if pack.amount is None:
        return _entitlement(pack, facts, _delegated(pack), (), ())
    limits = (*_by_cap(pack.amount, facts), *_by_budget(pack, facts))
    if not limits:
        raise ValueError(f"{pack.label} has no yearly cap and no budget was given: there is no quota to grant")
    return _entitlement(pack, facts, (), limits, ())


def cap_of(*, rules: Amount, facts: Facts) -> tuple[int, Cap] | None:
    """The year's cap in fen for the track and last year's revenue, and its rule; None where the pack has no cap."""
    if rules.cap is None:
        return None
    cap = rules.cap.of["all" if rules.cap.by == "all" else given(facts.track, "track")]
    if cap.cap_fen is not None:
        return cap.cap_fen, cap
    revenue_fen = given(facts.prior_revenue_fen, "prior_revenue_fen")
    return [tier.cap_fen for tier in cap.tiers if tier.revenue_from_fen <= revenue_fen][-1], cap


def _delegated(pack: Pack) -> tuple[Refused, ...]:
    delegation = pack.unfilled("amount")
    if delegation is None:
        return ()
    return (Refused("DELEGATED_RULE_MISSING", "overlay", delegation.article, {"rule": "amount"}),)


def _barred(rules: Amount, facts: Facts) -> Iterator[Refused]:
    """Reasons about the amount that no lesser amount would mend."""
    if rules.years is not None and given(facts.years_used, "years_used") >= rules.years.most:
        found = {"years_used": facts.years_used, "most": rules.years.most}
        yield Refused("YEARS_EXHAUSTED", "years_used", rules.years.article, found)
    if rules.market_price is not None and facts.market_price_fen is not None:
        price_fen = given(facts.price_fen, "price_fen")
        if price_fen > facts.market_price_fen:
            found = {"price_fen": price_fen, "market_price_fen": facts.market_price_fen}
            yield Refused("PRICE_ABOVE_MARKET", "price_fen", rules.market_price.article, found)


def _by_rate(rules: Amount, facts: Facts) -> tuple[Limit, ...]:
    of_price = rules.base.of == "price"
    base_fen = given(facts.price_fen, "price_fen") if of_price else given(facts.paid_fen, "paid_fen")
    key = {"category": facts.category, "track": facts.track, "all": "all"}[rules.rate.by]
    rate = rules.rate.of[given(key, rules.rate.by)]
    allowed_fen = share(base_fen, rate.rate)
    found = {"rate": format_rate(rate.rate), f"{rules.base.of}_fen": base_fen, "allowed_fen": allowed_fen}
    return (Limit(allowed_fen, rate.article, "REQUEST_ABOVE_RATE", None, found),)


def _by_cap(rules: Amount, facts: Facts) -> tuple[Limit, ...]:
    chosen = cap_of(rules=rules, facts=facts)
    if chosen is None:
        return ()
    cap_fen, rule = chosen
    if facts.quota_fen is not None:
        cap_fen = min(cap_fen, facts.quota_fen)
    used_fen = given(facts.used_this_year_fen, "used_this_year_fen")
    left_fen = max(0, cap_fen - used_fen)
    found = {"cap_fen": cap_fen, "used_this_year_fen": used_fen, "left_fen": left_fen}
    return (Limit(left_fen, rule.article, "QUOTA_EXCEEDED", "QUOTA_EXHAUSTED", found),)


def _by_budget(pack: Pack, facts: Facts) -> tuple[Limit, ...]:
    budget = pack.budget
    if budget is None or budget.when_used_up == "defer" or facts.budget_left_fen is None:
        return ()
    left_fen = max(0, facts.budget_left_fen)
    return (Limit(left_fen, budget.article, "BUDGET_EXCEEDED", "BUDGET_EXHAUSTED", {"left_fen": left_fen}),)


def _beyond(limit: Limit, requested_fen: int | None) -> tuple[Refused, ...]:
    found = dict(limit.facts) if requested_fen is None else {**limit.facts, "requested_fen": requested_fen}
    if limit.exhausted is not None and limit.allowed_fen == 0:
        return (Refused(limit.exhausted, "requested_fen", limit.article, found),)
    if requested_fen is not None and requested_fen > limit.allowed_fen:
        return (Refused(limit.above, "requested_fen", limit.article, found),)
    return ()


def _applied(rules: Amount, facts: Facts) -> tuple[str, ...]:
    """Articles of the amount's rules that are no limit and were applied."""
    market = rules.market_price if facts.market_price_fen is not None else None
    return tuple(rule.article for rule in (rules.base, rules.years, market) if rule is not None)


def _entitlement(
    pack: Pack, facts: Facts, refusals: tuple[Refused, ...], limits: tuple[Limit, ...], articles: tuple[str, ...]
) -> Entitlement:
    """The least that all limits allow, or all reasons; `articles` are those met besides the limits' own."""
    refusals += tuple(refusal for limit in limits for refusal in _beyond(limit, facts.requested_fen))
    amount_fen = deferred_fen = 0
    if refusals:
        articles = tuple(refusal.article for refusal in refusals if refusal.article is not None)
    else:
        allowed_fen = min(limit.allowed_fen for limit in limits)
        amount_fen = allowed_fen if facts.requested_fen is None else facts.requested_fen
        articles += tuple(limit.article for limit in limits)
        if pack.budget is not None and pack.budget.when_used_up == "defer" and facts.budget_left_fen is not None:
            deferred_fen = max(0, amount_fen - max(0, facts.budget_left_fen))
            articles += (pack.budget.article,)
    return Entitlement(
        amount_fen=amount_fen,
        deferred_fen=deferred_fen,
        refusals=refusals,
        articles=tuple(dict.fromkeys(articles)),
        pack_version=pack.label,
        facts=facts,
    )
