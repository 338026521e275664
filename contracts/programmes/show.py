"""A pack as a page that a programme operator can read and sign, in Chinese or English, and as flat lines to compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date
from fractions import Fraction
from typing import Literal

from contracts.money import format_rate, format_yuan
from contracts.programmes.pack import Pack
from contracts.programmes.schema import Grade, Kind, Rule, Tier
from contracts.programmes.words import FIELDS, HEADINGS, SUBJECTS, VALUES

Language = Literal["zh", "en"]


def page(pack: Pack, language: Language) -> str:
    """The whole pack as Markdown: one heading a section, one line a rule with its article and its numbers."""
    chinese = language == "zh"
    title = pack.title.zh if chinese else pack.title.en
    facts = [
        ("版本" if chinese else "Version", pack.label),
        ("文件" if chinese else "Document", f"{pack.document.name}，{pack.document.issuer}，{pack.document.issued_on}"),
        ("自此日起按本版本办理" if chinese else "Decisions under this version from", pack.effective_from.isoformat()),
        ("区域代码" if chinese else "Region (GB/T 2260)", pack.region),
    ]
    lines = [f"# {title}", "", *(f"- {name}：{value}" if chinese else f"- {name}: {value}" for name, value in facts)]
    if pack.invented:
        lines += [
            "",
            "**虚构示例，不是任何机构发布的规定。**" if chinese else "**Invented example; nobody issued these rules.**",
        ]
    for section in HEADINGS:
        rules = list(_lines(getattr(pack, section), language))
        if rules:
            lines += ["", f"## {HEADINGS[section][language]}", "", *rules]
    return "\n".join(lines) + "\n"


def flat(pack: Pack) -> dict[str, str]:
    """Every value of a pack by its dotted key, as text: what two packs are compared by."""
    return {key: text for one in fields(pack) for key, text in _flat(getattr(pack, one.name), one.name)}


def diff(one: Pack, other: Pack) -> list[str]:
    """Lines `- key: was`, `+ key: is` for all that differs, by key; empty when both say the same."""
    before, after = flat(one), flat(other)
    lines = []
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            lines += [f"- {key}: {before[key]}"] if key in before else []
            lines += [f"+ {key}: {after[key]}"] if key in after else []
    return lines


def _lines(node: object, language: Language) -> Iterator[str]:
    """A line for each rule under a section, in the order in which the schema and the file name them."""
    if isinstance(node, Rule):
        yield _line(node, language)
        yield from (f"  {line}" for line in _lines(getattr(node, "indicators", None), language))
    elif isinstance(node, Mapping):
        for name, item in node.items():
            if isinstance(item, tuple):
                yield f"- {SUBJECTS[name][language] if name in SUBJECTS else name.replace('_', ' ')}"
                yield from (f"  {line}" for line in _lines(item, language))
            else:
                yield from _lines(item, language)
    elif isinstance(node, tuple):
        for item in node:
            yield from _lines(item, language)
    elif hasattr(node, "__dataclass_fields__"):
        for name in node.__dataclass_fields__:
            value = getattr(node, name)
            if isinstance(value, str) and name in FIELDS:
                yield f"- {FIELDS[name][language]} {_word(value, language)}"
            yield from _lines(value, language)


def _line(rule: Rule, language: Language) -> str:
    said = rule.zh if language == "zh" else rule.en
    details = [
        f"{FIELDS[one.name][language]} {_value(getattr(rule, one.name), one.name, language)}"
        for one in fields(rule)
        if one.name in FIELDS and _stated(getattr(rule, one.name))
    ]
    if language == "zh":
        own = f"；本计划包的执行方式：{rule.own.zh}" if rule.own else ""
        return f"- {said}{'〔' + '；'.join(details) + '〕' if details else ''}（{rule.article}{own}）"
    own = f"; how this pack carries it out: {rule.own.en}" if rule.own else ""
    return f"- {said}{' [' + '; '.join(details) + ']' if details else ''} ({rule.article}{own})"


def _stated(value: object) -> bool:
    return not (value is None or value is False or value == ())


def _value(value: object, name: str, language: Language) -> str:
    comma = "、" if language == "zh" else ", "
    if isinstance(value, Tier):
        since, cap = _yuan(value.revenue_from_fen, language), _yuan(value.cap_fen, language)
        return f"收入{since}起：{cap}" if language == "zh" else f"revenue from {since}: {cap}"
    if isinstance(value, Grade):
        return _grade(value, language)
    if isinstance(value, Kind):
        return value.zh if language == "zh" else value.en
    if isinstance(value, tuple):
        return comma.join(_value(item, name, language) for item in value)
    if isinstance(value, bool):
        return "是" if language == "zh" else "yes"
    if isinstance(value, Fraction):
        return str(value) if value > 2 and value.denominator == 1 else format_rate(value)
    if isinstance(value, int) and name.endswith("_fen"):
        return _yuan(value, language)
    if isinstance(value, int) and name == "at_least":
        return f"{value:,}"
    return _word(str(value), language, name)


def _grade(grade: Grade, language: Language) -> str:
    follows = _word(grade.consequence, language, "consequence")
    if language == "zh":
        return f"{grade.from_score}分起{grade.zh}：{follows}{f'（{grade.days}日）' if grade.days else ''}"
    return f"from {grade.from_score} {grade.en}: {follows}{f' ({grade.days} days)' if grade.days else ''}"


def _word(text: str, language: Language, field: str = "") -> str:
    words = VALUES.get(f"{field}.{text}") or VALUES.get(text)
    return words[language] if words else text.replace("_", " ")


def _yuan(amount_fen: int, language: Language) -> str:
    """Grouped for the eye: "2,000,000 yuan"; places only where there are fen."""
    whole, _, places = format_yuan(amount_fen).partition(".")
    grouped = f"{int(whole):,}" + ("" if places == "00" else f".{places}")
    return f"{grouped}元" if language == "zh" else f"{grouped} yuan"


def _flat(node: object, key: str) -> Iterator[tuple[str, str]]:
    if node is None:
        return
    if isinstance(node, (str, int, date, Fraction)):
        yield key, str(node)
    elif isinstance(node, Mapping):
        for name, item in node.items():
            yield from _flat(item, f"{key}.{name}")
    elif isinstance(node, tuple):
        for number, item in enumerate(node):
            yield from _flat(item, f"{key}.{number}")
    else:
        for name in getattr(node, "__dataclass_fields__", ()):
            yield from _flat(getattr(node, name), f"{key}.{name}")
