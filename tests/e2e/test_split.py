"""A match is shared out into parts: by one person, by two who both have to sign, and while a colleague changes it."""

import re

import pytest
from playwright.async_api import expect

from tests.e2e.room import (
    LIMIT,
    PASSWORD,
    ROSA,
    match_all_parts,
    matches_of,
    panel_of,
    said_on,
)
from tests.e2e.test_accessibility import faults_of

pytestmark = pytest.mark.long


async def test_a_match_is_split_with_the_mouse_and_the_refusals_stand_at_their_fields(visit, manager, room):
    made = await match_all_parts(manager, room)
    page = await (await visit()).enter(room["address"] + f"&status=confirmed&m={made['id']}")
    await panel_of(page).get_by_role("button", name="Split").click()
    dialog = page.get_by_role("dialog", name="Split this match")

    for record in ("Z-1", "Z-2", "Z-3"):
        await dialog.get_by_role("radio", name=re.compile(f"{record}.*part 2")).check()
    await expect(dialog.get_by_role("status")).to_contain_text("Part 1 has records of one side only")
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

    await expect(said_on(page)).to_contain_text("You split Q-900 +1 ↔ Z-1 +2 into 2.")
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    await expect(rows).to_have_count(2)
    await expect(page.locator("tr[aria-selected=true]")).to_be_focused()
    parts = await matches_of(manager, room, "status=confirmed")
    found = {
        tuple(sorted(one["reference"] for one in part["records"])): (part["difference"] or {}).get("amount")
        for part in parts
    }
    assert found == {("Q-900", "Z-1", "Z-2"): "0.00", ("Q-901", "Z-3"): "0.75"}
    await page.get_by_role("button", name="Undo").click()
    await expect(said_on(page)).to_contain_text("Undone: You split")
    assert [one["id"] for one in await matches_of(manager, room, "status=confirmed")] == [made["id"]]


async def test_a_match_is_split_with_the_keyboard_alone(visitor, manager, room):
    made = await match_all_parts(manager, room)
    page = await visitor.enter(room["address"] + "&status=confirmed")
    row = page.locator(f"tr[data-id='{made['id']}']")
    await row.focus()
    await page.keyboard.press("Enter")
    await expect(panel_of(page).get_by_role("button", name="Split")).to_be_visible()
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

    await expect(said_on(page)).to_contain_text("You split Q-900 +1 ↔ Z-1 +2 into 2.")
    await expect(page.locator("tr[aria-selected=true]")).to_be_focused()
    parts = await matches_of(manager, room, "status=confirmed")
    remainders = {part["records"][0]["reference"]: part["remainder"] for part in parts}
    assert (remainders["Q-900"], remainders["Q-901"]["amount"]["amount"]) == (None, "0.75")
    await page.keyboard.press("u")
    await expect(said_on(page)).to_contain_text("Undone: You split")
    assert (await manager.send("GET", f"/matches/{made['id']}"))["status"] == "confirmed"
    await page.wait_for_function("() => document.activeElement !== document.body")  # in the next frame


