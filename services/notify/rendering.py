"""Turns an event and a template into the words a party reads, in Chinese and English."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, select_autoescape

from contracts.errors import ERRORS
from contracts.money import format_yuan
from infra.clock import SHANGHAI
from services.notify.domain.routes import Route
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


@dataclass(frozen=True, slots=True)
class Names:
    """Names of organisations and products by id; one not heard of yet is shown by its id."""

    parties: Mapping[str, str]
    products: Mapping[str, str]

    def party(self, party_id: str) -> str:
        return self.parties.get(party_id, party_id)

    def product(self, product_id: str) -> str:
        return self.products.get(product_id, product_id)


def yuan(language: str, amount_fen: int) -> str:
    """`12,345.60元`, `CNY 12,345.60`."""
    whole, places = format_yuan(amount_fen).split(".")
    text = f"{int(whole):,}.{places}" if whole != "-0" else f"-0.{places}"
    return f"{text}元" if language == "zh" else f"CNY {text}"


def day(language: str, value: date) -> str:
    """`2019年6月30日`, `2019-06-30`."""
    return f"{value.year}年{value.month}月{value.day}日" if language == "zh" else value.isoformat()


def instant(language: str, value: datetime) -> str:
    """`2019年6月30日 18:00`, `2019-06-30 18:00 (Beijing)`: the time of day in Asia/Shanghai."""
    local = value.astimezone(SHANGHAI)
    clock = f"{local:%H:%M}"
    return f"{day(language, local.date())} {clock}" + ("" if language == "zh" else " (Beijing)")


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


@lru_cache(maxsize=1024)
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


@lru_cache(maxsize=1024)
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
    *,
    language: str,
    route: Route,
    programme: str,
    data: Mapping[str, Any],
    subject: str,
    articles: Sequence[str],
    names: Names,
) -> Words:
    """The notice of `route` on an event's `data`; jinja2.UndefinedError when a template asks for what is not there."""
    context = {
        "e": data,
        "route": route,
        "subject": subject,
        "articles": list(articles),
        "party": names.party,
        "product": names.product,
    }
    title, body, foot = template(language, programme, route.template).render(context).split(PART)
    return Words(
        title=" ".join(title.split())[:LONGEST_TITLE],
        body=f"{body.strip()[:LONGEST_BODY]}\n\n{foot.strip()}",
    )
