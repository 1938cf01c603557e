"""Whole columns: what their rows decide together, exact values, and hostile ones."""

import datetime as dt
import random
import time
import unicodedata
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.reading.cells.days import YEARLESS, Days, day_forms
from matching.reading.cells.numbers import Numbers, number_form
from matching.reading.cells.shapes import BLOCK
from matching.reading.values import date_sql, parse_amount, select

HOSTILE = {
    "digits": "9" * 1_000_000,
    "spaces": " " * 1_000_000,
    "brackets": "(" * 1_000_000,
    "points": "1." * 500_000,
    "minuses": "-" * 1_000_000,
    "letters": "a" * 1_000_000,
    "accents": "e\u0301" * 300_000,
    "expanding": "\ufdfa" * 300_000,
}


def test_marks_are_those_that_all_numbers_allow() -> None:
    column = Numbers(pa.array(["1.234", "1.234,50", "n/a", "12"]))

    assert column.marks() == {","}
    assert column.demands(",").tolist() == [False, True, False, False]
    assert column.marks(np.array([True, False, True, True])) == {".", ","}
    assert column.max_decimals(",") == 2
    assert column.decimal(",").to_pylist() == [Decimal(1234), Decimal("1234.50"), None, Decimal(12)]


def test_two_marks_that_both_are_demanded_leave_none() -> None:
    column = Numbers(pa.array(["1,234.56", "1.234,56"]))

    assert column.marks() == set()
    assert column.demands(".").tolist() == [True, False]


def test_a_zero_before_the_only_comma_says_that_it_is_the_mark() -> None:
    column = Numbers(pa.array(["10", "0,234", "1,500"]))

    assert column.marks() == {","}
    assert column.decimal(",").to_pylist() == [Decimal(10), Decimal("0.234"), Decimal("1.500")]
    assert column.demands(",").tolist() == [False, True, False]


def test_flags_and_currencies_are_numbered() -> None:
    column = Numbers(pa.array(["5.00 DR", "€ 7.00", "2.00 Cr.", "3.00", None]))

    assert [column.tokens[code] for code in column.token] == ["DR", None, "CR", None, None]
    assert [column.currencies[code] for code in column.currency] == [None, "EUR", None, None, None]


def test_numbers_that_are_too_precise_are_not_rounded() -> None:
    column = Numbers(pa.array(["0.1234567891", "0.1234567890000", "1.5", "0." + "0" * 30 + "1"]))

    assert column.too_precise(".").tolist() == [True, False, False, True]
    assert column.decimal(".").to_pylist() == [None, Decimal("0.123456789"), Decimal("1.5"), None]


@pytest.mark.integration
@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=1 - 10**29, max_value=10**29 - 1),
        min_size=1,
    ),
    st.integers(-2, 9),
)
def test_values_are_exact(values: list[Decimal], scale: int) -> None:
    column = Numbers(pa.array([f"{value:f}" for value in values]))

    assert column.decimal(".").to_pylist() == values
    found, valid = column.integers(".", scale)
    scaled = [Fraction(value) * Fraction(10) ** scale for value in values]
    fits = [int(value) if value.denominator == 1 and abs(value) < 2**63 else None for value in scaled]
    assert [int(number) if is_valid else None for number, is_valid in zip(found, valid, strict=True)] == fits


def test_largest_and_smallest_values_fit_or_are_refused() -> None:
    texts = ["9" * 29, "-" + "9" * 29, "9" * 30, "9223372036854775807", "9223372036854775808", "0" * 40 + "7"]
    column = Numbers(pa.array(texts))

    assert column.decimal(".").to_pylist() == [Decimal(texts[0]), Decimal(texts[1]), None, *map(Decimal, texts[3:])]
    assert column.integers(".", 0)[1].tolist() == [False, False, False, True, False, True]


@pytest.mark.integration
def test_rows_keep_their_places_over_blocks_chunks_and_nulls() -> None:
    texts = [None if row % 7 == 0 else f"{row},5 €" for row in range(BLOCK + 1000)]
    chunked = pa.chunked_array([pa.array(["1,5", *texts[:10]]).slice(1), pa.array(texts[10:])])

    found, valid = Numbers(chunked).integers(",", 1)

    assert len(found) == len(texts)
    assert valid.tolist() == [text is not None for text in texts]
    assert all(found[row] == row * 10 + 5 for row in range(len(texts)) if row % 7)


