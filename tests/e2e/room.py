"""The room of a pair that two people share: a project with suggestions, and with open items on both sides."""

import asyncio
import re

import pytest
from playwright.async_api import expect

PASSWORD = "the reviewer's own sentence"
ROSA = "rosa@tallyroom.example"
ROWS = 26  # what a browser does for a list, and what a test does to find something in it, grows with its rows
LONG = 55  # more than a page
# The engine finds no partner for these: a payment in two parts, one that came less a fee, and two without a partner.
OPEN_LEFT = ["Q-900,2026-03-20,700.00,EUR,Parts", "Q-901,2026-03-21,81.00,EUR,Fee", "Q-902,2026-03-22,3.33,EUR,Lost"]
OPEN_RIGHT = [
    "Z-1,2026-06-01,450.00,EUR,first part",
    "Z-2,2026-06-02,250.00,EUR,second part",
    "Z-3,2026-06-03,80.25,EUR,less a fee",
    "Z-4,2026-06-04,9.99,EUR,unknown",
]
LIMIT = {"amount": "500.00", "currency": "EUR"}
HEAD = "reference,booked,amount,currency,words"


MAPPING = {
    "amount": {"column": "amount", "decimal": "."},
    "currency": {"column": "currency"},
    "date": {"column": "booked", "order": "ymd"},
    "reference": {"column": "reference"},
}


def _sides(rows: int) -> tuple[list[str], list[str]]:
    left = [f"R-{n:03},2026-03-{n % 27 + 1:02},{1000 + n * 7}.{n % 90 + 10},EUR,Customer {n}" for n in range(rows)]
    right = [f"R-{n:03},2026-03-{n % 27 + 2:02},{1000 + n * 7}.{n % 90 + 10},EUR,Payer {n}" for n in range(rows)]
    return [*left, *OPEN_LEFT], [*right, *OPEN_RIGHT]


async def source_of(person, project, name, rows):
    """A source whose records are added over REST. Loading two files takes half a second more of computing for each test."""
    source = await person.send("POST", f"/projects/{project}/sources", {"name": name, "mapping": MAPPING})
    records = [{"data": dict(zip(HEAD.split(","), row.split(","), strict=True))} for row in rows]
    await person.send("POST", f"/sources/{source['id']}/records", {"records": records})
    return source["id"]


@pytest.fixture(scope="session")
async def reviewer(rest, installation):
    """A second analyst, over REST, whose name others see."""
    admin = await rest("admin@tallyroom.example")
    people = (await admin.send("GET", "/users?limit=100"))["items"]
    if not any(one["email"] == ROSA for one in people):
        body = {"email": ROSA, "display_name": "Rosa Reviewer", "role": "user", "password": PASSWORD}
        await admin.send("POST", "/users", body)
    return await rest(ROSA, PASSWORD)


async def _room(manager, rows, document=None):
    """A project with suggestions, in which Rosa is an analyst."""
    project = await manager.send("POST", "/projects", {"name": "The room"})
    await manager.send("POST", f"/projects/{project['id']}/members", {"email": ROSA, "role": "analyst"})
    left, right = [
        await source_of(manager, project["id"], name, lines)
        for name, lines in zip(("Books", "Bank"), _sides(rows), strict=True)
    ]
    body = {"left_source": left, "right_source": right}
    if document is not None:
        plan = await manager.send("POST", f"/projects/{project['id']}/plans", {"name": "Learned", "document": document})
        body["plan"] = plan["id"]
    job = await manager.send("POST", f"/projects/{project['id']}/jobs", body)
    for _ in range(600):
        job = await manager.send("GET", f"/jobs/{job['id']}")
        if job["status"] == "completed":
            break
        await asyncio.sleep(0.1)
    assert job["counts"]["confirmed"] == rows, job
    # What a job has confirmed becomes a suggestion again.
    body = {"left_source": left, "right_source": right, "action": "undo", "filter": {}, "expected_count": rows}
    await manager.send("POST", f"/projects/{project['id']}/review", body)
    return {
        "project": project["id"],
        "job": job["id"],
        "sides": f"left_source={left}&right_source={right}",
        "address": f"/projects/{project['id']}/review?left={left}&right={right}",
    }


@pytest.fixture(scope="session")
async def still_room(manager, reviewer):
    """A long room for all tests that change nothing in it. Making one takes as much computing as most of these tests."""
    return await _room(manager, LONG)


@pytest.fixture(scope="session")
async def learned(manager, still_room):
    """The plan that was suggested for the first room. The others have the same columns, and suggesting takes a third of a job."""
    plan = (await manager.send("GET", f"/jobs/{still_room['job']}"))["plan"]
    return (await manager.send("GET", f"/plans/{plan['id']}"))["document"]


@pytest.fixture
async def room(manager, learned):
    """A room of this test alone."""
    return await _room(manager, ROWS, learned)


@pytest.fixture
async def long_room(manager, learned):
    """A room of this test alone, whose matches need a second page."""
    return await _room(manager, LONG, learned)


async def summary_of(person, room):
    return await person.send("GET", f"/projects/{room['project']}/summary?{room['sides']}")


async def matches_of(person, room, query):
    return (await person.send("GET", f"/projects/{room['project']}/matches?{room['sides']}&{query}"))["items"]


async def match_all_parts(person, room):
    """One match of the payment in two parts and of the one less a fee, as somebody would make it who looks at the total."""
    items = (await person.send("GET", f"/projects/{room['project']}/open-items?{room['sides']}&limit=50"))["items"]
    ids = {item["record"]["reference"]: item["id"] for item in items}
    sides = dict(one.split("=") for one in room["sides"].split("&"))
    records = {"left": [ids["Q-900"], ids["Q-901"]], "right": [ids["Z-1"], ids["Z-2"], ids["Z-3"]]}
    body = {**sides, **records, "difference": "booked", "difference_reason": "fee"}
    return await person.send("POST", f"/projects/{room['project']}/matches", body)


def panel_of(page):
    return page.get_by_role("complementary", name="Match")


def said_on(page):
    return page.locator(".undo").get_by_role("status")


async def ready(page):
    """Keys decide only after the match has been on the screen for a moment."""
    await expect(panel_of(page).locator("button[aria-keyshortcuts=c]")).to_be_visible()


async def choose(page, *words):
    for word in words:
        await page.get_by_role("checkbox", name=re.compile(word)).check()


@pytest.fixture
async def two_sign(manager, room):
    """Above a limit that all matches exceed, two people sign. Rosa may give the second signature."""
    project = await manager.send("GET", f"/projects/{room['project']}")
    await manager.send("PATCH", f"/projects/{room['project']}", {"four_eyes_over": LIMIT}, project["version"])
    members = (await manager.send("GET", f"/projects/{room['project']}/members"))["items"]
    rosa = next(one for one in members if one["display_name"] == "Rosa Reviewer")
    await manager.send("PUT", f"/projects/{room['project']}/members/{rosa['user_id']}", {"role": "controller"})
