"""What the dashboard's own tools cannot check: its packages, and the reasons for its exceptions."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import pages_of

pytestmark = pytest.mark.acceptance

WEB = Path(__file__).resolve().parents[2] / "web"
SOURCES = ("src", "tests", "public")
# Each of these can be used alongside Apache-2.0. MPL-2.0 is for axe-core and lightningcss, which are used unchanged and
# not shipped; CC-BY-4.0 is for a table of browsers that one of ESLint's plugins reads; Python-2.0 is for argparse, with
# which openapi-typescript reads its options.
LICENSES = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BlueOak-1.0.0",
    "CC-BY-4.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "Python-2.0",
    "(MIT OR CC0-1.0)",
    "Unlicense",
}
# MIT, declared in a form that npm no longer reads.
WITHOUT_LICENSE = {"node_modules/base64-arraybuffer", "node_modules/xmlhttprequest-ssl", "node_modules/reserved"}
EXACT = re.compile(r"(?:npm:[\w.@/-]+@)?\d+\.\d+\.\d+")  # also under another name
EXCEPTION = re.compile(r"eslint-disable|@ts-(?:ignore|expect-error|nocheck)|prettier-ignore")
REASONED = re.compile(r"(?:eslint-disable(?:-next-line|-line)? [\w@/, -]+? -- \S|@ts-expect-error:? \S)")


def sources() -> list[Path]:
    found = [path for top in SOURCES for path in (WEB / top).rglob("*") if path.suffix in {".ts", ".tsx", ".js"}]
    return sorted(found) + sorted(path for path in WEB.glob("*.[jt]s"))


def packages() -> dict[str, dict[str, object]]:
    found = json.loads((WEB / "package-lock.json").read_text())["packages"]
    return {name: package for name, package in found.items() if name}


def test_every_exception_from_a_check_carries_its_reason() -> None:
    lines = [
        f"{path.relative_to(WEB)}:{number}: {line.strip()}"
        for path in sources()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if EXCEPTION.search(line) and not REASONED.search(line)
    ]

    assert lines == []


def test_every_page_of_a_project_is_opened_in_a_browser() -> None:
    lists = re.findall(r'path: "(\w+)"', (WEB / "src" / "router.tsx").read_text())

    assert "jobs" in lists
    assert {f"/projects/p/{name}" for name in lists} - set(pages_of("/projects/p", "s")) == set()


def test_versions_are_pinned_exactly() -> None:
    package = json.loads((WEB / "package.json").read_text())
    wanted = package["dependencies"] | package["devDependencies"]

    assert [name for name, version in wanted.items() if not EXACT.fullmatch(version)] == []


def test_the_lock_file_names_hashes_and_no_registry() -> None:
    assert [name for name, package in packages().items() if "resolved" in package] == []
    assert [name for name, package in packages().items() if "integrity" not in package] == []


def test_every_package_has_a_license_compatible_with_ours() -> None:
    others = {name for name, package in packages().items() if package.get("license") not in LICENSES}

    assert others == WITHOUT_LICENSE


@pytest.mark.skipif(
    shutil.which("node") is None or not (WEB / "node_modules/eslint").is_dir(),
    reason="no Node.js, or the dashboard's packages are not installed (`make test` installs them where Node.js is)",
)
def test_pages_are_checked_for_types_hooks_and_accessibility() -> None:
    done = subprocess.run(
        ["node", "node_modules/eslint/bin/eslint.js", "--print-config", "src/main.tsx"],
        cwd=WEB,
        capture_output=True,
        text=True,
        check=True,
        timeout=100,
    )
    rules = json.loads(done.stdout)["rules"]

    needed = ["react-hooks/exhaustive-deps", "jsx-a11y/label-has-associated-control", "no-fallthrough"]
    needed += [
        f"@typescript-eslint/{name}"
        for name in ("no-floating-promises", "no-explicit-any", "switch-exhaustiveness-check")
    ]
    assert [name for name in needed if name not in rules or rules[name][0] == 0] == []


def loaded_by(page: str) -> set[str]:
    """The names of all files that a built page loads, at once or later."""
    dist, found = WEB / "dist", set()
    waiting = re.findall(r"assets/[\w.-]+", (dist / page).read_text())
    while waiting:
        name = waiting.pop()
        if name not in found and (dist / name).is_file():
            found.add(name)
            text = (dist / name).read_text()
            waiting += re.findall(r"assets/[\w.-]+", text) + [
                f"assets/{one}" for one in re.findall(r"[\w-]+\.js", text)
            ]
    return found


@pytest.mark.skipif(
    not (WEB / "dist/docs/index.html").is_file(),
    reason="the dashboard is not built (`make web` builds it where Node.js is)",
)
def test_only_the_reference_loads_swagger_ui() -> None:
    dashboard, reference = loaded_by("index.html"), loaded_by("docs/index.html")

    assert [name for name in reference if "swagger" in name]
    assert [name for name in dashboard if "swagger" in name or "reference" in name] == []
    assert len(dashboard) > 10
