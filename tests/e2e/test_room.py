"""Two people in the room of a pair: they decide, undo, and match by hand, one with the mouse and one with the keyboard."""

import asyncio
import csv
import io
import json
import re
import time

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import ADMIN, MANAGER
from tests.e2e.test_accessibility import faults_of

PASSWORD = "the reviewer's own sentence"
ROSA = "rosa@tallyroom.example"
ROWS = 55  # more than a page
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


def _files() -> tuple[str, str]:
    left = [f"R-{n:03},2026-03-{n % 27 + 1:02},{1000 + n * 7}.{n % 90 + 10},EUR,Customer {n}" for n in range(ROWS)]
    right = [f"R-{n:03},2026-03-{n % 27 + 2:02},{1000 + n * 7}.{n % 90 + 10},EUR,Payer {n}" for n in range(ROWS)]
    return "\n".join([HEAD, *left, *OPEN_LEFT, ""]), "\n".join([HEAD, *right, *OPEN_RIGHT, ""])


@pytest.fixture
async def reviewer(rest, demo):
    """A second analyst, over REST, whose name others see."""
    admin = await rest(ADMIN)
    people = (await admin.send("GET", "/users?limit=100"))["items"]
    if not any(one["email"] == ROSA for one in people):
        body = {"email": ROSA, "display_name": "Rosa Reviewer", "role": "user", "password": PASSWORD}
        await admin.send("POST", "/users", body)
    return await rest(ROSA, PASSWORD)


@pytest.fixture
async def room(manager, reviewer):
    """A project with suggestions, in which Rosa is an analyst."""
    project = await manager.send("POST", "/projects", {"name": "The room"})
    await manager.send("POST", f"/projects/{project['id']}/members", {"email": ROSA, "role": "analyst"})
    left, right = [
        await manager.upload(project["id"], name, text) for name, text in zip(("Books", "Bank"), _files(), strict=True)
    ]
    job = await manager.send("POST", f"/projects/{project['id']}/jobs", {"left_source": left, "right_source": right})
    for _ in range(300):
        job = await manager.send("GET", f"/jobs/{job['id']}")
        if job["status"] == "completed":
            break
        await asyncio.sleep(0.1)
    assert job["counts"]["confirmed"] == ROWS, job
    # What a job has confirmed becomes a suggestion again.
    body = {"left_source": left, "right_source": right, "action": "undo", "filter": {}, "expected_count": ROWS}
    await manager.send("POST", f"/projects/{project['id']}/review", body)
    return {
        "project": project["id"],
        "job": job["id"],
        "sides": f"left_source={left}&right_source={right}",
        "address": f"/projects/{project['id']}/review?left={left}&right={right}",
    }


async def _summary(person, room):
    return await person.send("GET", f"/projects/{room['project']}/summary?{room['sides']}")


async def _matches(person, room, query):
    return (await person.send("GET", f"/projects/{room['project']}/matches?{room['sides']}&{query}"))["items"]


async def _match_all_parts(person, room):
    """One match of the payment in two parts and of the one less a fee, as somebody would make it who looks at the total."""
    items = (await person.send("GET", f"/projects/{room['project']}/open-items?{room['sides']}&limit=50"))["items"]
    ids = {item["record"]["reference"]: item["id"] for item in items}
    sides = dict(one.split("=") for one in room["sides"].split("&"))
    records = {"left": [ids["Q-900"], ids["Q-901"]], "right": [ids["Z-1"], ids["Z-2"], ids["Z-3"]]}
    body = {**sides, **records, "difference": "booked", "difference_reason": "fee"}
    return await person.send("POST", f"/projects/{room['project']}/matches", body)


def _panel(page):
    return page.get_by_role("complementary", name="Match")


def _said(page):
    return page.locator(".undo").get_by_role("status")


async def _ready(page):
    """Keys decide only after the match has been on the screen for a moment."""
    await expect(_panel(page).locator("button[aria-keyshortcuts=c]")).to_be_visible()


