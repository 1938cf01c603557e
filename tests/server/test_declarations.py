"""Routes as they are declared: what cannot be meant is refused when the server starts."""

import pytest
from aiohttp import web

from server.api.paging import Paged
from server.api.routing import Routes
from server.api.schemas import Body


async def _handler(api: object) -> web.Response:
    """Nothing."""
    return web.Response()


def test_a_route_takes_a_body_or_a_query_and_not_both() -> None:
    routes = Routes("tests", answers={200: None})

    with pytest.raises(TypeError, match="POST /api/v1/both declares a body and a query"):
        routes.post("/both", body=Body, query=Paged)(_handler)
