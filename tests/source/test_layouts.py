"""Answers are remembered for files of the same layout: next month's file asks nothing."""

import asyncio
import io
import json

import pytest
import xlsxwriter

from server.source import layouts

ANSWER = {"date": {"column": "day", "order": "mdy"}, "currency": {"value": "SEK"}}


def _month(month: int, header: str = "ref,day,amount") -> str:
    rows = [f"R{month}{n},0{month}/0{n}/2026,{'-' if n % 2 else ''}{n}.25" for n in (3, 1, 7, 2)]
    return "\n".join([header, *rows]) + "\n"


@pytest.fixture
async def answered(load, settled, alice):
    """A source whose questions have been answered."""
    source = await load(_month(4))
    assert source["status"] == "needs_mapping"
    await alice.ok("PATCH", f"/sources/{source['id']}", {"mapping": ANSWER})
    return await settled(source["id"])


async def test_the_next_file_asks_nothing_and_says_whose_answers_were_used(answered, load, stored, alice):
    source = await load(_month(5))
    records, rejects = await stored(source)
    profile = await alice.ok("GET", f"/sources/{source['id']}/profile")

    assert (source["status"], source["questions"], rejects) == ("ready", [], [])
    assert [record["date"] for record in records] == ["2026-05-03", "2026-05-01", "2026-05-07", "2026-05-02"]
    assert {record["amount"]["currency"] for record in records} == {"SEK"}
    name = (await alice.ok("GET", "/me"))["display_name"]
    used = source["remembered"]
    assert (used["answered_by"], used["answered_by_name"]) == (str(alice.id), name)
    assert profile["remembered"] == used
    assert source["detection"]["notes"] == [f"The answers of {used['answered_at'][:10]} by {name} were used."]
    assert answered["remembered"] is None


async def test_only_what_people_said_is_remembered(answered, db):
    row = await db.fetchrow("SELECT mapping, answered_by FROM source_layouts")

    assert set(json.loads(row["mapping"])) == {"date", "currency"}


@pytest.mark.long
async def test_an_answer_to_an_answered_file_is_remembered_with_the_others(answered, load, settled, alice):
    second = await load(_month(5))
    await alice.ok("PATCH", f"/sources/{second['id']}", {"mapping": {"reference": None, "currency": {"value": "NOK"}}})
    changed = await settled(second["id"])

    third = await load(_month(6))

    assert (changed["status"], changed["detection"]["notes"]) == ("ready", second["detection"]["notes"])
    assert (third["status"], third["mapping"]["currency"], third["mapping"]["date"]["order"]) == (
        "ready",
        {"value": "NOK"},
        "mdy",
    )
    assert "reference" not in third["mapping"]


@pytest.mark.sampled("a name")
@pytest.mark.parametrize(
    "header", ["ref,day,sum", "day,ref,amount", "ref,day,amount,more"], ids=["a name", "the order", "a column more"]
)
async def test_a_file_of_another_layout_asks(answered, load, header):
    source = await load(_month(5, header))

    assert source["remembered"] is None
    assert "SEK" not in str(source["mapping"])


@pytest.mark.long
async def test_a_mapping_that_comes_with_the_file_is_used_instead(answered, load):
    own = await load(_month(5), mapping={"currency": {"value": "CHF"}})
    none = await load(_month(6), mapping={})

    assert (own["status"], own["remembered"], own["mapping"]["currency"]) == ("needs_mapping", None, {"value": "CHF"})
    assert (none["status"], none["remembered"]) == ("needs_mapping", None)


@pytest.mark.long
async def test_a_source_can_forget_the_answers_and_asks_again(answered, load, settled, alice):
    second = await load(_month(5))

    await alice.ok("PATCH", f"/sources/{second['id']}", {"forget": True})
    asks = await settled(second["id"])
    third = await load(_month(6))

    assert (asks["status"], asks["remembered"], asks["detection"]["notes"]) == ("needs_mapping", None, [])
    assert {question["kind"] for question in asks["questions"]} == {"date_order", "currency"}
    assert (third["status"], third["remembered"]) == ("needs_mapping", None)
    assert (await alice.ok("GET", f"/sources/{answered['id']}"))["status"] == "ready"


