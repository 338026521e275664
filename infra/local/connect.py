"""How the command line reaches a running deployment: the one `yunquan up` started, or the one the environment names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from contracts.client import Client
from infra.local.deployment import read_state
from infra.local.keys import sign
from infra.messages import Actor

TOKEN_LIFE_S = 12 * 3600


def connect(
    folder: str | Path = ".yunquan", *, role: str, subject: str = "", timeout: float = 60.0, **who: Any
) -> Client:
    """A client in one role: by YUNQUAN_AMQP_URI and YUNQUAN_TOKEN_FILE where set, else by `folder`'s state and key.

    Raises LocalServerError when nothing runs there.
    """
    uri, token_file = os.environ.get("YUNQUAN_AMQP_URI"), os.environ.get("YUNQUAN_TOKEN_FILE")
    if uri and token_file:
        return Client(uri, token=Path(token_file).read_text("utf-8").strip(), timeout=timeout)
    state = read_state(Path(os.environ.get("YUNQUAN_FOLDER", folder)))
    actor = Actor(subject or f"cli:{role}", frozenset({role}), who.get("organisation"), None, who.get("programme"))
    token = sign(Path(state["folder"]) / "keys", actor, lifetime_s=TOKEN_LIFE_S)
    return Client(state["amqp_uri"], token=token, timeout=timeout)
