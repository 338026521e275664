"""The envelope every event travels in: CloudEvents 1.0, JSON structured mode, with our extension attributes.

Source: CloudEvents 1.0.2 (attributes, extension `sequence`), W3C Trace Context (`traceparent`).
"""

from __future__ import annotations

from marshmallow import RAISE, Schema, fields, validate

CONTENT_TYPE = "application/cloudevents+json"


class EnvelopeSchema(Schema):
    """id: ULID; source: `/yunquan/<service>`; type: `<service>.<event>.v<n>`; subject: the aggregate's id;
    sequence: the aggregate's version, 1, 2, 3 …; time: RFC 3339, UTC; data: as the type's own schema says."""

    class Meta:
        unknown = RAISE

    specversion = fields.String(required=True, validate=validate.Equal("1.0"))
    id = fields.String(required=True, validate=validate.Length(26, 26))
    source = fields.String(required=True, validate=validate.Regexp(r"^/yunquan/[a-z]+$"))
    type = fields.String(required=True, validate=validate.Regexp(r"^[a-z]+\.[a-z_]+\.v[0-9]+$"))
    time = fields.AwareDateTime(required=True, format="iso")
    subject = fields.String(required=True, validate=validate.Length(1, 128))
    sequence = fields.Integer(required=True, strict=True, validate=validate.Range(0))
    correlationid = fields.String(required=True, validate=validate.Length(1, 128))
    causationid = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 128))
    traceparent = fields.String(validate=validate.Length(55, 55))
    datacontenttype = fields.String(required=True, validate=validate.Equal("application/json"))
    data = fields.Dict(keys=fields.String(), required=True)


def source_of(service: str) -> str:
    """`voucher` → `/yunquan/voucher`."""
    return f"/yunquan/{service}"
