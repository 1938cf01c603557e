"""The demo's vault: credentials for a bank's accounts, none of them real, in the states that people will see."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from core.clock import now
from models.access import Actor
from models.audit import AuditRow
from models.vault import Entry, Vault
from server.vault.actions.entry import create_entry
from server.vault.actions.member import put_member
from server.vault.actions.vault import create_vault
from server.vault.cipher import VaultCipher
from server.vault.schemas import EntryCreate, VaultMemberPut, VaultWrite

NAME = "Bank access"
NOTES = """Example only: there is no such bank.
Statements of the day before are in /out/camt from 06:00 on. Files stay there for 10 days.
Support: +49 40 000000, customer number 0000-EXAMPLE."""


def entries() -> list[dict[str, Any]]:
    """The entries of the vault: one expires within days, one has just expired, one has notes."""
    return [
        {
            "name": "Statement download (SFTP)",
            "username": "tallyroom-demo",
            "url": "sftp://sftp.examplebank.example/out/camt",
            "secret": "not-a-real-password-sftp",
            "notes": NOTES,
            "tags": ["statements", "daily"],
            "rotation_interval_days": 180,
        },
        {
            "name": "Online banking, read only",
            "username": "mia.manager",
            "url": "https://online.examplebank.example/login",
            "secret": "not-a-real-password-online",
            "tags": ["statements"],
        },
        {
            "name": "Payment file signing key",
            "username": "EBICS-DEMO-USER",
            "url": "https://ebics.examplebank.example",
            "secret": "not-a-real-passphrase-ebics",
            "tags": ["payments", "four eyes"],
            "expires_at": now() + timedelta(days=12),
        },
        {
            "name": "Card settlement portal",
            "username": "acme-trading-demo",
            "url": "https://portal.examplecards.example",
            "secret": "not-a-real-password-cards",
            "tags": ["cards"],
            # the earliest time accepted; it has expired by the time anybody looks
            "expires_at": now() + timedelta(seconds=1),
        },
        {
            "name": "Accounting system, API key",
            "username": "svc-reconciliation",
            "url": "https://erp.example/api",
            "secret": "not-a-real-api-key",
            "tags": ["ledger"],
            "rotation_interval_days": 90,
        },
    ]


async def make_vault(actor: Actor, cipher: VaultCipher, project_id: UUID, reader_id: UUID) -> None:
    """Create whatever is missing. Once finished, a vault is left as people have changed it since."""
    found = Vault.filter(project_id=project_id, name=NAME).order_by("created_at")
    if not await found.exists():
        await create_vault(actor, cipher, project_id, VaultWrite(name=NAME))
    vault = await found.first()
    # The grant is created last, so its audit row shows that everything was created.
    if vault is None or await AuditRow.filter(chain=f"vault:{vault.id}", action="vault.member.add").exists():
        return
    for entry in entries():
        if not await Entry.filter(vault_id=vault.id, name=entry["name"]).exists():
            await create_entry(actor, cipher, vault.id, EntryCreate(**entry))
    await put_member(actor, cipher, vault.id, reader_id, VaultMemberPut(role="reader"))
