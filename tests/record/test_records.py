"""Records over REST: added, changed, deleted, and listed in every order with no row twice or missing."""

import asyncio

import pytest

MAPPING = {
    "amount": {"column": "amount", "decimal": "."},
    "currency": {"value": "EUR"},
    "date": {"column": "day", "order": "ymd"},
    "reference": {"column": "ref"},
}


@pytest.fixture
async def source(alice, project):
    """An empty source with a mapping."""
    return (await alice.ok("POST", f"/projects/{project}/sources", {"name": "Ledger", "mapping": MAPPING}))["id"]


@pytest.fixture
async def mixed(alice, source):
    """60 records with equal values and gaps in every typed column."""
    records = [
        {
            "data": {
                "amount": None if n % 7 == 0 else f"{n % 5}.50",
                "day": None if n % 6 == 0 else f"2026-01-{n % 4 + 10}",
                "ref": None if n % 5 == 0 else f"R{n % 3}",
            }
        }
        for n in range(60)
    ]
    await alice.ok("POST", f"/sources/{source}/records", {"records": records})
    return source


async def test_one_record_is_typed_by_the_mapping(alice, source):
    body = {"data": {"amount": "1,234.50", "day": "2026-01-13", "ref": " A-1 ", "note": "x"}}

    record = await alice.ok("POST", f"/sources/{source}/records", body)
    read = await alice.ok("GET", f"/records/{record['id']}")

    assert record == read
    assert record["data"] == body["data"]
    assert (record["amount"], record["date"]) == ({"amount": "1234.50", "currency": "EUR"}, "2026-01-13")
    assert (record["reference"], record["row"], record["state"], record["version"]) == ("A-1", 0, "open", 1)


@pytest.mark.parametrize(
    ("mapping", "pointer"),
    [
        ({"date": {"column": "day", "form": "dm"}}, "/mapping/date"),
        ({"date": {"column": "day", "form": "zzz"}}, "/mapping/date/form"),
        ({"date": {"column": "day", "year": "2020"}}, "/mapping/date/year"),
        ({"table": {"header_row": True}}, "/mapping/table/header_row"),
        ({"amount": {"column": "a", "negate": "yes"}}, "/mapping/amount/negate"),
        ({"amount": {"column": "a", "multiple": True}}, "/mapping/amount/multiple"),
    ],
)
async def test_a_mapping_that_means_nothing_is_refused_by_pointer(alice, project, mapping, pointer):
    problem = await alice.problem("POST", f"/projects/{project}/sources", {"name": "Ledger", "mapping": mapping})

    assert (problem["status"], [fault["pointer"] for fault in problem["errors"]]) == (422, [pointer])


async def test_given_values_take_precedence_over_the_mapping(alice, source):
    body = {"data": {"note": "x"}, "amount": {"amount": "9007199254740993.123456789", "currency": "USD"}}

    record = await alice.ok("POST", f"/sources/{source}/records", body)

    assert record["amount"] == body["amount"]


@pytest.mark.long
async def test_ten_thousand_records_are_stored_and_one_more_is_refused(alice, source, db):
    many = [{"data": {"amount": f"{n}.50", "ref": f"R{n}"}} for n in range(10_001)]

    refused = await alice.refused("POST", f"/sources/{source}/records", {"records": many})
    answer = await alice.ok("POST", f"/sources/{source}/records", {"records": many[:-1]})

    assert refused == (422, "invalid_field")
    assert [record["row"] for record in answer["items"]] == list(range(10_000))
    assert await db.fetchval("SELECT count(*) FROM reconciliation_records") == 10_000


async def test_all_records_are_stored_or_none(alice, source, db):
    records = [{"data": {"amount": "1.50"}}, {"data": {"amount": "nope"}}, {"data": {"day": "2026-02-30"}}]

    async with await alice.send("POST", f"/sources/{source}/records", {"records": records}) as response:
        problem = await response.json()

    assert response.status == 422
    assert [error["pointer"] for error in problem["errors"]] == ["/records/1/data", "/records/2/data"]
    assert await db.fetchval("SELECT count(*) FROM reconciliation_records") == 0


