"""Which texts count as cut off, judged by where their column ends."""

import json

import numpy as np
import pyarrow as pa
import pytest

from matching import engine, truncation
from matching.candidates import Candidates
from matching.plan import Plan
from matching.sides import Sides
from tests.matching.database import connected

NAMES = [f"{a} {b} Holding International" for a in ("Acme", "Borea", "Delta") for b in ("Foods", "Paper", "Tools")]
NAMED = {
    "fields": {"name": {"type": "text", "left": "o0", "right": "o0"}},
    "passes": [{"name": "p", "kind": "rules", "where": [{"field": "name", "compare": "equal"}]}],
}


def cut(left: list[str], right: list[str], *, in_words: bool) -> list[bool]:
    with connected() as connection:
        for side, texts in (("l", left), ("r", right)):
            connection.register("given", pa.table({"i": range(len(texts)), "o0": texts}))
            connection.execute(f"CREATE TABLE {side} AS SELECT *, lower(o0) AS f0, length(o0) AS n0 FROM given")
        rows = np.arange(len(left), dtype=np.int32)
        pairs = Candidates(rows, rows, 0, 0)
        sides = Sides(connection, Plan.model_validate(NAMED), (len(left), len(right)), 1)
        return truncation.is_cut(sides, 0, pairs, rows.astype(np.int64), in_words=in_words).tolist()


@pytest.mark.parametrize("limit", [7, 10, 18, 27])
@pytest.mark.parametrize("swapped", [False, True])
def test_values_as_long_as_the_column_allows_are_cut_off(limit, swapped):
    ends = [name[:limit].rstrip() for name in NAMES]
    sides = (ends, NAMES) if swapped else (NAMES, ends)

    assert all(cut(*sides, in_words=True))


def test_a_value_that_ends_before_the_column_does_is_complete():
    left = [*NAMES, "Fjord Energy"]
    right = [*(name[:10] for name in NAMES), "Fjord"]

    assert cut(left, right, in_words=True) == [True] * len(NAMES) + [False]


def test_a_column_without_cut_values_has_no_limit():
    left = [f"{name} {'x' * n}" for n, name in enumerate(NAMES)]
    right = [" ".join(name.split()[: 1 + n % 3]) for n, name in enumerate(left)]

    assert not any(cut(left, right, in_words=True))


def test_codes_of_one_length_are_not_taken_for_cut_off():
    codes = [f"A{n:03}" for n in range(30)]

    assert not any(cut([f"{code}7" for code in codes], codes, in_words=False))


@pytest.mark.parametrize("swapped", [False, True])
def test_a_name_that_is_complete_on_the_other_side_is_not_taken_for_cut_off(swapped):
    short, long = ["Smith", "Other", "Ember Log"], ["Smithson Ltd", "Smith", "Ember Logistics"]

    assert cut(*((long, short) if swapped else (short, long)), in_words=True) == [False, False, True]


def by_reference(names: list[tuple[str, str]], method: str = "token_set") -> dict[int, dict]:
    """
    The text evidence for rows with a unique reference and a frequent amount; most of the other names are complete.
    """
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
                found[row["left"][0]] = row | {"weight": json.loads(row["fields"])[2]["weight"]}
    return {n: found[n] for n in range(len(names)) if n in found}


@pytest.mark.integration
@pytest.mark.parametrize("method", ["token_set", "token_sort", "ratio", "jaro_winkler"])
def test_a_cut_off_name_is_not_evidence_against_a_match(method):
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


@pytest.mark.integration
def test_a_unique_reference_with_an_equal_amount_and_a_cut_off_name_is_confirmed():
    found = by_reference([("Ember Logistics GmbH", "EMBER LOGISTI")])

    assert (found[0]["ambiguity"], found[0]["status"]) == ("none", "confirmed")


@pytest.mark.integration
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Ember Logistics GmbH", "Em"),
        ("Ember Logistics GmbH", "Delta Energ"),
        ("Alfred Meier", "Al"),
        ("Store 12 Hamburg Altona Nord", "Store 1"),
    ],
)
def test_a_short_or_different_name_is_evidence_against_a_match(left, right):
    found = by_reference([(left, right)], "ratio")

    assert all(row["weight"] < 0 for row in found.values())
    assert {row["status"] for row in found.values()} <= {"suggested"}
