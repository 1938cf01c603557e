"""The profile, the records and the rejects of a file over REST: the same column order and the same row numbers."""

import json

BODY = "zebra,id,a long name,Amount,b\n" + "".join(
    f"z{n},{n},x,{amount},y\n" for n, amount in enumerate(["999.87", '"3,999.91"', "5.00", "nope", "12.00"] * 8)
)
ORDER = ["zebra", "id", "a long name", "Amount", "b"]
MAPPING = {"amount": {"column": "Amount", "decimal": "."}}


async def test_columns_keep_the_order_of_the_file(alice, load, project):
    source = await load(BODY, mapping=MAPPING)
    profile = await alice.ok("GET", f"/sources/{source['id']}/profile")
    page = await alice.ok("GET", f"/sources/{source['id']}/records?limit=3")
    one = await alice.ok("GET", f"/records/{page['items'][0]['id']}")

    assert [column["name"] for column in profile["columns"]] == ORDER
    assert [list(record["data"]) for record in (*page["items"], one)] == [ORDER] * 4


async def test_the_profile_compares_by_value_and_says_what_it_counted(alice, load):
    source = await load(BODY, mapping=MAPPING)

    columns = {c["name"]: c for c in (await alice.ok("GET", f"/sources/{source['id']}/profile"))["columns"]}

    assert (columns["Amount"]["type"], columns["zebra"]["type"]) == ("text", "text")
    assert (columns["id"]["min"], columns["id"]["max"]) == ("0", "39")
    assert (columns["id"]["distinct"], columns["id"]["is_distinct_estimated"]) == (40, False)


async def test_rejects_and_records_number_rows_alike(load, stored):
    source = await load(BODY, mapping=MAPPING)
    records, rejects = await stored(source)

    assert sorted([r["row"] for r in records] + [r["row"] for r in rejects]) == list(range(40))
    assert [(r["row"], r["line"]) for r in rejects] == [(n, n + 2) for n in range(3, 40, 5)]


async def test_columns_of_records_over_rest_keep_their_order(alice, project):
    source = await alice.ok("POST", f"/projects/{project}/sources", {"name": "by hand"})
    first = {"zebra": "1", "id": "2", "a long name": "3"}

    made = await alice.ok("POST", f"/sources/{source['id']}/records", {"data": first})
    await alice.ok("POST", f"/sources/{source['id']}/records", {"data": {"b": "4", "id": "5"}})
    page = await alice.ok("GET", f"/sources/{source['id']}/records")

    assert json.dumps(made["data"]) == json.dumps(first)
    assert [list(record["data"]) for record in page["items"]] == [list(first), ["id", "b"]]


async def test_a_number_is_not_taken_for_a_day(alice, load, project):
    source = await alice.ok("POST", f"/projects/{project}/sources", {"name": "by hand"})

    for text in ("86400", "99999999999", "1700000000", "2026-01-01T00:00:00Z", "20260101"):
        refused = await alice.refused("GET", f"/sources/{source['id']}/records?date_from={text}")
        assert refused == (422, "invalid_field"), text
        refused = await alice.refused("POST", f"/sources/{source['id']}/records", {"data": {"a": "b"}, "date": text})
        assert refused == (422, "invalid_field"), text
    await alice.ok("POST", f"/sources/{source['id']}/records", {"data": {"a": "b"}, "date": "2026-01-31"})
    page = await alice.ok("GET", f"/sources/{source['id']}/records?date_from=2026-01-31&date_to=2026-01-31")
    assert [record["date"] for record in page["items"]] == ["2026-01-31"]