async def test_records_add_a_bounded_number_of_columns(alice, source):
    path = f"/sources/{source}/records"
    many = [{"data": {f"c{n}_{k}": "x" for k in range(250)}} for n in range(3)]
    first = (await alice.ok("POST", path, {"records": many[:2]}))["items"][0]

    more = await alice.problem("POST", path, {"records": [many[0], {"data": {"another": "x"}}]})
    one = await alice.problem("POST", path, {"data": {"another": "x"}})
    changed = await alice.problem("PATCH", f"/records/{first['id']}", {"data": {"another": "x"}}, if_match=1)
    await alice.ok("POST", path, {"records": many[:2]})

    assert [fault["pointer"] for fault in more["errors"]] == ["/records/1/data"]
    assert [fault["pointer"] for problem in (one, changed) for fault in problem["errors"]] == ["/data", "/data"]
    assert (await alice.ok("GET", f"{path}?limit=1"))["total"] == 4


async def test_columns_that_a_change_adds_keep_their_order(alice, source):
    made = await alice.ok("POST", f"/sources/{source}/records", {"data": {"zeta": "1"}})

    await alice.ok("PATCH", f"/records/{made['id']}", {"data": {"middle": "2", "a": "3"}}, if_match=1)

    assert list((await alice.ok("GET", f"/records/{made['id']}"))["data"]) == ["zeta", "middle", "a"]


async def test_columns_may_differ_only_in_case(alice, source):
    data = {"amount": "1.50", "Amount": "2.50", "AMOUNT": "x"}

    record = await alice.ok("POST", f"/sources/{source}/records", {"data": data})

    assert record["data"] == data
    assert record["amount"]["amount"] == "1.50"


async def test_records_of_many_shapes_are_stored(alice, source):
    records = [{"data": {f"c{(n * 40 + k) % 500}": "x" for k in range(40)}} for n in range(2000)]

    answer = await alice.ok("POST", f"/sources/{source}/records", {"records": records})

    assert [record["data"] for record in answer["items"]] == [record["data"] for record in records]


async def test_changes_need_the_current_version(alice, source):
    record = await alice.ok("POST", f"/sources/{source}/records", {"data": {"amount": "1.50", "note": "x"}})
    path = f"/records/{record['id']}"

    unconditional = [
        await alice.refused(method, path, body) for method, body in (("PATCH", {"data": {"a": "b"}}), ("DELETE", None))
    ]
    changed = await alice.ok("PATCH", path, {"data": {"amount": "2.50"}}, if_match=1)
    stale = [
        await alice.refused("PATCH", path, {"data": {"a": "b"}}, if_match=1),
        await alice.refused("DELETE", path, if_match=1),
    ]
    await alice.ok("DELETE", path, if_match=2)

    assert unconditional == [(428, "precondition_required")] * 2
    assert changed["data"] == {"amount": "2.50", "note": "x"}
    assert (changed["amount"]["amount"], changed["version"]) == ("2.50", 2)
    assert stale == [(409, "version_conflict")] * 2
    assert await alice.refused("GET", path) == (404, "not_found")


async def test_changes_do_not_make_a_record_larger_than_a_megabyte(alice, source):
    record = await alice.ok("POST", f"/sources/{source}/records", {"data": {"amount": "1.00"}})
    path = f"/records/{record['id']}"
    cells = {f"column {n}": "x" * 99_000 for n in range(6)}
    record = await alice.ok("PATCH", path, {"data": cells}, if_match=record["version"])
    others = {f"other {n}": "x" * 99_000 for n in range(6)}

    refused = await alice.refused("PATCH", path, {"data": others}, if_match=record["version"])
    smaller = await alice.ok("PATCH", path, {"data": {"column 0": "y"}}, if_match=record["version"])

    assert refused == (422, "invalid_field")
    assert smaller["data"]["column 0"] == "y"


async def test_every_change_raises_the_revision_and_is_published(alice, project, source, db):
    record = await alice.ok("POST", f"/sources/{source}/records", {"data": {"amount": "1.50"}})
    await alice.ok("PATCH", f"/records/{record['id']}", {"data": {"amount": "2.50"}}, if_match=1)
    await alice.ok("DELETE", f"/records/{record['id']}", if_match=2)

    told = await db.fetch(
        "SELECT (data->>'revision')::int AS revision, data->'ids'->>0 AS id, (data->>'count')::int AS count "
        "FROM events WHERE type = 'records.changed' ORDER BY seq"
    )

    assert [tuple(row) for row in told] == [(n, record["id"], 1) for n in (2, 3, 4)]
    assert (await alice.ok("GET", f"/sources/{source}"))["revision"] == 4


