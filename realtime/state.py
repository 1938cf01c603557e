"""State: the newest value of a key on some streams, such as a job's progress. Older values are not kept."""

from dataclasses import dataclass
from typing import Any

import orjson
from tortoise import Tortoise

from realtime.unit_of_work import ledger


@dataclass(frozen=True)
class Fence:
    """The row that a value is about, as it must still be for the value to count: `$1` is its id, `$2` its attempt."""

    row: str  # SELECT ... FOR SHARE, so that the row cannot change between this look and the write
    values: tuple[Any, Any]


async def put(key: str, streams: list[str], value: dict[str, Any], fence: Fence | None = None) -> None:
    """
    Stores the newest value of a key, in a statement of its own. With a fence: unless the fence's row is gone.

    Its version never falls, also when the key was forgotten meanwhile: it begins with the time.
    """
    row, values = (fence.row, fence.values) if fence else ("SELECT $1::text, $2::text", ("", ""))
    stored = await Tortoise.get_connection("default").execute_query_dict(
        f"WITH fence AS ({row}) INSERT INTO states (key, streams, version, value, updated_at) SELECT "
        "$3, $4::jsonb, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, $5::jsonb, clock_timestamp() FROM fence "
        "ON CONFLICT (key) DO UPDATE SET streams = EXCLUDED.streams, value = EXCLUDED.value, "
        "version = greatest(states.version + 1, EXCLUDED.version), updated_at = EXCLUDED.updated_at RETURNING key",
        [*values, key, orjson.dumps(streams).decode(), orjson.dumps(value).decode()],
    )
    if stored:
        ledger().hint_state(key)


def hint(key: str) -> None:
    """Makes the relays read a key again, once the transaction that wrote it has committed."""
    ledger().hint_state(key)


async def forget(key: str, unless: str = "SELECT 1 WHERE false", *values: Any) -> None:
    """Removes a key whose subject is finished. `unless` selects from `$2` on what is still under way, and keeps the key."""
    await Tortoise.get_connection("default").execute_query(
        f"DELETE FROM states WHERE key = $1 AND NOT EXISTS ({unless})", [key, *values]
    )
