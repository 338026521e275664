"""How amounts, days and moments are written for people, in Chinese and English."""

from __future__ import annotations

from datetime import date, datetime

from contracts.money import format_yuan
from infra.clock import SHANGHAI


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
