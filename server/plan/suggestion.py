"""Suggests a plan over REST: from a sample of both sides, in a separate process."""

from uuid import UUID

import orjson

from core.problems import Fault, Forbidden, Internal, Invalid, NotFound, TooLarge
from core.settings import Settings
from models import access
from models.access import Actor
from models.project import Project
from models.source import Source
from models.status import SourceStatus
from server.api.admission import Seat
from server.plan.schemas import PlanSuggest, SuggestedPlan
from server.store.program import answer_of

TIMEOUT_S = 60


async def suggest_plan(
    actor: Actor, project_id: UUID, body: PlanSuggest, seat: Seat, settings: Settings
) -> SuggestedPlan:
    """
    A plan that fits two sources of the project.

    Raises: NotFound, Forbidden, Invalid (a source that is empty or not ready), Busy, TooLarge.
    """
    async with seat.connection():
        await access.load(actor, Project, project_id, "plan.suggest")
        for name, source_id in (("left_source", body.left_source), ("right_source", body.right_source)):
            await ready_source(actor, project_id, source_id, f"/{name}", "plan.suggest")
    async with seat.suggestion():
        output = await answer_of(
            settings,
            "server.processes.suggestion",
            [str(body.left_source), str(body.right_source)],
            TIMEOUT_S,
            "Suggesting a plan took too long. Try a smaller source.",
        )
    answer = orjson.loads(output or b"{}")
    if "document" not in answer:
        if "refused" in answer:
            raise Invalid(errors=(Fault(answer["pointer"], "invalid_plan", answer["refused"]),))
        if "too_large" in answer:
            raise TooLarge(answer["too_large"])
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
