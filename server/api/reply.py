"""Responses: an action's answer, a view, or nothing; with the stream position that a body is true at."""

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel

from core.as_json import as_json
from realtime.unit_of_work import Answer
from server.store.reading import Position


def reply(answer: Answer, headers: Mapping[str, str] | None = None) -> web.Response:
    """The response for an action's answer."""
    response = web.Response(
        status=answer.status, body=answer.body or None, headers={**answer.headers, **(headers or {})}
    )
    if answer.body:
        response.content_type = "application/json"
    return response


def reply_view(view: BaseModel | Mapping[str, Any], status: int = 200, *, version: int | None = None) -> web.Response:
    """A response with a view."""
    body = as_json(view) if isinstance(view, BaseModel) else orjson.dumps(view)
    headers = {} if version is None else {"ETag": f'"{version}"'}
    return web.Response(status=status, body=body, content_type="application/json", headers=headers)


def no_content() -> web.Response:
    """An empty 204 response."""
    return web.Response(status=204)


def positioned(response: web.Response, position: Position) -> web.Response:
    """Add the stream position that the body is true at."""
    response.headers["Stream-Position"] = str(position.head)
    response.headers["Stream-Epoch"] = position.epoch
    return response
