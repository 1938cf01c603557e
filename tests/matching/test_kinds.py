"""How right suggested plans are on tables of kinds that no rule was made for, generated with a small number of rows."""

import pytest

from bench import kinds
from matching import engine, inputs
from matching.suggest import suggest
from tests.matching.tables import pairs

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("kind", "count", "f1"),
    [
        (kinds.restaurants, 600, 0.97),
        (kinds.books, 600, 0.95),
        (kinds.people, 900, 0.985),
        (kinds.register, 900, 0.98),
        (kinds.bank_lines, 1800, 0.93),
        (kinds.products, 900, 0.74),
    ],
    ids=["restaurants", "books", "people", "register", "bank lines", "products"],
)
def test_tables_of_another_kind_are_matched_and_at_most_one_wrong_pair_is_confirmed(kind, count, f1, tmp_path):
    made = kind(seed=2, count=count)
    kinds.write(made, tmp_path)
    left, right = inputs.read_both(tmp_path / "left.csv", tmp_path / "right.csv")
    plan = suggest(left.table, right.table, left_roles=left.roles, right_roles=right.roles)
    options = engine.Options(with_explanations=False)

    chunks = [
        item for item in engine.run(left.table, right.table, plan, options=options) if isinstance(item, engine.Chunk)
    ]

    assert [len(side.rows) for side in (left, right)] == [len(rows) for rows in made.rows]
    found = {(int(left.rows[i]), int(right.rows[j])): status for c in chunks for i, j, status in pairs(c)}
    assert 2 * len(found.keys() & made.truth) / (len(found) + len(made.truth)) >= f1
    wrong = {pair for pair, status in found.items() if status == "confirmed"} - made.truth
    assert len(wrong) <= 1
