"""Actions on vaults."""

from uuid import UUID

from core.ids import uuid7
from core.problems import LastManager
from models import access
from models.access import Actor
from models.project import Project
from models.vault import Vault, VaultKey, VaultMember
from realtime import streams
from realtime.events.access import AccessGranted, AccessRevoked
from realtime.events.vault import VaultCreated, VaultDeleted, VaultUpdated
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.store.reading import Reading
from server.vault import queries
from server.vault.cipher import VaultCipher
from server.vault.schemas import VaultWrite


async def create_vault(actor: Actor, cipher: VaultCipher, project_id: UUID, body: VaultWrite) -> Answer:
    """Create a vault with its own key. Its creator manages it. Raises: NotFound, Forbidden, LastManager."""
    access.require_unlimited(actor, "vault")
    async with unit_of_work(actor) as u:
        # Lock the project, so that the creator's membership cannot get an end date at the same moment.
        await access.load(actor, Project, project_id, "vault.create", lock=True)
        await _refuse_temporary(u, project_id, actor.user_id)
        vault = await Vault.create(
            using_db=u.connection,
            id=uuid7(),
            project_id=project_id,
            name=body.name,
            created_at=u.at,
            updated_at=u.at,
        )
        await add_key(u, cipher, vault)
        await VaultMember.create(
            using_db=u.connection,
            id=uuid7(),
            vault_id=vault.id,
            user_id=actor.user_id,
            role="vault_manager",
            created_at=u.at,
            updated_at=u.at,
        )
        names = [streams.vault(vault.id), streams.vault_access(vault.id)]
        u.open_stream(*names)
        u.publish(VaultCreated(vault_id=vault.id, version=1))
        u.publish(AccessGranted(user_id=actor.user_id, stream_names=names, role="vault_manager"))
        u.audit(f"vault:{vault.id}", "vault.create", ("vault", vault.id), version=1)
        return u.answer(201, await queries.view_of(Reading(u.connection), actor, vault.id), version=1)


async def _refuse_temporary(u: UnitOfWork, project_id: UUID, maker: UUID) -> None:
    """
    Refuse a creator whose membership in the project ends, since the vault would then have no manager. Raises:
    LastManager.
    """
    stays = access.in_project("$1", "$2", access.lasting)
    if not (await u.execute(f"SELECT {stays} AS stays", project_id, maker))[0]["stays"]:
        raise LastManager(
            "Your membership in this project ends, and a vault needs a manager who stays. "
            "Ask somebody whose membership has no end date to create it."
        )


async def rename_vault(actor: Actor, vault_id: UUID, body: VaultWrite, expected: int | None) -> Answer:
    """Rename a vault. Raises: NotFound, Forbidden, PreconditionRequired, VersionConflict."""
    async with unit_of_work(actor) as u:
        vault = (await access.load(actor, Vault, vault_id, "vault.edit", lock=True)).row
        await u.expect_version(vault, expected)
        changed = await u.save(vault, name=body.name)
        if changed:
            u.publish(VaultUpdated(vault_id=vault.id, version=vault.version, changed=changed))
            u.audit(f"vault:{vault.id}", "vault.update", ("vault", vault.id), version=vault.version, changed=changed)
        return u.answer(200, await queries.view_of(Reading(u.connection), actor, vault.id), version=vault.version)


async def delete_vault(actor: Actor, vault_id: UUID, expected: int | None) -> None:
    """Destroy a vault, its keys and its entries. Raises: NotFound, Forbidden, PreconditionRequired, VersionConflict."""
    async with unit_of_work(actor) as u:
        vault = (await access.load(actor, Vault, vault_id, "vault.delete", lock=True)).row
        await u.expect_version(vault, expected)
        await _destroy(u, vault)


async def destroy_vaults(u: UnitOfWork, project_id: UUID) -> None:
    """Destroy the vaults of a project that is being deleted."""
    found = Vault.filter(project_id=project_id).using_db(u.connection).order_by("id").select_for_update(no_key=True)
    for vault in await found:
        await _destroy(u, vault)


async def _destroy(u: UnitOfWork, vault: Vault) -> None:
    members = await VaultMember.filter(vault_id=vault.id).using_db(u.connection).order_by("user_id")
    await vault.delete(using_db=u.connection)
    people = [member.user_id for member in members]
    u.publish(VaultDeleted(vault_id=vault.id, version=vault.version, members=people))
    names = [streams.vault(vault.id), streams.vault_access(vault.id)]
    for user_id in people:
        u.publish(AccessRevoked(user_id=user_id, stream_names=names, role=None))
    u.audit(f"vault:{vault.id}", "vault.delete", ("vault", vault.id), version=vault.version)


async def add_key(u: UnitOfWork, cipher: VaultCipher, vault: Vault) -> None:
    """Create the vault key for the vault's epoch."""
    kek_id, wrapped = cipher.make_key(vault.id, vault.epoch)
    await VaultKey.create(
        using_db=u.connection,
        id=uuid7(),
        vault_id=vault.id,
        epoch=vault.epoch,
        kek_id=kek_id,
        wrapped=wrapped,
        created_at=u.at,
    )
