"""Read queries for vaults. They never return a secret."""

from uuid import UUID

from core.clock import now
from models import access
from models.access import Actor
from models.project import Project
from models.vault import Entry, Vault
from realtime import streams
from server.api.paging import Listing, Page, Sort
from server.store.reading import Position, Reading, reading
from server.vault.schemas import (
    EntryList,
    EntryView,
    VaultList,
    VaultMemberList,
    VaultMemberView,
    VaultView,
    VersionList,
    VersionView,
)

_VAULT = (
    "t.id, t.project_id, t.name, t.created_at, t.updated_at, t.version, coalesce(m.role, 'admin') AS my_role, "
    "(SELECT count(*) FROM password_entries e WHERE e.vault_id = t.id AND e.trashed_at IS NULL) AS entry_count"
)
_MEMBER = (
    "vaults t LEFT JOIN vault_members m ON m.vault_id = t.id AND m.user_id = $1 "
    f"AND {access.in_force('m')} AND {access.in_project('t.project_id', '$1')}"
)
# A version names the person. If they used an API token, the audit row of the version names it.
_BY_PROGRAM = (
    "LEFT JOIN audit_log a ON a.resource_id = t.entry_id::text AND a.resource_type = 'entry' AND a.outcome = 'success' "
    "AND a.actor_type = 'token' AND (a.details->>'version')::int = t.version"
)
_DUE = "t.secret_changed_at + make_interval(days => t.rotation_interval_days)"
_STATES = {
    "expired": "t.expires_at <= now()",
    "due": f"(t.expires_at IS NULL OR t.expires_at > now()) AND {_DUE} <= now()",
    "due_soon": f"(t.expires_at IS NULL OR t.expires_at > now()) AND ({_DUE} > now()) IS NOT FALSE AND "
    f"(t.expires_at <= now() + interval '30 days' OR {_DUE} <= now() + interval '30 days')",
    "ok": f"(t.expires_at > now() + interval '30 days') IS NOT FALSE AND ({_DUE} > now() + interval '30 days') "
    "IS NOT FALSE",
}


async def vaults_of(actor: Actor, project_id: UUID, query: VaultList) -> tuple[Page[VaultView], Position]:
    """
    The vaults of a project that the actor may use. An administrator sees all, with name and count only. Raises:
    NotFound.
    """
    async with reading() as snapshot:
        await access.load(actor, Project, project_id, "project.vaults")
        name = query.sort.lstrip("-")
        sort = Sort(f"t.{name}", "text" if name == "name" else "timestamptz", descending=query.sort.startswith("-"))
        listing = Listing(_VAULT, _MEMBER, sort, f"vaults/{project_id}", values=[actor.id])
        listing.where("t.project_id = ?", project_id)
        if actor.role != "admin":
            listing.where("m.role IS NOT NULL")
        if actor.limits is not None and actor.limits.vault_ids is not None:
            listing.where("t.id = ANY(?::text[]::uuid[])", [str(one) for one in actor.limits.vault_ids])
        page = await listing.page(snapshot, query, lambda row: VaultView(**_without_cursor(row)))
        return page, await snapshot.position(streams.project(project_id))


async def get_vault(actor: Actor, vault_id: UUID) -> tuple[VaultView, Position]:
    """A vault, loaded through its actor. Raises: NotFound."""
    async with reading() as snapshot:
        await access.load(actor, Vault, vault_id, "vault.read")
        return await view_of(snapshot, actor, vault_id), await snapshot.position(streams.vault(vault_id))


async def view_of(snapshot: Reading, actor: Actor, vault_id: UUID) -> VaultView:
    """The view of a vault that the actor was allowed to load."""
    rows = await snapshot.rows(f"SELECT {_VAULT} FROM {_MEMBER} WHERE t.id = $2", actor.id, vault_id)
    return VaultView(**rows[0])


async def members_of(actor: Actor, vault_id: UUID) -> tuple[VaultMemberList, Position]:
    """The people who may use a vault. Raises: NotFound."""
    async with reading() as snapshot:
        await access.load(actor, Vault, vault_id, "vault.members.read")
        rows = await snapshot.rows(
            "SELECT m.user_id, u.display_name, m.role, m.expires_at FROM vault_members m "
            "JOIN users u ON u.id = m.user_id WHERE m.vault_id = $1 ORDER BY u.display_name, u.id",
            vault_id,
        )
        items = [VaultMemberView(**row) for row in rows]
        return VaultMemberList(items=items, total=len(items)), await snapshot.position(streams.vault(vault_id))


async def entries_of(actor: Actor, vault_id: UUID, query: EntryList) -> tuple[Page[EntryView], Position]:
    """A page of a vault's entries. Raises: NotFound, Forbidden."""
    async with reading() as snapshot:
        await access.load(actor, Vault, vault_id, "entry.read")
        name = query.sort.lstrip("-")
        sort = Sort(f"t.{name}", "text" if name == "name" else "timestamptz", descending=query.sort.startswith("-"))
        listing = Listing("t.*", "password_entries t", sort, f"entries/{vault_id}", copies=False)
        listing.where("t.vault_id = ?", vault_id)
        listing.where(f"t.trashed_at IS {'NOT NULL' if query.trashed else 'NULL'}")
        if query.state:
            listing.where(_STATES[query.state])
        if query.tag:
            listing.where("t.tags @> to_jsonb(?::text)", query.tag)
        if query.q:
            pattern = query.q.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
            listing.where("concat_ws(chr(10), t.name, t.username, t.url) ILIKE ?", f"%{pattern}%")
        at = now()
        page: Page[EntryView] = await listing.page(snapshot, query, lambda row: EntryView.written(row, at))
        return page, await snapshot.position(streams.vault(vault_id))


async def get_entry(actor: Actor, entry_id: UUID) -> tuple[EntryView, Position]:
    """An entry, loaded through its actor. Raises: NotFound, Forbidden."""
    async with reading() as snapshot:
        entry = (await access.load(actor, Entry, entry_id, "entry.read")).row
        return EntryView.of(entry), await snapshot.position(streams.vault(entry.vault_id))


async def versions_of(actor: Actor, entry_id: UUID, query: VersionList) -> tuple[Page[VersionView], Position]:
    """The versions of an entry, newest first. Raises: NotFound, Forbidden."""
    async with reading() as snapshot:
        entry = (await access.load(actor, Entry, entry_id, "entry.read")).row
        listing = Listing(
            "t.version, t.created_at, t.actor_id, a.actor_id AS token_id, t.changed::text AS changed",
            "password_entry_versions t",
            Sort("t.version", "int", descending=True),
            f"versions/{entry_id}",
            adorn=_BY_PROGRAM,
        )
        listing.where("t.entry_id = ?", entry_id)
        page = await listing.page(snapshot, query, VersionView.of)
        return page, await snapshot.position(streams.vault(entry.vault_id))


def _without_cursor(row: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in row.items() if not name.startswith("_")}
