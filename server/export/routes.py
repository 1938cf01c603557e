"""Exports over HTTP."""

from aiohttp import web

from core import problems
from server.api.admission import TURN_OWNER, TURNS, Owner
from server.api.endpoint import BodyRequest, QueryRequest
from server.api.keys import ACTOR
from server.api.reply import reply_view
from server.api.routing import Routes
from server.auth.answers import GATE
from server.auth.tickets import LIFE, read_ticket, use_ticket
from server.export.downloads import make_link, target_at
from server.export.places import PLACES
from server.export.schemas import DownloadCreate, DownloadView, ExportQuery, PairExportQuery, TicketQuery
from server.export.sending import FORMATS, Export, send
from server.export.targets import JobTarget, PairTarget

routes = Routes("exports")
_MEDIA_TYPES = tuple(kind.media_type.partition(";")[0] for kind in FORMATS.values())


@routes.get(
    "/jobs/{id}/export",
    scope="read",
    query=ExportQuery,
    answers={200: bytes},
    media_types=_MEDIA_TYPES,
    problems=(problems.NotFound, problems.Forbidden, problems.RateLimited, problems.StorageFull),
    stream_position=True,
    takes_turns_itself=True,
)
async def export_job(api: QueryRequest[ExportQuery]) -> web.StreamResponse:
    """
    Export what a job matched or left open.

    The answer is a file in the asked format, streamed, and true at its `Stream-Position`. Each record is a row.
    docs/exports.md describes the columns. A connection that ends early means that the file is not whole.
    """
    owner = api.request[TURN_OWNER]
    with api.request.app[PLACES].place(owner.share):
        return await send(Export(api.request, api.actor, owner, JobTarget(api.path_id(), api.query)))


@routes.get(
    "/projects/{id}/export",
    scope="read",
    query=PairExportQuery,
    answers={200: bytes},
    media_types=_MEDIA_TYPES,
    problems=(problems.NotFound, problems.Forbidden, problems.RateLimited, problems.StorageFull),
    stream_position=True,
    takes_turns_itself=True,
)
async def export_pair(api: QueryRequest[PairExportQuery]) -> web.StreamResponse:
    """
    Export the matches or the open items of two sources, over all their jobs and by hand.

    The answer is like that of the export of a job.
    """
    owner = api.request[TURN_OWNER]
    with api.request.app[PLACES].place(owner.share):
        return await send(Export(api.request, api.actor, owner, PairTarget(api.path_id(), api.query)))


@routes.post(
    "/downloads", body=DownloadCreate, answers={200: DownloadView}, problems=(problems.NotFound,), stores_answer=False
)
async def create_download(api: BodyRequest[DownloadCreate]) -> web.StreamResponse:
    """
    Make a link to an export that a browser can follow.

    The link needs no token, works once within a minute, and only as long as the session lasts.
    """
    url = await make_link(api.request.app[GATE].tokens, api.actor, api.body.path)
    return reply_view(DownloadView(url=url, expires_in=int(LIFE.total_seconds())))


@routes.get(
    "/downloads",
    public=True,
    query=TicketQuery,
    answers={200: bytes},
    media_types=_MEDIA_TYPES,
    problems=(problems.Gone, problems.NotFound, problems.Forbidden, problems.RateLimited, problems.StorageFull),
)
async def download(api: QueryRequest[TicketQuery]) -> web.StreamResponse:
    """
    Fetch an export with a link from `POST /downloads`. The answer is that of the export itself.
    """
    app = api.request.app
    async with app[TURNS].turn(api.request[TURN_OWNER]):
        ticket = await read_ticket(app[GATE].tokens, api.query.ticket)
    api.request[ACTOR] = ticket.actor
    owner = Owner(str(ticket.actor.user_id))
    with app[PLACES].place(owner.share):
        async with app[TURNS].turn(owner):
            await use_ticket(ticket)
        return await send(Export(api.request, ticket.actor, owner, target_at(ticket.path)))
