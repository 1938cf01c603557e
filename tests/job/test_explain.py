"""Why a job matched two of its records, or why it did not, asked of a job that a real worker has run."""

import asyncio

import pytest

from core.ids import uuid7
from server.api.admission import TURNS
from tallyroom_client.command import remote

HEAD = ("reference", "amount", "currency", "booked", "who")
MAPPING = {
    "amount": {"column": "amount", "decimal": "."},
    "currency": {"column": "currency"},
    "reference": {"column": "reference"},
}
LEFT = {
    "own": "INV-000001,10.00,EUR,01.03.2026,Acme",
    "twin": "INV-000001,10.00,EUR,01.03.2026,Zeppelin works",
    "near": "INV-000003,30.00,EUR,13.03.2026,Solo",
    "far": "INV-000004,99.00,EUR,14.03.2026,Far away",
}
RIGHT = {
    "own": "INV-000001,10.00,EUR,01.03.2026,Acme",
    "near": "INV-000009,30.00,EUR,15.03.2026,Solo",
    "other": "INV-000007,10.00,EUR,02.03.2026,Acme Two",
    "dollars": "INV-000004,99.00,USD,14.03.2026,Far away",
}
PLAN = {
    "fields": {
        "amount": {
            "type": "money",
            "left": "amount",
            "right": "amount",
            "currency": {"left": "currency", "right": "currency"},
        },
        "reference": {"type": "reference", "left": "reference", "right": "reference"},
        "booked": {"type": "date", "left": "booked", "right": "booked"},
        "who": {"type": "text", "left": "who", "right": "who"},
    },
    "passes": [
        {
            "name": "reference",
            "kind": "rules",
            "where": [{"field": "reference", "compare": "equal"}, {"field": "amount", "compare": "equal"}],
            "score": [{"field": "who", "compare": "similarity"}],
            "accept": "suggest",
        },
        {
            "name": "amount",
            "kind": "rules",
            "where": [
                {"field": "amount", "compare": "equal"},
                {"field": "booked", "compare": "days", "from": 0, "to": 3},
            ],
            "accept": "suggest",
        },
    ],
}


@pytest.fixture
async def ask(alice, project, worker, run):
    """A job over a few records, and how to ask it about two of them, by their names."""
    ids, sources = {}, []
    for side, rows in (("left", LEFT), ("right", RIGHT)):
        made = await alice.ok("POST", f"/projects/{project}/sources", {"name": side, "mapping": MAPPING})
        records = [{"data": dict(zip(HEAD, row.split(","), strict=True))} for row in rows.values()]
        added = await alice.ok("POST", f"/sources/{made['id']}/records", {"records": records})
        ids[side] = {name: one["id"] for name, one in zip(rows, added["items"], strict=True)}
        sources.append(made["id"])
    plan = await alice.ok("POST", f"/projects/{project}/plans", {"name": "p", "document": PLAN})
    job = await run({"left_source": sources[0], "right_source": sources[1], "plan": plan["id"]})
    assert job["status"] == "completed", job

    async def explain(left, right, job=job):
        query = f"left={ids['left'].get(left, left)}&right={ids['right'].get(right, right)}"
        return await alice.ok("GET", f"/jobs/{job['id']}/explain?{query}")

    explain.ids, explain.job, explain.sources, explain.plan = ids, job, sources, plan["id"]
    return explain


