"""The tests of the engine mirror its modules: one file per module."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OTHERWISE = {"__main__": "command"}  # modules whose test files have another name


def test_each_module_of_the_engine_has_a_file_of_tests() -> None:
    modules = {path.stem for path in (ROOT / "matching").glob("*.py")} - {"__init__"}
    files = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "matching").glob("test_*.py")}

    assert {OTHERWISE.get(module, module) for module in modules} - files == set()
