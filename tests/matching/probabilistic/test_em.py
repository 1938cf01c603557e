import numpy as np
import pytest

from matching.probabilistic import candidates, em, levels, texts
from matching.probabilistic.em import Candidates
from tests.matching.probabilistic.tables import people, values


@pytest.fixture(scope="module")
def learned():
    given = people(1200)
    read = values(given)
    compared = levels.compare(read)
    pairs = candidates.find(read, compared, 1_000_000).pairs
    some = Candidates(pairs, em.levels_of(compared, pairs), read.sizes)
    words, grams = (texts.products(v.left, v.right, pairs) for v in (compared.words, compared.grams))
    random = em.by_chance(compared, read.sizes)
    first = em.start(some, (words.astype(float) + grams) / 2)
    is_true = np.array([pair in given.truth for pair in zip(*(side.tolist() for side in pairs), strict=True)])
    return compared, some, first, is_true, em.learn(some, first, random), len(given.truth)


@pytest.mark.integration
def test_it_starts_with_pairs_that_are_nearly_all_true(learned):
    _, some, first, is_true, _, _ = learned

    started = first == 1

    assert started.sum() > 100
    assert is_true[started].mean() > 0.95
    assert len(set(some.pairs[0][started])) == started.sum()


@pytest.mark.integration
def test_it_learns_that_true_pairs_are_days_apart_and_lose_little(learned):
    compared, _, _, _, found, _ = learned
    bits = {(one.field, one.compare): table for one, table in zip(compared.comparisons, found.bits, strict=True)}

    days, ratio = bits["day", "days"], bits["amount", "ratio"]

    place = levels.day_levels(np.array([-20.0, 2.0, 200.0]))
    assert days[place[1]] > 2 > 0 > max(days[place[0]], days[place[2]])
    equal, twice = levels.ratio_levels(np.log([1.0, 2.0]))
    assert ratio[equal] > 3 > 0 > ratio[twice]
    assert all(table[0] == 0 for table in found.bits)


@pytest.mark.integration
def test_the_chances_of_a_rows_pairs_add_up_to_at_most_one(learned):
    _, some, _, is_true, found, true = learned

    for rows, size in zip(some.pairs, some.sizes, strict=True):
        assert np.bincount(rows, weights=found.chance, minlength=size).max() <= 1 + 1e-9
    assert found.chance[is_true].mean() > 0.9
    assert found.share == pytest.approx(true / 1200, abs=0.05)


@pytest.mark.integration
def test_random_pairs_are_all_pairs_of_small_tables_and_a_million_of_larger_ones(monkeypatch):
    read = values(people(300))
    compared = levels.compare(read)
    every = em.by_chance(compared, read.sizes).shares()
    monkeypatch.setattr(em, "ALL_PAIRS", 1000)

    some = em.by_chance(compared, read.sizes).shares()

    for one, other in zip(every, some, strict=True):
        assert one.sum() == pytest.approx(1)
        assert np.abs(one - other).max() < 0.02


@pytest.mark.integration
def test_of_pairs_that_are_no_candidates_as_many_are_expected_as_there_are(monkeypatch):
    read = values(people(300))
    compared = levels.compare(read)
    pairs = candidates.find(read, compared, 1_000_000).pairs
    some = Candidates(pairs, em.levels_of(compared, pairs), read.sizes)
    every = em.by_chance(compared, read.sizes).beside(some)
    monkeypatch.setattr(em, "ALL_PAIRS", 1000)

    drawn = em.by_chance(compared, read.sizes).beside(some)

    for one, other in zip(every, drawn, strict=True):
        assert one.sum() == 300 * 300 - len(pairs[0])
        assert other.sum() == pytest.approx(one.sum())
        assert np.abs(one - other).max() < 0.05 * one.sum()


def test_a_level_that_no_known_pair_has_speaks_against_a_pair():
    pairs = (np.arange(50, dtype=np.int32), np.arange(50, dtype=np.int32))
    differ = [np.ones(50, np.int8)]
    random = em.Random(np.arange(1, 50), [np.ones(49, np.int8)], [3])

    unknown = em.learn(Candidates(pairs, differ, (50, 50)), np.ones(50), random)
    known = em.learn(Candidates(pairs, differ, (50, 50), [np.array([0.0, 0.0, 5000.0])]), np.ones(50), random)

    assert unknown.bits[0][1] == pytest.approx(0, abs=0.1)
    assert known.bits[0][1] < -5
    assert known.chance.max() < unknown.chance.min()


def test_of_a_few_true_pairs_a_greater_likeness_is_hardly_less_evidence():
    def bits_of(true_pairs, *, rising):
        """Half of the true pairs have level 1 and half level 3, by chance none level 2; among others all are as frequent."""
        level = np.concatenate((np.repeat([1, 3], true_pairs // 2), np.tile([1, 2, 3], 1000))).astype(np.int8)
        rows = np.arange(len(level), dtype=np.int32)
        some = Candidates((rows, rows), [level], (len(rows), len(rows)), rising=[rising])
        return em.bits_of(some, (rows < true_pairs).astype(float), [np.zeros(4)])[0]

    of_few, of_many = bits_of(30, rising=True), bits_of(30_000, rising=True)

    assert bits_of(30, rising=False)[2] < -3
    assert of_few[2] > of_few[1] - 2
    assert of_many[2] < of_many[1] - 3
