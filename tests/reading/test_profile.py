"""What a profile says about a column: compared by value, over the whole file, in the file's column order."""

import numpy as np
import pytest

from matching.reading.distinct import Distinct


def span(found, column):
    return found.profiles[column].min, found.profiles[column].max


@pytest.mark.parametrize(
    ("amounts", "least", "greatest"),
    [
        (["999.87", '"3,999.91"', "5.00"], "5.00", "3,999.91"),
        (["-10.50", "-9.50", "2.00"], "-10.50", "2.00"),
        (["9", "10", "-3"], "-3", "10"),
        (["(7.10)", "3.50-", "1.25"], "(7.10)", "1.25"),
        (["EUR 12.00", "EUR 9.50"], "EUR 9.50", "EUR 12.00"),
        (["1'000.00", "20.00", "n/a", *["30.00"] * 20], "20.00", "1'000.00"),
    ],
)
def test_amounts_are_compared_as_numbers(load, amounts, least, greatest):
    found = load("id,amount\n" + "".join(f"a,{amount}\n" for amount in amounts))

    assert span(found, "amount") == (least, greatest)


def test_amounts_with_a_decimal_comma_are_compared_as_numbers(load):
    found = load("id;Betrag\na;999,87\nb;3.999,91\nc;12,00\n")

    assert span(found, "Betrag") == ("12,00", "3.999,91")


@pytest.mark.parametrize(
    ("days", "least", "greatest"),
    [
        (["31.01.2026", "01.02.2026", "13.12.2025"], "13.12.2025", "01.02.2026"),
        (["1/31/2026", "12/1/2025"], "12/1/2025", "1/31/2026"),
        (["2026-10-01", "2026-02-03"], "2026-02-03", "2026-10-01"),
        (["5 Mar 2026", "17 Feb 2026"], "17 Feb 2026", "5 Mar 2026"),
    ],
)
def test_dates_are_compared_as_days(load, days, least, greatest):
    found = load("id,day\n" + "".join(f"a,{day}\n" for day in days))

    assert span(found, "day") == (least, greatest)


@pytest.mark.parametrize(
    ("head", "values", "least", "greatest"),
    [
        ("id;Betrag", ["9,00 S", "1.200,00 S", "88,10 H"], "1.200,00 S", "88,10 H"),
        ("id;Amount", ["9.00 CR", "1,120.00 CR", "20.00 DR", "3.00 DR"], "20.00 DR", "1,120.00 CR"),
        ("id;Datum", ["3. März 2026", "15. Januar 2026", "2. Dezember 2025"], "2. Dezember 2025", "3. März 2026"),
        ("id;Data", ["3 de março de 2026", "15 de janeiro de 2026"], "15 de janeiro de 2026", "3 de março de 2026"),
    ],
)
def test_what_only_the_file_explains_is_compared_by_what_it_means(load, head, values, least, greatest):
    other = "amount" if head.startswith("id;Dat") else "day"
    rows = "".join(f"a{n};{value};{'5,00' if other == 'amount' else '2026-01-15'}\n" for n, value in enumerate(values))

    assert span(load(f"{head};{other}\n{rows}"), head.split(";")[1]) == (least, greatest)


def test_texts_are_compared_as_texts(load):
    assert span(load("id,name\n1,b\n2,a\n3,c\n"), "name") == ("a", "c")


@pytest.mark.integration
def test_minimum_and_maximum_are_those_of_all_batches(load):
    rows = [f"a,{n}.50\n" for n in range(60_000, 100, -1)]

    assert span(load("id,amount\n" + "".join(rows)), "amount") == ("101.50", "60000.50")


@pytest.mark.integration
def test_distinct_values_are_counted_to_the_end_of_the_file(load):
    found = load("id,group\n" + "".join(f"r{n},g{n // 10}\n" for n in range(60_000)))

    assert found.profiles["group"].distinct == 6_000
    assert not found.profiles["group"].is_distinct_estimated
    assert found.profiles["id"].is_distinct_estimated
    assert found.profiles["id"].distinct == pytest.approx(60_000, rel=0.04)


@pytest.mark.integration
def test_values_that_differ_late_in_a_file_are_counted(load):
    found = load("id,name\n" + "a,same\n" * 60_000 + "".join(f"b,n{n}\n" for n in range(100)))

    assert (found.profiles["name"].distinct, found.profiles["name"].is_distinct_estimated) == (101, False)


@pytest.mark.parametrize("values", [20_000, 20_001, 1_000_000])
def test_an_estimate_is_close(values):
    chance = np.random.default_rng(7)
    counted = Distinct()
    hashes = chance.integers(0, 2**64, values, dtype=np.uint64)
    for part in np.array_split(np.concatenate((hashes, hashes)), 30):
        counted.add(part, 20_000)

    assert counted.is_estimated == (values > 20_000)
    assert counted.count == pytest.approx(values, rel=0.03) if counted.is_estimated else counted.count == values


def test_columns_are_profiled_in_the_order_of_the_file(load):
    assert list(load("zz,a,bbb,B\n1,2,3,4\n").profiles) == ["zz", "a", "bbb", "B"]


@pytest.mark.parametrize("text", ["99999999999", "0"])
def test_plain_digits_are_not_a_date(load, text):
    found = load(f"id,day\na,{text}\nb,{text}\n")

    assert found.profiles["day"].type != "date"
    assert set(found.dates) == {None}


@pytest.mark.parametrize("text", ["99999999999", "1700000000", "1767225600000", "45678", "0", "260113"])
def test_plain_digits_are_no_date_in_an_order_of_day_and_month(load, text):
    answered = load(f"id,day\na,{text}\nb,2026-01-13\n", mapping={"date": {"column": "day", "order": "ymd"}})
    assert answered.rejects == [(2, "day", "date_unparsable")]
    assert answered.dates == ["2026-01-13"]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("day,amount\n2026-01-01,1\n\n2026-01-02\n2026-99-01,2\n2026-01-03,3\n", "a.csv"),
        ('day,amount\n"2026-01-01",1\n"2026-01\nlater",2\n2026-01-05,x,y\n2026-01-03,3\n', "a.csv"),
        (
            '{"day":"2026-01-01","amount":1}\n\n[]\n{"day":"2026-99-01","amount":2}\n{"day":"2026-01-03","amount":3}\n',
            "a.jsonl",
        ),
    ],
)
def test_every_row_number_belongs_to_a_record_or_a_reject(load, body, name):
    mapping = {"date": {"column": "day", "order": "ymd"}, "amount": {"column": "amount", "decimal": "."}}

    found = load(body, name, mapping=mapping)

    assert found.rejects
    assert sorted(found.rows + found.reject_rows) == list(range(4))
    assert found.rows == [0, 3]


@pytest.mark.integration
def test_there_are_never_more_distinct_values_than_rows(load):
    for rows in (30_500, 31_700):
        found = load("id,amount\n" + "".join(f"N{n * 7919},1.00\n" for n in range(rows))).profiles["id"]

        assert found.is_distinct_estimated
        assert found.distinct <= rows
