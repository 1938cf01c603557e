"""Files read as tables: nothing is lost and nothing is silently changed."""

import csv
import io
import zipfile
from decimal import Decimal

import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.reading.apply import apply_mapping
from matching.reading.detect import check_magic, detect
from matching.reading.look import look
from matching.reading.mapping import Mapping
from matching.reading.rows import Reject
from matching.reading.tables import read_batches
from matching.reading.values import FileRejected, date_sql, parse_amount, profile_column, select


def read(path, **options):
    detection = detect(path)
    rows, rejects = [], []
    for batch in read_batches(path, detection, **options):
        for number, line, row in zip(
            batch.rows.to_pylist(), batch.lines.to_pylist(), batch.columns.to_pylist(), strict=True
        ):
            if (fault := batch.faults.get(number)) is not None:
                rejects.append(Reject(line, None, *fault, row=number))
            else:
                rows.append(list(row.values()))
        rejects += batch.rejects
    rejects.sort(key=lambda reject: reject.line)
    return detection, rows, rejects


def write(tmp_path, body, name="a.csv"):
    path = tmp_path / name
    path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return path


def test_day_month_order_is_asked_when_every_day_is_twelve_or_less():
    profile = profile_column("d", pa.array(["03.04.2026", "05.06.2026"]))

    assert (profile.type, profile.ambiguous) == ("date", "date_order")


def test_one_day_above_twelve_decides_the_order():
    assert profile_column("d", pa.array(["03/04/2026", "04/25/2026"])).date_order == "mdy"


def test_decimal_mark_is_asked_when_every_value_can_be_read_both_ways():
    assert profile_column("a", pa.array(["1.234", "5.678"])).ambiguous == "decimal_mark"


def test_amounts_are_exact_or_null():
    texts = pa.array(
        ["1,234.50", "(7.10)", "3.50-", "EUR 12", "0.123456789", "0.1234567891", "1e5", "abc", "12 345.00"]
    )

    found = [None if v is None else f"{v.normalize():f}" for v in parse_amount(texts, ".").to_pylist()]

    assert found == ["1234.5", "-7.1", "-3.5", "12", "0.123456789", None, None, None, "12345"]


@pytest.mark.integration
@pytest.mark.parametrize("mark", [".", ","])
def test_amounts_that_are_only_digits_are_what_the_parsers_read(mark):
    texts = [
        f"{sign}{whole}{fraction}"
        for sign in ("", "-", "+")
        for whole in ("0", "007", "1234", "9" * 29, "9" * 30)
        for fraction in ("", f"{mark}5", f"{mark}123456789", f"{mark}1234567890", mark, f"{mark}5\n")
    ]

    alone = [parse_amount(pa.array([text, None]), mark).to_pylist() for text in texts]
    together = parse_amount(pa.array([*texts, "EUR 1"]), mark).to_pylist()  # one that they must read, so they read all

    assert [*alone, [Decimal(1), None]] == [[amount, None] for amount in together]


def test_impossible_dates_are_null():
    days = pa.table({"x": ["2026-02-30", "2026-02-28"]})

    found = select(days, f"SELECT {date_sql('x', 'ymd')} AS y FROM t")

    assert [str(day) for day in found["y"].to_pylist()] == ["None", "2026-02-28"]


def test_ragged_rows_are_rejects_with_their_lines(tmp_path):
    _, rows, rejects = read(write(tmp_path, "a,b\n1,2\n3\n4,5,6\n7,8\n"))

    assert rows == [["1", "2"], ["7", "8"]]
    assert [(r.line, r.code) for r in rejects] == [(3, "field_count"), (4, "field_count")]


def test_quoted_line_breaks_keep_physical_lines(tmp_path):
    _, rows, rejects = read(write(tmp_path, 'a,b\n"x\ny",2\n3\n'))

    assert rows == [["x\ny", "2"]]
    assert [r.line for r in rejects] == [4]


def test_bytes_of_another_encoding_are_rejects(tmp_path):
    body = "name,n\nMüller,1\nÄrzte,2\n".encode() + b"M\xfcller,3\n" + "Öl,4\n".encode()

    detection, rows, rejects = read(write(tmp_path, body))

    assert detection.encoding == "utf-8"
    assert [row[1] for row in rows] == ["1", "2", "4"]
    assert [(r.line, r.code) for r in rejects] == [(4, "encoding")]


def test_latin_encodings_are_recognised(tmp_path):
    body = "name;betrag\nMüller;1,50\nGrößer;2,50\nÄrzte;3,50\n".encode("cp1252")

    _, rows, rejects = read(write(tmp_path, body))

    assert rows[0] == ["Müller", "1,50"]
    assert rejects == []


def test_a_ten_megabyte_line_is_one_reject(tmp_path):
    _, rows, rejects = read(write(tmp_path, b"a,b\n1,2\n" + b"x" * 10_000_000 + b",9\n3,4\n"))

    assert rows == [["1", "2"], ["3", "4"]]
    assert [(r.line, r.code) for r in rejects] == [(3, "row_too_long")]


