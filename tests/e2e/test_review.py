"""Reviewing matches: what keys do, what people are asked, how both sides are shown, and what nobody may do."""

import re
import time

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import ADMIN
from tests.e2e.test_accessibility import follow

PASSWORD = "the reviewer's own sentence"


@pytest.fixture
async def reviewer(rest, manager, demo):
    """A second analyst in the demo's project, over REST, whose name others see."""
    admin = await rest(ADMIN)
    people = (await admin.send("GET", "/users?limit=100"))["items"]
    if not any(one["email"].startswith("rita@") for one in people):
        body = {
            "email": "rita@tallyroom.example",
            "display_name": "Rita Reviewer",
            "role": "user",
            "password": PASSWORD,
        }
        user = await admin.send("POST", "/users", body)
        await manager.send("PUT", f"/projects/{demo['project']}/members/{user['id']}", {"role": "analyst"})
    return await rest("rita@tallyroom.example", PASSWORD)


async def _take(manager, demo, status):
    match = (await manager.send("GET", f"/jobs/{demo['job']}/matches?status={status}&limit=1"))["items"][0]
    return match["id"]


async def _status(manager, match):
    return (await manager.send("GET", f"/matches/{match}"))["status"]


@pytest.fixture
async def confirmed(manager, reviewer, demo):
    """A match that the other reviewer has confirmed."""
    match = await _take(manager, demo, "suggested")
    await reviewer.send("POST", f"/matches/{match}/confirm", {})
    return match


def _path(demo, match):
    return f"/projects/{demo['project']}/jobs/{demo['job']}?status=confirmed&m={match}"


