"""Plays a scenario on a deployment: each step in turn, then quiet; the first that is not as expected ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from contracts import equations
from contracts.catalogue import METHODS
from contracts.client import CallError, Client, Request
from contracts.client import answer_of as answered
from contracts.fields import ULID
from infra import reconcile
from infra.clock import SHANGHAI, local_date, parse_instant
from infra.local.simulation import Simulation
from infra.scenario import acts
from infra.scenario.cast import Body, Company
from infra.scenario.matching import beside, differences, shown
from infra.scenario.reader import AS, PlayedStep, Scenario
from infra.scenario.rules import library
from infra.scenario.values import at_path, filled, moment, money

TELLING_S = 7 * 86_400  # of the clock, between two tellings of the books
BALANCE = sa.text(
    "SELECT credits_posted - debits_posted - debits_pending FROM accounts WHERE name = :name"
)  # what is free


class Unexpected(Exception):
    """What came is not what was expected; `lines` says it side by side."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True)
class Failure:
    """The step that failed, and how."""

    step: PlayedStep | None
    lines: list[str]

    def __str__(self) -> str:
        where = "after the last step"
        if self.step is not None:
            where = f"{self.step.file}:{self.step.line} step {self.step.number}: {self.step.words}"
        return "\n".join([where, *(f"  {line}" for line in self.lines)])


