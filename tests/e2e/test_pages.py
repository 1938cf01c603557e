"""What all pages have in common: their themes, narrow screens, and what strangers see. test_accessibility.py visits each page."""

import pytest
from playwright.async_api import expect

from tests.e2e.test_accessibility import follow


@pytest.mark.long
async def test_the_dark_theme_of_the_system_is_used(visit):
    visitor = await visit("dark")

    await visitor.page.goto(visitor.url)

    await expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert await visitor.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 20, 27)"
    assert visitor.complaints == []


@pytest.mark.long
async def test_the_theme_is_chosen_by_a_button_and_kept(visitor):
    page = await visitor.enter()

    await page.get_by_role("button", name="Dark theme").click()
    await page.reload()

    await expect(page.get_by_role("button", name="Light theme")).to_be_visible()
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 20, 27)"


@pytest.mark.long
async def test_a_phone_needs_no_scrolling_sideways(visitor, demo):
    page = await visitor.enter("/")
    await page.set_viewport_size({"width": 390, "height": 780})

    for path in ("/", "/me", f"/projects/{demo['project']}/jobs", f"/projects/{demo['project']}/jobs/{demo['job']}"):
        await follow(page, path)
        await expect(page.get_by_role("heading", level=1).first).to_be_visible()
        await expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()

        assert await page.evaluate(
            "[document.documentElement, ...document.querySelectorAll('.page')].every((e) => e.scrollWidth <= e.clientWidth)"
        ), path


@pytest.mark.long
async def test_a_stranger_sees_the_same_page_as_for_a_project_that_does_not_exist(visit, demo, rest):
    admin = await rest("admin@tallyroom.example")
    password = "the stranger's own sentence"
    body = {"email": "stranger@tallyroom.example", "display_name": "Stranger", "role": "user", "password": password}
    await admin.send("POST", "/users", body)
    visitor = await visit()
    await visitor.page.goto(f"{visitor.url}/projects/{demo['project']}/jobs")

    await visitor.sign_in("stranger@tallyroom.example", password)
    await expect(visitor.page.get_by_role("alert")).to_be_visible()
    existing = await visitor.page.get_by_role("alert").locator("p").first.inner_text()
    await visitor.page.goto(f"{visitor.url}/projects/01a00000-0000-7000-8000-000000000000/jobs")
    await expect(visitor.page.get_by_role("alert")).to_be_visible()

    assert await visitor.page.get_by_role("alert").locator("p").first.inner_text() == existing
