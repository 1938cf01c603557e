"""
Evidence for candidate pairs in bits: log2 of how much more likely an agreement is among true pairs than by chance.

Source: weights after Fellegi & Sunter, A Theory for Record Linkage (JASA, 1969). Agreement on a rare value weighs more.
"""

from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler
from rapidfuzz.process import cpdist

from matching import truncation
from matching.candidates import Candidates
from matching.plan import Comparison, Plan, RulesPass
from matching.sides import Sides, Texts, combined

MILLI = 1000
LEVELS = 11  # levels of a similarity: 0.0, 0.1, ... 1.0
# A value that occurs once among three rows would not occur in a third of all rows. With fewer rows than these, rarity
# is computed as if there were this many. Otherwise nothing in a small file could ever match.
FEW_ROWS = 1000
MIN_ANCHORS = 30  # unambiguous pairs needed to learn a distribution from
UNLIKE = -8.0  # bits for a value that differs, or a day outside the window, where there is nothing to learn from
SMOOTHING = 2.0
RANDOM_PAIRS = 20_000
COMPARED_AT_ONCE = 65_536  # pairs of texts; as Python strings each takes hundreds of bytes
EM_ROUNDS = 20
# Used without enough anchors: bits per similarity level, from weak to equal.
_DEFAULT_TEXT = np.array([-6.0, -6.0, -5.0, -4.0, -3.0, -2.0, 0.0, 2.0, 4.0, 6.0, 8.0])
_METHODS: dict[str, Any] = {
    "token_set": fuzz.token_set_ratio,
    "token_sort": fuzz.token_sort_ratio,
    "partial": fuzz.partial_ratio,
    "ratio": fuzz.ratio,
    "jaro_winkler": JaroWinkler.normalized_similarity,
}


@dataclass(frozen=True)
class Evidence:
    """
    The bits of one comparison for every candidate pair (shape n). Similarity is 0 to 1 and rarity in bits, if it has
    them.
    """

    field: str  # of the plan, or what else is compared
    compare: str
    bits: NDArray[np.float64]
    similarity: NDArray[np.float64] | None
    rarity: NDArray[np.float64] | None


@dataclass(frozen=True)
class _Pairs:
    """The candidate pairs of two sides, and the indices of those that distributions are learned from."""

    sides: Sides
    pairs: Candidates
    anchors: NDArray[np.int64]


def score(
    sides: Sides, step: RulesPass, pairs: Candidates
) -> tuple[NDArray[np.int64], list[Evidence], NDArray[np.bool_]]:
    """
    Score candidate pairs: the sum of the prior's bits and every comparison's bits.

    The prior of a pair is -log2 of the number of rows on the larger side, since one of them is the partner. A value
    missing on either side adds nothing.

    Args:
        sides: both sides, as made by normalise.load.
        step: the pass whose gates and scores are compared, gates first.
        pairs: shape (n,) positions on each side, as found by candidates.find.

    Returns: shape (n,) whole milli-bits (rounded by at most half a milli-bit); the evidence of each comparison, in bits
    before that rounding; shape (n,) whether a pair reaches the minimum similarity of each gate.

    Raises: duckdb.Error when the sides do not have the plan's fields.

    Source: weights after Fellegi & Sunter, A Theory for Record Linkage (JASA, 1969).
    """
    n = len(pairs.left)
    prior = -float(np.log2(max(*sides.sizes, 1)))
    similarities = {
        number: similarity(sides, comparison, pairs)
        for number, comparison in enumerate((*step.where, *step.score))
        if comparison.compare == "similarity"
    }
    keep = np.ones(n, dtype=bool)
    for number, comparison in enumerate((*step.where, *step.score)):
        if comparison.minimum is not None and number in similarities:
            keep &= similarities[number] >= comparison.minimum
    # Learn only from pairs that pass all gates, because only those are scored.
    learned = _Pairs(sides, pairs, _anchors(pairs, keep))
    total = np.full(n, prior)
    evidences: list[Evidence] = []
    only_codes = _is_by_codes_alone(sides.plan, step)
    for number, comparison in enumerate((*step.where, *step.score)):
        evidence = _evidence(learned, comparison, similarities.get(number), is_gate=number < len(step.where))
        if only_codes:
            more = comparison.weight * _unseen(sides, sides.number(comparison))
            evidence = replace(evidence, bits=evidence.bits + more)
        total += evidence.bits
        evidences.append(evidence)
    return np.rint(total * MILLI).astype(np.int64), evidences, keep


