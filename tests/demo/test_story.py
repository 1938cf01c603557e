"""The demo's story, told over REST: six cases wait, each is settled with what the room offers, and the books agree."""

import re
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from models.access import Actor
from server.books.recount import differences
from server.demo import plan, setup, story
from tests.conftest import Commits, Person

ROWS = 100


class Room:
    """The demo's pair, as Alice and Bob see it."""

    def __init__(self, project: str, job: dict[str, Any]) -> None:
        self.project = f"/projects/{project}"
        self.sides = {"left_source": job["left_source"], "right_source": job["right_source"]}
        self.query = f"left_source={job['left_source']}&right_source={job['right_source']}"

    async def waiting(self, person: Person) -> list[dict[str, Any]]:
        """The suggestions, in the order in which the page for review shows them."""
        page = await person.ok("GET", f"{self.project}/matches?{self.query}&status=suggested")
        return list(page["items"])

    async def open(self, person: Person, side: str) -> dict[str, dict[str, Any]]:
        """The open items of a side, by the invoice or the memo; a remainder by this word."""
        page = await person.ok("GET", f"{self.project}/open-items?{self.query}&side={side}")
        column = "invoice_no" if side == "left" else "memo"
        return {one["record"]["data"][column] if one["record"] else "remainder": one for one in page["items"]}

    async def match(self, person: Person, left: list[str], right: list[str], **more: Any) -> dict[str, Any]:
        """Match records by hand."""
        body = {**self.sides, "left": left, "right": right, **more}
        return dict(await person.ok("POST", f"{self.project}/matches", body))

    async def summary(self, person: Person) -> dict[str, Any]:
        """The books."""
        return dict(await person.ok("GET", f"{self.project}/summary?{self.query}"))


@pytest.fixture
async def room(worker: Any, alice: Person, bob: Person, project: str, commits: Commits) -> Room:
    """The demo's books in Alice's project, after the first job."""
    await alice.ok("PUT", f"/projects/{project}/members/{bob.id}", {"role": "analyst"})
    await setup.make_books(Actor("user", alice.id, role="manager"), UUID(project), ROWS)

    async def newest() -> Any:
        return (await alice.ok("GET", f"/projects/{project}/jobs"))["items"][0]

    job = await commits.until(newest, lambda job: job["status"] in ("completed", "failed"))
    assert job["status"] == "completed", job
    return Room(project, job)


def _numbers(match: dict[str, Any]) -> list[str]:
    """Which invoice a match is about, and which one the memo of the payment names."""
    return [re.findall(r"INV-\d+", str(record["data"]))[0] for record in match["records"]]


async def test_the_story_is_settled_and_the_books_agree(
    room: Room, alice: Person, bob: Person, db: asyncpg.Connection
) -> None:
    before = await room.summary(alice)
    waiting = await room.waiting(alice)
    assert {name: before["counts"][name] for name in ("confirmed", "suggested", "open_left", "open_right")} == {
        "confirmed": ROWS + 1,
        "suggested": 4,
        "open_left": 3,
        "open_right": 2,
    }
    assert [(match["pass"], _numbers(match)) for match in waiting] == [
        ("number, less a fee", ["INV-100002", "INV-100002"]),
        ("number, paid in part", ["INV-100003", "INV-100003"]),
        ("amount only, within a week", ["INV-100004", "INV-100040"]),
        ("amount only, within a week", ["INV-100008", "INV-100001"]),
    ]
    assert before["agrees"] is False
    fee, part, typo, other = waiting

    # The fee is booked, a part leaves a remainder, and the typo is right. The last one is another company's payment.
    booked = await bob.ok("POST", f"/matches/{fee['id']}/confirm", {})
    rest = await bob.ok("POST", f"/matches/{part['id']}/confirm", {})
    await bob.ok("POST", f"/matches/{typo['id']}/confirm", {"reason": "two digits changed places"})
    await alice.ok("PUT", f"/matches/{other['id']}/assignee", {"user_id": str(bob.id)}, if_match=other["version"])
    await bob.ok("POST", f"/matches/{other['id']}/comments", {"text": "Turku has paid INV-100001 twice."})
    await bob.ok("POST", f"/matches/{other['id']}/reject", {"reason": "a sister company"})
    await alice.ok("POST", f"/matches/{other['id']}/comments", {"text": "Espoo has not paid INV-100008: reminded."})
    assert (booked["difference"]["amount"], booked["difference_reason"], booked["remainder"]) == ("21.50", "fee", None)
    assert rest["remainder"]["amount"]["amount"] == "900.00"
    left, right = await room.open(alice, "left"), await room.open(alice, "right")
    assert set(left) == {"INV-100005", "INV-100006", "INV-100007", "INV-100008", "remainder"}
    assert set(right) == {"deliveries of 3 to 5 March", "part 2 of 2", "INV-100001"}

    # Three invoices were paid at once, and the second part pays the remainder of the first.
    batch = [left[number]["id"] for number in ("INV-100005", "INV-100006", "INV-100007")]
    tied = await room.match(bob, batch, [right["deliveries of 3 to 5 March"]["id"]])
    whole = await room.match(bob, [], [right["part 2 of 2"]["id"]], replaces=[rest["id"]])
    await bob.ok("POST", f"/records/{right['INV-100001']['id']}/write-off", {"reason": "duplicate"})
    assert (tied["kind"], tied["difference"]["amount"]) == ("many_to_one", "0.00")
    assert (whole["extends"], whole["remainder"], whole["kind"]) == ({"match_id": rest["id"]}, None, "one_to_many")

    after = await room.summary(alice)
    sums = {row["side"]: row for row in after["sums"]}
    assert after["agrees"] is True
    assert after["proof"][0]["difference"]["amount"] == "0.00"
    terms = ("booked", "explained", "written_off", "open", "suggested")
    assert [sums["left"][term]["amount"] for term in terms] == ["21.50", "0.00", "0.00", "640.00", "0.00"]
    assert [sums["right"][term]["amount"] for term in terms] == ["0.00", "0.00", "640.00", "0.00", "0.00"]
    assert sums["left"]["matched"] == sums["right"]["matched"]
    assert all(row["ties"] for row in after["sums"])
    assert set(await room.open(alice, "left")) == {"INV-100008"}
    assert await room.open(alice, "right") == {}
    assert await differences(db) == []


@pytest.mark.long
async def test_another_start_changes_nothing(room: Room, alice: Person, project: str) -> None:
    await setup.make_books(Actor("user", alice.id, role="manager"), UUID(project), ROWS)

    assert (await alice.ok("GET", f"{room.project}/jobs"))["total"] == 1
    assert (await alice.ok("GET", f"{room.project}/sources"))["total"] == 2
    assert (await alice.ok("GET", f"{room.project}/plans"))["total"] == 1


@pytest.mark.long
async def test_the_project_has_reasons_that_fit(room: Room, alice: Person) -> None:
    found = (await alice.ok("GET", room.project))["reason_codes"]

    assert [reason["code"] for reason in found] == [reason["code"] for reason in plan.REASONS]


@pytest.mark.parametrize("rows", [100, 3000])
def test_the_story_is_told_beside_any_number_of_rows(rows: int) -> None:
    ledger, statement = story.books(rows)

    assert story.books(rows) == (ledger, statement)
    assert ledger.count(b"\n") == rows + len(story.INVOICES) + 1
    assert statement.count(b"\n") == rows + len(story.PAYMENTS) + 1
    assert all(invoice.number.encode() in ledger for invoice in story.INVOICES)
