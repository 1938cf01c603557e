"""What the tour needs: a demo of its own, and a browser."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
SIZE = (1280, 900)
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
STOP_S = 15.0


@contextlib.contextmanager
def demo(rows: int) -> Iterator[str]:
    """A demo in a folder of its own, as `make run` starts it. Yields: its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="tallyroom-tour-") as folder:
        own = {"PORT": str(port), "DATA_DIR": f"{folder}/var", "DEMO_ROWS": str(rows), "LOG_LEVEL": "warning"}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TALLYROOM_")}
        environment |= {f"TALLYROOM_{name}": value for name, value in own.items()}
        output = Path(folder) / "output"
        with output.open("wb") as sink:
            server = subprocess.Popen(
                [sys.executable, "-m", "server", "run"], cwd=ROOT, env=environment, stdout=sink, stderr=sink
            )
        try:
            _until_ready(server, output)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(STOP_S)


def _until_ready(server: subprocess.Popen[bytes], output: Path) -> None:
    for _ in range(600):
        if "stop with Ctrl-C" in output.read_text(encoding="utf-8", errors="replace"):
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.1)
            break
    raise SystemExit(f"the demo did not start:\n{output.read_text(encoding='utf-8', errors='replace')}")


@contextlib.contextmanager
def browser(url: str) -> Iterator[Page]:
    """A page in a light browser. Without a Chromium on the path, Playwright's own is used."""
    on_path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    # Without the first one, letters have colored edges on some machines, and pictures more bytes.
    options = ["--disable-lcd-text", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=on_path, args=options)
        width, height = SIZE
        size: ViewportSize = {"width": width, "height": height}
        page = started.new_context(viewport=size, color_scheme="light", locale="en-GB").new_page()
        page.goto(url)
        yield page
        started.close()
