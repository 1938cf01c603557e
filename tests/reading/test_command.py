"""`tallyroom read` and `python -m matching read`: one JSON object about a file, whatever the file is."""

import io
import json
import sys

import pytest
from typer.testing import CliRunner

from matching.__main__ import main
from server.__main__ import cli

KEYS = [
    "format",
    "encoding",
    "delimiter",
    "sheet",
    "header_line",
    "columns",
    "mapping",
    "questions",
    "notes",
    "rows",
    "left_out",
    "rejects",
    "problem",
]
BODY = "Datum;Betrag;Währung;Beleg\n05.01.2024;1.234,50;EUR;R1\n16.01.2024;-2,00;EUR;R2\n28.01.2024;-3,00;EUR;R3;x\n"
ROWS = [
    {"row": 0, "amount": "1234.5", "currency": "EUR", "date": "2024-01-05", "reference": "R1"},
    {"row": 1, "amount": "-2", "currency": "EUR", "date": "2024-01-16", "reference": "R2"},
]


def by_module(arguments, capsys):
    try:
        code = main(["read", *arguments])
    except SystemExit as end:
        code = end.code
    said = capsys.readouterr()
    return code, said.out, said.err


def by_tallyroom(arguments, _):
    done = CliRunner().invoke(cli, ["read", *arguments])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(params=[by_module, by_tallyroom], ids=["python -m matching", "tallyroom"])
def read(request, capsys):
    return lambda *arguments: request.param([str(argument) for argument in arguments], capsys)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "bank.csv"
    path.write_text(BODY)
    return path


def test_a_file_is_shown_as_one_object(read, file):
    code, out, err = read(file)
    shown = json.loads(out)

    assert (code, err, [*shown]) == (0, "", KEYS)
    assert (shown["format"], shown["encoding"], shown["delimiter"], shown["header_line"]) == ("csv", "utf-8", ";", 1)
    assert (shown["rows"], shown["questions"], shown["problem"]) == (ROWS, [], None)
    assert [reject["line"] for reject in shown["rejects"]] == [4]
    assert [column["role"] for column in shown["columns"]] == ["booked", "amount", "currency", "reference"]


def test_only_as_many_rows_are_shown_as_asked_for(read, file):
    code, out, _ = read("--rows", 1, file)

    assert (code, json.loads(out)["rows"]) == (0, ROWS[:1])


@pytest.mark.parametrize("body", [b"%PDF-1.7", b"", None], ids=["pdf", "empty", "missing"])
def test_a_refused_file_has_all_keys_too(read, tmp_path, body):
    path = tmp_path / "a.csv"
    if body is not None:
        path.write_bytes(body)

    code, out, _ = read(path)
    shown = json.loads(out)

    assert (code, [*shown]) == (1, KEYS)
    assert shown["problem"]["code"] == "file_rejected"
    assert all(shown[key] is None for key in KEYS[:5])
    assert not any(shown[key] for key in KEYS[5:-1])


@pytest.mark.parametrize("form", ["json", "file", "@file"])
def test_a_mapping_is_json_or_the_name_of_a_file(read, file, tmp_path, form):
    mapping = json.dumps({"currency": {"value": "USD"}, "reference": None})
    (tmp_path / "mapping.json").write_text(mapping)
    given = {"json": mapping, "file": tmp_path / "mapping.json", "@file": f"@{tmp_path / 'mapping.json'}"}[form]

    code, out, _ = read(file, "--mapping", given)

    assert code == 0
    assert [(row["currency"], row["reference"]) for row in json.loads(out)["rows"]] == [("USD", None)] * 2


def test_a_mapping_of_other_columns_is_refused_with_the_names(read, file):
    code, out, _ = read(file, "--mapping", json.dumps({"amount": {"column": "Summe"}}))
    shown = json.loads(out)

    assert (code, shown["problem"]["code"], shown["rows"]) == (1, "invalid_field", [])
    assert "Summe" in shown["problem"]["detail"]
    assert [column["name"] for column in shown["columns"]] == ["Datum", "Betrag", "Währung", "Beleg"]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [('{"amounts": 1}', "amounts"), ("{", "JSON"), ("nowhere.json", "nowhere.json: No such file")],
    ids=["unknown field", "no JSON", "no file"],
)
def test_a_mapping_that_is_none_ends_the_command(read, file, mapping, said):
    code, out, err = read(file, "--mapping", mapping)

    assert (code, out) == (2, "")
    assert said in err.splitlines()[-1]


def test_a_terminal_without_all_letters_gets_json(file, monkeypatch):
    sink = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(sink, encoding="ascii", write_through=True))

    assert main(["read", str(file)]) == 0
    assert json.loads(sink.getvalue())["columns"][2]["name"] == "Währung"
