"""
The engine process: it works on one job, one source, or one suggestion, then ends.

Its CPU work never runs in a process that serves sockets or holds a lease. The worker forks it (engine_process.py) for a
job or a source; a suggestion is `python -m server.processes.engine suggest <id> <id>`. The parent holds the other end
of a pipe. When that end closes the parent is gone, and this process exits too.
"""

import asyncio
import contextlib
import os
import sys
import threading
from typing import Any
from uuid import UUID

import orjson

from core import log
from core.envelope import key_ring
from core.settings import Settings, SettingsError, load
from matching.suggest import suggest
from models.source import Source
from realtime import unit_of_work as work
from realtime.hint import Hinter, channel_of
from server.job import inputs
from server.job.attempt import run_job
from server.processes.hardening import keep_memory_private
from server.project.counting import Counting
from server.source import loading
from server.store import database, limits
from server.store.keyring import open_keyring

SUGGEST_ROWS = 200_000  # per side, about 2 s to read; a suggestion samples from them just as a job does


def main(arguments: list[str], lifeline: int) -> int:
    """
    Entry point. Exit status 0 means the work was done and its result recorded, even if the result was a failure.

    Args:
        lifeline: file descriptor of the pipe from the parent.
    """
    keep_memory_private()  # needed even in a fork, because the fork server was started with exec
    settings = load()
    log.configure("engine", settings.log_level, settings.log_format)
    _end_with_parent(lifeline)
    if arguments[0] == "suggest":
        return asyncio.run(_suggest(settings, UUID(arguments[1]), UUID(arguments[2])))
    person = UUID(arguments[2]) if arguments[2] else None
    return asyncio.run(_work(settings, arguments[0], UUID(arguments[1]), person))


async def _work(settings: Settings, kind: str, row_id: UUID, person: UUID | None) -> int:
    async with database.opened(settings, "tallyroom engine", pool=3, keeps_plans=False):
        keyring = await open_keyring(key_ring(settings))
        hinter = Hinter(lambda: database.connect(settings, "tallyroom hints"), channel_of(settings.database_schema))
        counting = Counting()
        work.install(
            work.Ledger(audit_key=keyring.audit, hint=hinter.hint, hint_state=hinter.hint_state, told=counting.note)
        )
        hinter.start()
        try:
            if kind == "source":
                source = await Source.filter(id=row_id).first()
                limits.bound_file(settings, 0 if source is None else source.size_bytes)
                await loading.load_source(settings, row_id, person)
            else:
                limits.bound_job(settings)
                await run_job(settings, row_id, person)
            # A job that completes changes the counts of older jobs whose suggestions it supersedes.
            await counting.flush()
        finally:
            await hinter.stop()
    return 0


async def _suggest(settings: Settings, left_id: UUID, right_id: UUID) -> int:
    async with database.opened(settings, "tallyroom suggest", pool=2):
        left_source, right_source = await Source.get(id=left_id), await Source.get(id=right_id)
    left, right = await asyncio.gather(
        *(asyncio.to_thread(inputs.read_sample, settings, s, SUGGEST_ROWS) for s in (left_source, right_source))
    )
    answer: dict[str, Any]
    pointer = ""
    try:
        for name, side in (("left", left), ("right", right)):
            if side.values.num_rows == 0:
                pointer = f"/{name}_source"
                raise ValueError("has no open records")
        document = suggest(left.values, right.values, left_roles=left.roles, right_roles=right.roles)
        answer = {"document": document.model_dump(mode="json", by_alias=True, exclude_none=True), "hash": document.hash}
    except ValueError as error:
        answer = {"refused": str(error), "pointer": pointer}
    sys.stdout.buffer.write(orjson.dumps(answer))
    sys.stdout.flush()
    return 0


def _end_with_parent(lifeline: int) -> None:
    def wait() -> None:
        with contextlib.suppress(OSError, ValueError):
            while os.read(lifeline, 4096):
                pass
        os._exit(3)

    threading.Thread(target=wait, name="parent", daemon=True).start()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:], sys.stdin.fileno()))
    except SettingsError as refusal:
        sys.exit(f"tallyroom: {refusal}")
