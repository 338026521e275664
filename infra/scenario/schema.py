"""The keys that scenarios and their steps may have; what is not here is refused. docs/scenarios.md tells of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from contracts.catalogue import EVENTS, METHODS
from contracts.errors import ERRORS
from contracts.rpc.notify import SECTIONS
from contracts.rpc.supervision import CASE_GROUNDS, CASE_KINDS
from infra.scenario.values import Unreadable, moment, money


class Closed(Schema):
    """Unknown keys are refused."""

    class Meta:
        unknown = RAISE


def text(**more: Any) -> fields.String:
    return fields.String(validate=validate.Length(1, 400), **more)


def names(**more: Any) -> fields.List[Any]:
    return fields.List(text(), validate=validate.Length(1, 200), **more)


def pattern(**more: Any) -> fields.Dict:
    return fields.Dict(keys=fields.String(), **more)


class Money(fields.Field[Any]):
    """Yuan or fen, or a `$name` that stands for them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            return value if isinstance(value, str) and value.startswith("$") else money(value)
        except Unreadable as error:
            raise ValidationError(str(error)) from error


class Time(fields.Field[Any]):
    """A time of Shanghai; kept as written."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            moment(value)
        except Unreadable as error:
            raise ValidationError(str(error)) from error
        return value


# kinds of accounts, as the ledger has them: one that it does not know would have nothing in it, whatever happens
ACCOUNTS = (
    *("source", "budget", "quota", "committed", "claimed", "redeemed", "lapsed"),
    *("carried_out", "carried_in", "deferred", "making_up", "made_up"),
    *("receivable", "recovered", "written_off", "losses"),
)


class Account(fields.String):
    """A kind of account, or the whole name of one."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        kind, *rest = str(value).split(":")
        if kind not in ACCOUNTS:
            raise ValidationError(f"the books have no {kind!r} (they have {', '.join(ACCOUNTS)})")
        if rest and (len(rest) not in (2, 3) or not re.fullmatch(r"[0-9]{4}", rest[1]) or not all(rest)):
            raise ValidationError(
                f"{value!r} is no account: write {kind}:programme:year or {kind}:programme:year:whose"
            )
        return value


