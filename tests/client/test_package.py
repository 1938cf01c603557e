"""The client's package: what it needs is what it says, and everything is in it."""

import ast
import sys
import tomllib
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

CLIENT = Path(__file__).parents[2] / "client"
PROJECT = tomllib.loads((CLIENT / "pyproject.toml").read_text())
COME_WITH = {"socketio": "python-socketio", "engineio": "python-socketio"}


def imported() -> set[str]:
    """The packages outside that the client imports."""
    names: set[str] = set()
    for path in (CLIENT / "tallyroom_client").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names.add(str(node.module).split(".")[0])
    return {COME_WITH.get(name, name) for name in names - sys.stdlib_module_names}


def test_it_depends_on_what_it_imports() -> None:
    needed = {line.split("[")[0].split(">")[0] for line in PROJECT["project"]["dependencies"]}

    assert needed == imported()


def test_every_folder_is_in_the_package() -> None:
    folders = {path.parent for path in (CLIENT / "tallyroom_client").rglob("*.py")}

    assert {str(path.relative_to(CLIENT)).replace("/", ".") for path in folders} == set(
        PROJECT["tool"]["setuptools"]["packages"]
    )