async def test_a_split_is_signed_by_two_people_and_nobody_signs_twice(visit, manager, room, two_sign):
    limit = (await manager.send("GET", f"/projects/{room['project']}"))["version"]
    await manager.send("PATCH", f"/projects/{room['project']}", {"four_eyes_over": None}, limit)
    made = await match_all_parts(manager, room)
    limit = (await manager.send("GET", f"/projects/{room['project']}"))["version"]
    await manager.send("PATCH", f"/projects/{room['project']}", {"four_eyes_over": LIMIT}, limit)
    address = f"{room['address']}&status=confirmed&m={made['id']}"
    page = await (await visit()).enter(address)
    hers = await visit()
    await hers.enter(address, ROSA, PASSWORD)
    dialog = page.get_by_role("dialog", name="Split this match")
    await panel_of(page).get_by_role("button", name="Split").click()
    await dialog.get_by_role("radio", name=re.compile("Z-2.*part 1")).check()
    await dialog.get_by_label("The difference").select_option("open")
    await dialog.get_by_role("button", name="Split into 2").click()
    await expect(said_on(page)).to_contain_text("You signed for splitting Q-900 +1")
    await expect(page.locator(f"tr[data-id='{made['id']}']")).to_be_focused()

    # Nobody signs the same twice, which the server says in words.
    await panel_of(page).get_by_role("button", name="Split").click()
    await expect(dialog).to_contain_text("the parts that somebody has signed")
    await dialog.get_by_role("button", name="Split into 2").click()
    await expect(dialog.get_by_role("alert")).to_have_text("You have signed this. Another person has to sign it too.")
    await page.keyboard.press("Escape")
    await expect(panel_of(hers.page).get_by_role("region", name="Signatures")).to_contain_text(
        "Mia Manager signed to split it"
    )
    await panel_of(hers.page).get_by_role("button", name="Split").click()
    theirs = hers.page.get_by_role("dialog", name="Split this match")
    await expect(theirs.get_by_label("The difference")).to_have_value("open")
    await theirs.get_by_role("button", name="Split into 2").click()
    await expect(said_on(hers.page)).to_contain_text("You split Q-900 +1")
    assert (await manager.send("GET", f"/matches/{made['id']}"))["status"] == "superseded"


async def test_a_split_goes_on_when_a_colleague_changes_the_match_meanwhile(visitor, manager, reviewer, room):
    made = await match_all_parts(manager, room)
    page = await visitor.enter(room["address"] + f"&status=all&m={made['id']}")
    await panel_of(page).get_by_role("button", name="Split").click()
    dialog = page.get_by_role("dialog", name="Split this match")
    for record in ("Q-900", "Z-1", "Z-2"):
        await dialog.get_by_role("radio", name=re.compile(f"{record}.*part 1")).check()
    await dialog.get_by_role("textbox", name="Why").fill("two payments")

    # A comment is in nobody's way.
    await reviewer.send("POST", f"/matches/{made['id']}/comments", {"text": "Two payments?"})
    await expect(panel_of(page).get_by_role("list", name="Comments")).to_contain_text("Two payments?")
    await expect(dialog.get_by_role("alert")).to_have_count(0)
    await dialog.get_by_label("The difference").select_option("open")
    await reviewer.send("POST", f"/matches/{made['id']}/undo", {"reason": "mine"})

    await expect(dialog.get_by_role("alert")).to_contain_text("Rosa Reviewer took the decision back")
    await expect(dialog.get_by_role("button", name="Split into 2")).to_be_disabled()
    assert await faults_of(page) == []
    await expect(dialog.get_by_role("alert")).to_contain_text("so it cannot be split any more")
    await page.keyboard.press("Escape")
    await page.wait_for_function("() => document.activeElement !== document.body")  # in the next frame


async def test_what_was_shared_out_is_kept_when_the_state_is_another(visitor, manager, reviewer, room):
    made = await match_all_parts(manager, room)
    page = await visitor.enter(room["address"] + f"&status=all&m={made['id']}")
    project = await manager.send("GET", f"/projects/{room['project']}")
    await manager.send("PATCH", f"/projects/{room['project']}", {"four_eyes_over": LIMIT}, project["version"])
    await panel_of(page).get_by_role("button", name="Split").click()
    dialog = page.get_by_role("dialog", name="Split this match")
    for record in ("Q-900", "Z-1", "Z-2"):
        await dialog.get_by_role("radio", name=re.compile(f"{record}.*part 1")).check()
    await dialog.get_by_label("The difference").select_option("open")

    await reviewer.send("POST", f"/matches/{made['id']}/undo", {"reason": "mine"})
    await expect(dialog.get_by_role("alert")).to_contain_text("Rosa Reviewer signed")
    await dialog.get_by_role("button", name="Go on with the new state").press("Enter")

    await expect(dialog.get_by_role("alert")).to_have_count(0)
    await expect(dialog.get_by_role("radio", name=re.compile("Z-2.*part 1"))).to_be_checked()
    await expect(dialog.get_by_label("The difference")).to_have_value("open")
    await page.wait_for_function("() => document.activeElement !== document.body")  # in the next frame
    await dialog.get_by_role("button", name="Split into 2").click()
    await expect(said_on(page)).to_contain_text("You signed for splitting Q-900 +1")


