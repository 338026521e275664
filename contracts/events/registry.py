"""registry's events: the public state of parties and products; persons only as blind indexes."""

from __future__ import annotations

from contracts import fields as f
from contracts.events.base import EventType, decided, law, refused
from contracts.events.books import totals_told
from contracts.rpc.registry import (
    GROUNDS,
    INDUSTRIES,
    PARTY_KINDS,
    PROVIDER_KINDS,
    RECORDED_TIE_KINDS,
    SIZES,
)

ENTERPRISE_STATES = ("registered", "submitted", "certified", "refused")
PROVIDER_STATES = (
    *("registered", "submitted", "certified", "nominated", "admitted", "suspended", "refused", "leaving", "exited"),
)
MOST_FACTS = 40  # of one kind that a party may declare
PRODUCT_STATES = ("submitted", "in_review", "published", "returned", "refused", "delisted")


class BlindIndexes(f.Body):
    """Keyed hashes of normalised values: equal when the values are equal, and no way back; a party may declare several.

    person: all who stand for it, the legal representative among them (`representative`). address: to the room;
    building: without it. holder: of its unified social credit code, as holdings name owner and held."""

    person = f.words(64, MOST_FACTS, required=False)
    phone = f.words(64, MOST_FACTS, required=False)
    address = f.words(64, MOST_FACTS, required=False)
    building = f.words(64, MOST_FACTS, required=False)
    account = f.words(64, MOST_FACTS, required=False)
    representative = f.text(64, required=False)
    holder = f.text(64, required=False)


class EnterpriseState(f.Body):
    enterprise_id = f.ulid()
    programme = f.programme()
    uscc = f.uscc()
    name = f.text(120)
    region = f.region()
    registered_on = f.day()
    legal_person = f.flag()
    violation = f.flag()
    bad_credit = f.flag()
    industry = f.one_of(INDUSTRIES, required=False)
    size = f.one_of(SIZES, required=False)
    tax_region = f.region(required=False)
    serves_industry = f.flag(required=False)
    account_version = f.whole(0, 2**31)  # 0: it has given no account
    priority = f.flag()
    status = f.one_of(ENTERPRISE_STATES)
    indexes = f.nested(BlindIndexes)
    law = law()


class ProviderState(f.Body):
    provider_id = f.ulid()
    programme = f.programme()
    uscc = f.uscc()
    name = f.text(120)
    region = f.region()
    provider_kind = f.one_of(PROVIDER_KINDS)
    platform_id = f.ulid(required=False)
    batch = f.text(20, required=False)  # of the catalogue
    status = f.one_of(PROVIDER_STATES)
    account_version = f.whole(0, 2**31)
    exit_on = f.day(required=False)
    ground = f.one_of(GROUNDS, required=False)
    indexes = f.nested(BlindIndexes)
    law = law()


class ProductState(f.Body):
    product_id = f.ulid()
    provider_id = f.ulid()
    programme = f.programme()
    name = f.text(120)
    category = f.code(20)
    kind = f.text(40)
    price_fen = f.fen(least=1)
    market_price_fen = f.fen(required=False)
    voucher_eligible = f.flag()
    status = f.one_of(PRODUCT_STATES)
    law = law()


class CertificationDecided(f.Body):
    case_id = f.ulid()
    party_kind = f.one_of(PARTY_KINDS)
    party_id = f.ulid()
    programme = f.programme()
    decision = f.one_of(("approve", "return", "refuse"))
    stage = f.code(20)  # the role that decided
    reasons = f.words(500, 20)
    law = law()


class TieRecorded(f.Body):
    tie_id = f.ulid()
    enterprise_id = f.ulid()
    provider_id = f.ulid()
    programme = f.programme()
    kind = f.one_of(RECORDED_TIE_KINDS)


