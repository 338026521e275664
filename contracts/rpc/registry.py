"""registry: who may take part, and with what."""

from __future__ import annotations

from contracts import fields as f
from contracts import roles as r
from contracts.rpc.base import Anything, IdOnly, Method, Page, everywhere

SERVICE = "registry"
PARTY_KINDS = ("enterprise", "provider")
INDUSTRIES = ("industrial", "software", "institution", "other")
SIZES = ("micro", "small", "medium", "large")
PROVIDER_KINDS = ("platform", "application")  # 云平台服务商、云应用服务商
TIE_KINDS = ("subordination", "joint_construction", "ownership")
RECORDED_TIE_KINDS = (*TIE_KINDS, "confirmed_alert")  # the last: a supervisor confirmed AFFILIATED_PARTIES
OWNER_KINDS = ("company", "person", "state")
GROUNDS = ("law_breach", "public_morals", "refusal_or_fraud", "insolvency", "measures_not_mended")  # 第十二条(二)1–5


class RegisterEnterprise(f.Body):
    """Personal data (representative, contact, phone, account) is stored encrypted and appears in no event."""

    enterprise_id = f.ulid()
    programme = f.programme()
    uscc = f.uscc()
    name = f.text(120)
    region = f.region()
    registered_on = f.day()
    legal_person = f.flag()
    representative = f.text(60, required=False)
    contact_name = f.text(60, required=False)
    contact_phone = f.text(20, required=False)
    contact_email = f.text(120, required=False)
    address = f.text(200, required=False)
    account = f.text(40, required=False)
    account_holder = f.text(120, required=False)  # with bank_name and bank_code: where the programme pays enterprises
    bank_name = f.text(120, required=False)
    bank_code = f.text(14, required=False)
    controller = f.text(60, required=False)  # 实际控制人
    shareholders = f.words(60, 20, required=False)  # names; a share that is on paper: record_shareholding
    other_phones = f.words(40, 10, required=False)
    other_addresses = f.words(200, 10, required=False)
    other_accounts = f.words(40, 10, required=False)
    tax_region = f.region(required=False)  # where it is registered for tax
    serves_industry = f.flag(required=False)
    industry = f.one_of(INDUSTRIES, required=False)
    size = f.one_of(SIZES, required=False)
    capital_fen = f.fen(required=False)
    revenue_fen = f.fen(required=False)
    priority = f.flag(required=False)  # 万企融合 action (第十八条): only an operator's word counts
    violation = f.flag()
    bad_credit = f.flag()


class RegisterProvider(f.Body):
    """provider_kind empty: platform. An application provider names its platform provider, where a programme asks it."""

    provider_id = f.ulid()
    provider_kind = f.one_of(PROVIDER_KINDS, required=False)
    platform_id = f.ulid(required=False)
    programme = f.programme()
    uscc = f.uscc()
    name = f.text(120)
    region = f.region()
    registered_on = f.day()
    legal_person = f.flag()
    tax_paid = f.flag()
    representative = f.text(60, required=False)
    contact_name = f.text(60, required=False)
    contact_phone = f.text(20, required=False)
    contact_email = f.text(120, required=False)
    address = f.text(200, required=False)
    account = f.text(40)
    account_holder = f.text(120)
    bank_name = f.text(120)
    bank_code = f.text(14)
    controller = f.text(60, required=False)  # 实际控制人
    shareholders = f.words(60, 20, required=False)  # names; a share that is on paper: record_shareholding
    other_phones = f.words(40, 10, required=False)
    other_addresses = f.words(200, 10, required=False)
    other_accounts = f.words(40, 10, required=False)
    violation = f.flag()
    bad_credit = f.flag()


class ImportRow(f.Body):
    """A row of a business register; the id is made from its code, so that a second run changes nothing."""

    uscc = f.uscc()
    name = f.text(120)
    region = f.region()
    registered_on = f.day()
    legal_person = f.flag()
    representative = f.text(60, required=False)
    address = f.text(200, required=False)
    capital_fen = f.fen(required=False)


class ImportEnterprises(f.Body):
    programme = f.programme()
    rows = f.many(ImportRow, least=1)


