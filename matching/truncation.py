"""
Recognises texts that a bank, a form or an export has cut off: "EMBER LOGISTI" for "Ember Logistics GmbH".

What was cut off cannot disagree, so a cut-off text is no evidence against a pair. Nor is it evidence for one, since a
short name may begin like a longer one without being it.
"""

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from matching.candidates import Candidates

SHORTEST = 4  # letters that must remain of a text cut within a word; fewer would begin too many others
LEAST_AT_LIMIT = 5  # values that must have the greatest length, if a column is cut at that length
SHARE_AT_LIMIT = 0.02  # share of the filled values
AT_ONCE = 65_536  # pairs


def is_cut(
    connection: duckdb.DuckDBPyConnection, k: int, pairs: Candidates, among: NDArray[np.int64], *, in_words: bool
) -> NDArray[np.bool_]:
    """
    For each of the pairs `among`, whether one text of field k is the beginning of the other and was cut off there.

    A text was cut if it ends within a word (if the field has words), or at the length its column is cut at. It was not
    if it also occurs complete on the other side: "Smith" is not the beginning of "Smithson Ltd" if that side has
    "Smith" too.
    """
    texts, full = zip(*(_side(connection, side, k, in_words=in_words) for side in "lr"), strict=True)
    whole = [pc.is_in(texts[side], value_set=texts[1 - side], skip_nulls=True).to_numpy(False) for side in (0, 1)]
    found = np.zeros(len(among), dtype=bool)
    for start in range(0, len(among), AT_ONCE):
        part = among[start : start + AT_ONCE]
        rows = pairs.left[part], pairs.right[part]
        a, b = (text.take(pa.array(row)).to_pylist() for text, row in zip(texts, rows, strict=True))
        for n, (x, y) in enumerate(zip(a, b, strict=True)):
            if x is None or y is None or len(x) == len(y):
                continue
            short, long, side = (x, y, 0) if len(x) < len(y) else (y, x, 1)
            if long.startswith(short):
                row = rows[side][n]
                found[start + n] = full[side][row] or (in_words and not whole[side][row] and _within_word(short, long))
    return found


def _within_word(short: str, long: str) -> bool:
    return len(short) >= SHORTEST and short[-1].isalpha() and long[len(short)].isalpha()


def _side(
    connection: duckdb.DuckDBPyConnection, side: str, k: int, *, in_words: bool
) -> tuple[pa.Array, NDArray[np.bool_]]:
    """
    A side's texts, and which of them are as long as the column allows. One character less counts too, since a space at
    the end may be lost.
    """
    found = connection.sql(f"SELECT f{k} AS v, coalesce(length(o{k}), 0) AS n FROM {side} ORDER BY i").to_arrow_table()
    lengths = np.asarray(found["n"].to_numpy(), dtype=np.int64)
    counts = np.bincount(lengths[lengths > 0], minlength=1)
    limit, filled = len(counts) - 1, int(counts.sum())
    # If nothing is cut, values become rarer towards the greatest length.
    rare = 2 * int(counts[max(limit - 3, 0) : limit].max(initial=0))
    piles_up = counts[limit] >= max(LEAST_AT_LIMIT, SHARE_AT_LIMIT * filled, rare)
    # Codes all have the same length anyway.
    is_limited = piles_up and (in_words or counts[limit] < filled)
    return found["v"].combine_chunks(), (lengths >= limit - 1) & bool(is_limited)
