"""A voucher service without a bus: what the registry, settlement and supervision would say to it, and its commands."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from contracts import catalogue
from infra import tables as common
from infra.clock import FixedClock
from infra.messages import Actor, Command, Event
from infra.pipeline import Pipeline
from services.voucher import handlers, queries, store, tables
from tests.making import make_tables
from tests.schemas import made

GUIZHOU = "guizhou-2018"
NOON = datetime(2019, 3, 1, 4, 0, tzinfo=UTC)
QUOTA = 5_000_000
AGREEMENT = "a" * 64
CONTRACT = "c" * 64
ROLES = {
    "make_plan": "bureau",
    "configure_plan": "operator",
    "apply_for_quota": "platform",
    "review_application": "operator",
    "hand_over_order": "operator",
}


def uid(kind: str, number: int) -> str:
    """A ULID that says what it is of: `E` enterprise, `P` provider, `K` product, `A` application, `R` order …"""
    return f"01{kind}{number:023d}"


class World:
    """One service on one database; every shortcut goes through the pipeline, and checks what the contract says."""

    def __init__(self, engine: sa.Engine, now: datetime = NOON, *, make: bool = True) -> None:
        if make:
            make_tables(engine, store.metadata)
        self.engine = engine
        self.clock = FixedClock(now)
        self.pipeline = Pipeline(
            "voucher", engine, self.clock, handlers.COMMANDS, queries.QUERIES, handlers.EVENTS, handlers.DUE
        )
        self.roles = dict(ROLES)
        self._numbers = itertools.count(1)
        self._versions: dict[str, int] = {}

    def new(self, kind: str) -> str:
        return uid(kind, next(self._numbers))

    # --- commands and queries

    def command(
        self, method: str, body: dict[str, Any], *, key: str | None = None, subject: str | None = None
    ) -> Command:
        role = self.roles.get(method, "platform")
        actor = Actor(subject=subject or f"{role}-1", roles=frozenset({role}))
        loaded = made(catalogue.METHODS[f"voucher.{method}"].request).load(body)
        number = next(self._numbers)
        return Command(method, key or f"key-{number}", loaded, actor, f"corr-{number}")

    def batch(self, method: str, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return self.run([self.command(method, body) for body in bodies])

    def run(self, commands: list[Command]) -> list[dict[str, Any]]:
        answers = self.pipeline.run_commands(commands[0].method, commands)
        response = made(catalogue.METHODS[f"voucher.{commands[0].method}"].response)
        for answer in answers:
            assert not answer["ok"] or response.validate(answer["result"]) == {}, answer
        return answers

    def do(self, method: str, *, subject: str | None = None, key: str | None = None, **body: Any) -> dict[str, Any]:
        """One command: its answer."""
        return self.run([self.command(method, body, key=key, subject=subject)])[0]

    def ok(self, method: str, **body: Any) -> dict[str, Any]:
        """One command that must be carried out: its result."""
        answer = self.do(method, **body)
        assert answer["ok"], answer["error"]
        return answer["result"]

    def refused(self, method: str, **body: Any) -> dict[str, Any]:
        """One command that must be refused: its error."""
        answer = self.do(method, **body)
        assert not answer["ok"], answer["result"]
        return answer["error"]

    def ask(
        self,
        method: str,
        *,
        role: str = "auditor",
        organisation: str | None = None,
        programme_of_token: str | None = None,
        **body: Any,
    ) -> dict[str, Any]:
        actor = Actor(f"{role}-1", frozenset({role}), organisation=organisation, programme=programme_of_token)
        loaded = made(catalogue.METHODS[f"voucher.{method}"].request).load(body)
        answer = self.pipeline.run_query(method, Command(method, None, loaded, actor, "corr"))
        json.dumps(answer)
        return answer["result"] if answer["ok"] else answer["error"]

    # --- news of others

    def event(self, type_: str, subject: str, data: dict[str, Any], sequence: int | None = None) -> Event:
        schema = made(catalogue.EVENTS[type_].schema)
        assert not (problems := schema.validate(data)), problems
        version = sequence or self._versions.get(subject, 0) + 1
        self._versions[subject] = max(version, self._versions.get(subject, 0))
        event_id = self.new("V")
        source = f"/yunquan/{type_.split('.', maxsplit=1)[0]}"
        return Event(
            event_id, source, type_, self.clock.now(), subject, version, f"c-{event_id}", None, schema.load(data)
        )

    def hear(self, *events: Event) -> None:
        self.pipeline.run_events(list(events))

    def enterprise(self, enterprise_id: str | None = None, *, say: str = "certified", **facts: Any) -> str:
        enterprise_id = enterprise_id or self.new("E")
        data = {
            "enterprise_id": enterprise_id,
            "programme": GUIZHOU,
            "uscc": "91520100MA6DL8K59X",
            "name": f"企业{enterprise_id[-4:]}",
            "region": "520100",
            "registered_on": "2015-01-01",
            "legal_person": True,
            "violation": False,
            "bad_credit": False,
            "account_version": 0,
            "priority": False,
            "status": say,
            "indexes": {},
            **facts,
        }
        name = f"registry.enterprise_{say if say != 'registered' else 'registered'}.v1"
        self.hear(self.event(name, enterprise_id, data))
        return enterprise_id

    def provider(self, provider_id: str | None = None, *, say: str = "admitted", **facts: Any) -> str:
        provider_id = provider_id or self.new("P")
        name = {"leaving": "exit_noticed"}.get(say, say)
        data = {
            "provider_id": provider_id,
            "programme": GUIZHOU,
            "uscc": "91520100MA6DL8K59X",
            "name": f"云商{provider_id[-4:]}",
            "region": "520100",
            "provider_kind": "platform",
            "status": say,
            "account_version": 1,
            "indexes": {},
            **facts,
        }
        self.hear(self.event(f"registry.provider_{name}.v1", provider_id, data))
        return provider_id

    def product(self, provider_id: str, product_id: str | None = None, *, say: str = "published", **facts: Any) -> str:
        product_id = product_id or self.new("K")
        data = {
            "product_id": product_id,
            "provider_id": provider_id,
            "programme": GUIZHOU,
            "name": "云主机",
            "category": "platform",
            "kind": "database",
            "price_fen": 1_000_000,
            "voucher_eligible": True,
            "status": say,
            **facts,
        }
        self.hear(self.event(f"registry.product_{say}.v1", product_id, data))
        return product_id

    def tie(self, enterprise_id: str, provider_id: str) -> None:
        tie_id = self.new("T")
        ids = {"tie_id": tie_id, "enterprise_id": enterprise_id, "provider_id": provider_id}
        self.hear(self.event("registry.tie_recorded.v1", tie_id, {**ids, "programme": GUIZHOU, "kind": "ownership"}))

    def blacklist(
        self,
        party_id: str,
        *,
        since: datetime | None = None,
        entry: str | None = None,
        status: str = "listed",
        interim: bool = False,
        sequence: int | None = None,
    ) -> str:
        """Supervision's word on a party: an entry, or (interim) a measure while its case runs."""
        entry_id = entry or self.new("B")
        data = {
            "entry_id": entry_id,
            "kind": "blacklist",
            "interim": interim,
            "party_kind": "enterprise",
            "party_id": party_id,
            "programme": GUIZHOU,
            "ground": "fraud",
            "effective_at": (since or self.clock.now()).isoformat(),
            "status": status,
        }
        listed, removed = ("suspended", "resumed") if interim else ("blacklisted", "removed")
        name = listed if status == "listed" else removed
        self.hear(self.event(f"supervision.party_{name}.v1", entry_id, data, sequence))
        return entry_id

    def claim(self, name: str, order_id: str, claim_id: str, provider_id: str, version: int = 1, **more: Any) -> Event:
        """News of a claim: `filed`, `returned`, `refused`, `withdrawn`, `paid`; of all that its order holds."""
        held = self.rows(tables.orders, tables.orders.c.order_id == order_id)
        held_fen = held[0]["voucher_fen"] if held else 1
        data = {
            "claim_id": claim_id,
            "claim_version": version,
            "order_id": order_id,
            "provider_id": provider_id,
            "enterprise_id": uid("E", 0),
            "filer_id": provider_id,
            "payee_id": provider_id,
            "payee_kind": "provider",
            "programme": GUIZHOU,
            "year": 2019,
            "region": "520100",
            "plan_region": "52",
            "category": "platform",
            "product_id": uid("K", 0),
            "claimed_fen": held_fen,
            "deducted_fen": 0,
            "disallowed_fen": 0,
            "audited_fen": 0,
            "payable_fen": held_fen,
            "price_fen": 1,
            "invoice_number": "1",
            "invoice_key": "1",
            "invoice_fen": 1,
            "invoice_on": "2019-03-01",
            "contract_sha256": CONTRACT,
            "transfer_fen": 1,
            "usage_days": 1,
            "usage_units": 1,
            "filed_at": self.clock.now().isoformat(),
            "status": name if name != "returned" else "returned",
            **more,
        }
        return self.event(f"settlement.claim_{name}.v1", claim_id, data)

    # --- scenes

    def plan(self, budget_fen: int = 100 * QUOTA, year: int = 2019, opens_on: str | None = None) -> str:
        plan_id = self.new("N")
        opens = opens_on or f"{year}-01-01"
        facts = {"plan_id": plan_id, "budget_fen": budget_fen}
        self.ok("make_plan", **facts, programme=GUIZHOU, year=year, opens_on=opens, document="黔数发")
        self.ok("configure_plan", **facts)
        return plan_id

    def apply(self, enterprise_id: str, requested_fen: int | None = None, year: int = 2019) -> dict[str, Any]:
        body = {"application_id": self.new("A"), "enterprise_id": enterprise_id, "programme": GUIZHOU, "year": year}
        return self.do("apply_for_quota", **body, requested_fen=requested_fen)

    def granted(self, **facts: Any) -> str:
        """A certified enterprise with its quota of the year."""
        enterprise_id = self.enterprise(**facts)
        application = self.apply(enterprise_id)
        assert application["ok"], application
        self.ok("review_application", application_id=application["result"]["id"], decision="approve")
        return enterprise_id

    def shelf(self, **facts: Any) -> tuple[str, str]:
        """An admitted provider, and a product of it."""
        provider_id = self.provider()
        return provider_id, self.product(provider_id, **facts)

    def order_body(self, enterprise_id: str, product_id: str, **more: Any) -> dict[str, Any]:
        return {
            "order_id": self.new("R"),
            "enterprise_id": enterprise_id,
            "product_id": product_id,
            "price_fen": 1_000_000,
            "agreement": AGREEMENT,
            **more,
        }

    def order(self, enterprise_id: str, product_id: str, **more: Any) -> dict[str, Any]:
        return self.do("place_order", **self.order_body(enterprise_id, product_id, **more))

    def confirmed(self, enterprise_id: str, provider_id: str, product_id: str, **more: Any) -> str:
        placed = self.order(enterprise_id, product_id, **more)
        assert placed["ok"], placed
        order_id = placed["result"]["id"]
        self.ok("confirm_order", order_id=order_id, provider_id=provider_id, contract_sha256=CONTRACT)
        return order_id

    # --- what came of it

    def rows(self, table: sa.Table, *where: Any) -> list[dict[str, Any]]:
        with self.engine.connect() as conn:
            return [dict(row) for row in conn.execute(sa.select(table).where(*where)).mappings()]

    def sent(self, *types: str) -> list[dict[str, Any]]:
        """Events in the outbox, oldest first; of these types (without `voucher.` and version)."""
        with self.engine.connect() as conn:
            bodies = conn.execute(sa.select(common.outbox.c.body).order_by(common.outbox.c.id)).scalars()
            events = [json.loads(body) for body in bodies]
        return [event for event in events if not types or event["type"].split(".")[1] in types]

    def account(self, name: str) -> dict[str, int]:
        found = self.rows(tables.accounts, tables.accounts.c.name == name)
        return found[0] if found else {}

    def totals(self, year: int = 2019) -> dict[str, Any]:
        figures = self.ask("totals", programme=GUIZHOU, year=year)["figures"]
        assert figures["ledger_sum_fen"] == 0
        assert figures["pending_difference_fen"] == 0
        return figures
