"""Audit samples: commit, reveal, audit, close, and the rest in batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from contracts.errors import Ok, Outcome, Refused
from infra.db import UnitOfWork
from infra.messages import Command
from services.settlement import samples_store as store
from services.settlement import work_store
from services.settlement.domain import samples as rules
from services.settlement.domain.samples import Audit
from services.settlement.handlers.desk import Desk, brief, done, foreign, missing, pack_of, same
from services.settlement.tables import samples

MOST = 500

Key = tuple[str, str]


def commit_samples(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The hash of a seed, before the node closes."""
    desk = Desk(uow)
    desk.nodes.load(command.body["node_id"] for command in commands)
    desk.samples.load(command.body["sample_id"] for command in commands)
    taken = store.of_nodes(uow.conn, desk.nodes.rows)

    def one(command: Command) -> Outcome:
        body = command.body
        known = desk.samples.get(body["sample_id"])
        if known is not None:
            return same(known, **{name: body[name] for name in ("node_id", "size", "seed_hash")})
        node = desk.nodes.get(body["node_id"])
        if node is None:
            return missing("node_id")
        step = foreign(command, node.programme) or rules.commit(
            sample_id=body["sample_id"],
            node=node,
            taken=taken.get(node.node_id),
            size=body["size"],
            seed_hash=body["seed_hash"],
            roles=command.actor.roles,
            committed_by=command.actor.subject,
            now=uow.now,
            pack=pack_of(node),
        )
        if isinstance(step, Refused):
            return step
        desk.samples.put(step, command, record=False)
        taken[node.node_id] = step.after.sample_id
        return done(step)

    outcomes = [one(command) for command in commands]
    desk.save()
    return outcomes


