"""CSV as it comes: delimiters, encodings, quotes, line ends. Each line is a record or a reject."""

import pytest


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_that_divides_the_header_too(load, delimiter):
    lines = [("when", "amount"), ("2026-01-13 12:30:01", "1.50"), ("2026-01-14 12:31:02", "2.50")]

    found = load("".join(delimiter.join(line) + "\n" for line in lines))

    assert found.detection.delimiter == delimiter
    assert [tuple(row.values()) for row in found.data] == lines[1:]
    assert found.amounts == ["1.5", "2.5"]


def test_decimal_commas_do_not_pass_for_delimiters(load):
    found = load("a;b\n1,50;x\n2,50;y\n")

    assert found.detection.delimiter == ";"
    assert found.amounts == ["1.5", "2.5"]


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
def test_names_survive_their_encoding(load, encoding, expected):
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


def test_a_long_start_in_ascii_does_not_hide_the_encoding(load):
    body = b"name,amount\n" + b"plain,1.50\n" * 40_000 + "Müller,2.50\n".encode("cp1252")

    found = load(body)

    assert found.detection.encoding == "cp1252"
    assert found.data[-1]["name"] == "Müller"
    assert found.rejects == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_divides_rows(load, end):
    found = load(end.join(["a,b", "1,2", "3", "4,5", ""]))

    assert [tuple(row.values()) for row in found.data] == [("1", "2"), ("4", "5")]
    assert found.rejects == [(3, None, "field_count")]


def test_an_unclosed_quote_spoils_its_own_line_only(load):
    found = load('a,b\n1,2\n"open,3\n4,5\n6,7\n')

    assert [tuple(row.values()) for row in found.data] == [("1", "2"), ("4", "5"), ("6", "7")]
    assert found.rejects == [(3, None, "quote")]
    assert found.rows == [0, 2, 3]


def test_a_quote_open_over_a_megabyte_spoils_its_own_line_only(load):
    rows = "".join(f"{n},{n:0100}\n" for n in range(12_000))

    found = load(f'a,b\n"open,3\n{rows}')

    assert len(found.data) == 12_000
    assert found.rejects == [(2, None, "quote")]


def test_text_beside_a_quote_is_never_dropped(load):
    found = load('a,b\n"abc"def,2\n""x,3\nx"y"z,4\n')

    assert [tuple(row.values()) for row in found.data] == [('x"y"z', "4")]
    assert found.rejects == [(2, None, "quote"), (3, None, "quote")]


def test_a_header_over_two_lines_is_no_row(load):
    found = load('"a\nx",b\n1,2\n3\n')

    assert list(found.data[0].values()) == ["1", "2"]
    assert found.rejects == [(4, None, "field_count")]


def test_empty_lines_are_no_rows_and_keep_the_line_numbers(load):
    found = load("\n\na,b\n\n1,2\n\n3\n")

    assert [tuple(row.values()) for row in found.data] == [("1", "2")]
    assert found.rejects == [(7, None, "field_count")]


def test_columns_may_differ_in_case_alone(load):
    found = load("Amount,amount,_row_\n1.5,2.5,x\n")

    assert found.data == [{"Amount": "1.5", "amount": "2.5", "_row_": "x"}]
    assert found.amounts == ["1.5"]


def test_many_equal_headers_stay_apart(load):
    found = load(",".join(["x" * 256] * 1000) + "\n" + ",".join(str(n) for n in range(1000)) + "\n")

    assert list(found.data[0].values()) == [str(n) for n in range(1000)]
    assert max(len(name) for name in found.data[0]) == 256


def test_a_header_alone_is_a_table_without_rows(load):
    found = load("a,b,c\n")

    assert found.detection.columns == ("a", "b", "c")
    assert (found.data, found.rejects) == ([], [])


def test_quotes_in_names_and_cells_are_text(load):
    header, row = 'it\'s,"say ""hi""",{x}', '\'; DROP TABLE t; --,"a ""b"" c",\\'

    found = load(f"{header}\n{row}\n")

    assert found.data == [{"it's": "'; DROP TABLE t; --", 'say "hi"': 'a "b" c', "{x}": "\\"}]
