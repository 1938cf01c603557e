"""Matches as CSV."""

import csv
import hashlib

import numpy as np
import pyarrow as pa
import pytest

from matching.output import Writer
from matching.results import MATCHES, Chunk


@pytest.mark.parametrize(
    "last", [{"left": [0], "right": [2]}, {"left": [0, 1], "right": [2]}, {"left": [], "right": [2]}]
)
def test_each_row_of_a_match_has_a_line(tmp_path, last):
    shared = dict.fromkeys(MATCHES.names) | {"status": "confirmed", "score": 12.3456, "margin": 10.2}
    matches = pa.Table.from_pylist([{**shared, "left": [2], "right": [0]}, {**shared, **last}], MATCHES)
    rows = np.array([10, 11, 13]), np.array([0, 1, 5])

    with Writer(tmp_path / "matches.csv", "hash", rows) as writer:
        writer.write(Chunk(3, 'by "name", first', 0, matches))
    found = list(csv.reader((tmp_path / "matches.csv").open(newline="")))

    left, right = [int(rows[0][n]) for n in last["left"]], [int(rows[1][n]) for n in last["right"]]
    ids = [
        hashlib.sha256(f"hash/3/{key}".encode()).hexdigest()[:16]
        for key in ("13/0", f"{','.join(map(str, left))}/{','.join(map(str, right))}")
    ]
    assert found[1] == [ids[0], 'by "name", first', "confirmed", "12.346", "10.200", "left", "13"]
    assert [(line[0], line[5], line[6]) for line in found[3:]] == [
        *((ids[1], "left", str(row)) for row in left),
        *((ids[1], "right", str(row)) for row in right),
    ]
