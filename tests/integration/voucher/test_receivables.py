"""News of money that is owed back, on both databases: duplicates, disorder and haste change nothing in the books."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from infra.messages import Event
from infra.pipeline import EventsFailed, NotYet
from services.voucher import tables
from tests.integration.voucher.world import GUIZHOU, World

PAID_FEN = 600_000
NAMES = ("redeemed", "receivable", "recovered", "written_off", "losses")


class Owing:
    """A paid claim of one provider, and what is told of a receivable on it."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.plan()
        enterprise = world.granted()
        self.provider, product = world.shelf()
        self.order = world.confirmed(enterprise, self.provider, product)
        self.claim, self.receivable = world.new("C"), world.new("V")
        world.hear(world.claim("filed", self.order, self.claim, self.provider))

    def pay(self) -> None:
        self.world.hear(self.world.claim("paid", self.order, self.claim, self.provider))

    def told(self, name: str, sequence: int, amount_fen: int = 100_000, **more: Any) -> Event:
        data = {"receivable_id": self.receivable, "programme": GUIZHOU, "year": 2019, "plan_region": "52"}
        data |= {"party_kind": "provider", "party_id": self.provider, "claim_id": self.claim, "ground": "overpaid"}
        data |= {"amount_fen": amount_fen, "recovered_fen": 0, "offset_fen": 0, "written_off_fen": 0}
        data |= {"reference": "YR1", "status": "owed", "reasons": ["x"]}
        data["law"] = {"pack_version": "guizhou-2018@1", "articles": [], "facts": {}}
        return self.world.event(f"settlement.receivable_{name}.v1", self.receivable, {**data, **more}, sequence)

    def states(self) -> list[Event]:
        """Owed, recovered, restored in part, written off."""
        return [
            self.told("owed", 2),
            self.told("recovered", 3, recovered_fen=60_000, offset_fen=60_000),
            self.told("restored", 4, recovered_fen=10_000, offset_fen=10_000),
            self.told("written_off", 5, recovered_fen=10_000, written_off_fen=90_000, status="written_off"),
        ]

    def money(self) -> dict[str, int]:
        figures = self.world.totals()
        return {name: figures[f"{name}_fen"] for name in NAMES if figures[f"{name}_fen"]}


@pytest.fixture
def owing(world: World) -> Owing:
    return Owing(world)


END = {"redeemed": PAID_FEN - 100_000, "recovered": 10_000, "written_off": 90_000}


def test_each_step_moves_the_books_and_every_fen_is_somewhere(owing: Owing) -> None:
    owing.pay()
    expected = [
        {"redeemed": 500_000, "receivable": 100_000},
        {"redeemed": 500_000, "receivable": 40_000, "recovered": 60_000},
        {"redeemed": 500_000, "receivable": 90_000, "recovered": 10_000},
        END,
    ]
    for state, after in zip(owing.states(), expected, strict=True):
        owing.world.hear(state)
        owing.world.hear(state)
        assert owing.money() == after, state.type
    entries = owing.world.ask("statement", account=f"receivable:{GUIZHOU}:2019:{owing.provider}")["items"]
    assert [(one["side"], one["amount_fen"]) for one in entries] == [
        ("credit", 100_000),
        ("debit", 60_000),
        ("credit", 50_000),
        ("debit", 90_000),
    ]
    told = owing.world.ask("explain", subject=owing.receivable)["decisions"]
    assert next(one["action"] for one in told) == "receivable_owed"


def test_in_whatever_order_they_come(owing: Owing) -> None:
    """A newer state carries all that went before; an older one that comes late moves nothing."""
    owing.pay()
    states = owing.states()
    for place, order in enumerate(itertools.islice(itertools.permutations(states), 0, 24, 5)):
        owing.receivable = owing.world.new("V")
        for state in order:
            event = owing.told(state.type.split("_", 1)[1][:-3], state.sequence, 100_000, **_totals(state))
            owing.world.hear(event)
        assert owing.money()["recovered"] == 10_000 * (place + 1)
        assert owing.money()["written_off"] == 90_000 * (place + 1)
    assert "receivable" not in owing.money()


def _totals(state: Event) -> dict[str, Any]:
    names = ("recovered_fen", "offset_fen", "written_off_fen", "status")
    return {name: state.data[name] for name in names}


def test_what_is_owed_waits_for_the_news_of_its_payment(owing: Owing) -> None:
    """Taken from `redeemed` before it came there, the ledger would break and the news be lost."""
    with pytest.raises(EventsFailed) as failed:
        owing.world.hear(owing.told("owed", 2))
    assert isinstance(failed.value.failures[0], NotYet)
    assert owing.money() == {}
    owing.pay()
    owing.world.hear(owing.told("owed", 2))
    assert owing.money() == {"redeemed": 500_000, "receivable": 100_000}


def test_losses_leave_the_year_s_own_money_alone(owing: Owing) -> None:
    owing.pay()
    owing.world.hear(owing.told("owed", 2, claim_id=None, ground="exit_losses"))
    assert owing.money() == {"redeemed": PAID_FEN, "receivable": 100_000, "losses": 100_000}


def test_a_locality_s_money_stays_its_own(owing: Owing) -> None:
    """What one city's plan paid may not come back to another's books."""
    owing.world.hear(owing.told("owed", 2, claim_id=None, ground="exit_losses", plan_region="5201"))
    owing.world.hear(owing.told("recovered", 3, claim_id=None, plan_region="5201", recovered_fen=100_000))
    names = {row["name"] for row in owing.world.rows(tables.accounts, tables.accounts.c.credits_posted > 0)}
    assert f"recovered:{GUIZHOU}:2019:5201" in names


def test_two_replicas_at_once_post_once(owing: Owing) -> None:
    """Both find nothing heard yet; posted by both, the debt would stand twice in the books."""
    owing.pay()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(owing.world.hear, owing.states()))
    assert owing.money() == END
