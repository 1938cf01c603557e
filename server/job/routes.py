"""Jobs over HTTP."""

from aiohttp import web

from core import problems
from models.job import Job
from models.project import Project
from server.api.admission import Seat
from server.api.endpoint import ApiRequest, BodyRequest, QueryRequest, Right
from server.api.paging import Page
from server.api.reply import positioned, reply, reply_view
from server.api.routing import Routes
from server.job import actions, explanation, queries, summary
from server.job.schemas import (
    Explain,
    ExplainQuery,
    JobCreate,
    JobList,
    JobView,
    ProgressCurve,
    ProgressQuery,
    Summary,
)

routes = Routes("jobs")
_ROW = (problems.NotFound, problems.Forbidden)
_CHANGE = (*_ROW, problems.JobState, problems.VersionConflict)


@routes.get(
    "/projects/{id}/jobs",
    scope="read",
    query=JobList,
    answers={200: Page[JobView]},
    problems=_ROW,
    stream_position=True,
)
async def list_jobs(api: QueryRequest[JobList]) -> web.StreamResponse:
    """List the jobs of a project."""
    page, position = await queries.list_jobs(api.actor, api.path_id(), api.query)
    return positioned(reply_view(page), position)


@routes.post(
    "/projects/{id}/jobs",
    scope="write",
    body=JobCreate,
    answers={202: JobView},
    problems=_ROW,
    replay=Right(Project, "job.run"),
)
async def create_job(api: BodyRequest[JobCreate]) -> web.StreamResponse:
    """Queue a job over two sources."""
    api.refuse_when_disk_is_full()
    return reply(await actions.create_job(api.actor, api.path_id(), api.body))


@routes.get("/jobs/{id}", scope="read", answers={200: JobView}, problems=_ROW, stream_position=True)
async def get_job(api: ApiRequest) -> web.StreamResponse:
    """Read a job."""
    view, position = await queries.get_job(api.actor, api.path_id())
    return positioned(reply_view(view, version=view.version), position)


@routes.post("/jobs/{id}/cancel", scope="write", answers={202: JobView}, problems=_CHANGE, replay=Right(Job, "job.run"))
async def cancel_job(api: ApiRequest) -> web.StreamResponse:
    """Cancel a job. What it has finished is kept."""
    return reply(await actions.cancel_job(api.actor, api.path_id(), api.if_match))


@routes.post("/jobs/{id}/pause", scope="write", answers={202: JobView}, problems=_CHANGE, replay=Right(Job, "job.run"))
async def pause_job(api: ApiRequest) -> web.StreamResponse:
    """Pause a running job. What it has finished is kept, and it holds no worker until it is resumed."""
    return reply(await actions.pause_job(api.actor, api.path_id(), api.if_match))


@routes.post("/jobs/{id}/resume", scope="write", answers={202: JobView}, problems=_CHANGE, replay=Right(Job, "job.run"))
async def resume_job(api: ApiRequest) -> web.StreamResponse:
    """Let a paused job go on where it was."""
    api.refuse_when_disk_is_full()
    return reply(await actions.resume_job(api.actor, api.path_id(), api.if_match))


@routes.post("/jobs/{id}/retry", scope="write", answers={202: JobView}, problems=_CHANGE, replay=Right(Job, "job.run"))
async def retry_job(api: ApiRequest) -> web.StreamResponse:
    """Queue a failed or cancelled job again."""
    api.refuse_when_disk_is_full()
    return reply(await actions.retry_job(api.actor, api.path_id(), api.if_match))


@routes.get("/jobs/{id}/summary", scope="read", answers={200: Summary}, problems=_ROW, stream_position=True, heavy=True)
async def get_summary(api: ApiRequest) -> web.StreamResponse:
    """Read a job's counts and sums, which add up to its input."""
    view, position = await summary.summary_of(api.actor, api.path_id())
    return positioned(reply_view(view), position)


@routes.get(
    "/jobs/{id}/progress",
    scope="read",
    query=ProgressQuery,
    answers={200: ProgressCurve},
    problems=_ROW,
    stream_position=True,
)
async def get_progress(api: QueryRequest[ProgressQuery]) -> web.StreamResponse:
    """Read the curve of a job's progress."""
    view, position = await queries.progress_of(api.actor, api.path_id(), api.query.points)
    return positioned(reply_view(view), position)


@routes.get(
    "/jobs/{id}/explain",
    scope="read",
    query=ExplainQuery,
    answers={200: Explain},
    problems=(*_ROW, problems.Busy),
    takes_turns_itself=True,
)
async def explain_pair(api: QueryRequest[ExplainQuery]) -> web.StreamResponse:
    """Explain why a job matched two records, or why it did not."""
    seat = Seat.of(api.request)
    return reply_view(await explanation.explain(api.actor, api.path_id(), api.query, seat, api.settings))
