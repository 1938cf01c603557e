"""
The pages of the dashboard. They are no part of the interface that the contract describes.

Every address that is not the API's belongs to the dashboard: it answers with index.html, and the page's own router
shows what was asked for. A name with a dot is a file, which is there or not.
"""

import asyncio

from aiohttp import ETag, web

from core import problems
from server.api.keys import ROUTE
from server.api.middlewares import DASHBOARD_CSP
from server.dashboard.files import INDEX, Build, File

BUILD: web.AppKey[Build] = web.AppKey("dashboard build", Build)
# Left to the API: were its unknown paths the dashboard's, a client would take a page for an answer.
_OURS = r"/{name:(?!(?:api|socket\.io|docs|health|metrics|\.well-known)(?:/|$))(?!.*\.json$).*}"
_NOT_BUILT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Tallyroom</title></head>
<body>
<h1>Tallyroom</h1>
<p>The server runs. Its dashboard is not built: that needs Node.js, and then <code>make run</code> does it.</p>
<p>The interfaces work without it: <a href="/docs">REST</a>, <a href="/docs/events">sockets</a>.</p>
</body>
</html>
"""


def attach(app: web.Application, build: Build | None = None) -> None:
    """Adds the dashboard to an application, after all its other routes."""
    app[BUILD] = build or Build()
    app.router.add_get(_OURS, show)


async def show(request: web.Request) -> web.StreamResponse:
    """A built file, or the page for every other address."""
    request[ROUTE] = "dashboard"
    files = await asyncio.to_thread(request.app[BUILD].files)
    name = request.match_info["name"]
    if not files and name == "":
        return web.Response(text=_NOT_BUILT, content_type="text/html", headers={"Cache-Control": "no-cache"})
    is_file = "." in name.rsplit("/", 1)[-1] or name.startswith("assets/")
    file = files.get(name if is_file else INDEX)
    if file is None:
        raise problems.NotFound
    return _send(request, file)


def _send(request: web.Request, file: File) -> web.Response:
    # The policy is named here, since a 304 has no type to choose it by, and a browser takes a 304's headers for the page.
    headers = {"Cache-Control": file.cache_control, "Vary": "Accept-Encoding", "Content-Security-Policy": DASHBOARD_CSP}
    if any(tag.value == file.etag for tag in request.if_none_match or ()):
        response = web.Response(status=304, headers=headers)
        response.etag = ETag(file.etag, is_weak=True)
        return response
    body = file.body
    if file.compressed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        body = file.compressed
        headers["Content-Encoding"] = "gzip"
    response = web.Response(body=body, content_type=file.content_type, charset=file.charset, headers=headers)
    response.etag = ETag(file.etag, is_weak=True)  # weak: the same for both encodings
    return response
