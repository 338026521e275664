"""How the command line reaches a running deployment: the one `yunquan up` started, or the one the environment names."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from contracts.client import Client
from infra import auth
from infra.local.deployment import read_state

TOKEN_LIFE = timedelta(hours=12)


def connect(folder: str | Path = "var", *, role: str, subject: str = "", timeout: float = 60.0, **who: Any) -> Client:
    """A client in one role. With YUNQUAN_AMQP_URI and YUNQUAN_TOKEN_FILE set these are used; else `folder`'s state and key.

    Raises LocalServerError when nothing runs there.
    """
    uri, token_file = os.environ.get("YUNQUAN_AMQP_URI"), os.environ.get("YUNQUAN_TOKEN_FILE")
    if uri and token_file:
        return Client(uri, token=Path(token_file).read_text("utf-8").strip(), timeout=timeout)
    state = read_state(Path(os.environ.get("YUNQUAN_FOLDER", folder)))
    key = (Path(state["folder"]) / "keys" / "jwt.pem").read_bytes()
    token = auth.issue(
        key,
        subject=subject or f"cli:{role}",
        roles=[role],
        organisation=who.get("organisation"),
        programme=who.get("programme"),
        expires_at=datetime.now(UTC) + TOKEN_LIFE,
    )
    return Client(state["amqp_uri"], token=token, timeout=timeout)
