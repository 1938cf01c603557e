"""Two people in the room of a pair: they decide, undo, and match by hand, one with the mouse and one with the keyboard."""

import asyncio
import re
import time

import pytest
from playwright.async_api import expect

from tests.e2e.room import (
    LIMIT,
    LONG,
    PASSWORD,
    ROSA,
    ROWS,
    choose,
    match_all_parts,
    matches_of,
    panel_of,
    ready,
    said_on,
    source_of,
    summary_of,
)
from tests.e2e.test_accessibility import faults_of, follow


async def test_the_review_begins_with_what_waits_and_goes_on_over_pages_with_keys_alone(visitor, manager, long_room):
    page = await visitor.enter(f"/projects/{long_room['project']}/jobs")
    await page.get_by_role("link", name=f"Review {LONG}").press("Enter")
    matches = page.get_by_role("region", name="Matches")
    await expect(matches.get_by_text(f"1–50 of {LONG} matches").first).to_be_visible()
    await expect(matches.locator("tbody tr")).to_have_count(50)

    await matches.locator("tbody tr").first.focus()
    await page.keyboard.press("End")
    await expect(panel_of(page)).to_contain_text("score")
    last = re.search(r"m=([\w-]+)", page.url)[1]
    await ready(page)
    await page.keyboard.press("c")

    await expect(matches.get_by_text(f"50–{LONG - 1} of {LONG - 1} matches").first).to_be_visible()
    first = matches.locator("tbody tr").first
    await expect(first).to_be_focused()
    await expect(first).to_have_attribute("aria-selected", "true")
    await expect(said_on(page)).to_contain_text("You confirmed R-")
    assert (await manager.send("GET", f"/matches/{last}"))["status"] == "confirmed"

    await ready(page)
    await page.keyboard.press("r")
    await expect(matches.locator("tbody tr").nth(1)).to_be_focused()
    await expect(said_on(page)).to_contain_text("You rejected R-")
    assert (await summary_of(manager, long_room))["counts"]["rejected"] == 1


async def test_the_opened_match_is_in_the_address_and_back_closes_it_first(visitor, still_room):
    page = await visitor.enter(still_room["address"])
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    await page.get_by_role("link", name="All", exact=True).click()
    await page.get_by_role("searchbox", name="Find").fill("R-03")
    await expect(rows).to_have_count(10)

    await rows.nth(2).click()
    await expect(panel_of(page)).to_contain_text("score")
    assert "m=" in page.url
    await page.reload()
    await expect(panel_of(page)).to_contain_text("score")
    await page.go_back()

    await expect(panel_of(page)).to_be_hidden()
    await expect(rows).to_have_count(10)
    await expect(page.get_by_role("searchbox", name="Find")).to_have_value("R-03")
    await page.go_back()
    await expect(page.get_by_role("link", name=f"To review {LONG}")).to_have_attribute("aria-current", "page")


async def test_keys_and_undo_work_right_after_a_page_is_loaded(visitor, manager, room):
    match = (await matches_of(manager, room, "limit=1"))[0]["id"]
    page = await visitor.enter(f"{room['address']}&m={match}")
    await ready(page)
    await page.keyboard.press("c")
    await expect(said_on(page)).to_contain_text("You confirmed R-")

    await page.reload()
    await expect(page.locator(".undo")).to_contain_text("You confirmed R-")
    await expect(panel_of(page)).to_contain_text("score")
    await page.keyboard.press("u")

    await expect(said_on(page)).to_contain_text("Undone: You confirmed R-")
    assert (await manager.send("GET", f"/matches/{match}"))["status"] == "suggested"


@pytest.mark.long
async def test_amounts_dates_and_their_difference_stay_side_by_side_below_a_head_that_sticks(visitor, still_room):
    page = await visitor.enter(still_room["address"])
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    await rows.nth(20).click()
    await expect(panel_of(page)).to_contain_text("score")

    cells = rows.nth(20).locator("td.number:visible")
    for width in (1280, 1024):
        await page.set_viewport_size({"width": width, "height": 900})
        await page.locator("main").evaluate("(main) => main.scrollTo(0, 600)")
        head = await page.locator(".matches thead th").first.bounding_box()
        assert head["y"] == pytest.approx((await page.locator("main").bounding_box())["y"], abs=1)
        await expect(cells).to_have_count(3)
        await expect(cells.nth(0)).to_contain_text(re.compile(r"[\d.,]+ EUR\s*2026-03-\d\d"))
        await expect(cells.nth(1)).to_contain_text(re.compile(r"=.*\+1 d|=.*−\d+ d", re.DOTALL))
        await expect(cells.nth(2)).to_contain_text(re.compile(r"[\d.,]+ EUR\s*2026-03-\d\d"))
        box = await page.locator(".split .scroll").first.bounding_box()
        for index in range(3):
            cell = await cells.nth(index).bounding_box()
            assert box["x"] <= cell["x"]
            assert cell["x"] + cell["width"] <= box["x"] + box["width"] + 1


