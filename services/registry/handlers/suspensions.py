"""An assessment suspends a provider from new orders; when it has mended, it takes them again."""

from __future__ import annotations

from collections.abc import Sequence

from infra.db import UnitOfWork
from infra.messages import SYSTEM, Event
from infra.packs import pack_at
from services.registry import store
from services.registry.domain.admission import STOPS_ORDERS, Stood, reinstate, suspend
from services.registry.domain.model import Party
from services.registry.handlers import announce

SAID = {"suspended": "suspended", "admitted": "reinstated"}


def follow_assessments(uow: UnitOfWork, events: Sequence[Event]) -> None:
    """A provider is suspended while any assessment of it says so, whichever is told first."""
    of_providers = [event for event in events if event.data["of"] == "provider"]
    rows = [
        {
            "assessment_id": event.subject,
            "provider_id": event.data["subject_id"],
            "programme": event.data["programme"],
            "status": event.data["status"],
            "sequence": event.sequence,
        }
        for event in of_providers
    ]
    store.know_assessments(uow.conn, rows)
    newest = {event.data["subject_id"]: event for event in of_providers}
    stopped = store.suspended(uow.conn, newest, STOPS_ORDERS)
    providers = store.Rows(uow.conn, Party, newest)
    for party in providers.all():
        event = newest[party.id]
        stood = _stood(party, event, stopped=party.id in stopped)
        if stood is None:
            continue
        providers.put(stood.party)
        uow.record(stood.decision, actor=SYSTEM, cause=event)
        announce.party(uow, SAID[stood.party.status], stood.party, cause=event, decision=stood.decision)
    providers.save()


def _stood(party: Party, event: Event, *, stopped: bool) -> Stood | None:
    law = event.data["law"]
    said = {"pack": pack_at(law["pack_version"]), "articles": law["articles"], "assessment_id": event.subject}
    return suspend(party=party, **said) if stopped else reinstate(party=party, **said)
