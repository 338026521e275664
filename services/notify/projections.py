"""Which event feeds which table of what notify knows of others: names for notices, rows for the public board."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from contracts.masking import public_name
from infra.messages import Event
from infra.projection import upsert_newer
from services.notify import store

Row = dict[str, Any]
Feed = tuple[sa.Table, Callable[[Event], Sequence[Row]]]

# what an order's state makes of its voucher, where that is not good any more
_VOUCHER_STATUS = {"failed": "void", "refunded": "void", "voided": "void", "redeemed": "redeemed"}


def _take(table: sa.Table) -> Feed:
    """A row of the event's fields that the table has columns for."""
    fields = [column.name for column in table.columns if column.name != "sequence"]

    def rows(event: Event) -> Sequence[Row]:
        return [{**{name: event.data[name] for name in fields}, "sequence": event.sequence}]

    return table, rows


def _party(kind: str) -> Feed:
    copied = ("programme", "uscc", "name", "region", "status")

    def rows(event: Event) -> Sequence[Row]:
        taken = {name: event.data[name] for name in copied}
        taken["batch"] = event.data.get("batch")
        taken["public_name"] = public_name(
            taken["name"], uscc=taken["uscc"], legal_person=event.data.get("legal_person")
        )
        return [{"party_id": event.data[f"{kind}_id"], "kind": kind, **taken, "sequence": event.sequence}]

    return store.known_parties, rows


def _quota(event: Event) -> Sequence[Row]:
    e = event.data
    return [
        {
            "voucher_id": e["application_id"],
            **{name: e[name] for name in ("enterprise_id", "programme", "year", "amount_fen")},
            "provider_id": None,
            "number": None,
            "denomination_fen": None,
            "status": "valid",
            "sequence": event.sequence,
        }
    ]


def _voucher(event: Event) -> Sequence[Row]:
    """The voucher that was generated for the order; an order without one gives no row."""
    e = event.data
    if e["voucher_number"] is None:
        return []
    return [
        {
            "voucher_id": e["order_id"],
            **{name: e[name] for name in ("enterprise_id", "provider_id", "programme", "year", "denomination_fen")},
            "amount_fen": e["voucher_fen"],
            "number": e["voucher_number"],
            "status": _VOUCHER_STATUS.get(e["status"], "valid"),
            "sequence": event.sequence,
        }
    ]


def _filing(event: Event) -> Sequence[Row]:
    e = event.data
    copied = {name: e[name] for name in ("filing_id", "enterprise_id", "programme", "region", "status")}
    return [{**copied, "kind": e["track"] or e["category"] or "", "sequence": event.sequence}]


def _notice_items(event: Event) -> Sequence[Row]:
    head = {"notice_id": event.data["notice_id"], "programme": event.data["programme"], "sequence": event.sequence}
    outcomes = {one["claim_id"]: one["outcome"] for one in event.data["outcomes"]}
    return [{**head, **item, "outcome": outcomes.get(item["claim_id"])} for item in event.data["items"]]


def _blacklisted(event: Event) -> Sequence[Row]:
    """The name as it may be shown, should registry not have told who that is."""
    (row,) = _take(store.known_blacklist)[1](event)
    name = row["party_name"]
    return [{**row, "party_name": name and public_name(name, uscc=None, legal_person=None)}]


def _target(event: Event) -> Sequence[Row]:
    e = event.data
    return [
        {
            "mark_id": e["target_id"],
            "mark": "target",
            **{name: e[name] for name in ("programme", "region", "measure", "status")},
            "period": str(e["year"]),
            "number": e["at_least"],
            "figures": {},
            "sequence": event.sequence,
        }
    ]


def _evaluation(event: Event) -> Sequence[Row]:
    """Without its text: the board shows what was measured."""
    e = event.data
    return [
        {
            "mark_id": e["evaluation_id"],
            "mark": "evaluation",
            **{name: e[name] for name in ("programme", "region", "period", "figures", "status")},
            "measure": None,
            "number": e["score"],
            "sequence": event.sequence,
        }
    ]


def _commended(event: Event) -> Sequence[Row]:
    """A provider whose grade is an award."""
    e = event.data
    if e["consequence"] != "award" or e["subject_id"] is None:
        return []
    copied = {name: e[name] for name in ("assessment_id", "programme", "period", "score_bp", "grade")}
    return [{**copied, "provider_id": e["subject_id"], "sequence": event.sequence}]


def _shares(event: Event) -> Sequence[Row]:
    head = {name: event.data[name] for name in ("award_id", "programme", "year")}
    return [
        {
            **head,
            "region": share["region"],
            "weighted": share["index"],
            "amount_fen": share["amount_fen"],
            "sequence": event.sequence,
        }
        for share in event.data["shares"]
    ]


def _checkpoint(event: Event) -> Sequence[Row]:
    return [{**event.data, "sequence": event.sequence}]