async def test_rejecting_what_another_confirmed_names_them_and_asks_why(visitor, manager, demo, confirmed):
    page = await visitor.enter(_path(demo, confirmed))
    panel = page.get_by_role("complementary", name="Match")
    await expect(panel.get_by_role("list", name="History")).to_contain_text("Rita Reviewer · confirmed")
    await panel.focus()
    await expect(panel.locator("button[aria-keyshortcuts=r]")).to_be_visible()

    await page.keyboard.press("r")
    question = panel.get_by_role("form", name="Take back the confirmation")
    await expect(question).to_contain_text("Take back Rita Reviewer’s confirmation?")
    await expect(question.get_by_label("Why")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(question).to_be_hidden()
    assert await _status(manager, confirmed) == "confirmed"
    await panel.get_by_role("button", name="Take back").click()
    await expect(question.get_by_role("button", name="Take back")).to_be_disabled()
    await question.get_by_label("Why").fill("paid twice")
    await page.keyboard.press("Enter")

    await expect(panel.get_by_role("list", name="History")).to_contain_text(
        "Mia Manager · took the decision back · paid twice"
    )
    assert await _status(manager, confirmed) == "suggested"


@pytest.mark.long
async def test_a_key_does_nothing_while_the_focus_is_elsewhere_or_on_a_button(visitor, manager, demo):
    match = await _take(manager, demo, "suggested")
    page = await visitor.enter(f"/projects/{demo['project']}/jobs/{demo['job']}?status=suggested&m={match}")
    panel = page.get_by_role("complementary", name="Match")
    await expect(panel.locator("button[aria-keyshortcuts=r]")).to_be_visible()

    for elsewhere in (
        page.get_by_role("button", name="Sign out"),
        page.get_by_role("link", name="Sources"),
        page.get_by_role("button", name=re.compile("theme")),
        panel.get_by_role("button", name="Close"),
    ):
        await elsewhere.focus()
        await page.keyboard.press("r")
        await page.keyboard.press("c")
    await page.evaluate("document.activeElement.blur()")
    await page.keyboard.press("r")
    await page.get_by_role("heading", level=1).click()
    await page.keyboard.press("c")
    assert await _status(manager, match) == "suggested"

    await page.locator(f"tr[data-id='{match}']").focus()
    await page.keyboard.press("r")
    await expect(panel).to_contain_text("rejected")
    # The buttons are disabled, but the focus is still on the page.
    await expect(page.locator(f"tr[data-id='{match}']")).to_be_focused()


@pytest.mark.long
async def test_a_key_pressed_before_the_match_was_visible_does_nothing(visitor, manager, demo):
    page = await visitor.enter(f"/projects/{demo['project']}/jobs/{demo['job']}?status=suggested")
    row = page.get_by_role("region", name="Matches").locator("tbody tr").first
    match = await row.get_attribute("data-id")
    # The page itself presses the key, at the very moment when a decision becomes possible.
    await page.evaluate(
        """new MutationObserver((_, observer) => {
          if (!document.querySelector(".panel button:not([disabled])[title^='Key C']")) return;
          observer.disconnect();
          for (const key of ["c", "r"]) {
            document.querySelector("tr[aria-selected=true]").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
          }
          window.wasPressed = true;
        }).observe(document.body, { childList: true, subtree: true, attributes: true })"""
    )

    await row.click()
    panel = page.get_by_role("complementary", name="Match")
    await expect(panel.locator("button[aria-keyshortcuts=c]")).to_be_visible()
    assert await page.evaluate("window.wasPressed") is True
    assert await _status(manager, match) == "suggested"
    await page.keyboard.press("c")

    await expect(panel).to_contain_text("confirmed")


async def test_a_decision_that_another_makes_meanwhile_is_shown_with_their_name(visitor, manager, reviewer, demo):
    match = await _take(manager, demo, "suggested")
    page = await visitor.enter(f"/projects/{demo['project']}/jobs/{demo['job']}?status=suggested&m={match}")
    panel = page.get_by_role("complementary", name="Match")
    await expect(panel.get_by_role("button", name="Confirm")).to_be_enabled()

    await reviewer.send("POST", f"/matches/{match}/reject", {})

    await expect(panel.get_by_role("status")).to_contain_text("Rita Reviewer rejected this")


@pytest.mark.long
async def test_both_amounts_and_their_difference_stay_visible_in_an_opened_match(visitor, demo):
    page = await visitor.enter(f"/projects/{demo['project']}/jobs/{demo['job']}?status=suggested")
    row = page.get_by_role("region", name="Matches").locator("tbody tr").first
    await row.click()
    await expect(page.get_by_role("complementary", name="Match")).to_contain_text("score")

    cells = page.locator("tr[data-id]").first.locator("td.number:visible")
    for width in (1280, 1024):
        await page.set_viewport_size({"width": width, "height": 900})
        await expect(cells).to_have_count(3)
        box = await page.locator(".split .scroll").first.bounding_box()
        for index in range(3):
            cell = await cells.nth(index).bounding_box()
            assert cell["x"] >= box["x"]
            assert cell["x"] + cell["width"] <= box["x"] + box["width"] + 1


async def test_the_evidence_shown_adds_up_to_the_score(visitor, demo):
    page = await visitor.enter(f"/projects/{demo['project']}/jobs/{demo['job']}?status=suggested")
    rows = page.get_by_role("region", name="Matches").locator("tbody tr")
    for index in range(5):
        await rows.nth(index).click()
        table = page.get_by_role("complementary", name="Match").get_by_role("table", name="Evidence")
        await expect(table.locator("tfoot")).to_be_visible()
        # Bits of the match, and those of the runner-up if there is one, on the same rows.
        for column in range(await table.locator("tfoot td.number").count()):
            rows_of_bits = table.locator("tbody tr, tfoot tr")
            texts = [
                await rows_of_bits.nth(n).locator("td.number, td .number").nth(column).inner_text()
                for n in range(await rows_of_bits.count())
            ]
            *parts, score = (round(float(text.split()[0].replace("−", "-").replace("–", "0")) * 10) for text in texts)
            assert sum(parts) == score


async def test_a_viewer_is_offered_only_what_viewers_may_do(visit, demo, manager, rest):
    admin = await rest(ADMIN)
    body = {"email": "vera@tallyroom.example", "display_name": "Vera Viewer", "role": "user", "password": PASSWORD}
    user = await admin.send("POST", "/users", body)
    await manager.send("PUT", f"/projects/{demo['project']}/members/{user['id']}", {"role": "viewer"})
    source = (await manager.send("GET", f"/projects/{demo['project']}/sources"))["items"][0]["id"]
    visitor = await visit()
    page = visitor.page
    project = f"/projects/{demo['project']}"
    await visitor.enter(f"{project}/sources", body["email"], PASSWORD)

    for path, words in {
        f"{project}/sources": "Ledger",
        f"{project}/jobs": "completed",
        f"{project}/sources/{source}": "Distinct",
        f"{project}/sources/{source}?tab=mapping": "Your role does not allow",
        f"{project}/jobs/{demo['job']}?status=suggested&m={await _take(manager, demo, 'suggested')}": "Compared",
        f"{project}/vaults": "No vault",
        f"{project}/members": "Mia Manager",
    }.items():
        await follow(page, path)
        await expect(page.get_by_text(words).first).to_be_visible()
        refused = re.compile("Choose files|Reconcile$|Save|Delete|Confirm|Reject|Cancel|Retry|New |Add|Remove")
        await expect(page.get_by_role("main").get_by_role("button", name=refused)).to_have_count(0)


@pytest.mark.long
async def test_many_decisions_by_others_reload_the_sums_once_a_second(visitor, manager, reviewer, demo):
    page = await visitor.enter(f"/projects/{demo['project']}/jobs/{demo['job']}?status=confirmed")
    await expect(page.get_by_role("table", name="Proof by currency")).to_be_visible()
    matches = (await manager.send("GET", f"/jobs/{demo['job']}/matches?status=confirmed&limit=25"))["items"]
    readings = []
    page.on("request", lambda request: readings.append(time.monotonic()) if request.url.endswith("/summary") else None)

    began = time.monotonic()
    async with page.expect_request(lambda request: request.url.endswith("/summary")):
        for match in matches:
            await reviewer.send("POST", f"/matches/{match['id']}/undo", {})
    left = (await manager.send("GET", f"/jobs/{demo['job']}"))["counts"]["confirmed"]

    await expect(page.get_by_text(f"{left:,}", exact=True).first).to_be_visible()
    assert 1 <= len(readings) <= time.monotonic() - began + 1
