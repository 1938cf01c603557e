"""Actions on projects and members."""

from datetime import datetime
from uuid import UUID

from core import problems
from core.ids import uuid7
from core.problems import Fault, Forbidden, Invalid, NotFound
from models import access
from models.access import About, Actor
from models.project import Project, ProjectMember
from models.status import LIVE_JOB, sql_list
from models.user import User
from realtime import streams
from realtime.events.access import AccessChanged, AccessGranted, AccessRevoked
from realtime.events.member import MemberAdded, MemberChanged, MemberRemoved
from realtime.events.project import ProjectDeleted, ProjectUpdated
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.match.leaving import take_off
from server.project import queries
from server.project.schemas import MemberAdd, MemberPut, MemberView, ProjectCreate, ProjectUpdate
from server.store.reading import Reading
from server.vault.actions.member import keep_managers, leave_vaults
from server.vault.actions.vault import destroy_vaults
from server.vault.cipher import VaultCipher


async def create_project(actor: Actor, body: ProjectCreate) -> Answer:
    """Create a project, which its creator owns. Raises: Forbidden."""
    if actor.role not in ("manager", "admin"):
        raise Forbidden(
            "Only managers and administrators may create projects.",
            about=About("system", "project", "project.create", ""),
        )
    access.require_unlimited(actor, "project")
    async with unit_of_work(actor) as u:
        project = await Project.create(
            using_db=u.connection,
            id=uuid7(),
            name=body.name,
            description=body.description,
            timezone=body.timezone,
            created_at=u.at,
            updated_at=u.at,
        )
        await _add_member(u, project.id, actor.user_id, "owner", None)
        u.open_stream(streams.project(project.id))
        u.audit(f"project:{project.id}", "project.create", ("project", project.id), version=1)
        view = await queries.view_of(Reading(u.connection), actor, project.id)
        return u.answer(201, view, version=1)


async def update_project(actor: Actor, project_id: UUID, body: ProjectUpdate, expected: int | None) -> Answer:
    """Change the name, description or time zone. Raises: NotFound, Forbidden, VersionConflict."""
    changes = body.model_dump(exclude_unset=True)
    async with unit_of_work(actor) as u:
        project = (await access.load(actor, Project, project_id, "project.edit", lock=True)).row
        await u.expect_version(project, expected, required=False)
        changed = await u.save(project, **changes)
        if changed:
            u.publish(ProjectUpdated(project_id=project.id, version=project.version, changed=changed))
            u.audit(
                f"project:{project.id}",
                "project.update",
                ("project", project.id),
                version=project.version,
                changed=changed,
            )
        view = await queries.view_of(Reading(u.connection), actor, project.id)
        return u.answer(200, view, version=project.version)


async def delete_project(actor: Actor, project_id: UUID, expected: int | None) -> None:
    """Delete a project and everything in it. Raises: NotFound, Forbidden, JobState while a job is live."""
    async with unit_of_work(actor) as u:
        project = (await access.load(actor, Project, project_id, "project.delete", lock=True)).row
        await u.expect_version(project, expected, required=False)
        live = await u.execute(
            f"SELECT 1 FROM reconciliation_jobs WHERE project_id = $1 AND status IN {sql_list(LIVE_JOB)}",
            project_id,
        )
        if live:
            raise problems.JobState("A job of this project is running. Cancel it first.")
        members = [
            m.user_id for m in await ProjectMember.filter(project_id=project_id).using_db(u.connection).order_by("id")
        ]
        await destroy_vaults(u, project_id)
        await project.delete(using_db=u.connection)
        u.publish(ProjectDeleted(project_id=project_id, version=project.version, members=members))
        for user_id in members:
            u.publish(AccessRevoked(user_id=user_id, stream_names=[streams.project(project_id)], role=None))
        u.audit(f"project:{project_id}", "project.delete", ("project", project_id), version=project.version)


async def put_member(actor: Actor, project_id: UUID, user_id: UUID, body: MemberPut) -> Answer:
    """Set a person's role. Raises: NotFound (also for an unknown person), Forbidden, LastManager."""
    async with unit_of_work(actor) as u:
        await _load_for_members(actor, project_id, user_id)
        user = await User.filter(id=user_id, status__not="disabled").using_db(u.connection).first()
        if user is None:
            raise NotFound
        return await _set_role(u, project_id, user, body.role, body.expires_at)


async def add_member(actor: Actor, project_id: UUID, body: MemberAdd) -> Answer:
    """Add a person by e-mail address. Raises: NotFound, Forbidden, Duplicate, Invalid for an unknown person."""
    async with unit_of_work(actor) as u:
        await access.load(actor, Project, project_id, "project.members.add", lock=True)
        user = await User.filter(email=body.email, status__not="disabled").using_db(u.connection).first()
        if user is None:
            raise Invalid(errors=(Fault("/email", "invalid_field", "there is no account with this address"),))
        if await ProjectMember.filter(project_id=project_id, user_id=user.id).using_db(u.connection).exists():
            raise problems.Duplicate("This person is already a member. Change their role instead.")
        return await _set_role(u, project_id, user, body.role, None, created=201)


