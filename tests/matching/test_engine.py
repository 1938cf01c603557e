"""The engine on generated books and small cases."""

import copy
import itertools
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import assignment, engine
from matching.plan import Plan, PlanInvalid
from matching.suggest import suggest

sys.path.insert(0, str(Path(__file__).parent))
from generator import Books, books

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
AMOUNT = {
    "fields": {
        "amount": {"type": "money", "left": "amount", "right": "amount"},
        "who": {"type": "text", "left": "who", "right": "who"},
    },
    "passes": [
        {
            "name": "amount",
            "kind": "rules",
            "where": [{"field": "amount", "compare": "equal"}],
            "score": [{"field": "who", "compare": "similarity"}],
        }
    ],
}


def table(rows: list[tuple[str, str]]) -> pa.Table:
    return pa.table(
        {"amount": pa.array([r[0] for r in rows], pa.string()), "who": pa.array([r[1] for r in rows], pa.string())}
    )


def matched(left: pa.Table, right: pa.Table, plan: Plan, **options) -> list[tuple[int, int, str]]:
    found = []
    for item in engine.run(left, right, plan, **options):
        if isinstance(item, engine.Chunk):
            columns = (item.matches[name].to_pylist() for name in ("left", "right", "status"))
            found += list(zip(*columns, strict=True))
    return found


def quality(b: Books) -> tuple[float, float]:
    """F1 of all matches, precision of the confirmed ones."""
    found = matched(b.left, b.right, suggest(b.left, b.right))
    pairs = {(i, j) for i, j, _ in found}
    confirmed = {(i, j) for i, j, status in found if status == "confirmed"}
    hits = len(pairs & b.truth)
    precision, recall = hits / len(pairs), hits / len(b.truth)
    return 2 * precision * recall / (precision + recall), len(confirmed & b.truth) / len(confirmed)


@pytest.mark.parametrize(
    "b",
    [
        pytest.param(lambda: books(), id="iso"),
        pytest.param(lambda: books(seed=2, german=True), id="german"),
        pytest.param(lambda: books(seed=3, negated=True, unpaid=0.15, unknown=0.15), id="negated"),
        pytest.param(lambda: books(seed=4, named=0.0), id="no references"),
    ],
)
def test_a_suggested_plan_finds_the_partners(b):
    f1, precision = quality(b())

    assert f1 >= 0.97
    assert precision >= 0.999


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


def test_what_cannot_be_told_apart_is_never_confirmed():
    left = table([("10.00", "acme"), ("10.00", "acme"), ("33.10", "solo")])
    right = table([("10.00", "acme"), ("10.00", "acme"), ("33.10", "solo")])

    found = [item for item in engine.run(left, right, Plan.model_validate(AMOUNT)) if isinstance(item, engine.Chunk)]

    rows = [row for chunk in found for row in chunk.matches.to_pylist()]
    twins = [row for row in rows if row["left"] in (0, 1)]
    assert {row["status"] for row in twins} == {"suggested"}
    assert {row["ambiguity"] for row in twins} == {"interchangeable"}
    assert len({row["group"] for row in twins}) == 1


def test_rejected_pairs_are_not_proposed_again():
    left, right = table([("10.00", "acme")]), table([("10.00", "acme")])
    rejected = pa.table({"left": pa.array([0], pa.int64()), "right": pa.array([0], pa.int64())})

    assert matched(left, right, Plan.model_validate(AMOUNT), rejected_pairs=rejected) == []


def test_empty_sides_end_with_an_empty_result():
    empty = table([])

    last = list(engine.run(empty, table([("1.00", "x")]), Plan.model_validate(AMOUNT)))[-1]

    assert isinstance(last, engine.Finished)
    assert (last.matches, len(last.unmatched_left), len(last.unmatched_right)) == (0, 0, 1)


def test_a_plan_that_does_not_fit_names_the_column():
    with pytest.raises(PlanInvalid) as caught:
        list(engine.run(pa.table({"x": ["1"]}), table([]), Plan.model_validate(AMOUNT)))

    assert ("/fields/amount/left", "invalid_plan") in [(p, c) for p, c, _ in caught.value.faults]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 9000)), min_size=1, max_size=12))
def test_the_assignment_is_an_optimum_with_exact_margins(edges):
    best = {(a, b): w for a, b, w in edges}
    left, right = (np.array([key[i] for key in best], dtype=np.int32) for i in (0, 1))
    weight = np.array(list(best.values()), dtype=np.int64)

    chosen = assignment.assign(left, right, weight)

    def optimum(forbidden: int = -1) -> int:
        totals = [0]
        for size in range(1, 5):
            for group in itertools.combinations([i for i in range(len(weight)) if i != forbidden], size):
                if len({left[i] for i in group}) == len({right[i] for i in group}) == size:
                    totals.append(int(weight[list(group)].sum()))
        return max(totals)

    total = optimum()
    assert int(weight[chosen.pair].sum()) == total
    assert [int(m) for m in chosen.margin] == [total - optimum(int(p)) for p in chosen.pair]


