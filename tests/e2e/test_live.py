"""What others do appears without reloading, and the page says when it cannot."""

import asyncio
import re

import asyncpg
import pytest
from playwright.async_api import expect

from server.store.embedded import embedded_url
from tests.job.locks import held_before

ROWS = "reference,amount,currency,date\n" + "".join(
    f"R-{n:05},{n % 977 + 1}.25,EUR,2026-03-{n % 28 + 1:02}\n" for n in range(1500)
)


async def test_every_member_sees_a_new_project_name(visitor, manager):
    project = await manager.send("POST", "/projects", {"name": "Before"})
    page = await visitor.enter(f"/projects/{project['id']}/sources")
    await expect(page.get_by_role("navigation", name="Project")).to_contain_text("Before")

    await manager.send("PATCH", f"/projects/{project['id']}", {"name": "After"}, version=project["version"])

    await expect(page.get_by_role("navigation", name="Project")).to_contain_text("After")


@pytest.mark.long
async def test_the_list_shows_the_progress_of_a_job_that_another_started(visitor, manager):
    project = await manager.send("POST", "/projects", {"name": "Two sides"})
    left = await manager.upload(project["id"], "ours", ROWS)
    right = await manager.upload(project["id"], "theirs", ROWS)
    page = await visitor.enter(f"/projects/{project['id']}/jobs")
    await expect(page.get_by_text("Nothing reconciled yet")).to_be_visible()

    body = {"left_source": left, "right_source": right}
    await manager.send("POST", f"/projects/{project['id']}/jobs", body)

    row = page.get_by_role("row").filter(has_text="ours ↔ theirs")
    await expect(row).to_be_visible()
    await expect(row).to_contain_text("completed", timeout=40_000)
    await expect(row).to_contain_text("1,500")


async def test_a_job_is_paused_in_one_tab_and_resumed_in_another(visit, manager, installation):
    project = await manager.send("POST", "/projects", {"name": "Not now"})
    sides = {
        "left_source": await manager.upload(project["id"], "ours", ROWS),
        "right_source": await manager.upload(project["id"], "theirs", ROWS),
    }
    db = await asyncpg.connect(embedded_url(installation.folder / "var"))
    here, there = await visit(), await visit()
    async with held_before(db, chunk=0):
        job = await manager.send("POST", f"/projects/{project['id']}/jobs", sides)
        first, second = [
            await visitor.enter(f"/projects/{project['id']}/jobs/{job['id']}") for visitor in (here, there)
        ]
        await first.get_by_role("button", name="Pause").click()
        await expect(second.get_by_text("paused", exact=True).first).to_be_visible()
    await db.close()

    await second.get_by_role("button", name="Resume").click()

    for page in (first, second):
        await expect(page.get_by_text("completed", exact=True).first).to_be_visible(timeout=40_000)
        await expect(page.get_by_role("button", name=re.compile("Pause|Resume"))).to_have_count(0)
    assert (await manager.send("GET", f"/jobs/{job['id']}"))["counts"]["matches"] == 1500
    assert here.complaints == there.complaints == []


@pytest.mark.long
async def test_the_cards_and_the_list_of_jobs_follow_decisions(visit, manager, demo):
    here, there = await visit(), await visit()
    cards = await here.enter("/")
    jobs = await there.enter(f"/projects/{demo['project']}/jobs")
    project = (await manager.send("GET", f"/projects/{demo['project']}"))["name"]
    card = cards.get_by_role("link").filter(has_text=project)
    row = jobs.get_by_role("row").filter(has_text="completed")

    for match in (await manager.send("GET", f"/jobs/{demo['job']}/matches?status=suggested&limit=3"))["items"]:
        await manager.send("POST", f"/matches/{match['id']}/confirm", {})

    counts = (await manager.send("GET", f"/jobs/{demo['job']}"))["counts"]
    await expect(card).to_contain_text(f"To review{counts['suggested']}", timeout=5_000)
    await expect(row.get_by_role("cell").nth(3)).to_have_text(f"{counts['confirmed']:,}", timeout=5_000)
    await expect(row.get_by_role("cell").nth(4)).to_have_text(f"{counts['suggested']:,}")


async def test_the_page_says_when_the_server_is_gone_and_catches_up_when_it_is_back(visit, installation, rest, demo):
    visitor = await visit()
    page = await visitor.enter(f"/projects/{demo['project']}/jobs/{demo['job']}?status=suggested")
    await page.get_by_role("region", name="Matches").locator("tbody tr").first.click()
    confirm = page.get_by_role("button", name="Confirm", exact=True)
    await expect(confirm).to_be_enabled()

    await asyncio.to_thread(installation.stop)
    await expect(page.get_by_text(re.compile(r"Offline since \d\d:\d\d"))).to_be_visible(timeout=12_000)
    await expect(confirm).to_be_disabled()
    await expect(page.get_by_role("region", name="Matches").locator("tbody tr").first).to_be_visible()
    await asyncio.to_thread(installation.start)

    await expect(page.get_by_text("Live", exact=True)).to_be_visible(timeout=20_000)
    await expect(confirm).to_be_enabled()
    manager = await rest()
    project = await manager.send("GET", f"/projects/{demo['project']}")
    await manager.send("PATCH", f"/projects/{demo['project']}", {"name": "Demo again"}, version=project["version"])
    await expect(page.get_by_role("navigation", name="Project")).to_contain_text("Demo again")
