"""State: the newest value of a key on some streams, such as a job's progress. Older values are not kept."""

from typing import Any

import orjson
from tortoise import Tortoise

from realtime.unit_of_work import ledger

MAX_PER_S = 4  # writes of one key; sockets are sent at most 10 a second


async def put(key: str, streams: list[str], value: dict[str, Any]) -> None:
    """
    Stores the newest value of a key, in a statement of its own.

    Its version never falls, also when the key was forgotten meanwhile: it begins with the time.
    """
    await Tortoise.get_connection("default").execute_query(
        "INSERT INTO states (key, streams, version, value, updated_at) VALUES "
        "($1, $2::jsonb, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, $3::jsonb, clock_timestamp()) "
        "ON CONFLICT (key) DO UPDATE SET streams = EXCLUDED.streams, value = EXCLUDED.value, "
        "version = greatest(states.version + 1, EXCLUDED.version), updated_at = EXCLUDED.updated_at",
        [key, orjson.dumps(streams).decode(), orjson.dumps(value).decode()],
    )
    ledger().hint_state(key)


async def forget(key: str) -> None:
    """Removes a key whose subject is finished."""
    await Tortoise.get_connection("default").execute_query("DELETE FROM states WHERE key = $1", [key])
