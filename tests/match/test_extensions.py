"""Jobs suggest how to pay what confirmed matches leave open."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pyarrow as pa
import pytest

from matching.plan import Plan
from matching.results import MATCHES, Chunk
from models.source import Source
from server.books.recount import differences
from server.job import inputs, lifecycle
from server.job.attempt import run_job
from server.job.chunks import write_chunk
from server.job.sides import Sides
from tests.match.conftest import eur

AMOUNT = {"type": "money", "left": "amount", "right": "amount", "currency": {"left": "currency", "right": "currency"}}
PLAN = {
    "fields": {"amount": AMOUNT, "n": {"type": "code", "left": "n", "right": "n"}},
    "passes": [
        {
            "name": "amount",
            "kind": "rules",
            "where": [{"field": "amount", "compare": "equal"}],
            "score": [{"field": "n", "compare": "similarity"}],
            "accept": "confirm",
        }
    ],
}


@pytest.fixture
def queue():
    """Asks for a job with a plan that confirms equal amounts. Returns: its id."""

    async def ask(books, sides=None):
        path = f"/projects/{books.project}"
        plan = await books.person.ok("POST", f"{path}/plans", {"name": "p", "document": PLAN})
        return (await books.person.ok("POST", f"{path}/jobs", {**(sides or books.sides), "plan": plan["id"]}))["id"]

    return ask


@pytest.fixture
def run(queue, settings):
    """Runs a job to its end. Returns: the job."""

    async def to_its_end(books, sides=None):
        job = await queue(books, sides)
        await run_job(settings, UUID(job), None)
        ended = await books.person.ok("GET", f"/jobs/{job}")
        assert ended["status"] == "completed", ended["problem"]
        return ended

    return to_its_end


@pytest.fixture
async def part_paid(make_books):
    """An invoice of 10.00 of which 9.00 are paid, the match of the two, and the next payment."""
    books = await make_books(eur("10.00"), eur("9.00", "1.00"))
    return books, await books.match(books.left, books.right[:1], difference="open")


@pytest.fixture
async def suggested(part_paid, run):
    """What a job suggests to extend the match with."""
    books, base = part_paid
    job = await run(books)
    (match,) = (await books.person.ok("GET", f"/jobs/{job['id']}/matches"))["items"]
    return books, base, match


async def status(books, match):
    return (await books.person.ok("GET", f"/matches/{match['id']}"))["status"]


async def terms(books):
    return [await books.term(name) for name in ("matched", "open", "remainder")]


async def test_a_job_suggests_the_next_payment_and_uses_only_its_record(suggested):
    books, base, match = suggested

    job = await books.person.ok("GET", f"/jobs/{match['job_id']}")
    assert (match["status"], match["kind"], match["origin"]) == ("suggested", "one_to_many", "engine")
    assert match["extends"] == {"match_id": base["id"]}
    shown = {record["id"]: (record["side"], record["from_base"]) for record in match["records"]}
    assert shown == {
        books.left[0]: ("left", True),
        books.right[0]: ("right", True),
        books.right[1]: ("right", False),
    }
    assert match["difference"]["amount"] == "0.00"
    assert [job["counts"][name] for name in ("left", "right", "matches", "suggested", "open_left", "open_right")] == [
        *(0, 1, 1, 1),
        *(0, 0),
    ]
    assert await terms(books) == ["9.00", "1.00", "1.00"]
    assert (await books.person.ok("GET", f"/records/{books.right[1]}"))["match_id"] == match["id"]
    assert (await books.person.ok("GET", f"/records/{books.left[0]}"))["match_id"] == base["id"]
    assert [one["id"] for one in await books.matches("&status=suggested&q=10.00")] == [match["id"]]
    assert await differences(books.db) == []


async def test_a_remainder_is_compared_as_the_record_that_it_belongs_to(make_books, run):
    books = await make_books(eur("10.00", "20.00"), eur("27.00", "3.00"))
    await books.match(books.left, books.right[:1], difference="open", remainder_of=books.left[0])

    job = await run(books)

    (match,) = (await books.person.ok("GET", f"/jobs/{job['id']}/matches"))["items"]
    fields = (await books.person.ok("GET", f"/matches/{match['id']}"))["fields"]
    assert [(field["left"], field["right"]) for field in fields] == [("3.00", "3.00"), ("0", "1")]


async def test_confirming_it_supersedes_the_match_that_it_extends(suggested):
    books, base, match = suggested

    confirmed = await books.person.ok("POST", f"/matches/{match['id']}/confirm", {})

    assert (confirmed["status"], confirmed["remainder"], confirmed["kind"]) == ("confirmed", None, "one_to_many")
    assert {record["id"]: record["from_base"] for record in confirmed["records"]} == {
        books.left[0]: True,
        books.right[0]: True,
        books.right[1]: False,
    }
    assert await status(books, base) == "superseded"
    assert await terms(books) == ["10.00", "0.00", "0.00"]
    assert (await books.summary())["agrees"] is True
    job = await books.person.ok("GET", f"/jobs/{match['job_id']}")
    assert [job["counts"][name] for name in ("confirmed", "suggested", "open_left", "open_right")] == [1, 0, 0, 0]
    assert (await books.person.ok("GET", f"/records/{books.left[0]}"))["match_id"] == match["id"]
    assert await differences(books.db) == []


async def test_a_match_that_is_extended_is_undone_after_its_extension(suggested):
    books, base, match = suggested
    await books.person.ok("POST", f"/matches/{match['id']}/confirm", {})
    bulk = {**books.sides, "action": "undo", "ids": [base["id"]], "expected_count": 1}

    refused = await books.person.problem("POST", f"/matches/{base['id']}/undo", {})
    skipped = await books.person.ok("POST", f"/projects/{books.project}/review", bulk)
    undone = await books.person.ok("POST", f"/matches/{match['id']}/undo", {})

    assert (refused["status"], refused["code"], refused["match_id"]) == (409, "record_in_use", match["id"])
    assert (skipped["changed"], [one["code"] for one in skipped["skipped"]]) == (0, ["record_in_use"])
    assert undone["status"] == "suggested"
    assert [record["from_base"] for record in undone["records"]] == [True, True, False]
    back = await books.person.ok("GET", f"/matches/{base['id']}")
    assert (back["status"], back["remainder"]) == ("confirmed", base["remainder"])
    assert await terms(books) == ["9.00", "1.00", "1.00"]
    assert await differences(books.db) == []
    await books.person.ok("POST", f"/matches/{match['id']}/confirm", {})
    assert await terms(books) == ["10.00", "0.00", "0.00"]
    assert await differences(books.db) == []


async def test_without_the_match_that_it_extends_a_suggestion_goes(suggested):
    books, base, match = suggested

    await books.person.ok("POST", f"/matches/{base['id']}/undo", {})

    assert [await status(books, one) for one in (base, match)] == ["withdrawn", "superseded"]
    assert await books.person.refused("POST", f"/matches/{match['id']}/confirm", {}) == (409, "already_decided")
    assert (await books.summary())["counts"]["open_right"] == 2
    assert await differences(books.db) == []


async def test_what_is_decided_on_the_match_takes_its_extension_along_and_brings_it_back(suggested):
    books, base, match = suggested

    other = await books.match([], books.right[1:], replaces=[base["id"]])
    gone = await status(books, match)
    await books.person.ok("POST", f"/matches/{other['id']}/undo", {})

    assert gone == "superseded"
    assert [await status(books, one) for one in (base, match)] == ["confirmed", "suggested"]
    assert await differences(books.db) == []


async def test_a_split_of_the_match_takes_its_extension_along(make_books, run):
    books = await make_books(eur("10.00", "5.00"), eur("9.00", "5.00", "1.00"))
    base = await books.match(books.left, books.right[:2], difference="open")
    job = await run(books)
    (match,) = (await books.person.ok("GET", f"/jobs/{job['id']}/matches"))["items"]
    parts = [{"left": [books.left[n]], "right": [books.right[n]]} for n in (0, 1)]

    await books.person.ok("POST", f"/matches/{base['id']}/split", {"parts": parts, "difference": "open"})
    gone = await status(books, match)
    await books.person.ok("POST", f"/matches/{base['id']}/undo", {})

    assert gone == "superseded"
    assert [await status(books, one) for one in (base, match)] == ["confirmed", "suggested"]
    assert await differences(books.db) == []


async def test_an_extension_that_was_rejected_is_not_suggested_again(suggested, run):
    books, base, match = suggested
    await books.person.ok("POST", f"/matches/{match['id']}/reject", {})

    again = await run(books)

    assert again["counts"]["matches"] == 0
    await books.person.ok("POST", f"/matches/{base['id']}/undo", {})
    refused = await books.person.problem("POST", f"/matches/{match['id']}/undo", {})
    assert (refused["status"], refused["code"]) == (409, "record_in_use")
    assert "extends" in refused["detail"]
    assert await differences(books.db) == []


async def test_a_later_job_supersedes_what_an_earlier_one_suggested(suggested, run):
    books, _, match = suggested
    record = {"data": {"amount": "1.00", "currency": "EUR", "n": "0"}}
    await books.person.ok("POST", f"/sources/{books.right_source}/records", record)

    job = await run(books)

    (later,) = (await books.person.ok("GET", f"/jobs/{job['id']}/matches"))["items"]
    assert (later["status"], await status(books, match)) == ("suggested", "superseded")
    assert [one["row"] for one in later["records"] if not one["from_base"]] == [2]
    assert await differences(books.db) == []


async def test_an_extension_of_a_match_that_has_changed_is_not_confirmed(suggested):
    books, base, match = suggested
    # As if something had changed the match without superseding what extends it.
    await books.db.execute("UPDATE matches SET status = 'superseded' WHERE id = $1::text::uuid", base["id"])
    bulk = {**books.sides, "action": "confirm", "filter": {}, "expected_count": 1}

    refused = await books.person.problem("POST", f"/matches/{match['id']}/confirm", {})
    skipped = await books.person.ok("POST", f"/projects/{books.project}/review", bulk)

    assert (refused["status"], refused["code"], refused["match_id"]) == (409, "version_conflict", base["id"])
    assert (skipped["changed"], [one["code"] for one in skipped["skipped"]]) == (0, ["version_conflict"])
    assert any("extend" in line for line in await differences(books.db))


async def test_a_bulk_confirms_extensions_and_is_undone(make_books, run):
    books = await make_books(eur("10.00", "20.00"), eur("9.00", "1.00", "17.00", "3.00"))
    bases = [await books.match(books.left[:1], books.right[:1], difference="open")]
    bases.append(await books.match(books.left[1:2], books.right[2:3], difference="open"))
    job = await run(books)
    matches = (await books.person.ok("GET", f"/jobs/{job['id']}/matches?status=suggested"))["items"]
    before = await terms(books)
    bulk = {**books.sides, "action": "confirm", "filter": {}, "expected_count": 2}

    done = await books.person.ok("POST", f"/projects/{books.project}/review", bulk)
    after = [*await terms(books), await differences(books.db), *[await status(books, one) for one in bases]]
    one = {**books.sides, "action": "undo", "ids": [matches[0]["id"]], "expected_count": 1}
    alone = await books.person.ok("POST", f"/projects/{books.project}/review", one)
    found = [await status(books, one) for one in matches]
    rest = await books.person.ok("POST", f"/decisions/{done['decision_id']}/undo")

    assert (done["changed"], done["skipped"]) == (2, [])
    assert after == ["30.00", "0.00", "0.00", [], "superseded", "superseded"]
    assert (alone["changed"], found) == (1, ["suggested", "confirmed"])
    assert (rest["changed"], await terms(books)) == (2, before)
    assert [await status(books, one) for one in (*bases, *matches)] == [*["confirmed"] * 2, *["suggested"] * 2]
    assert await differences(books.db) == []


async def test_a_match_is_extended_by_a_job_from_the_other_side(part_paid, run):
    books, base = part_paid
    job = await run(books, {"left_source": books.right_source, "right_source": books.left_source})
    (match,) = (await books.person.ok("GET", f"/jobs/{job['id']}/matches"))["items"]

    confirmed = await books.person.ok("POST", f"/matches/{match['id']}/confirm", {})

    sides = {record["id"]: record["side"] for record in confirmed["records"]}
    assert sides == {books.left[0]: "right", books.right[0]: "left", books.right[1]: "left"}
    assert (match["kind"], confirmed["kind"]) == ("many_to_one", "many_to_one")
    assert (await status(books, base), await terms(books)) == ("superseded", ["10.00", "0.00", "0.00"])
    assert await differences(books.db) == []


async def test_two_people_sign_an_extension_above_the_limit(suggested, bob):
    books, base, match = suggested
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": bob.email, "role": "controller"})
    limit = {"four_eyes_over": {"amount": "9.50", "currency": "EUR"}}
    await books.person.ok("PATCH", f"/projects/{books.project}", limit)

    signed = await books.person.ok("POST", f"/matches/{match['id']}/confirm", {})
    confirmed = await bob.ok("POST", f"/matches/{match['id']}/confirm", {})

    assert (signed["status"], len(signed["signatures"]), confirmed["status"]) == ("suggested", 1, "confirmed")
    assert await status(books, base) == "superseded"
    assert await differences(books.db) == []


async def test_a_suggested_extension_is_not_replaced_by_hand(suggested):
    books, _, match = suggested
    body = {**books.sides, "left": [], "right": [], "replaces": [match["id"]]}

    refused = await books.person.problem("POST", f"/projects/{books.project}/matches", body)

    assert (refused["status"], refused["errors"][0]["pointer"]) == (422, "/replaces/0")


async def test_an_extension_is_extended_in_turn(make_books, run):
    books = await make_books(eur("10.00"), eur("7.00", "2.00", "1.00"))
    base = await books.match(books.left, books.right[:1], difference="open")
    middle = await books.match([], books.right[1:2], replaces=[base["id"]], difference="open")
    job = await run(books)
    (last,) = (await books.person.ok("GET", f"/jobs/{job['id']}/matches"))["items"]

    await books.person.ok("POST", f"/matches/{last['id']}/confirm", {})
    chain = [await status(books, one) for one in (base, middle, last)]
    refused = [await books.person.refused("POST", f"/matches/{one['id']}/undo", {}) for one in (base, middle)]
    await books.person.ok("POST", f"/matches/{last['id']}/undo", {})
    await books.person.ok("POST", f"/matches/{middle['id']}/undo", {})

    assert chain == ["superseded", "superseded", "confirmed"]
    assert refused == [(409, "record_in_use")] * 2
    assert [await status(books, one) for one in (base, middle, last)] == ["confirmed", "withdrawn", "superseded"]
    assert await differences(books.db) == []


async def test_of_two_decisions_over_one_remainder_at_once_one_wins(make_books, bob):
    books = await make_books(eur(*["10.00"] * 6), eur(*["9.00"] * 6, *["1.00"] * 12))
    await books.person.ok("POST", f"/projects/{books.project}/members", {"email": bob.email, "role": "controller"})
    job = await books.job()

    async def attempt(person, verb, match):
        async with await person.send("POST", f"/matches/{match}/{verb}", {}) as response:
            return response.status

    for n in range(6):
        base = await books.match(books.left[n : n + 1], books.right[n : n + 1], difference="open")
        one, other = [
            await books.suggest([], [record], job, extends=base["id"]) for record in books.right[6 + 2 * n : 8 + 2 * n]
        ]
        rival = ("undo", base["id"]) if n % 2 else ("confirm", other)
        found = await asyncio.gather(attempt(books.person, "confirm", one), attempt(bob, *rival))
        assert sorted(found) == [200, 409]

    assert await differences(books.db) == []


async def test_a_take_over_reads_the_remainders_of_the_first_start(part_paid, queue, settings):
    books, base = part_paid
    first = (await lifecycle.claim_job(UUID(await queue(books)), 3)).job

    await books.person.ok("POST", f"/matches/{base['id']}/undo", {})
    second = (await lifecycle.claim_job(first.id, 3)).job

    sides = [
        inputs.read_side(settings, second, await Source.get(id=getattr(second, f"{side}_source_id")), side)
        for side in ("left", "right")
    ]
    assert second.attempt == 2
    assert [(side.ids.records, side.ids.bases) for side in sides] == [(0, [base["id"]]), (1, [])]
    assert sides[0].ids.amounts.to_pylist() == ["1.000000000"]


@pytest.mark.parametrize("is_alone", [True, False])
async def test_a_chunk_drops_what_would_extend_a_match_that_has_changed(part_paid, queue, settings, db, is_alone):
    books, base = part_paid
    job = (await lifecycle.claim_job(UUID(await queue(books)), 3)).job
    sources = [await Source.get(id=source) for source in (job.left_source_id, job.right_source_id)]
    left, right = (
        inputs.read_side(settings, job, source, side) for source, side in zip(sources, ("left", "right"), strict=True)
    )
    await lifecycle.set_inputs(job, None, (left.ids.records, right.ids.records))
    if is_alone:
        await books.person.ok("POST", f"/matches/{base['id']}/undo", {})
    row = {
        "left": [0],
        "right": [0],
        "status": "confirmed",
        "ambiguity": "none",
        "fields": "[]",
        "margin_kind": "local",
    }
    matches = pa.Table.from_pylist([{**row, "score": 7.0, "margin": 6.0}], schema=MATCHES)
    pair, document = await lifecycle.pair_of(job), Plan.model_validate(PLAN)

    counts = await write_chunk(job, Chunk(0, "amount", 0, matches), Sides(pair, document, left.ids, right.ids))

    assert (counts.matches, counts.confirmed) == (0 if is_alone else 1, 0)
    assert await db.fetchval("SELECT dropped FROM job_chunks") == (1 if is_alone else 0)
    assert await differences(db) == []


async def test_a_payment_that_makes_the_match_too_large_to_be_kept_does_not_extend_it(make_books, settings, db):
    zeros = "0" * 28
    books = await make_books(eur(f"9{zeros}", "3.00"), eur(f"5{zeros}", f"9{zeros}", "3.00"))
    base = await books.match(books.left[:1], books.right[:1], difference="open")
    path = f"/projects/{books.project}"
    gate = {"field": "amount", "compare": "within", "percent": "200"}
    document = {**PLAN, "passes": [{**PLAN["passes"][0], "where": [gate]}]}
    plan = await books.person.ok("POST", f"{path}/plans", {"name": "near", "document": document})
    job = (await books.person.ok("POST", f"{path}/jobs", {**books.sides, "plan": plan["id"]}))["id"]

    await run_job(settings, UUID(job), None)

    ended = await books.person.ok("GET", f"/jobs/{job}")
    assert (ended["status"], ended["problem"], ended["counts"]["matches"]) == ("completed", None, 1)
    assert await db.fetchval("SELECT sum(dropped) FROM job_chunks") == 1
    assert await status(books, base) == "confirmed"
    assert await differences(db) == []


async def test_a_job_over_another_pair_that_only_suggests_leaves_the_suggestions_of_a_pair_alone(make_books, run):
    books = await make_books(eur("10.00", "20.00"), eur("10.00", "20.00"))
    other = await make_books(eur("10.00"), eur("20.00"))
    first = await books.suggest(books.left[:1], books.right[:1])
    second = await books.suggest(books.left[1:], books.right[1:])
    limit = {"auto_confirm_up_to": {"amount": "15.00", "currency": "EUR"}}
    await books.person.ok("PATCH", f"/projects/{books.project}", limit)

    await run(
        books, {"left_source": books.left_source, "right_source": other.left_source}
    )  # confirms the match of 10.00
    await run(books, {"left_source": books.left_source, "right_source": other.right_source})  # suggests that of 20.00
    confirmed, stays = [await books.person.ok("GET", f"/matches/{match}") for match in (first, second)]
    query = f"left_source={books.left_source}&right_source={other.right_source}"
    (rival,) = (await books.person.ok("GET", f"/projects/{books.project}/matches?{query}"))["items"]

    assert (confirmed["status"], stays["status"], rival["status"]) == ("superseded", "suggested", "suggested")
    assert await differences(books.db) == []
    await books.person.ok("POST", f"/matches/{rival['id']}/confirm", {})
    assert (await books.person.ok("GET", f"/matches/{second}"))["status"] == "superseded"


async def test_a_rejection_is_undone_beside_a_suggestion_of_another_pair_over_its_records(make_books):
    books = await make_books(eur("10.00"), eur("10.00"))
    other = await make_books(eur("10.00"), eur("99.00"))
    pair = replace(books, right_source=other.left_source, right=other.left)
    match = await books.suggest(books.left, books.right)
    await books.person.ok("POST", f"/matches/{match}/reject", {})
    rival = await pair.suggest(pair.left, pair.right)

    back = await books.person.ok("POST", f"/matches/{match}/undo", {})

    assert back["status"] == "suggested"
    assert (await books.person.ok("GET", f"/matches/{rival}"))["status"] == "suggested"
    assert await differences(books.db) == []
