"""A generated business register with the columns of a real one, for where no real one is given."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

from infra.demo.cast import CITIES, SURNAMES, invented_uscc

HEADER = [
    "企业名称",
    "统一社会信用代码",
    "注册日期",
    "企业类型",
    "法人代表",
    "注册资金",
    "经营范围",
    "所在省份",
    "地区",
    "注册地址",
]
TRADES = ("酒业", "机械制造", "茶业", "建材", "电子科技", "农业开发", "食品", "物流", "医药", "旅游")


def write(path: Path, rows: int, seed: int) -> None:
    """`rows` invented enterprises, 1998 to 2018: some branches, some just registered, a broken code, a duplicate."""
    chance = random.Random(seed)
    cities = [code for code in CITIES if code != "5200" and not code.startswith(("5221", "5222", "5224", "5225"))]
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for number in range(rows):
            line = _row(chance, number, chance.choice(cities))
            if number == rows // 2:
                line[1] = line[1][:-1] + ("0" if line[1][-1] != "0" else "1")  # fails its check digit
            out.writerow(line)
        out.writerow(line)  # the last one twice, as real exports have them


def _row(chance: random.Random, number: int, city: str) -> list[str]:
    recent = number % 12 == 0  # registered less than a year before the demo's year opens
    start = date(2018, 3, 1) if recent else date(1998, 1, 1)
    days = (date(2018, 12, 20) - start).days if recent else 7000
    branch = number % 25 == 0
    name = f"{CITIES[city]}生成{number:05d}{chance.choice(TRADES)}有限公司" + ("分公司" if branch else "")
    return [
        name,
        invented_uscc(chance, city + "01"),
        (start + timedelta(days=chance.randrange(days))).isoformat(),
        "有限责任公司分公司" if branch else "有限责任公司",
        f"{chance.choice(SURNAMES)}生成{number:05d}",
        f"{chance.randrange(10, 5000)}(万元)",
        "生成的经营范围",
        "贵州",
        CITIES[city],
        f"贵州省{CITIES[city]}生成大道{number}号",
    ]
