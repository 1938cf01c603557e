"""The engine: quality, row order, ambiguity."""

import json
import random
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from matching import engine
from matching.plan import Plan
from matching.results import SETS, Barred, too_little
from matching.suggest import suggest
from tests.matching.generator import Books, books
from tests.matching.tables import AMOUNT, matched, pairs, table

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]


def quality(b: Books) -> tuple[float, float]:
    """F1 of all matches, precision of the confirmed ones."""
    found = matched(b.left, b.right, suggest(b.left, b.right))
    pairs = {(i, j) for i, j, _ in found}
    confirmed = {(i, j) for i, j, status in found if status == "confirmed"}
    hits = len(pairs & b.truth)
    precision, recall = hits / len(pairs), hits / len(b.truth)
    return 2 * precision * recall / (precision + recall), len(confirmed & b.truth) / len(confirmed)


@pytest.mark.sampled("iso", "no references")
@pytest.mark.parametrize(
    "b",
    [
        pytest.param(lambda: books(rows=5000), id="iso"),
        pytest.param(lambda: books(rows=5000, seed=2, german=True), id="german"),
        pytest.param(lambda: books(rows=5000, seed=3, negated=True, unpaid=0.15, unknown=0.15), id="negated"),
        pytest.param(lambda: books(rows=5000, seed=4, named=0.0), id="no references"),
    ],
)
def test_a_suggested_plan_finds_the_partners(b):
    f1, precision = quality(b())

    assert f1 >= 0.97
    assert precision >= 0.999


@pytest.mark.long
def test_the_order_of_rows_does_not_change_the_matches():
    b = books(rows=2000, seed=5)
    plan = suggest(b.left, b.right)
    order = np.random.default_rng(1).permutation(b.left.num_rows)

    straight = {(i, j) for i, j, _ in matched(b.left, b.right, plan)}
    shuffled = {(int(order[i]), j) for i, j, _ in matched(b.left.take(pa.array(order)), b.right, plan)}

    assert suggest(b.left.take(pa.array(order)), b.right).hash == plan.hash
    assert straight == shuffled


def test_threads_change_no_match():
    b = books(rows=2000, seed=6)
    plan = suggest(b.left, b.right)

    assert matched(b.left, b.right, plan, options=engine.Options(threads=1)) == matched(
        b.left, b.right, plan, options=engine.Options(threads=2)
    )


def test_a_row_is_used_once():
    b = books(rows=3000, seed=7)

    found = matched(b.left, b.right, suggest(b.left, b.right))

    assert len({i for i, _, _ in found}) == len({j for _, j, _ in found}) == len(found)


def test_indistinguishable_pairs_are_never_confirmed():
    left = table([("10.00", "acme"), ("10.00", "acme"), ("33.10", "solo")])
    right = table([("10.00", "acme"), ("10.00", "acme"), ("33.10", "solo")])

    found = [item for item in engine.run(left, right, Plan.model_validate(AMOUNT)) if isinstance(item, engine.Chunk)]

    rows = [row for chunk in found for row in chunk.matches.to_pylist()]
    twins = [row for row in rows if row["left"] in ([0], [1])]
    assert {row["status"] for row in twins} == {"suggested"}
    assert {row["ambiguity"] for row in twins} == {"interchangeable"}
    assert len({row["group"] for row in twins}) == 1


def test_a_runner_up_is_explained_as_the_match_is():
    left = table([("10.00", "acme"), ("33.10", "solo")])
    right = table([("10.00", "acme"), ("10.00", "acme limited"), ("33.10", "solo")])

    found = [item for item in engine.run(left, right, Plan.model_validate(AMOUNT)) if isinstance(item, engine.Chunk)]

    rows = {row["left"][0]: row for chunk in found for row in chunk.matches.to_pylist()}
    fields, runner_up = json.loads(rows[0]["fields"]), json.loads(rows[0]["runner_up"])
    assert (runner_up["left"], runner_up["right"]) == ([0], [1])
    assert [set(field) for field in runner_up["fields"]] == [set(field) for field in fields]
    assert [(field["left"], field["right"]) for field in runner_up["fields"]] == [
        ("10.00", "10.00"),
        ("acme", "acme limited"),
    ]
    prior = rows[0]["score"] - sum(field["weight"] for field in fields)
    assert sum(field["weight"] for field in runner_up["fields"]) + prior == pytest.approx(runner_up["score"], abs=0.01)
    assert rows[1]["runner_up"] is None


