"""
Every file of the exports that people really have, judged by its right answers.

The files are not part of the project. They lie in a folder beside it, or where TALLYROOM_TEST_EXPORTS says, with the
program that judges them.
"""

import importlib.machinery
import importlib.util
import json
import os
from pathlib import Path

import pytest

from matching.reading import command

pytestmark = pytest.mark.integration  # the whole reader on many files

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("TALLYROOM_TEST_EXPORTS", ROOT.parent / "shared"))
EXPORTS = SHARED / "data" / "exports"
LEAST_SHARE = 0.97  # of the files must be read rightly
# Files that are read wrongly, with the reason. Each is expected to fail, so that one that is read rightly is noticed.
KNOWN: dict[str, str] = {}

found = EXPORTS / "expected.json"
EXPECTED = json.loads(found.read_text("utf-8")) if found.is_file() else {}


def judge_of():
    loader = importlib.machinery.SourceFileLoader("judge_exports", str(SHARED / "tools" / "judge-exports"))
    spec = importlib.util.spec_from_loader("judge_exports", loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module.judge


@pytest.fixture(scope="module")
def judge():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.dont_write_bytecode", True)  # the folder is not ours
        return judge_of()


@pytest.mark.skipif(not EXPECTED, reason=f"there is no folder with exports at {EXPORTS.parent.name}/{EXPORTS.name}")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail(reason=KNOWN[name], strict=True) if name in KNOWN else ())
        for name in sorted(EXPECTED) or ["none"]
    ],
)
def test_an_export_is_read_rightly(name, judge, capsys):
    code = command.main([str(EXPORTS / name)])

    is_right, is_silently_wrong, reason = judge(json.loads(capsys.readouterr().out), code, EXPECTED[name]["accept"])

    assert not is_silently_wrong, reason
    assert is_right, reason


@pytest.mark.skipif(not EXPECTED, reason=f"there is no folder with exports at {EXPORTS.parent.name}/{EXPORTS.name}")
def test_few_exports_are_known_to_be_read_wrongly():
    assert KNOWN.keys() <= EXPECTED.keys()
    assert len(KNOWN) <= (1 - LEAST_SHARE) * len(EXPECTED)