async def test_the_books_agree_only_when_nothing_waits_and_are_copied_as_a_table(visitor, manager, room):
    await visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = await visitor.enter(room["address"])
    books = page.get_by_role("table", name="Books by currency")
    await expect(books).to_contain_text(f"{2 * ROWS} records wait in suggestions")
    await page.get_by_role("button", name="Copy").click()
    await expect(said_on(page)).to_contain_text("The books were copied")
    head, row = [line.split("\t") for line in (await page.evaluate("navigator.clipboard.readText()")).split("\n")]
    found = dict(zip(head, row, strict=True))
    summary = await summary_of(manager, room)
    left = next(one for one in summary["sums"] if one["side"] == "left")
    assert found["Currency"] == "EUR"
    assert found["Matched left"] == "0.00"
    assert found["Open left"] == left["open"]["amount"]
    assert found["Agrees"] == "no"

    sides = dict(one.split("=") for one in room["sides"].split("&"))
    body = {**sides, "action": "confirm", "filter": {"status": "suggested"}, "expected_count": ROWS}
    await manager.send("POST", f"/projects/{room['project']}/review", body)

    await expect(books).to_contain_text("agrees on both sides")
    await expect(page.get_by_role("heading", name="Nothing waits for a decision")).to_be_visible()


@pytest.mark.long
async def test_many_decisions_by_others_reload_the_books_once_a_second(visitor, reviewer, room):
    page = await visitor.enter(room["address"])
    await expect(page.get_by_role("table", name="Books by currency")).to_be_visible()
    matches = await matches_of(reviewer, room, "status=suggested&limit=25")
    readings = []
    page.on("request", lambda request: readings.append(time.monotonic()) if "/summary?" in request.url else None)

    began = time.monotonic()
    async with page.expect_request(lambda request: "/summary?" in request.url):
        for match in matches:
            await reviewer.send("POST", f"/matches/{match['id']}/reject", {})

    await expect(page.get_by_role("link", name="Rejected 25")).to_be_visible()
    assert 1 <= len(readings) <= time.monotonic() - began + 1


@pytest.mark.long
async def test_the_room_breaks_no_rule_of_accessibility(visit, manager, reviewer, room):
    visitor = await visit()  # whose console names the refusal below
    few = room["address"] + "&q=R-00"  # axe looks at each row
    page = await visitor.enter(few)
    await expect(page.get_by_role("link", name=f"To review {ROWS}")).to_be_visible()
    await expect(page.get_by_role("region", name="Matches").locator("tbody tr")).to_have_count(10)
    faults = {"list": await faults_of(page)}
    await page.get_by_role("region", name="Matches").locator("tbody tr").first.click()
    await expect(panel_of(page)).to_contain_text("score")
    faults["match"] = await faults_of(page)
    await page.get_by_role("searchbox", name="Find").fill("nobody has this")
    await expect(page.get_by_text("Nothing found for")).to_be_visible()
    faults["nothing found"] = await faults_of(page)
    await page.get_by_role("button", name="Keys").click()
    faults["keys"] = await faults_of(page)
    await page.keyboard.press("Escape")
    await follow(page, few)
    await page.get_by_role("button", name="Confirm all 10").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    faults["bulk"] = await faults_of(page)
    await page.keyboard.press("Escape")
    await follow(page, room["address"] + "&view=open")
    await choose(page, "Q-901", "Z-3")
    await page.get_by_label("The difference").select_option("is booked")
    faults["by hand"] = await faults_of(page)
    await page.get_by_role("button", name="Export").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    faults["export"] = await faults_of(page)
    await page.keyboard.press("Escape")
    made, project = await match_all_parts(manager, room), f"/projects/{room['project']}"
    await follow(page, room["address"] + f"&status=confirmed&m={made['id']}")
    await panel_of(page).get_by_role("button", name="Split").click()
    await page.get_by_role("radio", name=re.compile("Z-3.*part 1")).check()
    await page.get_by_role("button", name="Split into 2").click()
    await expect(page.get_by_role("dialog").get_by_text("say what becomes of the difference")).to_be_visible()
    faults["split"] = await faults_of(page)
    version = (await manager.send("GET", project))["version"]
    await manager.send("PATCH", project, {"four_eyes_over": LIMIT}, version)
    await manager.send("POST", f"/matches/{made['id']}/undo", {})
    await page.keyboard.press("Escape")
    await expect(panel_of(page).get_by_role("region", name="Signatures")).to_contain_text("You signed to take it back")
    faults["signatures"] = await faults_of(page)
    await manager.send("PATCH", project, {"four_eyes_over": None}, version + 1)
    confirmed = (await matches_of(reviewer, room, "status=suggested&limit=1"))[0]["id"]
    await reviewer.send("POST", f"/matches/{confirmed}/confirm", {})
    await follow(page, f"{project}/jobs/{room['job']}?status=confirmed&m={confirmed}")
    await panel_of(page).get_by_role("button", name="Take back").click()
    await expect(page.get_by_label("Why")).to_be_focused()
    faults["take back"] = await faults_of(page)

    assert {where: found for where, found in faults.items() if found} == {}


