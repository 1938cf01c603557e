"""Counters that slow down password guessing. They are incremented and committed before a password is checked."""

import asyncio
import hashlib
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tortoise import Tortoise
from tortoise.backends.base.client import TransactionalDBClient

from core.clock import now
from core.email import canonical
from core.problems import Busy, RateLimited
from core.settings import Settings
from models.transactions import in_transaction
from server.api.address import network_of

WINDOW = timedelta(minutes=15)
FIRST_BLOCK_S = 30
GLOBAL_PER_S = 50
REMEMBERED_S = 1.0  # how long a block is trusted without asking the database, where another process may have lifted it
MAX_REMEMBERED = 10_000
MOST_WAITING = 20  # for sign-ins of the same account and network that are being verified
CONSECUTIVE_LIMIT = 100  # after that the password is disabled until it is reset (NIST SP 800-63B-4)


def account_of(email: str) -> str:
    """The name an address is counted under: its canonical form, or a digest if it is not an address."""
    try:
        return canonical(email)
    except ValueError:
        digest = hashlib.sha256(email.encode("utf-8", "surrogatepass")).hexdigest()
        return f"malformed:{digest[:32]}"


@dataclass
class _Verifying:
    """Sign-ins of an account from a network that are being verified or waiting for their turn."""

    places: asyncio.Semaphore
    count: int = 0


