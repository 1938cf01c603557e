"""
Suggests a plan: `python -m server.processes.suggestion LEFT RIGHT` prints it as JSON.

A process of its own, as for a job, but of what an engine imports it needs only half: somebody is waiting. Its parent
holds the other end of its standard input. When that end closes the parent is gone, and this process exits too.
"""

import asyncio
import sys
from typing import Any
from uuid import UUID

import orjson

from core import log
from core.lifeline import end_with_pipe
from core.settings import Settings, SettingsError, load
from matching.suggest import suggest
from models.source import Source
from server.job import inputs
from server.processes.hardening import keep_memory_private
from server.store import database, limits

ROWS = 200_000  # per side, about 2 s to read; a suggestion samples from them just as a job does
ROW_BYTES = 128 * 1024**2  # per side; rows of more than 670 bytes each are fewer


def main(left: str, right: str) -> None:
    """Entry point. A refusal of the sources is an answer too."""
    keep_memory_private()
    settings = load()
    limits.bound_job(settings)
    log.configure("engine", settings.log_level, settings.log_format)
    end_with_pipe(sys.stdin.fileno())
    try:
        answer = asyncio.run(_suggest(settings, UUID(left), UUID(right)))
    except Exception as error:
        if not limits.is_memory(error):
            raise
        limits.lift_memory()
        answer = {"too_large": limits.suggestion_needs_too_much_memory(settings).detail}
    sys.stdout.buffer.write(orjson.dumps(answer))
    sys.stdout.flush()


async def _suggest(settings: Settings, left_id: UUID, right_id: UUID) -> dict[str, Any]:
    async with database.opened(settings, "tallyroom suggest", pool=2):
        left_source, right_source = await Source.get(id=left_id), await Source.get(id=right_id)
    left, right = await asyncio.gather(
        *(
            asyncio.to_thread(inputs.read_sample, settings, s, inputs.rows_within(s, ROWS, ROW_BYTES))
            for s in (left_source, right_source)
        )
    )
    pointer = ""
    try:
        for name, side in (("left", left), ("right", right)):
            if side.values.num_rows == 0:
                pointer = f"/{name}_source"
                raise ValueError("has no open records")
        document = suggest(left.values, right.values, left_roles=left.roles, right_roles=right.roles)
        return {"document": document.model_dump(mode="json", by_alias=True, exclude_none=True), "hash": document.hash}
    except ValueError as error:
        return {"refused": str(error), "pointer": pointer}


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except SettingsError as refusal:
        sys.exit(f"tallyroom: {refusal}")
