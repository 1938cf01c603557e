"""Matches over HTTP."""

from typing import Any

from aiohttp import web

from core import problems
from models.decision import Decision
from models.job import Job
from models.match import Match
from models.project import Project
from models.record import Record
from server.api.endpoint import ApiRequest, BodyRequest, QueryRequest, Right
from server.api.paging import Page, Paged
from server.api.reply import no_content, positioned, reply, reply_view
from server.api.routing import Routes
from server.match import (
    actions,
    bulk,
    four_eyes,
    manual,
    notes,
    open_items,
    pair,
    queries,
    split,
    summary,
    undo,
    write_off,
)
from server.match.schemas import (
    Assign,
    CommentCreate,
    CommentView,
    Decide,
    MatchByHand,
    MatchDetail,
    MatchList,
    MatchView,
    OpenItem,
    OpenItemList,
    PairMatchByHand,
    PairMatchList,
    PairQuery,
    PairReview,
    Review,
    Reviewed,
    Split,
    UnmatchedList,
    WriteOff,
)
from server.match.summary_schemas import PairSummary
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


@routes.post("/matches/{id}/undo", scope="review", body=Decide, **_DECIDE)
async def undo_match(api: BodyRequest[Decide]) -> web.StreamResponse:
    """Undo the latest decision on a match."""
    return reply(await undo.undo_match(api.actor, api.path_id(), api.body.reason, api.if_match))


@routes.delete(
    "/matches/{id}/signature",
    scope="review",
    answers={200: MatchDetail},
    problems=(*_ROW, problems.AlreadyDecided, problems.VersionConflict),
)
async def unsign_match(api: ApiRequest) -> web.StreamResponse:
    """Take back your own signature, while it waits for a second person's."""
    return reply(await four_eyes.unsign_match(api.actor, api.path_id(), api.if_match))


@routes.post(
    "/matches/{id}/split",
    scope="review",
    body=Split,
    answers={200: MatchDetail},
    problems=(*_ROW, problems.AlreadyDecided, problems.VersionConflict, problems.NotTied),
    replay=Right(Match, "match.decide"),
)
async def split_match(api: BodyRequest[Split]) -> web.StreamResponse:
    """Split a match into several."""
    return reply(await split.split_match(api.actor, api.path_id(), api.body, api.if_match))


@routes.put(
    "/matches/{id}/assignee",
    scope="review",
    body=Assign,
    answers={200: MatchDetail},
    problems=(*_ROW, problems.VersionConflict, problems.PreconditionRequired),
    if_match=True,
)
async def assign_match(api: BodyRequest[Assign]) -> web.StreamResponse:
    """Give a match to a member of the project, or to nobody."""
    return reply(await notes.assign_match(api.actor, api.path_id(), api.body, api.if_match))


@routes.get(
    "/matches/{id}/comments",
    scope="read",
    query=Paged,
    answers={200: Page[CommentView]},
    problems=_ROW,
    stream_position=True,
)
async def list_comments(api: QueryRequest[Paged]) -> web.StreamResponse:
    """List the comments on a match, oldest first."""
    page, position = await notes.list_comments(api.actor, api.path_id(), api.query)
    return positioned(reply_view(page), position)


@routes.post(
    "/matches/{id}/comments",
    scope="review",
    body=CommentCreate,
    answers={201: CommentView},
    problems=_ROW,
    replay=Right(Match, "match.comment"),
)
async def comment_on_match(api: BodyRequest[CommentCreate]) -> web.StreamResponse:
    """Comment on a match."""
    return reply(await notes.comment_on_match(api.actor, api.path_id(), api.body))


@routes.get(
    "/projects/{id}/matches",
    scope="read",
    query=PairMatchList,
    answers={200: Page[MatchView]},
    problems=_ROW,
    stream_position=True,
)
async def list_matches_of_pair(api: QueryRequest[PairMatchList]) -> web.StreamResponse:
    """List the matches of two sources, of all jobs and by hand."""
    page, position = await pair.list_matches(api.actor, api.path_id(), api.query)
    return positioned(reply_view(page), position)


