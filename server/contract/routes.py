"""
The documents and the pages to browse them, at the root. Everything is served from here.

Only the built reference of the REST API, where people can try requests, has scripts. Without Node.js it is not built,
and a page without scripts takes its place.
"""

import re
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from core import problems
from server.api.endpoint import ApiRequest, Endpoint
from server.api.routing import Routes
from server.contract import asyncapi, exchange, mapping, openapi

Document = Callable[[], bytes]
OPENAPI: web.AppKey[Document] = web.AppKey("openapi", Callable)  # type: ignore[arg-type]  # a callable type is no class
Page = Callable[[web.Request], Awaitable[web.Response | None]]
REFERENCE: web.AppKey[Page] = web.AppKey("reference", Callable)  # type: ignore[arg-type]  # a callable type is no class
PAGES_CSP = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
TEMPLATES = Path(__file__).parent / "templates"
routes = Routes("docs")
_jinja = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def _prose(text: str) -> Markup:
    """Paragraphs, `code` and **strong** words of a description as HTML."""
    marked = str(escape(text))
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", marked)
    marked = re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", marked)
    return Markup("".join(f"<p>{part}</p>\n" for part in marked.split("\n\n")))  # noqa: S704 - escaped above


_jinja.filters["prose"] = _prose


@routes.get("//openapi.json", answers={200: dict}, public=True)
async def read_openapi(api: ApiRequest) -> web.StreamResponse:
    """Read the OpenAPI document."""
    return web.Response(body=api.request.app[OPENAPI](), content_type="application/json")


@routes.get("//asyncapi.json", answers={200: dict}, public=True)
async def read_asyncapi(_: ApiRequest) -> web.StreamResponse:
    """Read the AsyncAPI document."""
    return web.Response(body=_asyncapi_bytes(), content_type="application/json")


@routes.get("//schemas/mapping", answers={200: dict}, public=True, media_type="application/schema+json")
async def read_mapping_schema(_: ApiRequest) -> web.StreamResponse:
    """Read the JSON Schema of a mapping, which says what the columns of a file mean."""
    return web.Response(body=orjson.dumps(mapping.document()), content_type="application/schema+json")


@routes.get("//docs", answers={200: str}, public=True, media_type="text/html")
async def browse_rest(api: ApiRequest) -> web.StreamResponse:
    """Browse the REST API and try it."""
    if (built := await api.request.app[REFERENCE](api.request)) is not None:
        return built
    document = orjson.loads(api.request.app[OPENAPI]())
    tags: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            row = {"method": method.upper(), "path": path, **operation}
            tags.setdefault(operation["tags"][0], []).append(row)
    return _page("rest.html", document=document, tags=tags, type_of=_type_of)


@routes.get("//docs/events", answers={200: str}, public=True, media_type="text/html")
async def browse_events(_: ApiRequest) -> web.StreamResponse:
    """Browse the events and commands of the socket."""
    document = orjson.loads(_asyncapi_bytes())
    return _page("events.html", document=document, steps=exchange.STEPS, type_of=_type_of)


@routes.get("//docs/problems", answers={200: str}, public=True, media_type="text/html")
async def browse_problems(_: ApiRequest) -> web.StreamResponse:
    """Browse the problem codes."""
    rows = sorted(problems.ALL.values(), key=lambda kind: (kind.status, kind.code))
    known = {kind.code for kind in rows}
    faults = [code for code in problems.FAULT_CODES if code not in known]
    return _page("problems.html", rows=rows, faults=faults)


@routes.get("//docs/style.css", answers={200: str}, public=True, media_type="text/css")
async def read_style(_: ApiRequest) -> web.StreamResponse:
    """Read the pages' style sheet."""
    return web.Response(text=(TEMPLATES / "style.css").read_text(encoding="utf-8"), content_type="text/css")


def _page(name: str, **values: Any) -> web.Response:
    text = _jinja.get_template(name).render(**values)
    return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": PAGES_CSP})


def openapi_of(endpoints: list[Endpoint]) -> Document:
    """Build the OpenAPI document of the routes at the first request for it."""
    return cache(lambda: orjson.dumps(openapi.document(endpoints)))


@cache
def _asyncapi_bytes() -> bytes:
    return orjson.dumps(asyncapi.document())


def _type_of(schema: dict[str, Any]) -> str:
    """A schema described in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if "const" in schema:
        return repr(schema["const"])
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return " | ".join(_type_of(option) for option in schema[key])
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        kind = " | ".join(kind)
    if kind == "array":
        return f"list of {_type_of(schema.get('items', {}))}"
    return str(schema.get("format", kind))
