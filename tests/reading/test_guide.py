"""The guide to files: its examples are run as they are printed, and it names whatever can be seen."""

import json
import re
from pathlib import Path

import pytest

from matching.reading import command
from matching.reading.formats import FORMATS
from matching.reading.look import FIELDS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text("utf-8")
BLOCK = r"```{}\n(.*?)```\n\s*"
EXAMPLE = re.compile(BLOCK.format("(csv|jsonl)") + BLOCK.format("json") + BLOCK.format("text"), re.DOTALL)
HEADING = re.compile(r"^### (?:`(\w+)`)?", re.MULTILINE)


def examples():
    for found in EXAMPLE.finditer(PAGE):
        kind = [heading[1] for heading in HEADING.finditer(PAGE, 0, found.start())][-1]
        yield pytest.param(kind, *found.groups(), id=f"{kind or 'table'} at {found.start()}")


@pytest.fixture
def read(tmp_path, capsys):
    def run(name, body, *arguments):
        (tmp_path / name).write_text(body, "utf-8")
        assert command.main([str(tmp_path / name), *arguments]) == 0
        return json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize(("kind", "form", "body", "mapping", "rows"), list(examples()))
def test_an_example_asks_and_its_mapping_answers(read, kind, form, body, mapping, rows):
    asked = read(f"a.{form}", body)
    answered = read(f"a.{form}", body, "--mapping", mapping)

    assert [question["kind"] for question in asked["questions"]] == ([kind] if kind else [])
    assert answered["questions"] == []
    shown = [f"{row['date']} | {row['amount']} | {row['currency']}" for row in answered["rows"]]
    assert shown == rows.splitlines()


def test_every_kind_of_question_and_every_key_is_explained():
    names = {*FIELDS, *command.NOTHING} - {"header"}  # which header is meant is not asked yet, only answered

    assert {name for name in names if f"`{name}`" not in PAGE} == set()


def test_every_format_is_listed():
    assert {format.title for format in FORMATS.values()} <= set(re.findall(r"^\| ([^|]+) \|", PAGE, re.MULTILINE))
