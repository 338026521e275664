"""supervision: what must not happen."""

from __future__ import annotations

from contracts import fields as f
from contracts import roles as r
from contracts.rpc.base import Anything, IdOnly, Method, Nothing, Page, everywhere
from contracts.rpc.registry import GROUNDS, PARTY_KINDS, ById, Items, PartyIds

SERVICE = "supervision"
ALERTS = ("AFFILIATED_PARTIES", "INVOICE_REUSED", "PRICE_OUTLIER")
SEVERITIES = ("high", "medium", "low")
COMPLAINT_STATES = ("open", "answered")
OUTCOMES = ("resolved", "rejected", "forwarded")
BLACKLIST_GROUNDS = (*GROUNDS, "fraud", "crime")  # those of forced exit, fraud (五(四)), crime (第十二条)


class AcknowledgeAlert(f.Body):
    alert_id = f.ulid()


class ResolveAlert(f.Body):
    """confirmed: the claim stays held and is to be refused; false_alarm: it is cleared when no other alert is open."""

    alert_id = f.ulid()
    verdict = f.one_of(("confirmed", "false_alarm"))
    reason = f.text(1000)


class BlacklistParty(f.Body):
    """New orders, quotas and payments stop from effective_at (empty: now) (第十二条、五(四))."""

    entry_id = f.ulid()
    party_kind = f.one_of(PARTY_KINDS)
    party_id = f.ulid()
    programme = f.programme()
    ground = f.one_of(BLACKLIST_GROUNDS)
    reason = f.text(1000)
    effective_at = f.instant(required=False)


class RemoveFromBlacklist(f.Body):
    entry_id = f.ulid()
    reason = f.text(1000)


class FileComplaint(f.Body):
    """An enterprise's complaint about a provider (第九条). The text may name people: it stays with supervision."""

    complaint_id = f.ulid()
    programme = f.programme()
    enterprise_id = f.ulid()
    provider_id = f.ulid()
    order_id = f.ulid(required=False)
    text = f.text(1000)


class AnswerComplaint(f.Body):
    """The operator's answer, which ends the complaint; forwarded: another authority has it now."""

    complaint_id = f.ulid()
    text = f.text(2000)
    outcome = f.one_of(OUTCOMES)


class ListComplaints(Page):
    programme = f.programme()
    status = f.one_of(COMPLAINT_STATES, required=False)
    provider_id = f.ulid(required=False)


class ListAlerts(Page):
    programme = f.programme()
    status = f.text(20, required=False)


class ListBlacklist(Page):
    programme = f.programme()


class Related(f.Body):
    """The path of shared facts between two parties, each named by its kind, never by its value."""

    from_id = f.ulid()
    to_id = f.ulid()


class EvidencePage(f.Body):
    """Records from position `start`, 1 is the first."""

    start = f.whole(1, 2**53)
    limit = f.whole(1, 1000, required=False, load_default=1000, allow_none=False)


_supervisor = frozenset({r.SUPERVISOR})
_readers = frozenset({r.SUPERVISOR, r.AUDITOR, r.BUREAU, r.OPERATOR, r.FINANCE, r.OPS, r.SERVICE})

METHODS = [
    Method(SERVICE, "acknowledge_alert", "command", AcknowledgeAlert, IdOnly, _supervisor),
    Method(SERVICE, "resolve_alert", "command", ResolveAlert, IdOnly, _supervisor),
    Method(SERVICE, "blacklist_party", "command", BlacklistParty, IdOnly, _supervisor | {r.BUREAU}),
    Method(SERVICE, "remove_from_blacklist", "command", RemoveFromBlacklist, IdOnly, _supervisor | {r.BUREAU}),
    Method(
        SERVICE,
        "file_complaint",
        "command",
        FileComplaint,
        IdOnly,
        frozenset({r.PLATFORM, r.ENTERPRISE}),
        owner="enterprise_id",
        private=True,
    ),
    Method(SERVICE, "answer_complaint", "command", AnswerComplaint, IdOnly, frozenset({r.OPERATOR}), private=True),
    Method(SERVICE, "get_alert", "query", ById, Anything, _readers),
    Method(SERVICE, "list_alerts", "query", ListAlerts, Items, _readers),
    Method(
        SERVICE,
        "get_complaint",
        "query",
        ById,
        Anything,
        _readers | r.PARTIES | {r.PLATFORM},
        private=True,
        doc="With both texts; a party sees those it filed, or that are about it.",
    ),
    Method(SERVICE, "list_complaints", "query", ListComplaints, Items, _readers, doc="Without the texts."),
    Method(SERVICE, "blacklist", "query", ListBlacklist, Items, r.ALL),
    Method(
        SERVICE,
        "standing",
        "query",
        PartyIds,
        Items,
        frozenset({r.SERVICE}),
        doc="Which of these parties are blacklisted, and since when.",
    ),
    Method(SERVICE, "related", "query", Related, Anything, _readers),
    Method(SERVICE, "evidence_page", "query", EvidencePage, Items, _readers),
    Method(SERVICE, "evidence_head", "query", Nothing, Anything, r.ALL, doc="Size and hash of the evidence log."),
    *everywhere(SERVICE),
]
