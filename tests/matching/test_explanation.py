"""Why two rows match, or why not."""

import pyarrow as pa
import pytest

from matching.engine import Options
from matching.explanation import compare_first, explain
from matching.plan import Plan
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


@pytest.mark.integration
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


@pytest.mark.integration
def test_the_values_and_bits_of_a_match_add_up_and_what_came_second_is_named():
    matched, second, apart, elsewhere = (explain(LEFT, RIGHT, *rows, PLAN) for rows in ((0, 0), (1, 0), (3, 2), (2, 1)))

    match = matched.match
    assert match is not None
    assert match.runner_up is not None
    assert round(match.prior + sum(one.weight for one in match.fields), 3) == match.score
    assert (match.runner_up.left, match.runner_up.right) == ([1], [0])
    told = str(matched).splitlines()
    assert told[1:3] == [
        f"  amount equal: “10.00” and “10.00”: {match.fields[0].weight:.3f} bits",
        f"  who similarity: “acme” and “acme”, 100.0 % alike: {match.fields[1].weight:.3f} bits",
    ]
    assert told[3:] == [
        f"  prior: {match.prior:.3f} bits",
        f"  total: {match.score:.3f} bits",
        f"  runner-up: left 1 with right 0, at {match.runner_up.score:.3f} bits",
        f"  margin: {match.margin:.3f} bits",
    ]
    # What came second has its bits too, and people may know rows by other numbers.
    assert second.match == match.runner_up
    assert "“acme limited” and “acme”" in str(second)
    assert "matched left 10 with right 20" in second.in_words(([10, 11, 12, 13], [20, 21, 22]))
    # Of a pair that no pass lets through, each pass shows what keeps it apart.
    assert "  equal: amount equal: “99.00” and “500.00”: fails" in str(apart)
    assert "  equal: who similarity: “far” and “other”, " in str(apart)
    assert "  near: amount within: “99.00” and “500.00”: fails" in str(apart)
    # Of a match, so does each pass before its own.
    assert "  equal: who similarity: “solo” and “zzz”, 0.0 % alike: fails" in str(elsewhere)


def test_a_row_that_is_not_there_is_refused():
    with pytest.raises(IndexError, match="the right table has no row 3; its rows are 0 to 2"):
        explain(LEFT, RIGHT, 0, 3, PLAN)


@pytest.mark.integration
def test_a_bound_that_was_reached_is_told():
    many = pa.table({"amount": ["10.00"] * 400, "who": [f"n{n}" for n in range(400)]})
    plan = {**PLAN, "passes": [{"name": "equal", "kind": "rules", "where": [{"field": "amount", "compare": "equal"}]}]}
    found = explain(many, many, 3, 4, plan, Options(memory_limit_mb=40))

    assert (found.verdict, found.pass_name) == ("not_compared", "equal")
    assert "It left out groups of records" in str(found)


def test_two_rows_are_compared_without_a_run():
    plan = Plan.model_validate(PLAN)

    found = compare_first(LEFT.slice(2), RIGHT.slice(1), plan)

    assert [(one.pass_index, one.compare, one.left, one.right, one.similarity, one.holds) for one in found] == [
        (0, "equal", "33.10", "33.10", None, True),
        (0, "similarity", "solo", "zzz", 0.0, False),
        (1, "within", "33.10", "33.10", None, True),
    ]


def test_the_other_rows_show_how_a_file_writes_days_and_currencies_are_gates_of_their_own():
    day = {"type": "date", "left": "day", "right": "day"}
    money = {"type": "money", "left": "amount", "right": "amount", "currency": {"left": "ccy", "right": "ccy"}}
    where = [{"field": "day", "compare": "days", "from": 0, "to": 3}]
    where.append({"field": "who", "compare": "equal"})
    score = [{"field": "amount", "compare": "equal"}]
    plan = Plan.model_validate(
        {
            "fields": {"day": day, "amount": money, "who": {"type": "code", "left": "who", "right": "who"}},
            "passes": [{"name": "p", "kind": "rules", "where": where, "score": score}],
        }
    )
    left = pa.table(
        {"day": ["01.03.2026", "31.03.2026"], "amount": ["5.00", "1.00"], "ccy": ["EUR", "EUR"], "who": ["A-1", "b"]}
    )
    right = pa.table(
        {"day": ["03.03.2026", "30.03.2026"], "amount": ["5.00", "1.00"], "ccy": ["USD", "EUR"], "who": ["a1", "b"]}
    )

    found = compare_first(left, right, plan)

    assert [(one.field, one.compare, one.holds) for one in found] == [
        ("day", "days", True),
        ("who", "equal", True),
        ("amount", "equal", None),
        ("amount", "currency", False),
    ]
    assert (found[3].left, found[3].right) == ("EUR", "USD")
    without = plan.model_copy(update={"passes": (plan.passes[0].model_copy(update={"score": ()}),)})
    assert [(one.compare, one.holds) for one in compare_first(left, right, without)] == [
        ("days", True),
        ("equal", True),
        ("currency", False),
    ]


def test_of_passes_that_learn_or_add_up_the_fields_are_told():
    fields = {
        "amount": {"type": "money", "left": "amount", "right": "amount"},
        "who": {"type": "text", "left": "who", "right": "who"},
    }
    passes = [
        {"name": "sums", "kind": "sums", "amount": "amount", "party": "who"},
        {"name": "learned", "kind": "probabilistic", "fields": ["who"]},
    ]

    found = compare_first(LEFT, RIGHT, Plan.model_validate({"fields": fields, "passes": passes}))

    assert [(one.pass_index, one.field, one.compare, one.holds) for one in found] == [
        (0, "amount", "sums", None),
        (0, "who", "sums", None),
        (1, "who", "probabilistic", None),
    ]


@pytest.mark.integration
def test_currencies_that_keep_two_rows_apart_are_named():
    money = {"type": "money", "left": "amount", "right": "amount", "currency": {"left": "ccy", "right": "ccy"}}
    fields = {"amount": money, "who": {"type": "code", "left": "who", "right": "who"}}
    step = {"name": "p", "kind": "rules", "where": [{"field": "who", "compare": "equal"}]}
    left, right = (
        pa.table({"who": ["a1", "b2"], "amount": ["5.00", "5.00"], "ccy": [code, "CHF"]}) for code in ("EUR", "USD")
    )

    found = explain(left, right, 0, 0, {"fields": fields, "passes": [step]})

    assert found.verdict == "gated"
    assert str(found).splitlines()[1:] == [
        "  p: who equal: “a1” and “a1”: holds",
        "  p: amount currency: “EUR” and “USD”: fails",
    ]
