"""Made-up populations of claims with planted misconduct, labelled; knows nothing of the rules that look for it.

A world is drawn from a seed: how prices, invoices, dates, accounts and addresses look, and which honest noise there is.
All people, phones, addresses and accounts are generated.
"""

from __future__ import annotations

import csv
import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

COLUMNS = [
    "claim",
    "claimed_on",
    "order",
    "ordered_on",
    "confirmed_on",
    "programme",
    "provider",
    "enterprise",
    "category",
    "product",
    "list_price_yuan",
    "price_yuan",
    "voucher_yuan",
    "paid_yuan",
    "refunded_yuan",
    "invoice_no",
    "invoice_on",
    "invoice_yuan",
    "payer_account",
    "payee_account",
    "contract_sha256",
    "usage_days",
    "usage_units",
    "enterprise_registered_on",
    "enterprise_person",
    "enterprise_phone",
    "enterprise_address",
    "enterprise_account",
    "provider_person",
    "provider_phone",
    "provider_address",
    "provider_account",
]

CATEGORIES = ("infrastructure", "platform", "application")
# Rates by category, cap of a year's vouchers in yuan; `maker-9` is a programme that nobody has heard of.
PROGRAMMES: dict[str, tuple[tuple[float, float, float], int]] = {
    "guizhou-2018": ((0.4, 0.6, 0.6), 50_000),
    "neimenggu-2019": ((0.15, 0.25, 0.2), 20_000),
    "shandong-2017": ((0.3, 0.3, 0.3), 30_000),
    "shanxi-2018": ((0.5, 0.5, 0.5), 100_000),
    "maker-9": ((0.35, 0.35, 0.35), 36_000),
}
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰萍鑫波斌宇浩凯健俊帆琳雪佳慧晨阳宁晓文博瑞欣怡子涵"
ROADS = [
    "中山",
    "人民",
    "解放",
    "建设",
    "和平",
    "北京",
    "长江",
    "黄河",
    "新华",
    "文化",
    "科技",
    "创业",
    "高新",
    "金阳",
    "观山",
    "学院",
    "东风",
    "胜利",
    "光明",
    "朝阳",
]

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class World:
    """What a deployment's records look like; shares are of claims or parties."""

    programme: str = "guizhou-2018"
    providers: int = 60
    per_enterprise: float = 2.5  # claims
    products: int = 4  # a provider
    prices: str = "menu"  # menu, lognormal, plans
    rounding: int = 100  # fen
    spread: float = 0.08  # of a product's price
    growth: float = 0.05  # of prices a year
    level: float = 20_000.0  # yuan
    catalogue: str = "own"  # own: each provider its products; shared: all sell the same
    invoices: str = "roll"  # roll, random, digital, prefixed, bare, counter
    usage: str = "elapsed"  # elapsed: of the days between confirmation and claim; flat: any number
    filing: str = "lag"  # lag, monthly, weekly
    span: int = 700  # days
    peaks: bool = True
    names: int = 100_000  # how many different people there are
    offices: float = 0.05  # of enterprises, in serviced offices
    agents: float = 0.03  # of enterprises, with an agent's phone
    groups: float = 0.03  # of enterprises, in a group with one person and phone
    young: float = 0.05  # of enterprises, registered in the half-year before
    instalments: float = 0.0  # of orders, claimed in two parts, each paid by half
    small_refunds: float = 0.01
    blanks: float = 0.01
    hour_units: float = 0.1  # of products, with few units by nature
    list_known: bool = True
    zipf: float = 0.6
    planted: float = 0.005  # of claims, of each kind of misconduct


