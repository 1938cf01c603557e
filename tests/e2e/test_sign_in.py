"""Signing in and out, one's sessions, and the expired password."""

import pytest
from playwright.async_api import expect

from tests.e2e.conftest import ADMIN, MANAGER

STRONG = "a sentence that nobody else knows"


async def test_a_wrong_password_is_refused_with_a_message_and_the_right_one_works(visit):
    visitor = await visit()
    page = visitor.page
    await page.goto(visitor.url)

    await visitor.sign_in(password="not the password")
    await expect(page.get_by_role("alert")).to_contain_text("Request")
    await visitor.sign_in()

    await expect(page.get_by_role("heading", name="Projects", exact=True)).to_be_visible()
    assert all("401" in text for text in visitor.complaints)  # browsers print the refusal itself


async def test_a_link_to_a_page_leads_there_after_signing_in(visitor, demo):
    page = visitor.page
    path = f"/projects/{demo['project']}/jobs/{demo['job']}?view=right"

    await page.goto(visitor.url + path)
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await visitor.sign_in()

    await expect(page.get_by_role("region", name="Open records, right")).to_be_visible()
    assert page.url == visitor.url + path


async def test_reloading_keeps_one_signed_in_and_signing_out_does_not(visitor):
    page = await visitor.enter()

    await page.reload()
    await expect(page.get_by_role("heading", name="Projects", exact=True)).to_be_visible()
    # Browsers complain about a WebSocket that is closed while it opens, whoever closes it.
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.reload()

    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.long
async def test_ending_a_session_signs_its_browser_out_at_once(visit):
    here, there = await visit(), await visit()
    await here.enter("/me")
    await there.enter("/")
    rows = here.page.get_by_role("row").filter(has=here.page.get_by_role("button", name="End session"))
    await here.page.reload()  # the other session began after this list was read
    await expect(rows.first).to_be_visible()

    await rows.first.get_by_role("button", name="End session").click()

    await expect(there.page.get_by_role("heading", name="Sign in")).to_be_visible()
    await expect(there.page.get_by_text("Your session has ended")).to_be_visible()
    await expect(here.page.get_by_text("this one")).to_be_visible()


async def test_a_tab_takes_over_the_session_of_another(visitor):
    await visitor.enter()

    second = await visitor.context.new_page()
    await second.goto(visitor.url + "/me")

    await expect(second.get_by_text(MANAGER)).to_be_visible()


@pytest.mark.long
async def test_an_expired_password_is_changed_before_anything_else(visitor, rest):
    admin = await rest(ADMIN)
    body = {"email": "late@tallyroom.example", "display_name": "Lea Late", "role": "manager", "password": STRONG}
    user = await admin.send("POST", "/users", body)
    expired = {"password_expires_at": "2020-01-01T00:00:00Z"}
    await admin.send("PATCH", f"/users/{user['id']}", expired, version=user["version"])
    page = visitor.page
    await page.goto(visitor.url)

    await visitor.sign_in("late@tallyroom.example", STRONG)
    await expect(page.get_by_role("heading", name="Choose a new password")).to_be_visible()
    await page.get_by_label("Current password").fill(STRONG)
    await page.get_by_label("New password").fill("another sentence for the next year")
    await page.get_by_role("button", name="Change password").click()

    await expect(page.get_by_role("heading", name="Projects", exact=True)).to_be_visible()