async def test_the_review_begins_with_what_waits_and_goes_on_over_pages_with_keys_alone(visitor, manager, room):
    page = await visitor.enter(f"/projects/{room['project']}/jobs")
    await page.get_by_role("link", name=f"Review {ROWS}").press("Enter")
    matches = page.get_by_role("region", name="Matches")
    await expect(matches.get_by_text(f"1–50 of {ROWS} matches").first).to_be_visible()
    await expect(matches.locator("tbody tr")).to_have_count(50)

    await matches.locator("tbody tr").first.focus()
    await page.keyboard.press("End")
    await expect(_panel(page)).to_contain_text("score")
    last = re.search(r"m=([\w-]+)", page.url)[1]
    await _ready(page)
    await page.keyboard.press("c")

    await expect(matches.get_by_text(f"51–{ROWS} of").first).to_be_visible()
    first = matches.locator("tbody tr").first
    await expect(first).to_be_focused()
    await expect(first).to_have_attribute("aria-selected", "true")
    await expect(_said(page)).to_contain_text("You confirmed R-")
    assert (await manager.send("GET", f"/matches/{last}"))["status"] == "confirmed"

    await _ready(page)
    await page.keyboard.press("r")
    await expect(matches.locator("tbody tr").nth(1)).to_be_focused()
    await expect(_said(page)).to_contain_text("You rejected R-")
    assert (await _summary(manager, room))["counts"]["rejected"] == 1


async def test_the_opened_match_is_in_the_address_and_back_closes_it_first(visitor, room):
    page = await visitor.enter(room["address"])
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    await page.get_by_role("link", name="All", exact=True).click()
    await page.get_by_role("searchbox", name="Find").fill("R-03")
    await expect(rows).to_have_count(10)

    await rows.nth(2).click()
    await expect(_panel(page)).to_contain_text("score")
    assert "m=" in page.url
    await page.reload()
    await expect(_panel(page)).to_contain_text("score")
    await page.go_back()

    await expect(_panel(page)).to_be_hidden()
    await expect(rows).to_have_count(10)
    await expect(page.get_by_role("searchbox", name="Find")).to_have_value("R-03")
    await page.go_back()
    await expect(page.get_by_role("link", name=f"To review {ROWS}")).to_have_attribute("aria-current", "page")


@pytest.mark.parametrize("width", [1280, 1024])
async def test_amounts_dates_and_their_difference_stay_side_by_side_below_a_head_that_sticks(visitor, room, width):
    page = await visitor.enter(room["address"])
    await page.set_viewport_size({"width": width, "height": 900})
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    await rows.nth(20).click()
    await expect(_panel(page)).to_contain_text("score")

    await page.locator("main").evaluate("(main) => main.scrollTo(0, 600)")
    head = await page.locator(".matches thead th").first.bounding_box()
    assert head["y"] == pytest.approx((await page.locator("main").bounding_box())["y"], abs=1)
    cells = rows.nth(20).locator("td.number:visible")
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
    await expect(_said(page)).to_contain_text("The books were copied")
    head, row = [line.split("\t") for line in (await page.evaluate("navigator.clipboard.readText()")).split("\n")]
    found = dict(zip(head, row, strict=True))
    summary = await _summary(manager, room)
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


async def test_many_decisions_by_others_reload_the_books_once_a_second(visitor, reviewer, room):
    page = await visitor.enter(room["address"])
    await expect(page.get_by_role("table", name="Books by currency")).to_be_visible()
    matches = await _matches(reviewer, room, "status=suggested&limit=25")
    readings = []
    page.on("request", lambda request: readings.append(time.monotonic()) if "/summary?" in request.url else None)

    began = time.monotonic()
    async with page.expect_request(lambda request: "/summary?" in request.url):
        for match in matches:
            await reviewer.send("POST", f"/matches/{match['id']}/reject", {})

    await expect(page.get_by_role("link", name="Rejected 25")).to_be_visible()
    assert 1 <= len(readings) <= time.monotonic() - began + 1


