"""What an export holds, and who may have it."""

import io
import json
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from core.clock import now
from core.ids import uuid7
from matching.reading.exported import MATCHES, OPEN_ITEMS
from tests.auth.programs import program_of
from tests.export.conftest import rows_of


@pytest.fixture
async def job(make_job):
    """A job with matches of one to three records a side, of which a left and a right record are left over."""
    made = await make_job([{"id": f"l{n}", "memo": f"left {n}"} for n in range(6)], [{"id": f"r{n}"} for n in range(5)])
    await made.write(0, ([0, 1, 2], [0], "confirmed"), ([3], [1, 2], "suggested"), ([4], [3], "confirmed"))
    return made


async def test_each_record_of_a_match_is_a_row(alice, job, export):
    rows = rows_of(await export(job.id))

    assert tuple(rows[0]) == (*MATCHES, "left.id", "left.memo", "right.id")
    listed = (await alice.ok("GET", f"/jobs/{job.id}/matches"))["items"]
    records = [(match, record) for match in listed for record in match["records"]]
    assert [(row["match_id"], row["record_id"], row["side"], int(row["row"])) for row in rows] == [
        (match["id"], record["id"], record["side"], record["row"]) for match, record in records
    ]
    for row, (match, record) in zip(rows, records, strict=True):
        for name in ("status", "kind", "pass", "ambiguity", "origin", "plan_hash"):
            assert row[name] == match[name]
        assert (float(row["score"]), float(row["margin"])) == (match["score"], match["margin"])
        assert {"amount": row["amount"], "currency": row["currency"]} == record["amount"]
        assert {f"{record['side']}.{name}": value for name, value in record["data"].items()}.items() <= row.items()


async def test_the_first_row_of_a_match_says_what_speaks_for_it(alice, job, export):
    rows = rows_of(await export(job.id))

    said = [row["match_id"] for row in rows if row["explanation"]]
    assert said == list(dict.fromkeys(row["match_id"] for row in rows))
    detail = await alice.ok("GET", f"/matches/{said[0]}")
    [field] = json.loads(rows[0]["explanation"])
    assert (field["field"], field["weight"]) == (detail["fields"][0]["field"], detail["fields"][0]["weight"])


async def test_a_decision_is_named(alice, job, export):
    match = rows_of(await export(job.id, "?status=suggested"))[0]["match_id"]
    decided = await alice.ok("POST", f"/matches/{match}/confirm", {"reason": "paid twice"})

    row = next(row for row in rows_of(await export(job.id)) if row["match_id"] == match)
    assert (row["status"], row["decided_by"], row["reason"]) == ("confirmed", "Alice", "paid twice")
    assert row["decided_at"][:19] == decided["decided_at"][:19]


@pytest.mark.parametrize(("query", "matches"), [("status=suggested", 1), ("pass=sums", 3), ("pass=other", 0)])
async def test_matches_are_chosen_as_in_their_list(alice, job, export, query, matches):
    rows = rows_of(await export(job.id, f"?{query}"))

    listed = (await alice.ok("GET", f"/jobs/{job.id}/matches?{query}"))["items"]
    assert {row["match_id"] for row in rows} == {match["id"] for match in listed}
    assert len(listed) == matches


async def test_a_match_whose_records_are_gone_has_a_row(alice, job, db, export):
    match = rows_of(await export(job.id, "?status=suggested"))[0]["match_id"]
    await alice.ok("POST", f"/matches/{match}/reject")
    await db.execute(
        "DELETE FROM reconciliation_records WHERE id IN (SELECT record_id FROM match_records WHERE match_id = $1::text::uuid)",
        match,
    )

    [row] = rows_of(await export(job.id, "?status=rejected"))
    assert (row["match_id"], row["record_id"], row["side"], row["amount"]) == (match, "", "", "")


async def test_open_items_are_the_unmatched_records(alice, job, db, export):
    await db.execute("UPDATE reconciliation_records SET date = $1", now().date() - timedelta(days=40))

    rows = rows_of(await export(job.id, "?what=open-items"))

    assert tuple(rows[0]) == (*OPEN_ITEMS, "left.id", "left.memo", "right.id")
    listed = [
        record["id"]
        for side in ("left", "right")
        for record in (await alice.ok("GET", f"/jobs/{job.id}/unmatched?side={side}"))["items"]
    ]
    assert [row["record_id"] for row in rows] == listed
    assert [(row["side"], row["left.id"], row["right.id"], row["age_days"]) for row in rows] == [
        ("left", "l5", "", "40"),
        ("right", "", "r4", "40"),
    ]


