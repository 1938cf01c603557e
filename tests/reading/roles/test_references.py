"""The reference: what both sides of a payment write, and not what a program draws to tell rows apart."""

import pytest

DRAWN = {
    "uuid": [
        "5f0c2b9e-8a41-4c37-9d1e-2b7a6c5d4e3f",
        "a81d4e2b-77c0-4f5a-8b3d-0e9f1c2d3a4b",
        "0c9d8e7f-1a2b-4c3d-8e5f-6a7b8c9d0e1f",
    ],
    "prefix": ["txn_1MqLiJFkd83hGh2k", "txn_3NbWeRtYx92kLp0q", "txn_2ZxCvBnMq71jHg5f"],
    "hex": ["9f86d081884c7d65", "2c26b46b68ffc68f", "fcde2b2edba56bf4"],
}


def table(header, ids, orders):
    lines = (f"{i},2024-03-0{n},{o},{n}.50,EUR" for n, (i, o) in enumerate(zip(ids, orders, strict=True), 4))
    return "\n".join([header, *lines]) + "\n"


@pytest.mark.parametrize("ids", DRAWN.values(), ids=DRAWN)
@pytest.mark.parametrize("names", [("Transaction reference", "Merchant reference"), ("token", "code of order")])
def test_what_a_program_has_drawn_is_no_reference_beside_what_people_wrote(load, ids, names):
    orders = ["ORDER-7001", "ORDER-7002", "ORDER-7003"]

    found = load(table(f"{names[0]},Date,{names[1]},Amount,Currency", ids, orders))

    assert found.references == orders


def test_what_a_program_has_drawn_is_the_reference_where_there_is_no_other(load):
    ids = DRAWN["prefix"]

    assert load(table("Transaction reference,Date,Text,Amount,Currency", ids, ["a", "b", "c"])).references == ids


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("Číslo", ["2024-0001", "2024-0002", "2024-0003", "2024-0004"]),
        ("Numer", ["1/05/2023", "2/05/2023", "3/05/2023", "4/05/2023"]),
        ("Nr.", ["RE-10200", "RE-10201", "RE-10202", "RE-10203"]),
        ("Fakturanr", ["10007", "10008", "10009", "10010"]),
    ],
)
def test_what_counts_on_from_row_to_row_is_the_number_of_a_bill(load, name, numbers):
    lines = (f"{number};0{n}.05.2023;a;{n}.50" for n, number in enumerate(numbers, 2))

    assert load("\n".join([f"{name};Datum;Text;Betrag", *lines]) + "\n").references == numbers


@pytest.mark.parametrize("step", [1, -1])
def test_a_number_far_above_the_number_of_rows_counts_no_rows(load, step):
    numbers = [f"{70240 + step * n}" for n in range(5)]
    lines = (f"0{n}.05.2023;a;{n}.50;{number}" for n, number in enumerate(numbers, 2))

    assert load("\n".join(["Datum;Text;Betrag;Zed", *lines]) + "\n").references == numbers


@pytest.mark.parametrize("name", ["Nr", "Row", "Zed"])
def test_what_only_counts_rows_is_no_reference(load, name):
    lines = (f"{n};0{n}.05.2023;a;{n}.50" for n in range(1, 6))

    assert load("\n".join([f"{name};Datum;Text;Betrag", *lines]) + "\n").references == [None] * 5


def test_a_kind_of_document_is_no_reference_beside_its_number(load):
    kinds = ["TD01", "TD01", "TD04", "TD01", "TD01", "TD01"]
    lines = (f"{kind};{n}/2024;0{n}.03.2024;{n}.50" for n, kind in enumerate(kinds, 1))

    found = load("\n".join(["Tipo documento;Numero;Data;Totale", *lines]) + "\n")

    assert found.references == [f"{n}/2024" for n in range(1, 7)]


def test_a_number_of_two_parts_is_a_reference(load):
    lines = (f"FV {n}/01/2024;0{n}.03.2024;{n}.50" for n in range(1, 6))

    assert load("\n".join(["Numer;Data;Brutto", *lines]) + "\n").references == [f"FV {n}/01/2024" for n in range(1, 6)]


def test_a_reference_by_its_name_is_taken_beside_the_id_of_a_transaction(load):
    lines = (f"549107963{n},RF-402{n},2024-03-0{n},{n}.50" for n in range(1, 6))
    found = load("\n".join(["transaction_id,reference_number,date,amount", *lines]) + "\n")

    assert found.references == [f"RF-402{n}" for n in range(1, 6)]


def test_what_tells_rows_apart_is_the_reference_where_nothing_else_is(load):
    found = load(
        "Date,Unique Id,Payee,Amount\n2024-06-03,2024060301,A,-94.12\n2024-06-06,2024060602,B,1900.43\n"
        "2024-06-08,2024060803,A,-1.00\n2024-06-19,20240619010,A,-3.60\n"
    )

    assert found.references == ["2024060301", "2024060602", "2024060803", "20240619010"]


def test_what_each_invoice_comes_to_is_no_reference(load):
    found = load(
        "Date,Invoice amount,Paid amount\n2024-06-03,20.50,20.00\n2024-06-06,30.25,30.25\n2024-06-08,7.50,0.00\n"
    )

    assert "reference" not in found.mapping
