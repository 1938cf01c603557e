"""Exports of a pair: what all jobs and people matched, as somebody looks at the two books."""

import io
import json

import pyarrow.parquet as pq
import pytest

from tests.export.conftest import rows_of
from tests.match.conftest import eur, make_books  # noqa: F401 - a fixture


@pytest.fixture
async def books(make_books, db):  # noqa: F811 - the fixture above
    """A payment in two parts, a fee that is booked, a suggestion, and a record on either side that is left over."""
    made = await make_books(eur("100.00", "50.00", "7.00", "1.00"), eur("60.00", "49.00", "7.00", "2.00"))
    await made.match(made.left[:1], made.right[:1], difference="open")
    await made.match(made.left[1:2], made.right[1:2], difference="booked", difference_reason="fee")
    await made.suggest(made.left[2:3], made.right[2:3])
    return made


def path_of(books, more="", turned=False):
    sides = (books.right_source, books.left_source) if turned else (books.left_source, books.right_source)
    return f"/projects/{books.project}/export?left_source={sides[0]}&right_source={sides[1]}{more}"


async def rows(books, more="", turned=False):
    async with await books.person.send("GET", path_of(books, more, turned)) as response:
        assert response.status == 200, await response.text()
        return rows_of(await response.read())


async def test_the_matches_of_all_jobs_and_those_by_hand(books):
    found = await rows(books)

    listed = await books.matches()
    assert list(dict.fromkeys(row["match_id"] for row in found)) == [match["id"] for match in listed]
    first, second, third = (row for row in found if row["side"] == "left")
    assert (first["origin"], first["difference"], first["difference_as"]) == ("manual", "40.00", "open")
    assert (first["remainder"], first["remainder_side"]) == ("40.00", "left")
    assert (second["difference"], second["difference_as"], second["difference_reason"]) == ("1.00", "booked", "fee")
    assert (third["status"], third["origin"]) == ("suggested", "engine")


async def test_only_a_difference_is_open_or_booked(make_books):  # noqa: F811 - the fixture above
    made = await make_books([*eur("7.00", "5.00"), ("3.00", "USD")], eur("7.00", "4.00", "3.00"))
    await made.match(made.left[:1], made.right[:1])
    await made.match(made.left[1:2], made.right[1:2], difference="open")
    await made.match(made.left[2:], made.right[2:], difference="booked", difference_reason="fx")

    tied, differs, converted = (row for row in await rows(made, "&sort=created") if row["side"] == "left")

    assert (tied["difference"], tied["difference_as"]) == ("0.00", "")
    assert (differs["difference"], differs["difference_as"]) == ("1.00", "open")
    assert (converted["difference"], converted["difference_as"], converted["difference_reason"]) == ("", "booked", "fx")


async def test_the_pair_can_be_looked_at_from_either_side(books):
    straight, turned = await rows(books), await rows(books, turned=True)

    swapped = {"left": "right", "right": "left", "": ""}
    assert {row["record_id"]: swapped[row["side"]] for row in straight} == {
        row["record_id"]: row["side"] for row in turned
    }
    listed = (await books.person.ok("GET", path_of(books, turned=True).replace("/export?", "/matches?")))["items"]
    by_id = {match["id"]: match for match in listed}
    for row in turned:
        match = by_id[row["match_id"]]
        assert row["kind"] == match["kind"]
        assert row["difference"] == (match["difference"]["amount"] if match["difference"] else "")
        if row["remainder"]:
            assert row["remainder_side"] == match["remainder"]["side"]
        assert (row["left.n"] != "", row["right.n"] != "") == (row["side"] == "left", row["side"] == "right")


@pytest.mark.parametrize("turned", [False, True])
async def test_open_items_are_records_and_remainders(books, turned):
    found = await rows(books, "&what=open-items", turned)

    listed = (await books.person.ok("GET", path_of(books, turned=turned).replace("/export?", "/open-items?")))["items"]
    assert {(row["record_id"] or row["match_id"], row["side"], row["amount"], row["age_days"]) for row in found} == {
        (item["id"], item["side"], item["amount"]["amount"], "" if item["age_days"] is None else str(item["age_days"]))
        for item in listed
    }
    assert len(found) == 3


@pytest.mark.parametrize(("more", "count"), [("&origin=manual", 2), ("&status=suggested", 1), ("&job={job}", 1)])
async def test_matches_are_chosen(books, more, count):
    job = next(match["job_id"] for match in await books.matches() if match["job_id"])

    assert len({row["match_id"] for row in await rows(books, more.format(job=job))}) == count


async def test_two_sources_that_were_never_reconciled_have_open_items_only(make_books):  # noqa: F811 - the fixture above
    books = await make_books(eur("1.00"), eur("1.00"))

    assert await rows(books) == []
    assert len(await rows(books, "&what=open-items")) == 2


async def test_a_source_of_another_project_is_refused(books, alice):
    other = (await alice.ok("POST", "/projects", {"name": "Other"}))["id"]

    assert await alice.refused("GET", path_of(books).replace(books.project, other)) == (422, "invalid_field")
    assert (await alice.refused("GET", path_of(books, "&what=open-items&origin=manual")))[0] == 422


async def test_a_link_downloads_it_and_the_audit_log_says_so(books, alice, http):
    path = f"/api/v1{path_of(books, '&format=jsonl')}"
    made = await alice.ok("POST", "/downloads", {"path": path})

    async with http.get(made["url"]) as response:
        assert (response.status, len((await response.read()).splitlines())) == (200, 6)
    logged = (await alice.ok("GET", f"/projects/{books.project}/audit"))["items"]
    [row] = [row for row in logged if row["action"] == "project.export"]
    assert row["resource"] == {"type": "project", "id": books.project}


