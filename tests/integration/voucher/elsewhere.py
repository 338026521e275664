"""The other programmes' voucher services: the same code, with what their packs ask of parties, plans and orders."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from infra.packs import OVERLAYS, library
from services.voucher import filings_store, tables
from tests.integration.voucher.world import World
from tests.unit.voucher import made

AUTUMN = datetime(2019, 10, 15, 4, 0, tzinfo=UTC)
NEIMENGGU, SHANDONG, SHENYANG, SHANXI = "neimenggu-2019", "shandong-2017", "shenyang-2018", "shanxi-2018"
# programme → what an enterprise of it is
PARTIES: dict[str, dict[str, Any]] = {
    NEIMENGGU: {"region": "150102", "industry": "industrial"},
    SHANDONG: {"region": "370202", "size": "small"},
    SHENYANG: {"region": "210106", "tax_region": "210106", "industry": "industrial"},
    SHANXI: {"region": "140105"},
}


class Elsewhere(World):
    """One programme's parties, plan and orders; every figure in fen."""

    def __init__(self, engine: sa.Engine, programme: str, now: datetime = AUTUMN, *, make: bool = True) -> None:
        super().__init__(engine, now, make=make)
        self.programme = programme
        self.roles |= {"configure_plan": "finance", "fail_order": "bureau"}

    @property
    def year(self) -> int:
        return self.clock.now().year

    def company(self, **facts: Any) -> str:
        return self.enterprise(**{"programme": self.programme, **PARTIES[self.programme], **facts})

    def shop(self, **facts: Any) -> tuple[str, str]:
        """An admitted provider, and a product of it."""
        provider_id = self.provider(programme=self.programme, region=PARTIES[self.programme]["region"])
        return provider_id, self.product(provider_id, programme=self.programme, **facts)

    def draft(self, budget_fen: int, **more: Any) -> dict[str, Any]:
        year = more.pop("year", self.year)
        body = {"plan_id": self.new("N"), "programme": self.programme, "year": year, "budget_fen": budget_fen}
        opens = max(f"{year}-01-01", "2019-10-01" if self.programme == NEIMENGGU else "")
        if self.programme == NEIMENGGU:
            body["denominations"] = [{"denomination_fen": 2_000_000, "count": 10**6}]
        return {**body, "opens_on": opens, "document": "d", **more}

    def published(self, budget_fen: int, **more: Any) -> str:
        body = self.draft(budget_fen, **more)
        self.ok("make_plan", **body)
        self.ok("configure_plan", plan_id=body["plan_id"], budget_fen=budget_fen)
        return body["plan_id"]

    def application(self, enterprise_id: str, **more: Any) -> dict[str, Any]:
        ids = {"application_id": self.new("A"), "enterprise_id": enterprise_id}
        return {**ids, "programme": self.programme, "year": self.year, **more}

    def apply_for(self, enterprise_id: str, **more: Any) -> dict[str, Any]:
        return self.ok("apply_for_quota", **self.application(enterprise_id, **more))

    def filed(self, enterprise_id: str, **facts: Any) -> str:
        """An open filing of the enterprise, as if it had gone its way."""
        base = {"programme": self.programme, "enterprise_id": enterprise_id, "region": "210106", "kind": "industrial"}
        filing = replace(made.FILING, **{**base, "filing_id": self.new("F"), **facts})
        with self.engine.begin() as conn:
            filings_store.insert_filings(conn, [filing])
        return filing.filing_id

    def buy(self, enterprise_id: str, product_id: str, price_fen: int = 1_000_000, **more: Any) -> dict[str, Any]:
        return self.do("place_order", **self.order_body(enterprise_id, product_id, price_fen=price_fen, **more))

    def bought(self, enterprise_id: str, product_id: str, price_fen: int = 1_000_000, **more: Any) -> str:
        answer = self.buy(enterprise_id, product_id, price_fen, **more)
        assert answer["ok"], answer["error"]
        return answer["result"]["id"]

    def confirm(self, order_id: str, contract: str | None = None) -> dict[str, Any]:
        (row,) = self.rows_of(order_id)
        contract = contract or hashlib.sha256(order_id.encode()).hexdigest()
        ids = {"order_id": order_id, "provider_id": row["provider_id"]}
        return self.do("confirm_order", **ids, contract_sha256=contract)

    def claimed(self, order_id: str, transfer_fen: int = 0) -> str:
        """The order is confirmed and claimed: the claim's id."""
        assert self.confirm(order_id)["ok"]
        return self.claimed_of(order_id, transfer_fen)

    def claimed_of(self, order_id: str, transfer_fen: int = 0) -> str:
        claim_id = self.new("C")
        (row,) = self.rows_of(order_id)
        self.hear(self.claim("filed", order_id, claim_id, row["provider_id"], transfer_fen=transfer_fen))
        return claim_id

    def paid(self, order_id: str, claim_id: str, payable_fen: int) -> None:
        (row,) = self.rows_of(order_id)
        self.hear(self.claim("paid", order_id, claim_id, row["provider_id"], payable_fen=payable_fen))

    def rows_of(self, order_id: str) -> list[dict[str, Any]]:
        return self.rows(tables.orders, tables.orders.c.order_id == order_id)

    def one(self, order_id: str) -> dict[str, Any]:
        return self.rows_of(order_id)[0]

    def due(self) -> dict[str, int]:
        return self.pipeline.run_due()

    def books(self, year: int | None = None) -> dict[str, int]:
        """Balance of each kind of account of a year that is not 0; the year's books are whole."""
        found = self.ask("trial_balance", programme=self.programme, year=year or self.year)
        assert (found["sum_fen"], found["pending_difference_fen"]) == (0, 0), found
        return {one["kind"]: one["balance_fen"] for one in found["accounts"] if one["balance_fen"]}


@contextmanager
def overlays(monkeypatch: pytest.MonkeyPatch, *names: str, folder: str | None = None) -> Iterator[None]:
    """The deployment enables these overlays."""
    with monkeypatch.context() as patch:
        patch.setenv(OVERLAYS, ",".join(names))
        if folder is not None:
            patch.setenv("YUNQUAN_PACKS", folder)
        library.cache_clear()
        try:
            yield
        finally:
            patch.undo()
            library.cache_clear()