def test_columns_that_differ_in_case_alone_are_not_taken_for_each_other():
    left = pa.table({"ref": ["A1", "B2"], "REF": ["x", "y"], "amount": ["1.00", "2.00"]})
    right = pa.table({"ref": ["A1", "B2"], "amount": ["1.00", "2.00"]})
    document = {
        "fields": {"reference": {"type": "reference", "left": "REF", "right": "ref"}},
        "passes": [{"name": "p", "kind": "rules", "where": [{"field": "reference", "compare": "equal"}]}],
    }

    with pytest.raises(PlanInvalid, match="differs from 'REF' in case alone"):
        list(engine.run(left, right, Plan.model_validate(document)))
    document["fields"]["reference"]["left"] = "ref"
    found = [
        item for item in engine.run(left, right, Plan.model_validate(document)) if isinstance(item, engine.Finished)
    ]

    assert found[0].matches == 2
    assert "REF" not in {field.left for field in suggest(left, right).fields.values()}


@pytest.mark.parametrize("rows", [1, 2, 5, 20])
def test_a_small_file_matches_by_its_own_plan(rows):
    numbers = range(rows)
    left = pa.table({"ref": [f"INV-{100 + n}" for n in numbers], "amount": [f"{10 + 3 * n}.50" for n in numbers]})
    right = pa.table(
        {"memo": [f"paid INV-{100 + n}" for n in numbers], "amount": [f"{10 + 3 * n}.50" for n in numbers]}
    )

    chunks = [item for item in engine.run(left, right, suggest(left, right)) if isinstance(item, engine.Chunk)]

    pairs = {
        pair
        for chunk in chunks
        for pair in zip(*(chunk.matches[s].to_pylist() for s in ("left", "right")), strict=True)
    }
    assert pairs == {(n, n) for n in numbers}
    assert {status for chunk in chunks for status in chunk.matches["status"].to_pylist()} == {"confirmed"}


def test_columns_may_have_the_names_that_the_engine_uses_itself():
    names = ["_row_", "_h_", "h", "i", ""]
    left = pa.table([[f"{n}-{k}" for n in range(3)] for k in range(5)], names=names)
    document = {
        "fields": {"a": {"type": "text", "left": "_row_", "right": "h"}},
        "passes": [{"name": "p", "kind": "rules", "where": [{"field": "a", "compare": "equal"}]}],
    }
    right = left.rename_columns(["h", "x", "_row_", "i", ""])

    assert {(i, j) for i, j, _ in matched(left, right, Plan.model_validate(document))} == {(0, 0), (1, 1), (2, 2)}


@pytest.mark.parametrize("right_codes", [None, ["", "EUR", "", "EUR"], ["EUR", "XXX", "EUR", None]])
def test_an_unknown_currency_may_be_any(right_codes):
    rows = [("10.00", "acme"), ("20.00", "borea"), ("30.00", "cobalt"), ("40.00", "delta")]
    codes = pa.array(["EUR"] * 4, pa.string())
    left = table(rows).append_column("ccy", codes)
    right = table(rows).append_column("ccy", pa.array(right_codes or [None] * 4, pa.string()))
    document = copy.deepcopy(AMOUNT)
    document["fields"]["amount"]["currency"] = {"left": "ccy", "right": "ccy"}

    found = matched(left, right, Plan.model_validate(document))

    assert {(i, j) for i, j, _ in found} == {(n, n) for n in range(4)}
    assert {status for _, _, status in found} == {"confirmed"}


def test_two_known_currencies_are_never_one():
    rows = [("10.00", "acme"), ("20.00", "borea")]
    left = table(rows).append_column("ccy", pa.array(["EUR", "EUR"]))
    right = table(rows).append_column("ccy", pa.array(["USD", ""]))
    document = copy.deepcopy(AMOUNT)
    document["fields"]["amount"]["currency"] = {"left": "ccy", "right": "ccy"}

    assert [(i, j) for i, j, _ in matched(left, right, Plan.model_validate(document))] == [(1, 1)]


def test_a_pass_with_days_alone_is_refused_by_pointer():
    days = {"field": "day", "compare": "days", "from": -3, "to": 3}
    similar = {"field": "who", "compare": "similarity"}
    document = {
        "fields": {
            "day": {"type": "date", "left": "day", "right": "day"},
            "who": {"type": "text", "left": "who", "right": "who"},
        },
        "passes": [
            {"name": "alike", "kind": "rules", "where": [similar, days]},
            {"name": "days", "kind": "rules", "where": [days, days], "score": [similar]},
        ],
    }
    rows = pa.table({"day": ["2026-01-05"], "who": ["acme"]})

    with pytest.raises(PlanInvalid) as caught:
        list(engine.run(rows, rows, Plan.model_validate(document)))

    assert [(pointer, code) for pointer, code, _ in caught.value.faults] == [("/passes/1/where", "invalid_plan")]


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


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("kind", ["equal", "within", "window", "words"])
def test_a_run_stays_within_its_memory(kind):
    command = [sys.executable, "-c", MEMORY, kind, "4000"]

    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=120).stdout

    used_mb, made, skipped = (int(number) for number in output.split())
    assert used_mb <= 256
    assert made > 0
    assert skipped > 0


