import numpy as np
import pytest

from matching.probabilistic import candidates, em, levels, texts, windows
from matching.probabilistic.em import Candidates
from tests.matching.probabilistic.tables import people, values

pytestmark = pytest.mark.integration  # learning takes a second


@pytest.fixture(scope="module")
def learned():
    given = people(1500, seed=2)
    read = values(given)
    compared = levels.compare(read)
    pairs = candidates.find(read, compared, 1_000_000).pairs
    some = Candidates(pairs, em.levels_of(compared, pairs), read.sizes)
    random = em.by_chance(compared, read.sizes)
    like = texts.products(compared.words.left, compared.words.right, pairs).astype(float)
    return given, read, compared, random.shares(), em.learn(some, em.start(some, like), random)


def test_the_windows_are_where_true_pairs_are(learned):
    _, _, compared, random, found = learned

    inside = {window.field.name: window for window in windows.windows(compared, found, random)}

    assert inside["day"].low <= 1 < 9 <= inside["day"].high < 40
    assert inside["amount"].low < np.log(0.97) < 0 < inside["amount"].high < 0.5


def test_pairs_inside_have_their_partner_and_nothing_outside(learned):
    given, read, compared, random, found = learned

    left, right = windows.find(compared, found, random, read.sizes)

    pairs = set(zip(left.tolist(), right.tolist(), strict=True))
    assert len(given.truth & pairs) > 0.97 * len(given.truth)
    days = read.numbers[0]
    apart = days.right[right] - days.left[left]
    window = next(w for w in windows.windows(compared, found, random) if w.field is days)
    assert window.low <= apart.min() <= apart.max() <= window.high
    assert np.bincount(left).max() <= windows.BEST
    assert np.bincount(right).max() <= windows.BEST


def test_too_many_pairs_inside_are_not_looked_at(learned, monkeypatch):
    _, read, compared, random, found = learned
    monkeypatch.setattr(windows, "PER_ROW", 1)

    assert windows.find(compared, found, random, read.sizes) is None


def test_one_window_alone_is_none(learned):
    _, _, compared, random, found = learned
    only = [one for one in compared.comparisons if one.compare != "days"]
    kept = [n for n, one in enumerate(compared.comparisons) if one.compare != "days"]
    less = levels.Compared(only, compared.words, compared.grams, compared.fields)
    part = em.Learned([found.bits[n] for n in kept], found.chance, found.share)

    assert windows.windows(less, part, [random[n] for n in kept]) == []
