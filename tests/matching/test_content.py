"""The hashes that put rows in order: of the values alone, and the same in every version."""

from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from matching.content import hashes_of, order_of
from matching.reading.apply import AMOUNT

ROWS = [
    ("RE-1", Decimal("1.50"), date(2026, 3, 1), True),
    (None, None, None, None),
    ("", Decimal(0), date(1970, 1, 1), False),
]


def table(rows):
    kinds = (pa.string(), AMOUNT, pa.date32(), pa.bool_())
    return pa.table([pa.array([row[n] for row in rows], kind) for n, kind in enumerate(kinds)], names=list("abcd"))


def test_equal_rows_have_equal_hashes_wherever_they_stand():
    there, back = hashes_of(table(ROWS)), hashes_of(table(ROWS[::-1]))

    assert there.tolist() == back.tolist()[::-1]
    assert hashes_of(table(ROWS * 3).slice(4, 3)).tolist() == [there[1], there[2], there[0]]
    assert len(set(there.tolist())) == 3


def test_a_missing_value_is_not_an_empty_one_and_columns_are_not_exchanged():
    texts = pa.table({"a": ["", None, "x", "y"], "b": ["", "", "y", "x"]})

    assert len(set(hashes_of(texts).tolist())) == 4


def test_hashes_stay_as_they_are():
    # Another hash would draw other samples, and so change scores: it would be a change that people notice.
    assert [f"{value:016x}" for value in hashes_of(table(ROWS[:1]))] == ["e231ce2d5ca9d5e1"]


@given(st.lists(st.sampled_from([0, 1, 5 << 32, (5 << 32) + 1, (5 << 32) - 1, 7 << 48, 2**64 - 1]), max_size=40))
def test_rows_are_put_in_order_by_hashes_and_equal_ones_stay(values):
    hashes = np.array(values, np.uint64)

    assert order_of(hashes).tolist() == sorted(range(len(values)), key=lambda row: values[row])
