"""
A connection that is lost or only partly works: the page says how old its data is, and offers nothing that would fail.
"""

import asyncio
import re

import pytest
from playwright.async_api import expect

SOCKET = re.compile("/socket.io/")
SILENT_MS = 5_000  # so long without a connection, and the page says so
MOST_MS = 40_000  # it tries to connect at least this often
POLL_MS = 10_000  # then it reads again every so often
REASON = "Not available while offline."
OFFLINE = re.compile(r"^Offline since \d\d:\d\d$")
SHOWING = re.compile(r"showing \d\d:\d\d")


async def _block_socket(context):
    """Lets no socket through. Returns: what is set when they may go through again."""
    is_free = asyncio.Event()

    async def answer(socket):
        if is_free.is_set():
            socket.connect_to_server()
        else:
            await socket.close()

    await context.route_web_socket(SOCKET, answer)
    await context.clock.install()
    return is_free


async def _pass(page, milliseconds):
    """Sets the clock of the browser forward. What is due by then happens at once, and the test need not wait for it."""
    await page.clock.fast_forward(milliseconds)


async def _is_delayed(page):
    await _pass(page, SILENT_MS)
    await expect(page.get_by_text("Updates delayed")).to_be_visible()


async def _rows(page):
    rows = page.get_by_role("region", name="Matches").locator("tr[data-id]")
    await expect(rows.first).to_be_visible()
    return await rows.evaluate_all("rows => rows.map((row) => row.dataset.id)")


STORY = re.compile("INV-10000[23]")


async def test_without_the_socket_the_page_is_read_again_and_keeps_its_rows(visit, demo, manager):
    visitor = await visit()
    page = visitor.page
    is_free = await _block_socket(visitor.context)
    await page.goto(f"{visitor.url}/projects/{demo['project']}/jobs/{demo['job']}?sort=score")
    await visitor.sign_in()
    before = await _rows(page)
    await _is_delayed(page)
    await expect(page.locator(".connection")).to_have_text(SHOWING)
    # Another test reads these two invoices of the story that the demo tells.
    suggested = page.locator("tr[data-id]").filter(has_text="suggested", has_not_text=STORY)
    first, second = [await suggested.nth(n).get_attribute("data-id") for n in range(2)]

    match = await manager.send("GET", f"/matches/{first}")
    await manager.send("POST", f"/matches/{first}/reject", {}, version=match["version"])
    await _pass(page, POLL_MS)
    await expect(page.locator(f"tr[data-id='{first}']")).to_contain_text("rejected")
    assert await _rows(page) == before
    # The page is a little old, but decisions carry the version they are based on, so they are allowed.
    await page.locator(f"tr[data-id='{second}']").click()
    await page.get_by_role("button", name="Reject", exact=True).click()
    await expect(page.get_by_role("complementary", name="Match")).to_contain_text("rejected")

    is_free.set()
    await _pass(page, MOST_MS)
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await expect(page.get_by_text("Updates delayed")).to_be_hidden()
    await expect(page.get_by_role("button", name=re.compile("new · Load"))).to_be_hidden()
    project = await manager.send("GET", f"/projects/{demo['project']}")
    renamed = {"name": "Demo, by the socket"}
    await manager.send("PATCH", f"/projects/{demo['project']}", renamed, version=project["version"])
    await expect(page.get_by_role("navigation", name="Project")).to_contain_text(renamed["name"], timeout=5_000)


@pytest.mark.long
async def test_an_opened_match_stays_in_a_filtered_list_when_it_changes(visit, demo, manager):
    visitor = await visit()
    page = visitor.page
    await _block_socket(visitor.context)
    await page.goto(f"{visitor.url}/projects/{demo['project']}/jobs/{demo['job']}?status=suggested")
    await visitor.sign_in()
    before = await _rows(page)
    row = page.locator(f"tr[data-id='{before[0]}']")
    await row.click()
    await _is_delayed(page)

    match = await manager.send("GET", f"/matches/{before[0]}")
    await manager.send("POST", f"/matches/{before[0]}/reject", {}, version=match["version"])
    await _pass(page, POLL_MS)

    await expect(row).to_contain_text("rejected")
    assert await _rows(page) == before


@pytest.mark.long
async def test_without_the_socket_new_rows_are_counted_and_shown_on_request(visit, demo, manager):
    async def reject_another():
        page = await manager.send("GET", f"/jobs/{demo['job']}/matches?status=suggested&limit=1")
        match = page["items"][0]
        await manager.send("POST", f"/matches/{match['id']}/reject", {}, version=match["version"])
        return match["id"]

    await reject_another()
    visitor = await visit()
    page = visitor.page
    await _block_socket(visitor.context)
    await page.goto(f"{visitor.url}/projects/{demo['project']}/jobs/{demo['job']}?status=rejected")
    await visitor.sign_in()
    before = await _rows(page)
    await _is_delayed(page)

    added = await reject_another()
    await _pass(page, POLL_MS)
    load = page.get_by_role("button", name="1 new · Load")
    await expect(load).to_be_visible()
    assert await _rows(page) == before
    await load.click()

    await expect(page.locator(f"tr[data-id='{added}']")).to_be_visible()
    await expect(load).to_be_hidden()


