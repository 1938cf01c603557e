"""One table of bookings gives the same records, however a bank writes it."""

import csv
import datetime as dt
import io
from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

BOOKINGS = [
    (dt.date(2024, 1, 5), Decimal("-1234.50"), "EUR", "RF-1001", "Rent, January"),
    (dt.date(2024, 1, 16), Decimal("2500.00"), "EUR", "RF-1002", "Invoice 7"),
    (dt.date(2024, 1, 28), Decimal("-0.99"), "EUR", "RF-1003", "Card; fee"),
    (dt.date(2024, 2, 3), Decimal("-48.20"), "USD", "RF-1004", "Books"),
    (dt.date(2024, 2, 11), Decimal("1048576.07"), "EUR", "RF-1005", "Sale"),
    (dt.date(2024, 2, 29), Decimal("-15.00"), "EUR", "RF-1006", "Coffee"),
    (dt.date(2024, 3, 19), Decimal("-700.35"), "USD", "RF-1007", 'The "old" desk'),
]
# Names of the date, the amount, the currency, the reference, the text, and the sides of money out and in.
HEADERS = {
    "en": ("Date", "Amount", "Currency", "Reference", "Description", "Debit", "Credit"),
    "de": ("Buchungsdatum", "Betrag", "Währung", "Referenz", "Verwendungszweck", "Soll", "Haben"),
    "fr": ("Date d'opération", "Montant", "Devise", "Référence", "Libellé", "Débit", "Crédit"),
    "es": ("Fecha", "Importe", "Divisa", "Referencia", "Concepto", "Cargo", "Abono"),
    "it": ("Data", "Importo", "Valuta", "Riferimento", "Descrizione", "Dare", "Avere"),
    "nl": ("Boekdatum", "Bedrag", "Valuta", "Referentie", "Omschrijving", "Af", "Bij"),
    "pl": ("Data operacji", "Kwota", "Waluta", "Numer referencyjny", "Opis", "Obciążenia", "Uznania"),
    "sv": ("Bokföringsdag", "Belopp", "Valuta", "Referens", "Text", "Uttag", "Insättning"),
    "pt": ("Data", "Valor", "Moeda", "Referência", "Descrição", "Débito", "Crédito"),
    "cs": ("Datum", "Částka", "Měna", "Reference", "Popis", "Výdaje", "Příjmy"),
    "ja": ("取引日", "金額", "通貨", "参照番号", "摘要", "出金", "入金"),
    "tr": ("Tarih", "Tutar", "Para Birimi", "Referans", "Açıklama", "Borç", "Alacak"),
}
DATES = [
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%y",
    "%Y%m%d",
    "%d %b %Y",
    "%Y/%m/%d",
    "%Y-%m-%dT%H:%M:%S",
]
SIGNS = {
    "minus": "-{}",
    "minus sign": "\u2212{}",
    "minus behind": "{}-",
    "brackets": "({})",
}
LETTERS = [("D", "C"), ("S", "H"), ("DR", "CR"), ("-", "+"), ("Debit", "Credit")]


@dataclass(frozen=True)
class Layout:
    """How a bank writes its bookings. `sign` is a style of SIGNS, a pair of LETTERS, or "sides"."""

    language: str
    order: tuple[int, ...]
    delimiter: str
    mark: str
    group: str
    date: str
    sign: str | tuple[str, str]
    end: str


@st.composite
def layouts(draw):
    mark = draw(st.sampled_from(".,"))
    sign = draw(st.sampled_from([*SIGNS, *LETTERS, "sides"]))
    return Layout(
        language=draw(st.sampled_from([*HEADERS])),
        order=tuple(draw(st.permutations(range(5 if isinstance(sign, str) and sign != "sides" else 6)))),
        delimiter=draw(st.sampled_from(",;\t|")),
        mark=mark,
        group=draw(st.sampled_from(["", "." if mark == "," else ",", " ", "\u00a0", "'"])),
        date=draw(st.sampled_from(DATES)),
        sign=sign,
        end=draw(st.sampled_from(["\n", "\r\n"])),
    )


