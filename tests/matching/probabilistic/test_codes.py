"""Codes that two shops write in their own way are recognised, and sizes are no codes."""

import numpy as np
import pytest

from matching.probabilistic import codes, texts


def alike(left: str, right: str) -> float:
    filler = [f"a chair of wood {n}x{n}" for n in range(1000, 1100)]
    # As values.read does it: what one text writes as one code is one in all.
    sides = texts.join_codes([texts.clean([text, *filler]) for text in (left, right)])
    nothing = np.zeros(1, np.int32)
    return float(codes.Alike(*codes.read(*sides))((nothing, nothing))[0])


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("Quill HL-650X Inkjet Printer", "quill hl 650x/w Drucker", 6 / 7),
        ("Zentro FIT-4539 IIBK Watch", "Zentro FIT 4539 II grau", 7 / 9),
        ("Sony PSLX350H turntable", "Sony PS-LX350H", 1.0),
        ("Zentro X4496BK", "Zentro X5041X", 1 / 7),
    ],
)
def test_the_codes_of_one_model_begin_alike(left, right, expected):
    assert alike(left, right) == pytest.approx(expected, abs=0.2)


def test_a_row_without_a_code_says_nothing():
    assert np.isnan(alike("a lamp", "lamp HL650"))


def test_what_many_rows_have_is_no_model():
    many = [f"phone 64 gb AB{n}{n % 7}" for n in range(200)]

    found, _ = codes.read(texts.clean(many), texts.clean(many))

    assert (found.length[:, 0] > 0).all()
    assert (found.length[:, 1] == 0).all()
