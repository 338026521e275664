"""A settlement service without a bus: what the others would say to it, and its commands, each checked by contract."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from contracts import catalogue
from contracts.programmes import Pack
from infra import tables as common
from infra.calls import CallFailed, LocalCalls
from infra.clock import FixedClock, local_date
from infra.jsontext import canonical, instant_text
from infra.messages import Actor, Command, Event
from infra.packs import pack_at
from infra.pipeline import Pipeline
from services.settlement import handlers, queries, store
from services.settlement.domain.disbursements import by_provider, stages_of
from services.settlement.domain.match import MATERIALS, of_paid
from tests.making import make_tables
from tests.schemas import made

GUIZHOU = "guizhou-2018"
NOON = datetime(2018, 9, 3, 4, 0, tzinfo=UTC)  # a Monday, noon in Shanghai
CONTRACT = "c" * 64
PRICE, VOUCHER = 1_000_000, 400_000
SELLER, BUYER = "91520100MA6DK7YR4K", "91520100MA6DL8K59X"
VERSION = "guizhou-2018@1"
ROLES = {
    "announce_node": "operator",
    "publish_notice": "bureau",
    "file_objection": "enterprise",
    "decide_objection": "bureau",
    "pass_on_payment": "district",
    "file_claim": "platform",
    "withdraw_claim": "platform",
    "ask_question": "bureau",
    "answer_question": "operator",
    "file_disbursement": "platform",
    **dict.fromkeys(("commit_sample", "reveal_sample", "record_audit", "close_sample"), "auditor"),
    "abandon_sample": "supervisor",
}


def uid(kind: str, number: int) -> str:
    """A ULID that says what it is of: `C` claim, `R` order, `P` provider, `E` enterprise …"""
    return f"01{kind}{number:023d}"


class World:
    """One service on one database; every shortcut goes through the pipeline."""

    def __init__(self, engine: sa.Engine, now: datetime = NOON, *, make: bool = True) -> None:
        if make:
            make_tables(engine, store.metadata)
        self.engine = engine
        self.programme = GUIZHOU
        self.version = VERSION
        self.region = "520100"  # of enterprises and providers
        self.year = 2018
        self.clock = FixedClock(now)
        self.blacklisted_there: set[str] = set()  # as supervision answers when asked
        self.since_there: dict[str, datetime] = {}  # party → the moment its entry takes effect, as supervision says
        self.accounts: dict[str, int] = {}  # party → account version, as registry answers
        self.half_given: set[str] = set()  # parties that gave a number, and no holder or bank
        self.platforms: dict[str, str | None] = {}  # provider → who files for it
        self.buyers: dict[str, str] = {}  # order → enterprise
        self.silent: set[str] = set()  # methods that do not answer, parties on whom nothing is said
        calls = LocalCalls(
            {
                "settlement.get_batch": self._get_batch,
                "supervision.standing": self._standing,
                "registry.payee_accounts": self._payee_accounts,
            }
        )
        self.pipeline = Pipeline(
            "settlement",
            engine,
            self.clock,
            handlers.COMMANDS,
            queries.QUERIES,
            handlers.EVENTS,
            handlers.DUE,
            calls=calls,
        )
        self._numbers = itertools.count(1)
        self._versions: dict[str, int] = {}

    def runs(self, programme: str, version: str, region: str, year: int) -> None:
        """What follows is of that programme."""
        self.programme, self.version, self.region, self.year = programme, version, region, year

    def at(self, moment: datetime) -> None:
        """It is that moment; nobody has looked at what is due."""
        self.clock.advance(moment - self.clock.now())

    @property
    def pack(self) -> Pack:
        return pack_at(self.version)

    def new(self, kind: str) -> str:
        return uid(kind, next(self._numbers))

    # --- what others answer when they are asked

    def _answers(self, method: str) -> None:
        if method in self.silent:
            raise CallFailed("UNAVAILABLE")

    def _get_batch(self, fields: Any) -> dict[str, Any]:
        answer = self.query("get_batch", role="service", **fields)
        if not answer["ok"]:
            raise CallFailed(answer["error"]["code"])
        return answer["result"]

    def _standing(self, fields: Any) -> dict[str, Any]:
        self._answers("standing")
        ids = [one for one in fields["ids"] if one not in self.silent]
        since = {one: instant_text(moment) for one, moment in self.since_there.items()}
        listed = self.blacklisted_there
        return {"items": [{"party_id": one, "blacklisted": one in listed, "since": since.get(one)} for one in ids]}

    def _payee_accounts(self, fields: Any) -> dict[str, Any]:
        self._answers("payee_accounts")
        items = [
            {
                "party_id": one,
                "kind": {"P": "provider", "E": "enterprise"}[one[2]],
                "uscc": SELLER,
                "account_version": self.accounts[one],
                "account": f"0622{one[-4:]}000012345678",
                "account_holder": None if one in self.half_given else "生成云服务",
                "bank_name": None if one in self.half_given else "生成银行",
                "bank_code": None if one in self.half_given else "102701000013",
            }
            for one in fields["ids"]
            if one in self.accounts
        ]
        return {"items": items}

    # --- commands and queries

    def command(
        self,
        method: str,
        body: dict[str, Any],
        *,
        role: str | None = None,
        person: str | None = None,
        office: str | None = None,
        organisation: str | None = None,
    ) -> Command:
        if method == "file_disbursement" and body.get("provider_id") is None:
            role, person = role or "bureau", person or "clerk-1"
        role = role or body.get("stage") or ROLES.get(method, "finance")
        actor = Actor(subject=person or f"{role}-1", roles=frozenset({role}), organisation=organisation, region=office)
        loaded = made(catalogue.METHODS[f"settlement.{method}"].request).load(json.loads(canonical(body)))
        number = next(self._numbers)
        return Command(method, f"key-{number}", loaded, actor, f"corr-{number}")

    def batch(self, method: str, bodies: list[dict[str, Any]], **who: Any) -> list[dict[str, Any]]:
        return self.run([self.command(method, body, **who) for body in bodies])

    def run(self, commands: list[Command]) -> list[dict[str, Any]]:
        answers = self.pipeline.run_commands(commands[0].method, commands)
        response = made(catalogue.METHODS[f"settlement.{commands[0].method}"].response)
        for answer in answers:
            canonical(answer)
            assert not answer["ok"] or response.validate(_known(answer["result"], response)) == {}, answer
        return answers

    def do(
        self,
        method: str,
        *,
        role: str | None = None,
        person: str | None = None,
        **body: Any,
    ) -> dict[str, Any]:
        who = {name: body.pop(name) for name in ("office", "organisation") if name in body}
        return self.run([self.command(method, body, role=role, person=person, **who)])[0]

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

    def query(
        self,
        method: str,
        *,
        role: str = "auditor",
        person: str | None = None,
        organisation: str | None = None,
        office: str | None = None,
        **body: Any,
    ) -> dict[str, Any]:
        who = {"organisation": organisation, "region": office}
        actor = Actor(subject=person or f"{role}-1", roles=frozenset({role}), **who)
        loaded = made(catalogue.METHODS[f"settlement.{method}"].request).load(body)
        answer = self.pipeline.run_query(method, Command(method, None, loaded, actor, "corr"))
        json.dumps(answer)
        return answer

    def ask(self, method: str, **body: Any) -> dict[str, Any]:
        answer = self.query(method, **body)
        return answer["result"] if answer["ok"] else answer["error"]

    def due(self, delta: timedelta | None = None) -> dict[str, int]:
        if delta is not None:
            self.clock.advance(delta)
        return self.pipeline.run_due()

    # --- news of others

    def event(self, type_: str, subject: str, data: dict[str, Any], sequence: int | None = None) -> Event:
        schema = made(catalogue.EVENTS[type_].schema)
        wire = json.loads(canonical(data))
        assert not (problems := schema.validate(wire)), problems
        version = sequence or self._versions.get(subject, 0) + 1
        self._versions[subject] = max(version, self._versions.get(subject, 0))
        event_id = self.new("V")
        source = f"/yunquan/{type_.split('.', maxsplit=1)[0]}"
        now = self.clock.now()
        return Event(event_id, source, type_, now, subject, version, f"c-{event_id}", None, schema.load(wire))

    def hear(self, *events: Event) -> None:
        self.pipeline.run_events(list(events))

    def provider(self, provider_id: str | None = None, *, say: str = "admitted", **facts: Any) -> str:
        provider_id = provider_id or self.new("P")
        data = {
            "provider_id": provider_id,
            "programme": self.programme,
            "uscc": SELLER,
            "name": "生成云服务",
            "region": self.region,
            "provider_kind": "platform",
            "status": "admitted",
            "account_version": 1,
            "indexes": {},
            **facts,
        }
        self.accounts[provider_id] = data["account_version"]
        self.platforms[provider_id] = data.get("platform_id")
        self.hear(self.event(f"registry.provider_{say}.v1", provider_id, data))
        return provider_id

    def enterprise(self, enterprise_id: str | None = None, **facts: Any) -> str:
        enterprise_id = enterprise_id or self.new("E")
        data = {
            "enterprise_id": enterprise_id,
            "programme": self.programme,
            "uscc": BUYER,
            "name": "生成企业",
            "region": self.region,
            "account_version": 1,
            "registered_on": "2015-01-01",
            "legal_person": True,
            "violation": False,
            "bad_credit": False,
            "priority": False,
            "status": "certified",
            "indexes": {},
            **facts,
        }
        self.accounts[enterprise_id] = data["account_version"]
        self.hear(self.event("registry.enterprise_certified.v1", enterprise_id, data))
        return enterprise_id

    def product(self, product_id: str, market_price_fen: int | None) -> None:
        """What the market asks for a product."""
        data = {
            "product_id": product_id,
            "provider_id": uid("P", 1),
            "programme": self.programme,
            "name": "生成产品",
            "category": "infrastructure",
            "kind": "compute",
            "price_fen": PRICE,
            "market_price_fen": market_price_fen,
            "voucher_eligible": True,
            "status": "published",
        }
        self.hear(self.event("registry.product_priced.v1", product_id, data))

    def usage(self, order_id: str, total_days: int, total_units: int = 0) -> None:
        """Use of an order, recorded; each record is an aggregate of its own."""
        usage_id, today = self.new("Z"), local_date(self.clock.now())
        data = {
            "usage_id": usage_id,
            "order_id": order_id,
            "enterprise_id": uid("E", 1),
            "provider_id": uid("P", 1),
            "programme": self.programme,
            "since": today,
            "until": today,
            "days_used": 1,
            "units": 0,
            "total_days": total_days,
            "total_units": total_units,
        }
        self.hear(self.event("voucher.usage_recorded.v1", usage_id, data))

    def order(self, provider_id: str, order_id: str | None = None, *, say: str = "confirmed", **facts: Any) -> str:
        order_id = order_id or self.new("R")
        voucher = facts.pop("voucher_fen", VOUCHER)
        self.buyers[order_id] = facts.pop("enterprise_id", None) or self.buyers.get(order_id) or self.enterprise()
        data = {
            "order_id": order_id,
            "enterprise_id": self.buyers[order_id],
            "provider_id": provider_id,
            "product_id": uid("K", 1),
            "programme": self.programme,
            "year": self.year,
            "region": self.region,
            "plan_region": self.pack.region,
            "deferred_fen": 0,
            "pack_version": self.version,
            "category": "infrastructure",
            "list_price_fen": PRICE,
            "price_fen": PRICE,
            "voucher_fen": voucher,
            "own_fen": PRICE - voucher,
            "ordered_at": self.clock.now() - timedelta(days=60),
            "confirmed_at": self.clock.now() - timedelta(days=59),
            "contract_sha256": CONTRACT,
            "status": say,
            **facts,
        }
        self.hear(self.event(f"voucher.order_{say}.v1", order_id, data))
        return order_id

    def answer(
        self,
        claim_id: str,
        order_id: str,
        provider_id: str,
        code: str | None = None,
        status: str = "claimed",
        allowed_fen: int | None = VOUCHER,
    ) -> None:
        """The order row's verdict on a claim."""
        data = {"claim_id": claim_id, "order_id": order_id, "provider_id": provider_id, "code": code}
        data["allowed_fen"] = allowed_fen if code is None else None
        self.hear(self.event("voucher.claim_answered.v1", claim_id, {**data, "order_status": status}))

    def verdict(self, claim_id: str, provider_id: str, verdict: str = "cleared", version: int = 1) -> None:
        """Supervision's verdict on a version of a claim."""
        data = {
            "claim_id": claim_id,
            "claim_version": version,
            "provider_id": provider_id,
            "programme": self.programme,
            "verdict": verdict,
            "alerts": [] if verdict == "cleared" else ["INVOICE_REUSED"],
        }
        self.hear(self.event(f"supervision.claim_{verdict}.v1", claim_id, data))

    def blacklist(
        self, party_id: str, *, since: datetime | None = None, entry: str | None = None, say: str = "listed"
    ) -> str:
        """say: of an entry `listed`, `removed`; of a measure while a case runs `suspended`, `resumed`."""
        entry_id = entry or self.new("B")
        data = {
            "entry_id": entry_id,
            "kind": "blacklist",
            "interim": say in ("suspended", "resumed"),
            "party_kind": "provider",
            "party_id": party_id,
            "programme": self.programme,
            "ground": "refusal_or_fraud",
            "effective_at": since or self.clock.now(),
            "status": "listed" if say in ("listed", "suspended") else "removed",
        }
        name = "blacklisted" if say == "listed" else say
        self.hear(self.event(f"supervision.party_{name}.v1", entry_id, data))
        return entry_id

    # --- stories

    def papers(self, order_id: str, provider_id: str, claim_id: str | None = None, **changed: Any) -> dict[str, Any]:
        """A claim whose papers match; `changed`: "invoice.number"-like keys with `__` for the dot."""
        claim_id, today = claim_id or self.new("C"), local_date(self.clock.now())
        materials = self.pack.claims.materials.required if self.pack.claims and self.pack.claims.materials else ()
        category = {"category": "infrastructure"}
        parties = {"seller_uscc": SELLER, "buyer_uscc": BUYER, **category}
        body: dict[str, Any] = {
            "claim_id": claim_id,
            "provider_id": provider_id,
            "order_id": order_id,
            "invoice": {
                "number": f"NO-{order_id[-8:]}",
                "amount_fen": PRICE,
                "issued_on": today,
                **parties,
            },
            "contract": {"sha256": CONTRACT, "amount_fen": PRICE, "signed_on": today, **parties},
            "transfer": {
                "reference": "TR1",
                "amount_fen": PRICE if of_paid(self.pack) else PRICE - VOUCHER,
                "paid_on": today,
                "payer_uscc": BUYER,
                "payee_uscc": SELLER,
            },
            "usage": {"since": today - timedelta(days=30), "until": today, "days_used": 30, "units": 0, **category},
            "filer_id": self.filer(order_id, provider_id),
            "papers": [{"kind": kind, "sha256": "a" * 64} for kind in materials if kind not in MATERIALS],
        }
        for name, value in changed.items():
            group, _, field = name.partition("__")
            if field:
                body[group][field] = value
            else:
                body[group] = value
        return body

    def filer(self, order_id: str, provider_id: str) -> str | None:
        """Who files where that is not the provider."""
        if self.pack.claims is not None and self.pack.claims.filed_by == "enterprise":
            return self.buyers[order_id]
        return self.platforms.get(provider_id)

    def filed(self, provider_id: str | None = None, **changed: Any) -> tuple[str, str, str]:
        """A fresh claim, filed: claim, order and provider."""
        provider_id = provider_id or self.provider()
        order_id = self.order(provider_id)
        claim_id = self.ok("file_claim", **self.papers(order_id, provider_id, **changed))["id"]
        return claim_id, order_id, provider_id

    def accepted(self, provider_id: str | None = None) -> tuple[str, str, str]:
        claim = self.filed(provider_id)
        self.answer(*claim)
        return claim

    def node(self, delta: timedelta = timedelta(hours=1)) -> str:
        """A node announced and closed `delta` from now."""
        node_id, closes_at = self.new("N"), self.clock.now() + delta
        role = "operator" if self.programme == GUIZHOU else "bureau"
        body = {"node_id": node_id, "programme": self.programme, "year": self.year, "closes_at": closes_at}
        self.ok("announce_node", **body, role=role)
        self.due(delta)
        return node_id

    def collected(self, provider_id: str | None = None) -> tuple[str, str, str]:
        claim = self.accepted(provider_id)
        self.node()
        return claim

    def review(self, claim_id: str, stage: str, decision: str = "pass", **more: Any) -> dict[str, Any]:
        """What a person of that role says; where experts score first, as many as the pack asks for have done so."""
        reasons = None if decision == "pass" else ["不清楚"]
        rule = self.pack.claims.expert_review if self.pack.claims else None
        if rule is not None and (rule.role, "pass") == (stage, decision):
            self.score(claim_id, *[85] * rule.experts)
        if "score" in more:
            self.evaluate(claim_id, more.pop("score"))
        return self.do(
            "review_claim", **{"claim_id": claim_id, "stage": stage, "decision": decision, "reasons": reasons, **more}
        )

    def evaluate(
        self,
        claim_id: str,
        score: int,
        *,
        name: str = "enterprise",
        status: str = "evaluated",
        again: str | None = None,
    ) -> str:
        """What a third party found of the move that the claim is for: its id; `again`: told of that one once more."""
        claim, evaluation_id = self.claim(claim_id), again or self.new("V")
        data = {
            "evaluation_id": evaluation_id,
            "programme": self.programme,
            "name": name,
            **{key: claim[key] for key in ("order_id", "enterprise_id", "provider_id")},
            "standard_id": self.new("S"),
            "points": [{"item": "move", "points": score}],
            "reached": score,
            "most": 100,
            "score": score,
            "status": status,
        }
        self.hear(self.event("supervision.enterprise_evaluated.v1", evaluation_id, data))
        return evaluation_id

    def score(self, claim_id: str, *scores: int) -> None:
        """By experts who do nothing else."""
        for number, score in enumerate(scores):
            self.do("score_claim", claim_id=claim_id, score=score, role="expert", person=f"scorer-{number}")

    def through(self, claim_id: str, provider_id: str, **more: Any) -> None:
        """Collected → passed, stage by stage; `more` is said by the first."""
        self.verdict(claim_id, provider_id, version=self.claim(claim_id)["claim_version"])
        for stage in self.pack.stages("claim", self.claim(claim_id)["track"]):
            answer = self.review(claim_id, stage.role, **more)
            assert answer["ok"], answer
            more = {}

    def passed(self, provider_id: str | None = None, claims: int = 1) -> tuple[list[str], str]:
        """Passed claims of one provider, and the provider."""
        provider_id = provider_id or self.provider()
        made = [self.accepted(provider_id)[0] for _ in range(claims)]
        self.node()
        for claim_id in made:
            self.through(claim_id, provider_id)
        return made, provider_id

    def putting(self, provider_id: str | None = None) -> dict[str, Any]:
        """The body of a disbursement of this programme's year."""
        whose = {"provider_id": provider_id, "programme": self.programme, "year": self.year}
        return {"disbursement_id": self.new("D"), **whose}

    def approve(self, disbursement_id: str) -> None:
        """Every stage of its approval."""
        for stage in stages_of(self.pack):
            self.ok("review_disbursement", disbursement_id=disbursement_id, stage=stage.role, decision="approve")

    def approved(self, provider_id: str | None = None, claims: int = 1) -> tuple[str, list[str], str]:
        """An approved disbursement: its id, its claims, its provider."""
        made, provider_id = self.passed(provider_id, claims)
        whose = provider_id if by_provider(self.pack) else None
        disbursement_id = self.ok("file_disbursement", **self.putting(whose))["id"]
        self.approve(disbursement_id)
        return disbursement_id, made, provider_id

    def make(self) -> dict[str, Any]:
        return self.ok("make_batch", batch_id=self.new("H"), programme=self.programme, year=self.year)

    def release(self, made: dict[str, Any], **more: Any) -> dict[str, Any]:
        body = {"batch_id": made["id"], "frozen_hash": made["frozen_hash"], "person": "finance-2"}
        return self.do("release_batch", **{**body, **more})

    def sent(self, claims: int = 1) -> tuple[str, dict[str, Any]]:
        """A released batch of one payment: its id and the payment as `get_batch` shows it."""
        self.approved(claims=claims)
        made = self.make()
        answer = self.release(made)
        assert answer["ok"], answer
        return made["id"], self.ask("get_batch", id=made["id"])["items"][0]

    def result(self, batch_id: str, payment: dict[str, Any], status: str, **changed: Any) -> dict[str, Any]:
        line = {"reference": payment["reference"], "amount_fen": payment["amount_fen"], "status": status}
        line |= {"at": local_date(self.clock.now()), **changed}
        return self.do("record_results", batch_id=batch_id, results=[line])

    # --- looking

    def claim(self, claim_id: str) -> dict[str, Any]:
        return self.ask("get_claim", id=claim_id)

    def figures(self) -> dict[str, int]:
        return self.ask("totals", programme=self.programme, year=self.year)["figures"]

    def told(self, subject: str | None = None) -> list[str]:
        """Types of the events in the outbox (refusals apart), without the service's name and version."""
        names = [body["type"].split(".")[1] for body in self.outbox() if subject in (None, body["subject"])]
        return [name for name in names if name != "command_refused"]

    def outbox(self) -> list[dict[str, Any]]:
        with self.engine.connect() as conn:
            texts = conn.execute(sa.select(common.outbox.c.body).order_by(common.outbox.c.id)).scalars()
            return [json.loads(text) for text in texts]


def _known(result: dict[str, Any], schema: Any) -> dict[str, Any]:
    """The fields that the response's schema names (a view may carry more)."""
    return result if schema.unknown == "include" else {k: v for k, v in result.items() if k in schema.fields}