def written(layout):
    """The bookings as a file."""
    date, amount, currency, reference, text, out, into = HEADERS[layout.language]
    names = [date, amount, currency, reference, text]
    if layout.sign == "sides":
        names = [date, out, currency, reference, text, into]
    elif not isinstance(layout.sign, str):
        names.append("Type")
    sink = io.StringIO()
    writer = csv.writer(sink, delimiter=layout.delimiter, lineterminator=layout.end)
    writer.writerow([names[place] for place in layout.order])
    for day, value, code, number, words in BOOKINGS:
        cells = [day.strftime(layout.date), *_money(layout, value, code, number, words)]
        writer.writerow([cells[place] for place in layout.order])
    return sink.getvalue()


def _money(layout, value, *others):
    size = f"{abs(value):,.2f}".replace(".", "!").replace(",", layout.group).replace("!", layout.mark)
    if layout.sign == "sides":
        return [size, *others, ""] if value < 0 else ["", *others, size]
    if isinstance(layout.sign, str):
        return [SIGNS[layout.sign].format(size) if value < 0 else size, *others]
    return [size, *others, layout.sign[value > 0]]


@pytest.mark.integration  # the whole reader on many files
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(layouts())
def test_any_layout_of_one_table_gives_the_same_records(load, layout):
    found = load(written(layout))

    assert found.questions == []
    read = zip(found.dates, found.amounts, found.currencies, found.references, strict=True)
    expected = [(day.isoformat(), value, code, number) for day, value, code, number, _ in BOOKINGS]
    assert [(day, Decimal(amount), code, number) for day, amount, code, number in read] == expected
    assert (found.rejects, found.left_out) == ([], [])


@pytest.mark.parametrize("language", HEADERS)
def test_each_language_of_a_header_is_understood(load, language):
    order = tuple(range(6))
    layout = Layout(language, order, ";", ",", ".", "%d.%m.%Y", "sides", "\n")

    found = load(written(layout))

    assert (found.questions, len(found.amounts)) == ([], len(BOOKINGS))


@pytest.mark.parametrize(
    "text",
    [
        "Date,Text,Amount,,Balance,\n,,EUR,USD,EUR,USD\n2024-03-05,a,-10.00,-11.00,90.00,99.00\n"
        "2024-03-06,b,5.00,5.50,95.00,104.50\n",
        "Datum;Text;Betrag;;Saldo\n;;EUR;USD;EUR\n05.03.2024;a;-10,00;-11,00;90,00\n06.03.2024;b;5,00;5,50;95,00\n",
        "日付\t摘要\t金額\t\t残高\n\t\tEUR\tUSD\tEUR\n2024/03/05\ta\t-10.00\t-11.00\t90.00\n2024/03/06\tb\t5.00\t5.50\t95.00\n"
        "2024/03/09\tc\t1.00\t1.10\t96.00\n",
    ],
    ids=["English", "German", "Japanese"],
)
def test_units_in_a_second_row_belong_to_the_names(load, text):
    found = load(text)

    assert found.amounts[:2] == ["-10", "5"]
    assert set(found.currencies) == {"EUR"}
    assert found.rejects == []


def test_a_triangle_is_the_minus_of_japanese_accounts(load):
    found = load(
        "日付,摘要,金額,残高\n2024/03/05,家賃,▲1200,8800\n2024/03/16,給与,2500,11300\n2024/03/28,料,△350,10950\n"
    )

    assert found.amounts == ["-1200", "2500", "-350"]


def test_a_row_of_a_table_without_names_is_not_offered_as_its_header(load):
    texts = ['"J. Wit","NL90INGB0001200345","ET","Lunch"', '"Coop","NL90INGB0001208062","BA","PAS 002 NR:44120"']
    lines = [
        f'"{31 - n:02d}-05-2025","NL44TRIO0212345678","{n},06","Debet",{texts[n in (2, 5, 6)]}' for n in range(1, 13)
    ]

    found = load("\n".join(lines) + "\n")

    assert "header" not in {kind for _, kind in found.questions}
    assert found.amounts[:2] == ["-1.06", "-2.06"]
