"""A job whose suggested plan finds sums: uploaded, loaded and matched by a real worker, booked and explained."""

import csv
import io
from typing import Any

from bench.settlements import settlements
from server.books.recount import differences

MAPPINGS: dict[str, dict[str, Any]] = {
    name: {"amount": {"column": "amount", "decimal": "."}, "date": {"column": "date", "order": "ymd"}}
    for name in ("ledger", "bank")
}


def text_of(header: str, rows: list[tuple[str, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([header.split(","), *rows])
    return out.getvalue()


async def test_a_job_matches_payments_for_several_invoices_and_says_why(alice, project, load, run, db):
    made = settlements(400, 5, parties=150)
    texts = {
        "ledger": text_of("date,amount,customer,document,text", made.ledger),
        "bank": text_of("date,amount,purpose", made.bank),
    }
    sides = {
        f"{side}_source": await load(name, texts[name], MAPPINGS[name])
        for side, name in (("left", "ledger"), ("right", "bank"))
    }

    job = await run(sides)
    matches, cursor = [], ""
    while cursor is not None:
        page = await alice.ok("GET", f"/jobs/{job['id']}/matches?limit=200{cursor}")
        matches += page["items"]
        cursor = f"&cursor={page['next_cursor']}" if page.get("next_cursor") else None

    assert job["status"] == "completed"
    found = {
        tuple(frozenset(r["row"] for r in m["records"] if r["side"] == side) for side in ("left", "right"))
        for m in matches
    }
    truth = {(a, b) for _, a, b in made.truth}
    assert 2 * len(found & truth) / (len(found) + len(truth)) > 0.85
    kinds = {m["kind"] for m in matches}
    assert kinds >= {"one_to_one", "many_to_one", "one_to_many", "one_sided"}
    one = await alice.ok("GET", f"/matches/{next(m['id'] for m in matches if m['kind'] == 'many_to_one')}")
    assert {field["compare"] for field in one["fields"]} >= {"sum", "chance"}
    assert abs(one["score"] - one["prior"] - sum(field["weight"] for field in one["fields"])) < 0.001
    assert await differences(db) == []  # the books agree with the records