async def test_what_became_of_two_records_is_told_pass_by_pass(alice, ask, run):
    own = await ask("own", "own")
    match = await alice.ok("GET", f"/matches/{own['match_id']}")
    assert (own["verdict"], own["pass"], own["competitor"], own["unknown"]) == ("matched", "reference", None, [])
    assert (own["weight"], own["prior"]) == (match["score"], match["prior"])
    assert own["fields"] == match["fields"]
    assert _adds_up(own)

    # Its best alternative is kept with the match, weights and all.
    lost = await ask("twin", "own")
    assert (lost["verdict"], lost["pass"]) == ("lost_to", "reference")
    assert lost["competitor"] == {
        "match_id": own["match_id"],
        "side": "right",
        "pass": "reference",
        "score": own["weight"],
        "status": "suggested",
    }
    assert lost["weight"] < own["weight"]
    assert _adds_up(lost)
    assert [one["similarity"] is None for one in lost["fields"]] == [True, True, False]

    # An earlier pass had taken the left record, so this pass never weighed the two.
    taken = await ask("own", "other")
    assert (taken["verdict"], taken["pass"], taken["weight"]) == ("lost_to", "amount", None)
    assert taken["competitor"]["match_id"] == own["match_id"]
    assert [one["fate"] for one in taken["passes"]] == ["gated", "taken"]
    assert "“reference”, which comes first, had matched the left record" in taken["sentence"]
    assert [(one["field"], one["left"], one["right"], one["weight"]) for one in taken["fields"]] == [
        ("amount", "10.00", "10.00", None),
        ("booked", "01.03.2026", "02.03.2026", None),
    ]

    near = await ask("near", "near")  # 13 and 15 March: the file's other rows show which number is the day
    assert (near["verdict"], near["pass"]) == ("matched", "amount")
    assert [one["fate"] for one in near["passes"]] == ["gated", "matched"]
    assert [(one["pass"], one["field"], one["ok"]) for one in near["gates"]] == [
        ("reference", "reference", False),
        ("reference", "amount", True),
        ("amount", "amount", True),
        ("amount", "booked", True),
    ]

    dollars = await ask("far", "dollars")
    assert (dollars["verdict"], dollars["pass"], dollars["competitor"]) == ("gated", "reference", None)
    assert "“amount” is in two currencies: EUR and USD." in dollars["sentence"]

    # A later job does not read what is confirmed by then, nor an earlier one what came after it.
    await alice.ok("POST", f"/matches/{own['match_id']}/confirm", {})
    second = await run({"left_source": ask.sources[0], "right_source": ask.sources[1], "plan": ask.plan})
    added = await alice.ok("POST", f"/sources/{ask.sources[1]}/records", {"data": {"reference": "x", "amount": "1.00"}})
    unread = await ask("own", "other", second)
    late = await ask("own", added["id"])
    assert (unread["verdict"], unread["competitor"]["match_id"]) == ("not_compared", own["match_id"])
    assert "was in a confirmed match already" in unread["sentence"]
    assert (late["verdict"], late["gates"]) == ("not_compared", [])
    assert "the right record: it was added after" in late["sentence"]


async def test_one_person_who_explains_much_keeps_nobody_else_waiting(server, alice, bob, project, ask, monkeypatch):
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "viewer"})
    turns = server.app[TURNS]
    # Each takes a second of a core, and on a machine with much else to do many more.
    monkeypatch.setattr(turns.explanations, "_wait_s", 120.0)
    path = f"/jobs/{ask.job['id']}/explain?left={ask.ids['left']['own']}&right={ask.ids['right']['own']}"

    async with turns.explanations.turn(str(alice.id)):
        hers = [asyncio.create_task(alice.ok("GET", path)) for _ in range(4)]
        his = await bob.ok("GET", path)
        me = await alice.ok("GET", "/me")  # those that wait hold no turn at the database

        assert not any(one.done() for one in hers)
    found = await asyncio.gather(*hers)

    assert me["id"] == str(alice.id)
    assert found == [his] * 4


async def test_records_of_another_side_or_project_are_refused_at_their_pointers(alice, bob, ask):
    ids, path = ask.ids, f"/jobs/{ask.job['id']}/explain"
    elsewhere = (await alice.ok("POST", "/projects", {"name": "Another"}))["id"]
    source = await alice.ok("POST", f"/projects/{elsewhere}/sources", {"name": "s", "mapping": MAPPING})
    foreign = await alice.ok("POST", f"/sources/{source['id']}/records", {"data": {"reference": "x", "amount": "1.00"}})

    swapped = await alice.problem("GET", f"{path}?left={ids['right']['own']}&right={ids['left']['own']}")
    other = await alice.problem("GET", f"{path}?left={ids['left']['own']}&right={foreign['id']}")
    none = await alice.problem("GET", f"{path}?left={ids['left']['own']}&right={uuid7()}")
    without = await alice.problem("GET", f"{path}?left={ids['left']['own']}")
    stranger = await bob.refused("GET", f"{path}?left={ids['left']['own']}&right={ids['right']['own']}")

    assert [one["pointer"] for one in swapped["errors"]] == ["?left", "?right"]
    assert [one["pointer"] for one in other["errors"]] == ["?right"]
    assert other["errors"] == none["errors"]
    assert (without["status"], [one["pointer"] for one in without["errors"]]) == (422, ["?right"])
    assert stranger == (404, "not_found")


async def test_the_command_line_explains_two_records_with_the_parts_of_the_total(
    server, alice, ask, monkeypatch, capsys
):
    monkeypatch.setenv("TALLYROOM_URL", str(server.make_url("/")))
    monkeypatch.setenv("TALLYROOM_TOKEN", alice.token)
    pair = ask.ids["left"]["twin"], ask.ids["right"]["own"]

    code = await asyncio.to_thread(remote, ("jobs", "explain", ask.job["id"], *pair))

    said = capsys.readouterr().out.splitlines()
    assert code == 0
    assert said[0] == "The pass matched the right record elsewhere, because that is better for all records together."
    assert said[1].endswith(" holds the right record")
    assert said[2].startswith("reference: The pass matched")
    assert said[3].startswith("amount: ")
    assert said[4].startswith("prior -2.000 reference +")
    assert said[4].endswith(" bits")


def _adds_up(found):
    return round(found["prior"] + sum(one["weight"] for one in found["fields"]), 3) == found["weight"]
