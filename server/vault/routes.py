"""Vaults over HTTP."""

from aiohttp import web

from core import problems
from models.vault import Entry, Vault
from server.api.endpoint import ApiRequest, BodyRequest, QueryRequest, Right
from server.api.paging import Page
from server.api.reply import no_content, positioned, reply, reply_view
from server.api.routing import Routes
from server.audit.queries import vault_audit
from server.audit.schemas import AuditList, AuditView
from server.vault import queries
from server.vault.actions import entry as entry_actions
from server.vault.actions import member as member_actions
from server.vault.actions import vault as vault_actions
from server.vault.of_request import cipher_of
from server.vault.schemas import (
    EntryCreate,
    EntryList,
    EntryUpdate,
    EntryView,
    RestoreBody,
    RevealBody,
    RevealView,
    RotateBody,
    VaultList,
    VaultMemberList,
    VaultMemberPut,
    VaultMemberView,
    VaultView,
    VaultWrite,
    VersionList,
    VersionView,
)

routes = Routes("vaults")
_ROW = (problems.NotFound, problems.Forbidden)
_CHANGE = (*_ROW, problems.PreconditionRequired, problems.VersionConflict)


@routes.get(
    "/projects/{id}/vaults",
    scope="vault:list",
    query=VaultList,
    answers={200: Page[VaultView]},
    problems=(problems.NotFound,),
    stream_position=True,
)
async def list_vaults(api: QueryRequest[VaultList]) -> web.StreamResponse:
    """List the vaults of a project that you may use."""
    page, position = await queries.vaults_of(api.actor, api.path_id(), api.query)
    return positioned(reply_view(page), position)


@routes.post(
    "/projects/{id}/vaults",
    scope="vault:write",
    body=VaultWrite,
    answers={201: VaultView},
    problems=(*_ROW, problems.LastManager),
    replay=Right(Vault, "vault.read", is_in_answer=True),
)
async def create_vault(api: BodyRequest[VaultWrite]) -> web.StreamResponse:
    """Create a vault, which you then manage."""
    return reply(await vault_actions.create_vault(api.actor, cipher_of(api), api.path_id(), api.body))


@routes.get(
    "/vaults/{id}", scope="vault:list", answers={200: VaultView}, problems=(problems.NotFound,), stream_position=True
)
async def get_vault(api: ApiRequest) -> web.StreamResponse:
    """Read a vault."""
    view, position = await queries.get_vault(api.actor, api.path_id())
    return positioned(reply_view(view, version=view.version), position)


@routes.patch(
    "/vaults/{id}", scope="vault:write", body=VaultWrite, answers={200: VaultView}, problems=_CHANGE, if_match=True
)
async def rename_vault(api: BodyRequest[VaultWrite]) -> web.StreamResponse:
    """Rename a vault."""
    return reply(await vault_actions.rename_vault(api.actor, api.path_id(), api.body, api.if_match))


@routes.delete("/vaults/{id}", answers={204: None}, problems=_CHANGE, if_match=True)
async def delete_vault(api: ApiRequest) -> web.StreamResponse:
    """Destroy a vault, its keys and its entries."""
    await vault_actions.delete_vault(api.actor, api.path_id(), api.if_match)
    return no_content()


@routes.get(
    "/vaults/{id}/members",
    scope="vault:list",
    answers={200: VaultMemberList},
    problems=(problems.NotFound,),
    stream_position=True,
)
async def list_members(api: ApiRequest) -> web.StreamResponse:
    """List the people who may use a vault."""
    view, position = await queries.members_of(api.actor, api.path_id())
    return positioned(reply_view(view), position)


@routes.put(
    "/vaults/{id}/members/{user_id}",
    body=VaultMemberPut,
    answers={200: VaultMemberView},
    problems=(*_ROW, problems.LastManager),
)
async def put_member(api: BodyRequest[VaultMemberPut]) -> web.StreamResponse:
    """Set a person's role in a vault."""
    answer = await member_actions.put_member(api.actor, cipher_of(api), api.path_id(), api.path_id("user_id"), api.body)
    return reply(answer)


@routes.delete("/vaults/{id}/members/{user_id}", answers={204: None}, problems=(*_ROW, problems.LastManager))
async def remove_member(api: ApiRequest) -> web.StreamResponse:
    """Remove a person from a vault, or leave it."""
    await member_actions.remove_member(api.actor, cipher_of(api), api.path_id(), api.path_id("user_id"))
    return no_content()


@routes.get("/vaults/{id}/audit", scope="vault:list", query=AuditList, answers={200: Page[AuditView]}, problems=_ROW)
async def list_audit(api: QueryRequest[AuditList]) -> web.StreamResponse:
    """List what happened in a vault, newest first. Managers see everything, editors only what they did themselves."""
    return reply_view(await vault_audit(api.actor, api.path_id(), api.query))