@pytest.mark.parametrize(
    "gate",
    [
        {"field": "who", "compare": "equal"},
        {"field": "who", "compare": "similarity", "minimum": 0.9},
        {"field": "amount", "compare": "within", "absolute": "99999999999999999999"},
        {"field": "amount", "compare": "within", "percent": "100"},
        {"field": "amount", "compare": "within", "absolute": "1", "percent": "999.999999"},
    ],
)
def test_a_pair_whose_difference_cannot_be_kept_is_no_match(gate):
    most = "99999999999999999999999999999.999999999"
    left = table([(most, "huge"), ("5.00", "small"), (f"-{most}", "negative"), ("", "none")])
    right = table([(f"-{most}", "huge"), ("5.00", "small"), ("", "none"), (most, "other")])
    where = [gate] if gate["field"] == "who" else [gate, {"field": "who", "compare": "equal"}]
    plan = Plan.model_validate({**AMOUNT, "passes": [{"name": "who", "kind": "rules", "where": where}]})
    alone = Plan.model_validate({**AMOUNT, "passes": [{"name": "who", "kind": "rules", "where": [gate]}]})

    found = {pair[:2] for pair in matched(left, right, plan)}
    without_a_key = {pair[:2] for pair in matched(left, right, alone)}

    assert found == ({(1, 1), (3, 2)} if gate["field"] == "who" else {(1, 1)})
    assert (1, 1) in without_a_key
    assert not without_a_key & {(0, 0), (2, 3)}


def test_two_remainders_are_no_match():
    left, right = table([("10.00", "acme"), ("7.00", "solo")]), table([("7.00", "solo"), ("10.00", "acme")])
    plan = Plan.model_validate(AMOUNT)

    both = matched(left, right, plan, barred=Barred(remainders=(1, 2)))
    one = matched(left, right, plan, barred=Barred(remainders=(1, 1)))

    assert [pair[:2] for pair in both] == [(0, 1)]
    assert sorted(pair[:2] for pair in one) == [(0, 1), (1, 0)]


def test_rejected_pairs_are_not_proposed_again():
    left, right = table([("10.00", "acme")]), table([("10.00", "acme")])
    rejected = pa.table([[[0]], [[0]]], schema=SETS)

    assert matched(left, right, Plan.model_validate(AMOUNT), barred=Barred(rejected)) == []


def test_a_rejected_set_says_nothing_about_the_pairs_in_it():
    left, right = table([("10.00", "acme"), ("7.00", "solo")]), table([("10.00", "acme")])
    rejected = pa.table([[[0, 1], [0], []], [[0], [], [0]]], schema=SETS)

    assert [pair[:2] for pair in matched(left, right, Plan.model_validate(AMOUNT), barred=Barred(rejected))] == [(0, 0)]


def test_empty_sides_end_with_an_empty_result():
    empty = table([])

    last = list(engine.run(empty, table([("1.00", "x")]), Plan.model_validate(AMOUNT)))[-1]

    assert isinstance(last, engine.Finished)
    assert (last.matches, len(last.unmatched_left), len(last.unmatched_right)) == (0, 0, 1)


def by_code_alone(left: list[str], right: list[str], accept: str = "confirm_if_unambiguous") -> engine.PassFinished:
    gate = {"field": "ref", "compare": "equal"}
    document = {
        "fields": {"ref": {"type": "code", "left": "ref", "right": "ref"}},
        "passes": [{"name": "ref", "kind": "rules", "where": [gate], "accept": accept}],
    }
    sides = [pa.table({"ref": values}) for values in (left, right)]
    (ended,) = [
        item for item in engine.run(*sides, Plan.model_validate(document)) if isinstance(item, engine.PassFinished)
    ]
    return ended


@pytest.mark.parametrize("rows", [1, 40, 300, 1000, 5000])
def test_codes_that_are_unique_match_without_any_other_evidence(rows):
    codes = [f"K{n:06}" for n in range(rows)]

    ended = by_code_alone(codes, codes)

    assert (ended.matches, ended.confirmed) == (rows, rows)


def test_a_code_that_occurs_twice_on_one_side_is_only_suggested_and_the_others_are_confirmed():
    codes = [f"K{n:06}" for n in range(2000)]

    ended = by_code_alone(codes, [*codes, *codes[:100]])

    assert (ended.matches, ended.confirmed, ended.ambiguous) == (2000, 1900, 100)


def test_numbers_that_many_rows_share_are_too_little_and_the_pass_says_so():
    customers = [f"C{n % 400:03}" for n in range(2000)]

    ended = by_code_alone(customers, customers, "confirm")

    assert (ended.candidates, ended.matches, ended.too_little) == (10_000, 0, 10_000)
    assert too_little("ref", ended.matches, ended.too_little) is not None
    assert too_little("ref", 1, ended.too_little) is None


