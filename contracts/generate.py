"""Writes contracts/schemas/*.json and contracts/asyncapi.yaml, and refuses to break what is published.

python -m contracts.generate            writes; exits 1 when a published schema would break (make a new version)
python -m contracts.generate --check    writes nothing; exits 1 when the committed files are not what would be written
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import yaml
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

from contracts import catalogue
from contracts.compatibility import breaking
from contracts.envelope import CONTENT_TYPE, EnvelopeSchema

FOLDER = Path(__file__).parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(schema: type[Schema], title: str) -> dict[str, Any]:
    """One self-contained JSON Schema (2020-12), nested bodies under `$defs`."""
    spec = APISpec(title, "1", "3.1.0", plugins=[MarshmallowPlugin(schema_name_resolver=_name)])
    spec.components.schema(schema.__name__, schema=schema)
    parts = json.loads(json.dumps(spec.to_dict()["components"]["schemas"]).replace("#/components/schemas/", "#/$defs/"))
    top = parts.pop(schema.__name__)
    return {"$schema": DIALECT, "title": title, **top, **({"$defs": parts} if parts else {})}


def _name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return str(kind.__name__)


def schemas() -> dict[str, dict[str, Any]]:
    """File name → JSON Schema, of the envelope, every event, every request and response."""
    files = {"envelope.json": json_schema(EnvelopeSchema, "envelope")}
    for name, event in catalogue.EVENTS.items():
        files[f"events/{name}.json"] = json_schema(event.schema, name)
    for name, method in catalogue.METHODS.items():
        files[f"rpc/{name}.request.json"] = json_schema(method.request, f"{name} request")
        files[f"rpc/{name}.response.json"] = json_schema(method.response, f"{name} response")
    return files


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0: a channel an event exchange and a service's RPC, an operation an event sent or a method taken."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for service in catalogue.SERVICES:
        events = [event for event in catalogue.EVENTS.values() if event.producer == service]
        methods = catalogue.methods_of(service)
        channels[f"{service}.events"] = {
            "address": f"{service}.events",
            "description": "Topic exchange; the routing key is the event type.",
            "messages": {event.type: _message(f"events/{event.type}", CONTENT_TYPE, event.doc) for event in events},
        }
        channels[f"{service}.rpc"] = {
            "address": f"{service}.*",
            "description": "Topic exchange nameko-rpc; the routing key is service.method; the answer goes to reply_to.",
            "messages": {
                part: _message(f"rpc/{part}", "application/json", "")
                for name in methods
                for part in (f"{service}.{name}.request", f"{service}.{name}.response")
            },
        }
        for event in events:
            operations[f"send {event.type}"] = _operation("send", f"{service}.events", event.type)
        for name, method in methods.items():
            operation = _operation("receive", f"{service}.rpc", f"{service}.{name}.request")
            operation["summary"] = f"{method.kind}; roles: {', '.join(sorted(method.roles))}"
            operation["reply"] = {
                "channel": {"$ref": f"#/channels/{service}.rpc"},
                "messages": [{"$ref": f"#/channels/{service}.rpc/messages/{service}.{name}.response"}],
            }
            operations[f"{service}.{name}"] = operation
    info = {"title": "Yunquan 云券", "version": "1.0.0", "description": "Events and RPC of a cloud-voucher programme."}
    return {"asyncapi": "3.0.0", "info": info, "channels": channels, "operations": operations}


def _message(file: str, content_type: str, summary: str) -> dict[str, Any]:
    message = {"contentType": content_type, "payload": {"$ref": f"./schemas/{file}.json"}}
    return {**message, "summary": summary} if summary else message


def _operation(action: str, channel: str, message: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"}],
    }


def files() -> dict[str, str]:
    """Every generated file, relative to contracts/, as text."""
    texts = {
        f"schemas/{name}": json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        for name, schema in schemas().items()
    }
    texts["asyncapi.yaml"] = yaml.safe_dump(asyncapi(), sort_keys=False, allow_unicode=True, width=120)
    return texts


def stale(texts: dict[str, str]) -> list[str]:
    """Files that are missing, differ, or should no longer be there."""
    there = {str(path.relative_to(FOLDER)) for path in FOLDER.glob("schemas/**/*.json")}
    changed = [
        name
        for name, text in texts.items()
        if not (FOLDER / name).is_file() or (FOLDER / name).read_text("utf-8") != text
    ]
    return sorted(changed + [name for name in there if name not in texts])


def breaks(texts: dict[str, str]) -> list[str]:
    """What the new files would break in the committed ones, a line each."""
    found: list[str] = []
    for path in sorted(FOLDER.glob("schemas/**/*.json")):
        name = str(path.relative_to(FOLDER))
        old = json.loads(path.read_text("utf-8"))
        if name not in texts:
            found.append(f"{name}: removed")
            continue
        reader = "producer" if name.endswith(".response.json") or "/events/" in name else "consumer"
        found += [f"{name}: {line}" for line in breaking(old, json.loads(texts[name]), written_by=reader)]
    return found


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--force", action="store_true", help="before the first release: write even what breaks")
    options = parser.parse_args(argv)
    texts = files()
    lines = stale(texts) if options.check else breaks(texts)
    if lines and not options.force:
        print("\n".join(lines))
        print(
            "run `make schemas`" if options.check else "a published schema never changes: make a new class and version"
        )
        return 1
    if not options.check:
        for name in stale(texts):
            path = FOLDER / name
            if name in texts:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(texts[name], "utf-8")
            else:
                path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
