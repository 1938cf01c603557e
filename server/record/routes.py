"""Records over HTTP."""

from aiohttp import web
from pydantic import TypeAdapter

from core import problems
from models.source import Source
from server.api.body.intake import BodyLimits
from server.api.body.slices import Sliced
from server.api.endpoint import ApiRequest, BodyRequest, QueryRequest, Right
from server.api.paging import Page
from server.api.reply import no_content, positioned, reply, reply_view
from server.api.routing import Routes
from server.record import actions, additions, claims, queries
from server.record.schemas import (
    MAX_RECORDS,
    RecordIn,
    RecordList,
    RecordsCreate,
    RecordsView,
    RecordUpdate,
    RecordView,
)

routes = Routes("records")
_ROW = (problems.NotFound, problems.Forbidden)
_MANY = BodyLimits(
    size_bytes=16 * 1024 * 1024,
    values=1_000_000,
    values_an_item=2048,
    sliced=Sliced("records", TypeAdapter(list[RecordIn]), MAX_RECORDS),
)
_CHANGE = (
    *_ROW,
    problems.VersionConflict,
    problems.PreconditionRequired,
    problems.RecordInUse,
    problems.SourceInUse,
)


@routes.get(
    "/sources/{id}/records",
    scope="read",
    query=RecordList,
    answers={200: Page[RecordView]},
    problems=_ROW,
    stream_position=True,
)
async def list_records(api: QueryRequest[RecordList]) -> web.StreamResponse:
    """List the records of a source."""
    page, position = await queries.list_records(api.actor, api.path_id(), api.query)
    return positioned(reply_view(page), position)


@routes.post(
    "/sources/{id}/records",
    scope="write",
    replay=Right(Source, "record.edit"),
    body=RecordsCreate,
    answers={201: RecordView | RecordsView},
    problems=(*_ROW, problems.SourceInUse),
    body_limits=_MANY,
)
async def create_records(api: BodyRequest[RecordsCreate]) -> web.StreamResponse:
    """Add one record or up to 10,000, all or nothing."""
    api.refuse_when_disk_is_full()
    return reply(await additions.create_records(api.actor, api.path_id(), api.body, api.settings))


@routes.get("/records/{id}", scope="read", answers={200: RecordView}, problems=_ROW, stream_position=True)
async def get_record(api: ApiRequest) -> web.StreamResponse:
    """Read a record."""
    view, position = await queries.get_record(api.actor, api.path_id())
    return positioned(reply_view(view, version=view.version), position)


@routes.patch(
    "/records/{id}", scope="write", body=RecordUpdate, answers={200: RecordView}, problems=_CHANGE, if_match=True
)
async def update_record(api: BodyRequest[RecordUpdate]) -> web.StreamResponse:
    """Change a record."""
    return reply(await actions.update_record(api.actor, api.path_id(), api.body, api.if_match, api.settings))


@routes.put("/records/{id}/claim", scope="review", answers={200: RecordView}, problems=(*_ROW, problems.Claimed))
async def claim_record(api: ApiRequest) -> web.StreamResponse:
    """Claim a record for a minute, so that others see that somebody works on it. Repeat it to go on."""
    return reply(await claims.claim(api.actor, api.path_id()))


@routes.delete("/records/{id}/claim", scope="review", answers={204: None}, problems=_ROW)
async def release_record(api: ApiRequest) -> web.StreamResponse:
    """Give your claim back, if you have one. Somebody else's stays."""
    await claims.release(api.actor, api.path_id())
    return no_content()


@routes.delete("/records/{id}", scope="write", answers={204: None}, problems=_CHANGE, if_match=True)
async def delete_record(api: ApiRequest) -> web.StreamResponse:
    """Delete a record."""
    await actions.delete_record(api.actor, api.path_id(), api.if_match)
    return no_content()