@pytest.mark.long
async def test_answers_can_be_forgotten_and_given_anew_at_once(answered, load, settled, alice):
    second = await load(_month(5))
    mapping = {"date": {"column": "day", "order": "dmy"}, "currency": {"value": "EUR"}}
    await alice.ok("PATCH", f"/sources/{second['id']}", {"forget": True, "mapping": mapping})
    again = await settled(second["id"])

    third = await load(_month(6))

    assert (again["status"], again["remembered"]) == ("ready", None)
    assert (third["mapping"]["date"]["order"], third["mapping"]["currency"]) == ("dmy", {"value": "EUR"})


async def test_answers_that_the_file_itself_contradicts_are_not_used(answered, load, stored):
    source = await load("ref,day,amount\nA,25/03/2026,1.50\nB,04/05/2026,-2.50\nC,26/03/2026,3.50\n")
    records, rejects = await stored(source)

    assert (source["remembered"], source["mapping"]["date"]["order"], rejects) == (None, "dmy", [])
    assert [record["date"] for record in records] == ["2026-03-25", "2026-05-04", "2026-03-26"]


async def test_a_faulty_row_is_no_reason_to_ask_again(answered, load, stored):
    source = await load(_month(5) + "R,05/08/2026,none of these\n")
    _, rejects = await stored(source)

    assert (source["status"], source["remembered"] is not None) == ("ready", True)
    assert [reject["code"] for reject in rejects] == ["amount_unparsable"]


def _book(month: int) -> bytes:
    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True}) as book:
        for name, count in (("Cards", 6), ("Transfers", 3)):
            sheet = book.add_worksheet(name)
            for row, cells in enumerate(
                [("ref", "day", "amount")] + [(f"{name} {n}", f"2026-0{month}-0{n}", n + 0.5) for n in range(1, count)]
            ):
                sheet.write_row(row, 0, cells)
    return sink.getvalue()


@pytest.mark.long
async def test_the_sheet_that_was_chosen_is_read_in_the_next_workbook(load, settled, stored, alice):
    first = await load(_book(3), "march.xlsx")
    await alice.ok("PATCH", f"/sources/{first['id']}", {"mapping": {"table": {"sheet": "Transfers"}}})
    chosen = await settled(first["id"])

    source = await load(_book(4), "april.xlsx")
    before, _ = await stored(chosen)
    records, _ = await stored(source)

    assert [record["data"]["ref"] for record in before] == ["Transfers 1", "Transfers 2"]
    assert [record["data"]["ref"] for record in records] == ["Transfers 1", "Transfers 2"]
    assert source["mapping"]["table"] == {"sheet": "Transfers"}


@pytest.mark.long
async def test_answers_about_a_sheet_that_is_gone_do_not_stop_a_file(load, settled, alice, db):
    first = await load(_book(3), "march.xlsx")
    await alice.ok("PATCH", f"/sources/{first['id']}", {"mapping": {"table": {"sheet": "Transfers"}}})
    await settled(first["id"])
    gone = json.dumps({"table": {"sheet": "Nowhere"}})
    await db.execute("UPDATE source_layouts SET mapping = $1", gone)

    source = await load(_book(4), "april.xlsx")

    assert (source["status"], source["rows"]["loaded"]) == ("ready", 5)


async def test_other_projects_know_nothing_of_them(answered, load, alice):
    other = await alice.ok("POST", "/projects", {"name": "Elsewhere"})

    source = await load(_month(5), to=other["id"])

    assert (source["status"], source["remembered"]) == ("needs_mapping", None)


async def test_they_go_with_their_project(answered, alice, project, db):
    assert await db.fetchval("SELECT count(*) FROM source_layouts") == 1

    async with await alice.send("DELETE", f"/projects/{project}") as response:
        assert response.status == 204

    assert await db.fetchval("SELECT count(*) FROM source_layouts") == 0