async def test_simultaneous_additions_get_different_row_numbers(alice, source):
    body = {"records": [{"data": {"ref": f"R{n}"}} for n in range(50)]}

    answers = await asyncio.gather(*(alice.ok("POST", f"/sources/{source}/records", body) for _ in range(6)))

    rows = sorted(record["row"] for answer in answers for record in answer["items"])
    assert rows == list(range(300))


async def test_what_each_role_may_do(alice, bob, charlie, project, source):
    record = await alice.ok("POST", f"/sources/{source}/records", {"data": {"ref": "A"}})
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})

    viewer = [
        (await bob.ok("GET", f"/records/{record['id']}"))["id"],
        await bob.refused("POST", f"/sources/{source}/records", {"data": {"ref": "B"}}),
        await bob.refused("DELETE", f"/records/{record['id']}", if_match=1),
    ]
    stranger = [
        await charlie.refused("GET", f"/sources/{source}/records"),
        await charlie.refused("POST", f"/sources/{source}/records", {"data": {"ref": "B"}}),
        await charlie.refused("PATCH", f"/records/{record['id']}", {"data": {"ref": "B"}}, if_match=9),
    ]

    assert viewer == [record["id"], (403, "forbidden"), (403, "forbidden")]
    assert stranger == [(404, "not_found")] * 3


SORTS = ["row", "-row", "amount", "-amount", "date", "-date", "reference", "-reference"]


def key_of(sort):
    name = sort.lstrip("-")

    def key(record):
        value = record[name]["amount"] if name == "amount" and record[name] else record[name]
        # Without a value a record comes last, in either direction.
        return ((value is None) != sort.startswith("-"), value if value is not None else "", record["id"])

    return key


@pytest.mark.parametrize("sort", SORTS)
async def test_cursors_give_every_row_once_in_order_both_ways(alice, mixed, sort):
    path = f"/sources/{mixed}/records?sort={sort}&limit=7"
    whole = (await alice.ok("GET", f"/sources/{mixed}/records?sort={sort}&limit=100"))["items"]
    page = await alice.ok("GET", path)
    forwards, backwards = list(page["items"]), []

    while page["next_cursor"]:
        page = await alice.ok("GET", f"{path}&cursor={page['next_cursor']}")
        forwards += page["items"]
    backwards = list(page["items"])
    while page["prev_cursor"]:
        page = await alice.ok("GET", f"{path}&cursor={page['prev_cursor']}")
        backwards = page["items"] + backwards

    assert forwards == backwards == whole
    assert whole == sorted(whole, key=key_of(sort), reverse=sort.startswith("-"))
    assert len({record["id"] for record in whole}) == 60


@pytest.mark.parametrize("sort", SORTS)
async def test_skip_is_a_position_in_the_same_order(alice, mixed, sort):
    whole = (await alice.ok("GET", f"/sources/{mixed}/records?sort={sort}&limit=100"))["items"]

    pages = [
        (await alice.ok("GET", f"/sources/{mixed}/records?sort={sort}&limit=9&skip={skip}"))["items"]
        for skip in (0, 5, 45, 50, 51, 55, 60, 400)
    ]

    assert pages == [whole[skip : skip + 9] for skip in (0, 5, 45, 50, 51, 55, 60, 400)]


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("amount_from=2.50", lambda r: r["amount"] and float(r["amount"]["amount"]) >= 2.5),
        ("amount_to=1.5&amount_from=0.5", lambda r: r["amount"] and 0.5 <= float(r["amount"]["amount"]) <= 1.5),
        ("date_from=2026-01-11&date_to=2026-01-12", lambda r: r["date"] in ("2026-01-11", "2026-01-12")),
        ("reference=R1", lambda r: r["reference"] == "R1"),
        ("currency=EUR", lambda r: r["amount"] is not None),
        ("currency=USD", lambda _: False),
        ("state=open", lambda _: True),
        ("state=matched", lambda _: False),
        ("state=suggested", lambda _: False),
    ],
)
async def test_filters_are_exact_and_counted(alice, mixed, query, holds):
    whole = (await alice.ok("GET", f"/sources/{mixed}/records?limit=100"))["items"]

    page = await alice.ok("GET", f"/sources/{mixed}/records?limit=100&{query}")

    assert page["items"] == [record for record in whole if holds(record)]
    assert page["total"] == len(page["items"])


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("sort=colour", "invalid_field"),
        ("colour=red", "unknown_field"),
        ("amount_from=1e5", "invalid_field"),
        ("amount_from=NaN", "invalid_field"),
        ("date_from=2026-02-30", "invalid_field"),
        ("state=lost", "invalid_field"),
        ("currency=euro", "invalid_field"),
        ("limit=0", "invalid_field"),
        ("limit=501", "invalid_field"),
        ("skip=-1", "invalid_field"),
        ("skip=400001", "invalid_field"),
        ("cursor=AAAA", "invalid_cursor"),
        ("reference=%00", "invalid_field"),
    ],
)
async def test_an_unknown_filter_is_refused(alice, mixed, query, code):
    assert await alice.refused("GET", f"/sources/{mixed}/records?{query}") == (422, code)