async def test_the_room_breaks_no_rule_of_accessibility(visit, manager, room):
    visitor = await visit()  # whose console names the refusal below
    page = await visitor.enter(room["address"], MANAGER)
    await expect(page.get_by_role("link", name=f"To review {ROWS}")).to_be_visible()
    faults = {"list": await faults_of(page)}
    await page.get_by_role("region", name="Matches").locator("tbody tr").first.click()
    await expect(_panel(page)).to_contain_text("score")
    faults["match"] = await faults_of(page)
    await page.get_by_role("searchbox", name="Find").fill("nobody has this")
    await expect(page.get_by_text("Nothing found for")).to_be_visible()
    faults["nothing found"] = await faults_of(page)
    await page.get_by_role("button", name="Keys").click()
    faults["keys"] = await faults_of(page)
    await page.keyboard.press("Escape")
    await page.goto(visitor.url + room["address"])
    await page.get_by_role("button", name=f"Confirm all {ROWS}").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    faults["bulk"] = await faults_of(page)
    await page.goto(visitor.url + room["address"] + "&view=open")
    await _choose(page, "Q-901", "Z-3")
    await page.get_by_label("The difference").select_option("is booked")
    faults["by hand"] = await faults_of(page)
    await page.get_by_role("button", name="Export").click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    faults["export"] = await faults_of(page)
    made, project = await _match_all_parts(manager, room), f"/projects/{room['project']}"
    await page.goto(visitor.url + room["address"] + f"&status=confirmed&m={made['id']}")
    await _panel(page).get_by_role("button", name="Split").click()
    await page.get_by_role("radio", name=re.compile("Z-3.*part 1")).check()
    await page.get_by_role("button", name="Split into 2").click()
    await expect(page.get_by_role("dialog").get_by_text("say what becomes of the difference")).to_be_visible()
    faults["split"] = await faults_of(page)
    version = (await manager.send("GET", project))["version"]
    await manager.send("PATCH", project, {"four_eyes_over": LIMIT}, version)
    await manager.send("POST", f"/matches/{made['id']}/undo", {})
    await page.keyboard.press("Escape")
    await expect(_panel(page).get_by_role("region", name="Signatures")).to_contain_text("You signed to take it back")
    faults["signatures"] = await faults_of(page)

    assert {where: found for where, found in faults.items() if found} == {}


async def _choose(page, *words):
    for word in words:
        await page.get_by_role("checkbox", name=re.compile(word)).check()


async def test_two_people_decide_in_one_room_and_each_undoes_their_own(visit, manager, reviewer, room):
    mine, hers = await visit(), await visit()
    page = await mine.enter(room["address"])
    await hers.page.goto(hers.url + room["address"])
    await hers.sign_in(ROSA, PASSWORD)
    other = hers.page
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    ids = [await rows.nth(index).get_attribute("data-id") for index in range(2)]
    await rows.first.click()
    await other.locator(f"tr[data-id='{ids[0]}']").click()
    await expect(_panel(other).get_by_role("button", name="Confirm")).to_be_enabled()

    await _panel(page).get_by_role("button", name="Confirm").click()
    await expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    await expect(other.locator(f"tr[data-id='{ids[0]}']")).to_contain_text("confirmed")
    await expect(_panel(other).get_by_role("status")).to_contain_text("Mia Manager confirmed this")
    await other.locator(f"tr[data-id='{ids[1]}']").click()
    await _panel(other).get_by_role("button", name="Reject").click()
    await expect(_panel(page).get_by_role("status")).to_contain_text("Rosa Reviewer rejected this")

    # Both undo only what they did themselves.
    await page.get_by_role("button", name="Undo").click()
    await expect(_said(page)).to_contain_text("Undone: You confirmed R-")
    await expect(other.locator(f"tr[data-id='{ids[0]}']")).to_contain_text("suggested")
    assert (await manager.send("GET", f"/matches/{ids[1]}"))["status"] == "rejected"
    await other.get_by_role("button", name="Undo").click()
    # It had left this list, so it is counted rather than inserted among the rows.
    await page.get_by_role("button", name="1 new · Load").click()
    await expect(page.locator(f"tr[data-id='{ids[1]}']")).to_contain_text("suggested")
    assert await page.evaluate("document.activeElement !== document.body")
    assert mine.complaints == hers.complaints == []


