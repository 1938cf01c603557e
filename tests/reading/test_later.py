"""Rows far down a long file decide what the first ones leave open. Everything else stays as the first ones show it."""

import re

import pytest

from matching.reading.look import look

pytestmark = pytest.mark.integration  # needs files of several batches

ROWS = 12_000  # several batches, of which only the first is held
PAD = "x" * 200


@pytest.fixture(autouse=True)
def few_rows_are_held(monkeypatch):
    monkeypatch.setattr("matching.reading.look.UNDERSTOOD_ROWS", 100)


def rows_of(*, date="{d:02}/{m:02}/2024", amount="{n}.50", more="") -> list[str]:
    return [
        ",".join((date, f'"{amount}"', "{pad}", *([more] if more else []))).format(
            d=n * 5 % 11 + 1, m=n * 7 % 12 + 1, n=n % 700 + 100, k=n, pad=PAD
        )
        for n in range(ROWS)
    ]


def file_of(lines: list[str], header: str = "Date,Amount,Text") -> str:
    return "\n".join([header, *lines, ""])


@pytest.mark.parametrize(("last", "order"), [("13/02/2024", "dmy"), ("02/13/2024", "mdy")])
def test_a_thirteenth_day_decides_the_order_of_all_dates(load, last, order):
    lines = rows_of()

    unsure = load(file_of(lines))
    found = load(file_of([*lines[:-300], f'{last},"100.50",{PAD}', *lines[-300:]]))

    assert ("Date", "date_order") in unsure.questions
    assert ("Date", "date_order") not in found.questions
    assert found.mapping["date"]["order"] == order
    assert found.rejects == []


def test_a_second_mark_decides_what_groups_are(load):
    lines = rows_of(date="2024-{m:02}-{d:02}", amount="{n},{n}")

    unsure = load(file_of(lines))
    found = load(file_of([*lines[:-300], f'2024-01-01,"1.234,50",{PAD}', *lines[-300:]]))

    assert ("Amount", "decimal_mark") in unsure.questions
    assert found.mapping["amount"]["decimal"] == ","
    assert (found.amounts[0], found.amounts[-301]) == ("100.1", "1234.5")


def test_a_late_state_is_left_out(load):
    lines = rows_of(date="2024-{m:02}-{d:02}", more="completed")
    late = f'2024-01-01,"7.50",{PAD},declined'

    found = load(file_of([*lines[:-300], late, *lines[-300:], late], "Date,Amount,Text,Status"))

    assert [reason for _, reason in found.left_out] == ["not_booked", "not_booked"]


def test_a_total_at_the_end_is_left_out(load):
    lines = rows_of(date="2024-{m:02}-{d:02}")

    found = load(file_of([*lines, ',"9876.50",Total']))

    assert [line for line, _ in found.left_out] == [ROWS + 2]


def test_a_new_word_for_the_sign_is_not_taken_for_income(load):
    lines = [line + (",S" if n % 3 else ",H") for n, line in enumerate(rows_of(date="2024-{m:02}-{d:02}"))]
    late = f'2024-01-01,"7.50",{PAD},Q'

    found = load(file_of([*lines[:-300], late, *lines[-300:]], "Date,Amount,Text,S/H"))

    assert found.amounts[-301] is None or "sign_unknown" in [code for _, _, code in found.rejects]


def test_rows_that_stand_apart_break_no_balance(tmp_path):
    balance, lines = 0, []
    for n in range(ROWS):
        balance += n % 7 * 100 - 250
        lines.append(f'2024-{n * 12 // ROWS + 1:02}-01,"{n % 7 - 2.5:.2f}",{PAD},"{balance / 100:.2f}"')

    path = tmp_path / "a.csv"
    apart = f'2024-12-01,"0.00",{PAD},"n/a"'
    path.write_text(file_of([*lines[:-300], apart, *lines[-300:]], "Date,Amount,Text,Balance"))

    found = look(path)

    _, proof = found.understanding.roles["Balance"]
    assert proof is not None
    held, tests = re.findall("[0-9]+", proof)
    assert held == tests
    assert found.mapping.amount is not None
    assert found.mapping.amount.column == "Amount"


def test_the_language_of_all_months_tells_what_a_part_of_them_means(load):
    """By itself, lip is a month in Croatian and another one in Polish."""
    croatian = ["sij", "velj", "ožu", "tra", "svi", "lip", "srp", "kol", "ruj", "lis", "stu", "pro"]
    lines = [f'{n % 28 + 1} {croatian[n % 12] if n < ROWS // 2 else "lip"} 2024,"1.50",{PAD}' for n in range(ROWS)]

    found = load(file_of(lines))

    assert found.rejects == []
    assert {day[:7] for day in found.dates[ROWS // 2 :]} == {"2024-06"}


def test_a_refusal_with_a_code_of_its_own_is_left_out_however_late_it_is(load):
    lines = rows_of(date="13/{m:02}/2024", more="Approved {k}")
    lines[-700] = lines[-700].replace("Approved", "Declined")
    lines[-400] = lines[-400].replace("Approved", "Declined")
    found = load(file_of(lines, "Date,Amount,Text,Answer"))

    assert [line for line, _ in found.left_out] == [ROWS - 700 + 2, ROWS - 400 + 2]
    assert ("Answer", "skip") in found.questions
