"""Sources over HTTP."""

from aiohttp import web

from core import problems
from matching.reading.formats import FORMATS
from models.project import Project
from server.api.admission import Seat
from server.api.body.intake import read
from server.api.endpoint import ApiRequest, BodyRequest, QueryRequest, Right
from server.api.paging import Page
from server.api.reply import no_content, positioned, reply, reply_view
from server.api.request import note_body
from server.api.routing import Routes
from server.source import actions, queries, upload
from server.source.schemas import (
    LeftOutList,
    LeftOutView,
    ProfileView,
    RejectList,
    RejectView,
    SourceCreate,
    SourceList,
    SourceUpdate,
    SourceView,
)

routes = Routes("sources")
_ROW = (problems.NotFound, problems.Forbidden)
_UPLOAD = {
    "type": "object",
    "description": "The parts are read only if the caller may load sources, so 404 and 403 come before any fault in the parts.",
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "name": {"type": "string", "minLength": 1, "maxLength": 256, "examples": ["October"]},
        "format": {"type": "string", "enum": list(FORMATS)},
        "mapping": {
            "type": "string",
            "description": "the mapping as JSON; a field that is left out is detected. A mapping that is sent, even an empty "
            "one, is used instead of remembered answers.",
            "contentSchema": {"$ref": "#/components/schemas/Mapping"},
            "examples": ["{}"],
        },
    },
}


@routes.get(
    "/projects/{id}/sources",
    scope="read",
    query=SourceList,
    answers={200: Page[SourceView]},
    problems=_ROW,
    stream_position=True,
)
async def list_sources(api: QueryRequest[SourceList]) -> web.StreamResponse:
    """List the sources of a project."""
    page, position = await queries.list_sources(api.actor, api.path_id(), api.query)
    return positioned(reply_view(page), position)


@routes.post(
    "/projects/{id}/sources",
    scope="write",
    replay=Right(Project, "source.load"),
    answers={201: SourceView, 202: SourceView},
    problems=(*_ROW, problems.TooLarge, problems.UnsupportedMediaType, problems.InvalidJson, problems.Gone),
    multipart=True,
    multipart_schema=_UPLOAD,
    json_alternative=SourceCreate,
)
async def create_source(api: ApiRequest) -> web.StreamResponse:
    """Upload a file as a source, or create an empty one with a JSON body."""
    api.refuse_when_disk_is_full()
    if api.request.content_type == "multipart/form-data":
        async with Seat.of(api.request).upload():
            return reply(await upload.receive(api.actor, api.path_id(), api.request, api.settings))
    body, raw = await read(api.request, SourceCreate)
    await note_body(raw)
    return reply(await actions.create_empty_source(api.actor, api.path_id(), body))


@routes.get("/sources/{id}", scope="read", answers={200: SourceView}, problems=_ROW, stream_position=True)
async def get_source(api: ApiRequest) -> web.StreamResponse:
    """Read a source."""
    source, position = await queries.get_source(api.actor, api.path_id())
    return positioned(reply_view(SourceView.of(source), version=source.version), position)


@routes.patch(
    "/sources/{id}",
    scope="write",
    body=SourceUpdate,
    answers={200: SourceView},
    problems=(*_ROW, problems.VersionConflict, problems.SourceInUse, problems.RecordInUse, problems.Gone),
)
async def update_source(api: BodyRequest[SourceUpdate]) -> web.StreamResponse:
    """Rename a source, answer its questions with a mapping, or forget the answers about files like it."""
    return reply(await actions.update_source(api.actor, api.path_id(), api.body, api.if_match))


@routes.delete(
    "/sources/{id}",
    scope="write",
    answers={204: None},
    problems=(*_ROW, problems.VersionConflict, problems.SourceInUse, problems.RecordInUse),
)
async def delete_source(api: ApiRequest) -> web.StreamResponse:
    """Delete a source and its records."""
    await actions.delete_source(api.actor, api.path_id(), api.if_match)
    return no_content()


@routes.get("/sources/{id}/profile", scope="read", answers={200: ProfileView}, problems=_ROW)
async def get_profile(api: ApiRequest) -> web.StreamResponse:
    """Read what the columns contain, and the suggested mapping."""
    return reply_view(await queries.profile_of(api.actor, api.path_id()))


@routes.get(
    "/sources/{id}/rejects",
    scope="read",
    query=RejectList,
    answers={200: Page[RejectView]},
    problems=_ROW,
    stream_position=True,
)
async def list_rejects(api: QueryRequest[RejectList]) -> web.StreamResponse:
    """List the rows that were not loaded, with line, column and reason."""
    page, position = await queries.list_rejects(api.actor, api.path_id(), api.query)
    return positioned(reply_view(page), position)


@routes.get(
    "/sources/{id}/left-out",
    scope="read",
    query=LeftOutList,
    answers={200: Page[LeftOutView]},
    problems=_ROW,
    stream_position=True,
)
async def list_left_out(api: QueryRequest[LeftOutList]) -> web.StreamResponse:
    """List the rows that are no bookings, such as totals, with line and reason."""
    page, position = await queries.list_left_out(api.actor, api.path_id(), api.query)
    return positioned(reply_view(page), position)