def draw(seed: int) -> World:
    """A world of its own for each seed."""
    chance = random.Random(f"world {seed}")
    return World(
        programme=chance.choice(list(PROGRAMMES)),
        providers=chance.choice((12, 30, 60, 120, 250)),
        per_enterprise=chance.choice((1.2, 2.0, 3.5, 6.0)),
        products=chance.choice((2, 4, 8)),
        prices=chance.choice(("menu", "lognormal", "plans")),
        rounding=chance.choice((1, 100, 1_000, 10_000)),
        spread=chance.choice((0.03, 0.08, 0.15)),
        growth=chance.choice((0.0, 0.05, 0.12)),
        level=chance.choice((6_000.0, 20_000.0, 60_000.0)),
        catalogue=chance.choice(("own", "own", "shared")),
        invoices=chance.choice(("roll", "random", "digital", "prefixed", "bare", "counter")),
        usage=chance.choice(("elapsed", "elapsed", "flat")),
        filing=chance.choice(("lag", "monthly", "weekly")),
        span=chance.choice((365, 700, 1_000)),
        peaks=chance.random() < 0.7,
        names=chance.choice((2_000, 100_000, 10_000_000)),
        offices=chance.choice((0.0, 0.05, 0.15)),
        agents=chance.choice((0.0, 0.03, 0.1)),
        groups=chance.choice((0.0, 0.03, 0.08)),
        young=chance.choice((0.01, 0.05, 0.15)),
        instalments=chance.choice((0.0, 0.0, 0.03)),
        small_refunds=chance.choice((0.0, 0.01, 0.03)),
        blanks=chance.choice((0.0, 0.01, 0.04)),
        hour_units=chance.choice((0.0, 0.1, 0.3)),
        list_known=chance.random() < 0.8,
        zipf=chance.choice((0.0, 0.6, 1.0)),
    )


@dataclass
class Labelled:
    """Claims, and what was planted: claim → alert → disguise. A claim with nothing planted is honest, also one that
    stands there, with nothing, because a planted one was copied from it."""

    rows: list[Row]
    planted: dict[str, dict[str, str]] = field(default_factory=dict)

    def write(self, path: Path) -> None:
        """The file that `yunquan screen` reads."""
        with path.open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(COLUMNS)
            out.writerows([_text(name, row.get(name)) for name in COLUMNS] for row in self.rows)


def populate(world: World, claims: int, seed: int) -> Labelled:
    """So many claims of that world, honest and planted, in the order of their days."""
    maker = _Maker(world, claims, random.Random(f"population {seed}"))
    maker.honest()
    labelled = maker.plant()
    labelled.rows.sort(key=lambda row: (row["claimed_on"], row["claim"]))
    return labelled


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name.endswith("_yuan"):
        return f"{value / 100:.2f}"
    return str(value)