_ENTERPRISE = (_party("enterprise"),)
_PROVIDER = (_party("provider"),)
_PRODUCT = (_take(store.known_products),)
_PLAN = (_take(store.known_plans),)
_VOUCHER = ((store.known_vouchers, _voucher),)
_FILING = ((store.known_filings, _filing),)
_NODE = (_take(store.known_nodes),)
_SAMPLE = (_take(store.known_samples),)
_NOTICE = (_take(store.known_notices), (store.known_notice_items, _notice_items))
_OBJECTION = (_take(store.known_objections),)
_PAYMENT = (_take(store.known_payments),)
_BLACKLIST = ((store.known_blacklist, _blacklisted),)

FEEDS: Mapping[str, tuple[Feed, ...]] = {
    "registry.enterprise_certified.v1": _ENTERPRISE,
    "registry.enterprise_facts_changed.v1": _ENTERPRISE,
    "registry.provider_certified.v1": _PROVIDER,
    "registry.provider_nominated.v1": _PROVIDER,
    "registry.provider_admitted.v1": _PROVIDER,
    "registry.provider_suspended.v1": _PROVIDER,
    "registry.provider_reinstated.v1": _PROVIDER,
    "registry.provider_refused.v1": _PROVIDER,
    "registry.provider_facts_changed.v1": _PROVIDER,
    "registry.provider_exit_noticed.v1": _PROVIDER,
    "registry.provider_exited.v1": _PROVIDER,
    "registry.product_submitted.v1": _PRODUCT,
    "registry.product_reviewed.v1": _PRODUCT,
    "registry.product_published.v1": _PRODUCT,
    "registry.product_priced.v1": _PRODUCT,
    "registry.product_delisted.v1": _PRODUCT,
    "voucher.plan_made.v1": _PLAN,
    "voucher.plan_published.v1": _PLAN,
    "voucher.year_closed.v1": (_take(store.closed_years),),
    "voucher.quota_granted.v1": ((store.known_vouchers, _quota),),
    "voucher.order_confirmed.v1": _VOUCHER,
    "voucher.order_covered.v1": _VOUCHER,
    "voucher.order_handed_over.v1": _VOUCHER,
    "voucher.order_refunded.v1": _VOUCHER,
    "voucher.order_failed.v1": _VOUCHER,
    "voucher.order_voided.v1": _VOUCHER,
    "voucher.order_redeemed.v1": _VOUCHER,
    "voucher.filing_submitted.v1": _FILING,
    "voucher.filing_reviewed.v1": _FILING,
    "voucher.filing_opened.v1": _FILING,
    "voucher.filing_returned.v1": _FILING,
    "voucher.filing_refused.v1": _FILING,
    "voucher.filing_withdrawn.v1": _FILING,
    "settlement.node_announced.v1": _NODE,
    "settlement.node_closed.v1": _NODE,
    "settlement.sample_committed.v1": _SAMPLE,
    "settlement.sample_revealed.v1": _SAMPLE,
    "settlement.sample_closing.v1": _SAMPLE,
    "settlement.sample_closed.v1": _SAMPLE,
    "settlement.sample_abandoned.v1": _SAMPLE,
    "settlement.notice_published.v1": _NOTICE,
    "settlement.notice_closed.v1": _NOTICE,
    "settlement.objection_filed.v1": _OBJECTION,
    "settlement.objection_decided.v1": _OBJECTION,
    "settlement.payment_with_district.v1": _PAYMENT,
    "settlement.payment_settled.v1": _PAYMENT,
    "settlement.payment_failed.v1": _PAYMENT,
    "settlement.payment_held.v1": _PAYMENT,
    "supervision.target_set.v1": ((store.known_marks, _target),),
    "supervision.region_evaluated.v1": ((store.known_marks, _evaluation),),
    "supervision.enterprise_designated.v1": (_take(store.known_designations),),
    "supervision.assessment_concluded.v1": ((store.known_commendations, _commended),),
    "supervision.regions_awarded.v1": ((store.known_shares, _shares),),
    "supervision.party_blacklisted.v1": _BLACKLIST,
    "supervision.party_removed.v1": _BLACKLIST,
    "supervision.party_suspended.v1": _BLACKLIST,
    "supervision.party_resumed.v1": _BLACKLIST,
    "supervision.checkpoint_made.v1": ((store.known_checkpoints, _checkpoint),),
}


def apply(conn: sa.Connection, events: Sequence[Event]) -> None:
    """Bring what the events say into the tables they feed, one upsert a table, the newest of each aggregate."""
    rows: dict[str, list[Row]] = {}
    for event in events:
        for table, made in FEEDS.get(event.type, ()):
            rows.setdefault(table.name, []).extend(made(event))
    for name in sorted(rows):
        table = store.metadata.tables[name]
        upsert_newer(conn, table, rows[name], key=[column.name for column in table.primary_key])