@routes.get(
    "/vaults/{id}/entries",
    scope="vault:list",
    query=EntryList,
    answers={200: Page[EntryView]},
    problems=_ROW,
    stream_position=True,
)
async def list_entries(api: QueryRequest[EntryList]) -> web.StreamResponse:
    """List the entries of a vault, without their secrets."""
    page, position = await queries.entries_of(api.actor, api.path_id(), api.query)
    return positioned(reply_view(page), position)


@routes.post(
    "/vaults/{id}/entries",
    scope="vault:write",
    body=EntryCreate,
    answers={201: EntryView},
    problems=_ROW,
    replay=Right(Vault, "entry.edit"),
)
async def create_entry(api: BodyRequest[EntryCreate]) -> web.StreamResponse:
    """Add an entry."""
    return reply(await entry_actions.create_entry(api.actor, cipher_of(api), api.path_id(), api.body))


@routes.get("/entries/{id}", scope="vault:list", answers={200: EntryView}, problems=_ROW, stream_position=True)
async def get_entry(api: ApiRequest) -> web.StreamResponse:
    """Read an entry, without its secret."""
    view, position = await queries.get_entry(api.actor, api.path_id())
    return positioned(reply_view(view, version=view.version), position)


@routes.patch(
    "/entries/{id}",
    scope="vault:write",
    body=EntryUpdate,
    answers={200: EntryView},
    problems=(*_CHANGE, problems.Gone),
    if_match=True,
)
async def update_entry(api: BodyRequest[EntryUpdate]) -> web.StreamResponse:
    """Change an entry. This makes a new version."""
    answer = await entry_actions.update_entry(api.actor, cipher_of(api), api.path_id(), api.body, api.if_match)
    return reply(answer)


@routes.delete(
    "/entries/{id}", scope="vault:write", answers={204: None}, problems=(*_CHANGE, problems.Gone), if_match=True
)
async def trash_entry(api: ApiRequest) -> web.StreamResponse:
    """Move an entry to the trash, where it stays for 30 days."""
    await entry_actions.trash_entry(api.actor, cipher_of(api), api.path_id(), api.if_match)
    return no_content()


@routes.post(
    "/entries/{id}/reveal",
    scope="vault:reveal",
    body=RevealBody,
    body_optional=True,
    answers={200: RevealView},
    problems=_ROW,
    stores_answer=False,
)
async def reveal_entry(api: BodyRequest[RevealBody]) -> web.StreamResponse:
    """Reveal a secret. This is recorded before the response is sent."""
    view = await entry_actions.reveal_entry(api.actor, cipher_of(api), api.path_id(), api.body)
    response = reply_view(view)
    response.headers["Pragma"] = "no-cache"
    return response


@routes.post(
    "/entries/{id}/rotate",
    scope="vault:write",
    replay=Right(Entry, "entry.edit"),
    body=RotateBody,
    body_optional=True,
    answers={200: EntryView},
    problems=(*_ROW, problems.VersionConflict, problems.Gone),
)
async def rotate_entry(api: BodyRequest[RotateBody]) -> web.StreamResponse:
    """Give an entry a new secret."""
    answer = await entry_actions.rotate_entry(api.actor, cipher_of(api), api.path_id(), api.body, api.if_match)
    return reply(answer)


@routes.post(
    "/entries/{id}/restore",
    scope="vault:write",
    replay=Right(Entry, "entry.edit"),
    body=RestoreBody,
    body_optional=True,
    answers={200: EntryView},
    problems=_CHANGE,
    if_match=True,
)
async def restore_entry(api: BodyRequest[RestoreBody]) -> web.StreamResponse:
    """Take an entry out of the trash, or bring back an old version."""
    answer = await entry_actions.restore_entry(api.actor, cipher_of(api), api.path_id(), api.body, api.if_match)
    return reply(answer)


@routes.post("/entries/{id}/purge", answers={204: None}, problems=(*_ROW, problems.VersionConflict))
async def purge_entry(api: ApiRequest) -> web.StreamResponse:
    """Destroy an entry with all its versions and their keys. This cannot be undone."""
    return reply(await entry_actions.purge_entry(api.actor, api.path_id(), api.if_match))


@routes.get(
    "/entries/{id}/versions",
    scope="vault:list",
    query=VersionList,
    answers={200: Page[VersionView]},
    problems=_ROW,
    stream_position=True,
)
async def list_versions(api: QueryRequest[VersionList]) -> web.StreamResponse:
    """List the versions of an entry, newest first."""
    page, position = await queries.versions_of(api.actor, api.path_id(), api.query)
    return positioned(reply_view(page), position)
