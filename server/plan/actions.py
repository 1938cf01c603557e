"""Actions on plans."""

from typing import Any
from uuid import UUID

from core.ids import uuid7
from core.problems import Fault, Invalid
from matching.faults import read_plan
from matching.plan import Plan as Document
from matching.plan import PlanInvalid
from models import access
from models.access import Actor
from models.plan import Plan, PlanVersion
from models.project import Project
from realtime.events.plan import PlanCreated, PlanUpdated
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.plan.schemas import PlanView, PlanWrite


def parse_document(document: dict[str, Any]) -> Document:
    """A plan's document as the engine reads it. Raises: Invalid (invalid_plan) with every fault by JSON pointer."""
    try:
        return read_plan(document)
    except PlanInvalid as error:
        raise plan_invalid(error) from None


def plan_invalid(error: PlanInvalid) -> Invalid:
    """The engine's refusal as a problem."""
    faults = [Fault(f"/document{pointer}", "invalid_plan", message) for pointer, _, message in error.faults]
    return Invalid(errors=tuple(faults) or (Fault("/document", "invalid_plan", str(error)),))


async def create_plan(actor: Actor, project_id: UUID, body: PlanWrite) -> Answer:
    """Save a plan that somebody wrote. Raises: NotFound, Forbidden, Invalid (invalid_plan)."""
    document = parse_document(body.document)
    async with unit_of_work(actor) as u:
        await access.load(actor, Project, project_id, "plan.edit", lock=True)
        plan = await add_plan(u, project_id, body.name, document, "written")
        return u.answer(201, PlanView.of(plan), version=1)


async def update_plan(actor: Actor, plan_id: UUID, body: PlanWrite, expected: int | None) -> Answer:
    """Save a new version of a plan. Raises: NotFound, Forbidden, PreconditionRequired, VersionConflict, Invalid."""
    document = parse_document(body.document)
    async with unit_of_work(actor) as u:
        plan = (await access.load(actor, Plan, plan_id, "plan.edit", lock=True)).row
        await u.expect_version(plan, expected)
        changed = await u.save(plan, name=body.name, document=_json(document), hash=document.hash)
        if changed:
            await _add_version(u, plan)
            u.publish(PlanUpdated(project_id=plan.project_id, plan_id=plan.id, version=plan.version, hash=plan.hash))
            u.audit(
                f"project:{plan.project_id}", "plan.update", ("plan", plan.id), version=plan.version, changed=changed
            )
        return u.answer(200, PlanView.of(plan), version=plan.version)


async def add_plan(u: UnitOfWork, project_id: UUID, name: str, document: Document, origin: str) -> Plan:
    """Save a plan in an open unit of work. The caller has checked the right to do so."""
    plan = await Plan.create(
        using_db=u.connection,
        id=uuid7(),
        project_id=project_id,
        name=name[:256],
        document=_json(document),
        hash=document.hash,
        origin=origin,
        created_at=u.at,
        updated_at=u.at,
    )
    await _add_version(u, plan)
    u.publish(PlanCreated(project_id=project_id, plan_id=plan.id, version=1, hash=plan.hash))
    u.audit(f"project:{project_id}", "plan.create", ("plan", plan.id), version=1, origin=origin)
    return plan


async def _add_version(u: UnitOfWork, plan: Plan) -> None:
    await PlanVersion.create(
        using_db=u.connection,
        id=uuid7(),
        plan_id=plan.id,
        version=plan.version,
        document=plan.document,
        name=plan.name,
        hash=plan.hash,
        created_by=u.actor.id,
        created_at=u.at,
        updated_at=u.at,
    )


def _json(document: Document) -> dict[str, Any]:
    found: dict[str, Any] = document.model_dump(mode="json", by_alias=True, exclude_none=True)
    return found
