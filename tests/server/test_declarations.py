"""Routes as they are declared: a contradictory declaration is refused when the server starts."""

import pytest
from aiohttp import web

from server.api.paging import Paged
from server.api.routing import Routes
from server.api.schemas import Body
from server.app import endpoints
from server.contract import openapi
from tests.conftest import Person


async def _handler(api: object) -> web.Response:
    """Does nothing."""
    return web.Response()


def test_a_route_takes_a_body_or_a_query_and_not_both() -> None:
    routes = Routes("tests", answers={200: None})

    with pytest.raises(TypeError, match="POST /api/v1/both declares a body and a query"):
        routes.post("/both", body=Body, query=Paged)(_handler)


async def test_a_field_that_cannot_be_cleared_refuses_null_and_says_so_in_the_schema(
    alice: Person, project: str
) -> None:
    vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
    entry = await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "e", "secret": "s"})
    path = f"/entries/{entry['id']}"

    async with await alice.send("PATCH", path, {"name": None, "username": None}, if_match=1) as response:
        errors = (await response.json())["errors"]
    emptied = await alice.ok("PATCH", path, {"username": None, "rotation_interval_days": 30.0}, if_match=1)

    assert (response.status, [error["pointer"] for error in errors]) == (422, ["/name"])
    assert emptied["rotation_interval_days"] == 30


@pytest.mark.integration
def test_no_request_schema_has_a_default_or_allows_a_null_that_is_refused() -> None:
    document = openapi.document(endpoints())
    bodies = {
        route["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        for path in document["paths"].values()
        for route in path.values()
        if "application/json" in route.get("requestBody", {}).get("content", {})
    }
    schemas = document["components"]["schemas"]

    assert "default" not in str([schema for name, schema in schemas.items() if name in bodies])
    assert schemas["ProjectUpdate"]["properties"]["description"] == {
        "maxLength": 10_000,
        "title": "Description",
        "type": "string",
    }
    assert {"type": "null"} in schemas["EntryUpdate"]["properties"]["notes"]["anyOf"]