async def test_two_people_decide_in_one_room_and_each_undoes_their_own(visit, manager, reviewer, room):
    mine, hers = await visit(), await visit()
    page = await mine.enter(room["address"])
    await hers.enter(room["address"], ROSA, PASSWORD)
    other = hers.page
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    ids = [await rows.nth(index).get_attribute("data-id") for index in range(2)]
    await rows.first.click()
    await other.locator(f"tr[data-id='{ids[0]}']").click()
    await expect(panel_of(other).get_by_role("button", name="Confirm")).to_be_enabled()

    await panel_of(page).get_by_role("button", name="Confirm").click()
    await expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    await expect(other.locator(f"tr[data-id='{ids[0]}']")).to_contain_text("confirmed")
    await expect(panel_of(other).get_by_role("status")).to_contain_text("Mia Manager confirmed this")
    await other.locator(f"tr[data-id='{ids[1]}']").click()
    await panel_of(other).get_by_role("button", name="Reject").click()
    await expect(panel_of(page).get_by_role("status")).to_contain_text("Rosa Reviewer rejected this")

    # Both undo only what they did themselves.
    await page.get_by_role("button", name="Undo").click()
    await expect(said_on(page)).to_contain_text("Undone: You confirmed R-")
    await expect(other.locator(f"tr[data-id='{ids[0]}']")).to_contain_text("suggested")
    assert (await manager.send("GET", f"/matches/{ids[1]}"))["status"] == "rejected"
    await other.get_by_role("button", name="Undo").click()
    # It had left this list, so it is counted rather than inserted among the rows.
    await page.get_by_role("button", name="1 new · Load").click()
    await expect(page.locator(f"tr[data-id='{ids[1]}']")).to_contain_text("suggested")
    await page.wait_for_function("() => document.activeElement !== document.body")
    assert mine.complaints == hers.complaints == []


async def test_records_are_matched_by_hand_with_the_mouse(visit, manager, room):
    page = await (await visit()).enter(room["address"])  # whose console names the two refusals below
    await page.get_by_role("link", name="Open 3 + 4").click()
    form = page.get_by_role("form", name="What is chosen")

    # A payment in two parts comes to the same.
    await choose(page, "Q-900", "Z-1", "Z-2")
    await expect(form).to_contain_text("difference 0.00 EUR")
    await form.get_by_role("button", name="Match").click()
    await expect(said_on(page)).to_contain_text("You matched Q-900 ↔ Z-1 +1 by hand.")
    await expect(page.get_by_role("link", name="Open 2 + 2")).to_be_visible()

    # One that came less a fee does not; the server's refusal is at its field.
    await choose(page, "Q-901", "Z-3")
    await expect(form).to_contain_text("difference 0.75 EUR")
    await form.get_by_role("button", name="Match").click()
    await expect(form.get_by_text("say what becomes of the difference")).to_be_visible()
    await form.get_by_label("The difference").select_option("is booked")
    await form.get_by_role("button", name="Match").click()
    await expect(form.get_by_text("needs a reason code")).to_be_visible()
    await form.get_by_label("As", exact=True).select_option("Fee")
    await form.get_by_role("button", name="Match").click()
    await expect(page.get_by_role("link", name="Open 1 + 1")).to_be_visible()

    # What has no partner is written off, and Undo takes that back.
    await choose(page, "Q-902")
    await form.get_by_label("No partner, because of").select_option("Bad debt")
    await form.get_by_role("button", name="Write off").click()
    await expect(page.get_by_role("link", name="Open 0 + 1")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("link", name="Open 1 + 1")).to_be_visible()
    left = next(one for one in (await summary_of(manager, room))["sums"] if one["side"] == "left")
    assert [left[term]["amount"] for term in ("matched", "booked", "written_off")] == ["780.25", "0.75", "0.00"]


