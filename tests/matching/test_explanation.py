"""Why two rows match, or why not."""

import pyarrow as pa
import pytest

from matching.engine import Options
from matching.explanation import explain
from tests.matching.tables import table

PLAN = {
    "fields": {
        "amount": {"type": "money", "left": "amount", "right": "amount"},
        "who": {"type": "text", "left": "who", "right": "who"},
    },
    "passes": [
        {
            "name": "equal",
            "kind": "rules",
            "where": [
                {"field": "amount", "compare": "equal"},
                {"field": "who", "compare": "similarity", "minimum": 0.5},
            ],
        },
        {"name": "near", "kind": "rules", "where": [{"field": "amount", "compare": "within", "percent": "50"}]},
    ],
}
LEFT = table([("10.00", "acme"), ("10.00", "acme limited"), ("33.10", "solo"), ("99.00", "far")])
RIGHT = table([("10.00", "acme"), ("33.10", "zzz"), ("500.00", "other")])


@pytest.mark.parametrize(
    ("rows", "verdict", "name", "failed"),
    [
        ((0, 0), "matched", "equal", []),
        ((1, 0), "lost_to", "equal", []),
        ((2, 1), "matched", "near", ["similarity"]),
        ((3, 2), "gated", None, ["equal", "similarity", "within"]),
    ],
)
def test_two_rows_are_explained(rows, verdict, name, failed):
    found = explain(LEFT, RIGHT, *rows, PLAN)

    assert (found.verdict, found.pass_name) == (verdict, name)
    assert [gate.compare for gate in found.gates if not gate.ok] == failed
    assert (found.competitor is not None) == (verdict == "lost_to")
    if found.competitor is not None:
        assert (found.competitor.left, found.competitor.right) == ([0], [0])
        assert "matched left 0 with right 0" in str(found)


def test_a_row_that_is_not_there_is_refused():
    with pytest.raises(IndexError, match="the right table has no row 3; its rows are 0 to 2"):
        explain(LEFT, RIGHT, 0, 3, PLAN)


def test_a_bound_that_was_reached_is_told():
    many = pa.table({"amount": ["10.00"] * 400, "who": [f"n{n}" for n in range(400)]})
    plan = {**PLAN, "passes": [{"name": "equal", "kind": "rules", "where": [{"field": "amount", "compare": "equal"}]}]}
    found = explain(many, many, 3, 4, plan, Options(memory_limit_mb=40))

    assert (found.verdict, found.pass_name) == ("not_compared", "equal")
