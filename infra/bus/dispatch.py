"""From deliveries to what is to become of them: edge, then pipeline; neither nameko nor a broker in sight."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import structlog

from contracts.errors import Refused
from infra import inbox, metrics
from infra.bus import names
from infra.bus.delivery import Delivery, Done, Letter
from infra.bus.edge import CommandEdge, EventEdge, Item, Request, Undecodable, result_reply
from infra.isolate import with_retries
from infra.log import told
from infra.messages import Answer, Command, Event, refusal
from infra.pipeline import DueFailed, EventsFailed, Pipeline

log = structlog.get_logger(__name__)

SUSPECT_AFTER = 2  # redeliveries; until then it may be a neighbour that kills
SECRET_HEADERS = frozenset({names.HEADER_TOKEN})


@dataclass(frozen=True)
class Dispatch:
    """One service's handling of what comes off each kind of queue: a list of deliveries in, a list of Done out."""

    pipeline: Pipeline
    command_edge: CommandEdge
    event_edge: EventEdge

    def calls(self, deliveries: Sequence[Delivery]) -> list[Done]:
        """Commands, bulk calls and queries, in order, cut into runs of one method."""
        if self._kills(deliveries):
            return [self._killer(deliveries[0], result_reply(refusal(Refused("INTERNAL"))))]
        requests = [self.command_edge.request(delivery) for delivery in deliveries]
        return [self._done(request, given) for request, given in self._run(requests)]

    def events(self, deliveries: Sequence[Delivery]) -> list[Done]:
        """Events: what can't take effect now goes up the ladder, what never can to the dead queue."""
        if self._kills(deliveries):
            return [self._killer(deliveries[0], None)]
        done: dict[int, Done] = {}
        events: list[Event] = []
        places: list[int] = []
        for at, delivery in enumerate(deliveries):
            try:
                events.append(self.event_edge.event(delivery))
                places.append(at)
            except Undecodable as error:
                done[at] = Done(delivery, letters=(self._letter(delivery, f"undecodable: {error}"),))
            except Exception as error:  # noqa: BLE001 - whatever an event can bring about must not take its neighbours along
                done[at] = Done(delivery, letters=(self._letter(delivery, f"undecodable: {type(error).__name__}"),))
        try:
            with metrics.timed(self.pipeline.service, "events", len(events)):
                self.pipeline.run_events(events)
            failures: Mapping[int, Exception] = {}
        except EventsFailed as failed:
            failures = failed.failures
        service = self.pipeline.service
        for index, event in enumerate(events):
            outcome = type(failures[index]).__name__ if index in failures else "ok"
            metrics.REQUESTS.labels(service, event.type, outcome).inc()
        for index, at in enumerate(places):
            letters = (self._climb(deliveries[at], events[index], failures[index]),) if index in failures else ()
            done[at] = Done(deliveries[at], letters=letters)
        return [done[at] for at in range(len(deliveries))]

    def _kills(self, deliveries: Sequence[Delivery]) -> bool:
        """Is this one message, alone after several redeliveries, what ended the process each time?"""
        count = deliveries[0].headers.get(names.HEADER_DELIVERIES) if len(deliveries) == 1 else None
        if not isinstance(count, int) or count < SUSPECT_AFTER:
            return False
        now = self.pipeline.clock.now()
        body = deliveries[0].body

        def noted() -> bool:
            return inbox.killed_too_often(self.pipeline.engine, consumer=self.pipeline.service, body=body, now=now)

        return with_retries(noted)

    def _killer(self, delivery: Delivery, reply: Mapping[str, Any] | None) -> Done:
        log.error("message.kills", service=self.pipeline.service, routing_key=delivery.routing_key)
        return Done(delivery, reply, (self._letter(delivery, "killed its process"),))

    def _run(self, requests: Sequence[Request]) -> Iterator[tuple[Request, Answer | None]]:
        for name, run in groupby(requests, key=_run_name):
            together = list(run)
            if name is None:
                yield from ((request, None) for request in together)
                continue
            commands = [request.command for request in together if request.command is not None]
            if name.startswith("bulk"):
                given = [self._bulk(request.items or ()) for request in together]
            elif name == "run_due":
                given = [self._run_due() for _ in commands]
            elif name in self.pipeline.commands:
                given = self.pipeline.run_commands(name, commands)
            elif name in self.pipeline.queries:
                given = [self.pipeline.run_query(name, command) for command in commands]
            else:
                log.error("method.without_handler", service=self.pipeline.service, method=name)
                given = [refusal(Refused("INTERNAL")) for _ in commands]
            yield from zip(together, given, strict=True)

    def _bulk(self, items: Sequence[Item]) -> Answer:
        outcomes: list[Answer] = []
        for method, run in groupby(items, key=lambda item: item.command.method if item.command else None):
            together = list(run)
            if method is None:
                outcomes.extend(item.answer for item in together if item.answer is not None)
            else:
                commands = [item.command for item in together if item.command is not None]
                outcomes.extend(self.pipeline.run_commands(method, commands))
        return {"ok": True, "result": {"outcomes": outcomes}, "decision": None}

    def _run_due(self) -> Answer:
        try:
            return {"ok": True, "result": {"done": self.pipeline.run_due()}, "decision": None}
        except DueFailed as failed:
            return refusal(Refused("INTERNAL", facts={"due": sorted(failed.failures)}))

    def _done(self, request: Request, given: Answer | None) -> Done:
        delivery = request.delivery
        letters: list[Letter] = []
        if request.dead is not None:
            letters.append(self._letter(delivery, request.dead))
        if given is None:
            return Done(delivery, request.reply, tuple(letters))
        if request.items is not None and given["ok"]:
            for item, outcome in zip(request.items, given["result"]["outcomes"], strict=True):
                if item.command is not None and _is_defect(outcome):
                    letters.append(self._item_letter(delivery, item.command))
        elif _is_defect(given) and request.command is not None and request.command.key is not None:
            letters.append(self._letter(delivery, "defect"))
        return Done(delivery, result_reply(given), tuple(letters))

    def _letter(self, delivery: Delivery, reason: str) -> Letter:
        metrics.DEAD.labels(self.pipeline.service, reason.partition(":")[0]).inc()
        return Letter(reason, delivery.routing_key, delivery.body, _kept(delivery.headers), delivery.content_type)

    def _item_letter(self, delivery: Delivery, command: Command) -> Letter:
        """A poisonous item of a bulk call is kept as the single command it is, from the bytes as they came."""
        metrics.DEAD.labels(self.pipeline.service, "defect").inc()
        sent = json.loads(delivery.body)["kwargs"]["commands"]
        item = next(i for i in sent if i["key"] == command.key and i["method"] == command.method)
        body = json.dumps({"args": [], "kwargs": {**item["args"], "key": item["key"]}}, ensure_ascii=False).encode()
        routing_key = f"{self.pipeline.service}.{command.method}"
        return Letter("defect", routing_key, body, _kept(delivery.headers), "application/json")

    def _climb(self, delivery: Delivery, event: Event, error: Exception) -> Letter:
        """The next rung of the ladder, counted in our own header; the dead queue above the last."""
        counted = delivery.headers.get(names.HEADER_ATTEMPTS)
        attempts = counted if isinstance(counted, int) and counted >= 0 else 0
        reason = type(error).__name__
        rungs = [rung for rung, _ in names.LADDER]
        rung = rungs[attempts] if attempts < len(rungs) else None
        log.warning(
            "event.later" if rung else "event.dead",
            service=self.pipeline.service,
            type=event.type,
            subject=event.subject,
            correlation_id=event.correlation_id,
            reason=reason,
            rung=rung,
            **({} if reason == "NotYet" else told(error)),
        )
        if rung is None:
            return self._letter(delivery, f"defect: {reason}")
        metrics.RETRIES.labels(self.pipeline.service, rung).inc()
        headers = {**_kept(delivery.headers), names.HEADER_ATTEMPTS: attempts + 1}
        return Letter(reason, delivery.routing_key, delivery.body, headers, delivery.content_type, rung)


def unavailable(deliveries: Sequence[Delivery]) -> list[Done]:
    """When the machinery itself failed: every caller is told INTERNAL and every message kept."""
    reply = result_reply(refusal(Refused("INTERNAL")))
    return [
        Done(d, reply, (Letter("defect: bus", d.routing_key, d.body, _kept(d.headers), d.content_type),))
        for d in deliveries
    ]


Handle = Callable[[Sequence[Delivery]], list[Done]]


def _run_name(request: Request) -> str | None:
    return request.command.method if request.command is not None else None


def _is_defect(answer: Mapping[str, Any]) -> bool:
    return not answer["ok"] and answer["error"]["code"] == "INTERNAL"


def _kept(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in headers.items() if name not in SECRET_HEADERS and not name.startswith("x-death")
    }
