"""
Verifies the audit chains: every row's code is recomputed from its content and its predecessor, and every sealed version
of a vault entry is compared with the digest in its audit row.
"""

import json
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from core.envelope import key_ring
from core.settings import Settings
from models import audit
from server.store import database
from server.store.keyring import open_keyring

PAGE = 2000
_BEHIND_ALL = 2**63

# Compare what the chains say about entries and versions with the tables. This finds changed bytes, an entry set back to
# an older version, and a version or an entry removed without an audit row.
_CHANGED_VERSIONS = """
    WITH sealed AS (
        SELECT chain, resource_id, seq, (details->>'version')::int AS version, details->>'sealed_sha256' AS digest
        FROM audit_log WHERE chain LIKE 'vault:%' AND details ? 'sealed_sha256'
    ), here AS (
        SELECT 'vault:' || e.vault_id AS chain, e.id::text AS entry_id, e.version FROM password_entries e
    )
    SELECT 'vault:' || v.vault_id AS chain, v.entry_id::text AS entry_id, v.version, s.seq,
           'its sealed bytes differ from the audited ones' AS fault
    FROM password_entry_versions v
    LEFT JOIN sealed s ON s.resource_id = v.entry_id::text AND s.chain = 'vault:' || v.vault_id AND s.version = v.version
    WHERE s.digest IS DISTINCT FROM encode(sha256(v.data_key || v.secret || coalesce(v.notes, ''::bytea)), 'hex')
    UNION ALL
    SELECT h.chain, h.entry_id, h.version, max(s.seq), 'the audit log has a newer version of the entry'
    FROM here h JOIN sealed s ON s.resource_id = h.entry_id AND s.chain = h.chain
    GROUP BY h.chain, h.entry_id, h.version HAVING max(s.version) > h.version
    UNION ALL
    SELECT h.chain, h.entry_id, h.version, NULL, 'the current version of the entry is not stored'
    FROM here h
    WHERE NOT EXISTS (SELECT FROM password_entry_versions v WHERE v.entry_id::text = h.entry_id AND v.version = h.version)
    UNION ALL
    SELECT s.chain, s.resource_id, s.version, s.seq, 'the version is gone, but its entry is not'
    FROM here h JOIN sealed s ON s.resource_id = h.entry_id AND s.chain = h.chain
    WHERE NOT EXISTS (SELECT FROM password_entry_versions v WHERE v.entry_id::text = s.resource_id AND v.version = s.version)
    UNION ALL
    SELECT s.chain, s.resource_id, s.version, s.seq, 'the entry is gone but was not purged'
    FROM vaults k JOIN sealed s ON s.chain = 'vault:' || k.id
    WHERE s.version = 1
        AND NOT EXISTS (SELECT FROM here h WHERE h.entry_id = s.resource_id AND h.chain = s.chain)
        AND NOT EXISTS (SELECT FROM audit_log a WHERE a.chain = s.chain AND a.resource_id = s.resource_id
            AND a.action = 'entry.purge' AND a.outcome = 'success')
    ORDER BY 1, 4, 2, 3
"""
# Chains that are gone although their vault or project still exists, and rows of a chain whose head is gone.
_MISSING_CHAINS = """
    SELECT DISTINCT chain, 'has rows, but its head was removed' AS fault
    FROM audit_log WHERE chain NOT IN (SELECT name FROM audit_chains)
    UNION ALL
    SELECT n.chain, 'row 1 is missing: nothing is left of the chain'
    FROM (SELECT 'vault:' || id AS chain FROM vaults UNION ALL SELECT 'project:' || id FROM projects) n
    WHERE n.chain NOT IN (SELECT name FROM audit_chains) AND n.chain NOT IN (SELECT chain FROM audit_log)
    ORDER BY 1
"""


@dataclass
class Report:
    """The result of a verification: rows and chains read, and the first fault of each broken chain."""

    rows: int = 0
    chains: int = 0
    # by chain: the number of the row, and what is wrong
    faults: dict[str, tuple[int, str]] = field(default_factory=dict)

    def note(self, chain: str, seq: int, fault: str) -> None:
        """Keep a fault, unless an earlier row of its chain has one."""
        if chain not in self.faults or seq < self.faults[chain][0]:
            self.faults[chain] = (seq, fault)

    @property
    def broken(self) -> list[tuple[str, str]]:
        """Broken chains, each with its first fault."""
        return [(chain, fault) for chain, (_, fault) in sorted(self.faults.items())]

    @property
    def is_intact(self) -> bool:
        """Whether every chain is unbroken."""
        return not self.faults

    @property
    def lines(self) -> list[str]:
        """The report for a terminal."""
        found = [f"BROKEN {chain}: {fault}" for chain, fault in self.broken]
        return [*found, f"{self.rows} rows in {self.chains} chains: {'intact' if self.is_intact else 'NOT intact'}"]


async def verify(settings: Settings) -> Report:
    """Verify a database that no server in this process has opened."""
    await database.check_schema(settings)
    async with database.opened(settings, "tallyroom audit", pool=2):
        key = (await open_keyring(key_ring(settings))).audit
    return await verify_with(settings, key)


async def verify_with(settings: Settings, key: bytes) -> Report:
    """Read all chains in one snapshot. Reports the first broken row of each broken chain."""
    connection = await database.connect(settings, "tallyroom audit")
    report = Report()
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            chains = await connection.fetch("SELECT name, head, mac FROM audit_chains ORDER BY name")
            report.chains = len(chains)
            for chain in chains:
                await _verify_chain(connection, key, chain, report)
            for row in await connection.fetch(_MISSING_CHAINS):
                report.note(row["chain"], 0, row["fault"])
            for row in await connection.fetch(_CHANGED_VERSIONS):
                entry = f"entry {row['entry_id']} version {row['version']}"
                if row["seq"] is None:  # reported where the chain itself shows no gap
                    report.note(row["chain"], _BEHIND_ALL, f"no row belongs to {entry}")
                else:
                    report.note(row["chain"], row["seq"], f"row {row['seq']} belongs to {entry}: {row['fault']}")
    finally:
        await connection.close()
    return report


async def _verify_chain(connection: asyncpg.Connection, key: bytes, chain: Any, report: Report) -> None:
    name, previous, expected = chain["name"], audit.GENESIS, 1
    before = await connection.fetchval("SELECT min(seq) FROM audit_log WHERE chain = $1 AND seq < 1", name)
    if before is not None:
        report.note(name, before, f"row {before} was inserted: a chain begins with row 1")
    while True:
        rows = await connection.fetch(
            "SELECT *, details::text AS details_text FROM audit_log WHERE chain = $1 AND seq >= $2 ORDER BY seq LIMIT $3",
            name,
            expected,
            PAGE,
        )
        for row in rows:
            if row["seq"] != expected:
                report.note(name, expected, f"row {expected} is missing")
                return
            body = audit.body_of({**row, "details": json.loads(row["details_text"])})
            code = audit.code_of(key, name, previous, expected, body)
            if code != bytes(row["mac"]):
                what = f"{row['action']} at {row['at'].isoformat()}"
                report.note(name, expected, f"row {expected} ({what}) was changed, moved or inserted")
                return
            previous, expected = code, expected + 1
            report.rows += 1
        if len(rows) < PAGE:
            break
    last = expected - 1
    if chain["head"] != last:
        fault = f"row {expected} is missing: the head says {chain['head']} rows, the last one found is {last}"
        report.note(name, expected, fault)
    elif bytes(chain["mac"]) != previous:
        report.note(name, last, f"row {last} is not the one that the head was sealed with")