class ImportResult(f.Body):
    """outcomes: `accepted`, `unchanged` or an error code, one a row in the order sent."""

    outcomes = f.words(64, f.MAX_BATCH)


class UploadChunk(f.Body):
    """At most 256 KiB a chunk, base64; the document exists when all of it came and its SHA-256 and type are right."""

    sha256 = f.sha256()
    media_type = f.one_of(("application/pdf", "image/png", "image/jpeg"))
    total_bytes = f.whole(1, 10 * 1024 * 1024)
    offset = f.whole(0, 10 * 1024 * 1024)
    content = f.text(350_000)


class Uploaded(f.Body):
    """`status` is `receiving` until all of it came, then `stored`; the next chunk starts at `received_bytes`."""

    sha256 = f.sha256()
    received_bytes = f.whole(0, 10 * 1024 * 1024)
    status = f.one_of(("receiving", "stored"))


class DocumentRef(f.Body):
    """kind: a word of the pack, as its lists of documents name them."""

    kind = f.code()
    sha256 = f.sha256()


class SubmitCertification(f.Body):
    case_id = f.ulid()
    party_kind = f.one_of(PARTY_KINDS)
    party_id = f.ulid()
    documents = f.many(DocumentRef, most=20, least=1)


class Review(f.Body):
    """By the stage whose turn it is, as the pack orders them; return: sent back with reasons, may be handed in again;
    refuse: ended."""

    decision = f.one_of(("approve", "return", "refuse"))
    reasons = f.words(500, 20, required=False)


class ReviewCertification(Review):
    case_id = f.ulid()


class ChangeFacts(f.Body):
    party_id = f.ulid()
    party_kind = f.one_of(PARTY_KINDS)
    reason = f.text(500)
    name = f.text(120, required=False)
    region = f.region(required=False)
    legal_person = f.flag(required=False)
    representative = f.text(60, required=False)
    contact_name = f.text(60, required=False)
    contact_phone = f.text(20, required=False)
    contact_email = f.text(120, required=False)
    address = f.text(200, required=False)
    account = f.text(40, required=False)
    account_holder = f.text(120, required=False)
    bank_name = f.text(120, required=False)
    bank_code = f.text(14, required=False)
    controller = f.text(60, required=False)  # 实际控制人
    shareholders = f.words(60, 20, required=False)  # names; a share that is on paper: record_shareholding
    other_phones = f.words(40, 10, required=False)
    other_addresses = f.words(200, 10, required=False)
    other_accounts = f.words(40, 10, required=False)
    violation = f.flag(required=False)
    bad_credit = f.flag(required=False)
    priority = f.flag(required=False)  # one that the pack puts first: the operator records it
    tax_region = f.region(required=False)
    serves_industry = f.flag(required=False)
    industry = f.one_of(INDUSTRIES, required=False)
    size = f.one_of(SIZES, required=False)
    platform_id = f.ulid(required=False)  # of an application provider, whose platform is out, say: the operator's


class AdmitProvider(f.Body):
    """The stage whose turn it is of the pack's `reviews.provider_admission`: nominated by all but the last, admitted by
    the last; admitted providers stand in the catalogue. batch: of the catalogue, where providers are chosen in batches.
    """

    provider_id = f.ulid()
    decision = f.one_of(("admit", "refuse"))
    reasons = f.words(500, 20, required=False)
    batch = f.text(20, required=False)


class SubmitProduct(f.Body):
    product_id = f.ulid()
    provider_id = f.ulid()
    name = f.text(120)
    category = f.code(20)  # of the pack
    kind = f.text(40)  # a service kind of the pack's category, where it names some
    details = f.text(2000)
    price_fen = f.fen(least=1)
    market_price_fen = f.fen(required=False, least=1)
    voucher_eligible = f.flag()


class ReviewProduct(Review):
    """stage: the role of the stage whose turn it is."""

    product_id = f.ulid()
    stage = f.code(20)


class RecordMarketPrice(f.Body):
    """What the same service costs on the market, as found by the operator or bureau; source: where it was found."""

    product_id = f.ulid()
    market_price_fen = f.fen(least=1)
    source = f.text(500)


class RecordTie(f.Body):
    """A fact that ties an enterprise to a provider (第十三条(四))."""

    tie_id = f.ulid()
    enterprise_id = f.ulid()
    provider_id = f.ulid()
    kind = f.one_of(TIE_KINDS)
    evidence = f.text(500)


