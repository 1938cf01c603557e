"""Asks a program of ours, in a process of its own, for one answer: what takes a core must not run beside sockets."""

import asyncio
import os
import subprocess
import sys

from core import log
from core.problems import Busy
from core.settings import Settings

logger = log.get(__name__)


async def answer_of(settings: Settings, module: str, arguments: list[str], timeout_s: float, too_long: str) -> bytes:
    """
    Run `python -m module arguments` and read what it prints; empty if it stopped without an answer.

    Raises: Busy with the detail `too_long` after `timeout_s`; the program is ended then, and also if nobody waits any more.
    """
    # Not asyncio's own subprocess: it forks the interpreter, and cleaning up the threads left behind crashes if one of
    # them has used DuckDB. Popen executes the new program at once.
    child = await asyncio.to_thread(
        subprocess.Popen,
        [sys.executable, "-m", module, *arguments],
        env=os.environ | settings.environment(),
        stdin=subprocess.PIPE,  # stays open; when it closes, the child knows that its parent is gone
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        output: bytes = await asyncio.wait_for(asyncio.to_thread(child.stdout.read), timeout_s)
    except BaseException as error:
        child.kill()
        if isinstance(error, TimeoutError):
            raise Busy(too_long) from None
        raise
    finally:
        with child:  # closes the pipes
            status = await asyncio.to_thread(child.wait)
    if not output:
        logger.error("the program stopped without an answer", program=module, exit_status=status)
    return output
