"""What is on the screen is taken home as a file, and the page says what has become of it."""

import asyncio
import csv
import io
import json
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from tests.e2e.room import (
    OPEN_LEFT,
    OPEN_RIGHT,
    PASSWORD,
    ROSA,
    matches_of,
    said_on,
)

pytestmark = pytest.mark.long

PART_BYTES = 2000  # of an answer, with its head


async def test_what_is_on_the_screen_is_downloaded_as_a_table(visitor, manager, room):
    match = (await matches_of(manager, room, "status=suggested&limit=1"))[0]
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
    await expect(said_on(page)).to_contain_text("Downloaded: confirmed matches, as CSV, ")
    await expect(page.get_by_role("button", name="Export")).to_be_focused()
    assert "Bearer" not in download.url
    assert [url for url in sent if "token" in url] == []


async def test_open_items_are_downloaded_as_json_lines_with_the_keyboard_alone(visitor, still_room):
    page = await visitor.enter(still_room["address"] + "&view=open")
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
    await expect(said_on(page)).to_contain_text("Downloaded: open items, as JSON Lines, ")
    await page.wait_for_function("document.activeElement !== document.body")


async def test_an_export_of_open_items_has_what_the_texts_of_both_lists_find(visitor, still_room):
    page = await visitor.enter(still_room["address"] + "&view=open")
    await page.get_by_role("searchbox", name="Find in left").fill("Q-90")
    await page.get_by_role("searchbox", name="Find in right").fill("part")
    await expect(page.get_by_role("region", name="Open right").locator("tbody tr")).to_have_count(2)
    await page.reload()
    await expect(page.get_by_role("searchbox", name="Find in right")).to_have_value("part")
    await page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog")
    await expect(
        dialog.get_by_label("Only what “Q-90” finds on the left, and “part” finds on the right")
    ).to_be_checked()
    async with page.expect_download() as begun:
        await dialog.get_by_role("button", name="Download").click()

    rows = list(csv.DictReader(io.StringIO((await (await begun.value).path()).read_text("utf-8-sig"))))
    assert sorted(row["reference"] for row in rows) == ["Q-900", "Q-901", "Q-902", "Z-1", "Z-2"]


async def test_an_export_that_is_refused_says_why_and_can_be_asked_for_again(visit, still_room):
    visitor = await visit()
    page = visitor.page
    await visitor.enter(still_room["address"], ROSA, PASSWORD)
    await page.get_by_role("button", name="Export").click()
    await visitor.context.set_offline(True)
    await page.get_by_role("dialog").get_by_role("button", name="Download").click()

    await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("The server cannot be reached")
    await visitor.context.set_offline(False)
    async with page.expect_download() as begun:
        await page.get_by_role("dialog").get_by_role("button", name="Download").click()
    assert (await begun.value).suggested_filename.startswith("matches-")


async def test_a_link_that_is_refused_is_told_in_the_status_line(visit, still_room):
    visitor = await visit()  # whose console names the refusal
    page = await visitor.enter(still_room["address"])

    async def used(route):
        # Somebody else has followed the link, which works once.
        assert (await page.request.get(route.request.url)).ok
        await route.continue_()

    await page.route("**/downloads?ticket=*", used)
    await page.get_by_role("button", name="Export").click()
    await page.get_by_role("dialog").get_by_role("button", name="Download").click()

    await expect(said_on(page)).to_contain_text("Not downloaded: matches to review, as CSV. ")
    await expect(page.get_by_role("button", name="Export")).to_be_focused()
    assert page.url.startswith(visitor.url + still_room["address"])
    assert await page.evaluate("document.contentType") == "text/html"


@pytest.fixture
async def slow_line(installation):
    """A line to the server on which a part of each answer comes, and then no more until it is cut. Yields: port, cut."""
    cut = asyncio.Event()

    async def connect(reader, writer):
        upstream, sink = await asyncio.open_connection("127.0.0.1", installation.port)
        sink.write(await reader.readuntil(b"\r\n\r\n"))
        writer.write(await upstream.readexactly(PART_BYTES))
        await writer.drain()
        await cut.wait()
        writer.close()
        sink.close()

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], cut
    cut.set()
    server.close()


async def test_a_download_that_ends_early_is_not_saved_and_one_can_be_stopped(visit, still_room, slow_line):
    visitor = await visit()  # whose console names the lost connection
    page = await visitor.enter(still_room["address"])
    port, cut = slow_line
    files = []
    page.on("download", lambda download: files.append(download))
    await page.route("**/downloads?ticket=*", lambda route: route.continue_(url=_at(route.request.url, port)))
    stop = page.get_by_role("button", name="Stop")

    async def begin():
        await page.get_by_role("button", name="Export").click()
        await page.get_by_role("dialog").get_by_role("button", name="Download").click()
        await expect(stop).to_be_visible()

    await begin()
    await stop.press("Enter")
    await expect(said_on(page)).to_contain_text("You stopped the download of matches to review, as CSV.")
    await page.wait_for_function("() => document.activeElement !== document.body")  # in the next frame
    await begin()
    cut.set()

    await expect(said_on(page)).to_contain_text("so nothing was saved. Export it again.")
    await expect(stop).to_be_hidden()
    assert files == []


def _at(url, port):
    return urlsplit(url)._replace(netloc=f"127.0.0.1:{port}").geturl()


async def test_only_what_was_found_is_downloaded_in_the_order_of_the_screen(visitor, still_room):
    page = await visitor.enter(still_room["address"] + "&q=R-00&sort=-amount")
    await page.get_by_role("button", name="Export").click()
    await expect(page.get_by_role("checkbox", name="Only what “R-00” finds")).to_be_checked()
    async with page.expect_download() as begun:
        await page.get_by_role("dialog").get_by_role("button", name="Download").click()

    rows = csv.DictReader(io.StringIO((await (await begun.value).path()).read_text("utf-8-sig")))
    assert [row["reference"] for row in rows if row["side"] == "left"] == [f"R-{n:03}" for n in range(9, -1, -1)]