async def test_records_are_matched_by_hand_with_the_mouse(visit, manager, room):
    page = await (await visit()).enter(room["address"])  # whose console names the two refusals below
    await page.get_by_role("link", name="Open 3 + 4").click()
    form = page.get_by_role("form", name="What is chosen")

    # A payment in two parts comes to the same.
    await _choose(page, "Q-900", "Z-1", "Z-2")
    await expect(form).to_contain_text("difference 0.00 EUR")
    await form.get_by_role("button", name="Match").click()
    await expect(_said(page)).to_contain_text("You matched Q-900 ↔ Z-1 +1 by hand.")
    await expect(page.get_by_role("link", name="Open 2 + 2")).to_be_visible()

    # One that came less a fee does not; the server's refusal is at its field.
    await _choose(page, "Q-901", "Z-3")
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
    await _choose(page, "Q-902")
    await form.get_by_label("No partner, because of").select_option("Bad debt")
    await form.get_by_role("button", name="Write off").click()
    await expect(page.get_by_role("link", name="Open 0 + 1")).to_be_visible()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("link", name="Open 1 + 1")).to_be_visible()
    left = next(one for one in (await _summary(manager, room))["sums"] if one["side"] == "left")
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
    await expect(_said(page)).to_contain_text("You matched Q-900")
    await expect(page.get_by_role("link", name="Open 2 + 2")).to_be_visible()
    assert await page.evaluate("document.activeElement !== document.body")

    await page.keyboard.press("u")
    await expect(_said(page)).to_contain_text("Undone: You matched Q-900")
    await expect(page.get_by_role("link", name="Open 3 + 4")).to_be_visible()
    assert (await _summary(manager, room))["counts"]["confirmed"] == 0


async def test_a_bulk_asks_again_when_there_are_others_by_now_and_is_undone_as_a_whole(visit, reviewer, manager, room):
    page = await (await visit()).enter(room["address"])  # whose console names the refusal below
    await page.get_by_role("button", name=f"Confirm all {ROWS}").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text(f"Confirm {ROWS} matches?")
    match = (await _matches(reviewer, room, "status=suggested&limit=1"))[0]
    await reviewer.send("POST", f"/matches/{match['id']}/reject", {})

    await dialog.get_by_role("button", name=f"Confirm {ROWS} matches").click()
    await expect(dialog.get_by_role("alert")).to_contain_text(f"There are {ROWS - 1} now")
    assert (await _summary(manager, room))["counts"]["confirmed"] == 0
    await dialog.get_by_role("button", name=f"Confirm {ROWS - 1} matches").click()
    await expect(_said(page)).to_contain_text(f"You confirmed {ROWS - 1} matches.")
    await expect(page.get_by_role("link", name=f"Confirmed {ROWS - 1}")).to_be_visible()
    assert await page.evaluate("document.activeElement !== document.body")

    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("link", name=f"To review {ROWS - 1}")).to_be_visible()
    assert (await manager.send("GET", f"/matches/{match['id']}"))["status"] == "rejected"


async def test_letters_can_be_turned_off_and_a_match_is_talked_about(visitor, manager, room):
    page = await visitor.enter(room["address"])
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    await page.keyboard.press("?")
    await page.get_by_role("dialog").get_by_role("checkbox").uncheck()
    await page.keyboard.press("Escape")
    await page.reload()
    await rows.first.click()
    await expect(_panel(page)).to_contain_text("score")
    await page.keyboard.press("c")
    await page.keyboard.press("ArrowDown")
    await expect(rows.nth(1)).to_be_focused()
    assert (await _summary(manager, room))["counts"]["confirmed"] == 0

    await _panel(page).get_by_role("textbox", name="Comment").fill("Rosa, is this yours?")
    await _panel(page).get_by_role("button", name="Add comment").click()
    await expect(_panel(page).get_by_role("list", name="Comments")).to_contain_text("Rosa, is this yours?")
    await _panel(page).get_by_label("Who is to look at this").select_option("Rosa Reviewer")
    match = re.search(r"m=([\w-]+)", page.url)[1]
    await expect(_panel(page).get_by_role("list", name="History")).to_contain_text("said who is to look at this")
    assert (await manager.send("GET", f"/matches/{match}"))["assignee"] is not None


