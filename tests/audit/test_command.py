"""`tallyroom audit verify` as an operator runs it: one line for each broken chain, and the exit status."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from core.settings import Settings
from models.access import Actor
from realtime.unit_of_work import unit_of_work
from tests.conftest import Person

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).resolve().parents[2]
ROWS = 3000


async def verified(settings: Settings) -> tuple[int, list[str]]:
    """Exit status and output lines of the command."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "server", "audit", "verify"),
        cwd=ROOT,
        env=os.environ | settings.environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    assert err.decode() == ""
    return process.returncode, out.decode().splitlines()


async def as_owner(db: asyncpg.Connection, sql: str, *values: Any) -> None:
    """Runs SQL with triggers and foreign keys off, as anybody with all rights in the database could."""
    await db.execute("SET session_replication_role = replica")
    await db.execute(sql, *values)
    await db.execute("SET session_replication_role = origin")


@pytest.fixture
async def vaults(alice: Person, project: str) -> dict[str, str]:
    """
    Entries of identical vaults. Each vault has rows for the vault, the entry, its second version, and three reveals.
    """
    made = {}
    for _ in range(len(HARM)):
        vault = (await alice.ok("POST", f"/projects/{project}/vaults", {"name": "v"}))["id"]
        entry = (await alice.ok("POST", f"/vaults/{vault}/entries", {"name": "e", "secret": "one", "notes": "n"}))["id"]
        await alice.ok("PATCH", f"/entries/{entry}", {"secret": "two"}, if_match=1)
        for _ in range(3):
            await alice.ok("POST", f"/entries/{entry}/reveal")
        made[vault] = entry
    return made


# What somebody with all rights does to a chain ($1) or an entry ($2), and what the command reports.
HARM = [
    ("UPDATE audit_log SET outcome = 'denied' WHERE chain = $1 AND seq = 4", "row 4 (entry.reveal at "),
    ("UPDATE audit_log SET ip = NULL WHERE chain = $1 AND seq = 5", "row 5 (entry.reveal at "),
    ("DELETE FROM audit_log WHERE chain = $1 AND seq = 3", "row 3 is missing"),
    (
        "DELETE FROM audit_log WHERE chain = $1 AND seq >= 5",
        "row 5 is missing: the head says 6 rows, the last one found is 4",
    ),
    (
        # Two rows swap places.
        "UPDATE audit_log a SET action = b.action, at = b.at, details = b.details, request_id = b.request_id FROM "
        "audit_log b WHERE a.chain = $1 AND b.chain = $1 AND (a.seq, b.seq) IN ((2, 3), (3, 2))",
        "row 2 (entry.update at ",
    ),
    (
        # The same, with their authentication codes.
        "UPDATE audit_log SET seq = CASE seq WHEN 4 THEN -5 ELSE -4 END WHERE chain = $1 AND seq IN (4, 5); "
        "UPDATE audit_log SET seq = -seq WHERE chain = $1 AND seq < 0",
        "row 4 (entry.reveal at ",
    ),
    (
        "INSERT INTO audit_log (chain, seq, at, actor_type, action, resource_type, outcome, details, mac) "
        "SELECT chain, 7, now(), 'system', 'vault.update', 'vault', 'success', '{}', mac FROM audit_log "
        "WHERE chain = $1 AND seq = 6",
        "row 7 (vault.update at ",
    ),
    (
        "INSERT INTO audit_log (chain, seq, at, actor_type, action, resource_type, outcome, details, mac) "
        "SELECT chain, 0, now(), 'system', 'vault.update', 'vault', 'success', '{}', mac FROM audit_log "
        "WHERE chain = $1 AND seq = 1",
        "row 0 was inserted",
    ),
    ("UPDATE audit_chains SET head = 9 WHERE name = $1", "row 7 is missing: the head says 9 rows"),
    ("UPDATE audit_chains SET head = 5 WHERE name = $1", "the head says 5 rows, the last one found is 6"),
    (
        "UPDATE audit_chains SET mac = sha256(mac) WHERE name = $1",
        "row 6 is not the one that the head was sealed with",
    ),
    ("DELETE FROM audit_chains WHERE name = $1", "has rows, but its head was removed"),
    (
        "DELETE FROM audit_chains WHERE name = $1; DELETE FROM audit_log WHERE chain = $1",
        "nothing is left of the chain",
    ),
    (
        "UPDATE password_entry_versions SET secret = secret || ''::bytea || '\\x00' WHERE entry_id = $2 AND version = 2",
        "row 3 belongs to entry {entry} version 2: its sealed bytes differ from the audited ones",
    ),
    (
        "UPDATE password_entry_versions SET notes = NULL WHERE entry_id = $2 AND version = 1",
        "row 2 belongs to entry {entry} version 1: its sealed bytes differ from the audited ones",
    ),
    (
        "DELETE FROM password_entry_versions WHERE entry_id = $2 AND version = 1",
        "row 2 belongs to entry {entry} version 1: the version is gone, but its entry is not",
    ),
    (
        "DELETE FROM password_entry_versions WHERE entry_id = $2 AND version = 2; "
        "UPDATE password_entries SET version = 1 WHERE id = $2",
        "row 3 belongs to entry {entry} version 1: the audit log has a newer version of the entry",
    ),
    (
        "DELETE FROM password_entry_versions WHERE entry_id = $2; DELETE FROM password_entries WHERE id = $2",
        "row 2 belongs to entry {entry} version 1: the entry is gone but was not purged",
    ),
    (
        "INSERT INTO password_entry_versions (id, entry_id, vault_id, version, key_epoch, data_key, secret, metadata, "
        "changed, created_at) SELECT gen_random_uuid(), entry_id, vault_id, 3, key_epoch, data_key, secret, metadata, "
        "changed, created_at FROM password_entry_versions WHERE entry_id = $2 AND version = 2",
        "no row belongs to entry {entry} version 3",
    ),
    (
        # Of two faults, the first is reported.
        "UPDATE audit_log SET outcome = 'denied' WHERE chain = $1 AND seq = 6; "
        "UPDATE password_entry_versions SET secret = notes WHERE entry_id = $2 AND version = 1",
        "row 2 belongs to entry {entry} version 1",
    ),
]


