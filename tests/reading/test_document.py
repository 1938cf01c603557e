"""One JSON document: a list of objects, or an object around one. What is damaged is refused with its line."""

import json

import pytest

from matching.reading.rows import MAX_RECORD_BYTES
from matching.reading.values import FileRejected

ROWS = '[{"id":"a","amount":{"value":"10.00"}},{"id":"b","amount":{"value":"12.50"}}]'


@pytest.mark.parametrize(
    "text",
    [
        ROWS,
        f'{{"data":{ROWS}}}',
        f'{{"meta":{{"n":2,"tags":[]}},"items":{ROWS},"links":{{"next":null}}}}',
        f'{{"account":{{"transactions":{{"booked":{ROWS},"pending":[]}}}}}}',
        json.dumps(json.loads(ROWS), indent=2),
        json.dumps({"data": json.loads(ROWS)}, indent=1) + "\r\n\r\n",
        f"  \n{ROWS}",
        '{"data":\n' + ROWS.replace(",{", ",\n{") + "\n}",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_list_of_objects_is_a_table(load, text, encoding):
    found = load(text.encode(encoding), "a.json")

    assert found.detection.format == "json"
    assert found.data == [{"id": "a", "amount.value": "10.00"}, {"id": "b", "amount.value": "12.50"}]
    assert found.rejects == []


def test_numbers_keep_their_digits_and_lists_stay_json(load):
    found = load('[{"n":0.10,"big":12345678901234567890123,"e":1e2,"l":[1.50,{"x":null}],"b":true,"z":null}]')

    assert found.data == [
        {"n": "0.10", "big": "12345678901234567890123", "e": "100", "l": '[1.50, {"x": null}]', "b": "true", "z": None}
    ]


def test_a_row_is_found_by_its_line(load):
    found = load('[\n{"a":1},\n\n{"a":2,"a":3},\n{"a":4}\n]')

    assert found.rejects == [(4, None, "duplicate_key")]
    assert (found.rows, found.reject_rows) == ([0, 2], [1])


def test_a_row_that_shares_its_line_is_found_by_its_number(load):
    found = load('[{"a":1},{"a":"\\u0000"},7,{"a":4}]')

    assert found.rejects == [(2, "a", "nul_character"), (3, None, "not_an_object")]
    assert "the objects are not on lines of their own, so their places are counted from 1" in found.notes


def test_one_object_on_one_line_is_a_row_unless_it_is_around_a_list(load):
    assert load('{"id":1,"tags":["x"],"parts":[1,{"a":1}]}').detection.format == "jsonl"
    assert load('{"id":1,"tags":["x"]}\n{"id":2,"items":[{"a":1}]}\n').detection.format == "jsonl"


def test_lists_beside_the_table_are_named(load):
    rows = ",".join(f'{{"id":{n}}}' for n in range(20))

    found = load(f'{{"data":[{rows}],"errors":[{{"x":1}}]}}')

    assert len(found.data) == 20
    assert "only the list data was read, not what is around it" in found.notes
    assert "the list errors was not read; its objects: 1" in found.notes


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[{"a.b": 1, "a": {"b": 2}}]', "line 1, a.b: the object has the same key twice"),
        ('{\n "id": 1,\n "amount": 2\n}', "without a list of objects"),
        ("[[1,2],[3,4]]", "without a list of objects"),
        ("[{},{}]", "without a list of objects"),
        ('{"booked":[{"a":1},{"a":2}],"pending":[{"a":3}]}', r"several lists of objects: booked \(2\), pending \(1\)"),
        ('[\n{"a":1},\n{"a":2\n', "line 3: the document ends within"),
        ('[\n{"a":1},\n{"a":2}\n', "line 4: the document ends here"),
        ('[\n{"a":1},\n{"a":oops},\n{"a":2}]', "line 3: this is not valid JSON"),
        ('[\n{"a":1},\n{"a":2}\n{"a":3}]', "line 4: one of , and ] should be there"),
        ('[\n{"a":1}\n]\n[\n{"a":2}]', "line 4: the document ends before"),
        ('{\n"data":[{"a":1}],\n"more"}', "line 3: a key and a colon"),
        ('[\n{"a":1},\n{"a":' + "[" * 100_000 + "]" * 100_000 + "}\n]", "line 3: a value is nested too deeply"),
        ('[\n{"a":1},\n{"a":"' + "x" * 4 * MAX_RECORD_BYTES + '"}\n]', "line 3: a value is longer than 1 MiB"),
        ("[" * 100_000, "nested too deeply|not valid JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line_and_what_to_do(load, text, says):
    with pytest.raises(FileRejected, match=says) as refused:
        load(text, "a.json")

    assert "one object on each line" in str(refused.value)


def test_an_object_that_is_too_long_is_a_reject(load):
    found = load(f'[\n{{"a":1}},\n{{"a":"{"x" * (MAX_RECORD_BYTES + 1)}"}},\n{{"a":2}}\n]')

    assert found.rejects == [(3, None, "row_too_long")]
    assert [row["a"] for row in found.data] == ["1", "2"]


@pytest.mark.integration
def test_a_value_at_the_border_of_two_pieces_is_read_whole(load):
    width = 499_979
    rows = [f'{{"id":{n},"amount":1234567.25,"text":"{"x" * width}"}}' for n in range(13)]

    found = load(f"[{','.join(rows)}]")

    assert found.amounts == ["1234567.25"] * 13


@pytest.mark.parametrize("text", ["[]", '{"data": []}', '{"data": {"items": []}}\n'])
def test_an_empty_list_is_refused_as_one(load, text):
    with pytest.raises(FileRejected, match="only an empty list, so there are no rows in it"):
        load(text, "a.json")


def test_one_record_with_an_empty_list_is_a_row(load):
    assert load('{"id": "x", "amount": "1.50", "tags": []}\n').data == [{"id": "x", "amount": "1.50", "tags": "[]"}]
