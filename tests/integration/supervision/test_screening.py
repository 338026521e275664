"""Lost if these fail: a claim would be paid that a supervisor had to see, or an honest one held for nothing."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from infra.clock import local_date
from services.supervision.handlers.news import PRODUCT
from services.supervision.store import claims, known
from services.supervision.store.tables import screening_pending
from tests.integration.supervision.kit import GUIZHOU, START, Kit, uid


def test_an_honest_claim_is_cleared_by_version(kit: Kit) -> None:
    kit.market()
    kit.filed(1)
    [cleared] = kit.said("claim_cleared")
    assert cleared["data"]["claim_version"] == 1
    assert cleared["data"]["alerts"] == []
    assert kit.said("claim_held", "alert_raised") == []


def test_a_shared_phone_holds_the_claim_and_says_why_without_the_value(kit: Kit) -> None:
    phone = "f" * 64
    kit.market(phone=phone)
    kit.hear(kit.enterprise(1, phone=phone))
    kit.filed(1)
    [raised] = kit.said("alert_raised")
    assert raised["data"]["alert"] == "AFFILIATED_PARTIES"
    assert raised["data"]["severity"] == "high"
    assert raised["data"]["law"]["articles"] == ["第十三条(四)"]
    evidence = raised["data"]["evidence"]
    assert evidence["path"] == [{"from": uid("E", 1), "to": uid("P", 1), "by": ["phone"], "shared_by": [2]}]
    assert evidence["explanation"] == {
        "zh": "企业与云服务商共有：电话。",
        "en": "Enterprise and provider share: phone.",
    }
    [held] = kit.said("claim_held")
    assert held["data"]["law"] == {
        "pack_version": "guizhou-2018@1",
        "articles": ["五(四)"],
        "facts": held["data"]["law"]["facts"],
    }
    assert phone not in str(kit.said())


def test_a_recorded_tie_holds_the_claim(kit: Kit) -> None:
    kit.market()
    kit.hear(kit.tie(1, 1, 1))
    kit.filed(1)
    assert kit.verdicts(1) == ["held"]


def test_a_tie_told_after_clearance_brings_the_claim_back(kit: Kit) -> None:
    """The operator finds out about ownership a week later: what is not paid yet must wait."""
    kit.market()
    kit.filed(1)
    kit.filed(2, 2)
    kit.filed(3, 1, told="claim_filed")
    kit.hear(kit.claim(3, 1, told="claim_paid", status="paid"))
    kit.hear(kit.tie(1, 1, 1))
    assert kit.verdicts(1) == ["cleared", "held"]
    assert kit.verdicts(2) == ["cleared"]
    assert kit.verdicts(3) == ["cleared"], "what is paid is paid"
    assert [one["sequence"] for one in kit.said("claim_cleared", "claim_held") if one["subject"] == uid("C", 1)] == [
        1,
        2,
    ]


def test_another_reason_to_hold_is_told_as_an_alert_and_not_as_a_second_verdict(light: Kit) -> None:
    light.market()
    light.filed(1, 1, invoice="12345678")
    light.filed(2, 2, invoice="12345678")
    light.hear(light.tie(1, 2, 1))
    assert light.verdicts(2) == ["held"]
    assert light.rules(2) == ["AFFILIATED_PARTIES", "INVOICE_REUSED"]


def test_two_replicas_do_not_screen_the_same_claim(postgres_url: str) -> None:
    """Due work on one replica, news on the other: a claim would get two verdicts of the same number."""
    kit = Kit(postgres_url)
    kit.hear(kit.enterprise(1), kit.provider(1), kit.order(1), kit.claim(1))
    product = kit.product(1)
    with kit.engine.begin() as conn:
        known.save_products(conn, [{**{name: product.data[name] for name in PRODUCT}, "sequence": 1}])
    with kit.engine.begin() as conn:
        assert len(claims.ready(conn, most=10)) == 1
        with kit.engine.begin() as other:
            assert claims.ready(other, most=10) == []
    assert kit.pipeline.run_due()["screen_waiting"] == 1
    assert kit.verdicts(1) == ["cleared"]
    kit.close()


def test_parties_tied_through_another_are_found(kit: Kit) -> None:
    kit.market(account="b" * 64)
    kit.hear(kit.enterprise(1, phone="a" * 64), kit.enterprise(2, phone="a" * 64, account="b" * 64))
    kit.filed(1)
    [alert] = kit.alerts(1)
    assert alert["severity"] == "medium"
    assert alert["evidence"]["parties"] == [uid("E", 1), uid("E", 2), uid("P", 1)]
    assert [link["by"] for link in alert["evidence"]["path"]] == [["phone"], ["account"]]


def test_a_serviced_office_ties_nobody(kit: Kit) -> None:
    """Hundreds of firms are registered at some addresses; alerts on all their claims would drown the true ones."""
    office = "c" * 64
    kit.market(enterprises=1, address=office)
    kit.hear(*(kit.enterprise(number, address=office) for number in range(1, 25)))
    kit.filed(1)
    assert kit.verdicts(1) == ["cleared"]
    related = kit.ask("related", from_id=uid("E", 1), to_id=uid("P", 1))
    assert related["related"] is False
    assert related["ignored"][0] == {"party_id": uid("E", 1), "kind": "address", "shared_by": 25}


def test_a_crowd_is_not_even_read(light: Kit) -> None:
    """An address of ten thousand firms would be loaded with every claim of each of them."""
    light.hear(*(light.enterprise(number, address="c" * 64, phone=f"{number // 2:064d}") for number in range(1, 101)))
    with light.engine.connect() as conn:
        graph = known.graph(conn, [uid("E", 10), uid("E", 20)], today=light.clock.now().date())
    assert graph.facts.keys() == {uid("E", number) for number in (10, 11, 20, 21)}


def test_a_fact_that_was_changed_still_ties(kit: Kit) -> None:
    """A phone changed after registration is how affiliation is hidden."""
    kit.market(phone="d" * 64)
    kit.hear(kit.enterprise(1, phone="d" * 64))
    kit.hear(kit.enterprise(1, phone="e" * 64))
    kit.filed(1)
    assert kit.rules(1) == ["AFFILIATED_PARTIES"]


DISGUISES = [
    ("12345678", "12345678", "high"),
    ("12345678", " 1234 5678 ", "high"),
    ("12345678", "１２３４５６７８", "high"),
    ("GZ-12345678", "gz12345678", "high"),
    ("12345678", "FP12345678", "medium"),
    ("GZ12345678", "GY12345678", "medium"),
    ("№00012345678", "12345678", "medium"),
    ("12345678", "12435678", "medium"),
    ("12345678", "21345678", "medium"),
    ("GZ12345678", "GY12354678", "medium"),
    ("520017113012345678", "12345678", "medium"),
]


@pytest.mark.parametrize(("first", "second", "severity"), DISGUISES, ids=[f"{a}→{b}" for a, b, _ in DISGUISES])
def test_an_invoice_used_before_is_known_again(light: Kit, first: str, second: str, severity: str) -> None:
    light.market()
    light.filed(1, 1, invoice=first)
    light.filed(2, 2, invoice=second)
    assert light.verdicts(1) == ["cleared"]
    assert light.verdicts(2) == ["held"]
    [alert] = light.alerts(2)
    assert (alert["alert"], alert["severity"]) == ("INVOICE_REUSED", severity)
    assert alert["evidence"]["claims"] == [uid("C", 1)]
    assert uid("C", 1) in alert["evidence"]["explanation"]["zh"]


def test_both_in_one_batch_the_later_is_alerted(kit: Kit) -> None:
    kit.market()
    first, second = kit.order(1, 1), kit.order(2, 2)
    early = kit.claim(1, 1, invoice="12345678")
    kit.clock.advance(timedelta(seconds=1))
    kit.hear(first, second, kit.claim(2, 2, invoice="12345678"), early)
    assert (kit.verdicts(1), kit.verdicts(2)) == (["cleared"], ["held"])


def test_news_out_of_order_does_not_let_a_copy_through(kit: Kit) -> None:
    """The copy was screened before the news of the first use came: it is looked at again, and held."""
    kit.market()
    kit.hear(kit.order(1, 1))
    early = kit.claim(1, 1, invoice="12345678")
    kit.filed(2, 2, invoice="12345678")
    assert kit.verdicts(2) == ["cleared"]
    kit.hear(early)
    kit.pipeline.run_due()
    assert (kit.verdicts(1), kit.verdicts(2)) == (["cleared"], ["cleared", "held"])


def test_the_first_user_of_an_invoice_is_not_blamed_when_it_files_again(kit: Kit) -> None:
    kit.market()
    kit.filed(1, 1, invoice="12345678")
    kit.filed(2, 2, invoice="12345678")
    kit.clock.advance(timedelta(days=3))
    kit.hear(kit.claim(1, 1, invoice="12345678", version=2, invoice_on=local_date(START)))
    assert kit.verdicts(1) == ["cleared", "cleared"]


def test_a_claim_corrected_to_another_claims_invoice_is_held(kit: Kit) -> None:
    """Filed early with its own number, then corrected to one that another used meanwhile."""
    kit.market()
    kit.filed(1, 1, invoice="55556666")
    kit.filed(2, 2, invoice="12345678")
    kit.clock.advance(timedelta(days=3))
    kit.hear(kit.claim(1, 1, invoice="12345678", version=2))
    assert kit.verdicts(1) == ["cleared", "held"]


def test_the_same_order_may_be_claimed_again_after_withdrawal(kit: Kit) -> None:
    """Withdrawn and filed anew with its own invoice is honest; for another order it is not."""
    kit.market()
    kit.filed(1, 1, invoice="12345678")
    kit.hear(kit.claim(1, 1, invoice="12345678", told="claim_withdrawn", status="withdrawn"))
    kit.filed(2, 1, order=1, invoice="12345678")
    kit.filed(3, 1, order=3, invoice="12345678")
    assert (kit.verdicts(2), kit.verdicts(3)) == (["cleared"], ["held"])


def test_a_swap_shows_among_many_numbers_that_do_not_run_on(light: Kit) -> None:
    """A provider's claims are a few of its sales: numbers that lie apart excuse nothing."""
    light.hear(*(light.enterprise(n) for n in range(1, 21)), *(light.provider(n) for n in (1, 2)))
    light.hear(light.product(1, 1), light.product(2, 2))
    for number in range(1, 41):
        light.filed(number, number % 20 + 1, price=1_000_000 + number, invoice=f"{52_000_000 + number * 611}")
    swapped = f"{52_000_000 + 20 * 611}"
    light.filed(50, 3, provider=2, product=2, price=1_000_020, invoice=swapped[:-2] + swapped[-1] + swapped[-2])
    assert [one["data"]["claim_id"] for one in light.said("claim_held")] == [uid("C", 50)]


