"""Finds, checks, composes and remembers packs: whoever needs a rule of a programme asks here by code and date."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from contracts.programmes.checks import CHECKS, check_effect, check_names
from contracts.programmes.pack import Pack
from contracts.programmes.reader import Problem, read
from contracts.programmes.schema import Document, Text

SHIPPED = Path(__file__).parent / "packs"
MAX_FILE_BYTES = 1_000_000


class PackError(ValueError):
    """A pack or overlay that cannot be used; `problems` names file, key and what is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


class UnknownPack(LookupError):
    """There is no pack or overlay of that code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayHeader:
    """What an overlay says of itself; its other tables are the rules it fills."""

    code: str
    version: str
    fills: str
    title: Text
    document: Document
    effective_from: date
    effective_to: date | None = None
    region: str | None = None
    invented: bool = False

    def in_force(self, on: date) -> bool:
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """A readable overlay: its header and the raw tables that fill what a pack delegates."""

    header: OverlayHeader
    tables: Mapping[str, Any]
    file: str


class Library:
    """The packs and overlays of some folders; each file is read once, a later folder wins over an earlier one.

    `enabled`: codes of the overlays that this deployment runs on (`in_force`). A file that cannot be read, an enabled
    overlay that there is not or does not fit, or two for one region raise PackError when the library is made: a region
    is not run on half its rules.
    """

    def __init__(self, *folders: Path, enabled: Iterable[str] = ()) -> None:
        self._raw: dict[tuple[str, str], dict[str, Any]] = {}
        self._versions: dict[str, dict[str, Pack]] = {}
        self._overlays: dict[str, list[Overlay]] = {}
        self._composed: dict[tuple[str, str, str, str, str], Pack | list[Problem]] = {}
        for folder in folders:
            if not folder.is_dir():
                raise PackError([Problem(file=str(folder), key="", what="there is no such folder")])
            files: dict[tuple[str, str], Path] = {}
            for path in sorted(folder.glob("*.toml")):
                name = self._add(path)
                if name in files:
                    what = f"code and version {'@'.join(name)} are those of {files[name].name} too"
                    raise PackError([Problem(file=str(path), key="version", what=what)])
                files[name] = path
        self._enabled = tuple(enabled)
        self._check_enabled()

    def codes(self) -> tuple[str, ...]:
        """Codes of all programmes, sorted."""
        return tuple(sorted(self._versions))

    def versions(self, code: str) -> tuple[Pack, ...]:
        """All versions of a programme, oldest first; UnknownPack when there is none."""
        if code not in self._versions:
            raise UnknownPack(code)
        return tuple(sorted(self._versions[code].values(), key=lambda pack: (pack.effective_from, int(pack.version))))

    def overlays(self) -> tuple[OverlayHeader, ...]:
        """Headers of all overlays, by code and date of effect."""
        return tuple(overlay.header for code in sorted(self._overlays) for overlay in self._overlays[code])

    def load(self, code: str, *, on: date | None = None, overlay: str | None = None) -> Pack:
        """The version in effect that day (the first before any, the newest without a day), composed with the overlay.

        `overlay` is a code or a file's path. An overlay not in force on the day fills nothing. UnknownPack, PackError.
        """
        versions = self.versions(code)
        pack = versions[-1]
        if on is not None:
            pack = next((one for one in reversed(versions) if one.effective_from <= on), versions[0])
        if overlay is None:
            return pack
        chosen = self._overlay(overlay, on)
        composed = self.fill(pack, chosen)
        return composed if on is None or chosen.header.in_force(on) else pack

    def in_force(self, code: str, *, on: date, region: str | None = None) -> Pack:
        """The rules a deployment decides by: the version in effect, filled by the enabled overlay of the smallest
        region that holds `region` (an overlay without a region holds all). UnknownPack.
        """
        pack = self.load(code, on=on)
        fitting = [
            overlay
            for overlay in (self._overlay(name, on) for name in self._enabled)
            if overlay.header.fills == code
            and overlay.header.in_force(on)
            and (overlay.header.region is None or (region or "").startswith(overlay.header.region))
        ]
        return self.fill(pack, max(fitting, key=lambda one: len(one.header.region or ""))) if fitting else pack

    def _check_enabled(self) -> None:
        taken: dict[tuple[str, str], str] = {}
        for name in self._enabled:
            if name not in self._overlays:
                raise PackError([Problem(file=name, key="", what="there is no overlay of that code to enable")])
            for overlay in self._overlays[name]:
                header = overlay.header
                other = taken.setdefault((header.fills, header.region or ""), header.code)
                if other != header.code:
                    what = f"{other} fills {header.fills} for the same region, and both are enabled"
                    raise PackError([Problem(file=overlay.file, key="region", what=what)])
                for pack in self.versions(header.fills) if header.fills in self._versions else ():
                    self.fill(pack, overlay)

    def version(self, label: str) -> Pack:
        """The pack of a label that a decision carries (`guizhou-2018@1`, `shandong-2017@1+example-jinan@1`)."""
        base, _, filling = label.partition("+")
        code, _, number = base.partition("@")
        pack = self._versions.get(code, {}).get(number)
        if pack is None:
            raise UnknownPack(label)
        if not filling:
            return pack
        code, _, number = filling.partition("@")
        for overlay in self._overlays.get(code, []):
            if overlay.header.version == number:
                return self.fill(pack, overlay)
        raise UnknownPack(label)

    def fill(self, pack: Pack, overlay: Overlay) -> Pack:
        """One of this library's packs, filled by an overlay; PackError when the overlay does not fit it."""
        memory = (pack.code, pack.version, overlay.header.code, overlay.header.version, overlay.file)
        if memory not in self._composed:
            try:
                self._composed[memory] = compose(pack, self._raw[pack.code, pack.version], overlay)
            except PackError as error:
                self._composed[memory] = error.problems
        found = self._composed[memory]
        if isinstance(found, Pack):
            return found
        raise PackError(found)

    def _overlay(self, name: str, on: date | None) -> Overlay:
        if name not in self._overlays:
            path = Path(name)
            if path.suffix != ".toml" or not path.is_file():
                raise UnknownPack(name)
            # a file is read once, under its own path, so that it cannot stand in for a code
            self._overlays[name] = [read_overlay(read_toml(path), file=str(path))]
        dated = self._overlays[name]
        return next((one for one in reversed(dated) if on is None or one.header.effective_from <= on), dated[0])

    def _add(self, path: Path) -> tuple[str, str]:
        raw = read_toml(path)
        if "fills" in raw:
            overlay = read_overlay(raw, file=str(path))
            others = [one for one in self._overlays.get(overlay.header.code, []) if not _same(one, overlay)]
            self._overlays[overlay.header.code] = sorted(
                [*others, overlay], key=lambda one: (one.header.effective_from, one.header.version)
            )
            return overlay.header.code, overlay.header.version
        pack = read_pack(raw, file=str(path))
        self._raw[pack.code, pack.version] = raw
        self._versions.setdefault(pack.code, {})[pack.version] = pack
        return pack.code, pack.version


