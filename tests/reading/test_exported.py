"""Texts in exported CSV files: none that a spreadsheet program would run, and each comes back as it was."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.reading.exported import MATCHES, OPEN_ITEMS, escaped, is_export, read_back
from matching.reading.rows import RawBatch

DANGEROUS = [
    *(
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\u00a0=1",
        "\u200b=1",
        "\ufeff=1",
        '"=1',
        "'=1",
    ),
    *("“=1", "＝1", "＋x", "－x", "＠x", "−x", "-", "+", "--1", "-2+3", "=cmd|' /C calc'!A0", "-12.50 EUR", "+a"),
]
HARMLESS = ["-12.50", "+1", "-1.234,56", "12.50-", "-5%", "-1'234.50", "+49 30 1234", "a=b", "", "x@y", "1-2", "(5)"]
ODD = [
    "_x0041_x0042_",
    "\x01\x1f",
    "a\r\nb",
    "<&>'\"",
    " two  spaces ",
    "\ufffe",
    "😀" * 3,
    "'",
    "''",
    "_x000D_",
    "]]>",
]
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"))


@pytest.mark.parametrize("text", DANGEROUS)
def test_what_looks_like_a_formula_is_made_safe(text):
    assert escaped(pa.array([text])).to_pylist() == ["'" + text]


@pytest.mark.parametrize("text", HARMLESS)
def test_numbers_and_harmless_texts_stay_plain(text):
    assert escaped(pa.array([text])).to_pylist() == [text]


@pytest.mark.integration
@given(st.lists(st.one_of(texts, st.sampled_from([*DANGEROUS, *HARMLESS, *ODD]), st.none()), min_size=1))
def test_reading_takes_away_exactly_what_the_export_added(found):
    array = pa.array(found, pa.string())
    safe = escaped(array)

    batch = RawBatch(pa.table({"a": safe}), pa.array(range(len(found))), pa.array(range(len(found))))
    assert read_back(batch).columns["a"].to_pylist() == found
    unsafe = [text for text in safe.to_pylist() if text and text[0] in "=+-@\t\r\n＝＋－＠"]
    assert all(text in HARMLESS or text[1:2].isdigit() or text[1:2] in ".," for text in unsafe)


def test_an_export_is_known_by_its_first_columns():
    assert is_export([*MATCHES, "left.a"])
    assert is_export(OPEN_ITEMS)
    assert not is_export(MATCHES[1:])
    assert not is_export(["amount", "date"])
