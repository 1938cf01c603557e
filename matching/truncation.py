"""
Recognises texts that a bank, a form or an export has cut off: "EMBER LOGISTI" for "Ember Logistics GmbH".

What was cut off cannot disagree, so a cut-off text is no evidence against a pair. Nor is it evidence for one, since a
short name may begin like a longer one without being it.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from matching.candidates import Candidates
from matching.sides import Sides, Texts, combined

SHORTEST = 4  # letters that must remain of a text cut within a word; fewer would begin too many others
LEAST_AT_LIMIT = 5  # values that must have the greatest length, if a column is cut at that length
SHARE_AT_LIMIT = 0.02  # share of the filled values
AT_ONCE = 65_536  # pairs


def is_cut(sides: Sides, k: int, pairs: Candidates, among: NDArray[np.int64], *, in_words: bool) -> NDArray[np.bool_]:
    """
    For each of the pairs `among`, whether one text of field k is the beginning of the other and was cut off there.

    A text was cut if it ends within a word (if the field has words), or at the length its column is cut at. It was not
    if it also occurs complete on the other side: "Smith" is not the beginning of "Smithson Ltd" if that side has
    "Smith" too.
    """
    if not len(among):
        return np.zeros(0, dtype=bool)
    texts = sides.texts("l", k), sides.texts("r", k)
    rows = pairs.left[among], pairs.right[among]
    codes = texts[0].codes[rows[0]], texts[1].codes[rows[1]]
    known = (codes[0] >= 0) & (codes[1] >= 0)
    a, b, place = combined(texts, codes[0][known], codes[1][known])
    begins, within = _beginnings(texts, a, b)
    if place is not None:
        begins, within = begins[place], within[place]
    found = np.zeros(len(among), dtype=bool)
    for side, other in ((0, 1), (1, 0)):
        full = _is_full(sides, "lr"[side], k, in_words=in_words)[rows[side][known]]
        whole = pc.is_in(texts[side].different, value_set=texts[other].different, skip_nulls=True).to_numpy(False)
        inside = within & ~whole[codes[side][known]] if in_words else np.zeros(len(within), dtype=bool)
        found[known] |= (begins == side) & (full | inside)
    return found


def _beginnings(
    texts: tuple[Texts, Texts], a: NDArray[np.int32], b: NDArray[np.int32]
) -> tuple[NDArray[np.int8], NDArray[np.bool_]]:
    """Which side's text begins the other's, -1 if neither does; and whether it ends within a word of it."""
    begins, within = np.full(len(a), -1, np.int8), np.zeros(len(a), dtype=bool)
    for start in range(0, len(a), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        lists = (
            text.different.take(pa.array(code[part])).to_pylist() for text, code in zip(texts, (a, b), strict=True)
        )
        for n, (x, y) in enumerate(zip(*lists, strict=True), start):
            short, long, side = (x, y, 0) if len(x) < len(y) else (y, x, 1)
            if len(x) != len(y) and long.startswith(short):
                begins[n], within[n] = side, _within_word(short, long)
    return begins, within


def _within_word(short: str, long: str) -> bool:
    return len(short) >= SHORTEST and short[-1].isalpha() and long[len(short)].isalpha()


def _is_full(sides: Sides, side: str, k: int, *, in_words: bool) -> NDArray[np.bool_]:
    """
    Which texts of a side, by position, are as long as the column allows. One character less counts too, since a space at
    the end may be lost.
    """
    sql = f"SELECT n{k} AS n FROM {side}"
    lengths = np.asarray(sides.connection.execute(sql).fetchnumpy()["n"], dtype=np.int64)
    counts = np.bincount(lengths[lengths > 0], minlength=1)
    limit, filled = len(counts) - 1, int(counts.sum())
    # If nothing is cut, values become rarer towards the greatest length.
    rare = 2 * int(counts[max(limit - 3, 0) : limit].max(initial=0))
    piles_up = counts[limit] >= max(LEAST_AT_LIMIT, SHARE_AT_LIMIT * filled, rare)
    # Codes all have the same length anyway.
    is_limited = piles_up and (in_words or counts[limit] < filled)
    return (lengths >= limit - 1) & bool(is_limited)