@routes.post(
    "/projects/{id}/matches",
    scope="review",
    body=PairMatchByHand,
    answers={201: MatchDetail},
    problems=(*_ROW, problems.RecordInUse, problems.VersionConflict, problems.NotTied),
    replay=Right(Project, "match.decide"),
)
async def match_by_hand(api: BodyRequest[PairMatchByHand]) -> web.StreamResponse:
    """Match records of two sources by hand."""
    return reply(await manual.match_in_pair(api.actor, api.path_id(), api.body))


@routes.post(
    "/jobs/{id}/matches",
    scope="review",
    body=MatchByHand,
    answers={201: MatchDetail},
    problems=(*_ROW, problems.RecordInUse, problems.VersionConflict, problems.NotTied),
    replay=Right(Job, "match.decide"),
)
async def match_by_hand_in_job(api: BodyRequest[MatchByHand]) -> web.StreamResponse:
    """Match records of a job's two sources by hand."""
    return reply(await manual.match_in_job(api.actor, api.path_id(), api.body))


@routes.post(
    "/projects/{id}/review",
    scope="review",
    body=PairReview,
    answers={200: Reviewed},
    problems=(*_ROW, problems.CountChanged),
    replay=Right(Project, "match.decide"),
    heavy=True,
)
async def review_pair(api: BodyRequest[PairReview]) -> web.StreamResponse:
    """Decide on many matches of two sources at once."""
    return reply(await bulk.review_pair(api.actor, api.path_id(), api.body))


@routes.post(
    "/jobs/{id}/review",
    scope="review",
    body=Review,
    answers={200: Reviewed},
    problems=(*_ROW, problems.CountChanged),
    replay=Right(Job, "match.decide"),
    heavy=True,
)
async def review_job(api: BodyRequest[Review]) -> web.StreamResponse:
    """Decide on many matches of a job at once."""
    return reply(await bulk.review_job(api.actor, api.path_id(), api.body))


@routes.post(
    "/decisions/{id}/undo",
    scope="review",
    answers={200: Reviewed},
    problems=(*_ROW, problems.AlreadyDecided),
    replay=Right(Decision, "match.decide"),
    heavy=True,
)
async def undo_decision(api: ApiRequest) -> web.StreamResponse:
    """Undo a decision as a whole. What has changed since is skipped and listed."""
    return reply(await bulk.undo_decision(api.actor, api.path_id()))


@routes.get(
    "/projects/{id}/open-items",
    scope="read",
    query=OpenItemList,
    answers={200: Page[OpenItem]},
    problems=_ROW,
    stream_position=True,
    heavy=True,
)
async def list_open_items(api: QueryRequest[OpenItemList]) -> web.StreamResponse:
    """List what is open between two sources: records that none of their matches holds, and remainders."""
    page, position = await open_items.list_open_items(api.actor, api.path_id(), api.query)
    return positioned(reply_view(page), position)


@routes.get(
    "/projects/{id}/summary",
    scope="read",
    query=PairQuery,
    answers={200: PairSummary},
    problems=_ROW,
    stream_position=True,
)
async def get_pair_summary(api: QueryRequest[PairQuery]) -> web.StreamResponse:
    """Read the books of two sources: what is matched, booked, open and written off, and whether both sides agree."""
    view, position = await summary.summary_of(api.actor, api.path_id(), api.query)
    return positioned(reply_view(view), position)


@routes.post(
    "/records/{id}/write-off",
    scope="review",
    body=WriteOff,
    answers={200: RecordView},
    problems=(*_ROW, problems.OverLimit, problems.RecordInUse),
    replay=Right(Record, "match.decide"),
)
async def write_off_record(api: BodyRequest[WriteOff]) -> web.StreamResponse:
    """Write a record off: it has no partner and needs none."""
    return reply(await write_off.write_off(api.actor, api.path_id(), api.body))


@routes.delete(
    "/records/{id}/write-off", scope="review", answers={204: None}, problems=(*_ROW, problems.AlreadyDecided)
)
async def undo_write_off(api: ApiRequest) -> web.StreamResponse:
    """Take a write-off back."""
    await write_off.undo_write_off(api.actor, api.path_id())
    return no_content()