def _written_at_random(chance: random.Random) -> str:
    """A number with everything around it that the parser of older mappings knows, and some that it does not."""
    space, minus = (
        (lambda: chance.choice(["", "", " ", "\u00a0", "'"])),
        (lambda: chance.choice(["", "", "-", "−", "+"])),
    )
    code = chance.choice(["", "", "EUR", "usd", "$", "€", "£", "ALL", "kr"])
    digits = lambda count: "".join(chance.choices("0123456789", k=count))  # noqa: E731 - it is used in this test alone
    group = chance.choice([",", ".", " ", "’"])
    whole = chance.choice(
        [digits(5), digits(2) + group + digits(3), digits(1) + group + digits(3) + group + digits(3), ""]
    )
    number = whole + chance.choice(["", ".", ","]) + digits(chance.choice([0, 2, 3, 9, 12]))
    before, behind = chance.choice([("", ""), ("(", ")"), ("", "-"), (minus(), "")])
    parts = (before, space(), code, space(), minus() if not before else "", number, space(), behind)
    return "".join(parts)


@pytest.mark.integration
def test_what_older_mappings_read_is_read_to_the_same_value() -> None:
    chance = random.Random(12)
    texts = [_written_at_random(chance) for _ in range(6000)]

    for mark in (".", ","):
        older = parse_amount(pa.array(texts), mark).to_pylist()
        read = [row for row, value in enumerate(older) if value is not None]
        found = Numbers(pa.array([texts[row] for row in read])).decimal(mark).to_pylist()

        assert len(read) > 500
        assert [(texts[row], value) for row, value in zip(read, found, strict=True)] == [
            (texts[row], older[row]) for row in read
        ]


def _date_at_random(chance: random.Random) -> str:
    """A date in one of the writings that older mappings know."""
    year, month, day = chance.randrange(1960, 2060), chance.randrange(1, 13), chance.randrange(1, 32)
    mark, wide = chance.choice("./-"), chance.choice(["{:02}", "{}"])
    name = ["Jan", "Feb", "mar", "APR", "May", "June", "jul", "August", "Sept", "Oct", "nov", "December"][month - 1]
    m, d, y = wide.format(month), wide.format(day), f"{year % 100:02}"
    numeric = [
        f"{year}{mark}{m}{mark}{d}",
        f"{d}{mark}{m}{mark}{year}",
        f"{m}{mark}{d}{mark}{year}",
        f"{d}{mark}{m}{mark}{y}",
    ]
    written = chance.choice([*numeric, f"{y}/{m}/{d}", f"{year}{month:02}{day:02}"]) + chance.choice(
        ["", "", " 10:11", "T10:11:12Z", " 9:05 AM"]
    )
    return chance.choice([written, f"{d} {name} {year}", f"{d}-{name}-{year}", f" {d}. {name}, {year} "])


@pytest.mark.integration
def test_dates_that_older_mappings_read_are_read_to_the_same_day() -> None:
    chance = random.Random(9)
    texts = pa.array([_date_at_random(chance) for _ in range(4000)])
    column = Days(texts)
    read = [column.days(form) for form in column.forms if form not in YEARLESS]

    for order in ("ymd", "dmy", "mdy"):
        older = select(pa.table({"x": texts}), f"SELECT {date_sql('x', order, has_short_years=True)} AS y FROM t")[
            "y"
        ].to_pylist()
        rows = [row for row, day in enumerate(older) if day is not None]

        assert len(rows) > 1000
        for row in rows:
            assert _number(*older[row].timetuple()[:3]) in {days[row] for days, valid in read if valid[row]}, texts[row]


def test_months_are_those_of_the_language_that_knows_all_names() -> None:
    both = Days(pa.array(["3 lip 2024", "4 ruj 2024", "5 lis 2024"]))
    alone = Days(pa.array(["3 lip 2024"]))

    assert both.languages == {"hr"}
    assert both.days("dMy")[0].tolist() == [_number(2024, 6, 3), _number(2024, 9, 4), _number(2024, 10, 5)]
    assert alone.ambiguous_months == {"lip": [6, 7]}
    assert alone.fits == {}


def _number(year: int, month: int, day: int) -> int:
    return (dt.date(year, month, day) - dt.date(1970, 1, 1)).days


def test_one_late_row_decides_the_order() -> None:
    column = Days(pa.array(["01/02/2024"] * 5000 + ["01/25/2024"]))

    assert column.fits == {"dmy": 5000, "mdy": 5001}


def test_a_second_writing_is_read_where_only_one_form_fits() -> None:
    column = Days(pa.array(["05.01.2024", "2024-01-16", "7 March 2024", "01/02/24", "-"]))

    days, valid, is_open = column.combined("dmy")

    assert days[:3].tolist() == [_number(2024, 1, 5), _number(2024, 1, 16), _number(2024, 3, 7)]
    assert valid.tolist() == [True, True, True, False, False]
    assert is_open.tolist() == [False, False, False, True, False]
    assert column.blank.tolist() == [False, False, False, False, True]


def test_a_form_without_a_year_needs_one() -> None:
    column = Days(pa.array(["2902", "0503"]))

    assert column.days("dm4", 2024)[0].tolist() == [_number(2024, 2, 29), _number(2024, 3, 5)]
    assert column.days("dm4", 2023)[1].tolist() == [False, True]
    with pytest.raises(ValueError, match="no year"):
        column.days("dm4")


