"""
The engine process: it works on one job or one source, then ends.

Its CPU work never runs in a process that serves sockets or holds a lease. The worker forks it (engine_process.py). The
parent holds the other end of a pipe. When that end closes the parent is gone, and this process exits too.
"""

import asyncio
from uuid import UUID

from core import log
from core.envelope import key_ring
from core.lifeline import end_with_pipe
from core.settings import Settings, load
from models.source import Source
from realtime import unit_of_work as work
from server.job.attempt import run_job
from server.processes.hardening import keep_memory_private
from server.project.counting import Counting
from server.source import loading
from server.store import database, limits
from server.store.hints import hinter_of
from server.store.keyring import open_keyring

logger = log.get(__name__)


def main(arguments: list[str], lifeline: int) -> int:
    """
    Entry point. Exit status 0 means the work was done and its result recorded, even if the result was a failure.

    Args:
        lifeline: file descriptor of the pipe from the parent.
    """
    keep_memory_private()  # needed even in a fork, because the fork server was started with exec
    settings = load()
    limits.give_way(settings)
    log.configure("engine", settings.log_level, settings.log_format)
    end_with_pipe(lifeline)
    person = UUID(arguments[2]) if arguments[2] else None
    try:
        return asyncio.run(_work(settings, arguments[0], UUID(arguments[1]), person))
    except Exception:
        # Otherwise the library would print a traceback, which whoever reads the log as JSON could not read.
        logger.exception("the engine failed", kind=arguments[0], id=arguments[1])
        return 1


async def _work(settings: Settings, kind: str, row_id: UUID, person: UUID | None) -> int:
    async with database.opened(settings, "tallyroom engine", pool=3, keeps_plans=False):
        keyring = await open_keyring(key_ring(settings))
        hinter = hinter_of(settings, keyring)
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
