"""Lost if these fail: misconduct in one of its disguises passes, or honest business is called misconduct."""

from datetime import date, timedelta

import pytest

from contracts.rpc.supervision import SEVERITIES
from services.supervision.domain.screening import engine, parties
from services.supervision.domain.screening.chance import binomial_tail, poisson_tail
from services.supervision.domain.screening.contracts import EMPTY
from services.supervision.domain.screening.population import Population, fact_key
from services.supervision.domain.screening.reuse import forms
from tests.unit.supervision.claims import START, crowd, finding, found, plain

ELEVEN = {
    "AFFILIATED_PARTIES", "PRICE_OUTLIER", "INVOICE_REUSED", "CONTRACT_REUSED", "PAYMENT_MISMATCH", "ROUND_TRIP",
    "NO_USAGE", "DATES_OUT_OF_ORDER", "CAP_HUGGING", "BURST", "SHELL_ENTERPRISES",
}  # fmt: skip


def test_there_are_eleven_rules() -> None:
    assert {parties.RULE, *engine.RULES} == ELEVEN


def test_plain_claims_are_left_alone() -> None:
    assert found(crowd(300)) == {}
    assert found([]) == {}


def alone(rule, claims=120, **cells):
    """Whether the rule alerts on one claim with these cells among plain ones."""
    rows = crowd(claims)
    rows[50] |= cells
    return finding(rows, "C00050", rule)


ORDERED = START + timedelta(days=50)


# --- one claim with some cells changed: rule, what is changed, is it alerted ------------------------------------------

ONE = [
    # own share: 1,000,000 + 10,000 × (50 mod 7 = 1) = 1,010,000 less the voucher of 606,000 is 404,000 fen
    ("PAYMENT_MISMATCH", {"paid_fen": 404_000}, False),
    ("PAYMENT_MISMATCH", {"paid_fen": 395_820}, False),  # 2 % and a yuan less
    ("PAYMENT_MISMATCH", {"paid_fen": 395_819}, True),
    ("PAYMENT_MISMATCH", {"paid_fen": 0}, True),
    ("PAYMENT_MISMATCH", {"paid_fen": 500_000}, False),  # more than owed is nobody's loss
    ("PAYMENT_MISMATCH", {"payer_account": "6222 0000 00050"}, False),  # spaces
    ("PAYMENT_MISMATCH", {"payer_account": "6222000000051"}, True),
    ("PAYMENT_MISMATCH", {"payee_account": "6333999999999"}, True),
    ("PAYMENT_MISMATCH", {"voucher_fen": None, "paid_fen": 0}, False),
    ("PAYMENT_MISMATCH", {"enterprise_account": None}, False),
    ("ROUND_TRIP", {"refunded_fen": 100_999}, False),  # just under a quarter of 404,000
    ("ROUND_TRIP", {"refunded_fen": 101_000}, True),
    ("ROUND_TRIP", {"refunded_fen": 404_000}, True),
    ("ROUND_TRIP", {"paid_fen": 808_000, "refunded_fen": 404_000}, False),  # what was paid too much came back
    ("ROUND_TRIP", {"payee_account": "6222-000000050"}, True),
    ("ROUND_TRIP", {"payer_account": "6333000000000"}, True),  # the provider paid itself
    ("NO_USAGE", {"usage_days": 0}, True),
    ("NO_USAGE", {"usage_units": 0}, True),
    ("NO_USAGE", {"usage_days": 1}, True),
    ("NO_USAGE", {"usage_days": 12}, False),
    ("NO_USAGE", {"usage_units": 3}, True),
    ("NO_USAGE", {"usage_units": 500}, False),
    ("NO_USAGE", {"usage_units": None, "usage_days": None}, False),
    ("NO_USAGE", {"usage_days": 2, "claimed_on": ORDERED + timedelta(days=5)}, False),  # all there was
    ("DATES_OUT_OF_ORDER", {"invoice_on": ORDERED}, False),
    ("DATES_OUT_OF_ORDER", {"invoice_on": ORDERED - timedelta(days=1)}, True),
    ("DATES_OUT_OF_ORDER", {"confirmed_on": ORDERED - timedelta(days=1)}, True),
    ("DATES_OUT_OF_ORDER", {"confirmed_on": ORDERED + timedelta(days=60)}, False),  # the day of the claim
    ("DATES_OUT_OF_ORDER", {"confirmed_on": ORDERED + timedelta(days=61)}, True),
    ("DATES_OUT_OF_ORDER", {"claimed_on": ORDERED - timedelta(days=1)}, True),
    ("DATES_OUT_OF_ORDER", {"ordered_on": None, "invoice_on": date(2000, 1, 1)}, False),
    ("PRICE_OUTLIER", {"price_fen": 1_100_000}, False),  # at list price
    ("PRICE_OUTLIER", {"price_fen": 1_100_100}, True),
    ("PRICE_OUTLIER", {"price_fen": 1_300_000, "list_price_fen": 1_300_000}, False),  # 1.26 times the median
    ("PRICE_OUTLIER", {"price_fen": 1_600_000, "list_price_fen": 1_600_000}, True),  # the list price raised with it
    ("PRICE_OUTLIER", {"price_fen": 1_600_000, "list_price_fen": None}, True),
    ("PRICE_OUTLIER", {"price_fen": 100}, False),
    ("PRICE_OUTLIER", {"price_fen": None, "list_price_fen": 1}, False),
]


