"""Counters that slow password guessing down: incremented and committed before a password is looked at."""

import time
from collections import deque
from datetime import timedelta

from tortoise.transactions import in_transaction

from core.clock import now
from core.problems import Busy, RateLimited
from core.settings import Settings
from server.http import network_of

WINDOW = timedelta(minutes=15)
FIRST_BLOCK_S = 30
GLOBAL_PER_S = 50
CONSECUTIVE_LIMIT = 100  # then the password is disabled until it is reset (NIST SP 800-63B-4)


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
        """Counts an attempt. Raises: RateLimited, Busy."""
        self._global()
        network = network_of(ip)
        keys = sorted(self._keys(account, network).items())
        retry_after_s = 0
        async with in_transaction() as connection:
            for kind, key in keys:
                rows = await connection.execute_query_dict(
                    "INSERT INTO throttles (key, count, window_started_at) VALUES ($1, 1, now()) "
                    "ON CONFLICT (key) DO UPDATE SET "
                    "count = CASE WHEN throttles.blocked_until > now() THEN throttles.count "
                    "WHEN throttles.window_started_at < now() - $2::interval AND NOT $3 THEN 1 "
                    "ELSE throttles.count + 1 END, "
                    "window_started_at = CASE WHEN throttles.window_started_at < now() - $2::interval AND NOT $3 "
                    "AND NOT coalesce(throttles.blocked_until > now(), false) "
                    "THEN now() ELSE throttles.window_started_at END "
                    "RETURNING count, window_started_at, blocked_until",
                    [key, WINDOW, kind == "consecutive"],
                )
                row = rows[0]
                over = row["count"] - self._limits[kind]
                if row["blocked_until"] is not None and row["blocked_until"] > now():
                    retry_after_s = max(retry_after_s, int((row["blocked_until"] - now()).total_seconds()) + 1)
                elif over > 0 and kind == "pair":
                    block_s = min(FIRST_BLOCK_S * 2 ** (over - 1), WINDOW.total_seconds())
                    await connection.execute_query(
                        "UPDATE throttles SET blocked_until = now() + $2::interval WHERE key = $1",
                        [key, timedelta(seconds=block_s)],
                    )
                    retry_after_s = max(retry_after_s, int(block_s))
                elif over > 0:
                    left = row["window_started_at"] + WINDOW - now()
                    retry_after_s = max(retry_after_s, int(left.total_seconds()) + 1, 1)
        if retry_after_s:
            raise RateLimited("Too many attempts to sign in: wait, then try again.", retry_after_s=retry_after_s)

    async def succeeded(self, account: str, ip: str) -> None:
        """Resets the account's counters and refunds the network's."""
        keys = self._keys(account, network_of(ip))
        async with in_transaction() as connection:
            mine = sorted(key for kind, key in keys.items() if kind != "network")
            await connection.execute_query("DELETE FROM throttles WHERE key = ANY($1)", [mine])
            await connection.execute_query(
                "UPDATE throttles SET count = greatest(count - 1, 0) WHERE key = $1", [keys["network"]]
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
