"""Many events at once, and jobs over real files."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from models.access import Actor
from realtime.events.project import ProjectUpdated
from realtime.unit_of_work import unit_of_work
from tests.job.conftest import end_of, kept, make_sides, until

__all__ = ["end_of", "kept", "make_sides", "until"]
Flood = Callable[..., Awaitable[None]]


@pytest.fixture
def flood(alice: Any, project: str) -> Flood:
    """Publishes on the project's stream: several commits with several events each, some of them rolled back."""

    async def publish(commits: int, events: int = 1, roll_back_every: int = 0) -> None:
        for number in range(commits):
            try:
                async with unit_of_work(Actor("user", alice.id)) as u:
                    for _ in range(events):
                        u.publish(ProjectUpdated(project_id=project, version=1, changed=["name"] * 20))
                    if roll_back_every and number % roll_back_every == 0:
                        raise LookupError
            except LookupError:
                pass

    return publish