async def test_what_is_on_the_screen_is_downloaded_as_a_table(visitor, manager, room):
    match = (await _matches(manager, room, "status=suggested&limit=1"))[0]
    await manager.send("POST", f"/matches/{match['id']}/confirm", {})
    page = await visitor.enter(room["address"] + "&status=confirmed")
    sent = []
    page.on("request", lambda request: sent.append(request.url))
    await page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("What")).to_have_value("confirmed")
    async with page.expect_download() as begun:
        await dialog.get_by_role("button", name="Download").click()
    download = await begun.value

    rows = list(csv.DictReader(io.StringIO((await download.path()).read_text("utf-8-sig"))))
    assert {row["match_id"] for row in rows} == {match["id"]}
    assert sorted(row["side"] for row in rows) == ["left", "right"]
    assert {row["status"] for row in rows} == {"confirmed"}
    await expect(_said(page)).to_contain_text("The download has begun: confirmed matches, as CSV.")
    await expect(page.get_by_role("button", name="Export")).to_be_focused()
    assert "Bearer" not in download.url
    assert [url for url in sent if "token" in url] == []


async def test_open_items_are_downloaded_as_json_lines_with_the_keyboard_alone(visitor, room):
    page = await visitor.enter(room["address"] + "&view=open")
    await page.get_by_role("button", name="Export").press("Enter")
    await expect(page.get_by_role("dialog").get_by_label("What")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("dialog").get_by_label("Format")).to_be_focused()
    await page.keyboard.type("JSON")
    async with page.expect_download() as begun:
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
    download = await begun.value

    items = [json.loads(line) for line in (await download.path()).read_text().splitlines()]
    assert len(items) == len(OPEN_LEFT) + len(OPEN_RIGHT)
    assert "700.00" in {item["amount"] for item in items}
    await expect(_said(page)).to_contain_text("The download has begun: open items, as JSON Lines.")
    assert await page.evaluate("document.activeElement !== document.body")


async def test_an_export_that_is_refused_says_why_and_can_be_asked_for_again(visit, room):
    visitor = await visit()
    page = visitor.page
    await page.goto(visitor.url + room["address"])
    await visitor.sign_in(ROSA, PASSWORD)
    await page.get_by_role("button", name="Export").click()
    await visitor.context.set_offline(True)
    await page.get_by_role("dialog").get_by_role("button", name="Download").click()

    await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("The server cannot be reached")
    await visitor.context.set_offline(False)
    async with page.expect_download() as begun:
        await page.get_by_role("dialog").get_by_role("button", name="Download").click()
    assert (await begun.value).suggested_filename.startswith("matches-")


