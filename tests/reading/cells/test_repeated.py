"""Columns that repeat their texts are typed as those that do not."""

import numpy as np
import pyarrow as pa
import pytest

from matching.reading.apply import apply_mapping
from matching.reading.cells.repeated import repeated
from matching.reading.mapping import DateSpec, Mapping
from matching.reading.rows import RawBatch

DATES = ("2024-01-05", " 2024-01-06 ", "", None, "2024-02-30", "soon", "-", "20240107", "05/01/2024")


def batch_of(dates: list[str | None]) -> RawBatch:
    rows = pa.array(np.arange(len(dates)))
    return RawBatch(pa.table({"Date": pa.array(dates, pa.string())}), rows, rows)


@pytest.mark.parametrize(
    ("dates", "is_repeated"), [(["a", "b"] * 8, True), (["a", None] * 8, True), (list("abcd"), False), ([], True)]
)
def test_a_column_is_repeated_if_most_of_its_texts_come_again(dates, is_repeated):
    column = batch_of(dates).columns["Date"]

    found = repeated(column)

    assert (found is not None) is is_repeated
    assert found is None or found.texts.take(pa.array(found.codes)).to_pylist() == [text or "" for text in dates]


def test_each_row_of_a_column_that_repeats_its_dates_has_its_own():
    mapping = Mapping(date=DateSpec(column="Date", order="dmy"))

    once = apply_mapping(batch_of(list(DATES)), mapping)
    often = apply_mapping(batch_of(list(DATES) * 50), mapping)

    expected = [(row % len(DATES), day) for row, day in zip(once.rows.to_pylist(), once.date.to_pylist(), strict=True)]
    assert len(expected) == 7
    found = zip(often.rows.to_pylist(), often.date.to_pylist(), strict=True)
    assert [(row % len(DATES), day) for row, day in found] == expected * 50
    assert [reject.line for reject in often.rejects[:2]] == [reject.line for reject in once.rejects]


def test_how_often_a_month_is_named_decides_about_the_language():
    """listopad is October in Croatian and November in Polish; wrzesień is Polish only, but rare here."""
    dates = ["5 listopad 2024"] * 97 + ["6 wrzesień 2024"] * 3
    mapping = Mapping(date=DateSpec(column="Date", order="dmy"))

    repeating = apply_mapping(batch_of(dates), mapping)
    different = apply_mapping(batch_of([f"{day}{' ' * n}" for n, day in enumerate(dates)]), mapping)

    assert repeating.date.to_pylist() == different.date.to_pylist()
    assert len(repeating.rejects) == len(different.rejects) == 97