@pytest.mark.parametrize("rows", [1, 2, 5, 20])
def test_a_small_file_matches_by_its_own_plan(rows):
    numbers = range(rows)
    left = pa.table({"ref": [f"INV-{100 + n}" for n in numbers], "amount": [f"{10 + 3 * n}.50" for n in numbers]})
    right = pa.table(
        {"memo": [f"paid INV-{100 + n}" for n in numbers], "amount": [f"{10 + 3 * n}.50" for n in numbers]}
    )

    chunks = [item for item in engine.run(left, right, suggest(left, right)) if isinstance(item, engine.Chunk)]

    found = {pair[:2] for chunk in chunks for pair in pairs(chunk)}
    assert found == {(n, n) for n in numbers}
    assert {status for chunk in chunks for status in chunk.matches["status"].to_pylist()} == {"confirmed"}


MEMORY = """
import sys
import pyarrow as pa
from matching import engine
from matching.plan import Plan

kind, rows = sys.argv[1], int(sys.argv[2])
gates = {
    "equal": [{"field": "kind", "compare": "equal"}],
    "within": [{"field": "amount", "compare": "within", "percent": "999"}],
    "window": [
        {"field": "amount", "compare": "within", "absolute": "10000"},
        {"field": "day", "compare": "days", "from": -30, "to": 30},
    ],
    "words": [{"field": "who", "compare": "similarity"}],
}
document = {
    "fields": {
        "kind": {"type": "code", "left": "kind", "right": "kind"},
        "amount": {"type": "money", "left": "amount", "right": "amount"},
        "day": {"type": "date", "left": "day", "right": "day"},
        "who": {"type": "text", "left": "who", "right": "who"},
    },
    "passes": [
        {"name": kind, "kind": "rules", "where": gates[kind], "score": [{"field": "who", "compare": "similarity"}]}
    ],
}
table = pa.table(
    {
        "kind": [f"K{n % 20}" for n in range(rows)],
        "amount": [f"{100 + n * 7 % 900}.{n % 100:02}" for n in range(rows)],
        "day": [f"2026-01-{1 + n % 28:02}" for n in range(rows)],
        "who": [f"a{n % 40} b{n // 100} c{n * 3 % 40}" for n in range(rows)],
    }
)


def memory_mb(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name)) // 1024


before = memory_mb("VmRSS")
found = list(engine.run(table, table, Plan.model_validate(document), options=engine.Options(memory_limit_mb=256)))
end = next(item for item in found if isinstance(item, engine.PassFinished))
print(memory_mb("VmHWM") - before, end.candidates, end.skipped_pairs)
"""


@pytest.mark.sampled("within")
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("kind", ["equal", "within", "window", "words"])
def test_a_run_stays_within_its_memory(kind):
    command = [sys.executable, "-c", MEMORY, kind, "4000"]

    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=120).stdout

    used_mb, made, skipped = (int(number) for number in output.split())
    assert used_mb <= 256
    assert made > 0
    assert skipped > 0


@pytest.mark.parametrize("order", [("fee", "gross", "ref"), ("gross", "ref", "fee"), ("ref", "fee", "gross")])
def test_the_order_in_which_fields_are_written_changes_nothing(order):
    fields = {
        "gross": {"type": "money", "left": "gross", "right": "gross"},
        "fee": {"type": "money", "left": "fee", "right": "fee"},
        "ref": {"type": "reference", "left": "ref", "right": "ref"},
    }
    gates = [{"field": "ref", "compare": "equal"}, {"field": "gross", "compare": "within", "percent": "20"}]
    document = {
        "fields": {name: fields[name] for name in order},
        "passes": [{"name": "close", "kind": "rules", "where": gates}],
    }
    left, right = (
        pa.table(
            {"gross": [f"{n}00.00" for n in range(1, 40)], "fee": ["1.00"] * 39, "ref": [f"R{n}" for n in range(39)]}
        ),
        pa.table(
            {"gross": [f"{n}10.00" for n in range(1, 40)], "fee": ["1.00"] * 39, "ref": [f"R{n}" for n in range(39)]}
        ),
    )
    plan, written = (Plan.model_validate(given) for given in (document, {**document, "fields": fields}))

    found, expected = (
        [chunk.matches for chunk in engine.run(left, right, one) if isinstance(chunk, engine.Chunk)]
        for one in (plan, written)
    )

    assert plan.hash == written.hash
    assert [one.to_pylist() for one in found] == [one.to_pylist() for one in expected]
    assert {row["difference"] for row in found[0].to_pylist()} == {Decimal(-10)}