async def test_a_cursor_belongs_to_its_list(alice, project, mixed):
    other = (await alice.ok("POST", f"/projects/{project}/sources", {"name": "Other"}))["id"]
    cursor = (await alice.ok("GET", f"/sources/{mixed}/records?sort=amount&limit=5"))["next_cursor"]

    refused = [
        await alice.refused("GET", f"/sources/{source}/records?{query}&cursor={cursor}")
        for source, query in ((other, "sort=amount"), (mixed, "sort=date"), (mixed, "sort=amount&currency=EUR"))
    ]
    changed = await alice.refused("GET", f"/sources/{mixed}/records?sort=amount&cursor={cursor[:-2]}AA")
    kept = await alice.ok("GET", f"/sources/{mixed}/records?sort=amount&limit=9&cursor={cursor}")

    assert refused == [(422, "invalid_cursor")] * 3
    assert changed == (422, "invalid_cursor")
    assert len(kept["items"]) == 9


async def test_the_total_follows_every_change(alice, source):
    async def total(query=""):
        page = await alice.ok("GET", f"/sources/{source}/records?limit=1{query}")
        assert page.get("total_at_least") is None
        return page["total"]

    empty = await total()
    await alice.ok("POST", f"/sources/{source}/records", {"records": [{"data": {"amount": "1.50"}}] * 3})
    filled = await total()
    record = (await alice.ok("GET", f"/sources/{source}/records"))["items"][0]
    await alice.ok("DELETE", f"/records/{record['id']}", if_match=1)

    assert (empty, filled, await total(), await total("&currency=EUR")) == (0, 3, 2, 2)


@pytest.mark.long
@pytest.mark.parametrize(
    ("rows", "answer"), [(100_000, {"total": 100_000}), (100_001, {"total": None, "total_at_least": 100_000})]
)
async def test_totals_above_a_hundred_thousand_are_given_as_at_least_that_many(alice, source, db, rows, answer):
    await db.execute(
        'INSERT INTO reconciliation_records (id, source_id, "row", revision, data, currency, version, created_at, updated_at) '
        "SELECT gen_random_uuid(), $1, n, 1, '{}', 'EUR', 1, now(), now() FROM generate_series(1, $2::int) n",
        source,
        rows,
    )
    await db.execute("UPDATE sources SET rows_read = $2, rows_loaded = $2 WHERE id = $1", source, rows)

    for query in ("", "&currency=EUR"):
        page = await alice.ok("GET", f"/sources/{source}/records?limit=1{query}")

        assert {name: page.get(name) for name in answer} == answer, query


async def test_the_last_day_of_the_calendar_is_a_day_like_any_other(alice, source, db):
    records = [{"data": {"amount": "1.00", "day": "9999-12-31", "ref": f"R{n}"}} for n in range(5)]
    await alice.ok("POST", f"/sources/{source}/records", {"records": records})
    edited = (await alice.ok("POST", f"/sources/{source}/records", {"data": {"day": "2026-01-01"}}))["id"]
    await alice.ok("PATCH", f"/records/{edited}", {"data": {"day": "9999-12-31"}}, if_match=1)
    stored = await db.fetchval(
        "SELECT count(*) FROM reconciliation_records WHERE source_id = $1 AND isfinite(date)", source
    )
    seen, path = [], f"/sources/{source}/records?sort=-date&limit=2"
    cursor = ""
    while cursor is not None and len(seen) < 20:
        page = await alice.ok("GET", path + cursor)
        seen += [record["row"] for record in page["items"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"

    assert stored == 6
    assert sorted(seen) == list(range(6))
    assert len((await alice.ok("GET", f"/sources/{source}/records?date_from=9999-12-31"))["items"]) == 6
