"""Programmes as data: each pack is a TOML file whose every rule cites its article; this is the way in for services."""

from contracts.programmes.loader import (
    Library,
    Overlay,
    OverlayHeader,
    PackError,
    UnknownPack,
    check,
    load,
    load_file,
    shipped,
)
from contracts.programmes.pack import DelegatedRuleMissing, Pack
from contracts.programmes.reader import Problem
from contracts.programmes.schema import Rule, Stage

__all__ = [
    "DelegatedRuleMissing",
    "Library",
    "Overlay",
    "OverlayHeader",
    "Pack",
    "PackError",
    "Problem",
    "Rule",
    "Stage",
    "UnknownPack",
    "check",
    "load",
    "load_file",
    "shipped",
]
