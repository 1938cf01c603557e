"""Rows that are no bookings are listed apart from rejects, with what they say, and can be counted after all."""

import pytest

STATEMENT = (
    "Date,Text,Amount\n"
    + "".join(f"2026-03-{day:02},Payment {day},{day}.50\n" for day in range(1, 11))
    + ",Total,60.00\n"
    + "2026-03-11,Odd,nonsense\n"
)
STATES = "Date,State,Text,Amount\n" + "".join(
    f"2026-03-{day:02},{'pending' if day % 4 == 0 else 'completed'},Payment {day},{day}.50\n" for day in range(1, 13)
)


async def _left_out(alice, source, query=""):
    return (await alice.ok("GET", f"/sources/{source['id']}/left-out?limit=500{query}"))["items"]


async def test_a_total_is_listed_with_its_line_its_reason_and_what_it_says(load, stored, alice):
    source = await load(STATEMENT)
    records, rejects = await stored(source)
    rows = await _left_out(alice, source)

    assert rows == [
        {
            "line": 12,
            "row": 10,
            "reason": "total",
            "detail": "a total of other rows",
            "data": {"Date": None, "Text": "Total", "Amount": "60.00"},
        }
    ]
    assert list(rows[0]["data"]) == ["Date", "Text", "Amount"]
    assert source["left_out"] == {"total": 1}
    assert [record["row"] for record in records] == [*range(10)]
    assert [reject["row"] for reject in rejects] == [11]


async def test_rows_are_filtered_by_their_reason(load, alice):
    source = await load(STATES + ",,Total,58.50\n")

    pending = await _left_out(alice, source, "&reason=not_booked")
    totals = await _left_out(alice, source, "&reason=total")

    assert [row["line"] for row in pending] == [5, 9, 13]
    assert len(totals) == source["left_out"]["total"] == 1
    assert await alice.refused("GET", f"/sources/{source['id']}/left-out?reason=whim") == (422, "invalid_field")


async def test_an_empty_list_of_states_counts_all_rows(load, settled, stored, alice):
    source = await load(STATES)
    before, _ = await stored(source)

    await alice.ok("PATCH", f"/sources/{source['id']}", {"mapping": {"skip": []}})
    counted = await settled(source["id"])
    after, _ = await stored(counted)

    assert (len(before), len(after)) == (9, 12)
    assert (counted["status"], counted["left_out"], counted["mapping"].get("skip")) == ("ready", {}, [])
    assert {record["id"] for record in before} < {record["id"] for record in after}


async def test_rows_are_left_out_again_by_naming_their_state(load, settled, stored, alice):
    source = await load(STATES)

    skip = [{"column": "State", "values": ["completed"]}]
    await alice.ok("PATCH", f"/sources/{source['id']}", {"mapping": {"skip": skip}})
    turned = await settled(source["id"])
    records, _ = await stored(turned)

    assert turned["left_out"] == {"not_booked": 9}
    assert [record["data"]["Text"] for record in records] == ["Payment 4", "Payment 8", "Payment 12"]


async def test_events_and_the_audit_log_count_what_was_left_out(load, alice, db):
    source = await load(STATEMENT)

    ready = await db.fetchval("SELECT data FROM events WHERE type = 'source.ready' ORDER BY id DESC LIMIT 1")
    audited = await db.fetchval("SELECT details FROM audit_log WHERE action = 'source.load' ORDER BY seq DESC LIMIT 1")

    assert '"left_out": 1' in str(ready)
    assert source["rows"] == {"read": 12, "loaded": 10, "rejected": 1, "left_out": 1}
    assert '"left_out": 1' in str(audited)


async def test_a_source_that_cannot_be_typed_again_keeps_its_counts(load, settled, alice, db):
    source = await load(STATEMENT)
    await db.execute("UPDATE source_chunks SET body = 'PK\x03\x04 no workbook' WHERE source_id = $1", source["id"])

    await alice.ok("PATCH", f"/sources/{source['id']}", {"mapping": {"reference": {"column": "Text"}}})
    failed = await settled(source["id"])

    assert failed["status"] == "needs_mapping"
    assert failed["rows"] == source["rows"]


@pytest.mark.parametrize("body", ["Date,Text,Amount\n2026-03-01,a,1.50\n"])
async def test_a_file_of_bookings_leaves_nothing_out(load, alice, body):
    source = await load(body)

    assert (source["left_out"], await _left_out(alice, source)) == ({}, [])