def test_nul_is_a_reject(tmp_path):
    _, rows, rejects = read(write(tmp_path, b"a,b\n1,2\nx\x00y,3\n4,5\n"))

    assert rows == [["1", "2"], ["4", "5"]]
    assert [(r.line, r.code) for r in rejects] == [(3, "nul_character")]


def test_duplicate_headers_are_made_unique(tmp_path):
    detection, _, _ = read(write(tmp_path, "amount,amount,x\n1.5,2,3\n"))

    assert detection.columns == ("amount", "amount_2", "x")
    assert detection.notes


def test_a_file_without_header_has_numbered_columns(tmp_path):
    detection, rows, _ = read(write(tmp_path, "2026-01-01,12.50,abc\n2026-01-02,13.50,def\n"))

    assert detection.columns == ("column_1", "column_2", "column_3")
    assert len(rows) == 2


def test_json_numbers_keep_their_digits(tmp_path):
    _, rows, rejects = read(
        write(tmp_path, '{"a":0.10,"b":"x"}\n[1]\n{"a":12345678901234567890,"b":null}\nnope\n', "a.jsonl")
    )

    assert rows == [["0.10", "x"], ["12345678901234567890", None]]
    assert [(r.line, r.code) for r in rejects] == [(2, "not_an_object"), (4, "invalid_json")]


def test_workbooks_are_read_as_text(tmp_path):
    path = tmp_path / "a.csv"  # a wrong extension is not a reason to refuse a file
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for r, row in enumerate([["name", "amount"], ["x", 0.1], ["y", 12]]):
            for c, cell in enumerate(row):
                sheet.write(r, c, cell)

    _, rows, _ = read(path)

    assert rows == [["x", "0.1"], ["y", "12"]]


@pytest.mark.integration
def test_a_zip_bomb_is_refused_by_its_directory(tmp_path):
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)

    with pytest.raises(FileRejected):
        detect(path)


@pytest.mark.parametrize(
    "first", [b"", b"%PDF-1.7", b"\xd0\xcf\x11\xe0\xa1", b"\x1f\x8b\x08", b"\x00\x01\x02\x03" * 50]
)
def test_a_file_that_is_not_a_table_is_refused_by_its_first_bytes(first):
    with pytest.raises(FileRejected):
        check_magic(first)


def test_rows_that_cannot_be_typed_are_rejects_and_the_rest_is_loaded(tmp_path):
    path = write(tmp_path, "day,amount\n2026-01-01,1.50\n2026-13-01,2.50\n2026-01-03,nope\n2026-01-04,\n")
    detection = detect(path)
    mapping = Mapping.model_validate(
        {"amount": {"column": "amount", "decimal": "."}, "date": {"column": "day", "order": "ymd"}}
    )

    batch = next(read_batches(path, detection))
    typed = apply_mapping(batch, mapping)

    assert [str(v) if v is not None else None for v in typed.amount.to_pylist()] == ["1.500000000", None]
    assert [(r.line, r.column, r.code) for r in typed.rejects] == [
        (3, "day", "date_unparsable"),
        (4, "amount", "amount_unparsable"),
    ]


def test_the_mapping_is_suggested_from_names_and_values(tmp_path):
    path = write(
        tmp_path, "Rechnung;Kunde;Buchungstag;Betrag\nRE1001;A;03.04.2026;1.234,50\nRE1002;B;25.04.2026;7,00\n"
    )
    found = look(path)
    mapping, questions = found.mapping, found.questions

    assert mapping.amount is not None
    assert (mapping.amount.column, mapping.amount.decimal) == ("Betrag", ",")
    assert mapping.date is not None
    assert (mapping.date.column, mapping.date.order) == ("Buchungstag", "dmy")
    assert mapping.reference is not None
    assert mapping.reference.column == "Rechnung"
    assert [q["kind"] for q in questions] == ["currency"]


CELLS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=12)


@pytest.mark.integration
@settings(max_examples=40, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=20))
def test_every_written_row_comes_back_or_is_rejected(tmp_path_factory, rows):
    sink = io.StringIO()
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(("alpha", "beta", "gamma"))
    writer.writerows(rows)
    path = tmp_path_factory.mktemp("rows") / "a.csv"
    path.write_text(sink.getvalue(), encoding="utf-8", newline="")

    detection, found, rejects = read(path)

    if detection.delimiter == "," and detection.header and not detection.above:
        assert len(found) + len(rejects) == len(rows)
        if not rejects:
            assert found == [[cell or None for cell in row] for row in rows]


def test_a_reference_with_three_letters_is_not_an_amount() -> None:
    invoices = pa.array([f"INV-{100_000 + n}" for n in range(50)])
    amounts = pa.array([f"EUR {n}.50" for n in range(50)])

    assert profile_column("invoice", invoices).type in ("code", "text")
    assert profile_column("amount", amounts).type == "amount"
