"""Counts of pairs before they are made, and which blocks are left out when there are too many pairs."""

import duckdb
import pyarrow as pa
import pytest

from matching import blocks, duck
from matching.blocks import Skipped, Window

AMOUNTS = Window("l.v", "r.v", "l.v - 1", "l.v + 1")
DAYS = Window("l.d", "r.d", "l.d - 1", "l.d + 1", (-1, 1))


def sides(
    left: list[tuple[str, int]], right: list[tuple[str, int]], codes: tuple[str, ...] = ()
) -> duckdb.DuckDBPyConnection:
    connection = duck.connect(threads=1)
    for side, rows in (("l", left), ("r", right)):
        given = pa.table({"i": range(len(rows)), "k": [row[0] for row in rows], "v": [row[1] for row in rows]})
        given = given.append_column(
            "c", pa.array([codes[n % len(codes)] if codes else "XXX" for n in range(len(rows))])
        )
        connection.register("given", given)
        connection.execute(f"CREATE TABLE {side}_free AS SELECT * FROM given")
    return connection


def test_equal_keys_are_counted_block_by_block():
    with sides([("a", 0)] * 3 + [("b", 0)], [("a", 0)] * 2 + [("c", 0)]) as connection:
        total = blocks.count_equal(connection, [("l.k", "r.k")], [])
        found = connection.execute("SELECT k0, pairs FROM blocks").fetchall()

    assert (total, found) == (6, [("a", 6)])


def test_an_unknown_currency_pairs_with_any_and_a_known_one_with_its_own():
    with sides([("a", 0)] * 3, [("a", 0)] * 3, codes=("EUR", "USD", "XXX")) as connection:
        total = blocks.count_equal(connection, [("l.k", "r.k")], ["c"])

    # EUR and USD pair with themselves and the unknown one; the unknown one pairs with all three
    assert total == 2 + 2 + 3


def test_pairs_within_a_window_are_counted():
    with sides([("a", 1), ("a", 5)], [("a", 0), ("a", 2), ("a", 3), ("a", 6), ("b", 5)]) as connection:
        total = blocks.count_within(connection, [("l.k", "r.k")], [AMOUNTS], ["l.k"], [])
        spans = connection.execute("SELECT i, b - a FROM spans ORDER BY i").fetchall()

    assert (total, spans) == (3, [(0, 2), (1, 1)])


@pytest.mark.parametrize(
    ("limit", "dropped", "kept"),
    [
        (10, Skipped(0, 0), ["a", "b", "c"]),
        (9, Skipped(1, 4), ["a", "b"]),
        (5, Skipped(2, 8), ["a"]),
        (1, Skipped(3, 10), []),
    ],
)
def test_the_largest_blocks_are_left_out_first_and_equal_ones_by_greater_key(limit, dropped, kept):
    rows = [("a", 0)] * 1 + [("b", 0)] * 2 + [("c", 0)] * 2
    with sides(rows, [("a", 0)] * 2 + [("b", 0)] * 2 + [("c", 0)] * 2) as connection:
        blocks.count_equal(connection, [("l.k", "r.k")], [])
        skipped = blocks.drop_largest(connection, 1, limit)
        names = connection.execute(
            f"SELECT DISTINCT k FROM l_free l WHERE {blocks.is_kept(['l.k'])} ORDER BY k"
        ).fetchall()

    assert (skipped, [name for (name,) in names]) == (dropped, kept)


def test_right_rows_are_ordered_by_amount_in_preference_to_day():
    assert blocks.searched([DAYS, AMOUNTS]) is AMOUNTS
    assert blocks.searched([DAYS]) is DAYS
