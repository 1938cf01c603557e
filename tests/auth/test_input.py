"""Input that every route refuses: always 4xx, never 500, and the value is never in the answer."""

import itertools
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiohttp import ClientSession

from server.api.body.strict_json import MAX_DEPTH, parse
from tests.conftest import Person

JSON = "application/json"
DEEP = '{"x": ' * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1)

# Routes of several nouns, each with a valid body in which `@` marks the field to replace.
BODIES = {
    "POST /projects": '{"name": @}',
    "PATCH /projects/{project}": '{"description": @}',
    "POST /projects/{project}/members": '{"email": @, "role": "viewer"}',
    "POST /projects/{project}/vaults": '{"name": @}',
    "POST /projects/{project}/sources": '{"name": @}',
    "PATCH /me": '{"display_name": @}',
    "POST /auth/reauth": '{"password": @}',
    "POST /auth/password/change": '{"current_password": "x", "new_password": @}',
    "POST /vaults/{vault}/entries": '{"name": "n", "secret": @}',
    "POST /logs": '{"logs": [{"level": "info", "message": @}]}',
}
VALUES = {
    "nul": (r'"SENTINEL\u0000"', {422}),
    "lone surrogate": (r'"SENTINEL\ud800"', {422}),
    "swapped surrogates": (r'"SENTINEL\udc00\ud800"', {422}),
    "NaN": ("NaN", {400}),
    "Infinity": ("-Infinity", {400}),
    "1e400": ("1e400", {422}),
    "2^63": ("9223372036854775808", {422}),
    "5000 digits": ("9" * 5000, {400, 422}),
    "array": ('["SENTINEL"]', {422}),
    "object": ('{"SENTINEL": 1}', {422}),
    "true": ("true", {422}),
    "number": ("5", {422}),
    "nothing": ("", {400}),
    "too deep": (DEEP, {400}),
    "far too deep": ("[" * 100_000, {400, 413}),  # 413 where the limit on the body is smaller
    "same key twice": ('{"a": 1, "a": 2}', {400}),
    "escaped same key": (r'{"a": 1, "\u0061": 2}', {400}),
    "not closed": ('"SENTINEL', {400}),
    "single quotes": ("'SENTINEL'", {400}),
    "comment": ("/* SENTINEL */ 1", {400}),
    "trailing": ('"SENTINEL"} x', {400}),
}


@pytest.fixture
async def paths(alice: Person, project: str) -> dict[str, str]:
    """Routes with real ids filled in."""
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
    return {row: row.replace("{project}", project).replace("{vault}", vault) for row in BODIES}


