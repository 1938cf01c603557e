"""JSON Lines: numbers keep their digits, nothing is lost, nothing is overwritten."""

import pytest

from matching.reading.values import FileRejected


def test_values_keep_their_digits(load):
    found = load('{"id":1,"n":{"a":0.10,"b":[1,2.50]},"t":"x"}\n\n{"id":12345678901234567890123,"t":""}\n{"id":1e5}\n')

    assert found.data == [
        {"id": "1", "n.a": "0.10", "n.b": "[1, 2.50]", "t": "x"},
        {"id": "12345678901234567890123", "n.a": None, "n.b": None, "t": ""},
        {"id": "100000", "n.a": None, "n.b": None, "t": None},
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('{"a":1,"a":2}', "duplicate_key"),
        ('{"a":{"b":1,"b":2}}', "duplicate_key"),
        ('{"a":"\\ud800"}', "encoding"),
        ('{"a":"\\u0000"}', "nul_character"),
        ('{"":1}', "column_name"),
        ("[1]", "not_an_object"),
        ("{", "invalid_json"),
        ('{"a":' + "[" * 5000 + "]" * 5000 + "}", "invalid_json"),
    ],
)
def test_a_line_that_cannot_be_stored_is_a_reject(load, line, code):
    found = load('{"a":"x"}\n' * 3 + line + '\n{"a":"y"}\n')

    assert [(number, reason) for number, _, reason in found.rejects] == [(4, code)]
    assert [row["a"] for row in found.data] == ["x", "x", "x", "y"]


def test_numbers_with_an_exponent_are_amounts(load):
    numbers = ["1e2", "1.5E+1", "-2.50e-1", "0e0", "1e-400", "1e99999999999999999999"]

    found = load("".join(f'{{"id":"a","amount":{text}}}\n' for text in numbers + ["3.25"] * 60))

    assert found.amounts[:4] == ["100", "15", "-0.25", "0"]
    assert [(line, code) for line, _, code in found.rejects] == [(5, "amount_unparsable"), (6, "amount_unparsable")]


def test_keys_may_differ_only_in_case(load):
    assert load('{"a":"1","A":"2"}\n').data == [{"a": "1", "A": "2"}]


@pytest.mark.parametrize("text", ["<!DOCTYPE html>\n<html>", "<?xml version='1.0'?>\n<a/>", "  <html>\n"])
def test_a_web_page_is_refused(load, text):
    with pytest.raises(FileRejected, match="web page"):
        load(text)


def test_an_amount_may_be_an_object_of_value_and_currency(load):
    found = load(
        '{"id":"a","amount":{"value":"10.00","currency":"EUR"},"fee":null,"tags":["x"]}\n'
        '{"id":"b","amount":{"value":"-2.50","currency":"USD"},"fee":{"value":0.30},"tags":[]}\n'
        '{"id":"c","amount":null,"fee":{},"tags":null}\n'
    )

    assert found.data == [
        {"id": "a", "amount.value": "10.00", "amount.currency": "EUR", "tags": '["x"]', "fee.value": None},
        {"id": "b", "amount.value": "-2.50", "amount.currency": "USD", "tags": "[]", "fee.value": "0.30"},
        {"id": "c", "amount.value": None, "amount.currency": None, "tags": None, "fee.value": None},
    ]


@pytest.mark.integration
def test_objects_with_keys_of_their_own_in_each_row_stay_json(load):
    lines = [f'{{"id":{n},"by_id":{{"k{n}":1.50}}}}\n' for n in range(2_001)]

    found = load("".join(lines))

    assert found.data[7] == {"id": "7", "by_id": '{"k7": 1.50}'}
    assert len(found.data) == 2_001


def test_a_key_and_a_key_in_an_object_with_the_same_name_are_never_mixed(load):
    found = load('{"a":{"b":1}}\n{"a":{"b":2},"a.b":3}\n{"a.b":4}\n')

    assert [row["a.b"] for row in found.data] == ["1", "4"]
    assert found.rejects == [(2, "a.b", "duplicate_key")]


@pytest.mark.parametrize("key", ["", "k" * 260, "\\u0000"])
def test_an_object_whose_keys_cannot_be_names_stays_json(load, key):
    found = load(f'{{"id":1,"o":{{"{key}":5}}}}\n{{"id":2,"o":{{"x":6}}}}\n')

    assert found.data[0]["o"] == f'{{"{key}": 5}}'
    assert found.data[1]["o.x"] == "6"


def test_the_mapping_of_an_older_source_still_holds(load):
    body = '{"ref":"a","amount":"1,50","more":{"x":1}}\n{"ref":"b","amount":"2,50","more":{"x":2}}\n'

    found = load(body, mapping={"amount": {"column": "amount", "decimal": ","}, "reference": {"column": "ref"}})

    assert (found.amounts, found.references) == (["1.5", "2.5"], ["a", "b"])


@pytest.mark.parametrize(("amounts", "is_asked"), [((99, 1250, 333, 478), True), ((95, 1250, 330, 480), False)])
def test_uneven_whole_numbers_beside_a_currency_may_be_cents_though_some_are_small(load, amounts, is_asked):
    lines = (f'{{"id": "p{n}", "created": "2024-01-{n}", "amount": {n}, "currency": "EUR"}}' for n in amounts)
    days = [
        line.replace(f"2024-01-{n}", f"2024-01-{day}")
        for day, (line, n) in enumerate(zip(lines, amounts, strict=True), 11)
    ]
    found = load("\n".join(days) + "\n", "a.jsonl")

    assert ("minor_units" in {kind for _, kind in found.questions}) is is_asked


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            '{"amount.value": "1.00", "amount": {"value": "5.50"}}',
            "line 1, amount.value: the object has the same key twice",
        ),
        ('{"a": 1, "a": 2}', "line 1: the object has the same key twice"),
        ("{}", "no line of the file has a JSON object with a key"),
    ],
)
def test_a_file_of_which_no_line_can_be_read_says_why(load, line, says):
    with pytest.raises(FileRejected, match=says):
        load(f"{line}\n" * 3, "a.jsonl")
