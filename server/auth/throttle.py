"""Counters that slow password guessing down: incremented and committed before a password is looked at."""

import hashlib
import time
from collections import deque
from datetime import datetime, timedelta
from typing import Any

from tortoise.backends.base.client import TransactionalDBClient
from tortoise.transactions import in_transaction

from core.clock import now
from core.email import canonical
from core.problems import Busy, RateLimited
from core.settings import Settings
from server.http import network_of

WINDOW = timedelta(minutes=15)
FIRST_BLOCK_S = 30
GLOBAL_PER_S = 50
CONSECUTIVE_LIMIT = 100  # then the password is disabled until it is reset (NIST SP 800-63B-4)


def account_of(email: str) -> str:
    """What an address is counted under: its canonical form, or a digest of what is no address."""
    try:
        return canonical(email)
    except ValueError:
        digest = hashlib.sha256(email.encode("utf-8", "surrogatepass")).hexdigest()
        return f"malformed:{digest[:32]}"


class Throttle:
    """Counts attempts by account and network, by account, and failures by network."""

    def __init__(self, settings: Settings) -> None:
        self._limits = {
            "pair": settings.throttle_account_network,
            "account": settings.throttle_account,
            "network": settings.throttle_network_failures,
            "consecutive": CONSECUTIVE_LIMIT,
        }
        self._recent: deque[float] = deque()

    async def attempt(self, account: str, ip: str) -> None:
        """
        Counts an attempt that is going to be verified; one that is refused counts nowhere.

        A refused attempt tells nothing of the password. Were it counted, one address could use up the limits of an
        account, and its owner would be locked out from everywhere else. Raises: RateLimited, Busy.
        """
        self._global()
        # In the order of their keys, so that two attempts cannot wait for each other.
        keys = sorted((key, kind) for kind, key in self._keys(account, network_of(ip)).items())
        async with in_transaction() as connection:
            rows = {kind: await self._locked(connection, key, kind) for key, kind in keys}
            retry_after_s = max(self._wait_s(kind, row) for kind, row in rows.items())
            if not retry_after_s:
                for key, kind in keys:
                    await self._count(connection, key, kind, rows[kind])
        if retry_after_s:
            raise RateLimited("Too many attempts to sign in: wait, then try again.", retry_after_s=retry_after_s)

    async def succeeded(self, account: str, ip: str) -> None:
        """Resets the account's counters and takes the attempt back from the network's."""
        keys = self._keys(account, network_of(ip))
        async with in_transaction() as connection:
            await connection.execute_query(
                "SELECT 1 FROM throttles WHERE key = ANY($1) ORDER BY key FOR UPDATE", [list(keys.values())]
            )
            mine = [key for kind, key in keys.items() if kind != "network"]
            await connection.execute_query("DELETE FROM throttles WHERE key = ANY($1)", [mine])
            await self._take_back(connection, [keys["network"]])

    async def unverified(self, account: str, ip: str) -> None:
        """Takes an attempt back that was counted, but whose password was not looked at."""
        async with in_transaction() as connection:
            await self._take_back(connection, list(self._keys(account, network_of(ip)).values()))

    async def _locked(self, connection: TransactionalDBClient, key: str, kind: str) -> dict[str, Any]:
        """The counter, made when it is missing, and back at zero when its window is over."""
        await connection.execute_query(
            "INSERT INTO throttles (key, count, window_started_at) VALUES ($1, 0, now()) ON CONFLICT DO NOTHING", [key]
        )
        found = await connection.execute_query_dict(
            "SELECT count, window_started_at, blocked_until FROM throttles WHERE key = $1 FOR UPDATE", [key]
        )
        # Retention or a success may remove the row between the two statements; then nothing was counted yet.
        fresh: dict[str, Any] = {"count": 0, "window_started_at": now(), "blocked_until": None}
        row = dict(found[0]) if found else fresh
        # Blocks grow up to the window's length: a pair's window lasts until nothing was tried for so long.
        since: datetime = max(row["window_started_at"], row["blocked_until"] or row["window_started_at"])
        return fresh if kind != "consecutive" and since <= now() - WINDOW else row

    def _wait_s(self, kind: str, row: dict[str, Any]) -> int:
        """Seconds until the counter allows an attempt; zero when it does."""
        if kind == "pair":
            until = row["blocked_until"]
        elif row["count"] >= self._limits[kind]:
            until = now() + WINDOW if kind == "consecutive" else row["window_started_at"] + WINDOW
        else:
            return 0
        left_s = (until - now()).total_seconds() if until else 0
        return int(left_s) + 1 if left_s > 0 else 0

    async def _count(self, connection: TransactionalDBClient, key: str, kind: str, row: dict[str, Any]) -> None:
        count = row["count"] + 1
        over = count - self._limits[kind]
        until = row["blocked_until"]
        if kind == "pair" and over >= 0:
            until = now() + timedelta(seconds=min(FIRST_BLOCK_S * 2 ** min(over, 10), WINDOW.total_seconds()))
        await connection.execute_query(
            "INSERT INTO throttles (key, count, window_started_at, blocked_until) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (key) DO UPDATE SET count = $2, window_started_at = $3, blocked_until = $4",
            [key, count, row["window_started_at"], until],
        )

    async def _take_back(self, connection: TransactionalDBClient, keys: list[str]) -> None:
        for key in sorted(keys):
            await connection.execute_query(
                "UPDATE throttles SET count = greatest(count - 1, 0), blocked_until = NULL WHERE key = $1", [key]
            )

    def _keys(self, account: str, network: str) -> dict[str, str]:
        return {
            "account": f"account:{account}",
            "consecutive": f"consecutive:{account}",
            "network": f"network:{network}",
            "pair": f"pair:{network}:{account}",
        }

    def _global(self) -> None:
        at = time.monotonic()
        while self._recent and self._recent[0] < at - 1:
            self._recent.popleft()
        if len(self._recent) >= GLOBAL_PER_S:
            raise Busy("Too many sign-ins at the same time: try again soon.", retry_after_s=1)
        self._recent.append(at)


async def forget_account(connection: TransactionalDBClient, email: str) -> None:
    """Removes the counters of an account: its password was reset, or the account is gone."""
    await connection.execute_query(
        "DELETE FROM throttles WHERE key IN ($1, $2) OR (key LIKE 'pair:%' AND right(key, length($3)) = $3)",
        [f"account:{email}", f"consecutive:{email}", f":{email}"],
    )
