"""What a run comes to, in records and in money."""

from decimal import Decimal

import numpy as np
import pyarrow as pa

from matching.fields import Roles
from matching.reading.apply import AMOUNT
from matching.results import MATCHES, Chunk
from matching.summary import Tally, money_table, side_of

BOOK = pa.table(
    {
        "amount": pa.array(
            [Decimal("99999999999999999999999999999.9"), Decimal("0.000000001"), Decimal(-3), None], AMOUNT
        ),
        "code": ["EUR", " eur", "USD", None],
    }
)


def test_every_term_adds_up_to_the_last_digit():
    tally = Tally.of(BOOK, BOOK)
    shared = dict.fromkeys(MATCHES.names)
    matches = [
        {**shared, "left": [0, 2], "right": [1], "status": "confirmed"},
        {**shared, "left": [1], "right": [0], "status": "suggested"},
    ]
    chunk = Chunk(0, "p", 0, pa.Table.from_pylist(matches, MATCHES))
    tally.add(chunk)
    tally.add(Chunk(1, "q", 0, chunk.matches, is_reported=True))

    left = side_of(BOOK, Roles(amount="amount", currency="code"), tally.states[0])

    assert (tally.matches, left["records"], left["confirmed"], left["suggested"], left["open"]) == (2, 4, 2, 1, 1)
    assert left["sums"]["EUR"] == {
        "matched": "99999999999999999999999999999.900000001",
        "open": "0",
        "suggested": "0.000000001",
        "confirmed": "99999999999999999999999999999.9",
        "total": "99999999999999999999999999999.900000001",
    }
    assert left["sums"]["USD"]["confirmed"] == left["sums"]["USD"]["total"] == "-3"
    lines = money_table({"left": left}, tally).splitlines()
    assert [line.split() for line in lines if " USD" in line] == [["left", "USD", "-3.00", "0.00", "0.00", "-3.00"]]
    assert [line.split()[2] for line in lines if " EUR" in line] == ["99,999,999,999,999,999,999,999,999,999.900000000"]


def test_a_side_without_amounts_is_only_counted():
    found = side_of(BOOK, Roles(), np.zeros(4, np.uint8))

    assert "sums" not in found
    assert found["open"] == 4