class RecordShareholding(f.Body):
    """Any share is an ownership tie (第十三条(四): 无任何…产权纽带). Owner and held are named by the id of a registered
    party, or by code: a company's unified social credit code, a person's identity number. Codes of those outside are
    kept as blind indexes alone. owner_kind empty: a company. state: of several whose only tie is the state's share
    none is related to another (公司法). from_on is the first day, until_on the first on which it is no more."""

    holding_id = f.ulid()
    programme = f.programme()
    owner_kind = f.one_of(OWNER_KINDS, required=False)
    owner_id = f.ulid(required=False)
    owner_code = f.text(40, required=False)
    held_id = f.ulid(required=False)
    held_code = f.text(40, required=False)
    share_bp = f.whole(1, 10_000)
    from_on = f.day()
    until_on = f.day(required=False)
    source_sha256 = f.sha256()


class EndShareholding(f.Body):
    """until_on: the first day on which the share is no more."""

    holding_id = f.ulid()
    until_on = f.day()
    source_sha256 = f.sha256()


class GiveExitNotice(f.Body):
    """Voluntary exit takes effect 30 days after this notice (第十二条(一))."""

    provider_id = f.ulid()
    reason = f.text(500)


class ById(f.Body):
    id = f.ulid()


class ListProducts(Page):
    programme = f.programme()
    category = f.code(20, required=False)
    provider_id = f.ulid(required=False)


class ListWork(Page):
    """Cases that wait for someone; stage: the role whose turn it is, region: where the party lies, an office's own."""

    programme = f.programme()
    kind = f.one_of(("certification", "provider", "product"))
    stage = f.code(20, required=False)
    region = f.region_prefix(required=False)


class ListParties(Page):
    programme = f.programme()
    kind = f.one_of(PARTY_KINDS)
    status = f.text(20, required=False)
    region_prefix = f.text(6, required=False)


class PartyIds(f.Body):
    ids = f.words(26, f.MAX_BATCH, least=1)


class Items(f.Body):
    items = f.many(Anything, most=1000)
    next = f.text(64, required=False)


class PayeeAccount(f.Body):
    """A provider's or enterprise's account in plain text; `account_version` is what an approval freezes."""

    party_id = f.ulid()
    kind = f.one_of(PARTY_KINDS)
    uscc = f.uscc()
    name = f.text(120)
    status = f.text(20)
    blacklisted = f.flag()
    account_version = f.whole(0, 2**31)
    account = f.text(40, required=False)
    account_holder = f.text(120, required=False)
    bank_name = f.text(120, required=False)
    bank_code = f.text(14, required=False)


class PayeeAccounts(f.Body):
    """Those that are known, in order of id; others are left out."""

    items = f.many(PayeeAccount)


class Contact(f.Body):
    """Where a party is reached, in plain text."""

    id = f.ulid()
    kind = f.one_of(PARTY_KINDS)
    name = f.text(120)
    contact_name = f.text(60, required=False)
    contact_phone = f.text(20, required=False)
    contact_email = f.text(120, required=False)


class Contacts(f.Body):
    """Those that are known, in order of id; others are left out."""

    items = f.many(Contact)


_party = frozenset({r.PLATFORM, r.OPERATOR})
_enterprise = frozenset({r.PLATFORM, r.ENTERPRISE, r.OPERATOR})
_provider = frozenset({r.PLATFORM, r.PROVIDER, r.OPERATOR})
_readers = r.ALL

