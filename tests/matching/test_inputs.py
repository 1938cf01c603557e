"""Files as tables for the engine."""

from decimal import Decimal

import pytest

from matching.inputs import read, read_both
from matching.reading.values import FileRejected


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
