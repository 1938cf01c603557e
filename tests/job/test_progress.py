"""The progress of a running job is published again after the database was unavailable."""

import asyncio
from typing import Any

import asyncpg
import pytest

from core.ids import uuid7
from core.settings import load
from models.job import Job
from server.job import attempt, lifecycle
from server.job.attempt import JobRun


async def test_progress_is_published_again_after_the_database_was_unavailable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    told: list[float] = []

    async def put(_: Job, progress: Any) -> None:
        told.append(progress.fraction)
        if len(told) == 1:
            raise asyncpg.InternalClientError("cannot switch to state 12")

    monkeypatch.setattr(attempt, "PROGRESS_EVERY_S", 0.01)
    monkeypatch.setattr(lifecycle, "put_progress", put)
    job = Job(id=uuid7(), project_id=uuid7(), attempt=1, progress_curve=[], counts={})
    running = JobRun(load({"TALLYROOM_DATA_DIR": str(tmp_path)}), job)
    running._note("comparing", 1, 2, 0.5)

    reporter = asyncio.create_task(running._report())
    for _ in range(3000):
        if len(told) > 2:
            break
        await asyncio.sleep(0.01)
    reporter.cancel()
    await asyncio.gather(reporter, return_exceptions=True)

    assert told[:3] == [0.5] * 3
