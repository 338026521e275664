"""CONTRACT_REUSED: one contract document, known by its SHA-256, behind orders of different enterprises."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from services.supervision.domain.finding import Finding
from services.supervision.domain.screening import settings
from services.supervision.domain.screening.population import Population, Rows

RULE = "CONTRACT_REUSED"
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # SHA-256 of nothing: no document at all
_HEX = frozenset("0123456789abcdef")


def digest(text: str | None) -> str | None:
    """The hash however it was written; None for one that stands for no document."""
    if not text:
        return None
    plain = "".join(text.split()).casefold().rpartition(":")[2].removeprefix("0x")
    blank = plain == EMPTY or (len(set(plain)) <= 2 and set(plain) <= _HEX)
    return None if blank or not plain else plain


def find(population: Population, focus: Rows) -> Iterator[tuple[int, Finding]]:
    """Each claim whose contract also stands behind orders of others, unless that is usual with other providers: who
    copies much makes nothing usual by it."""
    digests = [digest(text) for text in population.contract_sha256]
    users: defaultdict[str, list[int]] = defaultdict(list)
    for row, one in enumerate(digests):
        if one is not None and population.enterprise[row] is not None:
            users[one].append(row)
    shared = {one: rows for one, rows in users.items() if len({population.enterprise[row] for row in rows}) > 1}
    known = Counter(population.provider[row] for rows in users.values() for row in rows)
    sharing = Counter(population.provider[row] for rows in shared.values() for row in rows)
    for row in focus.tolist():
        one, provider = digests[row], population.provider[row]
        others = known.total() - known[provider]
        usual = sharing.total() - sharing[provider] > settings.CUSTOM_SHARE * others and others >= settings.CUSTOM_FROM
        if one in shared and population.enterprise[row] is not None and not usual:
            yield row, _finding(population, row, shared[one])


def _finding(population: Population, row: int, rows: list[int]) -> Finding:
    others = [other for other in rows if population.enterprise[other] != population.enterprise[row]]
    parties = sorted({str(population.enterprise[other]) for other in others})
    one_provider = all(population.provider[other] == population.provider[row] for other in others)
    return Finding(
        rule=RULE,
        severity="high",
        score=min(99, 88 + len(parties)),
        zh=f"同一份合同还用于其他{len(parties)}家企业的{len(others)}笔申请。",
        en=f"The same contract document stands behind {len(others)} claims of {len(parties)} other enterprises.",
        numbers={"claims": len(others), "enterprises": len(parties), "one_provider": one_provider},
        claims=tuple(population.claim[other] for other in others[:20]),
        parties=tuple(parties[:20]),
    )
