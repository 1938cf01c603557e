"""Write-offs and rejections are found on the screen by whoever may sign them or take them back, long after they were made."""

import asyncio

from playwright.async_api import expect

from tests.e2e.room import PASSWORD, ROSA, choose, matches_of, panel_of, ready, said_on, summary_of
from tests.e2e.test_accessibility import faults_of, follow

# What the match panel has said since then, however briefly.
_LISTEN = """() => {
    window.said = new Set();
    const note = () => document.querySelector('.panel')?.querySelectorAll('p, li').forEach((one) => window.said.add(one.innerText));
    new MutationObserver(note).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


async def _record(person, room, words):
    items = (await person.send("GET", f"/projects/{room['project']}/open-items?{room['sides']}&q={words}"))["items"]
    return items[0]["record"]["id"]


async def test_a_write_off_is_signed_by_a_second_person_who_finds_it_in_the_review(visit, manager, room, two_sign):
    mine, hers = await visit(), await visit()
    page = await mine.enter(room["address"] + "&view=open")
    await hers.enter(room["address"], ROSA, PASSWORD)
    other = hers.page
    waiting = (await summary_of(manager, room))["counts"]["suggested"]
    await choose(page, "Q-900")
    await page.get_by_label("No partner, because of").select_option("Duplicate")
    await page.get_by_role("button", name="Write off").click()
    await expect(said_on(page)).to_contain_text("Another person has to sign too.")

    await expect(other.get_by_role("link", name=f"To review {waiting + 1}")).to_be_visible()
    await follow(other, f"/projects/{room['project']}/jobs")
    await other.get_by_role("link", name=f"Review {waiting + 1}").click()
    await other.get_by_role("searchbox", name="Find").fill("Q-900")
    row = other.get_by_role("region", name="Matches").locator("tbody tr")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("no partner")
    await row.click()
    panel = panel_of(other)
    await expect(panel).to_contain_text("This record is to be written off as “Duplicate”")
    await expect(panel.get_by_role("region", name="Signatures")).to_contain_text("Mia Manager signed to write it off")
    await expect(panel.get_by_role("region", name="Signatures")).to_contain_text("yours is the second signature")
    assert await faults_of(other) == []
    await panel.get_by_role("button", name="Write off").click()
    await expect(said_on(other)).to_contain_text("You wrote off Q-900.")

    await other.get_by_role("link", name="Written off 1").click()
    await expect(row).to_contain_text("written off")
    await expect(page.get_by_role("link", name="Written off 1")).to_be_visible()
    left = next(row for row in (await summary_of(manager, room))["sums"] if row["side"] == "left")
    assert left["written_off"]["amount"] == "700.00"
    assert mine.complaints == hers.complaints == []


async def test_a_write_off_and_a_rejection_are_taken_back_from_their_addresses_with_keys_alone(
    visitor, manager, reviewer, room
):
    record = await _record(manager, room, "Z-4")
    written = await reviewer.send("POST", f"/records/{record}/write-off", {"reason": "bad_debt", "comment": "unknown"})
    rejected = (await matches_of(manager, room, "status=suggested&limit=1"))[0]["id"]
    await reviewer.send("POST", f"/matches/{rejected}/reject", {})

    page = await visitor.enter(f"{room['address']}&status=rejected&m={rejected}")
    for match, words, after in (
        (rejected, "Take back Rosa Reviewer’s rejection?", "suggested"),
        (written["match_id"], "Take back Rosa Reviewer’s write-off?", "withdrawn"),
    ):
        await follow(page, f"{room['address']}&status=all&m={match}")
        panel = panel_of(page)
        await expect(panel.locator("button[aria-keyshortcuts=r]")).to_be_visible()
        await panel.press("r")
        await expect(panel).to_contain_text(words)
        await expect(page.get_by_label("Why")).to_be_focused()
        assert await faults_of(page) == []
        await page.keyboard.type("a mistake")
        await page.keyboard.press("Enter")
        await expect(panel.locator("h2 + .status")).to_have_text(after)
        assert (await manager.send("GET", f"/matches/{match}"))["status"] == after
        await page.wait_for_function("() => document.activeElement !== document.body")
    await expect(panel_of(page)).to_contain_text("it can be written off again")
    assert visitor.complaints == []


async def test_what_had_to_make_way_says_who_decided_and_comes_back(visitor, manager, reviewer, room):
    sides = dict(one.split("=") for one in room["sides"].split("&"))
    lost = (await matches_of(manager, room, "status=suggested&limit=1"))[0]
    left = next(one["id"] for one in lost["records"] if one["side"] == "left")
    body = {**sides, "left": [left], "right": [await _record(manager, room, "Z-4")], "difference": "open"}
    await reviewer.send("POST", f"/projects/{room['project']}/matches", body)

    page = await visitor.enter(f"{room['address']}&status=all&m={lost['id']}")
    panel = panel_of(page)
    await expect(panel).to_contain_text("Another decision has taken a record of this match")
    await expect(panel.get_by_role("button", name="Open the other match")).to_be_visible()
    await panel.get_by_role("button", name="Take back").click()
    await expect(panel).to_contain_text("Take back Rosa Reviewer’s match by hand")
    assert await faults_of(page) == []
    await page.get_by_label("Why").fill("not hers")
    await panel.get_by_role("button", name="Take back", exact=True).click()

    await expect(panel.locator("h2 + .status")).to_have_text("suggested")
    assert (await manager.send("GET", f"/matches/{lost['id']}"))["status"] == "suggested"


async def test_the_panel_never_calls_a_colleague_by_another_name(visitor, reviewer, room):
    page = await visitor.enter(room["address"])
    await page.get_by_role("region", name="Matches").locator("tbody tr").first.click()
    await ready(page)
    match = await page.get_by_role("region", name="Matches").locator("tbody tr").first.get_attribute("data-id")
    await page.evaluate(_LISTEN)

    for verb, words in (("confirm", "confirmed this match"), ("undo", "took the decision back")):
        await reviewer.send("POST", f"/matches/{match}/{verb}", {})
        await expect(panel_of(page).get_by_role("status")).to_contain_text(f"Rosa Reviewer {words}")
    await asyncio.sleep(0.1)

    said = await page.evaluate("() => [...window.said]")
    assert any("Rosa Reviewer confirmed this match" in one for one in said)
    assert [one for one in said if "former colleague" in one] == []
