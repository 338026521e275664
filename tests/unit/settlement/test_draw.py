"""The draw of an audit sample: the same by anyone who has seed and population, and a fair one."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from services.settlement.audit_cli import audit
from services.settlement.domain.draw import differences, draw, line_of, population_hash, sha256, weight_of

# By hand: SHA-256("seed\n<id>") begins a 10…, b 96…, c a1…, d ff…, so that they stand a, b, c, d;
# SHA-256("seed\nstart") is 6 modulo 10, 1 modulo 7.
SEED = "seed"


def by_hand(weights: dict[str, int], size: int) -> set[str]:
    """The rule of the module's text, point by point, in the slowest way there is."""
    total = sum(weights.values())
    if size >= len(weights):
        return set(weights)
    interval = total // size
    line = [one for key in sorted(weights, key=lambda k: (sha256(f"{SEED}\n{k}"), k)) for one in [key] * weights[key]]
    start = int(hashlib.sha256(f"{SEED}\nstart".encode()).hexdigest(), 16) % interval
    return {line[point] for point in range(start, total, interval)}


def test_alerts_multiply_the_weight():
    """Lost otherwise: what supervision had doubts about is looked at no more than the rest."""
    assert [weight_of(1_000, alerts) for alerts in (0, 1, 3)] == [1_000, 2_000, 4_000]


def test_the_population_is_hashed_line_by_line_in_the_order_of_ids():
    """Lost otherwise: another program computes another hash from the same claims."""
    assert population_hash({"b": 20, "a": 1}) == hashlib.sha256(b"a 1\nb 20\n").hexdigest()
    assert population_hash({}) == hashlib.sha256(b"").hexdigest()


weights_of = st.dictionaries(st.text("abcdef0123", min_size=1, max_size=6), st.integers(1, 60), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(weights_of, st.integers(1, 15), st.randoms(use_true_random=False))
def test_the_draw_is_that_of_the_rule_whatever_the_order_of_the_claims(weights, size, random):
    """Lost otherwise: an auditor who follows the text draws other claims, or each reading of the table draws anew."""
    shuffled = list(weights.items())
    random.shuffle(shuffled)
    drawn = draw(SEED, dict(shuffled), size)
    assert drawn == draw(SEED, weights, size)
    assert set(drawn) == by_hand(weights, size)
    assert len(drawn) <= size + 1


@settings(max_examples=40, deadline=None)
@given(weights_of, st.integers(1, 15), st.text(max_size=8))
def test_a_claim_as_long_as_the_interval_is_always_drawn_and_said_to_be_certain(weights, size, seed):
    """Lost otherwise: the largest claim of all may slip through between two points."""
    drawn = draw(seed, weights, size)
    if size >= len(weights):
        assert drawn == dict.fromkeys(weights, True)
    else:
        interval = sum(weights.values()) // size
        assert {one for one, certain in drawn.items() if certain} == {k for k, w in weights.items() if w >= interval}


def test_the_chance_of_a_claim_is_its_share_of_the_interval():
    """Lost otherwise: whose claim is where in the order decides, and not how much money it is. The seeds are fixed, so
    that this gives the same counts every time; 5 standard deviations are allowed."""
    weights, size, seeds = {f"c{number}": number for number in range(1, 21)}, 5, 1_000
    interval = sum(weights.values()) // size
    counts = dict.fromkeys(weights, 0)
    for number in range(seeds):
        for claim_id in draw(f"seed {number}", weights, size):
            counts[claim_id] += 1
    for claim_id, weight in weights.items():
        chance = min(1, weight / interval)
        assert abs(counts[claim_id] - seeds * chance) <= 5 * (seeds * chance * (1 - chance)) ** 0.5, claim_id


@pytest.mark.parametrize(
    ("weights", "size", "drawn"),
    [
        ({}, 3, {}),
        ({"a": 5}, 1, {"a": True}),
        ({"a": 5, "b": 5}, 3, {"a": True, "b": True}),
        # a 0-2, b 3-9, c 10-14, d 15-19; points 6 and 16
        ({"a": 3, "b": 7, "c": 5, "d": 5}, 2, {"b": False, "d": False}),
        # a 0, b 1-2, c 3-12, d 13; points 1 and 8: c is longer than the interval of 7
        ({"a": 1, "b": 2, "c": 10, "d": 1}, 2, {"b": False, "c": True}),
        # a 0-1, b 2-7, c 8-13, d 14: interval 7, points 1, 8; 15 is beyond
        ({"a": 2, "b": 6, "c": 6, "d": 1}, 2, {"a": False, "c": False}),
    ],
    ids=[
        "nothing",
        "one",
        "fewer than asked for",
        "two points",
        "longer than the interval",
        "a rest that no point is on",
    ],
)
def test_small_populations(weights, size, drawn):
    """Lost otherwise: a node that took little cannot be audited at all."""
    assert draw(SEED, weights, size) == drawn


# --- an export, and what a hand may do to it


def export(size: int = 3) -> list[dict[str, Any]]:
    """20 claims of 1,000 to 20,000 fen, the last with an alert."""
    items = [{"claim_id": f"C{n:02d}", "payable_fen": n * 1_000, "alerts": int(n == 20)} for n in range(1, 21)]
    weights = {one["claim_id"]: weight_of(one["payable_fen"], one["alerts"]) for one in items}
    drawn = draw(SEED, weights, size)
    head = {"sample_id": "S1", "node_id": "N1", "size": size, "seed": SEED, "seed_hash": sha256(SEED)}
    head |= {"population": len(items), "population_hash": population_hash(weights)}
    for one in items:
        claim_id = one["claim_id"]
        one |= {"weight": weights[claim_id], "drawn": claim_id in drawn, "certain": drawn.get(claim_id, False)}
    return [head, *items]


def edited(rows: list[dict[str, Any]]) -> str:
    rows[7] |= {"weight": 1, "payable_fen": 1}
    return "population_hash: "


def weighed(rows: list[dict[str, Any]]) -> str:
    rows[20]["weight"] = 20_000  # its alert is left out
    return "C20: its weight is stated as 20000, 40000 follows"


def removed(rows: list[dict[str, Any]]) -> str:
    rows.pop(9)
    return "population: 20 claims are stated, 19 are here"


def added(rows: list[dict[str, Any]]) -> str:
    rows.append({**rows[1], "claim_id": "C99"})
    return "population: 20 claims are stated, 21 are here"


def twice(rows: list[dict[str, Any]]) -> str:
    rows.append(dict(rows[1]))
    return "population: 20 claims are stated, 20 are here, in 21 lines"


def reseeded(rows: list[dict[str, Any]]) -> str:
    rows[0]["seed"] = "another seed"
    return "seed_hash: "


def let_off(rows: list[dict[str, Any]]) -> str:
    row = next(one for one in rows[1:] if one["drawn"])
    row |= {"drawn": False, "certain": False}
    return f"{row['claim_id']}: not drawn is stated, drawn"


def put_in(rows: list[dict[str, Any]]) -> str:
    row = next(one for one in rows[1:] if not one["drawn"])
    row["drawn"] = True
    return f"{row['claim_id']}: drawn is stated, not drawn follows"


def resized(rows: list[dict[str, Any]]) -> str:
    rows[0]["size"] = 19
    return ": not drawn is stated, drawn"


HANDS = (edited, weighed, removed, added, twice, reseeded, let_off, put_in, resized)


def run(path, rows, *more):
    path.write_text("".join(line_of(row) + "\n" for row in rows), "utf-8")
    return CliRunner().invoke(audit, ["redraw", str(path), *more])


def test_an_export_as_it_was_written_is_drawn_again(tmp_path):
    """Lost otherwise: an honest sample is cried down."""
    answer = run(tmp_path / "sample", export())
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.output)
    assert (told["ok"], told["population"], told["seed_hash"]) == (True, 20, sha256(SEED))


