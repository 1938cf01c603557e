"""
Verifying the audit's chains: every row's code is computed again from its content and its predecessor, and every
sealed version of a vault's entries is compared with the digest that its audit row holds.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from core.envelope import key_ring
from core.settings import Settings
from models import audit
from server import database
from server.keyring import open_keyring

PAGE = 2000

# A version whose bytes are not those that were audited, or an entry set back to an older version.
_CHANGED_VERSIONS = """
    SELECT 'vault:' || v.vault_id AS chain, v.entry_id, v.version,
           a.seq, 'its sealed bytes are not the audited ones' AS fault
    FROM password_entry_versions v
    LEFT JOIN audit_log a ON a.resource_id = v.entry_id::text AND a.chain = 'vault:' || v.vault_id
        AND a.details ? 'sealed_sha256' AND (a.details->>'version')::int = v.version
    WHERE a.details->>'sealed_sha256'
        IS DISTINCT FROM encode(sha256(v.data_key || v.secret || coalesce(v.notes, ''::bytea)), 'hex')
    UNION ALL
    SELECT 'vault:' || e.vault_id, e.id, e.version, max(a.seq), 'the audit knows a newer version of the entry'
    FROM password_entries e JOIN audit_log a ON a.resource_id = e.id::text AND a.chain = 'vault:' || e.vault_id
        AND a.details ? 'sealed_sha256'
    GROUP BY e.vault_id, e.id, e.version HAVING max((a.details->>'version')::int) <> e.version
    ORDER BY 1, 4, 2, 3
"""


@dataclass
class Report:
    """What a verification found: rows and chains read, and the first fault of each chain that does not hold."""

    rows: int = 0
    chains: int = 0
    broken: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_intact(self) -> bool:
        """Whether every chain holds."""
        return not self.broken

    @property
    def lines(self) -> list[str]:
        """The report for a terminal."""
        found = [f"BROKEN {chain}: {fault}" for chain, fault in self.broken]
        return [*found, f"{self.rows} rows in {self.chains} chains: {'intact' if self.is_intact else 'NOT intact'}"]


async def verify(settings: Settings) -> Report:
    """Verifies a database that no server of this process has opened."""
    await database.check_schema(settings)
    async with database.opened(settings, "tallyroom audit", pool=2):
        key = (await open_keyring(key_ring(settings))).audit
    return await verify_with(settings, key)


async def verify_with(settings: Settings, key: bytes) -> Report:
    """Reads all chains in one snapshot. Names the first broken row of each chain that does not hold."""
    connection = await database.connect(settings, "tallyroom audit")
    report = Report()
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            chains = await connection.fetch("SELECT name, head, mac FROM audit_chains ORDER BY name")
            report.chains = len(chains)
            for chain in chains:
                fault = await _verify_chain(connection, key, chain, report)
                if fault:
                    report.broken.append((chain["name"], fault))
            strays = await connection.fetch(
                "SELECT DISTINCT chain FROM audit_log WHERE chain NOT IN (SELECT name FROM audit_chains) ORDER BY chain"
            )
            report.broken += [(stray["chain"], "has rows, but its head was removed") for stray in strays]
            await _verify_versions(connection, report)
    finally:
        await connection.close()
    return report


async def _verify_versions(connection: asyncpg.Connection, report: Report) -> None:
    seen = {chain for chain, _ in report.broken}
    for row in await connection.fetch(_CHANGED_VERSIONS):
        if row["chain"] not in seen:
            seen.add(row["chain"])
            at = f"row {row['seq']}" if row["seq"] else "no row"
            entry = f"entry {row['entry_id']} version {row['version']}"
            report.broken.append((row["chain"], f"{at} belongs to {entry}: {row['fault']}"))


async def _verify_chain(connection: asyncpg.Connection, key: bytes, chain: Any, report: Report) -> str | None:
    previous, expected = audit.GENESIS, 1
    while True:
        rows = await connection.fetch(
            "SELECT *, details::text AS details_text FROM audit_log WHERE chain = $1 AND seq >= $2 ORDER BY seq LIMIT $3",
            chain["name"],
            expected,
            PAGE,
        )
        for row in rows:
            if row["seq"] != expected:
                return f"row {expected} is missing"
            body = audit.body_of({**row, "details": json.loads(row["details_text"])})
            code = audit.code_of(key, chain["name"], previous, expected, body)
            if code != bytes(row["mac"]):
                return f"row {expected} ({row['action']} at {row['at'].isoformat()}) was changed or moved"
            previous, expected = code, expected + 1
            report.rows += 1
        if len(rows) < PAGE:
            break
    if chain["head"] != expected - 1:
        return f"row {expected} is missing: the head says {chain['head']} rows, the last one found is {expected - 1}"
    if bytes(chain["mac"]) != previous:
        return f"row {expected - 1} is not the one that the head was written with"
    return None