async def remove_member(actor: Actor, cipher: VaultCipher, project_id: UUID, user_id: UUID) -> None:
    """Remove a member, also from the project's vaults. Members may leave. Raises: NotFound, Forbidden, LastManager."""
    async with unit_of_work(actor) as u:
        leaves = actor.id == user_id
        await access.load(actor, Project, project_id, "project.read" if leaves else "project.members.edit", lock=True)
        member = (
            await ProjectMember.filter(project_id=project_id, user_id=user_id)
            .using_db(u.connection)
            .select_for_update(no_key=True)
            .first()
        )
        if member is None:
            raise NotFound
        if member.role == "owner":
            await _keep_an_owner(u, project_id, user_id)
        await take_off(u, user_id, project_id)
        await _remove(u, cipher, member)


async def leave_projects(u: UnitOfWork, cipher: VaultCipher, user_id: UUID) -> None:
    """Take a person out of all projects and their vaults. Raises: LastManager."""
    # Lock before reading the memberships, so that two owners cannot leave a project at the same time.
    await u.execute(
        "SELECT 1 FROM projects WHERE id IN (SELECT project_id FROM project_members WHERE user_id = $1) "
        "ORDER BY id FOR NO KEY UPDATE",
        user_id,
    )
    await take_off(u, user_id)  # in all projects, because matches are locked before vaults
    for member in await ProjectMember.filter(user_id=user_id).using_db(u.connection).order_by("project_id"):
        if member.role == "owner":
            await _keep_an_owner(u, member.project_id, user_id)
        await _remove(u, cipher, member)


async def _remove(u: UnitOfWork, cipher: VaultCipher, member: ProjectMember) -> None:
    project_id, user_id = member.project_id, member.user_id
    await leave_vaults(u, cipher, project_id, user_id)
    await member.delete(using_db=u.connection)
    u.publish(MemberRemoved(project_id=project_id, user_id=user_id, role=member.role))
    u.publish(AccessRevoked(user_id=user_id, stream_names=[streams.project(project_id)], role=None))
    u.audit(f"project:{project_id}", "project.member.remove", ("user", user_id))


async def _load_for_members(actor: Actor, project_id: UUID, user_id: UUID) -> None:
    """Check the right to set a role. An owner may set any; an administrator without membership may only add."""
    exists = await ProjectMember.filter(project_id=project_id, user_id=user_id).exists()
    action = "project.members.edit" if exists else "project.members.add"
    await access.load(actor, Project, project_id, action, lock=True)


async def _set_role(
    u: UnitOfWork, project_id: UUID, user: User, role: str, expires_at: datetime | None, created: int = 200
) -> Answer:
    member = (
        await ProjectMember.filter(project_id=project_id, user_id=user.id)
        .using_db(u.connection)
        .select_for_update(no_key=True)
        .first()
    )
    names = [streams.project(project_id)]
    if member is None:
        await _add_member(u, project_id, user.id, role, expires_at)
        u.publish(MemberAdded(project_id=project_id, user_id=user.id, role=role))
        u.publish(AccessGranted(user_id=user.id, stream_names=names, role=role))
        u.audit(f"project:{project_id}", "project.member.add", ("user", user.id), role=role)
    elif (member.role, member.expires_at) != (role, expires_at):
        if member.role == "owner" and (role != "owner" or expires_at is not None):
            await _keep_an_owner(u, project_id, user.id)
        if not access.can(role, "match.decide"):
            await take_off(u, user.id, project_id)
        if expires_at is not None:
            await keep_managers(u, project_id, user.id)  # the person's grants in vaults end with this membership
        await u.save(member, role=role, expires_at=expires_at)
        u.publish(MemberChanged(project_id=project_id, user_id=user.id, role=role))
        u.publish(AccessChanged(user_id=user.id, stream_names=names, role=role))
        u.audit(f"project:{project_id}", "project.member.change", ("user", user.id), role=role)
    view = MemberView(user_id=user.id, display_name=user.display_name, role=role, expires_at=expires_at)
    return u.answer(created, view)


async def _add_member(u: UnitOfWork, project_id: UUID, user_id: UUID, role: str, expires_at: datetime | None) -> None:
    await ProjectMember.create(
        using_db=u.connection,
        id=uuid7(),
        project_id=project_id,
        user_id=user_id,
        role=role,
        expires_at=expires_at,
        created_at=u.at,
        updated_at=u.at,
    )


async def _keep_an_owner(u: UnitOfWork, project_id: UUID, leaving: UUID) -> None:
    # The project row is already locked, so two owners cannot leave at the same time.
    others = await u.execute(
        "SELECT 1 FROM project_members m WHERE m.project_id = $1 AND m.role = 'owner' AND m.user_id <> $2 "
        f"AND {access.lasting('m')} LIMIT 1",
        project_id,
        leaving,
    )
    if not others:
        raise problems.LastManager("This is the project's last owner. Name another one first.")