@pytest.mark.parametrize("hand", HANDS, ids=lambda hand: hand.__name__)
def test_whoever_tampers_with_an_export_is_found_out(tmp_path, hand):
    """Lost otherwise: a claim that somebody wants looked at, or not, is brought in or out after the seed is known."""
    rows = export()
    said = hand(rows)
    answer = run(tmp_path / "sample", rows)
    assert answer.exit_code == 1
    assert said in answer.output, answer.output
    assert json.loads(answer.output.splitlines()[-1])["ok"] is False


def test_an_export_made_up_as_a_whole_is_not_what_was_published(tmp_path):
    """Lost otherwise: all of it is computed anew around another seed, and fits."""
    rows = export()
    mine = ["--seed-hash", sha256(SEED).upper(), "--population-hash", rows[0]["population_hash"]]
    assert run(tmp_path / "sample", rows, *mine).exit_code == 0
    other = run(tmp_path / "sample", rows, "--seed-hash", "0" * 64)
    assert other.exit_code == 1
    assert "seed_hash: " + "0" * 64 + " was published" in other.output


def test_a_smaller_sample_than_was_published_is_found_out(tmp_path):
    """Lost otherwise: who drew twenty shows three, drawn again by the same seed from the same claims."""
    rows = export(size=3)
    mine = ["--seed-hash", sha256(SEED), "--population-hash", rows[0]["population_hash"]]
    assert run(tmp_path / "sample", rows, *mine, "--size", "3").exit_code == 0
    other = run(tmp_path / "sample", rows, *mine, "--size", "20")
    assert other.exit_code == 1
    assert "size: 20 was published, 3 is stated" in other.output


@pytest.mark.parametrize("sign", ["\u2028", "\x85", "\n"], ids=["line separator", "next line", "line feed"])
def test_a_seed_of_any_text_is_read_again(tmp_path, sign):
    """Lost otherwise: an honest export is no export, for a sign in its seed."""
    rows = export()
    seed = f"a seed{sign}of two lines"
    drawn = draw(seed, {one["claim_id"]: one["weight"] for one in rows[1:]}, rows[0]["size"])
    rows[0] |= {"seed": seed, "seed_hash": sha256(seed)}
    for one in rows[1:]:
        one |= {"drawn": one["claim_id"] in drawn, "certain": drawn.get(one["claim_id"], False)}
    answer = run(tmp_path / "sample", rows)
    assert answer.exit_code == 0, answer.output


def test_an_empty_line_before_the_head_is_passed_over(tmp_path):
    path = tmp_path / "sample"
    path.write_text("\n" + "".join(line_of(row) + "\n" for row in export()), "utf-8")
    assert CliRunner().invoke(audit, ["redraw", str(path)]).exit_code == 0


@pytest.mark.parametrize("text", ["", "[]\n", "{}\n", "not JSON\n", '{"size": 0}\n'])
def test_what_is_no_export_is_not_read_as_one(tmp_path, text):
    """Lost otherwise: an empty file is a sample in order."""
    path = tmp_path / "sample"
    path.write_text(text, "utf-8")
    answer = CliRunner().invoke(audit, ["redraw", str(path)])
    assert (answer.exit_code, answer.output.startswith("yunquan: ")) == (2, True)
    assert CliRunner().invoke(audit, ["redraw", str(tmp_path / "none")]).exit_code == 2


def test_a_head_of_no_size_draws_nothing():
    """Lost otherwise: a division by zero where a word of refusal should be."""
    rows = export()
    rows[0]["size"] = 0
    with pytest.raises(ValueError, match="size"):
        list(differences(line_of(row) for row in rows))
