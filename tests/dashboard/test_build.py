"""
What `make web` and `make check` do to a dashboard: packages are installed once, and it is built again after a source
has changed.
"""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = [pytest.mark.acceptance, pytest.mark.long]

PROGRAM = Path(__file__).parents[2] / "server" / "build_web.py"
NODE_IS_MISSING = "tallyroom: Node is missing, "
INSTALLING = "tallyroom: installing the dashboard's packages (once)"
BUILDING = "tallyroom: building the dashboard (once)"

needs_node = pytest.mark.skipif(shutil.which("npm") is None, reason="no Node.js")
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A dashboard with one page. Its packages are local, so that no registry is contacted."""
    folder = tmp_path / "web"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "page.html").write_text("<p>first</p>")
    package = {
        "name": "dashboard",
        "version": "1.0.0",
        "scripts": {
            "build": "mkdir -p dist && cp src/page.html dist/index.html",
            "check": "! grep fault src/page.html",
        },
        "dependencies": {"builder": pack(folder, "builder")},
        "devDependencies": {"checker": pack(folder, "checker")},
    }
    (folder / "package.json").write_text(json.dumps(package))
    if shutil.which("npm"):
        lock(folder)
    return folder


def pack(folder: Path, name: str) -> str:
    """Packs a package as a registry serves it. Returns: its address for package.json."""
    body = json.dumps({"name": name, "version": "1.0.0"}).encode()
    with tarfile.open(folder / f"{name}.tgz", "w:gz") as file:
        entry = tarfile.TarInfo("package/package.json")
        entry.size = len(body)
        file.addfile(entry, io.BytesIO(body))
    return f"file:{name}.tgz"


def lock(folder: Path) -> None:
    subprocess.run(["npm", "install", "--package-lock-only", "--offline"], cwd=folder, check=True, capture_output=True)


def said(done: "subprocess.CompletedProcess[str]") -> list[str]:
    """Only our own lines; npm prints the number of packages between them."""
    return [line for line in done.stdout.splitlines() if line.startswith("tallyroom: ")]


@pytest.fixture
def run(web: Path, tmp_path: Path) -> Run:
    def run_program(verb: str, **environ: str) -> "subprocess.CompletedProcess[str]":
        stamp = [tmp_path / "stamps" / "web"] if verb == "build" else []
        return subprocess.run(
            [sys.executable, "-I", PROGRAM, verb, web, *stamp],
            capture_output=True,
            text=True,
            timeout=100,
            env=os.environ | {"npm_config_cache": str(tmp_path / "cache")} | environ,
        )

    return run_program


@pytest.mark.parametrize("verb", ["build", "install", "check", "format"])
def test_without_node_one_line_says_so_and_nothing_fails(run, tmp_path, verb):
    done = run(verb, PATH=str(tmp_path / "nothing"))

    assert done.returncode == 0
    assert done.stdout.startswith(NODE_IS_MISSING)
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""


@needs_node
def test_it_is_built_once_and_again_after_a_source_has_changed(run, web):
    first, second = said(run("build")), said(run("build"))
    (web / "src" / "page.html").write_text("<p>second</p>")
    third = said(run("build"))

    assert (first, second, third) == ([INSTALLING, BUILDING], [], [BUILDING])
    assert (web / "dist" / "index.html").read_text() == "<p>second</p>"


@needs_node
def test_a_build_installs_only_what_it_needs_and_a_check_installs_everything_once(run, web):
    run("build")
    assert [path.name for path in (web / "node_modules").glob("[!.]*")] == ["builder"]

    first, second = said(run("check")), said(run("check"))
    assert (first, second) == ([INSTALLING], [])
    assert sorted(path.name for path in (web / "node_modules").glob("[!.]*")) == ["builder", "checker"]

    (web / "src" / "page.html").write_text("<p>second</p>")
    assert said(run("build")) == [BUILDING]
    assert said(run("install")) == []


@needs_node
def test_other_versions_in_the_lock_file_are_installed(run, web):
    run("install")
    package = json.loads((web / "package.json").read_text())
    package["devDependencies"]["another"] = pack(web, "another")
    (web / "package.json").write_text(json.dumps(package))
    lock(web)

    assert said(run("install")) == [INSTALLING]
    assert (web / "node_modules" / "another" / "package.json").is_file()


@needs_node
def test_removed_packages_are_installed_again(run, web):
    run("install")
    shutil.rmtree(web / "node_modules")

    assert said(run("install")) == [INSTALLING]


@needs_node
def test_the_check_fails_when_it_finds_a_fault(run, web):
    (web / "src" / "page.html").write_text("<p>fault</p>")

    done = run("check")

    assert done.returncode == 1
    assert "fault" in done.stdout


@needs_node
def test_packages_that_cannot_be_installed_fail_the_check_but_not_the_server(run, web):
    (web / "checker.tgz").unlink()
    (web / "builder.tgz").unlink()

    check, build = run("check"), run("build")

    assert (check.returncode, build.returncode) == (1, 0)
    assert "could not be installed" in check.stderr
    assert "the API is served without it" in build.stderr
