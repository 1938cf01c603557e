"""
Compares two records as each pass of a job's plan would: `python -m server.processes.explanation JOB LEFT RIGHT` prints the
comparisons as JSON.

A process of its own, as for a suggestion: the engine's libraries take a second to import and have no place beside sockets.
It reads the two records, and a few rows beside them only where a plan reads numbers or days from texts.
"""

import asyncio
import sys
from dataclasses import asdict
from typing import Any
from uuid import UUID

import orjson
import pyarrow as pa

from core import log
from core.lifeline import end_with_pipe
from core.settings import Settings, SettingsError, load
from matching.explanation import compare_first
from matching.fields import with_currencies
from matching.plan import Plan, PlanInvalid, column_of
from models.job import Job
from models.source import Source
from server.job import inputs
from server.processes.hardening import keep_memory_private
from server.store import database, limits

FORMAT_ROWS = 1_000  # from which the order of a day's parts and the decimal mark are recognised
FORMAT_BYTES = 16 * 1024**2  # rows of more than 16 KB each are fewer


def main(job: str, left: str, right: str) -> None:
    """Entry point. A plan that does not fit the records is an answer too."""
    keep_memory_private()
    settings = load()
    limits.bound_job(settings)
    log.configure("engine", settings.log_level, settings.log_format)
    end_with_pipe(sys.stdin.fileno())
    asyncio.run(_explain(settings, UUID(job), (UUID(left), UUID(right))))


async def _explain(settings: Settings, job_id: UUID, records: tuple[UUID, UUID]) -> None:
    async with database.opened(settings, "tallyroom explain", pool=1):
        job = await Job.get(id=job_id)
        sources = await Source.get(id=job.left_source_id), await Source.get(id=job.right_source_id)
    plan = Plan.model_validate(job.plan_document)
    sides = await asyncio.gather(
        *(
            asyncio.to_thread(inputs.read_record, settings, source, record, _beside(plan, name, source))
            for name, source, record in zip(("left", "right"), sources, records, strict=True)
        )
    )
    plan = with_currencies(plan, (sides[0].roles, sides[1].roles))
    left, right = (_with_columns(side.values, plan, name) for name, side in zip(("left", "right"), sides, strict=True))
    answer: dict[str, Any]
    try:
        found = compare_first(left, right, plan, (sides[0].shown, sides[1].shown))
        answer = {"compared": [asdict(one) for one in found]}
    except PlanInvalid as error:
        answer = {"refused": str(error)}
    sys.stdout.buffer.write(orjson.dumps(answer))
    sys.stdout.flush()


def _beside(plan: Plan, side: str, source: Source) -> int:
    """How many rows are read beside the record."""
    typed = inputs.typed_columns(source)
    by_format = (field for field in plan.fields.values() if field.type in ("money", "date", "number"))
    return (
        inputs.rows_within(source, FORMAT_ROWS, FORMAT_BYTES)
        if any(column_of(getattr(field, side)) not in typed for field in by_format)
        else 0
    )


def _with_columns(table: pa.Table, plan: Plan, side: str) -> pa.Table:
    """The table with all columns that the plan reads. One in which these records have nothing may be missing."""
    for field in plan.fields.values():
        code = getattr(field.currency, side) if field.currency else None
        for name in (column_of(getattr(field, side)), code):
            if isinstance(name, str) and name not in table.column_names:
                table = table.append_column(name, pa.nulls(table.num_rows, pa.string()))
    return table


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except SettingsError as refusal:
        sys.exit(f"tallyroom: {refusal}")
