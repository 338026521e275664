"""A registry without a bus, as tests use it: its pipeline, a clock moved by hand, and the ways to common states."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from contracts import catalogue, ulid
from infra.clock import FixedClock
from infra.messages import Actor, Command, Event
from infra.pipeline import Pipeline
from infra.tables import outbox
from services.registry.domain import uscc
from tests.schemas import made

PROGRAMME = "guizhou-2018"
NOW = datetime(2019, 3, 1, 2, 0, tzinfo=UTC)

OPERATOR = Actor("operator-1", frozenset({"operator"}))
OPERATOR_2 = Actor("operator-2", frozenset({"operator"}))
BUREAU = Actor("bureau-1", frozenset({"bureau"}))
PLATFORM = Actor("platform", frozenset({"platform"}))
SERVICE = Actor("settlement", frozenset({"service"}))


def make_code(number: int, region: str = "520100", office: str = "91") -> str:
    """A code that keeps both its check digits and belongs to nobody."""
    body = f"{office}{region}{number:08d}"
    for digit in "0123456789X":
        code = body + digit + uscc.check_character(body + digit)
        if uscc.organisation_code_is_valid(code):
            return code
    raise AssertionError(number)


ENTERPRISE_CODE = make_code(1)
PROVIDER_CODE = make_code(2, region="520900")
CASE_ID = "01HZZZZZZZZZZZZZZZZZZZZZZC"


@dataclass
class Registry:
    """What a test does to the registry, and sees of it."""

    pipeline: Pipeline
    clock: FixedClock
    folder: Path
    statements: list[str] = field(default_factory=list)

    def send(self, method: str, actor: Actor, key: str | None = None, **body: Any) -> dict[str, Any]:
        """One command as the bus would hand it over; its answer."""
        return self.send_many(method, [(actor, body)], key=key)[0]

    def send_many(self, method: str, calls: list[tuple[Actor, dict[str, Any]]], key: str | None = None) -> list[Any]:
        """One batch of commands; their answers."""
        return self.pipeline.run_commands(method, [self._command(method, actor, body, key) for actor, body in calls])

    def ok(self, method: str, actor: Actor, **body: Any) -> dict[str, Any]:
        """One command that must go well; its result."""
        given = self.send(method, actor, **body)
        assert given["ok"], given
        return given["result"]

    def ask(self, method: str, actor: Actor, **body: Any) -> dict[str, Any]:
        """A query's answer."""
        command = self._command(method, actor, body, None)
        return self.pipeline.run_query(method, command)

    def hear(self, type: str, subject: str, sequence: int, **data: Any) -> None:
        """An event of another service."""
        event = Event(
            ulid.new(), "/yunquan/supervision", type, self.clock.now(), subject, sequence, ulid.new(), data=data
        )
        self.pipeline.run_events([event])

    def events(self, type: str | None = None) -> list[dict[str, Any]]:
        """What was emitted, oldest first: envelopes."""
        with self.pipeline.engine.connect() as conn:
            rows = [json.loads(body) for body in conn.execute(sa.select(outbox.c.body).order_by(outbox.c.id)).scalars()]
        return [row for row in rows if type is None or row["type"] == f"registry.{type}.v1"]

    def rows(self, table: sa.Table) -> list[dict[str, Any]]:
        """All rows of a table."""
        with self.pipeline.engine.connect() as conn:
            return [dict(row) for row in conn.execute(sa.select(table)).mappings()]

    def upload(self, content: bytes, media_type: str = "application/pdf", actor: Actor = PLATFORM) -> str:
        """A document in one chunk; its digest."""
        digest = hashlib.sha256(content).hexdigest()
        self.ok(
            "upload_chunk",
            actor,
            sha256=digest,
            media_type=media_type,
            total_bytes=len(content),
            offset=0,
            content=base64.b64encode(content).decode(),
        )
        return digest

    # ways there

    def enterprise(self, code: str = ENTERPRISE_CODE, **facts: Any) -> str:
        """A registered enterprise; its id."""
        party_id = facts.pop("enterprise_id", None) or ulid.new()
        self.ok("register_enterprise", PLATFORM, **enterprise_facts(enterprise_id=party_id, uscc=code, **facts))
        return party_id

    def provider(self, code: str = PROVIDER_CODE, to: str = "admitted", **facts: Any) -> str:
        """A provider as far as `to`; its id."""
        party_id = ulid.new()
        self.ok("register_provider", PLATFORM, **provider_facts(provider_id=party_id, uscc=code, **facts))
        if to in ("certified", "admitted"):
            self.certify("provider", party_id)
        if to == "admitted":
            self.ok("admit_provider", BUREAU, provider_id=party_id, decision="admit")
        return party_id

    def documents(self, kind: str) -> list[dict[str, str]]:
        """Uploaded documents, all that the programme asks for."""
        kinds = ["business_licence", "certification_form"]
        kinds += ["contact_id_front", "contact_id_back"] if kind == "enterprise" else []
        return [{"kind": one, "sha256": self.upload(b"%PDF-1.7 " + one.encode())} for one in kinds]

    def submit_case(self, kind: str, party_id: str, case_id: str | None = None, actor: Actor = PLATFORM) -> str:
        """A case handed in; its id."""
        case_id = case_id or ulid.new()
        documents = self.documents(kind)
        self.ok("submit_certification", actor, case_id=case_id, party_kind=kind, party_id=party_id, documents=documents)
        return case_id

    def certify(self, kind: str, party_id: str) -> str:
        """A case handed in and approved; its id."""
        case_id = self.submit_case(kind, party_id)
        self.ok("review_certification", OPERATOR, case_id=case_id, decision="approve")
        return case_id

    def product(self, provider_id: str, to: str = "published", **facts: Any) -> str:
        """A product as far as `to`; its id."""
        product_id = ulid.new()
        self.ok("submit_product", PLATFORM, **product_facts(product_id=product_id, provider_id=provider_id, **facts))
        if to in ("in_review", "published"):
            self.ok("review_product", OPERATOR, product_id=product_id, stage="operator", decision="approve")
        if to == "published":
            self.ok("review_product", BUREAU, product_id=product_id, stage="bureau", decision="approve")
        return product_id

    def blacklist(self, party_id: str, status: str = "listed", sequence: int = 1) -> None:
        """Supervision's word on a party."""
        entry_id = "01HZZZZZZZZZZZZZZZZZZZZZZZ"
        self.hear(
            "supervision.party_blacklisted.v1" if status == "listed" else "supervision.party_removed.v1",
            entry_id,
            sequence,
            entry_id=entry_id,
            kind="blacklist",
            interim=False,
            party_kind="provider",
            party_id=party_id,
            party_name=None,
            programme=PROGRAMME,
            ground="fraud",
            effective_at=self.clock.now(),
            status=status,
        )

    def assessed(self, number: int, provider_id: str, status: str, *, told: str, sequence: int) -> None:
        """Supervision's assessment of a provider, the `number`-th, in its state."""
        assessment_id = f"01J{number:023d}"
        self.hear(
            f"supervision.assessment_{told}.v1",
            assessment_id,
            sequence,
            assessment_id=assessment_id,
            programme=PROGRAMME,
            name="provider",
            of="provider",
            subject_id=provider_id,
            region="520900",
            period="2018",
            indicators=[],
            score_bp=4400,
            grade={"zh": "较差", "en": "poor"},
            consequence="suspend",
            due_on=None,
            status=status,
            law={"pack_version": "guizhou-2018@1", "articles": ["五(五)"], "facts": {}},
        )

    def exit(
        self, provider_id: str, ground: str = "refusal_or_fraud", *, what: str = "decided", sequence: int = 3
    ) -> None:
        """Supervision's word that the provider is out, or that it may come back."""
        number = ("law_breach", "public_morals", "refusal_or_fraud", "insolvency", "measures_not_mended").index(ground)
        law = {"pack_version": "guizhou-2018@1", "articles": [f"第十二条(二){number + 1}", "第十二条"], "facts": {}}
        case = {"case_id": CASE_ID, "provider_id": provider_id, "programme": PROGRAMME, "ground": ground, "law": law}
        self.hear(f"supervision.exit_{what}.v1", CASE_ID, sequence, **case)

    def _command(self, method: str, actor: Actor, body: dict[str, Any], key: str | None) -> Command:
        contract = catalogue.METHODS[f"registry.{method}"]
        loaded = made(contract.request).load(json.loads(json.dumps(body, default=str)))
        key = (key or ulid.new()) if contract.kind == "command" else None
        return Command(method, key, loaded, actor, ulid.new())


