"""Questions and the mapping that answers them. Typing a loaded source again keeps its records."""

import pytest

DATES = "ref,day,amount\nA,03/04/2026,1.50\nB,05/06/2026,2.50\nC,13/13/2026,3.50\n" + "D,01/02/2026,4.50\n" * 30
ANSWER = {"amount": {"column": "amount", "decimal": "."}, "date": {"column": "day", "order": "dmy"}}


async def test_answering_a_question_types_the_stored_rows(load, settled, stored, alice):
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


async def test_a_mapping_may_be_sent_with_the_file(load, stored):
    records, rejects = await stored(await load(DATES, mapping=ANSWER))

    assert records[0]["date"] == "2026-04-03"
    assert len(rejects) == 1


@pytest.mark.parametrize(
    ("mapping", "pointer"),
    [
        ({"amount": {"column": "betrag", "decimal": "."}}, "/mapping/amount/column"),
        ({"amount": {"debit": "amount", "credit": "haben", "decimal": "."}}, "/mapping/amount/credit"),
        ({"currency": {"column": "ccy"}}, "/mapping/currency/column"),
        ({"reference": {"column": "nr"}}, "/mapping/reference/column"),
    ],
)
@pytest.mark.parametrize("body", ["ref,day,amount\nA,2026-01-13,1.50\n", "ref,day,amount\n"])
async def test_a_mapping_of_columns_that_the_file_lacks_is_always_reported(load, stored, body, mapping, pointer):
    source = await load(body, mapping=mapping)
    records, _ = await stored(source)

    assert source["status"] == "needs_mapping"
    assert source["problem"]["code"] == "invalid_field"
    assert [error["pointer"] for error in source["problem"]["errors"]] == [pointer]
    assert source["mapping"].items() >= mapping.items()
    assert {record["amount"] for record in records} <= {None}


async def test_an_unknown_column_is_corrected_by_a_mapping(load, settled, stored, alice):
    source = await load("ref,amount\nA,1.50\n", mapping={"amount": {"column": "betrag", "decimal": "."}})

    still = await alice.refused("PATCH", f"/sources/{source['id']}", {"mapping": {"currency": {"value": "EUR"}}})
    mapping = {"amount": {"column": "amount", "decimal": "."}, "currency": {"value": "EUR"}}
    await alice.ok("PATCH", f"/sources/{source['id']}", {"mapping": mapping})
    corrected = await settled(source["id"])
    records, _ = await stored(corrected)

    assert still == (422, "invalid_field")
    assert (corrected["status"], corrected["problem"]) == ("ready", None)
    assert [record["amount"]["amount"] for record in records] == ["1.50"]


async def test_an_answer_keeps_the_rest_of_the_mapping(load, settled, stored, alice):
    asked = await load(DATES.replace("C,13/13/2026,3.50\n", ""))

    await alice.ok("PATCH", f"/sources/{asked['id']}", {"mapping": {"date": ANSWER["date"]}})
    answered = await settled(asked["id"])
    records, _ = await stored(answered)

    assert asked["status"] == "needs_mapping"
    assert answered["status"] == "ready"
    assert answered["mapping"] == {**asked["mapping"], "date": ANSWER["date"]}
    assert [question["kind"] for question in answered["questions"]] == ["currency"]
    assert (records[0]["amount"]["amount"], records[0]["date"]) == ("1.50", "2026-04-03")


async def test_an_answer_about_the_currency_is_kept_by_later_ones(load, settled, alice):
    asked = await load("ref,day,amount\nA,2026-01-13,1.50\n")
    for mapping in ({"currency": {"value": "EUR"}}, {"reference": {"column": "day"}}):
        await alice.ok("PATCH", f"/sources/{asked['id']}", {"mapping": mapping})
        answered = await settled(asked["id"])

    assert answered["questions"] == []
    assert answered["mapping"]["currency"] == {"value": "EUR"}
    assert answered["mapping"]["amount"] == asked["mapping"]["amount"]


async def test_null_clears_a_field_for_good(load, settled, stored, alice):
    source = await load("ref,day,amount\nA,2026-01-13,1.50\n")
    for mapping in ({"amount": None, "currency": None}, {"reference": {"column": "day"}}):
        await alice.ok("PATCH", f"/sources/{source['id']}", {"mapping": mapping})
        cleared = await settled(source["id"])
    records, _ = await stored(cleared)

    assert cleared["mapping"] == {"date": {"column": "day", "order": "ymd"}, "reference": {"column": "day"}}
    assert (cleared["status"], cleared["questions"]) == ("ready", [])
    assert [record["amount"] for record in records] == [None]


async def test_reading_the_file_again_keeps_changes_made_by_hand(load, alice):
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


async def test_a_source_is_deleted_with_its_records_but_not_while_a_job_uses_it(load, alice, project, db):
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
