"""Reads of the review's organisation: what waits for the caller, who is away, and what experts gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from contracts.errors import Refused
from contracts.programmes.places import shortest
from infra.clock import local_date
from infra.jsontext import canonical
from infra.messages import Command
from services.settlement import store, work_store
from services.settlement.access import reviewer
from services.settlement.domain.claims import REVIEWABLE
from services.settlement.domain.stages import Reviewer
from services.settlement.domain.work import Absences, capacities
from services.settlement.tables import audits, claims, leaves, sample_items, scores

Found = Mapping[str, Any] | Refused

SHOWN = (
    *("claim_id", "claim_version", "stage", "due_on", "taken_by", "region", "category", "track"),
    *("provider_id", "enterprise_id", "claimed_fen", "deducted_fen", "disallowed_fen", "audited_fen"),
)
NEVER = "-"  # in the place of a last day that there is not: after all others


def list_work(conn: sa.Connection, command: Command) -> Found:
    """Claims whose stage the caller may decide today, for itself or for whom it stands in: first what is due first.

    Not what it filed, decided before or has a part in. `after` is opaque.
    """
    body, today = command.body, today_of(command)
    programme = body["programme"]
    absences = work_store.absences(conn, [programme], today=today)[programme]
    query = sa.select(*(claims.c[name] for name in SHOWN)).where(
        claims.c.programme == programme,
        claims.c.status.in_(REVIEWABLE),
        sa.or_(*(_open_to(one) for one in capacities(reviewer(command.actor), absences))),
    )
    if body["stage"] is not None:
        query = query.where(claims.c.stage == body["stage"])
    if body["after"] is not None:
        place = _later_than(body["after"])
        if place is None:
            return Refused("INVALID", "after")
        query = query.where(place)
    order = (claims.c.due_on.asc().nulls_last(), claims.c.claim_id)
    rows = conn.execute(query.order_by(*order).limit(body["limit"] or 100)).mappings().all()
    items = _items(conn, rows, command, absences, today)
    full = len(rows) == (body["limit"] or 100)
    return {"items": items, "next": f"{rows[-1]['due_on'] or NEVER} {rows[-1]['claim_id']}" if full else None}


def today_of(command: Command) -> date:
    """The day on which a query is asked."""
    assert command.at is not None
    return local_date(command.at)


def _open_to(who: Reviewer) -> sa.ColumnElement[bool]:
    """May this capacity decide the claim's stage, as far as roles, region, persons and organisation say?"""
    c = claims.c
    office = shortest(who.region or "")
    own = c.region.startswith(office) if len(office) >= 2 else sa.false()
    conditions = [c.stage.in_(sorted(who.roles)), ~c.own_region | own]
    for person in sorted(who.persons):
        named = canonical(person)
        conditions += [c.filed_by != person, ~_names(c.reviewers, named), ~_names(c.stood_in_for, named)]
    for organisation in sorted(who.organisations):
        conditions += [c[name] != organisation for name in ("provider_id", "enterprise_id", "filer_id", "payee_id")]
    judged = sa.exists().where(
        scores.c.claim_id == c.claim_id,
        scores.c.claim_version == c.claim_version,
        scores.c.scored_by.in_(sorted(who.persons)),
        scores.c.stage != c.stage,
    )
    audited = sa.exists().where(
        sample_items.c.claim_id == c.claim_id,
        audits.c.sample_id == sample_items.c.sample_id,
        audits.c.claim_id == sample_items.c.claim_id,
        audits.c.audited_by.in_(sorted(who.persons)),
    )
    return sa.and_(*conditions, ~judged, ~audited)


def _names(column: sa.ColumnElement[Any], text: str) -> sa.ColumnElement[bool]:
    """Does the list, kept as JSON text, hold this text?"""
    return sa.type_coerce(column, sa.Text).contains(text, autoescape=True)


def _later_than(after: str) -> sa.ColumnElement[bool] | None:
    """What comes after that place of the list; None when it names none."""
    day, _, claim_id = after.partition(" ")
    due, later = claims.c.due_on, claims.c.claim_id > claim_id
    if day == NEVER:
        return due.is_(None) & later
    try:
        last = date.fromisoformat(day)
    except ValueError:
        return None
    return due.is_(None) | (due > last) | ((due == last) & later)


def _items(
    conn: sa.Connection, rows: Sequence[Mapping[str, Any]], command: Command, absences: Absences, today: date
) -> list[dict[str, Any]]:
    ids = [row["claim_id"] for row in rows]
    questioned = store.with_open_question(conn, ids)
    scored = _scored_by(conn, rows, command.actor.subject)
    mine = {command.actor.subject} | {leave.person for leave in absences.covered_by(command.actor.subject)}
    return [
        {
            **{name: row[name] for name in SHOWN if name not in ("claim_version", "taken_by")},
            "payable_fen": row["claimed_fen"] - row["deducted_fen"] - row["disallowed_fen"] - row["audited_fen"],
            "overdue": row["due_on"] is not None and row["due_on"] < today,
            "taken": absences.taken(row["taken_by"]),
            "taken_by_me": row["taken_by"] in mine,
            "returned_before": row["claim_version"] > 1,
            "question_open": row["claim_id"] in questioned,
            "scored_by_me": row["claim_id"] in scored,
        }
        for row in rows
    ]


def _scored_by(conn: sa.Connection, rows: Sequence[Mapping[str, Any]], person: str) -> set[str]:
    versions = {row["claim_id"]: row["claim_version"] for row in rows}
    query = sa.select(scores.c.claim_id, scores.c.claim_version).where(
        scores.c.claim_id.in_(sorted(versions)), scores.c.scored_by == person
    )
    return {claim_id for claim_id, version in conn.execute(query) if versions[claim_id] == version}


def list_leaves(conn: sa.Connection, command: Command) -> Found:
    """Who is away, and who stands in; why, each person for itself alone."""
    body, today = command.body, today_of(command)
    query = sa.select(leaves).where(leaves.c.programme == body["programme"])
    if body["status"] is not None:
        query = query.where(leaves.c.status == body["status"])
    if body["after"] is not None:
        query = query.where(leaves.c.leave_id > body["after"])
    limit = body["limit"] or 100
    rows = conn.execute(query.order_by(leaves.c.leave_id).limit(limit)).mappings().all()
    items = [
        {
            **row,
            "reason": row["reason"] if row["person"] == command.actor.subject else None,
            "in_force": row["status"] == "recorded" and row["from_on"] <= today <= row["until_on"],
        }
        for row in rows
    ]
    return {"items": items, "next": items[-1]["leave_id"] if len(items) == limit else None}


def scores_of(conn: sa.Connection, claim: Mapping[str, Any], command: Command) -> list[dict[str, Any]]:
    """Experts' scores of a claim, newest version first.

    Each scores alone: an expert sees the others' of this version when it has given its own.
    """
    query = (
        sa.select(scores)
        .where(scores.c.claim_id == claim["claim_id"])
        .order_by(scores.c.claim_version.desc(), scores.c.scored_at, scores.c.scored_by)
        .limit(200)
    )
    found = [dict(row) for row in conn.execute(query).mappings()]
    now = [one for one in found if one["claim_version"] == claim["claim_version"]]
    person = command.actor.subject
    apart = claim["stage"] in command.actor.roles and all(one["scored_by"] != person for one in now)
    return [one for one in found if one not in now] if apart else found
