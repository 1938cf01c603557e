"""Which CSV files are proved clean. What is proved reads the same through Arrow and through the exact reader."""

import random

import pytest

from matching.reading.detect import detect
from matching.reading.formats import csv
from matching.reading.formats.clean import LONGEST_LINE, is_clean

PIECES = ("a", "1", '"', '""', ",", "\n", " ", "\t", ";", "é", "", ',"', '",', '"\n', '\n"', "\r\n", "x,y", "\n\n")


def _quoted(cell: str) -> str:
    doubled = cell.replace('"', '""')
    return f'"{doubled}"'


def is_proved(path, body: bytes, *, columns: int = 2, before: int = 1) -> bool:
    path.write_bytes(body)
    return is_clean(path, ",", columns=columns, before=before)


@pytest.mark.parametrize(
    "body",
    [
        b"a,b\n1,2\n3,4\n",
        b"a,b\r\n1,2\r\n3,4",
        b'"a","b"\n"1","x, y"\n"2",""\n',
        b'\xef\xbb\xbf"a","b"\n"1","she said ""no"""\n',
        b'a,b\n"""quoted""",2\n',
    ],
)
def test_files_of_whole_records_are_clean(tmp_path, body):
    assert is_proved(tmp_path / "f.csv", body)


@pytest.mark.parametrize(
    "body",
    [
        b"a,b\n1\n2,3\n",
        b"a,b\n1,2,3\n4\n",  # as many delimiters as two rows should have
        b"a,b\n\n1,2\n",
        b"a,b\n1,2\r3,4\n",
        b"a,b\n1,\x00\n",
        b"a,b\n1,\xff\n",
        b'a,b\n"1\n",2\n',
        b'"a","b"\n"1","2\n3"\n',
        b'"a","b"\n"1","2","3"\n"4"\n',
        b'"a","b"\n"1";"2"\n',
        b'a,b\n"1" ,2\n',
        b'a,b\n1, "2"\n',
        b'a,b\n="1",2\n',
        b'a,b\n1,2"\n"3,4\n',
        b"a,b\n1," + LONGEST_LINE * b"x" + b"\n",
        b"a,b\n1,2\n3,\xc3",
    ],
)
def test_other_files_are_not(tmp_path, body):
    assert not is_proved(tmp_path / "f.csv", body)


def test_lines_are_looked_at_whole_wherever_blocks_end(tmp_path, monkeypatch):
    monkeypatch.setattr("matching.reading.formats.clean.SCANNED_BYTES", 7)

    assert is_proved(tmp_path / "a.csv", 'a,b\n"Ü, ber",2\r\n"x","y"\r\n'.encode())
    assert not is_proved(tmp_path / "b.csv", b'a,b\n"12345678901","y"\n"3\n",4\n')
    assert not is_proved(tmp_path / "c.csv", b"a,b\n1,2\n\n3,4\n")


@pytest.mark.integration  # the whole reader on many files
@pytest.mark.parametrize("seed", range(5))
def test_both_readers_agree_on_what_is_clean(tmp_path, seed):
    chance, path, proved = random.Random(seed), tmp_path / "f.csv", 0
    for _ in range(200):
        cells = [["".join(chance.choices(PIECES, k=chance.randint(0, 2))) for _ in range(2)] for _ in range(2)]
        quoted = [[_quoted(cell) if chance.random() < 0.6 else cell for cell in row] for row in cells]
        header = '"when","what"\n' if seed % 2 else "when,what\n"
        path.write_text(header + "".join(",".join(row) + "\n" for row in quoted), encoding="utf-8", newline="")
        detection = detect(path)
        if not is_clean(path, ",", columns=len(detection.columns), before=detection.skipped + detection.header):
            continue
        proved += 1
        if detection.delimiter == ",":
            fast, exact = list(csv._read_fast(path, detection)), list(csv._read_exact(path, detection, 100))
            assert [b.columns.to_pylist() for b in fast] == [b.columns.to_pylist() for b in exact], path.read_text()
            assert [b.lines.to_pylist() for b in fast] == [b.lines.to_pylist() for b in exact]
    assert proved
