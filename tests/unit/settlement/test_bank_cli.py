"""`yunquan payments`: what a clerk is told when a file is refused."""

from __future__ import annotations

import pytest
from click import ClickException

from contracts.client.errors import CommandRefused
from services.settlement import bank_cli

ROWS = [{"row": 2, "code": "DATE", "message": "a day to come"}]


def test_a_refusal_says_its_code_once_and_its_rows() -> None:
    """Lost otherwise: which row to mend, behind a code that is said twice."""
    facts = {"rows": ROWS, "total": 1}
    said = {"code": "FILE_MALFORMED", "field": "sha256", "message": "Not whole.", "facts": facts}
    with pytest.raises(ClickException) as refused:
        bank_cli._refuse(CommandRefused(said))
    assert refused.value.message.splitlines() == [
        "FILE_MALFORMED (sha256): Not whole.",
        '{"total": 1}',
        "  row 2: DATE: a day to come",
    ]
