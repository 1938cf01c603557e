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
from server.api.unchanging import Unchanging, made_once, send, unchanging
from server.contract import asyncapi, exchange, mapping, openapi

Document = Callable[[], Unchanging]
OPENAPI: web.AppKey[Document] = web.AppKey("openapi", Callable)  # type: ignore[arg-type]  # a callable type is no class
Page = Callable[[web.Request], Awaitable[web.Response | None]]
REFERENCE: web.AppKey[Page] = web.AppKey("reference", Callable)  # type: ignore[arg-type]  # a callable type is no class
PAGES = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
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
    return send(api.request, api.request.app[OPENAPI]())


@routes.get("//asyncapi.json", answers={200: dict}, public=True)
async def read_asyncapi(api: ApiRequest) -> web.StreamResponse:
    """Read the AsyncAPI document."""
    return send(api.request, _asyncapi())


@routes.get("//schemas/mapping", answers={200: dict}, public=True, media_type="application/schema+json")
async def read_mapping_schema(api: ApiRequest) -> web.StreamResponse:
    """Read the JSON Schema of a mapping, which says what the columns of a file mean."""
    return send(api.request, _mapping_schema())


@routes.get("//docs", answers={200: str}, public=True, media_type="text/html")
async def browse_rest(api: ApiRequest) -> web.StreamResponse:
    """Browse the REST API and try it."""
    if (built := await api.request.app[REFERENCE](api.request)) is not None:
        return built
    return send(api.request, _rest_page(api.request.app[OPENAPI]()), PAGES)


@routes.get("//docs/events", answers={200: str}, public=True, media_type="text/html")
async def browse_events(api: ApiRequest) -> web.StreamResponse:
    """Browse the events and commands of the socket."""
    return send(api.request, _events_page(), PAGES)


@routes.get("//docs/problems", answers={200: str}, public=True, media_type="text/html")
async def browse_problems(api: ApiRequest) -> web.StreamResponse:
    """Browse the problem codes."""
    return send(api.request, _problems_page(), PAGES)


@routes.get("//docs/style.css", answers={200: str}, public=True, media_type="text/css")
async def read_style(api: ApiRequest) -> web.StreamResponse:
    """Read the pages' style sheet."""
    return send(api.request, _style())


# Anybody may ask for these, as often as they like: a page takes up to 10 ms to make.


@cache
def _asyncapi() -> Unchanging:
    return unchanging(orjson.dumps(asyncapi.document()), "application/json")


@cache
def _mapping_schema() -> Unchanging:
    return unchanging(orjson.dumps(mapping.document()), "application/schema+json")


@cache
def _rest_page(openapi_document: Unchanging) -> Unchanging:
    document = orjson.loads(openapi_document.body)
    tags: dict[str, list[dict[str, Any]]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            row = {"method": method.upper(), "path": path, **operation}
            tags.setdefault(operation["tags"][0], []).append(row)
    return _page("rest.html", document=document, tags=tags, type_of=_type_of)


@cache
def _events_page() -> Unchanging:
    return _page("events.html", document=orjson.loads(_asyncapi().body), steps=exchange.STEPS, type_of=_type_of)


@cache
def _problems_page() -> Unchanging:
    rows = sorted(problems.ALL.values(), key=lambda kind: (kind.status, kind.code))
    known = {kind.code for kind in rows}
    faults = [code for code in problems.FAULT_CODES if code not in known]
    return _page("problems.html", rows=rows, faults=faults)


@cache
def _style() -> Unchanging:
    return unchanging((TEMPLATES / "style.css").read_bytes(), "text/css")


def _page(name: str, **values: Any) -> Unchanging:
    return unchanging(_jinja.get_template(name).render(**values).encode(), "text/html")


def openapi_of(endpoints: list[Endpoint]) -> Document:
    """Build the OpenAPI document of the routes at the first request for it."""
    return made_once(lambda: orjson.dumps(openapi.document(endpoints)), "application/json")


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