def reveal_samples(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The seed, after the node has closed, and what it draws: statements for each sample, whose node has its claims."""
    desk = Desk(uow)
    ids = [command.body["sample_id"] for command in commands]
    desk.nodes.load(store.nodes_of(uow.conn, ids))
    desk.samples.load(ids)

    def one(command: Command) -> Outcome:
        sample, seed = desk.samples.get(command.body["sample_id"]), command.body["seed"]
        if sample is None:
            return missing("sample_id")
        if sample.seed == seed:
            return Ok(brief(sample))
        pack, node = pack_of(sample), desk.nodes.rows[sample.node_id]
        refused = foreign(command, sample.programme) or rules.may_reveal(
            sample=sample,
            node=node,
            on_the_way=store.on_the_way(uow.conn, node),
            seed=seed,
            roles=command.actor.roles,
            pack=pack,
        )
        if refused is not None:
            return refused
        members = store.members(uow.conn, node.node_id)
        step, items = rules.reveal(sample=sample, seed=seed, members=members, pack=pack)
        store.keep(uow.conn, items)
        desk.samples.put(step, command, record=False)
        return done(step, population=step.after.population, drawn=step.after.drawn)

    outcomes = [one(command) for command in commands]
    desk.save()
    return outcomes


def record_audits(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """What was found on drawn claims, each once."""
    desk = _held(uow, commands)
    desk.claims.load(command.body["claim_id"] for command in commands)
    keys = [_key(command) for command in commands]
    drawn, known = store.drawn_by(uow.conn, keys), store.audits(uow.conn, keys)
    scores = work_store.scores(uow.conn, desk.claims.rows.values())
    found: list[Audit] = []

    def one(command: Command) -> Outcome:
        body, key = command.body, _key(command)
        sample, claim = desk.samples.get(key[0]), desk.claims.get(key[1])
        if sample is None:
            return missing("sample_id")
        if claim is None or key not in drawn:
            return missing("claim_id")
        if key in known:
            return _again(known[key], command) or Ok(brief(claim))
        audited = foreign(command, sample.programme) or rules.audit(
            sample=sample,
            claim=claim,
            error_fen=body["error_fen"],
            code=body["code"],
            reasons=tuple(body["reasons"] or ()),
            roles=command.actor.roles,
            person=command.actor.subject,
            organisation=command.actor.organisation,
            scored_by=[given.scored_by for given in scores[claim.claim_id]],
            now=uow.now,
            pack=pack_of(sample),
        )
        if isinstance(audited, Refused):
            return audited
        step, known[key] = audited
        found.append(known[key])
        desk.claims.put(step, command, record=False)
        return done(step)

    outcomes = [one(command) for command in commands]
    desk.save()
    store.add_audits(uow.conn, found)
    return outcomes


def _key(command: Command) -> Key:
    return command.body["sample_id"], command.body["claim_id"]


def _again(known: Audit, command: Command) -> Refused | None:
    """ALREADY_EXISTS when something else was found before."""
    body = command.body
    said = (body["error_fen"], body["code"], tuple(body["reasons"] or ()))
    return None if said == (known.error_fen, known.code, known.reasons) else Refused("ALREADY_EXISTS", "claim_id")


def close_samples(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The findings stand; what follows for the rest is due work."""
    desk = _held(uow, commands)
    drawn = {key: list(rows) for key, rows in groupby(store.drawn_of(uow.conn, desk.samples.rows), lambda row: row[0])}

    def one(command: Command) -> Outcome:
        sample = desk.samples.get(command.body["sample_id"])
        if sample is None:
            return missing("sample_id")
        if sample.status in {"closing", "closed"}:
            return Ok(brief(sample))
        rows = drawn.get(sample.sample_id, [])
        audited = {
            row.claim_id: (row.payable_fen, row.error_fen, row.alerts) for row in rows if row.error_fen is not None
        }
        step = foreign(command, sample.programme) or rules.close(
            sample=sample,
            waiting=[row.claim_id for row in rows if row.waits],
            findings=audited,
            by_chance=frozenset(row.claim_id for row in rows if not row.certain),
            roles=command.actor.roles,
            pack=pack_of(sample),
        )
        if isinstance(step, Refused):
            return step
        desk.samples.put(step, command, record=False)
        return done(step, error_fen=step.after.error_fen, rate=step.after.rate)

    outcomes = [one(command) for command in commands]
    desk.save()
    return outcomes


def abandon_samples(uow: UnitOfWork, commands: Sequence[Command]) -> list[Outcome]:
    """The claims go on without, and all know why."""
    desk = _held(uow, commands)

    def one(command: Command) -> Outcome:
        sample, reason = desk.samples.get(command.body["sample_id"]), command.body["reason"]
        if sample is None:
            return missing("sample_id")
        if sample.status == "abandoned":
            return same(sample, reason=reason)
        step = foreign(command, sample.programme) or rules.abandon(sample=sample, reason=reason, pack=pack_of(sample))
        if isinstance(step, Refused):
            return step
        desk.samples.put(step, command, record=False)
        return done(step)

    outcomes = [one(command) for command in commands]
    desk.save()
    return outcomes


def extrapolate(uow: UnitOfWork) -> int:
    """What follows for claims that were not drawn, MOST at a look and in the order of their ids; then it is closed."""
    desk = Desk(uow)
    desk.samples.load_where(samples.c.status == "closing", limit=1)
    for sample in list(desk.samples.rows.values()):
        pack = pack_of(sample)
        least = rules.least(rules.fraction(sample))
        desk.claims.load_where(*store.after(sample, least=least), limit=MOST)
        steps = [
            rules.extrapolated(claim=one, sample=sample, pack=pack) for one in desk.claims.of(sorted(desk.claims.rows))
        ]
        taken = sum(step.after.audited_fen - desk.claims.rows[step.after.claim_id].audited_fen for step in steps)
        desk.claims.put_all(steps, None)
        if steps:
            others = {"others": sample.others + len(steps), "others_fen": sample.others_fen + taken}
            store.progress(uow.conn, replace(sample, reached=steps[-1].after.claim_id, **others))
        else:
            desk.samples.put(rules.finish(sample=sample, pack=pack), None)
    desk.save()
    return len(desk.samples.rows)


def _held(uow: UnitOfWork, commands: Sequence[Command]) -> Desk:
    desk = Desk(uow)
    desk.samples.load(command.body["sample_id"] for command in commands)
    return desk