async def test_every_damaged_chain_is_reported_with_its_first_broken_row(
    vaults: dict[str, str], db: asyncpg.Connection, settings: Settings
) -> None:
    status, lines = await verified(settings)
    assert (status, len(lines)) == (0, 1), lines

    for (vault, entry), (sql, _) in zip(vaults.items(), HARM, strict=True):
        for statement in sql.split("; "):
            values = {"$1": f"vault:{vault}", "$2": entry}
            used = [name for name in values if name in statement]
            if used == ["$2"]:
                statement = statement.replace("$2", "$1")
            await as_owner(db, statement, *(values[name] for name in used))
    status, lines = await verified(settings)

    assert status == 1
    said = dict(
        line.removeprefix("BROKEN ").split(": ", 1) for line in (ln.replace("vault:", "vault/", 1) for ln in lines)
    )
    assert len(lines) == len(HARM) + 1
    assert "NOT intact" in lines[-1]
    for (vault, entry), (_, fault) in zip(vaults.items(), HARM, strict=True):
        assert fault.format(entry=entry) in said[f"vault/{vault}"]


async def test_an_untouched_log_of_thousands_of_rows_is_intact(
    alice: Person, project: str, db: asyncpg.Connection, settings: Settings
) -> None:
    for start in range(0, ROWS, 500):
        async with unit_of_work(Actor("user", alice.id)) as u:
            for number in range(start, start + 500):
                u.audit(f"project:{project}", "project.update", ("project", project), version=number, changed=["näme"])

    status, lines = await verified(settings)

    count = await db.fetchval("SELECT count(*) FROM audit_log")
    chains = await db.fetchval("SELECT count(*) FROM audit_chains")
    assert count > ROWS
    assert (status, lines) == (0, [f"{count} rows in {chains} chains: intact"])
