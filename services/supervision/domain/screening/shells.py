"""SHELL_ENTERPRISES: a provider living on enterprises registered just before, at one address or of one person."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.supervision.domain.finding import Finding, Severity
from services.supervision.domain.screening import settings
from services.supervision.domain.screening.chance import poisson_tail
from services.supervision.domain.screening.population import FACTS, Population, Rows

RULE = "SHELL_ENTERPRISES"

_ROOM = re.compile(r"(?<=\D)[0-9a-z]+(?:室|层|楼|号房|房|f)?(?:[0-9a-z]+(?:室|层|楼|号房|房))*$")
WORDS = {
    "address": ("地址", "address"),
    "building": ("楼栋", "building"),
    "person": ("人员", "person"),
    "phone": ("电话", "phone"),
    "account": ("账户", "account"),
}

Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Shells:
    """Young customers of a provider that hang together (by `kinds`), or are too many of its customers to be chance."""

    enterprises: tuple[str, ...]
    kinds: tuple[str, ...]
    customers: int
    young: int


def find(population: Population, focus: Rows) -> Iterator[tuple[int, Finding]]:
    """Each claim of an enterprise that is one of its provider's shells."""
    customers = _customers(population)
    facts = _facts(population)
    holders = Counter(fact for of_one in facts.values() for fact in of_one)
    youngest = {
        who: {one for one, age in ages.items() if age <= settings.YOUNG_DAYS} for who, ages in customers.items()
    }
    share = sum(map(len, youngest.values())) / max(1, sum(map(len, customers.values())))
    found: dict[tuple[str, str], Shells] = {}
    for provider in sorted(customers):
        shells = _shells(customers[provider], youngest[provider], facts, holders, share)
        if shells is not None:
            found |= {(provider, enterprise): shells for enterprise in shells.enterprises}
    for row in focus.tolist():
        provider, enterprise = population.provider[row], population.enterprise[row]
        if provider is not None and enterprise is not None and (provider, enterprise) in found:
            yield row, _finding(enterprise, provider, customers[provider][enterprise], found[provider, enterprise])


def _customers(population: Population) -> dict[str, dict[str, int]]:
    """Provider → enterprise → how old it was, in days, at its first order there."""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    rows = zip(
        population.provider,
        population.enterprise,
        population.ordered_on,
        population.enterprise_registered_on,
        strict=True,
    )
    for provider, enterprise, ordered, registered in rows:
        if provider is None or enterprise is None or ordered is None or registered is None:
            continue
        age = (ordered - registered).days
        found[provider][enterprise] = min(age, found[provider].get(enterprise, age))
    return found


def _facts(population: Population) -> dict[str, set[Fact]]:
    """What each enterprise declares, and the building of its address."""
    found: defaultdict[str, set[Fact]] = defaultdict(set)
    for kind in FACTS:
        for enterprise, key in set(zip(population.enterprise, population.keys(f"enterprise_{kind}"), strict=True)):
            if enterprise is not None and key is not None:
                found[enterprise].add((kind, key))
                if kind == "address" and (building := _ROOM.sub("", key)) and building != key:
                    found[enterprise].add(("building", building))
    return found


def _shells(
    customers: Mapping[str, int],
    young: set[str],
    facts: Mapping[str, set[Fact]],
    holders: Mapping[Fact, int],
    share: float,
) -> Shells | None:
    if len(young) < settings.SHELLS_LEAST:
        return None
    sharing: defaultdict[Fact, set[str]] = defaultdict(set)
    for enterprise in young:
        for fact in facts.get(enterprise, ()):
            sharing[fact].add(enterprise)
    telling = [
        fact
        for fact, who in sharing.items()
        if len(who) >= settings.SHELLS_LEAST
        and poisson_tail(len(who), holders[fact] * len(young) / max(len(facts), 1)) <= settings.SHELLS_CHANCE
    ]
    together = {enterprise for fact in telling for enterprise in sharing[fact]}
    if together:
        return Shells(tuple(sorted(together)), tuple(sorted({kind for kind, _ in telling})), len(customers), len(young))
    many = len(young) >= max(settings.SHELLS_ALONE, settings.SHELLS_SHARE * len(customers))
    if many and poisson_tail(len(young), share * len(customers)) <= settings.SHELLS_CHANCE:
        return Shells(tuple(sorted(young)), (), len(customers), len(young))
    return None


def _finding(enterprise: str, provider: str, age: int, shells: Shells) -> Finding:
    many = len(shells.enterprises)
    when = f"下单时注册仅{age}天" if age >= 0 else "下单后才注册"
    then = f"registered {age} days before its first order" if age >= 0 else "registered after its first order"
    severity: Severity = "high"
    if shells.kinds:
        zh_kinds = "、".join(WORDS[kind][0] for kind in shells.kinds)
        en_kinds = ", ".join(WORDS[kind][1] for kind in shells.kinds)
        zh = f"该企业{when}，与该云服务商的其他{many - 1}家新注册客户{zh_kinds}相同。"
        en = f"The enterprise was {then} and shares {en_kinds} with {many - 1} other newly registered customers."
    else:
        severity = "medium"
        zh = f"该企业{when}；该云服务商{shells.customers}家客户中有{shells.young}家为新注册，远多于其他云服务商。"
        en = f"The enterprise was {then}; {shells.young} of the provider's {shells.customers} customers are as new."
    return Finding(
        rule=RULE,
        severity=severity,
        score=min(95, (70 if shells.kinds else 50) + 2 * many + 10 * many // max(shells.customers, 1)),
        zh=zh,
        en=en,
        numbers={
            "age_days": age,
            "shells": many,
            "newly_registered": shells.young,
            "customers": shells.customers,
            "shared": list(shells.kinds),
        },
        parties=(provider, *[one for one in shells.enterprises if one != enterprise][:20]),
    )
