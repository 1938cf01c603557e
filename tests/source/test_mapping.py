"""Questions, and the mapping that answers them; typing a loaded source anew keeps its records."""

import pytest

DATES = "ref,day,amount\nA,03/04/2026,1.50\nB,05/06/2026,2.50\nC,13/13/2026,3.50\n" + "D,01/02/2026,4.50\n" * 30
ANSWER = {"amount": {"column": "amount", "decimal": "."}, "date": {"column": "day", "order": "dmy"}}


async def test_an_answered_question_types_the_rows_that_stay(load, settled, stored, alice):
    asked = await load(DATES)
    raw, _ = await stored(asked)
    profile = await alice.ok("GET", f"/sources/{asked['id']}/profile")

    await alice.ok("PATCH", f"/sources/{asked['id']}", {"mapping": ANSWER})
    answered = await settled(asked["id"])
    records, rejects = await stored(answered)

    assert asked["status"] == "needs_mapping"
    assert ("day", "date_order", ["dmy", "mdy"]) in [
        (question["column"], question["kind"], question["choices"]) for question in asked["questions"]
    ]
    assert [column["name"] for column in profile["columns"]] == ["ref", "day", "amount"]
    assert {record["date"] for record in raw} == {None}
    assert (answered["status"], answered["mapping"]["date"]) == ("ready", ANSWER["date"])
    assert answered["revision"] > asked["revision"]
    assert [record["date"] for record in records[:2]] == ["2026-04-03", "2026-06-05"]
    assert [record["id"] for record in records] == [record["id"] for record in raw if record["data"]["ref"] != "C"]
    assert [(reject["line"], reject["code"]) for reject in rejects] == [(4, "date_unparsable")]


@pytest.mark.parametrize("field", ["amount", "date"])
async def test_a_mapping_of_unknown_columns_is_refused(load, alice, field):
    source = await load(DATES)
    mapping = {**ANSWER, field: {**ANSWER[field], "column": "nowhere"}}

    refused = await alice.refused("PATCH", f"/sources/{source['id']}", {"mapping": mapping})

    assert refused == (422, "invalid_field")


async def test_a_mapping_may_come_with_the_file(load, stored):
    records, rejects = await stored(await load(DATES, mapping=ANSWER))

    assert records[0]["date"] == "2026-04-03"
    assert len(rejects) == 1


async def test_changes_by_hand_are_not_undone_by_reading_the_file_again(load, alice):
    source = await load("ref,amount\nA,1.50\n")
    await alice.ok("POST", f"/sources/{source['id']}/records", {"data": {"ref": "B", "amount": "2.50"}})

    refused = await alice.refused("PATCH", f"/sources/{source['id']}", {"mapping": {"reference": {"column": "ref"}}})

    assert refused == (409, "source_in_use")


async def test_a_file_that_is_no_longer_kept_cannot_be_read_again(load, alice, db):
    source = await load("ref,amount\nA,1.50\n")
    await db.execute("DELETE FROM source_chunks")

    refused = await alice.refused("PATCH", f"/sources/{source['id']}", {"mapping": {"reference": {"column": "ref"}}})

    assert refused == (410, "gone")
    assert (await alice.ok("GET", f"/sources/{source['id']}"))["status"] == "ready"


async def test_a_source_goes_with_its_records_but_not_under_a_live_job(load, alice, project, db):
    left, right = await load("ref,amount\nA,1.50\n"), await load("ref,amount\nA,1.50\nB,2.50\n")
    job = await alice.ok("POST", f"/projects/{project}/jobs", {"left_source": left["id"], "right_source": right["id"]})
    await db.execute("UPDATE reconciliation_jobs SET status = 'paused' WHERE id = $1", job["id"])

    refused = await alice.refused("DELETE", f"/sources/{left['id']}")
    await db.execute("DELETE FROM reconciliation_jobs")
    async with await alice.send("DELETE", f"/sources/{left['id']}") as response:
        status = response.status

    assert refused == (409, "source_in_use")
    assert status == 204
    assert await db.fetchval("SELECT count(*) FROM reconciliation_records WHERE source_id = $1", left["id"]) == 0
    assert await db.fetchval("SELECT count(*) FROM source_chunks WHERE source_id = $1", left["id"]) == 0
