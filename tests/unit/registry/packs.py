"""The packs that the registry's rules are tried on: the five, the sixth of the tests, and one of three stages each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

from contracts.programmes import Pack, Stage, load, load_file

SIXTH = Path(__file__).parents[2] / "e2e" / "sixth" / "yunzhou-2021.v1.toml"
REVIEWS = ("enterprise_certification", "provider_certification", "provider_admission", "product")
OFFICES = (("desk", "operator", False), ("visit", "district", True), ("seal", "bureau", False))


def _three_stages(pack: Pack) -> Pack:
    """Invented: a desk looks, the party's own district visits, the bureau decides; of everything."""
    stages = tuple(
        Stage(article=f"附{number}", zh=name, en=name, name=name, role=role, own_region=own)  # type: ignore[arg-type]
        for number, (name, role, own) in enumerate(OFFICES, start=1)
    )
    return replace(pack, code="three-stages", reviews=MappingProxyType(dict.fromkeys(REVIEWS, stages)))


FIVE = ("guizhou-2018", "neimenggu-2019", "shandong-2017", "shenyang-2018", "shanxi-2018")
PACKS: dict[str, Pack] = {code: load(code, on=date(2019, 10, 1)) for code in FIVE}
PACKS["yunzhou-2021"] = load_file(SIXTH)
PACKS["three-stages"] = _three_stages(PACKS["guizhou-2018"])
