"""A number in a cell is what its format says: a number, a day, a time, a duration or a percentage."""

import pytest

from matching.reading.number_formats import cell_format, cell_text, kind_of_format, number_text
from matching.reading.rows import Exact


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("General", "number"),
        ("0.00", "number"),
        ("#,##0.00", "number"),
        ("#,##0.00;[Red]-#,##0.00", "number"),
        ('#,##0.00 "USD"', "number"),
        ('"Days: "0', "number"),
        ("#,##0.00\\ [$kr-41D]", "number"),
        ("CHF #,##0.00", "number"),
        ("_-* #,##0.00_-;-* #,##0.00_-", "number"),
        ("0.00E+00", "number"),
        ("# ?/?", "number"),
        ("@", "number"),
        ("0.00%", "percent"),
        ("0%", "percent"),
        ("yyyy-mm-dd", "date"),
        ("dd.mm.yyyy", "date"),
        ("d/m/yy;@", "date"),
        ("[$-407]d. mmmm yyyy", "date"),
        ('dd" de "mmmm', "date"),
        ('[$-411]ggge"年"m"月"d"日"', "date"),
        ("hh:mm:ss.000", "date"),
        ("h:mm AM/PM", "date"),
        ("[h]:mm:ss", "duration"),
        ("[mm]:ss", "duration"),
        ("", "number"),
    ],
)
def test_a_format_says_what_a_number_is(code, kind):
    assert kind_of_format(200, code) == kind


def test_formats_that_a_workbook_need_not_define_are_known():
    kinds = {number: kind_of_format(number, None) for number in (0, 2, 9, 14, 22, 30, 45, 46, 47, 49, 57, 99)}

    assert [number for number, kind in kinds.items() if kind == "date"] == [14, 22, 30, 45, 47, 57]
    assert (kinds[9], kinds[46]) == ("percent", "duration")


@pytest.mark.parametrize(
    ("text", "kind", "shown"),
    [
        ("1234567890123456789", "number", "1234567890123456789"),
        ("-5", "number", "-5"),
        ("0.30000000000000004", "number", "0.3"),
        ("1E+3", "number", "1000"),
        ("12.50", "number", "12.5"),
        ("nan", "number", "nan"),
        ("1e999", "number", "1e999"),
        ("9" * 500, "date", "9" * 500),
        ("x", "date", "x"),
        ("45292", "date", "2024-01-01"),
        ("45292.5208333333", "date", "2024-01-01T12:30:00"),
        ("45292.520839120371", "date", "2024-01-01T12:30:00.500"),
        ("0.5", "date", "12:00:00"),
        ("0", "date", "0"),
        ("1", "date", "1900-01-01"),
        ("59", "date", "1900-02-28"),
        ("60", "date", "60"),
        ("61", "date", "1900-03-01"),
        ("2958465", "date", "9999-12-31"),
        ("2958466", "date", "2958466"),
        ("-1", "date", "-1"),
        ("1.5", "duration", "36:00:00"),
        ("-0.25", "duration", "-6:00:00"),
        ("0.19", "percent", "19%"),
        ("1", "percent", "100%"),
        ("0.07125", "percent", "7.125%"),
    ],
)
def test_a_number_is_shown_by_its_kind(text, kind, shown):
    assert number_text(text, kind, False) == shown


def test_days_may_be_counted_from_1904():
    assert [number_text(text, "date", True) for text in ("0", "43830", "2957003", "2957004")] == [
        "1904-01-01",
        "2024-01-01",
        "9999-12-31",
        "2957004",
    ]


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ('""0.00" Dr"', ["12.5 Dr", "-5 Dr"]),
        ('0.00" Dr";0.00" Cr"', ["12.5 Dr", "5 Cr"]),
        ('0.00" Dr";-0.00" Cr"', ["12.5 Dr", "-5 Cr"]),
        ('#,##0.00"-"', ["-12.5", "-5"]),
        ('#,##0.00"-";#,##0.00', ["-12.5", "5"]),
        ("#,##0.00;(#,##0.00)", ["12.5", "-5"]),
        ("#,##0.00;[Red]#,##0.00", ["12.5", "-5"]),
        ('"EUR" #,##0.00', ["EUR 12.5", "EUR -5"]),
        ("#,##0.00 [$€-407]", ["12.5 €", "-5 €"]),
        ('_("$"* #,##0.00_);_("$"* (#,##0.00)', ["$ 12.5", "$ -5"]),
    ],
)
def test_a_format_shows_a_currency_and_a_sign(code, shown):
    style = cell_format(170, code)

    assert [cell_text(text, style, is_1904=False) for text in ("12.5", "-5")] == shown
    assert all(isinstance(cell_text(text, style, is_1904=False), Exact) for text in ("12.5", "-5"))


@pytest.mark.parametrize("code", ['0.00" kg"', '"P"0000', '0.00,,"M"', "[$-407]0.00", '[>=100]0.00" Cr"'])
def test_other_words_of_a_format_are_no_part_of_the_number(code):
    assert cell_text("12.5", cell_format(170, code), is_1904=False) == "12.5"


def test_a_format_whose_currency_depends_on_the_country_shows_none():
    assert cell_text("12.5", cell_format(44, '"$"* #,##0.00'), is_1904=False) == "12.5"


def test_a_zero_has_no_minus_by_its_format():
    assert cell_text("0", cell_format(170, '#,##0.00"-"'), is_1904=False) == "0"
