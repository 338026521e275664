"""supervision's events: verdicts on claims, alerts, complaints, the blacklist, checkpoints."""

from __future__ import annotations

from contracts import fields as f
from contracts.events.base import EventType, law, refused
from contracts.rpc.registry import PARTY_KINDS
from contracts.rpc.supervision import ALERTS, COMPLAINT_STATES, OUTCOMES, SEVERITIES


class ClaimVerdict(f.Body):
    """On one version of one claim: silence is no clearance."""

    claim_id = f.ulid()
    claim_version = f.whole(1, 10**6)
    provider_id = f.ulid()
    programme = f.programme()
    verdict = f.one_of(("cleared", "held", "rejected"))
    alerts = f.words(40, 20)
    law = law()


class AlertState(f.Body):
    """evidence: which rule, which numbers, which other claims or parties (ids alone)."""

    alert_id = f.ulid()
    alert = f.one_of(ALERTS)
    severity = f.one_of(SEVERITIES)
    claim_id = f.ulid()
    claim_version = f.whole(1, 10**6)
    provider_id = f.ulid()
    enterprise_id = f.ulid()
    programme = f.programme()
    evidence = f.facts()
    status = f.one_of(("open", "acknowledged", "confirmed", "false_alarm"))
    reason = f.text(1000, required=False)
    law = law()


class ComplaintState(f.Body):
    """Without the texts of complaint and answer, which may name people."""

    complaint_id = f.ulid()
    programme = f.programme()
    enterprise_id = f.ulid()
    provider_id = f.ulid()
    order_id = f.ulid(required=False)
    status = f.one_of(COMPLAINT_STATES)
    outcome = f.one_of(OUTCOMES, required=False)
    answered_at = f.instant(required=False)
    law = law()


class BlacklistState(f.Body):
    entry_id = f.ulid()
    party_kind = f.one_of(PARTY_KINDS)
    party_id = f.ulid()
    party_name = f.text(120, required=False)
    programme = f.programme()
    ground = f.text(60)
    effective_at = f.instant()
    status = f.one_of(("listed", "removed"))
    law = law()


class Checkpoint(f.Body):
    size = f.whole(1, 2**53)
    head = f.sha256()


def _e(name: str, schema: type[f.Body], *consumers: str, doc: str = "") -> EventType:
    return EventType(f"supervision.{name}.v1", schema, consumers, doc)


EVENTS = [
    _e("claim_cleared", ClaimVerdict, "settlement"),
    _e("claim_held", ClaimVerdict, "settlement", "notify"),
    _e("claim_rejected", ClaimVerdict, "settlement", "notify", doc="An alert on it was confirmed."),
    _e("alert_raised", AlertState, "notify"),
    _e("alert_acknowledged", AlertState),
    _e("alert_resolved", AlertState, "notify"),
    _e("complaint_filed", ComplaintState, "notify"),
    _e("complaint_answered", ComplaintState, "notify"),
    _e("party_blacklisted", BlacklistState, "registry", "voucher", "settlement", "notify"),
    _e("party_removed", BlacklistState, "registry", "voucher", "settlement", "notify"),
    _e("checkpoint_made", Checkpoint, "notify", doc="Size and head of the evidence log."),
    refused("supervision"),
]
