import numpy as np

from matching.probabilistic import candidates, levels
from tests.matching.probabilistic.tables import people, values


def found_in(pairs, truth) -> float:
    return len(truth & set(zip(pairs[0].tolist(), pairs[1].tolist(), strict=True))) / len(truth)


def test_nearly_all_partners_are_among_the_candidates():
    given = people(800)
    read = values(given)

    found = candidates.find(read, levels.compare(read), 1_000_000)

    assert found_in(found.pairs, given.truth) > 0.95
    assert found.skipped == (0, 0)
    assert len(found.pairs[0]) <= 2 * candidates.BEST * 800
    number = found.pairs[0].astype(np.int64) * 800 + found.pairs[1]
    assert (np.diff(number) > 0).all()


def test_fewer_candidates_are_kept_for_each_row_where_memory_is_short_and_that_is_said():
    read = values(people(800))

    found = candidates.find(read, levels.compare(read), 3_200)

    assert len(found.pairs[0]) <= 3_200
    assert found.skipped == (1600, 2 * candidates.BEST * 800 - 3_200)


def test_the_more_common_features_are_left_out_where_the_work_would_be_too_much(monkeypatch):
    read = values(people(800))
    monkeypatch.setattr(candidates, "MAX_WORK", 5_000)

    found = candidates.find(read, levels.compare(read), 1_000_000)

    features, products = found.skipped
    assert features > 0
    assert products > 5_000
    assert len(found.pairs[0])