async def test_a_match_is_split_with_the_mouse_and_the_refusals_stand_at_their_fields(visit, manager, room):
    made = await _match_all_parts(manager, room)
    page = await (await visit()).enter(room["address"] + f"&status=confirmed&m={made['id']}")
    await _panel(page).get_by_role("button", name="Split").click()
    dialog = page.get_by_role("dialog", name="Split this match")

    for record in ("Z-1", "Z-2", "Z-3"):
        await dialog.get_by_role("radio", name=re.compile(f"{record}.*part 2")).check()
    await dialog.get_by_role("button", name="Split into 2").click()
    await expect(dialog.get_by_role("alert")).to_have_text("Part 1 needs a record of the right side.")
    for record in ("Z-1", "Z-2"):
        await dialog.get_by_role("radio", name=re.compile(f"{record}.*part 1")).check()
    await expect(dialog.get_by_role("row", name=re.compile("Difference"))).to_contain_text(re.compile(r"0\.00\s*0\.75"))
    await expect(dialog.get_by_role("status")).to_have_text("Left and right differ: part 2 by 0.75 EUR.")
    await dialog.get_by_role("button", name="Split into 2").click()
    await expect(dialog.get_by_text("say what becomes of the difference")).to_be_visible()
    await dialog.get_by_label("The difference").select_option("is booked")
    await dialog.get_by_role("button", name="Split into 2").click()
    await expect(dialog.get_by_text("needs a reason code")).to_be_visible()
    assert (await manager.send("GET", f"/matches/{made['id']}"))["status"] == "confirmed"
    await dialog.get_by_label("As", exact=True).select_option("Fee")
    await dialog.get_by_role("button", name="Split into 2").click()

    await expect(_said(page)).to_contain_text("You split Q-900 +1 ↔ Z-1 +2 into 2.")
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    await expect(rows).to_have_count(2)
    await expect(page.locator("tr[aria-selected=true]")).to_be_focused()
    parts = await _matches(manager, room, "status=confirmed")
    found = {
        tuple(sorted(one["reference"] for one in part["records"])): (part["difference"] or {}).get("amount")
        for part in parts
    }
    assert found == {("Q-900", "Z-1", "Z-2"): "0.00", ("Q-901", "Z-3"): "0.75"}
    await page.get_by_role("button", name="Undo").click()
    await expect(_said(page)).to_contain_text("Undone: You split")
    assert [one["id"] for one in await _matches(manager, room, "status=confirmed")] == [made["id"]]


async def test_a_match_is_split_with_the_keyboard_alone(visitor, manager, room):
    made = await _match_all_parts(manager, room)
    page = await visitor.enter(room["address"] + "&status=confirmed")
    row = page.locator(f"tr[data-id='{made['id']}']")
    await row.focus()
    await page.keyboard.press("Enter")
    await expect(_panel(page).get_by_role("button", name="Split")).to_be_visible()
    await page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Split this match")
    await expect(dialog.get_by_role("radio", name=re.compile("Q-900.*part 1"))).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(row).to_be_focused()

    await page.keyboard.press("s")
    await expect(dialog.get_by_role("radio", name=re.compile("Q-900.*part 1"))).to_be_focused()
    # Past Q-901 and Z-1, which are where they belong, to Z-2, which is not.
    for record in ("Q-901.*part 2", "Z-1.*part 1", "Z-2.*part 2"):
        await page.keyboard.press("Tab")
        await expect(dialog.get_by_role("radio", name=re.compile(record))).to_be_focused()
    await page.keyboard.press("ArrowLeft")
    await expect(dialog.get_by_role("status")).to_have_text("Left and right differ: part 2 by 0.75 EUR.")
    await dialog.get_by_label("The difference").focus()
    await page.keyboard.type("stays")
    await dialog.get_by_role("textbox", name="Why").focus()
    await page.keyboard.type("two payments")
    await page.keyboard.press("Enter")

    await expect(_said(page)).to_contain_text("You split Q-900 +1 ↔ Z-1 +2 into 2.")
    await expect(page.locator("tr[aria-selected=true]")).to_be_focused()
    parts = await _matches(manager, room, "status=confirmed")
    remainders = {part["records"][0]["reference"]: part["remainder"] for part in parts}
    assert (remainders["Q-900"], remainders["Q-901"]["amount"]["amount"]) == (None, "0.75")
    await page.keyboard.press("u")
    await expect(_said(page)).to_contain_text("Undone: You split")
    assert (await manager.send("GET", f"/matches/{made['id']}"))["status"] == "confirmed"
    assert await page.evaluate("document.activeElement !== document.body")


@pytest.fixture
async def two_sign(manager, room):
    """Above a limit that all matches exceed, two people sign. Rosa may give the second signature."""
    project = await manager.send("GET", f"/projects/{room['project']}")
    await manager.send("PATCH", f"/projects/{room['project']}", {"four_eyes_over": LIMIT}, project["version"])
    members = (await manager.send("GET", f"/projects/{room['project']}/members"))["items"]
    rosa = next(one for one in members if one["display_name"] == "Rosa Reviewer")
    await manager.send("PUT", f"/projects/{room['project']}/members/{rosa['user_id']}", {"role": "controller"})


