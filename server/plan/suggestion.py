"""Suggests a plan over REST: from a sample of both sides, in a separate process."""

import asyncio
from uuid import UUID

import orjson

from core.problems import Busy, Fault, Forbidden, Internal, Invalid, NotFound
from core.settings import Settings
from models import access
from models.access import Actor
from models.project import Project
from models.source import Source
from models.status import SourceStatus
from server.plan.schemas import SuggestedPlan
from server.store.program import answer_of

TIMEOUT_S = 60
_one_at_a_time = asyncio.Semaphore(1)  # each suggestion takes a core for seconds


async def suggest_plan(actor: Actor, project_id: UUID, left: UUID, right: UUID, settings: Settings) -> SuggestedPlan:
    """
    A plan that fits two sources of the project.

    Raises: NotFound, Forbidden, Invalid (a source that is empty or not ready), Busy.
    """
    await access.load(actor, Project, project_id, "plan.suggest")
    for name, source_id in (("left_source", left), ("right_source", right)):
        await ready_source(actor, project_id, source_id, f"/{name}", "plan.suggest")
    if _one_at_a_time.locked():
        raise Busy("Another plan is being suggested. Try again soon.", retry_after_s=3)
    async with _one_at_a_time:
        output = await answer_of(
            settings,
            "server.processes.suggestion",
            [str(left), str(right)],
            TIMEOUT_S,
            "Suggesting a plan took too long. Try a smaller source.",
        )
    answer = orjson.loads(output or b"{}")
    if "document" not in answer:
        if "refused" in answer:
            raise Invalid(errors=(Fault(answer["pointer"], "invalid_plan", answer["refused"]),))
        raise Internal
    return SuggestedPlan.of(answer["document"], answer["hash"])


async def ready_source(actor: Actor, project_id: UUID, source_id: UUID, pointer: str, action: str) -> Source:
    """
    A source of this project that is ready for what the actor does with it. Raises: Invalid, with the pointer into the
    body.
    """
    try:
        source = (await access.load(actor, Source, source_id, action)).row
    except (NotFound, Forbidden):  # of another project, where the actor may have another role
        raise Invalid(errors=(Fault(pointer, "invalid_field", "is not a source of this project"),)) from None
    if source.project_id != project_id:
        raise Invalid(errors=(Fault(pointer, "invalid_field", "is not a source of this project"),))
    if source.status != SourceStatus.READY:
        raise Invalid(errors=(Fault(pointer, "invalid_field", f"is not ready; its status is {source.status}"),))
    return source
