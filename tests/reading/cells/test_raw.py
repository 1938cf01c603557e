"""What the bytes of a whole column show is what each of its texts shows."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.reading.cells import raw

TEXTS = st.lists(st.none() | st.text(alphabet="aé€.,= 0\0", max_size=12) | st.text(max_size=40), max_size=12)
SLICES = st.tuples(st.integers(0, 4), st.sampled_from([pa.string(), pa.large_string()]))


def column_of(texts, of):
    """The texts, with others before them in the same buffers."""
    first, kind = of
    return pa.array(["before"] * first + texts, kind).slice(first)


@pytest.mark.integration
@given(TEXTS, SLICES)
def test_bytes_are_those_of_the_texts(texts, of):
    plain = [(text or "").encode() for text in texts]

    found = raw.bytes_of(column_of(texts, of))

    assert found.filled.tolist() == [bool(text) for text in plain]
    assert found.begin_with(raw.marked(b"a=")).tolist() == [text[:1] in (b"a", b"=") for text in plain]
    assert found.end_with(raw.marked(b"0 ")).tolist() == [text[-1:] in (b"0", b" ") for text in plain]
    assert found.hold(".,").tolist() == [b"." in text or b"," in text for text in plain]
    assert found.are_ascii == all(text.isascii() for text in plain)
    assert found.least == min((byte for text in plain for byte in text), default=255)
    assert found.hold_digits().tolist() == [any(48 <= byte < 58 for byte in text) for text in plain]
    codes, beginnings = found.beginnings()
    assert [beginnings[code] for code in codes] == [text[:4].ljust(4, b"\0") for text in plain]


@pytest.mark.integration
@given(TEXTS, SLICES)
def test_texts_are_cleaned_like_single_ones(texts, of):
    column = column_of(texts, of)

    assert raw.without_spaces(column).to_pylist() == [None if text is None else text.strip(" ") for text in texts]
    assert raw.replaced(column, ",", ".").to_pylist() == [text and text.replace(",", ".") for text in texts]


@pytest.mark.integration
@given(st.lists(st.text(alphabet="ab0", max_size=20) | st.text(alphabet="x", min_size=250, max_size=520)), SLICES)
def test_texts_have_the_same_hash_if_they_are_the_same(texts, of):
    hashes = raw.bytes_of(column_of(texts, of)).hashes().tolist()

    assert len(set(zip(texts, hashes, strict=True))) == len(set(texts)) == len(set(hashes))


@pytest.mark.integration
@pytest.mark.parametrize(
    "text", ["{:07}", "{}", "INV-{:05}-2024", "{0}.{0}", "order {0:06} of {1:06}", "{1:>8}{0:>8}", "z{}" * 90]
)
def test_hashes_are_spread_evenly(text):
    texts = pa.array([text.format(n, *[n * 7 % 100_000] * 90) for n in range(100_000)])

    hashes = raw.bytes_of(texts).hashes()

    assert len(set(hashes.tolist())) == 100_000
    for bit in range(64):
        assert 49_000 < int((hashes >> bit & 1).sum()) < 51_000  # six standard deviations


AMOUNTS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-"]),
    st.text("0123456789", min_size=1, max_size=8),
    st.sampled_from([".", ","]),
    st.text("0123456789", min_size=2, max_size=2),
)


@pytest.mark.integration
@given(st.lists(AMOUNTS, min_size=1, max_size=12), st.sampled_from([".", ","]), SLICES)
def test_cents_are_those_of_the_amounts(texts, mark, of):
    are_all = all(text[-3] == mark for text in texts)

    cents = raw.bytes_of(column_of(texts, of)).cents(mark)

    expected = [int(text.replace(mark, "")) for text in texts] if are_all else None
    assert (cents.tolist() if cents is not None else None) == expected


@pytest.mark.parametrize(
    "odd",
    ["1.2", ".50", "-.50", "12-.50", "1,234.50", "123456789.00", "", "1.234", "--1.00", " 1.00", "+1.00", "1.0x", None],
)
def test_there_are_no_cents_if_one_text_is_something_else(odd):
    assert raw.bytes_of(pa.array(["1.00", "-20.00", odd, "300.00"])).cents(".") is None
