"""Turns an event and a template into the words a party reads, in Chinese and English."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from contracts.errors import ERRORS
from services.notify.domain.recipients import Route
from services.notify.facts import facts, headline
from services.notify.formats import day, instant, yuan
from services.notify.speech import Speaker
from services.notify.words import word

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGES = ("zh", "en")
GENERIC = "generic"
PART = "\x02"  # no text of an event holds it: contracts refuse control characters
LONGEST_TITLE, LONGEST_BODY = 200, 4000


@dataclass(frozen=True, slots=True)
class Words:
    """A notice's title (one line) and body (plain text)."""

    title: str
    body: str


def reasons(language: str, given: Sequence[str] | None) -> str:
    """The reasons of a decision as a numbered list, codes in words; nothing when none was given."""
    if not given:
        return ""
    head = "理由：" if language == "zh" else "Reasons:"
    return "\n".join([head, *(f"{number}. {_spoken(language, reason)}" for number, reason in enumerate(given, 1))])


def _spoken(language: str, reason: str) -> str:
    known = ERRORS.get(reason)
    if known is not None:
        return known.zh if language == "zh" else known.en
    return word(language, "alert", reason)


@lru_cache(maxsize=len(LANGUAGES))
def environment(language: str) -> Environment:
    """Jinja for one language: an undefined name is an error, and HTML escapes what it shows."""
    found = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        autoescape=select_autoescape(("html",), default_for_string=False),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    filters: dict[str, Callable[..., str]] = {"yuan": yuan, "day": day, "instant": instant, "reasons": reasons}
    for name, function in filters.items():
        found.filters[name] = partial(function, language)
    found.filters["word"] = lambda code, kind: word(language, kind, code)
    return found


@lru_cache(maxsize=4096)
def template(language: str, programme: str, name: str) -> Template:
    """Title (the file's first line), body and foot as one template, parted by PART, since starting one costs more than
    filling it; the programme's own words in that language, else the generic ones."""
    title, _, body = _source(language, (programme, name), (GENERIC, "notice")).partition("\n")
    foot = _source(language, (programme, "foot"), (GENERIC, "foot"))
    return environment(language).from_string(PART.join((title, body, foot)))


def has_own(language: str, programme: str, name: str) -> bool:
    """Has the programme a template of its own for this?"""
    return _file(language, programme, name).is_file()


def _source(language: str, own: tuple[str, str], generic: tuple[str, str]) -> str:
    chosen = own if has_own(language, *own) else generic
    return _file(language, *chosen).read_text(encoding="utf-8")


def _file(language: str, folder: str, name: str) -> Path:
    return TEMPLATES / folder / f"{name}.txt" if language == "zh" else TEMPLATES / folder / language / f"{name}.txt"


def render(
    *, speaker: Speaker, route: Route, programme: str, data: Mapping[str, Any], subject: str, articles: Sequence[str]
) -> Words:
    """The notice of `route` on an event's `data`; jinja2.UndefinedError when a template asks for what is not there."""
    context = {
        "e": data,
        "says": speaker.fill(route.says),
        "do": speaker.fill(route.do) if route.do else "",
        "subject": subject,
        "articles": list(articles),
        "party": speaker.names.party,
        "product": speaker.names.product,
        "office": speaker.office,
        "kind": speaker.kind,
        "voucher": speaker.voucher,
        "claim": speaker.claim,
        "headline": partial(headline, speaker, data),
        "facts": partial(facts, speaker, data),
        "then": partial(speaker.rules, route.then, data),
    }
    title, body, foot = template(speaker.language, programme, route.template).render(context).split(PART)
    return Words(
        title=" ".join(title.split())[:LONGEST_TITLE],
        body=f"{body.strip()[:LONGEST_BODY]}\n\n{foot.strip()}",
    )
