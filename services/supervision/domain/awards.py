"""The composite award of a province, shared out among its cities by the pack's weights, in exact fractions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from contracts.errors import Refused
from contracts.money import apportion, format_rate
from contracts.programmes import Pack
from contracts.programmes.schema import RegionAward
from services.supervision.domain.regions import refused

PLACES = 12  # of an index as text; the amounts are of the exact fraction
CRITERIA = ("cloud_share", "redeemed", "assessment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one region brings: enterprises on the cloud of those registered, fen redeemed, the year's score."""

    region: str
    registered: int
    on_cloud: int
    redeemed_fen: int
    score: int

    def of(self, criterion: str) -> Fraction:
        """The number that this criterion compares."""
        if criterion == "cloud_share":
            return Fraction(self.on_cloud, self.registered) if self.registered else Fraction()
        return Fraction(self.redeemed_fen if criterion == "redeemed" else self.score)

    def view(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Share:
    """One region's part: its index, all of which make up one, and its amount."""

    region: str
    index: Fraction
    amount_fen: int

    def view(self) -> dict[str, Any]:
        return {"region": self.region, "index": decimal(self.index), "amount_fen": self.amount_fen}


def weights(rule: RegionAward, standings: Sequence[Standing]) -> dict[str, Fraction]:
    """The weight of each criterion: one that no region has anything of is left out, and the others take over its
    weight in proportion to their own. Empty when nothing is left."""
    stated = {name: Fraction(getattr(rule, name)) for name in CRITERIA if any(one.of(name) for one in standings)}
    whole = sum(stated.values(), Fraction())
    return {name: weight / whole for name, weight in stated.items()} if whole else {}


def share_out(amount_fen: int, *, rule: RegionAward, standings: Collection[Standing]) -> list[Share]:
    """The amount to the fen by `index_i = Σ weight × own ÷ sum of all`, by region; empty when there is nothing to go
    by. The order in which the regions come changes nothing."""
    ordered = sorted(standings, key=lambda one: one.region)
    weighed = weights(rule, ordered)
    if not weighed:
        return []
    sums = {name: sum((one.of(name) for one in ordered), Fraction()) for name in weighed}
    indexes = [
        sum((weight * one.of(name) / sums[name] for name, weight in weighed.items()), Fraction()) for one in ordered
    ]
    amounts = apportion(amount_fen, indexes)
    return [Share(one.region, index, fen) for one, index, fen in zip(ordered, indexes, amounts, strict=True)]


def award_rule(pack: Pack) -> RegionAward | Refused:
    """DELEGATED_RULE_MISSING where the document leaves the weights to others, else RULE_ABSENT."""
    if pack.region_award is not None:
        return pack.region_award
    delegation = pack.unfilled("region_award")
    if delegation is not None:
        return refused(pack, "DELEGATED_RULE_MISSING", "programme", delegation.article)
    return refused(pack, "RULE_ABSENT", "programme")


def standings_of(
    pack: Pack, *, year: int, figures: Mapping[str, Mapping[str, Any]], scores: Mapping[str, int]
) -> list[Standing] | Refused:
    """One for each region of `figures`. INVALID when one is not the programme's, or they are not of one level (a
    county would share in its own city's part); EVALUATION_MISSING names those without a score of that year."""
    if len({len(region) for region in figures}) != 1 or not all(region.startswith(pack.region) for region in figures):
        return refused(pack, "INVALID", "regions", region=pack.region)
    missing = sorted(region for region in figures if region not in scores)
    if missing:
        return refused(pack, "EVALUATION_MISSING", "regions", pack.article("region_award"), year=year, missing=missing)
    names = ("registered", "on_cloud", "redeemed_fen")
    return [
        Standing(region=region, score=scores[region], **{name: one[name] for name in names})
        for region, one in figures.items()
    ]


def facts(rule: RegionAward, standings: Sequence[Standing]) -> dict[str, Any]:
    """The numbers that went in: enough to compute the shares again."""
    used = weights(rule, standings)
    return {
        "weights": {name: format_rate(getattr(rule, name)) for name in CRITERIA},
        "weights_used": {name: format_rate(weight) for name, weight in used.items()},
        "regions": [one.view() for one in sorted(standings, key=lambda one: one.region)],
    }


def decimal(number: Fraction) -> str:
    """A fraction from nothing to one with PLACES decimals, for people."""
    scaled = round(number * 10**PLACES)
    return f"{scaled // 10**PLACES}.{scaled % 10**PLACES:0{PLACES}d}"