@pytest.mark.parametrize("rolls", [1, 7])
def test_an_honest_roll_of_invoices_raises_no_alert(light: Kit, rolls: int) -> None:
    """Sellers number their invoices one after another, all at list price: neighbours differ by swapped digits."""
    light.hear(*(light.enterprise(n) for n in range(1, 61)), *(light.provider(n) for n in range(1, rolls + 1)))
    light.hear(*(light.product(n, n) for n in range(1, rolls + 1)))
    events = []
    for number in range(1, 121):
        roll = number % rolls + 1
        about = {"provider": roll, "product": roll}
        light.clock.advance(timedelta(minutes=1))
        invoice = f"{52001700 + roll}{11_000 + number // rolls:08d}"
        events += [light.order(number, number % 60 + 1, **about)]
        events += [light.claim(number, number % 60 + 1, invoice=invoice, **about)]
    for start in range(0, len(events), 40):
        light.hear(*events[start : start + 40])
    assert len(light.said("claim_cleared")) >= 118, light.said("alert_raised")[0]["data"]["evidence"]


def test_a_price_far_above_what_others_pay_for_the_product(kit: Kit) -> None:
    kit.market(enterprises=20)
    kit.hear(*(kit.order(n, n, price=1_000_000 + n * 1_000, listed=5_000_000) for n in range(2, 12)))
    kit.hear(kit.order(1, 1, price=4_000_000, listed=5_000_000), kit.claim(1, 1, price=4_000_000))
    [alert] = kit.alerts(1)
    assert (alert["alert"], alert["severity"]) == ("PRICE_OUTLIER", "high")
    numbers = alert["evidence"]["numbers"]
    assert (numbers["basis"], numbers["peers"], numbers["percent_of_median"]) == ("product", 10, 397)
    kit.hear(kit.order(12, 12, price=1_050_000, listed=5_000_000), kit.claim(12, 12, price=1_050_000))
    assert kit.verdicts(12) == ["cleared"]


