"""A real browser and the real processes: database, web, worker and demo, started as `make run` starts them."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiohttp import ClientError, ClientSession, FormData
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from core.demo import PASSWORD
from core.settings import Settings
from server.dashboard.files import DIST, INDEX
from server.store.embedded import embedded_url
from tests.auth.issuer import Issuer, start
from tests.conftest import until_left
from tests.e2e.room import learned, long_room, reviewer, room, still_room, two_sign  # noqa: F401 - fixtures of several modules

ROOT = Path(__file__).parents[2]
MANAGER = "manager@tallyroom.example"
ADMIN = "admin@tallyroom.example"
DEMO_ROWS = 3000  # with fewer, the evidence is other than docs/tour.md says
SUGGESTIONS = 120  # for tests that decide
MARK = "tallyroom-session"  # says to the dashboard that there may be a session (web/src/api/session.ts)
ENTERS = "test-enters"  # a cookie that sets the mark once, before the first page begins
READY_S = 60.0
STOP_S = 12.0
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# Browsers print violations too, but not all of them as errors.
LISTEN = f"""
document.addEventListener("securitypolicyviolation", (event) => {{
  console.error(`violation of ${{event.violatedDirective}}: ${{event.blockedURI}} ${{event.sourceFile}}:${{event.lineNumber}}`);
}});
if (location.protocol.startsWith("http") && document.cookie.includes("{ENTERS}=")) {{
  document.cookie = "{ENTERS}=; path=/; max-age=0";
  localStorage.setItem("{MARK}", "1");
}}
"""
expect.set_options(timeout=20_000)  # a busy machine is slow but not broken


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of this folder as e2e; where they cannot run, one line says why."""
    here = Path(__file__).parent
    mine = [item for item in items if here in item.path.parents]
    reason = _why_not() if mine else None
    for item in mine:
        item.add_marker(pytest.mark.acceptance)
        item.add_marker(pytest.mark.e2e)
        if reason:
            item.add_marker(pytest.mark.skip(reason=reason))


def _why_not() -> str | None:
    if not (DIST / INDEX).is_file():
        return "the dashboard is not built (web/dist is missing; `make web` builds it where Node.js is)"
    if _browser_on_path() is None and not _has_playwrights():
        return "no Chromium: neither on PATH nor Playwright's own"
    return None


def _browser_on_path() -> str | None:
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def _has_playwrights() -> bool:
    folder = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    return any(folder.glob("chromium*"))


