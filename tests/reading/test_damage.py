"""
Damaged files are refused or read, row by row, and never anything else: every row number is a record or a reject.

The damages are drawn by hypothesis, a few seconds of them in every run; `make fuzz` draws them for ten minutes.
"""

import csv
import io
import json
import tempfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.reading.detect import check_magic, detect, format_of
from matching.reading.document import items_of
from matching.reading.formats import FORMATS
from matching.reading.lines import lines_in
from matching.reading.records import records_of
from matching.reading.sheet_rows import rows_of, sheet_heads
from matching.reading.sheets import scan_workbook
from matching.reading.tables import read_batches
from matching.reading.values import FileRejected
from tests.reading.test_formats import WRITERS

pytestmark = pytest.mark.integration  # the whole reader on many files

EXAMPLES = settings.default.max_examples if settings.get_current_profile_name() == "fuzz" else 40
EACH = {
    "max_examples": EXAMPLES,
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


def book():
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as made:
        made.add_worksheet("empty")
        sheet, day = made.add_worksheet("rows"), made.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["day", "text", "amount", "share"])
        for line in range(1, 6):
            sheet.write_number(line, 0, 45292 + line, day)
            sheet.write_row(line, 1, [f"Müller {line}", line * 1.25])
            sheet.write_formula(line, 3, f"=C{line}/2", None, line / 2)
        sheet.merge_range(6, 0, 6, 3, "total")
    return sink.getvalue()


def parquet():
    sink = io.BytesIO()
    amounts = [{"value": n * 1.5, "currency": "EUR"} for n in range(6)]
    pq.write_table(pa.table({"id": [f"r{n}" for n in range(6)], "amount": amounts, "tags": [["a", None]] * 6}), sink)
    return sink.getvalue()


TEXT = (
    'Konto;DE1\n\nDatum;Text;Betrag\n05.01.2024;Büro "x";1.234,50\n06.01.2024;"a;\nb";-2,00\n07.01.2024;="07";3,00;\n'
)
OBJECTS = [{"id": f"r{n}", "amount": {"value": f"{n}.50"}, "tags": ["é", {"x": 1}]} for n in range(5)]
FILES = {
    "csv": TEXT.encode(),
    "csv in cp1252": TEXT.encode("cp1252"),
    "csv in cp932": "日付,摘要,金額\n2024-01-05,振込,1500\n2024-01-06,手数料,-20\n".encode("cp932"),
    "csv in UTF-16 with a mark": TEXT.encode("utf-16"),
    "csv in UTF-16 without one": TEXT.encode("utf-16-le"),
    "csv with a separator": b"sep=,\r\na,b\r\n1,2\r\n3,4\r\n",
    "JSON Lines": "".join(json.dumps(row) + "\n" for row in OBJECTS).encode(),
    "JSON": json.dumps({"data": OBJECTS, "more": False}).encode(),
    "JSON in lines": json.dumps(OBJECTS, indent=1, ensure_ascii=False).encode(),
    "a workbook": book(),
    "Parquet": parquet(),
}


def other_formats():
    """A file of each format that none of the files above is in, so that a new format is damaged as well."""
    covered = {format_of(body) for body in FILES.values()}
    with tempfile.TemporaryDirectory() as folder:
        for name in FORMATS.keys() - covered:
            path = Path(folder, name)
            WRITERS[name](path)
            yield name, path.read_bytes()


FILES |= dict(other_formats())
PLACE = st.floats(0, 1, exclude_max=True)
DAMAGES = st.lists(
    st.tuples(
        st.sampled_from(["cut", "drop", "put", "flip", "double", "move"]),
        PLACE,
        PLACE,
        st.one_of(
            st.binary(min_size=1, max_size=4), st.sampled_from([b'"', b"\n", b"\x00", b"[", b"{", b"<", b"9" * 40])
        ),
    ),
    min_size=1,
    max_size=4,
)


def damaged(body, damages):
    for kind, first, second, piece in damages:
        start, end = sorted((int(first * len(body)), int(second * len(body))))
        if kind == "cut":
            body = body[:end]
        elif kind == "drop":
            body = body[:start] + body[end:]
        elif kind == "put":
            body = body[:start] + piece + body[start:]
        elif kind == "flip":
            body = body[:start] + piece + body[start + len(piece) :]
        elif kind == "double":
            body = body[:end] + body[start:]
        else:
            body = body[end:] + body[:end]
    return body[:100_000]


