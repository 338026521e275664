"""Whose money a fund is, and whose office pays out of it."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.errors import Refused
from contracts.programmes import Pack
from contracts.programmes.places import holds
from services.settlement.domain.law import payment_article, refuse


def region_of(fund: str, home: str) -> str:
    """Of `programme:year:region` the region; `programme:year` is the money of the programme's own."""
    return [*fund.split(":"), home][2]


def pays(office: str | None, region: str) -> bool:
    """Does finance of this office pay a region's money? That of no region, as of the programme's own, pays all."""
    return office is None or holds(office, region)


def of_others(*, office: str | None, funds: Iterable[str], field: str | None, pack: Pack) -> Refused | None:
    """REGION_MISMATCH when one of the funds is not the office's to pay out of."""
    theirs = sorted(one for one in set(funds) if not pays(office, region_of(one, pack.home)))
    if not theirs:
        return None
    return refuse(pack, "REGION_MISMATCH", field, payment_article(pack, "finance"), office=office, fund=theirs[0])
