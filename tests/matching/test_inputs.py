"""Files as tables for the engine."""

from decimal import Decimal

import pytest

from matching import engine
from matching.inputs import read, read_both
from matching.reading.values import FileRejected
from matching.suggest import suggest


def test_amounts_and_dates_are_typed_and_rows_keep_their_numbers(tmp_path):
    path = tmp_path / "bank.csv"
    path.write_text(
        "day,memo,amount\n"
        + "".join(f"2026-03-{n:02},m{n},{n}.50\n" for n in range(1, 29))
        + "2026-03-29,m,oops\n2026-03-30,last,7.00\n"
    )

    found = read(path)

    assert found.table["amount"].to_pylist()[0] == Decimal("1.5")
    assert found.table.num_rows == 29
    assert found.rows.tolist() == [*range(28), 29]
    assert (found.roles.amount, found.roles.date) == ("amount", "day")
    assert len(found.notes) == 1
    assert "line 30" in found.notes[0]


def test_of_two_unusable_files_the_left_one_is_named(tmp_path):
    for name in ("left", "right"):
        (tmp_path / name).write_text("a,b\n")

    with pytest.raises(FileRejected, match=r"left.*has no rows"):
        read_both(tmp_path / "left", tmp_path / "right")


@pytest.mark.integration
@pytest.mark.parametrize(
    ("left", "right", "matches"), [("€{}", "EUR {}", 40), ("EUR {}", "USD {}", 0), ("€{}", "{}", 40)]
)
def test_currencies_beside_amounts_are_read_and_kept_apart(tmp_path, left, right, matches):
    paths = tmp_path / "left.csv", tmp_path / "right.csv"
    for path, form in zip(paths, (left, right), strict=True):
        rows = "".join(
            f"INV-{1000 + n},2026-03-{n % 28 + 1:02},{form.format(f'{100 + 7 * n}.50')}\n" for n in range(40)
        )
        path.write_text("number,date,amount\n" + rows)

    sides = read_both(*paths)
    plan = suggest(*(side.table for side in sides), left_roles=sides[0].roles, right_roles=sides[1].roles)
    found = [item for item in engine.run(*(side.table for side in sides), plan) if isinstance(item, engine.Chunk)]

    assert sum(chunk.matches.num_rows for chunk in found) == matches
