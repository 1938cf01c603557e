"""JSON Lines: numbers keep their digits, nothing is lost, nothing is overwritten."""

import pytest

from matching.reading.values import FileRejected


def test_values_keep_their_digits(load):
    found = load('{"id":1,"n":{"a":0.10,"b":[1,2.50]},"t":"x"}\n\n{"id":12345678901234567890123,"t":""}\n{"id":1e5}\n')

    assert found.data == [
        {"id": "1", "n": '{"a": 0.10, "b": [1, 2.50]}', "t": "x"},
        {"id": "12345678901234567890123", "n": None, "t": ""},
        {"id": "100000", "n": None, "t": None},
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


@pytest.mark.parametrize("text", ['[{"a":1},{"a":2}]\n', '{\n "a": [\n {"x":1},\n {"x":2}\n ]\n}\n', "[]"])
def test_one_json_document_is_refused(load, text):
    with pytest.raises(FileRejected, match="one object on each line"):
        load(text, "a.json")


@pytest.mark.parametrize("text", ["<!DOCTYPE html>\n<html>", "<?xml version='1.0'?>\n<a/>", "  <html>\n"])
def test_a_web_page_is_refused(load, text):
    with pytest.raises(FileRejected, match="web page"):
        load(text)
