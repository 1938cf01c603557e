"""Waiting for what a worker does, with an end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ..problem import Problem


@dataclass
class Hint:
    """What to say to somebody who stops waiting."""

    text: str = ""


@asynccontextmanager
async def within(seconds: float | None, hint: Hint) -> AsyncIterator[None]:
    """Wait so long and no longer. Raises: Problem."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError:
        raise Problem(504, "too_late", f"It did not finish within {seconds:g} s. {hint.text}") from None