class Installation:
    """A server with its own database, folder and port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts everything and returns when people can sign in. Only the first start makes the demo."""
        is_first = not self.folder.joinpath("var").exists()
        self.folder.mkdir(parents=True, exist_ok=True)
        output = self.folder / "output"
        environ = {name: value for name, value in os.environ.items() if not name.startswith("TALLYROOM_")}
        environ |= {
            "TALLYROOM_PORT": str(self.port),
            "TALLYROOM_DATA_DIR": str(self.folder / "var"),
            "TALLYROOM_DEMO_DATA": str(is_first).lower(),
            "TALLYROOM_DEMO_ROWS": str(DEMO_ROWS),
            "TALLYROOM_LOG_LEVEL": "warning",  # a line for each request takes a sixth of the time of a request
            "TALLYROOM_ARGON2_MEMORY_KIB": "19456",
            "TALLYROOM_ARGON2_TIME": "2",
            "TALLYROOM_MAX_SOCKETS_PER_USER": "50",
        }
        with output.open("wb") as sink:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "server", "run"],
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        for _ in range(int(READY_S / 0.1)):
            text = output.read_text(encoding="utf-8", errors="replace")
            if "stop with Ctrl-C" in text:
                return
            if self._process.poll() is not None:
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.1)
        self.stop()
        raise RuntimeError(f"the server did not start:\n{text[-2000:]}")

    async def need_not_last(self) -> None:
        """Stops PostgreSQL from waiting for the disk, which nothing here looks at."""
        connection = await asyncpg.connect(embedded_url(self.folder / "var"))
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            await connection.execute(f"ALTER SYSTEM SET {name} = off")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()

    def stop(self) -> None:
        """Stops everything, as Ctrl-C does."""
        if self._process is not None:
            _end(self._process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The server that the browser uses, for all tests of this folder."""
    found = Installation(tmp_path_factory.mktemp("installation"))
    until_left(Path(__file__).parent).callback(found.stop)
    found.start()
    asyncio.run(found.need_not_last())
    return found


class Rest:
    """A signed-in REST client, used alongside the browser."""

    def __init__(self, session: ClientSession, token: str) -> None:
        self._session = session
        self._token = token

    async def send(self, method: str, path: str, body: Any = None, version: int | None = None) -> Any:
        """The JSON of an answer that must be 2xx."""
        headers = {"Authorization": f"Bearer {self._token}"}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        extra = {} if body is None else {"json": body}
        async with self._session.request(method, f"/api/v1{path}", headers=headers, **extra) as response:
            text = await response.text()
            assert response.status < 300, f"{method} {path}: {response.status} {text}"
            return await response.json() if text else None

    async def upload(self, project: str, name: str, text: str) -> str:
        """Uploads a CSV and waits until it is loaded. Returns the source's id."""
        form = FormData()
        form.add_field("name", name)
        form.add_field("file", text.encode(), filename=f"{name}.csv", content_type="text/csv")
        headers = {"Authorization": f"Bearer {self._token}"}
        async with self._session.post(f"/api/v1/projects/{project}/sources", data=form, headers=headers) as response:
            assert response.status < 300, await response.text()
            source = str((await response.json())["id"])
        for _ in range(150):
            if (await self.send("GET", f"/sources/{source}"))["status"] == "ready":
                return source
            await asyncio.sleep(0.1)
        raise AssertionError("the source was not loaded")


@pytest.fixture(scope="session")
async def rest(installation: Installation) -> AsyncIterator[Callable[..., Awaitable[Rest]]]:
    """Signs in over REST."""
    async with ClientSession(base_url=installation.url) as session:

        async def sign_in(email: str = MANAGER, password: str = PASSWORD) -> Rest:
            async with session.post(
                "/api/v1/auth/login", json={"email": email, "password": password}, headers={"X-Client": "api"}
            ) as response:
                body = await response.json()
                assert response.status == 200, body
                return Rest(session, body["access_token"])

        yield sign_in


@pytest.fixture(scope="session")
async def manager(rest: Callable[..., Awaitable[Rest]]) -> Rest:
    """The demo's manager, over REST."""
    return await rest()


@pytest.fixture(scope="session")
async def demo(manager: Rest) -> dict[str, Any]:
    """
    The demo's project and its job, after the job has run.

    The demo leaves only a few suggestions, so some of what the job has confirmed is taken back for these tests.
    """
    for _ in range(600):
        projects = (await manager.send("GET", "/projects"))["items"]
        for project in projects:
            if not project["name"].startswith("Demo"):
                continue
            jobs = (await manager.send("GET", f"/projects/{project['id']}/jobs"))["items"]
            if jobs and jobs[0]["status"] == "completed":
                await _take_back(manager, jobs[0]["id"])
                return {"project": project["id"], "job": jobs[0]["id"]}
        await asyncio.sleep(0.1)
    raise AssertionError("the demo's job has not run")


async def _take_back(manager: Rest, job: str) -> None:
    page = await manager.send("GET", f"/jobs/{job}/matches?status=confirmed&limit={SUGGESTIONS}")
    body = {"action": "undo", "ids": [match["id"] for match in page["items"]], "expected_count": SUGGESTIONS}
    assert (await manager.send("POST", f"/jobs/{job}/review", body))["changed"] == SUGGESTIONS


@pytest.fixture
async def counts(manager: Rest, demo: dict[str, Any]) -> dict[str, int]:
    """The current counts of the demo's job; other tests decide on its matches too."""
    found: dict[str, int] = (await manager.send("GET", f"/jobs/{demo['job']}"))["counts"]
    return found


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium: the one on PATH, otherwise Playwright's own."""
    async with async_playwright() as playwright:
        as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
        found = await playwright.chromium.launch(executable_path=_browser_on_path(), args=[*ARGUMENTS, *as_root])
        yield found
        await found.close()


@pytest.fixture(scope="session")
async def issuer() -> AsyncIterator[Issuer]:
    """Provides keys and credentials as Google does."""
    found = Issuer()
    server = await start(found)
    yield found
    await server.close()


@pytest.fixture(scope="session")
async def address(server: Any, settings: Settings, issuer: Issuer) -> str:
    """
    The address of a second server, on the tests' database, where a test can change what no route can.

    It uses the issuer instead of Google.
    """
    port = _free_port()
    own = {
        "TALLYROOM_PORT": str(port),
        "TALLYROOM_DEMO_DATA": "false",
        "TALLYROOM_GOOGLE_JWKS_URL": issuer.url,
        "TALLYROOM_LOG_LEVEL": "warning",
    }
    environ = os.environ | settings.environment() | own
    process = subprocess.Popen([sys.executable, "-m", "server", "serve"], cwd=ROOT, env=environ)
    until_left(Path(__file__).parent).callback(_end, process)
    async with ClientSession() as session:
        for _ in range(600):
            try:
                async with session.get(f"http://127.0.0.1:{port}/health/live"):
                    break
            except ClientError:
                assert process.poll() is None
                await asyncio.sleep(0.1)
    return f"http://127.0.0.1:{port}"


def pages_of(project: str, source: str) -> dict[str, str]:
    """Pages that need only the demo, each with words that only it shows, and only when it is ready."""
    return {
        "/": "Projects",
        "/me": "Signed in on",
        f"{project}/jobs": "Open left",
        f"{project}/review": "To review",
        f"{project}/sources": "Drop CSV",
        f"{project}/sources/{source}": "Distinct",
        f"{project}/sources/{source}?tab=mapping": "Save mapping",
        f"{project}/sources/{source}?tab=records": "State",
        f"{project}/sources/{source}?tab=rejects": "Nothing was rejected",
        f"{project}/sources/{source}?tab=left-out": "Nothing was left out",
        f"{project}/vaults": "Your role",
        f"{project}/members": "Until",
        f"{project}/settings": "Reason codes",
        "/nothing/here": "Not found",
    }


class Visitor:
    """A person with their own browser: its pages, and the complaints in their consoles."""

    def __init__(self, context: BrowserContext, page: Page, url: str) -> None:
        self.context = context
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        context.on("console", self._note)
        context.on("weberror", lambda error: self.complaints.append(f"exception: {error.error}"))

    def _note(self, message: Any) -> None:
        # The browser says this of a socket that was still being opened when the page was left. On a busy machine that
        # takes as long as a test needs for its next step.
        if "WebSocket is closed before the connection is established" in message.text:
            return
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location['url']})")

    async def sign_in(self, email: str = MANAGER, password: str = PASSWORD) -> None:
        """Fills in the sign-in form on the page."""
        await self.page.get_by_label("E-mail address").fill(email)
        await self.page.get_by_label("Password", exact=True).fill(password)
        await self.page.get_by_role("button", name="Sign in").click()

    async def enter(self, path: str = "/", email: str = MANAGER, password: str = PASSWORD) -> Page:
        """
        Opens an address as somebody who has signed in; returns when the page is live.

        It leaves the form out, whose page would take as long as the page that the test is about. test_sign_in.py is about
        the form.
        """
        await self.context.request.post(
            f"{self.url}/api/v1/auth/login",
            data={"email": email, "password": password},
            headers={"Origin": self.url, "X-Requested-With": "tallyroom"},
            fail_on_status_code=True,
        )
        await self.context.add_cookies([{"name": ENTERS, "value": "1", "url": self.url}])
        await self.page.goto(self.url + path)
        await expect(self.page.get_by_text("Live", exact=True)).to_be_visible()
        return self.page


@pytest.fixture
async def visit(browser: Browser, installation: Installation) -> AsyncIterator[Callable[..., Awaitable[Visitor]]]:
    """Opens a separate browser for each visitor."""
    contexts: list[BrowserContext] = []

    async def open_one(theme: str = "light") -> Visitor:
        context = await browser.new_context(color_scheme=theme, viewport={"width": 1280, "height": 900})  # type: ignore[arg-type]  # one of two words
        contexts.append(context)
        await context.add_init_script(LISTEN)
        return Visitor(context, await context.new_page(), installation.url)

    yield open_one
    for context in contexts:
        # A test may end while a request that it answers itself is still on its way.
        await context.unroute_all(behavior="wait")
        # An account has a limited number of sessions. Without this, the new one would end the oldest, which is the one
        # over REST.
        headers = {"Origin": installation.url, "X-Requested-With": "tallyroom"}
        await context.request.post(f"{installation.url}/api/v1/auth/logout", data={}, headers=headers)
        await context.close()


@pytest.fixture
async def visitor(visit: Callable[..., Awaitable[Visitor]]) -> AsyncIterator[Visitor]:
    """One person at a browser; the test fails if the console has any complaint."""
    found = await visit()
    yield found
    assert found.complaints == []
