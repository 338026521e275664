"""The compiled way and marshmallow must agree on every body, or a contract would hold on one path and not the other."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, fields

from contracts import catalogue, checking
from contracts import fields as f
from contracts.envelope import EnvelopeSchema
from tests import examples

SCHEMAS: list[type[Schema]] = sorted(
    {event.schema for event in catalogue.EVENTS.values()}
    | {method.request for method in catalogue.METHODS.values()}
    | {EnvelopeSchema},
    key=lambda schema: f"{schema.__module__}.{schema.__name__}",
)


def outcome(load: Any, body: Any) -> Any:
    try:
        return load(copy.deepcopy(body))
    except ValidationError as error:
        return error.normalized_messages()


def agree(schema: type[Schema], body: Any) -> None:
    marshmallow = checking.instance(schema)
    expected = outcome(marshmallow.load, body)
    assert outcome(lambda given: checking.load(schema, given), body) == expected
    assert checking.problems(schema, body) == marshmallow.validate(body)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: f"{schema.__module__}.{schema.__name__}")
def test_both_ways_agree(schema: type[Schema]) -> None:
    agree(schema, examples.valid(schema()))
    agree(schema, examples.full(schema()))
    for _field, _what, body in examples.wrong(schema()):
        agree(schema, body)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: f"{schema.__module__}.{schema.__name__}")
def test_right_bodies_take_the_compiled_way(schema: type[Schema]) -> None:
    """Else the gain is lost without anyone seeing it."""
    checking._compiled(schema)(examples.full(schema()))


SHAPES = {
    f.ulid(): examples.ULID, f.sha256(): "0" * 64, f.uscc(): "91520100MA6DK7YR4K", f.region(): "520100",
    f.region_prefix(): "52", f.code(): "bureau", f.period(): "2019-Q1", f.programme(): "guizhou-2018",
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), SHAPES.items(), ids=SHAPES.values())
def test_a_line_feed_after_the_shape_is_refused(field: fields.String, value: str) -> None:
    """Lost otherwise: 27 characters go where the database has room for 26, and the caller hears INTERNAL."""
    schema = Schema.from_dict({"it": field})
    assert checking.problems(schema, {"it": value}) == {}
    assert checking.problems(schema, {"it": f"{value}\n"})["it"]


@pytest.mark.parametrize("period", ["0000", "1999-12", "2101", "9999-Q4"])
def test_a_period_lies_in_years_that_there_are(period: str) -> None:
    """Lost otherwise: its first or last day is no date, and the caller hears INTERNAL."""
    assert checking.problems(Schema.from_dict({"it": f.period()}), {"it": period})["it"]


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=30)
    | st.sampled_from(
        ["2019-02-29", "2020-02-29", "20190301", "2019-W01-1", "2019-03-01T00:00:00", "2019-03-01T24:00:00Z"]
    )
    | st.sampled_from(
        ["2019-03-01T00:00:00Z", "2019-03-01T00:00:00.5Z", "2019-03-01 00:00:00+08:00", "٢٠١٩-٠٣-٠١", "a\n"]
    )
    | st.sampled_from(["0" * 64 + "\n", examples.ULID + "\n", "520100\n", "91520100MA6DK7YR4K\n"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@given(st.sampled_from(SCHEMAS), st.data())
def test_both_ways_agree_on_any_value_in_any_field(schema: type[Schema], data: st.DataObject) -> None:
    body = examples.full(schema())
    if body:
        body[data.draw(st.sampled_from(sorted(body)))] = data.draw(values)
    agree(schema, body)
