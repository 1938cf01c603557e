"""Matches as CSV, and the same in other formats."""

import csv
import hashlib
import json

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from matching.output import COLUMNS, SCHEMA, Writer
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


def test_other_formats_say_the_same(tmp_path):
    shared = dict.fromkeys(MATCHES.names) | {"status": "confirmed", "score": 12.3456, "margin": 10.2}
    pairs, sets = (
        Chunk(3, 'by "name", first', n, pa.Table.from_pylist([{**shared, "left": left, "right": right}], MATCHES))
        for n, (left, right) in enumerate((([2], [0]), ([0, 1], [2])))
    )
    rows = np.array([10, 11, 13]), np.array([0, 1, 5])
    for name in ("csv", "jsonl", "parquet"):
        with Writer(tmp_path / name, "hash", rows, name) as writer:
            for chunk in (pairs, sets):
                writer.write(chunk)
    expected = [
        [*line[:3], float(line[3]), float(line[4]), line[5], int(line[6])]
        for line in list(csv.reader((tmp_path / "csv").open(newline="")))[1:]
    ]

    as_json = [json.loads(line) for line in (tmp_path / "jsonl").read_text().splitlines()]
    table = parquet.read_table(tmp_path / "parquet")

    assert [list(line) for line in as_json] == [list(COLUMNS)] * 5
    assert [list(line.values()) for line in as_json] == expected
    assert table.schema == SCHEMA
    found = [list(line.values()) for line in table.to_pylist()]
    assert [[*line[:3], float(line[3]), float(line[4]), *line[5:]] for line in found] == expected


def test_a_parquet_file_without_matches_can_be_read(tmp_path):
    with Writer(tmp_path / "m.parquet", "hash", (np.zeros(0, np.int64), np.zeros(0, np.int64)), "parquet"):
        pass

    assert parquet.read_table(tmp_path / "m.parquet").schema == SCHEMA