@pytest.mark.parametrize(("kind", "basis"), [("production_management", "kind"), ("research_design", "category")])
def test_a_price_far_above_the_kind_or_category(kit: Kit, kind: str, basis: str) -> None:
    """A product nobody else buys, at a price out of all proportion."""
    kit.market(enterprises=30)
    kit.hear(*(kit.product(n, 1) for n in range(2, 6)), kit.product(6, 1, kind=kind))
    kit.hear(*(kit.order(n, n, product=n % 4 + 1, price=900_000 + n * 20_000) for n in range(2, 22)))
    kit.filed(1, 1, product=6, price=9_000_000)
    [alert] = kit.alerts(1)
    assert (alert["alert"], alert["evidence"]["numbers"]["basis"]) == ("PRICE_OUTLIER", basis)
    kit.filed(25, 25, product=6, price=1_500_000)
    assert kit.verdicts(25) == ["cleared"]


def test_cancelled_orders_and_the_enterprises_own_are_no_peers(kit: Kit) -> None:
    """Or a ring would set its own norm, with orders it never pays."""
    kit.market(enterprises=20)
    kit.hear(*(kit.order(n, n, price=1_000_000) for n in range(2, 12)))
    kit.hear(*(kit.order(100 + n, n, price=9_000_000, status="cancelled") for n in range(2, 19)))
    kit.hear(*(kit.order(200 + n, 1, price=9_000_000) for n in range(30)))
    kit.filed(1, 1, price=9_000_000)
    assert kit.rules(1) == ["PRICE_OUTLIER"]


