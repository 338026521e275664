"""A party reads why: the page of a decision leaves out neither the law nor a number."""

from infra.explain_cli import page

REFUSED = {
    "at": "2020-03-02T01:00:00Z",
    "action": "place_order",
    "outcome": "refused",
    "code": "REQUEST_ABOVE_RATE",
    "programme": "neimenggu-2019",
    "pack_version": "neimenggu-2019@1",
    "articles": ["五(二)"],
    "facts": {
        "allowed_fen": 833333,
        "rate": "25%",
        "reasons": ["REQUEST_ABOVE_RATE"],
        "pack_version": "neimenggu-2019@1",
    },
    "actor_roles": ["platform"],
}


def test_a_refusal_is_shown_with_its_law_and_numbers():
    """Lost otherwise: whoever was refused cannot recompute it."""
    assert list(page("voucher", REFUSED)) == [
        "2020-03-02T01:00:00Z  voucher.place_order  REQUEST_ABOVE_RATE  申请金额超过支持比例。 "
        "More was asked for than the rate allows.",
        "  依据 law: neimenggu-2019@1  五(二)",
        "  allowed_fen: 833333 (8333.33 元)",
        "  rate: 25%",
        '  reasons: ["REQUEST_ABOVE_RATE"]',
    ]


def test_a_decision_without_a_code_is_shown_as_made():
    lines = list(page("voucher", {**REFUSED, "code": None, "articles": [], "facts": {}}))
    assert lines == ["2020-03-02T01:00:00Z  voucher.place_order  ok", "  依据 law: neimenggu-2019@1  —"]
