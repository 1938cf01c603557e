"""Actions on entries. Every write makes a new version, sealed under its own data key."""

import secrets
import string
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import SecretStr
from tortoise.exceptions import BaseORMException

from core.envelope import SealBroken
from core.ids import uuid7
from core.problems import Fault, Gone, Invalid, NotFound, Unavailable
from models import access, sql
from models.access import About, Actor
from models.vault import Entry, Vault
from realtime.events.entry import (
    EntryCreated,
    EntryDeleted,
    EntryRestored,
    EntryRevealed,
    EntryRotated,
    EntryUpdated,
)
from realtime.refusals import record_refusal
from realtime.unit_of_work import Answer, UnitOfWork, unit_of_work
from server.store.errors import is_of_database
from server.vault.actions.trash import destroy
from server.vault.cipher import SEALED, OpenVersion, SealedField, VaultCipher
from server.vault.schemas import EntryCreate, EntryUpdate, EntryView, RestoreBody, RevealBody, RevealView, RotateBody
from server.vault.versions import METADATA, WITH_KEY, Versions, metadata_of, open_entry, version_of

_ALPHABET = string.ascii_letters + string.digits + "-_.+"
_GENERATED_LENGTH = 24  # 24 of 66 characters: 145 bits
# What can be raised when the database cannot write. Tortoise translates some driver exceptions and passes on others.
_NOT_RECORDED = (BaseORMException, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


async def create_entry(actor: Actor, cipher: VaultCipher, vault_id: UUID, body: EntryCreate) -> Answer:
    """Add an entry. Raises: NotFound, Forbidden."""
    async with unit_of_work(actor) as u:
        loaded, key = await access.load_with(actor, Vault, vault_id, "entry.edit", WITH_KEY)
        content = OpenVersion(body.secret.get_secret_value(), _text(body.notes))
        entry = sql.row_of(
            Entry,
            id=uuid7(),
            vault_id=vault_id,
            **{name: getattr(body, name) for name in METADATA},
            has_notes=content.notes is not None,
            secret_changed_at=u.at,
            trashed_at=None,
            created_at=u.at,
            updated_at=u.at,
            version=1,
        )
        u.add(entry)
        changed = [name for name in (*SEALED, *METADATA) if name in body.model_fields_set]
        await Versions(u, cipher, loaded.row, entry, key).write(content, changed, "entry.create")
        u.publish(EntryCreated(vault_id=vault_id, entry_id=entry.id, version=1, changed=changed))
        return u.answer(201, EntryView.of(entry), version=1)


async def update_entry(
    actor: Actor, cipher: VaultCipher, entry_id: UUID, body: EntryUpdate, expected: int | None
) -> Answer:
    """
    Write a new version. Raises: NotFound, Forbidden, PreconditionRequired, VersionConflict, Gone if it is in the trash.
    """
    async with _breaks_recorded(actor, entry_id, "entry.update"), unit_of_work(actor) as u:
        vault, entry = await _load(u, actor, entry_id, "entry.edit")
        await u.expect_version(entry, expected)
        _refuse_trashed(entry)
        before = await open_entry(u, cipher, entry, entry.version)
        given = body.model_fields_set
        hidden: dict[str, Any] = {name: _text(getattr(body, name)) for name in SEALED if name in given}
        content = replace(before, **hidden)
        values = {name: getattr(body, name) for name in METADATA if name in given}
        changed = await Versions(u, cipher, vault, entry).change(content, before, values, "entry.update")
        if changed:
            u.publish(EntryUpdated(vault_id=vault.id, entry_id=entry.id, version=entry.version, changed=changed))
        return u.answer(200, EntryView.of(entry), version=entry.version)


async def rotate_entry(
    actor: Actor, cipher: VaultCipher, entry_id: UUID, body: RotateBody, expected: int | None
) -> Answer:
    """
    Give an entry a new secret, generated here if none is given. Raises: NotFound, Forbidden, VersionConflict, Invalid,
    Gone.
    """
    async with _breaks_recorded(actor, entry_id, "entry.rotate"), unit_of_work(actor) as u:
        vault, entry = await _load(u, actor, entry_id, "entry.edit")
        await u.expect_version(entry, expected, required=False)
        _refuse_trashed(entry)
        before = await open_entry(u, cipher, entry, entry.version)
        secret = _text(body.secret) or "".join(secrets.choice(_ALPHABET) for _ in range(_GENERATED_LENGTH))
        if secret == before.secret:
            raise Invalid(errors=(Fault("/secret", "invalid_field", "is the current secret; give a new one"),))
        content = replace(before, secret=secret)
        changed = await Versions(u, cipher, vault, entry).change(content, before, {}, "entry.rotate")
        u.publish(EntryRotated(vault_id=vault.id, entry_id=entry.id, version=entry.version, changed=changed))
        return u.answer(200, EntryView.of(entry), version=entry.version)


async def trash_entry(actor: Actor, cipher: VaultCipher, entry_id: UUID, expected: int | None) -> None:
    """Move an entry to the trash. Raises: NotFound, Forbidden, PreconditionRequired, VersionConflict, Gone."""
    async with _breaks_recorded(actor, entry_id, "entry.delete"), unit_of_work(actor) as u:
        vault, entry = await _load(u, actor, entry_id, "entry.edit")
        await u.expect_version(entry, expected)
        _refuse_trashed(entry)
        content = await open_entry(u, cipher, entry, entry.version)
        changed = await Versions(u, cipher, vault, entry).change(content, content, {"trashed_at": u.at}, "entry.delete")
        u.publish(EntryDeleted(vault_id=vault.id, entry_id=entry.id, version=entry.version, changed=changed))


async def restore_entry(
    actor: Actor, cipher: VaultCipher, entry_id: UUID, body: RestoreBody, expected: int | None
) -> Answer:
    """
    Take an entry out of the trash, or bring back an old version as a new one. Raises: NotFound, Forbidden,
    PreconditionRequired, VersionConflict, Invalid.
    """
    async with _breaks_recorded(actor, entry_id, "entry.restore"), unit_of_work(actor) as u:
        vault, entry = await _load(u, actor, entry_id, "entry.edit")
        await u.expect_version(entry, expected)
        before = await open_entry(u, cipher, entry, entry.version)
        content, values = before, {"trashed_at": None}
        if body.version is not None:
            old = await version_of(u, entry, body.version)
            if old is None:
                raise Invalid(errors=(Fault("/version", "invalid_field", "the entry has no such version"),))
            content = await open_entry(u, cipher, entry, body.version)
            values |= metadata_of(old)
        changed = await Versions(u, cipher, vault, entry).change(content, before, values, "entry.restore")
        if changed:
            u.publish(EntryRestored(vault_id=vault.id, entry_id=entry.id, version=entry.version, changed=changed))
        return u.answer(200, EntryView.of(entry), version=entry.version)


async def reveal_entry(actor: Actor, cipher: VaultCipher, entry_id: UUID, body: RevealBody) -> RevealView:
    """
    Open fields of a version. The audit row is committed before the answer is built: without the log, no secret.

    Raises: NotFound, Forbidden (recorded, and reported to the vault's managers), Invalid for an unknown version,
    Unavailable.
    """
    try:
        async with _breaks_recorded(actor, entry_id, "entry.reveal"), unit_of_work(actor) as u:
            entry = await _load_revealed(u, actor, entry_id)
            version = entry.version if body.version is None else body.version
            if await version_of(u, entry, version) is None:
                raise Invalid(errors=(Fault("/version", "invalid_field", "the entry has no such version"),))
            content = await open_entry(u, cipher, entry, version)
            u.publish(EntryRevealed(vault_id=entry.vault_id, entry_id=entry.id, version=version))
            u.audit(
                f"vault:{entry.vault_id}",
                "entry.reveal",
                ("entry", entry.id),
                fields=sorted(set(body.fields)),
                revealed_version=version,
                **({"reason": body.reason} if body.reason else {}),
            )
    except _NOT_RECORDED as error:
        if not is_of_database(error):
            raise  # a bug; it reveals no secret either
        raise Unavailable("The reveal could not be recorded, so the secret is not shown. Try again soon.") from error
    found: dict[SealedField, str | None] = {name: getattr(content, name) for name in body.fields}
    return RevealView(entry_id=entry_id, version=version, fields=found)


async def purge_entry(actor: Actor, entry_id: UUID, expected: int | None) -> Answer:
    """Destroy an entry, whether or not it is in the trash. Raises: NotFound, Forbidden, VersionConflict."""
    async with unit_of_work(actor) as u:
        _, entry = await _load(u, actor, entry_id, "entry.purge")
        await u.expect_version(entry, expected, required=False)
        await destroy(u, entry)
        return u.answer(204)


@asynccontextmanager
async def _breaks_recorded(actor: Actor, entry_id: UUID, action: str) -> AsyncIterator[None]:
    """Record a seal that does not open as a failure in the audit log, after the change itself has been rolled back."""
    try:
        yield
    except SealBroken:
        entry = await Entry.filter(id=entry_id).first()
        if entry is not None:
            about = About(f"vault:{entry.vault_id}", "entry", action, str(entry_id))
            await record_refusal(actor, about, "failure", cause="seal_broken")
        raise


async def _load(u: UnitOfWork, actor: Actor, entry_id: UUID, action: str) -> tuple[Vault, Entry]:
    """
    The vault and its entry, locked in this order. The vault's epoch names the key that seals new versions.

    The actor's right is read again under the vault's lock, which is also held while a member is removed.
    """
    vault_id = (await access.load(actor, Entry, entry_id, action)).row.vault_id
    vault = await Vault.filter(id=vault_id).using_db(u.connection).select_for_update(no_key=True).first()
    entry = (await access.load(actor, Entry, entry_id, action, lock=True)).row
    if vault is None:
        raise NotFound
    return vault, entry


async def _load_revealed(u: UnitOfWork, actor: Actor, entry_id: UUID) -> Entry:
    """
    The entry to reveal, read while the vault's audit chain is locked.

    Whatever removes the right or the entry is written to that chain too: it comes either before this reveal, and is
    then seen here, or after it. No business row is locked after the chain, so the lock order holds.
    """
    vault_id = (await access.load(actor, Entry, entry_id, "entry.reveal")).row.vault_id
    await u.execute("SELECT 1 FROM audit_chains WHERE name = $1 FOR NO KEY UPDATE", f"vault:{vault_id}")
    return (await access.load(actor, Entry, entry_id, "entry.reveal")).row


def _refuse_trashed(entry: Entry) -> None:
    if entry.trashed_at is not None:
        raise Gone("The entry is in the trash. Restore it first.")


def _text(value: SecretStr | None) -> str | None:
    return None if value is None else value.get_secret_value()