@pytest.mark.parametrize(("listed", "market"), [(900_000, None), (2_000_000, 900_000)])
def test_above_list_or_market_price(kit: Kit, listed: int, market: int | None) -> None:
    kit.hear(kit.enterprise(1), kit.provider(1), kit.product(1, market_price_fen=market))
    kit.hear(kit.order(1, listed=listed), kit.claim(1))
    [alert] = kit.alerts(1)
    assert (alert["alert"], alert["severity"], alert["articles"]) == ("PRICE_OUTLIER", "high", ["三(二)"])


def test_an_alert_of_low_severity_is_told_and_holds_nothing(kit: Kit) -> None:
    """The pack says which severities hold (五(四)); weak links through another are for the supervisor's eyes only."""
    kit.market(address="b" * 64)
    kit.hear(kit.enterprise(1, person="a" * 64), kit.enterprise(2, person="a" * 64, address="b" * 64))
    kit.filed(1)
    [alert] = kit.alerts(1)
    assert (alert["severity"], alert["holds"], kit.verdicts(1)) == ("low", False, ["cleared"])
    assert kit.said("claim_cleared")[0]["data"]["alerts"] == ["AFFILIATED_PARTIES"]


@pytest.mark.parametrize("late", ["enterprise", "provider", "product", "order"])
def test_a_claim_waits_in_line_for_what_is_not_known_yet(kit: Kit, late: str) -> None:
    """Producers' news comes in any order: silence is no clearance, and nothing may be cleared half seen."""
    phone = {"phone": "a" * 64}
    news = {
        "enterprise": kit.enterprise(1, **phone),
        "provider": kit.provider(1, **phone),
        "product": kit.product(1),
        "order": kit.order(1),
    }
    claim = kit.claim(1)
    kit.hear(claim, *(event for name, event in news.items() if name != late))
    assert kit.verdicts(1) == []
    assert kit.pipeline.run_due()["screen_waiting"] == 0
    assert kit.ask("totals", programme=GUIZHOU, year=2018)["figures"]["screening_pending"] == 1
    kit.hear(news[late])
    assert kit.verdicts(1) == ["held"]
    [held] = kit.said("claim_held")
    assert (held["causationid"], held["correlationid"]) == (claim.id, claim.correlation_id)
    with kit.engine.connect() as conn:
        assert conn.execute(sa.select(screening_pending)).all() == []