METHODS = [
    Method(
        SERVICE,
        "register_enterprise",
        "command",
        RegisterEnterprise,
        IdOnly,
        _enterprise,
        owner="enterprise_id",
        private=True,
        doc="第十四条(一): registration with a unified social credit code.",
    ),
    Method(
        SERVICE,
        "register_provider",
        "command",
        RegisterProvider,
        IdOnly,
        _provider,
        owner="provider_id",
        private=True,
        doc="第十一条(一).",
    ),
    Method(
        SERVICE,
        "import_enterprises",
        "command",
        ImportEnterprises,
        ImportResult,
        frozenset({r.OPERATOR, r.OPS}),
        queue="bulk",
        private=True,
        doc="Up to 500 rows of a business register.",
    ),
    Method(
        SERVICE,
        "upload_chunk",
        "command",
        UploadChunk,
        Uploaded,
        r.ALL - {r.SERVICE, r.AUDITOR},
        queue="bulk",
        private=True,
        doc="A part of a document, apart from the command that names it.",
    ),
    Method(
        SERVICE,
        "submit_certification",
        "command",
        SubmitCertification,
        IdOnly,
        frozenset({r.PLATFORM, r.ENTERPRISE, r.PROVIDER, r.OPERATOR}),
        owner="party_id",
        doc="第十一条(二)、第十四条(二).",
    ),
    Method(
        SERVICE,
        "review_certification",
        "command",
        ReviewCertification,
        IdOnly,
        r.REVIEWERS,
        doc="第十一条(三)、第十四条(三); by the roles of the pack's stages.",
    ),
    Method(
        SERVICE,
        "change_facts",
        "command",
        ChangeFacts,
        IdOnly,
        r.PARTIES | _party,
        owner="party_id",
        private=True,
        doc="Changes of registered facts, with history.",
    ),
    Method(SERVICE, "admit_provider", "command", AdmitProvider, IdOnly, r.REVIEWERS, doc="第十条、三(二)."),
    Method(
        SERVICE, "submit_product", "command", SubmitProduct, IdOnly, _provider, owner="provider_id", doc="第十一条(四)."
    ),
    Method(
        SERVICE,
        "review_product",
        "command",
        ReviewProduct,
        IdOnly,
        r.REVIEWERS,
        doc="第十一条(五).",
    ),
    Method(
        SERVICE,
        "record_market_price",
        "command",
        RecordMarketPrice,
        IdOnly,
        frozenset({r.OPERATOR, r.BUREAU}),
        doc="第十条(三); 内蒙古 七(二).",
    ),
    Method(
        SERVICE,
        "record_tie",
        "command",
        RecordTie,
        IdOnly,
        frozenset({r.OPERATOR, r.BUREAU, r.SUPERVISOR}),
        doc="第十三条(四).",
    ),
    Method(
        SERVICE,
        "record_shareholding",
        "command",
        RecordShareholding,
        IdOnly,
        frozenset({r.OPERATOR, r.BUREAU, r.SUPERVISOR}),
        private=True,
        doc="第十三条(四): who holds a share of whom, by its paper.",
    ),
    Method(
        SERVICE,
        "end_shareholding",
        "command",
        EndShareholding,
        IdOnly,
        frozenset({r.OPERATOR, r.BUREAU, r.SUPERVISOR}),
        doc="From that day on the share is no more; orders before it stay tied.",
    ),
    Method(
        SERVICE,
        "give_exit_notice",
        "command",
        GiveExitNotice,
        IdOnly,
        _provider,
        owner="provider_id",
        doc="第十二条(一).",
    ),
    Method(SERVICE, "get_enterprise", "query", ById, Anything, _readers, owner="id"),
    Method(SERVICE, "get_provider", "query", ById, Anything, _readers),
    Method(SERVICE, "get_product", "query", ById, Anything, _readers),
    Method(SERVICE, "get_certification", "query", ById, Anything, r.ALL - r.PARTIES),
    Method(SERVICE, "list_products", "query", ListProducts, Items, _readers, doc="The catalogue in force."),
    Method(SERVICE, "list_parties", "query", ListParties, Items, r.OFFICIALS | {r.PLATFORM}),
    Method(SERVICE, "list_work", "query", ListWork, Items, r.OFFICIALS),
    Method(
        SERVICE,
        "payee_accounts",
        "query",
        PartyIds,
        PayeeAccounts,
        frozenset({r.SERVICE}),
        callers=frozenset({"service:settlement"}),
        private=True,
        doc="Accounts for a payment file; settlement alone may call it.",
    ),
    Method(
        SERVICE,
        "contacts",
        "query",
        PartyIds,
        Contacts,
        frozenset({r.SERVICE}),
        callers=frozenset({"service:notify"}),
        private=True,
        doc="Where to send a notification; notify alone may call it.",
    ),
    *everywhere(SERVICE),
]
