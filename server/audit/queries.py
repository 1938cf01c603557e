"""Read queries for the audit log, newest first."""

import json
from typing import Any
from uuid import UUID

from core.problems import Forbidden
from models import access
from models.access import Actor
from models.project import Project
from models.vault import Vault
from server.api.paging import Listing, Page, Sort
from server.audit import refusals
from server.audit.schemas import AuditActor, AuditList, AuditResource, AuditView, SystemAuditList
from server.store.reading import reading


async def project_audit(actor: Actor, project_id: UUID, query: AuditList) -> Page[AuditView]:
    """What happened in a project. Raises: NotFound, Forbidden."""
    await access.load(actor, Project, project_id, "project.audit")
    return await _page(query, chain=f"project:{project_id}")


async def vault_audit(actor: Actor, vault_id: UUID, query: AuditList) -> Page[AuditView]:
    """What happened in a vault. Editors see only what they did themselves. Raises: NotFound, Forbidden."""
    role = (await access.load(actor, Vault, vault_id, "vault.read")).role
    if not access.can(role, "vault.audit"):
        await access.load(actor, Vault, vault_id, "vault.audit.own")
        return await _page(query, chain=f"vault:{vault_id}", only=actor.id)
    return await _page(query, chain=f"vault:{vault_id}")


async def whole_audit(actor: Actor, query: SystemAuditList) -> Page[AuditView]:
    """Every chain, for administrators. Raises: Forbidden."""
    if actor.role != "admin":
        raise Forbidden("Only administrators may read the whole audit log.")
    return await _page(query, chain=query.chain)


async def _page(query: AuditList, *, chain: str | None, only: UUID | None = None) -> Page[AuditView]:
    number = "t.seq" if chain else "t.id"
    listing = Listing(
        "t.chain, t.seq, t.at, t.actor_type, t.actor_id, t.session_id, t.action, t.resource_type, t.resource_id, "
        "t.outcome, t.ip, t.request_id, t.details::text AS details, encode(t.mac, 'hex') AS mac, k.user_id AS token_of",
        "audit_log t",
        Sort(number, "bigint", descending=True, tie=number, tie_cast="bigint"),
        f"audit/{chain}/{only}",
        adorn="LEFT JOIN api_tokens k ON t.actor_type = 'token' AND k.id = t.actor_id",
    )
    if chain:
        listing.where("t.chain = ?", chain)
    for person in (only, query.actor_id):
        if person is not None:  # with the person's API tokens
            listing.where(
                "t.actor_id IN (SELECT ?::uuid UNION SELECT id FROM api_tokens WHERE user_id = ?)", person, person
            )
    for name in ("action", "outcome", "resource_id"):
        value = getattr(query, name)
        if value is not None:
            listing.where(f"t.{name} = ?", value)
    if query.since:
        listing.where("t.at >= ?", query.since)
    if query.until:
        listing.where("t.at < ?", query.until)
    await refusals.settle()
    async with reading() as snapshot:
        return await listing.page(snapshot, query, _view)


def _view(row: dict[str, Any]) -> AuditView:
    names = ("chain", "seq", "at", "session_id", "action", "outcome", "ip", "request_id", "mac")
    return AuditView(
        **{name: row[name] for name in names},
        actor=AuditActor(type=row["actor_type"], id=row["actor_id"]),
        user_id=row["actor_id"] if row["actor_type"] == "user" else row["token_of"],
        resource=AuditResource(type=row["resource_type"], id=row["resource_id"]),
        details=json.loads(row["details"]),
    )
