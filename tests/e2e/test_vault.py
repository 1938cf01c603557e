"""Secrets on the page: shown on request, hidden automatically."""

import pytest
from playwright.async_api import expect

SECRET = "correct horse battery staple"


@pytest.fixture
async def vault(manager, demo):
    made = await manager.send("POST", f"/projects/{demo['project']}/vaults", {"name": "Banks"})
    return {"path": f"/projects/{demo['project']}/vaults/{made['id']}", **made}


async def _add(page, name):
    await page.get_by_role("button", name="New entry").click()
    await page.get_by_label("Name", exact=True).fill(name)
    await page.get_by_label("Secret", exact=True).fill(SECRET)
    await page.get_by_role("button", name="Create entry").click()
    await expect(page.get_by_role("complementary", name="Entry")).to_contain_text(name)


async def test_a_secret_is_revealed_on_request_and_hidden_after_thirty_seconds(visitor, vault, manager):
    page = visitor.page
    await page.clock.install()
    await visitor.enter(vault["path"])
    await _add(page, "Bank SFTP")
    entry = page.get_by_role("complementary", name="Entry")
    await expect(entry).not_to_contain_text(SECRET)

    await entry.get_by_role("button", name="Reveal").click()
    await expect(entry).to_contain_text(SECRET)
    stored = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, location.href])")
    await page.clock.fast_forward(31_000)

    await expect(entry).not_to_contain_text(SECRET)
    assert SECRET not in stored
    audit = await manager.send("GET", f"/vaults/{vault['id']}/audit")
    assert any("reveal" in row["action"] for row in audit["items"])


async def test_a_secret_is_hidden_when_its_tab_is_hidden(visitor, vault):
    page = await visitor.enter(vault["path"])
    await _add(page, "Stripe")
    entry = page.get_by_role("complementary", name="Entry")
    await entry.get_by_role("button", name="Reveal").click()
    await expect(entry).to_contain_text(SECRET)

    await page.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )

    await expect(entry).not_to_contain_text(SECRET)


async def test_an_entry_that_another_adds_appears_without_reloading(visitor, vault, manager):
    page = await visitor.enter(vault["path"])
    await expect(page.get_by_text("No entries yet")).to_be_visible()

    await manager.send("POST", f"/vaults/{vault['id']}/entries", {"name": "Added beside", "secret": SECRET})

    await expect(page.get_by_role("button", name="Added beside")).to_be_visible()


async def test_an_entry_goes_to_the_trash_and_comes_back(visitor, vault):
    page = await visitor.enter(vault["path"])
    await _add(page, "Mistake")

    await page.get_by_role("button", name="Move to the trash").click()
    await expect(page.get_by_text("No entries yet")).to_be_visible()
    await page.get_by_role("button", name="Take out of the trash").click()

    await expect(page.get_by_role("table").get_by_text("Mistake")).to_be_visible()
