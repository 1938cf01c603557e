"""
The container's files: what may enter the image, and the form of compose.yaml. `make image-check` runs the container.
"""

import asyncio
import fnmatch
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("client/tallyroom_client", "core", "models", "migrations", "matching", "realtime", "server")


def is_in_context(path: str) -> bool:
    """
    Whether .dockerignore lets a path into the build. The last pattern that matches the path or a folder above it
    decides.

    `*` does not match a slash, as in a glob within one folder.
    """
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    is_in = True
    for line in (line.strip() for line in lines):
        if not line or line.startswith("#"):
            continue
        parts = line.removeprefix("!").split("/")
        above = path.split("/")[: len(parts)]
        if len(above) == len(parts) and all(fnmatch.fnmatchcase(a, p) for a, p in zip(above, parts, strict=True)):
            is_in = line.startswith("!")
    return is_in


def tracked(*folders: str) -> list[str]:
    """The files below folders that git tracks, and new Python files that it will track."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")

    def listed(*options: str) -> set[str]:
        command = [git, "-C", str(ROOT), "ls-files", "-z", *options, "--", *folders]
        done = subprocess.run(command, capture_output=True, check=True)
        return {name for name in done.stdout.decode().split("\0") if (ROOT / name).is_file()}

    new = {name for name in listed("--others", "--exclude-standard") if name.endswith(".py")}
    return sorted(listed() | new)


def instructions(name: str) -> list[str]:
    """The arguments of all instructions of one kind in the Dockerfile, with continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (ROOT / "Dockerfile").read_text())
    return [line.split(None, 1)[1] for line in text.splitlines() if line.startswith(f"{name} ")]


@pytest.mark.acceptance
def test_every_tracked_file_of_the_program_is_in_the_build_context() -> None:
    kept_out = [path for path in tracked(*PACKAGES) if not is_in_context(path)]

    assert kept_out == [], "these need a line in .dockerignore"


@pytest.mark.acceptance
def test_every_tracked_file_of_the_dashboard_is_in_the_build_context() -> None:
    build = (
        "web/src",
        "web/public",
        "web/docs",
        "web/index.html",
        "web/package.json",
        "web/package-lock.json",
        "web/.npmrc",
    )
    kept_out = [path for path in tracked(*build, "web/vite.config.ts", "web/tsconfig.json") if not is_in_context(path)]

    assert kept_out == [], "these need a line in .dockerignore"


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        ".git/config",
        ".venv/bin/python",
        "secrets/vault_kek",
        "var/kek",
        "var/postgres/PG_VERSION",
        "docs/openapi.json",
        "tests/conftest.py",
        "core/__pycache__/settings.cpython-313.pyc",
        "core/core",
        "server/key.pem",
        "server/vault/kek",
        "server/vault/.env",
        "server/vault/actions/notes.txt",
        "web/node_modules/react/index.js",
        "web/dist/index.html",
        "web/.env.local",
        "web/public/.env",
    ],
)
def test_other_files_of_a_working_copy_are_not_in_the_build_context(path: str) -> None:
    assert not is_in_context(path)


def test_only_named_paths_are_copied() -> None:
    sources = [word for line in instructions("COPY") if "--from=" not in line for word in line.split()[:-1]]

    assert sources
    assert not [source for source in sources if source in (".", "./") or "*" in source]
    assert [source for source in sources if source not in PACKAGES and not (ROOT / source).exists()] == []
    assert set(PACKAGES) <= set(sources)


def test_the_image_runs_as_a_numbered_user_and_without_a_shell() -> None:
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", instructions("USER")[-1])
    assert instructions("ENTRYPOINT")[-1].startswith("[")
    assert " CMD [" in instructions("HEALTHCHECK")[-1]


@pytest.mark.acceptance
def test_compose_yaml_is_a_valid_compose_file() -> None:
    program = Path(sys.executable).with_name("check-jsonschema")
    command = [str(program), "--builtin-schema", "vendor.compose-spec", str(ROOT / "compose.yaml")]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_compose_gives_every_secret_by_file_and_publishes_no_database() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    services = compose["services"]

    for service in services.values():
        for name, value in service.get("environment", {}).items():
            is_secret = any(word in name for word in ("PASSWORD", "KEK", "URL_FILE", "SECRET", "TOKEN"))
            assert not is_secret or name.endswith("_ACTIVE") or str(value).startswith("/run/secrets/"), name
        assert set(service.get("secrets", ())) <= set(compose["secrets"])
    assert services["database"]["healthcheck"]  # that of the app is in the image
    assert services["worker"]["healthcheck"]
    assert "ports" not in services["database"]
    assert "ports" not in services["worker"]
    assert "ports" not in services["bus"]
    assert services["bus"]["profiles"] == ["bus"]  # only for who asks for it
    assert all(port.startswith("127.0.0.1:") for port in services["app"]["ports"])
    assert services["app"]["read_only"]
    assert services["worker"]["read_only"]


async def probe(*arguments: str, port: int) -> tuple[int, str]:
    """Exit status and output of the health check."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server.health.probe", *arguments),
        cwd=ROOT,
        env={"TALLYROOM_PORT": str(port), "http_proxy": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_the_health_check_distinguishes_a_ready_server_from_a_silent_one(
    server: TestServer, unused_tcp_port: int
) -> None:
    assert server.port is not None

    status, output = await probe(port=server.port)
    silent, said = await probe(port=unused_tcp_port)

    assert (status, '"ready"' in output) == (0, True)
    assert (silent, said.count("\n")) == (1, 1)


async def test_the_health_check_of_a_worker_fails_without_a_heartbeat(server: TestServer, http: ClientSession) -> None:
    assert server.port is not None
    async with http.get("/health") as response:
        checks = (await response.json())["checks"]

    database, _ = await probe(f"127.0.0.1:{server.port}", "database", port=1)
    engine, _ = await probe(f"127.0.0.1:{server.port}", "engine", port=1)
    unknown, _ = await probe(f"127.0.0.1:{server.port}", "nothing", port=1)

    assert checks["engine"]["status"] == "degraded"
    assert (database, engine, unknown) == (0, 1, 1)
