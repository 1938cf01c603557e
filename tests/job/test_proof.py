"""The proof of a job: what is confirmed on either side, how far the sides differ, and what is missing."""

import itertools
import string

import pytest

MAPPING = {
    "amount": {"column": "amount", "decimal": "."},
    "currency": {"column": "currency"},
    "reference": {"column": "reference"},
}
DOCUMENT = {
    "fields": {"ref": {"type": "reference", "left": "reference", "right": "reference"}},
    "passes": [
        {"name": "ref", "kind": "rules", "where": [{"field": "ref", "compare": "equal"}], "accept": "confirm"},
    ],
}
LEFT = [("A-1001", "100.00", "EUR"), ("A-1002", "50.00", "EUR"), ("A-1003", "7.25", "USD")]
OTHER = [("A-1001", "100.00", "EUR"), ("A-1002", "45.50", "EUR"), ("A-1004", None, "USD")]


@pytest.fixture
def reconcile(alice, project, run):
    """Reconciles two lists of rows by reference. Returns: the job."""

    async def make(left, right, accept="confirm"):
        sides = {}
        for side, rows in (("left", left), ("right", right)):
            body = {"name": side, "mapping": MAPPING}
            source = await alice.ok("POST", f"/projects/{project}/sources", body)
            names = ("reference", "amount", "currency")
            records = [{"data": dict(zip(names, row, strict=True))} for row in rows]
            await alice.ok("POST", f"/sources/{source['id']}/records", {"records": records})
            sides[f"{side}_source"] = source["id"]
        document = {**DOCUMENT, "passes": [{**DOCUMENT["passes"][0], "accept": accept}]}
        plan = await alice.ok("POST", f"/projects/{project}/plans", {"name": "by reference", "document": document})
        return await run(sides, plan=plan["id"])

    return make


async def _proof(person, job):
    return {row["currency"]: row for row in (await person.ok("GET", f"/jobs/{job['id']}/summary"))["proof"]}


async def test_equal_sides_with_all_records_confirmed_agree(alice, reconcile, worker):
    proof = await _proof(alice, await reconcile(LEFT, LEFT))

    assert {code: row["agrees"] for code, row in proof.items()} == {"EUR": True, "USD": True}
    assert (
        proof["EUR"]["left"]["confirmed"]
        == proof["EUR"]["right"]["confirmed"]
        == {"amount": "150.00", "currency": "EUR"}
    )
    assert proof["EUR"]["difference"]["amount"] == "0.00"


async def test_what_confirmed_matches_leave_open_is_a_remainder_and_does_not_agree(alice, reconcile, worker):
    proof = await _proof(alice, await reconcile(LEFT, OTHER))

    euro, dollar = proof["EUR"], proof["USD"]
    assert (euro["left"]["confirmed"]["amount"], euro["right"]["confirmed"]["amount"]) == ("145.50", "145.50")
    assert (euro["difference"]["amount"], euro["agrees"]) == ("0.00", False)
    assert (euro["left"]["open"]["amount"], euro["left"]["open_records"], euro["left"]["remainders"]) == ("4.50", 0, 1)
    assert (dollar["left"]["open_records"], dollar["left"]["open"]["amount"]) == (1, "7.25")
    assert dollar["agrees"] is False
    # Without an amount, a record has no currency either.
    nameless = proof["XXX"]
    assert (nameless["right"]["open_records"], nameless["right"]["without_amount"]) == (1, 1)
    assert nameless["agrees"] is False


async def test_suggested_matches_are_to_be_reviewed_and_prove_nothing(alice, reconcile, worker):
    job = await reconcile(LEFT, LEFT, accept="suggest")
    before = (await _proof(alice, job))["EUR"]
    for match in (await alice.ok("GET", f"/jobs/{job['id']}/matches"))["items"]:
        await alice.ok("POST", f"/matches/{match['id']}/confirm", {})

    after = (await _proof(alice, job))["EUR"]

    assert (before["left"]["confirmed"]["amount"], before["left"]["to_review"]["amount"]) == ("0.00", "150.00")
    assert (before["left"]["to_review_records"], before["difference"]["amount"], before["agrees"]) == (2, "0.00", False)
    assert (after["left"]["to_review_records"], after["agrees"]) == (0, True)


async def test_of_thousands_of_currencies_those_with_most_records_are_added_up(alice, reconcile, worker):
    codes = ["".join(letters) for letters in itertools.product(string.ascii_uppercase, repeat=3)][:2000]
    rows = [(f"A-{n:06}", "1.00", code) for n, code in enumerate(codes)]
    rows += [("A-800001", "100.00", "ZZZ"), ("A-800002", "50.00", "ZZZ")]

    job = await reconcile(rows, LEFT)
    summary = await alice.ok("GET", f"/jobs/{job['id']}/summary")

    assert len(summary["proof"]) == 200
    assert len(summary["flow"]["left"]["sums"]) <= 200
    assert summary["flow"]["left"]["count"] == len(rows)
    proof = {row["currency"]: row["left"] for row in summary["proof"]}
    assert (proof["ZZZ"]["open"]["amount"], proof["ZZZ"]["open_records"]) == ("150.00", 2)
    (note,) = (note for note in summary["notes"] if "currencies" in note)
    assert note.startswith("1,803 more currencies")
