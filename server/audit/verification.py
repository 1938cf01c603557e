"""Verifying the audit's chains: every row's code is computed again from its content and its predecessor."""

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


@dataclass
class Report:
    """What a verification found."""

    lines: list[str] = field(default_factory=list)
    rows: int = 0
    broken: int = 0

    @property
    def is_intact(self) -> bool:
        """Whether every chain holds."""
        return self.broken == 0


async def verify(settings: Settings) -> Report:
    """Reads all chains in one snapshot. Names the first broken row of each chain that does not hold."""
    await database.check_schema(settings)
    async with database.opened(settings, "tallyroom audit", pool=2):
        key = (await open_keyring(key_ring(settings))).audit
    connection = await database.connect(settings, "tallyroom audit")
    report = Report()
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute("SET idle_in_transaction_session_timeout = 0")
            chains = await connection.fetch("SELECT name, head, mac FROM audit_chains ORDER BY name")
            for chain in chains:
                fault = await _verify_chain(connection, key, chain, report)
                if fault:
                    report.broken += 1
                    report.lines.append(f"BROKEN {chain['name']}: {fault}")
            strays = await connection.fetch(
                "SELECT DISTINCT chain FROM audit_log WHERE chain NOT IN (SELECT name FROM audit_chains) ORDER BY chain"
            )
            for stray in strays:
                report.broken += 1
                report.lines.append(f"BROKEN {stray['chain']}: has rows, but its head was removed")
    finally:
        await connection.close()
    report.lines.append(f"{report.rows} rows in {len(chains)} chains: {'intact' if report.is_intact else 'NOT intact'}")
    return report


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