def enterprise_facts(**changed: Any) -> dict[str, Any]:
    """The body of register_enterprise."""
    return {
        "enterprise_id": ulid.new(),
        "programme": PROGRAMME,
        "uscc": ENTERPRISE_CODE,
        "name": "贵州示例制造有限公司",
        "region": "520100",
        "registered_on": "2015-04-01",
        "legal_person": True,
        "representative": "张示例",
        "contact_name": "李示例",
        "contact_phone": "138 0000 0001",
        "contact_email": "contact@example.invalid",
        "address": "贵阳市示例路1号",
        "violation": False,
        "bad_credit": False,
        **changed,
    }


def provider_facts(**changed: Any) -> dict[str, Any]:
    """The body of register_provider."""
    return {
        "provider_id": ulid.new(),
        "programme": PROGRAMME,
        "uscc": PROVIDER_CODE,
        "name": "贵州示例云服务有限公司",
        "region": "520900",
        "registered_on": "2014-04-01",
        "legal_person": True,
        "tax_paid": True,
        "representative": "王示例",
        "contact_phone": "+86 138-0000-0002",
        "account": "6222 0000 0000 0001",
        "account_holder": "贵州示例云服务有限公司",
        "bank_name": "示例银行",
        "bank_code": "102701000013",
        "violation": False,
        "bad_credit": False,
        **changed,
    }


def product_facts(**changed: Any) -> dict[str, Any]:
    """The body of submit_product."""
    return {
        "product_id": ulid.new(),
        "provider_id": ulid.new(),
        "name": "示例云主机",
        "category": "infrastructure",
        "kind": "compute",
        "details": "2核4G，按月",
        "price_fen": 10_000,
        "market_price_fen": 12_000,
        "voucher_eligible": True,
        **changed,
    }