class Throttle:
    """Counts attempts per account and network, attempts per account, and failures per network."""

    def __init__(self, settings: Settings) -> None:
        self._limits = {
            "pair": settings.throttle_account_network,
            "account": settings.throttle_account,
            "network": settings.throttle_network_failures,
            "consecutive": CONSECUTIVE_LIMIT,
        }
        self._recent: deque[float] = deque()
        self._blocked: OrderedDict[str, tuple[float, float]] = OrderedDict()  # by key: trusted until, ends at
        self._verifying: dict[str, _Verifying] = {}

    @asynccontextmanager
    async def attempted(self, account: str, ip: str) -> AsyncIterator[None]:
        """
        Count an attempt, and hold a place until the password has been checked.

        Attempts are counted before they are verified, so a person who signs in six times at once with the right
        password would look like somebody guessing. As many as may fail are verified at once; the next one waits to see
        how they end. Raises: RateLimited, Busy.
        """
        key = self._keys(account, network_of(ip))["pair"]
        limit = self._limits["pair"]
        mine = self._verifying.setdefault(key, _Verifying(asyncio.Semaphore(limit)))
        if mine.count >= limit + MOST_WAITING:
            raise _too_many(1)
        mine.count += 1
        try:
            self._refuse_remembered(self._keys(account, network_of(ip)))
            async with mine.places:
                await self.attempt(account, ip)
                yield
        finally:
            mine.count -= 1
            if not mine.count:
                del self._verifying[key]

    async def attempt(self, account: str, ip: str) -> None:
        """
        Count an attempt that is going to be verified. A refused attempt is not counted anywhere.

        A refused attempt reveals nothing about the password. If it were counted, one address could use up an account's
        limits and lock the owner out from everywhere else, or use up everybody's so that nobody could sign in. So a
        blocked address or account is refused first, from memory: it takes none of this second's sign-ins, no connection
        and no hash. Raises: RateLimited, Busy.
        """
        keys = self._keys(account, network_of(ip))
        self._refuse_remembered(keys)
        self._refuse_when_full()
        async with in_transaction() as connection:
            await _lock(connection, account)
            rows = {kind: await self._locked(connection, key, kind) for kind, key in keys.items()}
            waits = {kind: self._wait_s(kind, row) for kind, row in rows.items()}
            retry_after_s = max(waits.values())
            if not retry_after_s:
                self._take_place()
                for kind, key in keys.items():
                    await self._count(connection, key, kind, rows[kind])
        if retry_after_s:
            kind = max(waits, key=lambda name: waits[name])
            self._remember(keys[kind], retry_after_s)
            raise _too_many(retry_after_s)

    async def refuse_network(self, ip: str) -> None:
        """Refuse a network with too many failed sign-ins. This does not count as an attempt. Raises: RateLimited."""
        key = self._keys("", network_of(ip))["network"]
        self._refuse_remembered({"network": key})
        rows = await Tortoise.get_connection("default").execute_query_dict(
            "SELECT count, window_started_at, blocked_until FROM throttles WHERE key = $1", [key]
        )
        if rows and (wait_s := self._wait_s("network", dict(rows[0]))):
            self._remember(key, wait_s)
            raise _too_many(wait_s)

    async def network_failed(self, ip: str) -> None:
        """Count a failure that belongs to no account."""
        key = self._keys("", network_of(ip))["network"]
        async with in_transaction() as connection:
            await self._count(connection, key, "network", await self._locked(connection, key, "network"))

    def forget(self) -> None:
        """Forget what this process remembers: this second's sign-ins, and who is blocked."""
        self._recent.clear()
        self._blocked.clear()

    async def succeeded(self, account: str, ip: str) -> None:
        """Reset the account's counters and take the attempt back from the network's."""
        keys = self._keys(account, network_of(ip))
        async with in_transaction() as connection:
            await _lock(connection, account)
            mine = [key for kind, key in keys.items() if kind != "network"]
            await connection.execute_query("DELETE FROM throttles WHERE key = ANY($1)", [mine])
            await self._take_back(connection, [keys["network"]])

    async def unverified(self, account: str, ip: str) -> None:
        """Take back an attempt that was counted but whose password was never checked."""
        if self._recent:
            self._recent.pop()
        async with in_transaction() as connection:
            await _lock(connection, account)
            await self._take_back(connection, list(self._keys(account, network_of(ip)).values()))

    async def _locked(self, connection: TransactionalDBClient, key: str, kind: str) -> dict[str, Any]:
        """The counter: created if missing, and back at zero if its window is over."""
        # One statement that also writes, so the row is locked as it is read and cannot vanish in between.
        found = await connection.execute_query_dict(
            "INSERT INTO throttles (key, count, window_started_at) VALUES ($1, 0, now()) "
            "ON CONFLICT (key) DO UPDATE SET count = throttles.count RETURNING count, window_started_at, blocked_until",
            [key],
        )
        row = dict(found[0])
        # Blocks grow up to the window's length. A pair's window lasts until nothing has been tried for that long.
        since: datetime = max(row["window_started_at"], row["blocked_until"] or row["window_started_at"])
        if kind != "consecutive" and since <= now() - WINDOW:
            return {"count": 0, "window_started_at": now(), "blocked_until": None}
        return row

    def _wait_s(self, kind: str, row: dict[str, Any]) -> int:
        """Seconds until the counter allows an attempt; zero if it does now."""
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
            "UPDATE throttles SET count = $2, window_started_at = $3, blocked_until = $4 WHERE key = $1",
            [key, count, row["window_started_at"], until],
        )

    async def _take_back(self, connection: TransactionalDBClient, keys: list[str]) -> None:
        for key in keys:
            await connection.execute_query(
                "UPDATE throttles SET count = greatest(count - 1, 0), blocked_until = NULL WHERE key = $1", [key]
            )

    def _keys(self, account: str, network: str) -> dict[str, str]:
        return {
            "account": f"account:{account}",
            "consecutive": f"consecutive:{account}",
            "pair": f"pair:{network}:{account}",
            "network": f"network:{network}",
        }

    def _refuse_remembered(self, keys: dict[str, str]) -> None:
        """Refuse what was found blocked a moment ago. Raises: RateLimited."""
        at = time.monotonic()
        for key in keys.values():
            believed_until, ends_at = self._blocked.get(key, (0.0, 0.0))
            if at < believed_until:
                raise _too_many(int(ends_at - at) + 1)

    def _remember(self, key: str, wait_s: int) -> None:
        at = time.monotonic()
        self._blocked[key] = (at + min(REMEMBERED_S, wait_s), at + wait_s - 1)
        self._blocked.move_to_end(key)
        while len(self._blocked) > MAX_REMEMBERED:
            self._blocked.popitem(last=False)

    def _refuse_when_full(self) -> None:
        """Check the limit on sign-ins per second. Raises: Busy."""
        at = time.monotonic()
        while self._recent and self._recent[0] < at - 1:
            self._recent.popleft()
        if len(self._recent) >= GLOBAL_PER_S:
            raise Busy("Too many sign-ins at the same time. Try again soon.", retry_after_s=1)

    def _take_place(self) -> None:
        """Count a sign-in in this second. Raises: Busy."""
        self._refuse_when_full()
        self._recent.append(time.monotonic())


def _too_many(retry_after_s: int) -> RateLimited:
    return RateLimited("Too many attempts to sign in. Wait, then try again.", retry_after_s=retry_after_s)


async def _lock(connection: TransactionalDBClient, account: str) -> None:
    """
    Run the transactions of one account one after the other.

    This lock covers all of the account's rows. A transaction waits for the network's row last, holding no other row
    that anybody waits for, so no two can wait for each other, whichever rows exist or were just removed.
    """
    await connection.execute_query("SELECT pg_advisory_xact_lock(hashtextextended('throttle ' || $1, 0))", [account])


async def forget_account(connection: TransactionalDBClient, email: str) -> None:
    """Remove an account's counters, after its password was reset or the account was deleted."""
    await _lock(connection, email)
    await connection.execute_query(
        "DELETE FROM throttles WHERE key IN ($1, $2) OR (key LIKE 'pair:%' AND right(key, length($3)) = $3)",
        [f"account:{email}", f"consecutive:{email}", f":{email}"],
    )
