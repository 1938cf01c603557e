"""The headers of every answer, and which pages of other origins may read one."""

import re
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from tests.conftest import Person

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
}


ANSWERS = [
    ("GET", "/docs", 200),
    ("GET", "/docs/style.css", 200),
    ("GET", "/openapi.json", 200),
    ("GET", "/health/live", 200),
    ("GET", "/metrics", 200),
    ("GET", "/.well-known/jwks.json", 200),
    ("GET", "/api/v1/me", 401),
    ("GET", "/api/v1/nothing", 404),
    ("GET", "/api/nothing", 404),
    ("PUT", "/api/v1/me", 405),
    ("POST", "/api/v1/auth/login", 415),
    ("GET", "/socket.io/?EIO=4&transport=polling", 200),
    ("GET", "/socket.io/?EIO=3&transport=polling", 400),
    ("GET", "/socket.io/?EIO=4&transport=bogus", 400),
]


async def test_every_answer_has_the_security_headers(http: ClientSession, settings: Any) -> None:
    for method, path, status in ANSWERS:
        async with http.request(method, path) as response:
            headers = response.headers

            assert response.status == status, path
            assert EVERYWHERE.items() <= dict(headers).items()
            assert headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert "Server" not in headers
            assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", headers["X-Request-ID"])


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/projects", "/api/v1/auth/sessions", "/api/v1/nothing"])
async def test_api_answers_are_not_stored_and_run_nothing(alice: Person, path: str) -> None:
    async with await alice.send("GET", f"/{path}") as response:
        assert response.headers["Cache-Control"] == "no-store"
        assert "sandbox" in response.headers["Content-Security-Policy"]


async def test_a_valid_request_id_is_kept(http: ClientSession, settings: Any) -> None:
    for given, is_kept in (("abc-123.DEF_4", True), ("short", False), ("x" * 65, False), ("has spaces in it", False)):
        async with http.get("/health/live", headers={"X-Request-ID": given}) as response:
            assert (response.headers["X-Request-ID"] == given) is is_kept


async def test_an_allowed_origin_may_read_answers(http: ClientSession, alice: Person, settings: Any) -> None:
    for method, path in (("GET", "/api/v1/me"), ("GET", "/api/v1/nothing"), ("PUT", "/api/v1/me")):
        headers = {"Origin": settings.base_url, "Authorization": f"Bearer {alice.token}"}
        async with http.request(method, path, headers=headers) as response:
            assert response.headers["Access-Control-Allow-Origin"] == settings.base_url
            assert response.headers["Access-Control-Allow-Credentials"] == "true"
            assert "ETag" in response.headers["Access-Control-Expose-Headers"]
            assert response.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:0.evil.example", "", None])
async def test_no_other_origin_may_read_answers(http: ClientSession, alice: Person, origin: str | None) -> None:
    headers = {"Authorization": f"Bearer {alice.token}"} | ({} if origin is None else {"Origin": origin})
    for method in ("GET", "OPTIONS"):
        asks = {"Access-Control-Request-Method": "PATCH"} if method == "OPTIONS" else {}
        async with http.request(method, "/api/v1/me", headers=headers | asks) as response:
            assert response.status == (405 if method == "OPTIONS" else 200)
            assert not [name for name in response.headers if name.startswith("Access-Control")]
            assert response.headers["Vary"] == "Origin"


async def test_a_preflight_of_an_allowed_origin_is_answered(http: ClientSession, settings: Any) -> None:
    headers = {
        "Origin": settings.base_url,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type,if-match",
    }
    async with http.options("/api/v1/me", headers=headers) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == settings.base_url
        assert response.headers["Access-Control-Max-Age"] == "600"
        assert "PATCH" in response.headers["Access-Control-Allow-Methods"]
        assert {"authorization", "content-type", "if-match"} <= set(
            response.headers["Access-Control-Allow-Headers"].lower().split(", ")
        )


async def test_a_socket_from_a_page_of_another_origin_is_refused(
    http: ClientSession, settings: Any, server: TestServer
) -> None:
    url = "/socket.io/?EIO=4&transport=polling"
    async with http.get(url, headers={"Origin": settings.base_url}) as response:
        assert response.status == 200
        assert response.headers.getall("Access-Control-Allow-Origin") == [settings.base_url]
    async with http.get(url, headers={"Origin": "https://evil.example"}) as response:
        assert response.status in (400, 403)
        assert "Access-Control-Allow-Origin" not in response.headers