async def test_without_a_network_the_page_says_so_and_offers_no_decisions(visit, demo):
    visitor = await visit()
    await visitor.context.clock.install()
    page = await visitor.enter(f"/projects/{demo['project']}/jobs/{demo['job']}?status=suggested")
    await page.get_by_role("region", name="Matches").locator("tbody tr").first.click()
    decisions = [page.get_by_role("button", name=name, exact=True) for name in ("Confirm", "Reject")]
    for button in decisions:
        await expect(button).to_be_enabled()

    await visitor.context.set_offline(True)
    await _pass(page, SILENT_MS - 2_000)
    await expect(page.get_by_text(OFFLINE)).to_be_hidden(timeout=100)  # for five seconds, the page says nothing
    await expect(decisions[0]).to_be_enabled(timeout=100)
    await _pass(page, 2_000)
    await expect(page.get_by_text(OFFLINE)).to_be_visible()
    await expect(page.locator(".connection")).to_have_text(SHOWING)
    for button in decisions:
        await expect(button).to_be_disabled()
        await expect(button).to_have_accessible_description(REASON)
    await page.keyboard.press("c")
    await expect(page.get_by_role("complementary", name="Match")).not_to_contain_text("confirmed")

    await visitor.context.set_offline(False)
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    for button in decisions:
        await expect(button).to_be_enabled()


@pytest.mark.long
async def test_a_screen_that_was_opened_without_a_network_is_read_once_it_is_back(visit, demo):
    visitor = await visit()
    await visitor.context.clock.install()
    page = await visitor.enter(f"/projects/{demo['project']}/jobs")
    await visitor.context.set_offline(True)
    await page.get_by_role("link", name="Members").click()
    await expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")

    await visitor.context.set_offline(False)
    await _pass(page, MOST_MS)

    await expect(page.get_by_role("table")).to_contain_text("Mia Manager")
    await expect(page.get_by_role("alert")).to_be_hidden()


@pytest.fixture
async def entry(manager, demo):
    vault = await manager.send("POST", f"/projects/{demo['project']}/vaults", {"name": "Kept apart"})
    body = {"name": "Bank SFTP", "secret": "correct horse battery staple"}
    made = await manager.send("POST", f"/vaults/{vault['id']}/entries", body)
    return {"path": f"/projects/{demo['project']}/vaults/{vault['id']}?e={made['id']}", **body}


@pytest.mark.long
async def test_a_secret_is_hidden_when_the_network_is_lost_and_cannot_be_revealed(visit, entry):
    visitor = await visit()
    await visitor.context.clock.install()
    page = await visitor.enter(entry["path"])
    aside = page.get_by_role("complementary", name="Entry")
    reveal = aside.get_by_role("button", name="Reveal")
    await reveal.click()
    await expect(aside).to_contain_text(entry["secret"])

    await visitor.context.set_offline(True)

    await expect(aside).not_to_contain_text(entry["secret"], timeout=3_000)
    await expect(reveal).to_be_disabled()
    await expect(reveal).to_have_accessible_description(REASON)
    await expect(aside.get_by_role("button", name="Move to the trash")).to_have_accessible_description(REASON)
    await visitor.context.set_offline(False)
    await _pass(page, MOST_MS)
    await expect(reveal).to_be_enabled()


async def test_lost_rights_empty_the_page_without_the_socket_too(visit, manager, rest):
    admin = await rest("admin@tallyroom.example")
    person = {"email": "leaver@tallyroom.example", "display_name": "Leaver", "role": "user"}
    password = "the leaver's own sentence"
    made = await admin.send("POST", "/users", {**person, "password": password})
    project = await manager.send("POST", "/projects", {"name": "Soon closed to them"})
    member = {"email": person["email"], "role": "analyst"}
    await manager.send("POST", f"/projects/{project['id']}/members", member)
    visitor = await visit()
    page = visitor.page
    await _block_socket(visitor.context)
    await page.goto(f"{visitor.url}/projects/{project['id']}/members")
    await visitor.sign_in(person["email"], password)
    await expect(page.get_by_role("table")).to_contain_text("Leaver")
    await _is_delayed(page)

    await manager.send("DELETE", f"/projects/{project['id']}/members/{made['id']}")
    await _pass(page, POLL_MS)

    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_role("table")).to_be_hidden()
    await expect(page.get_by_text("Soon closed to them")).to_be_hidden()