@pytest.mark.long
async def test_the_number_of_layouts_of_a_project_is_limited(answered, load, settled, alice, project, db):
    await db.execute(
        "INSERT INTO source_layouts (id, project_id, layout, mapping, answered_at) "
        "SELECT gen_random_uuid(), $1, 'old ' || n, '{}', now() - interval '1 year' + n * interval '1 second' "
        "FROM generate_series(1, $2) n",
        project,
        layouts.MAX_LAYOUTS,
    )
    second = await load(_month(5))
    await alice.ok("PATCH", f"/sources/{second['id']}", {"mapping": {"currency": {"value": "DKK"}}})
    await settled(second["id"])

    kept = [row["layout"] for row in await db.fetch("SELECT layout FROM source_layouts ORDER BY answered_at")]
    assert len(kept) == layouts.MAX_LAYOUTS
    assert kept[0] == "old 2"
    assert kept[-1] == (await alice.ok("GET", f"/sources/{second['id']}"))["detection"]["layout"]


async def test_answers_of_a_person_who_is_gone_are_used_without_a_name(answered, load, db):
    await db.execute("UPDATE source_layouts SET answered_by = gen_random_uuid()")

    source = await load(_month(5))

    assert source["remembered"]["answered_by_name"] is None
    assert source["detection"]["notes"] == [f"The answers of {source['remembered']['answered_at'][:10]} were used."]


@pytest.mark.long
async def test_two_sources_of_one_layout_can_be_answered_at_the_same_time(load, settled, alice, db):
    sources = [await load(_month(month)) for month in (4, 5)]

    await asyncio.gather(*(alice.ok("PATCH", f"/sources/{s['id']}", {"mapping": ANSWER}) for s in sources))
    done = [await settled(source["id"]) for source in sources]

    assert [source["status"] for source in done] == ["ready", "ready"]
    assert await db.fetchval("SELECT count(*) FROM source_layouts") == 1


def _states(*more: str) -> str:
    rows = ["05,Rent,booked,-1250.00", "16,Hotel,pending,-300.00", "28,Sale,booked,2500.00", *more]
    return "Date,Text,State,Amount,Currency\n" + "".join(f"2024-01-{row},EUR\n" for row in rows)


@pytest.mark.parametrize("values", [["pending"], []], ids=["pending is left out", "all rows count"])
async def test_an_answer_about_states_is_used_for_the_states_that_were_seen(load, settled, stored, alice, values):
    first = await load(_states())
    skip = [{"column": "State", "values": values}] if values else []
    await alice.ok("PATCH", f"/sources/{first['id']}", {"mapping": {"skip": skip}})
    assert (await settled(first["id"]))["questions"] == []

    same, new = await load(_states("30,Y,booked,8.00")), await load(_states("29,X,declined,9.00"))
    records, _ = await stored(new)

    assert (same["questions"], same["rows"]["loaded"]) == ([], 4 - len(values))
    assert [(question["kind"], question["choices"][-1]) for question in new["questions"]] == [("skip", "declined")]
    assert len(records) == 3 - len(values)


async def test_all_states_that_were_asked_about_are_settled_by_an_answer(load, settled, alice):
    first = await load(_states("29,X,declined,9.00", "30,Y,frobbed,8.00"))
    skip = [{"column": "State", "values": ["pending"]}]
    await alice.ok("PATCH", f"/sources/{first['id']}", {"mapping": {"skip": skip}})
    answered = await settled(first["id"])

    assert (answered["questions"], answered["rows"]["loaded"]) == ([], 4)
    assert answered["mapping"]["skip"] == [{**skip[0], "counted": ["declined", "frobbed"]}]


async def test_another_answer_does_not_settle_a_state_that_is_still_asked_about(load, settled, alice):
    first = await load(_states())
    skip = [{"column": "State", "values": ["pending"]}]
    await alice.ok("PATCH", f"/sources/{first['id']}", {"mapping": {"skip": skip}})
    await settled(first["id"])
    second = await load(_states("29,X,declined,9.00"))

    await alice.ok("PATCH", f"/sources/{second['id']}", {"mapping": {"reference": None}})
    changed = await settled(second["id"])
    third = await load(_states("30,Y,declined,8.00"))

    assert [question["kind"] for question in changed["questions"]] == ["skip"]
    assert [question["kind"] for question in third["questions"]] == ["skip"]
