"""CSV as found in practice: delimiters, encodings, quotes, line ends. Each line is a record or a reject."""

import pytest

from matching.reading.rows import MAX_RECORD_BYTES
from matching.reading.values import FileRejected


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_must_also_divide_the_header(load, delimiter):
    lines = [("when", "amount"), ("2026-01-13 12:30:01", "1.50"), ("2026-01-14 12:31:02", "2.50")]

    found = load("".join(delimiter.join(line) + "\n" for line in lines))

    assert found.detection.delimiter == delimiter
    assert [tuple(row.values()) for row in found.data] == lines[1:]
    assert found.amounts == ["1.5", "2.5"]


def test_decimal_commas_are_not_taken_for_delimiters(load):
    found = load("a;b\n1,50;x\n2,50;y\n")

    assert found.detection.delimiter == ";"
    assert found.amounts == ["1.5", "2.5"]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_commas_in_names_and_amounts_are_not_taken_for_delimiters(load, delimiter):
    lines = [("Name, Vorname", "Betrag, EUR"), ("Muster, Max", "1,50"), ("X, Y", "2,50")]

    found = load("".join(delimiter.join(line) + "\n" for line in lines))

    assert found.detection.columns == ("Name, Vorname", "Betrag, EUR")
    assert found.amounts == ["1.5", "2.5"]


def test_semicolons_in_some_cells_are_not_taken_for_delimiters(load):
    found = load("id,memo,amount\n1,a;b,1.50\n2,c,2.50\n3,d;e,3.50\n")

    assert found.detection.delimiter == ","


@pytest.mark.parametrize("end", [";", ";;;"])
def test_a_delimiter_at_the_end_of_rows_adds_no_field(load, end):
    found = load(f"a;b;c\n1;2;3{end}\n4;5;6{end}\n7;8;9{end}x\n")

    assert [tuple(row.values()) for row in found.data] == [("1", "2", "3"), ("4", "5", "6")]
    assert found.rejects == [(4, None, "field_count")]


def test_a_delimiter_at_the_end_of_the_header_adds_no_column(load):
    found = load("a;b;c;\n1;2;3\n4;5;6\n")

    assert found.data == [{"a": "1", "b": "2", "c": "3"}, {"a": "4", "b": "5", "c": "6"}]


BANK = "Konto:;DE123\nKunde:;Max\n\nDatum;Betrag;Text\n01.02.2024;1,50;a\n02.02.2024;nope;b\n13.02.2024;2,50;c\n"


@pytest.mark.parametrize("last", ["", "x\n"])
def test_lines_before_the_header_are_skipped_with_a_note(load, last):
    found = load(BANK + "14.02.2024;3,50;\n" * 20 + last)

    assert found.detection.columns == ("Datum", "Betrag", "Text")
    assert found.notes == ["lines skipped before the table: 3"]
    assert found.amounts[:2] == ["1.5", "2.5"]
    assert (6, "Betrag", "amount_unparsable") in found.rejects
    assert [line for line, _, code in found.rejects if code == "field_count"] == ([28] if last else [])
    assert found.rows[:2] == [0, 2]


def test_a_title_above_the_header_is_skipped_without_reading_slowly(load):
    found = load("My report\nid,amount\na,1.50\nb,2.50\n")

    assert found.detection.columns == ("id", "amount")
    assert found.amounts == ["1.5", "2.5"]


@pytest.mark.parametrize("text", ["name,city\na,b,c\nd,e,f\n", "a,b\n1,2,3\n4,5,6\n"])
def test_a_short_header_is_not_skipped(load, text):
    found = load(text)

    assert found.detection.skipped == 0
    assert [line for line, _, _ in found.rejects] == [2, 3]


@pytest.mark.parametrize(
    "text", ["name\nfoo\n   \nbar\n \t", "name\r\nfoo\r\n  \r\nbar\r\n", "name;x\nfoo;1\n  \nbar;2\n"]
)
def test_lines_of_spaces_are_not_rows(load, text):
    found = load(text)

    assert [row["name"] for row in found.data] == ["foo", "bar"]
    assert found.rejects == []


def test_a_line_of_spaces_between_two_blocks_is_not_a_row(load):
    size = MAX_RECORD_BYTES // 2
    rows = b"name\n" + b"x\n" * 100
    found = load(rows + b"y" * (size - len(rows) - 3) + b"\n" + b" " * 10 + b"\nz\n")

    assert len(found.data) == 102


@pytest.mark.parametrize("encoding", ["utf-32", "utf-32-be"])
def test_utf_32_is_recognised(load, encoding):
    text = "\ufeffid;Name\n1;äö\n" if encoding == "utf-32-be" else "id;Name\n1;äö\n"

    assert load(text.encode(encoding)).data == [{"id": "1", "Name": "äö"}]