@pytest.mark.parametrize(
    ("amount", "text"),
    [("1.5 EUR", "1.50"), ("-0.001 EUR", "-0.001"), ("1000 JPY", "1000"), ("1000.5 JPY", "1000.5"), ("2 KWD", "2.000")],
)
async def test_amounts_are_written_as_everywhere_else(alice, make_job, export, amount, text):
    number, currency = amount.split()
    record = {"data": {"id": "a"}, "amount": {"amount": number, "currency": currency}}
    job = await make_job([record], [record])
    await job.write(0, ([0], [0], "confirmed"))

    rows = rows_of(await export(job.id))

    listed = (await alice.ok("GET", f"/jobs/{job.id}/matches"))["items"][0]["records"]
    assert [row["amount"] for row in rows] == [text, text] == [record["amount"]["amount"] for record in listed]


async def test_all_formats_hold_the_same_rows(job, export):
    rows = rows_of(await export(job.id))

    lines = [json.loads(line) for line in (await export(job.id, "?format=jsonl")).splitlines()]
    assert [(line["match_id"], line["record_id"], line["amount"]) for line in lines] == [
        (row["match_id"], row["record_id"], row["amount"]) for row in rows
    ]
    assert (lines[0]["left"], lines[0]["right"]) == ({"id": "l0", "memo": "left 0"}, None)
    table = pq.read_table(io.BytesIO(await export(job.id, "?format=parquet")))
    assert table.column_names == list(rows[0])
    assert table["record_id"].to_pylist() == [row["record_id"] for row in rows]
    assert table["amount"].type.scale == 9


async def test_the_metadata_of_parquet_holds_the_plan(alice, job, export):
    plan = (await alice.ok("GET", f"/jobs/{job.id}"))["plan"]
    document = (await alice.ok("GET", f"/plans/{plan['id']}"))["document"]

    schema = pq.read_schema(io.BytesIO(await export(job.id, "?format=parquet")))

    said = json.loads(schema.metadata[b"tallyroom"])
    assert (said["plan_hash"], said["plan"], said["job"]) == (plan["hash"], document, job.id)


async def test_the_answer_says_what_it_is_and_what_it_is_true_at(alice, job):
    async with await alice.send("GET", f"/jobs/{job.id}/export?format=xlsx") as response:
        headers = response.headers
        await response.read()

    async with await alice.send("GET", f"/jobs/{job.id}/matches") as response:
        assert headers["Stream-Position"] == response.headers["Stream-Position"]
    assert headers["Content-Type"].endswith("spreadsheetml.sheet")
    name = f"matches-{now():%Y-%m-%d}-{job.id[-8:]}.xlsx"
    assert headers["Content-Disposition"] == f'attachment; filename="{name}"'
    plan = (await alice.ok("GET", f"/jobs/{job.id}"))["plan"]
    assert headers["Link"] == f'</api/v1/plans/{plan["id"]}?version={plan["version"]}>; rel="describedby"'


async def test_an_export_without_rows_is_a_file(job, export):
    assert rows_of(await export(job.id, "?pass=other")) == []
    assert pq.read_table(io.BytesIO(await export(job.id, "?pass=other&format=parquet"))).num_rows == 0
    assert (await export(job.id, "?pass=other&format=xlsx")).startswith(b"PK")
    assert await export(job.id, "?pass=other&format=jsonl") == b""


@pytest.mark.parametrize(
    "query", ["format=pdf", "what=everything", "status=lost", "what=open-items&status=confirmed", "limit=5", "format="]
)
async def test_an_unknown_wish_is_refused(alice, job, query):
    assert (await alice.refused("GET", f"/jobs/{job.id}/export?{query}"))[0] == 422


async def test_an_export_is_in_the_audit_log(alice, project, job, export):
    await export(job.id, "?format=jsonl&status=confirmed")

    rows = (await alice.ok("GET", f"/projects/{project}/audit"))["items"]
    [row] = [row for row in rows if row["action"] == "job.export"]
    assert (row["resource"], row["actor"]["id"]) == ({"type": "job", "id": job.id}, str(alice.id))
    assert row["details"] == {"format": "jsonl", "what": "matches", "status": "confirmed"}


async def test_strangers_find_no_export(alice, charlie, job):
    real = await charlie.refused("GET", f"/jobs/{job.id}/export")

    assert real == await charlie.refused("GET", f"/jobs/{uuid7()}/export") == (404, "not_found")


async def test_a_viewer_and_a_program_may_export(alice, bob, project, job, export):
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})

    assert rows_of(await export(job.id, person=bob))
    assert rows_of(await export(job.id, person=await program_of(bob, "read")))
