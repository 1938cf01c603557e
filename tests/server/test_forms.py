"""Forms of queries, headers and names that are refused, whatever route they are for."""

from typing import Any

import pytest
from multidict import CIMultiDict

from tests.auth.programs import body, program_of
from tests.conftest import Person


@pytest.mark.parametrize("number", ["+1", "1_0", "1.0", " 1", "1 ", "\u0661", "1e1", "0x1", ""])
async def test_numbers_in_queries_are_digits(alice: Person, project: str, number: str) -> None:
    for path, name in (
        ("/projects", "limit"),
        ("/projects", "skip"),
        (f"/streams/project:{project}/events", "after"),
        (f"/streams/project:{project}/events", "wait"),
    ):
        async with alice.session.get(
            f"/api/v1{path}", params={name: number}, headers={"Authorization": f"Bearer {alice.token}"}
        ) as response:
            fault = (await response.json())["errors"][0]
        assert (response.status, fault["pointer"], fault["code"]) == (422, f"?{name}", "invalid_field")
        assert fault["message"] == "must be a whole number in digits"


async def test_plain_numbers_are_taken(alice: Person, project: str) -> None:
    assert (await alice.ok("GET", "/projects?limit=1&skip=0"))["total"] == 1
    assert await alice.refused("GET", "/projects?limit=-1") == (422, "invalid_field")


async def test_a_request_with_two_authorization_headers_is_refused(alice: Person, bob: Person) -> None:
    program = await program_of(alice, "read")

    for path in ("/api/v1/me", "/api/v1/logs", "/health"):
        headers = CIMultiDict([("Authorization", f"Bearer {token}") for token in (program.token, bob.token)])
        method = "POST" if path.endswith("logs") else "GET"
        async with alice.session.request(method, path, headers=headers) as response:
            assert (response.status, (await response.json())["code"]) == (400, "invalid_json")


@pytest.mark.parametrize(
    "mark",
    [
        "\u061c",
        "\u200e",
        "\u200f",
        "\u2028",
        "\u2029",
        *map(chr, range(0x202A, 0x202F)),
        *map(chr, range(0x2066, 0x206A)),
    ],
)
async def test_names_do_not_change_the_direction_of_text(alice: Person, project: str, mark: str) -> None:
    name = f"Month{mark}end"
    made: list[tuple[str, dict[str, Any]]] = [
        ("/me/api-tokens", {**body("read"), "name": name}),
        ("/projects", {"name": name}),
        (f"/projects/{project}/sources", {"name": name}),
    ]

    for path, sent in made:
        assert await alice.refused("POST", path, sent) == (422, "invalid_field")


async def test_names_in_other_scripts_are_taken(alice: Person) -> None:
    for name in ("\u05d0\u05d1 2026", "\u0646\u0647\u0627\u06cc\u06cc", "M\u00e4rz \U0001f468\u200d\U0001f469"):
        assert (await alice.ok("POST", "/projects", {"name": name}))["name"] == name
