"""State: the newest value of a key on some streams, such as a job's progress. Older values are not kept."""

from dataclasses import dataclass
from typing import Any

import orjson
from tortoise import Tortoise

from realtime.unit_of_work import ledger


@dataclass(frozen=True)
class Fence:
    """The row that a value is about, as it must still be for the value to count. `$1` is its id, `$2` its attempt."""

    row: str  # SELECT ... FOR SHARE, so that the row cannot change between this check and the write
    values: tuple[Any, Any]


async def put(key: str, streams: list[str], value: dict[str, Any], fence: Fence | None = None) -> None:
    """
    Store the newest value of a key, in a statement of its own. With a fence, store nothing if the fence's row is gone.

    The version never goes down, even if the key was removed meanwhile, because it starts from the time.
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
    """Make the relays read a key again, once the transaction that wrote it has committed."""
    ledger().hint_state(key)


async def forget(key: str, unless: str = "SELECT 1 WHERE false", *values: Any) -> None:
    """
    Remove a key whose subject is finished. `unless` is a SELECT, with values from `$2` on; if it finds work still in
    progress, the key stays.
    """
    await Tortoise.get_connection("default").execute_query(
        f"DELETE FROM states WHERE key = $1 AND NOT EXISTS ({unless})", [key, *values]
    )
