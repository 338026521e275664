"""The voucher service beside settlement: it hears what settlement told, and both must tell the same of the money."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from contracts import equations
from contracts.catalogue import SERVICES
from infra.db import create_engine
from services.settlement import tables as t
from services.voucher.handlers import EVENTS
from tests.integration.settlement.world import PRICE, World
from tests.integration.voucher.world import GUIZHOU
from tests.integration.voucher.world import World as Vouchers

NOTHING = {"outbox_unsent": 0, "stream_seq": 0, "stream_gaps": 0}  # no bus here: nothing is under way


class Books:
    """What settlement says of Guizhou's claims, in the books of 2019."""

    def __init__(self, settlement: World) -> None:
        self._settlement = settlement
        self._engine = create_engine("sqlite://", service="voucher")
        self._vouchers = Vouchers(self._engine, settlement.clock.now())
        self._vouchers.plan()
        self._claimed: set[str] = set()
        self._heard = 0

    def close(self) -> None:
        self._engine.dispose()

    def follow(self) -> None:
        """The news since the last time, in the order in which it was told."""
        with self._settlement.engine.connect() as conn:
            claims = list(conn.execute(sa.select(t.claims).where(t.claims.c.programme == GUIZHOU)))
        for claim in claims:
            if claim.claim_id not in self._claimed:
                self._claim(claim)
        told = self._settlement.outbox()
        for body in told[self._heard :]:
            mine = body["type"] in EVENTS and body["data"]["programme"] == GUIZHOU
            if mine and body["type"] != "settlement.claim_filed.v1":
                event = self._vouchers.event(body["type"], body["subject"], body["data"], body["sequence"])
                self._vouchers.hear(event)
        self._heard = len(told)

    def _claim(self, claim: Any) -> None:
        """An order as settlement was told of it, and its claim."""
        world = self._vouchers
        world.provider(claim.provider_id)
        product = world.product(claim.provider_id, price_fen=PRICE)
        order = {"order_id": claim.order_id, "price_fen": PRICE, "voucher_fen": claim.order_fen}
        world.confirmed(world.granted(), claim.provider_id, product, **order)
        filed = {"version": claim.claim_version, "transfer_fen": PRICE - claim.order_fen}
        world.hear(world.claim("filed", claim.order_id, claim.claim_id, claim.provider_id, **filed))
        self._claimed.add(claim.claim_id)

    def agree(self) -> None:
        """Every check that `yunquan reconcile` makes."""
        figures = {service: dict[str, int]() for service in SERVICES}
        figures["voucher"] = self._vouchers.totals()
        figures["settlement"] = self._settlement.ask("totals", programme=GUIZHOU, year=2019)["figures"]
        totals = {service: {"figures": {**found, **NOTHING}} for service, found in figures.items()}
        broken = [line for line in equations.checks(totals) if not line.holds]
        assert broken == []
        assert figures["settlement"]["paid_fen"] > 0