def read(path):
    """Read a file as an upload does. Returns: the numbers of its rows and rejects, or None if it is refused."""
    body = path.read_bytes()
    format_of(body)
    try:
        check_magic(body)
        batches = list(read_batches(path, detect(path)))
    except FileRejected:
        return None
    for batch in batches:
        batch.columns.validate(full=True)
    rows = [row for batch in batches for row in batch.rows.to_pylist()]
    return sorted(rows + [reject.row for batch in batches for reject in batch.rejects])


@pytest.mark.parametrize("body", FILES.values(), ids=FILES.keys())
def test_a_damaged_file_is_refused_or_read_to_its_end(tmp_path, body):
    path = tmp_path / "a.csv"
    path.write_bytes(body)
    assert read(path)

    @settings(**EACH)
    @given(DAMAGES)
    def try_it(damages):
        path.write_bytes(damaged(body, damages))

        numbers = read(path)

        assert numbers is None or numbers == list(range(len(numbers)))

    try_it()


@pytest.mark.parametrize("part", ["worksheets/sheet2", "sharedStrings", "styles", "workbook", "_rels/workbook.xml"])
def test_a_workbook_with_a_damaged_part_is_refused_or_read_to_its_end(tmp_path, part):
    path = tmp_path / "a.xlsx"

    @settings(**EACH)
    @given(DAMAGES)
    def try_it(damages):
        with zipfile.ZipFile(io.BytesIO(book())) as old, zipfile.ZipFile(path, "w") as new:
            for name in old.namelist():
                xml = old.read(name)
                new.writestr(name, damaged(xml, damages) if name.startswith(f"xl/{part}.") else xml)

        numbers = read(path)

        assert numbers is None or numbers == list(range(len(numbers)))

    try_it()


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r\n"), max_size=12)
TABLE = st.integers(2, 5).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width), min_size=1, max_size=6)
)


@settings(**EACH)
@given(TABLE, st.sampled_from(",;\t|"), st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
def test_every_cell_that_is_written_as_csv_is_read_again(table, delimiter, quoting):
    table = [[cell.replace("=", "~") for cell in row] for row in table]
    sink = io.StringIO()
    csv.writer(sink, delimiter=delimiter, quoting=quoting).writerows(table)

    found = list(records_of(lines_in(sink.getvalue()), delimiter))

    assert [record.cells for record in found] == table
    assert {record.fault for record in found} == {None}


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | CELL,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CELL, inner, max_size=3),
    max_leaves=5,
)


@settings(**EACH)
@given(
    st.lists(st.dictionaries(CELL, VALUE, max_size=4), min_size=1, max_size=4),
    st.sampled_from([None, 0, 2]),
    st.booleans(),
)
def test_every_object_of_a_document_is_found(tmp_path, objects, indent, is_inside):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"meta": {"n": [1]}, "data": objects} if is_inside else objects, indent=indent))

    items = [item for item in items_of(path, "utf-8") if item.list == ("data" if is_inside else "")]

    assert [plain(item.value) for item in items] == objects
    assert not any(item.has_twice or item.is_long for item in items)


def plain(value):
    """A decoded value with numbers instead of their digits."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return int(value) if type(value) is not str and isinstance(value, str) else value


@settings(**EACH)
@given(TABLE, st.integers(0, 30), st.integers(0, 30))
def test_every_cell_of_a_sheet_is_found_at_its_place(tmp_path, table, top, left):
    path = tmp_path / "a.xlsx"
    # Control characters cannot be written in XML, and a row of spaces is no row.
    table = [["".join(c if c >= " " and c < "\ufffe" else "?" for c in cell) + "." for cell in row] for row in table]
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet()
        for line, row in enumerate(table, top):
            for column, cell in enumerate(row, left):
                sheet.write_string(line, column, cell)
    found = scan_workbook(path)

    rows = list(rows_of(path, found, found.sheets[0]))

    assert rows == [(line, [*[None] * left, *row]) for line, row in enumerate(table, top + 1)]
    assert sheet_heads(path, found) == [(found.sheets[0], [(line, [cell or "" for cell in row]) for line, row in rows])]