def test_a_file_of_one_endless_line_is_refused(load):
    with pytest.raises(FileRejected, match="first line"):
        load("x" * 10_000_000)


@pytest.mark.integration
def test_a_header_longer_than_the_sample_is_read_whole(load, monkeypatch):
    monkeypatch.setattr("matching.reading.detect.SAMPLE_BYTES", 4096)  # so that few columns are enough
    names = [f"{n}{'x' * 240}" for n in range(40)]

    found = load(",".join(names) + "\n" + ",".join("y" * 40) + "\n")

    assert list(found.data[0]) == names


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("latin-1", "cp1252"),
        ("cp1252", "cp1252"),
        ("cp437", "cp437"),
    ],
)
def test_names_are_read_in_every_encoding(load, encoding, expected):
    names = ["Müller", "Señor Núñez", "Größe", "Café"]

    found = load("name,amount\n".encode(encoding) + _body(names, encoding))

    assert found.detection.encoding == expected
    assert [row["name"] for row in found.data] == names


def _body(names, encoding):
    body = "".join(f"{name},{n}.50\n" for n, name in enumerate(names)).encode(encoding)
    return body.removeprefix(b"\xff\xfe").removeprefix(b"\xef\xbb\xbf")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("nazwa,kwota\nŁódź,1.50\nGdańsk,2.50\n", "cp1250"), ("имя,сумма\nИванов,1.50\nПетрова,2.50\n", "cp1251")],
)
def test_other_alphabets_are_recognised_by_their_words(load, text, encoding):
    found = load(text.encode(encoding))

    assert found.detection.encoding == encoding
    assert found.data[0] == dict(zip(*[line.split(",") for line in text.split("\n")[:2]], strict=True))


@pytest.mark.integration
def test_a_long_start_in_ascii_does_not_hide_the_encoding(load):
    body = b"name,amount\n" + (b"plain" * 40 + b",1.50\n") * 2_200 + "Müller,2.50\n".encode("cp1252")

    found = load(body)

    assert found.detection.encoding == "cp1252"
    assert found.data[-1]["name"] == "Müller"
    assert found.rejects == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_divides_rows(load, end):
    found = load(end.join(["a,b", "1,2", "3", "4,5", ""]))

    assert [tuple(row.values()) for row in found.data] == [("1", "2"), ("4", "5")]
    assert found.rejects == [(3, None, "field_count")]


def test_an_unclosed_quote_affects_only_its_own_line(load):
    found = load('a,b\n1,2\n"open,3\n4,5\n6,7\n')

    assert [tuple(row.values()) for row in found.data] == [("1", "2"), ("4", "5"), ("6", "7")]
    assert found.rejects == [(3, None, "quote")]
    assert found.rows == [0, 2, 3]


@pytest.mark.integration
def test_a_quote_open_for_over_a_megabyte_affects_only_its_own_line(load):
    rows = "".join(f"{n},{n:0500}\n" for n in range(2_400))

    found = load(f'a,b\n"open,3\n{rows}')

    assert len(found.data) == 2_400
    assert found.rejects == [(2, None, "quote")]


def test_text_beside_a_quote_is_never_dropped(load):
    found = load('a,b\n"abc"def,2\n""x,3\nx"y"z,4\n')

    assert [tuple(row.values()) for row in found.data] == [('x"y"z', "4")]
    assert found.rejects == [(2, None, "quote"), (3, None, "quote")]


def test_a_header_over_two_lines_adds_no_row(load):
    found = load('"a\nx",b\n1,2\n3\n')

    assert list(found.data[0].values()) == ["1", "2"]
    assert found.rejects == [(4, None, "field_count")]


def test_empty_lines_are_not_rows_but_count_in_line_numbers(load):
    found = load("\n\na,b\n\n1,2\n\n3\n")

    assert [tuple(row.values()) for row in found.data] == [("1", "2")]
    assert found.rejects == [(7, None, "field_count")]


def test_columns_may_differ_only_in_case(load):
    found = load("Amount,amount,_row_\n1.5,2.5,x\n")

    assert found.data == [{"Amount": "1.5", "amount": "2.5", "_row_": "x"}]
    assert found.questions == [("Amount", "amount_column")]


@pytest.mark.integration
def test_many_equal_headers_stay_apart(load):
    found = load(",".join(["x" * 256] * 110) + "\n" + ",".join(str(n) for n in range(110)) + "\n")

    assert list(found.data[0].values()) == [str(n) for n in range(110)]
    assert max(len(name) for name in found.data[0]) == 256


