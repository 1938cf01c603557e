"""
A complete installation for a benchmark, with its own folder, port and database, started by the product's own
supervisor.
"""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
import psutil

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "demo-tallyroom-password"


class Stack:
    """Runs `python -m server run` in a temporary folder, as a context manager."""

    def __init__(self, **settings: str) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="tallyroom-bench-")
        self.data_dir = Path(self.folder.name) / "var"
        self.port = free_port()
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Stack":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.folder.cleanup()

    def start(self) -> float:
        """Start the server. Returns: seconds until it is ready."""
        began = time.perf_counter()
        environment = {
            **os.environ,
            "TALLYROOM_PORT": str(self.port),
            "TALLYROOM_DATA_DIR": str(self.data_dir),
            "TALLYROOM_DEMO_ROWS": "100",
            "TALLYROOM_LOG_LEVEL": "warning",
            **{f"TALLYROOM_{name.upper()}": value for name, value in self.settings.items()},
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "server", "run"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if b"is ready" in line:
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return time.perf_counter() - began
        raise RuntimeError("the server did not start")

    def stop(self) -> float:
        """Stop the server. Returns: seconds until everything has ended."""
        assert self.process is not None
        began = time.perf_counter()
        self.process.terminate()
        self.process.wait(30)
        return time.perf_counter() - began

    def tree(self, word: str) -> list[psutil.Process]:
        """The processes of `serve` or `worker`, with their children."""
        assert self.process is not None
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
                if word in child.cmdline():
                    return [child, *child.children(recursive=True)]
        return []

    def socket_folder(self) -> Path:
        """The folder of the embedded database's Unix socket."""
        from server.store.embedded import socket_dir_of

        return socket_dir_of(self.data_dir)


class Memory:
    """
    Samples the memory of a process and its children every 50 ms, and gives the peak above what it was at the beginning.
    """

    def __init__(self, stack: Stack, word: str) -> None:
        self._stack, self._word = stack, word
        self._start = self._peak = self.of(stack, word)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    @staticmethod
    def of(stack: Stack, word: str) -> int:
        """Proportional set size in bytes, in which pages shared by processes are counted once."""
        total = 0
        for process in stack.tree(word):
            try:
                total += process.memory_full_info().pss
            except psutil.NoSuchProcess:
                continue
            except psutil.AccessDenied:  # not root, so shared pages are counted more than once
                total += process.memory_info().rss
        return total

    def _sample(self) -> None:
        while not self._done.wait(0.05):
            self._peak = max(self._peak, self.of(self._stack, self._word))

    def growth_mb(self) -> float:
        """End the sampling. Returns: peak growth in MB."""
        self._done.set()
        self._thread.join()
        return (self._peak - self._start) / 1e6


class Caller:
    """A signed-in REST client with its own project."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.session: aiohttp.ClientSession
        self.project = ""
        self._refresh_token = ""

    async def __aenter__(self) -> "Caller":
        self.session = aiohttp.ClientSession(self.stack.url, headers={"X-Client": "api"})
        await self.sign_in()
        self.project = (await self.post("/projects", {"name": "Bench"}))["id"]
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.session.close()

    async def sign_in(self) -> None:
        """Get a token, which lasts a quarter of an hour."""
        body = {"email": "manager@tallyroom.example", "password": PASSWORD}
        self._take(await self._json(self.session.post("/api/v1/auth/login", json=body)))

    async def refresh(self) -> str:
        """Get the next token of the same session. Returns: the token."""
        body = {"refresh_token": self._refresh_token}
        self._take(await self._json(self.session.post("/api/v1/auth/refresh", json=body)))
        return self.session.headers["Authorization"].removeprefix("Bearer ")

    def _take(self, granted: Any) -> None:
        self._refresh_token = granted["refresh_token"]
        self.session.headers["Authorization"] = f"Bearer {granted['access_token']}"

    async def get(self, path: str) -> Any:
        """The JSON response to a GET."""
        return await self._json(self.session.get(f"/api/v1{path}"))

    async def post(self, path: str, body: Any) -> Any:
        """The JSON response to a POST."""
        return await self._json(self.session.post(f"/api/v1{path}", json=body))

    async def upload(self, path: Path, name: str) -> Any:
        """Upload a file as a source of the project. Returns: the source, still loading."""
        form = aiohttp.FormData()
        form.add_field("name", name)
        form.add_field("file", path.open("rb"), filename=path.name)
        return await self._json(self.session.post(f"/api/v1/projects/{self.project}/sources", data=form))

    async def until_ready(self, source_id: str) -> Any:
        """Wait until a source is loaded."""
        while True:
            source = await self.get(f"/sources/{source_id}")
            if source["status"] != "loading":
                assert source["status"] == "ready", source
                return source
            await asyncio.sleep(0.02)

    async def _json(self, request: Any) -> Any:
        async with request as response:
            body = await response.json()
            if response.status >= 300:
                raise RuntimeError(f"{response.status}: {body}")
            return body


def compiled() -> dict[str, str]:
    """
    An environment for a whole process that is measured: its modules are compiled once, as an installation's are, even if
    this shell tells Python not to keep what it compiled. Compiling those of `matching read` takes 0.15 s.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