async def test_the_plans_of_the_jobs_are_in_the_file_by_their_hashes(books):
    fields = {"n": {"type": "text", "left": "n", "right": "n"}}
    passes = [{"name": "n", "kind": "rules", "where": [{"field": "n", "compare": "equal"}]}]
    document = {"fields": fields, "passes": passes}
    plan = await books.person.ok(
        "POST", f"/projects/{books.project}/plans", {"name": "by number", "document": document}
    )
    await books.person.ok("POST", f"/projects/{books.project}/jobs", {**books.sides, "plan": plan["id"]})

    async with await books.person.send("GET", path_of(books, "&format=parquet")) as response:
        schema = pq.read_schema(io.BytesIO(await response.read()))

    assert list(json.loads(schema.metadata[b"tallyroom"])["plan"]) == [plan["hash"]]


async def test_no_link_is_made_for_what_cannot_be_exported(books):
    path = "/api/v1" + path_of(books).replace(books.right_source, books.left_source)
    unknown = "/api/v1" + path_of(books).replace(books.right_source, "01a2268b-df8a-7000-8000-0bd8c37c1cf3")

    refused = [await books.person.problem("POST", "/downloads", {"path": one}) for one in (path, unknown)]

    assert [one["errors"][0]["pointer"] for one in refused] == ["/path", "/path"]
    assert "right_source" in refused[0]["errors"][0]["message"]


@pytest.mark.parametrize("sort", ["difference", "-difference", "amount", "-created"])
@pytest.mark.parametrize("turned", [False, True])
async def test_matches_are_exported_in_the_order_of_the_screen(books, sort, turned):
    listed = await books.person.ok("GET", path_of(books, f"&sort={sort}", turned).replace("/export?", "/matches?"))

    found = await rows(books, f"&sort={sort}", turned)

    assert list(dict.fromkeys(row["match_id"] for row in found)) == [match["id"] for match in listed["items"]]


async def test_what_is_looked_for_is_exported(books):
    for q, wanted in (("60", 1), ("7.00", 1), ("100%", 0)):
        listed = await books.person.ok("GET", path_of(books, f"&q={q}").replace("/export?", "/matches?"))
        found = await rows(books, f"&q={q}")
        assert list(dict.fromkeys(row["match_id"] for row in found)) == [match["id"] for match in listed["items"]]
        assert listed["total"] == wanted

    left_over = await rows(books, "&what=open-items&q=2.00")
    remainder = await rows(books, "&what=open-items&q=60.00")
    assert [row["record_id"] for row in left_over] == [books.right[3]]
    assert [(row["record_id"], row["amount"]) for row in remainder] == [("", "40.00")]


@pytest.mark.parametrize("turned", [False, True])
async def test_open_items_of_each_side_are_looked_for_by_words_of_their_own(books, turned):
    of_left, of_right = ("right_q", "left_q") if turned else ("left_q", "right_q")

    remainder = await rows(books, f"&what=open-items&{of_left}=60.00&{of_right}=absent", turned)
    one_side = await rows(books, f"&what=open-items&{of_right}=absent", turned)
    both = await rows(books, f"&what=open-items&q=2.00&{of_right}=2.00", turned)
    refused = await books.person.refused("GET", path_of(books, "&left_q=1"))

    assert [row["match_id"] != "" for row in remainder] == [True]
    assert sorted(row["amount"] for row in one_side) == ["1.00", "40.00"]
    assert [row["amount"] for row in both] == ["2.00"]
    assert refused == (422, "invalid_field")


async def test_a_suggested_extension_is_exported_with_the_records_of_its_base(books):
    base = next(match for match in await books.matches() if match["remainder"])
    extension = await books.suggest([], [books.right[3]], extends=base["id"])

    for turned in (False, True):
        found = [row for row in await rows(books, turned=turned) if row["match_id"] == extension]
        sides = {row["record_id"]: row["side"] for row in found}
        left, right = ("right", "left") if turned else ("left", "right")
        assert sides == {books.left[0]: left, books.right[0]: right, books.right[3]: right}


async def test_the_order_belongs_to_matches(books):
    problem = await books.person.problem("GET", path_of(books, "&what=open-items&sort=amount"))

    assert (problem["status"], problem["code"]) == (422, "invalid_field")


@pytest.mark.parametrize("turned", [False, True])
async def test_what_was_written_off_says_why_who_and_when(books, turned):
    written_off = await books.person.ok(
        "POST", f"/records/{books.right[3]}/write-off", {"reason": "duplicate", "comment": "paid twice"}
    )
    name = (await books.person.ok("GET", "/me"))["display_name"]

    found = await rows(books, "&sort=-amount", turned)
    (row,) = await rows(books, "&kind=one_sided&status=confirmed&q=2.00", turned)

    assert row == found[-1]  # after all other matches
    side = "left" if turned else "right"
    assert (row["match_id"], row["record_id"], row["side"]) == (written_off["match_id"], books.right[3], side)
    assert (row["difference"], row["difference_as"], row["difference_reason"]) == ("2.00", "", "duplicate")
    assert (row["decided_by"], row["reason"], row["decided_at"] != "") == (name, "paid twice", True)
    assert (row["left.n"] != "", row["right.n"] != "") == (turned, not turned)
