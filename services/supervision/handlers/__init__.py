"""Which handler takes which command, event and deadline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infra.db import UnitOfWork
from infra.pipeline import Due, EventHandler, Route
from services.supervision.evidence import hourly_checkpoint
from services.supervision.handlers.alerts import acknowledge, assign, resolve
from services.supervision.handlers.assessments import (
    adjust_assessment,
    conclude_assessment,
    confirm_mended,
    open_assessment,
    overdue_mending,
)
from services.supervision.handlers.books import compare_services, follow_books, watch_differences
from services.supervision.handlers.cases import (
    appeal_case,
    bring_into_effect,
    close_case,
    decide_case,
    end_terms,
    hold_hearing,
    open_case,
    propose_decision,
    refer_case,
    state_case,
)
from services.supervision.handlers.complaints import (
    answer_complaint,
    file_complaint,
    overdue_complaints,
    reopen_complaint,
)
from services.supervision.handlers.evaluations import evaluate_enterprise, publish_standard
from services.supervision.handlers.news import take
from services.supervision.handlers.raising import escalate_late
from services.supervision.handlers.regions import (
    award_regions,
    designate,
    evaluate_region,
    report_progress,
    set_target,
    tell_missing_reports,
)
from services.supervision.handlers.screening import screen_ready
from services.supervision.handlers.walking import walk


def screen_waiting(uow: UnitOfWork) -> int:
    """Claims that became ready in a batch that had no room for them."""
    return screen_ready(uow)


COMMANDS: Mapping[str, Route] = {
    "acknowledge_alert": Route(acknowledge),
    "assign_alert": Route(assign),
    "resolve_alert": Route(resolve),
    "open_case": Route(open_case),
    "state_case": Route(state_case),
    "hold_hearing": Route(hold_hearing),
    "propose_decision": Route(propose_decision),
    "decide_case": Route(decide_case),
    "appeal_case": Route(appeal_case),
    "refer_case": Route(refer_case),
    "close_case": Route(close_case),
    "file_complaint": Route(file_complaint),
    "answer_complaint": Route(answer_complaint),
    "reopen_complaint": Route(reopen_complaint),
    "set_target": Route(set_target),
    "report_progress": Route(report_progress),
    "evaluate_region": Route(evaluate_region),
    "open_assessment": Route(open_assessment),
    "adjust_assessment": Route(adjust_assessment),
    "conclude_assessment": Route(conclude_assessment),
    "confirm_mended": Route(confirm_mended),
    "publish_standard": Route(publish_standard),
    "evaluate_enterprise": Route(evaluate_enterprise),
    "designate": Route(designate),
    "award_regions": Route(award_regions),
}

EVENTS: Mapping[str, EventHandler] = {"*": take}  # evidence of everything

# standing first: money waits on it
DUE: Sequence[Due] = (
    bring_into_effect,
    end_terms,
    screen_waiting,
    escalate_late,
    tell_missing_reports,
    overdue_complaints,
    overdue_mending,
    hourly_checkpoint,
    walk,
    follow_books,
    compare_services,
    watch_differences,
)
