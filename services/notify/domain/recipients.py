"""Who is told: parties by a field of the event, offices by the pack, and the conditions under which they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.programmes import Pack
from services.notify.domain.rules import articles_at, roles_at, rules_at


@dataclass(frozen=True, slots=True)
class Addressee:
    """A party by id, or a role; one of the two. person: of the role, the one whose token has this subject."""

    party_id: str | None = None
    role: str | None = None
    person: str | None = None

    @property
    def label(self) -> str:
        if self.party_id:
            return f"party:{self.party_id}"
        return f"role:{self.role}:{self.person}" if self.person else f"role:{self.role}"


@dataclass(frozen=True, slots=True)
class Party:
    """The enterprise or provider whose id stands in this field of the event, or of each item of its list `items`."""

    field: str
    items: str | None = None


@dataclass(frozen=True, slots=True)
class Staff:
    """Everyone who holds this role in the event's programme: what the contract lets this role alone act on."""

    role: str


@dataclass(frozen=True, slots=True)
class Office:
    """Everyone who holds a role to which the pack's rules at this path give the task (`domain/rules.py`)."""

    path: str


@dataclass(frozen=True, slots=True)
class Turn:
    """Everyone who holds the role that the event names as the one whose turn it is."""

    field: str = "stage"


@dataclass(frozen=True, slots=True)
class Person:
    """Of those who hold this role, the one that the event names."""

    role: str
    field: str


@dataclass(frozen=True, slots=True)
class EveryProvider:
    """Every admitted provider of the event's programme."""


Recipient = Party | Staff | Office | Turn | Person | EveryProvider


@dataclass(frozen=True, slots=True)
class Condition:
    """The field's value is (or, with holds=False, is not) one of these."""

    field: str
    values: tuple[Any, ...]
    holds: bool = True

    def met(self, data: Mapping[str, Any]) -> bool:
        return (data.get(self.field) in self.values) is self.holds


@dataclass(frozen=True, slots=True)
class Said:
    """The same words in both languages; `{voucher}` and `{claim}` are what the programme calls them."""

    zh: str
    en: str

    def of(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which event, when, becomes which template for whom.

    says: what happened; do: what the addressee does next, if anything. Both for programmes without words of their own.
    rules: paths in the pack; the articles of the first that it has are shown when the event itself names none.
    then: paths of rules that say what follows, told in the pack's own words.
    needs: a path that the pack has; without it the event has nothing to tell here.
    graded: an office that asked for graver alerts alone (`floors`) is not shown lighter ones of this route.
    not_by: path of rules; what rests on their articles, and not on those of `rules`, is told by another route.
    """

    event: str
    template: str
    to: tuple[Recipient, ...]
    says: Said
    do: Said | None = None
    when: tuple[Condition, ...] = ()
    rules: tuple[str, ...] = ()
    then: tuple[str, ...] = ()
    needs: str | None = None
    not_by: str | None = None
    graded: bool = False

    def applies(self, data: Mapping[str, Any], pack: Pack | None = None) -> bool:
        """Whether the event takes this route; a programme that is not known here lacks no rule."""
        if not all(condition.met(data) for condition in self.when):
            return False
        if pack is not None and self.needs is not None and not rules_at(pack, self.needs, data):
            return False
        if self.not_by is None:
            return True
        law = set(law_of(data))
        others = set(articles_at(pack, (self.not_by,), data)) - set(articles_at(pack, self.rules, data))
        return law.isdisjoint(others)

    def articles(self, data: Mapping[str, Any], pack: Pack | None) -> list[str]:
        """The articles the event itself rests on, else those of the pack's rule."""
        return law_of(data) or list(articles_at(pack, self.rules, data))

    def addressees(self, data: Mapping[str, Any], pack: Pack | None, admitted: Sequence[str]) -> Iterator[Addressee]:
        """Whom it tells; `admitted`: ids of the programme's admitted providers."""
        for recipient in self.to:
            match recipient:
                case Party():
                    yield from (Addressee(party_id=party_id) for party_id in _parties(recipient, data) if party_id)
                case Staff(role):
                    yield Addressee(role=role)
                case Office(path):
                    yield from (Addressee(role=role) for role in roles_at(pack, path, data))
                case Turn(field):
                    if data.get(field):
                        yield Addressee(role=data[field])
                case Person(role, field):
                    if data.get(field):
                        yield Addressee(role=role, person=data[field])
                case EveryProvider():
                    yield from (Addressee(party_id=provider_id) for provider_id in admitted)


def law_of(data: Mapping[str, Any]) -> list[str]:
    """The articles that the event itself names."""
    return list((data.get("law") or {}).get("articles") or ())


def _parties(recipient: Party, data: Mapping[str, Any]) -> Iterator[str | None]:
    if recipient.items is None:
        yield data.get(recipient.field)
    else:
        yield from (item[recipient.field] for item in data[recipient.items])
