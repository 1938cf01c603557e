"""A job that needs more memory than allowed fails, says what to change, and does not harm the worker or the machine."""

from typing import Any

import orjson
import psutil
import pytest

from core.settings import Settings
from server.store.program import answer_of

# Long values that compress well in the database: 192 MB per side once they are read.
WIDE = """
    INSERT INTO reconciliation_records (id, source_id, "row", revision, data, version, created_at, updated_at)
    SELECT gen_random_uuid(), $1::text::uuid, n, 1, jsonb_build_object('ref', repeat(md5(n::text), 1000)), 1, now(), now()
    FROM generate_series(0, 5999) n
"""

# Of nearly a megabyte each, as a request may have them: 27 MB a side.
LARGE = """
    INSERT INTO reconciliation_records (id, source_id, "row", revision, data, amount, currency, version, created_at, updated_at)
    SELECT gen_random_uuid(), $1::text::uuid, n, 1, (
        SELECT jsonb_object_agg('c' || k, repeat(md5((n * 10 + k)::text), 3000)) FROM generate_series(1, 9) k
    ), n + 1, 'EUR', 1, now(), now() FROM generate_series(0, 29) n
"""


@pytest.fixture(scope="module")
def modest(start_lasting_worker: Any, shared_worker: Any) -> Any:
    """A worker whose jobs may use little memory. It is alone: another one would take some of the jobs."""
    shared_worker.stop()
    return start_lasting_worker(TALLYROOM_ENGINE_MEMORY_MB="128")


@pytest.fixture(scope="module")
def worker(modest: Any) -> Any:
    """It loads the files too."""
    return modest


async def test_a_job_that_needs_too_much_memory_fails_and_says_what_to_change(
    alice: Any, project: str, db: Any, modest: Any, end_of: Any, settings: Settings
) -> None:
    ids = [(await alice.ok("POST", f"/projects/{project}/sources", {"name": name}))["id"] for name in ("a", "b")]
    empty = {"left_source": ids[0], "right_source": ids[1]}
    for source_id in ids:
        await db.execute(WIDE, source_id)

    failed = await end_of((await alice.ok("POST", f"/projects/{project}/jobs", empty))["id"])

    assert (failed["status"], failed["problem"]["code"]) == ("failed", "too_large")
    # A library that is refused memory may end the process, and only the next attempt can say why.
    assert failed["attempt"] <= 2
    assert "TALLYROOM_ENGINE_MEMORY_MB" in failed["problem"]["detail"]
    assert "640 MB" in failed["problem"]["detail"]

    # A suggestion for them keeps to the same limit.
    small = settings.model_copy(update={"engine_memory_mb": 128})
    answer = orjson.loads(await answer_of(small, "server.processes.suggestion", ids, 60, "too long"))
    assert "needs more than 640 MB" in answer["too_large"]


async def test_records_of_nearly_a_megabyte_each_take_a_few_times_their_size(
    alice: Any, project: str, db: Any, modest: Any, end_of: Any
) -> None:
    ids = [(await alice.ok("POST", f"/projects/{project}/sources", {"name": name}))["id"] for name in ("a", "b")]
    for source_id in ids:
        await db.execute(LARGE, source_id)
    gate = {"field": "amount", "compare": "equal"}
    document = {
        "fields": {"amount": {"type": "money", "left": "amount", "right": "amount"}},
        "passes": [{"name": "amount", "kind": "rules", "where": [gate], "accept": "suggest"}],
    }
    plan = await alice.ok("POST", f"/projects/{project}/plans", {"name": "by amount", "document": document})

    body = {"left_source": ids[0], "right_source": ids[1], "plan": plan["id"]}
    job = await end_of((await alice.ok("POST", f"/projects/{project}/jobs", body))["id"])

    assert (job["status"], job["problem"]) == ("completed", None)
    assert job["counts"]["matches"] == 30


@pytest.mark.long
async def test_a_job_within_its_memory_runs_on_the_same_worker_afterwards(
    modest: Any, make_sides: Any, alice: Any, project: str, end_of: Any
) -> None:
    job = await end_of((await alice.ok("POST", f"/projects/{project}/jobs", await make_sides(300)))["id"])

    assert job["status"] == "completed"
    assert psutil.Process(modest.process.pid).is_running()
