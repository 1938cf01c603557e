"""What Babel writes in the formats of all locales is read back, or not read at all, but never read wrongly."""

import datetime as dt
import re
from decimal import Decimal

import pyarrow as pa
import pytest
from babel import Locale, dates, localedata, numbers
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from matching.reading.cells.days import YEARLESS, Days
from matching.reading.cells.lexicon import lexicon
from matching.reading.cells.numbers import Numbers

# Toki Pona writes groups of two digits and no others.
LOCALES = sorted(name for name in localedata.locale_identifiers() if not name.startswith("tok"))
# One cell in a language that is official nowhere can bear the name of another month in many languages that are; a column
# tells them apart. So it is in Sotho and Tsonga: their "Jan" and "Yan" are not January.
OFFICIAL = [name for name in LOCALES if name.split("_")[0] in lexicon().languages.keys() - {"st", "ts"}]
# Babel 2.19 groups only the last three digits in Switzerland, and none of smaller numbers, which nobody does.
HALF_GROUPED = re.compile("[0-9]{4}'")
WIDTHS = ("short", "medium", "long", "full")
LANGUAGES = [
    "af",
    "ar",
    "az",
    "be",
    "bg",
    "bn",
    "bs",
    "ca",
    "cs",
    "cy",
    "da",
    "de",
    "el",
    "en",
    "es",
    "et",
    "eu",
    "fa",
    "fi",
    "fr",
    "ga",
    "gl",
    "gu",
    "he",
    "hi",
    "hr",
    "hu",
    "hy",
    "id",
    "is",
    "it",
    "ja",
    "ka",
    "kk",
    "km",
    "kn",
    "ko",
    "ky",
    "lt",
    "lv",
    "mk",
    "ml",
    "mr",
    "ms",
    "my",
    "nb",
    "ne",
    "nl",
    "nn",
    "no",
    "pa",
    "pl",
    "pt",
    "ro",
    "ru",
    "si",
    "sk",
    "sl",
    "sq",
    "sr",
    "sv",
    "sw",
    "ta",
    "te",
    "th",
    "tr",
    "uk",
    "ur",
    "uz",
    "vi",
    "zh",
    "zh_Hant",
    "zu",
]
DAYS = [
    dt.date(2024 - month % 3, month, day)
    for month, day in zip(range(1, 13), (25, 28, 3, 14, 13, 19, 22, 5, 28, 14, 2, 31), strict=True)
]


@pytest.mark.integration
@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(LOCALES),
    st.decimals(-(10**9), 10**9, places=2),
    st.sampled_from(["decimal", "standard", "accounting"]),
    st.booleans(),
)
def test_numbers_of_all_locales_are_read_back(name: str, value: Decimal, style: str, has_own_digits: bool) -> None:
    locale = Locale.parse(name)
    own = locale.default_numbering_system
    system = own if has_own_digits and "decimal" in locale.number_symbols.get(own, {}) else "latn"
    mark = locale.number_symbols[system]["decimal"].replace("٫", ",")
    if style == "decimal":
        text = numbers.format_decimal(value, locale=locale, numbering_system=system)
    else:
        text = numbers.format_currency(
            value, "EUR", locale=locale, format_type=style, currency_digits=False, numbering_system=system
        )
    assume(not HALF_GROUPED.search(text))

    column = Numbers(pa.array([text]))

    assert column.decimal(mark).to_pylist() == [value], text
    assert mark in column.marks()
    assert style == "decimal" or column.currencies[column.currency[0]] == "EUR"


@pytest.mark.integration
@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(OFFICIAL),
    st.dates(dt.date(1970, 1, 1), dt.date(2069, 12, 31)),
    st.sampled_from(WIDTHS),
    st.booleans(),
)
def test_no_date_of_any_locale_is_read_wrongly(name: str, day: dt.date, width: str, has_time: bool) -> None:
    moment = dt.datetime.combine(day, dt.time(13, 5, 9))
    text = dates.format_datetime(moment, width, locale=name) if has_time else dates.format_date(day, width, locale=name)

    column = Days(pa.array([text]))

    read = {_day(column, form, 0) for form in column.forms if form not in YEARLESS} - {None}
    assert not read or day in read, text


@pytest.mark.parametrize("name", LANGUAGES)
def test_dates_of_languages_that_people_do_business_in_are_read(name: str) -> None:
    for width in WIDTHS:
        column = Days(pa.array([dates.format_date(day, width, locale=name) for day in DAYS]))

        for row, day in enumerate(DAYS):
            assert day in {_day(column, form, row) for form in column.forms if form not in YEARLESS}


def _day(column: Days, form: str, row: int) -> dt.date | None:
    days, valid = column.days(form)
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(days[row])) if valid[row] else None
