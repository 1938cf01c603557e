"""
Scopes of API tokens: what a program may do with somebody's rights.

Every action of models/access.py belongs to exactly one scope, or to None: that is for people only. Actions that give
rights to others, or destroy what cannot be brought back, are among those, because a token that leaks could do them once
and for all, and cannot be asked for a password first.
"""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

Scope = Literal["read", "write", "review", "vault:list", "vault:reveal", "vault:write", "events"]
SCOPES: tuple[Scope, ...] = ("read", "write", "review", "vault:list", "vault:reveal", "vault:write", "events")

SCOPE_OF: dict[str, Scope | None] = {
    "project.read": "read",
    "project.read_within": "read",
    "project.subscribe": "events",
    "project.members.read": "read",
    "project.members.add": None,
    "project.members.edit": None,
    "project.audit": "read",
    "project.edit": "write",
    "project.delete": None,  # it destroys the vaults of the project too
    "project.vaults": "vault:list",
    "source.load": "write",
    "record.edit": "write",
    "job.run": "write",
    "plan.suggest": "write",
    "plan.edit": "write",
    "match.decide": "review",
    "match.comment": "review",
    "match.write_off_any": "review",
    "match.sign": "review",
    "match.assign": "review",
    "vault.create": "vault:write",
    "vault.read": "vault:list",
    "vault.subscribe": "events",
    "vault.subscribe.accesses": "events",
    "vault.audit.own": "vault:list",
    "vault.audit": "vault:list",
    "vault.members.read": "vault:list",
    "vault.members.edit": None,
    "vault.edit": "vault:write",
    "vault.delete": None,
    "entry.read": "vault:list",
    "entry.reveal": "vault:reveal",
    "entry.edit": "vault:write",
    "entry.purge": None,
}


@dataclass(frozen=True)
class Limits:
    """What a token narrows its owner's rights down to. None stands for all projects or vaults of the owner."""

    token_id: UUID
    scopes: frozenset[str]
    project_ids: tuple[UUID, ...] | None = None
    vault_ids: tuple[UUID, ...] | None = None
