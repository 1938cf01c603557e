"""What is read of both sides more than once: texts by number, and how often values occur."""

import numpy as np
import pyarrow as pa

from matching import normalise
from matching.plan import Plan
from matching.sides import Sides, Texts, combined
from tests.matching.database import connected

PLAN = {
    "fields": {
        "amount": {"type": "money", "left": "a", "right": "a", "currency": {"left": "c", "right": "c"}},
        "name": {"type": "text", "left": "n", "right": "n"},
    },
    "passes": [{"name": "p", "kind": "rules", "where": [{"field": "amount", "compare": "equal"}]}],
}


def test_values_are_counted_by_row_and_currency():
    rows = [("1.00", "EUR", "x"), ("1.00", "EUR", "X!"), ("1.00", "USD", None), ("1.00", "", "y"), (None, "EUR", "x")]
    side = pa.table([pa.array([row[n] for row in rows], pa.string()) for n in range(3)], names=["a", "c", "n"])
    with connected() as connection:
        for name in "lr":
            normalise.load(connection, name, side, Plan.model_validate(PLAN))
        sides = Sides(connection, Plan.model_validate(PLAN), (5, 5), 1)
        row = [found for (found,) in connection.execute("SELECT _row_ FROM l ORDER BY i").fetchall()]
        texts = sides.texts("l", 1)

        by_row = dict(zip(row, sides.frequencies("l", 0).tolist(), strict=True))
        names = dict(zip(row, sides.frequencies("l", 1).tolist(), strict=True))
        most = sides.most_equal("l", 0)

    assert by_row == {0: 3, 1: 3, 2: 2, 3: 4, 4: 0}
    assert names == {0: 3, 1: 3, 2: 0, 3: 1, 4: 3}
    assert most == 4
    assert sorted(texts.different.to_pylist()) == ["x", "y"]
    assert (texts.codes < 0).sum() == 1


def test_pairs_that_meet_again_are_looked_at_once():
    texts = Texts(pa.array(["a", "b"]), np.zeros(0, np.int32)), Texts(pa.array(["c", "d"]), np.zeros(0, np.int32))
    left, right = np.array([1, 0, 1, 1], np.int32), np.array([0, 1, 0, 1], np.int32)

    a, b, place = combined(texts, left, right)

    assert place is not None
    assert (a[place].tolist(), b[place].tolist()) == (left.tolist(), right.tolist())
    assert len(a) == 3
    assert combined(texts, left[:2], right[:2])[2] is None