def test_times_behind_solid_dates_are_times() -> None:
    column = Days(pa.array(["20240105101112", "20240105996112", "202401052359"]))

    assert column.days("ymd8")[1].tolist() == [True, False, True]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_neither_and_cost_little(name: str) -> None:
    texts = pa.array([HOSTILE[name]] * 20 + ["1.5"])
    begun = time.process_time()

    numbers, days = Numbers(texts), Days(texts)
    found = numbers.integers(".", 1)

    assert numbers.ok.tolist() == [False] * 20 + [True]
    assert not days.ok.any()
    assert found[0].tolist() == [0] * 20 + [15]
    assert time.process_time() - begun < 2  # seconds; about 0.1 was measured


@pytest.mark.integration
def test_a_column_of_texts_is_left_early() -> None:
    chance = random.Random(3)
    texts = pa.array(
        [f"Payment {chance.random()} {chr(97 + row % 26) * (row % 50)} INV-{row}" for row in range(100_000)] + ["1.5"]
    )

    numbers, days = Numbers(texts), Days(texts)

    assert numbers.is_text
    assert days.is_text
    assert not numbers.ok.any()
    assert not days.ok.any()
    assert numbers.filled.all()
    assert numbers.decimal(".").null_count == len(texts)
    assert days.fits == {}


def test_a_sparse_column_of_many_shapes_is_no_text() -> None:
    chance = random.Random(4)
    filled = [
        f"{'9' * (1 + row % 12)}.{'1' * (1 + row % 9)} {chr(65 + row % 26)}{chr(65 + row // 26 % 26)}"
        for row in range(3000)
    ]
    texts = filled[:1500] + [""] * 200_000 + [chance.choice(filled) for _ in range(1500)]

    column = Numbers(pa.array(texts))

    assert not column.is_text
    assert column.ok.sum() > 2000


def test_an_empty_column_has_nothing() -> None:
    for values in (pa.array([], pa.string()), pa.array([None, None], pa.string()), pa.array(["", "  "])):
        numbers, days = Numbers(values), Days(values)

        assert numbers.rows == days.rows == len(values)
        assert not numbers.filled.any()
        assert not numbers.blank.any()
        assert not days.filled.any()
        assert numbers.decimal(".").null_count == len(values)
        assert days.fits == {}


PIECES = st.sampled_from(
    [
        *"0123456789",
        *".,'-+ ()/:",
        "12",
        "2024",
        "01",
        "05",
        "€",
        "$",
        "EUR",
        "DR",
        "S",
        "R",
        "kr",
        "Jan",
        "mars",
        "年",
        "月",
        "日",
        "\xa0",
        "\u202f",
        "−",
        "１",
        "٣",
        "²",
        "½",
        "①",
        "㋿",
        "T",
        "Z",
        "UTC",
        "AM",
        "de",
        "'24",
        "٫",
        "،",
        "\u200f",
        "é",
        "ß",
        "\x00",
    ]
)


@pytest.mark.integration
@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(PIECES, max_size=10).map("".join) | st.text(max_size=20), min_size=1, max_size=20))
def test_a_column_reads_each_text_as_it_reads_it_alone(texts: list[str]) -> None:
    numbers, days = Numbers(pa.array(texts)), Days(pa.array(texts))

    for row, text in enumerate(texts):
        form = number_form(text)
        assert numbers.ok[row] == (form is not None)
        if form is not None:
            assert (numbers.negative[row], numbers.digits[row]) == (form.negative, form.digits)
        for mark in form.decimals if form else ():
            digits = "".join(str(unicodedata.decimal(c)) for c in text if c.isdecimal())
            value = Decimal(f"{'-' if form and form.negative else ''}{digits}").scaleb(
                -form.decimals[mark] if form else 0
            )
            assert numbers.decimal(mark)[row].as_py() == value
        if not days.ambiguous_months:
            alone = {form: day for form, day in day_forms(text, 2024).items() if "M" not in form}
            assert alone == {form: day for form in days.forms if "M" not in form and (day := _day_in(days, form, row))}


def _day_in(column: Days, form: str, row: int) -> dt.date | None:
    days, valid = column.days(form, 2024 if form in YEARLESS else None)
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(days[row])) if valid[row] else None


def test_texts_of_too_many_shapes_to_be_sorted_are_filled_and_not_blank() -> None:
    texts = [f"{'a' * (n % 40 + 1)} {'b' * (n // 40 + 1)}" for n in range(1600)]

    numbers = Numbers(pa.array([*texts, "", " "]))

    assert numbers.is_text
    assert numbers.filled.tolist() == [True] * 1600 + [False] * 2
    assert not numbers.blank.any()
