"""Two people in one project see each other, and which match the other one has open."""

import pytest
from playwright.async_api import expect

from tests.e2e.room import PASSWORD, ROSA, matches_of, panel_of
from tests.e2e.test_accessibility import faults_of, follow


@pytest.mark.long
async def test_who_chooses_an_open_item_is_named_beside_it_for_others(visit, reviewer, still_room):
    mine, hers = await visit(), await visit()
    page = await mine.enter(f"{still_room['address']}&view=open")
    await hers.enter(f"{still_room['address']}&view=open", ROSA, PASSWORD)
    row = page.get_by_role("region", name="Open left").locator("tr[data-id]").first
    await expect(row).to_be_visible()
    item = await row.get_attribute("data-id")

    theirs = hers.page.locator(f"tr[data-id='{item}']")
    await theirs.get_by_role("checkbox").check()
    await expect(row).to_contain_text("Rosa Reviewer works on it")
    await expect(theirs).not_to_contain_text("works on it")
    await hers.page.get_by_role("button", name="Choose nothing").click()
    await expect(row).not_to_contain_text("works on it")


async def test_people_see_who_is_here_and_who_looks_at_the_same_match(visit, reviewer, manager, still_room):
    mine, hers = await visit(), await visit()
    page = await mine.enter(still_room["address"])
    here = page.get_by_role("region", name="Here now")
    await expect(page.get_by_role("region", name="Matches").locator("tbody tr").first).to_be_visible()
    await expect(here).to_have_count(0)  # alone

    match = (await matches_of(manager, still_room, "limit=1"))[0]["id"]
    await hers.enter(still_room["address"], ROSA, PASSWORD)
    other = hers.page
    await expect(here).to_contain_text("Rosa")
    await expect(other.get_by_role("region", name="Here now")).to_contain_text("Mia Manager")
    await other.locator(f"tr[data-id='{match}']").click()
    await expect(here).to_contain_text("reviewing")
    await page.locator(f"tr[data-id='{match}']").click()

    await expect(panel_of(page).get_by_role("note")).to_have_text("Rosa Reviewer is looking at this match too.")
    assert await faults_of(page) == []

    path = await _an_entry(manager, still_room["project"])
    for one in (page, other):
        await follow(one, path)
    entry = page.get_by_role("complementary", name="Entry")
    await expect(entry.get_by_role("note")).to_have_text("Rosa Reviewer is looking at this entry too.")
    await follow(page, f"{still_room['address']}&m={match}")
    await follow(other, f"{still_room['address']}&m={match}")
    await expect(panel_of(page).get_by_role("note")).to_have_count(1)
    await other.close()
    await expect(panel_of(page).get_by_role("note")).to_have_count(0, timeout=15_000)
    await expect(here).to_have_count(0)


async def test_on_a_phone_who_is_here_widens_nothing(visit, reviewer, still_room):
    mine, hers = await visit(), await visit()
    page = await mine.enter(still_room["address"])
    await page.set_viewport_size({"width": 390, "height": 800})
    await hers.enter(still_room["address"], ROSA, PASSWORD)
    await expect(page.get_by_role("region", name="Here now")).to_contain_text("Rosa")

    assert await page.evaluate("document.documentElement.scrollWidth") <= 390


async def _an_entry(manager, project):
    """The page of an entry in a vault that Rosa may use."""
    vault = await manager.send("POST", f"/projects/{project}/vaults", {"name": "Banks"})
    members = (await manager.send("GET", f"/projects/{project}/members"))["items"]
    rosa = next(member["user_id"] for member in members if member["display_name"] == "Rosa Reviewer")
    await manager.send("PUT", f"/vaults/{vault['id']}/members/{rosa}", {"role": "reader"})
    entry = await manager.send(
        "POST", f"/vaults/{vault['id']}/entries", {"name": "SFTP", "secret": "four words of mine"}
    )
    return f"/projects/{project}/vaults/{vault['id']}?e={entry['id']}"