def loneliness(sides: Sides, step: RulesPass, pairs: Candidates, weight: NDArray[np.int64]) -> int:
    """
    Find by how much staying unmatched is likelier than `score` assumes, since most rows left over by earlier passes and
    jobs may have no partner.

    The share of rows with a partner is estimated by EM over rows and columns, in 20 rounds starting at one half. Equal
    codes do not occur by chance, so a pass on codes needs none of this; equal amounts do.

    Args:
        pairs, weight: shape (n,) each; weight in milli-bits, as `score` returns it, 0 for a pair that a gate stops.

    Returns: whole milli-bits, at least 0; 0 if at least half of the rows have a partner, and in a pass on codes.

    Source: Dempster, Laird & Rubin, Maximum Likelihood from Incomplete Data via the EM Algorithm (JRSS B, 1977).
    """
    keep = weight > 0
    if is_by_code(sides.plan, step) or not keep.any():
        return 0
    free = [sides.free(side) for side in "lr"]
    odds = np.exp2(np.minimum(weight[keep] / MILLI, 60.0))
    sums = [np.bincount(rows[keep], weights=odds) for rows in (pairs.left, pairs.right)]
    sums = [s[s > 0] for s in sums]
    share = 0.5
    for _ in range(EM_ROUNDS):
        paired = min(float((share * s / (1 - share + share * s)).sum()) for s in sums)
        share = min(0.5, max(paired, 1.0) / max(min(free), 1))
    return round(-float(np.log2(share / (1 - share))) * MILLI)


def is_by_code(plan: Plan, step: RulesPass) -> bool:
    """Whether a gate asks for equal codes, which do not occur by chance, as equal amounts do."""
    return any(gate.compare == "equal" and plan.fields[gate.field].type != "money" for gate in step.where)


def _is_by_codes_alone(plan: Plan, step: RulesPass) -> bool:
    """Whether a pass compares nothing but whether codes or texts are equal."""
    kinds = {(one.compare, plan.fields[one.field].type) for one in (*step.where, *step.score)}
    return not step.score and kinds <= {("equal", kind) for kind in ("code", "reference", "text")}


def _anchors(pairs: Candidates, keep: NDArray[np.bool_]) -> NDArray[np.int64]:
    """
    The indices of pairs whose two rows have no other candidate. Most are true pairs, so distributions are learned from
    them.
    """
    if not keep.any():
        return np.zeros(0, dtype=np.int64)
    left = np.bincount(pairs.left[keep], minlength=int(pairs.left.max()) + 1)
    right = np.bincount(pairs.right[keep], minlength=int(pairs.right.max()) + 1)
    return np.flatnonzero(keep & (left[pairs.left] == 1) & (right[pairs.right] == 1))


def _evidence(
    learned: _Pairs, comparison: Comparison, similarity: NDArray[np.float64] | None, *, is_gate: bool
) -> Evidence:
    sides, pairs, weight = learned.sides, learned.pairs, comparison.weight
    names = comparison.field, comparison.compare
    connection, k = sides.connection, sides.number(comparison)
    kind = sides.plan.fields[comparison.field].type
    if comparison.compare == "equal":
        rarity = _rarity(sides, k, pairs)
        bits, rarity = (rarity, rarity) if is_gate else _equal(learned, k, rarity)
        return Evidence(*names, weight * bits, None, rarity)
    if comparison.compare == "days":
        return Evidence(*names, weight * _days(connection, k, comparison, pairs, learned.anchors), None, None)
    if comparison.compare == "within":
        return Evidence(*names, weight * _within(connection, k, pairs, sides.sizes), None, None)
    assert similarity is not None
    bits = _text_bits(learned, comparison, similarity)
    against = np.flatnonzero(bits < 0)
    bits[against[truncation.is_cut(sides, k, pairs, against, in_words=kind == "text")]] = 0.0
    return Evidence(*names, weight * bits, similarity, None)


