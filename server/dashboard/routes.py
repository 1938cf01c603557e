"""
The pages of the dashboard, which are not part of the API that the contract describes, and the built page for /docs.

Every address outside the API belongs to the dashboard: it is answered with index.html, and the page's own router shows
what was asked for. A name with a dot is a file, which exists or does not.
"""

import asyncio

from aiohttp import web

from core import problems
from server.api.keys import ROUTE, SETTINGS
from server.api.policy import GOOGLE_PAGE_HEADERS, PAGE_HEADERS, REFERENCE_HEADERS
from server.api.unchanging import CHECKED, send
from server.dashboard.files import INDEX, REFERENCE, Build

BUILD: web.AppKey[Build] = web.AppKey("dashboard build", Build)
# Left to the API: if its unknown paths led to the dashboard, a client would take a page for an answer.
_OURS = r"/{name:(?!(?:api|socket\.io|docs|health|metrics|\.well-known)(?:/|$))(?!.*\.json$).*}"
_NOT_BUILT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Tallyroom</title></head>
<body>
<h1>Tallyroom</h1>
<p>The server is running, but its dashboard is not built. Install Node.js and run <code>make run</code>.</p>
<p>The APIs work without it: <a href="/docs">REST</a>, <a href="/docs/events">sockets</a>.</p>
</body>
</html>
"""


def attach(app: web.Application, build: Build | None = None) -> None:
    """Add the dashboard to an application, after all its other routes."""
    app[BUILD] = build or Build()
    app.router.add_get(_OURS, show)


async def show(request: web.Request) -> web.StreamResponse:
    """Serve a built file, or index.html for any other address."""
    request[ROUTE] = "dashboard"
    files = await asyncio.to_thread(request.app[BUILD].files)
    name = request.match_info["name"]
    if not files and name == "":
        return web.Response(text=_NOT_BUILT, content_type="text/html", headers={"Cache-Control": CHECKED})
    is_file = "." in name.rsplit("/", 1)[-1] or name.startswith("assets/")
    file = files.get(name if is_file else INDEX)
    if file is None:
        raise problems.NotFound
    return send(request, file, GOOGLE_PAGE_HEADERS if request.app[SETTINGS].google_client_id else PAGE_HEADERS)


async def reference(request: web.Request) -> web.Response | None:
    """The page that shows the REST API and lets people try it. None if it is not built."""
    files = await asyncio.to_thread(request.app[BUILD].files)
    file = files.get(REFERENCE)
    return None if file is None else send(request, file, REFERENCE_HEADERS)
