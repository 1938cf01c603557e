"""Actions on the members of a vault. Only members of its project can be members."""

from uuid import UUID

from core import problems
from core.ids import uuid7
from core.problems import NotFound
from models import access
from models.access import VAULT_ROLES, Actor
from models.vault import Vault, VaultMember
from realtime import streams
from realtime.events.access import AccessChanged, AccessGranted, AccessRevoked
from realtime.events.member import VaultManagerRemoved, VaultMemberAdded, VaultMemberChanged, VaultMemberRemoved
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.vault.actions.vault import add_key
from server.vault.cipher import VaultCipher
from server.vault.schemas import VaultMemberPut, VaultMemberView


async def put_member(actor: Actor, cipher: VaultCipher, vault_id: UUID, user_id: UUID, body: VaultMemberPut) -> Answer:
    """Set a person's role. Raises: NotFound (also for a person outside the project), Forbidden, LastManager."""
    async with unit_of_work(actor) as u:
        vault = (await access.load(actor, Vault, vault_id, "vault.members.edit", lock=True)).row
        people = await u.execute(
            "SELECT u.display_name FROM users u JOIN project_members p ON p.user_id = u.id AND p.project_id = $2 "
            "AND (p.expires_at IS NULL OR p.expires_at > now()) WHERE u.id = $1 AND u.status <> 'disabled'",
            user_id,
            vault.project_id,
        )
        if not people:
            raise NotFound("Only a member of the project can be a member of its vault.")
        member = await _member(u, vault_id, user_id)
        if member is None:
            await _add(u, vault_id, user_id, body)
        elif (member.role, member.expires_at) != (body.role, body.expires_at):
            await _change(u, cipher, vault, member, body)
        view = VaultMemberView(user_id=user_id, display_name=people[0]["display_name"], **body.model_dump())
        return u.answer(200, view)


async def remove_member(actor: Actor, cipher: VaultCipher, vault_id: UUID, user_id: UUID) -> None:
    """Remove a member. Members may also leave by themselves. Raises: NotFound, Forbidden, LastManager."""
    async with unit_of_work(actor) as u:
        leaves = actor.id == user_id
        vault = (
            await access.load(actor, Vault, vault_id, "vault.read" if leaves else "vault.members.edit", lock=True)
        ).row
        member = await _member(u, vault_id, user_id)
        if member is None:
            raise NotFound
        await _remove(u, cipher, vault, member)


async def leave_vaults(u: UnitOfWork, cipher: VaultCipher, project_id: UUID, user_id: UUID) -> None:
    """Remove a person who leaves a project from its vaults. Raises: LastManager."""
    vaults = (
        await Vault.filter(project_id=project_id, members__user_id=user_id)
        .using_db(u.connection)
        .order_by("id")
        .select_for_update(no_key=True, of=("vaults",))
    )
    for vault in vaults:
        member = await _member(u, vault.id, user_id)
        if member is not None:
            await _remove(u, cipher, vault, member)


async def keep_managers(u: UnitOfWork, project_id: UUID, user_id: UUID) -> None:
    """
    Check that the project's vaults have managers other than a person whose membership is about to get an end date.
    Raises: LastManager.
    """
    vaults = (
        await Vault.filter(project_id=project_id, members__user_id=user_id, members__role="vault_manager")
        .using_db(u.connection)
        .order_by("id")
        .select_for_update(no_key=True, of=("vaults",))
    )
    for vault in vaults:
        await _keep_a_manager(u, vault, user_id)


async def _add(u: UnitOfWork, vault_id: UUID, user_id: UUID, body: VaultMemberPut) -> None:
    await VaultMember.create(
        using_db=u.connection,
        id=uuid7(),
        vault_id=vault_id,
        user_id=user_id,
        role=body.role,
        expires_at=body.expires_at,
        created_at=u.at,
        updated_at=u.at,
    )
    u.publish(VaultMemberAdded(vault_id=vault_id, user_id=user_id, role=body.role))
    u.publish(AccessGranted(user_id=user_id, stream_names=_streams(vault_id, body.role), role=body.role))
    u.audit(f"vault:{vault_id}", "vault.member.add", ("user", user_id), role=body.role)


async def _change(u: UnitOfWork, cipher: VaultCipher, vault: Vault, member: VaultMember, body: VaultMemberPut) -> None:
    before = member.role
    if before == "vault_manager" and (body.role != "vault_manager" or body.expires_at is not None):
        await _keep_a_manager(u, vault, member.user_id)
    await u.save(member, role=body.role, expires_at=body.expires_at)
    u.publish(VaultMemberChanged(vault_id=vault.id, user_id=member.user_id, role=body.role))
    if before == "vault_manager" != body.role:
        u.publish(VaultManagerRemoved(vault_id=vault.id, user_id=member.user_id))
    u.publish(AccessChanged(user_id=member.user_id, stream_names=_streams(vault.id, body.role), role=body.role))
    u.audit(f"vault:{vault.id}", "vault.member.change", ("user", member.user_id), role=body.role)
    if VAULT_ROLES.index(body.role) < VAULT_ROLES.index(before):
        await _next_epoch(u, cipher, vault)


async def _remove(u: UnitOfWork, cipher: VaultCipher, vault: Vault, member: VaultMember) -> None:
    if member.role == "vault_manager":
        await _keep_a_manager(u, vault, member.user_id)
    await member.delete(using_db=u.connection)
    u.publish(VaultMemberRemoved(vault_id=vault.id, user_id=member.user_id, role=member.role))
    if member.role == "vault_manager":
        u.publish(VaultManagerRemoved(vault_id=vault.id, user_id=member.user_id))
    names = [streams.vault(vault.id), streams.vault_access(vault.id)]
    u.publish(AccessRevoked(user_id=member.user_id, stream_names=names, role=None))
    u.audit(f"vault:{vault.id}", "vault.member.remove", ("user", member.user_id))
    await _next_epoch(u, cipher, vault)


async def _next_epoch(u: UnitOfWork, cipher: VaultCipher, vault: Vault) -> None:
    """
    Start a new epoch, so that what is written from now on is sealed under a key that the person who lost rights could
    never use.
    """
    vault.epoch += 1
    await vault.save(using_db=u.connection, update_fields=["epoch"])
    await add_key(u, cipher, vault)


async def _member(u: UnitOfWork, vault_id: UUID, user_id: UUID) -> VaultMember | None:
    return (
        await VaultMember.filter(vault_id=vault_id, user_id=user_id)
        .using_db(u.connection)
        .select_for_update(no_key=True)
        .first()
    )


async def _keep_a_manager(u: UnitOfWork, vault: Vault, leaving: UUID) -> None:
    # The vault's row is already locked, so two managers cannot leave at the same time.
    others = await u.execute(
        "SELECT 1 FROM vault_members m WHERE m.vault_id = $1 AND m.role = 'vault_manager' AND m.user_id <> $2 "
        f"AND {access.lasting('m')} AND {access.in_project('$3', 'm.user_id', access.lasting)} LIMIT 1",
        vault.id,
        leaving,
        vault.project_id,
    )
    if not others:
        raise problems.LastManager(f"This is the last manager of the vault {vault.id}. Name another one first.")


def _streams(vault_id: UUID, role: str) -> list[str]:
    names = [streams.vault(vault_id)]
    return [*names, streams.vault_access(vault_id)] if role == "vault_manager" else names
