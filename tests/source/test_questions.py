"""Questions come with their answers: the piece of the mapping that gives each, and what it makes of three rows."""

import pytest

SIDES = "Datum;Art;Betrag\n" + "".join(
    f"{day:02}.03.2026;{'Zug' if day % 3 else 'Kur'};{day},50\n" for day in range(1, 13)
)
AMOUNTS = (
    "when,one,two,ref\n2026-01-01,1.50,2.50,a\n2026-01-02,3.50,3.50,b\n2026-01-03,3.50,8.10,c\n2026-01-04,3.25,9.10,d\n"
)
FEES = "Date,Amount,Fee\n2026-01-05,100.00,2.50\n2026-01-06,50.00,1.40\n2026-01-07,-20.00,0.30\n2026-01-08,10.00,0.20\n"
FEES_BELOW_ZERO = FEES.replace(",2.50", ",-2.50").replace(",1.40", ",-1.40").replace(",0.", ",-0.")
DATES = (
    "ref,day,amount\nA,02/02/2026,1.50\nB,03/04/2026,-2.50\nC,05/06/2026,3.50\nD,01/01/2026,4.50\nE,07/08/2026,5.50\n"
)


def _of(source, kind):
    return next(question for question in source["questions"] if question["kind"] == kind)


async def test_each_answer_shows_the_rows_that_the_answers_read_most_differently(load):
    question = _of(await load(DATES), "date_order")

    read = {answer["value"]: [(row["line"], row["date"]) for row in answer["rows"]] for answer in question["answers"]}
    assert question["blocking"] is True
    assert read == {
        "dmy": [(3, "2026-04-03"), (4, "2026-06-05"), (6, "2026-08-07")],
        "mdy": [(3, "2026-03-04"), (4, "2026-05-06"), (6, "2026-07-08")],
        None: [(3, None), (4, None), (6, None)],
    }
    assert [row["text"] for row in question["answers"][0]["rows"]] == ["03/04/2026", "05/06/2026", "07/08/2026"]
    assert [row["reference"] for row in question["answers"][0]["rows"]] == ["B", "C", "E"]


@pytest.mark.sampled("body1-amount_column-None-amounts1", "body5-sign-Zug-amounts5")
@pytest.mark.parametrize(
    ("body", "kind", "value", "amounts"),
    [
        (AMOUNTS, "amount_column", "two", ["2.50", "3.50", "8.10", "9.10"]),
        (AMOUNTS, "amount_column", None, [None] * 4),
        (FEES, "amount_column", "Amount", ["100.00", "50.00", "-20.00", "10.00"]),
        (FEES, "amount_column", "Amount - Fee", ["97.50", "48.60", "-20.30", "9.80"]),
        (FEES_BELOW_ZERO, "amount_column", "Amount - Fee", ["97.50", "48.60", "-20.30", "9.80"]),
        (SIDES, "sign", "Zug", ["-1.50", "-2.50", "3.50", "-4.50"]),
        (SIDES, "sign", "Kur", ["1.50", "2.50", "-3.50", "4.50"]),
    ],
)
async def test_the_mapping_of_an_answer_does_what_its_rows_show(
    load, settled, stored, alice, body, kind, value, amounts
):
    asked = await load(body)
    answer = next(answer for answer in _of(asked, kind)["answers"] if answer["value"] == value)

    await alice.ok("PATCH", f"/sources/{asked['id']}", {"mapping": answer["mapping"]})
    answered = await settled(asked["id"])
    records, _ = await stored(answered)

    assert (asked["status"], answered["status"]) == ("needs_mapping", "ready")
    assert kind not in [question["kind"] for question in answered["questions"]]
    got = [record["amount"] and record["amount"]["amount"] for record in records]
    assert got[:4] == amounts
    # Lines count from 1, and the first one is the header.
    assert [row["amount"] for row in answer["rows"]] == [got[row["line"] - 2] for row in answer["rows"]]


async def test_that_there_is_no_date_is_an_answer(load, settled, stored, alice):
    asked = await load(DATES)
    none = next(answer for answer in _of(asked, "date_order")["answers"] if answer["value"] is None)

    await alice.ok("PATCH", f"/sources/{asked['id']}", {"mapping": none["mapping"]})
    answered = await settled(asked["id"])
    records, _ = await stored(answered)

    assert none["mapping"] == {"date": None}
    assert (answered["status"], "date" in answered["mapping"]) == ("ready", False)
    assert {record["date"] for record in records} == {None}


async def test_a_currency_of_the_project_is_offered_first(load, settled, alice):
    first = await load("ref,day,amount\nA,2026-01-13,1.50\n")
    await alice.ok("PATCH", f"/sources/{first['id']}", {"mapping": {"currency": {"value": "SEK"}}})
    await settled(first["id"])

    question = _of(await load("ref,day,sum\nB,2026-01-14,2.50\n"), "currency")

    assert question["blocking"] is False
    assert [answer["value"] for answer in question["answers"]][:2] == ["SEK", "EUR"]
    assert question["answers"][-1]["mapping"] == {"currency": {"value": "XXX"}}


async def test_states_are_counted_and_summed(load):
    body = "Date,Status,Text,Amount,Currency\n" + "".join(
        f"2026-03-{day:02},{'weird' if day % 4 == 0 else 'completed'},Payment {day},{day}.50,EUR\n"
        for day in range(1, 13)
    )

    question = _of(await load(body), "skip")

    answer = question["answers"][0]
    assert (answer["value"], answer["count"], answer["of"]) == ("weird", 3, 12)
    assert answer["sums"] == [{"amount": "25.50", "currency": "EUR"}]
    assert [row["amount"] for row in answer["rows"]] == ["4.50", "8.50", "12.50"]
    assert answer["mapping"] == {"skip": [{"column": "Status", "values": ["weird"]}]}


async def test_cells_of_any_length_are_cut(load):
    body = "day,text,amount\n" + "".join(f"0{n}/0{n + 1}/2026,{'x' * 5000},{n}.50\n" for n in range(1, 8))

    source = await load(body)

    assert len(str(source["questions"])) < 10_000


async def test_another_table_is_read_by_its_own_columns(load, settled, stored, alice):
    first = "Date,Text,Amount,Currency\n2024-03-05,a,-10.00,EUR\n2024-03-06,b,5.00,EUR\n"
    source = await load(first + "\nDay,Item,Sum,Money\n04/25/2024,c,-1.00,USD\n04/26/2024,d,2.00,USD\n")
    answer = next(q for q in source["questions"] if q["kind"] == "header")["answers"][1]

    await alice.ok("PATCH", f"/sources/{source['id']}", {"mapping": answer["mapping"]})
    moved = await settled(source["id"])
    records, _ = await stored(moved)

    assert (moved["status"], moved["problem"]) == ("ready", None)
    assert [(r["date"], r["amount"]["amount"]) for r in records] == [("2024-04-25", "-1.00"), ("2024-04-26", "2.00")]

    await alice.ok("PATCH", f"/sources/{source['id']}", {"mapping": {"table": {"header_row": 1}}})
    back = await settled(source["id"])

    assert (back["status"], back["mapping"]["date"]["column"]) == ("ready", "Date")
