"""Which lines of a CSV file form a record, and which cells it has, however its quotes are written."""

import pytest

from matching.reading.lines import lines_in, separator_of
from matching.reading.records import clear_cells, records_of, without_formulas


def records(text, delimiter=","):
    return [
        (record.line, record.cells if record.fault is None else None)
        for record in records_of(lines_in(text), delimiter)
    ]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        (
            '"Transfer for "$200 from B, pass on to C"; no. 57","-200.00"',
            ['Transfer for "$200 from B, pass on to C"; no. 57', "-200.00"],
        ),
        ('"5" pipe",2', ['5" pipe', "2"]),
        ('1,"a "b" c"', ["1", 'a "b" c']),
        ('"a "b" ""c""",', ['a "b" "c"', ""]),
        ('"a"b,2', None),
        ('"a "b", c",5', None),
        ('x"y,"a"b"', None),
        ('""x,3', None),
        ('"9,800.00"\t,"a"\t\t,\t', ["9,800.00", "a", "\t"]),
        ('"a"\t"b",5', ['a"\t"b', "5"]),
    ],
)
def test_a_line_with_quotes_that_are_not_doubled_is_read_if_it_is_clear(line, cells):
    assert clear_cells(line + "\r\n", ",") == cells
    assert records(f"h,h\n{line}\n1,2\n") == [(1, ["h", "h"]), (2, cells), (3, ["1", "2"])]


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('="0012",="1,250.00",5', ["0012", "1,250.00", "5"]),
        ('="",="a""b",x', ["", 'a"b', "x"]),
        ('"=""0012""",1', ["0012", "1"]),
        ('="a,="b,="c', ['="a', '="b', '="c']),
        ("=1+1,=A1", ["=1+1", "=A1"]),
        ('"x,=""y""",1', ['x,="y"', "1"]),
    ],
)
def test_a_text_that_is_written_as_a_formula_is_the_text(line, cells):
    assert records(line + "\n") == [(1, cells)]


def test_a_quote_that_is_not_doubled_never_takes_in_other_lines():
    text = 'a,b\n"open "x,1\n"y","z"\n"two\nlines",2\n'

    assert records(text) == [(1, ["a", "b"]), (2, None), (3, ["y", "z"]), (4, ["two\nlines", "2"])]


def test_unclosed_formulas_are_searched_once():
    cells = ['="a'] * 20_000

    assert without_formulas(cells, ",") == cells


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("sep=;\na;b\n", ";"),
        ("SEP=|\r\na|b\n", "|"),
        ('"sep=,"\na,b\n', ","),
        ("sep=\t\na\tb\n", "\t"),
        ("sep=;;;\na;b;c\n", ";"),
        ("\ufeffsep=;\r", ";"),
        ("sep=;", None),
        ("sep=\na;b\n", None),
        ("separate;b\n", None),
    ],
)
def test_a_first_line_may_name_the_delimiter(text, delimiter):
    assert separator_of(text) == delimiter


def test_a_line_that_names_the_delimiter_is_no_row_and_needs_no_note(load):
    for end in ("\n", "\r\n", "\r"):
        found = load(end.join(["sep=;", "Datum;Text;Betrag", "05.01.2024;A;1.234,56", "16.01.2024;B;-10,00", ""]))

        assert found.detection.columns == ("Datum", "Text", "Betrag")
        assert (found.amounts, found.notes) == (["1234.56", "-10"], [])
        assert [line for line, _, _ in found.rejects] == []


def test_delimiters_at_the_end_of_rows_but_not_of_the_header_move_no_cell(load):
    found = load("Details,Date,Amount,Slip\nA,2024-01-15,-12.00,,\nB,2024-01-16,100.00,,\nC,2024-01-17,-50.00,101,\n")

    assert [list(row.values()) for row in found.data] == [
        ["A", "2024-01-15", "-12.00", None],
        ["B", "2024-01-16", "100.00", None],
        ["C", "2024-01-17", "-50.00", "101"],
    ]
    assert found.rejects == []


def test_a_nul_rejects_its_row_only(load):
    found = load(b"a,amount\nx,1.50\ny\x00,2.50\nz,3.50\n" + b"w,4.50\n" * 50)

    assert found.rejects == [(3, None, "nul_character")]
    assert found.amounts[:2] == ["1.5", "3.5"]


def test_line_feeds_inside_cells_do_not_end_records_that_end_with_a_carriage_return_too(load):
    lines = [
        "Konto 1;",
        "Datum;Text;Soll;Haben;",
        "28.01.2024;A\nB\n ;728,40;;",
        "25.01.2024;C;;1 811,10;",
        "24.01.2024;D\n ;5,00;;",
    ]
    found = load("\r\n".join(lines) + "\r\n")

    assert found.amounts == ["-728.4", "1811.1", "-5"]
    assert found.data[0]["Text"] == "A B  "
    assert found.rejects == []


def test_line_feeds_inside_cells_end_no_record_beside_quoted_numbers_either(load):
    lines = [
        "Date,Text,Out,In,Balance",
        '2024-02-05,A\nB,"1,207.96",,"4,945.04"',
        '2024-02-06,C\nD,,"2,000.00","6,945.04"',
    ]
    found = load("\r\n".join(lines) + "\r\n")

    assert found.amounts == ["-1207.96", "2000"]
    assert [row["Text"] for row in found.data] == ["A B", "C D"]


def test_lines_that_end_in_another_way_are_records_if_they_are_whole_or_fit_no_width(load):
    found = load("Date,Text,Amount\r\n2024-01-05,A,1.00\n2024-01-06,B,2.00\r\n2024-01-07,C\n2024-01-08,D,4.00\r\n")

    assert found.amounts == ["1", "2", "4"]
    assert [line for line, *_ in found.rejects] == [4]