class _Maker:
    def __init__(self, world: World, claims: int, chance: random.Random) -> None:
        self.world, self.claims, self.chance = world, claims, chance
        self.rates, self.cap = PROGRAMMES[world.programme]
        self.start = date(2018, 1, 1) + timedelta(days=chance.randrange(400))
        self.rows: list[Row] = []
        self.planted: dict[str, dict[str, str]] = {}
        self.serial = 0
        self.providers = [self._provider(number) for number in range(world.providers)]
        self.weights = [1 / (number + 1) ** world.zipf for number in range(world.providers)]
        self.enterprises = self._enterprises(max(20, int(claims / world.per_enterprise)))

    # --- parties ----------------------------------------------------------------------------------------------------

    def name(self) -> str:
        number = self.chance.randrange(self.world.names)
        name = SURNAMES[number % len(SURNAMES)]
        number //= len(SURNAMES)
        while True:
            name += GIVEN[number % len(GIVEN)]
            number //= len(GIVEN)
            if not number:
                return name

    def phone(self) -> str:
        return f"1{self.chance.choice('3578')}{self.chance.randrange(10**9):09d}"

    def account(self) -> str:
        return f"62{self.chance.randrange(10**15):015d}"

    def address(self) -> str:
        road, house = self.chance.choice(ROADS), self.chance.randrange(1, 900)
        return f"{road}路{house}号{self.chance.randrange(1, 30)}层{self.chance.randrange(1, 2_000)}室"

    def _provider(self, number: int) -> Row:
        facts = {"person": self.name(), "phone": self.phone(), "address": self.address(), "account": self.account()}
        if self.world.catalogue == "shared" and number:
            return {"provider": f"P{number:04d}", "products": self.catalogue, "facts": facts}
        products = []
        for item in range(self.world.products):
            category = self.chance.randrange(3)
            price = int(self.world.level * 100 * self.chance.lognormvariate(0, 0.6))
            units = 12.0 if self.chance.random() < self.world.hour_units else self.chance.lognormvariate(7, 1)
            products.append({"product": f"S{number:03d}-{item}", "category": category, "price": price, "units": units})
        self.catalogue = products
        return {"provider": f"P{number:04d}", "products": products, "facts": facts}

    def _enterprise(self, number: int) -> Row:
        days = self.chance.randrange(400, 7_000)
        if self.chance.random() < self.world.young:
            days = self.chance.randrange(-200, 200)
        return {
            "enterprise": f"E{number:06d}",
            "registered": self.start - timedelta(days=days),
            "facts": {
                "person": self.name(),
                "phone": self.phone(),
                "address": self.address(),
                "account": self.account(),
            },
        }

    def _enterprises(self, many: int) -> list[Row]:
        world, found = self.world, [self._enterprise(number) for number in range(many)]
        offices = [self.address() for _ in range(max(1, int(many * world.offices / 25)))]
        agents = [self.phone() for _ in range(max(1, int(many * world.agents / 12)))]
        for one in found:
            if self.chance.random() < world.offices:
                one["facts"]["address"] = self.chance.choice(offices)
            if self.chance.random() < world.agents:
                one["facts"]["phone"] = self.chance.choice(agents)
        at = 0
        while at < many * world.groups:
            size = self.chance.randrange(3, 12)
            head = found[at]["facts"]
            for one in found[at : at + size]:
                one["facts"] |= {"person": head["person"], "phone": head["phone"]}
            at += size
        if world.offices:
            for one in self.chance.sample(self.providers, max(1, len(self.providers) // 20)):
                one["facts"]["address"] = self.chance.choice(offices)
        return found

    # --- honest claims ----------------------------------------------------------------------------------------------

    def honest(self) -> None:
        while len(self.rows) < self.claims:
            provider = self.chance.choices(self.providers, self.weights)[0]
            enterprise = self.chance.choice(self.enterprises)
            row = self.claim(provider, enterprise, self.ordered_on(enterprise))
            if self.chance.random() < self.world.instalments:
                self.instalment(row)
        self.blank()

    def ordered_on(self, enterprise: Row) -> date:
        span = self.world.span
        day = self.start + timedelta(days=self.chance.randrange(span))
        if self.world.peaks and self.chance.random() < 0.12:
            month, of_month = self.chance.choice(((11, 11), (12, 28)))
            day = date(self.start.year + self.chance.randrange(2), month, of_month) + timedelta(
                days=self.chance.randrange(3)
            )
        least = enterprise["registered"] + timedelta(days=self.chance.randrange(20, 300))
        return max(day, least, self.start)

    def price(self, product: Row, on: date) -> tuple[int, int]:
        """List price and price in fen."""
        world, chance = self.world, self.chance
        grown = product["price"] * (1 + world.growth) ** ((on - self.start).days / 365)
        plan = chance.choices((1.0, 2.5, 6.0), (6, 3, 1))[0] if world.prices == "plans" else 1.0
        full = grown * plan
        if world.prices == "lognormal":
            price = full * chance.lognormvariate(0, max(world.spread, 0.05) * 2)
            listed = max(price, full * chance.uniform(1.0, 1.4))
        else:
            full = self._round(product["price"] * plan * (1 + world.growth) ** ((on - self.start).days // 365))
            price = full * (1 - chance.choice((0, 0, 0.05, chance.uniform(0, 2 * world.spread))))
            listed = full
        price = self._round(price)
        return max(self._round(listed), price), price

    def _round(self, price: float) -> int:
        return max(10_000, round(price / self.world.rounding) * self.world.rounding)

    def claim(self, provider: Row, enterprise: Row, ordered: date, *, product: Row | None = None) -> Row:
        """An honest claim, appended."""
        world, chance = self.world, self.chance
        product = product or chance.choice(provider["products"])
        listed, price = self.price(product, ordered)
        confirmed = ordered + timedelta(days=chance.choice((0, 0, 1, 2, 3, 7, 12)))
        filed = self.filed_on(confirmed + timedelta(days=chance.randrange(20, 120)))
        used = max(1, int((filed - confirmed).days * chance.uniform(0.6, 1.0)))
        if world.usage == "flat":
            used = chance.randrange(20, 366)
        self.serial += 1
        row = {
            "claim": f"C{self.serial:07d}",
            "claimed_on": filed,
            "order": f"O{self.serial:07d}",
            "ordered_on": ordered,
            "confirmed_on": confirmed,
            "programme": world.programme,
            "provider": provider["provider"],
            "enterprise": enterprise["enterprise"],
            "category": CATEGORIES[product["category"]],
            "product": product["product"],
            "list_price_yuan": listed if world.list_known else None,
            "invoice_no": "",  # numbered when all are there
            "invoice_on": min(filed, confirmed + timedelta(days=chance.randrange(0, 15))),
            "contract_sha256": hashlib.sha256(f"{self.serial} {chance.random()}".encode()).hexdigest(),
            "usage_days": used,
            "usage_units": chance.randrange(1, 5_000)
            if world.usage == "flat"
            else max(1, round(product["units"] * used / 60 * chance.lognormvariate(0, 0.4))),
            "enterprise_registered_on": enterprise["registered"],
            **{f"enterprise_{kind}": value for kind, value in enterprise["facts"].items()},
            **{f"provider_{kind}": value for kind, value in provider["facts"].items()},
            "payer_account": enterprise["facts"]["account"],
            "payee_account": provider["facts"]["account"],
        }
        self.reprice(row, price)
        if chance.random() < world.small_refunds:
            row["refunded_yuan"] = int(row["paid_yuan"] * chance.uniform(0.01, 0.1))
        self.rows.append(row)
        return row

    def reprice(self, row: Row, price: int) -> None:
        """Price with its voucher, payment and invoice."""
        rate = self.rates[CATEGORIES.index(row["category"])]
        voucher = min(int(price * rate), self.cap * 100)
        if voucher < self.cap * 100 and self.chance.random() < 0.1:  # the rest of a quota
            voucher = int(voucher * self.chance.uniform(0.2, 1))
        if row["list_price_yuan"] is not None:
            row["list_price_yuan"] = max(row["list_price_yuan"], price)
        paid = price - voucher
        if self.chance.random() < 0.05:
            paid = -(-paid // 100) * 100
        row |= {"price_yuan": price, "voucher_yuan": voucher, "paid_yuan": paid, "refunded_yuan": 0}
        row["invoice_yuan"] = price

    def filed_on(self, day: date) -> date:
        if self.world.filing == "monthly":
            return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=self.chance.randrange(3))
        if self.world.filing == "weekly":
            return day + timedelta(days=4 - day.weekday() if day.weekday() <= 4 else 11 - day.weekday())
        return day

    def number(self) -> None:
        """Give every claim its invoice's number, in the order in which these were issued."""
        chance, style = self.chance, self.world.invoices
        rolls: dict[str, list[int]] = {}
        unnumbered = [row for row in self.rows if row["invoice_no"] == ""]
        unnumbered.sort(key=lambda row: (row["invoice_on"] or row["claimed_on"], row["claim"]))
        for at, row in enumerate(unnumbered, start=1):
            provider = row["provider"]
            if style == "random":
                row["invoice_no"] = f"{chance.randrange(10**8):08d}"
            elif style == "digital":
                row["invoice_no"] = f"2{chance.randrange(10**19):019d}"
            elif style == "counter":
                row["invoice_no"] = f"INV{at:08d}"
            elif style == "roll":
                roll = rolls.setdefault(provider, [chance.randrange(10**12), chance.randrange(10**8 - 10**6)])
                roll[1] += chance.choice((1, 1, 1, 2, 5, 30))
                row["invoice_no"] = f"{roll[0]:012d}{roll[1]:08d}"
            else:
                roll = rolls.setdefault(provider, [chance.randrange(1, 400)])
                roll[0] += 1
                row["invoice_no"] = f"{provider}-{roll[0]:06d}" if style == "prefixed" else f"{roll[0]:08d}"

    def instalment(self, row: Row) -> None:
        """The order claimed a second time, each half paid by its own transfer."""
        self.serial += 1
        half = row["paid_yuan"] // 2
        second = row | {
            "claim": f"C{self.serial:07d}",
            "invoice_no": "",
            "claimed_on": self.filed_on(row["claimed_on"] + timedelta(days=30)),
            "paid_yuan": row["paid_yuan"] - half,
            "invoice_yuan": row["invoice_yuan"] - row["invoice_yuan"] // 2,
        }
        row |= {"paid_yuan": half, "invoice_yuan": row["invoice_yuan"] // 2}
        self.rows.append(second)

    def blank(self) -> None:
        """Cells that the older system did not have."""
        spared = ("claim", "provider", "enterprise", "programme", "claimed_on")
        names = [name for name in COLUMNS if name not in spared]
        for row in self.rows:
            if self.chance.random() < self.world.blanks * 5:
                for name in self.chance.sample(names, 3):
                    row[name] = None

    # --- misconduct -------------------------------------------------------------------------------------------------

    def plant(self) -> Labelled:
        self.whole = [row for row in self.rows if all(row.get(name) is not None for name in COLUMNS)]
        if not self.world.list_known:
            lists = set(COLUMNS) - {"list_price_yuan"}
            self.whole = [row for row in self.rows if all(row.get(name) is not None for name in lists)]
        self.chance.shuffle(self.whole)
        many = max(len(DISGUISES[0][1]) * 2, int(self.claims * self.world.planted))
        for alert, disguises in DISGUISES:
            if alert == "INVOICE_REUSED":
                self.number()
            done = 0
            while done < many:
                for disguise in disguises:
                    done += self.label(alert, disguise, disguise(self))
        return Labelled(self.rows, self.planted)

    def label(self, alert: str, disguise: Callable[..., Any], rows: Sequence[Row]) -> int:
        for row in rows:
            self.planted.setdefault(row["claim"], {})[alert] = disguise.__name__
        return len(rows)

    def take(self) -> Row:
        """An honest claim of which nothing is missing, to be spoiled."""
        while True:
            row = self.whole.pop()
            if row["claim"] not in self.planted:
                return row

    def newcomer(self, registered: date | None = None) -> Row:
        """An enterprise nobody knew."""
        one = self._enterprise(len(self.enterprises))
        one["registered"] = registered or self.start - timedelta(days=self.chance.randrange(500, 4_000))
        self.enterprises.append(one)
        return one

    def tie(self, **facts: str) -> list[Row]:
        """One or two claims of a newcomer with these facts at the provider that they are of."""
        provider = self.chance.choice(self.providers)
        one = self.newcomer()
        one["facts"] |= {kind: value or provider["facts"][kind] for kind, value in facts.items()}
        return [self.claim(provider, one, self.ordered_on(one)) for _ in range(self.chance.choice((1, 1, 2)))]


def same_person(maker: _Maker) -> list[Row]:
    return maker.tie(person="")


def same_phone_written_otherwise(maker: _Maker) -> list[Row]:
    rows = maker.tie(phone="")
    for row in rows:
        phone = row["enterprise_phone"]
        row["enterprise_phone"] = maker.chance.choice((f"+86 {phone}", f"{phone[:3]}-{phone[3:7]}-{phone[7:]}"))
    return rows


def same_account(maker: _Maker) -> list[Row]:
    return maker.tie(account="")


def same_address(maker: _Maker) -> list[Row]:
    return maker.tie(address="")


def through_another_enterprise(maker: _Maker) -> list[Row]:
    """Shares a phone with an enterprise that shares a person with the provider."""
    provider = maker.chance.choice(maker.providers)
    middle, one = maker.newcomer(), maker.newcomer()
    middle["facts"]["person"] = provider["facts"]["person"]
    one["facts"]["phone"] = middle["facts"]["phone"]
    other = maker.chance.choice([other for other in maker.providers if other is not provider])
    maker.claim(other, middle, maker.ordered_on(middle))
    return [maker.claim(provider, one, maker.ordered_on(one))]


def through_another_provider(maker: _Maker) -> list[Row]:
    """Shares an account with a provider at whose address this one sits."""
    provider, other = maker.chance.sample(maker.providers, 2)
    one = maker.newcomer()
    one["facts"]["phone"] = other["facts"]["phone"]
    shared = maker.chance.choice(("address", "account", "person"))
    kept = provider["facts"][shared]
    rows = [maker.claim(provider, one, maker.ordered_on(one))]
    for row in maker.rows:
        if row["provider"] == other["provider"] and row["claim"] not in maker.planted:
            row[f"provider_{shared}"] = kept
            break
    return rows


def price_times(maker: _Maker) -> list[Row]:
    row = maker.take()
    maker.reprice(row, int(row["price_yuan"] * maker.chance.uniform(2.0, 5.0)))
    return [row]


def price_moderate(maker: _Maker) -> list[Row]:
    row = maker.take()
    maker.reprice(row, int(row["price_yuan"] * maker.chance.uniform(1.6, 2.0)))
    return [row]


def price_above_list(maker: _Maker) -> list[Row]:
    row = maker.take()
    listed = row["list_price_yuan"] or row["price_yuan"]
    maker.reprice(row, int(listed * maker.chance.uniform(1.1, 2.5)))
    row["list_price_yuan"] = listed
    return [row]


def _again(maker: _Maker, change: Callable[[random.Random, str], str], *, same_party: bool = False) -> list[Row]:
    old, row = maker.take(), maker.take()
    if same_party:
        mine = [one for one in maker.whole[-3_000:] if one["provider"] == old["provider"]]
        row = maker.chance.choice(mine) if mine else row
    if row is old or row["claim"] in maker.planted:
        return []
    if (row["claimed_on"], row["claim"]) < (old["claimed_on"], old["claim"]):
        old, row = row, old
    if row["claimed_on"] == old["claimed_on"]:
        return []
    row["invoice_no"] = change(maker.chance, old["invoice_no"])
    if maker.chance.random() < 0.5:
        row |= {"invoice_yuan": old["invoice_yuan"], "invoice_on": min(old["invoice_on"], row["claimed_on"])}
        row["invoice_on"] = max(row["invoice_on"], row["ordered_on"])
    maker.planted.setdefault(old["claim"], {})
    return [row]


def _swap(chance: random.Random, number: str) -> str:
    places = [at for at in range(len(number) - 1) if number[at].isdigit() and number[at + 1].isdigit()]
    places = [at for at in places if number[at] != number[at + 1]]
    at = chance.choice(places)
    return number[:at] + number[at + 1] + number[at] + number[at + 2 :]


def _spaced(chance: random.Random, number: str) -> str:
    at = chance.randrange(1, len(number))
    return chance.choice((f" {number}", f"{number[:at]} {number[at:]}", f"{number[:at]}-{number[at:]}"))


def _prefixed(chance: random.Random, number: str) -> str:
    digits = number.rsplit("-", maxsplit=1)[-1].removeprefix("INV")
    return chance.choice(("No.", "FP", "发票", "GZ-", "00")) + digits


def invoice_again(maker: _Maker) -> list[Row]:
    return _again(maker, lambda chance, number: number)


def invoice_again_of_the_provider(maker: _Maker) -> list[Row]:
    return _again(maker, lambda chance, number: number, same_party=True)


def invoice_swapped(maker: _Maker) -> list[Row]:
    return _again(maker, _swap)


def invoice_spaced(maker: _Maker) -> list[Row]:
    return _again(maker, _spaced)


def invoice_prefixed(maker: _Maker) -> list[Row]:
    return _again(maker, _prefixed, same_party=True)


def invoice_written_otherwise(maker: _Maker) -> list[Row]:
    full = str.maketrans("0123456789", "０１２３４５６７８９")
    return _again(
        maker, lambda chance, number: number.translate(full) if chance.random() < 0.5 else number.replace("0", "O")
    )


def contract_again(maker: _Maker) -> list[Row]:
    return _contract(maker, upper=False)


def contract_again_in_capitals(maker: _Maker) -> list[Row]:
    return _contract(maker, upper=True)


def _contract(maker: _Maker, *, upper: bool) -> list[Row]:
    old, row = maker.take(), maker.take()
    if old["enterprise"] == row["enterprise"]:
        return []
    row["contract_sha256"] = old["contract_sha256"].upper() if upper else old["contract_sha256"]
    maker.planted.setdefault(old["claim"], {})
    return [row]


def paid_too_little(maker: _Maker) -> list[Row]:
    row = maker.take()
    row["paid_yuan"] = int((row["price_yuan"] - row["voucher_yuan"]) * maker.chance.uniform(0.0, 0.85))
    return [row]


def paid_from_another_account(maker: _Maker) -> list[Row]:
    row = maker.take()
    row["payer_account"] = maker.chance.choice((maker.account(), maker.chance.choice(maker.whole)["payer_account"]))
    return [row] if row["payer_account"] != row["enterprise_account"] else []


def paid_to_another_account(maker: _Maker) -> list[Row]:
    row = maker.take()
    row["payee_account"] = maker.chance.choice(
        (maker.account(), maker.chance.choice(maker.whole)["enterprise_account"])
    )
    return [row] if row["payee_account"] != row["provider_account"] else []


def all_came_back(maker: _Maker) -> list[Row]:
    row = maker.take()
    row["refunded_yuan"] = int(row["paid_yuan"] * maker.chance.uniform(0.85, 1.0))
    return [row]


def half_came_back(maker: _Maker) -> list[Row]:
    row = maker.take()
    row["refunded_yuan"] = int(row["paid_yuan"] * maker.chance.uniform(0.35, 0.7))
    return [row]


def paid_to_itself(maker: _Maker) -> list[Row]:
    row = maker.take()
    row["payee_account"] = row["enterprise_account"]
    return [row]


def paid_in_a_ring(maker: _Maker) -> list[Row]:
    """One pays another customer's account, who pays back to the first one's."""
    one, other = maker.take(), maker.take()
    if one["enterprise"] == other["enterprise"]:
        return []
    one["payee_account"], other["payee_account"] = other["payer_account"], one["payer_account"]
    return [one, other]


def no_days(maker: _Maker) -> list[Row]:
    row = maker.take()
    row |= {"usage_days": 0, "usage_units": maker.chance.choice((0, row["usage_units"]))}
    return [row]


def no_units(maker: _Maker) -> list[Row]:
    row = maker.take()
    row["usage_units"] = 0
    return [row]


def hardly_a_day(maker: _Maker) -> list[Row]:
    row = maker.take()
    if (row["claimed_on"] - row["confirmed_on"]).days < 20:
        return []
    row |= {"usage_days": 1, "usage_units": max(1, row["usage_units"] // 100)}
    return [row]


def invoice_before_order(maker: _Maker) -> list[Row]:
    row = maker.take()
    row["invoice_on"] = row["ordered_on"] - timedelta(days=maker.chance.randrange(1, 60))
    return [row]


def confirmed_before_order(maker: _Maker) -> list[Row]:
    row = maker.take()
    row["confirmed_on"] = row["ordered_on"] - timedelta(days=maker.chance.randrange(1, 30))
    return [row]


def claimed_before_confirmed(maker: _Maker) -> list[Row]:
    row = maker.take()
    row["confirmed_on"] = row["claimed_on"] + timedelta(days=maker.chance.randrange(1, 30))
    return [row]


def _just_under(maker: _Maker, row: Row) -> None:
    rate = maker.rates[CATEGORIES.index(row["category"])]
    voucher = int(maker.cap * 100 * maker.chance.uniform(0.965, 0.999))
    price = int(voucher / rate)
    row["list_price_yuan"] = None if row["list_price_yuan"] is None else max(row["list_price_yuan"], price)
    row |= {"price_yuan": price, "voucher_yuan": voucher, "paid_yuan": price - voucher, "invoice_yuan": price}


def priced_under_the_cap(maker: _Maker) -> list[Row]:
    """A provider whose customers all happen to need a little less than the cap."""
    provider, rows = maker.chance.choice(maker.providers), []
    for _ in range(maker.chance.randrange(8, 14)):
        one = maker.newcomer()
        rows.append(maker.claim(provider, one, maker.ordered_on(one)))
        _just_under(maker, rows[-1])
    return rows


def split_under_the_cap(maker: _Maker) -> list[Row]:
    """One enterprise's order in three to five parts within days."""
    provider, one, rows = maker.chance.choice(maker.providers), maker.newcomer(), []
    product, first = maker.chance.choice(provider["products"]), maker.ordered_on(one)
    for part in range(maker.chance.randrange(3, 6)):
        rows.append(maker.claim(provider, one, first + timedelta(days=part), product=product))
        _just_under(maker, rows[-1])
    return rows


def burst(maker: _Maker) -> list[Row]:
    """Far more in three days than a provider otherwise has in months."""
    weight, world = sum(maker.weights), maker.world
    daily = [maker.claims * one / weight / world.span for one in maker.weights]
    middling = [at for at, rate in enumerate(daily) if 0.03 < rate < 2]
    at = maker.chance.choice(middling or range(len(daily)))
    day, rows = maker.start + timedelta(days=maker.chance.randrange(200, world.span)), []
    habit = {"lag": 3, "weekly": 7, "monthly": 31}[world.filing] * daily[at]
    for _ in range(int(max(12, habit * 5))):
        one = maker.chance.choice(maker.enterprises)
        row = maker.claim(maker.providers[at], one, max(day - timedelta(days=60), one["registered"]))
        row["claimed_on"] = max(day + timedelta(days=maker.chance.randrange(3)), row["confirmed_on"], row["invoice_on"])
        if row["claimed_on"] < day + timedelta(days=3):
            rows.append(row)
    return rows


def shells_at_one_address(maker: _Maker) -> list[Row]:
    return _shells(maker, "address")


def shells_of_one_person(maker: _Maker) -> list[Row]:
    return _shells(maker, "person")


def _shells(maker: _Maker, kind: str) -> list[Row]:
    provider, rows = maker.chance.choice(maker.providers), []
    shared = maker.address() if kind == "address" else maker.name() + "某"
    first = maker.start + timedelta(days=maker.chance.randrange(60, maker.world.span))
    for _ in range(maker.chance.randrange(5, 12)):
        ordered = first + timedelta(days=maker.chance.randrange(60))
        one = maker.newcomer(ordered - timedelta(days=maker.chance.randrange(3, 80)))
        one["facts"][kind] = shared
        rows.append(maker.claim(provider, one, ordered))
    return rows


DISGUISES: tuple[tuple[str, tuple[Callable[[_Maker], list[Row]], ...]], ...] = (
    (
        "AFFILIATED_PARTIES",
        (
            same_person,
            same_phone_written_otherwise,
            same_account,
            same_address,
            through_another_enterprise,
            through_another_provider,
        ),
    ),
    ("PRICE_OUTLIER", (price_times, price_moderate, price_above_list)),
    ("CONTRACT_REUSED", (contract_again, contract_again_in_capitals)),
    ("PAYMENT_MISMATCH", (paid_too_little, paid_from_another_account, paid_to_another_account)),
    ("ROUND_TRIP", (all_came_back, half_came_back, paid_to_itself, paid_in_a_ring)),
    ("NO_USAGE", (no_days, no_units, hardly_a_day)),
    ("DATES_OUT_OF_ORDER", (invoice_before_order, confirmed_before_order, claimed_before_confirmed)),
    ("CAP_HUGGING", (priced_under_the_cap, split_under_the_cap)),
    ("BURST", (burst,)),
    ("SHELL_ENTERPRISES", (shells_at_one_address, shells_of_one_person)),
    (
        "INVOICE_REUSED",
        (
            invoice_again,
            invoice_again_of_the_provider,
            invoice_swapped,
            invoice_spaced,
            invoice_prefixed,
            invoice_written_otherwise,
        ),
    ),
)
