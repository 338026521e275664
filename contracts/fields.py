"""The few field kinds all contracts are made of, each with its limits."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

MAX_FEN = 10**15  # ten trillion yuan: more is a mistake
MAX_BATCH = 500

ULID = re.compile(r"^[0-7][0-9A-HJKMNP-TV-Z]{25}$")
USCC = re.compile(r"^[0-9A-HJ-NP-RTUWXY]{18}$")
SHA256 = re.compile(r"^[0-9a-f]{64}$")
REGION = re.compile(r"^[0-9]{6}$")
REGION_PREFIX = re.compile(r"^[0-9]{2}([0-9]{2}){0,2}$")
CODE = re.compile(r"^[a-z][a-z0-9_-]*$")
PERIOD = re.compile(r"^(20[0-9]{2}|2100)(-(0[1-9]|1[0-2]|Q[1-4]))?$")
PROGRAMME = re.compile(r"^[a-z0-9][a-z0-9-]{1,39}$")
NO_CONTROL = re.compile(r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]*$")


class Body(Schema):
    """A body with unknown fields refused."""

    class Meta:
        unknown = RAISE


class Whole(validate.Regexp):
    """The pattern over all of the text: `$` alone lets a line feed at the end through."""

    def __call__(self, value: Any) -> Any:
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self._format_error(value))
        return value


def _kw(required: bool, extra: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, **extra} if required else {"load_default": None, "allow_none": True, **extra}


def ulid(required: bool = True, **extra: Any) -> fields.String:
    """26 characters, Crockford base 32 (github.com/ulid/spec)."""
    return fields.String(**_kw(required, {"validate": Whole(ULID), **extra}))


def text(longest: int, required: bool = True, shortest: int = 1, **extra: Any) -> fields.String:
    """Text without control characters, `shortest`..`longest` characters."""
    rules = [validate.Length(shortest, longest), Whole(NO_CONTROL)]
    return fields.String(**_kw(required, {"validate": rules, **extra}))


def one_of(choices: tuple[str, ...] | list[str], required: bool = True, **extra: Any) -> fields.String:
    """One of the words of `choices`."""
    return fields.String(**_kw(required, {"validate": validate.OneOf(list(choices)), **extra}))


def fen(required: bool = True, least: int = 0, **extra: Any) -> fields.Integer:
    """An amount in fen (分), a whole number; a text or fraction is refused."""
    return fields.Integer(**_kw(required, {"strict": True, "validate": validate.Range(least, MAX_FEN), **extra}))


def whole(least: int, most: int, required: bool = True, **extra: Any) -> fields.Integer:
    """A whole number in [least, most]."""
    return fields.Integer(**_kw(required, {"strict": True, "validate": validate.Range(least, most), **extra}))


def flag(required: bool = True, **extra: Any) -> fields.Boolean:
    """true or false; no other word."""
    return StrictBoolean(**_kw(required, extra))


def day(required: bool = True, **extra: Any) -> fields.Date:
    """YYYY-MM-DD, a date in Asia/Shanghai."""
    return fields.Date(**_kw(required, {"format": "iso", **extra}))


def instant(required: bool = True, **extra: Any) -> fields.AwareDateTime:
    """RFC 3339 with an offset."""
    return fields.AwareDateTime(**_kw(required, {"format": "iso", **extra}))


def sha256(required: bool = True, **extra: Any) -> fields.String:
    """Lower-case hex of a SHA-256 digest."""
    return fields.String(**_kw(required, {"validate": Whole(SHA256), **extra}))


def uscc(required: bool = True, **extra: Any) -> fields.String:
    """Unified social credit code by shape (GB 32100-2015); the check digit is the registry's to judge."""
    return fields.String(**_kw(required, {"validate": Whole(USCC), **extra}))


def region(required: bool = True, **extra: Any) -> fields.String:
    """GB/T 2260, six digits."""
    return fields.String(**_kw(required, {"validate": Whole(REGION), **extra}))


def region_prefix(required: bool = True, **extra: Any) -> fields.String:
    """The first two, four or six digits of GB/T 2260: a province, a city, a county."""
    return fields.String(**_kw(required, {"validate": Whole(REGION_PREFIX), **extra}))


def code(longest: int = 40, required: bool = True, **extra: Any) -> fields.String:
    """A word that a pack defines: a category, track, kind of document, stage or role."""
    rules = [validate.Length(1, longest), Whole(CODE)]
    return fields.String(**_kw(required, {"validate": rules, **extra}))


def period(required: bool = True, **extra: Any) -> fields.String:
    """A month `2019-03`, a quarter `2019-Q1` or a year `2019`."""
    return fields.String(**_kw(required, {"validate": Whole(PERIOD), **extra}))


def programme(required: bool = True, **extra: Any) -> fields.String:
    """The code of a programme, say `guizhou-2018`."""
    return fields.String(**_kw(required, {"validate": Whole(PROGRAMME), **extra}))


def year(required: bool = True, **extra: Any) -> fields.Integer:
    """A calendar year."""
    return whole(2000, 2100, required, **extra)


def many(
    schema: type[Schema], most: int = MAX_BATCH, least: int = 0, required: bool = True, **extra: Any
) -> fields.List[Any]:
    """A list of `least`..`most` bodies."""
    rule = validate.Length(least, most)
    return fields.List(fields.Nested(schema), **_kw(required, {"validate": rule, **extra}))


def words(longest: int, most: int, required: bool = True, least: int = 0, **extra: Any) -> fields.List[Any]:
    """A list of short texts."""
    rule = validate.Length(least, most)
    return fields.List(text(longest), **_kw(required, {"validate": rule, **extra}))


def digests(most: int, required: bool = True, **extra: Any) -> fields.List[Any]:
    """A list of SHA-256."""
    return fields.List(sha256(), **_kw(required, {"validate": validate.Length(0, most), **extra}))


def numbers(least: int, largest: int, most: int, required: bool = True, **extra: Any) -> fields.List[Any]:
    """A list of up to `most` whole numbers in [least, largest]."""
    return fields.List(whole(least, largest), **_kw(required, {"validate": validate.Length(0, most), **extra}))


def facts(required: bool = True, **extra: Any) -> fields.Dict:
    """Free JSON facts with text keys."""
    return fields.Dict(keys=fields.String(), **_kw(required, extra))


class StrictBoolean(fields.Boolean):
    """Marshmallow's Boolean takes "yes", 1, "off" …; this takes true and false alone."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


def nested(schema: type[Schema], required: bool = True, **extra: Any) -> fields.Nested:
    """A body inside a body."""
    return fields.Nested(schema, **_kw(required, extra))
