"""Texts are cleaned the same by their bytes as by patterns."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching import cleaning
from tests.matching.database import connected

TEXTS = st.lists(st.none() | st.text("aZ9 -._\t\0", max_size=9), min_size=1, max_size=20)


@pytest.mark.integration
@given(TEXTS, st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_bytes_give_what_patterns_give(texts, left_out):
    array = pa.array([*texts, "x"], pa.string()).slice(min(left_out, len(texts)))

    with connected() as connection:
        for clean, sql in ((cleaning.codes, cleaning._CODE_SQL), (cleaning.words, cleaning._WORDS_SQL)):
            assert clean(connection, array).to_pylist() == cleaning._by_query(connection, array, sql).to_pylist()


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_texts_of_any_script_and_texts_that_repeat_are_cleaned(kind):
    array = pa.array(["É-1", None, "...", "  Straße  7 "] * 5_000, kind)

    with connected() as connection:
        words, codes = cleaning.words(connection, array), cleaning.codes(connection, array)

    assert words.to_pylist()[:4] == ["e 1", None, None, "straße 7"]
    assert codes.to_pylist()[:4] == ["E1", None, None, "STRAE7"]
    assert len(words) == len(codes) == 20_000