@dataclass
class Player:
    """One playing of one scenario; the deployment is pristine when it begins."""

    scenario: Scenario
    simulation: Simulation
    client: Client
    years: set[tuple[str, int]] = field(default_factory=set)
    invoices: int = 0

    def __post_init__(self) -> None:
        self.library = library(self.scenario.packs, self.scenario.overlays)
        self.names = Company(self.scenario, self.library.load(self.scenario.programme).region)
        self._tokens: dict[tuple[str, ...], str] = {}

    def play(self) -> Failure | None:
        """None when every step was as expected and the books of all services agree."""
        step = None
        try:
            for step in self.scenario.steps:
                self._play(step)
            step = None
            self._reconcile()
        except Unexpected as unexpected:
            return Failure(step, unexpected.lines)
        return None

    def _play(self, step: PlayedStep) -> None:
        if "at" in step.body:
            self.simulation.move_to(moment(step.body["at"]))
        if not step.action:
            return
        own = getattr(self, f"_{step.action}", None)
        if own is not None:
            own(step.body)
        else:
            acts.ACTS[step.action](self, step.body)
        if "refused" in step.body:
            self.simulation.quiet()  # nothing was changed that could have made anything due
        elif step.action not in LOOKS and not self._asks(step):
            self.simulation.settle()

    def _asks(self, step: PlayedStep) -> bool:
        """Is it a query, after which nothing is under way?"""
        return step.action == "call" and METHODS[step.body["call"]].kind == "query"

    # ------------------------------------------------------------ calls

    def ask(self, method: str, body: Body, token: str, key: str | None = None) -> Body:
        """The whole answer of one call."""
        service, _, name = method.partition(".")
        if "programme" in body and "year" in body:
            self.years.add((body["programme"], body["year"]))
        try:
            return answered(self.client.submit(Request(service, name, body, key, token)))
        except CallError as error:  # the client's own check of the body
            refused: Body = {"code": error.code, "field": error.field, "message": error.message, "facts": {}}
            return {"ok": False, "error": refused}

    def must(self, method: str, body: Body, token: str) -> Body:
        """The result of a call that an act makes."""
        answer = self.ask(method, body, token)
        if not answer["ok"]:
            raise Unexpected([f"{method} was refused", *self._refusal(method, body, answer["error"])])
        return dict(answer["result"])

    def token(self, role: str, person: str = "1", **more: str | None) -> str:
        """The token of a person in a role."""
        key = (role, person, *(more.get(name) or "" for name in ("organisation", "region", "programme")))
        if key not in self._tokens:
            subject = more.get("organisation") or f"{role}-{person}"
            self._tokens[key] = self.simulation.deployment.token(role, subject=subject, **more)
        return self._tokens[key]

    def token_of(self, who: str | None) -> str:
        """`甲公司`, `operator`, `bureau:2`, `expert:7=云商`, `prefecture@150200`, `operator/guizhou-2018`.

        None: the platform.
        """
        found = AS.fullmatch(who or "platform")
        assert found is not None
        name, programme = found["who"], found["programme"]
        if name in self.names.kinds:
            return self.token(self.names.kinds[name], organisation=self.names[name], programme=programme)
        of, person = found["of"], found["person"] or "1"
        if of is not None:
            return self.token(name, person, organisation=self.names[of], programme=programme)
        return self.token(name, person, region=found["region"], programme=programme)

    def defaults(self, body: Mapping[str, Any], fields: Mapping[str, Any]) -> Body:
        """programme and year of the scenario, where the method asks for them and the step says no other."""
        given: Body = {"programme": self.scenario.programme, "year": self.year()}
        return {k: v for k, v in given.items() if k in fields and fields[k].required and k not in body}

    def year(self, body: Mapping[str, Any] | None = None) -> int:
        """The step's, the scenario's, or that of the clock."""
        said = (body or {}).get("year") or self.scenario.year
        return int(said) if said else int(str(self.today())[:4])

    def today(self) -> str:
        return local_date(self.simulation.now()).isoformat()

    def programme(self, body: Mapping[str, Any]) -> str:
        return str(body.get("programme") or self.scenario.programme)

    def _call(self, step: Mapping[str, Any]) -> None:
        method, key = step["call"], step.get("key")
        body = filled(step.get("with_", {}), self.names)
        body |= self.defaults(body, METHODS[method].request().fields)
        answer = self.ask(method, body, self.token_of(step.get("as_")), filled(key, self.names))
        wanted = filled(step.get("refused"), self.names)
        if wanted is not None:
            if answer["ok"]:
                raise Unexpected([beside("answer", {"refused": wanted}, answer["result"])])
            lines = differences(wanted, answer["error"])
            if lines:
                raise Unexpected([*lines, *self._refusal(method, body, answer["error"])])
            return
        if not answer["ok"]:
            asked = {"ok": True, **({"result": step["expect"]} if "expect" in step else {})}
            lines = [f"expected {shown(asked)}, actual: refused"]
            raise Unexpected([*lines, *self._refusal(method, body, answer["error"])])
        lines = differences(filled(step.get("expect", {}), self.names), answer["result"])
        lines += differences(filled(step.get("decided", {}), self.names), answer.get("decision") or {}, "decision")
        if lines:
            raise Unexpected(lines)
        for name, path in step.get("save", {}).items():
            try:
                self.names.save(name, at_path(answer["result"], str(path)))
            except KeyError as error:
                raise Unexpected([f"save: the answer has no {path}: {shown(answer['result'])}"]) from error

    def _refusal(self, method: str, body: Body, error: Body) -> list[str]:
        """A refusal in full, and what `explain` says of its subject."""
        lines = [f"{error['code']}: {error.get('message_zh') or error.get('message')}"]
        lines += [f"{k}: {shown(error[k])}" for k in ("field", "article", "facts") if error.get(k)]
        asked = next((value for name, value in body.items() if name.endswith("_id")), None)  # what would have been made
        subjects = [error.get("facts", {}).get("subject"), body.get(error.get("field") or ""), asked]
        for subject in dict.fromkeys(one for one in subjects if isinstance(one, str) and ULID.fullmatch(one)):
            asked = self.ask(f"{method.partition('.')[0]}.explain", {"subject": subject}, self.token("auditor"))
            found = asked["result"]["decisions"][-3:] if asked["ok"] else []
            lines += [f"explain {self.names.named(subject)}: {_told(decision)}" for decision in found]
        return lines

    # ------------------------------------------------------------ what is looked at

    def _balances(self, step: Mapping[str, Any]) -> None:
        programme, year = self.programme(step), self.year(step)
        wanted = {name: money(fen) for name, fen in filled(step["balances"], self.names).items()}
        body = {"programme": programme, "year": year}
        found = self.must("voucher.trial_balance", body, self.token("auditor"))["accounts"]
        kinds = {account["kind"]: account["available_fen"] for account in found}
        lines = []
        for name, fen in wanted.items():
            actual = self._account(name) if ":" in name else kinds.get(name, 0)
            if actual != fen:
                lines.append(f"{self._short(name)}: expected {yuan(fen)}, actual {yuan(actual)}")
        if lines:
            raise Unexpected(lines)

    def _account(self, name: str) -> int:
        """What is free on one account, as the books have it; an account that nothing was booked on has nothing."""
        engine = sa.create_engine(self.simulation.deployment.database_url("voucher"))
        try:
            with engine.connect() as conn:
                return int(conn.execute(BALANCE, {"name": name}).scalar() or 0)
        finally:
            engine.dispose()

    def _short(self, account: str) -> str:
        return ":".join(self.names.named(part) for part in account.split(":"))

    def _notified(self, step: Mapping[str, Any]) -> None:
        asked = filled(step["notified"], self.names)
        to = asked["to"]
        if to in self.names.kinds:
            body: Body = {"party_id": self.names[to], "limit": 500}
            found = self.must("notify.inbox", body, self.token("platform"))["items"]
        else:
            body = {"role": to, "programme": self.programme(step), "limit": 500}
            found = self.must("notify.staff_inbox", body, self.token("ops"))["items"]
        wanted: Body = {k: {"$text": asked[k]} for k in ("title", "body") if k in asked}
        wanted |= {"event_type": asked["event"]} if "event" in asked else {}
        wanted |= {"articles": asked["articles"]} if "articles" in asked else {}
        count = sum(not differences(wanted, item) for item in found)
        times = asked.get("times")
        if count != times if times is not None else not count:
            titles = [f"{item['event_type']}: {item['title']} | {item['body']}" for item in found]
            said = "at least one notice" if times is None else f"{times} notices"
            lines = [f"{to}: expected {said} like {shown(wanted)}, actual {count}", "in the inbox there is:"]
            raise Unexpected([*lines, *(f"  {shown(title)}" for title in titles)])

    def _board(self, step: Mapping[str, Any]) -> None:
        asked = filled(step["board"], self.names)
        body = {"programme": self.programme(step), "section": asked["section"], "limit": 500}
        page = self.must("notify.board", body, self.token("platform"))
        lines = differences({k: asked[k] for k in ("published", "article") if k in asked}, page)
        for key, operator in (("has", "$contains"), ("lacks", "$lacks"), ("count", "$count")):
            if key in asked:
                lines += differences({operator: asked[key]}, page["items"], asked["section"])
        if lines:
            raise Unexpected(lines)

    def _reconcile(self) -> None:
        """After the last step the five services tell the same of the money, nothing lies dead, and supervision, which
        held against each other what they told meanwhile, has found no difference."""
        lines = []
        for programme in sorted({programme for programme, _ in self.years}):
            for alert in reconcile.standing(self.client, programme):
                lines += reconcile.lines_of(alert)
        for programme, year in sorted(self.years):
            totals = reconcile.ask(self.client, programme, year)
            broken = [check for check in equations.checks(totals) if not check.holds]
            lines += [f"{programme} {year}: {c.name}: {c.left} {c.relation} {c.right}" for c in broken]
        dead = self.simulation.deployment.dead()
        if dead:
            lines.append(f"expected no dead letters, actual {dead}")
        if lines:
            raise Unexpected(lines)


def _told(decision: Body) -> str:
    """A decision in one line."""
    at = parse_instant(decision["at"]).astimezone(SHANGHAI)
    law = " ".join([decision.get("pack_version") or "", *decision["articles"]])
    return f"{at:%Y-%m-%d %H:%M} {decision['action']} {decision['code'] or 'ok'} {law} {shown(decision['facts'])}"


LOOKS = frozenset({"balances", "notified", "board"})


def yuan(fen: int) -> str:
    """-1,234.50元"""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100:,}.{fen % 100:02d}元"
