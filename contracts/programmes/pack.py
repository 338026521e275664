"""One version of one programme: its rules in their sections, and how a rule is found by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from contracts.programmes.schema import (
    Amount,
    Assessment,
    Budget,
    Category,
    Certification,
    Claims,
    Document,
    Eligibility,
    Exit,
    Filing,
    Issuing,
    Order,
    Payment,
    Period,
    Products,
    ProviderCondition,
    RegionAward,
    Role,
    Rule,
    Stage,
    Supervision,
    Target,
    Text,
    Track,
    none,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One version of one programme, composed with its overlay where there is one; immutable.

    `effective_from` is the day from which decisions are made under this version; `period` is the programme's own life.
    """

    code: str
    version: str
    effective_from: date
    title: Text
    document: Document
    region: str
    period: Period
    roles: Mapping[Role, Rule]
    eligibility: Eligibility = field(default_factory=Eligibility)
    provider: Mapping[str, ProviderCondition] = field(default_factory=none)
    certification: Certification = field(default_factory=Certification)
    products: Products = field(default_factory=Products)
    categories: Mapping[str, Category] = field(default_factory=none)
    tracks: Mapping[str, Track] = field(default_factory=none)
    amount: Amount | None = None
    budget: Budget | None = None
    issuing: Issuing | None = None
    order: Order = field(default_factory=Order)
    reviews: Mapping[str, tuple[Stage, ...]] = field(default_factory=none)
    filing: Filing | None = None
    claims: Claims | None = None
    payment: Payment | None = None
    exit: Exit = field(default_factory=Exit)
    supervision: Supervision = field(default_factory=Supervision)
    assessments: Mapping[str, Assessment] = field(default_factory=none)
    region_award: RegionAward | None = None
    targets: Mapping[str, Target] = field(default_factory=none)
    publications: Mapping[str, Rule] = field(default_factory=none)
    # dotted keys the document leaves to others to write (`amount`, `claims.cadence`), each with its article
    delegates: Mapping[str, Rule] = field(default_factory=none)
    invented: bool = False
    # code and version of the overlay this pack is composed with; never in a file
    overlay: str | None = field(default=None, metadata={"composed": True})
    # the programme's own region, where `region` is that of the overlay; never in a file
    home: str = field(default="", metadata={"composed": True})

    @property
    def label(self) -> str:
        """Code and version of all that was composed: `guizhou-2018@1`, `shandong-2017@1+example-jinan@1`."""
        base = f"{self.code}@{self.version}"
        return base if self.overlay is None else f"{base}+{self.overlay}"

    def unfilled(self, path: str) -> Rule | None:
        """The rule that delegates `path` when no overlay has filled it; None when it is there or was not delegated.

        What an overlay left out of a group that it did fill does not exist there.
        """
        parts = path.split(".")
        prefixes = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
        delegated = next((prefix for prefix in prefixes if prefix in self.delegates), None)
        return None if delegated is None or self._at(delegated) is not None else self.delegates[delegated]

    def rule(self, path: str) -> Rule:
        """The rule at a dotted path (`budget`, `order.cancel`, `amount.rate.of.platform`, `reviews.claim.0`).

        DelegatedRuleMissing where it was delegated and not filled; KeyError where the programme has no such rule.
        """
        node = self._at(path)
        if node is None:
            delegation = self.unfilled(path)
            if delegation is not None:
                raise DelegatedRuleMissing(path=path, article=delegation.article)
            raise KeyError(f"{self.label} has no rule {path}")
        if not isinstance(node, Rule):
            raise KeyError(f"{path} of {self.label} is a group of rules, not a rule")
        return node

    def article(self, path: str) -> str:
        """The article of the rule at a dotted path; errors as `rule`."""
        return self.rule(path).article

    def stages(self, subject: str, track: str | None = None) -> tuple[Stage, ...]:
        """Review stages of a subject in their order; empty where the document asks for no review of it.

        A track may have stages of its own, under `<subject>_<track>` with hyphens as underscores.
        """
        return self.reviews.get(review_name(subject, track), self.reviews.get(subject, ()))

    def _at(self, path: str) -> object:
        node: object = self
        for part in path.split("."):
            node = _step(node, part)
        return node


def review_name(subject: str, track: str | None) -> str:
    """Under which name a subject's review stands in a pack, for all tracks or for one."""
    return f"{subject}_{track.replace('-', '_')}" if track else subject


class DelegatedRuleMissing(LookupError):
    """A rule that the document leaves to others is needed, and no overlay fills it; `article` delegates it."""

    def __init__(self, *, path: str, article: str) -> None:
        super().__init__(f"{path} is delegated by {article} and not filled by an overlay")
        self.path = path
        self.article = article


def _step(node: object, part: str) -> object:
    if isinstance(node, Mapping):
        return node.get(part)
    if isinstance(node, tuple):
        return node[int(part)] if part.isdigit() and int(part) < len(node) else None
    return getattr(node, part, None)