def test_a_header_alone_is_a_table_without_rows(load):
    found = load("a,b,c\n")

    assert found.detection.columns == ("a", "b", "c")
    assert (found.data, found.rejects) == ([], [])


def test_quotes_in_names_and_cells_are_text(load):
    header, row = 'it\'s,"say ""hi""",{x}', '\'; DROP TABLE t; --,"a ""b"" c",\\'

    found = load(f"{header}\n{row}\n")

    assert found.data == [{"it's": "'; DROP TABLE t; --", 'say "hi"': 'a "b" c', "{x}": "\\"}]


@pytest.mark.parametrize("delimiter", ["^", "~", "¦", ";", "\t"])
def test_a_first_line_that_names_the_delimiter_decides(load, delimiter):
    lines = [("Date", "Note", "Amount"), ("2026-01-13", "a,b;c", "1.50"), ("2026-01-14", "d,e;f", "2.50")]
    if delimiter == ";":
        lines = [tuple(cell.replace(";", ",") for cell in line) for line in lines]

    found = load(f"sep={delimiter}\n" + "".join(delimiter.join(line) + "\n" for line in lines))

    assert found.detection.delimiter == delimiter
    assert [tuple(row.values()) for row in found.data] == lines[1:]
    assert found.amounts == ["1.5", "2.5"]


def test_a_named_delimiter_that_no_row_has_leaves_one_column(load):
    found = load("sep=;\nDate,Amount\n2026-01-13,1.50\n")

    assert found.detection.columns == ("Date,Amount",)


def test_the_header_is_found_in_the_cells_that_reading_gives(load):
    found = load('="Date";="Ref";="Amount"\n="2026-01-13";="0012";="1,50"\n="2026-01-14";="0013";="2,50"\n')

    assert found.detection.columns == ("Date", "Ref", "Amount")
    assert found.amounts == ["1.5", "2.5"]


def test_quotes_that_should_be_doubled_do_not_move_the_columns_of_the_header(load):
    rows = '"2026-01-13","the "big, red" one","1.50"\n"2026-01-14","x","2.50"\n'
    found = load('"Date","the "long, full" Text","Amount"\n' + rows)

    assert found.detection.columns == ("Date", 'the "long, full" Text', "Amount")
    assert found.amounts == ["1.5", "2.5"]


def test_a_blank_behind_the_last_delimiter_is_no_cell(load):
    found = load(
        "91234, 912, , 20240302, , -125830.52, COMPRA, \n91234, 912, , 20240303, , 2460788.22, PAGO, \n91234, 912, , 20240304, , -6742.10, IMPTO, \n"
    )

    assert found.amounts == ["-125830.52", "2460788.22", "-6742.1"]
    assert found.rejects == []


STAMPS = ("2025-09-01T07:47:36+03:00", "2025-09-03T09:18:11+03:00", "2025-09-06T11:11:39+03:00")


@pytest.mark.parametrize(
    ("header", "stamps", "is_asked"),
    [
        ("payment_id,created,amount,currency", STAMPS, True),
        ("paymentId,created,amount,currency", STAMPS, True),
        ("Payment ID,Created,Amount,Currency", STAMPS, False),
        ("payment_id,created,amount,currency", [stamp[:10] for stamp in STAMPS], False),
        ("payment_id,created,amount,currency", ["1741000000", "1741100000", "1741200000"], True),
    ],
    ids=["fields", "camel case", "names for people", "days", "epochs"],
)
def test_whole_numbers_in_a_table_that_a_program_wrote_may_be_cents(load, header, stamps, is_asked):
    lines = (f"p-{n},{stamp},{n}92{n},EUR" for n, stamp in enumerate(stamps, 1))
    found = load("\n".join([header, *lines]) + "\n")

    assert ("minor_units" in {kind for _, kind in found.questions}) is is_asked
    assert found.amounts == [None if is_asked else f"{n}92{n}" for n in (1, 2, 3)]


@pytest.mark.parametrize(("code", "is_asked"), [("gbp", True), ("GBP", False)])
def test_codes_in_small_letters_show_that_a_program_wrote_a_table(load, code, is_asked):
    lines = (f"{stamp},{n}92{n},{code}" for n, stamp in enumerate(STAMPS, 1))
    found = load("\n".join(["created,amount,currency", *lines]) + "\n")

    assert ("minor_units" in {kind for _, kind in found.questions}) is is_asked


def test_a_table_without_rows_has_its_columns(load):
    found = load("Date,Text,Amount,Currency\n", mapping={"amount": {"column": "Amount"}})

    assert (list(found.profiles), found.amounts, found.rejects) == (["Date", "Text", "Amount", "Currency"], [], [])