async def test_records_are_matched_by_hand_and_undone_with_the_keyboard_alone(visitor, manager, room):
    page = await visitor.enter(room["address"] + "&view=open")
    await expect(page.get_by_role("checkbox", name=re.compile("Q-900"))).to_be_visible()

    await page.get_by_role("searchbox", name="Find in left").focus()
    await page.keyboard.type("Q-90")
    await page.keyboard.press("Enter")
    await page.get_by_role("checkbox", name=re.compile("Q-900")).focus()
    await page.keyboard.press("Space")
    first = page.get_by_role("checkbox", name=re.compile("Z-1"))
    await first.focus()
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("checkbox", name=re.compile("Z-2"))).to_be_focused()
    await page.keyboard.press("Space")
    await expect(page.get_by_role("form", name="What is chosen")).to_contain_text("difference 0.00 EUR")
    await page.get_by_role("button", name="Match", exact=True).press("Enter")
    await expect(said_on(page)).to_contain_text("You matched Q-900")
    await expect(page.get_by_role("link", name="Open 2 + 2")).to_be_visible()
    await page.wait_for_function("() => document.activeElement !== document.body")

    await page.keyboard.press("u")
    await expect(said_on(page)).to_contain_text("Undone: You matched Q-900")
    await expect(page.get_by_role("link", name="Open 3 + 4")).to_be_visible()
    assert (await summary_of(manager, room))["counts"]["confirmed"] == 0


async def test_whoever_chooses_two_records_is_told_why_no_pass_matched_them(visitor, still_room):
    page = await visitor.enter(still_room["address"] + "&view=open")
    await choose(page, "Q-901", "Z-3")
    asking = page.get_by_text("Why were these two not matched?")

    await asking.focus()
    await page.keyboard.press("Enter")
    why = page.get_by_role("region", name="Why these two were not matched")
    await expect(why).to_contain_text("No pass lets the two records through.")
    await expect(why.get_by_role("row", name=re.compile("^reference"))).to_contain_text("fails")
    assert await faults_of(page) == []

    await choose(page, "Z-1")
    await expect(asking).to_be_hidden()


async def test_a_bulk_asks_again_when_there_are_others_by_now_and_is_undone_as_a_whole(visit, reviewer, manager, room):
    page = await (await visit()).enter(room["address"])  # whose console names the refusal below
    await page.get_by_role("button", name=f"Confirm all {ROWS}").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text(f"Confirm {ROWS} matches?")
    match = (await matches_of(reviewer, room, "status=suggested&limit=1"))[0]
    await reviewer.send("POST", f"/matches/{match['id']}/reject", {})

    await dialog.get_by_role("button", name=f"Confirm {ROWS} matches").click()
    await expect(dialog.get_by_role("alert")).to_contain_text(f"There are {ROWS - 1} now")
    assert (await summary_of(manager, room))["counts"]["confirmed"] == 0
    await dialog.get_by_role("button", name=f"Confirm {ROWS - 1} matches").click()
    await expect(said_on(page)).to_contain_text(f"You confirmed {ROWS - 1} matches.")
    await expect(page.get_by_role("link", name=f"Confirmed {ROWS - 1}")).to_be_visible()
    await page.wait_for_function("() => document.activeElement !== document.body")

    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("link", name=f"To review {ROWS - 1}")).to_be_visible()
    assert (await manager.send("GET", f"/matches/{match['id']}"))["status"] == "rejected"


@pytest.mark.long
async def test_letters_can_be_turned_off_and_a_match_is_talked_about(visitor, manager, room):
    page = await visitor.enter(room["address"])
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    await page.keyboard.press("?")
    await page.get_by_role("dialog").get_by_role("checkbox").uncheck()
    await page.keyboard.press("Escape")
    await page.reload()
    await rows.first.click()
    await expect(panel_of(page)).to_contain_text("score")
    await page.keyboard.press("c")
    await page.keyboard.press("ArrowDown")
    await expect(rows.nth(1)).to_be_focused()
    assert (await summary_of(manager, room))["counts"]["confirmed"] == 0

    await panel_of(page).get_by_role("textbox", name="Comment").fill("Rosa, is this yours?")
    await panel_of(page).get_by_role("button", name="Add comment").click()
    await expect(panel_of(page).get_by_role("list", name="Comments")).to_contain_text("Rosa, is this yours?")
    await expect(said_on(page)).to_contain_text("Your comment was added.")
    await panel_of(page).get_by_label("Who is to look at this").select_option("Rosa Reviewer")
    match = re.search(r"m=([\w-]+)", page.url)[1]
    await expect(panel_of(page).get_by_role("list", name="History")).to_contain_text("said who is to look at this")
    assert (await manager.send("GET", f"/matches/{match}"))["assignee"] is not None