async def test_two_people_sign_and_see_who_has_signed_and_what_is_missing(visit, manager, room, two_sign):
    mine, hers = await visit(), await visit()
    page = await mine.enter(room["address"])
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    match = await rows.first.get_attribute("data-id")
    await hers.page.goto(f"{hers.url}{room['address']}&m={match}")
    await hers.sign_in(ROSA, PASSWORD)
    other = hers.page
    await expect(_panel(other).get_by_role("button", name="Confirm")).to_be_enabled()
    await rows.first.click()
    await _panel(page).get_by_role("button", name="Confirm").click()

    # It goes on to the next one, since this person can do no more about the first.
    await expect(_said(page)).to_contain_text("Another person has to sign too.")
    await expect(rows.nth(1)).to_be_focused()
    await expect(rows.first).to_contain_text("signed once", use_inner_text=False)
    await rows.first.click()
    signatures = _panel(page).get_by_role("region", name="Signatures")
    await expect(signatures).to_contain_text("You signed to confirm it")
    await expect(signatures).to_contain_text("A second person has to sign too: a controller or an owner.")
    await expect(_panel(page).get_by_role("button", name="Confirm")).to_be_disabled()
    theirs = _panel(other).get_by_role("region", name="Signatures")
    await expect(theirs).to_contain_text("Mia Manager signed to confirm it")
    await expect(theirs).to_contain_text("yours is the second signature")
    await expect(_panel(other).get_by_role("status")).to_contain_text("Somebody else has signed this")

    # What was signed is taken back, and signed once more.
    await signatures.get_by_role("button", name="Take my signature back").click()
    await expect(_said(page)).to_contain_text("You took your signature for R-")
    await expect(rows.first).to_be_focused()
    await expect(theirs).to_be_hidden()
    assert (await manager.send("GET", f"/matches/{match}"))["signatures"] == []
    await _panel(page).get_by_role("button", name="Confirm").click()
    await expect(theirs).to_contain_text("Mia Manager signed to confirm it")
    await _panel(other).get_by_role("button", name="Confirm").click()
    await expect(_said(other)).to_contain_text("You confirmed R-")
    assert (await manager.send("GET", f"/matches/{match}"))["status"] == "confirmed"
    assert mine.complaints == hers.complaints == []


async def test_a_split_is_signed_by_two_people_and_nobody_signs_twice(visit, manager, room, two_sign):
    limit = (await manager.send("GET", f"/projects/{room['project']}"))["version"]
    await manager.send("PATCH", f"/projects/{room['project']}", {"four_eyes_over": None}, limit)
    made = await _match_all_parts(manager, room)
    limit = (await manager.send("GET", f"/projects/{room['project']}"))["version"]
    await manager.send("PATCH", f"/projects/{room['project']}", {"four_eyes_over": LIMIT}, limit)
    address = f"{room['address']}&status=confirmed&m={made['id']}"
    page = await (await visit()).enter(address)
    hers = await visit()
    await hers.page.goto(hers.url + address)
    await hers.sign_in(ROSA, PASSWORD)
    dialog = page.get_by_role("dialog", name="Split this match")
    await _panel(page).get_by_role("button", name="Split").click()
    await dialog.get_by_role("radio", name=re.compile("Z-2.*part 1")).check()
    await dialog.get_by_label("The difference").select_option("open")
    await dialog.get_by_role("button", name="Split into 2").click()
    await expect(_said(page)).to_contain_text("You signed for splitting Q-900 +1")
    await expect(page.locator(f"tr[data-id='{made['id']}']")).to_be_focused()

    # Nobody signs the same twice, which the server says in words.
    await _panel(page).get_by_role("button", name="Split").click()
    await expect(dialog).to_contain_text("the parts that somebody has signed")
    await dialog.get_by_role("button", name="Split into 2").click()
    await expect(dialog.get_by_role("alert")).to_have_text("You have signed this. Another person has to sign it too.")
    await page.keyboard.press("Escape")
    await expect(_panel(hers.page).get_by_role("region", name="Signatures")).to_contain_text(
        "Mia Manager signed to split it"
    )
    await _panel(hers.page).get_by_role("button", name="Split").click()
    theirs = hers.page.get_by_role("dialog", name="Split this match")
    await expect(theirs.get_by_label("The difference")).to_have_value("open")
    await theirs.get_by_role("button", name="Split into 2").click()
    await expect(_said(hers.page)).to_contain_text("You split Q-900 +1")
    assert (await manager.send("GET", f"/matches/{made['id']}"))["status"] == "superseded"