async def test_a_key_pressed_as_soon_as_a_dialog_opens_is_not_lost(visitor, manager, room):
    made = await match_all_parts(manager, room)
    page = await visitor.enter(room["address"] + f"&status=confirmed&m={made['id']}")
    await expect(panel_of(page).get_by_role("button", name="Split")).to_be_visible()
    await page.locator(f"tr[data-id='{made['id']}']").focus()
    # The page itself notes what has the focus as soon as the dialog is there, and again a moment later.
    await page.evaluate(
        """window.found = [];
        new MutationObserver((_, observer) => {
          if (!document.querySelector("[role=dialog] table")) return;
          observer.disconnect();
          const note = () => window.found.push(document.activeElement.getAttribute("aria-label"));
          note();
          const rows = document.querySelectorAll("[role=dialog] tbody tr");
          rows[2].querySelector("input:checked").focus();
          setTimeout(() => { note(); window.isDone = true; }, 50);
        }).observe(document.body, { childList: true, subtree: true })"""
    )

    await page.keyboard.press("s")

    await page.wait_for_function("() => window.isDone")
    first, later = await page.evaluate("window.found")
    assert first.startswith("Q-900")
    assert later.startswith("Z-1")


async def test_a_record_is_taken_out_of_a_match_and_is_open_again(visitor, manager, room):
    path = f"/projects/{room['project']}"
    items = (await manager.send("GET", f"{path}/open-items?{room['sides']}&limit=50"))["items"]
    ids = {item["record"]["reference"]: item["id"] for item in items}
    sides = dict(one.split("=") for one in room["sides"].split("&"))
    records = {"left": [ids["Q-900"]], "right": [ids["Z-1"], ids["Z-2"], ids["Z-4"]]}
    body = {**sides, **records, "difference": "booked", "difference_reason": "other"}
    made = await manager.send("POST", f"{path}/matches", body)
    page = await visitor.enter(room["address"] + f"&status=confirmed&m={made['id']}")
    await expect(panel_of(page).get_by_role("button", name="Split")).to_be_visible()
    await page.locator(f"tr[data-id='{made['id']}']").focus()
    await page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Split this match")
    await expect(dialog.get_by_role("button", name="Take out 0")).to_be_disabled()

    for _ in range(3):
        await page.keyboard.press("Tab")
    await expect(dialog.get_by_role("radio", name=re.compile("Z-4.*in part 1"))).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await expect(dialog.get_by_role("radio", name=re.compile("Z-4.*taken out"))).to_be_checked()
    await expect(dialog.get_by_role("row", name=re.compile("^Right"))).to_contain_text(re.compile(r"700\.00\s*9\.99"))
    await expect(dialog.get_by_role("status")).to_have_text("Each part comes to the same on both sides.")
    assert await faults_of(page) == []
    await dialog.get_by_role("textbox", name="Why").press("Enter")

    await expect(said_on(page)).to_contain_text("You took 1 record out of Q-900 ↔ Z-1 +2.")
    (part,) = await matches_of(manager, room, "status=confirmed")
    assert {record["reference"] for record in part["records"]} == {"Q-900", "Z-1", "Z-2"}
    assert (await manager.send("GET", f"/records/{ids['Z-4']}"))["state"] == "open"
    await page.keyboard.press("u")
    await expect(said_on(page)).to_contain_text("Undone: You took 1 record out")
    assert (await manager.send("GET", f"/matches/{made['id']}"))["status"] == "confirmed"
