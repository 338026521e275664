"""A notify service without a broker: pipeline, clock, and short ways to tell it news and to ask it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from contracts import ulid
from contracts.catalogue import EVENTS, METHODS
from infra.clock import FixedClock
from infra.db import create_engine
from infra.messages import Actor, Command, Event
from infra.outbox import checked
from infra.pipeline import Pipeline
from services.notify import handlers, projections, queries, store
from tests.making import make_tables
from tests.schemas import made
from tests.unit.notify.examples import example

START = datetime(2019, 3, 1, 2, 0, tzinfo=UTC)
PROGRAMME = "guizhou-2018"
PUBLIC_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # of RFC 8032, its first test
# a state of its aggregate in which an event is shown, where the first that the contract lists is not
SHOWN = {
    "voucher.plan_published.v1": "published",
    "registry.provider_admitted.v1": "admitted",
    "registry.product_published.v1": "published",
    "voucher.filing_opened.v1": "opened",
    "settlement.payment_settled.v1": "settled",
    "supervision.party_blacklisted.v1": "listed",
}
_numbers = itertools.count(1)


def party() -> str:
    """A fresh id."""
    return ulid.new()


class Kit:
    """`events`, `ask`, `command`, `due` on a fresh database."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url, service="notify")
        make_tables(self.engine, store.metadata)
        self.clock = FixedClock(START)
        self.pipeline = Pipeline(
            "notify",
            self.engine,
            self.clock,
            handlers.COMMANDS,
            queries.QUERIES,
            handlers.EVENTS,
            handlers.DUE,
        )

    def close(self) -> None:
        self.engine.dispose()

    def event(
        self, type_: str, *, subject: str | None = None, sequence: int = 1, full: bool = True, **data: Any
    ) -> Event:
        """An event as the bus would hand it over: by its schema, in Guizhou unless said otherwise."""
        schema = EVENTS[type_].schema
        if type_ in ("supervision.party_blacklisted.v1", "supervision.party_removed.v1"):
            data.setdefault("interim", False)  # an entry of the list: what stops while a case runs is told by others
        if "programme" in schema().fields:
            data.setdefault("programme", PROGRAMME)
        whole = example(schema, full=True, **data)
        if "law" in whole and "law" not in data:
            whole["law"] = None
        text = checked(EVENTS[type_], whole)
        return Event(
            id=ulid.new(),
            source=f"/yunquan/{EVENTS[type_].producer}",
            type=type_,
            time=self.clock.now(),
            subject=subject or ulid.new(),
            sequence=sequence,
            correlation_id="c",
            data=schema().loads(text),
        )

    def hear(self, *events: Event) -> None:
        """The service hears of them together."""
        self.pipeline.run_events(events)

    def tell(self, type_: str, **data: Any) -> Event:
        """One event, heard at once."""
        event = self.event(type_, **data)
        self.hear(event)
        return event

    def everything(self, programme: str) -> list[Event]:
        """An event of each kind that feeds the board, with parties of its own, in a state that is shown."""
        found = []
        for type_ in sorted(projections.FEEDS):
            schema = made(EVENTS[type_].schema).fields
            given: dict[str, Any] = {name: party() for name in schema if name.endswith("_id")}
            given |= {"status": SHOWN[type_]} if type_ in SHOWN else {}
            if "items" in schema:
                one = {name: party() for name in ("claim_id", "provider_id", "enterprise_id")}
                given["items"] = [{**one, "payable_fen": 100}]
                given |= {"public_key": PUBLIC_KEY, "key_id": "21fe31dfa154a261", "outcomes": []}
            found.append(
                self.event(type_, programme=programme, **given) if "programme" in schema else self.event(type_)
            )
        return found

    def provider(self, name: str, status: str = "admitted", sequence: int = 2, **data: Any) -> str:
        """A provider it knows of; its id."""
        provider_id = party()
        self.tell(
            "registry.provider_admitted.v1",
            subject=provider_id, sequence=sequence, provider_id=provider_id, name=name, status=status, ground=None,
            **data,
        )  # fmt: skip
        return provider_id

    def enterprise(self, name: str) -> str:
        """A certified enterprise it knows of; its id."""
        enterprise_id = party()
        self.tell(
            "registry.enterprise_certified.v1",
            subject=enterprise_id, enterprise_id=enterprise_id, name=name, status="certified",
        )  # fmt: skip
        return enterprise_id

    def answer(
        self,
        method: str,
        *,
        roles: tuple[str, ...] = ("ops",),
        token_for: str | None = None,
        region: str | None = None,
        **body: Any,
    ) -> Any:
        """The answer of a query, whose result is checked against the contract; token_for: the token's programme,
        region: its region."""
        contract = METHODS[f"notify.{method}"]
        loaded = made(contract.request).load(body)
        actor = Actor(subject="someone", roles=frozenset(roles), region=region, programme=token_for)
        answer = self.pipeline.run_query(method, Command(method, None, loaded, actor, "c"))
        if answer["ok"]:
            assert made(contract.response).validate(answer["result"]) == {}
        return answer

    def ask(self, method: str, **body: Any) -> Any:
        """The result of a query."""
        answer = self.answer(method, **body)
        assert answer["ok"], answer
        return answer["result"]

    def command(self, method: str, *, actor: Actor | None = None, **body: Any) -> Command:
        loaded = made(METHODS[f"notify.{method}"].request).load(body)
        return Command(method, f"key-{next(_numbers)}", loaded, actor or Actor("someone"), "c")

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        """All rows of a table in the order saved."""
        with self.engine.connect() as conn:
            return [dict(row) for row in conn.execute(sa.select(table)).mappings()]

    def titles(self, party_id: str) -> list[str]:
        """Titles of a party's inbox, newest first."""
        return [item["title"] for item in self.ask("inbox", party_id=party_id)["items"]]
