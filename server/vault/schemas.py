"""Request bodies and views for vaults. No view contains a secret or notes; only a reveal returns those."""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from core.clock import now
from core.text import refuse_blank
from models.access import VaultRole
from models.vault import Entry
from server.api.instants import Future, Instant
from server.api.paging import Paged
from server.api.schemas import Body, Name, Omittable, View, whole
from server.vault.cipher import SEALED, SealedField

MAX_SECRET_BYTES = 64 * 1024
DUE_SOON = timedelta(days=30)  # the first threshold at which people are reminded
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_URL = re.compile(r"(?:https?|ssh|ftp|sftp|rdp|file)://[^\s\x00-\x20\x7f]+", re.IGNORECASE)


def _url(value: str) -> str:
    if not _URL.fullmatch(value) or _CONTROL.search(value):
        raise ValueError(
            "is not an address that begins with https://, http://, ssh://, sftp://, ftp://, rdp:// or file://"
        )
    return value


def _no_controls(value: str) -> str:
    if _CONTROL.search(value):
        raise ValueError("must not contain control characters")
    return refuse_blank(value)


def _secret_size(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value().encode()) > MAX_SECRET_BYTES:
        raise ValueError(f"must be at most {MAX_SECRET_BYTES} bytes long")
    return value


def _unique(value: list[str]) -> list[str]:
    return list(dict.fromkeys(value))


Secret = Annotated[SecretStr, Field(min_length=1), AfterValidator(_secret_size)]
Notes = Annotated[SecretStr, AfterValidator(_secret_size)]
Username = Annotated[str, Field(min_length=1, max_length=512), AfterValidator(_no_controls)]
Url = Annotated[str, Field(max_length=2048), AfterValidator(_url)]
Tag = Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_no_controls)]
Tags = Annotated[list[Tag], Field(max_length=50), AfterValidator(_unique)]
Days = Annotated[int, Field(ge=1, le=3650), BeforeValidator(whole)]
EntryState = Literal["ok", "due_soon", "due", "expired"]


class VaultWrite(Body):
    """A vault's name."""

    name: Name


class VaultList(Paged):
    """The order of the list of vaults."""

    sort: Literal["name", "-name", "created_at", "-created_at"] = "name"


class VaultView(View):
    """A vault. This is all that an administrator without a grant can see of it."""

    id: UUID
    project_id: UUID
    name: str
    my_role: Literal["viewer", "reader", "editor", "vault_manager", "admin"]
    entry_count: int
    created_at: datetime
    updated_at: datetime
    version: int


class VaultMemberPut(Body):
    """A person's role in a vault."""

    role: VaultRole
    expires_at: Instant | None = None


class VaultMemberView(View):
    """A person who may use a vault."""

    user_id: UUID
    display_name: str
    role: VaultRole
    expires_at: datetime | None


class VaultMemberList(View):
    """The people who may use a vault."""

    items: list[VaultMemberView]
    next_cursor: str | None = None
    prev_cursor: str | None = None
    total: int


class EntryCreate(Body):
    """A new credential."""

    name: Name
    secret: Secret
    username: Username | None = None
    url: Url | None = None
    notes: Notes | None = None
    tags: Tags = []
    expires_at: Future | None = None
    rotation_interval_days: Days | None = None


class EntryUpdate(Body):
    """The changes to a credential. Absent fields stay as they are; null empties one."""

    name: Omittable[Name] = None
    secret: Omittable[Secret] = None
    username: Username | None = None
    url: Url | None = None
    notes: Notes | None = None
    tags: Omittable[Tags] = None
    expires_at: Future | None = None
    rotation_interval_days: Days | None = None


class EntryList(Paged):
    """Filters for the list of entries."""

    q: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    tag: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    state: EntryState | None = None
    trashed: bool = False
    sort: Literal["name", "-name", "created_at", "-created_at", "updated_at", "-updated_at"] = "name"


class EntryView(View):
    """A credential without its secret."""

    id: UUID
    vault_id: UUID
    name: str
    username: str | None
    url: str | None
    tags: list[str]
    has_notes: bool
    expires_at: datetime | None
    rotation_interval_days: int | None
    rotation_due_at: datetime | None
    state: EntryState
    trashed_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, entry: Entry) -> "EntryView":
        """The view of a row."""
        due_at = _due_at(entry.secret_changed_at, entry.rotation_interval_days)
        fields: dict[str, Any] = {name: getattr(entry, name, None) for name in cls.model_fields}  # in their order
        fields["rotation_due_at"] = due_at
        fields["state"] = state_of(entry.expires_at, due_at, now())
        return cls.of_typed(fields)

    @staticmethod
    def written(row: Mapping[str, Any], at: datetime) -> dict[str, Any]:
        """
        What the view at a time says of a row as it comes from the database, ready to be written as JSON. A page has many, so
        neither an entry nor a view is made of each.
        """
        expires_at, tags = row["expires_at"], row["tags"]
        due_at = _due_at(row["secret_changed_at"], row["rotation_interval_days"])
        return {
            "id": str(row["id"]),
            "vault_id": str(row["vault_id"]),
            "name": row["name"],
            "username": row["username"],
            "url": row["url"],
            "tags": [] if tags == "[]" else orjson.loads(tags),
            "has_notes": row["has_notes"],
            "expires_at": expires_at,
            "rotation_interval_days": row["rotation_interval_days"],
            "rotation_due_at": due_at,
            "state": state_of(expires_at, due_at, at),
            "trashed_at": row["trashed_at"],
            "created_at": row["created_at"],
            "updated_at": row["updated_at"],
            "version": row["version"],
        }


def _due_at(changed_at: datetime, interval_days: int | None) -> datetime | None:
    return None if interval_days is None else changed_at + timedelta(days=interval_days)


def state_of(expires_at: datetime | None, due_at: datetime | None, at: datetime) -> EntryState:
    """Expired after `expires_at`; due after the rotation date; due soon within 30 days before either."""
    if expires_at is not None and expires_at <= at:
        return "expired"
    if due_at is not None and due_at <= at:
        return "due"
    if expires_at is None and due_at is None:
        return "ok"
    soon = at + DUE_SOON
    is_soon = (expires_at is not None and expires_at <= soon) or (due_at is not None and due_at <= soon)
    return "due_soon" if is_soon else "ok"


class RevealBody(Body):
    """What to reveal, and why."""

    fields: Annotated[list[SealedField], Field(min_length=1, max_length=len(SEALED))] = ["secret"]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    reason: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_no_controls)] | None = None


class RevealView(View):
    """The revealed fields. They must not be cached or stored."""

    entry_id: UUID
    version: int
    fields: dict[SealedField, str | None] = Field(repr=False)


class RotateBody(Body):
    """A new secret. Without one, 24 random characters are generated."""

    secret: Secret | None = None


class RestoreBody(Body):
    """The version to bring back. Without one, the entry is taken out of the trash."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class VersionList(Paged):
    """Paging for the versions, newest first."""


class Actor(View):
    """The person, or the API token, that wrote a version."""

    type: Literal["user", "token", "system"]
    id: UUID | None


class VersionView(View):
    """The metadata of a version."""

    version: int
    at: datetime
    actor: Actor
    changed: list[str]

    @classmethod
    def of(cls, row: dict[str, Any]) -> "VersionView":
        """The view of a row, whose `changed` is JSON text."""
        who = row["token_id"] or row["actor_id"]
        kind: Literal["user", "token"] = "token" if row["token_id"] else "user"
        return cls(
            version=row["version"],
            at=row["created_at"],
            actor=Actor(type=kind if who else "system", id=who),
            changed=json.loads(row["changed"]),
        )
