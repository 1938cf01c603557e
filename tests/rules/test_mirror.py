"""The tests of the engine mirror it: a file for each module."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OTHERWISE = {"__main__": "command"}  # what a module without a name of its own is called


def test_each_module_of_the_engine_has_a_file_of_tests() -> None:
    modules = {path.stem for path in (ROOT / "matching").glob("*.py")} - {"__init__"}
    files = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "matching").glob("test_*.py")}

    assert {OTHERWISE.get(module, module) for module in modules} - files == set()
