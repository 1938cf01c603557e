"""
Words that go together in true pairs though they differ: those of another language, colours, kinds, abbreviations.

What likely pairs have taught says how well each word of one row is explained by the words of the other. No pair is judged by
what itself has taught: the pairs are in two parts, and each is judged by the other one.

Source: Model 1 of Brown et al., The Mathematics of Statistical Machine Translation (Computational Linguistics, 1993).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from matching.probabilistic.texts import Side

MAX_ROWS = 20_000  # of each side
LEAST_ROWS = 5  # with a word
MOST_SHARE = 0.5  # of rows with a word
MOST_WORDS = 1_000  # of each side, the most frequent ones
OF_ROW = 24  # words of a row that count, the rarest first
ROUNDS = 5
DOUBT = 2.0  # pairs by chance that are added to what a word has taught
MIN_PAIRS = 50  # that teach
LIKELY = 0.5
BOUND = 3.0  # nats for each word, on average; levels are in between
_AT_ONCE = 131_072

Pairs = tuple[NDArray[np.int32], NDArray[np.int32]]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Words:
    """The words of each row that count: numbers from 0, and `count` where there are fewer than OF_ROW."""

    of_row: NDArray[np.int32]  # shape (rows, OF_ROW)
    count: int


def words(side: Side) -> Words:
    """The frequent words of a side."""
    split = [sorted(set(text.split(" "))) if text else [] for text in side.texts]
    frequency: dict[str, int] = {}
    for row in split:
        for word in row:
            frequency[word] = frequency.get(word, 0) + 1
    kept = [word for word, n in frequency.items() if LEAST_ROWS <= n <= MOST_SHARE * len(split)]
    kept = sorted(kept, key=lambda word: (-frequency[word], word))[:MOST_WORDS]
    number = {word: n for n, word in enumerate(kept)}
    found = np.full((len(split), OF_ROW), len(kept), np.int32)
    for place, row in enumerate(split):
        # The larger the number, the rarer the word.
        known = sorted((number[word] for word in row if word in number), reverse=True)[:OF_ROW]
        found[place, : len(known)] = known
    return Words(found, len(kept))


def learn(left: Words, right: Words, pairs: Pairs, chance: Floats) -> "Together | None":
    """Learn from the pairs that are likely; None if they are too few."""
    likely = np.flatnonzero(chance >= LIKELY)
    if len(likely) < MIN_PAIRS or not left.count or not right.count:
        return None
    part = pairs[0] % 2
    tables = []
    for own in (0, 1):
        taught = likely[part[likely] != own]
        rows = pairs[0][taught], pairs[1][taught]
        tables.append((_explained(left, right, rows), _explained(right, left, rows[::-1])))
    return Together(left, right, tables)


def _explained(words: Words, by: Words, rows: tuple[NDArray[np.int32], NDArray[np.int32]]) -> NDArray[np.float32]:
    """
    For each row of the other side, and each word of this one, by how much likelier the word is beside it than elsewhere.

    Returns: shape (rows of `by`, words + 1), nats; 0 for the last one, which stands for no word.
    """
    w, v = words.of_row[rows[0]], by.of_row[rows[1]]
    # Column by.count is there for every row: words that nothing explains.
    v = np.concatenate((v, np.full((len(v), 1), by.count, np.int32)), axis=1)
    known_w, known_v = w < words.count, v < by.count
    known_v[:, -1] = True
    pair, a, b = np.nonzero(known_w[:, :, None] & known_v[:, None, :])
    word, other = w[pair, a].astype(np.int64), v[pair, b].astype(np.int64)
    key, place = np.unique(other * words.count + word, return_inverse=True)
    of_word, slot = np.unique(pair * OF_ROW + a, return_inverse=True)
    rate = np.ones(len(key))
    seen = np.asarray(np.bincount(w[known_w], minlength=words.count), dtype=np.float64) + 0.5
    marginal = seen / seen.sum()
    counts: Floats = rate
    total: Floats = np.zeros(by.count + 1)
    for _ in range(ROUNDS):
        share = rate[place]
        share = share / np.bincount(slot, weights=share, minlength=len(of_word))[slot]
        counts = np.asarray(np.bincount(place, weights=share, minlength=len(key)), np.float64)
        total = np.asarray(np.bincount(key // words.count, weights=counts, minlength=by.count + 1), np.float64)
        rate = (counts + DOUBT * marginal[key % words.count]) / (total[key // words.count] + DOUBT)
    table = csr_matrix(
        (counts / (total[key // words.count] + DOUBT), (key // words.count, key % words.count)),
        (by.count + 1, words.count),
    )
    present = np.concatenate((by.of_row, np.full((len(by.of_row), 1), by.count, np.int32)), axis=1)
    is_there = present < by.count
    is_there[:, -1] = True
    row = np.repeat(np.arange(len(present)), is_there.sum(axis=1))
    weight = 1 / is_there.sum(axis=1)[row]
    shares = csr_matrix((weight, (row, present[is_there])), (len(present), by.count + 1))
    doubt = np.asarray(shares @ (DOUBT / (total + DOUBT))).ravel()
    found = (shares @ table).toarray() + doubt[:, None] * marginal[None, :]
    mean = found.mean(axis=0)
    ratio = np.append(np.log(found / mean), np.zeros((len(found), 1)), axis=1)
    return np.asarray(ratio, dtype=np.float32)


@dataclass(frozen=True)
class Together:
    """
    How much likelier the words of two rows are beside each other than elsewhere, on average over the words and both
    directions, as 0 to 1; NaN if a row has none that is frequent.
    """

    left: Words
    right: Words
    tables: list[tuple[NDArray[np.float32], NDArray[np.float32]]]

    def __call__(self, pairs: Pairs) -> Floats:
        found = np.full(len(pairs[0]), np.nan)
        sizes = [(side.of_row < side.count).sum(axis=1) for side in (self.left, self.right)]
        known = np.flatnonzero((sizes[0][pairs[0]] > 0) & (sizes[1][pairs[1]] > 0))
        for own, (forward, backward) in enumerate(self.tables):
            mine = known[pairs[0][known] % 2 == own]
            for start in range(0, len(mine), _AT_ONCE):
                some = mine[start : start + _AT_ONCE]
                i, j = pairs[0][some], pairs[1][some]
                one = forward[j[:, None], self.left.of_row[i]].sum(axis=1) / sizes[0][i]
                other = backward[i[:, None], self.right.of_row[j]].sum(axis=1) / sizes[1][j]
                found[some] = np.round((one + other) / 2, 4)
        scaled: Floats = np.clip((found + BOUND) / (2 * BOUND), 0.0, 1.0)
        return scaled
