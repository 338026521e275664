"""Takes what an office found of a provider, an enterprise or the programme's effect, and keeps the figures with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from contracts.errors import Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command
from infra.packs import pack_on
from services.supervision.domain.assessments import effect_figures, judge_assessment, party_figures
from services.supervision.handlers.told import Judged, Kind, tell
from services.supervision.store import assessments as store
from services.supervision.store import figures as figure_store
from services.supervision.store import known, tables

Row = dict[str, Any]

ASSESSMENT = Kind(
    action="record_assessment",
    table=tables.assessments,
    event="supervision.assessment_recorded.v1",
    status="recorded",
    said=("programme", "name", "subject_id", "period", "score", "text"),
    told=("programme", "name", "of", "subject_id", "period", "score", "figures"),
    one_for_each=("programme", "name", "subject_id", "period"),
    taken="ALREADY_REPORTED",
)


def record_assessment(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """Of a period that is over, once, with the figures of this moment. PROGRAMME_UNKNOWN, RULE_ABSENT, INVALID,
    NOT_YET_KNOWN, NOT_FOUND, WRONG_STATE, OUT_OF_PERIOD, ALREADY_REPORTED, ALREADY_EXISTS."""
    bodies = [{**command.body, "subject_id": command.body.get("subject_id") or ""} for command in commands]
    ids = {body["subject_id"] for body in bodies} - {""}
    parties = known.parties(uow.conn, ids)
    record = {
        kind: store.of_parties(uow.conn, kind, {one for one, party in parties.items() if party["kind"] == kind})
        for kind in store.TABLES
    }
    packs = {body["programme"]: pack_on(body["programme"], uow.today) for body in bodies if not body["subject_id"]}
    filed = {code: pack.filing is not None for code, pack in packs.items() if pack}
    whole = figure_store.load(uow.conn, filed=filed)

    def judge(command: Command, body: Row) -> Judged | Refused:
        subject_id, period = body["subject_id"], body["period"]
        party = parties.get(subject_id)
        pack = pack_on(body["programme"], uow.today, party["region"] if party else None)
        if pack is None:
            return Refused("PROGRAMME_UNKNOWN", "programme")
        law = judge_assessment(
            pack=pack,
            name=body["name"],
            subject_id=subject_id,
            party=party,
            period=period,
            roles=command.actor.roles,
            today=uow.today,
        )
        if isinstance(law, Refused):
            return law
        of = pack.assessments[body["name"]].of
        if of == "effect":
            figures: Row = effect_figures(whole.of(pack.code).counts, period=period)
        else:
            figures = dict(party_figures(record[of], subject_id=subject_id))
        facts = {**{name: body[name] for name in ("name", "subject_id", "period", "score")}, "figures": figures}
        return Judged(pack=pack, articles=law, made={"of": of, "figures": figures}, facts=facts)

    return tell(uow, ASSESSMENT, commands, bodies, judge)
