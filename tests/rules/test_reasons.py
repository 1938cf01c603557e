"""Exceptions have a reason next to them: a rule that is switched off, a function with many parameters."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("client", "core", "models", "realtime", "server", "matching", "migrations", "bench", "tests")
WRITTEN_BY_AERICH = ROOT / "migrations" / "models"
SWITCH = re.compile(r"#\s*(?:type:\s*ignore|noqa)")
# An ignored type is followed by a second comment, and a switched-off rule by a dash and the reason.
REASONED = re.compile(r"#\s*(?:type:\s*ignore\[[\w, -]+\]\s*#\s*\w|noqa:\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*\s+-\s+\w)")
MOST_PARAMETERS = 6
PARTED = ("matching", "realtime", "models", "core")  # folders without exceptions


def files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted((ROOT / folder).rglob("*.py")) if WRITTEN_BY_AERICH not in path.parents)


def without_reason(text: str) -> list[int]:
    """Lines that switch off a rule and do not say why."""
    if not SWITCH.search(text):  # most files, in which no comment can be one either
        return []
    comments = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == tokenize.COMMENT]
    return [t.start[0] for t in comments if SWITCH.match(t.string) and not REASONED.match(t.string)]


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    given = function.args
    names = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


@pytest.mark.integration
def test_a_rule_that_is_switched_off_says_why() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}" for path in files(*FOLDERS) for line in without_reason(path.read_text())
    ]

    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # type: ignore",
        "x = 1  # type: ignore[arg-type]",
        "x = 1  # noqa",
        "x = 1  # noqa: S105",
        "x = 1  # noqa: S105 the name of a scheme",
        'x = "a"  # type: ignore[arg-type]  #',
    ],
)
def test_a_switch_without_a_reason_is_found(line: str) -> None:
    assert without_reason(line) == [1]


@pytest.mark.parametrize(
    "line", ["x = 1  # type: ignore[arg-type]  # one of two words", "x = 1  # noqa: S105, S106 - no"]
)
def test_a_switch_with_a_reason_is_not(line: str) -> None:
    assert without_reason(line) == []


@pytest.mark.integration
def test_values_that_travel_together_are_one_value() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in files(*PARTED)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and parameters(node) > MOST_PARAMETERS
    ]

    assert found == []