def by_reference(names: list[tuple[str, str]], method: str = "token_set") -> dict[int, dict]:
    """The text evidence of rows with a unique reference and an amount that is frequent; most other names are in full."""
    chance = np.random.default_rng(5)
    words = ["acme", "borea", "cobalt", "delta", "ember", "fjord", "granit", "hafen", "indigo", "juno"]
    others = [" ".join(chance.choice(words, 3)) for _ in range(600)]
    named = [*names, *((name, name) for name in others)]
    left, right = (
        pa.table(
            {
                "ref": [f"R{7000 + n}" for n in range(len(named))],
                "amount": ["49.00" if n < len(names) or n % 40 == 0 else f"{n}.50" for n in range(len(named))],
                "who": pa.array([name[side] for name in named], pa.string()),
            }
        )
        for side in (0, 1)
    )
    document = {
        "fields": {
            "reference": {"type": "reference", "left": "ref", "right": "ref"},
            "amount": {"type": "money", "left": "amount", "right": "amount"},
            "who": {"type": "text", "left": "who", "right": "who"},
        },
        "passes": [
            {
                "name": "p",
                "kind": "rules",
                "where": [{"field": name, "compare": "equal"} for name in ("reference", "amount")],
                "score": [{"field": "who", "compare": "similarity", "method": method}],
            }
        ],
    }
    found = {}
    for item in engine.run(left, right, Plan.model_validate(document)):
        if isinstance(item, engine.Chunk):
            for row in item.matches.to_pylist():
                found[row["left"]] = row | {"weight": json.loads(row["fields"])[2]["weight"]}
    return {n: found[n] for n in range(len(names)) if n in found}


@pytest.mark.parametrize("method", ["token_set", "token_sort", "ratio", "jaro_winkler"])
def test_a_name_that_was_cut_is_no_evidence_against(method):
    cut = [
        ("Ember Logistics GmbH", "EMBER LOGISTI"),
        ("Société Générale d'Électricité", "SOCIETE GENERALE D ELECTR"),
        ("Österreichische Kontrollbank", "Österreich"),
        ("Петербургская сбытовая компания", "Петербургск"),
        ("Müller Maschinenba", "Müller Maschinenbau und Söhne"),
        ("Kontroll", "Kontrollbank Wien"),
    ]

    found = by_reference(cut, method)

    assert len(found) == len(cut)
    assert all(row["weight"] >= 0 for row in found.values()), found


def test_a_unique_reference_with_the_equal_amount_and_a_cut_name_is_no_question():
    found = by_reference([("Ember Logistics GmbH", "EMBER LOGISTI")])

    assert (found[0]["ambiguity"], found[0]["status"]) == ("none", "confirmed")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Ember Logistics GmbH", "Em"),
        ("Ember Logistics GmbH", "Delta Energ"),
        ("Alfred Meier", "Al"),
        ("Store 12 Hamburg Altona Nord", "Store 1"),
    ],
)
def test_a_name_that_is_short_or_another_stays_evidence_against(left, right):
    found = by_reference([(left, right)], "ratio")

    assert all(row["weight"] < 0 for row in found.values())
    assert {row["status"] for row in found.values()} <= {"suggested"}


@pytest.mark.parametrize(
    ("amount", "currency", "text", "expected"),
    [
        ("120", "EUR", None, "120.00"),
        ("120.5", "EUR", None, "120.50"),
        ("120.125", "EUR", None, "120.125"),
        ("-0.5", "EUR", None, "-0.50"),
        ("1200", "JPY", None, "1200"),
        ("1200.5", "JPY", None, "1200.5"),
        ("1.5", "KWD", None, "1.500"),
        ("100", "", None, "100.00"),
        ("120", "EUR", "120.000", "120.000"),
        ("120", "EUR", "1,2e2", "1,2e2"),
    ],
)
def test_a_typed_amount_is_shown_as_it_was_loaded(amount, currency, text, expected):
    amounts = pa.array([Decimal(amount)], pa.decimal128(38, 9))
    rows = pa.table({"amount": amounts, "who": ["acme"], "ccy": [currency]})
    shown = pa.table({"amount": pa.array([text], pa.string())})
    document = copy.deepcopy(AMOUNT)
    document["fields"]["amount"]["currency"] = {"left": "ccy", "right": "ccy"}

    found = list(engine.run(rows, rows, Plan.model_validate(document), shown=(shown, None)))

    field = json.loads(found[0].matches["fields"][0].as_py())[0]
    assert field["left"] == expected