@pytest.mark.parametrize(("rule", "cells", "alerted"), ONE)
def test_one_claim(rule: str, cells, alerted: bool) -> None:
    said = alone(rule, **cells)
    assert (said is not None) is alerted
    if said is not None:
        assert said.severity in SEVERITIES
        assert 0 <= said.score <= 100
        assert said.zh.endswith("。")
        assert said.en[0].isupper()
        assert said.en.endswith(".")


# --- list prices ------------------------------------------------------------------------------------------------------

PLANS = (1_000_000, 2_500_000, 6_000_000)  # a product comes in three; each is bought by others too


def in_plans(per_product):
    """320 orders of products in three plans, each at its list price; the middle plan is as common as the cheap one."""
    products, rows = 320 // per_product, crowd(320)
    for at, row in enumerate(rows):
        price = PLANS[(0, 1, 0, 1, 2, 0, 1, 2)[at // products % 8]]
        row |= {"product": f"L{at % products}", "price_fen": price, "list_price_fen": price}
        row |= {"voucher_fen": None, "invoice_fen": price}
    return rows


LISTS = [
    ("a plan that others buy", 6_000_000, 6_000_000, 16, False),
    ("between two plans, the list price raised with it", 3_400_000, 3_400_000, 16, True),
    ("the same of a product with few orders", 3_400_000, 3_400_000, 8, True),
    ("within a correction of the plan below", 2_600_000, 2_600_000, 16, False),
    ("below the price of the most", 1_500_000, 1_500_000, 16, False),
    ("discounted far below a list price of its own", 1_000_000, 3_400_000, 16, False),
]


@pytest.mark.parametrize(
    ("price", "listed", "many", "alerted"), [case[1:] for case in LISTS], ids=[c[0] for c in LISTS]
)
def test_a_list_price_that_nobody_else_was_quoted(price: int, listed: int, many: int, alerted: bool) -> None:
    """Where a product comes in plans its prices scatter far, and only the list tells a plan from an invention."""
    rows = in_plans(many)
    rows[50] |= {"price_fen": price, "list_price_fen": listed, "invoice_fen": price}
    said = finding(rows, "C00050", "PRICE_OUTLIER")
    assert (said is not None) is alerted
    others = {claim for claim, rules in found(rows).items() if "PRICE_OUTLIER" in rules} - {"C00050"}
    assert others == set()


def test_list_prices_made_for_each_customer_say_nothing() -> None:
    """Where more than two in a hundred have one of their own, it is how that trade quotes."""
    rows = in_plans(16)
    for at in range(0, 320, 32):
        rows[at] |= {"price_fen": 3_000_000 + 100_000 * at, "list_price_fen": 3_000_000 + 100_000 * at}
    alerts = [finding(rows, f"C{at:05d}", "PRICE_OUTLIER") for at in range(0, 320, 32)]
    assert [said for said in alerts if said is not None and said.numbers.get("basis") == "list"] == []


# --- invoices ---------------------------------------------------------------------------------------------------------

INVOICES = [
    ("exactly", "1002003004417", True),
    ("with spaces", " 1002 0030 04417", True),
    ("with hyphens", "1002-0030-04417", True),
    ("in full width", "１００２００３００４４１７", True),
    ("with letters for noughts", "1OO2OO3OO4417", True),
    ("with a prefix", "No. 1002003004417", True),
    ("with leading noughts", "001002003004417", True),
    ("with a suffix", "1002003004417补", True),
    ("two neighbouring digits swapped", "1020003004417", True),
    ("two distant digits swapped, over the same amount", "7002003004411", True),
    ("two digits changed", "1002003004499", False),
    ("another number", "5550008887776", False),
    ("not known", None, False),
]


@pytest.mark.parametrize(("number", "alerted"), [case[1:] for case in INVOICES], ids=[case[0] for case in INVOICES])
def test_an_invoice_used_again(number: str | None, alerted: bool) -> None:
    rows = crowd(120)
    rows[50] |= {"invoice_no": "1002003004417", "invoice_fen": 1_010_000}
    rows[80] |= {"invoice_no": number, "invoice_fen": 1_010_000}
    assert (finding(rows, "C00080", "INVOICE_REUSED") is not None) is alerted
    assert finding(rows, "C00050", "INVOICE_REUSED") is None, "the first one is never blamed for its copy"


def test_of_two_claims_of_one_day_the_moment_decides_and_without_it_both_are_looked_at() -> None:
    rows = crowd(60)
    for at in (20, 21):
        rows[at] |= {"invoice_no": "1002003004417", "claimed_on": date(2019, 9, 1)}
    assert all(finding(rows, claim, "INVOICE_REUSED") for claim in ("C00020", "C00021"))
    for number, row in enumerate(rows):
        row["at"] = 100 - number
    assert finding(rows, "C00020", "INVOICE_REUSED") is not None
    assert finding(rows, "C00021", "INVOICE_REUSED") is None


def test_a_claim_that_ended_unpaid_is_filed_again_with_its_invoice() -> None:
    rows = crowd(60)
    rows[50] |= {"invoice_no": rows[10]["invoice_no"], "order": rows[10]["order"]}
    assert finding(rows, "C00050", "INVOICE_REUSED") is not None
    for row in rows:
        row["ended"] = row["claim"] == "C00010"
    assert finding(rows, "C00050", "INVOICE_REUSED") is None


def test_where_providers_number_alike_the_number_alone_says_nothing() -> None:
    """Each of them begins at 1: equal numbers, and numbers a digit swap apart, are how they count."""
    rows = [row | {"invoice_no": f"{number // 5 + 1:08d}"} for number, row in enumerate(crowd(300))]
    assert found(rows) == {}
    rows[250] |= {"invoice_no": rows[100]["invoice_no"]}  # of one provider, it says all
    assert found(rows) == {"C00250": {"INVOICE_REUSED"}}


def test_neighbours_on_a_roll_are_a_digit_swap_apart() -> None:
    rows = [row | {"invoice_no": f"4400{17_000_000 + number}"} for number, row in enumerate(crowd(300))]
    assert found(rows) == {}


def test_forms_of_a_number() -> None:
    written, plain_one = forms("№ 0012-34 O5"), forms("no.00123405")
    assert (written.plain, written.bare) == (plain_one.plain, plain_one.bare)
    assert forms("GZ-00123405-1").core == "123405"
    assert forms("").plain == ""


# --- contracts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("contract", "alerted"),
    [
        ("ab12" * 16, True),
        ("AB12" * 16, True),
        (" sha256:" + "ab12" * 16, True),
        (EMPTY, False),
        ("0" * 64, False),
    ],
)
def test_one_contract_behind_orders_of_two_enterprises(contract: str, alerted: bool) -> None:
    rows = crowd(60)
    rows[10] |= {"contract_sha256": contract if not alerted else "ab12" * 16}
    rows[40] |= {"contract_sha256": contract}
    assert set(found(rows)) == ({"C00010", "C00040"} if alerted else set())


def test_one_enterprise_may_renew_on_its_contract() -> None:
    rows = crowd(60)
    rows[40] |= {"contract_sha256": rows[10]["contract_sha256"], "enterprise": rows[10]["enterprise"]}
    assert not any("CONTRACT_REUSED" in rules for rules in found(rows).values())


# --- payments across claims -------------------------------------------------------------------------------------------


def test_parts_of_one_order_that_come_to_the_own_share() -> None:
    rows = crowd(60)
    rows[40] |= {name: rows[10][name] for name in ("order", "enterprise", "payer_account", "enterprise_account")}
    rows[40] |= {"price_fen": rows[10]["price_fen"], "voucher_fen": rows[10]["voucher_fen"]}
    whole = rows[10]["price_fen"] - rows[10]["voucher_fen"]
    rows[10]["paid_fen"], rows[40]["paid_fen"] = whole // 3, whole - whole // 3
    assert not any("PAYMENT_MISMATCH" in rules for rules in found(rows).values())
    rows[40]["paid_fen"] = whole // 3
    assert {claim for claim, rules in found(rows).items() if "PAYMENT_MISMATCH" in rules} == {"C00010", "C00040"}


def test_an_enterprise_may_have_several_accounts() -> None:
    """What any of its rows states is its own."""
    rows = crowd(60)
    rows[40] |= {"enterprise": "E00010", "enterprise_account": "6222000000010"}
    rows[10] |= {"payer_account": "6777", "enterprise_account": "6777"}
    rows[40] |= {"payer_account": "6777"}
    assert not any("PAYMENT_MISMATCH" in rules for rules in found(rows).values())


def test_money_that_goes_round() -> None:
    rows = crowd(60)
    rows[10]["payee_account"], rows[11]["payee_account"] = rows[11]["payer_account"], rows[10]["payer_account"]
    assert {claim for claim, rules in found(rows).items() if "ROUND_TRIP" in rules} == {"C00010", "C00011"}


# --- parties ----------------------------------------------------------------------------------------------------------

TIES = [
    ("the person", {"enterprise_person": " 乙 0"}, "high"),
    ("the phone, written otherwise", {"enterprise_phone": "+86 136-0000-0000"}, "high"),
    ("the address alone", {"enterprise_address": "北京路 ０ 号"}, "medium"),
    ("the account", {"enterprise_account": "6333 0000 00000"}, "high"),
    ("nothing", {}, None),
]


@pytest.mark.parametrize(("cells", "severity"), [case[1:] for case in TIES], ids=[case[0] for case in TIES])
def test_parties_that_share(cells, severity: str | None) -> None:
    said = alone("AFFILIATED_PARTIES", **cells)
    assert (said.severity if said else None) == severity


def test_parties_that_hang_together_through_another() -> None:
    """The enterprise's phone is that of a third one, whose person is the provider's."""
    rows = crowd(120)
    rows[51] |= {"enterprise_person": "乙0"}  # buys elsewhere
    rows[50] |= {"enterprise_phone": rows[51]["enterprise_phone"]}
    said = finding(rows, "C00050", "AFFILIATED_PARTIES")
    assert said is not None
    assert said.parties == ("E00050", "E00051", "P0")
    assert finding(rows, "C00051", "AFFILIATED_PARTIES") is None


def test_an_office_of_many_ties_nobody_and_evidence_names_no_facts() -> None:
    rows = [
        row | {"enterprise_address": "北京路0号"} if number % 4 == 0 else row for number, row in enumerate(crowd(120))
    ]
    assert found(rows) == {}
    said = alone("AFFILIATED_PARTIES", enterprise_phone="13600000000")
    assert said is not None
    assert "13600000000" not in str(said.evidence())


@pytest.mark.parametrize(
    ("kind", "a", "b", "alike"),
    [
        ("phone", "+86 138 0000 1111", "13800001111", True),
        ("phone", "0086-13800001111", "13800001111", True),
        ("phone", "13800001112", "13800001111", False),
        ("address", "贵阳市中山路１号", "贵阳市 中山路1号", True),
        ("person", "Li  Wei", "LI WEI", True),
        ("account", "6222-0000 1", "622200001", True),
        ("account", "6222000011", "622200001", False),
    ],
)
def test_two_spellings_of_one_fact(kind: str, a: str, b: str, alike: bool) -> None:
    assert (fact_key(kind, a) == fact_key(kind, b)) is alike
    assert fact_key(kind, " ") is None


# --- providers' habits ------------------------------------------------------------------------------------------------


def filed(days, start=1_000, provider="P0", **cells):
    """Claims of one provider on these days after the start."""
    return [
        plain(start + at, provider=provider, product="S0", claimed_on=START + timedelta(days=day), **cells)
        | {"provider_account": "6333000000000", "payee_account": "6333000000000"}
        | {f"provider_{kind}": f"{kind}0" for kind in ("person", "phone", "address")}
        | {"ordered_on": START, "confirmed_on": START, "invoice_on": START, "usage_days": 40}
        for at, day in enumerate(days)
    ]


HABIT = [*range(100, 500, 8)]  # one in eight days
BURSTS = [
    ("twelve in two days", [300] * 6 + [301] * 6, True),
    ("six on a day", [304] * 6, True),
    ("five on a day", [304] * 5, False),
    ("twenty over two months", [*range(300, 360, 3)], False),
]


@pytest.mark.parametrize(("days", "alerted"), [case[1:] for case in BURSTS], ids=[case[0] for case in BURSTS])
def test_far_above_its_own_habit(days: list[int], alerted: bool) -> None:
    rows = [*filed(HABIT), *filed(days, start=3_000)]
    alerts = {claim for claim, rules in found(rows).items() if "BURST" in rules}
    assert ({row["claim"] for row in rows[len(HABIT) :]} <= alerts) is alerted
    assert bool(alerts) is alerted


def test_who_always_files_in_batches_has_that_habit_and_who_is_new_has_none() -> None:
    batches = [day for month in range(12) for day in [100 + 30 * month] * 10]
    assert found(filed(batches)) == {}
    assert found(filed([100, 130, *[140] * 12])) == {}


def test_a_rush_of_everybody_is_nobodys_burst() -> None:
    rows = []
    for number in range(12):
        rows += filed([*HABIT, *[300] * 8], start=1_000 + 1_000 * number, provider=f"P{number}")
    assert not any("BURST" in rules for rules in found(rows).values())


def shells(many, *, age=20, provider="P0", **cells):
    return [
        plain(
            2_000 + number,
            provider=provider,
            enterprise_registered_on=START + timedelta(days=(2_000 + number) % 300 - age),
            **cells,
        )
        | {f"provider_{kind}": plain(0)[f"provider_{kind}"] for kind in ("person", "phone", "address", "account")}
        | {"payee_account": plain(0)["payee_account"]}
        for number in range(many)
    ]


SHELLS = [
    ("three at one address", 3, {"enterprise_address": "创业路1号"}, True),
    ("three in one building", 3, None, True),
    ("three of one person", 3, {"enterprise_person": "丙"}, True),
    ("two of one person", 2, {"enterprise_person": "丙"}, False),
    ("three that are half a year old", 3, {"enterprise_person": "丙", "age": 180}, True),
    ("three that are older", 3, {"enterprise_person": "丙", "age": 181}, False),
    ("five with nothing in common, a few among many", 5, {}, False),
]


@pytest.mark.parametrize(("many", "cells", "alerted"), [case[1:] for case in SHELLS], ids=[case[0] for case in SHELLS])
def test_enterprises_registered_for_the_purpose(many: int, cells, alerted: bool) -> None:
    rows = shells(many, **(cells or {}))
    if cells is None:
        rows = [row | {"enterprise_address": f"创业路1号{room}室"} for room, row in enumerate(rows, start=101)]
    alerts = found([*crowd(300), *rows])
    assert set(alerts) == ({row["claim"] for row in rows} if alerted else set())


def test_a_provider_that_lives_on_the_newly_registered() -> None:
    """They share nothing, but are far more of its customers than of anybody's."""
    rows = [*crowd(300), *shells(8, provider="P9")]
    alerts = found(rows)
    assert {claim for claim, rules in alerts.items() if "SHELL_ENTERPRISES" in rules} == {
        f"C{2_000 + number:05d}" for number in range(8)
    }


# --- caps -------------------------------------------------------------------------------------------------------------


def priced(row, voucher):
    price = voucher * 10 // 6
    row |= {"voucher_fen": voucher, "price_fen": price, "paid_fen": price - voucher, "list_price_fen": None}
    return row | {"product": f"X{voucher}"}


def test_a_provider_whose_vouchers_end_just_under_the_quota() -> None:
    """50,000 yuan a year in Guizhou (第十六条)."""
    rows = crowd(300)
    for number in range(8):
        rows[5 * number] = priced(rows[5 * number], 4_890_000 + 11_000 * number)
    alerts = {claim for claim, rules in found(rows).items() if "CAP_HUGGING" in rules}
    assert alerts == {f"C{5 * number:05d}" for number in range(8)}


@pytest.mark.parametrize("voucher", [5_000_000, 4_200_000])
def test_at_the_cap_it_binds_and_well_below_it_is_no_matter(voucher: int) -> None:
    rows = crowd(300)
    for number in range(8):
        rows[5 * number] = priced(rows[5 * number], voucher)
    assert not any("CAP_HUGGING" in rules for rules in found(rows).values())


def test_an_order_that_was_split() -> None:
    """Three orders of one enterprise within days, each below what one voucher may be, all beyond it."""
    rows = crowd(300)
    for part in range(3):
        rows[5 * part] = priced(rows[5 * part], 3_700_000 + 90_000 * part) | {
            "enterprise": "E00000",
            "payer_account": "6222000000000",
            "ordered_on": START + timedelta(days=2 * part),
        }
    alerts = {claim for claim, rules in found(rows).items() if "CAP_HUGGING" in rules}
    assert alerts == {"C00000", "C00005", "C00010"}
    for part in range(3):
        rows[5 * part]["ordered_on"] = START + timedelta(days=100 * part)
        rows[5 * part]["claimed_on"] = START + timedelta(days=100 * part + 60)
    assert not any("CAP_HUGGING" in rules for rules in found(rows).values())


# --- chance -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("many", "mean", "tail"), [(0, 2.0, 1.0), (1, 2.0, 0.864665), (5, 2.0, 0.052653), (3, 5.0, 0.875348), (2, 0.0, 0.0)]
)
def test_poisson(many: int, mean: float, tail: float) -> None:
    assert poisson_tail(many, mean) == pytest.approx(tail, abs=1e-6)


@pytest.mark.parametrize(("many", "of", "share", "tail"), [(0, 3, 0.5, 1.0), (2, 3, 0.5, 0.5), (3, 3, 0.1, 0.001)])
def test_binomial(many: int, of: int, share: float, tail: float) -> None:
    assert binomial_tail(many, of, share) == pytest.approx(tail)


def test_a_population_knows_its_columns() -> None:
    population = Population.of([{"claim": "a", "price_fen": 1}, {"claim": "b"}])
    assert population.row("b") == 1
    assert [len(group) for group in population.groups("claim")] == [1, 1]
    assert population.groups("provider") == []
    with pytest.raises(KeyError):
        population.row("c")
