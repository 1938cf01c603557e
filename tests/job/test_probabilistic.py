"""A job whose suggested plan learns: uploaded, loaded and matched by a real worker, and explained match by match."""

from typing import Any

import pyarrow as pa
import pyarrow.csv

from tests.matching.probabilistic.tables import people

ROWS = 500
MAPPINGS: dict[str, dict[str, Any]] = {
    "ledger": {"amount": {"column": "amount", "decimal": "."}, "date": {"column": "day", "order": "ymd"}},
    "bank": {"amount": {"column": "credit", "decimal": "."}, "date": {"column": "day", "order": "ymd"}},
}


def text_of(table: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(table, sink)
    return sink.getvalue().to_pybytes().decode()


async def test_a_job_with_a_suggested_plan_finds_partners_that_no_rule_proves(alice, project, load, run):
    given = people(ROWS)
    sides = {
        f"{side}_source": await load(name, text_of(table), MAPPINGS[name])
        for side, name, table in (("left", "ledger", given.left), ("right", "bank", given.right))
    }
    suggested = await alice.ok("POST", f"/projects/{project}/plans/suggest", sides)

    job = await run(sides)
    matches = []
    cursor = ""
    while cursor is not None:
        page = await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=200{cursor}")
        matches += page["items"]
        cursor = f"&cursor={page['next_cursor']}" if page.get("next_cursor") else None

    assert job["status"] == "completed"
    assert suggested["document"]["passes"][-1]["kind"] == "probabilistic"
    found = {tuple(r["row"] for side in ("left", "right") for r in m["records"] if r["side"] == side) for m in matches}
    assert 2 * len(found & given.truth) / (len(found) + len(given.truth)) > 0.9
    assert all(float(m["margin"]) >= 5 for m in matches if m["status"] == "confirmed")
    one = await alice.ok("GET", f"/matches/{matches[0]['id']}")
    assert {field["compare"] for field in one["fields"]} >= {"similarity", "days", "ratio"}
    assert abs(one["score"] - one["prior"] - sum(field["weight"] for field in one["fields"])) < 0.001
