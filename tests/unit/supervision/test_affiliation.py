"""Lost if these fail: tied parties would pass as strangers, or strangers be taken for one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.supervision.domain import affiliation
from services.supervision.domain.affiliation import CROWD, Graph, judge, paths


def graph(facts: Mapping[str, Mapping[str, str]], *, crowd: Mapping[str, int] | None = None, ties: str = "") -> Graph:
    """facts: party → kind → value; crowd: value → how many share it, where not counted; ties: `E-P A-B`."""
    held = {party: frozenset((kind, value) for kind, value in own.items()) for party, own in facts.items()}
    everything = [fact for own in held.values() for fact in own]
    counts = {fact: (crowd or {}).get(fact[1], everything.count(fact)) for fact in everything}
    return Graph(facts=held, crowd=counts, ties=frozenset(frozenset(tie.split("-")) for tie in ties.split()))


def found(made: Graph) -> tuple[str, list[tuple[str, ...]]] | None:
    """Severity and kinds along the way between E and P."""
    path = paths(made, [("E", "P")]).get(("E", "P"), ())
    finding = judge(enterprise_id="E", provider_id="P", graph=made, path=path)
    return None if finding is None else (finding.severity, [link.kinds for link in path])


SAME = {"phone": "1", "address": "2", "person": "3", "account": "4"}

CASES = [
    ("nothing in common", {"E": {"phone": "1"}, "P": {"phone": "2"}}, None),
    ("one value under two kinds", {"E": {"phone": "1"}, "P": {"account": "1"}}, None),
    ("no facts at all", {}, None),
    *(
        (f"direct by {kind}", {"E": {kind: "1"}, "P": {kind: "1"}}, (severity, [(kind,)]))
        for kind, severity in (("phone", "high"), ("account", "high"), ("person", "high"), ("address", "medium"))
    ),
    (
        "address and phone together",
        {"E": {"address": "1", "phone": "2"}, "P": {"address": "1", "phone": "2"}},
        ("high", [("phone", "address")]),
    ),
    (
        "through one by phone and account",
        {"E": {"phone": "1"}, "X": {"phone": "1", "account": "2"}, "P": {"account": "2"}},
        ("medium", [("phone",), ("account",)]),
    ),
    (
        "through one by a name and an address",
        {"E": {"person": "1"}, "X": {"person": "1", "address": "2"}, "P": {"address": "2"}},
        ("low", [("person",), ("address",)]),
    ),
    (
        "through two by strong links",
        {
            "E": {"phone": "1"},
            "X": {"phone": "1", "account": "2"},
            "Y": {"account": "2", "phone": "3"},
            "P": {"phone": "3"},
        },
        ("medium", [("phone",), ("account",), ("phone",)]),
    ),
    (
        "through two by weak links is too far",
        {
            "E": {"person": "1"},
            "X": {"person": "1", "address": "2"},
            "Y": {"address": "2", "person": "3"},
            "P": {"person": "3"},
        },
        None,
    ),
    (
        "through three is too far",
        {
            "E": {"phone": "1"},
            "X": {"phone": "1", "account": "2"},
            "Y": {"account": "2", "phone": "3"},
            "Z": {"phone": "3", "account": "4"},
            "P": {"account": "4"},
        },
        None,
    ),
    (
        "the shorter of two ways",
        {
            "E": {"phone": "1", "account": "9"},
            "X": {"phone": "1", "address": "2"},
            "Y": {"account": "9", "phone": "8"},
            "P": {"address": "2", "phone": "8"},
        },
        ("medium", [("account",), ("phone",)]),
    ),
]


@pytest.mark.parametrize(("facts", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_chains(facts: dict[str, dict[str, str]], expected: object) -> None:
    assert found(graph(facts)) == expected


@pytest.mark.parametrize(("crowd", "expected"), [(CROWD, "high"), (CROWD + 1, None)])
def test_what_a_crowd_shares_ties_nobody(crowd: int, expected: str | None) -> None:
    made = found(graph({"E": {"phone": "1"}, "P": {"phone": "1"}}, crowd={"1": crowd}))
    assert (made[0] if made else None) == expected


@pytest.mark.parametrize(("crowd", "severity"), [(2, "high"), (3, "high"), (4, "medium"), (20, "medium")])
def test_a_name_that_many_bear_says_less(crowd: int, severity: str) -> None:
    made = found(graph({"E": {"person": "1"}, "P": {"person": "1"}}, crowd={"1": crowd}))
    assert made == (severity, [("person",)])


def test_ties_on_record_count_directly_and_in_a_chain() -> None:
    assert found(graph({}, ties="E-P")) == ("high", [("tie",)])
    chain = graph({"E": {"phone": "1"}, "X": {"phone": "1"}}, ties="X-P")
    assert found(chain) == ("medium", [("phone",), ("tie",)])


def test_a_party_is_not_tied_to_itself() -> None:
    assert paths(graph({"E": SAME}), [("E", "E")]) == {}


def test_the_explanation_names_kinds_and_what_was_left_out_never_values() -> None:
    made = graph(
        {"E": {"phone": "secret-1", "address": "secret-2"}, "P": {"phone": "secret-1", "address": "secret-2"}},
        crowd={"secret-2": 300},
    )
    path = paths(made, [("E", "P")])["E", "P"]
    finding = judge(enterprise_id="E", provider_id="P", graph=made, path=path)
    assert finding is not None
    assert finding.numbers["ignored"] == [{"kind": "address", "shared_by": 300}] * 2
    assert "secret" not in str(finding)
    assert finding.zh == "企业与云服务商共有：电话。"


def test_the_bounds_of_the_search_fit_the_ring_that_the_store_loads() -> None:
    """The store reads the neighbours of both ends and no further: a longer chain would be found only by chance."""
    assert affiliation.MOST_STEPS == 3


def test_shares_tie_through_any_number_of_owners_and_count_as_one_step() -> None:
    chain = frozenset((f"h{number}", f"h{number + 1}") for number in range(9))
    made = Graph(facts={}, crowd={}, holdings=chain, holders={"E": "h0", "X": "h4", "P": "h9", "Q": "z"})
    path = paths(made, [("E", "P"), ("E", "Q")])
    assert path.keys() == {("E", "P")}
    (link,) = path["E", "P"]
    assert (link.kinds, link.holdings, affiliation.severity([link])) == (("holding",), 9, "high")


def test_one_company_under_two_registrations_is_tied_to_itself() -> None:
    made = Graph(facts={}, crowd={}, holders={"E": "h", "P": "h"})
    assert paths(made, [("E", "P")])["E", "P"][0].holdings == 0


def test_a_building_alone_says_little_and_leads_nowhere() -> None:
    """Lost otherwise: all tenants of a house would be held, or a room left out would hide an address."""
    assert found(graph({"E": {"building": "1"}, "P": {"building": "1"}})) == ("low", [("building",)])
    assert found(graph({"E": {"building": "1"}, "P": {"building": "1"}}, crowd={"1": 4})) is None
    both = {"E": {"building": "1", "address": "2"}, "P": {"building": "1", "address": "2"}}
    assert found(graph(both)) == ("medium", [("address",)])
    chain = {"E": {"building": "1"}, "X": {"building": "1", "phone": "2"}, "P": {"phone": "2"}}
    assert found(graph(chain)) is None


FACT = st.tuples(st.sampled_from(["phone", "account", "person", "address", "building"]), st.sampled_from("123456"))
PARTY = st.sampled_from("ABCDEFGH")
GRAPHS = st.builds(
    lambda facts, ties, holdings: Graph(
        facts={party: frozenset(own) for party, own in facts.items()},
        crowd={fact: sum(fact in own for own in facts.values()) for own in facts.values() for fact in own},
        ties=frozenset(frozenset(tie) for tie in ties if tie[0] != tie[1]),
        holdings=frozenset(holdings),
        holders={party: party.lower() for party in "ABCDEFGH"},
    ),
    st.dictionaries(PARTY, st.frozensets(FACT, max_size=4), max_size=8),
    st.lists(st.tuples(PARTY, PARTY), max_size=2),
    st.lists(st.tuples(st.sampled_from("abcdxy"), st.sampled_from("abcdxy")), max_size=3),
)


@given(made=GRAPHS, one=PARTY, other=PARTY)
def test_what_ties_one_to_the_other_ties_the_other_to_the_one_edge_by_edge(made: Graph, one: str, other: str) -> None:
    """Lost otherwise: who is asked about first decides, or a chain has a link that nobody can show."""
    both = paths(made, [(one, other), (other, one)])
    there, back = both.get((one, other), ()), both.get((other, one), ())
    assert sum(link.cost for link in there) == sum(link.cost for link in back)
    assert bool(there) == bool(back)
    at = one
    for link in there:
        assert link.a == at
        at = link.b
        for kind in link.kinds:
            shared = {value for named, value in made.facts.get(link.a, frozenset()) if named == kind}
            shared &= {value for named, value in made.facts.get(link.b, frozenset()) if named == kind}
            tied = kind == "tie" and frozenset((link.a, link.b)) in made.ties
            assert tied or (kind == "holding" and link.holdings is not None) or shared
            assert all(link.shared[link.kinds.index(kind)] <= CROWD for kind in link.kinds if kind != "holding")
    assert not there or at == other