@pytest.mark.long
async def test_what_a_third_source_has_is_in_the_books_and_in_the_open_items(visitor, manager, room):
    items = (await manager.send("GET", f"/projects/{room['project']}/open-items?{room['sides']}&side=left"))["items"]
    ids = {item["record"]["reference"]: item["id"] for item in items}
    third = await source_of(manager, room["project"], "Card", ["K-1,2026-04-01,3.33,EUR,Card"])
    (record,) = (await manager.send("GET", f"/sources/{third}/records"))["items"]
    left = room["sides"].split("&")[0].removeprefix("left_source=")
    body = {"left_source": left, "right_source": third, "left": [ids["Q-902"]], "right": [record["id"]]}
    await manager.send("POST", f"/projects/{room['project']}/matches", body)
    project = await manager.send("GET", f"/projects/{room['project']}")
    await manager.send("PATCH", f"/projects/{room['project']}", {"four_eyes_over": LIMIT}, project["version"])
    await manager.send("POST", f"/records/{ids['Q-900']}/write-off", {"reason": "other"})

    page = await visitor.enter(room["address"])
    books = page.get_by_role("region", name="Books")
    await expect(books.get_by_role("columnheader", name="Elsewhere")).to_be_visible()
    await expect(books.locator("tbody tr").first).to_contain_text("left 3.33")
    assert await faults_of(page) == []
    await page.get_by_role("link", name="Open 2 + 4").click()
    rows = page.get_by_role("region", name="Open left").locator("tr[data-id]")

    await expect(rows).to_have_count(2)
    await expect(rows.filter(has_text="Q-900")).to_contain_text("write-off signed once")
    assert await faults_of(page) == []


async def test_whoever_is_given_a_match_is_told_and_finds_it(visit, manager, room):
    mine, hers = await visit(), await visit()
    (found,) = await matches_of(manager, room, "status=suggested&limit=1")
    match, reference = found["id"], found["records"][0]["reference"]
    viewer = {"email": "admin@tallyroom.example", "role": "viewer"}
    viewer = await manager.send("POST", f"/projects/{room['project']}/members", viewer)
    other = await hers.enter(f"/projects/{room['project']}/sources", ROSA, PASSWORD)
    await expect(other.get_by_role("heading", name="Sources")).to_be_visible()
    page = await mine.enter(f"{room['address']}&m={match}")
    choice = panel_of(page).get_by_label("Who is to look at this")
    await expect(choice.get_by_role("option", name="Rosa Reviewer")).to_be_attached()
    assert viewer["display_name"] not in await choice.locator("option").all_inner_texts()

    await choice.select_option("Rosa Reviewer")
    await expect(said_on(page)).to_contain_text(f"You gave {reference} ↔ {reference} to Rosa Reviewer.")
    row = page.get_by_role("region", name="Matches").locator(f"tr[data-id='{match}']")
    await expect(row).to_contain_text("for Rosa Reviewer")
    told = other.get_by_role("status").get_by_role("link", name="1 match for you")
    await expect(told).to_be_visible()
    assert await faults_of(other) == []
    await told.press("Enter")

    await expect(panel_of(other)).to_contain_text("score")
    rows = other.get_by_role("region", name="Matches").locator("tr[data-id]")
    await expect(rows).to_have_count(1)
    await expect(rows.first).to_contain_text("for you")
    await expect(told).to_be_hidden()
    assert await faults_of(other) == []
    switch = other.get_by_role("button", name="For you 1", pressed=True)
    await switch.press("Enter")
    await expect(rows).to_have_count(ROWS)
    now = (await manager.send("GET", f"/matches/{match}"))["version"]
    await manager.send("PUT", f"/matches/{match}/assignee", {"user_id": None}, now)
    await expect(other.get_by_role("button", name="For you")).to_be_hidden()
    await expect(rows.filter(has_text="for you")).to_have_count(0)


