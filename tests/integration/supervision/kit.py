"""A supervision service without a bus: what the others would say to it, and what it says."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from contracts import catalogue
from infra import tables as common
from infra.clock import FixedClock, local_date
from infra.db import create_engine
from infra.jsontext import canonical
from infra.messages import Actor, Command, Event
from infra.pipeline import Pipeline
from services.supervision import handlers, queries, store
from tests.making import make_tables
from tests.schemas import made

GUIZHOU = "guizhou-2018"
START = datetime(2018, 9, 3, 1, 0, tzinfo=UTC)
SHA = "a" * 64


def uid(kind: str, number: int) -> str:
    """A ULID that says what it is of: E enterprise, P provider, K product, F filing, R order, C claim, T tie."""
    return f"01{kind}{number:023d}"


class Kit:
    """One service on one database; every shortcut goes through the pipeline, and checks what the contract says."""

    def __init__(self, url: str) -> None:
        self.engine = create_engine(url, service="supervision")
        make_tables(self.engine, store.metadata)
        self.clock = FixedClock(START)
        self.pipeline = Pipeline(
            "supervision", self.engine, self.clock, handlers.COMMANDS, queries.QUERIES, handlers.EVENTS, handlers.DUE
        )
        self.numbers = itertools.count(1)
        self.versions: dict[str, int] = {}
        self.streams: dict[str, int] = {}
        self.claims: dict[str, dict[str, Any]] = {}

    def close(self) -> None:
        self.engine.dispose()

    # --- events of others

    def event(self, type_: str, subject: str, data: dict[str, Any], *, sequence: int | None = None) -> Event:
        """An event as the bus hands it over: validated, with the text that was sent and its number in the stream."""
        schema = made(catalogue.EVENTS[type_].schema)
        wire = json.loads(canonical(data))
        assert not (problems := schema.validate(wire)), (type_, problems)
        self.versions[subject] = sequence or self.versions.get(subject, 0) + 1
        source = f"/yunquan/{type_.split('.', 1)[0]}"
        self.streams[source] = self.streams.get(source, 0) + 1
        event_id = uid("V", next(self.numbers))
        envelope = {
            "specversion": "1.0",
            "id": event_id,
            "source": source,
            "type": type_,
            "time": self.clock.now(),
            "subject": subject,
            "sequence": self.versions[subject],
            "correlationid": f"corr-{event_id}",
            "causationid": None,
            "datacontenttype": "application/json",
            "data": wire,
        }
        return Event(
            id=event_id,
            source=source,
            type=type_,
            time=self.clock.now(),
            subject=subject,
            sequence=self.versions[subject],
            correlation_id=f"corr-{event_id}",
            data=schema.load(wire),
            stream_seq=self.streams[source],
            raw=canonical(envelope),
        )

    def hear(self, *events: Event) -> None:
        self.pipeline.run_events(list(events))

    def enterprise(
        self,
        number: int,
        *,
        sequence: int | None = None,
        programme: str = GUIZHOU,
        region: str = "520100",
        **indexes: str,
    ) -> Event:
        data = {
            "enterprise_id": uid("E", number),
            "programme": programme,
            "uscc": f"91520{number:013d}",
            "name": f"企业{number}",
            "region": region,
            "account_version": 0,
            "registered_on": date(2015, 1, 1),
            "legal_person": True,
            "violation": False,
            "bad_credit": False,
            "priority": False,
            "status": "certified",
            "indexes": {kind: [value] for kind, value in indexes.items()},
        }
        type_ = "registry.enterprise_certified.v1"
        return self.event(type_, data["enterprise_id"], data, sequence=sequence)

    def provider(
        self,
        number: int,
        *,
        programme: str = GUIZHOU,
        kind: str = "application",
        status: str = "admitted",
        **indexes: str,
    ) -> Event:
        data = {
            "provider_id": uid("P", number),
            "programme": programme,
            "uscc": f"91521{number:013d}",
            "name": f"云服务商{number}",
            "region": "520100",
            "provider_kind": kind,
            "status": status,
            "account_version": 1,
            "indexes": {kind: [value] for kind, value in indexes.items()},
        }
        return self.event("registry.provider_admitted.v1", data["provider_id"], data)

    def product(self, number: int, provider: int = 1, *, price: int = 1_000_000, **more: Any) -> Event:
        data = {
            "product_id": uid("K", number),
            "provider_id": uid("P", provider),
            "programme": GUIZHOU,
            "name": f"产品{number}",
            "category": "application",
            "kind": "production_management",
            "price_fen": price,
            "voucher_eligible": True,
            "status": "published",
            **more,
        }
        return self.event("registry.product_published.v1", data["product_id"], data)

    def tie(self, number: int, enterprise: int, provider: int, *, programme: str = GUIZHOU) -> Event:
        data = {
            "tie_id": uid("T", number),
            "enterprise_id": uid("E", enterprise),
            "provider_id": uid("P", provider),
            "programme": programme,
            "kind": "ownership",
        }
        return self.event("registry.tie_recorded.v1", data["tie_id"], data)

    def order(
        self,
        number: int,
        enterprise: int = 1,
        provider: int = 1,
        product: int = 1,
        *,
        price: int = 1_000_000,
        listed: int | None = None,
        **more: Any,
    ) -> Event:
        data = {
            "order_id": uid("R", number),
            "enterprise_id": uid("E", enterprise),
            "provider_id": uid("P", provider),
            "product_id": uid("K", product),
            "programme": GUIZHOU,
            "year": 2018,
            "region": "520100",
            "plan_region": "52",
            "category": "application",
            "list_price_fen": listed or price,
            "price_fen": price,
            "voucher_fen": price // 2,
            "own_fen": price - price // 2,
            "deferred_fen": 0,
            "pack_version": "guizhou-2018@1",
            "ordered_at": self.clock.now(),
            "confirmed_at": self.clock.now(),
            "status": "confirmed",
            **more,
        }
        return self.event("voucher.order_confirmed.v1", data["order_id"], data)

    def filing(
        self, number: int, enterprise: int, *, programme: str, told: str = "filing_opened", **more: Any
    ) -> Event:
        data = {
            "filing_id": uid("F", number),
            "enterprise_id": uid("E", enterprise),
            "programme": programme,
            "region": "140100",
            "status": "opened",
            "opened_on": local_date(self.clock.now()),
            **more,
        }
        return self.event(f"voucher.{told}.v1", data["filing_id"], data)

    def claim(
        self,
        number: int,
        enterprise: int = 1,
        provider: int = 1,
        product: int = 1,
        *,
        order: int | None = None,
        invoice: str | None = None,
        price: int = 1_000_000,
        version: int = 1,
        told: str = "claim_filed",
        sequence: int | None = None,
        **more: Any,
    ) -> Event:
        claim_id = uid("C", number)
        data = {
            "claim_id": claim_id,
            "claim_version": version,
            "order_id": uid("R", order or number),
            "provider_id": uid("P", provider),
            "enterprise_id": uid("E", enterprise),
            "filer_id": uid("P", provider),
            "payee_id": uid("P", provider),
            "payee_kind": "provider",
            "programme": GUIZHOU,
            "year": 2018,
            "region": "520100",
            "plan_region": "52",
            "category": "application",
            "product_id": uid("K", product),
            "claimed_fen": price // 2,
            "deducted_fen": 0,
            "disallowed_fen": 0,
            "audited_fen": 0,
            "payable_fen": price // 2,
            "price_fen": price,
            "invoice_number": invoice or f"{(number * 7_919_777) % 89_999_999 + 10_000_000}",
            "invoice_key": "K",
            "invoice_fen": price,
            "invoice_on": local_date(self.clock.now()),
            "contract_sha256": f"{number:064x}",
            "transfer_fen": price - price // 2,
            "usage_days": 30,
            "usage_units": 100,
            "filed_at": self.clock.now(),
            "status": "filed",
            **more,
        }
        return self.event(f"settlement.{told}.v1", claim_id, data, sequence=sequence)

    def market(self, *, enterprises: int = 3, **facts: str) -> None:
        """Enterprises without a fact in common, one provider, one product."""
        self.hear(*(self.enterprise(n) for n in range(1, enterprises + 1)), self.provider(1, **facts), self.product(1))

    def filed(self, number: int, enterprise: int = 1, **more: Any) -> None:
        """An order and its claim, a minute after the last."""
        self.clock.advance(timedelta(minutes=1))
        about = {name: more[name] for name in ("provider", "product", "price") if name in more}
        order = self.order(more.get("order", number), enterprise, **about)
        self.hear(order, self.claim(number, enterprise, **more))

    # --- commands and queries

    def command(self, method: str, body: dict[str, Any], *, role: str = "supervisor", **actor: Any) -> Command:
        number = next(self.numbers)
        who = Actor(**{"subject": f"{role}-1", "roles": frozenset({role}), **actor})
        loaded = made(catalogue.METHODS[f"supervision.{method}"].request).load(json.loads(canonical(body)))
        return Command(method, f"key-{number}", loaded, who, f"corr-{number}")

    def batch(self, *commands: Command) -> list[dict[str, Any]]:
        answers = self.pipeline.run_commands(commands[0].method, commands)
        response = made(catalogue.METHODS[f"supervision.{commands[0].method}"].response)
        for answer in answers:
            assert not answer["ok"] or response.validate(answer["result"]) == {}, answer
        return answers

    def do(self, method: str, *, role: str = "supervisor", **body: Any) -> dict[str, Any]:
        """One command: its answer."""
        return self.batch(self.command(method, body, role=role))[0]

    def ok(self, method: str, **body: Any) -> dict[str, Any]:
        answer = self.do(method, **body)
        assert answer["ok"], answer["error"]
        return dict(answer["result"])

    def refused(self, method: str, **body: Any) -> dict[str, Any]:
        answer = self.do(method, **body)
        assert not answer["ok"], answer["result"]
        return dict(answer["error"])

    def ask(
        self, method: str, *, role: str = "auditor", organisation: str | None = None, **body: Any
    ) -> dict[str, Any]:
        """A query's answer, as the contract of its method has it."""
        who = Actor(subject=f"{role}-1", roles=frozenset({role}), organisation=organisation)
        loaded = made(catalogue.METHODS[f"supervision.{method}"].request).load(body)
        answer = self.pipeline.run_query(method, Command(method, None, loaded, who, "corr"))
        json.dumps(answer)
        if not answer["ok"]:
            return dict(answer["error"])
        assert made(catalogue.METHODS[f"supervision.{method}"].response).validate(answer["result"]) == {}, answer
        return dict(answer["result"])

    # --- what it says

    def said(self, *names: str) -> list[dict[str, Any]]:
        """Envelopes in the outbox, oldest first; with names, of these events only (`claim_held` …)."""
        wanted = {f"supervision.{name}.v1" for name in names}
        with self.engine.connect() as conn:
            rows = conn.execute(sa.select(common.outbox.c.body).order_by(common.outbox.c.id)).scalars()
            envelopes = [json.loads(row) for row in rows]
        return [one for one in envelopes if not wanted or one["type"] in wanted]

    def verdicts(self, claim: int) -> list[str]:
        """What was said of the claim, oldest first."""
        names = ("claim_cleared", "claim_held", "claim_rejected")
        return [one["data"]["verdict"] for one in self.said(*names) if one["subject"] == uid("C", claim)]

    def alerts(self, claim: int) -> list[dict[str, Any]]:
        """The alerts on a claim as they stand, one for each of its versions, with what was found on that."""
        items = self.ask("list_alerts", programme=GUIZHOU, limit=500)["items"]
        found = [self.ask("get_alert", id=item["alert_id"]) for item in items if uid("C", claim) in item["claim_ids"]]
        return [{**alert, **line} for alert in found for line in alert["on"] if line["claim_id"] == uid("C", claim)]

    def by_version(self, claim: int) -> list[tuple[int, str]]:
        """Version and verdict, oldest first."""
        said = self.said("claim_cleared", "claim_held", "claim_rejected")
        own = [one["data"] for one in said if one["subject"] == uid("C", claim)]
        return [(data["claim_version"], data["verdict"]) for data in own]

    def rules(self, claim: int) -> list[str]:
        return sorted(alert["alert"] for alert in self.alerts(claim))
