"""Matches over HTTP."""

from typing import Any

from aiohttp import web

from core import problems
from models.match import Match
from server.api.endpoint import ApiRequest, BodyRequest, QueryRequest, Right
from server.api.paging import Page
from server.api.reply import positioned, reply, reply_view
from server.api.routing import Routes
from server.match import actions, queries
from server.match.schemas import Decide, MatchDetail, MatchList, MatchView, UnmatchedList
from server.record.schemas import RecordView

routes = Routes("matches")
_ROW = (problems.NotFound, problems.Forbidden)
_DECIDE: dict[str, Any] = {
    "body_optional": True,
    "answers": {200: MatchDetail},
    "problems": (*_ROW, problems.AlreadyDecided, problems.RecordInUse, problems.VersionConflict),
    "replay": Right(Match, "match.decide"),
}


@routes.get(
    "/jobs/{id}/matches",
    scope="read",
    query=MatchList,
    answers={200: Page[MatchView]},
    problems=_ROW,
    stream_position=True,
)
async def list_matches(api: QueryRequest[MatchList]) -> web.StreamResponse:
    """List the matches of a job."""
    page, position = await queries.list_matches(api.actor, api.path_id(), api.query)
    return positioned(reply_view(page), position)


@routes.get(
    "/jobs/{id}/unmatched",
    scope="read",
    query=UnmatchedList,
    answers={200: Page[RecordView]},
    problems=_ROW,
    stream_position=True,
)
async def list_unmatched(api: QueryRequest[UnmatchedList]) -> web.StreamResponse:
    """List the records of one side that no match uses."""
    page, position = await queries.list_unmatched(api.actor, api.path_id(), api.query)
    return positioned(reply_view(page), position)


@routes.get("/matches/{id}", scope="read", answers={200: MatchDetail}, problems=_ROW, stream_position=True)
async def get_match(api: ApiRequest) -> web.StreamResponse:
    """Read a match with its evidence."""
    view, position = await queries.get_match(api.actor, api.path_id())
    return positioned(reply_view(view, version=view.version), position)


@routes.post("/matches/{id}/confirm", scope="review", body=Decide, **_DECIDE)
async def confirm_match(api: BodyRequest[Decide]) -> web.StreamResponse:
    """Confirm a suggested match."""
    return reply(await actions.confirm_match(api.actor, api.path_id(), api.body.reason, api.if_match))


@routes.post("/matches/{id}/reject", scope="review", body=Decide, **_DECIDE)
async def reject_match(api: BodyRequest[Decide]) -> web.StreamResponse:
    """Reject a match. Its records are open again."""
    return reply(await actions.reject_match(api.actor, api.path_id(), api.body.reason, api.if_match))