@pytest.mark.long
async def test_two_people_sign_and_see_who_has_signed_and_what_is_missing(visit, manager, room, two_sign):
    mine, hers = await visit(), await visit()
    page = await mine.enter(room["address"])
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    match = await rows.first.get_attribute("data-id")
    await hers.enter(f"{room['address']}&m={match}", ROSA, PASSWORD)
    other = hers.page
    await expect(panel_of(other).get_by_role("button", name="Confirm")).to_be_enabled()
    await rows.first.click()
    await panel_of(page).get_by_role("button", name="Confirm").click()

    # It goes on to the next one, since this person can do no more about the first.
    await expect(said_on(page)).to_contain_text("Another person has to sign too.")
    await expect(rows.nth(1)).to_be_focused()
    await expect(rows.first).to_contain_text("signed once", use_inner_text=False)
    await rows.first.click()
    signatures = panel_of(page).get_by_role("region", name="Signatures")
    await expect(signatures).to_contain_text("You signed to confirm it")
    await expect(signatures).to_contain_text("A second person has to sign too: a controller or an owner.")
    await expect(panel_of(page).get_by_role("button", name="Confirm")).to_be_disabled()
    theirs = panel_of(other).get_by_role("region", name="Signatures")
    await expect(theirs).to_contain_text("Mia Manager signed to confirm it")
    await expect(theirs).to_contain_text("yours is the second signature")
    await expect(panel_of(other).get_by_role("status")).to_contain_text("Mia Manager signed this")

    # What was signed is taken back, and signed once more.
    await signatures.get_by_role("button", name="Take my signature back").click()
    await expect(said_on(page)).to_contain_text("You took your signature for R-")
    await expect(rows.first).to_be_focused()
    await expect(theirs).to_be_hidden()
    told = panel_of(other).get_by_role("list", name="History")
    await expect(told).to_contain_text("Mia Manager · signed to confirm it")
    await expect(told).to_contain_text("Mia Manager · took the signature to confirm it back")
    assert (await manager.send("GET", f"/matches/{match}"))["signatures"] == []
    await panel_of(page).get_by_role("button", name="Confirm").click()
    await expect(theirs).to_contain_text("Mia Manager signed to confirm it")
    await panel_of(other).get_by_role("button", name="Confirm").click()
    await expect(said_on(other)).to_contain_text("You confirmed R-")
    assert (await manager.send("GET", f"/matches/{match}"))["status"] == "confirmed"
    assert mine.complaints == hers.complaints == []


@pytest.mark.long
async def test_what_was_taken_back_as_a_whole_says_that_no_undo_follows_and_what_can_be_done(visitor, manager, room):
    page = await visitor.enter(room["address"])
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    await rows.first.click()
    await panel_of(page).get_by_role("button", name="Confirm").click()
    await page.get_by_role("link", name="Confirmed 1").click()
    await page.get_by_role("button", name="Take back all 1").click()
    await expect(page.get_by_role("dialog")).to_contain_text("There is no undo for this as a whole")
    await page.get_by_role("dialog").get_by_role("button", name="Take back 1 match").click()

    await expect(said_on(page)).to_contain_text("You took back 1 match.")
    bar = page.locator(".undo")
    await expect(bar).to_contain_text("There is no undo for that as a whole")
    await expect(bar.get_by_role("button", name="Undo")).to_have_count(0)
    await page.wait_for_function("() => document.activeElement !== document.body")  # in the next frame
    await page.keyboard.press("u")
    await expect(said_on(page)).to_contain_text("what waits again can be decided again")
    assert (await summary_of(manager, room))["counts"]["suggested"] == ROWS
    await bar.get_by_role("button", name="Review them").click()
    await expect(page.get_by_role("link", name=f"To review {ROWS}")).to_have_attribute("aria-current", "page")
    await expect(page.get_by_role("link", name="Confirmed 0")).not_to_have_attribute("aria-current", "page")
    await bar.get_by_role("button", name="Dismiss").click()
    await expect(bar.get_by_role("button", name="Review them")).to_have_count(0)
    await expect(bar.get_by_role("button", name="Undo")).to_be_visible()
    await page.wait_for_function("() => document.activeElement !== document.body")  # in the next frame


@pytest.mark.long
async def test_a_bulk_says_what_it_left_to_a_second_person(visitor, manager, room, two_sign):
    page = await visitor.enter(room["address"])
    await page.get_by_role("button", name=f"Confirm all {ROWS}").click()
    await page.get_by_role("dialog").get_by_role("button", name=f"Confirm {ROWS} matches").click()

    await expect(said_on(page)).to_contain_text(f"Skipped: {ROWS} because a second person has to sign them one by one.")
    assert (await summary_of(manager, room))["counts"]["suggested"] == ROWS


@pytest.mark.long
async def test_matches_are_sorted_by_amount_and_date_in_both_directions(visitor, still_room):
    page = await visitor.enter(still_room["address"])
    first = page.get_by_role("region", name="Matches").locator("tbody tr").first
    for order, words in {
        "largest amount first": f"R-{LONG - 1:03}",
        "smallest amount first": "R-000",
        "newest date first": "2026-03-27",
        "oldest date first": "2026-03-01",
    }.items():
        await page.get_by_label("Order").select_option(order)
        await expect(first).to_contain_text(words)


TOWNS = ("Oslo", "Turku", "Espoo", "Bergen", "Malmo")
FIRMS = (
    *("Harbour Textiles", "Granite Optics", "Lumen Logistics", "Delta Printing"),
    *("Acme Trading", "Juniper Tools", "Cobalt Paper", "Nordic Foods"),
)