def test_the_money_of_a_plan_is_what_is_compared():
    fields = {name: {"type": "money", "left": name, "right": name} for name in ("a", "b", "c")}
    gates = [[{"field": name, "compare": "equal"}] for name in ("c", "b")]
    passes = [{"name": str(n), "kind": "rules", "where": gate} for n, gate in enumerate(gates)]
    plan = Plan.model_validate({"fields": fields, "passes": passes})

    assert [plan.money_of(), *map(plan.money_of, plan.passes)] == ["c", "c", "b"]


MONEY = {"type": "money", "left": "amount", "right": "amount", "currency": {"left": "code", "right": "code"}}


@pytest.mark.parametrize(
    "step",
    [
        {"kind": "rules", "where": [{"field": "ref", "compare": "equal"}], "accept": "confirm"},
        {"kind": "rules", "where": [{"field": "who", "compare": "similarity"}], "accept": "confirm"},
        {
            "kind": "rules",
            "where": [
                {"field": "who", "compare": "similarity"},
                {"field": "day", "compare": "days", "from": 0, "to": 3},
            ],
        },
        {"kind": "probabilistic", "fields": ["who", "ref"]},
    ],
    ids=["code", "text", "text and days", "probabilistic"],
)
@pytest.mark.parametrize(
    ("codes", "is_matched"), [(("EUR", "USD"), False), (("EUR", "EUR"), True), (("EUR", None), True)]
)
def test_rows_of_two_currencies_are_never_paired_whatever_a_pass_compares(step, codes, is_matched):
    sides = [
        pa.table(
            {
                "ref": [f"R{n:05}" for n in range(200)],
                "who": [f"customer {n * 7919 % 10007} of street {n * 104729 % 9973}" for n in range(200)],
                "day": ["2026-03-01"] * 200,
                "amount": [f"{100 + n}.00" for n in range(200)],
                "code": pa.array([code] * 200, pa.string()),
            }
        )
        for code in codes
    ]
    fields = {
        "amount": MONEY,
        "ref": {"type": "reference", "left": "ref", "right": "ref"},
        "who": {"type": "text", "left": "who", "right": "who"},
        "day": {"type": "date", "left": "day", "right": "day"},
    }

    found = matched(*sides, Plan.model_validate({"fields": fields, "passes": [{"name": "p", **step}]}))

    assert (len(found) > 150) == is_matched
    assert is_matched or not found


WORDS = ["anna", "berg", "carl", "dahl", "emil", "frank", "gerd", "haus"]


def found_in(left: pa.Table, right: pa.Table) -> list[dict[str, Any]]:
    """The matches of the plan AMOUNT, as rows."""
    chunks = [item for item in engine.run(left, right, Plan.model_validate(AMOUNT)) if isinstance(item, engine.Chunk)]
    return [row for chunk in chunks for row in chunk.matches.to_pylist()]


@pytest.mark.integration
def test_a_match_whose_runner_up_is_within_five_bits_is_ambiguous_and_no_other_is():
    rnd, margins = random.Random(3), []
    for _ in range(12):
        names = [" ".join(rnd.sample(WORDS, 3)) for _ in range(rnd.randint(2, 9))]
        short = [" ".join(name.split()[: rnd.choice([1, 2, 3, 3])]) for name in names]
        for row in found_in(table([("1.00", name) for name in names]), table([("1.00", name) for name in short])):
            margins.append(row["margin"])
            assert (row["ambiguity"] == "none") == (row["margin"] >= 5.0), row
            assert (row["status"] == "confirmed") == (row["margin"] >= 5.0), row
    # Margins just below and just above are among them.
    assert any(4 <= margin < 5 for margin in margins)
    assert any(5 <= margin < 7 for margin in margins)


@pytest.mark.integration
def test_books_that_have_nothing_to_do_with_each_other_have_no_confirmed_match():
    """An equal amount and an equal name occur by chance, and no competitor shows that."""
    people = [" ".join(pair) for pair in zip(WORDS[::2], WORDS[1::2], strict=True)] * 3
    found = []
    for seed in range(8):
        rnd = random.Random(seed)
        sides = [[(f"{rnd.randint(1, 5000)}.00", rnd.choice(people)) for _ in range(300)] for _ in range(2)]
        found += found_in(*map(table, sides))
    assert len(found) > 10
    assert {row["status"] for row in found} == {"suggested"}


@pytest.mark.integration
def test_a_text_that_is_just_similar_enough_passes_its_gate():
    gate = {"field": "who", "compare": "similarity", "minimum": 1.0}
    step = {"name": "p", "kind": "rules", "where": [gate], "accept": "suggest"}
    plan = Plan.model_validate({**AMOUNT, "passes": [step]})
    side = table([("1.00", "Anna Berg"), ("2.00", "Carl Dahl"), ("3.00", "Emil Frank")])

    assert sorted(pair[:2] for pair in matched(side, side, plan)) == [(0, 0), (1, 1), (2, 2)]
