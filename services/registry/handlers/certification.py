"""Certification cases: handed in with documents, reviewed by someone else."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.errors import Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command
from infra.packs import pack_at
from services.registry import store
from services.registry.domain import certification
from services.registry.domain.model import Case, Party
from services.registry.handlers import announce
from services.registry.handlers.common import done, each, foreign, ids, known_pack, under

# what is said of a party, by the state that a case has brought it to; returned, it is registered again
SAID = {"certified": "certified", "admitted": "admitted", "registered": "facts_changed", "refused": "refused"}


def submit_certifications(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十一条(二)、第十四条(二): the documents that the pack asks for, all uploaded."""
    parties = store.Rows(uow.conn, Party, ids(commands, "party_id"))
    cases = store.Rows(uow.conn, Case, ids(commands, "case_id"))
    digests = [document["sha256"] for command in commands for document in command.body["documents"]]
    stored = store.stored_documents(uow.conn, digests)
    listed = store.blacklisted(uow.conn, ids(commands, "party_id"), uow.now)

    def judge(command: Command) -> Outcome:
        body = command.body
        party = parties.get(body["party_id"])
        if party is None or party.kind != body["party_kind"]:
            return Refused("NOT_FOUND", field="party_id")
        known = cases.get(body["case_id"])
        barred = foreign(command, party.programme)
        if barred is not None:
            return barred
        pack = known_pack(party, uow.today)
        step = under(
            pack,
            certification.submit(
                case_id=body["case_id"],
                case=known,
                party=party,
                documents=body["documents"],
                stored=stored,
                blacklisted=party.id in listed,
                pack=pack,
                subject=command.actor.subject,
            ),
        )
        if isinstance(step, Refused):
            return step
        if step is None:
            assert known is not None, "only what is known can be handed in already"
            return done(known)
        cases.put(step.case)
        for version in step.versions:
            parties.put(version)
            announce.party(uow, "submitted", version, cause=command, decision=step.decision)
        return done(step.case, step.decision)

    outcomes = each(commands, judge)
    parties.save()
    cases.save()
    return outcomes


def review_certifications(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """第十一条(三)、第十四条(三): the stage in turn approves, returns with reasons, or refuses."""
    owners = store.party_ids(uow.conn, store.cases, ids(commands, "case_id"))
    parties = store.Rows(uow.conn, Party, owners)
    cases = store.Rows(uow.conn, Case, ids(commands, "case_id"))
    listed = store.blacklisted(uow.conn, owners, uow.now)

    def judge(command: Command) -> Outcome:
        body = command.body
        case = cases.get(body["case_id"])
        if case is None:
            return Refused("NOT_FOUND", field="case_id")
        barred = foreign(command, case.programme)
        if barred is not None:
            return barred
        party = parties.get(case.party_id)
        assert party is not None, "a case has a party"
        pack = pack_at(case.pack_version)
        step = under(
            pack,
            certification.review(
                case=case,
                party=party,
                verdict=body["decision"],
                reasons=body.get("reasons") or [],
                blacklisted=party.id in listed,
                pack=pack,
                official=command.actor,
            ),
        )
        if isinstance(step, Refused):
            return step
        cases.put(step.case)
        announce.case(uow, step.case, body["decision"], cause=command, decision=step.decision)
        for version in step.versions:
            parties.put(version)
            announce.party(uow, SAID[version.status], version, cause=command, decision=step.decision)
        return done(step.case, step.decision)

    outcomes = each(commands, judge)
    parties.save()
    cases.save()
    return outcomes