async def test_what_was_taken_back_as_a_whole_says_that_no_undo_follows_and_what_can_be_done(visitor, manager, room):
    page = await visitor.enter(room["address"])
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    await rows.first.click()
    await _panel(page).get_by_role("button", name="Confirm").click()
    await page.get_by_role("link", name="Confirmed 1").click()
    await page.get_by_role("button", name="Take back all 1").click()
    await expect(page.get_by_role("dialog")).to_contain_text("There is no undo for this as a whole")
    await page.get_by_role("dialog").get_by_role("button", name="Take back 1 match").click()

    await expect(_said(page)).to_contain_text("You took back 1 match.")
    bar = page.locator(".undo")
    await expect(bar).to_contain_text("There is no undo for that as a whole")
    await expect(bar.get_by_role("button", name="Undo")).to_have_count(0)
    await page.wait_for_function("document.activeElement !== document.body")  # in the next frame
    await page.keyboard.press("u")
    await expect(_said(page)).to_contain_text("what waits again can be decided again")
    assert (await _summary(manager, room))["counts"]["suggested"] == ROWS
    await bar.get_by_role("button", name="Review them").click()
    await expect(page.get_by_role("link", name=f"To review {ROWS}")).to_have_attribute("aria-current", "page")
    await expect(page.get_by_role("link", name="Confirmed 0")).not_to_have_attribute("aria-current", "page")
    await bar.get_by_role("button", name="Dismiss").click()
    await expect(bar.get_by_role("button", name="Review them")).to_have_count(0)
    await expect(bar.get_by_role("button", name="Undo")).to_be_visible()
    await page.wait_for_function("document.activeElement !== document.body")  # in the next frame


async def test_a_bulk_says_what_it_left_to_a_second_person(visitor, manager, room, two_sign):
    page = await visitor.enter(room["address"])
    await page.get_by_role("button", name=f"Confirm all {ROWS}").click()
    await page.get_by_role("dialog").get_by_role("button", name=f"Confirm {ROWS} matches").click()

    await expect(_said(page)).to_contain_text(f"Skipped: {ROWS} because a second person has to sign them one by one.")
    assert (await _summary(manager, room))["counts"]["suggested"] == ROWS


async def test_matches_are_sorted_by_amount_and_date_in_both_directions(visitor, room):
    page = await visitor.enter(room["address"])
    first = page.get_by_role("region", name="Matches").locator("tbody tr").first
    for order, words in {
        "largest amount first": f"R-{ROWS - 1:03}",
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

    beside = _panel(page).get_by_role("table", name="This match and the runner-up")
    await expect(beside.get_by_role("row", name=re.compile("^left"))).to_contain_text("the same")
    await expect(beside.get_by_role("row", name=re.compile("^right"))).to_contain_text(
        re.compile("2026-03-11.*2026-03-12", re.DOTALL)
    )
    evidence = _panel(page).get_by_role("table", name="Evidence for this match and for the runner-up")
    await expect(evidence.get_by_role("columnheader", name="Runner-up")).to_be_visible()
    await expect(evidence.get_by_role("row", name=re.compile("^date"))).to_contain_text("2026-03-12")
    texts = [
        await row.locator("td.number, td .number").all_inner_texts() for row in await evidence.get_by_role("row").all()
    ]
    for bits in zip(*texts[1:], strict=True):
        *parts, score = (round(float(text.split()[0].replace("−", "-")) * 10) for text in bits)
        assert sum(parts) == score
    assert await faults_of(page) == []
