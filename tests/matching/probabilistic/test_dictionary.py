"""Words of two languages are learned from likely pairs, and no pair is judged by what itself has taught."""

import random

import numpy as np

from matching.probabilistic import dictionary, texts

THINGS = [("printer", "drucker"), ("camera", "kamera"), ("mouse", "maus"), ("keyboard", "tastatur")]
COLOURS = [("black", "schwarz"), ("white", "weiss"), ("red", "rot"), ("blue", "blau")]
ROWS = 400


def rows() -> tuple[list[tuple[int, int]], texts.Side, texts.Side]:
    chance = random.Random(4)
    kinds = [(chance.randrange(4), chance.randrange(4)) for _ in range(ROWS)]
    left, right = (
        texts.clean([f"{THINGS[a][side]} of {COLOURS[b][side]} plastic" for a, b in kinds]) for side in (0, 1)
    )
    return kinds, left, right


def test_the_words_of_a_true_pair_explain_each_other():
    kinds, left, right = rows()
    row = np.arange(ROWS, dtype=np.int32)
    words = dictionary.words(left), dictionary.words(right)

    together = dictionary.learn(*words, (row, row), np.ones(ROWS))

    assert together is not None
    other = np.roll(row, 1)
    true, apart = together((row, row)), together((row, other))
    differ = np.array([kinds[i] != kinds[j] for i, j in zip(row, other, strict=True)])
    assert true.min() > apart[differ].max()


def test_a_pair_is_not_judged_by_what_itself_has_taught():
    _, left, right = rows()
    row = np.arange(ROWS, dtype=np.int32)
    words = dictionary.words(left), dictionary.words(right)
    even = np.where(row % 2 == 0, 1.0, 0.0)

    together = dictionary.learn(*words, (row, row), even)

    assert together is not None
    assert np.ptp(together((row, row))[row % 2 == 0]) == 0
    assert np.ptp(together((row, row))[row % 2 == 1]) > 0


def test_few_pairs_teach_nothing():
    _, left, right = rows()
    row = np.arange(dictionary.MIN_PAIRS - 1, dtype=np.int32)
    words = dictionary.words(left), dictionary.words(right)

    assert dictionary.learn(*words, (row, row), np.ones(len(row))) is None
