"""The built files over HTTP: what browsers cache, what belongs to the API, and what is missing."""

import gzip
import os
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from core.settings import Settings
from server.api.connections import CONNECTIONS, Connections
from server.api.keys import SETTINGS
from server.api.middlewares import answer_problems, set_headers
from server.api.policy import PAGE_HEADERS, REFERENCE_HEADERS
from server.api.routing import bind
from server.app import endpoints
from server.contract.routes import OPENAPI, REFERENCE, openapi_of
from server.dashboard import attach, reference
from server.dashboard.files import FOREVER, Build

pytestmark = pytest.mark.integration

PAGE = "<!doctype html><title>Dashboard</title>"
SCRIPT = "export const words = 'tally';\n" * 100


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(PAGE)
    (folder / "assets" / "index-1a2b.js").write_text(SCRIPT)
    (folder / "theme.js").write_text("// small\n")
    (tmp_path / "secret.txt").write_text("not ours to give")
    return folder


def dashboard(dist: Path, settings: Settings) -> TestClient:
    app = web.Application(middlewares=[answer_problems])
    app[SETTINGS] = settings
    app[CONNECTIONS] = Connections(10, ())
    app[OPENAPI] = openapi_of(endpoints())
    app[REFERENCE] = reference
    app.on_response_prepare.append(set_headers)
    page = next(endpoint for endpoint in endpoints() if endpoint.path == "/docs")
    app.router.add_get(page.path, bind(page))
    attach(app, Build(dist))
    return TestClient(TestServer(app), auto_decompress=False)


@pytest.fixture
async def client(dist: Path):
    async with dashboard(dist, Settings(google_client_id="")) as found:
        yield found


@pytest.mark.parametrize("path", ["/", "/projects/01a2/jobs", "/me", "/apiary"])
async def test_every_address_of_the_dashboard_answers_with_its_page(client, path):
    async with client.get(path) as response:
        assert response.status == 200
        assert await response.text() == PAGE
        assert response.headers["Cache-Control"] == "no-cache"
        assert response.headers["Content-Security-Policy"] == PAGE_HEADERS["Content-Security-Policy"]


async def test_a_file_with_a_hash_in_its_name_is_cached_forever_and_compressed(client):
    async with client.get("/assets/index-1a2b.js", headers={"Accept-Encoding": "gzip"}) as response:
        body = await response.read()

    assert response.headers["Cache-Control"] == FOREVER
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.content_type == "text/javascript"
    assert gzip.decompress(body).decode() == SCRIPT
    assert "Accept-Encoding" in ", ".join(response.headers.getall("Vary"))


async def test_a_cached_page_is_not_sent_again_and_keeps_its_policy(client):
    async with client.get("/") as first:
        etag = first.headers["ETag"]

    async with client.get("/", headers={"If-None-Match": etag}) as again:
        assert again.status == 304
        assert await again.read() == b""
        # The browser replaces its stored header by this one. The API's policy would forbid all scripts.
        assert again.headers["Content-Security-Policy"] == PAGE_HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/assets/old.js", "/robots.txt", "/..%2fsecret.txt", "/assets/..%2f..%2fsecret.txt"])
async def test_a_file_outside_the_build_is_not_found(client, path):
    async with client.get(path) as response:
        assert response.status == 404
        assert response.content_type == "application/problem+json"


async def test_a_new_build_is_served_without_a_restart(client, dist):
    async with client.get("/") as response:
        assert await response.text() == PAGE

    (dist / "index.html").write_text(PAGE + "<p>new</p>")
    os.utime(dist / "index.html", ns=(1, 1))

    async with client.get("/") as response:
        assert await response.text() == PAGE + "<p>new</p>"


async def test_without_a_build_the_page_says_so_and_where_the_interfaces_are(client, dist):
    (dist / "index.html").unlink()

    async with client.get("/") as response:
        text = await response.text()

    assert response.status == 200
    assert "not built" in text
    assert 'href="/docs"' in text


async def test_the_built_reference_is_served_with_a_policy_that_allows_no_other_host(client, dist):
    (dist / "docs").mkdir()
    (dist / "docs" / "index.html").write_text("<!doctype html><title>Reference</title>")
    os.utime(dist / "index.html", ns=(1, 1))

    async with client.get("/docs") as response:
        text, etag, policy = (
            await response.text(),
            response.headers["ETag"],
            response.headers["Content-Security-Policy"],
        )
    async with client.get("/docs", headers={"If-None-Match": etag}) as again:
        assert (again.status, again.headers["Content-Security-Policy"]) == (304, policy)

    assert "Reference" in text
    assert policy == REFERENCE_HEADERS["Content-Security-Policy"]
    sources = {source for part in policy.split("; ") for source in part.split(" ")[1:]}
    assert sources == {"'none'", "'self'", "data:", "'script'"}  # 'script' belongs to Trusted Types
    assert "img-src 'self' data:" in policy  # the only place for data:


async def test_without_a_build_the_reference_is_a_page_without_scripts(client, dist):
    async with client.get("/docs", headers={"Accept-Encoding": "identity"}) as response:
        text = await response.text()

    assert response.status == 200
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'self'")
    assert "<script" not in text
    assert "/api/v1/auth/login" in text
    assert "make run" in text


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1/nothing", "/docs/nothing", "/health/nothing", "/x.json"])
async def test_an_unknown_address_of_the_api_stays_a_problem(http: ClientSession, path):
    async with http.get(path) as response:
        assert response.status == 404
        assert response.content_type == "application/problem+json"


async def test_the_wrong_method_on_a_route_of_the_api_stays_a_refusal_that_names_the_right_one(http: ClientSession):
    async with http.get("/api/v1/auth/login") as response:
        assert response.status == 405
        assert response.headers["Allow"] == "POST"


async def test_the_dashboard_is_not_part_of_the_contract(http: ClientSession):
    async with http.get("/openapi.json") as response:
        paths = (await response.json())["paths"]

    assert "/" not in paths
    assert not any("{name" in path for path in paths)


async def test_google_is_named_in_the_policy_only_where_people_can_sign_in_with_it(client, dist):
    headers = []
    async with dashboard(dist, Settings(google_client_id="tests.apps.googleusercontent.com")) as with_google:
        for one in (client, with_google):
            async with one.get("/") as response:
                headers.append(response.headers)

    without, named = headers
    assert "google" not in str(without)
    assert without["Cross-Origin-Opener-Policy"] == "same-origin"
    policy = dict(part.split(" ", 1) for part in named["Content-Security-Policy"].split("; "))
    assert policy["script-src"] == "'self' https://accounts.google.com/gsi/client"
    assert policy["frame-src"] == "https://accounts.google.com/gsi/"
    assert (policy["default-src"], policy["object-src"], policy["frame-ancestors"]) == ("'none'",) * 3
    assert named["Cross-Origin-Opener-Policy"] == "same-origin-allow-popups"