class HoldingState(f.Body):
    """A share that one holder has of another, each by blind index of its code, and by its id where it is registered.

    state: the owner is the state, which ties nobody to anybody. from_on, until_on: the first day, and the first day
    on which it is no more."""

    holding_id = f.ulid()
    owner = f.text(64)
    held = f.text(64)
    owner_id = f.ulid(required=False)
    held_id = f.ulid(required=False)
    state = f.flag()
    share_bp = f.whole(1, 10_000)
    from_on = f.day()
    until_on = f.day(required=False)
    status = f.one_of(("recorded", "ended"))


def _e(name: str, schema: type[f.Body], *consumers: str, doc: str = "") -> EventType:
    return EventType(f"registry.{name}.v1", schema, consumers, doc)


EVENTS = [
    _e("enterprise_registered", EnterpriseState, "voucher", "supervision"),
    _e(
        "enterprise_submitted",
        EnterpriseState,
        "voucher",
        "supervision",
        "settlement",
        doc="Handed in for certification.",
    ),
    _e("enterprise_certified", EnterpriseState, "voucher", "supervision", "settlement", "notify"),
    _e("enterprise_refused", EnterpriseState, "voucher", "supervision", "settlement"),
    _e("enterprise_facts_changed", EnterpriseState, "voucher", "supervision", "settlement", "notify"),
    _e("provider_registered", ProviderState, "voucher", "supervision", "settlement"),
    _e("provider_submitted", ProviderState, "voucher", "supervision", "settlement"),
    _e("provider_certified", ProviderState, "voucher", "supervision", "settlement", "notify"),
    _e(
        "provider_nominated",
        ProviderState,
        "voucher",
        "supervision",
        "settlement",
        "notify",
        doc="Passed a stage of admission that is not the last.",
    ),
    _e("provider_admitted", ProviderState, "voucher", "supervision", "settlement", "notify"),
    _e(
        "provider_suspended",
        ProviderState,
        "voucher",
        "supervision",
        "settlement",
        "notify",
        doc="Takes no new orders until it is reinstated, by an assessment; running ones go on.",
    ),
    _e("provider_reinstated", ProviderState, "voucher", "supervision", "settlement", "notify"),
    _e("provider_refused", ProviderState, "voucher", "supervision", "settlement", "notify"),
    _e("provider_facts_changed", ProviderState, "voucher", "supervision", "settlement", "notify"),
    _e(
        "provider_exit_noticed",
        ProviderState,
        "voucher",
        "supervision",
        "settlement",
        "notify",
        doc="Leaves 30 days from now.",
    ),
    _e(
        "provider_exited",
        ProviderState,
        "voucher",
        "supervision",
        "settlement",
        "notify",
        doc="Voluntarily at its date, or forced.",
    ),
    _e("product_submitted", ProductState, "voucher", "settlement", "supervision", "notify"),
    _e(
        "product_reviewed",
        ProductState,
        "voucher",
        "settlement",
        "supervision",
        "notify",
        doc="A stage that is not the last passed it, or one returned or refused it.",
    ),
    _e("product_published", ProductState, "voucher", "settlement", "supervision", "notify"),
    _e(
        "product_priced",
        ProductState,
        "voucher",
        "settlement",
        "supervision",
        "notify",
        doc="Its market price was recorded.",
    ),
    _e("product_delisted", ProductState, "voucher", "settlement", "supervision", "notify"),
    _e(
        "certification_reviewed",
        CertificationDecided,
        "notify",
        doc="A stage that is not the last approved it.",
    ),
    _e("certification_decided", CertificationDecided, "notify"),
    _e("tie_recorded", TieRecorded, "voucher", "supervision", "settlement"),
    _e("shareholding_recorded", HoldingState, "voucher", "supervision", "settlement", doc="第十三条(四): ownership."),
    _e("shareholding_ended", HoldingState, "voucher", "supervision", "settlement"),
    refused("registry"),
    decided("registry"),
    totals_told("registry"),
]
