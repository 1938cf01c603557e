"""Which texts count as cut off, by where their column ends."""

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from matching import truncation
from matching.candidates import Candidates

NAMES = [f"{a} {b} Holding International" for a in ("Acme", "Borea", "Delta") for b in ("Foods", "Paper", "Tools")]


def cut(left: list[str], right: list[str], *, in_words: bool) -> list[bool]:
    with duckdb.connect(":memory:") as connection:
        for side, texts in (("l", left), ("r", right)):
            connection.register("given", pa.table({"i": range(len(texts)), "o0": texts}))
            connection.execute(f"CREATE TABLE {side} AS SELECT *, lower(o0) AS f0 FROM given")
        rows = np.arange(len(left), dtype=np.int32)
        pairs = Candidates(rows, rows, 0, 0)
        return truncation.is_cut(connection, 0, pairs, rows.astype(np.int64), in_words=in_words).tolist()


@pytest.mark.parametrize("limit", [7, 10, 18, 27])
@pytest.mark.parametrize("swapped", [False, True])
def test_values_as_long_as_the_column_lets_them_be_are_cut(limit, swapped):
    ends = [name[:limit].rstrip() for name in NAMES]
    sides = (ends, NAMES) if swapped else (NAMES, ends)

    assert all(cut(*sides, in_words=True))


def test_a_value_that_ends_before_the_columns_end_is_whole():
    left = [*NAMES, "Fjord Energy"]
    right = [*(name[:10] for name in NAMES), "Fjord"]

    assert cut(left, right, in_words=True) == [True] * len(NAMES) + [False]


def test_a_column_that_is_never_cut_has_no_end():
    left = [f"{name} {'x' * n}" for n, name in enumerate(NAMES)]
    right = [" ".join(name.split()[: 1 + n % 3]) for n, name in enumerate(left)]

    assert not any(cut(left, right, in_words=True))


def test_codes_of_one_length_are_not_cut():
    codes = [f"A{n:03}" for n in range(30)]

    assert not any(cut([f"{code}7" for code in codes], codes, in_words=False))


@pytest.mark.parametrize("swapped", [False, True])
def test_a_name_that_the_other_side_has_whole_is_not_cut(swapped):
    short, long = ["Smith", "Other", "Ember Log"], ["Smithson Ltd", "Smith", "Ember Logistics"]

    assert cut(*((long, short) if swapped else (short, long)), in_words=True) == [False, False, True]
