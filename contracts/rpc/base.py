"""What a method is, in the contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from marshmallow import Schema

from contracts import fields as f


@dataclass(frozen=True)
class Method:
    """`roles` may call it; `owner` names the body field that must be the caller's own organisation when it is a party;
    `acting`: an optional field that takes the owner's place where it is given (who files for another).

    queue: "" for the service's command or query queue, "apply" for the single-consumer queue of applications.
    private: its request or answer holds personal data, so that it is never logged or kept in clear.
    callers: where the role alone is too wide, the subjects that may call it, say `service:notify`.
    """

    service: str
    name: str
    kind: Literal["command", "query"]
    request: type[Schema]
    response: type[Schema]
    roles: frozenset[str]
    owner: str | None = None
    acting: str | None = None
    queue: str = ""
    private: bool = False
    callers: frozenset[str] = frozenset()
    doc: str = ""


class Page(f.Body):
    """A bounded page: `after` is the last id of the page before."""

    after = f.text(64, required=False)
    limit = f.whole(1, 500, required=False, load_default=100, allow_none=False)


class IdOnly(f.Body):
    """The id and state of what was changed."""

    id = f.ulid()
    status = f.text(40)
    sequence = f.whole(0, 2**53)


class Anything(f.Body):
    """A view for people, whose fields the service's README lists."""

    class Meta:
        unknown = "include"


class Explain(f.Body):
    """The decisions on one subject, newest last."""

    subject = f.text(64)


class DecisionView(f.Body):
    at = f.instant()
    action = f.text(64)
    outcome = f.one_of(("ok", "refused"))
    code = f.text(64, required=False)
    programme = f.text(40, required=False)
    pack_version = f.text(80, required=False)
    articles = f.words(40, 50)
    facts = f.facts()
    actor_roles = f.words(20, 20)


class Decisions(f.Body):
    decisions = f.many(DecisionView, most=1000)


class BulkItem(f.Body):
    method = f.text(64)
    key = f.text(64)
    args = f.facts()


class Bulk(f.Body):
    commands = f.many(BulkItem, least=1)


class Outcomes(f.Body):
    """One answer a command, in the order sent."""

    outcomes = f.many(Anything)


class Nothing(f.Body):
    """No fields."""


class Counts(f.Body):
    done = f.facts()


class Totals(f.Body):
    """Figures of one service for reconciliation: name → fen or count, as of one snapshot."""

    figures = f.facts()
    rows = f.facts(required=False)


class ProgrammeYear(f.Body):
    programme = f.programme()
    year = f.year()


def everywhere(service: str) -> list[Method]:
    """The methods every service has: explain, totals, run_due, bulk."""
    from contracts import roles as r

    return [
        Method(service, "explain", "query", Explain, Decisions, r.ALL - r.PARTIES, doc="The decisions on a subject."),
        Method(
            service,
            "totals",
            "query",
            ProgrammeYear,
            Totals,
            frozenset({r.AUDITOR, r.SUPERVISOR, r.FINANCE, r.OPS, r.BUREAU, r.OPERATOR, r.SERVICE}),
            doc="Figures for reconciliation.",
        ),
        Method(
            service,
            "run_due",
            "command",
            Nothing,
            Counts,
            frozenset({r.OPS, r.OPERATOR}),
            doc="Carry out now what has fallen due.",
        ),
        Method(
            service,
            "bulk",
            "command",
            Bulk,
            Outcomes,
            r.ALL,
            queue="bulk",
            doc="A list of commands in, a list of answers out, each with its own key.",
        ),
    ]
