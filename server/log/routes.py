"""Log lines over HTTP. The previous platform's address /api/logs still works."""

from aiohttp import web
from pydantic import TypeAdapter

from core import problems
from server.api.address import client_ip
from server.api.body.intake import BodyLimits
from server.api.body.slices import Sliced
from server.api.endpoint import BodyRequest, QueryRequest
from server.api.paging import Page
from server.api.reply import reply_view
from server.api.routing import Routes
from server.log import actions, queries
from server.log.actions import Allowance
from server.log.schemas import MAX_LINES, LogLine, LogList, LogsAccepted, LogsCreate, LogView

ALLOWANCE: web.AppKey[Allowance] = web.AppKey("log allowance", Allowance)
# Anybody may send lines, so they are parsed a few at a time. A message of 10,000 characters can take 60 KB.
LINES = BodyLimits(
    values_an_item=5_000, sliced=Sliced("logs", TypeAdapter(list[LogLine]), MAX_LINES), item_bytes=96 * 1024
)
routes = Routes("logs")


async def _store(api: BodyRequest[LogsCreate]) -> web.StreamResponse:
    api.refuse_when_disk_is_full()
    address = client_ip(api.request, api.settings)
    accepted = await actions.store_lines(api.actor, address, api.body.logs, api.request.app[ALLOWANCE])
    return reply_view(accepted, 202)


@routes.post(
    "/logs",
    body=LogsCreate,
    body_limits=LINES,
    answers={202: LogsAccepted},
    problems=(problems.RateLimited,),
    public=True,
    stores_answer=False,
)
async def create_logs(api: BodyRequest[LogsCreate]) -> web.StreamResponse:
    """Store a client's log lines. Works without a token too."""
    return await _store(api)


@routes.post(
    "//api/logs",
    body=LogsCreate,
    body_limits=LINES,
    answers={202: LogsAccepted},
    problems=(problems.RateLimited,),
    public=True,
    stores_answer=False,
)
async def create_logs_at_the_old_address(api: BodyRequest[LogsCreate]) -> web.StreamResponse:
    """Store a client's log lines, at the address that older clients use."""
    return await _store(api)


@routes.get("/logs", query=LogList, answers={200: Page[LogView]}, problems=(problems.Forbidden,))
async def list_logs(api: QueryRequest[LogList]) -> web.StreamResponse:
    """List stored log lines, newest first. For administrators."""
    return reply_view(await queries.list_lines(api.actor, api.query))
