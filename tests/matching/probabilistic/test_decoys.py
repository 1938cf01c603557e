import numpy as np

from matching.probabilistic import decoys
from matching.probabilistic.decoys import Scored


def scored(matrix: list[list[int | None]]) -> Scored:
    cells = [(i, j, value) for i, row in enumerate(matrix) for j, value in enumerate(row) if value is not None]
    left, right, score = (np.array(part) for part in zip(*cells, strict=True))
    sizes = len(matrix), len(matrix[0])
    return Scored((left.astype(np.int32), right.astype(np.int32)), score.astype(np.int64), sizes)


def pairs(given: Scored, index: np.ndarray) -> set[tuple[int, int]]:
    return {(int(given.pairs[0][n]), int(given.pairs[1][n])) for n in index}


def test_likely_pairs_are_not_broken_to_give_every_row_one():
    given = scored([[9000, -1000], [-2000, None]])

    # Both rows would have a pair without the first one.
    assert pairs(given, decoys.best(given)) == {(0, 0)}


def test_rows_that_are_left_get_their_best_pair_however_unlikely():
    given = scored([[9000, -1000, None], [-2000, -7000, -8000]])

    assert pairs(given, decoys.best(given)) == {(0, 0), (1, 1)}


def test_decoys_are_never_the_best_pairs():
    given = scored([[9000, 3000], [2000, 8000]])
    first = decoys.best(given)

    assert pairs(given, decoys.second(given, first)) == {(0, 1), (1, 0)}


def test_decoys_of_free_rows_are_drawn_among_as_many_as_have_no_partner():
    chance = np.random.default_rng(1)
    given = scored(chance.integers(-5000, 5000, (60, 60)).tolist())
    first = decoys.best(given)

    none, half, every = (decoys.free(given, first, matches) for matches in (60, 30, 0))

    assert [len(found) for found in none] == [0] * decoys.DRAWS
    assert all(len(found) == 60 for found in every)
    assert all(15 < len(found) < 45 for found in half)
    assert not any(set(found) & set(first) for found in (*half, *every))