class Refusal(fields.Field[Any]):
    """A code, or a mapping of code, field, article and facts."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str):
            value = {"code": value}
        if not isinstance(value, Mapping) or not value.keys() <= {"code", "field", "article", "facts"}:
            raise ValidationError("write a code, or `code`, `field`, `article` and `facts`")
        code = value.get("code")
        if isinstance(code, str) and code not in ERRORS:
            raise ValidationError(f"there is no code {code!r}")
        return value


class Parts(Closed):
    """What a file that others use may hold."""

    enterprises = pattern()
    providers = pattern()
    products = pattern()
    steps = fields.List(fields.Dict(keys=fields.String()), validate=validate.Length(0, 300))
    use = names()


class Whole(Parts):
    """A scenario."""

    scenario = text(required=True)
    article = text()
    programme = text(required=True)
    year = fields.Integer(strict=True)
    starts = Time(required=True)
    overlays = names()
    packs = text()


class Step(Closed):
    say = text()
    at = Time()


class Call(Step):
    """A method of the catalogue, as someone."""

    call = fields.String(required=True, validate=validate.OneOf(sorted(METHODS), error="there is no such method"))
    as_ = text(data_key="as")
    with_ = pattern(data_key="with")
    key = text()
    save = pattern()
    expect = fields.Raw()
    decided = pattern()
    refused = Refusal()


class Enrol(Step):
    enrol = names(required=True)
    batch = text()


class UploadBody(Closed):
    of = text(required=True)
    papers = names(required=True)


class Upload(Step):
    upload = fields.Nested(UploadBody, required=True)


class Shelve(Step):
    shelve = names(required=True)


class PlanBody(Closed):
    budget = Money(required=True)
    opens_on = text()
    region = text()
    denominations = pattern()  # 2,000元: how many
    funds = pattern()  # province: so much
    save = text()


class Plan(Step):
    plan = fields.Nested(PlanBody, required=True)
    year = fields.Integer(strict=True)
    programme = text()


class GrantBody(Closed):
    to = names(required=True)
    amount = Money()
    save = text()


class Grant(Step):
    grant = fields.Nested(GrantBody, required=True)
    year = fields.Integer(strict=True)


class FileBody(Closed):
    """A filing through all its stages."""

    by = text(required=True)
    track = text()
    category = text()
    provider = text()
    revenue = Money()
    years_used = fields.Integer(strict=True)
    attested = fields.List(text())
    stages = fields.Integer(strict=True, validate=validate.Range(0, 10))  # only the first so many
    save = text()


class File(Step):
    file = fields.Nested(FileBody, required=True)


class Open(Step):
    open = names(required=True)


class BuyBody(Closed):
    by = text(required=True)
    product = text(required=True)
    price = Money()
    voucher = Money()
    save = text(required=True)


class Buy(Step):
    buy = fields.Nested(BuyBody, required=True)


class ClaimBody(Closed):
    order = text(required=True)
    paid = Money()
    invoice = pattern()
    contract = pattern()
    transfer = pattern()
    usage = pattern()
    save = text(required=True)


class Claim(Step):
    claim = fields.Nested(ClaimBody, required=True)


class ReviewBody(Closed):
    claims = names(required=True)
    score = fields.Integer(strict=True)
    stages = fields.Integer(strict=True, validate=validate.Range(1, 10))


class Review(Step):
    review = fields.Nested(ReviewBody, required=True)


class PayBody(Closed):
    of = text()
    office = text()
    results = fields.String(validate=validate.OneOf(("settled", "failed", "returned", "unknown", "none")))
    save = text()


class Pay(Step):
    pay = fields.Nested(PayBody, required=True)
    year = fields.Integer(strict=True)
    programme = text()


class CaseBody(Closed):
    """A case to its decision, or as far as `to`."""

    against = text(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(CASE_KINDS))
    ground = fields.String(required=True, validate=validate.OneOf(CASE_GROUNDS))
    interim = fields.Boolean()
    alert = names()
    complaint = names()
    assessment = names()
    receivable = names()
    outcome = fields.String(validate=validate.OneOf(("upheld", "dismissed")))
    until = text()
    effective_at = text()
    to = fields.String(validate=validate.OneOf(("opened", "proposed")))
    save = text()


class CaseStep(Step):
    case = fields.Nested(CaseBody, required=True)


class Balances(Step):
    balances = fields.Dict(keys=Account(), values=Money(), required=True, validate=validate.Length(min=1))
    year = fields.Integer(strict=True)
    programme = text()


class NotifiedBody(Closed):
    to = text(required=True)
    event = fields.String(validate=validate.OneOf(sorted(EVENTS), error="there is no such event"))
    title = text()
    body = text()
    articles = fields.Raw()
    times = fields.Integer(strict=True)


class Notified(Step):
    notified = fields.Nested(NotifiedBody, required=True)
    programme = text()


class BoardBody(Closed):
    section = fields.String(required=True, validate=validate.OneOf(SECTIONS))
    published = fields.Boolean()
    article = text()
    has = fields.Raw()
    lacks = fields.Raw()
    count = fields.Integer(strict=True)


class Board(Step):
    board = fields.Nested(BoardBody, required=True)
    programme = text()


# the key that says what a step does → what else it may hold
ACTIONS: Mapping[str, type[Step]] = {
    "call": Call,
    "enrol": Enrol,
    "upload": Upload,
    "shelve": Shelve,
    "plan": Plan,
    "grant": Grant,
    "file": File,
    "open": Open,
    "buy": Buy,
    "claim": Claim,
    "review": Review,
    "pay": Pay,
    "case": CaseStep,
    "balances": Balances,
    "notified": Notified,
    "board": Board,
}