def test_what_was_filed_again_is_screened_again_and_the_last_version_counts(kit: Kit) -> None:
    kit.market()
    kit.filed(1, invoice="12345678")
    kit.filed(2, 2, invoice="12345678")
    kit.hear(kit.claim(2, 2, told="claim_returned", status="returned", invoice="12345678"))
    kit.hear(kit.claim(2, 2, version=2, invoice="99995555"))
    assert kit.by_version(2) == [(1, "held"), (2, "cleared")]


def test_a_claim_withdrawn_while_it_waits_is_not_screened(kit: Kit) -> None:
    kit.hear(kit.claim(1), kit.claim(1, told="claim_withdrawn", status="withdrawn"))
    kit.market()
    kit.hear(kit.order(1))
    assert kit.verdicts(1) == []


def test_the_same_events_again_change_nothing(kit: Kit) -> None:
    """At least once on the wire, once in effect; repeats of an alert fold even when the inbox has forgotten them."""
    kit.market(phone="a" * 64)
    kit.hear(kit.enterprise(1, phone="a" * 64))
    order, claim = kit.order(1), kit.claim(1)
    kit.hear(order, claim)
    before = kit.said()
    kit.hear(order, claim)
    kit.hear(kit.claim(1))
    assert kit.said() == before
    assert len(kit.alerts(1)) == 1


def test_any_order_of_events_ends_in_the_same_verdicts(kit: Kit) -> None:
    """Some news early, some late, in batches of any cut: who is held does not hang on it."""
    dice = random.Random(7)
    events = [kit.enterprise(n, phone=f"{n % 4:064d}") for n in range(1, 9)]
    events += [kit.provider(1, phone=f"{1:064d}"), kit.provider(2), kit.product(1, 1), kit.product(2, 2)]
    for number in range(1, 17):
        kit.clock.advance(timedelta(minutes=1))
        about = {"provider": number % 2 + 1, "product": number % 2 + 1}
        invoice = f"{number * 1_234_567 + 10_000_000}" if number != 9 else f"{2 * 1_234_567 + 10_000_000}"
        enterprise = number % 8 + 1
        events.append(kit.order(number, enterprise, **about))
        events.append(kit.claim(number, enterprise, invoice=invoice, **about))
    dice.shuffle(events)
    while events:
        cut = dice.randrange(1, 12)
        kit.hear(*events[:cut])
        del events[:cut]
    kit.pipeline.run_due()
    last = {number: kit.verdicts(number)[-1] for number in range(1, 17)}
    tied = {number for number in range(1, 17) if number % 2 == 0 and (number % 8 + 1) % 4 == 1}
    assert {number for number, verdict in last.items() if verdict == "held"} == tied | {9}
