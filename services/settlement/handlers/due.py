"""What falls due by itself: nodes close and take claims, questions and reviews become overdue, notices run out."""

from __future__ import annotations

import sqlalchemy as sa

from infra.db import UnitOfWork
from services.settlement import notices_store, store
from services.settlement.domain import claims as claim_rules
from services.settlement.domain import deadlines as deadline_rules
from services.settlement.domain import nodes as node_rules
from services.settlement.domain import notices as notice_rules
from services.settlement.domain import questions as question_rules
from services.settlement.domain import receivables as receivable_rules
from services.settlement.domain.law import law
from services.settlement.handlers.desk import Desk, last_day, pack_of
from services.settlement.tables import claims, nodes, notices, objections, questions, receivables

MOST = 500
MOST_NOTICES = 20  # each is told with all its claims


def close_nodes(uow: UnitOfWork) -> int:
    """Take in the accepted claims filed before a node that has closed; then close the nodes that are due (第二十二条).

    A claim whose order answered only after the closing is still taken by the node that it was in time for.
    """
    collected = _collect(uow)
    return collected if collected == MOST else collected + _close(uow)


def _collect(uow: UnitOfWork) -> int:
    desk = Desk(uow)
    in_time = store.in_time(uow.conn, now=uow.now)
    desk.claims.load_where(claims.c.status == "accepted", in_time, limit=MOST)
    waiting = list(desk.claims.rows.values())
    passed = store.passed_nodes(uow.conn, {claim.programme for claim in waiting}, now=uow.now)
    for claim in waiting:
        node = node_rules.node_for(passed[claim.programme], filed_at=claim.filed_at, region=claim.region)
        assert node is not None, claim.claim_id
        pack = pack_of(claim)
        due_on = last_day(uow, pack)
        steps = claim_rules.collect(
            claim=claim, node_id=node.node_id, closes_at=node.closes_at, pack=pack, due_on=due_on
        )
        desk.claims.put_all(steps, None)
    desk.save()
    return len(waiting)


def _close(uow: UnitOfWork) -> int:
    desk = Desk(uow)
    desk.nodes.load_where(nodes.c.status == "open", nodes.c.closes_at <= uow.now, limit=MOST)
    due = list(desk.nodes.rows.values())
    counts = store.collected_at(uow.conn, desk.nodes.rows)
    for node in due:
        desk.nodes.put(node_rules.close(node=node, claims=counts.get(node.node_id, 0), pack=pack_of(node)), None)
    desk.save()
    return len(due)


def overdue_questions(uow: UnitOfWork) -> int:
    """The day a question was due has passed without an answer (第二十五条)."""
    desk = Desk(uow)
    desk.questions.load_where(questions.c.status == "open", questions.c.due_on < uow.today, limit=MOST)
    due = list(desk.questions.rows.values())
    for question in due:
        step = question_rules.overdue(question=question, today=uow.today, pack=pack_of(question))
        desk.questions.put(step, None)
    desk.save()
    return len(due)


def overdue_reviews(uow: UnitOfWork) -> int:
    """The last day of a stage has passed without its word: told once a stage, to the role that the pack names."""
    desk = Desk(uow)
    late = (claims.c.late.is_(False), claims.c.due_on < uow.today, claims.c.status.in_(claim_rules.REVIEWABLE))
    desk.claims.load_where(*late, limit=MOST)
    due = list(desk.claims.rows.values())
    for claim in due:
        step, escalate_to = deadline_rules.overdue(claim=claim, today=uow.today, pack=pack_of(claim))
        told = {name: getattr(claim, name) for name in ("claim_id", "programme", "region", "stage", "due_on")}
        told |= {"escalate_to": escalate_to, "law": law(step.decision)}
        desk.claims.put(step, None, told=told)
    desk.save()
    return len(due)


def end_notices(uow: UnitOfWork) -> int:
    """Claims whose notice has run out without an open objection go on; then a notice on which none waits is closed."""
    noticed = _end(uow)
    return noticed if noticed == MOST else noticed + _close_notices(uow)


def _end(uow: UnitOfWork) -> int:
    desk = Desk(uow)
    run_out = sa.exists().where(notices.c.notice_id == claims.c.notice_id, notices.c.until_on < uow.today)
    held = sa.exists().where(objections.c.claim_id == claims.c.claim_id, objections.c.status == "open")
    desk.claims.load_where(claims.c.status == "on_notice", run_out, ~held, limit=MOST)
    objected = store.under_objection(uow.conn, desk.claims.rows)  # again: the lock may have waited for one
    waiting = [claim for claim in desk.claims.rows.values() if claim.claim_id not in objected]
    ends = store.notice_ends(uow.conn, {str(claim.notice_id) for claim in waiting})
    for claim in waiting:
        until_on = ends[str(claim.notice_id)]
        desk.claims.put(notice_rules.over(claim=claim, until_on=until_on, today=uow.today, pack=pack_of(claim)), None)
    desk.save()
    return len(waiting)


def _close_notices(uow: UnitOfWork) -> int:
    desk = Desk(uow)
    waits = sa.exists().where(claims.c.notice_id == notices.c.notice_id, claims.c.status == "on_notice")
    desk.notices.load_where(notices.c.status == "open", notices.c.until_on < uow.today, ~waits, limit=MOST_NOTICES)
    due = list(desk.notices.rows.values())
    standings = notices_store.standings(uow.conn, due)
    upheld = notices_store.upheld(uow.conn, desk.notices.rows)
    for notice in due:
        ended = upheld.get(notice.notice_id, frozenset())
        step = notice_rules.close(
            notice=notice, standings=standings, upheld=ended, today=uow.today, pack=pack_of(notice)
        )
        desk.notices.put(step, None)
    desk.save()
    return len(due)


def overdue_receivables(uow: UnitOfWork) -> int:
    """A day on which money was to be back has passed without it."""
    desk = Desk(uow)
    desk.receivables.load_where(receivables.c.status == "owed", receivables.c.next_on < uow.today, limit=MOST)
    due = list(desk.receivables.rows.values())
    for one in due:
        desk.receivables.put(receivable_rules.missed(receivable=one, today=uow.today, pack=pack_of(one)), None)
    desk.save()
    return len(due)