@pytest.mark.long
async def test_the_runner_up_stands_beside_the_match(visitor, manager):
    firms = [f"{firm} {town}" for town in TOWNS for firm in FIRMS]
    left = [f"{firm},2026-03-{n % 25 + 1:02},{100 + 13 * n}.{10 + n},EUR" for n, firm in enumerate(firms)]
    right = [f"{firm.upper()},2026-03-{n % 25 + 2:02},{100 + 13 * n}.{10 + n},EUR" for n, firm in enumerate(firms)]
    # One was paid twice, on two days.
    left += ["Harbour Textiles Vaasa,2026-03-10,1200.00,EUR"]
    right += [f"HARBOUR TEXTILES VAASA,2026-03-{day},1200.00,EUR" for day in (11, 12)]
    project = await manager.send("POST", "/projects", {"name": "Paid twice"})
    sides = [
        await manager.upload(project["id"], name, "\n".join(["who,booked,amount,currency", *rows, ""]))
        for name, rows in (("Books", left), ("Bank", right))
    ]
    body = dict(zip(("left_source", "right_source"), sides, strict=True))
    await manager.send("POST", f"/projects/{project['id']}/jobs", body)
    page = await visitor.enter(f"/projects/{project['id']}/review?left={sides[0]}&right={sides[1]}&status=all")
    await page.get_by_label("Order").select_option("largest amount first")
    first = page.get_by_role("region", name="Matches").locator("tbody tr").first
    await expect(first).to_contain_text("1,200.00")
    await first.click()

    beside = panel_of(page).get_by_role("table", name="This match and the runner-up")
    await expect(beside.get_by_role("row", name=re.compile("^left"))).to_contain_text("the same")
    await expect(beside.get_by_role("row", name=re.compile("^right"))).to_contain_text(
        re.compile("2026-03-11.*2026-03-12", re.DOTALL)
    )
    evidence = panel_of(page).get_by_role("table", name="Evidence for this match and for the runner-up")
    await expect(evidence.get_by_role("columnheader", name="Runner-up")).to_be_visible()
    await expect(evidence.get_by_role("row", name=re.compile("^date"))).to_contain_text("2026-03-12")
    texts = [
        await row.locator("td.number, td .number").all_inner_texts() for row in await evidence.get_by_role("row").all()
    ]
    for bits in zip(*texts[1:], strict=True):
        *parts, score = (round(float(text.split()[0].replace("−", "-")) * 10) for text in bits)
        assert sum(parts) == score
    assert await faults_of(page) == []


@pytest.mark.long
async def test_a_row_that_moves_away_while_the_button_is_down_is_opened_all_the_same(visitor, still_room):
    page = await visitor.enter(still_room["address"])
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    await expect(rows).to_have_count(50)
    pressed = asyncio.Event()

    async def late(route):
        await pressed.wait()
        await route.continue_()

    await page.route("**/matches?*sort=-amount*", late)
    await page.get_by_label("Order").select_option("largest amount first")
    match = await rows.nth(2).get_attribute("data-id")
    await rows.nth(2).hover()
    await page.mouse.down()
    pressed.set()
    await expect(rows.first).to_contain_text(f"R-{LONG - 1:03}")
    await page.mouse.up()

    await expect(panel_of(page)).to_contain_text("score")
    assert re.search(r"m=([\w-]+)", page.url)[1] == match
    assert "sort=-amount" in page.url


@pytest.mark.long
async def test_open_items_keep_their_places_while_others_change_what_is_open(visitor, manager, reviewer, room):
    page = await visitor.enter(room["address"] + "&view=open")
    rows = page.get_by_role("region", name="Open left").locator("tbody tr")
    await expect(rows).to_have_count(3)
    lost = rows.filter(has_text="Q-902")
    await choose(page, "Q-900")
    record = await lost.get_attribute("data-id")
    match = (await matches_of(reviewer, room, "status=suggested&limit=1"))[0]

    await reviewer.send("POST", f"/matches/{match['id']}/reject", {})
    await manager.send("POST", f"/records/{record}/write-off", {"reason": "bad_debt"})

    await expect(lost).to_contain_text("no longer open")
    load = page.get_by_role("region", name="Open left").get_by_role("button", name="Load")
    await expect(load).to_be_visible()
    await expect(rows).to_have_count(3)
    await load.press("Enter")
    await expect(rows.filter(has_text=match["records"][0]["reference"])).to_have_count(1)
    await expect(lost).to_have_count(0)
    await expect(page.get_by_role("checkbox", name=re.compile("Q-900"))).to_be_checked()
    await page.wait_for_function("() => document.activeElement !== document.body")  # in the next frame


@pytest.mark.long
async def test_one_link_leads_past_everything_to_the_list(visitor, still_room):
    page = await visitor.enter(still_room["address"])
    first = page.get_by_role("region", name="Matches").locator("tbody tr").first
    await expect(first).to_be_visible()
    await page.get_by_role("link", name="Skip to the content").press("Enter")
    await expect(first).to_be_focused()

    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog").get_by_role("checkbox")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(first).to_be_focused()