def read_toml(path: Path) -> dict[str, Any]:
    """The file's tables; PackError when it is missing, too large, not UTF-8 or not TOML."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise PackError([Problem(file=str(path), key="", what="larger than a pack can be (1 MB)")])
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PackError([Problem(file=str(path), key="", what=str(error))]) from error


def read_pack(raw: dict[str, Any], *, file: str) -> Pack:
    """The pack of a parsed file; PackError with all problems of types, or else of sense."""
    problems: list[Problem] = []
    pack = read(Pack, raw, file=file, problems=problems)
    if isinstance(pack, Pack):
        problems += [Problem(file=file, key=key, what=what) for rule in CHECKS for key, what in rule(pack)]
    if problems or not isinstance(pack, Pack):
        raise PackError(problems)
    return replace(pack, home=pack.region)


def read_overlay(raw: dict[str, Any], *, file: str) -> Overlay:
    """The overlay of a parsed file; only its header is checked here, its rules when it is composed with a pack."""
    problems: list[Problem] = []
    names = set(OverlayHeader.__dataclass_fields__)
    header = read(OverlayHeader, {k: v for k, v in raw.items() if k in names}, file=file, problems=problems)
    if isinstance(header, OverlayHeader):
        found = check_names(header.code, header.version, header.region)
        problems += [Problem(file=file, key=key, what=what) for key, what in found]
        if header.effective_to is not None and header.effective_to < header.effective_from:
            problems.append(Problem(file=file, key="effective_to", what="lies before effective_from"))
    if problems or not isinstance(header, OverlayHeader):
        raise PackError(problems)
    return Overlay(header=header, tables={k: v for k, v in raw.items() if k not in names}, file=file)


def compose(pack: Pack, raw: dict[str, Any], overlay: Overlay) -> Pack:
    """The pack with what it delegates filled by the overlay; PackError with all that is wrong in the overlay, what it
    fills that is not delegated and what it fills wrongly."""
    header, problems = overlay.header, []
    if header.fills != pack.code:
        problems.append(Problem(file=overlay.file, key="fills", what=f"fills {header.fills}, not {pack.code}"))
    if header.region is not None and not header.region.startswith(pack.region):
        problems.append(Problem(file=overlay.file, key="region", what=f"lies outside region {pack.region}"))
    for key, what in check_effect(pack, header.effective_from):
        problems.append(Problem(file=overlay.file, key=key, what=what))
    outside = set(_outside(overlay.tables, set(pack.delegates)))
    for key in sorted(outside):
        known = ", ".join(sorted(pack.delegates)) or "nothing"
        problems.append(Problem(file=overlay.file, key=key, what=f"not delegated by {pack.code}; delegated: {known}"))
    merged = _merged(raw, _without(overlay.tables, outside)) | {"region": header.region or pack.region}
    try:
        filled = read_pack(merged, file=overlay.file)
    except PackError as error:
        raise PackError([*problems, *error.problems]) from None
    if problems:
        raise PackError(problems)
    return replace(
        filled,
        overlay=f"{header.code}@{header.version}",
        home=pack.home,
        invented=pack.invented or header.invented,
    )


@cache
def shipped() -> Library:
    """The packs that come with this release."""
    return Library(SHIPPED)


def load(code: str, on: date | None = None, overlay: str | None = None) -> Pack:
    """`Library.load` of the packs that come with this release."""
    return shipped().load(code, on=on, overlay=overlay)


def load_file(path: Path) -> Pack:
    """The pack of one file; PackError."""
    return read_pack(read_toml(path), file=str(path))


def check(path: Path, *, library: Library | None = None) -> list[Problem]:
    """All that is wrong with a pack's or overlay's file; an overlay is tried on the pack of the library it fills.

    Without a library, on those that come with this release.
    """
    try:
        raw = read_toml(path)
        if "fills" not in raw:
            read_pack(raw, file=str(path))
            return []
        overlay = read_overlay(raw, file=str(path))
        library = library or shipped()
        for pack in library.versions(overlay.header.fills):
            library.fill(pack, overlay)
    except PackError as error:
        return error.problems
    except UnknownPack as error:
        return [Problem(file=str(path), key="fills", what=f"there is no pack {error}")]
    return []


def _same(one: Overlay, other: Overlay) -> bool:
    return one.header.version == other.header.version


def _outside(tables: Mapping[str, Any], delegated: set[str], prefix: str = "") -> Iterator[str]:
    """Dotted keys of an overlay that no delegation covers."""
    for name, value in tables.items():
        key = f"{prefix}{name}"
        if key in delegated:
            continue
        if isinstance(value, dict) and any(one.startswith(f"{key}.") for one in delegated):
            yield from _outside(value, delegated, f"{key}.")
        else:
            yield key


def _without(tables: Mapping[str, Any], keys: set[str], prefix: str = "") -> dict[str, Any]:
    """The tables less those dotted keys."""
    return {
        name: _without(value, keys, f"{prefix}{name}.") if isinstance(value, dict) else value
        for name, value in tables.items()
        if f"{prefix}{name}" not in keys
    }


def _merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Both tables in one; what the overlay says stands where both say something (it says only what is delegated)."""
    merged = dict(base)
    for name, value in over.items():
        below = merged.get(name)
        merged[name] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
