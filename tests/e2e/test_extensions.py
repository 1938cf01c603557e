"""What confirming does, before somebody confirms: a match that extends another one, a difference, and what stays open."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.e2e.room import choose, matches_of, panel_of, ready, said_on
from tests.e2e.test_accessibility import faults_of

pytestmark = pytest.mark.long

AMOUNT = {"type": "money", "left": "amount", "right": "amount", "currency": {"left": "currency", "right": "currency"}}
PLAN = {
    "fields": {"amount": AMOUNT, "words": {"type": "text", "left": "words", "right": "words"}},
    "passes": [
        {
            "name": "equal amounts",
            "kind": "rules",
            "where": [{"field": "amount", "compare": "equal"}],
            "score": [{"field": "words", "compare": "similarity"}],
            "accept": "suggest",
        }
    ],
}


@pytest.fixture
async def part_paid(manager, room):
    """The first payment of an invoice that is paid in two parts, matched by hand, so that 250.00 stay open."""
    path = f"/projects/{room['project']}"
    items = (await manager.send("GET", f"{path}/open-items?{room['sides']}&limit=50"))["items"]
    ids = {item["record"]["reference"]: item["id"] for item in items}
    sides = dict(one.split("=") for one in room["sides"].split("&"))
    body = {**sides, "left": [ids["Q-900"]], "right": [ids["Z-1"]], "difference": "open"}
    return await manager.send("POST", f"{path}/matches", body)


@pytest.fixture
async def suggested(manager, room, part_paid):
    """What a job then suggests to extend this match with."""
    path = f"/projects/{room['project']}"
    plan = await manager.send("POST", f"{path}/plans", {"name": "amounts", "document": PLAN})
    sides = dict(one.split("=") for one in room["sides"].split("&"))
    job = await manager.send("POST", f"{path}/jobs", {**sides, "plan": plan["id"]})
    while (await manager.send("GET", f"/jobs/{job['id']}"))["status"] != "completed":
        await asyncio.sleep(0.1)
    found = await matches_of(manager, room, f"job={job['id']}&status=suggested")
    return next(one for one in found if one["extends"] is not None)


async def test_a_match_that_extends_another_says_what_it_adds_and_what_becomes_of_the_other(
    visitor, manager, room, part_paid, suggested
):
    page = await visitor.enter(room["address"] + "&q=Q-900")
    row = page.locator(f"tr[data-id='{suggested['id']}']")
    await expect(row).to_contain_text("extends a match")
    await expect(row).to_contain_text("matched before · Parts")
    await expect(row).to_contain_text(re.compile(r"Z-2.*\+1.*added to 1 matched before · second part", re.DOTALL))

    await row.click()
    outcome = panel_of(page).locator("#outcome")
    await expect(outcome).to_contain_text(
        "it adds Z-2 (250.00 EUR) to Q-900 ↔ Z-1, which is confirmed and has left 250.00 EUR open"
    )
    await expect(outcome).to_contain_text("Confirming puts this match in the place of that one.")
    await expect(panel_of(page).get_by_role("heading", name=re.compile("Right"))).to_have_count(2)
    assert await faults_of(page) == []
    await outcome.get_by_role("button", name="Open the match that it extends").click()
    await expect(outcome).to_contain_text(
        "450.00 EUR is matched. 250.00 EUR of the left side stays open for the next payment."
    )
    await page.go_back()

    await row.click()
    await ready(page)
    await page.keyboard.press("c")
    await expect(said_on(page)).to_contain_text("You confirmed Q-900 ↔ Z-1 +1.")
    assert (await manager.send("GET", f"/matches/{part_paid['id']}"))["status"] == "superseded"
    await page.keyboard.press("u")
    await expect(said_on(page)).to_contain_text("Undone: You confirmed")
    assert (await manager.send("GET", f"/matches/{part_paid['id']}"))["status"] == "confirmed"


async def test_a_remainder_is_called_by_the_record_that_it_remains_of(visitor, manager, room, part_paid):
    page = await visitor.enter(room["address"] + "&view=open")
    item = page.get_by_role("region", name="Open left").locator(f"tr[data-id='{part_paid['id']}']")

    await expect(item).to_contain_text(
        re.compile("Q-900.*remainder of 700.00 EUR of 2026-03-20 · Parts.*250.00 EUR", re.DOTALL)
    )
    await choose(page, "the remainder of Q-900, 250.00 EUR", "Z-2")
    form = page.get_by_role("form", name="What is chosen")
    await expect(form).to_contain_text("difference 0.00 EUR")
    await expect(form.get_by_label("No partner, because of")).to_have_count(0)
    await form.get_by_role("button", name="Match", exact=True).click()
    await expect(said_on(page)).to_contain_text("You matched Q-900 ↔ Z-1 +1 by hand.")
    await expect(item).to_have_count(0)


async def test_the_panel_says_what_confirming_books_before_somebody_confirms(visitor, demo):
    page = await visitor.enter(f"/projects/{demo['project']}/review")
    for invoice, words in {
        "INV-100002": "Confirming matches 838.50 EUR. 21.50 EUR of the left side is booked as “Fee of the card processor”.",
        "INV-100003": "Confirming matches 1,500.00 EUR. 900.00 EUR of the left side stays open for the next payment.",
    }.items():
        await page.get_by_role("searchbox", name="Find").fill(invoice)
        row = page.get_by_role("region", name="Matches").locator("tbody tr").filter(has_text=invoice)
        await row.first.click()
        await expect(panel_of(page).locator("#outcome")).to_have_text(words)
        described = await panel_of(page).get_by_role("button", name="Confirm").get_attribute("aria-describedby")
        assert described == "outcome"