@pytest.mark.long
async def test_on_a_phone_the_books_are_a_card_that_needs_no_scrolling(visitor, manager, room):
    await match_all_parts(manager, room)  # with a difference that is booked
    page = await visitor.enter(room["address"])
    await page.set_viewport_size({"width": 390, "height": 780})

    books = page.get_by_role("region", name="Books")
    await expect(books.locator("td .term").first).to_be_visible()
    cells = books.locator("tbody th, tbody td")  # the head is only read out
    assert (
        max(await cells.evaluate_all("(all) => all.map((e) => e.scrollWidth + e.getBoundingClientRect().left)")) <= 390
    )
    assert await page.locator(".page").evaluate("(e) => e.scrollWidth <= e.clientWidth")
    shown = await books.locator("td:visible .term").all_inner_texts()
    assert {"Matched left", "Matched right", "Difference", "To review", "Open", "Booked"} <= set(shown)
    assert "Explained" not in shown  # nothing stands there


@pytest.mark.long
async def test_remainders_are_called_by_their_records_without_a_request_for_each(visitor, manager, room):
    items = (await manager.send("GET", f"/projects/{room['project']}/open-items?{room['sides']}&limit=50"))["items"]
    ids = {item["record"]["reference"]: item["id"] for item in items}
    sides = dict(one.split("=") for one in room["sides"].split("&"))
    body = {**sides, "left": [ids["Q-900"]], "right": [ids["Z-1"]], "difference": "open"}
    await manager.send("POST", f"/projects/{room['project']}/matches", body)
    page = await visitor.enter(room["address"])
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    await (
        page.get_by_role("navigation", name="Matches and open items")
        .get_by_role("link", name=re.compile("^Open"))
        .click()
    )

    row = page.get_by_role("region", name="Open left").locator("tbody tr").filter(has_text="remainder of 700.00")
    await expect(row).to_contain_text("Q-900")
    assert [url for url in asked if re.search(r"/matches/[0-9a-f-]{36}$", url)] == []


@pytest.mark.long
async def test_a_bulk_over_what_is_just_being_looked_for_counts_before_it_asks(visit, room):
    visitor = await visit()  # whose console names the refusal that says the number
    page = await visitor.enter(room["address"])
    matches = page.get_by_role("region", name="Matches")
    await expect(matches.get_by_role("button", name=f"Confirm all {ROWS} …")).to_be_visible()
    may_come = asyncio.Event()

    async def slowly(route):
        await may_come.wait()
        await route.continue_()

    await page.route("**/matches?*q=R-01*", slowly)
    await page.get_by_role("searchbox", name="Find").fill("R-01")
    await page.keyboard.press("Enter")
    await matches.get_by_role("button", name="Confirm all …").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("heading", name="Confirm all matches?")).to_be_visible()
    await dialog.get_by_role("button", name="Count them").click()

    await expect(dialog.get_by_role("heading", name="Confirm 10 matches?")).to_be_visible()
    await expect(dialog.get_by_role("alert")).to_have_count(0)
    may_come.set()
    await dialog.get_by_role("button", name="Confirm 10 matches").click()
    await expect(said_on(page)).to_contain_text("You confirmed 10 matches.")
    await expect(page.get_by_role("link", name=f"To review {ROWS - 10}")).to_be_visible()


@pytest.mark.long
async def test_whoever_opens_a_match_while_the_next_one_is_looked_for_stays_there(visitor, long_room):
    page = await visitor.enter(long_room["address"])
    matches = page.get_by_role("region", name="Matches")
    await expect(matches.locator("tbody tr")).to_have_count(50)
    other = await matches.locator("tbody tr").nth(9).get_attribute("data-id")
    await matches.get_by_role("button", name="Next").first.click()
    await expect(matches.get_by_text(f"51–{LONG} of").first).to_be_visible()
    await page.keyboard.press("End")
    last = re.search(r"m=([\w-]+)", page.url)[1]
    await ready(page)
    may_come = asyncio.Event()

    async def slowly(route):
        await may_come.wait()
        await route.continue_()

    await page.route("**/matches?*", slowly)
    await page.keyboard.press(
        "c"
    )  # on the last row of the last page: the next one that waits is looked for from the start
    await expect(said_on(page)).to_contain_text("You confirmed R-")
    await expect(page).not_to_have_url(re.compile(last))
    await matches.locator(f"tr[data-id='{other}']").click()
    await expect(page).to_have_url(re.compile(other))
    may_come.set()

    await expect(matches.get_by_text(f"1–50 of {LONG - 1} matches").first).to_be_visible()
    await expect(page).to_have_url(re.compile(other))
    await expect(panel_of(page)).to_contain_text("score")