def _equal(learned: _Pairs, k: int, rarity: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Bits for a value that need not be equal: its rarity where it is, and where it differs, how seldom anchors differ, since
    nearly all random pairs do. And its rarity, which is 0 where it differs or is missing.
    """
    numbered = learned.sides.connection.execute(
        "SELECT CASE WHEN v IS NULL THEN -1 ELSE dense_rank() OVER (ORDER BY v) END AS n "
        f"FROM (SELECT 0 AS s, i, f{k} AS v FROM l UNION ALL SELECT 1, i, f{k} FROM r) ORDER BY s, i"
    )
    numbers = np.asarray(numbered.fetchnumpy()["n"], dtype=np.int64)
    left = numbers[learned.pairs.left]
    right = numbers[learned.sides.sizes[0] + learned.pairs.right]
    known, same = (left >= 0) & (right >= 0), left == right
    seen = learned.anchors[known[learned.anchors]]
    unlike = UNLIKE
    if len(seen) >= MIN_ANCHORS:
        unlike = float(np.log2((np.count_nonzero(~same[seen]) + 0.5) / (len(seen) + 1)))
    rarity = np.where(known & same, rarity, 0.0)
    return np.where(known & ~same, unlike, rarity), rarity


def _rarity(sides: Sides, k: int, pairs: Candidates) -> NDArray[np.float64]:
    """Bits for an equality: log2(rows / rows with the value), on the side where the value is more frequent."""
    shares = []
    for side, rows, index in zip("lr", sides.sizes, (pairs.left, pairs.right), strict=True):
        shares.append(sides.frequencies(side, k)[index].astype(np.float64) / max(rows, FEW_ROWS))
    share = np.maximum(shares[0], shares[1])
    bits: NDArray[np.float64] = np.where(share > 0, -np.log2(np.maximum(share, 1e-12)), 0.0)
    return bits


def _unseen(sides: Sides, k: int) -> float:
    """
    Bits by which an equality is less likely by chance than its frequency says, at least 0: if on either side hardly any
    value of field k occurs twice, there are many more values than rows.

    Nothing else would tell codes that are unique on both sides from chance, since each occurs in one row of all, and one
    row of all is the partner.

    Source: Good, The Population Frequencies of Species and the Estimation of Population Parameters (Biometrika, 1953).
    """
    bits = []
    for side in "lr":
        counts = sides.frequencies(side, k)
        once, twice = np.count_nonzero(counts == 1), np.count_nonzero(counts == 2) / 2
        bits.append(float(np.log2((once + 1) / (2 * (twice + 1)))))
    return max(0.0, *bits)


def _days(
    connection: duckdb.DuckDBPyConnection, k: int, comparison: Comparison, pairs: Candidates, anchors: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Bits for a lag: its frequency among anchors divided by its frequency between random rows."""
    left, right = (_day_numbers(connection, side, k) for side in "lr")
    lag = right[pairs.right] - left[pairs.left]
    missing = np.isnan(lag)
    assert comparison.from_ is not None
    assert comparison.to is not None
    low, high = comparison.from_, comparison.to
    width = high - low + 1
    known = lag[anchors]
    known = known[~np.isnan(known)]
    inside = np.clip(np.nan_to_num(lag, nan=low).astype(np.int64) - low, 0, width - 1)
    within = (lag >= low) & (lag <= high)
    if len(known) >= MIN_ANCHORS:
        counts = np.bincount(np.clip(known.astype(np.int64) - low, 0, width - 1), minlength=width).astype(np.float64)
    else:
        counts = np.ones(width)
    m = (counts + SMOOTHING / width) / (counts.sum() + SMOOTHING)
    # The share of random pairs with one particular lag, given the days that both sides span.
    span = max(_spread(left), _spread(right), float(width))
    bits = np.log2(m[inside] * span)
    result: NDArray[np.float64] = np.where(missing, 0.0, np.where(within, bits, UNLIKE))
    return result


def _day_numbers(connection: duckdb.DuckDBPyConnection, side: str, k: int) -> NDArray[np.float64]:
    values = connection.execute(f"SELECT coalesce(epoch(f{k}) / 86400, 'nan'::DOUBLE) AS d FROM {side}").fetchnumpy()[
        "d"
    ]
    return np.asarray(values, dtype=np.float64)


def _spread(days: NDArray[np.float64]) -> float:
    known = days[~np.isnan(days)]
    if not len(known):
        return 1.0
    low, high = np.quantile(known, (0.01, 0.99))
    return float(high - low + 1)


def _within(
    connection: duckdb.DuckDBPyConnection, k: int, pairs: Candidates, sizes: tuple[int, int]
) -> NDArray[np.float64]:
    """Bits for amounts that are close to each other, depending on how few amounts of the other side are as close."""
    left, right = (
        np.asarray(connection.execute(f"SELECT coalesce(f{k}::DOUBLE, 'nan'::DOUBLE) AS v FROM {s}").fetchnumpy()["v"])
        for s in "lr"
    )
    ordered = np.sort(right[~np.isnan(right)])
    a, b = left[pairs.left], right[pairs.right]
    gap = np.abs(a - b) + 1e-9
    near = np.searchsorted(ordered, a + gap, side="right") - np.searchsorted(ordered, a - gap, side="left")
    share = np.maximum(near, 1) / max(sizes[1], FEW_ROWS)
    bits: NDArray[np.float64] = np.where(np.isnan(a) | np.isnan(b), 0.0, -np.log2(share))
    return bits


def similarity(sides: Sides, comparison: Comparison, pairs: Candidates) -> NDArray[np.float64]:
    """How alike the two texts of each pair are, 0 to 1; NaN if one is missing."""
    return _compare(_texts(sides, comparison), (pairs.left, pairs.right), comparison, sides.threads)


def _texts(sides: Sides, comparison: Comparison) -> tuple[Texts, Texts]:
    k = sides.number(comparison)
    return sides.texts("l", k), sides.texts("r", k)


def _compare(
    texts: tuple[Texts, Texts], rows: tuple[Any, Any], comparison: Comparison, threads: int
) -> NDArray[np.float64]:
    """The similarity, 0 to 1, of each pair of rows; NaN if a text is missing."""
    left, right = (text.codes[row] for text, row in zip(texts, rows, strict=True))
    known = (left >= 0) & (right >= 0)
    found = np.full(len(left), np.nan)
    # Names repeat, so the same two texts meet many times.
    a, b, place = combined(texts, left[known], right[known])
    likeness = np.empty(len(a), dtype=np.float64)
    scorer = _METHODS[comparison.method]
    for start in range(0, len(a), COMPARED_AT_ONCE):
        part = slice(start, start + COMPARED_AT_ONCE)
        one, other = (
            text.different.take(pa.array(code[part])).to_pylist() for text, code in zip(texts, (a, b), strict=True)
        )
        likeness[part] = cpdist(one, other, scorer=scorer, workers=threads, dtype=np.float64)
    likeness = likeness if comparison.method == "jaro_winkler" else likeness / 100.0
    found[known] = likeness if place is None else likeness[place]
    return found


def _text_bits(learned: _Pairs, comparison: Comparison, similarity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Bits for a similarity: its level's frequency among anchors divided by that among random pairs."""
    level = np.rint(np.nan_to_num(similarity) * (LEVELS - 1)).astype(np.int64)
    known = similarity[learned.anchors]
    known = known[~np.isnan(known)]
    if len(known) < MIN_ANCHORS:
        bits = _DEFAULT_TEXT[level]
    else:
        random = _random_levels(learned, comparison)
        m = np.bincount(np.rint(known * (LEVELS - 1)).astype(np.int64), minlength=LEVELS).astype(np.float64)
        u = np.bincount(random, minlength=LEVELS).astype(np.float64)
        u_share = (u + 0.5) / (u.sum() + 0.5 * LEVELS)
        # Shrunk towards chance, so that a level without anchors earns no weight.
        m_share = (m + SMOOTHING * u_share) / (m.sum() + SMOOTHING)
        table = np.log2(m_share / u_share)
        # A higher similarity is never weaker evidence than a lower one.
        bits = np.maximum.accumulate(np.clip(table, -12.0, 14.0))[level]
    result: NDArray[np.float64] = np.where(np.isnan(similarity), 0.0, bits)
    return result


def _random_levels(learned: _Pairs, comparison: Comparison) -> NDArray[np.int64]:
    """
    Levels of random pairs, without the anchors: with a thousand rows per side, one in a thousand of all pairs is true.
    """
    sizes, pairs, anchors = learned.sides.sizes, learned.pairs, learned.anchors
    chance = np.random.default_rng(20260401)
    n = min(RANDOM_PAIRS, sizes[0] * sizes[1])
    i, j = chance.integers(0, sizes[0], n), chance.integers(0, sizes[1], n)
    partner = np.full(sizes[0], -1, dtype=np.int64)
    partner[pairs.left[anchors]] = pairs.right[anchors]
    is_other = partner[i] != j
    texts = _texts(learned.sides, comparison)
    found = _compare(texts, (i[is_other], j[is_other]), comparison, learned.sides.threads)
    return np.rint(found[~np.isnan(found)] * (LEVELS - 1)).astype(np.int64)