async def send(
    http: ClientSession, person: Person, row: str, data: bytes, content_type: str | None = JSON, **headers: str
) -> tuple[int, str]:
    """Status and text of the answer to a body that is sent as it is."""
    method, path = row.split()
    given = {"Authorization": f"Bearer {person.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
    if content_type is not None:
        given["Content-Type"] = content_type
    skipped = [] if content_type else ["Content-Type"]
    async with http.request(method, f"/api/v1{path}", data=data, headers=given, skip_auto_headers=skipped) as response:
        assert response.content_type == "application/problem+json" or response.status < 400
        return response.status, await response.text()


async def test_bad_values_are_refused_by_every_route_and_not_repeated(
    http: ClientSession, alice: Person, paths: dict[str, str], db: asyncpg.Connection
) -> None:
    for name, row in itertools.product(VALUES, BODIES):
        (value, statuses), body = VALUES[name], BODIES[row]
        await db.execute("DELETE FROM throttles")  # some of the requests are failed sign-ins
        status, text = await send(http, alice, paths[row], body.replace("@", value).encode())

        assert status in statuses, (name, row, status, text)
        assert "SENTINEL" not in text or '"errors":[{"pointer":"/' in text
        assert "SENTINEL" not in text.replace("/SENTINEL", "")
        assert "Traceback" not in text


CONTENT_TYPES = [
    ("text/plain", {}, 415),
    ("multipart/form-data; boundary=x", {}, 415),
    ("application/x-www-form-urlencoded", {}, 415),
    ("application/problem+json", {}, 415),
    ("application/json5", {}, 415),
    (None, {}, 415),
    ("application/json; charset=utf-7", {}, 415),
    ("application/json; charset=bogus", {}, 415),
    ("application/json; charset=utf-16", {}, 415),
    ("application/json; charset=iso-8859-1", {}, 415),
    (JSON, {"Content_Encoding": "gzip"}, 415),
    (JSON, {"Content_Encoding": "br"}, 415),
    (JSON, {"Content_Encoding": "bogus"}, 415),
    ("application/json; charset=UTF-8", {}, 200),
    ("Application/JSON", {}, 200),
    (JSON, {"Content_Encoding": "identity"}, 200),
]


async def test_only_utf_8_json_is_read(http: ClientSession, alice: Person) -> None:
    for content_type, headers, status in CONTENT_TYPES:
        found, text = await send(http, alice, "PATCH /me", b'{"display_name": "A"}', content_type, **headers)

        assert found == status, text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1", "utf-8-sig"])
async def test_other_encodings_are_400(http: ClientSession, alice: Person, encoding: str) -> None:
    status, text = await send(http, alice, "PATCH /me", '{"display_name": "Ä"}'.encode(encoding))

    assert status == 400, text


SHAPES = ("[]", '"text"', "5", "null", "true", "", "   ", '{"unknown_SENTINEL": 1}')


async def test_a_body_of_the_wrong_shape_is_refused(http: ClientSession, alice: Person, paths: dict[str, str]) -> None:
    for row, body in itertools.product(BODIES, SHAPES):
        status, text = await send(http, alice, paths[row], body.encode())

        assert status == (400 if not body.strip() else 422), (row, body, text)
        assert "unknown" not in body or '"pointer":"/unknown_SENTINEL","code":"unknown_field"' in text


async def test_a_body_has_at_most_one_mebibyte(http: ClientSession, alice: Person) -> None:
    body = b'{"display_name": "A"}'
    for size, status in ((1024 * 1024, 200), (1024 * 1024 + 1, 413)):
        assert (await send(http, alice, "PATCH /me", body.ljust(size)))[0] == status


async def test_a_body_without_a_length_has_the_same_limit(http: ClientSession, alice: Person) -> None:
    async def endless() -> Any:
        for _ in range(20):
            yield b" " * 100_000

    headers = {"Authorization": f"Bearer {alice.token}", "Content-Type": JSON}
    async with http.patch("/api/v1/me", data=endless(), headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (413, "too_large")


BAD_QUERIES = [
    "limit=0",
    "limit=501",
    "limit=-1",
    "limit=x",
    "limit=" + "9" * 5000,
    "limit=1e400",
    "limit=5&limit=6",
    "skip=400001",
    "cursor=x",
    "cursor=%00",
    "cursor=" + "A" * 2001,
    "sort=%00",
    "sort=id;DROP",
    "unknown=1",
    "unknown%00=1",
    "%ED%A0%80=1",
    "limit=%ED%A0%80",
    "cursor=%FF%FE",
]


async def test_bad_parameters_are_422(alice: Person) -> None:
    for query in BAD_QUERIES:
        async with await alice.send("GET", f"/projects?{query}") as response:
            problem = await response.json()

        assert response.status == 422, problem
        assert problem["errors"]


BAD_PATHS = [
    "/projects/x",
    "/projects/%00",
    "/projects/%FF",
    "/projects/%ED%A0%80",
    "/projects/{" + "a" * 100,
    "/projects/" + "1" * 500,
    "/projects/00000000-0000-0000-0000-00000000000g",
    "/projects/{}",
    "/projects/urn:uuid:01a20dd1-88c1-7677-a5ae-3a65174f1967",
    "/projects/01a20dd188c17677a5ae3a65174f1967",
    "/projects/..%2f..%2fetc",
    "/nothing/here",
]


async def test_a_malformed_id_is_404(alice: Person) -> None:
    for path in BAD_PATHS:
        assert await alice.refused("GET", path) == (404, "not_found")


async def test_ids_cannot_be_guessed(alice: Person, project: str) -> None:
    assert UUID(project).version in (4, 7)
    assert (await alice.ok("GET", f"/projects/{project.upper()}"))["id"] == project


BAD_VERSIONS = ["", "3", '"0"', '"abc"', "*", 'W/"1"', '"1", "2"', '"-1"', '"01"', '"' + "9" * 65 + '"']


async def test_a_malformed_if_match_is_422(alice: Person, project: str) -> None:
    for header in BAD_VERSIONS:
        assert await alice.refused("PATCH", f"/projects/{project}", {"name": "x"}, **{"If-Match": header}) == (
            422,
            "invalid_field",
        )


BAD_KEYS = ["", " ", "a b", "é", "x" * 129]


async def test_a_malformed_idempotency_key_is_422(alice: Person) -> None:
    for key in BAD_KEYS:
        assert await alice.refused("POST", "/projects", {"name": "x"}, **{"Idempotency-Key": key}) == (
            422,
            "invalid_field",
        )


async def test_all_faults_are_reported_together_with_their_pointers(http: ClientSession, alice: Person) -> None:
    body = r'{"name": "\u0000", "a~b/c": "\ud800", "deep": [{"x": 1e999}]}'

    status, text = await send(http, alice, "POST /projects", body.encode())

    assert status == 422
    for pointer in ("/name", "/a~0b~1c", "/deep/0/x"):
        assert f'"pointer":"{pointer}"' in text


def test_any_valid_json_is_read() -> None:
    deep: Any = 1
    for _ in range(MAX_DEPTH):
        deep = [deep]
    text = "[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH

    assert parse(text.encode()) == deep
    assert parse(rb'{"a": "\ud83d\ude00", "b": -9223372036854775808, "c": 1e308}') == {
        "a": "😀",
        "b": -(2**63),
        "c": 1e308,
    }
